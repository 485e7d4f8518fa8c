"""Dates that no other family reads: when the thing was that their clause tells of."""

import re

from conflictkg.sources.article.annotations import DateValue
from conflictkg.sources.article.draft import INFERRED
from conflictkg.sources.article.mentions import Mention, When
from conflictkg.sources.article.reading import Reading, Sentence

_LEADING = re.compile(
    r"(?:(?:later|early|late|earlier|back) )?(?:on|in|since|until|by) $", re.IGNORECASE
)
_FEWEST = 3
"""Words of a clause that tell something."""
_CUT = re.compile(r"[;:()]|,(?!\d)| (?:and|but|when|while|after|before|because|which|who|that) ")
_RANGE = re.compile(r"(?:between|from) $", re.IGNORECASE)
_JOINT = re.compile(r" (?:and|to|until|through) ")


def read_dates(reading: Reading) -> None:
    """Date what each clause of the body tells, where no date is read there yet."""
    for sentence in reading.sentences:
        if sentence.block.zone != "body" or not sentence.is_narrative:
            continue
        mentions = [m for m in sentence.mentions("date") if _is_a_time(m)]
        for number, mention in enumerate(mentions):
            until = _range_end(reading, mention, mentions[number + 1 : number + 2])
            if _is_dated(reading, sentence, mention) or not reading.is_asserted(
                sentence, mention.start, mention.end
            ):
                continue
            _date(reading, sentence, mention, until)


def _date(reading: Reading, sentence: Sentence, mention: Mention, until: Mention | None) -> None:
    value = reading.date(mention)
    span = (mention.start, mention.end)
    if until is not None:
        value = _joined(value, reading.date(until))
        span = (mention.start, until.end)
    start, end = _clause(reading, sentence, *span)
    label = reading.words(start, end).strip(' ,."“”') or "what happened"
    node = reading.shared("event", f"dated {start}", label, concept="other")
    source = reading.source_at(sentence, *span)
    # What "last year" means is told by the article's day, whoever says it.
    relative = isinstance(mention.value, When) and bool(mention.value.relative)
    if source.status == "fact" or (relative and sentence.block.kind != "quote"):
        source = INFERRED
    span = _printed(reading, sentence, *span)
    reading.draft.add("date", node, "date", value, span, "dates.clause", source)


def _printed(reading: Reading, sentence: Sentence, start: int, end: int) -> tuple[int, int]:
    """A date with its preposition, or with the event that bears it: "today's attack"."""
    for event in sentence.encoded.mentions:
        if event.type == "event" and event.start <= start and end <= event.end:
            return event.start, event.end
    before = _LEADING.search(reading.norm, max(sentence.start, start - 16), start)
    return before.start() if before else start, end


def _is_a_time(mention: Mention) -> bool:
    when = mention.value
    return isinstance(when, When) and when.relative != "past"


def _is_dated(reading: Reading, sentence: Sentence, mention: Mention) -> bool:
    """Whether a date is read there, counted in ("26 in 2013"), or told by the same words before."""
    words = reading.words(mention.start, mention.end).casefold()
    when = mention.value
    relative = isinstance(when, When) and bool(when.relative)
    # A weekday's name may be that of several events; "this year" is explained once.
    is_repeated = isinstance(when, When) and when.relative in ("year", "month", "day", "week")
    for each in reading.draft.assertions():
        if each.start < mention.end and mention.start < each.end:
            if each.date is not None:
                return True
            if each.count is not None and each.start >= sentence.start and not relative:
                return True
        if is_repeated and each.date and (each.date.resolved_from or "").casefold() == words:
            return True
    return False


def _range_end(reading: Reading, mention: Mention, following: list[Mention]) -> Mention | None:
    """The second date of "between May 2011 and May 2012"."""
    before = reading.norm[max(0, mention.start - 8) : mention.start]
    if not following or not _RANGE.search(before):
        return None
    gap = reading.norm[mention.end : following[0].start]
    return following[0] if _JOINT.fullmatch(gap) else None


def _joined(first: DateValue, last: DateValue) -> DateValue:
    """From the one to the other: begins within the first and ends within the last."""
    return first.model_copy(
        update={"earliest_end": last.earliest_end, "latest_end": last.latest_end}
    )


def _clause(reading: Reading, sentence: Sentence, start: int, end: int) -> tuple[int, int]:
    """The words around a date that tell what it dates, up to the next comma or conjunction."""
    before = [
        sentence.start,
        *(m.end() for m in _CUT.finditer(reading.norm, sentence.start, start)),
    ]
    after = [m.start() for m in _CUT.finditer(reading.norm, end, sentence.end)]
    first, last = before[-1], (after or [sentence.end])[0]
    for wider in reversed(before[:-1]):
        if len(reading.words(first, start).split()) >= _FEWEST:
            break
        first = wider
    if len(reading.words(first, last).split()) < 2 * _FEWEST:
        last = (after[1:] or [sentence.end])[0]
    return first, last
