"""A new build is served without dropping a request, and every answer is of one build."""

import threading
import time
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from flask import Flask
from served import served
from small_store import numbers, write_small_store
from werkzeug.test import Client, TestResponse

from conflictkg.config import Settings
from conflictkg.errors import ConfigError, QueryCancelledError, StoreError
from conflictkg.store import Store, open_store
from conflictkg.web import create_app
from conflictkg.web.reloading import Reloading

COUNT = "/sparql?query=" + quote("SELECT (COUNT(*) AS ?n) { ?s ?p ?o }")
ALL = "/sparql?query=" + quote("SELECT * { ?s ?p ?o }")


def reloading(place: Path, opened: list[Store] | None = None) -> Reloading:
    def open_it() -> Store:
        store = open_store(place)
        if opened is not None:
            opened.append(store)
        return store

    return Reloading(place, open_it, lambda store, before: create_app(Settings(), store, before))


def test_every_answer_is_of_one_build_while_builds_change(tmp_path: Path) -> None:
    """Eight clients ask all the time; each count belongs to the release that the answer names."""
    place = tmp_path / "store"
    sizes = {f"r{number}": 100 + number for number in range(6)}
    write_small_store(place, numbers(100), "r0")
    app = reloading(place)
    seen: list[tuple[str, int]] = []
    failed: list[object] = []
    ended = threading.Event()

    def ask(address: str) -> None:
        with httpx.Client(base_url=address, headers={"Accept": "text/csv"}) as client:
            while not ended.is_set():
                response = client.get(COUNT)
                if response.status_code != 200:
                    failed.append(response.text)
                    return
                count = int(response.text.split()[1])
                seen.append((response.headers["Conflictkg-Release"], count))

    with served(app, Settings()) as address:  # type: ignore[arg-type]  # as waitress has it
        clients = [threading.Thread(target=ask, args=(address,)) for _ in range(8)]
        for each in clients:
            each.start()
        for release, size in list(sizes.items())[1:]:
            write_small_store(place, numbers(size), release)
            assert app.reload()
            known = len(seen)
            while len(seen) < known + 40 and not failed:
                ended.wait(0.01)
        ended.set()
        for each in clients:
            each.join()
    app.close()
    assert not failed
    assert {release for release, _ in seen} == set(sizes)
    assert all(sizes[release] == count for release, count in seen)


def test_answer_that_has_begun_goes_on_with_its_build(tmp_path: Path) -> None:
    """The old store is closed with its last answer, not before."""
    place = write_small_store(tmp_path / "store", numbers(40_000), "old")
    opened: list[Store] = []
    app = reloading(place, opened)
    with (
        served(app, Settings()) as address,  # type: ignore[arg-type]  # as waitress has it
        httpx.Client(base_url=address, headers={"Accept": "text/csv"}) as client,
    ):
        with client.stream("GET", ALL) as response:
            pieces = response.iter_bytes()
            first = next(pieces)
            write_small_store(place, numbers(10), "new")
            assert app.reload()
            assert client.get(COUNT).headers["Conflictkg-Release"] == "new"
            whole = first + b"".join(pieces)
        assert len(whole.splitlines()) == 40_001
    with pytest.raises(Exception, match="closed"):
        opened[0].query("ASK {}")
    assert opened[1].query("ASK {}")
    app.close()


def test_build_that_cannot_be_opened_is_not_served(tmp_path: Path) -> None:
    """The old one is served on, and the new one is not tried again and again."""
    place = write_small_store(tmp_path / "store", numbers(10), "old")
    app = reloading(place)
    place.rename(tmp_path / "away")
    place.mkdir()
    assert not app.reload()
    (tmp_path / "away").rename(tmp_path / "kept")
    response = httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://x").get(COUNT)
    assert response.headers["Conflictkg-Release"] == "old"
    assert not app.reload()
    app.close()


def test_counters_budgets_and_what_runs_go_on_with_the_next_build(tmp_path: Path) -> None:
    """What is still answered by the old build is listed, counted and stopped like all else."""
    place = write_small_store(tmp_path / "store", numbers(40_000), "old")
    app = reloading(place)
    client = Client(app)

    def operate(method: str, path: str) -> TestResponse:
        at_machine = {"REMOTE_ADDR": "127.0.0.1"}
        return client.open(
            path, method=method, base_url="http://localhost:8000", environ_overrides=at_machine
        )

    old = client.get(ALL, headers={"Accept": "text/csv"})
    pieces = iter(old.response)
    next(pieces)
    write_small_store(place, numbers(10), "new")
    assert app.reload()
    client.get(COUNT).close()
    (listed,) = operate("GET", "/queries").json["queries"]  # type: ignore[index]  # it is an object
    assert operate("GET", "/metrics").text.count("queries_running 1.0") == 1
    assert operate("DELETE", f"/queries/{listed['id']}").status_code == 200
    with pytest.raises(QueryCancelledError):
        list(pieces)
    old.close()
    told = operate("GET", "/metrics").text
    assert 'conflictkg_queries_total{outcome="complete"} 1.0' in told
    assert 'conflictkg_queries_total{outcome="broken-off"} 1.0' in told
    assert 'release="new"' in told
    app.close()


def test_build_that_breaks_what_serves_it_is_not_tried_again(tmp_path: Path) -> None:
    """Be it a defect of ours: the log does not get it each second."""
    place = write_small_store(tmp_path / "store", numbers(10), "old")
    tried: list[Store] = []

    def make(store: Store, before: Flask | None) -> Flask:
        tried.append(store)
        if store.release == "new":
            raise ZeroDivisionError
        return create_app(Settings(), store, before)

    app = Reloading(place, lambda: open_store(place), make)
    write_small_store(place, numbers(20), "new")
    with pytest.raises(ZeroDivisionError):
        app.reload()
    assert not app.reload()
    assert len(tried) == 2
    app.close()


def test_build_that_was_mended_is_served_when_somebody_asks_for_it(tmp_path: Path) -> None:
    """SIGHUP has a build tried again that could not be opened before; what breaks does not end the watching."""
    place = write_small_store(tmp_path / "store", numbers(10), "old")
    app = reloading(place)
    place.rename(tmp_path / "away")
    place.mkdir()
    assert not app.reload()
    mended = write_small_store(tmp_path / "mended", numbers(20), "new")
    for each in mended.iterdir():
        each.rename(place / each.name)
    assert not app.reload()
    app.watch()
    app.look_now()
    client, ended = Client(app), time.monotonic() + 20
    while client.get(COUNT).headers["Conflictkg-Release"] != "new":
        assert time.monotonic() < ended
        threading.Event().wait(0.02)
    app.close()


def test_store_of_an_application_that_cannot_be_made_is_closed(tmp_path: Path) -> None:
    place = write_small_store(tmp_path / "store", numbers(10), "old")
    opened: list[Store] = []

    def open_it() -> Store:
        opened.append(open_store(place))
        return opened[-1]

    def make(store: Store, before: Flask | None) -> Flask:
        if store.release == "new":
            raise ConfigError("CONFLICTKG_PUBLIC", "no")
        return create_app(Settings(), store, before)

    app = Reloading(place, open_it, make)
    write_small_store(place, numbers(20), "new")
    assert not app.reload()
    with pytest.raises(StoreError, match="closed"):
        opened[1].query("ASK {}")
    assert Client(app).get(COUNT).headers["Conflictkg-Release"] == "old"
    app.close()


def test_nothing_new_changes_nothing(tmp_path: Path) -> None:
    app = reloading(write_small_store(tmp_path / "store"))
    assert not app.reload()
    app.close()
