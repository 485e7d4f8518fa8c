"""Parts of a page: what may yield assertions, and what never does."""

import pytest

from conflictkg.sources.article.zones import normalize, split_blocks, zones_of

PAGE = """\
Home | World | Politics

A headline of a few words

By Jane Roe | March 9, 2020 |

The first paragraph says something. From the ministry’s press release:

We did this and that.

The author goes on.

A heading without a stop

> A quoted line ends so.

Jane Roe is a Senior Fellow at the Example Institute.

Tags: one, two

  • A Reader says:

    Al Shabaab did it.

  • Another says:

    No.


Boko Haram
"""


def zone_of(text: str, words: str) -> str:
    position = text.index(words)
    return next(b.zone for b in split_blocks(text) if b.start <= position < b.end)


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        ("Home | World", "chrome"),
        ("A headline", "headline"),
        ("By Jane Roe", "author-bio"),
        ("The first paragraph", "body"),
        ("The author goes on", "body"),
        ("Jane Roe is a Senior Fellow", "author-bio"),
        ("Tags: one", "chrome"),
        ("A Reader says", "comments"),
        ("Al Shabaab did it", "comments"),
        ("Another says", "comments"),
        ("Boko Haram", "chrome"),
    ],
)
def test_zone_of_each_part_of_a_page(words: str, zone: str) -> None:
    """Every part of a page lies in its own zone."""
    assert zone_of(PAGE, words) == zone


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("We did this", "quote"),
        ("The author goes on", "paragraph"),
        ("A heading without", "heading"),
        ("A quoted line", "quote"),
    ],
)
def test_kind_of_each_block(words: str, kind: str) -> None:
    """A paragraph after "From …:" and one after ">" are quoted; a short line without a stop is a heading."""
    position = PAGE.index(words)
    assert next(b.kind for b in split_blocks(PAGE) if b.start <= position < b.end) == kind


@pytest.mark.parametrize(
    "line",
    [
        "Share this article",
        "© 2020 Example. All rights reserved.",
        "This website uses cookies to improve your experience.",
        "Subscribe to our newsletter",
        "Are you a dedicated reader of FDD's Long War Journal? Support us.",
        "Related topics: Taliban",
    ],
)
def test_page_furniture_is_chrome(line: str) -> None:
    """Lines for sharing, subscribing and rights are never the article's own words."""
    text = f"A headline\n\nA paragraph stands here.\n\nAnother one too.\n\n{line}\n"
    assert zone_of(text, line) == "chrome"


def test_comment_heading_begins_the_comments() -> None:
    """All that follows a comment heading is comment, named or not."""
    text = "A headline\n\nA paragraph.\n\n3 Comments\n\nThe ISI did it, everybody knows.\n"
    assert zone_of(text, "The ISI did it") == "comments"


def test_quoted_report_goes_on_until_the_author_speaks_of_it() -> None:
    """A report quoted over several paragraphs ends before the author's "this report"."""
    text = (
        "A headline\n\nHere is what is known. From Example News:\n\nOne was killed.\n\n"
        "Two were hurt.\n\nThe odd thing about this report is its tone.\n"
    )
    kinds = {text[b.start : b.end][:3]: b.kind for b in split_blocks(text)}
    assert (kinds["One"], kinds["Two"], kinds["The"]) == ("quote", "quote", "paragraph")


def test_normalizing_moves_no_character() -> None:
    """Normalized text has the length of the text, no-break spaces and curly marks included."""
    text = "Pakistan’s\u00a0“view” \ue000"
    assert len(normalize(text)) == len(text)
    assert normalize(text) == 'Pakistan\'s "view" ?'


def test_zones_carry_the_hash_of_their_characters() -> None:
    """Neighbouring blocks of a zone are one zone whose hash is that of its characters."""
    zones = zones_of(PAGE, split_blocks(PAGE))
    names = [z.zone for z in zones]
    assert names.count("headline") == 1
    assert "block-quotation" in names
    assert all(z.start < z.end <= len(PAGE) for z in zones)
