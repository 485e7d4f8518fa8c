"""SPARQL over a store as Parquet files, answered by Spark: the same plans, in its dialect."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from conflictkg.answers import Answer
from conflictkg.engine.compile import compile_query
from conflictkg.engine.dialect import to_sql
from conflictkg.engine.program import AggregateProgram, Program
from conflictkg.engine.syntax import parse_query
from conflictkg.spark.layout import Layout, add_view, open_dictionary, open_layout
from conflictkg.spark.recursion import follow_recursions
from conflictkg.spark.session import MEMORY_MB, Spark, open_spark, require_spark
from conflictkg.store.answering import answer_fetched
from conflictkg.store.dictionary import StoreDictionary
from conflictkg.store.functions import FUNCTIONS, PROGRAMS
from conflictkg.store.statements import Statement

_TYPES = {"VARCHAR": "string", "BOOLEAN": "boolean"}

Programs = Mapping[str, Program | AggregateProgram]


class ParquetStore:
    """A store as Parquet files, ready to be asked.

    Args:
        layout: Its tables and its catalog.
        spark: The session that reads them.
    """

    def __init__(self, layout: Layout, spark: Spark) -> None:
        self._layout, self._spark = layout, spark
        self._known: set[str] = set()

    def query(self, sparql: str) -> Answer:
        """Answer a query; all of the answer is fetched at once.

        Raises:
            QueryError: It breaks the grammar, or asks for what is not done here.
            StoreError: Spark cannot run the plan.
        """
        catalog = self._layout.catalog
        plan = compile_query(parse_query(sparql), catalog)
        tree = plan.tree.copy()
        self._read(tree)
        if plan.programs:
            self._register(plan.programs)
        views = follow_recursions(self._spark, tree)
        try:
            sql = to_sql(tree, "spark")
            rows = self._spark.select(sql)
        finally:
            for each in views:
                self._spark.forget(each)
        return answer_fetched(Statement(plan, catalog, sql), rows, None)

    def _read(self, tree: exp.Query) -> None:
        """Have Spark know the tables that a plan reads."""
        for name in {each.name for each in tree.find_all(exp.Table)} - self._known:
            if name in self._layout.tables:
                self._spark.read(name, self._layout.tables[name])
                self._known.add(name)

    def _register(self, programs: Programs) -> None:
        terms = str(self._layout.tables["term"])
        for name, (_, returned) in FUNCTIONS.items():
            self._spark.register(name, _make_function(name, programs, terms), _TYPES[returned])


@contextmanager
def open_parquet(folder: Path, *, memory_mb: int = MEMORY_MB) -> Iterator[ParquetStore]:
    """Open a store as Parquet files for queries.

    Args:
        folder: What ``conflictkg build --on spark`` or ``conflictkg export parquet`` has written.
        memory_mb: What Spark may use on this machine.

    Raises:
        StoreMissingError: There is nothing.
        StoreError: It is something else, or pyspark or Java is missing.
    """
    require_spark()
    with (
        open_layout(folder) as layout,
        tempfile.TemporaryDirectory(prefix="conflictkg-spark-") as work,
        open_spark(Path(work), memory_mb=memory_mb) as spark,
    ):
        yield ParquetStore(layout, spark)


# In Spark's workers


def _make_function(
    name: str, programs: Programs, terms: str
) -> Callable[[pa.Array, pa.Array, pa.Array], pa.Array]:
    """One of the functions of plans that Python computes, with its programs and its dictionary."""

    def compute(keys: pa.Array, ids: pa.Array, texts: pa.Array) -> pa.Array:
        return _compute(name, programs, terms, keys, ids, texts)

    return compute


def _compute(
    name: str, programs: Programs, terms: str, keys: pa.Array, ids: pa.Array, texts: pa.Array
) -> pa.Array:
    function, _ = FUNCTIONS[name]
    with PROGRAMS.at_hand(programs, _dictionary(terms), _is_stopped):
        return function(keys, ids, texts)


def _is_stopped() -> bool:
    # Spark ends the worker of a query that is stopped.
    return False


@lru_cache(maxsize=4)
def _dictionary(terms: str) -> StoreDictionary:
    """The dictionary of a layout, opened once a worker."""
    cursor = duckdb.connect(":memory:", config={"threads": 1})
    add_view(cursor, "term", Path(terms))
    return open_dictionary(cursor)
