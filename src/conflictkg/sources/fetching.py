"""Fetching releases over HTTP: whole or not at all, resumed where a connection broke, with a note of their origin.

A token goes to the host that it is for and to no other. A redirect may lead to another host, never to another scheme.
"""

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from conflictkg.errors import RemoteError, SourceError
from conflictkg.sources.description import Description
from conflictkg.sources.job import Progress, silent
from conflictkg.sources.whole import whole_file

_RELEASE = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_UNSATISFIED = re.compile(r"bytes \*/(\d+)")
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
_MOST_NOTE = 1 << 16
_MOST_PAGE = 1 << 28
_MOST_PAGES = 100_000
_TIMEOUT = httpx.Timeout(60, connect=20)


@dataclass(frozen=True, slots=True)
class Patience:
    """How often something is tried, and how long is waited in between.

    Args:
        attempts: After so many in a row that bring nothing it is given up.
        first_wait_s: Before the second attempt; doubled each time.
        longest_wait_s: The most that is waited. A server that asks for more is not waited for.
        sleep: Waits; tests do not.
    """

    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    sleep: Callable[[float], None] = time.sleep

    def wait_before(self, attempt: int) -> float:
        """Seconds to wait before an attempt, the first of which is 0."""
        return float(min(self.first_wait_s * 2 ** max(attempt - 1, 0), self.longest_wait_s))


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be fetched.

    Args:
        description: Of the source.
        folder: Where files go; it is made if it is not there.
        release: Which release; by default the one that the source's description names.
        token: For the source's own host, if it asks for one.
        sha256: What the file's hash must be, in hexadecimal digits; empty if nobody knows.
        most_bytes: How large a file may be.
        patience: How often it is tried.
        progress: Is told how far it is.
        now: Tells the time.
    """

    description: Description
    folder: Path
    release: str = ""
    token: str = ""
    sha256: str = ""
    most_bytes: int = 1 << 38
    patience: Patience = field(default_factory=Patience)
    progress: Progress = silent
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def retrieval(self) -> Mapping[str, Any]:
        """What the source's description says of it."""
        return self.description.retrieval

    @property
    def release_name(self) -> str:
        """Which release, as it becomes part of addresses and names of files.

        Raises:
            SourceError: It has characters that could lead elsewhere.
        """
        name = self.release or self.retrieval.get("release") or self.description.release
        if not _RELEASE.fullmatch(name):
            raise SourceError(
                f'"{name[:40]}" is no name of a release: letters, digits, points and hyphens.',
                source=self.description.name,
            )
        return str(name)

    def address(self, name: str) -> str:
        """An address of the description, for this release.

        Raises:
            SourceError: The description has none.
        """
        template = self.retrieval.get(name)
        if not template:
            raise SourceError(
                f'does not say where to fetch it: source.toml has no "{name}" under [retrieval].',
                source=self.description.name,
            )
        return self.fill(template)

    def fill(self, template: str) -> str:
        """An address with the release put in: as it is called, and its digits alone."""
        release = self.release_name
        digits = re.sub(r"\D", "", release)
        return template.replace("{release}", release).replace("{digits}", digits)


@dataclass(frozen=True, slots=True)
class Origin:
    """What was fetched, when and from where: what stands in ``<file>.origin.json``.

    Args:
        source: Name of the source.
        release: Which release.
        address: That was asked.
        answered: That answered, after redirects.
        fetched: When, in UTC.
        size: In bytes.
        sha256: Of the bytes.
        etag: As the server says it; empty if it does not.
        last_modified: Likewise.
        licence: IRI of the terms under which it is published.
        pages: Name, size and hash of each page, where it came in pages.
    """

    source: str
    release: str
    address: str
    answered: str
    fetched: str
    size: int
    sha256: str
    etag: str = ""
    last_modified: str = ""
    licence: str = ""
    pages: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, or a folder of pages, that is there now.

    Args:
        path: Where it is.
        origin: Where it came from.
        is_new: Whether it was fetched just now; else it was there, and the server says that it has not changed.
    """

    path: Path
    origin: Origin
    is_new: bool = True


def origin_path(path: Path) -> Path:
    """Where the note about a file stands."""
    return path.with_name(f"{path.name}.origin.json")


def fetch_release(order: Order) -> list[Fetched]:
    """Fetch the file of a release, and those that belong to it.

    Raises:
        SourceError: The description does not say where, or a file cannot be written.
        RemoteError: The server refuses, cannot be reached, or sends something else than it should.
    """
    address = order.address("address")
    _make_folder(order.folder)
    with _client(order) as client:
        expected = order.sha256 or _published_sha256(client, order)
        if expected and not _SHA256.fullmatch(expected.lower()):
            raise SourceError(
                f'"{expected[:70]}" is no SHA-256: 64 hexadecimal digits.',
                source=order.description.name,
            )
        beside = [order.fill(each) for each in order.retrieval.get("beside", ())]
        wanted = [(address, expected.lower()), *((each, "") for each in beside)]
        return [_Download(client, order, each, sha256).run() for each, sha256 in wanted]


def fetch_pages(order: Order) -> Fetched:
    """Fetch a release from the source's API, page by page, into a folder that appears once all are there.

    Raises:
        SourceError: The description names no API, or a file cannot be written.
        RemoteError: The server refuses, cannot be reached, or its pages do not fit together.
    """
    address = order.address("api")
    _make_folder(order.folder)
    with _client(order) as client:
        return _Pages(client, order, address).run()


# Asking


class _Client:
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
def _client(order: Order) -> Iterator[_Client]:
    headers = {"User-Agent": "conflictkg (+https://w3id.org/conflictkg/)"}
    with httpx.Client(timeout=_TIMEOUT, follow_redirects=False, headers=headers) as client:
        yield _Client(client, order)


def _host_of(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _require_http(url: httpx.URL) -> None:
    if url.scheme not in ("http", "https") or not url.host:
        raise RemoteError(str(url), "is no address of the web (http or https).")


class _Attempts:
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


def _refusal(address: str, response: httpx.Response, order: Order) -> RemoteError:
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


# One file


class _Download:
    """Fetches one file into ``<file>.part`` and renames it when it is whole."""

    def __init__(self, client: _Client, order: Order, address: str, sha256: str) -> None:
        self._client, self._order, self._address, self._expected = client, order, address, sha256
        name = httpx.URL(address).path.rpartition("/")[2]
        if not _FILE_NAME.fullmatch(name):
            raise SourceError(
                f'its address ends in "{name[:40]}", which is no name of a file.',
                source=order.description.name,
            )
        self._path = order.folder / name
        self._part = order.folder / f"{name}.part"
        self._note = order.folder / f"{name}.part.json"

    def run(self) -> Fetched:
        """The file, once it is there."""
        known = self._known()
        attempts = _Attempts(self._order, self._address)
        while True:
            before = self._size()
            try:
                done = self._attempt(known, attempts)
            except httpx.TransportError as error:
                if self._size() > before:
                    attempts.restart()
                attempts.wait(f"breaks off ({type(error).__name__})")
                continue
            if done is not None:
                return done

    def _known(self) -> Origin | None:
        """The note about the file that is there already.

        Raises:
            SourceError: A file is there that is not as it was fetched; it is not overwritten.
        """
        if not self._path.exists():
            return None
        known = read_origin(self._path)
        if known is None or known.sha256 != _hash_file(self._path):
            problem = "was not fetched" if known is None else "was changed since it was fetched"
            raise SourceError(
                f"is there already and {problem}. Choose another folder with -o, or move it away.",
                source=str(self._path),
            )
        is_wanted = not self._expected or known.sha256 == self._expected
        return known if known.address == self._address and is_wanted else None

    def _attempt(self, known: Origin | None, attempts: _Attempts) -> Fetched | None:
        offset, validator = self._resumable()
        headers = {}
        if offset:
            headers = {"Range": f"bytes={offset}-", "If-Range": validator}
        elif known is not None and known.etag:
            headers = {"If-None-Match": known.etag}
        elif known is not None and known.last_modified:
            headers = {"If-Modified-Since": known.last_modified}
        with self._client.ask(self._address, headers) as response:
            status = response.status_code
            if status == 304 and known is not None and not offset:
                return Fetched(self._path, known, is_new=False)
            if status == 416 and offset:
                found = _UNSATISFIED.fullmatch(response.headers.get("content-range", ""))
                if found and int(found[1]) == offset:
                    return self._finish(response)
                self._forget()
                attempts.wait("has another file than before")
                return None
            if status in _AGAIN:
                attempts.wait(f"answers {status} {response.reason_phrase}", response)
                return None
            if status not in (200, 206):
                raise _refusal(self._address, response, self._order)
            if status == 206:
                self._require_range(response, offset)
            else:
                offset = 0
            self._require_plain(response)
            self._receive(response, offset)
            return self._finish(response)

    def _resumable(self) -> tuple[int, str]:
        """How much is there, and by what the server knows whether it still has the same file."""
        try:
            note = json.loads(self._note.read_text(encoding="utf-8"))
            size = self._part.stat().st_size
        except (OSError, ValueError):
            self._forget()
            return 0, ""
        if not isinstance(note, dict) or note.get("address") != self._address or not size:
            self._forget()
            return 0, ""
        etag, modified = str(note.get("etag", "")), str(note.get("lastModified", ""))
        # A weak tag does not promise the same bytes.
        validator = etag if etag and not etag.startswith("W/") else modified
        if not validator:
            self._forget()
            return 0, ""
        return size, validator

    def _require_range(self, response: httpx.Response, offset: int) -> None:
        found = _CONTENT_RANGE.fullmatch(response.headers.get("content-range", ""))
        if not offset or not found or int(found[1]) != offset:
            self._forget()
            raise RemoteError(
                self._address, "sends another part of the file than was asked for. Try again.", 206
            )

    def _require_plain(self, response: httpx.Response) -> None:
        encoding = response.headers.get("content-encoding", "identity")
        if encoding != "identity":
            raise RemoteError(
                self._address, f"answers in the encoding {encoding}, though it was asked for none."
            )

    def _receive(self, response: httpx.Response, offset: int) -> None:
        length = int(response.headers.get("content-length") or 0)
        total = offset + length if length else 0
        self._require_size(total)
        if not offset:
            self._forget()
            note = {
                "address": self._address,
                "etag": response.headers.get("etag", ""),
                "lastModified": response.headers.get("last-modified", ""),
            }
            _write_whole(self._note, json.dumps(note).encode())
        size, began = offset, time.monotonic()
        with _told(self._part), self._part.open("ab" if offset else "wb") as file:
            # As they come: what httpx gathers to pieces of one size is lost when the connection breaks.
            for chunk in response.iter_raw():
                size += len(chunk)
                if size > self._order.most_bytes:
                    self._forget()
                    self._require_size(size)
                file.write(chunk)
                passed_s = max(time.monotonic() - began, 1e-6)
                rate = (size - offset) / passed_s
                self._order.progress(
                    f"fetch {self._path.name}",
                    size / total if total else None,
                    f"{size / 1e6:,.1f} MB, {rate / 1e6:,.1f} MB/s",
                )
            file.flush()
            os.fsync(file.fileno())
        if total and size != total:
            raise httpx.ReadError(f"{size} of {total} bytes")

    def _require_size(self, size: int) -> None:
        if size > self._order.most_bytes:
            raise RemoteError(
                self._address,
                f"sends {size:,} bytes or more, where at most {self._order.most_bytes:,} are taken. Raise --max-size.",
            )

    def _finish(self, response: httpx.Response) -> Fetched:
        sha256 = _hash_file(self._part)
        if self._expected and sha256 != self._expected:
            self._forget()
            raise RemoteError(
                self._address,
                f"sends a file with the SHA-256 {sha256}, where {self._expected} is expected. Nothing was kept.",
            )
        note = json.loads(self._note.read_text(encoding="utf-8"))
        origin = Origin(
            self._order.description.name,
            self._order.release_name,
            self._address,
            str(response.request.url),
            self._order.now().isoformat(timespec="seconds"),
            self._size(),
            sha256,
            note["etag"],
            note["lastModified"],
            self._order.description.licence,
        )
        with _told(self._path):
            # The old note would be of another file.
            origin_path(self._path).unlink(missing_ok=True)
            self._part.replace(self._path)
        write_origin(self._path, origin)
        self._forget()
        return Fetched(self._path, origin)

    def _forget(self) -> None:
        self._part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def _size(self) -> int:
        return self._part.stat().st_size if self._part.exists() else 0


def _published_sha256(client: _Client, order: Order) -> str:
    """The hash that the source publishes beside its file, where it does."""
    template = order.retrieval.get("checksum")
    if not template:
        return ""
    address = order.fill(template)
    body = _read_small(client, order, address, _MOST_NOTE)
    found = re.search(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])", body)
    if not found:
        raise RemoteError(address, "holds no SHA-256, which was to be compared.")
    return found[0].decode().lower()


def _read_small(client: _Client, order: Order, address: str, most: int) -> bytes:
    """The body of an answer that fits into memory; asked for again while it may come later."""
    attempts = _Attempts(order, address)
    while True:
        try:
            with client.ask(address, {"Accept": "application/json, text/plain, */*"}) as response:
                if response.status_code in _AGAIN:
                    attempts.wait(
                        f"answers {response.status_code} {response.reason_phrase}", response
                    )
                    continue
                if response.status_code != 200:
                    raise _refusal(address, response, order)
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


# Pages


@dataclass(frozen=True, slots=True)
class _Total:
    """What a page says of all: how many pages and entries there are; None where it says nothing."""

    pages: int | None
    entries: int | None


class _Pages:
    """Fetches page after page into ``<folder>.part`` and renames that when all are there."""

    def __init__(self, client: _Client, order: Order, address: str) -> None:
        self._client, self._order, self._address = client, order, address
        name = f"{order.description.name}-{order.release_name}"
        self._folder = order.folder / name
        self._part = order.folder / f"{name}.part"

    def run(self) -> Fetched:
        """The folder, once all pages are there."""
        if self._folder.exists():
            raise SourceError(
                "is there already. Choose another folder with -o, or move it away.",
                source=str(self._folder),
            )
        _make_folder(self._part)
        total, entries, number = _Total(None, None), 0, 0
        while number < _MOST_PAGES:
            content = self._page(number)
            found = self._results(content, number)
            said = _Total(_whole(content.get("TotalPages")), _whole(content.get("TotalCount")))
            if number and said != total:
                self._start_over(
                    f"page {number} says that there are {said.entries} entries, page 0 {total.entries}"
                )
            total, entries, number = said, entries + len(found), number + 1
            self._order.progress(
                "fetch pages",
                min(number / total.pages, 1.0) if total.pages else None,
                f"{number:,} pages, {entries:,} entries",
            )
            if number >= total.pages if total.pages is not None else not found:
                break
        if total.entries is not None and entries != total.entries:
            self._start_over(f"its pages hold {entries} entries of {total.entries}")
        return self._finish(number)

    def _page(self, number: int) -> dict[str, Any]:
        """A page: the one that is there from an attempt before, else a new one."""
        path = self._part / f"page-{number:05d}.json"
        address = str(httpx.URL(self._address).copy_set_param("page", str(number)))
        is_there = path.exists()
        body = (
            path.read_bytes()
            if is_there
            else _read_small(self._client, self._order, address, _MOST_PAGE)
        )
        try:
            content = json.loads(body)
        except (ValueError, RecursionError) as error:
            path.unlink(missing_ok=True)
            raise RemoteError(address, f"sends a page that is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise RemoteError(address, "sends a page that is no object.")
        if not is_there:
            _write_whole(path, body)
        return content

    def _results(self, content: Mapping[str, Any], number: int) -> list[object]:
        found = content.get("Result")
        if not isinstance(found, list):
            self._start_over(f'page {number} has no list "Result"')
        return list(found or [])

    def _start_over(self, problem: str) -> None:
        """Nothing of pages that do not fit together is of use.

        Raises:
            RemoteError: Always.
        """
        shutil.rmtree(self._part, ignore_errors=True)
        raise RemoteError(
            self._address,
            f"has changed while it was read, or has an error: {problem}. Fetch it again.",
        )

    def _finish(self, number: int) -> Fetched:
        paths = [self._part / f"page-{at:05d}.json" for at in range(number)]
        for path in set(self._part.iterdir()) - set(paths):
            path.unlink()
        pages = tuple(
            {"name": path.name, "size": path.stat().st_size, "sha256": _hash_file(path)}
            for path in paths
        )
        together = hashlib.sha256("".join(str(each["sha256"]) for each in pages).encode())
        origin = Origin(
            self._order.description.name,
            self._order.release_name,
            self._address,
            self._address,
            self._order.now().isoformat(timespec="seconds"),
            sum(path.stat().st_size for path in paths),
            together.hexdigest(),
            licence=self._order.description.licence,
            pages=pages,
        )
        with _told(self._folder):
            self._part.rename(self._folder)
        write_origin(self._folder, origin)
        return Fetched(self._folder, origin)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


# Notes


def read_origin(path: Path) -> Origin | None:
    """The note about a file; None where there is none that can be read."""
    try:
        content = json.loads(origin_path(path).read_text(encoding="utf-8"))
        return replace(
            Origin(**{_python_name(name): value for name, value in content.items()}),
            pages=tuple(content.get("pages", ())),
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def write_origin(path: Path, origin: Origin) -> None:
    """Write the note about a file beside it."""
    content = {
        "lastModified" if name == "last_modified" else name: value
        for name, value in asdict(origin).items()
        if value or name in ("etag", "last_modified")
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    _write_whole(origin_path(path), text.encode())


def _python_name(name: str) -> str:
    return "last_modified" if name == "lastModified" else name


def _write_whole(path: Path, content: bytes) -> None:
    with _told(path), whole_file(path) as draft:
        draft.write_bytes(content)


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _make_folder(folder: Path) -> None:
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SourceError(
            f"cannot be written: {error.strerror}. Choose another folder with -o.", source=str(path)
        ) from error
