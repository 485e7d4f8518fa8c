"""A store that is open: what it answers, what it refuses, and that nobody takes it down."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_store import G1, G2, numbers, write_small_store

from conflictkg.answers import Answer, Boolean, Iri, Literal, Solutions, Triple, Triples
from conflictkg.errors import (
    NotPermittedError,
    QueryError,
    QueryMemoryError,
    QuerySyntaxError,
    QueryTimeoutError,
    StoreBusyError,
    StoreError,
    StoreMissingError,
)
from conflictkg.store import GraphInfo, Limits, Store, memory_store, open_store
from conflictkg.store.layout import DATABASE, FORMAT, MANIFEST

EX = "http://example.org/"
XSD_INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
ENDLESS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n2 ?o }"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The two small graphs, open."""
    directory = write_small_store(tmp_path_factory.mktemp("small") / "store")
    with open_store(directory) as found:
        yield found


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Three thousand triples, open for one query at a time of little memory."""
    directory = write_small_store(tmp_path_factory.mktemp("large") / "store", numbers(3_000))
    with open_store(
        directory, Limits(workers=1, memory_mb=64, temporary_mb=64, wait_s=20)
    ) as found:
        yield found


def rows_of(answer: Answer) -> list[tuple[object, ...]]:
    assert isinstance(answer, Solutions)
    return list(answer.rows)


def test_store_tells_its_release_graphs_and_size(store: Store) -> None:
    """What the manifest says is known without a query."""
    assert store.release == "r1"
    assert store.built_at == "2026-01-01T00:00:00Z"
    assert store.graphs() == (GraphInfo(G1, 2), GraphInfo(G2, 1))
    assert store.size() == 3


def test_select_gives_rows_in_order_of_its_variables(store: Store) -> None:
    """Terms come with datatype and language as they stand in the data, unbound as None."""
    text = f"SELECT ?v ?none ?s {{ ?s <{EX}count>|<{EX}name> ?v }} ORDER BY ?s ?v"
    with store.query(text) as answer:
        assert isinstance(answer, Solutions)
        assert answer.variables == ("v", "none", "s")
        assert list(answer.rows) == [
            (Literal("03", XSD_INTEGER), None, Iri(EX + "a")),
            (
                Literal("Hangu", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", "en"),
                None,
                Iri(EX + "a"),
            ),
            (Literal("Swat"), None, Iri(EX + "b")),
        ]
        assert answer.rows.complete is True


def test_ask_gives_a_boolean(store: Store) -> None:
    """ASK is answered with a truth value."""
    assert store.query(f"ASK {{ <{EX}a> ?p ?o }}") == Boolean(value=True)
    assert store.query(f"ASK {{ <{EX}z> ?p ?o }}") == Boolean(value=False)


def test_construct_gives_triples(store: Store) -> None:
    """CONSTRUCT is answered with triples."""
    answer = store.query(f"CONSTRUCT {{ ?s <{EX}is> ?v }} {{ ?s <{EX}name> ?v }}")
    assert isinstance(answer, Triples)
    assert {triple.subject for triple in answer.triples} == {Iri(EX + "a"), Iri(EX + "b")}


def test_describe_gives_what_is_said_of_a_thing(store: Store) -> None:
    """All graphs are looked at; of an unknown thing there is nothing, and no error."""
    expected = Triple(Iri(EX + "b"), Iri(EX + "name"), Literal("Swat"))
    assert list(store.describe(EX + "b").triples) == [expected]
    assert list(store.describe(EX + "nothing").triples) == []


@pytest.mark.parametrize("iri", ["http://x/> ?p ?o } #", "no iri", ""])
def test_describe_of_what_is_no_iri_is_a_query_error(store: Store, iri: str) -> None:
    """A value cannot change the query that it is put into."""
    with pytest.raises(QueryError):
        list(store.describe(iri).triples)


# The dataset


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ("", {"a", "b"}),
        (f"FROM <{G2}>", {"b"}),
        (f"FROM <{G1}> FROM <{G2}>", {"a", "b"}),
        (f"FROM NAMED <{G1}>", set()),
    ],
    ids=["union", "one", "both", "named-only"],
)
def test_default_graph_is_the_union_unless_from_says_else(
    store: Store, clauses: str, expected: set[str]
) -> None:
    """Without FROM the default graph is the union of all graphs; with it, of those that it names."""
    rows = rows_of(store.query(f"SELECT DISTINCT ?s {clauses} {{ ?s ?p ?o }}"))
    assert set(rows) == {(Iri(EX + name),) for name in expected}


def test_triple_of_two_graphs_is_one_triple_of_their_union(tmp_path: Path) -> None:
    """A graph is a set: what stands in two named graphs is counted once without GRAPH, twice with it."""
    line = f'<{EX}a> <{EX}name> "Hangu" .\n'
    with open_store(write_small_store(tmp_path / "store", {G1: line, G2: line})) as found:
        counts = [
            rows_of(found.query(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}"))
            for pattern in ("?s ?p ?o", "GRAPH ?g { ?s ?p ?o }")
        ]
        assert counts == [[(Literal(number, XSD_INTEGER),)] for number in "12"]
        assert (len(list(found.describe(EX + "a").triples)), found.size()) == (1, 2)


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [("", {G1, G2}), (f"FROM NAMED <{G2}>", {G2}), (f"FROM <{G1}>", set())],
    ids=["all", "named", "from-only"],
)
def test_graph_sees_the_named_graphs_of_the_dataset(
    store: Store, clauses: str, expected: set[str]
) -> None:
    """GRAPH ranges over all graphs, or over those of FROM NAMED, or over none beside a mere FROM."""
    rows = rows_of(store.query(f"SELECT DISTINCT ?g {clauses} {{ GRAPH ?g {{ ?s ?p ?o }} }}"))
    assert {row[0] for row in rows} == {Iri(each) for each in expected}


def test_dataset_of_the_protocol_goes_before_from(store: Store) -> None:
    """default-graph-uri and named-graph-uri replace what the query says."""
    text = f"SELECT ?s\nFROM <{G2}> {{ ?s <{EX}name> ?o }}"
    assert rows_of(store.query(text, default_graphs=[G1])) == [(Iri(EX + "a"),)]
    assert rows_of(store.query(text, named_graphs=[G1])) == []


@pytest.mark.parametrize("clause", ["FROM", "FROM NAMED"])
def test_from_an_unknown_graph_is_refused_with_those_that_are_known(
    store: Store, clause: str
) -> None:
    """Nothing is fetched, and nobody takes an empty answer for a true one."""
    with pytest.raises(NotPermittedError) as raised:
        store.query(f"SELECT *\n{clause} <http://127.0.0.1:9/data> {{ ?s ?p ?o }}")
    message = str(raised.value)
    assert "graph <http://127.0.0.1:9/data> (line 2)" in message
    assert G1 in message
    assert G2 in message


def test_unknown_graph_of_the_protocol_is_refused(store: Store) -> None:
    """The same holds for default-graph-uri."""
    with pytest.raises(NotPermittedError, match="graph <http://other/>"):
        store.query("ASK {}", default_graphs=["http://other/"])


def test_bindings_put_values_into_a_query(store: Store) -> None:
    """A variable can be given an IRI or a literal, of any kind, without touching the text."""
    by_iri = store.query("SELECT ?s ?o { ?s ?p ?o }", bindings={"s": Iri(EX + "b")})
    assert rows_of(by_iri) == [(Iri(EX + "b"), Literal("Swat"))]
    value = Literal("Hangu", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", "en")
    by_literal = store.query("SELECT ?s ?o { ?s ?p ?o }", bindings={"o": value})
    assert rows_of(by_literal) == [(Iri(EX + "a"), value)]
    number = Literal("03", XSD_INTEGER)
    assert rows_of(store.query("SELECT ?s { ?s ?p ?o }", bindings={"o": number})) != []


def test_binding_of_a_variable_that_is_not_there_is_a_query_error(store: Store) -> None:
    """A misspelt name does not pass in silence."""
    with pytest.raises(QueryError, match="nothing"):
        store.query("SELECT ?s { ?s ?p ?o }", bindings={"nothing": Iri(EX + "b")})


# Refusals


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("SELECT *\nWHERE {\n  ?s ?p ?o .\n  FILTER(?x >\n}", 5, 1, "expected an expression"),
        ("SELECT * {} LIMIT -1", 1, 19, "expected a whole number"),
        ("SELECT * { ?s foaf:name ?o }", 1, 15, "prefix foaf: is not declared. Add: PREFIX foaf:"),
        ("SELECT * { ?s nix:name ?o }", 1, 15, "prefix nix: is not declared"),
        ("SELECT * { ?s ?p ?o FILTRE(?o) }", 1, 21, 'Did you mean "FILTER"'),
        (
            "SELECT * { ?s ?p <http://bad iri/> }",
            1,
            18,
            "the IRI that begins at column 18 holds a space",
        ),
        (
            "SELECT ?x (COUNT(*) AS ?c) { ?x ?p ?o }",
            1,
            8,
            "neither a key of GROUP BY nor aggregated",
        ),
    ],
)
def test_syntax_error_has_line_and_column(
    store: Store, text: str, line: int, column: int, words: str
) -> None:
    """Line and column of what is wrong, and what it is, in words."""
    with pytest.raises(QuerySyntaxError) as raised:
        store.query(text)
    assert words in str(raised.value)
    assert (raised.value.line, raised.value.column) == (line, column)


def test_glued_keyword_is_refused(store: Store) -> None:
    """FROMNAMED is no word of SPARQL."""
    with pytest.raises(QuerySyntaxError, match='"FROMNAMED" is no word of SPARQL'):
        store.query("SELECT*FROMNAMED<http://g/>{}")


def test_query_that_is_too_long_is_refused_unread(store: Store) -> None:
    """The limit is in bytes of UTF-8 and is named."""
    with pytest.raises(QuerySyntaxError, match=r"has 262,1\d\d bytes; at most 262,144"):
        store.query("ASK {} #" + "é" * 131_070)


def test_half_a_character_is_a_syntax_error(store: Store) -> None:
    """A lone surrogate has a place in the text and no place in UTF-8."""
    with pytest.raises(QuerySyntaxError, match="half a character") as raised:
        store.query("ASK {\n\ud800 }")
    assert (raised.value.line, raised.value.column) == (2, 1)


def test_update_and_service_are_refused(store: Store) -> None:
    """They are refused by name, and the store goes on."""
    for text, word in (("LOAD <http://h/>", "LOAD"), ("ASK { SERVICE <http://h/> {} }", "SERVICE")):
        with pytest.raises(NotPermittedError, match=word):
            store.query(text)
    assert store.query("ASK {}") == Boolean(value=True)


# Limits


def test_row_limit_ends_the_answer_and_says_so(large: Store) -> None:
    """The stream tells whether the limit cut rows off; at the exact number it did not."""
    cut = large.query("SELECT * { ?s ?p ?o }", max_rows=2_999)
    assert isinstance(cut, Solutions)
    assert len(list(cut.rows)) == 2_999
    assert cut.rows.complete is False
    whole = large.query("SELECT * { ?s ?p ?o } LIMIT 5", max_rows=5)
    assert isinstance(whole, Solutions)
    assert whole.rows.complete is None
    assert len(list(whole.rows)) == 5
    assert whole.rows.complete is True


def test_row_limit_holds_for_triples(large: Store) -> None:
    """CONSTRUCT is cut off like SELECT."""
    answer = large.query("CONSTRUCT WHERE { ?s ?p ?o }", max_rows=10)
    assert isinstance(answer, Triples)
    assert len(list(answer.triples)) == 10
    assert answer.triples.complete is False


def test_query_is_stopped_at_its_deadline_and_the_next_one_works(large: Store) -> None:
    """A runaway query ends at its deadline."""
    start = time.monotonic()
    with pytest.raises(QueryTimeoutError) as raised:
        rows_of(large.query(ENDLESS, deadline_s=0.3))
    assert raised.value.deadline_s == 0.3
    assert time.monotonic() - start < 1
    assert large.query("ASK {}") == Boolean(value=True)


def test_deadline_holds_while_rows_are_read(large: Store) -> None:
    """An answer that began in time is still ended at the deadline."""
    text = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    answer = large.query(text, deadline_s=0.5)
    assert isinstance(answer, Solutions)
    with pytest.raises(QueryTimeoutError):
        for _ in answer.rows:
            pass
    assert large.query("ASK {}") == Boolean(value=True)


def test_deadline_frees_the_cursor_of_a_reader_who_reads_no_more(large: Store) -> None:
    """The only place is free again although the answer is neither read nor closed."""
    answer = large.query("SELECT * { ?a ?b ?c . ?d ?e ?f }", deadline_s=0.1)
    assert isinstance(answer, Solutions)
    next(answer.rows)
    assert large.query("ASK {}") == Boolean(value=True)
    with pytest.raises(QueryTimeoutError):
        list(answer.rows)


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        ("SELECT * { ?a ?b ?c . ?d ?e ?f } ORDER BY ?c", "room for temporary files"),
        # Which of the two it reaches first depends on how much is spilled before.
        ("SELECT DISTINCT ?a ?d { ?a ?b ?c . ?d ?e ?f }", "(room for temporary files|memory)"),
        ("SELECT (GROUP_CONCAT(?f) AS ?x) { ?a ?b ?c . ?d ?e ?f }", "memory"),
    ],
    ids=["sort", "distinct", "text"],
)
def test_query_that_needs_too_much_memory_is_stopped(large: Store, text: str, limit: str) -> None:
    """The limit that it reached is named, and the next query works."""
    with pytest.raises(QueryMemoryError, match=f"needs more {limit}"):
        rows_of(large.query(text, deadline_s=60))
    assert large.query("ASK {}") == Boolean(value=True)


def test_query_that_nests_too_deep_is_refused(large: Store) -> None:
    """A chain of a hundred thousand operators costs an error message and nothing else."""
    with pytest.raises(QuerySyntaxError):
        large.query("ASK { FILTER(" + "1+" * 120_000 + "1) }", deadline_s=60)
    assert large.query("ASK {}") == Boolean(value=True)


def test_closed_answer_frees_its_worker(large: Store) -> None:
    """Who reads three rows of ten million does not hold the only worker."""
    with large.query("SELECT * { ?a ?b ?c . ?d ?e ?f }") as answer:
        assert isinstance(answer, Solutions)
        assert len([next(answer.rows) for _ in range(3)]) == 3
    assert large.query("ASK {}") == Boolean(value=True)
    with pytest.raises(StoreError, match="closed before"):
        list(answer.rows)


def test_forgotten_answer_frees_its_worker(large: Store) -> None:
    """Neither does who drops an answer without closing it."""
    answer = large.query("SELECT * { ?a ?b ?c . ?d ?e ?f }")
    del answer
    assert large.query("ASK {}") == Boolean(value=True)


def test_busy_store_turns_a_query_away(tmp_path: Path) -> None:
    """With all workers taken a query waits its time and is then told to come again."""
    directory = write_small_store(tmp_path / "store", numbers(3_000))
    with (
        open_store(directory, Limits(workers=1, wait_s=0.1)) as found,
        found.query("SELECT * { ?a ?b ?c . ?d ?e ?f }") as answer,
    ):
        assert answer.kind == "solutions"
        with pytest.raises(StoreBusyError, match=r"busy for 0\.1 s"):
            found.query("ASK {}")


def test_queries_of_several_threads_get_their_own_answers(store: Store) -> None:
    """Eight threads ask at once; nobody gets another's rows."""
    wrong: list[object] = []

    def ask(number: int) -> None:
        for _ in range(20):
            row = rows_of(store.query(f"SELECT ({number} AS ?n) {{}}"))
            if row != [(Literal(str(number), XSD_INTEGER),)]:
                wrong.append(row)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_closed_store_says_so(tmp_path: Path) -> None:
    """After close, queries and half-read answers raise; close twice does no harm."""
    found = open_store(write_small_store(tmp_path / "store", numbers(3_000)))
    answer = found.query("SELECT * { ?a ?b ?c . ?d ?e ?f }")
    assert isinstance(answer, Solutions)
    next(answer.rows)
    found.close()
    found.close()
    with pytest.raises(StoreError, match="closed while the query ran"):
        for _ in answer.rows:
            pass
    with pytest.raises(StoreError, match="the store is closed"):
        found.query("ASK {}")


# Opening


def test_missing_store_names_the_command_that_builds_one(tmp_path: Path) -> None:
    """The message can be typed as it is."""
    directory = tmp_path / "none"
    with pytest.raises(StoreMissingError, match=f"conflictkg build --store {directory}"):
        open_store(directory)


def test_directory_that_is_no_store_is_refused(tmp_path: Path) -> None:
    """A folder of other things is not opened."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StoreError, match=r"is no store: it holds no manifest\.json"):
        open_store(tmp_path)


def test_file_in_place_of_a_store_is_refused(tmp_path: Path) -> None:
    """A path to a file says that a store is a directory."""
    path = tmp_path / "file"
    path.write_text("x", encoding="utf-8")
    with pytest.raises(StoreError, match="is a file; a store is a directory"):
        open_store(path)


def test_store_of_another_format_is_refused(tmp_path: Path) -> None:
    """Both formats are named, and what to do."""
    directory = write_small_store(tmp_path / "store")
    manifest = directory / MANIFEST
    newer = manifest.read_text(encoding="utf-8").replace(FORMAT, FORMAT[:-1] + "9")
    manifest.write_text(newer, encoding="utf-8")
    with pytest.raises(StoreError, match=r"has format \S+/9; this version .* reads \S+/4"):
        open_store(directory)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"format": "https://w3id.org/conflictkg/store/4"}']
)
def test_damaged_manifest_is_refused(tmp_path: Path, text: str) -> None:
    """Half a manifest is no manifest."""
    directory = write_small_store(tmp_path / "store")
    (directory / MANIFEST).write_text(text, encoding="utf-8")
    with pytest.raises(StoreError, match=r"manifest of the store at .* is damaged"):
        open_store(directory)


def test_damaged_quads_are_refused(tmp_path: Path) -> None:
    """What the engine cannot open is said when the store is opened, not at the first query."""
    directory = write_small_store(tmp_path / "store")
    (directory / DATABASE).write_bytes(b"no database")
    with pytest.raises(StoreError, match=r"cannot be read|damaged|cannot open"):
        open_store(directory)


def test_construct_of_nothing_gives_nothing() -> None:
    """An empty template makes no triples, however many solutions there are."""
    with memory_store() as store:
        store.update("INSERT DATA { <http://e/s> <http://e/p> 1, 2 }")
        with store.query("CONSTRUCT {} WHERE { ?s ?p ?o }") as answer:
            assert isinstance(answer, Triples)
            assert list(answer.triples) == []


def test_stores_in_memory_come_and_go_in_several_threads() -> None:
    """They share an instance of DuckDB, whose connection is used by one thread at a time."""
    errors: list[Exception] = []

    def use() -> None:
        try:
            for number in range(40):
                with memory_store() as store:
                    store.update(f"INSERT DATA {{ <{EX}s> <{EX}p> {number} }}")
                    assert store.size() == 1
        except Exception as error:  # noqa: BLE001  told below, in the thread of the test
            errors.append(error)

    threads = [threading.Thread(target=use) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert errors == []
