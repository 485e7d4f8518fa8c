"""From staged rows to quads as texts: ``relations.sql`` and ``mapping.toml`` of a source, run by Spark."""

from collections.abc import Iterable
from pathlib import Path

from sqlglot import exp

from conflictkg.engine.dialect import to_sql
from conflictkg.spark.session import Spark

QUADS = "quads"
"""The view of all quads as texts ``s``, ``p``, ``o``, ``g``."""


def relate(
    spark: Spark,
    inputs: Path,
    statements: Iterable[exp.Create],
    queries: Iterable[exp.Select],
    *,
    relations: Path,
    quads: Path,
) -> None:
    """Write the quads of one source.

    Args:
        spark: The session.
        inputs: A folder with the tables that the relations read, a Parquet file each.
        statements: They make the relations.
        queries: They give quads of the relations' rows.
        relations: The folder for the relations.
        quads: The folder to write.
    """
    for path in sorted(inputs.glob("*.parquet")):
        spark.read(path.stem, path)
    for each in statements:
        name, query = each.this.name, each.expression.copy()
        # What is made of a relation is sorted later.
        query.set("order", None)
        spark.write(to_sql(query, "spark"), relations / name)
        spark.read(name, relations / name)
    spark.write(" UNION ALL ".join(to_sql(each, "spark") for each in queries), quads)
