"""Reading delimited text strictly: every row with the line on which it begins and its hash, nothing guessed at.

What makes a file another file than it should be (its encoding, its separator, its columns) stops the reading
with a :class:`SourceError`. What is wrong with one row rejects that row and is told in the report.
"""

import bz2
import csv
import gzip
import hashlib
import io
import lzma
import zipfile
import zlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import IO, BinaryIO

from conflictkg.errors import MissingFieldError, SourceError, UnexpectedFieldError
from conflictkg.sources.report import Issue, Report

MOST_FIELD = 1 << 20
"""Characters of one field. The longest in real files has some thousands."""

_MOST_LINE = 1 << 24
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars", ",": "commas"}
_ENCRYPTED = 0x1
_UNIT = "\x1f"
_ARCHIVES = {".zip": "a ZIP archive", ".gz": "a gzip file", ".bz2": "a bzip2 file"}


@dataclass(frozen=True, slots=True)
class Layout:
    """What a file's header must be.

    Args:
        required: Columns without which nothing can be converted.
        optional: Columns that some releases have.
        separator: Between fields.
        quoted: Whether fields may stand in quotation marks.
        header: The columns, for files that do not say them.
        tags: Whether a row of HXL tags may follow the header; it is no data.
        aliases: Other spellings of columns, and the names that stand for them here.
        unnamed: Whether columns may be without a name; the third is called ``column 3`` then.
        lookups: The file that says which columns are ignored on purpose, for messages.
    """

    required: Collection[str]
    optional: Collection[str] = ()
    separator: str = ","
    quoted: bool = True
    header: Sequence[str] = ()
    tags: bool = False
    aliases: Mapping[str, str] = field(default_factory=dict)
    unnamed: bool = False
    lookups: str = "lookups.toml"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Args:
        line: On which it begins, counted from 1.
        values: Its fields, as they came.
        sha256: Hash of all its fields, from :func:`hash_fields`.
    """

    line: int
    values: list[str]
    sha256: str


def hash_fields(values: Sequence[str]) -> str:
    """SHA-256 of a row's fields, joined by U+001F, in hexadecimal digits.

    >>> hash_fields(["a", "b"])[:16]
    'f04cdced9736a69d'
    """
    return hashlib.sha256(_UNIT.join(values).encode("utf-8", "surrogatepass")).hexdigest()


class Table:
    """A delimited file, open for reading once from the beginning.

    Args:
        stream: Its bytes, UTF-8.
        layout: What its header must be.
        report: Where rows that cannot be read are told.
        part: Which of several files it is, for messages.

    Attributes:
        columns: As its header has them, in that order.
    """

    def __init__(self, stream: BinaryIO, layout: Layout, report: Report, part: str = "") -> None:
        self._layout, self._report, self._part = layout, report, part
        self._file = f"{report.file} {part}".rstrip()
        self._lines = Lines(stream, self._file)
        self._reader = csv.reader(
            self._lines,
            delimiter=layout.separator,
            quoting=csv.QUOTE_MINIMAL if layout.quoted else csv.QUOTE_NONE,
            strict=True,
        )
        self.columns = list(layout.header) or self._read_header()

    def __iter__(self) -> Iterator[Row]:
        """The rows, without empty lines; those that are no rows of this table are told."""
        width, layout, report = len(self.columns), self._layout, self._report
        is_first = True
        while True:
            line = self._lines.number + 1
            try:
                values = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise self._unreadable(error, line) from error
            if not values:
                continue
            if is_first and layout.tags and any(each.startswith("#") for each in values):
                is_first = False
                continue
            is_first = False
            report.read += 1
            if len(values) != width:
                report.add(
                    Issue(
                        line,
                        "",
                        f"has {len(values)} fields, its header {width}. Quote fields that hold the separator.",
                        part=self._part,
                    )
                )
                continue
            if self._lines.has_nul:
                self._lines.has_nul = False
                column = next(
                    (self.columns[at] for at, each in enumerate(values) if "\0" in each), ""
                )
                if column:
                    report.add(
                        Issue(
                            line,
                            column,
                            "holds a NUL character, which no text does.",
                            part=self._part,
                        )
                    )
                    continue
            yield Row(line, values, hash_fields(values))

    def _read_header(self) -> list[str]:
        try:
            found = next(self._reader)
        except StopIteration:
            raise SourceError(
                "is empty. Its first line must name the columns.", source=self._file
            ) from None
        except csv.Error as error:
            raise self._unreadable(error, 1) from error
        columns = name_columns(found, self._layout)
        self._require_separator(columns)
        require_columns(columns, self._layout, self._file, 1)
        return columns

    def _require_separator(self, columns: Sequence[str]) -> None:
        if len(columns) > 1:
            return
        for separator, name in _SEPARATORS.items():
            if separator != self._layout.separator and columns[0].count(separator) > 1:
                raise SourceError(
                    f"its fields are parted by {name}, where {_SEPARATORS[self._layout.separator]} are expected."
                    f" Save it again with {_SEPARATORS[self._layout.separator]}.",
                    source=self._file,
                    line=1,
                )

    def _unreadable(self, error: csv.Error, line: int) -> SourceError:
        problem = str(error)
        if "field larger than" in problem:
            problem = f"has a field of more than {MOST_FIELD:,} characters, or a quotation mark that is never closed."
        elif "unexpected end of data" in problem:
            problem = (
                "begins a field in quotation marks that is never closed. The file may be cut off."
            )
        return SourceError(problem, source=self._file, line=line)


def name_columns(found: Sequence[str], layout: Layout) -> list[str]:
    r"""What the columns of a header are called here: without stray blanks and line breaks, by one spelling.

    >>> name_columns(["Minimum\nstrikes ", ""], Layout((), unnamed=True))
    ['Minimum strikes', 'column 2']
    """
    names = [" ".join(each.split()) for each in found]
    if layout.unnamed:
        names = [name or f"column {at}" for at, name in enumerate(names, 1)]
    return [layout.aliases.get(name, name) for name in names]


def require_columns(columns: Sequence[str], layout: Layout, file: str, line: int) -> None:
    """Stop at a header that is another than the layout has.

    Raises:
        MissingFieldError: A column is not there; the message names the closest of those that are.
        UnexpectedFieldError: A column is not known, or stands twice.
    """
    wanted = [*layout.required, *layout.optional]
    for name in layout.required:
        if name not in columns:
            raise MissingFieldError(
                f'has no column "{name}".{_nearest(name, [c for c in columns if c not in wanted])}'
                f" It has: {', '.join(columns)}.",
                source=file,
                line=line,
            )
    for at, name in enumerate(columns):
        if name not in wanted and not (layout.unnamed and name == f"column {at + 1}"):
            raise UnexpectedFieldError(
                f'has a column "{name}" (number {at + 1}) that is not known.{_nearest(name, wanted)}'
                f" Take it out, or add it to {layout.lookups} under [ignore] with a reason.",
                source=file,
                line=line,
            )
        if columns.index(name) != at:
            raise UnexpectedFieldError(
                f'has two columns "{name}" (numbers {columns.index(name) + 1} and {at + 1}).',
                source=file,
                line=line,
            )


class Lines:
    """The lines of a stream, counted, none of them longer than memory bears.

    Attributes:
        number: Of the last line that was read.
        has_nul: Whether a NUL was seen and not yet looked for.
    """

    def __init__(self, stream: BinaryIO, file: str) -> None:
        self._read = stream.readline
        self._file = file
        self.number = 0
        self.has_nul = False

    def __iter__(self) -> "Lines":
        return self

    def __next__(self) -> str:
        line = self._read(_MOST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == _MOST_LINE and not line.endswith(b"\n"):
            raise SourceError(
                f"has a line of more than {_MOST_LINE:,} bytes.",
                source=self._file,
                line=self.number,
            )
        if b"\0" in line:
            self.has_nul = True
        try:
            # The mark that some programs begin a file with is no part of its first column.
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise SourceError(
                f"is not UTF-8 at byte {error.start + 1}: 0x{line[error.start]:02X}. Save the file as UTF-8.",
                source=self._file,
                line=self.number,
            ) from error


@contextmanager
def open_table(path: Path, layout: Layout, report: Report, part: str = "") -> Iterator[Table]:
    """Open a delimited file, or the one that an archive holds.

    Args:
        path: The file; it may be compressed.
        layout: What its header must be.
        report: Where rows that cannot be read are told.
        part: Which of several files it is, for messages.

    Raises:
        SourceError: It cannot be read, is not UTF-8, or has another header than it should.
    """
    csv.field_size_limit(MOST_FIELD)
    with open_binary(path, f"{report.file} {part}".rstrip()) as stream:
        if path.suffix.lower() not in _ARCHIVES:
            size = path.stat().st_size
            report.part = lambda: 1.0 if stream.closed else stream.tell() / max(size, 1)
        yield Table(stream, layout, report, part)


@contextmanager
def open_binary(path: Path, file: str) -> Iterator[BinaryIO]:
    """Open a file; if it is compressed (``.zip``, ``.gz``, ``.bz2``) what it holds, without unpacking it first.

    Raises:
        SourceError: It cannot be read, or is damaged; that may show while it is read.
    """
    if not path.is_file():
        problem = "is no file" if path.exists() else "is not there"
        raise SourceError(f"{problem}. Give the file that the source publishes.", source=file)
    kind = path.suffix.lower()
    with ExitStack() as held:
        try:
            if kind == ".zip":
                archive = held.enter_context(open_archive(path, file))
                member = _only_member(archive, path, file)
                yield io.BufferedReader(held.enter_context(open_member(archive, member, file)))  # type: ignore[type-var]  # IO[bytes], read only
            elif kind == ".gz":
                yield held.enter_context(gzip.open(path))  # type: ignore[misc]  # a reader all the same
            elif kind == ".bz2":
                yield held.enter_context(bz2.open(path))  # type: ignore[misc]  # likewise
            else:
                yield held.enter_context(path.open("rb"))
        except (
            zipfile.BadZipFile,
            gzip.BadGzipFile,
            EOFError,
            zlib.error,
            lzma.LZMAError,
        ) as error:
            raise SourceError(
                f"is {_ARCHIVES.get(kind, 'a file')} that is damaged or cut off: {error}",
                source=file,
            ) from error
        except OSError as error:
            # What a decompressor finds wrong has no number of the system.
            damaged = kind in _ARCHIVES and error.errno is None
            problem = (
                f"is {_ARCHIVES[kind]} that is damaged or cut off: {error}"
                if damaged
                else f"cannot be read: {error.strerror or error}"
            )
            raise SourceError(problem, source=file) from error


def open_archive(path: Path, file: str) -> zipfile.ZipFile:
    """Open a ZIP archive.

    Raises:
        SourceError: It is of a version that is not known here.
    """
    try:
        return zipfile.ZipFile(path)
    except NotImplementedError as error:
        raise _packed(error, file) from error


def open_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, file: str) -> IO[bytes]:
    """Open what an archive holds.

    Raises:
        SourceError: It is encrypted, or packed in a way that cannot be read.
    """
    if member.flag_bits & _ENCRYPTED:
        raise SourceError(
            f"its {member.filename} is encrypted. Open it with its password, and save it again without one.",
            source=file,
        )
    try:
        return archive.open(member)
    except NotImplementedError as error:
        raise _packed(error, file) from error


def _packed(error: NotImplementedError, file: str) -> SourceError:
    return SourceError(
        f"is packed in a way ({error}) that cannot be read. Unpack it and save it again, with usual compression.",
        source=file,
    )


def _only_member(archive: zipfile.ZipFile, path: Path, file: str) -> zipfile.ZipInfo:
    """The file of an archive: the only one, or the one that is called as the archive is."""
    members = [each for each in archive.infolist() if not each.is_dir()]
    named = [each for each in members if Path(each.filename).stem == path.stem]
    found = members if len(members) == 1 else named
    if len(found) != 1:
        raise SourceError(
            f"holds {len(members)} files. Unpack it, and give the one to convert.", source=file
        )
    return found[0]


def _nearest(name: str, known: Sequence[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f' Closest: "{close[0]}".' if close else ""
