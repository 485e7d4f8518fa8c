"""Disks that are full or cannot be written: a clear error, and the store as it was before."""

import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from small_store import write_small_store
from store.crash.jobs import update_within
from store.crash.requests import first_quads, more_quads, write_file, write_first_store
from store.crash.rounds import require_state
from store.crash.victims import Victim
from store_invariants import read_quads, require_sound

from conflictkg.answers import Solutions
from conflictkg.errors import StoreError
from conflictkg.store import Store, open_store
from conflictkg.store.adding import add_files
from conflictkg.store.opening import open_database
from conflictkg.store.optimizing import optimize
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

MANY = (
    "INSERT DATA {"
    + " . ".join(f'<http://e/{n}> <http://e/p> "text {n}"' for n in range(500))
    + "}"
)
COUNT = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"


@contextmanager
def mounted(folder: Path, *options: str) -> Iterator[Path]:
    """A small disk, where this process may have one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", ",".join(("size=16m", *options)), "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a disk can only be mounted by root")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk with a store on it."""
    with mounted(tmp_path / "disk") as folder:
        write_first_store(folder / "store")
        yield folder


@contextmanager
def full(disk: Path, left: int = 0) -> Iterator[None]:
    """Fill a disk, but for so many bytes."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        block = bytes(1 << 16)
        try:
            while True:
                file.write(block)
        except OSError:
            size = os.fstat(file.fileno()).st_size
    os.truncate(filler, max(0, size - left))
    try:
        yield
    finally:
        filler.unlink()


def count(store: Store) -> str:
    answer = store.query(COUNT)
    assert isinstance(answer, Solutions)
    (((found,),)) = list(answer.rows)
    return getattr(found, "lexical", "")


def test_update_of_a_full_disk_changes_nothing(disk: Path) -> None:
    """It says what to do; queries are answered meanwhile, and there is room again afterwards."""
    held = len(first_quads())
    with open_store(disk / "store", editable=True) as store:
        with full(disk):
            for _ in range(2):
                with pytest.raises(
                    StoreError,
                    match=r"disk is full, and the change was not made.*"
                    "as it was before. Make room",
                ):
                    store.update(MANY)
                assert count(store) == str(held)
                assert store.size() == held
        assert store.update(MANY).added == 500
    with open_database(disk / "store") as database:
        require_sound(database)
        assert len(read_quads(database)) == held + 500


def test_store_is_whole_though_it_was_closed_on_a_full_disk(disk: Path) -> None:
    """The log cannot be worked in at the end, and is there for the next opening."""
    store = open_store(disk / "store", editable=True)
    store.update(MANY)
    with full(disk):
        store.close()
        require_state_and(disk, 500)
    require_state_and(disk, 500)
    with open_store(disk / "store", editable=True) as again:
        assert again.size() == len(first_quads()) + 500


def require_state_and(disk: Path, more: int) -> None:
    with open_database(disk / "store") as database:
        require_sound(database)
        assert database.catalog.quads == len(first_quads()) + more


def test_log_is_not_worked_in_where_there_is_no_room(
    disk: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A checkpoint that fails would leave the database unusable: it is put off, and told of."""
    monkeypatch.setattr("conflictkg.store.disk.LOG_BYTES", 1)
    with open_store(disk / "store", editable=True) as store:
        with full(disk, left=400_000):
            store.update(MANY)
            assert "nearly full" in caplog.text
            assert count(store) == str(len(first_quads()))
            assert store.size() == len(first_quads()) + 500
        log = disk / "store/quads/store.duckdb.wal"
        assert log.stat().st_size
        store.update("INSERT DATA { <http://e/s> <http://e/p> 1 }")
        assert not log.exists() or not log.stat().st_size
    require_state_and(disk, 501)


def test_checkpoint_that_fails_is_told(disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever fills the disk at the worst moment: the change is there after the next opening."""
    monkeypatch.setattr("conflictkg.store.disk.LOG_BYTES", 1)
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    monkeypatch.setattr("shutil.disk_usage", lambda _: os.statvfs(disk) and _Usage(free))
    store = open_store(disk / "store", editable=True)
    with full(disk, left=200_000):
        with pytest.raises(StoreError, match="on disk, but the store must be opened again"):
            store.update(MANY)
        store.close()
    require_state_and(disk, 500)


class _Usage:
    def __init__(self, free: int) -> None:
        self.free = free


@pytest.mark.parametrize("left", [0, 100_000, 1_000_000], ids=["nothing", "little", "some"])
@pytest.mark.parametrize("job", ["load", "optimize"])
def test_what_is_written_anew_leaves_the_old_store_on_a_full_disk(
    disk: Path, tmp_path: Path, job: str, left: int
) -> None:
    """Nothing is left behind that takes room, and the message tells what was not done."""
    path = write_file(tmp_path / "data.nq", more_quads(1))
    jobs: dict[str, Callable[[], object]] = {
        "load": lambda: load_files([Source(path)], disk / "store"),
        "optimize": lambda: optimize(disk / "store"),
    }
    with full(disk, left):
        with pytest.raises(StoreError, match=r"disk is full.*not (written|optimized)"):
            jobs[job]()
        assert require_state(disk / "store", [first_quads()]) == 0
    assert sorted(each.name for each in disk.iterdir()) == ["store", "store.lock"]
    jobs[job]()


def test_file_that_finds_no_room_is_not_added(disk: Path, tmp_path: Path) -> None:
    """None of it."""
    path = write_file(tmp_path / "data.nq", more_quads(1))
    with open_database(disk / "store", read_only=False) as database:
        with full(disk), pytest.raises(StoreError, match="disk is full"):
            add_files(database, [Source(path)])
        require_sound(database)
        assert len(read_quads(database)) == len(first_quads())
        assert add_files(database, [Source(path)]).added == len(more_quads(1))


def test_files_that_may_not_grow_are_like_a_full_disk(tmp_path: Path) -> None:
    """Where no disk can be mounted, a limit of the process shows the same: an error, and nothing changed."""
    write_first_store(tmp_path / "store")
    message = Victim(update_within, tmp_path / "store", 4_096, MANY).result()
    assert "the change was not made" in message
    assert require_state(tmp_path / "store", [first_quads()]) == 0


# Disks that cannot be written


@pytest.fixture
def read_only_disk(tmp_path: Path) -> Iterator[Path]:
    """A store on a disk that was mounted again for reading only."""
    with mounted(tmp_path / "disk") as folder:
        write_small_store(folder / "store")
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        yield folder / "store"


def test_store_on_a_read_only_disk_is_read(read_only_disk: Path) -> None:
    """Reading needs nothing to be written beside it."""
    with open_store(read_only_disk) as store:
        assert count(store) == "3"


def test_store_with_a_log_is_read_on_a_read_only_disk(tmp_path: Path) -> None:
    """What a crashed server has left is read without working it in."""
    with mounted(tmp_path / "disk") as folder:
        write_first_store(folder / "store")
        victim = Victim(update_within, folder / "store", resource.RLIM_INFINITY, MANY, True)
        victim.listen()
        victim.kill()
        assert (folder / "store/quads/store.duckdb.wal").stat().st_size
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        require_state_and(folder, 500)


def test_changes_of_a_read_only_disk_are_refused(read_only_disk: Path, tmp_path: Path) -> None:
    """Each says that it cannot be written, and which folder would do."""
    path = write_file(tmp_path / "data.nq", more_quads(1))
    jobs: list[Callable[[], object]] = [
        lambda: open_store(read_only_disk, editable=True),
        lambda: load_files([Source(path)], read_only_disk),
        lambda: optimize(read_only_disk),
    ]
    for job in jobs:
        with pytest.raises(
            StoreError, match=r"no store can be written at .*: Read-only file system"
        ):
            job()
    with open_store(read_only_disk) as store:
        assert count(store) == "3"
