"""An application behind the production server, for as long as a test needs it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask

from conflictkg.config import Settings
from conflictkg.web.limits import threads_for
from conflictkg.web.server import Server, listen, max_body_bytes


@contextmanager
def served(app: Flask, settings: Settings) -> Iterator[str]:
    """Serve it on a free port of this machine; gives its address without a slash at the end."""
    sockets = listen("127.0.0.1", 0)
    server = Server(app, sockets, max_body_bytes(settings), threads_for(settings))
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    finally:
        server.stop()
        thread.join(30)
        for each in sockets:
            each.close()
