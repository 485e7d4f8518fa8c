"""Answers as bytes: SPARQL results in JSON, XML, CSV and TSV; graphs as Turtle, N-Triples, RDF/XML and JSON-LD.

Results and N-Triples are written row by row as they come, so that an answer larger than memory can
be passed on. The other RDF formats group by subject and need the whole graph first.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from conflictkg.answers import (
    RDF,
    XSD,
    XSD_STRING,
    Answer,
    Blank,
    Boolean,
    Iri,
    Kind,
    Literal,
    Solutions,
    Term,
    Triple,
    Triples,
)
from conflictkg.errors import NotAcceptableError, QueryError

_PIECE = 65_536
"""Bytes that are gathered before they are handed on."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write an answer.

    Args:
        name: What people write after ``--format``: ``"json"``.
        media_type: For ``Content-Type``, without parameters.
        extension: Ending of files, without its dot.
        kinds: The kinds of answers that it can hold.
    """

    name: str
    media_type: str
    extension: str
    kinds: frozenset[Kind]


_RESULTS: frozenset[Kind] = frozenset({"solutions", "boolean"})
_ROWS: frozenset[Kind] = frozenset({"solutions"})
_GRAPHS: frozenset[Kind] = frozenset({"graph"})

FORMATS = (
    Format("json", "application/sparql-results+json", "srj", _RESULTS),
    Format("xml", "application/sparql-results+xml", "srx", _RESULTS),
    Format("csv", "text/csv", "csv", _ROWS),
    Format("tsv", "text/tab-separated-values", "tsv", _ROWS),
    Format("turtle", "text/turtle", "ttl", _GRAPHS),
    Format("ntriples", "application/n-triples", "nt", _GRAPHS),
    Format("rdfxml", "application/rdf+xml", "rdf", _GRAPHS),
    Format("jsonld", "application/ld+json", "jsonld", _GRAPHS),
)
"""All formats; of those for one kind of answer, the favourite first."""


def formats_for(kind: Kind) -> tuple[Format, ...]:
    """The formats that can hold a kind of answer, the favourite first.

    >>> [each.name for each in formats_for("boolean")]
    ['json', 'xml']
    """
    return tuple(each for each in FORMATS if kind in each.kinds)


def write_answer(
    answer: Answer, format_name: str, prefixes: Mapping[str, str] | None = None
) -> Iterator[bytes]:
    r"""Write an answer, piece by piece.

    Args:
        answer: The answer; it is read to its end.
        format_name: The ``name`` of one of :func:`formats_for` its kind.
        prefixes: Prefix to namespace, for Turtle.

    Returns:
        UTF-8. Errors of the query, such as its deadline, are raised between pieces.

    Raises:
        NotAcceptableError: That format cannot hold this kind of answer; raised at once.

    >>> b"".join(write_answer(Boolean(True), "json")).decode()
    '{"head":{},"boolean":true}\n'
    """
    offered = formats_for(answer.kind)
    if format_name not in {each.name for each in offered}:
        raise NotAcceptableError(format_name, [each.name for each in offered])
    if isinstance(answer, Solutions):
        return _gather(_RESULT_WRITERS[format_name](answer))
    if isinstance(answer, Boolean):
        return iter([_write_boolean(answer.value, format_name).encode()])
    return _gather(_GRAPH_WRITERS[format_name](answer, prefixes or {}))


def _gather(texts: Iterable[str]) -> Iterator[bytes]:
    """Encode, in pieces large enough to be worth a system call."""
    buffer = bytearray()
    for text in texts:
        buffer += _encode(text)
        if len(buffer) >= _PIECE:
            yield bytes(buffer)
            buffer.clear()
    if buffer:
        yield bytes(buffer)


def _encode(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise QueryError(
            f"the answer holds half a character (lone surrogate) in {text[:60]!a}, which UTF-8 cannot "
            "write. Mend the source."
        ) from error


def _write_boolean(value: bool, format_name: str) -> str:
    word = "true" if value else "false"
    if format_name == "json":
        return f'{{"head":{{}},"boolean":{word}}}\n'
    return f"{_XML_HEAD}<head/>\n<boolean>{word}</boolean>\n</sparql>\n"


# SPARQL results in JSON


def _write_json(answer: Solutions) -> Iterator[str]:
    head = json.dumps({"vars": list(answer.variables)}, ensure_ascii=False)
    yield f'{{"head":{head},"results":{{"bindings":[\n'
    separator = ""
    for row in answer.rows:
        bound = {
            name: _to_json(term)
            for name, term in zip(answer.variables, row, strict=True)
            if term is not None
        }
        yield separator + json.dumps(bound, ensure_ascii=False, separators=(",", ":"))
        separator = ",\n"
    yield "\n]}}\n"


def _to_json(term: Term) -> dict[str, object]:
    if isinstance(term, Iri):
        return {"type": "uri", "value": term.value}
    if isinstance(term, Blank):
        return {"type": "bnode", "value": term.label}
    if isinstance(term, Triple):
        parts = {
            "subject": _to_json(term.subject),
            "predicate": _to_json(term.predicate),
            "object": _to_json(term.object),
        }
        return {"type": "triple", "value": parts}
    written: dict[str, object] = {"type": "literal", "value": term.lexical}
    if term.language:
        written["xml:lang"] = term.language
        if term.direction:
            written["its:dir"] = term.direction
    elif term.datatype != XSD_STRING:
        written["datatype"] = term.datatype
    return written


# SPARQL results in XML

_XML_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<sparql xmlns="http://www.w3.org/2005/sparql-results#">\n'
)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _write_xml(answer: Solutions) -> Iterator[str]:
    yield _XML_HEAD + "<head>"
    yield "".join(f"<variable name={quoteattr(name)}/>" for name in answer.variables)
    yield "</head>\n<results>\n"
    for row in answer.rows:
        cells = [
            f"<binding name={quoteattr(name)}>{_to_xml(term)}</binding>"
            for name, term in zip(answer.variables, row, strict=True)
            if term is not None
        ]
        yield f"<result>{''.join(cells)}</result>\n"
    yield "</results>\n</sparql>\n"


def _to_xml(term: Term) -> str:
    if isinstance(term, Iri):
        return f"<uri>{_escape_xml(term.value)}</uri>"
    if isinstance(term, Blank):
        return f"<bnode>{_escape_xml(term.label)}</bnode>"
    if isinstance(term, Triple):
        return (
            f"<triple><subject>{_to_xml(term.subject)}</subject>"
            f"<predicate>{_to_xml(term.predicate)}</predicate>"
            f"<object>{_to_xml(term.object)}</object></triple>"
        )
    attributes = ""
    if term.language:
        attributes = f" xml:lang={quoteattr(term.language)}"
        if term.direction:
            its = "http://www.w3.org/2005/11/its"
            attributes += f' xmlns:its="{its}" its:version="2.0" its:dir="{term.direction}"'
    elif term.datatype != XSD_STRING:
        attributes = f" datatype={quoteattr(term.datatype)}"
    return f"<literal{attributes}>{_escape_xml(term.lexical)}</literal>"


def _escape_xml(text: str) -> str:
    require_xml(text)
    # A bare carriage return would be read back as a line feed.
    return escape(text, {"\r": "&#13;"})


def require_xml(text: str) -> None:
    """Refuse characters that XML 1.0 cannot hold in any form.

    Raises:
        QueryError: It names the character and the formats that can hold it.
    """
    found = _NOT_XML.search(text)
    if found:
        raise QueryError(
            f"the answer holds U+{ord(found[0]):04X} in {text[:60]!a}, which XML cannot write. "
            "Ask for a format other than XML."
        )


# SPARQL results in CSV and TSV


def _write_csv(answer: Solutions) -> Iterator[str]:
    yield ",".join(_quote_csv(name) for name in answer.variables) + "\r\n"
    for row in answer.rows:
        yield ",".join(_quote_csv(_to_plain(term)) for term in row) + "\r\n"


def _quote_csv(text: str) -> str:
    if any(each in text for each in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _to_plain(term: Term | None) -> str:
    if term is None:
        return ""
    if isinstance(term, Iri):
        return term.value
    if isinstance(term, Literal):
        return term.lexical
    return to_ntriples(term)


def _write_tsv(answer: Solutions) -> Iterator[str]:
    yield "\t".join(f"?{name}" for name in answer.variables) + "\n"
    for row in answer.rows:
        yield "\t".join("" if term is None else _to_tsv(term) for term in row) + "\n"


_BARE = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD + "double": re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+"),
    XSD + "boolean": re.compile("true|false"),
}


def _to_tsv(term: Term) -> str:
    if isinstance(term, Literal):
        bare = _BARE.get(term.datatype)
        if bare is not None and bare.fullmatch(term.lexical):
            return term.lexical
    return to_ntriples(term)


_RESULT_WRITERS: Mapping[str, Callable[[Solutions], Iterator[str]]] = {
    "json": _write_json,
    "xml": _write_xml,
    "csv": _write_csv,
    "tsv": _write_tsv,
}

# Graphs

_ESCAPED = re.compile(r'[\x00-\x1f\x7f"\\]')
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def to_ntriples(term: Term) -> str:
    r"""A term, or a triple without its full stop, as N-Triples writes it.

    >>> to_ntriples(Literal('a "b"\n', language="en"))
    '"a \\"b\\"\\n"@en'
    """
    if isinstance(term, Iri):
        return f"<{term.value}>"
    if isinstance(term, Blank):
        return f"_:{term.label}"
    if isinstance(term, Triple):
        return f"{_to_part(term.subject)} {to_ntriples(term.predicate)} {_to_part(term.object)}"
    quoted = '"' + _ESCAPED.sub(_escape_character, term.lexical) + '"'
    if term.language:
        direction = f"--{term.direction}" if term.direction else ""
        return f"{quoted}@{term.language}{direction}"
    return quoted if term.datatype == XSD_STRING else f"{quoted}^^<{term.datatype}>"


def _to_part(term: Term) -> str:
    return f"<<( {to_ntriples(term)} )>>" if isinstance(term, Triple) else to_ntriples(term)


def _escape_character(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], f"\\u{ord(match[0]):04X}")


def _by_subject(answer: Triples) -> list[tuple[Term, dict[str, list[Term]]]]:
    """Each subject with its predicates and their values; IRIs before blank nodes, all in order."""
    found: dict[Term, dict[str, dict[Term, None]]] = {}
    for triple in answer.triples:
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
        text = _to_tsv(term)
        if isinstance(term, Literal) and text.endswith(f"^^<{term.datatype}>"):
            return text.removesuffix(f"<{term.datatype}>") + self.iri(term.datatype)
        return text


def _write_turtle(answer: Triples, prefixes: Mapping[str, str]) -> Iterator[str]:
    names = _TurtleNames(prefixes)
    blocks = []
    for subject, predicates in _by_subject(answer):
        lines = [names.term(_require_rdf11(subject))]
        for name, values in predicates.items():
            verb = "a" if name == RDF + "type" else names.iri(name)
            written = ", ".join(names.term(_require_rdf11(value)) for value in values)
            lines.append(f"  {verb} {written} ;")
        blocks.append("\n".join(lines) + "\n.\n")
    if names.used:
        yield "".join(f"@prefix {each}: <{names.used[each]}> .\n" for each in sorted(names.used))
    for block in blocks:
        yield "\n" + block


def _require_rdf11(term: Term) -> Term:
    if isinstance(term, Triple) or (isinstance(term, Literal) and term.direction):
        raise QueryError(
            f"the answer holds {to_ntriples(term)}, of RDF 1.2, which this format cannot write. "
            "Ask for ntriples."
        )
    return term


_XML_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*$")


def _write_rdfxml(answer: Triples, prefixes: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG001  every writer is given them
    yield f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns:rdf="{RDF}">\n'
    for subject, predicates in _by_subject(answer):
        yield f"<rdf:Description {_xml_reference(_require_rdf11(subject), 'about')}>\n"
        for name, values in predicates.items():
            for value in values:
                yield _xml_property(name, _require_rdf11(value))
        yield "</rdf:Description>\n"
    yield "</rdf:RDF>\n"


def _xml_property(name: str, value: Term) -> str:
    found = _XML_NAME.search(name)
    if found is None:
        raise QueryError(
            f"the answer has the predicate <{name}>, which RDF/XML cannot write as the name of an "
            "element. Ask for ntriples."
        )
    namespace = f"xmlns:p={_quote_xml(name[: found.start()])}"
    element = f"<p:{found[0]} {namespace}"
    if not isinstance(value, Literal):
        return f"{element} {_xml_reference(value, 'resource')}/>\n"
    if value.language:
        element += f" xml:lang={_quote_xml(value.language)}"
    elif value.datatype != XSD_STRING:
        element += f" rdf:datatype={_quote_xml(value.datatype)}"
    return f"{element}>{_escape_xml(value.lexical)}</p:{found[0]}>\n"


def _xml_reference(term: Term, attribute: str) -> str:
    if isinstance(term, Blank):
        return f"rdf:nodeID={_quote_xml(term.label)}"
    return f"rdf:{attribute}={_quote_xml(_to_plain(term))}"


def _quote_xml(text: str) -> str:
    require_xml(text)
    return quoteattr(text)


def _write_jsonld(answer: Triples, prefixes: Mapping[str, str]) -> Iterator[str]:  # noqa: ARG001  a context could rewrite values; the expanded form says what is there
    yield "["
    separator = "\n"
    for subject, predicates in _by_subject(answer):
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
    return f"_:{term.label}" if isinstance(term, Blank) else _to_plain(term)


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


_GRAPH_WRITERS: Mapping[str, Callable[[Triples, Mapping[str, str]], Iterator[str]]] = {
    "turtle": _write_turtle,
    "ntriples": _write_ntriples,
    "rdfxml": _write_rdfxml,
    "jsonld": _write_jsonld,
}
