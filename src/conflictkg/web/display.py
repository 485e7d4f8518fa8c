"""How an RDF term looks on a page: its text, where it leads, and what is said of it quietly.

The one place that turns an IRI into an address on this server, and a path on this server into an
IRI. What comes in over HTTP reaches the store as a term, never as a piece of query text.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from conflictkg.answers import XSD, XSD_STRING, Blank, Iri, Literal, Term, Triple
from conflictkg.iris import BASE

MAX_PATH = 1_000
"""Longest path, in characters, that can name a thing here; our own IRIs have at most about 120."""

_MAX_SHOWN = 4_000
# What a reader cannot see, or what turns the text around it: shown as its code point.
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
_OURS = re.compile(r"(?:id|graph|scheme|query)/[^\s/?#][^\s?#]*|ontology(?:#\S+)?|scheme/?")
_FOLLOWED = re.compile(r"(?:https?://[^\s/?#]|mailto:[^\s])", re.IGNORECASE)
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_HUMP = re.compile(r"(?<=[a-z])[A-Z]")
_NUMBERS = frozenset(
    XSD + name for name in ("integer", "decimal", "double", "float", "nonNegativeInteger")
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A term as it stands on a page.

    Args:
        text: What is read. Not escaped for HTML: templates do that.
        title: The whole IRI, where the text is shorter.
        href: Where it leads; empty where it must not be followed.
        tag: Language or datatype of a literal; empty for plain text.
        is_number: Whether it is set flush right in a column.
    """

    text: str
    title: str = ""
    href: str = ""
    tag: str = ""
    is_number: bool = False


def show_term(
    term: Term, prefixes: Mapping[str, str], labels: Mapping[str, str] | None = None
) -> Shown:
    """Make a term readable.

    Args:
        term: IRI, literal, blank node or triple term.
        prefixes: Prefix to namespace, for the short form of IRIs.
        labels: Names to show in place of IRIs, by IRI.

    >>> show_term(Iri("http://x/a"), {"x": "http://x/"}).text
    'x:a'
    >>> show_term(Iri("javascript:alert(1)"), {}).href
    ''
    """
    match term:
        case Literal():
            return _show_literal(term, prefixes)
        case Blank():
            return Shown(f"_:{term.label}")
        case Triple():
            parts = (term.subject, term.predicate, term.object)
            inside = " ".join(show_term(part, prefixes, labels).text for part in parts)
            return Shown(f"<<( {inside} )>>")
        case Iri(iri):
            short = shorten(iri, prefixes)
            label = (labels or {}).get(iri, "")
            title = "" if not label and short == iri else _make_visible(iri)
            return Shown(_make_visible(label or short), title=title, href=link_of(iri))


def shorten(iri: str, prefixes: Mapping[str, str]) -> str:
    """An IRI as a prefixed name; ours without one as their path; else the IRI itself.

    >>> shorten("http://x/a b", {"x": "http://x/"})
    'http://x/a b'
    >>> shorten(BASE + "id/place/0001", {})
    'id/place/0001'
    """
    fitting = [item for item in prefixes.items() if iri.startswith(item[1])]
    if fitting:
        prefix, namespace = max(fitting, key=lambda item: len(item[1]))
        local = iri[len(namespace) :]
        if _LOCAL.fullmatch(local):
            return f"{prefix}:{local}"
    return iri.removeprefix(BASE) if link_of(iri).startswith("/") else iri


def name_of(iri: str) -> str:
    """A readable name for an IRI that has no label: its last part, its words apart.

    >>> name_of("http://www.w3.org/ns/org#hasMembership")
    'has membership'
    >>> name_of(BASE + "id/place/0001")
    'id/place/0001'
    """
    if iri.startswith(BASE + "id/"):
        return iri[len(BASE) :]
    last = re.split(r"[#/]", iri.rstrip("#/"))[-1] or iri
    return _HUMP.sub(lambda match: f" {match[0].lower()}", last).replace("_", " ")


def link_of(iri: str) -> str:
    """The address that an IRI is followed at: on this server for ours, itself for the web's.

    Addresses are relative to the server's root. Empty for IRIs that no browser should follow:
    ``javascript:``, ``file:``, ``urn:``.

    >>> link_of(BASE + "id/organization/0001")
    '/id/organization/0001'
    >>> link_of(BASE + "/example.org")
    ''
    """
    if iri.startswith(BASE):
        # Only paths that this server answers for: "<base>//host" would lead to another host.
        rest = iri[len(BASE) :]
        return f"/{rest}" if _OURS.fullmatch(rest) else ""
    return iri if _FOLLOWED.match(iri) else ""


def iri_of_path(space: str, path: str) -> str | None:
    """The IRI that a path on this server stands for.

    Args:
        space: The first part: ``"id"``, ``"graph"``, ``"scheme"``.
        path: What follows it, decoded.

    Returns:
        The IRI, minted as ``iris.py`` mints it; none where no IRI of ours can have such a path.

    >>> iri_of_path("id", "claim/x/a 1")
    'https://w3id.org/conflictkg/id/claim/x/a%201'
    >>> iri_of_path("id", "../secret") is None
    True
    """
    parts = path.split("/")
    # U+FFFD stands where the address was not UTF-8.
    if len(path) > MAX_PATH or not path.isprintable() or "\ufffd" in path:
        return None
    if any(part in {"", ".", ".."} for part in parts):
        return None
    return f"{BASE}{space}/{quote(path, safe='/')}"


def _show_literal(literal: Literal, prefixes: Mapping[str, str]) -> Shown:
    text = literal.lexical
    if len(text) > _MAX_SHOWN:
        text = f"{text[:_MAX_SHOWN]}… ({len(text):,} characters)"
    tag = literal.language
    if not tag and literal.datatype != XSD_STRING:
        tag = shorten(literal.datatype, prefixes)
    return Shown(_make_visible(text), tag=tag, is_number=literal.datatype in _NUMBERS)


def _make_visible(text: str) -> str:
    return _UNSEEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)
