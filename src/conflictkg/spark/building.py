"""A source's file to a store as Parquet: read and checked here, the rest by Spark."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from conflictkg.iris import mint_graph
from conflictkg.sources.converting import staged_source
from conflictkg.sources.job import Job
from conflictkg.sources.mapping import quad_queries
from conflictkg.sources.tabular import load_relations, load_sections
from conflictkg.spark.laying import find_digest, index_texts, lay_quads, take_catalog
from conflictkg.spark.layout import add_view, open_dictionary
from conflictkg.spark.numbering import number_terms
from conflictkg.spark.relating import QUADS, relate
from conflictkg.spark.session import MEMORY_MB, Spark, count_rows, open_spark, require_spark
from conflictkg.store.layout import Manifest
from conflictkg.store.parquet import describe_tables, fresh_folder, write_tables
from conflictkg.store.statistics import StoreCatalog, save_catalog
from conflictkg.store.tables import STATISTICS
from conflictkg.store.writer import list_graphs, versions

_QUADS_A_ROW = 120
"""Of a source, roughly."""

Tell = Callable[[str], None]


def build_parquet(
    jobs: Sequence[Job],
    target: Path,
    *,
    strict: bool = False,
    memory_mb: int = MEMORY_MB,
    tell: Tell = lambda step: None,  # noqa: ARG005  silence
) -> dict[str, int]:
    """Convert sources and write what ``conflictkg export parquet`` would, whole or not at all.

    Args:
        jobs: What is converted.
        target: The folder; must not be there, or be empty.
        strict: Whether any issue with a row is an error.
        memory_mb: What Spark may use on this machine.
        tell: Is told what is being done.

    Returns:
        How many rows each table has.

    Raises:
        SourceError: A file cannot be converted.
        StoreError: pyspark or Java is missing, or the folder cannot be written.
    """
    require_spark()
    with fresh_folder(target) as folder:
        work = folder / "work"
        for number, job in enumerate(jobs):
            inputs = work / "inputs" / str(number)
            inputs.mkdir(parents=True)
            with staged_source(job, strict=strict) as tables:
                tables.write_inputs(inputs)
        tell("start Spark")
        with open_spark(work / "spark", memory_mb=memory_mb) as spark:
            spark.set_rows(sum(job.report.converted for job in jobs) * _QUADS_A_ROW)
            rows = _Building(spark, folder, work, tell).run(jobs)
        shutil.rmtree(work)
    return rows


class _Building:
    def __init__(self, spark: Spark, folder: Path, work: Path, tell: Tell) -> None:
        self._spark, self._folder, self._work, self._tell = spark, folder, work, tell

    def run(self, jobs: Sequence[Job]) -> dict[str, int]:
        for number, job in enumerate(jobs):
            self._relate(job, str(number))
        self._spark.read(QUADS, self._work / QUADS / "*")
        self._tell("number terms")
        terms = self._folder / "term.parquet"
        number_terms(self._spark, terms)
        self._spark.read("term", terms)
        self._tell("sort quads")
        counts = lay_quads(self._spark, self._folder)
        self._tell("derive class tables")
        with duckdb.connect(":memory:") as cursor:
            add_view(cursor, "term", terms)
            catalog = take_catalog(self._spark, self._folder, open_dictionary(cursor), counts)
            self._tell("index texts")
            index_texts(self._spark, self._folder)
            return self._describe(catalog)

    def _relate(self, job: Job, name: str) -> None:
        self._tell(f"relate {job.path.name}")
        relate(
            self._spark,
            self._work / "inputs" / name,
            load_relations(job),
            quad_queries(load_sections(job), str(mint_graph(job.release_key))),
            relations=self._work / "relations" / name,
            quads=self._work / QUADS / name,
        )

    def _describe(self, catalog: StoreCatalog) -> dict[str, int]:
        """Write the tables that say what is in the others, and what a folder says of itself."""
        rows = {path.stem: count_rows(path) for path in self._folder.glob("*.parquet")}
        with duckdb.connect(":memory:") as cursor:
            cursor.execute(STATISTICS)
            save_catalog(cursor, catalog)
            rows |= write_tables(cursor, self._folder)
        built_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        named = {name: version(name) for name in ("conflictkg", "pyspark")} | versions()
        manifest = Manifest(find_digest(self._spark), built_at, named, list_graphs(catalog))
        rows = dict(sorted(rows.items()))
        describe_tables(self._folder, rows, manifest)
        return rows
