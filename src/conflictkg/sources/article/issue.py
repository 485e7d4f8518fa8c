"""The day of an article, as far as the page tells it."""

import datetime
import itertools
import re

from conflictkg.sources.article.dates import find_dates
from conflictkg.sources.article.mentions import Mention, When
from conflictkg.sources.article.reading import Reading
from conflictkg.sources.article.zones import normalize, split_blocks

_RELEASED = re.compile(
    r"\b(?:issued|released|published|dated|posted)(?: (?:today|earlier))?,?(?: on)? $"
)
_DATELINE = re.compile(
    r"^(?:[A-Z][A-Za-z .]+, )?(?:[A-Z][a-z]+\.? \d{1,2}(?:, \d{4})?) ?(?:\([^)]*\) ?)?[—–-]"
)


def find_issue_date(text: str) -> datetime.date | None:
    """The date of the byline or dateline, where it is printed whole."""
    norm = normalize(text)
    for number, block in enumerate(split_blocks(text)):
        if number > 8:
            break
        line = norm[block.start : block.end]
        if block.zone == "author-bio" or _DATELINE.match(line):
            for mention in find_dates(norm, block.start, min(block.end, block.start + 120)):
                when = mention.value
                if isinstance(when, When) and when.as_date():
                    return when.as_date()
    return None


def find_issue_day(reading: Reading) -> datetime.date | None:
    """The day of an article that tells today's news from a release whose day it prints."""
    body = [s for s in reading.sentences if s.block.zone == "body"][:6]
    if reading.year is None or not any(
        isinstance(m.value, When) and m.value.relative == "day" and m.value.shift == 0
        for s in body
        for m in s.mentions("date")
    ):
        return None
    for sentence in body:
        norm = reading.norm[sentence.start : sentence.end]
        for mention in sentence.mentions("date"):
            when = mention.value
            before = norm[: mention.start - sentence.start]
            if isinstance(when, When) and when.month and when.day and _RELEASED.search(before):
                try:
                    return datetime.date(reading.year, when.month, when.day)
                except ValueError:
                    return None
    return None


def find_issue_year(reading: Reading) -> int | None:
    """The article's year, from a series that goes on to "this year": "three in 2016 and four so far this year".

    Only this shows the year: the latest year that is printed may lie far back, or ahead.
    """
    for sentence in reading.sentences:
        norm = reading.norm[sentence.start : sentence.end]
        so_far = re.search(r"\b(?:so|thus) far in (20\d\d)\b", norm)
        if so_far:
            return int(so_far.group(1))
        found = list(sentence.mentions("date"))
        for before, after in itertools.pairwise(found):
            if _is_this_year(after) and _is_year(before):
                gap = reading.norm[before.end : after.start]
                if re.fullmatch(r"[ ,;]*(?:and|to|,)? ?(?:just |only )?[\w,]* ?(?:so far )?", gap):
                    when = before.value
                    return when.year + 1 if isinstance(when, When) and when.year else None
    return None


def _is_this_year(mention: Mention) -> bool:
    when = mention.value
    return isinstance(when, When) and when.relative == "year" and when.shift == 0


def _is_year(mention: Mention) -> bool:
    when = mention.value
    return (
        isinstance(when, When) and when.year is not None and when.month is None and not when.since
    )
