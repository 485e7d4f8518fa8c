"""OPTIONAL: a column of the class table that may be NULL, or else a left join."""

from dataclasses import replace

from sqlglot import exp

from conflictkg.engine.algebra import Bgp, Expression, LeftJoin, TriplePattern, Var
from conflictkg.engine.columns import Column
from conflictkg.engine.compile.blocks import (
    Block,
    Source,
    all_of,
    as_item,
    build_select,
    columns_of,
    derived,
    nullable,
    reference,
)
from conflictkg.engine.compile.graphs import InDefault
from conflictkg.engine.compile.joins import unify
from conflictkg.engine.compile.scope import BlockScope, compatible, number_rows
from conflictkg.engine.compile.stars import is_present, star_column
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.compile.unions import split_join, split_variable
from conflictkg.engine.expressions import compile_condition


def compile_left_join(state: State, pattern: LeftJoin, context: Context) -> Block:
    """The block of OPTIONAL."""
    left = state.compile(pattern.left, context)
    if isinstance(pattern.right, Bgp) and _read_star(state, left, pattern, pattern.right, context):
        return left
    left = number_rows(state, left, [pattern.condition])
    right = state.compile(pattern.right, context)
    return _left_join(state, left, right, pattern.condition, context)


def _left_join(
    state: State, left: Block, right: Block, condition: Expression | None, context: Context
) -> Block:
    split = split_variable(left, right, keep_left=True)
    if split is not None and context.outer is None:
        return split_join(
            state,
            left,
            right,
            split,
            lambda one, other: _left_join(state, one, other, condition, context),
            context,
        )
    scope = BlockScope(state, left, context)
    on = [
        compatible(left.columns[name], column, scope)
        for name, column in right.columns.items()
        if name in left.columns
    ]
    if condition is not None:
        seen = {**right.columns, **left.columns}
        on.append(compile_condition(condition, BlockScope(state, left, context, seen)))
    columns = _attach(state, left, right, on)
    for name, column in columns.items():
        known = left.columns.get(name)
        left.columns[name] = column if known is None else unify(known, column, scope)
    return left


def _read_star(state: State, left: Block, pattern: LeftJoin, right: Bgp, context: Context) -> bool:
    """Serve an OPTIONAL star from the class table that its subject is already read from.

    Returns:
        Whether that could be done.
    """
    if not isinstance(context.graph, InDefault) or state.view.default is not None:
        return False
    found: dict[str, Column] = {}
    present: list[exp.Expr] = []
    for each in right.triples:
        if not isinstance(each, TriplePattern) or not isinstance(each.subject, Var):
            return False
        star = left.stars.get(each.subject.name)
        column = None if star is None else star_column(state, star, each)
        if column is None or not isinstance(each.object, Var):
            return False
        name = each.object.name
        if name in left.columns or name in found:
            return False
        found[name] = column
        present.append(is_present(column))
    if not found:
        return False
    if pattern.condition is not None:
        seen = {**found, **left.columns}
        scope = BlockScope(state, left, context, seen)
        present.append(compile_condition(pattern.condition, scope))
    if len(present) == 1:
        left.columns |= found
        return True
    test = all_of(present)
    for name, column in found.items():
        value = exp.Case(ifs=[exp.If(this=test, true=column.sql.copy())])
        left.columns[name] = replace(column, sql=value.copy(), nullable=True)
    return True


def _attach(state: State, left: Block, right: Block, on: list[exp.Expr]) -> dict[str, Column]:
    """Left join a block.

    Args:
        state: The compilation.
        left: What keeps all its solutions.
        right: What is joined; used up.
        on: Conditions over both; references to the right one are rewritten.

    Returns:
        The right block's columns, as the left one now sees them.
    """
    if not left.sources:
        # What is joined to needs a row of its own: the one solution that binds nothing.
        unit = state.aliases.fresh("n")
        state.aliases.add(left, Source(derived(build_select(Block(), []), unit), unit))
    plain = all(isinstance(column.sql, exp.Column) for column in right.columns.values())
    if len(right.sources) == 1 and plain:
        source = right.sources[0]
        conditions = all_of([*right.where, *on]) or exp.true()
        state.aliases.add(left, Source(source.relation, source.alias, "LEFT", conditions))
        return {name: nullable(column) for name, column in right.columns.items()}
    alias = state.aliases.fresh("r")
    items: list[exp.Expr] = []
    columns = {}
    for name, column in right.columns.items():
        item = state.aliases.fresh("v")
        items.append(as_item(column.sql.copy(), item))
        columns[name] = replace(nullable(column), sql=reference(alias, item))
    inside = {source.alias for source in right.sources}
    exported: dict[str, str] = {}
    rewritten = [_export(state, each, inside, alias, exported, items) for each in on]
    query = build_select(right, items)
    condition = all_of(rewritten) or exp.true()
    state.aliases.add(left, Source(derived(query, alias), alias, "LEFT", condition))
    return columns


def _export(
    state: State,
    condition: exp.Expr,
    inside: set[str],
    alias: str,
    exported: dict[str, str],
    items: list[exp.Expr],
) -> exp.Expr:
    """A condition with the references into a block as references to the block's derived table."""
    for column in list(columns_of(condition)):
        if column.table not in inside:
            continue
        key = f"{column.table}.{column.name}"
        if key not in exported:
            exported[key] = state.aliases.fresh("v")
            items.append(as_item(column.copy(), exported[key]))
        outside = reference(alias, exported[key])
        if column is condition:
            return outside
        column.replace(outside)
    return condition
