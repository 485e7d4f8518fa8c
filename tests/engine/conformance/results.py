"""Expected results from the suite's files: SPARQL results in XML, JSON, CSV and TSV, and RDF."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD, XSD_STRING, Blank, Iri, Literal, Row, Term

from .comparing import UNTYPED, Result, Table, TripleSet

RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_XML_RESULTS = "{http://www.w3.org/2005/sparql-results#}"
_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

RDF_FORMATS = {
    ".ttl": ox.RdfFormat.TURTLE,
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".rdf": ox.RdfFormat.RDF_XML,
}


def read_result(path: Path, base: str) -> Result:
    """The result that a file holds, by its suffix."""
    if path.suffix in RDF_FORMATS:
        return rdf_result(read_triples(path, base))
    return read_results_text(path.read_bytes().decode("utf-8"), path.suffix)


def read_results_text(text: str, suffix: str) -> Result:
    """The result in a text of one of SPARQL's result formats, named by the suffix of such files.

    >>> read_results_text("a,b" + chr(10) + "x,", ".csv").rows
    ((Literal(lexical='x', datatype='', language='', direction=''), None),)
    """
    readers = {".srx": _read_xml, ".srj": _read_json, ".csv": _read_csv, ".tsv": _read_tsv}
    return readers[suffix](text)


# RDF


def read_triples(path: Path, base: str) -> list[Row]:
    """The triples of a file; its blank nodes are those of no other reading."""
    with path.open("rb") as file:
        quads = ox.parse(file, RDF_FORMATS[path.suffix], base_iri=base, rename_blank_nodes=True)
        return [(*map(to_term, (q.subject, q.predicate, q.object)),) for q in quads]


def to_term(term: object) -> Term:
    """A term of pyoxigraph as ours."""
    if isinstance(term, ox.NamedNode):
        return Iri(term.value)
    if isinstance(term, ox.BlankNode):
        return Blank(term.value)
    if isinstance(term, ox.Literal):
        return Literal(term.value, term.datatype.value, term.language or "")
    raise TypeError(f"{term!r} is not a term of RDF 1.1")


def rdf_result(triples: Iterable[Row]) -> Result:
    """A result set written as RDF, or else the graph itself."""
    graph = list(triples)
    about: dict[Term | None, dict[Term | None, list[Term]]] = {}
    for subject, predicate, object_ in graph:
        if object_ is not None:
            about.setdefault(subject, {}).setdefault(predicate, []).append(object_)
    sets = [s for s, p, o in graph if p == Iri(RDF + "type") and o == Iri(RS + "ResultSet")]
    if not sets:
        return TripleSet(frozenset(graph))
    root = about[sets[0]]
    if truth := root.get(Iri(RS + "boolean")):
        return _text(truth[0]) in {"true", "1"}
    variables = tuple(sorted(_text(each) for each in root.get(Iri(RS + "resultVariable"), [])))
    solutions = [about.get(each, {}) for each in root.get(Iri(RS + "solution"), [])]
    index = Iri(RS + "index")
    ordered = bool(solutions) and all(index in each for each in solutions)
    if ordered:
        solutions.sort(key=lambda each: int(_text(each[index][0])))
    rows = []
    for solution in solutions:
        bindings = [about[each] for each in solution.get(Iri(RS + "binding"), [])]
        found = {
            _text(each[Iri(RS + "variable")][0]): each[Iri(RS + "value")][0] for each in bindings
        }
        rows.append(tuple(found.get(name) for name in variables))
    return Table(variables, tuple(rows), ordered)


def _text(term: Term) -> str:
    return term.lexical if isinstance(term, Literal) else str(term)


# Result formats


def _table(variables: Iterable[str], rows: Iterable[Mapping[str, Term]]) -> Table:
    names = tuple(variables)
    return Table(names, tuple(tuple(row.get(name) for name in names) for row in rows))


def _literal(lexical: str, datatype: str | None, language: str | None) -> Literal:
    if language:
        return Literal(lexical, RDF_LANG_STRING, language)
    return Literal(lexical, datatype or XSD_STRING)


def _read_xml(text: str) -> Result:
    root = ET.fromstring(text)  # noqa: S314 -- the suite's own files
    truth = root.findtext(_XML_RESULTS + "boolean")
    if truth is not None:
        return truth.strip() == "true"
    names = [str(each.get("name")) for each in root.iter(_XML_RESULTS + "variable")]
    rows = [
        {
            str(binding.get("name")): _xml_term(binding[0])
            for binding in result.iter(_XML_RESULTS + "binding")
        }
        for result in root.iter(_XML_RESULTS + "result")
    ]
    return _table(names, rows)


def _xml_term(element: ET.Element) -> Term:
    text = element.text or ""
    kind = element.tag.removeprefix(_XML_RESULTS)
    if kind == "uri":
        return Iri(text.strip())
    if kind == "bnode":
        return Blank(text.strip())
    return _literal(text, element.get("datatype"), element.get(_XML_LANG))


def _read_json(text: str) -> Result:
    document = json.loads(text)
    if "boolean" in document:
        return bool(document["boolean"])
    rows = [
        {name: _json_term(term) for name, term in row.items()}
        for row in document["results"]["bindings"]
    ]
    return _table(document["head"].get("vars", []), rows)


def _json_term(term: Mapping[str, Any]) -> Term:
    value = str(term["value"])
    if term["type"] == "uri":
        return Iri(value)
    if term["type"] == "bnode":
        return Blank(value)
    if term["type"] not in {"literal", "typed-literal"}:
        raise ValueError(f"unknown type of term {term['type']!r}")
    return _literal(value, term.get("datatype"), term.get("xml:lang"))


def _read_csv(text: str) -> Result:
    lines = list(csv.reader(io.StringIO(text, newline="")))
    head, *rest = lines or [[]]
    rows = [
        {name: _csv_term(cell) for name, cell in zip(head, line, strict=True) if cell}
        for line in rest
    ]
    return _table(head, rows)


def _csv_term(cell: str) -> Term:
    return Blank(cell[2:]) if cell.startswith("_:") else Literal(cell, UNTYPED)


_TSV_LITERAL = re.compile(
    r"""("(?:[^"\\\t\n\r]|\\.)*"|'(?:[^'\\\t\n\r]|\\.)*')(?:@([A-Za-z0-9-]+)|\^\^<([^<>]*)>)?"""
)
_TSV_SHORT = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD + "double": re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+"),
    XSD + "boolean": re.compile(r"true|false"),
}
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)")
_ESCAPED = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f"}


def _read_tsv(text: str) -> Result:
    lines = text.removesuffix("\n").split("\n")
    head = [each.lstrip("?$") for each in lines[0].split("\t")] if lines[0] else []
    rows = []
    for line in lines[1:]:
        cells = line.removesuffix("\r").split("\t")
        if len(cells) != max(1, len(head)):
            raise ValueError(f"{len(cells)} cells for {len(head)} variables: {line!r}")
        rows.append({n: _tsv_term(c) for n, c in zip(head, cells, strict=False) if c})
    return _table(head, rows)


def _tsv_term(cell: str) -> Term:
    if cell.startswith("<") and cell.endswith(">"):
        return Iri(_unescape(cell[1:-1]))
    if cell.startswith("_:"):
        return Blank(cell[2:])
    if match := _TSV_LITERAL.fullmatch(cell):
        return _literal(_unescape(match[1][1:-1]), match[3], match[2])
    for datatype, form in _TSV_SHORT.items():
        if form.fullmatch(cell):
            return Literal(cell, datatype)
    raise ValueError(f"{cell!r} is not a term in TSV")


def _unescape(text: str) -> str:
    def replace(match: re.Match[str]) -> str:
        code = match[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(replace, text)
