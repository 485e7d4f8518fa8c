"""Statements gathered in a table that spills to disk, and read from it entity by entity."""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import duckdb
import pyarrow as pa

from conflictkg.sources.opensanctions.statements import Statement
from conflictkg.sources.spilling import append, iter_rows

_COLUMNS = (
    "line", "record", "sha256", "claim", "entity", "given", "schema", "prop", "value", "lang", "datasets", "first",
    "last",
)  # fmt: skip
_MOST_WAITING = 20_000


class Other(NamedTuple):
    """What else there is about a statement.

    Where its value names an entity: that entity's id after merging, its schemata and what it is called. Which of
    several records of one id it is of, on which line it stands first, and the how many-th of its kind it is.
    """

    entity: str | None
    schemata: list[str] | None
    caption: str | None
    version: int
    first_line: int
    number: int


class Gathered:
    """Statements in a table that spills to disk."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        columns = ", ".join(
            f"{name} {'BIGINT' if name == 'line' else 'VARCHAR'}" for name in _COLUMNS
        )
        connection.execute(f"CREATE TABLE statement ({columns})")
        self._waiting: list[Statement] = []

    def __len__(self) -> int:
        self._flush()
        ((number,),) = self._connection.execute("SELECT count(*) FROM statement").fetchall()
        return int(number)

    def add(self, statement: Statement) -> None:
        """Gather one."""
        self._waiting.append(statement)
        if len(self._waiting) >= _MOST_WAITING:
            self._flush()

    def iter_entities(self) -> Iterator[tuple[str, list[tuple[Statement, Other]]]]:
        """Each entity with its statements, and what those name; in the same order however they came."""
        self._flush()
        self._connection.execute(_RELATE)
        rows = (
            (Statement(*row[: len(_COLUMNS)]), Other(*row[len(_COLUMNS) :]))
            for row in iter_rows(self._connection, _READ, _MOST_WAITING)
        )
        for entity, found in groupby(rows, key=lambda each: each[0].entity):
            yield entity, list(found)

    def _flush(self) -> None:
        if not self._waiting:
            return
        columns = list(zip(*self._waiting, strict=True))
        append(self._connection, "statement", pa.table(columns, names=list(_COLUMNS)))
        self._waiting.clear()


_RELATE = """
CREATE TABLE entity AS
  SELECT entity, list_sort(list(DISTINCT schema)) AS schemata,
    min(value) FILTER (WHERE schema = 'Address' AND prop = 'full' OR schema = 'Position' AND prop = 'name') AS caption
  FROM statement GROUP BY entity;
CREATE TABLE known AS
  SELECT given AS name, min(entity) AS entity FROM statement GROUP BY given
  UNION SELECT entity, entity FROM statement;
CREATE TABLE other AS
  SELECT name, min(entity) AS entity FROM known GROUP BY name;
"""
_READ = """
SELECT s.*, o.entity, e.schemata, e.caption,
  dense_rank() OVER (PARTITION BY s.record ORDER BY s.sha256) AS version,
  first_value(s.line) OVER same AS first_line, row_number() OVER same AS number
FROM statement s LEFT JOIN other o ON o.name = s.value AND s.prop <> 'id' LEFT JOIN entity e ON e.entity = o.entity
WINDOW same AS (PARTITION BY s.record, s.claim, s.sha256 ORDER BY s.line)
ORDER BY s.entity, s.record, s.claim, s.sha256, s.line
"""
