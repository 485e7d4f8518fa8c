"""What follows from graphs under the ontology, by the rules of OWL 2 RL, and where they contradict it.

owlrl computes the closure. Of what it adds, most says nothing (``x owl:sameAs x``, everything an
``owl:Thing``): only the consequences that a question can ask for are kept. Where the closure breaks a
rule, :mod:`conflictkg.reason.contradictions` says which, and :mod:`conflictkg.reason.proofs` from
which asserted triples.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import owlrl
import rdflib
from rdflib import OWL, RDF, RDFS, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg.errors import InconsistentError
from conflictkg.graphs import merge_graphs
from conflictkg.reason.contradictions import Triple, find_contradictions
from conflictkg.reason.proofs import Prover

_ERROR = URIRef("http://www.daml.org/2002/03/agents/agent-ont#error")
"""What owlrl hangs its messages on."""
_VOCABULARIES = (str(RDF), str(RDFS), str(OWL))
_ANNOTATIONS = frozenset({RDFS.label, RDFS.comment, RDFS.isDefinedBy, RDFS.seeAlso})

_PLAIN_VALUE = re.compile(r"[^eE]{1,64}|[^eE]{1,32}[eE][+-]?[0-9]{1,2}").fullmatch

Locate = Callable[[Triple], str]
"""Where a triple is asserted, as people read it: ``data/ttl/entities.ttl line 12``; may be empty."""


@dataclass(frozen=True, slots=True)
class Consequences:
    """The outcome of reasoning.

    Args:
        new: The consequences that questions need: none is asserted, has a blank node, or speaks
            about the ontology's own terms.
        closure: Everything, the asserted triples and the axioms with it.
    """

    new: Graph
    closure: Graph


def entail(asserted: Graph, ontology: Graph, locate: Locate | None = None) -> Consequences:
    """Draw the consequences of a graph.

    Args:
        asserted: The graph. Axioms in it count, whatever they are about.
        ontology: Its axioms count too, unless the graph uses none of its terms.
        locate: For contradictions: where triples are asserted.

    Raises:
        InconsistentError: The graph contradicts the ontology or itself; with the triples that do.
    """
    axioms = _select_axioms(ontology)
    if not _share_terms(asserted, axioms):
        axioms = Graph(bind_namespaces="none")
    given = _normalise(asserted)
    closure, messages = _close(merge_graphs([axioms, given]))
    found = find_contradictions(closure)
    if found:
        prover = Prover(closure, given, axioms, locate or _locate_nowhere)
        raise InconsistentError([prover.explain(each) for each in found])
    if messages:
        raise InconsistentError(messages)
    new = _select_new(closure, given, axioms)
    return Consequences(new, merge_graphs([closure, asserted]))


def _locate_nowhere(triple: Triple) -> str:  # noqa: ARG001  the type of a locator
    return ""


def _normalise(graph: Graph) -> Graph:
    """The graph with one lexical form a value, by which alone owlrl knows equal literals.

    Long ones stay as they are: a few characters of exponent can stand for a gigabyte of digits.
    """
    normal = Graph(bind_namespaces="none")
    for subject, predicate, value in graph:
        if isinstance(value, Literal) and value.datatype is not None and _PLAIN_VALUE(str(value)):
            short = Literal(str(value), datatype=value.datatype, normalize=True)
            normal.add((subject, predicate, short))
        else:
            normal.add((subject, predicate, value))
    return normal


@contextmanager
def own_literals_kept() -> Iterator[None]:
    """Give rdflib its own readings of literals back after owlrl has put its own in their place.

    owlrl does it for the whole process and gives back only the datatypes that rdflib lists as such:
    afterwards "not a date"^^xsd:date would no longer count as ill-typed, and the shapes would pass it.
    """
    readings = rdflib.term._toPythonMapping
    before = dict(readings)
    try:
        yield
    finally:
        readings.clear()
        readings.update(before)


def _close(graph: Graph) -> tuple[Graph, list[str]]:
    """The closure without owlrl's own marks, and its messages."""
    reasoner = owlrl.DeductiveClosure(
        owlrl.OWLRL_Semantics, rdfs_closure=False, axiomatic_triples=False, datatype_axioms=True
    )
    with own_literals_kept():
        reasoner.expand(graph)
    messages = []
    for mark, message in list(graph.subject_objects(_ERROR)):
        messages.append(str(message))
        graph.remove((mark, None, None))
    for triple in list(graph):
        # "Generalised" triples, which owlrl makes and RDF does not have.
        if isinstance(triple[0], Literal):
            graph.remove(triple)
    return graph, sorted(messages)


def _select_axioms(ontology: Graph) -> Graph:
    """What rules can use of an ontology: not its labels, definitions and examples."""
    axioms = Graph(bind_namespaces="none")
    for triple in ontology:
        predicate = triple[1]
        if predicate not in _ANNOTATIONS and str(predicate).startswith(_VOCABULARIES):
            axioms.add(triple)
    return axioms


def _share_terms(asserted: Graph, axioms: Graph) -> bool:
    """Whether a graph uses any term that the axioms are about; where not, they cannot bear on it."""
    return not _own_terms(asserted).isdisjoint(_own_terms(axioms))


def _own_terms(graph: Graph) -> set[Node]:
    foreign = (*_VOCABULARIES, str(XSD))
    return {
        term
        for triple in graph
        for term in triple
        if isinstance(term, URIRef) and not str(term).startswith(foreign)
    }


def _select_new(closure: Graph, asserted: Graph, axioms: Graph) -> Graph:
    """Of a closure what is new, is RDF without blank nodes, and tells something about the data."""
    about_terms = {*axioms.subjects(), *asserted.subjects(RDF.type, OWL.Class)}
    new = Graph(bind_namespaces="none")
    for triple in closure:
        if triple not in asserted and triple[0] not in about_terms and _tells_something(triple):
            new.add(triple)
    return new


def _tells_something(triple: Triple) -> bool:
    subject, predicate, value = triple
    if not isinstance(subject, URIRef) or not isinstance(value, URIRef | Literal):
        return False
    if predicate == OWL.sameAs:
        return subject != value
    if predicate == RDF.type:
        return not str(value).startswith((*_VOCABULARIES, str(XSD)))
    return not str(predicate).startswith(_VOCABULARIES)
