"""The rules of OWL 2 RL that end in *false*, looked up in a closure.

Each finder stands under its name in the tables of "OWL 2 Web Ontology Language Profiles", section 4.3.
``dt-not-type`` is left to owlrl, which reads datatypes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from rdflib import OWL, RDF, XSD, Graph, Literal
from rdflib.collection import Collection
from rdflib.term import Node

Triple = tuple[Node, Node, Node]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One broken rule.

    Args:
        rule: Its name in the standard.
        problem: What is wrong, as a pattern for ``str.format`` with the terms.
        terms: The terms of the pattern.
        facts: The triples of the closure that cannot hold together, axioms not among them.
    """

    rule: str
    problem: str
    terms: tuple[Node, ...]
    facts: tuple[Triple, ...]


def find_contradictions(closure: Graph) -> list[Contradiction]:
    """All broken rules, each once, in a fixed order.

    Args:
        closure: Closed under the other rules.
    """
    found: dict[tuple[str, frozenset[Triple]], Contradiction] = {}
    for finder in _FINDERS:
        for each in finder(closure):
            found.setdefault((each.rule, frozenset(each.facts)), each)
    return sorted(found.values(), key=lambda each: (each.rule, str(each.facts)))


def _members(graph: Graph, head: Node | None) -> list[Node]:
    return [] if head is None else list(Collection(graph, head))


def _find_nothing(graph: Graph) -> Iterator[Contradiction]:
    for thing in graph.subjects(RDF.type, OWL.Nothing):
        fact = (thing, RDF.type, OWL.Nothing)
        yield Contradiction(
            "cls-nothing2", "{0} is of a class that can have no member", (thing,), (fact,)
        )


def _find_disjoint_classes(graph: Graph) -> Iterator[Contradiction]:
    pairs = [(one, other, "cax-dw") for one, other in graph.subject_objects(OWL.disjointWith)]
    pairs += [(one, other, "cls-com") for one, other in graph.subject_objects(OWL.complementOf)]
    for axiom in graph.subjects(RDF.type, OWL.AllDisjointClasses):
        members = _members(graph, graph.value(axiom, OWL.members))
        pairs += [(one, other, "cax-adc") for one, other in combinations(members, 2)]
    for one, other, rule in pairs:
        for thing in set(graph.subjects(RDF.type, one)) & set(graph.subjects(RDF.type, other)):
            facts = ((thing, RDF.type, one), (thing, RDF.type, other))
            problem = "{0} is both {1} and {2}, and nothing can be both"
            yield Contradiction(rule, problem, (thing, one, other), facts)


def _find_disjoint_properties(graph: Graph) -> Iterator[Contradiction]:
    pairs = [
        (one, other, "prp-pdw") for one, other in graph.subject_objects(OWL.propertyDisjointWith)
    ]
    for axiom in graph.subjects(RDF.type, OWL.AllDisjointProperties):
        members = _members(graph, graph.value(axiom, OWL.members))
        pairs += [(one, other, "prp-adp") for one, other in combinations(members, 2)]
    for one, other, rule in pairs:
        for subject, value in graph.subject_objects(one):
            if (subject, other, value) in graph:
                facts = ((subject, one, value), (subject, other, value))
                problem = "{0} has both {1} and {2} to {3}, and nothing can have both"
                yield Contradiction(rule, problem, (subject, one, other, value), facts)


def _find_irreflexive(graph: Graph) -> Iterator[Contradiction]:
    for name in graph.subjects(RDF.type, OWL.IrreflexiveProperty):
        for subject, value in graph.subject_objects(name):
            if subject == value:
                problem = "{0} has {1} to itself, which nothing can"
                yield Contradiction("prp-irp", problem, (subject, name), ((subject, name, value),))


def _find_asymmetric(graph: Graph) -> Iterator[Contradiction]:
    for name in graph.subjects(RDF.type, OWL.AsymmetricProperty):
        for subject, value in graph.subject_objects(name):
            if (value, name, subject) in graph:
                facts = tuple(sorted({(subject, name, value), (value, name, subject)}, key=str))
                problem = "{0} and {1} have {2} to each other, which can go one way only"
                yield Contradiction("prp-asyp", problem, (subject, value, name), facts)


def _find_negative_assertions(graph: Graph) -> Iterator[Contradiction]:
    for axiom, subject in graph.subject_objects(OWL.sourceIndividual):
        for rule, target in (("prp-npa1", OWL.targetIndividual), ("prp-npa2", OWL.targetValue)):
            for name in graph.objects(axiom, OWL.assertionProperty):
                for value in graph.objects(axiom, target):
                    if (subject, name, value) in graph:
                        problem = "{0} has {1} to {2}, which is denied"
                        terms = (subject, name, value)
                        yield Contradiction(rule, problem, terms, (terms,))


def _find_different(graph: Graph) -> Iterator[Contradiction]:
    pairs = [(one, other, "eq-diff1") for one, other in graph.subject_objects(OWL.differentFrom)]
    for axiom in graph.subjects(RDF.type, OWL.AllDifferent):
        for rule, name in (("eq-diff2", OWL.members), ("eq-diff3", OWL.distinctMembers)):
            members = _members(graph, graph.value(axiom, name))
            pairs += [(one, other, rule) for one, other in combinations(members, 2)]
    for one, other, rule in pairs:
        if (one, OWL.sameAs, other) in graph:
            problem = "{0} and {1} are said to be the same and to be different"
            yield Contradiction(rule, problem, (one, other), ((one, OWL.sameAs, other),))


def _find_too_many(graph: Graph) -> Iterator[Contradiction]:
    """Restrictions to zero values."""
    for rule, name in (
        ("cls-maxc1", OWL.maxCardinality),
        ("cls-maxqc", OWL.maxQualifiedCardinality),
    ):
        for restriction, number in graph.subject_objects(name):
            if not _is_zero(number):
                continue
            wanted = graph.value(restriction, OWL.onClass)
            for subject in graph.subjects(RDF.type, restriction):
                for prop in graph.objects(restriction, OWL.onProperty):
                    yield from _values_of(graph, rule, (subject, restriction, prop), wanted)


def _values_of(
    graph: Graph, rule: str, what: tuple[Node, Node, Node], wanted: Node | None
) -> Iterator[Contradiction]:
    subject, restriction, name = what
    for value in graph.objects(subject, name):
        facts: tuple[Triple, ...] = ((subject, RDF.type, restriction), (subject, name, value))
        if wanted not in {None, OWL.Thing}:
            if (value, RDF.type, wanted) not in graph:
                continue
            facts = (*facts, (value, RDF.type, wanted or OWL.Thing))
        problem = "{0} is of a class whose members have no {1}, and has {1} to {2}"
        yield Contradiction(rule, problem, (subject, name, value), facts)


def _is_zero(number: Node) -> bool:
    return (
        isinstance(number, Literal)
        and number.datatype
        in {
            XSD.nonNegativeInteger,
            XSD.integer,
        }
        and str(number).strip("+-0") == ""
        and str(number) != ""
    )


_FINDERS: tuple[Callable[[Graph], Iterator[Contradiction]], ...] = (
    _find_nothing,
    _find_disjoint_classes,
    _find_disjoint_properties,
    _find_irreflexive,
    _find_asymmetric,
    _find_negative_assertions,
    _find_different,
    _find_too_many,
)
