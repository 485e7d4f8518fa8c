"""Edits: reviewed before they are committed, written into the journal, taken back again."""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_store import write_small_store

from conflictkg.answers import Iri, Literal
from conflictkg.errors import (
    MissingGraphError,
    NotFoundError,
    NotPermittedError,
    StoreChangedError,
    StoreError,
    UndoError,
)
from conflictkg.store import Edit, Proposal, Store, memory_store, open_store
from conflictkg.store.optimizing import optimize

ANN = Edit(by="ann", comment="a test")
E = "http://e/"


def insert(store: Store, text: str, edit: Edit = ANN) -> None:
    store.update(f"PREFIX e: <{E}> INSERT DATA {{ {text} }}", edit=edit)


def contents(store: Store) -> set[tuple[object, ...]]:
    named = store.query("SELECT * { GRAPH ?g { ?s ?p ?o } }")
    unnamed = store.query(
        "SELECT ?s ?p ?o { ?s ?p ?o FILTER NOT EXISTS { GRAPH ?g { ?s ?p ?o } } }"
    )
    return {tuple(row) for row in named.rows} | {tuple(row) for row in unnamed.rows}  # type: ignore[union-attr]


def triples_file(folder: Path, text: str) -> Path:
    path = folder / "in.nt"
    path.write_text(text)
    return path


def test_review_sees_the_net_change_and_the_store_after_it() -> None:
    seen = []

    def review(change: Proposal) -> None:
        answer = change.query("SELECT ?o { <http://e/s> ?p ?o }")
        seen.append(
            (set(change.added()), set(change.removed()), change.graphs(), list(answer.rows))  # type: ignore[union-attr]
        )

    with memory_store() as store:
        insert(store, "e:s e:p 1")
        store.update(
            f"PREFIX e: <{E}> DELETE DATA {{ e:s e:p 1 }}; INSERT DATA {{ e:s e:p 2 . e:s e:p 3 }};"
            " DELETE DATA { e:s e:p 3 }",
            edit=Edit(review=review),
        )
    s, p = Iri(E + "s"), Iri(E + "p")
    one, two = (Literal(each, "http://www.w3.org/2001/XMLSchema#integer") for each in "12")
    assert seen == [({(s, p, two, None)}, {(s, p, one, None)}, frozenset({""}), [(two,)])]


def test_what_a_review_refuses_leaves_no_trace() -> None:
    def refuse(change: Proposal) -> None:
        raise NotPermittedError("it", f"{len(list(change.added()))} quads")

    with memory_store() as store:
        insert(store, "e:s e:p 1")
        before, release = contents(store), store.release
        with pytest.raises(NotPermittedError, match="1 quads"):
            insert(store, "GRAPH e:g { e:s e:p 2 }", Edit(review=refuse))
        assert (contents(store), store.release, len(store.journal())) == (before, release, 1)


def test_an_edit_of_another_release_than_expected_is_refused() -> None:
    with memory_store() as store:
        release = store.release
        insert(store, "e:s e:p 1", Edit(expected=release))
        with pytest.raises(StoreChangedError, match=f"not {release} any more"):
            insert(store, "e:s e:p 2", Edit(expected=release))
        assert store.size() == 1


def test_journal_tells_who_changed_what_when() -> None:
    with memory_store() as store:
        before = store.release
        insert(store, "GRAPH e:g { e:s e:p 'a\\nb'@en }")
        (entry,) = store.journal()
        assert (entry.number, entry.by, entry.comment) == (1, "ann", "a test")
        assert (entry.added, entry.removed, entry.created) == (1, 0, (E + "g",))
        assert (entry.before, entry.after) == (before, store.release)
        patch = "".join(store.patch(1))
        assert f'A <{E}s> <{E}p> "a\\nb"@en <{E}g> .\n' in patch
        assert patch.endswith("TC .\n")
        with pytest.raises(NotFoundError, match="journal entry"):
            store.patch(2)


def test_an_update_that_changes_nothing_is_no_entry() -> None:
    with memory_store() as store:
        insert(store, "e:s e:p 1")
        insert(store, "e:s e:p 1")
        # New to the store, but of no quad.
        store.update(f"INSERT {{ ?s <{E}q> <{E}new> }} WHERE {{ ?s <{E}q> ?o }}", edit=ANN)
        assert len(store.journal()) == 1


DATA = st.lists(
    st.sampled_from(
        [
            "INSERT DATA { e:a e:p 1 }",
            "INSERT DATA { GRAPH e:g { e:a e:p 1 , 'x' . [] e:p e:b } }",
            "DELETE DATA { e:a e:p 1 }",
            "DELETE WHERE { GRAPH e:g { ?s e:p ?o } }",
            "CREATE SILENT GRAPH e:h",
            "DROP SILENT GRAPH e:g",
            "COPY SILENT e:g TO e:h",
            "CLEAR ALL",
            "INSERT { GRAPH e:g { ?s e:q ?o } } WHERE { ?s e:p ?o }",
        ]
    ),
    min_size=1,
    max_size=6,
)


@settings(deadline=None, max_examples=60)
@given(DATA)
def test_undoing_all_edits_leads_back_to_the_beginning(updates: list[str]) -> None:
    with memory_store() as store:
        states = [(contents(store), store.graphs())]
        for each in updates:
            before = len(store.journal())
            store.update(f"PREFIX e: <{E}> {each}", edit=ANN)
            if len(store.journal()) > before:
                states.append((contents(store), store.graphs()))
        assert len(states) == len(store.journal()) + 1
        for number in range(len(store.journal()), 0, -1):
            store.undo(number, ANN)
            assert (contents(store), store.graphs()) == states[number - 1]


@pytest.mark.parametrize(
    "text",
    [
        r"'one\u2028two\u0085three'",
        r"'\u000Bone\u000Ctwo\u001Cthree\r\nfour'",
        r"'\u0000 \"quoted\" \\ .'",
        "'x'@abcdefghijkl",
        "'x'@EN-a-1",
        "'x y'^^<urn:type>",
        "<http://e/é#%20>",
    ],
)
def test_an_edit_with_any_term_is_undone(text: str) -> None:
    with memory_store() as store:
        insert(store, f"e:s e:p {text} , 1 . e:s e:q {text}")
        inserted = contents(store)
        store.update(f"DELETE DATA {{ <{E}s> <{E}p> {text} }}", edit=ANN)
        store.undo(2, ANN)
        assert contents(store) == inserted
        store.undo(1, ANN)
        assert store.size() == 0


def test_what_was_changed_again_is_not_undone() -> None:
    with memory_store() as store:
        insert(store, "e:s e:p 1, 2")
        store.update(f"DELETE DATA {{ <{E}s> <{E}p> 1 }}", edit=ANN)
        with pytest.raises(UndoError, match="of 2 quads that it added 1 are still there"):
            store.undo(1, ANN)
        assert store.size() == 1


def test_a_graph_is_written_added_to_replaced_and_removed(tmp_path: Path) -> None:
    graph = E + "g"
    with memory_store() as store:
        first = triples_file(tmp_path, f'<{E}s> <{E}p> _:x .\n_:x <{E}p> "1" .\n')
        assert store.write_graph(graph, first, edit=ANN).added == 2
        second = triples_file(tmp_path, f'<{E}s> <{E}p> "2" .\n')
        assert store.write_graph(graph, second, edit=ANN).added == 1
        report = store.write_graph(graph, second, replace=True, edit=ANN)
        assert (store.size(), report.removed) == (1, 3)
        store.write_graph(graph, None, edit=ANN)
        assert (store.size(), store.graphs()) == (0, ())
        with pytest.raises(MissingGraphError, match=graph):
            store.write_graph(graph, None, edit=ANN)
        store.undo(4, ANN)
        store.undo(3, ANN)
        assert [(each.iri, each.triples) for each in store.graphs()] == [(graph, 3)]


def test_more_new_terms_than_are_held_are_reviewed_and_journalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large graph is written like a small one: whoever reviews it sees all that comes, and can ask for it."""
    monkeypatch.setattr("conflictkg.store.changes.MOST_CACHED", 3)
    lines = "".join(f'<{E}s{each}> <{E}p> "value {each}" .\n' for each in range(20))
    seen = []

    def review(change: Proposal) -> None:
        answer = change.query("SELECT ?o { ?s ?p ?o }", {"s": Iri(E + "s7")})
        seen.append((len(list(change.added())), list(answer.rows)))  # type: ignore[union-attr]

    place = write_small_store(tmp_path / "store")
    with open_store(place, editable=True) as store:
        store.write_graph(E + "g", triples_file(tmp_path, lines), edit=Edit(review=review))
        assert seen == [(20, [(Literal("value 7"),)])]
        assert "".join(store.patch(1)).count("value") == 20
        store.undo(1, ANN)
        assert E + "g" not in {each.iri for each in store.graphs()}


def test_python_computes_for_a_review_with_more_new_terms_than_are_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Functions that a query of the review calls know them, and those that the store had before."""
    monkeypatch.setattr("conflictkg.store.changes.MOST_CACHED", 3)
    lines = "".join(f'<{E}s> <{E}p> "{each}" .\n' for each in (*range(20), "old"))
    seen = []

    def review(change: Proposal) -> None:
        answer = change.query(
            "SELECT (GROUP_CONCAT(DISTINCT ?o; SEPARATOR = ' ') AS ?all) { GRAPH ?g { ?s ?p ?o } }",
            {"g": Iri(E + "g")},
        )
        ((found,),) = answer.rows  # type: ignore[union-attr]
        assert isinstance(found, Literal)
        seen.append(set(found.lexical.split()))

    place = write_small_store(tmp_path / "store")
    with open_store(place, editable=True) as store:
        insert(store, "e:s e:p 'old'")
        store.write_graph(E + "g", triples_file(tmp_path, lines), edit=Edit(review=review))
        assert seen == [{"old", *map(str, range(20))}]
        assert store.update(f'DELETE DATA {{ GRAPH <{E}g> {{ <{E}s> <{E}p> "7" }} }}').removed == 1


def test_a_full_disk_is_told_of_while_a_file_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise duckdb.IOException("Could not write: No space left on device")

    monkeypatch.setattr("conflictkg.store.adding.describe_texts", fail)
    file = triples_file(tmp_path, f"<{E}s> <{E}p> <{E}o> .\n")
    with memory_store() as store:
        with pytest.raises(StoreError, match="the disk is full, and nothing was added"):
            store.write_graph(E + "g", file, edit=ANN)
        assert store.size() == 0


def test_an_empty_file_makes_an_empty_graph(tmp_path: Path) -> None:
    with memory_store() as store:
        store.write_graph(E + "g", triples_file(tmp_path, ""), replace=True, edit=ANN)
        assert [each.iri for each in store.graphs()] == [E + "g"]


def test_journal_survives_closing_and_optimizing(tmp_path: Path) -> None:
    small_directory = write_small_store(tmp_path / "store")
    with open_store(small_directory, editable=True) as store:
        insert(store, "GRAPH e:new { e:s e:p [] }")
        after = store.release
    optimize(small_directory)
    with open_store(small_directory, editable=True) as store:
        assert store.journal()[0].after == after
        size = store.size()
        store.undo(1, ANN)
        assert store.size() == size - 1
    with open_store(small_directory) as store:
        assert [each.undoes for each in store.journal()] == [None, 1]
        with pytest.raises(NotPermittedError, match="reading only"):
            store.undo(1, ANN)
