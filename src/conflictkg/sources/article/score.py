"""Scores of an extraction against an answer key.

An extracted assertion matches a key item when all of this holds:

1. **what is said** is the same: our predicate and the key's free-English predicate fall in one
   class of ``rules/scoring.toml``, and the item's kind is one that the class lists (a leader is a
   role in one key and a membership in another; all else of a kind keeps to it);
2. **status** is the same: fact and inferred are one class, attributed claims and opinions one each;
   what we deny matches only an item that says no;
3. **the span** is the same: they share at least half of the shorter one, and at least a quarter of
   what both cover together. Names and aliases: the shorter lies inside the longer, because keys
   quote a name with a word or two around it;
4. **the participants** agree: subject and value by name, number or date (:mod:`similarity`,
   :mod:`scorematch`). Local identifiers of a key (``stmt-…``, ``strike-…``) and its descriptions of
   unnamed events fit any event, statement, site or group of ours, unless both give a year and the
   years differ. Numbers must be equal in both bounds, dates in both days; a date whose year the
   page does not print is compared by month and day.

One key item takes one assertion; a second assertion of the same thing counts as wrong. What matches
only an item that is not core is neutral. What matches nothing counts against precision. Recall is
over core items. A *trap* is hit by an affirmed, actual assertion that matches no proper item,
overlaps a must-not-assert item and names its subject and object. A *breach* is any assertion in
comments or chrome.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from conflictkg.sources.article.annotations import Annotations, Assertion
from conflictkg.sources.article.scorekey import KeyItem
from conflictkg.sources.article.scorematch import Matcher

_NEVER = ("must-not-assert", "reader-comment", "page-chrome")


@dataclass(frozen=True, slots=True)
class Tally:
    """Right, wrong and missing assertions."""

    right: int = 0
    wrong: int = 0
    missing: int = 0

    @property
    def precision(self) -> float:
        """Right ones among those extracted; 1 where nothing was."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def recall(self) -> float:
        """Right ones among the core items; 1 where there are none."""
        return self.right / (self.right + self.missing) if self.right + self.missing else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = 2 * self.right + self.wrong + self.missing
        return 2 * self.right / total if total else 1.0


@dataclass(frozen=True, slots=True)
class Score:
    """What came out of a comparison."""

    total: Tally
    by_kind: dict[str, Tally]
    matched: dict[str, str]
    """Key item to assertion, core items only."""
    neutral: tuple[str, ...]
    wrong: tuple[Assertion, ...]
    missed: tuple[KeyItem, ...]
    traps: tuple[tuple[KeyItem, Assertion], ...]
    breaches: tuple[Assertion, ...]

    @property
    def is_clean(self) -> bool:
        """Whether no trap was hit and nothing came from comments or chrome."""
        return not self.traps and not self.breaches


def score(annotations: Annotations, items: Sequence[KeyItem], text: str) -> Score:
    """Compare an extraction with an answer key.

    Args:
        annotations: What was extracted.
        items: The key.
        text: The article that both are about.
    """
    matcher = Matcher(annotations, items, text)
    proper = [item for item in items if item.status not in _NEVER]
    core = [item for item in proper if item.core]
    matched = assign(core, annotations.assertions, matcher)
    used = set(matched.values())
    by_id = {assertion.id: assertion for assertion in annotations.assertions}
    rest = [each for each in annotations.assertions if each.id not in used]
    others = [item for item in proper if not item.core]
    neutral = {each.id for each in rest if any(matcher.fits(each, item) for item in others)}
    wrong = [each for each in rest if each.id not in neutral]
    missed = [item for item in core if item.id not in matched]
    kind_of = {item.id: item.kind for item in core}
    right_kinds = Counter(kind_of[name] for name in matched)
    wrong_kinds: Counter[str] = Counter(each.kind for each in wrong)
    missed_kinds = Counter(item.kind for item in missed)
    kinds = sorted({*right_kinds, *wrong_kinds, *missed_kinds})
    traps = [item for item in items if item.status == "must-not-assert"]
    return Score(
        total=Tally(len(matched), len(wrong), len(missed)),
        by_kind={k: Tally(right_kinds[k], wrong_kinds[k], missed_kinds[k]) for k in kinds},
        matched={item: by_id[name].id for item, name in matched.items()},
        neutral=tuple(sorted(neutral)),
        wrong=tuple(wrong),
        missed=tuple(missed),
        traps=tuple((t, each) for t in traps for each in wrong if matcher.falls_into(each, t)),
        breaches=tuple(each for each in annotations.assertions if matcher.breaches(each)),
    )


def assign(
    items: Sequence[KeyItem], assertions: Sequence[Assertion], matcher: Matcher
) -> dict[str, str]:
    """The largest one-to-one assignment of assertions to key items.

    Returns:
        Item id to assertion id.
    """
    edges = {
        item.id: sorted(
            (each for each in assertions if matcher.fits(each, item)),
            key=lambda each: (-matcher.closeness(each, item), each.id),
        )
        for item in items
    }
    holder: dict[str, str] = {}

    def place(item: str, tried: set[str]) -> bool:
        for each in edges[item]:
            if each.id in tried:
                continue
            tried.add(each.id)
            if each.id not in holder or place(holder[each.id], tried):
                holder[each.id] = item
                return True
        return False

    for item in items:
        place(item.id, set())
    return {item: name for name, item in holder.items()}


def report(result: Score, *, details: bool = False) -> str:
    """The score as a table, with traps and breaches, and on request what was missed and wrong."""
    lines = [f"{'kind':<14}{'right':>6}{'wrong':>6}{'missed':>7}{'P':>8}{'R':>8}{'F1':>8}"]
    rows = [*result.by_kind.items(), ("total", result.total)]
    lines += [
        f"{name:<14}{t.right:>6}{t.wrong:>6}{t.missing:>7}"
        f"{t.precision:>8.3f}{t.recall:>8.3f}{t.f1:>8.3f}"
        for name, t in rows
    ]
    lines.append(f"neutral (matches an item that is not core): {len(result.neutral)}")
    lines.append(f"traps hit: {len(result.traps)}")
    lines += [f"  {item.id} by {each.id} ({each.rule})" for item, each in result.traps]
    lines.append(f"from comments or chrome: {len(result.breaches)}")
    lines += [f"  {each.id} ({each.rule})" for each in result.breaches]
    if details:
        lines.append("missed:")
        lines += [
            f"  {i.id} {i.kind} | {i.subject} | {i.predicate} | {i.object} | "
            f"{i.start}-{i.end} | {i.status}"
            for i in result.missed
        ]
        lines.append("wrong:")
        lines += [
            f"  {a.id} {a.kind} | {a.subject} | {a.predicate} | {_value(a)} | "
            f"{a.start}-{a.end} | {a.status} | {a.rule}"
            for a in result.wrong
        ]
    return "\n".join(lines) + "\n"


def _value(assertion: Assertion) -> str:
    value = assertion.object or assertion.text or assertion.concept
    if value is None:
        found = assertion.date or assertion.count
        return found.model_dump_json(exclude_defaults=True) if found else ""
    return value
