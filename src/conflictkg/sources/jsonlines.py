"""Reading JSON with one record a line strictly, as a stream: lines as such, or an array with one element a line.

A line that is no record is told in the report and rejected; the others go on.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflictkg.errors import SourceError
from conflictkg.sources.report import Issue, Report
from conflictkg.sources.tables import Lines, open_binary

_BRACKETS = frozenset({"[", "]", ""})
# Escapes that may stand for what no text holds; whether they do is seen once they are read.
_DOUBTFUL = re.compile(r"\\u(?:0000|d[89a-f])", re.IGNORECASE)
_SURROGATE = re.compile("[\ud800-\udfff]")


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
    return content, find_bad_text(content) if _DOUBTFUL.search(text) else ""


def find_bad_text(content: object) -> str:
    r"""What is wrong with a text that JSON can write and nothing else can hold; empty if nothing is.

    Args:
        content: A text, or a list or object with texts in it at any depth, names included.

    >>> find_bad_text({"name": ["A \x00"]}), find_bad_text("\U0001f4a1")
    ('holds a NUL character, which no text does.', '')
    """
    pending = [content]
    while pending:
        match pending.pop():
            case str() as text:
                if "\0" in text:
                    return "holds a NUL character, which no text does."
                if not text.isascii() and (found := _SURROGATE.search(text)):
                    return f"holds half of a surrogate pair (\\u{ord(found[0]):x}), which is no character."
            case dict() as names:
                pending += [*names.keys(), *names.values()]
            case list() as values:
                pending += values
            case _:
                pass
    return ""


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
