"""Dates as articles print them, told from the article's day."""

import datetime

import pytest

from conflictkg.sources.article.dates import find_dates, resolve
from conflictkg.sources.article.mentions import When

WEDNESDAY = datetime.date(2017, 6, 14)


def bounds(text: str, issued: datetime.date | None = WEDNESDAY) -> tuple[str, str, str]:
    mention = next(find_dates(text, 0, len(text)))
    assert isinstance(mention.value, When)
    value = resolve(mention.value, text[mention.start : mention.end], issued)
    return str(value.earliest_begin), str(value.latest_end), value.precision


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("on June 14, 2017", ("2017-06-14", "2017-06-14", "day")),
        ("on 14 June 2017", ("2017-06-14", "2017-06-14", "day")),
        ("on June 13", ("2017-06-13", "2017-06-13", "day")),
        ("on Dec. 30", ("2016-12-30", "2016-12-30", "day")),
        ("in June 2011", ("2011-06-01", "2011-06-30", "month")),
        ("in 2010", ("2010-01-01", "2010-12-31", "year")),
        ("in January", ("2017-01-01", "2017-01-31", "month")),
        ("said today", ("2017-06-14", "2017-06-14", "day")),
        ("killed yesterday", ("2017-06-13", "2017-06-13", "day")),
        ("late last night", ("2017-06-13", "2017-06-13", "day")),
        ("three days ago", ("2017-06-11", "2017-06-11", "day")),
        ("on Monday", ("2017-06-12", "2017-06-12", "day")),
        ("so far this year", ("2017-01-01", "2017-12-31", "year")),
        ("last year", ("2016-01-01", "2016-12-31", "year")),
        ("last month", ("2017-05-01", "2017-05-31", "month")),
        ("last week", ("2017-06-05", "2017-06-11", "week")),
        ("over the past 24 hours", ("2017-06-13", "2017-06-14", "few-days")),
    ],
)
def test_date_is_told_from_the_day_of_the_article(
    text: str, expected: tuple[str, str, str]
) -> None:
    """A printed or relative date has the bounds it means on the article's day."""
    assert bounds(text) == expected


@pytest.mark.parametrize("text", ["said today", "on Monday", "on June 13", "last year"])
def test_date_without_the_day_of_the_article_stays_unknown(text: str) -> None:
    """Nothing is filled in where the article's day is not known; the words are kept."""
    assert bounds(text, None) == ("None", "None", "unknown")


def test_impossible_day_is_no_date() -> None:
    """The 31st of June is not read as a date of a day."""
    text = "on June 31, 2017"
    values = [m.value for m in find_dates(text, 0, len(text)) if isinstance(m.value, When)]
    assert all(v.day is None for v in values)
