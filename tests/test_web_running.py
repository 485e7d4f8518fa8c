"""The operator sees and stops what runs; a client that leaves takes its query along; slow ones hold nobody up."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from small_store import numbers, write_small_store
from web_support import HTML, FakeStore, require_problem
from werkzeug.test import TestResponse

from conflictkg.access import Tokens
from conflictkg.answers import Answer, Boolean
from conflictkg.config import Settings
from conflictkg.errors import QueryCancelledError
from conflictkg.store import Cancellation, Limits, Store, memory_store, open_store
from conflictkg.web import create_app
from conflictkg.web.admission import Admission
from conflictkg.web.running import Entry, Running, Traffic
from conflictkg.web.server import Server, listen, max_body_bytes

ASK = "/sparql?query=ASK%7B%7D"
LOCAL = "http://localhost/"
HEAVY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }"
HEAVY_ROWS = "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i = 0.5) }"
SMALL = "SELECT * { ?s ?p ?o } LIMIT 3"


class _HangingStore(FakeStore):
    """Answers when it is told to, or raises what its query is cancelled with."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self._changed = threading.Semaphore(0), threading.Event()

    def query(self, text: str, **options: object) -> Answer:  # noqa: ARG002  the store's signature
        cancellation = options["cancellation"]
        assert isinstance(cancellation, Cancellation)
        stopped = threading.Event()
        cancellation.attach(lambda _: stopped.set())
        self.entered.release()
        until = time.monotonic() + 20
        while not (stopped.wait(0.005) or self._changed.is_set()) and time.monotonic() < until:
            pass
        if cancellation.reason is not None:
            raise cancellation.reason
        return Boolean(value=True)

    def answer(self) -> None:
        """Let all go on."""
        self._changed.set()


@contextmanager
def _one_running() -> Iterator[tuple[Flask, _HangingStore, Callable[[], TestResponse]]]:
    """An application on which a query runs, and how to get its answer."""
    store = _HangingStore()
    app = create_app(Settings(), store)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(app.test_client().get, ASK)
        assert store.entered.acquire(timeout=10)
        try:
            yield app, store, lambda: asked.result(10)
        finally:
            store.answer()


def test_operator_sees_what_runs() -> None:
    """The list has text, client, time and state; after its end a query is not in it."""
    with _one_running() as (app, store, result):
        client = app.test_client()
        body = client.get("/queries", base_url=LOCAL).get_json()
        assert (body["running"], body["waiting"]) == (1, 0)
        (shown,) = body["queries"]
        assert (shown["query"], shown["client"], shown["state"]) == (
            "ASK{}",
            "127.0.0.1",
            "running",
        )
        assert shown["seconds"] >= 0
        assert shown["since"].endswith("Z")
        assert client.get(f"/queries/{shown['id']}", base_url=LOCAL).get_json()["id"] == shown["id"]
        page = client.get("/queries", base_url=LOCAL, headers={"Accept": HTML})
        assert shown["id"] in page.text
        assert page.headers["Cache-Control"] == "no-store"
        store.answer()
        assert result().status_code == 200
        assert client.get("/queries", base_url=LOCAL).get_json()["queries"] == []


def test_operator_stops_query() -> None:
    """Its client is told who stopped it; a second time there is nothing to stop."""
    with _one_running() as (app, _, result):
        client = app.test_client()
        number = client.get("/queries", base_url=LOCAL).get_json()["queries"][0]["id"]
        response = client.delete(f"/queries/{number}", base_url=LOCAL)
        assert response.get_json()["state"] == "cancelled"
        body = require_problem(result(), 503, "query-cancelled")
        assert "the operator" in str(body["detail"])
        require_problem(client.delete(f"/queries/{number}", base_url=LOCAL), 404, "not-found")


@pytest.mark.parametrize(
    ("address", "base", "headers", "settings"),
    [
        pytest.param("192.0.2.1", LOCAL, {}, {}, id="from elsewhere"),
        pytest.param("127.0.0.1", "http://kg.example.org/", {}, {}, id="by another name"),
        pytest.param("127.0.0.1", LOCAL, {"Origin": "https://evil.example"}, {}, id="page"),
        pytest.param("127.0.0.1", LOCAL, {"Sec-Fetch-Site": "cross-site"}, {}, id="fetch"),
        pytest.param("127.0.0.1", LOCAL, {"X-Forwarded-For": "127.0.0.1"}, {}, id="proxy"),
        pytest.param("127.0.0.1", LOCAL, {}, {"client_header": "X-Real-IP"}, id="behind proxy"),
        pytest.param("127.0.0.1", LOCAL, {"Cookie": "a=b"}, {"client_header": "X"}, id="cookie"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_others_see_and_stop_nothing(
    address: str, base: str, headers: dict[str, str], settings: dict[str, str], method: str
) -> None:
    """Whoever is not at the machine itself needs a token, and pages of other sites are not."""
    app = create_app(Settings(**settings), FakeStore())  # type: ignore[arg-type]  # by name
    path = "/queries" if method == "GET" else "/queries/00000000"
    response = app.test_client().open(
        path,
        method=method,
        base_url=base,
        headers=headers,
        environ_base={"REMOTE_ADDR": address},
    )
    require_problem(response, 401, "authentication-required")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    "header", ["Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP"]
)
def test_who_comes_through_a_proxy_is_not_at_the_machine(
    served: tuple[tuple[str, int], Traffic], header: str
) -> None:
    """Also where the proxy keeps neither the name nor the address: the server itself must not lose what it says."""
    asked = f"GET /queries HTTP/1.1\r\nHost: {served[0][0]}\r\nConnection: close\r\n"
    with socket.create_connection(served[0], timeout=10) as connection:
        connection.sendall(f"{asked}\r\n".encode())
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200 ")
    with socket.create_connection(served[0], timeout=10) as connection:
        connection.sendall(f"{asked}{header}: 192.0.2.1\r\n\r\n".encode())
        assert connection.recv(4_096).startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(
    ("scope", "status", "slug"),
    [("operate", 200, ""), ("write", 403, "insufficient-scope"), ("", 401, "")],
)
def test_token_of_operator_is_enough(tmp_path: Path, scope: str, status: int, slug: str) -> None:
    """Who shows one of the scope may come from anywhere; another, or one that is none, is no use."""
    settings = Settings(tokens=tmp_path / "tokens.json")
    token = Tokens(settings.tokens_file).create("ann", [scope]) if scope else "made up"
    app = create_app(settings, FakeStore())
    response = app.test_client().get(
        "/queries",
        headers={"Authorization": f"Bearer {token}"},
        environ_base={"REMOTE_ADDR": "192.0.2.1"},
    )
    assert response.status_code == status
    if slug:
        require_problem(response, status, slug)


def test_change_is_seen_and_stopped_like_a_query(tmp_path: Path) -> None:
    """What a caller changes needs no turn, and the operator stops it all the same."""
    settings = Settings(tokens=tmp_path / "tokens.json", editable=True, workers=1, quick_workers=0)
    token = Tokens(settings.tokens_file).create("ann", ["write"])
    with memory_store() as store, ThreadPoolExecutor(1) as pool:
        store.update(
            "INSERT { ?x <http://example.org/n> ?x } WHERE "
            "{ VALUES ?a { 1 2 3 4 5 6 7 8 9 } VALUES ?b { 1 2 3 4 5 6 7 8 9 } "
            "VALUES ?c { 1 2 3 4 5 6 7 8 9 } BIND(IRI(CONCAT('http://example.org/', "
            "STR(?a), STR(?b), STR(?c))) AS ?x) }"
        )
        app = create_app(settings, store)
        asked = pool.submit(
            app.test_client().post,
            "/sparql",
            data="INSERT { ?a <http://example.org/m> ?d } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l "
            "FILTER(STR(?c) < STR(?f) && STR(?f) < STR(?i) && STR(?i) < STR(?l)) }",
            content_type="application/sparql-update",
            headers={"Authorization": f"Bearer {token}"},
        )
        running = app.extensions["conflictkg.traffic"].running
        _wait_for(lambda: len(running.entries()) == 1)
        (entry,) = running.entries()
        assert entry.describe()["state"] == "running"
        assert app.test_client().delete(f"/queries/{entry.id}", base_url=LOCAL).status_code == 200
        require_problem(asked.result(10), 503, "query-cancelled")
        assert store.size() == 729


def test_query_that_cannot_be_watched_over_leaves_the_others_watched(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever breaks in the thread that watches, it goes on."""
    running = Running(Admission(Settings()))
    running.add(Entry("broken", "192.0.2.1", "", lambda: bool(1 / 0)))
    left = Entry("left", "192.0.2.1", "", lambda: True)
    running.add(left)
    _wait_for(lambda: left.cancellation.reason is not None)
    assert "cannot be watched over" in caplog.text


# With sockets


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store on which the heavy queries take for ever."""
    directory = write_small_store(tmp_path_factory.mktemp("store") / "s", numbers(5_000))
    with open_store(directory, Limits(workers=2, memory_mb=512, spare_workers=2)) as opened:
        yield opened


@pytest.fixture
def served(store: Store) -> Iterator[tuple[tuple[str, int], Traffic]]:
    """Where an application is served as it is in earnest, and what it has under way."""
    settings = Settings(query_timeout_s=20, workers=1, quick_workers=2)
    app = create_app(settings, store)
    sockets = listen("127.0.0.1", 0)
    server = Server(app, sockets, max_body_bytes(settings))
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield sockets[0].getsockname(), app.extensions["conflictkg.traffic"]
    finally:
        server.stop()
        thread.join()


def _wait_for(condition: Callable[[], bool], most_s: float = 10) -> float:
    """Seconds until something is so."""
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < most_s
        threading.Event().wait(0.005)
    return time.monotonic() - start


def _send(address: tuple[str, int], text: str) -> socket.socket:
    connection = socket.create_connection(address, timeout=10)
    target = f"/sparql?query={quote(text)}"
    connection.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    return connection


def _ask(address: tuple[str, int], text: str) -> tuple[str, float]:
    start = time.monotonic()
    with _send(address, text) as connection:
        line = connection.recv(4_096).partition(b"\r\n")[0].decode()
    return line, time.monotonic() - start


@pytest.mark.parametrize("text", [HEAVY, HEAVY_ROWS], ids=["computed whole", "rows"])
def test_client_that_leaves_takes_its_query_along(
    served: tuple[tuple[str, int], Traffic], text: str
) -> None:
    """A moment after it has closed its connection nothing runs, and the worker serves another."""
    address, traffic = served
    took = []
    for _ in range(3):  # of which one must be in time, whatever else the machine does
        with _send(address, text):
            _wait_for(lambda: traffic.admission.running == 1)
        took.append(_wait_for(lambda: traffic.admission.running == 0))
    assert min(took) < 0.5
    assert _ask(address, SMALL)[0] == "HTTP/1.1 200 OK"


def test_client_that_leaves_the_queue_frees_its_place(
    served: tuple[tuple[str, int], Traffic],
) -> None:
    """Who waits for a worker and goes is not waited with."""
    address, traffic = served
    took = []
    with _send(address, HEAVY):
        _wait_for(lambda: traffic.admission.running == 1)
        for _ in range(3):  # of which one must be in time, whatever else the machine does
            with _send(address, HEAVY_ROWS):
                _wait_for(lambda: traffic.admission.waiting == 1)
            took.append(_wait_for(lambda: traffic.admission.waiting == 0))
        assert min(took) < 0.5
        assert traffic.admission.running == 1


def test_light_queries_do_not_wait_behind_heavy_ones(
    served: tuple[tuple[str, int], Traffic],
) -> None:
    """With more heavy queries than workers, light ones are answered; the heavy ones get their turn in time."""
    address, traffic = served
    with _send(address, HEAVY) as first, ExitStack() as stack:
        _wait_for(lambda: traffic.admission.running == 1)
        # They begin, take long, and are set aside: one worker is all there is.
        for number in range(4):
            stack.enter_context(_send(address, f"{HEAVY_ROWS} # {number}"))
        _wait_for(lambda: traffic.admission.waiting == 4)
        for _ in range(5):
            line, seconds = _ask(address, SMALL)
            assert line == "HTTP/1.1 200 OK"
            assert seconds < 1
        first.close()
        _wait_for(lambda: traffic.admission.waiting == 3)
        assert traffic.admission.running == 1


def test_query_is_stopped_while_it_is_set_aside() -> None:
    """Who stops it in that moment has it stopped, not begun again."""
    entry = Entry("ASK {}", "127.0.0.1", "", lambda: False)
    turn = Admission(Settings()).enter("127.0.0.1", entry.cancellation)
    entry.begin(turn)
    entry.set_aside(turn)
    entry.stop(QueryCancelledError("the operator"))
    assert not entry.keep()
    entry.wait_again()
    assert isinstance(entry.cancellation.reason, QueryCancelledError)


def test_query_that_was_set_aside_is_answered() -> None:
    """It begins again when a worker is free, and its client sees nothing of it."""
    store = _HangingStore()
    settings = Settings(workers=1, quick_workers=1, quick_s=0.05, query_wait_s=20)
    app = create_app(settings, store)
    admission = app.extensions["conflictkg.traffic"].admission
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(app.test_client().get, ASK)
        _wait_for(lambda: admission.running == 1 and admission._quick.free == 1)
        second = pool.submit(app.test_client().get, ASK + "%20")
        _wait_for(lambda: admission.waiting == 1)
        assert len(app.extensions["conflictkg.traffic"].running.entries()) == 2
        store.answer()
        assert (first.result(10).status_code, second.result(10).status_code) == (200, 200)
    assert (admission.running, admission.waiting) == (0, 0)


def test_slow_senders_and_readers_hold_nobody_up(served: tuple[tuple[str, int], Traffic]) -> None:
    """With thirty unfinished headers, bodies and unread answers each, others are answered at once."""
    address, _ = served
    large = "SELECT * { ?a ?b ?c . ?d ?e ?f } LIMIT 20000"
    with ExitStack() as stack:
        for _ in range(30):
            head = stack.enter_context(socket.create_connection(address, timeout=10))
            head.sendall(b"GET /sparql?query=ASK%7B%7D HTTP/1.1\r\nHost: loc")
            body = stack.enter_context(socket.create_connection(address, timeout=10))
            body.sendall(
                b"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/sparql-query\r\n"
                b"Content-Length: 100\r\n\r\nASK"
            )
            reader = stack.enter_context(_send(address, large))
            # It has begun to come, and megabytes of it are never read.
            assert reader.recv(12) == b"HTTP/1.1 200"
        for _ in range(6):
            line, seconds = _ask(address, SMALL)
            assert line == "HTTP/1.1 200 OK"
            assert seconds < 1
