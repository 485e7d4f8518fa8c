"""Reported speech: who said what, through whom, and whose words a stretch of text is."""

import re
from functools import cache

from conflictkg.sources.article.annotations import Kind
from conflictkg.sources.article.draft import FACT, INFERRED, Source
from conflictkg.sources.article.families.events import event_of
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Mention, When
from conflictkg.sources.article.patterns import Match, compile_pattern
from conflictkg.sources.article.quotes import find_quotations
from conflictkg.sources.article.reading import Reading, Sentence

STATEMENT: Kind = "statement"
_CLAUSES = re.compile(
    r"; (?:and )?|, and that |, but that | and (?=that )|,? for which | and (?=against |in |not )"
    r"| and (?=(?:the )?[\ue000\ue001\ue004\ue009\ue00c][\ue100-\uf8ff] "
    r"(?:\w+ly )?(?:is|are|was|were|has|have|had|will|would|\w+s) )"
)


_OWNER = re.compile("In [\ue004][\ue100-\uf8ff]'s ")
_SHORTEST = 20
"""Fewer characters are no clause."""


@cache
def _next_speaker() -> re.Pattern[str]:
    return compile_pattern(load_lookup("rules/speech.toml")["next_speaker"]["pattern"])


def statement_of(reading: Reading, speaker: str, day: Mention | None = None) -> str:
    """The node of what a speaker says in this document, or says on a day that is not that of what they said before."""
    label = reading.draft.node(speaker).label
    node = reading.shared("statement", speaker, f"statement of {label}")
    if day is not None and _is_dated_otherwise(reading, node, day):
        printed = reading.words(day.start, day.end)
        return reading.shared(
            "statement", f"{speaker} {printed}", f"statement of {label} ({printed})"
        )
    return node


def _is_dated_otherwise(reading: Reading, statement: str, day: Mention) -> bool:
    """Whether something was said before, on another day or on none that is told."""
    own = [a for a in reading.draft.assertions() if a.subject == statement]
    if not any(a.predicate in ("speaker", "reported by") for a in own):
        return False
    dates = [a.date for a in own if a.predicate == "stated on"]
    return reading.date(day) not in dates


_NESTED = re.compile(r"\b(?:said|told|claimed|stated|confirmed|according to)\b")


def is_media(mention: Mention | None) -> bool:
    """Whether a mention is of a news outlet, which reports what others say: known as one, or a name unknown."""
    named = bool(mention and mention.name and mention.name.level == "media")
    return named or bool(mention and mention.type == "cap")


@frame("said")
def said(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Someone said something: speaker, content, date, venue, and the stretch that is theirs."""
    mention = match.part("speaker") or match.part("document")
    if mention is None:
        return
    speaker = speaking(reading, sentence, match, mention)
    if speaker is None:
        return
    rule = match.rule.name
    statement = statement_of(reading, speaker, _day_of(match))
    sentence.statement = statement
    start, end = match.start, _verb_end(match)
    if "lead" in match.spans:
        start = match.spans["lead"][0]
    elif "speaker" in match.spans:
        start = match.spans["speaker"][0]
    if "also" in match.spans:
        start = match.spans["also"][0]
    reporter = _reporter(reading, match)
    outer = reading.source_at(sentence, match.start, match.end)
    reporters = tuple(r for r in (reporter, *outer.speakers) if r and r != speaker)
    own = is_media(mention)
    predicate = "reported by" if own else "speaker"
    told = FACT
    if outer.status != "fact" and not own:
        told = Source("attributed-claim", outer.speakers)
    if sentence.block.zone == "headline":
        sentence.scopes.append(
            (*match.spans.get("content", (start, end)), Source("attributed-claim", (speaker,)))
        )
        return
    if mention.type == "document":
        _published(reading, statement, speaker, mention, rule)
    else:
        reading.draft.add(STATEMENT, statement, predicate, speaker, (start, end), rule, told)
    _quoted_speaker(reading, match, speaker)
    if reporter:
        span = match.spans.get("telling", match.spans.get("reporter", (start, end)))
        reading.draft.add(STATEMENT, statement, "reported by", reporter, span, rule, told)
    source = Source("attributed-claim", (speaker,), reporters)
    if "type" in match.spans:
        printed = reading.words(*match.spans["type"])
        span = match.spans["type"]
        reading.draft.add(STATEMENT, statement, "document type", printed, span, rule)
    _dates(reading, match, statement)
    event = match.part("event")
    if event is not None and not own:
        about = event_of(reading, sentence, event)
        span = match.spans.get("about", (event.start, event.end))
        reading.draft.add(STATEMENT, statement, "about", about, span, rule, told)
    if "content" not in match.spans or match.rule.option("content") == "none":
        return
    if match.rule.option("onward"):
        for other in reading.sentences:
            if other.block_number == sentence.block_number and other.start > sentence.start:
                other.scopes.append((other.start, other.end, source))
    if match.rule.option("content") == "scope" or (own and _NESTED.search(match.words["content"])):
        sentence.scopes.append((*match.spans["content"], source))
    else:
        _content(reading, sentence, match, statement, source)
    if "rest" in match.spans:
        start, end = match.spans["rest"]
        sentence.scopes.append((start, end, source))
        add_contents(reading, sentence, statement, (start, end), rule, source)
        add_quotations(reading, sentence, statement, (start, end), rule, source)


def speaking(reading: Reading, sentence: Sentence, match: Match, mention: Mention) -> str | None:
    """The node of who speaks: a person or body, or unnamed holders of a post ("the defense minister")."""
    if mention.type == "post":
        start, end = match.spans.get("lead", (mention.start, mention.start))
        return reading.group(start if end > start else mention.start, mention.end)
    if match.words.get("also"):
        return reading.group(match.spans["also"][0], mention.end)
    if mention.type == "pronoun":
        # "In X's announcement of Y's death, he says": not Y.
        owner = _OWNER.match(sentence.encoded.text)
        if owner:
            return reading.actor(sentence.encoded.mentions_in(*owner.span())[0])
        speaker = _goes_on_speaking(reading, sentence, mention)
        if speaker is not None:
            return speaker
    return reading.actor(mention)


def _goes_on_speaking(reading: Reading, sentence: Sentence, pronoun: Mention) -> str | None:
    """Who spoke in the sentence before, where "he" or "she" adds to it."""
    earlier = [
        s
        for s in reading.sentences
        if s.start < sentence.start and s.block_number == sentence.block_number
    ]
    said_by = earlier[-1].statement if earlier else None
    speaker = speaker_of(reading, said_by) if said_by else None
    is_one = reading.words(pronoun.start, pronoun.end).casefold() in ("he", "she")
    if speaker is None or not is_one:
        return None
    return speaker if reading.draft.node(speaker).type in ("person", "person-group") else None


def _without_other_speakers(sentence: Sentence, start: int, end: int) -> tuple[int, int]:
    """What was said, up to where somebody else speaks: "…, but one official said"."""
    encoded = sentence.encoded
    first = next((p for p in range(len(encoded.text)) if encoded.start_of(p) >= start), None)
    found = _next_speaker().search(encoded.text, first) if first is not None else None
    cut = encoded.start_of(found.start()) if found else end
    return (start, cut) if start + _SHORTEST < cut < end else (start, end)


def _published(
    reading: Reading, statement: str, publisher: str, mention: Mention, rule: str
) -> None:
    """What a document says is its publisher's; that "the X statement said" something tells no publisher anew."""
    if mention.words.get("noun") != "statement":
        span = (mention.start, mention.end)
        reading.draft.add(STATEMENT, statement, "published by", publisher, span, rule)


def _quoted_speaker(reading: Reading, match: Match, outlet: str) -> None:
    """Those whom an outlet quotes speak; that they did is the outlet's word."""
    mention = match.part("quoted")
    speaker = reading.actor(mention) if mention else None
    if mention and speaker:
        statement = statement_of(reading, speaker)
        source = Source("attributed-claim", (outlet,))
        span = (mention.start, match.end)
        rule = match.rule.name
        reading.draft.add(STATEMENT, statement, "speaker", speaker, span, rule, source)


def _verb_end(match: Match) -> int:
    ends = [match.spans[name][1] for name in ("upto", "verb") if name in match.spans]
    return max(ends, default=match.end)


def _reporter(reading: Reading, match: Match) -> str | None:
    for name in ("addressee", "reporter", "interviewer"):
        mention = match.part(name)
        if mention and is_media(mention):
            return reading.actor(mention)
    return None


def _dates(reading: Reading, match: Match, statement: str) -> None:
    mention = _day_of(match)
    if mention is not None:
        value = reading.date(mention)
        span = (mention.start, mention.end)
        reading.draft.add(STATEMENT, statement, "stated on", value, span, match.rule.name, INFERRED)


def _day_of(match: Match) -> Mention | None:
    """When something was said; "in the past" is no time."""
    found = (match.part(name) for name in ("when", "later", "early", "ahead", "ahead2", "ahead3"))
    mention = next((each for each in found if each is not None), None)
    past = mention and isinstance(mention.value, When) and mention.value.relative == "past"
    return None if past else mention


def _content(
    reading: Reading, sentence: Sentence, match: Match, statement: str, source: Source
) -> None:
    start, end = _without_other_speakers(sentence, *match.spans["content"])
    sentence.scopes.append((start, end, source))
    denied = match.words.get("verb", "").casefold() in ("denied", "denies", "deny")
    if denied:
        sentence.denied.append((start, end))
    add_contents(
        reading, sentence, statement, (start, end), match.rule.name, source, negated=denied
    )
    add_quotations(reading, sentence, statement, (start, end), match.rule.name, source)


def add_contents(
    reading: Reading,
    sentence: Sentence,
    statement: str,
    span: tuple[int, int],
    rule: str,
    source: Source,
    *,
    negated: bool = False,
) -> None:
    """What was said, or denied, clause by clause."""
    for start, end in clauses(sentence, *span):
        words = reading.words(start, end).strip(" ,.;“”\"'")
        if len(words.split()) < 3:
            continue
        inner = _without_marks(reading.text, start, end)
        if re.search(
            r"\b(?:is|are|was|were|has|have|had|would|will|can|could|[a-z]{2,}ed|[a-z]+s|took|did|hit|drove|left)\b",
            words,
        ):
            reading.draft.add(
                STATEMENT, statement, "content", words, inner, rule, source, negated=negated
            )


def _without_marks(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without blanks and, where nothing else is quoted in it, without its outer marks."""
    while start < end and text[start] in ' ,“"':
        start += 1
    while end > start and text[end - 1] in ' ,”"':
        end -= 1
    if "“" in text[start:end] and end < len(text) and text[end] == "”":
        end += 1
    return start, end


def clauses(sentence: Sentence, start: int, end: int) -> list[tuple[int, int]]:
    """The clauses of a stretch of a sentence."""
    encoded = sentence.encoded
    positions = [p for p in range(len(encoded.text)) if start <= encoded.start_of(p) < end]
    if not positions:
        return [(start, end)]
    first, last = positions[0], positions[-1] + 1
    found, position = [], first
    for cut in _CLAUSES.finditer(encoded.text, first, last):
        if cut.start() > position:
            found.append((encoded.start_of(position), encoded.end_of(cut.start())))
        position = cut.end()
    if position < last:
        found.append((encoded.start_of(position), min(end, encoded.end_of(last))))
    return found


def add_quotations(
    reading: Reading,
    sentence: Sentence,
    statement: str,
    span: tuple[int, int],
    rule: str,
    source: Source,
) -> None:
    """Direct quotations of three words or more: shorter ones are held at arm's length, unless they end the clause."""
    block = sentence.block
    for quotation in find_quotations(reading.text, block.start, block.end):
        if quotation.start < span[0] - 2 or quotation.end > span[1] + 2:
            continue
        inner = reading.words(*quotation.inner)
        if len(inner.split()) >= 3 or inner.endswith((".", ",", "!", "?")):
            reading.draft.add(
                STATEMENT,
                statement,
                "direct quote",
                inner,
                (quotation.start, quotation.end),
                rule,
                source,
            )


@frame("denounced")
def denounced(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Someone spoke for or against something; what they said is not told."""
    mention = match.part("speaker")
    speaker = reading.actor(mention) if mention else None
    if speaker is None or not reading.is_asserted(sentence, match.start, match.end):
        return
    statement = statement_of(reading, speaker)
    sentence.statement = statement
    span = match.start, _object_end(sentence, match.end)
    source = reading.source_at(sentence, match.start, match.end)
    reading.draft.add(STATEMENT, statement, "speaker", speaker, span, match.rule.name, source)


def _object_end(sentence: Sentence, end: int) -> int:
    """The end of the clause that goes on from there."""
    encoded = sentence.encoded
    rest = "".join(s for p, s in enumerate(encoded.text) if encoded.start_of(p) >= end)
    first = next((p for p in range(len(encoded.text)) if encoded.start_of(p) >= end), None)
    cut = re.search(r"[,;.:]| and (?=<?(?:said|says|that|called))|$", rest)
    return encoded.end_of(first + cut.start()) if first is not None and cut and cut.start() else end


@frame("scope")
def scope(_reading: Reading, sentence: Sentence, match: Match) -> None:
    """A stretch that nobody in particular vouches for: "are believed to have been killed"."""
    sentence.scopes.append((match.start, match.end, Source("attributed-claim")))


@frame("claimed event")
def claimed_event(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A claim of responsibility: that it was made is a fact, that they did it is their claim."""
    mention, event = match.part("speaker"), match.part("event")
    speaker = reading.actor(mention) if mention else None
    if speaker is None or event is None or mention is None:
        return
    statement = statement_of(reading, speaker)
    sentence.statement = statement
    rule = match.rule.name
    reading.draft.add(STATEMENT, statement, "speaker", speaker, (match.start, match.end), rule)
    node = event_of(reading, sentence, event)
    source = Source("attributed-claim", (speaker,))
    span = match.spans.get("claim", (match.start, match.end))
    kind: Kind = "strike" if reading.draft.node(node).type == "strike" else "event"
    reading.draft.add(kind, node, "carried out by", speaker, span, rule, source)


@frame("and said")
def and_said(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A second verb of speech for the same speaker: "announced the strikes and noted that …"."""
    if sentence.statement is None:
        return
    speaker = speaker_of(reading, sentence.statement)
    source = Source("attributed-claim", (speaker,) if speaker else ())
    _content(reading, sentence, match, sentence.statement, source)


@frame("said before")
def said_before(reading: Reading, sentence: Sentence, match: Match) -> None:
    """What "the statement" says: theirs who made the last one."""
    earlier = [s for s in reading.sentences if s.start < sentence.start and s.statement]
    if sentence.statement is not None or not earlier:
        return
    statement = earlier[-1].statement
    speaker = speaker_of(reading, statement) if statement else None
    if statement is None or speaker is None:
        return
    sentence.statement = statement
    name = "content" if "content" in match.spans else "first"
    source = Source("attributed-claim", (speaker,))
    sentence.scopes.append((*match.spans[name], source))
    rule = match.rule.name
    add_contents(reading, sentence, statement, match.spans[name], rule, source)
    add_quotations(reading, sentence, statement, match.spans[name], rule, source)


def speaker_of(reading: Reading, statement: str) -> str | None:
    """Who made a statement."""
    for assertion in reading.draft.assertions():
        if assertion.subject == statement and assertion.predicate in ("speaker", "reported by"):
            return assertion.object
    return None


@frame("blamed")
def blamed(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Somebody says that another did it: their claim, not a fact."""
    mention, other = match.part("speaker"), match.part("blamed")
    speaker = reading.actor(mention) if mention else None
    actor = reading.actor(other) if other else None
    if speaker is None or actor is None:
        return
    node = event_of(reading, sentence, match.part("event"))
    kind: Kind = "strike" if reading.draft.node(node).type == "strike" else "event"
    source = Source("attributed-claim", (speaker,))
    span = (match.start, match.end)
    reading.draft.add(kind, node, "carried out by", actor, span, match.rule.name, source)
