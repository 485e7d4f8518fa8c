"""``=``, ``<`` and their like in SQL.

What two values can be says how they compare. Ids of one inline tag compare as they are; strings by
their text; numbers of several datatypes as doubles (no two numbers that inline ids hold are rounded to
one double). What is left, pairs of tags that only the evaluator knows, is asked of Python for just the
rows that have them.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlglot import exp

from conflictkg.answers import Literal
from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import (
    HUGE_DIGITS,
    binary,
    call,
    cast,
    choose,
    is_not_null,
    negation,
    number,
    text,
)
from conflictkg.engine.evaluate.values import operand_of
from conflictkg.engine.expressions import fallback
from conflictkg.engine.expressions.convert import same_terms
from conflictkg.engine.expressions.frame import Frame, NotNative
from conflictkg.engine.expressions.numbers import DOUBLE, INTEGER, Number, approximate, exact
from conflictkg.engine.expressions.payloads import boolean_value, datetime_microseconds, has_tag
from conflictkg.engine.expressions.texts import text_of
from conflictkg.engine.expressions.values import (
    MOMENT_TAGS,
    NODE_TAGS,
    NUMBER_TAGS,
    TEXT_TAGS,
    Value,
    boolean,
    tag_bits,
)
from conflictkg.engine.ids import Tag

BY_ID = NODE_TAGS | TEXT_TAGS | tag_bits(Tag.BOOLEAN, Tag.DATE)
"""Values of these tags are equal exactly when their ids are."""
_UNKNOWN = tag_bits(Tag.SPECIAL, Tag.OTHER)
_NEVER_A_LITERAL = NODE_TAGS | tag_bits(Tag.LANG)
_EXACT_TAGS = tag_bits(Tag.INTEGER, Tag.DECIMAL)
_ZONE_US = 14 * 3600 * 1_000_000
_OPERATORS: dict[str, type[exp.Binary]] = {
    "<": exp.LT,
    ">": exp.GT,
    "<=": exp.LTE,
    ">=": exp.GTE,
}
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "="}

Case = tuple[exp.Expr | None, exp.Expr]
"""A condition (``None``: all there is) and what holds then."""


def compare(name: str) -> Callable[[Frame, Sequence[Value]], Value]:
    """The operator ``<``, ``>``, ``<=`` or ``>=``."""

    def native(frame: Frame, operands: Sequence[Value]) -> Value:
        first, second = operands
        _require_known(first, second)
        shared = [
            (tags, build)
            for tags, build in (
                (NUMBER_TAGS, _compare_numbers),
                (TEXT_TAGS, _compare_texts),
                (MOMENT_TAGS, _compare_moments),
                (tag_bits(Tag.DATE), _compare_ids),
                (tag_bits(Tag.BOOLEAN), _compare_booleans),
            )
            if first.tags & tags and second.tags & tags
        ]
        by_python = _python_for_order(first.tags, second.tags)
        return _by_cases(frame, name, first, second, shared, by_python)

    return native


def equal(frame: Frame, operands: Sequence[Value]) -> Value:
    """The operator ``=``."""
    first, second = operands
    _require_known(first, second)
    shared = [
        (tags, build)
        for tags, build in ((NUMBER_TAGS, _compare_numbers), (MOMENT_TAGS, _compare_moments))
        if first.tags & tags and second.tags & tags
    ]
    by_python = _python_for_equality(first.tags, second.tags)
    nullable = first.nullable or second.nullable
    rest = (first.tags & BY_ID, second.tags & BY_ID)
    if shared and _covers(first, second, shared) and not by_python:
        return _by_cases(frame, "=", first, second, shared, ())
    if not (rest[0] & rest[1]) and not shared and not by_python:
        return boolean(_known(first, second, exp.false()), nullable=nullable)
    return _by_cases(frame, "=", first, second, shared, by_python, same=True)


def not_equal(frame: Frame, operands: Sequence[Value]) -> Value:
    """The operator ``!=``."""
    found = equal(frame, operands)
    return boolean(negation(found.sql), nullable=found.nullable)


def same_term(frame: Frame, operands: Sequence[Value]) -> Value:
    """``sameTerm``."""
    first, second = operands
    found = same_terms(frame, first, second)
    return boolean(found, nullable=first.nullable or second.nullable)


def _require_known(first: Value, second: Value) -> None:
    # What is packed can be of any kind; beside a constant, or among texts, that does no harm.
    is_packed = Rep.PACKED in {first.rep, second.rep} and not _both_texts(first, second)
    if is_packed and first.term is None and second.term is None:
        raise NotNative


def _both_texts(first: Value, second: Value) -> bool:
    return first.has_only(TEXT_TAGS) and second.has_only(TEXT_TAGS)


def _covers(first: Value, second: Value, shared: Sequence[tuple[int, object]]) -> bool:
    return len(shared) == 1 and first.has_only(shared[0][0]) and second.has_only(shared[0][0])


def _known(first: Value, second: Value, result: exp.Expr) -> exp.Expr:
    """The result, NULL where an operand is."""
    unknown = [is_not_null(each.sql) for each in (first, second) if each.nullable]
    if not unknown:
        return result
    condition = unknown[0] if len(unknown) == 1 else binary(exp.And, *unknown)
    return choose([(condition, result)])


Pairs = Sequence[tuple[int, int]]
"""Tags of the first and of the second value that only Python compares."""


def _python_for_order(first: int, second: int) -> Pairs:
    special = tag_bits(Tag.SPECIAL)
    like_special = special | MOMENT_TAGS | tag_bits(Tag.DATE, Tag.BOOLEAN)
    numeric = tag_bits(Tag.NUMERIC)
    pairs = [
        (numeric, NUMBER_TAGS),
        (NUMBER_TAGS, numeric),
        (special, like_special),
        (like_special, special),
    ]
    return [(a & first, b & second) for a, b in pairs if a & first and b & second]


def _python_for_equality(first: int, second: int) -> Pairs:
    numeric = tag_bits(Tag.NUMERIC)
    # An ill-typed number is SPECIAL, one out of its datatype's range NUMERIC: both are unknown values.
    literal = ~_NEVER_A_LITERAL
    unknown = _UNKNOWN | numeric
    pairs = [(unknown, literal), (literal, unknown)]
    return [(a & first, b & second) for a, b in pairs if a & first and b & second]


def _by_cases(
    frame: Frame,
    name: str,
    first: Value,
    second: Value,
    shared: Sequence[tuple[int, Callable[..., exp.Expr]]],
    by_python: Pairs,
    *,
    same: bool = False,
) -> Value:
    branches: list[tuple[exp.Expr, exp.Expr]] = []
    otherwise: exp.Expr | None = None
    if by_python:
        if all(a == first.tags for a, _ in by_python) and all(
            b == second.tags for _, b in by_python
        ):
            raise NotNative
        asked = fallback.test(frame, name, [first, second])
        conditions = [_both(first, a, second, b) for a, b in by_python]
        for condition in conditions:
            if condition is None:
                raise NotNative
            branches.append((condition, asked))
    for tags, build in shared:
        part = (_narrow(first, tags), _narrow(second, tags))
        if by_python and tags == NUMBER_TAGS:
            numeric = tag_bits(Tag.NUMERIC)
            part = (_narrow(first, tags & ~numeric), _narrow(second, tags & ~numeric))
            if not part[0].tags or not part[1].tags:
                continue
        condition = _both(first, part[0].tags, second, part[1].tags)
        found = build(frame, name, *part)
        if condition is None:
            return boolean(found, nullable=True) if not branches else _finish(branches, found)
        branches.append((condition, found))
    if same:
        if first.tags & second.tags & BY_ID:
            otherwise = _same(frame, first, second)
        else:
            otherwise = _known(first, second, exp.false())
        if not branches:
            return boolean(otherwise, nullable=first.nullable or second.nullable)
    return _finish(branches, otherwise)


def _finish(branches: list[tuple[exp.Expr, exp.Expr]], otherwise: exp.Expr | None) -> Value:
    if not branches and otherwise is None:
        return boolean(cast(exp.null(), "BOOLEAN"))
    return boolean(choose(branches, otherwise))


def _narrow(value: Value, tags: int) -> Value:
    """The value where it is of these tags."""
    return replace(value, tags=value.tags & tags) if value.rep is Rep.ID else value


def _both(first: Value, tags: int, second: Value, others: int) -> exp.Expr | None:
    """Whether both are of these tags; ``None`` for always."""
    conditions = [
        _is_of(value, wanted)
        for value, wanted in ((first, tags), (second, others))
        if not value.has_only(wanted)
    ]
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else binary(exp.And, *conditions)


def _is_of(value: Value, tags: int) -> exp.Expr:
    if value.rep is Rep.ID:
        return has_tag(value.sql, tags, value.tags)
    if value.rep is Rep.STRING and value.language is not None:
        kind = exp.EQ if tags & tag_bits(Tag.STRING) else exp.NEQ
        return binary(kind, value.language, text(""))
    raise NotNative


def _same(frame: Frame, first: Value, second: Value) -> exp.Expr:
    """Equality of what is neither a number nor a moment."""
    for one, other in ((first, second), (second, first)):
        # A constant that the store does not hold equals nothing in it.
        if one.rep is Rep.ID and other.term is not None and other.rep is not Rep.ID:
            found = frame.scope.catalog.dictionary.find(other.term)  # type: ignore[arg-type]
            return binary(exp.EQ, one.sql, number(found if found is not None else 0))
    if Rep.PACKED in {first.rep, second.rep} or (
        first.rep is not second.rep and TEXT_TAGS & first.tags & second.tags
    ):
        narrow = [_as_text(first), _as_text(second)]
        if all(each is not None for each in narrow):
            return _equal_texts(frame, first, second)
    return same_terms(frame, first, second)


def _as_text(value: Value) -> Value | None:
    return value if value.has_only(TEXT_TAGS) else None


def _equal_texts(frame: Frame, first: Value, second: Value) -> exp.Expr:
    one, other = text_of(frame, first), text_of(frame, second)
    same = binary(exp.EQ, one.characters, other.characters)
    empty = text("")
    if one.language is None and other.language is None:
        return same
    languages = binary(exp.EQ, one.language or empty, other.language or empty)
    return binary(exp.And, same, languages)


# One kind of values each. ``name`` is "=" or an operator of order.


def _operator(name: str, left: exp.Expr, right: exp.Expr) -> exp.Expr:
    return binary(_OPERATORS.get(name, exp.EQ), left, right)


def _compare_ids(_frame: Frame, name: str, first: Value, second: Value) -> exp.Expr:
    return _operator(name, first.sql, second.sql)


def _compare_booleans(_frame: Frame, name: str, first: Value, second: Value) -> exp.Expr:
    if first.rep is second.rep is Rep.ID:
        return _operator(name, first.sql, second.sql)
    left, right = (
        each.sql if each.rep is Rep.BOOLEAN else boolean_value(each.sql) for each in (first, second)
    )
    return _operator(name, left, right)


def _compare_texts(frame: Frame, name: str, first: Value, second: Value) -> exp.Expr:
    one, other = text_of(frame, first), text_of(frame, second)
    found = _operator(name, one.characters, other.characters)
    if one.language is None and other.language is None:
        return found
    empty = text("")
    same = binary(exp.EQ, one.language or empty, other.language or empty)
    return choose([(same, found)])


def _compare_moments(_frame: Frame, name: str, first: Value, second: Value) -> exp.Expr:
    kinds = (first.tags & MOMENT_TAGS, second.tags & MOMENT_TAGS)
    if kinds[0] == kinds[1] and not kinds[0] & (kinds[0] - 1):
        return _operator(name, first.sql, second.sql)
    left, right = (
        datetime_microseconds(each.sql, each.tags & MOMENT_TAGS) for each in (first, second)
    )
    found = _operator(name, left, right)
    zoned = [
        has_tag(each.sql, tag_bits(Tag.DATETIME_UTC), each.tags & MOMENT_TAGS)
        for each in (first, second)
    ]
    # One has a zone and the other has none: 14 hours must lie between.
    same_zone = binary(exp.EQ, *(exp.Paren(this=each) for each in zoned))
    apart = binary(
        exp.GT,
        exp.Abs(this=binary(exp.Sub, exp.Paren(this=left), exp.Paren(this=right))),
        number(_ZONE_US),
    )
    return choose([(binary(exp.Or, exp.Paren(this=same_zone), apart), found)])


def _compare_numbers(frame: Frame, name: str, first: Value, second: Value) -> exp.Expr:
    integers = tag_bits(Tag.INTEGER)
    if first.is_id_of(integers) and second.is_id_of(integers):
        return _operator(name, first.sql, second.sql)
    exactly = _exact_pair(frame, first, second)
    if exactly is not None:
        left, right = exactly
        if left.kind != DOUBLE and right.kind != DOUBLE:
            return _compare_exactly(name, left, right)
    for value, other in ((first, second), (second, first)):
        if other.tags & _EXACT_TAGS and not _is_short(frame, value):
            raise NotNative
    left_double, right_double = approximate(frame, first), approximate(frame, second)
    found = _operator(name, left_double, right_double)
    may_be_nan = False
    # SQL says that NaN is equal to itself and greater than all else.
    for value, sql in ((first, left_double), (second, right_double)):
        if value.tags & tag_bits(Tag.DOUBLE) and not _is_finite_constant(value):
            found = binary(exp.And, found, negation(call("ISNAN", sql)))
            may_be_nan = True
    # NaN and unknown is unknown, not false.
    both = first.nullable or second.nullable
    return _known(first, second, found) if may_be_nan and both else found


def _is_short(frame: Frame, value: Value) -> bool:
    if value.has_only(tag_bits(Tag.DOUBLE)) or (value.rep is Rep.ID and value.term is None):
        return True
    return exact(frame, value).is_short


def _is_finite_constant(value: Value) -> bool:
    if not isinstance(value.term, Literal):
        return False
    operand = operand_of(value.term)
    return isinstance(operand, int | float) and operand == operand


def _exact_pair(frame: Frame, first: Value, second: Value) -> tuple[Number, Number] | None:
    try:
        return exact(frame, first), exact(frame, second)
    except NotNative:
        return None


def _compare_exactly(name: str, left: Number, right: Number) -> exp.Expr:
    if left.kind == right.kind == INTEGER:
        return _operator(name, left.sql, right.sql)
    if left.is_short and right.is_short and left.double is not None and right.double is not None:
        return _operator(name, left.double, right.double)
    scale = max(left.scale, right.scale)
    whole = max(left.width - left.scale, right.width - right.scale)
    if scale + whole > HUGE_DIGITS:
        raise NotNative
    kind = f"DECIMAL({HUGE_DIGITS}, {scale})"
    return _operator(name, cast(left.sql, kind), cast(right.sql, kind))
