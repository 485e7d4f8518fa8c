"""A server that goes over to a new build without dropping a request.

A build takes the place of the old one by a rename. Whoever is being answered then goes on with the build that the
answer began with; whoever asks next gets the new one. The old one is closed when its last answer has been sent.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from conflictkg.errors import ConflictKGError
from conflictkg.store import Store

_log = logging.getLogger(__name__)

Identity = tuple[int, int]
"""Device and number of a directory: another for every build."""

CHECK_S = 1.0
"""How often is looked whether there is a new build."""


@dataclass(slots=True, eq=False)
class _Generation:
    """One build being served.

    Args:
        app: What serves it.
        store: It; closed when nobody needs it any more.
        identity: Of its directory.
        requests: How many answers of it are under way.
        is_over: Whether there is a newer one.
    """

    app: Flask
    store: Store
    identity: Identity
    requests: int = 0
    is_over: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class Reloading:
    """An application over whatever build stands in a directory.

    Args:
        directory: Of the store.
        open_store: Opens what stands there.
        make_app: Makes an application over it; the second argument is the one whose place it takes.

    Raises:
        StoreError: There is nothing to serve.
    """

    def __init__(
        self,
        directory: Path,
        open_store: Callable[[], Store],
        make_app: Callable[[Store, Flask | None], Flask],
    ) -> None:
        self._directory, self._open_store, self._make_app = directory, open_store, make_app
        self._refused: Identity | None = None
        self._current = self._open(None)
        self._ended = threading.Event()
        self._asked = threading.Event()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with the present build."""
        generation = self._enter()
        try:
            pieces = generation.app(environ, start_response)
        except BaseException:
            self._leave(generation)
            raise
        return _Answer(pieces, lambda: self._leave(generation))

    def watch(self) -> None:
        """Look for new builds, in a thread, until it is closed."""
        threading.Thread(target=self._watch, name="conflictkg-builds", daemon=True).start()

    def look_now(self) -> None:
        """Look for a new build at once; may be called from a signal handler."""
        self._asked.set()

    def reload(self) -> bool:
        """Go over to the build that stands in the directory, if it is another.

        A build that cannot be opened is told in the log and not tried again until somebody asks for it; the
        old one is served on.

        Returns:
            Whether there is a new one.
        """
        try:
            found = _identity_of(self._directory)
        except OSError:
            return False
        if found in {self._current.identity, self._refused}:
            return False
        # Whatever goes wrong: what is looked at each second would fill the log.
        self._refused = found
        try:
            fresh = self._open(self._current.app)
        except (ConflictKGError, OSError) as error:
            _log.warning("the new build is not served: %s", error)
            return False
        self._refused = None
        old, self._current = self._current, fresh
        with old.lock:
            old.is_over = True
            is_idle = not old.requests
        if is_idle:
            old.store.close()
        _log.warning("now serving release %s", fresh.store.release)
        return True

    def close(self) -> None:
        """Stop looking, and close the build."""
        self._ended.set()
        self._asked.set()
        self._current.store.close()

    def _open(self, before: Flask | None) -> _Generation:
        # A build that comes between the two lines is seen as a new one, which does no harm.
        # Where there is nothing, opening it says so.
        identity = _identity_of(self._directory) if self._directory.exists() else (0, 0)
        store = self._open_store()
        try:
            return _Generation(self._make_app(store, before), store, identity)
        except BaseException:
            store.close()
            raise

    def _enter(self) -> _Generation:
        while True:
            generation = self._current
            with generation.lock:
                if not generation.is_over:
                    generation.requests += 1
                    return generation

    def _leave(self, generation: _Generation) -> None:
        with generation.lock:
            generation.requests -= 1
            is_last = generation.is_over and not generation.requests
        if is_last:
            generation.store.close()

    def _watch(self) -> None:
        while not self._ended.is_set():
            if self._asked.wait(CHECK_S):
                # Who asks may have mended what was wrong with the build.
                self._refused = None
            self._asked.clear()
            if self._ended.is_set():
                return
            try:
                self.reload()
            except Exception:  # noqa: BLE001  the next build shall be looked for all the same
                _log.exception("the new build is not served")


class _Answer:
    """An answer that says when it has been sent, however that ended."""

    def __init__(self, pieces: Iterable[bytes], leave: Callable[[], None]) -> None:
        self._pieces, self._leave = pieces, leave
        self._is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._pieces)

    def close(self) -> None:
        """It has been sent, or never will be."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            close = getattr(self._pieces, "close", None)
            if close is not None:
                close()
        finally:
            self._leave()


def _identity_of(directory: Path) -> Identity:
    found = directory.stat()
    return found.st_dev, found.st_ino
