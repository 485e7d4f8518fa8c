"""The order of all terms, for ``ORDER BY``, ``MIN`` and ``MAX``."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from conflictkg.answers import XSD, Blank, Iri, Literal, Term, Triple
from conflictkg.engine.evaluate.durations import Duration
from conflictkg.engine.evaluate.moments import Moment
from conflictkg.engine.evaluate.numbers import Single, exact_sum
from conflictkg.engine.evaluate.values import Tagged, operand_of

OrderKey = tuple[Any, ...]
"""Compares with every other; what stands at one place of it is of one type wherever the places before are equal."""

_STORED_BLANK = re.compile(r"b([0-9]{1,18})")


def order_key(term: Term | None) -> OrderKey:
    """A key that sorts terms as ``ORDER BY`` wants them.

    0. unbound;
    1. blank nodes: stored ones by number, then others by label;
    2. IRIs, by code point;
    3. well-formed numbers of all datatypes, by exact value; NaN comes last;
    4. strings, by code point;
    5. strings with a language, by code point, then by language tag;
    6. booleans, false first;
    7. dateTimes, by value, without a zone as if in UTC; of equal ones those without a zone first;
    8. dates, the same way;
    9. all other literals, by datatype, then by value (times, durations and parts of dates, the least
       length or beginning first), then ill-typed and unknown ones by lexical form;
    10. triple terms.

    Equal keys mean that the next key of ``ORDER BY`` decides: ``1`` and ``1.0`` have one key. Where
    ``<`` says that one literal is less than another of its datatype, its key is less or equal.

    >>> order_key(Iri("http://example.org/")) < order_key(Literal("a"))
    True
    """
    if term is None:
        return (0,)
    operand = operand_of(term)
    return _KEYS[type(operand)](operand)


def _blank_key(blank: Blank) -> OrderKey:
    stored = _STORED_BLANK.fullmatch(blank.label)
    return (1, 0, int(stored[1])) if stored else (1, 1, blank.label)


def _float_key(number: float) -> OrderKey:
    return (3, 0, number) if number == number else (3, 1)


def _moment_key(moment: Moment) -> OrderKey:
    by_value = (moment.instant, moment.zone is not None)
    if moment.kind in {"dateTime", "dateTimeStamp"}:
        return (7, *by_value)
    if moment.kind == "date":
        return (8, *by_value)
    return (9, XSD + moment.kind, 0, *by_value)


def _duration_key(duration: Duration) -> OrderKey:
    # The length at a month of 30.436875 days, the Gregorian mean: what the partial order knows agrees.
    length = exact_sum(duration.months * 2629746, duration.seconds)
    return (9, XSD + duration.kind, 0, length, duration.months)


def _triple_key(triple: Triple) -> OrderKey:
    parts = (triple.subject, triple.predicate, triple.object)
    return (10, *(order_key(part) for part in parts))


def _other_key(literal: Literal) -> OrderKey:
    tail = (literal.language.lower(), literal.direction)
    return (9, literal.datatype, 1, literal.lexical, *tail)


_KEYS: Mapping[type, Callable[[Any], OrderKey]] = {
    Blank: _blank_key,
    Iri: lambda iri: (2, iri.value),
    int: lambda number: (3, 0, number),
    Decimal: lambda number: (3, 0, number),
    Single: _float_key,
    float: _float_key,
    str: lambda text: (4, text),
    Tagged: lambda string: (5, string.text, string.language),
    bool: lambda flag: (6, flag),
    Moment: _moment_key,
    Duration: _duration_key,
    Literal: _other_key,
    Triple: _triple_key,
}
