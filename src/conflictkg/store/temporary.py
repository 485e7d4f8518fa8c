"""Folders for temporary files, which go with the process that made them, however it ends.

Who makes one holds a lock on it; the next who makes one deletes those that nobody holds any more.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conflictkg.store.place import is_same_directory

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
        try:
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            # Gone already, or no folder: not ours to judge.
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
