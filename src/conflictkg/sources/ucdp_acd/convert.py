"""UCDP/PRIO's conflict-years to triples: a record a year, with claims of the conflict that hold in that year.

Source: UCDP/PRIO Armed Conflict Dataset codebook; what cells look like was seen in release 23.1.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from rdflib import DCTERMS, RDF, RDFS, Literal, URIRef

from conflictkg.errors import UnmappedValueError
from conflictkg.iris import mint_thing
from conflictkg.sources.cells import DaySpan, widen
from conflictkg.sources.claims import Claims, quoted_property, valid_in
from conflictkg.sources.fields import Fields
from conflictkg.sources.job import Job
from conflictkg.sources.pages import is_pages, iter_page_rows
from conflictkg.sources.repeats import Entry, key_entries
from conflictkg.sources.states import (
    add_state,
    government_name,
    is_government,
    require_government,
    require_state,
)
from conflictkg.sources.tables import Layout, Row, open_table
from conflictkg.sources.ucdp_acd.sides import Sides, pair_names, split_names
from conflictkg.terms import CKG, SEM

_COLUMNS = (
    "conflict_id", "side_a", "side_a_id", "side_a_2nd", "side_b", "side_b_id", "side_b_2nd", "incompatibility",
    "territory_name", "year", "intensity_level", "cumulative_intensity", "type_of_conflict", "start_date", "start_prec",
    "start_date2", "start_prec2", "ep_end", "ep_end_date", "ep_end_prec", "gwno_loc",
)  # fmt: skip
_YEARS = (1946, 2100)


@dataclass(frozen=True, slots=True)
class Dated:
    """A date as the source gives it, and how far it is known."""

    day: date
    precision: str

    @property
    def span(self) -> DaySpan | None:
        """Between which days it is; None where the precision is unknown."""
        return None if self.precision == "unknown" else widen(self.day, self.precision)


@dataclass(frozen=True, slots=True)
class ConflictYear:
    """What a row says."""

    conflict: str
    year: int
    first: Sides
    second: Sides
    first_supporters: tuple[str, ...]
    second_supporters: tuple[str, ...]
    states: tuple[str, ...]
    incompatibility: str
    territory: str
    intensity: str
    is_cumulative: bool
    kind: str
    start: Dated | None
    episode_start: Dated | None
    is_ongoing: bool
    episode_end: Dated | None
    issues: tuple[str, ...]

    @property
    def interval(self) -> tuple[date, date]:
        """The year."""
        return date(self.year, 1, 1), date(self.year, 12, 31)


def convert(job: Job) -> Iterator[bytes]:
    """Convert a file, a ZIP archive of one, or pages of the API, to Turtle.

    Raises:
        SourceError: It is no such file.
    """
    entries = key_entries(_read(job), job.report, "conflict_id")
    job.require_counts()
    names = pair_names(
        side for each in entries for side in (each.content.first, each.content.second)
    )
    labels: dict[str, str] = {}
    for each in entries:
        label = _label_of(each.content, names)
        labels[each.content.conflict] = max(label, labels.get(each.content.conflict, label))
    with Claims(job) as claims:
        claims.add_release()
        for conflict, label in labels.items():
            _add_conflict(claims, conflict, label)
        for entry in entries:
            _tell_unnamed(entry, names, job)
            _add_year(claims, entry, names)
        yield from claims.graph.iter_turtle()


# Reading


def _read(job: Job) -> Iterator[Entry[ConflictYear]]:
    for columns, row in _rows(job):
        values = dict(zip(columns, row.values, strict=True))
        identifier = f"{values['conflict_id'].strip()}-{values['year'].strip()}"
        fields = Fields(values, row.line, identifier, job.report, job.lookups)
        year = parse_year(fields)
        if not fields.is_rejected:
            yield Entry(identifier, row.line, row.sha256, year)


def _rows(job: Job) -> Iterator[tuple[tuple[str, ...], Row]]:
    ignored = tuple(job.lookups.ignored)
    if is_pages(job.path):
        for row in iter_page_rows(job, _COLUMNS, ignored):
            yield _COLUMNS, row
        return
    with open_table(job.path, Layout(_COLUMNS, ignored), job.report) as table:
        for row in table:
            yield tuple(table.columns), row


def parse_year(fields: Fields) -> ConflictYear:
    """Read a row; what is wrong with it is told by the fields."""
    fields.number("conflict_id", least=1)
    year = fields.number("year", *_YEARS)
    start = _dated(fields, "start_date", "start_prec")
    episode_start = _dated(fields, "start_date2", "start_prec2")
    has_ended = fields.flag("ep_end")
    episode_end = _end(fields)
    if has_ended != bool(episode_end):
        fields.keep(
            "ep_end",
            f'is {fields.text("ep_end")}, and ep_end_date is "{fields.text("ep_end_date")}".',
            "inconsistent-fields",
        )
    _require_order(fields, start, episode_start, episode_end)
    return ConflictYear(
        conflict=fields.text("conflict_id"),
        year=year,
        first=_sides(fields, "side_a"),
        second=_sides(fields, "side_b"),
        first_supporters=_governments(fields, "side_a_2nd"),
        second_supporters=_governments(fields, "side_b_2nd"),
        states=_states(fields),
        incompatibility=fields.code("incompatibility"),
        territory=fields.text("territory_name"),
        intensity=fields.code("intensity_level"),
        is_cumulative=fields.flag("cumulative_intensity"),
        kind=fields.code("type_of_conflict"),
        start=start,
        episode_start=episode_start,
        is_ongoing=not has_ended,
        episode_end=episode_end,
        issues=tuple(sorted(fields.issues)),
    )


def _sides(fields: Fields, column: str) -> Sides:
    numbers = fields.numbers(f"{column}_id")
    names = split_names(fields.require_text(column), len(numbers))
    if not numbers:
        fields.reject(f"{column}_id", "is empty.")
    elif len(names) != len(numbers):
        fields.keep(
            column,
            f"has {len(names)} names where {column}_id has {len(numbers)} numbers. The numbers are taken.",
            "inconsistent-fields",
        )
    return Sides(numbers, names)


def _governments(fields: Fields, column: str) -> tuple[str, ...]:
    """Actors of UCDP that are named in a cell, all of them governments."""
    found = []
    for name in fields.text(column).split(", "):
        try:
            if name.strip():
                found.append(require_government(name.strip()).government)
        except UnmappedValueError as error:
            fields.reject(column, error.problem)
    return tuple(found)


def _states(fields: Fields) -> tuple[str, ...]:
    numbers = fields.numbers("gwno_loc")
    for number in numbers:
        try:
            require_state(number)
        except UnmappedValueError as error:
            fields.reject("gwno_loc", error.problem)
    return numbers


def _dated(fields: Fields, column: str, precision_column: str) -> Dated | None:
    precision = fields.code(precision_column, "precision")
    day = fields.day(column)
    if not fields.text(column):
        fields.reject(column, "is empty. Each conflict-year has such a day.")
    return Dated(day, precision) if day else None


def _end(fields: Fields) -> Dated | None:
    """The end of an episode. Releases give no precision of it: the last of a year stands for no day of its own."""
    day = fields.day("ep_end_date")
    if day is None:
        return None
    if fields.text("ep_end_prec"):
        return Dated(day, fields.code("ep_end_prec", "precision"))
    return Dated(day, "year" if (day.month, day.day) == (12, 31) else "day")


def _require_order(
    fields: Fields, start: Dated | None, episode_start: Dated | None, end: Dated | None
) -> None:
    if start and episode_start and episode_start.day < start.day:
        fields.keep(
            "start_date2",
            f"the episode begins on {episode_start.day}, before the conflict ({start.day}).",
            "dates-reversed",
        )
    if episode_start and end and end.day < episode_start.day:
        fields.keep(
            "ep_end_date",
            f"the episode ends on {end.day}, before it begins ({episode_start.day}).",
            "dates-reversed",
        )


def _tell_unnamed(entry: Entry[ConflictYear], names: dict[str, str], job: Job) -> None:
    fields = Fields({}, entry.line, entry.identifier, job.report, job.lookups)
    for column, sides in (("side_a", entry.content.first), ("side_b", entry.content.second)):
        if len(sides.numbers) == len(sides.names) == 1:
            (number,), (name,) = sides.numbers, sides.names
            if names[number] != name:
                fields.keep(
                    column,
                    f'calls actor {number} "{name}", which most rows call "{names[number]}".',
                )
            continue
        unnamed = [number for number in sides.numbers if number not in names]
        if unnamed:
            left = sorted(set(sides.names) - {names.get(number, "") for number in sides.numbers})
            fields.keep(
                column,
                f"which of the actors {', '.join(unnamed)} is which of {'; '.join(left)}, no row says.",
            )


# Writing


def _add_conflict(claims: Claims, number: str, label: str) -> None:
    claims.graph.add_all(
        _conflict(number),
        (RDF.type, CKG.Conflict),
        (DCTERMS.identifier, Literal(number)),
        (RDFS.label, Literal(label, lang="en")),
    )


def _conflict(number: str) -> URIRef:
    return mint_thing("conflict", f"ucdp/{number}")


def _add_year(claims: Claims, entry: Entry[ConflictYear], names: dict[str, str]) -> None:
    year = entry.content
    conflict = _conflict(year.conflict)
    record = claims.add_entry(entry, year.issues)
    claims.graph.add((record, CKG.conflict, conflict))
    _add_parties(claims, record, conflict, year, names)
    _add_codes(claims, record, conflict, year)
    _add_dates(claims, record, conflict, year)


def _label_of(year: ConflictYear, names: dict[str, str]) -> str:
    """As UCDP names conflicts: by country and issue, between states by both."""
    if year.kind == "interstate":
        sides = [
            ", ".join(
                sorted(
                    names.get(each, each).removeprefix("Government of ") for each in side.numbers
                )
            )
            for side in (year.first, year.second)
        ]
        return " - ".join(sides)
    countries = ", ".join(require_state(number).name for number in year.states)
    issue = year.territory if year.incompatibility == "territory" else "Government"
    return f"{countries}: {issue}"


def _add_parties(
    claims: Claims, record: URIRef, conflict: URIRef, year: ConflictYear, names: dict[str, str]
) -> None:
    interval = valid_in(*year.interval)
    for side, sides, predicate in (
        ("first-side", year.first, CKG.firstSide),
        ("second-side", year.second, CKG.secondSide),
    ):
        for number in sides.numbers:
            is_named = number in names
            words = () if is_named else (quoted_property(", ".join(sides.names)),)
            claims.add_claim(
                record,
                f"{side}-{number}",
                conflict,
                predicate,
                _add_actor(claims, number, names.get(number, "")),
                *interval,
                *words,
            )
    for side, supporters, predicate in (
        ("first-side-supporter", year.first_supporters, CKG.firstSideSupporter),
        ("second-side-supporter", year.second_supporters, CKG.secondSideSupporter),
    ):
        for number in supporters:
            name = names.get(number) or government_name(number)
            claims.add_claim(
                record,
                f"{side}-{number}",
                conflict,
                predicate,
                _add_actor(claims, number, name),
                *interval,
            )


def _add_actor(claims: Claims, number: str, name: str) -> URIRef:
    """Describe an actor as UCDP's events and actors do; where its name is not sure, only as an actor."""
    actor = mint_thing("organization", f"ucdp-actor/{number}")
    identifier = (DCTERMS.identifier, Literal(number))
    if not name:
        label = Literal(f"UCDP actor {number}", lang="en")
        claims.graph.add_all(actor, (RDF.type, SEM.Actor), (RDFS.label, label), identifier)
        return actor
    level = "government" if is_government(name) else "armed-group"
    return claims.add_thing(
        actor,
        CKG.Organization,
        name,
        identifier,
        (CKG.organizationLevel, claims.concept("organization-level", level)),
    )


def _add_codes(claims: Claims, record: URIRef, conflict: URIRef, year: ConflictYear) -> None:
    interval = valid_in(*year.interval)
    codes = (
        ("incompatibility", CKG.incompatibility, "incompatibility", year.incompatibility),
        ("intensity", CKG.conflictIntensity, "conflict-intensity", year.intensity),
        ("type", CKG.conflictType, "conflict-type", year.kind),
    )
    for name, predicate, scheme, member in codes:
        claims.add_claim(
            record, name, conflict, predicate, claims.concept(scheme, member), *interval
        )
    values = (
        ("cumulative", CKG.exceedsThousandDeaths, Literal(year.is_cumulative)),
        ("ongoing", CKG.isOngoing, Literal(year.is_ongoing)),
        ("territory", CKG.contestedTerritory, Literal(year.territory, lang="en")),
    )
    for name, predicate, value in values:
        if str(value):
            claims.add_claim(record, name, conflict, predicate, value, *interval)
    for number in year.states:
        claims.add_claim(
            record,
            f"country-{number}",
            conflict,
            CKG.conflictCountry,
            add_state(claims, number),
            *interval,
        )


def _add_dates(claims: Claims, record: URIRef, conflict: URIRef, year: ConflictYear) -> None:
    interval = valid_in(*year.interval)
    for kind, dated, more in (
        ("conflict-start", year.start, ()),
        ("episode-start", year.episode_start, interval),
        ("episode-end", year.episode_end, interval),
    ):
        if dated is None:
            continue
        # The day that stands there where it is not what is meant.
        words = () if dated.precision == "day" else (quoted_property(str(dated.day)),)
        claims.add_date(record, kind, conflict, dated.span, *more, *words, of=kind)
