"""Property paths: joins, unions, and recursion where a path may go on without end.

What ``*``, ``+`` and ``?`` reach is a set. It is followed from the end that is known: a constant, or
the values that the rest of the pattern gives; only where neither end is known from every node.
"""

from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass

from sqlglot import exp

from conflictkg.engine.algebra import (
    Alternative,
    Bgp,
    Filter,
    Inverse,
    Link,
    Negated,
    Node,
    OneOrMore,
    Path,
    PathPattern,
    Pattern,
    Sequence,
    TriplePattern,
    Union,
    Var,
    ZeroOrMore,
    ZeroOrOne,
)
from conflictkg.engine.algebra import Call as CallOf
from conflictkg.engine.columns import NODE_TAGS, Column, Rep
from conflictkg.engine.compile.blocks import (
    Block,
    Source,
    as_item,
    build_select,
    define,
    derived,
    integer,
    reference,
    table,
)
from conflictkg.engine.compile.graphs import InEach
from conflictkg.engine.compile.joins import IRI_TAGS, bind, join_blocks, require_graph
from conflictkg.engine.compile.scope import BlockScope, seal
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.expressions import compile_value
from conflictkg.engine.ids import tag_of


def add_path(state: State, block: Block, pattern: PathPattern, context: Context) -> None:
    """Join a path into a block.

    Args:
        state: The compilation.
        block: What it is joined to; it is changed in place.
        pattern: The path and its ends.
        context: Where the pattern stands.
    """
    path = pattern.path
    if isinstance(path, ZeroOrMore | OneOrMore | ZeroOrOne):
        inner = path.path
        while isinstance(inner, ZeroOrMore | OneOrMore | ZeroOrOne):
            path, inner = _collapse(path, inner), inner.path
        _Reach(state, context, pattern, inner, _Steps.of(path)).add_to(block)
        return
    rewritten = rewrite_path(state, pattern.subject, path, pattern.object)
    joined = join_blocks(state, block, state.compile(rewritten, context), context)
    if joined is not block:
        _become(state, block, joined)


def rewrite_path(state: State, subject: Node, path: Path, value: Node) -> Pattern:
    """A path that has an end as the pattern that it stands for."""
    if isinstance(path, Link):
        return Bgp((TriplePattern(subject, path.iri, value),))
    if isinstance(path, Inverse):
        return rewrite_path(state, value, path.path, subject)
    if isinstance(path, Sequence):
        middle = Var(state.aliases.fresh(".path"))
        return Bgp(
            (PathPattern(subject, path.first, middle), PathPattern(middle, path.second, value))
        )
    if isinstance(path, Alternative):
        return Union(tuple(rewrite_path(state, subject, each, value) for each in path.paths))
    if isinstance(path, Negated):
        return _rewrite_negated(state, subject, path, value)
    return Bgp((PathPattern(subject, path, value),))


def _rewrite_negated(state: State, subject: Node, path: Negated, value: Node) -> Pattern:
    predicate = Var(state.aliases.fresh(".path"))
    branches: list[Pattern] = []
    for excluded, ends in ((path.forward, (subject, value)), (path.backward, (value, subject))):
        if excluded is not None:
            triples = Bgp((TriplePattern(ends[0], predicate, ends[1]),))
            branches.append(Filter(triples, CallOf("NOT IN", (predicate, *excluded))))
    return branches[0] if len(branches) == 1 else Union(tuple(branches))


def _collapse(outer: Path, inner: Path) -> ZeroOrMore | OneOrMore | ZeroOrOne:
    """One closure for two in each other: ``(p+)*`` reaches what ``p*`` reaches."""
    kinds = {type(outer), type(inner)}
    path = inner.path if isinstance(inner, ZeroOrMore | OneOrMore | ZeroOrOne) else inner
    if kinds == {OneOrMore}:
        return OneOrMore(path)
    return ZeroOrOne(path) if kinds == {ZeroOrOne} else ZeroOrMore(path)


def _become(state: State, block: Block, other: Block) -> None:
    """Make a block what another is: whoever holds it goes on with it."""
    block.sources, block.where, block.columns = [], other.where, other.columns
    block.stars, block.terms = other.stars, other.terms
    for source in other.sources:
        state.aliases.add(block, source)


@dataclass(frozen=True, slots=True)
class _Steps:
    """How many steps a closure may take.

    Args:
        none: Also none.
        many: Also more than one.
    """

    none: bool
    many: bool

    @classmethod
    def of(cls, path: Path) -> "_Steps":
        return cls(isinstance(path, ZeroOrMore | ZeroOrOne), not isinstance(path, ZeroOrOne))


class _Reach:
    """A closure and its ends, on its way into a block."""

    def __init__(
        self, state: State, context: Context, pattern: PathPattern, path: Path, steps: _Steps
    ) -> None:
        self._state, self._context, self._steps = state, context, steps
        self._start, self._end, self._path = pattern.subject, pattern.object, path
        # Within one query's WITH no two names are the same.
        self._edges, self._reached = state.aliases.fresh("e"), state.aliases.fresh("w")
        self._tags = NODE_TAGS

    def add_to(self, block: Block) -> None:
        """Follow it from the end that is known."""
        if not isinstance(self._start, Var):
            self._follow_constant(block)
        elif not isinstance(self._end, Var):
            self._turn()
            self._follow_constant(block)
        elif self._can_seed(block, self._start):
            self._follow_block(block, self._start)
        elif self._can_seed(block, self._end):
            self._turn()
            self._follow_block(block, self._end_of_turned())
        else:
            self._follow_all(block)

    def _turn(self) -> None:
        self._start, self._end, self._path = self._end, self._start, Inverse(self._path)

    def _end_of_turned(self) -> Var:
        if not isinstance(self._start, Var):
            raise TypeError("a path is followed from the values of a variable")
        return self._start

    def _can_seed(self, block: Block, node: Var) -> bool:
        column = block.columns.get(node.name)
        # A recursion that refers to a query around it is more than the database takes.
        return (
            self._context.outer is None
            and column is not None
            and column.rep is Rep.ID
            and not column.nullable
        )

    @property
    def _graph(self) -> str | None:
        """The hidden variable of the graph, where a pattern looks into each."""
        graph = self._context.graph
        return graph.variable if isinstance(graph, InEach) else None

    # From one constant

    def _follow_constant(self, block: Block) -> None:
        scope = BlockScope(self._state, block, self._context)
        if isinstance(self._start, Var):
            raise TypeError("a path is followed from a constant")
        start = compile_value(self._start, scope)
        found = self._state.find(self._start)
        if found is None:
            # No quad holds it, so no step leads away from it; none is a path all the same.
            if not self._steps.none:
                block.where.append(exp.false())
            self._bind_end(block, Column(start.sql, start.rep, start.tags, nullable=False))
            require_graph(self._state, block, self._context)
            return
        seeds = Block()
        self._tags |= 1 << tag_of(found)
        seeds.columns[".seed"] = Column(integer(found), Rep.ID, 1 << tag_of(found), nullable=False)
        require_graph(self._state, seeds, self._context)
        query = self._build(self._select_seeds(seeds))
        self._join(block, query, seed=None)

    # From the values of the rest of the pattern

    def _follow_block(self, block: Block, start: Var) -> None:
        require_graph(self._state, block, self._context)
        distinct = not self._tells_apart(block, start)
        if not distinct and block.columns.keys() == {start.name} and not self._steps.none:
            self._follow_seeds(block, start)
            return
        kept = self._state.aliases.fresh("b")
        names = {name: self._state.aliases.fresh("v") for name in block.columns}
        columns = dict(block.columns)
        self._tags |= columns[start.name].tags
        items: list[exp.Expr] = [
            as_item(columns[name].sql.copy(), item) for name, item in names.items()
        ]
        rest = build_select(block, items)
        seeds = Block()
        self._state.aliases.add(seeds, Source(table(kept, kept), kept))
        seeds.columns[".seed"] = Column(
            reference(kept, names[start.name]), Rep.ID, columns[start.name].tags, nullable=False
        )
        if self._graph is not None:
            seeds.columns[self._graph] = Column(
                reference(kept, names[self._graph]), Rep.ID, IRI_TAGS, nullable=False
            )
        if self._steps.none and not self._state.is_node(
            columns[start.name].sql, self._context.graph
        ):
            # No step at all leads from a node to itself, but not from what is no node of the graph.
            nodes = self._compile_nodes()
            seeds = join_blocks(self._state, seeds, nodes, Context(self._context.graph))
        query = self._build(self._select_seeds(seeds, distinct=distinct), (kept, rest))
        whole = Block()
        self._state.aliases.add(whole, Source(table(kept, kept), kept))
        reached = self._state.aliases.fresh("q")
        on: exp.Expr = exp.EQ(
            this=reference(reached, "seed"), expression=reference(kept, names[start.name])
        )
        if self._graph is not None:
            same = exp.EQ(
                this=reference(reached, "g"), expression=reference(kept, names[self._graph])
            )
            on = exp.And(this=on, expression=same)
        self._state.aliases.add(whole, Source(table(self._reached, reached), reached, "", on))
        for name, item in names.items():
            column = columns[name]
            whole.columns[name] = Column(
                reference(kept, item), column.rep, column.tags, column.nullable, column.digits
            )
        self._bind_end(whole, Column(reference(reached, "n"), Rep.ID, self._tags, nullable=False))
        # WITH stands around what reads it: the block is closed here.
        final = seal(self._state, whole)
        inner = final.sources[0].relation.this
        inner.set("with_", query.args["with_"])
        _become(self._state, block, final)

    def _follow_seeds(self, block: Block, start: Var) -> None:
        """From a block that has nothing but the starts, each once: what is reached holds all of it."""
        column = block.columns.pop(start.name)
        self._tags |= column.tags
        block.columns[".seed"] = column
        whole = Block()
        self._join(whole, self._build(self._select_seeds(block)), seed=start)
        _become(self._state, block, whole)

    def _tells_apart(self, block: Block, start: Var) -> bool:
        """Whether each solution has another value of the variable, as far as is told by one table."""
        if len(block.sources) != 1:
            return False
        alias = block.sources[0].alias
        star = block.stars.get(start.name)
        if star is not None and star.alias == alias:
            return True
        triples = self._state.scans.get(alias, [])
        nodes = [node for each in triples for node in (each.subject, each.predicate, each.object)]
        return len(triples) == 1 and [each for each in nodes if isinstance(each, Var)] == [start]

    # From everywhere

    def _follow_all(self, block: Block) -> None:
        seeds = self._compile_nodes() if self._steps.none else self._compile_starts()
        query = self._build(self._select_seeds(seeds, distinct=True))
        self._join(block, query, seed=self._start if isinstance(self._start, Var) else None)

    def _compile_starts(self) -> Block:
        """The nodes that have a first step."""
        seeds = self._compile_edges()
        del seeds.columns[".end"]
        return seeds

    def _compile_nodes(self) -> Block:
        """All subjects and objects of the active graph."""
        nodes = [
            TriplePattern(Var(".seed"), Var(".p"), Var(".o")),
            TriplePattern(Var(".s"), Var(".p"), Var(".seed")),
        ]
        union = self._state.compile(
            Union(tuple(Bgp((each,)) for each in nodes)), Context(self._context.graph)
        )
        self._tags |= union.columns[".seed"].tags
        kept = {".seed", self._graph}
        union.columns = {name: each for name, each in union.columns.items() if name in kept}
        return union

    # The recursion

    def _compile_edges(self) -> Block:
        """One step: ``.seed`` to ``.end``, and the graph."""
        pattern = rewrite_path(self._state, Var(".seed"), self._path, Var(".end"))
        edges = self._state.compile(pattern, Context(self._context.graph))
        for name in (".seed", ".end"):
            self._tags |= edges.columns[name].tags
        return edges

    def _select_seeds(self, seeds: Block, *, distinct: bool = False) -> exp.Select:
        """``seed`` and ``n``, where it has come after no step, and the graph."""
        seed = seeds.columns[".seed"].sql
        items: list[exp.Expr] = [as_item(seed.copy(), "seed"), as_item(seed.copy(), "n")]
        if self._graph is not None:
            items.append(as_item(seeds.columns[self._graph].sql.copy(), "g"))
        return build_select(seeds, items, distinct=distinct)

    def _step(self, origin: exp.Expr, alias: str) -> exp.Select:
        """One step further from ``alias(seed, n, g)``."""
        edge = self._state.aliases.fresh("y")
        conditions: list[exp.Expr] = [
            exp.EQ(this=reference(edge, "s"), expression=reference(alias, "n"))
        ]
        items = [as_item(reference(alias, "seed"), "seed"), as_item(reference(edge, "o"), "n")]
        if self._graph is not None:
            conditions.append(exp.EQ(this=reference(edge, "g"), expression=reference(alias, "g")))
            items.append(as_item(reference(alias, "g"), "g"))
        block = Block(
            [Source(origin, alias), Source(table(self._edges, edge), edge)], where=conditions
        )
        return build_select(block, list(items))

    def _build(self, seeds: exp.Select, first: tuple[str, exp.Query] | None = None) -> exp.Select:
        """What is reached: ``SELECT seed, n, g`` with its WITH."""
        edges = self._compile_edges()
        names = {".seed": "s", ".end": "o"}
        if self._graph is not None:
            names[self._graph] = "g"
        items: list[exp.Expr] = [
            as_item(edges.columns[name].sql.copy(), item) for name, item in names.items()
        ]
        start = self._state.aliases.fresh("k")
        if self._steps.none:
            base: exp.Query = seeds
        else:
            base = self._step(derived(seeds, start), start)
        if self._steps.many:
            again = self._state.aliases.fresh("w")
            more = self._step(table(self._reached, again), again)
            reached: exp.Query = exp.Union(this=base, expression=more, distinct=True)
        else:
            step = self._step(derived(seeds.copy(), start), start)
            reached = exp.Union(this=base, expression=step, distinct=True)
        tables: SequenceOf[tuple[str, exp.Query]] = [
            *([first] if first else []),
            # Steps of more than one triple can come many times over.
            (self._edges, build_select(edges, items, distinct=not _is_one_table(edges))),
            (self._reached, reached),
        ]
        columns = ["seed", "n"] + (["g"] if self._graph is not None else [])
        outer = self._state.aliases.fresh("q")
        block = Block([Source(table(self._reached, outer), outer)])
        select = build_select(block, [as_item(reference(outer, each), each) for each in columns])
        define(select, tables, recursive=True)
        return select

    def _join(self, block: Block, query: exp.Select, seed: Var | None) -> None:
        alias = self._state.aliases.fresh("q")
        self._state.aliases.add(block, Source(derived(query, alias), alias))
        if seed is not None:
            column = Column(reference(alias, "seed"), Rep.ID, self._tags, nullable=False)
            bind(self._state, block, seed.name, column, self._context)
        self._bind_end(block, Column(reference(alias, "n"), Rep.ID, self._tags, nullable=False))
        if self._graph is not None:
            column = Column(reference(alias, "g"), Rep.ID, IRI_TAGS, nullable=False)
            bind(self._state, block, self._graph, column, self._context)

    def _bind_end(self, block: Block, column: Column) -> None:
        if isinstance(self._end, Var):
            bind(self._state, block, self._end.name, column, self._context)
            return
        scope = BlockScope(self._state, block, self._context)
        end = compile_value(self._end, scope)
        block.columns[".end"] = end
        bind(self._state, block, ".end", column, self._context)
        del block.columns[".end"]


def _is_one_table(block: Block) -> bool:
    return len(block.sources) == 1 and isinstance(block.sources[0].relation, exp.Table)
