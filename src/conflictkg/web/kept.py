"""Small answers that are given again: the same question about the same release has the same answer.

What is kept goes by the answer's entity tag, which names the release and whatever else makes it what it is. So an
answer from memory is the same bytes that a client with the tag would be told to go on using, and a change of the
data leaves nothing to be cleared: nobody asks by the old tags any more, and they go when room is needed.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass

from flask import Flask, Response, current_app

_EXTENSION = "conflictkg.kept"
_MOST_BYTES = 64 << 10
"""Of one answer; what is longer takes its time to be sent anyway."""
_BESIDE = 1_024
"""Bytes that an entry takes beside its body, about."""

_HEADERS = (
    "Content-Type",
    "Content-Disposition",
    "Conflictkg-Complete",
    "Conflictkg-Release",
    "Vary",
)


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it was given, before it is compressed for one client.

    Args:
        body: Its bytes.
        headers: Those that are the answer's own, not its request's.
        rows: How many it has, where it has rows.
        is_whole: Whether no limit cut it off, where that is known.
    """

    body: bytes
    headers: tuple[tuple[str, str], ...]
    rows: int | None
    is_whole: bool | None

    def as_response(self) -> Response:
        """It, for another request."""
        return Response(self.body, headers=list(self.headers))


class KeptAnswers:
    """Those that were asked for last, up to so many bytes.

    Args:
        most_bytes: Of all together; 0 keeps none.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], KeptAnswer] = OrderedDict()
        self._bytes = 0

    def find(self, tag: str, address: str) -> KeptAnswer | None:
        """The answer with a tag, if it is kept.

        Args:
            tag: Of the answer.
            address: What relative IRIs of the query were resolved against.
        """
        with self._lock:
            found = self._kept.get((tag, address))
            if found is not None:
                self._kept.move_to_end((tag, address))
            return found

    def keep(
        self, tag: str, address: str, response: Response, rows: int | None, is_whole: bool | None
    ) -> None:
        """Keep an answer, if it is small and there as a whole."""
        if response.is_streamed or response.status_code != 200:
            return
        body = response.get_data()
        size = len(body) + _BESIDE
        if len(body) > _MOST_BYTES or size > self._most_bytes:
            return
        headers = tuple(
            (name, response.headers[name]) for name in _HEADERS if name in response.headers
        )
        with self._lock:
            before = self._kept.pop((tag, address), None)
            self._bytes += size - (len(before.body) + _BESIDE if before else 0)
            self._kept[tag, address] = KeptAnswer(body, headers, rows, is_whole)
            while self._bytes > self._most_bytes:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= len(oldest.body) + _BESIDE


def register(app: Flask, megabytes: int) -> None:
    """Give an application room for so many megabytes of answers."""
    app.extensions[_EXTENSION] = KeptAnswers(megabytes << 20)


def kept_answers() -> KeptAnswers:
    """Those of the application that answers the current request."""
    found = current_app.extensions[_EXTENSION]
    if not isinstance(found, KeptAnswers):
        raise TypeError("the application was not made by create_app")
    return found
