"""One compiled expression, in the two forms that others ask of it: a term or an operand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from conflictkg.answers import Term
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.values import Operand, operand_of, term_of, truth

Row = Sequence[Term | None]
RunTerm = Callable[[Row], Term]
RunOperand = Callable[[Row], Operand]
RunTest = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Code:
    """A compiled expression: exactly one of its first two fields is set.

    Args:
        make_term: It gives a term whose lexical form matters.
        make_operand: It computes a value.
        is_constant: Whether it gives the same whatever the row, and nothing of chance.
        slot: The input's position, of a variable.
    """

    make_term: RunTerm | None = None
    make_operand: RunOperand | None = None
    is_constant: bool = False
    slot: int | None = None

    def term(self) -> RunTerm:
        """A function to the term."""
        if self.make_term is not None:
            return self.make_term
        run = self.operand()
        return lambda row: term_of(run(row))

    def operand(self) -> RunOperand:
        """A function to the operand."""
        if self.make_operand is not None:
            return self.make_operand
        run = self.make_term
        if run is None:
            raise TypeError("a code without a function")
        if self.is_constant:
            return constant_operand(run)
        if self.slot is not None:
            return _variable_operand(self.slot)
        return lambda row: operand_of(run(row))

    def test(self) -> RunTest:
        """A function to the effective boolean value."""
        run = self.operand()

        def test(row: Row) -> bool:
            operand = run(row)
            return operand if type(operand) is bool else truth(operand)

        return test


def constant_operand(run: RunTerm) -> RunOperand:
    """The operand of a term that never changes, found once."""
    operand = operand_of(run(()))
    return lambda _: operand


def _variable_operand(slot: int) -> RunOperand:
    def read(row: Row) -> Operand:
        term = row[slot]
        if term is None:
            raise ExpressionError
        return operand_of(term)

    return read


def variable(slot: int) -> Code:
    """The input at a position; unbound is an error."""

    def read(row: Row) -> Term:
        term = row[slot]
        if term is None:
            raise ExpressionError
        return term

    return Code(make_term=read, slot=slot)


def constant(term: Term) -> Code:
    """A term that stands in the query."""
    return Code(make_term=lambda _: term, is_constant=True)


def never(_: Row) -> Operand:
    """An expression without a value."""
    raise ExpressionError


def settle(code: Code) -> Code:
    """Of an expression of constants only, what it gives, computed once."""
    try:
        if code.make_operand is not None:
            operand = code.make_operand(())
            return Code(make_operand=lambda _: operand, is_constant=True)
        return constant(code.term()(()))
    except ExpressionError:
        return Code(make_operand=never)
