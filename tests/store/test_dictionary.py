"""Terms and ids: there and back, one by one and by the column, from files and from what came later."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from conflictkg.answers import (
    RDF_LANG_STRING,
    XSD,
    XSD_STRING,
    Blank,
    Iri,
    Literal,
    Solutions,
    Term,
    TermColumn,
)
from conflictkg.answers import columns as kinds
from conflictkg.engine import ids
from conflictkg.engine.ids import Tag
from conflictkg.engine.words import tokenize, tokens_of
from conflictkg.errors import StoreError
from conflictkg.store import Store, open_store
from conflictkg.store.arena import BLOCK, Arena, write_arena
from conflictkg.store.database import memory_database
from conflictkg.store.delta import Entry, HeldDelta, entry_row
from conflictkg.store.dictionary import StoreDictionary
from conflictkg.store.inline import write_inline
from conflictkg.store.opening import open_database
from conflictkg.store.optimizing import optimize
from conflictkg.store.pending import Numbers
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

EX = "http://example.org/"

INLINE = {
    Tag.INTEGER: st.integers(-ids.INTEGER_LIMIT, ids.INTEGER_LIMIT).map(
        lambda each: each + ids.INTEGER_OFFSET
    ),
    Tag.DECIMAL: st.tuples(
        st.integers(-ids.DECIMAL_LIMIT + 1, ids.DECIMAL_LIMIT - 1), st.integers(0, 15)
    ).map(lambda each: ((each[0] + ids.DECIMAL_OFFSET) << ids.DECIMAL_SCALE_BITS) | each[1]),
    Tag.BOOLEAN: st.integers(0, 1),
    Tag.DATE: st.dates().map(lambda each: each.toordinal() - 719_163 + ids.DATE_OFFSET),
    Tag.DATETIME: st.integers(-62_135_596_800 * 10**6, 142_990 * 10**12),
    Tag.DATETIME_UTC: st.integers(-62_135_596_800, 142_990 * 10**6).map(lambda each: each * 10**6),
}
for tag in (Tag.DATETIME, Tag.DATETIME_UTC):
    INLINE[tag] = INLINE[tag].map(lambda each: each + ids.DATETIME_OFFSET)


@settings(deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("tag", INLINE)
def test_inline_ids_are_written_as_one_by_one(tag: Tag, data: st.DataObject) -> None:
    """The column's texts are those of :func:`conflictkg.engine.ids.literal_of`."""
    payloads = data.draw(st.lists(INLINE[tag], min_size=1, max_size=20))
    numbers = [ids.make_id(tag, each) for each in payloads]
    expected = [ids.literal_of(each).lexical for each in numbers]
    assert write_inline(tag, np.array(numbers)).to_pylist() == expected


def rows_of(column: TermColumn) -> list[Term | None]:
    """The terms of a column, one by one."""
    found: list[Term | None] = []
    columns = (column.lexical, column.datatype, column.language)
    texts = zip(column.kind.tolist(), *(each.to_pylist() for each in columns), strict=True)
    for kind, lexical, datatype, language in texts:
        if kind == kinds.UNBOUND:
            assert lexical is None
            found.append(None)
        elif kind == kinds.LITERAL:
            found.append(Literal(lexical, datatype, language or ""))
        else:
            assert datatype is None
            assert language is None
            found.append(Iri(lexical) if kind == kinds.IRI else Blank(lexical))
    return found


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
ENTRIES: st.SearchStrategy[Entry] = st.one_of(
    TEXTS.map(lambda each: Iri("http://example.org/long/prefix/" + each)),
    TEXTS.map(Literal),
    st.builds(Literal, TEXTS, st.just(RDF_LANG_STRING), st.sampled_from(["en", "fr", "ur-pk"])),
    st.builds(Literal, TEXTS, st.sampled_from(["http://e/t", "http://e/u"])),
    st.sampled_from(["1e0", "INF", "-3.5"]).map(lambda each: Literal(each, XSD + "double")),
    st.sampled_from(["01", "+7"]).map(lambda each: Literal(each, XSD + "integer")),
    st.sampled_from(["P1D", "x"]).map(lambda each: Literal(each, XSD + "duration")),
)


def make_base(folder: Path, entries: set[Entry]) -> dict[Entry, int]:
    """Write the files of a dictionary, and say which id each term has."""
    numbered = {}
    keys = {
        each: (ids.dictionary_tag(each), entry_row(each)[0].encode(), *entry_row(each)[1:3])
        for each in entries
    }
    ordered = sorted(
        entries, key=lambda each: tuple(str(part) if part is None else part for part in keys[each])
    )
    following: dict[Tag, int] = {}
    for each in ordered:
        tag = keys[each][0]
        numbered[each] = ids.make_id(tag, following.get(tag, 0))
        following[tag] = following.get(tag, 0) + 1
    rows = [(identity, *entry_row(each)) for each, identity in numbered.items()]
    names = ("id", "lex", "dt", "lang", "num")
    types = (pa.int64(), pa.string(), pa.string(), pa.string(), pa.float64())
    with duckdb.connect(":memory:") as connection:
        columns = zip(*rows, strict=True) if rows else [()] * 5
        arrays = [pa.array(list(column), kind) for column, kind in zip(columns, types, strict=True)]
        connection.register("rows", pa.table(arrays, names=list(names)))
        connection.execute("CREATE TABLE term AS SELECT * FROM rows")
        write_arena(connection.cursor(), "term", folder)
    return numbered


@settings(deadline=None, max_examples=60)
@given(entries=st.sets(ENTRIES, max_size=3 * BLOCK), later=st.sets(ENTRIES, max_size=5))
def test_terms_come_back_and_are_found(
    entries: set[Entry], later: set[Entry], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """From the files and from what came later, in any mixture, with unbound rows between."""
    folder = tmp_path_factory.mktemp("dictionary") / "files"
    numbered = make_base(folder, entries)
    delta = HeldDelta()
    dictionary = StoreDictionary(Arena(folder), delta, Numbers({}))
    fresh = {
        each: ids.make_id(ids.dictionary_tag(each), 1_000_000 + number)
        for number, each in enumerate(sorted(later - entries, key=repr))
    }
    for each in fresh:
        assert dictionary.find(each) is None
    delta.add(fresh)
    everything: dict[Term, int] = {}
    everything.update(numbered.items())
    everything.update(fresh.items())
    everything[Literal("7", XSD + "integer")] = ids.make_id(Tag.INTEGER, 7 + ids.INTEGER_OFFSET)
    for term, identity in everything.items():
        assert isinstance(term, Iri | Literal)
        assert dictionary.find(term) == identity
        assert dictionary.term(identity) == term
    everything[Blank("b5")] = ids.make_id(Tag.BLANK, 5)
    backwards = list(everything.items())[::-1]
    assert dictionary.terms([identity for _, identity in backwards]) == [
        term for term, _ in backwards
    ]
    mixed = [part for term, identity in backwards for part in ((term, identity), (None, -1))]
    column = dictionary.column(np.array([identity for _, identity in mixed], np.int64))
    assert rows_of(column) == [term for term, _ in mixed]


def test_id_of_no_term_is_an_error() -> None:
    """Not another term, and not silence."""
    dictionary = memory_database().dictionary
    with pytest.raises(KeyError):
        dictionary.term(ids.make_id(Tag.IRI, 99))
    with pytest.raises(KeyError):
        dictionary.column(np.array([ids.make_id(Tag.STRING, 99)]))


def test_explicit_string_is_a_plain_literal() -> None:
    """xsd:string is what a literal without datatype has."""
    database = memory_database()
    with database.change() as change:
        one, other = change.intern([Literal("x"), Literal("x", XSD_STRING)]).tolist()
    assert one == other
    database.close()


def test_missing_file_of_the_dictionary_is_a_store_error(tmp_path: Path) -> None:
    """Said when the store is opened, not when a term is asked for."""
    make_base(tmp_path / "files", {Iri("http://e/a")})
    (tmp_path / "files" / "2.suffixes").unlink()
    with pytest.raises(StoreError, match="dictionary cannot be read"):
        Arena(tmp_path / "files")


# Words

WORDS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs", "Cn"]),
        st.sampled_from("ΣσςİıßẞéÉêñǅK한국語ﬁΐΰ⑫²Ⅷ\u0301\u0345 -_'"),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")


@settings(deadline=None, max_examples=1000)
@given(text=WORDS)
def test_words_are_the_same_in_sql(text: str, connection: duckdb.DuckDBPyConnection) -> None:
    """Of every script, with and without accents, in both cases."""
    query = "SELECT " + tokens_of(exp.Placeholder()).sql("duckdb")
    row = connection.execute(query, [text]).fetchone()
    assert row is not None
    assert tuple(dict.fromkeys(row[0])) == tokenize(text)


def test_order_is_kept_by_a_load_and_lost_by_what_comes_later(tmp_path: Path) -> None:
    """Questions that sort by terms see the right order all the same."""
    file, directory = tmp_path / "data.nt", tmp_path / "store"
    names = ["b", "é", "a b", "B", "a", "\U0001f600", "\uffee"]
    lines = [f'<{EX}{place}> <{EX}name> "{name}" .' for place, name in enumerate(names)]
    file.write_text("\n".join(lines), encoding="utf-8")
    load_files([Source(file)], directory)
    texts = 1 << Tag.STRING | 1 << Tag.IRI

    def ask(store: Store) -> list[str]:
        answer = store.query("SELECT ?name { ?s ?p ?name } ORDER BY DESC(?name)")
        assert isinstance(answer, Solutions)
        return [row[0].lexical for row in answer.rows if isinstance(row[0], Literal)]

    with open_store(directory, editable=True) as store:
        assert ask(store) == sorted(names, reverse=True)
        with_more = sorted([*names, "aa"], reverse=True)
        store.update(f'INSERT DATA {{ <{EX}0> <{EX}name> "aa" }}')
        assert ask(store) == with_more
    with open_database(directory) as database:
        assert not database.dictionary.is_ordered(texts)
        assert database.dictionary.is_ordered(1 << Tag.IRI | 1 << Tag.LANG)
    optimize(directory)
    with open_database(directory) as database:
        assert database.dictionary.is_ordered(texts)
    with open_store(directory) as store:
        assert ask(store) == with_more
