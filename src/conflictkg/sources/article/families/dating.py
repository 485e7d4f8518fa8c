"""Dates that no other family reads: when the thing was that their clause tells of."""

import re

from conflictkg.sources.article.annotations import DateValue
from conflictkg.sources.article.draft import INFERRED
from conflictkg.sources.article.mentions import Mention, When
from conflictkg.sources.article.reading import Reading, Sentence

_CUT = re.compile(r"[;,:()]| (?:and|but|when|while|after|before|because|which|who|that) ")
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
            if _is_dated(reading, mention) or not reading.is_asserted(
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
    label = reading.words(start, end).strip(" ,.") or "what happened"
    node = reading.shared("event", f"dated {start}", label, concept="other")
    source = reading.source_at(sentence, *span)
    if source.status == "fact":
        source = INFERRED
    reading.draft.add("date", node, "date", value, span, "dates.clause", source)


def _is_a_time(mention: Mention) -> bool:
    when = mention.value
    return isinstance(when, When) and when.relative not in ("past", "recent")


def _is_dated(reading: Reading, mention: Mention) -> bool:
    """Whether a date is read there, or stands inside the words of somebody quoted."""
    return any(
        a.date is not None and a.start < mention.end and mention.start < a.end
        for a in reading.draft.assertions()
    )


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
    before = [m.end() for m in _CUT.finditer(reading.norm, sentence.start, start)]
    after = _CUT.search(reading.norm, end, sentence.end)
    first = before[-1] if before else sentence.start
    return first, after.start() if after else sentence.end
