"""Stores of older layouts and damaged ones: an error that tells what to do, never an engine's own."""

import os
import shutil
from pathlib import Path

import pytest
from small_store import write_small_store
from store.crash.requests import more_quads, write_file, write_first_store
from store.crash.rounds import require_state

from conflictkg.answers import Boolean, Solutions
from conflictkg.errors import ConflictKGError, StoreError
from conflictkg.store import open_store
from conflictkg.store.layout import ACKNOWLEDGED, DATABASE, FORMAT, MANIFEST
from conflictkg.store.opening import open_database
from conflictkg.store.optimizing import optimize
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

FLIPS = 12


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, to be copied and damaged."""
    directory = tmp_path_factory.mktemp("whole") / "store"
    write_first_store(directory)
    return directory


@pytest.fixture
def store(whole: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(whole, tmp_path / "store"))


def use(directory: Path) -> None:
    """Read everything."""
    with open_store(directory) as store:
        for text in ("SELECT * { GRAPH ?g { ?s ?p ?o } }", 'SELECT * { ?s ?p "nothing" }'):
            answer = store.query(text)
            assert isinstance(answer, Solutions)
            list(answer.rows)
    with open_database(directory) as database:
        assert database.catalog.quads


def make_older(directory: Path, version: int) -> None:
    """What a build of an earlier version has left: its manifest, and files of another engine."""
    manifest = directory / MANIFEST
    older = manifest.read_text(encoding="utf-8").replace(FORMAT, f"{FORMAT[:-1]}{version}")
    manifest.write_text(older, encoding="utf-8")
    for each in (directory / "quads").iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    (directory / "quads/000004.log").write_bytes(b"of another engine")


@pytest.mark.parametrize("version", [1, 2])
def test_store_of_an_older_layout_is_refused_with_the_command(store: Path, version: int) -> None:
    """To read it, to change it and to optimize it; both versions are named."""
    make_older(store, version)
    for use_it in (
        open_store,
        lambda directory: open_store(directory, editable=True),
        optimize,
    ):
        with pytest.raises(StoreError) as raised:
            use_it(store)
        assert f"has format {FORMAT[:-1]}{version}; this version" in str(raised.value)
        assert f"conflictkg build --store {store}" in str(raised.value)


def test_store_of_an_older_layout_is_replaced_by_a_build(store: Path, tmp_path: Path) -> None:
    """The command that the error names works on it."""
    make_older(store, 2)
    write_small_store(store)
    assert open_store(store).query("ASK { ?s ?p ?o }") == Boolean(value=True)
    make_older(store, 2)
    load_files([Source(write_file(tmp_path / "data.nq", more_quads(1)))], store)
    require_state(store, [more_quads(1)])


def files_of(directory: Path) -> list[Path]:
    return sorted(each.relative_to(directory) for each in directory.rglob("*") if each.is_file())


def test_files_that_are_missing_or_cut_short_are_told(whole: Path, tmp_path: Path) -> None:
    """Each file of a store, gone, emptied or halved; at the latest who reads everything is told."""
    told = 0
    for name in files_of(whole):
        for left in (None, 0, (whole / name).stat().st_size // 2):
            store = Path(shutil.copytree(whole, tmp_path / f"store-{told}"))
            if left is None:
                (store / name).unlink()
            else:
                os.truncate(store / name, left)
            with pytest.raises(StoreError, match=r"damaged|is no store|cannot be opened") as raised:
                use(store)
            assert "conflictkg build" in str(raised.value)
            assert "/proc/" not in str(raised.value)
            told += 1
    assert told > 20


def test_damage_within_the_database_is_told(store: Path, tmp_path: Path) -> None:
    """A byte that has changed is found by its checksum when it is read, and nobody is given wrong answers."""
    size = (store / DATABASE).stat().st_size
    found: list[str] = []
    for place in range(5_000, size, size // FLIPS):
        copy = Path(shutil.copytree(store, tmp_path / f"copy-{place}"))
        with (copy / DATABASE).open("r+b") as file:
            file.seek(place)
            (old,) = file.read(1)
            file.seek(place)
            file.write(bytes([old ^ 0xFF]))
        try:
            use(copy)
        except ConflictKGError as error:
            found.append(str(error))
    assert len(found) > FLIPS // 3
    assert all("conflictkg build" in each for each in found), found


@pytest.mark.parametrize("is_acknowledged", [False, True])
def test_log_whose_end_is_missing_is_read_unless_it_was_acknowledged(
    store: Path, is_acknowledged: bool
) -> None:
    """What a power cut tore off was never acknowledged; what stands before it holds. Nothing else may be missing."""
    database = open_store(store, editable=True)
    before = database.size()
    for number in range(2):
        database.update(f"INSERT DATA {{ <http://e/{number}> <http://e/p> {number} }}")
    acknowledged = (store / ACKNOWLEDGED).read_bytes()
    database.update("INSERT DATA { <http://e/2> <http://e/p> 2 }")
    # As a crash leaves it: closing would work the log in.
    copy = Path(shutil.copytree(store, store.with_name("copy")))
    database.close()
    log = copy / f"{DATABASE}.wal"
    os.truncate(log, log.stat().st_size - 40)
    if is_acknowledged:
        for editable in (False, True):
            with pytest.raises(StoreError, match="1 of 3 changes that were acknowledged are miss"):
                open_store(copy, editable=editable)
        return
    (copy / ACKNOWLEDGED).write_bytes(acknowledged)
    with open_store(copy, editable=True) as torn:
        assert torn.size() == before + 2
        torn.update("INSERT DATA { <http://e/9> <http://e/p> 9 }")
    with open_store(copy) as again:
        assert again.size() == before + 3


@pytest.mark.parametrize("content", [b"", b"\0" * 20, b"x"])
def test_number_of_the_last_state_that_was_not_written_hinders_nobody(
    store: Path, content: bytes
) -> None:
    """As a loss of power may leave it."""
    with open_store(store, editable=True) as database:
        database.update("INSERT DATA { <http://e/s> <http://e/p> 1 }")
        size = database.size()
    (store / ACKNOWLEDGED).write_bytes(content)
    with open_store(store, editable=True) as again:
        assert again.size() == size
        again.update("INSERT DATA { <http://e/s> <http://e/p> 2 }")
    assert int((store / ACKNOWLEDGED).read_bytes()) == 2


def test_new_log_is_made_lasting_in_its_folder(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once; DuckDB writes the log itself through."""
    synced: list[Path] = []
    monkeypatch.setattr("conflictkg.store.log.sync", synced.append)
    with open_store(store, editable=True) as database:
        for number in range(3):
            database.update(f"INSERT DATA {{ <http://e/s> <http://e/p> {number} }}")
    assert [each.name for each in synced] == ["quads"]


def test_log_after_one_that_was_worked_in_is_made_lasting_too(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file often has the number that the one before it had."""
    synced: list[Path] = []
    monkeypatch.setattr("conflictkg.store.log.sync", synced.append)
    monkeypatch.setattr("conflictkg.store.disk.LOG_BYTES", 1)
    with open_store(store, editable=True) as database:
        for number in range(4):
            database.update(f"INSERT DATA {{ <http://e/s> <http://e/p> {number} }}")
            assert not (store / f"{DATABASE}.wal").exists()
    assert [each.name for each in synced] == ["quads"] * 4
