# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Keeping class tables true to the quads while a transaction changes these.

The rows of the subjects that were touched are made anew. A column whose property has got a second value
for a subject is left out of the catalog from then on; :func:`conflictkg.store.optimizing.optimize`
decides anew.
"""

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from conflictkg.engine.catalog import ClassTable, Column
from conflictkg.store.classes import describe_class, pivot

_FACTS = """
CREATE OR REPLACE TEMP TABLE touched AS
    SELECT s FROM removed UNION SELECT s FROM added;
CREATE OR REPLACE TEMP TABLE facts AS
    SELECT s, p, o FROM spo SEMI JOIN touched USING (s) WHERE u;
"""
"""All triples that the touched subjects have now."""


def refresh_classes(
    cursor: duckdb.DuckDBPyConnection, classes: Mapping[int, ClassTable], rdf_type: int
) -> dict[int, ClassTable]:
    """Make the rows of touched subjects anew.

    Args:
        cursor: With the tables ``removed`` and ``added`` of what was changed, and the change done.
        classes: The class tables before it.
        rdf_type: Id of ``rdf:type``.

    Returns:
        The class tables after it.
    """
    cursor.execute(_FACTS)
    concerned = {
        row[0]
        for row in cursor.execute(
            "SELECT o FROM facts WHERE p = $1 UNION SELECT o FROM removed WHERE p = $1", [rdf_type]
        ).fetchall()
    }
    present = {row[0] for row in cursor.execute("SELECT DISTINCT p FROM facts").fetchall()}
    result = {}
    for identity, table in classes.items():
        fresh = table
        if identity in concerned:
            fresh = _refresh_class(cursor, table, rdf_type)
        result[identity] = _uncover(cursor, fresh, rdf_type, present)
    return result


def _members(identity: int, rdf_type: int) -> str:
    return f"(SELECT s FROM facts WHERE p = {rdf_type} AND o = {identity})"


def _refresh_class(
    cursor: duckdb.DuckDBPyConnection, table: ClassTable, rdf_type: int
) -> ClassTable:
    names = {predicate: column.name for predicate, column in table.columns.items()}
    before = _describe_touched(cursor, table, names)
    cursor.execute(f"DELETE FROM {table.name} USING touched WHERE {table.name}.s = touched.s")
    members = _members(table.id, rdf_type)
    chosen = ", ".join(map(str, (rdf_type, *names)))
    facts = f"SELECT * FROM facts WHERE s IN {members} AND p IN ({chosen})"
    parallel = {
        row[0]
        for row in cursor.execute(
            f"SELECT DISTINCT p FROM (SELECT s, p FROM ({facts}) WHERE p <> {rdf_type}"
            " GROUP BY s, p HAVING count(*) > 1)"
        ).fetchall()
    }
    columns = ", ".join(("s", *names.values()))
    cursor.execute(f"INSERT INTO {table.name} ({columns}) {pivot(facts, names)}")
    after = _describe_touched(cursor, table, names)
    return replace(
        table,
        rows=table.rows - before.rows + after.rows,
        subject_tags=table.subject_tags | after.subject_tags,
        columns={
            predicate: _merge(column, before.columns[predicate], after.columns[predicate])
            for predicate, column in table.columns.items()
            if predicate not in parallel
        },
    )


def _describe_touched(
    cursor: duckdb.DuckDBPyConnection, table: ClassTable, names: Mapping[int, str]
) -> ClassTable:
    part = f"(SELECT * FROM {table.name} SEMI JOIN touched USING (s))"
    return describe_class(cursor, part, table.id, table.name, names, ())


def _merge(column: Column, before: Column, after: Column) -> Column:
    return replace(
        column,
        filled=column.filled - before.filled + after.filled,
        tags=column.tags | after.tags,
    )


def _uncover(
    cursor: duckdb.DuckDBPyConnection, table: ClassTable, rdf_type: int, present: set[int]
) -> ClassTable:
    """Columns that no longer hold all triples of their property no longer say so."""
    covering = [
        predicate
        for predicate, column in table.columns.items()
        if column.covers and predicate in present
    ]
    if not covering:
        return table
    chosen = ", ".join(map(str, covering))
    outside = {
        row[0]
        for row in cursor.execute(
            f"SELECT DISTINCT p FROM facts WHERE p IN ({chosen})"
            f" AND s NOT IN {_members(table.id, rdf_type)}"
        ).fetchall()
    }
    if not outside:
        return table
    columns = {
        predicate: replace(column, covers=column.covers and predicate not in outside)
        for predicate, column in table.columns.items()
    }
    return replace(table, columns=columns)
