"""Annotations to RDF: one named graph a document, every assertion a claim with its evidence.

The table in ``predicates.toml`` says which form an assertion takes; this module only moves it there.
"""

from collections.abc import Callable
from datetime import date

from rdflib import DCTERMS, FOAF, ORG, PROV, RDF, RDFS, SKOS, XSD, Graph, Literal, URIRef
from rdflib.term import Node as Term

from conflictkg.errors import InvalidValueError
from conflictkg.iris import digest_key, document_key, mint_graph, mint_thing
from conflictkg.provenance import (
    Provenance,
    add_all,
    add_bounds,
    add_evidence,
    add_position,
    add_provenance,
)
from conflictkg.sources.article.annotations import (
    Annotations,
    Assertion,
    DateValue,
    Node,
)
from conflictkg.sources.article.predicates import Predicate, require_predicate
from conflictkg.terms import CKG, CS, SEM
from conflictkg.values import require_concept

_EVENTS = {"event", "strike", "strike-series"}
_PEOPLE = {"person", "person-group"}

# node type -> (class, property of its label)
_CLASSES: dict[str, tuple[URIRef, URIRef]] = {
    "organization": (CKG.Organization, SKOS.prefLabel),
    "person": (CKG.Person, SKOS.prefLabel),
    "person-group": (CKG.PersonGroup, RDFS.label),
    "place": (CKG.Place, SKOS.prefLabel),
    "facility": (CKG.Facility, SKOS.prefLabel),
    "post": (CKG.Post, SKOS.prefLabel),
    "event": (CKG.ConflictEvent, RDFS.label),
    "strike": (CKG.Strike, RDFS.label),
    "strike-series": (CKG.StrikeSeries, RDFS.label),
    "statement": (CKG.Statement, RDFS.label),
    "cited-document": (CKG.CitedDocument, DCTERMS.title),
}


def convert_article(annotations: Annotations, *, source: str = "annotations") -> Graph:
    """Write annotations as one graph, without blank nodes.

    Args:
        annotations: What was read in the text.
        source: Name of the annotation file, for messages.

    Returns:
        The graph, with the one ``ckg:NamedGraph`` that names it.

    Raises:
        UnmappedValueError: A predicate or concept is unknown; the message names the closest.
        InvalidValueError: An assertion's value does not fit its predicate.
    """
    return _Conversion(annotations, source).run()


class _Conversion:
    """One document on its way into a graph."""

    def __init__(self, annotations: Annotations, source: str) -> None:
        self.annotations, self.source = annotations, source
        self.key = document_key(annotations.document.text_sha256)
        self.document = mint_thing("document", self.key)
        self.language = annotations.document.language
        self.nodes = {node.id: node for node in annotations.nodes}
        self.graph = Graph()
        self.rows = [(item, require_predicate(item, source)) for item in annotations.assertions]
        self.tenures: dict[str, list[URIRef]] = {}

    def run(self) -> Graph:
        self._write_graph()
        self._write_document()
        for node in self.annotations.nodes:
            self._write_node(node)
        # Tenures first: ranks and successions are said of a tenure that may stand further down.
        # A deputy's comes after that of the person deputized for, whose organization it shares.
        for item, row in sorted(self.rows, key=self._rank_of_form):
            self._FORMS[row.form](self, item, row)
        for node in self.annotations.nodes:
            if node.type in _EVENTS:
                self._write_what_is_unknown(node)
        self._write_reviews()
        return self.graph

    def _rank_of_form(self, pair: tuple[Assertion, Predicate]) -> int:
        item, row = pair
        if row.form != "tenure":
            return 2
        return int(self.nodes[str(item.object)].type in _PEOPLE)

    # The graph, the document and what it speaks of

    def _write_graph(self) -> None:
        document = self.annotations.document
        graph_iri = mint_graph(f"article/{self.key}")
        add_all(
            self.graph,
            graph_iri,
            (RDF.type, CKG.NamedGraph),
            (DCTERMS.title, Literal(f"Claims of: {document.title}", lang="en")),
            (DCTERMS.source, self.document),
            (CKG.redistribution, Literal(document.redistribution)),
        )
        if document.licence:
            self.graph.add((graph_iri, DCTERMS.license, URIRef(document.licence)))

    def _write_document(self) -> None:
        document = self.annotations.document
        add_all(
            self.graph,
            self.document,
            (RDF.type, CKG.SourceDocument),
            (DCTERMS.title, Literal(document.title, lang="en")),
            (DCTERMS.language, Literal(document.language)),
            (CKG.textSha256, Literal(document.text_sha256)),
        )
        for predicate, name in (
            (DCTERMS.publisher, document.publisher),
            (DCTERMS.creator, document.creator),
        ):
            if name:
                self.graph.add((self.document, predicate, self._iri(name)))
        if document.address:
            self.graph.add((self.document, DCTERMS.source, URIRef(document.address)))
        if document.issued and document.issued.precision == "day":
            add_bounds(
                self.graph, self.document, [(DCTERMS.issued, document.issued.earliest_begin)]
            )
        for zone in self.annotations.zones:
            iri = mint_thing("zone", f"{self.key}/{zone.start}-{zone.end}")
            self.graph.add((self.document, CKG.hasZone, iri))
            add_all(
                self.graph,
                iri,
                (RDF.type, CKG.DocumentZone),
                (CKG.zoneType, self._concept("zone", zone.zone)),
                (CKG.spanSha256, Literal(zone.sha256)),
            )
            add_position(self.graph, iri, self.document, (zone.start, zone.end))

    def _write_node(self, node: Node) -> None:
        if node.entity or node.type == "document":
            return  # its names and type stand in the registry's graph, or are written above
        iri = self._iri(node.id)
        kind, label = _CLASSES[node.type]
        add_all(self.graph, iri, (RDF.type, kind), (label, Literal(node.label, lang=self.language)))
        if node.note:
            self.graph.add((iri, SKOS.scopeNote, Literal(node.note, lang="en")))
        for member in node.members:
            self.graph.add((iri, FOAF.member, self._iri(member)))
        if node.type == "post":
            self._write_post(node, iri)
        elif node.type in _EVENTS:
            self._write_event(node, iri)

    def _write_post(self, node: Node, iri: URIRef) -> None:
        if node.concept:
            self.graph.add((iri, ORG.role, self._concept("role", node.concept)))
        if node.organization:
            self.graph.add((iri, ORG.postIn, self._iri(node.organization)))
        if node.area:
            self.graph.add((iri, CKG.area, self._iri(node.area)))

    def _write_event(self, node: Node, iri: URIRef) -> None:
        concept = node.concept or ("strike" if node.type == "strike" else "other")
        self.graph.add((iri, CKG.eventType, self._concept("event-type", concept)))
        # Place and period of a series say what is counted: they define it, and claim nothing.
        if node.area:
            self.graph.add((iri, SEM.hasPlace, self._iri(node.area)))
        if node.period:
            self._write_bounds(iri, node.period)
        if node.type == "strike-series":
            self.graph.add((iri, CKG.countingRule, Literal(node.note or node.label, lang="en")))

    def _write_what_is_unknown(self, node: Node) -> None:
        iri = self._iri(node.id)
        said = {row.name for item, row in self.rows if item.subject == node.id}
        if "date" not in said and node.period is None:
            self.graph.add((iri, CKG.datePrecision, CS["date-precision-unknown"]))
        if "location" not in said and node.area is None:
            self.graph.add((iri, CKG.placePrecision, CS["place-precision-unknown"]))

    # The forms that an assertion takes

    def _write_claim(self, item: Assertion, row: Predicate) -> None:
        if row.name == "stated on" and item.date and item.date.precision != "day":
            self._write_date(item, row)
            return
        subject, value = self._iri(item.subject), self._value(item, row)
        if row.inverse:
            subject, value = URIRef(str(value)), subject
        self._add_claim(item, subject, row, value)

    def _write_on_tenure(self, item: Assertion, row: Predicate) -> None:
        tenure = self._tenure_of(item.subject)
        if item.object is None:
            self._add_claim(item, tenure, row, self._value(item, row))
            return
        shared = [
            (mine, theirs)
            for mine in self.tenures.get(item.subject, [])
            for theirs in self.tenures.get(item.object, [])
            if self.graph.value(mine, CKG.post) is not None
            and self.graph.value(mine, CKG.post) == self.graph.value(theirs, CKG.post)
        ]
        tenure, other = shared[0] if shared else (tenure, self._tenure_of(item.object))
        self._add_claim(item, tenure, row, other)

    def _write_tenure(self, item: Assertion, row: Predicate) -> None:
        held = self.nodes[str(item.object)]
        tenure = self._mint_tenure(item.subject, held.id, row.role or "")
        if held.type == "post":
            self.graph.add((tenure, CKG.post, self._iri(held.id)))
            if held.organization:
                self.graph.add((tenure, ORG.organization, self._iri(held.organization)))
        elif held.type in _PEOPLE:
            self.graph.add((tenure, CKG.deputyOf, self._iri(held.id)))
            for superior in self.tenures.get(held.id, []):
                for organization in self.graph.objects(superior, ORG.organization):
                    self.graph.add((tenure, ORG.organization, organization))
        else:
            self.graph.add((tenure, ORG.organization, self._iri(held.id)))
        if row.role:
            self.graph.add((tenure, ORG.role, self._concept("role", row.role)))
        claim = self._mint_claim(item)
        add_all(
            self.graph,
            claim,
            (RDF.type, CKG.Claim),
            (CKG.claimSubject, self._iri(item.subject)),
            (CKG.claimProperty, ORG.hasMembership),
            (CKG.claimObject, tenure),
        )
        self._write_provenance(item, claim)

    def _write_relation(self, item: Assertion, row: Predicate) -> None:
        relation = mint_thing("relation", f"{self.key}/{item.id}")
        add_all(
            self.graph,
            relation,
            (RDF.type, CKG.GroupRelation),
            (CKG.child, self._iri(item.subject)),
            (CKG.parent, self._iri(str(item.object))),
            (CKG.relationType, self._concept("relation-type", row.relation or "")),
        )
        self._write_provenance(item, relation)

    def _write_count(self, item: Assertion, row: Predicate) -> None:
        count = item.count
        if count is None:
            raise self._missing(item, row)
        claim = self._mint_claim(item)
        add_all(
            self.graph,
            claim,
            (RDF.type, CKG.CountClaim),
            (CKG.claimSubject, self._iri(item.subject)),
            (CKG.countOf, self._concept("count-category", count.of)),
        )
        for predicate, number in (
            (CKG.lowerBound, count.low),
            (CKG.bestEstimate, count.best),
            (CKG.upperBound, count.high),
        ):
            if number is not None:
                self.graph.add((claim, predicate, Literal(number, datatype=XSD.integer)))
        for predicate, holds in ((CKG.vague, count.vague), (CKG.notReported, count.not_reported)):
            if holds:
                self.graph.add((claim, predicate, Literal(True)))
        if count.rule:
            self.graph.add((claim, CKG.countingRule, Literal(count.rule, lang="en")))
        if count.verbatim:
            self.graph.add((claim, CKG.verbatim, Literal(count.verbatim, lang=self.language)))
        self._write_provenance(item, claim)

    def _write_date(self, item: Assertion, row: Predicate) -> None:
        when = item.date
        if when is None:
            raise self._missing(item, row)
        claim = self._mint_claim(item)
        add_all(
            self.graph,
            claim,
            (RDF.type, CKG.DateClaim),
            (CKG.claimSubject, self._iri(item.subject)),
        )
        self._write_bounds(claim, when)
        self._write_resolution(claim, when)
        self._write_provenance(item, claim)

    _FORMS: dict[str, Callable[["_Conversion", Assertion, Predicate], None]] = {  # noqa: RUF012  constant
        "claim": _write_claim,
        "on-tenure": _write_on_tenure,
        "tenure": _write_tenure,
        "relation": _write_relation,
        "count": _write_count,
        "date": _write_date,
    }

    # Parts

    def _add_claim(self, item: Assertion, subject: URIRef, row: Predicate, value: Term) -> None:
        claim = self._mint_claim(item)
        add_all(
            self.graph,
            claim,
            (RDF.type, CKG.Claim),
            (CKG.claimSubject, subject),
            (CKG.claimProperty, URIRef(str(row.property))),
            (CKG.claimValue if isinstance(value, Literal) else CKG.claimObject, value),
        )
        if item.date:
            self._write_resolution(claim, item.date)
        self._write_provenance(item, claim)

    def _write_provenance(self, item: Assertion, claim: URIRef) -> None:
        span = (item.start, item.end)
        evidence = add_evidence(self.graph, self.document, self.key, span, item.sha256)
        through = tuple(self._iri(name) for name in item.reported_by)
        publisher = self._publisher()
        if item.attributed_to:
            makers = tuple(self._iri(name) for name in item.attributed_to)
            through = (*through, publisher)
        elif item.status == "author-opinion" and self.annotations.document.creator:
            makers = (self._iri(self.annotations.document.creator),)
        else:
            makers = (publisher,)
        add_provenance(
            self.graph,
            claim,
            Provenance(
                status=item.status,
                review=self._review_of(item),
                attributed_to=makers,
                derived_from=self.document,
                reported_by=through,
                evidence=(evidence,),
                polarity=item.polarity,
                modality=item.modality,
                as_of=item.as_of,
                topics=tuple(self._concept("topic", topic) for topic in item.about),
            ),
        )
        if item.note:
            self.graph.add((claim, SKOS.scopeNote, Literal(item.note, lang="en")))

    def _write_bounds(self, subject: URIRef, when: DateValue) -> None:
        bounds: list[tuple[URIRef, date | None]] = [
            (SEM.hasEarliestBeginTimeStamp, when.earliest_begin),
            (SEM.hasLatestBeginTimeStamp, when.latest_begin),
            (SEM.hasEarliestEndTimeStamp, when.earliest_end),
            (SEM.hasLatestEndTimeStamp, when.latest_end),
        ]
        add_bounds(self.graph, subject, bounds)
        precision = self._concept("date-precision", when.precision)
        self.graph.add((subject, CKG.datePrecision, precision))

    def _write_resolution(self, claim: URIRef, when: DateValue) -> None:
        if when.resolved_from:
            words = Literal(when.resolved_from, lang=self.language)
            self.graph.add((claim, CKG.resolvedFrom, words))

    def _write_reviews(self) -> None:
        for number, review in enumerate(self.annotations.reviews, start=1):
            iri = mint_thing("review", f"{self.key}/{number}")
            agent = mint_thing("agent", digest_key(review.reviewer))
            add_all(
                self.graph,
                agent,
                (RDF.type, PROV.Agent),
                (RDFS.label, Literal(review.reviewer, lang="en")),
            )
            add_all(
                self.graph,
                iri,
                (RDF.type, CKG.Review),
                (PROV.wasAssociatedWith, agent),
                (CKG.reviewStatus, self._concept("review-status", review.decision)),
                (DCTERMS.date, Literal(review.date)),
                (CKG.reason, Literal(review.note, lang="en")),
            )
            reviewed = [self._mint_claim_iri(name) for name in review.assertions]
            for thing in reviewed or [mint_graph(f"article/{self.key}")]:
                self.graph.add((iri, CKG.reviewed, thing))

    def _review_of(self, item: Assertion) -> str:
        decisions = [
            review.decision
            for review in self.annotations.reviews
            if not review.assertions or item.id in review.assertions
        ]
        return decisions[-1] if decisions else "unreviewed"

    def _value(self, item: Assertion, row: Predicate) -> Term:
        if item.object is not None:
            return self._iri(item.object)
        if item.concept is not None:
            return self._concept(row.scheme or "", item.concept)
        if item.date is not None:
            return Literal(item.date.earliest_begin)
        return Literal(item.text, lang=self.language)

    def _tenure_of(self, person: str) -> URIRef:
        """The person's tenure in this document: of a post if there is one; bare if there is none."""
        held = self.tenures.get(person, [])
        with_post = [tenure for tenure in held if self.graph.value(tenure, CKG.post) is not None]
        found = [*with_post, *held]
        return found[0] if found else self._mint_tenure(person, "", "")

    def _mint_tenure(self, person: str, held: str, role: str) -> URIRef:
        tenure = mint_thing("tenure", f"{self.key}/{digest_key(person, held, role)}")
        self.tenures.setdefault(person, []).append(tenure)
        add_all(self.graph, tenure, (RDF.type, CKG.Tenure), (ORG.member, self._iri(person)))
        return tenure

    def _mint_claim(self, item: Assertion) -> URIRef:
        return self._mint_claim_iri(item.id)

    def _mint_claim_iri(self, name: str) -> URIRef:
        return mint_thing("claim", f"{self.key}/{name}")

    def _iri(self, name: str) -> URIRef:
        node = self.nodes[name]
        if node.entity:
            kind, _, number = node.entity.partition("/")
            return mint_thing(kind, number)
        if node.type == "document":
            return self.document
        # No personal name in an IRI: a person known to this document only is named by a digest.
        local = digest_key(node.id) if node.type == "person" else node.id
        return mint_thing(node.type, f"{self.key}/{local}")

    def _publisher(self) -> URIRef:
        publisher = self.annotations.document.publisher
        if publisher:
            return self._iri(publisher)
        unknown = mint_thing("agent", self.key)
        add_all(
            self.graph,
            unknown,
            (RDF.type, PROV.Agent),
            (RDFS.label, Literal("the document's publisher, not known", lang="en")),
        )
        return unknown

    def _concept(self, scheme: str, member: str) -> URIRef:
        return require_concept(scheme, member, source=self.source)

    def _missing(self, item: Assertion, row: Predicate) -> InvalidValueError:
        return InvalidValueError(
            f'predicate "{row.name}" needs a {row.value}', source=self.source, record=item.id
        )
