"""Graphs survive being written and read, and positions in files are right."""

import random
from pathlib import Path

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg.errors import InvalidValueError, RdfSyntaxError, SourceError
from conflictkg.graphs import (
    BASE,
    compare_graphs,
    load_graphs,
    locate_subjects,
    locate_terms,
    parse_graph,
    parse_turtle,
    write_turtle,
)
from conflictkg.iris import BASE as IRI_BASE

PREFIXES = {"ex": "http://example.org/", "deep": "http://example.org/deep/", "xsd": str(XSD)}
NAMED_GRAPH = "https://w3id.org/conflictkg/ontology#NamedGraph"


def _is_iri(text: str) -> bool:
    try:
        pyoxigraph.NamedNode(text)
    except ValueError:
        return False
    return True


_locals = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Cn"]))
iris = (
    st.one_of(
        st.sampled_from(
            ["http://example.org/", "http://example.org/deep/a", "urn:a:b", "tag:a,b#c"]
        ),
        st.builds(
            lambda space, local: space + "".join(c for c in local if c not in '<>"{}|^`\\/?#%[]@ '),
            st.sampled_from(
                ["http://example.org/", "http://example.org/deep/", "http://x.test/y#"]
            ),
            _locals.filter(lambda text: text not in {".", ".."}),
        ),
    )
    .filter(_is_iri)
    .map(URIRef)
)
_texts = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12),
    st.sampled_from(['"""', "'", "\\", "\\u0041", "a # b", "<x> .", "\r\n", "\u202e", "@prefix"]),
)
literals = st.one_of(
    _texts.map(Literal),
    st.builds(Literal, _texts, lang=st.sampled_from(["en", "en-GB", "ur-Latn", "prefix"])),
    st.builds(
        Literal,
        st.one_of(
            _texts, st.from_regex(r"[+-]?[0-9]{1,3}(\.[0-9]*)?([eE][+-]?[0-9])?", fullmatch=True)
        ),
        datatype=st.sampled_from(
            [
                XSD.integer,
                XSD.decimal,
                XSD.double,
                XSD.date,
                XSD.string,
                URIRef("http://example.org/t"),
            ]
        ),
    ),
    st.builds(Literal, st.sampled_from(["true", "false", "1"]), datatype=st.just(XSD.boolean)),
)
triples = st.tuples(iris, st.one_of(iris, st.just(RDF.type)), st.one_of(iris, literals))


def _graph_of(members: list[tuple[URIRef, URIRef, URIRef | Literal]]) -> Graph:
    graph = Graph()
    for member in members:
        graph.add(member)
    return graph


def _spelt(graph: Graph) -> set[tuple[str, ...]]:
    """The triples as text, to the last character, xsd:string and plain literals being one."""
    return {(str(s), str(p), type(o).__name__, str(o), *_type_of(o)) for s, p, o in graph}


def _type_of(term: Node) -> tuple[str, str]:
    if not isinstance(term, Literal):
        return "", ""
    return (term.language or "").lower(), str(term.datatype or XSD.string)


@given(st.lists(triples, max_size=12))
def test_write_turtle_read_by_pyoxigraph_gives_the_same_graph(members) -> None:  # type: ignore[no-untyped-def]  # the strategy's nested union
    """What is written is what our reader reads, to the last character of each lexical form."""
    graph = _graph_of(members)
    again = parse_turtle(write_turtle(graph, PREFIXES)).graph
    assert _spelt(again) == _spelt(graph)


@given(st.lists(triples, max_size=12))
def test_write_turtle_read_by_rdflib_gives_the_same_graph(members) -> None:  # type: ignore[no-untyped-def]  # the strategy's nested union
    """A second parser, which shares no code with ours, reads the same graph."""
    graph = _graph_of(members)
    text = write_turtle(graph, PREFIXES)
    again = Graph().parse(data=text, format="turtle", publicID="http://base.test/")
    assert _spelt(again) == _spelt(graph)


@given(st.lists(triples, max_size=12), st.randoms())
def test_write_turtle_in_another_order_gives_the_same_bytes(  # type: ignore[no-untyped-def]  # the strategy's nested union
    members, shuffler: random.Random
) -> None:
    """Neither the order of insertion nor a round through the reader changes a byte."""
    text = write_turtle(_graph_of(members), PREFIXES)
    shuffled = list(members)
    shuffler.shuffle(shuffled)
    assert write_turtle(_graph_of(shuffled), PREFIXES) == text
    assert write_turtle(parse_turtle(text).graph, PREFIXES) == text


@given(st.lists(triples, max_size=12))
def test_locate_subjects_of_written_turtle_finds_each_block(members) -> None:  # type: ignore[no-untyped-def]  # the strategy's nested union
    """Each subject's line is the one that its block starts on, whatever its literals hold."""
    graph = _graph_of(members)
    text = write_turtle(graph, PREFIXES)
    lines = text.split("\n")
    # Blocks are parted by an empty line, which stands in no literal: line ends are escaped there.
    starts = [n + 1 for n, line in enumerate(lines) if line and (n == 0 or not lines[n - 1])]
    if lines[0].startswith("@prefix"):
        starts = starts[1:]
    found = locate_subjects(text)
    assert set(found) == {str(each) for each in graph.subjects()}
    assert sorted(found.values()) == starts


def test_write_turtle_of_a_small_graph_reads_well() -> None:
    """The layout: prefixes that are used, types first, one predicate a line, long lists broken."""
    graph = parse_turtle(
        """@prefix ex: <http://example.org/> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        ex:b ex:q "z"@en, 03, true, "2017-06-13"^^xsd:date ; a ex:T, ex:S .
        <http://example.org/a/b.> ex:long "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" ."""
    ).graph
    assert write_turtle(graph, {**PREFIXES, "unused": "http://unused.test/"}) == (
        "@prefix ex: <http://example.org/> .\n"
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .\n\n"
        "<http://example.org/a/b.>\n"
        "  ex:long\n"
        '    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",\n'
        '    "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" ;\n'
        ".\n\n"
        "ex:b\n"
        "  a ex:S, ex:T ;\n"
        '  ex:q "03"^^xsd:integer, "2017-06-13"^^xsd:date, true, "z"@en ;\n'
        ".\n"
    )


@pytest.mark.parametrize(
    ("triple", "problem"),
    [
        ((BNode("x"), RDF.type, URIRef("urn:a")), "holds _:x, a BNode"),
        ((URIRef("urn:a"), RDF.value, BNode("x")), "holds _:x, a BNode"),
        ((URIRef("urn:a b"), RDF.value, Literal("x")), "'urn:a b' is no absolute IRI"),
        ((URIRef("urn:\ud800"), RDF.value, Literal("x")), "is no absolute IRI"),
        ((URIRef("a/b"), RDF.value, Literal("x")), "'a/b' is no absolute IRI: No scheme"),
        ((URIRef("urn:a"), RDF.value, Literal("\ud800")), "holds half a character"),
    ],
    ids=["blank-subject", "blank-object", "space", "surrogate", "relative", "half"],
)
def test_write_turtle_of_what_cannot_be_written_says_so(  # type: ignore[no-untyped-def]  # three kinds of term
    triple, problem: str
) -> None:
    """Blank nodes and broken IRIs stop the writing with a message that says what to do."""
    graph = Graph()
    graph.add(triple)
    with pytest.raises(InvalidValueError, match=problem):
        write_turtle(graph, {})


def test_write_turtle_with_a_bad_prefix_says_so() -> None:
    """A prefix that Turtle does not allow is refused before anything is written."""
    with pytest.raises(InvalidValueError, match='prefix "a b" is not one'):
        write_turtle(Graph(), {"a b": "http://example.org/"})


NASTY = {
    "strings": (
        '@prefix a: <http://a/> .\na:one a:p """x\n\na:no a:p a:no .\n""" ;\n  a:q \'a:no2 .\' .\n'
        "a:two a:p '''a ' b '' c\n.\n''' . a:three a:p \"\\\" a:no .\" .",
        {"http://a/one": 2, "http://a/two": 7, "http://a/three": 9},
    ),
    "comments": (
        "# a:no <http://no> .\n<http://a/#x> <http://a/p> 1 . # a:no .\n<http://a/y> a 2.",
        {"http://a/#x": 2, "http://a/y": 3},
    ),
    "prefixes": (
        "PREFIX : <http://a/>\n@prefix b.c: <b#> .\n@base <http://base/x/> .\nBASE <y/>\n"
        ":s :p :o.\nb.c:s :p 1.\n<z> :p 1.5.\n<../w> :p 1e5 .\n: :p -1 .",
        {
            "http://a/s": 5,
            "https://w3id.org/conflictkg/b#s": 6,
            "http://base/x/y/z": 7,
            "http://base/x/w": 8,
            "http://a/": 9,
        },
    ),
    "escapes": (
        "@prefix a: <http://a/> .\na:b\\/c%20d.e a:p a:o .\n<http://a/\\u0041\\U00000042> a:p 1 .",
        {"http://a/b/c%20d.e": 2, "http://a/AB": 3},
    ),
    "blank nodes": (
        "@prefix a: <http://a/> .\n[] a:p a:no .\n[ a:p a:no2 ; a:q ( a:no3\n a:no4 ) ] .\n"
        "_:x a:p a:no5 .\n( 1 a:no6 ) a:p a:no7 .\na:s a:p [ a:q a:no8 ] , a:no9 .\na:t a a:no .",
        {"http://a/s": 7, "http://a/t": 8},
    ),
    "tags": (
        "@prefix a: <http://a/> .\na:s a:p 'x'@prefix, 'y'@en-GB ;\n a:q 'z'@base .\na:t a:p 1 .",
        {"http://a/s": 2, "http://a/t": 4},
    ),
    "again": (
        "@prefix a: <http://a/> .\na:s a:p 1 .\na:t a:p a:s .\na:s a:p 2 .",
        {"http://a/s": 2, "http://a/t": 3},
    ),
    "windows": (
        "@prefix a: <http://a/> .\r\na:s a:p 1 ;\r\n  a:q 2 .\r\na:t a:p 1 .\r\n",
        {"http://a/s": 2, "http://a/t": 4},
    ),
}


@pytest.mark.parametrize(("text", "lines"), NASTY.values(), ids=NASTY.keys())
def test_locate_subjects_in_nasty_turtle_finds_only_subjects(
    text: str, lines: dict[str, int]
) -> None:
    """Strings, comments, escapes and nested nodes neither hide a subject nor look like one."""
    assert locate_subjects(text) == lines
    subjects = {str(s) for s in parse_turtle(text).graph.subjects() if isinstance(s, URIRef)}
    assert subjects == set(lines)


def test_locate_subjects_in_trig_does_not_take_a_graph_name_for_one() -> None:
    """Names before braces are graphs; inside the braces subjects are found as in Turtle."""
    text = (
        "@prefix a: <http://a/> .\na:g {\n a:s a:p 1 .\n a:t a:p 2\n}\nGRAPH a:h { a:u a:p 3 }\n"
        "a:v a:p 4 ."
    )
    assert locate_subjects(text) == {
        "http://a/s": 3,
        "http://a/t": 4,
        "http://a/u": 6,
        "http://a/v": 7,
    }


def test_locate_terms_finds_what_is_only_mentioned() -> None:
    """An IRI that is never a subject has the line of its first mention."""
    found = locate_terms("@prefix a: <http://a/> .\na:s a:p\n  a:o ,\n a:s .")
    assert dict(found.mentions) == {"http://a/s": 2, "http://a/p": 2, "http://a/o": 3}


def test_parse_turtle_keeps_lexical_forms() -> None:
    """Leading zeros, ill-typed dates and huge exponents come through as they stand in the file."""
    graph = parse_turtle(
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . <a> <b> 007, '2021-02'^^xsd:date, "
        "'1E999999999'^^xsd:decimal, 'x'^^xsd:string ."
    ).graph
    assert {(str(o), o.datatype) for o in graph.objects() if isinstance(o, Literal)} == {
        ("007", XSD.integer),
        ("2021-02", XSD.date),
        ("1E999999999", XSD.decimal),
        ("x", None),
    }


def test_parse_graph_resolves_relative_iris_away_from_the_disk(tmp_path: Path) -> None:
    """``<>`` and ``<id/x>`` become IRIs of the project, never a path."""
    path = tmp_path / "a.ttl"
    path.write_text("<> <p> <id/x> .", encoding="utf-8")
    assert set(parse_graph(path).graph) == {
        (
            URIRef("https://w3id.org/conflictkg/"),
            URIRef("https://w3id.org/conflictkg/p"),
            URIRef("https://w3id.org/conflictkg/id/x"),
        )
    }


@pytest.mark.parametrize(
    ("name", "content", "iri"),
    [
        ("a.ttl", f"<urn:g> a <{NAMED_GRAPH}> .", "urn:g"),
        ("a.nt", f"<urn:g> <{RDF.type}> <{NAMED_GRAPH}> .", "urn:g"),
        ("a.trig", f"<urn:g> {{ <urn:g> a <{NAMED_GRAPH}> }}", "urn:g"),
        ("a.nq", "<urn:s> <urn:p> <urn:o> <urn:g> .", "urn:g"),
        ("a.ttl", "<urn:s> <urn:p> <urn:o> .", None),
    ],
    ids=["turtle", "ntriples", "trig", "nquads", "none"],
)
def test_parse_graph_finds_the_graphs_iri(
    tmp_path: Path, name: str, content: str, iri: str | None
) -> None:
    """The graph's IRI is its one ckg:NamedGraph or the name the format gives it, in each format."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    parsed = parse_graph(path)
    assert parsed.iri == (URIRef(iri) if iri else None)
    assert parsed.path == path


@pytest.mark.parametrize(
    ("name", "content", "line", "column"),
    [
        ("a.ttl", b"<urn:a> <urn:b> 1 .\n<urn:a> <urn:b> 'x\n", 2, 17),
        ("a.ttl", b"<urn:a> <urn:b>\n  nope:x .\n", 2, 3),
        ("a.nt", b"<urn:a> <urn:b> .\n", 1, 17),
        ("a.ttl", b"<urn:a> <urn:b> 1 .\n# caf\xe9\n", 2, 6),
        ("a.ttl", b"<urn:a> <urn:b> <<( <urn:a> <urn:b> 1 )>> .\n", 0, 0),
    ],
    ids=["string", "prefix", "ntriples", "latin-1", "triple-term"],
)
def test_parse_graph_of_broken_rdf_names_file_line_and_column(
    tmp_path: Path, name: str, content: bytes, line: int, column: int
) -> None:
    """A syntax error says where it is."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RdfSyntaxError) as caught:
        parse_graph(path)
    assert (caught.value.path, caught.value.line, caught.value.column) == (str(path), line, column)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("missing.ttl", None, "cannot be read: No such file"),
        ("a.csv", "a,b", 'ends in ".csv"'),
        (
            "two.ttl",
            f"<urn:g> a <{NAMED_GRAPH}> . <urn:h> a <{NAMED_GRAPH}> .",
            "more than one named",
        ),
        (
            "two.nq",
            "<urn:s> <urn:p> <urn:o> <urn:g> .\n<urn:s> <urn:p> <urn:o> _:h .",
            "more than one named",
        ),
    ],
    ids=["missing", "kind", "two-graphs", "two-names"],
)
def test_parse_graph_of_what_is_no_single_graph_says_so(
    tmp_path: Path, name: str, content: str | None, problem: str
) -> None:
    """A file that is absent, of another kind, or of several graphs is named with its fault."""
    path = tmp_path / name
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(SourceError, match=problem) as caught:
        parse_graph(path)
    assert caught.value.source == str(path)


def test_load_graphs_expands_folders_in_order_and_reads_a_file_once(tmp_path: Path) -> None:
    """A folder stands for its RDF files, those in sub-folders too; other files are left alone."""
    (tmp_path / "sub").mkdir()
    for name in ("b.ttl", "a.nt", "sub/c.ttl"):
        (tmp_path / name).write_text("<urn:s> <urn:p> <urn:o> .", encoding="utf-8")
    (tmp_path / "readme.txt").write_text("no RDF", encoding="utf-8")
    loaded = load_graphs([tmp_path / "b.ttl", tmp_path])
    assert [each.path.name for each in loaded] == ["b.ttl", "a.nt", "c.ttl"]


def test_load_graphs_of_two_files_of_one_graph_names_both(tmp_path: Path) -> None:
    """One graph in two files is an error, for the store would merge what the files keep apart."""
    for name in ("a.ttl", "b.ttl"):
        (tmp_path / name).write_text(f"<urn:g> a <{NAMED_GRAPH}> .", encoding="utf-8")
    with pytest.raises(
        SourceError, match=r"b\.ttl: says it is graph <urn:g>, and so does .*a\.ttl"
    ):
        load_graphs([tmp_path])


def test_load_graphs_of_an_empty_folder_says_so(tmp_path: Path) -> None:
    """A folder without RDF files is more likely a mistake than an empty graph."""
    with pytest.raises(SourceError, match="holds no RDF file"):
        load_graphs([tmp_path])


def test_compare_graphs_shows_what_each_has_alone() -> None:
    """The difference reads as triples, in order of subject, with a mark for the side."""
    left = parse_turtle("<urn:a> <urn:p> 1, 2 . <urn:b> <urn:p> <http://example.org/x> .").graph
    right = parse_turtle("<urn:a> <urn:p> 1, 02 .").graph
    assert compare_graphs(left, right, PREFIXES) == (
        '+ <urn:a> <urn:p> "02"^^xsd:integer .\n- <urn:a> <urn:p> 2 .\n- <urn:b> <urn:p> ex:x .\n'
    )


def test_compare_graphs_looks_through_names_of_blank_nodes() -> None:
    """Graphs that differ only in the names of blank nodes are the same."""
    left = parse_turtle("_:x <urn:p> [ <urn:q> 1 ] .").graph
    right = parse_turtle("_:y <urn:p> _:z . _:z <urn:q> 1 .").graph
    assert compare_graphs(left, right) == ""
    assert compare_graphs(left, parse_turtle("_:y <urn:p> [ <urn:q> 2 ] .").graph) != ""


def test_written_turtle_stays_parsable_for_pyoxigraph_without_base() -> None:
    """What is written holds no relative IRI."""
    graph = parse_turtle("<a> <b> <c> .").graph
    text = write_turtle(graph, {})
    assert len(list(pyoxigraph.parse(text, pyoxigraph.RdfFormat.TURTLE))) == 1


def test_base_is_the_one_that_iris_are_minted_under() -> None:
    """Relative IRIs in a file become IRIs of ours; the address stands in iris too, and is the same."""
    assert BASE == IRI_BASE
