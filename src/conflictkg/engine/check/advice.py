"""One piece of advice, and how it names things: as the query's own prefixes do."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conflictkg.answers import XSD, XSD_STRING, Iri, Literal
from conflictkg.engine.algebra import Place, Prologue, Var


@dataclass(frozen=True, slots=True)
class Advice:
    """A likely mistake in a query that can be run all the same.

    Args:
        code: What kind of mistake, for programs: ``unknown-property``, ``cross-product``, …
        message: What is wrong and what that does to the answer, in one or two sentences.
        line: Where, counted from 1; 0 where the text does not say.
        column: Where in the line, counted from 1 in characters.
        suggestion: What to write instead; empty where there is nothing to suggest.

    >>> print(Advice("unknown-variable", "?nam is never bound.", 3, 8, "?name"))
    line 3 column 8: ?nam is never bound. Did you mean ?name?
    """

    code: str
    message: str
    line: int = 0
    column: int = 0
    suggestion: str = ""

    def __str__(self) -> str:
        where = f"line {self.line} column {self.column}: " if self.line else ""
        hint = f" Did you mean {self.suggestion}?" if self.suggestion else ""
        return f"{where}{self.message}{hint}"


_LOCAL = re.compile(r"[\w][\w.\-]*", re.ASCII)


class Wording:
    """Names terms as the query writes them, and finds where they stand in it.

    Args:
        prologue: The query's.
        names: More prefixes and their namespaces, for IRIs that those of the query do not shorten.
    """

    def __init__(self, prologue: Prologue, names: Mapping[str, str]) -> None:
        self._places = prologue.places
        prefixes = {**names, **prologue.prefixes}
        # The longest namespace that fits gives the shortest name.
        self._prefixes = sorted(prefixes.items(), key=lambda each: -len(each[1]))

    def show(self, node: Iri | Literal | Var) -> str:
        """A term or variable as SPARQL.

        >>> wording = Wording(Prologue(prefixes={"e": "http://e/"}), {})
        >>> wording.show(Iri("http://e/x")), wording.show(Literal("a", language="en"))
        ('e:x', '"a"@en')
        """
        if isinstance(node, Var):
            return f"?{node.name}"
        if isinstance(node, Iri):
            return self.name(node.value)
        text = node.lexical.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        if node.language:
            return f'"{text}"@{node.language}'
        if node.datatype == XSD_STRING:
            return f'"{text}"'
        if node.datatype in {XSD + "integer", XSD + "decimal", XSD + "boolean"}:
            return text
        return f'"{text}"^^{self.name(node.datatype)}'

    def name(self, iri: str) -> str:
        """An IRI, with a prefix if one fits."""
        for prefix, namespace in self._prefixes:
            local = iri[len(namespace) :]
            if namespace and iri.startswith(namespace) and _LOCAL.fullmatch(local):
                return f"{prefix}:{local}"
        return f"<{iri}>"

    def place(self, *nodes: Iri | Literal | Var | Place | None) -> Place:
        """Where the first of these stands that the text knows the place of."""
        for node in nodes:
            if isinstance(node, Place):
                return node
            if isinstance(node, Iri | Var):
                key = f"<{node.value}>" if isinstance(node, Iri) else f"?{node.name}"
                found = self._places.get(key)
                if found is not None:
                    return found
        return Place(0, 0)

    def advise(
        self,
        code: str,
        message: str,
        *nodes: Iri | Literal | Var | Place | None,
        suggestion: str = "",
    ) -> Advice:
        """A piece of advice at the place of the first of the nodes that has one."""
        place = self.place(*nodes)
        return Advice(code, message, place.line, place.column, suggestion)


def list_names(names: Iterable[str], *, last: str = "and") -> str:
    """Names in a sentence.

    >>> list_names(["?a", "?b", "?c"])
    '?a, ?b and ?c'
    """
    found = list(names)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"
