"""A change is judged by what it touches just as it would be by looking at everything."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

import pytest
from rdflib import Graph
from rdflib.term import Node
from small_store import write_small_store

from conflictkg.answers import Blank
from conflictkg.files import shapes_files
from conflictkg.graphs import FileGraph, load_graphs, merge_graphs, parse_graph
from conflictkg.shacl import Severity, validate_graphs
from conflictkg.shacl.reach import read_reach
from conflictkg.shacl.surroundings import find_owners
from conflictkg.shacl.touched import Verdict, review_change
from conflictkg.store import Edit, Proposal, Store, open_store

EXAMPLES = Path(__file__).parent / "shapes"
GRAPH = "http://example.org/graph/1"
OTHER = "http://example.org/graph/2"
PREFIXES = (
    "PREFIX ckg: <https://w3id.org/conflictkg/ontology#> PREFIX ex: <https://example.org/> "
    "PREFIX cs: <https://w3id.org/conflictkg/scheme/> PREFIX oa: <http://www.w3.org/ns/oa#> "
    "PREFIX sem: <http://semanticweb.cs.vu.nl/2009/11/sem/> PREFIX owl: <http://www.w3.org/2002/07/owl#> "
)
Key = tuple[str, str, str, str]
Triple = tuple[Node, Node, Node]


class TakenBackError(Exception):
    """Ends a change that was only to be judged."""


@cache
def examples() -> Graph:
    """Data without fault, with an instance of everything."""
    names = ("_world", "event_PASS", "claim_PASS", "evidence_PASS", "statement_PASS", "view_PASS")
    return merge_graphs(parse_graph(EXAMPLES / f"{name}.ttl").graph for name in names)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    text = examples().serialize(format="nt")
    place = write_small_store(tmp_path_factory.mktemp("touched") / "store", {GRAPH: text})
    with open_store(place, editable=True) as found:
        yield found


def judge(store: Store, text: str) -> Verdict:
    """What is said of a change, which is not made."""
    verdicts: list[Verdict] = []

    def review(proposal: Proposal) -> None:
        verdicts.append(review_change(proposal))
        raise TakenBackError

    with pytest.raises(TakenBackError):
        store.update(PREFIXES + text, edit=Edit(review=review))
    return verdicts[0]


def violations(graph: Graph) -> set[Key]:
    report = validate_graphs([FileGraph(path=Path("all"), graph=graph, iri=None)], shapes())
    return {
        (str(each.focus), each.path, str(each.value), each.message)
        for each in report.findings
        if each.severity >= Severity.VIOLATION
    }


@cache
def shapes() -> tuple[FileGraph, ...]:
    return load_graphs(shapes_files())


@cache
def before() -> frozenset[Key]:
    return frozenset(violations(examples()))


def test_what_stood_in_another_graph_was_there_before(store: Store) -> None:
    """A statement that is written a second time does not make the state before look worse than it was."""
    text = (
        f"INSERT DATA {{ GRAPH <{OTHER}> {{ ex:date-claim a ckg:DateClaim }} }} ; "
        f"DELETE DATA {{ GRAPH <{GRAPH}> {{ ex:date-claim ckg:claimSubject ex:strike }} }}"
    )
    judged = {str(each.focus).rpartition("/")[2] for each in judge(store, text).violations}
    assert "date-claim" in judged


def test_change_of_a_blank_node_is_judged_by_whose_it_is(tmp_path: Path) -> None:
    """A node without a name is part of the entity that leads to it."""
    ckg, example = "https://w3id.org/conflictkg/ontology#", "https://example.org/"
    text = (
        f"<{example}claim> <{ckg}claimSubject> <{example}x> .\n"
        f"<{example}claim> <{ckg}evidence> _:e .\n"
        f"_:e a <{ckg}Evidence> .\n".replace(
            " a ", " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        )
    )
    with open_store(write_small_store(tmp_path / "s", {GRAPH: text}), editable=True) as store:
        seen: list[set[str]] = []

        def review(proposal: Proposal) -> None:
            blanks = {each[0] for each in proposal.removed() if isinstance(each[0], Blank)}
            seen.append({each.value for each in find_owners(proposal, blanks)})

        store.update(
            PREFIXES + "DELETE WHERE { GRAPH ?g { ?e a ckg:Evidence } }", edit=Edit(review=review)
        )
        assert seen == [{f"{example}claim"}]


def test_shapes_look_where_they_say(store: Store) -> None:
    """Inverse paths, nested shapes and SPARQL constraints are all heeded."""
    reach = read_reach(merge_graphs(each.graph for each in shapes()))
    ckg = "https://w3id.org/conflictkg/ontology#"
    assert reach.backwards == {f"{ckg}claimSubject", f"{ckg}child"}
    assert f"{ckg}reviewStatus" in reach.inner
    assert f"{ckg}hasZone" in reach.chained


def test_more_than_can_be_judged_is_said(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A verdict on a part never looks like one on the whole."""
    text = f"DELETE DATA {{ GRAPH <{GRAPH}> {{ ex:outlet a ckg:Publisher }} }} ; INSERT DATA {{ ex:outlet a ex:Other }}"
    assert judge(store, text).is_whole
    monkeypatch.setattr("conflictkg.shacl.touched.MOST_JUDGED", 2)
    assert not judge(store, text).is_whole


def drawn_change(random: Random) -> tuple[list[Triple], list[Triple]]:
    """Some triples that go, and some that come: made of the terms that there are."""
    triples = sorted(examples(), key=lambda triple: [term.n3() for term in triple])
    gone = random.sample(triples, random.randint(0, 2))
    come = []
    for _ in range(random.randint(0 if gone else 1, 1)):
        subject, predicate, _ = random.choice(triples)
        _, _, value = random.choice([each for each in triples if each[1] == predicate])
        come.append((subject, predicate, value))
    return gone, come


@pytest.mark.parametrize("seed", [0, 5, 6, 7, 10, 11, 17, 20, 24, 26, 34, 35])
def test_new_violations_are_those_of_all_the_data(store: Store, seed: int) -> None:
    """What is found by looking at the surroundings of a change is what is found by looking at everything."""
    gone, come = drawn_change(Random(seed))  # noqa: S311  draws examples, no secrets
    after = Graph()
    for triple in examples():
        if triple not in gone:
            after.add(triple)
    for triple in come:
        after.add(triple)
    expected = violations(after) - before()

    def lines(triples: list[Triple]) -> str:
        return " ".join(f"{s.n3()} {p.n3()} {o.n3()} ." for s, p, o in triples)

    text = (
        f"DELETE DATA {{ GRAPH <{GRAPH}> {{ {lines(gone)} }} }} ; "
        f"INSERT DATA {{ GRAPH <{GRAPH}> {{ {lines(come)} }} }}"
    )
    if not set(come) - set(examples()) and not set(gone) - set(come):
        pytest.skip("changes nothing")
    found = {
        (str(each.focus), each.path, str(each.value), each.message)
        for each in judge(store, text).violations
    }
    assert found == expected
