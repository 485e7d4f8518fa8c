"""What a store is to whoever uses one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from conflictkg.answers import Answer, Term, Triples
from conflictkg.engine.explain import Explanation
from conflictkg.store.layout import GraphInfo


@dataclass(frozen=True, slots=True)
class Limits:
    """What queries may use.

    Args:
        workers: Queries that run at the same time.
        memory_mb: Memory of one query, in MiB.
        temporary_mb: Disk that all queries together may use beyond their memory, in MiB.
        max_query_bytes: Longest query text, in bytes of UTF-8.
        wait_s: How long a query waits for its turn before it is turned away.
    """

    workers: int = 2
    memory_mb: int = 2048
    temporary_mb: int = 10_000
    max_query_bytes: int = 262_144
    wait_s: float = 2.0


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update changed.

    Args:
        added: Quads that were not there before an operation and came with it.
        removed: Quads that went.
    """

    added: int = 0
    removed: int = 0

    def __add__(self, other: "UpdateReport") -> "UpdateReport":
        return UpdateReport(self.added + other.added, self.removed + other.removed)


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
            deadline_s: Seconds from now after which the query is stopped; ``None`` for never.
            max_rows: Rows or triples after which the answer ends; its ``complete`` tells.
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
            QueryMemoryError: It needs more memory, or more room for temporary files, than it may have.
            QueryError: It calls a function that there is not, or has no variable of a binding's name.
            StoreBusyError: As many queries as may ran for longer than a query waits; ask again later.
            StoreError: The store is closed, or cannot be read.
        """

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
        """Say how a query is answered, and what is probably wrong with it.

        Args:
            text: A query; it and the other arguments are as for :meth:`query`.
            analyze: Whether it is run, to see what each step of the plan takes. A query that is stopped by
                its deadline is explained all the same, without what its steps took.
            deadline_s: Seconds from now after which it is stopped; ``None`` for never.
            default_graphs: ``default-graph-uri``.
            named_graphs: ``named-graph-uri``.
            bindings: Values for variables.
            base_iri: What relative IRIs are resolved against.
            names: Prefixes and namespaces to write IRIs with, beside those of the query.

        Raises:
            QueryError: As :meth:`query` does, but for QueryTimeoutError while it runs.
        """

    def update(
        self,
        text: str,
        *,
        deadline_s: float | None = None,
        using_graphs: Sequence[str] = (),
        using_named_graphs: Sequence[str] = (),
        base_iri: str | None = None,
    ) -> UpdateReport:
        """Change it in SPARQL: the whole request, or nothing of it.

        When this returns, the change is on disk, and queries that begin later see it. Queries that run
        see none of it.

        Args:
            text: An update request: one or more operations.
            deadline_s: Seconds from now after which it is stopped and nothing changed; ``None`` for never.
            using_graphs: ``using-graph-uri`` of the SPARQL protocol.
            using_named_graphs: ``using-named-graph-uri``.
            base_iri: What relative IRIs of the request are resolved against.

        Raises:
            QuerySyntaxError: It cannot be parsed, is longer than the store takes, or nests too deep.
            NotPermittedError: The store was opened for reading only, or it has LOAD without SILENT.
            QueryTimeoutError: The deadline came.
            QueryError: A graph is not there, or is there already, or WHERE cannot be answered.
            StoreError: The disk refuses.
        """

    def describe(
        self, iri: str, *, deadline_s: float | None = None, max_rows: int | None = None
    ) -> Triples:
        """All triples that have this subject, in any graph; none if nothing is said of it."""

    def close(self) -> None:
        """Close it. Queries that still run raise :class:`StoreError`."""

    def __enter__(self) -> Self:
        """Close at the end of a ``with``."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
