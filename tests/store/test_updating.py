"""Updates: what they change, that they change all or nothing, and what readers see meanwhile."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from small_store import G1, G2, numbers, write_small_store

from conflictkg.answers import Boolean, Iri, Literal, Solutions
from conflictkg.answers.ntriples import to_ntriples
from conflictkg.errors import (
    NotPermittedError,
    QueryError,
    QuerySyntaxError,
    QueryTimeoutError,
    StoreBusyError,
    StoreError,
)
from conflictkg.store import Limits, Store, UpdateReport, memory_store, open_store
from conflictkg.store.database import memory_database
from conflictkg.store.handle import DuckStore
from conflictkg.store.runtime import Run, Runtime

EX = "http://example.org/"
PROLOGUE = f"PREFIX : <{EX}> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#>\n"
DATA = """INSERT DATA {
  :a :p 1, 2, 3.5 ; :name "a"@en ; :knows :b . :b :p 2 ; :name "b" .
  GRAPH :g { :a :p 7 ; :knows :c } GRAPH :h { :c :p 1 . :a :p 7 }
}"""


def ask(store: Store, text: str) -> list[tuple[object, ...]]:
    answer = store.query(PROLOGUE + text)
    assert isinstance(answer, Solutions)
    return list(answer.rows)


def quads_of(store: Store) -> list[str]:
    """All quads as N-Quads, in order, blank nodes without their names."""
    rows = ask(store, "SELECT * { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")
    answer = store.query("SELECT ?s ?p ?o ?g { { ?s ?p ?o } UNION { GRAPH ?g { ?s ?p ?o } } }")
    assert isinstance(answer, Solutions)
    lines = [" ".join(to_ntriples(each) for each in row if each is not None) for row in answer.rows]
    assert len(rows) == len(lines)
    return sorted(_nameless(line) for line in lines)


def _nameless(line: str) -> str:
    return " ".join("_:x" if part.startswith("_:") else part for part in line.split(" "))


def expected_of(*updates: str) -> list[str]:
    """What pyoxigraph makes of the same updates."""
    peer = ox.Store()
    for each in updates:
        peer.update(PROLOGUE + each)
    parts = [
        [str(each) for each in (q.subject, q.predicate, q.object)]
        + ([] if isinstance(q.graph_name, ox.DefaultGraph) else [str(q.graph_name)])
        for q in peer
    ]
    return sorted(_nameless(" ".join(each)) for each in parts)


@pytest.fixture
def store() -> Iterator[Store]:
    """In memory, with the data above."""
    with memory_store() as found:
        found.update(PROLOGUE + DATA)
        yield found


@pytest.mark.parametrize(
    "update",
    [
        "INSERT DATA { :z :p :o . :a :p 1 . _:x :p _:y . _:x :q 1 }",
        "INSERT DATA { GRAPH :new { :z :p '01' } }",
        "INSERT DATA { :a :p 1 } ; DELETE DATA { :a :p 1 }",
        "DELETE DATA { :a :p 1 . :nothing :p 1 . GRAPH :g { :a :p 7 } }",
        "DELETE DATA { GRAPH :nowhere { :a :p 1 } }",
        "DELETE WHERE { ?s :p ?o }",
        "DELETE WHERE { GRAPH ?g { ?s :p ?o } }",
        "DELETE { ?s :p ?o } WHERE { ?s :p ?o FILTER(?o > 1) }",
        "INSERT { ?s :double ?d } WHERE { ?s :p ?o BIND(?o * 2 AS ?d) }",
        "INSERT { ?s :text ?t } WHERE { ?s :p ?o BIND(CONCAT('n', STR(?o)) AS ?t) }",
        "INSERT { ?s :sum ?t } WHERE { SELECT ?s (SUM(?o) AS ?t) { ?s :p ?o } GROUP BY ?s }",
        "INSERT { ?s :made [ :of ?o ; :by _:who ] . _:who :made ?s } WHERE { ?s :p ?o }",
        "DELETE { ?s :p ?o } INSERT { ?s :q ?o } WHERE { ?s :p ?o }",
        "DELETE { ?s :p ?o } INSERT { ?s :p ?o } WHERE { ?s :p ?o }",
        "INSERT { ?o :back ?s . ?s ?o :x . ?none :p ?s } WHERE { ?s :p ?o OPTIONAL { ?s :no ?none } }",
        "INSERT { GRAPH ?o { ?s :in ?o } } WHERE { ?s :knows|:p ?o }",
        "WITH :g DELETE { ?s :p ?o } INSERT { ?s :q ?o } WHERE { ?s :p ?o }",
        "WITH :nowhere DELETE { ?s :p ?o } INSERT { ?s :q ?o } WHERE { ?s :p ?o }",
        "WITH :g INSERT { GRAPH :h { ?s :q ?o } } WHERE { ?s :p ?o GRAPH :h { ?s ?p ?o } }",
        "INSERT { ?s :q ?o } USING :g WHERE { ?s :p ?o }",
        "WITH :g INSERT { ?s :q ?o } USING :h WHERE { ?s :p ?o }",
        "INSERT { ?s :q ?o } USING NAMED :h WHERE { GRAPH ?g { ?s :p ?o } }",
        "INSERT { ?s :q ?o } WHERE { GRAPH ?g { ?s :p ?o } MINUS { ?s :name ?n } }",
        "CLEAR DEFAULT",
        "CLEAR GRAPH :g",
        "CLEAR NAMED",
        "CLEAR ALL",
        "CLEAR SILENT GRAPH :nowhere",
        "DROP GRAPH :g",
        "DROP ALL",
        "DROP SILENT GRAPH :nowhere",
        "CREATE GRAPH :new ; CREATE SILENT GRAPH :g",
        "COPY :g TO :h",
        "COPY :g TO :new",
        "COPY :g TO :g",
        "COPY DEFAULT TO :h",
        "MOVE :g TO :h",
        "MOVE :g TO DEFAULT",
        "MOVE :g TO :g",
        "ADD :g TO :h",
        "ADD :g TO DEFAULT",
        "ADD DEFAULT TO :new",
        "LOAD SILENT <http://nowhere.invalid/>",
        "",
    ],
)
def test_update_does_what_pyoxigraph_does(store: Store, update: str) -> None:
    """The same quads are there afterwards."""
    store.update(PROLOGUE + update)
    if update.startswith("LOAD"):
        update = ""
    assert quads_of(store) == expected_of(DATA, update)


def test_update_keeps_what_pyoxigraph_does_not(store: Store) -> None:
    """Lexical forms stay as they are; a copy of what is not there fails in silence and empties nothing."""
    store.update(PROLOGUE + "INSERT DATA { :z :p '01'^^xsd:integer }")
    assert ask(store, "SELECT ?o { :z :p ?o }") == [
        (Literal("01", "http://www.w3.org/2001/XMLSchema#integer"),)
    ]
    before = quads_of(store)
    store.update(PROLOGUE + "COPY SILENT :nowhere TO :h ; MOVE SILENT :nowhere TO :h")
    assert quads_of(store) == before


def test_report_counts_what_really_changed(store: Store) -> None:
    """Quads that were there already, or were not, count neither way."""
    update = "INSERT DATA { :a :p 1, 99 } ; DELETE DATA { :a :p 2, 98 } ; CLEAR GRAPH :g"
    assert store.update(PROLOGUE + update) == UpdateReport(added=1, removed=3)
    assert store.update(PROLOGUE + "DELETE DATA { :no :no :no }") == UpdateReport()


def test_stored_blank_node_stays_itself(store: Store) -> None:
    """What WHERE binds to a blank node is that node, not a new one, also when it went through an expression."""
    store.update(PROLOGUE + "INSERT DATA { _:x :is 1 }")
    store.update(
        PROLOGUE
        + "INSERT { ?x :again 2 . ?y :other 3 } WHERE { ?x :is 1 BIND(COALESCE(?x, 1) AS ?y) }"
    )
    assert ask(store, "SELECT ?o { ?x :is 1 ; :again 2 ; :other ?o }") == [
        (Literal("3", "http://www.w3.org/2001/XMLSchema#integer"),)
    ]


@pytest.mark.parametrize(
    ("update", "error", "words"),
    [
        ("LOAD <http://h/>", NotPermittedError, "LOAD (line 2)"),
        ("INSERT DATA { :x :p 1 } ; LOAD <http://h/> INTO GRAPH :g", NotPermittedError, "LOAD"),
        (
            "INSERT DATA { :x :p 1 } ; CLEAR GRAPH :nowhere",
            QueryError,
            "no graph <" + EX + "nowhere>",
        ),
        ("INSERT DATA { :x :p 1 } ; DROP GRAPH :nowhere", QueryError, "no graph"),
        ("INSERT DATA { :x :p 1 } ; CREATE GRAPH :g", QueryError, "there is a graph"),
        ("INSERT DATA { :x :p 1 } ; COPY :nowhere TO :g", QueryError, "no graph"),
        ("INSERT DATA { :x :p 1 } ; MOVE :nowhere TO :g", QueryError, "no graph"),
        ("INSERT DATA { :x :p 1 } ; INSERT DATA { ?x :p 1 }", QuerySyntaxError, "line 2"),
        (
            "INSERT DATA { :x :p 1 } ; INSERT { :a :b ?o } WHERE { SERVICE <http://h/> { :a :b ?o } }",
            NotPermittedError,
            "SERVICE",
        ),
        ("SELECT * {}", QueryError, "SELECT"),
    ],
)
def test_request_that_fails_changes_nothing(
    store: Store, update: str, error: type[QueryError], words: str
) -> None:
    """Neither the operation that fails, nor those before it."""
    before, release = quads_of(store), store.release
    with pytest.raises(error) as raised:
        store.update(PROLOGUE + update)
    assert words in str(raised.value)
    assert (quads_of(store), store.release) == (before, release)


def test_deadline_stops_an_update_and_changes_nothing(store: Store) -> None:
    """WHERE runs under the deadline; what came before it in the request is undone."""
    store.update(PROLOGUE + " ; ".join(f"INSERT DATA {{ :n :i {n} }}" for n in range(60)))
    before = quads_of(store)
    endless = " . ".join(f":n :i ?v{n}" for n in range(12))
    with pytest.raises(QueryTimeoutError):
        store.update(
            f"{PROLOGUE} INSERT DATA {{ :x :p 1 }} ; INSERT {{ :x :q ?v1 }} WHERE {{ {endless} }}",
            deadline_s=0.3,
        )
    assert quads_of(store) == before
    store.update(PROLOGUE + "INSERT DATA { :x :p 1 }", deadline_s=30)
    assert len(quads_of(store)) == len(before) + 1


def test_closing_the_store_stops_an_update(tmp_path: Path) -> None:
    """Whoever waits for it is told; nothing of it is there afterwards."""
    directory = write_small_store(tmp_path / "store", numbers(3_000))
    found = open_store(directory, editable=True)
    told: list[Exception] = []

    def change() -> None:
        pattern = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f = ?i)"
        try:
            found.update(
                f"INSERT DATA {{ <{EX}x> <{EX}p> 1 }} ; DELETE {{ ?a ?b ?c }} WHERE {{ {pattern} }}"
            )
        except StoreError as error:
            told.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    time.sleep(0.3)
    found.close()
    thread.join(5)
    assert "closed while the update ran" in str(told[0])
    with open_store(directory) as again:
        assert again.size() == 3_000


def test_dataset_of_the_protocol_takes_the_place_of_using(store: Store) -> None:
    """using-graph-uri is the default graph of WHERE; together with USING or WITH it is an error."""
    insert = PROLOGUE + "INSERT { ?s :q ?o } WHERE { ?s :p ?o }"
    assert store.update(insert, using_graphs=[EX + "g"]).added == 1
    named = PROLOGUE + "INSERT { ?s :r ?o } WHERE { GRAPH ?g { ?s :p ?o } }"
    assert store.update(named, using_named_graphs=[EX + "h"]).added == 2
    for clause in ("WITH :g INSERT { :a :b 1 } WHERE {}", "INSERT { :a :b 1 } USING :g WHERE {}"):
        with pytest.raises(QueryError, match="using-graph-uri as well"):
            store.update(PROLOGUE + clause, using_graphs=[EX + "g"])


@pytest.mark.parametrize(
    ("update", "means"),
    [
        ("INSERT DATA { :z :p 1 }", "INSERT DATA { GRAPH :g { :z :p 1 } }"),
        ("DELETE DATA { :a :p 7 }", "DELETE DATA { GRAPH :g { :a :p 7 } }"),
        ("INSERT DATA { GRAPH :h { :z :p 1 } }", "INSERT DATA { GRAPH :h { :z :p 1 } }"),
        ("DELETE WHERE { ?s :p ?o }", "DELETE WHERE { GRAPH :g { ?s :p ?o } }"),
        (
            "INSERT { ?s :q ?o } WHERE { ?s :p ?o }",
            "WITH :g INSERT { ?s :q ?o } WHERE { ?s :p ?o }",
        ),
        (
            "INSERT { ?s :q ?o } USING :h WHERE { ?s :p ?o }",
            "WITH :g INSERT { ?s :q ?o } USING :h WHERE { ?s :p ?o }",
        ),
        (
            "WITH :h INSERT { ?s :q ?o } WHERE { ?s :p ?o }",
            "WITH :h INSERT { ?s :q ?o } WHERE { ?s :p ?o }",
        ),
        ("CLEAR DEFAULT", "CLEAR GRAPH :g"),
        ("CLEAR GRAPH :h", "CLEAR GRAPH :h"),
        ("ADD :h TO DEFAULT", "ADD :h TO :g"),
        ("MOVE DEFAULT TO :h", "MOVE :g TO :h"),
        ("COPY DEFAULT TO DEFAULT", ""),
    ],
)
def test_update_within_a_graph_takes_it_for_the_default_graph(
    store: Store, update: str, means: str
) -> None:
    """Where it names no graph it reads and writes the one that was given."""
    store.update(PROLOGUE + update, within_graph=EX + "g")
    assert quads_of(store) == expected_of(DATA, means)


def test_base_iri_resolves_the_requests_relative_iris(store: Store) -> None:
    """Relative IRIs are the caller's."""
    store.update("INSERT DATA { <x> <p> <y> }", base_iri="http://base/d/")
    assert store.query("ASK { <http://base/d/x> <http://base/d/p> ?o }") == Boolean(value=True)


# Stores on disk


def test_store_for_reading_refuses_updates(tmp_path: Path) -> None:
    """A store is changed only by who opened it for that."""
    with (
        open_store(write_small_store(tmp_path / "store")) as found,
        pytest.raises(NotPermittedError, match="opened for reading only"),
    ):
        found.update("CLEAR ALL")


def test_change_is_there_when_the_store_is_opened_again(tmp_path: Path) -> None:
    """Graphs, terms, releases: all of it survives; equal contents before a change keep their name."""
    directory = write_small_store(tmp_path / "store")
    with open_store(directory, editable=True) as found:
        assert found.release == "r1"
        found.update(f'INSERT DATA {{ GRAPH <{G2}> {{ <{EX}new> <{EX}name> "neu"@de }} }}')
        changed = found.release
        assert changed != "r1"
    with open_store(directory) as found:
        assert found.release == changed
        assert {each.iri: each.triples for each in found.graphs()} == {G1: 2, G2: 2}
        answer = found.query(f"SELECT ?o {{ <{EX}new> ?p ?o }}")
        assert isinstance(answer, Solutions)
        assert [row[0] for row in answer.rows] == [
            Literal("neu", "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", "de")
        ]


def test_editor_is_alone(tmp_path: Path) -> None:
    """While one may change a store, nobody else opens it to change it."""
    directory = write_small_store(tmp_path / "store")
    with open_store(directory, editable=True), pytest.raises(StoreBusyError):
        open_store(directory, editable=True)


# Readers and writers


def test_answer_is_of_one_state_though_the_store_changes(tmp_path: Path) -> None:
    """What was asked before a change is answered as of then, to its last row; what is asked after, as of now."""
    lines = "".join(f'<{EX}{n}> <{EX}n> "{n}" .\n' for n in range(40_000))
    directory = write_small_store(tmp_path / "store", {G1: lines})
    with open_store(directory, Limits(workers=3), editable=True) as found:
        answer = found.query("SELECT ?s ?o { ?s ?p ?o }")
        assert isinstance(answer, Solutions)
        next(answer.rows)
        found.update(f"DELETE WHERE {{ GRAPH <{G1}> {{ ?s ?p ?o }} }}")
        assert len(list(answer.rows)) == 39_999
        assert found.query("ASK { ?s ?p ?o }") == Boolean(value=False)


def test_readers_never_see_half_an_update(store: Store) -> None:
    """Two readers ask on while a writer moves a hundred marks: each answer has all of them in one place."""
    marks = " ".join(f":m{n} :at :left ." for n in range(100))
    store.update(f"{PROLOGUE} INSERT DATA {{ {marks} }}")
    wrong: list[object] = []
    done = threading.Event()

    def read(text: str) -> None:
        while not done.is_set():
            try:
                found = {row[0] for row in ask(store, text)}
            except StoreBusyError:
                continue
            if found not in ({Iri(EX + "left")}, {Iri(EX + "right")}):
                wrong.append(found)

    texts = ("SELECT ?side { ?m :at ?side }", "SELECT ?side { ?m :at ?side } LIMIT 1000")
    readers = [threading.Thread(target=read, args=(text,)) for text in texts]
    for each in readers:
        each.start()
    sides = [":right", ":left"]
    for number in range(30):
        new, old = sides[number % 2], sides[1 - number % 2]
        store.update(
            f"{PROLOGUE} DELETE {{ ?m :at {old} }} INSERT {{ ?m :at {new} }} WHERE {{ ?m :at {old} }}"
        )
    done.set()
    for each in readers:
        each.join()
    assert wrong == []


def test_reader_waits_for_a_commit_instead_of_asking_on_and_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A large commit takes seconds, and whoever cannot start meanwhile leaves the machine to it."""
    starts: list[float] = []
    start = Runtime.start

    def count(runtime: Runtime, *args: Any, **named: Any) -> Run:
        starts.append(time.monotonic())
        return start(runtime, *args, **named)

    monkeypatch.setattr(Runtime, "start", count)
    database = memory_database()
    with DuckStore(database, Limits()) as store:
        database._no_commit.clear()
        with pytest.raises(QueryTimeoutError):
            store.query("ASK { ?s ?p ?o }", deadline_s=0.2)
        assert len(starts) <= 12
        timer = threading.Timer(0.1, database._no_commit.set)
        timer.start()
        assert store.query("ASK { ?s ?p ?o }", deadline_s=60) == Boolean(value=False)
        timer.join()


def test_plan_is_made_anew_after_a_change(store: Store) -> None:
    """A plan that knew of integers only answers rightly when a text has come."""
    text = "SELECT ?o { :b :p ?o } ORDER BY ?o"
    assert len(ask(store, text)) == 1
    assert len(ask(store, text)) == 1
    store.update(PROLOGUE + 'INSERT DATA { :b :p "text" , :iri }')
    assert ask(store, text)[0] == (Iri(EX + "iri"),)
    assert len(ask(store, text)) == 3
