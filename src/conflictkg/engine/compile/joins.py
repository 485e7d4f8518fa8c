"""Binding variables and joining blocks."""

from dataclasses import replace

from sqlglot import exp

from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.compile.blocks import Block, Source, integer, reference
from conflictkg.engine.compile.graphs import InEach
from conflictkg.engine.compile.scope import BlockScope, compatible
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.expressions import common_rep
from conflictkg.engine.ids import Tag

IRI_TAGS = 1 << Tag.IRI


def bind(state: State, block: Block, name: str, column: Column, context: Context) -> None:
    """Bind a variable to a column, or ask that it is equal to what the variable is bound to.

    A column that may be NULL is compatible with everything where it is.
    """
    known = block.columns.get(name)
    if known is None:
        block.columns[name] = column
        return
    scope = BlockScope(state, block, context)
    block.where.append(compatible(known, column, scope))
    block.columns[name] = unify(known, column, scope)


def unify(known: Column, column: Column, scope: BlockScope) -> Column:
    """The one column of two that are compatible in each solution."""
    if not known.nullable and not column.nullable:
        if known.rep is Rep.ID and column.rep is Rep.ID:
            # Where no tag is common the condition of equality is never true.
            return replace(known, tags=known.tags & column.tags or known.tags)
        return column if column.rep is Rep.ID else known
    if not known.nullable:
        return known
    if not column.nullable:
        return column
    one, other = common_rep([known, column], scope)
    return replace(
        one,
        sql=exp.Coalesce(this=one.sql.copy(), expressions=[other.sql.copy()]),
        tags=one.tags | other.tags,
    )


def join_blocks(state: State, left: Block, right: Block, context: Context) -> Block:
    """Both; the left one is extended and given back."""
    if left.is_unit():
        return right
    state.aliases.merge(left, right)
    for name, column in right.columns.items():
        bind(state, left, name, column, context)
    return left


def require_graph(state: State, block: Block, context: Context) -> None:
    """In each named graph: a pattern without triples has its solutions once a graph."""
    if not isinstance(context.graph, InEach) or context.graph.variable in block.columns:
        return
    alias = state.aliases.fresh("g")
    rows = [exp.Tuple(expressions=[integer(graph)]) for graph in state.view.named or (0,)]
    columns = exp.TableAlias(this=exp.Identifier(this=alias), columns=[exp.Identifier(this="g")])
    state.aliases.add(block, Source(exp.Values(expressions=rows, alias=columns), alias))
    if not state.view.named:
        block.where.append(exp.false())
    block.columns[context.graph.variable] = Column(
        reference(alias, "g"), Rep.ID, IRI_TAGS, nullable=False
    )
