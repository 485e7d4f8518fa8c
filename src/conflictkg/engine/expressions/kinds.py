"""Which kind of term a value is, and its effective boolean value, in SQL."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import (
    binary,
    call,
    cast,
    choose,
    concat,
    is_not_null,
    negation,
    number,
    starts_with,
    text,
)
from conflictkg.engine.expressions import fallback
from conflictkg.engine.expressions.frame import Frame, NotNative
from conflictkg.engine.expressions.payloads import boolean_value, by_tag, has_tag, mantissa
from conflictkg.engine.expressions.values import (
    NATIVE_NUMBER_TAGS,
    NODE_TAGS,
    TEXT_TAGS,
    Value,
    boolean,
    tag_bits,
)
from conflictkg.engine.expressions.writing import datatype
from conflictkg.engine.ids import INTEGER_OFFSET, Tag, make_id

_IRI = tag_bits(Tag.IRI)
_BY_PYTHON = tag_bits(Tag.NUMERIC, Tag.SPECIAL)


def _is_kind(tags: int, *prefixes: str) -> Callable[[Frame, Sequence[Value]], Value]:
    def native(_frame: Frame, operands: Sequence[Value]) -> Value:
        value = operands[0]
        if value.rep is Rep.PACKED and value.term is None:
            first, *rest = (starts_with(value.sql, text(prefix)) for prefix in prefixes)
            for other in rest:
                first = binary(exp.Or, first, other)
            return boolean(first, nullable=value.nullable)
        return boolean(_of_tags(value, tags), nullable=value.nullable)

    return native


def _of_tags(value: Value, tags: int) -> exp.Expr:
    if value.rep is Rep.ID:
        return has_tag(value.sql, tags, value.tags)
    always = exp.true() if value.has_only(tags) else exp.false()
    return always if not value.nullable else choose([(is_not_null(value.sql), always)])


def _is_numeric(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    if value.rep is Rep.PACKED:
        raise NotNative
    found = _of_tags(value, NATIVE_NUMBER_TAGS)
    numeric = tag_bits(Tag.NUMERIC)
    if value.rep is Rep.ID and value.tags & numeric:
        if value.has_only(numeric):
            raise NotNative
        # Whether a derived integer is within its range.
        asked = fallback.test(frame, "ISNUMERIC", [value])
        found = choose([(has_tag(value.sql, numeric, value.tags), asked)], found)
    return boolean(found, nullable=value.nullable)


def _datatype(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    found = datatype(frame, value)
    if found is None:
        raise NotNative
    nullable = value.nullable or bool(value.tags & NODE_TAGS)
    return Value(concat(text("I"), found), Rep.PACKED, _IRI, nullable)


def _make_iri(_frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    if value.rep is Rep.ID and value.has_only(_IRI):
        return value
    raise NotNative


def truth(frame: Frame, operands: Sequence[Value]) -> Value:
    """The effective boolean value (section 17.2.2)."""
    value = operands[0]
    sql = value.sql
    if value.rep is Rep.BOOLEAN:
        return value
    if value.rep is Rep.STRING:
        return boolean(binary(exp.NEQ, sql, text("")), nullable=value.nullable)
    if value.rep in {Rep.INTEGER, Rep.DECIMAL}:
        return boolean(binary(exp.NEQ, sql, number(0)), nullable=value.nullable)
    if value.rep in {Rep.DOUBLE, Rep.FLOAT}:
        return boolean(_true_double(sql), nullable=value.nullable)
    if value.rep is Rep.PACKED:
        return boolean(fallback.test_value(frame, value))
    return boolean(_truth_of_id(frame, value))


def _truth_of_id(frame: Frame, value: Value) -> exp.Expr:
    sql, tags = value.sql, value.tags
    cases = [
        (tag_bits(Tag.BOOLEAN), boolean_value(sql)),
        (tag_bits(Tag.INTEGER), binary(exp.NEQ, sql, number(make_id(Tag.INTEGER, INTEGER_OFFSET)))),
        (tag_bits(Tag.DECIMAL), binary(exp.NEQ, mantissa(sql), number(0))),
    ]
    if tags & TEXT_TAGS:
        cases.append((TEXT_TAGS, binary(exp.NEQ, frame.term(value, "lex"), text(""))))
    if tags & tag_bits(Tag.DOUBLE):
        cases.append((tag_bits(Tag.DOUBLE), _true_double(frame.term(value, "num"))))
    if tags & _BY_PYTHON:
        if value.has_only(_BY_PYTHON):
            raise NotNative
        cases.append((_BY_PYTHON, fallback.test_value(frame, value)))
    rest = tags & ~sum(each for each, _ in cases)
    if rest:
        cases.append((rest, cast(exp.null(), "BOOLEAN")))
    return by_tag(sql, tags, cases)


def _true_double(sql: exp.Expr) -> exp.Expr:
    return binary(exp.And, binary(exp.NEQ, sql, number(0)), negation(call("ISNAN", sql)))


KIND_FUNCTIONS: dict[str, Callable[[Frame, Sequence[Value]], Value]] = {
    "ISIRI": _is_kind(_IRI, "I"),
    "ISURI": _is_kind(_IRI, "I"),
    "ISBLANK": _is_kind(tag_bits(Tag.BLANK), "B"),
    "ISLITERAL": _is_kind(~NODE_TAGS, "S", "L", "T"),
    "ISNUMERIC": _is_numeric,
    "DATATYPE": _datatype,
    "IRI": _make_iri,
    "URI": _make_iri,
}
