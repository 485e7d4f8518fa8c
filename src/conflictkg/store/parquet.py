"""A store as Parquet files: the same tables, for DuckDB, Spark and whatever else reads them."""

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import duckdb

from conflictkg.errors import StoreError
from conflictkg.store.database import Settings
from conflictkg.store.layout import DATABASE, FORMAT, Manifest, read_manifest

CONTENTS = "tables.json"

README = """\
# A conflictkg store as Parquet

One file a table, or a folder of files that are its parts in order, as Spark writes them.

Subjects, predicates, objects and graphs are 64-bit ids: `tag << 58 | payload`. Tags: 1 blank
node, 2 IRI, 3 string, 4 string with a language, 5 integer, 6 decimal, 7 double, 8 other number, 9 boolean,
10 dateTime without zone, 11 dateTime in UTC, 12 date, 13 other XML Schema types, 14 other types. Tags 5, 6, 9, 10,
11 and 12 carry the value: integer `payload - 2^57`; decimal `(payload >> 4) - 2^50` with `payload & 15` digits
behind the point; boolean 0 or 1; dateTime `payload - 2^57` microseconds since 1970; date `payload - 2^31` days
since 1970. All others are rows of `term`, blank nodes excepted, which have nothing but their number.

- `spo(s, p, o, g, u)`: every quad, sorted by s, p, o, g; g is 0 in the unnamed default graph. The rows with u are
  the union of all graphs, each triple once.
- `p_<n>(s, o, g, u)`: the quads of one frequent predicate, sorted by o, s, g. `pos(s, p, o, g, u)`: those of all
  others, sorted by p, o, s, g. Which is which: `predicate(id, name, ...)`.
- `term(id, lex, dt, lang, num)`: the dictionary, sorted by id: IRI or lexical form, datatype (null for IRIs),
  language, value of doubles and other numbers.
- `c_<n>(s, c_1, ...)`: a row a subject of a class, with the one object of each property. Which is which:
  `class(id, name, ...)` and `class_column(class, name, predicate, ...)`.
- `token(token, id)`: the words of the strings. `graph(id, quads)`: the named graphs. `instance(class, subjects)`.

After updates the files are sorted except for what came last; `conflictkg optimize` first sorts all.
"""


def export_parquet(directory: Path, target: Path, *, memory_mb: int = 1200) -> dict[str, int]:
    """Write all tables of a store as Parquet files into a new folder, whole or not at all.

    Args:
        directory: Of the store.
        target: The folder; must not be there, or be empty.
        memory_mb: What DuckDB may use.

    Returns:
        How many rows each table has.

    Raises:
        StoreMissingError: There is no store.
        StoreError: The folder holds something, or cannot be written.
    """
    manifest = read_manifest(directory)
    with fresh_folder(target) as folder:
        rows = _write_database(directory, folder, memory_mb)
        describe_tables(folder, rows, manifest)
    return rows


@contextmanager
def fresh_folder(target: Path) -> Iterator[Path]:
    """A folder beside the target that takes its name when the block has ended well, else is gone.

    Raises:
        StoreError: The target holds something, or cannot be written.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise StoreError(f"{target} is there already. Choose a folder that is not there yet.")
    partial = target.with_name(f"{target.name}.tmp-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        yield partial
        if target.exists():
            target.rmdir()
        partial.rename(target)
    except (OSError, duckdb.Error) as error:
        raise StoreError(f"Parquet files cannot be written at {target}: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def describe_tables(folder: Path, rows: Mapping[str, int], manifest: Manifest) -> None:
    """Write beside the tables what they are.

    Args:
        folder: Where they are.
        rows: How many rows each has.
        manifest: Of the store.
    """
    contents = {"format": FORMAT, "rows": rows, "store": asdict(manifest)}
    (folder / CONTENTS).write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")
    (folder / "README.md").write_text(README, encoding="utf-8")


def _write_database(directory: Path, folder: Path, memory_mb: int) -> dict[str, int]:
    config: Settings = {"memory_limit": f"{memory_mb}MB", "temp_directory": str(folder / "spill")}
    with duckdb.connect(directory.resolve() / DATABASE, read_only=True, config=config) as cursor:
        rows = write_tables(cursor, folder)
    shutil.rmtree(folder / "spill", ignore_errors=True)
    return rows


def write_tables(cursor: duckdb.DuckDBPyConnection, folder: Path) -> dict[str, int]:
    """Write the tables of a database as files, but for what only changing a store needs; their rows."""
    rows = {}
    tables = cursor.execute(
        "SELECT table_name FROM duckdb_tables()"
        " WHERE table_name NOT IN ('counter', 'class_plan') ORDER BY table_name"
    ).fetchall()
    for (table,) in tables:
        path = str(folder / f"{table}.parquet").replace("'", "''")
        found = cursor.execute(
            f"COPY {table} TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
        ).fetchone()
        rows[table] = int(found[0]) if found else 0
    return rows
