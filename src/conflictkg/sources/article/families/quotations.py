"""Quoted paragraphs and sentences: whose they are when the sentence itself does not say."""

import re

from conflictkg.sources.article.draft import Source
from conflictkg.sources.article.families.frames import run_rules
from conflictkg.sources.article.families.statements import (
    STATEMENT,
    add_contents,
    add_quotations,
    speaker_of,
    statement_of,
)
from conflictkg.sources.article.mentions import Mention
from conflictkg.sources.article.quotes import find_quotations
from conflictkg.sources.article.reading import Reading, Sentence

_LONG = 4
"""Words that are quoted for what they say; fewer may be a phrase held at arm's length."""
_BLOCKS_BACK = 3


def read_statements(reading: Reading) -> None:
    """Let the rules of reported speech run over every sentence, block quotations first."""
    releases = _block_quotations(reading)
    run_rules(reading, "reporting")
    for release in releases:
        _document(reading, *release)
    _standing_quotations(reading)
    _bare_quotations(reading)


def _block_quotations(reading: Reading) -> list[tuple[str, str, str, Mention]]:
    """Quoted paragraphs: theirs who are named before the colon.

    Returns:
        Of each release that is quoted: the statement, who published it, its node, and its mention.
    """
    opener: Sentence | None = None
    releases: list[tuple[str, str, str, Mention]] = []
    for sentence in reading.sentences:
        if sentence.block.kind != "quote":
            opener = sentence
            continue
        source_mention = _quoted_source(opener) if opener else None
        speaker = reading.actor(source_mention) if source_mention else None
        source = Source("attributed-claim", (speaker,) if speaker else ())
        sentence.scopes.append((sentence.start, sentence.end, source))
        if opener is None or speaker is None:
            continue
        statement = statement_of(reading, speaker)
        rule = "reporting.block-quotation"
        span = (opener.start, opener.end)
        quoted = reading.shared(
            "cited-document", "quoted" + speaker, reading.words(*span).rstrip(":")
        )
        reading.draft.add(STATEMENT, statement, "quoted from", quoted, span, rule)
        if source_mention and source_mention.type == "document":
            releases.append((statement, speaker, quoted, source_mention))
        whole = _whole_quotation(reading, sentence)
        words = reading.words(*whole)
        reading.draft.add(STATEMENT, statement, "direct quote", words, whole, rule, source)
        if not re.search(r"\bsaid that\b|\bsays that\b", sentence.encoded.text):
            contents = (sentence.start, sentence.end)
            add_contents(reading, sentence, statement, contents, rule, source)
    return releases


def _document(
    reading: Reading, statement: str, publisher: str, quoted: str, mention: Mention
) -> None:
    """The release that is quoted: where its publisher's man said it, or what the publisher gave out."""
    rule = "reporting.block-quotation"
    span = (mention.start, mention.end)
    if _person_spoke(reading, mention.start):
        reading.draft.add(STATEMENT, statement, "venue", quoted, span, rule)
    elif not reading.draft.has(STATEMENT, statement, "document type"):
        noun = mention.words.get("noun", "document")
        reading.draft.add(STATEMENT, statement, "document type", noun, span, rule)
        reading.draft.add(STATEMENT, statement, "published by", publisher, span, rule)


def _person_spoke(reading: Reading, end: int) -> bool:
    """Whether a person has spoken before a place: then the release carries that person's words."""
    return any(
        a.predicate == "speaker"
        and a.end <= end
        and a.object is not None
        and reading.draft.node(a.object).type == "person"
        for a in reading.draft.assertions()
    )


def _whole_quotation(reading: Reading, sentence: Sentence) -> tuple[int, int]:
    """All paragraphs of the quotation that a sentence stands in."""
    number = first = last = sentence.block_number
    while first > 0 and reading.blocks[first - 1].kind == "quote":
        first -= 1
    while number + 1 < len(reading.blocks) and reading.blocks[number + 1].kind == "quote":
        number += 1
        last = number
    return reading.blocks[first].start, reading.blocks[last].end


def _quoted_source(sentence: Sentence) -> Mention | None:
    found = list(sentence.encoded.mentions)
    for type_ in ("document", "person", "org", "officials", "inst", "country"):
        for mention in reversed(found):
            if mention.type == type_:
                return mention
    return None


def _standing_quotations(reading: Reading) -> None:
    """A sentence that quotes and names nobody goes to the speaker before it in the paragraph."""
    last: tuple[int, str] | None = None
    for sentence in reading.sentences:
        if sentence.statement is not None:
            last = sentence.block_number, sentence.statement
        if not sentence.is_narrative or sentence.scopes or sentence.statement or last is None:
            continue
        away = sentence.block_number - last[0]
        if away > (_BLOCKS_BACK if _is_all_quoted(reading, sentence) else 0):
            continue
        quoted = [
            q
            for q in find_quotations(reading.text, sentence.start, sentence.end)
            if len(reading.words(*q.inner).split()) >= 3
        ]
        speaker = speaker_of(reading, last[1])
        if not quoted or speaker is None:
            continue
        length = sum(q.end - q.start for q in quoted)
        if quoted[-1].end < sentence.end - 1 and length < 0.5 * (sentence.end - sentence.start):
            continue
        last = sentence.block_number, last[1]
        source = Source("attributed-claim", (speaker,))
        span = (sentence.start, sentence.end)
        sentence.scopes.append((*span, source))
        rule = "reporting.standing-quotation"
        add_quotations(reading, sentence, last[1], span, rule, source)
        for quotation in quoted:
            if quotation.end - quotation.start > 0.8 * (sentence.end - sentence.start):
                add_contents(reading, sentence, last[1], quotation.inner, rule, source)


def _is_all_quoted(reading: Reading, sentence: Sentence) -> bool:
    """Whether a sentence is a quotation and nothing else."""
    return any(
        q.start == sentence.start and q.end >= sentence.end - 1
        for q in find_quotations(reading.text, sentence.start, sentence.end)
    )


def _bare_quotations(reading: Reading) -> None:
    """Words quoted at length of which the sentence does not tell who said them."""
    for sentence in reading.sentences:
        if not sentence.is_narrative or sentence.block.zone != "body" or sentence.statement:
            continue
        for quotation in find_quotations(reading.text, sentence.start, sentence.end):
            inner = reading.words(*quotation.inner)
            if len(inner.split()) < _LONG or _is_claimed(sentence, quotation.start, quotation.end):
                continue
            node = reading.shared("statement", f"quoted {sentence.start}", "words quoted")
            reading.draft.add(
                STATEMENT,
                node,
                "direct quote",
                inner,
                (quotation.start, quotation.end),
                "reporting.bare-quotation",
                Source("attributed-claim"),
            )


def _is_claimed(sentence: Sentence, start: int, end: int) -> bool:
    """Whether a stretch lies in what somebody is known to have said."""
    return any(first <= start + 2 and end - 2 <= last for first, last, _ in sentence.scopes)
