"""GeoNames: the real file, archives, and what only large or damaged files show."""

import zipfile
from pathlib import Path

import pytest
from shared_files import shared

from conflictkg import files
from conflictkg.errors import SourceError
from conflictkg.graphs import load_graphs, parse_turtle
from conflictkg.shacl import Severity, validate_graphs
from conflictkg.sources.converting import convert_source, make_job
from conflictkg.sources.description import load_description, load_lookups
from conflictkg.terms import CKG, CS

HERE = Path(__file__).parent


def convert(path: Path, release: str | None = None) -> tuple[str, list[str]]:
    job = make_job("geonames", path, release=release)
    text = b"".join(bytes(each) for each in convert_source(job)).decode()
    return text, list(job.report.lines())


def test_real_file_is_converted_whole_and_meets_the_shapes() -> None:
    """All 395 places of the real file, each with what it lies in, and nothing to complain of."""
    text, told = convert(shared("data/geonames/cities15000_PK_AF_YE_SO.tsv"))
    assert told == [
        "cities15000_PK_AF_YE_SO.tsv: 395 rows read, 395 converted (0 with issues), 0 rejected"
    ]
    assert text.count("a ckg:SourceRecord") == 395
    assert text.count("-within-") >= 395
    registry = load_graphs([path for path in files.data_files() if path.stem == "entities"])
    report = validate_graphs([parse_turtle(text), *registry], load_graphs(files.shapes_files()))
    assert [str(each) for each in report.findings if each.severity is Severity.VIOLATION] == []


def test_archive_with_a_readme_is_read(tmp_path: Path) -> None:
    """GeoNames puts a readme beside the table; the member that is called as the archive is the table."""
    archive = tmp_path / "XX.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.write(HERE / "table" / "input.tsv", "XX.txt")
        written.writestr("readme.txt", "about these files")
    text, _ = convert(archive, "test")
    assert text == (HERE / "table" / "expected.ttl").read_text(encoding="utf-8")


def test_archive_that_is_cut_off_is_told(tmp_path: Path) -> None:
    """Half a ZIP archive converts to nothing, with a sentence that says so."""
    archive = tmp_path / "XX.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        written.write(HERE / "table" / "input.tsv", "XX.txt")
    archive.write_bytes(archive.read_bytes()[:200])
    with pytest.raises(SourceError, match="ZIP archive that is damaged or cut off"):
        convert(archive)


def test_folder_without_a_table_is_told(tmp_path: Path) -> None:
    """Alternate names alone are no places."""
    (tmp_path / "alternateNamesV2.txt").touch()
    with pytest.raises(SourceError, match="holds no table of places"):
        convert(tmp_path)


def test_comma_separated_file_has_no_row(tmp_path: Path) -> None:
    """A file with other separators is another file: nothing of it is written."""
    path = tmp_path / "places.tsv"
    path.write_text("1,Kabul,Kabul,,34.5,69.2,P,PPLC,AF\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"no row of 1 could be converted.*has 1 fields"):
        convert(path)


def test_mark_of_a_name_is_converted_or_counted() -> None:
    """A historic name is a former one; which other marks there were stands in the report, with why they are left."""
    case = HERE / "folder"
    graph = parse_turtle((case / "expected.ttl").read_text(encoding="utf-8")).graph
    former = {
        str(graph.value(claim, CKG.claimValue))
        for claim in graph.subjects(CKG.nameKind, CS["name-kind-former"])
    }
    assert former == {"Fort Sample", "Sample Fort"}
    told = (case / "findings.txt").read_text(encoding="utf-8")
    ignored = load_lookups(load_description("geonames").folder).ignored
    for name, times in (("isPreferredName", 2), ("isShortName", 2), ("isColloquial", 2)):
        assert f"ignored, {times} times: {name}: {ignored[name]}\n" in told
    assert 'column isShortName (record 16): "yes" is neither 1 nor empty.' in told
