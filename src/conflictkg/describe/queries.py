"""The prefixes that we declare and the questions that we publish, in the words of SHACL."""

from collections.abc import Iterable, Iterator

from conflictkg.answers import RDF_LANG_STRING, XSD, Blank, Iri, Kind, Literal, Term, Triple
from conflictkg.iris import ONTOLOGY
from conflictkg.questions import Question
from conflictkg.terms import PREFIXES

_RDF, _RDFS, _DCT, _SH = (PREFIXES[name] for name in ("rdf", "rdfs", "dct", "sh"))
_SCHEMA = "https://schema.org/"
_AS: dict[Kind, tuple[str, str]] = {
    "solutions": ("SPARQLSelectExecutable", "select"),
    "boolean": ("SPARQLAskExecutable", "ask"),
    "graph": ("SPARQLConstructExecutable", "construct"),
}


def describe_prefixes() -> Iterator[Triple]:
    """The prefixes of the ontology, each as a ``sh:PrefixDeclaration``."""
    for prefix, namespace in PREFIXES.items():
        declaration = Blank(f"prefix_{prefix}")
        yield _triple(Iri(ONTOLOGY), _SH + "declare", declaration)
        yield _triple(declaration, _RDF + "type", Iri(_SH + "PrefixDeclaration"))
        yield _triple(declaration, _SH + "prefix", Literal(prefix))
        yield _triple(declaration, _SH + "namespace", Literal(namespace, XSD + "anyURI"))


def describe_questions(questions: Iterable[Question], endpoint: str) -> Iterator[Triple]:
    """The questions, each as a ``sh:SPARQLExecutable`` for an endpoint.

    Args:
        questions: The questions.
        endpoint: Its address.
    """
    for each in questions:
        name, (kind, text) = Iri(each.iri), _AS[each.kind]
        yield _triple(name, _RDF + "type", Iri(_SH + "SPARQLExecutable"))
        yield _triple(name, _RDF + "type", Iri(_SH + kind))
        yield _triple(name, _RDFS + "label", _english(each.text))
        if each.comment:
            yield _triple(name, _RDFS + "comment", _english(each.comment))
        if each.number:
            yield _triple(name, _DCT + "identifier", Literal(each.number))
        for keyword in each.keywords:
            yield _triple(name, _SCHEMA + "keywords", Literal(keyword))
        yield _triple(name, _SH + "prefixes", Iri(ONTOLOGY))
        yield _triple(name, _SH + text, Literal(each.sparql))
        yield _triple(name, _SCHEMA + "target", Iri(endpoint))


def _english(text: str) -> Literal:
    return Literal(text, RDF_LANG_STRING, "en")


def _triple(subject: Term, predicate: str, value: Term) -> Triple:
    return Triple(subject, Iri(predicate), value)
