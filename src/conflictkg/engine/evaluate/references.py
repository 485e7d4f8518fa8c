"""IRIs out of references and a base, as RFC 3986 resolves them (section 5.2)."""

import re

from conflictkg.engine.evaluate.failure import ExpressionError

_PARTS = re.compile(
    r"(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.S
)
_FORBIDDEN = re.compile(r'[\x00-\x20<>"{}|\\^`\ud800-\udfff]')


def resolve(reference: str, base: str) -> str:
    """The IRI that a reference means.

    Raises:
        ExpressionError: It holds a character that no IRI holds, or it is relative and there is no base.

    >>> resolve("../b?q", "http://example.org/x/y/z#f")
    'http://example.org/x/b?q'
    """
    if _FORBIDDEN.search(reference):
        raise ExpressionError
    scheme, authority, path, query, fragment = _split(reference)
    if scheme is not None:
        # Dot segments of an absolute IRI stay: it is a name, and another name would be another thing.
        return reference
    base_scheme, base_authority, base_path, base_query, _ = _split(base)
    if base_scheme is None:
        raise ExpressionError
    if authority is not None:
        path = _without_dots(path)
    else:
        authority = base_authority
        if not path:
            path = base_path
            query = base_query if query is None else query
        elif path.startswith("/"):
            path = _without_dots(path)
        elif authority is not None and not base_path:
            path = _without_dots("/" + path)
        else:
            path = _without_dots(
                base_path.rpartition("/")[0] + "/" + path if "/" in base_path else path
            )
    iri = f"{base_scheme}:"
    if authority is not None:
        iri += f"//{authority}"
    iri += path
    if query is not None:
        iri += f"?{query}"
    return iri if fragment is None else f"{iri}#{fragment}"


def _split(text: str) -> tuple[str | None, str | None, str, str | None, str | None]:
    match = _PARTS.fullmatch(text)
    if match is None:
        raise ExpressionError
    return match[1], match[2], match[3], match[4], match[5]


def _without_dots(path: str) -> str:
    # What is left after ".." is done by a list of segments: the RFC's loop copies the path each time.
    segments = path.split("/")
    kept: list[str] = []
    for index, segment in enumerate(segments):
        is_last = index == len(segments) - 1
        if segment == "..":
            if len(kept) > 1 or (kept and kept[0]):
                kept.pop()
            if is_last:
                kept.append("")
        elif segment == ".":
            if is_last:
                kept.append("")
        else:
            kept.append(segment)
    return "/".join(kept)
