"""The Security Council's list of sanctions to triples: persons and organizations, their names, and what the list says.

Entries are told apart by their permanent reference number, which the prose uses too. No name stands in an IRI.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date

from rdflib import DCTERMS, ORG, SKOS, Literal, URIRef

from conflictkg.errors import InvalidValueError
from conflictkg.iris import digest_key, mint_thing
from conflictkg.provenance import Provenance
from conflictkg.sources.cells import MOST_WORDS, DaySpan, parse_day
from conflictkg.sources.claims import Claims, quoted_property
from conflictkg.sources.description import Lookups
from conflictkg.sources.job import Job
from conflictkg.sources.markup import Element, Layout, Record, iter_records
from conflictkg.sources.repeats import Entry, key_entries
from conflictkg.sources.report import Fate, Issue, Report
from conflictkg.sources.scripts import has_other_script, tag_language
from conflictkg.sources.un_list.prose import Tie, normalize_number, read_ties
from conflictkg.terms import CKG

_LAYOUT = Layout(
    "CONSOLIDATED_LIST",
    {"INDIVIDUALS": "INDIVIDUAL", "ENTITIES": "ENTITY"},
    ("dateGenerated", "noNamespaceSchemaLocation"),
)
_NAMES = ("FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME")
_RELATIONS = {
    "associatedWith": CKG.associatedWith,
    "memberOf": ORG.memberOf,
    "headOf": ORG.headOf,
    "founderOf": CKG.founderOf,
    "relativeOf": CKG.relativeOf,
    "deputyOf": CKG.deputyOf,
}
_OF_PERSONS = {"relativeOf": "i", "deputyOf": "i", "memberOf": "e", "headOf": "e", "founderOf": "e"}
"""Relations that only persons have, and to what: to individuals or to entities."""

_YEAR = re.compile(r"(\d{4})(?:\s*[-/]\s*(\d{4}))?")
_ZONED = re.compile(r"(\d{4}-\d\d-\d\d)(?:Z|[+-]\d\d:\d\d)?")
# "Abou Dher (ابو ذر)": a name, and the same in its own letters.
_BESIDE = re.compile(r"([^()]+?)\s*\(([^()]+?)\s*\)")
_NO_NAME = frozenset(("", "na", "n/a"))
_BIRTH_YEARS = (1850, 2100)


@dataclass(frozen=True, slots=True)
class Name:
    """A name besides the main one: what kind of name, how well it tells its bearer from others, its language tag."""

    key: str
    kind: str
    text: str
    quality: str = ""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Birth:
    """When a person was born, as the list says; no days where it gives none that are of the calendar."""

    days: DaySpan | None
    is_approximate: bool
    note: str


@dataclass(frozen=True, slots=True)
class Listed:
    """What an entry says."""

    number: str
    is_person: bool
    main_name: str
    names: tuple[Name, ...]
    sanctions_list: str
    listed_on: date | None
    births: tuple[Birth, ...]
    texts: tuple[tuple[str, URIRef, str], ...]
    ties: tuple[Tie, ...]
    issues: tuple[str, ...]


@dataclass(slots=True)
class _Told:
    """Tells what is wrong with an entry."""

    record: Record
    number: str
    report: Report
    is_rejected: bool = False
    issues: set[str] = field(default_factory=set)

    def reject(self, column: str, problem: str) -> None:
        self.is_rejected = True
        self.report.add(Issue(self.record.line, column, problem, Fate.REJECTED, self.number))

    def keep(self, line: int, column: str, problem: str, issue: str = "") -> None:
        if issue:
            self.issues.add(issue)
        # The row is the record's, wherever in it the element stands.
        where = f" (line {line})" if line != self.record.line else ""
        self.report.add(Issue(self.record.line, column, problem + where, Fate.KEPT, self.number))


def convert(job: Job) -> Iterator[bytes]:
    """Convert the list to Turtle.

    Raises:
        SourceError: It is no such file, or has entities to expand.
    """
    attributes: dict[str, str] = {}
    entries = key_entries(_read(job, attributes), job.report, "REFERENCE_NUMBER")
    job.require_counts()
    known = {each.identifier for each in entries}
    with Claims(job) as claims:
        claims.add_release()
        if issued := _parse_zoned(attributes.get("dateGenerated", "").partition("T")[0]):
            claims.graph.add((claims.release, DCTERMS.issued, Literal(issued)))
        for entry in entries:
            _add_entry(claims, entry, known, job)
        yield from claims.graph.iter_turtle()


# Reading


def _read(job: Job, attributes: dict[str, str]) -> Iterator[Entry[Listed]]:
    for record in iter_records(job.path, _LAYOUT, job.report, attributes):
        printed = record.text("REFERENCE_NUMBER")
        told = _Told(record, normalize_number(printed) or printed, job.report)
        listed = parse_entry(record, printed, told, job.lookups)
        if not told.is_rejected:
            yield Entry(listed.number, record.line, record.sha256, listed)


def parse_entry(record: Record, printed: str, told: _Told, lookups: Lookups) -> Listed:
    """Read an entry; what is wrong with it is told."""
    number = normalize_number(printed)
    is_person = record.name == "INDIVIDUAL"
    if not number:
        told.reject(
            "REFERENCE_NUMBER", f'"{printed}" is no reference number such as QDi.001 or QDe.004.'
        )
    elif number != printed:
        told.keep(
            record.line,
            "REFERENCE_NUMBER",
            f'"{printed}" is read as {number}.',
            "stray-characters",
        )
    if number and (number[2] == "i") != is_person:
        told.keep(
            record.line,
            "REFERENCE_NUMBER",
            f"{number} is the number of an {'entity' if is_person else 'individual'}, and it stands in {record.group}.",
            "inconsistent-fields",
        )
    parts = (record.text(each) for each in _NAMES)
    main_name = " ".join(each for each in parts if each.casefold() not in _NO_NAME)
    if not main_name:
        told.reject("FIRST_NAME", "has no name.")
    listed = Listed(
        number=number,
        is_person=is_person,
        main_name=main_name,
        names=tuple(_names(record, told, lookups)),
        sanctions_list=_sanctions_list(record, told, lookups),
        listed_on=_listed_on(record, told),
        births=tuple(_births(record, told, lookups)),
        texts=tuple(_texts(record)),
        ties=tuple(_ties(record, lookups)),
        issues=(),
    )
    for element in record.left(lookups.ignored):
        told.keep(
            element.line,
            element.path,
            "is not known, and left out. Add it to lookups.toml under [ignore] with a reason.",
        )
    return Listed(
        **{each: getattr(listed, each) for each in listed.__slots__ if each != "issues"},
        issues=tuple(sorted(told.issues)),
    )


def _names(record: Record, told: _Told, lookups: Lookups) -> Iterator[Name]:
    for place, text in enumerate(record.texts("NAME_ORIGINAL_SCRIPT"), start=1):
        key = "original-script" + (f"-{place}" if place > 1 else "")
        yield Name(key, "original-script", text, language=tag_language(text))
    aliases = record.all(f"{record.name}_ALIAS")
    for place, alias in enumerate(aliases, start=1):
        quality, text = record.part(alias, "QUALITY"), record.part(alias, "ALIAS_NAME")
        if quality not in lookups["alias_kind"]:
            told.reject(f"{alias.path}/QUALITY", lookups.unknown("alias_kind", quality))
            continue
        texts = [each.strip() for each in text.split(";")]
        for at, text in enumerate((each for each in texts if each), start=1):
            key = f"alias-{place}" + (f"-{at}" if len(texts) > 1 else "")
            kind, level = lookups["alias_kind"][quality], lookups["alias_quality"][quality]
            yield from _split_scripts(Name(key, kind, text, level))


def _split_scripts(name: Name) -> Iterator[Name]:
    """A name, and beside it the same in its own letters if both stand there."""
    beside = _BESIDE.fullmatch(name.text)
    if beside and has_other_script(beside[2]) and not has_other_script(beside[1]):
        yield Name(name.key, name.kind, beside[1], name.quality)
        yield Name(
            f"{name.key}-script",
            "original-script",
            beside[2],
            name.quality,
            tag_language(beside[2]),
        )
    elif has_other_script(name.text):
        yield Name(name.key, name.kind, name.text, name.quality, tag_language(name.text))
    else:
        yield name


def _sanctions_list(record: Record, told: _Told, lookups: Lookups) -> str:
    printed = record.text("UN_LIST_TYPE")
    if printed not in lookups["un_list_type"]:
        told.reject("UN_LIST_TYPE", lookups.unknown("un_list_type", printed))
    return lookups["un_list_type"].get(printed, "")


def _listed_on(record: Record, told: _Told) -> date | None:
    printed = record.text("LISTED_ON")
    day = _parse_zoned(printed)
    if day is None:
        problem = (
            f'"{printed}" is no day. It must be written as 2017-06-13, and be one of the calendar.'
        )
        told.reject("LISTED_ON", problem)
    return day


def _parse_zoned(text: str) -> date | None:
    """A day, with or without the zone that some have behind it; the zone says nothing."""
    found = _ZONED.fullmatch(text)
    with suppress(ValueError):
        return date.fromisoformat(found[1] if found else "")
    return None


def _births(record: Record, told: _Told, lookups: Lookups) -> Iterator[Birth]:
    for element in record.all("INDIVIDUAL_DATE_OF_BIRTH"):
        kind = record.part(element, "TYPE_OF_DATE")
        note = record.part(element, "NOTE")
        if kind not in lookups["type_of_date"]:
            told.reject(f"{element.path}/TYPE_OF_DATE", lookups.unknown("type_of_date", kind))
            continue
        try:
            days = _days_of(record, element)
        except InvalidValueError as error:
            told.keep(element.line, element.path, error.problem)
            days = None
        else:
            if days is None:
                problem = f'gives no day or year ("{note}"); the date stays unknown.'
                told.keep(element.line, element.path, problem)
        yield Birth(days, lookups["type_of_date"][kind] == "approximate", note)


def _days_of(record: Record, element: Element) -> DaySpan | None:
    day, year = record.part(element, "DATE"), record.part(element, "YEAR")
    from_year, to_year = record.part(element, "FROM_YEAR"), record.part(element, "TO_YEAR")
    if day:
        zoned = _ZONED.fullmatch(day)
        day = zoned[1] if zoned else day
        return parse_day(day, ["%Y-%m-%d"], _BIRTH_YEARS)
    if from_year or to_year:
        year = f"{from_year}-{to_year}"
    if not year:
        return None
    found = _YEAR.fullmatch(year)
    if not found:
        raise InvalidValueError(f'"{year}" is no year such as 1963, nor a span such as 1963-1968.')
    first, last = int(found[1]), int(found[2] or found[1])
    if not _BIRTH_YEARS[0] <= first <= last <= _BIRTH_YEARS[1]:
        raise InvalidValueError(f'"{year}" runs backwards, or is out of all bounds.')
    # A span of more than a year is closer than no date, and has no member of its own.
    return DaySpan(date(first, 1, 1), date(last, 12, 31), "year" if first == last else "unknown")


def _texts(record: Record) -> Iterator[tuple[str, URIRef, str]]:
    """What is kept as printed: name of the claim, property, words."""
    plain = (
        ("title", CKG.describedAs, record.texts("TITLE/VALUE")),
        ("designation", CKG.designation, record.texts("DESIGNATION/VALUE")),
        (
            "nationality",
            CKG.nationality,
            [*record.texts("NATIONALITY/VALUE"), *record.texts("NATIONALITY2/VALUE"), *record.texts("NATIONALITY2")],
        ),
        ("birth-place", CKG.birthPlace, list(_birth_places(record))),
    )  # fmt: skip
    for name, predicate, texts in plain:
        for place, text in enumerate(texts, start=1):
            words = text.split()
            short = text if len(words) <= MOST_WORDS else f"{' '.join(words[:MOST_WORDS])} …"
            yield f"{name}-{place}", predicate, short


def _birth_places(record: Record) -> Iterator[str]:
    for element in record.all("INDIVIDUAL_PLACE_OF_BIRTH"):
        parts = (record.part(element, name) for name in ("CITY", "STATE_PROVINCE", "COUNTRY"))
        if place := ", ".join(each for each in parts if each):
            yield place


def _ties(record: Record, lookups: Lookups) -> Iterator[Tie]:
    leads, inverse_leads = lookups["lead"], lookups["inverse_lead"]
    found = {}
    for text in (record.text("COMMENTS1"), *record.texts("DESIGNATION/VALUE")):
        for tie in read_ties(text, leads, inverse_leads):
            found[(tie.number, tie.relation, tie.is_inverse)] = tie
    related = {number for number, relation, _ in found if relation}
    yield from (each for each in found.values() if each.relation or each.number not in related)


# Writing


def _iri(number: str, *, is_person: bool) -> URIRef:
    """Of a person by a digest of the number, for IRIs of persons say nothing."""
    if is_person:
        return mint_thing("person", digest_key("un-list", number))
    return mint_thing("organization", f"un-list/{number}")


def _add_entry(claims: Claims, entry: Entry[Listed], known: set[str], job: Job) -> None:
    listed = entry.content
    record = claims.add_entry(entry, listed.issues)
    thing = _iri(listed.number, is_person=listed.is_person)
    if not entry.revises:
        _add_thing(claims, thing, listed)
    _add_names(claims, record, thing, listed)
    _add_values(claims, record, thing, listed)
    for place, birth in enumerate(listed.births, start=1):
        claims.add_date(
            record,
            f"birth-{place}",
            thing,
            birth.days,
            (CKG.isApproximate, Literal(True) if birth.is_approximate else None),
            quoted_property(birth.note),
            of="birth",
        )
    for tie in listed.ties:
        _add_tie(claims, record, thing, tie, known, entry, job)


def _add_thing(claims: Claims, thing: URIRef, listed: Listed) -> None:
    level = None if listed.is_person else claims.concept("organization-level", "not-stated")
    claims.add_thing(
        thing,
        CKG.Person if listed.is_person else CKG.Organization,
        listed.main_name,
        (DCTERMS.identifier, Literal(listed.number)),
        (CKG.organizationLevel, level),
        *(
            (SKOS.altLabel, Literal(each.text, lang=each.language))
            for each in listed.names
            if each.text != listed.main_name
        ),
    )


def _add_names(claims: Claims, record: URIRef, thing: URIRef, listed: Listed) -> None:
    for name in (Name("main", "main", listed.main_name), *listed.names):
        quality = claims.concept("alias-quality", name.quality) if name.quality else None
        claims.add_name(
            record,
            f"name-{name.key}",
            thing,
            Literal(name.text, lang=name.language),
            name.kind,
            (CKG.aliasQuality, quality),
        )


def _add_values(claims: Claims, record: URIRef, thing: URIRef, listed: Listed) -> None:
    claims.add_claim(
        record, "list", thing, CKG.sanctionsList, Literal(listed.sanctions_list, lang="en")
    )
    claims.add_claim(record, "listed-on", thing, CKG.listedOn, Literal(listed.listed_on))
    for name, predicate, text in listed.texts:
        claims.add_claim(record, name, thing, predicate, Literal(text, lang="en"))


def _add_tie(
    claims: Claims,
    record: URIRef,
    thing: URIRef,
    tie: Tie,
    known: set[str],
    entry: Entry[Listed],
    job: Job,
) -> None:
    listed = entry.content
    if tie.number == listed.number:
        return
    if tie.number not in known:
        problem = f"names {tie.number}, which is not on this list; no claim is made of it."
        job.report.add(Issue(entry.line, "COMMENTS1", problem, Fate.KEPT, listed.number))
        return
    other = _iri(tie.number, is_person=tie.number[2] == "i")
    relation = tie.relation if _fits(tie, listed) else ""
    predicate = _RELATIONS[relation] if relation else CKG.mentions
    subject, value = (other, thing) if relation and tie.is_inverse else (thing, other)
    side = "-of" if relation and tie.is_inverse else ""
    # What a rule has read nobody has looked at yet.
    provenance = Provenance("fact", "unreviewed", (claims.publisher,), record)
    claims.add_claim(
        record,
        f"{relation or 'mentions'}{side}-{tie.number}",
        subject,
        predicate,
        value,
        quoted_property(tie.words),
        provenance=provenance,
    )


def _fits(tie: Tie, listed: Listed) -> bool:
    """Whether the two can have the relation: a person leads an organization, not the other way round."""
    wanted = _OF_PERSONS.get(tie.relation)
    if wanted is None:
        return True
    kinds = ("i" if listed.is_person else "e", tie.number[2])
    return (kinds[::-1] if tie.is_inverse else kinds) == ("i", wanted)
