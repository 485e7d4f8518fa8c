# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Bulk insert: RDF files into a store that is there, in one transaction, over sets."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

import duckdb

from conflictkg.store.changes import Changed, Transaction
from conflictkg.store.database import Database, Settings
from conflictkg.store.disk import explain_disk_error
from conflictkg.store.loading import MEMORY_MB, stage_all
from conflictkg.store.numbering import describe_texts, number_texts, quad_ids
from conflictkg.store.staging import Source
from conflictkg.store.temporary import temporary_folder
from conflictkg.store.textindex import index_texts

_BATCH = 100_000


def add_files(
    database: Database,
    sources: Sequence[Source],
    *,
    memory_mb: int = MEMORY_MB,
    told: Callable[[int, int], None] = lambda files, quads: None,  # noqa: ARG005  silence
) -> Changed:
    """Add the quads of files to a store; blank nodes are new ones, file by file.

    Args:
        database: Open for changing.
        sources: The files.
        memory_mb: What may be used to read them, beside what the store uses.
        told: Is told how many files and quads have been read.

    Raises:
        RdfSyntaxError: A file breaks its format; nothing was added.
        StoreError: A file cannot be read, or the store not be written; nothing was added.
    """
    try:
        with (
            staged_files(database, sources, memory_mb=memory_mb, told=told) as staged,
            database.change() as transaction,
        ):
            return add_staged(transaction, staged)
    except duckdb.Error as error:
        raise explain_disk_error(error, database.directory, "nothing was added") from error


@contextmanager
def staged_files(
    database: Database,
    sources: Sequence[Source],
    *,
    memory_mb: int = MEMORY_MB,
    told: Callable[[int, int], None] = lambda files, quads: None,  # noqa: ARG005  silence
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Files read and checked, ready to be added; arguments as for :func:`add_files`."""
    with temporary_folder() as work, ExitStack() as held:
        config: Settings = {"memory_limit": f"{memory_mb}MB", "temp_directory": str(work / "spill")}
        try:
            staging = held.enter_context(duckdb.connect(work / "work.duckdb", config=config))
            stage_all(staging, sources, work, told)
            describe_texts(staging)
        except duckdb.Error as error:
            raise explain_disk_error(error, database.directory, "nothing was added") from error
        yield staging


def add_staged(transaction: Transaction, staging: duckdb.DuckDBPyConnection) -> Changed:
    """Add the quads of :func:`staged_files`."""
    cursor = transaction.cursor
    for table in ("described", "staged"):
        # The store's own connection reads no other files, so the rows pass through Arrow.
        rows = staging.cursor().sql(f"SELECT * FROM {table}").to_arrow_reader(_BATCH)
        cursor.register("incoming", rows)
        cursor.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * FROM incoming")
        cursor.unregister("incoming")
    cursor.execute("""
        UPDATE described SET known = term.id FROM term
        WHERE described.known IS NULL AND described.tag <> 1 AND term.lex = described.lex
            AND term.lang = described.lang AND term.dt IS NOT DISTINCT FROM described.dt
    """)
    cursor.execute("CREATE OR REPLACE TEMP TABLE fresh AS SELECT * FROM term WHERE FALSE")
    seed = number_texts(cursor, transaction.take_numbers, "fresh", "TEMP TABLE")
    cursor.execute("INSERT INTO term SELECT * FROM fresh ORDER BY id")
    index_texts(cursor, "fresh", "token")
    transaction.note_table("fresh")
    changed = transaction.apply_selected(insert=quad_ids(seed))
    for table in ("described", "staged", "fresh", "numbered", "name"):
        cursor.execute(f"DROP TABLE temp.{table}")
    return changed
