"""What the benchmark asks of an engine, and answers in a form that can be compared."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_XSD = "http://www.w3.org/2001/XMLSchema#"
_NUMBERS = frozenset(
    _XSD + name
    for name in (
        "integer",
        "decimal",
        "double",
        "float",
        "int",
        "long",
        "short",
        "byte",
        "nonNegativeInteger",
        "positiveInteger",
        "unsignedInt",
        "unsignedLong",
    )
)

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, and what it took.

    Args:
        seconds: From the question to the last row, in the hands of who asked. What is done to
            compare answers does not count.
        rows: Cells as :func:`iri`, :func:`blank` and :func:`literal` write them; empty where unbound.
    """

    seconds: float
    rows: list[Row]


class Driver(Protocol):
    """An engine. It serves one question at a time, in a process of its own."""

    persistent: bool
    """Whether a loaded database can be opened again later."""

    def version(self) -> str:
        """Name and version of the engine."""

    def load(self, path: Path) -> float:
        """Load N-Triples into an empty database, durably; the seconds that it took. It is open then."""

    def open(self) -> None:
        """Open what was loaded earlier."""

    def ask(self, query: str) -> Reply:
        """Ask, and read the whole answer."""

    def disk_bytes(self) -> int:
        """What the database takes on disk."""

    def peak_rss_bytes(self) -> int:
        """The most memory that the engine's process has had resident since it started."""

    def close(self) -> None:
        """End. May be called twice."""


def iri(value: str) -> str:
    """An IRI as a cell."""
    return f"<{value}>"


def blank() -> str:
    """A blank node as a cell: its label means nothing."""
    return "_:"


def literal(lexical: str, datatype: str = "", language: str = "") -> str:
    """A literal as a cell; equal numbers are written alike, whatever their form and type.

    >>> literal("1.50", _XSD + "decimal") == literal("1.5", _XSD + "double")
    True
    """
    if language:
        return f'"{lexical}"@{language.lower()}'
    if datatype in _NUMBERS:
        return f"{float(lexical):.9g}"
    if datatype == _XSD + "boolean":
        return "true" if lexical in {"true", "1"} else "false"
    if datatype in {"", _XSD + "string"}:
        return f'"{lexical}"'
    return f'"{lexical}"^^{datatype}'


def digest(rows: Iterable[Row], joined_by: str = "") -> str:
    """What two answers have in common if they have the same rows, in any order.

    >>> digest([("a",), ("b",)]) == digest([("b",), ("a",)]) != digest([("a",)])
    True
    """
    lines = sorted("\t".join(_in_order(cell, joined_by) for cell in row) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _in_order(cell: str, joined_by: str) -> str:
    if joined_by and cell.startswith('"'):
        return joined_by.join(sorted(cell.strip('"').split(joined_by)))
    return cell


def size_of(directory: Path) -> int:
    """Bytes that the files below a directory take up on disk, holes left out."""
    return sum(path.stat().st_blocks * 512 for path in directory.rglob("*") if path.is_file())


def peak_of(pid: int | str = "self") -> int:
    """The most memory a process has had resident, as Linux tells it."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0
