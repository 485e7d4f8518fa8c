"""Whether two wordings name the same thing: names, numbers, and words that overlap."""

import re
from functools import cache, lru_cache

from conflictkg.sources.article.counts import parse_number
from conflictkg.sources.article.lexicon import load_lexicon
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.spelling import same_spelling
from conflictkg.sources.article.zones import normalize

_STOP = frozenset(load_lookup("rules/scoring.toml")["stop_words"]["words"])
_NUMBER = re.compile(
    r"\b(?:\d{1,3}(?:,\d{3})+|\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|"
    r"thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty)\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=20_000)
def canonical(words: str) -> str:
    """Words with every known name in its usual form: "TTP leader", "Pakistani military".

    >>> canonical("leader of TTP")
    'leader of Movement of the Taliban in Pakistan'
    """
    text = normalize(words)
    pieces, position = [], 0
    for mention in load_lexicon().find(text, 0, len(text)):
        pieces += [text[position : mention.start], mention.name.label if mention.name else ""]
        position = mention.end
    return "".join([*pieces, text[position:]])


@cache
def _fold(word: str) -> str:
    word = word.removesuffix("'s")
    for plural, singular in (("ies", "y"), ("s", "")):
        if len(word) > 4 and word.endswith(plural) and not word.endswith("ss"):
            return word.removesuffix(plural) + singular
    return word


@lru_cache(maxsize=20_000)
def tokens(words: str) -> frozenset[str]:
    """The words that carry meaning, in canonical names, numbers left out."""
    found = re.findall(r"[^\W_]+(?:'[^\W_]+)?", canonical(words).casefold())
    return frozenset(
        _fold(word) for word in found if word not in _STOP and parse_number(word) is None
    )


def numbers(words: str) -> frozenset[int]:
    """The numbers in a wording, years and ones left out: "a leader" is "1 leader"."""
    without = re.sub(r"\([^)]*\d{4}[^)]*\)", "", words)
    found = {parse_number(each) for each in _NUMBER.findall(without)}
    return frozenset(n for n in found if n is not None and n > 1 and not 1900 <= n <= 2100)


def shared(left: frozenset[str], right: frozenset[str]) -> int:
    """How many words of the smaller set are in the larger, small differences of spelling allowed."""
    small, large = sorted((left, right), key=lambda each: (len(each), sorted(each)))
    return sum(word in large or any(same_spelling(word, w) for w in large) for word in small)


def same_thing(left: str, right: str) -> bool:
    """Whether two names or descriptions are of one thing.

    Their numbers are equal, and more than half of the words of the shorter are in the longer.

    >>> same_thing("Abu Khaled al Sanaani", "Abdallah al Sanaani")
    False
    >>> same_thing("two of his deputies", "2 deputies of that leader (unnamed)")
    True
    """
    if numbers(left) != numbers(right):
        return False
    one, other = tokens(left), tokens(right)
    if not one or not other:
        return False
    return shared(one, other) > 0.5 * min(len(one), len(other))


def covers(span: str, wording: str) -> bool:
    """Whether at least half of the words of the shorter of two wordings are in the longer."""
    one, other = tokens(span), tokens(wording)
    return bool(one and other) and shared(one, other) >= 0.5 * min(len(one), len(other))
