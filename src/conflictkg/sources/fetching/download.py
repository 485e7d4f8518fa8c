"""One file of a release: fetched whole or not at all, and resumed where the connection broke."""

import json
import os
import re
import time

import httpx

from conflictkg.errors import RemoteError, SourceError
from conflictkg.sources.fetching.asking import AGAIN, Attempts, Client, read_small, refusal
from conflictkg.sources.fetching.notes import (
    Fetched,
    Origin,
    origin_path,
    read_origin,
    write_origin,
)
from conflictkg.sources.fetching.order import Order
from conflictkg.sources.fetching.writing import hash_file, told, write_whole

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")
_UNSATISFIED = re.compile(r"bytes \*/(\d+)")
_MOST_NOTE = 1 << 16


class Download:
    """Fetches one file into ``<file>.part`` and renames it when it is whole."""

    def __init__(self, client: Client, order: Order, address: str, sha256: str) -> None:
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
        attempts = Attempts(self._order, self._address)
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
        if known is None or known.sha256 != hash_file(self._path):
            problem = "was not fetched" if known is None else "was changed since it was fetched"
            raise SourceError(
                f"is there already and {problem}. Choose another folder with -o, or move it away.",
                source=str(self._path),
            )
        is_wanted = not self._expected or known.sha256 == self._expected
        return known if known.address == self._address and is_wanted else None

    def _attempt(self, known: Origin | None, attempts: Attempts) -> Fetched | None:
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
            if status in AGAIN:
                attempts.wait(f"answers {status} {response.reason_phrase}", response)
                return None
            if status not in (200, 206):
                raise refusal(self._address, response, self._order)
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
            write_whole(self._note, json.dumps(note).encode())
        size, began = offset, time.monotonic()
        with told(self._part), self._part.open("ab" if offset else "wb") as file:
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
        sha256 = hash_file(self._part)
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
        with told(self._path):
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


def published_sha256(client: Client, order: Order) -> str:
    """The hash that the source publishes beside its file; empty where it does not.

    Raises:
        RemoteError: There is none where it should be.
    """
    template = order.retrieval.get("checksum")
    if not template:
        return ""
    address = order.fill(template)
    body = read_small(client, order, address, _MOST_NOTE)
    found = re.search(rb"(?<![0-9a-fA-F])[0-9a-fA-F]{64}(?![0-9a-fA-F])", body)
    if not found:
        raise RemoteError(address, "holds no SHA-256, which was to be compared.")
    return found[0].decode().lower()
