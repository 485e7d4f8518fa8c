"""What the peers are known to do otherwise, each with its reason. Nothing else is excused."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from engine.conformance.comparing import Result

from .drawing import Request

Applies = Callable[[Request, Result | None, Result | None], bool]


@dataclass(frozen=True, slots=True)
class Excuse:
    """A peer's known deviation.

    Args:
        name: For the report.
        peer: Whose; empty for either.
        reason: What it does, and what the standard says.
        applies: Whether it can be what makes the answers differ: request, our answer, its answer.
        values_only: Whether it excuses only other lexical forms of equal values.
    """

    name: str
    peer: str
    reason: str
    applies: Applies
    values_only: bool = False


def _always(request: Request, mine: Result | None, theirs: Result | None) -> bool:
    return True


def _text_has(pattern: str) -> Applies:
    compiled = re.compile(pattern)

    def applies(request: Request, mine: Result | None, theirs: Result | None) -> bool:
        return bool(compiled.search(request.text))

    return applies


EXCUSES: tuple[Excuse, ...] = (
    Excuse(
        "oxigraph-writes-numbers-its-own-way",
        "oxigraph",
        "It stores values, not lexical forms, and writes 1.0E0 as 1: only values can be compared.",
        _always,
        values_only=True,
    ),
    Excuse(
        "rdflib-writes-numbers-its-own-way",
        "rdflib",
        "It writes computed numbers as Python does (1E+1, 0.1000), not in XML Schema's canonical form.",
        _always,
        values_only=True,
    ),
)
