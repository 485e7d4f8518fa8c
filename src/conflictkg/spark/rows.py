# ruff: noqa: S608 -- SQL here is made of our own names
"""What DuckDB says of rows, inside of Spark's workers: the steps of a load that look at one row at a time."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import duckdb
import pyarrow as pa

from conflictkg.store.finishing import DIGESTED, hash_rows
from conflictkg.store.numbering import describe_texts, is_term
from conflictkg.store.tables import SCHEMA
from conflictkg.store.textindex import index_texts

Batches = Iterator[pa.RecordBatch]

DESCRIBED = "text string, lex string, dt string, lang string, known bigint, tag int, num double, is_term boolean"
TOKENS = "token string, id bigint"
HASHES = "name string, hash bigint"


def describe(batches: Batches) -> Batches:
    """Take texts (``text``) apart: columns as :data:`DESCRIBED` says."""

    def run(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        connection.execute("CREATE OR REPLACE TABLE different AS SELECT text FROM chunk")
        describe_texts(connection)
        return connection.sql(
            "SELECT text, lex, dt, lang, known, tag::INTEGER AS tag, num,"
            f" {is_term()} AS is_term FROM described"
        ).to_arrow_table()

    return _each(batches, run)


def find_tokens(batches: Batches) -> Batches:
    """The words of rows of ``term``: columns as :data:`TOKENS` says."""

    def run(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        connection.execute("DELETE FROM token")
        index_texts(connection, "chunk", "token")
        return connection.sql("SELECT token, id FROM token").to_arrow_table()

    return _each(batches, run)


def hasher(table: str) -> Callable[[Batches], Batches]:
    """What hashes rows of a table of a store, for its digest."""
    return partial(_hash, table)


def _hash(table: str, batches: Batches) -> Batches:
    def run(connection: duckdb.DuckDBPyConnection) -> pa.Table:
        found = hash_rows(connection, "chunk", DIGESTED[table])
        # Spark's whole numbers have a sign.
        signed = found - (1 << 64) if found >> 63 else found
        return pa.table({"name": [table], "hash": pa.array([signed], pa.int64())})

    return _each(batches, run)


def _each(batches: Batches, run: Callable[[Any], pa.Table]) -> Batches:
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute(SCHEMA)
        for batch in batches:
            connection.register("chunk", pa.Table.from_batches([batch]))
            yield from run(connection).to_batches()
            connection.unregister("chunk")
