"""Graphs as Turtle and TriG, N-Triples and N-Quads, RDF/XML and JSON-LD.

N-Triples and N-Quads are written as they come. The other formats group by subject, so many triples at a time:
of a graph that is longer a subject can come again, which means the same, and memory does not grow with it.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain, islice

from conflictkg.answers import RDF, XSD_STRING, Blank, Iri, Literal, Term, Triple, Triples
from conflictkg.answers.ntriples import to_ntriples, to_turtle
from conflictkg.answers.xml import escape_xml, quote_xml
from conflictkg.errors import UnwritableError

_TRIPLES_AT_ONCE = 20_000
"""Triples that are put in order together: some ten megabytes."""

_Subject = tuple[Term, dict[str, list[Term]]]
"""One with its predicates and their values."""


def _iter_parts(answer: Triples) -> Iterator[list[_Subject]]:
    """The graph in parts of bounded size; one that is not large is one part."""
    triples = iter(answer.triples)
    while part := list(islice(triples, _TRIPLES_AT_ONCE)):
        yield _by_subject(part)


def _by_subject(triples: Iterable[Triple]) -> list[_Subject]:
    """Each subject with its predicates and their values; IRIs before blank nodes, all in order."""
    found: dict[Term, dict[str, dict[Term, None]]] = {}
    for triple in triples:
        values = found.setdefault(triple.subject, {}).setdefault(triple.predicate.value, {})
        values[triple.object] = None
    return [
        (subject, {name: sorted(predicates[name], key=_order_of) for name in sorted(predicates)})
        for subject, predicates in sorted(found.items(), key=lambda item: _order_of(item[0]))
    ]


def _order_of(term: Term) -> tuple[int, str, str, str]:
    if isinstance(term, Literal):
        return (2, term.lexical, term.language, term.datatype)
    return (0 if isinstance(term, Iri) else 1, to_ntriples(term), "", "")


_LOCAL_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")


class _TurtleNames:
    """Writes terms for Turtle and remembers which prefixes that took."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._prefixes = sorted(prefixes.items(), key=lambda item: -len(item[1]))
        self.used: dict[str, str] = {}

    def iri(self, iri: str) -> str:
        for prefix, namespace in self._prefixes:
            if iri.startswith(namespace) and _LOCAL_NAME.fullmatch(iri, len(namespace)):
                self.used[prefix] = namespace
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def term(self, term: Term) -> str:
        if isinstance(term, Iri):
            return self.iri(term.value)
        text = to_turtle(term)
        if isinstance(term, Literal) and text.endswith(f"^^<{term.datatype}>"):
            return text.removesuffix(f"<{term.datatype}>") + self.iri(term.datatype)
        return text


def _write_turtle(answer: Triples, prefixes: Mapping[str, str]) -> Iterator[str]:
    names = _TurtleNames(prefixes)
    declared: set[str] = set()
    for part in _iter_parts(answer):
        blocks = [_turtle_block(names, *each) for each in part]
        # Those of this part: a prefix can be declared anywhere before its use.
        fresh = sorted(names.used.keys() - declared)
        declared.update(fresh)
        yield "".join(f"@prefix {each}: <{names.used[each]}> .\n" for each in fresh)
        for block in blocks:
            yield "\n" + block


def _turtle_block(names: _TurtleNames, subject: Term, predicates: dict[str, list[Term]]) -> str:
    lines = [names.term(_require_rdf11(subject))]
    for name, values in predicates.items():
        verb = "a" if name == RDF + "type" else names.iri(name)
        written = ", ".join(names.term(_require_rdf11(value)) for value in values)
        lines.append(f"  {verb} {written} ;")
    return "\n".join(lines) + "\n.\n"


def _require_rdf11(term: Term) -> Term:
    if isinstance(term, Triple) or (isinstance(term, Literal) and term.direction):
        raise UnwritableError(
            f"the answer holds {to_ntriples(term)}, of RDF 1.2, which this format cannot write. "
            "Ask for ntriples."
        )
    return term


_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*$")


def _write_rdfxml(answer: Triples, prefixes: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG001  every writer is given them
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns:rdf="{RDF}">\n'
    for subject, predicates in chain.from_iterable(_iter_parts(answer)):
        yield f"<rdf:Description {_xml_reference(_require_rdf11(subject), 'about')}>\n"
        for name, values in predicates.items():
            for value in values:
                yield _xml_property(name, _require_rdf11(value))
        yield "</rdf:Description>\n"
    yield "</rdf:RDF>\n"


def _xml_property(name: str, value: Term) -> str:
    found = _XML_NAME.search(name)
    if found is None:
        raise UnwritableError(
            f"the answer has the predicate <{name}>, which RDF/XML cannot write as the name of an "
            "element. Ask for ntriples."
        )
    namespace = f"xmlns:p={quote_xml(name[: found.start()])}"
    element = f"<p:{found[0]} {namespace}"
    if not isinstance(value, Literal):
        return f"{element} {_xml_reference(value, 'resource')}/>\n"
    if value.language:
        element += f" xml:lang={quote_xml(value.language)}"
    elif value.datatype != XSD_STRING:
        element += f" rdf:datatype={quote_xml(value.datatype)}"
    return f"{element}>{escape_xml(value.lexical)}</p:{found[0]}>\n"


def _plain(term: Term) -> str:
    return term.value if isinstance(term, Iri) else to_ntriples(term)


def _xml_reference(term: Term, attribute: str) -> str:
    if isinstance(term, Blank):
        return f"rdf:nodeID={quote_xml(term.label)}"
    return f"rdf:{attribute}={quote_xml(_plain(term))}"


def _write_jsonld(answer: Triples, prefixes: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG001  a context could rewrite values; the expanded form says what is there
    yield "["
    separator = "\n"
    for subject, predicates in chain.from_iterable(_iter_parts(answer)):
        node: dict[str, object] = {"@id": _to_id(_require_rdf11(subject))}
        for name, values in predicates.items():
            node[name] = [_to_jsonld(_require_rdf11(value)) for value in values]
        types = predicates.get(RDF + "type", [])
        if types and all(isinstance(each, Iri | Blank) for each in types):
            del node[RDF + "type"]
            node["@type"] = [_to_id(each) for each in types]
        yield separator + json.dumps(node, ensure_ascii=False)
        separator = ",\n"
    yield "\n]\n"


def _to_id(term: Term) -> str:
    return f"_:{term.label}" if isinstance(term, Blank) else _plain(term)


def _to_jsonld(term: Term) -> dict[str, str]:
    if not isinstance(term, Literal):
        return {"@id": _to_id(term)}
    if term.language:
        return {"@value": term.lexical, "@language": term.language}
    if term.datatype == XSD_STRING:
        return {"@value": term.lexical}
    return {"@value": term.lexical, "@type": term.datatype}


def _write_ntriples(answer: Triples, prefixes: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG001  every writer is given them
    return (f"{to_ntriples(each)} .\n" for each in answer.triples)


GRAPH_WRITERS: Mapping[str, Callable[[Triples, Mapping[str, str]], Iterator[str]]] = {
    "turtle": _write_turtle,
    "ntriples": _write_ntriples,
    "rdfxml": _write_rdfxml,
    "jsonld": _write_jsonld,
    # Triples without a graph of their own are the same in both.
    "trig": _write_turtle,
    "nquads": _write_ntriples,
}
"""By format name."""
