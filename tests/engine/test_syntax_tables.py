"""The parse tables are those of the grammar."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from conflictkg.engine import syntax
from conflictkg.engine.syntax import parser  # fills ACTIONS
from conflictkg.engine.syntax.functions import AGGREGATES, FUNCTIONS
from conflictkg.engine.syntax.grammar import load_grammar
from conflictkg.engine.syntax.reading import ACTIONS

TOOL = Path(__file__).resolve().parents[2] / "tools" / "generate_syntax_tables.py"
FOLDER = Path(syntax.__file__).parent


def load_tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location(TOOL.stem, TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_tables_are_as_generated() -> None:
    """``make syntax`` would change nothing."""
    made = load_tool().generate_tables((FOLDER / "grammar.lark").read_text(encoding="utf-8"))
    assert made == (FOLDER / "tables.json").read_text(encoding="utf-8")


def test_ambiguous_grammar_is_refused() -> None:
    """A conflict that lark would settle by itself stops the tool."""
    grammar = 'query_unit: "a" tail\ntail: | "b" tail | tail "b"\nupdate_unit: "c"\n'
    with pytest.raises(SystemExit, match="Shift/Reduce conflict for terminal B"):
        load_tool().generate_tables(grammar)


def test_every_action_is_used_and_exists() -> None:
    """The grammar names each action, and names no other."""
    assert parser
    assert {name for _, _, name in load_grammar().rules if name} == set(ACTIONS)


def test_function_names_are_no_keywords() -> None:
    """A name that the grammar spells out is not told by its list as well."""
    assert not (set(FUNCTIONS) | AGGREGATES) & set(load_grammar().words)
