"""Functions on strings (section 17.4.3 of SPARQL 1.1) in SQL.

A text is its characters and its language; NULL is an error, so what is no string has NULL characters.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlglot import exp

from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import (
    binary,
    byte_length,
    cast,
    choose,
    concat,
    contains,
    ends_with,
    first_known,
    is_null,
    junction,
    length,
    lower,
    matches,
    negation,
    number,
    position,
    starts_with,
    substring,
    text,
    upper,
    url_encode,
)
from conflictkg.engine.expressions import fallback
from conflictkg.engine.expressions.frame import Frame, NotNative
from conflictkg.engine.expressions.numbers import exact
from conflictkg.engine.expressions.payloads import has_tag
from conflictkg.engine.expressions.values import (
    TEXT_TAGS,
    Value,
    boolean,
    integer,
    string,
    tag_bits,
    tagged_text,
)
from conflictkg.engine.expressions.writing import lexical
from conflictkg.engine.ids import Tag

LONGEST_TEXT = 10_000_000
"""Characters of a text that an expression may make: as in the evaluator in Python."""
_STRING = tag_bits(Tag.STRING)
_LANG = tag_bits(Tag.LANG)

_UPPER_SPECIAL = (
    "[\u00df\u0149\u01f0\u0390\u03b0\u0587\u1e96-\u1e9a\u1f50\u1f52\u1f54\u1f56\u1f80-\u1faf\u1fb2-\u1fb4"
    "\u1fb6\u1fb7\u1fbc\u1fc2-\u1fc4\u1fc6\u1fc7\u1fcc\u1fd2\u1fd3\u1fd6\u1fd7\u1fe2-\u1fe4\u1fe6\u1fe7"
    "\u1ff2-\u1ff4\u1ff6\u1ff7\u1ffc\ufb00-\ufb06\ufb13-\ufb17]"
)
"""Characters whose upper case is several (the German sharp s, ligatures): SQL would leave them alone."""
_LOWER_SPECIAL = "[\u0130\u03a3]"
"""The capital I with a dot, whose lower case is two, and sigma, whose depends on where it stands."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string in SQL.

    Args:
        characters: NULL for what is no string.
        language: Its language, empty for none; ``None`` where it is known to have none.
        nullable: Whether it can be NULL.
    """

    characters: exp.Expr
    language: exp.Expr | None
    nullable: bool


def text_of(frame: Frame, value: Value) -> Text:
    """A value as a string; NULL where it is none."""
    sql = value.sql
    if value.rep is Rep.STRING:
        return Text(sql, value.language, value.nullable)
    if value.rep is Rep.PACKED:
        plain = starts_with(sql, text("S"))
        tagged = starts_with(sql, text("L"))
        blank = position(sql, text(" "))
        after = substring(sql, binary(exp.Add, blank, number(1)))
        characters: exp.Expr = choose([(plain, substring(sql, number(2))), (tagged, after)])
        size = binary(exp.Sub, blank.copy(), number(2))
        language: exp.Expr | None = choose(
            [(tagged.copy(), substring(sql, number(2), size))], text("")
        )
        return Text(characters, language, nullable=True)
    if value.rep is not Rep.ID or not value.tags & TEXT_TAGS:
        return Text(cast(exp.null(), "VARCHAR"), None, nullable=True)
    characters = frame.term(value, "lex")
    language = frame.term(value, "lang") if value.tags & _LANG else None
    if value.has_only(TEXT_TAGS):
        return Text(characters, language, value.nullable)
    is_text = has_tag(sql, TEXT_TAGS, value.tags)
    return Text(choose([(is_text, characters)]), language, nullable=True)


def simple_text_of(frame: Frame, value: Value) -> exp.Expr:
    """The characters of a string without a language; NULL for all else."""
    found = text_of(frame, value)
    if found.language is None:
        return found.characters
    if value.rep is Rep.ID:
        return choose([(has_tag(value.sql, _STRING, value.tags), found.characters)])
    return choose([(binary(exp.EQ, found.language, text("")), found.characters)])


def _compatible(first: Text, second: Text) -> exp.Expr | None:
    """Whether two strings may be sought in each other; ``None`` for always."""
    if second.language is None:
        return None
    simple = binary(exp.EQ, second.language, text(""))
    if first.language is None:
        return simple
    return binary(exp.Or, simple, binary(exp.EQ, first.language, second.language))


def _checked(condition: exp.Expr | None, result: exp.Expr) -> exp.Expr:
    return result if condition is None else choose([(condition, result)])


Native = Callable[[Frame, Sequence[Value]], Value]


def _test(build: Callable[[exp.Expr, exp.Expr], exp.Expr]) -> Native:
    def native(frame: Frame, operands: Sequence[Value]) -> Value:
        first, second = (text_of(frame, operand) for operand in operands)
        found = build(first.characters, second.characters)
        compatible = _compatible(first, second)
        nullable = first.nullable or second.nullable or compatible is not None
        return boolean(_checked(compatible, found), nullable=nullable)

    return native


def _string_length(frame: Frame, operands: Sequence[Value]) -> Value:
    source = text_of(frame, operands[0])
    return integer(length(source.characters), 10, nullable=source.nullable)


def _change_case(change: Callable[[exp.Expr], exp.Expr], special: str, name: str) -> Native:
    def native(frame: Frame, operands: Sequence[Value]) -> Value:
        source = text_of(frame, operands[0])
        changed = change(source.characters)
        if operands[0].rep is Rep.STRING and isinstance(source.characters, exp.Literal):
            return tagged_text(changed, source.language, nullable=source.nullable)
        plain = binary(exp.EQ, byte_length(source.characters), length(source.characters))
        ordinary = negation(matches(source.characters, text(special)))
        by_python = fallback.compute(frame, name, [string(source.characters)])
        # One byte a character is ASCII, and the usual case.
        whole = choose(
            [(plain, changed), (ordinary, changed.copy())], substring(by_python, number(2))
        )
        return tagged_text(whole, source.language, nullable=source.nullable)

    return native


def _substring(frame: Frame, operands: Sequence[Value]) -> Value:
    source = text_of(frame, operands[0])
    start = _whole_position(frame, operands[1])
    first = exp.Case(
        ifs=[exp.If(this=binary(exp.LT, start, number(1)), true=number(1))], default=start
    )
    if len(operands) == 2:
        part = substring(source.characters, first)
        return tagged_text(part, source.language)
    size = _whole_position(frame, operands[2])
    end = binary(exp.Add, start, size)
    count = binary(exp.Sub, exp.Paren(this=end), exp.Paren(this=first.copy()))
    part = choose(
        [
            (
                binary(exp.GT, end.copy(), exp.Paren(this=first.copy())),
                substring(source.characters, first, count),
            ),
            # No unknown operand may become the empty text.
            (
                binary(exp.LTE, end.copy(), exp.Paren(this=first.copy())),
                substring(source.characters, number(1), number(0)),
            ),
        ]
    )
    return tagged_text(part, source.language)


def _whole_position(frame: Frame, value: Value) -> exp.Expr:
    found = exact(frame, value)
    if found.kind != "integer":
        raise NotNative
    # Beyond the length of any text a position says no more; substring() takes 32 bits.
    limit = 1_000_000_000
    return exp.Case(
        ifs=[
            exp.If(this=binary(exp.GT, found.sql, number(limit)), true=number(limit)),
            exp.If(this=binary(exp.LT, found.sql, number(-limit)), true=number(-limit)),
        ],
        default=cast(found.sql, "BIGINT"),
    )


def _before(frame: Frame, operands: Sequence[Value]) -> Value:
    first, second = (text_of(frame, operand) for operand in operands)
    index = position(first.characters, second.characters)
    found = contains(first.characters, second.characters)
    part = choose(
        [
            (found, substring(first.characters, number(1), binary(exp.Sub, index, number(1)))),
            (negation(found.copy()), text("")),
        ]
    )
    # What is sought and empty stands before the first character: STRPOS says 1 or 0 for it.
    empty = binary(exp.EQ, second.characters, text(""))
    part = choose([(empty, substring(first.characters, number(1), number(0)))], part)
    return _found_text(first, second, part)


def _after(frame: Frame, operands: Sequence[Value]) -> Value:
    first, second = (text_of(frame, operand) for operand in operands)
    index = position(first.characters, second.characters)
    start = binary(exp.Add, index, length(second.characters))
    found = contains(first.characters, second.characters)
    empty = binary(exp.EQ, second.characters, text(""))
    part = choose(
        [
            (empty, first.characters),
            (found, substring(first.characters, start)),
            (negation(found.copy()), text("")),
        ]
    )
    return _found_text(first, second, part)


def _found_text(first: Text, second: Text, part: exp.Expr) -> Value:
    language = first.language
    if language is not None:
        found = contains(first.characters, second.characters)
        language = choose([(found, language)], text(""))
    nullable = first.nullable or second.nullable or second.language is not None
    return tagged_text(_checked(_compatible(first, second), part), language, nullable=nullable)


def _concat(frame: Frame, operands: Sequence[Value]) -> Value:
    parts = [text_of(frame, operand) for operand in operands]
    if not parts:
        return string(text(""), nullable=False)
    if len(parts) == 1:
        return tagged_text(parts[0].characters, parts[0].language, nullable=parts[0].nullable)
    nullable = any(part.nullable for part in parts)
    characters = limited(
        concat(*(part.characters for part in parts)), [part.characters for part in parts]
    )
    languages = [part.language for part in parts]
    if any(each is None for each in languages):
        return string(characters, nullable=True)
    known = [each for each in languages if each is not None]
    same = junction(exp.And, [binary(exp.EQ, known[0], other) for other in known[1:]])
    return tagged_text(characters, choose([(same, known[0])], text("")), nullable=nullable or True)


def limited(whole: exp.Expr, parts: Sequence[exp.Expr]) -> exp.Expr:
    """A text made of parts; NULL where it is too long."""
    size: exp.Expr = length(parts[0])
    for part in parts[1:]:
        size = binary(exp.Add, size, length(part)) if isinstance(part, exp.Expr) else size
    if all(isinstance(part, exp.Literal) for part in parts):
        return whole
    return choose([(binary(exp.LTE, size, number(LONGEST_TEXT)), whole)])


def _encode(frame: Frame, operands: Sequence[Value]) -> Value:
    source = text_of(frame, operands[0])
    encoded = url_encode(source.characters)
    fits = binary(exp.LTE, length(encoded), number(LONGEST_TEXT))
    return string(choose([(fits, encoded.copy())]))


def _lexical(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    found = lexical(frame, value)
    blank = value.rep in {Rep.ID, Rep.PACKED} and value.tags & tag_bits(Tag.BLANK)
    return string(found.sql, nullable=bool(value.nullable or blank))


def _language(frame: Frame, operands: Sequence[Value]) -> Value:
    value = operands[0]
    if value.rep is Rep.ID:
        literal = has_tag(value.sql, ~tag_bits(Tag.BLANK, Tag.IRI), value.tags)
        language: exp.Expr = text("")
        if value.tags & _LANG:
            # Inline literals have no row in the dictionary.
            language = first_known([frame.term(value, "lang"), text("")])
        is_literal_only = value.has_only(~tag_bits(Tag.BLANK, Tag.IRI))
        if is_literal_only and not value.nullable:
            return string(language, nullable=False)
        return string(choose([(literal, language)]))
    if value.rep is Rep.STRING and value.language is not None:
        return string(
            choose([(negation(is_null(value.sql)), value.language)]), nullable=value.nullable
        )
    if value.rep is Rep.PACKED:
        raise NotNative
    return string(choose([(negation(is_null(value.sql)), text(""))]), nullable=value.nullable)


def _language_matches(frame: Frame, operands: Sequence[Value]) -> Value:
    tag = lower(simple_text_of(frame, operands[0]))
    span = lower(simple_text_of(frame, operands[1]))
    any_language = binary(exp.EQ, span, text("*"))
    prefix = starts_with(tag, concat(span.copy(), text("-")))
    same = binary(exp.EQ, tag.copy(), span.copy())
    some = binary(exp.And, exp.Paren(this=any_language), binary(exp.NEQ, tag.copy(), text("")))
    other = binary(
        exp.And,
        binary(exp.NEQ, span.copy(), text("*")),
        exp.Paren(this=binary(exp.Or, same, prefix)),
    )
    return boolean(binary(exp.Or, some, other))


TEXT_FUNCTIONS: dict[str, Native] = {
    "STR": _lexical,
    "LANG": _language,
    "LANGMATCHES": _language_matches,
    "STRLEN": _string_length,
    "SUBSTR": _substring,
    "UCASE": _change_case(upper, _UPPER_SPECIAL, "UCASE"),
    "LCASE": _change_case(lower, _LOWER_SPECIAL, "LCASE"),
    "STRSTARTS": _test(starts_with),
    "STRENDS": _test(ends_with),
    "CONTAINS": _test(contains),
    "STRBEFORE": _before,
    "STRAFTER": _after,
    "CONCAT": _concat,
    "ENCODE_FOR_URI": _encode,
}
