"""What the compiler hands to the store: SQL as a tree, and how to read its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlglot import exp

from conflictkg.answers import Kind
from conflictkg.engine.algebra import TriplePattern
from conflictkg.engine.columns import Column
from conflictkg.engine.program import AggregateProgram, Program


@dataclass(frozen=True, slots=True)
class Plan:
    """One compiled query.

    Args:
        kind: The kind of its answer. ``boolean`` is true if there is a row. ``graph`` without a template
            has subject, predicate and object as its three columns.
        tree: One SELECT; its items stand in the order of ``columns``.
        variables: Their names, without question marks.
        columns: How to read each.
        template: Of CONSTRUCT; its variables are those of ``variables``, blank nodes begin with ``_:``.
        programs: By key, what ``ckg_term`` and ``ckg_test`` evaluate.
        epoch: The state of the catalog that it holds for.
        small: Whether the answer is known to be small enough to be fetched at once.
        few: Whether it is likely to be.
        notes: For people: what was chosen and why, a line each.
        scans: For people: by alias of a table, the triples that it serves.
    """

    kind: Kind
    tree: exp.Query
    variables: tuple[str, ...]
    columns: tuple[Column, ...]
    template: tuple[TriplePattern, ...] | None = None
    programs: Mapping[str, Program | AggregateProgram] = field(default_factory=dict)
    epoch: int = 0
    small: bool = False
    few: bool = False
    notes: tuple[str, ...] = ()
    scans: Mapping[str, tuple[TriplePattern, ...]] = field(default_factory=dict)
