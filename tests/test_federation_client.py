"""One request to another endpoint: where it goes, and what is taken of the answer. On loopback alone."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import Any

import pytest

from conflictkg.errors import (
    ConflictKGError,
    FederationError,
    QueryCancelledError,
    QueryTimeoutError,
)
from conflictkg.federation import Budget, Federation, Policy, Target
from conflictkg.federation.addresses import AddressError, find_address, is_public
from conflictkg.federation.client import Asker
from conflictkg.store import Cancellation, Store, memory_store

JSON = "application/sparql-results+json"
EMPTY = b'{"head": {"vars": []}, "results": {"bindings": []}}'
LOOPBACK = (ip_address("127.0.0.1"),)


class _Handler(BaseHTTPRequestHandler):
    server: "Listener"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.server.seen.append((self.path, dict(self.headers), self.rfile.read(length).decode()))
        self.server.answer(self)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def send(self, body: bytes, media_type: str = JSON, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)


class Listener(ThreadingHTTPServer):
    """A server whose answer a test gives; it remembers what it was asked."""

    daemon_threads = True
    answer: Callable[[Any], None]

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, dict[str, str], str]] = []
        self.connections = 0
        self.released = threading.Event()
        self.answer = lambda handler: handler.send(EMPTY)

    def get_request(self) -> tuple[socket.socket, Any]:
        self.connections += 1
        return super().get_request()

    def handle_error(self, *_: object) -> None:
        """A client that leaves is none."""

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def target(self, host: str = "127.0.0.1", **bounds: Any) -> Target:
        return Target(f"http://{host}:{self.port}/sparql?x=1", **{"addresses": LOOPBACK, **bounds})


@contextmanager
def listening() -> Iterator[Listener]:
    with Listener() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


@pytest.fixture(scope="module")
def store() -> Iterator[Store]:
    with memory_store() as opened:
        yield opened


def ask(target: Target, budget: Budget | None = None) -> bytes:
    return Asker().ask(target, "ASK {}", budget or Budget())


def refusal(target: Target) -> FederationError:
    with pytest.raises(FederationError) as caught:
        ask(target)
    return caught.value


def test_request_is_a_direct_post(listener: Listener) -> None:
    """The query is the body; nothing of ours is told but what asking needs."""
    assert ask(listener.target()) == EMPTY
    ((path, headers, body),) = listener.seen
    assert (path, body) == ("/sparql?x=1", "ASK {}")
    assert {name.lower(): value for name, value in headers.items()} == {
        "host": f"127.0.0.1:{listener.port}",
        "content-type": "application/sparql-query",
        "content-length": "6",
        "accept": JSON,
        "accept-encoding": "identity",
        "user-agent": "conflictkg",
        "connection": "close",
    }


# Where it goes


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name lead to these, and tell which are asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int, *_: object, **__: object) -> list[tuple[Any, ...]]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


def test_name_is_resolved_once_and_connected_to_as_checked(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the check and the connection nobody is asked again; the other side sees its name."""
    asked = resolve_to(monkeypatch, "127.0.0.1")
    connected: list[Any] = []
    create = socket.create_connection

    def note(address: Any, *rest: Any, **named: Any) -> socket.socket:
        connected.append(address)
        return create(address, *rest, **named)

    monkeypatch.setattr(socket, "create_connection", note)
    # create_connection asks the resolver too, for the address itself: that is no name any more.
    ask(listener.target("endpoint.example"))
    assert [each for each in asked if each != "127.0.0.1"] == ["endpoint.example"]
    assert connected == [("127.0.0.1", listener.port)]
    assert listener.seen[0][1]["Host"] == f"endpoint.example:{listener.port}"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1",  # noqa: S104  to refuse
        "100.64.0.1",
        "169.254.169.254", "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "240.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1",
        "fec0::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b:1::1", "2002:7f00:1::", "::127.0.0.1",
    ],
)  # fmt: skip
def test_name_that_leads_inside_is_refused(
    listener: Listener, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """No connection is made to what is not public, though the operator lists the name."""
    resolve_to(monkeypatch, address)
    error = refusal(listener.target("endpoint.example", addresses=()))
    assert error.reason == "refused"
    assert f"its name leads to {ip_address(address)}" in str(error)
    assert listener.connections == 0


def test_one_address_inside_among_public_ones_is_refused(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who answers for a name cannot have the right address tried after the wrong one."""
    resolve_to(monkeypatch, "8.8.8.8", "127.0.0.1")
    assert refusal(listener.target("endpoint.example", addresses=())).reason == "refused"


@pytest.mark.parametrize("iri", ["http://127.0.0.1:%d/", "http://[::ffff:127.0.0.1]:%d/"])
def test_address_in_the_iri_is_checked_too(listener: Listener, iri: str) -> None:
    """An address needs no resolver and is checked all the same."""
    assert refusal(Target(iri % listener.port)).reason == "refused"
    assert listener.connections == 0


def test_numbers_that_only_the_resolver_reads_are_checked(listener: Listener) -> None:
    """What is no address in Python may be one for the resolver."""
    assert refusal(Target(f"http://127.1:{listener.port}/")).reason == "refused"
    assert listener.connections == 0


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_public_addresses_are_right(address: str) -> None:
    """The check lets the internet through."""
    assert is_public(ip_address(address))
    assert find_address(address, 443, (), 1) == ip_address(address)


def test_listing_an_address_allows_that_one_alone() -> None:
    """Not its neighbours."""
    assert find_address("127.0.0.1", 80, LOOPBACK, 1) == LOOPBACK[0]
    with pytest.raises(AddressError):
        find_address("127.0.0.2", 80, LOOPBACK, 1)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_not_followed(listener: Listener, status: int) -> None:
    """Not even to the same server."""
    with listening() as other:
        there = f"http://127.0.0.1:{other.port}/"
        listener.answer = lambda handler: handler.send(b"", status=status, Location=there)
        error = refusal(listener.target())
        assert (error.reason, other.connections) == ("failed", 0)
    assert f"status {status}, and redirects are not followed" in str(error)
    assert len(listener.seen) == 1


def test_proxies_of_the_environment_are_not_used(
    listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor a .netrc: what is asked goes to the checked address or nowhere."""
    with listening() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert ask(listener.target()) == EMPTY
        assert proxy.connections == 0


# What is taken of the answer

ROW = {"s": {"type": "uri", "value": "http://e/a"}}


def results(*rows: object) -> bytes:
    return json.dumps({"head": {"vars": ["s"]}, "results": {"bindings": rows}}).encode()


BAD: list[tuple[str, Callable[[Any], None], str, str]] = [
    ("status", lambda h: h.send(b"no", status=500), "failed", "status 500"),
    ("empty", lambda h: h.send(b"", status=204), "failed", "status 204"),
    ("type", lambda h: h.send(EMPTY, "text/html"), "failed", "'text/html'"),
    ("xml", lambda h: h.send(b"<sparql/>", "application/sparql-results+xml"), "failed", "xml"),
    ("packed", lambda h: h.send(b"x", Content_Encoding="gzip"), "failed", "packed its answer"),
    ("no JSON", lambda h: h.send(b"{"), "failed", "no JSON"),
    ("not UTF-8", lambda h: h.send(b'{"a": "\xff"}'), "failed", "no JSON"),
    ("deep", lambda h: h.send(b"[" * 200_000), "failed", "no JSON"),
    ("long number", lambda h: h.send(b"1" * 10_000), "failed", "no JSON"),
    ("no results", lambda h: h.send(b'{"boolean": true}'), "failed", "no SPARQL results"),
    ("rows", lambda h: h.send(b'{"results": {"bindings": {}}}'), "failed", "no SPARQL results"),
    ("row", lambda h: h.send(results([])), "failed", "row 1 of its answer is no object"),
    ("term", lambda h: h.send(results(ROW, {"s": "a"})), "failed", "row 2"),
    ("kind", lambda h: h.send(results({"s": {"type": "x", "value": ""}})), "failed", "kind 'x'"),
    ("IRI", lambda h: h.send(results({"s": {"type": "uri", "value": "a b"}})), "failed", "IRI"),
    (
        "IRI that ends early",
        lambda h: h.send(results({"s": {"type": "uri", "value": "x:> } ; DROP ALL #"}})),
        "failed",
        "no absolute IRI",
    ),
    (
        "language",
        lambda h: h.send(results({"s": {"type": "literal", "value": "", "xml:lang": "e n"}})),
        "failed",
        "language 'e n'",
    ),
    (
        "datatype",
        lambda h: h.send(results({"s": {"type": "literal", "value": "", "datatype": "int"}})),
        "failed",
        "no absolute IRI",
    ),
    (
        "half a character",
        lambda h: h.send(b'{"results":{"bindings":[{"s":{"type":"literal","value":"\\ud800"}}]}}'),
        "failed",
        "no text may hold",
    ),
    ("many rows", lambda h: h.send(results(*[ROW] * 4)), "too-much", "more than 3 rows"),
    ("many bytes", lambda h: h.send(b" " * 5_000), "too-much", "more than 4,096 bytes"),
    ("cut off", lambda h: _cut(h), "failed", "cannot be asked"),
    ("no HTTP", lambda h: h.wfile.write(b"hello\r\n\r\n"), "failed", "cannot be asked"),
]


def _cut(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(EMPTY)


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [pytest.param(*rest, id=name) for name, *rest in BAD],
)
def test_bad_answer_is_an_error_that_says_what_is_wrong(
    listener: Listener, store: Store, answer: Callable[[Any], None], reason: str, words: str
) -> None:
    """And never a part of an answer."""
    listener.answer = answer
    target = listener.target(max_rows=3, max_bytes=4_096 if "bytes" in words else 1 << 20)
    with pytest.raises(FederationError) as caught:
        federated(store, target)
    assert caught.value.reason == reason
    assert words in str(caught.value)
    assert str(caught.value).startswith(f"SERVICE <{target.iri}> (line 1): ")


def federated(store: Store, target: Target, silent: str = "") -> list[Any]:
    text = f"SELECT * {{ SERVICE {silent} <{target.iri}> {{ ?s ?p ?o }} }}"
    with store.query(text, federation=Federation(Policy((target,)))) as answer:
        return list(answer.rows)  # type: ignore[union-attr]  # of SELECT


def test_silent_failure_over_http_is_an_empty_solution(listener: Listener, store: Store) -> None:
    """Whatever the other side does wrong."""
    listener.answer = lambda handler: handler.send(b"no", status=500)
    assert federated(store, listener.target(), "SILENT") == [(None, None, None)]


def test_nobody_there_is_a_failure(store: Store) -> None:
    """A refused connection, and a name that leads nowhere."""
    with listening() as gone:
        target = gone.target()
    assert refusal(target).reason == "failed"
    assert federated(store, target, "SILENT") == [(None, None, None)]
    assert refusal(Target("http://nobody.invalid/")).reason == "failed"


# Time


def _drip(handler: Any) -> None:
    """A byte now and then, so that no single wait is long."""
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.end_headers()
    while not handler.server.released.wait(0.02):
        handler.wfile.write(b" ")


def _hang(handler: Any) -> None:
    handler.server.released.wait(20)


@pytest.mark.parametrize("answer", [_hang, _drip], ids=["silence", "drops"])
def test_target_s_deadline_is_for_the_whole_answer(
    listener: Listener, answer: Callable[[Any], None]
) -> None:
    """However the other side spends it."""
    listener.answer = answer
    start = time.monotonic()
    error = refusal(listener.target(timeout_s=0.2))
    assert error.reason == "timeout"
    assert "within 0.2 s" in str(error)
    assert time.monotonic() - start < 1.5


@pytest.mark.parametrize("answer", [_hang, _drip], ids=["silence", "drops"])
def test_query_s_deadline_goes_before_the_target_s(
    listener: Listener, answer: Callable[[Any], None]
) -> None:
    """And is the query's error."""
    listener.answer = answer
    with pytest.raises(QueryTimeoutError, match=r"after 0\.2 s"):
        ask(listener.target(), Budget(time.monotonic() + 0.2, 0.2))


def test_cancelled_query_stops_waiting_at_once(listener: Listener) -> None:
    """A client that leaves holds no place at another's endpoint."""
    cancellation = Cancellation()

    def cancel(handler: Any) -> None:
        cancellation.cancel(QueryCancelledError("its client, who left"))
        _hang(handler)

    listener.answer = cancel
    start = time.monotonic()
    with pytest.raises(QueryCancelledError):
        ask(listener.target(), Budget(cancellation=cancellation))
    assert time.monotonic() - start < 2


def test_slow_resolver_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver cannot be stopped, so it is left alone."""
    go_on = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: go_on.wait(20) and [])
    error = refusal(Target("http://endpoint.example/", timeout_s=0.1))
    go_on.set()
    assert error.reason == "timeout"


def test_target_is_asked_so_many_times_at_once(listener: Listener) -> None:
    """Who finds all places taken waits, and is told so in the end."""
    asker, target = Asker(), listener.target(concurrency=1, timeout_s=0.3)
    entered = threading.Event()

    def hold(handler: Any) -> None:
        entered.set()
        _hang(handler)

    listener.answer = hold
    slow = listener.target(concurrency=1, timeout_s=5)
    errors: list[ConflictKGError] = []

    def ask_slowly() -> None:
        try:
            asker.ask(slow, "ASK {}", Budget())
        except ConflictKGError as error:
            errors.append(error)

    first = threading.Thread(target=ask_slowly)
    first.start()
    assert entered.wait(5)
    with pytest.raises(FederationError) as caught:
        asker.ask(target, "ASK {}", Budget())
    assert caught.value.reason == "busy"
    assert len(listener.seen) == 1
    listener.released.set()
    first.join()
    listener.answer = lambda handler: handler.send(EMPTY)
    assert asker.ask(target, "ASK {}", Budget()) == EMPTY
    assert [each.reason for each in errors if isinstance(each, FederationError)] == ["failed"]
