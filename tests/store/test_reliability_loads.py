"""Processes that load or optimize a store are killed at any moment: the old store is there, or the new."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from store.crash.jobs import add, load, optimize
from store.crash.requests import (
    first_quads,
    make_request,
    more_quads,
    write_file,
    write_first_store,
)
from store.crash.rounds import kill_anywhere, require_state
from store.crash.victims import PATIENCE_S, Victim
from store_invariants import require_sound

from conflictkg.store import open_store
from conflictkg.store.opening import open_database

KILLS = 6


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that updates have changed, to be copied."""
    directory = tmp_path_factory.mktemp("used") / "store"
    write_first_store(directory)
    with open_store(directory, editable=True) as store:
        for number in range(8):
            store.update(make_request(1, number).text)
    return directory


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


def finish(job: Callable[..., None], *arguments: object) -> None:
    """Let a job end by itself."""
    assert Victim(job, *arguments).kill(PATIENCE_S) == ["begin", "done"]


def test_first_load_that_is_killed_leaves_no_store_or_all_of_it(tmp_path: Path) -> None:
    """Nothing stands under the name until everything does; the next load clears up."""
    path = write_file(tmp_path / "data.nq", more_quads(1))
    directory = tmp_path / "store"

    def prepare() -> None:
        shutil.rmtree(directory, ignore_errors=True)

    for is_done in kill_anywhere(load, (directory, path), prepare, 1, KILLS):
        if is_done or directory.exists():
            require_state(directory, [more_quads(1)])
    finish(load, directory, path)
    require_state(directory, [more_quads(1)])
    assert names(tmp_path) == ["data.nq", "store", "store.lock"]


def test_load_that_is_killed_leaves_the_old_store_or_the_new(tmp_path: Path) -> None:
    """What is replaced is there until what replaces it is whole."""
    path = write_file(tmp_path / "data.nq", more_quads(1))
    directory = tmp_path / "store"

    def prepare() -> None:
        shutil.rmtree(directory, ignore_errors=True)
        write_first_store(directory)

    for is_done in kill_anywhere(load, (directory, path), prepare, 2, KILLS):
        found = require_state(directory, [first_quads(), more_quads(1)])
        assert found or not is_done
    finish(load, directory, path)
    require_state(directory, [more_quads(1)])
    assert names(tmp_path) == ["data.nq", "store", "store.lock"]


def test_file_is_added_whole_or_not_at_all(tmp_path: Path) -> None:
    """A bulk insert is one transaction like any other."""
    path = write_file(tmp_path / "data.nq", more_quads(1))
    directory = tmp_path / "store"
    both = first_quads() | more_quads(1)

    def prepare() -> None:
        shutil.rmtree(directory, ignore_errors=True)
        write_first_store(directory)

    for is_done in kill_anywhere(add, (directory, path), prepare, 3, KILLS):
        found = require_state(directory, [first_quads(), both], read_only=False)
        assert found or not is_done


def test_optimize_that_is_killed_leaves_the_quads_as_they_were(tmp_path: Path, used: Path) -> None:
    """Old or new, it holds the same quads, and all its tables are sound."""
    directory = tmp_path / "store"
    quads = first_quads()
    for number in range(8):
        quads = make_request(1, number).effect(quads)

    def prepare() -> None:
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(used, directory)

    for _ in kill_anywhere(optimize, (directory,), prepare, 4, KILLS):
        require_state(directory, [quads])
    finish(optimize, directory)
    require_state(directory, [quads])
    assert names(tmp_path) == ["store", "store.lock"]
    with open_database(directory, read_only=False) as database:
        require_sound(database)
