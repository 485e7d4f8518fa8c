"""Tables for records that wait for others: in memory as long as they fit, then in a folder that goes with them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

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
