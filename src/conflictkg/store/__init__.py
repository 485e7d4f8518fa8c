"""One handle on a build: ask it, describe a thing, list its graphs.

:class:`Store` is all that the command line and the web know. Behind it stands pyoxigraph in worker
processes that can be killed; nothing outside this package imports it.

A store is a directory that ``conflictkg build`` wrote whole (:mod:`conflictkg.store.layout`). It is
never changed in place: a new build takes its directory by one rename, and who has the old one open
goes on reading it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from conflictkg.answers import Answer, Term, Triples
from conflictkg.store.layout import GraphInfo as GraphInfo


class Store(Protocol):
    """A build, open for reading. Safe to use from several threads at once."""

    @property
    def directory(self) -> Path:
        """Where it was opened."""

    @property
    def release(self) -> str:
        """Identifier of the build: equal for equal contents; good as an ETag."""

    @property
    def built_at(self) -> str:
        """When it was built, as ``xsd:dateTime`` in UTC."""

    def graphs(self) -> tuple[GraphInfo, ...]:
        """Its named graphs, by IRI. Their union is the default graph of queries."""

    def size(self) -> int:
        """Number of quads."""

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
        """Ask in SPARQL.

        The kind of the answer is known when this returns; its rows are computed while they are
        read, and the deadline holds for the reading too.

        Args:
            text: A SELECT, ASK, CONSTRUCT or DESCRIBE query.
            deadline_s: Seconds from now after which the query is killed; ``None`` for never.
            max_rows: Rows or triples after which the answer ends; its stream's ``complete`` tells.
            default_graphs: IRIs of graphs whose union is the default graph (``default-graph-uri``
                of the SPARQL protocol). With ``named_graphs`` they go before FROM in the query.
                Without both, and without FROM, it is the union of all.
            named_graphs: IRIs of graphs that GRAPH may name (``named-graph-uri``).
            bindings: Values for variables of the query, by name without the question mark: the
                way to put a value into a query, instead of joining strings.
            base_iri: What relative IRIs of the query are resolved against.

        Raises:
            QuerySyntaxError: It cannot be parsed, is longer than the store takes, or nests too deep.
            NotPermittedError: It has SERVICE, an update, or names a graph that the store has not.
            QueryTimeoutError: The deadline came; also while rows are read.
            QueryError: It needs more memory than a query may have, or the engine gave it up.
            StoreBusyError: All workers were busy for longer than a query waits; ask again later.
            StoreError: The store is closed, or cannot be read.
        """

    def describe(
        self, iri: str, *, deadline_s: float | None = None, max_rows: int | None = None
    ) -> Triples:
        """All triples that have this subject, in any graph; none if nothing is said of it."""

    def close(self) -> None:
        """End the workers. Queries that still run raise :class:`StoreError`."""

    def __enter__(self) -> Self:
        """Close at the end of a ``with``."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What queries may use.

    Args:
        workers: Queries that run at the same time.
        memory_mb: Address space of one worker, in MiB; below 512 the store cannot be opened.
        max_query_bytes: Longest query text, in bytes of UTF-8.
        wait_s: How long a query waits for a free worker before it is turned away.
    """

    workers: int = 2
    memory_mb: int = 2048
    max_query_bytes: int = 262_144
    wait_s: float = 2.0


def open_store(directory: Path, limits: Limits = Limits()) -> Store:
    """Open a build for reading.

    Raises:
        StoreMissingError: There is nothing at that place; it says which command builds a store.
        StoreError: What is there is no store, is of another format version, or cannot be read.
    """
    # Here and not above: workers import this package too, and shall not wait for rdflib.
    from conflictkg.store.reader import WorkerStore

    return WorkerStore(directory, limits)
