"""Single occurrences told by a verb: who captured, attacked or designated whom. Each is an event of its own."""

from conflictkg.sources.article.annotations import Kind
from conflictkg.sources.article.families.events import event_of
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.families.happenings import clause_end, is_hedged
from conflictkg.sources.article.families.roles import (
    concept_of,
    nouns_of,
    organization_of,
    post_of,
)
from conflictkg.sources.article.mentions import Mention
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence, bare

_MAX_LEAD = 20
"""Words before the actor that belong to the clause: "Two days ago, "."""


def actor_of(reading: Reading, mention: Mention) -> str | None:
    """The node of who did it: the organization of unnamed fighters, else whom the mention names."""
    if mention.type == "member":
        inner = mention.part("org") or mention.part("state")
        return reading.actor(inner) if inner else None
    return reading.actor(mention)


@frame("occurred")
def occurred(reading: Reading, sentence: Sentence, match: Match) -> None:
    """An actor did something to somebody: the event, its actor, what was done, the roles of those it was done to."""
    actor = match.part("actor")
    if actor is None or sentence.block.zone == "headline" or is_hedged(reading, sentence):
        return
    if not reading.is_asserted(sentence, actor.start, match.end):
        return
    subject = actor_of(reading, actor)
    if subject is None:
        return
    node = _event(reading, sentence, match)
    rule = match.rule.name
    end = clause_end(sentence, actor.start, match.end)
    source = reading.source_at(sentence, actor.start, match.end)
    near = match.spans["verb"][1]
    lead = sentence.start if actor.start - sentence.start <= _MAX_LEAD else actor.start
    kind: Kind = "event" if reading.draft.node(node).type == "event" else "strike"
    for each in (actor, *match.parts.get("other", ())):
        who = actor_of(reading, each)
        start = lead if each is actor else each.start
        if who:
            reading.draft.add(kind, node, "carried out by", who, (start, near), rule, source)
    words = reading.words(match.spans["verb"][0], end)
    reading.draft.add("event", node, "happened", words, (actor.start, end), rule, source)
    site = match.part("site")
    where = reading.place(site) if site else None
    if site and where:
        span = (match.spans["verb"][0], site.end)
        reading.draft.add("place", node, "location", where, span, rule, source)
    for each in match.parts.get("object", ()):
        _undergoer(reading, sentence, each, rule)


def _event(reading: Reading, sentence: Sentence, match: Match) -> str:
    """The event that a noun of the sentence names ("in a raid"), else one of its own."""
    nouns = [m for m in sentence.encoded.mentions if m.type == "event" and m.start > match.start]
    if nouns:
        return event_of(reading, sentence, nouns[0])
    if sentence.event is not None:
        return sentence.event  # "ambushed a convoy, killing two": told already
    words = reading.words(match.spans["verb"][0], match.end)
    node = reading.shared(
        "event",
        f"occurrence-{match.start}",
        words,
        concept=match.rule.option("concept", "other"),
    )
    if sentence.event is None and match.rule.option("concept") != "other":
        sentence.event = node  # its place and day are the sentence's; a listing has none
    return node


def _undergoer(reading: Reading, sentence: Sentence, each: Mention, rule: str) -> None:
    """What unnamed persons are that something was done to: "a facilitator for X"."""
    if each.type != "member" or each.part("org") is None:
        return
    subject = reading.group(each.start, each.end)
    organization = organization_of(reading, sentence, each)
    span = (each.start, each.end)
    source = reading.source_at(sentence, *span)
    for noun in nouns_of(each):
        if organization and concept_of(noun) != "member":
            post = post_of(reading, each, noun, organization)
            reading.draft.add("role", subject, "holds post", post, span, rule, source)


@frame("targeted person")
def targeted_person(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Whom an attack was meant for: "the target of the strike was X"."""
    target = match.part("target")
    if target is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    node = event_of(reading, sentence, match.part("event"))
    value = reading.actor(target)
    if value:
        span = (match.start, bare(target).end)
        source = reading.source_at(sentence, *span)
        kind: Kind = "event" if reading.draft.node(node).type == "event" else "strike"
        reading.draft.add(kind, node, "aimed at", value, span, match.rule.name, source)


@frame("event clause")
def event_clause(reading: Reading, sentence: Sentence, match: Match) -> None:
    """What a sentence says of an event that is its subject: "the strike is the first since …"."""
    event = match.part("event")
    if event is None or is_hedged(reading, sentence):
        return
    if not reading.is_asserted(sentence, event.start, match.end):
        return
    node = event_of(reading, sentence, event)
    end = clause_end(sentence, event.start, match.end)
    words = reading.words(match.spans["verb"][0], end)
    source = reading.source_at(sentence, event.start, match.end)
    reading.draft.add("event", node, "happened", words, (event.start, end), match.rule.name, source)


@frame("told of actor")
def told_of_actor(reading: Reading, sentence: Sentence, match: Match) -> None:
    """What a sentence says that somebody named did, or that was done to them, in any verb."""
    actor = match.part("actor")
    if actor is None or sentence.block.zone == "headline" or is_hedged(reading, sentence):
        return
    if not reading.is_asserted(sentence, actor.start, match.end):
        return
    subject = reading.actor(actor)
    end = clause_end(sentence, actor.start, match.end)
    taken = any(
        a.start < end and actor.start < a.end and a.kind in ("event", "strike", "role")
        for a in reading.draft.assertions()
        if a.subject == subject or a.kind == "strike" or (a.rule or "").startswith("occurrences.")
    )
    if subject is None or taken:
        return
    span = (actor.start, end)
    source = reading.source_at(sentence, actor.start, match.end)
    words = reading.words(match.spans["verb"][0], end)
    reading.draft.add("event", subject, "happened", words, span, match.rule.name, source)
