"""What victims do."""

from itertools import count
from pathlib import Path

from store.crash.requests import make_request
from store.crash.victims import Say

from conflictkg.store import Limits, adding, changes, disk, open_store, optimizing, writer
from conflictkg.store.opening import open_database
from conflictkg.store.staging import Source

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
