"""IRIs out of strings."""

import re

from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.syntax.resolving import is_absolute, resolve_iri

_FORBIDDEN = re.compile(r'[\x00-\x20<>"{}|\\^`\ud800-\udfff]')


def absolute_iri(reference: str, base: str) -> str:
    """The IRI that a reference means.

    Raises:
        ExpressionError: It holds a character that no IRI holds, or it is relative and there is no base.

    >>> absolute_iri("../b?q", "http://example.org/x/y/z#f")
    'http://example.org/x/b?q'
    """
    if _FORBIDDEN.search(reference):
        raise ExpressionError
    iri = resolve_iri(reference, base)
    if not is_absolute(iri):
        raise ExpressionError
    return iri
