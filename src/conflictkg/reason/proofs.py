"""Trace a triple of a closure back to the asserted triples that it follows from.

The reasoner keeps no record of its steps, so rules are read backwards over the finished closure: a triple
that is not asserted has a proof without repetition, which a depth-first search that never meets
the same triple twice on one path will find.
"""

from collections.abc import Callable, Iterator

from rdflib import OWL, RDF, RDFS, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from conflictkg.reason.contradictions import Contradiction, Triple
from conflictkg.terms import PREFIXES

_STEPS = 20_000
"""Triples that one search may look at; a contradiction is worth a second, not an hour."""
_VOCABULARY = (str(RDFS), str(OWL))


class Prover:
    """Explains contradictions of one closure.

    Args:
        closure: Everything that follows.
        asserted: What was given.
        axioms: What the ontology says.
        locate: Where a triple is asserted, in words; may answer with an empty text.
    """

    def __init__(
        self,
        closure: Graph,
        asserted: Graph,
        axioms: Graph,
        locate: Callable[[Triple], str],
    ) -> None:
        self._closure, self._asserted, self._axioms = closure, asserted, axioms
        self._locate = locate
        self._left = _STEPS

    def explain(self, contradiction: Contradiction) -> str:
        """A contradiction in words: the problem, and under it the asserted triples that cause it."""
        names = [_name(term) for term in contradiction.terms]
        lines = [f"{contradiction.problem.format(*names)} (rule {contradiction.rule}):"]
        for fact in contradiction.facts:
            lines += self._tell(fact)
        return "\n".join(lines)

    def prove(self, triple: Triple) -> list[Triple] | None:
        """The asserted triples and axioms that a triple follows from, those first that come first.

        Returns:
            Only the triple itself where it is asserted; ``None`` where no proof was found.
        """
        self._left = _STEPS
        leaves = self._search(triple, frozenset())
        return None if leaves is None else list(dict.fromkeys(leaves))

    def _tell(self, fact: Triple) -> list[str]:
        if fact in self._asserted:
            return [f"  {self._cite(fact)}"]
        proof = self.prove(fact)
        head = f"  {_sentence(fact)}"
        if not proof:
            return [f"{head}  (follows by rules that are not traced)"]
        return [f"{head}  follows from", *(f"    {self._cite(leaf)}" for leaf in proof)]

    def _cite(self, triple: Triple) -> str:
        if triple in self._asserted:
            where = self._locate(triple)
            return f"{_sentence(triple)}  ({where})" if where else _sentence(triple)
        return f"{_sentence(triple)}  (ontology)"

    def _search(self, triple: Triple, path: frozenset[Triple]) -> list[Triple] | None:
        if triple in self._asserted or triple in self._axioms:
            return [triple]
        self._left -= 1
        if triple not in self._closure or triple in path or self._left < 0:
            return None
        if str(triple[1]).startswith(_VOCABULARY) and triple[1] != OWL.sameAs:
            # What the axioms say together is not taken apart.
            return [triple]
        for premises in self._premises(triple):
            leaves: list[Triple] = []
            for premise in premises:
                found = self._search(premise, path | {triple})
                if found is None:
                    break
                leaves += found
            else:
                return leaves
        return None

    def _premises(self, triple: Triple) -> Iterator[tuple[Triple, ...]]:
        if triple[1] == RDF.type:
            yield from self._type_premises(triple)
        elif triple[1] == OWL.sameAs:
            yield from self._same_premises(triple)
        else:
            yield from self._property_premises(triple)
        yield from self._replacements(triple)

    def _type_premises(self, triple: Triple) -> Iterator[tuple[Triple, ...]]:
        """cax-sco, prp-dom, prp-rng, cls-int, cls-uni, cls-hv2, cls-svf, cls-avf."""
        graph = self._closure
        thing, _, wanted = triple
        for name in graph.subjects(RDFS.domain, wanted):
            for value in graph.objects(thing, name):
                yield (thing, name, value), (name, RDFS.domain, wanted)
        for name in graph.subjects(RDFS.range, wanted):
            for subject in graph.subjects(name, thing):
                yield (subject, name, thing), (name, RDFS.range, wanted)
        for name in (OWL.equivalentClass, RDFS.subClassOf):
            for narrower in graph.subjects(name, wanted):
                if narrower != wanted and (thing, RDF.type, narrower) in graph:
                    yield (thing, RDF.type, narrower), (narrower, name, wanted)
        yield from self._class_expression_premises(thing, wanted)

    def _class_expression_premises(self, thing: Node, wanted: Node) -> Iterator[tuple[Triple, ...]]:
        graph = self._closure
        for head in graph.objects(wanted, OWL.intersectionOf):
            yield tuple((thing, RDF.type, part) for part in Collection(graph, head))
        for head in graph.objects(wanted, OWL.unionOf):
            yield from (((thing, RDF.type, part),) for part in Collection(graph, head))
        for name in graph.objects(wanted, OWL.onProperty):
            for value in graph.objects(thing, name):
                if (wanted, OWL.hasValue, value) in graph:
                    yield ((thing, name, value),)
                for filler in graph.objects(wanted, OWL.someValuesFrom):
                    fact = (thing, name, value)
                    yield (fact,) if filler == OWL.Thing else (fact, (value, RDF.type, filler))
        for restriction in graph.subjects(OWL.allValuesFrom, wanted):
            for name in graph.objects(restriction, OWL.onProperty):
                for subject in graph.subjects(name, thing):
                    yield (subject, name, thing), (subject, RDF.type, restriction)

    def _property_premises(self, triple: Triple) -> Iterator[tuple[Triple, ...]]:
        """prp-spo1, prp-eqp, prp-inv, prp-symp, prp-trp, prp-spo2, cls-hv1."""
        graph = self._closure
        subject, name, value = triple
        for relation in (RDFS.subPropertyOf, OWL.equivalentProperty):
            for narrower in graph.subjects(relation, name):
                if narrower != name:
                    yield (subject, narrower, value), (narrower, relation, name)
        for inverse in graph.subjects(OWL.inverseOf, name):
            yield (value, inverse, subject), (inverse, OWL.inverseOf, name)
        for inverse in graph.objects(name, OWL.inverseOf):
            yield (value, inverse, subject), (name, OWL.inverseOf, inverse)
        symmetric, transitive = (
            (name, RDF.type, OWL.SymmetricProperty),
            (name, RDF.type, OWL.TransitiveProperty),
        )
        if symmetric in graph:
            yield (value, name, subject), symmetric
        if transitive in graph:
            for middle in graph.objects(subject, name):
                if middle not in {subject, value}:
                    yield (subject, name, middle), (middle, name, value), transitive
        for head in graph.objects(name, OWL.propertyChainAxiom):
            yield from self._chains(subject, list(Collection(graph, head)), value)
        for restriction in graph.subjects(OWL.hasValue, value):
            if (restriction, OWL.onProperty, name) in graph:
                yield ((subject, RDF.type, restriction),)

    def _chains(self, start: Node, names: list[Node], end: Node) -> Iterator[tuple[Triple, ...]]:
        """Paths along the properties of a chain."""
        if not names:
            if start == end:
                yield ()
            return
        for middle in self._closure.objects(start, names[0]):
            for rest in self._chains(middle, names[1:], end):
                yield ((start, names[0], middle), *rest)

    def _same_premises(self, triple: Triple) -> Iterator[tuple[Triple, ...]]:
        """eq-sym, eq-trans, prp-fp, prp-ifp."""
        graph = self._closure
        one, _, other = triple
        yield ((other, OWL.sameAs, one),)
        for middle in graph.objects(one, OWL.sameAs):
            if middle not in {one, other}:
                yield (one, OWL.sameAs, middle), (middle, OWL.sameAs, other)
        for name in graph.subjects(RDF.type, OWL.FunctionalProperty):
            for subject in graph.subjects(name, one):
                axiom = (name, RDF.type, OWL.FunctionalProperty)
                yield (subject, name, one), (subject, name, other), axiom
        for name in graph.subjects(RDF.type, OWL.InverseFunctionalProperty):
            for value in graph.objects(one, name):
                axiom = (name, RDF.type, OWL.InverseFunctionalProperty)
                yield (one, name, value), (other, name, value), axiom

    def _replacements(self, triple: Triple) -> Iterator[tuple[Triple, ...]]:
        """eq-rep-s and eq-rep-o."""
        graph = self._closure
        subject, name, value = triple
        if name == OWL.sameAs:
            return
        for twin in graph.subjects(OWL.sameAs, subject):
            if twin != subject:
                yield (twin, OWL.sameAs, subject), (twin, name, value)
        for twin in graph.subjects(OWL.sameAs, value):
            if twin != value:
                yield (twin, OWL.sameAs, value), (subject, name, twin)


def _sentence(triple: Triple) -> str:
    subject, name, value = triple
    verb = "a" if name == RDF.type else _name(name)
    return f"{_name(subject)} {verb} {_name(value)} ."


def _name(term: Node) -> str:
    """A term as Turtle would write it with the prefixes that everybody here knows."""
    if isinstance(term, BNode):
        return "an unnamed class"
    for prefix, namespace in PREFIXES.items():
        if isinstance(term, URIRef) and term.startswith(namespace):
            local = term.removeprefix(namespace)
            if local.replace("-", "").isalnum():
                return f"{prefix}:{local}"
    return term.n3()
