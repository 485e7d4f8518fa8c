# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""From quads as texts to numbered terms and quads as ids: the numbers are those that a load on one machine gives.

No step runs in one partition: terms are sorted by ranges, each range counts its own, and what came before it is
added.
"""

from collections.abc import Sequence
from pathlib import Path

from conflictkg.engine.ids import DEFAULT_GRAPH, SHIFT, Tag
from conflictkg.errors import StoreError
from conflictkg.spark import rows
from conflictkg.spark.relating import QUADS
from conflictkg.spark.session import Spark

# monotonically_increasing_id() has the number of the partition above these bits, the place in it below.
_PLACE_BITS = 33

_TEXTS = f"""
    SELECT DISTINCT text FROM (
        SELECT s AS text FROM {QUADS} UNION ALL SELECT o FROM {QUADS}
        UNION ALL SELECT p FROM {QUADS} UNION ALL SELECT g FROM {QUADS}
    ) WHERE text <> ''
"""
_SORTED = """
    SELECT *, monotonically_increasing_id() AS place FROM (
        SELECT tag, lex, dt, lang, max(num) AS num FROM described
        WHERE known IS NULL GROUP BY tag, lex, dt, lang ORDER BY tag, lex, dt, lang
    )
"""
_IDS = f"""
    SELECT ns.id AS s, np.id AS p, no.id AS o, coalesce(ng.id, {DEFAULT_GRAPH}) AS g FROM {QUADS}
    JOIN name AS ns ON ns.text = {QUADS}.s JOIN name AS no ON no.text = {QUADS}.o
    JOIN few AS np ON np.text = {QUADS}.p LEFT JOIN few AS ng ON ng.text = {QUADS}.g
"""


def number_terms(spark: Spark, terms: Path) -> None:
    """Write the table ``term`` and make the view ``numbered(s, p, o, g)`` of the quads' ids, repeated ones too.

    Args:
        spark: A session with the view of the quads; none has a blank node.
        terms: The folder to write.

    Raises:
        StoreError: A text is no term.
    """
    spark.map("describing", _TEXTS, rows.describe, rows.DESCRIBED)
    spark.keep("described", "SELECT * FROM describing")
    _require_terms(spark)
    spark.keep("sorted", _SORTED)
    spark.define("base", _bases(_count_parts(spark)))
    spark.keep(
        "identified",
        f"SELECT base + place AS id, lex, dt, lang, num, tag FROM sorted JOIN base USING (tag)"
        f" WHERE base.part = shiftright(place, {_PLACE_BITS})",
    )
    spark.write("SELECT id, lex, dt, lang, num FROM identified ORDER BY id", terms)
    spark.keep(
        "name",
        "SELECT text, coalesce(known, id) AS id FROM described LEFT JOIN identified"
        " ON described.known IS NULL AND described.tag = identified.tag AND described.lex = identified.lex"
        " AND described.dt <=> identified.dt AND described.lang = identified.lang",
    )
    # Few predicates and graphs: every worker gets all of them.
    spark.keep(
        "few",
        f"SELECT * FROM name WHERE text IN (SELECT p FROM {QUADS} UNION SELECT g FROM {QUADS})",
    )
    spark.define("numbered", _IDS)


def _require_terms(spark: Spark) -> None:
    found = spark.select(
        f"SELECT text FROM described WHERE NOT is_term OR tag = {Tag.BLANK:d} LIMIT 1"
    )
    for (text,) in found:
        raise StoreError(f"the mapping gives what is neither an IRI nor a literal: {text[:200]}")


def _count_parts(spark: Spark) -> list[tuple[int, int, int, int]]:
    """By tag and partition, the place of the first term in it and how many there are."""
    return [
        (tag, part, first, count)
        for tag, part, first, count in spark.select(
            f"SELECT tag, shiftright(place, {_PLACE_BITS}) AS part, min(place), count(*)"
            " FROM sorted GROUP BY tag, part ORDER BY tag, part"
        )
    ]


def _bases(parts: Sequence[tuple[int, int, int, int]]) -> str:
    """SELECT of ``tag``, ``part`` and what is to be added to a place for an id.

    >>> _bases([(2, 0, 0, 5), (2, 1, 1 << 33, 3)])[:60]
    'SELECT * FROM VALUES (2, 0, 576460752303423488), (2, 1, 5764'
    """
    done: dict[int, int] = {}
    values = []
    for tag, part, first, count in parts:
        before = done.get(tag, 0)
        values.append(f"({tag}, {part}, {(tag << SHIFT) + before - first})")
        done[tag] = before + count
    return f"SELECT * FROM VALUES {', '.join(values)} AS base(tag, part, base)"
