"""Expressions to Python functions: closures over closures, none of which looks at the tree again."""

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches

from conflictkg.answers import Iri, Literal, Term
from conflictkg.engine.algebra import Call, Exists, Expression, FunctionCall, Place, Var
from conflictkg.engine.evaluate import forms
from conflictkg.engine.evaluate.builtins import BUILTINS
from conflictkg.engine.evaluate.code import Code, constant, never, settle, variable
from conflictkg.engine.evaluate.context import Context
from conflictkg.engine.evaluate.functions import FUNCTIONS
from conflictkg.errors import QuerySyntaxError

NATIVE_ONLY = frozenset({"REGEX", "REPLACE"})
"""Functions that SQL alone evaluates: matching there can be interrupted, Python's backtracks and cannot."""
DEEPEST = 250
"""How deep expressions may be nested, chains of one of ``&& ||`` not counted."""

_VOLATILE = frozenset({"RAND", "UUID", "STRUUID", "BNODE"})


def is_native_only(expression: Expression) -> bool:
    """Whether this is a call that only SQL evaluates; its result is passed in as a slot."""
    return isinstance(expression, Call) and expression.name in NATIVE_ONLY


def _any_call(expression: Expression, holds: Callable[[Call], bool]) -> bool:
    waiting = [expression]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Call) and holds(each):
            return True
        if isinstance(each, Call | FunctionCall):
            waiting.extend(each.arguments)
    return False


def needs_row(expression: Expression) -> bool:
    """Whether the slot :data:`~conflictkg.engine.evaluate.ROW` must be given."""
    return _any_call(expression, lambda call: call.name == "BNODE" and bool(call.arguments))


def is_volatile(expression: Expression) -> bool:
    """Whether it can give another term at its next evaluation on the same inputs."""
    return _any_call(expression, lambda call: call.name in _VOLATILE)


def reads_clock(expression: Expression) -> bool:
    """Whether it gives another term in the next query: a kept plan must give the slot ``NOW``."""
    return _any_call(expression, lambda call: call.name == "NOW")


def compile_expression(
    expression: Expression, slots: Mapping[str, int], context: Context
) -> Callable[[Sequence[Term | None]], Term]:
    """A function from one row of inputs to the expression's term.

    Args:
        expression: Without ``Exists`` and without calls for which :func:`is_native_only` holds: both
            are computed in SQL and come in as variables.
        slots: The position of each variable among the inputs; a variable that is not there is unbound.
        context: Read while the function runs, so that a query can set its time.

    Returns:
        A function that raises :class:`ExpressionError` where the expression has no value.

    Raises:
        QuerySyntaxError: A function is not known, or called with a wrong number of arguments.

    >>> from conflictkg.answers import XSD
    >>> one = Literal("1", XSD + "integer")
    >>> run = compile_expression(Call("+", (Var("x"), one)), {"x": 0}, Context())
    >>> run([Literal("2.50", XSD + "decimal")]).lexical
    '3.5'
    """
    return _Compiler(slots, context).code(expression).term()


def compile_test(
    expression: Expression, slots: Mapping[str, int], context: Context
) -> Callable[[Sequence[Term | None]], bool]:
    """The same as :func:`compile_expression`, to the expression's effective boolean value."""
    return _Compiler(slots, context).code(expression).test()


class _Compiler:
    def __init__(self, slots: Mapping[str, int], context: Context) -> None:
        self._slots = slots
        self._context = context

    def code(self, expression: Expression) -> Code:
        """The code of an expression, from the leaves up: a deep tree takes none of Python's stack."""
        waiting: list[tuple[Expression, int, int | None]] = [(expression, 0, None)]
        done: list[Code] = []
        while waiting:
            each, depth, count = waiting.pop()
            if count is not None:
                codes = done[len(done) - count :]
                del done[len(done) - count :]
                done.append(self._put_together(each, codes))
                continue
            if depth > DEEPEST:
                raise _refusal(f"an expression is nested more than {DEEPEST} deep", each)
            parts = _parts(each)
            waiting.append((each, depth, len(parts)))
            waiting.extend((part, depth + 1, None) for part in reversed(parts))
        return done[0]

    def _put_together(self, expression: Expression, codes: list[Code]) -> Code:
        if isinstance(expression, Var):
            slot = self._slots.get(expression.name)
            return Code(make_operand=never) if slot is None else variable(slot)
        if isinstance(expression, Iri | Literal):
            return constant(expression)
        if isinstance(expression, FunctionCall):
            return _function(expression, codes)
        if isinstance(expression, Exists) or is_native_only(expression):
            raise TypeError(f"SQL evaluates this, and passes it in as a slot: {expression!r}")
        return self._call(expression, codes)

    def _call(self, call: Call, codes: list[Code]) -> Code:
        name = call.name
        builtin = BUILTINS.get(name)
        if builtin is None:
            raise _refusal(f"no function or operator is named {name}", call)
        _check_arity(name, builtin.least, builtin.most, call)
        if name == "BOUND":
            return self._bound(call)
        if builtin.build is not None:
            return builtin.build(codes)
        if builtin.on_terms is not None:
            return forms.apply_to_terms(builtin.on_terms, codes)
        if builtin.on_operands is not None:
            return forms.apply(builtin.on_operands, codes, gives_term=builtin.gives_term)
        if builtin.in_context is None:
            raise TypeError(f"{name} has no implementation")
        return builtin.in_context(self._context, self._slots, codes)

    def _bound(self, call: Call) -> Code:
        variable_ = call.arguments[0]
        if not isinstance(variable_, Var):
            raise _refusal("BOUND takes a variable", call)
        slot = self._slots.get(variable_.name)
        if slot is None:
            return settle(Code(make_operand=lambda _: False))
        return Code(make_operand=lambda row: row[slot] is not None)


def _parts(expression: Expression) -> Sequence[Expression]:
    if isinstance(expression, FunctionCall):
        return expression.arguments
    if not isinstance(expression, Call) or expression.name == "BOUND":
        return ()
    return _chain(expression) if expression.name in {"&&", "||"} else expression.arguments


def _function(call: FunctionCall, codes: Sequence[Code]) -> Code:
    function = FUNCTIONS.get(call.iri.value)
    if function is None:
        raise _refusal(_unknown_function(call.iri.value), call)
    _check_arity(f"<{function.iri}>", function.arity, function.arity, call)
    if function.on_terms is not None:
        return forms.apply_to_terms(function.on_terms, codes)
    if function.on_operands is None:
        raise TypeError(f"{function.iri} has no implementation")
    return forms.apply(function.on_operands, codes, gives_term=function.gives_term)


def _chain(call: Call) -> list[Expression]:
    # Flat, a chain costs one loop instead of a call for each of its operators.
    parts: list[Expression] = []
    waiting: list[Expression] = [call]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Call) and each.name == call.name:
            waiting.extend(reversed(each.arguments))
        else:
            parts.append(each)
    return parts


def _check_arity(name: str, least: int, most: int | None, call: Call | FunctionCall) -> None:
    count = len(call.arguments)
    if least <= count and (most is None or count <= most):
        return
    wanted = (
        str(least)
        if most == least
        else f"{least} or more"
        if most is None
        else f"{least} to {most}"
    )
    noun = "argument" if wanted == "1" else "arguments"
    raise _refusal(f"{name} takes {wanted} {noun}, not {count}", call)


def _refusal(problem: str, expression: Expression) -> QuerySyntaxError:
    place: Place | None = getattr(expression, "place", None)
    return (
        QuerySyntaxError(problem, place.line, place.column) if place else QuerySyntaxError(problem)
    )


def _unknown_function(iri: str) -> str:
    close = get_close_matches(iri, FUNCTIONS, n=1, cutoff=0.8)
    hint = f" Did you mean <{close[0]}>?" if close else ""
    return f"no function is named <{iri}>.{hint}"
