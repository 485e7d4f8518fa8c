"""What a query is answered with: terms, rows, triples and a boolean, whatever engine made them.

Nothing here knows an engine, and none of it needs rdflib, so that a query's worker starts fast.
:mod:`conflictkg.answers.formats` writes answers as SPARQL results and as RDF.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Generic, Self, TypeVar
from typing import Literal as OneOf

from conflictkg.answers.columns import Batch as Batch
from conflictkg.answers.columns import TermColumn as TermColumn

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD_STRING = XSD + "string"
RDF_LANG_STRING = RDF + "langString"
RDF_DIR_LANG_STRING = RDF + "dirLangString"

Kind = OneOf["solutions", "boolean", "graph"]


@dataclass(frozen=True, slots=True)
class Iri:
    """An IRI, absolute and without angle brackets."""

    value: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank node; its label means something within one answer only."""

    label: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal, with its lexical form as it stands in the graph.

    Args:
        lexical: The lexical form, not normalised.
        datatype: IRI of the datatype; of a literal with a language, ``rdf:langString``.
        language: Language tag, empty where there is none.
        direction: ``ltr`` or ``rtl`` (RDF 1.2), empty where there is none.
    """

    lexical: str
    datatype: str = XSD_STRING
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Triple:
    """A triple; as a term it is a triple term of RDF 1.2."""

    subject: "Term"
    predicate: Iri
    object: "Term"


Term = Iri | Blank | Literal | Triple
Row = tuple[Term | None, ...]
"""One solution, in the order of the variables; ``None`` where a variable is unbound."""

_Item = TypeVar("_Item")


class Stream(Generic[_Item]):
    """Rows or triples as they come, and whether they were all.

    Errors of the engine are raised by the iteration: a query can reach its deadline after its
    thousandth row. Whoever does not read to the end calls :meth:`close`, or uses ``with``.

    Args:
        items: The rows or triples. A returned (not yielded) ``False`` says that a limit cut them off.
        close: Frees what the items come from; called once.

    >>> stream = Stream(iter([1, 2]))
    >>> list(stream), stream.complete
    ([1, 2], True)
    """

    def __init__(self, items: Iterator[_Item], close: Callable[[], None] | None = None) -> None:
        self._items = items
        self._close = close
        self._complete: bool | None = None

    @property
    def complete(self) -> bool | None:
        """Whether these were all there are: ``False`` where a limit cut them off.

        ``None`` until the last one was read.
        """
        return self._complete

    def __iter__(self) -> Iterator[_Item]:
        return self

    def __next__(self) -> _Item:
        try:
            return next(self._items)
        except StopIteration as stop:
            if self._complete is None:
                self._complete = stop.value is not False
            self.close()
            raise
        except BaseException:
            self.close()
            raise

    def __del__(self) -> None:
        # Who lets go of an answer without closing it shall not keep a worker for ever.
        self.close()

    def close(self) -> None:
        """Stop the query if it still runs, and free its worker."""
        close, self._close = self._close, None
        if close is not None:
            close()


class _Closing:
    """``with`` and ``close()`` for answers; those that hold nothing have nothing to do."""

    __slots__ = ()

    def close(self) -> None:
        """Stop the query if it still runs, and free its worker."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Solutions(_Closing):
    """The answer to SELECT.

    Args:
        variables: Names without their question mark, in the order of the query.
        rows: One tuple a solution, as wide as ``variables``; can be read once.
    """

    variables: tuple[str, ...]
    rows: Stream[Row]
    kind: OneOf["solutions"] = "solutions"

    def close(self) -> None:
        """Stop the query if it still runs, and free its worker."""
        self.rows.close()


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

    def close(self) -> None:
        """Stop the query if it still runs, and free its worker."""
        self.triples.close()


Answer = Solutions | Boolean | Triples
