"""Numbers of persons and things that are told for themselves: troops of a mission, districts of a province."""

import re

from conflictkg.sources.article.families.casualties import count_value
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.mentions import Amount, Mention
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence

_DOCUMENTS = re.compile(r"tape|video|audio|message|statement|document|letter")
_OTHERS_FATE = re.compile(r"^(?:wounded|injured|dead|killed|others?)\b", re.IGNORECASE)
"""Nouns that tell what became of somebody: a number of those is a casualty or nothing."""
_OTHERS = ("casualty", "strike", "count")


@frame("tally")
def tally(reading: Reading, sentence: Sentence, match: Match) -> None:
    """How many persons or things there are, unless something else is told of just those."""
    member = match.part("m")
    number = match.part("n") or (member.part("n") if member else None)
    if number is None or not isinstance(number.value, Amount) or not _tells(number.value):
        return
    if sentence.block.zone == "headline":  # the body tells what became of them
        return
    owner = match.part("owner")
    span = (number.start if owner is None or member is None else owner.start, match.end)
    if _is_told(reading, number) or not reading.is_asserted(sentence, *span):
        return
    thing = match.words.get("thing", "")
    noun = thing or match.words.get("people", "") or (member.words["noun"] if member else "")
    if _OTHERS_FATE.search(noun):
        return
    node = _subject(reading, sentence, owner, span, thing)
    source = reading.source_at(sentence, *span)
    # "two tapes", and later "the two tapes": those of one owner, or of none, by one source.
    key = ("tally", node if owner and node else "", noun, str(number.value), source.status)
    if node is None or not reading.is_first(key):
        return
    value = count_value(number.value, "things" if thing else "persons", noun.strip() or None)
    reading.draft.add("count", node, "count", value, span, match.rule.name, source)
    total = match.part("all")
    if total is not None and owner is not None and isinstance(total.value, Amount):
        of_all = count_value(total.value, value.of, noun.strip() or None)
        whole = (owner.start, match.end)
        reading.draft.add("count", node, "count", of_all, whole, match.rule.name)


def _tells(amount: Amount) -> bool:
    """Whether a number is more than "one", which may be an article, or "many"."""
    return not amount.vague and (amount.low, amount.best, amount.high) != (1, 1, 1)


def _is_told(reading: Reading, number: Mention) -> bool:
    """Whether those who are counted were killed or taken, or are counted already."""
    return any(
        a.kind in _OTHERS and a.start <= number.start and number.end <= a.end
        for a in reading.draft.assertions()
    )


def _subject(
    reading: Reading,
    sentence: Sentence,
    owner: Mention | None,
    span: tuple[int, int],
    thing: str,
) -> str | None:
    """What a number is told of: the owner, persons who have no name, documents, or the sentence's event."""
    if owner is not None:
        is_place = owner.type == "place" or (owner.type == "country" and bool(thing))
        return reading.place(owner) if is_place else reading.actor(owner)
    if not thing:
        return reading.group(*span)
    if _DOCUMENTS.search(thing):
        words = reading.words(*span)
        return reading.shared("cited-document", f"tally {span[0]}", words)
    return sentence.event
