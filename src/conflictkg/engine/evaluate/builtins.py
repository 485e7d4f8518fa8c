"""The table of all functions and operators of SPARQL 1.1 that the grammar names."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conflictkg.answers import Blank, Iri, Literal, Term
from conflictkg.engine.evaluate import forms, numbers, operators, strings
from conflictkg.engine.evaluate.code import Code, Row
from conflictkg.engine.evaluate.context import NOW, ROW, Context
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.references import absolute_iri
from conflictkg.engine.evaluate.values import Operand, equal, same_term

InContext = Callable[[Context, Mapping[str, int], Sequence[Code]], Code]


@dataclass(frozen=True, slots=True)
class Builtin:
    """One function or operator. How it is computed is one of the last four, or nothing for the compiler's own.

    Args:
        least: How many arguments it takes at least.
        most: How many at most; ``None`` for any number.
        on_operands: From operands.
        on_terms: From terms.
        build: From codes, where not all arguments are evaluated.
        in_context: From codes and the context.
        gives_term: Whether what it gives is a term whose lexical form matters.
    """

    least: int
    most: int | None
    on_operands: Callable[..., Any] | None = None
    on_terms: Callable[..., Operand] | None = None
    build: Callable[[Sequence[Code]], Code] | None = None
    in_context: InContext | None = None
    gives_term: bool = False


def _not_equal(first: Operand, second: Operand) -> bool:
    return not equal(first, second)


def _make_iri(context: Context, _: Mapping[str, int], codes: Sequence[Code]) -> Code:
    def make(operand: Operand) -> Operand:
        if isinstance(operand, Iri):
            return operand
        return Iri(absolute_iri(strings.simple_text(operand), context.base))

    return forms.apply(make, codes)


def _make_blank(context: Context, slots: Mapping[str, int], codes: Sequence[Code]) -> Code:
    if not codes:
        return Code(make_operand=lambda _: context.fresh_blank())
    slot = slots.get(ROW)
    if slot is None:
        raise TypeError("BNODE with an argument needs the slot ROW: ask needs_row")
    name = codes[0].operand()

    def make(row: Row) -> Operand:
        number = row[slot]
        if not isinstance(number, Literal):
            raise TypeError("the slot ROW is an integer, always")
        return context.blank(strings.simple_text(name(row)), number.lexical)

    return Code(make_operand=make)


def _read_clock(context: Context, slots: Mapping[str, int], _: Sequence[Code]) -> Code:
    slot = slots.get(NOW)
    if slot is None:
        return Code(make_term=lambda _: context.now_literal())

    def read(row: Row) -> Term:
        term = row[slot]
        if term is None:
            raise ExpressionError
        return term

    return Code(make_term=read)


def _by_chance(make: Callable[[Context], Operand]) -> InContext:
    def build(context: Context, _: Mapping[str, int], __: Sequence[Code]) -> Code:
        return Code(make_operand=lambda _: make(context))

    return build


def _binary(function: Callable[[Operand, Operand], Operand]) -> Builtin:
    return Builtin(2, 2, function)


def _unary(function: Callable[[Operand], Operand]) -> Builtin:
    return Builtin(1, 1, function)


def _of_term(function: Callable[[Term], Operand]) -> Builtin:
    return Builtin(1, 1, on_terms=function)


def _of_number(function: Callable[[numbers.Number], numbers.Number]) -> Builtin:
    return _unary(operators.on_number(function))


BUILTINS: Mapping[str, Builtin] = {
    # Logic
    "||": Builtin(2, 2, build=forms.any_of),
    "&&": Builtin(2, 2, build=forms.all_of),
    "BOUND": Builtin(1, 1),
    "!": Builtin(1, 1, build=forms.negation),
    "IF": Builtin(3, 3, build=forms.choice),
    "COALESCE": Builtin(0, None, build=forms.coalesce),
    "IN": Builtin(1, None, build=forms.membership),
    "NOT IN": Builtin(1, None, build=forms.no_membership),
    # Comparison
    "=": _binary(equal),
    "!=": _binary(_not_equal),
    "<": _binary(operators.less),
    ">": _binary(operators.greater),
    "<=": _binary(operators.at_most),
    ">=": _binary(operators.at_least),
    "SAMETERM": Builtin(2, 2, on_terms=same_term),
    # Arithmetic
    "+": _binary(operators.plus),
    "-": _binary(operators.minus),
    "*": _binary(operators.times),
    "/": _binary(operators.divided_by),
    "NEG": _of_number(numbers.negate),
    "POS": _of_number(lambda number: number),
    "ABS": _of_number(numbers.absolute),
    "ROUND": _of_number(numbers.round_half_up),
    "CEIL": _of_number(numbers.ceiling),
    "FLOOR": _of_number(numbers.floor),
    "RAND": Builtin(0, 0, in_context=_by_chance(lambda context: context.random.random())),
    # Terms
    "ISIRI": _of_term(lambda term: isinstance(term, Iri)),
    "ISURI": _of_term(lambda term: isinstance(term, Iri)),
    "ISBLANK": _of_term(lambda term: isinstance(term, Blank)),
    "ISLITERAL": _of_term(lambda term: isinstance(term, Literal)),
    "ISNUMERIC": _unary(operators.is_numeric),
    "STR": _of_term(strings.lexical_of),
    "LANG": _of_term(strings.language_of),
    "DATATYPE": _of_term(strings.datatype_of),
    "IRI": Builtin(1, 1, in_context=_make_iri),
    "URI": Builtin(1, 1, in_context=_make_iri),
    "BNODE": Builtin(0, 1, in_context=_make_blank),
    "STRDT": Builtin(2, 2, strings.with_datatype, gives_term=True),
    "STRLANG": _binary(strings.with_language),
    "UUID": Builtin(0, 0, in_context=_by_chance(lambda context: Iri("urn:uuid:" + context.uuid()))),
    "STRUUID": Builtin(0, 0, in_context=_by_chance(lambda context: context.uuid())),
    # Strings
    "STRLEN": _unary(strings.length),
    "SUBSTR": Builtin(2, 3, strings.substring),
    "UCASE": _unary(strings.upper_case),
    "LCASE": _unary(strings.lower_case),
    "STRSTARTS": _binary(strings.starts_with),
    "STRENDS": _binary(strings.ends_with),
    "CONTAINS": _binary(strings.contains),
    "STRBEFORE": _binary(strings.before),
    "STRAFTER": _binary(strings.after),
    "ENCODE_FOR_URI": _unary(strings.encode_for_uri),
    "CONCAT": Builtin(0, None, strings.concatenate),
    "LANGMATCHES": _binary(strings.language_matches),
    **{name: _unary(function) for name, function in strings.HASHES.items()},
    # Dates and times
    "NOW": Builtin(0, 0, in_context=_read_clock),
    **{
        name: _unary(operators.field_of_moment(name))
        for name in ("YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS")
    },
    "TIMEZONE": _unary(operators.zone_duration),
    "TZ": _unary(operators.zone_text),
}
"""By the name that :class:`~conflictkg.engine.algebra.Call` has. Those without an implementation here are the
compiler's own."""
