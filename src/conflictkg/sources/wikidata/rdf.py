"""Entities of Wikidata's RDF in the form of its JSON: truthy and full statements, times and positions with precision.

A dump tells of an entity in many triples, and of a time or a position apart from the statement that has it. So those
triples that matter are gathered in a table that spills to disk, and read from it entity by entity.

Source: https://www.mediawiki.org/wiki/Wikibase/Indexing/RDF_Dump_Format
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyoxigraph

from conflictkg.errors import SourceError
from conflictkg.sources.description import Lookups
from conflictkg.sources.job import Job
from conflictkg.sources.jsonlines import JsonRecord
from conflictkg.sources.spilling import append, iter_rows, spilling
from conflictkg.sources.tables import Lines, open_binary
from conflictkg.sources.wikidata.model import reason_for_property, reason_for_qualifier

_ENTITY = "http://www.wikidata.org/entity/"
_SPACES = {
    f"{_ENTITY}statement/": "wds",
    "http://www.wikidata.org/prop/direct/": "wdt",
    "http://www.wikidata.org/prop/statement/value/": "psv",
    "http://www.wikidata.org/prop/statement/": "ps",
    "http://www.wikidata.org/prop/qualifier/value/": "pqv",
    "http://www.wikidata.org/prop/qualifier/": "pq",
    "http://www.wikidata.org/prop/reference/": "pr",
    "http://www.wikidata.org/prop/novalue/": "wdno",
    "http://www.wikidata.org/prop/": "p",
    "http://wikiba.se/ontology#": "wikibase",
    "http://www.w3.org/ns/prov#": "prov",
    "http://www.w3.org/2000/01/rdf-schema#": "rdfs",
    "http://www.w3.org/2004/02/skos/core#": "skos",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns#": "rdf",
    "http://www.wikidata.org/reference/": "wdref",
    "http://www.wikidata.org/value/": "wdv",
    _ENTITY: "wd",
}
_PLAIN = frozenset(
    ("wikibase:rank", "wikibase:timeValue", "wikibase:timePrecision", "wikibase:timeCalendarModel",
     "wikibase:geoLatitude", "wikibase:geoLongitude", "wikibase:geoGlobe", "prov:wasDerivedFrom", "rdfs:label",
     "skos:altLabel")
)  # fmt: skip
_REFERENCES = frozenset({"pr:P854", "pr:P248"})
_NUMBER = re.compile(r"P[1-9]\d*")
_ITEM = re.compile(r"wd:Q[1-9]\d*")
_POINT = re.compile(r"(?:<([^>]*)>\s*)?Point\(\s*(\S+)\s+(\S+)\s*\)", re.IGNORECASE)
_RANKS = {"PreferredRank": "preferred", "NormalRank": "normal", "DeprecatedRank": "deprecated"}
_WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"
_DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
_DECIMAL = "http://www.w3.org/2001/XMLSchema#decimal"
_AT_ONCE = 50_000
_MOST_READ = 1 << 20
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_FORMATS = {".nt": pyoxigraph.RdfFormat.N_TRIPLES, ".ttl": pyoxigraph.RdfFormat.TURTLE}


def is_rdf(job: Job) -> bool:
    """Whether the file's name says that it is RDF."""
    return any(each in _FORMATS for each in job.path.suffixes)


def iter_rdf_entities(job: Job) -> Iterator[JsonRecord]:
    """The entities of an RDF file as records of JSON; their lines are their places by number.

    Raises:
        SourceError: It is no RDF, or damaged.
    """
    form = next(_FORMATS[each] for each in job.path.suffixes if each in _FORMATS)
    with spilling(job.memory_mb // 2) as connection:
        connection.execute("CREATE TABLE triple (s VARCHAR, p VARCHAR, o VARCHAR, tag VARCHAR)")
        with open_binary(job.path, job.report.file) as stream:
            _gather(connection, stream, form, job)
        yield from _assemble(connection, job)


# Gathering


def _gather(
    connection: duckdb.DuckDBPyConnection, stream: BinaryIO, form: pyoxigraph.RdfFormat, job: Job
) -> None:
    wanted = _wanted(job.lookups)
    rows: list[tuple[str, str, str, str]] = []
    triples = 0
    try:
        checked = _Checked(stream, job.report.file)
        for triple in pyoxigraph.parse(checked, format=form):  # type: ignore[arg-type]  # it reads, and no more is asked for
            triples += 1
            if not triples % 1_000_000:
                job.progress("read", None, f"{triples:,} triples")
            row = _row_of(triple, wanted, job)
            if row is not None:
                rows.append(row)
            if len(rows) >= _AT_ONCE:
                _flush(connection, rows)
    except SyntaxError as error:
        raise SourceError(
            f"is no RDF of the form that its name says: {error}", source=job.report.file
        ) from error
    _flush(connection, rows)


class _Checked:
    """Bytes on their way to the parser, without triples within triples: nested deeply they end the process.

    Wikidata's RDF has none. What stands in quotation marks is not looked at.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._lines, self._file, self._rest = Lines(stream, file), file, b""

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or fewer at the end; what is handed out stood in lines that were looked at whole."""
        size = _MOST_READ if size < 0 else size
        pieces, held = [self._rest], len(self._rest)
        while held < size:
            text = next(self._lines, "")
            if not text:
                break
            if "<<" in text and "<<" in _QUOTED.sub("", text):
                raise SourceError(
                    "has triples within triples, which the RDF of Wikidata has not.",
                    source=self._file,
                    line=self._lines.number,
                )
            pieces.append(text.encode())
            held += len(pieces[-1])
        whole = b"".join(pieces)
        self._rest = whole[size:]
        return whole[:size]


def _wanted(lookups: Lookups) -> frozenset[str]:
    numbers = {name.rpartition(".")[2] for name in lookups["property"]}
    found = {f"{space}:{each}" for each in numbers for space in ("p", "ps", "psv", "wdt", "wdno")}
    found |= {f"{space}:{each}" for each in lookups["qualifier"] for space in ("pq", "pqv")}
    return frozenset(found | _PLAIN | _REFERENCES)


def _row_of(
    triple: pyoxigraph.Triple | pyoxigraph.Quad, wanted: frozenset[str], job: Job
) -> tuple[str, str, str, str] | None:
    """A triple in short, if it matters."""
    subject, predicate, value = triple.subject, short(triple.predicate.value), triple.object
    if not isinstance(subject, pyoxigraph.NamedNode):
        return None
    name = short(subject.value)
    if predicate == "rdf:type" and isinstance(value, pyoxigraph.NamedNode):
        kind = short(value.value)
        return (name, "wdno", kind, "") if kind.startswith("wdno:") and kind in wanted else None
    if predicate not in wanted:
        space, _, local = predicate.partition(":")
        if space == "p" and name.startswith("wd:") and _NUMBER.fullmatch(local):
            job.report.ignore(reason_for_property(job.lookups, local))
        elif space == "pq" and _NUMBER.fullmatch(local):
            job.report.ignore(reason_for_qualifier(job.lookups, local))
        return None
    if isinstance(value, pyoxigraph.Literal):
        return (
            name,
            predicate,
            value.value,
            f"@{value.language}" if value.language else value.datatype.value,
        )
    if isinstance(value, pyoxigraph.NamedNode):
        shown = short(value.value)
        return (name, predicate, shown, "unknown" if "/.well-known/genid/" in shown else "iri")
    return (name, predicate, "", "unknown")


def short(iri: str) -> str:
    """An IRI with one of Wikidata's prefixes; as it is where none fits.

    >>> short("http://www.wikidata.org/prop/statement/value/P569")
    'psv:P569'
    """
    head, separator, local = iri.rpartition("#" if "#" in iri else "/")
    prefix = _SPACES.get(head + separator)
    return f"{prefix}:{local}" if prefix else iri


def _flush(connection: duckdb.DuckDBPyConnection, rows: list[tuple[str, str, str, str]]) -> None:
    if not rows:
        return
    content = pa.table(list(zip(*rows, strict=True)), names=["s", "p", "o", "tag"])
    append(connection, "triple", content)
    rows.clear()


# Entities from triples

_RELATE = """
CREATE TABLE node AS
  SELECT s, max(o) FILTER (p = 'wikibase:timeValue') AS t, max(o) FILTER (p = 'wikibase:timePrecision') AS precision,
    max(o) FILTER (p = 'wikibase:timeCalendarModel') AS calendar,
    max(o) FILTER (p = 'wikibase:geoLatitude') AS latitude,
    max(o) FILTER (p = 'wikibase:geoLongitude') AS longitude, max(o) FILTER (p = 'wikibase:geoGlobe') AS globe
  FROM triple WHERE starts_with(s, 'wdv:') GROUP BY s;
CREATE TABLE owner AS
  SELECT DISTINCT s AS entity, o AS statement, split_part(p, ':', 2) AS property
  FROM triple WHERE starts_with(p, 'p:') AND starts_with(s, 'wd:');
CREATE TABLE fact AS
  SELECT s AS entity, '' AS statement, '' AS property, p, o, tag, NULL AS node
  FROM triple WHERE starts_with(s, 'wd:') AND NOT starts_with(p, 'p:')
  UNION
  SELECT w.entity, w.statement, w.property, t.p, t.o, t.tag,
    CASE WHEN n.s IS NULL THEN NULL ELSE struct_pack(time := n.t, precision := n.precision, calendar := n.calendar,
      latitude := n.latitude, longitude := n.longitude, globe := n.globe) END
  FROM owner w JOIN triple t ON t.s = w.statement LEFT JOIN node n ON n.s = t.o
  UNION
  SELECT w.entity, w.statement, w.property, r.p, r.o, r.tag, NULL
  FROM owner w JOIN triple t ON t.s = w.statement AND t.p = 'prov:wasDerivedFrom' JOIN triple r ON r.s = t.o;
"""
_READ = """
SELECT entity, statement, property, p, o, tag, node FROM fact
ORDER BY TRY_CAST(substr(entity, 5) AS BIGINT), entity, statement, p, o, tag
"""


def _assemble(connection: duckdb.DuckDBPyConnection, job: Job) -> Iterator[JsonRecord]:
    connection.execute(_RELATE)
    rows = iter_rows(connection, _READ, _AT_ONCE)
    for entity, found in groupby(rows, key=itemgetter(0)):
        if not _ITEM.fullmatch(entity):
            continue
        job.report.read += 1
        facts = list(found)
        digest = hashlib.sha256(
            "\n".join(repr(each) for each in facts).encode("utf-8", "surrogatepass")
        )
        yield JsonRecord(
            job.report.read, _entity(entity.partition(":")[2], facts), digest.hexdigest()
        )


Fact = tuple[str, str, str, str, str, str, Mapping[str, Any] | None]


def _entity(identifier: str, facts: list[Fact]) -> dict[str, Any]:
    labels: dict[str, Any] = {}
    aliases: dict[str, list[Any]] = {}
    claims: dict[str, list[Any]] = {}
    for statement, rows in groupby(facts, key=itemgetter(1)):
        found = list(rows)
        if statement:
            claims.setdefault(found[0][2], []).append(_statement(statement, found))
            continue
        for _, _, _, predicate, text, tag, _ in found:
            if predicate == "rdfs:label" and tag.startswith("@"):
                labels[tag[1:]] = {"language": tag[1:], "value": text}
            elif predicate == "skos:altLabel" and tag.startswith("@"):
                aliases.setdefault(tag[1:], []).append({"language": tag[1:], "value": text})
    truthy = [each for each in facts if each[3].startswith("wdt:")]
    full = set(claims)
    for _, _, _, predicate, value, tag, _ in truthy:
        name = predicate.partition(":")[2]
        if name not in full:
            key = hashlib.sha256(f"{identifier} {name} {value} {tag}".encode()).hexdigest()[:24]
            snak = _snak(value, tag, None)
            claims.setdefault(name, []).append(
                {"id": f"{identifier}$truthy-{key}", "mainsnak": snak}
            )
    return {
        "id": identifier,
        "type": "item",
        "labels": labels,
        "aliases": aliases,
        "claims": claims,
    }


def _statement(name: str, facts: list[Fact]) -> dict[str, Any]:
    number = facts[0][2]
    main: dict[str, Any] = {"snaktype": "somevalue"}
    qualifiers: dict[str, list[Any]] = {}
    sources: dict[str, list[Any]] = {}
    rank = ""
    deep = {
        each[3].replace("v:", ":")
        for each in facts
        if each[3].startswith(("psv:", "pqv:")) and each[6]
    }
    for _, _, _, predicate, value, tag, node in facts:
        space, _, local = predicate.partition(":")
        if predicate == "wikibase:rank":
            rank = _RANKS.get(value.partition(":")[2], value)
        elif predicate == "wdno":
            main = {"snaktype": "novalue"}
        elif space in ("ps", "psv") and local == number:
            if not (space == "ps" and predicate in deep) and not (space == "psv" and node is None):
                main = _snak(value, tag, node)
        elif space in ("pq", "pqv"):
            if not (space == "pq" and predicate in deep) and not (space == "pqv" and node is None):
                qualifiers.setdefault(local, []).append(_snak(value, tag, node))
        elif space == "pr":
            sources.setdefault(local, []).append(
                _snak(value, "string" if local == "P854" else tag, None)
            )
    return {
        "id": name.partition(":")[2],
        "rank": rank,
        "mainsnak": main,
        "qualifiers": qualifiers,
        "references": [{"snaks": sources}] if sources else [],
    }


def _snak(value: str, tag: str, node: Mapping[str, Any] | None) -> dict[str, Any]:
    """A value in the form of the JSON."""
    if tag == "unknown":
        return {"snaktype": "somevalue"}
    if node is not None and node["time"] is not None:
        return _value("time", _time(node["time"], node["precision"], node["calendar"]))
    if node is not None and node["latitude"] is not None:
        position = {"latitude": _float(node["latitude"]), "longitude": _float(node["longitude"])}
        return _value("globecoordinate", {**position, "globe": _local(node["globe"])})
    if tag == "iri" and value.startswith("wd:"):
        return _value("wikibase-entityid", {"id": value[3:]})
    if tag == _DATE_TIME:
        return _value("time", _time(value, _guessed_precision(value), None))
    if tag == _DECIMAL:
        return _value("quantity", {"amount": value})
    if tag == _WKT and (found := _POINT.match(value)):
        position = {"latitude": _float(found[3]), "longitude": _float(found[2])}
        return _value("globecoordinate", {**position, "globe": _local(found[1])})
    if tag.startswith("@"):
        return _value("monolingualtext", {"text": value, "language": tag[1:]})
    return _value("string", value)


def _value(kind: str, value: object) -> dict[str, Any]:
    return {"snaktype": "value", "datavalue": {"type": kind, "value": value}}


def _time(value: str, precision: object, calendar: object) -> dict[str, Any]:
    """A time; in RDF they are of the Gregorian calendar, whatever calendar their editors meant."""
    return {
        "time": value,
        "precision": precision,
        "calendarmodel": calendar or "",
        "gregorian": True,
    }


def _guessed_precision(value: str) -> int:
    """Of a time in a truthy dump, which says none: the first of January may stand for a whole year, so it does."""
    return 9 if "-01-01T" in value else 10 if "-01T" in value else 11


def _local(globe: str | None) -> str:
    """The item of a globe; without one it is the earth."""
    return globe.removeprefix("wd:") if globe else "Q2"


def _float(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
