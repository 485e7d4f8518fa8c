"""What goes between a store and its workers: frames of JSON.

A frame is one letter, the payload's length in four bytes, and the payload. JSON and not pickle: a
worker runs strangers' queries, so what it says is parsed and never executed.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any, BinaryIO

from conflictkg.answers import XSD_STRING, Blank, Iri, Literal, Row, Term, Triple
from conflictkg.errors import (
    NotPermittedError,
    QueryError,
    QuerySyntaxError,
    StoreError,
)

HEAD = struct.Struct(">cI")
MAX_PAYLOAD = 256 * 1024 * 1024
"""Bytes of one frame; more than any row that is worth having."""

READY = b"H"
QUERY = b"Q"
SOLUTIONS = b"S"
BOOLEAN = b"B"
GRAPH = b"G"
ITEMS = b"R"
END = b"E"
ERROR = b"X"


def pack_frame(kind: bytes, payload: Any) -> bytes:
    """A frame, ready to be written."""
    body = json.dumps(payload, separators=(",", ":")).encode()
    return HEAD.pack(kind, len(body)) + body


def read_frame(stream: BinaryIO) -> tuple[bytes, Any] | None:
    """The next frame of a blocking stream; ``None`` at its end."""
    head = stream.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    kind, length = HEAD.unpack(head)
    body = stream.read(length)
    return (kind, json.loads(body)) if len(body) == length else None


def pack_term(term: Term | None) -> Any:
    """A term as JSON: an IRI, the commonest, is a bare string.

    >>> unpack_term(pack_term(Literal("1"))) == Literal("1")
    True
    """
    if term is None:
        return None
    if isinstance(term, Iri):
        return term.value
    if isinstance(term, Blank):
        return {"b": term.label}
    if isinstance(term, Triple):
        return {"t": [pack_term(part) for part in (term.subject, term.predicate, term.object)]}
    if term.language:
        return [term.lexical, term.datatype, term.language, term.direction]
    return [term.lexical] if term.datatype == XSD_STRING else [term.lexical, term.datatype]


def unpack_term(packed: Any) -> Term | None:
    """The term again."""
    if packed is None:
        return None
    if isinstance(packed, str):
        return Iri(packed)
    if isinstance(packed, list):
        return Literal(*packed)
    return Blank(packed["b"]) if "b" in packed else unpack_triple(packed["t"])


def unpack_row(packed: Sequence[Any]) -> Row:
    """A row again."""
    return tuple(unpack_term(each) for each in packed)


def unpack_triple(packed: Sequence[Any]) -> Triple:
    """A triple again."""
    subject, predicate, value = (unpack_term(each) for each in packed)
    if subject is None or value is None or not isinstance(predicate, Iri):
        raise StoreError("a worker sent a triple with a hole in it: this is a defect, report it")
    return Triple(subject, predicate, value)


def pack_error(error: QueryError | StoreError) -> Any:
    """An error as JSON."""
    if isinstance(error, QuerySyntaxError):
        return ["QuerySyntaxError", error.problem, error.line, error.column]
    if isinstance(error, NotPermittedError):
        return ["NotPermittedError", error.construct, error.reason]
    return [type(error).__name__, str(error)]


_ERRORS: dict[str, type[QueryError | StoreError]] = {
    each.__name__: each for each in (QuerySyntaxError, NotPermittedError, QueryError, StoreError)
}


def unpack_error(packed: Sequence[Any]) -> QueryError | StoreError:
    """The error again."""
    name, *arguments = packed
    return _ERRORS[name](*arguments)
