"""What victims do."""

import resource
import tempfile
import threading
from itertools import count
from pathlib import Path

from store.crash.requests import make_request
from store.crash.victims import Say

from conflictkg.errors import ConflictKGError
from conflictkg.store import Limits, adding, changes, disk, open_store, optimizing, writer
from conflictkg.store.opening import open_database
from conflictkg.store.staging import Source
from conflictkg.store.temporary import temporary_folder

REQUESTS_AN_OPENING = 12


def update(say: Say, directory: Path, seed: int, first: int, log_bytes: int) -> None:
    """Update a store for ever, and say after each request that it was done.

    Every now and then the store is closed and opened again.

    Args:
        say: Before the first request it says that it begins.
        directory: The store.
        seed: Of the requests.
        first: Number of the first request.
        log_bytes: How long the log may grow before it is worked into the database.
    """
    disk.LOG_BYTES = log_bytes
    # For a store as small as this, every change is huge, and its class tables were soon given up.
    changes.HUGE = 100.0
    say("begin")
    for opening in count():
        with open_store(directory, Limits(workers=1), editable=True) as store:
            start = first + opening * REQUESTS_AN_OPENING
            for number in range(start, start + REQUESTS_AN_OPENING):
                store.update(make_request(seed, number).text)
                say(number)


def load(say: Say, directory: Path, path: Path) -> None:
    """Write a store from a file in place of what is there."""
    say("begin")
    writer.load_files([Source(path)], directory)
    say("done")


def add(say: Say, directory: Path, path: Path) -> None:
    """Add a file to a store."""
    changes.HUGE = 100.0
    say("begin")
    with open_database(directory, read_only=False) as database:
        adding.add_files(database, [Source(path)])
    say("done")


def optimize(say: Say, directory: Path) -> None:
    """Write a store anew."""
    say("begin")
    optimizing.optimize(directory)
    say("done")


def update_within(
    say: Say, directory: Path, most_bytes: int, text: str, is_waiting: bool = False
) -> None:
    """Update a store with files that may not grow beyond a size, and say what came of it.

    Args:
        say: Says the error, or that it was done.
        directory: The store.
        most_bytes: For each file.
        text: The request.
        is_waiting: Whether to wait to be killed then.
    """
    changes.HUGE = 100.0
    store = open_store(directory, editable=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    try:
        store.update(text)
    except ConflictKGError as error:
        say(str(error))
    else:
        say("done")
    if is_waiting:
        threading.Event().wait()
    store.close()


def hold_temporary_folder(say: Say, place: Path) -> None:
    """Have a folder for temporary files, say which, and wait to be killed."""
    tempfile.tempdir = str(place)
    with temporary_folder() as folder:
        say(str(folder))
        threading.Event().wait()
