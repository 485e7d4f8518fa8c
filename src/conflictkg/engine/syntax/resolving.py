"""Relative IRIs made absolute: section 5.2 of RFC 3986, without normalisation of what is absolute.

``urllib.parse.urljoin`` resolves only against schemes that it knows.
"""

import re

_PARTS = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.\-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")


def is_absolute(iri: str) -> bool:
    """Whether an IRI begins with a scheme.

    >>> is_absolute("urn:x"), is_absolute("../x")
    (True, False)
    """
    return _SCHEME.match(iri) is not None


def resolve_iri(iri: str, base: str) -> str:
    """The absolute IRI of a reference; one that is absolute, and all without a base, stay as they are.

    >>> resolve_iri("../x?y", "http://h/a/b/c#d")
    'http://h/a/x?y'
    >>> resolve_iri("#d", "urn:isbn:1")
    'urn:isbn:1#d'
    """
    if not base or is_absolute(iri):
        return iri
    base_match, match = _PARTS.match(base), _PARTS.match(iri)
    if base_match is None or match is None:  # the pattern matches any text
        return iri
    scheme, authority, path, query, _ = base_match.groups()
    _, new_authority, new_path, new_query, fragment = match.groups()
    if new_authority is not None:
        authority, path, query = new_authority, _remove_dots(new_path), new_query
    elif new_path:
        if not new_path.startswith("/"):
            start = "/" if authority is not None and not path else path[: path.rfind("/") + 1]
            new_path = start + new_path
        path, query = _remove_dots(new_path), new_query
    elif new_query is not None:
        query = new_query
    return "".join(
        (
            "" if scheme is None else f"{scheme}:",
            "" if authority is None else f"//{authority}",
            path,
            "" if query is None else f"?{query}",
            "" if fragment is None else f"#{fragment}",
        )
    )


def _remove_dots(path: str) -> str:
    parts: list[str] = []
    segments = path.split("/")
    for index, segment in enumerate(segments):
        is_last = index == len(segments) - 1
        if segment == "..":
            if len(parts) > 1 or (parts and parts[0]):
                parts.pop()
            if is_last:
                parts.append("")
        elif segment == ".":
            if is_last:
                parts.append("")
        else:
            parts.append(segment)
    return "/".join(parts)
