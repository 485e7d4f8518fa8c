"""How a query is ended before its time: by its deadline, or by somebody who wants no more of it."""

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count

from conflictkg.errors import ConflictKGError

_AGAIN_S = 0.02
"""How soon a query is stopped once more that has not noticed: it may have been about to start."""


class Cancellation:
    """Has a query ended from any thread, whatever it does at the time; made before it is asked.

    >>> told = []
    >>> cancellation = Cancellation()
    >>> cancellation.attach(lambda reason: told.append(str(reason)))
    >>> cancellation.cancel(ConflictKGError("enough"))
    >>> told
    ['enough']
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: ConflictKGError | None = None
        self._stops: list[Callable[[ConflictKGError], object]] = []

    @property
    def reason(self) -> ConflictKGError | None:
        """Why it was cancelled; ``None`` as long as it was not."""
        return self._reason

    def cancel(self, reason: ConflictKGError) -> None:
        """Have it ended.

        Args:
            reason: What is raised where its answer is waited for; the first one counts.
        """
        with self._lock:
            if self._reason is not None:
                return
            self._reason = reason
            stops = tuple(self._stops)
        for stop in stops:
            stop(reason)

    def attach(self, stop: Callable[[ConflictKGError], object]) -> None:
        """Have something told of it, at once where it has been cancelled already."""
        with self._lock:
            self._stops.append(stop)
            reason = self._reason
        if reason is not None:
            stop(reason)


class Watchdog:
    """Calls what was agreed when a deadline comes. Its thread starts with the first deadline."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], bool]]] = []
        self._numbers = count()
        self._thread: threading.Thread | None = None
        self._closed = False

    def watch(self, when: float, stop: Callable[[], bool]) -> None:
        """Have something stopped.

        Args:
            when: On the clock of ``time.monotonic``.
            stop: Called from the watchdog's thread, again and again until it says that it is done.
        """
        with self._changed:
            heapq.heappush(self._heap, (when, next(self._numbers), stop))
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._run, name="conflictkg-deadlines", daemon=True
                )
                self._thread.start()
            elif self._heap[0][0] == when:
                self._changed.notify()

    def close(self) -> None:
        """End the thread. What it watches is no longer stopped."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._closed:
                    return
                now = time.monotonic()
                if not self._heap or self._heap[0][0] > now:
                    self._changed.wait(self._heap[0][0] - now if self._heap else None)
                    continue
                _, number, stop = heapq.heappop(self._heap)
            if not stop():
                with self._changed:
                    heapq.heappush(self._heap, (time.monotonic() + _AGAIN_S, number, stop))
