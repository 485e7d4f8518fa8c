"""Advice: each rule on the mistake that it is for, and silence on what is right."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph
import pytest

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD, Iri, Literal, Term
from conflictkg.build import build_store
from conflictkg.engine.check import Advice, check_query
from conflictkg.engine.syntax import parse_query, parse_update
from conflictkg.files import data_files
from conflictkg.questions import load_questions
from conflictkg.store import Store, open_store
from conflictkg.store.database import Database, memory_database

EX = "http://example.org/"
PREFIXES = "".join(
    f"PREFIX {prefix}: <{namespace}>\n"
    for prefix, namespace in {
        "ex": EX,
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "xsd": XSD,
        "rdf": RDF,
    }.items()
)
LINES = PREFIXES.count("\n")
LABEL = Iri("http://www.w3.org/2004/02/skos/core#prefLabel")
TYPE = Iri(RDF + "type")

Quad = tuple[Term, Term, Term, Term | None]


def iri(name: str) -> Iri:
    return Iri(EX + name)


def quads() -> Iterator[Quad]:
    """Twenty strikes on two organizations, that are parts of one another."""
    graph = iri("graph")
    for number in range(20):
        strike, place = iri(f"strike{number}"), iri(f"place{number}")
        date = f"2010-01-{number + 1:02d}"
        yield strike, TYPE, iri("Strike"), graph
        yield strike, iri("target"), iri(f"org{number % 2}"), graph
        yield strike, iri("date"), Literal(date, XSD + "date"), graph
        yield strike, iri("hasPlace"), place, graph
        yield strike, iri("killed"), Literal(str(number), XSD + "integer"), graph
        yield place, TYPE, iri("Place"), graph
        yield place, LABEL, Literal(f"Place {number}", RDF_LANG_STRING, "en"), graph
        yield place, iri("code"), Literal(f"P{number}"), graph
    for number in range(2):
        yield iri(f"org{number}"), TYPE, iri("Organization"), graph
        yield iri(f"org{number}"), LABEL, Literal("Taliban", RDF_LANG_STRING, "en"), graph
        yield iri(f"org{number}"), iri("partOf"), iri("org0"), graph
    yield iri("unused"), TYPE, Iri(RDF + "Property"), graph


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    """The store that is asked."""
    found = memory_database(union_default_graph=True)
    with found.change() as change:
        change.insert_terms(list(quads()))
    yield found
    found.close()


def advise(database: Database, text: str) -> tuple[Advice, ...]:
    return check_query(parse_query(PREFIXES + text), database.catalog)


WRONG = {
    # Names
    "class": ("SELECT * { ?s a ex:Strke }", "unknown-class", (1, 17), "ex:Strike"),
    "class, case": ("SELECT * { ?s a ex:strike }", "unknown-class", (1, 17), "ex:Strike"),
    "class, far": ("SELECT * { ?s a ex:Airplane }", "unknown-class", (1, 17), ""),
    "property": ("SELECT * { ?s ex:taget ?o }", "unknown-property", (1, 15), "ex:target"),
    "property, other namespace": (
        "SELECT * { ?s <http://www.w3.org/2004/02/skos/core/prefLabel> ?o }",
        "unknown-property",
        (1, 15),
        "skos:prefLabel",
    ),
    "property, optional": (
        "SELECT * { ?s a ex:Strike OPTIONAL { ?s ex:taget ?o } }",
        "unknown-property",
        (1, 41),
        "ex:target",
    ),
    "property, declared only": ("SELECT * { ?s ex:unused ?o }", "unknown-property", (1, 15), ""),
    "property in a path": (
        "SELECT * { ?s ex:target/ex:partof ?o }",
        "unknown-property",
        (1, 25),
        "ex:partOf",
    ),
    "property among alternatives": (
        "SELECT * { ?s ex:target|ex:plce ?o . ?s ex:target|ex:hasPlaces ?p }",
        "unknown-property",
        (1, 51),
        "ex:hasPlace",
    ),
    "class as a property": (
        "SELECT * { ?s ex:Strike ?o }",
        "class-as-property",
        (1, 15),
        "a ex:Strike",
    ),
    "object": ("SELECT * { ?s ex:target ex:orgg0 }", "unknown-term", (1, 25), ""),
    "object, other scheme": (
        "SELECT * { ?s ex:target <https://example.org/org0> }",
        "unknown-term",
        (1, 25),
        "ex:org0",
    ),
    "subject": ("SELECT * { ex:strike99 ex:target ?o }", "unknown-term", (1, 12), ""),
    "in VALUES": (
        "SELECT * { VALUES ?o { ex:org0 <http://example.org/org1/> } ?s ex:target ?o }",
        "unknown-term",
        (1, 32),
        "ex:org1",
    ),
    "in a comparison": (
        "SELECT * { ?s ex:target ?o FILTER(?o != ex:org99) }",
        "unknown-term",
        (1, 41),
        "",
    ),
    "graph": (
        "SELECT * { GRAPH ex:graphs { ?s a ex:Strike } }",
        "unknown-graph",
        (1, 18),
        "ex:graph",
    ),
    "FROM": ("SELECT * FROM ex:grap { ?s a ex:Strike }", "unknown-graph", (1, 15), "ex:graph"),
    # Variables
    "SELECT": (
        "SELECT ?strike { ?strke a ex:Strike ; ex:target ?strke }",
        "unbound-variable",
        (1, 8),
        "?strke",
    ),
    "ORDER BY": (
        "SELECT ?s { ?s ex:date ?date } ORDER BY ?dates",
        "unbound-variable",
        (1, 41),
        "?date",
    ),
    "GROUP BY": (
        "SELECT (COUNT(?s) AS ?n) { ?s ex:target ?target } GROUP BY ?targte",
        "unbound-variable",
        (1, 60),
        "?target",
    ),
    "aggregate": (
        "SELECT (SUM(?kiled) AS ?n) { ?s ex:killed ?killed }",
        "unbound-variable",
        (1, 13),
        "?killed",
    ),
    "FILTER": (
        "SELECT ?s { ?s ex:killed ?killed FILTER(?kill > 3) }",
        "unbound-variable",
        (1, 41),
        "",
    ),
    "BIND": (
        "SELECT ?s ?year { ?s ex:date ?date BIND(YEAR(?dat) AS ?year) }",
        "unbound-variable",
        (1, 46),
        "?date",
    ),
    "template": (
        "CONSTRUCT { ?s ex:p ?plce } { ?s ex:hasPlace ?place }",
        "unbound-variable",
        (1, 21),
        "?place",
    ),
    "out of scope": (
        "SELECT ?s { ?s ex:killed ?n { ?s a ex:Strike FILTER(?n > 3) } }",
        "variable-out-of-scope",
        (1, 26),
        "",
    ),
    "out of a sub-select": (
        "SELECT ?s ?date { { SELECT ?s { ?s ex:date ?date } } FILTER(?date > ?s) }",
        "variable-out-of-scope",
        (1, 11),
        "",
    ),
    "misspelt, used once": (
        "SELECT ?strike ?organization { ?strike ex:target ?organization ; ex:hasPlace ?p ."
        " ?organization a ex:Organization . FILTER EXISTS { ?organisation ex:partOf ?organization } }",
        "misspelt-variable",
        (1, 133),
        "?organization",
    ),
    # How patterns hang together
    "cross product": (
        "SELECT * { ?s a ex:Strike . ?p a ex:Place }",
        "cross-product",
        (1, 32),
        "",
    ),
    "cross product after OPTIONAL": (
        "SELECT * { ?s a ex:Strike OPTIONAL { ?p a ex:Place } }",
        "cross-product",
        (1, 38),
        "",
    ),
    "cross product of a sub-select": (
        "SELECT * { ?s a ex:Strike { SELECT ?p { ?p a ex:Place } } }",
        "cross-product",
        (1, 36),
        "",
    ),
    "cross product in a branch": (
        "SELECT * { { ?s a ex:Strike . ?p a ex:Place } UNION { ?s a ex:Place } }",
        "cross-product",
        (1, 34),
        "",
    ),
    "cross product with VALUES": (
        "SELECT * { ?s a ex:Strike VALUES ?n { 1 2 } }",
        "cross-product",
        (1, 34),
        "",
    ),
    "cross product with a blank node": (
        "SELECT * { ?s a ex:Strike . [] a ex:Place }",
        "cross-product",
        (1, 32),
        "",
    ),
    "joined by a filter": (
        "SELECT * { ?s ex:hasPlace ?p . ?q ex:code ?code FILTER(?p = ?q) }",
        "joined-by-filter",
        (1, 32),
        "",
    ),
    "path from nowhere": ("SELECT * { ?s ex:partOf* ?o }", "unbounded-path", (1, 15), ""),
    "path from nowhere in EXISTS": (
        "SELECT * { ?s a ex:Strike FILTER EXISTS { ?a ex:partOf* ?b FILTER(?b != ?s) } }",
        "unbounded-path",
        (1, 46),
        "",
    ),
    "MINUS": (
        "SELECT * { ?s a ex:Strike MINUS { ?x ex:target ex:org0 } }",
        "minus-without-effect",
        (1, 38),
        "",
    ),
    "FILTER in OPTIONAL": (
        "SELECT * { ?s ex:killed ?n OPTIONAL { ?s ex:target ?t FILTER(?n > 3) } }",
        "filter-in-optional",
        (1, 65),
        "",
    ),
    "EXISTS": (
        "SELECT * { ?s a ex:Strike FILTER NOT EXISTS { ?x ex:target ?t } }",
        "exists-unconnected",
        (1, 34),
        "",
    ),
    # Kinds of values
    "string for a language": (
        'SELECT * { ?o skos:prefLabel "Taliban" }',
        "wrong-kind",
        (1, 15),
        '"Taliban"@en',
    ),
    "string for a language, compared": (
        'SELECT * { ?o skos:prefLabel ?l FILTER(?l = "Taliban") }',
        "wrong-kind",
        (1, 43),
        'STR(?l), or "Taliban"@en',
    ),
    "string for a date": (
        'SELECT * { ?s ex:date ?d FILTER(?d >= "2010-01-03") }',
        "wrong-kind",
        (1, 36),
        '"2010-01-03"^^xsd:date',
    ),
    "string for a number": ('SELECT * { ?s ex:killed "3" }', "wrong-kind", (1, 15), "3"),
    "string for an IRI": (
        'SELECT * { ?s ex:target ?o FILTER(?o = "Taliban") }',
        "wrong-kind",
        (1, 38),
        "",
    ),
    "string for an IRI, optional": (
        'SELECT * { ?s a ex:Strike OPTIONAL { ?s ex:target ?o } FILTER(?o = "Taliban") }',
        "wrong-kind",
        (1, 66),
        "",
    ),
    "function on an IRI": (
        'SELECT * { ?s ex:target ?o FILTER(CONTAINS(?o, "0")) }',
        "wrong-kind",
        (1, 35),
        "CONTAINS(STR(?o), …)",
    ),
    "function on a date": (
        'SELECT * { ?s ex:date ?d FILTER(REGEX(?d, "^2010")) }',
        "wrong-kind",
        (1, 33),
        "REGEX(STR(?d), …)",
    ),
}


@pytest.mark.parametrize("case", WRONG, ids=str)
def test_mistake_is_found_where_it_stands(database: Database, case: str) -> None:
    """One advice, with the code, the place and the suggestion."""
    text, code, (line, column), suggestion = WRONG[case]
    found = advise(database, text)
    assert [each.code for each in found] == [code]
    assert (found[0].line - LINES, found[0].column) == (line, column)
    assert found[0].suggestion == suggestion


RIGHT = {
    "star": "SELECT * { ?s a ex:Strike ; ex:hasPlace ?p . ?p skos:prefLabel ?l }",
    "filter that compares": "SELECT * { ?s ex:killed ?a . ?t ex:killed ?b FILTER(?a < ?b) }",
    "filter on a label": "SELECT * { ?o skos:prefLabel ?l FILTER(STR(?l) = 'Taliban') }",
    "language": 'SELECT * { ?o skos:prefLabel ?l FILTER(LANG(?l) = "en" && CONTAINS(?l, "a")) }',
    "BIND that connects": "SELECT * { ?s ex:killed ?n BIND(?n + 1 AS ?m) ?t ex:killed ?m }",
    "one row of VALUES": "SELECT * { VALUES ?n { 3 } ?s ex:killed ?k FILTER(?k > 2) }",
    "a count beside": "SELECT * { ?s a ex:Strike { SELECT (COUNT(*) AS ?n) { ?p a ex:Place } } }",
    "one subject beside": "SELECT * { ex:place1 ex:code ?code . ?s a ex:Strike }",
    "path from a constant": "SELECT * { ex:org1 ex:partOf* ?o }",
    "path from a class": "SELECT * { ?s a ex:Organization ; ex:partOf* ?o }",
    "path from a target": "SELECT * { ?s ex:target/ex:partOf* ?o }",
    "path in OPTIONAL": "SELECT * { ?s ex:target ?o OPTIONAL { ?o ex:partOf* ?p } }",
    "path in EXISTS": "SELECT * { ?s ex:target ?o FILTER EXISTS { ?o ex:partOf* ?p } }",
    "short path": "SELECT * { ?s ex:partOf+ ?o }",
    "declared and optional": "SELECT * { ?s a ex:Strike OPTIONAL { ?s ex:unused ?o } }",
    "alternatives": "SELECT * { ?s ex:target|ex:unused ?o }",
    "MINUS": "SELECT * { ?s a ex:Strike MINUS { ?s ex:target ex:org0 } }",
    "condition of OPTIONAL": (
        "SELECT * { ?s ex:killed ?n OPTIONAL { ?s ex:target ?t FILTER(?n > 3 && ?t != ?s) } }"
    ),
    "EXISTS": "SELECT * { ?s a ex:Strike FILTER EXISTS { ?s ex:target ?t } }",
    "EXISTS that connects by a filter": (
        "SELECT * { ?s ex:killed ?n FILTER NOT EXISTS { ?t ex:killed ?m FILTER(?m > ?n) } }"
    ),
    "filter in EXISTS": "SELECT * { ?s ex:killed ?n FILTER EXISTS { ?s a ?c FILTER(?n > 3) } }",
    "sub-select": (
        "SELECT ?o ?n { { SELECT ?o (COUNT(?s) AS ?n) { ?s ex:target ?o } GROUP BY ?o "
        "HAVING(COUNT(?s) > 3) } ?o skos:prefLabel ?l } ORDER BY ?l"
    ),
    "numbered names": (
        "SELECT ?strike1 { ?strike1 ex:hasPlace ?place1 . ?strike2 ex:hasPlace ?place1 . "
        "?strike2 ex:target ?o }"
    ),
    "dates": 'SELECT * { ?s ex:date ?d FILTER(?d > "2010-01-03"^^xsd:date && YEAR(?d) = 2010) }',
    "construct": "CONSTRUCT { ?s ex:new [ ex:of ?p ] } { ?s ex:hasPlace ?p }",
    "ask": "ASK { ?s a ex:Strike }",
    "describe": "DESCRIBE ?s { ?s a ex:Strike }",
    "graph variable": "SELECT * { GRAPH ?g { ?s a ex:Strike } GRAPH ?g { ?p a ex:Place } }",
    "mixed numbers": "SELECT * { ?s ex:killed ?n FILTER(?n > 2.5 || ?n = 1e0) }",
}


@pytest.mark.parametrize("case", RIGHT, ids=str)
def test_what_is_right_gets_no_advice(database: Database, case: str) -> None:
    """No false alarm."""
    assert advise(database, RIGHT[case]) == ()


def test_update_is_checked_against_the_store_that_its_first_operation_finds(
    database: Database,
) -> None:
    """What an operation adds, the next one may use."""
    wrong = "DELETE { ?s ex:target ?p } INSERT { ?s ex:new ?ob } WHERE { ?s ex:taget ?o }"
    found = check_query(parse_update(PREFIXES + wrong), database.catalog)
    assert [each.code for each in found] == [
        "unbound-variable",
        "unbound-variable",
        "unknown-property",
    ]
    later = "INSERT DATA { ex:a ex:new ex:b } ; DELETE WHERE { ?s ex:new ?o }"
    assert check_query(parse_update(PREFIXES + later), database.catalog) == ()


def test_message_names_terms_by_the_prefixes_of_the_query(database: Database) -> None:
    """A full IRI where no prefix fits, and the caller's prefixes where the query has none."""
    query = parse_query(f"SELECT * {{ ?s a <{EX}Strke> }}")
    assert check_query(query, database.catalog)[0].suggestion == f"<{EX}Strike>"
    found = check_query(query, database.catalog, {"e": EX})
    assert str(found[0]) == (
        "line 1 column 17: e:Strke occurs nowhere in the graph: nothing has it as its class, so there "
        "are no solutions. Did you mean e:Strike?"
    )


def test_checking_a_long_query_is_quick(database: Database) -> None:
    """Hundreds of patterns and variables cost no more than a second."""
    lines = " ".join(f"OPTIONAL {{ ?s ex:killed ?v{chr(97 + n % 26) * 5}{n} }}" for n in range(200))
    assert advise(database, f"SELECT * {{ ?s a ex:Strike {lines} }}") == ()


# What is published

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A store of the benchmark's data."""
    path = tmp_path_factory.mktemp("data") / "data.nt"
    script = BENCHMARKS / "generate.py"
    subprocess.run(
        [sys.executable, script, "--quads", "60000", "--seed", "1", "-o", path],
        check=True,
        capture_output=True,
    )
    found = memory_database(union_default_graph=True)
    with found.change() as change:
        change.insert_terms(list(read_quads(path)))
    yield found
    found.close()


def read_quads(path: Path) -> Iterator[Quad]:
    for quad in pyoxigraph.parse(path=path, format=pyoxigraph.RdfFormat.N_TRIPLES):
        terms = [_term(each) for each in (quad.subject, quad.predicate, quad.object)]
        yield terms[0], terms[1], terms[2], None


def _term(term: object) -> Term:
    if isinstance(term, pyoxigraph.NamedNode):
        return Iri(term.value)
    assert isinstance(term, pyoxigraph.Literal)
    return Literal(term.value, term.datatype.value, term.language or "")


@pytest.mark.parametrize(
    "path", sorted((BENCHMARKS / "questions").glob("*.rq")), ids=lambda path: str(path.stem)
)
def test_question_of_the_benchmark_gets_no_advice(synthetic: Database, path: Path) -> None:
    """They are right."""
    query = parse_query(path.read_text("utf-8"))
    assert check_query(query, synthetic.catalog) == ()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The store that the published questions have answers over."""
    directory = tmp_path_factory.mktemp("sources") / "store"
    data = [*data_files(), Path(__file__).resolve().parents[1] / "competency" / "data"]
    build_store(data, directory, validate=False)
    with open_store(directory) as store:
        yield store


def test_published_questions_get_advice_only_where_it_is_justified(sources: Store) -> None:
    """No false alarm; and what was justified once and is mended must go from the list."""
    found = {
        question.slug: [
            each.code for each in sources.explain(question.sparql, analyze=False).advice
        ]
        for question in load_questions()
    }
    assert {slug: codes for slug, codes in found.items() if codes} == {}
