"""Actions for the prologue and for terms: IRIs, variables, blank nodes, literals."""
# ruff: noqa: ARG001, D103 -- actions have one signature, and grammar.lark says what each one reads

import re
from difflib import get_close_matches
from typing import Any

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD, XSD_STRING, Iri, Literal
from conflictkg.engine.algebra import Var
from conflictkg.engine.syntax.lexer import MAX_SHOWN, Token, decode_escape
from conflictkg.engine.syntax.reading import Reading, action
from conflictkg.engine.syntax.resolving import is_absolute, resolve_iri

NIL = Iri(RDF + "nil")
FIRST = Iri(RDF + "first")
REST = Iri(RDF + "rest")
TYPE = Iri(RDF + "type")

_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|(.)|\Z)", re.DOTALL)
_CHARACTERS = {
    "t": "\t",
    "b": "\b",
    "n": "\n",
    "r": "\r",
    "f": "\f",
    "\\": "\\",
    '"': '"',
    "'": "'",
}
_LOCAL_ESCAPE = re.compile(r"\\(.)")
_NOT_IN_IRI = re.compile(r'[<>"{}|^`\\\x00-\x20]')


# Prologue


@action
def declare_base(reading: Reading, parts: list[Any]) -> None:
    reading.base = _read_iri(reading, parts[2])
    reading.iris.clear()


@action
def declare_prefix(reading: Reading, parts: list[Any]) -> None:
    reading.prefixes[parts[2][0][:-1]] = _read_iri(reading, parts[3])
    reading.iris.clear()


def _read_iri(reading: Reading, token: Token) -> str:
    text, offset = token
    iri = text[1:-1]
    if "\\" in iri:
        iri = _unescape(reading, iri, offset + 1, is_iri=True)
        if _NOT_IN_IRI.search(iri):
            raise reading.error(f"{text} holds a character that IRIs cannot hold.", offset, text)
    absolute = resolve_iri(iri, reading.base)
    if not is_absolute(absolute):
        raise reading.error(
            f"{text} is a relative IRI, and there is nothing that it is relative to.",
            offset,
            text,
            "Write it whole, or add: BASE <http://…>",
        )
    return absolute


@action
def full_iri(reading: Reading, parts: list[Any]) -> Iri:
    text, offset = parts[0]
    reading.last_iri = offset
    iri = reading.iris.get(text)
    if iri is None:
        iri = reading.iris[text] = Iri(_read_iri(reading, parts[0]))
        reading.offsets.setdefault(f"<{iri.value}>", offset)
    return iri


@action
def short_iri(reading: Reading, parts: list[Any]) -> Iri:
    text, offset = parts[0]
    reading.last_iri = offset
    iri = reading.iris.get(text)
    if iri is None:
        prefix, _, local = text.partition(":")
        namespace = reading.prefixes.get(prefix)
        if namespace is None:
            hint = _prefix_hint(prefix, reading)
            raise reading.error(f"prefix {prefix}: is not declared.", offset, f"{prefix}:", hint)
        if "\\" in local:
            local = _LOCAL_ESCAPE.sub(r"\1", local)
        iri = reading.iris[text] = Iri(namespace + local)
        reading.offsets.setdefault(f"<{iri.value}>", offset)
    return iri


def _prefix_hint(prefix: str, reading: Reading) -> str:
    # Imported where it is needed: it brings rdflib, and a query without this mistake shall not wait for it.
    from conflictkg.terms import PREFIXES

    if prefix in PREFIXES:
        return f"Add: PREFIX {prefix}: <{PREFIXES[prefix]}>"
    close = get_close_matches(prefix[:MAX_SHOWN], [*reading.prefixes, *PREFIXES], n=1)
    if not close:
        return f"Add: PREFIX {prefix}: <http://…>"
    if close[0] in reading.prefixes:
        return f"Did you mean {close[0]}:?"
    return f"Did you mean {close[0]}:? Then add: PREFIX {close[0]}: <{PREFIXES[close[0]]}>"


# Terms


@action
def variable(reading: Reading, parts: list[Any]) -> Var:
    text, offset = parts[0]
    name = text[1:]
    reading.variable_uses.append((offset, name))
    var = reading.variables.get(name)
    if var is None:
        var = reading.variables[name] = Var(name)
        reading.offsets["?" + name] = offset
    return var


@action
def blank(reading: Reading, parts: list[Any]) -> Var:
    text, offset = parts[0]
    reading.blank_uses.append((offset, text))
    return Var(text)


@action
def anonymous(reading: Reading, parts: list[Any]) -> Var:
    return reading.fresh_blank(parts[0][1])


@action
def nil(reading: Reading, parts: list[Any]) -> Iri:
    return NIL


@action
def plain_literal(reading: Reading, parts: list[Any]) -> Literal:
    return Literal(read_string(reading, parts[0]))


@action
def language_literal(reading: Reading, parts: list[Any]) -> Literal:
    # Tags mean the same in any case; RDF says to compare and may store them in lower case.
    language = parts[1][0][1:].lower()
    return Literal(read_string(reading, parts[0]), RDF_LANG_STRING, language)


@action
def typed_literal(reading: Reading, parts: list[Any]) -> Literal:
    datatype = parts[2].value
    return Literal(
        read_string(reading, parts[0]), XSD_STRING if datatype == XSD_STRING else datatype
    )


@action
def number(reading: Reading, parts: list[Any]) -> Literal:
    return read_number(parts[0][0])


@action
def boolean(reading: Reading, parts: list[Any]) -> Literal:
    return Literal(parts[0][0].lower(), XSD + "boolean")


def read_number(text: str) -> Literal:
    """The literal of a number.

    >>> read_number("-1.50").datatype
    'http://www.w3.org/2001/XMLSchema#decimal'
    """
    if "e" in text or "E" in text:
        return Literal(text, XSD + "double")
    return Literal(text, XSD + ("decimal" if "." in text else "integer"))


def read_string(reading: Reading, token: Token) -> str:
    """The text of a string in any of its four quotations.

    Raises:
        QuerySyntaxError: It holds an escape that SPARQL does not have.
    """
    text, offset = token
    width = 3 if text.startswith(('"""', "'''")) else 1
    inner = text[width:-width]
    return _unescape(reading, inner, offset + width) if "\\" in inner else inner


def _unescape(reading: Reading, text: str, offset: int, *, is_iri: bool = False) -> str:
    def replace(match: re.Match[str]) -> str:
        if match[3] is None and match[0] != "\\":
            try:
                return decode_escape(match)
            except ValueError:
                problem = f"{match[0]} is no character."
        elif not is_iri and match[3] in _CHARACTERS:
            return _CHARACTERS[match[3]]
        else:
            problem = f"{match[0]} is no escape that {'IRIs have' if is_iri else 'strings have'}."
        hint = "" if is_iri else r"For a backslash itself write \\."
        raise reading.error(problem, offset + match.start(), match[0], hint)

    return _ESCAPE.sub(replace, text)
