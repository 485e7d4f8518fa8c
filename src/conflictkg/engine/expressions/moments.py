"""Fields of dates and dateTimes in SQL."""

from collections.abc import Callable, Sequence

from sqlglot import exp

from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import (
    binary,
    cast,
    choose,
    day,
    is_null,
    moment,
    negation,
    number,
    part_of,
    text,
)
from conflictkg.engine.expressions.frame import Frame, NotNative
from conflictkg.engine.expressions.payloads import (
    by_tag,
    date_days,
    datetime_microseconds,
    has_tag,
    shifted_decimal,
)
from conflictkg.engine.expressions.values import (
    MOMENT_TAGS,
    Value,
    decimal,
    integer,
    string,
    tag_bits,
)
from conflictkg.engine.ids import Tag

_DATE = tag_bits(Tag.DATE)
_MINUTE_US = 60_000_000
_MICROSECOND_DIGITS = 6


def _require_stored(value: Value) -> None:
    # Zoned dates and years alone are SPECIAL: the evaluator in Python reads them.
    if value.rep is not Rep.ID or value.tags & tag_bits(Tag.SPECIAL):
        raise NotNative


def _field(name: str, width: int, *, of_date: bool) -> Callable[[Frame, Sequence[Value]], Value]:
    def native(_frame: Frame, operands: Sequence[Value]) -> Value:
        value = operands[0]
        _require_stored(value)
        stamp = moment(datetime_microseconds(value.sql, value.tags & MOMENT_TAGS))
        cases = [(MOMENT_TAGS, part_of(name, stamp))]
        if of_date:
            cases.append((_DATE, part_of(name, day(date_days(value.sql)))))
        found = by_tag(value.sql, value.tags, cases)
        held = MOMENT_TAGS | _DATE if of_date else MOMENT_TAGS
        nullable = value.nullable or not value.has_only(held)
        return integer(cast(found, "BIGINT"), width, nullable=nullable)

    return native


def _seconds(_frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    _require_stored(value)
    microseconds = datetime_microseconds(value.sql, value.tags & MOMENT_TAGS)
    # Of moments before 1970 the remainder is negative.
    once = binary(exp.Mod, exp.Paren(this=microseconds), number(_MINUTE_US))
    positive = binary(
        exp.Mod,
        exp.Paren(this=binary(exp.Add, exp.Paren(this=once), number(_MINUTE_US))),
        number(_MINUTE_US),
    )
    found = by_tag(
        value.sql, value.tags, [(MOMENT_TAGS, shifted_decimal(positive, _MICROSECOND_DIGITS))]
    )
    nullable = value.nullable or not value.has_only(MOMENT_TAGS)
    return decimal(found, _MICROSECOND_DIGITS + 2, _MICROSECOND_DIGITS, nullable=nullable)


def _zone(_frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    _require_stored(value)
    zoned = tag_bits(Tag.DATETIME_UTC)
    plain = tag_bits(Tag.DATETIME) | _DATE
    branches = []
    if value.tags & zoned:
        branches.append((has_tag(value.sql, zoned, value.tags), text("Z")))
    if value.tags & plain:
        branches.append((has_tag(value.sql, plain, value.tags), text("")))
    if not branches:
        return string(choose([(negation(is_null(value.sql)), cast(exp.null(), "VARCHAR"))]))
    nullable = value.nullable or not value.has_only(plain | zoned)
    return string(choose(branches), nullable=nullable)


MOMENT_FUNCTIONS: dict[str, Callable[[Frame, Sequence[Value]], Value]] = {
    "YEAR": _field("YEAR", 4, of_date=True),
    "MONTH": _field("MONTH", 2, of_date=True),
    "DAY": _field("DAY", 2, of_date=True),
    "HOURS": _field("HOUR", 2, of_date=False),
    "MINUTES": _field("MINUTE", 2, of_date=False),
    "SECONDS": _seconds,
    "TZ": _zone,
}
