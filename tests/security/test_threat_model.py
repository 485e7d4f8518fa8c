"""Each line of the threat model is held by a test that there is."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINES = [
    line
    for line in (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and not re.match(r"\|[-| ]+\|$|\| against ", line)
]
TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")


def test_every_line_names_a_test() -> None:
    assert len(LINES) > 30
    assert all(TEST.search(line) for line in LINES)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.split("|")[2].strip()[:40])
def test_line_is_held_by_a_test_that_there_is(line: str) -> None:
    found = TEST.search(line)
    assert found is not None
    tree = ast.parse((ROOT / found[1]).read_text(encoding="utf-8"))
    assert found[2] in {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}
