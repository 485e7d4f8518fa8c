"""Queries while they run: a cursor each, a deadline, a way to stop them, and what can go wrong.

DuckDB gives the rows of ``cursor.sql(…)`` as they come, and computes no more than is read; what
``cursor.execute(…)`` answers it computes whole before the first row. So the first is for all queries
but those whose answer is known to be small; those are prepared, because for them planning is most of
the work.
"""

import logging
import threading
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from conflictkg.errors import (
    ConflictKGError,
    QueryError,
    QueryMemoryError,
    QueryTimeoutError,
    StoreBusyError,
    StoreError,
)
from conflictkg.store.database import Database
from conflictkg.store.deadlines import Cancellation, Watchdog
from conflictkg.store.disk import is_damage
from conflictkg.store.functions import PROGRAMS, register_functions
from conflictkg.store.statements import Statement

_ROWS_READ = 2_048
_ROWS_A_BATCH = 16_384
_GATHER_S = 0.05
"""How long rows are gathered for a batch, so that few that come slowly are passed on."""
_MOST_PREPARED = 256
_UNPREPARED = 64
"""Where more statements come again and again than are kept, one in so many takes another's place."""
_BUFFER = "64KiB"
"""Rows that are computed ahead of their reader. DuckDB gives out the first row when they are full: with
its own 10 MB a filter that lets little through keeps people waiting for seconds."""

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")


class StaleError(Exception):
    """A commit came between planning and starting: plan again."""


class Cursor:
    """A cursor of DuckDB and the statements that were prepared on it."""

    def __init__(self, database: Database, memory_mb: int | None) -> None:
        self.duckdb = database.cursor()
        self.duckdb.execute(f"SET streaming_buffer_size = '{_BUFFER}'")
        if memory_mb is not None:
            self.duckdb.execute(f"SET operator_memory_limit = '{memory_mb:d}MiB'")
        self._prepared: dict[int, None] = {}
        self._unprepared = 0

    def fetch(self, statement: Statement) -> list[tuple[Any, ...]]:
        """All rows of a statement, which is prepared when it comes again."""
        if statement.is_first_use():
            return self.duckdb.execute(statement.sql).fetchall()
        number = statement.number
        if number not in self._prepared:
            if len(self._prepared) >= _MOST_PREPARED:
                self._unprepared += 1
                if self._unprepared % _UNPREPARED:
                    # To prepare one and let another go takes longer than preparing saves.
                    return self.duckdb.execute(statement.sql).fetchall()
                oldest = next(iter(self._prepared))
                del self._prepared[oldest]
                self.duckdb.execute(f"DEALLOCATE q{oldest}")
            self.duckdb.execute(f"PREPARE q{number} AS {statement.sql}")
            self._prepared[number] = None
        return self.duckdb.execute(f"EXECUTE q{number}").fetchall()

    def rollback(self) -> None:
        """End the transaction, if one has begun."""
        try:
            self.duckdb.rollback()
        except duckdb.TransactionException as error:
            if "no transaction is active" not in str(error):
                raise


class Runtime:
    """The cursors of one database, lent to one query at a time.

    Args:
        database: The store.
        workers: Queries that run at the same time.
        wait_s: How long a query waits for a cursor.
        memory_mb: What the sorts and hash tables of one query may take; ``None`` for no bound of its own.
    """

    def __init__(
        self, database: Database, *, workers: int, wait_s: float, memory_mb: int | None
    ) -> None:
        self.database = database
        self.watchdog = Watchdog()
        self._wait_s, self._memory_mb = wait_s, memory_mb
        self._workers = self._free_places = workers
        self._idle: list[Cursor] = []
        self._runs: set[Run] = set()
        self._closed = False
        self._changed = threading.Condition()
        register_functions(database.instance)

    def start(
        self,
        programs: Mapping[str, Any],
        dictionary: Any,
        deadline: float | None = None,
        deadline_s: float | None = None,
        cancellation: Cancellation | None = None,
    ) -> "Run":
        """Take a cursor for a query.

        Args:
            programs: What Python computes for it.
            dictionary: Whose ids the programs get.
            deadline: When it is stopped, on the clock of ``time.monotonic``; ``None`` for never.
            deadline_s: How many seconds it was given, for the message.
            cancellation: Ends it, or its waiting for a cursor.

        Raises:
            StoreBusyError: None became free in time.
            QueryCancelledError: It was cancelled while it waited.
            StoreError: The store is closed.
        """
        cancellation = cancellation or Cancellation()
        with self._changed:
            if not self._free_places:
                cancellation.attach(self._wake)
            self._changed.wait_for(
                lambda: self._closed or self._free_places or cancellation.reason, self._wait_s
            )
            if self._closed:
                raise StoreError("the store is closed")
            if cancellation.reason is not None:
                raise cancellation.reason
            if not self._free_places:
                raise StoreBusyError(
                    f"all workers were busy for {self._wait_s:g} s. Ask again in a few seconds, or "
                    "raise CONFLICTKG_WORKERS on your own server."
                )
            self._free_places -= 1
            cursor = self._idle.pop() if self._idle else None
        try:
            run = Run(self, cursor or Cursor(self.database, self._memory_mb))
        except BaseException:
            self.take_back(None, None)
            raise
        run.prepare(programs, dictionary)
        if not self._keep(run):
            run.end(_closed_meanwhile())
        if deadline is not None and deadline_s is not None:
            error = QueryTimeoutError(deadline_s)
            if deadline <= time.monotonic():
                # It has waited all the time.
                run.end(error)
            else:
                self.watchdog.watch(deadline, lambda: run.stop(error))
        cancellation.attach(run.end)
        return run

    def _keep(self, run: "Run") -> bool:
        """Have a run ended by :meth:`close`; unless that came since it got its place."""
        with self._changed:
            self._runs.add(run)
            return not self._closed

    def _wake(self, _: ConflictKGError) -> None:
        with self._changed:
            self._changed.notify_all()

    def take_back(self, run: "Run | None", cursor: Cursor | None) -> None:
        """A query has ended, or has not begun; its cursor can serve again, if there is one."""
        with self._changed:
            if run is not None:
                self._runs.discard(run)
            if cursor is not None:
                self._idle.append(cursor)
            self._free_places += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Stop all queries, and wait until they have ended."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            runs = list(self._runs)
        for run in runs:
            run.end(_closed_meanwhile())
        with self._changed:
            self._changed.wait_for(lambda: self._free_places == self._workers)
            for cursor in self._idle:
                cursor.duckdb.close()
            self._idle.clear()
        self.watchdog.close()


def _closed_meanwhile() -> StoreError:
    return StoreError("the store was closed while the query ran")


class Run:
    """One query on its cursor. Read from one thread at a time; stopped from any."""

    def __init__(self, runtime: Runtime, cursor: Cursor) -> None:
        self._runtime, self._cursor = runtime, cursor
        self._lock = threading.Lock()
        self._is_busy = False
        self._is_done = False
        self._reason: ConflictKGError | None = None
        self._relation: Any = None
        self._reader: Any = None
        self._programs: Mapping[str, Any] = {}
        self._in_transaction = False

    def prepare(self, programs: Mapping[str, Any], dictionary: Any) -> None:
        """Have the programs at hand."""
        self._programs = programs
        PROGRAMS.enter(programs, dictionary, self.is_stopped)

    def is_stopped(self) -> bool:
        """Whether somebody wants it ended."""
        return self._reason is not None

    def _why_stopped(self) -> ConflictKGError | None:
        return self._reason

    def fetch(self, statement: Statement, *, pinned: bool) -> list[tuple[Any, ...]]:
        """All rows at once; the run has ended.

        Args:
            statement: Whose answer is small.
            pinned: Whether it was too late already once: look whether the plan still holds first.

        Raises:
            StaleError: A commit came before it started.
            QueryError: It failed or was stopped.
        """
        work = self._checked(lambda: self._fetch(statement, pinned=pinned), statement)
        rows = self._call(work, statement)
        self._release()
        return rows

    def _checked(self, work: Callable[[], _Result], statement: Statement) -> Callable[[], _Result]:
        """Work that may find a table gone because a commit came before it started."""

        def run() -> _Result:
            try:
                return work()
            except duckdb.Error as error:
                is_current = self._runtime.database.is_current(statement.catalog)
                if is_current or self.is_stopped():
                    raise
                raise StaleError from error

        return run

    def _fetch(self, statement: Statement, *, pinned: bool) -> list[tuple[Any, ...]]:
        database = self._runtime.database
        if pinned:
            self._begin()
            # Planning it takes the snapshot that all that follows reads.
            self._cursor.duckdb.execute("SELECT 1 FROM spo LIMIT 0")
            if not database.is_current(statement.catalog):
                raise StaleError
        rows = self._cursor.fetch(statement)
        if not pinned and not database.is_current(statement.catalog):
            raise StaleError
        return rows

    def open(self, statement: Statement) -> None:
        """Start a query whose rows are read later.

        Raises:
            StaleError: A commit came before it started.
            QueryError: It failed or was stopped.
        """
        self._call(self._checked(lambda: self._open(statement), statement), statement)

    def _open(self, statement: Statement) -> None:
        database = self._runtime.database
        if not database.is_read_only:
            self._begin()
        relation = self._cursor.duckdb.sql(statement.sql)
        # Planning has taken the snapshot that is read.
        if not database.is_current(statement.catalog):
            raise StaleError
        # Executed by its first read: to compute the first rows can take all the time there is, and who has
        # the answer in hand meanwhile can close it.
        self._relation = relation

    def batches(self, statement: Statement) -> Generator[pa.RecordBatch, None, None]:
        """The rows, some at a time. At their end the run has ended."""
        size = 0
        while True:
            gathered = self._call(self._gather, statement)
            if not gathered:
                break
            size += sum(each.num_rows for each in gathered)
            yield gathered[0] if len(gathered) == 1 else pa.concat_batches(gathered)
        statement.note_size(size)
        self._release()

    def _gather(self) -> list[pa.RecordBatch]:
        if self._reader is None:
            self._reader = self._relation.to_arrow_reader(_ROWS_READ)
        found: list[pa.RecordBatch] = []
        size, until = 0, time.monotonic() + _GATHER_S
        while size < _ROWS_A_BATCH and (not found or time.monotonic() < until):
            try:
                batch = self._reader.read_next_batch()
            except StopIteration:
                break
            if batch.num_rows:
                found.append(batch)
                size += batch.num_rows
        return found

    def _begin(self) -> None:
        # First, for an interrupt may come when it has begun already: then the cursor must be rolled back all the same.
        self._in_transaction = True
        self._cursor.duckdb.begin()

    def _call(self, work: Callable[[], _Result], statement: Statement) -> _Result:
        """Do something on the cursor, unless the run has ended; what goes wrong ends it."""
        with self._lock:
            if self._is_done or self._reason is not None:
                self._release_locked()
                raise self._reason or StoreError("the answer was read to its end already")
            self._is_busy = True
        try:
            result = work()
        except StaleError:
            self._fail()
            raise
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            self._fail()
            # An interrupt comes as one of these; who sent it said why.
            raise self._reason or explain_error(error, statement.sql) from error
        except BaseException:
            self._fail()
            raise
        with self._lock:
            self._is_busy = False
            reason = self._why_stopped()
            if reason is not None:
                self._release_locked()
        if reason is not None:
            raise reason
        return result

    def _fail(self) -> None:
        with self._lock:
            self._is_busy = False
            self._release_locked()

    def stop(self, reason: ConflictKGError) -> bool:
        """Have it end, from any thread.

        Args:
            reason: What its reader is told.

        Returns:
            Whether it has ended; otherwise it was interrupted, which it may have missed.
        """
        with self._lock:
            if self._is_done:
                return True
            self._reason = self._reason or reason
            self._cursor.duckdb.interrupt()
            if self._is_busy:
                return False
            self._release_locked()
            return True

    def end(self, reason: ConflictKGError) -> None:
        """Have it end for certain, be it after this returns."""
        if not self.stop(reason):
            self._runtime.watchdog.watch(time.monotonic(), lambda: self.stop(reason))

    def close(self) -> None:
        """Its reader wants no more."""
        self.end(StoreError("the answer was closed before it was read to its end"))

    def _release(self) -> None:
        with self._lock:
            self._release_locked()

    def _release_locked(self) -> None:
        if self._is_done:
            return
        self._is_done = True
        reader, self._reader, self._relation = self._reader, None, None
        cursor: Cursor | None = self._cursor
        try:
            if reader is not None:
                reader.close()
            if self._in_transaction:
                self._cursor.rollback()
        except (duckdb.Error, pa.ArrowException, OSError):
            # Not fit for another query; the next one gets a new cursor.
            _log.warning("a cursor could not be cleared", exc_info=True)
            cursor = None
        PROGRAMS.leave(self._programs, self.is_stopped)
        self._runtime.take_back(self, cursor)


def explain_error(error: Exception, statement: str) -> ConflictKGError:
    """An error of DuckDB as one of ours.

    Args:
        error: What came out of DuckDB or Arrow.
        statement: What was run, for the log.
    """
    message = str(error)
    if isinstance(error, duckdb.OutOfMemoryException) or "Out of Memory Error" in message:
        return QueryMemoryError(_name_limit(message))
    if "No space left on device" in message:
        return QueryMemoryError("the disk for temporary files is full")
    # Control+C may come while a function of ours runs within DuckDB.
    is_interrupted = "INTERRUPT Error" in message or message.rstrip(": ").endswith(
        "KeyboardInterrupt"
    )
    if isinstance(error, duckdb.InterruptException) or is_interrupted:
        return QueryError("the query was interrupted")
    if is_damage(message):
        _log.error("a store is damaged: %s", message)
        return StoreError(
            "the store is damaged: not all of its database can be read. Build it again: conflictkg "
            "build, or conflictkg load."
        )
    _log.error("DuckDB failed: %s\n%s", message, statement, exc_info=error)
    return QueryError(
        "the engine could not run this query, which is a defect: report it with the query. Other "
        "queries are not affected."
    )


def _name_limit(message: str) -> str:
    if "max_temp_directory_size" in message:
        return "it needs more room for temporary files than it may have (CONFLICTKG_QUERY_DISK_MB)"
    return "it needs more memory than it may have (CONFLICTKG_QUERY_MEMORY_MB)"
