"""Dates and times of XML Schema, of any year, with and without a zone.

Where one moment has a zone and the other has none, XML Schema's partial order holds: they compare
if they lie more than 14 hours apart, else neither is known to come first and it is an error. No zone
is made up, as XPath's implicit time zone would. W3C's ``date-1`` to ``date-3`` ask for this.
"""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.numbers import exact_sum

FOURTEEN_HOURS_S = 14 * 3600
DAY_S = 86400
LONGEST = 100
"""Characters of a lexical form that is read at all."""


class Moment(NamedTuple):
    """A point of time, or where a span of it begins.

    Args:
        kind: Local name of the datatype.
        year: Astronomical; 1972 for kinds without a year, as for the other fields their least value.
        month: From 1.
        day: From 1.
        hour: 0 to 23.
        minute: 0 to 59.
        second: With its fraction, if it has one.
        zone: Minutes east of UTC; ``None`` without a zone.
        instant: Seconds since 1970 in UTC; without a zone, as if it were UTC.
    """

    kind: str
    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int | Decimal
    zone: int | None
    instant: int | Decimal


_YEAR = r"(?P<year>-?(?:[1-9][0-9]{3,8}|0[0-9]{3}))"
_MONTH = r"(?P<month>[0-9]{2})"
_DAY = r"(?P<day>[0-9]{2})"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2}(?:\.[0-9]+)?)"
_ZONE = r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?"
_FORMS = {
    kind: re.compile(form + _ZONE)
    for kind, form in {
        "dateTime": f"{_YEAR}-{_MONTH}-{_DAY}T{_TIME}",
        "date": f"{_YEAR}-{_MONTH}-{_DAY}",
        "time": _TIME,
        "gYear": _YEAR,
        "gYearMonth": f"{_YEAR}-{_MONTH}",
        "gMonth": f"--{_MONTH}",
        "gMonthDay": f"--{_MONTH}-{_DAY}",
        "gDay": f"---{_DAY}",
    }.items()
}
_FORMS["dateTimeStamp"] = _FORMS["dateTime"]
MOMENTS = frozenset(_FORMS)


def days_since_1970(year: int, month: int, day: int) -> int:
    """Days of a date of the proleptic Gregorian calendar, in any year.

    >>> days_since_1970(1970, 1, 1), days_since_1970(2000, 3, 1), days_since_1970(0, 2, 29)
    (0, 11017, -719469)
    """
    # Years that begin in March have their leap day at the end.
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * ((month + 9) % 12) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719468


def date_of_days(days: int) -> tuple[int, int, int]:
    """Year, month and day of so many days since 1970.

    >>> date_of_days(11017)
    (2000, 3, 1)
    """
    era, of_era = divmod(days + 719468, 146097)
    year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    day = of_year - (153 * month + 2) // 5 + 1
    return year + era * 400 + (month >= 10), (month + 2) % 12 + 1, day


def days_in_month(year: int, month: int) -> int:
    """How many days a month has."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in {4, 6, 9, 11} else 31


def make_moment(
    kind: str,
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int | Decimal,
    zone: int | None,
) -> Moment:
    """A moment of valid fields."""
    whole = days_since_1970(year, month, day) * DAY_S + hour * 3600 + (minute - (zone or 0)) * 60
    instant = exact_sum(whole, second)
    return Moment(kind, year, month, day, hour, minute, second, zone, instant)


def parse_moment(kind: str) -> Callable[[str], Moment | None]:
    """A function that reads lexical forms of a kind; it answers ``None`` for what is none.

    >>> parse_moment("dateTime")("2020-12-31T24:00:00Z").day
    1
    """
    form = _FORMS[kind]
    fields = form.groupindex

    def parse(lexical: str) -> Moment | None:
        if len(lexical) > LONGEST:
            return None
        match = form.fullmatch(lexical)
        if match is None:
            return None
        year = int(match["year"]) if "year" in fields else 1972
        month = int(match["month"]) if "month" in fields else 1
        day = int(match["day"]) if "day" in fields else 1
        if not 1 <= month <= 12 or not 1 <= day <= days_in_month(year, month):
            return None
        hour, minute = 0, 0
        second: int | Decimal = 0
        if "hour" in fields:
            hour, minute, second = (
                int(match["hour"]),
                int(match["minute"]),
                number_of_seconds(match["second"]),
            )
            if hour == 24 and minute == 0 and second == 0:
                hour = 0
                if kind != "time":
                    year, month, day = date_of_days(days_since_1970(year, month, day) + 1)
            if hour > 23 or minute > 59 or second >= 60:
                return None
        zone = None
        if match["zone"]:
            zone = _parse_zone(match["zone"])
            if zone is None:
                return None
        elif kind == "dateTimeStamp":
            return None
        return make_moment(kind, year, month, day, hour, minute, second, zone)

    return parse


def number_of_seconds(text: str) -> int | Decimal:
    """Seconds as they are written, whole ones as ``int``."""
    if "." not in text:
        return int(text)
    number = Decimal(text)
    whole = int(number)
    return whole if number == whole else number


def _parse_zone(text: str) -> int | None:
    if text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[4:6])
    total = hours * 60 + minutes
    if minutes > 59 or total > FOURTEEN_HOURS_S // 60:
        return None
    return -total if text[0] == "-" else total


def compare_moments(first: Moment, second: Moment) -> int:
    """-1, 0 or 1.

    Raises:
        ExpressionError: Of different kinds; or one has a zone, the other has none, and no more than
            14 hours lie between them.
    """
    if first.kind != second.kind and {first.kind, second.kind} != {"dateTime", "dateTimeStamp"}:
        raise ExpressionError
    left, right = first.instant, second.instant
    if (first.zone is None) == (second.zone is None):
        return (left > right) - (left < right)
    if left + FOURTEEN_HOURS_S < right:
        return -1
    if right + FOURTEEN_HOURS_S < left:
        return 1
    raise ExpressionError


def zone_lexical(zone: int | None) -> str:
    """A zone as it is written after a time, empty for none.

    >>> zone_lexical(-510), zone_lexical(0), zone_lexical(None)
    ('-08:30', 'Z', '')
    """
    if not zone:
        return "" if zone is None else "Z"
    return f"{'-' if zone < 0 else '+'}{abs(zone) // 60:02}:{abs(zone) % 60:02}"


def moment_lexical(moment: Moment) -> str:
    """The moment's lexical form, in its own zone."""
    year = f"{'-' if moment.year < 0 else ''}{abs(moment.year):04}"
    month, day = f"{moment.month:02}", f"{moment.day:02}"
    clock = f"{moment.hour:02}:{moment.minute:02}:{_second_lexical(moment.second)}"
    body = {
        "dateTime": f"{year}-{month}-{day}T{clock}",
        "dateTimeStamp": f"{year}-{month}-{day}T{clock}",
        "date": f"{year}-{month}-{day}",
        "time": clock,
        "gYear": year,
        "gYearMonth": f"{year}-{month}",
        "gMonth": f"--{month}",
        "gMonthDay": f"--{month}-{day}",
        "gDay": f"---{day}",
    }[moment.kind]
    return body + zone_lexical(moment.zone)


def _second_lexical(second: int | Decimal) -> str:
    if isinstance(second, int):
        return f"{second:02}"
    whole, _, fraction = format(second, "f").partition(".")
    fraction = fraction.rstrip("0")
    return whole.rjust(2, "0") + (f".{fraction}" if fraction else "")


def convert_moment(moment: Moment, kind: str) -> Moment:
    """The same moment as another kind: a date of a dateTime, the year of a date.

    Raises:
        ExpressionError: XPath has no such cast.
    """
    if kind == moment.kind or {kind, moment.kind} == {"dateTime", "dateTimeStamp"}:
        if kind == "dateTimeStamp" and moment.zone is None:
            raise ExpressionError
        return moment._replace(kind=kind)
    if moment.kind in {"dateTime", "dateTimeStamp"} and kind == "time":
        return make_moment(kind, 1972, 1, 1, moment.hour, moment.minute, moment.second, moment.zone)
    if moment.kind == "date" and kind in {"dateTime", "dateTimeStamp"}:
        if kind == "dateTimeStamp" and moment.zone is None:
            raise ExpressionError
        return moment._replace(kind=kind)
    if moment.kind not in {"dateTime", "dateTimeStamp", "date"} or kind == "time":
        raise ExpressionError
    year = moment.year if kind in {"date", "gYear", "gYearMonth"} else 1972
    month = 1 if kind in {"gYear", "gDay"} else moment.month
    day = 1 if kind in {"gYear", "gYearMonth", "gMonth"} else moment.day
    return make_moment(kind, year, month, day, 0, 0, 0, moment.zone)
