"""GROUP BY, projection, DISTINCT and LIMIT: what closes a block."""

from dataclasses import replace

from sqlglot import exp

from conflictkg.engine.algebra import (
    Distinct,
    Expression,
    Group,
    OrderBy,
    OrderKey,
    Pattern,
    Project,
    Slice,
    Var,
)
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.compile.blocks import (
    Block,
    Source,
    as_item,
    build_select,
    first_alias,
    integer,
    reference,
)
from conflictkg.engine.compile.graphs import InEach
from conflictkg.engine.compile.joins import require_graph
from conflictkg.engine.compile.scope import BlockScope, number_rows, open_block, seal
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.expressions import (
    compile_aggregate,
    compile_value,
    order_keys,
)


def compile_group(state: State, pattern: Group, context: Context) -> Block:
    """A row a group: keys and aggregates."""
    block = state.compile(pattern.pattern, context)
    require_graph(state, block, context)
    if isinstance(context.graph, InEach) and not pattern.keys:
        return _aggregate_each(state, block, pattern, context, context.graph.variable)
    block = number_rows(state, block, _expressions(pattern))
    scope = BlockScope(state, block, context)
    keys = {key.name: compile_value(expression, scope) for key, expression in pattern.keys}
    if isinstance(context.graph, InEach):
        keys[context.graph.variable] = block.columns[context.graph.variable]
    if any(not first_alias(column.sql) for column in keys.values()):
        # GROUP BY a constant would be the number of a column.
        block.columns |= {f".key {name}": column for name, column in keys.items()}
        block = seal(state, block)
        keys = {name: block.columns.pop(f".key {name}") for name in keys}
        scope = BlockScope(state, block, context)
    values = dict(keys)
    # An aggregate sees what GROUP BY named.
    scope = BlockScope(state, block, context, {**keys, **block.columns})
    for variable, aggregate in pattern.aggregates:
        values[variable.name] = compile_aggregate(aggregate, scope, is_grouped=bool(keys))
    names = {name: state.aliases.fresh("v") for name in values}
    items: list[exp.Expr] = [
        as_item(column.sql.copy(), names[name]) for name, column in values.items()
    ]
    select = build_select(block, items)
    if keys:
        select.set("group", exp.Group(expressions=[column.sql.copy() for column in keys.values()]))
    elif not pattern.aggregates:
        select.set("limit", exp.Limit(expression=integer(1)))
    return open_block(
        state, select, {name: (names[name], column) for name, column in values.items()}
    )


def _expressions(pattern: Group) -> list[Expression | None]:
    keys = [expression for _, expression in pattern.keys]
    return [*keys, *(aggregate.expression for _, aggregate in pattern.aggregates)]


def _aggregate_each(
    state: State, block: Block, pattern: Group, context: Context, graph: str
) -> Block:
    """One row for each named graph, also for those without a solution."""
    block = seal(state, number_rows(state, block, _expressions(pattern)))
    outer = Block()
    require_graph(state, outer, context)
    same = exp.EQ(this=block.columns[graph].sql.copy(), expression=outer.columns[graph].sql.copy())
    block.where.append(same)
    scope = BlockScope(state, block, context)
    alias = state.aliases.fresh("r")
    items: list[exp.Expr] = []
    for variable, aggregate in pattern.aggregates:
        column = compile_aggregate(aggregate, scope)
        item = state.aliases.fresh("v")
        items.append(as_item(column.sql, item))
        outer.columns[variable.name] = replace(column, sql=reference(alias, item))
    if items:
        query = exp.Lateral(
            this=exp.Subquery(this=build_select(block, items)),
            alias=exp.TableAlias(this=exp.Identifier(this=alias)),
        )
        state.aliases.add(outer, Source(query, alias))
    return outer


def compile_project(state: State, pattern: Project, context: Context) -> Block:
    """Only some variables: the others are out of scope from here on."""
    block = state.compile(pattern.pattern, context)
    require_graph(state, block, context)
    return _keep_projected(block, pattern, context)


def _keep_projected(block: Block, pattern: Project, context: Context) -> Block:
    kept = [each.name for each in pattern.variables]
    if isinstance(context.graph, InEach):
        kept.append(context.graph.variable)
    block.columns = {name: block.columns[name] for name in kept if name in block.columns}
    block.stars = {name: star for name, star in block.stars.items() if name in block.columns}
    return block


def compile_distinct(state: State, pattern: Distinct, context: Context) -> Block:
    """Each solution once."""
    block = state.compile(pattern.pattern, context)
    if not block.columns:
        return _limit(state, block, 0, 1)
    return seal(state, block, distinct=True)


def compile_slice(state: State, pattern: Slice, context: Context) -> Block:
    """Some of the solutions; in each named graph, some of that graph's."""
    block, order = compile_ordered(state, pattern.pattern, context)
    if isinstance(context.graph, InEach):
        return _slice_each(state, block, order, pattern, context.graph.variable)
    return seal(state, block, order=order, limit=pattern.limit, offset=pattern.offset)


def compile_ordered(
    state: State, pattern: Pattern, context: Context
) -> tuple[Block, list[exp.Ordered]]:
    """The block of a pattern, and the order that ORDER BY under its projection asks for."""
    if isinstance(pattern, OrderBy):
        block = state.compile(pattern.pattern, context)
        require_graph(state, block, context)
        return block, _order(state, block, pattern.keys, context)
    if isinstance(pattern, Project) and _is_ordered(pattern):
        block, order = compile_ordered(state, pattern.pattern, context)
        return _keep_projected(block, pattern, context), order
    if isinstance(pattern, Distinct) and _is_ordered(pattern.pattern):
        return _order_distinct(state, pattern.pattern, context)
    return state.compile(pattern, context), []


def _is_ordered(pattern: Pattern) -> bool:
    return isinstance(pattern, OrderBy) or (
        isinstance(pattern, Project) and _is_ordered(pattern.pattern)
    )


def _order(
    state: State, block: Block, keys: tuple[OrderKey, ...], context: Context
) -> list[exp.Ordered]:
    scope = BlockScope(state, block, context)
    ordered: list[exp.Ordered] = []
    for key in keys:
        column = compile_value(key.expression, scope)
        # A constant orders nothing, and a number would be the place of a column.
        if first_alias(column.sql) or column.sql.find(exp.Rand, exp.Uuid, exp.Anonymous):
            ordered += order_keys(column, key.descending, scope)
    return ordered


def _settle(
    state: State, block: Block, order: list[exp.Ordered]
) -> tuple[Block, list[exp.Ordered]]:
    """An order of columns only: that of a window cannot have functions in Python in it."""
    if all(isinstance(each.this, exp.Column) for each in order):
        return block, order
    names = [state.aliases.fresh(".key") for _ in order]
    for name, each in zip(names, order, strict=True):
        block.columns[name] = Column(each.this, Rep.PACKED)
    block = seal(state, block)
    for name, each in zip(names, order, strict=True):
        each.set("this", block.columns.pop(name).sql)
    return block, order


def _order_distinct(
    state: State, pattern: Pattern, context: Context
) -> tuple[Block, list[exp.Ordered]]:
    """Each solution once, where its first one stands in the order."""
    if (
        isinstance(pattern, Project)
        and isinstance(pattern.pattern, OrderBy)
        and all(
            isinstance(key.expression, Var) and key.expression in pattern.variables
            for key in pattern.pattern.keys
        )
    ):
        block = state.compile(Project(pattern.pattern.pattern, pattern.variables), context)
        block = seal(state, block, distinct=True)
        return block, _order(state, block, pattern.pattern.keys, context)
    block, order = compile_ordered(state, pattern, context)
    block, order = _settle(state, block, order)
    place = exp.Window(this=exp.RowNumber())
    if order:
        place.set("order", exp.Order(expressions=order))
    visible = dict(block.columns)
    block.columns[".place"] = Column(place, Rep.INTEGER, nullable=False)
    block = seal(state, block)
    keys = [block.columns[name].sql.copy() for name in visible]
    names = {name: state.aliases.fresh("v") for name in block.columns}
    values = {name: block.columns[name].sql.copy() for name in visible}
    values[".place"] = exp.Min(this=block.columns[".place"].sql.copy())
    items: list[exp.Expr] = [as_item(value, names[name]) for name, value in values.items()]
    select = build_select(block, items)
    if keys:
        select.set("group", exp.Group(expressions=keys))
    outer = open_block(state, select, {name: (names[name], block.columns[name]) for name in values})
    place_column = outer.columns.pop(".place")
    return outer, [exp.Ordered(this=place_column.sql, desc=False)]


def _limit(state: State, block: Block, offset: int, limit: int | None) -> Block:
    return seal(state, block, limit=limit, offset=offset)


def _slice_each(
    state: State, block: Block, order: list[exp.Ordered], pattern: Slice, graph: str
) -> Block:
    block, order = _settle(state, block, order)
    require = block.columns[graph]
    window = exp.Window(this=exp.RowNumber(), partition_by=[require.sql.copy()])
    if order:
        window.set("order", exp.Order(expressions=order))
    block.columns[".row"] = Column(window, Rep.INTEGER, nullable=False)
    block = seal(state, block)
    row = block.columns.pop(".row").sql
    block.where.append(exp.GT(this=row, expression=integer(pattern.offset)))
    if pattern.limit is not None:
        last = integer(pattern.offset + pattern.limit)
        block.where.append(exp.LTE(this=row.copy(), expression=last))
    return block


def output_items(block: Block, names: tuple[str, ...]) -> tuple[list[exp.Expr], list[Column]]:
    """The items of the outermost SELECT, and how to read each; NULL for what nothing binds."""
    items: list[exp.Expr] = []
    columns: list[Column] = []
    for index, name in enumerate(names):
        column = block.columns.get(name)
        if column is None:
            nothing = exp.Cast(this=exp.null(), to=exp.DataType.build("BIGINT"))
            column = Column(nothing, Rep.ID, 0, nullable=True)
        items.append(as_item(column.sql.copy(), f"o{index}"))
        columns.append(replace(column, sql=reference("o", f"o{index}")))
    return items, columns
