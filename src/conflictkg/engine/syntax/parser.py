"""Reads tokens by the tables that ``tools/generate_syntax_tables.py`` makes of the grammar: LALR(1).

The stack is a list, so that no text can make it overflow, and each action runs as its rule is complete,
so that what it refuses is refused at once.
"""

from functools import cache
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
from conflictkg.engine.syntax.complaints import explain
from conflictkg.engine.syntax.grammar import load_grammar
from conflictkg.engine.syntax.lexer import Lexer
from conflictkg.engine.syntax.reading import ACTIONS, Action, Reading

# Importing them fills ACTIONS.
_MODULES = (expressions, groups, modifiers, names, queries, shared, triples, updates)


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
    states = [grammar.starts[start]]
    values: list[Any] = []
    state = states[0]
    for kind, token in lexer:
        while True:
            step = table[state].get(kind)
            if step is None:
                raise explain(grammar, lexer, start, states, kind, token)
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
