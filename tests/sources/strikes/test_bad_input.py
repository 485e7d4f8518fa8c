"""Files that are not what they should be: a clear report with row and column, and nothing half written."""

import csv
import io
import json
import re
import tracemalloc
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from rdflib import RDF, Graph

from conflictkg.cli import main
from conflictkg.errors import MissingFieldError, SourceError, UnexpectedFieldError
from conflictkg.sources.converting import convert_source, make_job
from conflictkg.sources.report import Fate, Issue
from conflictkg.sources.tables import MOST_FIELD
from conflictkg.sources.workbooks import _require_workbook
from conflictkg.terms import CKG

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


EXAMPLES = Path(__file__).parent


def write_example(path: Path, case: str, **cells: str) -> Path:
    """The first row of an example, and once more with another hash and other cells."""
    text = (EXAMPLES / case / "input.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows([rows[0], {**rows[0], **cells}])
    return path


@pytest.mark.parametrize("missing", ["inter1", "geo_precision"])
def test_table_without_an_optional_column_is_converted(tmp_path: Path, missing: str) -> None:
    """A column that not each file has says nothing where it lacks, and harms no row."""
    path = tmp_path / "a.csv"
    text = (EXAMPLES / "acled" / "input.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    with path.open("w", encoding="utf-8", newline="") as stream:
        names = [each for each in rows[0] if each != missing]
        writer = csv.DictWriter(stream, names, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows[:3])
    converted, issues = convert(path, "acled")
    assert issues == ()
    unsaid = {
        "inter1": "ckg:organizationLevel cs:organization-level-not-stated",
        "geo_precision": "ckg:placePrecision cs:place-precision-unknown",
    }
    assert unsaid[missing] in converted


def date_of(text: str, key: str) -> dict[str, str]:
    """The time stamps of a row's claim of its date."""
    (block,) = (each for each in text.split("\n\n") if f"/{key}/date>" in each.split("\n")[0])
    return dict(re.findall(r'sem:has(\w+)TimeStamp "([0-9-]+)"', block))


@pytest.mark.parametrize(
    ("extended", "resolution", "end", "told"),
    [
        ("0", "", "2017-06-13", ""),
        ("1", "6/20/2017", "2017-06-20", ""),
        ("1", "2017-06-20", "2017-06-20", ""),
        ("1", "", "", ""),
        ("", "", "", ""),
        ("1", "6/2/2017", "", "ends before it begins"),
        ("0", "6/20/2017", "", "stands beside"),
    ],
)
def test_incident_that_lasted_longer_does_not_end_on_its_first_day(
    tmp_path: Path, extended: str, resolution: str, end: str, told: str
) -> None:
    """With extended = 1 the end is the day of resolution, and where there is none nobody says it."""
    cells = {"eventid": "201706130999", "extended": extended, "resolution": resolution}
    text, issues = convert(write_example(tmp_path / "a.csv", "gtd", **cells), "gtd")
    assert [(each.line, each.column, each.fate) for each in issues] == (
        [(3, "resolution", Fate.KEPT)] if told else []
    )
    assert all(told in each.problem for each in issues)
    found = date_of(text, "201706130999")
    assert (found["EarliestBegin"], found["LatestBegin"]) == ("2017-06-13", "2017-06-13")
    assert (found.get("EarliestEnd", ""), found.get("LatestEnd", "")) == (end, end)


def test_begin_known_to_the_month_is_not_after_the_end(tmp_path: Path) -> None:
    """What was resolved on 12 June and began in June began by then."""
    cells = {"eventid": "201706000999", "iday": "0", "extended": "1", "resolution": "6/12/2017"}
    text, issues = convert(write_example(tmp_path / "a.csv", "gtd", **cells), "gtd")
    assert issues == ()
    assert date_of(text, "201706000999") == {
        "EarliestBegin": "2017-06-01",
        "LatestBegin": "2017-06-12",
        "EarliestEnd": "2017-06-12",
        "LatestEnd": "2017-06-12",
    }


def test_resolution_that_is_no_day_rejects_its_row(tmp_path: Path) -> None:
    """As any cell that cannot be read."""
    cells = {"eventid": "201706130999", "extended": "1", "resolution": "later"}
    _, issues = convert(write_example(tmp_path / "a.csv", "gtd", **cells), "gtd")
    assert rejected(issues) == [(3, "resolution")]


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?"])
def test_error_cell_of_a_workbook_rejects_its_row(tmp_path: Path, error: str) -> None:
    """A formula that went wrong and was saved as a value names no place."""
    rows = [ROW, changed(id="B902", place=error)]
    text, issues = convert(write_book(tmp_path / "a.xlsx", rows))
    assert rejected(issues) == [(3, "Location")]
    assert error in issues[0].problem
    assert f'"{error}"@en' not in text


def test_error_of_a_spreadsheet_in_its_csv_rejects_its_row(tmp_path: Path) -> None:
    """Saved as CSV the errors are texts."""
    rows = [ROW, changed(id="B902", place="#REF!")]
    text, issues = convert(write_csv(tmp_path / "a.csv", rows))
    assert rejected(issues) == [(3, "Location")]
    assert "#REF!" not in text


def test_error_cell_in_a_column_that_is_ignored_harms_nothing(tmp_path: Path) -> None:
    """Only what is converted counts."""
    row = (*ROW[:14], "#N/A")
    assert convert(write_book(tmp_path / "a.xlsx", [row]))[1] == ()


def mark_members(path: Path, *, flags: int = 0, method: int | None = None) -> None:
    """Change what an archive says of its members: encrypted (1), or compressed in another way."""
    content = bytearray(path.read_bytes())
    for signature, at_flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := content.find(signature, at + 1)) >= 0:
            content[at + at_flags] |= flags
            if method is not None:
                content[at + at_flags + 2] = method
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["a.zip", "a.xlsx"])
@pytest.mark.parametrize(
    ("flags", "method", "problem"),
    [
        (1, None, "is encrypted.*password"),
        (0, 97, "packed in a way .*that cannot be read.*[Ss]ave it"),
        (0x20, None, "packed in a way .*that cannot be read.*[Ss]ave it"),
    ],
)
def test_archive_that_cannot_be_unpacked_says_what_to_do(
    tmp_path: Path, name: str, flags: int, method: int | None, problem: str
) -> None:
    """A password and a rare compression are no crash."""
    path = tmp_path / name
    if name.endswith("zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.write(write_csv(tmp_path / "b.csv", [ROW]), "b.csv")
    else:
        write_book(path, [ROW])
    mark_members(path, flags=flags, method=method)
    with pytest.raises(SourceError, match=problem):
        convert(path)


def rewrite_book(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """A workbook with one part of it changed."""
    other = path.with_name("b.xlsx")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for each in old.namelist():
            content = old.read(each)
            new.writestr(each, change(content) if each == part else content)
    return other


SHARED = b"""<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
<si><t>PLACE</t></si></sst>"""


def share_place(path: Path) -> Path:
    """A workbook whose texts PLACE stand in the table of shared texts, as Excel writes them."""
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
    declared = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'.encode()
    with zipfile.ZipFile(path) as old:
        parts = {each: old.read(each) for each in old.namelist()}
    sheet, types = "xl/worksheets/sheet1.xml", "[Content_Types].xml"
    place = b't="inlineStr"><is><t>PLACE</t></is>'
    assert place in parts[sheet]
    parts[sheet] = parts[sheet].replace(place, b't="s"><v>0</v>')
    parts[types] = parts[types].replace(b"</Types>", declared)
    parts["xl/sharedStrings.xml"] = SHARED
    with zipfile.ZipFile(path, "w") as new:
        for name, content in parts.items():
            new.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "part",
    ["xl/workbook.xml", "xl/styles.xml", "[Content_Types].xml", "xl/sharedStrings.xml", "xl/_rels/workbook.xml.rels"],
)  # fmt: skip
def test_workbook_with_a_part_that_is_cut_is_told(tmp_path: Path, part: str) -> None:
    """Whichever part it is, and whichever parser reads it."""
    path = share_place(write_book(tmp_path / "a.xlsx", [changed(place="PLACE")] * 50))
    with pytest.raises(SourceError, match=r"damaged or cut off.*[Ss]ave it again"):
        convert(rewrite_book(path, part, lambda content: content[: len(content) * 2 // 3]))


def test_number_of_a_workbook_that_is_none_is_told(tmp_path: Path) -> None:
    """A cell that says it is a number, or a shared text that is not there."""
    path = share_place(write_book(tmp_path / "a.xlsx", [changed(low=1, place="PLACE")]))
    for old, new in ((b"<v>1</v>", b"<v>x</v>"), (b't="s"><v>0</v>', b't="s"><v>9999</v>')):

        def damage(content: bytes, old: bytes = old, new: bytes = new) -> bytes:
            assert old in content
            return content.replace(old, new)

        with pytest.raises(SourceError, match="damaged or cut off"):
            convert(rewrite_book(path, "xl/worksheets/sheet1.xml", damage))


def test_cell_of_a_workbook_has_the_limit_of_a_field(tmp_path: Path) -> None:
    """As a field of a delimited file; row and column are told."""
    path = share_place(write_book(tmp_path / "a.xlsx", [ROW, changed(id="B902", place="PLACE")]))

    def fill(content: bytes) -> bytes:
        return content.replace(b"PLACE", b"x" * (MOST_FIELD + 1))

    with pytest.raises(
        SourceError,
        match=r"line 3.*column 3 holds a text of more than 1,048,576 characters",
    ):
        convert(rewrite_book(path, "xl/sharedStrings.xml", fill))


INLINE = b'<row r="4"><c r="C4" t="inlineStr"><is>%s</is></c></row></sheetData>'


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("xl/sharedStrings.xml", b"PLACE", b"x" * (40 << 20)),
        ("xl/sharedStrings.xml", b"PLACE", b"</t><t>".join([b"x" * 1000] * (40 << 10))),
        ("xl/worksheets/sheet1.xml", b"</sheetData>", INLINE % (b"<t>" + b"x" * (40 << 20) + b"</t>")),
        ("xl/worksheets/sheet1.xml", b"</sheetData>", INLINE % (b"<t><![CDATA[" + b"<c >" * (10 << 20) + b"]]></t>")),
        ("xl/worksheets/sheet1.xml", b"<sheetData>", b"<!--" + b"<c >" * (10 << 20) + b"--><sheetData>"),
    ],
    ids=["shared", "runs", "inline", "cdata", "comment"],
)  # fmt: skip
def test_huge_cell_of_a_workbook_does_not_fill_the_memory(
    tmp_path: Path, part: str, old: bytes, new: bytes
) -> None:
    """It is refused before anything is made of it."""
    path = share_place(write_book(tmp_path / "a.xlsx", [changed(place="PLACE")]))
    huge = rewrite_book(path, part, lambda content: content.replace(old, new))
    tracemalloc.start()
    try:
        with pytest.raises(SourceError, match=r"holds a cell of more than 16,777,216 bytes"):
            convert(huge)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 30 << 20


def test_many_cells_and_settings_of_a_sheet_are_no_huge_cell(tmp_path: Path) -> None:
    """Only what lies between two cells is measured, and nothing behind the last."""
    path = write_book(tmp_path / "a.xlsx", [ROW])
    empty = b'<row r="9"/><row r="10"><c r="A10" s="0"/></row>' * 400_000

    def fill(content: bytes) -> bytes:
        end = b"<!--" + b"x" * (4 << 20) + b"-->"
        rules = (end * 5).replace(b"--><!--", b"--> <!--")
        return content.replace(b"</sheetData>", empty + b"</sheetData>" + rules)

    other = rewrite_book(path, "xl/worksheets/sheet1.xml", fill)
    _require_workbook(other, "b.xlsx")


def test_long_part_without_cells_is_no_huge_cell(tmp_path: Path) -> None:
    """Nobody reads what a pivot table keeps."""
    path = write_book(tmp_path / "a.xlsx", [ROW])
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        records = b"<pivotCacheRecords>" + b"<r><n/></r>" * (2 << 20) + b"</pivotCacheRecords>"
        archive.writestr("xl/pivotCache/pivotCacheRecords1.xml", records)
    assert convert(path)[1] == ()


def test_workbook_in_utf_16_is_refused(tmp_path: Path) -> None:
    """What looks for cells and document types reads UTF-8."""
    path = write_book(tmp_path / "a.xlsx", [ROW])
    other = rewrite_book(
        path, "xl/worksheets/sheet1.xml", lambda content: content.decode().encode("utf-16")
    )
    with pytest.raises(SourceError, match=r"sheet1\.xml is not UTF-8.*[Ss]ave it again"):
        convert(other)


def test_text_about_a_place_is_not_copied(tmp_path: Path) -> None:
    """More than ten words are the publisher's text; the larger place is what is known."""
    words = "a compound near the river some way off the road from Miranshah"
    rows = [ROW, changed(id="B902", place=words)]
    text, (issue,) = convert(write_csv(tmp_path / "a.csv", rows))
    assert (issue.line, issue.column, issue.fate) == (3, "Location", Fate.KEPT)
    assert f"{len(words.split())} words" in issue.problem
    assert "compound" not in text
    assert "strike/tbij-pakistan/B902" in text


def test_coordinates_swapped_within_the_region_are_left_out(tmp_path: Path) -> None:
    """Both are degrees that exist, and the point lies elsewhere unless they are taken the other way."""
    path = write_example(
        tmp_path / "a.csv", "new_america", geo_lat="70.0703", geo_lon="33.0012", year="1"
    )
    text, (issue,) = convert(path, "new-america")
    assert (issue.line, issue.column, issue.fate) == (3, "geo_lat", Fate.KEPT)
    assert "swapped" in issue.problem
    assert "wgs:lat 70.0703" not in text
    assert text.count("a ckg:Strike ") == 2


def test_point_outside_that_is_not_swapped_is_kept(tmp_path: Path) -> None:
    """An extent only tells a swap: a strike may be elsewhere."""
    path = write_example(
        tmp_path / "a.csv", "new_america", geo_lat="28.5", geo_lon="16.5", year="1"
    )
    text, issues = convert(path, "new-america")
    assert issues == ()
    assert "wgs:lat 28.5" in text


def test_row_of_another_width_is_told_and_the_others_are_converted(tmp_path: Path) -> None:
    """One cell too few, or one too many: which one is missing nobody knows."""
    path = write_csv(tmp_path / "a.csv", [ROW[:-1], changed(id="B902"), (*ROW, "more")])
    text, issues = convert(path)
    assert [each.line for each in issues if each.fate is Fate.REJECTED] == [2, 4]
    assert all("15" in each.problem for each in issues if each.fate is Fate.REJECTED)
    assert text.count("a ckg:Strike ") == 1


def test_identifiers_of_any_characters_make_different_iris(tmp_path: Path) -> None:
    """They break out of no IRI, and none is taken for another."""
    identifiers = ["../../x y<>", "..%2F..%2Fx y<>", "x#y", "x?y", "x", "ü", "u\u0308"]
    own = (Path(__file__).parent / "own" / "coast-guard.toml").read_text(encoding="utf-8")
    profile = tmp_path / "any.toml"
    profile.write_text(own.replace("CG-[0-9]+", ".+"), encoding="utf-8")
    head = "number,Day,Place,Least dead,Most dead,Civilians,Kind,remarks\n"
    rows = "".join(f"{each},13.06.2017,Port of Example,1,3,0,Drone,\n" for each in identifiers)
    (tmp_path / "a.csv").write_text(head + rows, encoding="utf-8")
    text, issues = convert(tmp_path / "a.csv", str(profile))
    assert not rejected(issues)
    records = Graph().parse(data=text, format="turtle").subjects(RDF.type, CKG.SourceRecord)
    found = {str(each) for each in records}
    assert len(found) == len(identifiers)
    assert all(
        re.fullmatch(r"https://w3id\.org/conflictkg/id/record/[A-Za-z0-9._~%/-]+", each)
        for each in found
    )
