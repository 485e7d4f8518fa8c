"""``conflictkg serve``: the real command, spoken to over HTTP on loopback."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import small_store
from web_support import write_small_store

from conflictkg.config import Settings
from conflictkg.errors import ConfigError
from conflictkg.web.server import PortInUseError, Server, is_loopback, listen, max_body_bytes

ASK = {"query": "ASK {}"}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small real store."""
    return write_small_store(tmp_path_factory.mktemp("serve") / "store")


def _command(*words: str) -> list[str]:
    return [sys.executable, "-c", "from conflictkg.cli import main; main()", "serve", *words]


@contextmanager
def _serving(
    store: Path, *words: str, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start the command on a free port and wait until it says where it serves."""
    command = _command("--store", str(store), "--port", "0", *words)
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    assert process.stderr is not None
    try:
        first = process.stderr.readline()
        assert " at http://" in first, first + process.stderr.read()
        yield first.split(" at ")[1].strip(), process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(_command(*words), capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def address(store: Path) -> Iterator[str]:
    """Address of a running server."""
    with _serving(store) as (address, _):
        yield address


def _send(address: str, raw: bytes) -> bytes:
    """Send raw bytes and read until the server closes."""
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(raw)
        received = b""
        while part := connection.recv(65_536):
            received += part
    return received


def test_served_store_answers_sparql(address: str) -> None:
    """A query over HTTP is answered from the store."""
    answer = httpx.get(address + "sparql", params=ASK)
    assert answer.json() == {"head": {}, "boolean": True}


def test_served_store_follows_things(address: str) -> None:
    """A thing's address leads to its page and to its data."""
    for accept, expected in (
        ("text/html", "Blue Brigade</bdi></h1>"),
        ("text/turtle", "Blue Brigade"),
    ):
        answer = httpx.get(
            address + "id/organization/0001", headers={"Accept": accept}, follow_redirects=True
        )
        assert answer.status_code == 200
        assert expected in answer.text


def test_answers_do_not_name_the_server(address: str) -> None:
    """Nobody needs to know which server, and which version, to search for its holes."""
    assert "server" not in httpx.get(address + "health").headers


@pytest.mark.parametrize(
    ("raw", "status", "slug"),
    [
        pytest.param(
            b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 100_000),
            414,
            "address-too-long",
            id="address",
        ),
        pytest.param(
            b"GET / HTTP/1.1\r\nHost: x\r\nX: %s\r\n\r\n" % (b"a" * 100_000),
            431,
            "headers-too-large",
            id="headers",
        ),
        pytest.param(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n",
            413,
            "body-too-large",
            id="body",
        ),
        pytest.param(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            400,
            "bad-request",
            id="length",
        ),
        pytest.param(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Transfer-Encoding: chunked\r\n\r\nZZ\r\nab\r\n0\r\n\r\n",
            400,
            "bad-request",
            id="chunk",
        ),
        pytest.param(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nASK{}\r\n0\r\n\r\n",
            400,
            "bad-request",
            id="length and chunks",
        ),
        pytest.param(
            b"POST /sparql HTTP/1.0\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nASK{}\r\n0\r\n\r\n",
            400,
            "bad-request",
            id="chunks before HTTP/1.1",
        ),
        pytest.param(b"\x16\x03\x01\x02\x00\r\n\r\n", 400, "bad-request", id="TLS"),
        pytest.param(
            b"GET /id/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n", 400, "bad-request", id="bytes"
        ),
    ],
)
def test_server_refuses_with_the_same_body(
    address: str, raw: bytes, status: int, slug: str
) -> None:
    """What never reaches the application is refused as a problem too, and the server goes on."""
    head, _, body = _send(address, raw).partition(b"\r\n\r\n")
    assert b"Connection: close" in head
    assert f" {status} ".encode() in head.splitlines()[0]
    assert b"application/problem+json" in head
    assert json.loads(body)["type"] == f"/problems/{slug}"
    assert httpx.get(address + "health").status_code == 200


def test_short_body_is_dropped(address: str) -> None:
    """A body that ends before its length is no query."""
    host, port = address.removeprefix("http://").rstrip("/").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(
            b"POST /sparql HTTP/1.1\r\nHost: x\r\nContent-Type: application/sparql-query\r\n"
            b"Content-Length: 100\r\n\r\nASK {}"
        )
        connection.shutdown(socket.SHUT_WR)
        assert b"200 OK" not in connection.recv(65_536)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_server_with_status_zero(store: Path, number: signal.Signals) -> None:
    """A server that is told to stop ends well, also with a connection kept open."""
    with _serving(store) as (address, process), httpx.Client() as client:
        assert client.get(address + "sparql", params=ASK).status_code == 200
        process.send_signal(number)
        assert process.wait(timeout=20) == 0


def test_signal_lets_running_query_finish(store: Path) -> None:
    """A query that runs when the signal comes is answered; new connections are not taken."""
    slow = "SELECT (COUNT(*) AS ?n) { " + " . ".join(f"?a{n} ?b{n} ?c{n}" for n in range(9)) + " }"
    answers: list[httpx.Response] = []
    with _serving(store, CONFLICTKG_QUERY_TIMEOUT_S="2") as (address, process):

        def ask() -> None:
            answers.append(httpx.get(address + "sparql", params={"query": slow}, timeout=30))

        asking = threading.Thread(target=ask)
        asking.start()
        _wait_until_busy(address)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        asking.join(timeout=20)
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)
    assert answers[0].json()["type"] == "/problems/query-timeout"


def _wait_until_busy(address: str) -> None:
    """Ask until a request was answered after the slow one: then that one has been taken."""
    for _ in range(20):
        httpx.get(address + "health")


def test_new_build_is_served_by_itself_and_a_mended_one_on_hangup(tmp_path: Path) -> None:
    """The old build is served on while the new one cannot be opened; no signal is needed for a good one."""
    place = small_store.write_small_store(tmp_path / "store", release="one")
    with _serving(place) as (address, process):
        assert process.stderr is not None
        assert "stop with" in process.stderr.readline()
        small_store.write_small_store(place, release="two")
        assert "now serving release two" in process.stderr.readline()
        place.rename(tmp_path / "away")
        place.mkdir()
        assert "the new build is not served" in process.stderr.readline()
        assert httpx.get(address + "ready").json() == {"status": "ready", "release": "two"}
        mended = small_store.write_small_store(tmp_path / "mended", release="three")
        for each in mended.iterdir():
            each.rename(place / each.name)
        process.send_signal(signal.SIGHUP)
        assert "now serving release three" in process.stderr.readline()
        answer = httpx.get(address + "sparql", params=ASK)
        assert answer.headers["Conflictkg-Release"] == "three"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0


def test_stop_is_announced(store: Path) -> None:
    """The command says how to stop it, and that it has stopped."""
    with _serving(store) as (_, process):
        assert process.stderr is not None
        assert process.stderr.readline() == "conflictkg: stop with Control+C\n"
        process.send_signal(signal.SIGTERM)
        assert "conflictkg: stopped" in process.stderr.read()


def test_open_address_is_warned_of(store: Path) -> None:
    """Who serves to other machines is told in one line what that opens."""
    with _serving(store, "--host", "0.0.0.0") as (_, process):  # noqa: S104  the case itself
        assert process.stderr is not None
        assert "other machines can reach this server" in process.stderr.readline()


def test_settings_come_from_environment(store: Path) -> None:
    """Limits that are set in the environment hold."""
    with _serving(store, CONFLICTKG_MAX_QUERY_BYTES="100") as (address, _):
        answer = httpx.post(address + "sparql", data={"query": "ASK {}" + " " * 200})
        assert answer.json()["type"] == "/problems/query-too-large"
        # The limit is on what comes in: pages ask longer queries than that.
        assert httpx.get(address + "page/organization/0001").status_code == 200


def test_row_limit_after_the_beginning_cuts_the_connection(store: Path) -> None:
    """An answer that is cut after its status was sent never looks whole to the client."""
    query = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    with _serving(store, CONFLICTKG_MAX_ROWS="30000") as (address, process):
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(address + "sparql", params={"query": query})
        assert httpx.get(address + "sparql", params=ASK).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        told = process.stderr.read()
    assert "cut off after 30,000 rows" in told
    assert "Traceback" not in told


def test_port_in_use_exits_one(store: Path) -> None:
    """A port that another program has is named, with how to choose another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run("--store", str(store), "--port", str(port))
    assert done.returncode == 1
    assert f"port {port} on 127.0.0.1 is in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_missing_store_exits_one(tmp_path: Path) -> None:
    """Without a store the command says how to build one, and makes none."""
    done = _run("--store", str(tmp_path / "none"), "--port", "0")
    assert done.returncode == 1
    assert "conflictkg build" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("--port", "70000"),
        ("--port", "http"),
        ("--host", "no.such.host.invalid"),
        ("--host", "192.0.2.1"),
    ],
)
def test_unusable_address_exits_two(store: Path, words: tuple[str, str]) -> None:
    """A port or host that cannot be is a fault of the command line."""
    port = () if words[0] == "--port" else ("--port", "0")
    done = _run("--store", str(store), *words, *port)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_unusable_setting_exits_two(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be read is named."""
    monkeypatch.setenv("CONFLICTKG_PORT", "many")
    done = _run("--store", str(store))
    assert done.returncode == 2
    assert "CONFLICTKG_PORT" in done.stderr


# The server itself


def test_listen_names_privileged_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that needs privileges is explained; the test's own user may have them."""

    def refuse(*arguments: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    with pytest.raises(ConfigError, match=r"80 needs privileges .* above 1023"):
        listen("127.0.0.1", 80)


def test_listen_twice_is_refused() -> None:
    """Two servers never share a port."""
    first = listen("127.0.0.1", 0)
    try:
        with pytest.raises(PortInUseError):
            listen("127.0.0.1", first[0].getsockname()[1])
    finally:
        first[0].close()


def test_listen_on_a_name_takes_one_port() -> None:
    """A name with several addresses is served on the same port of each."""
    sockets = listen("localhost", 0)
    try:
        assert len({each.getsockname()[1] for each in sockets}) == 1
        assert is_loopback(sockets)
    finally:
        for each in sockets:
            each.close()


def _slow_app(entered: threading.Event, leave: threading.Event) -> Callable[..., list[bytes]]:
    def app(environ: object, start_response: Callable[..., object]) -> list[bytes]:
        entered.set()
        leave.wait(20)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"done"]

    return app


@contextmanager
def _running(server: Server) -> Iterator[threading.Thread]:
    """Run a server in a thread; signals can only be handled in the main one, so ``serve`` is called."""
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield thread
    finally:
        server.stop()
        server.stop()
        thread.join(timeout=20)


def test_second_stop_does_not_wait() -> None:
    """Who insists gets the server stopped at once, whatever runs."""
    entered, leave = threading.Event(), threading.Event()
    sockets = listen("127.0.0.1", 0)
    server = Server(
        _slow_app(entered, leave), sockets, max_body_bytes(Settings(max_query_bytes=1_000))
    )
    with _running(server) as thread:
        connection = socket.create_connection(sockets[0].getsockname())
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert entered.wait(10)
        server.stop()
        server.stop()
        thread.join(timeout=10)
        assert not thread.is_alive()
        leave.set()
        connection.close()


def test_drain_sends_the_whole_answer() -> None:
    """A request that runs when the server is told to stop gets its whole answer."""
    entered, leave = threading.Event(), threading.Event()
    sockets = listen("127.0.0.1", 0)
    server = Server(
        _slow_app(entered, leave), sockets, max_body_bytes(Settings(max_query_bytes=1_000))
    )
    with (
        _running(server) as thread,
        socket.create_connection(sockets[0].getsockname()) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert entered.wait(10)
        server.stop()
        leave.set()
        received = b""
        while part := connection.recv(65_536):
            received += part
        thread.join(timeout=10)
        assert not thread.is_alive()
    assert received.endswith(b"done")
