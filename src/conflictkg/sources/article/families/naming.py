"""Names as the article prints them: first mentions, abbreviations, short forms, variants."""

import re
from dataclasses import dataclass

from conflictkg.sources.article.annotations import Kind
from conflictkg.sources.article.draft import FACT, INFERRED
from conflictkg.sources.article.families.frames import frame
from conflictkg.sources.article.lexicon import key_of, load_lexicon
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Mention, Name
from conflictkg.sources.article.patterns import Match
from conflictkg.sources.article.reading import Reading, Sentence, bare, dateline
from conflictkg.sources.article.shortnames import fold_name

_SMALL = frozenset(["of", "the", "and", "for", "in", "on", "to", "al", "e"])
_COUNTRY = load_lookup("rules/placenames.toml")["country"]
_BEFORE_PLACE = re.compile(_COUNTRY["before"], re.IGNORECASE)
_TITLE = re.compile(r"\b(?:Sheikh|Shaykh|Sheik) (?:\Z|(?=[A-Z]\S+ ))")
_UNNAMED_BODY = re.compile(r"\b(?:troops|intelligence|commandos|soldiers)$")
_AFTER_PLACE = re.compile(_COUNTRY["after"])


@dataclass(frozen=True, slots=True)
class _Printed:
    """One mention of a name: its words, where they stand, and in which zone."""

    words: str
    mention: Mention
    headline: bool


def read_names(reading: Reading) -> None:
    """Write the first mention of every organization, person and place, and how else they are called."""
    aliases = {
        (a.start, a.end) for a in reading.draft.assertions() if a.predicate in ("printed variant",)
    }
    _dateline_names(reading)
    found: dict[tuple[str, str], list[_Printed]] = {}
    names: dict[str, str] = {}
    for sentence in reading.sentences:
        headline = sentence.block.zone == "headline"
        for mention in sentence.mentions("org", "country", "inst", "place", "person"):
            node, kind = _node_of(reading, sentence, mention)
            if node is None:
                continue
            inner = bare(mention) if kind == "person" else mention
            if sentence.block.zone == "author-bio" and (
                kind == "place" or mention.words.get("short")
            ):
                continue
            if (inner.start, inner.end) in aliases:
                continue
            words = reading.words(inner.start, inner.end)
            found.setdefault((node, kind), []).append(_Printed(words, inner, headline))
            names[node] = reading.draft.node(node).label
    for (node, kind), mentions in found.items():
        if kind == "place":
            if not reading.draft.has("place", node, "name"):
                _add(reading, "place", node, mentions[0].mention)
            _place_variants(reading, node, mentions)
        elif kind == "person":
            _person(reading, node, mentions)
        else:
            _organization(reading, node, names[node], mentions)


def _node_of(reading: Reading, sentence: Sentence, mention: Mention) -> tuple[str | None, str]:
    if mention.type == "country":
        return _country(reading, sentence, mention)
    if mention.type == "place":
        return reading.place(mention), "place"
    if mention.type == "inst" and _UNNAMED_BODY.search(reading.norm[mention.start : mention.end]):
        return None, ""
    return reading.actor(mention), "person" if mention.type == "person" else "organization"


def _add(reading: Reading, kind: Kind, node: str, mention: Mention) -> None:
    words = reading.words(mention.start, mention.end)
    reading.draft.add(
        kind, node, "name", words, (mention.start, mention.end), "names.first-mention"
    )


def _person(reading: Reading, node: str, mentions: list[_Printed]) -> None:
    full = max((m.words for m in mentions), key=len)
    first = next(m for m in mentions if m.words == full)
    _add(reading, "person", node, first.mention)
    _titled(reading, node, mentions)
    shorter = [
        each for each in mentions if each.words != full and fold_name(each.words) in fold_name(full)
    ]
    shorter = [each for each in shorter if fold_name(each.words) != fold_name(full)]
    # In the body after the full name, where it is told who is meant; else anywhere.
    later = [each for each in shorter if each.mention.start > first.mention.start]
    for each in (later or shorter)[:1]:
        span = (each.mention.start, each.mention.end)
        reading.draft.add("alias", node, "short name", each.words, span, "names.short-name")


def _titled(reading: Reading, node: str, mentions: list[_Printed]) -> None:
    """The name with a title in front, where it is printed so."""
    if not any(not _TITLE.match(each.words) for each in mentions):
        return
    for each in mentions:
        start, end = each.mention.start, each.mention.end
        found = _TITLE.search(reading.norm, max(0, start - 12), start)
        if found:
            start = found.start()
        elif not _TITLE.match(each.words + " "):
            continue
        words = reading.words(start, end)
        reading.draft.add("alias", node, "printed variant", words, (start, end), "names.titled")
        return


def _place_variants(reading: Reading, node: str, mentions: list[_Printed]) -> None:
    """A place that is spelt otherwise, or with "Agency" after its name, further on."""
    first = mentions[0].words.casefold()
    for each in mentions[1:]:
        words = each.words.casefold()
        if (words not in first and first not in words) or words == f"{first} agency":
            span = (each.mention.start, each.mention.end)
            form = each.words
            reading.draft.add("alias", node, "printed variant", form, span, "names.variant")
            return


def _organization(reading: Reading, node: str, label: str, mentions: list[_Printed]) -> None:
    """The name at the first mention that prints it in full; abbreviations and short forms at theirs."""
    forms = {m.words for m in mentions}
    first = next((m for m in mentions if not _is_less(m, forms, label)), mentions[0])
    _add(reading, "organization", node, first.mention)
    done: set[str] = set()
    if label == "United States":
        return
    told = {a.text for a in reading.draft.assertions() if a.kind == "alias" and a.subject == node}
    for each in mentions:
        form = each.words
        if (
            form in told
            or form in done
            or form.removeprefix("The ") == first.words.removeprefix("The ")
        ):
            continue
        done.add(form)
        _alias(reading, node, first, form, label, mentions)
    wrong_case = first.words != label and first.words.casefold() == label.casefold()
    if wrong_case and first.words[0] == label[0] and label in forms:
        span = (first.mention.start, first.mention.end)
        reading.draft.add("alias", node, "printed variant", first.words, span, "names.variant")


def _is_less(each: _Printed, forms: set[str], label: str) -> bool:
    """Whether a fuller or more usual form is printed elsewhere."""
    if label == "United States":
        return each.headline and label in forms
    if each.words.casefold() == label.casefold():
        return False
    longer = [f for f in forms if f != each.words and len(f) > len(each.words)]
    if is_abbreviation(each.words, label) or (each.words.isupper() and " " not in each.words):
        return bool(longer)
    if any(each.words in f for f in longer):
        return True
    return each.headline and (label in forms or (each.words.endswith(".") and len(forms) > 1))


def _alias(
    reading: Reading,
    node: str,
    first: _Printed,
    form: str,
    label: str,
    mentions: list[_Printed],
) -> None:
    """Another printed form of an organization."""
    after = [m for m in mentions if m.words == form and m.mention.start > first.mention.start]
    anywhere = [m for m in mentions if m.words == form]
    short = " " not in form and sum(map(str.isupper, form)) >= 2
    if short and (
        is_abbreviation(form, first.words) or is_abbreviation(form, label) or form.isupper()
    ):
        mention = anywhere[0].mention
        end = _possessed_end(reading, mention)
        source = FACT if end == mention.end and mention.start > first.mention.start else INFERRED
        span = (mention.start, end)
        reading.draft.add("alias", node, "abbreviation", form, span, "names.abbreviation", source)
    elif form in first.words and after:
        span = (after[0].mention.start, after[0].mention.end)
        reading.draft.add("alias", node, "short name", form, span, "names.short-name")
    elif form.casefold() == first.words.casefold():
        return
    elif not after:
        _headline_form(reading, node, anywhere[0])
    else:
        span = (after[0].mention.start, after[0].mention.end)
        reading.draft.add("alias", node, "printed variant", form, span, "names.variant")


def _headline_form(reading: Reading, node: str, printed: _Printed) -> None:
    """A form that only the headline has: "Defense Dept."."""
    if printed.headline and "." in printed.words:
        span = (printed.mention.start, printed.mention.end)
        words = printed.words
        reading.draft.add("alias", node, "printed variant", words, span, "names.headline-form")


def _possessed_end(reading: Reading, mention: Mention) -> int:
    """The end of what an abbreviation owns: "FDD's Long War Journal" shows what FDD is."""
    for sentence in reading.sentences:
        for other in sentence.mentions("org"):
            if other.start == mention.end + 3 and reading.norm[mention.end : other.start] == "'s ":
                return other.end
    return mention.end


def _dateline_names(reading: Reading) -> None:
    """City and agency before the first sentence."""
    for block in reading.blocks:
        found = dateline(reading.norm, block)
        if found is None:
            continue
        city = found.group("city").strip()
        span = found.span("city")[0], found.span("city")[0] + len(city)
        node = reading.draft.named("place", Name(key_of(city), city.title()))
        reading.draft.add("place", node, "name", city, span, "names.dateline")
        country = found.group("country")
        for state in load_lexicon().find(country or "", 0, len(country or "")):
            if state.type == "country" and state.name and found.span("country")[0] >= 0:
                start = found.span("country")[0] + state.start
                node = reading.draft.named("place", state.name)
                span = start, start + state.end - state.start
                reading.draft.add(
                    "place", node, "name", reading.words(*span), span, "names.dateline"
                )
        outlet = found.group("outlet")
        if outlet:
            name = Name(key_of(outlet), outlet, level="media")
            node = reading.draft.named("organization", name)
            span = found.span("outlet")
            reading.draft.add("organization", node, "name", outlet, span, "names.dateline")


def _country(reading: Reading, sentence: Sentence, mention: Mention) -> tuple[str | None, str]:
    """A state's name is a place after "in", an actor before a verb or a noun of its doing."""
    if mention.name is None:
        return None, ""
    if mention.name.key == "united-states":
        return reading.actor(mention), "organization"
    before = reading.norm[max(sentence.start, mention.start - 30) : mention.start]
    after = reading.norm[mention.end : mention.end + 40]
    owns = re.match(r"'s (?!\w+ern)", after) is not None and not _AFTER_PLACE.match(after)
    if (_BEFORE_PLACE.search(before) and not owns) or _AFTER_PLACE.match(after):
        return reading.place(mention), "place"
    return None, ""


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
    words = list(re.findall(r"[A-Za-z]+", full))
    initials = "".join(w[0] for w in words).upper()
    without = "".join(w[0] for w in words if w.casefold() not in _SMALL).upper()
    return letters.upper() in (initials, without) or (
        len(words) > 1 and without.startswith(letters.upper()[:2]) and len(letters) > 3
    )


@frame("abbreviation")
def abbreviation(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """A name with its abbreviation: "US Central Command, or CENTCOM", "(TTP)"."""
    full, short = match.part("full"), match.part("short")
    if full is None or short is None:
        return
    words = reading.words(short.start, short.end)
    node = reading.actor(full)
    known = node is not None and short.type == "org" and reading.actor(short) == node
    capitals = sum(map(str.isupper, words)) >= 2
    if node and re.fullmatch(r"[A-Z][A-Za-z.-]{1,9}", words) and (capitals or known):
        span = (match.start, match.end)
        reading.draft.add("alias", node, "abbreviation", words, span, match.rule.name)


@frame("gloss")
def gloss(reading: Reading, _sentence: Sentence, match: Match) -> None:
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
def also_known_as(reading: Reading, _sentence: Sentence, match: Match) -> None:
    """Another name in apposition."""
    mention = match.part("who")
    node = reading.actor(mention) if mention else None
    if node and "alias" in match.words:
        span = match.spans["alias"]
        words = reading.words(*span)
        reading.draft.add("alias", node, "printed variant", words, span, match.rule.name)


@frame("described")
def described(reading: Reading, _sentence: Sentence, match: Match) -> None:
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
                reading.draft.add(
                    "alias", fits[0], "described as", words, span, "names.headline-post"
                )
