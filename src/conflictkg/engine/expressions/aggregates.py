"""Aggregates in SQL: natively where the tags of ids say what they are, else over lists that Python reads.

NULL is an error, or no value. An aggregate other than COUNT and SAMPLE is an error where a solution of
its group has none.
"""

from collections.abc import Callable, Sequence

from sqlglot import exp

from conflictkg.answers import XSD, Literal, Term
from conflictkg.engine.algebra import Aggregate
from conflictkg.engine.columns import Column, Rep, Scope
from conflictkg.engine.dialect import (
    HUGE_DIGITS,
    binary,
    cast,
    choose,
    first_known,
    length,
    number,
    text,
)
from conflictkg.engine.evaluate import aggregate as evaluate_aggregate
from conflictkg.engine.expressions.compiling import Compiler
from conflictkg.engine.expressions.convert import pack_value, to_column
from conflictkg.engine.expressions.frame import Frame, NotNative
from conflictkg.engine.expressions.numbers import DECIMAL, DOUBLE, INTEGER, Number, divide, exact
from conflictkg.engine.expressions.ordering import least_key, sort_keys
from conflictkg.engine.expressions.payloads import DECIMAL_DIGITS, decimal_scaled, shifted_decimal
from conflictkg.engine.expressions.texts import LONGEST_TEXT
from conflictkg.engine.expressions.values import (
    NUMBER_TAGS,
    Value,
    integer,
    real,
    string,
    tag_bits,
)
from conflictkg.engine.expressions.writing import lexical
from conflictkg.engine.ids import Tag, pack_term
from conflictkg.engine.program import AggregateProgram

_COUNT_DIGITS = 15
"""Digits of the number of solutions of any query."""
_ZERO = pack_term(Literal("0", XSD + "integer"))
_LONGEST_SUMMAND = 34
"""Digits of decimals that are summed in SQL, so that 38 hold the sum."""


def compile_aggregate(aggregate: Aggregate, scope: Scope, *, is_grouped: bool = False) -> Column:
    """An aggregate, for a SELECT over the solutions of its pattern.

    Args:
        aggregate: The aggregate.
        scope: The solutions.
        is_grouped: Whether there are keys, so that each group has a solution.
    """
    frame = Frame(scope)
    if aggregate.expression is None:
        return to_column(frame, _count_solutions(scope, distinct=aggregate.distinct))
    value = Compiler(frame).value(aggregate.expression)
    if aggregate.name == "COUNT":
        return to_column(frame, _count(frame, value, distinct=aggregate.distinct))
    if aggregate.name == "SAMPLE":
        return to_column(frame, _sample(frame, value))
    if value.is_python:
        return to_column(frame, _by_python(frame, value, aggregate))
    try:
        whole = _NATIVES[aggregate.name](frame, value, aggregate)
    except NotNative:
        return to_column(frame, _by_python(frame, value, aggregate))
    if aggregate.name in {"SUM", "AVG"}:
        whole = _or_zero(frame, whole, is_grouped=is_grouped)
    return to_column(frame, whole)


def _count_solutions(scope: Scope, *, distinct: bool) -> Value:
    if not distinct:
        return integer(exp.Count(this=exp.Star()), _COUNT_DIGITS, nullable=False)
    columns = [scope.column(name) for name in scope.names()]
    items = [
        exp.PropertyEQ(this=exp.to_identifier(f"k{index}"), expression=column.sql.copy())
        for index, column in enumerate(columns)
        if column is not None
    ]
    if not items:
        # Solutions that bind nothing are all the same one.
        any_row = exp.Least(this=exp.Count(this=exp.Star()), expressions=[number(1)])
        return integer(any_row, 1, nullable=False)
    row = exp.Struct(expressions=items)
    counted = exp.Count(this=exp.Distinct(expressions=[row]))
    return integer(counted, _COUNT_DIGITS, nullable=False)


def _one_tree(frame: Frame, value: Value) -> Value:
    return pack_value(frame, value) if value.language is not None else value


def _count(frame: Frame, value: Value, *, distinct: bool) -> Value:
    value = _one_tree(frame, value)
    if distinct:
        if value.rep in {Rep.DOUBLE, Rep.FLOAT}:
            value = pack_value(frame, value)
        counted = exp.Count(this=exp.Distinct(expressions=[value.sql]))
    elif value.nullable:
        counted = exp.Count(this=value.sql)
    else:
        counted = exp.Count(this=exp.Star())
    return integer(counted, _COUNT_DIGITS, nullable=False)


def _sample(frame: Frame, value: Value) -> Value:
    value = _one_tree(frame, value)
    sql = exp.AnyValue(this=value.sql)
    return Value(sql, value.rep, value.tags, True, value.digits)


def _all_known(value: Value, whole: exp.Expr) -> exp.Expr:
    """The aggregate, NULL where a solution has no value."""
    if not value.nullable:
        return whole
    known = binary(exp.EQ, exp.Count(this=exp.Star()), exp.Count(this=value.sql))
    return choose([(known, whole)])


def _or_zero(frame: Frame, whole: Value, *, is_grouped: bool) -> Value:
    """A sum or average that is 0, an integer, without a solution."""
    if is_grouped:
        return whole
    none = binary(exp.EQ, exp.Count(this=exp.Star()), number(0))
    if whole.rep is Rep.INTEGER:
        sql = choose([(none, number(0))], whole.sql)
        return integer(
            sql, whole.digits[0] if whole.digits else HUGE_DIGITS, nullable=whole.nullable
        )
    sql = choose([(none, text(_ZERO))], pack_value(frame, whole).sql)
    return Value(sql, Rep.PACKED, NUMBER_TAGS, whole.nullable)


def _sum(frame: Frame, value: Value, aggregate: Aggregate) -> Value:
    return _total(frame, value, aggregate).value()


def _total(frame: Frame, value: Value, aggregate: Aggregate) -> Number:
    found = exact(frame, value)
    known = Value(found.sql, Rep.ID, nullable=found.nullable)
    if found.kind == INTEGER:
        if found.width > HUGE_DIGITS - _COUNT_DIGITS:
            raise NotNative
        total = _summed(found.sql, distinct=aggregate.distinct)
        return Number(
            INTEGER, _all_known(known, total), found.nullable, found.width + _COUNT_DIGITS
        )
    # Decimals and doubles that are equal may be several terms.
    if aggregate.distinct:
        raise NotNative
    if found.kind == DOUBLE:
        total = _all_known(known, exp.Sum(this=found.sql))
        return Number(DOUBLE, total, found.nullable, double=total)
    if value.is_id_of(tag_bits(Tag.DECIMAL)):
        scaled = exp.Sum(this=decimal_scaled(value.sql))
        total = shifted_decimal(scaled, DECIMAL_DIGITS)
        return Number(
            DECIMAL, _all_known(known, total), found.nullable, HUGE_DIGITS, DECIMAL_DIGITS
        )
    if found.width > _LONGEST_SUMMAND:
        raise NotNative
    total = exp.Sum(this=cast(found.sql, f"DECIMAL({HUGE_DIGITS}, {found.scale})"))
    return Number(DECIMAL, _all_known(known, total), found.nullable, HUGE_DIGITS, found.scale)


def _summed(sql: exp.Expr, *, distinct: bool) -> exp.Expr:
    total = exp.Sum(this=exp.Distinct(expressions=[sql]) if distinct else sql)
    return cast(total, "HUGEINT")


def _average(frame: Frame, value: Value, aggregate: Aggregate) -> Value:
    found = exact(frame, value)
    total = _total(frame, value, aggregate)
    counted: exp.Expr = exp.Count(this=exp.Star())
    if aggregate.distinct:
        counted = exp.Count(this=exp.Distinct(expressions=[found.sql]))
    if total.kind == DOUBLE:
        return real(binary(exp.Div, total.sql, cast(counted, "DOUBLE")), nullable=True)
    operands = [total.value(), integer(counted, _COUNT_DIGITS, nullable=False)]

    def quotient(inner: Frame, given: Sequence[Value]) -> Value:
        dividend, divisor = (exact(inner, each) for each in given)
        return divide(inner, dividend, divisor, quotient_digits=found.width - found.scale + 1)

    return frame.apply(quotient, operands)


def _extreme(kind: type[exp.Func], chosen: type[exp.Func]) -> Callable[..., Value]:
    def native(frame: Frame, value: Value, _aggregate: Aggregate) -> Value:
        if value.rep is Rep.PACKED or value.language is not None:
            raise NotNative
        keys = sort_keys(frame, value)
        if len(keys) == 1 and keys[0] is value.sql:
            found: exp.Expr = kind(this=value.sql)
        else:
            found = chosen(this=value.sql, expression=least_key(frame, value))
        return Value(_all_known(value, found), value.rep, value.tags, True, value.digits)

    return native


def _concatenate(frame: Frame, value: Value, aggregate: Aggregate) -> Value:
    if aggregate.distinct and (value.language is not None or value.tags & (value.tags - 1)):
        # Terms of several kinds may have one lexical form.
        raise NotNative
    if aggregate.distinct and value.tags & ~tag_bits(Tag.STRING, Tag.IRI, Tag.INTEGER, Tag.DATE):
        raise NotNative
    written = frame.apply(lambda inner, given: lexical(inner, given[0]), [value])
    sql: exp.Expr = written.sql
    item: exp.Expr = exp.Distinct(expressions=[sql]) if aggregate.distinct else sql
    if sql.find(exp.Column) is not None:
        # Any order would do; this one is the same each time. DuckDB refuses to sort by a constant.
        keys = [exp.Ordered(this=sql, desc=False, nulls_first=True)]
        item = exp.Order(this=item, expressions=keys)
    whole = exp.GroupConcat(this=item, separator=text(aggregate.separator))
    size = binary(
        exp.Add,
        first_known([exp.Sum(this=length(sql)), number(0)]),
        binary(exp.Mul, exp.Count(this=exp.Star()), number(len(aggregate.separator))),
    )
    fits = binary(exp.LTE, size, number(LONGEST_TEXT))
    missing = Value(sql, Rep.STRING, nullable=True)
    known = choose([(fits, first_known([whole, text("")]))])
    return string(_all_known(missing, known))


def _by_python(frame: Frame, value: Value, aggregate: Aggregate) -> Value:
    value = _one_tree(frame, value)
    if value.rep is not Rep.ID:
        value = pack_value(frame, value)
    items = exp.ArrayAgg(this=value.sql, nulls_excluded=False)
    name, distinct, separator = aggregate.name, aggregate.distinct, aggregate.separator

    def evaluate(values: Sequence[Term | None]) -> Term | None:
        return evaluate_aggregate(name, values, distinct=distinct, separator=separator)

    key = frame.program(AggregateProgram(evaluate, name))
    nothing = {
        Rep.ID: cast(exp.null(), "VARCHAR[]"),
        Rep.PACKED: cast(exp.null(), "BIGINT[]"),
    }[value.rep]
    lists = [items, nothing] if value.rep is Rep.ID else [nothing, items]
    return Value(exp.Anonymous(this="ckg_aggregate", expressions=[key, *lists]), Rep.PACKED)


_NATIVES: dict[str, Callable[[Frame, Value, Aggregate], Value]] = {
    "SUM": _sum,
    "AVG": _average,
    "MIN": _extreme(exp.Min, exp.ArgMin),
    "MAX": _extreme(exp.Max, exp.ArgMax),
    "GROUP_CONCAT": _concatenate,
}
