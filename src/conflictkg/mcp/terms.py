"""Terms as a model reads and writes them: as SPARQL does, so that what is read can be asked about."""

from dataclasses import replace

from conflictkg.answers import Iri, Literal, Term
from conflictkg.answers.ntriples import to_turtle
from conflictkg.errors import NotFoundError
from conflictkg.iris import BASE, is_absolute
from conflictkg.mcp.bounds import shorten_text
from conflictkg.terms import PREFIXES
from conflictkg.web.display import shorten

_OWN_PATHS = ("id/", "graph/", "scheme/", "query/")


def write_term(term: Term | None) -> str | None:
    """A term as SPARQL writes it, prefixes used where there is one, long texts cut.

    >>> write_term(Iri("https://w3id.org/conflictkg/ontology#Strike")), write_term(Iri("http://e/a"))
    ('ckg:Strike', '<http://e/a>')
    >>> write_term(Literal("north", language="en"))
    '"north"@en'
    """
    if term is None:
        return None
    if isinstance(term, Iri):
        return write_iri(term.value)
    if isinstance(term, Literal):
        short = ""
        if not term.language and term.datatype.startswith(PREFIXES["xsd"]):
            short = shorten(term.datatype, PREFIXES)
        written = to_turtle(replace(term, lexical=shorten_text(term.lexical)))
        return written.replace(f"^^<{term.datatype}>", f"^^{short}") if short else written
    return shorten_text(to_turtle(term))


def write_iri(iri: str) -> str:
    """An IRI as SPARQL writes it.

    >>> write_iri("http://www.w3.org/2004/02/skos/core#prefLabel")
    'skos:prefLabel'
    """
    short = shorten(iri, PREFIXES)
    prefix, colon, _ = short.partition(":")
    return short if colon and prefix in PREFIXES and short != iri else f"<{iri}>"


def read_iri(text: str) -> str:
    """An IRI as models write it: whole, in angle brackets, prefixed, or as a path of ours.

    Args:
        text: It.

    Raises:
        NotFoundError: It is none.

    >>> read_iri("ckg:Strike"), read_iri("id/organization/0013")
    ('https://w3id.org/conflictkg/ontology#Strike', 'https://w3id.org/conflictkg/id/organization/0013')
    """
    text = text.strip().removeprefix("<").removesuffix(">")
    prefix, colon, local = text.partition(":")
    if colon and prefix in PREFIXES and not local.startswith("//"):
        text = PREFIXES[prefix] + local
    elif text.removeprefix("/").startswith(_OWN_PATHS):
        text = BASE + text.removeprefix("/")
    if not is_absolute(text):
        raise NotFoundError("thing", shorten_text(text, 100))
    return text
