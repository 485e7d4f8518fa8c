"""One thing and all that is said of it, gathered from the store for its page.

Every query here is bounded: a page of something that half the graph points to stays a page.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rdflib import DCTERMS, FOAF, PROV, RDF, RDFS, SKOS, URIRef

from conflictkg.answers import Iri, Literal, Term
from conflictkg.iris import ENTAILED_GRAPH
from conflictkg.terms import CKG, PREFIXES
from conflictkg.views import ASSERTED_GRAPH, ATTRIBUTED_GRAPH
from conflictkg.web.claims import (
    MAX_CLAIMS,
    TENURE_PARTS,
    ClaimList,
    ShownClaim,
    load_claim,
    load_claims,
    name_tenures,
)
from conflictkg.web.display import Shown, name_of, show_term
from conflictkg.web.site import Site, iri_of

MAX_INCOMING = 100
"""Other references to a thing that its page shows."""

MAX_DOCUMENT_CLAIMS = 1_000
"""Claims of one document that its page shows."""

_VIEWS = (str(ASSERTED_GRAPH), str(ATTRIBUTED_GRAPH))

_OUTGOING = """
SELECT ?thing ?graph ?property ?value WHERE { GRAPH ?graph { ?thing ?property ?value } }
"""

# Which properties lead here, and how often: sections that would be empty are not asked for.
_ROLES = """
SELECT ?thing ?role (COUNT(*) AS ?times) WHERE { ?claim ?role ?thing } GROUP BY ?thing ?role
"""

_INCOMING = """
SELECT DISTINCT ?thing ?property ?subject WHERE {
  ?subject ?property ?thing .
  FILTER (?property NOT IN (
    ckg:claimSubject, ckg:claimObject, ckg:child, ckg:parent, ckg:relationType, ckg:claimStatus,
    ckg:reviewStatus, ckg:polarity, ckg:modality, prov:wasAttributedTo, prov:wasDerivedFrom,
    ckg:reportedBy, oa:hasSource, rdf:type, ckg:claimProperty))
}
ORDER BY ?property ?subject
"""

_ZONES = """
SELECT ?thing ?zone ?type ?start ?end WHERE {
  ?thing ckg:hasZone ?zone .
  ?zone ckg:zoneType ?type ; oa:hasSelector ?selector .
  ?selector oa:start ?start ; oa:end ?end .
}
ORDER BY ?start
"""

# The tenures around a thing, which have no names of their own, and what names could be made of.
_TENURES = (
    """
SELECT DISTINCT ?thing ?tenure ?part ?of WHERE {
  { ?tenure ?leads ?thing } UNION { ?thing ?has ?tenure } UNION { BIND (?thing AS ?tenure) }
  ?tenure a ckg:Tenure .
"""
    + TENURE_PARTS
    + "}"
)

_TENURE_PATH = "/id/tenure/"
_CLAIM_CLASSES = {
    str(each) for each in (CKG.Claim, CKG.CountClaim, CKG.DateClaim, CKG.GroupRelation)
}
_NAMES = {
    str(SKOS.prefLabel): "preferred",
    str(SKOS.altLabel): "also",
    str(SKOS.hiddenLabel): "misspelling",
    str(FOAF.name): "name",
    str(CKG.printedName): "printed",
    str(CKG.describedAs): "described as",
}
_TEXTS = tuple(
    str(each)
    for each in (SKOS.definition, CKG.content, CKG.description, RDFS.comment, DCTERMS.description)
)
_HEADED = {
    str(RDF.type),
    str(RDFS.label),
    str(DCTERMS.title),
    str(CKG.hasZone),
    *_NAMES,
    *_TEXTS,
}


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a thing.

    Args:
        text: The name.
        kind: How it is used: "preferred", "printed".
        sources: Graphs and claims that hold it.
    """

    text: Shown
    kind: str
    sources: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Fact:
    """A property of a thing with its values.

    Args:
        name: The property.
        values: Each value with what kind of graph it stands in: empty for a source's own,
            "derived" for a view, "entailed" for what follows by rule.
    """

    name: Shown
    values: tuple[tuple[Shown, str], ...]

    @property
    def is_made(self) -> bool:
        """Whether some value was made here from what sources say."""
        return any(origin for _, origin in self.values)


@dataclass(frozen=True, slots=True)
class ShownZone:
    """A part of a document."""

    kind: Shown
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Thing:
    """What a page shows of one thing. Each part is empty where nothing is held.

    Args:
        iri: Its IRI.
        label: Its best name.
        types: Its classes of our ontology, those that sources state before those that follow.
        outside_types: Its classes of other vocabularies.
        texts: Definitions and contents.
        names: All its names.
        own_claim: The claim that it is, where it is one.
        about: Claims about it.
        mentioning: Claims whose object it is.
        relations: Relations of a group to others, from both sides.
        said: Claims that it makes.
        in_document: Claims read in it, in text order.
        zones: Its parts, where it is a document.
        facts: What else is stated of it.
        incoming: What else refers to it, by property.
        incoming_complete: Whether these are all.
    """

    iri: str
    label: str
    types: tuple[Shown, ...] = ()
    outside_types: tuple[Shown, ...] = ()
    texts: tuple[Shown, ...] = ()
    names: tuple[Name, ...] = ()
    own_claim: ShownClaim | None = None
    about: ClaimList = field(default_factory=ClaimList)
    mentioning: ClaimList = field(default_factory=ClaimList)
    relations: tuple[ShownClaim, ...] = ()
    said: ClaimList = field(default_factory=ClaimList)
    in_document: ClaimList = field(default_factory=ClaimList)
    zones: tuple[ShownZone, ...] = ()
    facts: tuple[Fact, ...] = ()
    incoming: tuple[Fact, ...] = ()
    incoming_complete: bool = True


@dataclass(frozen=True, slots=True)
class _Statement:
    """A triple about the thing, and the graph it stands in."""

    graph: str
    prop: str
    value: Term


def load_thing(site: Site, iri: str) -> Thing | None:
    """Gather a thing.

    Returns:
        None where the store says nothing of it and nothing refers to it.
    """
    statements = _statements_of(site.ask(_OUTGOING, thing=iri).dicts())
    roles = set(site.ask(_ROLES, thing=iri).iris("role"))
    if not statements and not roles:
        return None
    incoming = site.ask(_INCOMING, limit=MAX_INCOMING, thing=iri)

    def claims(role: URIRef, limit: int = MAX_CLAIMS) -> ClaimList:
        present = str(role) in roles
        return load_claims(site, iri, str(role), limit=limit) if present else ClaimList()

    classes = {
        each.value.value
        for each in statements
        if each.prop == str(RDF.type) and isinstance(each.value, Iri)
    }
    about = claims(CKG.claimSubject)
    naming = [each for each in about.claims if _is_naming(each)]
    is_document = str(CKG.SourceDocument) in classes or str(CKG.SourceRecord) in classes
    labels = _labels_for(site, iri, statements, incoming.dicts())
    shown = _Display(labels)
    types, outside_types = shown.types(statements)
    own_claim = load_claim(site, iri) if classes & _CLAIM_CLASSES else None
    return Thing(
        iri=iri,
        label=_name_claim(own_claim) if own_claim else labels.get(iri) or name_of(iri),
        types=types,
        outside_types=outside_types,
        texts=tuple(shown.term(each.value) for each in statements if each.prop in _TEXTS),
        names=_gather_names(statements, naming, shown),
        own_claim=own_claim,
        about=ClaimList(
            tuple(each for each in about.claims if not _is_naming(each)), about.is_complete
        ),
        mentioning=claims(CKG.claimObject),
        relations=(*claims(CKG.child).claims, *claims(CKG.parent).claims),
        said=claims(PROV.wasAttributedTo),
        in_document=claims(PROV.wasDerivedFrom, MAX_DOCUMENT_CLAIMS),
        zones=_load_zones(site, iri) if is_document else (),
        facts=shown.facts(statements),
        incoming=shown.incoming(incoming.dicts()),
        incoming_complete=incoming.complete,
    )


class _Display:
    """Shows terms with the names that were loaded for one page."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels

    def term(self, term: Term) -> Shown:
        return show_term(term, PREFIXES, self._labels)

    def prop(self, iri: str) -> Shown:
        return show_term(Iri(iri), PREFIXES, {iri: self._labels.get(iri) or name_of(iri)})

    def types(
        self, statements: Sequence[_Statement]
    ) -> tuple[tuple[Shown, ...], tuple[Shown, ...]]:
        """Classes of our ontology and of others; what a source states before what follows."""
        stated = sorted(statements, key=lambda each: (_origin_of(each.graph), iri_of(each.value)))
        classes = dict.fromkeys(
            iri_of(each.value) for each in stated if each.prop == str(RDF.type) and each.value
        )
        ours = [each for each in classes if each.startswith(PREFIXES["ckg"])]
        others = [each for each in classes if each and each not in ours]
        return (
            tuple(self.prop(each) for each in ours),
            tuple(show_term(Iri(each), PREFIXES) for each in others),
        )

    def facts(self, statements: Sequence[_Statement]) -> tuple[Fact, ...]:
        groups: dict[str, dict[Shown, str]] = {}
        # A source's own word first, so that a value that is also derived shows as stated.
        for each in sorted(statements, key=lambda each: _origin_of(each.graph)):
            if each.prop not in _HEADED:
                group = groups.setdefault(each.prop, {})
                group.setdefault(self.term(each.value), _origin_of(each.graph))
        facts = [Fact(self.prop(prop), tuple(group.items())) for prop, group in groups.items()]
        return tuple(sorted(facts, key=lambda each: each.name.text))

    def incoming(self, rows: Iterable[Mapping[str, Term]]) -> tuple[Fact, ...]:
        groups: dict[str, list[tuple[Shown, str]]] = {}
        for row in rows:
            prop, subject = row["property"], row["subject"]
            if isinstance(prop, Iri):
                groups.setdefault(prop.value, []).append((self.term(subject), ""))
        return tuple(Fact(self.prop(prop), tuple(values)) for prop, values in groups.items())


def _statements_of(rows: Iterable[Mapping[str, Term]]) -> list[_Statement]:
    return [
        _Statement(row["graph"].value, row["property"].value, row["value"])
        for row in rows
        if isinstance(row["graph"], Iri) and isinstance(row["property"], Iri)
    ]


def _labels_for(
    site: Site, iri: str, statements: Sequence[_Statement], incoming: Sequence[Mapping[str, Term]]
) -> dict[str, str]:
    """Names for all that the page mentions outside of claims."""
    terms = {iri}
    for each in statements:
        terms |= {each.prop, each.graph}
        if isinstance(each.value, Iri):
            terms.add(each.value.value)
    for row in incoming:
        terms |= {term.value for term in row.values() if isinstance(term, Iri)}
    tenures: list[dict[str, Term]] = []
    if any(_TENURE_PATH in each for each in terms):
        tenures = site.ask(_TENURES, thing=iri).dicts()
        terms |= {iri_of(row.get("of")) for row in tenures}
    labels = site.labels_of(terms)
    return {**name_tenures(tenures, labels), **labels}


def _origin_of(graph: str) -> str:
    if graph == str(ENTAILED_GRAPH):
        return "entailed"
    return "derived" if graph in _VIEWS else ""


def _name_claim(claim: ShownClaim) -> str:
    """A claim has no name: what it says stands for one."""
    values = ", ".join(each.text for each in claim.values)
    return f"Claim: {claim.subject.text}, {claim.about.text}: {values}"


def _is_naming(claim: ShownClaim) -> bool:
    return _property_of(claim.about) in _NAMES and "negated" not in claim.flags


def _property_of(shown: Shown) -> str:
    return shown.title or shown.text


def _gather_names(
    statements: Sequence[_Statement], naming: Sequence[ShownClaim], shown: _Display
) -> tuple[Name, ...]:
    """Each name once a kind, with the graphs and claims that hold it."""
    found: dict[tuple[Shown, str], dict[Shown, None]] = {}
    for each in statements:
        if each.prop in _NAMES and isinstance(each.value, Literal) and not _origin_of(each.graph):
            key = (shown.term(each.value), _NAMES[each.prop])
            found.setdefault(key, {})[shown.term(Iri(each.graph))] = None
    for claim in naming:
        kind = _NAMES[_property_of(claim.about)]
        by = ", ".join(each.text for each in claim.said_by) or "a claim"
        for value in claim.values:
            source = Shown(by, claim.iri.title, claim.iri.href)
            found.setdefault((value, kind), {})[source] = None
    kinds = list(dict.fromkeys(_NAMES.values()))
    names = [Name(text, kind, tuple(sources)) for (text, kind), sources in found.items()]
    return tuple(sorted(names, key=lambda each: (kinds.index(each.kind), each.text.text)))


def _load_zones(site: Site, iri: str) -> tuple[ShownZone, ...]:
    found = site.ask(_ZONES, thing=iri)
    rows, labels = found.dicts(), site.labels_of(found.iris("type"))
    return tuple(
        ShownZone(
            show_term(row["type"], PREFIXES, labels),
            int(row["start"].lexical),
            int(row["end"].lexical),
        )
        for row in rows
        if isinstance(row["start"], Literal) and isinstance(row["end"], Literal)
    )
