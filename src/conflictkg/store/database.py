"""An open store: its DuckDB database, its catalog and its dictionary.

Nothing here asks or answers queries; :mod:`conflictkg.store.runtime` does.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb

from conflictkg.errors import StoreError
from conflictkg.store.changes import Transaction
from conflictkg.store.delta import Delta, HeldDelta
from conflictkg.store.dictionary import Base, NoBase, StoreDictionary
from conflictkg.store.disk import NEVER, explain_disk_error
from conflictkg.store.layout import Manifest
from conflictkg.store.pending import Numbers
from conflictkg.store.statistics import StoreCatalog
from conflictkg.store.tables import create_tables

Settings = dict[str, str | bool | int | float | list[str]]
"""Settings of DuckDB."""

CLOSED: Settings = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "python_enable_replacements": "false",
    "checkpoint_threshold": NEVER,
}
"""DuckDB reads and writes its own files and no others, and opens no socket."""

THREADS_A_QUERY = 1
"""Queries share the cores, one thread each. Where several work at a recursion, DuckDB 2.0.1 now and then
never comes back from an interrupt (3 of 10 tries with two threads, none with one)."""

_PATIENCE_S = 0.02
_MEMORY = "8GB"
"""What all stores in memory and their queries may use together: a query that runs away ends there."""


def lock_configuration(connection: duckdb.DuckDBPyConnection) -> None:
    """Let nobody change a setting any more, but for the memory of a cursor's own queries."""
    connection.execute(
        "SET allowed_configs = ['operator_memory_limit', 'search_path', 'schema',"
        " 'streaming_buffer_size']"
    )
    connection.execute("SET lock_configuration = true")


class Database:
    """A store, open. Safe to use from several threads: each takes a cursor of its own.

    Args:
        connection: Where its cursors come from.
        catalog: What is in it.
        base: The dictionary's base.
        delta: The dictionary's delta.
        numbers: The next numbers of new terms.
        save: Writes a catalog and numbers within a transaction.
        schema: Which of the databases that are attached to the connection.
        release: Called once, to close it.
        settle: Called after each commit, with its cursor and the number of the state: sees to it that it lasts.
        read_only: Whether it is not to be changed.
        directory: Where it is, unless it is in memory.
        manifest: What it says of itself, unless it is in memory.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        catalog: StoreCatalog,
        base: Base,
        delta: Delta,
        numbers: Numbers,
        *,
        schema: str,
        release: Callable[[], None],
        save: Callable[[duckdb.DuckDBPyConnection, StoreCatalog, Numbers], None] | None = None,
        settle: Callable[[duckdb.DuckDBPyConnection, int], None] = lambda *_: None,
        read_only: bool = False,
        directory: Path | None = None,
        manifest: Manifest | None = None,
    ) -> None:
        self._connection = connection
        self._catalog = catalog
        self._base = base
        self._delta = delta
        self._numbers = numbers
        self._save = save
        self._schema = schema
        self._release = release
        self._settle = settle
        self._read_only = read_only
        self.directory = directory
        self.manifest = manifest
        self._writing = threading.Lock()
        self._no_commit = threading.Event()
        self._no_commit.set()
        self._closed = False

    @property
    def catalog(self) -> StoreCatalog:
        """The state after the last commit."""
        return self._catalog

    @property
    def dictionary(self) -> StoreDictionary:
        """The terms."""
        dictionary = self._catalog.dictionary
        assert isinstance(dictionary, StoreDictionary)  # noqa: S101 -- we put it there
        return dictionary

    @property
    def instance(self) -> duckdb.DuckDBPyConnection:
        """The connection that all cursors come from; several stores in memory share one.

        Functions are registered once an instance.
        """
        return self._connection

    @property
    def release(self) -> str:
        """Names its contents: equal for equal contents, another after every change."""
        return self.release_of(self._catalog.epoch)

    def release_of(self, epoch: int) -> str:
        """The release that it is in a state."""
        built = self.manifest.release if self.manifest else "memory"
        return f"{built}-{epoch}" if epoch else built

    @property
    def is_read_only(self) -> bool:
        """Whether it was opened for reading only."""
        return self._read_only

    def is_current(self, catalog: StoreCatalog) -> bool:
        """Whether what has just started to be read is of this state.

        A reader takes the catalog, plans, starts its query, and then asks this: if not, a commit came
        in between, and the plan may be wrong for the snapshot that the query reads. Then it starts again.
        """
        return self._catalog is catalog and self._no_commit.is_set()

    def wait_for_commit(self) -> None:
        """Wait for the commit that is being made, if one is; not for long, as whoever waits may have a deadline."""
        self._no_commit.wait(_PATIENCE_S)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A cursor of its own transactions, on which the store's tables have their plain names."""
        if self._closed:
            raise StoreError("the store is closed")
        cursor = self._connection.cursor()
        cursor.execute(f"USE {self._schema}")
        return cursor

    @contextmanager
    def change(self) -> Iterator[Transaction]:
        """Change it: everything in the block happens at its end, or nothing at all.

        One at a time: another thread's block waits for this one's end.

        Raises:
            StoreError: It was opened for reading only, or the disk refuses.
        """
        if self._read_only:
            raise StoreError("the store is open for reading only")
        with self._writing:
            cursor = self.cursor()
            try:
                cursor.begin()
                transaction = Transaction(
                    cursor, self._catalog, self._base, self._delta, self._numbers
                )
                try:
                    yield transaction
                except BaseException:
                    cursor.rollback()
                    raise
                if transaction.has_changed:
                    self._commit(cursor, transaction)
                else:
                    cursor.rollback()
            finally:
                cursor.close()

    def _commit(self, cursor: duckdb.DuckDBPyConnection, transaction: Transaction) -> None:
        dictionary = self.dictionary
        catalog = replace(transaction.catalog, dictionary=dictionary)
        if self._save is not None:
            self._save(cursor, catalog, self._numbers)
        self._no_commit.clear()
        try:
            try:
                cursor.commit()
            except duckdb.Error as error:
                what = "the change was not made"
                raise explain_disk_error(error, self.directory, what) from error
            self._delta.add(transaction.entries)
            if transaction.has_more_terms:
                self._delta.note_stored()
            self._catalog = catalog
        finally:
            self._no_commit.set()
        self._settle(cursor, catalog.epoch)

    def close(self) -> None:
        """Close it. Queries that still run are interrupted."""
        if self._closed:
            return
        self._closed = True
        self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_shared_lock = threading.Lock()
_shared: list[duckdb.DuckDBPyConnection] = []
_names = count(1)


def memory_database(*, union_default_graph: bool = False) -> Database:
    """A new, empty store in memory, for as long as the process lives or until it is closed.

    All of them share one instance of DuckDB: starting one takes 15 ms, a store in it takes one.

    >>> from conflictkg.answers import Iri
    >>> database = memory_database()
    >>> with database.change() as change:
    ...     change.insert_terms([(Iri("http://e/s"), Iri("http://e/p"), Iri("http://e/o"), None)])
    Changed(removed=0, added=1)
    >>> database.catalog.quads
    1
    >>> database.close()
    """
    with _shared_lock:
        if not _shared:
            config = {**CLOSED, "threads": THREADS_A_QUERY, "memory_limit": _MEMORY}
            connection = duckdb.connect(":memory:", config=config)
            lock_configuration(connection)
            _shared.append(connection)
    name = f"memory_{next(_names)}"
    cursor = _shared[0].cursor()
    cursor.execute(f"ATTACH ':memory:' AS {name}; USE {name}")
    create_tables(cursor, statistics=False)
    cursor.close()
    base, delta, numbers = NoBase(), HeldDelta(), Numbers({})
    catalog = StoreCatalog(0, StoreDictionary(base, delta, numbers), union_default_graph)

    def release() -> None:
        # On a cursor of its own: a connection refuses what comes from two threads at once.
        with closing(_shared[0].cursor()) as cursor:
            cursor.execute(f"DETACH {name}")

    return Database(_shared[0], catalog, base, delta, numbers, schema=name, release=release)
