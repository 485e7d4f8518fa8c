"""What is known while a text is read: prefixes, scopes of aggregates and blank nodes, where names stand."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conflictkg.answers import Iri
from conflictkg.engine.algebra import Aggregate, Expression, Place, Prologue, Var
from conflictkg.engine.syntax.depth import find_too_deep
from conflictkg.engine.syntax.lexer import Source
from conflictkg.errors import QuerySyntaxError, QueryTooComplexError

MAX_OPERATORS = 1_000
"""Operators, calls, paths and patterns of one text; triples of data and rows of VALUES do not count."""

MAX_DEPTH = 250
"""Operators inside operators."""

Action = Callable[["Reading", list[Any]], Any]
"""Makes the value of a rule from those of its parts; a token's value is its text and offset."""

ACTIONS: dict[str, Action] = {}
"""By the name in the grammar."""


def action(function: Action) -> Action:
    """Mark a function as the action of its own name, without the line that keeps it off a keyword."""
    ACTIONS[function.__name__.rstrip("_")] = function
    return function


class Places(Mapping[str, Place]):
    """Offsets that become places when they are asked for: few ever are."""

    def __init__(self, source: Source, offsets: Mapping[str, int]) -> None:
        self._source, self._offsets = source, offsets

    def __getitem__(self, name: str) -> Place:
        return Place(*self._source.locate(self._offsets[name]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._offsets)

    def __len__(self) -> int:
        return len(self._offsets)


@dataclass(slots=True)
class Scope:
    """The aggregates of one SELECT (or ASK, CONSTRUCT, DESCRIBE).

    Args:
        aggregates: Each with its fresh variable; the same one twice is computed once.
        last: Offset of the aggregate that was read last.
    """

    aggregates: dict[Aggregate, Var] = field(default_factory=dict)
    last: int = -1


class Reading:
    """The state of reading one text."""

    def __init__(self, source: Source, base: str, prefixes: Mapping[str, str]) -> None:
        self.source = source
        self.base = base
        self.prefixes = dict(prefixes)
        self.offsets: dict[str, int] = {}
        self.iris: dict[str, Iri] = {}
        self.variables: dict[str, Var] = {}
        self.variable_uses: list[tuple[int, str]] = []
        self.blank_uses: list[tuple[int, str]] = []
        self.last_iri = 0
        """Offset of the IRI that was read last."""
        self.blank_owners: dict[str, object] = {}
        self.scopes: list[Scope] = [Scope()]
        """Open ones; the outermost is that of updates, which have no aggregates."""
        self._operators = 0
        self._aggregates = 0
        self._paths = 0
        self._blanks = 0
        self._keys = 0
        self._blank_prefix = "_:b"
        while self._blank_prefix in source.text:
            self._blank_prefix += "b"

    def prologue(self) -> Prologue:
        """What stands before the query, and where names stand in it."""
        return Prologue(self.base, dict(self.prefixes), self.places)

    @property
    def places(self) -> Places:
        """First place of each variable and IRI."""
        return Places(self.source, self.offsets)

    def place(self, offset: int) -> Place:
        """Line and column."""
        return Place(*self.source.locate(offset))

    def error(self, problem: str, offset: int, token: str = "", hint: str = "") -> QuerySyntaxError:
        """An error at a place of the text."""
        return self.source.error(problem, offset, token, hint)

    def count(self, offset: int) -> None:
        """Count an operator.

        Raises:
            QueryTooComplexError: It is one too many.
        """
        self._operators += 1
        if self._operators > MAX_OPERATORS:
            raise self.source.too_complex(
                f"too many operators: a query may hold {MAX_OPERATORS:,} patterns, calls and operators. "
                "Put long lists of values into VALUES or IN, or split the query.",
                "operators",
                MAX_OPERATORS,
                offset,
            )

    def start_operation(self) -> None:
        """Count operators anew: a request may have any number of operations."""
        self._operators = 0

    def fresh_path(self) -> Var:
        """A variable between two steps of a path."""
        self._paths += 1
        return Var(f".path{self._paths - 1}")

    def fresh_key(self) -> Var:
        """A variable for a key of GROUP BY that has no name."""
        self._keys += 1
        return Var(f".key{self._keys - 1}")

    def fresh_blank(self, offset: int) -> Var:
        """The blank node of ``[]``; its label occurs nowhere in the text."""
        self._blanks += 1
        label = f"{self._blank_prefix}{self._blanks - 1}"
        self.blank_uses.append((offset, label))
        return Var(label)

    def aggregate_in(self, known: dict[Aggregate, Var], aggregate: Aggregate) -> Var:
        """The variable of an aggregate; a fresh one if it is not known."""
        if aggregate not in known:
            known[aggregate] = Var(f".agg{self._aggregates}")
            self._aggregates += 1
        return known[aggregate]

    def last_use(self, name: str, before: int) -> int:
        """Offset of the last use of a variable up to an offset."""
        for offset, used in reversed(self.variable_uses):
            if used == name and offset <= before:
                return offset
        return before

    def check_depth(self, root: Any) -> None:
        """Refuse an algebra that is too deep to be walked by recursion.

        Raises:
            QueryTooComplexError: It is.
        """
        is_too_deep, place = find_too_deep(root, MAX_DEPTH)
        if is_too_deep:
            raise QueryTooComplexError(
                f"nested too deeply: at most {MAX_DEPTH} operators may stand inside each other, and those "
                "of a chain of OPTIONAL, BIND, MINUS or arithmetic do. Split the query.",
                "depth",
                MAX_DEPTH,
                *((place.line, place.column) if place else (1, 1)),
            )

    def refuse_aggregate(self, start: int, where: str) -> None:
        """Refuse an aggregate that was read since an offset.

        Raises:
            QuerySyntaxError: There is one.
        """
        last = self.scopes[-1].last
        if last >= start:
            raise self.error(
                f"an aggregate cannot stand {where}. Compute it in SELECT, HAVING or ORDER BY; in a "
                "pattern, take a sub-select.",
                last,
            )

    def claim_blanks(self, labels: Mapping[str, int], owner: object) -> None:
        """Bind blank node labels to the basic graph pattern (or block of data) that they stand in.

        Raises:
            QuerySyntaxError: One stands in another as well.
        """
        for label, offset in labels.items():
            if self.blank_owners.setdefault(label, owner) is not owner:
                raise self.error(
                    f"blank node {label} stands in two graph patterns; its label counts in one only. "
                    "Use a variable.",
                    offset,
                    label,
                )


def variables_of(expression: Expression) -> Iterator[Var]:
    """The variables of an expression in the order of the text, not those inside EXISTS."""
    waiting: list[Any] = [expression]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Var):
            yield each
        else:
            waiting.extend(reversed(getattr(each, "arguments", ())))
