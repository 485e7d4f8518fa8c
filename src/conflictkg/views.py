"""Direct triples, derived from claims by a rule, so that a question need not go through every claim.

The rule. A claim counts if it is accepted (``ckg:reviewStatus``), affirmed (``ckg:polarity``) and actual
(``ckg:modality``), has exactly one of each, and stands in a graph that is not retracted. A claim that counts
goes by its ``ckg:claimStatus``: ``fact`` and ``inferred`` into the view *asserted*, ``attributed-claim``
into the view *attributed*, ``author-opinion`` into none. There

- a claim with a property yields ``claimSubject claimProperty claimObject`` (or ``claimValue``);
- a ``ckg:DateClaim`` yields its bounds and its ``ckg:datePrecision`` on its subject;
- a ``ckg:GroupRelation`` of type subgroup-of, faction-of or agency-of, which carries these
  properties itself, yields ``child org:subOrganizationOf parent``;
- a ``ckg:CountClaim`` yields nothing: parallel counts are never merged.

Views hold nothing else, never feed each other and can be made again at any time. Taking a claim away never
adds a triple to them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rdflib import ORG, RDF, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg.graphs import merge_graphs
from conflictkg.iris import mint_graph
from conflictkg.terms import CKG, CS, SEM

ASSERTED_GRAPH = mint_graph("view/asserted")
ATTRIBUTED_GRAPH = mint_graph("view/attributed")

Triple = tuple[Node, Node, Node]

_COUNTS = (
    (CKG.reviewStatus, CS["review-status-accepted"]),
    (CKG.polarity, CS["polarity-affirmed"]),
    (CKG.modality, CS["modality-actual"]),
)
_ASSERTED = frozenset({CS["claim-status-fact"], CS["claim-status-inferred"]})
_ATTRIBUTED = frozenset({CS["claim-status-attributed-claim"]})
_DATE_PROPERTIES = (
    SEM.hasEarliestBeginTimeStamp,
    SEM.hasLatestBeginTimeStamp,
    SEM.hasEarliestEndTimeStamp,
    SEM.hasLatestEndTimeStamp,
    CKG.datePrecision,
)
_PARTS = frozenset(
    CS[f"relation-type-{name}"] for name in ("subgroup-of", "faction-of", "agency-of")
)


@dataclass(frozen=True, slots=True)
class Views:
    """The two view graphs.

    Args:
        asserted: What sources assert themselves.
        attributed: What sources report others to claim.
    """

    asserted: Graph
    attributed: Graph


def derive_views(graphs: Iterable[Graph]) -> Views:
    """Derive the direct triples of data graphs by the rule of this module.

    Args:
        graphs: One a source, each with its own ``ckg:NamedGraph`` description.
    """
    merged = merge_graphs(graph for graph in graphs if not is_retracted(graph))
    views = Views(Graph(bind_namespaces="none"), Graph(bind_namespaces="none"))
    for claim, triples in _iter_direct(merged):
        view = _view_of(merged, claim, views)
        if view is not None:
            for triple in triples:
                view.add(triple)
    return views


def is_retracted(graph: Graph) -> bool:
    """Whether a graph says of itself that it was retracted."""
    return any(
        isinstance(value, Literal) and str(value) in {"true", "1"}
        for value in graph.objects(None, CKG.retracted)
    )


def counts(graph: Graph, claim: Node) -> bool:
    """Whether a claim, or a relation with a claim's properties, is accepted, affirmed and actual."""
    return all(set(graph.objects(claim, name)) == {value} for name, value in _COUNTS)


def _view_of(graph: Graph, claim: Node, views: Views) -> Graph | None:
    statuses = set(graph.objects(claim, CKG.claimStatus))
    if not statuses or not counts(graph, claim):
        return None
    if statuses <= _ASSERTED:
        return views.asserted
    return views.attributed if statuses <= _ATTRIBUTED else None


def _iter_direct(graph: Graph) -> Iterator[tuple[Node, list[Triple]]]:
    """Each claim with the direct triples that it would yield."""
    for claim in graph.subjects(RDF.type, CKG.Claim, unique=True):
        yield claim, list(_from_claim(graph, claim))
    for claim in graph.subjects(RDF.type, CKG.DateClaim, unique=True):
        yield claim, list(_from_date(graph, claim))
    for relation in graph.subjects(RDF.type, CKG.GroupRelation, unique=True):
        yield relation, list(_from_relation(graph, relation))


def _from_claim(graph: Graph, claim: Node) -> Iterator[Triple]:
    values = [
        *graph.objects(claim, CKG.claimObject),
        *graph.objects(claim, CKG.claimValue),
    ]
    for subject in graph.objects(claim, CKG.claimSubject):
        for name in graph.objects(claim, CKG.claimProperty):
            if isinstance(name, URIRef) and isinstance(subject, URIRef):
                yield from ((subject, name, value) for value in values)


def _from_date(graph: Graph, claim: Node) -> Iterator[Triple]:
    for subject in graph.objects(claim, CKG.claimSubject):
        for name in _DATE_PROPERTIES:
            yield from ((subject, name, value) for value in graph.objects(claim, name))


def _from_relation(graph: Graph, relation: Node) -> Iterator[Triple]:
    if not _PARTS.intersection(graph.objects(relation, CKG.relationType)):
        return
    for child in graph.objects(relation, CKG.child):
        for parent in graph.objects(relation, CKG.parent):
            yield child, ORG.subOrganizationOf, parent
