"""DuckDB's log of the commits to a store: made lasting, worked into the database, and missed where it is broken."""

import os
from contextlib import suppress
from pathlib import Path

import duckdb

from conflictkg.errors import StoreError
from conflictkg.store.disk import work_in_log
from conflictkg.store.layout import ACKNOWLEDGED, DATABASE, QUADS
from conflictkg.store.place import sync


class Log:
    """The log, which DuckDB writes through to the disk, but for the log's own name.

    Where a byte in it is not as it was written, DuckDB reads the commits before it and drops the others without
    a word (measured). So the number of the last state is kept beside it. Its file is not written through: after a
    loss of power it may be behind, or empty, never ahead.

    Args:
        path: Of the store's directory itself, whatever stands under its name.
        directory: Its name, for messages.
        schema: The database's name, for DuckDB.
    """

    def __init__(self, path: Path, directory: Path, schema: str) -> None:
        self._database, self._schema = directory / DATABASE, schema
        self._folder = path / QUADS
        self._file = path / f"{DATABASE}.wal"
        self._acknowledged = path / ACKNOWLEDGED
        self._lasting: int | None = None

    def require_all(self, epoch: int) -> None:
        """Refuse a state that is older than one that was acknowledged.

        Raises:
            StoreError: It is.
        """
        try:
            acknowledged = int(self._acknowledged.read_bytes())
        except (OSError, ValueError):  # never changed, or not written when the power went
            return
        if epoch < acknowledged:
            raise StoreError(
                f"{acknowledged - epoch} of {acknowledged} changes that were acknowledged are missing, for its log of"
                " changes is broken. Put back a copy of the store if there is one"
            )

    def settle(self, cursor: duckdb.DuckDBPyConnection, epoch: int) -> None:
        """Do after a commit what it takes to acknowledge it, and work in the log where it has become long.

        Args:
            cursor: Outside of a transaction.
            epoch: The number of the state that the commit made.

        Raises:
            StoreError: The log could not be worked in; nothing is lost.
        """
        self._note(epoch)
        try:
            found = self._file.stat().st_ino
        except FileNotFoundError:
            # The commit was so large that DuckDB has put it into the database at once.
            self._lasting = None
            return
        if found != self._lasting:
            sync(self._folder)
            self._lasting = found
        if work_in_log(cursor, self._schema, self._database):
            # The next one is a new file, which may have the number of this one.
            self._lasting = None

    def _note(self, epoch: int) -> None:
        with suppress(OSError):  # a full disk: the change itself is done
            descriptor = os.open(self._acknowledged, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                os.pwrite(descriptor, f"{epoch:020}".encode(), 0)
            finally:
                os.close(descriptor)
