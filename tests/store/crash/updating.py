"""A process that updates a store for ever, and says after each request that it was done.
Before the first it says that it begins.

    python updating.py DIRECTORY SEED FIRST CHECKPOINT

CHECKPOINT is how large the log may grow before it is worked into the database. Every now and then the
store is closed and opened again.
"""

import sys
from itertools import count
from pathlib import Path

from store.crash.requests import make_request

from conflictkg.store import Limits, open_store
from conflictkg.store.database import CLOSED

REQUESTS_AN_OPENING = 12


def main(directory: Path, seed: int, first: int, checkpoint: str) -> None:
    """Update until killed."""
    CLOSED["checkpoint_threshold"] = checkpoint
    say("begin")
    for opening in count():
        with open_store(directory, Limits(workers=1), editable=True) as store:
            start = first + opening * REQUESTS_AN_OPENING
            for number in range(start, start + REQUESTS_AN_OPENING):
                store.update(make_request(seed, number).text)
                say(str(number))


def say(text: str) -> None:
    """Tell who listens, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
