"""Asking a store for rows, as descriptions need them: by name, all of them or an error."""

from collections.abc import Iterator, Sequence

from conflictkg.answers import Iri, Literal, Solutions, Term
from conflictkg.errors import QueryError
from conflictkg.store import Store
from conflictkg.terms import PROLOGUE


def iter_rows(
    store: Store, text: str, *, deadline_s: float | None = None, graphs: Sequence[str] = ()
) -> Iterator[dict[str, Term]]:
    """The rows of a SELECT of our own, each by the names of its bound variables.

    Args:
        store: What is asked.
        text: The query without its prefixes.
        deadline_s: Seconds after which it is stopped.
        graphs: IRIs of the graphs that it reads; none for all.

    Raises:
        QueryError: The store cannot answer it, or not in time.
    """
    answer = store.query(PROLOGUE + text, deadline_s=deadline_s, default_graphs=graphs)
    with answer:
        if not isinstance(answer, Solutions):
            raise QueryError("a description asked something other than SELECT")
        for row in answer.rows:
            pairs = zip(answer.variables, row, strict=True)
            yield {name: term for name, term in pairs if term is not None}


def to_text(term: Term | None) -> str:
    """The IRI or the lexical form that a term is; empty for none.

    >>> to_text(Iri("http://x/")), to_text(None)
    ('http://x/', '')
    """
    if isinstance(term, Iri):
        return term.value
    return term.lexical if isinstance(term, Literal) else ""


def to_number(term: Term | None) -> int:
    """The count that a term is; 0 for none."""
    return int(to_text(term) or 0)
