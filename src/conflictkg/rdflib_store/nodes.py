"""rdflib's nodes and the store's ids, both ways.

A blank node that rdflib has made keeps the label that it has there; one that the store knows and rdflib
does not gets the store's label. Each is one node for as long as the store is open.
"""

from collections.abc import Iterable, Sequence

from rdflib import BNode, URIRef
from rdflib import Literal as RdflibLiteral
from rdflib.term import Node

from conflictkg.answers import RDF_LANG_STRING, XSD_STRING, Blank, Iri, Literal, Term
from conflictkg.engine.ids import Tag, blank_label, tag_of
from conflictkg.errors import StoreError
from conflictkg.store.changes import Transaction
from conflictkg.store.database import Database

_MOST_HELD = 200_000
"""Nodes that are kept for the next time that their id comes."""


def canonical(node: Node) -> Node:
    """A node as the store gives it back: without ``xsd:string``, its language tag in lower case.

    >>> canonical(RdflibLiteral("a", lang="en-GB"))
    rdflib.term.Literal('a', lang='en-gb')
    """
    if isinstance(node, RdflibLiteral):
        if node.language is not None:
            if node.language != node.language.lower():
                return RdflibLiteral(str(node), lang=node.language.lower())
        elif node.datatype is not None and str(node.datatype) == XSD_STRING:
            return RdflibLiteral(str(node))
    return node


def to_term(node: Node) -> Term:
    """The term of a node. A blank node keeps its label.

    Raises:
        StoreError: It is neither an IRI, a blank node nor a literal.

    >>> to_term(RdflibLiteral("01", datatype=URIRef("http://e/d")))
    Literal(lexical='01', datatype='http://e/d', language='', direction='')
    """
    if isinstance(node, URIRef):
        return Iri(str(node))
    if isinstance(node, BNode):
        return Blank(str(node))
    if isinstance(node, RdflibLiteral):
        if node.language:
            return Literal(str(node), RDF_LANG_STRING, node.language.lower())
        return Literal(str(node), XSD_STRING if node.datatype is None else str(node.datatype))
    raise StoreError(f"{node!r} cannot be held: it is neither an IRI, a blank node nor a literal")


def to_node(term: Term) -> Node:
    """The node of a term, its lexical form as it is.

    >>> str(to_node(Literal("01", "http://www.w3.org/2001/XMLSchema#integer")))
    '01'
    """
    if isinstance(term, Iri):
        return URIRef(term.value)
    if isinstance(term, Blank):
        return BNode(term.label)
    if isinstance(term, Literal):
        if term.language:
            return RdflibLiteral(term.lexical, lang=term.language)
        if term.datatype == XSD_STRING:
            return RdflibLiteral(term.lexical)
        return RdflibLiteral(term.lexical, datatype=URIRef(term.datatype), normalize=False)
    raise StoreError("rdflib has no triple terms (RDF 1.2)")


class Nodes:
    """The nodes of one open store.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blank_ids: dict[BNode, int] = {}
        self._blanks: dict[int, BNode] = {}
        self._held: dict[int, Node] = {}

    def find(self, node: Node) -> int | None:
        """The id of a node; ``None`` for one that no quad has ever held."""
        if isinstance(node, BNode):
            return self.find_blank(node)
        term = to_term(node)
        if isinstance(term, Iri | Literal):
            return self._database.dictionary.find(term)
        return None

    def find_blank(self, node: BNode) -> int | None:
        """The id of a blank node: of the label that rdflib gave it, or else of that of the store."""
        found = self._blank_ids.get(node)
        if found is None:
            found = self._database.dictionary.find_blank(Blank(str(node)))
            if found in self._blanks:
                # rdflib knows that one by a label of its own.
                return None
        return found

    def blank(self, term_id: int) -> BNode:
        """The blank node of an id."""
        found = self._blanks.get(term_id)
        if found is None:
            found = BNode(blank_label(term_id))
            if found in self._blank_ids:
                found = BNode()
            self._keep_blank(found, term_id)
        return found

    def node(self, term_id: int) -> Node:
        """The node of an id."""
        return self.nodes((term_id,))[0]

    def nodes(self, term_ids: Sequence[int]) -> list[Node]:
        """The nodes of ids, in their order."""
        held = self._held
        missing = {each for each in term_ids if each not in held}
        fresh: dict[int, Node] = {}
        if missing:
            blanks = {each for each in missing if tag_of(each) is Tag.BLANK}
            others = list(missing - blanks)
            terms = self._database.dictionary.terms(others)
            fresh = {number: to_node(term) for number, term in zip(others, terms, strict=True)}
            fresh |= {number: self.blank(number) for number in blanks}
        found = [held[each] if each in held else fresh[each] for each in term_ids]
        if len(held) + len(fresh) > _MOST_HELD:
            held.clear()
        held |= fresh
        return found

    def answer_node(self, term: Term) -> Node:
        """The node of a term in an answer: stored blank nodes are the ones that rdflib knows."""
        if isinstance(term, Blank):
            stored = self._database.dictionary.find_blank(term)
            return to_node(term) if stored is None else self.blank(stored)
        return to_node(term)

    def query_term(self, node: Node) -> Term:
        """The term of a node in a query: stored blank nodes by the labels of the store."""
        if isinstance(node, BNode):
            stored = self.find_blank(node)
            return Blank(str(node)) if stored is None else Blank(blank_label(stored))
        return to_term(node)

    def intern(self, change: Transaction, nodes: Iterable[Node]) -> dict[Node, int]:
        """The ids of different nodes, new ones where they have none; forgotten if the change fails.

        Blank nodes are remembered by :meth:`remember` once the change is done.
        """
        found: dict[Node, int] = {}
        terms: list[Node] = []
        fresh: list[BNode] = []
        for node in nodes:
            if not isinstance(node, BNode):
                terms.append(node)
                continue
            known = self.find_blank(node)
            if known is None:
                fresh.append(node)
            else:
                found[node] = known
        found.update(
            zip(terms, change.intern([to_term(each) for each in terms]).tolist(), strict=True)
        )
        if fresh:
            found.update(zip(fresh, change.new_blanks(len(fresh)).tolist(), strict=True))
        return found

    def remember(self, ids: dict[Node, int]) -> None:
        """Keep the blank nodes among nodes that a change has stored."""
        for node, number in ids.items():
            if isinstance(node, BNode):
                self._keep_blank(node, number)

    def _keep_blank(self, node: BNode, number: int) -> None:
        self._blanks[number] = node
        self._blank_ids[node] = number
