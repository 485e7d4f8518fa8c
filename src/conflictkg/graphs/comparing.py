"""Say how two graphs differ."""

from collections.abc import Mapping

from rdflib import XSD, BNode, Graph, Literal
from rdflib.compare import to_canonical_graph
from rdflib.term import Node

from conflictkg.graphs.writing import TermWriter


def compare_graphs(left: Graph, right: Graph, prefixes: Mapping[str, str] | None = None) -> str:
    """Say how two graphs differ, for a person to read.

    Args:
        left: What was there, or was expected; its own triples are marked ``-``.
        right: What is there now; its own triples are marked ``+``.
        prefixes: Prefix to namespace, for shorter lines.

    Returns:
        One line a triple that only one of them holds, in order of subject; empty where the graphs
        are the same up to the names of blank nodes.
    """
    names = TermWriter(prefixes or {})
    ours, theirs = _comparable(left), _comparable(right)
    lines = [
        *((_line(triple, names), "-") for triple in ours - theirs),
        *((_line(triple, names), "+") for triple in theirs - ours),
    ]
    return "".join(f"{mark} {line}\n" for line, mark in sorted(lines))


def _comparable(graph: Graph) -> set[tuple[Node, Node, Node]]:
    if any(isinstance(term, BNode) for triple in graph for term in triple):
        graph = to_canonical_graph(graph)
    return {(s, p, _plain(o)) for s, p, o in graph}


def _plain(term: Node) -> Node:
    if isinstance(term, Literal) and term.datatype == XSD.string:
        return Literal(str(term))
    return term


def _line(triple: tuple[Node, Node, Node], names: TermWriter) -> str:
    words = [each.n3() if isinstance(each, BNode) else names.term(each) for each in triple]
    return " ".join(words) + " ."
