"""Every error has one body, and one place that says its status."""

import inspect
import json
from collections.abc import Iterator

import pytest
from web_support import HTML, FakeStore, client_of, require_problem

from conflictkg import errors
from conflictkg.answers import Answer
from conflictkg.errors import ConflictKGError
from conflictkg.web import server
from conflictkg.web.kinds import KINDS, Kind
from conflictkg.web.problems import BY_ERROR

ERRORS = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, ConflictKGError)
]

RAISED = [
    pytest.param(ConflictKGError("x"), 500, "internal-error", id="bare"),
    pytest.param(errors.SourceError("is odd", source="a.csv", line=3), 422, "invalid-data"),
    pytest.param(errors.MissingFieldError("x"), 422, "invalid-data", id="missing field"),
    pytest.param(errors.UnexpectedFieldError("x"), 422, "invalid-data", id="unexpected field"),
    pytest.param(errors.UnmappedValueError("x"), 422, "invalid-data", id="unmapped"),
    pytest.param(errors.InvalidValueError("x"), 422, "invalid-data", id="invalid value"),
    pytest.param(errors.RdfSyntaxError("a.ttl", 2, 5, "x"), 400, "rdf-syntax", id="rdf"),
    pytest.param(errors.OntologyError("x"), 422, "invalid-data", id="ontology"),
    pytest.param(errors.UnknownTermError("x"), 422, "invalid-data", id="unknown term"),
    pytest.param(errors.InconsistentError(["x"]), 422, "invalid-data", id="inconsistent"),
    pytest.param(errors.InvalidGraphError(["x"]), 422, "invalid-data", id="invalid graph"),
    pytest.param(errors.QueryError("too big"), 503, "query-failed", id="query"),
    pytest.param(errors.QuerySyntaxError("x", 2, 5), 400, "sparql-syntax", id="syntax"),
    pytest.param(errors.QueryTimeoutError(30), 503, "query-timeout", id="timeout"),
    pytest.param(errors.QueryMemoryError("x"), 503, "query-memory", id="memory"),
    pytest.param(errors.QueryCancelledError("x"), 503, "query-cancelled", id="cancelled"),
    pytest.param(errors.UnwritableError("x"), 406, "not-representable", id="unwritable"),
    pytest.param(errors.IncompleteAnswerError(3), 503, "query-failed", id="incomplete"),
    pytest.param(errors.RemoteError("u", "x"), 502, "federation-failed", id="remote"),
    pytest.param(
        errors.QueryTooComplexError("x", "nesting", 100, 1, 9, offset=8),
        422,
        "query-too-complex",
        id="complex",
    ),
    pytest.param(
        errors.QueryTooComplexError("x", "bytes", 100), 413, "query-too-large", id="bytes"
    ),
    pytest.param(errors.UnknownGraphError("u", 1, 2, ["v"]), 400, "unknown-graph", id="graph"),
    pytest.param(
        errors.NotPermittedError("SERVICE (line 4)", "x"), 403, "federation-disabled", id="service"
    ),
    pytest.param(
        errors.EndpointRefusedError("SERVICE <u>", []), 403, "federation-refused", id="not listed"
    ),
    *(
        pytest.param(
            errors.FederationError("u", reason, "x"), status, f"federation-{slug}", id=reason
        )
        for reason, status, slug in [
            ("failed", 502, "failed"),
            ("timeout", 504, "timeout"),
            ("too-much", 422, "too-much"),
            ("refused", 403, "refused"),
            ("busy", 503, "busy"),
        ]
    ),
    pytest.param(errors.NotPermittedError("LOAD", "x"), 403, "load-disabled", id="load"),
    pytest.param(errors.NotPermittedError("DELETE", "x"), 403, "updates-disabled", id="update"),
    pytest.param(errors.NotPermittedError("FROM <u>", "x"), 403, "not-permitted", id="from"),
    pytest.param(errors.StoreError("x"), 503, "store-unavailable", id="store"),
    pytest.param(errors.StoreMissingError("x"), 503, "store-unavailable", id="store missing"),
    pytest.param(errors.StoreBusyError("x"), 503, "overloaded", id="busy"),
    pytest.param(
        errors.StoreChangedError("r1", "r2"), 412, "precondition-failed", id="store changed"
    ),
    pytest.param(errors.GraphExistsError("x"), 409, "graph-exists", id="graph exists"),
    pytest.param(errors.MissingGraphError("x"), 404, "no-such-graph", id="graph missing"),
    pytest.param(errors.AmbiguousDatasetError("x"), 400, "ambiguous-operation", id="dataset"),
    pytest.param(errors.RefusedDataError("nesting", "x"), 422, "rdf-too-deep", id="refused data"),
    pytest.param(errors.ParameterError("a", "x"), 400, "bad-parameter", id="parameter"),
    pytest.param(errors.AccessError("x"), 503, "access-unavailable", id="access"),
    pytest.param(errors.UndoError(3, "x"), 409, "conflict", id="undo"),
    pytest.param(errors.NotFoundError("thing", "x"), 404, "not-found", id="not found"),
    pytest.param(errors.NotAcceptableError("x", ["y"]), 406, "not-acceptable", id="406"),
    pytest.param(errors.ConfigError("x", "y"), 500, "misconfigured", id="config"),
    pytest.param(ZeroDivisionError("secret"), 500, "internal-error", id="defect"),
]


def _raising(error: Exception) -> FakeStore:
    def answer(text: str) -> Answer:
        raise error

    return FakeStore(answer)


@pytest.mark.parametrize("error", ERRORS)
def test_table_has_every_error(error: type[ConflictKGError]) -> None:
    """Each class of errors.py has a line of its own in the table."""
    assert error in BY_ERROR


def test_cases_below_raise_every_error() -> None:
    """The cases of the next test leave out no class, so that a new one is tried."""
    raised = {type(each.values[0]) for each in RAISED}
    assert raised >= set(ERRORS)


@pytest.mark.parametrize(("error", "status", "slug"), RAISED)
def test_any_error_answers_with_problem(error: Exception, status: int, slug: str) -> None:
    """Whatever the store raises comes as problem+json with the status of the table."""
    response = client_of(_raising(error)).get("/sparql?query=ASK%7B%7D")
    body = require_problem(response, status, slug)
    if status != 500:
        assert str(error) in str(body["detail"])


@pytest.mark.parametrize(("error", "status", "slug"), RAISED)
def test_any_error_answers_browsers_with_page(error: Exception, status: int, slug: str) -> None:
    """A browser gets the same status and content as a page."""
    response = client_of(_raising(error)).get("/", headers={"Accept": HTML})
    assert (response.status_code, response.mimetype) == (status, "text/html")
    assert f"/problems/{slug}" in response.text


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (errors.QuerySyntaxError("x", 2, 5), {"line": 2, "column": 5}),
        (
            errors.QuerySyntaxError("x", 2, 5, offset=12, end=16, hint="Add it."),
            {"offsets": {"start": 12, "end": 16}, "hint": "Add it."},
        ),
        (errors.QueryTooComplexError("x", "nesting", 100, 1, 9), {"limit": "nesting", "max": 100}),
        (errors.UnknownGraphError("u", 1, 2, []), {"graph": "u", "line": 1, "column": 2}),
        (errors.QueryTimeoutError(30), {"timeoutSeconds": 30}),
        (errors.NotPermittedError("SERVICE (line 4)", "x"), {"construct": "SERVICE", "line": 4}),
        (errors.FederationError("u", "failed", "x", 4), {"endpoint": "u", "line": 4}),
        (errors.NotAcceptableError("x", ["y", "z"]), {"offered": ["y", "z"]}),
        (errors.RdfSyntaxError("a.ttl", 2, 5, "x"), {"line": 2, "column": 5}),
    ],
)
def test_problem_has_fields_for_programs(error: Exception, fields: dict[str, object]) -> None:
    """What an error knows beside its message stands in fields of its own."""
    response = client_of(_raising(error)).get("/sparql?query=ASK%7B%7D")
    body = json.loads(response.data)
    assert {name: body[name] for name in fields} == fields


def test_server_s_own_refusals_have_the_status_of_their_type() -> None:
    """What is refused before the application sees it is told like all else; 501 has no type of its own."""
    other = {code for code, kind in server._KINDS.items() if kind.status != code}
    assert other == {501}


def test_problems_are_listed() -> None:
    """One page has all types, for people and for programs."""
    client = client_of(FakeStore())
    page = client.get("/problems", headers={"Accept": HTML}).text
    assert all(f"/problems/{slug}" in page for slug in KINDS)
    listed = client.get("/problems").get_json()
    assert {each["type"] for each in listed} == {f"/problems/{slug}" for slug in KINDS}


def test_problem_of_syntax_without_position_names_none() -> None:
    """A position that is not known is left out, not given as line 0."""
    response = client_of(_raising(errors.QuerySyntaxError("x"))).get("/sparql?query=x")
    assert "line" not in require_problem(response, 400, "sparql-syntax")


def test_defect_is_logged_under_its_incident(caplog: pytest.LogCaptureFixture) -> None:
    """The client learns a number and nothing else; the log has the traceback under it."""
    response = client_of(_raising(ZeroDivisionError("secret"))).get("/sparql?query=ASK%7B%7D")
    body = require_problem(response, 500, "internal-error")
    assert "secret" not in response.text
    assert str(body["instance"]).removeprefix("urn:uuid:") in caplog.text
    assert "ZeroDivisionError: secret" in caplog.text


def test_busy_store_says_when_to_retry() -> None:
    """A full server tells its clients how long to wait."""
    response = client_of(_raising(errors.StoreBusyError("x"))).get("/sparql?query=ASK%7B%7D")
    assert response.headers["Retry-After"] == "5"


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/static/nothing.css", 404, "not-found"),
        ("GET", "/static/../../../../etc/passwd", 404, "not-found"),
        ("DELETE", "/sparql", 405, "method-not-allowed"),
        ("POST", "/", 405, "method-not-allowed"),
        ("PUT", "/id/organization/0001", 405, "method-not-allowed"),
        ("GET", "/problems/none-such", 404, "not-found"),
    ],
)
def test_framework_refusals_are_problems(method: str, path: str, status: int, slug: str) -> None:
    """What Flask refuses comes in the same body as what we refuse."""
    require_problem(client_of(FakeStore()).open(path, method=method), status, slug)


def test_method_not_allowed_lists_methods() -> None:
    """A 405 says which methods there are."""
    response = client_of(FakeStore()).delete("/sparql")
    assert response.headers["Allow"] == "GET, HEAD, OPTIONS, POST"


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_problem_type_has_page(kind: Kind) -> None:
    """Each type's address leads to what it means and what to do."""
    response = client_of(FakeStore()).get(f"/problems/{kind.slug}")
    assert response.status_code == 200
    assert str(kind.status) in response.text
    assert kind.advice


def test_host_header_that_is_no_host_is_refused() -> None:
    """Nothing odd in the Host header reaches a link."""
    response = client_of(FakeStore()).get("/health", headers={"Host": 'x"><script>'})
    require_problem(response, 400, "bad-request")


def test_error_after_first_part_cuts_answer() -> None:
    """An answer that fails half-way raises out of the stream, so that the server cuts the connection."""
    from conflictkg.answers import Iri, Row, Solutions, Stream
    from conflictkg.web.responses import HELD_BACK

    def rows() -> Iterator[Row]:
        for _ in range(HELD_BACK // 100):
            yield (Iri("http://example.org/" + "a" * 200),)
        raise errors.QueryTimeoutError(30)

    store = FakeStore(lambda _: Solutions(("x",), Stream(rows())))
    response = client_of(store).get("/sparql?query=x", buffered=False)
    assert response.status_code == 200
    assert response.headers["Conflictkg-Complete"].startswith("unknown")
    with pytest.raises(errors.QueryTimeoutError):
        list(response.response)
