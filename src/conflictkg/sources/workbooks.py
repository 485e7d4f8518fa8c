"""Reading a sheet of a workbook (XLSX) as strictly as a delimited file: cells as text, nothing computed or guessed.

A cell's text is what stands in it: ``3`` for 3.0, ``2017-06-13`` for a day. Results of formulas that a program has
stored are never read, for they may be stale or nought; of a link the address is read. Cells that are merged over
several rows or columns hold a value for one of them only, so their rows are rejected.
"""

import codecs
import lzma
import re
import warnings
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from pathlib import Path
from typing import IO, Any

import openpyxl
from openpyxl.utils import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from conflictkg.errors import SourceError
from conflictkg.sources.report import Issue, Report
from conflictkg.sources.tables import (
    MOST_FIELD,
    Layout,
    Row,
    hash_fields,
    name_columns,
    open_archive,
    open_member,
    require_columns,
)

SUFFIXES = frozenset({".xlsx", ".xlsm"})

_OLD = b"\xd0\xcf\x11\xe0"
_MOST_PART = 2 << 30
_MOST_PARTS = 10_000
_MOST_CELL = 1 << 24
"""Bytes of one cell with its markup; what is longer is refused before a parser takes it into memory."""

_CHUNK = 1 << 20
_OVERLAP = 200
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')
_LINK = re.compile(r'=\s*HYPERLINK\(\s*"([^"]+)"', re.IGNORECASE)
_MERGED_AT_MOST = 100_000
# Both parsers that openpyxl uses, lxml and that of the standard library, raise a SyntaxError of their own.
_DAMAGED = (
    zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, SyntaxError, KeyError, InvalidFileException,
)  # fmt: skip
# What openpyxl raises at a part that is XML but not what it should be.
_ODD = (ValueError, TypeError, IndexError, AttributeError, OverflowError)
_MARK = re.compile(
    rb"(?P<skip><!\[CDATA\[|<!--)|<(?:[\w.-]+:)?(?:c|si|row)[\s/>]|(?P<end></(?:[\w.-]+:)?sheetData)"
)
_ROOT = re.compile(rb"<(?:[\w.-]+:)?(\w+)")
_WITH_CELLS = frozenset({b"worksheet", b"sst"})
_SKIPPED = {b"<![CDATA[": b"]]>", b"<!--": b"-->"}


@dataclass(frozen=True, slots=True)
class Merged:
    """Cells that are one.

    Args:
        ref: As the workbook writes it: ``B4:B6``.
        first: Its first row, counted from 1.
        last: Its last row.
        columns: Its columns, counted from 0.
    """

    ref: str
    first: int
    last: int
    columns: range


class Sheet:
    """A sheet, open for reading once from the beginning.

    Args:
        sheet: As openpyxl reads it.
        merged: Cells that are merged.
        layout: What its header must be.
        converted: Columns whose cells are converted; of others nothing is told.
        report: Where rows that cannot be read are told.
        header: The row with the names of the columns, counted from 1.

    Attributes:
        columns: As its header has them, in that order.
        name: Of the sheet.
    """

    def __init__(
        self,
        sheet: Any,
        merged: Sequence[Merged],
        layout: Layout,
        converted: Collection[str],
        report: Report,
        header: int = 1,
    ) -> None:
        self._report, self._header = report, header
        self._merged = sorted(merged, key=lambda each: each.first)
        self.name = str(sheet.title)
        # What a file says of its extent may be wrong in either direction.
        sheet.reset_dimensions()
        self._rows = self._iter_cells(sheet)
        self.columns = self._read_header(layout)
        self._converted = [at for at, each in enumerate(self.columns) if each in converted]

    def __iter__(self) -> Iterator[Row]:
        """The rows that hold anything, but for those that cannot be read: these are told."""
        width = len(self.columns)
        for line, cells in enumerate(self._rows, self._header + 1):
            values = self._texts_of(line, cells)
            if not any(each.strip() for each in values):
                continue
            self._report.read += 1
            if beyond := [at for at in range(width, len(values)) if values[at].strip()]:
                at = beyond[0]
                self._reject(
                    line, "", f'holds "{values[at][:40]}" in column {at + 1}, right of the header.'
                )
                continue
            values = (values + [""] * width)[:width]
            problem = (
                self._merged_over(line)
                or self._formula_in(cells, values)
                or self._error_in(cells, values)
            )
            if problem:
                self._reject(line, *problem)
                continue
            yield Row(line, values, hash_fields(values))

    def _iter_cells(self, sheet: Any) -> Iterator[Sequence[Any]]:
        rows, line = iter(sheet.iter_rows()), 0
        while True:
            try:
                cells = next(rows)
            except StopIteration:
                return
            except _ODD as error:
                raise _damaged(error, f"{self._report.file} {self.name}", line + 1) from error
            line += 1
            yield cells

    def _texts_of(self, line: int, cells: Sequence[Any]) -> list[str]:
        values = [text_of(each) for each in cells]
        for at, each in enumerate(values, 1):
            if len(each) > MOST_FIELD:
                raise SourceError(
                    f"column {at} holds a text of more than {MOST_FIELD:,} characters. Shorten it, or empty the cell.",
                    source=f"{self._report.file} {self.name}",
                    line=line,
                )
        return values

    def _read_header(self, layout: Layout) -> list[str]:
        for line, cells in enumerate(self._rows, 1):
            if line == self._header:
                found = self._texts_of(line, cells)
                while found and not found[-1].strip():
                    found.pop()
                columns = name_columns(found, layout)
                require_columns(columns, layout, f"{self._report.file} {self.name}", line)
                return columns
        raise SourceError(
            f'its sheet "{self.name}" is empty. Row {self._header} must name the columns.',
            source=self._report.file,
        )

    def _merged_over(self, line: int) -> tuple[str, str] | None:
        while self._merged and self._merged[0].last < line:
            self._merged.pop(0)
        for each in self._merged:
            if each.first > line:
                break
            hit = [at for at in self._converted if at in each.columns]
            if each.last >= line and hit:
                return (
                    self.columns[hit[0]],
                    f"is merged with others ({each.ref}), so that it is open which of them the value is of."
                    " Unmerge them, and fill in each.",
                )
        return None

    def _formula_in(self, cells: Sequence[Any], values: list[str]) -> tuple[str, str] | None:
        for at in self._converted:
            if values[at].startswith("=") and cells[at].data_type == "f":
                if link := _LINK.match(values[at]):
                    values[at] = link[1]
                    continue
                return (
                    self.columns[at],
                    f"holds the formula {values[at][:40]}, whose stored result may be stale and is not read."
                    " Save it as a value.",
                )
        return None

    def _error_in(self, cells: Sequence[Any], values: list[str]) -> tuple[str, str] | None:
        for at in self._converted:
            if at < len(cells) and cells[at].data_type == "e":
                return self.columns[at], tell_error(values[at])
        return None

    def _reject(self, line: int, column: str, problem: str) -> None:
        self._report.add(Issue(line, column, problem, part=self.name))


def tell_error(value: str) -> str:
    """What is told of a cell that holds an error of a spreadsheet."""
    return f"holds the error {value[:40]}, which is no value. Correct the cell, or empty it if nothing is known."


def text_of(cell: Any) -> str:
    """A cell's value as text; a whole number without a fraction, a day as in ISO 8601.

    >>> from types import SimpleNamespace
    >>> text_of(SimpleNamespace(value=3.0)), text_of(SimpleNamespace(value=datetime(2017, 6, 13)))
    ('3', '2017-06-13')
    """
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, date | time):
        return value.isoformat()
    return str(getattr(value, "text", value))


@contextmanager
def open_sheet(
    path: Path,
    name: str,
    layout: Layout,
    converted: Collection[str],
    report: Report,
    header: int = 1,
) -> Iterator[Sheet]:
    """Open a sheet of a workbook.

    Args:
        path: The workbook.
        name: Of the sheet; may be empty if there is one only.
        layout: What its header must be.
        converted: Columns whose cells are converted.
        report: Where rows that cannot be read are told.
        header: The row with the names of the columns, counted from 1.

    Raises:
        SourceError: It cannot be read, has no such sheet, or another header than it should.
    """
    with _open_book(path, report.file) as book:
        sheet = _find_sheet(book, name, report.file)
        merged = _read_merged(path, sheet._worksheet_path, report.file)
        yield Sheet(sheet, merged, layout, converted, report, header)


def read_first_rows(path: Path, file: str, most: int) -> tuple[str, list[list[str]]]:
    """The name of the sheet that has the most columns in its first row, and its first rows as text.

    Raises:
        SourceError: It cannot be read.
    """
    with _open_book(path, file) as book:
        found: list[tuple[str, list[list[str]]]] = []
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            try:
                rows = [[text_of(each) for each in row] for row in islice(sheet.iter_rows(), most)]
            except _ODD as error:
                raise _damaged(error, f"{file} {sheet.title}") from error
            found.append(
                (str(sheet.title), [row for row in rows if any(each.strip() for each in row)])
            )
    return max(found, key=lambda each: len(each[1][0]) if each[1] else 0)


@contextmanager
def _open_book(path: Path, file: str) -> Iterator[Any]:
    _require_workbook(path, file)
    try:
        with warnings.catch_warnings():
            # What openpyxl does not keep when it writes is nothing to us, who only read.
            warnings.simplefilter("ignore")
            book = _load_book(path, file)
            try:
                yield book
            finally:
                book.close()
    except _DAMAGED as error:
        raise _damaged(error, file) from error
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}", source=file) from error


def _load_book(path: Path, file: str) -> Any:
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=False, keep_links=False)
    except _ODD as error:
        raise _damaged(error, file) from error


def _damaged(error: Exception, file: str, line: int | None = None) -> SourceError:
    return SourceError(
        f"is a workbook that is damaged or cut off: {error}. Get it anew, or open it and save it again.",
        source=file,
        line=line,
    )


def _find_sheet(book: Any, name: str, file: str) -> Any:
    names = [str(each.title) for each in book.worksheets]
    if name in names:
        return book[name]
    if not name and len(names) == 1:
        return book.worksheets[0]
    missing = f'has no sheet "{name}"' if name else "has several sheets, and nobody says which"
    raise SourceError(
        f"{missing}. It has: {', '.join(names)}. Name it in the profile as [table] sheet.",
        source=file,
    )


def _require_workbook(path: Path, file: str) -> None:
    """Refuse what is no workbook, and what would fill the memory or refer to itself."""
    if not path.is_file():
        problem = "is no file" if path.exists() else "is not there"
        raise SourceError(f"{problem}. Give the file that the source publishes.", source=file)
    try:
        with path.open("rb") as stream:
            if stream.read(4) == _OLD:
                raise SourceError(
                    "is a workbook of the old kind (.xls), or one under a password. Save it as .xlsx or CSV.",
                    source=file,
                )
        with open_archive(path, file) as archive:
            parts = archive.infolist()
            if len(parts) > _MOST_PARTS or any(each.file_size > _MOST_PART for each in parts):
                raise SourceError("is a workbook that unpacks to more than is read.", source=file)
            for each in parts:
                if each.filename.endswith((".xml", ".rels")):
                    with open_member(archive, each, file) as part:
                        _require_part(part, each.filename, file)
    except _DAMAGED as error:
        raise SourceError(
            f"is no workbook, or one that is damaged or cut off: {error}. Get it anew, or open it and save it again.",
            source=file,
        ) from error
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror or error}", source=file) from error


def _require_part(part: IO[bytes], name: str, file: str) -> None:
    """Refuse a part with a document type, or with a cell that would fill the memory."""
    head = part.read(_OVERLAP * 10)
    if b"\0" in head or head[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        raise SourceError(
            f"its part {name} is not UTF-8. Open the workbook and save it again.", source=file
        )
    if b"<!DOCTYPE" in head:
        raise SourceError(
            f"its part {name} declares a document type, which no workbook needs.", source=file
        )
    # Records of pivot tables and the like may be long, and are not read.
    root = _ROOT.search(head)
    if (root is None or root[1] in _WITH_CELLS) and _longest_cell(head, part) > _MOST_CELL:
        raise SourceError(
            f"its part {name} holds a cell of more than {_MOST_CELL:,} bytes. Shorten it, or empty the cell.",
            source=file,
        )


def _longest_cell(head: bytes, part: IO[bytes]) -> int:
    """Bytes between the beginnings of cells, texts or rows: the most, or the first that are too many.

    What is no markup (in a comment, or a text that is marked as such) is part of the cell that it stands in. Behind
    the cells of a sheet anything may be long.
    """
    longest = begin = gone = 0
    text, closing = head, b""
    while text:
        at = 0
        while at < len(text):
            if closing:
                end = text.find(closing, at)
                if end < 0:
                    at = max(at, len(text) - _OVERLAP)
                    break
                at, closing = end + len(closing), b""
            found = _MARK.search(text, at)
            if found is None:
                at = max(at, len(text) - _OVERLAP)
                break
            at = found.end()
            if found["skip"]:
                closing = _SKIPPED[found["skip"]]
                continue
            longest = max(longest, gone + found.start() - begin)
            begin = gone + found.start()
            if found["end"]:
                return longest
        if longest > _MOST_CELL or gone + len(text) - begin > _MOST_CELL:
            return max(longest, gone + len(text) - begin)
        more = part.read(_CHUNK)
        gone += at
        text = text[at:] + more if more else b""
    return longest


def _read_merged(path: Path, part: str, file: str) -> list[Merged]:
    """What is merged in a sheet; openpyxl does not tell when it reads row by row."""
    found: list[Merged] = []
    with zipfile.ZipFile(path) as archive, archive.open(part.lstrip("/")) as stream:
        rest = b""
        while chunk := stream.read(_CHUNK):
            text = rest + chunk
            end = 0
            for each in _MERGED.finditer(text):
                end = each.end()
                left, top, right, bottom = range_boundaries(each[1].decode())
                found.append(Merged(each[1].decode(), top, bottom, range(left - 1, right)))
            if len(found) > _MERGED_AT_MOST:
                raise SourceError("has more merged cells than are read. Unmerge them.", source=file)
            rest = text[max(end, len(text) - _OVERLAP) :]
    return found
