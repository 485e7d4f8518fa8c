"""Bulk load: from RDF files to a store's files, in memory that does not grow with them.

The steps, each over sets: stage texts, number the different terms, lay down quads in their orders,
derive class tables and text index, count. What does not fit into memory is spilled beside the files.
"""

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import duckdb

from conflictkg.store.classes import ClassPlan
from conflictkg.store.disk import explain_disk_error
from conflictkg.store.finishing import Filled, Wanted, connect_fresh, finish_store
from conflictkg.store.numbering import (
    collect_texts,
    describe_texts,
    doubtful_lines,
    number_texts,
    quad_ids,
    require_terms,
)
from conflictkg.store.pending import Numbers
from conflictkg.store.staging import STAGED, Source, restage_lines, stage_source

MEMORY_MB = 1200
"""What DuckDB may use while it loads; beside it stand its buffers for reading and Python itself."""

WORK = "work"
_TELL_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is.

    Args:
        step: What is being done, in words.
        seconds: Since the load began.
        bytes_read: Of the files.
        bytes_total: Of the files.
        quads: Read so far, repeated ones counted again.
    """

    step: str
    seconds: float
    bytes_read: int
    bytes_total: int
    quads: int

    @property
    def rate(self) -> float:
        """Quads a second so far."""
        return self.quads / self.seconds if self.seconds else 0.0

    @property
    def part(self) -> float:
        """Which part of the files has been read."""
        return min(self.bytes_read / self.bytes_total, 1.0) if self.bytes_total else 1.0


_BYTES_A_QUAD = 150
"""Of N-Triples, roughly."""

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Load:
    """What to load, and how.

    Args:
        sources: The files.
        union_default_graph: Whether queries see the union of all graphs as their default graph.
        graphs: IRIs of named graphs that are to be there, even if empty.
        plans: What shapes say of classes; shapes among the quads count too.
        memory_mb: What DuckDB may use.
        report: Is told how far it is.
    """

    sources: Sequence[Source]
    union_default_graph: bool = True
    graphs: Sequence[str] = ()
    plans: Sequence[ClassPlan] = ()
    memory_mb: int = MEMORY_MB
    report: Report = field(default=lambda progress: None)  # noqa: ARG005  silence


def fill_store(directory: Path, load: Load) -> Filled:
    """Write the files of a store, all but its manifest, into an empty directory.

    Raises:
        RdfSyntaxError: A file breaks its format.
        StoreError: A file cannot be read, or the disk refuses.
    """
    work = directory / WORK
    work.mkdir()
    quads = sum(_size_of(each.path) for each in load.sources) // _BYTES_A_QUAD
    try:
        with connect_fresh(directory, work, load.memory_mb, quads) as connection:
            return _Filling(connection, directory, work, load).run()
    except duckdb.Error as error:
        raise explain_disk_error(error, None, "the store was not written") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


class _Filling:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, directory: Path, work: Path, load: Load
    ) -> None:
        self._connection = connection
        self._directory, self._work, self._load = directory, work, load
        self._start = time.monotonic()
        self._sizes = [_size_of(each.path) for each in load.sources]
        self._done, self._read, self._quads = 0, 0, 0
        self._numbers = Numbers({})

    def run(self) -> Filled:
        connection = self._connection
        with self._watching():
            stage_all(connection, self._load.sources, self._work, self._tell_read)
        self._tell("number terms")
        connection.execute(
            "INSERT INTO different SELECT unnest($1::VARCHAR[]) EXCEPT SELECT text FROM different",
            [[f"<{each}>" for each in self._load.graphs]],
        )
        describe_texts(connection)
        seed = number_texts(connection, self._numbers.take, "target.term")
        wanted = Wanted(self._load.union_default_graph, self._load.plans, self._load.graphs)
        filled = finish_store(
            connection, self._directory, quad_ids(seed), self._numbers, wanted, self._tell
        )
        self._tell("done")
        return filled

    @contextmanager
    def _watching(self) -> Iterator[None]:
        """Tell how far the reading of a large file is, which is one statement of SQL."""
        ended = threading.Event()
        self._connection.execute("SET enable_progress_bar = true")
        self._connection.execute("SET enable_progress_bar_print = false")

        def watch() -> None:
            while not ended.wait(_TELL_EVERY_S):
                part = self._connection.query_progress()
                if part > 0:
                    size = self._sizes[self._done] if self._done < len(self._sizes) else 0
                    self._tell("read", int(size * min(part, 100.0) / 100))

        watcher = threading.Thread(target=watch, name="load progress", daemon=True)
        watcher.start()
        try:
            yield
        finally:
            ended.set()
            watcher.join()
            self._connection.execute("SET enable_progress_bar = false")

    def _tell_read(self, done: int, quads: int) -> None:
        self._done, self._read, self._quads = done, sum(self._sizes[:done]), quads
        self._tell("read")

    def _tell(self, step: str, more: int = 0) -> None:
        seconds, total = time.monotonic() - self._start, sum(self._sizes)
        self._load.report(Progress(step, seconds, self._read + more, total, self._quads))


def stage_all(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    work: Path,
    told: Callable[[int, int], None],
) -> None:
    """Stage files and collect their different texts.

    Args:
        connection: On a database of the load's own.
        sources: The files.
        work: For temporary files.
        told: Is told how many files are done and how many quads were read.
    """
    connection.execute(STAGED)
    # The order of the file says nothing, and to keep it costs memory.
    connection.execute("SET preserve_insertion_order = false")
    before = 0
    for number, source in enumerate(sources):
        stage_source(
            connection,
            number,
            source,
            work,
            lambda count, number=number, before=before: told(number, before + count),  # type: ignore[misc]  # default values bind the loop's
        )
        row = connection.execute("SELECT count(*) FROM staged").fetchone()
        before = int(row[0]) if row else 0
        told(number + 1, before)
    connection.execute("SET preserve_insertion_order = true")
    collect_texts(connection)
    for number, source in enumerate(sources):
        if source.is_table:
            require_terms(connection, number, str(source.path))
    found = False
    for number, group in groupby(doubtful_lines(connection), key=lambda each: each[0]):
        found = True
        restage_lines(connection, number, sources[number], (line for _, line in group))
    if found:
        collect_texts(connection)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        # That it cannot be read is said where it is opened.
        return 0
