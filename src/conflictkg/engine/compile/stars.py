"""What a block knows of a subject whose class table it reads already, without another join."""

from collections.abc import Callable

from sqlglot import exp

from conflictkg.answers import Iri
from conflictkg.engine.algebra import Bgp, Pattern, TriplePattern, Var
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.compile.blocks import Block, Star, all_of, reference
from conflictkg.engine.compile.graphs import InDefault, is_one_of
from conflictkg.engine.compile.state import Context, State


def star_column(state: State, star: Star, triple: TriplePattern) -> Column | None:
    """The class table's column for a triple's predicate, NULL where there is none; ``None`` without a column."""
    if not isinstance(triple.predicate, Iri):
        return None
    predicate = state.find(triple.predicate)
    held = None if predicate is None else star.table.columns.get(predicate)
    if held is None:
        return None
    state.scans.setdefault(star.alias, []).append(triple)
    is_full = held.filled == star.table.rows
    return Column(reference(star.alias, held.name), Rep.ID, held.tags, nullable=not is_full)


def is_present(column: Column) -> exp.Expr:
    """Whether there is a value: for certain where the column has one in each row."""
    if not column.nullable:
        return exp.true()
    return exp.Not(this=exp.Is(this=column.sql.copy(), expression=exp.null()))


def star_presence(
    state: State,
    block: Block,
    pattern: Pattern,
    context: Context,
    is_bound: Callable[[str], bool],
) -> exp.Expr | None:
    """Whether a subject has certain properties, as a test of its class table's columns.

    Args:
        state: The compilation.
        block: What reads the class table.
        pattern: What EXISTS or MINUS asks.
        context: Where the pattern stands.
        is_bound: Whether a variable has a value outside the pattern, which its objects must not have.

    Returns:
        A test that is never NULL; ``None`` where the class table cannot tell.
    """
    if not isinstance(pattern, Bgp) or not isinstance(context.graph, InDefault):
        return None
    if state.view.default is not None or not pattern.triples:
        return None
    tests: list[exp.Expr] = []
    free: set[str] = set()
    for each in pattern.triples:
        if not isinstance(each, TriplePattern) or not isinstance(each.subject, Var):
            return None
        star = block.stars.get(each.subject.name)
        column = None if star is None else star_column(state, star, each)
        if column is None:
            return None
        tests.append(is_present(column))
        if not isinstance(each.object, Var):
            found = state.find(each.object)
            tests.append(exp.false() if found is None else is_one_of(column.sql, [found]))
        elif is_bound(each.object.name) or each.object.name in free:
            return None
        else:
            free.add(each.object.name)
    return all_of(tests)
