"""Terms as N-Triples and Turtle write them."""

import re

from conflictkg.answers.terms import XSD, XSD_STRING, Blank, Iri, Literal, Term, Triple

_ESCAPED = re.compile(r'[\x00-\x1f\x7f"\\]')
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}


def to_ntriples(term: Term) -> str:
    r"""A term, or a triple without its full stop, as N-Triples writes it.

    >>> to_ntriples(Literal('a "b"\n', language="en"))
    '"a \\"b\\"\\n"@en'
    """
    if isinstance(term, Iri):
        return f"<{term.value}>"
    if isinstance(term, Blank):
        return f"_:{term.label}"
    if isinstance(term, Triple):
        return f"{_to_part(term.subject)} {to_ntriples(term.predicate)} {_to_part(term.object)}"
    quoted = '"' + escape_string(term.lexical) + '"'
    if term.language:
        direction = f"--{term.direction}" if term.direction else ""
        return f"{quoted}@{term.language}{direction}"
    return quoted if term.datatype == XSD_STRING else f"{quoted}^^<{term.datatype}>"


def _to_part(term: Term) -> str:
    return f"<<( {to_ntriples(term)} )>>" if isinstance(term, Triple) else to_ntriples(term)


def escape_string(text: str) -> str:
    r"""What stands between the quotation marks of a literal.

    >>> escape_string("a\\b")
    'a\\\\b'
    """
    return _ESCAPED.sub(_escape_character, text)


def _escape_character(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], f"\\u{ord(match[0]):04X}")


BARE_LITERALS = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD + "double": re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]+"),
    XSD + "boolean": re.compile("true|false"),
}
"""By datatype: the lexical forms that need neither quotation marks nor their datatype."""


def to_turtle(term: Term) -> str:
    """A term as Turtle and TSV write it without prefixes: common numbers and booleans bare.

    >>> to_turtle(Literal("3", XSD + "integer"))
    '3'
    """
    if isinstance(term, Literal):
        bare = BARE_LITERALS.get(term.datatype)
        if bare is not None and bare.fullmatch(term.lexical):
            return term.lexical
    return to_ntriples(term)
