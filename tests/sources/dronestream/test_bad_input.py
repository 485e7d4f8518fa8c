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
MANGLED = "dataIssue cs:data-issue-spreadsheet-mangled"
INCONSISTENT = "dataIssue cs:data-issue-inconsistent-fields"
REPAIR = 'repair "read as the range 3 to 4, of which a spreadsheet had made a date"@en'


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
        ({"town": "A\0B"}, "town", r'"A\x00B" holds a character that no text may hold: U+0000.'),
        (
            {"town": "A\ud800B"},
            "town",
            r'"A\ud800B" holds a character that no text may hold: U+D800.',
        ),
        ({"_id": "ffff\udfff"}, "_id", "holds a character that no text may hold: U+DFFF."),
        ({"names": ["A Man, B\0"]}, "names", "holds a character that no text may hold: U+0000."),
        ({"names": ["A Man, B\ud800"]}, "names", "no text may hold: U+D800."),
        ({"target": "x" * 90 + "\ud800"}, "target", "no text may hold: U+D800."),
        ({"a\ud800": "red"}, r"a\ud800", "is a field that is not known"),
        ({"a\0": "red"}, r"a\x00", "is a field that is not known"),
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
    assert issue.describe("a.json").encode().startswith(b"a.json entry 2 column ")


@pytest.mark.parametrize(
    ("deaths", "least", "most", "expected"),
    [
        ("3-4", "3", "4", {"lowerBound 3", "upperBound 4"}),
        (
            "3-4",
            "4-Mar",
            "",
            {"lowerBound 3", "upperBound 4", MANGLED, REPAIR, 'verbatim "4-Mar"@en'},
        ),
        (
            "3-4",
            "",
            "4-Mar",
            {"lowerBound 3", "upperBound 4", MANGLED, REPAIR, 'verbatim "4-Mar"@en'},
        ),
        (
            "3-6",
            "4-Mar",
            "6",
            {"lowerBound 3", "upperBound 6", MANGLED, REPAIR, 'verbatim "4-Mar"@en'},
        ),
        (
            "7",
            "4-Mar",
            "",
            {"lowerBound 3", "upperBound 4", MANGLED, REPAIR, 'verbatim "4-Mar"@en'},
        ),
        (
            "4-Mar",
            "?",
            "",
            {"lowerBound 3", "upperBound 4", MANGLED, REPAIR, 'verbatim "4-Mar"@en'},
        ),
        ("", "Some", "", {"vague true", 'verbatim "Some"@en'}),
        ("", "", "Several", {"vague true", 'verbatim "Several"@en'}),
        ("Unknown", "?", "?", {"notReported true", 'verbatim "Unknown"@en'}),
        ("", "?", "", {"notReported true"}),
        ("4", "Some", "", {"lowerBound 4", "bestEstimate 4", "upperBound 4"}),
        ("2+", "2", "5+", {"lowerBound 2", 'verbatim "5+"@en'}),
        ("2", "2", "several", {"lowerBound 2", INCONSISTENT, 'verbatim "several"@en'}),
        ("", "3-5", "", {"lowerBound 3", "upperBound 5"}),
        ("", "", "3-5", {"lowerBound 3", "upperBound 5"}),
        ("", "", "5+", {"lowerBound 5", 'verbatim "5+"@en'}),
        ("", "up to 5", "", {"upperBound 5", 'verbatim "up to 5"@en'}),
        ("several", "3", "5", {"lowerBound 3", "upperBound 5", 'verbatim "several"@en'}),
        ("", "5", "3", {"lowerBound 5", "upperBound 3", "dataIssue cs:data-issue-range-reversed"}),
    ],
)
def test_deaths_are_what_their_fields_say(
    tmp_path: Path, deaths: str, least: str, most: str, expected: set[str]
) -> None:
    """What is repaired says so, words are vague, and a question mark says nothing."""
    fields = {"deaths": deaths, "deaths_min": least, "deaths_max": most}
    text, _ = convert(tmp_path / "a.json", entry(**fields))
    (claim,) = (each for each in text.split("\n.\n") if "cs:count-category-killed ;" in each)
    names = "lowerBound|bestEstimate|upperBound|vague|notReported|verbatim|dataIssue|repair"
    assert set(re.findall(rf"ckg:((?:{names}) .+) ;", claim)) == expected


@pytest.mark.parametrize(
    ("deaths", "least", "most", "told"),
    [
        ("3-4", "4-Mar", "", {("deaths_min", "read as the range 3 to 4")}),
        ("3-4", "", "4-Mar", {("deaths_max", "read as the range 3 to 4")}),
        ("4-Mar", "3", "4", {("deaths", "read as the range 3 to 4")}),
        ("4-Mar", "", "", {("deaths", "read as the range 3 to 4")}),
        ("2+", "2", "5+", {("deaths_max", '"5+" is not in what is converted, 2 to ?.')}),
        ("", "2", "several", {("deaths_max", '"several" is not in what is converted, 2 to ?.')}),
        ("", "3-5", "4", {("deaths_min", '"3-5" is not in what is converted, 3 to 4.')}),
        ("4", "Some", "", {("deaths_min", '"Some" is not in what is converted, 4 to 4.')}),
        ("several", "3", "5", {("deaths", '"several" is not in what is converted, 3 to 5.')}),
        (
            "8-9",
            "9-Aug",
            "3",
            {
                ("deaths_min", "read as the range 8 to 9"),
                ("deaths_min", "9-Aug to 3: the range runs backwards."),
                ("deaths_min", '"9-Aug" is not in what is converted, 8 to 3.'),
                ("deaths", '"8-9" is another number than 8 to 3, which is taken.'),
            },
        ),
        ("", "Some", "", set()),
        ("Unknown", "?", "", set()),
        ("3-5", "3-5", "", set()),
        ("3-5", "3", "5", set()),
    ],
)
def test_nothing_of_deaths_is_left_out_in_silence(
    tmp_path: Path, deaths: str, least: str, most: str, told: set[tuple[str, str]]
) -> None:
    """Each repair, and each field that the claim does not hold, is told once with its field."""
    fields = {"deaths": deaths, "deaths_min": least, "deaths_max": most}
    _, issues = convert(tmp_path / "a.json", entry(**fields))
    found = {(each.column, each.problem.partition(", of which a spr")[0]) for each in issues}
    assert found == told
    assert len(issues) == len(told)


@pytest.mark.parametrize(
    ("latitude", "longitude", "is_told"),
    [
        ("69.5", "32.5", True),
        ("46.0", "13.9", True),
        ("42.5", "-0.4", True),
        ("32.5", "69.5", False),
        ("13.9", "46.0", False),
        ("-0.4", "42.5", False),
        ("51.5", "-0.1", True),
        ("1.0", "1.0", False),
    ],
)
def test_swapped_point_is_told_and_left_out(
    tmp_path: Path, latitude: str, longitude: str, is_told: bool
) -> None:
    """Where it is in none of the countries and would be the other way round; its row is kept."""
    text, issues = convert(tmp_path / "a.json", entry(lat=latitude, lon=longitude))
    assert text.count("a ckg:Strike ") == 1
    assert ("wgs:lat" in text) is not is_told
    assert [(each.column, each.fate) for each in issues] == [("lat", Fate.KEPT)] * is_told
    assert all("seem to be swapped" in each.problem for each in issues)
    precision = "exact" if is_told else "near"
    claim = next(each for each in text.split("\n.\n") if "claimProperty sem:hasPlace" in each)
    assert f"ckg:placePrecision cs:place-precision-{precision} ;" in claim


@pytest.mark.parametrize("column", ["town", "location"])
def test_long_text_is_no_name_of_a_place(tmp_path: Path, column: str) -> None:
    """Ten words are copied, eleven are not, and the rest of the row is converted."""
    ten = "one two three four five six seven eight nine ten"
    text, issues = convert(tmp_path / "a.json", entry(**{column: ten}))
    assert (ten in text, issues) == (True, ())
    text, issues = convert(tmp_path / "a.json", entry(**{column: f"{ten} eleven"}))
    assert "three four" not in text
    assert text.count("a ckg:Strike ") == 1
    (issue,) = issues
    assert (issue.column, issue.fate) == (column, Fate.KEPT)
    assert "has 11 words" in issue.problem


def test_long_town_beside_another_leaves_the_other(tmp_path: Path) -> None:
    """Each of several names is judged by itself."""
    town = "the house of somebody at the end of the valley road or Example Khel"
    text, issues = convert(tmp_path / "a.json", entry(town=town))
    assert "somebody" not in text
    assert '"Example Khel"@en' in text
    assert [each.column for each in issues] == ["town"]


def test_identifier_of_another_source_on_two_entries_is_told(tmp_path: Path) -> None:
    """Both records say so, and an entry without one is like no other."""
    pair = [entry(_id=each, bureau_id="Ob197") for each in ("a1", "a2")]
    alone = [entry(_id=each, bureau_id="-") for each in ("a3", "a4")]
    text, issues = convert(tmp_path / "a.json", *pair, *alone)
    assert text.count("ckg:dataIssue cs:data-issue-duplicate-identifier ;") == 2
    assert [(each.line, each.column) for each in issues] == [(1, "bureau_id"), (2, "bureau_id")]


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
