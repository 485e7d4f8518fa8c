"""Which of the names in one cell is whose: cells list names and numbers each in an order of its own.

"SPLM/A - IO, SSDM/A - Cobra Faction" stands beside "3563, 4226", and the first name is that of the second number.
A number's name is what stands in most cells that hold it alone; else what all cells with it have in common, less what
is known to be another's.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

# Commas within brackets part nothing: "Military faction (forces of Honasan, Abenina & Zumel)".
_PARTS = re.compile(r",\s+(?![^()]*\))")


@dataclass(frozen=True, slots=True)
class Sides:
    """The actors of one cell: their numbers, and their names in another order."""

    numbers: tuple[str, ...]
    names: tuple[str, ...]


def split_names(text: str, number: int) -> tuple[str, ...]:
    """The names in a cell.

    Args:
        text: The cell.
        number: How many there should be; one name may hold any comma.

    >>> split_names("CPP, Military faction (forces of A, B & C)", 2)
    ('CPP', 'Military faction (forces of A, B & C)')
    """
    return tuple(each.strip() for each in _PARTS.split(text)) if number > 1 else (text,)


def pair_names(cells: Iterable[Sides]) -> dict[str, str]:
    """The name of each number, where the cells leave only one.

    >>> pair_names([Sides(("1", "2"), ("B", "A")), Sides(("2",), ("A",)), Sides(("3", "4"), ("C", "D"))])
    {'1': 'B', '2': 'A'}
    """
    cells = list(cells)
    alone = Counter(
        (each.numbers[0], each.names[0])
        for each in cells
        if len(each.numbers) == len(each.names) == 1
    )
    possible: dict[str, set[str]] = {}
    # The most frequent last, so that it stays.
    for (number, name), _ in sorted(alone.items(), key=lambda item: (item[1], item[0])):
        possible[number] = {name}
    lists = sorted(
        {
            (each.numbers, each.names)
            for each in cells
            if len(each.numbers) == len(set(each.names)) > 1
        }
    )
    settled = set(possible)
    for numbers, names in lists:
        for number in set(numbers) - settled:
            possible[number] = possible.get(number, set(names)) & set(names)
    while _take_away(lists, possible):
        pass
    return {
        number: next(iter(names)) for number, names in sorted(possible.items()) if len(names) == 1
    }


def _take_away(
    lists: list[tuple[tuple[str, ...], tuple[str, ...]]], possible: dict[str, set[str]]
) -> bool:
    """Take from each number what is the only possible name of another beside it; tells whether there was any."""
    has_changed = False
    for numbers, _ in lists:
        for number in numbers:
            taken = {
                next(iter(possible[other]))
                for other in numbers
                if other != number and len(possible[other]) == 1
            }
            if len(possible[number]) > 1 and possible[number] & taken:
                possible[number] -= taken
                has_changed = True
    return has_changed
