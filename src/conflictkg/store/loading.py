"""Bulk load: from RDF files to a store's files, in memory that does not grow with them.

The steps, each over sets: stage texts, number the different terms, lay down quads in their orders,
derive class tables and text index, count. What does not fit into memory is spilled beside the files.
"""

import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

import duckdb

from conflictkg.answers import RDF, Iri
from conflictkg.engine.ids import Tag
from conflictkg.errors import StoreError
from conflictkg.store.arena import Arena, write_arena
from conflictkg.store.changes import Numbers
from conflictkg.store.classes import ClassPlan, choose_classes, lay_classes, read_plans
from conflictkg.store.delta import HeldDelta
from conflictkg.store.dictionary import StoreDictionary
from conflictkg.store.laying import count_graphs, count_instances, lay_predicates, lay_quads
from conflictkg.store.layout import DATABASE, DICTIONARY, QUADS
from conflictkg.store.numbering import (
    collect_texts,
    describe_texts,
    doubtful_lines,
    number_texts,
    quad_ids,
)
from conflictkg.store.staging import STAGED, Source, restage_lines, stage_source
from conflictkg.store.statistics import StoreCatalog, save_catalog, save_numbers
from conflictkg.store.tables import create_tables
from conflictkg.store.textindex import index_texts

MEMORY_MB = 1200
"""What DuckDB may use while it loads; beside it stand its buffers for reading and Python itself."""

WORK = "work"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a load is.

    Args:
        step: What is being done, in words.
        seconds: Since the load began.
        bytes_read: Of the files.
        bytes_total: Of the files.
        quads: Read so far, repeated ones counted again.
    """

    step: str
    seconds: float
    bytes_read: int
    bytes_total: int
    quads: int

    @property
    def rate(self) -> float:
        """Quads a second so far."""
        return self.quads / self.seconds if self.seconds else 0.0


Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Load:
    """What to load, and how.

    Args:
        sources: The files.
        union_default_graph: Whether queries see the union of all graphs as their default graph.
        graphs: IRIs of named graphs that are to be there, even if empty.
        plans: What shapes say of classes; shapes among the quads count too.
        memory_mb: What DuckDB may use.
        report: Is told how far it is.
    """

    sources: Sequence[Source]
    union_default_graph: bool = True
    graphs: Sequence[str] = ()
    plans: Sequence[ClassPlan] = ()
    memory_mb: int = MEMORY_MB
    report: Report = field(default=lambda progress: None)  # noqa: ARG005  silence


@dataclass(frozen=True, slots=True)
class Filled:
    """What was loaded.

    Args:
        catalog: What is in the store; its dictionary can be used for as long as the files are there.
        digest: Names the contents: equal for equal quads, blank nodes excepted.
    """

    catalog: StoreCatalog
    digest: str


def fill_store(directory: Path, load: Load) -> Filled:
    """Write the files of a store, all but its manifest, into an empty directory.

    Raises:
        RdfSyntaxError: A file breaks its format.
        StoreError: A file cannot be read, or the disk refuses.
    """
    (directory / QUADS).mkdir()
    work = directory / WORK
    work.mkdir()
    try:
        with _connect(directory, work, load.memory_mb) as connection:
            return _Filling(connection, directory, work, load).run()
    except duckdb.Error as error:
        raise StoreError(f"the store cannot be written at {directory}: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)


@contextmanager
def _connect(directory: Path, work: Path, memory_mb: int) -> Iterator[duckdb.DuckDBPyConnection]:
    connection = duckdb.connect(
        work / "work.duckdb",
        config={
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(work / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    try:
        target = str(directory / DATABASE).replace("'", "''")
        connection.execute(f"ATTACH '{target}' AS target; USE target")
        create_tables(connection)
        connection.execute("USE work")
        yield connection
        connection.execute("CHECKPOINT target; DETACH target")
    finally:
        connection.close()


class _Filling:
    def __init__(
        self, connection: duckdb.DuckDBPyConnection, directory: Path, work: Path, load: Load
    ) -> None:
        self._connection = connection
        self._directory, self._work, self._load = directory, work, load
        self._start = time.monotonic()
        self._sizes = [_size_of(each.path) for each in load.sources]
        self._read, self._quads = 0, 0
        self._numbers = Numbers({})

    def run(self) -> Filled:
        connection = self._connection
        stage_all(connection, self._load.sources, self._work, self._tell_read)
        self._tell("number terms")
        connection.execute(
            "INSERT INTO different SELECT unnest($1::VARCHAR[]) EXCEPT SELECT text FROM different",
            [[f"<{each}>" for each in self._load.graphs]],
        )
        describe_texts(connection)
        seed = number_texts(connection, self._numbers.take, "target.term")
        self._tell("sort quads")
        lay_quads(connection, quad_ids(seed), "target")
        for table in ("staged", "different", "described", "numbered", "name"):
            connection.execute(f"DROP TABLE {table}")
        predicates = lay_predicates(connection, "target")
        self._tell("write dictionary")
        write_arena(connection.cursor(), "target.term", self._directory / DICTIONARY)
        base = Arena(self._directory / DICTIONARY)
        dictionary = StoreDictionary(base, HeldDelta())
        dictionary.blanks = self._numbers.following.get(Tag.BLANK, 0)
        rdf_type = dictionary.find(Iri(RDF + "type"))
        graphs = count_graphs(connection, "target")
        for iri in self._load.graphs:
            found = dictionary.find(Iri(iri))
            if found is not None:
                graphs.setdefault(found, 0)
        instances = count_instances(connection, "target", predicates, rdf_type)
        self._tell("derive class tables")
        plans = (*self._load.plans, *read_plans(connection, "target", dictionary))
        chosen = choose_classes(plans, dictionary, instances)
        classes = lay_classes(connection, "target", chosen, predicates, rdf_type)
        self._tell("index texts")
        index_texts(connection, "target.term", "target.token")
        catalog = StoreCatalog(
            epoch=0,
            dictionary=dictionary,
            union_default_graph=self._load.union_default_graph,
            quads=sum(each.quads for each in predicates.values()),
            predicates=predicates,
            classes=classes,
            instances=instances,
            graphs=graphs,
        )
        connection.execute("USE target")
        save_catalog(connection, catalog)
        save_numbers(connection, self._numbers.following)
        connection.execute("USE work")
        self._tell("done")
        return Filled(catalog, _digest(connection))

    def _tell_read(self, done: int, quads: int) -> None:
        self._read, self._quads = sum(self._sizes[:done]), quads
        self._tell("read")

    def _tell(self, step: str) -> None:
        self._load.report(
            Progress(
                step, time.monotonic() - self._start, self._read, sum(self._sizes), self._quads
            )
        )


def _digest(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.execute(
        "SELECT (SELECT bit_xor(hash(s, p, o, g)) FROM target.spo),"
        " (SELECT bit_xor(hash(id, lex, dt, lang)) FROM target.term)"
    ).fetchone()
    return "".join(f"{each or 0:016x}" for each in row or ())


def stage_all(
    connection: duckdb.DuckDBPyConnection,
    sources: Sequence[Source],
    work: Path,
    told: Callable[[int, int], None],
) -> None:
    """Stage files and collect their different texts.

    Args:
        connection: On a database of the load's own.
        sources: The files.
        work: For temporary files.
        told: Is told how many files are done and how many quads were read.
    """
    connection.execute(STAGED)
    # The order of the file says nothing, and to keep it costs memory.
    connection.execute("SET preserve_insertion_order = false")
    before = 0
    for number, source in enumerate(sources):
        stage_source(
            connection,
            number,
            source,
            work,
            lambda count, number=number, before=before: told(number, before + count),  # type: ignore[misc]  # default values bind the loop's
        )
        row = connection.execute("SELECT count(*) FROM staged").fetchone()
        before = int(row[0]) if row else 0
        told(number + 1, before)
    connection.execute("SET preserve_insertion_order = true")
    collect_texts(connection)
    found = False
    for number, group in groupby(doubtful_lines(connection), key=lambda each: each[0]):
        found = True
        restage_lines(connection, number, sources[number], (line for _, line in group))
    if found:
        collect_texts(connection)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        # That it cannot be read is said where it is opened.
        return 0
