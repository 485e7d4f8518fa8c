"""Opening a store's directory, by one process for changing it or by any number for reading.

Locks, all of them let go when the process ends, however it ends:

- who has a store open holds its directory (shared), so that a build does not delete it underneath;
- who may change it holds the place (:func:`conflictkg.store.place.hold_place`), as a build does;
- DuckDB locks its file: nobody reads in another process while one may change it.
"""

import fcntl
import os
import re
import shutil
import tempfile
from contextlib import ExitStack
from pathlib import Path

import duckdb

from conflictkg.engine.ids import DICTIONARY as DICTIONARY_TAGS
from conflictkg.engine.ids import Tag
from conflictkg.errors import StoreBusyError, StoreError
from conflictkg.store.arena import Arena
from conflictkg.store.changes import Numbers
from conflictkg.store.database import CLOSED, Database, Settings, lock_configuration
from conflictkg.store.delta import StoredDelta
from conflictkg.store.dictionary import StoreDictionary
from conflictkg.store.layout import DATABASE, DICTIONARY, Manifest, read_manifest
from conflictkg.store.place import hold_place, is_same_directory
from conflictkg.store.statistics import (
    StoreCatalog,
    load_catalog,
    load_numbers,
    save_catalog,
    save_numbers,
)


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
        manifest = _hold(directory, held)
        temporary = tempfile.mkdtemp(prefix="conflictkg-")
        held.callback(shutil.rmtree, temporary, ignore_errors=True)
        config: Settings = {
            **CLOSED,
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": temporary,
            "max_temp_directory_size": f"{temp_mb}MB",
        }
        if threads is not None:
            config["threads"] = threads
        connection = _connect(directory, config, read_only=read_only)
        with ExitStack() as opened:
            opened.callback(connection.close)
            base = Arena(directory.resolve() / DICTIONARY)
            first = {tag: base.count(tag) for tag in DICTIONARY_TAGS}
            delta = StoredDelta(connection.cursor(), first)
            dictionary = StoreDictionary(base, delta)
            catalog = load_catalog(connection, dictionary)
            numbers = Numbers(load_numbers(connection))
            dictionary.blanks = numbers.following.get(Tag.BLANK, 0)
            opened.pop_all()
        lock_configuration(connection)
        return Database(
            connection,
            catalog,
            base,
            delta,
            numbers,
            save=None if read_only else _save,
            release=held.pop_all().close,
            read_only=read_only,
            directory=directory,
            manifest=manifest,
        )


def _save(cursor: duckdb.DuckDBPyConnection, catalog: StoreCatalog, numbers: Numbers) -> None:
    save_catalog(cursor, catalog)
    save_numbers(cursor, numbers.following)


def _hold(directory: Path, held: ExitStack) -> Manifest:
    """Say that the directory is in use: a build asks for this lock before it deletes."""
    while True:
        manifest = read_manifest(directory)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        # A build may have put another store in its place since the first line.
        if is_same_directory(descriptor, directory) and read_manifest(directory) == manifest:
            held.callback(os.close, descriptor)
            return manifest
        os.close(descriptor)


_HOLDER = re.compile(r"\(PID (\d+)\)")


def _connect(
    directory: Path,
    config: Settings,
    *,
    read_only: bool,
) -> duckdb.DuckDBPyConnection:
    path = directory.resolve() / DATABASE
    if not path.is_file():
        raise StoreError(
            f"the store at {directory} is damaged: it holds no {DATABASE}."
            f" Build it again: conflictkg build --store {directory}"
        )
    try:
        return duckdb.connect(path, read_only=read_only, config=config)
    except duckdb.IOException as error:
        if "lock" in str(error):
            found = _HOLDER.search(str(error))
            holder = f"process {found[1]}" if found else "another process"
            raise StoreBusyError(
                f"the store at {directory} is open in {holder}: one process may change it,"
                " or any number read it. Wait for it to end, or stop it."
            ) from error
        raise StoreError(f"the store at {directory} cannot be read: {error}") from error
    except duckdb.Error as error:
        raise StoreError(
            f"the store at {directory} cannot be opened: {error}."
            f" Build it again: conflictkg build --store {directory}"
        ) from error
