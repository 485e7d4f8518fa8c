# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Writing a store anew: what updates have left behind is sorted, numbered and derived again.

The fresh store takes the old one's place by one rename, so who is killed at whatever moment leaves the
one or the other.
"""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb

from conflictkg.engine.ids import DEFAULT_GRAPH, SHIFT, Tag
from conflictkg.store.classes import ClassPlan
from conflictkg.store.disk import explain_disk_error
from conflictkg.store.finishing import Filled, Wanted, connect_fresh, finish_store
from conflictkg.store.journal import JOURNAL_TABLES, has_journal
from conflictkg.store.layout import DATABASE, read_manifest
from conflictkg.store.loading import MEMORY_MB, WORK
from conflictkg.store.pending import Numbers
from conflictkg.store.place import claim_place, publish
from conflictkg.store.statistics import load_numbers, load_plans

_BYTES_A_QUAD = 27
"""Of a store, roughly."""


def optimize(
    directory: Path,
    *,
    memory_mb: int = MEMORY_MB,
    report: Callable[[str], None] = lambda step: None,  # noqa: ARG005  silence
) -> None:
    """Sort, number and derive anew everything in a store.

    Blank nodes keep their labels; terms that no quad holds any more go.

    Args:
        directory: Of the store. Nobody may have it open for changing; readers go on reading the old one.
        memory_mb: What DuckDB may use.
        report: Is told what is being done.

    Raises:
        StoreMissingError: There is none.
        StoreBusyError: Another process builds or edits it.
        StoreError: It cannot be read, or the disk refuses; the store is as before.
    """
    manifest = read_manifest(directory)

    def fill(fresh: Path) -> None:
        work = fresh / WORK
        work.mkdir()
        quads = (directory / DATABASE).stat().st_size // _BYTES_A_QUAD
        try:
            with connect_fresh(fresh, work, memory_mb, quads) as connection:
                _rewrite(connection, directory, fresh, report)
        except duckdb.Error as error:
            raise explain_disk_error(error, directory, "the store was not optimized") from error
        finally:
            shutil.rmtree(work, ignore_errors=True)
        replace(manifest).write(fresh)

    with claim_place(directory):
        publish(directory, fill)


def _rewrite(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    fresh: Path,
    report: Callable[[str], None],
) -> Filled:
    old = str(directory.resolve() / DATABASE).replace("'", "''")
    connection.execute(f"ATTACH '{old}' AS old (READ_ONLY); USE old")
    epoch, union = (
        _scalar(connection, f"SELECT value FROM meta WHERE key = '{key}'")
        for key in ("epoch", "union_default_graph")
    )
    plans = tuple(ClassPlan(iri, each) for iri, each in load_plans(connection).items())
    blanks = load_numbers(connection).get(Tag.BLANK, 0)
    graphs = [
        row[0]
        for row in connection.execute(
            "SELECT lex FROM graph JOIN term USING (id) WHERE quads = 0"
        ).fetchall()
    ]
    connection.execute("USE work")
    report("number terms")
    numbers = Numbers({Tag.BLANK: blanks})
    _renumber(connection, numbers)
    ids = ", ".join(f"coalesce(n{each}.id, {each}) AS {each}" for each in "spog")
    joins = " ".join(f"LEFT JOIN name AS n{each} ON n{each}.old = {each}" for each in "spog")
    wanted = Wanted(union == "true", plans, graphs, int(epoch) + 1)
    filled = finish_store(
        connection, fresh, f"SELECT {ids} FROM old.spo {joins}", numbers, wanted, report
    )
    connection.execute("USE old")
    if has_journal(connection):
        for each in JOURNAL_TABLES:
            connection.execute(f"CREATE TABLE target.{each} AS FROM old.{each}")
    connection.execute("USE work; DETACH old")
    return filled


def _scalar(connection: duckdb.DuckDBPyConnection, query: str) -> str:
    row = connection.execute(query).fetchone()
    return str(row[0]) if row else ""


def _renumber(connection: duckdb.DuckDBPyConnection, numbers: Numbers) -> None:
    """Fill ``target.term`` in order and make ``name(old, id)``."""
    connection.execute(f"""
        CREATE TABLE numbered AS
        SELECT *, row_number() OVER () AS place FROM (
            SELECT id AS old, id >> {SHIFT} AS tag, lex, dt, lang, num FROM old.term
            WHERE id IN (
                SELECT unnest([s, p, o, g]) FROM old.spo UNION SELECT id FROM old.graph
            ) ORDER BY tag, lex, dt, lang
        )
    """)
    groups = connection.execute(
        "SELECT tag, min(place), count(*) FROM numbered GROUP BY tag ORDER BY tag"
    ).fetchall()
    whens = " ".join(
        f"WHEN {tag} THEN {(tag << SHIFT) + numbers.take(Tag(tag), count) - first}"
        for tag, first, count in groups
    )
    identity = f"CASE tag {whens} END + place" if whens else "NULL::BIGINT"
    connection.execute(
        f"INSERT INTO target.term SELECT {identity}, lex, dt, lang, num FROM numbered ORDER BY place"
    )
    connection.execute(
        f"CREATE TABLE name AS SELECT old, {identity} AS id FROM numbered WHERE old <> {DEFAULT_GRAPH}"
    )
