"""Which graphs a query sees, and which of them a pattern looks into."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from conflictkg.answers import Iri
from conflictkg.engine.algebra import Dataset
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.compile.blocks import integer, reference
from conflictkg.engine.ids import DEFAULT_GRAPH


@dataclass(frozen=True, slots=True)
class View:
    """The dataset of a query.

    Args:
        default: Ids of the graphs whose union is the default graph; ``None`` for all.
        named: Ids of the graphs that GRAPH may name.
    """

    default: tuple[int, ...] | None
    named: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InDefault:
    """A pattern looks into the default graph."""


@dataclass(frozen=True, slots=True)
class InNamed:
    """A pattern looks into one named graph."""

    graph: int


@dataclass(frozen=True, slots=True)
class InEach:
    """A pattern looks into each named graph, whose id the hidden variable binds."""

    variable: str


Active = InDefault | InNamed | InEach


def choose_view(
    catalog: Catalog,
    dataset: Dataset | None,
    default_graphs: Sequence[str] = (),
    named_graphs: Sequence[str] = (),
) -> View:
    """The dataset that a query sees.

    Args:
        catalog: The store.
        dataset: What FROM or USING say.
        default_graphs: ``default-graph-uri`` of the protocol; with ``named_graphs`` it goes first.
        named_graphs: ``named-graph-uri`` of the protocol.
    """
    if default_graphs or named_graphs:
        dataset = Dataset(tuple(map(Iri, default_graphs)), tuple(map(Iri, named_graphs)))
    if dataset is None:
        default = None if catalog.union_default_graph else (DEFAULT_GRAPH,)
        return View(default, tuple(catalog.graphs))
    return View(_find(catalog, dataset.default), _find(catalog, dataset.named))


def _find(catalog: Catalog, names: Sequence[Iri]) -> tuple[int, ...]:
    found = (catalog.dictionary.find(name) for name in dict.fromkeys(names))
    return tuple(each for each in found if each is not None and each in catalog.graphs)


def is_one_of(value: exp.Expr, ids: Sequence[int]) -> exp.Expr:
    """Whether an id is one of these; false for none."""
    if not ids:
        return exp.false()
    if len(ids) == 1:
        return exp.EQ(this=value, expression=integer(ids[0]))
    return exp.In(this=value, expressions=[integer(each) for each in ids])


def graph_conditions(
    view: View, active: Active, alias: str, *, is_set: bool, catalog: Catalog
) -> list[exp.Expr] | None:
    """What restricts the quads of an alias to the active graph.

    Returns:
        Conditions; ``None`` where the default graph is made of several, so that equal triples of them
        must be made one.
    """
    graph = reference(alias, "g")
    if isinstance(active, InNamed):
        return [is_one_of(graph, [active.graph])]
    if isinstance(active, InEach):
        if len(view.named) == len(catalog.graphs):
            return [exp.NEQ(this=graph, expression=integer(DEFAULT_GRAPH))]
        return [is_one_of(graph, view.named)]
    if view.default is None:
        return [] if is_set else [reference(alias, "u")]
    if len(view.default) > 1:
        return None
    return [is_one_of(graph, view.default)]
