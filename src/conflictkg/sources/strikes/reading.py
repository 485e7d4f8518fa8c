"""What the cells of a row say, one rule of a profile at a time.

Each combination of cells is read once, however many rows have it. A reader takes the cells of its columns and gives
the values of its fields, which SQL joins to the rows.
"""

import calendar
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from conflictkg.errors import InvalidValueError
from conflictkg.iris import digest_key
from conflictkg.sources.cells import (
    MOST_WORDS,
    Count,
    DaySpan,
    combine_counts,
    parse_count,
    parse_day,
    parse_point,
    widen,
)
from conflictkg.sources.description import Lookups
from conflictkg.sources.report import Fate
from conflictkg.sources.strikes.profile import (
    ActorRule,
    CodeRule,
    CountRule,
    DateRule,
    Profile,
    require_within,
)

MOST_ALTERNATIVES = 2
"""Places beside the first that a claim of each is made for."""

_UNKNOWN = frozenset(
    ("", "?", "-", "--", "–", "n/a", "na", "unknown", "unclear", "not known", "not reported", "unspecified")
)  # fmt: skip
_ISO_DAY = re.compile(r"\d{4}-(\d{2})-(\d{2})")
_MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class Note:
    """Something about a row that is told.

    Args:
        column: Where.
        problem: What.
        fate: What becomes of the row.
    """

    column: str
    problem: str
    fate: Fate = Fate.KEPT


Values = Sequence[object]
Read = Callable[[Sequence[str]], tuple[Values, Note | None]]


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads some columns of a row.

    Args:
        name: Of its table.
        columns: In the table that is converted.
        fields: Names and SQL types of what it reads.
        read: Takes the cells, gives the values and what is to be told.
    """

    name: str
    columns: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    read: Read


@dataclass(frozen=True, slots=True, order=True)
class FoundPlace:
    """A place that the registry lacks."""

    key: str
    name: str
    within: str
    precision: str | None
    latitude: str | None = None
    longitude: str | None = None


@dataclass(frozen=True, slots=True, order=True)
class FoundActor:
    """An actor that the registry lacks; its level is empty for people without a body of their own."""

    key: str
    name: str
    level: str


@dataclass(slots=True)
class Found:
    """What was met that the registry lacks; emptied by whoever writes it down."""

    places: set[FoundPlace] = field(default_factory=set)
    actors: set[FoundActor] = field(default_factory=set)


def make_readers(profile: Profile, found: Found) -> list[Reader]:
    """The readers of a profile. What they meet that the registry lacks goes into ``found``."""
    readers = [_DateReader(profile.date, profile.lookups).reader()]
    if profile.place.columns or profile.place.latitude:
        readers.append(_PlaceReader(profile, found).reader())
    readers += [
        _ActorReader(each, profile, found).reader() for each in profile.actors if each.column
    ]
    readers += [_code_reader(each, profile.lookups) for each in profile.codes if each.column]
    readers += [_count_reader(each) for each in profile.counts]
    return readers


# Dates


class _DateReader:
    def __init__(self, rule: DateRule, lookups: Lookups) -> None:
        self._rule, self._lookups = rule, lookups

    def reader(self) -> Reader:
        rule = self._rule
        more = [each for each in (rule.precision, rule.extended, rule.end) if each]
        fields = (
            ("first", "DATE"), ("last", "DATE"), ("end_first", "DATE"), ("end_last", "DATE"), ("precision", "VARCHAR"),
        )  # fmt: skip
        return Reader("date", (*rule.columns, *more), fields, self._read)

    def _read(self, cells: Sequence[str]) -> tuple[Values, Note | None]:
        rule, number = self._rule, len(self._rule.columns)
        rest, column = list(cells[number:]), self._rule.columns[0]
        try:
            days = self._days(cells[:number])
            if rule.precision:
                column = rule.precision
                member = require_within(rest.pop(0), self._lookups, rule.lookup)
                days = days and _widen(days, member)
            if not rule.extended:
                end, note = days, None
            else:
                column = rule.extended
                is_later = (
                    require_within(rest.pop(0), self._lookups, rule.extended_lookup) != "same"
                )
                column = rule.end
                end, note = self._end(days, rest[0] if rest else "", is_later=is_later)
        except InvalidValueError as error:
            return _reject(5, column, error)
        if days is None:
            return (None, None, None, None, "unknown"), note
        last = days.last if end is None else min(days.last, end.last)
        ends = (end.first, end.last) if end else (None, None)
        return (days.first, last, *ends, days.precision), note

    def _end(
        self, days: DaySpan | None, cell: str, *, is_later: bool
    ) -> tuple[DaySpan | None, Note | None]:
        """When something ended that may have lasted longer; None if nobody says."""
        rule = self._rule
        end = self._day(cell, rule.end_formats)
        if end is None or days is None:
            return (None if is_later else days), None
        if not is_later:
            told = f'"{cell}" stands beside a {rule.extended} that says it ended as it began; no end is converted.'
            return None, Note(rule.end, told)
        if end.last < days.first:
            told = f'"{cell}": it ends before it begins, on {days.first}; no end is converted.'
            return None, Note(rule.end, told)
        return end, None

    def _days(self, cells: Sequence[str]) -> DaySpan | None:
        if len(cells) == 3:
            return parse_parts(cells, self._rule.years)
        return self._day(cells[0], self._rule.formats)

    def _day(self, cell: str, formats: Sequence[str]) -> DaySpan | None:
        if cell.casefold() in _UNKNOWN:
            return None
        # A workbook knows days as such; what is typed as text follows the formats.
        if _ISO_DAY.fullmatch(cell):
            return parse_day(cell, ["%Y-%m-%d"], self._rule.years)
        return parse_day(cell, formats, self._rule.years)


def parse_parts(cells: Sequence[str], years: tuple[int, int]) -> DaySpan:
    """Read year, month and day that stand in columns of their own; 0 or nothing is unknown.

    Raises:
        InvalidValueError: They are no day of the calendar.

    >>> parse_parts(["2011", "6", "0"], (1970, 2030)).precision
    'month'
    """
    year, month, day = (each if each not in {"", "00"} else "0" for each in cells)
    if month == "0":
        return parse_day(year, ["%Y"], years)
    if day == "0":
        return parse_day(f"{year}-{month}", ["%Y-%m"], years)
    return parse_day(f"{year}-{month}-{day}", ["%Y-%m-%d"], years)


def _widen(days: DaySpan, precision: str) -> DaySpan:
    """A day that stands for more, if it does; a few days are taken for the week that they are in."""
    if precision in {"day", days.precision} or days.precision != "day":
        return days
    return widen(days.first, "week" if precision == "few-days" else precision)


# Numbers


def _count_reader(rule: CountRule) -> Reader:
    parts, columns = tuple(rule.columns), tuple(rule.columns.values())

    def read(cells: Sequence[str]) -> tuple[Values, Note | None]:
        found: dict[str, Count] = {}
        for part, column, cell in zip(parts, columns, cells, strict=True):
            try:
                found[part] = parse_count(_unmangle(cell))
            except InvalidValueError as error:
                return _reject(len(_COUNT_FIELDS), column, error)
        count = found["cell"] if "cell" in found else combine_counts(found)
        note = _note_of(count, columns[0], dict(zip(parts, cells, strict=True)))
        values = (
            count.low, count.best, count.high, True if count.vague else None, True if count.not_reported else None,
            count.verbatim or None, count.issue or None, count.repair or None,
        )  # fmt: skip
        return values, note

    return Reader(f"count_{rule.category}", columns, _COUNT_FIELDS, read)


_COUNT_FIELDS = (
    ("low", "BIGINT"), ("best", "BIGINT"), ("high", "BIGINT"), ("vague", "BOOLEAN"), ("not_reported", "BOOLEAN"),
    ("verbatim", "VARCHAR"), ("issue", "VARCHAR"), ("repair", "VARCHAR"),
)  # fmt: skip


def _unmangle(cell: str) -> str:
    """A day where a number should be: a spreadsheet has made it of a range, and shows it as ``4-Mar``."""
    if found := _ISO_DAY.fullmatch(cell):
        month, day = int(found[1]), int(found[2])
        if 1 <= month <= 12:
            return f"{day}-{calendar.month_abbr[month]}"
    return cell


def _note_of(count: Count, column: str, cells: dict[str, str]) -> Note | None:
    if count.repair:
        return Note(column, f"{count.repair}.")
    if count.issue == "range-reversed":
        return Note(column, f"{_shown(cells)}: the range runs backwards.")
    if count.issue:
        return Note(column, f"{_shown(cells)}: the best estimate is outside the range.")
    return None


def _shown(cells: dict[str, str]) -> str:
    return ", ".join(f"{part} {cell or 'empty'}" for part, cell in cells.items())


# Codes


def _code_reader(rule: CodeRule, lookups: Lookups) -> Reader:
    def read(cells: Sequence[str]) -> tuple[Values, Note | None]:
        # A cell with nothing in it says nothing, unless the profile says what that means.
        if cells[0] == "" and "" not in lookups[rule.lookup]:
            return (None,), None
        try:
            return (require_within(cells[0], lookups, rule.lookup) or None,), None
        except InvalidValueError as error:
            return _reject(1, rule.column, error)

    return Reader(f"code_{rule.name}", (rule.column,), (("member", "VARCHAR"),), read)


# Actors


class _ActorReader:
    def __init__(self, rule: ActorRule, profile: Profile, found: Found) -> None:
        self._rule, self._profile, self._found = rule, profile, found
        self._known = _table_of(profile.lookups, "actor")

    def reader(self) -> Reader:
        columns = (
            self._rule.column,
            *([self._rule.level_column] if self._rule.level_column else []),
        )
        return Reader(f"actor_{self._rule.name}", columns, (("actor", "VARCHAR"),), self._read)

    def _read(self, cells: Sequence[str]) -> tuple[Values, Note | None]:
        name = self._known.get(cells[0], cells[0])
        if name.casefold() in _UNKNOWN:
            return (None,), None
        if name.startswith("organization/"):
            return (name,), None
        if len(name) > _MOST_NAME:
            return _reject(1, self._rule.column, InvalidValueError(_too_long(name)))
        level = self._rule.level
        if self._rule.level_column:
            try:
                level = require_within(cells[1], self._profile.lookups, self._rule.lookup)
            except InvalidValueError as error:
                return _reject(1, self._rule.level_column, error)
        is_group = level == "person-group"
        kind = "person-group" if is_group else "organization"
        key = f"{kind}/{self._profile.name}/{digest_key(name)}"
        self._found.actors.add(FoundActor(key, name, "" if is_group else level))
        return (key,), None


def _table_of(lookups: Lookups, kind: str) -> dict[str, str]:
    try:
        return dict(lookups[kind])
    except KeyError:
        return {}


def _too_long(name: str) -> str:
    return f'"{name[:40]}…" has {len(name)} characters; a name has {_MOST_NAME} at most.'


# Places


class _PlaceReader:
    """Names from the smallest place to the largest; each that the registry lacks becomes a place within the next."""

    def __init__(self, profile: Profile, found: Found) -> None:
        self._profile, self._rule, self._found = profile, profile.place, found
        self._known = _table_of(profile.lookups, "place")
        self._unknown = _UNKNOWN | {each.casefold() for each in self._rule.unknown}
        parts = [re.escape(each) for each in self._rule.alternatives]
        self._split = re.compile("|".join(parts), re.IGNORECASE) if parts else None
        self._chains: dict[tuple[tuple[str, str], ...], str] = {}

    def reader(self) -> Reader:
        rule = self._rule
        more = [each for each in (rule.latitude, rule.longitude, rule.closeness) if each]
        fields = (
            ("place", "VARCHAR"), ("precision", "VARCHAR"), ("alternative_1", "VARCHAR"), ("alternative_2", "VARCHAR"),
            ("verbatim", "VARCHAR"), ("issue", "VARCHAR"), ("is_unknown", "BOOLEAN"),
        )  # fmt: skip
        return Reader("place", (*rule.columns, *more), fields, self._read)

    def _read(self, cells: Sequence[str]) -> tuple[Values, Note | None]:
        rule = self._rule
        number = len(rule.columns)
        names, rest = cells[:number], list(cells[number:])
        try:
            for column, each in zip(rule.columns, names, strict=True):
                if len(each) > _MOST_NAME:
                    return _reject(7, column, InvalidValueError(_too_long(each)))
            point = parse_point(rest.pop(0), rest.pop(0)) if rule.latitude else None
        except InvalidValueError as error:
            return _reject(7, rule.latitude, error)
        closeness = ""
        if rule.closeness:
            try:
                closeness = require_within(rest[0], self._profile.lookups, rule.lookup)
            except InvalidValueError as error:
                return _reject(7, rule.closeness, error)
        note = None
        if point is not None and rule.extent is not None and rule.extent.is_swapped(point):
            shown = f'latitude "{point[0]}", longitude "{point[1]}"'
            told = f"{shown} are swapped, as it seems: exchanged they lie in the extent. They are left out."
            note, point = Note(rule.latitude, told), None
        values, told_of_names = self._placed(names, point, closeness)
        return values, note or told_of_names

    def _placed(
        self, names: Sequence[str], point: tuple[str, str] | None, closeness: str
    ) -> tuple[Values, Note | None]:
        rule, note = self._rule, None
        levels = [self._alternatives(each) for each in names]
        for column, level in zip(rule.columns, levels, strict=True):
            for each in [each for each in level if len(each.split()) > MOST_WORDS]:
                level.remove(each)
                words = len(each.split())
                note = Note(
                    column, f"holds {words} words, a text and no name; it is not converted."
                )
        at = next((at for at, each in enumerate(levels) if each), len(levels))
        chain = tuple(
            (level[0], self._precision_of(level[0], precision))
            for level, precision in zip(levels[at + 1 :], rule.precision[at + 1 :], strict=True)
            if level
        )
        within = self._chain(chain)
        options = levels[at] if at < len(levels) else []
        precision: str | None = "country" if within else None
        if options:
            precision = self._precision_of(options[0], rule.precision[at])
        keys = [
            self._key_of(each, within, self._precision_of(each, rule.precision[at]))
            for each in options
        ]
        place = keys[0] if keys else (within or None)
        if point is not None:
            place = self._point_of(options[0] if options else "", place or "", point)
            precision = rule.coordinates or precision
        if len(keys) - 1 > MOST_ALTERNATIVES:
            note = Note(
                rule.columns[at],
                f"names {len(keys)} places; the first three are converted.",
            )
        verbatim, issue, spelt = self._words(names[at] if at < len(names) else "", options)
        if spelt and note is None:
            note = Note(rule.columns[at], spelt)
        others = (keys[1:] + [None] * MOST_ALTERNATIVES)[:MOST_ALTERNATIVES]
        is_unknown = True if not keys and point is None else None
        return (place, closeness or precision, *others, verbatim, issue, is_unknown), note

    def _alternatives(self, cell: str) -> list[str]:
        """The names in a cell, in the spelling that is used for them; none if it says that nobody knows."""
        if cell in self._known:
            cell = self._known[cell]
            return [cell] if cell else []
        parts = self._split.split(cell) if self._split else [cell]
        names = [" ".join(each.split()) for each in parts]
        names = [self._known.get(each, each) for each in names]
        return list(
            dict.fromkeys(each for each in names if each.casefold() not in self._unknown and each)
        )

    def _chain(self, names: tuple[tuple[str, str], ...]) -> str:
        """The key of the smallest of some places, each with how closely it is known and within the next."""
        if names not in self._chains:
            within = self._rule.country
            for name, precision in reversed(names):
                within = self._key_of(name, within, precision)
            self._chains[names] = within
        return self._chains[names]

    def _precision_of(self, name: str, usual: str) -> str:
        """How closely a place of some name is known; one that is called a district is no town."""
        words = name.split()
        return self._rule.endings.get(words[-1] if words else "", usual)

    def _key_of(self, name: str, within: str, precision: str) -> str:
        if name.startswith("place/"):
            return name
        key = f"place/{self._profile.name}/{digest_key(within, name)}"
        self._found.places.add(FoundPlace(key, name, within, precision))
        return key

    def _point_of(self, name: str, place: str, point: tuple[str, str]) -> str:
        """A named place with coordinates of its own: one name has several in most tables."""
        latitude, longitude = point
        key = f"place/{self._profile.name}/{digest_key(place, latitude, longitude)}"
        label = name if name and not name.startswith("place/") else f"point {latitude}, {longitude}"
        self._found.places.add(FoundPlace(key, label, place, None, latitude, longitude))
        return key

    def _words(self, cell: str, names: Sequence[str]) -> tuple[str | None, str | None, str | None]:
        """The table's own words where they are another than the place's name, the issue, and what is told."""
        plain = " ".join(cell.split())
        if [plain] == list(names) or not names:
            return None, None, None
        verbatim = plain if len(plain.split()) <= MOST_WORDS else None
        parts = (
            [" ".join(each.split()) for each in self._split.split(plain)]
            if self._split
            else [plain]
        )
        for each in parts:
            spelt = self._known.get(each, "")
            if spelt and not spelt.startswith("place/"):
                return (
                    verbatim,
                    "spelling-variant",
                    f'"{each}" is spelt "{spelt}" in most rows, and here.',
                )
        return verbatim, None, None


def _reject(fields: int, column: str, error: InvalidValueError) -> tuple[Values, Note]:
    return (None,) * fields, Note(column, error.problem, Fate.REJECTED)


def drain(found: Found) -> tuple[list[FoundPlace], list[FoundActor]]:
    """What was found, in order, and no more kept."""
    places, actors = sorted(found.places, key=lambda each: each.key), sorted(found.actors)
    found.places.clear()
    found.actors.clear()
    return places, actors


def tell_mixed_days(texts: Iterable[str], days: Iterable[date]) -> str:
    """What is told of a column where a spreadsheet has taken days for months in some rows; empty if nothing is.

    Text in which the day is always above 12, beside real days that are never: a program that reads the month first
    has made days of what it could, and left the rest.
    """
    left = [
        int(each.split("/")[0]) for each in texts if re.fullmatch(r"\d{1,2}/\d{1,2}/\d{4}", each)
    ]
    made = [each.day for each in days]
    if len(left) >= 3 and len(made) >= 3 and min(left) > 12 and max(made) <= 12:
        return (
            "holds days as text and days as such, none of these after the twelfth: a spreadsheet seems to have read the"
            " month first. Restore the column as it was published."
        )
    return ""
