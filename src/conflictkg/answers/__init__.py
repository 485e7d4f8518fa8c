"""What a query is answered with: solutions, triples and a boolean, whatever engine made them.

Nothing here knows an engine, and none of it needs rdflib. Solutions come by the column
(:mod:`conflictkg.answers.columns`), and as rows for whoever wants rows.
:mod:`conflictkg.answers.formats` writes answers as SPARQL results and as RDF.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Final, Self, TypeVar
from typing import Literal as OneOf

from conflictkg.answers.batches import iter_rows, make_batch
from conflictkg.answers.columns import Batch as Batch
from conflictkg.answers.columns import TermColumn as TermColumn
from conflictkg.answers.streams import Stream as Stream
from conflictkg.answers.terms import RDF as RDF
from conflictkg.answers.terms import RDF_DIR_LANG_STRING as RDF_DIR_LANG_STRING
from conflictkg.answers.terms import RDF_LANG_STRING as RDF_LANG_STRING
from conflictkg.answers.terms import XSD as XSD
from conflictkg.answers.terms import XSD_STRING as XSD_STRING
from conflictkg.answers.terms import Blank as Blank
from conflictkg.answers.terms import Iri as Iri
from conflictkg.answers.terms import Literal as Literal
from conflictkg.answers.terms import Row as Row
from conflictkg.answers.terms import Term as Term
from conflictkg.answers.terms import Triple as Triple

_Item = TypeVar("_Item")

Kind = OneOf["solutions", "boolean", "graph"]

_ROWS_A_BATCH = 512
"""Of batches that are made from rows: early enough for a reader who waits."""


class _Closing:
    """``with`` and ``close()`` for answers; those that hold nothing have nothing to do."""

    __slots__ = ()

    def close(self) -> None:
        """Stop the query if it still runs, and free what it holds."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class _Derived(Stream[_Item]):
    """The same answer in another form. Letting go of it alone does not close the answer."""

    def __init__(self, items: Iterator[_Item], source: Stream[Row] | Stream[Batch]) -> None:
        super().__init__(items)
        self._source = source

    def close(self) -> None:
        """Stop the query if it still runs, and free what it holds."""
        self._source.close()

    def __del__(self) -> None:
        """Nothing: the source closes itself."""


class Solutions(_Closing):
    """The answer to SELECT. It can be read once: as rows or as batches.

    Args:
        variables: Names without their question mark, in the order of the query.
        rows: One tuple a solution, as wide as ``variables``.
        batches: The same by the column; one of the two is given.

    >>> answer = Solutions(("a",), Stream(iter([(Literal("x"),)])))
    >>> [batch.size for batch in answer.batches], answer.complete
    ([1], True)
    """

    kind: Final = "solutions"

    def __init__(
        self,
        variables: tuple[str, ...],
        rows: Stream[Row] | None = None,
        *,
        batches: Stream[Batch] | None = None,
    ) -> None:
        self.variables = variables
        if rows is not None:
            source: Stream[Row] | Stream[Batch] = rows
            batches = _Derived(_to_batches(rows, len(variables)), rows)
        elif batches is not None:
            source = batches
            rows = _Derived(_to_rows(batches), batches)
        else:
            raise TypeError("solutions need rows or batches")
        self._source, self.rows, self.batches = source, rows, batches
        self.has_rows = source is rows
        """Whether it is made of rows: then there are few, or they come one by one."""

    @property
    def complete(self) -> bool | None:
        """Whether these were all there are; ``None`` until the last one was read."""
        return self._source.complete

    def close(self) -> None:
        """Stop the query if it still runs, and free what it holds."""
        self._source.close()


def _to_rows(batches: Stream[Batch]) -> Iterator[Row]:
    for batch in batches:
        yield from iter_rows(batch)
    # A generator's return value: Stream reads it.
    return batches.complete  # type: ignore[return-value]


def _to_batches(rows: Stream[Row], width: int) -> Iterator[Batch]:
    while taken := list(islice(rows, _ROWS_A_BATCH)):
        yield make_batch(taken, width)
    return rows.complete  # type: ignore[return-value]  # as above


@dataclass(frozen=True, slots=True)
class Boolean(_Closing):
    """The answer to ASK."""

    value: bool
    kind: OneOf["boolean"] = "boolean"


@dataclass(frozen=True, slots=True)
class Triples(_Closing):
    """The answer to CONSTRUCT and DESCRIBE; can be read once, and a triple may come twice."""

    triples: Stream[Triple]
    kind: OneOf["graph"] = "graph"

    @property
    def complete(self) -> bool | None:
        """Whether these were all there are; ``None`` until the last one was read."""
        return self.triples.complete

    def close(self) -> None:
        """Stop the query if it still runs, and free what it holds."""
        self.triples.close()


Answer = Solutions | Boolean | Triples
