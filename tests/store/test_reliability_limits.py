"""Limits of queries and updates: kept in every operator, and the next query is answered."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_store import G1, write_small_store

from conflictkg.answers import Answer, Boolean, Solutions, Triples
from conflictkg.errors import QueryMemoryError, QueryTimeoutError, StoreError
from conflictkg.store import Limits, Store, open_store

EX = "http://example.org/"
GEO = "http://www.opengis.net/"
NODES = 3_000
DEADLINE_S = 0.4
LATE_S = 0.2
"""How long after its deadline a query may still run."""
SLACK_S = 0.3
"""What this machine may add while others use it."""
ATTEMPTS = 3
"""Of which one must be in time: what a busy machine does to one it does not do to all."""
PATIENCE_S = 60
CROSS = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"

ENDLESS = {
    "cross product": f"SELECT (COUNT(*) AS ?n) {{ {CROSS} . ?j ?k ?l }}",
    "cross product, streamed": f"SELECT * {{ {CROSS} }}",
    "filter without rows": f"SELECT * {{ {CROSS} FILTER (STRLEN(CONCAT(STR(?c), STR(?f), STR(?i))) = 999) }}",
    "ask": f"ASK {{ {CROSS} FILTER (STRLEN(CONCAT(STR(?c), STR(?f), STR(?i))) = 999) }}",
    "hash join": (
        f"SELECT * {{ {{ {CROSS} BIND (CONCAT(STR(?c), STR(?f), STR(?i)) AS ?v) }} {{ ?s <{EX}label> ?v }} }}"
    ),
    "optional": (
        f"SELECT * {{ {CROSS} OPTIONAL {{ ?s <{EX}label> ?v FILTER (?v = CONCAT(STR(?c), STR(?f), STR(?i))) }}"
        " FILTER (BOUND(?v)) }"
    ),
    "minus": f"SELECT * {{ {CROSS} MINUS {{ ?a ?b ?c . ?d ?e ?f }} }}",
    "not exists": f"SELECT * {{ {CROSS} FILTER NOT EXISTS {{ ?a ?y ?z . ?d ?e ?x }} }}",
    "union": f"SELECT (COUNT(*) AS ?n) {{ {{ {CROSS} }} UNION {{ {CROSS} }} }}",
    "sort": f"SELECT * {{ {CROSS} }} ORDER BY ?c ?f DESC(?i)",
    "sort for the first": f"SELECT * {{ {CROSS} }} ORDER BY STR(?c) ?f DESC(?i) LIMIT 3",
    "many groups": f"SELECT ?a ?d ?g (COUNT(*) AS ?n) {{ {CROSS} }} GROUP BY ?a ?d ?g",
    "few groups": f"SELECT ?b (SUM(STRLEN(STR(?i))) AS ?n) {{ {CROSS} }} GROUP BY ?b",
    "group of different ones": f"SELECT (COUNT(DISTINCT ?x) AS ?n) {{ {CROSS} BIND (CONCAT(STR(?c), STR(?i)) AS ?x) }}",
    # Texts of no length, and few in a second: others reach the limit of memory before any deadline.
    "joined texts": (
        f'SELECT ?a (GROUP_CONCAT(SUBSTR(STR(?f), 999) ; SEPARATOR = "") AS ?x) {{ {CROSS}'
        " FILTER (STRLEN(SHA512(CONCAT(STR(?c), STR(?f), STR(?i)))) = 128) } GROUP BY ?a"
    ),
    "sample": f"SELECT ?b (SAMPLE(?i) AS ?x) (MIN(?f) AS ?y) {{ {CROSS} }} GROUP BY ?b",
    "distinct": f"SELECT DISTINCT ?a ?d ?g {{ {CROSS} }}",
    "distinct, sorted": f"SELECT DISTINCT ?a ?d ?g {{ {CROSS} }} ORDER BY ?g ?d",
    "path": f"SELECT (COUNT(*) AS ?n) {{ ?x <{EX}next>+ ?y . ?y <{EX}next>+ ?z }}",
    "path, streamed": f"SELECT * {{ ?x (<{EX}next>|^<{EX}next>)* ?y }}",
    "regular expression": f'SELECT * {{ {CROSS} FILTER REGEX(CONCAT(STR(?c), STR(?f), STR(?i)), "(x+x+)+y") }}',
    "distance": (
        f"SELECT (MAX(?m) AS ?n) {{ {CROSS}"
        f' BIND (<{GEO}def/function/geosparql/distance>(STRDT(CONCAT("POINT(1 ", STR(STRLEN(STR(?c))), ")"),'
        f' <{GEO}ont/geosparql#wktLiteral>), "POINT(2 2)"^^<{GEO}ont/geosparql#wktLiteral>,'
        f" <{GEO}def/uom/OGC/1.0/metre>) AS ?m) }}"
    ),
    "hash function": f"SELECT (MIN(SHA512(CONCAT(STR(?c), STR(?f), STR(?i)))) AS ?n) {{ {CROSS} }}",
    "construct": f"CONSTRUCT {{ ?a <{EX}x> ?f . ?d <{EX}y> ?i }} {{ {CROSS} }}",
    "construct without rows": (
        f"CONSTRUCT {{ ?a <{EX}x> ?f }} {{ {CROSS} FILTER (STRLEN(CONCAT(STR(?c), STR(?f), STR(?i))) = 999) }}"
    ),
    "describe": f"DESCRIBE ?a {{ {CROSS} FILTER (STRLEN(CONCAT(STR(?c), STR(?f), STR(?i))) = 999) }}",
}
"""Queries that no machine ends in time, by what they spend it on."""


def write_ring(directory: Path) -> Path:
    """A ring of three thousand nodes, each with a label."""
    lines = (
        f"<{EX}{n}> <{EX}next> <{EX}{(n + 1) % NODES}> .\n"
        f'<{EX}{n}> <{EX}label> "label of node {n}" .\n'
        for n in range(NODES)
    )
    return write_small_store(directory / "store", {G1: "".join(lines)})


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The ring, open for one query at a time."""
    limits = Limits(workers=1, memory_mb=512, temporary_mb=4_000, wait_s=PATIENCE_S)
    with open_store(write_ring(tmp_path_factory.mktemp("ring")), limits, editable=True) as found:
        found.query("ASK {}")
        yield found


def read(answer: Answer) -> None:
    if isinstance(answer, Solutions):
        for _ in answer.batches:
            pass
    if isinstance(answer, Triples):
        for _ in answer.triples:
            pass


def require_next(store: Store) -> None:
    """Only a connection that is fit answers."""
    answer = store.query(f"SELECT ?s {{ ?s <{EX}label> 'label of node 7' }}", deadline_s=PATIENCE_S)
    assert isinstance(answer, Solutions)
    assert len(list(answer.rows)) == 1


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_deadline_is_kept_in_every_operator(
    store: Store, text: str, request: pytest.FixtureRequest
) -> None:
    """The query ends at its deadline, and the next one on the same connection is answered."""
    lates: list[float] = []
    while len(lates) < ATTEMPTS and min(lates, default=1) >= LATE_S + SLACK_S:
        start = time.monotonic()
        with pytest.raises(QueryTimeoutError):
            read(store.query(text, deadline_s=DEADLINE_S))
        lates.append(time.monotonic() - start - DEADLINE_S)
        require_next(store)
    request.node.user_properties.append(("late_s", round(min(lates), 3)))
    assert -0.01 < min(lates) < LATE_S + SLACK_S


UPDATES = {
    "insert": f"INSERT {{ ?a <{EX}x> ?i }} WHERE {{ {CROSS} }}",
    "delete": f"DELETE {{ ?a <{EX}next> ?f }} WHERE {{ {CROSS} . ?j ?k ?l }}",
    "without solutions": (
        f"DELETE {{ ?a ?b ?c }} WHERE {{ {CROSS} FILTER (STRLEN(CONCAT(STR(?c), STR(?f), STR(?i))) = 999) }}"
    ),
    "path": f"INSERT {{ ?x <{EX}far> ?z }} WHERE {{ ?x <{EX}next>+ ?y . ?y <{EX}next>+ ?z }}",
    "second operation": (
        f"INSERT DATA {{ <{EX}s> <{EX}p> 1 }} ; INSERT {{ ?a <{EX}x> ?i }} WHERE {{ {CROSS} }}"
    ),
}


@pytest.mark.parametrize("text", UPDATES.values(), ids=UPDATES)
def test_deadline_is_kept_in_updates(
    store: Store, text: str, request: pytest.FixtureRequest
) -> None:
    """Nothing of the request is done, and the next one is."""
    size, release = store.size(), store.release
    lates: list[float] = []
    while len(lates) < ATTEMPTS and min(lates, default=1) >= LATE_S + SLACK_S:
        start = time.monotonic()
        with pytest.raises(QueryTimeoutError):
            store.update(text, deadline_s=DEADLINE_S)
        lates.append(time.monotonic() - start - DEADLINE_S)
    request.node.user_properties.append(("late_s", round(min(lates), 3)))
    assert -0.01 < min(lates) < LATE_S + SLACK_S
    assert (store.size(), store.release) == (size, release)
    require_next(store)
    assert store.update(f"INSERT DATA {{ <{EX}t> <{EX}p> 2 }}").added == 1
    assert store.update(f"DELETE DATA {{ <{EX}t> <{EX}p> 2 }}").removed == 1


@pytest.mark.parametrize(
    "name", ["cross product, streamed", "filter without rows", "sort", "many groups", "distinct",
             "path, streamed", "regular expression", "construct without rows", "minus"]
)  # fmt: skip
def test_query_ends_when_its_client_leaves(
    store: Store, name: str, request: pytest.FixtureRequest
) -> None:
    """Closed from another thread while it computes or gives rows, it ends, and DuckDB is idle."""
    answer = store.query(ENDLESS[name])
    errors: list[BaseException] = []
    ended = threading.Event()

    def consume() -> None:
        try:
            read(answer)
        except StoreError as error:
            errors.append(error)
        finally:
            ended.set()

    reader = threading.Thread(target=consume)
    reader.start()
    assert not ended.wait(0.3), "it was to have no end"
    start = time.monotonic()
    answer.close()
    assert ended.wait(PATIENCE_S)
    late_s = time.monotonic() - start
    request.node.user_properties.append(("late_s", round(late_s, 3)))
    reader.join()
    assert late_s < LATE_S + SLACK_S
    assert "closed before" in str(errors[0])
    require_next(store)
    require_idle()


def require_idle() -> None:
    """No thread of this process computes."""
    before = time.process_time()
    threading.Event().wait(0.25)
    assert time.process_time() - before < 0.1


def test_query_whose_first_rows_were_read_ends_when_it_is_closed(store: Store) -> None:
    """By its own reader, who wants no more."""
    for name in ("cross product, streamed", "construct", "path, streamed"):
        with store.query(ENDLESS[name]) as answer:
            if isinstance(answer, Solutions):
                next(answer.rows)
            elif isinstance(answer, Triples):
                next(answer.triples)
        require_next(store)
        require_idle()


# Memory, disk, rows


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The ring again, with little memory and little disk beside it."""
    limits = Limits(workers=1, memory_mb=64, temporary_mb=32, wait_s=PATIENCE_S)
    with open_store(write_ring(tmp_path_factory.mktemp("narrow")), limits, editable=True) as found:
        yield found


GREEDY = {
    name: ENDLESS[name] for name in ("sort", "many groups", "distinct", "distinct, sorted", "path")
} | {
    "joined texts": f"SELECT ?a (GROUP_CONCAT(?f) AS ?x) {{ {CROSS} }} GROUP BY ?a",
    "hash join": (
        "SELECT (COUNT(*) AS ?n) { { SELECT ?v { ?a ?b ?c . ?d ?e ?f BIND (CONCAT(STR(?c), STR(?f)) AS ?v) } }"
        " { SELECT ?v { ?g ?h ?i . ?j ?k ?l BIND (CONCAT(STR(?l), STR(?i)) AS ?v) } } }"
    ),
}
"""Queries that want more memory than there is."""


@pytest.mark.parametrize("text", GREEDY.values(), ids=GREEDY)
def test_query_that_wants_too_much_is_told_which_limit(narrow: Store, text: str) -> None:
    """The setting is named; the process lives, and the next query is answered."""
    with pytest.raises(QueryMemoryError, match=r"\(CONFLICTKG_QUERY_(MEMORY|DISK)_MB\)"):
        read(narrow.query(text, deadline_s=PATIENCE_S))
    require_next(narrow)


def test_update_that_wants_too_much_changes_nothing(narrow: Store) -> None:
    """The same limits hold for WHERE."""
    size = narrow.size()
    with pytest.raises(QueryMemoryError):
        narrow.update(
            f"INSERT {{ ?a <{EX}x> ?f }} WHERE {{ {{ SELECT DISTINCT ?a ?f ?g {{ {CROSS} }} }} }}",
            deadline_s=PATIENCE_S,
        )
    assert narrow.size() == size
    require_next(narrow)


@pytest.mark.parametrize(
    "text",
    [
        f"SELECT * {{ {CROSS} }}",
        f"SELECT * {{ ?s <{EX}label> ?o }} ORDER BY ?o",
        "SELECT DISTINCT ?s { ?s ?p ?o }",
        "SELECT ?s (COUNT(*) AS ?n) { ?s ?p ?o } GROUP BY ?s",
        f"SELECT * {{ ?x <{EX}next>+ ?y . FILTER (?x = <{EX}1>) }}",
        f"CONSTRUCT {{ ?s <{EX}x> ?o }} {{ ?s <{EX}label> ?o }}",
        f"CONSTRUCT {{ ?s <{EX}x> ?o . ?o2 <{EX}y> ?s . ?s <{EX}z> 1 }} {{ ?s ?p ?o }}",
        f"DESCRIBE ?s {{ ?s <{EX}label> ?o }}",
    ],
    ids=["stream", "sort", "distinct", "groups", "path", "construct", "three a row", "describe"],
)
def test_row_limit_cuts_the_answer_and_says_so(store: Store, text: str) -> None:
    """As many rows or triples as allowed, then the end, which is no true end."""
    answer = store.query(text, max_rows=100, deadline_s=PATIENCE_S)
    assert isinstance(answer, Solutions | Triples)
    count = len(list(answer.rows if isinstance(answer, Solutions) else answer.triples))
    assert (count, answer.complete) == (100, False)
    require_next(store)


def test_recursion_is_stopped_every_time(store: Store) -> None:
    """DuckDB's recursion on several threads hangs at a quarter of its interrupts: one thread, or a way round."""
    for number in range(8):
        with pytest.raises(QueryTimeoutError):
            read(store.query(ENDLESS["path"], deadline_s=0.2 + number / 40))
    require_next(store)


def test_everything_again_on_one_connection(store: Store) -> None:
    """Stopped by turns in one operator after the other, a connection stays fit."""
    for name in ("sort", "path", "distance", "joined texts", "construct"):
        with pytest.raises(QueryTimeoutError):
            read(store.query(ENDLESS[name], deadline_s=0.05))
        assert store.query(f"ASK {{ <{EX}1> ?p ?o }}") == Boolean(value=True)
