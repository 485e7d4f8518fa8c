"""Requests that nobody thought of: whatever bytes come, the answer is one that is documented.

``CONFLICTKG_FUZZ=long`` makes a hundred times as many.
"""

import json
import os
from collections.abc import Iterator, Mapping
from urllib.parse import quote_from_bytes

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)
from werkzeug.test import TestResponse
from writing_support import Editable, editable_server

from conflictkg.questions import load_questions
from conflictkg.web.kinds import KINDS
from conflictkg.web.operations import OPERATIONS

schemathesis.serializer.alias(
    ["application/sparql-update", "application/n-triples", "text/turtle", "application/rdf+xml"],
    "text/plain",
)
SCALE = 100 if os.environ.get("CONFLICTKG_FUZZ") == "long" else 1
FEW = settings(
    max_examples=4 * SCALE,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
MANY = settings(FEW, max_examples=300 * SCALE)

NAMES = st.sampled_from(
    [
        "query",
        "update",
        "default-graph-uri",
        "named-graph-uri",
        "using-graph-uri",
        "using-named-graph-uri",
        "format",
        "timeout",
        "limit",
        "graph",
        "default",
        "page",
    ]
)
VALUES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            b"ASK {}",
            b"SELECT * { ?s ?p ?o }",
            b"SELECT * { GRAPH ?g { ?s ?p ?o } } LIMIT 3",
            b"CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
            b"DESCRIBE <http://example.org/a>",
            b"SELECT ?",
            b"http://example.org/graph/1",
            b"urn:x",
            b"-1",
            b"0",
            b"1e400",
            b"NaN",
            b"99999999999999999999",
            b"json",
            b"csv",
            b"arrow",
            b"turtle",
            b"",
        ]
    ),
)
PARAMETERS = st.lists(st.tuples(NAMES, VALUES), max_size=4)
RANGES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "*/*",
                "text/html",
                "text/*",
                "application/json",
                "application/sparql-results+json",
                "text/csv;header=absent",
                "application/ld+json;profile=x",
                "text/turtle;q=0",
                "a/b;q=2",
                ";",
                "q=",
                "/",
            ]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    ),
    max_size=4,
).map(",".join)
TYPES = st.sampled_from(
    [
        "application/sparql-query",
        "application/sparql-update",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=b",
        "text/turtle",
        "application/ld+json",
        "text/turtle; charset=utf-16",
        "text/plain",
        "x",
        "",
    ]
)
HEADERS = st.dictionaries(
    st.sampled_from(
        ["If-None-Match", "If-Match", "Range", "Accept-Encoding", "Origin", "Content-Encoding"]
    ),
    st.one_of(
        st.sampled_from(["gzip", "zstd", "deflate", "*", '"r1"', "W/*", "bytes=5-2", "null"]),
        st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30),
    ),
    max_size=2,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.binary(max_size=60).map(lambda data: b"\x1f\x8b\x08\0\0\0\0\0" + data),
    PARAMETERS.map(lambda each: encode(each).encode()),
)
STATUSES = {kind.slug: kind.status for kind in KINDS.values()}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editable]:
    with editable_server(
        tmp_path_factory.mktemp("fuzzed"), query_timeout_s=5, client_budget_s=0, client_queries=0
    ) as found:
        yield found


def encode(parameters: list[tuple[str, bytes]]) -> str:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in parameters)


def require_documented(response: TestResponse) -> None:
    """An answer, or a problem of a kind that has a page; never that something is broken."""
    assert response.status_code < 500, response.data[:500]
    if response.status_code < 400:
        return
    if response.mimetype == "text/html":
        assert b"Traceback" not in response.data
        return
    assert response.mimetype == "application/problem+json"
    problem = json.loads(response.data)
    slug = problem["type"].removeprefix("/problems/")
    assert STATUSES[slug] == response.status_code == problem["status"]
    assert problem["detail"]


@MANY
@given(
    parameters=PARAMETERS,
    accept=RANGES,
    headers=HEADERS,
    path=st.sampled_from(["/sparql", "/rdf-graph-store", "/cite", "/dumps", "/api/questions"]),
    method=st.sampled_from(["GET", "HEAD", "OPTIONS"]),
)
def test_any_parameters_are_answered(
    server: Editable,
    parameters: list[tuple[str, bytes]],
    accept: str,
    headers: Mapping[str, str],
    path: str,
    method: str,
) -> None:
    """Reading, with bytes of any kind in the address and the headers."""
    response = server.client.open(
        f"{path}?{encode(parameters)}", method=method, headers={**headers, "Accept": accept}
    )
    response.get_data()
    if method == "HEAD":
        assert not response.data
        assert response.status_code < 500
        return
    require_documented(response)


@MANY
@given(
    body=BODIES,
    content_type=TYPES,
    accept=RANGES,
    headers=HEADERS,
    encoding=st.sampled_from(["", "", "gzip"]),
    is_writer=st.booleans(),
)
def test_any_body_is_answered(
    server: Editable,
    body: bytes,
    content_type: str,
    accept: str,
    headers: Mapping[str, str],
    encoding: str,
    is_writer: bool,
) -> None:
    """And without a token nothing changes, whatever it is."""
    before = server.store.release
    given_headers = {**headers, "Accept": accept, "Content-Type": content_type}
    if encoding:
        given_headers["Content-Encoding"] = encoding
    for method, path in (
        ("POST", "/sparql"),
        ("PUT", "/rdf-graph-store?graph=http://e/g"),
        ("POST", "/rdf-graph-store"),
        ("PATCH", "/rdf-graph-store?default"),
    ):
        response = server.client.open(
            path,
            method=method,
            data=body,
            headers={**given_headers, **(server.writer if is_writer else {})},
        )
        require_documented(response)
    if not is_writer:
        assert server.store.release == before


@MANY
@given(
    path=st.binary(max_size=60),
    prefix=st.sampled_from(["/", "/id/", "/page/", "/data/", "/graph/", "/query/"]),
)
def test_any_path_is_answered(server: Editable, path: bytes, prefix: str) -> None:
    require_documented(server.client.get(prefix + quote_from_bytes(path)))


def test_requests_made_from_the_description_are_answered_as_it_says(server: Editable) -> None:
    """By who may write, too: status, type of content and schema of each answer are those described."""
    client: FlaskClient = server.client
    schema = schemathesis.openapi.from_wsgi("/openapi.json", client.application)
    operations = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]  # it fails otherwise
    assert len(operations) == len(OPERATIONS) - 1 + len(load_questions())
    checks = [not_a_server_error, content_type_conformance, response_schema_conformance]
    wrong: dict[str, str] = {}

    def fuzz(operation: schemathesis.APIOperation) -> None:  # type: ignore[type-arg]  # of any
        @FEW
        @given(operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:  # type: ignore[type-arg]  # of any
            # The caller unpacks nothing. What has no content has no type either.
            response = case.call(headers={**server.writer, "Accept-Encoding": "identity"})
            try:
                case.validate_response(response, checks=checks if response.content else checks[:1])
            except FailureGroup as failures:
                for each in failures.exceptions:
                    wrong.setdefault(f"{operation.label}: {type(each).__name__}", str(each)[:500])

        ask()

    for operation in operations:
        fuzz(operation)
    assert not wrong
