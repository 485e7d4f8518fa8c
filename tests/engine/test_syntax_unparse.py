"""The algebra as text: what it looks like, and that it is read back as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD, Iri, Literal
from conflictkg.engine import algebra
from conflictkg.engine.algebra import (
    Alternative,
    Ask,
    Bgp,
    Call,
    Construct,
    Dataset,
    Describe,
    Distinct,
    Exists,
    Expression,
    Extend,
    Filter,
    FunctionCall,
    Graph,
    Inverse,
    Join,
    LeftJoin,
    Link,
    Minus,
    Negated,
    OneOrMore,
    OrderBy,
    OrderKey,
    Path,
    PathPattern,
    Pattern,
    Project,
    Query,
    Reduced,
    Select,
    Sequence,
    Service,
    Slice,
    TriplePattern,
    Union,
    Values,
    Var,
    ZeroOrMore,
    ZeroOrOne,
)
from conflictkg.engine.syntax import parse_query, unparse
from conflictkg.engine.syntax.expressions import make_chain
from conflictkg.engine.syntax.functions import FUNCTIONS
from conflictkg.engine.syntax.groups import make_join
from conflictkg.questions import Question, load_questions
from conflictkg.terms import PREFIXES

# Strategies: algebra as the parser makes it, so without empty joins and with balanced chains. Names that
# BIND and AS give are used once, for a name may not be given to what has a value.

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ILLEGAL = set('<>"{}|^`\\') | {chr(code) for code in range(0x21)}
IRIS = st.one_of(
    st.sampled_from([Iri("http://x/a"), Iri("http://x/b"), Iri(RDF + "type")]),
    TEXT.filter(lambda text: not ILLEGAL & set(text)).map(lambda text: Iri(f"http://x/{text}")),
)  # fmt: skip
VARIABLES = st.sampled_from([Var(name) for name in ("a", "b", "c", "é", "x1")])
NUMBERS = st.one_of(
    st.sampled_from(["0", "-1", "+1", "007"]).map(lambda text: Literal(text, XSD + "integer")),
    st.sampled_from(["0.5", "-.5", "1.50"]).map(lambda text: Literal(text, XSD + "decimal")),
    st.sampled_from(["1e0", "-1.E9", ".5e-3"]).map(lambda text: Literal(text, XSD + "double")),
)
LITERALS = st.one_of(
    NUMBERS,
    TEXT.map(Literal),
    st.builds(Literal, TEXT, st.just(RDF_LANG_STRING), st.sampled_from(["en", "de-at-1996"])),
    st.builds(Literal, TEXT, st.sampled_from([XSD + "integer", XSD + "date", "http://x/dt"])),
    st.sampled_from(["true", "false", "1"]).map(lambda text: Literal(text, XSD + "boolean")),
)
PATHS = st.recursive(
    st.one_of(
        IRIS.map(Link),
        st.builds(Negated, st.lists(IRIS, min_size=1, max_size=2).map(tuple), st.none()),
        st.builds(Negated, st.none(), st.lists(IRIS, min_size=1, max_size=2).map(tuple)),
        st.builds(Negated, st.tuples(IRIS), st.tuples(IRIS)),
        st.just(Negated((), None)),
    ),
    lambda inner: st.one_of(
        st.builds(Inverse, inner),
        st.builds(Sequence, inner, inner),
        st.builds(Alternative, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        *(st.builds(kind, inner) for kind in (ZeroOrMore, OneOrMore, ZeroOrOne)),
    ),
    max_leaves=5,
)
NODES = st.one_of(VARIABLES, VARIABLES, IRIS, LITERALS)
TRIPLES = st.one_of(
    st.builds(TriplePattern, NODES, st.one_of(VARIABLES, IRIS), NODES),
    st.builds(
        PathPattern,
        NODES,
        PATHS.filter(lambda path: not isinstance(path, Link | Inverse | Sequence)),
        NODES,
    ),
)
BGPS = st.lists(TRIPLES, min_size=1, max_size=3).map(lambda triples: Bgp(tuple(triples)))


OPERATORS = ["&&", "||", "=", "<=", "+", "-", "*", "/", "!", "NEG", "POS", "IN", "NOT IN"]


@st.composite
def calls(draw: st.DrawFn, inner: st.SearchStrategy[Expression]) -> Expression:
    name = draw(st.one_of(*map(st.sampled_from, (OPERATORS, OPERATORS, list(FUNCTIONS)))))
    if name in {"&&", "||"}:
        return make_chain(name, draw(st.lists(inner, min_size=2, max_size=5)))
    if name in {"!", "NEG", "POS"}:
        return Call(name, (draw(inner),))
    fewest, most = FUNCTIONS.get(name, (1, 3) if "IN" in name else (2, 2))
    arguments = draw(st.lists(inner, min_size=fewest, max_size=min(most, 4)))
    return Call(name, tuple(arguments))


def expressions(
    patterns: st.SearchStrategy[Pattern] | None = None,
) -> st.SearchStrategy[Expression]:
    leaves = [VARIABLES, IRIS, LITERALS, VARIABLES.map(lambda each: Call("BOUND", (each,)))]
    exists = [] if patterns is None else [st.builds(Exists, patterns, st.booleans())]
    return st.recursive(
        st.one_of(*leaves, *exists),
        lambda inner: st.one_of(
            calls(inner),
            st.builds(FunctionCall, IRIS, st.lists(inner, max_size=2).map(tuple)),
            st.builds(FunctionCall, IRIS, st.tuples(inner), st.just(True)),
        ),
        max_leaves=6,
    )


@st.composite
def values(draw: st.DrawFn) -> Values:
    names = draw(st.lists(VARIABLES, unique=True, max_size=3))
    term = st.one_of(st.none(), IRIS, LITERALS)
    rows = draw(st.lists(st.tuples(*(term for _ in names)), max_size=3))
    return Values(tuple(names), tuple(rows))


class Names:
    """Gives each name once."""

    def __init__(self) -> None:
        self.count = 0

    def fresh(self) -> Var:
        self.count += 1
        return Var(f"new{self.count}")


@st.composite
def selects(draw: st.DrawFn, pattern: Pattern, names: Names) -> Pattern:
    conditions = expressions()
    variables = draw(st.lists(VARIABLES, unique=True, min_size=1, max_size=3))
    for _ in range(draw(st.integers(0, 2))):
        variables.append(names.fresh())
        pattern = Extend(pattern, variables[-1], draw(conditions))
    keys = draw(st.lists(st.builds(OrderKey, conditions, st.booleans()), max_size=2))
    if keys:
        pattern = OrderBy(pattern, tuple(keys))
    pattern = Project(pattern, tuple(variables))
    options: list[Pattern] = [pattern, Distinct(pattern), Reduced(pattern)]
    pattern = draw(st.sampled_from(options))
    offset, limit = draw(st.sampled_from([(0, None), (0, 0), (0, 5), (3, None), (2, 7)]))
    return Slice(pattern, offset, limit) if offset or limit is not None else pattern


KINDS = [Bgp, Join, LeftJoin, Union, Minus, Filter, Graph, Extend, Values, Service, Select]


@st.composite
def patterns(draw: st.DrawFn, names: Names, depth: int = 3) -> Pattern:
    """A pattern that is not empty."""
    if depth == 0:
        return draw(st.one_of(BGPS, values()))
    inner = patterns(names, depth - 1)
    maybe_empty = st.one_of(inner, st.just(Bgp()))
    conditions = expressions(maybe_empty if depth > 2 else None)
    kind = draw(st.sampled_from(KINDS))
    if kind is Bgp:
        return draw(BGPS)
    if kind is Join:
        return make_join(draw(inner), draw(inner))
    if kind is LeftJoin:
        condition = draw(st.one_of(st.none(), conditions))
        return LeftJoin(draw(maybe_empty), draw(maybe_empty), condition)
    if kind is Union:
        return Union(tuple(draw(st.lists(maybe_empty, min_size=2, max_size=3))))
    if kind is Minus:
        return Minus(draw(maybe_empty), draw(maybe_empty))
    if kind is Filter:
        return Filter(draw(maybe_empty), draw(conditions))
    if kind is Extend:
        return Extend(draw(maybe_empty), names.fresh(), draw(conditions))
    if kind is Values:
        return draw(values())
    if kind is Select:
        return draw(selects(draw(maybe_empty), names))
    name = draw(st.one_of(VARIABLES, IRIS))
    if kind is Graph:
        return Graph(name, draw(maybe_empty))
    return Service(name, draw(maybe_empty), draw(st.booleans()))


@st.composite
def queries(draw: st.DrawFn) -> Query:
    names = Names()
    pattern = draw(patterns(names))
    iris = st.lists(IRIS, max_size=2).map(tuple)
    dataset = draw(st.builds(Dataset, iris, iris))
    given_dataset = dataset if dataset.default or dataset.named else None
    kind = draw(st.sampled_from([Select, Ask, Construct, Describe]))
    if kind is Ask:
        return Ask(pattern, given_dataset)
    if kind is Construct:
        triples = st.builds(TriplePattern, NODES, st.one_of(VARIABLES, IRIS), NODES)
        return Construct(tuple(draw(st.lists(triples, max_size=2))), pattern, given_dataset)
    if kind is Describe:
        resources = draw(st.lists(st.one_of(VARIABLES, IRIS), min_size=1, max_size=2))
        return Describe(tuple(resources), pattern, given_dataset)
    selected = draw(selects(pattern, names))
    project = selected
    while not isinstance(project, Project):
        assert isinstance(project, Slice | Distinct | Reduced)
        project = project.pattern
    return Select(selected, project.variables, given_dataset)


@settings(max_examples=400, deadline=None)
@given(queries())
def test_text_of_a_query_is_read_as_that_query(query: Query) -> None:
    """Any algebra that a text can have survives being written and read."""
    assert parse_query(unparse(query)) == query


@settings(max_examples=300, deadline=None)
@given(expressions())
def test_text_of_an_expression_is_read_as_that_expression(expression: Expression) -> None:
    """Brackets stand where the operators need them."""
    assert parse_query(f"ASK {{ FILTER ({unparse(expression)}) }}").pattern == Filter(
        Bgp(), expression
    )


@settings(max_examples=300, deadline=None)
@given(PATHS)
def test_text_of_a_path_is_read_as_that_path(path: Path) -> None:
    """As of expressions; the star keeps the path whole."""
    found = parse_query(f"ASK {{ ?s ({unparse(path)})* ?o }}").pattern
    assert found == Bgp((PathPattern(Var("s"), ZeroOrMore(path), Var("o")),))


@pytest.mark.parametrize("question", load_questions(), ids=lambda question: question.slug)
def test_text_of_a_published_question_is_read_as_it(question: Question) -> None:
    """Groups too, with prefixes; only the variables within paths get other names."""
    query = parse_query(question.sparql)
    text = unparse(query, prefixes=PREFIXES)
    again = parse_query(text, prefixes=PREFIXES)
    assert unparse(again, prefixes=PREFIXES) == text
    assert str(again.pattern).count("(") == str(query.pattern).count("(")


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?s (COUNT(*) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?s HAVING (COUNT(*) > 1)"
        " ORDER BY DESC(?n) LIMIT 3 VALUES ?s { 1 }",
        "SELECT ?x (MAX(?o + 1) AS ?n) WHERE { ?s ?p ?o } GROUP BY (STR(?s)) (?p AS ?x)",
        "SELECT (GROUP_CONCAT(DISTINCT ?o; SEPARATOR = \", \") AS ?n) WHERE { ?s ?p ?o } HAVING (?n != \"\")",
        "ASK WHERE { { SELECT ?s (COUNT(?o) AS ?n) WHERE { ?s ?p ?o } GROUP BY ?s } ?s a ?t FILTER (?n > 1) }",
        "SELECT (COUNT(*) AS ?n) WHERE { SELECT (SUM(?o) AS ?m) WHERE { ?s ?p ?o } }",
        "ASK WHERE { ?s ?p ?o } ORDER BY ASC(?s) LIMIT 1 OFFSET 2",
        "DESCRIBE <http://x/a> WHERE {}",
    ],
)  # fmt: skip
def test_text_is_as_people_write_it(text: str) -> None:
    """Reading and writing changes nothing of a text in this form."""
    assert unparse(parse_query(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "?a - (?b - ?c) - ?d",
        "?a / (?b * ?c) * ?d + -1",
        "(?a + ?b) * -(1)",
        "!(!?a) = (?b = ?c)",
        "?a && (?b || ?c) || !(?d IN (?e, 1 + 2))",
        "-(?a + ?b) NOT IN ()",
        "EXISTS { ?s ?p ?o } && NOT EXISTS { ?s !(<http://x/a>|^a)* ?o }",
    ],
)
def test_brackets_stand_where_they_are_needed(text: str) -> None:
    """And nowhere else."""
    found = parse_query(f"ASK {{ FILTER ({text}) }}").pattern
    assert isinstance(found, Filter)
    assert unparse(found.condition) == text


def test_text_of_parts() -> None:
    """Parts of an algebra are written by themselves; short texts cut lists."""
    numbers = tuple(Literal(str(n), XSD + "integer") for n in range(8))
    is_in = Call("IN", (Var("x"), *numbers))
    assert unparse(is_in, short=True) == "?x IN (0, 1, 2, 3, 4, … 3 more)"
    rows = Values((Var("x"),), tuple((number,) for number in numbers))
    assert unparse(rows, short=True) == "VALUES ?x { 0 1 2 3 4 … 3 more }"
    assert unparse(algebra.Aggregate("SUM", Var("x"), distinct=True)) == "SUM(DISTINCT ?x)"
    assert unparse(Var(".path0")) == "_:path0"
    assert unparse(Iri("http://x/a b")) == "<http://x/a\\u0020b>"
    prefixes = {"": "http://x/", "y": "http://x/y/"}
    assert unparse(Iri("http://x/a"), prefixes=prefixes) == ":a"
    assert unparse(Iri("http://x/y/1"), prefixes=prefixes) == "y:1"
    assert unparse(OneOrMore(Link(Iri("http://x/a"))), prefixes=prefixes) == ":a+"
    assert (
        unparse(TriplePattern(Var("s"), Iri("http://x/a"), Literal('"'))) == '?s <http://x/a> "\\""'
    )
