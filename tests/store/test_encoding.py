"""Ids in SQL are those of Python."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictkg.answers import RDF_LANG_STRING, XSD, XSD_STRING, Iri, Literal
from conflictkg.engine import ids
from conflictkg.store import encoding

DATATYPES = [
    *(XSD + name for name in ("integer", "decimal", "double", "float", "boolean", "date")),
    *(XSD + name for name in ("dateTime", "gYear", "string")),
    *(XSD + name for name in ids.INTEGER_RANGES),
    "http://example.org/type",
]
LIMITS = [limit for pair in ids.INTEGER_RANGES.values() for limit in pair if limit is not None]
FORMS = st.one_of(
    st.from_regex(r"[+-]?[0-9]{0,19}", fullmatch=True),
    st.sampled_from([limit + step for limit in LIMITS for step in (-1, 0, 1)]).map(str),
    st.from_regex(r"[+-]?0{30,50}[0-9]{1,3}", fullmatch=True),
    st.integers(-(2**54), 2**54).map(str),
    st.from_regex(r"[+-]?[0-9]{0,17}\.[0-9]{0,17}", fullmatch=True),
    st.from_regex(r"[+-]?(0|[1-9][0-9]{0,3})\.[0-9]{1,3}", fullmatch=True),
    st.from_regex(r"[+-]?[0-9]{0,3}(\.[0-9]{0,3})?[eE][+-]?[0-9]{0,3}", fullmatch=True),
    st.sampled_from(["INF", "-INF", "+INF", "NaN", "true", "false", "1", "0", "-0", "-0.0", ""]),
    st.dates().map(str),
    st.sampled_from(["0000-01-01", "0001-01-01", "9999-12-31", "2021-02-29", "2020-02-29"]),
    st.sampled_from(["0000-01-01T00:00:00", "6501-01-01T00:00:00Z", "2020-01-01T24:00:00"]),
    st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]", fullmatch=True),
    st.datetimes().map(lambda each: each.isoformat()),
    st.from_regex(
        r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?Z?",
        fullmatch=True,
    ),
    st.text(max_size=5),
)
# ruff: noqa: S608 -- of our own making
QUERY = f"""SELECT {encoding.inline_id()}, {encoding.dictionary_tag()}, {encoding.numeric_value()}
FROM (SELECT $1 AS lex, $2 AS dt, '' AS lang)"""


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


@settings(max_examples=1500, deadline=None)
@given(lexical=FORMS, datatype=st.sampled_from(DATATYPES))
def test_literals_get_the_same_id_in_sql(
    lexical: str, datatype: str, connection: duckdb.DuckDBPyConnection
) -> None:
    """Inline id, tag and value agree, for well-formed and ill-formed literals."""
    row = connection.execute(QUERY, [lexical, datatype]).fetchone()
    assert row is not None
    term = Literal(lexical, datatype)
    inline = ids.inline_id(lexical, datatype)
    assert row[0] == inline
    if inline is None:
        tag = ids.dictionary_tag(term)
        assert row[1] == tag
        if tag in {ids.Tag.DOUBLE, ids.Tag.NUMERIC}:
            assert str(row[2]) == str(ids.numeric_value(term))
        else:
            assert row[2] is None


@pytest.mark.parametrize(
    ("datatype", "term"),
    [
        (None, Iri("http://e/")),
        (XSD_STRING, Literal("http://e/")),
        (RDF_LANG_STRING, Literal("http://e/", RDF_LANG_STRING, "en")),
    ],
)
def test_terms_that_are_no_numbers_get_their_tag(
    datatype: str | None, term: Iri | Literal, connection: duckdb.DuckDBPyConnection
) -> None:
    """IRIs, strings and strings with a language."""
    row = connection.execute(QUERY, ["http://e/", datatype]).fetchone()
    assert row == (None, ids.dictionary_tag(term), None)
