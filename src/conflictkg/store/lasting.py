"""Whether a query can be planned once for ever."""

from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any

from conflictkg.engine.algebra import Call, Query

_MOMENTARY = frozenset({"NOW", "RAND", "UUID", "STRUUID", "BNODE"})


def is_lasting(query: Query) -> bool:
    """Whether a plan of it holds at another time: it asks neither for the time nor for chance.

    >>> from conflictkg.engine.syntax import parse_query
    >>> is_lasting(parse_query("ASK {}")), is_lasting(parse_query("SELECT (now() AS ?n) {}"))
    (True, False)
    """
    waiting: list[Any] = [query]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Call) and node.name in _MOMENTARY:
            return False
        if isinstance(node, tuple):
            waiting += node
        else:
            waiting += [getattr(node, name) for name in _names_of(node.__class__)]
    return True


@cache
def _names_of(kind: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind)) if is_dataclass(kind) else ()
