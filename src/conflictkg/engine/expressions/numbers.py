"""Numbers in SQL: exact for integers and decimals, IEEE for doubles, as the evaluator counts them.

Only one datatype at a time: where a value may be an integer or a decimal row by row, the datatype of a
sum would be another row by row too, and Python computes it. No operation here can overflow, because
the digits of operands are known and those that 38 do not hold are left to Python.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlglot import exp

from conflictkg.answers import Literal
from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import (
    HUGE_DIGITS,
    binary,
    call,
    cast,
    choose,
    double,
    number,
    text,
)
from conflictkg.engine.evaluate.numbers import FRACTION_DIGITS, Single
from conflictkg.engine.evaluate.values import operand_of
from conflictkg.engine.expressions.frame import Frame, NotNative
from conflictkg.engine.expressions.payloads import (
    DECIMAL_DIGITS,
    by_tag,
    decimal_double,
    decimal_scaled,
    decimal_value,
    has_tag,
    integer_value,
    shifted_decimal,
)
from conflictkg.engine.expressions.values import (
    NUMBER_TAGS,
    Value,
    decimal,
    integer,
    real,
    tag_bits,
)
from conflictkg.engine.ids import INTEGER_LIMIT, Tag

INTEGER, DECIMAL, DOUBLE = "integer", "decimal", "double"
_INLINE_INTEGER_DIGITS = 16
_INLINE_DECIMAL_DIGITS = 31
_BIGINT_DIGITS = 18
_EXACT_DOUBLE_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a known datatype.

    Args:
        kind: ``integer``, ``decimal`` or ``double``.
        sql: BIGINT or HUGEINT, DECIMAL, or DOUBLE.
        nullable: Whether it can be NULL.
        width: At most so many digits.
        scale: Digits after the point.
        double: The nearest double, in SQL; ``None`` where SQL cannot round to it.
        is_short: Whether no two such numbers have one nearest double: an inline id's, or of at most 15
            digits.
        unscaled: Of a decimal, the number without its point, where it is at hand.
    """

    kind: str
    sql: exp.Expr
    nullable: bool
    width: int = 0
    scale: int = 0
    double: exp.Expr | None = None
    is_short: bool = False
    unscaled: exp.Expr | None = None

    def value(self) -> Value:
        """It as a value."""
        if self.kind == INTEGER:
            return integer(self.sql, self.width, nullable=self.nullable)
        if self.kind == DECIMAL:
            return decimal(self.sql, self.width, self.scale, nullable=self.nullable)
        return real(self.sql, nullable=self.nullable)


def exact(frame: Frame, value: Value) -> Number:
    """The number of a value; NULL for what is none.

    Raises:
        NotNative: It can be of several datatypes, or of one that SQL does not have.
    """
    if isinstance(value.term, Literal):
        return _constant(value.term)
    if value.rep is Rep.INTEGER:
        width = value.digits[0] if value.digits is not None else HUGE_DIGITS
        as_double = cast(value.sql, "DOUBLE") if width <= _BIGINT_DIGITS else None
        short = width <= _EXACT_DOUBLE_DIGITS
        return Number(INTEGER, value.sql, value.nullable, width, 0, as_double, short)
    if value.rep is Rep.DECIMAL and value.digits is not None:
        width, scale = value.digits
        as_double = cast(value.sql, "DOUBLE") if width <= _EXACT_DOUBLE_DIGITS else None
        short = width <= _EXACT_DOUBLE_DIGITS
        return Number(DECIMAL, value.sql, value.nullable, width, scale, as_double, short)
    if value.rep is Rep.DOUBLE:
        return Number(DOUBLE, value.sql, value.nullable, double=value.sql)
    if value.rep is not Rep.ID:
        raise NotNative
    return _stored(frame, value)


def _stored(frame: Frame, value: Value) -> Number:
    tags = value.tags & NUMBER_TAGS
    sql = value.sql
    nullable = value.nullable or bool(value.tags & ~NUMBER_TAGS)

    def only_if(found: exp.Expr) -> exp.Expr:
        if value.tags == tags:
            return found
        return choose([(has_tag(sql, tags, value.tags), found)])

    if tags == tag_bits(Tag.INTEGER):
        found = only_if(integer_value(sql))
        return Number(
            INTEGER, found, nullable, _INLINE_INTEGER_DIGITS, 0, cast(found, "DOUBLE"), True
        )
    if tags == tag_bits(Tag.DECIMAL):
        return Number(
            DECIMAL,
            only_if(decimal_value(sql)),
            nullable,
            _INLINE_DECIMAL_DIGITS,
            DECIMAL_DIGITS,
            only_if(decimal_double(sql)),
            True,
            only_if(decimal_scaled(sql)),
        )
    if tags == tag_bits(Tag.DOUBLE):
        # ``num`` is also set for NUMERIC, which these tags leave out.
        found = frame.term(value, "num")
        return Number(DOUBLE, found, nullable, double=found)
    raise NotNative


def _constant(literal: Literal) -> Number:
    operand = operand_of(literal)
    if type(operand) is int and len(str(abs(operand))) <= _BIGINT_DIGITS:
        width = len(str(abs(operand)))
        short = abs(operand) <= INTEGER_LIMIT
        return Number(INTEGER, number(operand), False, width, 0, double(float(operand)), short)
    if isinstance(operand, Decimal):
        _, digits, exponent = operand.as_tuple()
        scale = max(-int(exponent), 0)
        width = max(len(digits) + max(int(exponent), 0), scale + 1)
        if width <= HUGE_DIGITS:
            sql = cast(text(format(operand, "f")), f"DECIMAL({width}, {scale})")
            short = len(digits) <= _EXACT_DOUBLE_DIGITS
            return Number(DECIMAL, sql, False, width, scale, double(float(operand)), short)
    if type(operand) is float and not isinstance(operand, Single):
        sql = double(operand)
        return Number(DOUBLE, sql, False, double=sql)
    raise NotNative


def approximate(frame: Frame, value: Value) -> exp.Expr:
    """The nearest double of a value, good enough to compare what the tags of inline ids hold.

    Raises:
        NotNative: SQL cannot round it as the evaluator does.
    """
    tags = value.tags & NUMBER_TAGS
    if value.rep is Rep.ID and value.term is None and tags & (tags - 1):
        if tags & tag_bits(Tag.NUMERIC):
            raise NotNative
        cases = [
            (tag_bits(Tag.INTEGER), cast(integer_value(value.sql), "DOUBLE")),
            (tag_bits(Tag.DECIMAL), decimal_double(value.sql)),
        ]
        if tags & tag_bits(Tag.DOUBLE):
            cases.append((tag_bits(Tag.DOUBLE), frame.term(value, "num")))
        return by_tag(value.sql, value.tags, cases)
    found = exact(frame, value)
    if found.double is None:
        raise NotNative
    return found.double


# Arithmetic


def _promote(frame: Frame, operands: Sequence[Value]) -> tuple[str, list[Number]]:
    found = [exact(frame, operand) for operand in operands]
    kinds = {each.kind for each in found}
    for kind in (DOUBLE, DECIMAL):
        if kind in kinds:
            return kind, found
    return INTEGER, found


def _doubles(found: Sequence[Number]) -> list[exp.Expr]:
    doubles = [each.double for each in found if each.double is not None]
    if len(doubles) < len(found):
        raise NotNative
    return doubles


def _sum(kind: type[exp.Binary]) -> Callable[[Frame, Sequence[Value]], Value]:
    def native(frame: Frame, operands: Sequence[Value]) -> Value:
        datatype, found = _promote(frame, operands)
        nullable = any(each.nullable for each in found)
        if datatype == DOUBLE:
            return real(binary(kind, *_doubles(found)), nullable=nullable)
        scale = max(each.scale for each in found)
        width = max(each.width - each.scale for each in found) + scale + 1
        first, second = (_as_width(each, width, scale, datatype) for each in found)
        return Number(datatype, binary(kind, first, second), nullable, width, scale).value()

    return native


def _as_width(found: Number, width: int, scale: int, datatype: str) -> exp.Expr:
    if width > HUGE_DIGITS:
        raise NotNative
    if datatype == DECIMAL:
        return cast(found.sql, f"DECIMAL({HUGE_DIGITS}, {scale})")
    return cast(found.sql, "HUGEINT") if width > _BIGINT_DIGITS else found.sql


def _product(frame: Frame, operands: Sequence[Value]) -> Value:
    datatype, found = _promote(frame, operands)
    nullable = any(each.nullable for each in found)
    if datatype == DOUBLE:
        return real(binary(exp.Mul, *_doubles(found)), nullable=nullable)
    width = sum(each.width for each in found)
    scale = sum(each.scale for each in found)
    first, second = (_as_width(each, width, each.scale, datatype) for each in found)
    return Number(datatype, binary(exp.Mul, first, second), nullable, width, scale).value()


def _quotient(frame: Frame, operands: Sequence[Value]) -> Value:
    datatype, found = _promote(frame, operands)
    if datatype == DOUBLE:
        nullable = any(each.nullable for each in found)
        return real(binary(exp.Div, *_doubles(found)), nullable=nullable)
    return divide(frame, *found)


def divide(
    frame: Frame, first: Number, second: Number, *, quotient_digits: int | None = None
) -> Value:
    """The quotient of integers or decimals: 18 digits after the point, rounded half to even.

    Args:
        frame: Where it stands.
        first: The dividend.
        second: The divisor.
        quotient_digits: At most so many digits before the point, where the caller knows better.

    Raises:
        NotNative: It takes more than 38 digits.
    """
    shift = FRACTION_DIGITS + second.scale - first.scale
    before = quotient_digits
    if before is None:
        before = first.width - first.scale + second.scale
    width = before + FRACTION_DIGITS
    if shift < 0 or width > HUGE_DIGITS - 1 or second.width + shift > HUGE_DIGITS - 1:
        raise NotNative
    power = cast(text(str(10**shift)), "HUGEINT")

    def quotient(_frame: Frame, operands: Sequence[Value]) -> Value:
        dividend, divisor = (operand.sql for operand in operands)
        return decimal(_rounded_quotient(dividend, divisor, power), width + 1, FRACTION_DIGITS)

    operands = [
        integer(_unscaled(frame, each), each.width, nullable=each.nullable)
        for each in (first, second)
    ]
    return frame.apply(quotient, operands)


def _rounded_quotient(dividend: exp.Expr, divisor: exp.Expr, power: exp.Expr) -> exp.Expr:
    # First the whole part: only the rest, less than the divisor, is shifted.
    rest = binary(exp.Mul, binary(exp.Mod, dividend, divisor), power)
    last = exp.Abs(this=binary(exp.Mod, rest, divisor))
    whole = binary(
        exp.Add,
        binary(exp.Mul, binary(exp.IntDiv, dividend, divisor), power),
        binary(exp.IntDiv, rest, divisor),
    )
    left = exp.Paren(this=binary(exp.Sub, exp.Abs(this=divisor), last))
    is_odd = binary(exp.NEQ, binary(exp.Mod, whole, number(2)), number(0))
    up = binary(
        exp.Or, binary(exp.GT, last, left), binary(exp.And, binary(exp.EQ, last, left), is_odd)
    )
    negative = binary(
        exp.NEQ, binary(exp.LT, dividend, number(0)), binary(exp.LT, divisor, number(0))
    )
    step = choose([(negative, number(-1))], number(1))
    rounded = choose([(up, binary(exp.Add, whole, step))], whole)
    quotient = shifted_decimal(rounded, FRACTION_DIGITS)
    return choose([(binary(exp.NEQ, divisor, number(0)), quotient)])


def _unscaled(frame: Frame, found: Number) -> exp.Expr:
    """The number without its point, a HUGEINT."""
    if not found.scale:
        return cast(found.sql, "HUGEINT")
    if found.unscaled is not None:
        return found.unscaled
    if found.scale > FRACTION_DIGITS:
        raise NotNative

    def native(_frame: Frame, operands: Sequence[Value]) -> Value:
        wide = cast(operands[0].sql, f"DECIMAL({HUGE_DIGITS}, {found.scale})")
        whole = call("FLOOR", wide)
        power = text(str(10**found.scale))
        # All at once would take twice the digits of the scale, and all before the point.
        fraction = binary(
            exp.Mul, binary(exp.Sub, wide, whole), cast(power, f"DECIMAL({HUGE_DIGITS}, 0)")
        )
        before = binary(exp.Mul, cast(whole, "HUGEINT"), cast(power, "HUGEINT"))
        return integer(binary(exp.Add, before, cast(fraction, "HUGEINT")), found.width)

    return frame.apply(native, [found.value()]).sql


def _negative(frame: Frame, operands: Sequence[Value]) -> Value:
    found = exact(frame, operands[0])
    return _same_kind(found, exp.Neg(this=exp.Paren(this=found.sql)))


def _same(frame: Frame, operands: Sequence[Value]) -> Value:
    found = exact(frame, operands[0])
    return _same_kind(found, found.sql)


def _absolute(frame: Frame, operands: Sequence[Value]) -> Value:
    found = exact(frame, operands[0])
    return _same_kind(found, exp.Abs(this=found.sql))


def _same_kind(found: Number, sql: exp.Expr) -> Value:
    return Number(found.kind, sql, found.nullable, found.width, found.scale).value()


def _whole(name: str) -> Callable[[Frame, Sequence[Value]], Value]:
    def native(frame: Frame, operands: Sequence[Value]) -> Value:
        found = exact(frame, operands[0])
        if found.kind == INTEGER or (found.kind == DECIMAL and not found.scale):
            return _same_kind(found, found.sql)
        if found.kind == DOUBLE:
            return real(_whole_double(name, found.sql), nullable=found.nullable)
        wide = cast(found.sql, f"DECIMAL({HUGE_DIGITS}, {found.scale})")
        if name == "ROUND":
            half = cast(text("0.5"), f"DECIMAL({HUGE_DIGITS}, {found.scale})")
            wide = binary(exp.Add, wide, half)
        if found.width >= HUGE_DIGITS:
            raise NotNative
        rounded = call("CEIL" if name == "CEIL" else "FLOOR", wide)
        return decimal(rounded, found.width - found.scale + 1, 0, nullable=found.nullable)

    return native


def _whole_double(name: str, sql: exp.Expr) -> exp.Expr:
    if name != "ROUND":
        return call(name, sql)
    below = call("FLOOR", sql)
    half = binary(exp.GTE, exp.Paren(this=binary(exp.Sub, sql, below)), double(0.5))
    rounded = choose([(half, binary(exp.Add, below, double(1.0)))], below)
    # What comes from below zero keeps its sign.
    from_below = binary(
        exp.And, binary(exp.LT, sql, double(0.0)), binary(exp.GTE, sql, double(-0.5))
    )
    return choose([(from_below, double(-0.0))], rounded)


ARITHMETIC: dict[str, Callable[[Frame, Sequence[Value]], Value]] = {
    "+": _sum(exp.Add),
    "-": _sum(exp.Sub),
    "*": _product,
    "/": _quotient,
    "NEG": _negative,
    "POS": _same,
    "ABS": _absolute,
    "CEIL": _whole("CEIL"),
    "FLOOR": _whole("FLOOR"),
    "ROUND": _whole("ROUND"),
}
