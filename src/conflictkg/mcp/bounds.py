"""What a tool answers with, as JSON that never fills a model's window: what is left out is said."""

import json
from collections.abc import Iterator
from typing import Any

MOST_CHARACTERS = 24_000
"""Of one answer: some six thousand tokens."""

MOST_IN_TEXT = 600
"""Characters of one text; longer ones end in how long they are."""


def shorten_text(text: str, most: int = MOST_IN_TEXT) -> str:
    """A text, cut where it is too long.

    >>> shorten_text("abcdef", 3)
    'abc… (6 characters)'
    """
    return text if len(text) <= most else f"{text[:most]}… ({len(text):,} characters)"


def write_bounded(document: dict[str, Any], most: int = MOST_CHARACTERS) -> str:
    """A document as JSON of at most so many characters.

    Where it is longer, the list that takes most room loses its second half, and so on; the member ``cut`` says which
    lists were shortened, from how many, and ``complete``, where there is such a member, is no longer true.

    Args:
        document: What JSON can hold; its lists may stand in objects within it. It is not changed.
        most: Characters.

    >>> write_bounded({"rows": list(range(100))}, 80)
    '{"rows": [0, 1, 2, 3, 4, 5], "cut": ["rows: 6 of 100 are shown"]}'
    """
    document = json.loads(_write(document))
    lengths: dict[str, int] = {}
    text = _write(document)
    while len(text) > most:
        lists = [each for each in _iter_lists(document) if each[1]]
        if not lists:
            # Only texts are left, each of them bounded.
            break
        name, longest = max(lists, key=lambda each: len(_write(each[1])))
        lengths.setdefault(name, len(longest))
        del longest[len(longest) // 2 :]
        shown = dict(_iter_lists(document))
        document["cut"] = [
            f"{name}: {len(shown.get(name, ()))} of {length} are shown"
            for name, length in lengths.items()
        ]
        if "complete" in document:
            document["complete"] = False
        text = _write(document)
    return text


def _iter_lists(node: Any, name: str = "") -> Iterator[tuple[str, list[Any]]]:
    """The lists of a document by where they stand; those within lists belong to what holds them."""
    if isinstance(node, dict):
        for key, each in node.items():
            if name or key != "cut":
                yield from _iter_lists(each, f"{name}.{key}" if name else key)
    elif isinstance(node, list):
        yield name, node


def _write(document: Any) -> str:
    text = json.dumps(document, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()
