# ruff: noqa: S608 -- SQL here is made of our own names
"""Conversion of large tables in sets: rows are staged in DuckDB, checked, related and written by its SQL.

A source of this kind has ``checks.sql``, which finds what is wrong with rows as they came, ``relations.sql``, which
makes relations of those that are accepted, and ``mapping.toml``, which says what triples these are.
"""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from conflictkg.errors import SourceError
from conflictkg.graphs import escape_text
from conflictkg.sources.job import Job
from conflictkg.sources.mapping import (
    ESCAPE,
    Section,
    load_mapping,
    quad_queries,
    turtle_header,
    turtle_query,
)
from conflictkg.sources.report import Fate, Issue
from conflictkg.sources.spilling import append, spilling
from conflictkg.sources.tables import Row

_ROWS_AT_ONCE = 10_000
_TEXTS_AT_ONCE = 4_096


class Staging:
    """The rows of one conversion in a database of their own, in memory and spilled beside it.

    Args:
        job: What is converted.
        connection: To the database.
    """

    def __init__(self, job: Job, connection: duckdb.DuckDBPyConnection) -> None:
        self._job, self._connection = job, connection

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """To the database."""
        return self._connection

    def fill(self, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Put rows into the table ``row``, with their lines and hashes.

        Args:
            columns: All that SQL names; a row has the value "" for those that its file lacks.
            rows: With a value a column.
        """
        typed = ", ".join(f'"{each}" VARCHAR' for each in columns)
        self._connection.execute(f'CREATE TABLE "row" (line BIGINT, sha256 VARCHAR, {typed})')
        names = ["line", "sha256", *columns]
        total, left, start = 0, iter(rows), time.monotonic()
        while chunk := list(islice(left, _ROWS_AT_ONCE)):
            values = zip(*(each.values for each in chunk), strict=True)
            table = pa.table(
                [
                    pa.array([each.line for each in chunk], pa.int64()),
                    pa.array([each.sha256 for each in chunk], pa.string()),
                    *(pa.array(each, pa.string()) for each in values),
                ],
                names=names,
            )
            self.insert("row", table)
            total += len(chunk)
            rate = total / max(time.monotonic() - start, 0.001)
            self._job.progress(
                "read", self._job.report.part(), f"{total:,} rows, {rate:,.0f} rows/s"
            )

    def insert(self, table: str, content: pa.Table) -> None:
        """Append to a table."""
        append(self._connection, table, content)

    def add_lookups(self, kinds: Iterable[str]) -> None:
        """Make a table ``lookup_<kind>(spelling, concept)`` of each kind."""
        for kind in kinds:
            found = self._job.lookups[kind]
            table = pa.table(
                {"spelling": list(found.keys()), "concept": list(found.values())},
                schema=pa.schema([("spelling", pa.string()), ("concept", pa.string())]),
            )
            self._connection.execute(
                f'CREATE TABLE "lookup_{kind}" (spelling VARCHAR, concept VARCHAR)'
            )
            self.insert(f"lookup_{kind}", table)

    def check(self) -> None:
        """Run ``checks.sql`` and tell the issues that it finds."""
        self._job.progress("check", None, "")
        self._connection.execute(_text_of(self._job, "checks.sql"))
        rows = self._connection.cursor().execute(
            "SELECT line, record, column_name, fate, kind, value, problem FROM issue ORDER BY line, column_name"
        )
        unknown = self._job.lookups.unknown
        while chunk := rows.fetchmany(_ROWS_AT_ONCE):
            self._job.report.extend(
                Issue(line, column, problem or unknown(kind, value), Fate(fate), record)
                for line, record, column, fate, kind, value, problem in chunk
            )

    def add_release(self, given: Mapping[str, str]) -> None:
        """Make the table ``release`` of one row: what is the same in all rows."""
        self._connection.register("chunk", pa.table({name: [each] for name, each in given.items()}))
        self._connection.execute("CREATE TABLE release AS SELECT * FROM chunk")
        self._connection.unregister("chunk")

    def relate(self) -> None:
        """Run ``relations.sql``."""
        self._job.progress("relate", None, "")
        for statement in load_relations(self._job):
            self._connection.execute(statement.sql("duckdb"))

    def write_inputs(self, folder: Path) -> list[str]:
        """Write what ``relations.sql`` and the mapping read as Parquet files, for an engine that runs these elsewhere.

        Args:
            folder: Gets one file a table.

        Returns:
            The tables' names.
        """
        names = sorted(input_tables(load_relations(self._job)) | {"release"})
        for name in names:
            target = str(folder / f"{name}.parquet").replace("'", "''")
            self._connection.execute(f"COPY \"{name}\" TO '{target}' (FORMAT parquet)")
        return names


class Related:
    """The relations of one conversion, ready to be written.

    Args:
        job: What is converted.
        tables: Where they are.
        sections: What triples their rows stand for.
        graph: IRI of the graph that holds these.
    """

    def __init__(self, job: Job, tables: Staging, sections: Sequence[Section], graph: str) -> None:
        self._job, self._tables = job, tables
        self._sections, self._graph = sections, graph

    @property
    def tables(self) -> Staging:
        """Where the relations are."""
        return self._tables

    @property
    def quads(self) -> exp.Expr:
        """SELECT of all quads as texts ``s``, ``p``, ``o``, ``g``, for any dialect."""
        first, *others = quad_queries(self._sections, self._graph)
        whole: exp.Expr = first
        for each in others:
            whole = exp.union(whole, each, distinct=False, copy=False)
        return whole

    def iter_turtle(self) -> Iterator[memoryview | bytes]:
        """The triples as Turtle, in pieces, in the order of their subjects."""
        yield turtle_header(self._sections).encode()
        done, total = 0, self._count_rows()
        for section in self._sections:
            query = turtle_query(section).sql("duckdb")
            reader = self._tables.connection.cursor().sql(query).to_arrow_reader(_TEXTS_AT_ONCE)
            for batch in reader:
                yield _bytes_of(batch.column(0))
                done += batch.num_rows
                part = done / max(total, 1)
                self._job.progress("write", part, f"{done:,} of {total:,} rows of relations")
        yield b"\n"

    def write_quads(self, path: Path) -> int:
        """Write the quads as a Parquet file that a store loads; how many there are, repeated ones counted again."""
        self._job.progress("write", None, "")
        target = str(path).replace("'", "''")
        cursor = self._tables.connection.cursor()
        # They are sorted when they are loaded.
        cursor.execute("SET preserve_insertion_order = false")
        ((number,),) = cursor.execute(
            f"COPY ({self.quads.sql('duckdb')}) TO '{target}' (FORMAT parquet, COMPRESSION snappy)"
        ).fetchall()
        return int(number)

    def _count_rows(self) -> int:
        counts = " UNION ALL ".join(
            f'SELECT count(*) AS n FROM "{each.relation}"' for each in self._sections
        )
        ((number,),) = self._tables.connection.execute(f"SELECT sum(n) FROM ({counts})").fetchall()
        return int(number or 0)


@contextmanager
def staging(job: Job) -> Iterator[Staging]:
    """A database for one conversion, gone when it has ended."""
    with spilling(job.memory_mb) as connection:
        connection.create_function(ESCAPE, escape_text, ["VARCHAR"], "VARCHAR")
        try:
            yield Staging(job, connection)
        except duckdb.OutOfMemoryException as error:
            raise SourceError(
                f"needs more memory than it may have ({job.memory_mb} MB): {error}",
                source=job.report.file,
            ) from error


def input_tables(relations: Sequence[exp.Create]) -> set[str]:
    """The tables that these statements read and none of them makes.

    >>> both = "CREATE TABLE a AS SELECT * FROM b; CREATE TABLE c AS SELECT * FROM a"
    >>> input_tables([each for each in sqlglot.parse(both) if isinstance(each, exp.Create)])
    {'b'}
    """
    made = {each.this.name for each in relations}
    return {table.name for each in relations for table in each.find_all(exp.Table)} - made


def load_relations(job: Job) -> list[exp.Create]:
    """The statements of ``relations.sql``, as trees that any dialect can be written from."""
    found = sqlglot.parse(_text_of(job, "relations.sql"), read="duckdb")
    return [each for each in found if isinstance(each, exp.Create)]


def _text_of(job: Job, name: str) -> str:
    return (job.description.folder / name).read_text(encoding="utf-8")


def _bytes_of(texts: pa.StringArray) -> memoryview | bytes:
    """All texts of an array, one after the other, without a copy."""
    offsets, data = texts.buffers()[1:]
    if data is None:
        return b""
    width = offsets.size // (len(texts) + texts.offset + 1)
    size = 8 if width >= 8 else 4
    view = memoryview(offsets).cast("q" if size == 8 else "i")
    return memoryview(data)[view[texts.offset] : view[texts.offset + len(texts)]]


def load_sections(job: Job) -> tuple[Section, ...]:
    """The mapping of a source, for one release of it."""
    description = job.description
    given = {
        "release": job.release,
        "review_of_release": description.review,
        "title": description.title,
        "licence": description.licence,
        "redistribution": str(description.redistribution).lower(),
    }
    return load_mapping(description.folder / "mapping.toml", given)
