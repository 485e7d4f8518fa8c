"""Dates as articles print them, and what they mean on the day of the article."""

import calendar
import datetime
import re
from collections.abc import Iterator

from conflictkg.sources.article.annotations import DatePrecision, DateValue
from conflictkg.sources.article.counts import parse_number
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Mention, When

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SEASONS = {"spring": 3, "summer": 6, "fall": 9, "autumn": 9}
"""First month of each."""
_MONTH = (
    r"(?P<month>(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?"
    r"|January|February|March|April|May|June|July|August|September|October|November|December)"
)
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_ABSOLUTE = tuple(
    re.compile(source)
    for source in (
        rf"\b{_MONTH} {_DAY}, ?{_YEAR}\b(?!-)",
        rf"\b{_DAY} {_MONTH},? {_YEAR}\b",
        r"\b(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b",
        rf"\b{_MONTH},? (?:of )?{_YEAR}\b",
        rf"\b{_MONTH} {_DAY}\b(?!,? (?:19|20)\d\d|[-–,\d]\d)",
        rf"\b(?:on|of|since|until|from) {_DAY} {_MONTH}\b",
        rf"(?<![\d$.,-]){_YEAR}(?![\d%]|,\d|-\d)\b",
        r"\b(?:[Ii]n|[Ss]ince|until|[Bb]y|[Ll]ast|[Dd]uring|of|this) "
        rf"(?:early |mid-|late |early-|late-)?{_MONTH}(?! \d)",
    )
)


def _relative() -> tuple[tuple[re.Pattern[str], str, int], ...]:
    table = load_lookup("rules/dates.toml")["relative"]
    return tuple(
        (re.compile(rf"\b(?:{entry['pattern']})\b", re.IGNORECASE), entry["unit"], entry["shift"])
        for entry in table
    )


_RELATIVE = _relative()


def find_dates(text: str, start: int, end: int) -> Iterator[Mention]:
    """Every date in a stretch of normalized text, from left to right."""
    found: list[Mention] = []
    for regex in _ABSOLUTE:
        for match in regex.finditer(text, start, end):
            when = _read_absolute(match)
            if when and not _overlaps(found, match.span()):
                begin = min(b for b in (match.start(n) for n in match.re.groupindex) if b >= 0)
                since = re.search(r"\bsince (?:the (?:start|beginning) of )?$", text[:begin][-30:])
                found.append(Mention("date", begin, match.end(), _since(when, bool(since))))
    for regex, unit, shift in _RELATIVE:
        for match in regex.finditer(text, start, end):
            if not _overlaps(found, match.span()):
                number = match.groupdict().get("n")
                amount = parse_number(number) if number else 1
                if unit == "weekday":
                    unit_name = match.group("weekday").casefold()
                    when = When(relative="weekday:" + unit_name, shift=shift)
                elif unit == "season":
                    when = When(relative="season:" + match.group("season").casefold(), shift=shift)
                else:
                    when = When(relative=unit, shift=shift * (amount or 1))
                found.append(Mention("date", match.start(), match.end(), when))
    yield from sorted(found, key=lambda each: each.start)


def _since(when: When, since: bool) -> When:
    return When(when.year, when.month, when.day, when.relative, when.shift, since)


def _overlaps(found: list[Mention], span: tuple[int, int]) -> bool:
    return any(each.start < span[1] and span[0] < each.end for each in found)


def _read_absolute(match: re.Match[str]) -> When | None:
    groups = match.groupdict()
    year = int(groups["year"]) if groups.get("year") else None
    month = None
    if groups.get("month"):
        printed = groups["month"].casefold()
        month = int(printed) if printed.isdecimal() else _MONTHS.index(printed[:3]) + 1
    day = int(groups["day"]) if groups.get("day") else None
    if month is not None and not 1 <= month <= 12:
        return None
    if day is not None and not 1 <= day <= calendar.monthrange(year or 2000, month or 1)[1]:
        return None
    return When(year=year, month=month, day=day)


def days_value(
    first: datetime.date, last: datetime.date, precision: DatePrecision, words: str | None = None
) -> DateValue:
    """A date value for something that fell between two days, both included."""
    return DateValue(
        earliest_begin=first,
        latest_begin=last,
        earliest_end=first,
        latest_end=last,
        precision=precision,
        resolved_from=words,
    )


def resolve(
    when: When, words: str, issued: datetime.date | None, year: int | None = None
) -> DateValue:
    """Turn a printed date into bounds.

    Args:
        when: The date as printed.
        words: Its words, kept where something was resolved.
        issued: The day of the article, where it is known.
        year: The article's year, where only that is known.

    Returns:
        Bounds where they can be known; else precision ``unknown`` with the words.

    >>> resolve(When(relative="day", shift=-1), "yesterday", datetime.date(2017, 6, 14)).latest_end
    datetime.date(2017, 6, 13)
    """
    year = issued.year if issued else year
    unknown = DateValue(precision="unknown", resolved_from=words)
    if when.relative:
        return _resolve_relative(when, words, issued, year) or unknown
    if when.year and when.month and when.day:
        day = datetime.date(when.year, when.month, when.day)
        return days_value(day, day, "day")
    if when.month and when.day:
        if year is None:
            return unknown
        found = _day_of(year, when.month, when.day)
        if found and issued and found > issued + datetime.timedelta(days=60):
            found = _day_of(year - 1, when.month, when.day)
        return days_value(found, found, "day", words) if found else unknown
    if when.year and when.month:
        return _month_value(when.year, when.month)
    if when.year:
        return year_value(when.year)
    if when.month and year is not None:
        if issued and when.month > issued.month:
            year -= 1
        return _month_value(year, when.month, words)
    return unknown


def year_value(year: int, words: str | None = None) -> DateValue:
    """The value of a whole year."""
    return days_value(datetime.date(year, 1, 1), datetime.date(year, 12, 31), "year", words)


def _month_value(year: int, month: int, words: str | None = None) -> DateValue:
    first = datetime.date(year, month, 1)
    last = calendar.monthrange(year, month)[1]
    return days_value(first, first.replace(day=last), "month", words)


def _season_value(year: int, season: str, words: str) -> DateValue:
    """Three months; that is more than a month, so the precision is the next coarser, a year."""
    first = _SEASONS[season]
    last = calendar.monthrange(year, first + 2)[1]
    begin, end = datetime.date(year, first, 1), datetime.date(year, first + 2, last)
    return days_value(begin, end, "year", words)


def _day_of(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _resolve_relative(
    when: When, words: str, issued: datetime.date | None, year: int | None
) -> DateValue | None:
    if when.relative == "year" and year is not None:
        return year_value(year + when.shift, words)
    if when.relative.startswith("season:") and year is not None:
        return _season_value(year, when.relative[7:], words)
    if issued is None:
        return None
    if when.relative == "day":
        day = issued + datetime.timedelta(days=when.shift)
        return days_value(day, day, "day", words)
    if when.relative.startswith("weekday:"):
        back = (issued.weekday() - _WEEKDAYS.index(when.relative[8:])) % 7
        day = issued - datetime.timedelta(days=back or (7 if when.shift else 0))
        return days_value(day, day, "day", words)
    if when.relative == "recent":
        return days_value(issued - datetime.timedelta(days=1), issued, "few-days", words)
    if when.relative == "week":
        monday = issued - datetime.timedelta(days=issued.weekday() - 7 * when.shift)
        return days_value(monday, monday + datetime.timedelta(days=6), "week", words)
    if when.relative == "month":
        index = issued.year * 12 + issued.month - 1 + when.shift
        return _month_value(index // 12, index % 12 + 1, words)
    return None
