"""Answers as tables: Arrow's, and through it pandas' and polars' frames."""

import importlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa

from conflictkg.answers import Batch, TermColumn
from conflictkg.answers.columns import LITERAL, UNBOUND
from conflictkg.client.values import BOOLEAN, DATE, DATE_TIME, INTEGERS, NUMBERS, read_lexical


def make_table(variables: Sequence[str], batches: Sequence[Batch]) -> pa.Table:
    """Batches as one table.

    Args:
        variables: Names of the columns.
        batches: All of the answer.
    """
    columns = [
        _make_column([batch.columns[place] for batch in batches]) for place in range(len(variables))
    ]
    return pa.Table.from_arrays(columns, names=list(variables))


def _make_column(parts: Sequence[TermColumn]) -> pa.ChunkedArray:
    """A variable's values, typed where they are all of one kind."""
    texts = pa.chunked_array([each.lexical for each in parts], pa.large_string())
    datatypes: set[str | None] = set()
    for each in parts:
        if bool(np.any((each.kind != LITERAL) & (each.kind != UNBOUND))) or len(each.language) > (
            each.language.null_count
        ):
            return texts
        datatypes |= set(each.datatype.unique().to_pylist())
    datatypes.discard(None)
    for named, kinds, reader in _TYPES:
        if datatypes and datatypes <= named:
            for kind in kinds:
                with suppress(pa.ArrowException, ValueError, TypeError, OverflowError):
                    return _cast(parts, texts, kind, reader)
            # Not as another kind of number: whole numbers that are too large for one would lose their last digits.
            break
    return texts


def _cast(
    parts: Sequence[TermColumn], texts: pa.ChunkedArray, kind: pa.DataType, reader: type | None
) -> pa.ChunkedArray:
    """Texts as values of a type.

    Raises:
        ValueError: Some are none.
    """
    with suppress(pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return texts.cast(kind)
    # Arrow reads fewer forms than XML Schema has: "+3", " 1".
    chunks = []
    for each in parts:
        pairs = zip(each.lexical.to_pylist(), each.datatype.to_pylist(), strict=True)
        values = [
            None if text is None else read_lexical(text, datatype or "") for text, datatype in pairs
        ]
        if reader is not None and not all(v is None or isinstance(v, reader) for v in values):
            raise ValueError("a value is none of its datatype")
        if pa.types.is_timestamp(kind) and not all(
            v is None or (v.tzinfo is None) == (kind.tz is None) for v in values
        ):
            # Arrow would take a time of no zone for one of UTC.
            raise ValueError("a time has a zone, or has none")
        chunks.append(pa.array(values, kind))
    return pa.chunked_array(chunks, kind)


_TYPES: tuple[tuple[frozenset[str], tuple[pa.DataType, ...], type | None], ...] = (
    (INTEGERS, (pa.int64(),), int),
    (NUMBERS, (pa.float64(),), None),
    (frozenset({BOOLEAN}), (pa.bool_(),), bool),
    (frozenset({DATE}), (pa.date32(),), date),
    (frozenset({DATE_TIME}), (pa.timestamp("us", "UTC"), pa.timestamp("us")), datetime),
)


def to_pandas(table: Callable[[], pa.Table], facts: Callable[[], Mapping[str, object]]) -> Any:
    """A table as a frame of pandas.

    Args:
        table: Gives the table; called once pandas is there.
        facts: What is known of it then, for ``attrs``.

    Raises:
        ImportError: pandas is not installed.
    """
    pandas = _require("pandas", "to_pandas")
    nullable = {pa.int64(): pandas.Int64Dtype(), pa.bool_(): pandas.BooleanDtype()}
    frame = table().to_pandas(types_mapper=nullable.get)
    frame.attrs.update(facts())
    return frame


def to_polars(table: Callable[[], pa.Table]) -> Any:
    """A table as a frame of polars.

    Args:
        table: Gives the table; called once polars is there.

    Raises:
        ImportError: polars is not installed.
    """
    polars = _require("polars", "to_polars")
    return polars.from_arrow(table())


def _require(name: str, method: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{method}() needs {name}, which is not installed. Run: pip install {name}. Without it, "
            "to_arrow() gives the same as a table of pyarrow."
        ) from error
