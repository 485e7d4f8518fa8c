"""Which event a noun or a sentence tells of."""

import re
from functools import cache

from conflictkg.sources.article.annotations import NodeType
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Amount, Mention, When
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence

_NEW = re.compile(
    r"^(?:a|an|another|one of)\b|\b(?:separate|second|third|fourth|another|last)\b", re.IGNORECASE
)
_PLURAL = re.compile(r"(?:s|clashes|ambushes)$")


@cache
def _means() -> tuple[tuple[re.Pattern[str], str], ...]:
    table = load_lookup("rules/events.toml")["means"]
    return tuple((re.compile(rf"\b(?:{e['words']})\b", re.IGNORECASE), e["concept"]) for e in table)


@cache
def _types() -> tuple[tuple[re.Pattern[str], str], ...]:
    table = load_lookup("rules/events.toml")["type"]
    return tuple((re.compile(rf"\b(?:{e['words']})\b", re.IGNORECASE), e["concept"]) for e in table)


def means_of(words: str) -> str | None:
    """The concept of the means that words name: "drone strike" is ``drone``."""
    return next((concept for regex, concept in _means() if regex.search(words)), None)


def type_of(words: str) -> str:
    """The concept of the kind of event that words name."""
    return next((concept for regex, concept in _types() if regex.search(words)), "other")


def is_series(mention: Mention) -> bool:
    """Whether an event mention is of several: "the 396 recorded strikes", "US drone strikes"."""
    return bool(_PLURAL.search(mention.words.get("noun", ""))) or amount_of(mention) is not None


def amount_of(mention: Mention) -> Amount | None:
    """The number in front of an event noun."""
    number = mention.part("n")
    return number.value if number and isinstance(number.value, Amount) else None


def event_of(reading: Reading, sentence: Sentence, mention: Mention | None) -> str:
    """The node of the event that a mention is of, or that the sentence tells of.

    An indefinite or numbered mention opens an event; a definite one goes back to the last in the paragraph
    or, across paragraphs, to the last one.
    """
    if mention is None:
        if sentence.event is None:
            sentence.event = _event_of_paragraph(reading, sentence)
        return sentence.event or _open(reading, sentence, "attack", sentence.start, sentence.end)
    words = reading.words(mention.start, mention.end)
    before = reading.norm[max(0, mention.start - 7) : mention.start].casefold()
    if words.casefold().startswith("one of") or before.endswith("one of "):
        noun = mention.words.get("noun", "strike")
        single = noun[:-1] if noun.endswith("s") else noun
        return _open(reading, sentence, single, mention.start, mention.end)
    noun = mention.words.get("noun", "")
    if noun.endswith("program"):
        by = mention.part("by")
        label = f"{reading.words(by.start, by.end)} {noun}" if by else noun
        return reading.shared("event", noun.casefold(), label)
    if is_series(mention):
        return series_of(reading, sentence, mention)
    if sentence.event and not _NEW.search(words):
        return sentence.event
    if re.match(
        r"the\b|this\b|that\b|today's\b|yesterday's\b", words, re.IGNORECASE
    ) and not _NEW.search(words):
        earlier = _last_event(reading, sentence)
        if earlier:
            sentence.event = earlier
            return earlier
    return _open(reading, sentence, words, mention.start, mention.end)


def series_of(reading: Reading, sentence: Sentence, mention: Mention) -> str:
    """The node of several events told together; a number makes them others than those of other sentences."""
    words = reading.words(mention.start, mention.end)
    place = f"-{sentence.start}" if amount_of(mention) is not None else ""
    means = means_of(words)
    type_: NodeType = "strike-series" if means else "event"
    fields = {} if means else {"concept": type_of(words)}
    return reading.shared(type_, f"series {words.casefold()}{place}", words, **fields)


def _open(reading: Reading, sentence: Sentence, words: str, start: int, end: int) -> str:
    means = means_of(words)
    type_: NodeType = "strike" if means or "strike" in words else "event"
    fields = {} if type_ == "strike" else {"concept": type_of(words)}
    key = f"{sentence.start}-{start}-{end}"
    node = reading.shared(
        type_, key, re.sub(r"^(?:the|a|an|another)\s+", "", words, flags=re.IGNORECASE), **fields
    )
    sentence.event = node
    return node


def _event_of_paragraph(reading: Reading, sentence: Sentence) -> str | None:
    for other in reversed(reading.sentences):
        if (
            other.start < sentence.start
            and other.event
            and other.block_number == sentence.block_number
        ):
            return other.event
    return None


def _last_event(reading: Reading, sentence: Sentence) -> str | None:
    for other in reversed(reading.sentences):
        if other.start < sentence.start and other.event:
            return other.event
    return None


def year_of(mention: Mention | None) -> int | None:
    """The printed year of a date mention."""
    when = mention.value if mention else None
    return when.year if isinstance(when, When) else None


def event_told(sentence: Sentence, match: Match) -> Mention | None:
    """The event noun that goes with a killing: in the rule's match, else the first of the sentence."""
    found = match.part("event")
    killer = match.part("killer")
    if found is None and killer is not None and killer.type == "event":
        found = killer
    if found is not None:
        return found
    if sentence.event:
        return None
    # "The strike took place on … and killed two": the event of the clause before.
    earlier = [m for m in sentence.encoded.mentions if m.type == "event"]
    return earlier[0] if earlier else None
