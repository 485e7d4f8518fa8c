"""A block: one SELECT that is still open for more joins, conditions and columns.

A pattern compiles to a block. Joins, filters and OPTIONAL add to the block that is there; what needs a
level of its own (DISTINCT, GROUP BY, LIMIT, UNION) *seals* it into a derived table, from which a new
block reads. Aliases are unique in a whole query, so a column reference says which block it is of, and
a reference from within EXISTS to a block outside is a correlated one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from sqlglot import exp

from conflictkg.engine.catalog import ClassTable
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.ids import DICTIONARY

_DICTIONARY_TAGS = sum(1 << tag for tag in DICTIONARY)


@dataclass(slots=True)
class Source:
    """One item of FROM.

    Args:
        relation: A table or derived table, with its alias.
        alias: The alias.
        side: ``""`` for the first and for inner joins, ``"LEFT"`` for what need not match.
        on: The condition of the join; ``None`` where all conditions stand in WHERE.
    """

    relation: exp.Expr
    alias: str
    side: str = ""
    on: exp.Expr | None = None


@dataclass(slots=True)
class Star:
    """A subject whose class table a block reads.

    Args:
        alias: Of the class table.
        table: The class table.
    """

    alias: str
    table: ClassTable


@dataclass(slots=True)
class Block:
    """An open SELECT.

    Args:
        sources: FROM, in order.
        where: Conditions, all of which hold.
        columns: The variables that it binds, hidden ones too.
        stars: By variable, the class table that the variable is the subject of.
        terms: Alias of the joined ``term`` row by the SQL of an id.
    """

    sources: list[Source] = field(default_factory=list)
    where: list[exp.Expr] = field(default_factory=list)
    columns: dict[str, Column] = field(default_factory=dict)
    stars: dict[str, Star] = field(default_factory=dict)
    terms: dict[str, str] = field(default_factory=dict)

    def is_unit(self) -> bool:
        """Whether it is the one solution that binds nothing."""
        return not self.sources and not self.where and not self.columns


class Aliases:
    """Hands out aliases and remembers whose they are."""

    def __init__(self) -> None:
        self._count = 0
        self._owners: dict[str, Block] = {}

    def fresh(self, letter: str) -> str:
        """A name that no other has."""
        self._count += 1
        return f"{letter}{self._count}"

    def own(self, block: Block, alias: str) -> None:
        """Say whose an alias is."""
        self._owners[alias] = block

    def owner(self, alias: str) -> Block | None:
        """The block whose FROM holds the alias."""
        return self._owners.get(alias)

    def add(self, block: Block, source: Source) -> None:
        """Put a source into a block."""
        block.sources.append(source)
        self.own(block, source.alias)

    def merge(self, into: Block, other: Block) -> None:
        """Move the sources and conditions of one block to the end of another; not its columns."""
        for source in other.sources:
            self.add(into, source)
        into.where += other.where
        for key, alias in other.terms.items():
            into.terms.setdefault(key, alias)
        for name, star in other.stars.items():
            into.stars.setdefault(name, star)


def reference(alias: str, name: str) -> exp.Column:
    """``alias.name``."""
    return exp.Column(this=exp.Identifier(this=name), table=exp.Identifier(this=alias))


def table(name: str, alias: str) -> exp.Table:
    """A table under an alias."""
    return exp.Table(
        this=exp.Identifier(this=name),
        alias=exp.TableAlias(this=exp.Identifier(this=alias)),
    )


def derived(query: exp.Query, alias: str) -> exp.Subquery:
    """A query under an alias."""
    return exp.Subquery(this=query, alias=exp.TableAlias(this=exp.Identifier(this=alias)))


def integer(value: int) -> exp.Expr:
    """A whole number; below zero it is a sign and a number."""
    literal = exp.Literal(this=str(abs(value)), is_string=False)
    return exp.Neg(this=literal) if value < 0 else literal


def all_of(conditions: Iterable[exp.Expr]) -> exp.Expr | None:
    """The conditions joined by AND, flat enough for a thousand of them; ``None`` without any."""
    return _combine(exp.And, list(conditions))


def any_of(conditions: Iterable[exp.Expr]) -> exp.Expr | None:
    """The conditions joined by OR; ``None`` without any."""
    return _combine(exp.Or, list(conditions))


def _combine(kind: type[exp.And | exp.Or], conditions: list[exp.Expr]) -> exp.Expr | None:
    if not conditions:
        return None
    whole = conditions[0]
    if len(conditions) > 1:
        # Balanced, because generators recurse.
        middle = len(conditions) // 2
        halves = (_combine(kind, half) for half in (conditions[:middle], conditions[middle:]))
        one, other = (exp.Paren(this=half) for half in halves)
        whole = kind(this=one, expression=other)
    return whole


def as_item(value: exp.Expr, name: str) -> exp.Alias:
    """``value AS name``."""
    return exp.Alias(this=value, alias=exp.Identifier(this=name))


def build_select(block: Block, items: list[exp.Expr], *, distinct: bool = False) -> exp.Select:
    """The block as a SELECT of these items."""
    select = exp.Select(expressions=items or [integer(1)])
    if distinct:
        select.set("distinct", exp.Distinct())
    if block.sources:
        first, *rest = block.sources
        if first.on is not None:
            # A look-up of a constant: it joins to one row of nothing, else its condition would be lost.
            nothing = exp.Select(expressions=[integer(1)])
            first, rest = Source(derived(nothing, "nothing"), "nothing"), list(block.sources)
        select.set("from_", exp.From(this=first.relation))
        select.set("joins", [_join(source) for source in rest])
    condition = all_of(block.where)
    if condition is not None:
        select.set("where", exp.Where(this=condition))
    return select


def merge_select(block: Block, items: list[exp.Expr]) -> exp.Select:
    """The block as a SELECT of these items, without a level of its own where it only reads a query's columns.

    DuckDB takes time to plan each level.
    """
    inner = _only_query(block)
    if inner is None or not items:
        return build_select(block, items)
    held = {each.alias: each.this for each in inner.expressions}
    wanted = [item.this.name for item in items if isinstance(item.this, exp.Column)]
    is_whole = len(wanted) == len(held) or inner.args.get("distinct") is None
    if len(wanted) != len(items) or len(set(wanted)) != len(wanted) or not is_whole:
        return build_select(block, items)
    inner.set(
        "expressions",
        [as_item(held[name], item.alias) for name, item in zip(wanted, items, strict=True)],
    )
    return inner


def _only_query(block: Block) -> exp.Select | None:
    """The query that is all that a block reads."""
    if len(block.sources) != 1 or block.where or block.sources[0].on is not None:
        return None
    relation = block.sources[0].relation
    query = relation.this if isinstance(relation, exp.Subquery) else None
    return query if isinstance(query, exp.Select) else None


def _join(source: Source) -> exp.Join:
    on = source.on
    if source.side:
        return exp.Join(this=source.relation, side=source.side, on=on or exp.true())
    if on is None:
        return exp.Join(this=source.relation, kind="CROSS")
    return exp.Join(this=source.relation, on=on)


def union_all(queries: Sequence[exp.Query]) -> exp.Query:
    """All rows of all queries; one or more."""
    if len(queries) == 1:
        return queries[0]
    middle = len(queries) // 2
    # Balanced, because generators recurse.
    return exp.Union(
        this=union_all(queries[:middle]), expression=union_all(queries[middle:]), distinct=False
    )


def define(
    relation: exp.Expr, tables: Sequence[tuple[str, exp.Query]], *, recursive: bool = False
) -> None:
    """Put WITH before the query of a derived table, or before a query."""
    query = relation.this if isinstance(relation, exp.Subquery) else relation
    expressions = [
        exp.CTE(this=each, alias=exp.TableAlias(this=exp.Identifier(this=name)))
        for name, each in tables
    ]
    query.set("with_", exp.With(expressions=expressions, recursive=recursive))


def columns_of(tree: exp.Expr) -> Iterator[exp.Column]:
    """All column references in a tree."""
    return tree.find_all(exp.Column)


def first_alias(tree: exp.Expr) -> str:
    """The alias of the first column reference in a tree; empty where it has none."""
    found = tree.find(exp.Column)
    return found.table if found is not None else ""


def join_term(aliases: Aliases, block: Block, column: Column) -> str:
    """Join the dictionary's row for an id into the block; once for equal ids."""
    key = column.sql.sql()
    if key not in block.terms:
        alias = aliases.fresh("x")
        on = exp.EQ(this=reference(alias, "id"), expression=column.sql.copy())
        # Where every id has a row an inner join leaves the planner free.
        surely = (
            not column.nullable and column.rep is Rep.ID and not column.tags & ~_DICTIONARY_TAGS
        )
        aliases.add(block, Source(table("term", alias), alias, "" if surely else "LEFT", on))
        block.terms[key] = alias
    return block.terms[key]


def nullable(column: Column) -> Column:
    """The same column, that may be NULL."""
    return replace(column, nullable=True)
