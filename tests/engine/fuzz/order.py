"""Whether rows stand in an order that ORDER BY allows, as far as SPARQL says what comes first."""

import math
from collections.abc import Sequence

from conflictkg.answers import XSD, Blank, Iri, Literal, Term
from conflictkg.engine.ids import numeric_value


def misplaced(terms: Sequence[Term | None], *, descends: bool) -> tuple[int, int] | None:
    """The first two places whose terms stand the wrong way round.

    >>> misplaced([None, Iri("b"), Iri("a")], descends=False)
    (1, 2)
    """
    for late in range(len(terms)):
        for early in range(late):
            one, other = terms[early], terms[late]
            if comes_after(other, one) if descends else comes_after(one, other):
                return early, late
    return None


def comes_after(one: Term | None, other: Term | None) -> bool:
    """Whether the first certainly comes after the second."""
    ranks = _rank(one), _rank(other)
    if ranks[0] != ranks[1]:
        return ranks[0] > ranks[1]
    if isinstance(one, Iri) and isinstance(other, Iri):
        return one.value > other.value
    if isinstance(one, Literal) and isinstance(other, Literal):
        return _is_greater(one, other)
    return False


def _rank(term: Term | None) -> int:
    if term is None:
        return 0
    return 1 if isinstance(term, Blank) else 2 if isinstance(term, Iri) else 3


_SORTED_AS_TEXT = {XSD + "string", XSD + "boolean"}


def _is_greater(one: Literal, other: Literal) -> bool:
    numbers = numeric_value(one), numeric_value(other)
    if numbers[0] is not None and numbers[1] is not None:
        return not any(math.isnan(each) for each in numbers if each is not None) and (
            numbers[0] > numbers[1]
        )
    if one.datatype != other.datatype:
        return False
    if one.datatype == XSD + "dateTime":
        # Canonical forms of one zone sort as text.
        ends = one.lexical[19:], other.lexical[19:]
        return ends[0] == ends[1] and ends[0] in {"", "Z"} and one.lexical > other.lexical
    if one.datatype == XSD + "boolean" and {one.lexical, other.lexical} - {"true", "false"}:
        return False
    return one.datatype in _SORTED_AS_TEXT and one.lexical > other.lexical
