"""N-Triples text: our terms as they are written, IRIs of things, blocks of triples of one graph.

Terms come from the closed namespaces, so that a misspelt one raises on import. A block is plain
text, one triple a line: writing millions of them through objects would take minutes.
"""

import hashlib
from dataclasses import dataclass

from rdflib import DCTERMS, ORG, PROV, RDF, RDFS, SKOS, XSD, URIRef

from conflictkg.iris import mint_graph
from conflictkg.terms import CKG, CS, GEO, OA, SEM, SEMAPV, SSSOM, WGS

ID = "https://w3id.org/conflictkg/id/"
END = " .\n"


def term(iri: URIRef) -> str:
    """A term of a closed namespace as N-Triples.

    >>> term(CKG.Strike)
    '<https://w3id.org/conflictkg/ontology#Strike>'
    """
    return f"<{iri}>"


def concept(name: str) -> str:
    """A concept of our code lists.

    >>> concept("claim-status-fact")
    '<https://w3id.org/conflictkg/scheme/claim-status-fact>'
    """
    return f"<{CS[name]}>"


def thing(kind: str, key: str) -> str:
    """A thing by its kind and key, which hold nothing that an IRI must not.

    >>> thing("organization", "0012")
    '<https://w3id.org/conflictkg/id/organization/0012>'
    """
    return f"<{ID}{kind}/{key}>"


def graph(name: str) -> str:
    """The IRI of a graph, without brackets.

    >>> graph("view/asserted")
    'https://w3id.org/conflictkg/graph/view/asserted'
    """
    return str(mint_graph(name))


def digest(text: str) -> str:
    """The SHA-256 that stands for a text nobody has."""
    return hashlib.sha256(text.encode()).hexdigest()


def integer(value: int) -> str:
    """An ``xsd:integer``."""
    return f'"{value}"^^{INTEGER}'


def date(text: str) -> str:
    """An ``xsd:date``."""
    return f'"{text}"^^{DATE}'


@dataclass(frozen=True, slots=True)
class Block:
    """Triples of one graph.

    Args:
        graph: IRI of the graph, without brackets.
        text: N-Triples, each line closed.
    """

    graph: str
    text: str


INTEGER = term(XSD.integer)
DATE = term(XSD.date)
DECIMAL = term(XSD.decimal)
BOOLEAN = term(XSD.boolean)
TRUE = f'"true"^^{BOOLEAN}'
WKT = term(GEO.wktLiteral)

A = term(RDF.type)
LABEL = term(RDFS.label)
PREF_LABEL = term(SKOS.prefLabel)
ALT_LABEL = term(SKOS.altLabel)
HIDDEN_LABEL = term(SKOS.hiddenLabel)
SCOPE_NOTE = term(SKOS.scopeNote)
EXACT_MATCH = term(SKOS.exactMatch)
CLOSE_MATCH = term(SKOS.closeMatch)

TITLE = term(DCTERMS.title)
LICENSE = term(DCTERMS.license)
SOURCE = term(DCTERMS.source)
IDENTIFIER = term(DCTERMS.identifier)
IS_PART_OF = term(DCTERMS.isPartOf)
ISSUED = term(DCTERMS.issued)
PUBLISHER = term(DCTERMS.publisher)
CREATOR = term(DCTERMS.creator)
LANGUAGE = term(DCTERMS.language)

ATTRIBUTED_TO = term(PROV.wasAttributedTo)
DERIVED_FROM = term(PROV.wasDerivedFrom)

SUB_ORGANIZATION_OF = term(ORG.subOrganizationOf)
MEMBER = term(ORG.member)
ORGANIZATION = term(ORG.organization)
HAS_MEMBERSHIP = term(ORG.hasMembership)
ROLE = term(ORG.role)
POST_IN = term(ORG.postIn)

HAS_PLACE = term(SEM.hasPlace)
EARLIEST_BEGIN = term(SEM.hasEarliestBeginTimeStamp)
LATEST_BEGIN = term(SEM.hasLatestBeginTimeStamp)
EARLIEST_END = term(SEM.hasEarliestEndTimeStamp)
LATEST_END = term(SEM.hasLatestEndTimeStamp)

LAT = term(WGS.lat)
LONG = term(WGS.long)
HAS_GEOMETRY = term(GEO.hasGeometry)
GEOMETRY = term(GEO.Geometry)
AS_WKT = term(GEO.asWKT)

ANNOTATION = term(OA.Annotation)
SPECIFIC_RESOURCE = term(OA.SpecificResource)
TEXT_POSITION = term(OA.TextPositionSelector)
HAS_TARGET = term(OA.hasTarget)
HAS_SOURCE = term(OA.hasSource)
HAS_SELECTOR = term(OA.hasSelector)
OA_START = term(OA.start)
OA_END = term(OA.end)

MAPPING = term(SSSOM.Mapping)
SUBJECT_ID = term(SSSOM["subject_id"])
PREDICATE_ID = term(SSSOM["predicate_id"])
OBJECT_ID = term(SSSOM["object_id"])
OBJECT_LABEL = term(SSSOM["object_label"])
JUSTIFICATION = term(SSSOM["mapping_justification"])
CONFIDENCE = term(SSSOM.confidence)
CURATION = term(SEMAPV.ManualMappingCuration)
LEXICAL = term(SEMAPV.LexicalMatching)

NAMED_GRAPH = term(CKG.NamedGraph)
REDISTRIBUTION = term(CKG.redistribution)
RELEASE = term(CKG.DatasetRelease)
RECORD = term(CKG.SourceRecord)
LINE = term(CKG.line)
ROW_SHA = term(CKG.rowSha256)
DOCUMENT = term(CKG.SourceDocument)
HAS_ZONE = term(CKG.hasZone)
ZONE = term(CKG.DocumentZone)
ZONE_TYPE = term(CKG.zoneType)
TEXT_SHA = term(CKG.textSha256)
SPAN_SHA = term(CKG.spanSha256)

CLAIM = term(CKG.Claim)
COUNT_CLAIM = term(CKG.CountClaim)
DATE_CLAIM = term(CKG.DateClaim)
CLAIM_SUBJECT = term(CKG.claimSubject)
CLAIM_PROPERTY = term(CKG.claimProperty)
CLAIM_OBJECT = term(CKG.claimObject)
CLAIM_VALUE = term(CKG.claimValue)
CLAIM_STATUS = term(CKG.claimStatus)
REVIEW_STATUS = term(CKG.reviewStatus)
POLARITY = term(CKG.polarity)
MODALITY = term(CKG.modality)
REPORTED_BY = term(CKG.reportedBy)
EVIDENCE = term(CKG.evidence)
VALID_FROM = term(CKG.validFrom)
VALID_UNTIL = term(CKG.validUntil)
DATA_ISSUE = term(CKG.dataIssue)
COUNT_OF = term(CKG.countOf)
LOWER = term(CKG.lowerBound)
BEST = term(CKG.bestEstimate)
UPPER = term(CKG.upperBound)
NOT_REPORTED = term(CKG.notReported)
VAGUE = term(CKG.vague)
VERBATIM = term(CKG.verbatim)

STRIKE = term(CKG.Strike)
CONFLICT_EVENT = term(CKG.ConflictEvent)
EVENT_TYPE = term(CKG.eventType)
DATE_PRECISION = term(CKG.datePrecision)
PERPETRATOR = term(CKG.perpetrator)
TARGET = term(CKG.targetOrganization)
INTENDED_TARGET = term(CKG.intendedTarget)
KILLED_PERSON = term(CKG.killedPerson)
MEANS = term(CKG.means)
ATTRIBUTION_LEVEL = term(CKG.attributionLevel)
CLUSTER = term(CKG.EventCluster)
CLUSTER_MEMBER = term(CKG.clusterMember)
LINK_CONFIDENCE = term(CKG.linkConfidence)
LINK_METHOD = term(CKG.linkMethod)

STATEMENT = term(CKG.Statement)
SPEAKER = term(CKG.speaker)
VENUE = term(CKG.venue)
ABOUT = term(CKG.about)
STANCE = term(CKG.stance)
CONTENT = term(CKG.content)

CKG_ORGANIZATION = term(CKG.Organization)
LEVEL = term(CKG.organizationLevel)
GROUP_RELATION = term(CKG.GroupRelation)
CHILD = term(CKG.child)
PARENT = term(CKG.parent)
RELATION_TYPE = term(CKG.relationType)
PERSON = term(CKG.Person)
LEADER = term(CKG.Leader)
POST = term(CKG.Post)
TENURE = term(CKG.Tenure)
LEADING_TENURE = term(CKG.LeadingTenure)
HAS_POST = term(CKG.post)
RANK = term(CKG.rank)
PLACE = term(CKG.Place)
PLACE_PRECISION = term(CKG.placePrecision)
WITHIN = term(CKG.within)

CC_BY = "<https://creativecommons.org/licenses/by/4.0/>"
CC_BY_NC = "<https://creativecommons.org/licenses/by-nc/4.0/>"

ENTITIES = graph("entities")
ASSERTED = graph("view/asserted")
ENTAILED = graph("entailed")
CLUSTERS = graph("links/clusters")
MAPPINGS = graph("links/mappings")
