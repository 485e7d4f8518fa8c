"""What the rules read of places, names, roles and occurrences, in sentences made for it."""

import pytest

from conflictkg.sources.article.annotations import Assertion
from conflictkg.sources.article.extract import extract
from conflictkg.sources.article.mentions import Name
from conflictkg.sources.article.shortnames import fold_name, short_names

HEAD = "A headline of no weight\n\n"


def told(text: str) -> set[tuple[str, str, str, str]]:
    """Each assertion as (subject's label, predicate, value, status)."""
    found = extract(HEAD + text + "\n")
    labels = {node.id: node.label for node in found.nodes}
    return {(labels[a.subject], a.predicate, _value(a, labels), a.status) for a in found.assertions}


def _value(assertion: Assertion, labels: dict[str, str]) -> str:
    return labels[assertion.object] if assertion.object else assertion.text or ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "Cells were found in Kunduz’s districts: Aliabad, Archi, and Khanabad.",
            ("Archi", "part of", "Kunduz", "fact"),
            id="list of districts",
        ),
        pytest.param(
            "The talks took place in the Somali capital Mogadishu.",
            ("Mogadishu", "part of", "Somalia", "fact"),
            id="capital of a state told by its adjective",
        ),
        pytest.param(
            "He was seen in Mir Ali in Pakistan’s tribal agency of North Waziristan.",
            ("Mir Ali", "part of", "North Waziristan agency", "fact"),
            id="the nearest of two places around it",
        ),
        pytest.param(
            "The fighters came from Zinjibar, the capital of Abyan.",
            ("Zinjibar", "part of", "Abyan", "fact"),
            id="capital in apposition",
        ),
        pytest.param(
            "Afghan and Coalition forces captured a Haqqani Network facilitator during a raid in Khost.",
            ("raid", "carried out by", "Afghan and Coalition forces", "fact"),
            id="who captured",
        ),
        pytest.param(
            "Afghan and Coalition forces captured a Haqqani Network facilitator during a raid in Khost.",
            (
                "a Haqqani Network facilitator",
                "holds post",
                "facilitator of Haqqani Network",
                "fact",
            ),
            id="role of the unnamed captive",
        ),
        pytest.param(
            "Boko Haram gunmen stormed the town of Gwoza.",
            ("stormed the town of Gwoza", "location", "Gwoza", "fact"),
            id="place that was stormed",
        ),
        pytest.param(
            "The siege ended. The suicide bombing was carried out by Boko Haram.",
            ("suicide bombing", "carried out by", "Boko Haram", "fact"),
            id="carried out by",
        ),
        pytest.param(
            "The target of the strike was Ahmad Wali.",
            ("strike", "aimed at", "Ahmad Wali", "fact"),
            id="target of a strike",
        ),
        pytest.param(
            "Ahmad Wali was added to a list of wanted men.",
            ("Ahmad Wali", "happened", "added to a list of wanted men", "fact"),
            id="what was done to somebody named",
        ),
        pytest.param(
            "Ahmad Wali, the Taliban’s shadow governor for Helmand, spoke.",
            ("Ahmad Wali", "holds post", "shadow governor (Taliban) for Helmand", "fact"),
            id="shadow governor of a province",
        ),
        pytest.param(
            "Boko Haram, which is led by Ahmad Wali, was there.",
            ("Ahmad Wali", "leader in", "Boko Haram", "fact"),
            id="led by",
        ),
        pytest.param(
            "US Army Col. Ahmad Wali spoke.",
            ("Ahmad Wali", "member of", "US Army", "inferred"),
            id="rank under the name of a service",
        ),
        pytest.param(
            "Hezbollah, which is backed by Iran, was there.",
            ("Iran", "supports", "Hezbollah", "fact"),
            id="backed by a state",
        ),
        pytest.param(
            "Tapes of al Qaeda’s media arm, As Sahab, was there.",
            ("As Sahab", "agency of", "al Qaeda", "fact"),
            id="media arm",
        ),
        pytest.param(
            "A security guard was killed in the raid.",
            ("raid", "killed", "A security guard", "fact"),
            id="one victim without a number",
        ),
        pytest.param(
            "Musa Bashir al-Harbi left. Al Harbi later returned.",
            ("Musa Bashir al-Harbi", "short name", "Al Harbi", "fact"),
            id="short name with its article",
        ),
    ],
)
def test_rules_read(text: str, expected: tuple[str, str, str, str]) -> None:
    """A sentence of this form yields this assertion."""
    assert expected in told(text)


@pytest.mark.parametrize(
    ("text", "predicate"),
    [
        pytest.param(
            "There were raids in Badakhshan, Baghlan, Faryab, and Logar.", "part of", id="a list"
        ),
        pytest.param(
            "It is possible that Ahmad Wali was wounded in the strike.", "happened", id="possible"
        ),
        pytest.param(
            "Boko Haram vowed to attack Gwoza.", "carried out by", id="what is only vowed"
        ),
        pytest.param(
            "Boko Haram has not captured the town.", "carried out by", id="what was not done"
        ),
    ],
)
def test_rules_keep_silent(text: str, predicate: str) -> None:
    """Lists of places, suppositions, vows and denials yield none of these."""
    assert not {each for each in told(text) if each[1] == predicate}


def test_short_names_lead_to_the_one_person_they_fit() -> None:
    """A kunya, a family name with its article and a titled name stand for the full name."""
    names = {
        key: Name(key, label)
        for key, label in (
            ("a", "Abu Zayd al Harbi"),
            ("b", "Sheikh Abu Zayd"),
            ("c", "Omar Harun"),
        )
    }
    found = short_names(names)
    forms = ("Abu Zayd", "al-Harbi", "Sheikh Abu Zayd", "Harun")
    assert [found[fold_name(form)].key for form in forms] == ["a", "a", "a", "c"]


def test_short_name_of_two_persons_stands_for_neither() -> None:
    """What two persons share as a family name is left alone."""
    names = {"a": Name("a", "Omar Harun"), "b": Name("b", "Musa Harun")}
    assert "harun" not in short_names(names)
