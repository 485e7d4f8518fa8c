"""Quotations inside a paragraph."""

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quotation with its marks: ``text[start:end]`` begins and ends with one."""

    start: int
    end: int

    @property
    def inner(self) -> tuple[int, int]:
        """The span without the marks."""
        return self.start + 1, self.end - 1


def find_quotations(text: str, start: int, end: int) -> Iterator[Quotation]:
    """Quotations of a paragraph, from left to right, in double marks, typographic or straight.

    A mark that is opened twice counts from the second; one that is never closed counts for nothing.

    >>> [text[q.start:q.end] for text in ["He said “yes, I do.” and “no"]
    ...  for q in find_quotations(text, 0, len(text))]
    ['“yes, I do.”']
    """
    opened: int | None = None
    for match in re.compile(r"[“”\"]").finditer(text, start, end):
        sign = match.group()
        opens = sign == "“" or (sign == '"' and opened is None)
        if opens:
            opened = match.start()
        elif opened is not None:
            yield Quotation(opened, match.end())
            opened = None
