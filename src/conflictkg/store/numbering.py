# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""From staged texts to numbered terms: each different text is looked at once.

``name(h, id)`` says the id of each text by its 64-bit hash. Which seed makes the hashes of all texts
different is found by trying: of five million texts, two have had the same hash.
"""

from collections.abc import Callable, Iterator

import duckdb

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD_STRING
from conflictkg.engine.ids import DEFAULT_GRAPH, SHIFT, Tag
from conflictkg.errors import StoreError
from conflictkg.store import encoding

_SEEDS = range(16)

# What is surely right; what does not match is asked of pyoxigraph. Percent signs only where they encode.
_UNICODE = r"\x{A0}-\x{D7FF}\x{F900}-\x{FDCF}\x{FDF0}-\x{FFEF}"
_PCHAR = rf"(?:[A-Za-z0-9._~!$&''()*+,;=:@/{_UNICODE}-]|%[0-9A-Fa-f]{{2}})"
_PCHAR_QUERY = rf"(?:[A-Za-z0-9._~!$&''()*+,;=:@/?{_UNICODE}-]|%[0-9A-Fa-f]{{2}})"
_IRI = (
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    rf"(?://[A-Za-z0-9._~-]*(?::[0-9]{{0,5}})?(?:/{_PCHAR}*)?|[A-Za-z0-9._~@-]{_PCHAR}*|/)?"
    rf"(?:\?{_PCHAR_QUERY}*)?(?:#{_PCHAR_QUERY}*)?"
)
_BLANK = r"_:[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?"
_LANGUAGE = r"[A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-[A-Za-z]{2})?"
_REGULAR = (
    rf"<{_IRI}>|{_BLANK}"
    rf'|"[^"\\\r\n]*"(?:@{_LANGUAGE}|\^\^<{_IRI}>)?'
)
_IN_TABLE = rf'<{_IRI}>|{_BLANK}|"(?s:.*)"(?:@{_LANGUAGE}|\^\^<{_IRI}>)?'
_NOT_AS_DATATYPE = (RDF_LANG_STRING, RDF + "dirLangString")


def collect_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table ``different(text)`` of the staged texts; of blank nodes with their file's number.

    A blank node's text is ``_:<number of the file>:<label>``.
    """
    connection.execute(f"""
        CREATE OR REPLACE TABLE different AS SELECT DISTINCT text FROM (
            SELECT unnest([{keyed("s")}, p, {keyed("o")}, {keyed("g")}]) AS text FROM staged
        ) WHERE text <> ''
    """)


def keyed(column: str) -> str:
    """SQL: a staged text, with the file's number where it is a blank node."""
    return f"if({column}[1] = '_', '_:' || f || ':' || {column}[3:], {column})"


def doubtful_lines(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, str]]:
    """Take out of ``staged`` the lines with a text that may be no term, by file.

    They are to be staged again, by a parser, and texts to be collected again.
    """
    left_out = " OR ".join(f"contains(text, '^^<{each}>')" for each in _NOT_AS_DATATYPE)
    connection.execute(f"""
        CREATE OR REPLACE TABLE doubtful AS SELECT text FROM different
        WHERE NOT regexp_full_match(if(text[1] = '_', '_:' || split_part(text, ':', 3), text), '{_REGULAR}')
            OR {left_out}
    """)
    row = connection.execute("SELECT count(*) FROM doubtful").fetchone()
    if not row or not row[0]:
        return
    which = " OR ".join(
        f"{keyed(column)} IN (SELECT text FROM doubtful)" for column in ("s", "p", "o", "g")
    )
    connection.execute(f"""
        CREATE OR REPLACE TABLE again AS
        SELECT f, concat_ws(' ', s, p, o, nullif(g, ''), '.') AS line FROM staged
        WHERE NOT is_parsed AND ({which})
    """)
    connection.execute(f"DELETE FROM staged WHERE NOT is_parsed AND ({which})")
    reader = connection.cursor().sql("SELECT f, line FROM again ORDER BY f").to_arrow_reader(50_000)
    for batch in reader:
        yield from zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)


def require_terms(connection: duckdb.DuckDBPyConnection, number: int, file: str) -> None:
    """Refuse a table of quads with a text that is no term: nobody has parsed it.

    Args:
        connection: With the tables ``staged`` and ``different``.
        number: The file's number.
        file: Its name.

    Raises:
        StoreError: There is one.
    """
    connection.execute(f"""
        CREATE OR REPLACE TABLE broken AS SELECT text FROM different WHERE NOT {is_term()}
    """)
    which = " OR ".join(
        f"{keyed(column)} IN (SELECT text FROM broken)" for column in ("s", "p", "o", "g")
    )
    found = connection.execute(
        f"SELECT s, p, o, g FROM staged WHERE f = {number} AND (SELECT count(*) FROM broken) > 0 AND ({which})"
        f" OR f = {number} AND (s[1] = '\"' OR p[1] <> '<' OR g[1] = '\"') LIMIT 1"
    ).fetchall()
    for row in found:
        raise StoreError(
            f"{file} holds what is no quad: {' '.join(str(each)[:100] for each in row)}. Its columns must hold"
            ' <iri>, _:label, "text"@language or "text"^^<datatype>.'
        )


def is_term() -> str:
    """SQL: whether a ``text`` of a table of quads is a term."""
    return f"regexp_full_match(if(text[1] = '_', '_:' || split_part(text, ':', 3), text), '{_IN_TABLE}')"


def describe_texts(connection: duckdb.DuckDBPyConnection) -> None:
    """Make ``described(text, lex, dt, lang, known, tag, num)`` of the table ``different``.

    ``known`` is the id of a literal that carries its value. Of blank nodes only the tag says anything.
    """
    connection.execute(f"""
        CREATE OR REPLACE TABLE described AS
        WITH ends AS (
            SELECT text, text[1] AS first,
                if(text[1] = '"', regexp_extract(text, '"[^"]*$'), '') AS ending FROM different
        ), parts AS (
            SELECT text, CASE first
                    WHEN '<' THEN text[2 : length(text) - 1]
                    WHEN '"' THEN text[2 : length(text) - length(ending)]
                    ELSE '' END AS lex,
                CASE WHEN first <> '"' THEN NULL
                    WHEN starts_with(ending, '"@') THEN '{RDF_LANG_STRING}'
                    WHEN ending = '"' THEN '{XSD_STRING}'
                    ELSE ending[5 : length(ending) - 1] END AS dt,
                if(starts_with(ending, '"@'), lower(ending[3:]), '') AS lang,
                first = '_' AS is_blank
            FROM ends
        ), inlined AS (SELECT *, if(is_blank, NULL, {encoding.inline_id()}) AS known FROM parts)
        SELECT text, lex, dt, lang, known,
            if(is_blank, {Tag.BLANK:d}, {encoding.dictionary_tag()}) AS tag,
            if(is_blank OR known IS NOT NULL, NULL, {encoding.numeric_value()}) AS num
        FROM inlined
    """)


def number_texts(
    connection: duckdb.DuckDBPyConnection,
    take: Callable[[Tag, int], int],
    target: str,
    kind: str = "TABLE",
) -> int:
    """Number the described texts by tag, in code point order, and make ``name(h, id)``.

    Args:
        connection: With a table ``described`` and with order kept.
        take: For a tag and a count, gives the first of so many new numbers.
        target: A table like ``term``, which the dictionary entries are put into, sorted by id.
        kind: ``TABLE`` or ``TEMP TABLE``.

    Returns:
        The seed of the hashes.
    """
    # Several texts can be one term ("a"@EN and "a"@en); they come one after the other.
    connection.execute(f"""
        CREATE OR REPLACE {kind} numbered AS
        SELECT *, sum(is_new::INTEGER) OVER (ROWS UNBOUNDED PRECEDING) AS place FROM (
            SELECT *, tag = {Tag.BLANK:d} OR lag(tag) OVER () IS DISTINCT FROM tag
                OR lag(lex) OVER () <> lex OR lag(lang) OVER () <> lang
                OR lag(dt) OVER () IS DISTINCT FROM dt AS is_new
            FROM (SELECT * FROM described WHERE known IS NULL ORDER BY tag, lex, dt, lang)
        )
    """)
    groups = connection.execute(
        "SELECT tag, min(place), max(place) FROM numbered GROUP BY tag ORDER BY tag"
    ).fetchall()
    bases = {
        tag: (tag << SHIFT) + take(Tag(tag), int(last - first + 1)) - int(first)
        for tag, first, last in groups
    }
    whens = " ".join(f"WHEN {tag} THEN {base}" for tag, base in bases.items())
    identity = f"(CASE tag {whens} END + place)::BIGINT" if bases else "NULL::BIGINT"
    connection.execute(f"""
        INSERT INTO {target} SELECT {identity}, lex, dt, lang, num FROM numbered
        WHERE is_new AND tag <> {Tag.BLANK:d} ORDER BY place
    """)
    for seed in _SEEDS:
        connection.execute(f"""
            CREATE OR REPLACE {kind} name AS
            SELECT {hash_of("text", seed)} AS h, known AS id FROM described WHERE known IS NOT NULL
            UNION ALL SELECT {hash_of("text", seed)}, {identity} FROM numbered
        """)
        row = connection.execute("SELECT count(*) = count(DISTINCT h) FROM name").fetchone()
        if row and row[0]:
            return seed
    raise StoreError("the texts of these terms have equal hashes, whatever the seed")


def hash_of(text: str, seed: int) -> str:
    """SQL: the hash of a text.

    The seed goes into the text: ``hash(text, seed)`` is made of the text's hash, so collisions stay.

    >>> hash_of("s", 0), hash_of("s", 3)
    ('hash(s)', "hash('3' || s)")
    """
    return f"hash('{seed}' || {text})" if seed else f"hash({text})"


def quad_ids(seed: int) -> str:
    """SELECT of the staged quads as ids ``s``, ``p``, ``o``, ``g``."""
    texts = {"s": keyed("s"), "p": "p", "o": keyed("o"), "g": keyed("g")}
    hashes = ", ".join(f"{hash_of(text, seed)} AS {name}" for name, text in texts.items())
    # Few predicates and graphs: their joins are small.
    return f"""
        SELECT ns.id AS s, np.id AS p, no.id AS o, coalesce(ng.id, {DEFAULT_GRAPH}) AS g
        FROM (SELECT {hashes} FROM staged)
        JOIN name AS ns ON ns.h = s JOIN name AS no ON no.h = o
        JOIN (SELECT * FROM name WHERE h IN (SELECT DISTINCT {hash_of("p", seed)} FROM staged)) AS np
            ON np.h = p
        LEFT JOIN (
            SELECT * FROM name WHERE h IN (SELECT DISTINCT {hash_of(keyed("g"), seed)} FROM staged)
        ) AS ng ON ng.h = g
    """
