"""Persons and what they are: posts, ranks, membership, deputies, successors."""

import re
from functools import cache

from conflictkg.sources.article.annotations import Kind
from conflictkg.sources.article.draft import FACT, INFERRED, Source
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.lexicon import key_of
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Mention, Name
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence, bare

_ARMED = ("armed-group", "faction", "alliance")
_BODIES = ("armed-forces", "state")
_SERVING = ("spokesman", "head", "commander", "leader", "director", "deputy")


@cache
def _role_concepts() -> dict[str, str]:
    roles = load_lookup("gazetteers/roles.toml")["roles"]
    return {word.casefold(): concept for concept, words in roles.items() for word in words}


@cache
def _posts() -> dict[str, dict[str, str]]:
    return {n: post for post in load_lookup("gazetteers/roles.toml")["post"] for n in post["names"]}


def singular(noun: str) -> str:
    """A role word in the singular.

    >>> singular("deputies"), singular("Commanders"), singular("chief")
    ('deputy', 'commander', 'chief')
    """
    word = noun.casefold().strip(" \"'")
    if word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def nouns_of(member: Mention) -> list[str]:
    """The roles that a mention names: "deputy and head" are two."""
    words = re.split(r",? and |, | or ", member.words.get("noun", ""))
    return [singular(word.split('"')[-1]) for word in words if word]


def concept_of(noun: str) -> str:
    """The concept of the role scheme for a role word."""
    concepts = _role_concepts()
    if noun in concepts:
        return concepts[noun]
    last = noun.split(" ")[-1]
    return concepts.get(last, "other")


def organization_of(reading: Reading, sentence: Sentence, member: Mention) -> str | None:
    """The organization in which a role is held, where the mention names one or points at it."""
    for part in ("org", "state", "other"):
        inner = member.part(part)
        if inner is not None:
            return reading.actor(inner)
    if "group" in member.words:
        return last_organization(reading, sentence, member.start)
    if "unit" in member.words:
        return None
    if "spokes" in member.words.get("noun", "") or member.words.get("pronoun") == "its":
        return last_body(reading, sentence, member.start)
    return None


def last_body(reading: Reading, sentence: Sentence, before: int) -> str | None:
    """The organization named last in this paragraph or the one before: a spokesman speaks for it."""
    for other in reversed(reading.sentences):
        if other.start > sentence.start or other.block_number < sentence.block_number - 1:
            continue
        found = [m for m in other.mentions("org", "inst") if m.end <= before]
        found = [m for m in found if not (m.name and m.name.level == "media")]
        if found:
            return reading.actor(found[-1])
    return None


def last_organization(reading: Reading, sentence: Sentence, before: int) -> str | None:
    """The armed group that was named last: "the group" means it."""
    for other in reversed(reading.sentences):
        if other.start > sentence.start:
            continue
        found = [
            m
            for m in other.mentions("org")
            if m.end <= before and m.name and m.name.level in _ARMED
        ]
        if found:
            return reading.actor(found[-1])
    return None


def post_label(reading: Reading, member: Mention, noun: str, organization: str | None) -> str:
    """A post in words: "head of X in Y"."""
    label = noun
    unit = member.words.get("unit")
    if organization:
        label += f" of {reading.draft.node(organization).label}"
        label += f"'s {unit}" if unit else ""
    elif unit:
        office = member.part("office")
        printed = reading.words(office.start, office.end) if office else unit
        label += f" of {printed}"
    area = area_of(member)
    place = reading.place_name(area) if area else None
    return label + (f" in {place.label}" if place else "")


def area_of(member: Mention) -> Mention | None:
    """The area that a role covers, where the mention says so."""
    for part in ("area", "area2", "place"):
        found = member.part(part)
        if found is not None:
            return found
    return None


def post_of(reading: Reading, member: Mention, noun: str, organization: str | None) -> str:
    """The node of a post."""
    label = post_label(reading, member, noun, organization)
    area = area_of(member)
    fields: dict[str, object] = {"concept": concept_of(noun)}
    if organization:
        fields["organization"] = organization
    place = reading.place(area) if area else None
    if place:
        fields["area"] = place
    return reading.shared("post", label, label, **fields)


def source_for(reading: Reading, sentence: Sentence, start: int, end: int) -> Source:
    """Whose word a role is."""
    return reading.source_at(sentence, start, end)


def _appositive_source(reading: Reading, sentence: Sentence, match: Match) -> Source:
    """What stands beside a name is the author's word, even within a report, but not when quoted."""
    person = match.part("person")
    if match.rule.option("self") and person:
        speaker = reading.actor(person)
        return Source("attributed-claim", (speaker,) if speaker else ())
    if match.rule.option("status") == "author" and sentence.block.kind != "quote":
        return FACT
    return reading.source_at(sentence, match.start, match.end)


@frame("role")
def role(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A named person, and what they are said to be."""
    if not reading.is_asserted(sentence, match.start, match.end):
        return
    members = match.parts.get("role", ())
    for person in match.parts.get("person", ()):
        for member in members:
            if member.part("n") is not None and len(match.parts["person"]) == 1:
                continue  # "X, a commander, and two others": the two are not X
            start, end = _span(match, person, member)
            source = _appositive_source(reading, sentence, match)
            assign_role(reading, sentence, person, member, (start, end), match.rule.name, source)


def _span(match: Match, person: Mention, member: Mention) -> tuple[int, int]:
    if match.rule.option("span") == "role":
        return member.start, member.end
    if len(match.parts.get("person", ())) > 2:
        return person.start, person.end
    inner = bare(person)
    return min(member.start, inner.start), max(member.end, inner.end)


def assign_role(
    reading: Reading,
    sentence: Sentence,
    person: Mention,
    member: Mention,
    span: tuple[int, int],
    rule: str,
    source: Source | None = None,
) -> None:
    """Write what a member mention says of a person: deputy, leader, post, and membership in an armed group."""
    subject = reading.actor(person)
    if subject is None:
        return
    source = source or source_for(reading, sentence, *span)
    owner = _owner(reading, sentence, member, subject)
    organization = organization_of(reading, sentence, member)
    member_noun = False
    for noun in nouns_of(member):
        if owner and noun.split(" ")[0] in ("deputy", "aide", "right-hand", "number", "second"):
            reading.draft.add("role", subject, "deputy of", owner, span, rule, source)
        elif owner and noun == "successor":
            reading.draft.add("succession", subject, "successor of", owner, span, rule, source)
        elif owner and noun == "predecessor":
            reading.draft.add("succession", owner, "successor of", subject, span, rule, source)
        elif concept_of(noun) == "member" and not rule.endswith("-also"):
            member_noun = True
        elif owner and not organization:
            label = f"{noun} of {reading.draft.node(owner).label}"
            post = reading.shared("post", label, label, concept=concept_of(noun))
            reading.draft.add("role", subject, "holds post", post, span, rule, source)
        else:
            post = post_of(reading, member, noun, organization)
            reading.draft.add("role", subject, "holds post", post, span, rule, source)
    if organization and not owner and not rule.endswith("-also"):
        _membership(reading, member, subject, organization, span, rule, source, member_noun)


def _membership(
    reading: Reading,
    member: Mention,
    subject: str,
    organization: str,
    span: tuple[int, int],
    rule: str,
    source: Source,
    is_member: bool,
) -> None:
    level = reading.levels.get(organization, "")
    spokesman = "spokes" in member.words.get("noun", "")
    if level in _ARMED or "group" in member.words or is_member:
        status = INFERRED if spokesman and source == FACT else source
        reading.draft.add("membership", subject, "member of", organization, span, rule, status)
    elif (
        rule == "roles.apposition"
        and level in _BODIES
        and concept_of(nouns_of(member)[0]) in _SERVING
    ):
        status = INFERRED if source == FACT else source
        reading.draft.add("membership", subject, "member of", organization, span, rule, status)


def _owner(reading: Reading, sentence: Sentence, member: Mention, subject: str) -> str | None:
    """The person whose deputy or successor a mention speaks of."""
    inner = member.part("owner")
    if inner is not None:
        if inner.type == "cap" and inner.name:
            return reading.draft.named("person", inner.name)
        return reading.actor(inner)
    if member.words.get("pronoun", "its").casefold() == "its":
        return None
    return last_person(reading, sentence, member.start, other_than=subject)


def last_person(
    reading: Reading, sentence: Sentence, before: int, other_than: str | None = None
) -> str | None:
    """The person, named or not, that a pronoun most likely means: the nearest before it."""
    for other in reversed(reading.sentences):
        if other.start > sentence.start or other.block_number < sentence.block_number - 1:
            continue
        for mention in reversed(list(other.encoded.mentions)):
            if mention.end > before or mention.type not in ("person", "member"):
                continue
            node = reading.actor(mention)
            if node and node != other_than:
                return node
    return None


@frame("post")
def post(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A post of a state with its holder: "Pakistan's Chief of Army Staff General X", "Afghan President X"."""
    holder, title, state = match.part("person"), match.part("post"), match.part("state")
    if holder is None or title is None:
        return
    subject = reading.actor(holder)
    if subject is None:
        return
    printed = reading.words(title.start, title.end)
    known = _posts().get(printed, {"role": "other"})
    country = state.name.label if state and state.name else ""
    label = printed + (f" ({country})" if country else "")
    area = match.part("area")
    place = reading.place(area) if area else None
    label += f" for {reading.draft.node(place).label}" if place else ""
    organization = _body(reading, known.get("institution", ""), state)
    fields: dict[str, object] = {"concept": known["role"]}
    if organization:
        fields["organization"] = organization
    if place:
        fields["area"] = place
    node = reading.shared("post", label, label, **fields)
    span = (match.start, match.end)
    rule = match.rule.name
    if organization and reading.levels.get(organization) in _ARMED:
        source = source_for(reading, sentence, *span)
        reading.draft.add("membership", subject, "member of", organization, span, rule, source)
    reading.draft.add(
        "role", subject, "holds post", node, span, rule, source_for(reading, sentence, *span)
    )
    if known.get("institution") and organization:
        start = state.start if state else title.start
        reading.draft.add(
            "membership", subject, "member of", organization, (start, title.end), rule, INFERRED
        )


def _body(reading: Reading, institution: str, state: Mention | None) -> str | None:
    if state is None or state.name is None:
        return None
    if state.type == "inst" or not institution:
        return reading.actor(state)
    label = f"{state.name.country or state.name.label} {institution}"
    return reading.draft.named("organization", Name(key_of(label), label, level="armed-forces"))


@frame("biography")
def biography(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """The author's posts, as a biography gives them."""
    person = match.part("person")
    subject = reading.actor(person) if person else None
    for number in ("", "2"):
        org, noun = match.part("org" + number), match.words.get("noun" + number)
        if subject is None or org is None or not noun:
            continue
        organization = reading.actor(org)
        if organization is None:
            continue
        label = f"{noun} of {reading.draft.node(organization).label}"
        node = reading.shared(
            "post", label, label, concept=concept_of(noun.casefold()), organization=organization
        )
        start = match.spans["noun" + number][0]
        kind: Kind = "role"
        if not number and person:
            claims = reading.shared("statement", "article", "claims of the article")
            span = (person.start, match.spans["noun"][1])
            rule = match.rule.name
            reading.draft.add("statement", claims, "speaker", subject, span, rule, INFERRED)
        reading.draft.add(
            kind, subject, "holds post", node, (start, org.end), match.rule.name, FACT
        )


@frame("leads")
def leads(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A person leads, or began to lead, a group."""
    person, org = match.part("person"), match.part("org")
    if person is None or not reading.is_asserted(sentence, person.start, match.end):
        return
    subject = reading.actor(person)
    over = reading.actor(org) if org else last_organization(reading, sentence, match.start)
    if subject is None or over is None or reading.levels.get(over, "") not in _ARMED:
        return
    span = (bare(person).start, match.end)
    source = reading.source_at(sentence, *span)
    rule = match.rule.name
    reading.draft.add("role", subject, "leader in", over, span, rule, source)
    status = INFERRED if source == FACT else source
    reading.draft.add("membership", subject, "member of", over, span, rule, status)


@frame("serves")
def serves(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """A rank under the name of a service: who bears it is of that service."""
    person, org = match.part("person"), match.part("org")
    if person is None or org is None or person.part("rank") is None:
        return
    subject, service = reading.actor(person), reading.actor(org)
    if subject and service and reading.levels.get(service) == "armed-forces":
        span = (match.start, match.end)
        reading.draft.add(
            "membership", subject, "member of", service, span, match.rule.name, INFERRED
        )


@frame("succession")
def succession(reading: Reading, sentence: Sentence, match: Match) -> None:
    """One took over from another."""
    later, earlier = match.part("person"), match.part("before")
    successor = reading.actor(later) if later else None
    predecessor = reading.actor(earlier) if earlier else None
    if successor and predecessor and successor != predecessor:
        span = (match.start, match.end)
        source = reading.source_at(sentence, *span)
        rule = match.rule.name
        reading.draft.add("succession", successor, "successor of", predecessor, span, rule, source)


@frame("byline")
def byline(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """Those who wrote the article, above it."""
    for mention in match.parts.get("person", ()):
        if mention.name is None or " " not in mention.name.label:
            continue
        label = mention.name.label.title() if mention.name.label.isupper() else mention.name.label
        subject = reading.draft.named("person", Name(key_of(label), label))
        span = (mention.start, mention.end)
        words = reading.words(*span)
        reading.draft.add("person", subject, "name", words, span, match.rule.name)


def read_ranks(reading: Reading) -> None:
    """Ranks before names; a commander by rank holds the role of one."""
    for sentence in reading.sentences:
        if not sentence.is_narrative:
            continue
        for mention in sentence.mentions("person"):
            rank = mention.part("rank")
            subject = reading.actor(mention) if rank else None
            if rank is None or subject is None:
                continue
            printed = reading.words(rank.start, rank.end)
            span = (mention.start, mention.end)
            source = reading.source_at(sentence, *span)
            if printed == "Commander":
                node = reading.shared("post", "commander", "commander", concept="commander")
                reading.draft.add("role", subject, "holds post", node, span, "roles.rank", source)
            else:
                reading.draft.add("role", subject, "rank", printed, span, "roles.rank", source)
