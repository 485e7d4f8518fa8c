"""Where shapes look: which statements of others a node's shapes depend on.

Read out of the shapes themselves, from their paths, nested shapes and SPARQL constraints, so that a new shape is
heeded without anybody listing what it looks at.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rdflib import RDF, RDFS, SH, Graph, URIRef, Variable
from rdflib.collection import Collection
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.algebra import traverse
from rdflib.plugins.sparql.parserutils import CompValue
from rdflib.term import Node

from conflictkg.terms import PREFIXES

_THIS = Variable("this")
_INNER = (SH.node, SH.qualifiedValueShape, SH["not"], SH.property)
_LISTS = (SH["or"], SH["and"], SH.xone)


@dataclass(frozen=True, slots=True)
class Reach:
    """The predicates by which shapes look, as IRIs.

    Args:
        followed: Those that lead from a node to another that is looked at.
        backwards: Those that are followed against their direction, to what refers to a node.
        inner: Those that are read of a node other than the focus node.
        chained: Those that a SPARQL constraint follows on the way to something further.
    """

    followed: frozenset[str]
    backwards: frozenset[str]
    inner: frozenset[str]
    chained: frozenset[str]


def read_reach(shapes: Graph) -> Reach:
    """Find out where shapes look.

    >>> from rdflib import Namespace
    >>> ex, shapes = Namespace("http://e/"), Graph()
    >>> _ = shapes.add((ex.Shape, SH.path, ex.part)).add((ex.Shape, SH.node, ex.Inner))
    >>> _ = shapes.add((ex.Inner, SH.path, ex.name))
    >>> "http://e/name" in read_reach(shapes).inner, "http://e/part" in read_reach(shapes).inner
    (True, False)
    """
    basic = {str(RDF.type), str(RDFS.subClassOf)}
    followed, inner, chained = set(basic), set(basic), set[str]()
    backwards = {
        str(each) for each in shapes.objects(None, SH.inversePath) if isinstance(each, URIRef)
    }
    for shape, path in shapes.subject_objects(SH.path):
        followed |= set(_iris_of(shapes, path))
        if not isinstance(path, URIRef):
            # What a longer path reads after its first step is read of another node; the first may be any.
            inner |= set(_iris_of(shapes, path))
        for part in _parts_of(shapes, shape):
            for each in shapes.objects(part, SH.path):
                inner |= set(_iris_of(shapes, each))
    for text in shapes.objects(None, SH.select):
        patterns = list(_patterns_of(str(text)))
        subjects = {subject for subject, _, _ in patterns}
        for subject, predicate, value in patterns:
            if not isinstance(predicate, URIRef):
                continue
            followed.add(str(predicate))
            if value == _THIS:
                backwards.add(str(predicate))
            if subject != _THIS:
                inner.add(str(predicate))
            if value in subjects and value != _THIS:
                chained.add(str(predicate))
    return Reach(frozenset(followed), frozenset(backwards), frozenset(inner), frozenset(chained))


def _iris_of(shapes: Graph, path: Node) -> Iterator[str]:
    """The predicates in a path."""
    if isinstance(path, URIRef):
        yield str(path)
        return
    for kind in (SH.inversePath, SH.zeroOrMorePath, SH.oneOrMorePath, SH.zeroOrOnePath):
        for inner in shapes.objects(path, kind):
            yield from _iris_of(shapes, inner)
    for members in (path, *shapes.objects(path, SH.alternativePath)):
        for each in Collection(shapes, members):
            yield from _iris_of(shapes, each)


def _parts_of(shapes: Graph, shape: Node) -> set[Node]:
    """The shapes inside a property shape: those that its values are judged by."""
    found: set[Node] = set()
    wanted = [shape]
    while wanted:
        node = wanted.pop()
        parts = [part for kind in _INNER for part in shapes.objects(node, kind)]
        for kind in _LISTS:
            for members in shapes.objects(node, kind):
                parts += Collection(shapes, members)
        fresh = [part for part in parts if part not in found]
        found.update(fresh)
        wanted += fresh
    return found


def _patterns_of(text: str) -> list[tuple[Node, Node, Node]]:
    patterns: list[tuple[Node, Node, Node]] = []

    def collect(node: object) -> None:
        if isinstance(node, CompValue) and node.name == "BGP":
            patterns.extend(node.triples)
        if isinstance(node, CompValue) and node.name == "TriplesBlock":
            # Inside EXISTS rdflib leaves patterns as they were parsed: subject, predicate, object one after another.
            for terms in node.triples:
                patterns.extend(zip(terms[::3], terms[1::3], terms[2::3], strict=True))

    namespaces = {prefix: str(iri) for prefix, iri in PREFIXES.items()}
    traverse(prepareQuery(text, initNs=namespaces).algebra, visitPre=collect)
    return patterns
