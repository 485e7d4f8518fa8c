"""Tables of a conversion: in memory as long as they fit, then in a folder that goes with them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

_LEAST_MB = 100


@contextmanager
def spilling(memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database for as long as the block runs.

    Args:
        memory_mb: What it may take before it is spilled.
    """
    with tempfile.TemporaryDirectory(prefix="conflictkg-convert-") as folder:
        connection = duckdb.connect(
            ":memory:",
            config={"memory_limit": f"{max(memory_mb, _LEAST_MB)}MB", "temp_directory": folder},
        )
        try:
            connection.execute("SET enable_progress_bar = false")
            yield connection
        finally:
            connection.close()


def append(connection: duckdb.DuckDBPyConnection, table: str, content: pa.Table) -> None:
    """Append rows to a table that has these columns in this order."""
    connection.register("chunk", content)
    connection.execute(f'INSERT INTO "{table}" SELECT * FROM chunk')  # noqa: S608  our own names
    connection.unregister("chunk")


def iter_rows(
    connection: duckdb.DuckDBPyConnection, query: str, at_once: int
) -> Iterator[tuple[Any, ...]]:
    """The rows of an answer as they come, so many in memory at a time."""
    for batch in connection.cursor().sql(query).to_arrow_reader(at_once):
        yield from zip(*(each.to_pylist() for each in batch.columns), strict=True)
