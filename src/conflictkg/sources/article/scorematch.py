"""Whether one extracted assertion and one item of an answer key say the same."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from conflictkg.sources.article.annotations import (
    Annotations,
    Assertion,
    CountValue,
    DateValue,
    Node,
)
from conflictkg.sources.article.counts import find_amounts
from conflictkg.sources.article.dates import find_dates, resolve
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Amount, When
from conflictkg.sources.article.scorekey import KeyItem
from conflictkg.sources.article.similarity import (
    canonical,
    covers,
    numbers,
    same_thing,
    shared,
    tokens,
)
from conflictkg.sources.article.zones import normalize

MIN_SHARED = 0.5
MIN_JACCARD = 0.25
_LOCAL = re.compile(r"^[a-z]+(?:-[a-z0-9]+)+$")
_UNNAMED_TYPES = frozenset(
    {
        "event",
        "strike",
        "strike-series",
        "statement",
        "facility",
        "cited-document",
        "document",
        "person-group",
        "post",
    }
)
_DENIAL = re.compile(r"\b(?:not|no|none|never|denie[ds]|deny|denying)\b", re.IGNORECASE)
_NAMES = ("name", "abbreviation", "short name", "variant")
_STATUS = {"inferred": "fact"}


@cache
def _table() -> dict[str, Any]:
    return load_lookup("rules/scoring.toml")


@cache
def class_of_item(kind: str, predicate: str) -> str:
    """The class of a key item: a name of ``rules/scoring.toml``, "description", or "" for none."""
    for entry in _table()["class"]:
        if kind in entry["kinds"] and re.search(entry["key"], predicate, re.IGNORECASE):
            return str(entry["name"])
    return "description" if kind in _table()["description"]["kinds"] else ""


@cache
def classes_of_predicate(predicate: str) -> frozenset[str]:
    """The classes that one of our predicates falls in."""
    names = {str(e["name"]) for e in _table()["class"] if predicate in e["ours"]}
    if predicate in _table()["description"]["ours"]:
        names.add("description")
    return frozenset(names)


class Matcher:
    """Compares the assertions of one extraction with the items of one key."""

    def __init__(self, annotations: Annotations, items: Sequence[KeyItem], text: str) -> None:
        self._nodes = {node.id: node for node in annotations.nodes}
        self._text = text
        self._named = {
            canonical(item.subject).casefold()
            for item in items
            if class_of_item(item.kind, item.predicate) == "name"
        }
        self._barred = [
            (i.start, i.end)
            for i in items
            if i.status in ("reader-comment", "page-chrome") and i.end - i.start > 3
        ] + [(z.start, z.end) for z in annotations.zones if z.zone in ("comments", "chrome")]

    def fits(self, assertion: Assertion, item: KeyItem) -> bool:
        """Whether the assertion says what the item says."""
        return (
            self._same_predicate(assertion, item)
            and _status_class(assertion.status) == _status_class(item.status)
            and (assertion.polarity == "affirmed" or _is_denial(item))
            and self._same_span(assertion, item)
            and self._same_subject(assertion, item)
            and self._same_value(assertion, item)
        )

    def closeness(self, assertion: Assertion, item: KeyItem) -> float:
        """The share of both spans that is common, to prefer the nearer of two that fit."""
        return _jaccard(assertion, item)

    def falls_into(self, assertion: Assertion, trap: KeyItem) -> bool:
        """Whether the assertion asserts what the item says must not be asserted."""
        if assertion.polarity == "negated" or assertion.modality != "actual":
            return False
        if assertion.status == "author-opinion" or _shared(assertion, trap) < MIN_SHARED:
            return False
        if assertion.predicate in ("name", "content", "direct quote", "speaker", "about"):
            return False
        subject = self._words_of(assertion.subject)
        value = self._value_words(assertion)
        names = [each.strip() for each in trap.subject.split(";")]
        objects = [each.strip() for each in trap.object.split(";")]
        wanted = f"{trap.predicate} {trap.object}"
        there = f"{assertion.predicate} {value}"
        about = any(same_thing(subject, name) for name in names) or _is_local(trap.subject)
        told = any(same_thing(value, each) for each in objects) or (
            assertion.text is not None and covers(there, wanted)
        )
        swapped = any(same_thing(value, name) for name in names) and any(
            same_thing(subject, each) for each in objects
        )
        return (about and told) or swapped

    def breaches(self, assertion: Assertion) -> bool:
        """Whether the assertion stands in comments or chrome, by the key or by our own zones."""
        return any(start < assertion.end and assertion.start < end for start, end in self._barred)

    def _same_predicate(self, assertion: Assertion, item: KeyItem) -> bool:
        name = class_of_item(item.kind, item.predicate)
        if name not in classes_of_predicate(assertion.predicate):
            return False
        return name != "name" or assertion.kind == item.kind or item.kind in ("event", "document")

    def _same_span(self, assertion: Assertion, item: KeyItem) -> bool:
        common = _shared(assertion, item)
        if class_of_item(item.kind, item.predicate) in _NAMES:
            return common == 1.0
        return common >= MIN_SHARED and _jaccard(assertion, item) >= MIN_JACCARD

    def _same_subject(self, assertion: Assertion, item: KeyItem) -> bool:
        node = self._nodes[assertion.subject]
        return self._same_participant(node, item.subject)

    def _same_participant(self, node: Node, wording: str) -> bool:
        unnamed = node.type in _UNNAMED_TYPES
        if _is_local(wording) or self._is_description(wording):
            years = _years(wording)
            ours = _years(node.label) | (
                {node.period.earliest_begin.year}
                if node.period and node.period.earliest_begin
                else set()
            )
            conflict = bool(years and ours) and not years & ours
            if unnamed:
                return not conflict
        return same_thing(self._words(node), wording)

    def _is_description(self, wording: str) -> bool:
        """Whether a key's subject is no name: nothing in the key is named so."""
        return canonical(wording).casefold() not in self._named and not _is_local(wording)

    def _same_value(self, assertion: Assertion, item: KeyItem) -> bool:
        if assertion.count is not None:
            return _same_count(assertion.count, item)
        if assertion.date is not None:
            return _same_date(assertion.date, item)
        if assertion.concept is not None:
            return _same_concept(assertion.concept, item)
        if assertion.object is not None:
            node = self._nodes[assertion.object]
            return self._same_object(node, assertion, item)
        if assertion.predicate == "name":
            return _same_name(assertion.text or "", item)
        spanned = self._text[assertion.start : assertion.end]
        return covers(spanned, f"{item.subject} {item.predicate} {item.object}") or covers(
            spanned, item.text
        )

    def _same_object(self, node: Node, assertion: Assertion, item: KeyItem) -> bool:
        if _is_local(item.object):
            return node.type in _UNNAMED_TYPES
        if item.object.startswith("unnamed ") and node.type == "person-group":
            return bool(shared(tokens(node.label), tokens(item.object)))
        words = self._words(node)
        wording = item.object
        if node.type == "person-group" and not tokens(wording) and numbers(wording):
            return numbers(words) == numbers(wording)
        if node.type == "post":
            # A key tells the role in its predicate and the organization in its object.
            wording = f"{item.predicate} {item.object}"
            if not numbers(words) and any(w in wording for w in ("not stated", "unnamed")):
                return covers(words, item.text)
        if node.type in _UNNAMED_TYPES and node.type != "post":
            return same_thing(words, wording) or (
                numbers(words) <= numbers(wording) | numbers(item.text)
                and covers(words, f"{wording} {item.text}")
                and assertion.predicate != "killed"
            )
        return same_thing(words, wording)

    def _words_of(self, identifier: str) -> str:
        return self._words(self._nodes[identifier])

    def _words(self, node: Node) -> str:
        words = node.label
        if node.type == "post" and node.organization:
            words += " " + self._nodes[node.organization].label
        return words

    def _value_words(self, assertion: Assertion) -> str:
        if assertion.object:
            return self._words_of(assertion.object)
        if assertion.text:
            return self._text[assertion.start : assertion.end]
        if assertion.count:
            known = (assertion.count.best, assertion.count.low, assertion.count.high)
            number = next((n for n in known if n is not None), "")
            return f"{number} {assertion.count.rule or assertion.count.of}"
        return assertion.concept or (str(assertion.date.latest_end) if assertion.date else "")


def _is_local(wording: str) -> bool:
    return bool(_LOCAL.match(wording))


def _is_denial(item: KeyItem) -> bool:
    """Whether a key item says that something is not so."""
    return bool(_DENIAL.search(f"{item.predicate} {item.object} {item.text}"))


def _status_class(status: str) -> str:
    return _STATUS.get(status, status)


def _shared(assertion: Assertion, item: KeyItem) -> float:
    common = min(assertion.end, item.end) - max(assertion.start, item.start)
    shorter = min(assertion.end - assertion.start, item.end - item.start)
    return max(common, 0) / shorter if shorter else 0.0


def _jaccard(assertion: Assertion, item: KeyItem) -> float:
    common = min(assertion.end, item.end) - max(assertion.start, item.start)
    union = max(assertion.end, item.end) - min(assertion.start, item.start)
    return max(common, 0) / union if union else 0.0


def _years(words: str) -> set[int]:
    return {int(year) for year in re.findall(r"\b(?:19|20)\d\d\b", words)}


def _same_name(printed: str, item: KeyItem) -> bool:
    """Whether printed words are a name of what the item names."""
    return same_thing(printed, item.subject) or (
        normalize(printed).casefold() in normalize(item.object).casefold()
        and same_thing(printed, item.object)
    )


def _same_count(count: CountValue, item: KeyItem) -> bool:
    wanted = f"{item.predicate} {item.object}"
    for entry in _table()["category"]:
        if re.search(entry["words"], wanted, re.IGNORECASE):
            if count.of not in entry["ours"]:
                return False
            break
    text = normalize(item.object)
    amounts = [m.value for m in find_amounts(text, 0, len(text)) if isinstance(m.value, Amount)]
    return any(
        (a.low, a.high, a.vague) == (count.low, count.high, count.vague)
        and (a.best == count.best or None in (a.best, count.best))
        for a in amounts
    )


def _same_date(date: DateValue, item: KeyItem) -> bool:
    wanted = re.search(r"\b(?:19|20)\d\d(?:-\d\d)?(?:-\d\d)?\b", item.object)
    known = date.earliest_begin, date.latest_end
    if re.search(r"unknown|not printed", item.object) or wanted is None:
        month = wanted.group()[:7] if wanted else ""
        inside = (
            known[0] is not None and wanted is not None and str(known[0])[: len(month)] == month
        )
        return date.precision == "unknown" or inside
    if known[0] is None:
        return _same_day_of_year(date.resolved_from or "", wanted.group())
    first, last = _bounds(wanted.group())
    return (str(known[0]), str(known[1])) == (first, last)


def _bounds(printed: str) -> tuple[str, str]:
    parts = [int(part) for part in printed.split("-")]
    year, month, day = (*parts, None, None)[:3]
    when = When(year=year, month=month, day=day)
    value = resolve(when, printed, None)
    return str(value.earliest_begin), str(value.latest_end)


def _same_day_of_year(words: str, wanted: str) -> bool:
    """A date whose year the page does not print: "Sept. 20" is 2016-09-20 to a key that knows the year."""
    for mention in find_dates(words, 0, len(words)):
        when = mention.value
        if isinstance(when, When) and when.month and when.day:
            return wanted[5:] == f"{when.month:02d}-{when.day:02d}"
        if isinstance(when, When) and when.relative == "year" and len(wanted) == 4:
            return True
    return False


def _same_concept(concept: str, item: KeyItem) -> bool:
    words = _table()["concepts"].get(concept, concept.replace("-", " ").split())
    return bool(set(re.findall(r"[a-z]+", item.object.casefold())) & set(words))
