"""Values of expressions while they are compiled, with what is known of them at that time."""

from dataclasses import dataclass

from sqlglot import exp

from conflictkg.answers import XSD, XSD_STRING, Iri, Literal, Term
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.columns import ALL_TAGS, Column, Rep
from conflictkg.engine.dialect import (
    number,
    text,
)
from conflictkg.engine.ids import Tag, dictionary_tag, inline_id, numeric_value, pack_term, tag_of


def tag_bits(*tags: Tag) -> int:
    """Bit ``1 << tag`` for each of these."""
    return sum(1 << tag for tag in tags)


TEXT_TAGS = tag_bits(Tag.STRING, Tag.LANG)
NODE_TAGS = tag_bits(Tag.BLANK, Tag.IRI)
NUMBER_TAGS = tag_bits(Tag.INTEGER, Tag.DECIMAL, Tag.DOUBLE, Tag.NUMERIC)
NATIVE_NUMBER_TAGS = tag_bits(Tag.INTEGER, Tag.DECIMAL, Tag.DOUBLE)
MOMENT_TAGS = tag_bits(Tag.DATETIME, Tag.DATETIME_UTC)

_REP_TAGS = {
    Rep.INTEGER: tag_bits(Tag.INTEGER),
    Rep.DECIMAL: tag_bits(Tag.DECIMAL),
    Rep.DOUBLE: tag_bits(Tag.DOUBLE),
    Rep.FLOAT: tag_bits(Tag.NUMERIC),
    Rep.BOOLEAN: tag_bits(Tag.BOOLEAN),
    Rep.STRING: tag_bits(Tag.STRING),
}
REP_TYPES = {
    Rep.INTEGER: XSD + "integer",
    Rep.DECIMAL: XSD + "decimal",
    Rep.DOUBLE: XSD + "double",
    Rep.FLOAT: XSD + "float",
    Rep.BOOLEAN: XSD + "boolean",
    Rep.STRING: XSD_STRING,
}
LET_TABLE = "?let"
"""Table of the columns that stand for operands until it is known how often they are used."""


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a sub-expression.

    Args:
        sql: The expression, NULL for an error.
        rep: What it is. ``STRING`` with ``language`` is a text that may have a language.
        tags: Bit ``1 << tag`` for each kind of term that it can be, whatever its rep; a computed number
            counts as the tag of its datatype.
        nullable: Whether it can be NULL.
        digits: For ``INTEGER`` and ``DECIMAL``: width and scale.
        language: SQL of a text's language tag, empty for ``xsd:string``; ``None`` for no text, and
            for one that never has a language.
        term: The term, of a constant.
        is_python: Whether the evaluator in Python computes it.
    """

    sql: exp.Expr
    rep: Rep
    tags: int = ALL_TAGS
    nullable: bool = True
    digits: tuple[int, int] | None = None
    language: exp.Expr | None = None
    term: Term | None = None
    is_python: bool = False

    def has_only(self, tags: int) -> bool:
        """Whether it can be of these tags only."""
        return not self.tags & ~tags

    def is_id_of(self, tags: int) -> bool:
        """Whether it is an id, of these tags only."""
        return self.rep is Rep.ID and self.has_only(tags)

    def trees(self) -> list[exp.Expr]:
        """The SQL in it."""
        return [self.sql] if self.language is None else [self.sql, self.language]


def from_column(column: Column) -> Value:
    """A variable's value."""
    tags = _REP_TAGS.get(column.rep, column.tags)
    return Value(column.sql, column.rep, tags, column.nullable, column.digits)


def from_term(term: Iri | Literal, catalog: Catalog) -> Value:
    """A constant: its id if the store has it, else SQL's own type of it, else packed."""
    if isinstance(term, Literal) and term.datatype == XSD_STRING:
        return Value(
            text(term.lexical), Rep.STRING, tag_bits(Tag.STRING), nullable=False, term=term
        )
    found = inline_id(term.lexical, term.datatype) if isinstance(term, Literal) else None
    if found is None:
        found = catalog.dictionary.find(term)
    if found is not None:
        return Value(number(found), Rep.ID, 1 << tag_of(found), nullable=False, term=term)
    return Value(
        text(pack_term(term)), Rep.PACKED, 1 << dictionary_tag(term), nullable=False, term=term
    )


def boolean(sql: exp.Expr, *, nullable: bool = True) -> Value:
    """A BOOLEAN."""
    return Value(sql, Rep.BOOLEAN, tag_bits(Tag.BOOLEAN), nullable)


def string(sql: exp.Expr, *, nullable: bool = True) -> Value:
    """An ``xsd:string``."""
    return Value(sql, Rep.STRING, tag_bits(Tag.STRING), nullable)


def integer(sql: exp.Expr, width: int, *, nullable: bool = True) -> Value:
    """An ``xsd:integer`` of at most so many digits."""
    return Value(sql, Rep.INTEGER, tag_bits(Tag.INTEGER), nullable, (width, 0))


def decimal(sql: exp.Expr, width: int, scale: int, *, nullable: bool = True) -> Value:
    """An ``xsd:decimal`` of at most so many digits, so many of them after the point."""
    return Value(sql, Rep.DECIMAL, tag_bits(Tag.DECIMAL), nullable, (width, scale))


def real(sql: exp.Expr, *, nullable: bool = True) -> Value:
    """An ``xsd:double``."""
    return Value(sql, Rep.DOUBLE, tag_bits(Tag.DOUBLE), nullable)


def tagged_text(sql: exp.Expr, language: exp.Expr | None, *, nullable: bool = True) -> Value:
    """A text and its language."""
    if language is None:
        return string(sql, nullable=nullable)
    return Value(sql, Rep.STRING, TEXT_TAGS, nullable, language=language)


def is_simple(sql: exp.Expr) -> bool:
    """Whether an expression may be copied: a column, a constant, or nearly."""
    if isinstance(sql, (exp.Cast, exp.Paren, exp.Neg)):
        return is_simple(sql.this)
    if isinstance(sql, exp.Dot):
        return True
    return isinstance(sql, (exp.Column, exp.Literal, exp.Boolean, exp.Null))


def numeric_constant(value: Value) -> float | None:
    """A numeric constant as a double, which may be rounded; ``None`` for anything else."""
    return numeric_value(value.term) if isinstance(value.term, Literal) else None
