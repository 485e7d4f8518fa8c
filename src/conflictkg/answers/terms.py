"""RDF terms, whatever engine made them, and rows of them."""

from dataclasses import dataclass

XSD = "http://www.w3.org/2001/XMLSchema#"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
XSD_STRING = XSD + "string"
RDF_LANG_STRING = RDF + "langString"
RDF_DIR_LANG_STRING = RDF + "dirLangString"


@dataclass(frozen=True, slots=True)
class Iri:
    """An IRI, absolute and without angle brackets."""

    value: str


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank node; its label means something within one answer only."""

    label: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal, with its lexical form as it stands in the graph.

    Args:
        lexical: The lexical form, not normalised.
        datatype: IRI of the datatype; of a literal with a language, ``rdf:langString``.
        language: Language tag, empty where there is none.
        direction: ``ltr`` or ``rtl`` (RDF 1.2), empty where there is none.
    """

    lexical: str
    datatype: str = XSD_STRING
    language: str = ""
    direction: str = ""


@dataclass(frozen=True, slots=True)
class Triple:
    """A triple; as a term it is a triple term of RDF 1.2."""

    subject: "Term"
    predicate: Iri
    object: "Term"


Term = Iri | Blank | Literal | Triple
Row = tuple[Term | None, ...]
"""One solution, in the order of the variables; ``None`` where a variable is unbound."""
