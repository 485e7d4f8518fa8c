# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Laying down quads in their sorted orders, and counting what a catalog must know of them."""

from collections.abc import Iterable, Mapping
from itertools import islice

import duckdb

from conflictkg.engine.catalog import Predicate
from conflictkg.engine.ids import DEFAULT_GRAPH
from conflictkg.store.statistics import MOST_INSTANCES
from conflictkg.store.tables import POS, predicate_table, tags_of

FREQUENT = 1_000
"""A predicate with so many quads has a table of its own, ..."""
MOST_TABLES = 500
"""... if it is among so many of the most frequent."""


def lay_quads(connection: duckdb.DuckDBPyConnection, selection: str, schema: str) -> None:
    """Fill ``spo`` with quads that a SELECT gives, each once, in order.

    Args:
        connection: With order kept.
        selection: SELECT of ``s``, ``p``, ``o``, ``g``; may repeat quads.
        schema: The database with the empty table ``spo``.
    """
    # Windows without partition or order run over the rows as they come, sorted here.
    connection.execute(f"""
        INSERT INTO {schema}.spo
        SELECT s, p, o, g, NOT same_triple AS u FROM (
            SELECT s, p, o, g, same_triple, same_triple AND same_graph AS is_repeated FROM (
                SELECT s, p, o, g,
                    coalesce(lag(s) OVER () = s AND lag(p) OVER () = p AND lag(o) OVER () = o, FALSE)
                        AS same_triple,
                    coalesce(lag(g) OVER () = g, FALSE) AS same_graph
                FROM ({selection} ORDER BY s, p, o, g)
            )
        ) WHERE NOT is_repeated
    """)


def lay_predicates(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[int, Predicate]:
    """Fill the tables that are sorted by object from ``spo``, and count."""
    # spo is sorted: a subject's first quad of a predicate is where the pair changes.
    rows = connection.execute(f"""
        SELECT p, count(*), sum(is_new::INTEGER)::BIGINT, {tags_of("s")}, {tags_of("o")}, bool_and(u),
            min(o), max(o)
        FROM (
            SELECT s, p, o, u, lag(s) OVER () IS DISTINCT FROM s OR lag(p) OVER () <> p AS is_new
            FROM {schema}.spo
        ) GROUP BY p ORDER BY count(*) DESC, p
    """).fetchall()
    # Sorted once for all; what one predicate has lies together then.
    connection.execute(f"""
        CREATE OR REPLACE TABLE by_object AS
        SELECT s, p, o, g, u FROM {schema}.spo ORDER BY p, o, s, g
    """)
    objects = dict(
        connection.execute("""
            SELECT p, sum(is_new::INTEGER)::BIGINT FROM (
                SELECT p, lag(o) OVER () IS DISTINCT FROM o OR lag(p) OVER () <> p AS is_new
                FROM by_object
            ) GROUP BY p
        """).fetchall()
    )
    names = name_tables((row[0], row[1]) for row in rows)
    for predicate, name in names.items():
        connection.execute(
            f"CREATE TABLE {schema}.{name} AS SELECT s, o, g, u FROM by_object WHERE p = {predicate}"
        )
    others = f"WHERE p NOT IN ({', '.join(map(str, names))})" if names else ""
    connection.execute(f"INSERT INTO {schema}.{POS} SELECT s, p, o, g, u FROM by_object {others}")
    connection.execute("DROP TABLE by_object")
    return {
        p: Predicate(p, names.get(p, POS), quads, subjects, objects[p], *rest)
        for p, quads, subjects, *rest in sorted(rows)
    }


def name_tables(counts: Iterable[tuple[int, int]]) -> dict[int, str]:
    """The tables of frequent predicates.

    Args:
        counts: Predicates and how many quads they have, those with the most first.

    >>> name_tables([(7, 5_000), (3, 1_000), (4, 999)])
    {7: 'p_1', 3: 'p_2'}
    """
    frequent = [p for p, quads in islice(counts, MOST_TABLES) if quads >= FREQUENT]
    return {predicate: predicate_table(number) for number, predicate in enumerate(frequent, 1)}


def count_graphs(connection: duckdb.DuckDBPyConnection, schema: str) -> dict[int, int]:
    """The named graphs and how many quads each has."""
    return dict(
        connection.execute(
            f"SELECT g, count(*) FROM {schema}.spo WHERE g <> {DEFAULT_GRAPH} GROUP BY g ORDER BY g"
        ).fetchall()
    )


def count_instances(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    predicates: Mapping[int, Predicate],
    rdf_type: int | None,
) -> dict[int, int]:
    """How many subjects the classes with the most have."""
    found = predicates.get(rdf_type) if rdf_type is not None else None
    if found is None:
        return {}
    which = f"AND p = {found.id}" if found.table == POS else ""
    return dict(
        connection.execute(
            f"SELECT o, count(*) FROM {schema}.{found.table} WHERE u {which}"
            f" GROUP BY o ORDER BY count(*) DESC, o LIMIT {MOST_INSTANCES}"
        ).fetchall()
    )
