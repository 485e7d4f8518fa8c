"""What one client and all together may ask at once, and what a client may ask for less of."""

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from flask import Request
from web_support import FakeStore, client_of, require_problem
from werkzeug.test import EnvironBuilder

from conflictkg.answers import Answer, Boolean, Iri, Row, Solutions, Stream
from conflictkg.config import Settings
from conflictkg.errors import ConfigError, QueryCancelledError
from conflictkg.store import Cancellation
from conflictkg.web import limits
from conflictkg.web.admission import Admission, Turn
from conflictkg.web.limits import limits_of
from conflictkg.web.problems import RequestError
from conflictkg.web.responses import HELD_BACK

ASK = "/sparql?query=ASK%7B%7D"
ANN, BEN = "192.0.2.1", "192.0.2.2"


# For less


@pytest.mark.parametrize(
    ("more", "deadline_s", "max_rows"),
    [
        ("", 30.0, 1_000_000),
        ("&timeout=2.5", 2.5, 1_000_000),
        ("&timeout=30&limit=7", 30.0, 7),
        ("&timeout=&limit=", 30.0, 1_000_000),
    ],
)
def test_client_may_ask_for_less(more: str, deadline_s: float, max_rows: int) -> None:
    """The store is asked with the time and the rows that the client wants."""
    store = FakeStore()
    assert client_of(store).get(ASK + more).status_code == 200
    assert (store.asked[0]["deadline_s"], store.asked[0]["max_rows"]) == (deadline_s, max_rows)


@pytest.mark.parametrize(
    ("more", "slug", "field"),
    [
        ("&timeout=99999", "timeout-too-large", {"maxTimeoutSeconds": 30.0}),
        ("&limit=1000001", "limit-too-large", {"maxRows": 1_000_000}),
        ("&timeout=-1", "bad-parameter", {"parameter": "timeout"}),
        ("&timeout=0", "bad-parameter", {"parameter": "timeout"}),
        ("&timeout=nan", "bad-parameter", {"parameter": "timeout"}),
        ("&timeout=inf", "bad-parameter", {"parameter": "timeout"}),
        ("&timeout=1_0", "bad-parameter", {"parameter": "timeout"}),
        ("&timeout=soon", "bad-parameter", {"parameter": "timeout"}),
        ("&limit=1.5", "bad-parameter", {"parameter": "limit"}),
        ("&limit=0.5", "bad-parameter", {"parameter": "limit"}),
        ("&limit=1&limit=2", "duplicate-parameter", {"parameter": "limit"}),
        ("&timeout=1&timeout=1", "duplicate-parameter", {"parameter": "timeout"}),
    ],
)
def test_nonsense_and_more_are_refused(more: str, slug: str, field: dict[str, object]) -> None:
    """Nobody gets more than there is, and nothing that cannot be meant is guessed at."""
    store = FakeStore()
    body = require_problem(client_of(store).get(ASK + more), 400, slug)
    assert body.items() >= field.items()
    assert not store.asked


def _endless(complete: bool) -> Callable[[str], Answer]:
    def rows() -> Generator[Row, None, bool]:
        for _ in range(HELD_BACK // 100):
            yield (Iri("http://example.org/" + "a" * 200),)
        return complete

    return lambda _: Solutions(("x",), Stream(rows()))


def test_answer_of_wanted_length_ends_well() -> None:
    """Who asked for so many rows gets them with their end, where a cut by the server has none."""
    client = client_of(FakeStore(_endless(complete=False)))
    assert client.get(ASK + "&limit=5000").text.rstrip().endswith("}")


# Who asks


@pytest.mark.parametrize(
    ("address", "headers", "setting", "client"),
    [
        (ANN, {}, "", ANN),
        (ANN, {"X-Real-IP": BEN, "X-Forwarded-For": BEN}, "", ANN),
        (ANN, {"X-Real-IP": BEN}, "X-Real-IP", BEN),
        (ANN, {"X-Real-IP": f"1.2.3.4, {BEN}"}, "X-Real-IP", BEN),
        (ANN, {}, "X-Real-IP", ANN),
        (ANN, {"X-Real-IP": "me"}, "X-Real-IP", "unknown"),
        ("2001:db8::7:7:7:7", {}, "", "2001:db8::/64"),
    ],
)
def test_client_is_known(address: str, headers: dict[str, str], setting: str, client: str) -> None:
    """Only the header that is configured is believed, and of it the word that the proxy added."""
    environ = EnvironBuilder(
        headers=list(headers.items()), environ_base={"REMOTE_ADDR": address}
    ).get_environ()
    assert limits.client_of(Request(environ), Settings(client_header=setting)) == client


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "two words"])
def test_header_that_cannot_say_who_asks_is_refused(name: str) -> None:
    """A header that the server takes away, or that is none, is no setting."""
    with pytest.raises(ConfigError, match="X-Real-IP"):
        Settings.from_environment({"CONFLICTKG_CLIENT_HEADER": name})


# How much at once


def _enter(admission: Admission, client: str) -> Turn:
    return admission.enter(client, Cancellation())


def _refusal(admission: Admission, client: str) -> RequestError:
    with pytest.raises(RequestError) as caught:
        _enter(admission, client)
    return caught.value


def test_client_has_so_many_queries_at_a_time() -> None:
    """One more is told to come again; another client is not concerned."""
    admission = Admission(Settings(workers=8, client_queries=2))
    first, _ = _enter(admission, ANN), _enter(admission, ANN)
    error = _refusal(admission, ANN)
    assert (error.kind.slug, error.headers["Retry-After"]) == ("too-many-queries", "1")
    _enter(admission, BEN)
    first.end()
    first.end()
    _enter(admission, ANN)
    assert _refusal(admission, ANN).kind.slug == "too-many-queries"


def test_machine_itself_has_no_budget() -> None:
    """A program beside the server is the operator's, unless a header names the clients."""
    settings = Settings(workers=8, client_queries=1)
    admission = Admission(settings)
    for _ in range(3):
        _enter(admission, "127.0.0.1")
    behind = Admission(Settings(workers=8, client_queries=1, client_header="X-Real-IP"))
    _enter(behind, "127.0.0.1")
    assert _refusal(behind, "127.0.0.1").kind.slug == "too-many-queries"


def test_client_uses_up_its_time_and_gets_it_back() -> None:
    """The time that queries run is taken from the client's, which grows again."""
    now = [0.0]
    settings = Settings(client_budget_s=10, client_refill=0.5)
    admission = Admission(settings, lambda: now[0])
    turn = _enter(admission, ANN)
    now[0] += 30
    turn.end()
    # It had 10, got none back beyond that, and used 30.
    error = _refusal(admission, ANN)
    assert (error.kind.slug, error.headers["Retry-After"]) == ("too-many-queries", "40")
    _enter(admission, BEN).end()
    now[0] += 40.5
    _enter(admission, ANN).end()


def test_full_queue_turns_away_at_once() -> None:
    """Beyond those that run and wait nobody waits; who waits too long is told the same."""
    admission = Admission(Settings(workers=1, quick_workers=0, queue_length=0, query_wait_s=1))
    _enter(admission, ANN)
    error = _refusal(admission, BEN)
    assert (error.kind.slug, error.headers["Retry-After"]) == ("overloaded", "5")
    assert "the most that do" in str(error)
    impatient = Admission(Settings(workers=1, quick_workers=0, queue_length=1, query_wait_s=0))
    _enter(impatient, ANN)
    assert "no worker became free" in str(_refusal(impatient, BEN))
    assert impatient.waiting == 0


def test_those_who_wait_come_in_their_order() -> None:
    """A place that becomes free goes to who waits longest; who leaves the queue blocks nobody."""
    admission = Admission(Settings(workers=1, quick_workers=0, queue_length=9, query_wait_s=20))
    held = _enter(admission, ANN)
    came: list[int] = []

    def take(number: int, cancellation: Cancellation) -> None:
        turn = admission.enter(f"198.51.100.{number}", cancellation)
        came.append(number)
        turn.end()

    cancellations = [Cancellation() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        futures: list[Future[None]] = []
        for number, cancellation in enumerate(cancellations):
            futures.append(pool.submit(take, number, cancellation))
            until = time.monotonic() + 10
            while admission.waiting <= number and time.monotonic() < until:
                threading.Event().wait(0.001)
        cancellations[1].cancel(QueryCancelledError("its client"))
        with pytest.raises(QueryCancelledError):
            futures[1].result(10)
        held.end()
        for number in (0, 2, 3):
            futures[number].result(10)
    assert came == [0, 2, 3]
    assert (admission.running, admission.waiting) == (0, 0)


def test_late_query_needs_a_worker() -> None:
    """On the quick lane it is late after a moment; then it takes a worker, or has to begin again."""
    now = [0.0]
    settings = Settings(workers=1, quick_workers=3, quick_s=0.25)
    admission = Admission(settings, lambda: now[0])
    turns = [admission.enter(ANN, Cancellation(), str(number)) for number in range(3)]
    assert not admission.is_late(turns[0])
    now[0] += 0.3
    assert all(admission.is_late(each) for each in turns)
    assert admission.move(turns[0], is_begun=False)
    assert not admission.is_late(turns[0])
    assert not admission.move(turns[1], is_begun=False)
    # Its answer is being sent: it may go on though no worker is free.
    assert admission.move(turns[1], is_begun=True)
    assert admission.running == 3
    for each in turns:
        each.end()
        each.end()
    assert (admission.running, admission.waiting) == (0, 0)


def test_long_answers_beyond_all_bounds_may_not_go_on() -> None:
    """There are twice as many more as there are workers, and then no more."""
    settings = Settings(workers=1, quick_workers=9, client_queries=0)
    admission = Admission(settings)
    turns = [admission.enter(ANN, Cancellation(), str(number)) for number in range(4)]
    moved = [admission.move(each, is_begun=True) for each in turns]
    assert moved == [True, True, True, False]


def test_texts_are_remembered() -> None:
    """A heavy one needs a worker at once, for a while; a light one has more time when it is late for once."""
    now = [0.0]
    settings = Settings(workers=1, quick_workers=1, query_wait_s=0, client_budget_s=0)
    admission = Admission(settings, lambda: now[0])
    heavy = admission.enter(ANN, Cancellation(), "heavy")
    assert admission.move(heavy, is_begun=False)
    with pytest.raises(RequestError):
        admission.enter(BEN, Cancellation(), "heavy")
    now[0] += 100
    admission.enter(BEN, Cancellation(), "heavy").end()
    admission.enter(BEN, Cancellation(), "light").end()
    light = admission.enter(BEN, Cancellation(), "light")
    now[0] += 0.3
    assert not admission.is_late(light)
    now[0] += 3
    assert admission.is_late(light)


def test_place_is_given_back_however_a_request_ends() -> None:
    """After answers, errors, pages and refusals one worker is free again."""

    def answer(text: str) -> Answer:
        if "boom" in text:
            raise ZeroDivisionError
        return Boolean(value=True)

    client = client_of(FakeStore(answer), workers=1, quick_workers=0, queue_length=0)
    for path in (ASK, "/sparql?query=boom", ASK + "&format=html", ASK + "&format=csv"):
        client.get(path)
    client.head(ASK)
    assert client.get(ASK).status_code == 200


def test_streamed_answer_keeps_its_place_until_it_is_sent() -> None:
    """An answer that is still computed while it is sent counts as running."""
    client = client_of(
        FakeStore(_endless(complete=True)), workers=1, quick_workers=0, queue_length=0
    )
    response = client.get(ASK, buffered=False)
    require_problem(client.get(ASK), 503, "overloaded")
    response.close()
    response = client.get(ASK, buffered=False)
    assert response.status_code == 200
    response.close()


def test_third_query_of_client_at_a_time_is_refused() -> None:
    """Over HTTP too: two run, the third is answered 429 at once."""
    entered, leave = threading.Semaphore(0), threading.Event()

    def answer(_: str) -> Answer:
        entered.release()
        leave.wait(20)
        return Boolean(value=True)

    client = client_of(FakeStore(answer), workers=4, client_queries=2)
    ann = {"environ_base": {"REMOTE_ADDR": ANN}}
    with ThreadPoolExecutor(2) as pool:
        running = [pool.submit(client.application.test_client().get, ASK, **ann) for _ in range(2)]
        assert entered.acquire(timeout=10)
        assert entered.acquire(timeout=10)
        response = client.get(ASK, **ann)
        leave.set()
        assert [each.result(10).status_code for each in running] == [200, 200]
    require_problem(response, 429, "too-many-queries")
    assert response.headers["Retry-After"] == "1"


def test_limits_are_told() -> None:
    """Each limit is among those for the description of the service, and what is not limited is not."""
    told = {each.name: each for each in limits_of(Settings(client_queries=0))}
    assert {"query_timeout_s", "max_rows", "max_query_bytes", "workers", "queue_length"} <= set(
        told
    )
    assert "client_queries" not in told
    assert {each.parameter for each in told.values()} == {"", "timeout", "limit"}
    assert all(hasattr(Settings(), name) for name in told)
