"""A store in VoID and DCAT 3: the whole, each graph, what links to others, and where to get it.

VoID has no partition by datatype: that is said in the words of VoID-ext (http://ldf.fi/void-ext#), which other
catalogues use for it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from conflictkg.answers import RDF_LANG_STRING, XSD, Blank, Iri, Literal, Term, Triple
from conflictkg.describe.asking import iter_rows, to_text
from conflictkg.describe.counting import Counts
from conflictkg.describe.rights import GraphNotice
from conflictkg.iris import BASE
from conflictkg.store import Store
from conflictkg.terms import PREFIXES

DATASET = BASE + ".well-known/void#dataset"
CATALOGUE = BASE + ".well-known/void#catalogue"
PUBLISHER = BASE + ".well-known/void#publisher"

_RDF, _VOID, _DCAT, _DCT = PREFIXES["rdf"], PREFIXES["void"], PREFIXES["dcat"], PREFIXES["dct"]
_FOAF, _SD = PREFIXES["foaf"], PREFIXES["sd"]
_SPDX = "http://spdx.org/rdf/terms#"
_FORMATS = "http://www.w3.org/ns/formats/"
_MEDIA = "https://www.iana.org/assignments/media-types/"
_PASSED_ON = PREFIXES["ckg"] + "redistribution"
_PROTOCOL = "http://www.w3.org/TR/sparql11-protocol/"
_SHA256 = _SPDX + "checksumAlgorithm_sha256"
_N_QUADS, _GZIP = _MEDIA + "application/n-quads", _MEDIA + "application/gzip"
_KEYWORDS = ("armed conflict", "claims", "knowledge graph", "provenance")
_DATATYPE_PARTITION = "http://ldf.fi/void-ext#datatypePartition"
_DATATYPE = "http://ldf.fi/void-ext#datatype"
_TITLE = "conflictkg, a knowledge graph of armed conflict"
_SUMMARY = "Claims of sources about armed conflict, each with who makes it and where in the source it stands."


@dataclass(frozen=True, slots=True)
class Dump:
    """A file that a graph, or the whole, can be got as.

    Args:
        address: Where.
        size: Bytes; ``None`` where it is not made yet.
        sha256: Of the file, in hexadecimal; empty where it is not made yet.
    """

    address: str
    size: int | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where what is described can be got.

    Args:
        sparql: Address of the endpoint.
        document: Address of the description itself.
        whole: The file of all that may be passed on.
        graphs: Files of graphs, by IRI.
        example: IRI of a thing of ours; empty for none.
    """

    sparql: str
    document: str
    whole: Dump | None = None
    graphs: Mapping[str, Dump] = field(default_factory=dict)
    example: str = ""


_EXAMPLE = "SELECT ?thing WHERE { ?thing a ckg:Organization } ORDER BY ?thing LIMIT 1"


def find_example(store: Store, *, deadline_s: float | None = None) -> str:
    """IRI of a thing of ours to look at; empty where there is none.

    Raises:
        QueryError: The store cannot answer, or not in time.
    """
    rows = list(iter_rows(store, _EXAMPLE, deadline_s=deadline_s))
    return to_text(rows[0]["thing"]) if rows else ""


class _Blanks:
    """Numbers blank nodes."""

    def __init__(self) -> None:
        self._count = 0

    def new_node(self) -> Blank:
        self._count += 1
        return Blank(f"d{self._count}")


def describe_store(
    release: str,
    built_at: str,
    whole: Counts,
    counts: Mapping[str, Counts],
    notices: Iterable[GraphNotice],
    places: Places,
) -> Iterator[Triple]:
    """Describe a store.

    Args:
        release: Its release.
        built_at: When it was built, as ``xsd:dateTime``.
        whole: Counts of the whole.
        counts: Counts of each graph.
        notices: What the graphs say of themselves.
        places: Where it can be got.
    """
    notices = tuple(notices)
    blanks = _Blanks()
    dataset, catalogue, publisher = Iri(DATASET), Iri(CATALOGUE), Iri(PUBLISHER)
    document, service = Iri(places.document), Iri(places.sparql)
    yield from _say(
        document,
        (_RDF + "type", Iri(_VOID + "DatasetDescription")),
        (_FOAF + "primaryTopic", dataset),
        (_DCT + "title", _english(f"Description of {_TITLE}")),
    )
    yield from _say(
        publisher,
        (_RDF + "type", Iri(_FOAF + "Agent")),
        (_FOAF + "name", _english("the conflictkg developers")),
    )
    yield from _say(
        catalogue,
        (_RDF + "type", Iri(_DCAT + "Catalog")),
        (_DCT + "title", _english(_TITLE)),
        (_DCT + "description", _english(_SUMMARY)),
        (_DCT + "publisher", publisher),
        (_DCT + "modified", Literal(built_at, XSD + "dateTime")),
        (_FOAF + "homepage", Iri(BASE)),
        (_DCAT + "dataset", dataset),
        (_DCAT + "service", service),
        *((_DCAT + "dataset", Iri(each.iri)) for each in notices),
    )
    yield from _say(
        service,
        (_RDF + "type", Iri(_DCAT + "DataService")),
        (_DCT + "title", _english("The SPARQL endpoint of conflictkg")),
        (_DCAT + "endpointURL", service),
        (_DCAT + "endpointDescription", service),
        (_DCAT + "servesDataset", dataset),
        (_DCT + "conformsTo", Iri(_PROTOCOL)),
    )
    yield from _say_kinds(notices)
    yield from _say(
        dataset,
        (_RDF + "type", Iri(_VOID + "Dataset")),
        (_RDF + "type", Iri(_DCAT + "Dataset")),
        (_DCT + "title", _english(_TITLE)),
        (_DCT + "description", _english(_SUMMARY)),
        (_DCT + "publisher", publisher),
        (_DCT + "modified", Literal(built_at, XSD + "dateTime")),
        (_DCAT + "version", Literal(release)),
        *((_DCAT + "keyword", _english(each)) for each in _KEYWORDS),
        (_VOID + "sparqlEndpoint", service),
        (_VOID + "uriSpace", Literal(BASE + "id/")),
        (_FOAF + "homepage", Iri(BASE)),
        *((_VOID + "vocabulary", Iri(each)) for each in _vocabularies(whole)),
        *((_VOID + "subset", Iri(each.iri)) for each in notices),
        *((_DCT + "license", Iri(each)) for each in _licences(notices)),
        *([(_VOID + "exampleResource", Iri(places.example))] if places.example else []),
    )
    if places.whole is not None:
        shared = tuple(
            Iri(each) for each in _licences(each for each in notices if each.may_be_passed_on)
        )
        yield from _distribute(dataset, places.whole, shared, blanks)
    yield from _count(dataset, whole, blanks)
    yield from _link(dataset, whole, blanks)
    for notice in notices:
        yield from _describe_graph(notice, counts.get(notice.iri, Counts()), places, blanks)


def _say_kinds(notices: Iterable[GraphNotice]) -> Iterator[Triple]:
    """What the things of others are that are named here; DCAT-AP asks for it."""
    kinds = {
        BASE: _FOAF + "Document",
        _PROTOCOL: _DCT + "Standard",
        _N_QUADS: _DCT + "MediaType",
        _GZIP: _DCT + "MediaType",
        _SHA256: _SPDX + "ChecksumAlgorithm",
    }
    kinds |= {each.licence: _DCT + "LicenseDocument" for each in notices if each.licence}
    for name, kind in sorted(kinds.items()):
        yield from _say(Iri(name), (_RDF + "type", Iri(kind)))


def _describe_graph(
    notice: GraphNotice, counts: Counts, places: Places, blanks: _Blanks
) -> Iterator[Triple]:
    graph = Iri(notice.iri)
    said = [(name, term) for name, terms in notice.says.items() for term in terms]
    may = "may" if notice.may_be_passed_on else "may not"
    defaults: dict[str, Term] = {
        _DCT + "title": _english(notice.title),
        _DCT + "description": _english(
            f"{notice.title}: a named graph of {notice.triples:,} triples, which {may} be passed on."
        ),
        _DCT + "publisher": Iri(PUBLISHER),
    }
    yield from _say(
        graph,
        (_RDF + "type", Iri(_VOID + "Dataset")),
        (_RDF + "type", Iri(_DCAT + "Dataset")),
        (_RDF + "type", Iri(_SD + "NamedGraph")),
        (_SD + "name", graph),
        (_VOID + "sparqlEndpoint", Iri(places.sparql)),
        *((name, term) for name, term in said if name != _PASSED_ON),
        *((name, term) for name, term in defaults.items() if name not in notice.says),
        (_PASSED_ON, Literal("true" if notice.may_be_passed_on else "false", XSD + "boolean")),
    )
    dump = places.graphs.get(notice.iri)
    if dump is not None and notice.may_be_passed_on:
        licences = notice.says.get(_DCT + "license", ())
        yield from _distribute(graph, dump, licences, blanks)
    yield from _count(graph, counts, blanks)
    yield from _link(graph, counts, blanks)


def _distribute(
    dataset: Iri, dump: Dump, licences: Iterable[Term], blanks: _Blanks
) -> Iterator[Triple]:
    file = Iri(dump.address)
    yield from _say(
        dataset,
        (_VOID + "dataDump", file),
        (_VOID + "feature", Iri(_FORMATS + "N-Quads")),
        (_DCAT + "distribution", Iri(dump.address + "#distribution")),
    )
    distribution = Iri(dump.address + "#distribution")
    yield from _say(
        distribution,
        (_RDF + "type", Iri(_DCAT + "Distribution")),
        (_DCAT + "downloadURL", file),
        (_DCAT + "accessURL", file),
        (_DCAT + "mediaType", Iri(_N_QUADS)),
        (_DCAT + "compressFormat", Iri(_GZIP)),
        *((_DCT + "license", each) for each in licences),
    )
    if dump.size is not None:
        yield from _say(
            distribution, (_DCAT + "byteSize", Literal(str(dump.size), XSD + "nonNegativeInteger"))
        )
    if dump.sha256:
        checksum = blanks.new_node()
        yield from _say(distribution, (_SPDX + "checksum", checksum))
        yield from _say(
            checksum,
            (_RDF + "type", Iri(_SPDX + "Checksum")),
            (_SPDX + "algorithm", Iri(_SHA256)),
            (_SPDX + "checksumValue", Literal(dump.sha256, XSD + "hexBinary")),
        )


def _count(dataset: Iri, counts: Counts, blanks: _Blanks) -> Iterator[Triple]:
    yield from _say(
        dataset,
        (_VOID + "triples", _number(counts.triples)),
        (_VOID + "entities", _number(counts.entities)),
        (_VOID + "distinctSubjects", _number(counts.subjects)),
        (_VOID + "distinctObjects", _number(counts.objects)),
        (_VOID + "classes", _number(len(counts.classes))),
        (_VOID + "properties", _number(len(counts.properties))),
    )
    for name, members in sorted(counts.classes.items()):
        said = ((_VOID + "class", Iri(name)), (_VOID + "entities", _number(members)))
        yield from _divide(dataset, _VOID + "classPartition", blanks, *said)
    for name, use in sorted(counts.properties.items()):
        yield from _divide(
            dataset,
            _VOID + "propertyPartition",
            blanks,
            (_VOID + "property", Iri(name)),
            (_VOID + "triples", _number(use.triples)),
            (_VOID + "distinctSubjects", _number(use.subjects)),
            (_VOID + "distinctObjects", _number(use.objects)),
        )
    for name, literals in sorted(counts.datatypes.items()):
        if name:
            said = ((_DATATYPE, Iri(name)), (_VOID + "triples", _number(literals)))
            yield from _divide(dataset, _DATATYPE_PARTITION, blanks, *said)


def _divide(dataset: Iri, kind: str, blanks: _Blanks, *pairs: tuple[str, Term]) -> Iterator[Triple]:
    """A part of a dataset, of one kind of parts."""
    part = blanks.new_node()
    yield from _say(dataset, (kind, part))
    yield from _say(part, *pairs)


def _link(dataset: Iri, counts: Counts, blanks: _Blanks) -> Iterator[Triple]:
    """A linkset for each property that leads to things of a host."""
    for (name, start), triples in sorted(counts.links.items()):
        links, target = blanks.new_node(), blanks.new_node()
        yield from _say(dataset, (_VOID + "subset", links))
        yield from _say(
            links,
            (_RDF + "type", Iri(_VOID + "Linkset")),
            (_DCT + "title", _english(f"Links to {start} by {name}")),
            (_VOID + "linkPredicate", Iri(name)),
            (_VOID + "subjectsTarget", dataset),
            (_VOID + "objectsTarget", target),
            (_VOID + "triples", _number(triples)),
        )
        yield from _say(
            target,
            (_RDF + "type", Iri(_VOID + "Dataset")),
            (_DCT + "title", _english(f"Things of {start}")),
            (_VOID + "uriSpace", Literal(start + "/")),
        )


def _vocabularies(counts: Counts) -> list[str]:
    """Namespaces of the prefixes that we declare, of which a class or a property is used."""
    used = (*counts.classes, *counts.properties)
    return sorted(
        {space for space in PREFIXES.values() if any(each.startswith(space) for each in used)}
    )


def _licences(notices: Iterable[GraphNotice]) -> list[str]:
    """The licence of the whole: only where all graphs have the same."""
    found = {each.licence for each in notices}
    return sorted(found) if len(found) == 1 and "" not in found else []


def _say(subject: Term, *pairs: tuple[str, Term]) -> Iterator[Triple]:
    return (Triple(subject, Iri(name), value) for name, value in pairs)


def _english(text: str) -> Literal:
    return Literal(text, RDF_LANG_STRING, "en")


def _number(value: int) -> Literal:
    return Literal(str(value), XSD + "integer")
