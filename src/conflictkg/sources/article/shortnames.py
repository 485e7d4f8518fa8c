"""Shorter forms of persons' names: family name, kunya, name without title."""

import re
from collections.abc import Mapping

from conflictkg.sources.article.mentions import Name
from conflictkg.sources.article.names import is_honorific

_TITLE = re.compile(r"^(?:sheikh|shaykh|sheik|commander|haji|hajji) (?=\w)")
_MIN_LETTERS = 3
_PARTICLES = frozenset(["al", "el", "bin", "ibn", "abu", "umm", "ur", "ul", "abd", "abdul"])


def fold_name(printed: str) -> str:
    """A name for comparison: small letters, hyphens as blanks, no title in front.

    >>> fold_name("Sheikh Musa al-Harbi")
    'musa al harbi'
    """
    words = re.sub(r"[\s-]+", " ", printed.casefold().replace("’", "'")).strip()
    return _TITLE.sub("", words)


def short_names(names: Mapping[str, Name]) -> dict[str, Name]:
    """The persons that shorter forms stand for.

    Args:
        names: Names of two words and more, by key.

    Returns:
        Folded form to name. A form that may mean two persons is left out, unless only one begins with it.
    """
    whole = _without_parts_of_others(names)
    owners: dict[str, set[str]] = {}
    for key in whole:
        for form in _forms(names[key].label):
            owners.setdefault(form, set()).add(key)
    found: dict[str, Name] = {}
    for form, keys in owners.items():
        first = [k for k in sorted(keys) if fold_name(names[k].label).startswith(form + " ")]
        if len(keys) == 1:
            found[form] = names[min(keys)]
        elif len(first) == 1:
            found[form] = names[first[0]]
    return found


def _without_parts_of_others(names: Mapping[str, Name]) -> list[str]:
    """The keys of names that are no head or tail of exactly one other name."""
    folded = {key: fold_name(name.label) for key, name in names.items()}
    whole = []
    for key, words in sorted(folded.items()):
        longer = {
            other
            for other in folded.values()
            if other.startswith(words + " ") or other.endswith(" " + words)
        }
        titled = folded[key] != re.sub(r"[\s-]+", " ", names[key].label.casefold())
        same = [k for k, w in folded.items() if w == words and k != key]
        if len(longer) == 1 or (titled and same):
            continue
        whole.append(key)
    return whole


def _forms(label: str) -> set[str]:
    words = fold_name(label).split(" ")
    forms = {fold_name(label)}
    forms.update(w for w in words if w not in _PARTICLES and not is_honorific(w.capitalize()))
    forms.update(" ".join(words[i:]) for i in range(1, len(words)))
    forms.update(" ".join(words[:i]) for i in range(2, len(words)))
    return {f for f in forms if len(f) >= _MIN_LETTERS and f not in _PARTICLES}
