"""OpenSanctions to triples: each statement of its lists a claim of that list, as OpenSanctions reports it.

Statements come in any order, and what one means depends on others: of which kind the entity is, who stands at the
other end of a tie. So they are gathered in a table that spills to disk, and read from it entity by entity.

Source: https://www.opensanctions.org/docs/bulk/, the columns and schemata of followthemoney 4.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from functools import cache
from itertools import groupby, product
from typing import Any, ClassVar, NamedTuple

import duckdb
import pyarrow as pa
from rdflib import DCTERMS, ORG, PROV, RDF, SKOS, XSD, Literal, URIRef
from rdflib.term import Node

from conflictkg.errors import InvalidValueError, UnmappedValueError
from conflictkg.iris import digest_key, mint_thing
from conflictkg.provenance import Provenance
from conflictkg.sources.cells import MOST_WORDS, DaySpan, parse_day
from conflictkg.sources.claims import Claims, valid_in
from conflictkg.sources.description import Lookups
from conflictkg.sources.job import Job
from conflictkg.sources.jsonlines import JsonRecord, iter_records
from conflictkg.sources.places import add_country, require_country
from conflictkg.sources.report import Fate, Issue, Report
from conflictkg.sources.spilling import append, iter_rows, spilling
from conflictkg.sources.tables import Layout, open_table
from conflictkg.terms import CKG, DCAT, SEM

_REQUIRED = ("canonical_id", "entity_id", "prop", "schema", "value", "dataset", "id")
_OPTIONAL = (
    "prop_type", "origin", "lang", "original_value", "external", "target", "first_seen", "last_seen",
)  # fmt: skip
_LAYOUT = Layout(_REQUIRED, _OPTIONAL)
_ENTITY_FIELDS = frozenset(
    ("id", "schema", "properties", "datasets", "caption", "referents", "target", "origin", "first_seen",
     "last_seen", "last_change")
)  # fmt: skip

_COLUMNS = (
    "line", "record", "sha256", "claim", "entity", "given", "schema", "prop", "value", "lang", "datasets", "first",
    "last",
)  # fmt: skip
_MOST_WAITING = 20_000
_MOST_NESTED = 8
_DAYS = ("%Y-%m-%d", "%Y-%m", "%Y")
_TRUE = frozenset({"t", "true", "True", "1", "yes"})
_FALSE = frozenset({"", "f", "false", "False", "0", "no"})
_SEEN = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)?)?")
_LIST = re.compile(r"[A-Za-z0-9_.-]+")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_WIKIDATA = re.compile(r"Q[1-9]\d*")


def convert(job: Job) -> Iterator[bytes]:
    """Convert statements or entities to Turtle.

    Raises:
        SourceError: It is no such file.
    """
    read = _statements_of_entities if ".json" in job.path.suffixes else _statements_of_table
    with spilling(job.memory_mb // 2) as tables, Claims(job, "attributed-claim") as claims:
        gathered = _Gathered(tables)
        for statement in read(job):
            gathered.add(statement)
            if not job.report.read % 50_000:
                job.progress("read", job.report.part(), f"{job.report.read:,} rows")
        claims.add_release()
        writer = _Writer(job, claims)
        done, total = 0, len(gathered)
        for entity, statements in gathered.iter_entities():
            writer.write(entity, statements)
            done += len(statements)
            job.progress("convert", done / total, f"{done:,} statements")
        job.require_counts()
        yield from claims.graph.iter_turtle()


class _Statement(NamedTuple):
    """One statement, as it is gathered.

    ``record`` and ``claim`` name the record and its claim, ``entity`` is whom it is about after merging and ``given``
    before, ``datasets`` are parted by semicolons, ``first`` and ``last`` are when it was seen.
    """

    line: int
    record: str
    sha256: str
    claim: str
    entity: str
    given: str
    schema: str
    prop: str
    value: str
    lang: str
    datasets: str
    first: str
    last: str


# Reading


def _statements_of_table(job: Job) -> Iterator[_Statement]:
    judge = _Judge(job.lookups, job.report)
    with open_table(job.path, _LAYOUT, job.report) as table:
        at = {
            name: table.columns.index(name) if name in table.columns else -1
            for name in (*_REQUIRED, *_OPTIONAL)
        }
        for row in table:
            values = row.values
            get = {name: values[place] if place >= 0 else "" for name, place in at.items()}
            if not judge.is_wanted(get["schema"], get["prop"], row.line, get["id"], is_row=True):
                continue
            problem = _problem_of(get)
            if problem:
                job.report.add(Issue(row.line, problem[0], problem[1], record=get["id"]))
                continue
            if get["external"] in _TRUE:
                job.report.ignore(
                    "statement that an enrichment adds and nobody has checked", is_row=True
                )
                continue
            yield _Statement(
                row.line, get["id"], row.sha256, get["prop"], get["canonical_id"], get["entity_id"],
                get["schema"], get["prop"], get["value"], get["lang"], get["dataset"], get["first_seen"],
                get["last_seen"],
            )  # fmt: skip


def _problem_of(values: Mapping[str, str]) -> tuple[str, str] | None:
    """The column and what is wrong with it."""
    for name in _REQUIRED:
        if not values[name].strip():
            return name, "is empty; every statement has one."
    if values["external"] not in _TRUE | _FALSE:
        return "external", f'"{values["external"][:20]}" is neither true nor false.'
    if values["lang"] and not _LANGUAGE.fullmatch(values["lang"]):
        return "lang", f'"{values["lang"][:20]}" is no language, such as eng.'
    if not _LIST.fullmatch(values["dataset"]):
        return (
            "dataset",
            f'"{values["dataset"][:40]}" is no name of a list, such as un_sc_sanctions.',
        )
    for name in ("first_seen", "last_seen"):
        if values[name] and not _SEEN.fullmatch(values[name]):
            return name, f'"{values[name][:30]}" is no moment, such as 2023-04-20T12:00:00.'
    return None


def _statements_of_entities(job: Job) -> Iterator[_Statement]:
    judge = _Judge(job.lookups, job.report)
    for record in iter_records(job.path, job.report):
        yield from _Entity(job, judge, record).iter_statements(record.content)


class _Entity:
    """Takes the entity of a line apart, and those that stand in it where they are nested."""

    def __init__(self, job: Job, judge: "_Judge", record: JsonRecord) -> None:
        self._report, self._judge, self._record = job.report, judge, record
        self._key = digest_key(str(record.content.get("id", "")))

    def iter_statements(self, content: Mapping[str, Any], depth: int = 0) -> Iterator[_Statement]:
        line, report = self._record.line, self._report
        identifier = content.get("id")
        schema, properties = content.get("schema"), content.get("properties")
        problem = ""
        if not isinstance(identifier, str) or not identifier:
            problem, identifier = 'has no "id", a text.', ""
        elif not isinstance(schema, str) or not isinstance(properties, dict):
            problem = 'must have a "schema", a text, and "properties", an object.'
        elif depth > _MOST_NESTED:
            problem = f"has entities within entities over {_MOST_NESTED} deep."
        if problem or not isinstance(schema, str) or not isinstance(properties, dict):
            report.add(Issue(line, "", problem, record=identifier))
            return
        for name in content.keys() - _ENTITY_FIELDS:
            report.add(
                Issue(
                    line,
                    name,
                    f'"{name}" is no field of an entity that is known.',
                    Fate.KEPT,
                    identifier,
                )
            )
        if not self._judge.is_wanted(schema, "id", line, identifier, is_row=depth == 0):
            return
        datasets = [each for each in content.get("datasets") or [] if isinstance(each, str)]
        first, last = (content.get(name) or "" for name in ("first_seen", "last_seen"))
        if not datasets or not all(_LIST.fullmatch(each) for each in datasets):
            report.add(
                Issue(
                    line, "datasets", "names no list, such as un_sc_sanctions.", record=identifier
                )
            )
            return
        if not all(
            isinstance(each, str) and (not each or _SEEN.fullmatch(each)) for each in (first, last)
        ):
            report.add(
                Issue(
                    line,
                    "first_seen",
                    "is no moment, such as 2023-04-20T12:00:00.",
                    record=identifier,
                )
            )
            return
        seen = _Seen(";".join(sorted(set(datasets))), first, last)
        yield self._state(identifier, schema, "id", identifier, seen)
        for prop, value in self._iter_values(schema, identifier, properties):
            back = self._judge.inverse_of(prop)
            if isinstance(value, str) and not back:
                yield self._state(identifier, schema, prop, value, seen)
            elif isinstance(value, Mapping) and isinstance(value.get("id"), str):
                if not back:
                    yield self._state(identifier, schema, prop, value["id"], seen)
                elif isinstance(value.get("schema"), str):
                    yield self._state(value["id"], value["schema"], back, identifier, seen)
                yield from self.iter_statements(value, depth + 1)
            else:
                problem = "has a value that is no text."
                report.add(Issue(line, prop, problem, Fate.KEPT, identifier))

    def _iter_values(
        self, schema: str, identifier: str, properties: Mapping[str, Any]
    ) -> Iterator[tuple[str, object]]:
        line = self._record.line
        for prop, values in properties.items():
            if not self._judge.inverse_of(prop) and not self._judge.is_wanted(
                schema, prop, line, identifier, is_row=False
            ):
                continue
            if not isinstance(values, list):
                problem = "is no list of values."
                self._report.add(Issue(line, prop, problem, Fate.KEPT, identifier))
                continue
            yield from ((prop, each) for each in values if each != "")

    def _state(self, entity: str, schema: str, prop: str, value: str, seen: "_Seen") -> _Statement:
        claim = f"{digest_key(entity)}-{prop}-{digest_key(value)}"
        return _Statement(
            self._record.line, self._key, self._record.sha256, claim, entity, entity, schema, prop, value, "", *seen
        )  # fmt: skip


class _Seen(NamedTuple):
    """Which lists say it, parted by semicolons, and when that was first and last seen."""

    datasets: str
    first: str
    last: str


class _Judge:
    """Says of each property whether it is converted; counts what is ignored, tells what is unknown."""

    def __init__(self, lookups: Lookups, report: Report) -> None:
        self._lookups, self._report = lookups, report
        self._known: dict[tuple[str, str], tuple[str, str]] = {}

    def is_wanted(self, schema: str, prop: str, line: int, record: str, *, is_row: bool) -> bool:
        verdict = self._known.get((schema, prop))
        if verdict is None:
            verdict = self._known[schema, prop] = self._judge(schema, prop)
        what, text = verdict
        if what == "ignore":
            self._report.ignore(text, is_row=is_row)
        elif what:
            fate = Fate.REJECTED if is_row else Fate.KEPT
            self._report.add(Issue(line, what, text, fate, record))
        return not what

    def inverse_of(self, prop: str) -> str:
        """The property of a nested entity that points back, where this one only leads to it."""
        return self._lookups["nested"].get(prop, "")

    def _judge(self, schema: str, prop: str) -> tuple[str, str]:
        lookups = self._lookups
        if schema in lookups["ignore_schema"]:
            return "ignore", f"{schema}: {lookups['ignore_schema'][schema]}"
        if schema not in lookups["schema"]:
            return "schema", lookups.unknown("schema", schema)
        if action_of(lookups, schema, prop):
            return "", ""
        for name in (f"{schema}.{prop}", prop):
            if name in lookups.ignored:
                return "ignore", f"{name}: {lookups.ignored[name]}"
        close = get_close_matches(prop, [*lookups["property"], *lookups.ignored], n=1)
        hint = f' Closest known: "{close[0]}".' if close else ""
        return "prop", (
            f'"{prop[:40]}" is no property that is known.{hint} Add it to lookups.toml under [property], or to'
            " [ignore] with a reason."
        )


def action_of(lookups: Lookups, schema: str, prop: str) -> str:
    """What becomes of a property; empty where it is not converted."""
    of_schema = f"{schema}.{prop}"
    if of_schema in lookups.ignored:
        return ""
    return lookups["property"].get(of_schema) or lookups["property"].get(prop, "")


# Gathering


class _Other(NamedTuple):
    """What else there is about a statement.

    Where its value names an entity: that entity's id after merging, its schemata and what it is called. Which of
    several records of one id it is of, on which line it stands first, and the how many-th of its kind it is.
    """

    entity: str | None
    schemata: list[str] | None
    caption: str | None
    version: int
    first_line: int
    number: int


class _Gathered:
    """Statements in a table that spills to disk."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        columns = ", ".join(
            f"{name} {'BIGINT' if name == 'line' else 'VARCHAR'}" for name in _COLUMNS
        )
        connection.execute(f"CREATE TABLE statement ({columns})")
        self._waiting: list[_Statement] = []

    def __len__(self) -> int:
        self._flush()
        ((number,),) = self._connection.execute("SELECT count(*) FROM statement").fetchall()
        return int(number)

    def add(self, statement: _Statement) -> None:
        self._waiting.append(statement)
        if len(self._waiting) >= _MOST_WAITING:
            self._flush()

    def iter_entities(self) -> Iterator[tuple[str, list[tuple[_Statement, _Other]]]]:
        """Each entity with its statements, and what those name; in the same order however they came."""
        self._flush()
        self._connection.execute(_RELATE)
        rows = (
            (_Statement(*row[: len(_COLUMNS)]), _Other(*row[len(_COLUMNS) :]))
            for row in iter_rows(self._connection, _READ, _MOST_WAITING)
        )
        for entity, found in groupby(rows, key=lambda each: each[0].entity):
            yield entity, list(found)

    def _flush(self) -> None:
        if not self._waiting:
            return
        columns = list(zip(*self._waiting, strict=True))
        append(self._connection, "statement", pa.table(columns, names=list(_COLUMNS)))
        self._waiting.clear()


_RELATE = """
CREATE TABLE entity AS
  SELECT entity, list_sort(list(DISTINCT schema)) AS schemata,
    min(value) FILTER (WHERE schema = 'Address' AND prop = 'full' OR schema = 'Position' AND prop = 'name') AS caption
  FROM statement GROUP BY entity;
CREATE TABLE known AS
  SELECT given AS name, min(entity) AS entity FROM statement GROUP BY given
  UNION SELECT entity, entity FROM statement;
CREATE TABLE other AS
  SELECT name, min(entity) AS entity FROM known GROUP BY name;
"""
_READ = """
SELECT s.*, o.entity, e.schemata, e.caption,
  dense_rank() OVER (PARTITION BY s.record ORDER BY s.sha256) AS version,
  first_value(s.line) OVER same AS first_line, row_number() OVER same AS number
FROM statement s LEFT JOIN other o ON o.name = s.value AND s.prop <> 'id' LEFT JOIN entity e ON e.entity = o.entity
WINDOW same AS (PARTITION BY s.record, s.claim, s.sha256 ORDER BY s.line)
ORDER BY s.entity, s.record, s.claim, s.sha256, s.line
"""


# Writing


class _Writer:
    """Writes entity after entity."""

    def __init__(self, job: Job, claims: Claims) -> None:
        self._job, self._claims, self._graph = job, claims, claims.graph
        self._report, self._lookups = job.report, job.lookups
        self._concept = cache(claims.concept)
        self._actions = cache(lambda schema, prop: action_of(self._lookups, schema, prop))
        self._dataset = cache(self._add_dataset)

    def write(self, entity: str, found: list[tuple[_Statement, _Other]]) -> None:
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

    def _once(
        self, found: Iterable[tuple[_Statement, _Other]]
    ) -> Iterator[tuple[_Statement, _Other]]:
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
        statements: list[tuple[_Statement, _Other]],
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

    def _write_statement(self, iri: URIRef, statement: _Statement, other: _Other) -> None:
        action, _, argument = self._actions(statement.schema, statement.prop).partition(" ")
        if action == "entity":
            return
        try:
            self._WRITERS[action](self, iri, statement, other, argument)
        except (InvalidValueError, UnmappedValueError) as error:
            self._report.add(
                Issue(
                    statement.line, statement.prop, error.problem, Fate.REJECTED, statement.record
                )
            )

    def _write_name(self, iri: URIRef, statement: _Statement, _: _Other, kind: str) -> None:
        value = self._literal(statement)
        is_long = len(value.split()) > MOST_WORDS
        predicate = SKOS.prefLabel if kind == "main" or is_long else SKOS.altLabel
        claim = self._claim(iri, statement, predicate, value)
        self._graph.add_all(
            claim,
            (CKG.nameKind, self._concept("name-kind", "alias" if kind == "low" else kind)),
            (CKG.aliasQuality, self._concept("alias-quality", "low") if kind == "low" else None),
        )

    def _write_date(self, iri: URIRef, statement: _Statement, _: _Other, kind: str) -> None:
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

    def _write_text(self, iri: URIRef, statement: _Statement, _: _Other, name: str) -> None:
        self._claim(iri, statement, CKG[name], self._literal(statement))

    def _write_words(self, iri: URIRef, statement: _Statement, _: _Other, name: str) -> None:
        self._claim(iri, statement, CKG[name], self._literal(statement, most=MOST_WORDS))

    def _write_country(self, iri: URIRef, statement: _Statement, _: _Other, name: str) -> None:
        self._claim(iri, statement, CKG[name], Literal(require_country(statement.value), lang="en"))

    def _write_place(self, iri: URIRef, statement: _Statement, _: _Other, __: str) -> None:
        self._claim(
            iri, statement, CKG.associatedCountry, add_country(self._graph, statement.value)
        )

    def _write_topic(self, iri: URIRef, statement: _Statement, _: _Other, __: str) -> None:
        words = self._lookups["topic"].get(statement.value)
        if words is None:
            raise UnmappedValueError(self._lookups.unknown("topic", statement.value))
        self._claim(iri, statement, CKG.describedAs, Literal(words, lang="en"))

    def _write_caption(self, iri: URIRef, statement: _Statement, other: _Other, name: str) -> None:
        self._claim(
            iri, statement, CKG[name], Literal(_require_caption(statement, other), lang="und")
        )

    def _write_wikidata(self, iri: URIRef, statement: _Statement, _: _Other, __: str) -> None:
        if not _WIKIDATA.fullmatch(statement.value):
            raise InvalidValueError(
                f'"{statement.value[:20]}" is no item of Wikidata, such as Q889.'
            )
        self._record(statement)
        self._add_mapping(iri, statement.value)

    def _write_parent(self, iri: URIRef, statement: _Statement, other: _Other, _: str) -> None:
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

    def _write_tie(
        self, entity: str, kind: str, statements: list[tuple[_Statement, _Other]]
    ) -> None:
        schema = statements[0][0].schema
        words = self._lookups["schema"][schema].split()
        ends: dict[str, list[tuple[_Statement, _Other]]] = {}
        rest: list[_Statement] = []
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
            for statement, other in ends[words[1]]:
                self._write_sanction(statement, other, used, interval)
            return
        for (one, one_is), (two, two_is) in product(ends[words[1]], ends[words[2]]):
            try:
                self._write_pair(entity, words, (one, one_is), (two, two_is), used, interval)
            except InvalidValueError as error:
                self._report.add(Issue(two.line, two.prop, error.problem, record=two.record))

    def _write_pair(
        self,
        entity: str,
        words: list[str],
        one: tuple[_Statement, _Other],
        two: tuple[_Statement, _Other],
        rest: list[_Statement],
        interval: "_Interval",
    ) -> None:
        _, member = self._require_actor(*one)
        if words[0] == "office":
            office = Literal(_shorten(_require_caption(*two)), lang="und")
            claims = [self._claim(member, two[0], CKG.designation, office)]
            subject = member
        else:
            kind, group = self._require_actor(*two)
            if words[0] == "tenure" and kind == "organization":
                subject = mint_thing(
                    "tenure", f"opensanctions/{digest_key(entity, str(member), str(group))}"
                )
                self._graph.add_all(
                    subject,
                    (RDF.type, CKG.Tenure),
                    (ORG.member, member),
                    (ORG.organization, group),
                    (
                        ORG.role,
                        self._concept("role", "member" if words[1] == "member" else "other"),
                    ),
                    *valid_in(*interval),
                )
                claims = [
                    self._claim(subject, one[0], ORG.member, member),
                    self._claim(subject, two[0], ORG.organization, group),
                ]
            else:
                name = words[3] if len(words) > 3 else "associatedWith"
                subject = member
                claims = [self._claim(member, two[0], CKG[name], group)]
        for claim in claims:
            self._graph.add_all(claim, *valid_in(*interval))
        for statement in rest:
            if self._actions(statement.schema, statement.prop).startswith("words"):
                claim = self._claim(
                    subject, statement, CKG.designation, self._literal(statement, most=MOST_WORDS)
                )
                self._graph.add_all(claim, *valid_in(*interval))

    def _write_sanction(
        self, end: _Statement, other: _Other, rest: list[_Statement], interval: "_Interval"
    ) -> None:
        try:
            _, target = self._require_actor(end, other)
        except InvalidValueError as error:
            self._report.add(Issue(end.line, end.prop, error.problem, record=end.record))
            return
        for statement in rest:
            action = self._actions(statement.schema, statement.prop)
            try:
                if action == "list":
                    claim = self._claim(
                        target, statement, CKG.sanctionsList, self._literal(statement)
                    )
                    self._graph.add_all(claim, *valid_in(*interval))
                elif action == "identifier":
                    self._claim(target, statement, DCTERMS.identifier, Literal(statement.value))
                elif action == "listed":
                    self._claim(target, statement, CKG.listedOn, Literal(_day(statement.value)))
            except InvalidValueError as error:
                self._report.add(
                    Issue(statement.line, statement.prop, error.problem, record=statement.record)
                )

    def _interval(self, statements: list[_Statement]) -> tuple["_Interval", list[_Statement]]:
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
        self, subject: URIRef, statement: _Statement, predicate: URIRef, value: Node
    ) -> URIRef:
        record = self._record(statement)
        name = statement.claim
        claim = self._claims.add_claim(
            record, name, subject, predicate, value, provenance=self._provenance(statement, record)
        )
        self._add_first_seen(claim, statement)
        return claim

    def _record(self, statement: _Statement) -> URIRef:
        return self._claims.add_record(statement.record, statement.line, statement.sha256)

    def _provenance(self, statement: _Statement, record: URIRef) -> Provenance:
        return Provenance(
            "attributed-claim",
            self._job.description.review,
            tuple(self._dataset(each) for each in statement.datasets.split(";")),
            record,
            reported_by=(self._claims.publisher,),
            as_of=date.fromisoformat(statement.last[:10]) if statement.last else None,
        )

    def _add_first_seen(self, claim: URIRef, statement: _Statement) -> None:
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

    def _require_actor(self, statement: _Statement, other: _Other) -> tuple[str, URIRef]:
        """Of which kind the entity is that a statement names, and its IRI."""
        kind = _kind_of(self._lookups, other.schemata or [])
        if other.entity is None:
            raise InvalidValueError(
                f"names entity {statement.value[:40]}, which is not in the file or is of a schema that is ignored."
            )
        if kind not in ("person", "organization", "actor"):
            raise InvalidValueError(f"names {other.entity[:40]}, which is no person or group.")
        return kind, iri_of(other.entity, kind)

    def _literal(self, statement: _Statement, most: int = 0) -> Literal:
        text = " ".join(statement.value.split())
        if not text:
            raise InvalidValueError("is empty.")
        tag = self._lookups["language"].get(statement.lang, statement.lang) or "und"
        return Literal(_shorten(text) if most else text, lang=tag)

    def _add_mapping(self, iri: URIRef, item: str) -> None:
        self._claims.add_mapping(iri, f"http://www.wikidata.org/entity/{item}")


class _Interval(NamedTuple):
    first: date | None
    last: date | None


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


def _rank_of_name(statement: _Statement) -> tuple[bool, str, str]:
    """English names and those without a language first, then by the alphabet."""
    return statement.lang not in ("", "eng"), statement.value, statement.lang


def _require_caption(statement: _Statement, other: _Other) -> str:
    if not other.caption:
        raise InvalidValueError(
            f"names {statement.value[:40]}, of which the file does not say what it is called."
        )
    return other.caption


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
