"""What the rules read in articles, and what they must keep silent about."""

import datetime
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared_files import shared

from conflictkg.sources.article.annotations import (
    Annotations,
    Assertion,
    dump_annotations,
    require_text,
    sha256_of,
)
from conflictkg.sources.article.extract import extract
from conflictkg.sources.article.predicates import require_predicate
from conflictkg.sources.article.score import score
from conflictkg.sources.article.scorekey import load_key

PAGES = Path(__file__).parent / "pages"
HEAD = "A headline of no weight\n\n"


def told(text: str, issued: datetime.date | None = None) -> set[tuple[str, str, str, str]]:
    """Each assertion as (subject's label, predicate, value, status)."""
    found = extract(HEAD + text + "\n", issued=issued)
    labels = {node.id: node.label for node in found.nodes}
    return {(labels[a.subject], a.predicate, _value(a, labels), a.status) for a in found.assertions}


def _value(assertion: Assertion, labels: dict[str, str]) -> str:
    if assertion.object:
        return labels[assertion.object]
    if assertion.count:
        c = assertion.count
        return "vague" if c.vague else f"{c.low}..{c.high}"
    if assertion.date:
        d = assertion.date
        return f"{d.earliest_begin}..{d.latest_end}" if d.earliest_begin else f"? {d.resolved_from}"
    return assertion.text or assertion.concept or ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Afghan President Hamid Karzai spoke.",
            ("Hamid Karzai", "holds post", "President (Afghanistan)", "fact"),
            id="post before the name",
        ),
        pytest.param(
            "Gen. Latif Hotak resigned.", ("Latif Hotak", "rank", "Gen.", "fact"), id="rank"
        ),
        pytest.param(
            "Ahmad Wali, a senior al Qaeda commander, was there.",
            ("Ahmad Wali", "holds post", "commander of al Qaeda", "fact"),
            id="role in apposition",
        ),
        pytest.param(
            "Ahmad Wali, a senior al Qaeda commander, was there.",
            ("Ahmad Wali", "member of", "al Qaeda", "fact"),
            id="a commander of an armed group is a member",
        ),
        pytest.param(
            "A Boko Haram commander known as Ahmad Wali was there.",
            ("Ahmad Wali", "holds post", "commander of Boko Haram", "fact"),
            id="known as",
        ),
        pytest.param(
            "The US killed Ahmad Wali in a drone strike in Yemen.",
            ("drone strike", "killed", "Ahmad Wali", "fact"),
            id="killed",
        ),
        pytest.param(
            "The US killed Ahmad Wali in a drone strike in Yemen.",
            ("drone strike", "carried out by", "United States", "fact"),
            id="killer",
        ),
        pytest.param(
            "The US killed Ahmad Wali in a drone strike in Yemen.",
            ("drone strike", "carried out with", "drone", "fact"),
            id="means",
        ),
        pytest.param(
            "The US killed Ahmad Wali in a drone strike in Yemen.",
            ("drone strike", "location", "Yemen", "fact"),
            id="location",
        ),
        pytest.param(
            "Ahmad Wali was killed in a raid, Reuters reported.",
            ("raid", "killed", "Ahmad Wali", "attributed-claim"),
            id="attribution at the end of the sentence",
        ),
        pytest.param(
            "Officials said that Ahmad Wali was killed in a raid.",
            ("raid", "killed", "Ahmad Wali", "attributed-claim"),
            id="attribution at its beginning",
        ),
        pytest.param(
            "Two al Qaeda leaders are believed to have been killed in a raid.",
            ("raid", "killed", "Two al Qaeda leaders", "attributed-claim"),
            id="hedged passive",
        ),
        pytest.param(
            "The US has launched 17 airstrikes in Yemen so far this year.",
            ("17 airstrikes", "count", "17..17", "fact"),
            id="count of strikes",
        ),
        pytest.param(
            "Ahmad Wali was in the Birmal area of South Waziristan.",
            ("Birmal area", "part of", "South Waziristan", "fact"),
            id="place in a place",
        ),
        pytest.param(
            "The raid hit Pakistan’s northwestern district of Hangu.",
            ("Hangu district", "part of", "Pakistan", "fact"),
            id="place of a state",
        ),
        pytest.param(
            "Shabaab, al Qaeda’s branch in Somalia, was there.",
            ("Shabaab", "subgroup of", "al Qaeda", "fact"),
            id="branch",
        ),
        pytest.param(
            "US Central Command (CENTCOM) spoke.",
            ("US Central Command", "abbreviation", "CENTCOM", "fact"),
            id="abbreviation in brackets",
        ),
        pytest.param(
            "Ahmad Wali said that the talks were over.",
            ("statement of Ahmad Wali", "content", "the talks were over", "attributed-claim"),
            id="content of a statement",
        ),
        pytest.param(
            "“The talks are over,” Ahmad Wali told Reuters.",
            ("statement of Ahmad Wali", "direct quote", "The talks are over,", "attributed-claim"),
            id="direct quotation",
        ),
        pytest.param(
            "“The talks are over,” Ahmad Wali told Reuters.",
            ("statement of Ahmad Wali", "reported by", "Reuters", "fact"),
            id="through whom",
        ),
        pytest.param(
            "Farid Noorzai succeeded Ahmad Wali in March.",
            ("Farid Noorzai", "successor of", "Ahmad Wali", "fact"),
            id="succession",
        ),
        pytest.param(
            "An attack on an al Qaeda training camp in Yemen began.",
            ("an al Qaeda training camp", "operated by", "al Qaeda", "fact"),
            id="facility",
        ),
        pytest.param(
            "A strike killed three fighters and wounded nine others.",
            ("strike", "count", "9..9", "fact"),
            id="wounded",
        ),
    ],
)
def test_rules_read(text: str, expected: tuple[str, str, str, str]) -> None:
    """A sentence of this form yields this assertion."""
    assert expected in told(text)


@pytest.mark.parametrize(
    ("text", "predicates"),
    [
        pytest.param("Ahmad Wali was not killed in the drone strike.", {"killed"}, id="denied"),
        pytest.param("A strike could have killed Ahmad Wali.", {"killed"}, id="only possible"),
        pytest.param("If the US killed Ahmad Wali, it did not say so.", {"killed"}, id="supposed"),
        pytest.param("Was Ahmad Wali killed in the drone strike?", {"killed"}, id="asked"),
        pytest.param(
            "It is unclear if Ahmad Wali was killed in the strike.", {"killed"}, id="unclear"
        ),
        pytest.param(
            "Ahmad Wali survived a drone strike that was meant to kill him.",
            {"killed"},
            id="survived",
        ),
        pytest.param(
            "No senior Taliban leaders are said to have been killed in the strike.",
            {"killed", "leader in"},
            id="no leaders",
        ),
        pytest.param(
            "The Hafiz Gul Bahadar group was there.", {"leader in", "holds post"}, id="eponym"
        ),
        pytest.param(
            "Pakistan could do little, short of shooting down US drones.",
            {"happened"},
            id="hypothesis",
        ),
    ],
)
def test_rules_keep_silent(text: str, predicates: set[str]) -> None:
    """What is denied, asked, supposed or only implied yields none of these."""
    assert not {each for each in told(text) if each[1] in predicates}


@pytest.mark.parametrize(
    ("printed", "label"),
    [
        ("al Qaeda in the Arabian Peninusla", "al Qaeda in the Arabian Peninsula"),
        ("Islamic Movment of Uzbekistan", "Islamic Movement of Uzbekistan"),
    ],
)
def test_name_with_one_word_misspelt_is_known(printed: str, label: str) -> None:
    """A known name of several words is found though one of them is misspelt."""
    assert (label, "name", printed, "fact") in told(f"Fighters of {printed} were there.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Taliban leaders were in Iraq and Syria.", {"Iraq", "Syria"}),
        ("The Pakistani government spoke. Pakistan’s army agreed.", set()),
    ],
)
def test_state_is_a_place_only_where_it_is_one(text: str, expected: set[str]) -> None:
    """A state that acts is no place; one that something is in is."""
    states = {"Iraq", "Syria", "Pakistan"}
    assert {v for _, p, v, _ in told(text) if p == "name"} & states == expected


def test_relative_dates_are_told_from_the_day_that_is_given() -> None:
    """The word "yesterday" means the day before the day of the article."""
    text = "A strike killed two fighters yesterday."
    issued = datetime.date(2017, 6, 14)
    assert ("strike", "date", "2017-06-13..2017-06-13", "inferred") in told(text, issued=issued)


def test_day_after_a_release_is_counted_back() -> None:
    """What is told as a day after the event dates the event from a dated release."""
    text = (
        "It was told in an ISPR press release that was issued on June 14, 2017, one day after "
        "the US killed Ahmad Wali in an attack in Yemen."
    )
    assert any(p == "date" and v == "2017-06-13..2017-06-13" for _, p, v, _ in told(text))


def test_denial_is_kept_as_a_denial() -> None:
    """What a speaker denies is no claim of theirs that it is so."""
    text = "Officials denied that the US killed Ahmad Wali. Abdul Ghani denied that the talks were over."
    found = extract(HEAD + text + "\n")
    assert not [a for a in found.assertions if a.predicate == "killed"]
    contents = [a for a in found.assertions if a.predicate == "content"]
    assert contents
    assert all(a.polarity == "negated" for a in contents)


def test_list_under_killed_leaders_gives_each_name() -> None:
    """Under "have killed leaders of X, including:" every entry was one of them and is dead."""
    text = (
        "The strikes have killed key leaders of Boko Haram, including:\n\n"
        "Ahmad Wali: Farid Noorzai’s deputy and head of Boko Haram in Borno\n"
        "Abdul Ghani: the group’s spokesman"
    )
    found = told(text)
    assert {s for s, p, v, _ in found if p == "member of" and v == "Boko Haram"} >= {
        "Ahmad Wali",
        "Abdul Ghani",
    }
    assert {v for _, p, v, _ in found if p == "killed"} >= {"Ahmad Wali", "Abdul Ghani"}
    assert ("Ahmad Wali", "deputy of", "Farid Noorzai", "fact") in found


def test_comments_and_chrome_yield_nothing() -> None:
    """What stands only in comments, tags or navigation is in no assertion and no node."""
    text = (
        "A headline\n\nThe US killed Ahmad Wali in a strike in Yemen.\n\nTags: Boko Haram\n\n"
        "  • Someone says:\n\n    The ISI killed Farid Noorzai in Swat.\n\n\nHezbollah\n"
    )
    found = extract(text)
    last = text.index("Tags")
    assert all(a.end <= last for a in found.assertions)
    assert not {n.label for n in found.nodes} & {"Boko Haram", "Farid Noorzai", "Swat", "Hezbollah"}


def test_text_values_have_at_most_ten_words() -> None:
    """A longer stretch is cut to ten words and marked as cut."""
    long = "the talks " + "and more talks " * 8 + "were over"
    found = extract(f"{HEAD}Ahmad Wali said that {long}.\n")
    texts = [a.text for a in found.assertions if a.text]
    assert texts
    assert all(len(t.removesuffix(" …").split()) <= 10 for t in texts)


def _checks(text: str, found: Annotations) -> None:
    require_text(found, text, "generated")
    inside = [z for z in found.zones if z.zone in ("comments", "chrome")]
    for a in found.assertions:
        assert 0 <= a.start < a.end <= len(text)
        assert a.sha256 == sha256_of(text[a.start : a.end])
        assert not any(z.start < a.end and a.start < z.end for z in inside)
        require_predicate(a, "generated")


_WORDS = st.sampled_from(
    [
        *[
            "The",
            "US",
            "killed",
            "Ahmad",
            "Wali",
            "in",
            "a",
            "drone",
            "strike",
            "on",
            "June",
            "14",
            ",",
            "2017",
            "near",
            "Hangu",
            ".",
            "and",
            "two",
            "of",
            "his",
        ],
        *[
            "said",
            "that",
            "“",
            "”",
            "‘",
            "’",
            '"',
            "(",
            "[",
            "]",
            ")",
            "more",
            "than",
            "120",
            "militants",
            "-",
            "–",
            "—",
            ":",
            ";",
            "…",
            "says:",
            "Tags:",
            ">",
            "•",
            "\n\n",
            "\n",
        ],
        *[
            "Pakistan’s",
            "president",
            "Taliban",
            "commander",
            "known",
            "as",
            "was",
            "were",
            "have",
            "been",
            "not",
            "if",
            "would",
            "because",
        ],
        "\u00a0",
        "\ue005",
        "\u2028",
        "al",
        "-",
    ]
)
_TEXTS = st.one_of(
    st.lists(_WORDS, min_size=1, max_size=150).map(" ".join),
    st.text(min_size=1, max_size=300),
)


@settings(max_examples=120, deadline=None)
@given(_TEXTS)
def test_any_text_is_read_without_harm(text: str) -> None:
    """Whatever the text: no crash, spans and hashes hold, nothing from comments, the same twice."""
    found = extract(text)
    _checks(text, found)
    assert dump_annotations(found) == dump_annotations(extract(text))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("said that " * 4_000, id="a very long line"),
        pytest.param("a " * 20_000, id="small words"),
        pytest.param("“" * 3_000 + "x" + "”" * 3_000, id="deep quotations"),
        pytest.param("Ahmad Wali, " * 3_000, id="a long list of names"),
        pytest.param("the leader of the Taliban in " * 1_500, id="a long chain of roles"),
        pytest.param("12 and 13 or 14-15 to " * 2_000, id="many numbers"),
        pytest.param("> " * 5_000 + "x", id="deep block quotation"),
        pytest.param("x\n" * 8_000, id="many lines"),
    ],
)
def test_hard_text_is_read_in_bounded_time(text: str) -> None:
    """No rule runs away on repetitive text: tens of thousands of characters take seconds."""
    began = time.process_time()
    _checks(text, extract(text))
    assert time.process_time() - began < 20


def _score_of(article: Path, key: Path) -> tuple[float, bool]:
    text = article.read_bytes().decode("utf-8")
    found = extract(text)
    _checks(text, found)
    result = score(found, load_key(key), text)
    return result.total.f1, result.is_clean


def test_seed_score_is_at_least_eighty_percent_without_traps() -> None:
    """On the seed the rules reach F1 0.80 over core items, hit no trap and leave comments alone."""
    article, key = shared("seed/000_f26fef2fba4196b7.txt"), shared("seed/answer-key.json")
    began = time.process_time()
    f1, clean = _score_of(article, key)
    assert f1 >= 0.80
    assert clean
    assert time.process_time() - began < 10


@pytest.mark.parametrize(("name", "floor"), [("s1", 0.82), ("s2", 0.70)])
def test_invented_pages_keep_their_score(name: str, floor: float) -> None:
    """On two invented pages the score does not fall, and no trap is hit."""
    f1, clean = _score_of(PAGES / f"{name}.txt", PAGES / f"{name}.key.json")
    assert f1 >= floor
    assert clean


def test_rules_name_no_phrase_of_the_seed() -> None:
    """No rule holds four words in a row that stand in the seed's body and are not a name."""
    text = shared("seed/000_f26fef2fba4196b7.txt").read_text(encoding="utf-8")[:6_760].casefold()
    words = "".join(c if c.isalnum() or c.isspace() else " " for c in text).split()
    grams = {" ".join(words[i : i + 5]) for i in range(len(words) - 4)}
    folder = Path(__file__).parents[3] / "src" / "conflictkg" / "sources" / "article" / "rules"
    files = sorted(folder.rglob("*.toml"))
    assert files
    for file in files:
        content = file.read_text(encoding="utf-8").casefold()
        plain = " ".join("".join(c if c.isalnum() or c.isspace() else " " for c in content).split())
        assert not [gram for gram in grams if f" {gram} " in plain], file.name


def test_key_items_of_invented_pages_quote_their_page() -> None:
    """The keys beside the invented pages fit them."""
    for key in sorted(PAGES.glob("*.key.json")):
        text = (PAGES / f"{key.name.split('.')[0]}.txt").read_text(encoding="utf-8")
        for item in json.loads(key.read_text(encoding="utf-8")):
            assert text[item["start"] : item["end"]] == item["text"]
