"""Lists of persons under a sentence that says what they have in common: "have killed key leaders of X, including:"."""

import re

from conflictkg.sources.article.draft import INFERRED
from conflictkg.sources.article.families.roles import organization_of
from conflictkg.sources.article.mentions import Mention
from conflictkg.sources.article.reading import Reading, Sentence

_KILLED = re.compile(r"\b(?:killed|taken out|eliminated|slain|killing)\b", re.IGNORECASE)


def read_lists(reading: Reading) -> None:
    """Give each person of a list what the sentence before the list says of all."""
    opener: Sentence | None = None
    for sentence in reading.sentences:
        if sentence.block.kind != "list-item":
            if reading.norm[sentence.start : sentence.end].rstrip().endswith(":"):
                opener = sentence
            elif sentence.block.kind != "heading":
                opener = None
            continue
        first = sentence.encoded.mentions[0] if sentence.encoded.mentions else None
        heads = first is not None and first.type == "person" and first.start - sentence.start < 4
        if opener is not None and first is not None and heads:
            _entry(reading, sentence, opener, first)


def _entry(reading: Reading, sentence: Sentence, opener: Sentence, person: Mention) -> None:
    subject = reading.actor(person)
    if subject is None:
        return
    span = (person.start, person.end + 1)
    rule = "lists.entry"
    group = next((m for m in opener.encoded.mentions if m.type == "member" and m.part("org")), None)
    group = group or next(
        (m for m in opener.encoded.mentions if m.type == "member" and "group" in m.words), None
    )
    organization = organization_of(reading, opener, group) if group else None
    if organization:
        reading.draft.add("membership", subject, "member of", organization, span, rule)
    if _KILLED.search(opener.encoded.text):
        node = reading.draft.local(
            "strike", "strike", f"strike that killed {reading.draft.node(subject).label}"
        )
        reading.draft.add("strike", node, "killed", subject, span, rule)
    _succession(reading, sentence, subject, person, organization)


def _succession(
    reading: Reading,
    sentence: Sentence,
    subject: str,
    person: Mention,
    organization: str | None,
) -> None:
    """Both led what the list is about, where an entry says "X: Y's successor"."""
    for member in sentence.mentions("member"):
        owner = member.part("owner")
        if owner is None or owner.name is None or organization is None:
            continue
        if not member.words.get("noun", "").casefold().startswith("successor"):
            continue
        before = reading.draft.named("person", owner.name)
        span = (person.start, member.end)
        rule = "lists.succession"
        reading.draft.add("role", subject, "leader in", organization, span, rule, INFERRED)
        span = (member.start, member.end)
        reading.draft.add("role", before, "leader in", organization, span, rule, INFERRED)
