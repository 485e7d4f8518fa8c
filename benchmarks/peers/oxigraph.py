"""pyoxigraph, in the process, on RocksDB files."""

import time
from pathlib import Path

import pyoxigraph as ox

from peers.driver import Reply, Row, blank, iri, literal, peak_of, size_of


class Oxigraph:
    """A pyoxigraph store."""

    persistent = True

    def __init__(self, directory: Path) -> None:
        self._directory = directory / "store"
        self._store: ox.Store | None = None

    def version(self) -> str:
        """Name and version."""
        return f"pyoxigraph {ox.__version__}"

    def load(self, path: Path) -> float:
        """Bulk load, then flush.

        ``optimize``, which the documentation calls useful after it, is done too, to the good of the
        questions, but not counted.
        """
        start = time.perf_counter()
        store = ox.Store(str(self._directory))
        store.bulk_load(path=str(path), format=ox.RdfFormat.N_TRIPLES)
        store.flush()
        seconds = time.perf_counter() - start
        store.optimize()
        self._store = store
        return seconds

    def open(self) -> None:
        """Open for reading only."""
        self._store = ox.Store.read_only(str(self._directory))

    def ask(self, query: str) -> Reply:
        """Ask; solutions are objects then, their terms not yet text."""
        assert self._store is not None  # noqa: S101 -- load or open comes first
        start = time.perf_counter()
        answer = self._store.query(query)
        if isinstance(answer, ox.QueryBoolean):
            return Reply(time.perf_counter() - start, [(str(bool(answer)).lower(),)])
        if isinstance(answer, ox.QueryTriples):
            triples = list(answer)
            seconds = time.perf_counter() - start
            # A graph is a set; the engine may give a triple twice.
            rows = {(_cell(s), _cell(p), _cell(o)) for s, p, o in triples}
            return Reply(seconds, list(rows))
        solutions = list(answer)
        seconds = time.perf_counter() - start
        return Reply(seconds, [_row(solution) for solution in solutions])

    def disk_bytes(self) -> int:
        """The RocksDB folder."""
        return size_of(self._directory)

    def peak_rss_bytes(self) -> int:
        """Of this process."""
        return peak_of()

    def close(self) -> None:
        """Let go of the store."""
        self._store = None


def _row(solution: ox.QuerySolution) -> Row:
    return tuple(_cell(term) for term in solution)


def _cell(term: object) -> str:
    match term:
        case ox.NamedNode():
            return iri(term.value)
        case ox.Literal():
            return literal(term.value, term.datatype.value, term.language or "")
        case None:
            return ""
        case _:
            return blank()


def make(directory: Path) -> Oxigraph:
    """The driver."""
    return Oxigraph(directory)
