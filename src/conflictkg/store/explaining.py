# ruff: noqa: S608 -- SQL here is made of our own names
"""Queries explained: each phase timed, and the plan run once to see what its steps take."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from conflictkg.answers import Term
from conflictkg.engine.check import check_query
from conflictkg.engine.compile import compile_query
from conflictkg.engine.dialect import to_sql
from conflictkg.engine.explain import Explanation, explain_query, name_columns, tables_of
from conflictkg.engine.syntax import parse_query
from conflictkg.errors import QueryTimeoutError
from conflictkg.store.bindings import bind
from conflictkg.store.database import Database
from conflictkg.store.runtime import Runtime, StaleError
from conflictkg.store.statements import Statement, make_statement


class Explaining:
    """Explains one query.

    Args:
        database: The store.
        runtime: Where it runs.
        deadline_s: Seconds from now after which it is stopped; ``None`` for never.
    """

    def __init__(self, database: Database, runtime: Runtime, deadline_s: float | None) -> None:
        self._database, self._runtime = database, runtime
        self._deadline_s = deadline_s
        self._deadline = None if deadline_s is None else time.monotonic() + deadline_s
        self._times: dict[str, float] = {}

    def explain(
        self,
        text: str,
        *,
        base: str,
        bindings: Mapping[str, Term],
        default_graphs: Sequence[str],
        named_graphs: Sequence[str],
        analyze: bool,
        names: Mapping[str, str],
    ) -> Explanation:
        """See :meth:`conflictkg.store.Store.explain`."""
        with self._timed("parse"):
            query = parse_query(text, base=base)
        catalog = self._database.catalog
        with self._timed("check"):
            advice = check_query(query, catalog, names)
        bound = bind(query, bindings) if bindings else query
        while True:
            with self._timed("compile"):
                plan = compile_query(
                    bound, catalog, default_graphs=default_graphs, named_graphs=named_graphs
                )
                sql = to_sql(plan.tree)
            tree = name_columns(plan.tree, self._read_columns(tables_of(plan.tree)))
            statement = make_statement(replace(plan, tree=tree), catalog, None)
            try:
                profile, stopped = self._profile(statement, analyze=analyze)
            except StaleError:
                self._database.wait_for_commit()
                catalog = self._database.catalog
                continue
            return explain_query(
                bound,
                plan,
                catalog,
                profile,
                times_ms=self._times,
                advice=advice,
                names=names,
                stopped=stopped,
                sql=sql,
            )

    def _profile(self, statement: Statement, *, analyze: bool) -> tuple[object, str]:
        """DuckDB's plan, with what its steps took if it came to its end in time."""
        with self._timed("plan"):
            planned = self._fetch("EXPLAIN (FORMAT JSON)", statement)
        if analyze:
            try:
                with self._timed("run"):
                    return self._fetch("EXPLAIN (ANALYZE, FORMAT JSON)", statement), ""
            except QueryTimeoutError as error:
                return planned, str(error)
        return planned, ""

    def _fetch(self, how: str, statement: Statement) -> object:
        run = self._runtime.start(
            statement.plan.programs, statement.catalog.dictionary, self._deadline, self._deadline_s
        )
        asked = Statement(statement.plan, statement.catalog, f"{how} {statement.sql}")
        # Pinned: were it found stale only after it ran, the time was for nothing.
        rows = run.fetch(asked, pinned=True)
        return json.loads(rows[0][1])

    def _read_columns(self, tables: frozenset[str]) -> dict[str, list[str]]:
        cursor = self._database.cursor()
        try:
            found = {}
            for name in sorted(tables):
                described = cursor.execute(f"SELECT * FROM {name} LIMIT 0").description
                found[name] = [column[0] for column in described or ()]
            return found
        finally:
            cursor.close()

    @contextmanager
    def _timed(self, phase: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._times[phase] = round((time.perf_counter() - start) * 1000, 3)
