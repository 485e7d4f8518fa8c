"""Profiles: a slip is told as one, tables of one's own are converted, proposals are refused until decided."""

import random
import re
from pathlib import Path

import duckdb
import pyoxigraph
import pytest

from conflictkg.cli import main
from conflictkg.errors import NotFoundError, SourceError
from conflictkg.graphs import parse_turtle, write_turtle
from conflictkg.sources.converting import (
    convert_source,
    convert_to_table,
    make_job,
    staged_source,
)
from conflictkg.sources.description import load_profile_description, profile_names, profile_path
from conflictkg.sources.keeping import Given, keep_converted
from conflictkg.sources.strikes.guess import guess_profile
from conflictkg.sources.strikes.profile import load_profile
from conflictkg.terms import PREFIXES

HERE = Path(__file__).parent
OWN = HERE / "own" / "coast-guard.toml"


@pytest.mark.parametrize("name", profile_names("strikes"))
def test_shipped_profile_is_read_and_has_a_case(name: str) -> None:
    """Each is whole, and its examples are converted by test_conversions."""
    assert load_profile(name).columns
    assert any(f'"{name}"' in path.read_text() for path in HERE.glob("*/case.toml"))


def test_only_what_may_be_passed_on_is_marked_so() -> None:
    """GTD and ACLED forbid it."""
    closed = [
        each
        for each in profile_names("strikes")
        if not load_profile_description("strikes", each).redistribution
    ]
    assert closed == ["acled", "gtd"]


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('class = "Strike"', 'class = "Strik"', "class must be one of Strike, ConflictEvent"),
        ('of = "killed"', 'of = "kiled"', 'Closest known: "killed"'),
        ('high = "Most dead"', 'hi = "Most dead"', r'"hi" is not known\. Closest: "high"'),
        ('formats = ["%d.%m.%Y", "%B %Y"]', "", "needs one column with formats"),
        ('precision = ["exact"]', "precision = []", "needs a precision for each"),
        ('"Drone" = "drone"', '"Drone" = "dron"', 'Closest known: "drone"'),
        ('lookup = "kind"', 'lookup = "kinds"', r"needs a table \[lookup\.kinds\]"),
        ('property = "perpetrator"', 'property = "perpetrators"', "property must be one of perpetrator"),
        ('is = "organization/0001"', 'is = "US"', "is no organization of the registry"),
        ("[place]", "[plaice]", r'has "plaice", which is not known\. Closest: "place"'),
        ('publisher = "organization/0026"', 'publisher = "DECIDE"', "is no organization of the registry"),
        ('licence = "https://example.org/terms"', 'licence = "free"', "is no address of the terms"),
        ("pattern = 'CG-[0-9]+'", "pattern = 'CG-[0-9'", "is no pattern"),
        ('remarks = "free text, not copied"', 'remarks = "DECIDE: say why"', 'no reason for "remarks"'),
        ('remarks = "free text, not copied"', 'Kind = "twice"', 'converts the column "Kind" and ignores it'),
        ('alternatives = [" or "]', "extent = [1, 2, 3]", "extent must be four numbers"),
        ('alternatives = [" or "]', "extent = [30, 60, 20, 70]", "extent must be .*south, west, north and east"),
        ('alternatives = [" or "]', "extent = [20, 60, 200, 70]", "extent must be .*south, west, north and east"),
        ('column = "Day"', 'column = "Day"\nextended = "Long"', r"needs a table \[lookup\.NAME\]"),
        ('column = "Day"', 'column = "Day"\nend = "End"', "needs .extended."),
        ("[[count]]", "[count", "is no TOML"),
        ('within = "killed"', 'within = "injured"', "is within injured, which is not counted"),
        ('title = "Coast', "title = '''\"Coast''' #", "must be a text without quotation marks"),
    ],
)  # fmt: skip
def test_slip_in_a_profile_is_told(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """Where, what is wrong, and what would be right."""
    text = OWN.read_text()
    assert old in text
    path = tmp_path / "coast-guard.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(SourceError, match=problem):
        load_profile(str(path))


def test_profile_that_is_not_there_names_the_closest() -> None:
    """As for any name."""
    with pytest.raises(NotFoundError, match='Did you mean "tbij-yemen"'):
        profile_path("strikes", "tbij-yemn")
    with pytest.raises(SourceError, match="needs a profile: one of acled, gtd"):
        make_job("strikes", Path("a.csv"))


def test_name_that_no_iri_may_have_is_refused(tmp_path: Path) -> None:
    """The name of the file is part of IRIs."""
    path = tmp_path / "My Table.toml"
    path.write_text(OWN.read_text())
    with pytest.raises(SourceError, match="small letters, digits and hyphens"):
        make_job("strikes", tmp_path / "a.csv", options={"profile": str(path)})


@pytest.mark.parametrize("case", ["pakistan", "yemen", "somalia", "new_america", "acled", "gtd"])
def test_proposal_is_refused_until_decided_and_then_converts(case: str, tmp_path: Path) -> None:
    """What a person must say is left open; with that said the table is converted."""
    (source,) = (HERE / case).glob("input.*")
    path = tmp_path / "own-table.toml"
    path.write_text(guess_profile(source), encoding="utf-8")
    with pytest.raises(SourceError, match="publisher"):
        load_profile(str(path))
    text = path.read_text().replace('publisher = "DECIDE"', 'publisher = "organization/0026"')
    text = text.replace('licence = "DECIDE"', 'licence = "https://example.org/terms"')
    text = re.sub('^# ("[^"]*" = "")$', r"\1", text, flags=re.MULTILINE)
    path.write_text(text.replace('"DECIDE: say why, or what it is"', '"of no use"'))
    job = make_job("strikes", source, release="test", options={"profile": str(path)})
    graph = b"".join(bytes(each) for each in convert_source(job)).decode()
    assert write_turtle(parse_turtle(graph).graph, PREFIXES) == graph
    assert "ckg:countOf cs:count-category-killed ;" in graph
    assert "a ckg:DateClaim" in graph


def test_guess_writes_toml_on_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    """To be kept in a file and completed."""
    with pytest.raises(SystemExit) as done:
        main(["convert", "strikes", "--guess", str(HERE / "pakistan" / "input.csv")])
    assert done.value.code == 0
    told = capsys.readouterr().out
    assert told.startswith("# A profile for input.csv, proposed from its header")
    assert 'high = "Maximum total people killed"' in told


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "is no table"),
        (b"a\nb\n", "is no table"),
        (b"a,b\n\xe9,1\n", "line 2: is not UTF-8: 0xE9"),
    ],
)
def test_guess_of_what_is_no_table_is_told(tmp_path: Path, content: bytes, problem: str) -> None:
    """Nothing is proposed of nothing."""
    path = tmp_path / "a.csv"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=problem):
        guess_profile(path)


CELLS = (
    "", "?", "-", "3", "3-5", "4-Mar", "several", "at least 2", "0", "007", "1,200", "12/12/2012", "30/02/2012", "B1",
    "B1-2", "B1~x", "A or B", "Shawal or Datta Khel", 'a "quoted" name', "back\\slash", "tab\there", "ü–ß",
    "\u202eright", "\u2028", "x" * 90, "<b>", "{key}", "$1", "https://example.org/ü?a=b", "http://", "' OR 1=1 --",
    "North Waziristan", "Miranshah", "Drone",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_cells_of_any_kind_are_converted_or_told(seed: int, tmp_path: Path) -> None:
    """Whatever stands in a cell: no crash, each row is one of the two, and the Turtle is as everywhere."""
    chance = random.Random(seed)  # noqa: S311  no secret
    rows = []
    for _ in range(300):
        row = [
            f"B{chance.randint(1, 200)}{chance.choice(['', '', 'a', '-', '~', '/'])}",
            f"{chance.randint(1, 28)}.0{chance.randint(1, 9)}.2011",
        ]
        row += [chance.choice(CELLS) for _ in range(7)]
        rows.append([each if chance.random() < 0.9 else chance.choice(CELLS) for each in row])
    lines = [
        [
            "number",
            "Day",
            "Place",
            "Least dead",
            "Most dead",
            "Civilians",
            "Kind",
            "remarks",
            "page",
        ],
        *rows,
    ]
    quoted = (",".join('"' + each.replace('"', '""') + '"' for each in row) for row in lines)
    path = tmp_path / "a.csv"
    path.write_text("\n".join(quoted) + "\n", encoding="utf-8")
    profile = tmp_path / "coast-guard.toml"
    profile.write_text(
        OWN.read_text().replace("CG-[0-9]+", r"[^\\x00-\\x1f]{1,40}").replace("\\\\", "\\")
    )
    job = make_job("strikes", path, release="test", options={"profile": str(profile)})
    text = b"".join(bytes(each) for each in convert_source(job)).decode()
    assert write_turtle(parse_turtle(text).graph, PREFIXES) == text
    records = sum(
        1
        for each in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE)
        if each.predicate.value.endswith("rowSha256")
    )
    assert records == job.report.converted > 0
    assert job.report.read == 300


def test_build_converts_by_a_profile_and_again_when_it_changes(tmp_path: Path) -> None:
    """What is kept holds until the file, the release, the converter or the profile is another."""
    profile = tmp_path / "coast-guard.toml"
    profile.write_text(OWN.read_text())
    table = tmp_path / "a.csv"
    table.write_text((HERE / "own" / "input.csv").read_text())
    given = Given.parse(f"strikes:{profile}@7={table}")
    first = keep_converted(given, tmp_path / "kept", lambda *_: None)
    assert (first.is_new, first.path.name, first.redistribution) == (
        True,
        "coast-guard-7.ttl",
        True,
    )
    assert not keep_converted(given, tmp_path / "kept", lambda *_: None).is_new
    profile.write_text(OWN.read_text().replace("redistribution = true", "redistribution = false"))
    again = keep_converted(given, tmp_path / "kept", lambda *_: None)
    assert (again.is_new, again.redistribution) == (True, False)


@pytest.mark.parametrize("case", ["own", "acled", "new_america"])
def test_table_of_quads_holds_what_the_turtle_holds(case: str, tmp_path: Path) -> None:
    """The same quads, however they are written."""
    path = HERE / case / "input.csv"
    profile = str(OWN) if case == "own" else case.replace("_", "-")
    options = {"profile": profile}
    quads = tmp_path / "quads.parquet"
    convert_to_table(make_job("strikes", path, release="test", options=options), quads)
    with duckdb.connect() as connection:
        rows = connection.execute("SELECT DISTINCT s, p, o FROM read_parquet(?)", [str(quads)])
        found = set(rows.fetchall())
    turtle = (HERE / case / "expected.ttl").read_text(encoding="utf-8")
    expected = {
        (str(each.subject), str(each.predicate), value_of(each.object))
        for each in pyoxigraph.parse(turtle, format=pyoxigraph.RdfFormat.TURTLE)
    }
    assert found == expected


def value_of(term: object) -> str:
    """As the table has it: lexical forms as they are, with datatype or language."""
    if isinstance(term, pyoxigraph.Literal):
        ending = f"@{term.language}" if term.language else f"^^<{term.datatype.value}>"
        return f'"{term.value}"{ending}'
    return str(term)


def test_spark_is_told_not_to_know_the_source_yet(tmp_path: Path) -> None:
    """Tables of strikes are not converted row by row; they have no first stage for several machines."""
    job = make_job("strikes", HERE / "own" / "input.csv", options={"profile": str(OWN)})
    with (
        pytest.raises(SourceError, match=r"not yet converted on Spark.*conflictkg convert"),
        staged_source(job),
    ):
        pass
