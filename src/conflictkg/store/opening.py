"""Opening a store's directory, by one process for changing it or by any number for reading.

Locks, all of them let go when the process ends, however it ends:

- who may change a store holds its place (:func:`conflictkg.store.place.hold_place`), as a build does;
- who has it open holds its directory, shared for reading, alone for changing: DuckDB cannot read a file
  that another instance of it changes. A build asks for this lock before it deletes an old store.

DuckDB's own locks are not relied on: they belong to the process, and one of two readers of a process lets
go of both when it closes. Nor is its habit to share what it has open under a path: the path may lead
to another store by now. So it gets a path that is new each time and leads to what was locked.
"""

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path

import duckdb

from conflictkg.engine.ids import DICTIONARY as DICTIONARY_TAGS
from conflictkg.engine.ids import Tag
from conflictkg.errors import StoreBusyError, StoreError
from conflictkg.store.arena import Arena
from conflictkg.store.database import CLOSED, Database, Settings, lock_configuration
from conflictkg.store.delta import StoredDelta
from conflictkg.store.dictionary import StoreDictionary
from conflictkg.store.incoming import Incoming
from conflictkg.store.layout import DATABASE, DICTIONARY, INCOMING, Manifest, read_manifest
from conflictkg.store.log import Log
from conflictkg.store.pending import Numbers
from conflictkg.store.place import hold_place, is_same_directory, place_holder
from conflictkg.store.statistics import (
    StoreCatalog,
    load_catalog,
    load_numbers,
    save_catalog,
    save_numbers,
)
from conflictkg.store.temporary import temporary_folder

_SCHEMA = "store"


def open_database(
    directory: Path,
    *,
    read_only: bool = True,
    memory_mb: int = 2048,
    temp_mb: int = 10_000,
    threads: int | None = None,
) -> Database:
    """Open a store.

    Args:
        directory: Where it is.
        read_only: Whether it is not to be changed.
        memory_mb: What DuckDB may use of memory, for all queries together.
        temp_mb: What it may use of disk beyond that, in a folder of its own.
        threads: How many cores it may use; by default all.

    Raises:
        StoreMissingError: There is nothing at that place.
        StoreBusyError: Another process has it open for changing, or, if it is to be changed, at all.
        StoreError: It is no store, is of another version, or cannot be read.
    """
    with ExitStack() as held:
        if not read_only:
            # First, for to hold the place makes a file beside it.
            read_manifest(directory)
            held.enter_context(hold_place(directory))
        descriptor, manifest = _hold(directory, held, read_only=read_only)
        path = _path_of(descriptor, directory)
        temporary = held.enter_context(temporary_folder())
        config: Settings = {
            **CLOSED,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(temporary),
            "max_temp_directory_size": f"{temp_mb}MB",
        }
        # Not before the store is attached.
        del config["enable_external_access"]
        if threads is not None:
            config["threads"] = threads
        connection = _connect(directory, path, config, read_only=read_only)
        held.callback(connection.close)
        try:
            base = Arena(path / DICTIONARY)
            first = {tag: base.count(tag) for tag in DICTIONARY_TAGS}
            cursor = connection.cursor()
            cursor.execute(f"USE {_SCHEMA}")
            delta = StoredDelta(cursor, first)
            numbers = Numbers(load_numbers(connection))
            dictionary = StoreDictionary(base, delta, numbers)
            incoming = Incoming(path / INCOMING, base.count(Tag.IRI))
            catalog = load_catalog(connection, dictionary, incoming)
            log = Log(path, directory, _SCHEMA)
            log.require_all(catalog.epoch)
        except (duckdb.Error, StoreError) as error:
            raise StoreError(
                f"the store at {directory} is damaged: {error}. Build it again:"
                f" conflictkg build --store {directory}"
            ) from error
        lock_configuration(connection)
        return Database(
            connection,
            catalog,
            base,
            delta,
            numbers,
            schema=_SCHEMA,
            save=None if read_only else _save,
            settle=log.settle,
            release=held.pop_all().close,
            read_only=read_only,
            directory=directory,
            manifest=manifest,
        )


def _save(cursor: duckdb.DuckDBPyConnection, catalog: StoreCatalog, numbers: Numbers) -> None:
    save_catalog(cursor, catalog)
    save_numbers(cursor, numbers.following)


def _hold(directory: Path, held: ExitStack, *, read_only: bool) -> tuple[int, Manifest]:
    """Lock the directory, and give it open, with its manifest."""
    while True:
        manifest = read_manifest(directory)
        with ExitStack() as opened:
            try:
                descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except FileNotFoundError:
                continue
            opened.callback(os.close, descriptor)
            try:
                fcntl.flock(
                    descriptor, (fcntl.LOCK_SH if read_only else fcntl.LOCK_EX) | fcntl.LOCK_NB
                )
                is_held = True
            except BlockingIOError:
                is_held = False
            # A build may have put another store in its place since the first line.
            if is_same_directory(descriptor, directory) and read_manifest(directory) == manifest:
                if not is_held:
                    raise _busy(directory, read_only=read_only)
                held.push(opened.pop_all())
                return descriptor, manifest


def _busy(directory: Path, *, read_only: bool) -> StoreBusyError:
    if read_only:
        holder = place_holder(directory) or "unknown"
        return StoreBusyError(
            f"the store at {directory} is open for changing in process {holder}, and cannot be read by"
            " others meanwhile. Ask that process, or stop it."
        )
    return StoreBusyError(
        f"the store at {directory} is open for reading, and cannot be changed meanwhile."
        " Stop who reads it, or start one server with --editable for both."
    )


def _path_of(descriptor: int, directory: Path) -> Path:
    """A path to the open directory itself, whatever stands under its name by now, where there is one."""
    path = Path(f"/proc/self/fd/{descriptor}")
    return path if path.is_dir() else directory.resolve()


def _connect(
    directory: Path, path: Path, config: Settings, *, read_only: bool
) -> duckdb.DuckDBPyConnection:
    if not (path / DATABASE).is_file():
        raise StoreError(
            f"the store at {directory} is damaged: it holds no {DATABASE}."
            f" Build it again: conflictkg build --store {directory}"
        )
    place = str(path / DATABASE).replace("'", "''")
    # In a database in memory: DuckDB shares one that it has open under a path within a process,
    # and follows links to find out.
    connection = duckdb.connect(":memory:", config=config)
    try:
        connection.execute(f"ATTACH '{place}' AS {_SCHEMA} (READ_ONLY {read_only})")
        connection.execute("SET enable_external_access = false")
        connection.execute(f"USE {_SCHEMA}")
    except duckdb.Error as error:
        connection.close()
        raise StoreError(
            f"the store at {directory} cannot be opened: {error}."
            f" If it is damaged, build it again: conflictkg build --store {directory}"
        ) from error
    return connection
