"""Answers as bytes: every format is read back by an independent reader as what was written."""

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree

import pyarrow as pa
import pyarrow.parquet as pq
import pyoxigraph
import pytest
import rowwise_results
from hypothesis import given, settings
from hypothesis import strategies as st

from conflictkg.answers import (
    RDF_DIR_LANG_STRING,
    RDF_LANG_STRING,
    XSD,
    Answer,
    Batch,
    Blank,
    Boolean,
    Iri,
    Literal,
    Row,
    Solutions,
    Stream,
    Term,
    Triple,
    Triples,
)
from conflictkg.answers.batches import iter_rows, make_batch
from conflictkg.answers.formats import FORMATS, formats_for, to_ntriples, write_answer
from conflictkg.answers.table import write_table
from conflictkg.errors import NotAcceptableError, QueryError
from conflictkg.store import memory_store

PREFIXES = {"ex": "http://example.org/", "xsd": XSD}
READERS = {
    "json": pyoxigraph.QueryResultsFormat.JSON,
    "xml": pyoxigraph.QueryResultsFormat.XML,
    "tsv": pyoxigraph.QueryResultsFormat.TSV,
    "csv": pyoxigraph.QueryResultsFormat.CSV,
}
GRAPH_READERS = {
    "turtle": pyoxigraph.RdfFormat.TURTLE,
    "ntriples": pyoxigraph.RdfFormat.N_TRIPLES,
    "rdfxml": pyoxigraph.RdfFormat.RDF_XML,
    "jsonld": pyoxigraph.RdfFormat.JSON_LD,
}

# Terms that RDF allows, with every character that XML can hold, and control characters apart.
texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cn"), include_characters="\t\n\r"))
iris = st.builds(
    lambda path: Iri(f"http://example.org/{path}"),
    st.from_regex(r"[a-z][a-z0-9/é-]{0,8}(#[a-z0-9]{0,3})?", fullmatch=True),
)
literals = st.one_of(
    st.builds(Literal, texts),
    st.builds(lambda text: Literal(text, RDF_LANG_STRING, "en-gb"), texts),
    st.builds(lambda number: Literal(str(number), XSD + "integer"), st.integers()),
    st.builds(lambda text: Literal(text, "http://example.org/type"), texts),
    st.sampled_from([Literal("+01", XSD + "integer"), Literal("1.5E3", XSD + "double")]),
)
blanks = st.builds(Blank, st.from_regex(r"[a-z][a-z0-9]{0,5}", fullmatch=True))
terms: st.SearchStrategy[Term] = st.one_of(iris, literals, blanks)
rows = st.lists(st.tuples(*[st.one_of(st.none(), terms)] * 3), max_size=8)
triples = st.builds(Triple, st.one_of(iris, blanks), iris, terms)


def solutions(found: Sequence[Row], variables: Sequence[str] = ("a", "b_1", "é")) -> Solutions:
    return Solutions(tuple(variables), Stream(iter(found)))


def graph(found: Sequence[Triple]) -> Triples:
    return Triples(Stream(iter(found)))


def written(answer: Answer, form: str) -> bytes:
    return b"".join(write_answer(answer, form, PREFIXES))


END = re.compile(
    rb'"conflictkg":\{"complete": true, "rows": \d+\},|<!-- complete=true rows=\d+ -->\n'
)


def without_end(answer: bytes) -> bytes:
    """An answer without what it says of its being whole."""
    return END.sub(b"", answer, count=1)


def back(term: object) -> Term | None:
    """A term of the independent reader as one of ours."""
    if term is None:
        return None
    if isinstance(term, pyoxigraph.NamedNode):
        return Iri(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return Blank(term.value)
    assert isinstance(term, pyoxigraph.Literal)
    return Literal(term.value, term.datatype.value, term.language or "")


@settings(deadline=None)  # the first call imports
@given(rows)
@pytest.mark.parametrize("form", ["json", "tsv"])
def test_results_are_read_back_as_they_were(form: str, found: list[Row]) -> None:
    """JSON and TSV keep every term, with datatype, language and lexical form."""
    read = pyoxigraph.parse_query_results(written(solutions(found), form), READERS[form])
    assert isinstance(read, pyoxigraph.QuerySolutions)
    assert [each.value for each in read.variables] == ["a", "b_1", "é"]
    rows_read = [tuple(back(term) for term in row) for row in read]
    assert rename_blanks(rows_read) == rename_blanks(found)


@settings(deadline=None)  # the first call imports
@given(rows)
def test_xml_results_are_read_back_as_they_were(found: list[Row]) -> None:
    """XML keeps every term too; pyoxigraph's reader trims blanks, so ElementTree reads here."""
    root = ElementTree.fromstring(written(solutions(found), "xml"))  # noqa: S314  our own text
    space = "{http://www.w3.org/2005/sparql-results#}"
    names = [each.get("name") for each in root.iter(f"{space}variable")]
    read = []
    for result in root.iter(f"{space}result"):
        bound = {each.get("name"): from_xml(each[0]) for each in result}
        read.append(tuple(bound.get(name) for name in names))
    assert read == found


def from_xml(element: ElementTree.Element) -> Term:
    text = element.text or ""
    if element.tag.endswith("uri"):
        return Iri(text)
    if element.tag.endswith("bnode"):
        return Blank(text)
    language = element.get("{http://www.w3.org/XML/1998/namespace}lang")
    if language:
        return Literal(text, RDF_LANG_STRING, language)
    return Literal(text, element.get("datatype") or XSD + "string")


def rename_blanks(found: Sequence[Row]) -> list[Row]:
    """Blank nodes numbered as they come: labels mean nothing."""
    names: dict[str, str] = {}
    return [
        tuple(
            Blank(names.setdefault(term.label, str(len(names))))
            if isinstance(term, Blank)
            else term
            for term in row
        )
        for row in found
    ]


@settings(deadline=None)  # the first call imports
@given(rows)
def test_csv_holds_the_plain_values(found: list[Row]) -> None:
    """CSV gives lexical forms and IRIs, whatever commas, quotation marks and line ends they hold."""
    text = written(solutions(found), "csv").decode()
    read = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    plain = [
        ["" if t is None else getattr(t, "lexical", getattr(t, "value", "")) for t in row]
        for row in found
    ]
    for row, expected, original in zip(read[1:], plain, found, strict=True):
        for cell, value, term in zip(row, expected, original, strict=True):
            assert cell == (f"_:{term.label}" if isinstance(term, Blank) else value)


@settings(deadline=None)  # the first call imports
@given(st.lists(triples, max_size=8))
@pytest.mark.parametrize("form", ["turtle", "ntriples", "rdfxml", "jsonld"])
def test_graphs_are_read_back_as_they_were(form: str, found: list[Triple]) -> None:
    """Every RDF format keeps the triples, with every lexical form as it was."""
    usable = [t for t in found if form != "rdfxml" or is_xml_name(t.predicate)]
    text = written(graph(usable), form)
    read = {
        tuple(back(each) for each in (quad.subject, quad.predicate, quad.object))
        for quad in pyoxigraph.parse(text, GRAPH_READERS[form])
    }
    assert without_blanks(read) == without_blanks(
        {(t.subject, t.predicate, t.object) for t in usable}
    )
    assert len(read) == len({(t.subject, t.predicate, t.object) for t in usable})


@pytest.mark.parametrize("form", ["turtle", "rdfxml", "jsonld", "trig"])
def test_large_graphs_are_written_part_by_part(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first bytes are there before the last triple is read, and all triples come back."""
    monkeypatch.setattr("conflictkg.answers.formats_graphs._TRIPLES_AT_ONCE", 10)
    taken = []

    def come() -> Iterator[Triple]:
        for number in range(10_000):
            taken.append(number)
            other = PREFIXES["xsd"] if number > 5_000 else PREFIXES["ex"]
            yield Triple(
                Iri(f"http://example.org/s{number % 7}"), Iri(other + "p"), Literal(str(number))
            )

    pieces = write_answer(Triples(Stream(come())), form, PREFIXES)
    first = next(pieces)
    assert len(taken) < 5_000
    text = first + b"".join(pieces)
    reader = GRAPH_READERS["turtle" if form == "trig" else form]
    assert len({quad.triple for quad in pyoxigraph.parse(text, reader)}) == 10_000
    if form == "turtle":
        assert text.count(b"@prefix ex:") == text.count(b"@prefix xsd:") == 1


def is_xml_name(iri: Iri) -> bool:
    return iri.value[-1].isascii() and iri.value[-1].isalpha()


def without_blanks(found: set[tuple[Term | None, ...]]) -> set[tuple[Term | None, ...]]:
    return {t for t in found if not any(isinstance(term, Blank) for term in t)}


def test_triple_terms_are_written_in_ntriples_only() -> None:
    """What RDF 1.2 added is written as its drafts say where it can be, and refused by name elsewhere."""
    arabic = Literal("س", RDF_DIR_LANG_STRING, "ar", "rtl")
    term = Triple(Iri("http://e/s"), Iri("http://e/p"), arabic)
    outer = Triple(Iri("http://e/a"), Iri("http://e/says"), term)
    assert to_ntriples(outer) == (
        '<http://e/a> <http://e/says> <<( <http://e/s> <http://e/p> "س"@ar--rtl )>>'
    )
    with pytest.raises(QueryError, match=r"of RDF 1\.2, which this format cannot write"):
        written(graph([outer]), "turtle")
    for each in (term, arabic):
        with pytest.raises(QueryError, match=r"of RDF 1\.2, which results of SPARQL 1\.1 cannot"):
            written(solutions([(each,)], "a"), "json")


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("value", [True, False])
def test_booleans_are_read_back(form: str, value: bool) -> None:
    """The answer to ASK in both of its formats."""
    read = pyoxigraph.parse_query_results(written(Boolean(value), form), READERS[form])
    assert bool(read) is value


characters: st.SearchStrategy[str] = st.characters(exclude_categories=["Cs"])
nasty = st.text(
    st.one_of(
        st.sampled_from("\x00\x01\x1f\x7f\"\\'&<>,;\t\r\n\u2028\ufeff\ufffe\uffff\U0010ffff"),
        characters,
    ),
    max_size=12,
)
nasty_terms = st.one_of(
    st.none(),
    terms,
    st.builds(Literal, nasty),
    st.builds(Iri, nasty),
    st.builds(lambda text: Literal(text, RDF_LANG_STRING, "de-ch-1996"), nasty),
    st.builds(Literal, nasty, nasty.filter(bool)),
    st.builds(
        Literal,
        st.sampled_from(["1", "+1", "1.", ".5", "1.5", "1e1", ".e1", "true", "TRUE", "1\n", ""]),
        st.sampled_from([XSD + each for each in ("integer", "decimal", "double", "boolean")]),
    ),
)


@settings(deadline=None)  # the first call imports
@given(st.lists(st.tuples(*[nasty_terms] * 3), max_size=12), st.integers(0, 3))
@pytest.mark.parametrize("form", list(rowwise_results.WRITERS))
def test_writers_by_the_column_write_what_writers_by_the_row_do(
    form: str, found: list[Row], width: int
) -> None:
    """Byte for byte, whatever the texts hold, with as many variables as there are, none included."""
    names, cut = ("a", "b_1", "é")[:width], [row[:width] for row in found]
    try:
        expected = "".join(rowwise_results.WRITERS[form](solutions(cut, names))).encode()
    except QueryError:
        with pytest.raises(QueryError, match="which XML cannot write"):
            written(solutions(cut, names), form)
    else:
        assert without_end(written(solutions(cut, names), form)) == expected


@settings(deadline=None)  # the first call imports
@given(st.lists(st.tuples(*[nasty_terms] * 3), max_size=12))
def test_rows_survive_batches(found: list[Row]) -> None:
    """Rows made into a batch and back are the same rows."""
    assert list(iter_rows(make_batch(found, 3))) == found


def test_batches_are_written_and_read_as_rows_alike() -> None:
    """An answer that comes by the column has rows, and ends as its batches say."""

    def come() -> Iterator[Batch]:
        for _ in range(3):
            yield make_batch([(Literal("x"), None)] * 5_000, 2)
        return False  # type: ignore[return-value]  # a generator's return value

    assert written(Solutions(("a", "b"), batches=Stream(come())), "csv").count(b"\n") == 15_001
    answer = Solutions(("a", "b"), batches=Stream(come()))
    assert len(list(answer.rows)) == 15_000
    assert (answer.rows.complete, answer.complete) == (False, False)


def test_slices_of_a_batch_are_written_from_their_own_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Arrow's slices share their buffers: what stands before a slice is not written with it."""
    monkeypatch.setattr("conflictkg.answers.formats_results._ROWS_AT_ONCE", 3)
    found: list[Row] = [
        (Literal(f'{n}"' if n % 4 else str(n)), Iri(f"http://e/{n}")) for n in range(10)
    ]
    expected = "".join(rowwise_results.WRITERS["json"](solutions(found, "ab"))).encode()
    assert without_end(written(solutions(found, "ab"), "json")) == expected


@pytest.mark.parametrize(
    ("most", "known"),
    [
        (None, {"complete": True, "rows": 3}),
        (2, {"complete": False, "reason": "row-limit", "limit": 2, "rows": 2}),
    ],
)
def test_answer_says_whether_it_is_whole(most: int | None, known: dict[str, object]) -> None:
    """In every format of results that has room for it."""
    with memory_store() as store:
        store.update("INSERT DATA { <http://e/s> <http://e/p> 1 , 2 , 3 }")

        def ask() -> Answer:
            return store.query("SELECT ?o { ?s ?p ?o }", max_rows=most)

        assert json.loads(written(ask(), "json"))["conflictkg"] == known
        words = " ".join(f"{name}={str(value).lower()}" for name, value in known.items())
        assert f"<!-- {words} -->" in written(ask(), "xml").decode()
        reader = pa.ipc.open_stream(written(ask(), "arrow"))
        *_, last = reader.iter_batches_with_custom_metadata()
        assert (
            last.custom_metadata[b"conflictkg.complete"].decode() == str(known["complete"]).lower()
        )
        file = pq.ParquetFile(io.BytesIO(written(ask(), "parquet")))
        assert file.metadata.metadata[b"conflictkg.rows"].decode() == str(known["rows"])


@given(st.lists(st.tuples(*[nasty_terms] * 3), max_size=12))
@settings(deadline=None)
def test_frames_hold_every_term(found: list[Row]) -> None:
    """Arrow and Parquet have each term's text and what it is."""

    def cell(term: Term | None) -> tuple[str | None, str | None]:
        if term is None:
            return None, None
        if isinstance(term, Iri):
            return term.value, "iri"
        if isinstance(term, Blank):
            return term.label, "blank"
        assert isinstance(term, Literal)
        return term.lexical, f"@{term.language}" if term.language else term.datatype

    expected = [tuple(part for term in row for part in cell(term)) for row in found]
    arrow = pa.ipc.open_stream(written(solutions(found, "abc"), "arrow")).read_all()
    parquet = pq.read_table(io.BytesIO(written(solutions(found, "abc"), "parquet")))
    for table in (arrow, parquet):
        assert table.column_names == ["a", "a:type", "b", "b:type", "c", "c:type"]
        assert [tuple(row.values()) for row in table.to_pylist()] == expected


def test_no_solutions_and_no_variables_are_well_formed() -> None:
    """Empty answers, and the one row of nothing, are answers."""
    assert json.loads(written(solutions([]), "json")) == {
        "head": {"vars": ["a", "b_1", "é"]},
        "conflictkg": {"complete": True, "rows": 0},
        "results": {"bindings": []},
    }
    assert json.loads(written(solutions([()], []), "json"))["results"] == {"bindings": [{}]}


def test_character_that_xml_cannot_hold_is_an_error() -> None:
    """A control character is neither dropped nor written into a file that no parser takes."""
    answer = solutions([(Literal("a\x01b"), None, None)])
    with pytest.raises(QueryError, match=r"U\+0001.*Ask for a format other than XML"):
        written(answer, "xml")
    triple = Triple(Iri("http://e/s"), Iri("http://e/p"), Literal("a\x01b"))
    with pytest.raises(QueryError, match=r"U\+0001"):
        written(graph([triple]), "rdfxml")


def test_predicate_that_is_no_xml_name_is_an_error_in_rdfxml() -> None:
    """RDF/XML cannot write every graph; it says so and names one that can."""
    triple = Triple(Iri("http://e/s"), Iri("http://e/1"), Literal("x"))
    with pytest.raises(QueryError, match="Ask for ntriples"):
        written(graph([triple]), "rdfxml")


def test_format_of_another_kind_is_refused_at_once() -> None:
    """Turtle cannot hold rows; what can is listed, before a row is read."""
    with pytest.raises(NotAcceptableError, match="Offered: json, xml, csv, tsv"):
        write_answer(solutions([]), "turtle")
    with pytest.raises(NotAcceptableError, match="Offered: turtle"):
        write_answer(graph([]), "csv")


def test_formats_have_names_and_media_types_of_their_own() -> None:
    """No two formats share a name; a media type only the two kinds of CSV; every kind of answer has one."""
    assert len({each.name for each in FORMATS}) == len(FORMATS)
    media_types = Counter(each.media_type for each in FORMATS)
    assert {name for name, count in media_types.items() if count > 1} == {"text/csv"}
    assert all(formats_for(kind) for kind in ("solutions", "boolean", "graph"))


def test_large_answers_are_written_in_pieces_while_they_come() -> None:
    """The first piece is there before the last row is."""
    seen = []

    def come() -> Iterator[Row]:
        for number in range(5_000):
            seen.append(number)
            yield (Literal("x" * 100),)

    pieces = write_answer(Solutions(("a",), Stream(come())), "json")
    first = next(pieces)
    assert 60_000 < len(first) < 200_000
    assert len(seen) < 1_000
    assert len(list(pieces)) > 5
    assert len(seen) == 5_000


# Streams


def test_stream_knows_that_it_was_cut_off() -> None:
    """Complete is None while rows come, then True, or False where the source says so."""

    def cut() -> Iterator[int]:
        yield 1
        return False  # type: ignore[return-value]  # a generator's return value

    stream = Stream(cut())
    assert (next(stream), stream.complete) == (1, None)
    assert (list(stream), stream.complete) == ([], False)
    assert (list(whole := Stream(iter([1]))), whole.complete) == ([1], True)


def test_stream_frees_its_source_once() -> None:
    """At the end, on close, on an error and when forgotten: always once."""
    freed: list[str] = []

    def fail() -> Iterator[int]:
        yield 1
        raise QueryError("broken")

    ended = Stream(iter([1]), lambda: freed.append("ended"))
    assert list(ended) == [1]
    ended.close()
    failing = Stream(fail(), lambda: freed.append("failed"))
    with pytest.raises(QueryError):
        list(failing)
    forgotten = Stream(iter([1]), lambda: freed.append("forgotten"))
    del forgotten
    assert freed == ["ended", "failed", "forgotten"]


# Tables


def test_table_is_aligned_and_readable() -> None:
    """Prefixed names, plain literals, numbers to the right, nothing for unbound."""
    found: list[Row] = [
        (
            Iri("http://example.org/a"),
            Literal("3", XSD + "integer"),
            Literal("Hangu", RDF_LANG_STRING, "en"),
        ),
        (Iri("http://other/x y"), Literal("117", XSD + "integer"), None),
        (Blank("b0"), None, Literal("POINT(1 2)", "http://example.org/wkt")),
    ]
    assert list(write_table(solutions(found, ["thing", "n", "label"]), PREFIXES)) == [
        "thing                 n  label",
        "──────────────────  ───  ────────────────────",
        "ex:a                  3  Hangu",
        "<http://other/x y>  117",
        '_:b0                     "POINT(1 2)"^^ex:wkt',
        "(3 rows)",
    ]


def test_table_counts_one_row_and_says_when_there_are_more() -> None:
    """The last line is a sentence."""
    assert list(write_table(solutions([(Literal("x"),)], ["a"]), {}))[-1] == "(1 row)"

    def cut() -> Iterator[Row]:
        yield (Literal("x"),)
        return False  # type: ignore[return-value]  # a generator's return value

    assert (
        list(write_table(Solutions(("a",), Stream(cut())), {}))[-1] == "(1 row, and there are more)"
    )


def test_table_shows_no_control_characters() -> None:
    """A literal cannot move the cursor, ring the bell or turn the line around."""
    nasty = "a\x1b[31mb\x07\r\nc\u202ed"
    (line,) = list(write_table(solutions([(Literal(nasty),)], ["a"]), {}))[2:3]
    assert line == "a [31mb   c d"


@pytest.mark.parametrize("size", [3, 20_000])
def test_json_says_it_of_long_answers_too(size: int) -> None:
    """Before the rows where they are few, behind them where nobody knew it before."""

    def come() -> Iterator[Batch]:
        yield make_batch([(Literal("x" * 10),)] * size, 1)
        return False  # type: ignore[return-value]  # a generator's return value

    text = written(Solutions(("a",), batches=Stream(come())), "json")
    known = {"complete": False, "reason": "row-limit", "limit": size, "rows": size}
    found = json.loads(text)
    assert found["conflictkg"] == known
    assert len(found["results"]["bindings"]) == size
    assert text.index(b'"conflictkg"') < text.index(b'"results"') or size > 3
