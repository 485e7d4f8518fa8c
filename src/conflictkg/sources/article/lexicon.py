"""Names that are known: from the gazetteers and from the graph's own labels."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from rdflib import RDF, SKOS, Graph, Literal, URIRef

from conflictkg import files
from conflictkg.iris import BASE
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Mention, Name
from conflictkg.sources.article.spelling import same_spelling

_GRAPH_CLASSES = {"Organization": "org", "Person": "person", "Place": "place"}
MIN_PARTS_TO_MISSPELL = 3
"""Words and the blanks or hyphens between them: two words make three."""
_LABELS = (SKOS.prefLabel, SKOS.altLabel, SKOS.hiddenLabel)


@dataclass(frozen=True, slots=True)
class Entry:
    """One printed form of a name."""

    printed: str
    type: str
    name: Name


def key_of(label: str) -> str:
    """A key for a name: letters and digits in lower case, hyphens between.

    >>> key_of("The Washington Post"), key_of("Al-Qa’ida")
    ('washington-post', 'al-qa-ida')
    """
    words = re.findall(r"[a-z0-9]+", label.casefold().replace("ʿ", ""))
    return "-".join(words[1:] if words[:1] == ["the"] and len(words) > 1 else words) or "thing"


def _fold(text: str) -> str:
    return text.translate(str.maketrans("’‘–", "''-"))


class Lexicon:
    """Every known printed form, found by its first word."""

    def __init__(self, entries: list[Entry]) -> None:
        self._by_first: dict[str, list[Entry]] = {}
        seen: set[str] = set()
        for entry in entries:
            printed = _fold(entry.printed)
            if printed in seen:
                continue
            seen.add(printed)
            first = _first_word(printed)
            self._by_first.setdefault(first, []).append(replace(entry, printed=printed))
        for found in self._by_first.values():
            found.sort(key=lambda entry: -len(entry.printed))

    def find(self, text: str, start: int, end: int) -> Iterator[Mention]:
        """Known names in a stretch of normalized text: from left to right, the longest first.

        Several words match without regard to case where the first letter is a capital or the form itself
        begins with a small letter; a single word matches exactly.
        """
        position = start
        for match in re.compile(r"\w+").finditer(text, start, end):
            if match.start() < position:
                continue
            entries = self._by_first.get(match.group().casefold(), ())
            found = next((e for e in entries if _fits(text, match.start(), end, e.printed)), None)
            stop = match.start() + len(found.printed) if found else 0
            for entry in entries:
                # A longer name with one word misspelt is meant rather than its beginning.
                misspelt = _misspelt_end(text, match.start(), end, entry.printed)
                if misspelt > stop:
                    found, stop = entry, misspelt
                    break
            if found is not None:
                yield Mention(found.type, match.start(), stop, found.name)
                position = stop


def _first_word(printed: str) -> str:
    match = re.search(r"\w+", printed)
    return match.group().casefold() if match else printed.casefold()


def _fits(text: str, start: int, end: int, printed: str) -> bool:
    stop = start + len(printed)
    found = text[start:stop]
    if stop > end or (stop < len(text) and (text[stop].isalnum() or text[stop] == "_")):
        return False
    if start and (text[start - 1].isalnum() or text[start - 1] in "-_'@#/"):
        return False
    if found == printed:
        return True
    several = " " in printed or "-" in printed
    return several and found.casefold() == printed.casefold() and found[0].isupper()


def _misspelt_end(text: str, start: int, end: int, printed: str) -> int:
    """Where a name of several words ends that has one of them misspelt; 0 where it does not stand there."""
    words = re.split(r"([ -]+)", printed)
    if len(words) < MIN_PARTS_TO_MISSPELL or (start and text[start - 1].isalnum()):
        return 0
    stretch = re.compile(rf"\w+(?:[ -]\w+){{{len(words) // 2}}}").match(text, start, end)
    if stretch is None or (not stretch.group()[0].isupper() and stretch.group()[0] != printed[0]):
        return 0
    there = re.split(r"([ -]+)", stretch.group())
    wrong = [(a, b) for a, b in zip(words, there, strict=True) if a.casefold() != b.casefold()]
    if len(wrong) != 1 or not wrong[0][1][:1].isupper():
        return 0
    left, right = (each.casefold() for each in wrong[0])
    # Plurals and adjectives of a word are other words, not misspellings of it.
    if left.startswith(right) or right.startswith(left) or not same_spelling(left, right):
        return 0
    return stretch.end()


@cache
def load_lexicon() -> Lexicon:
    """The lexicon of the gazetteers and of the graph at hand."""
    graph_names = _graph_entries(files.data_files())
    known = {_fold(entry.printed).casefold(): entry for entry in graph_names}
    entries = [_merge(entry, known) for entry in _gazetteer_entries()]
    return Lexicon([*entries, *(entry for entry in graph_names if _is_safe(entry))])


def find_entity(node_type: str, name: Name) -> str | None:
    """The registry's key for a thing that a text names, where it has just one of that type and name.

    A person known by one word stays unlinked: it may be anybody's name.
    """
    by_label = _registered().get((node_type, _fold(name.label).casefold()), frozenset())
    if len(by_label) == 1 and (node_type != "person" or " " in name.label):
        return next(iter(by_label))
    of_gazetteer = name.entity or ""
    return of_gazetteer if of_gazetteer.startswith(f"{node_type}/") else None


@cache
def _registered() -> dict[tuple[str, str], frozenset[str]]:
    """Node type and folded name to the registry's keys."""
    found: dict[tuple[str, str], frozenset[str]] = {}
    for entry in _graph_entries(files.data_files()):
        entity = entry.name.entity or ""
        place = (entity.partition("/")[0], _fold(entry.printed).casefold())
        found[place] = found.get(place, frozenset()) | {entity}
    return found


def _is_safe(entry: Entry) -> bool:
    """Whether a label may be looked for in texts.

    A person's single-word label may not: half the region is called Wali. Nor may a name within a name
    ("A's B"): the two are found one by one.
    """
    if entry.type == "person":
        return " " in entry.printed
    return "'s " not in _fold(entry.printed)


def _merge(entry: Entry, known: dict[str, Entry]) -> Entry:
    """Give a gazetteer name the graph's entity where the graph has one of that name and type."""
    for printed in (entry.printed, entry.name.label):
        found = known.get(_fold(printed).casefold())
        if found and (found.type == entry.type or {found.type, entry.type} <= {"place", "country"}):
            return replace(entry, name=replace(entry.name, entity=found.name.entity))
    return entry


def _gazetteer_entries() -> list[Entry]:
    entries = []
    for record in load_lookup("gazetteers/organizations.toml")["organization"]:
        label = record["label"]
        name = Name(
            key=key_of(label),
            label=label,
            level=record["level"],
            country=record.get("country", ""),
            parent=record.get("parent", ""),
        )
        entries += [Entry(form, "org", name) for form in (label, *record.get("names", ()))]
    for record in load_lookup("gazetteers/countries.toml")["country"]:
        label = record["label"]
        name = Name(key=key_of(label), label=label, level="state", country=label)
        entries += [Entry(form, "country", name) for form in (label, *record.get("names", ()))]
        entries += [Entry(form, "demonym", name) for form in record["demonyms"]]
    for printed in (
        n for group in load_lookup("gazetteers/places.toml")["places"].values() for n in group
    ):
        entries.append(
            Entry(printed, "place", Name(key_of(printed.removesuffix(" Agency")), printed))
        )
    return entries


@cache
def _graph_entries(paths: tuple[Path, ...]) -> tuple[Entry, ...]:
    """Labels of organizations, persons and places in the registry graph, where there is one."""
    entries: list[Entry] = []
    for path in paths:
        if path.name != "entities.ttl":
            continue
        graph = Graph().parse(path, format="turtle", publicID=BASE)
        for name, kind in _GRAPH_CLASSES.items():
            for subject in sorted(
                map(str, graph.subjects(RDF.type, URIRef(f"{BASE}ontology#{name}")))
            ):
                entries += _labels_of(graph, subject, kind)
    return tuple(entries)


def _labels_of(graph: Graph, iri: str, kind: str) -> list[Entry]:
    if not iri.startswith(BASE + "id/"):
        return []
    subject = URIRef(iri)
    preferred = [str(o) for o in graph.objects(subject, SKOS.prefLabel)]
    label = min(preferred) if preferred else str(subject)
    name = Name(key_of(label), label, entity=str(subject).removeprefix(BASE + "id/"))
    printed = {
        str(o)
        for prop in _LABELS
        for o in graph.objects(subject, prop)
        if isinstance(o, Literal) and o.language in (None, "en") and len(str(o)) > 1
    }
    return [Entry(form, kind, name) for form in sorted(printed)]
