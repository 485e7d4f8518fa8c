"""Where a store stands: one build at a time, and the new one takes the old one's place whole.

Whoever crashes at whatever moment leaves the old store or the new one under the name. What a crash
leaves beside it (``store.tmp-*``, ``store.old-*``) is swept away by the next build, unless a reader
still holds it open.
"""

import ctypes
import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from conflictkg.errors import StoreBusyError, StoreError
from conflictkg.store.layout import MANIFEST, QUADS

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def is_same_directory(descriptor: int, directory: Path) -> bool:
    """Whether an open directory is still the one under this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), directory.stat())
    except OSError:
        return False


def delete_unless_held(directory: Path) -> None:
    """Delete a directory that nobody holds open with a lock on it; one that is held is left to the next who tries."""
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        # Gone already, or not ours to read, so not ours to delete.
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(directory, ignore_errors=True)
    except BlockingIOError:
        return
    finally:
        os.close(descriptor)


@contextmanager
def claim_place(directory: Path) -> Iterator[None]:
    """Be the only build for this directory while the block runs.

    Raises:
        StoreBusyError: Another build is at work on it; it names that process.
        StoreError: The place cannot be written, or holds something that is no store.
    """
    with hold_place(directory):
        _sweep(_resolve(directory))
        yield


@contextmanager
def hold_place(directory: Path) -> Iterator[None]:
    """Be the only process that changes or replaces what is there, while the block runs.

    Raises:
        StoreBusyError: Another process is at work on it; it is named.
        StoreError: The place cannot be written, or holds something that is no store.
    """
    directory = _resolve(directory)
    _check_place(directory)
    lock_path = _beside(directory, "lock")
    try:
        directory.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(
            f"no store can be written at {directory}: {error.strerror} ({error.filename}). "
            "Choose a --store DIR in a folder that you may write."
        ) from error
    try:
        _take_lock(lock, directory)
        yield
    finally:
        os.close(lock)


def place_holder(directory: Path) -> str:
    """The process that held the place last, as it wrote it down; empty if none did."""
    try:
        return _beside(_resolve(directory), "lock").read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def publish(directory: Path, write: Callable[[Path], None]) -> None:
    """Write a store and put it in its place by one rename; the block of :func:`claim_place` is open.

    Args:
        directory: The place. What stands there is replaced, and deleted once no reader holds it.
        write: Fills an empty directory; an error leaves the place as it was.

    Raises:
        StoreError: The disk is full, or refuses for another reason.
    """
    directory = _resolve(directory)
    # Another of this process's may still be there, as the old store of a reader.
    names = (f"tmp-{os.getpid()}-{number}" for number in count())
    fresh = next(path for name in names if not (path := _beside(directory, name)).exists())
    try:
        fresh.mkdir()
        write(fresh)
        _sync_tree(fresh)
        _swap(fresh, directory)
        sync(directory.parent)
    except OSError as error:
        raise StoreError(
            f"the store cannot be written at {directory}: {error.strerror or error}. What was there "
            "is untouched."
        ) from error
    finally:
        # After the swap this is the old store.
        delete_unless_held(fresh)


def _resolve(directory: Path) -> Path:
    """The place itself: of a symbolic link what it points to, so that the link stays."""
    return directory.resolve()


def _beside(directory: Path, ending: str) -> Path:
    return directory.with_name(f"{directory.name}.{ending}")


def _check_place(directory: Path) -> None:
    if directory.is_dir():
        is_store = (directory / MANIFEST).is_file() and (directory / QUADS).is_dir()
        if not is_store and any(directory.iterdir()):
            raise StoreError(
                f"{directory} holds files that are no store, and a build would delete them. Choose "
                "another --store DIR, or empty this one."
            )
    elif directory.exists():
        raise StoreError(
            f"{directory} is a file; a store is a directory. Choose another --store DIR."
        )


def _take_lock(lock: int, directory: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in {errno.EWOULDBLOCK, errno.EACCES}:
            raise StoreError(f"{directory} cannot be locked: {error.strerror}") from error
        holder = place_holder(directory) or "unknown"
        raise StoreBusyError(
            f"another process is at work on {directory}: process {holder} builds or edits it. Wait for "
            "it to end, or choose another --store DIR."
        ) from error
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)


def _sweep(directory: Path) -> None:
    """Clear away what builds that crashed, or that replaced a store in use, have left."""
    left = [
        each
        for each in directory.parent.glob(f"{directory.name}.*")
        if each.name[len(directory.name) + 1 :].startswith(("tmp-", "old-"))
    ]
    if not directory.exists():
        # Without an exchange of names a crash can leave the old store only under its second name.
        for each in left:
            if each.name.startswith(f"{directory.name}.old-"):
                each.rename(directory)
                left.remove(each)
                break
    for each in left:
        delete_unless_held(each)


def _swap(fresh: Path, directory: Path) -> None:
    if not directory.exists() or not any(directory.iterdir()):
        fresh.rename(directory)
    elif not _exchange(fresh, directory):
        # Between these two lines there is no store under the name; _sweep knows.
        old = _beside(directory, f"old-{os.getpid()}")
        directory.rename(old)
        fresh.rename(directory)
        delete_unless_held(old)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two names in one step; ``False`` where the system cannot."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    status = libc.renameat2(
        _AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _RENAME_EXCHANGE
    )
    if status == 0:
        return True
    number = ctypes.get_errno()
    if number in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        return False
    raise OSError(number, os.strerror(number), str(other))


def _sync_tree(directory: Path) -> None:
    for folder, _, files in os.walk(directory):
        for name in files:
            sync(Path(folder) / name)
        sync(Path(folder))


def sync(path: Path) -> None:
    """Wait until the disk has a file, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
