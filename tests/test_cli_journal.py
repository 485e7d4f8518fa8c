"""``conflictkg journal``, and that what a server has acknowledged is there after it was killed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result
from small_store import write_small_store

from conflictkg.access import Tokens
from conflictkg.cli import group
from conflictkg.store import Edit, open_store

GRAPH = "http://e/g"
CKG = "https://w3id.org/conflictkg/ontology#"
CS = "https://w3id.org/conflictkg/scheme/"


def run(place: Path, *words: str) -> Result:
    return CliRunner().invoke(group, ["journal", *words, "--store", str(place)])


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A store with two entries in its journal."""
    place = write_small_store(tmp_path / "store")
    with open_store(place, editable=True) as store:
        for number in (1, 2):
            store.update(
                f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <http://e/s> <http://e/p> {number} }} }}",
                edit=Edit(by="ann", comment=f"the change {number}"),
            )
    return place


def test_entries_are_listed_and_shown(place: Path) -> None:
    lines = [line.split("\t") for line in run(place, "list").stdout.splitlines()]
    assert [[line[0], *line[2:]] for line in lines] == [
        ["1", "ann", "+1", "-0", "the change 1"],
        ["2", "ann", "+1", "-0", "the change 2"],
    ]
    assert run(place, "list", "--after", "1").stdout.startswith("2\t")
    shown = json.loads(run(place, "show", "1").stdout)
    assert (shown["by"], shown["added"], shown["created"]) == ("ann", 1, [GRAPH])


def test_entry_that_there_is_not_is_told(place: Path) -> None:
    for words in (("show", "9"), ("export", "9"), ("undo", "9")):
        result = run(place, *words)
        assert result.exit_code != 0
        assert "journal entry" in str(result.exception)


def test_entries_are_exported_as_patches(place: Path) -> None:
    one, both = run(place, "export", "1").stdout, run(place, "export").stdout
    assert (
        f'A <http://e/s> <http://e/p> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <{GRAPH}> .'
        in one
    )
    assert both.count("TX .") == both.count("TC .") == 2
    assert both.startswith(one)


def test_entry_is_undone_by_another(place: Path) -> None:
    assert run(place, "undo", "2").exit_code == 0
    assert json.loads(run(place, "show", "3").stdout)["undoes"] == 2
    with open_store(place) as store:
        assert [info.triples for info in store.graphs() if info.iri == GRAPH] == [1]


def test_undo_that_would_break_the_shapes_is_refused(tmp_path: Path) -> None:
    """What is taken back is judged as what is written."""
    place = write_small_store(tmp_path / "store")
    strike = f"<http://e/x> <{CKG}datePrecision> <{CS}date-precision-unknown>"
    with open_store(place, editable=True) as store:
        for text in (
            strike,
            f"<http://e/x> a <{CKG}Strike> ; <{CKG}placePrecision> <{CS}place-precision-unknown>",
        ):
            store.update(f"INSERT DATA {{ {text} }}", edit=Edit(by="ann"))
    result = run(place, "undo", "1")
    assert "violation" in str(result.exception)
    with open_store(place) as store:
        assert len(store.journal()) == 2


def test_killed_server_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """An acknowledged change and its entry in the journal are on the disk, both of them."""
    place = write_small_store(tmp_path / "store")
    token = Tokens(tmp_path / "store.tokens.json").create("ann", ["write"])
    command = [sys.executable, "-c", "from conflictkg.cli import main; main()", "serve"]
    environment = {**os.environ, "CONFLICTKG_TOKENS": str(tmp_path / "store.tokens.json")}
    process = subprocess.Popen(
        [*command, "--editable", "--store", str(place), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stderr is not None
    try:
        address = process.stderr.readline().split(" at ")[1].strip()
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/sparql-update",
            "Conflictkg-Comment": "before the end",
        }
        for number in range(5):
            text = f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <http://e/s> <http://e/p> {number} }} }}"
            answer = httpx.post(f"{address}/sparql", content=text, headers=headers, timeout=30)
            assert answer.status_code == 204, answer.text
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    with open_store(place) as store:
        assert [info.triples for info in store.graphs() if info.iri == GRAPH] == [5]
        entries = store.journal()
        assert [each.number for each in entries] == [1, 2, 3, 4, 5]
        assert {(each.by, each.comment, each.added) for each in entries} == {
            ("ann", "before the end", 1)
        }
        assert entries[-1].after == store.release
