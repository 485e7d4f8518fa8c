"""What every answer says of itself: its release, whether it is whole, whether it still holds; and how it travels."""

import zlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import zstandard
from rdflib import SDO, Graph, Namespace, URIRef
from served import served
from small_store import numbers, write_small_store
from web_support import require_problem
from writing_support import UPDATE, Editable, editable_server

from conflictkg.config import Settings
from conflictkg.store import open_store
from conflictkg.web import create_app

SD = Namespace("http://www.w3.org/ns/sparql-service-description#")
ALL = "/sparql?query=" + quote("SELECT * { ?s ?p ?o }")
JSON = {"Accept": "application/sparql-results+json"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Editable]:
    with editable_server(tmp_path) as found:
        yield found


@pytest.mark.parametrize("path", [ALL, "/rdf-graph-store?default"])
def test_answer_is_revalidated_until_the_data_change(server: Editable, path: str) -> None:
    """304 as long as the same would come, then a new tag; the tag names the release."""
    first = server.client.get(path)
    tag = first.headers["ETag"]
    assert tag.startswith(f'"{server.store.release}.')
    assert first.headers["Cache-Control"] == "public, no-cache"
    again = server.client.get(path, headers={"If-None-Match": f'"other", {tag}'})
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", tag)
    server.update("INSERT DATA { <http://e/s> <http://e/p> 1 }")
    later = server.client.get(path, headers={"If-None-Match": tag})
    assert (later.status_code, later.headers["ETag"] == tag) == (200, False)


def test_tag_tells_formats_queries_datasets_and_encodings_apart(server: Editable) -> None:
    """No two representations share one."""
    asked = [
        (ALL, {}),
        (ALL, {"Accept": "text/csv"}),
        (f"{ALL}&format=tsv", {}),
        (f"{ALL}&limit=1", {}),
        (f"{ALL}&default-graph-uri=http://example.org/graph/1", {}),
        ("/sparql?query=ASK%7B%7D", {}),
        (ALL, {"Accept-Encoding": "gzip"}),
        (ALL, {"Accept-Encoding": "zstd"}),
    ]
    tags = [server.client.get(path, headers=headers).headers["ETag"] for path, headers in asked]
    assert len(set(tags)) == len(asked)


@pytest.mark.parametrize("query", ["SELECT", "ASK {} LIMIT x"])
def test_what_is_no_query_was_never_answered(server: Editable, query: str) -> None:
    """Whatever a client says that it holds."""
    response = server.client.get(f"/sparql?query={quote(query)}", headers={"If-None-Match": "*"})
    require_problem(response, 400, "sparql-syntax")


@pytest.mark.parametrize(
    "call",
    ["NOW()", "RAND()", "uuid ()", "STRUUID()", "BNODE()", "NOW # (\n #\n()", r"N\u004FW()"],
)
def test_what_is_new_each_time_is_not_kept(server: Editable, call: str) -> None:
    response = server.client.get("/sparql?query=" + quote(f"SELECT ({call} AS ?x) {{}}"))
    assert (response.status_code, "ETag" in response.headers) == (200, False)


def test_errors_and_changes_are_not_kept(server: Editable) -> None:
    response = server.client.get("/sparql?query=x")
    require_problem(response, 400, "sparql-syntax")
    changed = server.client.post(
        "/sparql",
        data="INSERT DATA { <http://e/s> <http://e/p> 1 }",
        headers={**server.writer, "Content-Type": UPDATE},
    )
    assert changed.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("gzip", "gzip"),
        ("zstd", "zstd"),
        ("gzip, zstd", "zstd"),
        ("gzip;q=1, zstd;q=0.5", "gzip"),
        ("br", None),
        ("identity, zstd;q=0", None),
        (None, None),
    ],
)
@pytest.mark.parametrize("rows", [50, 40_000], ids=["held", "streamed"])
def test_answer_is_compressed_as_the_client_likes(
    tmp_path: Path, accepted: str | None, expected: str | None, rows: int
) -> None:
    """The same bytes come out, whatever they travelled as."""
    place = write_small_store(tmp_path / "store", numbers(rows))
    with open_store(place) as store:
        client = create_app(Settings(), store).test_client()
        plain = client.get(ALL, headers=JSON).data
        headers = JSON if accepted is None else {**JSON, "Accept-Encoding": accepted}
        response = client.get(ALL, headers=headers)
        found = response.data
    assert response.headers.get("Content-Encoding") == expected
    assert {"Accept", "Accept-Encoding"} <= set(response.vary)
    if expected == "gzip":
        assert zlib.decompress(found, wbits=31) == plain
    elif expected == "zstd":
        assert zstandard.ZstdDecompressor().decompressobj().decompress(found) == plain
    else:
        assert found == plain
    assert expected is None or len(found) < len(plain) / 3


def test_small_answer_is_sent_as_it_is(server: Editable) -> None:
    response = server.client.get("/sparql?query=ASK%7B%7D", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in response.headers


@pytest.mark.parametrize("encoding", ["identity", "gzip", "zstd"])
def test_answer_that_breaks_off_never_looks_whole(tmp_path: Path, encoding: str) -> None:
    """The row limit comes after the beginning was sent: the connection is cut, compressed or not."""
    settings = Settings(max_rows=30_000)
    place = write_small_store(tmp_path / "store", numbers(40_000))
    with (
        open_store(place) as store,
        served(create_app(settings, store), settings) as address,
        httpx.Client(headers={**JSON, "Accept-Encoding": encoding}) as client,
        client.stream("GET", address + ALL) as response,
    ):
        assert response.headers["Conflictkg-Complete"] == "unknown; row-limit=30000"
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete"):
            for _ in response.iter_raw():
                pass


def test_head_has_the_headers_of_get(server: Editable) -> None:
    get, head = server.client.get(ALL, headers=JSON), server.client.head(ALL, headers=JSON)
    assert head.data == b""
    for name in ("Content-Type", "ETag", "Conflictkg-Complete", "Conflictkg-Release", "Vary"):
        assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/sparql", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/rdf-graph-store", {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"}),
        ("/rdf-graph-store/a", {"GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS"}),
        ("/", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_options_tell_the_methods_and_what_other_sites_may(
    server: Editable, path: str, methods: set[str]
) -> None:
    """Other sites may read; what changes something is not offered to them, nor is the header for tokens."""
    response = server.client.options(path, headers={"Origin": "https://any.example"})
    assert (response.status_code, "Content-Type" in response.headers) == (204, False)
    assert set(response.headers["Allow"].split(", ")) == methods
    offered = set(response.headers["Access-Control-Allow-Methods"].split(", "))
    assert offered == methods & {"GET", "HEAD", "POST", "OPTIONS"}
    assert "authorization" not in response.headers["Access-Control-Allow-Headers"].lower()
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_formula_in_csv_stays_as_it_is_unless_a_spreadsheet_is_meant(server: Editable) -> None:
    """The protocol's CSV is exact; format=spreadsheet keeps a cell from being run."""
    query = quote("SELECT (?v AS ?x) { VALUES ?v { '=1+1' '-x' '+2' '@a' -3 'plain' } }")
    exact = server.client.get(f"/sparql?query={query}&format=csv").text
    assert exact == "x\r\n=1+1\r\n-x\r\n+2\r\n@a\r\n-3\r\nplain\r\n"
    safe = server.client.get(f"/sparql?query={query}&format=spreadsheet").text
    assert safe == "\ufeffx\r\n'=1+1\r\n'-x\r\n'+2\r\n'@a\r\n-3\r\nplain\r\n"


def test_service_description_tells_abilities_and_limits(server: Editable) -> None:
    """What can be asked and sent, functions beyond the standard, and what a query may use."""
    graph = Graph().parse(
        data=server.client.get("/sparql", headers={"Accept": "text/turtle"}).text, format="turtle"
    )
    service = URIRef("http://localhost/sparql")
    languages = set(graph.objects(service, SD.supportedLanguage))
    assert languages == {SD.SPARQL11Query, SD.SPARQL11Update}
    functions = {str(each) for each in graph.objects(service, SD.extensionFunction)}
    assert "https://w3id.org/conflictkg/ontology#matches" in functions
    assert "http://www.opengis.net/def/function/geosparql/distance" in functions
    limits = {
        str(graph.value(node, SDO.propertyID)): graph.value(node, SDO.maxValue)
        for node in graph.objects(service, SDO.additionalProperty)
    }
    settings = Settings()
    assert float(str(limits["query_timeout_s"])) == settings.query_timeout_s
    assert float(str(limits["max_rows"])) == settings.max_rows
    assert len(list(graph.objects(service, SD.resultFormat))) == 12
    assert len(list(graph.objects(service, SD.inputFormat))) == 4
