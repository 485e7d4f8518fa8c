"""Changes by somebody: looked at before they are committed, and written down with what they changed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from conflictkg.answers import Answer, Iri, Term
from conflictkg.engine.compile import compile_query
from conflictkg.engine.syntax import parse_query
from conflictkg.errors import StoreChangedError
from conflictkg.store.answering import answer_fetched
from conflictkg.store.bindings import bind
from conflictkg.store.changes import Transaction
from conflictkg.store.database import Database
from conflictkg.store.functions import PROGRAMS
from conflictkg.store.journal import write_entry
from conflictkg.store.protocol import Edit, JournalEntry, TermQuad
from conflictkg.store.statements import make_statement


class Proposed:
    """The :class:`~conflictkg.store.Proposal` that a transaction is."""

    def __init__(self, transaction: Transaction, is_stopped: Callable[[], bool]) -> None:
        self._transaction, self._is_stopped = transaction, is_stopped

    def added(self) -> Iterator[TermQuad]:
        """The quads that come."""
        return self._transaction.edited(is_added=True)

    def removed(self) -> Iterator[TermQuad]:
        """The quads that go."""
        return self._transaction.edited(is_added=False)

    def graphs(self) -> frozenset[str]:
        """The graphs that something is done to; the empty text is the unnamed default graph."""
        found = self._transaction.edited_graphs()
        default = {""} if None in found else set()
        return frozenset(default | {each.value for each in found if isinstance(each, Iri)})

    def query(self, text: str, bindings: Mapping[str, Term] | None = None) -> Answer:
        """Ask in SPARQL what the store would be."""
        query = bind(parse_query(text, base=""), bindings or {})
        catalog = self._transaction.catalog
        statement = make_statement(compile_query(query, catalog), catalog, None)
        if statement.plan.programs:
            self._transaction.hold_terms()
        with PROGRAMS.at_hand(statement.plan.programs, catalog.dictionary, self._is_stopped):
            rows = self._transaction.cursor.execute(statement.sql).fetchall()
        return answer_fetched(statement, rows, None)


@contextmanager
def editing(
    database: Database,
    transaction: Transaction,
    edit: Edit | None,
    is_stopped: Callable[[], bool] = lambda: False,
    undoes: int | None = None,
) -> Iterator[None]:
    """Have what the block does to a transaction reviewed, and write it into the journal.

    Args:
        database: The store.
        transaction: Of that store, fresh.
        edit: Who does it; without one nothing is asked and nothing written.
        is_stopped: Whether the review's queries are to stop.
        undoes: The entry that the block takes back.

    Raises:
        StoreChangedError: The store is not what the edit expects; the block does not run.
        ConflictKGError: What the review raises.
    """
    if edit is None:
        yield
        return
    if edit.expected is not None and edit.expected != database.release:
        raise StoreChangedError(edit.expected, database.release)
    transaction.record()
    graphs = set(transaction.catalog.graphs)
    yield
    if not transaction.has_new_state:
        return
    if edit.review is not None:
        edit.review(Proposed(transaction, is_stopped))
    later = set(transaction.catalog.graphs)
    entry = JournalEntry(
        by=edit.by,
        comment=edit.comment,
        before=database.release,
        after=database.release_of(transaction.catalog.epoch),
        created=_name_graphs(transaction, later - graphs),
        dropped=_name_graphs(transaction, graphs - later),
        undoes=undoes,
    )
    write_entry(transaction, entry)


def _name_graphs(transaction: Transaction, ids: set[int]) -> tuple[str, ...]:
    terms = transaction.catalog.dictionary.terms(list(ids))
    return tuple(sorted(each.value for each in terms if isinstance(each, Iri)))
