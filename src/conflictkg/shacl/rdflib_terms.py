"""Terms of a store as rdflib's, for pySHACL."""

from rdflib import BNode, Literal, URIRef
from rdflib.term import Node

from conflictkg import answers
from conflictkg.errors import RefusedDataError


def to_node(term: answers.Term) -> Node:
    """A term in rdflib's own type.

    Raises:
        RefusedDataError: It is a triple (RDF 1.2), which rdflib has not.

    >>> to_node(answers.Iri("http://example.org/a"))
    rdflib.term.URIRef('http://example.org/a')
    """
    if isinstance(term, answers.Iri):
        return URIRef(term.value)
    if isinstance(term, answers.Blank):
        return BNode(term.label)
    if isinstance(term, answers.Literal):
        if term.language:
            return Literal(term.lexical, lang=term.language)
        if term.datatype == answers.XSD_STRING:
            return Literal(term.lexical)
        return Literal(term.lexical, datatype=URIRef(term.datatype))
    raise RefusedDataError("unreadable", "they hold a triple as a term (RDF 1.2). Leave it out.")
