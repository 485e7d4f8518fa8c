"""What cells of event tables say: numbers of people and days, as people type them and spreadsheets mangle them.

The values are those of the domain model: unknown is not zero, words are not made into numbers, and what was repaired
says so.
"""

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from conflictkg.errors import InvalidValueError

_UNKNOWN = frozenset(
    ("", "?", "-", "--", "–", "n/a", "na", "none given", "unknown", "unclear", "not known", "not reported")
)  # fmt: skip
_VAGUE = re.compile(
    r"(?:many|some|several|a few|few|dozens?|scores?|hundreds|tens|multiple|numerous|possibl[ey]|unconfirmed|yes)\b.*",
    re.IGNORECASE | re.DOTALL,
)
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d{1,7}"
_ONE = re.compile(rf"({_NUMBER})(?:\.0+)?")
_SPAN = re.compile(rf"({_NUMBER})\s*(?:-|–|—|to|or)\s*({_NUMBER})", re.IGNORECASE)
_FROM = re.compile(
    rf"(?:at least|min(?:imum)?\.?|≥|>=)\s*({_NUMBER})|({_NUMBER})\s*\+", re.IGNORECASE
)
_ABOVE = re.compile(rf"(?:more than|over|>)\s*({_NUMBER})", re.IGNORECASE)
_TO = re.compile(rf"(?:up to|at most|max(?:imum)?\.?|≤|<=)\s*({_NUMBER})", re.IGNORECASE)
_ABOUT = re.compile(
    rf"(?:about|around|approx(?:imately|\.)?|circa|ca\.?|~)\s*({_NUMBER})", re.IGNORECASE
)
_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name}
_MONTHS |= {name.casefold(): number for number, name in enumerate(calendar.month_name) if name}
_MANGLED = re.compile(r"(\d{1,2})[- ]([A-Za-z]{3})|([A-Za-z]{3})[- ](\d{1,2})")
_DEGREES = re.compile(r"-?\d{1,3}(?:\.\d{1,15})?")
MOST_WORDS = 10
"""That are quoted of a source; what is longer is a text, and ours to shorten or to leave out."""


@dataclass(frozen=True, slots=True)
class Count:
    """A reported number of people, both ends included.

    Args:
        low: At least so many; None if nobody says.
        best: The source's best estimate.
        high: At most so many.
        vague: Whether there is a word instead of a number.
        not_reported: Whether the source says nothing of it.
        verbatim: The cell as it is, where it is no plain number, at most ten words.
        issue: Member of the data-issue scheme.
        repair: In our own words, what was repaired.
    """

    low: int | None = None
    best: int | None = None
    high: int | None = None
    vague: bool = False
    not_reported: bool = False
    verbatim: str = ""
    issue: str = ""
    repair: str = ""


NOT_REPORTED = Count(not_reported=True)


def parse_count(text: str) -> Count:
    """Read a cell that holds a number of people.

    Raises:
        InvalidValueError: It is none of the forms that are known.

    >>> parse_count("3-5"), parse_count(" ? ").not_reported, parse_count("more than 120").low
    (Count(low=3, best=None, high=5, vague=False, not_reported=False, verbatim='', issue='', repair=''), True, 121)
    >>> parse_count("4-Mar").repair
    'read as the range 3 to 4, of which a spreadsheet had made a date'
    """
    cell = " ".join(text.split()).strip("'\"")
    if cell.casefold() in _UNKNOWN:
        return Count(not_reported=True, verbatim=_quote(cell))
    if found := _ONE.fullmatch(cell):
        number = _whole(found[1])
        return Count(number, number, number)
    if found := _SPAN.fullmatch(cell):
        return span(_whole(found[1]), _whole(found[2]), verbatim="")
    if found := _FROM.fullmatch(cell):
        return Count(low=_whole(found[1] or found[2]), verbatim=_quote(cell))
    if found := _ABOVE.fullmatch(cell):
        return Count(low=_whole(found[1]) + 1, verbatim=_quote(cell))
    if found := _TO.fullmatch(cell):
        return Count(high=_whole(found[1]), verbatim=_quote(cell))
    if found := _ABOUT.fullmatch(cell):
        return Count(best=_whole(found[1]), verbatim=_quote(cell))
    if found := _MANGLED.fullmatch(cell):
        return _unmangled(found, cell)
    if _VAGUE.fullmatch(cell):
        return Count(vague=True, verbatim=_quote(cell))
    raise InvalidValueError(
        f'"{text[:60]}" is no number of people. Known are 7, 3-5, at least 3, more than 3, up to 3, ? and words'
        " such as several."
    )


def span(
    low: int | None, high: int | None, best: int | None = None, *, verbatim: str = ""
) -> Count:
    """A range as the source gives it; one that runs backwards stays so and is marked.

    >>> span(8, 6).issue
    'range-reversed'
    """
    if low is None and high is None and best is None:
        return NOT_REPORTED
    issue = ""
    if low is not None and high is not None and low > high:
        issue = "range-reversed"
    elif best is not None and not (low or 0) <= best <= (high if high is not None else best):
        issue = "best-outside-range"
    return Count(low, best, high, verbatim=verbatim, issue=issue)


def combine_counts(found: Mapping[str, Count]) -> Count:
    """One count of the cells for its least, likeliest and greatest number.

    Args:
        found: The cells that there are, as ``low``, ``best`` and ``high``.

    >>> combine_counts({"low": parse_count("3"), "high": parse_count("5")}).high
    5
    """
    told = [each for each in found.values() if not each.not_reported]
    if not told:
        return NOT_REPORTED
    low, best, high = (found.get(part, NOT_REPORTED) for part in ("low", "best", "high"))
    count = span(
        _first(low.low, low.best),
        _first(high.high, high.best),
        _first(best.best, best.low),
        verbatim=next((each.verbatim for each in told if each.verbatim), ""),
    )
    mended = next((each for each in told if each.repair), None)
    if mended is not None:
        return Count(
            count.low,
            count.best,
            count.high,
            verbatim=mended.verbatim,
            issue=mended.issue,
            repair=mended.repair,
        )
    if count.not_reported:
        return Count(vague=True, verbatim=told[0].verbatim)
    return count


def _first(*numbers: int | None) -> int | None:
    return next((each for each in numbers if each is not None), None)


def _unmangled(found: re.Match[str], cell: str) -> Count:
    """``4-Mar`` was ``3-4`` or ``4-3``: a count that runs upwards is what people write."""
    day, month = (int(found[1]), found[2]) if found[1] else (int(found[4]), found[3])
    number = _MONTHS.get(month.casefold())
    if number is None:
        raise InvalidValueError(f'"{cell}" is no number of people.')
    low, high = sorted((day, number))
    return Count(
        low,
        None,
        high,
        verbatim=cell,
        issue="spreadsheet-mangled",
        repair=f"read as the range {low} to {high}, of which a spreadsheet had made a date",
    )


def _whole(text: str) -> int:
    return int(text.replace(",", ""))


def _quote(cell: str) -> str:
    return cell if 0 < len(cell.split()) <= MOST_WORDS else ""


@dataclass(frozen=True, slots=True)
class DaySpan:
    """When something happened: from some day to some day, both included.

    Args:
        first: The earliest day.
        last: The latest.
        precision: Member of the date-precision scheme.
    """

    first: date
    last: date
    precision: str


def parse_day(
    value: str | date, formats: Sequence[str], years: tuple[int, int] = (1900, 2100)
) -> DaySpan:
    """Read a cell that holds a day, a month or a year.

    Args:
        value: The cell: a text, or a date where the file knows one.
        formats: As ``strptime`` takes them, tried in order. One without a day gives a month, without a month a year.
        years: The first and last that can be.

    Raises:
        InvalidValueError: It is no such day of the calendar.

    >>> parse_day("June 2011", ["%d/%m/%Y", "%B %Y"])
    DaySpan(first=datetime.date(2011, 6, 1), last=datetime.date(2011, 6, 30), precision='month')
    """
    if isinstance(value, date):
        day = value.date() if isinstance(value, datetime) else value
        return _require_year(DaySpan(day, day, "day"), str(day), years)
    text = " ".join(value.split())
    for each in formats:
        try:
            # A day in the calendar of the source's place: it has no zone.
            found = datetime.strptime(text, each).date()  # noqa: DTZ007
        except ValueError:
            continue
        return _require_year(widen(found, _precision_of(each)), text, years)
    raise InvalidValueError(
        f'"{text[:40]}" is no day. It must be written as {_examples(formats)}, and be one of the calendar.'
    )


def _precision_of(form: str) -> str:
    if any(each in form for each in ("%d", "%j", "%x")):
        return "day"
    return "month" if any(each in form for each in ("%m", "%b", "%B")) else "year"


def widen(day: date, precision: str) -> DaySpan:
    """The days among which one is that is known to the day, week, month or year that it is in.

    Args:
        day: Any of them.
        precision: Member of the date-precision scheme; one that names no such span leaves the day alone.

    >>> widen(date(2017, 6, 14), "week").first, widen(date(1997, 2, 3), "month").last
    (datetime.date(2017, 6, 12), datetime.date(1997, 2, 28))
    """
    if precision == "week":
        monday = day - timedelta(days=day.weekday())
        return DaySpan(monday, monday + timedelta(days=6), precision)
    if precision == "month":
        last = calendar.monthrange(day.year, day.month)[1]
        return DaySpan(day.replace(day=1), day.replace(day=last), precision)
    if precision == "year":
        return DaySpan(day.replace(month=1, day=1), day.replace(month=12, day=31), precision)
    return DaySpan(day, day, precision)


def _require_year(span_: DaySpan, text: str, years: tuple[int, int]) -> DaySpan:
    if not years[0] <= span_.first.year <= years[1]:
        raise InvalidValueError(
            f'"{text}" is in the year {span_.first.year}; from {years[0]} to {years[1]} is possible.'
        )
    return span_


def _examples(formats: Iterable[str]) -> str:
    return " or ".join(date(2017, 6, 13).strftime(each) for each in formats)


def parse_point(latitude: str, longitude: str) -> tuple[str, str] | None:
    """Read decimal degrees; None where neither is given.

    Raises:
        InvalidValueError: They are none; the message says so where they seem swapped.

    >>> parse_point("33.36", "70.55"), parse_point("", "")
    (('33.36', '70.55'), None)
    """
    if latitude.casefold() in _UNKNOWN and longitude.casefold() in _UNKNOWN:
        return None
    shown = f'latitude "{latitude[:20]}", longitude "{longitude[:20]}"'
    if not (_DEGREES.fullmatch(latitude) and _DEGREES.fullmatch(longitude)):
        raise InvalidValueError(f"{shown}: they must be decimal degrees, such as 33.36 and 70.55.")
    north, east = float(latitude), float(longitude)
    if abs(north) > 90 and abs(north) <= 180 and abs(east) <= 90:
        raise InvalidValueError(f"{shown} are swapped, as it seems: no latitude is over 90.")
    if abs(north) > 90 or abs(east) > 180:
        raise InvalidValueError(f"{shown}: they are at most 90 and 180 degrees.")
    return latitude, longitude


@dataclass(frozen=True, slots=True)
class Extent:
    """Where the points of a source are, in degrees, all ends included."""

    south: float
    west: float
    north: float
    east: float

    def is_swapped(self, point: tuple[str, str]) -> bool:
        """Whether a point, from :func:`parse_point`, lies outside, and would lie inside with its numbers exchanged.

        >>> region = Extent(23.6, 60.8, 37.2, 77.9)
        >>> region.is_swapped(("70.07", "33.01")), region.is_swapped(("28.5", "16.5"))
        (True, False)
        """
        latitude, longitude = map(float, point)
        return not self._holds(latitude, longitude) and self._holds(longitude, latitude)

    def _holds(self, latitude: float, longitude: float) -> bool:
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east

    def describe(self) -> str:
        """Which latitudes and longitudes there are."""
        return (
            f"latitudes are from {self.south:g} to {self.north:g},"
            f" longitudes from {self.west:g} to {self.east:g}"
        )
