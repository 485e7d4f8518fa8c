"""How a variable or the value of an expression stands in SQL.

A stored term is its id. What an expression computes stays in its SQL type for as long as that type
says what RDF term it is, and is packed into one text (:func:`conflictkg.engine.ids.pack_term`) where it
can be of several kinds.

NULL is *unbound* for a variable and *error* for an expression: SQL's logic of three values is
SPARQL's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from sqlglot import exp

from conflictkg.engine.algebra import Pattern
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.ids import Tag
from conflictkg.engine.program import AggregateProgram, Program


class Rep(Enum):
    """What the SQL value is."""

    ID = "id"
    """BIGINT: the id of a term."""
    PACKED = "packed"
    """VARCHAR: any term, packed. Is never the text of an IRI or literal whose id another column may hold
    unnoticed: who compares it with ids packs the ids."""
    INTEGER = "integer"
    """BIGINT or HUGEINT: ``xsd:integer``."""
    DECIMAL = "decimal"
    """DECIMAL(width, scale): ``xsd:decimal``, whose term has no trailing zeros."""
    DOUBLE = "double"
    """DOUBLE: ``xsd:double``."""
    FLOAT = "float"
    """FLOAT: ``xsd:float``."""
    BOOLEAN = "boolean"
    """BOOLEAN: ``xsd:boolean``."""
    STRING = "string"
    """VARCHAR: ``xsd:string``."""


ALL_TAGS = sum(1 << tag for tag in Tag)
LITERAL_TAGS = ALL_TAGS & ~(1 << Tag.BLANK) & ~(1 << Tag.IRI)
NODE_TAGS = (1 << Tag.BLANK) | (1 << Tag.IRI)


@dataclass(frozen=True, slots=True)
class Column:
    """A variable or a value in SQL.

    Args:
        sql: The expression. It is copied wherever it is used.
        rep: What the SQL value is.
        tags: For ``ID``: bit ``1 << tag`` for each tag that may occur.
        nullable: Whether it can be NULL.
        digits: For ``DECIMAL``: width and scale. For ``INTEGER``: width and 0; at most 18 digits are a
            BIGINT, more (and where it is not known) may be a HUGEINT.
    """

    sql: exp.Expr
    rep: Rep
    tags: int = ALL_TAGS
    nullable: bool = True
    digits: tuple[int, int] | None = None

    def has_only(self, *tags: Tag) -> bool:
        """Whether it is an id and of these tags only."""
        return self.rep is Rep.ID and not self.tags & ~sum(1 << tag for tag in tags)


class Scope(Protocol):
    """What an expression can see. The compiler of patterns implements it."""

    @property
    def catalog(self) -> Catalog:
        """The store."""

    @property
    def base(self) -> str:
        """What ``IRI()`` resolves against; may be empty."""

    def column(self, name: str) -> Column | None:
        """A variable; ``None`` where nothing here can bind it."""

    def names(self) -> Sequence[str]:
        """The variables of the pattern itself, without those of patterns around it."""

    def term(self, column: Column) -> str:
        """Alias of a joined row of ``term`` for an id column: ``lex``, ``dt``, ``lang``, ``num``.

        The row is NULL for inline ids and blank nodes. One join serves equal columns.
        """

    def exists(self, pattern: Pattern, *, negated: bool) -> exp.Expr:
        """``EXISTS`` as a BOOLEAN that is never NULL."""

    def register(self, program: Program | AggregateProgram) -> str:
        """Keep what Python evaluates; its key is the first argument of the function that calls it."""

    def row_number(self) -> exp.Expr:
        """BIGINT, different for each solution (for ``BNODE`` with an argument)."""
