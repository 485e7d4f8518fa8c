"""The quads of an open store, as rdflib asks for them: in memory while they are few, and what is not stored yet.

What is added and removed is *pending* until it is flushed. A small store that is asked often is held in
memory too (the *mirror*, which is rdflib's own): then a look-up costs what it costs there, and pending
changes show in it at once. Of a large store the database is asked, and what is pending is flushed before.
"""

from collections import OrderedDict
from collections.abc import Iterator

from rdflib import Graph, URIRef
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.plugins.stores.memory import Memory
from rdflib.store import Store
from rdflib.term import Node

from conflictkg.engine.ids import DEFAULT_GRAPH
from conflictkg.errors import StoreError
from conflictkg.rdflib_store.lookups import Ids, Lookups
from conflictkg.rdflib_store.lookups import Pattern as IdPattern
from conflictkg.rdflib_store.nodes import Nodes
from conflictkg.store.changes import Quads, Transaction
from conflictkg.store.database import Database

Triple = tuple[Node, Node, Node]
Pattern = tuple[Node | None, Node | None, Node | None]
Found = Iterator[tuple[Triple, Iterator[Graph | None]]]
View = URIRef | None
"""A graph; :data:`DEFAULT` is the unnamed one, ``None`` the union of all."""

DEFAULT = DATASET_DEFAULT_GRAPH_ID

_QUADS_A_LOOKUP = 60
"""So many quads are taken into memory in the time of one look-up in the database."""

_MOST_PENDING = 100_000

_MOST_ANSWERS = 100_000
_MOST_REMEMBERED = 16
"""Triples of an answer that is remembered."""


class Contents:
    """The quads of one store.

    Args:
        database: The store.
        owner: The rdflib store that graphs are handed out with.
        mirror_limit: Quads up to which it is held in memory.
    """

    def __init__(self, database: Database, owner: Store, mirror_limit: int) -> None:
        self._database, self._owner, self._mirror_limit = database, owner, mirror_limit
        self.nodes = Nodes(database)
        self._lookups = Lookups(database)
        self._graphs: dict[URIRef, Graph] = {}
        self._pending: dict[tuple[Triple, URIRef], bool] = {}
        self._pending_graphs: dict[URIRef, bool] = {}
        self._seen = database.catalog
        self._asked = 0
        self._answers: OrderedDict[tuple[Pattern, View], tuple[tuple[Triple, Ids], ...]] = (
            OrderedDict()
        )
        # Empty, it is as good as loaded.
        self._mirror: Memory | None = None if database.catalog.quads else Memory()

    def graph(self, name: URIRef) -> Graph:
        """The graph of a name, for rdflib."""
        found = self._graphs.get(name)
        if found is None:
            found = self._graphs[name] = Graph(store=self._owner, identifier=name)
        return found

    # Reading

    def triples(self, pattern: Pattern, view: View) -> Found:
        """The triples that match, each with its graphs."""
        mirror = self._current_mirror()
        if mirror is not None:
            context = None if view is None else self.graph(view)
            return mirror.triples(pattern, context)
        return self._find(pattern, view)

    def count(self, view: View) -> int:
        """How many triples there are."""
        mirror = self._current_mirror()
        if mirror is not None:
            return mirror.__len__(None if view is None else self.graph(view))
        self.flush()
        if view is None:
            return self._lookups.count()
        if view == DEFAULT:
            return self._lookups.count_default()
        found = self.nodes.find(view)
        return 0 if found is None else self._database.catalog.graphs.get(found, 0)

    def contexts(self, triple: Triple | None) -> Iterator[Graph | None]:
        """The graphs that a triple is in, or all; the unnamed one only if it holds any."""
        if triple is not None:
            found = next(self.triples(triple, None), None)
            return iter(()) if found is None else found[1]
        self.flush()
        names = [self.nodes.node(each) for each in self._database.catalog.graphs]
        graphs = [self.graph(name) for name in names if isinstance(name, URIRef)]
        if self._lookups.count_default():
            graphs.append(self.graph(DEFAULT))
        return iter(graphs)

    def _find(self, pattern: Pattern, view: View) -> Found:
        """Ask the database; short answers are remembered until something changes."""
        self.flush()
        self._notice_change()
        key = pattern, view
        known = self._answers.get(key)
        if known is not None:
            self._answers.move_to_end(key)
            for triple, ids in known:
                yield triple, self._graphs_of(ids)
            return
        catalog = self._database.catalog
        start: list[tuple[Triple, Ids]] = []
        for triple, ids in self._look_up(pattern, view):
            if len(start) <= _MOST_REMEMBERED:
                start.append((triple, ids))
            yield triple, self._graphs_of(ids)
        if len(start) <= _MOST_REMEMBERED and self._database.catalog is catalog:
            self._answers[key] = tuple(start)
            if len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)

    def _look_up(self, pattern: Pattern, view: View) -> Iterator[tuple[Triple, Ids]]:
        ids: list[int | None] = []
        for node in pattern:
            found = None if node is None else self.nodes.find(node)
            if found is None and node is not None:
                return
            ids.append(found)
        graph = self._graph_id(view)
        if graph is None and view is not None:
            return
        for row in self._lookups.find((ids[0], ids[1], ids[2]), graph):
            subject, predicate, value = self.nodes.nodes(row)
            yield (subject, predicate, value), row

    def _graphs_of(self, row: Ids) -> Iterator[Graph]:
        for number in self._lookups.find_graphs(row):
            name = DEFAULT if number == DEFAULT_GRAPH else self.nodes.node(number)
            if isinstance(name, URIRef):
                yield self.graph(name)

    def _graph_id(self, view: View) -> int | None:
        if view is None or view == DEFAULT:
            return None if view is None else DEFAULT_GRAPH
        return self.nodes.find(view)

    # The mirror

    def _current_mirror(self) -> Memory | None:
        """The mirror, if it shows the store as it is; made where that pays."""
        self._notice_change()
        if self._mirror is None and self._database.catalog.quads <= self._mirror_limit:
            self._asked += 1
            if self._asked * _QUADS_A_LOOKUP >= self._database.catalog.quads:
                self._load_mirror()
        return self._mirror

    def _notice_change(self) -> None:
        """Forget what was true of another state of the store."""
        if self._database.catalog is not self._seen:
            self._mirror, self._seen = None, self._database.catalog
            self._answers.clear()

    def _load_mirror(self) -> None:
        self.flush()
        mirror = Memory()
        rows = list(self._lookups.scan())
        different = list({number for row in rows for number in row} - {DEFAULT_GRAPH})
        nodes = dict(zip(different, self.nodes.nodes(different), strict=True))
        contexts = {
            number: self.graph(name)
            for number in {row[3] for row in rows}
            if isinstance(name := nodes.get(number, DEFAULT), URIRef)
        }
        for subject, predicate, value, graph in rows:
            triple = nodes[subject], nodes[predicate], nodes[value]
            mirror.add(triple, contexts[graph])
        self._mirror, self._seen = mirror, self._database.catalog
        self._answers.clear()

    # Changing

    def add(self, triple: Triple, graph: URIRef) -> None:
        """Add a quad."""
        self._require_editable()
        self._pending[triple, graph] = True
        if graph != DEFAULT:
            # It is there from now on, also if this is removed again before it is stored.
            self._pending_graphs[graph] = True
        if self._mirror is not None:
            self._mirror.add(triple, self.graph(graph))
            if len(self._mirror) > self._mirror_limit:
                self._mirror = None
        if len(self._pending) > _MOST_PENDING:
            self.flush()

    def remove(self, pattern: Pattern, view: View) -> None:
        """Remove the quads that match."""
        self._require_editable()
        mirror = self._current_mirror()
        if mirror is None:
            self._remove_stored(pattern, view)
            return
        context = None if view is None else self.graph(view)
        for triple, graphs in list(mirror.triples(pattern, context)):
            names = [view] if view is not None else [each.identifier for each in graphs]  # type: ignore[union-attr]
            for name in names:
                self._pending[triple, name] = False  # type: ignore[index]
        mirror.remove(pattern, context)

    def _remove_stored(self, pattern: Pattern, view: View) -> None:
        """Remove from the database itself: what matches may be most of it."""
        self.flush()
        ids = [None if node is None else self.nodes.find(node) for node in pattern]
        graph = self._graph_id(view)
        given = [*pattern, view]
        if any(
            number is None and node is not None
            for number, node in zip([*ids, graph], given, strict=True)
        ):
            return
        where: IdPattern = (ids[0], ids[1], ids[2])
        with self._database.change() as change:
            change.apply_selected(delete=self._lookups.select_quads(where, graph))
        self._answers.clear()
        self._seen = self._database.catalog

    def add_graph(self, name: URIRef) -> None:
        """Have a graph, though it be empty."""
        if name != DEFAULT and not self._database.is_read_only:
            self._pending_graphs[name] = True

    def remove_graph(self, name: URIRef) -> None:
        """Remove a graph with all that it holds."""
        self.remove((None, None, None), name)
        if name != DEFAULT:
            self._pending_graphs[name] = False

    def _require_editable(self) -> None:
        if self._database.is_read_only:
            raise StoreError(
                "the store is open for reading only. Open it with editable=True to change it."
            )

    # Storing

    def flush(self) -> None:
        """Store what is pending, in one transaction."""
        if not self._pending and not self._pending_graphs:
            return
        is_seen = self._database.catalog is self._seen
        with self._database.change() as change:
            ids = self._store(change)
        self._pending.clear()
        self._pending_graphs.clear()
        self.nodes.remember(ids)
        if is_seen:
            # Nobody but us has changed it: the mirror shows it.
            self._seen = self._database.catalog
            self._answers.clear()

    def _store(self, change: Transaction) -> dict[Node, int]:
        wanted = {node for triple, graph in self._pending for node in (*triple, graph)}
        wanted |= self._pending_graphs.keys()
        wanted.discard(DEFAULT)
        ids = self.nodes.intern(change, wanted)
        ids[DEFAULT] = DEFAULT_GRAPH
        quads: dict[bool, list[tuple[int, int, int, int]]] = {True: [], False: []}
        for (triple, graph), is_added in self._pending.items():
            subject, predicate, value = (ids[node] for node in triple)
            quads[is_added].append((subject, predicate, value, ids[graph]))
        change.apply(delete=Quads.of_rows(quads[False]), insert=Quads.of_rows(quads[True]))
        for graph, is_kept in self._pending_graphs.items():
            if is_kept:
                change.create_graph(ids[graph])
        change.drop_graphs(
            ids[graph] for graph, is_kept in self._pending_graphs.items() if not is_kept
        )
        return ids

    def rollback(self) -> None:
        """Forget what is pending."""
        if self._pending or self._pending_graphs:
            self._pending.clear()
            self._pending_graphs.clear()
            self._mirror = None if self._database.catalog.quads else Memory()
            self._asked = self._database.catalog.quads

    def close(self) -> None:
        """Store what is pending, and let go of the database."""
        self.flush()
        self._lookups.close()
