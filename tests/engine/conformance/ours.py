"""Our engine behind the face of :mod:`.engines`: a store in memory."""

from collections.abc import Iterable
from dataclasses import replace

import sqlglot

from conflictkg.answers import RDF, Boolean, Iri, Solutions
from conflictkg.answers.formats import write_answer
from conflictkg.engine.compile import compile_query
from conflictkg.engine.dialect import to_sql
from conflictkg.engine.syntax import parse_query
from conflictkg.store.classes import ClassIds, lay_classes
from conflictkg.store.database import memory_database
from conflictkg.store.handle import DuckStore
from conflictkg.store.protocol import Limits

from .comparing import Result, Table, TripleSet
from .engines import Quad

_FORMATS = {".csv": "csv", ".tsv": "tsv", ".srj": "json", ".srx": "xml"}
_DEADLINE_S = 20.0
_ALL = "SELECT ?s ?p ?o ?g WHERE { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"


class OurEngine:
    """A store in memory.

    Args:
        union: Whether the default graph is the union of all graphs; then classes get their tables too.
    """

    def __init__(self, *, union: bool = False) -> None:
        self._database, self._has_classes = memory_database(union_default_graph=union), union
        self._store = DuckStore(self._database, Limits(), only_known_graphs=False)

    def load(self, quads: Iterable[Quad]) -> None:
        """Add quads, past the language: what is tested is what comes after."""
        with self._database.change() as change:
            change.insert_terms(quads)
        if self._has_classes:
            self._lay_classes()

    def _lay_classes(self) -> None:
        """Give each class a table of all its properties, as a large store has it."""
        catalog = self._database.catalog
        chosen = [ClassIds(each, frozenset(catalog.predicates)) for each in catalog.instances]
        cursor = self._database.cursor()
        (row,) = cursor.execute("SELECT current_database() || '.' || current_schema()").fetchall()
        rdf_type = catalog.dictionary.find(Iri(RDF + "type"))
        tables = lay_classes(cursor, row[0], chosen, catalog.predicates, rdf_type)
        cursor.close()
        # There is no such change of a store: only builds and optimize make class tables.
        self._database._catalog = replace(catalog, classes=tables)

    def create_graph(self, name: str) -> None:
        """Have a named graph."""
        with self._database.change() as change:
            change.create_graph(int(change.intern([Iri(name)])[0]))

    def query(self, text: str, base: str = "") -> Result:
        """The answer to a query."""
        with self._store.query(text, base_iri=base, deadline_s=_DEADLINE_S) as answer:
            if isinstance(answer, Boolean):
                return answer.value
            if isinstance(answer, Solutions):
                return Table(answer.variables, tuple(answer.rows))
            return TripleSet(
                frozenset((each.subject, each.predicate, each.object) for each in answer.triples)
            )

    def write(self, text: str, suffix: str, base: str = "") -> str:
        """The answer as text."""
        with self._store.query(text, base_iri=base) as answer:
            return b"".join(write_answer(answer, _FORMATS[suffix])).decode("utf-8")

    def update(self, text: str, base: str = "") -> None:
        """Do an update request."""
        self._store.update(text, base_iri=base, deadline_s=_DEADLINE_S)

    def quads(self) -> list[Quad]:
        """All there is, asked in SPARQL."""
        with self._store.query(_ALL) as answer:
            if not isinstance(answer, Solutions):
                raise TypeError(f"SELECT was answered with {answer.kind}")
            return [(s, p, o, g) for s, p, o, g in answer.rows if s and p and o]

    def explain(self, text: str, base: str = "") -> str:
        """The SQL of a query."""
        plan = compile_query(parse_query(text, base=base), self._database.catalog)
        return sqlglot.parse_one(to_sql(plan.tree), dialect="duckdb").sql("duckdb", pretty=True)

    def close(self) -> None:
        """Free it."""
        self._store.close()
