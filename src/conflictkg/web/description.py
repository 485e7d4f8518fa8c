"""The SPARQL service description: what the endpoint can do, for programs that ask it for RDF."""

from collections.abc import Iterable, Iterator
from itertools import chain

from conflictkg.answers import XSD, Blank, Iri, Literal, Stream, Term, Triple, Triples
from conflictkg.store import Store
from conflictkg.terms import PREFIXES

_SD, _VOID, _RDF = PREFIXES["sd"], PREFIXES["void"], PREFIXES["rdf"]
_FORMATS = "http://www.w3.org/ns/formats/"
_RESULT_FORMATS = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "RDF_XML",
    "JSON-LD",
)


def describe_service(store: Store, address: str, more: Iterable[Triple] = ()) -> Triples:
    """Describe the endpoint: language, formats, dataset and its graphs.

    Args:
        store: What it serves.
        address: The endpoint's own address, as the client reached it.
        more: What else there is to say of it.
    """
    return Triples(Stream(chain(_iter_triples(store, address), more)))


def _iter_triples(store: Store, address: str) -> Iterator[Triple]:
    service, dataset, default = Iri(address), Iri(address + "#dataset"), Iri(address + "#default")
    yield _triple(service, _RDF + "type", Iri(_SD + "Service"))
    yield _triple(service, _SD + "endpoint", service)
    yield _triple(service, _SD + "supportedLanguage", Iri(_SD + "SPARQL11Query"))
    for name in _RESULT_FORMATS:
        yield _triple(service, _SD + "resultFormat", Iri(_FORMATS + name))
    yield _triple(service, _SD + "feature", Iri(_SD + "UnionDefaultGraph"))
    entailment = Iri("http://www.w3.org/ns/entailment/Simple")
    yield _triple(service, _SD + "defaultEntailmentRegime", entailment)
    yield _triple(service, _SD + "defaultDataset", dataset)
    yield _triple(dataset, _RDF + "type", Iri(_SD + "Dataset"))
    yield _triple(dataset, _SD + "defaultGraph", default)
    yield _triple(default, _RDF + "type", Iri(_SD + "Graph"))
    for number, info in enumerate(store.graphs()):
        named, graph = Blank(f"n{number}"), Blank(f"g{number}")
        yield _triple(dataset, _SD + "namedGraph", named)
        yield _triple(named, _RDF + "type", Iri(_SD + "NamedGraph"))
        yield _triple(named, _SD + "name", Iri(info.iri))
        yield _triple(named, _SD + "graph", graph)
        yield _triple(graph, _RDF + "type", Iri(_SD + "Graph"))
        yield _triple(graph, _VOID + "triples", Literal(str(info.triples), XSD + "integer"))


def _triple(subject: Term, predicate: str, value: Term) -> Triple:
    return Triple(subject, Iri(predicate), value)
