"""Entities of Wikidata written: each statement a claim with its rank, interval and sources."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import ClassVar

from rdflib import DCTERMS, ORG, PROV, RDF, RDFS, SKOS, Literal, URIRef
from rdflib.term import Node

from conflictkg.errors import InvalidValueError, UnmappedValueError
from conflictkg.iris import digest_key, mint_thing
from conflictkg.provenance import Provenance
from conflictkg.sources.cells import Count, DaySpan
from conflictkg.sources.claims import Claims, name_property, valid_in
from conflictkg.sources.job import Job
from conflictkg.sources.places import add_position, parse_position
from conflictkg.sources.report import Fate, Issue
from conflictkg.sources.wikidata.kept import Other
from conflictkg.sources.wikidata.model import (
    CoarseTimeError,
    Snak,
    Statement,
    reason_for_qualifier,
)
from conflictkg.sources.wikidata.reading import ITEM, Entity, action_of
from conflictkg.terms import CKG, GEO, SEM

_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,100}")
_WEB = re.compile(r"https?://[^\s<>\"{}|\\^`]+")
_OUTSIDE = "http://www.wikidata.org/entity/{}"
_DATES = frozenset({"date", "begin", "end"})
_BOUNDS = ("P1319", "P1326")
_ORDER = {"P1365": (CKG.predecessor, "predecessor"), "P1366": (CKG.successor, "successor")}
_CLASSES = {
    "person": CKG.Person,
    "organization": CKG.Organization,
    "event": CKG.ConflictEvent,
    "place": CKG.Place,
}


@dataclass(frozen=True, slots=True)
class _Context:
    """What a statement is written with: its entity, that entity's IRI and record, and the items that it may name."""

    entity: Entity
    iri: URIRef
    record: URIRef
    others: Mapping[str, Other]


class Writer:
    """Writes entity after entity."""

    def __init__(self, job: Job, claims: Claims) -> None:
        self._job, self._claims, self._graph = job, claims, claims.graph
        self._report, self._lookups = job.report, job.lookups
        self._concept = cache(claims.concept)
        self._last: Entity | None = None

    def write(self, entity: Entity, others: Mapping[str, Other]) -> None:
        """An entity with all its statements."""
        if self._last is not None and self._last.id == entity.id:
            same = self._last.sha256 == entity.sha256
            problem = (
                f"is the same as that of line {self._last.line} once more."
                if same
                else "stands in the file twice."
            )
            self._report.add(Issue(entity.line, "id", problem, record=entity.id))
            return
        self._last = entity
        iri = iri_of(entity.id, entity.kind)
        record = self._claims.add_record(entity.id, entity.line, entity.sha256)
        self._describe(iri, entity.kind, entity.id, entity.labels)
        self._write_kind(iri, entity)
        self._graph.add_all(
            iri,
            *((SKOS.altLabel, Literal(text, lang=language)) for language, text in entity.aliases),
        )
        context = _Context(entity, iri, record, others)
        for statement in entity.statements:
            self._write_statement(context, statement)
        best = self._best_position(entity)
        if best is not None and entity.kind == "place":
            add_position(self._graph, iri, *best)

    def _describe(
        self, iri: URIRef, kind: str, item: str, labels: Iterable[tuple[str, str]]
    ) -> None:
        name = RDFS.label if kind == "event" else SKOS.prefLabel
        found = list(labels) or [("en", f"Wikidata item {item}")]
        self._graph.add_all(
            iri,
            (RDF.type, _CLASSES.get(kind, SEM.Actor)),
            *((name, Literal(text, lang=language)) for language, text in found),
        )
        self._claims.add_mapping(iri, _OUTSIDE.format(item))

    def _write_kind(self, iri: URIRef, entity: Entity) -> None:
        details = [self._lookups["class"][each].split(maxsplit=2)[1] for each in entity.classes]
        if entity.kind == "organization":
            self._graph.add_all(
                iri,
                *(
                    (CKG.organizationLevel, self._concept("organization-level", each))
                    for each in details
                ),
            )
        elif entity.kind == "place":
            self._graph.add_all(
                iri, (CKG.placePrecision, self._concept("place-precision", min(details)))
            )
        elif entity.kind == "event":
            self._graph.add_all(iri, (CKG.eventType, self._concept("event-type", min(details))))
            if not any(self._is_dated(each) for each in entity.statements):
                self._graph.add_all(
                    iri, (CKG.datePrecision, self._concept("date-precision", "unknown"))
                )

    def _is_dated(self, statement: Statement) -> bool:
        if self._action("event", statement.property)[0] not in _DATES:
            return False
        if statement.main.kind == "novalue":
            return False
        try:
            self._days(statement, is_told=False)
        except (InvalidValueError, UnmappedValueError):
            return False
        return statement.rank in ("", *self._lookups["rank"])

    def _best_position(self, entity: Entity) -> tuple[Literal, Literal] | None:
        """Of several positions that of the best rank, and of those the first by its statement's id."""
        order = ("preferred", "normal", "", "deprecated")
        for statement in sorted(
            (
                each
                for each in entity.statements
                if each.property == "P625" and each.rank in order[:3]
            ),
            key=lambda each: (order.index(each.rank), each.key),
        ):
            try:
                return parse_position(*statement.main.position())
            except InvalidValueError:
                continue
        return None

    # Statements

    def _action(self, kind: str, name: str) -> list[str]:
        return action_of(self._lookups, kind, name).split() or [""]

    def _write_statement(self, context: _Context, statement: Statement) -> None:
        action, *arguments = self._action(context.entity.kind, statement.property)
        is_bounded = action in _DATES and all(each in statement.qualifiers for each in _BOUNDS)
        if statement.main.kind != "value" and not (
            statement.main.kind == "somevalue" and is_bounded
        ):
            what = (
                "that there is one, not which"
                if statement.main.kind == "somevalue"
                else "that there is none"
            )
            self._report.ignore(f"{statement.property}: says {what}")
            return
        self._tell_unread(statement, action)
        try:
            self._require_rank(statement)
            self._WRITERS[action](self, context, statement, *arguments)
        except CoarseTimeError as error:
            self._report.ignore(f"{statement.property}: a time that {error.problem}")
        except (InvalidValueError, UnmappedValueError) as error:
            issue = Issue(
                context.entity.line, statement.property, error.problem, Fate.KEPT, context.entity.id
            )
            self._report.add(issue)

    def _tell_unread(self, statement: Statement, action: str) -> None:
        """Count qualifiers that are read of other statements than this one."""
        unread = set(statement.qualifiers) & set(self._lookups["qualifier"])
        if action != "identifier":
            unread &= {*_BOUNDS, *_ORDER}
        if action in _DATES:
            unread -= {*_BOUNDS}
        if action == "led":
            unread -= {*_ORDER}
        for name in sorted(unread):
            self._report.ignore(reason_for_qualifier(self._lookups, name))

    def _require_rank(self, statement: Statement) -> None:
        if statement.rank and statement.rank not in self._lookups["rank"]:
            raise UnmappedValueError(self._lookups.unknown("rank", statement.rank))

    def _write_class(self, context: _Context, statement: Statement) -> None:
        item = statement.main.item()
        if item not in self._lookups["class"]:
            self._report.ignore(
                "P31: a class that is not in lookups.toml, of an entity that has others"
            )
            return
        kind, *more = self._lookups["class"][item].split(maxsplit=2)
        words = more[-1] if more else kind
        self._claim(context, statement, context.iri, CKG.describedAs, Literal(words, lang="en"))

    def _write_name(self, context: _Context, statement: Statement) -> None:
        text, language = statement.main.monolingual()
        label = Literal(text, lang=language.lower())
        self._claim(context, statement, context.iri, name_property(text), label)

    def _write_identifier(self, context: _Context, statement: Statement, template: str) -> None:
        text = statement.main.text().replace(" ", "")
        if not _IDENTIFIER.fullmatch(text):
            raise InvalidValueError(f'"{text[:40]}" is no identifier that an address can hold.')
        if statement.rank != "deprecated":
            self._claims.add_mapping(context.iri, template.format(text))

    def _write_date(self, context: _Context, statement: Statement, kind: str = "") -> None:
        self._date(context, statement, kind=kind)

    def _write_begin(self, context: _Context, statement: Statement) -> None:
        self._date(context, statement, "begin")

    def _write_end(self, context: _Context, statement: Statement) -> None:
        self._date(context, statement, "end")

    def _write_object(self, context: _Context, statement: Statement, name: str, kind: str) -> None:
        predicate = SEM[name] if name in ("hasPlace", "hasActor", "subEventOf") else CKG[name]
        self._claim(
            context, statement, context.iri, predicate, self._item(context, statement, kind)
        )

    def _write_founder(self, context: _Context, statement: Statement) -> None:
        founder = self._item(context, statement, "actor")
        self._claim(context, statement, founder, CKG.founderOf, context.iri)

    def _write_took_part(self, context: _Context, statement: Statement) -> None:
        event = self._item(context, statement, "event")
        self._claim(context, statement, event, SEM.hasActor, context.iri)

    def _write_relation(self, context: _Context, statement: Statement, kind: str) -> None:
        self._relate(
            context, statement, context.iri, self._item(context, statement, "organization"), kind
        )

    def _write_part(self, context: _Context, statement: Statement, kind: str) -> None:
        self._relate(
            context, statement, self._item(context, statement, "organization"), context.iri, kind
        )

    def _write_tenure(self, context: _Context, statement: Statement, role: str) -> None:
        group = self._item(context, statement, "organization")
        self._hold(context, statement, context.iri, group, role)

    def _write_led(self, context: _Context, statement: Statement, role: str) -> None:
        person = self._item(context, statement, "person")
        tenure = self._hold(context, statement, person, context.iri, role)
        others = {name: self._tenures_of(context, statement, name) for name in _ORDER}
        both = set.intersection(*(set(found) for found in others.values()))
        for name, found in others.items():
            predicate, word = _ORDER[name]
            for number, other in enumerate(found):
                if other is None or other in both:
                    self._report.ignore(reason_for_qualifier(self._lookups, name))
                    continue
                part = f"-{word}-{number}" if number else f"-{word}"
                self._claim(context, statement, tenure, predicate, other, part)

    def _tenures_of(
        self, context: _Context, statement: Statement, name: str
    ) -> list[URIRef | None]:
        """The tenures of those who led before or after, as a qualifier says; None where it is not known which."""
        found: list[URIRef | None] = []
        for snak in statement.qualifiers.get(name, ()):
            same = [
                each
                for each in context.entity.statements
                if each.property == statement.property
                and each.key != statement.key
                and _is_item(snak)
                and _is_item(each.main)
                and snak.item() == each.main.item()
            ]
            is_known = len(same) == 1 and self._is_written(context, same[0])
            found.append(_tenure(context, same[0]) if is_known else None)
        return found

    def _is_written(self, context: _Context, statement: Statement) -> bool:
        """Whether a statement of who led becomes a tenure."""
        try:
            self._require_rank(statement)
            self._item(context, statement, "person")
        except (InvalidValueError, UnmappedValueError):
            return False
        return True

    def _write_office(self, context: _Context, statement: Statement) -> None:
        """An office by its item: what body it is in, Wikidata says elsewhere if at all."""
        item = statement.main.item()
        other = context.others.get(item)
        office = mint_thing("office", f"wikidata/{item}")
        label = other.label if other is not None else ""
        self._graph.add_all(
            office,
            (RDF.type, ORG.Post),
            (SKOS.prefLabel, Literal(label or f"Wikidata item {item}", lang="en")),
        )
        self._claims.add_mapping(office, _OUTSIDE.format(item))
        self._claim(context, statement, context.iri, ORG.holds, office)

    def _write_position(self, context: _Context, statement: Statement) -> None:
        latitude, longitude = parse_position(*statement.main.position())
        point = Literal(f"POINT ({longitude} {latitude})", datatype=GEO.wktLiteral)
        self._claim(context, statement, context.iri, GEO.asWKT, point)

    def _write_site(self, context: _Context, statement: Statement) -> None:
        """The position of an event: a place of its own, which nobody named."""
        position = parse_position(*statement.main.position())
        site = mint_thing("place", f"wikidata/{context.entity.id}-{digest_key(*position)}")
        self._graph.add_all(
            site,
            (RDF.type, CKG.Place),
            (
                SKOS.prefLabel,
                Literal(f"where {context.entity.label or context.entity.id} was", lang="en"),
            ),
        )
        add_position(self._graph, site, *position)
        self._claim(context, statement, context.iri, SEM.hasPlace, site)

    def _write_count(self, context: _Context, statement: Statement, category: str) -> None:
        low, best, high = statement.main.amount()
        claim = self._claims.add_count(
            context.record,
            _name(statement),
            context.iri,
            category,
            Count(low, best, high),
            provenance=self._provenance(context, statement),
        )
        self._qualify(claim, statement)

    # Not a table of lambdas: each is documented by its name, and lookups.toml names the keys.
    _WRITERS: ClassVar[Mapping[str, Callable[..., None]]] = {
        "class": _write_class,
        "name": _write_name,
        "identifier": _write_identifier,
        "date": _write_date,
        "begin": _write_begin,
        "end": _write_end,
        "object": _write_object,
        "founder": _write_founder,
        "took-part": _write_took_part,
        "relation": _write_relation,
        "part": _write_part,
        "tenure": _write_tenure,
        "led": _write_led,
        "office": _write_office,
        "position": _write_position,
        "site": _write_site,
        "count": _write_count,
    }

    # What stands behind a claim

    def _claim(
        self,
        context: _Context,
        statement: Statement,
        subject: URIRef,
        predicate: URIRef,
        value: Node,
        suffix: str = "",
    ) -> None:
        claim = self._claims.add_claim(
            context.record,
            _name(statement) + suffix,
            subject,
            predicate,
            value,
            provenance=self._provenance(context, statement),
        )
        self._qualify(claim, statement)

    def _date(self, context: _Context, statement: Statement, *ends: str, kind: str = "") -> None:
        claim = self._claims.add_date(
            context.record,
            _name(statement),
            context.iri,
            self._days(statement),
            of=kind,
            ends=ends or ("begin", "end"),
            provenance=self._provenance(context, statement),
        )
        self._qualify(claim, statement)

    def _days(self, statement: Statement, *, is_told: bool = True) -> DaySpan:
        """Between which days a date lies: by its value, and by the earliest and the latest that qualifiers give.

        Args:
            statement: One of a date.
            is_told: Whether the report is told of bounds that cannot be.

        Raises:
            CoarseTimeError: Neither its value nor two bounds say so.
            InvalidValueError: It is no time.
            UnmappedValueError: Its precision is unknown.
        """
        firsts = [each.first for each in self._days_of(statement, "P1319", is_told=is_told)]
        lasts = [each.last for each in self._days_of(statement, "P1326", is_told=is_told)]
        is_bounded = bool(firsts and lasts) and min(firsts) <= max(lasts)
        if statement.main.kind != "value" and not is_bounded:
            raise CoarseTimeError("is not known, and neither are its bounds.")
        if statement.main.kind != "value":
            return _between(min(firsts), max(lasts))
        try:
            span = statement.main.days(self._lookups)
        except CoarseTimeError:
            if not is_bounded:
                raise
            return _between(min(firsts), max(lasts))
        if not firsts and not lasts:
            return span
        first, last = min(firsts, default=span.first), max(lasts, default=span.last)
        if first <= last:
            return _between(first, last)
        if is_told:
            what = f"qualifiers P1319 and P1326 of {statement.property}: the earliest date is after the latest"
            self._report.ignore(what)
        return span

    def _relate(
        self, context: _Context, statement: Statement, child: URIRef, parent: URIRef, kind: str
    ) -> None:
        if child == parent:
            raise InvalidValueError("says that a group is a part of itself.")
        relation = self._claims.add_relation(
            context.record,
            _name(statement),
            child,
            parent,
            kind,
            provenance=self._provenance(context, statement),
        )
        self._qualify(relation, statement)

    def _hold(
        self, context: _Context, statement: Statement, member: URIRef, group: URIRef, role: str
    ) -> URIRef:
        tenure = _tenure(context, statement)
        first, last = self._interval(statement)
        self._graph.add_all(
            tenure,
            (RDF.type, CKG.Tenure),
            (ORG.member, member),
            (ORG.organization, group),
            (ORG.role, self._concept("role", role)),
            *valid_in(first, last),
        )
        self._claim(context, statement, tenure, ORG.member, member, "-member")
        self._claim(context, statement, tenure, ORG.organization, group, "-organization")
        return tenure

    def _qualify(self, claim: URIRef, statement: Statement) -> None:
        """Rank, interval and sources of a claim."""
        first, last = self._interval(statement)
        self._graph.add_all(
            claim,
            (
                CKG.sourceRank,
                self._concept("source-rank", self._lookups["rank"][statement.rank])
                if statement.rank
                else None,
            ),
            *valid_in(first, last),
            *((PROV.hadPrimarySource, self._cite(each)) for each in statement.sources),
        )

    def _interval(self, statement: Statement) -> tuple[date | None, date | None]:
        """In which a statement holds, by its qualifiers; none where it would end before it begins."""
        firsts = [each.first for each in self._days_of(statement, "P580", "P585")]
        lasts = [each.last for each in self._days_of(statement, "P582", "P585")]
        first, last = min(firsts, default=None), max(lasts, default=None)
        if first and last and first > last:
            self._report.ignore(
                f"qualifiers P580 and P582 of {statement.property}: it ends before it begins"
            )
            return None, None
        return first, last

    def _days_of(
        self, statement: Statement, *names: str, is_told: bool = True
    ) -> Iterator[DaySpan]:
        for name in names:
            for snak in statement.qualifiers.get(name, ()):
                if snak.kind != "value":
                    continue
                try:
                    yield snak.days(self._lookups)
                except CoarseTimeError as error:
                    if is_told:
                        self._report.ignore(f"qualifier {name}: a time that {error.problem}")

    def _cite(self, source: str) -> URIRef:
        """A document on which a statement rests: by its address, or by its item."""
        is_item = bool(ITEM.fullmatch(source))
        if not is_item and not _WEB.fullmatch(source):
            raise InvalidValueError(f'rests on "{source[:60]}", which is no address of the web.')
        document = mint_thing("citation", f"wikidata/{digest_key(source)}")
        title = f"Wikidata item {source}" if is_item else "A page on the web that Wikidata cites"
        self._graph.add_all(
            document,
            (RDF.type, CKG.CitedDocument),
            (DCTERMS.title, Literal(title, lang="en")),
            (DCTERMS.source, URIRef(_OUTSIDE.format(source) if is_item else source)),
        )
        return document

    def _provenance(self, context: _Context, statement: Statement) -> Provenance:
        review = "disputed" if statement.rank == "deprecated" else self._job.description.review
        return Provenance("fact", review, (self._claims.publisher,), context.record)

    # Items that statements name

    def _item(self, context: _Context, statement: Statement, expected: str) -> URIRef:
        """The IRI of the item that a statement names, as what it is in the file, else as what it must be."""
        item = statement.main.item()
        other = context.others.get(item)
        kind = expected
        if (
            other is not None
            and expected in ("actor", "organization")
            and other.kind in ("person", "organization")
        ):
            kind = other.kind
        is_fit = (
            other is None
            or kind == other.kind
            or {kind, other.kind} <= {"place", "organization", "actor"}
        )
        if (
            expected == "organization"
            and kind == "person"
            and statement.property not in ("P710", "P8031")
        ):
            is_fit = False
        if other is not None and not is_fit:
            raise InvalidValueError(
                f"names {item}, which is of the kind {other.kind}; {expected} is expected."
            )
        iri = iri_of(item, kind)
        if other is None or other.kind != kind:
            self._describe_other(iri, kind, item, other.label if other is not None else "")
        return iri

    def _describe_other(self, iri: URIRef, kind: str, item: str, label: str) -> None:
        """What there is to say of an item that is not in the file, or is there as something else."""
        self._describe(iri, kind, item, [("en", label)] if label else ())
        if kind == "organization":
            self._graph.add_all(
                iri, (CKG.organizationLevel, self._concept("organization-level", "not-stated"))
            )
        elif kind == "event":
            self._graph.add_all(
                iri, (CKG.datePrecision, self._concept("date-precision", "unknown"))
            )


def iri_of(item: str, kind: str) -> URIRef:
    """Of an item as something. Persons are named by digests, as everywhere."""
    if kind == "person":
        return mint_thing("person", f"{digest_key('wikidata')}/{digest_key('wikidata', item)}")
    return mint_thing(kind, f"wikidata/{item}")


def _is_item(snak: Snak) -> bool:
    try:
        snak.item()
    except InvalidValueError:
        return False
    return snak.kind == "value"


def _tenure(context: _Context, statement: Statement) -> URIRef:
    return mint_thing("tenure", f"wikidata/{context.entity.id}-{_name(statement)}")


def _between(first: date, last: date) -> DaySpan:
    """Two days with the precision of what lies between them, as the date-precision scheme has it."""
    number = (last - first).days + 1
    is_within_a_year = (last.year - 1, last.month, last.day) < (first.year, first.month, first.day)
    names = ((1, "day"), (6, "few-days"), (7, "week"), (31, "month"))
    year = "year" if is_within_a_year else "unknown"
    return DaySpan(first, last, next((name for most, name in names if number <= most), year))


def _name(statement: Statement) -> str:
    return f"{statement.property}-{statement.key}"
