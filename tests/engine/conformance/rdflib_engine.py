"""rdflib's own evaluator behind the face of :mod:`.engines`: slow, and the second opinion."""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

import rdflib
from rdflib.plugins import sparql
from rdflib.term import Node

from conflictkg.answers import RDF_LANG_STRING, XSD_STRING, Blank, Iri, Literal, Term

from .comparing import Result, Table, TripleSet
from .engines import Quad

_FORMATS = {".csv": "csv", ".srj": "json", ".srx": "xml"}
"""It has no writer for TSV."""


@contextmanager
def _as_the_standard_says(*, union: bool = False) -> Iterator[None]:
    """Rdflib's switches, which are global: literals as written, nothing fetched."""
    complaints = logging.getLogger("rdflib.term")
    complaints.disabled = True  # on every ill-typed literal, with a traceback
    before = rdflib.NORMALIZE_LITERALS, sparql.SPARQL_DEFAULT_GRAPH_UNION, sparql.SPARQL_LOAD_GRAPHS
    _switch(normalize=False, union=union, load=False)
    try:
        yield
    finally:
        _switch(*before)
        complaints.disabled = False


def _switch(normalize: bool, union: bool, load: bool) -> None:
    rdflib.NORMALIZE_LITERALS = normalize
    sparql.SPARQL_DEFAULT_GRAPH_UNION = union
    sparql.SPARQL_LOAD_GRAPHS = load


class RdflibEngine:
    """rdflib's Dataset."""

    def __init__(self, *, union: bool = False) -> None:
        self._dataset, self._union = rdflib.Dataset(default_union=union), union

    def load(self, quads: Iterable[Quad]) -> None:
        """Add quads."""
        with _as_the_standard_says():
            default = self._dataset.default_context
            for subject, predicate, object_, graph in quads:
                target = default if graph is None else self._dataset.graph(_to_rdflib(graph))
                target.add((_to_rdflib(subject), _to_rdflib(predicate), _to_rdflib(object_)))

    def create_graph(self, name: str) -> None:
        """Have a named graph."""
        self._dataset.graph(rdflib.URIRef(name))

    def query(self, text: str, base: str = "") -> Result:
        """The answer to a query."""
        with _as_the_standard_says(union=self._union):
            answer = self._dataset.query(text, base=base or None)
            if answer.type == "ASK":
                return bool(answer.askAnswer)
            if answer.graph is not None:
                return TripleSet(frozenset((_of(s), _of(p), _of(o)) for s, p, o in answer.graph))
            names = tuple(str(each) for each in answer.vars or ())
            found = [
                tuple(_of_or_none(row.get(rdflib.Variable(name))) for name in names)
                for row in answer.bindings
            ]
            return Table(names, tuple(found))

    def write(self, text: str, suffix: str, base: str = "") -> str:
        """The answer as text."""
        with _as_the_standard_says():
            written = self._dataset.query(text, base=base or None).serialize(
                format=_FORMATS[suffix]
            )
            return (written or b"").decode("utf-8")

    def update(self, text: str, base: str = "") -> None:
        """Do an update request."""
        with _as_the_standard_says():
            # The processor takes no base, though the method passes one on.
            self._dataset.update(f"BASE <{base}>\n{text}" if base else text)

    def quads(self) -> list[Quad]:
        """All there is."""
        default = rdflib.graph.DATASET_DEFAULT_GRAPH_ID
        return [
            (_of(s), _of(p), _of(o), None if g is None or g == default else _of(g))
            for s, p, o, g in self._dataset.quads((None, None, None, None))
        ]

    def close(self) -> None:
        """Nothing to free."""


def _to_rdflib(term: Term) -> rdflib.IdentifiedNode:
    # Literals too; where one may not stand the caller has none.
    if isinstance(term, Iri):
        return rdflib.URIRef(term.value)
    if isinstance(term, Blank):
        return rdflib.BNode(term.label)
    if not isinstance(term, Literal):
        raise TypeError(f"{term!r} is not a term of RDF 1.1")
    datatype = None if term.datatype in {XSD_STRING, RDF_LANG_STRING} else term.datatype
    literal = rdflib.Literal(
        term.lexical,
        lang=term.language or None,
        datatype=rdflib.URIRef(datatype) if datatype else None,
    )
    return cast("rdflib.IdentifiedNode", literal)


def _of_or_none(node: Node | None) -> Term | None:
    return None if node is None else _of(node)


def _of(node: Node) -> Term:
    if isinstance(node, rdflib.Literal):
        if node.language:
            return Literal(str(node), RDF_LANG_STRING, node.language)
        return Literal(str(node), str(node.datatype) if node.datatype else XSD_STRING)
    if isinstance(node, rdflib.BNode):
        return Blank(str(node))
    if isinstance(node, rdflib.Graph):
        return Iri(str(node.identifier))
    return Iri(str(node))
