"""Numbers as SPARQL counts: four types, each promoted to the next, exact as long as it can be.

The Python type says the datatype: ``int`` is ``xsd:integer``, ``Decimal`` is ``xsd:decimal``,
:class:`Single` is ``xsd:float`` and ``float`` is ``xsd:double``. Integers and decimals are exact to
1,000 digits; beyond them is an error.
"""

import math
import re
import struct
from collections.abc import Callable
from decimal import (
    ROUND_CEILING,
    ROUND_FLOOR,
    ROUND_HALF_EVEN,
    Clamped,
    Context,
    Decimal,
    DecimalException,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)

import numpy as np

from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.ids import LONGEST_NUMBER


class Single(float):
    """A number of single precision. Its value has been rounded to one already."""

    __slots__ = ()


Number = int | Decimal | Single | float
RANKS: dict[type, int] = {int: 0, Decimal: 1, Single: 2, float: 3}
"""Types of numbers; the higher rank is what two numbers are promoted to."""

DIGITS = LONGEST_NUMBER
FRACTION_DIGITS = 18
"""Digits after the point to which a quotient of decimals is rounded, half to even."""

_BOUND = 10**DIGITS
_TRAPS = [InvalidOperation, DivisionByZero, Overflow, Clamped]
_EXACT = Context(prec=DIGITS, Emin=-9999, Emax=9999, traps=[*_TRAPS, Inexact])
_ROUNDING = Context(prec=DIGITS, Emin=-9999, Emax=9999, rounding=ROUND_HALF_EVEN, traps=_TRAPS)
_LAST_PLACE = Decimal(1).scaleb(-FRACTION_DIGITS)
_HALF = Decimal("0.5")
_SINGLE = struct.Struct("<f")
_DOUBLE_BITS = struct.Struct("<q")
_DOUBLE = struct.Struct("<d")

_INTEGER_FORM = re.compile(r"[+-]?[0-9]+")
_DECIMAL_FORM = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_DOUBLE_FORM = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?INF|NaN")


# Reading


def parse_integer(lexical: str) -> int | None:
    """The integer; ``None`` where this is none, or too long."""
    if lexical.isascii() and lexical.isdigit() and len(lexical) < DIGITS:
        return int(lexical)
    if len(lexical) > DIGITS or not _INTEGER_FORM.fullmatch(lexical):
        return None
    return int(lexical)


def parse_decimal(lexical: str) -> Decimal | None:
    """The decimal; ``None`` where this is none, or too long.

    >>> parse_decimal("+1.50")
    Decimal('1.50')
    """
    if len(lexical) > DIGITS or not _DECIMAL_FORM.fullmatch(lexical):
        return None
    return Decimal(lexical)


def parse_double(lexical: str) -> float | None:
    """The double; ``None`` where this is none."""
    if not _DOUBLE_FORM.fullmatch(lexical):
        return None
    # float() knows "inf" and "nan" in any case.
    return float(lexical)


def parse_single(lexical: str) -> Single | None:
    """The single; ``None`` where this is none."""
    if len(lexical) > DIGITS or not _DOUBLE_FORM.fullmatch(lexical):
        return None
    double = float(lexical)
    return _round_to_single(double, lambda: Decimal(lexical))


# Promotion


def to_double(number: Number) -> float:
    """The nearest double."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def to_single(number: Number) -> Single:
    """The nearest single.

    >>> to_single(16777217)
    16777216.0
    """
    if type(number) is Single:
        return number
    return _round_to_single(to_double(number), lambda: Decimal(number))


def to_decimal(number: Number) -> Decimal:
    """The decimal of the same value; of a double or single, the shortest that reads back as it.

    Raises:
        ExpressionError: Infinities and NaN have none.

    >>> to_decimal(1e-3)
    Decimal('0.001')
    """
    if isinstance(number, Decimal):
        return number
    if isinstance(number, float):
        if not math.isfinite(number):
            raise ExpressionError
        # "f" keeps positive exponents out, which no other decimal of ours has.
        return Decimal(format(Decimal(_shortest(number)), "f"))
    return Decimal(number)


def promote(first: Number, second: Number) -> tuple[Number, Number]:
    """Both in the type of the one that ranks higher."""
    rank = max(RANKS[type(first)], RANKS[type(second)])
    if rank == 3:
        return to_double(first), to_double(second)
    if rank == 2:
        return to_single(first), to_single(second)
    if rank == 1:
        return Decimal(first), Decimal(second)
    return first, second


def _round_to_single(double: float, exact: Callable[[], Decimal]) -> Single:
    # A double half way between two singles may itself have been rounded: then the exact value decides.
    try:
        rounded = _SINGLE.unpack(_SINGLE.pack(double))[0]
    except OverflowError:
        return Single(math.copysign(math.inf, double))
    if rounded != double and double == double:
        bits: int = _DOUBLE_BITS.unpack(_DOUBLE.pack(double))[0]
        if bits & 0x1FFFFFFF == 0x10000000:
            true = exact()
            if true != double:
                towards = math.inf if true > double else -math.inf
                rounded = _SINGLE.unpack(_SINGLE.pack(math.nextafter(double, towards)))[0]
    return Single(rounded)


# Arithmetic


def add(first: Number, second: Number) -> Number:
    """The sum."""
    if type(first) is int and type(second) is int:
        return _bounded(first + second)
    return _combine(first, second, _EXACT.add, float.__add__)


def subtract(first: Number, second: Number) -> Number:
    """The difference."""
    if type(first) is int and type(second) is int:
        return _bounded(first - second)
    return _combine(first, second, _EXACT.subtract, float.__sub__)


def multiply(first: Number, second: Number) -> Number:
    """The product."""
    if type(first) is int and type(second) is int:
        return _bounded(first * second)
    return _combine(first, second, _EXACT.multiply, float.__mul__)


def divide(first: Number, second: Number) -> Number:
    """The quotient: of integers a decimal, of doubles with infinities and NaN.

    >>> divide(2, 3), divide(1.0, 0.0)
    (Decimal('0.666666666666666667'), inf)
    """
    if type(first) is int and type(second) is int:
        first, second = Decimal(first), Decimal(second)
    return _combine(first, second, _divide_exact, _divide_float)


def _combine(
    first: Number,
    second: Number,
    exactly: Callable[[Decimal, Decimal], Decimal],
    floating: Callable[[float, float], float],
) -> Number:
    left, right = promote(first, second)
    if isinstance(left, Decimal):
        try:
            return exactly(left, Decimal(right))
        except DecimalException:
            raise ExpressionError from None
    # Rounding a double's result to single is the same as computing in single: 53 >= 2 * 24 + 2 bits.
    result = floating(float(left), float(right))
    return to_single(result) if type(left) is Single else result


def _divide_exact(first: Decimal, second: Decimal) -> Decimal:
    if not second:
        raise ExpressionError
    quotient = _ROUNDING.divide(first, second)
    return _ROUNDING.quantize(quotient, _LAST_PLACE)


def _divide_float(first: float, second: float) -> float:
    if second:
        return first / second
    if not first or math.isnan(first):
        return math.nan
    return math.copysign(math.inf, first) * math.copysign(1.0, second)


def exact_sum(first: int | Decimal, second: int | Decimal) -> int | Decimal:
    """The exact sum; of two integers an integer.

    Raises:
        ExpressionError: It has too many digits.
    """
    if type(first) is int and type(second) is int:
        return first + second
    try:
        return _EXACT.add(Decimal(first), Decimal(second))
    except DecimalException:
        raise ExpressionError from None


def _bounded(number: int) -> int:
    if -_BOUND < number < _BOUND:
        return number
    raise ExpressionError


def negate(number: Number) -> Number:
    """The number with the other sign."""
    if isinstance(number, Decimal):
        # Decimal's own minus rounds to 28 digits.
        return number.copy_negate()
    return type(number)(-number)


def absolute(number: Number) -> Number:
    """The number without its sign."""
    if isinstance(number, Decimal):
        return number.copy_abs()
    return type(number)(abs(number))


def floor(number: Number) -> Number:
    """The next whole number down, in the same type."""
    if isinstance(number, Decimal):
        return number.to_integral_value(ROUND_FLOOR)
    return _whole(number, math.floor)


def ceiling(number: Number) -> Number:
    """The next whole number up, in the same type."""
    if isinstance(number, Decimal):
        return number.to_integral_value(ROUND_CEILING)
    return _whole(number, math.ceil)


def round_half_up(number: Number) -> Number:
    """The nearest whole number, in the same type; of two equally near the greater.

    >>> round_half_up(-2.5), round_half_up(Decimal("2.5"))
    (-2.0, Decimal('3'))
    """
    if isinstance(number, Decimal):
        whole = number.to_integral_value(ROUND_FLOOR)
        return _EXACT.add(whole, Decimal(1)) if _EXACT.subtract(number, whole) >= _HALF else whole
    return _whole(number, _nearest)


def _nearest(number: float) -> int:
    below = math.floor(number)
    return below + 1 if number - below >= 0.5 else below


def _whole(number: int | float, rounding: Callable[[float], int]) -> Number:
    if type(number) is int or not math.isfinite(number):
        return number
    # A whole number that came from below zero keeps its sign: CEIL(-0.5e0) is -0.
    return type(number)(math.copysign(rounding(number), number))


def truncate(number: Number) -> int:
    """The whole number towards zero.

    Raises:
        ExpressionError: Infinities and NaN have none.
    """
    try:
        return int(number)
    except (OverflowError, ValueError):
        raise ExpressionError from None


def compare(first: Number, second: Number) -> int | None:
    """-1, 0 or 1, or ``None`` where one is NaN."""
    if type(first) is not type(second):
        first, second = promote(first, second)
    if first == second:
        return 0
    if first < second:
        return -1
    return 1 if first > second else None


# Writing


def decimal_lexical(number: Decimal) -> str:
    """The canonical form of ``xsd:decimal``: no exponent, no point without digits after it.

    >>> decimal_lexical(Decimal("2.50")), decimal_lexical(Decimal("-0.0"))
    ('2.5', '0')
    """
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def double_lexical(number: float) -> str:
    """The canonical form of ``xsd:double``, and of ``xsd:float`` for a :class:`Single`.

    >>> double_lexical(1000.0), double_lexical(-0.00125), double_lexical(math.inf)
    ('1.0E3', '-1.25E-3', 'INF')
    """
    if not math.isfinite(number):
        return "NaN" if math.isnan(number) else "INF" if number > 0 else "-INF"
    sign, digits, exponent = Decimal(_shortest(number)).as_tuple()
    text = "".join(map(str, digits))
    power = int(exponent) + len(text) - 1 if number else 0
    fraction = text[1:].rstrip("0") or "0"
    return f"{'-' if sign else ''}{text[0]}.{fraction}E{power}"


def _shortest(number: float) -> str:
    if type(number) is Single:
        return np.format_float_scientific(np.float32(number), unique=True)
    return repr(float(number))
