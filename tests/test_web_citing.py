"""Citations of answers: what they fix, and what they say when they are looked up again."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from web_support import require_problem
from writing_support import Editable, editable_server

from conflictkg.answers import Blank, Boolean, Iri, Literal, Row, Solutions, Stream, Term
from conflictkg.web.citing import digest_answer

QUERY = "# How many are there?\nSELECT (COUNT(*) AS ?n) { ?s ?p ?o }"

terms: st.SearchStrategy[Term | None] = st.sampled_from(
    [
        None,
        Iri("http://e/a"),
        Literal("a"),
        Literal("a", language="en"),
        Literal("1\t2"),
        Blank("b"),
    ]
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Editable]:
    with editable_server(tmp_path) as found:
        yield found


def make(server: Editable, query: str = QUERY) -> str:
    """The address of a new citation, without the host."""
    response = server.client.get(f"/cite?query={quote(query)}")
    assert response.status_code == 303
    return response.headers["Location"].removeprefix("http://localhost")


def test_citation_fixes_query_release_day_and_hash(server: Editable) -> None:
    parts = parse_qs(urlsplit(make(server)).query)
    assert set(parts) == {"query", "release", "date", "sha256"}
    assert (parts["query"], parts["release"]) == ([QUERY], [server.store.release])


def test_citation_says_whether_the_answer_is_still_the_same(server: Editable) -> None:
    """The same answer of a later release is the same answer."""
    place = make(server)
    other = make(server, "SELECT ?o { <http://e/s> ?p ?o }")
    now = server.client.get(f"{place}&format=json").get_json()["now"]
    assert now["same"] is True
    assert server.client.get(f"{other}&format=json").headers["Conflictkg-Same"] == "true"
    server.update("INSERT DATA { <http://e/t> <http://e/p> 1 }")
    changed = server.client.get(f"{place}&format=json")
    assert (changed.get_json()["now"]["same"], changed.headers["Conflictkg-Same"]) == (
        False,
        "false",
    )
    assert server.client.get(f"{other}&format=json").get_json()["now"] == {
        "release": server.store.release,
        "sha256": parse_qs(urlsplit(other).query)["sha256"][0],
        "same": True,
    }


def test_citation_comes_for_lists_of_references(server: Editable) -> None:
    place = make(server)
    bibtex = server.client.get(f"{place}&format=bibtex").text
    assert bibtex.startswith("@misc{conflictkg-")
    assert "title = {How many are there?}" in bibtex
    cff = server.client.get(f"{place}&format=cff").text
    assert 'title: "How many are there?"' in cff
    assert f'version: "{server.store.release}"' in cff
    page = server.client.get(place, headers={"Accept": "text/html"}).text
    assert "still the same" in page


def test_what_a_query_holds_ends_no_citation(server: Editable) -> None:
    """Braces, quotation marks and tags in a comment stay text in each form."""
    place = make(server, '# }{"<script>alert(1)</script>\nASK {}')
    bibtex = server.client.get(f"{place}&format=bibtex").text
    assert bibtex.count("{") == bibtex.count("}") == 10
    assert "<script>alert" not in server.client.get(place, headers={"Accept": "text/html"}).text


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("", 400, "missing-query"),
        ("?query=x", 400, "sparql-syntax"),
        ("?query=ASK%7B%7D&sha256=12", 400, "bad-parameter"),
        (
            "?query=ASK%7B%7D&sha256=" + "0" * 64 + "&release=r&date=2026-02-30",
            400,
            "bad-parameter",
        ),
        ("?query=ASK%7B%7D&query=ASK%7B%7D", 400, "duplicate-parameter"),
        ("?query=ASK%7B%7D%23" + "a" * 6_000, 414, "address-too-long"),
    ],
)
def test_what_is_no_citation_is_refused(
    server: Editable, query: str, status: int, slug: str
) -> None:
    require_problem(server.client.get("/cite" + query), status, slug)


def test_answer_that_is_cut_is_not_cited(tmp_path: Path) -> None:
    with editable_server(tmp_path, max_rows=1) as server:
        response = server.client.get("/cite?query=" + quote("SELECT * { ?s ?p ?o }"))
        require_problem(response, 422, "incomplete-answer")


def digest(rows: list[Row], *, is_ordered: bool = False) -> str:
    return digest_answer(Solutions(("a", "b"), Stream(iter(rows))), is_ordered=is_ordered)


@given(st.lists(st.tuples(terms, terms), max_size=6), st.randoms())
def test_order_counts_only_where_it_was_asked_for(rows: list[Row], chance: object) -> None:
    mixed = list(rows)
    chance.shuffle(mixed)  # type: ignore[attr-defined]  # random.Random
    assert digest(mixed) == digest(rows)
    assert (digest(mixed, is_ordered=True) == digest(rows, is_ordered=True)) == (mixed == rows)


def test_terms_that_differ_have_different_hashes() -> None:
    """Kinds, languages and datatypes count; names of blank nodes do not."""
    one: list[Term | None] = [
        Iri("a:a"),
        Literal("a:a"),
        Literal("a:a", language="en"),
        Literal("a:a", "a:t"),
        None,
    ]
    assert len({digest([(each, None)]) for each in one}) == len(one)
    assert digest([(Blank("a"), None)]) == digest([(Blank("b"), None)])
    assert digest_answer(Boolean(True)) != digest_answer(Boolean(False))
