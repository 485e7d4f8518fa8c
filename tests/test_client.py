"""The client: the same answers and the same errors from a directory and over HTTP, and never less than it seems."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import polars
import pyarrow as pa
import pytest
import rdflib
from served import served
from small_store import G1, G2, numbers, write_small_store

import conflictkg
import conflictkg.client
from conflictkg.answers import XSD, Iri, Literal, Solutions, Stream
from conflictkg.answers.formats import write_answer
from conflictkg.client import Connection
from conflictkg.client.problems import rebuild_error
from conflictkg.client.values import to_python
from conflictkg.config import Settings
from conflictkg.errors import (
    ConflictKGError,
    IncompleteAnswerError,
    NotPermittedError,
    QueryError,
    QuerySyntaxError,
    QueryTimeoutError,
    RemoteError,
    StoreBusyError,
    StoreMissingError,
    UnknownGraphError,
)
from conflictkg.store import open_store
from conflictkg.web import create_app
from conflictkg.web.problems import describe_error

MOST_ROWS = 3_000
"""Of one answer of the server here."""

N = "http://example.org/"
VALUES = f"""SELECT * WHERE {{ VALUES (?iri ?text ?count ?share ?weight ?is ?day ?at ?none) {{
  (<{N}a> "Hangu"@en 3 1.50 2.5e0 true "2017-06-13"^^<{XSD}date> "2017-06-13T10:00:00Z"^^<{XSD}dateTime> UNDEF)
  (<{N}b> "Swat"@en "+4"^^<{XSD}integer> 2.0 1e3 false "2017-06-14"^^<{XSD}date>
    "2017-06-13T12:00:00+02:00"^^<{XSD}dateTime> UNDEF)
}} }}"""
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n2 ?o }"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    graphs = {**numbers(5_000), G2: f'<{N}b> <{N}name> "Swat" .\n'}
    return write_small_store(tmp_path_factory.mktemp("client") / "s", graphs)


@pytest.fixture(scope="module")
def address(directory: Path) -> Iterator[str]:
    settings = Settings(max_rows=MOST_ROWS, client_budget_s=0)
    with open_store(directory) as store, served(create_app(settings, store), settings) as address:
        yield address


@pytest.fixture(scope="module")
def local(directory: Path) -> Iterator[Connection]:
    with conflictkg.connect(directory) as graph:
        yield graph


@pytest.fixture(scope="module")
def remote(address: str) -> Iterator[Connection]:
    with conflictkg.connect(address) as graph:
        yield graph


@pytest.fixture(params=["local", "remote"])
def graph(request: pytest.FixtureRequest) -> Connection:
    """A store in a directory, and the same behind a server."""
    found: Connection = request.getfixturevalue(request.param)
    return found


# Answers


def test_rows_have_values_of_python_by_name_and_by_place(graph: Connection) -> None:
    first, second = graph.query(VALUES)
    assert first["iri"] == f"{N}a"
    assert first["text"] == "Hangu"
    assert (first["count"], second["count"]) == (3, 4)
    assert (first["share"], type(first["share"])) == (Decimal("1.50"), Decimal)
    assert first["weight"] == 2.5
    assert first["is"] is True
    assert first["day"] == date(2017, 6, 13)
    assert first["at"] == second["at"] == datetime(2017, 6, 13, 10, tzinfo=UTC)
    assert first["none"] is None
    assert list(first)[:2] == [first[0], first[1]] == [f"{N}a", "Hangu"]
    assert first.to_dict().keys() == set(first.keys())


def test_row_knows_its_terms(graph: Connection) -> None:
    """What a value exactly was is not lost."""
    _, second = graph.query(VALUES)
    assert second.term("count") == Literal("+4", XSD + "integer")
    text = second.term("text")
    assert isinstance(text, Literal)
    assert (text.lexical, text.language) == ("Swat", "en")
    with pytest.raises(KeyError, match="It has: iri, text"):
        second.term("itri")


def test_answers_are_the_same_from_a_directory_and_over_http(
    local: Connection, remote: Connection
) -> None:
    query = f"SELECT ?s ?n {{ GRAPH <{G1}> {{ ?s ?p ?n }} }} ORDER BY ?s LIMIT 2500"
    assert list(local.query(query)) == list(remote.query(query))
    assert local.query(query).to_arrow() == remote.query(query).to_arrow()
    assert local.release == remote.release == "r1"


def test_answer_without_variables_and_one_without_rows(graph: Connection) -> None:
    """Arrow has room for neither by itself."""
    rows = graph.query(f"SELECT * {{ <{N}b> <{N}name> 'Swat' }}")
    assert (rows.variables, len(list(rows))) == ((), 1)
    rows = graph.query("SELECT ?s { ?s <http://example.org/none> ?o }")
    assert (rows.variables, list(rows), rows.complete) == (("s",), [], True)
    assert graph.query("SELECT ?s { ?s <http://example.org/none> ?o }").to_arrow().num_rows == 0


def test_table_has_typed_columns(graph: Connection) -> None:
    table = graph.query(VALUES).to_arrow()
    kinds = {each.name: each.type for each in table.schema}
    assert kinds == {
        "iri": pa.large_string(),
        "text": pa.large_string(),
        "count": pa.int64(),
        "share": pa.float64(),
        "weight": pa.float64(),
        "is": pa.bool_(),
        "day": pa.date32(),
        "at": pa.timestamp("us", "UTC"),
        "none": pa.large_string(),
    }
    assert table["count"].to_pylist() == [3, 4]
    assert table["day"].to_pylist() == [date(2017, 6, 13), date(2017, 6, 14)]


@pytest.mark.parametrize("second", ['"x"', f"<{N}a>", f'"five"^^<{XSD}integer>', '"2"@en'])
def test_column_of_mixed_values_stays_text(graph: Connection, second: str) -> None:
    """No value is guessed at and none is lost."""
    rows = graph.query(f"SELECT ?v {{ VALUES ?v {{ 1 {second} }} }}")
    column = rows.to_arrow()["v"]
    assert column.type == pa.large_string()
    assert column[0].as_py() == "1"


@pytest.mark.parametrize(
    ("datatype", "texts", "kind"),
    [
        (
            "dateTime",
            ["2017-06-13T01:02:03Z", "2017-06-13T03:02:03+02:00"],
            pa.timestamp("us", "UTC"),
        ),
        ("dateTime", ["2017-06-13T01:02:03", "2017-06-13T01:02:03.5"], pa.timestamp("us")),
        ("dateTime", ["2017-06-13T24:00:00", "2017-06-13T01:02:03"], pa.large_string()),
        ("dateTime", ["2017-06-13T01:02:03Z", "2017-06-13T01:02:03"], pa.large_string()),
        ("integer", ["99999999999999999999", "1"], pa.large_string()),
        ("integer", ["+3", "1"], pa.int64()),
    ],
)
def test_column_is_typed_only_where_the_type_has_all_its_values(
    graph: Connection, datatype: str, texts: list[str], kind: pa.DataType
) -> None:
    """A time of no zone is none of UTC, and a whole number keeps all its digits."""
    values = " ".join(f'"{each}"^^<{XSD}{datatype}>' for each in texts)
    column = graph.query(f"SELECT ?v {{ VALUES ?v {{ {values} }} }}").to_arrow()["v"]
    assert column.type == kind
    if kind == pa.large_string():
        assert column.to_pylist() == texts


def test_frames_of_pandas_and_polars(graph: Connection) -> None:
    frame = graph.query(VALUES).to_pandas()
    assert list(frame["count"]) == [3, 4]
    assert str(frame["count"].dtype) == "Int64"
    assert frame.attrs == {"release": "r1", "complete": True}
    other = graph.query(VALUES).to_polars()
    assert other["weight"].sum() == 1002.5
    assert other["count"].dtype == polars.Int64


@pytest.mark.parametrize(("name", "method"), [("pandas", "to_pandas"), ("polars", "to_polars")])
def test_frame_without_its_library_says_what_to_install(
    local: Connection, monkeypatch: pytest.MonkeyPatch, name: str, method: str
) -> None:
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ImportError, match=f"pip install {name}"):
        getattr(local.query(VALUES), method)()


def test_ask_and_construct(graph: Connection) -> None:
    assert graph.ask(f"ASK {{ <{N}b> ?p 'Swat' }}") is True
    assert graph.ask(f"ASK {{ <{N}c> ?p 'Swat' }}") is False
    found = graph.construct(f"CONSTRUCT WHERE {{ <{N}b> ?p ?o }}")
    assert list(found) == [
        (rdflib.URIRef(f"{N}b"), rdflib.URIRef(f"{N}name"), rdflib.Literal("Swat"))
    ]
    assert len(graph.construct(f"DESCRIBE <{N}1>")) == 1


@pytest.mark.parametrize(
    ("ask", "text", "method"),
    [
        (Connection.query, "ASK {}", "ask"),
        (Connection.ask, "SELECT * {}", "query"),
        (Connection.construct, "ASK {}", "ask"),
        (Connection.query, "DESCRIBE <http://example.org/1>", "construct"),
    ],
)
def test_query_of_another_kind_is_told_its_method(
    graph: Connection, ask: Callable[..., object], text: str, method: str
) -> None:
    with pytest.raises(QueryError, match=rf"{method}\(\)"):
        ask(graph, text)


@pytest.mark.parametrize(
    "value",
    [
        'x" } INSERT',
        3,
        True,
        Decimal("1.5"),
        2.5,
        date(2017, 6, 13),
        datetime(2017, 6, 13, 10, tzinfo=UTC),
    ],
)
def test_value_is_put_in_as_a_term_whatever_it_holds(graph: Connection, value: Any) -> None:
    (row,) = graph.query("SELECT ?v { BIND (?given AS ?v) }", bindings={"given": value})
    assert row["v"] == value


def test_iri_is_put_in_as_iri_or_as_rdflib_s(graph: Connection) -> None:
    for value in (Iri(f"{N}b"), rdflib.URIRef(f"{N}b")):
        (row,) = graph.query("SELECT ?name { ?thing ?p ?name }", bindings={"thing": value})
        assert row["name"] == "Swat"
    assert list(graph.query("SELECT ?name { ?thing ?p ?name }", bindings={"thing": f"{N}b"})) == []
    with pytest.raises(TypeError, match="cannot be put in"):
        graph.query("SELECT * { ?s ?p ?o }", bindings={"s": [1]})  # type: ignore[dict-item]  # that is the point


def test_value_of_a_grouping_key_is_refused_over_http(remote: Connection) -> None:
    """Better than an answer that means something else."""
    query = "SELECT ?p (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?p"
    with pytest.raises(QueryError, match="VALUES"):
        remote.query(query, bindings={"p": Iri(f"{N}name")})


def test_dataset_is_chosen(graph: Connection) -> None:
    (row,) = graph.query("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }", default_graphs=[G2])
    assert row["n"] == 1


@pytest.mark.parametrize(
    ("lexical", "datatype"),
    [
        ("1_0", "integer"),
        ("four", "integer"),
        ("2017-02-30", "date"),
        ("yes", "boolean"),
        ("1", "token"),
    ],
)
def test_what_is_no_value_of_its_datatype_is_its_text(lexical: str, datatype: str) -> None:
    """Python would read some of them all the same."""
    assert to_python(Literal(lexical, XSD + datatype)) == lexical


# Answers that are not whole


ALL = f"SELECT ?s ?n {{ GRAPH <{G1}> {{ ?s ?p ?n }} }}"


def test_answer_over_the_server_s_limit_is_an_error_where_its_rows_end(remote: Connection) -> None:
    rows = remote.query(ALL)
    got: list[conflictkg.client.Row] = []
    with pytest.raises(IncompleteAnswerError, match="3,000 rows") as caught:
        got.extend(rows)
    assert (caught.value.rows, rows.complete) == (MOST_ROWS, False)
    with pytest.raises(IncompleteAnswerError):
        remote.query(ALL).to_pandas()
    with pytest.raises(IncompleteAnswerError):
        remote.construct("CONSTRUCT WHERE { ?s ?p ?n }")


def test_answer_over_the_limit_is_given_to_who_wants_a_part(remote: Connection) -> None:
    rows = remote.query(ALL, allow_partial=True)
    assert (len(list(rows)), rows.complete) == (MOST_ROWS, False)
    assert remote.query(ALL, allow_partial=True).to_pandas().attrs["complete"] is False
    construct = "CONSTRUCT WHERE { ?s ?p ?n }"
    assert len(remote.construct(construct, allow_partial=True)) == MOST_ROWS


def test_answer_that_ends_at_its_own_limit_is_no_error(graph: Connection) -> None:
    rows = graph.query(ALL, limit=10)
    assert (len(list(rows)), rows.complete) == (10, False)


class _Watched:
    """A source that tells whether its last answer was closed."""

    release = "r1"

    def __init__(self) -> None:
        self.is_closed = False

    def query(self, text: str, **_: object) -> Solutions:  # noqa: ARG002  it always answers the same
        rows = iter([(Iri(f"{N}a"),), (Iri(f"{N}b"),)])
        return Solutions(("s",), Stream(rows, self.close))

    def close(self) -> None:
        self.is_closed = True


def test_answer_that_nobody_finishes_is_stopped() -> None:
    """Though somebody still holds it."""
    source = _Watched()
    rows = Connection(source).query("SELECT ?s {}")
    for _ in rows:
        assert not source.is_closed
        break
    assert source.is_closed
    source.is_closed = False
    with Connection(source).query("SELECT ?s {}"):
        assert not source.is_closed
    assert source.is_closed


# Errors


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT * {\n ?s ckg:x ?o }", QuerySyntaxError),
        ("SELECT * FROM <http://example.org/graph/3> {}", UnknownGraphError),
        ("DELETE WHERE { ?s ?p ?o }", NotPermittedError),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> {} }", NotPermittedError),
    ],
)
def test_errors_are_the_same_from_a_directory_and_over_http(
    local: Connection, remote: Connection, text: str, kind: type[ConflictKGError]
) -> None:
    """Class, message, and the place of a syntax error."""
    caught = []
    for each in (local, remote):
        with pytest.raises(kind) as found:
            each.query(text)
        caught.append(found.value)
    assert type(caught[0]) is type(caught[1])
    assert str(caught[0]) == str(caught[1])
    for name in ("line", "column", "offset", "end", "token", "hint", "iri"):
        assert getattr(caught[0], name, None) == getattr(caught[1], name, None), name


def test_query_is_stopped_when_asked_for(graph: Connection) -> None:
    with pytest.raises(QueryTimeoutError) as caught:
        list(graph.query(ENDLESS, timeout_s=0.2))
    assert caught.value.deadline_s == 0.2


def test_more_time_than_there_is_is_an_error_of_the_request(remote: Connection) -> None:
    with pytest.raises(RemoteError, match="may run for 30 s") as caught:
        remote.query("SELECT * {}", timeout_s=1_000)
    assert (caught.value.status, caught.value.slug) == (400, "timeout-too-large")


@pytest.mark.parametrize(
    "error",
    [
        QuerySyntaxError("odd.", 2, 3, offset=7, end=9, token="}", hint="Take it out."),  # noqa: S106  of SPARQL
        QueryTimeoutError(3.0),
        UnknownGraphError("http://e/g", 1, 2, ["http://e/h"]),
        NotPermittedError("SERVICE <http://e/> (line 1)", "never."),
        StoreBusyError("later."),
        QueryError("no."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_comes_back_from_its_problem_as_what_it_was(error: ConflictKGError) -> None:
    body = json.dumps(describe_error(error).body()).encode()
    found = rebuild_error("http://e/sparql", describe_error(error).kind.status, body)
    assert type(found) is type(error)
    assert str(found) == str(error)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"type": 3, "detail": [1]}', b"\xff"])
def test_answer_that_is_no_problem_is_told_by_its_status(body: bytes) -> None:
    error = rebuild_error("http://e/sparql", 502, body, 7)
    assert isinstance(error, RemoteError)
    assert (error.status, error.retry_after_s) == (502, 7)
    assert "http://e/sparql" in str(error)


def test_place_that_is_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError):
        conflictkg.connect(tmp_path / "none")
    for place in ("ftp://example.org/", "http://[/", "http://example.org:port/"):
        with pytest.raises(RemoteError, match="no http"):
            conflictkg.connect(place)
    with (
        conflictkg.connect("http://127.0.0.1:9/") as graph,
        pytest.raises(RemoteError, match="cannot be reached"),
    ):
        graph.ask("ASK {}")


# Endpoints that do not behave


Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def _endpoint(answer: Answer, *, promised: int = 0) -> Iterator[tuple[Connection, list[str]]]:
    """One that always answers the same; with ``promised`` it says that so many bytes more would come."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            status, headers, body = answer
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + promised))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with conflictkg.connect(f"http://127.0.0.1:{server.server_port}/") as graph:
            yield graph, asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _arrow(rows: int) -> bytes:
    terms = [(Iri(f"{N}{number}"),) for number in range(rows)]
    return b"".join(write_answer(Solutions(("s",), Stream(iter(terms))), "arrow"))


ARROW = {"Content-Type": "application/vnd.apache.arrow.stream"}


@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95])
def test_stream_that_breaks_off_never_looks_whole(kept: float) -> None:
    """Wherever it does, and whether or not the connection tells."""
    whole = _arrow(1_500)
    body = whole[: int(len(whole) * kept)]
    for promised in (0, len(whole) - len(body)):
        with (
            _endpoint((200, ARROW, body), promised=promised) as (graph, _),
            pytest.raises(IncompleteAnswerError),
        ):
            list(graph.query("SELECT ?s {}"))


def test_stream_that_does_not_say_that_it_is_whole_never_looks_so() -> None:
    """Between two batches a stream can end as if it were done."""
    schema = pa.schema([("s", pa.large_string()), ("s:type", pa.string())])
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        writer.write_batch(pa.record_batch([[f"{N}a"], ["iri"]], schema=schema))
    with (
        _endpoint((200, ARROW, sink.getvalue().to_pybytes())) as (graph, _),
        pytest.raises(IncompleteAnswerError, match="without saying"),
    ):
        list(graph.query("SELECT ?s {}"))


def test_stream_that_breaks_off_is_given_to_who_wants_a_part() -> None:
    whole = _arrow(1_500)
    with _endpoint((200, ARROW, whole[: int(len(whole) * 0.6)])) as (graph, _):
        rows = graph.query("SELECT ?s {}", allow_partial=True)
        assert 0 < len(list(rows)) < 1_500
        assert rows.complete is False


def test_graph_that_breaks_off_never_looks_whole() -> None:
    body = b"<http://e/s> <http://e/p> <http://e/o> .\n" * 50
    headers = {"Content-Type": "application/n-triples"}
    with (
        _endpoint((200, headers, body), promised=10) as (graph, _),
        pytest.raises(IncompleteAnswerError),
    ):
        graph.construct("CONSTRUCT WHERE { ?s ?p ?o }")


def test_endpoint_without_arrow_is_read_as_json() -> None:
    """Any endpoint of SPARQL 1.1 will do."""
    body = b'{"head": {"vars": ["a"]}, "results": {"bindings": [{"a": {"type": "literal", "value": "x"}}]}}'
    headers = {"Content-Type": "application/sparql-results+json;charset=utf-8"}
    with _endpoint((200, headers, body)) as (graph, asked):
        assert [row["a"] for row in graph.query("SELECT ?a {}")] == ["x"]
        assert asked == ["/sparql"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, {"Content-Type": "text/html"}, b"<html>"), "text/html"),
        ((200, {"Content-Type": "application/sparql-results+json"}, b"{]"), "cannot be read"),
        ((302, {"Location": "http://169.254.169.254/"}, b""), "leads to http://169.254.169.254/"),
        ((500, {"Content-Type": "text/html"}, b"<html>"), "status 500"),
    ],
    ids=["html", "json", "redirect", "500"],
)
def test_endpoint_that_answers_with_something_else_is_an_error(
    answer: Answer, problem: str
) -> None:
    """And a redirect is not followed: the query is for the address that was given."""
    with _endpoint(answer) as (graph, asked), pytest.raises(RemoteError, match=problem):
        graph.query("SELECT * {}")
    assert asked == ["/sparql"]


# The package


def test_package_does_not_import_the_client_until_it_is_asked_for() -> None:
    code = (
        "import conflictkg, sys; before = {'duckdb', 'httpx', 'rdflib', 'pyarrow'} & set(sys.modules); "
        "conflictkg.connect; print(sorted(before), 'httpx' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[] True"
    with pytest.raises(AttributeError, match="no attribute 'conect'"):
        conflictkg.conect  # noqa: B018  that is the point
