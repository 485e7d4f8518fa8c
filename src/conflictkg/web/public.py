"""Public mode: a server that holds nothing but what may be passed on.

Nothing is hidden from queries, because what could be hidden from them would show in counts, texts, hints and
times. Instead the store itself is without it: ``conflictkg build --public``. In public mode the server does not
start on another store, and stops answering if its store should become one.
"""

import threading

from flask import Flask

from conflictkg.config import Settings
from conflictkg.describe import find_kept_back, require_all_public
from conflictkg.errors import ConfigError
from conflictkg.store import Store
from conflictkg.web import kinds
from conflictkg.web.problems import RequestError


def register(app: Flask, settings: Settings, store: Store) -> None:
    """Hold an application to what may be passed on, where its settings say so.

    Raises:
        ConfigError: The store holds something else, or the server could be told to.
    """
    if not settings.public:
        return
    if settings.editable:
        raise ConfigError(
            "CONFLICTKG_PUBLIC",
            "a public server is not editable: what is written to it could be something that may not be passed "
            "on. Leave out --public or --editable.",
        )
    release = store.release
    require_all_public(store)
    app.before_request(_Guard(store, release, settings.query_timeout_s).require_public)


class _Guard:
    """Lets requests pass as long as the store is one that was looked through."""

    def __init__(self, store: Store, release: str, deadline_s: float) -> None:
        self._store, self._deadline_s = store, deadline_s
        self._looking = threading.Lock()
        self._seen = {release: True}

    def require_public(self) -> None:
        release = self._store.release
        if release not in self._seen:
            with self._looking:
                if release not in self._seen:
                    kept_back = find_kept_back(self._store, deadline_s=self._deadline_s)
                    self._seen = {release: not kept_back}
        if not self._seen.get(release, False):
            # Not which graphs: that there are such would be told already.
            raise RequestError(
                kinds.STORE_UNAVAILABLE,
                "this server is public, and its data have become something that it may not show. Its operator "
                "has to build them anew.",
            )
