"""Numbers in words and digits, with what is said about their exactness."""

import re
from collections.abc import Iterator, Sequence

from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Amount, Mention

_UNITS: list[str] = load_lookup("rules/counts.toml")["words"]["units"]
_TENS: list[str] = load_lookup("rules/counts.toml")["words"]["tens"]
_WORD = "(?:" + "|".join(sorted([*_UNITS, *_TENS], key=len, reverse=True)) + ")"
_WORDS = rf"{_WORD}(?:[- ]{_WORD})?(?: hundred(?: and {_WORD}(?:-{_WORD})?)?)?(?: thousand)?"
_DIGITS = r"\d{1,3}(?:,\d{3})+|\d{1,7}"
_ONE = rf"(?:{_DIGITS}|{_WORDS})(?: million)?"
_SPAN = rf"(?P<low>{_ONE}) ?(?:-|–|to|or|and) ?(?P<high>{_ONE})"


def parse_number(text: str) -> int | None:
    """Read one whole number.

    Returns:
        None where the text is no number.

    >>> parse_number("1,200"), parse_number("Twenty-four"), parse_number("two hundred and ten")
    (1200, 24, 210)
    >>> parse_number("many") is None
    True
    """
    words = text.casefold().replace(",", "").replace("-", " ").split()
    if not words:
        return None
    total, current = 0, 0
    for word in words:
        if word.isdecimal() and word.isascii():
            current += int(word)
        elif word in _UNITS:
            current += _UNITS.index(word)
        elif word in _TENS:
            current += 10 * (_TENS.index(word) + 2)
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in ("thousand", "million"):
            total += max(current, 1) * (1000 if word == "thousand" else 1_000_000)
            current = 0
        elif word != "and":
            return None
    return total + current


def _grammar() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = load_lookup("rules/counts.toml")
    found = []
    for form in table["form"]:
        source = form["pattern"].replace("<span>", _SPAN).replace("<n>", f"(?P<n>{_ONE})")
        found.append((form["bounds"], re.compile(rf"\b(?:{source})(?![\w%])", re.IGNORECASE)))
    return tuple(found)


_FORMS = _grammar()
_VAGUE = re.compile(
    r"\b(?:" + "|".join(load_lookup("rules/counts.toml")["vague"]["words"]) + r")\b", re.IGNORECASE
)
_NOT_COUNTED = re.compile(load_lookup("rules/counts.toml")["not_counted"]["after"], re.IGNORECASE)


def read_amount(bounds: str, match: re.Match[str]) -> Amount | None:
    """The amount that a matched form of words gives, or None where its numbers cannot be read."""
    groups = match.groupdict()
    if "low" in groups:
        low, high = parse_number(groups["low"]), parse_number(groups["high"])
        return None if low is None or high is None else Amount(low=low, high=high)
    if bounds == "pair":
        return Amount(2, 2, 2)
    if bounds == "dozen":
        return Amount(12, 12, 12)
    number = parse_number(groups["n"])
    if number is None:
        return None
    return {
        "exact": Amount(number, number, number),
        "above": Amount(low=number + 1),
        "from": Amount(low=number),
        "to": Amount(high=number),
        "below": Amount(high=max(number - 1, 0)),
        "about": Amount(best=number),
    }[bounds]


def parse_amount(text: str) -> Amount | None:
    """Read a stretch of text that is an amount and nothing else.

    >>> parse_amount("more than 120"), parse_amount("at least one"), parse_amount("scores")
    (Amount(low=121, best=None, high=None, vague=False), Amount(low=1, best=None, high=None, vague=False), \
Amount(low=None, best=None, high=None, vague=True))
    """
    for mention in find_amounts(text, 0, len(text)):
        if mention.start == 0 and mention.end == len(text) and isinstance(mention.value, Amount):
            return mention.value
    return None


def find_amounts(
    text: str, start: int, end: int, taken_already: Sequence[tuple[int, int]] = ()
) -> Iterator[Mention]:
    """Every amount in a stretch of normalized text, from left to right, the longest form first.

    Args:
        text: Normalized text.
        start: Where to begin.
        end: Where to stop.
        taken_already: Spans that are something else, such as years.
    """
    taken = list(taken_already)
    found: list[Mention] = []
    for bounds, regex in _FORMS:
        for match in regex.finditer(text, start, end):
            if _NOT_COUNTED.match(text, match.end(), min(end, match.end() + 40)):
                continue
            amount = read_amount(bounds, match)
            if amount and not any(a < match.end() and match.start() < b for a, b in taken):
                taken.append(match.span())
                found.append(Mention("count", match.start(), match.end(), amount))
    for match in _VAGUE.finditer(text, start, end):
        if not any(a < match.end() and match.start() < b for a, b in taken):
            taken.append(match.span())
            found.append(Mention("count", match.start(), match.end(), Amount(vague=True)))
    yield from sorted(found, key=lambda each: each.start)
