"""Mentions that show by themselves: known names, persons, other capitalized words, numbers, dates, ranks."""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from conflictkg.sources.article.counts import find_amounts
from conflictkg.sources.article.dates import find_dates
from conflictkg.sources.article.lexicon import key_of, load_lexicon
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Mention, Name

_ARTICLE_NAME = re.compile(r"Al[ -][A-Z][a-z]+(?![ -][A-Z])")
_AL = re.compile(r"\b[Aa]l[ -]\Z")
_CAPITAL = r"(?:[A-Z][\w]*(?:['-][\w]+)*|[A-Z]\.)"


@cache
def _person_parts() -> frozenset[str]:
    return frozenset(load_lookup("gazetteers/places.toml")["person_names"]["parts"])


@cache
def _honorifics() -> frozenset[str]:
    return frozenset(load_lookup("gazetteers/roles.toml")["honorifics"]["names"])


@cache
def _stop_words() -> frozenset[str]:
    table = load_lookup("rules/names.toml")
    others = load_lookup("gazetteers/places.toml")["other"]["names"]
    return frozenset([*table["words"]["not_names"], *others])


@cache
def _rank_pattern() -> re.Pattern[str]:
    roles = load_lookup("gazetteers/roles.toml")
    ranks = sorted(roles["ranks"]["names"], key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, ranks)) + r")(?=[ ]+[A-Z\"])")


@cache
def _capital_pattern() -> re.Pattern[str]:
    particles = load_lookup("gazetteers/places.toml")["person_names"]["particles"]
    small = "|".join(sorted((re.escape(each) for each in particles), key=len, reverse=True))
    step = rf"(?: (?:(?:{small}) |(?:al|ul|ur|el)-)?|-(?:{small}|[a-z]{{1,3}})-){_CAPITAL}"
    start = rf"(?:(?:al|Al|abu|bin|ibn)[ -])?{_CAPITAL}"
    return re.compile(rf"(?<![\w'@#/.-]){start}(?:{step}){{0,7}}")


def find_names(text: str, start: int, end: int) -> list[Mention]:
    """The mentions of a sentence that need no context, from left to right, without overlaps."""
    found: list[Mention] = []
    _add(found, _organizations(text, start, end, wins=True))
    known = load_lexicon().find(text, start, end)
    # "al Kuwaiti" is a person's name, no demonym.
    _add(
        found,
        (
            m
            for m in known
            if m.type != "demonym" or not _AL.search(text[max(start, m.start - 4) : m.start])
        ),
    )
    _add(found, _organizations(text, start, end, wins=False))
    _add(found, find_dates(text, start, end))
    _add(found, (Mention("post", m.start(), m.end()) for m in _posts().finditer(text, start, end)))
    _add(found, (Mention("rank", m.start(), m.end()) for m in _ranks(text, start, end)))
    _add(found, _capitals(text, start, end, found))
    _add(found, find_amounts(text, start, end, [(each.start, each.end) for each in found]))
    return sorted(found, key=lambda each: each.start)


@cache
def _posts() -> re.Pattern[str]:
    posts = [
        name for post in load_lookup("gazetteers/roles.toml")["post"] for name in post["names"]
    ]
    longest_first = sorted(posts, key=len, reverse=True)
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, longest_first)) + r")(?![\w-])")


@cache
def _organization_patterns() -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    table = load_lookup("rules/names.toml")["organization"]
    return tuple(
        (re.compile(each["pattern"]), each["level"], each.get("wins", False)) for each in table
    )


def _organizations(text: str, start: int, end: int, *, wins: bool) -> Iterator[Mention]:
    """Names that show by their form to be an organization's, though no list has them.

    Args:
        text: Normalized text.
        start: Where to begin.
        end: Where to stop.
        wins: Those that hold a known name and mean more ("Government of Somalia"), or all others.
    """
    for regex, level, first_choice in _organization_patterns():
        if first_choice is not wins:
            continue
        for match in regex.finditer(text, start, end):
            words, begin = match.group(), match.start()
            first = words.split(" ")[0]
            if first in _stop_words() and not words.startswith("The ") and begin == start:
                continue
            if first in ("The", "A", "An") and level != "media":
                begin += len(first) + 1
                words = words[len(first) + 1 :]
            if " " in words or level == "media":
                yield Mention("org", begin, match.end(), Name(key_of(words), words, level=level))


def _ranks(text: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """Ranks before a name: "Major Josh Jacques", not "Major operations"."""
    for match in _rank_pattern().finditer(text, start, end):
        following = _capital_pattern().match(text, match.end() + 1, end)
        first = following.group().split(" ")[0] if following else ""
        if following and first not in _stop_words():
            yield match


def _add(found: list[Mention], new: Iterator[Mention]) -> None:
    for mention in new:
        if not any(each.start < mention.end and mention.start < each.end for each in found):
            found.append(mention)


def _capitals(text: str, start: int, end: int, found: Sequence[Mention]) -> Iterator[Mention]:
    """Runs of capitalized words between the mentions that are known."""
    position = start
    for mention in [*sorted(found, key=lambda each: each.start), None]:
        stop = mention.start if mention else end
        for match in _capital_pattern().finditer(text, position, stop):
            yield from _split(text, match.start(), match.end(), start)
        position = mention.end if mention else end


def _split(text: str, start: int, end: int, sentence_start: int) -> Iterator[Mention]:
    """Cut words that begin no name off a run, and say whether what is left names a person."""
    while True:
        first = re.match(r"[\w'.-]+?(?='s\b|[ -]|$)", text[start:end])
        word = first.group() if first else ""
        if not word or word not in _stop_words() or _ARTICLE_NAME.match(text, start, end):
            break
        start += len(word)
        while start < end and text[start] in " '-s":
            if text[start : start + 2] == "s ":
                start += 1
            elif text[start] == "s":
                break
            else:
                start += 1
        if start >= end:
            return
    words = text[start:end]
    if words.endswith("'s"):
        end -= 2
        words = words[:-2]
    tokens = re.split(r"[ -]+", words)
    while tokens and tokens[-1] in _stop_words():
        end -= len(tokens.pop()) + 1
    if end <= start or not tokens:
        return
    known = sum(token in _person_parts() or token in _honorifics() for token in tokens)
    lone_opening = len(tokens) == 1 and start == sentence_start
    if known and len(tokens) >= 2 and not lone_opening:
        yield Mention("person", start, end, person_name(text[start:end]))
    elif not (lone_opening and not known and not words.isupper()):
        yield Mention("cap", start, end, Name(key_of(words), words))
    else:
        yield Mention("cap", start, end, Name(key_of(words), words), words={"opening": "1"})


def person_name(printed: str) -> Name:
    """The name of a person who is in no registry.

    >>> person_name("Ibn Amin").key
    'ibn-amin'
    """
    return Name(key_of(printed), printed)


def is_person_part(word: str) -> bool:
    """Whether a word is known as a part of persons' names."""
    return word in _person_parts()


def is_honorific(word: str) -> bool:
    """Whether a word is a title that is printed as part of a name."""
    return word in _honorifics()
