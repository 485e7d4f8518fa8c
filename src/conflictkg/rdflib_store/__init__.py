"""An rdflib ``Store`` over the engine: ``Graph(store=ConflictKGStore())``, ``Dataset(store=…)``.

Queries and updates go to the engine. What rdflib, pySHACL and owlrl ask triple by triple is answered
from memory where the store is small, and by look-ups in the database where it is not.

Additions and removals are gathered and stored together: before the engine is asked, at ``commit()`` and
at ``close()``. Until then ``rollback()`` takes them back. One thread at a time.

A graph without a name of its own (``Graph(store=…)``, whose identifier is a blank node) is the default
graph of the store: of a build, the union of all its graphs. Literals come back with their lexical forms,
those of ``xsd:string`` without a datatype, and language tags in lower case, as RDF 1.1 has them.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rdflib import BNode, Graph, URIRef
from rdflib.graph import ConjunctiveGraph
from rdflib.plugins.sparql.sparql import Query as RdflibQuery
from rdflib.plugins.sparql.sparql import Update as RdflibUpdate
from rdflib.plugins.stores.memory import Memory
from rdflib.query import Result
from rdflib.store import VALID_STORE, Store
from rdflib.term import Identifier, Literal, Node

from conflictkg.errors import StoreError
from conflictkg.rdflib_store.answering import Answering
from conflictkg.rdflib_store.contents import DEFAULT, Contents, Found, Pattern, Triple, View
from conflictkg.rdflib_store.nodes import canonical
from conflictkg.store.database import THREADS_A_QUERY, Database, memory_database
from conflictkg.store.handle import DuckStore
from conflictkg.store.opening import open_database
from conflictkg.store.protocol import Limits

MIRROR_LIMIT = 250_000


class ConflictKGStore(Store):
    """The store of an rdflib graph or dataset.

    Args:
        configuration: Directory of a store; without one it is in memory, and new.
        identifier: Of no meaning here.
        editable: Whether a directory is opened for changes; else for reading only.
        mirror_limit: Quads up to which a store that is asked often is held in memory as well.

    >>> graph = Graph(store=ConflictKGStore())
    >>> _ = graph.add((URIRef("http://e/s"), URIRef("http://e/p"), Literal("01")))
    >>> [str(row.o) for row in graph.query("SELECT ?o { ?s ?p ?o }")]
    ['01']
    """

    context_aware = True
    formula_aware = False
    transaction_aware = True
    graph_aware = True

    def __init__(
        self,
        configuration: str | None = None,
        identifier: Identifier | None = None,
        *,
        editable: bool = False,
        mirror_limit: int = MIRROR_LIMIT,
    ) -> None:
        self.identifier = identifier
        self._editable, self._mirror_limit = editable, mirror_limit
        self._names = Memory()
        self._database: Database | None = None
        self._contents: Contents | None = None
        self._store: DuckStore | None = None
        self._answering: Answering | None = None
        super().__init__(configuration)
        if not configuration:
            self._hold(memory_database())

    # Opening and closing

    def open(self, configuration: str | tuple[str, str], create: bool = False) -> int | None:
        """Open the store of a directory.

        Args:
            configuration: The directory.
            create: Must be false: ``conflictkg build`` and ``conflictkg load`` make stores.

        Raises:
            StoreMissingError: There is nothing at that place.
            StoreError: It is no store, or is open elsewhere for changing.
        """
        if create:
            raise StoreError(
                "a store on disk is made by: conflictkg load FILE --store DIRECTORY. In memory it needs no "
                "directory: ConflictKGStore()."
            )
        self.close()
        self._hold(
            open_database(
                Path(str(configuration)), read_only=not self._editable, threads=THREADS_A_QUERY
            )
        )
        return VALID_STORE

    def _hold(self, database: Database) -> None:
        self._database = database
        self._store = DuckStore(database, Limits(), only_known_graphs=False)
        self._contents = Contents(database, self, self._mirror_limit)
        self._answering = Answering(self._store, self._contents.nodes)

    def close(self, commit_pending_transaction: bool = False) -> None:  # noqa: ARG002
        """Store what is pending, and close. Only :meth:`rollback` takes changes back."""
        contents, store = self._contents, self._store
        self._contents = self._store = self._answering = self._database = None
        if contents is not None and store is not None:
            try:
                contents.close()
            finally:
                store.close()

    @property
    def contents(self) -> Contents:
        """The quads.

        Raises:
            StoreError: It is closed.
        """
        if self._contents is None:
            raise StoreError("the store is closed")
        return self._contents

    def commit(self) -> None:
        """Store what is pending."""
        self.contents.flush()

    def rollback(self) -> None:
        """Forget what was added and removed since the last commit, query, update or large read."""
        self.contents.rollback()

    # Triples

    def _view(self, context: Graph | None) -> View:
        """What reading from a context sees."""
        name = None if context is None else context.identifier
        if isinstance(name, URIRef):
            return name
        if context is None or (isinstance(context, ConjunctiveGraph) and context.default_union):
            return None
        return None if self._sees_union else DEFAULT

    @property
    def _sees_union(self) -> bool:
        return self._database is not None and self._database.catalog.union_default_graph

    def add(self, triple: Triple, context: Graph, quoted: bool = False) -> None:
        """Add a triple to a graph."""
        if quoted:
            raise StoreError("quoted triples (formulae of N3) are not held")
        super().add(triple, context, quoted)
        self._add(triple, context)

    def addN(self, quads: Iterable[tuple[Node, Node, Node, Graph]]) -> None:  # noqa: N802
        """Add quads."""
        for subject, predicate, value, context in quads:
            self.add((subject, predicate, value), context)

    def _add(self, triple: Triple, context: Graph | None) -> None:
        subject, predicate, value = triple
        name = None if context is None else context.identifier
        graph = name if isinstance(name, URIRef) else DEFAULT
        self.contents.add((canonical(subject), predicate, canonical(value)), graph)

    def remove(self, triple: Pattern, context: Graph | None = None) -> None:
        """Remove the triples that match from a graph, or from all."""
        super().remove(triple, context)
        self.contents.remove(_canonical(triple), self._view(context))

    def triples(self, triple_pattern: Pattern, context: Graph | None = None) -> Found:
        """The triples that match, each with the graphs that it is in."""
        return self.contents.triples(_canonical(triple_pattern), self._view(context))

    def __len__(self, context: Graph | None = None) -> int:
        return self.contents.count(self._view(context))

    def contexts(self, triple: Triple | None = None) -> Iterator[Graph | None]:  # type: ignore[override]
        """The graphs that a triple is in, or all; the unnamed one only if it holds any."""
        # rdflib asks for the graphs of (None, None, None) where it means all.
        is_given = triple is not None and any(node is not None for node in triple)
        return self.contents.contexts(triple if is_given else None)

    def add_graph(self, graph: Graph) -> None:
        """Have a graph, though it be empty."""
        if isinstance(graph.identifier, URIRef):
            self.contents.add_graph(graph.identifier)

    def remove_graph(self, graph: Graph) -> None:
        """Remove a graph with all that it holds."""
        name = graph.identifier
        self.contents.remove_graph(name if isinstance(name, URIRef) else DEFAULT)

    # SPARQL

    def query(
        self,
        query: RdflibQuery | str,
        initNs: Mapping[str, Any],  # noqa: N803
        initBindings: Mapping[str, Identifier],  # noqa: N803
        queryGraph: str | None,  # noqa: N803
        **options: Any,
    ) -> Result:
        """Ask the engine, ``base`` among the options.

        Raises:
            NotImplementedError: rdflib shall ask with its own evaluator.
            QueryError: It cannot be answered.
        """
        text, names, base = _text_of(query, initNs, options)
        answering = self._ready()
        return answering.query(text, names, initBindings, _graph_of(queryGraph), base)

    def update(
        self,
        update: RdflibUpdate | str,
        initNs: Mapping[str, Any],  # noqa: N803
        initBindings: Mapping[str, Identifier],  # noqa: N803
        queryGraph: str | None,  # noqa: N803
        **options: Any,
    ) -> None:
        """Change by the engine; arguments and errors as for :meth:`query`."""
        text, names, base = _text_of(update, initNs, options)
        answering = self._ready()
        answering.update(text, names, initBindings, _graph_of(queryGraph), base)

    def _ready(self) -> Answering:
        self.contents.flush()
        if self._answering is None:
            raise StoreError("the store is closed")
        return self._answering

    # Names

    def bind(self, prefix: str, namespace: URIRef, override: bool = True) -> None:
        """Bind a prefix; bindings are held in memory."""
        self._names.bind(prefix, namespace, override)

    def namespace(self, prefix: str) -> URIRef | None:
        """The namespace of a prefix."""
        return self._names.namespace(prefix)

    def prefix(self, namespace: URIRef) -> str | None:
        """The prefix of a namespace."""
        return self._names.prefix(namespace)

    def namespaces(self) -> Iterator[tuple[str, URIRef]]:
        """Prefixes and their namespaces."""
        return self._names.namespaces()


def _canonical(pattern: Pattern) -> Pattern:
    subject, predicate, value = pattern
    if isinstance(value, Literal) or isinstance(subject, Literal):
        return (
            None if subject is None else canonical(subject),
            predicate,
            None if value is None else canonical(value),
        )
    return pattern


def _text_of(
    request: RdflibQuery | RdflibUpdate | str, names: Mapping[str, Any], options: Mapping[str, Any]
) -> tuple[str, Mapping[str, Any], str]:
    """Text, prefixes and base of a request that may be prepared."""
    base = str(options.get("base") or "")
    if isinstance(request, str):
        return request, names, base
    # prepareQuery() keeps what it was given.
    original = getattr(request, "_original_args", None)
    if original is None:
        raise NotImplementedError
    text, own_names, own_base = original
    return text, own_names or {}, str(own_base or base)


def _graph_of(name: str | None) -> str | None:
    """The graph that a request is about; ``None`` for the default graph of the store."""
    return None if name == DEFAULT or isinstance(name, BNode) else name
