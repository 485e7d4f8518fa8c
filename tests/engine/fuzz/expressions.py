"""Drawn expressions: mostly of the types that operators want, sometimes of any."""

from collections.abc import Callable

from conflictkg.answers import XSD, Literal

from .data import NODES, TAME, WILD, draw_literal, write_term
from .pen import Pen

Draw = Callable[[Pen, int], str]

_NUMERIC = tuple(
    each for each in TAME if each.datatype in {XSD + "integer", XSD + "decimal", XSD + "double"}
)
_NUMERIC_WILD = tuple(
    each
    for each in WILD
    if each.datatype
    in {
        XSD + name
        for name in ("integer", "decimal", "double", "float", "byte", "nonNegativeInteger")
    }
)
_STRINGS = tuple(each for each in TAME if each.datatype == XSD + "string" or each.language)
_MOMENTS = tuple(each for each in TAME if each.datatype in {XSD + "date", XSD + "dateTime"})
_HASHES = ("MD5", "SHA1", "SHA256", "SHA384", "SHA512")
_REGEXES = ("a", "^a", "b$", "^$", ".", "[a-c]+", "A", "(a)(b)?", "x{2}", "é|ë")
_REPLACEMENTS = ("", "z", "[$1]", "$0$0")


def draw_any(pen: Pen, depth: int) -> str:
    """An expression of any type."""
    return pen.pick(
        (_variable, _constant, draw_number, draw_text, draw_truth, draw_moment, _maker)
    )(pen, depth)


def draw_number(pen: Pen, depth: int) -> str:
    """An expression that is mostly a number."""
    if depth <= 0:
        return pen.pick((_variable, _number))(pen, 0)
    kind = pen.number(0, 10)
    if kind <= 1:
        return _variable(pen, depth)
    if kind == 2:
        return _number(pen, depth)
    if kind <= 4:
        operator = pen.pick(("+", "-", "*", "/"))
        return f"({draw_number(pen, depth - 1)} {operator} {draw_number(pen, depth - 1)})"
    if kind == 5:
        return f"STRLEN({draw_text(pen, depth - 1)})"
    if kind == 6:
        return f"{pen.pick(('ABS', 'CEIL', 'FLOOR', 'ROUND'))}({draw_number(pen, depth - 1)})"
    if kind == 7:
        part = pen.pick(("YEAR", "MONTH", "DAY", "HOURS", "MINUTES", "SECONDS"))
        return f"{part}({draw_moment(pen, depth - 1)})"
    if kind == 8:
        cast = pen.pick(("integer", "decimal", "double", "float"))
        return f"xsd:{cast}({draw_any(pen, depth - 1)})"
    if kind == 9:
        return f"(-{draw_number(pen, depth - 1)})"
    return _choice(pen, depth, draw_number)


def draw_text(pen: Pen, depth: int) -> str:
    """An expression that is mostly a string."""
    if depth <= 0:
        return pen.pick((_variable, _string))(pen, 0)
    inner = depth - 1
    kind = pen.number(0, 13)
    if kind <= 1:
        return pen.pick((_variable, _string))(pen, depth)
    if kind <= 3:
        return f"STR({draw_any(pen, inner)})"
    if kind == 4:
        return f"{pen.pick(('UCASE', 'LCASE', 'ENCODE_FOR_URI'))}({draw_text(pen, inner)})"
    if kind == 5:
        parts = [draw_text(pen, inner) for _ in range(pen.number(0, 3))]
        return f"CONCAT({', '.join(parts)})"
    if kind == 6:
        length = f", {pen.number(0, 3)}" if pen.chance(2) else ""
        return f"SUBSTR({draw_text(pen, inner)}, {pen.number(0, 3)}{length})"
    if kind == 7:
        function = pen.pick(("STRBEFORE", "STRAFTER"))
        return f"{function}({draw_text(pen, inner)}, {draw_text(pen, inner)})"
    if kind == 8:
        return _replace(pen, inner)
    if kind == 9:
        return f"LANG({draw_any(pen, inner)})"
    if kind == 10:
        return f"{pen.pick(_HASHES)}({draw_text(pen, inner)})"
    if kind == 11:
        return f"xsd:string({draw_any(pen, inner)})"
    if kind == 12:
        return f"TZ({draw_moment(pen, inner)})"
    return _choice(pen, depth, draw_text)


def draw_truth(pen: Pen, depth: int) -> str:
    """An expression that is mostly a boolean."""
    if depth <= 0:
        return pen.pick((_bound, _variable, _kind_test, _comparison))(pen, 0)
    inner = depth - 1
    kind = pen.number(0, 13)
    if kind <= 3:
        return _comparison(pen, depth)
    if kind == 4:
        return f"({draw_truth(pen, inner)} {pen.pick(('&&', '||'))} {draw_truth(pen, inner)})"
    if kind == 5:
        return f"(!{draw_truth(pen, inner)})"
    if kind == 6:
        return _bound(pen, depth)
    if kind == 7:
        return _kind_test(pen, depth)
    if kind == 8:
        return f"sameTerm({draw_any(pen, inner)}, {draw_any(pen, inner)})"
    if kind == 9:
        items = ", ".join(draw_any(pen, inner) for _ in range(pen.number(0, 3)))
        return f"({draw_any(pen, inner)} {pen.pick(('IN', 'NOT IN'))} ({items}))"
    if kind == 10:
        return _text_test(pen, inner)
    if kind == 11:
        return pen.pick(_RANDOM)
    if kind == 12:
        return f"xsd:boolean({draw_any(pen, inner)})"
    return _choice(pen, depth, draw_truth)


_RANDOM = (
    "(RAND() < 1)",
    "isIRI(UUID())",
    "(STRLEN(STRUUID()) = 36)",
    "(DATATYPE(NOW()) = xsd:dateTime)",
    "isBlank(BNODE())",
    '(BNODE("a") = BNODE("a"))',
)
"""What is different each time, asked in a way that is not."""


def draw_moment(pen: Pen, depth: int) -> str:
    """An expression that is mostly a date or a time."""
    if depth <= 0 or pen.chance(2):
        return pen.pick((_variable, _moment))(pen, 0)
    cast = pen.pick(("dateTime", "date"))
    return f"xsd:{cast}({draw_any(pen, depth - 1)})"


def _variable(pen: Pen, depth: int) -> str:
    return pen.variable()


def _constant(pen: Pen, depth: int) -> str:
    return write_term(pen.pick(NODES) if pen.chance(4) else draw_literal(pen))


def _number(pen: Pen, depth: int) -> str:
    return write_term(pen.pick(_NUMERIC_WILD if pen.is_wild else _NUMERIC))


def _string(pen: Pen, depth: int) -> str:
    return write_term(pen.pick(_STRINGS))


def _moment(pen: Pen, depth: int) -> str:
    return write_term(pen.pick(_MOMENTS))


def _bound(pen: Pen, depth: int) -> str:
    return f"BOUND({pen.variable()})"


def _kind_test(pen: Pen, depth: int) -> str:
    function = pen.pick(("isIRI", "isBlank", "isLiteral", "isNumeric", "isURI"))
    return f"{function}({draw_any(pen, depth - 1)})"


def _comparison(pen: Pen, depth: int) -> str:
    sides: tuple[Draw, ...] = (_variable, draw_number, draw_text, draw_moment, draw_any)
    left, right = (pen.pick(sides)(pen, depth - 1) for _ in range(2))
    return f"({left} {pen.pick(('=', '!=', '<', '>', '<=', '>='))} {right})"


def _text_test(pen: Pen, inner: int) -> str:
    kind = pen.number(0, 4)
    if kind <= 1:
        function = pen.pick(("CONTAINS", "STRSTARTS", "STRENDS"))
        return f"{function}({draw_text(pen, inner)}, {draw_text(pen, inner)})"
    if kind == 2:
        wanted = pen.pick(("en", "*", "fr", "en-GB"))
        return f'LANGMATCHES(LANG({pen.variable()}), "{wanted}")'
    flags = pen.pick(("", ', "i"', ', "s"'))
    return f'REGEX({draw_text(pen, inner)}, "{pen.pick(_REGEXES)}"{flags})'


def _replace(pen: Pen, inner: int) -> str:
    pattern = pen.pick(("a", "[a-c]", "(a)(b)?", "b$", "A"))
    flags = ', "i"' if pen.chance(3) else ""
    replacement = pen.pick(_REPLACEMENTS)
    return f'REPLACE({draw_text(pen, inner)}, "{pattern}", "{replacement}"{flags})'


def _choice(pen: Pen, depth: int, draw: Draw) -> str:
    if pen.chance(2):
        parts = [draw(pen, depth - 1) for _ in range(pen.number(1, 3))]
        return f"COALESCE({', '.join(parts)})"
    test = draw_truth(pen, depth - 1)
    return f"IF({test}, {draw(pen, depth - 1)}, {draw(pen, depth - 1)})"


def _maker(pen: Pen, depth: int) -> str:
    """What makes terms."""
    kind = pen.number(0, 4)
    if kind == 0:
        return f"DATATYPE({draw_any(pen, depth - 1) if depth > 0 else pen.variable()})"
    if kind == 1:
        return f"IRI({write_term(Literal(NODES[0].value))})"
    if kind == 2:
        return f'STRLANG({draw_text(pen, depth - 1)}, "en")'
    if kind == 3:
        return f"STRDT({draw_text(pen, depth - 1)}, xsd:{pen.pick(('integer', 'string', 'date'))})"
    return f"TIMEZONE({draw_moment(pen, depth - 1)})"
