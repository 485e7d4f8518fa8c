"""Series of events with their totals: how many strikes, in which year, how many dead."""

import re

from conflictkg.sources.article.annotations import CountValue
from conflictkg.sources.article.draft import INFERRED
from conflictkg.sources.article.families.casualties import category_of, count_value
from conflictkg.sources.article.families.events import (
    amount_of,
    event_of,
    is_series,
    means_of,
    series_of,
)
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.families.places import located
from conflictkg.sources.article.families.violence import describe_event
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Amount, Mention, When
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence


@frame("series count")
def series_count(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A number of events: "three drone strikes in Pakistan this year"."""
    event = match.part("event")
    if event is None:
        return
    amount = amount_of(event)
    if amount is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    if amount.vague:
        return
    node = series_of(reading, sentence, event)
    source = reading.source_at(sentence, match.start, match.end)
    rule = match.rule.name
    category = (
        "events"
        if means_of(reading.words(event.start, event.end))
        or "strike" in event.words.get("noun", "")
        else "incidents"
    )
    reading.draft.add(
        "count",
        node,
        "count",
        count_value(amount, category),
        (match.start, match.end),
        rule,
        source,
    )
    describe_event(reading, sentence, node, event, rule)
    _when(reading, node, match)
    located(reading, sentence, node, event.end, rule, since=event.start)


def _when(reading: Reading, node: str, match: Match) -> None:
    when = match.part("when")
    if when is None:
        return
    value = reading.date(when)
    if value.earliest_begin:
        reading.draft.update(node, period=value)
    printed = when.value
    if isinstance(printed, When) and printed.year and not printed.month and not printed.since:
        return  # "35 strikes in 2017": the year says which are counted, not when they were
    span = (match.spans.get("since", (when.start, when.end))[0], when.end)
    reading.draft.add("date", node, "date", value, span, match.rule.name, INFERRED)


@frame("counts by year")
def counts_by_year(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A number in a year, in a sentence about the number of some events."""
    number, when = match.part("n"), match.part("when")
    if number is None or when is None or not isinstance(number.value, Amount):
        return
    event = _series_told(reading, sentence, number)
    if event is None:
        return
    number_of_event = event.part("n")
    start = number_of_event.end if number_of_event else event.start
    words = reading.words(start, event.end)
    period = reading.date(when)
    printed = reading.words(when.start, when.end)
    node = reading.shared(
        "strike-series" if means_of(words) else "event",
        f"{words} {printed}".casefold(),
        f"{words} in {printed}",
        period=period,
    )
    span = (number.start, when.end)
    source = reading.source_at(sentence, *span)
    rule = match.rule.name
    reading.draft.add(
        "count", node, "count", count_value(number.value, "events"), span, rule, source
    )
    if "peak" in match.words:
        start = match.spans["peak"][0]
        reading.draft.add("date", node, "date", period, (start, when.end), rule, source)
    elif "year" in printed:
        reading.draft.add("date", node, "date", period, (when.start, when.end), rule, INFERRED)


def _series_before(sentence: Sentence, number: Mention) -> Mention | None:
    found = [m for m in sentence.encoded.mentions if m.type == "event" and m.end <= number.start]
    return found[-1] if found and is_series(found[-1]) else None


def _series_told(reading: Reading, sentence: Sentence, number: Mention) -> Mention | None:
    """The series before a number, in its sentence or, where the sentence begins with the number, in the one before."""
    if number.start > sentence.start:
        return _series_before(sentence, number)
    earlier = [
        s
        for s in reading.sentences
        if s.start < sentence.start and s.block_number == sentence.block_number
    ]
    return _series_before(earlier[-1], number) if earlier else None


_ORDINALS: list[str] = load_lookup("rules/counts.toml")["words"]["ordinals"]


@frame("ordinal")
def ordinal(reading: Reading, sentence: Sentence, match: Match) -> None:
    """How many there have been, told by the last: "the fifth this month"."""
    event, when = match.part("event"), match.part("when")
    if event is None or when is None:
        return
    number = _ORDINALS.index(match.words["ordinal"].casefold()) + 1
    noun = event.words.get("noun", "strike")
    printed = reading.words(when.start, when.end)
    value = reading.date(when)
    label = f"{noun.removesuffix('s')}s {printed}"
    node = reading.shared("strike-series", f"ordinal {label}".casefold(), label, period=value)
    source = reading.source_at(sentence, match.start, match.end)
    amount = Amount(number, number, number)
    span = match.spans["span"]
    reading.draft.add(
        "count", node, "count", count_value(amount, "events"), span, match.rule.name, source
    )


@frame("killed by series")
def killed_by_series(reading: Reading, sentence: Sentence, match: Match) -> None:
    """How many a series of strikes, or a group, has killed in all."""
    number = match.part("n") or (match.part("victims") or Mention("count", 0, 0)).part("n")
    if number is None or not isinstance(number.value, Amount):
        return
    if not reading.is_asserted(sentence, number.start, match.end):
        return
    noun = match.words.get("noun") or reading.words(number.end, match.end)
    rule = match.rule.name
    span = (match.start, match.end)
    source = reading.source_at(sentence, number.start, match.end)
    event, actor = match.part("event"), match.part("actor")
    if actor is not None and actor.type == "member":
        actor = actor.part("org")
    if event is not None:
        node = series_of(reading, sentence, event)
        located(reading, sentence, node, event.end, rule, since=event.start)
    elif actor is not None:
        name = reading.actor(actor)
        if name is None:
            return
        node = name
    else:
        return
    value = CountValue(
        **{
            **count_value(number.value, category_of(noun)).model_dump(),
            "rule": re.sub(r"\s+", " ", noun).strip()[:80] or None,
        }
    )
    reading.draft.add("count", node, "count", value, span, rule, source)


@frame("since")
def since(reading: Reading, sentence: Sentence, match: Match) -> None:
    """The year in which a series began."""
    when = match.part("when")
    event = match.part("event") or (_series_before(sentence, when) if when else None)
    if event is None or when is None:
        return
    program = match.words.get("program")
    if program:
        node = reading.shared("event", program.casefold(), _program(reading, program))
    else:
        node = series_of(reading, sentence, event)
    source = reading.source_at(sentence, match.start, match.end)
    start = match.spans["since"][0]
    reading.draft.add(
        "date", node, "date", reading.date(when), (start, when.end), match.rule.name, source
    )


def _program(reading: Reading, noun: str) -> str:
    """The fuller name of "the program": "drone program"."""
    for sentence in reading.sentences:
        for mention in sentence.mentions("event"):
            if mention.words.get("noun", "").casefold().endswith(f" {noun.casefold()}"):
                return mention.words["noun"]
    return noun


@frame("plain count")
def plain_count(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A number of things that a report speaks of: incidents, missiles, vehicles destroyed."""
    number = match.part("n")
    amount = number.value if number else Amount(1, 1, 1) if "single" in match.words else None
    if not isinstance(amount, Amount) or amount.vague:
        return
    if not reading.is_asserted(sentence, match.start, match.end):
        return
    noun = match.words.get("noun", "")
    span = match.spans.get("span", (match.start, match.end))
    source = reading.source_at(sentence, *span)
    kind_of = "incidents" if noun == "incidents" else "things"
    category = match.rule.option("category", kind_of)
    if noun.rstrip("s").endswith(("missile", "rocket")):
        node = event_of(reading, sentence, None)
    else:
        key = f"{sentence.start}"
        node = sentence.event or reading.shared("event", key, noun, concept="other")
    if category != "events" and noun != "incidents":
        sentence.event = node
    value = CountValue(**{**count_value(amount, category).model_dump(), "rule": noun or None})
    reading.draft.add("count", node, "count", value, span, match.rule.name, source)
