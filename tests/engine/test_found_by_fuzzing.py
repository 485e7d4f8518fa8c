"""Requests that drawing found wrong once, made small: data, query, answer."""

import pyoxigraph as ox
import pytest
from engine.conformance.comparing import Match, Table, compare
from engine.conformance.engines import Quad
from engine.conformance.ours import OurEngine
from engine.conformance.results import read_results_text, to_term

PREFIXES = "PREFIX : <http://e/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
TWO = ":a :p :b . :b :p :c ."


def read(trig: str) -> list[Quad]:
    quads = ox.parse(PREFIXES + trig, ox.RdfFormat.TRIG)
    return [
        (
            to_term(quad.subject),
            to_term(quad.predicate),
            to_term(quad.object),
            None if isinstance(quad.graph_name, ox.DefaultGraph) else to_term(quad.graph_name),
        )
        for quad in quads
    ]


@pytest.mark.parametrize(
    ("data", "query", "answer"),
    [
        pytest.param(
            TWO + " :a :q 't' .",
            "SELECT * { VALUES ?t { 't' } BIND (STRLEN(?t) AS ?n) }",
            '?t\t?n\n"t"\t1\n',
            id="constant-that-is-looked-up-with-nothing-beside-it",
        ),
        pytest.param(
            TWO,
            "SELECT ?v { { VALUES ?v { 'not in the store' } } UNION { VALUES ?v { :a } } }",
            '?v\n<http://e/a>\n"not in the store"\n',
            id="union-of-a-constant-and-of-one-that-is-not-in-the-store",
        ),
        pytest.param(
            TWO + " :a :q 't' .",
            "SELECT ?s { ?s :p ?v OPTIONAL { ?s :q ?t } FILTER (COALESCE(ENCODE_FOR_URI(?t) = 't', true)) }",
            "?s\n<http://e/a>\n<http://e/b>\n",
            id="filter-of-what-is-unbound-in-a-left-join-to-the-dictionary",
        ),
        pytest.param(
            TWO,
            "SELECT DISTINCT ?x { ?x :p :b } ORDER BY ?nothing",
            "?x\n<http://e/a>\n",
            id="distinct-in-the-order-of-nothing",
        ),
        pytest.param(
            ":g { :a :p 1, 1.5 , 'x', '2001'^^xsd:gYear , '2000'^^xsd:gYear }",
            "SELECT ?g ?y { GRAPH ?g { SELECT DISTINCT ?y { ?x :p ?y FILTER(BOUND(?y)) }"
            " ORDER BY DATATYPE(STRDT(STR(?y), xsd:date)) DESC(STR(?y)) LIMIT 2 } }",
            '?g\t?y\n<http://e/g>\t"x"\n<http://e/g>\t"2001"^^<http://www.w3.org/2001/XMLSchema#gYear>\n',
            id="distinct-in-the-order-of-what-python-computes",
        ),
        pytest.param(
            TWO,
            "SELECT ?x { ?x :p ?y FILTER(COALESCE(isBlank('x'), BNODE('a') = BNODE('a')) || ?y = :b) }",
            "?x\n<http://e/a>\n",
            id="named-blank-node-that-does-not-matter",
        ),
        pytest.param(
            TWO,
            "SELECT ?x { ?x :p :c FILTER(COALESCE(CONTAINS('a', STR(?nothing)), true)) }",
            "?x\n<http://e/b>\n",
            id="text-in-nothing",
        ),
        pytest.param(
            TWO,
            "SELECT ?x { VALUES ?x { :a 1 } ?x :p? ?x }",
            "?x\n<http://e/a>\n",
            id="no-step-from-what-is-no-node",
        ),
        pytest.param(
            TWO + " :g { :d :p :e }",
            "SELECT ?x ?y { GRAPH :g { ?x :p :e } ?x :p? ?y }",
            "?x\t?y\n",
            id="no-step-from-a-node-of-another-graph",
        ),
        pytest.param(
            TWO,
            "SELECT (COUNT(?x) AS ?n) { ?x :p ?y FILTER(BNODE('a') = BNODE('a')) }",
            "?n\n2\n",
            id="named-blank-node-in-a-filter",
        ),
        pytest.param(
            TWO,
            "SELECT (COUNT(DISTINCT BNODE('a')) AS ?n) { ?x :p ?y }",
            "?n\n2\n",
            id="named-blank-node-in-an-aggregate",
        ),
        pytest.param(
            TWO,
            "SELECT ?x ?z { ?x :p ?y OPTIONAL { ?y :p ?z FILTER(BNODE('a') = BNODE('a')) } }",
            "?x\t?z\n<http://e/a>\t<http://e/c>\n<http://e/b>\t\n",
            id="named-blank-node-in-an-optional",
        ),
        pytest.param(
            TWO,
            "SELECT ?k (SAMPLE(?k) AS ?s) { ?x :p ?y } GROUP BY (STRLEN('ab') AS ?k)",
            "?k\t?s\n2\t2\n",
            id="aggregate-of-a-key-with-a-name",
        ),
        pytest.param(
            TWO,
            "SELECT ?x (xsd:date(?nothing) AS ?d) { ?x :p :c }",
            "?x\t?d\n<http://e/b>\t\n",
            id="column-of-no-type",
        ),
        pytest.param(
            TWO,
            "SELECT (?nothing IN () AS ?i) (?x NOT IN () AS ?j) { ?x :p :c }",
            "?i\t?j\n\ttrue\n",
            id="in-nothing",
        ),
        pytest.param(
            ":g { :a :p 1 . :a :p 2 } :h { :a :q 1 }",
            "SELECT ?g ?n ?s { GRAPH ?g { SELECT (COUNT(*) AS ?n) (SUM(?o) AS ?s) { ?x :p ?o } } }",
            "?g\t?n\t?s\n<http://e/g>\t2\t3\n<http://e/h>\t0\t0\n",
            id="aggregates-of-each-graph",
        ),
        pytest.param(
            TWO,
            "SELECT (COUNT(DISTINCT *) AS ?n) { ?x :p [] . { ?x :p [] } UNION { ?x :p [] } }",
            "?n\n2\n",
            id="different-solutions",
        ),
    ],
)
def test_request_that_was_wrong_once_is_right(data: str, query: str, answer: str) -> None:
    """The answer, as TSV, up to order."""
    engine = OurEngine()
    engine.load(read(data))
    got = engine.query(PREFIXES + query)
    engine.close()
    assert compare(read_results_text(answer, ".tsv"), got) is Match.SAME, got


def test_named_blank_nodes_go_by_solution() -> None:
    """One name is one node for all expressions of a solution, and another in the next."""
    engine = OurEngine()
    engine.load(read(TWO))
    got = engine.query(
        PREFIXES
        + "SELECT (BNODE('a') AS ?one) (BNODE('a') AS ?other) (BNODE('b') AS ?b) { ?x :p ?y }"
    )
    engine.close()
    assert isinstance(got, Table)
    assert all(row[0] == row[1] != row[2] for row in got.rows)
    assert len({term for row in got.rows for term in row}) == 4
