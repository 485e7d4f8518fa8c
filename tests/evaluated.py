"""Expressions in tests: from SPARQL text to the term that the evaluator gives."""

from datetime import UTC, datetime

import pyoxigraph as ox

from conflictkg.answers import RDF_LANG_STRING, XSD, Blank, Iri, Literal, Term
from conflictkg.engine.algebra import Expression, Extend, Project, Select
from conflictkg.engine.evaluate import Context, ExpressionError, compile_expression
from conflictkg.engine.syntax import parse_query

PREFIXES = {
    "xsd": XSD,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "geo": "http://www.opengis.net/ont/geosparql#",
    "geof": "http://www.opengis.net/def/function/geosparql/",
    "uom": "http://www.opengis.net/def/uom/OGC/1.0/",
    "ex": "http://example.org/",
}
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def expression(text: str) -> Expression:
    """The expression of a text."""
    query = parse_query(f"SELECT (({text}) AS ?r) {{}}", prefixes=PREFIXES)
    assert isinstance(query, Select)
    assert isinstance(query.pattern, Project)
    assert isinstance(query.pattern.pattern, Extend)
    return query.pattern.pattern.expression


def evaluated(text: str, **variables: Term | None) -> Term | None:
    """What an expression gives; ``None`` for an error."""
    slots = {name: index for index, name in enumerate(variables)}
    run = compile_expression(expression(text), slots, Context(NOON, "http://example.org/base/x"))
    try:
        return run(list(variables.values()))
    except ExpressionError:
        return None


def turtle(term: Term | None) -> str:
    """A term as SPARQL has it, datatypes of XML Schema with the prefix; empty for an error."""
    if term is None:
        return ""
    if isinstance(term, Iri):
        return f"<{term.value}>"
    assert isinstance(term, Literal)
    escaped = term.lexical.replace("\\", "\\\\").replace('"', '\\"')
    quoted = '"' + escaped.replace("\n", "\\n").replace("\r", "\\r") + '"'
    if term.language:
        return f"{quoted}@{term.language}"
    if term.datatype == XSD + "string":
        return quoted
    name = term.datatype.removeprefix(XSD)
    return f"{quoted}^^xsd:{name}" if name != term.datatype else f"{quoted}^^<{name}>"


def from_pyoxigraph(term: object) -> Term | None:
    """A term of pyoxigraph as one of ours."""
    if isinstance(term, ox.NamedNode):
        return Iri(term.value)
    if isinstance(term, ox.BlankNode):
        return Blank(term.value)
    if isinstance(term, ox.Literal):
        if term.language:
            return Literal(term.value, RDF_LANG_STRING, term.language)
        return Literal(term.value, term.datatype.value)
    return None
