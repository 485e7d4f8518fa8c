"""Algebra to a plan: which tables, joined how, as one SELECT."""

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from conflictkg.answers import Iri, Kind
from conflictkg.engine.algebra import (
    Ask,
    Construct,
    Describe,
    Pattern,
    Query,
    Reduced,
    Select,
    Slice,
    TriplePattern,
    Var,
)
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.compile.blocks import build_select, integer, merge_select
from conflictkg.engine.compile.describe import describe_pattern
from conflictkg.engine.compile.graphs import InDefault, choose_view
from conflictkg.engine.compile.modifiers import compile_ordered, output_items
from conflictkg.engine.compile.patterns import compile_pattern
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.plan import Plan

_SMALL_LIMIT = 10_000
"""Solutions of which an answer is fetched at once."""
_FEW_QUADS = 100
"""Quads an object, up to which it is not everybody's."""


def compile_query(
    query: Query,
    catalog: Catalog,
    *,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
) -> Plan:
    """The plan of a query.

    Args:
        query: The query.
        catalog: The store, in the state that the plan holds for.
        default_graphs: ``default-graph-uri`` of the protocol; with ``named_graphs`` they go before FROM.
        named_graphs: ``named-graph-uri`` of the protocol.

    Raises:
        NotPermittedError: It asks another endpoint (SERVICE).
        QueryError: It calls a function that there is not.
    """
    view = choose_view(catalog, query.dataset, default_graphs, named_graphs)
    state = State(catalog, view, compile_pattern, query.prologue.base)
    if isinstance(query, Select):
        names = tuple(each.name for each in query.variables)
        return _plan(state, "solutions", query.pattern, names)
    if isinstance(query, Ask):
        return _plan(state, "boolean", Slice(query.pattern, 0, 1), ())
    if isinstance(query, Construct):
        names = _template_variables(query)
        return replace(_plan(state, "graph", query.pattern, names), template=query.template)
    return _plan_description(state, query)


def _template_variables(query: Construct) -> tuple[str, ...]:
    nodes = [
        node for each in query.template for node in (each.subject, each.predicate, each.object)
    ]
    names = (
        node.name for node in nodes if isinstance(node, Var) and not node.name.startswith("_:")
    )
    return tuple(dict.fromkeys(names))


def _plan_description(state: State, query: Describe) -> Plan:
    constants = [each for each in query.resources if isinstance(each, Iri)]
    variables = [each for each in query.resources if isinstance(each, Var)]
    select, columns = describe_pattern(state, constants, variables, query.pattern)
    return Plan(
        "graph",
        select,
        ("s", "p", "o"),
        columns,
        programs=state.programs,
        epoch=state.catalog.epoch,
        small=not variables,
        notes=tuple(state.notes),
        scans={alias: tuple(triples) for alias, triples in state.scans.items()},
    )


def _plan(state: State, kind: Kind, pattern: Pattern, names: tuple[str, ...]) -> Plan:
    offset, limit = 0, None
    is_small = False
    if isinstance(pattern, Slice):
        offset, limit, pattern = pattern.offset, pattern.limit, pattern.pattern
        is_small = limit is not None and limit <= _SMALL_LIMIT
    if isinstance(pattern, Reduced):
        pattern = pattern.pattern
    block, order = compile_ordered(state, pattern, Context(InDefault()))
    items, columns = output_items(block, names)
    is_cut = order or offset or limit is not None
    tree = build_select(block, items) if is_cut else merge_select(block, items)
    if order:
        tree.set("order", exp.Order(expressions=order))
    if limit is not None:
        tree.set("limit", exp.Limit(expression=integer(limit)))
    if offset:
        tree.set("offset", exp.Offset(expression=integer(offset)))
    return Plan(
        kind,
        tree,
        names,
        tuple(columns),
        programs=state.programs,
        epoch=state.catalog.epoch,
        small=is_small or kind == "boolean",
        few=any(_is_look_up(state, each) for triples in state.scans.values() for each in triples),
        notes=tuple(state.notes),
        scans={alias: tuple(triples) for alias, triples in state.scans.items()},
    )


def _is_look_up(state: State, triple: TriplePattern) -> bool:
    """Whether few quads match a triple, as a rule: those of one subject, or of an object that is not everybody's."""
    if not isinstance(triple.subject, Var):
        return True
    if isinstance(triple.object, Var):
        return False
    if isinstance(triple.predicate, Var):
        return True
    found = state.find(triple.predicate)
    predicate = None if found is None else state.catalog.predicates.get(found)
    return predicate is None or predicate.quads <= _FEW_QUADS * predicate.objects
