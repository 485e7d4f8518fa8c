"""Terms, paths and expressions as SPARQL text."""

import re
from collections.abc import Callable, Iterable, Mapping

from conflictkg.answers import RDF, XSD, XSD_STRING, Iri, Literal
from conflictkg.engine.algebra import (
    Aggregate,
    Alternative,
    Call,
    Exists,
    Expression,
    FunctionCall,
    Inverse,
    Link,
    Negated,
    Node,
    OneOrMore,
    Path,
    Pattern,
    Sequence,
    Var,
    ZeroOrMore,
    ZeroOrOne,
)

SHOWN = 5
"""Members of a list and rows of VALUES that a short text shows."""

_BARE = {
    XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    XSD + "double": re.compile(r"[+-]?(?:[0-9]+\.[0-9]*|\.?[0-9]+)[eE][+-]?[0-9]+"),
    XSD + "boolean": re.compile("true|false"),
}
_LOCAL = re.compile(r"[A-Za-z_0-9](?:[A-Za-z_0-9-]*[A-Za-z_0-9-])?")
_IN_STRING = re.compile(r'["\\\x00-\x1f\x7f]')
_NOT_IN_IRI = re.compile(r'[<>"{}|^`\\\x00-\x20]')
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}

# How tightly operators bind; a part that binds less than its place asks for stands in brackets.
_OR, _AND, _COMPARED, _ADDED, _MULTIPLIED, _SIGNED, _PRIMARY = range(1, 8)
_BINDING = {
    "||": _OR,
    "&&": _AND,
    **dict.fromkeys(["=", "!=", "<", ">", "<=", ">=", "IN", "NOT IN"], _COMPARED),
    **dict.fromkeys("+-", _ADDED),
    **dict.fromkeys("*/", _MULTIPLIED),
    **dict.fromkeys(["!", "NEG", "POS"], _SIGNED),
}
_SIGNS = {"!": "!", "NEG": "-", "POS": "+"}
_MARKS: dict[type, str] = {ZeroOrMore: "*", OneOrMore: "+", ZeroOrOne: "?"}


class Printer:
    """Writes what has no patterns in it.

    Args:
        prefixes: With which IRIs are shortened.
        is_short: Whether long lists are cut.
        body: Writes the inside of a group, for EXISTS.
        aggregates: What the fresh variables of a GROUP stand for.
    """

    def __init__(
        self,
        prefixes: Mapping[str, str],
        body: Callable[[Pattern], str],
        *,
        is_short: bool,
        aggregates: Mapping[Var, Aggregate],
    ) -> None:
        self._prefixes, self._body, self._is_short = prefixes, body, is_short
        self._aggregates = aggregates

    # Terms

    def node(self, node: Node) -> str:
        """A variable or a term."""
        if isinstance(node, Var):
            return variable_text(node)
        return self.iri(node) if isinstance(node, Iri) else self._literal(node)

    def iri(self, iri: Iri) -> str:
        """An IRI, shortened if a prefix fits."""
        for prefix, namespace in self._prefixes.items():
            if iri.value.startswith(namespace) and _LOCAL.fullmatch(iri.value[len(namespace) :]):
                return f"{prefix}:{iri.value[len(namespace) :]}"
        return f"<{_NOT_IN_IRI.sub(_escape, iri.value)}>"

    def predicate(self, predicate: Var | Iri) -> str:
        """A predicate; ``rdf:type`` as ``a``."""
        return "a" if predicate == Iri(RDF + "type") else self.node(predicate)

    def _literal(self, literal: Literal) -> str:
        bare = _BARE.get(literal.datatype)
        if bare is not None and bare.fullmatch(literal.lexical):
            return literal.lexical
        text = f'"{_IN_STRING.sub(_escape, literal.lexical)}"'
        if literal.language:
            return f"{text}@{literal.language}"
        return (
            text if literal.datatype == XSD_STRING else f"{text}^^{self.iri(Iri(literal.datatype))}"
        )

    # Paths

    def path(self, path: Path, binding: int = 0) -> str:
        """A path, in brackets if it binds less than its place asks for."""
        match path:
            case Link(iri):
                return self.predicate(iri)
            case Negated(forward, backward):
                ones = [self.predicate(iri) for iri in forward or ()]
                ones += [f"^{self.predicate(iri)}" for iri in backward or ()]
                return f"!{ones[0]}" if len(ones) == 1 else f"!({'|'.join(ones)})"
            case ZeroOrMore(inner) | OneOrMore(inner) | ZeroOrOne(inner):
                own, text = 4, self.path(inner, 5) + _MARKS[type(path)]
            case Inverse(inner):
                own, text = 3, "^" + self.path(inner, 4)
            case Sequence(first, second):
                own, text = 2, f"{self.path(first, 2)}/{self.path(second, 3)}"
            case Alternative(paths):
                own, text = 1, "|".join(self.path(each, 2) for each in paths)
        return text if own >= binding else f"({text})"

    # Expressions

    def expression(self, expression: Expression, binding: int = 0) -> str:
        """An expression, in brackets if it binds less than its place asks for."""
        match expression:
            case Var():
                aggregate = self._aggregates.get(expression)
                return self.aggregate(aggregate) if aggregate else variable_text(expression)
            case Iri() | Literal():
                return self.node(expression)
            case FunctionCall(iri, arguments, distinct):
                inner = ("DISTINCT " if distinct else "") + self._list(arguments)
                return f"{self.iri(iri)}({inner})"
            case Exists(pattern, negated):
                return f"{'NOT ' if negated else ''}EXISTS {{ {self._body(pattern)} }}"
        own = _BINDING.get(expression.name, _PRIMARY)
        text = self._call(expression, own)
        return text if own >= binding else f"({text})"

    def _call(self, call: Call, own: int) -> str:
        name, arguments = call.name, call.arguments
        if name in {"||", "&&"}:
            return f" {name} ".join(self.expression(each, own + 1) for each in _links(call))
        if name in {"IN", "NOT IN"}:
            return f"{self.expression(arguments[0], own + 1)} {name} ({self._list(arguments[1:])})"
        if name in _SIGNS:
            operand = arguments[0]
            text = self.expression(operand, _PRIMARY)
            # "-5" would be the number.
            return _SIGNS[name] + (f"({text})" if isinstance(operand, Literal) else text)
        if own == _PRIMARY:
            return f"{name}({self._list(arguments)})"
        left = own + 1 if own == _COMPARED else own
        return (
            f"{self.expression(arguments[0], left)} {name} {self.expression(arguments[1], own + 1)}"
        )

    def _list(self, expressions: Iterable[Expression]) -> str:
        texts = [self.expression(each) for each in expressions]
        return ", ".join(self.cut(texts))

    def cut(self, texts: list[str]) -> list[str]:
        """The first of many, where the text shall be short."""
        if not self._is_short or len(texts) <= SHOWN:
            return texts
        return [*texts[:SHOWN], f"… {len(texts) - SHOWN:,} more"]

    def aggregate(self, aggregate: Aggregate) -> str:
        """An aggregate."""
        inner = "*" if aggregate.expression is None else self.expression(aggregate.expression)
        if aggregate.distinct:
            inner = f"DISTINCT {inner}"
        if aggregate.name == "GROUP_CONCAT" and aggregate.separator != " ":
            inner += f"; SEPARATOR = {self._literal(Literal(aggregate.separator))}"
        return f"{aggregate.name}({inner})"


def _links(call: Call) -> list[Expression]:
    """The links of a chain of ``&&`` or ``||``."""
    links: list[Expression] = []
    waiting: list[Expression] = [call]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Call) and each.name == call.name:
            waiting += reversed(each.arguments)
        else:
            links.append(each)
    return links


def variable_text(variable: Var) -> str:
    """A variable; one between two steps of a path as the blank node that it could be."""
    if variable.name.startswith(".path"):
        return f"_:{variable.name[1:]}"
    return variable.name if variable.name.startswith("_:") else f"?{variable.name}"


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0], f"\\u{ord(match[0]):04X}")
