"""Files that are not what they should be: a clear report with row and column, and nothing half written."""

import json
import zipfile
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from conflictkg.cli import main
from conflictkg.errors import MissingFieldError, SourceError, UnexpectedFieldError
from conflictkg.sources.converting import convert_source, make_job
from conflictkg.sources.report import Fate, Issue

HEADER = (
    "Strike ID", "Date", "Location", "Area", "Minimum total people killed", "Maximum total people killed",
    "Minimum civilians reported killed", "Maximum civilians reported killed", "Minimum children reported killed",
    "Maximum children reported killed", "Minimum reported injured", "Maximum reported injured", "Strike link", "",
    "Index",
)  # fmt: skip
ROW = (
    "B901", "13/06/2017", "A village", "North Waziristan", "1", "3", "0", "0", "0", "0", "0", "3", "", "", "1",
)  # fmt: skip


def changed(**cells: object) -> tuple[object, ...]:
    """The row with other cells, by the first word of the column's name in small letters."""
    names = {
        "id": 0,
        "date": 1,
        "place": 2,
        "area": 3,
        "low": 4,
        "high": 5,
        "civilians": 7,
        "link": 12,
    }
    row: list[object] = list(ROW)
    for name, cell in cells.items():
        row[names[name]] = cell
    return tuple(row)


def write_csv(path: Path, rows: Sequence[Sequence[object]], separator: str = ",") -> Path:
    lines = [separator.join(str(each) for each in row) for row in (HEADER, *rows)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    return path


def write_book(path: Path, rows: Sequence[Sequence[object]], merged: str = "") -> Path:
    book = openpyxl.Workbook()
    sheet = book.create_sheet("Drone strikes data", 0)
    for row in (HEADER, *rows):
        sheet.append(list(row))
    if merged:
        sheet.merge_cells(merged)
    book.save(path)
    return path


def convert(path: Path, profile: str = "tbij-pakistan") -> tuple[str, tuple[Issue, ...]]:
    job = make_job("strikes", path, release="test", options={"profile": profile})
    text = b"".join(bytes(each) for each in convert_source(job)).decode()
    return text, job.report.issues


def rejected(issues: Sequence[Issue]) -> list[tuple[int, str]]:
    return [(each.line, each.column) for each in issues if each.fate is Fate.REJECTED]


def test_semicolons_are_told_with_what_to_do(tmp_path: Path) -> None:
    """A file saved by a German spreadsheet is no table with one column."""
    with pytest.raises(SourceError, match=r"parted by semicolons, where commas are expected"):
        convert(write_csv(tmp_path / "a.csv", [ROW], ";"))


def test_latin_1_is_told_with_line_and_byte(tmp_path: Path) -> None:
    """No letter is guessed at."""
    path = tmp_path / "a.csv"
    path.write_bytes(
        write_csv(path, [changed(place="Café")]).read_bytes().replace("é".encode(), b"\xe9")
    )
    with pytest.raises(SourceError, match=r"a\.csv line 2: is not UTF-8 at byte 20: 0xE9"):
        convert(path)


@pytest.mark.parametrize(
    ("cells", "column", "problem"),
    [
        ({"date": "30/02/2017"}, "Date", "is no day"),
        ({"date": "2017-02-30"}, "Date", "is no day"),
        ({"date": "01/06/0025"}, "Date", "is in the year 25"),
        ({"date": "13-Jun"}, "Date", "is no day"),
        ({"low": "three"}, "Minimum total people killed", "is no number of people"),
        ({"high": "-3"}, "Maximum total people killed", "is no number of people"),
        ({"low": "1e3"}, "Minimum total people killed", "is no number of people"),
        ({"id": "2.01E+11"}, "Strike ID", "is no identifier"),
        ({"id": ""}, "Strike ID", "has no identifier"),
        ({"place": "x" * 300}, "Location", "has 300 characters"),
    ],
)
def test_cell_that_cannot_be_read_rejects_its_row_only(
    tmp_path: Path, cells: dict[str, object], column: str, problem: str
) -> None:
    """The row before it is converted, and the report says where and what."""
    text, issues = convert(write_csv(tmp_path / "a.csv", [ROW, changed(**{"id": "B902", **cells})]))
    (issue,) = issues
    assert (issue.line, issue.column, issue.fate) == (3, column, Fate.REJECTED)
    assert problem in issue.problem
    assert "strike/tbij-pakistan/B901" in text
    assert "B902" not in text


def test_range_that_a_spreadsheet_made_a_date_is_repaired_and_told(tmp_path: Path) -> None:
    """4-Mar was 3-4; the cell's text stays beside what it was read as."""
    text, (issue,) = convert(write_csv(tmp_path / "a.csv", [changed(low="4-Mar", high="")]))
    assert (issue.line, issue.column, issue.fate) == (2, "Minimum total people killed", Fate.KEPT)
    assert 'ckg:verbatim "4-Mar"@en' in text
    assert "cs:data-issue-spreadsheet-mangled" in text


def test_swapped_columns_reject_every_row_and_write_nothing(tmp_path: Path) -> None:
    """Places in the column of dates are no days; where no row is left there is no graph."""
    row = changed(date="A village", place="13/06/2017")
    with pytest.raises(
        SourceError,
        match=r'no row of 1 could be converted.*line 2 column Date.*"A village" is no day',
    ):
        convert(write_csv(tmp_path / "a.csv", [row]))


def test_header_of_another_version_names_the_closest_column(tmp_path: Path) -> None:
    """A column that was renamed is not taken for empty."""
    path = write_csv(tmp_path / "a.csv", [ROW])
    path.write_text(
        path.read_text().replace("Minimum total people killed", "Min. total people killed")
    )
    with pytest.raises(MissingFieldError, match=r'Closest: "Min\. total people killed"'):
        convert(path)


def test_column_that_is_not_known_is_told(tmp_path: Path) -> None:
    """Nothing is dropped in silence."""
    path = write_csv(tmp_path / "a.csv", [ROW])
    path.write_text(path.read_text().replace("Index", "Remarks"))
    with pytest.raises(
        UnexpectedFieldError, match=r'"Remarks".*add it to the profile under \[ignore\]'
    ):
        convert(path)


@pytest.mark.parametrize("name", ["a.zip", "a.xlsx"])
def test_archive_that_is_cut_off_is_told(tmp_path: Path, name: str) -> None:
    """Half a download is no shorter table."""
    path = tmp_path / name
    if name.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(write_csv(tmp_path / "b.csv", [ROW] * 500), "b.csv")
    else:
        write_book(path, [ROW] * 500)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(SourceError, match="damaged or cut off"):
        convert(path)


def test_workbook_with_a_damaged_sheet_is_told(tmp_path: Path) -> None:
    """An archive that is whole may hold a part that is not."""
    path = write_book(tmp_path / "a.xlsx", [ROW] * 50)
    broken = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for each in old.namelist():
            content = old.read(each)
            new.writestr(each, content[:900] if each.endswith("sheet1.xml") else content)
    with pytest.raises(SourceError, match="damaged or cut off"):
        convert(broken)


def test_workbook_with_entities_is_refused(tmp_path: Path) -> None:
    """A document type in a part can make a text of a billion letters."""
    path = write_book(tmp_path / "a.xlsx", [ROW])
    hostile = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(hostile, "w") as new:
        for each in old.namelist():
            content = old.read(each)
            if each.endswith("sheet1.xml"):
                content = b'<!DOCTYPE w [<!ENTITY a "aaaa">]>' + content
            new.writestr(each, content)
    with pytest.raises(SourceError, match="declares a document type"):
        convert(hostile)


def test_old_workbook_and_text_under_its_name_are_told(tmp_path: Path) -> None:
    """What is no XLSX is said to be none, with what to do."""
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    with pytest.raises(SourceError, match=r"old kind \(\.xls\).*Save it as \.xlsx"):
        convert(path)
    path.write_text("Strike ID,Date\n")
    with pytest.raises(SourceError, match="is no workbook"):
        convert(path)


def test_field_without_end_is_told(tmp_path: Path) -> None:
    """A field of gigabytes is not read into memory."""
    path = write_csv(tmp_path / "a.csv", [changed(place="x" * (1 << 21))])
    with pytest.raises(SourceError, match="field of more than 1,048,576 characters"):
        convert(path)
    write_csv(path, [ROW])
    with path.open("a") as stream:
        stream.write('B902,"' + "y\n" * (1 << 20))
    with pytest.raises(SourceError, match="more than 1,048,576 characters"):
        convert(path)


def test_line_of_many_bytes_is_told(tmp_path: Path) -> None:
    """The whole file may be one line."""
    path = write_csv(tmp_path / "a.csv", [ROW])
    with path.open("ab") as stream:
        stream.write(b"B902," * (1 << 22))
    with pytest.raises(SourceError, match=r"line 3: has a line of more than 16,777,216 bytes"):
        convert(path)


def test_nul_rejects_its_row(tmp_path: Path) -> None:
    """No text has one; most readers end there."""
    rows = [ROW, changed(id="B902", place="A\0village")]
    _, issues = convert(write_csv(tmp_path / "a.csv", rows))
    assert rejected(issues) == [(3, "Location")]


def test_merged_cells_reject_all_their_rows(tmp_path: Path) -> None:
    """Of three rows with one number nobody knows whose it is."""
    rows = [changed(id=f"B90{each}") for each in range(4)]
    _, issues = convert(write_book(tmp_path / "a.xlsx", rows, merged="F3:F5"))
    column = "Maximum total people killed"
    assert rejected(issues) == [(3, column), (4, column), (5, column)]
    assert {each.part for each in issues} == {"Drone strikes data"}


def test_merged_cells_in_a_column_that_is_ignored_harm_nothing(tmp_path: Path) -> None:
    """Only what is converted counts."""
    rows = [changed(id=f"B90{each}") for each in range(4)]
    assert convert(write_book(tmp_path / "a.xlsx", rows, merged="O3:O5"))[1] == ()


def test_formula_is_not_read_and_a_link_is(tmp_path: Path) -> None:
    """What a program stored as a formula's result may be stale; the address in a link is not."""
    rows = [
        changed(link='=HYPERLINK("https://example.org/b901", "more")'),
        changed(id="B902", high="=SUM(F2:F2)"),
    ]
    text, issues = convert(write_book(tmp_path / "a.xlsx", rows))
    assert rejected(issues) == [(3, "Maximum total people killed")]
    assert "dct:source <https://example.org/b901>" in text


def test_days_and_numbers_of_a_workbook_are_read_as_such(tmp_path: Path) -> None:
    """Whether the day is a date or text, and the number 3, 3.0 or "3", the claims are the same."""
    typed = changed(date=datetime(2017, 6, 13), low=1.0, high=3, civilians=0.0)  # noqa: DTZ001  Excel has no zones
    book, _ = convert(write_book(tmp_path / "a.xlsx", [typed]))
    table, _ = convert(write_csv(tmp_path / "a.csv", [ROW]))
    assert without_hash(book) == without_hash(table)


def without_hash(text: str) -> list[str]:
    return [line for line in text.splitlines() if "rowSha256" not in line]


def test_months_read_before_days_are_told_of_the_column(tmp_path: Path) -> None:
    """03/04/2011 became 4 March, 13/04/2011 stayed text: no row shows it, the column does."""
    made = [changed(id=f"B91{day}", date=datetime(2011, 3, day)) for day in (1, 4, 9)]  # noqa: DTZ001
    left = [changed(id=f"B92{at}", date=f"{day}/04/2011") for at, day in enumerate((13, 21, 30))]
    _, (issue,) = convert(write_book(tmp_path / "a.xlsx", [*made, *left]))
    assert (issue.line, issue.column, issue.fate) == (1, "Date", Fate.KEPT)
    assert "read the month first" in issue.problem


def test_rows_far_below_the_data_are_nothing(tmp_path: Path) -> None:
    """A workbook's extent may be wrong, and cells that were once filled are empty now."""
    rows: list[Sequence[object]] = [ROW, *([[None] * 15] * 300), ["", " ", None]]
    text, issues = convert(write_book(tmp_path / "a.xlsx", rows))
    assert issues == ()
    assert text.count("a ckg:Strike ") == 1


def test_sheet_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    """The tables beside it, whose formulas are broken, are never taken instead."""
    book = openpyxl.Workbook()
    book.worksheets[0].title = "Summary tables"
    book.save(tmp_path / "a.xlsx")
    with pytest.raises(
        SourceError, match=r'has no sheet "Drone strikes data"\. It has: Summary tables'
    ):
        convert(tmp_path / "a.xlsx")


def test_row_twice_is_rejected_and_other_contents_are_a_revision(tmp_path: Path) -> None:
    """An identifier that is used again overwrites nothing."""
    rows = [ROW, ROW, changed(high="4"), changed(high="5")]
    text, issues = convert(write_csv(tmp_path / "a.csv", rows))
    assert rejected(issues) == [(3, "Strike ID")]
    assert "line 2 once more" in issues[0].problem or "line 2 once more" in issues[1].problem
    assert text.count("prov:wasRevisionOf\n") + text.count("prov:wasRevisionOf <") == 2
    assert text.count("ckg:dataIssue cs:data-issue-duplicate-identifier") == 2
    assert text.count("a ckg:Strike ") == 1


@pytest.mark.parametrize(
    ("latitude", "longitude", "problem"),
    [
        ("133.9", "46.1", "are swapped, as it seems"),
        ("13.9", "461", "at most 90 and 180"),
        ("13,9", "46,1", "must be decimal degrees"),
        ("13.9", "", "must be decimal degrees"),
    ],
)
def test_coordinates_that_are_none_reject_the_row(
    tmp_path: Path, latitude: str, longitude: str, problem: str
) -> None:
    """Out of range, swapped, with a comma or by half: a point is whole or not there."""
    example = Path(__file__).parent / "acled" / "input.csv"
    header, row = example.read_text(encoding="utf-8-sig").splitlines()[:2]
    other = row.replace("YEM901", "YEM999").replace(
        "13.9333,46.0833", f'"{latitude}","{longitude}"'
    )
    path = tmp_path / "a.csv"
    path.write_text(f"{header}\n{row}\n{other}\n", encoding="utf-8")
    _, (issue,) = convert(path, "acled")
    assert (issue.line, issue.column, issue.record) == (3, "latitude", "YEM999")
    assert problem in issue.problem


def test_strict_writes_nothing_and_keeps_what_was_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --strict one issue is one too many; the file of before stays."""
    path = write_csv(tmp_path / "a.csv", [ROW, changed(id="B902", low="x")])
    output = tmp_path / "a.ttl"
    output.write_text("of before")
    words = ["convert", "strikes", str(path), "--profile", "tbij-pakistan", "-o", str(output)]
    with pytest.raises(SystemExit) as stopped:
        main([*words, "--strict"])
    assert stopped.value.code == 1
    assert output.read_text() == "of before"
    assert "line 3 column Minimum total people killed (record B902)" in capsys.readouterr().err
    report = tmp_path / "report.json"
    with pytest.raises(SystemExit) as done:
        main([*words, "--report", str(report)])
    assert done.value.code == 0
    assert json.loads(report.read_text())["rows"] == {
        "read": 2,
        "converted": 1,
        "withIssues": 0,
        "rejected": 1,
        "ignored": 0,
    }
    assert list(tmp_path.glob(".*")) == []


def test_more_rows_than_the_source_has_stop_it(tmp_path: Path) -> None:
    """A file that is ten times too long is another file."""
    rows = [changed(id=f"B{each}") for each in range(2_001)]
    with pytest.raises(
        SourceError, match="has 2,001 rows; a release of tbij-pakistan has 1 to 2,000"
    ):
        convert(write_csv(tmp_path / "a.csv", rows))
