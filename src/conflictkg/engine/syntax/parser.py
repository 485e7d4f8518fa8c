"""Reads tokens by the tables that ``tools/generate_syntax_tables.py`` makes of the grammar: LALR(1).

The stack is a list, so that no text can make it overflow, and each action runs as its rule is complete,
so that what it refuses is refused at once.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Any

from conflictkg.engine.syntax import (
    expressions,
    groups,
    modifiers,
    names,
    queries,
    shared,
    triples,
    updates,
)
from conflictkg.engine.syntax.complaints import Grammar, explain
from conflictkg.engine.syntax.lexer import Lexer
from conflictkg.engine.syntax.reading import ACTIONS, Action, Reading

# Importing them fills ACTIONS.
_MODULES = (expressions, groups, modifiers, names, queries, shared, triples, updates)


@cache
def load_grammar() -> Grammar:
    """The tables."""
    raw = json.loads(files(__package__).joinpath("tables.json").read_text(encoding="utf-8"))
    return Grammar(
        words=raw["words"],
        starts=raw["starts"],
        states=raw["states"],
        rules=[(origin, size, name) for origin, size, name in raw["rules"]],
    )


@cache
def _load_actions() -> list[tuple[str, int, Action | None]]:
    return [
        (origin, size, ACTIONS[name] if name else None)
        for origin, size, name in load_grammar().rules
    ]


def parse(reading: Reading, start: str) -> Any:
    """The value of a text.

    Args:
        reading: Its state, fresh.
        start: ``query_unit`` or ``update_unit``.

    Raises:
        QuerySyntaxError: It is none.
    """
    grammar, rules = load_grammar(), _load_actions()
    table = grammar.states
    lexer = Lexer(reading.source, grammar.words)
    states, values = [grammar.starts[start]], []
    state = states[0]
    for kind, token in lexer:
        while True:
            step = table[state].get(kind)
            if step is None:
                raise explain(grammar, lexer, reading, start, states, kind, token)
            if step >= 0:
                break
            origin, size, act = rules[-1 - step]
            if size:
                if act is not None:
                    values[-size:] = (act(reading, values[-size:]),)
                elif size > 1:
                    del values[1 - size :]
                del states[-size:]
            else:
                values.append(act(reading, []) if act is not None else None)
            state = table[states[-1]][origin]
            states.append(state)
        state = step
        states.append(state)
        values.append(token)
    return values[0]
