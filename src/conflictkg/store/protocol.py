"""What a store is to whoever uses one."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from conflictkg.answers import Answer, Solutions, Term, Triples
from conflictkg.engine.algebra import Query, Select
from conflictkg.engine.explain import Explanation
from conflictkg.store.deadlines import Cancellation
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
        spare_workers: Further queries that run at the same time, for which no memory is set aside: short
            ones of the server itself, which shall not wait for those of strangers.
    """

    workers: int = 2
    memory_mb: int = 2048
    temporary_mb: int = 10_000
    max_query_bytes: int = 262_144
    wait_s: float = 2.0
    spare_workers: int = 0


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


TermQuad = tuple[Term, Term, Term, Term | None]
"""Subject, predicate, object, graph; ``None`` is the unnamed default graph."""


class Proposal(Protocol):
    """A change that has been made and is not yet committed. Good only while the review runs."""

    def added(self) -> Iterator[TermQuad]:
        """The quads that come."""

    def removed(self) -> Iterator[TermQuad]:
        """The quads that go."""

    def graphs(self) -> frozenset[str]:
        """The graphs that something is done to; the empty text is the unnamed default graph."""

    def query(self, text: str, bindings: Mapping[str, Term] | None = None) -> Answer:
        """Ask in SPARQL what the store would be; all rows are there when it returns."""


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes a store, and what must hold for it.

    Args:
        by: Whose change it is, for the journal.
        comment: What it is for.
        review: Is given the change before it is committed; what it raises refuses all of it.
        expected: The release that the store must still be of; ``None`` for any.
    """

    by: str = ""
    comment: str = ""
    review: Callable[[Proposal], None] | None = None
    expected: str | None = None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One edit, as the journal tells it.

    Args:
        number: Its own, from 1.
        at: When, as ``xsd:dateTime`` in UTC.
        by: Whose it was.
        comment: What it was for.
        before: The release that it found.
        after: The release that it made.
        added: Quads that came.
        removed: Quads that went.
        created: Graphs that came.
        dropped: Graphs that went.
        undoes: The entry that it takes back, if it does.
    """

    number: int = 0
    at: str = ""
    by: str = ""
    comment: str = ""
    before: str = ""
    after: str = ""
    added: int = 0
    removed: int = 0
    created: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    undoes: int | None = None


class Federation(Protocol):
    """Has other endpoints asked for a query; :class:`conflictkg.federation.Federation` is one."""

    def resolve(
        self,
        query: Query,
        ask_store: Callable[[Select, int], Solutions],
        *,
        deadline: float | None,
        deadline_s: float | None,
        cancellation: Cancellation | None,
    ) -> Query:
        """The query with what others answer in the place of SERVICE; itself, if it has none.

        Args:
            query: The query.
            ask_store: Answers a query with at most so many rows from the store that the query is for.
            deadline: When the query is stopped, on the clock of ``time.monotonic``.
            deadline_s: How many seconds it was given.
            cancellation: Ends it.
        """


class Store(Protocol):
    """A build, open for reading or for changing it too. Safe to use from several threads at once."""

    @property
    def directory(self) -> Path:
        """Where it was opened."""

    @property
    def release(self) -> str:
        """Identifier of its contents: equal for equal ones, another after every change; good as an ETag."""

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
        cancellation: Cancellation | None = None,
        federation: Federation | None = None,
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
            cancellation: With it any thread can have the query ended, also while this call lasts.
            federation: Asks those that SERVICE names, before this returns; without it SERVICE is refused.

        Raises:
            QuerySyntaxError: It cannot be parsed, is longer than the store takes, or nests too deep.
            NotPermittedError: It is an update, or has SERVICE where that is refused.
            FederationError: An endpoint that it asks cannot be asked, or does not answer as it should.
            UnknownGraphError: It reads from a graph that the store has not.
            QueryTimeoutError: The deadline came; also while rows are read.
            QueryCancelledError: It was cancelled; also while rows are read.
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
        within_graph: str = "",
        edit: Edit | None = None,
        cancellation: Cancellation | None = None,
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
            within_graph: IRI of the graph that it works on where it names none.
            edit: Who changes it; then the change is reviewed and written into the journal.
            cancellation: With it any thread can have it stopped, and nothing changed.

        Raises:
            QuerySyntaxError: It cannot be parsed, is longer than the store takes, or nests too deep.
            StoreChangedError: It is no longer of the release that the edit expects.
            NotPermittedError: The store was opened for reading only, or it has LOAD without SILENT.
            QueryTimeoutError: The deadline came.
            QueryCancelledError: It was cancelled.
            QueryError: A graph is not there, or is there already, or WHERE cannot be answered.
            StoreError: The disk refuses.
        """

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
        """Put triples into a graph, or remove the graph: all of it, or nothing.

        Args:
            graph: Its IRI; empty for the unnamed default graph.
            file: N-Triples (``.nt``) of any size, whose blank nodes are new ones; ``None`` removes the graph.
            replace: Whether the graph holds nothing else afterwards.
            deadline_s: Seconds after which it is stopped and nothing changed, once the file has been read.
            edit: Who changes it.
            cancellation: With it any thread can have it stopped, and nothing changed.

        Raises:
            MissingGraphError: There is no such graph to remove.
            RdfSyntaxError: The file is no N-Triples.
            NotPermittedError: The store was opened for reading only.
            QueryTimeoutError: The deadline came.
            QueryCancelledError: It was cancelled.
            StoreChangedError: It is no longer of the release that the edit expects.
            StoreError: The disk refuses.
        """

    def journal(self, *, after: int = 0, most: int = 100) -> tuple[JournalEntry, ...]:
        """The edits after a number, oldest first, at most so many."""

    def patch(self, number: int) -> Iterator[str]:
        """One edit as RDF Patch, some lines at a time.

        Raises:
            NotFoundError: There is no such entry.
        """

    def undo(
        self,
        number: int,
        edit: Edit,
        *,
        deadline_s: float | None = None,
        cancellation: Cancellation | None = None,
    ) -> UpdateReport:
        """Take back an edit, by another one.

        Args:
            number: Of the entry that it takes back.
            edit: Who takes it back.
            deadline_s: Seconds from now after which it is stopped and nothing changed; ``None`` for never.
            cancellation: With it any thread can have it stopped, and nothing changed.

        Raises:
            NotFoundError: There is no such entry.
            UndoError: Some of it has been changed again since.
            NotPermittedError: The store was opened for reading only.
            QueryTimeoutError: The deadline came.
            QueryCancelledError: It was cancelled.
            StoreChangedError: It is no longer of the release that the edit expects.
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
