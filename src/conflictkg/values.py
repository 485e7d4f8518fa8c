"""Values that every source shares: concepts of the code lists, and dates as bounds."""

from difflib import get_close_matches

from rdflib import URIRef

from conflictkg.errors import UnmappedValueError
from conflictkg.terms import CS


def require_concept(scheme: str, member: str, *, source: str) -> URIRef:
    """The concept with this name in a scheme.

    Args:
        scheme: The scheme's name: ``event-type``.
        member: The concept's name in it: ``strike``.
        source: The file that names it, for the message.

    Raises:
        UnmappedValueError: The scheme has no such concept. The message names the closest.

    >>> require_concept("polarity", "affirmed", source="x")
    rdflib.term.URIRef('https://w3id.org/conflictkg/scheme/polarity-affirmed')
    """
    name = f"{scheme}-{member}"
    if name in CS:
        return CS[name]
    prefix = f"{scheme}-"
    members = [each.removeprefix(prefix) for each in CS._extras if each.startswith(prefix)]
    close = get_close_matches(member, members, n=1)
    hint = f'Closest known: "{close[0]}".' if close else f"Known: {', '.join(sorted(members))}."
    raise UnmappedValueError(
        f'"{member}" is no concept of the scheme {scheme}. {hint}', source=source
    )
