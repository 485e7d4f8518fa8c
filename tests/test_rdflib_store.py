"""The rdflib store: rdflib's own store in memory says what is right."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import BNode, Dataset, Graph, Literal, URIRef
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.namespace import XSD
from rdflib.plugins.stores.memory import Memory
from rdflib.store import Store

from conflictkg.rdflib_store import ConflictKGStore

E = "http://example.org/"
SUBJECTS = [URIRef(E + "a"), URIRef(E + "b"), BNode("x"), BNode("b0")]
PREDICATES = [URIRef(E + "p"), URIRef(E + "q")]
OBJECTS = [
    *SUBJECTS,
    Literal("one"),
    Literal("one", lang="en"),
    Literal("1", datatype=XSD.integer),
    Literal("01", datatype=XSD.integer, normalize=False),
    Literal("x", datatype=URIRef(E + "type")),
]
GRAPHS = [URIRef(E + "g"), URIRef(E + "h"), DATASET_DEFAULT_GRAPH_ID]

triples = st.tuples(*(st.sampled_from(each) for each in (SUBJECTS, PREDICATES, OBJECTS)))
patterns = st.tuples(
    *(st.one_of(st.none(), st.sampled_from(each)) for each in (SUBJECTS, PREDICATES, OBJECTS))
)
graphs = st.sampled_from(GRAPHS)
steps = st.one_of(
    st.tuples(st.just("add"), triples, graphs),
    st.tuples(st.just("addN"), st.lists(triples, max_size=4), graphs),
    st.tuples(st.just("remove"), patterns, st.one_of(st.none(), graphs)),
    st.tuples(st.just("triples"), patterns, st.one_of(st.none(), graphs)),
    st.tuples(st.just("quads"), patterns, st.just(None)),
    st.tuples(st.just("len"), st.just(None), st.one_of(st.none(), graphs)),
    st.tuples(st.just("contexts"), st.one_of(st.none(), triples), st.just(None)),
    st.tuples(st.just("create"), st.just(None), graphs),
    st.tuples(st.just("drop"), st.just(None), graphs),
    st.tuples(st.just("commit"), st.just(None), st.just(None)),
)


def take(dataset: Dataset, step: tuple[str, Any, URIRef | None]) -> Any:
    """One step, and what it shows."""
    name, what, graph = step
    context = None if graph is None else dataset.get_context(graph)
    if name == "add":
        dataset.store.add(what, context)
    elif name == "addN":
        dataset.addN((*each, context) for each in what)
    elif name == "remove":
        dataset.store.remove(what, context)
    elif name == "create":
        dataset.add_graph(graph)
    elif name == "drop":
        dataset.remove_graph(graph)
    elif name == "commit":
        dataset.commit()
    elif name == "triples":
        return sorted(map(str, (each for each, _ in dataset.store.triples(what, context))))
    elif name == "quads":
        return sorted(map(str, dataset.quads((*what, None))))
    elif name == "len":
        return dataset.store.__len__(context)
    elif name == "contexts":
        return {each.identifier for each in dataset.graphs(what)}
    return None


MAKERS = {
    "held in memory": ConflictKGStore,
    "looked up": lambda: ConflictKGStore(mirror_limit=-1),
    "loaded again": lambda: ConflictKGStore(mirror_limit=3),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=15))
def test_any_sequence_of_steps_shows_what_rdflib_shows(
    make: Callable[[], Store], sequence: list[tuple[str, Any, URIRef | None]]
) -> None:
    """Adding, removing and reading in any order is as in rdflib's own store."""
    ours, theirs = Dataset(store=make()), Dataset(store=Memory())
    for step in sequence:
        assert take(ours, step) == take(theirs, step), step
    everything = ("quads", (None, None, None), None)
    assert take(ours, everything) == take(theirs, everything)
    ours.close()
