"""Expressions to SQL: natively where types are known, else by one call of Python for as much as goes together."""

from collections.abc import Callable, Sequence
from itertools import count

from sqlglot import exp

from conflictkg.answers import Iri, Literal, Term
from conflictkg.engine.algebra import Call, Exists, Expression, FunctionCall, Var
from conflictkg.engine.columns import Column, Rep, Scope
from conflictkg.engine.dialect import (
    cast,
    choose,
    first_known,
    is_not_null,
    junction,
    negation,
)
from conflictkg.engine.expressions import fallback, patterns
from conflictkg.engine.expressions.casts import CASTS
from conflictkg.engine.expressions.chance import CHANCE
from conflictkg.engine.expressions.comparing import BY_ID, compare, equal, not_equal, same_term
from conflictkg.engine.expressions.convert import id_value, pack_value, to_column
from conflictkg.engine.expressions.frame import Frame, NotNative
from conflictkg.engine.expressions.kinds import KIND_FUNCTIONS, truth
from conflictkg.engine.expressions.matching import MATCHES, compile_matches
from conflictkg.engine.expressions.moments import MOMENT_FUNCTIONS
from conflictkg.engine.expressions.numbers import ARITHMETIC
from conflictkg.engine.expressions.texts import TEXT_FUNCTIONS
from conflictkg.engine.expressions.values import Value, boolean, from_column, from_term, tag_bits
from conflictkg.engine.ids import Tag

_DEEPEST_NATIVE = 40
"""What is nested deeper is left to Python as a whole: both compilers and generators of SQL recurse."""

Native = Callable[[Frame, Sequence[Value]], Value]
NATIVES: dict[str, Native] = {
    **ARITHMETIC,
    **TEXT_FUNCTIONS,
    **MOMENT_FUNCTIONS,
    **KIND_FUNCTIONS,
    "=": equal,
    "!=": not_equal,
    **{name: compare(name) for name in ("<", ">", "<=", ">=")},
    "SAMETERM": same_term,
}
"""Functions and operators that SQL computes for some operands."""


def compile_value(expression: Expression, scope: Scope) -> Column:
    """The value of an expression; NULL for an error and for an unbound variable.

    Raises:
        QuerySyntaxError: A function is unknown or called with a wrong number of arguments; a constant
            regular expression is wrong.
    """
    frame = Frame(scope)
    value = Compiler(frame).value(expression)
    if isinstance(value.term, Literal) and value.rep is Rep.STRING:
        found = scope.catalog.dictionary.find(value.term)
        if found is not None:
            value = Value(exp.Literal.number(found), Rep.ID, value.tags, nullable=False)
    return to_column(frame, value)


def compile_condition(expression: Expression, scope: Scope) -> exp.Expr:
    """The effective boolean value of an expression, a BOOLEAN; NULL for an error.

    Raises:
        QuerySyntaxError: As of :func:`compile_value`.
    """
    frame = Frame(scope)
    return frame.finish(Compiler(frame).test(expression).sql)


class Compiler:
    """One expression's compilation.

    Args:
        frame: What it works in.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame
        self._known: dict[int, Value] = {}
        self._kept: list[Expression] = []
        self._names = count()

    def value(self, expression: Expression) -> Value:
        """The value of an expression."""
        key = id(expression)
        if key not in self._known:
            # An object that is gone could leave its number to another.
            self._kept.append(expression)
            self._known[key] = self._compile(expression)
        return self._known[key]

    def _compile(self, expression: Expression) -> Value:
        if isinstance(expression, Var):
            column = self.frame.scope.column(expression.name)
            if column is None:
                return Value(cast(exp.null(), "BIGINT"), Rep.ID, 0)
            return from_column(column)
        if isinstance(expression, Iri | Literal):
            return from_term(expression, self.frame.scope.catalog)
        if isinstance(expression, Exists):
            found = self.frame.scope.exists(expression.pattern, negated=expression.negated)
            return boolean(found, nullable=False)
        if _is_sql_only(expression):
            return self._sql_only(expression)
        if _depth(expression) > _DEEPEST_NATIVE:
            return self.python(expression)
        try:
            return self._native(expression)
        except NotNative:
            return self.python(expression)

    def _native(self, expression: Call | FunctionCall) -> Value:
        if isinstance(expression, Call) and expression.name in _FORMS:
            return _FORMS[expression.name](self, expression)
        operands = [self.value(each) for each in expression.arguments]
        if all(operand.term is not None for operand in operands):
            return self._fold(expression)
        table = NATIVES if isinstance(expression, Call) else CASTS
        name = expression.name if isinstance(expression, Call) else expression.iri.value
        native = table.get(name)
        if native is None or any(operand.is_python for operand in operands):
            raise NotNative
        _check_arguments(expression)
        return self.frame.apply(native, operands)

    def _fold(self, expression: Expression) -> Value:
        term = fallback.evaluate_constant(expression, self.frame.scope.base)
        return self._constant(term)

    def _constant(self, term: Term | None) -> Value:
        if isinstance(term, Iri | Literal):
            return from_term(term, self.frame.scope.catalog)
        return Value(cast(exp.null(), "BIGINT"), Rep.ID, 0)

    # Python

    def python(self, expression: Expression) -> Value:
        """The whole expression by Python, except what only SQL computes."""
        inputs: dict[str, Value] = {}
        rewritten = self._rewrite(expression, inputs)
        is_test = isinstance(rewritten, Call) and rewritten.name in fallback.TESTS
        function = "ckg_test" if is_test else "ckg_term"
        sql = fallback.call_python(self.frame, function, rewritten, inputs)
        if is_test:
            return Value(sql, Rep.BOOLEAN, boolean(sql).tags, is_python=True)
        return Value(sql, Rep.PACKED, is_python=True)

    def _rewrite(self, expression: Expression, inputs: dict[str, Value]) -> Expression:
        """The expression with variables in the place of what only SQL computes.

        Not by recursion: a chain of sums is as deep as it is long.
        """
        done: list[Expression] = []
        waiting: list[tuple[Expression, bool]] = [(expression, False)]
        while waiting:
            each, is_ready = waiting.pop()
            if isinstance(each, Var):
                value = self.value(each)
                if value.tags or value.rep is not Rep.ID:
                    inputs[each.name] = value
                done.append(each)
            elif isinstance(each, Iri | Literal):
                done.append(each)
            elif isinstance(each, Exists) or _is_sql_only(each):
                name = f".sql{next(self._names)}"
                inputs[name] = self.value(each)
                done.append(Var(name))
            elif is_ready:
                size = len(each.arguments)
                arguments = tuple(done[len(done) - size :])
                del done[len(done) - size :]
                done.append(_with_arguments(each, arguments))
            else:
                waiting.append((each, True))
                waiting.extend((argument, False) for argument in reversed(each.arguments))
        return done[0]

    def _sql_only(self, expression: Call | FunctionCall) -> Value:
        if isinstance(expression, FunctionCall):
            return compile_matches(self, expression)
        operands = [self.value(each) for each in expression.arguments]
        place = expression.place
        if expression.name == "REGEX":
            return self.frame.apply(
                lambda frame, given: patterns.regex(frame, given, place), operands
            )
        if expression.name == "REPLACE":
            return self.frame.apply(
                lambda frame, given: patterns.replace(frame, given, place), operands
            )
        return self.frame.apply(CHANCE[expression.name], operands)

    # Logic

    def test(self, expression: Expression) -> Value:
        """The effective boolean value of an expression."""
        value = self.value(expression)
        if value.rep is Rep.BOOLEAN:
            return value
        if value.is_python:
            inputs: dict[str, Value] = {}
            rewritten = self._rewrite(expression, inputs)
            sql = fallback.call_python(self.frame, "ckg_test", rewritten, inputs)
            return Value(sql, Rep.BOOLEAN, boolean(sql).tags, is_python=True)
        if isinstance(value.term, Iri | Literal):
            # The term and not the expression: that may have more in it than it comes to.
            known = fallback.evaluate_constant(Call("!", (value.term,)), self.frame.scope.base)
            if isinstance(known, Literal):
                return boolean(
                    exp.false() if known.lexical == "true" else exp.true(), nullable=False
                )
            return boolean(cast(exp.null(), "BOOLEAN"))
        try:
            return self.frame.apply(truth, [value])
        except NotNative:
            return boolean(fallback.test_value(self.frame, value))

    def _junction(self, call: Call) -> Value:
        parts = _chain(call)
        tests = [self.test(part) for part in parts]
        native = [test for test in tests if not test.is_python]
        by_python = [part for part, test in zip(parts, tests, strict=True) if test.is_python]
        if not native:
            raise NotNative
        if len(by_python) > 1:
            whole = by_python[0]
            for part in by_python[1:]:
                whole = Call(call.name, (whole, part))
            native.append(self.python(whole))
        elif by_python:
            native.append(self.test(by_python[0]))
        kind = exp.And if call.name == "&&" else exp.Or
        sql = junction(kind, [test.sql for test in native])
        return boolean(sql, nullable=any(test.nullable for test in native))

    def _negation(self, call: Call) -> Value:
        found = self.test(call.arguments[0])
        if found.is_python:
            raise NotNative
        return boolean(negation(found.sql), nullable=found.nullable)

    def _bound(self, call: Call) -> Value:
        variable = call.arguments[0]
        if not isinstance(variable, Var):
            raise NotNative
        value = self.value(variable)
        if not value.nullable:
            return boolean(exp.true(), nullable=False)
        return boolean(is_not_null(value.sql), nullable=False)

    def _if(self, call: Call) -> Value:
        condition = self.test(call.arguments[0])
        branches = [self.value(each) for each in call.arguments[1:]]
        if condition.is_python or all(each.is_python for each in branches):
            raise NotNative
        first, second = self._unified(branches)
        sql = exp.Case(
            this=exp.Paren(this=condition.sql),
            ifs=[
                exp.If(this=exp.true(), true=first.sql),
                exp.If(this=exp.false(), true=second.sql),
            ],
        )
        return _merged(sql, [first, second], nullable=condition.nullable)

    def _coalesce(self, call: Call) -> Value:
        values: list[Value] = []
        for each in call.arguments:
            value = self.value(each)
            if value.rep is not Rep.ID or value.tags:
                values.append(value)
            if not value.nullable:
                break
        if not values:
            return self._constant(None)
        if len(values) == 1:
            return values[0]
        if all(value.is_python for value in values):
            raise NotNative
        unified = self._unified(values)
        sql = first_known([value.sql for value in unified])
        merged = _merged(sql, unified, nullable=True)
        return merged if values[-1].nullable else _not_nullable(merged)

    def _unified(self, values: Sequence[Value]) -> list[Value]:
        """The values in one representation."""
        reps = {value.rep for value in values}
        has_language = any(value.language is not None for value in values)
        if len(reps) == 1 and not has_language:
            digits = {value.digits for value in values}
            if reps != {Rep.DECIMAL} or len(digits) == 1:
                return list(values)
        ids = [self._as_id(value) for value in values]
        found = [each for each in ids if each is not None]
        if len(found) == len(values):
            return found
        return [pack_value(self.frame, value) for value in values]

    def _as_id(self, value: Value) -> Value | None:
        if value.rep is Rep.STRING and isinstance(value.term, Literal):
            found = self.frame.scope.catalog.dictionary.find(value.term)
            if found is None:
                return None
            return Value(exp.Literal.number(found), Rep.ID, value.tags, nullable=False)
        return id_value(value)

    def _membership(self, call: Call) -> Value:
        sought, *members = call.arguments
        value = self.value(sought)
        if value.is_python:
            raise NotNative
        if not members:
            # Nothing is found, but an error is one all the same.
            if not value.nullable:
                return boolean(exp.false(), nullable=False)
            return boolean(choose([(is_not_null(value.sql), exp.false())]), nullable=True)
        others = [self.value(member) for member in members]
        if any(each.is_python for each in others):
            raise NotNative
        return self.frame.apply(lambda frame, given: _is_among(frame, given[0], others), [value])

    def _no_membership(self, call: Call) -> Value:
        found = self._membership(call)
        return boolean(negation(found.sql), nullable=found.nullable)


def _is_among(frame: Frame, value: Value, members: Sequence[Value]) -> Value:
    found: list[Value] = []
    plain: list[exp.Expr] = []
    for each in members:
        if _is_plain_pair(value, each):
            plain.append(each.sql)
        else:
            found.append(frame.apply(equal, [value, each]))
    if plain:
        inside = exp.In(this=exp.Paren(this=value.sql), expressions=plain)
        found.append(boolean(inside, nullable=value.nullable))
    return boolean(
        junction(exp.Or, [each.sql for each in found]),
        nullable=any(each.nullable for each in found),
    )


_FORMS: dict[str, Callable[[Compiler, Call], Value]] = {
    "&&": Compiler._junction,
    "||": Compiler._junction,
    "!": Compiler._negation,
    "BOUND": Compiler._bound,
    "IF": Compiler._if,
    "COALESCE": Compiler._coalesce,
    "IN": Compiler._membership,
    "NOT IN": Compiler._no_membership,
}


def _is_plain_pair(value: Value, member: Value) -> bool:
    """Whether equality is that of ids: a constant of the one tag that the value has."""
    return (
        value.rep is Rep.ID
        and member.rep is Rep.ID
        and member.term is not None
        and value.tags == member.tags
        and value.has_only(BY_ID | tag_bits(Tag.INTEGER))
    )


def _merged(sql: exp.Expr, values: Sequence[Value], *, nullable: bool) -> Value:
    tags = 0
    for value in values:
        tags |= value.tags
    digits = values[0].digits
    if values[0].rep is Rep.INTEGER:
        widths = [value.digits[0] if value.digits is not None else 38 for value in values]
        digits = (max(widths), 0)
    nullable = nullable or any(value.nullable for value in values)
    return Value(sql, values[0].rep, tags, nullable, digits)


def _not_nullable(value: Value) -> Value:
    return Value(value.sql, value.rep, value.tags, False, value.digits, value.language)


def _is_sql_only(expression: Expression) -> bool:
    if isinstance(expression, Call):
        return expression.name in CHANCE or expression.name in {"REGEX", "REPLACE"}
    return isinstance(expression, FunctionCall) and expression.iri.value == MATCHES


def _with_arguments(expression: Expression, arguments: tuple[Expression, ...]) -> Expression:
    if isinstance(expression, Call):
        return Call(expression.name, arguments, expression.place)
    if isinstance(expression, FunctionCall):
        return FunctionCall(expression.iri, arguments, expression.distinct, expression.place)
    raise TypeError(f"{expression!r} has no arguments")


def _chain(call: Call) -> list[Expression]:
    """The parts of ``a && b && c``."""
    parts: list[Expression] = []
    waiting: list[Expression] = [call]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Call) and each.name == call.name:
            waiting.extend(reversed(each.arguments))
        else:
            parts.append(each)
    return parts


def _depth(expression: Expression) -> int:
    """How deep an expression is nested, chains of ``&&`` and ``||`` counted as one."""
    deepest = 0
    waiting: list[tuple[Expression, int]] = [(expression, 1)]
    while waiting:
        each, depth = waiting.pop()
        deepest = max(deepest, depth)
        if isinstance(each, Call | FunctionCall):
            name = each.name if isinstance(each, Call) else ""
            for argument in each.arguments:
                same = name in {"&&", "||"} and isinstance(argument, Call) and argument.name == name
                waiting.append((argument, depth if same else depth + 1))
    return deepest


def _check_arguments(expression: Call | FunctionCall) -> None:
    """Have Python refuse what it would refuse: a wrong number of arguments."""
    name = expression.name if isinstance(expression, Call) else expression.iri
    key = (name, len(expression.arguments))
    if key not in _CHECKED:
        stand_ins = tuple(Var(f".{index}") for index in range(len(expression.arguments)))
        fallback.evaluate_constant(_with_arguments(expression, stand_ins), "")
        _CHECKED.add(key)


_CHECKED: set[tuple[str | Iri, int]] = set()
"""Functions and numbers of arguments that Python has been asked about, and did not refuse."""
