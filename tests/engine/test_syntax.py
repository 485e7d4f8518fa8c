"""What each construct of SPARQL becomes in the algebra, and what is refused."""

import pytest

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD, Iri, Literal
from conflictkg.engine.algebra import (
    Aggregate,
    Alternative,
    Ask,
    Bgp,
    Call,
    Clear,
    Construct,
    Create,
    Dataset,
    DeleteData,
    Describe,
    Distinct,
    Exists,
    Expression,
    Extend,
    Filter,
    FunctionCall,
    Graph,
    Group,
    InsertData,
    Inverse,
    Join,
    LeftJoin,
    Link,
    Load,
    Minus,
    Modify,
    Negated,
    Node,
    OneOrMore,
    Operation,
    OrderBy,
    OrderKey,
    PathPattern,
    Pattern,
    Place,
    Project,
    QuadPattern,
    Query,
    Reduced,
    Select,
    Sequence,
    Service,
    Slice,
    Transfer,
    TriplePattern,
    Union,
    Values,
    Var,
    ZeroOrMore,
    ZeroOrOne,
)
from conflictkg.engine.syntax import parse_query, parse_update
from conflictkg.errors import NotPermittedError, QuerySyntaxError

NS = "http://x/"
PREFIXES = {"": NS, "xsd": XSD, "rdf": RDF}
S, P, OBJ, X, Y, Z = (Var(name) for name in "spoxyz")
ONE, TWO, THREE = (Literal(str(number), XSD + "integer") for number in (1, 2, 3))
EMPTY = Bgp()


def iri(name: str) -> Iri:
    return Iri(NS + name)


def triple(subject: Node, predicate: Var | Iri, value: Node) -> TriplePattern:
    return TriplePattern(subject, predicate, value)


def bgp(*triples: TriplePattern | PathPattern) -> Bgp:
    return Bgp(triples)


SPO = bgp(triple(S, P, OBJ))
A, B = (bgp(triple(X, iri(name), Y)) for name in "ab")
GREATER = Call(">", (Y, ONE))
LESS = Call("<", (Y, TWO))


def query(text: str) -> Query:
    return parse_query(text, prefixes=PREFIXES)


def group(body: str) -> Pattern:
    """The algebra of the inside of a group."""
    return query(f"ASK {{ {body} }}").pattern


def expression(text: str) -> Expression:
    found = group(f"FILTER ({text})")
    assert isinstance(found, Filter)
    return found.condition


def select(text: str) -> Pattern:
    return query(text).pattern


# Groups


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", EMPTY),
        ("{}", EMPTY),
        ("?s ?p ?o", SPO),
        ("?s ?p ?o .", SPO),
        ("$s $p $o", SPO),
        ("{ ?s ?p ?o }", SPO),
        ("?x :a ?y, ?z ; :b 1 ; ; a :C .", bgp(
            triple(X, iri("a"), Y), triple(X, iri("a"), Z), triple(X, iri("b"), ONE),
            triple(X, Iri(RDF + "type"), iri("C")),
        )),
        ("?x :a ?y . ?x :b ?y", bgp(*A.triples, *B.triples)),
        ("?x :a ?y FILTER (?y > 1) ?x :b ?y", Filter(bgp(*A.triples, *B.triples), GREATER)),
        ("FILTER (?y > 1) ?x :a ?y", Filter(A, GREATER)),
        ("?x :a ?y FILTER (?y > 1) FILTER (?y < 2)", Filter(A, Call("&&", (GREATER, LESS)))),
        ("?x :a ?y { ?x :b ?y }", Join(A, B)),
        ("{ ?x :a ?y } { ?x :b ?y }", Join(A, B)),
        ("{ ?x :a ?y FILTER (?y > 1) } ?x :b ?y", Join(Filter(A, GREATER), B)),
        ("?x :a ?y OPTIONAL { ?x :b ?y }", LeftJoin(A, B)),
        ("OPTIONAL { ?x :b ?y }", LeftJoin(EMPTY, B)),
        ("?x :a ?y OPTIONAL { ?x :b ?y FILTER (?y > 1) }", LeftJoin(A, B, GREATER)),
        ("?x :a ?y OPTIONAL { { ?x :b ?y FILTER (?y > 1) } }", LeftJoin(A, Filter(B, GREATER))),
        (
            "?x :a ?y OPTIONAL { ?x :b ?y } FILTER (?y > 1) . ?x :b ?y",
            Filter(Join(LeftJoin(A, B), B), GREATER),
        ),
        ("?x :a ?y MINUS { ?x :b ?y FILTER (?y > 1) }", Minus(A, Filter(B, GREATER))),
        ("{ ?x :a ?y } UNION { ?x :b ?y }", Union((A, B))),
        ("{ ?x :a ?y } UNION { ?x :b ?y } UNION {}", Union((A, B, EMPTY))),
        ("GRAPH :g { ?x :a ?y }", Graph(iri("g"), A)),
        ("GRAPH ?z { ?x :a ?y FILTER (?y > 1) }", Graph(Z, Filter(A, GREATER))),
        ("SERVICE :h { ?x :a ?y }", Service(iri("h"), A, silent=False)),
        ("SERVICE SILENT ?z { ?x :a ?y }", Service(Z, A, silent=True)),
        ("?x :a ?y BIND (1 AS ?z) ?x :b ?y", Join(Extend(A, Z, ONE), B)),
        ("?x :a ?y BIND (?y > 1 AS ?z) FILTER (?y < 2)", Filter(Extend(A, Z, GREATER), LESS)),
        ("VALUES ?x { 1 UNDEF :c }", Values((X,), ((ONE,), (None,), (iri("c"),)))),
        ("VALUES (?x ?y) { (1 2) (UNDEF 3) }", Values((X, Y), ((ONE, TWO), (None, THREE)))),
        ("VALUES () { () () }", Values((), ((), ()))),
        ("?x :a ?y VALUES ?x {}", Join(A, Values((X,), ()))),
        ("{ SELECT ?x { ?x :a ?y } }", Project(A, (X,))),
        ("?x :b ?y { SELECT * { ?x :a ?y } LIMIT 1 }", Join(B, Slice(Project(A, (X, Y)), 0, 1))),
        ("{ SELECT ?x {} VALUES ?x { 1 } }", Project(Values((X,), ((ONE,),)), (X,))),
    ],
)  # fmt: skip
def test_group_becomes_algebra(body: str, expected: Pattern) -> None:
    """Section 18.2.2: filters count for their whole group, those of OPTIONAL are its condition."""
    assert group(body) == expected


# Triples and paths


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[] :a 1", [triple(Var("_:b0"), iri("a"), ONE)]),
        ("_:n :a _:n", [triple(Var("_:n"), iri("a"), Var("_:n"))]),
        ("[ :a 1 ]", [triple(Var("_:b0"), iri("a"), ONE)]),
        (
            "[ :a 1 ] :b [ :a 2 ; :b 3 ]",
            [
                triple(Var("_:b0"), iri("a"), ONE),
                triple(Var("_:b0"), iri("b"), Var("_:b1")),
                triple(Var("_:b1"), iri("a"), TWO),
                triple(Var("_:b1"), iri("b"), THREE),
            ],
        ),
        ("?x :a ()", [triple(X, iri("a"), Iri(RDF + "nil"))]),
        (
            "?x :a (1 ?y)",
            [
                triple(X, iri("a"), Var("_:b0")),
                triple(Var("_:b0"), Iri(RDF + "first"), ONE),
                triple(Var("_:b0"), Iri(RDF + "rest"), Var("_:b1")),
                triple(Var("_:b1"), Iri(RDF + "first"), Y),
                triple(Var("_:b1"), Iri(RDF + "rest"), Iri(RDF + "nil")),
            ],
        ),
        ("?x ^:a ?y", [triple(Y, iri("a"), X)]),
        ("?x (:a) ?y", [triple(X, iri("a"), Y)]),
        ("?x :a/:b ?y", [triple(X, iri("a"), Var(".path0")), triple(Var(".path0"), iri("b"), Y)]),
        (
            "?x ^(:a/^:b)/:c ?y",
            [
                triple(Var(".path0"), iri("a"), Var(".path1")),
                triple(X, iri("b"), Var(".path1")),
                triple(Var(".path0"), iri("c"), Y),
            ],
        ),
        ("?x :a+ ?y", [PathPattern(X, OneOrMore(Link(iri("a"))), Y)]),
        ("?x a* ?y", [PathPattern(X, ZeroOrMore(Link(Iri(RDF + "type"))), Y)]),
        ("?x (:a/^:b)? ?y", [
            PathPattern(X, ZeroOrOne(Sequence(Link(iri("a")), Inverse(Link(iri("b"))))), Y)
        ]),
        ("?x :a|:b|:c ?y", [
            PathPattern(X, Alternative((Link(iri("a")), Link(iri("b")), Link(iri("c")))), Y)
        ]),
        ("?x :a|:b/:c ?y", [
            PathPattern(X, Alternative((Link(iri("a")), Sequence(Link(iri("b")), Link(iri("c"))))), Y)
        ]),
        ("?x ^:a+ ?y", [PathPattern(Y, OneOrMore(Link(iri("a"))), X)]),
        ("?x !:a ?y", [PathPattern(X, Negated((iri("a"),), None), Y)]),
        ("?x !^:a ?y", [PathPattern(X, Negated(None, (iri("a"),)), Y)]),
        ("?x !(:a|^a|:b) ?y", [
            PathPattern(X, Negated((iri("a"), iri("b")), (Iri(RDF + "type"),)), Y)
        ]),
        ("?x !() ?y", [PathPattern(X, Negated((), None), Y)]),
    ],
)  # fmt: skip
def test_triples_and_paths_become_a_basic_graph_pattern(
    body: str, expected: list[TriplePattern | PathPattern]
) -> None:
    """Collections and nested blank nodes are triples, and so are sequences and inverses (18.2.2.4)."""
    assert group(body) == Bgp(tuple(expected))


def test_fresh_blank_node_keeps_clear_of_labels_in_the_text() -> None:
    """A label that the text uses is not given to another blank node."""
    assert group("_:b0 :a []") == bgp(triple(Var("_:b0"), iri("a"), Var("_:bb0")))


def test_path_variables_are_not_selected() -> None:
    """SELECT * names the variables of the text, in its order, and neither path nor blank nodes."""
    found = query("SELECT * { ?z :a/:b [ :c ?y ] GRAPH ?x {} MINUS { ?m :a 1 } FILTER (?f) }")
    assert isinstance(found, Select)
    assert found.variables == (Z, Y, X)


# Terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'a'", Literal("a")),
        ('"""a"b\n"""', Literal('a"b\n')),
        ("''''it's'''", Literal("'it's")),
        (r'"\t\n\r\b\f\"\'\\"', Literal("\t\n\r\b\f\"'\\")),
        (r'"\u00e9\U0001F600"', Literal("é😀")),
        (r"'\u0027'", Literal("'")),
        ("'a'@EN-gb", Literal("a", RDF_LANG_STRING, "en-gb")),
        ("'1'^^xsd:byte", Literal("1", XSD + "byte")),
        ("'1'^^xsd:string", Literal("1")),
        ("01", Literal("01", XSD + "integer")),
        ("-1", Literal("-1", XSD + "integer")),
        ("+.5", Literal("+.5", XSD + "decimal")),
        ("1.50", Literal("1.50", XSD + "decimal")),
        ("1e6", Literal("1e6", XSD + "double")),
        ("1.E-6", Literal("1.E-6", XSD + "double")),
        ("TRUE", Literal("true", XSD + "boolean")),
        ("False", Literal("false", XSD + "boolean")),
        (":", Iri(NS)),
        (r":a\-b\.c%20", iri("a-b.c%20")),
        (":a.b:c", iri("a.b:c")),
        (":1", iri("1")),
        ("<http://y/\\u00e9>", Iri("http://y/é")),
    ],
)
def test_term_is_read_to_the_letter(text: str, expected: Node) -> None:
    """Lexical forms stay as they are; escapes are characters; language tags are in lower case."""
    assert group(f"?s ?p {text}") == bgp(triple(S, P, expected))


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("g", "http://a/b/c/g"),
        ("./g", "http://a/b/c/g"),
        ("g/", "http://a/b/c/g/"),
        ("/g", "http://a/g"),
        ("//g", "http://g"),
        ("?y", "http://a/b/c/d;p?y"),
        ("g?y#s", "http://a/b/c/g?y#s"),
        ("", "http://a/b/c/d;p?q"),
        (".", "http://a/b/c/"),
        ("..", "http://a/b/"),
        ("../g", "http://a/b/g"),
        ("../../../g", "http://a/g"),
        ("/./g", "http://a/g"),
        ("/../g", "http://a/g"),
        ("g.", "http://a/b/c/g."),
        ("..g", "http://a/b/c/..g"),
        ("./../g", "http://a/b/g"),
        ("g/../h", "http://a/b/c/h"),
        ("g;x=1/../y", "http://a/b/c/y"),
        ("g?y/../x", "http://a/b/c/g?y/../x"),
        ("urn:g", "urn:g"),
        ("http://h/../g", "http://h/../g"),
    ],
)
def test_relative_iri_is_resolved(reference: str, expected: str) -> None:
    """The examples of section 5.4 of RFC 3986; absolute IRIs are not normalised."""
    found = parse_query(f"BASE <c/d;p?q> ASK {{ ?s ?p <{reference}> }}", base="http://a/b/")
    assert found.pattern == bgp(triple(S, P, Iri(expected)))


def test_prefixes_are_declared_anew() -> None:
    """A prefix means what was declared last before it, and resolves against the base of its line."""
    found = parse_update(
        "PREFIX p: <http://a/> INSERT DATA { p:x p:x p:x } ;"
        "BASE <http://b/c> PREFIX p: <#> INSERT DATA { p:x p:x p:x }"
    )
    first, second = (Iri("http://a/x"), Iri("http://b/c#x"))
    assert found.operations == (
        InsertData((QuadPattern(first, first, first),)),
        InsertData((QuadPattern(second, second, second),)),
    )


def test_keywords_are_read_in_any_case_and_without_spaces() -> None:
    """The longest token counts, not the space around it."""
    text = "prefix :<http://x/>select*wHeRe{?s?p?o.?s:a 1.filter(?o>1&&?o<2)}#end"
    assert parse_query(text) == query("SELECT * { ?s ?p ?o . ?s :a 1 FILTER (?o > 1 && ?o < 2) }")


def test_codepoint_escapes_stand_for_characters_of_names() -> None:
    """Section 19.2: outside of strings and IRIs too; those in comments do nothing."""
    text = '\\u0053ELECT ?\\u0061b # \\u000A }\n { ?ab \\u003Ap "\\u0022" }'
    assert query(text) == query("SELECT ?ab { ?ab :p '\"' }")


# Expressions


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("?x", X),
        ("1", ONE),
        ("((?x))", X),
        ("?x = ?y", Call("=", (X, Y))),
        ("?x || ?y && ?z", Call("||", (X, Call("&&", (Y, Z))))),
        ("?x + ?y * ?z", Call("+", (X, Call("*", (Y, Z))))),
        ("?x - ?y - ?z", Call("-", (Call("-", (X, Y)), Z))),
        ("?x / ?y / ?z", Call("/", (Call("/", (X, Y)), Z))),
        ("(?x + ?y) * ?z", Call("*", (Call("+", (X, Y)), Z))),
        ("?x -1", Call("-", (X, ONE))),
        ("?x +1 -2", Call("-", (Call("+", (X, ONE)), TWO))),
        ("?x-2*3", Call("-", (X, Call("*", (TWO, THREE))))),
        ("?x * -1", Call("*", (X, Literal("-1", XSD + "integer")))),
        ("-?x", Call("NEG", (X,))),
        ("+?x < ?y", Call("<", (Call("POS", (X,)), Y))),
        ("!?x", Call("!", (X,))),
        ("!BOUND(?x)", Call("!", (Call("BOUND", (X,)),))),
        ("?x IN ()", Call("IN", (X,))),
        ("?x NOT IN (1, ?y)", Call("NOT IN", (X, ONE, Y))),
        ("strLen(?x)", Call("STRLEN", (X,))),
        ("NOW()", Call("NOW", ())),
        ("BNODE()", Call("BNODE", ())),
        ("IF(?x, 1, 2)", Call("IF", (X, ONE, TWO))),
        ("COALESCE()", Call("COALESCE", ())),
        ("xsd:integer(?x)", FunctionCall(Iri(XSD + "integer"), (X,))),
        (":f()", FunctionCall(iri("f"), ())),
        (":f(DISTINCT ?x, 1)", FunctionCall(iri("f"), (X, ONE), distinct=True)),
        (":f", iri("f")),
        ("EXISTS { ?s ?p ?o }", Exists(SPO)),
        ("NOT EXISTS { ?s ?p ?o FILTER (?x) }", Exists(Filter(SPO, X), negated=True)),
        ("?x && ?y && ?z", Call("&&", (Call("&&", (X, Y)), Z))),
        ("?x && (?y && (?z && 1))", Call("&&", (Call("&&", (X, Y)), Call("&&", (Z, ONE))))),
    ],
)
def test_expression_becomes_calls(text: str, expected: Expression) -> None:
    """Operators bind as the grammar says; chains of && and || become trees of little depth."""
    assert expression(text) == expected


@pytest.mark.parametrize("text", ["STR(?y)", ":f(?y)", "EXISTS {}", "NOT EXISTS {}"])
def test_filter_of_a_call_needs_no_brackets(text: str) -> None:
    """FILTER takes a call as it is."""
    assert group(f"FILTER {text}") == Filter(EMPTY, expression(text))


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        ("RAND NOW UUID STRUUID", {0}),
        ("BNODE", {0, 1}),
        ("STR LANG DATATYPE IRI URI ABS CEIL FLOOR ROUND STRLEN UCASE LCASE ENCODE_FOR_URI", {1}),
        ("YEAR MONTH DAY HOURS MINUTES SECONDS TIMEZONE TZ MD5 SHA1 SHA256 SHA384 SHA512", {1}),
        ("isIRI isURI isBLANK isLITERAL isNUMERIC", {1}),
        ("LANGMATCHES CONTAINS STRSTARTS STRENDS STRBEFORE STRAFTER STRLANG STRDT sameTerm", {2}),
        ("REGEX SUBSTR", {2, 3}),
        ("IF", {3}),
        ("REPLACE", {3, 4}),
        ("COALESCE CONCAT", {0, 1, 2, 3, 4, 5}),
    ],
)
def test_function_takes_as_many_arguments_as_the_grammar_says(
    names: str, numbers: set[int]
) -> None:
    """One more or one less is a syntax error."""
    for name in names.split():
        for number in range(6):
            text = f"{name}({', '.join(['?x'] * number)})"
            if number in numbers:
                assert expression(text) == Call(name.upper(), (X,) * number)
            else:
                with pytest.raises(QuerySyntaxError, match=f"not {number}"):
                    expression(text)


# Queries


COUNT = Aggregate("COUNT", None)
N = Var("n")
AGG0, AGG1 = Var(".agg0"), Var(".agg1")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT ?s { ?s ?p ?o }", Project(SPO, (S,))),
        ("SELECT ?o ?s ?o WHERE { ?s ?p ?o }", Project(SPO, (OBJ, S))),
        ("SELECT * { ?s ?p ?o }", Project(SPO, (S, P, OBJ))),
        ("SELECT DISTINCT ?s { ?s ?p ?o }", Distinct(Project(SPO, (S,)))),
        ("SELECT REDUCED ?s { ?s ?p ?o }", Reduced(Project(SPO, (S,)))),
        ("SELECT ?s { ?s ?p ?o } LIMIT 0", Slice(Project(SPO, (S,)), 0, 0)),
        ("SELECT ?s { ?s ?p ?o } OFFSET 2 LIMIT 3", Slice(Project(SPO, (S,)), 2, 3)),
        (
            "SELECT ?s (1 AS ?x) (?x + 2 AS ?y) { ?s ?p ?o }",
            Project(Extend(Extend(SPO, X, ONE), Y, Call("+", (X, TWO))), (S, X, Y)),
        ),
        (
            "SELECT DISTINCT ?s { ?s ?p ?o } ORDER BY ?o DESC(?s) (?o + 1) STR(?o) LIMIT 1",
            Slice(
                Distinct(
                    Project(
                        OrderBy(
                            SPO,
                            (
                                OrderKey(OBJ),
                                OrderKey(S, descending=True),
                                OrderKey(Call("+", (OBJ, ONE))),
                                OrderKey(Call("STR", (OBJ,))),
                            ),
                        ),
                        (S,),
                    )
                ),
                0,
                1,
            ),
        ),
        (
            "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }",
            Project(Extend(Group(SPO, (), ((AGG0, COUNT),)), N, AGG0), (N,)),
        ),
        (
            "SELECT ?s (COUNT(*) + 1 AS ?n) { ?s ?p ?o } GROUP BY ?s HAVING (COUNT(*) > 2)"
            " ORDER BY SUM(DISTINCT ?o) VALUES ?s { 1 }",
            Project(
                OrderBy(
                    Extend(
                        Join(
                            Filter(
                                Group(
                                    SPO,
                                    ((S, S),),
                                    ((AGG0, COUNT), (AGG1, Aggregate("SUM", OBJ, distinct=True))),
                                ),
                                Call(">", (AGG0, TWO)),
                            ),
                            Values((S,), ((ONE,),)),
                        ),
                        N,
                        Call("+", (AGG0, ONE)),
                    ),
                    (OrderKey(AGG1),),
                ),
                (S, N),
            ),
        ),
        (
            "SELECT ?x ?y { ?s ?p ?o } GROUP BY (?o + 1 AS ?x) (?s AS ?y) STR(?o) (?p)",
            Project(
                Group(
                    SPO,
                    (
                        (X, Call("+", (OBJ, ONE))),
                        (Y, S),
                        (Var(".key0"), Call("STR", (OBJ,))),
                        (P, P),
                    ),
                    (),
                ),
                (X, Y),
            ),
        ),
        (
            "SELECT ?s (GROUP_CONCAT(?o; SEPARATOR = ', ') AS ?n) { ?s ?p ?o } GROUP BY ?s",
            Project(
                Extend(
                    Group(
                        SPO, ((S, S),), ((AGG0, Aggregate("GROUP_CONCAT", OBJ, separator=", ")),)
                    ),
                    N,
                    AGG0,
                ),
                (S, N),
            ),
        ),
        (
            "SELECT ?s { ?s ?p ?o } GROUP BY ?s HAVING (?o > 1) (?s)",
            Project(
                Filter(
                    Group(SPO, ((S, S),), ((AGG0, Aggregate("SAMPLE", OBJ)),)),
                    Call("&&", (Call(">", (AGG0, ONE)), S)),
                ),
                (S,),
            ),
        ),
        (
            "SELECT (COUNT(*) AS ?n) { ?s ?p ?o } HAVING (?n > 1)",
            Project(
                Filter(Extend(Group(SPO, (), ((AGG0, COUNT),)), N, AGG0), Call(">", (N, ONE))),
                (N,),
            ),
        ),
        (
            "SELECT (MAX(?s) AS ?s) { ?s ?p ?o } HAVING (?s > 1) ORDER BY ?s",
            Project(
                OrderBy(
                    Extend(
                        Filter(
                            Group(
                                SPO,
                                (),
                                ((AGG0, Aggregate("MAX", S)), (AGG1, Aggregate("SAMPLE", S))),
                            ),
                            Call(">", (AGG1, ONE)),
                        ),
                        S,
                        AGG0,
                    ),
                    (OrderKey(S),),
                ),
                (S,),
            ),
        ),
        (
            "SELECT (COUNT(*) AS ?n) { { SELECT (COUNT(*) AS ?x) { ?s ?p ?o } } }",
            Project(
                Extend(
                    Group(
                        Project(Extend(Group(SPO, (), ((AGG1, COUNT),)), X, AGG1), (X,)),
                        (),
                        ((AGG0, COUNT),),
                    ),
                    N,
                    AGG0,
                ),
                (N,),
            ),
        ),
    ],
)
def test_select_modifiers_count_in_the_order_of_the_standard(text: str, expected: Pattern) -> None:
    """Group, HAVING, VALUES, expressions, order, projection, DISTINCT, slice (section 18.2.4)."""
    assert select(text) == expected


def test_other_queries_and_datasets() -> None:
    """ASK, CONSTRUCT in both forms and DESCRIBE; FROM and FROM NAMED."""
    dataset = Dataset((iri("a"), iri("b")), (iri("c"),))
    assert query("ASK FROM :a FROM NAMED :c FROM :b { ?s ?p ?o }") == Ask(SPO, dataset)
    template = (triple(S, iri("p"), Var("_:t")), triple(Var("_:t"), iri("p"), OBJ))
    text = "CONSTRUCT { ?s :p _:t . _:t :p ?o . } WHERE { ?s ?p ?o } LIMIT 1"
    assert query(text) == Construct(template, Slice(SPO, 0, 1))
    assert query("CONSTRUCT {} {}") == Construct((), EMPTY)
    assert query("CONSTRUCT WHERE { ?s ?p ?o }") == Construct((triple(S, P, OBJ),), SPO)
    assert query("CONSTRUCT FROM :a WHERE {}") == Construct((), EMPTY, Dataset((iri("a"),)))
    assert query("DESCRIBE :a ?s { ?s ?p ?o }") == Describe((iri("a"), S), SPO)
    assert query("DESCRIBE * { ?s ?p ?o }") == Describe((S, P, OBJ), SPO)
    assert query("DESCRIBE :a") == Describe((iri("a"),), EMPTY)


def test_places_lead_back_to_the_text() -> None:
    """First place of each variable and IRI; each call, triple and aggregate knows its own."""
    text = """PREFIX : <http://x/>
SELECT ?a (SUM(?b) AS ?c) {
 ?a :p ?b . # ?z
 ?b a :p
 FILTER (:f(?b) > 1)
} GROUP BY ?a"""
    found = parse_query(text)
    places = found.prologue.places
    assert {name: (each.line, each.column) for name, each in places.items()} == {
        "?a": (2, 8),
        "?b": (2, 16),
        "?c": (2, 23),
        "<http://x/p>": (3, 5),
        f"<{RDF}type>": (4, 5),
        "<http://x/f>": (5, 10),
    }
    assert found.prologue.prefixes == {"": "http://x/"}
    assert isinstance(found.pattern, Project)
    extend = found.pattern.pattern
    assert isinstance(extend, Extend)
    assert isinstance(extend.pattern, Group)
    assert extend.pattern.aggregates[0][1].place == Place(2, 12)
    filtered = extend.pattern.pattern
    assert isinstance(filtered, Filter)
    assert isinstance(filtered.condition, Call)
    assert filtered.condition.place == Place(5, 17)
    assert isinstance(filtered.condition.arguments[0], FunctionCall)
    assert filtered.condition.arguments[0].place == Place(5, 10)
    assert isinstance(filtered.pattern, Bgp)
    assert [each.place for each in filtered.pattern.triples] == [Place(3, 5), Place(4, 5)]


# Updates


def quad(name: str, graph: Var | Iri | None = None) -> QuadPattern:
    return QuadPattern(X, iri(name), Y, graph)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "INSERT DATA { :a :p 1, 2 . GRAPH :g { :a :p _:n . } . :a :p 3 }",
            InsertData(
                (
                    QuadPattern(iri("a"), iri("p"), ONE),
                    QuadPattern(iri("a"), iri("p"), TWO),
                    QuadPattern(iri("a"), iri("p"), Var("_:n"), iri("g")),
                    QuadPattern(iri("a"), iri("p"), THREE),
                )
            ),
        ),
        ("INSERT DATA {}", InsertData(())),
        ("DELETE DATA { :a :p 1 }", DeleteData((QuadPattern(iri("a"), iri("p"), ONE),))),
        ("DELETE WHERE { ?x :a ?y }", Modify((quad("a"),), (), A)),
        (
            "DELETE WHERE { ?x :a ?y . GRAPH ?z { ?x :b ?y } ?x :a ?y }",
            Modify((quad("a"), quad("b", Z), quad("a")), (), Join(Join(A, Graph(Z, B)), A)),
        ),
        (
            "WITH :g DELETE { ?x :a ?y } INSERT { ?x :b ?y } USING :h USING NAMED :i WHERE { ?x :a ?y }",
            Modify((quad("a"),), (quad("b"),), A, iri("g"), Dataset((iri("h"),), (iri("i"),))),
        ),
        ("INSERT { GRAPH ?z { ?x :b ?y } } WHERE {}", Modify((), (quad("b", Z),), EMPTY)),
        ("DELETE { ?x :a ?y } WHERE { ?x :a ?y }", Modify((quad("a"),), (), A)),
        ("LOAD :f", Load(iri("f"), None, silent=False)),
        ("LOAD SILENT :f INTO GRAPH :g", Load(iri("f"), iri("g"), silent=True)),
        ("CLEAR SILENT GRAPH :g", Clear(iri("g"), silent=True, drop=False)),
        ("CLEAR DEFAULT", Clear("DEFAULT", silent=False, drop=False)),
        ("drop named", Clear("NAMED", silent=False, drop=True)),
        ("CREATE GRAPH :g", Create(iri("g"), silent=False)),
        ("ADD :g TO :h", Transfer("ADD", iri("g"), iri("h"), silent=False)),
        ("MOVE SILENT GRAPH :g TO DEFAULT", Transfer("MOVE", iri("g"), None, silent=True)),
        ("copy default to graph :g", Transfer("COPY", None, iri("g"), silent=False)),
    ],
)
def test_operation_becomes_algebra(text: str, expected: Operation) -> None:
    """Each operation of Update."""
    assert parse_update(text, prefixes=PREFIXES).operations == (expected,)


def test_request_has_any_number_of_operations() -> None:
    """None, several, and a semicolon at the end; a prologue stands anywhere between."""
    assert parse_update("").operations == ()
    assert parse_update("PREFIX : <http://x/>").operations == ()
    text = "CLEAR ALL; PREFIX : <http://x/> CLEAR GRAPH :g ; "
    assert len(parse_update(text).operations) == 2


# What the grammar allows and the standard does not


@pytest.mark.parametrize(
    ("text", "line_column", "words"),
    [
        ("SELECT (1 AS ?s) { ?s ?p ?o }", (1, 14), r"\?s has a value already"),
        ("SELECT (1 AS ?x) (2 AS ?x) {}", (1, 24), r"\?x has a value already"),
        ("SELECT ?x (1 AS ?x) {}", (1, 17), r"selected twice"),
        ("SELECT (1 AS ?x) {} VALUES ?x { 2 }", (1, 14), "has a value already"),
        ("SELECT ?o { ?s ?p ?o } GROUP BY ?s", (1, 8), r"SAMPLE\(\?o\)"),
        ("SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o }", (1, 8), "GROUP BY"),
        ("SELECT (COUNT(*) + ?o AS ?n) { ?s ?p ?o }", (1, 20), "nor aggregated"),
        ("SELECT (1 AS ?s) { ?s ?p ?o } GROUP BY ?s", (1, 14), "has a value already"),
        ("SELECT * { ?s ?p ?o } GROUP BY ?s", (1, 8), r"SELECT \* cannot be grouped"),
        ("SELECT (STR(?o) AS ?x) { ?s ?p ?o } GROUP BY (STR(?o) AS ?s)", (1, 58), "another"),
        ("SELECT ?s { FILTER (COUNT(?s) > 1) }", (1, 21), "in FILTER"),
        ("SELECT ?s { BIND (COUNT(?s) AS ?n) }", (1, 19), "in BIND"),
        ("SELECT ?s {} GROUP BY (SUM(?s) AS ?n)", (1, 24), "in GROUP BY"),
        ("SELECT (SUM(1 + COUNT(*)) AS ?n) {}", (1, 17), "inside another"),
        ("SELECT (COUNT(*) AS ?n) { FILTER (COUNT(*) > 1) }", (1, 35), "in FILTER"),
        ("ASK { ?s ?p ?o BIND (1 AS ?o) }", (1, 27), "before this BIND"),
        ("ASK { OPTIONAL { ?s ?p ?o } BIND (1 AS ?o) }", (1, 40), "before this BIND"),
        ("ASK { VALUES (?x ?y ?x) {} }", (1, 21), "twice"),
        ("ASK { VALUES (?x ?y) { (1 2)\n (1) } }", (2, 2), "1 value for 2 variables"),
        ("ASK { VALUES (?x) { (1 2) } }", (1, 21), "2 values for 1 variable"),
        ("ASK { _:a ?p 1 OPTIONAL { _:a ?p 2 } }", (1, 11), "two graph patterns"),
        ("ASK { _:a ?p 1 . {} _:a ?p 2 }", (1, 25), "two graph patterns"),
        ("ASK { _:a ?p 1 FILTER EXISTS { _:a ?p 1 } }", (1, 11), "two graph patterns"),
        ("ASK { FILTER (STRLEN()) }", (1, 15), "STRLEN takes 1 argument, not 0"),
        ("ASK { FILTER (RAND(1)) }", (1, 15), "RAND takes no arguments, not 1"),
        ("ASK { FILTER (REPLACE(1, 2)) }", (1, 15), "REPLACE takes 3 or 4 arguments, not 2"),
        ("ASK {} LIMIT 99999999999999999999", (1, 14), "larger than any answer"),
    ],
)  # fmt: skip
def test_rule_beyond_the_grammar_is_kept(
    text: str, line_column: tuple[int, int], words: str
) -> None:
    """Scopes, groups, aggregates, blank node labels, lengths; each with the place of what is wrong."""
    with pytest.raises(QuerySyntaxError, match=words) as raised:
        query(text)
    assert (raised.value.line, raised.value.column) == line_column


@pytest.mark.parametrize(
    "text",
    [
        "ASK { _:a ?p 1 . FILTER (1) _:a ?p 2 }",
        "ASK { { BIND (1 AS ?o) } UNION { BIND (2 AS ?o) } }",
        "ASK { ?s ?p ?o { BIND (1 AS ?o) } }",
        "ASK { MINUS { ?s ?p ?o } BIND (1 AS ?o) }",
        "SELECT (1 AS ?o) { { SELECT ?s { ?s ?p ?o } } }",
        "SELECT (SUM(?x) AS ?n) { { SELECT (COUNT(*) AS ?x) {} } }",
        "SELECT ?s { FILTER EXISTS { SELECT (COUNT(*) AS ?n) {} } }",
        "SELECT ?s (MAX(?o) AS ?m) (?m + 1 AS ?n) { ?s ?p ?o } GROUP BY ?s",
        "SELECT ?s {} GROUP BY ?s ORDER BY COUNT(?s)",
    ],
)
def test_what_only_looks_wrong_is_read(text: str) -> None:
    """Scopes end where the standard says."""
    assert query(text)


@pytest.mark.parametrize(
    ("text", "line_column", "words"),
    [
        ("INSERT DATA { :a :p ?x }", (1, 21), "INSERT DATA takes none"),
        ("CLEAR ALL;\nDELETE DATA { :a :p ?x }", (2, 21), "DELETE DATA takes none"),
        ("INSERT DATA { GRAPH ?g {} }", (1, 21), "INSERT DATA takes none"),
        ("DELETE DATA { _:a :p 1 }", (1, 15), "blank node"),
        ("DELETE DATA { :a :p [] }", (1, 21), "blank node"),
        ("DELETE WHERE { :a :p (1) }", (1, 22), "blank node"),
        ("DELETE { :a :p [] } INSERT { :a :p [] } WHERE {}", (1, 16), "blank node"),
        ("INSERT DATA { _:a :p 1 }; INSERT DATA { _:a :p 1 }", (1, 41), "two"),
        ("INSERT DATA { 1 :p 1 }", (1, 17), "subject"),
        ("DELETE {} WHERE { FILTER (COUNT(*) > 1) }", (1, 27), "in FILTER"),
    ],
)
def test_rule_of_updates_is_kept(text: str, line_column: tuple[int, int], words: str) -> None:
    """No variables in data, no blank nodes in what is deleted, one label in one operation."""
    with pytest.raises(QuerySyntaxError, match=words) as raised:
        parse_update(text, prefixes=PREFIXES)
    assert (raised.value.line, raised.value.column) == line_column


def test_wrong_update_given_as_query_is_a_syntax_error() -> None:
    """Only an update that is a right one is told to go elsewhere."""
    with pytest.raises(NotPermittedError):
        parse_query("CLEAR ALL")
    with pytest.raises(QuerySyntaxError, match="line 1 column"):
        parse_query("DELETE { ?s ?p [] } WHERE { ?s ?p ?o }")
