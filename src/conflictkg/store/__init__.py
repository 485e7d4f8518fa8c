"""One handle on a store: ask it, change it, describe a thing, list its graphs.

:class:`Store` is all that the command line and the web know. Behind it stands DuckDB, in this process;
nothing outside this package imports it.

A store is a directory that ``conflictkg build`` or ``conflictkg load`` wrote whole
(:mod:`conflictkg.store.layout`). A new build takes its directory by one rename, and who has the old one
open goes on reading it.
"""

from pathlib import Path

from conflictkg.store.database import THREADS_A_QUERY, memory_database
from conflictkg.store.deadlines import Cancellation as Cancellation
from conflictkg.store.functions import warm_up as warm_up
from conflictkg.store.handle import DuckStore
from conflictkg.store.layout import GraphInfo as GraphInfo
from conflictkg.store.opening import open_database
from conflictkg.store.protocol import Edit as Edit
from conflictkg.store.protocol import Federation as Federation
from conflictkg.store.protocol import JournalEntry as JournalEntry
from conflictkg.store.protocol import Limits as Limits
from conflictkg.store.protocol import Proposal as Proposal
from conflictkg.store.protocol import Store as Store
from conflictkg.store.protocol import TermQuad as TermQuad
from conflictkg.store.protocol import UpdateReport as UpdateReport

_DEFAULT = Limits()


def open_store(directory: Path, limits: Limits = _DEFAULT, *, editable: bool = False) -> Store:
    """Open a store.

    Args:
        directory: Where it is.
        limits: What queries may use.
        editable: Whether it may be changed; then no other process can have it open.

    Raises:
        StoreMissingError: There is nothing at that place; it says which command builds a store.
        StoreBusyError: Another process has it open for changing, or, if it is to be changed, at all.
        StoreError: What is there is no store, is of another format version, or cannot be read.
    """
    database = open_database(
        directory,
        read_only=not editable,
        memory_mb=limits.memory_mb * limits.workers,
        temp_mb=limits.temporary_mb,
        threads=THREADS_A_QUERY,
    )
    # In a store that changes a graph may come yet: until then it is empty.
    return DuckStore(database, limits, only_known_graphs=not editable)


def memory_store(*, union_default_graph: bool = False, limits: Limits = _DEFAULT) -> Store:
    """An empty store in memory, for as long as it is open.

    Args:
        union_default_graph: Whether queries see the union of all graphs as their default graph.
        limits: What queries may use; of memory all stores of this kind may have 8 GB together.

    >>> with memory_store() as store:
    ...     store.update('INSERT DATA { <http://e/s> <http://e/p> "o" }')
    ...     [row[0].lexical for row in store.query("SELECT ?o { ?s ?p ?o }").rows]
    UpdateReport(added=1, removed=0)
    ['o']
    """
    database = memory_database(union_default_graph=union_default_graph)
    return DuckStore(database, limits, only_known_graphs=False)
