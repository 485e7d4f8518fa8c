"""Actions for group graph patterns: section 18.2.2 of SPARQL 1.1 Query.

The elements of a group are read as small records of what is written, and become algebra when the group
is complete: only then are its filters and the extent of its basic graph patterns known.
"""
# ruff: noqa: ARG001, D103 -- actions have one signature, and grammar.lark says what each one reads

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from conflictkg.answers import Iri, Literal
from conflictkg.engine.algebra import (
    Bgp,
    Expression,
    Extend,
    Filter,
    Graph,
    Join,
    LeftJoin,
    Minus,
    PathPattern,
    Pattern,
    Service,
    TriplePattern,
    Union,
    Values,
    Var,
)
from conflictkg.engine.syntax.expressions import make_chain
from conflictkg.engine.syntax.reading import Reading, action
from conflictkg.engine.syntax.triples import Raw, expand

Scope = dict[str, None]
"""Names of variables in scope, in the order of the text."""


@dataclass(slots=True)
class Group:
    """A group that has been read.

    Args:
        bare: It without its filters.
        condition: Its filters as one.
        scope: The variables that its solutions may bind (section 18.2.1).
    """

    bare: Pattern
    condition: Expression | None = None
    scope: Scope = field(default_factory=dict)

    @property
    def pattern(self) -> Pattern:
        """It with its filters."""
        return self.bare if self.condition is None else Filter(self.bare, self.condition)


# What stands in a group


class Optional(NamedTuple):
    """``OPTIONAL { … }``."""

    group: Group


class Subtracted(NamedTuple):
    """``MINUS { … }``."""

    group: Group


class Filtered(NamedTuple):
    """``FILTER …``."""

    condition: Expression


class Bound(NamedTuple):
    """``BIND (… AS ?v)``."""

    expression: Expression
    variable: Var
    offset: int


class Joined(NamedTuple):
    """Anything that is joined: a group, a union, GRAPH, SERVICE, VALUES."""

    pattern: Pattern
    scope: Scope


@action
def optional(reading: Reading, parts: list[Any]) -> Optional:
    reading.count(parts[0][1])
    return Optional(parts[1])


@action
def minus(reading: Reading, parts: list[Any]) -> Subtracted:
    reading.count(parts[0][1])
    return Subtracted(parts[1])


@action
def graph(reading: Reading, parts: list[Any]) -> Joined:
    (_, offset), name, inner = parts
    reading.count(offset)
    return Joined(Graph(name, inner.pattern), _named_scope(name, inner))


@action
def service(reading: Reading, parts: list[Any]) -> Joined:
    (_, offset), silent, name, inner = parts
    reading.count(offset)
    pattern = Service(name, inner.pattern, silent is not None, reading.place(offset))
    return Joined(pattern, _named_scope(name, inner))


def _named_scope(name: Var | Iri, inner: Group) -> Scope:
    return {name.name: None, **inner.scope} if isinstance(name, Var) else inner.scope


@action
def filter_(reading: Reading, parts: list[Any]) -> Filtered:
    reading.count(parts[0][1])
    reading.refuse_aggregate(parts[0][1], "in FILTER")
    return Filtered(parts[1])


@action
def bind(reading: Reading, parts: list[Any]) -> Bound:
    reading.count(parts[0][1])
    reading.refuse_aggregate(parts[0][1], "in BIND")
    return Bound(parts[2], parts[4], reading.variable_uses[-1][0])


@action
def append_branch(reading: Reading, parts: list[Any]) -> list[Group]:
    reading.count(parts[1][1])
    branches: list[Group] = parts[0]
    branches.append(parts[2])
    return branches


@action
def union(reading: Reading, parts: list[Any]) -> Joined:
    branches: list[Group] = parts[0]
    if len(branches) == 1:
        return Joined(branches[0].pattern, branches[0].scope)
    scope: Scope = {}
    for each in branches:
        scope.update(each.scope)
    return Joined(Union(tuple(each.pattern for each in branches)), scope)


# VALUES

Row = list[Iri | Literal | None]


@action
def append_row(reading: Reading, parts: list[Any]) -> list[tuple[Row, int]]:
    rows: list[tuple[Row, int]] = parts[0]
    rows.append((parts[2], parts[1][1]))
    return rows


@action
def append_placed(reading: Reading, parts: list[Any]) -> list[tuple[Var, int]]:
    known: list[tuple[Var, int]] = parts[0]
    known.append((parts[1], reading.variable_uses[-1][0]))
    return known


@action
def data_block(reading: Reading, parts: list[Any]) -> Values:
    placed: list[tuple[Var, int]] = parts[1]
    variables = tuple(variable for variable, _ in placed)
    if len(set(variables)) < len(variables):
        seen: set[Var] = set()
        for variable, offset in placed:
            if variable in seen:
                raise reading.error(
                    f"?{variable.name} stands twice among the variables of VALUES.", offset
                )
            seen.add(variable)
    width = len(variables)
    for row, offset in parts[4]:
        if len(row) != width:
            nouns = [
                f"{n} {noun}{'' if n == 1 else 's'}"
                for n, noun in ((len(row), "value"), (width, "variable"))
            ]
            raise reading.error(
                f"this row of VALUES has {nouns[0]} for {nouns[1]}.",
                offset,
                hint="Write UNDEF where there is no value." if len(row) < width else "",
            )
    return Values(variables, tuple(tuple(row) for row, _ in parts[4]))


@action
def data_block_of_one(reading: Reading, parts: list[Any]) -> Values:
    return Values((parts[0],), tuple((value,) for value in parts[2]))


@action
def inline_values(reading: Reading, parts: list[Any]) -> Joined:
    reading.count(parts[0][1])
    return Joined(parts[1], {variable.name: None for variable in parts[1].variables})


# The group itself


@action
def append_triples(reading: Reading, parts: list[Any]) -> list[Any]:
    body: list[Any] = parts[0]
    body.extend(parts[1])
    return body


@action
def group(reading: Reading, parts: list[Any]) -> Group:
    return _Translation(reading).translate(parts[1])


@action
def group_of_select(reading: Reading, parts: list[Any]) -> Group:
    pattern, variables = parts[1]
    reading.count(parts[0][1])
    return Group(pattern, None, {variable.name: None for variable in variables})


class _Translation:
    """One group becoming algebra."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.pattern: Pattern = Bgp()
        self.scope: Scope = {}
        self.conditions: list[Expression] = []
        self.triples: list[TriplePattern | PathPattern] = []
        self.labels: dict[str, int] = {}

    def translate(self, elements: list[Any]) -> Group:
        for each in elements:
            match each:
                case Raw():
                    self._add_triple(each)
                    continue
                case Filtered(test):
                    # Does not end a basic graph pattern: it counts for the whole group.
                    self.conditions.append(test)
                    continue
            self._end_triples()
            match each:
                case Optional(inner):
                    self.pattern = LeftJoin(self.pattern, inner.bare, inner.condition)
                    self.scope.update(inner.scope)
                case Subtracted(inner):
                    self.pattern = Minus(self.pattern, inner.pattern)
                case Bound(expression, variable, offset):
                    if variable.name in self.scope:
                        raise self.reading.error(
                            f"?{variable.name} has a value before this BIND. Take another name.",
                            offset,
                            f"?{variable.name}",
                        )
                    self.pattern = Extend(self.pattern, variable, expression)
                    self.scope[variable.name] = None
                case Joined(pattern, scope):
                    self.pattern = make_join(self.pattern, pattern)
                    self.scope.update(scope)
        self._end_triples()
        condition = make_chain("&&", self.conditions) if self.conditions else None
        return Group(self.pattern, condition, self.scope)

    def _add_triple(self, raw: Raw) -> None:
        self.reading.count(raw.offset)
        for node in (raw.subject, raw.verb, raw.object):
            if isinstance(node, Var):
                if node.name.startswith("_:"):
                    self.labels.setdefault(node.name, raw.offset)
                else:
                    self.scope[node.name] = None
        self.triples += expand(self.reading, raw)

    def _end_triples(self) -> None:
        if not self.triples:
            return
        # A Bgp of its own owns its labels, also where another one is equal to it.
        self.reading.claim_blanks(self.labels, self.labels)
        self.pattern = make_join(self.pattern, Bgp(tuple(self.triples)))
        self.triples, self.labels = [], {}


def make_join(left: Pattern, right: Pattern) -> Pattern:
    """Both, without joining the empty pattern.

    >>> make_join(Bgp(), Bgp())
    Bgp(triples=())
    """
    if left == _EMPTY:
        return right
    return left if right == _EMPTY else Join(left, right)


_EMPTY = Bgp()


def group_of_triples(reading: Reading, triples: list[Raw]) -> Group:
    """The group that holds these triples and nothing else."""
    return _Translation(reading).translate(triples)
