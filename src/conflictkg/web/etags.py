"""Entity tags: which release an answer is of, and which answer.

A tag is the release, a full stop, and a digest of whatever else makes the answer what it is. So one look at a
tag that a client sends back tells whether the data has changed since.
"""

import hashlib
import re
from collections.abc import Iterable

from flask import Request, Response

from conflictkg.web.encoding import choose_encoding

REVALIDATE = "public, no-cache"
"""Anybody may keep the answer, and asks before it is used again whether it still holds."""

# Before the bracket may be a comment, and letters of the name may be written as escapes.
_MOMENTARY = re.compile(r"\b(?:NOW|RAND|UUID|STRUUID|BNODE)\s*[(#]|\\u", re.IGNORECASE)
_TAG = re.compile(r'(?:W/)?"([^"]*)"')


def entity_tag(release: str, *parts: object) -> str:
    """A strong tag, with its quotation marks.

    Args:
        release: Of the store.
        *parts: What else makes the answer: query, dataset, format.

    >>> entity_tag("r1", "ASK {}", "json") == entity_tag("r1", "ASK {}", "xml")
    False
    """
    digest = hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f'"{release}.{digest}"'


def iter_tags(header: str | None) -> Iterable[str]:
    """The tags of a header, with quotation marks and without their W/.

    >>> list(iter_tags('W/"a", "b"'))
    ['"a"', '"b"']
    """
    return (f'"{found}"' for found in _TAG.findall(header or ""))


def names_tag(header: str | None, tag: str) -> bool:
    """Whether ``If-None-Match`` or ``If-Match`` names a tag, or all by ``*``."""
    return (header or "").strip() == "*" or tag in iter_tags(header)


def names_release(header: str, release: str) -> bool:
    """Whether a header names some answer of a release, or all by ``*``.

    >>> names_release('"r1.0a", "r2.0b"', "r2"), names_release('"r1.0a"', "r2")
    (True, False)
    """
    tags = (each.strip('"').rpartition(".")[0] for each in iter_tags(header))
    return header.strip() == "*" or release in tags


def tag_of(asked_by: Request, release: str, *parts: object) -> str:
    """The tag of the answer to a request; what the client accepts is part of it.

    Args:
        asked_by: The request.
        release: Of the store.
        *parts: What is asked.
    """
    accepted = asked_by.headers.get("Accept", "")
    return entity_tag(release, *parts, accepted, choose_encoding(asked_by))


def holds_still(query: str) -> bool:
    """Whether a query is answered the same as long as the data are the same; told by its text, so not where in doubt.

    >>> holds_still("SELECT (now() AS ?n) {}"), holds_still("SELECT * { ?s ?p ?now }")
    (False, True)
    """
    return _MOMENTARY.search(query) is None


def answer_unchanged(tag: str) -> Response:
    """304: what the client has is what it would get."""
    response = Response(status=304)
    mark(response, tag)
    response.vary.update(("Accept", "Accept-Encoding"))
    return response


def mark(response: Response, tag: str) -> None:
    """Let an answer be kept and asked after by its tag."""
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = REVALIDATE
