"""Aggregates over the terms of one group (section 18.5.1)."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from conflictkg.answers import Literal, Term
from conflictkg.engine.evaluate import numbers
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.numbers import RANKS, Number
from conflictkg.engine.evaluate.ordering import order_key
from conflictkg.engine.evaluate.strings import join, lexical_of, text_of
from conflictkg.engine.evaluate.values import operand_of, term_of


def aggregate(
    name: str, values: Sequence[Term | None], *, distinct: bool = False, separator: str = " "
) -> Term | None:
    """One aggregate of one group.

    ``COUNT`` and ``SAMPLE`` pass over errors; any other aggregate is an error where a solution has no value.
    ``MIN`` and ``MAX`` take terms of all kinds, in the order of :func:`order_key`; of equal
    ones the first. Of no solutions ``COUNT``, ``SUM`` and ``AVG`` are 0, ``GROUP_CONCAT`` is empty, and the others are
    errors.

    Args:
        name: As :class:`conflictkg.engine.algebra.Aggregate` has it.
        values: One a solution; ``None`` where the expression was an error or unbound. For ``COUNT(*)``
            anything that stands for the solution.
        distinct: Whether the same term counts once.
        separator: Of ``GROUP_CONCAT``.

    Returns:
        The term; ``None`` for an error.

    >>> aggregate("AVG", [term_of(1), term_of(2)]).lexical
    '1.5'
    """
    known: list[Term] = [value for value in values if value is not None]
    if name not in {"COUNT", "SAMPLE"} and len(known) < len(values):
        return None
    terms: Iterable[Term] = dict.fromkeys(known) if distinct else known
    try:
        if name == "GROUP_CONCAT":
            return Literal(join(separator, [text_of(lexical_of(term)) for term in terms]))
        return _AGGREGATES[name](list(terms))
    except ExpressionError:
        return None


def _numbers(terms: Sequence[Term]) -> list[Number]:
    operands = [operand_of(term) for term in terms]
    if any(type(operand) not in RANKS for operand in operands):
        raise ExpressionError
    return operands  # type: ignore[return-value]


def _total(terms: Sequence[Term]) -> Number:
    total: Number = 0
    for number in _numbers(terms):
        total = numbers.add(total, number)
    return total


def _average(terms: Sequence[Term]) -> Number:
    return numbers.divide(_total(terms), len(terms)) if terms else 0


def _first(terms: Sequence[Term]) -> Term:
    if not terms:
        raise ExpressionError
    return terms[0]


def _least(terms: Sequence[Term]) -> Term:
    return min(terms, key=order_key) if terms else _first(terms)


def _greatest(terms: Sequence[Term]) -> Term:
    return max(terms, key=order_key) if terms else _first(terms)


_AGGREGATES: Mapping[str, Callable[[Sequence[Term]], Term]] = {
    "COUNT": lambda terms: term_of(len(terms)),
    "SUM": lambda terms: term_of(_total(terms)),
    "AVG": lambda terms: term_of(_average(terms)),
    "MIN": _least,
    "MAX": _greatest,
    "SAMPLE": _first,
}
