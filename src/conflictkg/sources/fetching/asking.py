"""Requests to a source's host: with its token, through redirects by rule, again while that may help."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from conflictkg.errors import RemoteError, SourceError
from conflictkg.sources.fetching.order import Order

_TOKEN = re.compile(r"[\x21-\x7e]+")
AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses after which it is tried again."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_TIMEOUT = httpx.Timeout(60, connect=20)


class Client:
    """Asks one host, with its token, and follows redirects by rule."""

    def __init__(self, client: httpx.Client, order: Order) -> None:
        self._client, self._order = client, order
        token = order.retrieval.get("token") or {}
        self._header = str(token.get("header", "")) if order.token else ""
        if order.token and not _TOKEN.fullmatch(order.token):
            raise SourceError(
                "has a token with blanks or other characters that no header may hold.",
                source=str(token.get("setting", order.description.name)),
            )
        # The token is for the API, where there is one.
        own = order.retrieval.get("api") or order.retrieval.get("address") or ""
        self._own_host = _host_of(httpx.URL(order.fill(own)))

    @contextmanager
    def ask(self, address: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """The answer to a request, its body not read yet.

        Raises:
            RemoteError: A redirect leads where none may.
            httpx.TransportError: There is no answer.
        """
        url = httpx.URL(address)
        _require_http(url)
        for _ in range(_MOST_REDIRECTS + 1):
            sent = {"Accept-Encoding": "identity", **headers}
            if self._header and _host_of(url) == self._own_host:
                sent[self._header] = self._order.token
            with self._client.stream("GET", url, headers=sent) as response:
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                try:
                    target = url.join(response.headers.get("location", ""))
                except httpx.InvalidURL as error:
                    raise RemoteError(
                        str(url), f"redirects to what is no address: {error}"
                    ) from error
            if target.scheme != url.scheme or not target.host:
                raise RemoteError(
                    str(url),
                    f"redirects to {target}, which is of another scheme. That is not followed.",
                )
            url = target
        raise RemoteError(address, f"redirects more than {_MOST_REDIRECTS} times.")


@contextmanager
def open_client(order: Order) -> Iterator[Client]:
    """A client for as long as the block runs.

    Raises:
        SourceError: The token is none that a header may hold.
    """
    headers = {"User-Agent": "conflictkg (+https://w3id.org/conflictkg/)"}
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=False, headers=headers) as client:
        yield Client(client, order)


def _host_of(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _require_http(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise RemoteError(str(url), "is no address of the web (http or https).")


class Attempts:
    """Tries again what may succeed later; what brings something starts the counting anew."""

    def __init__(self, order: Order, address: str) -> None:
        self._patience, self._address, self._progress = order.patience, address, order.progress
        self._failed = 0

    def restart(self) -> None:
        """Something came: the next failure is the first again."""
        self._failed = 0

    def wait(self, problem: str, response: httpx.Response | None = None) -> None:
        """Wait before the next attempt.

        Raises:
            RemoteError: There were enough of them, or the server asks for more patience than there is.
        """
        self._failed += 1
        status = response.status_code if response is not None else 0
        wait_s = self._patience.wait_before(self._failed)
        asked_s = _retry_after_s(response) if response is not None else None
        if self._failed >= self._patience.attempts:
            raise RemoteError(
                self._address, f"{problem}, {self._failed} times in a row. Try again later.", status
            )
        if asked_s is not None and asked_s > self._patience.longest_wait_s:
            raise RemoteError(
                self._address,
                f"{problem} and asks to wait {asked_s:.0f} s. Try again then.",
                status,
                retry_after_s=asked_s,
            )
        self._progress("wait", None, problem)
        self._patience.sleep(max(wait_s, asked_s or 0))


def _retry_after_s(response: httpx.Response) -> float | None:
    """When the server wants to be asked again: a number of seconds, or a moment."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isdecimal():
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def refusal(address: str, response: httpx.Response, order: Order) -> RemoteError:
    """The error that says what a server answers instead of what was asked for, and what may help."""
    status = response.status_code
    token = order.retrieval.get("token") or {}
    hint = ""
    if status in (401, 403) and token:
        hint = (
            f" It asks for a token: set {token.get('setting')}."
            if not order.token
            else f" The token in {token.get('setting')} is not accepted."
        )
    elif status in (404, 410):
        hint = f' Is "{order.release_name}" a release of it? Name another with --release.'
    return RemoteError(address, f"answers {status} {response.reason_phrase}.{hint}", status)


def read_small(client: Client, order: Order, address: str, most: int) -> bytes:
    """The body of an answer that fits into memory; asked for again while it may come later.

    Args:
        client: Asks.
        order: What it belongs to.
        address: Where it is.
        most: How many bytes it may have.

    Raises:
        RemoteError: The server refuses, cannot be reached, or sends more than that.
    """
    attempts = Attempts(order, address)
    while True:
        try:
            with client.ask(address, {"Accept": "application/json, text/plain, */*"}) as response:
                if response.status_code in AGAIN:
                    attempts.wait(
                        f"answers {response.status_code} {response.reason_phrase}", response
                    )
                    continue
                if response.status_code != 200:
                    raise refusal(address, response, order)
                return _read_body(response, address, most)
        except httpx.TransportError as error:
            attempts.wait(f"breaks off ({type(error).__name__})")


def _read_body(response: httpx.Response, address: str, most: int) -> bytes:
    pieces, size = [], 0
    for piece in response.iter_raw():
        size += len(piece)
        if size > most:
            raise RemoteError(address, f"sends more than {most:,} bytes.")
        pieces.append(piece)
    return b"".join(pieces)
