"""What the numbers of ids mean, in SQL: tags, and the values that inline ids carry."""

from sqlglot import exp

from conflictkg.engine.dialect import (
    between,
    binary,
    cast,
    choose,
    concat,
    day,
    length,
    moment,
    number,
    replace_text,
    substring,
    text,
)
from conflictkg.engine.expressions.values import tag_bits
from conflictkg.engine.ids import (
    DATE_OFFSET,
    DATETIME_OFFSET,
    DECIMAL_OFFSET,
    DECIMAL_SCALE_BITS,
    INTEGER_OFFSET,
    PAYLOAD,
    Tag,
    id_range,
    make_id,
)

DECIMAL_DIGITS = 15


def tag_ranges(tags: int) -> list[tuple[int, int]]:
    """The ranges of ids of these tags, neighbours in one."""
    ranges: list[tuple[int, int]] = []
    for tag in Tag:
        if tags & 1 << tag:
            low, high = id_range(tag)
            if ranges and ranges[-1][1] == low - 1:
                low = ranges.pop()[0]
            ranges.append((low, high))
    return ranges


def has_tag(sql: exp.Expr, tags: int, possible: int) -> exp.Expr:
    """Whether an id is of one of these tags; NULL for NULL.

    Args:
        sql: The id.
        tags: What is asked.
        possible: What it can be; bounds that nothing can lie beyond are left out.
    """
    wanted, other = possible & tags, possible & ~tags
    if not other:
        return _never_null(sql, value=True)
    if not wanted:
        return _never_null(sql, value=False)
    conditions = []
    for low, high in tag_ranges(wanted):
        below = any(other & 1 << tag and id_range(tag)[1] < low for tag in Tag)
        above = any(other & 1 << tag and id_range(tag)[0] > high for tag in Tag)
        if below and above:
            conditions.append(between(sql, low, high))
        elif below:
            conditions.append(binary(exp.GTE, sql, number(low)))
        else:
            conditions.append(binary(exp.LTE, sql, number(high)))
    whole = conditions[0]
    for condition in conditions[1:]:
        whole = binary(exp.Or, whole, condition)
    return whole


def _never_null(sql: exp.Expr, *, value: bool) -> exp.Expr:
    return binary(exp.GT if value else exp.LT, sql, number(0))


def by_tag(sql: exp.Expr, possible: int, cases: list[tuple[int, exp.Expr]]) -> exp.Expr:
    """The value of the first case whose tags the id has; NULL for tags without a case."""
    branches: list[tuple[exp.Expr, exp.Expr]] = []
    left = possible
    for tags, value in cases:
        if not tags & left:
            continue
        if not left & ~tags:
            return choose(branches, value)
        branches.append((has_tag(sql, tags, left), value))
        left &= ~tags
    return choose(branches)


def payload(sql: exp.Expr) -> exp.Expr:
    """The payload of an id."""
    return binary(exp.BitwiseAnd, sql, number(PAYLOAD))


def integer_value(sql: exp.Expr) -> exp.Expr:
    """The number of an id of INTEGER."""
    return binary(exp.Sub, sql, number(make_id(Tag.INTEGER, INTEGER_OFFSET)))


def mantissa(sql: exp.Expr) -> exp.Expr:
    """The number of an id of DECIMAL, without its point."""
    shifted = exp.BitwiseRightShift(
        this=exp.Paren(this=payload(sql)), expression=number(DECIMAL_SCALE_BITS)
    )
    return binary(exp.Sub, exp.Paren(this=shifted), number(DECIMAL_OFFSET))


def scale(sql: exp.Expr) -> exp.Expr:
    """How many digits of an id of DECIMAL stand after its point."""
    return binary(exp.BitwiseAnd, sql, number((1 << DECIMAL_SCALE_BITS) - 1))


def decimal_double(sql: exp.Expr) -> exp.Expr:
    """The number of an id of DECIMAL as the nearest DOUBLE: both parts are exact, so one rounding."""
    power = exp.Pow(this=cast(number(10), "DOUBLE"), expression=scale(sql))
    return binary(exp.Div, cast(mantissa(sql), "DOUBLE"), power)


def decimal_scaled(sql: exp.Expr) -> exp.Expr:
    """The number of an id of DECIMAL times 10**15, a HUGEINT."""
    places = binary(exp.Sub, number(DECIMAL_DIGITS), exp.Paren(this=scale(sql)))
    power = exp.Pow(this=cast(number(10), "DOUBLE"), expression=places)
    return binary(exp.Mul, cast(mantissa(sql), "HUGEINT"), cast(power, "HUGEINT"))


def decimal_value(sql: exp.Expr) -> exp.Expr:
    """The number of an id of DECIMAL as DECIMAL(38, 15), exact; it has at most 31 digits."""
    return shifted_decimal(decimal_scaled(sql), DECIMAL_DIGITS)


def shifted_decimal(sql: exp.Expr, places: int) -> exp.Expr:
    """A HUGEINT divided by a power of ten, as DECIMAL(38, places)."""
    unit = cast(text("0." + "0" * (places - 1) + "1"), f"DECIMAL({places + 1}, {places})")
    return binary(exp.Mul, cast(sql, "DECIMAL(38, 0)"), unit)


def decimal_text(sql: exp.Expr) -> exp.Expr:
    """The lexical form of an id of DECIMAL, with all its digits."""
    whole = cast(decimal_value(sql), "VARCHAR")
    # "1.500000000000000" less the digits that the literal has not; without any its point goes too.
    digits = exp.Paren(this=scale(sql))
    spare = choose(
        [(binary(exp.EQ, digits, number(0)), number(DECIMAL_DIGITS + 1))],
        binary(exp.Sub, number(DECIMAL_DIGITS), digits.copy()),
    )
    return substring(whole, number(1), binary(exp.Sub, length(whole.copy()), exp.Paren(this=spare)))


def date_days(sql: exp.Expr) -> exp.Expr:
    """Days since 1970 of an id of DATE."""
    return binary(exp.Sub, sql, number(make_id(Tag.DATE, DATE_OFFSET)))


def datetime_microseconds(sql: exp.Expr, tags: int) -> exp.Expr:
    """Microseconds since 1970 of an id of DATETIME or DATETIME_UTC, whichever it can be."""
    for tag in (Tag.DATETIME, Tag.DATETIME_UTC):
        if not tags & ~tag_bits(tag):
            return binary(exp.Sub, sql, number(make_id(tag, DATETIME_OFFSET)))
    return binary(exp.Sub, exp.Paren(this=payload(sql)), number(DATETIME_OFFSET))


def date_text(sql: exp.Expr) -> exp.Expr:
    """The lexical form of an id of DATE."""
    return cast(day(date_days(sql)), "VARCHAR")


def datetime_text(sql: exp.Expr, tags: int) -> exp.Expr:
    """The lexical form of an id of DATETIME or DATETIME_UTC."""
    written = cast(moment(datetime_microseconds(sql, tags)), "VARCHAR")
    # DuckDB writes no fraction, or one without zeros at its end.
    clock = replace_text(written, " ", "T")
    zoned = has_tag(sql, tag_bits(Tag.DATETIME_UTC), tags)
    return concat(clock, exp.Paren(this=choose([(zoned, text("Z"))], text(""))))


def boolean_value(sql: exp.Expr) -> exp.Expr:
    """The BOOLEAN of an id of BOOLEAN."""
    return binary(exp.EQ, sql, number(make_id(Tag.BOOLEAN, 1)))


def boolean_text(sql: exp.Expr) -> exp.Expr:
    """The lexical form of an id of BOOLEAN."""
    # A cast of NULL is NULL, where a CASE would answer "false".
    return cast(boolean_value(sql), "VARCHAR")


def blank_text(sql: exp.Expr) -> exp.Expr:
    """The label of an id of BLANK."""
    return concat(text("b"), cast(payload(sql), "VARCHAR"))
