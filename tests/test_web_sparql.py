"""The endpoint: what is asked and how, and how the answer comes."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode
from xml.etree import ElementTree as ET

import pyoxigraph
import pytest
from flask.testing import FlaskClient
from web_support import (
    ARTICLE_GRAPH,
    HTML,
    FakeStore,
    client_of,
    require_problem,
    write_small_store,
)

from conflictkg.answers import Boolean, Iri, Literal, Row, Solutions, Stream
from conflictkg.config import Settings
from conflictkg.errors import QueryTimeoutError
from conflictkg.store import open_store
from conflictkg.web import create_app
from conflictkg.web.responses import HELD_BACK, AnswerCutError

ASK = quote("ASK {}")
LABELS = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?label WHERE { ?s skos:prefLabel ?label FILTER(STRSTARTS(?label, "Blue")) }"""
GRAPH = """PREFIX ckg: <https://w3id.org/conflictkg/ontology#>
CONSTRUCT { ?s a ckg:Strike } WHERE { ?s a ckg:Strike }"""
QUERY_TYPE = "application/sparql-query"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A client of an application over a small real store."""
    directory = write_small_store(tmp_path_factory.mktemp("web") / "store")
    with open_store(directory) as store:
        yield create_app(Settings(max_query_bytes=2_000), store).test_client()


# How a query comes


def _by_get(client: FlaskClient, query: str) -> bytes:
    return client.get("/sparql", query_string={"query": query}).get_data()


def _by_form(client: FlaskClient, query: str) -> bytes:
    return client.post("/sparql", data={"query": query}).get_data()


def _by_form_with_charset(client: FlaskClient, query: str) -> bytes:
    content_type = "application/x-www-form-urlencoded; charset=UTF-8"
    return client.post(
        "/sparql", data=urlencode({"query": query}), content_type=content_type
    ).get_data()


def _direct(client: FlaskClient, query: str) -> bytes:
    return client.post("/sparql", data=query.encode(), content_type=QUERY_TYPE).get_data()


@pytest.mark.parametrize("send", [_by_get, _by_form, _by_form_with_charset, _direct])
def test_query_is_answered_however_it_comes(client: FlaskClient, send) -> None:  # type: ignore[no-untyped-def]  # one of four functions above
    """GET, a form and a direct POST give the same rows."""
    bindings = json.loads(send(client, LABELS))["results"]["bindings"]
    assert [row["label"]["value"] for row in bindings] == ["Blue Brigade"]


@pytest.mark.parametrize(
    ("request_of", "status", "slug"),
    [
        pytest.param({"path": "/sparql"}, 400, "missing-query", id="nothing"),
        pytest.param({"path": "/sparql?query="}, 400, "missing-query", id="empty"),
        pytest.param({"path": "/sparql?query=%20"}, 400, "missing-query", id="blank"),
        pytest.param({"path": "/sparql?quarry=x"}, 400, "missing-query", id="misspelt"),
        pytest.param(
            {"path": "/sparql", "method": "POST", "data": {"x": "y"}},
            400,
            "missing-query",
            id="form",
        ),
        pytest.param(
            {"path": f"/sparql?query={ASK}&query={ASK}"}, 400, "duplicate-parameter", id="twice"
        ),
        pytest.param(
            {"path": "/sparql", "method": "POST", "data": {"query": "ASK {}", "update": "x"}},
            400,
            "ambiguous-operation",
            id="query and update",
        ),
        pytest.param(
            {
                "path": f"/sparql?query={ASK}",
                "method": "POST",
                "data": b"ASK {}",
                "content_type": QUERY_TYPE,
            },
            400,
            "ambiguous-operation",
            id="in address and body",
        ),
        pytest.param(
            {"path": "/sparql?update=CLEAR%20ALL"}, 405, "method-not-allowed", id="update by GET"
        ),
        pytest.param(
            {"path": "/sparql", "method": "POST", "data": {"update": "CLEAR ALL"}},
            403,
            "updates-disabled",
            id="update form",
        ),
        pytest.param(
            {
                "path": "/sparql",
                "method": "POST",
                "data": b"CLEAR ALL",
                "content_type": "application/sparql-update",
            },
            403,
            "updates-disabled",
            id="direct update",
        ),
        pytest.param(
            {"path": "/sparql?query=INSERT%20DATA%20%7B%7D"},
            403,
            "updates-disabled",
            id="update as query",
        ),
        pytest.param(
            {"path": "/sparql", "method": "POST", "data": b"ASK {}", "content_type": "text/plain"},
            415,
            "unsupported-media-type",
            id="text/plain",
        ),
        pytest.param(
            {"path": "/sparql", "method": "POST", "data": b"ASK {}"},
            415,
            "unsupported-media-type",
            id="no type",
        ),
        pytest.param(
            {
                "path": "/sparql",
                "method": "POST",
                "data": "ASK {}".encode("utf-16"),
                "content_type": QUERY_TYPE + "; charset=utf-16",
            },
            415,
            "unsupported-media-type",
            id="UTF-16",
        ),
        pytest.param(
            {
                "path": "/sparql",
                "method": "POST",
                "data": b"\x1f\x8b\x08",
                "content_type": QUERY_TYPE,
                "headers": {"Content-Encoding": "gzip"},
            },
            415,
            "unsupported-encoding",
            id="gzip",
        ),
        pytest.param(
            {
                "path": "/sparql",
                "method": "POST",
                "data": b"ASK {}\n# \xff",
                "content_type": QUERY_TYPE,
            },
            400,
            "bad-encoding",
            id="bytes",
        ),
        pytest.param({"path": "/sparql?query=ASK%FF"}, 400, "bad-encoding", id="percent"),
        pytest.param(
            {"path": "/sparql", "method": "POST", "data": "a=1&" * 2_000 + "query=ASK%7B%7D"}
            | {"content_type": "application/x-www-form-urlencoded"},
            400,
            "too-many-parameters",
            id="parameters",
        ),
        pytest.param(
            {"path": f"/sparql?query={ASK}%23{'a' * 3_000}"}, 413, "query-too-large", id="long get"
        ),
        pytest.param(
            {
                "path": "/sparql",
                "method": "POST",
                "data": b"ASK {}#" + b"a" * 3_000,
                "content_type": QUERY_TYPE,
            },
            413,
            "query-too-large",
            id="long post",
        ),
        pytest.param(
            {
                "path": "/sparql",
                "method": "POST",
                "data": b"ASK {}#" + b"a" * 900_000,
                "content_type": QUERY_TYPE,
            },
            413,
            "query-too-large",
            id="very long post",
        ),
        pytest.param(
            {"path": f"/sparql?query={ASK}&default-graph-uri=not%20an%20iri"},
            400,
            "bad-parameter",
            id="graph no IRI",
        ),
        pytest.param(
            {"path": f"/sparql?query={ASK}&named-graph-uri=relative"},
            400,
            "bad-parameter",
            id="graph relative",
        ),
        pytest.param(
            {"path": f"/sparql?query={ASK}&format=../../etc/passwd"},
            400,
            "bad-parameter",
            id="format unknown",
        ),
        pytest.param(
            {"path": f"/sparql?query={ASK}&format=turtle"},
            406,
            "not-acceptable",
            id="format of graphs",
        ),
        pytest.param(
            {"path": f"/sparql?query={ASK}", "headers": {"Accept": "image/png"}},
            406,
            "not-acceptable",
            id="png",
        ),
        pytest.param(
            {"path": f"/sparql?query={quote(GRAPH)}", "headers": {"Accept": "text/csv"}},
            406,
            "not-acceptable",
            id="CSV of a graph",
        ),
        pytest.param(
            {"path": "/sparql?query=SELECT%20*%20%7B%20%3Fs%20"}, 400, "sparql-syntax", id="syntax"
        ),
        pytest.param(
            {"path": f"/sparql?query={quote('SELECT * { SERVICE <http://127.0.0.1/> {} }')}"},
            403,
            "federation-disabled",
            id="SERVICE",
        ),
        pytest.param(
            {"path": f"/sparql?query={quote('LOAD <http://127.0.0.1/>')}"},
            403,
            "load-disabled",
            id="LOAD",
        ),
        pytest.param(
            {"path": f"/sparql?query={quote('ASK FROM <http://127.0.0.1/x> {}')}"},
            400,
            "unknown-graph",
            id="FROM outside",
        ),
        pytest.param(
            {"path": f"/sparql?query={ASK}&default-graph-uri=file:///etc/passwd"},
            400,
            "unknown-graph",
            id="graph outside",
        ),
    ],
)
def test_bad_request_is_refused_with_reason(
    client: FlaskClient, request_of: dict[str, object], status: int, slug: str
) -> None:
    """Each request that cannot be answered gets its own problem type."""
    require_problem(client.open(**request_of), status, slug)  # type: ignore[arg-type]  # a table of keywords


def test_syntax_error_has_position(client: FlaskClient) -> None:
    """A query that cannot be read is answered with line and column."""
    response = client.get("/sparql", query_string={"query": "SELECT *\nWHERE {\n  ?s no:p ?o\n}"})
    body = require_problem(response, 400, "sparql-syntax")
    assert (body["line"], body["column"]) == (3, 6)


def test_refused_construct_has_line(client: FlaskClient) -> None:
    """A refused SERVICE is named with the line that it stands on."""
    response = client.get("/sparql", query_string={"query": "SELECT * {\nSERVICE <http://x/> {} }"})
    body = require_problem(response, 403, "federation-disabled")
    assert (body["construct"], body["line"]) == ("SERVICE", 2)


def test_unsupported_type_lists_types(client: FlaskClient) -> None:
    """A 415 says what may be posted."""
    response = client.post("/sparql", data=b"x", content_type="text/plain")
    assert QUERY_TYPE in response.headers["Accept-Post"]


def test_deadline_is_a_problem(tmp_path: Path) -> None:
    """A query that runs too long ends in 503 with the deadline, not in an empty answer."""
    with open_store(write_small_store(tmp_path / "store")) as store:
        client = create_app(Settings(query_timeout_s=0.2), store).test_client()
        pattern = " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(8))
        query = f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}"
        response = client.get("/sparql", query_string={"query": query})
    body = require_problem(response, 503, "query-timeout")
    assert body["timeoutSeconds"] == 0.2


# How the answer comes


def test_select_in_every_format(client: FlaskClient) -> None:
    """The same row is read back from JSON, XML, CSV and TSV."""

    def get(name: str) -> bytes:
        return client.get("/sparql", query_string={"query": LABELS, "format": name}).get_data()

    assert json.loads(get("json"))["results"]["bindings"][0]["label"]["xml:lang"] == "en"
    namespace = "{http://www.w3.org/2005/sparql-results#}"
    literal = ET.fromstring(get("xml")).find(f".//{namespace}literal")  # noqa: S314  our own output
    assert literal is not None
    assert literal.text == "Blue Brigade"
    assert list(csv.reader(io.StringIO(get("csv").decode()))) == [["label"], ["Blue Brigade"]]
    assert get("tsv").decode() == '?label\n"Blue Brigade"@en\n'


@pytest.mark.parametrize(
    ("accept", "media_type", "rdf_format"),
    [
        (None, "text/turtle", pyoxigraph.RdfFormat.TURTLE),
        ("text/turtle", "text/turtle", pyoxigraph.RdfFormat.TURTLE),
        ("application/n-triples", "application/n-triples", pyoxigraph.RdfFormat.N_TRIPLES),
        ("application/rdf+xml", "application/rdf+xml", pyoxigraph.RdfFormat.RDF_XML),
        ('application/ld+json;profile="x"', "application/ld+json", pyoxigraph.RdfFormat.JSON_LD),
    ],
)
def test_construct_in_every_format(
    client: FlaskClient, accept: str | None, media_type: str, rdf_format: pyoxigraph.RdfFormat
) -> None:
    """The same triple is read back from every RDF format."""
    headers = {"Accept": accept} if accept else {}
    response = client.get("/sparql", query_string={"query": GRAPH}, headers=headers)
    assert response.mimetype == media_type
    (quad,) = pyoxigraph.parse(response.data, rdf_format)
    assert str(quad.object) == "<https://w3id.org/conflictkg/ontology#Strike>"


@pytest.mark.parametrize(
    ("query", "expected"), [("ASK {}", True), ("ASK { <http://no> <http://no> ?o }", False)]
)
def test_ask_is_a_boolean(client: FlaskClient, query: str, expected: bool) -> None:
    """ASK is answered true or false."""
    response = client.get("/sparql", query_string={"query": query})
    assert json.loads(response.data)["boolean"] is expected


def test_answer_says_that_it_depends_on_accept(client: FlaskClient) -> None:
    """A cache must not hand Turtle to a browser."""
    response = client.get(f"/sparql?query={ASK}")
    assert "Accept" in response.headers["Vary"]


def test_answer_names_its_release(client: FlaskClient) -> None:
    """Each answer says which build it comes from."""
    assert client.get(f"/sparql?query={ASK}").headers["Conflictkg-Release"] == "test-release"


def test_csv_keeps_values_as_they_are(client: FlaskClient) -> None:
    """SPARQL's CSV is not altered for spreadsheets; it comes as a download that nothing guesses at."""
    query = 'SELECT ?x { ?s ?p ?x FILTER(isLiteral(?x) && STRSTARTS(?x, "=")) }'
    response = client.get("/sparql", query_string={"query": query, "format": "csv"})
    assert response.data.decode() == 'x\r\n"=HYPERLINK(""http://example.org/"")"\r\n'
    assert response.headers["Content-Disposition"] == 'attachment; filename="results.csv"'
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_default_graph_is_chosen_by_parameter(client: FlaskClient) -> None:
    """default-graph-uri restricts the query to that graph."""
    query = "SELECT (COUNT(*) AS ?n) { ?s a <https://w3id.org/conflictkg/ontology#Organization> }"
    counts = []
    for graphs in ({}, {"default-graph-uri": ARTICLE_GRAPH}):
        response = client.get("/sparql", query_string={"query": query, **graphs})
        counts.append(json.loads(response.data)["results"]["bindings"][0]["n"]["value"])
    assert counts == ["3", "0"]


def test_graph_parameters_reach_the_store() -> None:
    """All graphs that are named are passed on, from address and form alike."""
    store = FakeStore()
    client_of(store).post(
        "/sparql?default-graph-uri=http://a/1&default-graph-uri=http://a/2",
        data={"query": "ASK {}", "named-graph-uri": "http://a/3"},
    )
    assert store.asked[0]["default_graphs"] == ("http://a/1", "http://a/2")
    assert store.asked[0]["named_graphs"] == ("http://a/3",)


def test_settings_bound_every_query() -> None:
    """A stranger's query runs under the deadline and the row limit that were set."""
    store = FakeStore()
    client_of(store, query_timeout_s=7.0, max_rows=9).get(f"/sparql?query={ASK}")
    assert (store.asked[0]["deadline_s"], store.asked[0]["max_rows"]) == (7.0, 9)


def test_head_has_headers_only(client: FlaskClient) -> None:
    """HEAD answers as GET does, without a body."""
    response = client.head(f"/sparql?query={ASK}")
    assert (response.status_code, response.data) == (200, b"")
    assert response.mimetype == "application/sparql-results+json"


def test_options_lets_other_sites_read(client: FlaskClient) -> None:
    """A preflight is answered for reading, without credentials."""
    response = client.options(
        "/sparql",
        headers={"Origin": "https://any.example", "Access-Control-Request-Method": "POST"},
    )
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" not in response.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in response.headers


# Whether the answer is whole


def _rows(count: int, *, cut: bool = False, width: int = 20) -> Iterator[Row]:
    for number in range(count):
        yield (Iri(f"http://example.org/{number:0{width}d}"),)
    # Streams read a returned False as "a limit cut them off".
    return not cut  # type: ignore[return-value]


def _solutions(count: int, *, cut: bool = False, width: int = 20) -> FakeStore:
    return FakeStore(lambda _: Solutions(("x",), Stream(_rows(count, cut=cut, width=width))))


def test_whole_answer_says_so(client: FlaskClient) -> None:
    """An answer that is all there is says that it is complete."""
    response = client.get("/sparql", query_string={"query": LABELS})
    assert response.headers["Conflictkg-Complete"] == "true"


def test_answer_cut_by_row_limit_says_so(tmp_path: Path) -> None:
    """A row limit is told in a header: an answer is never silently short."""
    with open_store(write_small_store(tmp_path / "store")) as store:
        client = create_app(Settings(max_rows=5), store).test_client()
        response = client.get("/sparql", query_string={"query": "SELECT * { ?s ?p ?o }"})
    assert len(json.loads(response.data)["results"]["bindings"]) == 5
    assert response.headers["Conflictkg-Complete"] == "false; reason=row-limit"


def test_large_answer_comes_whole() -> None:
    """An answer beyond what is held back comes piece by piece and ends well."""
    count = HELD_BACK // 20
    response = client_of(_solutions(count)).get("/sparql?query=x&format=csv")
    assert response.data.count(b"\r\n") == count + 1
    assert response.headers["Conflictkg-Complete"].startswith("unknown; row-limit=")


def test_large_answer_cut_late_breaks_off() -> None:
    """A row limit after the beginning was sent raises, so that the server cuts the connection."""
    store = _solutions(HELD_BACK // 20, cut=True)
    response = client_of(store).get("/sparql?query=x&format=csv", buffered=False)
    with pytest.raises(AnswerCutError):
        list(response.response)


def test_answer_is_closed_when_client_leaves() -> None:
    """The query behind a response that is dropped is stopped."""
    closed: list[bool] = []
    stream = Stream(_rows(HELD_BACK // 20), lambda: closed.append(True))
    store = FakeStore(lambda _: Solutions(("x",), stream))
    response = client_of(store).get("/sparql?query=x", buffered=False)
    next(iter(response.response))
    assert not closed
    response.close()
    assert closed


@pytest.mark.parametrize("path", ["/sparql?query=x&format=turtle", "/sparql?query=x&format=nope"])
def test_answer_is_closed_when_refused(path: str) -> None:
    """A query whose answer cannot be written in the format asked for is stopped."""
    closed: list[bool] = []
    stream = Stream(_rows(3), lambda: closed.append(True))
    client_of(FakeStore(lambda _: Solutions(("x",), stream))).get(path)
    assert closed


def test_error_before_first_part_is_a_problem() -> None:
    """A deadline that comes while the first rows are read still gets its own status."""

    def rows() -> Iterator[Row]:
        yield (Iri("http://example.org/1"),)
        raise QueryTimeoutError(30)

    store = FakeStore(lambda _: Solutions(("x",), Stream(rows())))
    require_problem(client_of(store).get("/sparql?query=x"), 503, "query-timeout")


# Without a query


def test_browser_without_query_gets_form(client: FlaskClient) -> None:
    """A person at /sparql gets the query page."""
    response = client.get("/sparql", headers={"Accept": HTML})
    assert response.status_code == 200
    assert '<textarea id="query"' in response.text


@pytest.mark.parametrize("accept", ["text/turtle", "application/rdf+xml", "application/ld+json"])
def test_rdf_client_without_query_gets_description(client: FlaskClient, accept: str) -> None:
    """A client that asks for RDF learns what the service is."""
    response = client.get("/sparql", headers={"Accept": accept})
    assert (response.status_code, response.mimetype) == (200, accept)


def test_description_names_language_and_graphs(client: FlaskClient) -> None:
    """The service description says SPARQL 1.1 Query and lists each graph with its size."""
    response = client.get("/sparql", headers={"Accept": "application/n-triples"})
    text = response.text
    service = "http://www.w3.org/ns/sparql-service-description#"
    assert f"<{service}supportedLanguage> <{service}SPARQL11Query>" in text
    assert f"<{service}name> <{ARTICLE_GRAPH}>" in text
    assert text.count("<http://rdfs.org/ns/void#triples>") == 3
    assert "<http://localhost/sparql>" in text


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/sparql-results+json"])
def test_program_without_query_is_told(client: FlaskClient, accept: str) -> None:
    """A SPARQL client that forgot its query learns how to send one."""
    body = require_problem(client.get("/sparql", headers={"Accept": accept}), 400, "missing-query")
    assert QUERY_TYPE in str(body["detail"])


# The query page


def test_page_shows_rows_with_links(client: FlaskClient) -> None:
    """Things are linked on this server, literals carry their language quietly."""
    query = """PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
SELECT ?s ?l { ?s skos:prefLabel ?l FILTER(STRSTARTS(?l, "Blue")) }"""
    text = client.get("/sparql", query_string={"query": query}, headers={"Accept": HTML}).text
    assert 'href="/id/organization/0001"' in text
    assert "<bdi>Blue Brigade</bdi>" in text
    assert '<span class="tag">en</span>' in text
    assert "1 row, in" in text


def test_page_links_every_format(client: FlaskClient) -> None:
    """The same answer is one link away in each format, and the page has a link to itself."""
    response = client.get("/sparql", query_string={"query": "ASK {}"}, headers={"Accept": HTML})
    assert "Yes" in response.text
    for name in ("json", "xml"):
        assert f'href="?query=ASK+%7B%7D&amp;format={name}"' in response.text
    assert 'href="?query=ASK+%7B%7D"' in response.text


def test_page_shows_error_with_caret(client: FlaskClient) -> None:
    """A person sees the line that is wrong, carets under the place, and the query as it was."""
    query = "SELECT *\nWHERE {\n\t?s no:p ?o\n}"
    response = client.get("/sparql", query_string={"query": query}, headers={"Accept": HTML})
    assert response.status_code == 400
    assert '\t?s no:p ?o\n<span class="caret">\t   ^^^</span>' in response.text
    assert "SELECT *\nWHERE {" in response.text


def test_page_is_cut_and_says_so() -> None:
    """A page shows the first thousand rows and tells that there are more."""
    response = client_of(_solutions(1_500)).get("/sparql?query=x", headers={"Accept": HTML})
    assert "only the first 1,000 rows" in response.text
    assert response.headers["Conflictkg-Complete"] == "false; reason=row-limit"


@pytest.mark.parametrize(
    "term",
    [
        Literal("<script>alert(1)</script>"),
        Literal("<b onmouseover=alert(1)>", "http://www.w3.org/1999/02/22-rdf-syntax-ns#HTML"),
        Iri("javascript:alert(1)"),
        Iri("http://x/'onclick='alert(1)"),
        Iri('http://x/"><script>alert(1)</script>'),
    ],
)
def test_page_escapes_every_term(term: Iri | Literal) -> None:
    """No term of the data becomes markup, an attribute or a script link."""
    store = FakeStore(lambda _: Solutions(("x",), Stream(iter([(term,)]))))
    text = client_of(store).get("/sparql?query=x", headers={"Accept": HTML}).text
    assert "<script>alert" not in text
    assert "<b onmouseover" not in text
    assert 'href="javascript:' not in text
    assert "'onclick='" not in text


def test_page_escapes_query_and_error(client: FlaskClient) -> None:
    """A query that is reflected in the page stays text."""
    response = client.get(
        "/sparql", query_string={"query": "<script>alert(1)</script>"}, headers={"Accept": HTML}
    )
    assert response.status_code == 400
    assert "<script>alert" not in response.text


def test_page_of_broken_character_is_answered() -> None:
    """Half a character in data breaks no page."""
    row = (Literal("a\ud800b"),)
    store = FakeStore(lambda _: Solutions(("x",), Stream(iter([row]))))
    response = client_of(store).get("/sparql?query=x", headers={"Accept": HTML})
    assert "⟨U+D800⟩" in response.text


def test_boolean_page_says_no() -> None:
    """ASK is answered in a word."""
    store = FakeStore(lambda _: Boolean(value=False))
    assert "<b>No</b>" in client_of(store).get("/sparql?query=x", headers={"Accept": HTML}).text


@pytest.mark.parametrize("path", ["/", "/sparql", f"/sparql?query={ASK}", "/nothing", "/questions"])
def test_pages_load_nothing_from_elsewhere(client: FlaskClient, path: str) -> None:
    """No page names another host for anything that a browser fetches, and the policy forbids it."""
    response = client.get(path, headers={"Accept": HTML})
    assert 'src="http' not in response.text
    assert "@import" not in response.text
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "Set-Cookie" not in response.headers
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert " style=" not in response.text
    assert "<script>" not in response.text
