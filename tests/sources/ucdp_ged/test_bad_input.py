"""Files that are not what they should be: a message says where and what to do, and nothing is half written."""

import csv
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from conflictkg.cli import main
from conflictkg.errors import SourceError
from conflictkg.sources.converting import convert_source, convert_to_table, make_job
from conflictkg.sources.tables import MOST_FIELD

INPUT = Path(__file__).parent / "events" / "input.csv"


def head_and_row() -> tuple[list[str], list[str]]:
    with INPUT.open(encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        return next(reader), next(reader)


def write_rows(path: Path, header: list[str], *rows: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([header, *rows])
    return path


def with_changes(**changes: str) -> list[str]:
    header, row = head_and_row()
    return [changes.get(name, value) for name, value in zip(header, row, strict=True)]


def semicolons(folder: Path) -> Path:
    path = folder / "ged.csv"
    path.write_text(INPUT.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    return path


def latin_1(folder: Path) -> Path:
    path = folder / "ged.csv"
    path.write_bytes(INPUT.read_bytes().decode().encode("latin-1", "replace"))
    return path


def another_header(folder: Path) -> Path:
    header, row = head_and_row()
    return write_rows(
        folder / "ged.csv", [each.replace("best", "best_est") for each in header], row
    )


def unknown_column(folder: Path) -> Path:
    header, row = head_and_row()
    return write_rows(folder / "ged.csv", [*header, "longitud"], [*row, "1"])


def column_twice(folder: Path) -> Path:
    header, row = head_and_row()
    return write_rows(folder / "ged.csv", [*header, "high"], [*row, "1"])


def truncated_zip(folder: Path) -> Path:
    path = folder / "ged.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(INPUT, "ged.csv")
    path.write_bytes(path.read_bytes()[:-200])
    return path


def zip_that_is_damaged(folder: Path) -> Path:
    path = folder / "ged.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.write(INPUT, "ged.csv")
    content = bytearray(path.read_bytes())
    content[2_000] ^= 0x01
    path.write_bytes(content)
    return path


def zip_of_two(folder: Path) -> Path:
    path = folder / "ged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "a")
        archive.writestr("b.csv", "b")
    return path


def endless_field(folder: Path) -> Path:
    header, _ = head_and_row()
    return write_rows(
        folder / "ged.csv", header, with_changes(source_article="x" * (MOST_FIELD + 1))
    )


def endless_line(folder: Path) -> Path:
    path = folder / "ged.csv"
    with path.open("wb") as stream:
        for _ in range(20):
            stream.write(b"x" * (1 << 20))
    return path


def open_quotation(folder: Path) -> Path:
    path = folder / "ged.csv"
    path.write_text(INPUT.read_text(encoding="utf-8") + '1,"never closed', encoding="utf-8")
    return path


def empty(folder: Path) -> Path:
    path = folder / "ged.csv"
    path.write_bytes(b"")
    return path


def only_a_header(folder: Path) -> Path:
    return write_rows(folder / "ged.csv", head_and_row()[0])


def all_rows_bad(folder: Path) -> Path:
    return write_rows(folder / "ged.csv", head_and_row()[0], with_changes(best="four"))


def missing(folder: Path) -> Path:
    return folder / "nowhere.csv"


def no_json(folder: Path) -> Path:
    path = folder / "page.json"
    path.write_text("{", encoding="utf-8")
    return path


def other_json(folder: Path) -> Path:
    path = folder / "page.json"
    path.write_text('{"Result": 7}', encoding="utf-8")
    return path


WHOLE_FILES: Mapping[Callable[[Path], Path], str] = {
    semicolons: "line 1: its fields are parted by semicolons, where commas are expected",
    latin_1: r"line 12: is not UTF-8 at byte \d+: 0xD1. Save the file as UTF-8",
    another_header: 'line 1: has no column "best". Closest: "best_est"',
    unknown_column: r'line 1: has a column "longitud" \(number 50\) that is not known. Closest: "longitude"',
    column_twice: r'line 1: has two columns "high"',
    truncated_zip: "is a ZIP archive that is damaged or cut off",
    zip_that_is_damaged: "is a ZIP archive that is damaged or cut off",
    zip_of_two: "holds 2 files",
    endless_field: "line 2: has a field of more than 1,048,576 characters",
    endless_line: "line 1: has a line of more than",
    open_quotation: "line 24: begins a field in quotation marks that is never closed",
    empty: "is empty",
    only_a_header: "has 0 rows",
    all_rows_bad: "no row of 1 could be converted.*line 2 column best",
    missing: "is not there",
    no_json: "is no JSON",
    other_json: 'must hold a list "Result"',
}


@pytest.mark.parametrize("make", WHOLE_FILES, ids=lambda make: make.__name__)
def test_file_that_is_another_is_refused_and_nothing_written(
    make: Callable[[Path], Path], tmp_path: Path
) -> None:
    """The message says which file, which line, what is wrong and what to do."""
    path = make(tmp_path)
    target = tmp_path / "out.ttl"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(SourceError, match=WHOLE_FILES[make]) as caught:
        list(convert_source(make_job("ucdp-ged", path)))
    assert path.name in str(caught.value)
    with pytest.raises(SystemExit) as stopped:
        main(["convert", "ucdp-ged", str(path), "-o", str(target)])
    assert stopped.value.code == 1
    assert target.read_text(encoding="utf-8") == "old"
    assert {each.name for each in tmp_path.iterdir()} <= {path.name, "out.ttl"}


ROWS = {
    "mangled range": ({"best": "4-Mar"}, "best", "a spreadsheet has made a date of it"),
    "number with a point": ({"low": "3.0"}, "low", "no whole number"),
    "below zero": ({"deaths_a": "-1"}, "deaths_a", "no whole number of 0 or more"),
    "no number": ({"high": ""}, "high", "is empty"),
    "year 25": ({"date_start": "0025-03-01"}, "date_start", "no day"),
    "no day of the calendar": ({"date_end": "2017-02-30"}, "date_end", "no day"),
    "day first": ({"date_end": "13/06/2017"}, "date_end", "written as 2017-06-13"),
    "ends before it begins": ({"date_end": "2018-01-01"}, "date_end", "before it begins"),
    "swapped coordinates": ({"latitude": "120.5", "longitude": "34.5"}, "latitude", "swapped"),
    "beyond the pole": ({"latitude": "99", "longitude": "170"}, "latitude", "at most 90"),
    "beyond the antimeridian": ({"longitude": "190"}, "longitude", "at most 90 and 180"),
    "unknown code": ({"where_prec": "8"}, "where_prec", "Known: 1, 2, 3"),
    "columns that are swapped": (
        {"best": "Freedonia Times", "source_office": "3"}, "best", '"Freedonia Times" is no whole number',
    ),
    "NUL": ({"side_a": "Gov\0ernment"}, "side_a", "NUL"),
    "no side": ({"side_a": " "}, "side_a", "no name"),
    "identifier that is none": ({"id": "12a"}, "id", "no whole number"),
    "sources that are no number": ({"number_of_sources": "some"}, "number_of_sources", "-1 stands for unknown"),
}  # fmt: skip


@pytest.mark.parametrize("name", ROWS)
def test_bad_row_is_told_with_line_and_column_and_the_others_are_converted(
    name: str, tmp_path: Path
) -> None:
    """One row is rejected; the good one is there."""
    changes, column, words = ROWS[name]
    header, row = head_and_row()
    bad = with_changes(**{"id": "5000", **changes})
    job = make_job("ucdp-ged", write_rows(tmp_path / "ged.csv", header, bad, row))
    text = b"".join(bytes(each) for each in convert_source(job)).decode()
    assert (job.report.read, job.report.converted, job.report.rejected) == (2, 1, 1)
    (issue,) = job.report.issues
    assert (issue.line, issue.column) == (2, column)
    assert words in issue.problem
    assert "/id/record/ucdp-ged-22.1/1001>" in text
    assert "/5000" not in text


def test_strict_fails_on_any_issue_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also on one that is otherwise kept."""
    header, row = head_and_row()
    source = write_rows(tmp_path / "ged.csv", header, row, with_changes(id="1002", high="2"))
    for target in (tmp_path / "out.ttl", tmp_path / "out.parquet"):
        with pytest.raises(SystemExit) as stopped:
            main(["convert", "ucdp-ged", str(source), "-o", str(target), "--strict"])
        assert stopped.value.code == 1
        assert "line 3 column best" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["ged.csv"]


def test_report_is_written_as_json(tmp_path: Path) -> None:
    """With every issue, its place and what became of the row."""
    report = tmp_path / "report.json"
    with pytest.raises(SystemExit) as stopped:
        main(
            [
                "convert",
                "ucdp-ged",
                str(INPUT),
                "-o",
                str(tmp_path / "o.ttl"),
                "--report",
                str(report),
            ]
        )
    assert stopped.value.code == 0
    content = json.loads(report.read_text(encoding="utf-8"))
    expected = {"read": 22, "converted": 13, "withIssues": 7, "rejected": 9, "ignored": 0}
    assert content["rows"] == expected
    assert {"line", "column", "problem", "fate", "record"} <= set(content["issues"][0])


def test_source_that_is_no_table_is_not_written_as_one(tmp_path: Path) -> None:
    """A Parquet file of quads is for sources with many rows."""
    (tmp_path / "x.json").write_text("{}", encoding="utf-8")
    job = make_job("ucdp-ged", INPUT)
    assert convert_to_table(job, tmp_path / "out.parquet") > 900
