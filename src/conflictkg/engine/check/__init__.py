"""Likely mistakes of a query, found before it runs.

What is said here is advice: a query that gets some is run all the same. It shall be right so often that
people read it; where a rule cannot be sure it is silent.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from conflictkg.engine.algebra import (
    Construct,
    DeleteData,
    Describe,
    Modify,
    Operation,
    Pattern,
    Prologue,
    QuadPattern,
    Query,
    Select,
    TriplePattern,
    Update,
    Var,
)
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.check.advice import Advice as Advice
from conflictkg.engine.check.advice import Wording
from conflictkg.engine.check.facts import Facts
from conflictkg.engine.check.kinds import Kinds
from conflictkg.engine.check.levels import NOTHING, Levels
from conflictkg.engine.check.shape import Shape
from conflictkg.engine.check.unknown import Unknown
from conflictkg.engine.check.variables import Variables, check_misspellings


def check_query(
    query: Query | Update, catalog: Catalog, names: Mapping[str, str] | None = None
) -> tuple[Advice, ...]:
    """Advice on a query or an update, in the order of its text.

    Args:
        query: The query.
        catalog: The store that it is asked of.
        names: Prefixes and namespaces to write IRIs with where those of the query do not do.
    """
    checks = _Checks(query.prologue, catalog, names or {})
    found = list(checks.check_update(query) if isinstance(query, Update) else checks.check(query))
    found.sort(key=lambda each: (each.line, each.column))
    return tuple(dict.fromkeys(found))


class _Checks:
    """All rules, on one text."""

    def __init__(self, prologue: Prologue, catalog: Catalog, names: Mapping[str, str]) -> None:
        self._wording = Wording(prologue, names)
        self._facts = Facts(catalog)
        self._unknown = Unknown(self._facts, self._wording)

    def check(self, query: Query) -> Iterator[Advice]:
        if query.dataset is not None:
            for graph in (*query.dataset.default, *query.dataset.named):
                yield from self._unknown.check_graph(graph)
        uses: dict[str, list[str]] = {}
        if isinstance(query, Construct):
            uses["CONSTRUCT"] = list(_template_names(query.template))
        elif isinstance(query, Select):
            uses["SELECT"] = [each.name for each in query.variables]
        elif isinstance(query, Describe):
            uses["DESCRIBE"] = [each.name for each in query.resources if isinstance(each, Var)]
        yield from self._check_pattern(query.pattern, uses)

    def _check_pattern(
        self, pattern: Pattern, later: Mapping[str, list[str]], *, knows_store: bool = True
    ) -> Iterator[Advice]:
        """Advice on a pattern, and on the variables that are used after it, by clause."""
        levels = Levels()
        uses = Counter(levels.iter_names(pattern))
        all_levels = list(levels.iter_levels(pattern))
        bound = NOTHING.union(*(names for level in all_levels for names in level.scopes))
        rules = Variables(self._wording, bound)
        shape = Shape(self._facts, self._wording, levels)
        kinds = Kinds(self._facts, self._wording)
        for level in all_levels:
            yield from rules.check(level)
            yield from shape.check(level)
            if knows_store:
                yield from self._unknown.check(level)
                yield from kinds.check(level)
        for where, names in later.items():
            yield from rules.check_uses(names, levels.scope(pattern), where)
            uses.update(names)
        yield from check_misspellings(self._wording, uses, rules.suggested)

    def check_update(self, update: Update) -> Iterator[Advice]:
        # What an operation adds the next one may use: then the store as it is says nothing.
        is_as_found = True
        for operation in update.operations:
            if isinstance(operation, Modify):
                yield from self._check_modify(operation, knows_store=is_as_found)
            is_as_found = is_as_found and _only_removes(operation)

    def _check_modify(self, modify: Modify, *, knows_store: bool) -> Iterator[Advice]:
        if knows_store and modify.using is not None:
            for graph in (*modify.using.default, *modify.using.named):
                yield from self._unknown.check_graph(graph)
        later = {
            "DELETE": list(_template_names(modify.delete)),
            "INSERT": list(_template_names(modify.insert)),
        }
        yield from self._check_pattern(modify.pattern, later, knows_store=knows_store)


def _only_removes(operation: Operation) -> bool:
    return isinstance(operation, DeleteData) or (
        isinstance(operation, Modify) and not operation.insert
    )


def _template_names(quads: tuple[TriplePattern, ...] | tuple[QuadPattern, ...]) -> Iterator[str]:
    for each in quads:
        nodes: list[object] = [each.subject, each.predicate, each.object]
        if isinstance(each, QuadPattern):
            nodes.append(each.graph)
        yield from (
            node.name for node in nodes if isinstance(node, Var) and not node.name.startswith("_:")
        )
