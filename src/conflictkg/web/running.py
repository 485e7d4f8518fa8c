"""The queries that run: how they get their turn, and are stopped when their client leaves or somebody says so."""

import logging
import os
import secrets
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from flask import (
    Flask,
    Response,
    copy_current_request_context,
    current_app,
    g,
    request,
)

from conflictkg.config import Settings
from conflictkg.errors import ConflictKGError, NotFoundError, QueryCancelledError, StoreBusyError
from conflictkg.store import Cancellation
from conflictkg.web.admission import Admission, Turn, own_clock
from conflictkg.web.limits import client_of
from conflictkg.web.site import current_site

_log = logging.getLogger(__name__)
_EXTENSION = "conflictkg.traffic"

_POLL_S = 0.05
_IDLE_POLLS = 100
"""After so many polls with nothing to watch the watching thread ends; the next query starts another."""

_NICENESS = 10
"""Of threads for heavy queries: a tenth of an equal share where there is not enough for all."""

_SHOWN = 2_000
"""Characters of a query that the list shows."""


class _SetAsideError(ConflictKGError):
    """A query makes room for lighter ones and begins again later."""

    def __init__(self) -> None:
        super().__init__("the query was set aside for lighter ones")


@dataclass(slots=True, eq=False)
class Entry:
    """A query under way.

    Args:
        text: It.
        client: Who asked, from :func:`~conflictkg.web.limits.client_of`.
        request_id: Of the request, as in its answer and in the log.
        is_gone: Whether the client has left.
        id: By which the operator stops it.
        since: When it came.
        started: When it came, on the clock of ``time.monotonic``.
        needs_turn: Whether it waits until it is admitted.
        turn: Its place; none while it waits.
        cancellation: Ends it.
        is_kept: Whether its answer is being sent.
    """

    text: str
    client: str
    request_id: str
    is_gone: Callable[[], bool]
    id: str = field(default_factory=lambda: secrets.token_hex(4))
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=time.monotonic)
    needs_turn: bool = True
    turn: Turn | None = None
    cancellation: Cancellation = field(default_factory=Cancellation)
    is_kept: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _is_set_aside: bool = False
    _stopped: ConflictKGError | None = None

    def begin(self, turn: Turn) -> None:
        """It has its turn."""
        with self._lock:
            self.turn = turn

    def keep(self) -> bool:
        """Whether its answer is sent: from now on it cannot be set aside any more."""
        with self._lock:
            self.is_kept = not self._is_set_aside
            return self.is_kept

    def set_aside(self, turn: Turn) -> None:
        """Stop it so that it begins again later; if its answer is being sent already, for good.

        Args:
            turn: For which it is too heavy; it may have another by now.
        """
        with self._lock:
            if self.turn is not turn:
                return
            self._is_set_aside = not self.is_kept
            cancellation = self.cancellation
        cancellation.cancel(
            StoreBusyError("too many long answers are sent at once. Ask again in a few seconds.")
            if self.is_kept
            else _SetAsideError()
        )

    def stop(self, reason: ConflictKGError) -> None:
        """End it for good, also where it is just being set aside."""
        with self._lock:
            self._stopped = self._stopped or reason
            cancellation = self.cancellation
        cancellation.cancel(reason)

    def wait_again(self) -> None:
        """It has been set aside, and waits for a turn once more."""
        if self.turn is not None:
            self.turn.end()
        with self._lock:
            self.turn, self._is_set_aside = None, False
            self.cancellation = Cancellation()
            reason = self._stopped
        if reason is not None:
            self.cancellation.cancel(reason)

    def describe(self) -> dict[str, object]:
        """It as a JSON object."""
        return {
            "id": self.id,
            "state": "waiting" if self.needs_turn and self.turn is None else "running",
            "since": self.since.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "seconds": round(time.monotonic() - self.started, 3),
            "client": self.client,
            "requestId": self.request_id,
            "query": self.text[:_SHOWN],
        }


class Running:
    """The queries under way of one application; those whose clients leave are stopped.

    Args:
        admission: Where those that take long get another place.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._changed = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._is_watched = False

    def add(self, entry: Entry) -> None:
        """Watch over a query from now on."""
        with self._changed:
            self._entries[entry.id] = entry
            if not self._is_watched:
                self._is_watched = True
                threading.Thread(target=self._watch, name="conflictkg-clients", daemon=True).start()

    def remove(self, entry: Entry) -> None:
        """It has ended."""
        with self._changed:
            self._entries.pop(entry.id, None)

    def entries(self) -> tuple[Entry, ...]:
        """Those under way, oldest first."""
        with self._changed:
            return tuple(self._entries.values())

    def cancel(self, number: str) -> Entry:
        """Stop one for the operator.

        Raises:
            NotFoundError: It has ended, or there never was one.
        """
        with self._changed:
            entry = self._entries.get(number)
            known = list(self._entries)
        if entry is None:
            raise NotFoundError("running query", number[:100], known)
        entry.stop(QueryCancelledError("the operator of this server"))
        return entry

    def _watch(self) -> None:
        idle = 0
        while True:
            time.sleep(_POLL_S)
            with self._changed:
                entries = tuple(self._entries.values())
                idle = 0 if entries else idle + 1
                if idle > _IDLE_POLLS:
                    self._is_watched = False
                    return
            for entry in entries:
                try:
                    self._look_at(entry)
                except Exception:  # noqa: BLE001  the other queries must be watched over all the same
                    _log.exception("the query %s cannot be watched over", entry.id)
                    self.remove(entry)

    def _look_at(self, entry: Entry) -> None:
        """End a query whose client has left, and find another place for one that takes long."""
        if entry.cancellation.reason is None and entry.is_gone():
            entry.stop(QueryCancelledError("its client, who left"))
        turn = entry.turn
        if (
            turn is not None
            and self._admission.is_late(turn)
            and not self._admission.move(turn, is_begun=entry.is_kept)
        ):
            entry.set_aside(turn)


class Workers:
    """Threads for heavy queries, to which the system gives what others leave.

    A query computes in the thread that runs it. As all threads are equal, a few heavy ones would take the
    processors away from a hundred light ones; a thread that has once stood back cannot be made equal again without
    privileges, so these are threads of their own.

    Args:
        most: How many there may be.
    """

    def __init__(self, most: int) -> None:
        self._pool = ThreadPoolExecutor(most, "conflictkg-heavy", _stand_back)

    def run(self, entry: Entry, work: Callable[[Cancellation], Response]) -> Response:
        """Begin a query that has its turn."""
        turn = entry.turn
        if turn is None or not turn.stands_back:
            return work(entry.cancellation)

        @copy_current_request_context
        def begin() -> Response:
            turn.follow(own_clock())
            return work(entry.cancellation)

        return self._pool.submit(begin).result()


def _stand_back() -> None:
    if sys.platform == "linux":  # elsewhere the whole process would
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


@dataclass(frozen=True, slots=True)
class Traffic:
    """What one application lets in and has under way."""

    admission: Admission
    running: Running
    workers: Workers


def register(app: Flask, settings: Settings, before: Flask | None = None) -> None:
    """Give an application its limits.

    Args:
        app: The application.
        settings: The limits.
        before: One whose place it takes: they share both, so that what still runs there counts here.
    """
    app.extensions[_EXTENSION] = before.extensions[_EXTENSION] if before else _begin(settings)


def _begin(settings: Settings) -> Traffic:
    admission = Admission(settings)
    # Where an answer has begun there may be more than there are workers.
    workers = Workers(3 * settings.workers + settings.quick_workers)
    return Traffic(admission, Running(admission), workers)


def current_traffic() -> Traffic:
    """What the application that answers the current request lets in and has under way."""
    traffic = current_app.extensions[_EXTENSION]
    if not isinstance(traffic, Traffic):
        raise TypeError("the application was not made by create_app")
    return traffic


def run_admitted(
    text: str, work: Callable[[Cancellation], Response], *, is_heavy: bool = False
) -> Response:
    """Let the current request's query in, and watch over it until its answer is sent.

    Args:
        text: The query, or another text that tells the operator what runs.
        work: Begins it and makes the response; what is given to it has the query ended, for the store. It
            is called a second time where the query was set aside for lighter ones.
        is_heavy: Whether it needs a worker for certain, and is never set aside.

    Raises:
        RequestError: The client asks too much, or the server has too much to do.
        QueryCancelledError: The client left, or the operator stopped it.
    """
    traffic = current_traffic()
    entry = _make_entry(text)
    traffic.running.add(entry)
    try:
        response = _run(traffic, entry, work, is_heavy=is_heavy)
        while response is None:
            # On a worker it is not set aside again.
            response = _run(traffic, entry, work, is_heavy=True)
    except BaseException:
        _end(traffic, entry)
        raise
    _end_with_response(lambda: _end(traffic, entry))
    return response


@contextmanager
def watched(text: str) -> Iterator[Cancellation]:
    """Have something under way seen, and stopped like a query, that needs no turn: a change by who may make it.

    Args:
        text: What the operator sees.

    Yields:
        What has it ended, for the store.
    """
    running = current_traffic().running
    entry = _make_entry(text, needs_turn=False)
    running.add(entry)
    try:
        yield entry.cancellation
    finally:
        running.remove(entry)


def _make_entry(text: str, *, needs_turn: bool = True) -> Entry:
    is_gone = request.environ.get("waitress.client_disconnected", _never)
    client = client_of(request, current_site().settings)
    return Entry(text, client, str(getattr(g, "request_id", "")), is_gone, needs_turn=needs_turn)


def _run(
    traffic: Traffic, entry: Entry, work: Callable[[Cancellation], Response], *, is_heavy: bool
) -> Response | None:
    """One attempt; nothing where the query was set aside."""
    entry.begin(
        traffic.admission.enter(entry.client, entry.cancellation, entry.text, is_heavy=is_heavy)
    )
    response = None
    with suppress(_SetAsideError):
        response = traffic.workers.run(entry, work)
    if entry.keep():
        return response
    if response is not None:
        response.close()
    entry.wait_again()
    return None


def _end(traffic: Traffic, entry: Entry) -> None:
    if entry.turn is not None:
        entry.turn.end()
    traffic.running.remove(entry)


def _end_with_response(end: Callable[[], None]) -> None:
    callbacks = getattr(g, "conflictkg_ends", None)
    if callbacks is None:
        callbacks = g.conflictkg_ends = []
    callbacks.append(end)


def end_admitted(response: Response) -> Response:
    """Count the current request's queries as ended when its response is; for ``after_request``."""
    for end in g.pop("conflictkg_ends", ()):
        if response.is_streamed:
            response.call_on_close(end)
        else:
            end()
    return response


def _never() -> bool:
    return False
