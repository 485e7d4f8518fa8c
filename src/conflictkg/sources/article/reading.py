"""A text being read: its sentences with their mentions, what the mentions stand for, whose words they are."""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from conflictkg.sources.article.annotations import DateValue, NodeType
from conflictkg.sources.article.dates import resolve
from conflictkg.sources.article.draft import FACT, Draft, Source
from conflictkg.sources.article.lexicon import key_of
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Encoded, Mention, Name, When
from conflictkg.sources.article.names import find_names, is_honorific, is_person_part
from conflictkg.sources.article.patterns import apply_chunks, compile_pattern, load_rules
from conflictkg.sources.article.sentences import split_sentences
from conflictkg.sources.article.shortnames import fold_name, short_names
from conflictkg.sources.article.zones import Block, normalize, split_blocks

_GROUPS = ("armed-group", "faction", "alliance")
_ACTOR_TYPES = {"org", "country", "demonym", "inst"}


@dataclass(slots=True)
class Sentence:
    """A sentence with its mentions, and the stretches of it that are somebody else's words."""

    start: int
    end: int
    block: Block
    block_number: int
    encoded: Encoded
    names: Encoded
    """The sentence with names, places and officials only, before phrases are put together."""
    phrases: Encoded
    """The sentence with phrases, before persons are put together with what they are."""
    scopes: list[tuple[int, int, Source]] = field(default_factory=list)
    denied: list[tuple[int, int]] = field(default_factory=list)
    """Stretches that somebody denies."""
    event: str | None = None
    """The event that the sentence tells of."""
    statement: str | None = None
    """The statement that the sentence reports."""

    def mentions(self, *types: str) -> Iterator[Mention]:
        """Mentions of these types, those inside of others included, from left to right."""
        found = [part for mention in self.phrases.mentions for part in mention.all_parts()]
        yield from sorted(
            (each for each in found if each.type in types), key=lambda each: (each.start, -each.end)
        )

    @property
    def is_narrative(self) -> bool:
        """Whether rules may read assertions in it: not in headings, biographies and bylines."""
        return self.block.kind != "heading" and self.block.zone in ("headline", "body")


class Reading:
    """One article: sentences, mentions, coreference, date. Families of rules read from it and write to ``draft``."""

    def __init__(self, text: str, issued: datetime.date | None = None) -> None:
        self.text = text
        self.norm = normalize(text)
        self.blocks = split_blocks(text)
        self.draft = Draft(text)
        self.issued = issued
        self.year: int | None = issued.year if issued else None
        self._persons: dict[str, Name] = {}
        self._things: dict[str, tuple[str, Name]] = {}
        self.sentences = self._read()
        self._learn_persons()
        self.sentences = self._read()
        self._local: dict[tuple[str, str], str] = {}
        self._seen: set[tuple[str, ...]] = set()
        self.levels: dict[str, str] = {}
        """Level of the organizations met so far, by node."""

    def _read(self) -> list[Sentence]:
        stages = [load_rules(stage) for stage in ("chunks", "phrases", "apposition")]
        found = []
        for number, block in enumerate(self.blocks):
            if block.zone not in ("headline", "body", "author-bio"):
                continue
            begin = after_dateline(self.norm, block)
            for start, end in split_sentences(self.norm, begin, block.end):
                mentions = [self._known(m) for m in find_names(self.norm, start, end)]
                names = apply_chunks(stages[0], self.norm, start, end, mentions)
                phrases = apply_chunks(stages[1], self.norm, start, end, names.mentions)
                encoded = apply_chunks(stages[2], self.norm, start, end, phrases.mentions)
                found.append(Sentence(start, end, block, number, encoded, names, phrases))
        return found

    def _learn_persons(self) -> None:
        """What stands alone elsewhere: short forms of persons' names, places and bodies without their noun."""
        names: dict[str, Name] = {}
        for sentence in self.sentences:
            for mention in sentence.mentions("person"):
                if mention.name is not None and " " in mention.name.label:
                    names[mention.name.key] = mention.name
            for type_ in ("place", "org"):
                for mention in sentence.mentions(type_):
                    if mention.name and mention.name.entity is None:
                        self._things.setdefault(mention.name.label, (type_, mention.name))
        self._persons = short_names(names)

    def _known(self, mention: Mention) -> Mention:
        """A lone capitalized word that is a person's short name, as that person."""
        if mention.type not in ("cap", "person") or mention.name is None:
            return mention
        words = mention.name.label
        person = self._persons.get(fold_name(words))
        if person is not None and person.key != mention.name.key:
            return replace(mention, type="person", value=person, words={"short": "1"})
        if mention.type == "person":
            return mention
        if words in self._things and "opening" not in mention.words:
            type_, name = self._things[words]
            return replace(mention, type=type_, value=name)
        if " " not in words and is_person_part(words) and not is_honorific(words):
            return replace(mention, type="person")
        return mention

    def words(self, start: int, end: int) -> str:
        """The article's own words, blanks made uniform."""
        return " ".join(self.text[start:end].split())

    def is_first(self, key: tuple[str, ...]) -> bool:
        """Whether this is the first time that a family asks with this key."""
        if key in self._seen:
            return False
        self._seen.add(key)
        return True

    # What mentions stand for.

    def actor(self, mention: Mention) -> str | None:
        """The node of somebody who acts or speaks."""
        if mention.type == "person" and mention.name:
            return self.draft.named("person", mention.name)
        if mention.type == "inst":
            return self.draft.named("organization", self.institution(mention))
        if mention.type in _ACTOR_TYPES and mention.name:
            name = self._group(mention.name)
            node = self.draft.named("organization", name)
            self.levels[node] = name.level
            return node
        if mention.type == "pronoun":
            return self._antecedent(mention)
        if mention.type in ("officials", "member", "victims"):
            return self.group(mention.start, mention.end)
        if mention.type in ("event", "document", "facility"):
            inner = mention.part("by") or mention.part("org") or mention.part("state")
            return self.actor(inner) if inner else None
        if mention.type == "cap" and mention.name:
            return self.draft.named("organization", mention.name)
        return None

    def _antecedent(self, pronoun: Mention) -> str | None:
        """Whom a pronoun means: the nearest person, or body, before it in this paragraph or the one before."""
        words = self.norm[pronoun.start : pronoun.end].casefold()
        if words == "they":
            return None
        types = ("person",) if words in ("he", "she", "him") else ("org", "inst")
        here = next((s for s in self.sentences if s.start <= pronoun.start < s.end), None)
        named = self._body_named_so(words.removeprefix("the "), pronoun.start)
        if named is not None:
            return self.actor(named)
        for sentence in reversed(self.sentences):
            if here is None or sentence.start > here.start:
                continue
            if sentence.block_number < here.block_number - 2:
                break
            found = [m for m in sentence.mentions(*types) if m.end <= pronoun.start]
            if words.endswith("group"):
                found = [m for m in found if m.name and m.name.level in _GROUPS]
            if found:
                # In another sentence its subject is meant, in the same one the nearest.
                return self.actor(found[-1] if sentence is here else found[0])
        return None

    def _body_named_so(self, noun: str, before: int) -> Mention | None:
        """The last body before a place whose name has a noun, or that is of that kind: "the department"."""
        for sentence in reversed(self.sentences):
            for mention in reversed(list(sentence.mentions("org"))):
                name = mention.name
                if name is None or mention.end > before:
                    continue
                if noun == name.level or noun in name.label.casefold().split():
                    return mention
        return None

    def _group(self, name: Name) -> Name:
        """The Taliban of an article that speaks of the Afghan Taliban are those."""
        if name.key == "taliban":
            for sentence in self.sentences:
                for mention in sentence.mentions("org"):
                    if mention.name and mention.name.key == "afghan-taliban":
                        return mention.name
        return name

    def group(self, start: int, end: int, label: str | None = None) -> str:
        """The node of persons who are told but not named."""
        label = label or self.words(start, end)
        return self._shared("person-group", label, label)

    def institution(self, mention: Mention) -> Name:
        """The name of a body of a state: "the Pakistan military" and "the Pakistani military" are one."""
        state = mention.part("state")
        printed = self.words(mention.start, mention.end)
        if state is None or state.name is None:
            return Name(key_of(printed), printed)
        noun = mention.words.get("noun", "")
        label = f"{_adjective(state.name.label)} {noun}"
        return Name(key_of(label), label, level="state", country=state.name.label)

    def place(self, mention: Mention) -> str | None:
        """The node of a place; a state's territory for a state."""
        name = self.place_name(mention)
        return self.draft.named("place", name) if name else None

    def place_name(self, mention: Mention) -> Name | None:
        """The name of a place, with its kind where the kind tells it apart."""
        if mention.name is None:
            if mention.type == "place":
                words = self.words(mention.start, mention.end)
                return Name(key_of(words), words)
            return None
        kind = mention.words.get("kind", "").casefold()
        label, key = mention.name.label, mention.name.key
        if kind in ("district", "province", "area", "region", "agency", "governorate", "state"):
            label = label if label.casefold().endswith(kind) else f"{label} {kind}"
        if kind in ("province", "district", "governorate"):
            key = key_of(label)  # a province and its capital have one name and are two places
        return replace(mention.name, label=label, key=key)

    def _shared(self, type_: NodeType, key: str, label: str, **fields: object) -> str:
        known = (type_, key.casefold())
        if known not in self._local:
            self._local[known] = self.draft.local(type_, label, label, **fields)
        return self._local[known]

    def shared(self, type_: NodeType, key: str, label: str, **fields: object) -> str:
        """A node of its own kind that further mentions with the same key share."""
        return self._shared(type_, key, label, **fields)

    def date(self, mention: Mention) -> DateValue:
        """A date's value, told from the day of the article."""
        when = mention.value if isinstance(mention.value, When) else When()
        words = self.words(mention.start, mention.end)
        return resolve(when, words, self.issued, self.year)

    # Whose words they are, and whether they are asserted at all.

    def source_at(self, sentence: Sentence, start: int, end: int) -> Source:
        """Whose claim it is what stands there: the innermost stretch of reported speech decides."""
        around = [s for s in sentence.scopes if s[0] <= start + 2 and end - 2 <= s[1]]
        return min(around, key=lambda s: s[1] - s[0])[2] if around else FACT

    def is_asserted(self, sentence: Sentence, start: int, end: int) -> bool:
        """Whether the text asserts what stands there: not asked, denied, supposed or planned."""
        if self.norm[sentence.start : sentence.end].rstrip("\"')").endswith("?"):
            return False
        if any(first <= start and end <= last + 2 for first, last in sentence.denied):
            return False
        encoded = sentence.encoded
        before = "".join(
            sign for position, sign in enumerate(encoded.text) if encoded.start_of(position) < start
        )
        inside = "".join(
            sign
            for position, sign in enumerate(encoded.text)
            if start <= encoded.start_of(position) < end
        )
        barriers = _barriers()
        clause = re.split(barriers["clause"], before)[-1]
        return not barriers["before"].search(clause) and not barriers["inside"].search(inside)

    def is_opinion(self, sentence: Sentence) -> bool:
        """Whether the sentence shows that it judges."""
        return bool(_barriers()["opinion"].search(sentence.encoded.text))


_DATELINE = re.compile(
    r"(?P<city>[A-Z][A-Z.' -]{2,30})(?:, (?P<country>[A-Z][A-Za-z. ]{2,30}?))?"
    r"(?: ?[(](?P<outlet>[^()]{2,40})[)])? ?(?:--|[—–-]) ?"
)


def dateline(norm: str, block: Block) -> re.Match[str] | None:
    """The place and agency before a report's first sentence: "KABUL, Afghanistan (Agency) —"."""
    if block.zone != "body" or block.kind != "paragraph":
        return None
    return _DATELINE.match(norm, block.start, block.end)


def after_dateline(norm: str, block: Block) -> int:
    """Where a paragraph's first sentence begins."""
    found = dateline(norm, block)
    return found.end() if found else block.start


def bare(person: Mention) -> Mention:
    """The name of a person without rank and role."""
    while True:
        inner = person.part("name")
        if inner is None:
            return person
        person = inner


def _adjective(state: str) -> str:
    for record in load_lookup("gazetteers/countries.toml")["country"]:
        if record["label"] == state:
            return "US" if state == "United States" else str(record["demonyms"][0])
    return state


@cache
def _barriers() -> dict[str, re.Pattern[str]]:
    table = load_lookup("rules/modality.toml")
    return {name: compile_pattern("|".join(table[name]["patterns"])) for name in table}
