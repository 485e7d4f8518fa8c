"""Documents that statements stand in: releases, what they are, who gave them out, where something was said."""

from conflictkg.sources.article.draft import INFERRED
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.families.statements import STATEMENT, statement_of
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence


@frame("release")
def release(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """A document that a body gave out: publisher, type, date, and what it summarizes."""
    mention = match.part("document")
    if mention is None:
        return
    body = mention.part("org") or mention.part("state")
    publisher = reading.actor(mention)
    if publisher is None or body is None:
        return
    rule = match.rule.name
    noun = mention.words.get("noun", "document")
    node = reading.shared(
        "cited-document", publisher + noun, reading.words(mention.start, mention.end)
    )
    span = (mention.start, mention.end)
    reading.draft.add(STATEMENT, node, "document type", noun, span, rule)
    person = match.part("speaker")
    if person is not None or match.part("when") is not None:
        reading.draft.add(STATEMENT, node, "published by", publisher, span, rule)
    if person is not None:
        speaker = reading.actor(person)
        if speaker:
            statement = statement_of(reading, speaker)
            whole = (match.start, match.end)
            reading.draft.add(STATEMENT, node, "summarizes", statement, whole, rule)
    when = match.part("when")
    if when is not None:
        reading.draft.add(
            "date", node, "date", reading.date(when), (when.start, when.end), rule, INFERRED
        )


@frame("document type")
def document_type(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Said "in a press release": the type of what was given out, and where it was said."""
    statement = sentence.statement
    if statement is None:
        return
    rule = match.rule.name
    span = (match.start, match.end)
    noun = reading.words(*match.spans["noun"]) if "noun" in match.spans else ""
    if match.part("medium") is not None:
        pass
    elif match.rule.option("venue"):
        node = reading.shared("cited-document", statement + noun, noun)
        reading.draft.add(STATEMENT, statement, "venue", node, span, rule)
    else:
        reading.draft.add(STATEMENT, statement, "document type", noun, span, rule)
    medium = match.part("medium")
    if medium is not None:
        node_id = reading.actor(medium)
        if node_id:
            reading.draft.add(STATEMENT, statement, "venue", node_id, span, rule)


@frame("opening document")
def opening_document(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Where somebody said it, told before they are: "In a statement sent to journalists, X said"."""
    mention = match.part("speaker")
    speaker = reading.actor(mention) if mention else None
    if speaker:
        statement = sentence.statement or statement_of(reading, speaker)
        span = match.spans["span"]
        words = reading.words(*span)
        node = reading.shared("cited-document", f"{sentence.start}", words)
        reading.draft.add(STATEMENT, statement, "venue", node, span, match.rule.name)


@frame("spoke for")
def spoke_for(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """A statement that a person wrote or signed for a body that made it."""
    mention = match.part("speaker")
    speaker = reading.actor(mention) if mention else None
    if speaker:
        statement = statement_of(reading, speaker)
        span = (match.start, match.end)
        reading.draft.add(STATEMENT, statement, "speaker", speaker, span, match.rule.name)
