"""The parse tables, and what they allow next."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Grammar:
    """What ``tools/generate_syntax_tables.py`` makes of ``grammar.lark``.

    Args:
        words: Words in capitals and marks, each with the name of its token.
        starts: The first state of each start.
        states: By token the state behind it, or ``-1 - rule``; by nonterminal the state behind it.
        rules: Nonterminal, number of parts, name of the action or an empty string.
    """

    words: Mapping[str, str]
    starts: Mapping[str, int]
    states: list[dict[str, int]]
    rules: list[tuple[str, int, str]]

    def acceptable(self, stack: list[int]) -> frozenset[str]:
        """The tokens that could stand next; found by trying each."""
        return frozenset(
            kind
            for kind in self.states[stack[-1]]
            if kind[-1].isupper() and self._takes(stack, kind)
        )

    def _takes(self, stack: list[int], kind: str) -> bool:
        states = list(stack)
        while (step := self.states[states[-1]].get(kind)) is not None:
            if step >= 0:
                return True
            origin, size, _ = self.rules[-1 - step]
            if size:
                del states[-size:]
            states.append(self.states[states[-1]][origin])
        return False


@cache
def load_grammar() -> Grammar:
    """Read the tables, once."""
    raw = json.loads(files(__package__).joinpath("tables.json").read_text(encoding="utf-8"))
    return Grammar(
        words=raw["words"],
        starts=raw["starts"],
        states=raw["states"],
        rules=[(origin, size, name) for origin, size, name in raw["rules"]],
    )
