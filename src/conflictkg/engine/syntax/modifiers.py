"""Actions for SELECT's items and for what stands behind a pattern."""
# ruff: noqa: ARG001, D103 -- actions have one signature, and grammar.lark says what each one reads

from dataclasses import dataclass
from typing import Any, NamedTuple

from conflictkg.engine.algebra import Expression, OrderKey, Values, Var
from conflictkg.engine.syntax.reading import Reading, Scope, action

# SELECT


class Item(NamedTuple):
    """One item of SELECT or key of GROUP BY."""

    variable: Var | None
    expression: Expression | None
    offset: int


class SelectClause(NamedTuple):
    """``SELECT DISTINCT …``; no items for ``*``."""

    option: str | None
    items: list[Item] | None
    offset: int


@action
def open_scope(reading: Reading, parts: list[Any]) -> int:
    reading.scopes.append(Scope())
    offset: int = parts[0][1]
    return offset


@action
def select_all(reading: Reading, parts: list[Any]) -> SelectClause:
    return SelectClause(parts[1], None, parts[2][1])


@action
def select_these(reading: Reading, parts: list[Any]) -> SelectClause:
    return SelectClause(parts[1], parts[2], parts[0])


@action
def select_variable(reading: Reading, parts: list[Any]) -> Item:
    return Item(parts[0], None, reading.variable_uses[-1][0])


@action
def select_expression(reading: Reading, parts: list[Any]) -> Item:
    return Item(parts[3], parts[1], reading.variable_uses[-1][0])


# Modifiers


@dataclass(slots=True)
class Modifiers:
    """What stands behind the pattern."""

    keys: list[Item] | None
    having: list[Expression] | None
    order: list[OrderKey] | None
    offset: int
    limit: int | None


@action
def modifiers(reading: Reading, parts: list[Any]) -> Modifiers:
    keys, having, order, (offset, limit) = parts
    return Modifiers(keys, having, order, offset, limit)


@action
def group_by(reading: Reading, parts: list[Any]) -> list[Item]:
    reading.refuse_aggregate(parts[0][1], "in GROUP BY")
    keys: list[Item] = parts[2]
    return keys


@action
def group_key(reading: Reading, parts: list[Any]) -> Item:
    key = parts[0]
    if isinstance(key, Var):
        return Item(key, key, reading.variable_uses[-1][0])
    return Item(None, key, 0)


@action
def group_key_in_brackets(reading: Reading, parts: list[Any]) -> Item:
    key = parts[1]
    return Item(key if isinstance(key, Var) else None, key, parts[0][1])


@action
def group_key_as(reading: Reading, parts: list[Any]) -> Item:
    return Item(parts[3], parts[1], reading.variable_uses[-1][0])


@action
def order_key(reading: Reading, parts: list[Any]) -> OrderKey:
    return OrderKey(parts[0])


@action
def order_key_directed(reading: Reading, parts: list[Any]) -> OrderKey:
    return OrderKey(parts[2], descending=parts[0][0].upper() == "DESC")


@action
def no_limits(reading: Reading, parts: list[Any]) -> tuple[int, int | None]:
    return 0, None


@action
def bound(reading: Reading, parts: list[Any]) -> tuple[str, int]:
    (name, _), (digits, offset) = parts
    if len(digits) > 18:
        raise reading.error(f"{name} is larger than any answer.", offset, digits)
    return name.upper(), int(digits)


@action
def limits(reading: Reading, parts: list[Any]) -> tuple[int, int | None]:
    known = dict(parts)
    return known.get("OFFSET", 0), known.get("LIMIT")


@action
def trailing_values(reading: Reading, parts: list[Any]) -> Values:
    values: Values = parts[1]
    return values
