"""Errors of syntax: their place, what they say, and what they suggest."""

import pytest

from conflictkg.engine.syntax import parse_query, parse_update
from conflictkg.errors import NotPermittedError, QuerySyntaxError
from conflictkg.terms import PREFIXES

CKG = PREFIXES["ckg"]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        # nothing to read
        ("", 1, 1, "the query is empty. Write one, such as SELECT"),
        (" \n ", 1, 1, "the query is empty"),
        ("# nothing", 1, 10, "no SELECT, ASK, CONSTRUCT or DESCRIBE"),
        ("SELCT * {}", 1, 1, 'no SELECT, ASK, CONSTRUCT or DESCRIBE before this. Did you mean "SELECT"?'),
        # tokens
        ('SELECT * {\n ?s ?p "abc }', 2, 14, "the string that begins at line 2 column 8 is not closed."),
        ('ASK {\n ?s ?p """a\n"b }', 3, 5, "begins at line 2 column 8 is not closed"),
        ("ASK {\n ?s ?p 'a\n }", 2, 10, "begins at line 2 column 8 is not closed"),
        ("SELECT * { ?s ?p § }", 1, 18, "'§' begins nothing that SPARQL has."),
        ("SELECT * { ?s ?p “x” }", 1, 18, "straight quotation marks"),
        ("SELECT * { \\uD800 }", 1, 12, "\\uD800 is no character."),
        ('ASK { ?s ?p "a\\uDFFF" }', 1, 15, "\\uDFFF is no character."),
        ('ASK { ?s ?p "a\\q" }', 1, 15, "\\q is no escape that strings have."),
        ("ASK { ?s ?p <http://a/\\t> }", 1, 23, "\\t is no escape that IRIs have."),
        ("ASK { ?s ?p <http://a/\\u0020> }", 1, 13, "holds a character that IRIs cannot hold."),
        ("ASK { ?s <http://a b> ?o }", 1, 10, "the IRI that begins at column 10 holds a space"),
        ("ASK { ?s <b> ?o }", 1, 10, "<b> is a relative IRI"),
        ("ASK { FILTER (?x & ?y) }", 1, 18, "And is &&."),
        # names
        ("ASK {\n ?s foo:bar ?o }", 2, 5, "prefix foo: is not declared. Add: PREFIX foo: <http://…>"),
        ("ASK { ?s ckg:x ?o }", 1, 10, f"Add: PREFIX ckg: <{CKG}>"),
        ("ASK { ?s ckgg:x ?o }", 1, 10, f"Did you mean ckg:? Then add: PREFIX ckg: <{CKG}>"),
        ("PREFIX foo: <http://f/> ASK { ?s fooo:x ?o }", 1, 34, "Did you mean foo:?"),
        ("PREFIX a <http://x> ASK {}", 1, 8, "expected a prefix such as ex:, found 'a'."),
        ("SELECT s { ?s ?p ?o }", 1, 8, "A variable begins with a question mark: ?s"),
        ("SELECT * { ?s (a|b) ?o }", 1, 18, "A name is <an IRI> or prefix:b"),
        # words
        ("ASK { OPTINAL {} }", 1, 7, '"OPTINAL" is no word of SPARQL. Did you mean "OPTIONAL"?'),
        ("ASK { FILTER (STRLN(?s) > 1) }", 1, 15, 'Did you mean "STRLEN"?'),
        ("ASK { FILTER (?x = 1 and ?y) }", 1, 22, '"and" is no word of SPARQL. Write &&.'),
        ("ASK { FILTER (?x = 'it's') }", 1, 24, "A quotation mark inside a string has a backslash"),
        ("SELECT*FROMNAMED<http://g/>{}", 1, 8, '"FROMNAMED" is no word of SPARQL.'),
        # expectations
        ("ASK { ?s ?p }", 1, 13, "expected a term or a variable, found '}'."),
        ("ASK { ?s ?p ?o ?q }", 1, 16, "Is a '.' missing between two triples?"),
        ("ASK { ?s ?p ?o . . }", 1, 18, "expected a pattern or '}', found '.'."),
        ("SELECT ?s FROM { ?s ?p ?o }", 1, 16, "expected an IRI or NAMED, found '{'."),
        ("SELECT ?s {} GROUP ?s", 1, 20, "expected BY, found '?s'."),
        ("ASK { FILTER ?o > 3 }", 1, 14, "A condition stands in brackets, such as FILTER (?x > 1)."),
        ("ASK { FILTER (?o == 3) }", 1, 19, "Equality is one =, not two."),
        ("ASK { FILTER (?o <> 3) }", 1, 18, "Unequal is !=."),
        ("ASK { FILTER (?o => 3) }", 1, 19, "At least is >=, unequal is !=."),
        ("ASK { FILTER (?x<?y&&?z>1) }", 1, 17, "Put a space behind the <."),
        ("ASK { FILTER (NOT ?x) }", 1, 19, "Not is !, except before IN and EXISTS."),
        ("SELECT COUNT(*) {}", 1, 8, "An expression needs brackets and a name: (expression AS ?name)"),
        ("SELECT (COUNT(*)) {}", 1, 17, "expected AS, found ')'."),
        ("SELECT ?s, ?p {}", 1, 10, "What is selected is separated by spaces."),
        ("SELECT ?s {} LIMIT 10 ORDER BY ?s", 1, 23, "The order is GROUP BY, HAVING, ORDER BY, LIMIT"),
        ("ASK { BIND (1 ?x) }", 1, 15, "An expression needs a name"),
        ("ASK { VALUES ?s { ?x } }", 1, 19, "expected a value or UNDEF or '}', found '?x'."),
        # brackets
        ("SELECT * {\n ?s ?p ?o", 2, 10, "The '{' of line 1 column 10 is not closed: a '}' is missing."),
        ("SELECT * { { ?s ?p ?o }", 1, 24, "The '{' of line 1 column 10 is not closed"),
        ("ASK { FILTER (?o = 3 }", 1, 22, "The '(' of line 1 column 14 is not closed: a ')' is missing."),
        ("ASK { ?s ?p [ }", 1, 15, "The '[' of line 1 column 13 is not closed: a ']' is missing."),
        ("ASK { ?s ?p ?o } }", 1, 18, "this '}' closes nothing: none is open here."),
        ("ASK { } SELECT", 1, 9, "expected the end"),
        # behind decoded escapes
        ("ASK { ?\\u0061 ?p }", 1, 18, "expected a term or a variable, found '}'."),
        ("\\u0041SK {\n ?\\u0061 ?\\u0062 ?c ] }", 2, 21, "The '{' of line 1 column 10 is not closed"),
    ],
)  # fmt: skip
def test_query_error_has_place_words_and_hint(
    text: str, line: int, column: int, message: str
) -> None:
    """Line, column and offset are those of the text as it came; the words say what to do."""
    with pytest.raises(QuerySyntaxError) as raised:
        parse_query(text)
    error = raised.value
    assert message in error.problem
    assert (error.line, error.column) == (line, column)
    lines = text.split("\n")
    assert error.offset == sum(len(each) + 1 for each in lines[: line - 1]) + column - 1
    assert error.hint == "" or error.problem.endswith(error.hint)
    assert len(error.token) < 100


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("SELECT * {}", 1, 1, "SELECT begins a query, and an update was asked for. Run it as a query."),
        ("CLEAR ALL\nCLEAR ALL", 2, 1, "Operations are separated by ';'."),
        ("CLEAR", 1, 6, "expected ALL, DEFAULT, GRAPH, NAMED or SILENT, the text ends here."),
        ("DEL DATA {}", 1, 1, 'Did you mean "DELETE"?'),
        ("DELETE { ?s ?p ?o }", 1, 20, "expected INSERT, USING or WHERE, the text ends here."),
        ("INSERT { ?s ?p/?q ?o } WHERE {}", 1, 15, "expected a term or a variable, found '/'."),
    ],
)  # fmt: skip
def test_update_error_has_place_words_and_hint(
    text: str, line: int, column: int, message: str
) -> None:
    """As of queries."""
    with pytest.raises(QuerySyntaxError) as raised:
        parse_update(text)
    assert message in raised.value.problem
    assert (raised.value.line, raised.value.column) == (line, column)


@pytest.mark.parametrize(
    "update",
    [
        "ADD :a TO :b",
        "CLEAR ALL",
        "COPY :a TO :b",
        "CREATE GRAPH :a",
        "DELETE DATA { :a :b :c }",
        "DROP ALL",
        "INSERT DATA { :a :b :c }",
        "LOAD :a",
        "MOVE :a TO :b",
        "WITH :a DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
    ],
)
def test_update_is_no_query_and_is_refused_by_name(update: str) -> None:
    """What was asked for is an update; the error names it and its line."""
    word, _, rest = update.partition(" ")
    with pytest.raises(NotPermittedError, match=rf"{word} \(line 2\)"):
        parse_query(f"PREFIX : <http://x/>\n{word.lower()} {rest}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("SELECT * { ?s ?p 'x' 'y' }", "'y'"),
        (r"SELECT * { ?s ?p ab\u0063 }", r"ab\u0063"),
        (r"SELECT * { ?s ?p \u0061bc\u002E }", r"\u0061bc"),
        (r"SELECT ?x { ?x \u003F\u003Fy ?z }", r"\u003F"),
    ],
)
def test_place_of_an_error_is_that_of_its_whole_token(text: str, shown: str) -> None:
    """Also where the token is written with escapes, or an escape stands behind it."""
    with pytest.raises(QuerySyntaxError) as raised:
        parse_query(text)
    assert text[raised.value.offset : raised.value.end] == shown
