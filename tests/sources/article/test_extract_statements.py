"""Reported speech, dates and numbers in the many forms in which reports tell them."""

import datetime

import pytest

from conflictkg.sources.article.annotations import Assertion
from conflictkg.sources.article.extract import extract

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
        return f"{c.of} {c.low}..{c.best}..{c.high}"
    if assertion.date:
        d = assertion.date
        return f"{d.earliest_begin}..{d.latest_end}" if d.earliest_begin else f"? {d.resolved_from}"
    return assertion.text or assertion.concept or ""


def has(text: str, predicate: str, value: str, status: str) -> bool:
    """Whether something is told, whatever of."""
    return any(each[1:] == (predicate, value, status) for each in told(text))


@pytest.mark.parametrize(
    ("text", "predicate", "value", "status"),
    [
        pytest.param(
            "NATO on Monday said that the bridge was open.",
            "content",
            "the bridge was open",
            "attributed-claim",
            id="day before the verb",
        ),
        pytest.param(
            "In March the Taliban announced that the road was closed.",
            "stated on",
            "? March",
            "inferred",
            id="date before the speaker",
        ),
        pytest.param(
            "Pakistan\u2019s interior minister said the border was shut.",
            "speaker",
            "Pakistan\u2019s interior minister",
            "fact",
            id="holder of a post without name",
        ),
        pytest.param(
            "A doctor at the hospital in Kabul said that the wards were full.",
            "content",
            "the wards were full",
            "attributed-claim",
            id="somebody told by his trade",
        ),
        pytest.param(
            "NATO said \u201cthe road is open,\u201d but the UN accused Iran of closing the road.",
            "content",
            "accused Iran of closing the road",
            "attributed-claim",
            id="accusation, and two speakers in one sentence",
        ),
        pytest.param(
            "The Taliban has issued a long statement confirming that the talks are over.",
            "document type",
            "long statement",
            "fact",
            id="statement confirming",
        ),
        pytest.param(
            "Ahmad Wali was interviewed by Reuters in May 2011, and said he was content.",
            "stated on",
            "2011-05-01..2011-05-31",
            "inferred",
            id="interview",
        ),
        pytest.param(
            "US officials contacted by Reuters would not comment.",
            "reported by",
            "Reuters",
            "fact",
            id="asked by an outlet",
        ),
        pytest.param(
            "US officials were certain the camp was empty.",
            "content",
            "the camp was empty",
            "attributed-claim",
            id="certainty",
        ),
        pytest.param(
            "\u201cThe road,\u201d Ahmad Wali told reporters, \u201cwill be open by noon.\u201d",
            "direct quote",
            "will be open by noon.",
            "attributed-claim",
            id="words around a quotation",
        ),
        pytest.param(
            "NATO spokesman Ahmad Wali said on Twitter that the road was open.",
            "venue",
            "Twitter",
            "fact",
            id="outlet of one\u2019s own",
        ),
        pytest.param(
            "NATO spokesman Ahmad Wali said during a parliamentary hearing that all was well.",
            "venue",
            "a parliamentary hearing",
            "fact",
            id="gathering",
        ),
        pytest.param(
            "The camp was \u201cemptied of all its stores by night\u201d before dawn.",
            "direct quote",
            "emptied of all its stores by night",
            "attributed-claim",
            id="quotation of which nobody is told",
        ),
        pytest.param(
            "The coast was under Shabaab rule between May 2009 and June 2010.",
            "date",
            "2009-05-01..2010-06-30",
            "inferred",
            id="range of months",
        ),
        pytest.param(
            "Somalia has 18 regions, and Kenya\u2019s 47 counties are at peace.",
            "count",
            "things 47..47..47",
            "fact",
            id="things of an owner",
        ),
        pytest.param(
            "The African Union\u2019s 4,000 troops were at the port.",
            "count",
            "persons 4000..4000..4000",
            "fact",
            id="persons of an owner",
        ),
        pytest.param(
            "An airstrike hit the port. A helicopter fired a missile at the ship.",
            "count",
            "things 1..1..1",
            "fact",
            id="a single missile",
        ),
        pytest.param(
            "The US launched many airstrikes in Libya. About 60 were conducted last year.",
            "count",
            "events None..60..None",
            "fact",
            id="number of the series before",
        ),
    ],
)
def test_form_of_report_is_read(text: str, predicate: str, value: str, status: str) -> None:
    """Each way to tell who said what, when it was and how many there were gives its assertion."""
    assert has(text, predicate, value, status), sorted(told(text))


def test_quotation_standing_alone_belongs_to_the_last_speaker() -> None:
    """A paragraph that is a quotation and nothing else goes on with who spoke before."""
    text = (
        "\u201cThe road is open,\u201d Ahmad Wali told reporters.\n\n"
        "\u201cThe bridge will be open by noon.\u201d"
    )
    said = ("statement of Ahmad Wali", "direct quote", "The bridge will be open by noon.")
    assert (*said, "attributed-claim") in told(text)


def test_words_on_another_day_are_another_statement() -> None:
    """What somebody said on a second day is kept apart from what they said before."""
    text = (
        "Ahmad Wali said that the road was open. "
        "Ahmad Wali said on Jan. 3, 2012 that the bridge was shut."
    )
    subjects = {each[0] for each in told(text) if each[1] == "content"}
    assert subjects == {"statement of Ahmad Wali", "statement of Ahmad Wali (Jan. 3, 2012)"}


def test_statement_spoken_of_again_keeps_its_maker() -> None:
    """What is told "according to the statement" is the last speaker's claim."""
    text = (
        "Ahmad Wali said in a statement that the road was open. "
        "According to the statement, the bridge was shut for good."
    )
    assert ("statement of Ahmad Wali", "content", "the bridge was shut for good") in {
        each[:3] for each in told(text)
    }


def test_release_that_is_quoted_goes_on_while_it_takes_up_its_own_words() -> None:
    """A quoted release runs on over short paragraphs that begin with what was told before."""
    text = (
        "From the NATO press release:\n\nA patrol found a cellar in Kabul province.\n\n"
        "The patrol also found a tunnel.\n\nNobody knows more."
    )
    found = extract(HEAD + text + "\n")
    quoted = [z for z in found.zones if z.zone == "block-quotation"]
    page = HEAD + text
    assert [page[z.start : z.end].split()[-1] for z in quoted] == ["tunnel."]


def test_this_year_is_explained_once() -> None:
    """What "this year" means is told once, however often it is printed."""
    text = "NATO left this year. The UN came this year."
    dates = [each for each in told(text, datetime.date(2012, 5, 6)) if each[1] == "date"]
    assert [each[2] for each in dates] == ["2012-01-01..2012-12-31"]


def test_season_is_three_months() -> None:
    """The words "this spring" mean March to May of the article's year."""
    text = "NATO left the camp this spring."
    assert ("2012-03-01..2012-05-31") in {
        each[2] for each in told(text, datetime.date(2012, 8, 1)) if each[1] == "date"
    }


def test_paragraph_about_what_was_reported_is_no_credit() -> None:
    """A paragraph in which two parties "reported" something is not taken for a list of contributors."""
    text = (
        "One.\n\nTwo.\n\nResidents reported that the dam was open. "
        "The gate was shut, Reuters reported."
    )
    zones = {zone.zone for zone in extract(HEAD + text + "\n").zones}
    assert zones == {"headline", "body"}
