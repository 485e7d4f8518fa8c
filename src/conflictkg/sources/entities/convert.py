"""The registry (``data/entities/*.toml``) to RDF: names, levels, places in places, outside identifiers.

Names are how we call things and stand plainly; what a source says of a place (what it lies in) is a
Claim of that source. A link to an outside vocabulary is an SSSOM mapping with its justification.
"""

import datetime
import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated
from typing import Literal as Choice

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from rdflib import DCTERMS, ORG, RDF, SKOS, XSD, Graph, Literal, URIRef

from conflictkg.errors import InvalidValueError, SourceError, UnmappedValueError
from conflictkg.iris import ENTITIES_GRAPH, digest_key, mint_thing
from conflictkg.provenance import Provenance, add_all, add_provenance
from conflictkg.terms import CKG, GEO, SEMAPV, SSSOM, WGS
from conflictkg.values import require_concept

LICENCE = URIRef("https://creativecommons.org/licenses/by/4.0/")

Registered = Annotated[str, StringConstraints(pattern=r"^\d{4}$")]
Key = Annotated[str, StringConstraints(pattern=r"^(organization|person|place|post)/\d{4}$")]
Degrees = Annotated[str, StringConstraints(pattern=r"^-?\d{1,3}(\.\d+)?$")]


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Named(_Row):
    number: Registered
    name: str
    aliases: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    note: str | None = None


class Organization(_Named):
    """An organization, with its concept of the organization-level scheme."""

    level: str


class Person(_Named):
    """A person. Only names: all else about a person is a claim of a source."""


class Containment(_Row):
    """That a place lies in another, who says so, and the last day it held."""

    place: Registered
    source: str
    until: datetime.date | None = None


class Place(_Named):
    """A place; coordinates in decimal degrees (WGS 84), as the source prints them."""

    precision: str
    latitude: Degrees | None = None
    longitude: Degrees | None = None
    within: tuple[Containment, ...] = ()


class Post(_Named):
    """A post: role, organization and, where it has one, the area it covers."""

    organization: Registered
    role: str
    area: Registered | None = None


class Source(_Row):
    """A file at hand that proves identifiers."""

    title: str
    licence: str
    file: str
    publisher: Registered | None = None
    iri: str | None = None
    """Pattern of the outside IRI, with ``{id}``."""


class Mapping(_Row):
    """A link to an outside vocabulary, or the knowledge that there is none."""

    subject: Key
    predicate: Choice["exactMatch", "closeMatch", "broadMatch", "narrowMatch", "relatedMatch"]
    source: str
    id: str
    label: str
    reason: str
    negative: bool = False


class Registry(_Row):
    """All tables of the registry."""

    organization: tuple[Organization, ...] = ()
    person: tuple[Person, ...] = ()
    place: tuple[Place, ...] = ()
    post: tuple[Post, ...] = ()
    mapping: tuple[Mapping, ...] = ()
    sources: dict[str, Source] = Field(default_factory=dict)


def load_registry(folder: Path) -> Registry:
    """Read every ``*.toml`` of a folder as one registry.

    Raises:
        SourceError: The folder holds none, a file is no TOML, breaks the format, or a number is given twice.
    """
    content: dict[str, object] = {}
    files = sorted(folder.glob("*.toml"))
    if not files:
        raise SourceError("holds no *.toml file of the registry.", source=str(folder))
    for path in files:
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
            Registry.model_validate(tables)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SourceError(f"cannot be read: {error}", source=str(path)) from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise SourceError(f"{place}: {first['msg']}", source=str(path)) from error
        content |= tables
    registry = Registry.model_validate(content)
    for rows in (registry.organization, registry.person, registry.place, registry.post):
        numbers = [row.number for row in rows]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            kind = type(rows[0]).__name__.lower()
            raise SourceError(f"{kind} number {twice[0]} is given twice.", source=str(folder))
    return registry


def convert_entities(registry: Registry) -> Graph:
    """Write the registry as one graph, without blank nodes.

    Raises:
        UnmappedValueError: A level, role, precision or source is unknown.
        InvalidValueError: A mapping is to a source that gives no IRIs.
    """
    graph = Graph()
    add_all(
        graph,
        ENTITIES_GRAPH,
        (RDF.type, CKG.NamedGraph),
        (DCTERMS.title, Literal("Organizations, persons, places and posts", lang="en")),
        (DCTERMS.license, LICENCE),
        (CKG.redistribution, Literal(True)),
    )
    for organization in registry.organization:
        iri = _write_names(graph, organization, CKG.Organization)
        graph.add(
            (
                iri,
                CKG.organizationLevel,
                require_concept(
                    "organization-level", organization.level, source="organizations.toml"
                ),
            )
        )
    for person in registry.person:
        _write_names(graph, person, CKG.Person)
    for place in registry.place:
        _write_place(graph, place, registry)
    for post in registry.post:
        _write_post(graph, post)
    for name, source in registry.sources.items():
        _write_release(graph, name, source)
    for mapping in registry.mapping:
        _write_mapping(graph, mapping, registry)
    return graph


def _write_names(graph: Graph, row: _Named, kind: URIRef) -> URIRef:
    iri = mint_thing(type(row).__name__.lower(), row.number)
    add_all(
        graph,
        iri,
        (RDF.type, kind),
        (SKOS.prefLabel, Literal(row.name, lang="en")),
        *((SKOS.altLabel, Literal(alias, lang="en")) for alias in row.aliases),
        *((SKOS.hiddenLabel, Literal(name, lang="en")) for name in row.hidden),
    )
    if row.note:
        graph.add((iri, SKOS.scopeNote, Literal(row.note, lang="en")))
    return iri


def _write_place(graph: Graph, place: Place, registry: Registry) -> None:
    iri = _write_names(graph, place, CKG.Place)
    graph.add(
        (
            iri,
            CKG.placePrecision,
            require_concept("place-precision", place.precision, source="places.toml"),
        )
    )
    if place.latitude and place.longitude:
        geometry = URIRef(f"{iri}/geometry")
        point = f"POINT ({place.longitude} {place.latitude})"
        add_all(
            graph,
            iri,
            (WGS.lat, Literal(place.latitude, datatype=XSD.decimal)),
            (WGS.long, Literal(place.longitude, datatype=XSD.decimal)),
            (GEO.hasGeometry, geometry),
        )
        add_all(
            graph,
            geometry,
            (RDF.type, GEO.Geometry),
            (GEO.asWKT, Literal(point, datatype=GEO.wktLiteral)),
        )
    for containment in place.within:
        _write_containment(graph, place, containment, registry)


def _write_containment(
    graph: Graph, place: Place, containment: Containment, registry: Registry
) -> None:
    source = _require_source(registry, containment.source)
    release = _release_iri(containment.source)
    claim = mint_thing("claim", f"entities/place-{place.number}-within-{containment.place}")
    add_all(
        graph,
        claim,
        (RDF.type, CKG.Claim),
        (CKG.claimSubject, mint_thing("place", place.number)),
        (CKG.claimProperty, CKG.within),
        (CKG.claimObject, mint_thing("place", containment.place)),
    )
    if containment.until:
        graph.add((claim, CKG.validUntil, Literal(containment.until)))
    maker = mint_thing("organization", source.publisher) if source.publisher else release
    add_provenance(
        graph,
        claim,
        Provenance(status="fact", review="accepted", attributed_to=(maker,), derived_from=release),
    )


def _write_post(graph: Graph, post: Post) -> None:
    iri = _write_names(graph, post, CKG.Post)
    graph.add((iri, ORG.postIn, mint_thing("organization", post.organization)))
    graph.add((iri, ORG.role, require_concept("role", post.role, source="posts.toml")))
    if post.area:
        graph.add((iri, CKG.area, mint_thing("place", post.area)))


def _write_release(graph: Graph, name: str, source: Source) -> None:
    iri = _release_iri(name)
    add_all(
        graph,
        iri,
        (RDF.type, CKG.DatasetRelease),
        (DCTERMS.title, Literal(source.title, lang="en")),
        (DCTERMS.license, URIRef(source.licence)),
    )
    if source.publisher:
        graph.add((iri, DCTERMS.publisher, mint_thing("organization", source.publisher)))


def _write_mapping(graph: Graph, mapping: Mapping, registry: Registry) -> None:
    source = _require_source(registry, mapping.source)
    if source.iri is None:
        raise InvalidValueError(
            f'source "{mapping.source}" gives no IRIs: add "iri" with {{id}} to it',
            source="mappings.toml",
            record=mapping.subject,
        )
    kind, _, number = mapping.subject.partition("/")
    iri = mint_thing(
        "mapping", digest_key(mapping.subject, mapping.predicate, mapping.source, mapping.id)
    )
    add_all(
        graph,
        iri,
        (RDF.type, SSSOM.Mapping),
        (SSSOM.subject_id, mint_thing(kind, number)),
        (SSSOM.predicate_id, SKOS[mapping.predicate]),
        (SSSOM.object_id, URIRef(source.iri.format(id=mapping.id))),
        (SSSOM.object_label, Literal(mapping.label)),
        (SSSOM.object_source, _release_iri(mapping.source)),
        (SSSOM.mapping_justification, SEMAPV.ManualMappingCuration),
        (SSSOM.comment, Literal(mapping.reason, lang="en")),
    )
    if mapping.negative:
        graph.add((iri, SSSOM.predicate_modifier, Literal("Not")))


def _release_iri(name: str) -> URIRef:
    return mint_thing("release", name)


def _require_source(registry: Registry, name: str) -> Source:
    if name not in registry.sources:
        close = get_close_matches(name, registry.sources, n=1)
        hint = f' Closest known: "{close[0]}".' if close else ""
        raise UnmappedValueError(
            f'source "{name}" is not declared under [sources].{hint}', source="mappings.toml"
        )
    return registry.sources[name]
