"""Hostile text is refused soon, and long text that is no harm is read."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from conflictkg.engine.algebra import Extend, Filter, Pattern, Project, Select, Values
from conflictkg.engine.syntax import parse_query, parse_update, unparse
from conflictkg.engine.syntax.lexer import MAX_NESTING
from conflictkg.engine.syntax.reading import MAX_DEPTH, MAX_OPERATORS
from conflictkg.errors import QuerySyntaxError
from conflictkg.questions import load_questions

MANY = 100_000
# Wall time, on a machine that others use as well: what these guard against takes minutes.
SOON_S = 20.0


def parse_soon(parse: Callable[[str], Any], text: str) -> Any:
    start = time.perf_counter()
    try:
        return parse(text)
    finally:
        assert time.perf_counter() - start < SOON_S


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ASK { FILTER (" + "1+" * MANY + "1) }", "too many operators"),
        ("ASK { FILTER (" + "1 * " * MANY + "1) }", "too many operators"),
        ("ASK { FILTER (" + "?x || " * MANY + "?x) }", "too many operators"),
        ("ASK { FILTER (" + "(" * MANY + "1" + ")" * MANY + ") }", "nested too deeply"),
        ("ASK { FILTER (" + "STR(" * MANY + "1" + ")" * MANY + ") }", "nested too deeply"),
        ("ASK { FILTER (" + "!" * MANY + "?x) }", "nested too deeply"),
        ("ASK { FILTER (" + "- " * MANY + "?x) }", "nested too deeply"),
        ("ASK " + "{" * MANY + "}" * MANY, "nested too deeply"),
        ("ASK {" + "OPTIONAL {" * MANY + "}" * MANY + "}", "nested too deeply"),
        ("ASK { ?s ?p " + "[ ?p " * MANY + "1" + "]" * MANY + "}", "nested too deeply"),
        ("ASK { ?s ?p " + "(" * MANY + ")" * MANY + "}", "nested too deeply"),
        ("ASK { ?s " + "/".join(["<http://x/p>"] * MANY) + " ?o }", "too many operators"),
        ("ASK { ?s " + "|".join(["<http://x/p>"] * MANY) + " ?o }", "too many operators"),
        ("ASK {" + " UNION ".join(["{}"] * MANY) + "}", "too many operators"),
        ("ASK {" + "".join(f"?s{n} ?p {n} ." for n in range(10_000)) + "}", "too many operators"),
        ("ASK {" + "OPTIONAL {}" * (MAX_DEPTH + 1) + "}", "nested too deeply"),
        (
            "ASK {" + "".join(f"BIND (1 AS ?v{n})" for n in range(MAX_DEPTH + 1)) + "}",
            "nested too deeply",
        ),
        ("ASK { FILTER (" + "?x + " * (MAX_DEPTH + 1) + "?x) }", "nested too deeply"),
        (
            "SELECT * {} GROUP BY " + " ".join(f"?v{n}" for n in range(MANY // 2)),
            "cannot be grouped",
        ),
    ],
    ids=lambda value: value[:24],
)
def test_deep_or_wide_query_is_refused_soon(text: str, words: str) -> None:
    """A syntax error that says so: no recursion error, no long wait."""
    with pytest.raises(QuerySyntaxError, match=words) as raised:
        parse_soon(parse_query, text)
    assert raised.value.line == 1
    assert raised.value.column >= 1


def test_long_data_is_read_soon() -> None:
    """Rows, members, triples, operations and names are no operators."""
    rows = "".join(f"(<http://x/{n}> {n})\n" for n in range(MANY))
    found = parse_soon(parse_query, f"SELECT * {{ VALUES (?a ?b) {{ {rows} }} }}")
    assert isinstance(found.pattern.pattern, Values)
    assert len(found.pattern.pattern.rows) == MANY
    members = ",".join(map(str, range(MANY)))
    condition = parse_soon(parse_query, f"ASK {{ FILTER (?x IN ({members})) }}").pattern.condition
    assert len(condition.arguments) == MANY + 1
    triples = "".join(f"<http://x/{n}> <http://x/p> [ <http://x/q> {n} ].\n" for n in range(MANY))
    update = parse_soon(parse_update, f"INSERT DATA {{ {triples} }}")
    assert len(update.operations[0].quads) == 2 * MANY
    deletes = ";".join(["DELETE { ?s ?p 1 } INSERT { [] ?p 2 } WHERE { ?s ?p 3 }"] * 10_000)
    assert len(parse_soon(parse_update, deletes).operations) == 10_000
    names = " ".join(f"?v{n}" for n in range(MANY))
    assert len(parse_soon(parse_query, f"SELECT {names} {{}}").variables) == MANY
    graphs = " ".join(f"FROM <http://x/{n}>" for n in range(MANY))
    assert len(parse_soon(parse_query, f"ASK {graphs} {{}}").dataset.default) == MANY


@pytest.mark.parametrize(
    "piece",
    [
        *("1+", "'''", '"', "<", "a:", "\\", "'\\'", '""""', "(", "?a ", "a", "a."),
        *("_:", "@a-", "1.", "1e", "%", "a:%", "\\u0041", "#", "#\n", "[", "[]", "{}"),
        *("^", "^^", '"a"@', "a.:", "::", "\n"),
    ],
)
def test_text_of_one_piece_is_read_in_linear_time(piece: str) -> None:
    """A quarter of a megabyte of anything ends soon, with an error of ours."""
    for start in ("", "ASK { ", "ASK { ?s ?p "):
        with pytest.raises(QuerySyntaxError):
            parse_soon(parse_query, start + piece * (250_000 // len(piece)))


def test_limits_themselves_are_allowed() -> None:
    """What is just inside is read, and can be walked by recursion."""
    depth = MAX_NESTING - 1
    parse_query("ASK {" + "{" * depth + "}" * depth + "}")
    parse_query("ASK { FILTER (" + "!" * MAX_NESTING + "?x) }")
    chain = "ASK { FILTER (" + "?x || " * (MAX_OPERATORS - 2) + "?x) }"
    found = parse_query(chain).pattern
    assert isinstance(found, Filter)
    assert unparse(found.condition).count("||") == MAX_OPERATORS - 2
    names = MAX_DEPTH - 3
    query = parse_query("SELECT * {" + "".join(f"BIND (1 AS ?v{n})" for n in range(names)) + "}")
    assert isinstance(query, Select)
    assert isinstance(query.pattern, Project)
    assert _count_binds(query.pattern.pattern) == names
    assert parse_query(unparse(query)) == query


def _count_binds(pattern: Pattern) -> int:
    return 1 + _count_binds(pattern.pattern) if isinstance(pattern, Extend) else 0


def test_published_questions_are_read_in_no_time() -> None:
    """Two milliseconds for ten lines, at the median of our own questions (measured: a quarter of one)."""
    times = []
    for question in load_questions():
        best = SOON_S
        for _ in range(5):
            start = time.perf_counter()
            parse_query(question.sparql)
            best = min(best, time.perf_counter() - start)
        times.append(best / len(question.sparql.splitlines()))
    assert sorted(times)[len(times) // 2] < 0.0002
