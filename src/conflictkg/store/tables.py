"""The tables of a store, as DuckDB holds them.

The tables that queries read are described in :mod:`conflictkg.engine.catalog`. Beside them stands what
the store knows of itself, so that opening it costs no scan:

``predicate``, ``class``, ``class_column``, ``instance``, ``graph``
    The statistics of the catalog, a row each of its records.
``class_plan(class, property)``
    What shapes that are not in the store say of classes, for when class tables are derived again.
``counter(tag, next)``
    The next number of a term by tag. Numbers only grow, so that an id never means two terms.
``meta(key, value)``
    ``epoch`` and ``union_default_graph``.
"""

import duckdb

from conflictkg.engine.ids import SHIFT

QUAD = "s BIGINT, p BIGINT, o BIGINT, g BIGINT, u BOOLEAN"
"""Columns of ``spo`` and ``pos``."""

SCHEMA = f"""
CREATE TABLE spo ({QUAD});
CREATE TABLE pos ({QUAD});
CREATE TABLE term (id BIGINT, lex VARCHAR, dt VARCHAR, lang VARCHAR, num DOUBLE);
CREATE TABLE token (token VARCHAR, id BIGINT);
"""

STATISTICS = """
CREATE TABLE predicate (
    id BIGINT, name VARCHAR, quads BIGINT, subjects BIGINT, objects BIGINT,
    subject_tags INTEGER, object_tags INTEGER, is_set BOOLEAN,
    least_object BIGINT, greatest_object BIGINT, grown BOOLEAN
);
CREATE TABLE class (id BIGINT, name VARCHAR, size BIGINT, subject_tags INTEGER);
CREATE TABLE class_column (
    class BIGINT, name VARCHAR, predicate BIGINT, filled BIGINT, tags INTEGER, covers BOOLEAN
);
CREATE TABLE class_plan (class VARCHAR, property VARCHAR);
CREATE TABLE instance (class BIGINT, subjects BIGINT);
CREATE TABLE graph (id BIGINT, quads BIGINT);
CREATE TABLE counter (tag INTEGER, next BIGINT);
CREATE TABLE meta (key VARCHAR, value VARCHAR);
"""

POS = "pos"
"""The table of all predicates that have none of their own."""


def tags_of(column: str) -> str:
    """SQL, of DuckDB and of Spark: bit ``1 << tag`` for each tag among the ids of a column.

    >>> tags_of("s")
    'bit_or((1 << (s >> 58)::INTEGER)::INTEGER)'
    """
    return f"bit_or((1 << ({column} >> {SHIFT})::INTEGER)::INTEGER)"


def predicate_table(number: int) -> str:
    """Name of the table of one frequent predicate."""
    return f"p_{number}"


def class_table(number: int) -> str:
    """Name of the table of one class."""
    return f"c_{number}"


def create_tables(cursor: duckdb.DuckDBPyConnection, *, statistics: bool = True) -> None:
    """Create the empty tables of a store.

    Args:
        cursor: On an empty database.
        statistics: Whether it is to be closed and opened again; a store in memory keeps its statistics in its catalog.
    """
    cursor.execute(SCHEMA + (STATISTICS if statistics else ""))
