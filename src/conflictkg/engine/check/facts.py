"""What the store's statistics say about a pattern."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from conflictkg.answers import RDF, Iri, Literal
from conflictkg.engine.algebra import (
    Alternative,
    Inverse,
    Link,
    Negated,
    OneOrMore,
    Path,
    PathPattern,
    Sequence,
    TriplePattern,
    Var,
    ZeroOrMore,
    ZeroOrOne,
)
from conflictkg.engine.catalog import Catalog, Predicate

TYPE = Iri(RDF + "type")


@dataclass(slots=True)
class Facts:
    """A catalog, asked by terms. Each term is looked up once."""

    catalog: Catalog
    _ids: dict[Iri | Literal, int | None] = field(default_factory=dict)

    def find(self, term: Iri | Literal) -> int | None:
        """The id of a term; ``None`` for one that occurs nowhere."""
        if term not in self._ids:
            self._ids[term] = self.catalog.dictionary.find(term)
        return self._ids[term]

    def predicate(self, iri: Iri) -> Predicate | None:
        """What is known of a predicate that has quads."""
        found = self.find(iri)
        return None if found is None else self.catalog.predicates.get(found)

    def predicates(self) -> Iterator[str]:
        """All predicates that have quads, as IRIs."""
        return self._names(list(self.catalog.predicates))

    def classes(self) -> Iterator[str]:
        """The classes that have the most subjects, as IRIs."""
        return self._names(list(self.catalog.instances))

    def graphs(self) -> Iterator[str]:
        """The named graphs, as IRIs."""
        return self._names(list(self.catalog.graphs))

    def _names(self, ids: list[int]) -> Iterator[str]:
        terms = self.catalog.dictionary.terms(ids)
        return (each.value for each in terms if isinstance(each, Iri))

    def estimate(self, pattern: TriplePattern | PathPattern) -> float:
        """About how many solutions a triple or path pattern has by itself."""
        if isinstance(pattern, PathPattern):
            size = float(sum(self.count(each) for each in links_of(pattern.path)))
            return (
                size
                if isinstance(pattern.subject, Var) and isinstance(pattern.object, Var)
                else size**0.5
            )
        if isinstance(pattern.predicate, Var):
            ends = (pattern.subject, pattern.object)
            fixed = sum(not isinstance(each, Var) for each in ends)
            return float(self.catalog.quads) if not fixed else float(len(self.catalog.predicates))
        known = self.predicate(pattern.predicate)
        if known is None:
            return 0.0
        if pattern.predicate == TYPE and isinstance(pattern.object, Iri):
            found = self.find(pattern.object)
            return float(0 if found is None else self.catalog.instances.get(found, 1))
        size = float(known.quads)
        if not isinstance(pattern.subject, Var):
            size /= max(known.subjects, 1)
        if not isinstance(pattern.object, Var):
            size /= max(known.objects, 1)
        return size

    def count(self, iri: Iri) -> int:
        """How many quads a predicate has."""
        known = self.predicate(iri)
        return 0 if known is None else known.quads


def links_of(path: Path) -> Iterator[Iri]:
    """The predicates that a path takes, from left to right."""
    waiting = [path]
    while waiting:
        match waiting.pop():
            case Link(iri):
                yield iri
            case Sequence(first, second):
                waiting += [second, first]
            case Alternative(paths):
                waiting += reversed(paths)
            case Inverse(inner) | ZeroOrMore(inner) | OneOrMore(inner) | ZeroOrOne(inner):
                waiting.append(inner)
            case Negated():
                continue


def closures_of(path: Path) -> Iterator[ZeroOrMore | OneOrMore]:
    """The ``*`` and ``+`` in a path."""
    waiting = [path]
    while waiting:
        each = waiting.pop()
        if isinstance(each, ZeroOrMore | OneOrMore):
            yield each
        if isinstance(each, Sequence):
            waiting += [each.second, each.first]
        elif isinstance(each, Alternative):
            waiting += reversed(each.paths)
        elif isinstance(each, Inverse | ZeroOrMore | OneOrMore | ZeroOrOne):
            waiting.append(each.path)
