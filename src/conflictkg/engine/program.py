"""Expressions that Python evaluates, a vector of rows at a time, from within SQL.

SQL calls ``ckg_term(key, ids, texts)`` for a term, packed or NULL, and ``ckg_test(key, ids, texts)``
for an effective boolean value or NULL. ``key`` names the program, ``ids`` are its inputs that are
ids (BIGINT[]), ``texts`` those that are packed (VARCHAR[]).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conflictkg.answers import Term


@dataclass(frozen=True, slots=True)
class Program:
    """One expression over numbered inputs: first those that are ids, then those that are packed.

    Args:
        evaluate: The term for one row of inputs (``None``: unbound); ``None`` for an error.
        description: The expression as people write it, for plans.
    """

    evaluate: Callable[[Sequence[Term | None]], Term | None]
    description: str = ""
