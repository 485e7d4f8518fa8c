"""A store's place: one build at a time, the old store or the new, never half of one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from small_store import GRAPHS, numbers, write_small_store

from conflictkg.answers import Solutions
from conflictkg.errors import QueryTimeoutError, StoreBusyError, StoreError
from conflictkg.store import Limits, open_store
from conflictkg.store.place import claim_place, publish
from conflictkg.store.writer import Contents, write_store

HERE = Path(__file__).parent

# Writes release "new" over a store of release "old", and dies by SIGKILL when it comes to one of its steps.
DYING_BUILD = """
import os, signal, sys
from pathlib import Path
from small_store import numbers, write_small_store
from conflictkg.store import finishing, layout, place, writer

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def die_after(function):
    def run(*arguments):
        function(*arguments)
        die()
    return run

step, directory = sys.argv[1], Path(sys.argv[2])
if step == "claimed": writer.write_store.__globals__["publish"] = die
if step == "before quads": writer.fill_store = die
if step == "among quads": finishing.lay_predicates = die
if step == "after quads": layout.Manifest.write = die
if step == "after manifest": place._sync_tree = die
if step == "before swap": place._swap = die
if step == "after swap": place._swap = die_after(place._swap)
if step == "while deleting": place.shutil = type("Dying", (), {"rmtree": die})
if step.startswith("without exchange"): place._exchange = lambda one, other: False
if step == "without exchange, between": Path.rename = die_after(Path.rename)
write_small_store(directory, numbers(50), "new")
print("lived")
"""


def build_and_die(step: str, directory: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    return subprocess.run(
        [sys.executable, "-c", DYING_BUILD, step, str(directory)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def look(directory: Path) -> tuple[str, int]:
    """Release and number of quads that can really be read."""
    with open_store(directory, Limits(workers=1)) as store:
        answer = store.query("SELECT * { GRAPH ?g { ?s ?p ?o } }")
        assert isinstance(answer, Solutions)
        return store.release, len(list(answer.rows))


OLD, NEW = ("old", 3), ("new", 50)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("claimed", OLD),
        ("before quads", OLD),
        ("among quads", OLD),
        ("after quads", OLD),
        ("after manifest", OLD),
        ("before swap", OLD),
        ("after swap", NEW),
        ("while deleting", NEW),
    ],
)
def test_build_that_is_killed_leaves_the_old_store_or_the_new(
    step: str, expected: tuple[str, int], tmp_path: Path
) -> None:
    """Killed at any step, the place holds a whole store, and the next build clears up."""
    directory = write_small_store(tmp_path / "store", GRAPHS, "old")
    died = build_and_die(step, directory)
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "")
    assert look(directory) == expected
    write_small_store(directory, numbers(7), "next")
    assert look(directory) == ("next", 7)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["store", "store.lock"]


def test_first_build_that_is_killed_leaves_no_store(tmp_path: Path) -> None:
    """Where there was none, there is none: no half store under the name."""
    directory = tmp_path / "store"
    assert build_and_die("after quads", directory).returncode == -signal.SIGKILL
    assert not directory.exists()
    write_small_store(directory)
    assert look(directory) == ("r1", 3)


def test_build_without_exchange_of_names_replaces_too(tmp_path: Path) -> None:
    """Where the system cannot swap two names in one step, two renames do."""
    directory = write_small_store(tmp_path / "store", GRAPHS, "old")
    assert build_and_die("without exchange", directory).stdout == "lived\n"
    assert look(directory) == NEW
    assert sorted(each.name for each in tmp_path.iterdir()) == ["store", "store.lock"]


def test_build_killed_between_two_renames_is_mended_by_the_next(tmp_path: Path) -> None:
    """Its old store is still there under its second name, and gets its first one back."""
    directory = write_small_store(tmp_path / "store", GRAPHS, "old")
    died = build_and_die("without exchange, between", directory)
    assert died.returncode == -signal.SIGKILL
    assert not directory.exists()
    with claim_place(directory):
        assert look(directory) == OLD


def test_error_while_writing_leaves_the_old_store(tmp_path: Path) -> None:
    """A disk that is full changes nothing."""
    directory = write_small_store(tmp_path / "store", GRAPHS, "old")

    def fail(_: Path) -> None:
        raise OSError(28, "No space left on device")

    with claim_place(directory), pytest.raises(StoreError, match=r"No space left.*untouched"):
        publish(directory, fail)
    assert look(directory) == OLD
    assert sorted(each.name for each in tmp_path.iterdir()) == ["store", "store.lock"]


def test_quads_that_are_none_leave_the_old_store(tmp_path: Path) -> None:
    """What the engine refuses is said, and changes nothing."""
    directory = write_small_store(tmp_path / "store", GRAPHS, "old")
    broken = Contents({"http://g/": b"no triples"}, "new", "2026-01-01T00:00:00Z", {})
    with claim_place(directory), pytest.raises(StoreError, match="the engine refuses the quads"):
        write_store(directory, broken)
    assert look(directory) == OLD


def test_two_builds_at_once_are_refused_with_the_pid(tmp_path: Path) -> None:
    """The second is told which process is at work."""
    directory = tmp_path / "store"
    with (
        claim_place(directory),
        pytest.raises(StoreBusyError, match=f"process {os.getpid()}"),
        claim_place(directory),
    ):
        pass


def test_open_store_is_readable_while_it_is_replaced(tmp_path: Path) -> None:
    """A reader keeps its release to the end, also with workers that start after the replacement."""
    directory = write_small_store(tmp_path / "store", numbers(2_000), "old")
    with open_store(directory, Limits(workers=1, wait_s=20)) as reader:
        write_small_store(directory, numbers(1), "new")
        write_small_store(directory, numbers(2), "newer")
        assert look(directory) == ("newer", 2)
        endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
        answer = reader.query(endless, deadline_s=0.2)
        assert isinstance(answer, Solutions)
        with pytest.raises(QueryTimeoutError):
            list(answer.rows)
        answer = reader.query("SELECT * { ?s ?p ?o }")
        assert isinstance(answer, Solutions)
        assert len(list(answer.rows)) == 2_000
        assert reader.release == "old"
    write_small_store(directory, numbers(3), "newest")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["store", "store.lock"]


def test_folder_of_other_files_is_not_replaced(tmp_path: Path) -> None:
    """A build does not delete what it did not write."""
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="holds files that are no store"):
        write_small_store(tmp_path / "store")
    assert (tmp_path / "store" / "thesis.txt").exists()


def test_empty_folder_and_symbolic_link_are_good_places(tmp_path: Path) -> None:
    """An empty folder is filled; a link stays a link."""
    (tmp_path / "disk").mkdir()
    (tmp_path / "store").symlink_to(tmp_path / "disk")
    write_small_store(tmp_path / "store")
    assert (tmp_path / "store").is_symlink()
    assert look(tmp_path / "store") == ("r1", 3)


def test_file_in_the_place_is_refused(tmp_path: Path) -> None:
    """A file is not overwritten."""
    (tmp_path / "store").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match="is a file; a store is a directory"):
        write_small_store(tmp_path / "store")
    assert (tmp_path / "store").read_text(encoding="utf-8") == "mine"


def test_parent_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """The place that cannot be made is named."""
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(
        StoreError, match=r"no store can be written at .*Not a directory|File exists"
    ):
        write_small_store(tmp_path / "file" / "store")


def test_parent_that_cannot_be_written_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder is named, and what to do; simulated, for the tests may run as root."""

    def refuse(path: object, *_: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr("conflictkg.store.place.os.open", refuse)
    with pytest.raises(StoreError, match=r"Permission denied .*Choose a --store DIR"):
        write_small_store(tmp_path / "store")
