"""DESCRIBE: all triples of a thing, and of the blank nodes that they lead to."""

from collections.abc import Sequence

from sqlglot import exp

from conflictkg.answers import Iri
from conflictkg.engine.algebra import Pattern, Var
from conflictkg.engine.columns import ALL_TAGS, NODE_TAGS, Column, Rep
from conflictkg.engine.compile.blocks import (
    Block,
    Source,
    as_item,
    build_select,
    define,
    integer,
    reference,
    table,
)
from conflictkg.engine.compile.graphs import InDefault, graph_conditions, is_one_of
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.ids import SHIFT, Tag


def describe_pattern(
    state: State, constants: Sequence[Iri], variables: Sequence[Var], pattern: Pattern
) -> tuple[exp.Select, tuple[Column, Column, Column]]:
    """``SELECT DISTINCT s, p, o`` of what is described.

    Args:
        state: The compilation.
        constants: Things that are named.
        variables: Variables of the pattern, whose values are described.
        pattern: WHERE.
    """
    seeds = _seeds(state, constants, variables, pattern)
    has_blanks = any(
        each.object_tags & 1 << Tag.BLANK for each in state.catalog.predicates.values()
    )
    reached, alias = state.aliases.fresh("w"), state.aliases.fresh("w")
    quads = state.aliases.fresh("t")
    block = Block()
    state.aliases.add(block, Source(table(reached, alias), alias))
    _add_quads(
        state, block, quads, exp.EQ(this=reference(quads, "s"), expression=reference(alias, "n"))
    )
    items: list[exp.Expr] = [as_item(reference(quads, each), each) for each in "spo"]
    select = build_select(block, items, distinct=True)
    body: exp.Query = seeds
    if has_blanks:
        body = exp.Union(this=seeds, expression=_blank_step(state, reached), distinct=True)
    define(select, [(reached, body)], recursive=has_blanks)
    columns = (
        Column(reference("o", "s"), Rep.ID, NODE_TAGS, nullable=False),
        Column(reference("o", "p"), Rep.ID, 1 << Tag.IRI, nullable=False),
        Column(reference("o", "o"), Rep.ID, ALL_TAGS, nullable=False),
    )
    return select, columns


def _seeds(
    state: State, constants: Sequence[Iri], variables: Sequence[Var], pattern: Pattern
) -> exp.Query:
    queries: list[exp.Query] = [
        build_select(Block(), [as_item(integer(found), "n")])
        for found in map(state.find, constants)
        if found is not None
    ]
    for variable in variables:
        block = state.compile(pattern, Context(InDefault()))
        column = block.columns.get(variable.name)
        if column is not None and column.rep is Rep.ID:
            queries.append(build_select(block, [as_item(column.sql.copy(), "n")], distinct=True))
    if not queries:
        nothing = exp.Cast(this=exp.null(), to=exp.DataType.build("BIGINT"))
        return build_select(Block(where=[exp.false()]), [as_item(nothing, "n")])
    whole = queries[0]
    for each in queries[1:]:
        whole = exp.Union(this=whole, expression=each, distinct=True)
    return whole


def _blank_step(state: State, reached: str) -> exp.Select:
    alias, quads = state.aliases.fresh("w"), state.aliases.fresh("t")
    block = Block()
    state.aliases.add(block, Source(table(reached, alias), alias))
    _add_quads(
        state, block, quads, exp.EQ(this=reference(quads, "s"), expression=reference(alias, "n"))
    )
    first_after = integer((Tag.BLANK + 1) << SHIFT)
    block.where.append(exp.LT(this=reference(quads, "o"), expression=first_after))
    return build_select(block, [as_item(reference(quads, "o"), "n")])


def _add_quads(state: State, block: Block, alias: str, on: exp.Expr) -> None:
    state.aliases.add(block, Source(table("spo", alias), alias, "", on))
    conditions = graph_conditions(
        state.view, InDefault(), alias, is_set=False, catalog=state.catalog
    )
    if conditions is None:
        # DISTINCT around it makes equal triples of several graphs one.
        conditions = [is_one_of(reference(alias, "g"), state.view.default or ())]
    block.where += conditions
