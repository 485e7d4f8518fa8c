"""SPARQL from rdflib to the engine, and answers back as rdflib's results.

What the engine does not do for rdflib is left to rdflib's own evaluator, by raising NotImplementedError:
queries whose text is lost, blank nodes as bindings, functions that were registered with rdflib, and
updates of a single named graph. What would fetch something is refused before.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import TypeVar

from rdflib import BNode, Graph, Variable
from rdflib.plugins.sparql.operators import _CUSTOM_FUNCTIONS
from rdflib.query import Result
from rdflib.term import Identifier, Node

from conflictkg.answers import XSD, Answer, Boolean, Solutions, Term, Triples
from conflictkg.engine.algebra import (
    Describe,
    FunctionCall,
    Load,
    Query,
    Service,
    Update,
)
from conflictkg.engine.syntax import parse_query, parse_update
from conflictkg.errors import NotPermittedError, QuerySyntaxError
from conflictkg.rdflib_store.nodes import Nodes, to_term
from conflictkg.store.handle import DuckStore

_Request = TypeVar("_Request", Query, Update)

UNION = "__UNION__"
"""What rdflib calls the union of all graphs."""


def declare_prefixes(text: str, names: Mapping[str, object]) -> str:
    """Put before a query the prefixes that it uses; its lines keep their numbers.

    >>> declare_prefixes("ASK { ?s e:p e:o }", {"e": "http://e/", "f": "http://f/"})
    'PREFIX e: <http://e/> ASK { ?s e:p e:o }'
    """
    used = [name for name in names if re.search(rf"(?<![\w.-]){re.escape(name)}:", text)]
    return "".join(f"PREFIX {name}: <{names[name]}> " for name in used) + text


class Answering:
    """Asks one store for rdflib.

    Args:
        store: The store.
        nodes: Its nodes.
    """

    def __init__(self, store: DuckStore, nodes: Nodes) -> None:
        self._store, self._nodes = store, nodes

    def query(
        self,
        text: str,
        names: Mapping[str, object],
        bindings: Mapping[str, Identifier],
        graph: str | None,
        base: str,
    ) -> Result:
        """Ask.

        Args:
            text: A query.
            names: Prefixes that it may use without declaring them.
            bindings: Values of variables; those of variables that it has not are left out.
            graph: IRI of the graph that is the default graph; ``None`` for the default graph of the store,
                :data:`UNION` for the union of all graphs.
            base: What relative IRIs are resolved against.

        Raises:
            NotImplementedError: rdflib shall do it.
            NotPermittedError: It has SERVICE.
        """
        whole = declare_prefixes(text, names)
        query = _read(_parse, whole, base, len(whole) - len(text))
        self._require_local(query)
        used = {
            name.removeprefix("?"): value
            for name, value in bindings.items()
            if f"?{name.removeprefix('?')}" in query.prologue.places
        }
        if any(isinstance(value, BNode) for value in used.values()) or _has_custom(query):
            _refuse_dataset(query)
            raise NotImplementedError
        answer = self._store.query(
            whole,
            base_iri=base or None,
            bindings={name: to_term(value) for name, value in used.items()},
            default_graphs=() if graph in {None, UNION} or query.dataset else (str(graph),),
            union_default_graph=True if graph == UNION else None,
        )
        return self._to_result(answer, query)

    def update(
        self,
        text: str,
        names: Mapping[str, object],
        bindings: Mapping[str, Identifier],
        graph: str | None,
        base: str,
    ) -> None:
        """Change; arguments and errors as for :meth:`query`."""
        whole = declare_prefixes(text, names)
        update = _read(_parse_update, whole, base, len(whole) - len(text))
        self._require_local(update)
        if bindings or graph not in {None, UNION} or _has_custom(update):
            raise NotImplementedError
        self._store.update(whole, base_iri=base or None)

    def _require_local(self, request: Query | Update) -> None:
        """Refuse what rdflib, if it came to that, would fetch."""
        for part in _walk(request):
            if isinstance(part, Service) or (isinstance(part, Load) and not part.silent):
                construct = "SERVICE" if isinstance(part, Service) else "LOAD"
                raise NotPermittedError(construct, "a store fetches nothing from elsewhere.")

    # Answers

    def _to_result(self, answer: Answer, query: Query) -> Result:
        if isinstance(answer, Boolean):
            result = Result("ASK")
            result.askAnswer = answer.value
        elif isinstance(answer, Solutions):
            result = Result("SELECT")
            variables = [Variable(name) for name in answer.variables]
            result.vars = variables
            result.bindings = self._iter_bindings(answer, variables)
        else:
            result = Result("DESCRIBE" if isinstance(query, Describe) else "CONSTRUCT")
            result.graph = self._to_graph(answer)
        return result

    def _iter_bindings(
        self, answer: Solutions, variables: list[Variable]
    ) -> Iterator[Mapping[Variable, Identifier]]:
        for row in answer.rows:
            yield {
                variable: self._node(term)
                for variable, term in zip(variables, row, strict=True)
                if term is not None
            }

    def _to_graph(self, answer: Triples) -> Graph:
        graph = Graph()
        for triple in answer.triples:
            subject, predicate, value = (
                self._node(each) for each in (triple.subject, triple.predicate, triple.object)
            )
            graph.add((subject, predicate, value))
        return graph

    def _node(self, term: Term) -> Identifier:
        node: Node = self._nodes.answer_node(term)
        if not isinstance(node, Identifier):
            raise TypeError(f"{node!r} is no identifier")
        return node


def _read(parse: Callable[[str, str], _Request], text: str, base: str, shift: int) -> _Request:
    try:
        return parse(text, base)
    except QuerySyntaxError as error:
        if error.line != 1:
            raise
        raise QuerySyntaxError(error.problem, 1, max(error.column - shift, 1)) from error


@lru_cache(256)
def _parse(text: str, base: str) -> Query:
    return parse_query(text, base=base)


def _parse_update(text: str, base: str) -> Update:
    return parse_update(text, base=base)


def _walk(node: object) -> Iterator[object]:
    """All parts of an algebra."""
    waiting = [node]
    while waiting:
        each = waiting.pop()
        yield each
        if isinstance(each, tuple):
            waiting += each
        elif is_dataclass(each):
            waiting += [getattr(each, field.name) for field in fields(each)]


def _has_custom(request: Query | Update) -> bool:
    """Whether it calls a function that somebody has registered with rdflib."""
    # It registers the casts of XML Schema itself.
    known = {str(each) for each in _CUSTOM_FUNCTIONS if not each.startswith(XSD)}
    return any(
        isinstance(each, FunctionCall) and each.iri.value in known for each in _walk(request)
    )


def _refuse_dataset(query: Query) -> None:
    if query.dataset is not None:
        raise NotPermittedError(
            "FROM together with a blank node as a binding",
            "rdflib would fetch the graph from the network.",
        )
