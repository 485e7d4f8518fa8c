"""What the prose of an entry says of other entries, which it names by their numbers: "Brother of ... (TAi.040)".

A sentence is read only if it begins with words that are listed, and then names of others, each with its number. All
other numbers are told as mentioned. A wrong tie is worse than a missing one.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_NUMBER = r"([A-Z][A-Za-z])([ieIE])\.\s?(\d{3})"
NUMBER = re.compile(rf"\b{_NUMBER}\b")
"""The number of an entry: list, i or e, three digits."""

_SENTENCES = re.compile(r"(?<=[.;\])])\s+(?=[A-Z\[])")
# A name, perhaps with its initials or another name in brackets, and its number.
_NAMED = re.compile(
    rf"(?P<name>[^().;]{{2,120}}?(?:\s\((?!{_NUMBER})[^()]{{1,40}}\))?)\s*"
    rf"\((?:listed under permanent reference number )?(?P<number>{_NUMBER})\.?\)"
)
_BETWEEN = re.compile(r"\s*(?:,\s*and\b|,|\band\b)\s*")
_SMALL = frozenset(
    (
        "the", "of", "in", "for", "de", "et", "le", "la", "en", "du", "pour", "wa", "i", "e", "ul", "bin", "ben", "ibn",
        "and", "as", "listed", "also", "known",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tie:
    """What is said of an entry and another.

    Args:
        number: The other's.
        relation: The property, by its local name; empty where it is only mentioned.
        is_inverse: Whether it is the other who has the relation to this one.
        words: Those that say so.
    """

    number: str
    relation: str = ""
    is_inverse: bool = False
    words: str = ""


def normalize_number(text: str) -> str:
    """A number as most are written; empty if it is none.

    >>> normalize_number(" QDi.344. "), normalize_number("TAI.142")
    ('QDi.344', 'TAi.142')
    """
    found = NUMBER.fullmatch(text.strip().rstrip("."))
    return _normal(found) if found else ""


def read_ties(
    text: str, leads: Mapping[str, str], inverse_leads: Mapping[str, str]
) -> Iterator[Tie]:
    """What a text says of other entries, each of them once a relation.

    Args:
        text: The prose.
        leads: Beginnings of sentences, and the relation that this entry has to those who are named then.
        inverse_leads: The same for those who have the relation to this entry.

    >>> said = "Brother of Gul Khan (TAi.040). Met Abu X (QDi.001)."
    >>> [(tie.number, tie.relation) for tie in read_ties(said, {"brother of": "relativeOf"}, {})]
    [('TAi.040', 'relativeOf'), ('QDi.001', '')]
    """
    ties: dict[tuple[str, str, bool], Tie] = {}
    for sentence in _SENTENCES.split(text):
        for tie in _read_sentence(sentence, leads, inverse_leads):
            ties.setdefault((tie.number, tie.relation, tie.is_inverse), tie)
    related = {tie.number for tie in ties.values()}
    yield from ties.values()
    for found in NUMBER.finditer(text):
        number = _normal(found)
        if number not in related:
            related.add(number)
            yield Tie(number)


def _read_sentence(
    sentence: str, leads: Mapping[str, str], inverse_leads: Mapping[str, str]
) -> Iterator[Tie]:
    # "Formed in 2007, its leader is ...": the words are as sure behind a comma.
    start = sentence.find(", its leader is ")
    at = start + 2 if start >= 0 else 0
    while lead := _lead_at(sentence, at, (*leads, *inverse_leads)):
        words = sentence[at : at + len(lead)]
        is_inverse = lead in inverse_leads
        relation = inverse_leads[lead] if is_inverse else leads[lead]
        at += len(lead)
        while (named := _NAMED.match(sentence, at)) and _is_name(named["name"]):
            for each in relation.split():
                yield Tie(normalize_number(named["number"]), each, is_inverse, words)
            at = named.end()
            between = _BETWEEN.match(sentence, at)
            if not between or _lead_at(sentence, between.end(), (*leads, *inverse_leads)):
                break
            at = between.end()
        between = _BETWEEN.match(sentence, at)
        if not between:
            return
        at = between.end()


def _lead_at(sentence: str, at: int, leads: tuple[str, ...]) -> str:
    """The longest beginning that stands at a place."""
    rest = sentence[at : at + 60].lower().replace("’", "'")
    return max((each for each in leads if rest.startswith(f"{each} ")), key=len, default="")


def _is_name(text: str) -> bool:
    """Whether all words of it could be of a name: none is a plain word of a sentence."""
    words = text.replace(",", " ").replace("(", " ").replace(")", " ").split()
    return len(words) <= 14 and all(
        word.lower() in _SMALL or any(letter.isupper() for letter in word) for word in words
    )


def _normal(found: re.Match[str]) -> str:
    return f"{found[1].upper()}{found[2].lower()}.{found[3]}"
