"""The order of all terms, and aggregates."""

import itertools
import random
from collections.abc import Sequence

import pytest
from evaluated import turtle
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictkg.answers import RDF_LANG_STRING, XSD, Blank, Iri, Literal, Term, Triple
from conflictkg.engine.evaluate import (
    ExpressionError,
    aggregate,
    compare,
    order_key,
    same_value,
)


def typed(name: str, *lexicals: str) -> list[Term]:
    return [Literal(lexical, XSD + name) for lexical in lexicals]


# Groups of terms with equal keys, in order.
ORDER: list[list[Term | None]] = [
    [None],
    [Blank("b2")],
    [Blank("b10")],
    [Blank("g1")],
    [Iri("http://a")],
    [Iri("http://b")],
    [*typed("double", "-INF"), *typed("float", "-INF")],
    [*typed("integer", "-3"), *typed("decimal", "-3.0")],
    [*typed("integer", "1", "01"), *typed("double", "1e0"), *typed("byte", "1")],
    [*typed("decimal", "1.5")],
    [*typed("integer", "9007199254740992"), *typed("double", "9007199254740992")],
    [*typed("integer", "9007199254740993")],
    [*typed("double", "INF")],
    [*typed("double", "NaN"), *typed("float", "NaN")],
    [Literal("")],
    [Literal("B")],
    [Literal("a")],
    [Literal("\uffff")],
    [Literal("\U0001f600")],
    [Literal("a", RDF_LANG_STRING, "de")],
    [Literal("a", RDF_LANG_STRING, "en")],
    [Literal("b", RDF_LANG_STRING, "de")],
    [*typed("boolean", "false", "0")],
    [*typed("boolean", "true", "1")],
    [*typed("dateTime", "2020-01-01T00:00:00")],
    [*typed("dateTime", "2020-01-01T00:00:00Z", "2020-01-01T01:00:00+01:00")],
    [*typed("dateTime", "2020-01-01T00:00:00.5")],
    [*typed("date", "-0001-01-01")],
    [*typed("date", "2020-01-01")],
    [*typed("date", "2020-01-01Z")],
    [Literal("a", "http://a/type")],
    [Literal("b", "http://a/type")],
    [Literal("a", "http://b/type")],
    [*typed("boolean", "maybe")],
    [*typed("dayTimeDuration", "P1D", "PT24H")],
    [*typed("dayTimeDuration", "P2D")],
    [*typed("integer", "x")],
    [*typed("time", "10:00:00")],
    [*typed("time", "11:00:00")],
    [*typed("time", "1")],
    [Triple(Iri("http://a"), Iri("http://p"), Literal("a"))],
    [Triple(Iri("http://a"), Iri("http://p"), Literal("b"))],
]
TERMS = [term for group in ORDER for term in group if term is not None]


def test_terms_sort_in_the_documented_order() -> None:
    """Groups in their order, and equal keys within a group."""
    keys = [{order_key(term) for term in group} for group in ORDER]
    assert [len(each) for each in keys] == [1] * len(ORDER)
    flat = [key for group in keys for key in group]
    shuffled = random.Random(1).sample(flat, len(flat))  # noqa: S311  no secret
    assert sorted(shuffled) == flat


def test_order_never_contradicts_less_than() -> None:
    """Where ``<`` knows which of two terms is less, ORDER BY agrees, and ``=`` knows the rest."""
    compared = 0
    for first, second in itertools.product(TERMS, TERMS):
        try:
            sign = compare(first, second)
        except ExpressionError:
            continue
        compared += 1
        assert compare(second, first) == -sign
        assert same_value(first, second) is (sign == 0)
        if sign < 0:
            assert order_key(first) <= order_key(second), (first, second)
    assert compared > 200


NUMBERS = st.one_of(
    st.integers().map(lambda n: Literal(str(n), XSD + "integer")),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(
        lambda n: Literal(format(n, "f"), XSD + "decimal")
    ),
    st.floats().map(
        lambda n: Literal(repr(n).replace("inf", "INF").replace("nan", "NaN"), XSD + "double")
    ),
    st.floats(width=32).map(
        lambda n: Literal(repr(n).replace("inf", "INF").replace("nan", "NaN"), XSD + "float")
    ),
)
ANY = st.one_of(
    NUMBERS,
    st.text(max_size=4).map(Literal),
    st.sampled_from(TERMS),
    st.datetimes().map(lambda moment: Literal(moment.isoformat(), XSD + "dateTime")),
)


@settings(max_examples=1000, deadline=None)
@given(first=ANY, second=ANY, third=ANY)
def test_order_is_total_and_transitive(first: Term, second: Term, third: Term) -> None:
    """Any three terms can be sorted, and come out the same from any order of input."""
    expected = [order_key(term) for term in sorted([first, second, third], key=order_key)]
    for mixed in itertools.permutations([first, second, third]):
        assert [order_key(term) for term in sorted(mixed, key=order_key)] == expected


@settings(max_examples=1000, deadline=None)
@given(first=NUMBERS, second=NUMBERS)
def test_drawn_numbers_sort_as_less_than_says(first: Term, second: Term) -> None:
    """Promotion rounds, and never turns an order round."""
    try:
        sign = compare(first, second)
    except ExpressionError:
        return
    if sign:
        assert (order_key(first) < order_key(second)) is (sign < 0)


ONE, TWO = Literal("1", XSD + "integer"), Literal("2", XSD + "integer")
HALF, DOUBLE = Literal("0.50", XSD + "decimal"), Literal("1e0", XSD + "double")
A, B = Literal("a"), Literal("b", RDF_LANG_STRING, "en")
AGGREGATES = [
    ("COUNT", [], False, '"0"^^xsd:integer'),
    ("COUNT", [ONE, None, ONE], False, '"2"^^xsd:integer'),
    ("COUNT", [ONE, None, ONE], True, '"1"^^xsd:integer'),
    ("SUM", [], False, '"0"^^xsd:integer'),
    ("SUM", [ONE, TWO, TWO], False, '"5"^^xsd:integer'),
    ("SUM", [ONE, TWO, TWO], True, '"3"^^xsd:integer'),
    ("SUM", [ONE, HALF], False, '"1.5"^^xsd:decimal'),
    ("SUM", [ONE, DOUBLE], True, '"2.0E0"^^xsd:double'),
    ("SUM", [ONE, None], False, ""),
    ("SUM", [ONE, A], False, ""),
    ("AVG", [], False, '"0"^^xsd:integer'),
    ("AVG", [ONE, TWO], False, '"1.5"^^xsd:decimal'),
    ("AVG", [TWO, TWO], False, '"2"^^xsd:decimal'),
    ("AVG", [DOUBLE, TWO], False, '"1.5E0"^^xsd:double'),
    ("AVG", [ONE, Blank("b1")], False, ""),
    ("AVG", [ONE, None], False, ""),
    ("MIN", [], False, ""),
    ("MIN", [TWO, A, ONE], False, '"1"^^xsd:integer'),
    ("MIN", [ONE, None], False, ""),
    ("MAX", [ONE, DOUBLE], False, '"1"^^xsd:integer'),
    ("MAX", [TWO, Iri("http://a"), A], False, '"a"'),
    ("MAX", [], False, ""),
    ("SAMPLE", [], False, ""),
    ("SAMPLE", [None, A], False, '"a"'),
    ("GROUP_CONCAT", [], False, '""'),
    ("GROUP_CONCAT", [A, B, ONE, A], False, '"a|b|1|a"'),
    ("GROUP_CONCAT", [A, B, A], True, '"a|b"'),
    ("GROUP_CONCAT", [A, Iri("http://a")], False, '"a|http://a"'),
    ("GROUP_CONCAT", [A, Blank("b1")], False, ""),
    ("GROUP_CONCAT", [A, None], False, ""),
    ("GROUP_CONCAT", [Literal("a" * 6_000_000)] * 2, False, ""),
]


@pytest.mark.parametrize(("name", "values", "distinct", "expected"), AGGREGATES)
def test_aggregates_follow_the_specification(
    name: str, values: Sequence[Term | None], *, distinct: bool, expected: str
) -> None:
    """With errors, unbound values, DISTINCT by term and groups without solutions."""
    assert turtle(aggregate(name, values, distinct=distinct, separator="|")) == expected
