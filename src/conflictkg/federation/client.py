"""One request to one endpoint, over a connection to an address that was checked.

The name is resolved once, and the connection made to that very address: who answers for the name cannot have it
lead elsewhere in between. Nothing is redirected, no proxy asked, no cookie or credential kept, nothing unpacked,
and the whole exchange has one deadline, be it that the other side sends a byte now and then.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import httpx

from conflictkg.errors import FederationError
from conflictkg.federation.addresses import AddressError, find_address
from conflictkg.federation.budget import Budget
from conflictkg.federation.policy import Target

_RESULTS = frozenset({"application/sparql-results+json", "application/json"})
_AGENT = "conflictkg"
_PORTS = {"http": 80, "https": 443}


class Asker:
    """Asks endpoints, of each at most so many requests at a time.

    Safe to use from several threads; one serves a whole process.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._places: dict[str, threading.BoundedSemaphore] = {}
        self._tls = ssl.create_default_context()

    def ask(self, target: Target, text: str, budget: Budget) -> bytes:
        """Send a query, and give the body of the answer.

        Args:
            target: Where to.
            text: The query.
            budget: Of the query that it is for.

        Raises:
            FederationError: It cannot be asked, or does not answer as it should.
            QueryTimeoutError: The query's own deadline came.
            QueryCancelledError: The query was cancelled.
        """
        with self._lock:
            places = self._places.setdefault(
                target.iri, threading.BoundedSemaphore(target.concurrency)
            )
        if not places.acquire(timeout=budget.left_s(target.timeout_s)):
            budget.left_s(target.timeout_s)
            raise FederationError(
                target.iri,
                "busy",
                f"it is asked {target.concurrency} times at once already. Ask again in a few seconds.",
            )
        try:
            return self._ask(target, text, budget)
        finally:
            places.release()

    def _ask(self, target: Target, text: str, budget: Budget) -> bytes:
        exchange = _Exchange(target, budget)
        try:
            return exchange.run(text, self._tls)
        except (AddressError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            # Whose time was over: the query's, or only the target's.
            budget.left_s(target.timeout_s)
            raise exchange.explain(error) from error
        finally:
            exchange.end()


class _Exchange:
    """One request and its answer."""

    def __init__(self, target: Target, budget: Budget) -> None:
        self._target = target
        self._left_s = budget.left_s(target.timeout_s)
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_late = self._is_over = False
        self._timer = threading.Timer(self._left_s, self._stop_late)
        self._timer.daemon = True
        self._timer.start()
        budget.cancellation.attach(lambda _: self._stop())

    def run(self, text: str, tls: ssl.SSLContext) -> bytes:
        parts = urlsplit(self._target.iri)
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        address = find_address(host, port, self._target.addresses, self._left_s)
        shown = f"[{address}]" if address.version == 6 else str(address)
        url = httpx.URL(self._target.iri).copy_with(host=shown.strip("[]"), port=port)
        headers = {
            "Host": parts.netloc,
            "Content-Type": "application/sparql-query",
            "Accept": "application/sparql-results+json",
            "Accept-Encoding": "identity",
            "User-Agent": _AGENT,
            "Connection": "close",
        }
        extensions = {"sni_hostname": host, "trace": self._note_connection}
        transport = httpx.HTTPTransport(verify=tls, trust_env=False, retries=0)
        # The transport alone: no redirects, no cookies, no proxies, no unpacking.
        with transport:
            request = httpx.Request(
                "POST",
                url,
                headers=headers,
                content=text.encode(),
                extensions={**extensions, "timeout": httpx.Timeout(self._left_s).as_dict()},
            )
            response = transport.handle_request(request)
            try:
                return self._read(response)
            finally:
                response.close()

    def _read(self, response: httpx.Response) -> bytes:
        self._require(
            response.status_code == 200,
            f"it answered with status {response.status_code}"
            + (", and redirects are not followed" if 300 <= response.status_code < 400 else ""),
        )
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self._require(
            media_type in _RESULTS,
            f"it answered in {media_type[:100] or 'no media type'!r}, not in "
            "application/sparql-results+json",
        )
        encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
        self._require(
            encoding in {"", "identity"},
            f"it packed its answer ({encoding[:40]!r}) though not asked",
        )
        body = bytearray()
        stream = response.stream
        if not isinstance(stream, httpx.SyncByteStream):
            raise TypeError("a transport gave a stream of another kind")
        for chunk in stream:
            body += chunk
            if len(body) > self._target.max_bytes:
                raise FederationError(
                    self._target.iri,
                    "too-much",
                    f"it answered with more than {self._target.max_bytes:,} bytes, which is what is taken of "
                    "it. Ask for less in SERVICE.",
                )
        if self._is_over:
            # An answer without a length looks whole when we end it ourselves.
            raise TimeoutError
        return bytes(body)

    def _require(self, is_right: bool, problem: str) -> None:
        if not is_right:
            raise FederationError(self._target.iri, "failed", problem + ".")

    def explain(self, error: Exception) -> FederationError:
        """What went wrong, without what only the operator should know."""
        if isinstance(error, AddressError) and not error.is_late:
            reason = "refused" if error.is_refused else "failed"
            return FederationError(self._target.iri, reason, f"{error}.")
        if self._is_late or isinstance(error, httpx.TimeoutException | AddressError):
            return FederationError(
                self._target.iri,
                "timeout",
                f"it did not answer within {self._target.timeout_s:g} s. Ask for less in SERVICE.",
            )
        return FederationError(self._target.iri, "failed", f"it cannot be asked: {error}.")

    # Stopping

    def _note_connection(self, event: str, info: dict[str, Any]) -> None:
        # With TLS there is another socket, which takes the place of the first.
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            stream = info["return_value"]
            with self._lock:
                self._socket = stream.get_extra_info("socket")
                if self._is_over:
                    self._shut()

    def _stop_late(self) -> None:
        with self._lock:
            self._is_late = not self._is_over
        self._stop()

    def _stop(self) -> None:
        with self._lock:
            self._is_over = True
            self._shut()

    def _shut(self) -> None:
        """Wake whoever reads or writes: closing would free the number of the descriptor under its feet."""
        if self._socket is not None:
            try:
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
            except OSError:
                # It is closed already.
                self._socket = None

    def end(self) -> None:
        """It has ended; nothing is stopped any more."""
        self._timer.cancel()
        with self._lock:
            self._is_over, self._socket = True, None


Ask = Callable[[Target, str, Budget], bytes]
"""How a target is asked: :meth:`Asker.ask`, or a test's own."""
