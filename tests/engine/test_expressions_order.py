"""ORDER BY, aggregates and conversions in SQL: the evaluator's order, its aggregates, its terms."""

import math
from collections.abc import Mapping, Sequence

import pytest
from expression_rows import COMPUTED, MIXTURES, TERMS, Rows
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conflictkg.answers import XSD, Literal, Term
from conflictkg.engine.algebra import Aggregate, Var
from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import to_sql
from conflictkg.engine.evaluate import OrderKey, order_key
from conflictkg.engine.evaluate import aggregate as evaluate_aggregate
from conflictkg.engine.evaluate.values import operand_of
from conflictkg.engine.expressions import (
    common_rep,
    compile_aggregate,
    compile_value,
    equal_terms,
    order_keys,
    to_id,
    to_packed,
)
from conflictkg.engine.expressions.sorting import sort_text

_ALL = [term for terms in TERMS.values() for term in terms]
_NAMES = ["COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT"]


def rough_key(term: Term | None) -> OrderKey:
    """The evaluator's key, numbers as doubles: what SQL promises."""
    key = order_key(term)
    return (3, 0, float(key[2])) if key[:2] == (3, 0) else key


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("numbered", ["in order", "as they come"])
@pytest.mark.parametrize("kinds", MIXTURES, ids="+".join)
def test_sql_sorts_as_the_evaluator(kinds: list[str], numbered: str, *, descending: bool) -> None:
    """Terms of any tags come in the evaluator's order, unbound first or last, however they are numbered."""
    terms: list[Term | None] = [None, *(term for kind in kinds for term in TERMS[kind])]
    in_order = sorted(terms, key=order_key) if numbered == "in order" else []
    terms = in_order + terms[::-1] + terms[::3]
    rows = Rows([{"a": term} for term in terms])
    _check_order(rows, terms, descending=descending)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("rep", sorted(COMPUTED, key=str), ids=str)
def test_sql_sorts_computed_columns(rep: Rep, *, descending: bool) -> None:
    """The same of columns that are not ids."""
    terms: list[Term | None] = [None, *(_ALL if rep is Rep.PACKED else COMPUTED[rep])][::-1]
    _check_order(Rows([{"a": term} for term in terms], {"a": rep}), terms, descending=descending)


def _check_order(rows: Rows, terms: Sequence[Term | None], *, descending: bool) -> None:
    scope = rows.scope()
    column = compile_value(Var("a"), scope)
    keys = ", ".join(to_sql(key) for key in order_keys(column, descending, scope))
    found = rows.values(column, scope, f"ORDER BY {keys}")
    expected = sorted(terms, key=order_key, reverse=descending)
    assert [rough_key(term) for term in found] == [rough_key(term) for term in expected]


@given(st.lists(st.sampled_from(_ALL), min_size=2, max_size=2))
def test_sort_texts_compare_as_keys(pair: list[Term]) -> None:
    """The text that stands for a term compares with another as the evaluator's keys do."""
    first, second = pair
    one, other = order_key(first), order_key(second)
    assert (sort_text(first) < sort_text(second)) == (one < other)


@given(
    st.lists(
        st.floats(allow_nan=False) | st.integers() | st.decimals(-(10**30), 10**30, places=3),
        min_size=2,
        max_size=2,
    )
)
def test_sort_texts_of_numbers_compare_by_value(numbers: list[float]) -> None:
    """Numbers of all datatypes, exactly."""
    first, second = (
        Literal(_lexical(each), XSD + ("double" if isinstance(each, float) else "decimal"))
        for each in numbers
    )
    assert (sort_text(first) < sort_text(second)) == (numbers[0] < numbers[1])


def _lexical(number: object) -> str:
    return (
        str(number).replace("inf", "INF")
        if isinstance(number, float)
        else format(number, "f" if not isinstance(number, int) else "d")
    )


def groups(kinds: Sequence[str]) -> st.SearchStrategy[list[Term | None]]:
    """The solutions of one group."""
    pool = [term for kind in kinds for term in TERMS[kind]]
    known: st.SearchStrategy[Term | None] = st.sampled_from(pool)
    return st.lists(known, max_size=6) | st.lists(st.none() | known, max_size=4)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from(_NAMES), st.booleans())
def test_aggregates_of_ids(data: st.DataObject, name: str, distinct: bool) -> None:
    """Each aggregate over ids of any tags, also of no solutions."""
    kinds = data.draw(st.sampled_from(MIXTURES))
    check_aggregate(data.draw(groups(kinds)), name, distinct=distinct)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.sampled_from(_NAMES), st.booleans())
def test_aggregates_of_computed_columns(data: st.DataObject, name: str, distinct: bool) -> None:
    """Each aggregate over what is no id."""
    rep = data.draw(st.sampled_from(sorted(COMPUTED, key=str)))
    terms = data.draw(st.lists(st.none() | st.sampled_from(COMPUTED[rep]), max_size=5))
    check_aggregate(terms, name, {"a": rep}, distinct=distinct)


def check_aggregate(
    terms: Sequence[Term | None],
    name: str,
    reps: Mapping[str, Rep] | None = None,
    *,
    distinct: bool,
) -> None:
    """Compare one aggregate of one group with the evaluator's."""
    rows = Rows([{"a": term} for term in terms] or [], reps) if terms else Rows([], reps)
    scope = rows.scope()
    column = compile_aggregate(Aggregate(name, Var("a"), distinct, ", "), scope)
    (found,) = rows.values(column, scope, "")
    expected = evaluate_aggregate(name, terms, distinct=distinct, separator=", ")
    if name == "SAMPLE":
        assert (found in terms) if expected is not None else found is None
    elif name == "GROUP_CONCAT" and found is not None and expected is not None:
        # Of no order; the terms of the pool hold no comma.
        assert isinstance(found, Literal)
        assert isinstance(expected, Literal)
        assert sorted(found.lexical.split(", ")) == sorted(expected.lexical.split(", "))
    elif name in {"MIN", "MAX"}:
        assert rough_key(found) == rough_key(expected)
    else:
        assert _is_near(found, expected), (found, expected, to_sql(column.sql))


def _is_near(found: Term | None, expected: Term | None) -> bool:
    if found == expected:
        return True
    if found is None or expected is None:
        return False
    one, other = operand_of(found), operand_of(expected)
    # The order of additions is the engine's own.
    return (
        isinstance(one, float)
        and isinstance(other, float)
        and (
            math.isclose(one, other, rel_tol=1e-9, abs_tol=1e284)
            or (one != one) == (other != other) is True
        )
    )


def test_count_of_solutions() -> None:
    """COUNT(*) counts solutions, COUNT(DISTINCT *) different ones."""
    terms = TERMS["string"][:2]
    rows = Rows([{"a": term, "b": None} for term in (*terms, *terms)])
    counts = []
    for distinct in (False, True):
        scope = rows.scope()
        column = compile_aggregate(Aggregate("COUNT", None, distinct), scope)
        counts += rows.values(column, scope, "")
    assert counts == [Literal("4", XSD + "integer"), Literal("2", XSD + "integer")]


@pytest.mark.parametrize("kinds", MIXTURES, ids="+".join)
def test_packed_ids_are_the_terms(kinds: list[str]) -> None:
    """An id of any tag, packed, is its term."""
    terms: list[Term | None] = [None, *(term for kind in kinds for term in TERMS[kind])]
    rows = Rows([{"a": term} for term in terms])
    scope = rows.scope()
    column = to_packed(rows.columns["a"], scope)
    assert column.rep is Rep.PACKED
    assert rows.values(column, scope) == terms


@pytest.mark.parametrize("other", [*sorted(COMPUTED, key=str), Rep.ID], ids=str)
@pytest.mark.parametrize("rep", [*sorted(COMPUTED, key=str), Rep.ID], ids=str)
def test_equal_terms_are_the_same_term(rep: Rep, other: Rep) -> None:
    """Two columns are equal exactly where they are the same term, however they stand."""
    pool = _ALL + [term for terms in COMPUTED.values() for term in terms]
    firsts = COMPUTED.get(rep, pool)
    seconds = COMPUTED.get(other, pool)
    pairs = [{"a": one, "b": two} for one in firsts for two in seconds]
    rows = Rows(pairs, {"a": rep, "b": other})
    scope = rows.scope()
    same = equal_terms(rows.columns["a"], rows.columns["b"], scope)
    found = rows.run(f"SELECT {to_sql(same)} {scope.source()} ORDER BY t.n", scope)
    canonical = rows.values(rows.columns["a"], scope), rows.values(rows.columns["b"], scope)
    assert [value for (value,) in found] == [
        one == two for one, two in zip(*canonical, strict=True)
    ]


@pytest.mark.parametrize("other", [*sorted(COMPUTED, key=str), Rep.ID], ids=str)
@pytest.mark.parametrize("rep", [*sorted(COMPUTED, key=str), Rep.ID], ids=str)
def test_columns_brought_together_keep_their_terms(rep: Rep, other: Rep) -> None:
    """Columns in one representation hold the terms that they held."""
    size = 3
    pairs = [
        {"a": one, "b": two}
        for one, two in zip(
            COMPUTED.get(rep, _ALL)[:size] * 2, COMPUTED.get(other, _ALL)[:size] * 2, strict=False
        )
    ]
    rows = Rows(pairs, {"a": rep, "b": other})
    scope = rows.scope()
    before = [rows.columns["a"], rows.columns["b"]]
    after = common_rep(before, scope)
    assert after[0].rep is after[1].rep
    for one, two in zip(before, after, strict=True):
        assert rows.values(one, scope) == rows.values(two, scope)


def test_what_becomes_an_id() -> None:
    """Booleans and strings of the store have ids; integers too, if they are short."""
    rows = Rows(
        [{"a": Literal("true", XSD + "boolean"), "b": Literal("7", XSD + "integer")}],
        {"a": Rep.BOOLEAN, "b": Rep.INTEGER},
    )
    scope = rows.scope()
    column = to_id(rows.columns["a"], scope)
    assert column is not None
    assert rows.values(column, scope) == [Literal("true", XSD + "boolean")]
    assert to_id(rows.columns["b"], scope) is None
