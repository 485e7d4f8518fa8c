# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Changes of a store: one transaction, all of it or nothing.

A transaction works on sets: what it removes and adds lies in temporary tables, and each step is one
statement over them, for one quad as for ten million.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from conflictkg.answers import RDF, Blank, Iri, Term
from conflictkg.engine.catalog import ClassTable, Predicate
from conflictkg.engine.ids import DEFAULT_GRAPH, DICTIONARY, Tag, dictionary_tag, make_id
from conflictkg.store.delta import (
    MOST_CACHED,
    Delta,
    Entry,
    StoredDelta,
    canonical_entry,
    insert_entries,
    make_entry,
)
from conflictkg.store.dictionary import Base, StoreDictionary
from conflictkg.store.pending import Numbers, PendingDelta
from conflictkg.store.protocol import TermQuad
from conflictkg.store.refreshing import refresh_classes
from conflictkg.store.statistics import (
    MOST_INSTANCES,
    StoreCatalog,
    grow_predicate,
    shrink_predicate,
)
from conflictkg.store.tables import POS, tags_of

Ids = npt.NDArray[np.int64]
HUGE = 0.2
"""A change of this part of a store leaves it without class tables, until it is optimized."""

RDF_TYPE = Iri(RDF + "type")

_QUADS_AT_ONCE = 20_000
_FEW = 500
"""Up to so many rows go to DuckDB as parameters, which is faster than registering a table."""


@dataclass(frozen=True, slots=True)
class Quads:
    """Quads by the column.

    Args:
        s: Subjects.
        p: Predicates.
        o: Objects.
        g: Graphs; 0 for the unnamed default graph.
    """

    s: Ids
    p: Ids
    o: Ids
    g: Ids

    def __len__(self) -> int:
        return len(self.s)

    @classmethod
    def of_rows(cls, rows: Iterable[tuple[int, int, int, int]]) -> "Quads":
        """From rows of ids.

        >>> len(Quads.of_rows([(1, 2, 3, 0)]))
        1
        """
        columns = np.array(list(rows), np.int64).reshape(-1, 4).T
        return cls(*(np.ascontiguousarray(each) for each in columns))


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change came to: quads that really went, and quads that really came."""

    removed: int = 0
    added: int = 0


class Transaction:
    """A change in the making; :meth:`conflictkg.store.database.Database.change` begins and ends it.

    Queries on :attr:`cursor` with plans for :attr:`catalog` see what the transaction has done so far.

    Args:
        cursor: A cursor on which a transaction is open.
        catalog: The state that it starts from.
        base: The dictionary's base.
        committed: The dictionary's delta.
        numbers: Where new terms get their numbers.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        catalog: StoreCatalog,
        base: Base,
        committed: Delta,
        numbers: Numbers,
    ) -> None:
        self.cursor = cursor
        self.has_more_terms = False
        self._numbers = numbers
        self._committed = committed
        self._pending = PendingDelta(committed)
        self._dictionary = StoreDictionary(base, self._pending, numbers)
        self._catalog = replace(catalog, dictionary=self._dictionary)
        self._first = {tag: numbers.following.get(tag, 0) for tag in DICTIONARY}
        self._epoch = catalog.epoch
        self._graphs = frozenset(catalog.graphs)
        self._is_recorded = False

    @property
    def catalog(self) -> StoreCatalog:
        """The state as the transaction has made it so far."""
        return self._catalog

    @property
    def entries(self) -> Mapping[Entry, int]:
        """The new terms."""
        return self._pending.entries

    @property
    def has_changed(self) -> bool:
        """Whether there is anything to commit, if only terms that no quad has yet."""
        return self.has_new_state or bool(self._pending.entries) or self.has_more_terms

    @property
    def has_new_state(self) -> bool:
        """Whether quads or graphs came or went."""
        return self._catalog.epoch != self._epoch

    # Terms

    def intern(self, terms: Sequence[Term]) -> Ids:
        """The ids of terms, new ones where they have none yet.

        Blank nodes are new ones: equal labels of one call are one node.

        Raises:
            StoreError: A term is of RDF 1.2.
        """
        blanks: dict[str, int] = {}
        entries: dict[Entry, int] = {}
        for each in terms:
            if isinstance(each, Blank):
                if each.label not in blanks:
                    blanks[each.label] = int(self.new_blanks(1)[0])
            else:
                entries[canonical_entry(each)] = -1
        self._number(entries)
        return np.fromiter(
            (
                blanks[each.label] if isinstance(each, Blank) else entries[canonical_entry(each)]
                for each in terms
            ),
            np.int64,
            len(terms),
        )

    def new_blanks(self, count: int) -> Ids:
        """The ids of so many new blank nodes."""
        first = make_id(Tag.BLANK, self._numbers.take(Tag.BLANK, count))
        return np.arange(first, first + count, dtype=np.int64)

    def take_numbers(self, tag: Tag, count: int) -> int:
        """The first of so many new numbers of a tag."""
        return self._numbers.take(tag, count)

    def note_table(self, table: str) -> None:
        """Take note of terms that SQL has put into ``term``; ``table`` holds the same rows.

        If they are many, they stay there, and the transaction looks them up.
        """
        self.has_more_terms = True
        ((count,),) = self.cursor.execute(f"SELECT count(*) FROM {table}").fetchall()
        if self._committed.holds_all or count <= MOST_CACHED:
            rows = self.cursor.execute(f"SELECT id, lex, dt, lang FROM {table}").fetchall()
            self._pending.add({make_entry(*rest): identity for identity, *rest in rows})
        else:
            self._pending.within(self.cursor)

    def hold_terms(self) -> None:
        """Have all new terms in memory: what Python computes for a query on the cursor cannot ask it for them."""
        if not self._pending.holds_new:
            self._pending.hold(StoredDelta(self.cursor, self._first).entries())

    def _number(self, entries: dict[Entry, int]) -> None:
        """Put in the ids of terms, all at once where the database must be asked."""
        unknown = []
        for each in entries:
            known = self._dictionary.find_in_base(each)
            if known is None:
                unknown.append(each)
            else:
                entries[each] = known
        later = self._pending.find_all(unknown)
        entries.update(later)
        fresh = {}
        for each in unknown:
            if each not in later:
                tag = dictionary_tag(each)
                fresh[each] = make_id(tag, self._numbers.take(tag))
        if fresh:
            entries.update(fresh)
            insert_entries(self.cursor, fresh.items())
            self._pending.add(fresh)

    # Quads

    def insert_terms(self, quads: Iterable[TermQuad]) -> Changed:
        """Add quads of terms; equal labels of blank nodes are one new node."""
        rows = list(quads)
        terms = [each for row in rows for each in row]
        ids = np.full(len(terms), DEFAULT_GRAPH, np.int64)
        named = [number for number, each in enumerate(terms) if each is not None]
        ids[named] = self.intern([each for each in terms if each is not None])
        columns = (np.ascontiguousarray(each) for each in ids.reshape(-1, 4).T)
        return self.apply(insert=Quads(*columns))

    def apply(self, delete: Quads | None = None, insert: Quads | None = None) -> Changed:
        """Remove quads, then add quads. What is in both stays or comes."""
        with (
            self._rows("wanted_out", delete),
            self._rows("wanted_in", insert),
        ):
            return self._apply()

    def apply_selected(self, delete: str = "", insert: str = "") -> Changed:
        """The same for quads that SQL selects.

        Args:
            delete: A SELECT of ``s``, ``p``, ``o``, ``g``; empty for nothing.
            insert: The same.
        """
        nothing = "SELECT s, p, o, g FROM spo WHERE FALSE"
        for name, selection in (("wanted_out", delete), ("wanted_in", insert)):
            self.cursor.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {selection or nothing}")
        return self._apply()

    @contextmanager
    def _rows(self, name: str, quads: Quads | None) -> Iterator[None]:
        quads = quads or Quads.of_rows(())
        head = f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT "
        if len(quads) <= _FEW:
            items = "unnest($1) AS s, unnest($2) AS p, unnest($3) AS o, unnest($4) AS g"
            self.cursor.execute(head + items, [quads.s, quads.p, quads.o, quads.g])
            yield
            return
        rows = pa.table({"s": quads.s, "p": quads.p, "o": quads.o, "g": quads.g})
        self.cursor.register("incoming", rows)
        try:
            self.cursor.execute(head + "s, p, o, g FROM incoming")
        finally:
            self.cursor.unregister("incoming")
        yield

    def _apply(self) -> Changed:
        self.cursor.execute(_PREPARE)
        # All rows: a result that is not read to its end blocks what comes next on the cursor.
        ((removed, added),) = self.cursor.execute(
            "SELECT (SELECT count(*) FROM removed), (SELECT count(*) FROM added)"
        ).fetchall()
        changed = Changed(removed, added)
        if changed.removed or changed.added:
            if self._is_recorded:
                self.cursor.execute(_RECORD)
            self._write(changed)
            self._count(changed)
        return changed

    def _write(self, changed: Changed) -> None:
        touched = self.cursor.execute(
            "SELECT DISTINCT p FROM (SELECT p FROM removed UNION ALL SELECT p FROM added)"
        ).fetchall()
        known = self._catalog.predicates
        own = {row[0]: known[row[0]].table for row in touched if row[0] in known}
        own = {predicate: table for predicate, table in own.items() if table != POS}
        rest = f"p NOT IN ({', '.join(map(str, own))})" if own else "TRUE"
        targets = [("spo", "TRUE", "s, p, o, g, u")]
        if len(own) < len(touched):
            targets.append((POS, rest, "s, p, o, g, u"))
        targets += [(table, f"p = {predicate}", "s, o, g, u") for predicate, table in own.items()]
        for table, which, columns in targets:
            same = " AND ".join(
                f"{table}.{column} = x.{column}" for column in columns.split(", ")[:-1]
            )
            if changed.removed:
                self.cursor.execute(
                    f"DELETE FROM {table} USING (SELECT * FROM removed WHERE {which}) AS x"
                    f" WHERE {same}"
                )
                self.cursor.execute(
                    f"UPDATE {table} SET u = TRUE FROM (SELECT * FROM promoted WHERE {which}) AS x"
                    f" WHERE {same}"
                )
            if changed.added:
                order = columns.removesuffix(", u") if table == "spo" else "o, s, g"
                self.cursor.execute(
                    f"INSERT INTO {table} SELECT {columns} FROM added WHERE {which}"
                    f" ORDER BY {order}"
                )

    # What was done

    def record(self) -> None:
        """Take note of every quad that comes or goes from now on."""
        self._is_recorded = True
        self.cursor.execute(
            "CREATE TEMP TABLE edited (s BIGINT, p BIGINT, o BIGINT, g BIGINT, sign INTEGER)"
        )

    def edited(self, *, is_added: bool) -> Iterator[TermQuad]:
        """The quads that came, or those that went; one that came and went is not among them."""
        # By the column: they may be millions.
        rows = self.cursor.sql(_EDITED, params=[1 if is_added else -1]).to_arrow_table()
        for batch in rows.to_batches(max_chunksize=_QUADS_AT_ONCE):
            quads = list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
            ids = list({each for quad in quads for each in quad if each != DEFAULT_GRAPH})
            terms = dict(zip(ids, self._dictionary.terms(ids), strict=True))
            for s, p, o, g in quads:
                yield terms[s], terms[p], terms[o], terms.get(g)

    def edited_graphs(self) -> list[Term | None]:
        """The graphs that quads came to or went from, or that came or went themselves."""
        rows = self.cursor.execute("SELECT DISTINCT g FROM edited").fetchall()
        ids = {row[0] for row in rows} | (self._graphs ^ self._catalog.graphs.keys())
        named = list(ids - {DEFAULT_GRAPH})
        default: list[Term | None] = [None] if DEFAULT_GRAPH in ids else []
        return [*default, *self._dictionary.terms(named)]

    # Statistics

    def _count(self, changed: Changed) -> None:
        predicates = dict(self._catalog.predicates)
        graphs = dict(self._catalog.graphs)
        if changed.removed:
            for row in self.cursor.execute("SELECT p, count(*) FROM removed GROUP BY p").fetchall():
                shrink_predicate(predicates, *row)
            for graph, count in self._by_graph("removed"):
                graphs[graph] -= count
        if changed.added:
            for row in self.cursor.execute(
                "SELECT p, count(*), count(DISTINCT s), count(DISTINCT o),"
                f" {tags_of('s')}, {tags_of('o')}, bool_and(u), min(o), max(o)"
                " FROM added GROUP BY p"
            ).fetchall():
                grow_predicate(predicates, Predicate(row[0], POS, *row[1:]))
            for graph, count in self._by_graph("added"):
                graphs[graph] = graphs.get(graph, 0) + count
        self._catalog = replace(
            self._catalog,
            epoch=self._epoch + 1,
            quads=self._catalog.quads - changed.removed + changed.added,
            predicates=predicates,
            graphs=graphs,
            instances=self._count_instances(),
            classes=self._refresh_classes(changed),
        )

    def _by_graph(self, table: str) -> list[tuple[int, int]]:
        return self.cursor.execute(
            f"SELECT g, count(*) FROM {table} WHERE g <> {DEFAULT_GRAPH} GROUP BY g"
        ).fetchall()

    def _count_instances(self) -> Mapping[int, int]:
        rdf_type = self._dictionary.find(RDF_TYPE)
        if rdf_type is None:
            return self._catalog.instances
        # Just one quad of each triple has the mark, so marks count triples.
        rows = self.cursor.execute(
            "SELECT o, sum(n)::BIGINT FROM ("
            " SELECT o, 1 AS n FROM added WHERE u AND p = $1"
            " UNION ALL SELECT o, 1 FROM promoted WHERE p = $1"
            " UNION ALL SELECT o, -1 FROM removed WHERE u AND p = $1"
            ") GROUP BY o",
            [rdf_type],
        ).fetchall()
        if not rows:
            return self._catalog.instances
        instances = dict(self._catalog.instances)
        for kind, count in rows:
            if kind in instances or len(instances) < MOST_INSTANCES:
                instances[kind] = instances.get(kind, 0) + count
                if not instances[kind]:
                    del instances[kind]
        return instances

    def _refresh_classes(self, changed: Changed) -> Mapping[int, ClassTable]:
        rdf_type = self._dictionary.find(RDF_TYPE)
        classes = self._catalog.classes
        if not classes or rdf_type is None:
            return {}
        if changed.removed + changed.added > HUGE * self._catalog.quads:
            return {}
        return refresh_classes(self.cursor, classes, rdf_type)

    # Graphs

    def create_graph(self, graph: int) -> None:
        """Have a graph, empty if there was none."""
        if graph not in self._catalog.graphs:
            self._set_graphs({**self._catalog.graphs, graph: 0})

    def clear_graphs(self, graphs: Iterable[int]) -> Changed:
        """Remove all quads of graphs, 0 among them for the unnamed default graph."""
        chosen = ", ".join(str(int(each)) for each in graphs)
        if not chosen:
            return Changed()
        return self.apply_selected(delete=f"SELECT s, p, o, g FROM spo WHERE g IN ({chosen})")

    def drop_graphs(self, graphs: Iterable[int]) -> Changed:
        """Remove graphs; the unnamed default graph is only emptied."""
        gone = set(graphs)
        changed = self.clear_graphs(gone)
        if gone & self._catalog.graphs.keys():
            kept = {key: size for key, size in self._catalog.graphs.items() if key not in gone}
            self._set_graphs(kept)
        return changed

    def copy_graph(self, source: int, target: int) -> Changed:
        """Add all quads of a graph to another."""
        return self.apply_selected(
            insert=f"SELECT s, p, o, {target:d}::BIGINT AS g FROM spo WHERE g = {source:d}"
        )

    def _set_graphs(self, graphs: Mapping[int, int]) -> None:
        self._catalog = replace(self._catalog, epoch=self._epoch + 1, graphs=graphs)


_TRIPLE = "s, p, o"
_QUAD = "s, p, o, g"

_PREPARE = f"""
CREATE OR REPLACE TEMP TABLE held AS
    SELECT {_QUAD}, u FROM spo JOIN
        (SELECT {_TRIPLE} FROM wanted_out UNION SELECT {_TRIPLE} FROM wanted_in)
    USING ({_TRIPLE});
CREATE OR REPLACE TEMP TABLE removed AS
    SELECT * FROM held SEMI JOIN wanted_out USING ({_QUAD}) ANTI JOIN wanted_in USING ({_QUAD});
CREATE OR REPLACE TEMP TABLE kept AS
    SELECT * FROM held ANTI JOIN removed USING ({_QUAD});
CREATE OR REPLACE TEMP TABLE added AS
    SELECT {_QUAD},
        row_number() OVER (PARTITION BY {_TRIPLE} ORDER BY g) = 1
        AND ({_TRIPLE}) NOT IN (SELECT ({_TRIPLE}) FROM kept) AS u
    FROM (SELECT DISTINCT {_QUAD} FROM wanted_in ANTI JOIN held USING ({_QUAD}));
CREATE OR REPLACE TEMP TABLE promoted AS
    SELECT {_QUAD} FROM kept SEMI JOIN (SELECT {_TRIPLE} FROM removed WHERE u) USING ({_TRIPLE})
    QUALIFY row_number() OVER (PARTITION BY {_TRIPLE} ORDER BY g) = 1;
"""
"""From ``wanted_out`` and ``wanted_in`` to what has to be done.

``held``: all quads of the triples in question. ``removed``, ``added``: as they say. ``promoted``: of
triples whose marked quad goes while others stay, the one that takes over the mark.
"""

_RECORD = f"""
INSERT INTO edited SELECT {_QUAD}, 1 FROM added UNION ALL SELECT {_QUAD}, -1 FROM removed
"""
_EDITED = f"""
SELECT {_QUAD} FROM edited GROUP BY ALL HAVING sum(sign) = $1 ORDER BY g, s, p, o
"""
