"""How the parts of a group hang together: cross products, paths from nowhere, filters without effect."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from conflictkg.engine.algebra import (
    Bgp,
    Call,
    Exists,
    Expression,
    Extend,
    Filter,
    Graph,
    Group,
    Join,
    LeftJoin,
    Minus,
    Node,
    OneOrMore,
    PathPattern,
    Pattern,
    Place,
    Project,
    Service,
    Slice,
    TriplePattern,
    Union,
    Values,
    Var,
)
from conflictkg.engine.check.advice import Advice, Wording, list_names
from conflictkg.engine.check.facts import TYPE, Facts, closures_of, links_of
from conflictkg.engine.check.levels import (
    NOTHING,
    Level,
    Levels,
    Names,
    names_in,
    node_names,
    spine_of,
    triple_names,
    walk,
)
from conflictkg.engine.check.variables import is_written

_FEW = 10
"""Solutions of a pattern with a constant in it that may be multiplied with others unremarked."""


@dataclass(frozen=True, slots=True)
class _Unit:
    """A part of a group that binds variables together.

    Args:
        names: The variables.
        place: Where it stands.
        is_few: Whether it has few solutions, so that to multiply by them is nothing to warn of.
    """

    names: Names
    place: Place | None = None
    is_few: bool = False


class Shape:
    """Looks at how patterns are joined.

    Args:
        facts: The store's.
        wording: The query's.
        levels: Knows the query's scopes.
    """

    def __init__(self, facts: Facts, wording: Wording, levels: Levels) -> None:
        self._facts, self._wording, self._levels = facts, wording, levels

    def check(self, level: Level) -> Iterator[Advice]:
        """Advice on one level."""
        yield from self._check_product(level)
        yield from self._check_paths(level)
        before = NOTHING
        for each, after in zip(level.spine, level.scopes, strict=True):
            if isinstance(each, Minus):
                yield from self._check_minus(each, before)
            if isinstance(each, LeftJoin):
                yield from self._check_optional(each, before)
            if isinstance(each, Filter):
                yield from self._check_exists(each.condition, after | level.seen)
            before = after

    # Cross products

    def _check_product(self, level: Level) -> Iterator[Advice]:
        units = [unit for unit in self._iter_units(level) if unit.names]
        links = [unit.names for unit in units]
        links += self._iter_links(level)
        if level.joined | level.seen:
            links.append(level.joined | level.seen)
        equalities = list(_iter_equalities(level))
        groups = _merge([*links, *(frozenset(each) for each in equalities)])
        parts = [part for part in (self._part(units, group) for group in groups) if part]
        if len(parts) > 1:
            parts.sort(key=lambda part: _position(part[0], self._wording))
            first, second = (_describe(part) for part in parts[:2])
            yield self._wording.advise(
                "cross-product",
                f"nothing connects {first} with {second}: every solution of the one is combined "
                "with every one of the other.",
                *(unit.place for unit in parts[1]),
                *(Var(name) for name in sorted(parts[1][0].names)),
            )
        apart = _merge(links)
        for one, other in equalities:
            sides = [
                next((group for group in apart if name in group), None) for name in (one, other)
            ]
            are_parts = all(side is not None and self._part(units, side) for side in sides)
            if are_parts and sides[0] != sides[1]:
                yield self._wording.advise(
                    "joined-by-filter",
                    f"only FILTER(?{one} = ?{other}) connects what stands around them. Where the two "
                    "are the same term, one variable in both places says so and is faster.",
                    Var(other),
                )

    def _part(self, units: Iterable[_Unit], group: Names) -> list[_Unit]:
        """The units of a connected part; none if it has few solutions."""
        found = [unit for unit in units if unit.names & group]
        return [] if any(unit.is_few for unit in found) else found

    def _iter_units(self, level: Level) -> Iterator[_Unit]:
        graph = node_names(level.graph) if level.graph is not None else NOTHING
        for each in level.core:
            match each:
                case Bgp(triples):
                    for triple in triples:
                        yield self._triple_unit(triple, graph)
                case Join(_, right):
                    yield from self._right_units(right, graph)
                case LeftJoin(_, right, condition):
                    yield _Unit(
                        self._levels.scope(right) | names_in(condition), is_few=_is_few(right)
                    )
                case Union() | Graph() | Service():
                    yield _Unit(self._levels.scope(each))
                case Values(variables, rows):
                    yield _Unit(node_names(*variables), is_few=len(rows) < 2)

    def _right_units(self, right: Pattern, graph: Names) -> Iterator[_Unit]:
        if isinstance(right, Bgp):
            for triple in right.triples:
                yield self._triple_unit(triple, graph)
        elif isinstance(right, Values):
            yield _Unit(node_names(*right.variables), is_few=len(right.rows) < 2)
        else:
            yield _Unit(self._levels.scope(right), is_few=_is_few(right))

    def _triple_unit(self, triple: TriplePattern | PathPattern, graph: Names) -> _Unit:
        names = triple_names(triple) | graph
        is_few = _has_constant(triple) and self._facts.estimate(triple) <= _FEW
        return _Unit(names, triple.place, is_few)

    def _iter_links(self, level: Level) -> Iterator[Names]:
        """What connects variables, besides patterns that hold them."""
        for each in level.core:
            if isinstance(each, Extend):
                yield names_in(each.expression) | {each.variable.name}
            elif isinstance(each, Filter):
                for condition in _conjuncts(each.condition):
                    if _equal_variables(condition) is None:
                        yield self._reach(condition)

    def _reach(self, expression: Expression) -> Names:
        """The variables of an expression, those in EXISTS too."""
        names = names_in(expression)
        for part in walk(expression):
            if isinstance(part, Exists):
                names = names.union(self._levels.iter_names(part.pattern))
        return names

    # Paths

    def _check_paths(self, level: Level) -> Iterator[Advice]:
        patterns = [
            triple
            for each in level.core
            for bgp in ((each.right,) if isinstance(each, Join) else (each,))
            if isinstance(bgp, Bgp)
            for triple in bgp.triples
        ]
        others = [unit.names for unit in self._iter_units(level)]
        extended = frozenset(each.variable.name for each in level.core if isinstance(each, Extend))
        for pattern in patterns:
            if not isinstance(pattern, PathPattern):
                continue
            ends = node_names(pattern.subject, pattern.object)
            if _is_constant(pattern.subject) or _is_constant(pattern.object):
                continue
            uses = [sum(name in names for names in others) for name in ends]
            if any(count > 1 for count in uses) or ends & (level.joined | level.seen | extended):
                continue
            closure = next(closures_of(pattern.path), None)
            if closure is None:
                continue
            size = sum(self._facts.count(iri) for iri in links_of(closure.path))
            if isinstance(closure, OneOrMore) and size < _SMALL_PATH:
                continue
            mark = "+" if isinstance(closure, OneOrMore) else "*"
            link = next(links_of(closure.path), None)
            name = f" of {self._wording.show(link)}" if link is not None else ""
            also = "" if mark == "+" else ", and of every node with itself"
            yield self._wording.advise(
                "unbounded-path",
                f"neither end of the path with {mark}{name} is bound by anything else: it is followed from "
                f"everywhere to everywhere{also}. Bind one end.",
                pattern.place,
                link,
            )

    # MINUS, OPTIONAL, EXISTS

    def _check_minus(self, minus: Minus, before: Names) -> Iterator[Advice]:
        if self._levels.scope(minus.right) & before:
            return
        names = [f"?{name}" for name in sorted(self._levels.scope(minus.right)) if is_written(name)]
        held = f" ({list_names(names[:3])})" if names else ""
        yield self._wording.advise(
            "minus-without-effect",
            f"MINUS shares no variable{held} with what stands before it, so it removes nothing. "
            "FILTER NOT EXISTS would test it.",
            *_nodes(minus.right),
        )

    def _check_optional(self, optional: LeftJoin, before: Names) -> Iterator[Advice]:
        if optional.condition is None:
            return
        names = self._reach(optional.condition)
        if names and names <= before and not names & self._levels.scope(optional.right):
            shown = list_names(sorted(f"?{name}" for name in names))
            yield self._wording.advise(
                "filter-in-optional",
                f"this FILTER is on {shown} only, which OPTIONAL does not bind: it decides whether "
                "OPTIONAL matches and removes no solution. To remove some, write it after OPTIONAL.",
                getattr(optional.condition, "place", None),
                *(Var(name) for name in sorted(names)),
            )

    def _check_exists(self, condition: Expression, visible: Names) -> Iterator[Advice]:
        for part in walk(condition):
            if not isinstance(part, Exists):
                continue
            inside = frozenset(self._levels.iter_names(part.pattern))
            if inside and not inside & visible and any(map(is_written, visible)):
                word = "NOT EXISTS" if part.negated else "EXISTS"
                yield self._wording.advise(
                    "exists-unconnected",
                    f"{word} shares no variable with the pattern around it: it is the same for every "
                    "solution.",
                    part.place,
                    *_nodes(part.pattern),
                )


_SMALL_PATH = 1_000
"""Quads that a ``+`` may follow from everywhere unremarked."""


def _is_constant(node: Node) -> bool:
    return not isinstance(node, Var)


def _has_constant(triple: TriplePattern | PathPattern) -> bool:
    """Whether an end is given, and not just as a class."""
    if _is_constant(triple.subject):
        return True
    is_type = isinstance(triple, TriplePattern) and triple.predicate == TYPE
    return _is_constant(triple.object) and not is_type


def _is_few(pattern: Pattern) -> bool:
    """Whether a sub-select, or a group, has one solution at most by its form."""
    for each in spine_of(pattern):
        if isinstance(each, Slice) and each.limit is not None and each.limit <= 1:
            return True
        if isinstance(each, Group) and not each.keys:
            return True
    return isinstance(pattern, Values) and len(pattern.rows) < 2


def _conjuncts(condition: Expression) -> Iterator[Expression]:
    waiting = [condition]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Call) and each.name == "&&":
            waiting += reversed(each.arguments)
        else:
            yield each


def _equal_variables(condition: Expression) -> tuple[str, str] | None:
    """The variables of ``?a = ?b``."""
    if not isinstance(condition, Call) or condition.name not in {"=", "SAMETERM"}:
        return None
    names = [each.name for each in condition.arguments if isinstance(each, Var)]
    return (names[0], names[1]) if len(names) == 2 and names[0] != names[1] else None


def _iter_equalities(level: Level) -> Iterator[tuple[str, str]]:
    for each in level.core:
        if isinstance(each, Filter):
            for condition in _conjuncts(each.condition):
                found = _equal_variables(condition)
                if found is not None:
                    yield found


def _merge(links: Iterable[Names]) -> list[Names]:
    """Connected parts."""
    groups: list[Names] = []
    for names in links:
        touching = [group for group in groups if group & names]
        groups = [group for group in groups if not group & names]
        groups.append(names.union(*touching))
    return groups


def _describe(part: Iterable[_Unit]) -> str:
    """A few of a part's variables, as they are written."""
    names = dict.fromkeys(name for unit in part for name in sorted(unit.names) if is_written(name))
    return list_names(f"?{name}" for name in list(names)[:3]) or "a pattern of blank nodes"


def _position(unit: _Unit, wording: Wording) -> tuple[int, int]:
    place = wording.place(unit.place, *(Var(name) for name in sorted(unit.names)))
    return place.line, place.column


def _nodes(pattern: Pattern) -> Iterator[Place | Var | None]:
    """What may tell where a pattern stands."""
    for each in spine_of(pattern):
        if isinstance(each, Bgp):
            for triple in each.triples:
                yield triple.place
        if isinstance(each, Project):
            yield from each.variables
