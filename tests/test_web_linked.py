"""Linked data over HTTP: the description of the store, things by their own IRI, public mode."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph
import pytest
import small_store
from flask.testing import FlaskClient
from web_support import (
    ARTICLE_GRAPH,
    HTML,
    ORGANIZATION,
    FakeStore,
    client_of,
    require_problem,
    write_small_store,
)
from werkzeug.test import Client, TestResponse

from conflictkg.answers import Answer
from conflictkg.build import build_store
from conflictkg.config import Settings
from conflictkg.describe import load_counts
from conflictkg.describe.catalogue import DATASET
from conflictkg.errors import ConfigError, QueryTimeoutError
from conflictkg.iris import BASE
from conflictkg.questions import load_questions
from conflictkg.store import open_store
from conflictkg.terms import PREFIXES
from conflictkg.views import ASSERTED_GRAPH
from conflictkg.web import create_app
from conflictkg.web.reloading import Reloading

VOID = "/.well-known/void"
OPEN = BASE + "graph/open"
_PROLOGUE = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of an application over a small real store."""
    directory = write_small_store(tmp_path_factory.mktemp("linked") / "store")
    with open_store(directory) as store:
        yield create_app(Settings(), store).test_client()


def _ask(response: TestResponse, query: str) -> list[tuple[str, ...]]:
    """Ask what an answer in Turtle says."""
    assert response.status_code == 200, response.text
    held = pyoxigraph.Store()
    held.load(response.data, pyoxigraph.RdfFormat.TURTLE)
    found = held.query(_PROLOGUE + query)
    assert isinstance(found, pyoxigraph.QuerySolutions)
    return sorted(tuple(term.value for term in row) for row in found)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/turtle", "text/turtle"),
        ("application/ld+json", "application/ld+json"),
        ("application/n-triples;q=0.9, text/turtle;q=0.1", "application/n-triples"),
        (HTML, "text/turtle"),
        (None, "text/turtle"),
    ],
)
def test_description_comes_as_the_client_prefers(
    client: FlaskClient, accept: str | None, media_type: str
) -> None:
    """In any format of RDF, Turtle by default; its length and tag by HEAD too."""
    headers = {"Accept": accept} if accept else {}
    response = client.get(VOID, headers=headers)
    assert (response.status_code, response.mimetype) == (200, media_type)
    assert "Accept" in response.headers["Vary"]
    head = client.head(VOID, headers=headers)
    assert (head.status_code, head.data) == (200, b"")
    assert head.headers["ETag"] == response.headers["ETag"]


def test_description_is_not_written_as_an_image(client: FlaskClient) -> None:
    """406 says what is offered."""
    body = require_problem(client.get(VOID, headers={"Accept": "image/png"}), 406, "not-acceptable")
    assert "text/turtle" in str(body["offered"])


def test_description_is_revalidated_by_its_tag(client: FlaskClient) -> None:
    """304 without the description, as long as the release is the same."""
    tag = client.get(VOID).headers["ETag"]
    again = client.get(VOID, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get(VOID, headers={"If-None-Match": tag, "Accept": "application/ld+json"})
    assert other.status_code == 200


def _addresses() -> list[str]:
    thing, graph = (each.removeprefix(BASE) for each in (ORGANIZATION, ARTICLE_GRAPH))
    return [
        f"/data/{thing.removeprefix('id/')}.ttl",
        f"/{graph}?format=nt",
        "/ontology?format=turtle",
    ]


@pytest.mark.parametrize("address", _addresses())
def test_data_and_graphs_are_revalidated_by_their_tags(client: FlaskClient, address: str) -> None:
    """As answers to queries are: strong tags, and 304 to whoever has the same already."""
    first = client.get(address)
    assert first.status_code == 200, first.text
    tag = first.headers["ETag"]
    assert not tag.startswith("W/")
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = client.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("address", _addresses())
def test_data_and_graphs_count_as_queries(tmp_path: Path, address: str) -> None:
    """Who has used up what a client gets is turned away there too."""
    directory = write_small_store(tmp_path / "store")
    settings = Settings(client_budget_s=1e-6, client_refill=1e-6)
    with open_store(directory) as store:
        client = create_app(settings, store).test_client()
        stranger = {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}}
        assert client.get(address, **stranger).status_code == 200
        require_problem(client.get(address, **stranger), 429, "too-many-queries")


def test_description_names_graphs_with_title_and_licence(client: FlaskClient) -> None:
    """What a graph says of itself, and how much is in it."""
    response = client.get(VOID)
    assert _ask(
        response,
        f"SELECT ?t ?l {{ <{ARTICLE_GRAPH}> a dcat:Dataset, void:Dataset ; dct:title ?t ; dct:license ?l }}",
    ) == [("Claims of: a test", "https://creativecommons.org/licenses/by/4.0/")]
    assert _ask(response, f"SELECT ?e {{ <{DATASET}> void:exampleResource ?e }}") == [
        (ORGANIZATION,)
    ]
    assert _ask(response, f"SELECT ?e {{ <{DATASET}> void:sparqlEndpoint ?e }}") == [
        ("http://localhost/sparql",)
    ]


def test_description_gives_public_addresses(tmp_path: Path) -> None:
    """With a base IRI, addresses are those of the world, whatever Host a request has."""
    with open_store(write_small_store(tmp_path / "store")) as store:
        app = create_app(Settings(base_iri="https://kg.example.org/"), store)
        response = app.test_client().get(VOID, headers={"Host": "evil.example"})
    assert "evil.example" not in response.text
    endpoints = _ask(response, f"SELECT ?e {{ <{DATASET}> void:sparqlEndpoint ?e }}")
    assert endpoints == [("https://kg.example.org/sparql",)]


@pytest.mark.parametrize("path", [VOID, "/sparql"])
def test_prefixes_and_questions_are_described(client: FlaskClient, path: str) -> None:
    """Each prefix is declared once, and each question is there with its text and where to ask it."""
    response = client.get(path, headers={"Accept": "text/turtle"})
    declared = _ask(
        response,
        "SELECT ?p ?n { ?o sh:declare [ a sh:PrefixDeclaration ; sh:prefix ?p ; sh:namespace ?n ] }",
    )
    assert declared == sorted(PREFIXES.items())
    questions = _ask(
        response,
        """SELECT ?q ?text ?target { ?q a sh:SPARQLExecutable ; <https://schema.org/target> ?target .
          { ?q sh:select ?text } UNION { ?q sh:ask ?text } UNION { ?q sh:construct ?text } }""",
    )
    expected = [(each.iri, each.sparql, "http://localhost/sparql") for each in load_questions()]
    assert questions == sorted(expected)


def test_description_that_takes_too_long_is_not_tried_again_at_once() -> None:
    """Who asks again and again does not have the store counted each time."""

    def stop(text: str) -> Answer:
        raise QueryTimeoutError(1)

    store = FakeStore(stop)
    client = client_of(store)
    require_problem(client.get(VOID), 503, "query-timeout")
    asked = len(store.asked)
    require_problem(client.get(VOID), 503, "query-timeout")
    assert len(store.asked) == asked


# Things by their own IRI


@pytest.mark.parametrize("base_iri", ["", "https://w3id.org/conflictkg/"])
def test_thing_leads_to_the_server_at_hand(tmp_path: Path, base_iri: str) -> None:
    """Whether it is reached by localhost or by its public name: never away from it."""
    with open_store(write_small_store(tmp_path / "store")) as store:
        client = create_app(Settings(base_iri=base_iri), store).test_client()
        for accept, target in (
            (HTML, "/page/organization/0001"),
            ("text/turtle", "/data/organization/0001"),
        ):
            response = client.head("/id/organization/0001", headers={"Accept": accept})
            assert (response.status_code, response.headers["Location"]) == (303, target)
            assert "Accept" in response.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["a%0d%0aSet-Cookie:x=1", "%2f%2fevil.example", "a%00", "..%2f..%2fx"]
)
def test_no_address_breaks_out_of_the_header(client: FlaskClient, path: str) -> None:
    """What is not ours is not found; nothing of it becomes a header or another host."""
    response = client.get(f"/id/{path}")
    require_problem(response, 404, "not-found")
    assert "Set-Cookie" not in response.headers
    assert "Location" not in response.headers


def test_page_of_graphs_leads_to_dumps_and_description(client: FlaskClient) -> None:
    """Both are found without knowing of them."""
    text = client.get("/graphs", headers={"Accept": HTML}).text
    assert 'href="/dumps"' in text
    assert f'href="{VOID}"' in text


# Public mode


def _notice(graph: str, value: str) -> str:
    return (
        f"<{graph}> <{PREFIXES['rdf']}type> <{PREFIXES['ckg']}NamedGraph> .\n"
        f'<{graph}> <{PREFIXES["ckg"]}redistribution> "{value}"^^<{PREFIXES["xsd"]}boolean> .\n'
    )


def test_public_server_starts_on_what_may_be_passed_on(tmp_path: Path) -> None:
    """On such a store it is as any other."""
    directory = small_store.write_small_store(tmp_path / "s", {OPEN: _notice(OPEN, "true")})
    with open_store(directory) as store:
        client = create_app(Settings(public=True), store).test_client()
        assert client.get("/health").status_code == 200


def test_public_server_does_not_start_on_another_store(tmp_path: Path) -> None:
    """The graph is named, and what to do."""
    closed = BASE + "graph/closed"
    graphs = {OPEN: _notice(OPEN, "true"), closed: _notice(closed, "false")}
    directory = small_store.write_small_store(tmp_path / "s", graphs)
    with open_store(directory) as store:
        with pytest.raises(ConfigError, match=f"{closed}.*build --public"):
            create_app(Settings(public=True), store)
        create_app(Settings(), store)


def test_public_build_leaves_out_what_may_not_be_passed_on(tmp_path: Path) -> None:
    """A public server starts on it, and nothing of what was left out is in views or consequences."""
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    for name, may in (("open", "true"), ("closed", "false")):
        own = f"<http://example.org/{name}-"
        (tmp_path / f"{name}.ttl").write_text(
            f"""{head} <{BASE}graph/{name}> a ckg:NamedGraph ; ckg:redistribution {may} .
            {own}child> a ckg:Organization . {own}parent> a ckg:Organization .
            {own}relation> a ckg:GroupRelation ; ckg:child {own}child> ; ckg:parent {own}parent> ;
              ckg:relationType cs:relation-type-subgroup-of ; ckg:polarity cs:polarity-affirmed ;
              ckg:reviewStatus cs:review-status-accepted ; ckg:modality cs:modality-actual ;
              ckg:claimStatus cs:claim-status-fact ."""
        )
    inputs = [tmp_path / "open.ttl", tmp_path / "closed.ttl"]
    for name, public in (("whole", False), ("public", True)):
        build_store(inputs, tmp_path / name, validate=False, public=public)
        with open_store(tmp_path / name) as store:
            client = create_app(Settings(), store).test_client()
            query = "SELECT * { GRAPH ?g { ?s ?p ?o } FILTER(CONTAINS(STR(?s), 'closed')) }"
            found = client.get("/sparql", query_string={"query": query}).json
            assert found is not None
            assert bool(found["results"]["bindings"]) is not public
            query = (
                f"ASK {{ GRAPH <{ASSERTED_GRAPH}> {{ <http://example.org/open-child> ?p ?o }} }}"
            )
            found = client.get("/sparql", query_string={"query": query}).json
            assert found is not None
            assert found["boolean"]
            assert load_counts(store) is not None
            if public:
                create_app(Settings(public=True), store)
            else:
                with pytest.raises(ConfigError):
                    create_app(Settings(public=True), store)


def test_public_server_is_not_editable(tmp_path: Path) -> None:
    """Nobody can write into it what may not be passed on."""
    directory = small_store.write_small_store(tmp_path / "s", {OPEN: _notice(OPEN, "true")})
    with open_store(directory) as store, pytest.raises(ConfigError, match="not editable"):
        create_app(Settings(public=True, editable=True), store)


def test_public_server_ends_when_its_store_is_no_longer_public(tmp_path: Path) -> None:
    """Whoever changes it beside the server: nothing is answered from then on, and it is not said what it is."""
    closed = BASE + "graph/closed"
    directory = small_store.write_small_store(tmp_path / "s", {OPEN: _notice(OPEN, "true")})
    with open_store(directory, editable=True) as store:
        client = create_app(Settings(public=True), store).test_client()
        store.update(f"INSERT DATA {{ GRAPH <{closed}> {{ {_notice(closed, 'false')} }} }}")
        for path in ("/sparql?query=ASK%7B%7D", "/graphs", "/dumps", VOID, "/health", "/"):
            response = client.get(path)
            body = require_problem(response, 503, "store-unavailable")
            assert "closed" not in response.text
            assert body["requestId"] == response.headers["X-Request-Id"]
        store.update(f"DROP GRAPH <{closed}>")
        assert client.get("/health").status_code == 200


def test_public_server_does_not_go_over_to_a_build_that_is_not_public(tmp_path: Path) -> None:
    """The one that may be passed on is served on, until there is another such."""
    closed, place = BASE + "graph/closed", tmp_path / "s"
    allowed = {OPEN: _notice(OPEN, "true")}
    small_store.write_small_store(place, allowed, "r1")
    app = Reloading(
        place,
        lambda: open_store(place),
        lambda store, before: create_app(Settings(public=True), store, before),
    )
    small_store.write_small_store(place, {**allowed, closed: _notice(closed, "false")}, "r2")
    assert not app.reload()
    response = Client(app).get("/graphs", headers={"Accept": "text/html"})
    assert (response.status_code, closed in response.text) == (200, False)
    assert OPEN in response.text
    small_store.write_small_store(place, allowed, "r3")
    assert app.reload()
    app.close()
