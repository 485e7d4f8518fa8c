"""Files and folders of what is fetched, written whole; where that fails, it is told what to do."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conflictkg.errors import SourceError
from conflictkg.sources.whole import whole_file


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that is there whole or not at all.

    Raises:
        SourceError: It cannot be written.
    """
    with told(path), whole_file(path) as draft:
        draft.write_bytes(content)


def hash_file(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make_folder(folder: Path) -> None:
    """Make a folder, and those that it lies in, where it is not there.

    Raises:
        SourceError: It cannot be made.
    """
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Tell of a failure in the block as one to write this file or folder.

    Raises:
        SourceError: Something could not be written.
    """
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"cannot be written: {error.strerror}. Choose another folder with -o.", source=str(path)
        ) from error
