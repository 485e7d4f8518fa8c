"""The ontology's terms and code lists, gathered for its page."""

from collections.abc import Mapping
from dataclasses import dataclass

from rdflib import OWL, RDF, RDFS, SKOS

from conflictkg.answers import Iri, Literal, Term
from conflictkg.iris import ONTOLOGY_GRAPH
from conflictkg.terms import PREFIXES
from conflictkg.web.display import Shown, name_of, show_term
from conflictkg.web.site import Site

_TERMS = """
SELECT ?graph ?term ?property ?value WHERE {
  GRAPH ?graph { ?term ?property ?value }
  FILTER (STRSTARTS (STR (?term), STR (ckg:)) && !isBlank (?value))
}
ORDER BY ?term
"""

_SCHEMES = """
SELECT ?graph ?scheme ?concept ?label ?definition WHERE {
  GRAPH ?graph {
    ?concept skos:inScheme ?scheme .
    OPTIONAL { ?concept skos:prefLabel ?label }
    OPTIONAL { ?concept skos:definition ?definition }
  }
}
ORDER BY ?scheme ?concept
"""

_SHOWN = (
    ("subclass of", str(RDFS.subClassOf)),
    ("subproperty of", str(RDFS.subPropertyOf)),
    ("domain", str(RDFS.domain)),
    ("range", str(RDFS.range)),
    ("inverse of", str(OWL.inverseOf)),
    ("disjoint with", str(OWL.disjointWith)),
)


@dataclass(frozen=True, slots=True)
class OntologyTerm:
    """A class or property.

    Args:
        name: Its local name, also the anchor.
        label: Its label.
        definition: What it means.
        examples: Examples of use.
        scope: Notes on its use.
        links: Superclasses, domain, range and the like, by what they are called.
    """

    name: str
    label: str
    definition: str
    examples: tuple[str, ...]
    scope: tuple[str, ...]
    links: tuple[tuple[str, tuple[Shown, ...]], ...]


@dataclass(frozen=True, slots=True)
class Concept:
    """A member of a code list."""

    term: Shown
    definition: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the ontology page shows: terms in order of name, code lists by their scheme."""

    classes: tuple[OntologyTerm, ...]
    properties: tuple[OntologyTerm, ...]
    schemes: tuple[tuple[Shown, tuple[Concept, ...]], ...]


def load_vocabulary(site: Site) -> Vocabulary:
    """Gather the terms of the ontology and the members of its code lists."""
    values: dict[str, dict[str, list[Term]]] = {}
    for row in site.ask(_TERMS, limit=50_000, graph=str(ONTOLOGY_GRAPH)).dicts():
        term, prop = row["term"], row["property"]
        if isinstance(term, Iri) and isinstance(prop, Iri):
            values.setdefault(term.value, {}).setdefault(prop.value, []).append(row["value"])
    linked = {
        value.value
        for each in values.values()
        for _, prop in _SHOWN
        for value in each.get(prop, [])
        if isinstance(value, Iri)
    }
    labels = {
        iri: _texts(each, str(RDFS.label))[0]
        for iri, each in values.items()
        if _texts(each, str(RDFS.label))
    }
    labels = {**site.labels_of(linked - set(labels)), **labels}
    classes, properties = [], []
    for iri, each in values.items():
        kinds = {value.value for value in each.get(str(RDF.type), []) if isinstance(value, Iri)}
        if str(OWL.Class) in kinds:
            classes.append(_make_term(iri, each, labels))
        elif any(kind.endswith("Property") for kind in kinds):
            properties.append(_make_term(iri, each, labels))
    return Vocabulary(tuple(classes), tuple(properties), _load_schemes(site))


def _make_term(
    iri: str, values: Mapping[str, list[Term]], labels: Mapping[str, str]
) -> OntologyTerm:
    links = tuple(
        (name, tuple(_show_named(value, labels) for value in values.get(prop, [])))
        for name, prop in _SHOWN
        if prop in values
    )
    return OntologyTerm(
        name=iri.removeprefix(PREFIXES["ckg"]),
        label=labels.get(iri) or name_of(iri),
        definition=" ".join(_texts(values, str(SKOS.definition))),
        examples=tuple(_texts(values, str(SKOS.example))),
        scope=tuple(_texts(values, str(SKOS.scopeNote))),
        links=links,
    )


def _show_named(term: Term, labels: Mapping[str, str]) -> Shown:
    return show_term(term, PREFIXES, labels)


def _texts(values: Mapping[str, list[Term]], prop: str) -> list[str]:
    return [each.lexical for each in values.get(prop, []) if isinstance(each, Literal)]


def _load_schemes(site: Site) -> tuple[tuple[Shown, tuple[Concept, ...]], ...]:
    found = site.ask(_SCHEMES, limit=20_000, graph=str(ONTOLOGY_GRAPH))
    rows, names = found.dicts(), site.labels_of(found.iris("scheme"))
    schemes: dict[Shown, list[Concept]] = {}
    for row in rows:
        concept, label, definition = row["concept"], row.get("label"), row.get("definition")
        if not isinstance(concept, Iri):
            continue
        named = {concept.value: label.lexical} if isinstance(label, Literal) else {}
        schemes.setdefault(show_term(row["scheme"], PREFIXES, names), []).append(
            Concept(
                show_term(concept, PREFIXES, named),
                definition.lexical if isinstance(definition, Literal) else "",
            )
        )
    return tuple((scheme, tuple(members)) for scheme, members in schemes.items())
