"""``ckg:matches(?label, "words pre*")``: text search by the store's index of words.

Of a variable and constant words it is a search of the index; anything else Python compares word by
word. It is false for what is no string.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from sqlglot import exp

from conflictkg.answers import XSD, XSD_STRING, Literal, Term
from conflictkg.engine.algebra import Expression, FunctionCall
from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import array, binary, is_not_null, junction, text
from conflictkg.engine.expressions.convert import pack_value
from conflictkg.engine.expressions.frame import Frame
from conflictkg.engine.expressions.search import has_words, sought_words
from conflictkg.engine.expressions.values import TEXT_TAGS, Value, boolean, is_simple
from conflictkg.engine.program import Program
from conflictkg.errors import QuerySyntaxError

MATCHES = "https://w3id.org/conflictkg/ontology#matches"
_LAST_CHARACTER = "\U0010ffff"


class _Values(Protocol):
    frame: Frame

    def value(self, expression: Expression) -> Value:
        """The value of an expression."""


def compile_matches(compiler: _Values, call: FunctionCall) -> Value:
    """A call of ``ckg:matches``.

    Raises:
        QuerySyntaxError: It has not two arguments.
    """
    if len(call.arguments) != 2:
        problem = f"<{MATCHES}> takes 2 arguments, a text and words, not {len(call.arguments)}"
        place = call.place
        raise (
            QuerySyntaxError(problem, place.line, place.column)
            if place
            else QuerySyntaxError(problem)
        )
    source, words = (compiler.value(each) for each in call.arguments)
    if source.rep is Rep.ID and is_simple(source.sql) and isinstance(words.term, Literal):
        return _search(source, words.term.lexical)
    return _by_python(compiler.frame, source, words)


def _search(source: Value, query: str) -> Value:
    sought = sought_words(query)
    if not sought or not source.tags & TEXT_TAGS:
        false = exp.false()
        if not source.nullable:
            return boolean(false, nullable=False)
        return boolean(exp.Case(ifs=[exp.If(this=is_not_null(source.sql), true=false)]))
    parts = [_has_word(source.sql, word, is_prefix=is_prefix) for word, is_prefix in sought]
    return boolean(junction(exp.And, parts), nullable=source.nullable)


def _has_word(sql: exp.Expr, word: str, *, is_prefix: bool) -> exp.Expr:
    token = exp.column("token")
    condition: exp.Expr = binary(exp.EQ, token, text(word))
    if is_prefix:
        # A range, so that the index is read from its place on.
        condition = binary(
            exp.And,
            binary(exp.GTE, token, text(word)),
            binary(exp.LT, token.copy(), text(word + _LAST_CHARACTER)),
        )
    found = exp.Select(expressions=[exp.column("id")])
    found.set("from_", exp.From(this=exp.Table(this=exp.to_identifier("token"))))
    found.set("where", exp.Where(this=condition))
    return exp.In(this=sql.copy(), query=exp.Subquery(this=found))


def _by_python(frame: Frame, source: Value, words: Value) -> Value:
    values = [source, words]
    ids = [value for value in values if value.rep is Rep.ID]
    others = [value for value in values if value.rep is not Rep.ID]
    order = [values.index(value) for value in (*ids, *others)]
    test = _tester(order.index(0), order.index(1))

    def evaluate(row: Sequence[Term | None]) -> Term | None:
        found = test(row)
        return None if found is None else Literal("true" if found else "false", XSD + "boolean")

    program = Program(evaluate, "ckg:matches", test)
    sql = exp.Anonymous(
        this="ckg_test",
        expressions=[
            frame.program(program),
            array([value.sql for value in ids], "BIGINT"),
            array([pack_value(frame, value).sql for value in others], "VARCHAR"),
        ],
    )
    return boolean(sql)


def _tester(source_slot: int, words_slot: int) -> Callable[[Sequence[Term | None]], bool | None]:
    def test(row: Sequence[Term | None]) -> bool | None:
        source, words = row[source_slot], row[words_slot]
        if source is None or not isinstance(words, Literal):
            return None
        return (
            isinstance(source, Literal)
            and (bool(source.language) or source.datatype == XSD_STRING)
            and has_words(source.lexical, words.lexical)
        )

    return test
