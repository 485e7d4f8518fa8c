"""Rules as data: what a pattern may say, and that every rule of ours compiles and is used."""

import pytest

from conflictkg.errors import SourceError
from conflictkg.sources.article.extract import FAMILIES, extract
from conflictkg.sources.article.mentions import Encoded, Mention
from conflictkg.sources.article.patterns import Rule, compile_pattern, find, load_rules

CHUNKS = ("chunks", "phrases", "apposition")
FRAMES = (
    "reporting",
    "roles",
    "biography",
    "violence",
    "counting",
    "relations",
    "happenings",
    "places",
    "naming",
)


@pytest.mark.parametrize("stage", [*CHUNKS, *FRAMES])
def test_every_rule_of_a_stage_compiles(stage: str) -> None:
    """Each stage has rules, and each makes a mention or fills a frame."""
    rules = load_rules(stage)
    assert rules
    assert all(bool(rule.makes) != bool(rule.frame) for rule in rules)
    assert len({rule.name for rule in rules}) == len(rules)


def test_unknown_macro_is_named_with_those_that_exist() -> None:
    """A misspelt macro is an error that lists the known ones."""
    with pytest.raises(SourceError, match=r"<rolle>.*role"):
        compile_pattern("<rolle> {person}")


def test_unknown_mention_type_is_an_error() -> None:
    """A slot of a type that no mention has is an error."""
    with pytest.raises(SourceError, match="names no mention type"):
        compile_pattern("{x:persn}")


def test_broken_expression_is_an_error() -> None:
    """A pattern that is no regular expression is an error with the pattern in it."""
    with pytest.raises(SourceError, match="no regular expression"):
        compile_pattern("(unclosed {person}")


def test_match_gives_positions_in_the_text() -> None:
    """A rule over signs answers with the characters of the text, blanks in a row included."""
    text = "The  US killed  Ibn Amin."
    mentions = (Mention("country", 5, 7), Mention("person", 16, 24))
    rule = Rule("test", compile_pattern("{killer:country} killed {victim:person}"))
    (match,) = find(rule, Encoded(text, 0, len(text), mentions))
    assert text[match.start : match.end] == "US killed  Ibn Amin"
    victim = match.part("victim")
    assert victim is not None
    assert text[victim.start : victim.end] == "Ibn Amin"


def test_list_slot_takes_all_members_of_a_row() -> None:
    """A slot with a plus sign takes "A, B and C" as three mentions."""
    text = "killing Aa, Bb and Cc today"
    mentions = tuple(Mention("person", p, p + 2) for p in (8, 12, 19))
    rule = Rule("test", compile_pattern("killing {victims:person+}"))
    (match,) = find(rule, Encoded(text, 0, len(text), mentions))
    assert len(match.parts["victims"]) == 3


def test_no_family_is_needed_for_another_to_run() -> None:
    """Each rule family can be left out, as the ablation does."""
    text = "A headline\n\nThe US killed Ibn Amin, a Taliban commander, in Yemen on June 3, 2015.\n"
    for family in FAMILIES:
        extract(text, without=(family,))
