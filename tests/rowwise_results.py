"""Result writers that go row by row: slow and plain, what the writers by the column are compared with."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from conflictkg.answers import XSD, XSD_STRING, Blank, Iri, Literal, Solutions, Term, Triple
from conflictkg.answers.ntriples import to_ntriples
from conflictkg.errors import QueryError

# SPARQL results in JSON


def write_json(answer: Solutions) -> Iterator[str]:
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


WRITERS: Mapping[str, Callable[[Solutions], Iterator[str]]] = {
    "json": write_json,
    "xml": _write_xml,
    "csv": _write_csv,
    "tsv": _write_tsv,
}
