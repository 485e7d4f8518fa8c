"""What expressions see: the columns of a block, and around EXISTS those of the blocks outside."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import count

from sqlglot import exp

from conflictkg.engine.algebra import Call, Expression, FunctionCall, Pattern
from conflictkg.engine.catalog import Catalog
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.compile.blocks import (
    Block,
    Source,
    any_of,
    as_item,
    build_select,
    derived,
    first_alias,
    integer,
    join_term,
    reference,
    table,
)
from conflictkg.engine.compile.stars import star_presence
from conflictkg.engine.compile.state import Context, State
from conflictkg.engine.expressions import equal_terms
from conflictkg.engine.program import AggregateProgram, Program

_PROGRAM_NUMBERS = count(1)

ROW = ".row"
"""How the names of hidden columns begin that number the solutions."""


class BlockScope:
    """The variables of a block, for the expressions in it.

    Args:
        state: The compilation.
        block: The block that joins to the dictionary go to, for columns without one of their own.
        context: Where the block's pattern stands.
        columns: What can be seen; by default the block's.
    """

    def __init__(
        self,
        state: State,
        block: Block,
        context: Context,
        columns: Mapping[str, Column] | None = None,
    ) -> None:
        self._state, self._block, self._context = state, block, context
        self._columns = block.columns if columns is None else columns

    @property
    def catalog(self) -> Catalog:
        """The store."""
        return self._state.catalog

    @property
    def base(self) -> str:
        """What ``IRI()`` resolves against."""
        return self._state.base

    def column(self, name: str) -> Column | None:
        """A variable; ``None`` where nothing here can bind it."""
        found = self._columns.get(name)
        if found is None and self._context.outer is not None:
            return self._context.outer.column(name)
        return found

    def names(self) -> Sequence[str]:
        """The variables of the pattern itself: hidden ones and blank nodes are none."""
        return [name for name in self._columns if not name.startswith((".", "_:"))]

    def term(self, column: Column) -> str:
        """Alias of the dictionary's row for an id; joined to the block that the id comes from."""
        owner = self._state.aliases.owner(first_alias(column.sql))
        return join_term(self._state.aliases, owner or self._block, column)

    def exists(self, pattern: Pattern, *, negated: bool) -> exp.Expr:
        """``EXISTS``: the pattern has a solution that is compatible with this one."""
        present = star_presence(
            self._state,
            self._block,
            pattern,
            self._context,
            lambda name: self.column(name) is not None,
        )
        if present is not None:
            return exp.Not(this=exp.Paren(this=present)) if negated else exp.Paren(this=present)
        inner = self._state.compile(pattern, Context(self._context.graph, self))
        conditions = []
        for name, column in list(inner.columns.items()):
            outside = self.column(name)
            if outside is not None:
                scope = BlockScope(self._state, inner, Context(self._context.graph, self))
                conditions.append(compatible(outside, column, scope))
        inner.where += conditions
        found = exp.Exists(this=build_select(inner, [integer(1)]))
        return exp.Not(this=found) if negated else found

    def register(self, program: Program | AggregateProgram) -> str:
        """Keep an expression for the evaluator in Python."""
        key = f"x{next(_PROGRAM_NUMBERS)}"
        self._state.programs[key] = program
        return key

    def row_number(self) -> exp.Expr:
        """A number of its own for each solution; the same wherever a column holds it already."""
        for name, column in self._columns.items():
            if name.startswith(ROW):
                return column.sql.copy()
        return exp.Window(this=exp.RowNumber())


def compatible(left: Column, right: Column, scope: BlockScope) -> exp.Expr:
    """Whether two columns of one variable are the same term, or one of them is unbound."""
    same = equal_terms(left, right, scope)
    unbound = [
        exp.Is(this=each.sql.copy(), expression=exp.null())
        for each in (left, right)
        if each.nullable
    ]
    whole = any_of([*unbound, same])
    return same if whole is None else whole


def seal(
    state: State,
    block: Block,
    *,
    distinct: bool = False,
    order: list[exp.Ordered] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Block:
    """Close a block into a derived table, and open a new one that reads all its columns.

    Args:
        state: The compilation.
        block: The block; it is used up.
        distinct: Whether equal rows become one.
        order: ORDER BY, which counts only together with a limit or offset.
        limit: At most so many rows.
        offset: After so many.
    """
    select, columns = close(state, block, distinct=distinct)
    if order and (limit is not None or offset):
        select.set("order", exp.Order(expressions=order))
    if limit is not None:
        select.set("limit", exp.Limit(expression=integer(limit)))
    if offset:
        select.set("offset", exp.Offset(expression=integer(offset)))
    return open_block(state, select, columns)


def number_rows(
    state: State, block: Block, expressions: Iterable[Expression | None], *, keep: bool = False
) -> Block:
    """A block with a column that numbers its solutions, where an expression needs one.

    ``BNODE`` with a name is one node for all expressions of a solution, and SQL has no number of a row
    in conditions and aggregates.

    Args:
        state: The compilation.
        block: The block; it is used up.
        expressions: The expressions.
        keep: Whether a column that is there already still tells the solutions apart.
    """
    if not any(_names_blank(each) for each in expressions):
        return block
    held = [name for name in block.columns if name.startswith(ROW)]
    if held and keep:
        return block
    for name in held:
        del block.columns[name]
    number = exp.Window(this=exp.RowNumber())
    block.columns[state.aliases.fresh(ROW)] = Column(number, Rep.INTEGER, nullable=False)
    return seal(state, block)


def _names_blank(expression: Expression | None) -> bool:
    if not isinstance(expression, Call | FunctionCall):
        return False
    return (
        isinstance(expression, Call) and expression.name == "BNODE" and bool(expression.arguments)
    ) or any(_names_blank(each) for each in expression.arguments)


Closed = Mapping[str, tuple[str, Column]]
"""By variable, the name of a query's item and what it is."""


def close(state: State, block: Block, *, distinct: bool = False) -> tuple[exp.Select, Closed]:
    """A block as a query of all its columns; the block is used up."""
    names = {name: state.aliases.fresh("v") for name in block.columns}
    items: list[exp.Expr] = [
        as_item(column.sql.copy(), names[name]) for name, column in block.columns.items()
    ]
    select = build_select(block, items, distinct=distinct)
    return select, {name: (names[name], column) for name, column in block.columns.items()}


def open_block(state: State, query: exp.Query, columns: Closed) -> Block:
    """A block that reads a query."""
    alias = state.aliases.fresh("r")
    return _read(state, derived(query, alias), alias, columns)


def reopen(state: State, name: str, columns: Closed) -> Block:
    """A block that reads what WITH calls ``name``."""
    alias = state.aliases.fresh("r")
    return _read(state, table(name, alias), alias, columns)


def _read(state: State, relation: exp.Expr, alias: str, columns: Closed) -> Block:
    block = Block()
    state.aliases.add(block, Source(relation, alias))
    for name, (item, column) in columns.items():
        read = reference(alias, item)
        state.note_same(column.sql, read)
        block.columns[name] = replace(column, sql=read)
    return block
