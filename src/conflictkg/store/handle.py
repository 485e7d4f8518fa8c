"""The :class:`~conflictkg.store.Store` on DuckDB, in this process."""

import time
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Self

from conflictkg.answers import Answer, Iri, Solutions, Term, Triples
from conflictkg.engine.algebra import Query, Select
from conflictkg.engine.compile import compile_query
from conflictkg.engine.explain import Explanation
from conflictkg.engine.syntax import parse_query
from conflictkg.errors import (
    QuerySyntaxError,
    QueryTooComplexError,
    StoreBusyError,
    StoreError,
    UnknownGraphError,
)
from conflictkg.store.answering import answer_fetched, answer_running
from conflictkg.store.bindings import bind
from conflictkg.store.database import Database
from conflictkg.store.deadlines import Cancellation
from conflictkg.store.explaining import Explaining
from conflictkg.store.journal import find_entry, iter_patch, read_journal
from conflictkg.store.lasting import is_lasting
from conflictkg.store.layout import GraphInfo
from conflictkg.store.protocol import Edit, Federation, JournalEntry, Limits, UpdateReport
from conflictkg.store.runtime import Run, Runtime, StaleError
from conflictkg.store.statements import MOST_GUESSED, Statement, Statements, make_statement
from conflictkg.store.statistics import StoreCatalog
from conflictkg.store.updating import Updater

_PARSED = 1_024
_MOST_RESOLVED = 3
"""Times that others are asked for one query, where the store changes meanwhile."""


@dataclass(frozen=True, slots=True)
class _Asking:
    """How one query is asked, all its parts alike."""

    default: tuple[str, ...]
    named: tuple[str, ...]
    union_default_graph: bool | None
    deadline: float | None
    deadline_s: float | None
    cancellation: Cancellation


class _WrongGuessError(Exception):
    """An answer has more rows than were likely: it is asked for again, row by row."""


class DuckStore:
    """A store, open.

    Args:
        database: Owned by the store from now on.
        limits: What queries may use.
        only_known_graphs: Whether FROM a graph that is not there is refused rather than empty.
    """

    def __init__(
        self,
        database: Database,
        limits: Limits,
        *,
        only_known_graphs: bool = True,
    ) -> None:
        self._database, self._limits = database, limits
        self._only_known_graphs = only_known_graphs
        self._statements = Statements()
        self._parse = lru_cache(_PARSED)(_parse)
        self._graphs: tuple[StoreCatalog, tuple[GraphInfo, ...]] | None = None
        self._runtime = Runtime(
            database,
            workers=limits.workers + limits.spare_workers,
            wait_s=limits.wait_s,
            memory_mb=limits.memory_mb,
        )
        self._updater = Updater(database, self._runtime.watchdog)
        self._is_closed = False
        self._opened_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    @property
    def directory(self) -> Path:
        """Where it was opened."""
        return self._database.directory or Path(":memory:")

    @property
    def release(self) -> str:
        """Identifier of its contents: equal for equal contents."""
        return self._database.release

    @property
    def built_at(self) -> str:
        """When it was built, as ``xsd:dateTime`` in UTC."""
        manifest = self._database.manifest
        return manifest.built_at if manifest is not None else self._opened_at

    def graphs(self) -> tuple[GraphInfo, ...]:
        """Its named graphs, by IRI."""
        catalog = self._database.catalog
        known = self._graphs
        if known is None or known[0] is not catalog:
            ids = list(catalog.graphs)
            names = catalog.dictionary.terms(ids)
            infos = [
                GraphInfo(name.value, catalog.graphs[each])
                for each, name in zip(ids, names, strict=True)
                # One that a blank node names cannot be asked for.
                if isinstance(name, Iri)
            ]
            known = catalog, tuple(sorted(infos, key=lambda info: info.iri))
            self._graphs = known
        return known[1]

    def size(self) -> int:
        """Number of quads."""
        return self._database.catalog.quads

    def query(
        self,
        text: str,
        *,
        deadline_s: float | None = None,
        max_rows: int | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        bindings: Mapping[str, Term] | None = None,
        base_iri: str | None = None,
        cancellation: Cancellation | None = None,
        union_default_graph: bool | None = None,
        federation: Federation | None = None,
    ) -> Answer:
        """Ask in SPARQL; see :meth:`conflictkg.store.Store.query`.

        Without ``default_graphs`` and FROM, ``union_default_graph`` says whether the default graph is the
        union of all; by default it is what the store says.
        """
        deadline = None if deadline_s is None else time.monotonic() + deadline_s
        self._check_length(text)
        query = self._parse(text, base_iri or "")
        values = bindings or {}
        if values:
            query = bind(query, values)
        default, named = tuple(default_graphs), tuple(named_graphs)
        pairs = tuple(sorted(values.items(), key=_name))
        key = (text, base_iri, default, named, max_rows, pairs, union_default_graph)
        asking = _Asking(
            default,
            named,
            union_default_graph,
            deadline,
            deadline_s,
            cancellation or Cancellation(),
        )
        if federation is not None:
            return self._ask_others(query, federation, key, asking, max_rows)
        return self._ask(query, key, asking, max_rows)

    def _ask_others(
        self,
        query: Query,
        federation: Federation,
        key: Hashable,
        asking: _Asking,
        max_rows: int | None,
    ) -> Answer:
        """The answer to a query that may have SERVICE, all of it for one state of the store."""
        for _ in range(_MOST_RESOLVED):
            release = self.release
            resolved = federation.resolve(
                query,
                lambda part, most: self._ask_part(part, asking, most),
                deadline=asking.deadline,
                deadline_s=asking.deadline_s,
                cancellation=asking.cancellation,
            )
            if resolved is query:
                return self._ask(query, key, asking, max_rows)
            answer = self._ask(resolved, None, asking, max_rows)
            if self.release == release:
                return answer
            answer.close()
        raise StoreBusyError(
            "the store was changed again and again while other endpoints were asked for the query. Ask it again."
        )

    def _ask_part(self, part: Select, asking: _Asking, most: int) -> Solutions:
        answer = self._ask(part, None, asking, most)
        if not isinstance(answer, Solutions):
            raise StoreError(f"SELECT was answered with {answer.kind}: this is a defect, report it")
        return answer

    def _ask(
        self, query: Query, key: Hashable | None, asking: _Asking, max_rows: int | None
    ) -> Answer:
        """The answer to a query; without a key its plan is not kept."""
        is_stale, may_guess = False, True
        while True:
            statement = self._plan(query, key, asking, max_rows, may_guess=may_guess)
            run = self._runtime.start(
                statement.plan.programs,
                statement.catalog.dictionary,
                asking.deadline,
                asking.deadline_s,
                asking.cancellation,
            )
            try:
                return self._answer(statement, run, max_rows, pinned=is_stale)
            except StaleError:
                is_stale = True
                self._database.wait_for_commit()
            except _WrongGuessError:
                may_guess = False

    def explain(
        self,
        text: str,
        *,
        analyze: bool = True,
        deadline_s: float | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        bindings: Mapping[str, Term] | None = None,
        base_iri: str | None = None,
        names: Mapping[str, str] | None = None,
    ) -> Explanation:
        """Say how a query is answered; see :meth:`conflictkg.store.Store.explain`."""
        self._check_length(text)
        if self._only_known_graphs:
            query = self._parse(text, base_iri or "")
            _require_graphs(query, self._database.catalog, default_graphs, named_graphs)
        return Explaining(self._database, self._runtime, deadline_s).explain(
            text,
            base=base_iri or "",
            bindings=bindings or {},
            default_graphs=tuple(default_graphs),
            named_graphs=tuple(named_graphs),
            analyze=analyze,
            names=names or {},
        )

    def _plan(
        self,
        query: Query,
        key: Hashable | None,
        asking: _Asking,
        max_rows: int | None,
        *,
        may_guess: bool,
    ) -> Statement:
        catalog = self._database.catalog
        seen, default, named = catalog, asking.default, asking.named
        if asking.union_default_graph not in {None, catalog.union_default_graph}:
            seen = replace(catalog, union_default_graph=bool(asking.union_default_graph))

        def make() -> tuple[Statement, bool]:
            if self._only_known_graphs:
                _require_graphs(query, catalog, default, named)
            plan = compile_query(query, seen, default_graphs=default, named_graphs=named)
            made = make_statement(plan, catalog, max_rows, may_guess=may_guess)
            return made, is_lasting(query)

        if key is None:
            return make()[0]
        return self._statements.get(key, catalog, make, may_guess=may_guess)

    def _answer(
        self, statement: Statement, run: Run, max_rows: int | None, *, pinned: bool
    ) -> Answer:
        if statement.is_small:
            rows = run.fetch(statement, pinned=pinned)
            if statement.is_guess and len(rows) > MOST_GUESSED:
                raise _WrongGuessError
            return answer_fetched(statement, rows, max_rows)
        run.open(statement)
        return answer_running(statement, run, max_rows)

    def update(
        self,
        text: str,
        *,
        deadline_s: float | None = None,
        using_graphs: Sequence[str] = (),
        using_named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
        within_graph: str = "",
        edit: Edit | None = None,
        cancellation: Cancellation | None = None,
    ) -> UpdateReport:
        """Change it in SPARQL; see :meth:`conflictkg.store.Store.update`."""
        self._check_length(text)
        return self._updater.run(
            text,
            deadline_s=deadline_s,
            using_graphs=using_graphs,
            using_named_graphs=using_named_graphs,
            base_iri=base_iri or "",
            within_graph=within_graph,
            edit=edit,
            cancellation=cancellation,
        )

    def write_graph(
        self,
        graph: str,
        file: Path | None,
        *,
        replace: bool = False,
        deadline_s: float | None = None,
        edit: Edit | None = None,
        cancellation: Cancellation | None = None,
    ) -> UpdateReport:
        """Put triples into a graph, or remove it; see :meth:`conflictkg.store.Store.write_graph`."""
        return self._updater.write_graph(
            graph,
            file,
            replace=replace,
            deadline_s=deadline_s,
            edit=edit,
            cancellation=cancellation,
        )

    def journal(self, *, after: int = 0, most: int = 100) -> tuple[JournalEntry, ...]:
        """The edits after a number, oldest first, at most so many."""
        with closing(self._database.cursor()) as cursor:
            return read_journal(cursor, after, most)

    def patch(self, number: int) -> Iterator[str]:
        """One edit as RDF Patch; see :meth:`conflictkg.store.Store.patch`."""
        # Whether it is there is told at once, not at the first line.
        with closing(self._database.cursor()) as cursor:
            entry = find_entry(cursor, number)
        return self._iter_patch(entry)

    def _iter_patch(self, entry: JournalEntry) -> Iterator[str]:
        with closing(self._database.cursor()) as cursor:
            yield from iter_patch(cursor, entry)

    def undo(
        self,
        number: int,
        edit: Edit,
        *,
        deadline_s: float | None = None,
        cancellation: Cancellation | None = None,
    ) -> UpdateReport:
        """Take back an edit; see :meth:`conflictkg.store.Store.undo`."""
        return self._updater.undo(number, edit, deadline_s=deadline_s, cancellation=cancellation)

    def describe(
        self, iri: str, *, deadline_s: float | None = None, max_rows: int | None = None
    ) -> Triples:
        """All triples that have this subject, in any graph; none if nothing is said of it."""
        answer = self.query(
            "CONSTRUCT { ?thing ?p ?o } WHERE { ?thing ?p ?o }",
            deadline_s=deadline_s,
            max_rows=max_rows,
            bindings={"thing": Iri(iri)},
        )
        if not isinstance(answer, Triples):
            raise StoreError(
                f"CONSTRUCT was answered with {answer.kind}: this is a defect, report it"
            )
        return answer

    def close(self) -> None:
        """Close it. Queries that still run raise :class:`StoreError`."""
        if not self._is_closed:
            self._is_closed = True
            self._updater.close()
            self._runtime.close()
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _check_length(self, text: str) -> None:
        try:
            length = len(text.encode())
        except UnicodeEncodeError as error:
            raise QuerySyntaxError(
                "holds half a character (a lone surrogate). Send the query as UTF-8.",
                text.count("\n", 0, error.start) + 1,
                error.start - text.rfind("\n", 0, error.start),
            ) from error
        if length > self._limits.max_query_bytes:
            raise QueryTooComplexError(
                f"has {length:,} bytes; at most {self._limits.max_query_bytes:,} are read "
                "(CONFLICTKG_MAX_QUERY_BYTES). Shorten it, or ask in parts.",
                "bytes",
                self._limits.max_query_bytes,
            )


def _parse(text: str, base: str) -> Query:
    return parse_query(text, base=base)


def _name(item: tuple[str, Term]) -> str:
    return item[0]


def _require_graphs(
    query: Query,
    catalog: StoreCatalog,
    default_graphs: Sequence[str],
    named_graphs: Sequence[str],
) -> None:
    """Refuse graphs that are not there: nobody shall take an empty answer for a true one."""
    asked = [*default_graphs, *named_graphs]
    if not asked and query.dataset is not None:
        asked = [each.value for each in (*query.dataset.default, *query.dataset.named)]
    for iri in asked:
        found = catalog.dictionary.find(Iri(iri))
        if found is not None and found in catalog.graphs:
            continue
        place = query.prologue.places.get(f"<{iri}>")
        names = catalog.dictionary.terms(list(catalog.graphs))
        known = [each.value for each in names if isinstance(each, Iri)]
        raise UnknownGraphError(iri, *((place.line, place.column) if place else (0, 0)), known)
