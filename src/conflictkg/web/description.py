"""The SPARQL service description: what the endpoint can do, for programs that ask it for RDF."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain

from conflictkg.answers import XSD, Blank, Iri, Literal, Stream, Term, Triple, Triples
from conflictkg.config import Settings
from conflictkg.describe import describe_prefixes, describe_questions
from conflictkg.engine.evaluate import FUNCTIONS
from conflictkg.store import Store
from conflictkg.terms import PREFIXES
from conflictkg.web.limits import limits_of
from conflictkg.web.site import Site

_SD, _VOID, _RDF = PREFIXES["sd"], PREFIXES["void"], PREFIXES["rdf"]
_FORMATS = "http://www.w3.org/ns/formats/"
_RESULT_FORMATS = (
    *(_FORMATS + name for name in ("SPARQL_Results_JSON", "SPARQL_Results_XML")),
    *(_FORMATS + name for name in ("SPARQL_Results_CSV", "SPARQL_Results_TSV")),
    *(_FORMATS + name for name in ("Turtle", "TriG", "N-Triples", "N-Quads", "RDF_XML", "JSON-LD")),
    # No formats that the W3C has named: their media types, as IRIs.
    "https://www.iana.org/assignments/media-types/application/vnd.apache.arrow.stream",
    "https://www.iana.org/assignments/media-types/application/vnd.apache.parquet",
)
_INPUT_FORMATS = tuple(_FORMATS + name for name in ("Turtle", "N-Triples", "RDF_XML", "JSON-LD"))
_SCHEMA = "https://schema.org/"
_TEXT_SEARCH = {
    PREFIXES["ckg"]
    + "matches": "Whether a text has all these words; * at the end of a word stands for any ending."
}


def describe_service(site: Site, address: str, more: Iterable[Triple] = ()) -> Triples:
    """Describe the endpoint: languages, formats, functions, limits, dataset, prefixes, questions.

    Args:
        site: What is served, and within which limits.
        address: The endpoint's own address, as the client reached it.
        more: What else there is to say of it.
    """
    service = Iri(address)
    parts = (
        _iter_abilities(service, is_editable=site.settings.editable),
        _iter_limits(service, site.settings),
        _iter_dataset(service, site.store),
        describe_prefixes(),
        describe_questions(site.questions, address),
        more,
    )
    return Triples(Stream(chain.from_iterable(parts)))


def _iter_abilities(service: Iri, *, is_editable: bool) -> Iterator[Triple]:
    yield _triple(service, _RDF + "type", Iri(_SD + "Service"))
    yield _triple(service, _SD + "endpoint", service)
    yield _triple(service, _SD + "supportedLanguage", Iri(_SD + "SPARQL11Query"))
    if is_editable:
        yield _triple(service, _SD + "supportedLanguage", Iri(_SD + "SPARQL11Update"))
    for name in _RESULT_FORMATS:
        yield _triple(service, _SD + "resultFormat", Iri(name))
    for name in _INPUT_FORMATS if is_editable else ():
        yield _triple(service, _SD + "inputFormat", Iri(name))
    functions = {name: each.description for name, each in FUNCTIONS.items()} | _TEXT_SEARCH
    for name, meaning in functions.items():
        if not name.startswith(XSD):  # casts are no extensions
            yield _triple(service, _SD + "extensionFunction", Iri(name))
            yield _triple(Iri(name), _RDF + "type", Iri(_SD + "Function"))
            about = Literal(meaning, language="en")
            yield _triple(Iri(name), PREFIXES["rdfs"] + "comment", about)
    yield _triple(service, _SD + "feature", Iri(_SD + "UnionDefaultGraph"))
    entailment = Iri("http://www.w3.org/ns/entailment/Simple")
    yield _triple(service, _SD + "defaultEntailmentRegime", entailment)


def _iter_limits(service: Iri, settings: Settings) -> Iterator[Triple]:
    """What a query may use here, each limit as a value with its unit."""
    for limit in limits_of(settings):
        node = Blank(f"limit_{limit.name}")
        yield _triple(service, _SCHEMA + "additionalProperty", node)
        yield _triple(node, _RDF + "type", Iri(_SCHEMA + "PropertyValue"))
        yield _triple(node, _SCHEMA + "propertyID", Literal(limit.name))
        yield _triple(node, _SCHEMA + "description", Literal(limit.meaning, language="en"))
        yield _triple(
            node, _SCHEMA + "maxValue", Literal(f"{Decimal(str(limit.value)):f}", XSD + "decimal")
        )
        yield _triple(node, _SCHEMA + "unitText", Literal(limit.unit))
        if limit.parameter:
            yield _triple(node, _SCHEMA + "alternateName", Literal(limit.parameter))


def _iter_dataset(service: Iri, store: Store) -> Iterator[Triple]:
    dataset, default = Iri(service.value + "#dataset"), Iri(service.value + "#default")
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
