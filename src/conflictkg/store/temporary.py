"""Folders for temporary files, which go with the process that made them, however it ends.

Who makes one holds a lock on it; the next who makes one deletes those that nobody holds any more.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conflictkg.store.place import delete_unless_held, is_same_directory

_PREFIX = "conflictkg-temporary-"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A new folder where the system keeps temporary files; deleted at the end of the block.

    >>> with temporary_folder() as folder:
    ...     folder.is_dir()
    True
    """
    _sweep(Path(tempfile.gettempdir()))
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        try:
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except FileNotFoundError:
            # Another process has taken it for one that nobody holds; so below.
            continue
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if is_same_directory(descriptor, folder):
            break
        os.close(descriptor)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _sweep(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        if _is_ours(folder):
            delete_unless_held(folder)


def _is_ours(folder: Path) -> bool:
    try:
        found = folder.lstat()
    except OSError:  # gone already
        return False
    # A link is none, wherever it leads.
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid()
