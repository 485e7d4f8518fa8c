"""Whether two words are one word, misspelt."""

from rapidfuzz import fuzz

SAME_SPELLING = 82
"""Percent of likeness from which two words of five letters or more are one word spelt twice."""
MIN_LETTERS = 5


def same_spelling(left: str, right: str) -> bool:
    """Whether two words of five letters or more are one: nearly all letters, or the same in another order.

    >>> same_spelling("jhagvi", "jhangvi"), same_spelling("mujahid", "muhajid")
    (True, True)
    >>> same_spelling("north", "south")
    False
    """
    if min(len(left), len(right)) < MIN_LETTERS:
        return False
    if fuzz.ratio(left, right) >= SAME_SPELLING:
        return True
    return left[0] == right[0] and sorted(left) == sorted(right)
