"""Which source says it, where in it, and how: the part that every claim has in common.

Source: the domain model: a Claim has one status, an attribution, a derivation and its evidence.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from rdflib import PROV, RDF, XSD, Literal, URIRef
from rdflib.term import Node

from conflictkg.iris import mint_thing
from conflictkg.terms import CKG, CS, OA


class Sink(Protocol):
    """What triples are added to: a graph, or what only writes them."""

    def add(self, triple: tuple[Node, Node, Node], /) -> object:
        """Add a triple."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """What stands behind one claim or group relation.

    Args:
        status: Member of the claim-status scheme: ``fact``, ``attributed-claim``, …
        review: Member of the review-status scheme: ``accepted``, ``unreviewed``, …
        attributed_to: Who makes the claim.
        derived_from: The document or record that it was read in.
        reported_by: Those through whom the source has it.
        evidence: The annotations that locate it; may be empty for a row of a dataset.
        polarity: ``affirmed`` or ``negated``.
        modality: ``actual``, ``conditional``, ``hypothetical`` or ``counterfactual``.
        as_of: The day for which it is said to hold.
        topics: Concepts it is about.
    """

    status: str
    review: str
    attributed_to: tuple[URIRef, ...]
    derived_from: URIRef
    reported_by: tuple[URIRef, ...] = ()
    evidence: tuple[URIRef, ...] = ()
    polarity: str = "affirmed"
    modality: str = "actual"
    as_of: date | None = None
    topics: tuple[URIRef, ...] = ()


def add_provenance(graph: Sink, claim: URIRef, provenance: Provenance) -> None:
    """Write what stands behind a claim."""
    add_all(
        graph,
        claim,
        (CKG.claimStatus, CS[f"claim-status-{provenance.status}"]),
        (CKG.reviewStatus, CS[f"review-status-{provenance.review}"]),
        (CKG.polarity, CS[f"polarity-{provenance.polarity}"]),
        (CKG.modality, CS[f"modality-{provenance.modality}"]),
        (PROV.wasDerivedFrom, provenance.derived_from),
        *((PROV.wasAttributedTo, agent) for agent in provenance.attributed_to),
        *((CKG.reportedBy, agent) for agent in provenance.reported_by),
        *((CKG.evidence, annotation) for annotation in provenance.evidence),
        *((CKG.about, topic) for topic in provenance.topics),
    )
    if provenance.as_of:
        graph.add((claim, CKG.asOf, Literal(provenance.as_of)))


def add_evidence(
    graph: Sink, document: URIRef, key: str, span: tuple[int, int], sha256: str
) -> URIRef:
    """Write where in a text something stands.

    Args:
        graph: The graph to write to.
        document: The source document.
        key: The document's key.
        span: Start and end in Unicode code points, the end exclusive.
        sha256: Hash of the characters between them.

    Returns:
        The annotation, one for each span of a document.
    """
    annotation = mint_thing("evidence", f"{key}/{span[0]}-{span[1]}")
    target = URIRef(f"{annotation}/target")
    add_all(
        graph,
        annotation,
        (RDF.type, OA.Annotation),
        (OA.hasTarget, target),
        (CKG.spanSha256, Literal(sha256)),
    )
    graph.add((target, RDF.type, OA.SpecificResource))
    add_position(graph, target, document, span)
    return annotation


def add_position(graph: Sink, target: URIRef, document: URIRef, span: tuple[int, int]) -> None:
    """Write the position of a part of a document; the selector is named after the part."""
    selector = URIRef(f"{target}/position")
    add_all(graph, target, (OA.hasSource, document), (OA.hasSelector, selector))
    add_all(
        graph,
        selector,
        (RDF.type, OA.TextPositionSelector),
        (OA.start, Literal(span[0], datatype=XSD.integer)),
        (OA.end, Literal(span[1], datatype=XSD.integer)),
    )


def add_all(graph: Sink, subject: Node, *properties: tuple[URIRef, Node]) -> None:
    """Add several triples about one subject."""
    for predicate, value in properties:
        graph.add((subject, predicate, value))


def add_bounds(
    graph: Sink, subject: Node, properties: Iterable[tuple[URIRef, date | None]]
) -> None:
    """Write those bounds that are known, as ``xsd:date``."""
    for predicate, day in properties:
        if day is not None:
            graph.add((subject, predicate, Literal(day)))
