"""For whoever runs the server: request ids, logs, metrics, readiness."""

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from prometheus_client.parser import text_string_to_metric_families
from small_store import numbers, write_small_store
from web_support import FakeStore, client_of, require_problem
from writing_support import Editable, editable_server

from conflictkg.answers import Answer
from conflictkg.config import Settings
from conflictkg.errors import StoreBusyError
from conflictkg.store import open_store
from conflictkg.web import create_app
from conflictkg.web.operating import log_requests
from conflictkg.web.responses import AnswerCutError

LOCAL = "http://localhost:8000"
ALL = "/sparql?query=" + quote("SELECT * { ?s ?p ?o }")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Editable]:
    with editable_server(tmp_path) as found:
        yield found


def samples(server: Editable) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """What /metrics says, by name and labels."""
    text = server.client.get("/metrics", base_url=LOCAL).text
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.parametrize(
    ("said", "is_kept"),
    [
        ("abcdef12-3456", True),
        ("short", False),
        ("x" * 65, False),
        ("evil\tinjected-line", False),
        ('"><script>alert', False),
    ],
)
def test_request_is_named_in_its_answer(server: Editable, said: str, is_kept: bool) -> None:
    """By the client's own name where that is harmless, else by a new one; in problems too."""
    response = server.client.get("/sparql?query=x", headers={"X-Request-Id": said})
    name = response.headers["X-Request-Id"]
    assert (name == said) == is_kept
    assert require_problem(response, 400, "sparql-syntax")["requestId"] == name


def test_requests_are_counted_by_outcome_and_time(server: Editable) -> None:
    for path in (ALL, ALL, "/sparql?query=x", "/none", "/static/style.css"):
        server.client.get(path).close()
    found = samples(server)

    def requests(endpoint: str, status: int) -> float:
        labels = (("endpoint", endpoint), ("method", "GET"), ("status", str(status)))
        return found[("conflictkg_requests_total", labels)]

    assert requests("sparql.endpoint", 200) == 2
    assert requests("sparql.endpoint", 400) == 1
    assert requests("none", 404) == 1
    assert requests("static", 200) == 1
    assert found[("conflictkg_request_seconds_count", (("endpoint", "sparql.endpoint"),))] == 3
    assert found[("conflictkg_quads", ())] == server.count()
    assert found[("conflictkg_queries_running", ())] == 0
    assert found[("conflictkg_memory_bytes", ())] > 10_000_000
    assert found[("conflictkg_answer_bytes_total", ())] > 0


def test_queries_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    """In whichever format; rows are those that were sent."""
    ask = "/sparql?query=ASK%7B%7D"
    construct = "/sparql?query=" + quote("CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o } LIMIT 1")
    with editable_server(tmp_path, max_rows=2) as server:
        tag = server.client.get(ask).headers["ETag"]
        asked: list[tuple[str, dict[str, str]]] = [
            (ask, {}),
            (ask, {"If-None-Match": tag}),
            *((ALL, {"Accept": each}) for each in ("text/csv", "text/html", "application/xml")),
            (f"{ALL}&limit=1&format=json", {}),
            (construct, {}),
            ("/sparql?query=x", {}),
            ("/sparql?query=x", {"Accept": "text/html"}),
        ]
        for path, headers in asked:
            server.client.get(path, headers=headers).close()
        found = samples(server)
    counted = {
        dict(labels)["outcome"]: value
        for (name, labels), value in found.items()
        if name == "conflictkg_queries_total"
    }
    assert counted == {"complete": 2, "unchanged": 1, "incomplete": 4, "sparql-syntax": 2}
    assert found[("conflictkg_answer_rows_total", ())] == 3 * 2 + 1 + 1


def test_answer_that_breaks_off_is_told_from_one_whose_client_left(tmp_path: Path) -> None:
    place = write_small_store(tmp_path / "store", numbers(60_000))
    with open_store(place) as store:
        client = create_app(Settings(max_rows=50_000), store).test_client()
        cut = client.get(ALL)
        with pytest.raises(AnswerCutError):
            cut.get_data()
        cut.close()
        left = client.get(ALL)
        next(iter(left.response))
        left.close()
        text = client.get("/metrics", base_url=LOCAL).text
    assert 'conflictkg_queries_total{outcome="broken-off"} 1.0' in text
    assert 'conflictkg_queries_total{outcome="client-left"} 1.0' in text


def test_methods_that_somebody_makes_up_make_no_counters(server: Editable) -> None:
    for number in range(5):
        server.client.open("/sparql", method=f"MADE{number}").close()
    methods = {
        dict(labels)["method"]
        for (name, labels) in samples(server)
        if name == "conflictkg_requests_total"
    }
    assert methods == {"other"}


def test_metrics_are_for_the_operator(server: Editable) -> None:
    response = server.client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.1"})
    require_problem(response, 401, "authentication-required")
    headers = server.headers_of("prometheus", "operate")
    response = server.client.get(
        "/metrics", headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.1"}
    )
    assert response.status_code == 200


def test_request_is_a_line_of_log_without_its_query(server: Editable) -> None:
    lines: list[str] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(self.format(record))

    handler, logger = Lines(), logging.getLogger("conflictkg.access")
    log_requests(handler)
    try:
        response = server.client.get(ALL, headers={"X-Request-Id": "abcdef-123"})
        response.get_data()
        response.close()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    (line,) = map(json.loads, lines)
    assert line["bytes"] == len(response.data)
    assert {
        name: line[name]
        for name in ("request", "method", "path", "status", "complete", "rows", "outcome")
    } == {
        "request": "abcdef-123",
        "method": "GET",
        "path": "/sparql",
        "status": 200,
        "complete": "true",
        "rows": server.count(),
        "outcome": "complete",
    }
    assert line["ms"] > 0
    assert line["query"] == hashlib.sha256(b"SELECT * { ?s ?p ?o }").hexdigest()[:16]
    assert "SELECT" not in lines[0]


def test_server_is_ready_while_its_store_answers(server: Editable) -> None:
    body = server.client.get("/ready").get_json()
    assert body == {"status": "ready", "release": server.store.release}


def test_server_that_is_busy_is_not_ready() -> None:
    def answer(text: str) -> Answer:
        raise StoreBusyError(text)

    response = client_of(FakeStore(answer)).get("/ready")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
