"""Whatever comes in, an expression gives a term or ExpressionError, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from conflictkg.answers import RDF_LANG_STRING, XSD, Blank, Iri, Literal, Term, Triple
from conflictkg.engine.algebra import Call, Expression, FunctionCall, Var
from conflictkg.engine.evaluate import (
    FUNCTIONS,
    ROW,
    Context,
    ExpressionError,
    aggregate,
    compare,
    compile_expression,
    compile_test,
    effective_boolean_value,
    is_volatile,
    order_key,
    same_value,
)
from conflictkg.engine.evaluate.builtins import BUILTINS
from conflictkg.engine.evaluate.values import PARSERS
from conflictkg.engine.ids import pack_term, unpack_term

FORMS = st.one_of(
    st.text(max_size=12),
    st.text(st.sampled_from("0123456789+-.:TZPYMDHSeEINFa "), max_size=24),
    st.sampled_from(["INF", "NaN", "-0", "1e999", "0001-01-01", "24:00:00", "P1Y", "", "-" * 300]),
    st.sampled_from(["9" * 999, "9" * 1001, "0." + "3" * 990, "1e99999999999", "1e-99999999999"]),
    st.sampled_from(["999999999-12-31T23:59:59.999999999Z", "-999999999-01-01", "P999999999Y"]),
    st.sampled_from(["\ud800", "a\ud800", "PT" + "9" * 90 + "S", "P" + "9" * 90 + "Y"]),
)
TERMS: st.SearchStrategy[Term] = st.one_of(
    st.builds(Literal, FORMS, st.sampled_from([*PARSERS, XSD + "string", "http://a/type"])),
    FORMS.map(lambda text: Literal(text, RDF_LANG_STRING, "en")),
    FORMS.map(Iri),
    st.sampled_from([Blank("b1"), Triple(Iri("a:a"), Iri("a:b"), Literal("c"))]),
)
ROW_NUMBER = Literal("1", XSD + "integer")
SLOTS = {"x": 0, "y": 1, "z": 2, ROW: 3}
LEAVES = st.sampled_from([Var("x"), Var("y"), Var("z"), Var("unbound")])


@st.composite
def calls(draw: st.DrawFn, arguments: st.SearchStrategy[Expression]) -> Expression:
    """A call of anything, with as many arguments as it takes."""
    name = draw(st.sampled_from([*BUILTINS, *FUNCTIONS]))
    if name in FUNCTIONS:
        arity = FUNCTIONS[name].arity
        return FunctionCall(Iri(name), tuple(draw(arguments) for _ in range(arity)))
    builtin = BUILTINS[name]
    count = draw(st.integers(builtin.least, min(3, 3 if builtin.most is None else builtin.most)))
    if name == "BOUND":
        return Call(name, (Var("x"),))
    return Call(name, tuple(draw(arguments) for _ in range(count)))


EXPRESSIONS = st.recursive(LEAVES, calls, max_leaves=6)


@settings(max_examples=6000, deadline=None)
@given(expression=EXPRESSIONS, row=st.tuples(TERMS, TERMS, st.none() | TERMS))
def test_any_expression_gives_a_term_or_an_error(
    expression: Expression, row: tuple[Term, Term, Term | None]
) -> None:
    """And the same one again, packed and unpacked; as a test, its boolean value."""
    values = [*row, ROW_NUMBER]
    context = Context(base="http://example.org/")
    run = compile_expression(expression, SLOTS, context)
    try:
        term = run(values)
    except ExpressionError:
        return
    assert isinstance(term, Iri | Blank | Literal | Triple)
    if not isinstance(term, Triple):
        assert unpack_term(pack_term(term)) == term
    if is_volatile(expression):
        return
    assert run(values) == term
    order_key(term)
    try:
        expected = effective_boolean_value(term)
    except ExpressionError:
        return
    assert compile_test(expression, SLOTS, context)(values) is expected


@settings(max_examples=2000, deadline=None)
@given(expression=EXPRESSIONS, row=st.tuples(TERMS, TERMS, TERMS))
def test_constants_give_what_variables_give(
    expression: Expression, row: tuple[Term, Term, Term]
) -> None:
    """What is computed once while compiling is what each row would give."""
    names = dict(zip("xyz", row, strict=True))
    if is_volatile(expression) or not all(isinstance(term, Iri | Literal) for term in row):
        return

    def replaced(each: Expression) -> Expression:
        if isinstance(each, Var) and each.name in names:
            return names[each.name]  # type: ignore[return-value]
        if isinstance(each, Call) and each.name != "BOUND":
            return Call(each.name, tuple(map(replaced, each.arguments)))
        if isinstance(each, FunctionCall):
            return FunctionCall(each.iri, tuple(map(replaced, each.arguments)))
        return each

    results: list[Term | None] = []
    for expression_ in (expression, replaced(expression)):
        try:
            run = compile_expression(expression_, SLOTS, Context(base="http://example.org/"))
            results.append(run([*row, ROW_NUMBER]))
        except ExpressionError:
            results.append(None)
    assert results[0] == results[1] or "NOW" in repr(expression)


@settings(max_examples=2000, deadline=None)
@given(first=TERMS, second=TERMS)
def test_comparing_any_two_terms_is_known_or_an_error(first: Term, second: Term) -> None:
    """The operators are symmetric, and a term is equal to itself unless it is NaN."""
    for compared in (same_value, compare):
        outcomes: list[int | None] = []
        for pair in ((first, second), (second, first)):
            try:
                outcomes.append(compared(*pair))
            except ExpressionError:
                outcomes.append(None)
        there, back = outcomes
        assert back == (-there if compared is compare and there is not None else there)
    assert order_key(first) < order_key(second) or order_key(first) >= order_key(second)
    assert same_value(first, first) or repr(first).find("NaN") >= 0


@settings(max_examples=1000, deadline=None)
@given(
    name=st.sampled_from(["COUNT", "SUM", "AVG", "MIN", "MAX", "SAMPLE", "GROUP_CONCAT"]),
    values=st.lists(TERMS | st.none(), max_size=5),
    distinct=st.booleans(),
)
def test_any_group_has_an_aggregate_or_an_error(
    name: str, values: list[Term | None], *, distinct: bool
) -> None:
    """Nothing is raised."""
    term = aggregate(name, values, distinct=distinct)
    assert term is None or isinstance(term, Iri | Blank | Literal | Triple)
