"""Where: locations of events, and which place is part of which."""

import re

from conflictkg.sources.article.annotations import Assertion, Kind
from conflictkg.sources.article.draft import INFERRED
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Mention, When
from conflictkg.sources.article.patterns import Match, compile_pattern
from conflictkg.sources.article.reading import Reading, Sentence

_LOCATIVE = compile_pattern(
    r"(?P<prep>\b(?:in|near|at|inside|outside|outside of|just outside|within)) (?:the |a |an )?"
    r"(?P<chain>(?:[a-z]+ (?:of|in) (?:the )?){0,3}(?:<compass> )?{place:place|country}"
    r"(?:'s <compass>? ?(?:(?:<placenoun> of )?{inner:place})?)?"
    r"(?:,? (?:in|of|,) (?:the )?{outer:place|country})*)"
)


_ADJECTIVE = re.compile(load_lookup("rules/placenames.toml")["country"]["adjective"])


@frame("part of")
def part_of(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """One place lies in another."""
    inner, outer = match.part("inner"), match.part("outer")
    if inner is None or outer is None:
        return
    child, parent = reading.place(inner), reading.place(outer)
    if child and parent and child != parent:
        start = min(inner.start, outer.start, match.start)
        end = max(inner.end, outer.end)
        reading.draft.add("place", child, "part of", parent, (start, end), match.rule.name)
        if "described" in match.spans:
            start, end = match.spans["described"]
            start, end = min(start, inner.start), max(end, inner.end)
            words = reading.words(start, end)
            reading.draft.add("place", child, "described as", words, (start, end), match.rule.name)


@frame("parts of")
def parts_of(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """Several places of one: "X's districts: A, B and C"."""
    outer = match.part("outer")
    parent = reading.place(outer) if outer else None
    start = min(match.start, outer.start) if outer else match.start
    for inner in match.parts.get("inners", ()):
        child = reading.place(inner)
        if child and parent and child != parent:
            span = (
                min(start, inner.start),
                max(inner.end, match.end if outer and outer.start > inner.start else inner.end),
            )
            reading.draft.add("place", child, "part of", parent, span, match.rule.name)


def located(
    reading: Reading,
    sentence: Sentence,
    node: str,
    after: int,
    rule: str,
    reach: int = 160,
    since: int | None = None,
) -> bool:
    """Write the first place that follows as where an event was.

    Args:
        reading: The article.
        sentence: Where to look.
        node: The event.
        after: From where on.
        rule: The rule that asks.
        reach: How far on, in characters.
        since: Where the span begins, if not at the preposition.

    Returns:
        Whether there was one.
    """
    encoded = sentence.names
    for found in _LOCATIVE.finditer(encoded.text):
        start, end = encoded.start_of(found.start()), encoded.end_of(found.end())
        if start < after or start - after > reach or _within_phrase(sentence, start, end):
            continue
        mentions = encoded.mentions_in(*found.span())
        if not mentions:
            continue
        inner = found.start("inner")
        mention = mentions[0]
        if inner >= 0:
            mention = encoded.mentions_in(*found.span("inner"))[0]
        place = reading.place(mention)
        if mention.type == "country" and (
            _ADJECTIVE.match(reading.norm, mention.end) or found.group("prep").casefold() == "at"
        ):
            continue  # "at the US embassy"
        if place:
            start = start if since is None else since
            if since is None:
                end = min(end, _own_end(reading, mention, end))
            source = reading.source_at(sentence, mention.start, end)
            reading.draft.add(
                "place", node, "location", place, (start, end), rule + "-location", source
            )
        return place is not None
    return False


_KIND = re.compile(
    r"(?:'s)? (?:tribal )?(?:district|province|area|region|agency|city|town|village|state)\b"
)


def _own_end(reading: Reading, mention: Mention, end: int) -> int:
    """Where a place's own words end, the places around it left out."""
    kind = _KIND.match(reading.norm, mention.end, end)
    return kind.end() if kind else mention.end


def _within_phrase(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a stretch is part of what a person is: "a leader in East Africa"."""
    return any(
        m.type in ("person", "member") and m.start < start and end <= m.end
        for m in sentence.encoded.mentions
    )


def locate_events(reading: Reading) -> None:
    """Give each sentence's event the place and the date that the sentence tells."""
    for sentence in reading.sentences:
        node = sentence.event
        if node is None or not sentence.is_narrative:
            continue
        for anchor, reach in _anchors(sentence):
            if located(reading, sentence, node, anchor, "places.event", reach=reach):
                break
        _dated(reading, sentence, node)


def _anchors(sentence: Sentence) -> list[tuple[int, int]]:
    """From where on a place is the event's, and how far: right after its noun, else after the verb."""
    encoded = sentence.encoded
    found = [(m.end, 60) for m in encoded.mentions if m.type == "event"]
    verb = re.search(r"\bkill(?:ed|ing|s)?\b|\bdetonated\b|\bfired\b", encoded.text)
    if verb:
        found.append((encoded.start_of(verb.start()), 400))
    if found:
        found.append((min(start for start, _ in found), 400))
    return found or [(sentence.start, 400)]


def _dated(reading: Reading, sentence: Sentence, node: str) -> None:
    dates = [m for m in sentence.encoded.mentions if m.type == "date" and not _is_year_only(m)]
    dates = [m for m in dates if not any(a.start == m.start for a in _used_dates(reading))]
    inside = [
        m for e in sentence.encoded.mentions if e.type == "event" for m in e.parts.get("when", ())
    ]
    for mention in (*inside, *dates)[:1]:
        source = reading.source_at(sentence, mention.start, mention.end)
        kind: Kind = "date"
        when = reading.date(mention)
        span = (mention.start, mention.end)
        relative = isinstance(mention.value, When) and bool(mention.value.relative)
        if source.status == "fact" or (relative and sentence.block.kind != "quote"):
            source = INFERRED
        reading.draft.add(kind, node, "date", when, span, "dates.event", source)


def _used_dates(reading: Reading) -> list[Assertion]:
    """Dates that are something else's: the day of a statement, of a release."""
    return [a for a in reading.draft.assertions() if a.date is not None]


def _is_year_only(mention: Mention) -> bool:
    when = mention.value
    return isinstance(when, When) and (
        (when.year is not None and when.month is None) or when.relative in ("year", "past", "month")
    )
