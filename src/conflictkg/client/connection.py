"""One graph to ask, wherever it is."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import TracebackType
from typing import Protocol, Self

import rdflib
from rdflib.term import Node

from conflictkg.answers import XSD, Answer, Boolean, Iri, Literal, Solutions, Term, Triples
from conflictkg.client.rows import Rows
from conflictkg.errors import IncompleteAnswerError, QueryError
from conflictkg.rdflib_store.nodes import to_node, to_term

Value = Iri | Literal | Node | str | int | float | Decimal | date | datetime
"""What can be put in for a variable. A text is a literal; for an IRI take ``Iri`` or rdflib's ``URIRef``."""


class Source(Protocol):
    """What answers: a store, or an endpoint."""

    @property
    def release(self) -> str:
        """Of the data; empty where it is not known yet."""

    def query(
        self,
        text: str,
        *,
        deadline_s: float | None = None,
        max_rows: int | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        bindings: Mapping[str, Term] | None = None,
    ) -> Answer:
        """Ask in SPARQL."""

    def close(self) -> None:
        """Let go of it."""


class Connection:
    """A graph to ask. Good in a ``with``; safe to use from several threads.

    Args:
        source: What answers.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def release(self) -> str:
        """Of the data: equal for equal contents. Over HTTP that of this thread's last answer."""
        return self._source.release

    def query(
        self,
        text: str,
        *,
        bindings: Mapping[str, Value] | None = None,
        timeout_s: float | None = None,
        limit: int | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        allow_partial: bool = False,
    ) -> Rows:
        """Ask a SELECT.

        Args:
            text: The query.
            bindings: Values for its variables, by name: the way to put a value in, instead of joining strings.
            timeout_s: Seconds after which it is stopped; by default as the endpoint has it, in a directory never.
            limit: Rows that are wanted; an answer that ends there counts as whole.
            default_graphs: IRIs of graphs whose union is asked, instead of all.
            named_graphs: IRIs of graphs that GRAPH may name.
            allow_partial: Whether an answer that was cut off is given as far as it goes. Its ``complete`` tells.

        Raises:
            QuerySyntaxError: It cannot be parsed; with line and column.
            QueryTimeoutError: It took too long.
            IncompleteAnswerError: The answer was cut off; raised where the rows that came end.
            QueryError: It cannot be answered, or is no SELECT.
            RemoteError: The endpoint refuses the request, or cannot be reached.
        """
        answer = self._ask(text, bindings, timeout_s, limit, default_graphs, named_graphs)
        if not isinstance(answer, Solutions):
            answer.close()
            raise _wrong_kind("SELECT", answer)
        allowed = allow_partial or limit is not None
        return Rows(answer, allow_partial=allowed, release=self.release)

    def ask(
        self,
        text: str,
        *,
        bindings: Mapping[str, Value] | None = None,
        timeout_s: float | None = None,
    ) -> bool:
        """Ask an ASK.

        Args:
            text: The query.
            bindings: Values for its variables.
            timeout_s: Seconds after which it is stopped.

        Raises:
            QueryError: As :meth:`query`.
            RemoteError: As :meth:`query`.
        """
        answer = self._ask(text, bindings, timeout_s)
        if not isinstance(answer, Boolean):
            answer.close()
            raise _wrong_kind("ASK", answer)
        return answer.value

    def construct(
        self,
        text: str,
        *,
        bindings: Mapping[str, Value] | None = None,
        timeout_s: float | None = None,
        limit: int | None = None,
        allow_partial: bool = False,
    ) -> rdflib.Graph:
        """Ask a CONSTRUCT or DESCRIBE.

        Args:
            text: The query.
            bindings: Values for its variables.
            timeout_s: Seconds after which it is stopped.
            limit: Triples that are wanted.
            allow_partial: Whether a graph that was cut off is given as far as it goes.

        Raises:
            IncompleteAnswerError: The graph was cut off.
            QueryError: As :meth:`query`.
            RemoteError: As :meth:`query`.
        """
        answer = self._ask(text, bindings, timeout_s, limit)
        if not isinstance(answer, Triples):
            answer.close()
            raise _wrong_kind("CONSTRUCT or DESCRIBE", answer)
        graph = rdflib.Graph()
        may_be_cut = allow_partial or limit is not None
        with answer:
            try:
                for each in answer.triples:
                    graph.add(
                        (to_node(each.subject), to_node(each.predicate), to_node(each.object))
                    )
            except IncompleteAnswerError:
                if not may_be_cut:
                    raise
            if answer.complete is False and not may_be_cut:
                raise IncompleteAnswerError(len(graph))
        return graph

    def _ask(
        self,
        text: str,
        bindings: Mapping[str, Value] | None,
        timeout_s: float | None,
        limit: int | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
    ) -> Answer:
        return self._source.query(
            text,
            deadline_s=timeout_s,
            max_rows=limit,
            default_graphs=default_graphs,
            named_graphs=named_graphs,
            bindings={name: _to_term(value) for name, value in (bindings or {}).items()},
        )

    def close(self) -> None:
        """Let go of the endpoint or the store."""
        self._source.close()

    def __enter__(self) -> Self:
        """Close at the end of a ``with``."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


_METHODS = {"solutions": "query", "boolean": "ask", "graph": "construct"}


def _wrong_kind(wanted: str, answer: Answer) -> QueryError:
    return QueryError(
        f"the query is no {wanted}: its answer is of the kind {answer.kind}. Ask it with "
        f"{_METHODS[answer.kind]}()."
    )


def _to_term(value: Value) -> Term:
    match value:
        case Iri() | Literal():
            return value
        case Node():
            return to_term(value)
        case str():
            return Literal(value)
        case bool():
            return Literal(str(value).lower(), XSD + "boolean")
        case int():
            return Literal(str(value), XSD + "integer")
        case float():
            return Literal(repr(value).replace("inf", "INF").replace("nan", "NaN"), XSD + "double")
        case Decimal():
            return Literal(f"{value:f}", XSD + "decimal")
        case datetime():
            return Literal(value.isoformat(), XSD + "dateTime")
        case date():
            return Literal(value.isoformat(), XSD + "date")
        case _:
            raise TypeError(
                f"{type(value).__name__} cannot be put in for a variable. Give an Iri, a text, a number, a date "
                "or a term of rdflib."
            )
