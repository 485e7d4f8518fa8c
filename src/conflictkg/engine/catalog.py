"""What the engine must know of a store: its tables, its statistics, its dictionary.

The store (a row above) implements :class:`Catalog`. All graphs, subjects, predicates and objects are
ids (:mod:`conflictkg.engine.ids`).

Tables, the same in DuckDB and as Parquet:

``spo(s, p, o, g, u)``
    Every quad once, sorted by s, p, o, g. ``g`` is the graph's id, 0 for the unnamed default graph.
    ``u`` is true for exactly one of the quads that share s, p and o: ``WHERE u`` is the union of
    all graphs as a set.
``pos(s, p, o, g, u)``
    The quads of predicates that have no table of their own, sorted by p, o, s, g.
``p_<number>(s, o, g, u)``
    The quads of one frequent predicate, sorted by o, s, g.
``term(id, lex, dt, lang, num)``
    The dictionary, sorted by id: lexical form (of an IRI, the IRI), IRI of the datatype (NULL for
    IRIs), language tag in lower case (empty where there is none), value as DOUBLE of the tags DOUBLE
    and NUMERIC (else NULL).
``c_<number>(s, c_<number>, …)``
    One row a subject of a class (that has ``rdf:type`` the class in any graph), sorted by s, with the
    one object in the union of all graphs of each property that has at most one there, else NULL.
``token(token, id)``
    The text index: the words of each string in the dictionary, sorted by token.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from conflictkg.answers import Blank, Iri, Literal, Term, TermColumn

Ids = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Predicate:
    """One predicate and its quads.

    Args:
        id: Its id.
        table: The table that is sorted by object: its own, or ``pos``.
        quads: How many quads it has.
        subjects: How many different subjects (an estimate after updates).
        objects: How many different objects (an estimate after updates).
        subject_tags: Bit ``1 << tag`` for each :class:`~conflictkg.engine.ids.Tag` among its subjects.
        object_tags: The same of its objects. Never misses one; may hold one that was deleted.
        is_set: Whether no two of its quads share subject and object (so ``u`` is always true).
        least_object: No object has a smaller id.
        greatest_object: None has a greater one.
        grown: Whether quads of it came since the store was sorted.
    """

    id: int
    table: str
    quads: int
    subjects: int
    objects: int
    subject_tags: int
    object_tags: int
    is_set: bool
    least_object: int
    greatest_object: int
    grown: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One property in a class table.

    Args:
        name: The column.
        predicate: The property's id.
        filled: How many rows have a value.
        tags: Bit ``1 << tag`` for each tag among its values.
        covers: Whether all quads of the property are in this column: subjects of other classes have none.
    """

    name: str
    predicate: int
    filled: int
    tags: int
    covers: bool


@dataclass(frozen=True, slots=True)
class ClassTable:
    """The table of one class.

    Args:
        id: The class's id.
        name: The table.
        rows: How many subjects.
        columns: By predicate.
        subject_tags: Bit ``1 << tag`` for each tag among its subjects.
    """

    id: int
    name: str
    rows: int
    columns: Mapping[int, Column]
    subject_tags: int


class Dictionary(Protocol):
    """Terms and their ids."""

    def find(self, term: Iri | Literal) -> int | None:
        """The id of a term; ``None`` for one that no quad has ever held."""

    def find_blank(self, blank: Blank) -> int | None:
        """The id of a stored blank node by the label that answers give it."""

    def term(self, term_id: int) -> Term:
        """The term of one id."""

    def terms(self, term_ids: Sequence[int]) -> list[Term]:
        """The terms of several ids, in their order."""

    def is_ordered(self, tags: int) -> bool:
        """Whether ids of these tags (bit ``1 << tag`` for each) sort as their terms do, by code point."""

    def column(self, term_ids: Ids) -> TermColumn:
        """The terms of many ids at once; id -1 stands for unbound."""


class Catalog(Protocol):
    """One state of a store, as plans are made for it.

    A plan holds for as long as :attr:`epoch` stays: updates that bring new terms, predicates or kinds
    of values, or that change which tables there are, raise it.
    """

    @property
    def epoch(self) -> int:
        """Number of the state."""

    @property
    def dictionary(self) -> Dictionary:
        """The terms."""

    @property
    def union_default_graph(self) -> bool:
        """Whether queries see the union of all graphs as their default graph."""

    @property
    def quads(self) -> int:
        """How many quads there are."""

    @property
    def predicates(self) -> Mapping[int, Predicate]:
        """All predicates that have quads."""

    @property
    def classes(self) -> Mapping[int, ClassTable]:
        """The classes that have a table, all of them true to the quads."""

    @property
    def instances(self) -> Mapping[int, int]:
        """How many subjects each class has: those with the most."""

    @property
    def graphs(self) -> Mapping[int, int]:
        """The named graphs and how many quads each has; empty ones that were created too."""

    def leading_to(self, value: int) -> Iterable[Predicate]:
        """The predicates that may have a quad with this object. Never misses one."""
