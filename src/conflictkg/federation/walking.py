"""SERVICE, expressions and patterns found in an algebra, wherever they stand."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

from conflictkg.engine import algebra as a
from conflictkg.engine.syntax import parse_query
from conflictkg.errors import ConflictKGError


def walk(node: object, *closed: type) -> Iterator[object]:
    """All parts of a part of an algebra, it itself included.

    Args:
        node: It.
        *closed: Into what is not looked.
    """
    waiting: list[object] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, tuple):
            waiting += each
            continue
        yield each
        if is_dataclass(each) and not isinstance(each, closed):
            waiting += [getattr(each, part.name) for part in fields(each)]


def find_services(node: object) -> Iterator[a.Service]:
    """The SERVICE patterns in a part of an algebra, those within others too.

    >>> query = parse_query("ASK { FILTER EXISTS { SERVICE <x:y> { } } }")
    >>> [each.name.value for each in find_services(query)]
    ['x:y']
    """
    for each in walk(node, a.Prologue, a.Bgp, a.Values):
        if isinstance(each, a.Service):
            yield each


def asks_others(text: str, base: str = "") -> bool:
    """Whether a text is a query that has SERVICE; one that cannot be read has none.

    >>> asks_others("ASK { SERVICE <x:y> {} }"), asks_others('ASK { ?s ?p "SERVICE <x:y> {}" }')
    (True, False)
    """
    # The word may be written with escapes.
    if "service" not in text.lower() and "\\" not in text:
        return False
    try:
        return any(find_services(parse_query(text, base=base)))
    except ConflictKGError:
        return False


def has_service(node: object) -> bool:
    """Whether there is SERVICE in a part of an algebra."""
    return next(find_services(node), None) is not None


def iter_expressions(node: object, *, into_patterns: bool = False) -> Iterator[object]:
    """All expressions in a part of an algebra."""
    closed = (a.Place,) if into_patterns else (a.Place, a.Exists)
    return (each for each in walk(node, *closed) if isinstance(each, a.Expression))


def iter_patterns(node: object) -> Iterator[a.Pattern]:
    """All patterns in a part of an algebra, it itself included."""
    for each in walk(node, a.Place):
        if isinstance(each, a.Pattern):
            yield each
