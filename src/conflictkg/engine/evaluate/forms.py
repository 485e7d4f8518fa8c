"""How codes are put together: plain calls, and the forms that do not evaluate all their arguments."""

from collections.abc import Callable, Sequence
from typing import Any

from conflictkg.answers import Iri, Term
from conflictkg.engine.evaluate.code import Code, Row, RunOperand, settle
from conflictkg.engine.evaluate.failure import ExpressionError
from conflictkg.engine.evaluate.values import Operand, equal


def _applied(
    function: Callable[..., Any], runs: Sequence[Callable[[Row], Any]]
) -> Callable[[Row], Any]:
    # One to three arguments are unrolled: a loop costs more than most functions.
    if len(runs) == 1:
        (first,) = runs
        return lambda row: function(first(row))
    if len(runs) == 2:
        first, second = runs
        return lambda row: function(first(row), second(row))
    if len(runs) == 3:
        first, second, third = runs
        return lambda row: function(first(row), second(row), third(row))
    return lambda row: function(*[run(row) for run in runs])


def _code(run: Callable[[Row], Any], codes: Sequence[Code], *, gives_term: bool) -> Code:
    code = Code(make_term=run) if gives_term else Code(make_operand=run)
    return settle(code) if all(each.is_constant for each in codes) else code


def apply(
    function: Callable[..., Operand], codes: Sequence[Code], *, gives_term: bool = False
) -> Code:
    """A function of operands; with ``gives_term`` what it gives is a term, not a value."""
    return _code(
        _applied(function, [code.operand() for code in codes]), codes, gives_term=gives_term
    )


def apply_to_terms(function: Callable[..., Operand], codes: Sequence[Code]) -> Code:
    """A function of terms, to an operand."""
    return _code(_applied(function, [code.term() for code in codes]), codes, gives_term=False)


def negation(codes: Sequence[Code]) -> Code:
    """``!``."""
    test = codes[0].test()
    return _code(lambda row: not test(row), codes, gives_term=False)


def any_of(codes: Sequence[Code]) -> Code:
    """``||``: true if one is, whatever errors the others are."""
    return _code(_decided_by(codes, decisive=True), codes, gives_term=False)


def all_of(codes: Sequence[Code]) -> Code:
    """``&&``: false if one is, whatever errors the others are."""
    return _code(_decided_by(codes, decisive=False), codes, gives_term=False)


def _decided_by(codes: Sequence[Code], *, decisive: bool) -> Callable[[Row], bool]:
    tests = [code.test() for code in codes]

    def run(row: Row) -> bool:
        failed = False
        for test in tests:
            try:
                if test(row) is decisive:
                    return decisive
            except ExpressionError:
                failed = True
        if failed:
            raise ExpressionError
        return not decisive

    return run


def choice(codes: Sequence[Code]) -> Code:
    """``IF``."""
    test = codes[0].test()
    yes, no = codes[1].term(), codes[2].term()
    return _code(lambda row: yes(row) if test(row) else no(row), codes, gives_term=True)


def coalesce(codes: Sequence[Code]) -> Code:
    """``COALESCE``: the first that has a value."""
    runs = [code.term() for code in codes]

    def run(row: Row) -> Term:
        for each in runs:
            try:
                return each(row)
            except ExpressionError:
                continue
        raise ExpressionError

    return _code(run, codes, gives_term=True)


def membership(codes: Sequence[Code]) -> Code:
    """``IN``: true if one is equal, else an error if one comparison is, else false."""
    return _code(_is_among(codes), codes, gives_term=False)


def no_membership(codes: Sequence[Code]) -> Code:
    """``NOT IN``."""
    among = _is_among(codes)
    return _code(lambda row: not among(row), codes, gives_term=False)


def _is_among(codes: Sequence[Code]) -> Callable[[Row], bool]:
    tested = codes[0].operand()
    members = [code.operand() for code in codes[1:]]

    def run(row: Row) -> bool:
        operand = tested(row)
        failed = False
        for member in members:
            try:
                if equal(operand, member(row)):
                    return True
            except ExpressionError:
                failed = True
        if failed:
            raise ExpressionError
        return False

    constants = _plain_constants(codes[1:], members)
    if constants is None:
        return run

    def run_on_set(row: Row) -> bool:
        operand = tested(row)
        # These are equal only to what is the same.
        if type(operand) is Iri or type(operand) is str:
            return operand in constants
        return run(row)

    return run_on_set


def _plain_constants(
    codes: Sequence[Code], members: Sequence[RunOperand]
) -> frozenset[Operand] | None:
    if not all(code.is_constant for code in codes):
        return None
    operands = [member(()) for member in members]
    if not all(type(operand) is Iri or type(operand) is str for operand in operands):
        return None
    return frozenset(operands)
