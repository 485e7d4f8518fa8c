"""``ORDER BY`` in SQL: as few keys as the tags of ids allow.

The order is that of :func:`conflictkg.engine.evaluate.order_key`. Numbers of several datatypes are
compared as doubles; numbers that this makes equal stand side by side, in any order.
"""

from sqlglot import exp

from conflictkg.engine.columns import Column, Rep, Scope
from conflictkg.engine.dialect import (
    array,
    cast,
    choose,
    concat,
    number,
    starts_with,
    substring,
    text,
)
from conflictkg.engine.expressions.convert import pack_value
from conflictkg.engine.expressions.frame import Frame
from conflictkg.engine.expressions.numbers import approximate
from conflictkg.engine.expressions.payloads import by_tag, datetime_microseconds, payload
from conflictkg.engine.expressions.sorting import sort_literal
from conflictkg.engine.expressions.values import (
    MOMENT_TAGS,
    NATIVE_NUMBER_TAGS,
    NUMBER_TAGS,
    TEXT_TAGS,
    Value,
    from_column,
    tag_bits,
)
from conflictkg.engine.ids import Tag
from conflictkg.engine.program import Program

_BY_PYTHON = tag_bits(Tag.NUMERIC, Tag.SPECIAL, Tag.OTHER)
_SINGLE_INLINE = (Tag.INTEGER, Tag.BOOLEAN, Tag.DATE, Tag.DATETIME, Tag.DATETIME_UTC, Tag.BLANK)
_NAMED = TEXT_TAGS | tag_bits(Tag.IRI)
_NUMBERED = _NAMED | tag_bits(Tag.BLANK)
_PAYLOADS = MOMENT_TAGS | tag_bits(Tag.BLANK, Tag.BOOLEAN, Tag.DATE)
_RANKS = (
    (tag_bits(Tag.BLANK), 1),
    (tag_bits(Tag.IRI), 2),
    (NUMBER_TAGS, 3),
    (tag_bits(Tag.STRING), 4),
    (tag_bits(Tag.LANG), 5),
    (tag_bits(Tag.BOOLEAN), 6),
    (MOMENT_TAGS, 7),
    (tag_bits(Tag.DATE), 8),
)
"""The first place of the evaluator's key, by tag."""


def order_keys(column: Column, descending: bool, scope: Scope) -> list[exp.Ordered]:
    """The keys that sort a column as SPARQL orders terms, unbound first.

    Args:
        column: What is sorted by.
        descending: Whether the greatest comes first, and unbound last.
        scope: Where the column stands.
    """
    frame = Frame(scope)
    value = from_column(column)
    return [
        exp.Ordered(this=frame.finish(key), desc=descending, nulls_first=not descending)
        for key in sort_keys(frame, value)
    ]


def sort_keys(frame: Frame, value: Value) -> list[exp.Expr]:
    """What sorts a value upwards."""
    if value.rep is Rep.STRING and value.language is not None:
        return [value.sql, value.language]
    if value.rep is Rep.PACKED:
        return [_sort_text_of_packed(frame, value)]
    if value.rep is not Rep.ID:
        return [value.sql]
    if any(value.has_only(tag_bits(tag)) for tag in _SINGLE_INLINE):
        return [value.sql]
    # Tags sort as the ranks of these do.
    if value.has_only(_NUMBERED) and frame.scope.catalog.dictionary.is_ordered(value.tags):
        return [value.sql]
    if value.has_only(NATIVE_NUMBER_TAGS):
        return [approximate(frame, value)]
    if value.tags & _BY_PYTHON:
        return [_sort_text_of_id(frame, value)]
    return _keys_of_mixture(frame, value)


def _keys_of_mixture(frame: Frame, value: Value) -> list[exp.Expr]:
    sql, tags = value.sql, value.tags
    keys: list[exp.Expr] = []
    ranks = [(each, number(rank)) for each, rank in _RANKS if tags & each]
    if len(ranks) > 1:
        known = choose(
            [
                (
                    exp.Not(this=exp.Paren(this=exp.Is(this=sql, expression=exp.null()))),
                    by_tag(sql, tags, ranks),
                )
            ]
        )
        keys.append(known if value.nullable else by_tag(sql, tags, ranks))
    if tags & NATIVE_NUMBER_TAGS:
        keys.append(approximate(frame, value))
    if tags & _PAYLOADS:
        # A moment without a zone stands before the same one in UTC, as its tag does.
        cases = [
            (MOMENT_TAGS, datetime_microseconds(sql, tags & MOMENT_TAGS)),
            (_PAYLOADS & ~MOMENT_TAGS, payload(sql)),
        ]
        keys.append(by_tag(sql, tags, cases))
        if not MOMENT_TAGS & ~tags:
            keys.append(by_tag(sql, tags, [(MOMENT_TAGS, sql)]))
    if tags & _NAMED:
        keys.append(by_tag(sql, tags, [(_NAMED, frame.term(value, "lex"))]))
    if tags & tag_bits(Tag.LANG):
        keys.append(by_tag(sql, tags, [(TEXT_TAGS, frame.term(value, "lang"))]))
    return keys


def _sort_text_of_id(frame: Frame, value: Value) -> exp.Expr:
    sql, tags = value.sql, value.tags
    cases: list[tuple[int, exp.Expr]] = []
    named = tags & (TEXT_TAGS | tag_bits(Tag.IRI))
    if named:
        lex = frame.term(value, "lex")
        cases += [
            (tag_bits(Tag.IRI), concat(text("02"), lex)),
            (tag_bits(Tag.STRING), concat(text("04"), lex)),
        ]
    if tags & tag_bits(Tag.LANG):
        language = frame.term(value, "lang")
        cases.append((tag_bits(Tag.LANG), concat(text("05"), lex, text("\x00"), language)))
    asked = _ask(frame, value)
    cases.append((tags & ~named, asked))
    return by_tag(sql, tags, cases)


def _sort_text_of_packed(frame: Frame, value: Value) -> exp.Expr:
    sql = value.sql
    return choose(
        [
            (starts_with(sql, text("I")), concat(text("02"), substring(sql, number(2)))),
            (starts_with(sql, text("S")), concat(text("04"), substring(sql, number(2)))),
        ],
        _ask(frame, value),
    )


def _ask(frame: Frame, value: Value) -> exp.Expr:
    program = Program(lambda row: sort_literal(row[0]), "order")
    is_id = value.rep is Rep.ID
    asked = exp.Anonymous(
        this="ckg_term",
        expressions=[
            frame.program(program),
            array([value.sql] if is_id else [], "BIGINT"),
            array([] if is_id else [pack_value(frame, value).sql], "VARCHAR"),
        ],
    )
    # The answer is a packed string.
    return substring(asked, number(2))


def least_key(frame: Frame, value: Value) -> exp.Expr:
    """One key for MIN and MAX: what sorts the value, several as a row."""
    keys = sort_keys(frame, value)
    if len(keys) == 1:
        return keys[0]
    known = [exp.Coalesce(this=key, expressions=[_least(key)]) for key in keys]
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(f"k{index}"), expression=key)
            for index, key in enumerate(known)
        ]
    )


def _least(key: exp.Expr) -> exp.Expr:
    # The key is NULL where another one decides, so any value does.
    return cast(text(""), "VARCHAR") if _is_text(key) else number(0)


def _is_text(key: exp.Expr) -> bool:
    return any(column.name in {"lex", "lang"} for column in key.find_all(exp.Column))
