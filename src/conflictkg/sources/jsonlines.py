"""Reading JSON with one record a line strictly, as a stream: lines as such, or an array with one element a line.

A line that is no record is told in the report and rejected; the others go on.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflictkg.errors import SourceError
from conflictkg.sources.report import Issue, Report
from conflictkg.sources.tables import Lines, open_binary

_BRACKETS = frozenset({"[", "]", ""})


@dataclass(frozen=True, slots=True)
class JsonRecord:
    """One object of a file.

    Args:
        line: On which it stands, counted from 1.
        content: What it holds.
        sha256: Hash of its text, without what parts it from others.
    """

    line: int
    content: dict[str, Any]
    sha256: str


def iter_records(path: Path, report: Report) -> Iterator[JsonRecord]:
    """Read the objects of a file; it may be compressed.

    Raises:
        SourceError: It cannot be read, is damaged or is not UTF-8.
    """
    with open_binary(path, report.file) as stream:
        lines = Lines(stream, report.file)
        for line in lines:
            text = line.strip().rstrip(",")
            if text in _BRACKETS:
                continue
            report.read += 1
            content, problem = _parse(text)
            if problem:
                report.add(Issue(lines.number, "", problem))
                continue
            yield JsonRecord(
                lines.number,
                content,
                hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
            )


def _parse(text: str) -> tuple[dict[str, Any], str]:
    """The object of a line, or what is wrong with it."""
    try:
        content = json.loads(text, parse_constant=_refuse)
    except RecursionError:
        return {}, "is nested too deeply."
    except ValueError as error:
        return {}, f"is no JSON: {error}. Each line must hold one record, or the file was cut off."
    if not isinstance(content, dict):
        return {}, f"is {_kind(content)}; each line must hold an object."
    if "\0" in text or "\\u0000" in text:
        return {}, "holds a NUL character, which no text does."
    return content, ""


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _kind(content: object) -> str:
    names = {list: "a list", str: "a text", type(None): "null", bool: "true or false"}
    return names.get(type(content), "a number")


def load_document(path: Path, file: str, most: int) -> dict[str, Any]:
    """Read a file that is one object over many lines.

    Args:
        path: The file; it may be compressed.
        file: Its name, for messages.
        most: How many bytes it may have.

    Raises:
        SourceError: It cannot be read, is no JSON, is no object or is too large.
    """
    with open_binary(path, file) as stream:
        text = stream.read(most + 1)
    if len(text) > most:
        raise SourceError(
            f"is a single JSON document of more than {most:,} bytes. Give a dump with one record a line.",
            source=file,
        )
    try:
        content, problem = _parse(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SourceError(f"is not UTF-8 at byte {error.start + 1}.", source=file) from error
    if problem:
        raise SourceError(problem, source=file)
    return content
