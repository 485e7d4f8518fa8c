"""A query taken apart into its levels: each group with what is in it, in order, and what is in scope.

A pattern leans to the left: ``Filter(LeftJoin(Join(Bgp, …), …), …)``. A level is that spine as a list,
from the innermost pattern to the outermost; what hangs off it (the right side of a join, the branches
of UNION, what EXISTS looks for) are levels of their own.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from conflictkg.answers import Iri
from conflictkg.engine.algebra import (
    Bgp,
    Call,
    Distinct,
    Exists,
    Expression,
    Extend,
    Filter,
    FunctionCall,
    Graph,
    Group,
    Join,
    LeftJoin,
    Minus,
    Node,
    OrderBy,
    PathPattern,
    Pattern,
    Project,
    Reduced,
    Service,
    Slice,
    TriplePattern,
    Union,
    Values,
    Var,
)

Names = frozenset[str]
"""Of variables, without question marks."""

NOTHING: Names = frozenset()


class Role(Enum):
    """What becomes of a solution of the query if a level has none."""

    REQUIRED = "required"
    """There is no solution of the query."""
    BRANCH = "branch"
    """Another branch of UNION may have some."""
    OPTIONAL = "optional"
    """It has all the same."""
    TEST = "test"
    """EXISTS and MINUS: that decides."""


@dataclass(frozen=True, slots=True)
class Level:
    """A group, or a sub-select.

    Args:
        spine: Its patterns from the innermost to the outermost; each one's own left side comes before it.
        scopes: Beside each, the variables that may be bound once it is done.
        role: What it is for.
        seen: Variables outside that its filters see: around EXISTS.
        joined: Variables outside that its solutions are joined with.
        parent: The level around it.
        graph: What ``GRAPH`` it is in.
    """

    spine: tuple[Pattern, ...]
    scopes: tuple[Names, ...]
    role: Role = Role.REQUIRED
    seen: Names = NOTHING
    joined: Names = NOTHING
    parent: "Level | None" = None
    graph: Var | Iri | None = None

    @property
    def core(self) -> tuple[Pattern, ...]:
        """The part of the spine before GROUP BY, ORDER BY and the projection."""
        for index, each in enumerate(self.spine):
            if isinstance(each, _MODIFIERS):
                return self.spine[:index]
        return self.spine


_OUTSIDE = (Project, Distinct, Reduced, Slice)
"""What a select is outermost."""

_MODIFIERS = (Group, OrderBy, *_OUTSIDE)


def left_of(pattern: Pattern) -> Pattern | None:
    """The pattern that comes before one on the spine."""
    if isinstance(pattern, Join | LeftJoin | Minus):
        return pattern.left
    if isinstance(
        pattern, Filter | Extend | Group | OrderBy | Project | Distinct | Reduced | Slice
    ):
        return pattern.pattern
    return None


def spine_of(pattern: Pattern) -> tuple[Pattern, ...]:
    """The spine, from the innermost pattern on.

    A sub-select that a group begins with is joined to nothing, and so hangs off it like any other.
    """
    found: list[Pattern] = [pattern]
    while (inner := left_of(found[-1])) is not None:
        if isinstance(inner, _OUTSIDE) and not isinstance(found[-1], Distinct | Reduced | Slice):
            found.append(Join(Bgp(), inner))
            break
        found.append(inner)
    return tuple(reversed(found))


def walk(expression: Expression | None) -> Iterator[Expression]:
    """An expression and all in it, from left to right; not the patterns of EXISTS."""
    waiting = [] if expression is None else [expression]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, Call | FunctionCall):
            waiting += reversed(each.arguments)


def names_in(expression: Expression | None) -> Names:
    """The variables of an expression, those of EXISTS excepted."""
    return frozenset(each.name for each in walk(expression) if isinstance(each, Var))


def node_names(*nodes: Node) -> Names:
    """The variables among nodes."""
    return frozenset(each.name for each in nodes if isinstance(each, Var))


def triple_names(triple: TriplePattern | PathPattern) -> Names:
    """The variables of a triple or path pattern."""
    names = node_names(triple.subject, triple.object)
    return names | node_names(triple.predicate) if isinstance(triple, TriplePattern) else names


def expressions_of(pattern: Pattern) -> Iterator[tuple[Expression, str]]:
    """The expressions that a pattern of the spine holds itself, and where that is, in words."""
    if isinstance(pattern, Filter):
        yield pattern.condition, "FILTER"
    elif isinstance(pattern, LeftJoin) and pattern.condition is not None:
        yield pattern.condition, "FILTER of OPTIONAL"
    elif isinstance(pattern, Extend):
        yield pattern.expression, "BIND"
    elif isinstance(pattern, OrderBy):
        for key in pattern.keys:
            yield key.expression, "ORDER BY"
    elif isinstance(pattern, Group):
        for _, expression in pattern.keys:
            yield expression, "GROUP BY"
        for _, aggregate in pattern.aggregates:
            if aggregate.expression is not None:
                yield aggregate.expression, aggregate.name


@dataclass(slots=True)
class Levels:
    """Takes queries apart; remembers scopes, so that each pattern is looked at once."""

    _scopes: dict[int, Names] = field(default_factory=dict)

    def scope(self, pattern: Pattern) -> Names:
        """The variables that a pattern's solutions may bind."""
        found = self._scopes.get(id(pattern))
        if found is None:
            found = NOTHING
            for each in spine_of(pattern):
                found = self._grow(found, each)
            self._scopes[id(pattern)] = found
        return found

    def _grow(self, before: Names, pattern: Pattern) -> Names:
        """What is in scope after one more pattern of the spine."""
        match pattern:
            case Bgp(triples):
                return before.union(*map(triple_names, triples))
            case Join(_, right) | LeftJoin(_, right):
                return before | self.scope(right)
            case Union(branches):
                return before.union(*(self.scope(each) for each in branches))
            case Graph(name, inner) | Service(name, inner):
                return before | node_names(name) | self.scope(inner)
            case Extend(_, variable):
                return before | {variable.name}
            case Values(variables):
                return before | node_names(*variables)
            case Group(_, keys, aggregates):
                # GROUP BY ?x gives ?x no value that it has not.
                own = [each for each, expression in keys if each != expression]
                return node_names(*own, *(each for each, _ in aggregates)) | (
                    before & node_names(*(each for each, _ in keys))
                )
            case Project(_, variables):
                return node_names(*variables) & before
        return before

    def iter_levels(self, pattern: Pattern) -> Iterator[Level]:
        """All levels of a pattern, outer ones first."""
        waiting = [self._make(pattern)]
        while waiting:
            level = waiting.pop(0)
            yield level
            waiting += self._inside(level)

    def iter_names(self, pattern: Pattern) -> Iterator[str]:
        """Every use of a variable in a pattern, those in filters and in EXISTS too."""
        for level in self.iter_levels(pattern):
            for each in level.spine:
                yield from _own_names(each)

    def _make(
        self,
        pattern: Pattern,
        role: Role = Role.REQUIRED,
        seen: Names = NOTHING,
        joined: Names = NOTHING,
        parent: Level | None = None,
        graph: Var | Iri | None = None,
    ) -> Level:
        spine = spine_of(pattern)
        scopes: list[Names] = []
        scope = NOTHING
        for each in spine:
            scope = self._grow(scope, each)
            scopes.append(scope)
            if isinstance(each, Project):
                # Of the variables outside, only those are the same that come out of a sub-select.
                projected = node_names(*each.variables)
                seen, joined = seen & projected, joined & projected
        return Level(spine, tuple(scopes), role, seen, joined, parent, graph)

    def _inside(self, level: Level) -> Iterator[Level]:
        own = [self._grow(NOTHING, each) for each in level.spine]
        uses = Counter(name for names in own for name in names)
        before = NOTHING
        for each, names, after in zip(level.spine, own, level.scopes, strict=True):
            others = level.joined.union(
                name for name, count in uses.items() if count > (name in names)
            )
            seen, graph = level.seen, level.graph
            match each:
                case Join(_, right):
                    yield self._make(right, level.role, seen, others, level, graph)
                case LeftJoin(_, right):
                    outside = level.joined | before
                    yield self._make(right, Role.OPTIONAL, seen, outside, level, graph)
                case Minus(_, right):
                    yield self._make(right, Role.TEST, seen, before, level, graph)
                case Union(branches):
                    for branch in branches:
                        yield self._make(branch, Role.BRANCH, seen, others, level, graph)
                case Graph(name, inner):
                    yield self._make(inner, level.role, seen, others, level, name)
            for expression, _ in expressions_of(each):
                for part in walk(expression):
                    if isinstance(part, Exists):
                        outside = seen | before | after
                        yield self._make(part.pattern, Role.TEST, outside, outside, level, graph)
            before = after


def _own_names(pattern: Pattern) -> Iterator[str]:
    """The uses of variables that a pattern of the spine holds itself."""
    nodes: list[object] = []
    match pattern:
        case Bgp(triples):
            for each in triples:
                nodes += [each.subject, getattr(each, "predicate", None), each.object]
        case Graph(name, _) | Service(name, _):
            nodes.append(name)
        case Extend(_, variable):
            nodes.append(variable)
        case Values(variables) | Project(_, variables):
            nodes += variables
        case Group(_, keys, _):
            nodes += [variable for variable, expression in keys if variable != expression]
    for expression, _ in expressions_of(pattern):
        nodes += walk(expression)
    yield from (each.name for each in nodes if isinstance(each, Var))
