"""Rules as data: patterns over mentions and words, compiled from TOML to regular expressions.

In a pattern ``{org}`` stands for a mention, ``{killer:country|org}`` for one of several types under a name of
its own, ``{victims:person|member+}`` for one or more in a row ("A, B and C"), ``<role>`` for a macro. All else is a
regular expression; letter case is ignored, and several blanks are one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from conflictkg.errors import SourceError
from conflictkg.sources.article.lookups import load_lookup, rule_names
from conflictkg.sources.article.mentions import Encoded, Mention, type_sign

_SLOT = re.compile(r"\{([a-z]\w*)(?::([a-z]+(?:\|[a-z]+)*))?(\+?)\}")
_MACRO = re.compile(r"(?<!\?P)<([a-z]+)>")
_NUMBER_SIGN = "[\ue100-\uf8ff]"
_ARTICLE = "(?:(?:the|a|an|one|another|also) )?"


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern with what it makes: a mention of a type (``makes``) or a frame (``frame``)."""

    name: str
    regex: re.Pattern[str]
    makes: str = ""
    head: str = ""
    """The part whose value the new mention takes over."""
    frame: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def option(self, name: str, default: str = "") -> str:
        """A further setting of the rule."""
        return dict(self.options).get(name, default)


@dataclass(frozen=True, slots=True)
class Match:
    """Where a rule fits: the parts by slot name, the plain words by group name, and the span."""

    rule: Rule
    start: int
    end: int
    parts: dict[str, tuple[Mention, ...]]
    words: dict[str, str]
    spans: dict[str, tuple[int, int]]

    def part(self, name: str) -> Mention | None:
        """The first mention of a slot, if the slot was filled."""
        found = self.parts.get(name, ())
        return found[0] if found else None


@cache
def macros() -> dict[str, str]:
    """Word classes that patterns use, from ``rules/macros.toml`` and ``gazetteers/roles.toml``."""
    table: dict[str, Any] = load_lookup("rules/macros.toml")["macros"]
    roles = load_lookup("gazetteers/roles.toml")
    words = [word for names in roles["roles"].values() for word in names]
    posts = [name for post in roles["post"] for name in post["names"]]
    found = {name: _alternatives(v) if isinstance(v, list) else v for name, v in table.items()}
    found["role"] = _alternatives([_singular_or_plural(word) for word in words])
    found["post"] = _alternatives([re.escape(word) for word in posts])
    return found


def _singular_or_plural(word: str) -> str:
    """A role word so that an "s" after it, or "ies" for its "y", makes the plural."""
    return re.escape(word[:-1]) + "(?:y|ies)" if word.endswith("y") else re.escape(word)


def _alternatives(words: Iterable[str]) -> str:
    """A group of alternatives, the longest first so that none hides a longer one."""
    return "(?:" + "|".join(sorted(words, key=lambda word: (-len(word), word))) + ")"


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Turn a rule's pattern into a regular expression over encoded sentences.

    Raises:
        SourceError: It names an unknown macro or mention type, or is no regular expression.
    """
    source = pattern
    for _ in range(4):  # macros may use macros; four levels are plenty and stop a circle
        source = _MACRO.sub(lambda match: _macro(match.group(1), pattern), source)
    source = _SLOT.sub(lambda match: _slot(match, pattern), source)
    try:
        return re.compile(source, re.IGNORECASE)
    except re.error as error:
        raise SourceError(f'pattern "{pattern}" is no regular expression: {error}') from error


def _macro(name: str, pattern: str) -> str:
    if name not in macros():
        known = ", ".join(sorted(macros()))
        raise SourceError(f'pattern "{pattern}" uses <{name}>. Known macros: {known}')
    return macros()[name]


def _slot(match: re.Match[str], pattern: str) -> str:
    name, types, many = match.group(1), match.group(2) or match.group(1), match.group(3)
    try:
        signs = "".join(type_sign(each) for each in types.split("|"))
    except KeyError as error:
        raise SourceError(f'pattern "{pattern}" names no mention type: {error}') from error
    one = f"[{signs}]{_NUMBER_SIGN}"
    if many:
        one = f"{one}(?:(?:[,;] ?(?:and |or )?| and | or ){_ARTICLE}{one}){{0,30}}"
    return f"(?P<{name}>{one})"


@cache
def load_rules(stage: str) -> tuple[Rule, ...]:
    """The rules of a stage, in the order of their files and lines.

    Raises:
        SourceError: A rule cannot be compiled; the message names it.
    """
    rules = []
    for file in rule_names(stage):
        for entry in load_lookup(file).get("rule", ()):
            fields = dict(entry)
            name = f"{file.rsplit('/', 1)[-1].removesuffix('.toml')}.{fields.pop('name')}"
            name = re.sub(r"^\d+-", "", name)
            try:
                # No rule begins in the middle of a word.
                regex = compile_pattern(rf"(?<!\w)(?:{fields.pop('pattern')})")
            except SourceError as error:
                raise SourceError(f"rule {name}: {error.problem}", source=file) from error
            rules.append(
                Rule(
                    name=name,
                    regex=regex,
                    makes=fields.pop("makes", ""),
                    head=fields.pop("head", ""),
                    frame=fields.pop("frame", ""),
                    options=tuple((key, str(value)) for key, value in fields.items()),
                )
            )
    return tuple(rules)


def find(rule: Rule, encoded: Encoded) -> Iterator[Match]:
    """Everywhere a rule fits in a sentence, from left to right, without overlaps."""
    for found in rule.regex.finditer(encoded.text):
        if found.end() == found.start():
            continue
        parts: dict[str, tuple[Mention, ...]] = {}
        words: dict[str, str] = {}
        spans: dict[str, tuple[int, int]] = {}
        for name in found.re.groupindex:
            start, end = found.span(name)
            if start < 0:
                continue
            spans[name] = (encoded.start_of(start), encoded.end_of(end))
            mentions = encoded.mentions_in(start, end)
            if mentions and name != "span":
                parts[name] = mentions
            words[name] = found.group(name)
        yield Match(
            rule=rule,
            start=encoded.start_of(found.start()),
            end=encoded.end_of(found.end()),
            parts=parts,
            words=words,
            spans=spans,
        )


def apply_chunks(
    rules: Sequence[Rule], text: str, start: int, end: int, mentions: Sequence[Mention]
) -> Encoded:
    """Let rules that make mentions run over a sentence, one after the other.

    Returns:
        The sentence with the mentions that they made.
    """
    current = tuple(mentions)
    encoded = Encoded(text, start, end, current)
    for rule in rules:
        made = [_make(match) for match in find(rule, encoded)]
        made = [each for each in made if each is not None]
        if not made:
            continue
        outside = [
            each
            for each in encoded.mentions
            if not any(new.start <= each.start and each.end <= new.end for new in made if new)
        ]
        current = tuple(sorted([*outside, *[m for m in made if m]], key=lambda each: each.start))
        encoded = Encoded(text, start, end, current)
    return encoded


def _make(match: Match) -> Mention | None:
    head = match.part(match.rule.head) if match.rule.head else None
    span = match.spans.get("span", (match.start, match.end))
    return Mention(
        type=match.rule.makes,
        start=span[0],
        end=span[1],
        value=head.value if head else None,
        parts=_inside(match.parts, span),
        words=match.words,
        rule=match.rule.name,
    )


def _inside(
    parts: dict[str, tuple[Mention, ...]], span: tuple[int, int]
) -> dict[str, tuple[Mention, ...]]:
    """The parts that lie within a span: what a rule only looks ahead at is no part."""
    found = {
        name: tuple(m for m in members if span[0] <= m.start and m.end <= span[1])
        for name, members in parts.items()
    }
    return {name: members for name, members in found.items() if members}
