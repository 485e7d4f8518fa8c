"""Clients that are too slow: they hold neither a connection nor a thread."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from conflictkg.web import server as web_server
from conflictkg.web.server import Server, listen

PATIENCE_S = 20.0
_MANY = b"x" * 65_536


@contextmanager
def serving(app: Any) -> Iterator[int]:
    """An application on a free port."""
    sockets = listen("127.0.0.1", 0)
    server = Server(app, sockets, 1 << 20, 4)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield sockets[0].getsockname()[1]
    finally:
        server.stop()
        server.stop()
        thread.join(PATIENCE_S)


def connect(port: int) -> socket.socket:
    """To the server, with little room for what is not read."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.settimeout(PATIENCE_S)
    client.connect(("127.0.0.1", port))
    return client


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that looks often and gives little time."""
    monkeypatch.setattr(web_server, "_STALLED_S", 0.3)
    monkeypatch.setattr(web_server, "_LOOK_S", 0.1)
    monkeypatch.setitem(web_server._TUNING, "outbuf_high_watermark", 1 << 20)


@pytest.mark.usefixtures("impatient")
def test_reader_who_stops_sets_the_thread_free() -> None:
    """Past the watermark the thread waits for its reader: not for one who never reads."""
    ended = threading.Event()

    def app(_: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "text/plain")])
        try:
            while True:
                yield _MANY
        finally:
            ended.set()

    with serving(app) as port, closing(connect(port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(100)
        assert ended.wait(PATIENCE_S)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(
    "beginning",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1",
    ],
    ids=["headers", "body"],
)
def test_request_that_never_ends_is_dropped(beginning: bytes) -> None:
    """Also one whose next byte comes now and then: silence is not what counts."""

    def app(_: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
        return [b"ok"]

    with serving(app) as port:
        with closing(connect(port)) as client:
            client.sendall(beginning)
            client.settimeout(0.05)
            for _ in range(int(PATIENCE_S / 0.05)):
                try:
                    if client.recv(100) == b"":
                        break
                except TimeoutError:
                    if b"POST" not in beginning:
                        client.sendall(b"x")
                except ConnectionError:
                    break
            else:
                pytest.fail("the connection was kept")
        with closing(connect(port)) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert client.recv(100).startswith(b"HTTP/1.1 200")


class _Channel(web_server._Channel):
    """One without a connection."""

    def __init__(self) -> None:
        self.request: object = None
        self.total_outbufs_len = 0


def test_rate_is_what_counts() -> None:
    """In each stretch of half a minute; who reads slowly but steadily is left alone, as is who has nothing to do."""
    channel = _Channel()
    assert not any(channel.is_stalled(now) for now in range(0, 200, 5))
    channel.total_outbufs_len = 1 << 30
    for now in range(200, 400, 5):
        assert not channel.is_stalled(now)
        channel._moved += 5 * 2_000
    found = [now for now in range(400, 480, 5) if channel.is_stalled(now)]
    assert found
    assert found[0] <= 460
    channel.total_outbufs_len = 0
    assert not channel.is_stalled(500)
    for now in range(505, 700, 5):
        # A new request each time: none of them takes long.
        channel.request = object()
        assert not channel.is_stalled(now)
    assert next(now for now in range(700, 800, 5) if channel.is_stalled(now)) <= 740
