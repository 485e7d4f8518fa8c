"""Organizations among themselves, their sites, and lists of targets."""

from conflictkg.sources.article.annotations import Kind
from conflictkg.sources.article.families.events import is_series, series_of
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.families.roles import last_organization
from conflictkg.sources.article.mentions import Mention
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence


@frame("hierarchy")
def hierarchy(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A sub-group, faction, splinter, ally or agency."""
    children, parent = match.parts.get("child", ()), match.part("parent")
    if not reading.is_asserted(sentence, match.start, match.end):
        return
    over = reading.actor(parent) if parent else last_organization(reading, sentence, match.start)
    if over is None:
        return
    predicate = match.rule.option("predicate")
    source = reading.source_at(sentence, match.start, match.end)
    kind: Kind = "organization" if match.rule.option("kind") == "organization" else "hierarchy"
    unders = [reading.actor(child) for child in children]
    if match.rule.option("child") == "last":
        unders = [last_organization(reading, sentence, match.start)]
    for under in unders:
        if under and under != over:
            span = match.spans.get("span", (match.start, match.end))
            reading.draft.add(kind, under, predicate, over, span, match.rule.name, source)


@frame("facility")
def facility(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A site that somebody runs."""
    mention = match.part("facility")
    if mention is None or not mention.part("org"):
        return
    operator = reading.actor(mention)
    if operator is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    words = reading.words(mention.start, mention.end)
    node = reading.shared("facility", f"{mention.start}", words)
    end = match.spans["in"][1] if "in" in match.spans else mention.end
    source = reading.source_at(sentence, mention.start, end)
    rule = match.rule.name
    reading.draft.add("facility", node, "operated by", operator, (mention.start, end), rule, source)
    at, place = match.spans.get("at"), match.part("place")
    where = reading.place(place) if place else None
    if at and where and place:
        reading.draft.add("facility", node, "location", where, (at[0], place.end), rule, source)


@frame("belonging")
def belonging(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A site that belonged to somebody."""
    owner = match.part("owner")
    operator = reading.actor(owner) if owner else None
    if operator is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    words = reading.words(*match.spans["site"])
    node = reading.shared("facility", f"{match.start}", words)
    span = (match.start, match.end)
    source = reading.source_at(sentence, *span)
    reading.draft.add("facility", node, "operated by", operator, span, match.rule.name, source)


@frame("target list")
def target_list(reading: Reading, sentence: Sentence, match: Match) -> None:
    """The groups that the killed of a series belonged to."""
    node = None
    for other in reversed(reading.sentences):
        if other.start > sentence.start or other.block_number < sentence.block_number - 1:
            continue
        series = [m for m in other.encoded.mentions if m.type == "event" and is_series(m)]
        if series:
            event = series[0]
            node = series_of(reading, other, event)
            break
    if node is None:
        return
    source = reading.source_at(sentence, match.start, match.end)
    for group in _listed(match):
        identifier = reading.actor(group)
        if identifier:
            span = (group.start, group.end)
            reading.draft.add(
                "target-group", node, "killed members of", identifier, span, match.rule.name, source
            )


def _listed(match: Match) -> tuple[Mention, ...]:
    names = ("groups", "sub", "groups2")
    return tuple(mention for name in names for mention in match.parts.get(name, ()))


@frame("supply")
def supply(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Supply lines of a body into a country."""
    org, place = match.part("org"), match.part("place")
    subject = reading.actor(org) if org else None
    where = reading.place(place) if place else None
    if subject and where:
        span = (match.start, match.end)
        source = reading.source_at(sentence, *span)
        reading.draft.add(
            "organization", subject, "supply routes into", where, span, match.rule.name, source
        )


@frame("support")
def support(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A state or body supports a group."""
    _related(reading, sentence, match, "supports")


@frame("enemy")
def enemy(reading: Reading, sentence: Sentence, match: Match) -> None:
    """One group fights another or is its foe."""
    _related(reading, sentence, match, "enemy of")


def _related(reading: Reading, sentence: Sentence, match: Match, predicate: str) -> None:
    left, right = match.part("subject"), match.part("object")
    subject = reading.actor(left) if left else None
    value = reading.actor(right) if right else None
    if subject and value and reading.is_asserted(sentence, match.start, match.end):
        span = (match.start, match.end)
        source = reading.source_at(sentence, *span)
        reading.draft.add("relation", subject, predicate, value, span, match.rule.name, source)
