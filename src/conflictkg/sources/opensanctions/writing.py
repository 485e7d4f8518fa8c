"""Entities of OpenSanctions written: persons and groups, what is said of them, and what ties them to others."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from itertools import product
from typing import ClassVar, NamedTuple

from rdflib import DCTERMS, ORG, PROV, RDF, SKOS, XSD, Literal, URIRef
from rdflib.term import Node

from conflictkg.errors import InvalidValueError, UnmappedValueError
from conflictkg.iris import digest_key, mint_thing
from conflictkg.provenance import Provenance
from conflictkg.sources.cells import MOST_WORDS, DaySpan, parse_day
from conflictkg.sources.claims import Claims, valid_in
from conflictkg.sources.description import Lookups
from conflictkg.sources.job import Job
from conflictkg.sources.opensanctions.gathering import Other
from conflictkg.sources.opensanctions.judging import action_of
from conflictkg.sources.opensanctions.statements import Statement
from conflictkg.sources.places import add_country, require_country
from conflictkg.sources.report import Fate, Issue
from conflictkg.terms import CKG, DCAT, SEM

_DAYS = ("%Y-%m-%d", "%Y-%m", "%Y")
_WIKIDATA = re.compile(r"Q[1-9]\d*")


class LongTextError(InvalidValueError):
    """A text of others that is longer than the project copies, and that nothing rests on."""


class Writer:
    """Writes entity after entity."""

    def __init__(self, job: Job, claims: Claims) -> None:
        self._job, self._claims, self._graph = job, claims, claims.graph
        self._report, self._lookups = job.report, job.lookups
        self._concept = cache(claims.concept)
        self._actions = cache(lambda schema, prop: action_of(self._lookups, schema, prop))
        self._dataset = cache(self._add_dataset)

    def write(self, entity: str, found: list[tuple[Statement, Other]]) -> None:
        """All statements about one entity."""
        statements = list(self._once(found))
        schemata = sorted({each.schema for each, _ in statements})
        kinds = {self._lookups["schema"][each].split()[0] for each in schemata}
        if {"person", "organization"} <= kinds:
            line = min(each.line for each, _ in statements)
            text = f"is a {' and a '.join(schemata)} at once; it is taken for an actor that may be either."
            self._report.add(Issue(line, "schema", text, Fate.KEPT, entity))
        kind = _kind_of(self._lookups, schemata)
        if kind in ("person", "organization", "actor"):
            self._write_actor(entity, kind, schemata, statements)
        elif kind not in ("address", "position"):
            self._write_tie(entity, kind, statements)

    def _once(self, found: Iterable[tuple[Statement, Other]]) -> Iterator[tuple[Statement, Other]]:
        """Without those that come again."""
        for statement, other in found:
            problem = ""
            if other.version > 1:
                problem = "stands in several rows with other contents; ids are unique."
            elif other.number > 1 and statement.line != other.first_line:
                problem = f"is the same as line {other.first_line} once more."
            if problem:
                self._report.add(Issue(statement.line, "id", problem, record=statement.record))
            elif other.number == 1:
                yield statement, other

    # Persons and groups

    def _write_actor(
        self,
        entity: str,
        kind: str,
        schemata: list[str],
        statements: list[tuple[Statement, Other]],
    ) -> None:
        iri = iri_of(entity, kind)
        names = [each for each, _ in statements if each.prop == "name"]
        label = min(names, key=_rank_of_name, default=None)
        self._graph.add_all(
            iri,
            (
                RDF.type,
                {"person": CKG.Person, "organization": CKG.Organization}.get(kind, SEM.Actor),
            ),
            (
                SKOS.prefLabel,
                self._literal(label) if label else Literal("without a name", lang="en"),
            ),
            *(
                (
                    CKG.organizationLevel,
                    self._concept("organization-level", self._lookups["organization_level"][each]),
                )
                for each in schemata
                if kind == "organization" and each in self._lookups["organization_level"]
            ),
        )
        if _WIKIDATA.fullmatch(entity):
            self._add_mapping(iri, entity)
        for statement, other in statements:
            self._write_statement(iri, statement, other)

    def _write_statement(self, iri: URIRef, statement: Statement, other: Other) -> None:
        action, _, argument = self._actions(statement.schema, statement.prop).partition(" ")
        if action == "entity":
            return
        try:
            self._WRITERS[action](self, iri, statement, other, argument)
        except LongTextError as error:
            self._leave_out(statement, error)
        except (InvalidValueError, UnmappedValueError) as error:
            self._report.add(
                Issue(
                    statement.line, statement.prop, error.problem, Fate.REJECTED, statement.record
                )
            )

    def _leave_out(self, statement: Statement, error: "LongTextError") -> None:
        """Keep the record of a statement whose text is too long to be copied, and say so."""
        self._record(statement)
        self._report.add(
            Issue(statement.line, statement.prop, error.problem, Fate.KEPT, statement.record)
        )

    def _write_name(self, iri: URIRef, statement: Statement, _: Other, kind: str) -> None:
        # What somebody is called has to be said at any length; what else they are called has not.
        value = self._literal(statement) if kind == "main" else self._quote(statement)
        predicate = SKOS.prefLabel if kind == "main" else SKOS.altLabel
        claim = self._claim(iri, statement, predicate, value)
        self._graph.add_all(
            claim,
            (CKG.nameKind, self._concept("name-kind", "alias" if kind == "low" else kind)),
            (CKG.aliasQuality, self._concept("alias-quality", "low") if kind == "low" else None),
        )

    def _write_date(self, iri: URIRef, statement: Statement, _: Other, kind: str) -> None:
        days = _days(statement.value)
        record = self._record(statement)
        claim = self._claims.add_date(
            record,
            statement.claim,
            iri,
            days,
            of=kind,
            provenance=self._provenance(statement, record),
        )
        self._add_first_seen(claim, statement)

    def _write_text(self, iri: URIRef, statement: Statement, _: Other, name: str) -> None:
        self._claim(iri, statement, CKG[name], self._quote(statement))

    def _write_words(self, iri: URIRef, statement: Statement, _: Other, name: str) -> None:
        self._claim(iri, statement, CKG[name], self._literal(statement, most=MOST_WORDS))

    def _write_country(self, iri: URIRef, statement: Statement, _: Other, name: str) -> None:
        self._claim(iri, statement, CKG[name], Literal(require_country(statement.value), lang="en"))

    def _write_place(self, iri: URIRef, statement: Statement, _: Other, __: str) -> None:
        self._claim(
            iri, statement, CKG.associatedCountry, add_country(self._graph, statement.value)
        )

    def _write_topic(self, iri: URIRef, statement: Statement, _: Other, __: str) -> None:
        words = self._lookups["topic"].get(statement.value)
        if words is None:
            raise UnmappedValueError(self._lookups.unknown("topic", statement.value))
        self._claim(iri, statement, CKG.describedAs, Literal(words, lang="en"))

    def _write_caption(self, iri: URIRef, statement: Statement, other: Other, name: str) -> None:
        caption = _require_short(_require_caption(statement, other))
        self._claim(iri, statement, CKG[name], Literal(caption, lang="und"))

    def _write_wikidata(self, iri: URIRef, statement: Statement, _: Other, __: str) -> None:
        if not _WIKIDATA.fullmatch(statement.value):
            raise InvalidValueError(
                f'"{statement.value[:20]}" is no item of Wikidata, such as Q889.'
            )
        self._record(statement)
        self._add_mapping(iri, statement.value)

    def _write_parent(self, iri: URIRef, statement: Statement, other: Other, _: str) -> None:
        kind, parent = self._require_actor(statement, other)
        if "/id/organization/" not in str(iri) or kind != "organization":
            self._claim(iri, statement, CKG.associatedWith, parent)
            return
        record = self._record(statement)
        relation = self._claims.add_relation(
            record,
            statement.claim,
            iri,
            parent,
            "subgroup-of",
            provenance=self._provenance(statement, record),
        )
        self._add_first_seen(relation, statement)

    # Not a table of lambdas: each is documented by its name, and lookups.toml names the keys.
    _WRITERS: ClassVar[Mapping[str, Callable[..., None]]] = {
        "name": _write_name,
        "date": _write_date,
        "text": _write_text,
        "words": _write_words,
        "country": _write_country,
        "place": _write_place,
        "topic": _write_topic,
        "caption": _write_caption,
        "wikidata": _write_wikidata,
        "parent": _write_parent,
    }

    # Ties between them, and entries of lists

    def _write_tie(self, entity: str, kind: str, statements: list[tuple[Statement, Other]]) -> None:
        schema = statements[0][0].schema
        words = self._lookups["schema"][schema].split()
        ends: dict[str, list[tuple[Statement, Other]]] = {}
        rest: list[Statement] = []
        for statement, other in statements:
            if self._actions(statement.schema, statement.prop) == "end":
                ends.setdefault(statement.prop, []).append((statement, other))
            elif statement.prop != "id":
                rest.append(statement)
        lacking = [each for each in words[1:3] if each not in ends and each != "associatedWith"]
        if kind == "sanction":
            lacking = [each for each in words[1:2] if each not in ends]
        if lacking:
            for statement, _ in statements:
                text = f"{schema} {entity} has no {' and no '.join(lacking)}, so that it ties nobody to anybody."
                self._report.add(Issue(statement.line, lacking[0], text, record=statement.record))
            return
        interval, used = self._interval(rest)
        if kind == "sanction":
            self._write_sanction(ends[words[1]], used, interval)
            return
        pairs = []
        for one, two in product(ends[words[1]], ends[words[2]]):
            try:
                pairs.append(self._pair(entity, words, one, two))
            except InvalidValueError as error:
                self._report.add(
                    Issue(two[0].line, two[0].prop, error.problem, record=two[0].record)
                )
        subjects = list(dict.fromkeys(each.subject for each in pairs))
        for pair in pairs:
            self._write_pair(words, pair, _part(pair.subject, subjects), interval)
        for statement in used:
            if self._actions(statement.schema, statement.prop).startswith("words"):
                self._write_role(statement, subjects, interval)

    def _pair(
        self,
        entity: str,
        words: list[str],
        one: tuple[Statement, Other],
        two: tuple[Statement, Other],
    ) -> "_Pair":
        """What a tie is between two of its ends."""
        _, member = self._require_actor(*one)
        if words[0] == "office":
            office = Literal(_shorten(_require_caption(*two)), lang="und")
            return _Pair(one[0], two[0], member, office, member)
        kind, group = self._require_actor(*two)
        if words[0] != "tenure" or kind != "organization":
            return _Pair(one[0], two[0], member, group, member)
        tenure = digest_key(entity, str(member), str(group))
        return _Pair(one[0], two[0], member, group, mint_thing("tenure", f"opensanctions/{tenure}"))

    def _write_pair(
        self, words: list[str], pair: "_Pair", part: str, interval: "_Interval"
    ) -> None:
        if pair.subject == pair.member:
            name = "designation" if words[0] == "office" else [*words, "associatedWith"][3]
            claims = [self._claim(pair.member, pair.two, CKG[name], pair.other, part)]
        else:
            role = self._concept("role", "member" if words[1] == "member" else "other")
            self._graph.add_all(
                pair.subject,
                (RDF.type, CKG.Tenure),
                (ORG.member, pair.member),
                (ORG.organization, pair.other),
                (ORG.role, role),
                *valid_in(*interval),
            )
            claims = [
                self._claim(pair.subject, pair.one, ORG.member, pair.member, part),
                self._claim(pair.subject, pair.two, ORG.organization, pair.other, part),
            ]
        for claim in claims:
            self._graph.add_all(claim, *valid_in(*interval))

    def _write_role(
        self, statement: Statement, subjects: list[URIRef], interval: "_Interval"
    ) -> None:
        """What a tie makes of somebody, in words, for each of its pairs."""
        try:
            words = self._literal(statement, most=MOST_WORDS)
        except InvalidValueError as error:
            self._report.add(
                Issue(statement.line, statement.prop, error.problem, record=statement.record)
            )
            return
        for subject in subjects:
            claim = self._claim(
                subject, statement, CKG.designation, words, _part(subject, subjects)
            )
            self._graph.add_all(claim, *valid_in(*interval))

    def _write_sanction(
        self,
        ends: list[tuple[Statement, Other]],
        rest: list[Statement],
        interval: "_Interval",
    ) -> None:
        found = []
        for end, other in ends:
            try:
                found.append(self._require_actor(end, other)[1])
            except InvalidValueError as error:
                self._report.add(Issue(end.line, end.prop, error.problem, record=end.record))
        targets = list(dict.fromkeys(found))
        for statement in rest:
            try:
                for target in targets:
                    self._write_entry(target, statement, _part(target, targets), interval)
            except LongTextError as error:
                self._leave_out(statement, error)
            except InvalidValueError as error:
                self._report.add(
                    Issue(statement.line, statement.prop, error.problem, record=statement.record)
                )

    def _write_entry(
        self, target: URIRef, statement: Statement, part: str, interval: "_Interval"
    ) -> None:
        """What an entry of a list says of one who stands on it."""
        action = self._actions(statement.schema, statement.prop)
        if action == "list":
            claim = self._claim(target, statement, CKG.sanctionsList, self._quote(statement), part)
            self._graph.add_all(claim, *valid_in(*interval))
        elif action == "identifier":
            identifier = Literal(statement.value)
            self._claim(target, statement, DCTERMS.identifier, identifier, part)
        elif action == "listed":
            self._claim(target, statement, CKG.listedOn, Literal(_day(statement.value)), part)

    def _interval(self, statements: list[Statement]) -> tuple["_Interval", list[Statement]]:
        """From when to when a tie holds, and the statements that say other things."""
        starts, finishes, rest = [], [], []
        for statement in statements:
            action = self._actions(statement.schema, statement.prop)
            if action not in ("start", "finish"):
                rest.append(statement)
                continue
            try:
                days = _days(statement.value)
            except InvalidValueError as error:
                self._report.add(
                    Issue(statement.line, statement.prop, error.problem, record=statement.record)
                )
                continue
            self._record(statement)
            if action == "start":
                starts.append(days.first)
            else:
                finishes.append(days.last)
        first, last = min(starts, default=None), max(finishes, default=None)
        if first and last and first > last:
            line = min(each.line for each in statements)
            text = f"ends on {last}, before it begins ({first}); it is kept without an interval."
            self._report.add(Issue(line, "endDate", text, Fate.KEPT, statements[0].record))
            return _Interval(None, None), rest
        return _Interval(first, last), rest

    # What stands behind a claim

    def _claim(
        self,
        subject: URIRef,
        statement: Statement,
        predicate: URIRef,
        value: Node,
        part: str = "",
    ) -> URIRef:
        record = self._record(statement)
        name = statement.claim + part
        claim = self._claims.add_claim(
            record, name, subject, predicate, value, provenance=self._provenance(statement, record)
        )
        self._add_first_seen(claim, statement)
        return claim

    def _record(self, statement: Statement) -> URIRef:
        return self._claims.add_record(statement.record, statement.line, statement.sha256)

    def _provenance(self, statement: Statement, record: URIRef) -> Provenance:
        return Provenance(
            "attributed-claim",
            self._job.description.review,
            tuple(self._dataset(each) for each in statement.datasets.split(";")),
            record,
            reported_by=(self._claims.publisher,),
            as_of=date.fromisoformat(statement.last[:10]) if statement.last else None,
        )

    def _add_first_seen(self, claim: URIRef, statement: Statement) -> None:
        if statement.first:
            moment = statement.first.replace(" ", "T")
            moment = moment if "T" in moment else f"{moment}T00:00:00"
            self._graph.add_all(
                claim, (PROV.generatedAtTime, Literal(moment, datatype=XSD.dateTime))
            )

    def _add_dataset(self, name: str) -> URIRef:
        iri = mint_thing("dataset", f"opensanctions/{name}")
        self._graph.add_all(
            iri,
            (RDF.type, DCAT.Dataset),
            (DCTERMS.identifier, Literal(name)),
            (DCTERMS.title, Literal(f"The list {name}, as OpenSanctions calls it", lang="en")),
        )
        return iri

    def _require_actor(self, statement: Statement, other: Other) -> tuple[str, URIRef]:
        """Of which kind the entity is that a statement names, and its IRI."""
        kind = _kind_of(self._lookups, other.schemata or [])
        if other.entity is None:
            raise InvalidValueError(
                f"names entity {statement.value[:40]}, which is not in the file or is of a schema that is ignored."
            )
        if kind not in ("person", "organization", "actor"):
            raise InvalidValueError(f"names {other.entity[:40]}, which is no person or group.")
        return kind, iri_of(other.entity, kind)

    def _literal(self, statement: Statement, most: int = 0) -> Literal:
        text = " ".join(statement.value.split())
        if not text:
            raise InvalidValueError("is empty.")
        tag = self._lookups["language"].get(statement.lang, statement.lang) or "und"
        return Literal(_shorten(text) if most else text, lang=tag)

    def _quote(self, statement: Statement) -> Literal:
        """The text of a statement, which is to be short enough to be copied.

        Raises:
            LongTextError: It is not.
        """
        value = self._literal(statement)
        _require_short(value)
        return value

    def _add_mapping(self, iri: URIRef, item: str) -> None:
        self._claims.add_mapping(iri, f"http://www.wikidata.org/entity/{item}")


class _Interval(NamedTuple):
    first: date | None
    last: date | None


class _Pair(NamedTuple):
    """Two ends of a tie: the statements that name them, who and what they are, and whom claims of it are about."""

    one: Statement
    two: Statement
    member: URIRef
    other: Node
    subject: URIRef


def iri_of(entity: str, kind: str) -> URIRef:
    """Of a person or group. The source's keys may hold names, so that a digest stands for them."""
    return mint_thing(kind, f"{digest_key('opensanctions')}/{digest_key('opensanctions', entity)}")


def _kind_of(lookups: Lookups, schemata: Iterable[str]) -> str:
    """Of an entity that lists give these schemata: the narrowest; an actor where they disagree."""
    kinds = {lookups["schema"][each].split()[0] for each in schemata}
    if {"person", "organization"} <= kinds:
        return "actor"
    for kind in ("person", "organization", "actor"):
        if kind in kinds:
            return kind
    return min(kinds, default="")


def _rank_of_name(statement: Statement) -> tuple[bool, str, str]:
    """English names and those without a language first, then by the alphabet."""
    return statement.lang not in ("", "eng"), statement.value, statement.lang


def _require_caption(statement: Statement, other: Other) -> str:
    if not other.caption:
        raise InvalidValueError(
            f"names {statement.value[:40]}, of which the file does not say what it is called."
        )
    return other.caption


def _part(subject: URIRef, subjects: list[URIRef]) -> str:
    """What tells claims of one statement apart by whom they are about; nothing where that is one only."""
    return f"-{digest_key(str(subject))}" if len(subjects) > 1 else ""


def _require_short(text: str) -> str:
    number = len(text.split())
    if number > MOST_WORDS:
        raise LongTextError(
            f"has {number} words, and no more than {MOST_WORDS} are copied of a text; it is left out."
        )
    return text


def _shorten(text: str) -> str:
    words = text.split()
    return text if len(words) <= MOST_WORDS else " ".join([*words[: MOST_WORDS - 1], "…"])


def _days(text: str) -> DaySpan:
    """A date of any precision; a time of day behind it is left out."""
    return parse_day(text.partition("T")[0], _DAYS, (1000, 2100))


def _day(text: str) -> date:
    days = _days(text)
    if days.first != days.last:
        raise InvalidValueError(f'"{text[:20]}" is no day, and somebody is listed on one.')
    return days.first
