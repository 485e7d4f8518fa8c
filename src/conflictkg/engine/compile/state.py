"""What one compilation carries: the store, the query's dataset, aliases, programs, notes."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlglot import exp

from conflictkg.answers import RDF, Iri, Literal
from conflictkg.engine.algebra import Pattern, TriplePattern
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.columns import Scope
from conflictkg.engine.compile.blocks import Aliases, Block
from conflictkg.engine.compile.graphs import Active, View
from conflictkg.engine.program import AggregateProgram, Program


@dataclass(frozen=True, slots=True)
class Context:
    """Where a pattern stands.

    Args:
        graph: The graph that it looks into.
        outer: What can be seen around it, within EXISTS; else ``None``.
    """

    graph: Active
    outer: Scope | None = None


@dataclass(slots=True)
class State:
    """One compilation.

    Args:
        catalog: The store.
        view: The query's dataset.
        compile_pattern: The compiler of patterns, for those that it calls.
        base: What ``IRI()`` resolves against.
        programs: Expressions that Python evaluates, by key.
        notes: What was chosen and why.
        scans: By alias of a table, the triples that it serves.
    """

    catalog: Catalog
    view: View
    compile_pattern: Callable[["State", Pattern, Context], Block]
    base: str = ""
    aliases: Aliases = field(default_factory=Aliases)
    programs: dict[str, Program | AggregateProgram] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    scans: dict[str, list[TriplePattern]] = field(default_factory=dict)
    _nodes: dict[tuple[str, str], set[Active]] = field(default_factory=dict)
    _found: dict[Iri | Literal, int | None] = field(default_factory=dict)

    def compile(self, pattern: Pattern, context: Context) -> Block:
        """A pattern's block."""
        return self.compile_pattern(self, pattern, context)

    def find(self, term: Iri | Literal) -> int | None:
        """The id of a constant; ``None`` where no quad holds it."""
        if term not in self._found:
            self._found[term] = self.catalog.dictionary.find(term)
        return self._found[term]

    def note_node(self, value: exp.Expr, graph: Active) -> None:
        """Take note that all values of a column are subjects or objects in a graph."""
        if isinstance(value, exp.Column):
            self._nodes.setdefault((value.table, value.name), set()).add(graph)

    def note_same(self, value: exp.Expr, other: exp.Column) -> None:
        """Take note that a column has no other values than another."""
        if isinstance(value, exp.Column) and (value.table, value.name) in self._nodes:
            known = self._nodes[value.table, value.name]
            self._nodes[other.table, other.name] = set(known)

    def is_node(self, value: exp.Expr, graph: Active) -> bool:
        """Whether all values of a column are known to be subjects or objects in a graph."""
        return isinstance(value, exp.Column) and graph in self._nodes.get(
            (value.table, value.name), ()
        )

    def type_id(self) -> int | None:
        """The id of ``rdf:type``."""
        return self.find(Iri(RDF + "type"))
