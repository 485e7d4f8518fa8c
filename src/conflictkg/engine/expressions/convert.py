"""From one representation to another, and equality of terms."""

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from conflictkg.engine.columns import Column, Rep, Scope
from conflictkg.engine.dialect import (
    between,
    binary,
    cast,
    choose,
    guarded,
    is_not_null,
    number,
    text,
)
from conflictkg.engine.expressions.frame import Frame, is_volatile
from conflictkg.engine.expressions.payloads import has_tag
from conflictkg.engine.expressions.values import (
    TEXT_TAGS,
    Value,
    from_column,
    tag_bits,
)
from conflictkg.engine.expressions.writing import packed
from conflictkg.engine.ids import (
    INTEGER_LIMIT,
    INTEGER_OFFSET,
    Tag,
    make_id,
    pack_term,
    unpack_term,
)

_INLINE_DIGITS = 15
_NATIVE = frozenset({Rep.INTEGER, Rep.DECIMAL, Rep.DOUBLE, Rep.FLOAT, Rep.BOOLEAN, Rep.STRING})


def pack_value(frame: Frame, value: Value) -> Value:
    """The value packed.

    Raises:
        NotNative: Its id takes too much to compute to be looked up.
    """
    if value.rep is Rep.PACKED:
        return value
    if value.term is not None:
        return replace(value, sql=text(pack_term(value.term)), rep=Rep.PACKED)

    def write(inner: Frame, operands: Sequence[Value]) -> Value:
        operand = operands[0]
        return Value(packed(inner, operand), Rep.PACKED, operand.tags, operand.nullable)

    return frame.apply(write, [value])


def id_value(value: Value) -> Value | None:
    """The value as an id, if none is lost: integers of 15 digits, booleans; else ``None``."""
    if value.rep is Rep.ID:
        return value
    if value.rep is Rep.INTEGER and value.digits is not None and value.digits[0] <= _INLINE_DIGITS:
        sql = binary(
            exp.Add, cast(value.sql, "BIGINT"), number(make_id(Tag.INTEGER, INTEGER_OFFSET))
        )
        return Value(sql, Rep.ID, tag_bits(Tag.INTEGER), value.nullable)
    if value.rep is Rep.BOOLEAN:
        sql = binary(exp.Add, cast(value.sql, "BIGINT"), number(make_id(Tag.BOOLEAN, 0)))
        return Value(sql, Rep.ID, tag_bits(Tag.BOOLEAN), value.nullable)
    return None


def to_column(frame: Frame, value: Value) -> Column:
    """The column of a finished value."""
    if value.rep is Rep.STRING and value.language is not None:
        value = pack_value(frame, value)
    tags = value.tags
    return Column(frame.finish(value.sql), value.rep, tags, value.nullable, value.digits)


def to_id(column: Column, scope: Scope) -> Column | None:
    """The column as ids, or ``None`` where some of its values may have none.

    >>> sql = exp.column("a")
    >>> to_id(Column(sql, Rep.DOUBLE), scope=None) is None
    True
    """
    if column.rep is Rep.ID:
        return column
    if column.rep is Rep.STRING and isinstance(column.sql, exp.Literal):
        found = scope.catalog.dictionary.find(unpack_term("S" + column.sql.name))  # type: ignore[arg-type]
        if found is not None:
            return Column(number(found), Rep.ID, tag_bits(Tag.STRING), nullable=False)
        return None
    value = id_value(from_column(column))
    return None if value is None else Column(value.sql, Rep.ID, value.tags, value.nullable)


def to_packed(column: Column, scope: Scope) -> Column:
    """The column packed; ids are looked up in the dictionary where they are of kinds that stand in it."""
    frame = Frame(scope)
    return to_column(frame, pack_value(frame, from_column(column)))


def common_rep(columns: Sequence[Column], scope: Scope) -> list[Column]:
    """The columns in one representation that holds them all.

    The same as they have; else ids, if all can be; else packed.
    """
    reps = {column.rep for column in columns}
    if len(reps) <= 1:
        return _common_digits(columns) if reps == {Rep.DECIMAL} else list(columns)
    ids = [to_id(column, scope) for column in columns]
    found = [each for each in ids if each is not None]
    if len(found) == len(columns):
        return found
    return [to_packed(column, scope) for column in columns]


def _common_digits(columns: Sequence[Column]) -> list[Column]:
    known = [column.digits for column in columns if column.digits is not None]
    if len(set(known)) <= 1:
        return list(columns)
    scale = max(scale for _, scale in known)
    whole = max(width - scale for width, scale in known)
    width = min(whole + scale, 38)
    return [
        replace(
            column, sql=cast(column.sql.copy(), f"DECIMAL({width}, {scale})"), digits=(width, scale)
        )
        if column.digits != (width, scale)
        else column
        for column in columns
    ]


def equal_terms(first: Column, second: Column, scope: Scope) -> exp.Expr:
    """Whether two columns are the same term; NULL if one of them is."""
    frame = Frame(scope)
    return frame.finish(same_terms(frame, from_column(first), from_column(second)))


def same_terms(frame: Frame, first: Value, second: Value) -> exp.Expr:
    """``sameTerm``.

    Raises:
        NotNative: An id takes too much to compute to be looked up.
    """
    if first.rep is second.rep and first.rep is not Rep.STRING:
        if first.rep in {Rep.DOUBLE, Rep.FLOAT}:
            first, second = pack_value(frame, first), pack_value(frame, second)
        return binary(exp.EQ, first.sql, second.sql)
    if not first.tags & second.tags and Rep.PACKED not in {first.rep, second.rep}:
        return _never(first, second)
    for one, other in ((first, second), (second, first)):
        if one.rep is Rep.ID and other.rep in _NATIVE:
            found = _same_as_native(frame, one, other)
            if found is not None:
                return found
    both = (first, second)
    if all(each.rep is Rep.STRING for each in both) and all(each.language is None for each in both):
        return binary(exp.EQ, first.sql, second.sql)
    return binary(exp.EQ, pack_value(frame, first).sql, pack_value(frame, second).sql)


def _never(first: Value, second: Value) -> exp.Expr:
    unknown = [each for each in (first, second) if each.nullable]
    if not unknown:
        return exp.false()
    known = is_not_null(unknown[0].sql)
    for each in unknown[1:]:
        known = binary(exp.And, known, is_not_null(each.sql))
    return choose([(known, exp.false())])


def _same_as_native(frame: Frame, stored: Value, native: Value) -> exp.Expr | None:
    if native.rep is Rep.BOOLEAN:
        found = id_value(native)
        return binary(exp.EQ, stored.sql, found.sql) if found is not None else None
    if native.rep is Rep.INTEGER and not is_volatile(native.sql):
        return frame.apply(_same_integer, [stored, native]).sql
    if native.rep is Rep.STRING and native.language is None and native.term is not None:
        known = frame.scope.catalog.dictionary.find(native.term)  # type: ignore[arg-type]
        return binary(exp.EQ, stored.sql, number(known)) if known is not None else None
    if native.rep is Rep.STRING and native.language is None and stored.has_only(TEXT_TAGS):
        return frame.apply(_same_string, [stored, native]).sql
    return None


def _same_integer(frame: Frame, operands: Sequence[Value]) -> Value:
    stored, native = operands
    within = between(native.sql, -INTEGER_LIMIT, INTEGER_LIMIT)
    offset = number(make_id(Tag.INTEGER, INTEGER_OFFSET))
    found = binary(exp.EQ, stored.sql, binary(exp.Add, cast(native.sql, "BIGINT"), offset))
    if native.digits is not None and native.digits[0] <= _INLINE_DIGITS:
        return Value(found, Rep.BOOLEAN)
    # A longer one has its number in the dictionary; as every value there it is compared as text.
    if stored.tags & tag_bits(Tag.NUMERIC):
        long = binary(exp.EQ, packed(frame, stored), packed(frame, native))
    else:
        long = choose([(is_not_null(stored.sql), exp.false())])
    safe = binary(exp.EQ, stored.sql, binary(exp.Add, guarded(cast(native.sql, "BIGINT")), offset))
    return Value(choose([(within, safe), (is_not_null(native.sql), long)]), Rep.BOOLEAN)


def _same_string(frame: Frame, operands: Sequence[Value]) -> Value:
    stored, native = operands
    same = binary(exp.EQ, frame.term(stored, "lex"), native.sql)
    if stored.tags & tag_bits(Tag.LANG):
        known = has_tag(stored.sql, tag_bits(Tag.STRING), stored.tags)
        same = binary(exp.And, known, same)
    return Value(same, Rep.BOOLEAN)
