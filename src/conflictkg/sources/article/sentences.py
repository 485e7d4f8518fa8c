"""Sentences of a block: where one ends, abbreviations and quotation marks minded."""

import re
from collections.abc import Iterator

from conflictkg.sources.article.lookups import load_lookup

MAX_SENTENCE = 1500
"""A longer stretch is cut at a blank: rules look at bounded text only."""
_END = re.compile(r"[.!?…][\"')\]]*(?= |$)")


def split_sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cut a stretch of normalized text into sentences.

    Returns:
        Start and end of each, ends exclusive, without blanks around it.

    >>> t = "Lt. Gen. Khan left on Jan. 3. He said so."
    >>> [t[a:b] for a, b in split_sentences(t, 0, len(t))]
    ['Lt. Gen. Khan left on Jan. 3.', 'He said so.']
    """
    abbreviations = frozenset(load_lookup("rules/macros.toml")["sentences"]["abbreviations"])
    position = start
    for match in _END.finditer(text, start, end):
        if not _is_end(text, match, abbreviations, end):
            continue
        yield from _bounded(text, position, match.end())
        position = match.end()
    yield from _bounded(text, position, end)


def _is_end(text: str, match: re.Match[str], abbreviations: frozenset[str], end: int) -> bool:
    following = text[match.end() : min(match.end() + 3, end)].lstrip()
    if following[:1].islower():
        return False
    if match.group()[0] != ".":
        return True
    before = re.search(r"[\w.]+$", text[max(0, match.start() - 12) : match.start()])
    word = before.group() if before else ""
    if word in abbreviations:
        return False
    single = len(word) == 1 and word.isupper()
    return not (single or (re.fullmatch(r"(?:[A-Z]\.)+[A-Z]", word) and following[:1].isupper()))


def _bounded(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > MAX_SENTENCE:
        cut = text.rfind(" ", start, start + MAX_SENTENCE)
        cut = cut if cut > start else start + MAX_SENTENCE
        yield start, cut
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if start < end:
        yield start, end
