"""Answers as a table for a terminal: aligned columns, IRIs by their prefixes."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from conflictkg.answers import XSD, XSD_STRING, Blank, Iri, Literal, Row, Solutions, Term
from conflictkg.answers.ntriples import to_ntriples

_WIDTHS_FROM = 500
"""Rows that are read before the first is printed: they set the widths of the columns."""
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
# Control characters, and what reorders the text around it, would change what the reader sees.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
_PLAIN = frozenset(
    {XSD_STRING, *(XSD + name for name in ("integer", "decimal", "double", "boolean", "date"))}
)
_NUMBERS = frozenset(XSD + name for name in ("integer", "decimal", "double"))


def write_table(answer: Solutions, prefixes: Mapping[str, str]) -> Iterator[str]:
    """Write rows for people to read. The first rows set the widths; longer cells later stick out.

    Args:
        answer: The rows; read to their end.
        prefixes: Prefix to namespace, for shorter IRIs.

    Returns:
        Lines without their ends: head, rule, one line a row, and how many there were.
    """
    names = list(answer.variables)
    head = list(islice(answer.rows, _WIDTHS_FROM))
    cells = [_to_cells(row, prefixes) for row in head]
    widths = [
        max([_width(name), *(_width(line[place]) for line in cells)])
        for place, name in enumerate(names)
    ]
    numeric = [_is_numeric(row[place] for row in head) for place in range(len(names))]
    if names:
        yield _join(names, widths, numeric)
        yield "  ".join("─" * width for width in widths)
    count = 0
    for line in cells:
        count += 1
        yield _join(line, widths, numeric)
    for row in answer.rows:
        count += 1
        yield _join(_to_cells(row, prefixes), widths, numeric)
    more = ", and there are more" if answer.rows.complete is False else ""
    yield f"({count:,} {'row' if count == 1 else 'rows'}{more})"


def _to_cells(row: Row, prefixes: Mapping[str, str]) -> list[str]:
    return [show_term(term, prefixes) for term in row]


def show_term(term: Term | None, prefixes: Mapping[str, str]) -> str:
    """A term for people: what it says, without what they can guess.

    >>> show_term(Literal("Hangu", language="en"), {}), show_term(Iri("http://a/b"), {"a": "http://a/"})
    ('Hangu', 'a:b')
    """
    if term is None:
        return ""
    if isinstance(term, Iri):
        return shorten(term.value, prefixes)
    if isinstance(term, Literal) and (term.language or term.datatype in _PLAIN):
        return _UNSEEN.sub(" ", term.lexical)
    if isinstance(term, Literal):
        text = _UNSEEN.sub(" ", term.lexical)
        return f'"{text}"^^{shorten(term.datatype, prefixes)}'
    return f"_:{term.label}" if isinstance(term, Blank) else _UNSEEN.sub(" ", to_ntriples(term))


def shorten(iri: str, prefixes: Mapping[str, str]) -> str:
    """An IRI with the prefix of the longest namespace that fits, else in angle brackets."""
    for prefix, namespace in sorted(prefixes.items(), key=lambda item: -len(item[1])):
        if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
            return f"{prefix}:{iri[len(namespace) :]}"
    return f"<{iri}>"


def _is_numeric(terms: Iterator[Term | None]) -> bool:
    bound = [term for term in terms if term is not None]
    return bool(bound) and all(
        isinstance(term, Literal) and term.datatype in _NUMBERS for term in bound
    )


def _join(cells: Sequence[str], widths: Sequence[int], numeric: Sequence[bool]) -> str:
    parts = []
    for cell, width, right in zip(cells, widths, numeric, strict=True):
        padding = " " * (width - _width(cell))
        parts.append(padding + cell if right else cell + padding)
    return "  ".join(parts).rstrip()


def _width(text: str) -> int:
    """Columns that a text takes on a terminal: wide characters take two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1
        for each in text
    )
