"""A profile: which columns of a table say what, and what its spellings mean.

``profiles/*.toml`` are those that we ship; a person may write one for a table of her own. Everything in a profile is
checked when it is read, so that a slip in it is told as one, and not as thousands of rows that cannot be read.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from conflictkg.errors import InvalidValueError, SourceError, UnmappedValueError
from conflictkg.sources.cells import Extent
from conflictkg.sources.description import Lookups, profile_path, read_toml
from conflictkg.values import require_concept

SOURCE = "strikes"
ACTOR_PROPERTIES = ("perpetrator", "targetOrganization", "firstSide", "secondSide")
DECIDE = "DECIDE"
"""Stands in a profile that was proposed where a person must decide; one that still has it is refused."""

COUNT_PARTS = ("low", "best", "high", "cell")

_DESCRIBING = (
    "title", "description", "publisher", "licence", "redistribution", "language", "formats", "release", "rows",
    "review", "retrieval",
)  # fmt: skip
_KIND = {"Strike": "strike", "ConflictEvent": "event"}
_REGISTRY = re.compile(r"(place|organization)/[a-z0-9/-]+")
_ADDRESS = re.compile(r'https?://[^\s<>"{}|\\^`]+')
_PLAIN = re.compile(r'[^"{}<>]+')


@dataclass(frozen=True, slots=True)
class DateRule:
    """When it was.

    Args:
        columns: One column, or three of year, month and day in which 0 is unknown.
        formats: As ``strptime`` takes them; of one column only.
        years: The first and the last that can be.
        precision: A column that says how closely the day is known; empty if each row knows it.
        lookup: The table of ``precision``.
        extended: A column that says whether it ended later than it began; empty if nothing does.
        extended_lookup: The table of ``extended``, whose values are ``same`` and ``later``.
        end: A column of the day on which it ended, where that is later; if it is empty nobody says when.
        end_formats: As ``formats``.
    """

    columns: tuple[str, ...]
    formats: tuple[str, ...] = ()
    years: tuple[int, int] = (1900, 2100)
    precision: str = ""
    lookup: str = ""
    extended: str = ""
    extended_lookup: str = ""
    end: str = ""
    end_formats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlaceRule:
    """Where it was.

    Args:
        columns: Of names, the smallest place first.
        precision: How closely a place is known whose name stands in one of them; one a column.
        endings: Last words of names by which it is known otherwise: ``district``.
        country: Key of the place that all lie in, in the registry; empty if a column says it.
        alternatives: What stands between names of which one is meant.
        unknown: Words of the table for a place that is not known, beside the usual ones.
        latitude: A column of decimal degrees; may be empty, as the longitude.
        longitude: A column of decimal degrees.
        coordinates: How closely the coordinates are known where no column says it.
        closeness: A column that says how closely the place is known.
        lookup: The table of ``closeness``.
        extent: Degrees ``[south, west, north, east]`` within which all points lie that are right. A point outside that
            lies inside once its latitude and longitude are exchanged is left out, and told; none if nothing is known.
    """

    columns: tuple[str, ...]
    precision: tuple[str, ...]
    endings: Mapping[str, str] = field(default_factory=dict)
    country: str = ""
    alternatives: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    latitude: str = ""
    longitude: str = ""
    coordinates: str = ""
    closeness: str = ""
    lookup: str = ""
    extent: Extent | None = None


@dataclass(frozen=True, slots=True)
class ActorRule:
    """Who acted or was hit.

    Args:
        name: Names its claims: ``perpetrator``, ``perpetrator-2``.
        property: Local name of the property.
        column: Of names; empty if it is the same in each row.
        fixed: Key of the actor, then.
        level: Member of the organization-level scheme for names that the registry lacks.
        level_column: A column that says it row by row.
        lookup: The table of ``level_column``.
    """

    name: str
    property: str
    column: str = ""
    fixed: str = ""
    level: str = "other"
    level_column: str = ""
    lookup: str = ""


@dataclass(frozen=True, slots=True)
class CodeRule:
    """A value that is a concept of ours.

    Args:
        name: Names its claims.
        property: Local name of the property.
        scheme: Its concepts.
        column: Of codes; empty if it is the same in each row.
        fixed: The member of the scheme, then.
        lookup: The table of codes and members; a code whose member is empty says nothing.
    """

    name: str
    property: str
    scheme: str
    column: str = ""
    fixed: str = ""
    lookup: str = ""


@dataclass(frozen=True, slots=True)
class CountRule:
    """A number of people or events.

    Args:
        category: Member of the count-category scheme.
        columns: ``low``, ``best`` and ``high``, or one ``cell`` with all of it, and their columns.
        within: The category of which this one is a part; may be empty.
    """

    category: str
    columns: Mapping[str, str]
    within: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the columns of a table say.

    Args:
        name: Part of IRIs.
        kind: Of each row's thing in IRIs: ``strike`` or ``event``.
        event_class: Its class, by local name.
        event_name: What it is called, before its identifier.
        sheet: Of a workbook; empty if it has one only.
        header: Row of a workbook with the names of the columns.
        separator: Of a delimited file.
        unknown: What stands for an empty cell.
        optional: Columns that not each file has.
        aliases: Other spellings of columns.
        identifier: Column of the rows' own identifiers; if empty, hashes of rows stand for them.
        pattern: What an identifier looks like.
        date: When it was.
        place: Where it was.
        actors: Who acted or was hit.
        codes: Values that are concepts of ours.
        counts: Numbers.
        link: Column of the address of a report; may be empty.
        lookups: Spellings of the table, and what they mean.
    """

    name: str
    kind: str
    event_class: str
    event_name: str
    sheet: str
    header: int
    separator: str
    unknown: frozenset[str]
    optional: tuple[str, ...]
    aliases: Mapping[str, str]
    identifier: str
    pattern: str
    date: DateRule
    place: PlaceRule
    actors: tuple[ActorRule, ...]
    codes: tuple[CodeRule, ...]
    counts: tuple[CountRule, ...]
    link: str
    lookups: Lookups

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are converted, each once."""
        return tuple(dict.fromkeys(each for each in self._named() if each))

    def of_columns(self, there: Collection[str]) -> "Profile":
        """What it says of a file that lacks some of the columns that not each has."""
        place = self.place
        named = [at for at, each in enumerate(place.columns) if each in there]
        place = replace(
            place,
            columns=tuple(place.columns[at] for at in named),
            precision=tuple(place.precision[at] for at in named),
            closeness=place.closeness if place.closeness in there else "",
        )
        date = self.date
        return replace(
            self,
            date=replace(date, precision=date.precision if date.precision in there else ""),
            place=place,
            actors=tuple(
                replace(each, level_column=each.level_column if each.level_column in there else "")
                for each in self.actors
                if each.fixed or each.column in there
            ),
            codes=tuple(each for each in self.codes if each.fixed or each.column in there),
            counts=tuple(
                each for each in self.counts if all(name in there for name in each.columns.values())
            ),
            link=self.link if self.link in there else "",
        )

    def _named(self) -> Iterable[str]:
        date, place = self.date, self.place
        yield from (self.identifier, *date.columns, date.precision, date.extended, date.end)
        yield from (*place.columns, place.latitude, place.longitude, place.closeness)
        for actor in self.actors:
            yield from (actor.column, actor.level_column)
        yield from (each.column for each in self.codes)
        for count in self.counts:
            yield from count.columns.values()
        yield self.link


# Reading


def load_profile(profile: str) -> Profile:
    """Read a profile.

    Args:
        profile: Name of one that we ship, or path of a TOML file.

    Raises:
        NotFoundError: There is none of that name.
        SourceError: Something in it is not as it should be; the message says where.
    """
    path = profile_path(SOURCE, profile)
    return _Reader(path).read()


class _Table:
    """A table of a profile: each entry is taken out, and what is left at the end was not understood."""

    def __init__(self, name: str, content: object, file: str) -> None:
        self._name, self._file = name, file
        if not isinstance(content, dict):
            raise SourceError(f"[{name}] must be a table.", source=file)
        self._left = dict(content)
        self._known: list[str] = []

    def text(self, key: str, default: str | None = None) -> str:
        return str(self._take(key, str, default))

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        found = self._take(key, list, list(default))
        if not all(isinstance(each, str) for each in found):
            raise self.wrong(f"{key} must be a list of texts.")
        return tuple(found)

    def number(self, key: str, default: int) -> int:
        return int(self._take(key, int, default))

    def numbers(self, key: str, default: Sequence[int]) -> tuple[int, ...]:
        found = self._take(key, list, list(default))
        if not found or not all(isinstance(each, int) for each in found):
            raise self.wrong(f"{key} must be a list of whole numbers.")
        return tuple(found)

    def extent(self, key: str) -> Extent | None:
        found = self._take(key, list, [])
        if not found:
            return None
        if len(found) != 4 or not all(
            isinstance(each, int | float) and not isinstance(each, bool) for each in found
        ):
            raise self.wrong(f"{key} must be four numbers: [south, west, north, east].")
        south, west, north, east = found
        if not (-90 <= south < north <= 90 and -180 <= west < east <= 180):
            raise self.wrong(f"{key} must be degrees in the order south, west, north and east.")
        return Extent(south, west, north, east)

    def table(self, key: str) -> dict[str, Any]:
        return dict(self._take(key, dict, {}))

    def finish(self) -> None:
        for key in self._left:
            close = get_close_matches(key, self._known, n=1)
            hint = f'Closest: "{close[0]}".' if close else f"Known: {', '.join(self._known)}."
            raise self.wrong(f'"{key}" is not known. {hint}')

    def wrong(self, problem: str) -> SourceError:
        return SourceError(f"[{self._name}] {problem}", source=self._file)

    def _take(self, key: str, kind: type, default: Any) -> Any:
        self._known.append(key)
        found = self._left.pop(key, default)
        if found is None:
            raise self.wrong(f'lacks "{key}".')
        if not isinstance(found, kind):
            raise self.wrong(f"{key} must be a {kind.__name__}, and is {found!r}.")
        return found


class _Reader:
    """Reads one file."""

    def __init__(self, path: Path) -> None:
        self._path, self._file = path, path.name
        self._content = read_toml(path)
        tables = self._content.get("lookup", {})
        self._lookups = Lookups({**tables, "ignore": self._content.get("ignore", {})})
        self._kinds = set(tables)

    def read(self) -> Profile:
        known = [
            *_DESCRIBING,
            "table",
            "id",
            "event",
            "date",
            "place",
            "actor",
            "code",
            "count",
            "link",
            "lookup",
        ]
        for key in self._content:
            if key not in {*known, "ignore"}:
                close = get_close_matches(key, known, n=1)
                hint = f' Closest: "{close[0]}".' if close else ""
                raise SourceError(f'has "{key}", which is not known.{hint}', source=self._file)
        table, event, given = (self._table(each) for each in ("table", "event", "id"))
        kind = event.text("class")
        if kind not in _KIND:
            raise event.wrong(f'class must be one of {", ".join(_KIND)}, and is "{kind}".')
        link = self._table("link")
        profile = Profile(
            self._path.stem,
            _KIND[kind],
            kind,
            self._plain(event.text("name"), "[event] name"),
            table.text("sheet", ""),
            table.number("header", 1),
            table.text("separator", ","),
            frozenset(table.texts("unknown")),
            table.texts("optional"),
            table.table("aliases"),
            given.text("column", ""),
            self._pattern(given.text("pattern", r"[^\x00-\x1f]{1,80}")),
            self._date(),
            self._place(),
            self._actors(),
            self._codes(),
            self._counts(),
            link.text("column", ""),
            self._lookups,
        )
        for each in (table, event, given, link):
            each.finish()
        self._require_origin()
        self._require_apart(profile)
        return profile

    def _table(self, name: str) -> _Table:
        return _Table(name, self._content.get(name, {}), self._file)

    def _tables(self, name: str) -> list[_Table]:
        found = self._content.get(name, [])
        if not isinstance(found, list):
            raise SourceError(f"[{name}] is a list of tables: write [[{name}]].", source=self._file)
        return [_Table(name, each, self._file) for each in found]

    def _date(self) -> DateRule:
        table = self._table("date")
        column = table.text("column", "")
        parts = table.texts("columns")
        years = table.numbers("years", [1900, 2100])
        rule = DateRule(
            (column,) if column else parts,
            table.texts("formats"),
            (years[0], years[-1]),
            table.text("precision", ""),
            table.text("lookup", ""),
            table.text("extended", ""),
            table.text("extended_lookup", ""),
            table.text("end", ""),
            table.texts("end_formats"),
        )
        table.finish()
        if len(rule.columns) not in {1, 3} or (len(rule.columns) == 1 and not rule.formats):
            raise table.wrong("needs one column with formats, or columns for year, month and day.")
        self._require_lookup(table, rule.precision, rule.lookup, "date-precision")
        self._require_end(table, rule)
        return rule

    def _require_end(self, table: _Table, rule: DateRule) -> None:
        if rule.end and not (rule.extended and rule.end_formats):
            raise table.wrong(
                'needs "extended" and "end_formats" for its end: the column that says whether it ended later.'
            )
        if not rule.extended:
            return
        if rule.extended_lookup not in self._kinds:
            raise table.wrong(
                f'needs a table [lookup.{rule.extended_lookup or "NAME"}] for the column "{rule.extended}".'
            )
        for value in self._values(rule.extended_lookup):
            if value not in {"same", "later"}:
                raise table.wrong(
                    f'[lookup.{rule.extended_lookup}] has "{value}"; it must be "same" or "later".'
                )

    def _place(self) -> PlaceRule:
        table = self._table("place")
        rule = PlaceRule(
            table.texts("columns"),
            table.texts("precision"),
            table.table("endings"),
            table.text("country", ""),
            table.texts("alternatives"),
            table.texts("unknown"),
            table.text("latitude", ""),
            table.text("longitude", ""),
            table.text("coordinates", ""),
            table.text("closeness", ""),
            table.text("lookup", ""),
            table.extent("extent"),
        )
        table.finish()
        if len(rule.columns) != len(rule.precision):
            raise table.wrong("needs a precision for each of its columns.")
        if bool(rule.latitude) != bool(rule.longitude):
            raise table.wrong("needs both latitude and longitude, or none.")
        for each in (*rule.precision, *rule.endings.values(), rule.coordinates or "unknown"):
            self._require_concept("place-precision", str(each))
        self._require_key(table, rule.country, "place")
        self._require_lookup(table, rule.closeness, rule.lookup, "place-precision")
        for value in self._values("place"):
            if value.startswith("place/"):
                self._require_key(table, value, "place")
        return rule

    def _actors(self) -> tuple[ActorRule, ...]:
        found: list[ActorRule] = []
        for table in self._tables("actor"):
            name = table.text("property")
            if name not in ACTOR_PROPERTIES:
                raise table.wrong(
                    f'property must be one of {", ".join(ACTOR_PROPERTIES)}, and is "{name}".'
                )
            times = sum(each.property == name for each in found) + 1
            rule = ActorRule(
                _hyphened(name) + (f"-{times}" if times > 1 else ""),
                name,
                table.text("column", ""),
                table.text("is", ""),
                table.text("level", "other"),
                table.text("level_column", ""),
                table.text("lookup", ""),
            )
            table.finish()
            if bool(rule.column) == bool(rule.fixed):
                raise table.wrong('needs either a column or "is".')
            self._require_key(table, rule.fixed, "organization")
            self._require_concept("organization-level", rule.level)
            if rule.level_column and rule.lookup not in self._kinds:
                raise table.wrong(
                    f"needs a table [lookup.{rule.lookup or 'NAME'}] for its level_column."
                )
            for value in self._values(rule.lookup):
                if value != "person-group":
                    self._require_concept("organization-level", value)
            found.append(rule)
        return tuple(found)

    def _codes(self) -> tuple[CodeRule, ...]:
        found: list[CodeRule] = []
        for table in self._tables("code"):
            name = table.text("property")
            rule = CodeRule(
                _hyphened(name),
                name,
                table.text("scheme"),
                table.text("column", ""),
                table.text("is", ""),
                table.text("lookup", ""),
            )
            table.finish()
            if bool(rule.column) == bool(rule.fixed):
                raise table.wrong('needs either a column or "is".')
            if rule.fixed:
                self._require_concept(rule.scheme, rule.fixed)
            self._require_lookup(table, rule.column, rule.lookup, rule.scheme)
            found.append(rule)
        return tuple(found)

    def _counts(self) -> tuple[CountRule, ...]:
        found: list[CountRule] = []
        for table in self._tables("count"):
            category = table.text("of")
            columns = {part: table.text(part, "") for part in COUNT_PARTS}
            rule = CountRule(
                category,
                {part: each for part, each in columns.items() if each},
                table.text("within", ""),
            )
            table.finish()
            if not rule.columns or ("cell" in rule.columns and len(rule.columns) > 1):
                raise table.wrong(f"of {category} needs low, best or high, or one cell.")
            self._require_concept("count-category", category)
            found.append(rule)
        categories = [each.category for each in found]
        for rule in found:
            if rule.within and rule.within not in categories:
                raise SourceError(
                    f"[count] of {rule.category} is within {rule.within}, which is not counted.",
                    source=self._file,
                )
        return tuple(found)

    def _require_origin(self) -> None:
        """Who publishes the table, and under which terms, must be known before anything of it is claimed."""
        self._plain(str(self._content.get("title", "")), "title")
        publisher, licence = (str(self._content.get(each, "")) for each in ("publisher", "licence"))
        if not publisher.startswith("organization/") or not _REGISTRY.fullmatch(publisher):
            raise SourceError(
                f'publisher "{publisher}" is no organization of the registry, such as organization/0026.',
                source=self._file,
            )
        if not _ADDRESS.fullmatch(licence):
            raise SourceError(
                f'licence "{licence}" is no address of the terms, such as https://example.org/terms.',
                source=self._file,
            )

    def _require_apart(self, profile: Profile) -> None:
        """A claim's name is used once, and a column is either converted or ignored."""
        names = ["date", "place", *(each.name for each in profile.actors)]
        names += [each.name for each in profile.codes]
        names += [each.category for each in profile.counts]
        for name in names:
            if names.count(name) > 1:
                raise SourceError(f"says twice what {name} is.", source=self._file)
        for column, reason in profile.lookups.ignored.items():
            if not reason or reason.startswith(DECIDE):
                raise SourceError(
                    f'[ignore] gives no reason for "{column}". Say why it is not converted, or what it is.',
                    source=self._file,
                )
        for column in profile.columns:
            if column == DECIDE:
                raise SourceError(
                    f'has a column "{DECIDE}": name the one that is meant.', source=self._file
                )
            if column in profile.lookups.ignored:
                raise SourceError(
                    f'converts the column "{column}" and ignores it too.', source=self._file
                )

    def _require_lookup(self, table: _Table, column: str, kind: str, scheme: str) -> None:
        if not column:
            return
        if kind not in self._kinds:
            raise table.wrong(f'needs a table [lookup.{kind or "NAME"}] for the column "{column}".')
        for value in self._values(kind):
            if value:
                self._require_concept(scheme, value)

    def _require_concept(self, scheme: str, member: str) -> None:
        try:
            require_concept(scheme, member, source=self._file)
        except UnmappedValueError as error:
            raise SourceError(error.problem, source=self._file) from error

    def _require_key(self, table: _Table, key: str, kind: str) -> None:
        found = _REGISTRY.fullmatch(key)
        if key and (found is None or found[1] != kind):
            raise table.wrong(f'"{key}" is no {kind} of the registry, such as {kind}/0001.')

    def _values(self, kind: str) -> list[str]:
        return list(self._lookups[kind].values()) if kind in self._kinds else []

    def _pattern(self, text: str) -> str:
        try:
            re.compile(text)
        except re.error as error:
            raise SourceError(f"[id] pattern is no pattern: {error}", source=self._file) from error
        return text

    def _plain(self, text: str, where: str) -> str:
        if not _PLAIN.fullmatch(text):
            raise SourceError(
                f"{where} must be a text without quotation marks and brackets.", source=self._file
            )
        return text


def _hyphened(name: str) -> str:
    """A property's name as it stands in IRIs.

    >>> _hyphened("targetOrganization")
    'target-organization'
    """
    return re.sub(r"([A-Z])", lambda found: f"-{found[1].lower()}", name)


def require_within(value: str, known: Lookups, kind: str) -> str:
    """What a code means.

    Raises:
        InvalidValueError: The profile has no such code; the message names the closest.
    """
    if value not in known[kind]:
        raise InvalidValueError(known.unknown(kind, value))
    return known[kind][value]
