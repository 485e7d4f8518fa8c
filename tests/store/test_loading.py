"""Bulk load: what the files say is in the store, to the letter, and what they must not say is refused."""

import gzip
import re
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_invariants import QuadOfTerms, read_quads, require_sound, term_of, without_labels

from conflictkg.answers import RDF_LANG_STRING, Blank, Iri, Literal
from conflictkg.errors import RdfSyntaxError, StoreBusyError, StoreError
from conflictkg.store.adding import add_files
from conflictkg.store.database import Database, memory_database
from conflictkg.store.loading import Load, Progress
from conflictkg.store.opening import open_database
from conflictkg.store.optimizing import optimize
from conflictkg.store.staging import FORMATS, Source
from conflictkg.store.writer import load_files

EX = "http://example.org/"
XSD = "http://www.w3.org/2001/XMLSchema#"

ODD_LINES = f"""\
# A comment.
<{EX}a> <{EX}p> <{EX}b> .
<{EX}a>  <{EX}p>\t<{EX}c>.
  <{EX}a> <{EX}p> "two  blanks" . # and a comment
<{EX}a> <{EX}p> "a <{EX}b> .\\"" .
<{EX}a> <{EX}p> "x <y>" .
<{EX}a> <{EX}p> "x <y>"^^<{EX}t> .
<{EX}a> <{EX}p> "x _:y"@en .
<{EX}a> <{EX}p> "_:y" .
<{EX}a> <{EX}p> "line\\nbreak \\\\ \\u00e9 \\U0001F600 \\t\\"" .
<{EX}a> <{EX}p> "" .
<{EX}a> <{EX}p> " ." .
<{EX}a> <{EX}p> "Zürich 東京 العربية" .
<{EX}ü> <{EX}p> <{EX}%C3%BC> .
<{EX}a> <{EX}p> "en"@EN .
<{EX}a> <{EX}p> "en"@en .
<{EX}a> <{EX}p> "x"@zh-Hant-TW .
<{EX}a> <{EX}p> "x"@de-x-mine .
<{EX}a> <{EX}p> "s"^^<{XSD}string> .
<{EX}a> <{EX}p> "s" .
<{EX}a> <{EX}p> "01"^^<{XSD}integer> .
<{EX}a> <{EX}p> "1"^^<{XSD}integer> .
<{EX}a> <{EX}p> "nonsense"^^<{XSD}integer> .
<{EX}a> <{EX}p> "1.50"^^<{XSD}decimal> .
<{EX}a> <{EX}p> "1e400"^^<{XSD}double> .
<{EX}a> <{EX}p> "2017-06-13"^^<{XSD}date> .
<{EX}a> <{EX}p> "2017-06-13Z"^^<{XSD}date> .
<{EX}a> <{EX}p> "2017-06-13T10:00:00.50Z"^^<{XSD}dateTime> .
<{EX}a> <{EX}p> "2017-06-13T10:00:00.5Z"^^<{XSD}dateTime> .
<{EX}a> <{EX}p> "true"^^<{XSD}boolean> .
_:x <{EX}p> _:y .
_:x <{EX}p> _:x .
_:a.b-c <{EX}p> _:é .
<urn:x:y> <mailto:a@b> <http://[::1]:80/?q=1#f> .
<{EX}a> <{EX}p> <{EX}b> .
<{EX}a> <{EX}\\u0070> <{EX}b> .
"""
ODD_QUADS = f"""\
<{EX}a> <{EX}p> <{EX}b> <{EX}g> .
<{EX}a> <{EX}p> <{EX}b> .
<{EX}a> <{EX}p> "x"^^<{EX}t> <{EX}g> .
<{EX}a> <{EX}p> "x <y>"^^<{EX}t> .
<{EX}a> <{EX}p> "x <y> <z>" <{EX}g> .
<{EX}a> <{EX}p> "x"@en <{EX}g> .
<{EX}a> <{EX}p> "x _:y" _:g .
<{EX}a> <{EX}p> _:y _:g .
<{EX}a> <{EX}p> _:y .
<{EX}a> <{EX}p> "quote \\" <{EX}g>" <{EX}g> .
"""


def parsed(text: bytes, rdf_format: ox.RdfFormat, base: str | None = None) -> set[QuadOfTerms]:
    """What the reference parser makes of it."""
    return {
        (
            term_of(each.subject),
            term_of(each.predicate),
            term_of(each.object),
            None if isinstance(each.graph_name, ox.DefaultGraph) else term_of(each.graph_name),
        )
        for each in ox.parse(text, format=rdf_format, base_iri=base)
    }


def load(folder: Path, *files: Path, **options: object) -> Database:
    directory = folder / "store"
    load_files([Source(each) for each in files], directory, Load((), **options))  # type: ignore[arg-type]  # as the test gives them
    return open_database(directory)


def require_same(database: Database, expected: set[QuadOfTerms]) -> None:
    found = read_quads(database)
    blank = {quad for quad in expected if any(isinstance(each, Blank) for each in quad)}
    assert {quad for quad in found if not any(isinstance(each, Blank) for each in quad)} == (
        expected - blank
    )
    assert without_labels(found) == without_labels(expected)
    require_sound(database)


@pytest.mark.parametrize(
    ("name", "text", "rdf_format"),
    [
        ("odd.nt", ODD_LINES, ox.RdfFormat.N_TRIPLES),
        ("odd.nq", ODD_LINES, ox.RdfFormat.N_QUADS),
        ("quads.nq", ODD_QUADS, ox.RdfFormat.N_QUADS),
        ("windows.nq", ODD_QUADS.replace("\n", "\r\n"), ox.RdfFormat.N_QUADS),
        ("unended.nq", ODD_QUADS.rstrip("\n"), ox.RdfFormat.N_QUADS),
        ("empty.nq", "", ox.RdfFormat.N_QUADS),
    ],
)
def test_lines_are_read_as_the_parser_reads_them(
    name: str, text: str, rdf_format: ox.RdfFormat, tmp_path: Path
) -> None:
    """Regular lines, which no parser sees, and odd ones."""
    (tmp_path / name).write_bytes(text.encode())
    with load(tmp_path, tmp_path / name) as database:
        require_same(database, parsed(text.encode(), rdf_format))


# Characters that this Python knows: see conflictkg.engine.words.
LITERAL_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cn"]), max_size=8)
TERMS = st.one_of(
    LITERAL_TEXT.map(ox.Literal),
    LITERAL_TEXT.map(lambda each: ox.Literal(each, language="en")),
    LITERAL_TEXT.map(lambda each: ox.Literal(each, datatype=ox.NamedNode(EX + "t"))),
    st.sampled_from(["1", "01", "-7", "x"]).map(
        lambda each: ox.Literal(each, datatype=ox.NamedNode(XSD + "integer"))
    ),
    st.sampled_from([ox.BlankNode("b1"), ox.BlankNode("b2"), ox.NamedNode(EX + "o")]),
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    drawn=st.lists(
        st.tuples(TERMS, st.sampled_from([ox.DefaultGraph(), ox.NamedNode(EX + "g")])), max_size=30
    )
)
def test_drawn_quads_come_back(
    drawn: list[tuple[ox.Literal, ox.NamedNode]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Whatever the literals hold: quotation marks, control characters, line breaks, other scripts."""
    folder = tmp_path_factory.mktemp("drawn")
    quads = [
        ox.Quad(ox.NamedNode(EX + "s"), ox.NamedNode(EX + "p"), term, graph)
        for term, graph in drawn
    ]
    text = ox.serialize(quads, format=ox.RdfFormat.N_QUADS)
    assert text is not None
    (folder / "data.nq").write_bytes(text)
    with load(folder, folder / "data.nq") as database:
        require_same(database, parsed(text, ox.RdfFormat.N_QUADS))


DOCUMENTS = {
    ".ttl": f'@prefix e: <{EX}> . e:a e:p "x"@en, [ e:q 1, 1.0, 1e0 ] ; e:r <rel> .',
    ".trig": f"@prefix e: <{EX}> . e:g {{ e:a e:p e:b }} e:a e:p e:c .",
    ".rdf": (
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:e="{EX}"><rdf:Description rdf:about="{EX}a"><e:p>x</e:p></rdf:Description></rdf:RDF>'
    ),
    ".jsonld": f'{{"@id": "{EX}a", "{EX}p": [{{"@value": "x"}}, {{"@id": "{EX}b"}}]}}',
    ".nt": f"<{EX}a> <{EX}p> <{EX}b> .\n",
}


@pytest.mark.parametrize("ending", DOCUMENTS)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
def test_every_format_is_read(ending: str, packed: bool, tmp_path: Path) -> None:
    """Also compressed; relative IRIs are the file's own."""
    data = DOCUMENTS[ending].encode()
    path = tmp_path / f"data{ending}{'.gz' if packed else ''}"
    path.write_bytes(gzip.compress(data) if packed else data)
    with load(tmp_path, path) as database:
        require_same(database, parsed(data, FORMATS[ending], path.as_uri()))


def test_remote_context_is_not_fetched(tmp_path: Path) -> None:
    """JSON-LD that wants one is refused."""
    path = tmp_path / "data.jsonld"
    path.write_text(f'{{"@context": "{EX}context", "@id": "{EX}a", "p": "x"}}', encoding="utf-8")
    with pytest.raises(RdfSyntaxError, match="context"):
        load(tmp_path, path)


def test_blank_nodes_are_each_file_s_own(tmp_path: Path) -> None:
    """Equal labels in two files are two nodes; in one file they are one, across regular and odd lines."""
    for name in ("one.nt", "two.nt"):
        (tmp_path / name).write_text(f'_:x <{EX}p> "a" .\n_:x <{EX}p> "\\"" .\n', encoding="utf-8")
    with load(tmp_path, tmp_path / "one.nt", tmp_path / "two.nt") as database:
        subjects = Counter(subject for subject, *_ in read_quads(database))
        assert sorted(subjects.values()) == [2, 2]


def test_texts_with_equal_hashes_stay_different(tmp_path: Path) -> None:
    """DuckDB gives these two the same hash; they came up among five million."""
    one, two = "Strike in Zhaamésh, 2016-03-18", "Strike in Zhaanésh, 2016-03-11"
    path = tmp_path / "data.nt"
    path.write_text(
        f'<{EX}a> <{EX}p> "{one}"@en .\n<{EX}b> <{EX}p> "{two}"@en .\n', encoding="utf-8"
    )
    with load(tmp_path, path) as database:
        require_same(database, parsed(path.read_bytes(), ox.RdfFormat.N_TRIPLES))


@pytest.mark.parametrize(
    "line",
    [
        f"<{EX}a> <{EX}p> <b> .",
        f"<{EX}a> <{EX}p> <{EX}%zz> .",
        f"<{EX}a> <{EX}p> <{EX}a b> .",
        f"<{EX}a> <{EX}p> <http://a:b/> .",
        f'<{EX}a> <{EX}p> "x"@abcdefghijk .',
        f'<{EX}a> <{EX}p> "x"^^<{RDF_LANG_STRING}> .',
        f'<{EX}a> <{EX}p> "x\\q" .',
        f'<{EX}a> "p" <{EX}b> .',
        f'"a" <{EX}p> <{EX}b> .',
        f"<{EX}a> <{EX}p> <{EX}b> <{EX}g> .",
        f"<{EX}a> <{EX}p> <{EX}b>",
        f"<{EX}a> <{EX}p> <{EX}b> . <{EX}a> <{EX}p> <{EX}c> .",
        "nonsense",
    ],
)
def test_wrong_line_is_refused_in_the_parser_s_words(line: str, tmp_path: Path) -> None:
    """With its number in the file; nothing is loaded, nothing is left behind."""
    with pytest.raises(SyntaxError) as expected:
        list(ox.parse((line + "\n").encode(), format=ox.RdfFormat.N_TRIPLES))
    good = f"<{EX}a> <{EX}p> <{EX}o> .\n"
    path = tmp_path / "data.nt"
    path.write_text(good * 6 + line + "\n" + good, encoding="utf-8")
    with pytest.raises(RdfSyntaxError) as caught:
        load(tmp_path, path)
    assert (caught.value.path, caught.value.line) == (str(path), 7)
    assert caught.value.column == expected.value.offset
    assert without_places(caught.value.problem) == without_places(expected.value.msg)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["data.nt", "store.lock"]


def without_places(message: str) -> str:
    """A message of the parser without the line and column that it names."""
    return re.sub(r"^Parser error at line [^:]*: | \(line \d+\)$", "", message)


def test_bytes_that_are_no_utf8_are_refused(tmp_path: Path) -> None:
    """By the parser, whose words they are."""
    path = tmp_path / "data.nt"
    path.write_bytes(b'<http://e/a> <http://e/p> "ok" .\n<http://e/a> <http://e/p> "\xff" .\n')
    with pytest.raises(RdfSyntaxError, match=r"data\.nt"):
        load(tmp_path, path)


def test_very_long_literal_is_loaded(tmp_path: Path) -> None:
    """A line that is too long for the fast way takes the other."""
    path = tmp_path / "data.nt"
    text = "long " * 2_000_000
    path.write_text(f'<{EX}a> <{EX}p> "{text}" .\n', encoding="utf-8")
    with load(tmp_path, path) as database:
        assert read_quads(database) == {(Iri(EX + "a"), Iri(EX + "p"), Literal(text), None)}


def test_unknown_ending_and_missing_file_are_refused(tmp_path: Path) -> None:
    """The message names the file, and the endings that are known."""
    (tmp_path / "data.docx").write_bytes(b"")
    with pytest.raises(StoreError, match=r"data\.docx: .*Known: \.nt"):
        load(tmp_path, tmp_path / "data.docx")
    with pytest.raises(StoreError, match=r"missing\.nt cannot be read: No such file"):
        load(tmp_path, tmp_path / "missing.nt")


def test_triple_terms_are_refused(tmp_path: Path) -> None:
    """RDF 1.2 is not held."""
    path = tmp_path / "data.nt"
    path.write_text(f"<{EX}a> <{EX}p> <<( <{EX}s> <{EX}p> <{EX}o> )>> .\n", encoding="utf-8")
    with pytest.raises(StoreError, match=r"triple terms \(RDF 1.2\)"):
        load(tmp_path, path)


def test_progress_is_told(tmp_path: Path) -> None:
    """The steps, what was read of how much, and the rate."""
    path = tmp_path / "data.nt"
    path.write_text(f"<{EX}a> <{EX}p> <{EX}b> .\n", encoding="utf-8")
    told: list[Progress] = []
    load(tmp_path, path, report=told.append).close()
    assert told[0].step == "read"
    assert told[-1].step == "done"
    assert (told[-1].quads, told[-1].bytes_read) == (1, path.stat().st_size)
    assert told[-1].rate > 0


def test_two_loads_of_equal_files_have_one_release(tmp_path: Path) -> None:
    """And a load of others has another."""
    releases = []
    for number, value in enumerate(("b", "b", "c")):
        path = tmp_path / f"{number}.nt"
        path.write_text(f"<{EX}a> <{EX}p> <{EX}{value}> .\n", encoding="utf-8")
        with load(tmp_path, path) as database:
            releases.append(database.release)
    assert releases[0] == releases[1] != releases[2]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_files_are_added_to_a_store(tmp_path: Path) -> None:
    """Known terms keep their ids, blank nodes are new, everything derived is kept true."""
    load(tmp_path, write(tmp_path, "data.nq", ODD_QUADS)).close()
    more = write(tmp_path, "more.nq", ODD_QUADS + f'<{EX}new> <{EX}p> "more words" <{EX}g2> .\n')
    with open_database(tmp_path / "store", read_only=False) as database:
        before = read_quads(database)
        known = database.dictionary.find(Iri(EX + "a"))
        changed = add_files(database, [Source(more)])
        after = read_quads(database)
        assert (changed.removed, changed.added) == (0, len(after) - len(before))
        assert before < after
        assert database.dictionary.find(Iri(EX + "a")) == known
        assert (Iri(EX + "new"), Iri(EX + "p"), Literal("more words"), Iri(EX + "g2")) in after
        # Three quads with blank nodes, whose nodes are new ones.
        assert len(after - before) == 4
        require_sound(database)
        assert (
            add_files(
                database, [Source(write(tmp_path, "again.nt", f"<{EX}a> <{EX}p> <{EX}b> .\n"))]
            ).added
            == 0
        )
    with open_database(tmp_path / "store") as again:
        assert read_quads(again) == after
        require_sound(again)


def test_files_are_added_to_a_store_in_memory(tmp_path: Path) -> None:
    """The same way; a graph can be chosen for a file without graphs of its own."""
    path = write(tmp_path, "data.ttl", DOCUMENTS[".ttl"])
    database = memory_database()
    add_files(database, [Source(path, graph=EX + "g")])
    assert {graph for *_, graph in read_quads(database)} == {Iri(EX + "g")}
    assert database.dictionary.find(Literal("x", RDF_LANG_STRING, "en")) is not None
    require_sound(database)
    database.close()


def test_wrong_file_adds_nothing(tmp_path: Path) -> None:
    """Not even the good file before it."""
    load(tmp_path, write(tmp_path, "data.nq", ODD_QUADS)).close()
    good = Source(write(tmp_path, "good.nt", f"<{EX}n> <{EX}n> <{EX}n> .\n"))
    bad = Source(write(tmp_path, "bad.nt", "nonsense\n"))
    with open_database(tmp_path / "store", read_only=False) as database:
        catalog = database.catalog
        with pytest.raises(RdfSyntaxError):
            add_files(database, [good, bad])
        assert database.catalog is catalog


def test_optimize_keeps_the_quads_and_sorts_them(tmp_path: Path) -> None:
    """What updates appended is in order, terms that no quad holds are gone, empty graphs stay."""
    load(tmp_path, write(tmp_path, "data.nq", ODD_QUADS)).close()
    directory = tmp_path / "store"
    with open_database(directory, read_only=False) as database:
        with database.change() as change:
            change.insert_terms(
                [(Iri(EX + "0"), Iri(EX + "p"), Literal("a new one"), Iri(EX + "g3"))]
            )
            gone = database.dictionary.find(Iri(EX + "g"))
            assert gone is not None
            change.drop_graphs([gone])
            change.create_graph(int(change.intern([Iri(EX + "empty")])[0]))
        expected = read_quads(database)
        release = database.release
    optimize(directory)
    with open_database(directory) as database:
        assert read_quads(database) == expected
        require_sound(database)
        cursor = database.cursor()
        rows = cursor.execute("SELECT s, p, o, g FROM spo").fetchall()
        assert rows == sorted(rows)
        lexical = [
            row[0] for row in cursor.execute("SELECT lex FROM term WHERE dt IS NULL").fetchall()
        ]
        assert lexical == sorted(lexical)
        assert EX + "g" not in lexical
        empty = database.dictionary.find(Iri(EX + "empty"))
        assert empty is not None
        assert database.catalog.graphs[empty] == 0
        assert database.release != release


def test_optimize_waits_for_nobody(tmp_path: Path) -> None:
    """A store that is open for changing is busy; one that is open for reading is not."""
    load(tmp_path, write(tmp_path, "data.nq", ODD_QUADS)).close()
    directory = tmp_path / "store"
    with open_database(directory, read_only=False), pytest.raises(StoreBusyError, match="process"):
        optimize(directory)
    with open_database(directory) as reader:
        expected = read_quads(reader)
        optimize(directory)
        assert read_quads(reader) == expected
