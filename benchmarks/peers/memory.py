"""rdflib with its own evaluator, in memory: only for the smallest data."""

import time
from pathlib import Path

import rdflib
from rdflib.term import BNode, Literal, Node, URIRef

from peers.driver import Reply, Row, blank, iri, literal, peak_of


class Memory:
    """An rdflib graph."""

    persistent = False

    def __init__(self, directory: Path) -> None:
        del directory  # it keeps nothing there
        self._graph = rdflib.Graph()

    def version(self) -> str:
        """Name and version."""
        return f"rdflib {rdflib.__version__}"

    def load(self, path: Path) -> float:
        """Parse into memory."""
        start = time.perf_counter()
        self._graph.parse(path, format="ntriples")
        return time.perf_counter() - start

    def open(self) -> None:
        """There is nothing to open."""
        raise NotImplementedError("rdflib keeps nothing: load again")

    def ask(self, query: str) -> Reply:
        """Ask."""
        start = time.perf_counter()
        answer = list(self._graph.query(query))
        seconds = time.perf_counter() - start
        return Reply(seconds, [_row(row) for row in answer])

    def disk_bytes(self) -> int:
        """Nothing."""
        return 0

    def peak_rss_bytes(self) -> int:
        """Of this process."""
        return peak_of()

    def close(self) -> None:
        """Nothing to let go of."""


def _row(row: object) -> Row:
    if isinstance(row, tuple):
        return tuple(_cell(term) for term in row)
    return (str(row).lower(),)


def _cell(term: Node | None) -> str:
    match term:
        case URIRef():
            return iri(str(term))
        case BNode():
            return blank()
        case Literal():
            return literal(str(term), str(term.datatype or ""), term.language or "")
        case _:
            return ""


def make(directory: Path) -> Memory:
    """The driver."""
    return Memory(directory)
