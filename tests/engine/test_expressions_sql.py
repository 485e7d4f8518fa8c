"""What only SQL computes, how large its text grows, and that Spark can say it too."""

import re

import pytest
import sqlglot
from evaluated import expression, turtle
from expression_rows import TERMS, Rows
from sqlglot import exp

from conflictkg.answers import RDF_LANG_STRING, XSD, Iri, Literal, Term
from conflictkg.engine.algebra import Aggregate, Call, Exists, Expression, Union, Var
from conflictkg.engine.dialect import to_sql
from conflictkg.engine.expressions import (
    compile_aggregate,
    compile_condition,
    compile_value,
    order_keys,
)
from conflictkg.engine.expressions.casts import CASTS
from conflictkg.engine.expressions.compiling import NATIVES
from conflictkg.engine.expressions.search import has_words
from conflictkg.engine.words import tokenize
from conflictkg.errors import QueryError, QuerySyntaxError

TEXT = Literal("a.c\nAbc", XSD + "string")
PATTERN = Literal("b.?", XSD + "string")
BROKEN = Literal("(", XSD + "string")
TAGGED = Literal("abcab", RDF_LANG_STRING, "en")
ROW: dict[str, Term | None] = {
    "s": TEXT,
    "p": PATTERN,
    "x": BROKEN,
    "l": TAGGED,
    "i": Literal("3", XSD + "integer"),
}
MATCHES = "<https://w3id.org/conflictkg/ontology#matches>"


def answer(text: str, row: dict[str, Term | None] | None = None) -> str:
    """What an expression gives over one solution, as SPARQL has it."""
    rows = Rows([row or ROW])
    scope = rows.scope()
    (term,) = rows.values(compile_value(expression(text), scope), scope)
    return turtle(term)


TRUE, FALSE = '"true"^^xsd:boolean', '"false"^^xsd:boolean'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('REGEX("abc", "b")', TRUE),
        ('REGEX("abc", "B")', FALSE),
        ('REGEX("abc", "B", "i")', TRUE),
        ('REGEX("abc", "^b")', FALSE),
        ('REGEX("abc", "^ab")', TRUE),
        ('REGEX("abc", "bc$")', TRUE),
        ('REGEX("abc", "ab$")', FALSE),
        ('REGEX("abc", "a.c")', TRUE),
        (r'REGEX("a\nc", "a.c")', FALSE),
        (r'REGEX("a\nc", "a.c", "s")', TRUE),
        (r'REGEX("a\nc", "^c")', FALSE),
        (r'REGEX("a\nc", "^c", "m")', TRUE),
        (r'REGEX("a\nc", "a$", "m")', TRUE),
        ('REGEX("abc", "a b", "x")', TRUE),
        ('REGEX("a.c", ".c", "q")', TRUE),
        ('REGEX("abc", ".c", "q")', FALSE),
        ('REGEX("AB.C", "b.", "qi")', TRUE),
        (r'REGEX("a+b", "a\\+b")', TRUE),
        ('REGEX("abc"@en, "b")', TRUE),
        ("REGEX(?l, ?p)", TRUE),
        ("REGEX(?l, ?l)", ""),
        ('REGEX(?i, "3")', ""),
        ("REGEX(STR(?i), ?p)", FALSE),
        ("REGEX(?s, ?x)", ""),
        ('REGEX(?s, ?x, "q")', FALSE),
        ('REGEX(?s, CONCAT("^", "abc"), "im")', TRUE),
        ('REGEX(?s, ?p, IF(?i = 3, "q", "i"))', FALSE),
        ('REGEX(?s, ?p, IF(?i = 3, "sx", "i"))', TRUE),
        ("REGEX(?s, ?p, STR(?i))", ""),
        ('REGEX(?s, "B", "i") && ?i > 2', TRUE),
        ("REGEX(UCASE(?s), ?p)", FALSE),
        ('REPLACE("abcab", "b", "X")', '"aXcaX"'),
        ('REPLACE("abcab"@en, "b", "X")', '"aXcaX"@en'),
        ('REPLACE("abcab", "(b)(c)?", "[$1$2]")', '"a[bc]a[b]"'),
        ('REPLACE("abcab", "B", "-", "i")', '"a-ca-"'),
        (r'REPLACE("ab", "b", "\\$1")', '"a$1"'),
        (r'REPLACE("ab", "b", "\\\\")', r'"a\\"'),
        ('REPLACE("ab", "b", "$")', ""),
        (r'REPLACE("ab", "b", "\\n")', ""),
        ('REPLACE("a.b", ".", "$1", "q")', '"a$1b"'),
        ('REPLACE("abc", "x*", "-")', ""),
        ('REPLACE("abc", ?x, "-")', ""),
        ('REPLACE(?l, ?p, "[$0]")', '"a[bc]a[b]"@en'),
        (r'REPLACE("ab", "b", CONCAT("\\\\", STR(?i)))', r'"a\\3"'),
        (r'REPLACE("ab", "b", CONCAT("\\$", STR(?i)))', '"a$3"'),
        ('REPLACE("ab", "(b)", CONCAT("$", STR(?i - 2), "!"))', '"ab!"'),
        ('REPLACE(?i, "3", "4")', ""),
        ('STRLEN(REPLACE(STRDT(?s, xsd:string), "a", "bbb")) > 3', TRUE),
    ],
)
def test_regular_expressions(text: str, expected: str) -> None:
    """REGEX and REPLACE as XPath has them, a computed pattern that is wrong being an error."""
    assert answer(text) == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('REGEX(?s, "a(b")', r'the regular expression "a\(b" cannot be used: missing \): a\(b'),
        ('REGEX(?s, "a", "z")', '"z" is no flag of a regular expression; there are i, s, m, x, q'),
        ('REPLACE(?s, "[", "b")', r'the regular expression "\[" cannot be used: missing \]: \['),
    ],
)
def test_a_constant_pattern_that_is_wrong_is_refused(text: str, problem: str) -> None:
    """The message names the pattern, its place and what is wrong."""
    with pytest.raises(QuerySyntaxError, match="line 1 column 10: " + problem):
        answer(text)


def test_an_unknown_function_is_refused() -> None:
    """A misspelt function is not an error of each row."""
    with pytest.raises(QuerySyntaxError, match=r"no function is named <http://example\.org/f>"):
        answer("ex:f(?s)")


def test_what_chance_gives() -> None:
    """RAND and UUID differ by row, NOW does not, and a value used twice is computed once."""
    rows = Rows([ROW, ROW])
    found = {}
    for call in (
        "RAND()",
        "UUID()",
        "STRUUID()",
        "NOW()",
        "BNODE()",
        'BNODE("a")',
        "IF(RAND() < 2, UUID(), ?s)",
    ):
        scope = rows.scope()
        found[call] = rows.values(compile_value(expression(call), scope), scope)
    assert len({*found["RAND()"], *found["UUID()"], *found["STRUUID()"]}) == 6
    assert len(set(found["BNODE()"])) == len(set(found['BNODE("a")'])) == 2
    assert len(set(found["NOW()"])) == 1
    iri, text = found["UUID()"][0], found["STRUUID()"][0]
    assert isinstance(iri, Iri)
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", iri.value)
    assert isinstance(text, Literal)
    assert re.fullmatch(r"[0-9a-f-]{36}", text.lexical)
    assert answer('sameTerm(BNODE("a"), BNODE("a"))') == TRUE
    assert answer('STRLEN(STRBEFORE(STRUUID(), "-")) = 8') == TRUE
    # A quotient, its rounding and its sign are of one number.
    assert {answer("ROUND(RAND()) IN (0e0, 1e0)") for _ in range(20)} == {TRUE}
    assert (
        answer('RAND() < 1 && RAND() >= 0 && NOW() > "2020-01-01T00:00:00Z"^^xsd:dateTime') == TRUE
    )
    assert answer("YEAR(NOW()) > 2024") == TRUE


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("Two Air Strikes", "air", True),
        ("Two Air Strikes", "strik* AIR", True),
        ("Two Air Strikes", "strike", False),
        ("Caf\u00e9 d'Orsay", "cafe orsay", True),
        ("Two Air Strikes", "", False),
        ("Two Air Strikes", "*", False),
    ],
)
def test_words_are_found(text: str, words: str, expected: bool) -> None:
    """The index of words, Python over computed texts, and the rule itself agree."""
    row: dict[str, Term | None] = {
        "s": Literal(text),
        "w": Literal(words),
        "u": Iri("http://example.org/air"),
    }
    assert has_words(text, words) == expected
    wanted = TRUE if expected else FALSE
    assert answer(f'{MATCHES}(?s, "{words}")', row) == wanted
    assert answer(f"{MATCHES}(?s, ?w)", row) == wanted
    assert answer(f'{MATCHES}(CONCAT(?s, ""), "{words}")', row) == wanted
    assert answer(f'{MATCHES}(?u, "air")', row) == FALSE
    assert answer(f'!{MATCHES}(?s, "{words}") || ?s = "x"', row) == (FALSE if expected else TRUE)
    assert tokenize(text)


def test_matches_takes_two_arguments() -> None:
    """The message says so."""
    with pytest.raises(QuerySyntaxError, match="takes 2 arguments, a text and words, not 1"):
        answer(f"{MATCHES}(?s)")


def test_exists_within_expressions() -> None:
    """EXISTS is computed in SQL wherever it stands, and handed to Python where need be."""
    rows = Rows([ROW, ROW])
    exists = Exists(Union(()))
    sums = Call("STRDT", (Call("STR", (exists,)), Iri(XSD + "boolean")))
    nested = Call("STRLEN", (Call("CONCAT", (Call("STR", (exists,)), Call("STR", (exists,)))),))
    for wanted, expected in (
        (exists, ["true", "false"]),
        (sums, ["true", "false"]),
        (nested, ["8", "10"]),
        (Call("!", (Exists(Union(()), negated=True),)), ["true", "false"]),
    ):
        scope = rows.scope()
        found = rows.values(compile_value(wanted, scope), scope)
        assert [term.lexical for term in found if isinstance(term, Literal)] == expected


# How SQL grows


def _nested(name: str, depth: int) -> Expression:
    inner: Expression = Var("s")
    for _ in range(depth):
        if name == "IF":
            inner = Call("IF", (Call("=", (Var("i"), Var("s"))), Var("l"), inner))
        elif name == "CONCAT":
            inner = Call("CONCAT", (inner, Var("l"), Literal(" ")))
        elif name == "+":
            inner = Call("+", (Var("i") if inner == Var("s") else inner, Var("i")))
        elif name == "REPLACE":
            inner = Call("REPLACE", (inner, Literal("a"), Literal("a")))
        elif name == "/":
            inner = Call(
                "/", (Var("i"), Call("+", (Var("i") if inner == Var("s") else inner, Var("i"))))
            )
        else:
            inner = Call(
                name,
                (inner, Literal("b"))
                if name in {"STRBEFORE", "STRAFTER", "COALESCE"}
                else (inner,),
            )
    return inner


@pytest.mark.parametrize(
    "name",
    [
        "IF",
        "COALESCE",
        "UCASE",
        "STRBEFORE",
        "STRAFTER",
        "ABS",
        "ROUND",
        "+",
        "/",
        "REPLACE",
        "CONCAT",
        "!",
    ],
)
def test_sql_grows_no_faster_than_the_expression(name: str) -> None:
    """Nested 30 deep a function's SQL is not many times as long as nested 15 deep."""
    rows = Rows([ROW])
    sizes = []
    for depth in (15, 30):
        scope = rows.scope()
        column = compile_value(_nested(name, depth), scope)
        sizes.append(len(to_sql(column.sql)) + sum(len(join) for join in scope.joins))
        # DuckDB plans it too.
        rows.run(f"EXPLAIN SELECT {to_sql(column.sql)} {scope.source()}", scope)
    assert sizes[1] <= max(4 * sizes[0], 3000)


def test_long_chains_are_compiled() -> None:
    """A thousand operators are no problem for SQL or for Python."""
    rows = Rows([ROW])
    for name in ("&&", "||"):
        wanted: Expression = Call(">", (Var("i"), Literal("1", XSD + "integer")))
        for _ in range(1000):
            wanted = Call(name, (wanted, Call("<", (Var("i"), Literal("9", XSD + "integer")))))
        scope = rows.scope()
        condition = compile_condition(wanted, scope)
        assert rows.run(f"SELECT {to_sql(condition)} {scope.source()}", scope) == [(True,)]
    wanted = Call("+", (Var("i"), Var("i")))
    for _ in range(150):
        wanted = Call("+", (wanted, Var("i")))
    scope = rows.scope()
    (term,) = rows.values(compile_value(wanted, scope), scope)
    assert turtle(term) == '"456"^^xsd:integer'


def test_a_text_that_grows_too_long_is_an_error() -> None:
    """Ten million characters are the limit, in SQL as in Python."""
    rows = Rows([{"s": Literal("x" * 1_000_000)}])
    long = Call("CONCAT", (Var("s"),) * 10)
    for wanted in (
        Call("STRLEN", (long,)),
        Call("STRLEN", (Call("CONCAT", (long, Var("s"))),)),
        Call("STRLEN", (Call("REPLACE", (Var("s"), Literal("x"), Literal("y" * 11))),)),
        Call(
            "STRLEN",
            (
                Call(
                    "ENCODE_FOR_URI", (Call("REPLACE", (Var("s"), Literal("x"), Literal("/" * 4))),)
                ),
            ),
        ),
    ):
        scope = rows.scope()
        found = rows.values(compile_value(wanted, scope), scope)
        assert found == (
            [Literal("10000000", XSD + "integer")] if wanted == Call("STRLEN", (long,)) else [None]
        )


def test_nothing_is_asked_of_the_scope_that_is_not_used() -> None:
    """Joins and programs of translations that were given up do not stay behind."""
    rows = Rows([ROW])
    scope = rows.scope()
    compile_condition(expression("?i > 2"), scope)
    assert not scope.joins
    assert not scope.programs
    scope = rows.scope()
    compile_value(expression("STRDT(UCASE(STRAFTER(?s, ?l)), xsd:integer)"), scope)
    assert not scope.joins
    assert len(scope.programs) == 1


def test_a_column_of_one_inline_tag_is_compared_as_it_is() -> None:
    """DuckDB can skip what its zone maps rule out."""
    rows = Rows([ROW])
    assert re.fullmatch(
        r"t\.i >= \d+", to_sql(compile_condition(expression("?i >= 2"), rows.scope()))
    )
    assert re.fullmatch(
        r"t\.s = \d+", to_sql(compile_condition(expression('?s = "none"'), rows.scope()))
    )
    assert re.fullmatch(
        r"\(t\.i\) IN \(.*\)", to_sql(compile_condition(expression("?i IN (1, 2)"), rows.scope()))
    )


def test_a_tree_too_deep_for_the_generator_is_refused() -> None:
    """Not a RecursionError, whoever sends such a query."""
    tree: exp.Expr = exp.column("a")
    for _ in range(2000):
        tree = exp.Paren(this=tree)
    with pytest.raises(QueryError, match="nested too deep"):
        to_sql(tree)


# Spark

_SPARK_KINDS = [
    "integer",
    "decimal",
    "double",
    "string",
    "lang",
    "boolean",
    "datetime",
    "utc",
    "date",
    "iri",
    "blank",
]
_CASES = {
    **{name: f"{name}(?a)" for name in NATIVES if re.fullmatch(r"[A-Z_]+", name)},
    **{name: f"?a {name} ?b" for name in NATIVES if not re.fullmatch(r"[A-Z_]+", name)},
    **{
        name: f"{name}(?a, ?b)"
        for name in (
            "SAMETERM",
            "STRSTARTS",
            "STRENDS",
            "CONTAINS",
            "STRBEFORE",
            "STRAFTER",
            "CONCAT",
            "LANGMATCHES",
        )
    },
    "SUBSTR": "SUBSTR(?a, 2, 3)",
    "NEG": "-?a",
    "POS": "+?a",
    "REGEX": 'REGEX(?a, "b.", "i")',
    "REPLACE": 'REPLACE(?a, "(b)", "$1")',
    "IF": "IF(?a = ?b, ?a, ?b)",
    "COALESCE": "COALESCE(?a, ?b)",
    "IN": "?a IN (?b, 1)",
    "NOW": "NOW() > ?a",
    "RAND": "RAND() > 0.5",
    "UUID": "UUID()",
    "STRUUID": "STRUUID()",
    "BNODE": 'BNODE("a")',
    "words": f'{MATCHES}(?a, "b*")',
    **{iri: f"<{iri}>(?a)" for iri in CASTS},
}


@pytest.mark.parametrize("name", _CASES)
def test_native_expressions_are_said_in_spark_too(name: str) -> None:
    """Each native expression has a text in Spark's dialect that sqlglot's parser of it reads."""
    for kind in _SPARK_KINDS:
        rows = Rows([{"a": term, "b": other} for term in TERMS[kind] for other in TERMS[kind]])
        scope = rows.scope()
        column = compile_value(expression(_CASES[name]), scope)
        trees = [column.sql, *(key.this for key in order_keys(column, True, scope))]
        names = ("COUNT", "SUM", "MIN", "MAX", "AVG", "GROUP_CONCAT", "SAMPLE")
        trees += [
            compile_aggregate(Aggregate(each, expression(_CASES[name])), scope).sql
            for each in (names if name in {"POS", "STR", "/", "IF"} else ())
        ]
        for tree in trees:
            text = to_sql(tree, "spark")
            sqlglot.parse_one(text, dialect="spark")
            assert "INT128" not in text
            assert "STRLEN(" not in text
