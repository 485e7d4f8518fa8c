"""Reads an article by rules: deterministic, offline, unreviewed."""

import datetime
from collections.abc import Callable

from conflictkg.sources.article.annotations import Annotations, Document, sha256_of
from conflictkg.sources.article.dates import days_value
from conflictkg.sources.article.families import (
    casualties,
    counting,
    dating,
    happenings,
    listed,
    naming,
    occurrences,
    places,
    quotations,
    relations,
    releases,
    roles,
    tallies,
    violence,
)
from conflictkg.sources.article.families.frames import run_rules
from conflictkg.sources.article.families.pruning import prune
from conflictkg.sources.article.issue import find_issue_date, find_issue_day, find_issue_year
from conflictkg.sources.article.reading import Reading
from conflictkg.sources.article.zones import zones_of

MAX_TITLE_WORDS = 10
_REGISTERING = (
    casualties,
    counting,
    happenings,
    occurrences,
    relations,
    releases,
    tallies,
    violence,
)
"""Families whose frames register on import."""


def _statements(reading: Reading) -> None:
    quotations.read_statements(reading)


def _roles(reading: Reading) -> None:
    run_rules(reading, "roles")
    roles.read_ranks(reading)
    run_rules(reading, "biography", zone="author-bio")


def _violence(reading: Reading) -> None:
    run_rules(reading, "violence")


def _places(reading: Reading) -> None:
    run_rules(reading, "places")
    places.locate_events(reading)


def _names(reading: Reading) -> None:
    run_rules(reading, "naming")
    naming.read_names(reading)
    naming.describe_from_headline(reading)


FAMILIES: dict[str, Callable[[Reading], None]] = {
    "statements": _statements,
    "lists": listed.read_lists,
    "roles": _roles,
    "violence": _violence,
    "counting": lambda reading: run_rules(reading, "counting"),
    "relations": lambda reading: run_rules(reading, "relations"),
    "happenings": lambda reading: run_rules(reading, "happenings"),
    "places": _places,
    "dates": dating.read_dates,
    "names": _names,
}
"""Rule families in the order in which they run: whose words they are must be known first."""


def extract(
    text: str, *, issued: datetime.date | None = None, without: tuple[str, ...] = ()
) -> Annotations:
    """Read an article.

    Args:
        text: The page as it came.
        issued: Its day of publication where it is known from elsewhere; else it is looked for in the text.
        without: Families to leave out, to see what they contribute.

    Returns:
        Unreviewed annotations.
    """
    reading = Reading(text, issued or find_issue_date(text))
    reading.year = reading.year or find_issue_year(reading)
    reading.issued = reading.issued or find_issue_day(reading)
    for name, family in FAMILIES.items():
        if name not in without:
            family(reading)
    prune(reading)
    return _finish(reading)


def _finish(reading: Reading) -> Annotations:
    text = reading.text
    head = next((b for b in reading.blocks if b.zone == "headline"), None)
    title = " ".join(text[head.start : head.end].split()) if head else ""
    if not title or len(title.split()) > MAX_TITLE_WORDS:
        title = f"Article {sha256_of(text)[:16]}"
    issued = days_value(reading.issued, reading.issued, "day") if reading.issued else None
    document = Document(
        text_sha256=sha256_of(text), characters=len(text), title=title, issued=issued
    )
    return Annotations(
        document=document,
        zones=zones_of(text, reading.blocks),
        nodes=reading.draft.nodes(),
        assertions=reading.draft.assertions(),
    )
