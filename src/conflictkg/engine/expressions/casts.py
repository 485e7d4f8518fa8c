"""Casts in SQL, those that change nothing of a value but its datatype."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from conflictkg.answers import XSD
from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import (
    HUGE_DIGITS,
    binary,
    call,
    cast,
    choose,
    number,
    trim_right,
)
from conflictkg.engine.expressions.frame import Frame, NotNative
from conflictkg.engine.expressions.kinds import truth
from conflictkg.engine.expressions.numbers import DECIMAL, DOUBLE, INTEGER, exact
from conflictkg.engine.expressions.payloads import (
    boolean_text,
    by_tag,
    date_text,
    datetime_microseconds,
    datetime_text,
    decimal_value,
    integer_value,
)
from conflictkg.engine.expressions.texts import text_of
from conflictkg.engine.expressions.values import (
    MOMENT_TAGS,
    NUMBER_TAGS,
    TEXT_TAGS,
    Value,
    decimal,
    integer,
    real,
    string,
    tag_bits,
)
from conflictkg.engine.ids import DATE_OFFSET, Tag, make_id

_DAY_US = 86_400_000_000
_DATE = tag_bits(Tag.DATE)
_LOCAL = tag_bits(Tag.DATETIME)
_BOOLEAN = tag_bits(Tag.BOOLEAN)
_WITH_CANONICAL_FORM = (
    TEXT_TAGS
    | MOMENT_TAGS
    | _DATE
    | _BOOLEAN
    | tag_bits(Tag.IRI, Tag.INTEGER, Tag.DECIMAL, Tag.BLANK, Tag.OTHER)
)


def _to_string(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    if value.rep in {Rep.STRING, Rep.PACKED} and value.has_only(TEXT_TAGS):
        found = text_of(frame, value)
        return string(found.characters, nullable=found.nullable)
    if value.rep in {Rep.INTEGER, Rep.BOOLEAN}:
        return string(cast(value.sql, "VARCHAR"), nullable=value.nullable)
    # Doubles are written in a way of their own, and what Python alone can read it alone can write.
    if value.rep is not Rep.ID or not value.has_only(_WITH_CANONICAL_FORM):
        raise NotNative
    sql, tags = value.sql, value.tags
    named = TEXT_TAGS | tag_bits(Tag.IRI, Tag.OTHER)
    cases = [
        (tag_bits(Tag.INTEGER), cast(integer_value(sql), "VARCHAR")),
        (
            tag_bits(Tag.DECIMAL),
            trim_right(trim_right(cast(decimal_value(sql), "VARCHAR"), "0"), "."),
        ),
        (_BOOLEAN, boolean_text(sql)),
        (_DATE, date_text(sql)),
        (MOMENT_TAGS, datetime_text(sql, tags & MOMENT_TAGS)),
    ]
    if tags & named:
        cases.append((named, frame.term(value, "lex")))
    missing = tags & tag_bits(Tag.BLANK)
    if missing:
        cases.append((missing, cast(exp.null(), "VARCHAR")))
    return string(by_tag(sql, tags, cases), nullable=value.nullable or bool(missing))


def _to_boolean(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    kinds = NUMBER_TAGS & ~tag_bits(Tag.NUMERIC) | _BOOLEAN
    if not value.has_only(kinds) or value.rep is Rep.PACKED:
        raise NotNative
    return truth(frame, operands)


def _require_number(value: Value) -> None:
    # A string or boolean is cast too, and reading one is left to Python.
    if value.tags & (TEXT_TAGS | _BOOLEAN | tag_bits(Tag.SPECIAL)) or value.rep is Rep.PACKED:
        raise NotNative


def _to_integer(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    _require_number(value)
    found = exact(frame, value)
    if found.kind == INTEGER:
        return found.value()
    if found.kind == DOUBLE:
        raise NotNative
    wide = cast(found.sql, f"DECIMAL({HUGE_DIGITS}, {found.scale})")
    whole = choose([(binary(exp.LT, wide, number(0)), call("CEIL", wide))], call("FLOOR", wide))
    width = max(found.width - found.scale, 1)
    return integer(cast(whole, "HUGEINT"), width, nullable=found.nullable)


def _to_decimal(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    _require_number(value)
    found = exact(frame, value)
    if found.kind == DECIMAL:
        return found.value()
    if found.kind == DOUBLE:
        raise NotNative
    sql = cast(found.sql, f"DECIMAL({HUGE_DIGITS}, 0)")
    return decimal(sql, found.width, 0, nullable=found.nullable)


def _to_double(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    _require_number(value)
    found = exact(frame, value)
    if found.double is None:
        raise NotNative
    return real(found.double, nullable=found.nullable)


def _to_date(_frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    # The date of a moment with a zone has that zone, which no inline id holds.
    if value.rep is not Rep.ID or not value.has_only(_DATE | _LOCAL):
        raise NotNative
    microseconds = datetime_microseconds(value.sql, _LOCAL)
    shifted = binary(exp.Add, exp.Paren(this=microseconds), number(_DAY_US * 1_000_000))
    days = binary(
        exp.Sub, exp.Paren(this=binary(exp.IntDiv, shifted, number(_DAY_US))), number(1_000_000)
    )
    from_moment = binary(exp.Add, exp.Paren(this=days), number(make_id(Tag.DATE, DATE_OFFSET)))
    found = by_tag(value.sql, value.tags, [(_DATE, value.sql), (_LOCAL, from_moment)])
    return Value(found, Rep.ID, _DATE, value.nullable)


def _to_datetime(_frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    if value.rep is not Rep.ID or not value.has_only(MOMENT_TAGS):
        raise NotNative
    return value


CASTS: dict[str, Callable[[Frame, Sequence[Value]], Value]] = {
    XSD + "string": _to_string,
    XSD + "boolean": _to_boolean,
    XSD + "integer": _to_integer,
    XSD + "decimal": _to_decimal,
    XSD + "double": _to_double,
    XSD + "date": _to_date,
    XSD + "dateTime": _to_datetime,
}
