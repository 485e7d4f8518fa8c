"""Write graphs as Turtle: the same bytes for the same triples."""

import re
from collections.abc import Mapping

import pyoxigraph
from rdflib import RDF, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg.errors import InvalidValueError

_PREFIX = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
# Narrower than Turtle's PN_LOCAL: what every parser reads without an escape.
_MOST_REMEMBERED = 10_000
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
# Characters that a reader of a diff cannot see, or that reorder the rest, are written as escapes.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\"\\]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}
# Only what rdflib's own Turtle parser does not respell: it reads a bare 007 as 7, 1.0e0 as 1.0.
_BARE = {
    XSD.integer: re.compile(r"0|-?[1-9][0-9]*"),
    XSD.decimal: re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]{1,6}"),
    XSD.boolean: re.compile(r"true|false"),
}


def write_turtle(graph: Graph, prefixes: Mapping[str, str]) -> str:
    """Write a graph as Turtle: the same text for the same triples, whatever order they came in.

    Args:
        graph: The triples, without blank nodes.
        prefixes: Prefix to namespace. Those that are used are declared; where two fit, the one with
            the longer namespace.

    Returns:
        Turtle with one block a subject, in order of IRI; in a block the types first, then
        predicates in order of IRI; IRIs before literals. Empty for an empty graph.

    Raises:
        InvalidValueError: A blank node, an IRI that is relative or holds a character that IRIs do
            not allow, or a prefix that Turtle does not allow.

    >>> triple = (URIRef("http://a/s"), URIRef("http://a/p"), Literal("x", lang="en"))
    >>> print(write_turtle(Graph().add(triple), {"a": "http://a/"}), end="")
    @prefix a: <http://a/> .
    <BLANKLINE>
    a:s
      a:p "x"@en ;
    .
    """
    names = TermWriter(prefixes)
    blocks = [
        _write_block(subject, graph, names)
        for subject in sorted(set(graph.subjects()), key=_order_of)
    ]
    head = [f"@prefix {name}: <{names.namespaces[name]}> ." for name in sorted(names.used)]
    parts = ["\n".join(head)] if head else []
    return "\n\n".join(parts + blocks) + "\n" if blocks else ""


class TermWriter:
    """Turns terms into Turtle and remembers which prefixes that took."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        for prefix, namespace in prefixes.items():
            if not _PREFIX.fullmatch(prefix):
                raise InvalidValueError(
                    f'prefix "{prefix}" is not one that Turtle allows. Use letters, digits and "-".'
                )
            _require_iri(str(namespace))
        self.namespaces = {prefix: str(namespace) for prefix, namespace in prefixes.items()}
        self._by_length = sorted(
            self.namespaces.items(), key=lambda item: (-len(item[1]), item[1], item[0])
        )
        self._fitting: dict[str, list[tuple[str, str]]] = {}
        self.used: set[str] = set()

    def iri(self, iri: str) -> str:
        """An IRI as a prefixed name where a prefix fits, else in angle brackets."""
        _require_iri(iri)
        for prefix, namespace in self._find_fitting(iri):
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def _find_fitting(self, iri: str) -> list[tuple[str, str]]:
        """Which prefixes may fit: remembered for what stands before the last slash or hash."""
        head = iri[: max(iri.rfind("/"), iri.rfind("#")) + 1]
        found = self._fitting.get(head)
        if found is None:
            if len(self._fitting) >= _MOST_REMEMBERED:
                self._fitting.clear()
            found = self._fitting[head] = [
                each
                for each in self._by_length
                if head.startswith(each[1]) or each[1].startswith(head)
            ]
        return found

    def term(self, term: Node) -> str:
        """An IRI or literal as it stands in Turtle."""
        if isinstance(term, URIRef):
            return self.iri(str(term))
        if isinstance(term, Literal):
            return self._literal(term)
        raise _not_writable(term)

    def _literal(self, literal: Literal) -> str:
        text, datatype = str(literal), literal.datatype
        bare = _BARE.get(datatype) if datatype is not None else None
        if bare is not None and bare.fullmatch(text):
            return text
        if _SURROGATE.search(text):
            raise InvalidValueError(
                f"literal {text!a} holds half a character (a lone surrogate), which no file can. "
                "Decode the source as UTF-8."
            )
        quoted = f'"{escape_text(text)}"'
        if literal.language:
            return f"{quoted}@{literal.language.lower()}"
        if datatype is None or datatype == XSD.string:
            return quoted
        return f"{quoted}^^{self.iri(str(datatype))}"


def _write_block(subject: Node, graph: Graph, names: TermWriter) -> str:
    if not isinstance(subject, URIRef):
        raise _not_writable(subject)
    objects: dict[Node, list[Node]] = {}
    for predicate, value in graph.predicate_objects(subject):
        objects.setdefault(predicate, []).append(value)
    lines = [names.term(subject)]
    for predicate in sorted(objects, key=lambda each: (each != RDF.type, str(each))):
        verb = "a" if predicate == RDF.type else names.term(predicate)
        # A plain literal and an xsd:string are two terms to rdflib and one to RDF.
        values = dict.fromkeys(
            names.term(each) for each in sorted(objects[predicate], key=_order_of)
        )
        lines.append(f"  {verb}{join_values(list(values))} ;")
    return "\n".join([*lines, "."])


def join_values(values: list[str]) -> str:
    """The values of one predicate, with what parts them from it: on its line if they are short.

    >>> join_values(["1", "2"])
    ' 1, 2'
    """
    one_line = ", ".join(values)
    return f" {one_line}" if len(one_line) <= 80 else "\n    " + ",\n    ".join(values)


def _order_of(term: Node) -> tuple[int, str, str, str]:
    if isinstance(term, Literal):
        datatype = term.datatype if term.datatype is not None else XSD.string
        return (1, str(term), (term.language or "").lower(), str(datatype))
    return (0, str(term), "", "")


def _require_iri(iri: str) -> None:
    try:
        pyoxigraph.NamedNode(iri)
    except ValueError as error:
        raise InvalidValueError(
            f"{iri!a} is no absolute IRI: {error}. Mint IRIs with conflictkg.iris, which "
            "percent-encodes."
        ) from error


def escape_text(text: str) -> str:
    r"""A text as it stands between quotation marks.

    >>> print(escape_text('a "b"'))
    a \"b\"
    """
    return _UNSEEN.sub(_escape, text)


def _not_writable(term: Node) -> InvalidValueError:
    return InvalidValueError(
        f"the graph holds {term.n3()}, a {type(term).__name__} where an IRI or literal must stand. "
        "Data has no blank nodes, for they differ on each run: mint an IRI with conflictkg.iris."
    )


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}"
