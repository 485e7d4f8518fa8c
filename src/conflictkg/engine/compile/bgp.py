"""Basic graph patterns: tables of quads and of classes, joined.

Triples that share a subject are a star. Where the subject's class has a table, the star is one scan of
it and not a join a property.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from conflictkg.answers import Iri
from conflictkg.engine.algebra import PathPattern, TriplePattern, Var
from conflictkg.engine.catalog import ClassTable, Predicate
from conflictkg.engine.columns import ALL_TAGS, NODE_TAGS, Column, Rep
from conflictkg.engine.compile.blocks import (
    Block,
    Source,
    Star,
    as_item,
    build_select,
    columns_of,
    derived,
    integer,
    reference,
    table,
    union_all,
)
from conflictkg.engine.compile.graphs import InDefault, InEach, graph_conditions, is_one_of
from conflictkg.engine.compile.joins import IRI_TAGS, bind, require_graph
from conflictkg.engine.compile.paths import add_path
from conflictkg.engine.compile.stars import is_present, star_column
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.syntax import unparse


def add_bgp(
    state: State, block: Block, triples: Sequence[TriplePattern | PathPattern], context: Context
) -> None:
    """Join a basic graph pattern into a block whose variables of the same names are all bound.

    Args:
        state: The compilation.
        block: What it is joined to.
        triples: Triples and paths.
        context: Where the pattern stands.
    """
    rest = [each for each in triples if isinstance(each, TriplePattern)]
    if isinstance(context.graph, InDefault) and state.view.default is None:
        rest = _add_stars(state, block, rest, context)
    for each in rest:
        _add_triple(state, block, each, context)
    paths = [each for each in triples if isinstance(each, PathPattern)]
    while paths:
        # Those with an end that is known first: they are followed from there.
        chosen = max(paths, key=lambda path: _known_ends(block, path))
        paths.remove(chosen)
        add_path(state, block, chosen, context)
    require_graph(state, block, context)


def _known_ends(block: Block, path: PathPattern) -> int:
    return sum(
        not isinstance(end, Var) or end.name in block.columns for end in (path.subject, path.object)
    )


# Triples


_QUADS_A_TABLE = 75_000
"""DuckDB reads so many quads in the time that it takes to plan the reading of one more table."""


@dataclass(frozen=True, slots=True)
class _Quads:
    """Where the quads of a triple pattern stand.

    Args:
        table: The table.
        predicate: What is known of its predicate; ``None`` where that is a variable.
        has_predicate: Whether the table has a column for the predicate.
    """

    table: str
    predicate: Predicate | None
    has_predicate: bool


def _add_triple(state: State, block: Block, triple: TriplePattern, context: Context) -> None:
    ends: dict[str, int] = {}
    for place, node in (("s", triple.subject), ("p", triple.predicate), ("o", triple.object)):
        if isinstance(node, Var):
            continue
        found = state.find(node)
        if found is None:
            _match_nothing(state, block, triple, context, f"{unparse(node)} occurs nowhere")
            return
        ends[place] = found
    quads = _choose_quads(state, ends)
    if quads is None:
        _match_nothing(
            state, block, triple, context, f"{unparse(triple.predicate)} is no predicate"
        )
        return
    alias = state.aliases.fresh("t")
    state.scans[alias] = [triple]
    if quads.predicate is not None:
        is_set = quads.predicate.is_set
    else:
        is_set = all(each.is_set for each in state.catalog.predicates.values())
    conditions = graph_conditions(
        state.view, context.graph, alias, is_set=is_set, catalog=state.catalog
    )
    leading = _tables_leading_to(state, ends["o"]) if ends.keys() == {"o"} else None
    relation: exp.Expr
    if conditions is None:
        relation = _merge_graphs(state, quads, alias)
        conditions = []
    elif leading is not None:
        wanted = {column.name for condition in conditions for column in columns_of(condition)}
        if isinstance(context.graph, InEach):
            wanted.add("g")
        relation = _gather_object(state, ends.pop("o"), leading, ["s", "p", *sorted(wanted)], alias)
    else:
        relation = table(quads.table, alias)
    state.aliases.add(block, Source(relation, alias))
    block.where += conditions
    for place, found in ends.items():
        if place != "p" or quads.has_predicate:
            block.where.append(is_one_of(reference(alias, place), [found]))
    tags = {"s": NODE_TAGS, "p": IRI_TAGS, "o": ALL_TAGS}
    if quads.predicate is not None:
        tags |= {"s": quads.predicate.subject_tags, "o": quads.predicate.object_tags}
    for place, node in (("s", triple.subject), ("p", triple.predicate), ("o", triple.object)):
        if isinstance(node, Var):
            column = Column(reference(alias, place), Rep.ID, tags[place], nullable=False)
            bind(state, block, node.name, column, context)
            if place != "p":
                state.note_node(block.columns[node.name].sql, context.graph)
    if isinstance(context.graph, InEach):
        column = Column(reference(alias, "g"), Rep.ID, IRI_TAGS, nullable=False)
        bind(state, block, context.graph.variable, column, context)


def _choose_quads(state: State, ends: dict[str, int]) -> _Quads | None:
    if "p" not in ends:
        return _Quads("spo", None, has_predicate=True)
    predicate = state.catalog.predicates.get(ends["p"])
    if predicate is None:
        return None
    if "s" in ends:
        return _Quads("spo", predicate, has_predicate=True)
    return _Quads(predicate.table, predicate, has_predicate=predicate.table == "pos")


def _tables_leading_to(state: State, value: int) -> Mapping[str, int] | None:
    """The tables that may hold quads of an object, and a predicate of each; ``None`` where ``spo`` is faster."""
    tables = {each.table: each.id for each in state.catalog.leading_to(value)}
    return tables if len(tables) <= 1 + state.catalog.quads // _QUADS_A_TABLE else None


def _gather_object(
    state: State, value: int, tables: Mapping[str, int], wanted: Sequence[str], alias: str
) -> exp.Subquery:
    """The quads of one object, whatever their predicate, from the tables that are sorted by object.

    No table is sorted by object alone: this reads a few pages of each where ``spo`` is read whole.

    Args:
        state: The compilation.
        value: The object.
        tables: What :func:`_tables_leading_to` gives.
        wanted: The columns. DuckDB plans for each one that it is told of.
        alias: The name of the result.
    """
    queries: list[exp.Query] = []
    for name, predicate in tables.items() or [("pos", 0)]:
        inner = state.aliases.fresh("t")
        state.scans[inner] = state.scans[alias]
        source = Block()
        state.aliases.add(source, Source(table(name, inner), inner))
        source.where.append(is_one_of(reference(inner, "o"), [value]))
        values: dict[str, exp.Expr] = {each: reference(inner, each) for each in wanted}
        if name != "pos":
            values["p"] = integer(predicate)
        queries.append(build_select(source, [as_item(sql, each) for each, sql in values.items()]))
    return derived(union_all(queries), alias)


def _merge_graphs(state: State, quads: _Quads, alias: str) -> exp.Subquery:
    """The quads of several graphs as one set of triples."""
    inner = state.aliases.fresh("t")
    state.scans[inner] = state.scans[alias]
    source = Block()
    state.aliases.add(source, Source(table(quads.table, inner), inner))
    source.where.append(is_one_of(reference(inner, "g"), state.view.default or ()))
    names = ["s", "p", "o"] if quads.has_predicate else ["s", "o"]
    if quads.predicate is not None and quads.has_predicate:
        source.where.append(is_one_of(reference(inner, "p"), [quads.predicate.id]))
    items: list[exp.Expr] = [as_item(reference(inner, name), name) for name in names]
    return derived(build_select(source, items, distinct=True), alias)


def _match_nothing(
    state: State, block: Block, triple: TriplePattern, context: Context, why: str
) -> None:
    """A triple that no quad can match: its variables are bound, by none."""
    state.notes.append(f"no solutions: {why}")
    names = [
        node.name
        for node in (triple.subject, triple.predicate, triple.object)
        if isinstance(node, Var)
    ]
    if isinstance(context.graph, InEach):
        names.append(context.graph.variable)
    nothing = exp.Cast(this=exp.null(), to=exp.DataType.build("BIGINT"))
    alias = state.aliases.fresh("n")
    query = build_select(Block(where=[exp.false()]), [as_item(nothing, "n")])
    state.aliases.add(block, Source(derived(query, alias), alias))
    block.where.append(exp.false())
    for name in names:
        column = Column(reference(alias, "n"), Rep.ID, IRI_TAGS, nullable=False)
        block.columns.setdefault(name, column)


# Stars


def _add_stars(
    state: State, block: Block, triples: list[TriplePattern], context: Context
) -> list[TriplePattern]:
    """Serve stars from class tables.

    Returns:
        The triples that are left.
    """
    type_id = state.type_id()
    by_subject: dict[str, list[TriplePattern]] = {}
    for each in triples:
        if isinstance(each.subject, Var) and isinstance(each.predicate, Iri):
            by_subject.setdefault(each.subject.name, []).append(each)
    served: set[int] = set()
    for name, star in by_subject.items():
        if name in block.stars:
            found = block.stars[name]
        else:
            chosen = _choose_class(state, star, type_id)
            if chosen is None:
                continue
            alias = state.aliases.fresh("c")
            state.aliases.add(block, Source(table(chosen.name, alias), alias))
            subject = Column(reference(alias, "s"), Rep.ID, chosen.subject_tags, nullable=False)
            bind(state, block, name, subject, context)
            state.note_node(block.columns[name].sql, context.graph)
            found = block.stars[name] = Star(alias, chosen)
        for each in star:
            if _serve(state, block, found, each, type_id, context):
                served.add(id(each))
    return [each for each in triples if id(each) not in served]


def _choose_class(
    state: State, star: Sequence[TriplePattern], type_id: int | None
) -> ClassTable | None:
    """The class table that serves most of a star; ``None`` where none serves it rightly or well."""
    wanted = {state.find(each.predicate) for each in star if isinstance(each.predicate, Iri)}
    best: tuple[int, int] = (0, 0)
    chosen = None
    for candidate in state.catalog.classes.values():
        is_named = any(_is_type(state, each, type_id, candidate.id) for each in star)
        columns = [
            candidate.columns[each]
            for each in wanted
            if each is not None and each in candidate.columns
        ]
        if not is_named and (len(columns) < 2 or not any(each.covers for each in columns)):
            continue
        rank = (len(columns) + is_named, -candidate.rows)
        if chosen is None or rank > best:
            best, chosen = rank, candidate
    return chosen


def _is_type(state: State, triple: TriplePattern, type_id: int | None, class_id: int) -> bool:
    return (
        isinstance(triple.predicate, Iri)
        and isinstance(triple.object, Iri)
        and type_id is not None
        and state.find(triple.predicate) == type_id
        and state.find(triple.object) == class_id
    )


def _serve(
    state: State,
    block: Block,
    star: Star,
    triple: TriplePattern,
    type_id: int | None,
    context: Context,
) -> bool:
    """Answer a triple from the class table; whether that can be."""
    if _is_type(state, triple, type_id, star.table.id):
        state.scans.setdefault(star.alias, []).append(triple)
        return True
    column = star_column(state, star, triple)
    if column is None:
        return False
    if isinstance(triple.object, Var):
        if column.nullable:
            block.where.append(is_present(column))
        bind(state, block, triple.object.name, replace(column, nullable=False), context)
        state.note_node(block.columns[triple.object.name].sql, context.graph)
        return True
    found = state.find(triple.object)
    block.where.append(exp.false() if found is None else is_one_of(column.sql.copy(), [found]))
    return True
