# ruff: noqa: S608 -- SQL here is made of our own names
"""A store as Parquet files, opened to be asked: its catalog and its dictionary."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from conflictkg.engine.ids import DICTIONARY
from conflictkg.errors import StoreError, StoreMissingError
from conflictkg.store.delta import StoredDelta
from conflictkg.store.dictionary import NoBase, StoreDictionary
from conflictkg.store.layout import FORMAT
from conflictkg.store.parquet import CONTENTS
from conflictkg.store.pending import Numbers
from conflictkg.store.statistics import StoreCatalog, load_catalog


@dataclass(frozen=True, slots=True)
class Layout:
    """An opened folder of tables.

    Args:
        tables: Where each is, by name: a file or a folder of files.
        catalog: What plans are made from; its dictionary holds the terms.
    """

    tables: Mapping[str, Path]
    catalog: StoreCatalog


@contextmanager
def open_layout(folder: Path) -> Iterator[Layout]:
    """Open what ``conflictkg export parquet`` or ``conflictkg build --on spark`` has written.

    Raises:
        StoreMissingError: There is nothing.
        StoreError: It is something else, or of another version.
    """
    names = _read_names(folder)
    tables = {name: folder / f"{name}.parquet" for name in names}
    with duckdb.connect(":memory:") as cursor:
        try:
            for name, path in tables.items():
                add_view(cursor, name, path)
            catalog = load_catalog(cursor, open_dictionary(cursor.cursor()))
        except (duckdb.Error, KeyError) as error:
            raise StoreError(f"the tables at {folder} are damaged: {error}") from error
        yield Layout(tables, catalog)


def add_view(cursor: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Have a database know a table of the layout."""
    files = str(path / "*.parquet" if path.is_dir() else path).replace("'", "''")
    cursor.execute(f"CREATE VIEW \"{name}\" AS SELECT * FROM read_parquet('{files}')")


def open_dictionary(cursor: duckdb.DuckDBPyConnection) -> StoreDictionary:
    """The dictionary of a database that has the table ``term``; the cursor is its own then."""
    # As with what comes to a store after its load: terms are asked of the table, and taken to be in no order.
    numbers = Numbers(dict.fromkeys(DICTIONARY, 1))
    return StoreDictionary(NoBase(), StoredDelta(cursor, dict.fromkeys(DICTIONARY, 0)), numbers)


def _read_names(folder: Path) -> list[str]:
    try:
        contents = json.loads((folder / CONTENTS).read_text(encoding="utf-8"))
        version, names = contents["format"], list(contents["rows"])
    except FileNotFoundError as error:
        raise StoreMissingError(
            f"there is no store as Parquet at {folder}. Write one: conflictkg export parquet -o {folder}"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{folder} is no store as Parquet: {error}") from error
    if version != FORMAT:
        raise StoreError(
            f"{folder} has format {version}; this version of conflictkg reads {FORMAT}."
        )
    return names
