"""Columns of SQL back to terms."""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from conflictkg.answers import RDF_LANG_STRING, XSD, XSD_STRING, Batch, Literal, Term, TermColumn
from conflictkg.answers.columns import BLANK, IRI, LITERAL, UNBOUND
from conflictkg.engine.catalog import Dictionary
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.evaluate.numbers import Single, decimal_lexical, double_lexical
from conflictkg.engine.ids import unpack_term

_KIND_OF_LETTER = np.zeros(256, np.uint8)
for _letter, _kind in (("I", IRI), ("B", BLANK), ("S", LITERAL), ("L", LITERAL), ("T", LITERAL)):
    _KIND_OF_LETTER[ord(_letter)] = _kind

DATATYPES = {
    Rep.INTEGER: XSD + "integer",
    Rep.DECIMAL: XSD + "decimal",
    Rep.DOUBLE: XSD + "double",
    Rep.FLOAT: XSD + "float",
    Rep.BOOLEAN: XSD + "boolean",
    Rep.STRING: XSD_STRING,
}
"""The datatype of each representation that stands for literals of one."""


def decode_batch(
    rows: pa.RecordBatch, columns: tuple[Column, ...], dictionary: Dictionary
) -> Batch:
    """Rows of SQL as terms.

    Args:
        rows: As DuckDB gives them, in the order of ``columns``.
        columns: How to read each.
        dictionary: Whose the ids are.
    """
    decoded = tuple(
        decode_column(rows.column(place), column.rep, dictionary)
        for place, column in enumerate(columns)
    )
    return Batch(decoded, rows.num_rows)


def decode_column(values: Any, rep: Rep, dictionary: Dictionary) -> TermColumn:
    """One column of SQL as terms.

    Args:
        values: An Arrow array.
        rep: What the values are.
        dictionary: Whose the ids are.
    """
    if pa.types.is_null(values.type):
        # Nothing is bound, whatever it would have been.
        return dictionary.column(np.full(len(values), -1, np.int64))
    if rep is Rep.ID:
        return dictionary.column(ids_of(values))
    if rep is Rep.PACKED:
        return _decode_packed(values.cast(pa.large_string()))
    return _make_literals(_WRITERS[rep](values), DATATYPES[rep])


def ids_of(values: Any) -> npt.NDArray[np.int64]:
    """Ids as numpy has them; -1 for NULL."""
    filled = values.fill_null(-1) if values.null_count else values
    return np.asarray(filled.to_numpy(zero_copy_only=False), np.int64)


def decode_value(value: Any, rep: Rep) -> Term | None:
    """One value of SQL, other than an id, as a term.

    >>> decode_value(1500.0, Rep.DOUBLE)
    Literal(lexical='1.5E3', datatype='http://www.w3.org/2001/XMLSchema#double', language='', direction='')
    """
    if value is None:
        return None
    if rep is Rep.PACKED:
        return unpack_term(value)
    return Literal(_WRITE_ONE[rep](value), DATATYPES[rep])


_WRITE_ONE: dict[Rep, Callable[[Any], str]] = {
    Rep.INTEGER: lambda value: str(int(value)),
    Rep.DECIMAL: decimal_lexical,
    Rep.DOUBLE: double_lexical,
    Rep.FLOAT: lambda value: double_lexical(Single(value)),
    Rep.BOOLEAN: lambda value: "true" if value else "false",
    Rep.STRING: str,
}


def _make_literals(lexical: Any, datatype: str) -> TermColumn:
    size = len(lexical)
    is_bound = np.asarray(lexical.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    kind = np.where(is_bound, np.uint8(LITERAL), np.uint8(UNBOUND)).astype(np.uint8)
    indices = pa.array(np.zeros(size, np.int32), mask=~is_bound)
    datatypes = pa.DictionaryArray.from_arrays(indices, pa.array([datatype], pa.string()))
    return TermColumn(kind, lexical, datatypes, _no_names(size))


def _no_names(size: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.nulls(size, pa.int32()), pa.array([], pa.string()))


def _write_integers(values: Any) -> Any:
    if pa.types.is_integer(values.type):
        return values.cast(pa.large_string())
    # HUGEINT comes as a decimal without a fraction, which Arrow would write with an exponent.
    return _write_each(values, lambda value: str(int(value)))


def _write_decimals(values: Any) -> Any:
    return _write_each(values, decimal_lexical)


def _write_doubles(values: Any) -> Any:
    return _write_each(values, double_lexical)


def _write_floats(values: Any) -> Any:
    return _write_each(values, lambda value: double_lexical(Single(value)))


def _write_each(values: Any, write: Callable[[Any], str]) -> Any:
    """Written by Python, each different value once."""
    encoded = values.dictionary_encode()
    texts = [write(each) for each in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.large_string()).take(encoded.indices)


def _write_booleans(values: Any) -> Any:
    return pc.if_else(values, "true", "false").cast(pa.large_string())


def _write_strings(values: Any) -> Any:
    return values.cast(pa.large_string())


_WRITERS: dict[Rep, Callable[[Any], Any]] = {
    Rep.INTEGER: _write_integers,
    Rep.DECIMAL: _write_decimals,
    Rep.DOUBLE: _write_doubles,
    Rep.FLOAT: _write_floats,
    Rep.BOOLEAN: _write_booleans,
    Rep.STRING: _write_strings,
}


def _decode_packed(packed: pa.LargeStringArray) -> TermColumn:
    """Split the letter, and of literals their datatype or language, from the lexical form."""
    size = len(packed)
    letters = _first_bytes(packed)
    kind = _KIND_OF_LETTER[letters]
    lexical = pc.utf8_slice_codeunits(packed, 1)
    heads = {letter: np.flatnonzero(letters == ord(letter)) for letter in "LT"}
    datatypes = _Names(size)
    languages = _Names(size)
    datatypes.set(letters == ord("S"), XSD_STRING)
    datatypes.set(letters == ord("L"), RDF_LANG_STRING)
    for letter, names in (("L", languages), ("T", datatypes)):
        rows = heads[letter]
        if not len(rows):
            continue
        parts = pc.split_pattern(lexical.take(pa.array(rows)), " ", max_splits=1)
        names.set_each(rows, pc.list_element(parts, 0).dictionary_encode())
        mask = np.zeros(size, np.bool_)
        mask[rows] = True
        lexical = pc.replace_with_mask(lexical, mask, pc.list_element(parts, 1))
    return TermColumn(kind, lexical, datatypes.to_arrow(), languages.to_arrow())


def _first_bytes(texts: pa.LargeStringArray) -> npt.NDArray[np.uint8]:
    """The first byte of each text; 0 for null."""
    _, offset_buffer, text_buffer = texts.buffers()
    first = np.zeros(len(texts), np.uint8)
    if text_buffer is None or not len(texts):
        return first
    offsets = np.frombuffer(offset_buffer, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    text = np.frombuffer(text_buffer, np.uint8)
    is_bound = np.asarray(texts.is_valid().to_numpy(zero_copy_only=False), np.bool_)
    first[is_bound] = text[offsets[:-1][is_bound]]
    return first


class _Names:
    """A column of few different texts."""

    def __init__(self, size: int) -> None:
        self._codes = np.full(size, -1, np.int32)
        self._names: list[str] = []

    def set(self, rows: npt.NDArray[np.bool_], name: str) -> None:
        if rows.any():
            self._codes[rows] = len(self._names)
            self._names.append(name)

    def set_each(self, rows: npt.NDArray[np.int64], encoded: pa.DictionaryArray) -> None:
        self._codes[rows] = np.asarray(encoded.indices, np.int32) + len(self._names)
        self._names += encoded.dictionary.to_pylist()

    def to_arrow(self) -> pa.DictionaryArray:
        indices = pa.array(self._codes, mask=self._codes < 0)
        return pa.DictionaryArray.from_arrays(indices, pa.array(self._names, pa.string()))
