"""Strikes, attacks and their dead: who killed whom, with what, where and when."""

import re

from conflictkg.sources.article.annotations import CountValue, Kind
from conflictkg.sources.article.draft import INFERRED, Source
from conflictkg.sources.article.families.events import event_of, is_series, means_of, type_of
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.families.roles import assign_role, concept_of, nouns_of, organization_of, singular
from conflictkg.sources.article.mentions import Amount, Mention
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence

_SIDE_WORDS = re.compile(r"\bwound|injur", re.IGNORECASE)


@frame("killing")
def killing(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Somebody was killed: the event, its victims, its actor and means."""
    victims = match.parts.get("victims", ())
    anchor = match.spans.get("victims", (match.start, match.end))
    if not victims or not reading.is_asserted(sentence, anchor[0], match.end):
        return
    node = event_of(reading, sentence, _event_mention(sentence, match))
    rule = match.rule.name
    whole = (match.start, match.end)
    source = reading.source_at(sentence, *anchor)
    killer = match.part("killer")
    if killer is not None and killer.type != "event":
        _actor(reading, sentence, node, killer, (match.start, anchor[1]), rule, source)
    event = match.part("event") or (killer if killer and killer.type == "event" else None)
    if event is not None:
        describe_event(reading, sentence, node, event, rule)
    start = match.spans["verb"][0] if "verb" in match.spans and match.rule.option("order") == "active" else anchor[0]
    for victim in victims:
        _victim(reading, sentence, node, victim, (start, match.end, whole), rule, source)
    _total(reading, node, victims, anchor, rule)


def _event_mention(sentence: Sentence, match: Match) -> Mention | None:
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


def _kind_of(reading: Reading, node: str) -> Kind:
    return "event" if reading.draft.node(node).type == "event" else "strike"


def _actor(
    reading: Reading,
    sentence: Sentence,
    node: str,
    killer: Mention,
    span: tuple[int, int],
    rule: str,
    source: Source,
) -> None:
    actor = reading.actor(killer)
    if actor:
        reading.draft.add(_kind_of(reading, node), node, "carried out by", actor, span, rule, source)


def describe_event(
    reading: Reading, sentence: Sentence, node: str, event: Mention, rule: str
) -> None:
    """What the noun phrase of an event tells: its actor, and the means of a strike."""
    span = (event.start, event.end)
    source = reading.source_at(sentence, *span)
    words = reading.words(*span)
    type_ = reading.draft.node(node).type
    by = event.part("by")
    if by is not None:
        actor = reading.actor(by)
        if actor and type_ != "event":
            reading.draft.add("strike", node, "carried out by", actor, span, rule, source)
    means = means_of(words)
    if means and type_ in ("strike", "strike-series"):
        reading.draft.add("strike", node, "carried out with", means, span, rule, source)


def _victim(  # noqa: PLR0913
    reading: Reading,
    sentence: Sentence,
    node: str,
    victim: Mention,
    spans: tuple[int, int, tuple[int, int]],
    rule: str,
    source: Source,
) -> None:
    start, end, _ = spans
    if victim.type == "person":
        subject = reading.actor(victim)
        if subject:
            span = (min(start, victim.start), end if end - start < 120 else victim.end)
            reading.draft.add("strike", node, "killed", subject, span, rule, source)
        return
    if victim.type == "cap":
        return
    label = reading.words(victim.start, victim.end)
    group = reading.group(victim.start, victim.end)
    span = (victim.start, victim.end)
    reading.draft.add("casualty", node, "killed", group, span, rule, source)
    _belonging(reading, sentence, victim, group, label, rule, source)


def _belonging(  # noqa: PLR0913
    reading: Reading,
    sentence: Sentence,
    victim: Mention,
    group: str,
    label: str,
    rule: str,
    source: Source,
) -> None:
    """What the victims were, told by their noun: leaders or deputies of a group."""
    span = (victim.start, victim.end)
    organization = organization_of(reading, sentence, victim)
    nouns = nouns_of(victim)
    if "pronoun" in victim.words or victim.part("owner") is not None:
        from_role = [n for n in nouns if n.startswith("deput")]
        if from_role:
            owner = _owner_group(reading, sentence, victim)
            if owner:
                reading.draft.add("membership", group, "deputy of", owner, span, rule, source)
        return
    if organization is None or not victim.part("org"):
        return
    if any(concept_of(n) == "leader" for n in nouns):
        reading.draft.add("membership", group, "leader in", organization, span, rule, source)
    elif victim.part("n") is not None:
        reading.draft.add("membership", group, "member of", organization, span, rule, source)


def _owner_group(reading: Reading, sentence: Sentence, victim: Mention) -> str | None:
    owner = victim.part("owner")
    if owner is not None:
        return reading.actor(owner)
    before = [
        m for m in sentence.encoded.mentions if m.end <= victim.start and m.type in ("person", "member")
    ]
    return reading.actor(before[-1]) if before else None


def _total(
    reading: Reading,
    node: str,
    victims: tuple[Mention, ...],
    span: tuple[int, int],
    rule: str,
) -> None:
    """The sum of victims told one by one: each is counted, none is vague."""
    total = 0
    for victim in victims:
        number = head_count(reading, victim)
        if number is None:
            return
        total += number
    if len(victims) > 1:
        value = CountValue(of="killed", low=total, best=total, high=total, rule="sum of those listed")
        reading.draft.add("count", node, "count", value, span, rule + "-sum", INFERRED)


def head_count(reading: Reading, victim: Mention) -> int | None:
    """How many persons a mention is of, where it says so exactly."""
    if victim.type == "person":
        return 1
    number = victim.part("n")
    if number is not None and isinstance(number.value, Amount):
        return number.value.best if number.value.low == number.value.high else None
    words = reading.norm[victim.start : victim.end].casefold()
    return 1 if re.match(r"(?:a|an|one|another) ", words) else None


@frame("injuring")
def injuring(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Somebody was wounded."""
    victim = match.part("victims")
    if victim is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    node = event_of(reading, sentence, _event_mention(sentence, match))
    number = victim.part("n") or (victim if victim.type == "count" else None)
    if number is None or not isinstance(number.value, Amount):
        return
    value = count_value(number.value, "injured")
    source = reading.source_at(sentence, match.start, match.end)
    reading.draft.add("casualty", node, "count", value, (match.start, match.end), match.rule.name, source)


def count_value(amount: Amount, category: str, rule: str | None = None) -> CountValue:
    """An amount as a count of a category."""
    return CountValue(
        of=category, low=amount.low, best=amount.best, high=amount.high, vague=amount.vague, rule=rule
    )


@frame("casualty count")
def casualty_count(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A number of dead whose noun says little: "killing as many as 32", "left 12 dead"."""
    number = match.part("n")
    if number is None or not isinstance(number.value, Amount):
        return
    if not reading.is_asserted(sentence, number.start, match.end):
        return
    node = event_of(reading, sentence, _event_mention(sentence, match))
    category = category_of(match.words.get("noun", ""))
    value = count_value(number.value, category)
    span = match.spans.get("span", (match.start, match.end))
    source = reading.source_at(sentence, *span)
    reading.draft.add("casualty", node, "count", value, span, match.rule.name, source)


def category_of(noun: str) -> str:
    """The count category that a noun of the killed names."""
    words = noun.casefold()
    if "civilian" in words and re.search("soldier|security|police|troop", words):
        return "killed-civilians-and-security-forces"
    if re.search("civilian|villager|resident|worshipper|bystander", words):
        return "killed-civilians"
    if re.search("child|boy|girl", words):
        return "killed-children"
    if "leader" in words and "operative" in words:
        return "killed-leaders-and-operatives"
    if re.search("leader|commander|emir", words):
        return "killed-leaders"
    return "killed"


@frame("event")
def event(reading: Reading, sentence: Sentence, match: Match) -> None:
    """An event that the sentence tells of: what its noun phrase says of it, and its target."""
    mention = match.part("event")
    if mention is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    node = event_of(reading, sentence, mention)
    describe_event(reading, sentence, node, mention, match.rule.name)
    actor = match.part("actor")
    source = reading.source_at(sentence, match.start, match.end)
    if actor is not None:
        kind = _kind_of(reading, node)
        identifier = reading.actor(actor)
        if identifier:
            span = (match.start, match.end)
            reading.draft.add(kind, node, "carried out by", identifier, span, match.rule.name, source)


@frame("target")
def target(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Against whom a strike or series was directed."""
    mention = match.part("event")
    if mention is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    node = event_of(reading, sentence, mention)
    kind: Kind = "target-group" if is_series(mention) else _kind_of(reading, node)
    source = reading.source_at(sentence, match.start, match.end)
    if kind == "target-group" and not match.parts.get("target"):
        return
    for each in match.parts.get("target", ()):
        identifier = reading.actor(each)
        if identifier:
            span = (match.start, max(each.end, match.end))
            predicate = "targeted" if kind != "event" else "aimed at"
            kind_ = "strike" if kind == "strike" else kind
            reading.draft.add(kind_, node, predicate, identifier, span, match.rule.name, source)


@frame("died list")
def died_list(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Named persons among the killed, after a colon or "identified as"."""
    for person in match.parts.get("person", ()):
        subject = reading.actor(person)
        if subject is None:
            continue
        node = event_of(reading, sentence, match.part("event"))
        source = reading.source_at(sentence, match.start, match.end)
        span = (match.start, person.end)
        reading.draft.add("strike", node, "killed", subject, span, match.rule.name, source)
        member = match.part("role")
        if member is not None and match.rule.option("roles"):
            assign_role(reading, sentence, person, member, span, match.rule.name)


__all__ = ["describe_event", "head_count", "singular", "type_of"]
