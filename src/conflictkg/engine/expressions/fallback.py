"""What SQL does not compute: calls of the evaluator in Python from within SQL."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlglot import exp

from conflictkg.answers import Term
from conflictkg.engine.algebra import Call, Expression, Var
from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import array
from conflictkg.engine.evaluate import Context, ExpressionError, compile_expression, compile_test
from conflictkg.engine.expressions.convert import pack_value
from conflictkg.engine.expressions.frame import Frame
from conflictkg.engine.expressions.values import Value
from conflictkg.engine.program import Program
from conflictkg.engine.syntax import unparse

_Result = TypeVar("_Result")
TESTS = frozenset(
    {"||", "&&", "!", "=", "!=", "<", ">", "<=", ">=", "IN", "NOT IN", "BOUND", "SAMETERM", "ISIRI"}
    | {
        "ISURI",
        "ISBLANK",
        "ISLITERAL",
        "ISNUMERIC",
        "LANGMATCHES",
        "STRSTARTS",
        "STRENDS",
        "CONTAINS",
    }
)
"""Calls whose value is a boolean."""


def call_python(
    frame: Frame, function: str, expression: Expression, inputs: Mapping[str, Value]
) -> exp.Expr:
    """A call of ``ckg_term`` or ``ckg_test``.

    Args:
        frame: Where it stands.
        function: Which of them.
        expression: What it computes.
        inputs: The values of the variables in it.
    """
    ids = {name: value for name, value in inputs.items() if value.rep is Rep.ID}
    texts = {name: value for name, value in inputs.items() if value.rep is not Rep.ID}
    slots = {name: index for index, name in enumerate([*ids, *texts])}
    context = Context(base=frame.scope.base)
    evaluate = _no_error(compile_expression(expression, slots, context))
    run_test = (
        _no_error(compile_test(expression, slots, context)) if function == "ckg_test" else None
    )
    program = Program(evaluate, unparse(expression, short=True), run_test)
    packed = [pack_value(frame, value).sql for value in texts.values()]
    return exp.Anonymous(
        this=function,
        expressions=[
            frame.program(program),
            array([value.sql for value in ids.values()], "BIGINT"),
            array(packed, "VARCHAR"),
        ],
    )


def compute(frame: Frame, name: str, operands: Sequence[Value]) -> exp.Expr:
    """A built-in function of operands that SQL has computed, by Python; a packed term."""
    return _call_on_operands(frame, "ckg_term", name, operands)


def test(frame: Frame, name: str, operands: Sequence[Value]) -> exp.Expr:
    """A built-in function whose value is a boolean, of operands that SQL has computed, by Python."""
    return _call_on_operands(frame, "ckg_test", name, operands)


def test_value(frame: Frame, value: Value) -> exp.Expr:
    """The effective boolean value, by Python."""
    return call_python(frame, "ckg_test", Var(".0"), {".0": value})


def _call_on_operands(
    frame: Frame, function: str, name: str, operands: Sequence[Value]
) -> exp.Expr:
    inputs = {f".{index}": value for index, value in enumerate(operands)}
    arguments: list[Expression] = []
    for variable, value in list(inputs.items()):
        if value.term is not None:
            arguments.append(value.term)  # type: ignore[arg-type]
            del inputs[variable]
        else:
            arguments.append(Var(variable))
    return call_python(frame, function, Call(name, tuple(arguments)), inputs)


def _no_error(
    run: Callable[[Sequence[Term | None]], _Result],
) -> Callable[[Sequence[Term | None]], _Result | None]:
    def evaluate(row: Sequence[Term | None]) -> _Result | None:
        try:
            return run(row)
        except ExpressionError:
            return None

    return evaluate


def evaluate_constant(expression: Expression, base: str) -> Term | None:
    """The term of an expression without variables; ``None`` for an error."""
    return _no_error(compile_expression(expression, {}, Context(base=base)))(())
