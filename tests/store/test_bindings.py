"""Values given for variables: a query with them answers as if they stood in its text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictkg.answers import Blank, Boolean, Iri, Literal, Solutions, Term, Triple, Triples
from conflictkg.errors import QueryError
from conflictkg.store import Store, memory_store

EX = "http://example.org/"
INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
PROLOGUE = f"PREFIX : <{EX}> "


@pytest.fixture(scope="module")
def store() -> Store:
    """A few triples in the default graph and in one named graph."""
    found = memory_store()
    found.update(
        PROLOGUE
        + "INSERT DATA { :a :p 1, 2 ; :knows :b . :b :p 2 ; :knows :c . GRAPH :g { :a :p 3 } }"
    )
    return found


def rows_of(store: Store, text: str, **bindings: Term) -> list[tuple[Term | None, ...]]:
    answer = store.query(PROLOGUE + text, bindings=bindings)
    assert isinstance(answer, Solutions)
    return sorted(answer.rows, key=str)


A, B = Iri(EX + "a"), Iri(EX + "b")
ONE, TWO, THREE = (Literal(each, INTEGER) for each in "123")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ?x ?o { ?x :p ?o }", [(A, ONE), (A, TWO)]),
        ("SELECT ?o { ?x :p ?o }", [(ONE,), (TWO,)]),
        ("SELECT * { ?x :p ?o }", [(A, ONE), (A, TWO)]),
        ("SELECT ?x { ?x :knows+ :c }", [(A,)]),
        ("SELECT ?x ?o { OPTIONAL { ?x :no ?o } }", [(A, None)]),
        ("SELECT ?o { :b :p ?o FILTER EXISTS { ?x :p ?o } }", [(TWO,)]),
        ("SELECT ?o { :b :p ?o MINUS { ?x :p ?o } }", []),
        ("SELECT ?o { { ?x :p ?o } UNION { :b :p ?o } FILTER(?o > 1) }", [(TWO,), (TWO,)]),
        ("SELECT ?y { BIND(STR(?x) AS ?y) }", [(Literal(EX + "a"),)]),
        ("SELECT ?x ?o { :a :p ?o BIND(:a AS ?x) }", [(A, ONE), (A, TWO)]),
        ("SELECT ?x ?o { :b :p ?o BIND(:b AS ?x) }", []),
        ("SELECT ?x ?o { VALUES ?x { :a :b } ?x :p ?o }", [(A, ONE), (A, TWO)]),
        ("SELECT ?o { VALUES (?x ?o) { (:b 1) (UNDEF 2) (:a 3) } }", [(THREE,), (TWO,)]),
        ("SELECT ?x (COUNT(?o) AS ?n) { ?x :p ?o } GROUP BY ?x", [(A, TWO)]),
        ("SELECT (COUNT(*) AS ?n) { ?x :p ?o }", [(TWO,)]),
        ("SELECT ?x ?n { { SELECT ?x (COUNT(*) AS ?n) { ?x :p ?o } GROUP BY ?x } }", [(A, TWO)]),
        # Not projected, it is another variable.
        ("SELECT ?x ?n { { SELECT (COUNT(?x) AS ?n) { ?x :p ?o } } }", [(A, THREE)]),
        ("SELECT ?x ?o { ?x :p ?o } ORDER BY ?x DESC(?o) LIMIT 1", [(A, TWO)]),
        ("SELECT ?b { BIND(BOUND(?x) AS ?b) }", [(Literal("true", INTEGER[:-7] + "boolean"),)]),
        ("SELECT DISTINCT ?x { ?x :p ?o }", [(A,)]),
    ],
)
def test_value_stands_in_the_place_of_its_variable(
    store: Store, text: str, expected: list[tuple[Term, ...]]
) -> None:
    """Everywhere that the variable is in scope, and it comes out as if the query had bound it."""
    assert rows_of(store, text, x=A) == sorted(expected, key=str)


def test_value_names_a_graph_and_a_predicate(store: Store) -> None:
    """GRAPH and predicates take IRIs; a literal there matches nothing."""
    assert rows_of(store, "SELECT ?o { GRAPH ?g { ?s ?p ?o } }", g=Iri(EX + "g")) == [(THREE,)]
    assert rows_of(store, "SELECT ?s ?o { ?s ?p ?o }", p=Iri(EX + "knows"), o=B) == [(A, B)]
    for text in ("SELECT ?s { GRAPH ?x { ?s ?p ?o } }", "SELECT ?s { ?s ?x ?o }"):
        assert rows_of(store, text, x=Literal("no")) == []


def test_values_reach_ask_construct_and_describe(store: Store) -> None:
    """All forms of query take them; a literal makes no subject."""
    assert store.query(PROLOGUE + "ASK { ?x :p 3 }", bindings={"x": A}) == Boolean(value=False)
    made = store.query(
        PROLOGUE + "CONSTRUCT { ?x :is ?o . ?v :is ?x } WHERE { ?x :knows ?o }",
        bindings={"x": A, "v": Literal("v")},
    )
    assert isinstance(made, Triples)
    assert list(made.triples) == [Triple(A, Iri(EX + "is"), B)]
    described = store.query("DESCRIBE ?x", bindings={"x": B})
    assert isinstance(described, Triples)
    assert {each.subject for each in described.triples} == {B}


@pytest.mark.parametrize("value", [Blank("b1"), Iri("no iri"), Iri("relative"), Iri("http://e/>")])
def test_value_that_cannot_stand_in_a_query_is_refused(store: Store, value: Term) -> None:
    """Blank nodes would be variables, and what is no IRI would match nothing in silence."""
    with pytest.raises(QueryError, match=r"\?x is no"):
        store.query("SELECT ?x { ?x ?p ?o }", bindings={"x": value})


def test_name_that_the_query_has_not_is_refused(store: Store) -> None:
    """Also one that only a sub-select has, for itself."""
    for text in (
        "SELECT ?s { ?s ?p ?o }",
        "SELECT ?n { { SELECT (COUNT(?y) AS ?n) { ?y ?p ?o } } }",
    ):
        with pytest.raises(QueryError, match=r"no variable \?y"):
            store.query(text, bindings={"y": A})


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_value_is_never_read_as_sparql(text: str) -> None:
    """Whatever a literal holds, it comes back as it was."""
    with memory_store() as store:
        answer = store.query("SELECT ?x { FILTER(isLiteral(?x)) }", bindings={"x": Literal(text)})
        assert isinstance(answer, Solutions)
        assert list(answer.rows) == [(Literal(text),)]
