"""Numbers as reports print them."""

import pytest

from conflictkg.sources.article.counts import find_amounts, parse_amount, parse_number
from conflictkg.sources.article.mentions import Amount


@pytest.mark.parametrize(
    ("words", "amount"),
    [
        ("117", Amount(117, 117, 117)),
        ("just three", Amount(3, 3, 3)),
        ("more than 120", Amount(low=121)),
        ("over 3,400", Amount(low=3401)),
        ("at least one", Amount(low=1)),
        ("upwards of six", Amount(low=6)),
        ("as many as 32", Amount(high=32)),
        ("up to ten", Amount(high=10)),
        ("fewer than 20", Amount(high=19)),
        ("nearly 100", Amount(best=100)),
        ("about 200", Amount(best=200)),
        ("a pair of", Amount(2, 2, 2)),
        ("scores", Amount(vague=True)),
        ("tens of thousands", Amount(vague=True)),
        ("dozens of", Amount(vague=True)),
        ("several", Amount(vague=True)),
    ],
)
def test_amount_has_the_bounds_that_its_words_give(words: str, amount: Amount) -> None:
    """Hedges move the bounds; vague words give none."""
    assert parse_amount(words) == amount


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("between 3 and 5 militants", Amount(low=3, high=5)),
        ("three to five fighters", Amount(low=3, high=5)),
        ("3-5 people", Amount(low=3, high=5)),
        ("seven or more people", Amount(low=7)),
    ],
)
def test_span_of_numbers_gives_both_bounds(text: str, amount: Amount) -> None:
    """Two numbers are a lower and an upper bound, one "or more" a lower one."""
    assert [m.value for m in find_amounts(text, 0, len(text))] == [amount]


@pytest.mark.parametrize(
    "text",
    [
        "a 35-year-old man",
        "for two years",
        "the past 24 hours",
        "the 5th Corps",
        "20 miles",
        "9 percent",
    ],
)
def test_ages_durations_and_ordinals_count_nothing(text: str) -> None:
    """A number that measures time, distance or rank is no count."""
    assert list(find_amounts(text, 0, len(text))) == []


def test_year_beside_a_number_is_no_span() -> None:
    """In "2016 and four so far", the four stands alone once the year is taken."""
    text = "in 2016 and four so far this year"
    found = list(find_amounts(text, 0, len(text), [(3, 7)]))
    assert [m.value for m in found] == [Amount(4, 4, 4)]


@pytest.mark.parametrize(
    ("words", "number"),
    [
        ("two hundred and ten", 210),
        ("twenty-four", 24),
        ("5 thousand", 5000),
        ("lots", None),
        ("", None),
    ],
)
def test_number_words_are_read(words: str, number: int | None) -> None:
    """Whole numbers in words and digits are read; all else is none."""
    assert parse_number(words) == number
