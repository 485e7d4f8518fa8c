# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Which predicates lead to an IRI: laid down by a bulk load, so that a look-up by object reads few tables.

What one statement of DuckDB costs grows with the tables that it names, and most IRIs are objects of two or three
predicates. IRIs with the same predicates share a set, whose number is all that is kept of each. A folder holds::

    incoming/
      sets.json   the sets: lists of predicates, the first one empty
      numbers     the set of each IRI of the dictionary's base, two bytes each
"""

import json
from collections.abc import Mapping
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt

from conflictkg.engine.catalog import Predicate
from conflictkg.engine.ids import PAYLOAD, Tag, id_range, tag_of
from conflictkg.errors import StoreError
from conflictkg.store.arena import map_file
from conflictkg.store.tables import POS

SETS = "sets.json"
NUMBERS = "numbers"
_BITS = 64
_MOST_SETS = 2**16
_BATCH = 122_880


def write_incoming(
    cursor: duckdb.DuckDBPyConnection,
    schema: str,
    predicates: Mapping[int, Predicate],
    count: int,
    folder: Path,
) -> None:
    """Write which predicates lead to each IRI into a folder that is not there yet.

    Args:
        cursor: On the database.
        schema: Where its tables are.
        predicates: All that there are.
        count: How many IRIs the dictionary has.
        folder: Where to.
    """
    leading = sorted(
        (each for each in predicates.values() if each.object_tags >> Tag.IRI & 1),
        key=lambda each: (-each.quads, each.id),
    )
    masks = np.zeros(count, np.uint64)
    if leading:
        # The rarest share a bit if there are more than bits.
        bits = {each.id: min(place, _BITS - 1) for place, each in enumerate(leading)}
        reader = cursor.sql(_select_masks(schema, leading, bits)).to_arrow_reader(_BATCH)
        for batch in reader:
            objects, found = (column.to_numpy() for column in batch.columns)
            masks[objects & PAYLOAD] = found
    known, numbers = _number(masks)
    sets = [[each.id for each in leading if mask >> bits[each.id] & 1] for mask in known]
    folder.mkdir()
    (folder / SETS).write_text(json.dumps(sets), encoding="utf-8")
    numbers.tofile(folder / NUMBERS)


def _select_masks(schema: str, leading: list[Predicate], bits: Mapping[int, int]) -> str:
    low, high = id_range(Tag.IRI)
    where = f"WHERE o BETWEEN {low} AND {high}"
    parts = [
        f"SELECT o, {1 << bits[each.id]}::UBIGINT AS bit FROM {schema}.{each.table} {where}"
        for each in leading
        if each.table != POS
    ]
    rare = [each for each in leading if each.table == POS]
    if rare:
        shared = 1 << _BITS - 1
        whens = "".join(
            f" WHEN {each.id} THEN {1 << bits[each.id]}::UBIGINT"
            for each in rare
            if 1 << bits[each.id] != shared
        )
        bit = f"CASE p{whens} ELSE {shared}::UBIGINT END" if whens else f"{shared}::UBIGINT"
        parts.append(f"SELECT o, {bit} AS bit FROM {schema}.{POS} {where}")
    return f"SELECT o, bit_or(bit) FROM ({' UNION ALL '.join(parts)}) GROUP BY o"


def _number(masks: npt.NDArray[np.uint64]) -> tuple[list[int], npt.NDArray[np.uint16]]:
    """The different masks, the empty one first, and the place of each."""
    known, numbers = np.unique(np.append(masks, np.uint64(0)), return_inverse=True)
    if len(known) > _MOST_SETS:
        # So many that they tell nothing apart: all lead to all.
        everything = int(np.bitwise_or.reduce(masks))
        return [0, everything], (masks != 0).astype(np.uint16)
    return [int(each) for each in known], numbers[:-1].astype(np.uint16)


class Incoming:
    """What :func:`write_incoming` wrote.

    Raises:
        StoreError: A file is missing or damaged.
    """

    def __init__(self, folder: Path, count: int) -> None:
        try:
            sets = json.loads((folder / SETS).read_text(encoding="utf-8"))
            self._sets = [frozenset(each) for each in sets]
            self._numbers = np.frombuffer(map_file(folder / NUMBERS), np.uint16)
        except (OSError, ValueError, TypeError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise StoreError(f"its incoming predicates cannot be read: {reason}") from error
        if len(self._numbers) != count:
            raise StoreError(
                f"its incoming predicates are cut short: {len(self._numbers)} IRIs of {count}"
            )

    def predicates(self, value: int) -> frozenset[int] | None:
        """Those that led to an object when the store was sorted; ``None`` where that is not known."""
        if tag_of(value) != Tag.IRI:
            return None
        number = value & PAYLOAD
        # A later IRI was no object then.
        return self._sets[self._numbers[number]] if number < len(self._numbers) else frozenset()
