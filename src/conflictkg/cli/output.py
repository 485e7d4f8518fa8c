"""Where a command's data go: to standard output as UTF-8, or into a file that is there whole or not at all."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click

from conflictkg.errors import SourceError


def write_output(content: bytes | Iterable[bytes | memoryview], path: Path | None) -> None:
    """Write a command's data.

    Args:
        content: UTF-8, whatever the terminal speaks; in pieces if it is large.
        path: The file; none means standard output. What stood there before stays until all is written.

    Raises:
        SourceError: The file cannot be written; nothing of it was.
    """
    pieces = (content,) if isinstance(content, bytes) else content
    if path is None:
        for piece in pieces:
            click.echo(bytes(piece), nl=False)
        return
    try:
        _replace(path, pieces)
    except OSError as error:
        raise SourceError(
            f"cannot be written: {error.strerror}. Choose another file with -o.", source=str(path)
        ) from error


def _replace(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as draft:
        try:
            for piece in pieces:
                draft.write(piece)
            draft.flush()
            Path(draft.name).chmod(0o666 & ~_umask())
            Path(draft.name).replace(path)
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
