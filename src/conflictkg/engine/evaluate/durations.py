"""Durations of XML Schema, and what can be counted with them and with moments."""

import re
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from typing import NamedTuple

from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.moments import (
    DAY_S,
    LONGEST,
    Moment,
    date_of_days,
    days_in_month,
    days_since_1970,
    make_moment,
    number_of_seconds,
)
from conflictkg.engine.evaluate.numbers import exact_sum


class Duration(NamedTuple):
    """A length of time.

    Args:
        kind: ``duration``, ``yearMonthDuration`` or ``dayTimeDuration``.
        months: Years and months; negative with a minus sign.
        seconds: All the rest; negative with a minus sign.
    """

    kind: str
    months: int
    seconds: int | Decimal


_DURATION = re.compile(
    r"(?P<sign>-?)P(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?(?:(?P<days>[0-9]+)D)?"
    r"(?P<time>T(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9]+(?:\.[0-9]+)?)S)?)?"
)
DURATIONS = frozenset({"duration", "yearMonthDuration", "dayTimeDuration"})
_REFERENCES = ((1696, 9), (1697, 2), (1903, 3), (1903, 7))
"""First days of months from which XML Schema compares durations."""


def parse_duration(kind: str) -> Callable[[str], Duration | None]:
    """A function that reads lexical forms of a kind; it answers ``None`` for what is none.

    >>> parse_duration("dayTimeDuration")("-P1DT2H")
    Duration(kind='dayTimeDuration', months=0, seconds=-93600)
    """

    def parse(lexical: str) -> Duration | None:
        match = _DURATION.fullmatch(lexical) if len(lexical) <= LONGEST else None
        if match is None or match["time"] == "T" or lexical.endswith("P"):
            return None
        is_monthly = match["years"] is not None or match["months"] is not None
        is_daily = match["days"] is not None or match["time"] is not None
        if (kind == "yearMonthDuration" and is_daily) or (kind == "dayTimeDuration" and is_monthly):
            return None
        months = int(match["years"] or 0) * 12 + int(match["months"] or 0)
        whole = (
            int(match["days"] or 0) * DAY_S
            + int(match["hours"] or 0) * 3600
            + int(match["minutes"] or 0) * 60
        )
        seconds = exact_sum(whole, number_of_seconds(match["seconds"] or "0"))
        if match["sign"]:
            return Duration(kind, -months, _negative(seconds))
        return Duration(kind, months, seconds)

    return parse


def _negative(number: int | Decimal) -> int | Decimal:
    # Decimal's own minus rounds to 28 digits.
    return number.copy_negate() if isinstance(number, Decimal) else -number


def duration_lexical(duration: Duration) -> str:
    """The canonical form of a duration.

    >>> duration_lexical(Duration("dayTimeDuration", 0, -30600))
    '-PT8H30M'
    """
    months, seconds = abs(duration.months), duration.seconds
    sign = "-" if duration.months < 0 or seconds < 0 else ""
    fraction = (
        format(seconds, "f").partition(".")[2].rstrip("0") if isinstance(seconds, Decimal) else ""
    )
    days, rest = divmod(abs(int(seconds)), DAY_S)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    years, months = divmod(months, 12)
    date = "".join(
        f"{count}{unit}" for count, unit in ((years, "Y"), (months, "M"), (days, "D")) if count
    )
    time = "".join(f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M")) if count)
    if rest or fraction:
        time += f"{rest}{'.' + fraction if fraction else ''}S"
    if not date and not time:
        return "P0M" if duration.kind == "yearMonthDuration" else "PT0S"
    return f"{sign}P{date}{'T' + time if time else ''}"


def convert_duration(duration: Duration, kind: str) -> Duration:
    """The part of it that another kind can hold, as XPath casts: months of days are none."""
    if kind == "yearMonthDuration":
        return Duration(kind, duration.months, 0)
    if kind == "dayTimeDuration":
        return Duration(kind, 0, duration.seconds)
    return duration._replace(kind=kind)


def compare_durations(first: Duration, second: Duration) -> int:
    """-1, 0 or 1.

    Raises:
        ExpressionError: Which is longer depends on the month, as with a month and 30 days.
    """
    signs = set()
    for year, month in _REFERENCES:
        left, right = (
            exact_sum(_first_day(year, month, each.months) * DAY_S, each.seconds)
            for each in (first, second)
        )
        signs.add((left > right) - (left < right))
    if len(signs) > 1:
        raise ExpressionError
    return signs.pop()


def _first_day(year: int, month: int, months: int) -> int:
    years, month_index = divmod(month - 1 + months, 12)
    return days_since_1970(year + years, month_index + 1, 1)


def add_durations(first: Duration, second: Duration, sign: int = 1) -> Duration:
    """The sum (``sign`` -1: the difference) of two durations of one kind.

    Raises:
        ExpressionError: They are of different kinds, or the months and the rest would differ in sign.
    """
    if first.kind != second.kind:
        raise ExpressionError
    months = first.months + sign * second.months
    seconds = exact_sum(first.seconds, second.seconds if sign > 0 else _negative(second.seconds))
    if (months < 0 < seconds) or (seconds < 0 < months):
        raise ExpressionError
    return Duration(first.kind, months, seconds)


def subtract_moments(first: Moment, second: Moment) -> Duration:
    """The time from the second to the first.

    Raises:
        ExpressionError: Of different kinds, of a kind that is neither a date nor a time; or one has a zone
            and the other has none.

    >>> from conflictkg.engine.evaluate.moments import parse_moment
    >>> read = parse_moment("date")
    >>> duration_lexical(subtract_moments(read("2020-03-01"), read("2020-02-28")))
    'P2D'
    """
    if first.kind != second.kind or first.kind not in {"dateTime", "date", "time"}:
        raise ExpressionError
    if (first.zone is None) != (second.zone is None):
        raise ExpressionError
    return Duration("dayTimeDuration", 0, exact_sum(first.instant, _negative(second.instant)))


def add_duration(moment: Moment, duration: Duration, sign: int = 1) -> Moment:
    """A moment and a duration (``sign`` -1: less it), in the moment's zone.

    A day that the month does not have becomes its last. Of a date the time of day is dropped.

    Raises:
        ExpressionError: Months and a time of day; or a kind that is neither a date nor a time.

    >>> from conflictkg.engine.evaluate.moments import moment_lexical, parse_moment
    >>> month = Duration("yearMonthDuration", 1, 0)
    >>> moment_lexical(add_duration(parse_moment("date")("2020-01-31"), month))
    '2020-02-29'
    """
    if moment.kind not in {"dateTime", "date", "time"} or (
        moment.kind == "time" and duration.months
    ):
        raise ExpressionError
    years, month_index = divmod(moment.month - 1 + sign * duration.months, 12)
    year, month = moment.year + years, month_index + 1
    day = min(moment.day, days_in_month(year, month))
    total = exact_sum(
        moment.hour * 3600 + moment.minute * 60,
        exact_sum(moment.second, duration.seconds if sign > 0 else _negative(duration.seconds)),
    )
    whole = total if isinstance(total, int) else int(total.to_integral_value(ROUND_FLOOR))
    days, rest = divmod(whole, DAY_S)
    hour, minute = rest // 3600, rest // 60 % 60
    second = exact_sum(rest % 60, exact_sum(total, -whole))
    if moment.kind == "time":
        return make_moment("time", 1972, 1, 1, hour, minute, second, moment.zone)
    year, month, day = date_of_days(days_since_1970(year, month, day) + days)
    if abs(year) >= 10**9:
        raise ExpressionError
    if moment.kind == "date":
        hour, minute, second = 0, 0, 0
    return make_moment(moment.kind, year, month, day, hour, minute, second, moment.zone)
