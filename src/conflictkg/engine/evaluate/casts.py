"""Constructor functions: ``xsd:integer(?x)`` and the like (section 17.5).

As in XPath, the space around a string that is cast is dropped, and a number becomes a whole number by
dropping its fraction.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal

from conflictkg.answers import XSD, Iri, Literal
from conflictkg.engine.evaluate.durations import DURATIONS, Duration, convert_duration
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.moments import MOMENTS, Moment, convert_moment
from conflictkg.engine.evaluate.numbers import (
    RANKS,
    Number,
    Single,
    decimal_lexical,
    to_decimal,
    to_double,
    to_single,
    truncate,
)
from conflictkg.engine.evaluate.values import (
    PARSERS,
    Operand,
    Tagged,
    Value,
    term_of,
)
from conflictkg.engine.ids import INTEGER_RANGES

_SPACE = " \t\r\n"


def _read(datatype: str, text: str) -> Value:
    value = PARSERS[datatype](text.strip(_SPACE))
    if value is None:
        raise ExpressionError
    return value


def _number_of(operand: Operand) -> Number:
    if type(operand) is bool:
        return int(operand)
    if type(operand) in RANKS:
        return operand  # type: ignore[return-value]
    raise ExpressionError


def cast_to_string(operand: Operand) -> Operand:
    """``xsd:string``: an IRI's text, of a value its canonical form, and what else is a literal as it stands.

    Of a double from 0.000001 up to 1,000,000 that is the one of a decimal, as XPath has it.

    >>> cast_to_string(1.0), cast_to_string(1e6)
    ('1', '1.0E6')
    """
    if type(operand) is str:
        return operand
    if isinstance(operand, Tagged):
        return operand.text
    if isinstance(operand, Iri):
        return operand.value
    if isinstance(operand, float) and (operand == 0 or 1e-6 <= abs(operand) < 1e6):
        return "-0" if str(operand) == "-0.0" else decimal_lexical(to_decimal(operand))
    if type(operand) in _WITH_CANONICAL_FORM:
        return term_of(operand).lexical  # type: ignore[union-attr]
    if isinstance(operand, Literal):
        return operand.lexical
    raise ExpressionError


_WITH_CANONICAL_FORM = frozenset({bool, int, Decimal, Single, float, Moment, Duration})


def cast_to_boolean(operand: Operand) -> Operand:
    """``xsd:boolean``: of numbers, zero and NaN are false."""
    if type(operand) is bool:
        return operand
    if type(operand) is str:
        return _read(XSD + "boolean", operand)
    number = _number_of(operand)
    return bool(number) and number == number


def cast_to_integer(operand: Operand) -> Operand:
    """``xsd:integer``."""
    if type(operand) is str:
        return _read(XSD + "integer", operand)
    return truncate(_number_of(operand))


def _cast_to_derived(name: str) -> Callable[[Operand], Literal]:
    least, greatest = INTEGER_RANGES[name]

    def cast(operand: Operand) -> Literal:
        number = cast_to_integer(operand)
        if (least is not None and number < least) or (greatest is not None and number > greatest):  # type: ignore[operator]
            raise ExpressionError
        return Literal(str(number), XSD + name)

    return cast


def cast_to_decimal(operand: Operand) -> Operand:
    """``xsd:decimal``; of a double the shortest decimal that reads back as it."""
    if type(operand) is str:
        return _read(XSD + "decimal", operand)
    return to_decimal(_number_of(operand))


def cast_to_float(operand: Operand) -> Operand:
    """``xsd:float``."""
    if type(operand) is str:
        return _read(XSD + "float", operand)
    return to_single(_number_of(operand))


def cast_to_double(operand: Operand) -> Operand:
    """``xsd:double``."""
    if type(operand) is str:
        return _read(XSD + "double", operand)
    return to_double(_number_of(operand))


def _cast_to_moment(kind: str) -> Callable[[Operand], Operand]:
    def cast(operand: Operand) -> Operand:
        if type(operand) is str:
            return _read(XSD + kind, operand)
        if isinstance(operand, Moment):
            return convert_moment(operand, kind)
        raise ExpressionError

    return cast


def _cast_to_duration(kind: str) -> Callable[[Operand], Operand]:
    def cast(operand: Operand) -> Operand:
        if type(operand) is str:
            return _read(XSD + kind, operand)
        if isinstance(operand, Duration):
            return convert_duration(operand, kind)
        raise ExpressionError

    return cast


CASTS: Mapping[str, Callable[[Operand], Operand]] = {
    XSD + "string": cast_to_string,
    XSD + "boolean": cast_to_boolean,
    XSD + "decimal": cast_to_decimal,
    XSD + "float": cast_to_float,
    XSD + "double": cast_to_double,
    XSD + "integer": cast_to_integer,
    **{XSD + kind: _cast_to_moment(kind) for kind in MOMENTS},
    **{XSD + kind: _cast_to_duration(kind) for kind in DURATIONS},
}
"""By datatype, those that give a value."""

DERIVED_CASTS: Mapping[str, Callable[[Operand], Literal]] = {
    XSD + name: _cast_to_derived(name) for name in INTEGER_RANGES if name != "integer"
}
"""By datatype, those that give a term: of a derived integer the value does not say the datatype."""
