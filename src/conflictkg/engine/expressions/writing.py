"""Values as text: packed terms, and the lexical forms in them."""

from sqlglot import exp

from conflictkg.answers import RDF_LANG_STRING, XSD
from conflictkg.engine.columns import Rep
from conflictkg.engine.dialect import (
    binary,
    cast,
    choose,
    concat,
    first_known,
    length,
    number,
    replace_text,
    split_part,
    starts_with,
    substring,
    text,
    trim_left,
    trim_right,
)
from conflictkg.engine.expressions.frame import Frame
from conflictkg.engine.expressions.payloads import (
    blank_text,
    boolean_text,
    by_tag,
    date_text,
    datetime_text,
    decimal_text,
    integer_value,
)
from conflictkg.engine.expressions.values import (
    MOMENT_TAGS,
    REP_TYPES,
    TEXT_TAGS,
    Value,
    string,
    tag_bits,
)
from conflictkg.engine.ids import DICTIONARY, Tag

_DICTIONARY_TAGS = tag_bits(*DICTIONARY)
_TYPED_TAGS = _DICTIONARY_TAGS & ~TEXT_TAGS & ~tag_bits(Tag.IRI)


def lexical(frame: Frame, value: Value) -> Value:
    """What ``STR`` gives: the lexical form or IRI; NULL for a blank node."""
    if value.rep is Rep.STRING:
        return string(value.sql, nullable=value.nullable)
    if value.rep is Rep.ID:
        return string(_lexical_of_id(frame, value, blank=None), nullable=value.nullable)
    if value.rep is Rep.PACKED:
        return string(_lexical_of_packed(value.sql), nullable=value.nullable)
    return string(_lexical_of_native(value), nullable=value.nullable)


def _lexical_of_id(frame: Frame, value: Value, blank: exp.Expr | None) -> exp.Expr:
    sql, tags = value.sql, value.tags
    cases: list[tuple[int, exp.Expr]] = []
    if tags & _DICTIONARY_TAGS:
        cases.append((_DICTIONARY_TAGS, frame.term(value, "lex")))
    cases.append((tag_bits(Tag.INTEGER), cast(integer_value(sql), "VARCHAR")))
    cases.append((tag_bits(Tag.DATE), date_text(sql)))
    cases.append((MOMENT_TAGS, datetime_text(sql, tags & MOMENT_TAGS)))
    cases.append((tag_bits(Tag.BOOLEAN), boolean_text(sql)))
    cases.append((tag_bits(Tag.DECIMAL), decimal_text(sql)))
    cases.append((tag_bits(Tag.BLANK), blank if blank is not None else exp.null()))
    return by_tag(sql, tags, cases)


def _lexical_of_packed(sql: exp.Expr) -> exp.Expr:
    after = substring(
        sql, binary(exp.Add, exp.func("STRPOS", sql.copy(), text(" "), dialect="duckdb"), number(1))
    )
    return choose(
        [
            (_starts(sql, "S", "I"), substring(sql, number(2))),
            (_starts(sql, "L", "T"), after),
        ]
    )


def _starts(sql: exp.Expr, *kinds: str) -> exp.Expr:
    first, *rest = (starts_with(sql, text(kind)) for kind in kinds)
    for other in rest:
        first = binary(exp.Or, first, other)
    return first


def _lexical_of_native(value: Value) -> exp.Expr:
    sql = value.sql
    if value.rep is Rep.BOOLEAN:
        # A cast of NULL is NULL, a CASE would answer "false".
        return cast(sql, "VARCHAR")
    if value.rep is Rep.INTEGER:
        return cast(sql, "VARCHAR")
    if value.rep is Rep.DECIMAL:
        written = cast(sql, "VARCHAR")
        if value.digits is None or value.digits[1] > 0:
            # A point is there, so the zeros that go are behind it.
            return trim_right(trim_right(written, "0"), ".")
        return written
    return double_text(sql)


def double_text(sql: exp.Expr) -> exp.Expr:
    """The canonical form of a DOUBLE or FLOAT: ``1.5E3``, ``INF``, ``NaN``."""
    written = cast(exp.Abs(this=sql), "VARCHAR")
    plain = split_part(written, "e", 1)
    digits = trim_left(replace_text(plain, ".", ""), "0")
    shortened = trim_right(digits, "0")
    zeros = binary(exp.Sub, length(replace_text(plain, ".", "")), length(digits))
    exponent = first_known(
        [exp.TryCast(this=split_part(written, "e", 2), to=exp.DataType.build("INT")), number(0)]
    )
    power = binary(
        exp.Sub,
        exp.Paren(
            this=binary(
                exp.Sub,
                exp.Paren(this=binary(exp.Add, exponent, length(split_part(plain, ".", 1)))),
                number(1),
            )
        ),
        exp.Paren(this=zeros),
    )
    fraction = first_known(
        [exp.Nullif(this=substring(shortened, number(2)), expression=text("")), text("0")]
    )
    sign = choose([(starts_with(cast(sql, "VARCHAR"), text("-")), text("-"))], text(""))
    body = concat(
        exp.Paren(this=sign),
        substring(shortened, number(1), number(1)),
        text("."),
        fraction,
        text("E"),
        cast(power, "VARCHAR"),
    )
    infinite = binary(exp.EQ, written, text("inf"))
    return choose(
        [
            (binary(exp.EQ, written, text("nan")), text("NaN")),
            (infinite, concat(exp.Paren(this=sign.copy()), text("INF"))),
            (binary(exp.EQ, sql, number(0)), concat(exp.Paren(this=sign.copy()), text("0.0E0"))),
            (exp.Not(this=exp.Paren(this=exp.Is(this=sql, expression=exp.null()))), body),
        ]
    )


def packed(frame: Frame, value: Value) -> exp.Expr:
    """A value as a packed term."""
    sql = value.sql
    if value.rep is Rep.PACKED:
        return sql
    if value.rep is Rep.STRING:
        return _packed_text(sql, value.language)
    if value.rep is not Rep.ID:
        return concat(text(f"T{REP_TYPES[value.rep]} "), _lexical_of_native(value))
    tags = value.tags
    cases: list[tuple[int, exp.Expr]] = [
        (tag_bits(Tag.INTEGER), _typed("integer", cast(integer_value(sql), "VARCHAR"))),
        (tag_bits(Tag.DATE), _typed("date", date_text(sql))),
        (MOMENT_TAGS, _typed("dateTime", datetime_text(sql, tags & MOMENT_TAGS))),
        (tag_bits(Tag.BOOLEAN), _typed("boolean", boolean_text(sql))),
        (tag_bits(Tag.DECIMAL), _typed("decimal", decimal_text(sql))),
        (tag_bits(Tag.BLANK), concat(text("B"), blank_text(sql))),
    ]
    if tags & _DICTIONARY_TAGS:
        lex = frame.term(value, "lex")
        cases += [
            (tag_bits(Tag.IRI), concat(text("I"), lex)),
            (tag_bits(Tag.STRING), concat(text("S"), lex)),
        ]
    if tags & tag_bits(Tag.LANG):
        language = frame.term(value, "lang")
        cases.append((tag_bits(Tag.LANG), concat(text("L"), language, text(" "), lex)))
    if tags & _TYPED_TAGS:
        datatype = frame.term(value, "dt")
        cases.append((_TYPED_TAGS, concat(text("T"), datatype, text(" "), lex)))
    return by_tag(sql, tags, cases)


def _typed(name: str, lexical_form: exp.Expr) -> exp.Expr:
    return concat(text(f"T{XSD}{name} "), lexical_form)


def _packed_text(sql: exp.Expr, language: exp.Expr | None) -> exp.Expr:
    if language is None:
        return concat(text("S"), sql)
    return choose(
        [(binary(exp.EQ, language, text("")), concat(text("S"), sql))],
        concat(text("L"), language, text(" "), sql),
    )


def datatype(frame: Frame, value: Value) -> exp.Expr | None:
    """IRI of the datatype as a text, NULL for what is no literal; ``None`` where it takes Python."""
    if value.rep in REP_TYPES and value.language is None:
        kind = text(REP_TYPES[value.rep])
        if not value.nullable:
            return kind
        known = exp.Not(this=exp.Paren(this=exp.Is(this=value.sql, expression=exp.null())))
        return choose([(known, kind)])
    if value.rep is Rep.STRING and value.language is not None:
        return choose(
            [
                (binary(exp.EQ, value.language, text("")), text(XSD + "string")),
                (binary(exp.NEQ, value.language, text("")), text(RDF_LANG_STRING)),
            ]
        )
    if value.rep is not Rep.ID:
        return None
    cases = [
        (tag_bits(Tag.INTEGER), text(XSD + "integer")),
        (tag_bits(Tag.DATE), text(XSD + "date")),
        (MOMENT_TAGS, text(XSD + "dateTime")),
        (tag_bits(Tag.BOOLEAN), text(XSD + "boolean")),
        (tag_bits(Tag.DECIMAL), text(XSD + "decimal")),
        (tag_bits(Tag.STRING), text(XSD + "string")),
        (tag_bits(Tag.LANG), text(RDF_LANG_STRING)),
        (tag_bits(Tag.DOUBLE), text(XSD + "double")),
    ]
    others = _TYPED_TAGS & ~tag_bits(Tag.DOUBLE)
    if value.tags & others:
        cases.append((others, frame.term(value, "dt")))
    cases.append((tag_bits(Tag.BLANK, Tag.IRI), exp.null()))
    kinds = by_tag(value.sql, value.tags, cases)
    if not value.nullable or isinstance(kinds, exp.Column):
        return kinds
    known = exp.Not(this=exp.Paren(this=exp.Is(this=value.sql, expression=exp.null())))
    return choose([(known, kinds)])
