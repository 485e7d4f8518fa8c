"""Entity tags: which release an answer is of, and which answer.

A tag is the release, a full stop, and a digest of whatever else makes the answer what it is. So one look at a
tag that a client sends back tells whether the data has changed since.
"""

import hashlib
import re
from collections.abc import Iterable

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
