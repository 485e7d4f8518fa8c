"""Says in plain words why a text is not SPARQL: what was found, what was expected, what to do."""

from collections.abc import Mapping
from dataclasses import dataclass

from conflictkg.engine.syntax.lexer import Lexer, Token
from conflictkg.engine.syntax.reading import Reading
from conflictkg.errors import QuerySyntaxError


@dataclass(frozen=True, slots=True)
class Grammar:
    """The tables of the parser; ``tools/generate_syntax_tables.py`` says what they are."""

    words: Mapping[str, str]
    starts: Mapping[str, int]
    states: list[dict[str, int]]
    rules: list[tuple[str, int, str]]


def explain(
    grammar: Grammar,
    lexer: Lexer,
    reading: Reading,
    start: str,
    states: list[int],
    kind: str,
    token: Token,
) -> QuerySyntaxError:
    return reading.error(f"unexpected {token[0]!r}", token[1], token[0])
