"""Linked data and pages: things, graphs, the ontology, questions, health."""

import json
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from web_support import (
    ARTICLE_GRAPH,
    DOCUMENT,
    HTML,
    ORGANIZATION,
    FakeStore,
    client_of,
    require_problem,
    write_many_claims,
    write_small_store,
)

from conflictkg.answers import Answer, Iri, Literal
from conflictkg.config import Settings
from conflictkg.errors import StoreBusyError, StoreError
from conflictkg.iris import BASE
from conflictkg.questions import load_questions
from conflictkg.store import open_store
from conflictkg.terms import PREFIXES
from conflictkg.web import create_app
from conflictkg.web.display import MAX_PATH, iri_of_path, link_of, name_of, shorten, show_term


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of an application over a small real store."""
    directory = write_small_store(tmp_path_factory.mktemp("pages") / "store")
    with open_store(directory) as store:
        yield create_app(Settings(), store).test_client()


def _page(client: FlaskClient, path: str) -> str:
    response = client.get(path, headers={"Accept": HTML})
    assert response.status_code == 200, response.text
    assert response.mimetype == "text/html"
    return response.text


# Terms and addresses


@pytest.mark.parametrize(
    ("iri", "href"),
    [
        (BASE + "id/organization/0001", "/id/organization/0001"),
        (BASE + "id/claim/x/a%201", "/id/claim/x/a%201"),
        (BASE + "ontology#Strike", "/ontology#Strike"),
        (BASE + "scheme/claim-status-fact", "/scheme/claim-status-fact"),
        (BASE + "graph/view/asserted", "/graph/view/asserted"),
        (BASE + "/example.org/", ""),
        (BASE + "id//example.org/", ""),
        (BASE + "unknown/x", ""),
        ("https://example.org/x", "https://example.org/x"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("javascript:alert(1)", ""),
        ("JaVaScRiPt:alert(1)", ""),
        ("data:text/html,x", ""),
        ("file:///etc/passwd", ""),
        ("urn:uuid:1", ""),
    ],
)
def test_link_leads_here_or_to_the_web_only(iri: str, href: str) -> None:
    """Our IRIs are followed on this server, http(s) and mail as they are, nothing else."""
    assert link_of(iri) == href


@given(path=st.text(max_size=40))
def test_path_becomes_iri_without_delimiters(path: str) -> None:
    """Whatever path comes in, the IRI made of it cannot end a term of a query."""
    iri = iri_of_path("id", path)
    if iri is not None:
        assert iri.startswith(BASE + "id/")
        assert not set(iri) & set('<>"{}|^`\\ \n\r\t')
        assert iri.isascii()


@pytest.mark.parametrize(
    "path",
    ["", "/", "a//b", "../x", "a/../b", "a/./b", "a\x00b", "a\nb", "a" * (MAX_PATH + 1), "\ufffd"],
)
def test_path_that_names_nothing_has_no_iri(path: str) -> None:
    """Paths that no IRI of ours can have are refused before the store is asked."""
    assert iri_of_path("id", path) is None


def test_shorten_uses_the_longest_prefix() -> None:
    """Of two prefixes that fit, the one for the longer namespace is used."""
    assert shorten("http://x/y#a", {"x": "http://x/", "y": "http://x/y#"}) == "y:a"


def test_literal_is_shown_with_language_or_datatype() -> None:
    """Language and datatype stand beside the text, numbers are set as numbers."""
    number = show_term(Literal("7", PREFIXES["xsd"] + "integer"), PREFIXES)
    assert (number.text, number.tag, number.is_number) == ("7", "xsd:integer", True)
    text = show_term(Literal("x", PREFIXES["rdf"] + "langString", "fr"), PREFIXES)
    assert (text.text, text.tag, text.is_number) == ("x", "fr", False)


def test_very_long_literal_is_cut_with_its_length() -> None:
    """A literal of a megabyte does not fill the page, and its length is told."""
    shown = show_term(Literal("x" * 1_000_000), {})
    assert len(shown.text) < 5_000
    assert "1,000,000 characters" in shown.text


def test_name_of_splits_words() -> None:
    """A property without a label is still readable."""
    assert name_of("http://www.w3.org/ns/prov#wasDerivedFrom") == "was derived from"


# Things


@pytest.mark.parametrize(
    ("accept", "location"),
    [
        (HTML, "/page/organization/0001"),
        ("text/turtle", "/data/organization/0001"),
        ("application/ld+json", "/data/organization/0001"),
        ("application/rdf+xml;q=0.9, text/html;q=0.1", "/data/organization/0001"),
        ("*/*", "/data/organization/0001"),
    ],
)
def test_thing_redirects_by_accept(client: FlaskClient, accept: str, location: str) -> None:
    """A thing is no document: 303 leads people to its page and programs to its data."""
    response = client.get("/id/organization/0001", headers={"Accept": accept})
    assert response.status_code == 303
    assert response.headers["Location"] == location
    assert "Accept" in response.headers["Vary"]


def test_thing_with_format_redirects_to_that_format(client: FlaskClient) -> None:
    """The format parameter goes along."""
    response = client.get("/id/organization/0001?format=ntriples")
    assert response.headers["Location"] == "/data/organization/0001?format=ntriples"


@pytest.mark.parametrize(
    ("path", "media_type", "rdf_format"),
    [
        ("/data/organization/0001", "text/turtle", pyoxigraph.RdfFormat.TURTLE),
        ("/data/organization/0001.ttl", "text/turtle", pyoxigraph.RdfFormat.TURTLE),
        ("/data/organization/0001.nt", "application/n-triples", pyoxigraph.RdfFormat.N_TRIPLES),
        ("/data/organization/0001.rdf", "application/rdf+xml", pyoxigraph.RdfFormat.RDF_XML),
        (
            "/data/organization/0001?format=jsonld",
            "application/ld+json",
            pyoxigraph.RdfFormat.JSON_LD,
        ),
    ],
)
def test_data_holds_thing_and_its_claims(
    client: FlaskClient, path: str, media_type: str, rdf_format: pyoxigraph.RdfFormat
) -> None:
    """The data of a thing are its own triples, the claims about it, and where those stand."""
    response = client.get(path)
    assert (response.status_code, response.mimetype) == (200, media_type)
    triples = {
        (str(each.subject), str(each.predicate), str(each.object))
        for each in pyoxigraph.parse(response.data, rdf_format)
    }
    claim = f"<{BASE}id/claim/{DOCUMENT}/by>"
    assert (f"<{ORGANIZATION}>", f"<{PREFIXES['skos']}prefLabel>", '"Blue Brigade"@en') in triples
    assert (claim, f"<{PREFIXES['ckg']}claimObject>", f"<{ORGANIZATION}>") in triples
    positions = {subject for subject, predicate, _ in triples if predicate.endswith("oa#start>")}
    assert f"<{BASE}id/evidence/{DOCUMENT}/40-60/position>" in positions


def test_page_shows_names_with_sources(client: FlaskClient) -> None:
    """Each name says which graph or which source's claim holds it."""
    text = _page(client, "/page/organization/0001")
    assert "<h1><bdi>Blue Brigade</bdi></h1>" in text
    assert "the Blues" in text
    assert f'href="/id/claim/{DOCUMENT}/name"' in text
    assert 'href="/graph/entities"' in text


def test_page_shows_claims_with_provenance(client: FlaskClient) -> None:
    """A claim stands with its status, who makes it, through whom, where, and its review."""
    text = " ".join(_page(client, f"/page/strike/{DOCUMENT}/one").split())
    assert '<span class="badge attributed-claim">attributed claim</span>' in text
    assert "review: accepted" in text
    assert "characters 40–60" in text
    assert "Green⟨U+202E⟩Brigade" in text
    assert "through <a" in text
    assert "<b><bdi>3 to 5</bdi></b>" in text
    assert "“<bdi>three to five</bdi>”" in text


def test_page_shows_claims_from_the_other_side(client: FlaskClient) -> None:
    """An organization's page lists the claims that name it, and the claims that it makes."""
    text = _page(client, "/page/organization/0001")
    assert "Named in other claims" in text
    assert "strike at the bridge" in text
    assert "Claims as a source" in _page(client, "/page/organization/0003")


def test_page_names_a_tenure_by_its_post(client: FlaskClient) -> None:
    """A tenure has no name: the post tells which it is."""
    assert "commander of the Blue Brigade" in _page(client, "/page/person/0001")


def test_page_of_document_has_zones_and_text_order(client: FlaskClient) -> None:
    """A document's page shows its parts and its claims as they follow each other in the text."""
    text = _page(client, f"/page/document/{DOCUMENT}")
    assert "0–500" in text
    places = [text.index(f"characters {start}") for start in (10, 40, 70, 80)]
    assert places == sorted(places)


def test_page_of_claim_shows_the_claim(client: FlaskClient) -> None:
    """A claim has a page of its own that tells it whole."""
    text = _page(client, f"/page/claim/{DOCUMENT}/killed")
    assert "What is claimed" in text
    assert "3 to 5" in text


def test_page_of_much_stays_a_page(tmp_path: Path) -> None:
    """A thing with thousands of claims shows the first and says that there are more."""
    directory = write_small_store(tmp_path / "store", write_many_claims(400))
    with open_store(directory) as store:
        client = create_app(Settings(), store).test_client()
        about = _page(client, "/page/organization/0003")
        said = _page(client, "/page/organization/0002")
        whole = _page(client, f"/page/document/{DOCUMENT}")
    for text in (about, said):
        assert "Only the first 150 claims are shown" in text
        assert text.count("characters ") < 200
    assert whole.count("assessment ") >= 400


def test_page_follows_no_dangerous_link(client: FlaskClient) -> None:
    """IRIs that a browser must not follow are text; the web's are marked; markup is escaped."""
    text = _page(client, "/page/organization/0001")
    assert 'href="javascript:' not in text
    assert "javascript:alert(document.domain)" in text
    assert "<script>alert" not in text
    assert "'onclick='" not in text
    assert 'href="//' not in text
    assert 'rel="noopener noreferrer external"' in text


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("/id/organization/9999", id="unknown"),
        pytest.param("/page/organization/9999", id="page"),
        pytest.param("/data/organization/9999", id="data"),
        pytest.param(
            "/id/x%3E%20%7D%20%3B%20DELETE%20WHERE%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D", id="update"
        ),
        pytest.param("/page/x%3E%20%3Fp%20%3Fo%20%7D%20%23", id="query"),
        pytest.param("/data/x%3E%20%3Fp%20%3Fo%20%7D%20%23.ttl", id="query in data"),
        pytest.param("/id/organization%2F..%2F..%2Fetc%2Fpasswd", id="encoded slashes"),
        pytest.param("/id/../../etc/passwd", id="dots"),
        pytest.param("/id/a%00b", id="NUL"),
        pytest.param("/id/a%0d%0aX-Evil:%201", id="CR LF"),
        pytest.param("/id/%ff%fe", id="not UTF-8"),
        pytest.param("/id/" + "a" * 5_000, id="long"),
        pytest.param("/id//", id="slash"),
        pytest.param("/scheme/none-such", id="scheme"),
        pytest.param("/graph/none-such", id="graph"),
        pytest.param("/graph/x%3E%20%7D", id="graph query"),
        pytest.param("/query/none-such", id="question"),
    ],
)
def test_unknown_thing_is_not_found(client: FlaskClient, path: str) -> None:
    """No path but that of a thing finds one, and none of them does anything else."""
    response = client.get(path)
    require_problem(response, 404, "not-found")
    assert "X-Evil" not in response.headers


def test_store_is_unchanged_by_injections(client: FlaskClient) -> None:
    """After all of that every quad is still there."""
    before = json.loads(client.get("/health").data)["quads"]
    client.get("/id/x%3E%20%7D%20%3B%20DROP%20ALL%20%23")
    query = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
    response = client.get("/sparql", query_string={"query": query})
    assert json.loads(response.data)["results"]["bindings"][0]["n"]["value"] == str(before)


def test_unknown_thing_names_the_closest(client: FlaskClient) -> None:
    """A mistyped number leads to the thing that was meant."""
    body = require_problem(client.get("/id/organization/00001"), 404, "not-found")
    assert 'Did you mean "id/organization/0001"?' in str(body["detail"])


def test_unknown_thing_answers_browsers_with_page(client: FlaskClient) -> None:
    """A person gets a page, with the same status."""
    response = client.get("/id/organization/9999", headers={"Accept": HTML})
    assert (response.status_code, response.mimetype) == (404, "text/html")


def test_unknown_format_is_refused(client: FlaskClient) -> None:
    """A format that does not exist is named as a bad parameter."""
    response = client.get("/id/organization/0001?format=..%2f..%2fetc%2fpasswd")
    require_problem(response, 400, "bad-parameter")


def test_thing_in_unwanted_type_is_refused(client: FlaskClient) -> None:
    """Who wants neither a page nor RDF learns what there is."""
    response = client.get("/id/organization/0001", headers={"Accept": "image/png"})
    body = require_problem(response, 406, "not-acceptable")
    assert "text/turtle" in str(body["offered"])


# Graphs, ontology, concepts


def test_graph_is_served_whole(client: FlaskClient) -> None:
    """A graph's IRI gives its triples and no others."""
    response = client.get(f"/graph/article/{DOCUMENT}", headers={"Accept": "application/n-triples"})
    sizes = {each["iri"]: each["triples"] for each in _graph_sizes(client)}
    assert len(response.text.splitlines()) == sizes[ARTICLE_GRAPH]
    assert "Blue Brigade" not in response.text


def _graph_sizes(client: FlaskClient) -> list[dict[str, object]]:
    query = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g"
    response = client.get("/sparql", query_string={"query": query})
    rows = json.loads(response.data)["results"]["bindings"]
    return [{"iri": row["g"]["value"], "triples": int(row["n"]["value"])} for row in rows]


def test_graph_page_has_title_licence_and_contents(client: FlaskClient) -> None:
    """A graph's page says what it is, under which licence, and how much of what it holds."""
    text = _page(client, f"/graph/article/{DOCUMENT}")
    assert "Claims of: a test" in text
    assert "creativecommons.org/licenses/by/4.0" in text
    assert "count claim" in text or "CountClaim" in text


def test_graphs_are_listed(client: FlaskClient) -> None:
    """The page of sources lists every graph."""
    text = _page(client, "/graphs")
    assert f'href="/graph/article/{DOCUMENT}"' in text
    assert 'href="/graph/entities"' in text


def test_ontology_page_has_anchors(client: FlaskClient) -> None:
    """A term's hash IRI leads to its place on the page."""
    text = _page(client, "/ontology")
    assert '<section id="Organization"' in text
    assert "A body." in text
    assert '<section id="perpetrator"' in text
    assert 'href="/scheme/claim-status-fact"' in text


def test_ontology_answers_rdf(client: FlaskClient) -> None:
    """Programs get the ontology's graph."""
    response = client.get("/ontology", headers={"Accept": "text/turtle"})
    assert response.mimetype == "text/turtle"
    assert "owl:Ontology" in response.text


def test_concept_answers_at_its_own_address(client: FlaskClient) -> None:
    """A concept's IRI is its document: a page or its triples, without a detour."""
    assert "own voice" in _page(client, "/scheme/claim-status-fact")
    response = client.get("/scheme/claim-status-fact", headers={"Accept": "text/turtle"})
    assert "skos:Concept" in response.text


# The rest


def test_home_counts_what_there_is(client: FlaskClient) -> None:
    """The home page counts claims, things and graphs by asking the store."""
    text = " ".join(_page(client, "/").split())
    for counted in (
        "<b>4</b> claims",
        "<b>1</b> source document",
        "<b>3</b> organizations",
        "<b>3</b> named graphs",
    ):
        assert counted in text


def test_home_counts_once_a_release() -> None:
    """The counts are asked for once, not for every visitor."""
    from conflictkg.answers import Solutions, Stream

    def answer(text: str) -> Answer:
        one = Literal("1", PREFIXES["xsd"] + "integer")
        if "?class" in text:
            row = (Iri(PREFIXES["ckg"] + "Person"), one)
            return Solutions(("class", "things"), Stream(iter([row])))
        return Solutions(("claims", "documents"), Stream(iter([(one, one)])))

    store = FakeStore(answer)
    client = client_of(store)
    client.get("/")
    asked = len(store.asked)
    client.get("/")
    assert len(store.asked) == asked


def test_home_links_three_worked_questions(client: FlaskClient) -> None:
    """Each of the three questions on the home page is a published one."""
    text = _page(client, "/")
    linked = [each.slug for each in load_questions() if f'href="/query/{each.slug}"' in text]
    assert len(linked) == 3


@pytest.mark.parametrize("question", load_questions(), ids=lambda each: each.slug)
def test_question_runs_from_its_link(client: FlaskClient, question) -> None:  # type: ignore[no-untyped-def]  # a Question
    """Every published question has a link that runs it and shows what was asked."""
    response = client.get(
        f"/query/{question.slug}", headers={"Accept": HTML}, follow_redirects=True
    )
    assert response.status_code == 200
    assert response.text.count(f"<h1>{question.text}") == 1


def test_health_tells_release_and_size(client: FlaskClient) -> None:
    """A working server says what it serves."""
    body = json.loads(client.get("/health").data)
    assert (body["status"], body["release"], body["graphs"]) == ("ok", "test-release", 3)
    assert body["quads"] > 50


def test_health_of_broken_store_is_503() -> None:
    """A store that cannot answer makes the server unhealthy."""

    def answer(text: str) -> Answer:
        raise StoreError("the disk is gone")

    require_problem(client_of(FakeStore(answer)).get("/health"), 503, "store-unavailable")


def test_health_of_busy_store_is_busy() -> None:
    """A server at its limit is alive: nothing is gained by replacing it."""

    def answer(text: str) -> Answer:
        raise StoreBusyError("all workers are busy")

    response = client_of(FakeStore(answer)).get("/health")
    assert (response.status_code, json.loads(response.data)["status"]) == (200, "busy")


def test_shapes_are_turtle(client: FlaskClient) -> None:
    """The shapes can be read from the server."""
    response = client.get("/shapes")
    assert response.mimetype == "text/turtle"
    assert list(pyoxigraph.parse(response.data, pyoxigraph.RdfFormat.TURTLE))


def test_robots_leave_queries_alone(client: FlaskClient) -> None:
    """Crawlers are asked not to run queries."""
    assert "Disallow: /sparql" in client.get("/robots.txt").text


@pytest.mark.parametrize(
    "path", ["/id/organization/0001", "/page/organization/0001", "/health", "/ontology"]
)
def test_head_is_answered_as_get(client: FlaskClient, path: str) -> None:
    """HEAD gives what GET gives, without a body."""
    got, head = client.get(path), client.head(path)
    assert (head.status_code, head.data) == (got.status_code, b"")


def test_server_below_a_path_links_below_it(client: FlaskClient) -> None:
    """Behind a proxy that serves it under a path, every link stays under that path."""
    text = client.get(
        "/page/organization/0001",
        headers={"Accept": HTML},
        environ_overrides={"SCRIPT_NAME": "/kg"},
    ).text
    links = [part.split('"')[0] for part in text.split('href="')[1:]]
    assert [each for each in links if each.startswith("/") and not each.startswith("/kg/")] == []


@given(iri=st.text(max_size=40).map("http://example.org/{}".format))
def test_labels_are_asked_for_whole_iris_only(iri: str) -> None:
    """An IRI that holds what would end it in a query is left out of the query, not written into it."""
    from conflictkg.answers import Solutions, Stream
    from conflictkg.web.site import Site

    store = FakeStore(lambda _: Solutions(("thing", "label", "rank"), Stream(iter(()))))
    Site(Settings(), store, ()).labels_of([iri])
    texts = [str(each["text"]) for each in store.asked]
    is_whole = not set(iri) & set('<>"{}|^`\\') and all(each > " " for each in iri)
    if is_whole and iri.isascii():
        assert f"<{iri}>" in texts[0]
    if not is_whole:
        assert not any(iri in text for text in texts)
    assert all(text.count("{") == text.count("}") for text in texts)
    assert all(text.count("<") == text.count(">") for text in texts)
