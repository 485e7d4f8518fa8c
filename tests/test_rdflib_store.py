"""The rdflib store: rdflib's own store in memory says what is right."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import owlrl
import pyshacl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib import BNode, Dataset, Graph, Literal, URIRef
from rdflib.compare import isomorphic
from rdflib.graph import DATASET_DEFAULT_GRAPH_ID
from rdflib.namespace import XSD
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.operators import register_custom_function, unregister_custom_function
from rdflib.plugins.stores.memory import Memory
from rdflib.store import Store
from small_store import write_small_store

from conflictkg.errors import NotPermittedError, QuerySyntaxError, StoreError
from conflictkg.files import data_files, ontology_files, shapes_files
from conflictkg.graphs import load_graphs, merge_graphs
from conflictkg.questions import find_question, load_questions
from conflictkg.rdflib_store import ConflictKGStore
from conflictkg.reason import own_literals_kept

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
    # The same triple in two graphs, one of which may lose it again.
    st.tuples(st.just("share"), triples, st.none()),
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
        assert context is not None
        dataset.store.add(what, context)
    elif name == "addN":
        dataset.addN((*each, context) for each in what)
    elif name == "share":
        dataset.addN((*what, dataset.get_context(each)) for each in GRAPHS[:2])
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


NAMES = "PREFIX e: <http://example.org/> "
DATA = """
@prefix e: <http://example.org/> .
e:a e:p e:b , "one" , "1"^^<http://www.w3.org/2001/XMLSchema#integer> . e:b e:q [ e:p 2.50 ] .
"""


@pytest.fixture
def graph() -> Iterator[Graph]:
    """A graph on our store, with a few triples."""
    found = Graph(store=ConflictKGStore())
    found.parse(data=DATA, format="turtle")
    yield found
    found.close()


# SPARQL


def test_query_is_answered_by_the_engine(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rdflib's evaluator is not asked, and lexical forms stay."""
    monkeypatch.setattr("rdflib.plugins.sparql.processor.evalQuery", _refuse)
    rows = list(graph.query(NAMES + "SELECT ?v { e:b e:q ?x . ?x e:p ?v }"))
    assert [row.v.n3() for row in rows] == ['"2.50"^^<http://www.w3.org/2001/XMLSchema#decimal>']  # type: ignore[union-attr]
    assert bool(graph.query(NAMES + "ASK { e:a e:p 1 }"))
    made = graph.query(NAMES + "CONSTRUCT { ?s e:r ?o } { ?s e:q ?o }").graph
    assert made is not None
    assert next(made.objects()) == next(graph.objects(URIRef(E + "b"), URIRef(E + "q")))
    described = graph.query(NAMES + "DESCRIBE e:b")
    assert described.type == "DESCRIBE"


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("rdflib's evaluator was asked")


def test_prefixes_bindings_and_base_are_those_of_rdflib(graph: Graph) -> None:
    """What Graph.query is given beside the text counts."""
    graph.bind("mine", E)
    assert len(graph.query("SELECT * { mine:a ?p ?o }")) == 3
    assert len(graph.query("SELECT * { x:a ?p ?o }", initNs={"x": E})) == 3
    assert len(graph.query("SELECT * { <a> ?p ?o }", base=E)) == 3
    bound = graph.query(
        "SELECT ?s ?o { ?s ?p ?o }", initBindings={"s": URIRef(E + "b"), "unused": Literal(1)}
    )
    assert [row.s for row in bound] == [URIRef(E + "b")]  # type: ignore[union-attr]
    prepared = prepareQuery("SELECT ?o { mine:a mine:p ?o }", initNs={"mine": E})
    assert len(graph.query(prepared)) == 3


def _double(value: Any) -> Literal:
    return Literal(int(value) * 2)


def test_what_the_engine_cannot_take_goes_to_rdflib(graph: Graph) -> None:
    """Blank nodes as bindings, and functions of rdflib."""
    blank = next(graph.objects(URIRef(E + "b"), URIRef(E + "q")))
    assert isinstance(blank, BNode)
    assert len(graph.query("SELECT ?o { ?s ?p ?o }", initBindings={"s": blank})) == 1
    double = URIRef(E + "double")
    # rdflib's annotation is that of functions that take their arguments unevaluated.
    register_custom_function(double, _double)  # type: ignore[arg-type]
    try:
        rows = list(
            graph.query(NAMES + "SELECT (e:double(?v) AS ?d) { e:a e:p ?v FILTER(?v = 1) }")
        )
    finally:
        unregister_custom_function(double)
    assert [row.d for row in rows] == [Literal(2)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "text",
    ["SELECT * { SERVICE <http://example.org/sparql> { ?s ?p ?o } }"],
)
def test_nothing_is_fetched(graph: Graph, text: str) -> None:
    """Neither by the engine nor by rdflib in its place."""
    with pytest.raises(NotPermittedError):
        graph.query(text)
    with pytest.raises(NotPermittedError):
        graph.query(text, initBindings={"s": BNode()})
    with pytest.raises(NotPermittedError):
        Graph(store=graph.store, identifier=URIRef(E + "g")).update("LOAD <http://example.org/x>")


def test_syntax_error_has_its_place_in_the_text_that_was_given(graph: Graph) -> None:
    """Prefixes that are put before it do not shift it."""
    graph.bind("mine", E)
    with pytest.raises(QuerySyntaxError) as raised:
        graph.query("SELECT * { mine:a ?p }")
    assert (raised.value.line, raised.value.column) == (1, 22)


def test_update_is_seen_at_once(graph: Graph) -> None:
    """What the engine changes is what rdflib reads, and the reverse."""
    assert len(graph) == 5
    graph.update(NAMES + "DELETE { ?s e:p ?o } INSERT { ?s e:new ?o } WHERE { ?s e:p ?o }")
    assert len(list(graph.objects(URIRef(E + "a"), URIRef(E + "new")))) == 3
    assert (URIRef(E + "a"), URIRef(E + "p"), None) not in graph
    graph.add((URIRef(E + "c"), URIRef(E + "new"), Literal("two")))
    assert len(graph.query(NAMES + "SELECT * { ?s e:new ?o }")) == 5


# rdflib warns of what it does itself.
@pytest.mark.filterwarnings("ignore:Dataset.default_context is deprecated:DeprecationWarning")
def test_each_graph_of_a_dataset_is_asked_by_itself() -> None:
    """A named graph is its own default graph; the dataset's is the unnamed one, or the union."""
    store = ConflictKGStore()
    dataset = Dataset(store=store)
    dataset.graph(URIRef(E + "g")).parse(data=DATA, format="turtle")
    dataset.default_graph.add((URIRef(E + "x"), URIRef(E + "p"), Literal("unnamed")))
    count = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

    def ask(graph: Graph) -> int:
        return int(next(iter(graph.query(count)))[0])  # type: ignore[index, arg-type]

    assert ask(dataset) == 1
    assert ask(dataset.graph(URIRef(E + "g"))) == 5
    assert ask(Dataset(store=store, default_union=True)) == 6
    inside = "SELECT (COUNT(*) AS ?n) { GRAPH <http://example.org/g> { ?s ?p ?o } }"
    assert int(next(iter(dataset.query(inside)))[0]) == 5  # type: ignore[index, arg-type]
    dataset.graph(URIRef(E + "g")).update(NAMES + "DELETE WHERE { e:a ?p ?o }")
    assert ask(dataset.graph(URIRef(E + "g"))) == 2
    assert ask(dataset) == 1


@pytest.mark.parametrize("mirror_limit", [-1, 1000])
def test_blank_node_is_one_node_however_it_is_reached(mirror_limit: int) -> None:
    """A node that rdflib made, that the store made, and that an answer shows."""
    graph = Graph(store=ConflictKGStore(mirror_limit=mirror_limit))
    graph.update(NAMES + "INSERT DATA { [] e:p e:first }")
    stored = next(graph.subjects(URIRef(E + "p"), URIRef(E + "first")))
    own = BNode("own")
    graph.add((own, URIRef(E + "p"), URIRef(E + "second")))
    answered = {str(row.o): row.s for row in graph.query(NAMES + "SELECT * { ?s e:p ?o }")}  # type: ignore[union-attr]
    assert answered == {E + "first": stored, E + "second": own}
    graph.add((stored, URIRef(E + "q"), own))
    assert set(graph.objects(stored)) == {URIRef(E + "first"), own}
    # A label that looks like one of the store's, for a node that is not that one.
    fresh = BNode("b7")
    graph.add((fresh, URIRef(E + "r"), Literal("x")))
    assert list(graph.subjects(URIRef(E + "r"))) == [fresh]


# Transactions and directories


def test_rollback_forgets_and_commit_keeps(graph: Graph) -> None:
    """As far back as the last commit or query."""
    graph.commit()
    graph.add((URIRef(E + "x"), URIRef(E + "p"), Literal("x")))
    graph.remove((URIRef(E + "a"), None, None))
    graph.rollback()
    assert len(graph) == 5
    assert len(graph.query("SELECT * { ?s ?p ?o }")) == 5


def test_directory_is_opened_for_reading_or_for_changes(tmp_path: Path) -> None:
    """A change is there when it is opened again; without leave there is none."""
    directory = write_small_store(tmp_path / "store")
    graph = Graph()
    store = ConflictKGStore(str(directory))
    graph = Graph(store=store)
    assert len(graph) == 3
    assert [str(each) for each in graph.objects(None, URIRef(E + "count"))] == ["03"]
    assert len(graph.query(NAMES + "SELECT * { ?s e:name ?name }")) == 2
    with pytest.raises(StoreError, match="editable=True"):
        graph.add((URIRef(E + "x"), URIRef(E + "p"), Literal("x")))
    graph.close()
    with pytest.raises(StoreError, match="closed"):
        len(graph)
    graph = Graph(store=ConflictKGStore(str(directory), editable=True))
    graph.add((URIRef(E + "x"), URIRef(E + "p"), BNode("z")))
    graph.close()
    graph = Graph(store=ConflictKGStore(str(directory)))
    assert len(graph) == 4
    assert isinstance(next(graph.objects(URIRef(E + "x"))), BNode)
    graph.close()


# rdflib's neighbours


def test_pyshacl_reports_the_same(shapes: Graph) -> None:
    """Over the store as over a plain graph."""
    data, ours = Graph(), Graph(store=ConflictKGStore())
    for path in sorted(SHAPES.glob("c*_FAIL.ttl"))[:2]:
        for graph in (data, ours):
            graph.parse(path, format="turtle")
    reports = [
        pyshacl.validate(graph, shacl_graph=shapes, advanced=True, inference="none")
        for graph in (data, ours)
    ]
    assert not reports[0][0]
    assert isomorphic(reports[0][1], reports[1][1])


SHAPES = Path(__file__).with_name("shapes")


@pytest.fixture(scope="module")
def shapes() -> Graph:
    """The project's shapes, with the prefixes that they refer to."""
    return merge_graphs(each.graph for each in load_graphs([*shapes_files(), *ontology_files()]))


def test_owlrl_closes_the_same() -> None:
    """The closure over the store is that over a plain graph."""
    axioms = """
    @prefix e: <http://example.org/> . @prefix owl: <http://www.w3.org/2002/07/owl#> .
    @prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
    e:partOf a owl:TransitiveProperty . e:Strike rdfs:subClassOf e:Event . e:target rdfs:range e:Org .
    e:a e:partOf e:b . e:b e:partOf e:c . e:s a e:Strike ; e:target e:a ; rdfs:label "strike"@en .
    """
    closed = []
    for store in (Memory(), ConflictKGStore(), ConflictKGStore(mirror_limit=0)):
        graph = Graph(store=store)
        graph.parse(data=axioms, format="turtle")
        with own_literals_kept():
            owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(graph)
        closed.append({each for each in graph if not any(isinstance(node, BNode) for node in each)})
        assert (URIRef(E + "a"), URIRef(E + "partOf"), URIRef(E + "c")) in graph
    assert closed[0] == closed[1] == closed[2]


@pytest.mark.parametrize(
    "slug", ["subgroups-of-organization", "persons-in-several-organizations", "killed-by-year"]
)
def test_published_question_is_answered_as_rdflib_does(slug: str, seed: Graph) -> None:
    """The engine's answer is that of rdflib's evaluator."""
    question = find_question(slug, load_questions())
    ours = Graph(store=ConflictKGStore())
    for each in seed:
        ours.add(each)
    rows = [
        sorted(str([node.n3() if node is not None else "" for node in row]) for row in answer)  # type: ignore[union-attr]
        for answer in (seed.query(question.sparql), ours.query(question.sparql))
    ]
    assert rows[0] == rows[1]


@pytest.fixture(scope="module")
def seed() -> Graph:
    """The committed data."""
    return merge_graphs(each.graph for each in load_graphs(data_files()))
