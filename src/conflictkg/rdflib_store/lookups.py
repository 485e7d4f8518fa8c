# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Single look-ups of triples, without the compiler: what rdflib asks a hundred thousand times."""

from collections.abc import Iterator

import duckdb

from conflictkg.store.database import Database
from conflictkg.store.tables import POS

Ids = tuple[int, int, int]
Pattern = tuple[int | None, int | None, int | None]

_AT_ONCE = 65_536


class Lookups:
    """Finds quads by ids. One thread at a time.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._cursor = database.cursor()

    def find(self, pattern: Pattern, graph: int | None) -> Iterator[Ids]:
        """The triples that match.

        Args:
            pattern: Subject, predicate and object; ``None`` for any.
            graph: The graph that they are in, 0 for the unnamed one; ``None`` for any: each triple once.
        """
        condition = "u" if graph is None else f"g = {graph:d}"
        subject, _, value = pattern
        if subject is None and value is None:
            return self._read(self._union(pattern, condition))
        sql = _select("spo", pattern, condition) if subject is not None else ""
        sql = sql or self._union(pattern, condition)
        return iter(self._cursor.execute(sql).fetchall() if sql else ())

    def find_graphs(self, triple: Ids) -> list[int]:
        """The graphs that a triple is in; 0 for the unnamed one."""
        rows = self._cursor.execute(
            "SELECT g FROM spo WHERE s = $1 AND p = $2 AND o = $3", list(triple)
        ).fetchall()
        return [row[0] for row in rows]

    def count(self) -> int:
        """How many different triples there are."""
        row = self._cursor.execute("SELECT count(*) FROM spo WHERE u").fetchone()
        return int(row[0]) if row else 0

    def count_default(self) -> int:
        """How many triples the unnamed graph has."""
        catalog = self._database.catalog
        return catalog.quads - sum(catalog.graphs.values())

    def scan(self) -> Iterator[tuple[int, int, int, int]]:
        """All quads."""
        return self._read("SELECT s, p, o, g FROM spo")

    def _read(self, sql: str) -> Iterator:  # type: ignore[type-arg]  # tuples as wide as the SELECT
        """Rows as they come, on a cursor of their own: others may be asked for in between."""
        if not sql:
            return
        cursor: duckdb.DuckDBPyConnection = self._database.cursor()
        try:
            for batch in cursor.sql(sql).to_arrow_reader(_AT_ONCE):
                yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
        finally:
            cursor.close()

    def select_quads(self, pattern: Pattern, graph: int | None) -> str:
        """A SELECT of the quads that match."""
        places = zip("spog", (*pattern, graph), strict=True)
        where = [f"{name} = {given:d}" for name, given in places if given is not None]
        return f"SELECT s, p, o, g FROM spo WHERE {' AND '.join(where) or 'TRUE'}"

    def close(self) -> None:
        """Let go of the database."""
        self._cursor.close()

    def _union(self, pattern: Pattern, condition: str) -> str:
        """Asks the tables that are sorted by object; empty where none can hold it."""
        _, predicate, value = pattern
        if predicate is None and value is None:
            return _select("spo", pattern, condition)
        known = self._database.catalog.predicates
        held = [each for each in known.values() if predicate is None or each.id == predicate]
        queries = {
            each.table: _select(each.table, pattern, condition, each.id)
            for each in held
            if each.table != POS
        }
        if len(queries) < len(held):
            queries[POS] = _select(POS, pattern, condition)
        return " UNION ALL ".join(queries.values())


def _select(table: str, pattern: Pattern, condition: str, owner: int | None = None) -> str:
    """One table asked.

    Args:
        table: The table.
        pattern: What is given.
        condition: What else must hold.
        owner: The predicate whose own table it is, that has no column for it.
    """
    places = [each for each in zip("spo", pattern, strict=True) if each[1] is not None]
    if owner is not None:
        places = [each for each in places if each[0] != "p"]
    where = " AND ".join([condition, *(f"{name} = {given:d}" for name, given in places)])
    predicate = "p" if owner is None else f"{owner:d}::BIGINT AS p"
    return f"SELECT s, {predicate}, o FROM {table} WHERE {where}"
