"""Kill processes that change a store, as often as you like, and count what was found afterwards.

    PYTHONPATH=tests python benchmarks/crash_loop.py --rounds 300

One round is one process, killed with SIGKILL at a moment that is drawn from the seed. Half of them make
updates; the others load a new store, replace one, add a file to one, and optimize one. It ends with the
first store that is not what it should be.
"""

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click
from store.crash.jobs import add, load, optimize
from store.crash.requests import (
    Quads,
    first_quads,
    more_quads,
    write_file,
    write_first_store,
)
from store.crash.rounds import kill_anywhere, kill_updates, require_state

from conflictkg.store.opening import open_database

ROUNDS_A_SEED = 30
"""After so many rounds the updates begin with a fresh store, whose class tables have all their columns."""


def count_updates(folder: Path, seed: int, rounds: int) -> dict[str, int]:
    """Kill updates; what was counted."""
    counts = {"killed": 0, "acknowledged": 0, "done but not acknowledged": 0}
    for start in range(0, rounds, ROUNDS_A_SEED):
        directory = folder / f"updates-{start}"
        for each in kill_updates(directory, seed + start, min(ROUNDS_A_SEED, rounds - start)):
            counts["killed"] += 1
            counts["acknowledged"] += each.acknowledged
            counts["done but not acknowledged"] += each.unsaid
            tell("updates", counts)
        shutil.rmtree(directory)
    return counts


def count_jobs(folder: Path, seed: int, kills: int) -> Iterator[tuple[str, dict[str, int]]]:
    """Kill the other jobs; what was counted of each."""
    path = write_file(folder / "data.nq", more_quads(1))
    both = first_quads() | more_quads(1)
    jobs: list[tuple[str, Callable[..., None], list[Quads], bool]] = [
        ("first load", load, [frozenset(), more_quads(1)], False),
        ("load in place of a store", load, [first_quads(), more_quads(1)], True),
        ("file added", add, [first_quads(), both], True),
        ("optimize", optimize, [first_quads(), first_quads()], True),
    ]
    for name, job, states, is_there in jobs:
        directory = folder / name.replace(" ", "-")
        template = directory.with_name("template")
        if is_there:
            write_first_store(template)

        def prepare(directory: Path = directory, template: Path = template) -> None:
            shutil.rmtree(directory, ignore_errors=True)
            if template.exists():
                shutil.copytree(template, directory)

        arguments = (directory,) if job is optimize else (directory, path)
        counts = {"killed": 0, "done": 0, "new": 0}
        for is_done in kill_anywhere(job, arguments, prepare, seed, kills):
            is_new = directory.exists() and require_state(directory, states)
            if job is optimize:
                is_new = is_optimized(directory)
            if is_done and not is_new:
                raise AssertionError(f"{name}: it said that it was done, and the store is the old")
            counts["killed"] += 1
            counts["done"] += is_done
            counts["new"] += is_new
            tell(name, counts)
        shutil.rmtree(template, ignore_errors=True)
        yield name, counts


def is_optimized(directory: Path) -> bool:
    """Whether a store of :func:`write_first_store` has been written anew."""
    with open_database(directory) as database:
        return database.catalog.epoch > 0


def tell(name: str, counts: dict[str, int]) -> None:
    """Show how far it is."""
    sys.stderr.write(f"\r{describe(name, counts)}")
    sys.stderr.flush()


def describe(name: str, counts: dict[str, int]) -> str:
    """What was counted, in a line."""
    return f"{name}: " + ", ".join(f"{number:,} {what}" for what, number in counts.items())


@click.command()
@click.option("--rounds", default=300, help="Processes that are killed.")
@click.option("--seed", default=1, help="Of requests and moments.")
def main(rounds: int, seed: int) -> None:
    """Kill so many processes."""
    start = time.monotonic()
    each = max(1, rounds // 8)
    with tempfile.TemporaryDirectory(prefix="crash-loop-") as name:
        folder = Path(name)
        lines = [describe("updates", count_updates(folder, seed, max(1, rounds - 4 * each)))]
        lines += [describe(*found) for found in count_jobs(folder, seed, each)]
    sys.stderr.write("\n")
    for line in lines:
        click.echo(line)
    click.echo(f"nothing lost, nothing half done; {time.monotonic() - start:.0f} s")


if __name__ == "__main__":
    main()
