"""Names as the article prints them: first mentions, abbreviations, short forms, variants."""

import re

from conflictkg.sources.article.annotations import Kind
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.mentions import Mention
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence

_SMALL = frozenset("of the and for in on to al e".split())
_BEFORE_PLACE = re.compile(
    r"(?:\b(?:in|into|from|near|at|across|inside|outside|outside of|throughout|within|around|toward|towards|between|to|through|over|of|leaving|entered|entering)|, and|, or|,| and)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_AFTER_PLACE = re.compile(
    r"'s (?:\w+ )?(?:tribal|northwest|northeast|southwest|southeast|north|south|east|west|northern|southern|eastern|western|northwestern|northeastern|southwestern|southeastern|central|border|province|district|capital|coast|city|region)\b"
)


def read_names(reading: Reading) -> None:
    """Write the first mention of every organization, person and place, and how else they are called."""
    seen: set[tuple[str, str]] = set()
    printed: dict[str, tuple[str, set[str]]] = {}
    for sentence in reading.sentences:
        if sentence.block.kind == "heading" and sentence.block.zone != "body":
            continue
        for mention in sentence.mentions("org", "country", "inst", "place", "person", "demonym"):
            _name(reading, sentence, mention, seen, printed)


def _name(
    reading: Reading,
    sentence: Sentence,
    mention: Mention,
    seen: set[tuple[str, str]],
    printed: dict[str, tuple[str, set[str]]],
) -> None:
    if mention.type == "country":
        _country(reading, sentence, mention, seen)
        return
    if mention.type == "place":
        node = reading.place(mention)
        if node and (node, "place") not in seen:
            seen.add((node, "place"))
            _add(reading, "place", node, mention)
        return
    if mention.type == "demonym":
        return
    node = reading.actor(mention)
    kind: Kind = "person" if mention.type == "person" else "organization"
    if node is None:
        return
    inner = mention
    while inner.part("name") is not None:
        inner = inner.part("name") or inner
    words = reading.words(inner.start, inner.end)
    if (node, kind) not in seen:
        seen.add((node, kind))
        _add(reading, kind, node, inner)
        printed[node] = (words, {words})
        return
    first, known = printed.get(node, (words, set()))
    if words in known or node not in printed:
        return
    known.add(words)
    _alias(reading, node, first, words, inner, kind)


def _add(reading: Reading, kind: Kind, node: str, mention: Mention) -> None:
    words = reading.words(mention.start, mention.end)
    reading.draft.add(kind, node, "name", words, (mention.start, mention.end), "names.first-mention")


def _country(
    reading: Reading, sentence: Sentence, mention: Mention, seen: set[tuple[str, str]]
) -> None:
    """A state's name is a place after "in", an actor before a verb or a noun of its doing."""
    if mention.name is None:
        return
    before = reading.norm[max(sentence.start, mention.start - 30) : mention.start]
    after = reading.norm[mention.end : mention.end + 40]
    words = reading.words(mention.start, mention.end)
    locative = bool(_BEFORE_PLACE.search(before)) and not words.isupper() and not re.match(r"'s (?!\w+ern)", after)
    if locative or _AFTER_PLACE.match(after):
        if mention.name.key not in ("united-states",):
            node = reading.place(mention)
            if node and (node, "place") not in seen:
                seen.add((node, "place"))
                _add(reading, "place", node, mention)
        return
    if words.replace(".", "").isupper() or words == mention.name.label:
        node = reading.actor(mention)
        if node and (node, "organization") not in seen and mention.name.key == "united-states":
            seen.add((node, "organization"))
            _add(reading, "organization", node, mention)


def _alias(
    reading: Reading, node: str, first: str, words: str, mention: Mention, kind: Kind
) -> None:
    """Another printed form of a name that was met before."""
    span = (mention.start, mention.end)
    if kind == "person":
        if words != first and words in first:
            reading.draft.add("alias", node, "short name", words, span, "names.short-name")
        return
    if is_abbreviation(words, first) or is_abbreviation(first, words):
        short = words if len(words) < len(first) else first
        reading.draft.add("alias", node, "abbreviation", short, span, "names.abbreviation")
    elif words.removeprefix("The ") == first.removeprefix("The "):
        return
    elif words.casefold() == first.casefold() or mention.type == "org":
        if words in first:
            reading.draft.add("alias", node, "short name", words, span, "names.short-name")
        else:
            reading.draft.add("alias", node, "printed variant", words, span, "names.variant")


def is_abbreviation(short: str, full: str) -> bool:
    """Whether a word in capitals is made of the first letters of a name.

    >>> is_abbreviation("ISPR", "Inter-Services public relations")
    True
    >>> is_abbreviation("US", "al Qaeda")
    False
    """
    letters = short.replace(".", "").replace("-", "")
    if not 2 <= len(letters) <= 10 or not letters[:2].isupper() or " " in short:
        return False
    words = [w for w in re.findall(r"[A-Za-z]+", full)]
    initials = "".join(w[0] for w in words).upper()
    without = "".join(w[0] for w in words if w.casefold() not in _SMALL).upper()
    return letters.upper() in (initials, without) or (len(words) > 1 and without.startswith(letters.upper()[:2]) and len(letters) > 3)


@frame("abbreviation")
def abbreviation(reading: Reading, sentence: Sentence, match: Match) -> None:
    """A name with its abbreviation: "US Central Command, or CENTCOM", "(TTP)"."""
    full, short = match.part("full"), match.part("short")
    if full is None or short is None:
        return
    words = reading.words(short.start, short.end)
    if not re.fullmatch(r"[A-Z][A-Za-z.-]{1,9}", words) or sum(map(str.isupper, words)) < 2:
        return
    node = reading.actor(full)
    if node:
        span = (match.start, match.end)
        reading.draft.add("alias", node, "abbreviation", words, span, match.rule.name)


@frame("gloss")
def gloss(reading: Reading, sentence: Sentence, match: Match) -> None:
    """An abbreviation spelt out in brackets: "COAS [Chief of Army Staff …]"."""
    title = match.part("post")
    abbreviated = match.part("c")
    if title is None or abbreviated is None:
        return
    short = reading.words(abbreviated.start, abbreviated.end)
    words = reading.words(title.start, title.end)
    if is_abbreviation(short, words):
        node = _post_node(reading, words)
        span = (match.start, match.end)
        reading.draft.add("alias", node, "abbreviation", short, span, match.rule.name)


def _post_node(reading: Reading, words: str) -> str:
    for assertion in reading.draft.assertions():
        if assertion.predicate == "holds post" and assertion.object:
            node = reading.draft.node(assertion.object)
            if node.label.startswith(words):
                return node.id
    return reading.shared("post", words, words)


@frame("also known as")
def also_known_as(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Another name in apposition."""
    mention = match.part("who")
    node = reading.actor(mention) if mention else None
    if node and "alias" in match.words:
        span = match.spans["alias"]
        words = reading.words(*span)
        reading.draft.add("alias", node, "printed variant", words, span, match.rule.name)


@frame("described")
def described(reading: Reading, sentence: Sentence, match: Match) -> None:
    """Words for a person beside the name that name place and group: "X Taliban leader Y"."""
    role, person = match.part("role"), match.part("person")
    if role is None or person is None or role.part("place") is None:
        return
    node = reading.actor(person)
    if node:
        span = (role.start, person.end)
        words = reading.words(role.start, role.end)
        reading.draft.add("alias", node, "described as", words, span, match.rule.name)


def describe_from_headline(reading: Reading) -> None:
    """A headline that tells a person by post: "X army chief says" is who holds that post below."""
    head = [s for s in reading.sentences if s.block.zone == "headline"]
    holders = [
        (a.subject, reading.draft.node(a.object))
        for a in reading.draft.assertions()
        if a.predicate == "holds post" and a.object and a.kind == "role"
    ]
    for sentence in head:
        for mention in sentence.mentions("member"):
            org = mention.part("org") or mention.part("state")
            noun = mention.words.get("noun", "").casefold()
            if org is None or noun not in ("chief", "leader", "head", "commander", "emir"):
                continue
            following = reading.norm[mention.end : mention.end + 12]
            over = reading.actor(org)
            fits = [s for s, post in holders if post.organization == over or over is None]
            if fits and re.match(r"\s+(?:says|said|warns|claims|denies|urges|vows)|$", following):
                words = reading.words(mention.start, mention.end)
                span = (mention.start, mention.end)
                reading.draft.add("alias", fits[0], "described as", words, span, "names.headline-post")


