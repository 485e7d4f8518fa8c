"""SPARQL on the command line: where its text comes from, and how its errors are shown."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conflictkg.errors import QueryError, QuerySyntaxError, SourceError


class ShownSyntaxError(QueryError):
    """A syntax error with the line that it is in, and a caret under the place."""

    def __init__(self, error: QuerySyntaxError, text: str) -> None:
        lines = text.split("\n")
        shown = ""
        if 0 < error.line <= len(lines):
            # Tabs would move the caret away from what it points to.
            line = lines[error.line - 1].replace("\t", " ").rstrip("\r")
            number = f"{error.line} | "
            caret = " " * (len(number) + max(error.column - 1, 0)) + "^"
            shown = f"\n{number}{line}\n{caret}"
        super().__init__(f"{error}{shown}")


@contextmanager
def showing_syntax_errors(text: str) -> Iterator[None]:
    """Show where in a text a syntax error is that comes out of the block."""
    try:
        yield
    except QuerySyntaxError as error:
        raise ShownSyntaxError(error, text) from error


def read_sparql(path: Path) -> str:
    """The text of a file, or of stdin for ``-``.

    Raises:
        SourceError: It cannot be read, or is not UTF-8; it names the line.
    """
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=str(path)) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise SourceError(
            f"byte 0x{raw[error.start]:02x} is not UTF-8. Save it as UTF-8.",
            source=str(path),
            line=line,
        ) from error
