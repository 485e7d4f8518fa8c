"""SPARQL Update: one transaction a request.

What WHERE finds is computed whole before anything is changed. Ids stay ids on their way from WHERE
through the template to the store; only what the query computes is looked up or added in the dictionary.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from conflictkg.answers import Blank, Iri, Literal, Term
from conflictkg.answers.batches import column_terms
from conflictkg.engine import algebra as a
from conflictkg.engine.columns import Rep
from conflictkg.engine.compile import compile_query
from conflictkg.engine.ids import DEFAULT_GRAPH, SHIFT, Tag
from conflictkg.engine.syntax import parse_update
from conflictkg.errors import (
    AmbiguousDatasetError,
    ConflictKGError,
    GraphExistsError,
    MissingGraphError,
    NotPermittedError,
    QueryTimeoutError,
    StoreError,
)
from conflictkg.store.adding import add_staged, staged_files
from conflictkg.store.changes import Changed, Quads, Transaction
from conflictkg.store.database import Database
from conflictkg.store.deadlines import Cancellation, Watchdog
from conflictkg.store.decoding import decode_column, ids_of
from conflictkg.store.editing import editing
from conflictkg.store.functions import PROGRAMS
from conflictkg.store.journal import undo
from conflictkg.store.protocol import Edit, UpdateReport
from conflictkg.store.runtime import explain_error
from conflictkg.store.staging import Source
from conflictkg.store.statements import make_statement

Ids = npt.NDArray[np.int64]

_AGAIN_S = 0.02
_UNBOUND = -1
_SILENCE = "Write SILENT if that is no error for you."


class Updater:
    """Runs update requests, one after another."""

    def __init__(self, database: Database, watchdog: Watchdog) -> None:
        self._database, self._watchdog = database, watchdog
        self._running = threading.Lock()
        self._limit: _TimeLimit | None = None

    def close(self) -> None:
        """Stop the request that runs, if one does, and wait until it has ended."""
        error = StoreError("the store was closed while the update ran; it changed nothing")
        while not self._running.acquire(timeout=_AGAIN_S):
            limit = self._limit
            if limit is not None:
                limit.stop(error)
        self._running.release()

    def run(
        self,
        text: str,
        *,
        deadline_s: float | None,
        using_graphs: Sequence[str],
        using_named_graphs: Sequence[str],
        base_iri: str,
        within_graph: str = "",
        edit: Edit | None = None,
        cancellation: Cancellation | None = None,
    ) -> UpdateReport:
        """Run a request; see :meth:`conflictkg.store.Store.update`."""
        request = parse_update(text, base=base_iri)
        self._require_writable("an update")
        dataset = None
        if using_graphs or using_named_graphs:
            dataset = a.Dataset(tuple(map(Iri, using_graphs)), tuple(map(Iri, using_named_graphs)))
        operations = [_prepare(each, dataset) for each in request.operations]
        if within_graph:
            operations = [_within(each, Iri(within_graph)) for each in operations]
        report = UpdateReport()
        with self._changing(deadline_s, edit, cancellation=cancellation) as (
            transaction,
            is_stopped,
        ):
            for each in operations:
                report += _Operation(transaction, is_stopped).apply(each)
        return report

    def write_graph(
        self,
        graph: str,
        file: Path | None,
        *,
        replace: bool,
        deadline_s: float | None,
        edit: Edit | None,
        cancellation: Cancellation | None = None,
    ) -> UpdateReport:
        """Write or remove a graph; see :meth:`conflictkg.store.Store.write_graph`."""
        self._require_writable("writing a graph")
        with ExitStack() as held:
            staged = None
            if file is not None:
                staged = held.enter_context(staged_files(self._database, [Source(file, graph)]))
            transaction, is_stopped = held.enter_context(
                self._changing(deadline_s, edit, cancellation=cancellation)
            )
            operation = _Operation(transaction, is_stopped)
            report = UpdateReport()
            if staged is None or replace:
                target = Iri(graph) if graph else "DEFAULT"
                clear = a.Clear(target, drop=staged is None, silent=staged is not None)
                report += operation.apply(clear)
            if staged is not None:
                if graph:
                    transaction.create_graph(int(transaction.intern([Iri(graph)])[0]))
                report += _report(add_staged(transaction, staged))
        return report

    def undo(
        self,
        number: int,
        edit: Edit,
        *,
        deadline_s: float | None,
        cancellation: Cancellation | None,
    ) -> UpdateReport:
        """Take back an edit; see :meth:`conflictkg.store.Store.undo`."""
        self._require_writable("undoing an edit")
        with self._changing(deadline_s, edit, undoes=number, cancellation=cancellation) as (
            transaction,
            _,
        ):
            return undo(transaction, number)

    def _require_writable(self, what: str) -> None:
        if self._database.is_read_only:
            raise NotPermittedError(what, "the store was opened for reading only")

    @contextmanager
    def _changing(
        self,
        deadline_s: float | None,
        edit: Edit | None,
        *,
        undoes: int | None = None,
        cancellation: Cancellation | None = None,
    ) -> Iterator[tuple[Transaction, Callable[[], bool]]]:
        """A transaction that is stopped at its deadline or when it is cancelled, and whether it has been stopped."""
        deadline = None if deadline_s is None else time.monotonic() + deadline_s
        with self._running, self._database.change() as transaction:
            limit = self._limit = _TimeLimit(transaction.cursor)

            def stop(reason: ConflictKGError) -> None:
                if not limit.stop(reason):
                    # Again and again, until it has noticed.
                    self._watchdog.watch(time.monotonic(), lambda: limit.stop(reason))

            if deadline is not None and deadline_s is not None:
                error = QueryTimeoutError(deadline_s)
                if deadline <= time.monotonic():
                    # It has waited for another one all the time.
                    stop(error)
                else:
                    self._watchdog.watch(deadline, lambda: limit.stop(error))
            if cancellation is not None:
                cancellation.attach(stop)
            # When the limit is over, nothing interrupts the commit.
            with (
                limit,
                editing(self._database, transaction, edit, limit.is_stopped, undoes),
            ):
                yield transaction, limit.is_stopped


def _prepare(operation: a.Operation, dataset: a.Dataset | None) -> a.Operation:
    """Put the protocol's dataset in its place, and refuse what is never done."""
    if isinstance(operation, a.Load) and not operation.silent:
        where = f" (line {operation.place.line})" if operation.place is not None else ""
        raise NotPermittedError(
            f"LOAD{where}",
            "a store fetches nothing. Load the file with conflictkg load, or send what it holds with "
            "INSERT DATA.",
        )
    if isinstance(operation, a.Modify) and dataset is not None:
        if operation.using is not None or operation.graph is not None:
            raise AmbiguousDatasetError(
                "the request has USING or WITH, and the protocol's using-graph-uri as well. Leave one "
                "of them out."
            )
        return replace(operation, using=dataset)
    return operation


def _within(operation: a.Operation, graph: Iri) -> a.Operation:
    """Have an operation work on a graph where it would work on the default graph."""
    match operation:
        case a.InsertData() | a.DeleteData():
            quads = (replace(each, graph=each.graph or graph) for each in operation.quads)
            return replace(operation, quads=tuple(quads))
        case a.Modify(graph=None):
            # Where there is USING it says what WHERE reads, and this still where the templates go.
            return replace(operation, graph=graph)
        case a.Clear(target="DEFAULT"):
            return replace(operation, target=graph)
        case a.Transfer():
            source, target = operation.source or graph, operation.target or graph
            return replace(operation, source=source, target=target)
        case _:
            return operation


class _TimeLimit:
    """Has a cursor interrupted, but only while the block runs."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor
        self._lock = threading.Lock()
        self._is_over = False
        self._reason: ConflictKGError | None = None

    def stop(self, reason: ConflictKGError) -> bool:
        """Interrupt; whether it is over."""
        with self._lock:
            if not self._is_over:
                self._reason = reason
                self._cursor.interrupt()
            return self._is_over

    def is_stopped(self) -> bool:
        """Whether it was interrupted."""
        return self._reason is not None

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        with self._lock:
            self._is_over = True
        if self._reason is not None:
            raise self._reason from error
        if isinstance(error, duckdb.Error | pa.ArrowException):
            raise explain_error(error, "an update") from error


@dataclass(frozen=True, slots=True)
class _Found:
    """What WHERE found: a column of ids a variable, and how many solutions.

    Args:
        columns: By variable; -1 where it is unbound.
        size: Solutions.
    """

    columns: dict[str, Ids]
    size: int


class _Operation:
    """One operation within a transaction."""

    def __init__(self, transaction: Transaction, is_stopped: Callable[[], bool]) -> None:
        self._transaction, self._is_stopped = transaction, is_stopped

    def apply(self, operation: a.Operation) -> UpdateReport:
        """Do it."""
        if isinstance(operation, a.InsertData):
            terms = [_terms_of(each) for each in operation.quads]
            return _report(self._transaction.insert_terms(terms))
        if isinstance(operation, a.DeleteData):
            return self._delete_data(operation)
        if isinstance(operation, a.Modify):
            return self._modify(operation)
        if isinstance(operation, a.Clear):
            return self._clear(operation)
        if isinstance(operation, a.Create):
            return self._create(operation)
        if isinstance(operation, a.Transfer):
            return self._transfer(operation)
        # What is left is LOAD SILENT: it may fail, and so it does nothing.
        return UpdateReport()

    # Data

    def _delete_data(self, operation: a.DeleteData) -> UpdateReport:
        rows = [tuple(self._find(node) for node in _nodes(each)) for each in operation.quads]
        known = [row for row in rows if None not in row]
        return _report(self._transaction.apply(delete=Quads.of_rows(known)))  # type: ignore[arg-type]

    def _find(self, node: a.Node | None) -> int | None:
        if node is None:
            return DEFAULT_GRAPH
        if isinstance(node, a.Var):
            return None
        return self._transaction.catalog.dictionary.find(node)

    # Patterns

    def _modify(self, operation: a.Modify) -> UpdateReport:
        deleted = [_in_graph(each, operation.graph) for each in operation.delete]
        inserted = [_in_graph(each, operation.graph) for each in operation.insert]
        nodes = [node for each in (*deleted, *inserted) for node in _nodes(each)]
        names = dict.fromkeys(
            node.name
            for node in nodes
            if isinstance(node, a.Var) and not node.name.startswith("_:")
        )
        computed = {
            node.name for each in inserted for node in _nodes(each) if isinstance(node, a.Var)
        }
        found = self._solve(operation, tuple(names), computed)
        gone = _join(self._instantiate(each, found, self._find_ids, {}) for each in deleted)
        blanks: dict[str, Ids] = {}
        come = _join(self._instantiate(each, found, self._intern, blanks) for each in inserted)
        return _report(self._transaction.apply(delete=gone, insert=come))

    def _solve(self, operation: a.Modify, names: tuple[str, ...], computed: set[str]) -> _Found:
        """The solutions of WHERE; terms that it computes get ids where they are inserted."""
        variables = tuple(map(a.Var, names))
        query = a.Select(
            a.Project(operation.pattern, variables), variables, self._dataset(operation)
        )
        catalog = self._transaction.catalog
        plan = compile_query(query, catalog)
        statement = make_statement(plan, catalog, None)
        with PROGRAMS.at_hand(plan.programs, catalog.dictionary, self._is_stopped):
            rows = self._transaction.cursor.sql(statement.sql).to_arrow_table()
        columns = {}
        for place, (name, column) in enumerate(zip(names, plan.columns, strict=True)):
            values = rows.column(place).combine_chunks()
            if column.rep is Rep.ID:
                columns[name] = ids_of(values)
                continue
            terms = column_terms(decode_column(values, column.rep, catalog.dictionary))
            columns[name] = self._ids_of_terms(terms, is_new_wanted=name in computed)
        return _Found(columns, rows.num_rows)

    def _dataset(self, operation: a.Modify) -> a.Dataset | None:
        if operation.using is not None:
            return operation.using
        if operation.graph is None:
            return None
        catalog = self._transaction.catalog
        names = catalog.dictionary.terms(list(catalog.graphs))
        return a.Dataset((operation.graph,), tuple(each for each in names if isinstance(each, Iri)))

    def _ids_of_terms(self, terms: Sequence[Term | None], *, is_new_wanted: bool) -> Ids:
        dictionary = self._transaction.catalog.dictionary
        ids: dict[Term | None, int] = {None: _UNBOUND}
        fresh: list[Term] = []
        for term in dict.fromkeys(terms):
            if term is None:
                continue
            known = (
                dictionary.find_blank(term)
                if isinstance(term, Blank)
                else dictionary.find(term)
                if isinstance(term, Iri | Literal)
                else None
            )
            if known is None and is_new_wanted:
                fresh.append(term)
            else:
                ids[term] = _UNBOUND if known is None else known
        ids.update(zip(fresh, self._transaction.intern(fresh).tolist(), strict=True))
        return np.fromiter((ids[each] for each in terms), np.int64, len(terms))

    def _instantiate(
        self,
        quad: a.QuadPattern,
        found: _Found,
        look_up: Callable[[Iri | Literal], int],
        blanks: dict[str, Ids],
    ) -> Quads:
        """A quad for each solution; what would be no quad is left out."""
        columns = [self._column(node, found, look_up, blanks) for node in _nodes(quad)]
        subject, predicate, value, graph = columns
        tags = [each >> SHIFT for each in columns]
        is_quad = (
            ((tags[0] == Tag.IRI) | (tags[0] == Tag.BLANK))
            & (tags[1] == Tag.IRI)
            & (value >= 0)
            & ((tags[3] == Tag.IRI) | (graph == DEFAULT_GRAPH))
        )
        return Quads(subject[is_quad], predicate[is_quad], value[is_quad], graph[is_quad])

    def _column(
        self,
        node: a.Node | None,
        found: _Found,
        look_up: Callable[[Iri | Literal], int],
        blanks: dict[str, Ids],
    ) -> Ids:
        if node is None:
            return np.full(found.size, DEFAULT_GRAPH, np.int64)
        if not isinstance(node, a.Var):
            return np.full(found.size, look_up(node), np.int64)
        if not node.name.startswith("_:"):
            return found.columns[node.name]
        if node.name not in blanks:
            blanks[node.name] = self._transaction.new_blanks(found.size)
        return blanks[node.name]

    def _find_ids(self, term: Iri | Literal) -> int:
        known = self._transaction.catalog.dictionary.find(term)
        return _UNBOUND if known is None else known

    def _intern(self, term: Iri | Literal) -> int:
        return int(self._transaction.intern([term])[0])

    # Graphs

    def _clear(self, operation: a.Clear) -> UpdateReport:
        graphs = self._graphs_of(operation)
        change = self._transaction.drop_graphs if operation.drop else self._transaction.clear_graphs
        return _report(change(graphs))

    def _graphs_of(self, operation: a.Clear) -> list[int]:
        known = list(self._transaction.catalog.graphs)
        if isinstance(operation.target, Iri):
            found = self._find_graph(operation.target)
            if found is None and not operation.silent:
                raise _missing(operation.target)
            return [] if found is None else [found]
        by_word = {"DEFAULT": [DEFAULT_GRAPH], "NAMED": known, "ALL": [DEFAULT_GRAPH, *known]}
        return by_word[operation.target]

    def _find_graph(self, iri: Iri | None) -> int | None:
        """The id of a graph that there is; the default graph is always there."""
        if iri is None:
            return DEFAULT_GRAPH
        found = self._transaction.catalog.dictionary.find(iri)
        return found if found in self._transaction.catalog.graphs else None

    def _create(self, operation: a.Create) -> UpdateReport:
        if self._find_graph(operation.graph) is None:
            self._transaction.create_graph(self._intern(operation.graph))
        elif not operation.silent:
            raise GraphExistsError(
                f"there is a graph <{operation.graph.value}> already. {_SILENCE}"
            )
        return UpdateReport()

    def _transfer(self, operation: a.Transfer) -> UpdateReport:
        source = self._find_graph(operation.source)
        if source is None:
            if operation.silent or operation.source is None:
                return UpdateReport()
            raise _missing(operation.source)
        target = DEFAULT_GRAPH if operation.target is None else self._intern(operation.target)
        if source == target:
            return UpdateReport()
        report = UpdateReport()
        if operation.name != "ADD":
            report += _report(self._transaction.clear_graphs([target]))
        if target != DEFAULT_GRAPH:
            self._transaction.create_graph(target)
        report += _report(self._transaction.copy_graph(source, target))
        if operation.name == "MOVE":
            report += _report(self._transaction.drop_graphs([source]))
        return report


def _report(changed: Changed) -> UpdateReport:
    return UpdateReport(changed.added, changed.removed)


def _missing(iri: Iri) -> MissingGraphError:
    return MissingGraphError(f"there is no graph <{iri.value}>. {_SILENCE}")


def _nodes(quad: a.QuadPattern) -> tuple[a.Node, a.Node, a.Node, a.Node | None]:
    return quad.subject, quad.predicate, quad.object, quad.graph


def _terms_of(quad: a.QuadPattern) -> tuple[Term, Term, Term, Term | None]:
    graph = None if quad.graph is None else _term_of(quad.graph)
    return _term_of(quad.subject), _term_of(quad.predicate), _term_of(quad.object), graph


def _term_of(node: a.Node) -> Term:
    return Blank(node.name.removeprefix("_:")) if isinstance(node, a.Var) else node


def _in_graph(quad: a.QuadPattern, graph: Iri | None) -> a.QuadPattern:
    """A template's quad; those without GRAPH go where WITH says."""
    return replace(quad, graph=graph) if quad.graph is None and graph is not None else quad


def _join(parts: Iterator[Quads]) -> Quads:
    found = list(parts)
    if not found:
        return Quads.of_rows(())
    return Quads(
        np.concatenate([each.s for each in found]),
        np.concatenate([each.p for each in found]),
        np.concatenate([each.o for each in found]),
        np.concatenate([each.g for each in found]),
    )
