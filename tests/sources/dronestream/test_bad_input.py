"""Answers of dronestre.am that are not what they should be, and persons who must not be taken for one another."""

import json
import re
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest

from conflictkg.errors import SourceError
from conflictkg.sources.converting import convert_source, make_job
from conflictkg.sources.report import Fate, Issue

CASE = Path(__file__).parent / "strikes"
CKG = "https://w3id.org/conflictkg/ontology#"


def entry(**fields: Any) -> dict[str, Any]:
    first: dict[str, Any] = json.loads((CASE / "input.json").read_text())["strike"][0]
    return {**first, **fields}


def convert(path: Path, *entries: object) -> tuple[str, tuple[Issue, ...]]:
    path.write_text(json.dumps({"status": "OK", "strike": entries}), encoding="utf-8")
    job = make_job("dronestream", path, release="test")
    return b"".join(bytes(each) for each in convert_source(job)).decode(), job.report.issues


def objects_of(text: str, name: str) -> set[str]:
    """What claims of a property have as their object."""
    quads = list(pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE))
    claims = {
        each.subject
        for each in quads
        if each.predicate.value == f"{CKG}claimProperty" and str(each.object) == f"<{CKG}{name}>"
    }
    return {
        str(each.object)
        for each in quads
        if each.subject in claims and each.predicate.value == f"{CKG}claimObject"
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no JSON, or cut off"),
        (b'{"status":"OK","strike":[{"_id":"1"', r"line 1: is no JSON, or cut off"),
        (b"[1]", 'must hold a list "strike"'),
        (b'{"strike":[1]}', 'must hold a list "strike"'),
        (b'{"strike":"x"}', 'must hold a list "strike"'),
        (b'{"strike":' + b"[" * 200_000, "is no JSON"),
        (b'{"strike":[],"n":' + b"9" * 10_000 + b"}", "is no JSON that is read"),
        ('{"strike":["é"]}'.encode("latin-1"), "is not UTF-8 at byte 13"),
        (b'{"strike":[]}', "has 0 rows; a release of dronestream has 1 to 5,000"),
    ],
)
def test_what_is_no_answer_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    """Cut off, too deep, another encoding, another shape: one sentence, and nothing written."""
    path = tmp_path / "a.json"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=problem):
        list(convert_source(make_job("dronestream", path, release="test")))


@pytest.mark.parametrize(
    ("fields", "column", "problem"),
    [
        ({"_id": "a b"}, "_id", "is no identifier"),
        ({"date": "0025-06-13T00:00:00.000Z"}, "date", "is in the year 25"),
        ({"date": "2017-02-30T00:00:00.000Z"}, "date", "is no day"),
        ({"date": "13/06/2017"}, "date", "is no day"),
        ({"date": "2017-06-13T23:30:00.000Z"}, "date", "is no day"),
        ({"deaths_min": "three"}, "deaths_min", "is no number of people"),
        ({"lat": "132.5", "lon": "33.1"}, "lat", "are swapped"),
        ({"lat": "33.1", "lon": "232.5"}, "lat", "at most 90 and 180"),
        ({"lat": ""}, "lat", "must be decimal degrees"),
        ({"country": "Yeman"}, "country", 'Closest known: "Yemen"'),
        ({"town": None}, "town", "is no text, but null"),
        ({"names": "A, B"}, "names", "is no list of texts"),
        ({"colour": "red"}, "colour", "is a field that is not known"),
    ],
)
def test_field_that_cannot_be_read_rejects_its_entry_only(
    tmp_path: Path, fields: dict[str, Any], column: str, problem: str
) -> None:
    """The entry before it is converted; of the other nothing is."""
    bad = entry(**{"_id": "ffff", "bureau_id": "Ob999", **fields})
    text, issues = convert(tmp_path / "a.json", entry(), bad)
    (issue,) = issues
    assert (issue.line, issue.column, issue.fate) == (2, column, Fate.REJECTED)
    assert problem in issue.problem
    assert "ffff" not in text
    assert text.count("a ckg:Strike ") == 1


def test_person_aimed_at_is_not_the_person_killed(tmp_path: Path) -> None:
    """Also where both have one name, and where a victim has the name of one in the registry."""
    aimed = entry(target="Some Commander", names=["Some Commander, Baitullah Mehsud (17)"])
    text, _ = convert(tmp_path / "a.json", aimed)
    targets, killed = objects_of(text, "intendedTarget"), objects_of(text, "killedPerson")
    assert (len(targets), len(killed)) == (1, 2)
    assert targets.isdisjoint(killed)
    assert "person/0004" not in text
    assert '"Baitullah Mehsud"@en' in text


def test_one_name_aimed_at_twice_is_one_person_and_killed_twice_is_two(tmp_path: Path) -> None:
    """A person may be aimed at again and again, and is killed once."""
    first = entry(_id="a1", bureau_id="Ob1", target="Some Commander", names=["A Man"])
    second = entry(_id="a2", bureau_id="Ob2", target="Some Commander", names=["A Man"])
    text, _ = convert(tmp_path / "a.json", first, second)
    assert len(objects_of(text, "intendedTarget")) == 1
    assert len(objects_of(text, "killedPerson")) == 2


def test_no_name_stands_in_an_iri(tmp_path: Path) -> None:
    """Names can be corrected or withdrawn, IRIs cannot."""
    text, _ = convert(tmp_path / "a.json", entry(target="Zzyzx Qwfp", names=["Xyzzy Plugh"]))
    iris = " ".join(re.findall(r"<([^>]*)>", text)).casefold()
    assert not any(each in iris for each in ("zzyzx", "qwfp", "xyzzy", "plugh"))


def test_order_of_entries_says_nothing(tmp_path: Path) -> None:
    """But for the place of each in the list."""
    entries = json.loads((CASE / "input.json").read_text())["strike"]
    forth, _ = convert(tmp_path / "a.json", *entries)
    back, _ = convert(tmp_path / "a.json", *reversed(entries))
    line = re.compile(r"^  ckg:line [0-9]+ ;\n", re.MULTILINE)
    assert line.sub("", forth) == line.sub("", back)
