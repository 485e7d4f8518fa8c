"""Every IRI that we mint.

Keys come from the source. Persons get numbers or digests, so that no personal name stands in an
IRI; an IRI once published is never used for another thing.
"""

import hashlib
import re
from urllib.parse import quote

from rdflib import URIRef

BASE = "https://w3id.org/conflictkg/"
ONTOLOGY = BASE + "ontology"
_ID = BASE + "id/"
_GRAPH = BASE + "graph/"

ONTOLOGY_GRAPH = URIRef(_GRAPH + "ontology")
SHAPES_GRAPH = URIRef(_GRAPH + "shapes")
QUERIES_GRAPH = URIRef(_GRAPH + "queries")
ENTITIES_GRAPH = URIRef(_GRAPH + "entities")
ENTAILED_GRAPH = URIRef(_GRAPH + "entailed")

# Surrogates stand for no character, and no file could hold them.
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]+")


def is_absolute(text: str) -> bool:
    """Whether a text is a whole IRI, as far as all that is written here needs it.

    >>> is_absolute("http://example.org/a"), is_absolute("a/b"), is_absolute("http://example.org/> .")
    (True, False, False)
    """
    return _ABSOLUTE.fullmatch(text) is not None


def mint_graph(name: str) -> URIRef:
    """Name a graph: ``article/914db3b611dfa38a``, ``view/asserted``.

    >>> mint_graph("view/asserted")
    rdflib.term.URIRef('https://w3id.org/conflictkg/graph/view/asserted')
    """
    return URIRef(_GRAPH + quote(name, safe="/"))


def mint_thing(kind: str, key: str) -> URIRef:
    """Name a thing by its kind and its key within that kind.

    Args:
        kind: Lower-case class name: ``organization``, ``claim``.
        key: The source's own key; slashes part it, all else is percent-encoded.

    >>> mint_thing("claim", "914db3b611dfa38a/a 1")
    rdflib.term.URIRef('https://w3id.org/conflictkg/id/claim/914db3b611dfa38a/a%201')
    """
    return URIRef(f"{_ID}{quote(kind, safe='')}/{quote(key, safe='/')}")


def document_key(text_sha256: str) -> str:
    """A document's key: the first sixteen digits of its text's SHA-256.

    >>> document_key("914db3b611dfa38aa1dcea1c7c75c548b3dbd51a099718b3866b4cfe03019559")
    '914db3b611dfa38a'
    """
    return text_sha256[:16]


def digest_key(*parts: str) -> str:
    """A short key that stands for the parts and gives none of them away.

    >>> digest_key("a", "b") == digest_key("ab")
    False
    """
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]
