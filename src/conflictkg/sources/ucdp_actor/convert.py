"""UCDP's list of actors to triples: organizations with all their names, what they fight in, and their ties.

The list gives no dates, so that its ties have no interval. A renaming keeps the number and is a name of another kind;
a splinter, an alliance or a joining is a tie of two numbers.

Source: UCDP Actor Dataset codebook; what cells look like was seen in release 22.1.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rdflib import DCTERMS, RDF, SKOS, Literal, URIRef

from conflictkg.errors import UnmappedValueError
from conflictkg.iris import mint_thing
from conflictkg.sources.claims import Claims
from conflictkg.sources.fields import Fields
from conflictkg.sources.job import Job
from conflictkg.sources.repeats import Entry, key_entries
from conflictkg.sources.scripts import tag_language
from conflictkg.sources.states import add_state, require_state
from conflictkg.sources.tables import Layout, open_table
from conflictkg.terms import CKG

_COLUMNS = (
    "ActorId", "NameData", "NameOrig", "NameOrigFull", "NameOrigFullEng", "NameChange", "NewName",
    "NewNameFullMotherTongue", "NewNameFullEng", "Org", "ConflictId", "DyadId", "PrimaryParty", "OSID", "OSCoalition",
    "OSCoalitionID", "NSID", "NSCoalition", "NSCoalitionID", "Splinter", "NamePrev", "ActorIdPrev", "SplitTemp",
    "NameSplitTemp", "ActorIdSplitTemp", "Alliance", "NameAlliance", "ActorIdAlliance", "JoinGroup", "GroupName",
    "ActorIdGroup", "Location", "GWNOLoc",
)  # fmt: skip
_TIES = (
    ("Splinter", "NamePrev", "ActorIdPrev", "splinter-from"),
    ("SplitTemp", "NameSplitTemp", "ActorIdSplitTemp", "temporarily-split-from"),
    ("Alliance", "NameAlliance", "ActorIdAlliance", "member-of-alliance"),
    ("JoinGroup", "GroupName", "ActorIdGroup", "joined"),
)
_LATER = (
    ("NewName", "later"),
    ("NewNameFullMotherTongue", "later-own-language"),
    ("NewNameFullEng", "later-translated"),
)
_COALITIONS = (("OSCoalition", "OSCoalitionID"), ("NSCoalition", "NSCoalitionID"))
# "Луганская народная республика / Luganskaya narodnaya respublika": one name in two scripts.
_BESIDE = re.compile(r"\s*/\s+")


@dataclass(frozen=True, slots=True)
class Name:
    """A name: what kind of name, its text, its language tag."""

    kind: str
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie to another actor: of which type, its number, and its name where the row gives one."""

    relation: str
    parent: str
    name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """What a row says."""

    number: str
    names: tuple[Name, ...]
    order: str
    level: str
    is_primary: bool
    conflicts: tuple[str, ...]
    dyads: tuple[str, ...]
    coalition_dyads: tuple[str, ...]
    states: tuple[str, ...]
    ties: tuple[Tie, ...]
    issues: tuple[str, ...]


@dataclass(slots=True)
class _Known:
    """The actors that have a row, and the names that rows give to those that have none."""

    main_names: Mapping[str, str]
    others: dict[str, str] = field(default_factory=dict)


def convert(job: Job) -> Iterator[bytes]:
    """Convert the list to Turtle.

    Raises:
        SourceError: It is no such file.
    """
    entries = key_entries(_read(job), job.report, "ActorId")
    job.require_counts()
    known = _Known(
        {each.identifier: each.content.names[0].text for each in entries if not each.revises}
    )
    with Claims(job) as claims:
        claims.add_release()
        for entry in entries:
            _add_actor(claims, entry, known, job)
        for number, name in sorted(known.others.items()):
            _add_organization(claims, number, Name("main", name, "en"), "armed-group")
        yield from claims.graph.iter_turtle()


# Reading


def _read(job: Job) -> Iterator[Entry[Actor]]:
    layout = Layout(_COLUMNS, tuple(job.lookups.ignored))
    with open_table(job.path, layout, job.report) as table:
        for row in table:
            values = dict(zip(table.columns, row.values, strict=True))
            number = values["ActorId"].strip()
            fields = Fields(values, row.line, number, job.report, job.lookups)
            actor = parse_actor(fields)
            if not fields.is_rejected:
                yield Entry(number, row.line, row.sha256, actor)


def parse_actor(fields: Fields) -> Actor:
    """Read a row; what is wrong with it is told by the fields."""
    fields.number("ActorId", least=1)
    coalition_dyads: list[str] = []
    for flag, column in _COALITIONS:
        dyads = fields.numbers(column)
        if fields.flag(flag) != bool(dyads):
            _tell_contradiction(fields, flag, column)
        coalition_dyads += dyads
    order = fields.code("Org")
    names = (*_first_names(fields), *_later_names(fields))
    states, ties = _states(fields), tuple(_ties(fields))
    return Actor(
        number=fields.text("ActorId"),
        names=names,
        order=order,
        level=fields.code("Org", "level") if order else "",
        is_primary=fields.flag("PrimaryParty"),
        conflicts=fields.numbers("ConflictId"),
        dyads=(*fields.numbers("DyadId"), *fields.numbers("OSID"), *fields.numbers("NSID")),
        coalition_dyads=tuple(coalition_dyads),
        states=states,
        ties=ties,
        issues=tuple(sorted(fields.issues)),
    )


def _first_names(fields: Fields) -> Iterator[Name]:
    yield Name("main", fields.require_text("NameData"), "en")
    if name := fields.text("NameOrig"):
        yield Name("original", name, "en")
    for name in _BESIDE.split(fields.text("NameOrigFull")):
        if name:
            yield Name("own-language", name, tag_language(name))
    if name := fields.text("NameOrigFullEng"):
        yield Name("translated", name, "en")


def _later_names(fields: Fields) -> Iterator[Name]:
    """Names that were taken later, the earliest first; a name with a comma in it stays whole."""
    short = _split(fields.text("NewName"))
    if fields.flag("NameChange") != bool(short):
        _tell_contradiction(fields, "NameChange", "NewName")
    for column, kind in _LATER:
        text = fields.text(column)
        if not text:
            continue
        names = _split(text)
        if len(names) != len(short):
            if len(short) > 1:
                fields.keep(
                    column,
                    f'"{text}" has {len(names)} parts where NewName has {len(short)}; it is kept as one name.',
                    "inconsistent-fields",
                )
            names = [text]
        for name in names:
            if kind == "later-own-language":
                for each in _BESIDE.split(name):
                    yield Name(kind, each, tag_language(each))
            else:
                yield Name(kind, name, "en")


def _states(fields: Fields) -> tuple[str, ...]:
    """Numbers of the countries. Their names stand beside in another order, and are compared."""
    numbers = fields.numbers("GWNOLoc")
    if fields.is_rejected:
        return ()
    try:
        names = sorted(require_state(number).name for number in numbers)
    except UnmappedValueError as error:
        fields.reject("GWNOLoc", error.problem)
        return ()
    if names != sorted(_split(fields.text("Location"))):
        fields.keep(
            "Location",
            f'"{fields.text("Location")}" are others than those of GWNOLoc: {", ".join(names)}. The numbers are taken.',
            "inconsistent-fields",
        )
    return numbers


def _ties(fields: Fields) -> Iterator[Tie]:
    for flag, names_column, column, relation in _TIES:
        numbers = fields.numbers(column)
        names = _split(fields.text(names_column))
        if fields.flag(flag) != bool(numbers):
            _tell_contradiction(fields, flag, column)
        if len(names) != len(numbers):
            fields.keep(
                names_column,
                f"has {len(names)} names where {column} has {len(numbers)} numbers. The numbers are taken.",
                "inconsistent-fields",
            )
            names = [""] * len(numbers)
        for number, name in zip(numbers, names, strict=True):
            if number == fields.record:
                problem = f'names actor {number} itself ("{name}"); no tie is made of it.'
                fields.keep(column, problem, "inconsistent-fields")
            else:
                yield Tie(relation, number, name)


def _tell_contradiction(fields: Fields, flag: str, column: str) -> None:
    problem = f'{flag} is {fields.text(flag)}, and there stands "{fields.text(column)}".'
    fields.keep(column, problem, "inconsistent-fields")


def _split(text: str) -> list[str]:
    return [found for each in text.split(", ") if (found := each.strip())]


# Writing


def _add_actor(claims: Claims, entry: Entry[Actor], known: _Known, job: Job) -> None:
    actor = entry.content
    record = claims.add_entry(entry, actor.issues)
    if entry.revises:
        organization = _iri(actor.number)
    else:
        organization = _add_organization(claims, actor.number, actor.names[0], actor.level)
        _add_labels(claims, organization, actor.names)
    _add_names(claims, record, organization, actor.names)
    claims.add_claim(
        record,
        "order",
        organization,
        CKG.organizationOrder,
        claims.concept("organization-order", actor.order),
    )
    claims.add_claim(record, "primary", organization, CKG.isPrimaryParty, Literal(actor.is_primary))
    for number in actor.states:
        claims.add_claim(
            record,
            f"country-{number}",
            organization,
            CKG.conflictCountry,
            add_state(claims, number),
        )
    _add_fights(claims, record, organization, actor)
    for tie in actor.ties:
        _add_tie(claims, record, organization, tie, known, entry, job)


def _iri(number: str) -> URIRef:
    return mint_thing("organization", f"ucdp-actor/{number}")


def _add_organization(claims: Claims, number: str, name: Name, level: str) -> URIRef:
    return claims.add_thing(
        _iri(number),
        CKG.Organization,
        name.text,
        (DCTERMS.identifier, Literal(number)),
        (CKG.organizationLevel, claims.concept("organization-level", level)),
    )


def _add_labels(claims: Claims, organization: URIRef, names: tuple[Name, ...]) -> None:
    main, *others = names
    for name in others:
        if name.text != main.text:
            claims.graph.add((organization, SKOS.altLabel, Literal(name.text, lang=name.language)))


def _add_names(
    claims: Claims, record: URIRef, organization: URIRef, names: tuple[Name, ...]
) -> None:
    places: dict[str, int] = {}
    for name in names:
        place = places[name.kind] = places.get(name.kind, 0) + 1
        claims.add_name(
            record,
            f"name-{name.kind}" + (f"-{place}" if place > 1 else ""),
            organization,
            Literal(name.text, lang=name.language),
            name.kind,
        )


def _add_fights(claims: Claims, record: URIRef, organization: URIRef, actor: Actor) -> None:
    fights = (
        ("conflict", actor.conflicts, CKG.Conflict, CKG.partyTo),
        ("dyad", actor.dyads, CKG.Dyad, CKG.partyTo),
        ("coalition-dyad", actor.coalition_dyads, CKG.Dyad, CKG.coalitionPartyTo),
    )
    for name, numbers, kind, predicate in fights:
        for number in numbers:
            fight = mint_thing("conflict" if kind == CKG.Conflict else "dyad", f"ucdp/{number}")
            claims.graph.add_all(fight, (RDF.type, kind), (DCTERMS.identifier, Literal(number)))
            claims.add_claim(record, f"{name}-{number}", organization, predicate, fight)


def _add_tie(
    claims: Claims,
    record: URIRef,
    organization: URIRef,
    tie: Tie,
    known: _Known,
    entry: Entry[Actor],
    job: Job,
) -> None:
    fields = Fields({}, entry.line, entry.identifier, job.report, job.lookups)
    column = next(column for _, _, column, relation in _TIES if relation == tie.relation)
    name = known.main_names.get(tie.parent)
    if name is None:
        fields.keep(
            column, f'actor {tie.parent} ("{tie.name}") has no row; only its name is known.'
        )
        if not tie.name:
            return
        known.others[tie.parent] = min(tie.name, known.others.get(tie.parent, tie.name))
    elif tie.name and tie.name != name:
        fields.keep(column, f'names actor {tie.parent} "{tie.name}", whose own row has "{name}".')
    claims.add_relation(
        record, f"{tie.relation}-{tie.parent}", organization, _iri(tie.parent), tie.relation
    )
