"""The scorer matches what says the same, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from conflictkg.errors import SourceError
from conflictkg.sources.article.annotations import Annotations, sha256_of
from conflictkg.sources.article.score import report, score
from conflictkg.sources.article.scorekey import KeyItem, load_key, require_key_fits

TEXT = (
    "The US killed Ahmad Wali, a Taliban commander, and two of his deputies on June 13, 2017. "
    "Officials said that 17 strikes were launched. Not a word was added by Abdul Ghani, a driver.\n\n"
    "  • Reader says:\n\n    Everybody knows the ISI did it.\n"
)


def at(words: str) -> dict[str, Any]:
    start = TEXT.index(words)
    return {"start": start, "end": start + len(words)}


def item(name: str, words: str, **fields: Any) -> KeyItem:
    base: dict[str, Any] = {"id": name, "status": "fact", "core": True, "text": words, **at(words)}
    return KeyItem.model_validate({**base, **fields})


def annotations(*assertions: dict[str, Any]) -> Annotations:
    nodes = [
        {"id": "ahmad-wali", "type": "person", "label": "Ahmad Wali"},
        {"id": "abdul-ghani", "type": "person", "label": "Abdul Ghani"},
        {"id": "taliban", "type": "organization", "label": "Taliban"},
        {"id": "us", "type": "organization", "label": "United States"},
        {"id": "isi", "type": "organization", "label": "ISI"},
        {"id": "strike-1", "type": "strike", "label": "strike"},
        {"id": "deputies", "type": "person-group", "label": "two of his deputies"},
        {"id": "series-2016", "type": "strike-series", "label": "17 strikes in 2016"},
        {
            "id": "post",
            "type": "post",
            "label": "commander of Taliban",
            "organization": "taliban",
        },
    ]
    made = []
    for number, each in enumerate(assertions):
        span = TEXT[each["start"] : each["end"]]
        made.append({"id": f"a{number}", "status": "fact", "sha256": sha256_of(span), **each})
    return Annotations.model_validate(
        {
            "document": {
                "text_sha256": sha256_of(TEXT),
                "characters": len(TEXT),
                "title": "A page",
            },
            "zones": [],
            "nodes": nodes,
            "assertions": made,
        }
    )


KILLED = item(
    "k1",
    "US killed Ahmad Wali",
    kind="strike",
    subject="strike-wali-20170613",
    predicate="killed",
    object="Ahmad Wali",
)
KILLED_BY_US: dict[str, Any] = {
    "kind": "strike",
    "subject": "strike-1",
    "predicate": "killed",
    "object": "ahmad-wali",
    **at("killed Ahmad Wali"),
}
COUNT = item(
    "k2",
    "17 strikes were launched",
    kind="count",
    subject="US strikes in Pakistan in 2017",
    predicate="number of strikes",
    object="17",
    status="attributed-claim",
)
COUNTED: dict[str, Any] = {
    "kind": "count",
    "subject": "strike-1",
    "predicate": "count",
    "count": {"of": "events", "low": 17, "best": 17, "high": 17},
    "status": "attributed-claim",
    **at("17 strikes"),
}
DATE = item(
    "k3",
    "June 13, 2017",
    kind="date",
    subject="strike-wali-20170613",
    predicate="date",
    object="2017-06-13",
)


def dated(day: str | None, words: str | None = None) -> dict[str, Any]:
    value = {"precision": "day" if day else "unknown", "resolved_from": words}
    if day:
        value |= dict.fromkeys(
            ("earliest_begin", "latest_begin", "earliest_end", "latest_end"), day
        )
    return {
        "kind": "date",
        "subject": "strike-1",
        "predicate": "date",
        "date": value,
        **at("June 13, 2017"),
    }


ROLE = item(
    "k4",
    "Ahmad Wali, a Taliban commander",
    kind="role",
    subject="Ahmad Wali",
    predicate="commander of",
    object="Taliban",
)
HOLDS: dict[str, Any] = {
    "kind": "role",
    "subject": "ahmad-wali",
    "predicate": "holds post",
    "object": "post",
    **at("Ahmad Wali, a Taliban commander"),
}
GROUP = item(
    "k5",
    "two of his deputies",
    kind="casualty",
    subject="strike-wali-20170613",
    predicate="killed",
    object="2 deputies of that leader (unnamed)",
)
KILLED_GROUP: dict[str, Any] = {
    "kind": "casualty",
    "subject": "strike-1",
    "predicate": "killed",
    "object": "deputies",
    **at("two of his deputies"),
}
NAME = item(
    "k6",
    "The US killed",
    kind="organization",
    subject="United States",
    predicate="mentioned as",
    object="US",
)
NAMED: dict[str, Any] = {
    "kind": "organization",
    "subject": "us",
    "predicate": "name",
    "text": "US",
    **at("US"),
}


@pytest.mark.parametrize(
    ("key", "extracted"),
    [
        (KILLED, KILLED_BY_US),
        (COUNT, COUNTED),
        (DATE, dated("2017-06-13")),
        (DATE, dated(None, "June 13")),
        (ROLE, HOLDS),
        (ROLE, {**HOLDS, "status": "inferred"}),
        (GROUP, KILLED_GROUP),
        (NAME, NAMED),
    ],
)
def test_same_assertion_matches(key: KeyItem, extracted: dict[str, Any]) -> None:
    """What says the same, of the same, in the same place, with the same status, is right."""
    result = score(annotations(extracted), [key], TEXT)
    assert (result.total.right, result.total.wrong, result.total.missing) == (1, 0, 0)


@pytest.mark.parametrize(
    ("key", "extracted"),
    [
        pytest.param(KILLED, {**KILLED_BY_US, "object": "abdul-ghani"}, id="another person"),
        pytest.param(KILLED, {**KILLED_BY_US, "status": "attributed-claim"}, id="another status"),
        pytest.param(
            KILLED, {**KILLED_BY_US, "status": "author-opinion"}, id="an opinion for a fact"
        ),
        pytest.param(KILLED, {**KILLED_BY_US, "polarity": "negated"}, id="a denial"),
        pytest.param(KILLED, {**KILLED_BY_US, **at("17 strikes")}, id="another place"),
        pytest.param(
            KILLED,
            {**KILLED_BY_US, "start": 0, "end": len(TEXT) - 40},
            id="a span that covers everything",
        ),
        pytest.param(
            KILLED, {**KILLED_BY_US, "predicate": "carried out by"}, id="another predicate"
        ),
        pytest.param(KILLED, {**KILLED_BY_US, "subject": "taliban"}, id="a group for the event"),
        pytest.param(
            COUNT,
            {**COUNTED, "count": {"of": "events", "low": 18, "best": 18, "high": 18}},
            id="another number",
        ),
        pytest.param(
            COUNT, {**COUNTED, "count": {"of": "events", "low": 17}}, id="an open upper bound"
        ),
        pytest.param(
            COUNT,
            {**COUNTED, "count": {"of": "killed", "low": 17, "best": 17, "high": 17}},
            id="dead for strikes",
        ),
        pytest.param(COUNT, {**COUNTED, "subject": "series-2016"}, id="a series of another year"),
        pytest.param(DATE, dated("2017-06-14"), id="another day"),
        pytest.param(DATE, dated(None, "June 14"), id="another day, year not printed"),
        pytest.param(DATE, dated(None, "today"), id="an unresolved date"),
        pytest.param(ROLE, {**HOLDS, "subject": "abdul-ghani"}, id="another holder"),
        pytest.param(ROLE, {**HOLDS, "predicate": "leader in", "object": "us"}, id="another body"),
        pytest.param(GROUP, {**KILLED_GROUP, "object": "ahmad-wali"}, id="one for two"),
        pytest.param(NAME, {**NAMED, "subject": "taliban"}, id="a name of another body"),
        pytest.param(NAME, {**NAMED, "kind": "place"}, id="a place for a body"),
        pytest.param(NAME, {**NAMED, "text": "killed", **at("killed")}, id="other words"),
    ],
)
def test_different_assertion_does_not_match(key: KeyItem, extracted: dict[str, Any]) -> None:
    """One difference in person, number, date, status, predicate or span is enough to be wrong."""
    if extracted["predicate"] == "carried out by":
        extracted = {**extracted, "object": "us"}
    result = score(annotations(extracted), [key], TEXT)
    assert (result.total.right, result.total.wrong, result.total.missing) == (0, 1, 1)


def test_second_assertion_of_one_item_is_wrong() -> None:
    """One key item takes one assertion."""
    again = {**KILLED_BY_US, **at("US killed Ahmad Wali")}
    result = score(annotations(KILLED_BY_US, again), [KILLED], TEXT)
    assert (result.total.right, result.total.wrong) == (1, 1)
    assert result.total.precision == 0.5


def test_assignment_gives_each_item_an_assertion_where_it_can() -> None:
    """A greedy first choice does not cost the second item its only assertion."""
    wide = item("wide", "US killed Ahmad Wali", **_fields(KILLED))
    near = item("near", "killed Ahmad Wali", **_fields(KILLED))
    first = {**KILLED_BY_US, **at("killed Ahmad Wali")}
    second = {**KILLED_BY_US, **at("US killed Ahmad Wali")}
    assert score(annotations(first, second), [wide, near], TEXT).total.right == 2


def _fields(key: KeyItem) -> dict[str, Any]:
    return {f: getattr(key, f) for f in ("kind", "subject", "predicate", "object")}


def test_item_that_is_not_core_is_neutral() -> None:
    """What matches only an item that is not core counts neither way."""
    aside = KILLED.model_copy(update={"core": False})
    result = score(annotations(KILLED_BY_US), [aside, DATE], TEXT)
    assert (result.total.right, result.total.wrong, result.total.missing) == (0, 0, 1)
    assert len(result.neutral) == 1


def test_trap_is_hit_by_who_asserts_it() -> None:
    """An assertion with the trap's subject and object in its place is a hit; another is not."""
    trap = item(
        "t1",
        "Abdul Ghani, a driver",
        kind="trap",
        subject="Abdul Ghani",
        predicate="commander of",
        object="Taliban",
        status="must-not-assert",
        core=False,
    )
    fallen = {**HOLDS, "subject": "abdul-ghani", **at("Abdul Ghani, a driver")}
    hit = score(annotations(fallen), [trap, ROLE], TEXT)
    assert [t.id for t, _ in hit.traps] == ["t1"]
    assert not hit.is_clean
    assert "t1 by a0" in report(hit)
    denied = score(annotations({**fallen, "polarity": "negated"}), [trap, ROLE], TEXT)
    assert denied.is_clean
    assert score(annotations(HOLDS), [trap, ROLE], TEXT).is_clean


def test_assertion_from_a_comment_is_a_breach() -> None:
    """Anything that stands in a comment is reported, whatever it says."""
    comment = item(
        "c1",
        "Everybody knows the ISI did it.",
        kind="comment",
        subject="comment-1",
        predicate="body",
        object="Reader",
        status="reader-comment",
        core=False,
    )
    said = {**NAMED, "subject": "isi", "text": "ISI", **at("ISI")}
    result = score(annotations(said), [comment, NAME], TEXT)
    assert [a.id for a in result.breaches] == ["a0"]
    assert not result.is_clean


def test_report_tells_what_was_missed_and_wrong() -> None:
    """With details the report names each missed item and each wrong assertion."""
    result = score(annotations({**KILLED_BY_US, "object": "abdul-ghani"}), [KILLED], TEXT)
    text = report(result, details=True)
    assert "k1 strike" in text
    assert "a0 strike" in text
    assert "total" in report(result)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[{", "line 1"),
        ("{}", "list"),
        ('[{"id": "g1"}]', r"0\.kind: Field required"),
    ],
)
def test_broken_key_is_refused_with_the_place(tmp_path: Path, content: str, message: str) -> None:
    """A key that is no JSON or lacks a field is refused, and the message says where."""
    path = tmp_path / "key.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=message):
        load_key(path)


def test_key_of_another_text_is_refused(tmp_path: Path) -> None:
    """A key whose spans hold other words is refused with the first such item."""
    path = tmp_path / "key.json"
    path.write_text(json.dumps([KILLED.model_dump()]), encoding="utf-8")
    with pytest.raises(SourceError, match="item k1: characters 4-24"):
        require_key_fits(load_key(path), "another text, of another length altogether", str(path))
