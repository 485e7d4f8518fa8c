"""Engines behind one face: ours, and the peers that show that the tests themselves are right."""

from collections.abc import Iterable
from typing import Protocol

import pyoxigraph as ox

from conflictkg.answers import Blank, Iri, Literal, Row, Term

from .comparing import Result, Table, TripleSet
from .results import to_term

Quad = tuple[Term, Term, Term, Term | None]
"""Subject, predicate, object, graph; ``None`` is the default graph."""


class MakeEngine(Protocol):
    """Makes a store in memory that starts empty."""

    def __call__(self, *, union: bool = False) -> "Engine":
        """Make one.

        Args:
            union: Whether queries see the union of all graphs as their default graph.
        """


class Engine(Protocol):
    """A store in memory that starts empty."""

    def load(self, quads: Iterable[Quad]) -> None:
        """Add quads; equal labels of blank nodes within one call are one node."""

    def create_graph(self, name: str) -> None:
        """Have a named graph, empty if there was none."""

    def query(self, text: str, base: str = "") -> Result:
        """The answer to a query."""

    def write(self, text: str, suffix: str, base: str = "") -> str:
        """The answer as one of SPARQL's result formats, by the suffix of its files."""

    def update(self, text: str, base: str = "") -> None:
        """Do an update request."""

    def quads(self) -> list[Quad]:
        """All there is."""

    def close(self) -> None:
        """Free it."""


_FORMATS = {
    ".csv": ox.QueryResultsFormat.CSV,
    ".tsv": ox.QueryResultsFormat.TSV,
    ".srj": ox.QueryResultsFormat.JSON,
    ".srx": ox.QueryResultsFormat.XML,
}


class OxigraphEngine:
    """pyoxigraph. Where it is older than a test or keeps numbers canonical, it fails: that is known."""

    def __init__(self, *, union: bool = False) -> None:
        self._store, self._union = ox.Store(), union

    def load(self, quads: Iterable[Quad]) -> None:
        """Add quads."""
        self._store.extend(from_quad(quad) for quad in quads)

    def create_graph(self, name: str) -> None:
        """Have a named graph."""
        self._store.add_graph(ox.NamedNode(name))

    def query(self, text: str, base: str = "") -> Result:
        """The answer to a query."""
        answer = self._ask(text, base)
        if isinstance(answer, ox.QueryBoolean):
            return bool(answer)
        if isinstance(answer, ox.QueryTriples):
            return TripleSet(
                frozenset(
                    (to_term(each.subject), to_term(each.predicate), to_term(each.object))
                    for each in answer
                )
            )
        names = tuple(each.value for each in answer.variables)
        rows = (
            tuple(None if term is None else to_term(term) for term in (row[n] for n in names))
            for row in answer
        )
        return Table(names, tuple(rows))

    def _ask(self, text: str, base: str) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
        return self._store.query(
            text, base_iri=base or None, use_default_graph_as_union=self._union
        )

    def write(self, text: str, suffix: str, base: str = "") -> str:
        """The answer as text."""
        answer = self._ask(text, base)
        if isinstance(answer, ox.QueryTriples):
            raise TypeError("triples have no result format")
        written = answer.serialize(format=_FORMATS[suffix])
        return (written or b"").decode("utf-8")

    def update(self, text: str, base: str = "") -> None:
        """Do an update request."""
        self._store.update(text, base_iri=base or None)

    def quads(self) -> list[Quad]:
        """All there is."""
        return [
            (
                to_term(quad.subject),
                to_term(quad.predicate),
                to_term(quad.object),
                None if isinstance(quad.graph_name, ox.DefaultGraph) else to_term(quad.graph_name),
            )
            for quad in self._store
        ]

    def close(self) -> None:
        """Free it."""
        self._store.clear()


def from_quad(quad: Quad) -> ox.Quad:
    """A quad as pyoxigraph has it."""
    subject, predicate, object_, graph = quad
    return ox.Quad(
        from_term(subject),  # type: ignore[arg-type]  # a literal as subject would raise
        from_term(predicate),  # type: ignore[arg-type]  # as above
        from_term(object_),
        ox.DefaultGraph() if graph is None else from_term(graph),  # type: ignore[arg-type]  # as above
    )


def from_term(term: Term) -> ox.NamedNode | ox.BlankNode | ox.Literal:
    """A term as pyoxigraph has it."""
    if isinstance(term, Iri):
        return ox.NamedNode(term.value)
    if isinstance(term, Blank):
        return ox.BlankNode(term.label)
    if not isinstance(term, Literal):
        raise TypeError(f"{term!r} is not a term of RDF 1.1")
    if term.language:
        return ox.Literal(term.lexical, language=term.language)
    return ox.Literal(term.lexical, datatype=ox.NamedNode(term.datatype))


def as_quads(rows: Iterable[Row], graph: str | None) -> list[Quad]:
    """Triples as quads of one graph."""
    name = None if graph is None else Iri(graph)
    return [
        (s, p, o, name) for s, p, o in rows if s is not None and p is not None and o is not None
    ]
