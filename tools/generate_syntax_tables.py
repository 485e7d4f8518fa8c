"""Write the parse tables of SPARQL from its grammar: ``make syntax``.

lark needs half a second to make them, and they never change while we run; the parser reads
``src/conflictkg/engine/syntax/tables.json`` in a few milliseconds instead, and needs no lark.
"""

import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lark import Lark, Token, logger
from lark.lexer import Lexer, PatternStr

FOLDER = Path(__file__).resolve().parents[1] / "src" / "conflictkg" / "engine" / "syntax"
STARTS = ("query_unit", "update_unit")


class _Conflicts(logging.Handler):
    """Keeps what lark says of conflicts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it."""
        self.found.append(record.getMessage())


class _NoLexer(Lexer):
    """Stands in for ours: only the tables are wanted."""

    def __init__(self, conf: Any) -> None:
        pass

    def lex(self, *_: Any) -> Iterator[Token]:
        """Never called."""
        yield from ()


def generate_tables(grammar: str) -> str:
    """The tables as JSON, one state a line.

    What its parts are is said in :mod:`conflictkg.engine.syntax.grammar`. In the state at the end,
    ``$END`` leads to the state itself.
    """
    # lark settles a shift/reduce conflict by itself and only mentions it: the grammar shall have none.
    conflicts = _Conflicts()
    logger.addHandler(conflicts)
    logger.setLevel(logging.DEBUG)
    lark = Lark(
        grammar,
        parser="lalr",
        start=list(STARTS),
        lexer=_NoLexer,
        maybe_placeholders=False,
        debug=True,
    )
    logger.removeHandler(conflicts)
    if conflicts.found:
        raise SystemExit("\n".join(conflicts.found))
    table = lark.parser.parser._parse_table
    rule_numbers = {rule: number for number, rule in enumerate(lark.rules)}
    rules = [[rule.origin.name, len(rule.expansion), rule.alias or ""] for rule in lark.rules]
    # lark's own numbers of states differ from run to run: these are in the order of a walk.
    walk = [table.start_states[start] for start in STARTS]
    numbers = {state: number for number, state in enumerate(walk)}
    states: list[dict[str, int]] = []
    for state in walk:
        actions = {}
        for name, (action, argument) in sorted(table.states[state].items()):
            if action.name == "Reduce":
                actions[name] = -1 - rule_numbers[argument]
                continue
            if argument not in numbers:
                numbers[argument] = len(walk)
                walk.append(argument)
            actions[name] = numbers[argument]
        states.append(actions)
    starts = {start: numbers[table.start_states[start]] for start in STARTS}
    for start in STARTS:
        end = numbers[table.end_states[start]]
        states[end]["$END"] = end
    words = {
        terminal.pattern.value: terminal.name
        for terminal in lark.terminals
        if isinstance(terminal.pattern, PatternStr)
    }
    lines = [
        "{",
        f'"words":{_dump(dict(sorted(words.items())))},',
        f'"starts":{_dump(starts)},',
        '"rules":[',
        ",\n".join(map(_dump, rules)),
        "],",
        '"states":[',
        ",\n".join(map(_dump, states)),
        "]}",
    ]
    return "\n".join(lines) + "\n"


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    text = generate_tables((FOLDER / "grammar.lark").read_text(encoding="utf-8"))
    (FOLDER / "tables.json").write_text(text, encoding="utf-8")
    sys.stdout.write(f"tables.json: {len(text):,} characters\n")
