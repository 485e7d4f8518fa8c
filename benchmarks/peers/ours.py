"""Our own engine, through the one handle that the command line and the server use."""

import time
from importlib.metadata import version
from pathlib import Path

from conflictkg.answers import Answer, Boolean, Iri, Literal, Solutions, Term
from conflictkg.store import Store, open_store
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files
from peers.driver import Reply, blank, iri, literal, peak_of, size_of


class Ours:
    """A store that was loaded from N-Triples."""

    persistent = True

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "store"
        self._store: Store | None = None

    def version(self) -> str:
        """Name and version."""
        return f"conflictkg {version('conflictkg')}"

    def load(self, path: Path) -> float:
        """Load, durably."""
        start = time.perf_counter()
        load_files([Source(path)], self._directory)
        seconds = time.perf_counter() - start
        self.open()
        return seconds

    def open(self) -> None:
        """Open for reading."""
        self._store = open_store(self._directory)

    def ask(self, query: str) -> Reply:
        """Ask."""
        assert self._store is not None  # noqa: S101 -- load or open comes first
        start = time.perf_counter()
        answer = self._store.query(query)
        if isinstance(answer, Boolean):
            return Reply(time.perf_counter() - start, [(str(answer.value).lower(),)])
        items = list(_terms(answer))
        seconds = time.perf_counter() - start
        rows = [tuple(_cell(term) for term in item) for item in items]
        return Reply(seconds, rows if isinstance(answer, Solutions) else list(set(rows)))

    def disk_bytes(self) -> int:
        """The store's folder."""
        return size_of(self._directory)

    def peak_rss_bytes(self) -> int:
        """Of this process."""
        return peak_of()

    def close(self) -> None:
        """Close the store."""
        if self._store is not None:
            self._store.close()
            self._store = None


def _terms(answer: Answer) -> list[tuple[Term | None, ...]]:
    if isinstance(answer, Solutions):
        return list(answer.rows)
    if isinstance(answer, Boolean):
        return []
    return [(triple.subject, triple.predicate, triple.object) for triple in answer.triples]


def _cell(term: Term | None) -> str:
    match term:
        case Iri():
            return iri(term.value)
        case Literal():
            return literal(term.lexical, term.datatype, term.language)
        case None:
            return ""
        case _:
            return blank()


def make(directory: Path) -> Ours:
    """The driver."""
    return Ours(directory)
