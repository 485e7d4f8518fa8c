"""What an endpoint answers: SPARQL results in JSON, read strictly, since a stranger wrote them."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from conflictkg.answers import RDF_LANG_STRING, XSD_STRING, Blank, Iri, Literal, Row

_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_SURROGATE = re.compile(r"[\ud800-\udfff\x00]")


class ReadingError(Exception):
    """An answer is no SPARQL results, or more than is taken."""

    def __init__(self, problem: str, *, is_too_much: bool = False) -> None:
        self.is_too_much = is_too_much
        super().__init__(problem)


def read_rows(body: bytes, variables: Sequence[str], most: int, blanks: str) -> list[Row]:
    """The rows of an answer.

    Args:
        body: SPARQL 1.1 Query Results JSON.
        variables: Those that were asked for; others are not looked at.
        most: Rows that are taken.
        blanks: What labels of blank nodes begin with, so that those of two answers differ.

    Raises:
        ReadingError: It is something else, or has more rows.

    >>> read_rows(b'{"results": {"bindings": [{"a": {"type": "uri", "value": "x:y"}}]}}', ["a", "b"], 1, "f")
    [(Iri(value='x:y'), None)]
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ReadingError("what it answered is no JSON") from error
    results = document.get("results") if isinstance(document, dict) else None
    bindings = results.get("bindings") if isinstance(results, dict) else None
    if not isinstance(bindings, list):
        raise ReadingError("what it answered is JSON, but no SPARQL results")
    if len(bindings) > most:
        raise ReadingError(f"it answered with more than {most:,} rows", is_too_much=True)
    rows: list[Row] = []
    for number, binding in enumerate(bindings, 1):
        if not isinstance(binding, dict):
            raise ReadingError(f"row {number} of its answer is no object")
        try:
            rows.append(
                tuple(
                    _read_term(binding[name], blanks) if name in binding else None
                    for name in variables
                )
            )
        except _TermError as error:
            raise ReadingError(f"row {number} of its answer holds {error}") from error
    return rows


class _TermError(Exception):
    """A term is none."""


def _read_term(term: Any, blanks: str) -> Iri | Literal | Blank:
    if not isinstance(term, Mapping) or not isinstance(term.get("value"), str):
        raise _TermError("something that is no term")
    value: str = term["value"]
    match term.get("type"):
        case "uri":
            return Iri(_require_iri(value))
        case "bnode":
            # Any label is right, so it is written as what is right in all formats.
            return Blank(blanks + value.encode("utf-8", "surrogatepass").hex())
        case "literal" | "typed-literal":
            return _read_literal(value, term)
        case kind:
            raise _TermError(f"a term of the kind {str(kind)[:40]!r}")


def _read_literal(value: str, term: Mapping[str, Any]) -> Literal:
    if _SURROGATE.search(value):
        raise _TermError("a character that no text may hold")
    language, datatype = term.get("xml:lang", ""), term.get("datatype") or XSD_STRING
    if language:
        if not isinstance(language, str) or not _LANGUAGE.fullmatch(language):
            raise _TermError(f"the language {str(language)[:40]!r}")
        return Literal(value, RDF_LANG_STRING, language.lower())
    if not isinstance(datatype, str):
        raise _TermError("a datatype that is no IRI")
    if datatype == RDF_LANG_STRING:
        raise _TermError("a literal of rdf:langString without its language")
    return Literal(value, _require_iri(datatype))


def _require_iri(text: str) -> str:
    if not _IRI.fullmatch(text):
        raise _TermError(f"{text[:100]!r}, which is no absolute IRI")
    return text
