# ruff: noqa: S608 -- SQL of our own, in tests
"""Queries while they run: stopped in every operator, and the cursor fit for the next one."""

import threading
import time
from collections.abc import Iterable, Iterator

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from conflictkg.answers import RDF_LANG_STRING, Blank, Iri, Literal, Term
from conflictkg.answers.batches import column_terms
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.ids import pack_term
from conflictkg.engine.plan import Plan
from conflictkg.engine.program import AggregateProgram, Program
from conflictkg.errors import QueryError, QueryTimeoutError, StoreError
from conflictkg.store import functions
from conflictkg.store.database import memory_database
from conflictkg.store.deadlines import Watchdog
from conflictkg.store.decoding import DATATYPES, decode_column, decode_value
from conflictkg.store.runtime import Run, Runtime, StaleError
from conflictkg.store.statements import Statement, Statements, make_statement

DEADLINE_S = 0.3
LATE_S = 0.2
"""How long after its deadline a query may still run."""
SLACK_S = 0.3
"""What this machine may add while others use it."""
ATTEMPTS = 3
"""Of which one must be in time: what a busy machine does to one it does not do to all."""

CROSS = "range(10000000) AS a(i), range(10000000) AS b(i)"
ENDLESS = {
    "cross product": f"SELECT count(*) FROM {CROSS} WHERE a.i + b.i <> 7",
    "cross product, streamed": f"SELECT a.i, b.i FROM {CROSS}",
    "filter without rows": f"SELECT a.i FROM {CROSS} WHERE hash(a.i, b.i) = 1",
    "hash join build": (
        "SELECT count(*) FROM range(1000) AS a(i) JOIN (SELECT a.i % 1000 AS i, b.i AS k FROM"
        f" {CROSS} WHERE hash(a.i, b.i) = 1) AS b USING (i)"
    ),
    "sort": f"SELECT a.i, b.i FROM {CROSS} ORDER BY hash(a.i, b.i)",
    "aggregate": f"SELECT a.i % 10 AS k, sum(b.i) FROM {CROSS} GROUP BY 1",
    "distinct": f"SELECT DISTINCT (a.i * b.i) % 1000 AS k FROM {CROSS}",
    "window": (
        "SELECT max(k) FROM (SELECT row_number() OVER (PARTITION BY a.i % 10 ORDER BY b.i) AS k"
        f" FROM {CROSS})"
    ),
    "string_agg": f"SELECT a.i % 10 AS k, length(string_agg('', '')) FROM {CROSS} GROUP BY 1",
    "recursion": (
        "WITH RECURSIVE w(i) AS (SELECT 0::BIGINT UNION ALL SELECT i + 1 FROM w) SELECT max(i) FROM w"
    ),
    "recursion of sets": (
        "WITH RECURSIVE w(i) AS (SELECT 0::BIGINT UNION SELECT (i * 31 + 7) % 1000000007 FROM w)"
        " SELECT max(i) FROM w"
    ),
    "function": f"SELECT count(ckg_term('slow', [a.i], []::VARCHAR[])) FROM {CROSS}",
    "slow function": f"SELECT count(ckg_term('slower', [a.i], []::VARCHAR[])) FROM {CROSS}",
    "test": f"SELECT count(*) FROM {CROSS} WHERE ckg_test('slow', [a.i], []::VARCHAR[])",
    "list for Python": (
        "SELECT ckg_aggregate('sum', list(a.i), NULL::VARCHAR[]) FROM range(3000000) AS a(i)"
    ),
    "lists for Python": (
        "SELECT ckg_aggregate('sum', NULL::BIGINT[], list('S' || a.i)) FROM range(1000000) AS a(i)"
        " GROUP BY a.i % 100000"
    ),
    "regular expression": (
        f"SELECT count(*) FROM {CROSS} WHERE regexp_matches(repeat('a', 1000) || a.i, '(a|aa)+b')"
    ),
}


class Words:
    """A dictionary whose ids are numbers of literals."""

    def terms(self, term_ids: object) -> list[Term]:
        return [Literal(str(each)) for each in term_ids]  # type: ignore[attr-defined]  # a sequence


def slow(row: object) -> Term | None:
    return Literal("x")


def slower(row: object) -> Term | None:
    # A vector of these takes ten minutes: only looking up in between can end it.
    time.sleep(0.005)
    return Literal("x")


def never(row: object) -> bool | None:
    return False


def slow_sum(terms: Iterable[Term | None]) -> Term | None:
    for _ in terms:
        time.sleep(0.00002)
    return None


PROGRAMS = {
    "slow": Program(slow, test=never),
    "slower": Program(slower, test=never),
    "sum": AggregateProgram(slow_sum),
}


@pytest.fixture(scope="module")
def runtime() -> Iterator[Runtime]:
    """One cursor over an empty database in memory."""
    database = memory_database()
    found = Runtime(database, workers=1, wait_s=5, memory_mb=None)
    yield found
    found.close()
    database.close()


def statement_of(runtime: Runtime, sql: str, *columns: Column, **plan: object) -> Statement:
    tree = parse_one(sql, dialect="duckdb")
    assert isinstance(tree, exp.Query)
    made = Plan("solutions", tree, tuple("abcdef")[: len(columns)], columns, **plan)  # type: ignore[arg-type]  # by name
    return Statement(made, runtime.database.catalog, sql)


def read(runtime: Runtime, sql: str, deadline_s: float | None = None) -> list[pa.RecordBatch]:
    statement = statement_of(runtime, sql)
    deadline = None if deadline_s is None else time.monotonic() + deadline_s
    run = runtime.start(PROGRAMS, Words(), deadline, deadline_s)
    run.open(statement)
    return list(run.batches(statement))


def require_fit(runtime: Runtime) -> None:
    """The next query runs, on the same and only cursor."""
    (batch,) = read(runtime, "SELECT 42 AS a")
    assert batch.column(0).to_pylist() == [42]
    assert read(
        runtime, "SELECT count(ckg_term('slow', [i], []::VARCHAR[])) FROM range(10) AS r(i)"
    )


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS)
def test_query_is_stopped_at_its_deadline_in_every_operator(runtime: Runtime, sql: str) -> None:
    """Within 0.2 s of the deadline it is over, it says why, and the cursor can be used again."""
    for _ in range(ATTEMPTS):
        start = time.monotonic()
        with pytest.raises(QueryTimeoutError):
            read(runtime, sql, DEADLINE_S)
        late_s = time.monotonic() - start - DEADLINE_S
        require_fit(runtime)
        if late_s < LATE_S + SLACK_S:
            return
    pytest.fail(f"{late_s:.2f} s late")


@pytest.mark.parametrize("sql", ENDLESS.values(), ids=ENDLESS)
def test_query_is_stopped_when_its_client_leaves(runtime: Runtime, sql: str) -> None:
    """Closed from another thread while it computes, it is over within 0.2 s."""
    statement = statement_of(runtime, sql)
    run = runtime.start(PROGRAMS, Words())
    ended: list[float] = []

    def ask() -> None:
        try:
            run.open(statement)
            for _ in run.batches(statement):
                pass
        except (StoreError, QueryError):
            ended.append(time.monotonic())

    reader = threading.Thread(target=ask)
    reader.start()
    time.sleep(DEADLINE_S)
    left = time.monotonic()
    run.close()
    reader.join(10)
    assert not reader.is_alive()
    assert ended[0] - left < LATE_S + SLACK_S
    require_fit(runtime)


def test_answer_that_nobody_reads_on_is_freed_at_once(runtime: Runtime) -> None:
    """Closing between two reads frees the cursor within 0.2 s, whatever computes ahead."""
    sql = f"SELECT a.i, b.i FROM {CROSS} WHERE hash(a.i, b.i) % 1000 = 1"
    run = runtime.start(PROGRAMS, Words())
    run.open(statement_of(runtime, sql))
    next(run.batches(statement_of(runtime, sql)))
    left = time.monotonic()
    run.close()
    require_fit(runtime)
    assert time.monotonic() - left < LATE_S + SLACK_S


def test_deadline_frees_the_cursor_though_nobody_reads(runtime: Runtime) -> None:
    """A slow reader holds nothing beyond the deadline; when it reads on, it is told."""
    sql = ENDLESS["cross product, streamed"]
    run = runtime.start(PROGRAMS, Words(), time.monotonic() + 2, 2)
    run.open(statement_of(runtime, sql))
    batches = run.batches(statement_of(runtime, sql))
    next(batches)
    start = time.monotonic()
    require_fit(runtime)
    assert time.monotonic() - start < 2 + LATE_S + SLACK_S
    with pytest.raises(QueryTimeoutError):
        next(batches)


def test_deadline_that_has_passed_stops_a_query_that_has_not_begun(runtime: Runtime) -> None:
    """The time that planning took counts."""
    run = runtime.start(PROGRAMS, Words(), time.monotonic() - 1, 30)
    while not run.is_stopped():
        time.sleep(0.01)
    with pytest.raises(QueryTimeoutError, match="after 30 s"):
        run.open(statement_of(runtime, ENDLESS["cross product"]))
    require_fit(runtime)


def test_defect_is_logged_and_tells_no_sql(
    runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    """What DuckDB says goes to the log; whoever asked is not shown tables and columns."""
    with pytest.raises(QueryError, match="which is a defect") as raised:
        read(runtime, "SELECT nothing FROM spo")
    assert "nothing" not in str(raised.value)
    assert "SELECT nothing FROM spo" in caplog.text
    with pytest.raises(QueryError, match="which is a defect"):
        read(runtime, "SELECT error('boom') FROM range(5)")
    require_fit(runtime)


def test_program_that_fails_is_a_defect(runtime: Runtime, caplog: pytest.LogCaptureFixture) -> None:
    """An error of ours within Python ends the query, not the process."""
    with pytest.raises(QueryError, match="which is a defect"):
        read(runtime, "SELECT ckg_term('unknown', [i], []::VARCHAR[]) FROM range(5) AS r(i)")
    assert "KeyError" in caplog.text
    require_fit(runtime)


def test_programs_are_held_no_longer_than_their_queries(runtime: Runtime) -> None:
    """Of what Python computes nothing stays behind."""
    read(runtime, "SELECT ckg_term('slow', [i], []::VARCHAR[]) FROM range(5) AS r(i)")
    with pytest.raises(KeyError):
        functions.PROGRAMS.find("slow")


class Interrupted:
    """A cursor of DuckDB that is interrupted while it begins a transaction: before or after it has begun."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, *, has_begun: bool) -> None:
        self._cursor, self._has_begun = cursor, has_begun

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)

    def begin(self) -> None:
        if self._has_begun:
            self._cursor.begin()
        raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")


@pytest.mark.parametrize("has_begun", [False, True])
def test_cursor_that_was_interrupted_while_it_began_is_fit_again(
    runtime: Runtime, monkeypatch: pytest.MonkeyPatch, *, has_begun: bool
) -> None:
    """Else each query that gets it afterwards fails, for as long as the store is open."""
    require_fit(runtime)
    (cursor,) = runtime._idle
    with monkeypatch.context() as patch:
        patch.setattr(cursor, "duckdb", Interrupted(cursor.duckdb, has_begun=has_begun))
        with pytest.raises(QueryError, match="interrupted"):
            read(runtime, "SELECT 1")
    assert runtime._idle == [cursor]
    require_fit(runtime)


def test_query_that_starts_while_the_store_is_closed_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Closing waits for whoever has a place already, so that nobody reads a store that was let go of."""
    database = memory_database()
    runtime = Runtime(database, workers=1, wait_s=5, memory_mb=None)
    starting, may_start = threading.Event(), threading.Event()
    make_cursor = database.cursor

    def make_slowly() -> duckdb.DuckDBPyConnection:
        starting.set()
        may_start.wait()
        return make_cursor()

    monkeypatch.setattr(database, "cursor", make_slowly)
    runs: list[Run] = []
    starter = threading.Thread(target=lambda: runs.append(runtime.start({}, Words())))
    closer = threading.Thread(target=runtime.close)
    starter.start()
    starting.wait()
    closer.start()
    closer.join(0.1)
    is_waiting = closer.is_alive()
    may_start.set()
    starter.join()
    closer.join()
    assert is_waiting
    with pytest.raises(StoreError, match="closed while the query ran"):
        runs[0].fetch(statement_of(runtime, "SELECT 1"), pinned=False)
    database.close()


# Small answers


def fetch(runtime: Runtime, statement: Statement) -> list[tuple[object, ...]]:
    return runtime.start({}, Words()).fetch(statement, pinned=False)


def test_small_answer_is_prepared_when_it_comes_again(runtime: Runtime) -> None:
    """Each time the same rows, whether planned, prepared or executed again."""
    statement = statement_of(runtime, "SELECT i, 'x' FROM range(3) AS r(i)")
    found = [fetch(runtime, statement) for _ in range(3)]
    assert found == [[(0, "x"), (1, "x"), (2, "x")]] * 3


def test_answer_that_was_small_is_fetched_at_once_next_time(runtime: Runtime) -> None:
    """Over one state a statement has as many rows each time; cut short it has told nothing."""
    few = statement_of(runtime, "SELECT i FROM range(10000) AS r(i)")
    many = statement_of(runtime, "SELECT i FROM range(10001) AS r(i)")
    for each in (few, many):
        run = runtime.start({}, Words())
        run.open(each)
        batches = run.batches(each)
        next(batches)
        assert not each.is_small
        list(batches)
    assert (few.is_small, many.is_small) == (True, False)


def test_prepared_statements_are_bounded(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest is forgotten for the newest, and can come again."""
    monkeypatch.setattr("conflictkg.store.runtime._MOST_PREPARED", 2)
    read(runtime, "SELECT 1")
    (cursor,) = runtime._idle
    before = len(cursor._prepared)
    statements = [statement_of(runtime, f"SELECT {number}") for number in range(5)]
    for _ in range(3):
        assert [fetch(runtime, each) for each in statements] == [[(n,)] for n in range(5)]
    assert len(cursor._prepared) == max(2, before)


def test_plan_of_another_state_is_not_run(runtime: Runtime) -> None:
    """A commit between planning and starting is noticed: whoever asked plans again."""
    old = runtime.database.catalog
    statement = statement_of(runtime, "SELECT count(*) FROM spo")
    with runtime.database.change() as change:
        change.insert_terms([(Iri("http://e/s"), Iri("http://e/p"), Literal("o"), None)])
    assert runtime.database.catalog is not old
    for pinned in (False, True):
        with pytest.raises(StaleError):
            runtime.start({}, Words()).fetch(statement, pinned=pinned)
    gone = Statement(statement.plan, old, "SELECT count(*) FROM c_7")
    for each in (statement, gone):
        with pytest.raises(StaleError):
            runtime.start({}, Words()).open(each)
    require_fit(runtime)


# Statements


def test_row_limit_is_put_on_the_tree() -> None:
    """One row more than wanted is asked for; a smaller limit of the query's own stays."""
    catalog = memory_database().catalog

    def sql_of(text: str, max_rows: int | None) -> str:
        tree = parse_one(text, dialect="duckdb")
        assert isinstance(tree, exp.Query)
        return make_statement(Plan("solutions", tree, (), ()), catalog, max_rows).sql

    assert sql_of("SELECT 1 ORDER BY 1", 10).endswith("LIMIT 11")
    assert sql_of("SELECT 1 LIMIT 5", 10).endswith("LIMIT 5")
    assert sql_of("SELECT 1 LIMIT 50", 10).endswith("LIMIT 11")
    assert sql_of("SELECT 1 UNION ALL SELECT 2", 10).endswith("LIMIT 11")
    assert "LIMIT" not in sql_of("SELECT 1", None)


def test_statement_keeps_the_text_only() -> None:
    """A thousand trees beside their texts were some fifty megabytes that nobody read."""
    statement = make_statement(
        Plan("solutions", exp.select("1"), ("x",), ()), memory_database().catalog, None
    )
    assert (statement.sql, statement.plan.variables) == ("SELECT 1", ("x",))
    assert statement.plan.tree == exp.Select()


def test_statements_are_kept_for_one_state() -> None:
    """The same question over the same state is planned once, over another one again."""
    database = memory_database()
    statements, made = Statements(most=2), []

    def ask(key: str, *, lasting: bool = True) -> Statement:
        def make() -> tuple[Statement, bool]:
            made.append(key)
            tree = exp.select("1")
            return make_statement(Plan("solutions", tree, (), ()), database.catalog, None), lasting

        return statements.get(key, database.catalog, make)

    assert ask("a") is ask("a")
    ask("b")
    ask("c")
    assert made == ["a", "b", "c"]
    ask("a")
    ask("now", lasting=False)
    ask("now", lasting=False)
    assert made == ["a", "b", "c", "a", "now", "now"]
    with database.change() as change:
        change.insert_terms([(Iri("http://e/s"), Iri("http://e/p"), Literal("o"), None)])
    ask("a")
    assert made[-1] == "a"
    database.close()


# Decoding


WORDS = Words()
doubles = st.floats(width=64) | st.sampled_from([0.0, -0.0, 1e21, 1e-7, 5e-324])
values = {
    Rep.INTEGER: (st.integers(-(10**37), 10**37), "HUGEINT"),
    Rep.DECIMAL: (st.decimals(-(10**20), 10**20, places=7), "DECIMAL(38, 7)"),
    Rep.DOUBLE: (doubles, "DOUBLE"),
    Rep.FLOAT: (st.floats(width=32), "FLOAT"),
    Rep.BOOLEAN: (st.booleans(), "BOOLEAN"),
    Rep.STRING: (st.text(st.characters(exclude_categories=["Cs"])), "VARCHAR"),
}


@settings(deadline=None, max_examples=30)
@given(st.data())
@pytest.mark.parametrize("rep", values, ids=[each.value for each in values])
def test_values_are_the_same_terms_one_by_one_and_by_the_column(
    rep: Rep, data: st.DataObject
) -> None:
    """Whether fetched as rows or as Arrow, a value of DuckDB is the term that the evaluator writes."""
    strategy, sql_type = values[rep]
    drawn = data.draw(st.lists(st.none() | strategy, min_size=1, max_size=8))
    relation = f"SELECT unnest($1::{sql_type}[]) AS v"
    rows = duckdb.execute(relation, [drawn]).fetchall()
    duckdb.execute(f"CREATE OR REPLACE TEMP TABLE drawn AS {relation}", [drawn])
    found = duckdb.sql("SELECT v FROM drawn")
    assert found is not None
    (column,) = found.to_arrow_table().columns
    by_column = column_terms(decode_column(column.combine_chunks(), rep, WORDS))  # type: ignore[arg-type]
    assert by_column == [decode_value(row[0], rep) for row in rows]
    for value, term in zip(drawn, by_column, strict=True):
        assert (value is None) == (term is None)
        assert term is None or (isinstance(term, Literal) and term.datatype == DATATYPES[rep])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=9)
packed_terms = st.none() | st.one_of(
    st.builds(Iri, texts),
    st.builds(Blank, texts),
    st.builds(Literal, texts),
    st.builds(lambda text: Literal(text, RDF_LANG_STRING, "en-gb"), texts),
    st.builds(lambda text: Literal(text, RDF_LANG_STRING, "de"), texts),
    st.builds(lambda text, kind: Literal(text, f"http://e/{kind}"), texts, st.sampled_from("ab")),
)


@settings(deadline=None)
@given(st.lists(packed_terms, max_size=12))
def test_packed_terms_are_read_back_by_the_column(terms: list[Term | None]) -> None:
    """Whatever a lexical form holds: spaces, nothing, letters that packing uses."""
    packed = pa.array([None if each is None else pack_term(each) for each in terms], pa.string())
    assert column_terms(decode_column(packed, Rep.PACKED, WORDS)) == terms  # type: ignore[arg-type]


def test_watchdog_calls_in_order_and_again_until_it_is_obeyed() -> None:
    """An earlier deadline that comes later is kept first; a refusal is followed by another call."""
    called: list[str] = []
    done = threading.Event()
    watchdog = Watchdog()
    now = time.monotonic()

    def stubborn() -> bool:
        called.append("late")
        if len(called) > 3:
            done.set()
        return len(called) > 3

    def obedient() -> bool:
        called.append("early")
        return True

    watchdog.watch(now + 0.1, stubborn)
    watchdog.watch(now + 0.05, obedient)
    assert done.wait(5)
    watchdog.close()
    assert called == ["early", "late", "late", "late"]
