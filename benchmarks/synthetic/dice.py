"""Draws that come out the same on every machine.

Only ``random()`` of Python's generator is used,
which the language promises never to change.
"""

import random
from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import TypeVar

T = TypeVar("T")


def zipf(count: int, exponent: float = 1.0) -> list[float]:
    """Running totals of Zipf weights: few are frequent, many are rare.

    >>> zipf(3)[-1] == 1 + 1 / 2 + 1 / 3
    True
    """
    return list(accumulate(1 / rank**exponent for rank in range(1, count + 1)))


class Dice:
    """One stream of draws.

    >>> Dice(1).below(10) == Dice(1).below(10)
    True
    """

    __slots__ = ("draw",)

    def __init__(self, seed: int) -> None:
        self.draw: Callable[[], float] = random.Random(seed).random  # noqa: S311 -- no secret

    def below(self, bound: int) -> int:
        """A whole number from 0 to ``bound - 1``, each as likely."""
        return int(self.draw() * bound)

    def weighted(self, totals: Sequence[float]) -> int:
        """A position, by running totals of weights."""
        return bisect(totals, self.draw() * totals[-1], hi=len(totals) - 1)

    def one_of(self, items: Sequence[T]) -> T:
        """One of several, each as likely."""
        return items[int(self.draw() * len(items))]

    def heavy(self, scale: float, most: int) -> int:
        """A count with a long tail: mostly about ``scale``, rarely near ``most``."""
        return min(most, int(scale * (1 - self.draw()) ** -0.7))
