"""``conflictkg load``, ``update``, ``optimize`` and ``export``: what people see."""

import io
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from small_store import numbers, write_small_store

from conflictkg.answers import Boolean
from conflictkg.cli import main
from conflictkg.cli.progress import ShownProgress
from conflictkg.store import open_store
from conflictkg.store.loading import Progress
from conflictkg.terms import CKG, PREFIXES

EX = "http://example.org/"
Run = Callable[..., tuple[int, str, str]]
INSERT = f"INSERT DATA {{ <{EX}n> <{EX}name> 'new' }}"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command line; gives exit status, stdout and stderr."""

    def call(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as raised:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return int(raised.value.code or 0), captured.out, captured.err

    return call


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A small store on disk."""
    return write_small_store(tmp_path / "store")


def has(directory: Path, pattern: str) -> bool:
    with open_store(directory) as store:
        answer = store.query(f"ASK {{ {pattern} }}")
        assert isinstance(answer, Boolean)
        return answer.value


def test_update_changes_the_store_and_says_how_much(run: Run, place: Path) -> None:
    """Counts and the new release on stderr, nothing on stdout."""
    status, out, err = run("update", INSERT, "--store", place)
    assert (status, out) == (0, "")
    assert err == "1 quads added, 0 removed; release r1-1\n"
    assert has(place, f"<{EX}n> <{EX}name> 'new'")


def test_update_is_read_from_a_file_and_from_stdin(
    run: Run, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-f FILE, and -f - for a pipe; longer than what queries may be."""
    path = tmp_path / "u.ru"
    path.write_text(f"{INSERT} #{'x' * 300_000}", encoding="utf-8")
    assert run("update", "-f", path, "--store", place)[0] == 0
    stdin = type("Stdin", (), {"buffer": io.BytesIO(b"CLEAR ALL")})
    monkeypatch.setattr(sys, "stdin", stdin)
    assert "4 removed" in run("update", "-f", "-", "--store", place)[2]


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "give one of UPDATE and -f FILE"),
        ([INSERT, "-f", "x"], 2, "give one of"),
        (["-f", "missing.ru"], 1, "missing.ru: cannot be read: No such file"),
        (["INSERT DATA {\n  <a b> }"], 1, "2 |   <a b> }\n      ^"),
        (["LOAD <http://h/>"], 1, "LOAD (line 1) is not permitted"),
        (["DROP GRAPH <http://h/>"], 1, "there is no graph <http://h/>"),
        ([INSERT, "--store", "nowhere"], 1, "there is no store at nowhere"),
    ],
)
def test_bad_update_has_its_message_and_status(
    words: list[str],
    status: int,
    message: str,
    run: Run,
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1 where the update or the store is at fault, 2 where the command line is."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CONFLICTKG_STORE", str(place))
    found = run("update", *words)
    assert (found[0], found[1]) == (status, "")
    assert message in found[2]


def test_update_of_a_store_in_use_is_refused(run: Run, place: Path) -> None:
    """Who has it open for changing is alone."""
    with open_store(place, editable=True):
        status, _, err = run("update", INSERT, "--store", place)
    assert status == 1
    assert str(place) in err


def test_load_makes_a_store_and_adds_to_it(run: Run, tmp_path: Path) -> None:
    """The first load makes it; the second adds what is new, into the graph that was named."""
    first, second = tmp_path / "a.ttl", tmp_path / "b.nq"
    first.write_text(f"<{EX}a> <{EX}p> 1, 2 .", encoding="utf-8")
    second.write_text(
        f'<{EX}a> <{EX}p> "x" <{EX}g> .\n<{EX}a> <{EX}p> "x" <{EX}g> .\n', encoding="utf-8"
    )
    place = tmp_path / "store"
    status, out, err = run("load", first, "--store", place, "--graph", EX + "h")
    assert (status, out) == (0, "")
    assert err.splitlines()[-1] == f"{place}: 2 quads"
    status, _, err = run("load", second, first, "--store", place)
    assert status == 0
    assert err.splitlines()[-1] == f"{place}: 3 quads added, 5 in all"
    assert has(place, f"GRAPH <{EX}h> {{ <{EX}a> <{EX}p> 1, 2 }} GRAPH <{EX}g> {{ ?s ?p 'x' }}")


def test_load_of_a_broken_file_changes_nothing(run: Run, place: Path, tmp_path: Path) -> None:
    """The file and the line are named, and what was there is as it was."""
    broken = tmp_path / "broken.nt"
    broken.write_text(f"<{EX}a> <{EX}p> <{EX}o> .\n<{EX}a> <{EX}p> oops .\n", encoding="utf-8")
    for directory in (place, tmp_path / "new"):
        status, out, err = run("load", broken, "--store", directory)
        assert (status, out) == (1, "")
        assert f"{broken} line 2" in err
    assert not (tmp_path / "new").exists()
    assert not has(place, f"<{EX}a> <{EX}p> ?o")


def test_optimize_keeps_what_is_in_the_store(run: Run, place: Path) -> None:
    """Everything is sorted anew; nothing is added or lost."""
    run("update", INSERT, "--store", place)
    status, out, err = run("optimize", "--store", place)
    assert (status, out) == (0, "")
    assert err.splitlines()[-1] == f"{place}: optimized"
    with open_store(place) as store:
        assert store.size() == 4
    assert has(place, f"<{EX}n> <{EX}name> 'new'")


def test_export_writes_every_quad(run: Run, tmp_path: Path) -> None:
    """Parquet files that others read, once; a folder that holds something is not touched."""
    place = write_small_store(tmp_path / "store", numbers(1_000))
    target = tmp_path / "parquet"
    status, out, err = run("export", "parquet", "--all", "--store", place, "-o", target)
    assert (status, out) == (0, "")
    assert "1,000 quads" in err
    count = duckdb.connect().execute(f"SELECT count(*) FROM '{target}/spo.parquet'").fetchone()  # noqa: S608  our own path
    assert count == (1_000,)
    assert "is there already" in run("export", "parquet", "--store", place, "-o", target)[2]


def test_export_leaves_out_what_may_not_be_passed_on(run: Run, tmp_path: Path) -> None:
    """And names it; what may go is there, counted anew."""
    allowed = "http://e/allowed"
    yes = f'"true"^^<{PREFIXES["xsd"]}boolean>'
    says = (
        f"<{allowed}> <{PREFIXES['rdf']}type> <{CKG.NamedGraph}> .\n"
        f"<{allowed}> <{CKG.redistribution}> {yes} .\n"
    )
    place = write_small_store(tmp_path / "store", {**numbers(1_000), allowed: says})
    target = tmp_path / "parquet"
    status, _, err = run("export", "parquet", "--store", place, "-o", target)
    assert status == 0
    assert "left out, as it may not be passed on: http" in err
    connection = duckdb.connect()
    for table, rows in (("spo", 2), ("graph", 1)):
        query = f"SELECT count(*) FROM '{target}/{table}.parquet'"  # noqa: S608  our own path
        assert connection.execute(query).fetchone() == (rows,)


@pytest.mark.parametrize("command", ["optimize", "export parquet"])
def test_store_that_is_not_there_is_named(command: str, run: Run, tmp_path: Path) -> None:
    """Each command says where it looked."""
    output = ["-o", tmp_path / "out"] if "export" in command else []
    status, _, err = run(*command.split(), "--store", tmp_path / "none", *output)
    assert status == 1
    assert str(tmp_path / "none") in err


@pytest.mark.parametrize(
    "words",
    [
        ("query", "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"),
        ("query", "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i < 0) }"),
        (
            "update",
            "INSERT { ?a ?b ?i } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f = ?i) }",
        ),
    ],
    ids=["count", "filter", "update"],
)
def test_control_c_ends_a_command_at_once(tmp_path: Path, words: tuple[str, str]) -> None:
    """Status 130 and one word, whatever the engine is in the middle of."""
    place = write_small_store(tmp_path / "store", numbers(5_000))
    command = [sys.executable, "-c", "from conflictkg.cli import main; main()", *words]
    with subprocess.Popen(
        [*command, "--store", str(place)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(6)
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        _, err = process.communicate(timeout=30)
    assert time.monotonic() - start < 3
    assert (process.returncode, err) == (130, "\nconflictkg: stopped\n")


def test_progress_is_a_bar_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn over itself and gone at the end; in a file each step is one line."""
    for is_terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda is_terminal=is_terminal: is_terminal)
        with ShownProgress() as progress:
            progress.show(Progress("read", 2.0, 50, 100, 3_000))
            progress.show(Progress("read", 4.0, 100, 100, 6_000))
            progress.show(Progress("sort", 5.0, 100, 100, 6_000))
        shown = capsys.readouterr().err
        if is_terminal:
            assert "\r[##########..........] read: 3,000 quads, 2 s, 1,500 quads/s" in shown
            assert shown.endswith(" \r")
        else:
            assert shown == "conflictkg: read\nconflictkg: sort\n"
