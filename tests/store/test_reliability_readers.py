"""Readers beside a writer: each sees one state, from its first row to its last."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from store.crash.requests import BASE, MEMBERS, NAME, first_quads, write_first_store

from conflictkg.answers import Iri, Literal, Solutions, Triples
from conflictkg.store import Limits, Store, open_store
from conflictkg.store.optimizing import optimize

EX = "http://example.org/"
ACCOUNTS, EACH = 12, 1_000
TRANSFERS = 40
JOIN_S = 120

SUMS = {
    "aggregate": f"SELECT (SUM(?v) AS ?sum) {{ ?account <{EX}balance> ?v }}",
    "in graphs": f"SELECT (SUM(?v) AS ?sum) {{ GRAPH ?g {{ ?account <{EX}balance> ?v }} }}",
    "rows": f"SELECT ?v {{ ?account <{EX}balance> ?v }}",
    "rows with a join": f"SELECT ?v {{ ?account a <{EX}Account> . ?account <{EX}balance> ?v }}",
}


@pytest.fixture
def bank(tmp_path: Path) -> Iterator[Store]:
    """Accounts, each in a graph of its own, in a store that may be changed."""
    write_first_store(tmp_path / "store")
    with open_store(tmp_path / "store", Limits(workers=3, wait_s=60), editable=True) as store:
        facts = "\n".join(
            f"GRAPH <{EX}bank/{n}> {{ <{EX}a{n}> a <{EX}Account> ; <{EX}balance> {EACH} }}"
            for n in range(ACCOUNTS)
        )
        store.update(f"INSERT DATA {{ {facts} }}")
        yield store


def total(store: Store, text: str) -> int:
    answer = store.query(text)
    assert isinstance(answer, Solutions)
    values = [row[0] for row in answer.rows]
    return sum(int(each.lexical) for each in values if isinstance(each, Literal))


def move_money(store: Store, chance: Random) -> None:
    source, target = chance.sample(range(ACCOUNTS), 2)
    sides = {source: -chance.randrange(1, 100), target: 0}
    sides[target] = -sides[source]
    old = " ".join(f"GRAPH <{EX}bank/{n}> {{ <{EX}a{n}> <{EX}balance> ?o{n} }}" for n in sides)
    new = " ".join(f"GRAPH <{EX}bank/{n}> {{ <{EX}a{n}> <{EX}balance> ?n{n} }}" for n in sides)
    sums = " ".join(f"BIND (?o{n} + {by} AS ?n{n})" for n, by in sides.items())
    report = store.update(f"DELETE {{ {old} }} INSERT {{ {new} }} WHERE {{ {old} {sums} }}")
    assert (report.added, report.removed) == (2, 2)


def run_all(*works: Callable[[], None]) -> None:
    """Run them at the same time; the first error of any is raised."""
    errors: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  handed on to the test
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(each,)) for each in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(JOIN_S)
        assert not thread.is_alive()
    if errors:
        raise errors[0]


def test_two_readers_and_a_writer_agree_on_the_sum(bank: Store) -> None:
    """Money that moves is never counted twice or missed, however it is counted."""
    is_over = threading.Event()
    sums: list[tuple[str, int]] = []

    def write() -> None:
        chance = Random(5)  # noqa: S311  a test's
        try:
            for _ in range(TRANSFERS):
                move_money(bank, chance)
        finally:
            is_over.set()

    def read() -> None:
        while not is_over.is_set():
            sums.extend((name, total(bank, text)) for name, text in SUMS.items())

    run_all(write, read, read)
    assert {name for name, _ in sums} == set(SUMS)
    assert [each for each in sums if each[1] != ACCOUNTS * EACH] == []


def test_answer_that_is_being_read_keeps_its_snapshot(bank: Store) -> None:
    """All is deleted after its first row; it goes on with what there was, terms included."""
    text = f"SELECT ?s ?o {{ ?s <{NAME.value}> ?o . ?t <{NAME.value}> ?x }}"
    with bank.query(text) as answer:
        assert isinstance(answer, Solutions)
        found = [next(answer.rows)]
        bank.update(f"DELETE WHERE {{ GRAPH <{BASE.value}> {{ ?s <{NAME.value}> ?o }} }}")
        bank.update(f'INSERT DATA {{ <{EX}late> <{NAME.value}> "late" }}')
        found += answer.rows
    names = {
        (subject, value) for subject, predicate, value, _ in first_quads() if predicate == NAME
    }
    assert set(found) == names
    # The names of graphs are equal, so of these triples there is one a graph.
    assert len(found) == len(names) ** 2
    assert (
        total(bank, f"SELECT (COUNT(*) AS ?n) {{ ?s <{NAME.value}> ?o }}")
        == len(names) - MEMBERS + 1
    )


def test_construct_that_is_being_read_keeps_its_snapshot(bank: Store) -> None:
    """The same holds for triples."""
    text = f"CONSTRUCT {{ ?t <{EX}x> ?o }} {{ ?s <{NAME.value}> ?o . ?t <{NAME.value}> ?x }}"
    with bank.query(text) as answer:
        assert isinstance(answer, Triples)
        first = next(answer.triples)
        bank.update("CLEAR ALL")
        found = {first, *answer.triples}
    assert len({each.object for each in found}) == MEMBERS + 1
    assert bank.size() == 0


def test_updates_of_several_threads_are_one_after_another(bank: Store) -> None:
    """None is lost: a counter counts them all."""
    bank.update(f"INSERT DATA {{ <{EX}c> <{EX}n> 0 }}")
    text = (
        f"DELETE {{ <{EX}c> <{EX}n> ?o }} INSERT {{ <{EX}c> <{EX}n> ?v }}"
        f" WHERE {{ <{EX}c> <{EX}n> ?o BIND (?o + 1 AS ?v) }}"
    )

    def write() -> None:
        for _ in range(8):
            bank.update(text)

    run_all(write, write, write)
    assert total(bank, f"SELECT ?v {{ <{EX}c> <{EX}n> ?v }}") == 24


def test_readers_of_a_store_that_is_optimized_go_on_with_the_old_one(tmp_path: Path) -> None:
    """What they have open stays until they close it, and then goes."""
    write_first_store(tmp_path / "store")
    text = f"SELECT ?s ?o {{ ?s <{NAME.value}> ?o . ?t <{NAME.value}> ?x }}"
    with open_store(tmp_path / "store") as store:
        answer = store.query(text)
        assert isinstance(answer, Solutions)
        first = next(answer.rows)
        optimize(tmp_path / "store")
        found = {first, *answer.rows}
        assert {row[0] for row in found if isinstance(row[0], Iri)} == {
            quad[0] for quad in first_quads() if quad[1] == NAME
        }
        assert total(store, f"SELECT (COUNT(*) AS ?n) {{ ?s <{NAME.value}> ?o }}") == MEMBERS + 3
    with open_store(tmp_path / "store") as store:
        assert total(store, f"SELECT (COUNT(*) AS ?n) {{ ?s <{NAME.value}> ?o }}") == MEMBERS + 3
    optimize(tmp_path / "store")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["store", "store.lock"]
