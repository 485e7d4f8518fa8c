"""Operators and functions on numbers, dates and terms, on operands (sections 17.3 and 17.4)."""

from collections.abc import Callable
from decimal import Decimal

from conflictkg.engine.evaluate import numbers
from conflictkg.engine.evaluate.durations import (
    Duration,
    add_duration,
    add_durations,
    subtract_moments,
)
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.moments import Moment, zone_lexical
from conflictkg.engine.evaluate.numbers import RANKS, Number
from conflictkg.engine.evaluate.values import Operand, order


def _number(operand: Operand) -> Number:
    if type(operand) in RANKS:
        return operand  # type: ignore[return-value]
    raise ExpressionError


def plus(first: Operand, second: Operand) -> Operand:
    """``+`` of numbers; also of a date or time and a duration, and of durations."""
    if type(first) in RANKS and type(second) in RANKS:
        return numbers.add(first, second)  # type: ignore[arg-type]
    if isinstance(second, Duration):
        if isinstance(first, Moment):
            return add_duration(first, second)
        if isinstance(first, Duration):
            return add_durations(first, second)
    if isinstance(first, Duration) and isinstance(second, Moment):
        return add_duration(second, first)
    raise ExpressionError


def minus(first: Operand, second: Operand) -> Operand:
    """``-`` of numbers; also of dates or times, of one and a duration, and of durations."""
    if type(first) in RANKS and type(second) in RANKS:
        return numbers.subtract(first, second)  # type: ignore[arg-type]
    if isinstance(first, Moment):
        if isinstance(second, Duration):
            return add_duration(first, second, -1)
        if isinstance(second, Moment):
            return subtract_moments(first, second)
    if isinstance(first, Duration) and isinstance(second, Duration):
        return add_durations(first, second, -1)
    raise ExpressionError


def times(first: Operand, second: Operand) -> Operand:
    """``*`` of numbers."""
    return numbers.multiply(_number(first), _number(second))


def divided_by(first: Operand, second: Operand) -> Operand:
    """``/`` of numbers."""
    return numbers.divide(_number(first), _number(second))


def on_number(function: Callable[[Number], Number]) -> Callable[[Operand], Operand]:
    """A function of numbers as one of operands."""

    def run(operand: Operand) -> Operand:
        return function(_number(operand))

    return run


def less(first: Operand, second: Operand) -> bool:
    """``<``."""
    return order(first, second) == -1


def greater(first: Operand, second: Operand) -> bool:
    """``>``."""
    return order(first, second) == 1


def at_most(first: Operand, second: Operand) -> bool:
    """``<=``; false with NaN."""
    sign = order(first, second)
    return sign is not None and sign <= 0


def at_least(first: Operand, second: Operand) -> bool:
    """``>=``; false with NaN."""
    sign = order(first, second)
    return sign is not None and sign >= 0


def is_numeric(operand: Operand) -> bool:
    """``isNumeric``: false for ill-typed numbers."""
    return type(operand) in RANKS


# Dates and times

_FIELDS = {
    "YEAR": {"dateTime", "dateTimeStamp", "date", "gYear", "gYearMonth"},
    "MONTH": {"dateTime", "dateTimeStamp", "date", "gMonth", "gYearMonth", "gMonthDay"},
    "DAY": {"dateTime", "dateTimeStamp", "date", "gDay", "gMonthDay"},
    "HOURS": {"dateTime", "dateTimeStamp", "time"},
    "MINUTES": {"dateTime", "dateTimeStamp", "time"},
    "SECONDS": {"dateTime", "dateTimeStamp", "time"},
}


def field_of_moment(name: str) -> Callable[[Operand], Operand]:
    """``YEAR`` to ``SECONDS``: of all kinds of moments that have the field."""
    kinds = frozenset(_FIELDS[name])
    # Members of Moment have singular names, functions of SPARQL not all.
    member = {"HOURS": "hour", "MINUTES": "minute", "SECONDS": "second"}.get(name, name.lower())

    def run(operand: Operand) -> Operand:
        if not isinstance(operand, Moment) or operand.kind not in kinds:
            raise ExpressionError
        field: int | Decimal = getattr(operand, member)
        return Decimal(field) if name == "SECONDS" else field

    return run


def zone_duration(operand: Operand) -> Operand:
    """``TIMEZONE``; an error without one."""
    if not isinstance(operand, Moment) or operand.zone is None:
        raise ExpressionError
    return Duration("dayTimeDuration", 0, operand.zone * 60)


def zone_text(operand: Operand) -> Operand:
    """``TZ``; empty without one."""
    if not isinstance(operand, Moment):
        raise ExpressionError
    return zone_lexical(operand.zone)
