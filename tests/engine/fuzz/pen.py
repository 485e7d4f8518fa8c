"""What queries are drawn with: choices of Hypothesis, and the names used so far."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from hypothesis import strategies as st

_Item = TypeVar("_Item")

VARIABLES = ("?a", "?b", "?c", "?d")
"""Few, so that patterns meet."""


@dataclass
class Pen:
    """Draws one request.

    Args:
        draw: Hypothesis's.
        is_wild: Whether literals come in all forms, also those that peers read in their own way.
        triples_left: How many triple patterns may still be written: joins of many without a common
            variable would never end in the peers.
        fresh: How many new names were given out.
        bound: New variables that the text so far has bound.
    """

    draw: Callable[[st.SearchStrategy[object]], object]
    is_wild: bool = False
    triples_left: int = 5
    fresh: int = 0
    bound: list[str] = field(default_factory=list)

    def pick(self, items: Sequence[_Item]) -> _Item:
        """One of them; the first is the simplest."""
        return items[self.number(0, len(items) - 1)]

    def number(self, least: int, most: int) -> int:
        """A number between the two, both included."""
        drawn = self.draw(st.integers(least, most))
        assert isinstance(drawn, int)
        return drawn

    def chance(self, one_in: int) -> bool:
        """True once in so many times; False is the simpler."""
        return self.number(0, one_in - 1) == one_in - 1

    def variable(self) -> str:
        """One of the variables that patterns share, now and then one that BIND made."""
        if self.bound and self.chance(5):
            return self.pick(self.bound)
        return self.pick(VARIABLES)

    def new_name(self, prefix: str) -> str:
        """A name that was never given out before."""
        self.fresh += 1
        return f"{prefix}{self.fresh}"
