"""UNION, and joins of what may be unbound, which are unions of the cases."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from conflictkg.engine.algebra import Union
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.compile.blocks import (
    Block,
    as_item,
    build_select,
    define,
    first_alias,
    union_all,
)
from conflictkg.engine.compile.scope import BlockScope, close, open_block, reopen
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.expressions import common_rep, to_packed


def compile_union(state: State, pattern: Union, context: Context) -> Block:
    """All solutions of all branches."""
    return unite(state, [state.compile(each, context) for each in pattern.branches], context)


def unite(state: State, branches: Sequence[Block], context: Context) -> Block:
    """All solutions of all blocks; they are used up."""
    names = list(dict.fromkeys(name for block in branches for name in block.columns))
    rows: list[list[exp.Expr]] = [[] for _ in branches]
    columns: dict[str, tuple[str, Column]] = {}
    for name in names:
        item = state.aliases.fresh("v")
        _pack_constants(state, branches, name, context)
        present = [block.columns[name] for block in branches if name in block.columns]
        # The scope joins to the dictionary in whichever block a column is of.
        shared = common_rep(present, BlockScope(state, branches[0], context))
        values = iter(shared)
        for row, block in zip(rows, branches, strict=True):
            value = next(values).sql.copy() if name in block.columns else _null(shared[0])
            row.append(as_item(value, item))
        merged = shared[0]
        for each in shared[1:]:
            merged = _widen(merged, each)
        everywhere = len(present) == len(branches)
        columns[name] = (item, merged if everywhere else replace(merged, nullable=True))
    queries = [build_select(block, row) for block, row in zip(branches, rows, strict=True)]
    return open_block(state, union_all(queries), columns)


def _pack_constants(state: State, branches: Sequence[Block], name: str, context: Context) -> None:
    """Where a branch has the id of a constant and another no id, have the constant looked up in its own block.

    Its SQL names no table, so that nothing else would tell which block it is of.
    """
    present = [block for block in branches if name in block.columns]
    if len({block.columns[name].rep for block in present}) <= 1:
        return
    for block in present:
        column = block.columns[name]
        if column.rep is Rep.ID and not first_alias(column.sql):
            block.columns[name] = to_packed(column, BlockScope(state, block, context))


def _widen(one: Column, other: Column) -> Column:
    digits = one.digits
    if one.digits is not None and other.digits is not None:
        scale = max(one.digits[1], other.digits[1])
        whole = max(one.digits[0] - one.digits[1], other.digits[0] - other.digits[1])
        digits = (whole + scale, scale)
    return Column(one.sql, one.rep, one.tags | other.tags, one.nullable or other.nullable, digits)


def _null(like: Column) -> exp.Expr:
    kind = {Rep.ID: "BIGINT", Rep.PACKED: "VARCHAR", Rep.STRING: "VARCHAR"}.get(like.rep)
    # Elsewhere the other branches give the type.
    return exp.Cast(this=exp.null(), to=exp.DataType.build(kind)) if kind else exp.null()


# Joins over what may be unbound


def split_variable(left: Block, right: Block, *, keep_left: bool) -> tuple[str, bool] | None:
    """A shared variable that may be unbound on a side by which a join can be split into cases.

    An unbound variable is compatible with every value: a condition with OR, which no hash join can
    take. Split into the solutions that bind it and those that do not, each case is a join on equality.

    Args:
        left: The one side.
        right: The other.
        keep_left: Whether it is a left join, which can only be split by its left solutions.

    Returns:
        The variable, and whether it is the left side that is split; ``None`` where there is none.
    """
    for name, column in right.columns.items():
        known = left.columns.get(name)
        if known is None:
            continue
        if known.nullable:
            return name, True
        if column.nullable and not keep_left:
            return name, False
    return None


def split_join(
    state: State,
    left: Block,
    right: Block,
    split: tuple[str, bool],
    join: Callable[[Block, Block], Block],
    context: Context,
) -> Block:
    """Join where a variable is bound, and where it is not, and unite the two.

    Args:
        state: The compilation.
        left: The one side; used up.
        right: The other; used up.
        split: What :func:`split_variable` said.
        join: Joins two blocks.
        context: Where the pattern stands.
    """
    name, by_left = split
    tables = []
    sides = []
    for block in (left, right):
        query, columns = close(state, block)
        alias = state.aliases.fresh("b")
        tables.append((alias, query))
        sides.append((alias, columns))
    cases = []
    for is_bound in (True, False):
        one, other = (reopen(state, alias, columns) for alias, columns in sides)
        chosen = one if by_left else other
        column = chosen.columns.pop(name)
        unbound: exp.Expr = exp.Is(this=column.sql.copy(), expression=exp.null())
        if is_bound:
            chosen.columns[name] = replace(column, nullable=False)
        chosen.where.append(exp.Not(this=unbound) if is_bound else unbound)
        cases.append(join(one, other))
    united = unite(state, cases, context)
    define(united.sources[0].relation, tables)
    return united
