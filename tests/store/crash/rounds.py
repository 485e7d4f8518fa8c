"""Killing a process that updates a store, again and again, and looking what is there afterwards."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from store.crash.requests import Quads, first_quads, make_request, write_first_store
from store_invariants import read_quads, require_sound, without_labels

from conflictkg.store.opening import open_database

TESTS = Path(__file__).parents[2]
CHECKPOINTS = ("16MB", "200KB", "20KB")
READY_S = 120.0
"""How long a process may take to begin, on a machine that others use."""
MOST_ACKNOWLEDGED = 12
MOST_WAIT_S = 0.06
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


def start_process(script: str, *arguments: object) -> "subprocess.Popen[bytes]":
    """Start one of the scripts of this folder; what it says comes through a pipe."""
    return subprocess.Popen(  # noqa: S603  our own script
        [sys.executable, str(Path(__file__).with_name(script)), *map(str, arguments)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )


def kill_after(process: "subprocess.Popen[bytes]", lines: int, wait_s: float) -> list[str]:
    """Kill a process so many seconds after it has said so many lines.

    Returns:
        All lines that it said; what it was about to say is not among them.
    """
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    said = b""
    try:
        while said.count(b"\n") < lines:
            ready, _, _ = select.select([descriptor], [], [], READY_S)
            assert ready, "the process does not go on"
            more = os.read(descriptor, 4096)
            assert more, f"the process ended by itself: {process.wait()}"
            said += more
        _wait(process, wait_s)
    finally:
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read()
        process.stdout.close()
        process.wait()
    whole, _, _ = (said + rest).rpartition(b"\n")
    return whole.decode().splitlines()


def _wait(process: "subprocess.Popen[bytes]", wait_s: float) -> None:
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        return
    raise AssertionError(f"the process ended by itself: {process.returncode}")


def check_store(directory: Path, expected: list[Quads], *, read_only: bool) -> int:
    """Look whether a store is sound and holds one of several states.

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
        checkpoint = CHECKPOINTS[number % len(CHECKPOINTS)]
        process = start_process("updating.py", directory, seed, following, checkpoint)
        wanted = chance.randrange(MOST_ACKNOWLEDGED + 1)
        lines = kill_after(process, 1 + wanted, chance.uniform(0, MOST_WAIT_S))
        assert lines[1:] == [str(following + each) for each in range(len(lines) - 1)]
        for each in map(int, lines[1:]):
            quads = make_request(seed, each).effect(quads)
        following += len(lines) - 1
        begun = make_request(seed, following).effect(quads)
        # Who opens it to change it works the log into the database; who reads it must not.
        unsaid = check_store(directory, [quads, begun], read_only=number % 2 == 0)
        if unsaid:
            quads, following = begun, following + 1
        yield Round(len(lines) - 1, unsaid, len(quads))
