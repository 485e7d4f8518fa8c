"""Expressions that Python evaluates, a vector of rows at a time, from within SQL.

SQL calls ``ckg_term(key, ids, texts)`` for a term, packed or NULL, and ``ckg_test(key, ids, texts)``
for an effective boolean value or NULL. ``key`` names the program, ``ids`` are its inputs that are
ids (BIGINT[]), ``texts`` those that are packed (VARCHAR[]).

``ckg_aggregate(key, ids, texts)`` gives the aggregate of the terms of one group, packed or NULL:
either all of them are ids and ``texts`` is NULL, or all are packed and ``ids`` is NULL. Both are NULL
for a group without rows; an item that is NULL is an error or unbound.
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
        test: The effective boolean value for one row of inputs; ``None`` for an error. It is there
            wherever SQL calls ``ckg_test``.
    """

    evaluate: Callable[[Sequence[Term | None]], Term | None]
    description: str = ""
    test: Callable[[Sequence[Term | None]], bool | None] | None = None


@dataclass(frozen=True, slots=True)
class AggregateProgram:
    """One aggregate over the terms of a group.

    Args:
        evaluate: The aggregate of the group's terms (``None``: error or unbound); ``None`` for an error.
        description: The aggregate as people write it, for plans.
    """

    evaluate: Callable[[Sequence[Term | None]], Term | None]
    description: str = ""
