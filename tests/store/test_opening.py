"""Opening a store: who may have it at the same time, and what an open one can reach."""
# ruff: noqa: S608 -- SQL of our own making

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from store_invariants import read_quads

from conflictkg.answers import Iri, Literal
from conflictkg.errors import StoreBusyError, StoreError, StoreMissingError
from conflictkg.store.layout import (
    DATABASE,
    DICTIONARY,
    FORMAT,
    MANIFEST,
    Manifest,
    read_manifest,
)
from conflictkg.store.opening import open_database
from conflictkg.store.parquet import export_parquet
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

EX = "http://example.org/"
FACT = (Iri(EX + "a"), Iri(EX + "p"), Literal("x"), None)
OTHER = (Iri(EX + "a"), Iri(EX + "p"), Literal("y"), None)


def load(directory: Path, value: str = "x") -> Path:
    path = directory.with_name("data.nt")
    path.write_text(f'<{EX}a> <{EX}p> "{value}" .\n', encoding="utf-8")
    load_files([Source(path)], directory)
    return directory


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return load(tmp_path / "store")


OTHER_PROCESS = """
import sys
from pathlib import Path
from conflictkg.errors import StoreBusyError
from conflictkg.store.opening import open_database
try:
    open_database(Path(sys.argv[1]), read_only=sys.argv[2] == "read").close()
    print("opened")
except StoreBusyError as error:
    print(error)
"""


def open_elsewhere(directory: Path, how: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, str(directory), how],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_any_number_may_read(directory: Path) -> None:
    """In this process and in others; and who closes does not let go for the others."""
    with open_database(directory) as one:
        open_database(directory).close()
        assert open_elsewhere(directory, "read") == "opened\n"
        assert read_quads(one) == {FACT}
        assert "open for reading" in open_elsewhere(directory, "change")
        with pytest.raises(StoreBusyError, match="open for reading"):
            open_database(directory, read_only=False)
    assert open_elsewhere(directory, "change") == "opened\n"


def test_who_changes_is_alone(directory: Path) -> None:
    """Others are told who it is, in this process too."""
    with open_database(directory, read_only=False):
        for how in ("read", "change"):
            assert f"process {os.getpid()}" in open_elsewhere(directory, how)
        with pytest.raises(StoreBusyError, match=f"process {os.getpid()}"):
            open_database(directory)
        with pytest.raises(StoreBusyError, match=f"process {os.getpid()}"):
            open_database(directory, read_only=False)
        with pytest.raises(StoreBusyError, match=f"process {os.getpid()}"):
            load(directory)
    assert open_elsewhere(directory, "change") == "opened\n"


def test_reader_keeps_its_store_when_another_takes_the_place(directory: Path) -> None:
    """And who opens afterwards gets the new one, in the same process too."""
    with open_database(directory) as old:
        load(directory, "y")
        with open_database(directory) as new:
            assert read_quads(new) == {OTHER}
        assert read_quads(old) == {FACT}
        assert old.dictionary.find(Literal("y")) is None


@pytest.mark.parametrize("read_only", [True, False])
def test_open_store_reaches_nothing_else(directory: Path, read_only: bool) -> None:
    """No file, no other database, no extension; and no setting but a query's own memory."""
    other = directory.with_name("other.csv")
    other.write_text("a\n1\n", encoding="utf-8")
    with open_database(directory, read_only=read_only) as database:
        cursor = database.cursor()
        for statement in (
            f"SELECT * FROM read_csv('{other}')",
            f"SELECT * FROM '{other}'",
            f"COPY meta TO '{other}'",
            f"ATTACH '{other}.duckdb' AS other",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET threads = 1",
            "SET memory_limit = '10GB'",
            "SET enable_external_access = true",
            "SELECT * FROM other",
        ):
            with pytest.raises(duckdb.Error):
                cursor.execute(statement).fetchall()
        cursor.execute("SET operator_memory_limit = '64MB'")
    assert other.read_text(encoding="utf-8") == "a\n1\n"


def test_committed_change_is_there_after_the_process_was_killed(directory: Path) -> None:
    """For reading too, without anybody having put the log into the file."""
    program = """
import os, signal, sys
from pathlib import Path
from conflictkg.answers import Iri, Literal
from conflictkg.store.opening import open_database
database = open_database(Path(sys.argv[1]), read_only=False)
with database.change() as change:
    change.insert_terms([(Iri("http://example.org/a"), Iri("http://example.org/p"), Literal("y"), None)])
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program, str(directory)], check=False)
    assert (directory / f"{DATABASE}.wal").exists()
    for read_only in (True, False):
        with open_database(directory, read_only=read_only) as database:
            assert read_quads(database) == {FACT, OTHER}
            assert database.catalog.quads == 2
            assert database.dictionary.find(Literal("y")) is not None


def test_missing_damaged_and_older_stores_are_told_apart(directory: Path) -> None:
    """Each message names the command that helps."""
    with pytest.raises(StoreMissingError, match="conflictkg build"):
        open_database(directory.with_name("none"), read_only=False)
    assert not directory.with_name("none.lock").exists()
    manifest = (directory / MANIFEST).read_text(encoding="utf-8")
    (directory / MANIFEST).write_text(manifest.replace(FORMAT, FORMAT[:-1] + "2"), encoding="utf-8")
    with pytest.raises(StoreError, match=r"has format .*/2; .*conflictkg build --store"):
        open_database(directory)
    (directory / MANIFEST).write_text(manifest, encoding="utf-8")
    (directory / DICTIONARY / "2.suffix").write_bytes(b"")
    with pytest.raises(StoreError, match=r"dictionary .*cannot be read: .*cut short"):
        open_database(directory)
    (directory / DATABASE).write_bytes(b"no database at all" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        open_database(directory)
    (directory / DATABASE).unlink()
    with pytest.raises(StoreError, match="is damaged"):
        open_database(directory)


def test_store_that_goes_away_while_it_is_opened_is_not_held(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever failed to open it locks nobody out."""
    read = 0

    def lose(place: Path) -> Manifest:
        nonlocal read
        read += 1
        if read == 2:
            raise StoreMissingError(str(place))
        return read_manifest(place)

    monkeypatch.setattr("conflictkg.store.opening.read_manifest", lose)
    with pytest.raises(StoreMissingError):
        open_database(directory)
    open_database(directory, read_only=False).close()


def test_temporary_folder_goes_with_the_store(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left of an open store."""
    temporary = directory.with_name("temporary")
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    with open_database(directory):
        assert len(list(temporary.iterdir())) == 1
    assert list(temporary.iterdir()) == []


def test_tables_are_exported_as_parquet(directory: Path) -> None:
    """All of them, with a text that says what is what; never over what is there."""
    target = directory.with_name("parquet")
    rows = export_parquet(directory, target)
    assert rows["spo"] == rows["pos"] == 1
    expected = {f"{table}.parquet" for table in rows} | {"README.md", "tables.json"}
    assert {each.name for each in target.iterdir()} == expected
    with duckdb.connect(":memory:") as connection:
        found = connection.execute(
            f"SELECT t.lex FROM '{target}/spo.parquet' AS q JOIN '{target}/term.parquet' AS t ON q.o = t.id"
        ).fetchall()
    assert found == [("x",)]
    with pytest.raises(StoreError, match="is there already"):
        export_parquet(directory, target)
