"""The documents say what is so."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from conflictkg.answers import Solutions
from conflictkg.answers.formats import write_answer
from conflictkg.build import build_store
from conflictkg.cli import group
from conflictkg.config import Setting, Settings
from conflictkg.files import data_files
from conflictkg.questions import find_question, load_questions
from conflictkg.store import Store, open_store

PROJECT = Path(__file__).resolve().parents[1]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (PROJECT / "Makefile").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    directory = tmp_path_factory.mktemp("docs") / "store"
    build_store(list(data_files()), directory, validate=False)
    with open_store(directory) as opened:
        yield opened


@pytest.mark.parametrize("name", sorted(group.list_commands(None)))  # type: ignore[arg-type]  # no context needed
def test_command_stands_in_the_readme_and_has_help(name: str) -> None:
    """Every command is in the README's list, and every option of it has a help text."""
    assert re.search(rf"^conflictkg {name} ", README, re.MULTILINE)
    command = group.get_command(None, name)  # type: ignore[arg-type]  # no context needed
    assert command is not None
    assert command.help
    for parameter in command.params:
        if parameter.param_type_name == "option":
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


def test_readme_counts_the_questions_right() -> None:
    """The README says how many questions are published."""
    assert f"[{len(load_questions())} published questions](queries/)" in README


def test_readme_s_worked_answer_is_the_store_s(store: Store) -> None:
    """The table in the README is what the question answers today."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in README.split("--name leaders-of-organization")[1].splitlines()
        if line.startswith("|") and not line.startswith("|---")
    ]
    end = next((i for i, row in enumerate(rows) if row[0] == "graph"), len(rows))
    question = find_question("leaders-of-organization", load_questions())
    with store.query(question.sparql) as answer:
        found = list(csv.reader(io.StringIO(b"".join(write_answer(answer, "csv")).decode())))
    assert rows[:end] == found


def test_readme_s_own_queries_have_answers(store: Store) -> None:
    """What the README gives to type in can be typed in as it stands."""
    queries = re.findall(r"conflictkg query '\s*([^']+)'", README)
    queries += re.findall(r"--data-urlencode 'query=\s*([^']+)'", README)
    assert len(queries) == 2
    for query in queries:
        with store.query(query) as answer:
            assert isinstance(answer, Solutions)
            assert len(list(answer.rows)) > 1


def test_readme_names_every_setting() -> None:
    """Each CONFLICTKG_* setting is in the README with its meaning."""
    for name, hint in get_type_hints(Settings, include_extras=True).items():
        setting: Setting = hint.__metadata__[0]
        assert f"`CONFLICTKG_{name.upper()}` | {setting.help} |" in README


def test_make_targets_of_the_documents_exist() -> None:
    """Every `make X` that README and CONTRIBUTING name is a target with a help text."""
    text = README + (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z]+)\b", text)) - {"sure"}:
        assert re.search(rf"^{target}:.*## ", MAKEFILE, re.MULTILINE), target


def test_links_in_the_documents_lead_somewhere() -> None:
    """Every relative link of a document at the top is a file or folder."""
    for path in PROJECT.glob("*.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text(encoding="utf-8")):
            assert (PROJECT / target).exists(), f"{path.name}: {target}"
