"""A query is ended from outside, wherever it is."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import cast

import pytest
from small_store import numbers, write_small_store

from conflictkg.answers import Solutions
from conflictkg.errors import QueryCancelledError, QueryTimeoutError
from conflictkg.store import Cancellation, Edit, Limits, Store, memory_store, open_store
from conflictkg.store.database import memory_database
from conflictkg.store.deadlines import Watchdog
from conflictkg.store.updating import Updater

COUNTED = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c < ?f && ?f < ?i) }"
STREAMED = "SELECT ?a ?d { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(?c + ?f + ?i = 0.5) }"
ENOUGH = QueryCancelledError("the test")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of one worker, on which the queries above take for ever."""
    directory = write_small_store(tmp_path_factory.mktemp("store") / "s", numbers(5_000))
    with open_store(directory, Limits(workers=1, memory_mb=512, wait_s=30)) as opened:
        yield opened


def _cancel_soon(cancellation: Cancellation) -> list[float]:
    when: list[float] = []

    def cancel() -> None:
        when.append(time.monotonic())
        cancellation.cancel(ENOUGH)

    timer = threading.Timer(0.3, cancel)
    timer.daemon = True
    timer.start()
    return when


def _read(store: Store, text: str, cancellation: Cancellation) -> None:
    answer = store.query(text, deadline_s=60, cancellation=cancellation)
    assert isinstance(answer, Solutions)
    with answer:
        list(answer.rows)


def _read_quietly(store: Store, cancellation: Cancellation) -> None:
    with suppress(QueryCancelledError):
        _read(store, COUNTED, cancellation)


@pytest.mark.parametrize("text", [COUNTED, STREAMED], ids=["counted", "streamed"])
def test_cancelled_query_ends_at_once(store: Store, text: str) -> None:
    """Within 0.2 s it raises the reason that was given, also while its answer is computed whole."""
    cancellation = Cancellation()
    when = _cancel_soon(cancellation)
    with pytest.raises(QueryCancelledError, match="by the test"):
        _read(store, text, cancellation)
    assert time.monotonic() - when[0] < 0.2
    _read(store, "SELECT * { ?s ?p 1 }", Cancellation())


def test_query_that_was_cancelled_before_never_runs(store: Store) -> None:
    """A cancellation that came before the query counts."""
    cancellation = Cancellation()
    cancellation.cancel(ENOUGH)
    cancellation.cancel(QueryCancelledError("somebody else"))
    with pytest.raises(QueryCancelledError, match="by the test"):
        _read(store, COUNTED, cancellation)


def test_waiting_query_is_cancelled(store: Store) -> None:
    """One that waits for a worker waits no longer."""
    running = Cancellation()
    holder = threading.Thread(target=_read_quietly, args=(store, running))
    holder.start()
    waiting = Cancellation()
    when = _cancel_soon(waiting)
    try:
        with pytest.raises(QueryCancelledError):
            _read(store, COUNTED, waiting)
        assert time.monotonic() - when[0] < 0.2
    finally:
        running.cancel(ENOUGH)
        holder.join()


def test_cancelled_update_changes_nothing() -> None:
    """An update is ended like a query, and none of it has happened."""
    cancellation = Cancellation()
    with memory_store() as store:
        store.update(
            "INSERT { ?x <http://example.org/n> ?x } WHERE { VALUES ?x { "  # noqa: S608  ours
            + " ".join(f"<http://example.org/{n}>" for n in range(3_000))
            + " } }"
        )
        when = _cancel_soon(cancellation)
        with pytest.raises(QueryCancelledError, match="by the test"):
            store.update(
                "INSERT { ?a <http://example.org/m> ?d } WHERE "
                "{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STR(?c) < STR(?f) && STR(?f) < STR(?i)) }",
                deadline_s=60,
                cancellation=cancellation,
            )
        assert time.monotonic() - when[0] < 0.3
        assert store.size() == 3_000


class _Deaf:
    """A watchdog that never comes."""

    def watch(self, when: float, stop: object) -> None:
        """Nothing."""


def test_update_that_was_cancelled_before_never_happens() -> None:
    """Nor one that has waited past its deadline; neither depends on when another thread gets its turn."""
    cancellation = Cancellation()
    cancellation.cancel(ENOUGH)
    insert = "INSERT DATA { <http://example.org/s> <http://example.org/p> 1 }"
    with memory_database() as database:
        updater = Updater(database, cast("Watchdog", _Deaf()))

        def run(deadline_s: float | None, given: Cancellation | None) -> None:
            updater.run(
                insert,
                deadline_s=deadline_s,
                using_graphs=(),
                using_named_graphs=(),
                base_iri="",
                cancellation=given,
            )

        with pytest.raises(QueryCancelledError, match="by the test"):
            run(None, cancellation)
        with pytest.raises(QueryTimeoutError):
            run(0.0, None)
        assert database.catalog.quads == 0
        run(60, Cancellation())
        assert database.catalog.quads == 1


def test_undo_is_stopped_like_an_update() -> None:
    """By whoever cancels it, and at its deadline; what it would have taken back is still there."""
    cancellation = Cancellation()
    cancellation.cancel(ENOUGH)
    with memory_store() as store:
        store.update("INSERT DATA { <http://e/s> <http://e/p> 1 }", edit=Edit())
        with pytest.raises(QueryCancelledError, match="by the test"):
            store.undo(1, Edit(), cancellation=cancellation)
        with pytest.raises(QueryTimeoutError):
            store.undo(1, Edit(), deadline_s=0)
        assert (store.size(), len(store.journal())) == (1, 1)
        store.undo(1, Edit(), deadline_s=60, cancellation=Cancellation())
        assert store.size() == 0
