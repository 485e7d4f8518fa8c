"""What differs with each query or each row: ``NOW``, ``RAND``, ``UUID``, ``STRUUID``, ``BNODE``.

SQL always computes these, because a plan is kept and run again: Python's side of it knows no query.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import (
    binary,
    call,
    cast,
    concat,
    md5,
    now_microseconds,
    number,
    random_double,
    random_uuid,
    text,
)
from conflictkg.engine.expressions.frame import Frame
from conflictkg.engine.expressions.texts import simple_text_of
from conflictkg.engine.expressions.values import Value, real, string, tag_bits
from conflictkg.engine.ids import DATETIME_OFFSET, Tag, make_id


def _now(_frame: Frame, _operands: Sequence[Value]) -> Value:
    sql = binary(exp.Add, now_microseconds(), number(make_id(Tag.DATETIME_UTC, DATETIME_OFFSET)))
    return Value(sql, Rep.ID, tag_bits(Tag.DATETIME_UTC), nullable=False)


def _rand(_frame: Frame, _operands: Sequence[Value]) -> Value:
    return real(random_double(), nullable=False)


def _uuid(_frame: Frame, _operands: Sequence[Value]) -> Value:
    iri = concat(text("Iurn:uuid:"), random_uuid())
    return Value(iri, Rep.PACKED, tag_bits(Tag.IRI), nullable=False)


def _struuid(_frame: Frame, _operands: Sequence[Value]) -> Value:
    return string(random_uuid(), nullable=False)


def _bnode(frame: Frame, operands: Sequence[Value]) -> Value:
    if not operands:
        label = call("REPLACE", random_uuid(), text("-"), text(""))
        return Value(concat(text("Bg"), label), Rep.PACKED, tag_bits(Tag.BLANK), nullable=False)
    # One name is one blank node within a solution, and another in the next.
    name = simple_text_of(frame, operands[0])
    row = cast(frame.scope.row_number(), "VARCHAR")
    label = concat(text("Br"), row, text("n"), md5(name))
    return Value(label, Rep.PACKED, tag_bits(Tag.BLANK))


CHANCE: dict[str, Callable[[Frame, Sequence[Value]], Value]] = {
    "NOW": _now,
    "RAND": _rand,
    "UUID": _uuid,
    "STRUUID": _struuid,
    "BNODE": _bnode,
}
