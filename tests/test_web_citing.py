"""Citations of answers: what they fix, and what they say when they are looked up again."""

import html
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import yaml  # type: ignore[import-untyped]  # another of our tools brings it, without types
from small_store import G1, G2
from web_support import require_problem
from writing_support import Editable, editable_server

QUERY = "# How many are there?\nSELECT (COUNT(*) AS ?n) { ?s ?p ?o }"


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


def test_order_of_rows_is_told_apart_from_the_rows(server: Editable) -> None:
    """Only where the query itself asks for an order, not a part of it, a comment or a text."""
    ordered = make(server, "SELECT ?o { ?s ?p ?o } ORDER BY ?o LIMIT 9")
    parts = parse_qs(urlsplit(ordered).query)
    assert server.client.get(f"{ordered}&format=json").get_json()["now"]["sameOrder"] is True
    other = ordered.replace(parts["order"][0], "0" * 16)
    body = server.client.get(f"{other}&format=json").get_json()
    assert (body["now"]["same"], body["now"]["sameOrder"]) == (True, False)
    page = server.client.get(other, headers={"Accept": "text/html"}).text
    assert "in another order" in page
    for query in (
        "SELECT ?o { ?s ?p ?o } # ORDER BY ?o",
        "SELECT ?o { { SELECT ?o { ?s ?p ?o } ORDER BY ?o } }",
        "SELECT ?o { ?s ?p ?o FILTER(?o != 'ORDER BY ?o') }",
    ):
        assert "order" not in parse_qs(urlsplit(make(server, query)).query)


@pytest.mark.parametrize("call", ["now()", "RAND()", "uuid()", "STRUUID()", "BNODE()"])
def test_what_is_new_each_time_is_not_cited(server: Editable, call: str) -> None:
    query = quote(f"SELECT ({call} AS ?x) {{}}")
    require_problem(server.client.get(f"/cite?query={query}"), 422, "not-citable")
    ask = quote("SELECT ('NOW()' AS ?x) {}")
    assert server.client.get(f"/cite?query={ask}").status_code == 303


def test_what_asks_others_is_not_cited(server: Editable) -> None:
    query = quote("ASK { SERVICE <https://example.org/sparql> { ?s ?p ?o } }")
    require_problem(server.client.get(f"/cite?query={query}"), 422, "not-citable")


def test_citation_is_of_the_graphs_that_were_asked(server: Editable) -> None:
    """Another dataset is another answer, and the page of the query leads to that of its own dataset."""
    head, tail = "SELECT ?s ?g ", "{ { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }"
    query = head + tail
    graphs = f"&default-graph-uri={quote(G2, safe='')}&named-graph-uri={quote(G1, safe='')}"
    response = server.client.get(f"/cite?query={quote(query)}{graphs}")
    place = response.headers["Location"].removeprefix("http://localhost")
    parts = parse_qs(urlsplit(place).query)
    assert (parts["default-graph-uri"], parts["named-graph-uri"]) == ([G2], [G1])
    same = make(server, f"{head}FROM <{G2}> FROM NAMED <{G1}> {tail}")
    assert parts["sha256"] == parse_qs(urlsplit(same).query)["sha256"]
    body = server.client.get(f"{place}&format=json").get_json()
    assert (body["now"]["same"], body["defaultGraphs"], body["namedGraphs"]) == (True, [G2], [G1])
    asked = f"/sparql?query={quote(query)}{graphs}"
    page = html.unescape(server.client.get(asked, headers={"Accept": "text/html"}).text)
    (link,) = re.findall(r'href="(/cite[^"]+)"', page)
    assert parse_qs(urlsplit(link).query)["default-graph-uri"] == [G2]


def test_citation_is_revalidated_without_running_the_query(server: Editable) -> None:
    """As long as the data are the same, and for each form by itself."""
    place = make(server)
    tag = server.client.get(place, headers={"Accept": "text/html"}).headers["ETag"]
    held = {"Accept": "text/html", "If-None-Match": tag}
    assert server.client.get(place, headers=held).status_code == 304
    assert server.client.get(f"{place}&format=json", headers=held).status_code == 200
    server.update("INSERT DATA { <http://e/t> <http://e/p> 1 }")
    assert server.client.get(place, headers=held).status_code == 200


def test_citation_in_cff_is_yaml_that_tells_the_query(server: Editable) -> None:
    query = '# A "title": with {signs}\nSELECT * { ?s ?p "x\\ty" }'
    told = yaml.safe_load(server.client.get(f"{make(server, query)}&format=cff").text)
    assert (told["title"], told["abstract"]) == ('A "title": with {signs}', query)
    assert told["identifiers"][0]["value"] in told["url"]
