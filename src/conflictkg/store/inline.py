"""Inline ids by the column: many at once to the text of their literals.

The same texts as :func:`conflictkg.engine.ids.literal_of` gives one by one.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from conflictkg.answers import XSD
from conflictkg.engine.ids import (
    DATE_OFFSET,
    DATETIME_OFFSET,
    DECIMAL_OFFSET,
    DECIMAL_SCALE_BITS,
    INTEGER_OFFSET,
    PAYLOAD,
    Tag,
)

Ids = npt.NDArray[np.int64]

DATATYPES = {
    Tag.INTEGER: XSD + "integer",
    Tag.DECIMAL: XSD + "decimal",
    Tag.BOOLEAN: XSD + "boolean",
    Tag.DATETIME: XSD + "dateTime",
    Tag.DATETIME_UTC: XSD + "dateTime",
    Tag.DATE: XSD + "date",
}


def write_inline(tag: Tag, ids: Ids) -> pa.LargeStringArray:
    """The lexical forms of inline ids of one tag.

    >>> from conflictkg.engine.ids import inline_id
    >>> write_inline(Tag.DECIMAL, np.array([inline_id("-0.50", XSD + "decimal")])).to_pylist()
    ['-0.50']
    """
    return _WRITERS[tag](ids & PAYLOAD)


def write_blank(ids: Ids) -> pa.LargeStringArray:
    """The labels of blank nodes."""
    return pc.binary_join_element_wise(_large("b"), _text(ids & PAYLOAD), _large(""))


def _integer(payloads: Ids) -> pa.LargeStringArray:
    return _text(payloads - INTEGER_OFFSET)


def _decimal(payloads: Ids) -> pa.LargeStringArray:
    scales = payloads & ((1 << DECIMAL_SCALE_BITS) - 1)
    mantissas = (payloads >> DECIMAL_SCALE_BITS) - DECIMAL_OFFSET
    present = np.unique(scales)
    if len(present) == 1:
        return _decimal_of_scale(mantissas, int(present[0]))
    # One after the other by scale, then back into their order.
    parts, places = [], []
    for scale in present:
        place = np.flatnonzero(scales == scale)
        parts.append(_decimal_of_scale(mantissas[place], int(scale)))
        places.append(place)
    return pa.concat_arrays(parts).take(pa.array(np.argsort(np.concatenate(places))))


def _decimal_of_scale(mantissas: Ids, scale: int) -> pa.LargeStringArray:
    if not scale:
        return _text(mantissas)
    digits = pc.ascii_lpad(_text(np.abs(mantissas)), scale + 1, padding="0")
    signs = pc.if_else(pa.array(mantissas < 0), _large("-"), _large(""))
    whole = pc.utf8_slice_codeunits(digits, 0, -scale)
    fraction = pc.utf8_slice_codeunits(digits, -scale)
    return pc.binary_join_element_wise(
        pc.binary_join_element_wise(signs, whole, _large("")), fraction, _large(".")
    )


def _boolean(payloads: Ids) -> pa.LargeStringArray:
    return pc.if_else(pa.array(payloads == 1), _large("true"), _large("false"))


def _date(payloads: Ids) -> pa.LargeStringArray:
    days = (payloads - DATE_OFFSET).astype(np.int32)
    return pa.array(days, pa.date32()).cast(pa.large_string())


def _datetime(payloads: Ids) -> pa.LargeStringArray:
    moments = pa.array(payloads - DATETIME_OFFSET, pa.timestamp("us")).cast(pa.large_string())
    # "2017-06-13 10:00:00.500000": always six digits, of which ours have only those that count.
    moments = pc.replace_substring(moments, " ", "T", max_replacements=1)
    return pc.ascii_rtrim(pc.ascii_rtrim(moments, "0"), ".")


def _datetime_utc(payloads: Ids) -> pa.LargeStringArray:
    return pc.binary_join_element_wise(_datetime(payloads), _large("Z"), _large(""))


_WRITERS: dict[Tag, Callable[[Ids], pa.LargeStringArray]] = {
    Tag.INTEGER: _integer,
    Tag.DECIMAL: _decimal,
    Tag.BOOLEAN: _boolean,
    Tag.DATETIME: _datetime,
    Tag.DATETIME_UTC: _datetime_utc,
    Tag.DATE: _date,
}


def _text(numbers: Ids) -> pa.LargeStringArray:
    return pa.array(numbers).cast(pa.large_string())


def _large(text: str) -> pa.LargeStringScalar:
    return pa.scalar(text, pa.large_string())
