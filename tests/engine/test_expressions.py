"""Expressions in SQL answer what the evaluator answers, whatever the terms and their tags."""

from collections.abc import Mapping, Sequence

import pytest
from evaluated import expression, turtle
from expression_rows import BASE, COMPUTED, MIXTURES, TERMS, Rows, reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conflictkg.answers import XSD, Iri, Literal, Term
from conflictkg.engine.algebra import Call, Expression, FunctionCall, Var
from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import to_sql
from conflictkg.engine.evaluate import Context, ExpressionError, compile_test
from conflictkg.engine.expressions import compile_condition, compile_value

_UNARY = [
    "!",
    "NEG",
    "POS",
    "ABS",
    "CEIL",
    "FLOOR",
    "ROUND",
    "STR",
    "LANG",
    "DATATYPE",
    "IRI",
    "STRLEN",
    "UCASE",
    "LCASE",
    "ENCODE_FOR_URI",
    "YEAR",
    "MONTH",
    "DAY",
    "HOURS",
    "MINUTES",
    "SECONDS",
    "TZ",
    "TIMEZONE",
    "ISIRI",
    "ISURI",
    "ISBLANK",
    "ISLITERAL",
    "ISNUMERIC",
    "MD5",
]
_BINARY = [
    "&&",
    "||",
    "=",
    "!=",
    "<",
    ">",
    "<=",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "SAMETERM",
    "STRSTARTS",
    "STRENDS",
    "CONTAINS",
    "STRBEFORE",
    "STRAFTER",
    "LANGMATCHES",
    "STRLANG",
    "CONCAT",
    "COALESCE",
    "SUBSTR",
]
_CASTS = ["string", "boolean", "integer", "decimal", "double", "float", "date", "dateTime"]
_ALL = [term for terms in TERMS.values() for term in terms]
VARIABLES = ("a", "b", "c")


@st.composite
def solutions(draw: st.DrawFn) -> list[dict[str, Term | None]]:
    """A few solutions, each variable of some kinds only."""
    size = draw(st.integers(1, 5))
    columns = {}
    for name in VARIABLES:
        pool = [term for kind in draw(st.sampled_from(MIXTURES)) for term in TERMS[kind]]
        terms: st.SearchStrategy[Term | None] = st.sampled_from(pool)
        if draw(st.integers(0, 3)) == 0:
            terms = st.none() | terms
        columns[name] = draw(st.lists(terms, min_size=size, max_size=size))
    return [{name: column[row] for name, column in columns.items()} for row in range(size)]


def _calls(inner: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    def call(name: str, *arguments: Expression) -> Expression:
        return Call(name, arguments)

    return st.one_of(
        st.builds(call, st.sampled_from(_BINARY), inner, inner),
        st.builds(call, st.sampled_from(_UNARY), inner),
        st.builds(call, st.just("SUBSTR"), inner, inner, inner),
        st.builds(call, st.just("IF"), inner, inner, inner),
        st.builds(call, st.sampled_from(["IN", "NOT IN"]), inner, inner, inner),
        st.builds(call, st.sampled_from(["CONCAT", "COALESCE"]), inner, inner, inner),
        st.builds(lambda name: Call("BOUND", (Var(name),)), st.sampled_from(VARIABLES)),
        st.builds(
            lambda name, argument: FunctionCall(Iri(XSD + name), (argument,)),
            st.sampled_from(_CASTS),
            inner,
        ),
    )


LEAVES: st.SearchStrategy[Expression] = st.sampled_from(
    [Var(name) for name in VARIABLES]
) | st.sampled_from([term for term in _ALL if isinstance(term, Iri | Literal)])
SHALLOW = _calls(LEAVES)
EXPRESSIONS = st.one_of(
    SHALLOW, _calls(LEAVES | SHALLOW), st.recursive(LEAVES, _calls, max_leaves=8)
)


def check(
    wanted: Expression,
    rows: Sequence[Mapping[str, Term | None]],
    reps: Mapping[str, Rep] | None = None,
) -> None:
    """Compare SQL and the evaluator over rows, values and effective boolean values."""
    table = Rows(rows, reps)
    scope = table.scope()
    column = compile_value(wanted, scope)
    expected = reference(wanted, rows)
    sql = to_sql(column.sql)
    assert table.values(column, scope) == expected, sql
    assert column.nullable or None not in expected, sql
    scope = table.scope()
    condition = compile_condition(wanted, scope)
    found = table.run(f"SELECT {to_sql(condition)} {scope.source()} ORDER BY t.n", scope)
    assert [value for (value,) in found] == _tests(wanted, rows), to_sql(condition)


def _tests(wanted: Expression, rows: Sequence[Mapping[str, Term | None]]) -> list[bool | None]:
    names = list(rows[0])
    run = compile_test(
        wanted, {name: index for index, name in enumerate(names)}, Context(base=BASE)
    )
    found: list[bool | None] = []
    for row in rows:
        try:
            found.append(run([row[name] for name in names]))
        except ExpressionError:
            found.append(None)
    return found


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS, solutions())
def test_sql_answers_what_the_evaluator_answers(
    wanted: Expression, rows: list[dict[str, Term | None]]
) -> None:
    """Each function and operator gives the same term in SQL, on terms of any tags."""
    check(wanted, rows)


@pytest.mark.parametrize("kinds", MIXTURES, ids="+".join)
def test_each_function_of_one_argument(kinds: list[str]) -> None:
    """Each function of one argument, on all terms of the kinds."""
    rows = [{"a": term} for kind in kinds for term in TERMS[kind]]
    for name in _UNARY:
        check(Call(name, (Var("a"),)), rows)
    for name in _CASTS:
        check(FunctionCall(Iri(XSD + name), (Var("a"),)), rows)


_COMPARED = ["=", "!=", "<", ">=", "SAMETERM", "+", "-", "*", "/"]


@pytest.mark.parametrize("kinds", MIXTURES, ids="+".join)
def test_each_operator_on_each_pair(kinds: list[str]) -> None:
    """Each operator, on all pairs of terms, both columns and column with constant."""
    for others in [*([kind] for kind in TERMS), ["integer", "decimal", "double"], list(TERMS)]:
        pairs = [
            {"a": one, "b": other}
            for kind in kinds
            for one in TERMS[kind]
            for more in others
            for other in TERMS[more]
        ]
        for name in _COMPARED:
            check(Call(name, (Var("a"), Var("b"))), pairs)
    rows = [{"a": term} for kind in kinds for term in TERMS[kind]]
    for kind in TERMS:
        for constant in TERMS[kind][:2]:
            if isinstance(constant, Iri | Literal):
                for name in _COMPARED[:5]:
                    check(Call(name, (Var("a"), constant)), rows)
                    check(Call(name, (constant, Var("a"))), rows)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(EXPRESSIONS, st.data())
def test_computed_columns_answer_the_same(wanted: Expression, data: st.DataObject) -> None:
    """The same over columns that are not ids: what sub-selects and BIND have computed."""
    reps = {name: data.draw(st.sampled_from(sorted(COMPUTED, key=str))) for name in ("a", "b")}
    rows: list[dict[str, Term | None]] = []
    for _ in range(3):
        row: dict[str, Term | None] = {
            name: data.draw(st.none() | st.sampled_from(COMPUTED[rep]))
            for name, rep in reps.items()
        }
        rows.append({**row, "c": data.draw(st.sampled_from(_ALL))})
    check(wanted, rows, reps)


def test_an_expression_in_words() -> None:
    """A query's own expression, as text, for people to read."""
    rows: list[dict[str, Term | None]] = [
        {"a": Literal("Air strike"), "b": Literal("3", XSD + "integer")}
    ]
    wanted = expression('IF(CONTAINS(LCASE(?a), "strike"), ?b * 2, 0)')
    table = Rows(rows)
    scope = table.scope()
    assert [turtle(term) for term in table.values(compile_value(wanted, scope), scope)] == [
        '"6"^^xsd:integer'
    ]
    assert not scope.programs or len(scope.programs) == 1
