"""A session of Spark: started quietly, closed with all that it has put on the disk."""

import importlib
import importlib.util
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from conflictkg.errors import StoreError

MEMORY_MB = 2_048
_PARTS_A_CORE = 2
_ROWS_A_PART = 1_000_000

_SETTINGS = {
    # A product has as many digits behind the point as both factors, as in DuckDB.
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "50000",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.sql.session.timeZone": "UTC",
}

Batches = Iterator[Any]
"""Record batches of Arrow."""


class Spark:
    """A session, as far as this package needs one: SQL over views of Parquet files.

    Args:
        session: Spark's own.
        work: A folder for what is computed once.
    """

    def __init__(self, session: Any, work: Path) -> None:
        self._session, self._work = session, work
        self._numbers = count()

    def select(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of a small answer."""
        return [tuple(each) for each in self._session.sql(sql).collect()]

    def define(self, view: str, sql: str) -> None:
        """Give a SELECT a name; it runs whenever the name is used."""
        self._session.sql(sql).createOrReplaceTempView(view)

    def read(self, view: str, path: Path) -> None:
        """Give a Parquet file, or a folder of them, a name."""
        self._session.read.parquet(str(path)).createOrReplaceTempView(view)

    def forget(self, view: str) -> None:
        """Take a name away."""
        self._session.catalog.dropTempView(view)

    def map(self, view: str, sql: str, function: Callable[[Batches], Batches], schema: str) -> None:
        """Give what a function in Python makes of the rows of a SELECT a name.

        Args:
            view: The name.
            sql: The SELECT.
            function: From batches to batches; it runs in the workers.
            schema: Names and types of its columns.
        """
        self._session.sql(sql).mapInArrow(function, schema).createOrReplaceTempView(view)

    def keep(self, view: str, sql: str) -> int:
        """Run a SELECT once and give its rows a name; how many there are."""
        folder = self._work / "kept" / str(next(self._numbers))
        self.write(sql, folder)
        self.read(view, folder)
        return count_rows(folder)

    def register(self, name: str, function: Callable[..., Any], returned: str) -> None:
        """Have SQL know a function over Arrow arrays that runs in the workers."""
        functions = importlib.import_module("pyspark.sql.functions")
        self._session.udf.register(name, functions.arrow_udf(function, returned))

    def write(self, sql: str, folder: Path, *, by: str = "") -> None:
        """Write the rows of a SELECT as a folder of Parquet files that are in the order of the rows.

        Args:
            sql: The SELECT.
            folder: Must not be there yet.
            by: A column by which the rows come sorted first: each of its values gets a folder in this one.
        """
        writer = self._session.sql(sql).write
        if by:
            writer = writer.partitionBy(by)
        writer.parquet(str(folder))
        _tidy(folder)

    def set_rows(self, rows: int) -> None:
        """Have as many partitions as so many rows want, at least two for each core."""
        least = _PARTS_A_CORE * int(self._session.sparkContext.defaultParallelism)
        parts = max(least, rows // _ROWS_A_PART)
        self._session.conf.set("spark.sql.shuffle.partitions", str(parts))


@contextmanager
def open_spark(work: Path, *, memory_mb: int = MEMORY_MB) -> Iterator[Spark]:
    """A session for as long as the block runs.

    Started by ``spark-submit`` it is on the cluster that this names; else on the cores of this machine.

    Args:
        work: A folder for its temporary files, which are deleted with it.
        memory_mb: What it may use on this machine; Python beside it needs more.

    Raises:
        StoreError: pyspark or Java is missing; the message says what to install.
    """
    require_spark()
    sessions = importlib.import_module("pyspark.sql").SparkSession
    work.mkdir(parents=True, exist_ok=True)
    # A process has one context. Who finds it there shares it, with views and settings of its own.
    shared = sessions.getActiveSession()
    session = shared or _start(sessions, work, memory_mb)
    try:
        own = session.newSession()
        for name, value in _SETTINGS.items():
            own.conf.set(name, value)
        yield Spark(own, work)
    except _failures() as error:
        reason = str(error).strip().partition("\n")[0]
        raise StoreError(f"Spark could not finish: {reason}") from error
    finally:
        if shared is None:
            session.stop()
        shutil.rmtree(work, ignore_errors=True)


def _start(sessions: Any, work: Path, memory_mb: int) -> Any:
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    # Python's own logger of Spark tells errors in JSON, which are told as errors anyhow.
    logging.getLogger("SQLQueryContextLogger").disabled = True
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": f"{memory_mb}m",
        "spark.local.dir": str(work.resolve() / "spill"),
        "spark.master": "local[*]",
        "spark.sql.warehouse.dir": str(work.resolve() / "warehouse"),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }
    builder = sessions.builder.appName("conflictkg")
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        # spark-submit has started us, and knows where and how.
        return builder.getOrCreate()
    for name, value in settings.items():
        builder = builder.config(name, value)
    with _speaking_into(work / "spark.log"):
        session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def spark_problem() -> str:
    """Why Spark cannot run here, and what to install; empty if it can.

    >>> spark_problem() == "" or "install" in spark_problem().lower()
    True
    """
    if importlib.util.find_spec("pyspark") is None:
        return 'pyspark is not installed. Install it with: pip install "conflictkg[spark]"'
    home = os.environ.get("JAVA_HOME")
    java = Path(home) / "bin" / "java" if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return (
            "Apache Spark needs Java 17 or 21, and there is no java"
            f"{f' in JAVA_HOME ({home})' if home else ' on the PATH'}. Install one (Debian: apt install"
            " openjdk-17-jre-headless), or say in JAVA_HOME where it is."
        )
    return ""


def require_spark() -> None:
    """Refuse where Spark cannot run.

    Raises:
        StoreError: pyspark or Java is missing; the message says what to install.
    """
    problem = spark_problem()
    if problem:
        raise StoreError(problem)


@contextmanager
def _speaking_into(path: Path) -> Iterator[None]:
    """Have what Java says on stderr, which it has from us for good, go into a file; Python's own only for now."""
    sys.stderr.flush()
    own = os.dup(2)
    try:
        with path.open("wb") as file:
            os.dup2(file.fileno(), 2)
        yield
    except Exception as error:
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        said = lines[-1] if lines else str(error)
        raise StoreError(f"Spark could not be started: {said}") from error
    finally:
        os.dup2(own, 2)
        os.close(own)


def _failures() -> tuple[type[Exception], ...]:
    """What Spark raises."""
    return (
        importlib.import_module("pyspark.errors").PySparkException,
        importlib.import_module("py4j.protocol").Py4JError,
    )


def count_rows(folder: Path) -> int:
    """How many rows the Parquet files of a folder have."""
    return sum(int(pq.read_metadata(path).num_rows) for path in folder.glob("*.parquet"))


def _tidy(folder: Path) -> None:
    """Name the files by their place, without the checksums and marks that Spark writes beside them."""
    for each in (*folder.rglob(".*.crc"), *folder.rglob("_SUCCESS")):
        each.unlink()
    for parent in {path.parent for path in folder.rglob("part-*.parquet")}:
        for number, path in enumerate(sorted(parent.glob("part-*.parquet"))):
            path.rename(parent / f"{number:05}.parquet")


def placeholders(values: Sequence[int]) -> str:
    """SQL: a list of numbers for IN, which may be empty."""
    return ", ".join(map(str, values)) or "NULL"
