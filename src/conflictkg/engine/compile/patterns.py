"""Patterns to blocks, a function for each kind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from sqlglot import exp

from conflictkg.answers import Blank, Iri, Literal
from conflictkg.engine.algebra import (
    Bgp,
    Call,
    Distinct,
    Expression,
    Extend,
    Filter,
    Graph,
    Group,
    Join,
    LeftJoin,
    Minus,
    OrderBy,
    Pattern,
    Project,
    Reduced,
    Service,
    Slice,
    TriplePattern,
    Union,
    Values,
    Var,
)
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.compile.bgp import add_bgp
from conflictkg.engine.compile.blocks import (
    Block,
    Source,
    all_of,
    any_of,
    build_select,
    columns_of,
    integer,
    reference,
)
from conflictkg.engine.compile.graphs import InEach, InNamed
from conflictkg.engine.compile.joins import bind, join_blocks, require_graph
from conflictkg.engine.compile.modifiers import (
    compile_distinct,
    compile_group,
    compile_project,
    compile_slice,
)
from conflictkg.engine.compile.optional import compile_left_join
from conflictkg.engine.compile.scope import BlockScope, compatible, number_rows, seal
from conflictkg.engine.compile.stars import star_presence
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.compile.unions import compile_union, split_join, split_variable
from conflictkg.engine.expressions import compile_condition, compile_value
from conflictkg.engine.ids import pack_term, tag_of
from conflictkg.errors import NotPermittedError

_INLINE_NODES = 12
"""A computed column of at most so many nodes of SQL is copied to where it is used."""


def compile_pattern(state: State, pattern: Pattern, context: Context) -> Block:
    """The block of a pattern.

    Raises:
        NotPermittedError: It asks another endpoint.
    """
    return _COMPILERS[type(pattern)](state, pattern, context)


def _compile_bgp(state: State, pattern: Bgp, context: Context) -> Block:
    block = Block()
    add_bgp(state, block, pattern.triples, context)
    return block


def _compile_join(state: State, pattern: Join, context: Context) -> Block:
    left = state.compile(pattern.left, context)
    if isinstance(pattern.right, Bgp) and _binds_all(left, pattern.right):
        add_bgp(state, left, pattern.right.triples, context)
        return left
    return _join(state, left, state.compile(pattern.right, context), context)


def _join(state: State, left: Block, right: Block, context: Context) -> Block:
    split = split_variable(left, right, keep_left=False)
    if split is None or context.outer is not None:
        return join_blocks(state, left, right, context)
    return split_join(
        state, left, right, split, lambda one, other: _join(state, one, other, context), context
    )


def _binds_all(block: Block, bgp: Bgp) -> bool:
    """Whether the variables that a pattern shares with a block are ids there in every solution."""
    names = set()
    for each in bgp.triples:
        nodes = [each.subject, each.object]
        if isinstance(each, TriplePattern):
            nodes.append(each.predicate)
        names |= {node.name for node in nodes if isinstance(node, Var)}
    shared = (block.columns[name] for name in names if name in block.columns)
    return all(column.rep is Rep.ID and not column.nullable for column in shared)


def _compile_filter(state: State, pattern: Filter, context: Context) -> Block:
    block = state.compile(pattern.pattern, context)
    block = number_rows(state, block, [pattern.condition])
    for condition in _conjuncts(pattern.condition):
        compiled = compile_condition(condition, BlockScope(state, block, context))
        block.where.append(_after_join(block, compiled))
    return block


def _after_join(block: Block, condition: exp.Expr) -> exp.Expr:
    """Have a condition that Python may evaluate asked of the rows of a block only.

    Where it reads nothing but a row of the dictionary DuckDB would ask it of the whole dictionary first,
    not knowing that it is dear.
    """
    aliases = {column.table for column in columns_of(condition)}
    if len(aliases) != 1 or condition.find(exp.Anonymous) is None:
        return condition
    alias = aliases.pop()
    sources = [source for source in block.sources if source.alias == alias]
    if alias not in block.terms.values() or not sources or sources[0].on is None:
        return condition
    # Always true of a row of the join. Of a left one that is also a row for which the dictionary has none.
    missing = [exp.Is(this=reference(alias, "id"), expression=exp.null())]
    joined = any_of([*(missing if sources[0].side else []), sources[0].on.copy()])
    return exp.Case(ifs=[exp.If(this=joined, true=condition)])


def _conjuncts(condition: Expression) -> list[Expression]:
    """The parts of ``a && b``: a filter lets through what each of them does."""
    found, open_parts = [], [condition]
    while open_parts:
        part = open_parts.pop()
        if isinstance(part, Call) and part.name == "&&":
            open_parts += reversed(part.arguments)
        else:
            found.append(part)
    return found


def _compile_minus(state: State, pattern: Minus, context: Context) -> Block:
    left = state.compile(pattern.left, context)
    present = star_presence(state, left, pattern.right, context, left.columns.__contains__)
    if present is not None:
        left.where.append(exp.Not(this=exp.Paren(this=present)))
        return left
    right = state.compile(pattern.right, context)
    hidden = context.graph.variable if isinstance(context.graph, InEach) else None
    shared = [name for name in right.columns if name in left.columns]
    if not [name for name in shared if name != hidden]:
        return left
    scope = BlockScope(state, left, context)
    conditions, both_bound = [], []
    for name in shared:
        one, other = left.columns[name], right.columns[name]
        conditions.append(compatible(one, other, scope))
        if name != hidden:
            bound = [
                exp.Not(this=exp.Is(this=each.sql.copy(), expression=exp.null()))
                for each in (one, other)
                if each.nullable
            ]
            both_bound.append(all_of(bound))
    if all(each is not None for each in both_bound):
        # Solutions that share no bound variable do not take each other away.
        some = any_of(each for each in both_bound if each is not None)
        if some is not None:
            conditions.append(exp.Paren(this=some))
    right.where += conditions
    left.where.append(exp.Not(this=exp.Exists(this=build_select(right, [integer(1)]))))
    return left


def _compile_graph(state: State, pattern: Graph, context: Context) -> Block:
    if isinstance(pattern.name, Iri):
        found = state.find(pattern.name)
        known = found is not None and found in state.view.named
        block = state.compile(
            pattern.pattern, Context(InNamed(found if found is not None else -1), context.outer)
        )
        if not known:
            block.where.append(exp.false())
    else:
        hidden = state.aliases.fresh(".g")
        block = state.compile(pattern.pattern, Context(InEach(hidden), context.outer))
        graph = block.columns.pop(hidden)
        bind(state, block, pattern.name.name, graph, context)
    require_graph(state, block, context)
    return block


def _compile_extend(state: State, pattern: Extend, context: Context) -> Block:
    block = state.compile(pattern.pattern, context)
    require_graph(state, block, context)
    keep = isinstance(pattern.pattern, Extend)
    block = number_rows(state, block, [pattern.expression], keep=keep)
    value = compile_value(pattern.expression, BlockScope(state, block, context))
    block.columns[pattern.variable.name] = value
    return block if _is_cheap(value.sql) else seal(state, block)


def _is_cheap(value: exp.Expr) -> bool:
    """Whether a value can be computed where it is used: small, and the same each time."""
    nodes = list(value.walk())
    volatile = (exp.Anonymous, exp.Rand, exp.Uuid, exp.Window, exp.Subquery, exp.Select)
    return len(nodes) <= _INLINE_NODES and not any(isinstance(node, volatile) for node in nodes)


def _compile_values(state: State, pattern: Values, context: Context) -> Block:
    block = Block()
    columns = [
        _values_column(state, [row[index] for row in pattern.rows])
        for index in range(len(pattern.variables))
    ]
    if not pattern.rows:
        block.where.append(exp.false())
        block.columns = {
            variable.name: Column(exp.null(), Rep.ID, nullable=True)
            for variable in pattern.variables
        }
    elif len(pattern.rows) == 1:
        for variable, (items, column) in zip(pattern.variables, columns, strict=True):
            block.columns[variable.name] = replace(column, sql=items[0])
    else:
        alias = state.aliases.fresh("l")
        names = [state.aliases.fresh("v") for _ in pattern.variables]
        rows = [
            exp.Tuple(expressions=list(row))
            for row in zip(*(items for items, _ in columns), strict=True)
        ] or [exp.Tuple(expressions=[integer(1)]) for _ in pattern.rows]
        head = exp.TableAlias(
            this=exp.Identifier(this=alias),
            columns=[exp.Identifier(this=name) for name in names or ["v"]],
        )
        state.aliases.add(block, Source(exp.Values(expressions=rows, alias=head), alias))
        for variable, name, (_, column) in zip(pattern.variables, names, columns, strict=True):
            block.columns[variable.name] = replace(column, sql=reference(alias, name))
    require_graph(state, block, context)
    return block


def _values_column(
    state: State, terms: Sequence[Iri | Literal | Blank | None]
) -> tuple[list[exp.Expr], Column]:
    """A column of VALUES: ids where the dictionary has all its terms, else packed terms."""
    found = [
        None if term is None or isinstance(term, Blank) else state.find(term) for term in terms
    ]
    missing = any(
        each is None and term is not None for each, term in zip(found, terms, strict=True)
    )
    unbound = any(term is None for term in terms)
    if not missing:
        tags = 0
        for each in found:
            tags |= 0 if each is None else 1 << tag_of(each)
        ids: list[exp.Expr] = [
            exp.Cast(this=exp.null(), to=exp.DataType.build("BIGINT"))
            if each is None
            else integer(each)
            for each in found
        ]
        return ids, Column(exp.null(), Rep.ID, tags, nullable=unbound)
    texts: list[exp.Expr] = [
        exp.Cast(this=exp.null(), to=exp.DataType.build("VARCHAR"))
        if term is None
        else exp.Literal(this=pack_term(term), is_string=True)
        for term in terms
    ]
    return texts, Column(exp.null(), Rep.PACKED, nullable=unbound)


def _compile_service(state: State, pattern: Service, context: Context) -> Block:  # noqa: ARG001
    where = f" (line {pattern.place.line})" if pattern.place else ""
    raise NotPermittedError(
        f"SERVICE{where}",
        "this endpoint asks no other. Ask that one yourself and join the answers.",
    )


def _compile_order(state: State, pattern: OrderBy, context: Context) -> Block:
    # Without LIMIT around it the order of a part has no meaning.
    return state.compile(pattern.pattern, context)


def _compile_reduced(state: State, pattern: Reduced, context: Context) -> Block:
    return state.compile(pattern.pattern, context)


_COMPILERS: Mapping[type, Callable[[State, Any, Context], Block]] = MappingProxyType(
    {
        Bgp: _compile_bgp,
        Join: _compile_join,
        LeftJoin: compile_left_join,
        Union: compile_union,
        Minus: _compile_minus,
        Filter: _compile_filter,
        Graph: _compile_graph,
        Extend: _compile_extend,
        Values: _compile_values,
        Service: _compile_service,
        Group: compile_group,
        OrderBy: _compile_order,
        Project: compile_project,
        Distinct: compile_distinct,
        Reduced: _compile_reduced,
        Slice: compile_slice,
    }
)
