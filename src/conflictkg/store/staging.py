# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Reading RDF files into a table of texts, the first step of a bulk load.

N-Triples and N-Quads are read by DuckDB, on all cores, and taken apart with string functions: a line
that is as writers usually write it, terms parted by single blanks and no backslash, needs no parser. The
terms themselves are checked later, each once (:mod:`conflictkg.store.numbering`). Every other line goes
through pyoxigraph, which knows the exact meaning and says where a file is wrong. The
other formats are written as N-Quads by pyoxigraph first.

Parquet files of such texts, as ``conflictkg convert`` writes them for many quads, are taken as they are.

Staged are four texts and the number of the file, for blank nodes are the file's own: ``<iri>``, ``_:label``,
``"lexical form"`` with ``@language`` or ``^^<datatype>``, where the lexical form stands as it is,
quotation marks and line breaks too. The graph's text is empty for the unnamed default graph.
"""

import gzip
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import duckdb
import pyarrow as pa
import pyoxigraph as ox

from conflictkg.errors import RdfSyntaxError, StoreError

FORMATS = {
    ".nt": ox.RdfFormat.N_TRIPLES,
    ".nq": ox.RdfFormat.N_QUADS,
    ".ttl": ox.RdfFormat.TURTLE,
    ".trig": ox.RdfFormat.TRIG,
    ".rdf": ox.RdfFormat.RDF_XML,
    ".owl": ox.RdfFormat.RDF_XML,
    ".xml": ox.RdfFormat.RDF_XML,
    ".jsonld": ox.RdfFormat.JSON_LD,
    ".json": ox.RdfFormat.JSON_LD,
}
_LINES = frozenset({ox.RdfFormat.N_TRIPLES, ox.RdfFormat.N_QUADS})
_TRIPLES = frozenset({ox.RdfFormat.N_TRIPLES, ox.RdfFormat.TURTLE, ox.RdfFormat.RDF_XML})
_TABLE = ".parquet"
_COLUMNS = ("s", "p", "o", "g")
_BATCH = 50_000
_MOST_LINE_BYTES = 4_000_000

STAGED = """CREATE TABLE staged (
    f INTEGER, s VARCHAR, p VARCHAR, o VARCHAR, g VARCHAR, is_parsed BOOLEAN
)"""


@dataclass(frozen=True, slots=True)
class Source:
    """One file to load.

    Args:
        path: Where it is; ``.gz`` at the end of its name says that it is compressed.
        graph: IRI of the graph that its triples go to; empty for the unnamed default graph. Not for
            formats that have graphs of their own.
        base: What its relative IRIs are resolved against; by default its own place.
    """

    path: Path
    graph: str = ""
    base: str = ""

    @property
    def is_table(self) -> bool:
        """Whether it is a table of quads: a Parquet file with the columns s, p, o, g."""
        return self.path.suffix.lower() == _TABLE

    @property
    def rdf_format(self) -> ox.RdfFormat:
        """Its format, by the ending of its name."""
        name = self.path.name.removesuffix(".gz")
        found = FORMATS.get(Path(name).suffix.lower())
        if found is None:
            known = ", ".join(FORMATS)
            raise StoreError(
                f"{self.path}: the ending of its name says no RDF format. Known: {known}, each with .gz too,"
                f" and {_TABLE}."
            )
        return found

    @property
    def is_compressed(self) -> bool:
        """Whether it is compressed with gzip."""
        return self.path.suffix == ".gz"

    def open(self) -> BinaryIO:
        """Open it for reading."""
        try:
            if self.is_compressed:
                return io.BufferedReader(gzip.open(self.path))
            return self.path.open("rb")
        except OSError as error:
            raise StoreError(f"{self.path} cannot be read: {error.strerror}") from error


def stage_source(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    source: Source,
    folder: Path,
    told: Callable[[int], None],
) -> None:
    """Put a file's quads into the table ``staged``.

    Args:
        connection: On a database of the load's own, which may read files.
        number: The file's number.
        source: The file.
        folder: For temporary files.
        told: Is told now and then how many quads have been staged, those of this file only.

    Raises:
        RdfSyntaxError: The file breaks its format.
        StoreError: It cannot be read, or has what is not held (RDF 1.2).
    """
    if source.graph and (source.is_table or source.rdf_format not in _TRIPLES):
        raise StoreError(f"{source.path} says its own graphs; it cannot be put into one graph")
    source.open().close()
    if source.is_table:
        _stage_table(connection, number, source)
        return
    rdf_format = source.rdf_format
    if rdf_format in _LINES:
        _stage_lines(connection, number, source, source.path, rdf_format)
        return
    piece = folder / f"source-{number}.nq"
    for count in _iter_pieces(source, piece):
        _stage_lines(connection, number, Source(piece), piece, ox.RdfFormat.N_QUADS)
        told(count)
    piece.unlink(missing_ok=True)


def restage_lines(
    connection: duckdb.DuckDBPyConnection, number: int, source: Source, lines: Iterator[str]
) -> None:
    """Stage lines again, by pyoxigraph: those whose terms do not look right.

    Raises:
        RdfSyntaxError: One breaks the format.
    """
    rdf_format = source.rdf_format
    if rdf_format not in _LINES:
        rdf_format = ox.RdfFormat.N_QUADS
    while chunk := list(islice(lines, _BATCH)):
        _stage_parsed(connection, number, source, chunk, rdf_format)


# Tables


def _stage_table(connection: duckdb.DuckDBPyConnection, number: int, source: Source) -> None:
    table = f"read_parquet({_quote(source.path)})"
    try:
        found = connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()
        if [(name, kind) for name, kind, *_ in found] != [(name, "VARCHAR") for name in _COLUMNS]:
            raise StoreError(
                f"{source.path} is no table of quads: its columns must be {', '.join(_COLUMNS)}, all of them texts."
            )
        connection.execute(f"INSERT INTO staged SELECT {number}, s, p, o, g, TRUE FROM {table}")
    except duckdb.InvalidInputException as error:
        raise StoreError(f"{source.path} is no Parquet file: {error}") from error


# N-Triples and N-Quads


def _stage_lines(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    source: Source,
    path: Path,
    rdf_format: ox.RdfFormat,
) -> None:
    connection.execute("CREATE OR REPLACE TABLE irregular (line VARCHAR)")
    before = _count(connection)
    try:
        _read_lines(connection, number, source, path, rdf_format)
    except duckdb.Error:
        # Bytes that are no UTF-8, or a line of megabytes: pyoxigraph says what is wrong, if anything.
        connection.execute("DELETE FROM staged WHERE f = $1 AND rowid >= $2", [number, before])
        with source.open() as stream:
            _insert(connection, number, source, _parse(source, stream, rdf_format))
        return
    lines = _iter_column(connection, "SELECT line FROM irregular")
    while chunk := list(islice(lines, _BATCH)):
        _stage_parsed(connection, number, source, chunk, rdf_format)


def _count(connection: duckdb.DuckDBPyConnection) -> int:
    row = connection.execute("SELECT count(*) FROM staged").fetchone()
    return int(row[0]) if row else 0


def _read_lines(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    source: Source,
    path: Path,
    rdf_format: ox.RdfFormat,
) -> None:
    compression = "gzip" if source.is_compressed else "none"
    # The delimiter is a character that a regular line cannot hold; one that holds it fails, see above.
    text = (
        "read_csv($1, columns = {'line': 'VARCHAR'}, delim = '\x01', quote = '', escape = '',"
        " comment = '', header = FALSE, auto_detect = FALSE, nullstr = '\x02', strict_mode = FALSE,"
        f" max_line_size = {_MOST_LINE_BYTES}, compression = '{compression}')"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW lines AS SELECT line FROM {text.replace('$1', _quote(path))}"
    )
    graph = "'" + f"<{source.graph}>".replace("'", "''") + "'" if source.graph else "''"
    taken = _TAKEN_TRIPLE.format(graph=graph)
    if rdf_format is ox.RdfFormat.N_QUADS:
        taken = _TAKEN_QUAD
    connection.execute(f"INSERT INTO staged SELECT {number}, {taken} WHERE {_IS_REGULAR}")
    connection.execute(
        f"INSERT INTO irregular SELECT line FROM lines WHERE NOT {_IS_REGULAR} AND line <> ''"
    )


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


_IS_REGULAR = (
    "(line[1] IN ('<', '_') AND ends_with(line, ' .') AND NOT contains(line, '\\')"
    " AND split_part(line, ' ', 2)[1] = '<')"
)
_PARTED = (
    "(SELECT line, split_part(line, ' ', 1) AS s, split_part(line, ' ', 2) AS p,"
    " line[length(s) + length(p) + 3 : length(line) - 2] AS rest FROM lines)"
)
_TAKEN_TRIPLE = "s, p, rest, {graph}, FALSE FROM " + _PARTED
# Behind the last blank is the graph, or the end of a literal, which has a quotation mark in it.
_TAKEN_QUAD = (
    "s, p, if(has_graph, rest[: length(rest) - length(tail) - 1], rest), if(has_graph, tail, ''), FALSE"
    " FROM (SELECT *, split_part(rest, ' ', -1) AS tail, tail[1] IN ('<', '_')"
    f" AND strlen(tail) < strlen(rest) AND NOT contains(tail, '\"') AS has_graph FROM {_PARTED})"
)


def _iter_column(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[str]:
    reader = connection.cursor().sql(query).to_arrow_reader(_BATCH)
    for batch in reader:
        yield from batch.column(0).to_pylist()


def _stage_parsed(
    connection: duckdb.DuckDBPyConnection,
    number: int,
    source: Source,
    lines: Sequence[str],
    rdf_format: ox.RdfFormat,
) -> None:
    text = io.BytesIO("\n".join((*lines, "")).encode())
    try:
        _insert(connection, number, source, _parse(source, text, rdf_format))
    except RdfSyntaxError as error:
        raise _blame(source, lines, rdf_format) or error from error


def _blame(source: Source, lines: Sequence[str], rdf_format: ox.RdfFormat) -> RdfSyntaxError | None:
    """The error of the first wrong line: a line without its end is found wrong in the next one."""
    for line in lines:
        try:
            for _ in _parse(source, io.BytesIO(line.encode() + b"\n"), rdf_format):
                pass
        except RdfSyntaxError as error:
            return _locate(source, line, error)
    return None


def _locate(source: Source, line: str, error: RdfSyntaxError) -> RdfSyntaxError:
    """The same error, with the line's number in the file."""
    wanted = line.encode()
    with source.open() as stream:
        for number, found in enumerate(stream, start=1):
            if found.rstrip(b"\r\n") == wanted.rstrip(b"\r\n"):
                return RdfSyntaxError(error.path, number, error.column, error.problem)
    return error


# pyoxigraph


def _parse(
    source: Source, stream: BinaryIO | io.BytesIO, rdf_format: ox.RdfFormat
) -> Iterator[ox.Quad]:
    base = source.base or source.path.resolve().as_uri()
    wants_base = rdf_format not in _LINES
    try:
        yield from ox.parse(stream, format=rdf_format, base_iri=base if wants_base else None)
    except SyntaxError as error:
        raise RdfSyntaxError(
            str(source.path), error.lineno or 0, error.offset or 0, _first_line(error)
        ) from error
    except (ValueError, UnicodeDecodeError) as error:
        raise RdfSyntaxError(str(source.path), 0, 0, str(error)) from error
    except (EOFError, OSError) as error:
        raise StoreError(f"{source.path} cannot be read: {error}") from error


def _first_line(error: SyntaxError) -> str:
    return str(error.msg).splitlines()[0] if error.msg else "syntax error"


def _iter_pieces(source: Source, piece: Path) -> Iterator[int]:
    """Write a file as N-Quads, some at a time over the same place; how many after each."""
    with source.open() as stream:
        quads = _parse(source, stream, source.rdf_format)
        if source.graph:
            graph = ox.NamedNode(source.graph)
            quads = (ox.Quad(each.subject, each.predicate, each.object, graph) for each in quads)
        total = 0
        while chunk := list(islice(quads, 20 * _BATCH)):
            ox.serialize(chunk, piece, ox.RdfFormat.N_QUADS)
            total += len(chunk)
            yield total


def _insert(
    connection: duckdb.DuckDBPyConnection, number: int, source: Source, quads: Iterable[ox.Quad]
) -> None:
    rows = iter(quads)
    graph = f"<{source.graph}>" if source.graph else ""
    while chunk := list(islice(rows, _BATCH)):
        columns = {
            "s": [_write(source, each.subject) for each in chunk],
            "p": [_write(source, each.predicate) for each in chunk],
            "o": [_write(source, each.object) for each in chunk],
            "g": [_write_graph(source, each.graph_name) or graph for each in chunk],
        }
        connection.register("parsed", pa.table(columns))
        connection.execute(f"INSERT INTO staged SELECT {number}, s, p, o, g, TRUE FROM parsed")
        connection.unregister("parsed")


def _write_graph(source: Source, graph: object) -> str:
    return "" if isinstance(graph, ox.DefaultGraph) else _write(source, graph)


def _write(source: Source, term: object) -> str:
    if isinstance(term, ox.NamedNode):
        return f"<{term.value}>"
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    if isinstance(term, ox.Literal):
        if term.direction is not None:
            raise StoreError(f"{source.path}: literals with a direction (RDF 1.2) are not held")
        if term.language is not None:
            return f'"{term.value}"@{term.language}'
        return f'"{term.value}"^^<{term.datatype.value}>'
    raise StoreError(f"{source.path}: triple terms (RDF 1.2) are not held")
