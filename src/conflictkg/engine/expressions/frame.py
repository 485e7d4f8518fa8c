"""One expression's compilation: joins and programs kept back until it is known that they are used.

A native translation may be given up half way (the evaluator in Python takes over), so what it asked
of the scope must not have happened. It works on drafts: aliases and keys that stand for joins and
programs, made real by :meth:`Frame.finish` where they occur in what is kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from sqlglot import exp

from conflictkg.engine.columns import Column, Rep, Scope
from conflictkg.engine.dialect import bound, let, text
from conflictkg.engine.expressions.values import LET_TABLE, Value, is_simple
from conflictkg.engine.program import AggregateProgram, Program

_TERM_PREFIX = "?term"
_PROGRAM_PREFIX = "\N{SYMBOL FOR NULL}program"
_MAX_NODES = 4000
"""A translation with more nodes is left to Python: SQL must not grow faster than the query."""
_MAX_KEY_NODES = 60
"""An id that takes more nodes to compute is not joined to the dictionary."""

_Tree = TypeVar("_Tree", bound=exp.Expr)


class NotNative(Exception):  # noqa: N818 - no error: it says who computes
    """SQL cannot compute this; Python does."""


class Frame:
    """What a translation to SQL works in.

    Args:
        scope: What the expression sees.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._terms: dict[str, Value] = {}
        self._aliases: dict[str, str] = {}
        self._programs: dict[str, Program | AggregateProgram] = {}
        self._keys: dict[str, str] = {}
        self._operands: dict[str, exp.Expr] = {}
        self._count = 0

    def _next(self) -> int:
        self._count += 1
        return self._count

    def term(self, value: Value, name: str) -> exp.Expr:
        """A column of the dictionary's row for an id: ``lex``, ``dt``, ``lang`` or ``num``.

        Raises:
            NotNative: The id takes too much to compute, or differs each time.
        """
        sql = self._inline(value.sql)
        if not is_simple(sql):
            nodes = list(sql.walk())
            if len(nodes) > _MAX_KEY_NODES or is_volatile(sql):
                raise NotNative
        key = sql.sql()
        alias = self._aliases.get(key)
        if alias is None:
            alias = f"{_TERM_PREFIX}{self._next()}"
            self._aliases[key] = alias
            self._terms[alias] = replace(value, sql=sql)
        return exp.column(name, table=exp.to_identifier(alias))

    def program(self, program: Program | AggregateProgram) -> exp.Expr:
        """The key of a program."""
        key = f"{_PROGRAM_PREFIX}{self._next()}"
        self._programs[key] = program
        return text(key)

    def apply(
        self, native: Callable[["Frame", Sequence[Value]], Value], operands: Sequence[Value]
    ) -> Value:
        """Translate a function of operands; those that it uses several times are computed once.

        Raises:
            NotNative: The function is not native for these.
        """
        sources: dict[str, exp.Expr] = {}
        given = [self._hide(operand, sources) for operand in operands]
        if sum(1 for _ in sources) == 0:
            return _limited(native(self, given))
        self._operands |= sources
        result = native(self, given)
        settled = replace(
            result,
            sql=self._settle(result.sql, sources),
            language=None if result.language is None else self._settle(result.language, sources),
        )
        return _limited(settled)

    def _hide(self, operand: Value, sources: dict[str, exp.Expr]) -> Value:
        hidden = []
        for tree in operand.trees():
            if is_simple(tree):
                hidden.append(tree)
                continue
            name = f"item{self._next()}"
            sources[name] = tree
            hidden.append(exp.column(name, table=exp.to_identifier(LET_TABLE)))
        language = hidden[1] if len(hidden) > 1 else None
        return replace(operand, sql=hidden[0], language=language)

    def _settle(self, tree: exp.Expr, sources: dict[str, exp.Expr]) -> exp.Expr:
        """Put operands where they are used once, and around the tree those that are used more often."""
        tree = tree.copy()
        uses: dict[str, list[exp.Column]] = {}
        for column in tree.find_all(exp.Column):
            if column.table == LET_TABLE and column.name in sources:
                uses.setdefault(column.name, []).append(column)
        # No name that a column of a query has: there a column would go before it.
        row = f"row{self._next()}"
        several = {name for name, found in uses.items() if len(found) > 1}
        if tree.find(exp.Try) is not None:
            # DuckDB has no TRY around what may differ each time, as its functions in Python may.
            several |= {name for name in uses if is_volatile(sources[name])}
        # A subquery may stand beside the function of a let, not in it.
        if several:
            several |= {name for name in uses if sources[name].find(exp.Query) is not None}
        for name, found in uses.items():
            for column in found:
                new = bound(row, name) if name in several else exp.Paren(this=sources[name].copy())
                tree = _put(tree, column, new)
        if not several:
            return tree
        return let([(name, sources[name].copy()) for name in uses if name in several], row, tree)

    def _inline(self, tree: exp.Expr) -> exp.Expr:
        """A tree with the operands themselves in it."""
        tree = tree.copy()
        for column in list(tree.find_all(exp.Column)):
            if column.table == LET_TABLE:
                tree = _put(tree, column, exp.Paren(this=self._inline(self._operands[column.name])))
        return tree.this if isinstance(tree, exp.Paren) else tree

    def finish(self, tree: exp.Expr) -> exp.Expr:
        """The tree with joins and programs made real."""
        tree = tree.copy()
        for node in list(tree.find_all(exp.Column, exp.Literal)):
            if isinstance(node, exp.Column) and node.table.startswith(_TERM_PREFIX):
                node.set("table", exp.to_identifier(self._join(node.table)))
            elif isinstance(node, exp.Literal) and node.name in self._programs:
                node.set("this", self._register(node.name))
        return tree

    def _join(self, draft: str) -> str:
        if draft not in self._keys:
            value = self._terms[draft]
            column = Column(self.finish(value.sql), Rep.ID, value.tags, value.nullable)
            self._keys[draft] = self.scope.term(column)
        return self._keys[draft]

    def _register(self, draft: str) -> str:
        if draft not in self._keys:
            self._keys[draft] = self.scope.register(self._programs[draft])
        return self._keys[draft]


def is_volatile(tree: exp.Expr) -> bool:
    """Whether a tree may give another value each time, as DuckDB sees it."""
    return tree.find(exp.Rand, exp.Uuid, exp.Anonymous) is not None


def _put(tree: exp.Expr, old: exp.Expr, new: exp.Expr) -> exp.Expr:
    if old is tree:
        return new
    old.replace(new)
    return tree


def _limited(value: Value) -> Value:
    for tree in value.trees():
        for count, _ in enumerate(tree.walk()):
            if count > _MAX_NODES:
                raise NotNative
    return value
