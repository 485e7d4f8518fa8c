"""Killing processes that change a store, again and again, and looking what is there afterwards."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from store.crash.jobs import update
from store.crash.requests import Quads, first_quads, make_request, write_first_store
from store.crash.victims import PATIENCE_S, Victim
from store_invariants import read_quads, require_sound, without_labels

from conflictkg.store.opening import open_database

LOG_BYTES = (16 << 20, 200_000, 20_000)
MOST_ACKNOWLEDGED = 10
MOST_WAIT_S = 0.12
"""How long after an acknowledgement it is killed, at most."""


@dataclass(frozen=True, slots=True)
class Round:
    """What became of one process.

    Args:
        acknowledged: Requests that it said were done.
        unsaid: Requests that were done and not acknowledged: none or one.
        quads: How many the store held afterwards.
    """

    acknowledged: int
    unsaid: int
    quads: int


def require_state(directory: Path, expected: list[Quads], *, read_only: bool = True) -> int:
    """Check that a store is sound and holds one of several states.

    Returns:
        Which.
    """
    with open_database(directory, read_only=read_only) as database:
        require_sound(database)
        found = without_labels(read_quads(database))
    for number, quads in enumerate(expected):
        if found == without_labels(quads):
            return number
    wanted = without_labels(expected[0])
    raise AssertionError(f"lost: {list(wanted - found)[:5]}; too much: {list(found - wanted)[:5]}")


def kill_updates(directory: Path, seed: int, rounds: int) -> Iterator[Round]:
    """Have a store updated by processes that are killed, and check it after each.

    Args:
        directory: Where the store is to be.
        seed: Of the requests and of when the processes are killed.
        rounds: How many processes.
    """
    chance = Random(seed)  # noqa: S311  a test's
    write_first_store(directory)
    quads, following = first_quads(), 0
    for number in range(rounds):
        log_bytes = LOG_BYTES[number % len(LOG_BYTES)]
        victim = Victim(update, directory, seed, following, log_bytes)
        victim.listen(1 + chance.randrange(MOST_ACKNOWLEDGED + 1))
        _, *said = victim.kill(chance.uniform(0, MOST_WAIT_S))
        assert victim.exitcode == -9, "it ended before it was killed"
        assert said == [following + each for each in range(len(said))]
        for each in said:
            quads = make_request(seed, each).effect(quads)
        following += len(said)
        begun = make_request(seed, following).effect(quads)
        # Who opens it to change it works the log into the database; who reads it must not.
        unsaid = require_state(directory, [quads, begun], read_only=number % 2 == 0)
        if unsaid:
            quads, following = begun, following + 1
        yield Round(len(said), unsaid, len(quads))


def kill_anywhere(
    target: Callable[..., None],
    arguments: tuple[object, ...],
    prepare: Callable[[], None],
    seed: int,
    kills: int,
) -> Iterator[bool]:
    """Kill processes at moments drawn from all the time that their work takes.

    Args:
        target: A job that says ``begin`` and ``done``.
        arguments: Of the job.
        prepare: Puts things back before each.
        seed: Of the moments.
        kills: How many processes.

    Returns:
        Of each whether it said that it was done.
    """
    chance = Random(seed)  # noqa: S311  a test's
    prepare()
    whole = Victim(target, *arguments)
    whole.listen(1)
    start = time.monotonic()
    whole.listen(1)
    takes_s = time.monotonic() - start
    whole.kill(PATIENCE_S)
    for number in range(kills):
        prepare()
        victim = Victim(target, *arguments)
        victim.listen(1)
        # One in each part of the time.
        said = victim.kill((number + chance.random()) / kills * takes_s)
        yield "done" in said
