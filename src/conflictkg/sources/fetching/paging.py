"""A release that comes from an API page by page: a folder that is there once all pages are."""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from conflictkg.errors import RemoteError, SourceError
from conflictkg.sources.fetching.asking import Client, read_small
from conflictkg.sources.fetching.notes import Fetched, Origin, write_origin
from conflictkg.sources.fetching.order import Order
from conflictkg.sources.fetching.writing import hash_file, make_folder, told, write_whole

_MOST_PAGE = 1 << 28
_MOST_PAGES = 100_000


@dataclass(frozen=True, slots=True)
class _Total:
    """What a page says of all: how many pages and entries there are; None where it says nothing."""

    pages: int | None
    entries: int | None


class Pages:
    """Fetches page after page into ``<folder>.part`` and renames that when all are there."""

    def __init__(self, client: Client, order: Order, address: str) -> None:
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
        make_folder(self._part)
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
            else read_small(self._client, self._order, address, _MOST_PAGE)
        )
        try:
            content = json.loads(body)
        except (ValueError, RecursionError) as error:
            path.unlink(missing_ok=True)
            raise RemoteError(address, f"sends a page that is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise RemoteError(address, "sends a page that is no object.")
        if not is_there:
            write_whole(path, body)
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
            {"name": path.name, "size": path.stat().st_size, "sha256": hash_file(path)}
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
        with told(self._folder):
            self._part.rename(self._folder)
        write_origin(self._folder, origin)
        return Fetched(self._folder, origin)


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
