"""What changed between two releases, and what a build converts again."""

import csv
import json
from pathlib import Path

import pytest

from conflictkg.build import build_store
from conflictkg.cli import main
from conflictkg.errors import NotFoundError, SourceError
from conflictkg.releases import Kind, compare_releases
from conflictkg.sources.converting import convert_source, convert_to_table, make_job
from conflictkg.sources.keeping import Given, keep_converted
from conflictkg.store import open_store

_SOURCES = Path(__file__).parent / "sources"
INPUT = _SOURCES / "ucdp_ged" / "events" / "input.csv"
EXPORT = _SOURCES / "strikes" / "acled" / "input.csv"


def write_release(path: Path, *changes: tuple[str, dict[str, str] | None], more: int = 0) -> Path:
    """Five good events, some of them changed or (None) left out, and so many others."""
    with INPUT.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        columns = list(reader.fieldnames or ())
        good = {
            row["id"]: row
            for row in reader
            if row["id"] in {"1003", "1004", "1005", "1007", "1008"}
        }
    for number, change in changes:
        if change is None:
            del good[number]
        else:
            good[number] |= change
    first = next(iter(good.values()))
    for place in range(more):
        good[f"{2000 + place}"] = {**first, "id": f"{2000 + place}"}
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(good.values())
    return path


def convert(path: Path, release: str, suffix: str = ".ttl") -> Path:
    target = path.with_suffix(suffix)
    job = make_job("ucdp-ged", path, release=release)
    if suffix == ".parquet":
        convert_to_table(job, target)
    else:
        target.write_bytes(b"".join(bytes(each) for each in convert_source(job)))
    return target


@pytest.mark.parametrize("suffix", [".ttl", ".parquet"])
def test_change_is_told_with_what_was_said_before_and_after(tmp_path: Path, suffix: str) -> None:
    """Added, removed, revised; with dates and ranges; the others are not named."""
    old = convert(write_release(tmp_path / "old.csv"), "1", suffix)
    changes = (
        ("1003", {"high": "9", "date_end": "2019-03-05", "date_prec": "2"}),
        ("1004", None),
        ("1008", {"priogrid_gid": "77"}),
    )
    new = convert(write_release(tmp_path / "new.csv", *changes, more=1), "2", suffix)
    found = compare_releases(old, new)
    assert [(each.kind, each.record) for each in found.changes] == [
        (Kind.REVISED, "1003"),
        (Kind.REMOVED, "1004"),
        (Kind.ADDED, "2000"),
    ]
    revised, removed, added = found.changes
    assert revised.before == {"date": "2019-03-01", "killed": "4 to 4, best 4"}
    assert revised.after == {"date": "2019-03-01 to 2019-03-05", "killed": "4 to 9, best 4"}
    assert removed.before["killed"] == "4 to 3, best 2"
    assert not removed.after
    assert added.after["firstSide"] == "organization/ucdp-actor/7002"
    # Its row has another hash; what was revised is a field that is ignored on purpose.
    assert found.unconverted == ("1008",)
    assert found.unchanged == 2


def test_column_that_is_ignored_revises_nothing(tmp_path: Path) -> None:
    """A header that loses one gives each row another hash, and no record another fact."""
    old, new = write_release(tmp_path / "old.csv"), tmp_path / "new.csv"
    with old.open(encoding="utf-8", newline="") as stream:
        rows = [
            {name: each for name, each in row.items() if name != "priogrid_gid"}
            for row in csv.DictReader(stream)
        ]
    rows[1]["best"] = "1"
    with new.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    found = compare_releases(convert(old, "1"), convert(new, "2"))
    assert [(each.kind, each.record) for each in found.changes] == [(Kind.REVISED, rows[1]["id"])]
    assert len(found.unconverted) == 4
    assert found.unchanged == 0


FACTS = {
    "of the record": ({"event_clarity": "2"}, "eventClarity"),
    "of the date": ({"date_prec": "2"}, "datePrecision"),
    "of the place": ({"where_prec": "4"}, "hasPlace placePrecision"),
    "of the informant": ({"source_original": "a shepherd"}, "informant"),
    "of all claims": ({"code_status": "Check deaths"}, "killed reviewStatus"),
    "of the reports": (
        {"source_article": '"Freedonia Times,2019-03-02,Another"'},
        "wasDerivedFrom",
    ),
}


@pytest.mark.parametrize("name", FACTS)
def test_fact_that_is_no_number_is_a_revision(name: str, tmp_path: Path) -> None:
    """What is converted is never counted as not converted."""
    change, said = FACTS[name]
    old = convert(write_release(tmp_path / "old.csv"), "1")
    new = convert(write_release(tmp_path / "new.csv", ("1003", change)), "2")
    found = compare_releases(old, new)
    assert not found.unconverted
    (revised,) = found.changes
    assert said in {*revised.before, *revised.after}
    assert revised.before.get(said) != revised.after.get(said)


def test_differences_are_written_for_people_and_programs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = convert(write_release(tmp_path / "old.csv"), "1")
    new = convert(
        write_release(tmp_path / "new.csv", ("1003", {"high": "9"}), ("1008", {"relid": "n"})), "2"
    )
    with pytest.raises(SystemExit) as stopped:
        main(["diff", str(old), str(new)])
    assert stopped.value.code == 0
    told = capsys.readouterr()
    assert told.out == "revised 1003: killed 4 to 4, best 4 → 4 to 9, best 4\n"
    assert (
        "0 added, 0 removed, 1 revised, 1 changed only in what is not converted, 3 unchanged"
        in told.err
    )
    with pytest.raises(SystemExit):
        main(["diff", str(old), str(new), "--format", "json"])
    content = json.loads(capsys.readouterr().out)
    assert content["changes"][0]["after"] == {"killed": "4 to 9, best 4"}
    assert content["onlyInWhatIsNotConverted"] == ["1008"]


def test_file_without_records_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<http://e/s> <http://e/p> 1 .", encoding="utf-8")
    with pytest.raises(SourceError, match="holds no ckg:SourceRecord"):
        compare_releases(tmp_path / "a.ttl", tmp_path / "a.ttl")


# What is converted again


def keep(given: Given, folder: Path) -> bool:
    return keep_converted(given, folder, lambda *_: None).is_new


def test_only_what_changed_is_converted_again(tmp_path: Path) -> None:
    """The file, its release or the converter; nothing else."""
    source, folder = write_release(tmp_path / "a.csv"), tmp_path / "kept"
    given = Given("ucdp-ged", source, "1")
    assert keep(given, folder)
    assert not keep(given, folder)
    assert keep(Given("ucdp-ged", source, "2"), folder)
    assert not keep(given, folder)
    write_release(source, more=1)
    assert keep(given, folder)
    (folder / "ucdp-ged-1.ttl").unlink()
    assert keep(given, folder)
    (folder / "ucdp-ged-1.json").write_text("{", encoding="utf-8")
    assert keep(given, folder)


def test_conversion_that_fails_leaves_nothing_that_counts(tmp_path: Path) -> None:
    source, folder = write_release(tmp_path / "a.csv"), tmp_path / "kept"
    given = Given("ucdp-ged", source, "1")
    keep(given, folder)
    before = (folder / "ucdp-ged-1.ttl").read_bytes()
    good = source.read_bytes()
    source.write_text("no table", encoding="utf-8")
    with pytest.raises(SourceError):
        keep(given, folder)
    source.write_bytes(good)
    assert keep(given, folder)
    assert (folder / "ucdp-ged-1.ttl").read_bytes() == before
    assert sorted(each.name for each in folder.iterdir()) == ["ucdp-ged-1.json", "ucdp-ged-1.ttl"]


@pytest.mark.parametrize("text", ["ucdp-ged", "=a.csv", "ucdp-ged="])
def test_source_of_a_build_that_names_nothing_is_told(text: str) -> None:
    with pytest.raises(SourceError, match="names no source and file"):
        Given.parse(text)


def test_unknown_source_of_a_build_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="ucdp-ged"):
        build_store([], tmp_path / "store", sources=[Given("ucdp-gde", INPUT)])


def test_build_holds_what_it_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a file of triples and, where there are many rows, as a table of quads; equal sources give equal releases."""
    source = write_release(tmp_path / "a.csv")
    small = tmp_path / "small.ttl"
    small.write_text(
        "@prefix ckg: <https://w3id.org/conflictkg/ontology#> . @prefix dct: <http://purl.org/dc/terms/> ."
        " <http://e/g> a ckg:NamedGraph ; dct:license <http://e/l> ; ckg:redistribution true .",
        encoding="utf-8",
    )
    sizes = []
    for most in (1 << 40, 10):
        monkeypatch.setattr("conflictkg.sources.keeping.MANY_BYTES", most)
        told: list[str] = []
        place = tmp_path / f"store-{most}"
        for _ in range(2):
            built = build_store(
                [small],
                place,
                validate=False,
                sources=[Given("ucdp-ged", source, "1")],
                report=told.append,
            )
        assert "unchanged" in told[len(told) // 2]
        assert ("too many" in told[0]) is (most == 10)
        with open_store(place) as store:
            graphs = {each.iri: each.triples for each in store.graphs()}
            sizes.append(graphs["https://w3id.org/conflictkg/graph/ucdp-ged-1"])
        assert built.quads > sizes[-1]
    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("is_table", [False, True])
def test_public_build_names_the_converted_source_that_it_leaves_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_table: bool
) -> None:
    """Whether it is a file of triples or a table of quads, and nothing of it is in the store."""
    if is_table:
        monkeypatch.setattr("conflictkg.sources.keeping.MANY_BYTES", 10)
    told: list[str] = []
    given = Given("strikes", EXPORT, "1", "acled")
    graph = "https://w3id.org/conflictkg/graph/acled-1"
    for public in (False, True):
        place = tmp_path / f"store-{public}"
        build_store([], place, validate=False, public=public, sources=[given], report=told.append)
        with open_store(place) as store:
            assert (graph in {each.iri for each in store.graphs()}) is not public
    (line,) = (each for each in told if each.startswith("leave out"))
    assert graph in line


def test_tables_that_all_sources_share_are_part_of_how_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of countries has changed: convert again."""
    shared = tmp_path / "sources"
    shared.mkdir()
    monkeypatch.setattr("conflictkg.sources.keeping._HERE", shared)
    given, folder = Given("ucdp-ged", write_release(tmp_path / "a.csv"), "1"), tmp_path / "kept"
    assert keep(given, folder)
    assert not keep(given, folder)
    (shared / "countries.toml").write_text("", encoding="utf-8")
    assert keep(given, folder)
