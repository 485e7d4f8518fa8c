"""SPARQL text to algebra, with errors that say where and what.

>>> parse_query("SELECT ?s { ?s a <http://a/B> }").variables
(Var(name='s'),)
"""

from collections.abc import Mapping

from conflictkg.engine.algebra import Query, Update
from conflictkg.engine.syntax.lexer import Source
from conflictkg.engine.syntax.parser import parse
from conflictkg.engine.syntax.reading import Reading
from conflictkg.engine.syntax.unparse import unparse as unparse
from conflictkg.errors import NotPermittedError


def parse_query(text: str, *, base: str = "", prefixes: Mapping[str, str] | None = None) -> Query:
    """Read a query.

    Args:
        text: SPARQL 1.1 Query.
        base: What relative IRIs are resolved against, until the text says BASE.
        prefixes: Prefixes that are declared before the text declares its own.

    Raises:
        QuerySyntaxError: It is none, or is too deep or too large; with line and column.
        NotPermittedError: It is an update, and a right one.
    """
    reading = Reading(Source(text), base, prefixes or {})
    try:
        query: Query = parse(reading, "query_unit")
    except NotPermittedError:
        # An update that is none either is a mistake to mend, and not one to be sent elsewhere.
        parse_update(text, base=base, prefixes=prefixes)
        raise
    reading.check_depth(query)
    return query


def parse_update(text: str, *, base: str = "", prefixes: Mapping[str, str] | None = None) -> Update:
    """Read an update request.

    Args:
        text: SPARQL 1.1 Update.
        base: What relative IRIs are resolved against, until the text says BASE.
        prefixes: Prefixes that are declared before the text declares its own.

    Raises:
        QuerySyntaxError: It is none, or is too deep or too large; with line and column.

    >>> parse_update("CLEAR ALL").operations
    (Clear(target='ALL', silent=False, drop=False),)
    """
    reading = Reading(Source(text), base, prefixes or {})
    operations = tuple(parse(reading, "update_unit"))
    for each in operations:
        reading.check_depth(each)
    return Update(operations, reading.prologue())
