"""The production server: waitress, tuned for the open internet, with an orderly end.

The numbers were measured against clients that send headers or bodies slowly and that stop reading:
with them, two hundred of each leave other requests unharmed.
"""

import errno
import json
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from wsgiref.types import WSGIApplication

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer, create_server
from waitress.task import ErrorTask

from conflictkg.config import Settings
from conflictkg.errors import ConfigError, ConflictKGError
from conflictkg.web import kinds
from conflictkg.web.limits import MOST_VALIDATED_BYTES

DRAIN_S = 30.0
"""How long running requests may take to finish once the server was told to stop."""

_LINGER_S = 2.0
_STALLED_S = 30.0
"""For how long a request that comes, or an answer that waits for its reader, may be slower than the least rate."""
_LEAST_RATE = 1_024
"""Bytes a second."""
_LOOK_S = 5.0
"""How often the server looks for connections that are too slow."""

_TUNING = {
    "connection_limit": 1000,
    "channel_timeout": 30,  # a client that sends nothing for so long is let go
    "cleanup_interval": 5,
    "outbuf_high_watermark": 1
    << 30,  # a stalled reader's answer goes to a file, its thread goes free
    "channel_request_lookahead": 1,  # without it a client that leaves is never noticed
    "asyncore_use_poll": True,
    # Nothing here believes them, but what came through a proxy must be seen to: it is not from the operator.
    "clear_untrusted_proxy_headers": False,
    "max_request_header_size": 65_536,
    "ident": None,
}


_KINDS = {
    400: kinds.BAD_REQUEST,
    413: kinds.BODY_TOO_LARGE,
    414: kinds.ADDRESS_TOO_LONG,
    431: kinds.HEADERS_TOO_LARGE,
    501: kinds.BAD_REQUEST,
}


class _ProblemTask(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """Answers what the server itself refuses, before the application sees it, as a problem too."""

    def execute(self) -> None:
        error = self.request.error
        code = error.code
        # waitress counts the address among the headers: what came so far has no line end yet.
        if code == 431 and b"\n" not in self.request.header_plus:
            code = 414
        kind = _KINDS.get(code, kinds.INTERNAL)
        body = {
            "type": f"/problems/{kind.slug}",
            "title": kind.title,
            "status": code,
            "detail": str(error.body),
        }
        written = json.dumps(body, indent=1).encode() + b"\n"
        self.status = f"{code} {kind.title}"
        self.response_headers.append(("Content-Type", "application/problem+json"))
        self.response_headers.append(("Cache-Control", "no-store"))
        self.set_close_on_finish()
        self.channel.is_refused = True
        self.content_length = len(written)
        self.write(written)


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Refuses a request that says in two ways where it ends.

    A proxy in front may believe the other of the two, and take what comes behind for somebody else's request.
    """

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        # It takes the header away where it knows it, which before HTTP/1.1 nobody does.
        if "TRANSFER_ENCODING" in self.headers:
            raise ParsingError("Transfer-Encoding is of HTTP/1.1. Send Content-Length.")
        if self.chunked and "CONTENT_LENGTH" in self.headers:
            raise ParsingError(
                "The request has both Transfer-Encoding and Content-Length. Send one of them."
            )


class _Channel(HTTPChannel):  # type: ignore[misc]  # waitress has no types
    """A connection that is closed gently after a refusal.

    Closing while the client still sends makes the system reset the connection, and the client
    loses the answer that says why. So what comes is read and thrown away for a moment.
    """

    parser_class = _Parser
    error_task_class = _ProblemTask
    is_refused = False
    _linger_end: float | None = None
    _moved = 0
    _stage: object = None
    _since, _moved_before = 0.0, 0

    def send(self, data: bytes, do_close: bool = True) -> int:
        sent = int(super().send(data, do_close))
        self._moved += sent
        return sent

    def recv(self, buffer_size: int) -> bytes:
        data: bytes = super().recv(buffer_size)
        self._moved += len(data)
        return data

    def is_stalled(self, now: float) -> bool:
        """Whether its client is too slow in sending a request, or in reading what waits for it.

        A trickle that is never silent for long would else hold the connection for ever, and an answer that nobody
        reads the thread and the worker that make it.

        Args:
            now: On the clock of ``time.monotonic``; to be asked again and again.
        """
        stage = "answer" if self.total_outbufs_len else self.request
        if stage is None or stage is not self._stage:
            self._stage, self._since, self._moved_before = stage, now, self._moved
            return False
        passed = now - self._since
        if passed < _STALLED_S:
            return False
        is_slow = self._moved - self._moved_before < passed * _LEAST_RATE
        self._since, self._moved_before = now, self._moved
        return is_slow

    def drop(self) -> None:
        """Close it at once; who writes to it is told that the client has left."""
        super().handle_close()

    def handle_close(self) -> None:
        if self.is_refused and self._linger_end is None and self.connected:
            self._linger_end = time.monotonic() + _LINGER_S
            with suppress(OSError):  # the client may have gone
                self.socket.shutdown(socket.SHUT_WR)
            return
        super().handle_close()

    def readable(self) -> bool:
        return True if self._linger_end is not None else bool(super().readable())

    def writable(self) -> bool:
        if self._linger_end is not None:
            return time.monotonic() > self._linger_end
        return bool(super().writable())

    def handle_read(self) -> None:
        if self._linger_end is None:
            super().handle_read()
            return
        try:
            self.recv(1 << 16)  # closes the channel by itself at the end
        except OSError:
            self.handle_close()


def max_body_bytes(settings: Settings) -> int:
    """Largest body that is read at all: the application itself refuses what is a little too long.

    Percent-encoding in a form makes three bytes of one. Graphs are taken to be validated also where none is written.
    """
    upload = settings.max_upload_bytes
    if not settings.editable:
        upload = min(upload, MOST_VALIDATED_BYTES)
    return max(settings.max_query_bytes * 3, upload) + (1 << 20)


class PortInUseError(ConflictKGError):
    """Another program listens on the port."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"port {port} on {host} is in use by another program. "
            "Choose another with --port, or --port 0 for any free one."
        )


def listen(host: str, port: int) -> tuple[socket.socket, ...]:
    """Open the sockets to serve on.

    Args:
        host: Name or address; a name may stand for several addresses.
        port: 0 means any free one.

    Returns:
        One listening socket per address.

    Raises:
        PortInUseError: Another program has the port.
        ConfigError: The host is not one of this machine, or the port needs privileges.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError, OverflowError) as error:
        raise ConfigError(
            "--host", f'"{host}" is not a name or address that this machine knows. Try 127.0.0.1.'
        ) from error
    opened: list[socket.socket] = []
    absent: OSError | None = None
    for family, kind, protocol, _, address in dict.fromkeys(found):
        try:
            opened.append(_bind(family, kind, protocol, (address[0], port, *address[2:])))
        except OSError as error:
            # "localhost" is ::1 as well, also where IPv6 is switched off.
            if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}:
                absent = error
                continue
            for each in opened:
                each.close()
            raise _explain(error, host, port) from error
        port = opened[0].getsockname()[1]
    if absent and not opened:
        raise _explain(absent, host, port) from absent
    return tuple(opened)


def is_loopback(sockets: tuple[socket.socket, ...]) -> bool:
    """Whether only this machine can reach the sockets."""
    return all(
        str(each.getsockname()[0]).startswith("127.") or each.getsockname()[0] == "::1"
        for each in sockets
    )


class Server:
    """Serves an application until told to stop; then finishes what runs, for up to ``DRAIN_S``.

    Args:
        app: What to serve.
        sockets: Where, from :func:`listen`.
        max_body_bytes: Larger request bodies are refused before they are read whole.
        threads: Requests that are worked on at the same time.
    """

    def __init__(
        self,
        app: WSGIApplication,
        sockets: tuple[socket.socket, ...],
        max_body_bytes: int,
        threads: int = 32,
    ) -> None:
        self._sockets: dict[int, wasyncore.dispatcher] = {}
        self._server = create_server(
            app,
            map=self._sockets,
            sockets=list(sockets),
            max_request_body_size=max_body_bytes,
            threads=threads,
            **_TUNING,
        )
        for each in self._listeners():
            each.channel_class = _Channel
        self._stops = 0
        self._look_at = time.monotonic() + _LOOK_S

    def serve(self) -> None:
        """Serve until :meth:`stop` is called."""
        while not self._stops:
            self._serve_once()
        self._stop_listening()
        end = time.monotonic() + DRAIN_S
        while self._stops == 1 and time.monotonic() < end and self._close_idle():
            self._serve_once()
        self._server.task_dispatcher.shutdown(timeout=0 if self._stops > 1 else 1)
        wasyncore.close_all(self._sockets)

    def stop(self) -> None:
        """Stop in an orderly way; at the second call, at once. May be called from a signal handler."""
        self._stops += 1
        for each in self._listeners():
            each.pull_trigger()

    def _serve_once(self) -> None:
        wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + _LOOK_S
            self._drop_stalled(now)

    def _drop_stalled(self, now: float) -> None:
        for each in list(self._sockets.values()):
            if isinstance(each, _Channel) and each.is_stalled(now):
                each.drop()

    def _listeners(self) -> list[BaseWSGIServer]:
        return [each for each in list(self._sockets.values()) if isinstance(each, BaseWSGIServer)]

    def _stop_listening(self) -> None:
        # Only the socket goes: running requests still wake the loop through the server's trigger.
        for each in self._listeners():
            each.del_channel(self._sockets)
            each.socket.close()

    def _close_idle(self) -> bool:
        """Close the connections on which nothing runs; whether any is left."""
        channels = [each for each in list(self._sockets.values()) if isinstance(each, HTTPChannel)]
        for channel in channels:
            if not channel.requests and not channel.total_outbufs_len:
                channel.handle_close()
        return any(isinstance(each, HTTPChannel) for each in self._sockets.values())


def _bind(family: int, kind: int, protocol: int, address: tuple[object, ...]) -> socket.socket:
    opened = socket.socket(family, kind, protocol)
    try:
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Without it a restart waits for the last connections' TIME_WAIT. It does not let two
        # servers share a port on Linux or macOS; SO_REUSEPORT would.
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind(address)
        opened.listen(1024)
    except OSError:
        opened.close()
        raise
    return opened


def _explain(error: OSError, host: str, port: int) -> ConflictKGError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(host, port)
    if error.errno in {errno.EACCES, errno.EPERM}:
        return ConfigError(
            "--port",
            f"{port} needs privileges that this program does not have. Choose one above 1023 "
            "and put a proxy in front for the ports below.",
        )
    return ConfigError(
        "--host", f"{host} cannot be served on: {error.strerror}. Try 127.0.0.1 or 0.0.0.0."
    )


@contextmanager
def stopping_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """SIGTERM and SIGINT call ``stop`` while the block runs; in the main thread only."""

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  the signal module's signature
        stop()

    before = {number: signal.signal(number, handle) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def looking_on_hangup(look: Callable[[], None]) -> Iterator[None]:
    """SIGHUP calls ``look`` while the block runs; in the main thread only."""
    before = signal.signal(signal.SIGHUP, lambda number, frame: look())  # noqa: ARG005  the signal module's signature
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)
