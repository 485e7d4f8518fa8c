"""The :class:`~conflictkg.store.Store` that answers through worker processes."""

import fcntl
import os
import sys
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from conflictkg.answers import Answer, Boolean, Iri, Row, Solutions, Stream, Term, Triple, Triples
from conflictkg.errors import (
    QueryError,
    QuerySyntaxError,
    QueryTimeoutError,
    StoreError,
)
from conflictkg.store import Limits, wire
from conflictkg.store.layout import GraphInfo, Manifest, read_manifest
from conflictkg.store.place import is_same_directory
from conflictkg.store.pool import DeadlineError, Pool, Worker, WorkerEndedError
from conflictkg.terms import PREFIXES

_Item = TypeVar("_Item")


class WorkerStore:
    """A store, open for reading.

    It holds its directory open and marks it as in use, so that a build which replaces it leaves the
    old files until this is closed.
    """

    def __init__(self, directory: Path, limits: Limits) -> None:
        self._directory, self._limits = directory, limits
        self._hold, self._manifest = _hold(directory)
        try:
            self._pool = Pool(
                _path_of(self._hold, directory),
                size=limits.workers,
                memory_mb=limits.memory_mb,
                keep_open=(self._hold,),
            )
        except BaseException:
            os.close(self._hold)
            raise

    @property
    def directory(self) -> Path:
        """Where it was opened."""
        return self._directory

    @property
    def release(self) -> str:
        """Identifier of the build: equal for equal contents."""
        return self._manifest.release

    @property
    def built_at(self) -> str:
        """When it was built, as ``xsd:dateTime`` in UTC."""
        return self._manifest.built_at

    def graphs(self) -> tuple[GraphInfo, ...]:
        """Its named graphs, by IRI."""
        return self._manifest.graphs

    def size(self) -> int:
        """Number of quads."""
        return sum(each.triples for each in self._manifest.graphs)

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
    ) -> Answer:
        """Ask in SPARQL; see :meth:`conflictkg.store.Store.query`."""
        self._check_length(text)
        request = {
            "text": text,
            "max_rows": max_rows,
            "default_graphs": list(default_graphs),
            "named_graphs": list(named_graphs),
            "bindings": {name: wire.pack_term(term) for name, term in (bindings or {}).items()},
            "base_iri": base_iri,
        }
        return _Conversation(self._pool, self._limits, deadline_s).ask(request)

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
        """End the workers. Queries that still run raise :class:`StoreError`."""
        if not self._pool.is_closed:
            self._pool.close()
            os.close(self._hold)

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
            raise QuerySyntaxError(
                f"has {length:,} bytes; at most {self._limits.max_query_bytes:,} are read "
                "(CONFLICTKG_MAX_QUERY_BYTES). Shorten it, or ask in parts."
            )


def _hold(directory: Path) -> tuple[int, Manifest]:
    """Open the directory and say that it is in use: a build asks for this lock before it deletes.

    Returns:
        A descriptor of the directory, and its manifest.
    """
    while True:
        manifest = read_manifest(directory)
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        # A build may have put another store in its place since the first line.
        if is_same_directory(descriptor, directory) and read_manifest(directory) == manifest:
            return descriptor, manifest
        os.close(descriptor)


def _path_of(descriptor: int, directory: Path) -> str:
    """A path that leads to the same directory after another has taken its name, where there is one."""
    return f"/proc/self/fd/{descriptor}" if sys.platform == "linux" else str(directory.resolve())


class _Conversation:
    """One query and the worker that answers it."""

    def __init__(self, pool: Pool, limits: Limits, deadline_s: float | None) -> None:
        self._pool, self._limits, self._deadline_s = pool, limits, deadline_s
        self._worker: Worker | None = pool.lend(limits.wait_s)
        self._deadline = None if deadline_s is None else time.monotonic() + deadline_s

    def ask(self, request: Any) -> Answer:
        """Send a query and read as far as its kind."""
        try:
            kind, payload = self._exchange(request)
        except BaseException:
            # Whatever it is, also Ctrl-C: the worker is in the middle of something.
            self.stop()
            raise
        if kind == wire.BOOLEAN:
            self._finish()
            return Boolean(payload)
        if kind == wire.SOLUTIONS:
            rows: Stream[Row] = Stream(self._items(wire.unpack_row), self.stop)
            return Solutions(tuple(payload), rows)
        triples: Stream[Triple] = Stream(self._items(wire.unpack_triple), self.stop)
        return Triples(triples)

    def stop(self) -> None:
        """Kill the worker if it is not done."""
        worker, self._worker = self._worker, None
        if worker is not None:
            self._pool.discard(worker)

    def _exchange(self, request: Any) -> tuple[bytes, Any]:
        if self._worker is not None:
            try:
                self._worker.send(wire.QUERY, request)
            except WorkerEndedError as error:
                raise self._describe_end() from error
        return self._receive()

    def _items(self, unpack: Callable[[Any], _Item]) -> Generator[_Item, None, bool]:
        while True:
            kind, payload = self._receive()
            if kind == wire.END:
                self._finish()
                return bool(payload)
            for each in payload:
                yield unpack(each)

    def _receive(self) -> tuple[bytes, Any]:
        if self._worker is None:
            raise StoreError("the answer was closed before it was read to its end")
        try:
            kind, payload = self._worker.receive(self._deadline)
        except DeadlineError as error:
            self.stop()
            raise QueryTimeoutError(self._deadline_s or 0.0) from error
        except WorkerEndedError as error:
            raise self._describe_end() from error
        if kind == wire.ERROR:
            self._finish()
            raise _add_hint(wire.unpack_error(payload))
        return kind, payload

    def _finish(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            self._pool.take_back(worker)

    def _describe_end(self) -> QueryError | StoreError:
        worker, self._worker = self._worker, None
        reason = self._pool.discard(worker) if worker is not None else ""
        if self._pool.is_closed:
            return StoreError("the store was closed while the query ran")
        because = f": {reason}" if reason else ""
        return QueryError(
            f"the engine gave this query up{because}. A query may use "
            f"{self._limits.memory_mb:,} MiB (CONFLICTKG_QUERY_MEMORY_MB). Ask for less: LIMIT, "
            "fewer joins, less nesting. Other queries are not affected."
        )


def _add_hint(error: QueryError | StoreError) -> QueryError | StoreError:
    """For a prefix that is not declared and that we know, the line to add."""
    if not isinstance(error, QuerySyntaxError) or not error.problem.startswith("prefix "):
        return error
    prefix = error.problem.removeprefix("prefix ").partition(":")[0]
    if prefix not in PREFIXES:
        return error
    hint = f"{error.problem} Add: PREFIX {prefix}: <{PREFIXES[prefix]}>"
    return QuerySyntaxError(hint, error.line, error.column)
