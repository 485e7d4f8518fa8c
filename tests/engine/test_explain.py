"""Explanations: the plan in the query's words, its figures, advice, and what happens at the deadline."""

import json
import re
import time
from collections.abc import Iterator

import pytest

from conflictkg.engine.explain import Explanation, name_columns
from conflictkg.engine.explain.operators import Operator
from conflictkg.questions import load_questions
from conflictkg.store import Limits, Store, memory_store, open_store
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

PREFIXES = "PREFIX ex: <http://example.org/>\n"
PREDICATE = "<http://example.org/{}>"
SHAPES = """
<http://example.org/shape> <http://www.w3.org/ns/shacl#targetClass> <http://example.org/Strike> .
<http://example.org/shape> <http://www.w3.org/ns/shacl#property> <http://example.org/property> .
<http://example.org/property> <http://www.w3.org/ns/shacl#path> <http://example.org/target> .
"""


def lines() -> Iterator[str]:
    """Fifty strikes on five organizations, some of them parts of others."""
    integer = "<http://www.w3.org/2001/XMLSchema#integer>"
    date = "<http://www.w3.org/2001/XMLSchema#date>"
    for number in range(50):
        strike = f"<http://example.org/strike{number:02d}>"
        yield f"{strike} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://example.org/Strike> ."
        yield f"{strike} <http://example.org/target> <http://example.org/org{number % 5}> ."
        yield f'{strike} <http://example.org/killed> "{number}"^^{integer} .'
        yield f'{strike} <http://example.org/date> "2010-01-{number % 28 + 1:02d}"^^{date} .'
    for number in range(5):
        org = f"<http://example.org/org{number}>"
        yield f"{org} <http://example.org/partOf> <http://example.org/org{number // 2}> ."
        yield f'{org} <http://example.org/name> "Name {number}" .'


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store on disk, with a class table."""
    folder = tmp_path_factory.mktemp("explain")
    (folder / "data.nt").write_text("\n".join(lines()) + SHAPES, "utf-8")
    load_files([Source(folder / "data.nt")], folder / "store")
    with open_store(folder / "store") as opened:
        yield opened


def explain(store: Store, text: str) -> Explanation:
    return store.explain(PREFIXES + text)


def names(operator: Operator) -> list[str]:
    """All steps, the outermost first."""
    found = [operator.name]
    for each in operator.children:
        found += names(each)
    return found


def test_star_is_served_by_its_class_table(store: Store) -> None:
    """The scan names the class and the variables, and tells how many rows it gave."""
    found = explain(store, "SELECT ?strike ?org { ?strike a ex:Strike ; ex:target ?org }")
    assert found.class_tables == ("ex:Strike",)
    assert found.operators.name == "scan class table ex:Strike (2 columns) → ?strike, ?org"
    assert found.operators.rows == 50
    assert found.operators.estimated is not None
    assert found.operators.time_ms is not None
    assert found.join_order == (found.operators.name,)


def test_two_scans_of_one_property_are_told_apart(store: Store) -> None:
    """What DuckDB calls s = s is named by the variables of the triple patterns."""
    found = explain(
        store, "SELECT ?a ?c { ?a ex:partOf ?b . ?b ex:partOf ?c . ?c ex:name ?n FILTER(?a != ?b) }"
    )
    shown = names(found.operators)
    scans = sorted(each for each in shown if each.startswith("scan"))
    assert [re.sub(r" \(table \w+\)", "", each) for each in scans] == [
        "scan ex:name → ?c",
        "scan ex:partOf → ?a, ?b",
        "scan ex:partOf → ?b, ?c",
    ]
    joins = [each for each in shown if each.startswith("join")]
    assert sorted(joins) == ["join on ?b (hash)", "join on ?c (hash)"]


@pytest.mark.parametrize(
    "pattern",
    [
        "?a ex:partOf ?b . ?b ex:partOf ?c . ?c ex:partOf ?d",
        "?c ex:partOf ?d . ?b ex:partOf ?c . ?a ex:partOf ?b",
        "?b ex:partOf ?c . ?c ex:partOf ?d . ?a ex:partOf ?b . ?d ex:name ?n",
    ],
)
def test_each_join_is_of_scans_that_hold_its_variable(store: Store, pattern: str) -> None:
    """However the joins are ordered, both sides of one have what it compares."""
    root = explain(store, f"SELECT * {{ {pattern} }}").operators
    joins = 0
    waiting = [root]
    while waiting:
        each = waiting.pop()
        waiting += each.children
        found = re.match(r"join on (\?\w)", each.name)
        if found:
            joins += 1
            for side in each.children:
                shown = " ".join(name for name in names(side) if name.startswith("scan"))
                assert found[1] in shown, (each.name, shown)
    assert joins == pattern.count(" . ")


def test_conditions_are_in_terms(store: Store) -> None:
    """Ids in a plan are shown as what they stand for."""
    found = explain(
        store,
        'SELECT ?s { ?s a ex:Strike ; ex:date ?d . FILTER(?d >= "2010-01-20"^^<http://www.w3.org/2001/'
        "XMLSchema#date>) ?s ex:target ex:org1 }",
    )
    shown = str(found.operators)
    assert "2010-01-20" in shown
    assert "ex:org1" in shown
    assert not re.search(r"\d{17}", shown)


def test_algebra_is_outlined(store: Store) -> None:
    """One operation a line, what it is of below it."""
    found = explain(
        store,
        "SELECT ?org (COUNT(*) AS ?n) { ?s ex:target ?org OPTIONAL { ?org ex:name ?name } } "
        "GROUP BY ?org ORDER BY DESC(?n) LIMIT 3",
    )
    assert "\n".join(found.algebra).replace("?.agg0", "?agg0") == (
        """
select
  limit 3
    project ?org ?n
      order by ?n descending
        bind ?n := ?agg0
          group by ?org: ?agg0 := COUNT(*)
            optional
              triples
                ?s ex:target ?org
              triples
                ?org ex:name ?name
""".strip()
    )


def test_text_and_json_hold_all_parts(store: Store) -> None:
    """Advice first, SQL last; JSON has the same."""
    found = explain(store, "SELECT ?s ?nam { ?s a ex:Strke . ?s ex:target/ex:partOf* ?o }")
    text = str(found)
    titles = [line for line in text.splitlines() if line.isupper()]
    assert titles[0] == "ADVICE"
    assert titles[-1] == "SQL"
    assert "Did you mean ex:Strike?" in text
    decoded = json.loads(json.dumps(found.to_dict()))
    assert {each["code"] for each in decoded["advice"]} == {"unknown-class", "unbound-variable"}
    assert list(decoded["times_ms"]) == ["parse", "check", "compile", "plan", "run"]
    assert decoded["plan"]["operator"] == found.operators.name
    assert decoded["sql"].startswith("SELECT")


def test_what_python_evaluates_is_listed(store: Store) -> None:
    """Expressions that SQL cannot compute are named."""
    found = explain(
        store, "SELECT ?s { ?s ex:date ?d FILTER(TIMEZONE(?d) = 'x' || SHA512(STR(?d)) = 'y') }"
    )
    assert any("TIMEZONE" in each or "SHA512" in each for each in found.programs)
    assert "EVALUATED IN PYTHON" in str(found)


def test_query_that_is_not_run_has_estimates_only(store: Store) -> None:
    """Without analyze nothing is run."""
    found = store.explain(PREFIXES + "SELECT * { ?s ex:target ?o }", analyze=False)
    assert found.operators.rows is None
    assert "run" not in found.times_ms


def test_deadline_leaves_the_plan() -> None:
    """A query that is stopped is explained without figures, and soon."""
    with memory_store(union_default_graph=True, limits=Limits()) as store:
        values = " ".join(
            f"<http://example.org/{n}> <http://example.org/p> {n} ." for n in range(400)
        )
        store.update(f"INSERT DATA {{ {values} }}")
        start = time.monotonic()
        found = store.explain(
            "SELECT (SUM(?a * ?b * ?c * ?d) AS ?n) { ?s ?p ?a . ?t ?q ?b . ?u ?r ?c . ?v ?w ?d }",
            deadline_s=0.5,
        )
        assert time.monotonic() - start < 2
        assert "0.5 s" in found.stopped
        assert found.operators.rows is None
        assert [each.code for each in found.advice] == ["cross-product"]
        # And the store is fit for the next one.
        assert store.explain("SELECT * { ?s ?p ?o }").operators.rows == 400


@pytest.mark.parametrize("question", load_questions(), ids=lambda question: question.slug)
def test_published_question_is_explained(store: Store, question: object) -> None:
    """Each of them has a plan whose scans are named, over a store that has none of its data too."""
    found = store.explain(question.sparql)  # type: ignore[attr-defined]
    assert found.algebra
    for each in names(found.operators):
        assert not re.search(r"\b[a-z]\d+_\w|__internal", each), each


def test_naming_columns_leaves_the_plan_as_it_is(store: Store) -> None:
    """The query that is explained is the one that is asked, but for the names of its columns."""
    from sqlglot import parse_one

    tree = parse_one("SELECT t1.o FROM pos AS t1 CROSS JOIN pos AS t2 WHERE t1.s = t2.s")
    assert name_columns(tree, {"pos": ["s", "p", "o"]}).sql("duckdb") == (  # type: ignore[arg-type]
        "SELECT t1.t1_o FROM pos AS t1(t1_s, t1_p, t1_o) CROSS JOIN pos AS t2(t2_s, t2_p, t2_o) "
        "WHERE t1.t1_s = t2.t2_s"
    )
