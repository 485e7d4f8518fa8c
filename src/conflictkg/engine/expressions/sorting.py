"""Order keys as texts: what Python hands to SQL to sort by, where the order takes knowing values.

The text of a key compares with another, by code point, as the keys themselves do.
"""

import math
from decimal import Decimal
from typing import Any

from conflictkg.answers import Literal, Term
from conflictkg.engine.evaluate import OrderKey, order_key

_EXPONENT_OFFSET = 500_000
_COMPLEMENT = str.maketrans("0123456789", "9876543210")


def sort_text(term: Term) -> str:
    """The text that stands for a term in SPARQL's order.

    >>> sort_text(Literal("b"))
    '04b'
    >>> from conflictkg.answers import XSD
    >>> numbers = ["-10", "-9.5", "0", "0.1", "2", "10"]
    >>> texts = [sort_text(Literal(each, XSD + "decimal")) for each in numbers]
    >>> texts == sorted(texts)
    True
    """
    key = order_key(term)
    rank, *rest = key
    return f"{rank:02}" + "\x00".join(_part(each) for each in _flat(rest))


def _flat(parts: list[Any] | OrderKey) -> list[Any]:
    flat = []
    for part in parts:
        flat += _flat(part) if isinstance(part, tuple) else [part]
    return flat


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if isinstance(part, bool):
        return "1" if part else "0"
    return _number_text(part)


def _number_text(number: int | float | Decimal) -> str:
    """A number as a text that sorts by value: sign, exponent and digits, complemented below zero."""
    if isinstance(number, float) and math.isinf(number):
        return "7" if number > 0 else "3"
    exact = Decimal(number)
    if not exact:
        return "5"
    sign, digits, _ = exact.as_tuple()
    written = "".join(map(str, digits)).rstrip("0") or "0"
    body = f"{exact.adjusted() + _EXPONENT_OFFSET:06}{written}"
    # What is longer and begins the same is greater, below zero less: hence the mark at the end.
    return f"4{body.translate(_COMPLEMENT)}~" if sign else f"6{body}"


def sort_literal(term: Term | None) -> Term | None:
    """The same as a string literal; ``None`` for unbound."""
    return None if term is None else Literal(sort_text(term))
