"""Actions for expressions and aggregates."""
# ruff: noqa: ARG001, D103 -- actions have one signature, and grammar.lark says what each one reads

from typing import Any

from conflictkg.answers import Iri
from conflictkg.engine.algebra import (
    Aggregate,
    Call,
    Exists,
    Expression,
    FunctionCall,
    Var,
)
from conflictkg.engine.syntax.functions import count_problem
from conflictkg.engine.syntax.names import read_number, read_string
from conflictkg.engine.syntax.reading import Reading, action

_SIGNS = {"+": "POS", "-": "NEG", "!": "!"}


# Lists and brackets


@action
def no_expressions(reading: Reading, parts: list[Any]) -> list[Expression]:
    return []


@action
def in_brackets(reading: Reading, parts: list[Any]) -> Expression:
    expression: Expression = parts[1]
    return expression


# && and ||


@action
def chain_start(reading: Reading, parts: list[Any]) -> list[Any]:
    reading.count(parts[1][1])
    return [parts[1][0], parts[0], parts[2]]


@action
def chain_more(reading: Reading, parts: list[Any]) -> list[Any]:
    reading.count(parts[1][1])
    parts[0].append(parts[2])
    chained: list[Any] = parts[0]
    return chained


@action
def chain(reading: Reading, parts: list[Any]) -> Expression:
    name, *links = parts[0]
    return make_chain(name, links)


def make_chain(name: str, links: list[Expression]) -> Expression:
    """``a && b && c …`` as a tree of little depth.

    Both operators are associative, with errors too. A tree that leans to one side would be as deep as
    the chain is long, and whatever walks it would have to be afraid of that.

    Args:
        name: ``&&`` or ``||``.
        links: One or more; chains of the same operator among them are opened.
    """
    flat: list[Expression] = []
    waiting = list(reversed(links))
    while waiting:
        each = waiting.pop()
        if isinstance(each, Call) and each.name == name:
            waiting.extend(reversed(each.arguments))
        else:
            flat.append(each)
    while len(flat) > 1:
        pairs = [flat[index : index + 2] for index in range(0, len(flat), 2)]
        flat = [
            Call(name, (pair[0], pair[1]), getattr(pair[0], "place", None))
            if len(pair) == 2
            else pair[0]
            for pair in pairs
        ]
    return flat[0]


# Operators


@action
def operator(reading: Reading, parts: list[Any]) -> Call:
    left, (name, offset), right = parts
    reading.count(offset)
    return Call(name, (left, right), reading.place(offset))


@action
def is_in(reading: Reading, parts: list[Any]) -> Call:
    reading.count(parts[1][1])
    return Call("IN", (parts[0], *parts[2]), reading.place(parts[1][1]))


@action
def is_not_in(reading: Reading, parts: list[Any]) -> Call:
    reading.count(parts[1][1])
    return Call("NOT IN", (parts[0], *parts[3]), reading.place(parts[1][1]))


@action
def sign(reading: Reading, parts: list[Any]) -> Call:
    (mark, offset), operand = parts
    reading.count(offset)
    return Call(_SIGNS[mark], (operand,), reading.place(offset))


# "1 -2*3": by the longest match "-2" is one token, and the grammar reads it as "1 - (2*3)".


@action
def signed_factor(reading: Reading, parts: list[Any]) -> tuple[str, int, Expression]:
    text, offset = parts[0]
    return text[0], offset, read_number(text[1:])


@action
def signed_times(reading: Reading, parts: list[Any]) -> tuple[str, int, Expression]:
    (mark, offset, left), (name, place), right = parts
    reading.count(place)
    return mark, offset, Call(name, (left, right), reading.place(place))


@action
def signed_operator(reading: Reading, parts: list[Any]) -> Call:
    left, (mark, offset, right) = parts
    reading.count(offset)
    return Call(mark, (left, right), reading.place(offset))


# Calls


@action
def builtin(reading: Reading, parts: list[Any]) -> Call:
    (text, offset), arguments = parts
    reading.count(offset)
    name = text.upper()
    problem = count_problem(name, len(arguments))
    if problem:
        raise reading.error(problem, offset, text)
    return Call(name, tuple(arguments), reading.place(offset))


@action
def bound_call(reading: Reading, parts: list[Any]) -> Call:
    reading.count(parts[0][1])
    return Call("BOUND", (parts[2],), reading.place(parts[0][1]))


@action
def callee(reading: Reading, parts: list[Any]) -> tuple[Iri, int]:
    return parts[0], reading.last_iri


@action
def plain_arguments(reading: Reading, parts: list[Any]) -> tuple[list[Expression], bool]:
    return parts[0], False


@action
def distinct_arguments(reading: Reading, parts: list[Any]) -> tuple[list[Expression], bool]:
    return parts[2], True


@action
def function_call(reading: Reading, parts: list[Any]) -> FunctionCall:
    (iri, offset), (arguments, distinct) = parts
    reading.count(offset)
    return FunctionCall(iri, tuple(arguments), distinct, reading.place(offset))


@action
def exists(reading: Reading, parts: list[Any]) -> Exists:
    reading.count(parts[0][1])
    return Exists(parts[1].pattern, negated=False, place=reading.place(parts[0][1]))


@action
def not_exists(reading: Reading, parts: list[Any]) -> Exists:
    reading.count(parts[0][1])
    return Exists(parts[2].pattern, negated=True, place=reading.place(parts[0][1]))


# Aggregates: each becomes the variable that its GROUP will bind.


@action
def count_all(reading: Reading, parts: list[Any]) -> Var:
    return _aggregate(reading, parts[0], None, distinct=parts[2] is not None)


@action
def aggregate(reading: Reading, parts: list[Any]) -> Var:
    separator = read_string(reading, parts[7]) if len(parts) > 5 else " "
    return _aggregate(reading, parts[0], parts[3], parts[2] is not None, separator)


def _aggregate(
    reading: Reading,
    token: tuple[str, int],
    expression: Expression | None,
    distinct: bool,
    separator: str = " ",
) -> Var:
    text, offset = token
    reading.count(offset)
    scope = reading.scopes[-1]
    if scope.last > offset:
        raise reading.error(
            "an aggregate cannot stand inside another. Compute the inner one in a sub-select.",
            scope.last,
        )
    scope.last = offset
    return reading.aggregate_in(
        scope.aggregates,
        Aggregate(text.upper(), expression, distinct, separator, reading.place(offset)),
    )
