"""What is told of the store to catalogues: counted once for each release, by one request at a time."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from conflictkg.describe import (
    Counts,
    GraphNotice,
    find_counts,
    find_example,
    read_notices,
)
from conflictkg.errors import ConflictKGError, StoreBusyError
from conflictkg.web.site import Site

_AGAIN_S = 60.0
"""How long it is not tried again to count what could not be counted."""

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Described:
    """What there is in a release.

    Args:
        whole: Counts of all of it.
        graphs: Counts of each graph, by IRI.
        example: IRI of one thing; empty where there is none.
    """

    whole: Counts
    graphs: dict[str, Counts]
    example: str


class OnceARelease(Generic[_Value]):
    """A value that holds for one release of a store.

    One thread computes it and the others wait a moment. Where it failed, that is told for a while without
    another try: whoever asks again and again shall not have the whole store counted each time.

    Args:
        compute: Computes it.
        release: Tells the current release.
        wait_s: How long others wait.
    """

    def __init__(
        self, compute: Callable[[], _Value], release: Callable[[], str], wait_s: float
    ) -> None:
        self._compute, self._release, self._wait_s = compute, release, wait_s
        self._computing = threading.Lock()
        self._found: tuple[str, _Value] | None = None
        self._failed: tuple[str, ConflictKGError, float] | None = None

    def get(self) -> _Value:
        """The value for the release that the store is of.

        Raises:
            StoreBusyError: Another thread still computes it.
            ConflictKGError: It cannot be computed.
        """
        found = self._found
        if found is not None and found[0] == self._release():
            return found[1]
        if not self._computing.acquire(timeout=self._wait_s):
            raise StoreBusyError("what is asked for is being computed now. Ask again in a moment")
        try:
            return self._get_alone()
        finally:
            self._computing.release()

    def _get_alone(self) -> _Value:
        release = self._release()
        if self._found is not None and self._found[0] == release:
            return self._found[1]
        if self._failed is not None and self._failed[0] == release:
            _, error, until = self._failed
            if time.monotonic() < until:
                raise error.with_traceback(None)
        try:
            value = self._compute()
        except ConflictKGError as error:
            self._failed = (release, error, time.monotonic() + _AGAIN_S)
            raise
        # What was computed while somebody changed the data is of no one release: it is told, and not kept.
        if self._release() == release:
            self._found = (release, value)
        return value


class Descriptions:
    """What an application tells of its store.

    Args:
        site: The application's site.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        release, wait_s = lambda: site.store.release, site.settings.query_wait_s
        self._notices = OnceARelease(self._read_notices, release, wait_s)
        self._described = OnceARelease(self._describe, release, wait_s)

    def notices(self) -> tuple[GraphNotice, ...]:
        """What its graphs say of themselves, and which may be passed on."""
        return self._notices.get()

    def described(self) -> Described:
        """How much there is of what."""
        return self._described.get()

    def _read_notices(self) -> tuple[GraphNotice, ...]:
        return read_notices(self._site.store, deadline_s=self._site.settings.query_timeout_s)

    def _describe(self) -> Described:
        store, deadline_s = self._site.store, self._site.settings.query_timeout_s
        counts = find_counts(store, deadline_s=deadline_s)
        return Described(
            whole=counts.whole,
            graphs=counts.graphs,
            example=find_example(store, deadline_s=deadline_s),
        )
