"""The rows of an answer: read one by one, or as a table or frame."""

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from conflictkg.answers import Row as Terms
from conflictkg.answers import Solutions, Term
from conflictkg.client.frames import make_table, to_pandas, to_polars
from conflictkg.client.values import to_python
from conflictkg.errors import IncompleteAnswerError


class Row:
    """One solution: values by the variable's name or by place.

    Numbers, booleans, dates and times are Python's; IRIs and all other literals are texts. What a value exactly is
    tells :meth:`term`. A variable that is unbound is ``None``.

    Args:
        places: Of the variables, by name.
        terms: The solution.
    """

    __slots__ = ("_places", "_terms")

    def __init__(self, places: Mapping[str, int], terms: Terms) -> None:
        self._places, self._terms = places, terms

    def __getitem__(self, key: str | int) -> Any:
        """The value of a variable, by its name without the question mark or its place."""
        term = self._terms[key] if isinstance(key, int) else self.term(key)
        return to_python(term)

    def term(self, name: str) -> Term | None:
        """The term itself: with its datatype or language, as it stands in the graph.

        Raises:
            KeyError: The answer has no such variable.
        """
        if name not in self._places:
            raise KeyError(
                f"?{name} is no variable of the answer. It has: {', '.join(self._places)}."
            )
        return self._terms[self._places[name]]

    def to_dict(self) -> dict[str, Any]:
        """The values by the names of their variables."""
        return {name: to_python(self._terms[place]) for name, place in self._places.items()}

    def keys(self) -> tuple[str, ...]:
        """The variables."""
        return tuple(self._places)

    def __iter__(self) -> Iterator[Any]:
        """The values, in the order of the variables."""
        return map(to_python, self._terms)

    def __len__(self) -> int:
        """How many variables there are."""
        return len(self._terms)

    def __eq__(self, other: object) -> bool:
        """Whether another row has the same terms for the same variables."""
        if not isinstance(other, Row):
            return NotImplemented
        return self._terms == other._terms and dict(self._places) == dict(other._places)

    def __hash__(self) -> int:
        """Of the terms."""
        return hash(self._terms)

    def __repr__(self) -> str:
        """What a reader wants to see of it."""
        return f"Row({', '.join(f'{name}={value!r}' for name, value in self.to_dict().items())})"


class Rows:
    """The answer to a SELECT: iterate over it once, or take it as a table or frame. It comes while it is read.

    Args:
        answer: What the store or endpoint answers.
        allow_partial: Whether it may end before its end.
        release: Of the data.
    """

    def __init__(self, answer: Solutions, *, allow_partial: bool, release: str) -> None:
        self._answer, self._allow_partial = answer, allow_partial
        self._is_cut = False
        self._count = 0
        self.variables = answer.variables
        """Names without question marks, in the order of the query."""
        self.release = release
        """Of the data that it is from; empty where the endpoint does not tell."""

    @property
    def complete(self) -> bool | None:
        """Whether these were all; ``None`` until the last one was read."""
        return False if self._is_cut else self._answer.complete

    def __iter__(self) -> Iterator[Row]:
        """The rows.

        Raises:
            IncompleteAnswerError: There were more than came.
        """
        places = {name: place for place, name in enumerate(self.variables)}
        with self._answer:
            yield from (Row(places, terms) for terms in self._guard(self._answer.rows))

    def to_arrow(self) -> pa.Table:
        """The rows as an Arrow table: a column a variable.

        Columns whose values are all integers, numbers, booleans, dates or moments are typed so; others hold texts, and
        what is unbound is null. Integers of more than 64 bits are texts, and so are moments some of which have a zone.

        Raises:
            IncompleteAnswerError: There were more than came.
        """
        with self._answer:
            batches = list(self._guard(self._answer.batches))
        return make_table(self.variables, batches)

    def to_pandas(self) -> Any:
        """The rows as a data frame of pandas; ``attrs`` has ``release`` and ``complete``.

        Raises:
            ImportError: pandas is not installed.
            IncompleteAnswerError: There were more than came.
        """
        return to_pandas(
            self.to_arrow, lambda: {"release": self.release, "complete": self.complete}
        )

    def to_polars(self) -> Any:
        """The rows as a data frame of polars.

        Raises:
            ImportError: polars is not installed.
            IncompleteAnswerError: There were more than came.
        """
        return to_polars(self.to_arrow)

    def _guard(self, items: Iterator[Any]) -> Iterator[Any]:
        """What comes; an error at its end if there was more."""
        try:
            for each in items:
                # A batch has a size, a row is one.
                self._count += getattr(each, "size", 1)
                yield each
        except IncompleteAnswerError as error:
            self._is_cut = True
            if not self._allow_partial:
                raise IncompleteAnswerError(self._count, error.reason) from error
        if self._answer.complete is False and not self._allow_partial:
            raise IncompleteAnswerError(self._count)

    def close(self) -> None:
        """Stop the query if it still runs."""
        self._answer.close()

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
