# ruff: noqa: S608 -- SQL here is made of our own names
"""The rows of a table in a database, and beside them what their cells say.

Rows are in the table ``row``, with a column ``c<n>`` for each that is converted. A table ``read_<reader>`` has each
different combination of a reader's cells once, with what it says and what is to be told of it; rows find it by their
cells.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from conflictkg.sources.job import Job
from conflictkg.sources.report import Fate, Issue
from conflictkg.sources.strikes.profile import Profile
from conflictkg.sources.strikes.reading import Found, Reader, drain, make_readers
from conflictkg.sources.tables import Row
from conflictkg.sources.tabular import Staging
from conflictkg.sources.workbooks import tell_error

_AT_ONCE = 20_000
_TYPES = {"VARCHAR": pa.string(), "BIGINT": pa.int64(), "BOOLEAN": pa.bool_(), "DATE": pa.date32()}
_NOTE = (("noted", "VARCHAR"), ("problem", "VARCHAR"), ("fate", "VARCHAR"))
_PLACE = ("key", "name", "within", "precision", "latitude", "longitude")
# What a spreadsheet writes for a formula that went wrong; saved as CSV these are texts.
_ERRORS = frozenset(
    ("#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#ERROR!")
)  # fmt: skip
_ACTOR = ("key", "name", "level")


@dataclass(frozen=True, slots=True)
class Cellwise:
    """A table whose cells are read.

    Args:
        job: The conversion.
        profile: What its columns say.
        tables: Its database.
        part: The sheet, for issues; empty if there is none.
    """

    job: Job
    profile: Profile
    tables: Staging
    part: str
    found: Found = field(default_factory=Found)

    @property
    def readers(self) -> list[Reader]:
        """What reads its cells."""
        return make_readers(self.profile, self.found)

    def run(self, sql: str, given: Sequence[object] = ()) -> None:
        """Run a statement in its database."""
        self.tables.connection.execute(sql, list(given))

    def has_rows(self, relation: str) -> bool:
        """Whether there is a row in a table or view."""
        return (
            self.tables.connection.execute(f"SELECT 1 FROM {relation} LIMIT 1").fetchone()
            is not None
        )

    def cell(self, column: str) -> str:
        """What a column of the source is called in ``row``."""
        return f"c{self.profile.columns.index(column)}"

    def join(self, reader: str, columns: Iterable[str], rows: str) -> str:
        """SQL that finds what a reader has read in the cells of a row."""
        table = f'"read_{reader}"'
        same = (f"{rows}.{self.cell(each)} = {table}.k{at}" for at, each in enumerate(columns))
        return f"JOIN {table} ON {' AND '.join(same)}"

    # Rows as they came

    def stage(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Put the cells that are converted into ``row``, without blanks around them."""
        wanted = self.profile.columns
        places = [columns.index(each) if each in columns else -1 for each in wanted]
        known = {*wanted, *self.profile.lookups.ignored, *self.profile.optional}
        unnamed = [at for at, each in enumerate(columns) if each not in known]
        unknown = self.profile.unknown

        def staged() -> Iterator[Row]:
            for row in rows:
                values = row.values
                for at in unnamed:
                    if values[at].strip():
                        self._tell_unnamed(row, columns[at], values[at])
                cells = [values[at].strip() if at >= 0 else "" for at in places]
                wrong = next((at for at, each in enumerate(cells) if each in _ERRORS), -1)
                if wrong >= 0:
                    self._reject(row, wanted[wrong], cells[wrong])
                    continue
                if unknown:
                    cells = ["" if each in unknown else each for each in cells]
                yield Row(row.line, cells, row.sha256)

        self.tables.fill([f"c{at}" for at in range(len(wanted))], staged())

    def _reject(self, row: Row, column: str, value: str) -> None:
        self.job.report.add(Issue(row.line, column, tell_error(value), part=self.part))

    def _tell_unnamed(self, row: Row, column: str, value: str) -> None:
        problem = (
            f'holds "{value.strip()[:40]}" and has no name in the header; it is not converted.'
        )
        self.job.report.add(Issue(row.line, column, problem, Fate.KEPT, part=self.part))

    # What their cells say

    def read(self) -> None:
        """Make the tables of what cells say, and those of places and actors that the registry lacks."""
        self._create("found_place", [(name, "VARCHAR") for name in _PLACE])
        self._create("found_actor", [(name, "VARCHAR") for name in _ACTOR])
        readers = self.readers
        for at, reader in enumerate(readers):
            self.job.progress("read cells", at / len(readers), ", ".join(reader.columns))
            self._read(reader)

    def _read(self, reader: Reader) -> None:
        keys = [(f"k{at}", "VARCHAR") for at in range(len(reader.columns))]
        fields = [*keys, *reader.fields, *_NOTE]
        self._create(f"read_{reader.name}", fields)
        cells = ", ".join(self.cell(each) for each in reader.columns)
        rows = self.tables.connection.cursor().execute(f'SELECT DISTINCT {cells} FROM "row"')
        while chunk := rows.fetchmany(_AT_ONCE):
            lines: list[Sequence[object]] = []
            for each in chunk:
                values, note = reader.read(each)
                told = (note.column, note.problem, str(note.fate)) if note else (None, None, None)
                lines.append((*each, *values, *told))
            self._insert(f"read_{reader.name}", lines, fields)
            self._insert_found()

    def _insert_found(self) -> None:
        places, actors = drain(self.found)
        for table, names, things in (
            ("found_place", _PLACE, places),
            ("found_actor", _ACTOR, actors),
        ):
            rows = [[getattr(thing, name) for name in names] for thing in things]
            self._insert(table, rows, [(name, "VARCHAR") for name in names])

    def _create(self, table: str, fields: Sequence[tuple[str, str]]) -> None:
        typed = ", ".join(f"{name} {kind}" for name, kind in fields)
        self.run(f'CREATE TABLE "{table}" ({typed})')

    def _insert(
        self, table: str, rows: Sequence[Sequence[object]], fields: Sequence[tuple[str, str]]
    ) -> None:
        if not rows:
            return
        columns = [
            pa.array(values, _TYPES[kind])
            for values, (_, kind) in zip(zip(*rows, strict=True), fields, strict=True)
        ]
        self.tables.insert(table, pa.table(columns, names=[name for name, _ in fields]))


def exceeds(part: str, whole: str) -> str:
    """SQL that is true where a count is greater than the whole that it is a part of."""
    pairs = (
        (f"{part}.high", f"coalesce({whole}.high, {whole}.best)"),
        (f"{part}.best", f"coalesce({whole}.best, {whole}.high)"),
        (f"{part}.low", f"{whole}.low"),
    )
    return "(" + " OR ".join(f"coalesce({less} > {more}, FALSE)" for less, more in pairs) + ")"
