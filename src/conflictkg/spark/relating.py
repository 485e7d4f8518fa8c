# ruff: noqa: S608 -- SQL here is made of our own names
"""From staged rows to quads as texts: ``relations.sql`` and ``mapping.toml`` of a source, run by Spark."""

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from pathlib import Path

from sqlglot import exp

from conflictkg.engine.dialect import to_sql
from conflictkg.spark.session import Spark

QUADS = "quads"
"""The view of all quads as texts ``s``, ``p``, ``o``, ``g``."""
_MOST_TOGETHER = 32
"""So that what Spark compiles for a row stays small."""


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
    spark.write(" UNION ALL ".join(_together(queries)), quads)


def _together(queries: Iterable[exp.Select]) -> Iterator[str]:
    """SQL of the same rows, that reads a relation once for many of the queries over it."""
    for _, group in groupby(queries, key=lambda each: each.args["from_"].sql()):
        while chunk := list(islice(group, _MOST_TOGETHER)):
            source = to_sql(chunk[0].args["from_"].this, "spark")
            rows = ", ".join(_as_row(each) for each in chunk)
            yield f"SELECT * FROM (SELECT inline(array({rows})) FROM {source}) WHERE s IS NOT NULL"


def _as_row(query: exp.Select) -> str:
    """What a query selects as one value; NULL where it selects nothing."""
    fields = ", ".join(
        f"'{each.alias}', {to_sql(each.this, 'spark')}" for each in query.expressions
    )
    where = query.args.get("where")
    row = f"named_struct({fields})"
    return f"CASE WHEN {to_sql(where.this, 'spark')} THEN {row} END" if where is not None else row
