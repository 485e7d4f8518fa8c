"""What else happened: actors and what they did, outcomes, causes, motives, durations."""

import re

from conflictkg.sources.article.draft import Source
from conflictkg.sources.article.families.events import event_of
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.mentions import Mention
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence

_END = re.compile(
    r"[,;:]| but | because | while | despite | although | although | in protest| since (?=[\ue000-\ue018])|[.]?$"
)
_PLACED = re.compile(r"(?:\b(?:in|from|of|into|near|to)|,)\s+$")
_GENERAL = re.compile(r"\b(?:possible|possibility|allegations?|accus\w+) (?:that|of)\b")
_MAX = 170


def clause_end(sentence: Sentence, start: int, minimum: int) -> int:
    """The end of the clause that begins there, at most 170 characters on."""
    encoded = sentence.encoded
    first = next((p for p in range(len(encoded.text)) if encoded.start_of(p) >= minimum), None)
    if first is None:
        return minimum
    found = _END.search(encoded.text, first)
    end = encoded.end_of(found.start()) if found else sentence.end
    return min(end, start + _MAX) if end - start > _MAX else end


def is_hedged(reading: Reading, sentence: Sentence) -> bool:
    """Whether the sentence as a whole only supposes, or judges."""
    words = reading.norm[sentence.start : sentence.end]
    return bool(_GENERAL.search(words)) or reading.is_opinion(sentence)


@frame("happened")
def happened(reading: Reading, sentence: Sentence, match: Match) -> None:
    """An actor did something."""
    actor = match.part("actor")
    if actor is None or is_hedged(reading, sentence):
        return
    negated = "negation" in match.spans
    if not negated and not reading.is_asserted(sentence, actor.start, match.end):
        return
    if actor.type == "member":
        org = actor.part("org")
        if org is None or actor.start > sentence.start + 4:
            return
        actor = org
    before = reading.norm[max(sentence.start, actor.start - 12) : actor.start]
    if actor.type == "country" and _PLACED.search(before):
        return
    subject = reading.actor(actor)
    if subject is None:
        return
    end = clause_end(sentence, actor.start, match.end)
    words = reading.words(match.spans["verb"][0], end)
    if " " not in words and actor.type == "pronoun":
        return  # "before he was captured": nothing of its own
    source = reading.source_at(sentence, actor.start, match.end)
    span = (match.start, end)
    reading.draft.add(
        "event", subject, "happened", words, span, match.rule.name, source, negated=negated
    )


@frame("struck")
def struck(reading: Reading, sentence: Sentence, match: Match) -> None:
    """What an event hit: a convoy, a compound, a party; a group that is hit is a target of its own."""
    event = match.part("event")
    if not reading.is_asserted(sentence, match.start, match.end):
        return
    node = event_of(reading, sentence, event)
    start = match.spans["verb"][0]
    end = min(clause_end(sentence, start, match.end), match.end + 60)
    source = reading.source_at(sentence, start, match.end)
    words = reading.words(start, end)
    reading.draft.add("event", node, "happened", words, (match.start, end), match.rule.name, source)


@frame("told of")
def told_of(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Something said of an event: outcome, motive, cause, duration."""
    event = match.part("event")
    predicate = match.rule.option("predicate")
    span = match.spans["span"]
    if not reading.is_asserted(sentence, *span):
        return
    label = reading.words(event.start, event.end) if event else match.words.get("noun", "event")
    if event is not None and sentence.event:
        node = sentence.event
    else:
        node = reading.shared(
            "event", f"{label.casefold()}-{sentence.block_number}", label, concept="other"
        )
    source = reading.source_at(sentence, *span)
    value = reading.words(*span)
    actor = match.part("actor")
    if actor is not None and match.rule.option("subject") == "actor":
        node = reading.actor(actor) or node
    reading.draft.add("event", node, predicate, value, span, match.rule.name, source)


@frame("shared intelligence")
def shared_intelligence(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Information about a site was passed on: one event for each site."""
    giver = match.part("actor")
    subject = reading.actor(giver) if giver else None
    if (
        giver is None
        or subject is None
        or not reading.is_asserted(sentence, giver.start, match.end)
    ):
        return
    rule = match.rule.name
    about = [*match.parts.get("site", ()), *match.parts.get("other", ())]
    sites = about or [Mention("facility", giver.start, match.end)]
    for number, site in enumerate(sites):
        node = reading.shared(
            "event",
            f"intelligence-{site.start}",
            "sharing of intelligence",
            concept="intelligence-sharing",
        )
        start = giver.start if number == 0 else site.start
        end = (
            clause_end(sentence, site.start, site.end)
            if number == len(sites) - 1
            else _site_end(sentence, site)
        )
        source = reading.source_at(sentence, giver.start, match.end)
        words = reading.words(start, end)
        reading.draft.add("event", node, "happened", words, (start, end), rule, source)
    when = next(
        (m for m in sentence.encoded.mentions if m.type == "date" and m.end <= giver.start), None
    )
    if when is not None:
        node = reading.shared("event", f"intelligence-{sites[0].start}", "sharing of intelligence")
        source = reading.source_at(sentence, giver.start, match.end)
        reading.draft.add(
            "date", node, "date", reading.date(when), (when.start, when.end), "dates.event", source
        )


def _site_end(sentence: Sentence, site: Mention) -> int:
    """A site with the place right after it."""
    encoded = sentence.encoded
    position = next(p for p in range(len(encoded.text)) if encoded.start_of(p) >= site.end)
    found = re.compile(r" in (?:the )?[\ue001\ue003][\ue100-\uf8ff]").match(encoded.text, position)
    return encoded.end_of(found.end()) if found else site.end


@frame("target place")
def target_place(reading: Reading, sentence: Sentence, match: Match) -> None:
    """An actor targets a group in places."""
    actor = next(
        (m for m in sentence.encoded.mentions if m.type in ("country", "inst", "org")), None
    )
    subject = reading.actor(actor) if actor else None
    if subject is None:
        return
    source = reading.source_at(sentence, match.start, match.end)
    for name in ("first", "second"):
        group = match.part(name)
        value = reading.actor(group) if group else None
        if group and value:
            end = match.spans.get(f"{name}place", (0, group.end))[1]
            span = (group.start, end)
            reading.draft.add("event", subject, "targeted", value, span, match.rule.name, source)


@frame("opinion")
def opinion(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """The author's cause or judgement."""
    subject = match.part("actor")
    node = reading.actor(subject) if subject else None
    if node is None:
        return
    span = (match.start, match.end)
    source = Source("author-opinion")
    reading.draft.add(
        "opinion", node, "assessment", reading.words(*span), span, match.rule.name, source
    )
