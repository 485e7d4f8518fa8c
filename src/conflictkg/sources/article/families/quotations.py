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


def read_statements(reading: Reading) -> None:
    """Let the rules of reported speech run over every sentence, block quotations first."""
    _block_quotations(reading)
    run_rules(reading, "reporting")
    _standing_quotations(reading)


def _block_quotations(reading: Reading) -> None:
    """Quoted paragraphs: theirs who are named before the colon."""
    opener: Sentence | None = None
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
            reading.draft.add(STATEMENT, statement, "venue", quoted, span, rule)
        whole = _whole_quotation(reading, sentence)
        words = reading.words(*whole)
        reading.draft.add(STATEMENT, statement, "direct quote", words, whole, rule, source)
        if not re.search(r"\bsaid that\b|\bsays that\b", sentence.encoded.text):
            contents = (sentence.start, sentence.end)
            add_contents(reading, sentence, statement, contents, rule, source)


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
        if last[0] != sentence.block_number:
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
        source = Source("attributed-claim", (speaker,))
        span = (sentence.start, sentence.end)
        sentence.scopes.append((*span, source))
        rule = "reporting.standing-quotation"
        add_quotations(reading, sentence, last[1], span, rule, source)
        for quotation in quoted:
            if quotation.end - quotation.start > 0.8 * (sentence.end - sentence.start):
                add_contents(reading, sentence, last[1], quotation.inner, rule, source)
