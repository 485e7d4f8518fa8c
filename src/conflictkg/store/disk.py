"""What a full disk means for a store, and when its log is worked into its database.

A commit is an append to the log (``store.duckdb.wal``): on a full disk it fails, and nothing has
happened. To work the log into the database takes room too, but if that fails, DuckDB refuses the
database until it is opened again, and says of a commit that it failed though it is on disk. So DuckDB
does not do it by itself (``checkpoint_threshold``), but this module where there is room for all of it.
"""

import logging
import shutil
from pathlib import Path

import duckdb

from conflictkg.errors import StoreError

LOG_BYTES = 16 << 20
"""So long a log is worked into the database."""

NEVER = "1TB"
"""The length of log at which DuckDB would do it by itself."""

_FULL = "No space left on device"
_DAMAGES = ("Corrupt database file", "Could not read enough bytes")
_log = logging.getLogger(__name__)


def is_damage(message: str) -> bool:
    """Whether DuckDB says that its file is not as it wrote it.

    >>> is_damage("Corrupt database file: computed checksum 1 does not match stored checksum 2")
    True
    """
    return any(each in message for each in _DAMAGES)


def explain_disk_error(error: duckdb.Error, directory: Path | None, what: str) -> StoreError:
    """What to say where the disk refuses.

    Args:
        error: What DuckDB says.
        directory: The store; ``None`` if it was about to be replaced.
        what: What was not done, as "the change was not made".

    >>> error = duckdb.IOException('Could not write file "/s/q/store.duckdb": No space left on device')
    >>> print(explain_disk_error(error, Path("/s"), "the change was not made"))
    the disk is full, and the change was not made. The store at /s is as it was before. Make room, and do it again.
    """
    place = f"The store at {directory} is as it was before."
    if directory is None:
        place = "What stood in its place is untouched."
    if _FULL in str(error):
        return StoreError(f"the disk is full, and {what}. {place} Make room, and do it again.")
    return StoreError(f"the disk refuses, and {what}: {error}. {place}")


def work_in_log(cursor: duckdb.DuckDBPyConnection, schema: str, database: Path) -> bool:
    """Work a long log into the database, if the disk has room enough.

    Args:
        cursor: Outside of a transaction.
        schema: The database's name.
        database: Its file.

    Returns:
        Whether that was done.

    Raises:
        StoreError: It failed, and the store must be opened again. Nothing is lost.
    """
    try:
        log = database.with_name(f"{database.name}.wal").stat().st_size
    except FileNotFoundError:
        return False
    if log < LOG_BYTES:
        return False
    # At worst every table is written once more before the old ones are let go.
    room = shutil.disk_usage(database.parent).free
    if room < database.stat().st_size + 2 * log:
        _log.warning("the log of %s is not worked in: the disk is nearly full", database)
        return False
    try:
        cursor.execute(f"CHECKPOINT {schema}")
    except duckdb.TransactionException:
        # Somebody is reading; the next change tries again.
        return False
    except duckdb.Error as error:
        raise StoreError(
            f"the change is on disk, but the store must be opened again: its log could not be worked"
            f" into {database}: {error}"
        ) from error
    return True
