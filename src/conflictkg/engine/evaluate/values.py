"""From terms to values and back, and how values are equal, ordered and true.

A value is a Python object whose type says what it is: a number (:mod:`.numbers`), ``bool``, ``str`` for
``xsd:string``, :class:`Tagged` for a string with a language, a moment or a duration. A term without a value that SPARQL
knows (an IRI, a blank node, a literal of another datatype or an ill-typed one) stands for itself.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from conflictkg.answers import RDF_LANG_STRING, XSD, XSD_STRING, Blank, Iri, Literal, Term, Triple
from conflictkg.engine.evaluate.durations import (
    DURATIONS,
    Duration,
    compare_durations,
    duration_lexical,
    parse_duration,
)
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.moments import (
    MOMENTS,
    Moment,
    compare_moments,
    moment_lexical,
    parse_moment,
)
from conflictkg.engine.evaluate.numbers import (
    RANKS,
    Number,
    Single,
    decimal_lexical,
    double_lexical,
    parse_decimal,
    parse_double,
    parse_integer,
    parse_single,
)
from conflictkg.engine.evaluate.numbers import compare as compare_numbers
from conflictkg.engine.ids import INTEGER_RANGES


class Tagged(NamedTuple):
    """A string with a language; the tag in lower case."""

    text: str
    language: str


Value = Number | bool | str | Tagged | Moment | Duration
Operand = Value | Iri | Blank | Literal | Triple
"""A value, or a term that has none."""

TRUE = Literal("true", XSD + "boolean")
FALSE = Literal("false", XSD + "boolean")
LONGEST_TEXT = 10_000_000
"""Characters; a longer string that an expression makes is an error."""

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def _parse_within(least: int | None, greatest: int | None) -> Callable[[str], int | None]:
    def parse(lexical: str) -> int | None:
        number = parse_integer(lexical)
        if number is None or (least is not None and number < least):
            return None
        return None if greatest is not None and number > greatest else number

    return parse


PARSERS: Mapping[str, Callable[[str], Value | None]] = {
    **{XSD + name: _parse_within(*limits) for name, limits in INTEGER_RANGES.items()},
    XSD + "integer": parse_integer,
    XSD + "decimal": parse_decimal,
    XSD + "float": parse_single,
    XSD + "double": parse_double,
    XSD + "boolean": _BOOLEANS.get,
    **{XSD + kind: parse_moment(kind) for kind in MOMENTS},
    **{XSD + kind: parse_duration(kind) for kind in DURATIONS},
}
"""By datatype: from lexical form to value, ``None`` where it is ill-typed."""

_NUMERIC = frozenset({XSD + name for name in (*INTEGER_RANGES, "decimal", "float", "double")})


def operand_of(term: Term) -> Operand:
    """The value of a term, or the term where it has none.

    >>> operand_of(Literal("01", XSD + "integer")), operand_of(Literal("300", XSD + "byte"))
    (1, Literal(lexical='300', datatype='http://www.w3.org/2001/XMLSchema#byte', language='', direction=''))
    """
    if type(term) is not Literal:
        return term
    datatype = term.datatype
    if datatype == XSD_STRING:
        return term.lexical
    parse = PARSERS.get(datatype)
    if parse is not None:
        value = parse(term.lexical)
        return term if value is None else value
    if term.language and not term.direction:
        return Tagged(term.lexical, term.language.lower())
    return term


def term_of(operand: Operand) -> Term:
    """The term of a value, in canonical form.

    >>> term_of(Decimal("2.50")).lexical, term_of(True).lexical
    ('2.5', 'true')
    """
    write = _WRITERS.get(type(operand))
    if write is None:
        # Only terms have types that are not in the table.
        return operand  # type: ignore[return-value]
    return write(operand)


_WRITERS: Mapping[type, Callable[..., Term]] = {
    str: Literal,
    bool: lambda value: TRUE if value else FALSE,
    int: lambda value: Literal(str(value), XSD + "integer"),
    Decimal: lambda value: Literal(decimal_lexical(value), XSD + "decimal"),
    Single: lambda value: Literal(double_lexical(value), XSD + "float"),
    float: lambda value: Literal(double_lexical(value), XSD + "double"),
    Tagged: lambda value: Literal(value.text, RDF_LANG_STRING, value.language),
    Moment: lambda value: Literal(moment_lexical(value), XSD + value.kind),
    Duration: lambda value: Literal(duration_lexical(value), XSD + value.kind),
}


# Truth


def truth(operand: Operand) -> bool:
    """The effective boolean value of an operand.

    Raises:
        ExpressionError: It has none.
    """
    kind = type(operand)
    if kind is bool:
        return operand  # type: ignore[return-value]
    if kind is str or kind in RANKS:
        # NaN is the number that is not equal to itself.
        return bool(operand) and operand == operand
    if kind is Tagged:
        return bool(operand[0])  # type: ignore[index]
    if isinstance(operand, Literal) and (
        operand.datatype in _NUMERIC or operand.datatype == XSD + "boolean"
    ):
        return False
    raise ExpressionError


def effective_boolean_value(term: Term) -> bool:
    """The effective boolean value (section 17.2.2).

    An ill-typed boolean or number is false. A string with a language counts as a string.

    Raises:
        ExpressionError: The term has none: an IRI, a blank node, a literal of another datatype.

    >>> effective_boolean_value(Literal("0.0", XSD + "decimal"))
    False
    """
    return truth(operand_of(term))


# Equality and order


def equal(first: Operand, second: Operand) -> bool:
    """``=`` of operands."""
    kind, other = type(first), type(second)
    if kind is other and kind in _PLAIN:
        return first == second
    if kind in RANKS and other in RANKS:
        return compare_numbers(first, second) == 0  # type: ignore[arg-type]
    if kind is Moment and other is Moment:
        return _equal_moments(first, second)  # type: ignore[arg-type]
    if kind is Duration and other is Duration:
        return first[1:] == second[1:]  # type: ignore[index]
    if kind is Triple and other is Triple:
        return _equal_triples(first, second)  # type: ignore[arg-type]
    if kind is Literal or other is Literal:
        return _equal_unknown(first, second)
    return False


_PLAIN = frozenset({str, int, bool, Iri, Blank, Tagged})


def _equal_moments(first: Moment, second: Moment) -> bool:
    # A date is known to be no time. Where the zones leave it open, it is an error.
    stamps = {"dateTime", "dateTimeStamp"}
    if first.kind != second.kind and not {first.kind, second.kind} <= stamps:
        return False
    return compare_moments(first, second) == 0


def _equal_unknown(first: Operand, second: Operand) -> bool:
    # A literal whose value we do not know may be equal to any that is no string with a language.
    if first == second:
        return True
    if type(first) in _NEVER_A_LITERAL or type(second) in _NEVER_A_LITERAL:
        return False
    raise ExpressionError


_NEVER_A_LITERAL = frozenset({Iri, Blank, Triple, Tagged})


def _equal_triples(first: Triple, second: Triple) -> bool:
    return (
        same_value(first.subject, second.subject)
        and first.predicate == second.predicate
        and same_value(first.object, second.object)
    )


def same_value(first: Term, second: Term) -> bool:
    """The operator ``=``.

    Values of datatypes that we know to be distinct are not equal. Language tags are compared without
    case.

    Raises:
        ExpressionError: It is not known: two literals, not the same term, one of them of a datatype
            that we know nothing of or ill-typed; or two moments of which one has a zone and the other has
            none, within 14 hours.

    >>> same_value(Literal("1", XSD + "integer"), Literal("1.0", XSD + "decimal"))
    True
    """
    return equal(operand_of(first), operand_of(second))


def same_term(first: Term, second: Term) -> bool:
    """``sameTerm``; language tags are compared without case."""
    if first == second:
        return True
    if isinstance(first, Literal) and isinstance(second, Literal) and first.language:
        return (
            first.lexical == second.lexical
            and first.language.lower() == second.language.lower()
            and first.direction == second.direction
        )
    return False


def order(first: Operand, second: Operand) -> int | None:
    """-1, 0 or 1 as the first is less than, equal to or greater than the second; ``None`` with NaN.

    Raises:
        ExpressionError: They do not compare.
    """
    kind, other = type(first), type(second)
    if kind in RANKS and other in RANKS:
        return compare_numbers(first, second)  # type: ignore[arg-type]
    if kind is not other:
        raise ExpressionError
    if kind is str or kind is bool:
        return (first > second) - (first < second)  # type: ignore[operator]
    if kind is Moment:
        return compare_moments(first, second)  # type: ignore[arg-type]
    if kind is Duration:
        return compare_durations(first, second)  # type: ignore[arg-type]
    if kind is Tagged and first[1] == second[1]:  # type: ignore[index]
        return (first > second) - (first < second)  # type: ignore[operator]
    raise ExpressionError


def compare(first: Term, second: Term) -> int:
    """The operators ``<`` and ``>``: -1, 0 or 1.

    Numbers, strings (by code point), strings of one language, booleans, and dates, times and
    durations of one kind.

    Raises:
        ExpressionError: They do not compare; NaN compares with nothing.

    >>> compare(Literal("9", XSD + "integer"), Literal("1e1", XSD + "double"))
    -1
    """
    sign = order(operand_of(first), operand_of(second))
    if sign is None:
        raise ExpressionError
    return sign
