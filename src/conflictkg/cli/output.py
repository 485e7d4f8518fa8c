"""Where a command's data go: to standard output as UTF-8, or into a file that is there whole or not at all."""

import os
import tempfile
from pathlib import Path

import click

from conflictkg.errors import SourceError


def write_output(content: bytes, path: Path | None) -> None:
    """Write a command's data.

    Args:
        content: UTF-8, whatever the terminal speaks.
        path: The file; none means standard output. What stood there before stays until all is written.

    Raises:
        SourceError: The file cannot be written; nothing of it was.
    """
    if path is None:
        click.echo(content, nl=False)
        return
    try:
        _replace(path, content)
    except OSError as error:
        raise SourceError(
            f"cannot be written: {error.strerror}. Choose another file with -o.", source=str(path)
        ) from error


def _replace(path: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(
        dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as draft:
        try:
            draft.write(content)
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
