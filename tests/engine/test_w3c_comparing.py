"""What the runner of the W3C's tests calls equal."""

import pytest
from engine.conformance.comparing import Match, Result, Table, TripleSet, compare, same_rows
from engine.conformance.results import read_results_text

from conflictkg.answers import RDF_LANG_STRING, XSD, Blank, Iri, Literal, Row, Term

A, B, C = Blank("a"), Blank("b"), Blank("c")
X, Y = Blank("x"), Blank("y")
P = Iri("http://e/p")


def table(*rows: tuple[Term | None, ...], ordered: bool = False) -> Table:
    return Table(("v", "w")[: len(rows[0])] if rows else ("v",), rows, ordered)


def number(lexical: str, datatype: str = "integer") -> Literal:
    return Literal(lexical, XSD + datatype)


def tagged(language: str) -> Literal:
    return Literal("a", RDF_LANG_STRING, language)


def graph(*rows: Row) -> TripleSet:
    return TripleSet(frozenset(rows))


@pytest.mark.parametrize(
    ("expected", "got", "match"),
    [
        pytest.param(True, True, Match.SAME, id="booleans"),
        pytest.param(True, False, Match.DIFFERENT, id="other-boolean"),
        pytest.param(table((P,)), True, Match.DIFFERENT, id="other-kind"),
        pytest.param(table((A, B)), table((X, Y)), Match.SAME, id="renamed"),
        pytest.param(table((A, A)), table((X, Y)), Match.DIFFERENT, id="two-nodes-for-one"),
        pytest.param(table((A, B)), table((X, X)), Match.DIFFERENT, id="one-node-for-two"),
        pytest.param(
            table((A, P), (A, None)),
            table((X, P), (Y, None)),
            Match.DIFFERENT,
            id="one-renaming-for-all-rows",
        ),
        pytest.param(table((P,), (P,)), table((P,)), Match.DIFFERENT, id="duplicates-count"),
        pytest.param(table((P,), (A,)), table((X,), (P,)), Match.SAME, id="any-order"),
        pytest.param(
            table((P,), (A,), ordered=True), table((X,), (P,)), Match.DIFFERENT, id="this-order"
        ),
        pytest.param(table((None,)), table((P,)), Match.DIFFERENT, id="unbound"),
        pytest.param(table((number("1"),)), table((number("01"),)), Match.BY_VALUE, id="value"),
        pytest.param(
            table((number("1"),)),
            table((number("1", "decimal"),)),
            Match.DIFFERENT,
            id="other-datatype",
        ),
        pytest.param(
            table((number("2017-06-13T10:00:00.0+00:00", "dateTime"),)),
            table((number("2017-06-13T10:00:00Z", "dateTime"),)),
            Match.BY_VALUE,
            id="moment",
        ),
        pytest.param(
            table((number("PT60S", "duration"),)),
            table((number("PT1M", "duration"),)),
            Match.BY_VALUE,
            id="duration",
        ),
        pytest.param(
            table((tagged("EN"),)), table((tagged("en"),)), Match.SAME, id="tag-in-capitals"
        ),
        pytest.param(
            table((tagged("en"),)), table((tagged("fr"),)), Match.DIFFERENT, id="other-tag"
        ),
        pytest.param(
            graph((A, P, B), (B, P, A)), graph((X, P, Y), (Y, P, X)), Match.SAME, id="isomorphic"
        ),
        pytest.param(
            graph((A, P, B), (B, P, A)),
            graph((X, P, X), (Y, P, Y)),
            Match.DIFFERENT,
            id="not-isomorphic",
        ),
        pytest.param(
            graph((A, P, B), (B, P, C), (C, P, A)),
            graph((X, P, Y), (Y, P, X), (C, P, C)),
            Match.DIFFERENT,
            id="rings-of-other-lengths",
        ),
    ],
)
def test_results_are_equal_up_to_names_of_blank_nodes(
    expected: Result, got: Result, match: Match
) -> None:
    """Multisets of rows, one renaming for the whole result; equal values are told apart from equal terms."""
    assert compare(expected, got) is match


def test_variables_may_come_in_any_order_but_must_be_the_same() -> None:
    """Columns go by name."""
    one = Table(("v", "w"), ((P, A),))
    assert compare(one, Table(("w", "v"), ((X, P),))) is Match.SAME
    assert compare(one, Table(("v", "u"), ((P, X),))) is Match.DIFFERENT


def test_reduced_rows_may_come_less_often_but_not_never() -> None:
    """REDUCED gives each row at least once and at most as often as without it."""
    full = table((P,), (P,), (None,))
    assert compare(full, table((P,), (None,)), reduced=True) is Match.SAME
    assert compare(full, table((P,), (P,)), reduced=True) is Match.DIFFERENT
    assert compare(full, table((P,), (None,), (None,)), reduced=True) is Match.DIFFERENT


def test_many_blank_nodes_are_matched_in_good_time() -> None:
    """A ring of three hundred nodes matches itself renamed and in another order."""
    ring = [(Blank(f"l{n}"), Blank(f"l{(n + 1) % 300}")) for n in range(300)]
    renamed = [(Blank(f"r{n}"), Blank(f"r{(n + 1) % 300}")) for n in range(300)]
    assert same_rows(ring[::2] + ring[1::2], renamed[::-1])


def test_result_formats_are_read_alike() -> None:
    """The same rows in XML, JSON and TSV are the same table."""
    texts = {
        ".srx": '<sparql xmlns="http://www.w3.org/2005/sparql-results#"><head><variable name="v"/>'
        '<variable name="w"/></head><results><result><binding name="v"><literal xml:lang="en">a'
        '</literal></binding></result><result><binding name="w"><uri>http://e/p</uri></binding>'
        "</result></results></sparql>",
        ".srj": '{"head":{"vars":["v","w"]},"results":{"bindings":[{"v":{"type":"literal",'
        '"value":"a","xml:lang":"en"}},{"w":{"type":"uri","value":"http://e/p"}}]}}',
        ".tsv": '?v\t?w\n"a"@en\t\n\t<http://e/p>\n',
    }
    expected = Table(("v", "w"), ((tagged("en"), None), (None, P)))
    for suffix, text in texts.items():
        assert read_results_text(text, suffix) == expected
