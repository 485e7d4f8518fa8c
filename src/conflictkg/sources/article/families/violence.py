"""Strikes, attacks and their dead: who killed whom, with what, where and when."""

import datetime
import re

from conflictkg.sources.article.annotations import CountValue, DateValue, Kind
from conflictkg.sources.article.counts import parse_number
from conflictkg.sources.article.dates import days_value
from conflictkg.sources.article.draft import INFERRED, Source
from conflictkg.sources.article.families.events import (
    amount_of,
    event_of,
    event_told,
    is_series,
    means_of,
    type_of,
)
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.families.roles import (
    assign_role,
    concept_of,
    last_organization,
    nouns_of,
    organization_of,
)
from conflictkg.sources.article.mentions import Amount, Mention
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence, bare

_SIDE_WORDS = re.compile(r"\bwound|injur", re.IGNORECASE)


@frame("killing")
def killing(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Somebody was killed: the event, its victims, its actor and means."""
    victims = _without_appositions(reading, match.parts.get("victims", ()))
    if sentence.block.zone == "headline":
        victims = tuple(v for v in victims if v.type == "person")
        noun = match.part("event") or match.part("killer")
        if noun is not None and noun.type == "event":
            describe_event(
                reading, sentence, event_of(reading, sentence, noun), noun, match.rule.name
            )
    if reading.is_opinion(sentence):
        return
    anchor = match.spans.get("victims", (match.start, match.end))
    if not victims or not reading.is_asserted(sentence, anchor[0], match.end):
        return
    node = event_of(reading, sentence, event_told(sentence, match))
    rule = match.rule.name
    _by_topic(reading, node, match)
    whole = (match.start, match.end)
    source = reading.source_at(sentence, *anchor)
    killer = match.part("killer")
    own = "own" in match.spans or (killer is not None and killer.type == "pronoun")
    if own and source.speakers:
        actor = _own_actor(reading, sentence, killer, source.speakers[0])
        kind = _kind_of(reading, node)
        reading.draft.add(kind, node, "carried out by", actor, whole, rule, source)
    elif killer is not None and killer.type != "event":
        active = match.rule.option("order") == "active"
        span = (match.start, bare(victims[0]).end) if active else whole
        _actor(reading, node, killer, span, rule, source)
    event = match.part("event") or (killer if killer and killer.type == "event" else None)
    series = (
        event is not None and is_series(event) and reading.draft.node(node).type == "strike-series"
    )
    general = series and event is not None and amount_of(event) is None
    if general and any(v.part("n") is not None for v in victims):
        return  # a total: the counting rules read it
    if event is not None:
        describe_event(reading, sentence, node, event, rule)
    active = match.rule.option("order") == "active"
    for victim in victims:
        name = bare(victim)
        if active:
            near = len(victims) <= 2 and victim is victims[0]
            span = (whole[0], name.end) if near else (name.start, name.end)
            if victim.type == "member" and len(victims) == 1 and "verb" in match.spans:
                span = (match.spans["verb"][0], name.end)
            elif victim.type == "member":
                span = (name.start, name.end)
        else:
            few = len(victims) <= 2 if victim.type == "person" else len(victims) == 1
            span = (name.start, match.end if few else name.end)
        _victim(reading, sentence, node, victim, span, rule, source)
    _total(reading, node, victims, anchor, rule)


def _own_actor(reading: Reading, sentence: Sentence, killer: Mention | None, speaker: str) -> str:
    """Who did what a speaker says "it" did: the speaker; a person's group where a person speaks."""
    if killer is not None and reading.draft.node(speaker).type == "person":
        words = reading.norm[killer.start : killer.end].casefold()
        if killer.type == "pronoun" and words not in ("he", "she"):
            return last_organization(reading, sentence, killer.start) or speaker
    return speaker


def _by_topic(reading: Reading, node: str, match: Match) -> None:
    """A state's "attack" in an article headed by its drone strikes is one: its means is inferred from the headline."""
    killer, event = match.part("killer"), match.part("event")
    if killer is None or event is None or killer.type != "country":
        return
    head = next((s for s in reading.sentences if s.block.zone == "headline"), None)
    means = means_of(reading.norm[head.start : head.end]) if head else None
    if means and reading.draft.node(node).type == "event" and event.words.get("noun") == "attack":
        reading.draft.update(node, type="strike", concept=None)
        span = (killer.start, event.end)
        rule = match.rule.name + "-topic"
        reading.draft.add("strike", node, "carried out with", means, span, rule, INFERRED)


def _without_appositions(reading: Reading, victims: tuple[Mention, ...]) -> tuple[Mention, ...]:
    """The victims of a list: "X, a commander, and Y" are two, "no leaders" none."""
    found: list[Mention] = []
    for each in victims:
        words = reading.norm[each.start : each.end].casefold()
        before = found[-1] if found else None
        if before is not None and before.type == "person" and each.type == "member":
            gap = reading.norm[before.end : each.start].strip()
            if gap == "," and re.match(r"(?:the|a|an|its|his|their|who)\b", words):
                continue
        if _is_human(reading, each):
            found.append(each)
    return tuple(found)


def _is_human(reading: Reading, victim: Mention) -> bool:
    """Whether a victim mention is of somebody: "no leaders" is of nobody."""
    return not reading.norm[victim.start : victim.end].casefold().startswith("no ")


def _kind_of(reading: Reading, node: str) -> Kind:
    return "event" if reading.draft.node(node).type == "event" else "strike"


def _actor(
    reading: Reading,
    node: str,
    killer: Mention,
    span: tuple[int, int],
    rule: str,
    source: Source,
) -> None:
    actor = reading.actor(killer)
    if actor:
        reading.draft.add(
            _kind_of(reading, node), node, "carried out by", actor, span, rule, source
        )


def describe_event(
    reading: Reading, sentence: Sentence, node: str, event: Mention, rule: str
) -> None:
    """What the noun phrase of an event tells: its actor, and the means of a strike."""
    span = (event.start, event.end)
    source = reading.source_at(sentence, *span)
    words = reading.words(*span)
    type_ = reading.draft.node(node).type
    by = event.part("by")
    if by is not None and sentence.block.zone != "headline":
        actor = reading.actor(by)
        if actor and type_ != "event" and reading.is_first(("by", actor, type_)):
            reading.draft.add("strike", node, "carried out by", actor, span, rule, source)
    means = means_of(words)
    specific = type_of(words) not in ("attack", "other")
    if (
        amount_of(event) is None
        and type_ == "event"
        and specific
        and reading.is_first(("type", type_of(words)))
    ):
        reading.draft.add("event", node, "event type", type_of(words), span, rule, source)
    if means and type_ in ("strike", "strike-series") and reading.is_first(("means", means)):
        reading.draft.add("strike", node, "carried out with", means, span, rule, source)


def _victim(
    reading: Reading,
    sentence: Sentence,
    node: str,
    victim: Mention,
    span: tuple[int, int],
    rule: str,
    source: Source,
) -> None:
    if victim.type == "pronoun" and reading.norm[victim.start : victim.end].casefold() == "they":
        group = reading.group(victim.start, victim.end)
        reading.draft.add("strike", group, "killed by", node, span, rule, source)
        return
    if victim.type in ("person", "pronoun"):
        subject = reading.actor(victim)
        if subject:
            start, end = span
            if end - start > 120:
                start, end = victim.start, victim.end
            span = (start, end)
            reading.draft.add("strike", node, "killed", subject, span, rule, source)
        return
    if victim.type == "cap":
        return
    group = reading.group(victim.start, victim.end)
    reading.draft.add("casualty", node, "killed", group, span, rule, source)
    _belonging(reading, sentence, victim, group, rule, source)


def _belonging(
    reading: Reading,
    sentence: Sentence,
    victim: Mention,
    group: str,
    rule: str,
    source: Source,
) -> None:
    """What the victims were, told by their noun: leaders or deputies of a group."""
    span = (victim.start, victim.end)
    organization = organization_of(reading, sentence, victim)
    nouns = nouns_of(victim)
    if "pronoun" in victim.words or victim.part("owner") is not None:
        if any(n.startswith("deput") for n in nouns) and _exact(victim):
            owner = _owner_group(reading, sentence, victim)
            if owner:
                reading.draft.add("membership", group, "deputy of", owner, span, rule, source)
        return
    if organization is None or not victim.part("org"):
        return
    if any(concept_of(n) == "leader" for n in nouns) and (
        _exact(victim) or _single(reading, victim)
    ):
        reading.draft.add("membership", group, "leader in", organization, span, rule, source)
    elif _exact(victim):
        reading.draft.add("membership", group, "member of", organization, span, rule, source)


def _exact(victim: Mention) -> bool:
    number = victim.part("n")
    return (
        number is not None
        and isinstance(number.value, Amount)
        and number.value.low == number.value.high is not None
    )


def _single(reading: Reading, victim: Mention) -> bool:
    return bool(re.match(r"(?:a|an|one) ", reading.norm[victim.start : victim.end], re.IGNORECASE))


def _owner_group(reading: Reading, sentence: Sentence, victim: Mention) -> str | None:
    owner = victim.part("owner")
    if owner is not None:
        return reading.actor(owner)
    before = [
        m
        for m in sentence.encoded.mentions
        if m.end <= victim.start and m.type in ("person", "member")
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
    named = 0
    for victim in victims:
        number = head_count(reading, victim)
        if number is None:
            return
        if victim.type == "person" and named:
            named -= 1  # "two of his deputies, X and Y": counted already
            continue
        following = victims[victims.index(victim) + 1 :]
        persons = len([1 for each in following if each.type == "person"])
        named = number if victim.type == "member" and number > 1 and persons >= number else 0
        total += number
    if len(victims) > 1:
        value = CountValue(
            of="killed", low=total, best=total, high=total, rule="sum of those listed"
        )
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


@frame("relative day")
def relative_day(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A day told from another: "on May 2, a day after troops shot …"."""
    when = match.part("when")
    if when is None:
        return
    anchor = reading.date(when)
    amount = parse_number(match.words["number"]) or 1
    days = amount * (7 if match.words["unit"].casefold() == "week" else 1)
    shift = datetime.timedelta(days=-days if match.words["side"].casefold() == "after" else days)
    words = reading.words(*match.spans["span"])
    if anchor.precision == "day" and anchor.earliest_begin:
        day = anchor.earliest_begin + shift
        value = days_value(day, day, "day", words)
    else:
        value = DateValue(precision="unknown", resolved_from=words)
    node = event_of(reading, sentence, match.part("event"))
    span = (match.spans["span"][0], match.end)
    reading.draft.add("date", node, "date", value, span, match.rule.name, INFERRED)


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
            reading.draft.add(
                kind, node, "carried out by", identifier, span, match.rule.name, source
            )


@frame("target")
def target(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Against whom a strike or series was directed."""
    mention = match.part("event")
    if mention is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    node = event_of(reading, sentence, mention)
    kind = _kind_of(reading, node)
    if is_series(mention):
        describe_event(reading, sentence, node, mention, match.rule.name)
    source = reading.source_at(sentence, match.start, match.end)
    for each in match.parts.get("target", ()):
        identifier = reading.actor(each)
        again = is_series(mention) and not reading.is_first(("against", str(identifier)))
        if identifier and not again:
            span = (match.start, max(each.end, match.end))
            predicate = "targeted" if kind != "event" else "aimed at"
            reading.draft.add(kind, node, predicate, identifier, span, match.rule.name, source)


@frame("died list")
def died_list(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Named persons among the killed, after a colon or "identified as"."""
    for person in match.parts.get("person", ()):
        subject = reading.actor(person)
        if subject is None:
            continue
        node = event_of(reading, sentence, match.part("event"))
        source = reading.source_at(sentence, match.start, match.end)
        span = (person.start, person.end)
        reading.draft.add("strike", node, "killed", subject, span, match.rule.name, source)
        member = match.part("role")
        if member is not None and match.rule.option("roles"):
            assign_role(reading, sentence, person, member, span, match.rule.name)
