# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""The text index: which strings of the dictionary have which words."""

import duckdb
from sqlglot import exp

from conflictkg.engine.ids import Tag, id_range
from conflictkg.engine.words import tokens_of

_TOKENS = tokens_of(exp.column("lex")).sql("duckdb")


def index_texts(cursor: duckdb.DuckDBPyConnection, source: str, target: str) -> None:
    """Add the words of terms to the index.

    Args:
        cursor: Where the tables are.
        source: A table like ``term``.
        target: A table like ``token``; what is added is sorted.
    """
    # The tags of strings without and with a language follow each other.
    low, high = id_range(Tag.STRING)[0], id_range(Tag.LANG)[1]
    cursor.execute(f"""
        INSERT INTO {target}
        SELECT token, id FROM (
            SELECT unnest(list_distinct({_TOKENS})) AS token, id
            FROM {source} WHERE id BETWEEN {low} AND {high}
        ) ORDER BY token, id
    """)
