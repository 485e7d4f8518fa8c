"""Small answers that are given again: the same bytes, of the same release, and nothing computed."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Response
from writing_support import Editable, editable_server

from conflictkg.answers import Answer, Iri, Solutions
from conflictkg.web.kept import KeptAnswers

ALL = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } ORDER BY ?s ?p ?o")
OWN = ("ETag", "Cache-Control", "Content-Type", "Conflictkg-Complete", "Conflictkg-Release", "Vary")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Editable]:
    with editable_server(tmp_path) as found:
        lines = " ".join(f"<http://e/{n}> <http://e/p> {n} ." for n in range(60))
        found.store.update(f"INSERT DATA {{ {lines} }}")
        yield found


def count_queries(server: Editable, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that reach the store from now on."""
    asked: list[str] = []
    query = server.store.query

    def ask(text: str, **options: object) -> Answer:
        asked.append(text)
        return query(text, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(
        type(server.store), "query", lambda _, text, **options: ask(text, **options)
    )
    return asked


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Accept": "text/csv"},
        {"Accept": "application/sparql-results+xml"},
        {"Accept-Encoding": "gzip"},
    ],
)
def test_answer_is_given_again_as_it_was(
    server: Editable, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    """Body and headers; the request's own number is another."""
    first = server.client.get(ALL, headers=headers)
    asked = count_queries(server, monkeypatch)
    again = server.client.get(ALL, headers=headers)
    assert asked == []
    assert again.data == first.data
    assert [again.headers.get(each) for each in OWN] == [first.headers.get(each) for each in OWN]
    assert again.headers.get("Content-Encoding") == first.headers.get("Content-Encoding")
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    head = server.client.head(ALL, headers=headers)
    assert (head.status_code, head.data, asked) == (200, b"", [])


def test_change_of_the_data_is_seen_at_once(server: Editable) -> None:
    """What was kept is of another release."""
    before = server.client.get(ALL + "&format=csv").text
    server.update("INSERT DATA { <http://e/new> <http://e/p> 1 }")
    after = server.client.get(ALL + "&format=csv").text
    assert "http://e/new" in after
    assert "http://e/new" not in before


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("SELECT (NOW() AS ?now) {}", {}),
        ("SELECT (RAND() AS ?r) {}", {}),
        ("SELECT ?s { ?s ?p ?o }", {"Accept": "text/html"}),
        ("SELECT * { ?s ?p ?o . ?a ?b ?c . ?d ?e ?f } LIMIT 20000", {}),
        ("SELECT ?s { ?s ", {}),
    ],
    ids=["moment", "chance", "page", "long", "error"],
)
def test_what_may_differ_or_is_long_is_computed_again(
    server: Editable, monkeypatch: pytest.MonkeyPatch, query: str, options: dict[str, str]
) -> None:
    path = "/sparql?query=" + quote(query)
    server.client.get(path, headers=options)
    asked = count_queries(server, monkeypatch)
    server.client.get(path, headers=options)
    assert asked


def test_what_is_posted_is_computed_again(
    server: Editable, monkeypatch: pytest.MonkeyPatch
) -> None:
    form = {"query": "ASK { ?s ?p ?o }"}
    server.client.post("/sparql", data=form)
    asked = count_queries(server, monkeypatch)
    server.client.post("/sparql", data=form)
    assert len(asked) == 1


def test_relative_iris_are_those_of_the_address_that_was_asked(server: Editable) -> None:
    """Two names of one server are two bases."""
    path = "/sparql?format=csv&query=" + quote("SELECT (<x> AS ?x) {}")
    found = [
        server.client.get(path, headers={"Host": host}).text.splitlines()[1]
        for host in ("one.example", "two.example", "one.example")
    ]
    assert found[0] == found[2] != found[1]
    assert "two.example" in found[1]


def test_answer_from_memory_needs_no_turn(
    server: Editable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where everybody else is turned away."""
    assert server.client.get(ALL).status_code == 200
    monkeypatch.setattr("conflictkg.web.admission.Admission.enter", refuse)
    assert server.client.get(ALL).status_code == 200
    assert server.client.get(ALL + "&limit=1").status_code == 500


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("no turn was to be asked for")


def test_answer_from_memory_counts_as_an_answer(server: Editable) -> None:
    """Rows and queries, as if it had been computed."""
    rows = []
    for _ in range(2):
        server.client.get(ALL).close()
        text = server.client.get("/metrics").text
        rows.append(float(text.partition("\nconflictkg_answer_rows_total ")[2].split("\n")[0]))
    assert rows[1] == 2 * rows[0] > 0


def test_room_is_bounded_and_the_oldest_go() -> None:
    """By their bytes; who was asked for last stays."""
    kept = KeptAnswers(5_000)
    for name in "abc":
        kept.keep(name, "", Response(b"x" * 1_000), 1, True)
        kept.find("a", "")
    assert [name for name in "abc" if kept.find(name, "")] == ["a", "c"]
    kept.keep("a", "", Response(b"y" * 1_000), 1, True)
    kept.keep("d", "", Response(b"x" * 100_000), 1, True)
    kept.keep("e", "", Response(iter([b"x"])), 1, True)
    kept.keep("f", "", Response(b"x", status=503), 1, True)
    assert [name for name in "abcdef" if kept.find(name, "")] == ["a", "c"]
    none = KeptAnswers(0)
    none.keep("a", "", Response(b"x"), 1, True)
    assert none.find("a", "") is None


def test_solutions_are_those_of_the_store(server: Editable) -> None:
    """The fixture holds something to ask for."""
    answer = server.store.query("SELECT ?s { ?s ?p ?o } LIMIT 1")
    assert isinstance(answer, Solutions)
    assert isinstance(next(answer.rows)[0], Iri)
