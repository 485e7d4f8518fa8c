"""Terms of a query that occur nowhere in the graph."""

from collections.abc import Iterable, Iterator

from conflictkg.answers import Iri
from conflictkg.engine.algebra import (
    Alternative,
    Bgp,
    Call,
    Expression,
    Graph,
    Node,
    Path,
    PathPattern,
    Place,
    Sequence,
    TriplePattern,
    Values,
    Var,
)
from conflictkg.engine.check.advice import Advice, Wording
from conflictkg.engine.check.facts import TYPE, Facts, links_of
from conflictkg.engine.check.levels import Level, Role, expressions_of, walk
from conflictkg.engine.check.nearest import nearest_iri, variants_of

_LOST = {
    Role.REQUIRED: "so there are no solutions",
    Role.BRANCH: "so this branch has no solutions",
    Role.OPTIONAL: "so this OPTIONAL never matches",
    Role.TEST: "so this never matches",
}


class Unknown:
    """Finds names that are probably misspelt: each is told once.

    Args:
        facts: The store's.
        wording: The query's.
    """

    def __init__(self, facts: Facts, wording: Wording) -> None:
        self._facts, self._wording = facts, wording
        self._told: set[Iri] = set()

    def check(self, level: Level) -> Iterator[Advice]:
        """Advice on one level."""
        for each in level.spine:
            if isinstance(each, Bgp):
                for triple in each.triples:
                    yield from self._check_pattern(triple, level.role)
            elif isinstance(each, Graph) and isinstance(each.name, Iri):
                yield from self.check_graph(each.name, level.role)
            elif isinstance(each, Values):
                yield from self._check_values(each)
            for expression, _ in expressions_of(each):
                yield from self._check_expression(expression)

    def check_graph(self, graph: Iri, role: Role = Role.REQUIRED) -> Iterator[Advice]:
        """Advice on the name of a graph."""
        if self._facts.find(graph) not in self._facts.catalog.graphs and self._is_new(graph):
            yield self._wording.advise(
                "unknown-graph",
                f"there is no graph {self._wording.show(graph)}, {_LOST[role]}.",
                graph,
                suggestion=self._suggest(graph, self._facts.graphs()),
            )

    def _check_pattern(self, pattern: TriplePattern | PathPattern, role: Role) -> Iterator[Advice]:
        if isinstance(pattern, PathPattern):
            yield from self._check_path(pattern.path, role, pattern.place)
            yield from self._check_node(pattern.subject, role, pattern.place)
            yield from self._check_node(pattern.object, role, pattern.place)
            return
        if isinstance(pattern.predicate, Iri):
            yield from self._check_predicate(pattern.predicate, role, pattern.place)
        yield from self._check_node(pattern.subject, role, pattern.place)
        if pattern.predicate == TYPE and isinstance(pattern.object, Iri):
            yield from self._check_class(pattern.object, role, pattern.place)
        else:
            yield from self._check_node(pattern.object, role, pattern.place)

    # Properties

    def _check_path(self, path: Path, role: Role, place: Place | None) -> Iterator[Advice]:
        waiting = [path]
        while waiting:
            each = waiting.pop()
            if isinstance(each, Sequence):
                waiting += [each.second, each.first]
            elif isinstance(each, Alternative):
                # Who writes alternatives allows for one of them to be absent, if it is spelt right.
                known = [one for one in each.paths if self._has_quads(one)]
                for one in each.paths:
                    hedged = Role.BRANCH if known else role
                    for iri in links_of(one):
                        yield from self._check_predicate(iri, hedged, place, only_close=bool(known))
            else:
                for iri in links_of(each):
                    yield from self._check_predicate(iri, role, place)

    def _has_quads(self, path: Path) -> bool:
        return any(self._facts.count(iri) for iri in links_of(path))

    def _check_predicate(
        self, iri: Iri, role: Role, place: Place | None, *, only_close: bool = False
    ) -> Iterator[Advice]:
        if self._facts.predicate(iri) is not None:
            return
        found = self._facts.find(iri)
        name = self._wording.show(iri)
        if found in self._facts.catalog.instances:
            if self._is_new(iri):
                yield self._wording.advise(
                    "class-as-property",
                    f"{name} is a class, and no triple has it as its predicate, {_LOST[role]}.",
                    iri,
                    place,
                    suggestion=f"a {name}",
                )
            return
        if found is not None and (role is not Role.REQUIRED or only_close):
            # Declared in the graph and not used yet: who writes OPTIONAL allows for that.
            return
        suggestion = self._suggest(iri, self._facts.predicates())
        if only_close and not suggestion:
            return
        if self._is_new(iri):
            what = "is known here, but" if found is not None else "occurs nowhere in the graph:"
            yield self._wording.advise(
                "unknown-property",
                f"{name} {what} no triple has it as its predicate, {_LOST[role]}.",
                iri,
                place,
                suggestion=suggestion,
            )

    # Classes

    def _check_class(self, iri: Iri, role: Role, place: Place | None) -> Iterator[Advice]:
        found = self._facts.find(iri)
        instances = self._facts.catalog.instances
        if found in instances or (found is not None and len(instances) >= _MOST_CLASSES):
            return
        if found is not None and role is not Role.REQUIRED:
            return
        if self._is_new(iri):
            what = "is known here, but" if found is not None else "occurs nowhere in the graph:"
            yield self._wording.advise(
                "unknown-class",
                f"{self._wording.show(iri)} {what} nothing has it as its class, {_LOST[role]}.",
                iri,
                place,
                suggestion=self._suggest(iri, self._facts.classes()),
            )

    # Other terms

    def _check_node(self, node: Node, role: Role, place: Place | None) -> Iterator[Advice]:
        if isinstance(node, Iri) and self._facts.find(node) is None and self._is_new(node):
            yield self._wording.advise(
                "unknown-term",
                f"{self._wording.show(node)} occurs nowhere in the graph, {_LOST[role]}.",
                node,
                place,
                suggestion=self._suggest_any(node),
            )

    def _check_values(self, values: Values) -> Iterator[Advice]:
        for row in values.rows:
            for each in row:
                if isinstance(each, Iri) and self._facts.find(each) is None and self._is_new(each):
                    only = len(values.rows) == 1
                    yield self._wording.advise(
                        "unknown-term",
                        f"{self._wording.show(each)} occurs nowhere in the graph, so "
                        f"{'VALUES' if only else 'this row of VALUES'} joins with nothing there.",
                        each,
                        suggestion=self._suggest_any(each),
                    )

    def _check_expression(self, expression: Expression) -> Iterator[Advice]:
        for part in walk(expression):
            if not isinstance(part, Call) or part.name not in _COMPARISONS:
                continue
            if not any(isinstance(each, Var) for each in part.arguments):
                continue
            for each in part.arguments:
                if isinstance(each, Iri) and self._facts.find(each) is None and self._is_new(each):
                    always = "false" if part.name in {"=", "IN", "SAMETERM"} else "true"
                    yield self._wording.advise(
                        "unknown-term",
                        f"{self._wording.show(each)} occurs nowhere in the graph, so this comparison "
                        f"with it is always {always} for what is bound there.",
                        each,
                        part.place,
                        suggestion=self._suggest_any(each),
                    )

    # Suggestions

    def _suggest(self, iri: Iri, known: Iterable[str]) -> str:
        names = set(known)
        for each in variants_of(iri.value):
            if each in names:
                return self._wording.name(each)
        found = nearest_iri(iri.value, sorted(names))
        return self._wording.name(found) if found else ""

    def _suggest_any(self, iri: Iri) -> str:
        for each in variants_of(iri.value):
            if self._facts.find(Iri(each)) is not None:
                return self._wording.name(each)
        facts = self._facts
        return self._suggest(iri, [*facts.classes(), *facts.predicates(), *facts.graphs()])

    def _is_new(self, iri: Iri) -> bool:
        if iri in self._told:
            return False
        self._told.add(iri)
        return True


_MOST_CLASSES = 10_000
"""So many classes the catalog knows; where there are more, one that it does not know may have subjects."""

_COMPARISONS = frozenset({"=", "!=", "IN", "NOT IN", "SAMETERM"})
