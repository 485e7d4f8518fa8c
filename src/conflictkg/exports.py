"""A store for other programs, without what may not be passed on."""

import tempfile
from dataclasses import dataclass
from pathlib import Path

from conflictkg.describe import find_kept_back, read_notices
from conflictkg.dumps import WHOLE, make_dump
from conflictkg.store import open_store
from conflictkg.store.loading import Load
from conflictkg.store.parquet import export_parquet
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written.

    Args:
        rows: How many rows each table has.
        left_out: What may not be passed on and is not in it.
    """

    rows: dict[str, int]
    left_out: tuple[str, ...]


def export_store(directory: Path, target: Path, *, everything: bool = False) -> Exported:
    """Write a store as Parquet files.

    Args:
        directory: Of the store.
        target: The folder; must not be there, or be empty.
        everything: Whether also what may not be passed on; for one's own use.

    Raises:
        StoreMissingError: There is no store.
        StoreError: The folder holds something, or the disk refuses.
    """
    if everything:
        return Exported(export_parquet(directory, target), ())
    with open_store(directory) as store:
        left_out = find_kept_back(store)
        if left_out:
            dump = make_dump(store, read_notices(store), WHOLE, store.release)
    if not left_out:
        return Exported(export_parquet(directory, target), ())
    with tempfile.TemporaryDirectory(prefix="conflictkg-export-") as folder:
        # Class tables and counts mix all graphs, so they are derived anew from those that may go.
        place = Path(folder) / "store"
        load_files([Source(dump.path)], place, Load(()))
        return Exported(export_parquet(place, target), left_out)
