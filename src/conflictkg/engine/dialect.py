"""The one place that knows which SQL engine runs a plan.

Everybody else builds trees from these functions. Where DuckDB and Spark only spell a function
differently sqlglot's generators know it; what they do not know is renamed or rewritten here, when a
tree becomes text (:func:`to_sql`).
"""

import re
from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import ErrorLevel, exp

from conflictkg.errors import QueryError

_PRECEDENCE_FREE = (
    exp.Column,
    exp.Literal,
    exp.Func,
    exp.Paren,
    exp.Cast,
    exp.Identifier,
    exp.Boolean,
    exp.Null,
    exp.Bracket,
    exp.Dot,
    exp.Array,
    exp.Window,
    exp.Subquery,
)
_BINARY_FUNCTIONS = (exp.And, exp.Or, exp.Xor, exp.Case)
HUGE_DIGITS = 38
"""Digits of the widest exact number."""


def to_sql(tree: exp.Expr, dialect: str = "duckdb", *, is_kept: bool = True) -> str:
    """The text of a tree.

    Args:
        tree: It is not changed, unless it is not kept.
        dialect: ``"duckdb"`` or ``"spark"``.
        is_kept: Whether anybody needs the tree afterwards: else it is not copied first, which takes a
            third of the time.

    Raises:
        sqlglot.errors.UnsupportedError: The dialect has no such construct.
        QueryError: The tree is deeper than its generator can follow.

    >>> to_sql(contains(exp.column("a"), text("b")))
    "CONTAINS(a, 'b')"
    >>> to_sql(byte_length(exp.column("a")), "spark")
    'OCTET_LENGTH(a)'
    """
    try:
        if dialect == "duckdb":
            return str(tree.sql("duckdb", copy=is_kept))
        return str(_rewritten(tree.copy()).sql(dialect, unsupported_level=ErrorLevel.RAISE))
    except RecursionError:
        raise QueryError("the query is nested too deep to be run; split it up") from None


_BLANKS = "\u0020\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""What DuckDB's TRIM takes away: the separators of Unicode's class Zs. Spark's knows the first alone."""
_SPARK_NAMES = {
    "STRLEN": "OCTET_LENGTH",
    "EPOCH_US": "UNIX_MICROS",
}


def _java_replacement(value: exp.Expr) -> exp.Expr:
    r"""What stands for a match, as Java writes it: groups are ``$1`` there, and a dollar sign is ``\$``."""
    if isinstance(value, exp.Literal):
        written = re.sub(
            r"\\(.)|\$", lambda found: _JAVA.get(found[0]) or _group(found), value.name
        )
        return text(written)
    # One backslash is written as two: they wait as a character that no text has.
    waiting = exp.Chr(expressions=[number(1)])
    marked = exp.func("REPLACE", value, text("\\\\"), waiting)
    groups = exp.RegexpReplace(
        this=replace_text(marked, "$", r"\$"),
        expression=text(r"\\([0-9])"),
        replacement=text(r"\$$1"),
    )
    return exp.func("REPLACE", groups, waiting.copy(), text("\\\\"))


_JAVA = {"$": r"\$", "\\\\": "\\\\"}


def _group(found: re.Match[str]) -> str:
    return f"${found[1]}" if found[1].isdigit() else found[0]


def _rewritten(tree: exp.Expr) -> exp.Expr:
    """A tree as Spark understands it; parts first, so that what stands in the place of a node is rewritten too."""
    for node in reversed(list(tree.bfs())):
        new = _for_spark(node)
        if node is tree:
            tree = new
        elif new is not node:
            node.replace(new)
    return tree


def _inlined(node: exp.Bracket) -> exp.Expr | None:
    """What :func:`let` made, with each value in the place of its name, if Python computes in it."""
    made = node.this
    if not isinstance(made, exp.Transform) or not isinstance(made.expression, exp.Lambda):
        return None
    function = made.expression
    if not any(each.name.upper().startswith("CKG_") for each in function.find_all(exp.Anonymous)):
        return None
    (row,) = made.this.expressions
    values = {each.name: each.expression for each in row.expressions}
    (name,) = (each.name for each in function.expressions)

    def put_in(each: exp.Expr) -> exp.Expr:
        is_bound = isinstance(each, exp.Dot) and each.this.name == name
        return exp.Paren(this=values[each.expression.name].copy()) if is_bound else each

    # In parentheses, so that the body itself can be replaced.
    whole: exp.Expr = exp.Paren(this=function.this.copy()).transform(put_in, copy=False)
    return whole


def _for_spark(node: exp.Expr) -> exp.Expr:
    if isinstance(node, exp.Bracket):
        # Spark lets no function in Python stand in a lambda. Nothing random has a name there.
        return _inlined(node) or node
    if isinstance(node, exp.Try):
        # Spark has no TRY for any expression. What stands in one here fails in Spark for a pattern
        # that is computed and wrong, or a number past 38 digits.
        inner: exp.Expr = node.this
        return inner
    if isinstance(node, exp.ArrayAgg) and node.args.get("nulls_excluded") is False:
        # Spark's lists leave out NULL; a row of one value is none.
        item = exp.PropertyEQ(this=exp.to_identifier("item"), expression=node.this)
        rows = exp.ArrayAgg(this=exp.Struct(expressions=[item]))
        row = exp.to_identifier("row")
        return exp.Transform(
            this=rows, expression=exp.Lambda(this=bound("row", "item"), expressions=[row])
        )
    if isinstance(node, exp.Trim) and node.args.get("expression") is None:
        return exp.Trim(
            this=node.this, expression=text(_BLANKS), position=node.args.get("position") or "BOTH"
        )
    if isinstance(node, exp.RegexpReplace) and node.args.get("replacement") is not None:
        node.set("replacement", _java_replacement(node.args["replacement"]))
        return node
    if isinstance(node, exp.DataType) and node.this is exp.DataType.Type.INT128:
        return exp.DataType.build(f"DECIMAL({HUGE_DIGITS}, 0)")
    if isinstance(node, exp.Anonymous):
        name = str(node.this).upper()
        if name in _SPARK_NAMES:
            return exp.Anonymous(this=_SPARK_NAMES[name], expressions=node.expressions)
        if name == "REGEXP_ESCAPE":
            body = replace_text(node.expressions[0], r"\E", r"\E\\E\Q")
            return exp.Paren(this=concat(text(r"\Q"), body, text(r"\E")))
        if name == "URL_ENCODE":
            # Spark writes a blank as "+" and leaves "*".
            plus = exp.func(
                "REPLACE", exp.func("URL_ENCODE", node.expressions[0]), text("+"), text("%20")
            )
            star = exp.func("REPLACE", plus, text("*"), text("%2A"))
            return exp.func("REPLACE", star, text("%7E"), text("~"))
    return node


# Literals and operators


def text(value: str) -> exp.Expr:
    """A text."""
    return exp.Literal(this=value, is_string=True)


def number(value: int) -> exp.Expr:
    """A whole number, in parentheses below zero."""
    literal = exp.Literal(this=str(abs(value)), is_string=False)
    return exp.Paren(this=exp.Neg(this=literal)) if value < 0 else literal


def double(value: float) -> exp.Expr:
    """A DOUBLE."""
    return cast(text(repr(value)), "DOUBLE")


def cast(value: exp.Expr, kind: str) -> exp.Expr:
    """A value as another type; it must be one that fits."""
    return exp.Cast(this=value, to=_type(kind).copy())


def try_cast(value: exp.Expr, kind: str) -> exp.Expr:
    """A value as another type, NULL where it does not fit."""
    return exp.TryCast(this=value, to=_type(kind).copy())


@lru_cache(maxsize=256)
def _type(kind: str) -> exp.DataType:
    # Building one takes a parser.
    return exp.DataType.build(kind, dialect="duckdb")


def guarded(value: exp.Expr) -> exp.Expr:
    """The value, NULL where computing it fails. Nothing random may stand in it."""
    return exp.Try(this=value)


def wrapped(value: exp.Expr) -> exp.Expr:
    """The value, in parentheses if an operator around it could tear it apart."""
    if isinstance(value, _BINARY_FUNCTIONS) or not isinstance(value, _PRECEDENCE_FREE):
        return exp.Paren(this=value)
    return value


def binary(kind: type[exp.Binary], left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """Two values and an operator between them."""
    return kind(this=wrapped(left), expression=wrapped(right))


def negation(condition: exp.Expr) -> exp.Expr:
    """``NOT``."""
    return exp.Not(this=wrapped(condition))


def is_null(value: exp.Expr) -> exp.Expr:
    """``IS NULL``."""
    return exp.Is(this=wrapped(value), expression=exp.null())


def is_not_null(value: exp.Expr) -> exp.Expr:
    """``IS NOT NULL``."""
    return exp.Not(this=exp.Paren(this=is_null(value)))


def between(value: exp.Expr, low: int, high: int) -> exp.Expr:
    """Whether a number is in a range, both ends included."""
    return exp.Between(this=wrapped(value), low=number(low), high=number(high))


def junction(kind: type[exp.Connector], parts: Sequence[exp.Expr]) -> exp.Expr:
    """Conditions joined by AND or OR, in a balanced tree because generators recurse."""
    if not parts:
        return exp.true() if kind is exp.And else exp.false()
    if len(parts) == 1:
        return parts[0]
    middle = len(parts) // 2
    return kind(
        this=wrapped(junction(kind, parts[:middle])),
        expression=wrapped(junction(kind, parts[middle:])),
    )


def choose(
    branches: Sequence[tuple[exp.Expr, exp.Expr]],
    otherwise: exp.Expr | None = None,
) -> exp.Expr:
    """``CASE``: the value of the first condition that is true, else ``otherwise`` or NULL."""
    if not branches:
        return otherwise if otherwise is not None else exp.null()
    return exp.Case(
        ifs=[exp.If(this=condition, true=value) for condition, value in branches],
        default=otherwise,
    )


def first_known(values: Sequence[exp.Expr]) -> exp.Expr:
    """The first value that is not NULL."""
    return exp.Coalesce(this=values[0], expressions=list(values[1:]))


def let(bindings: Sequence[tuple[str, exp.Expr]], name: str, body: exp.Expr) -> exp.Expr:
    """A value computed once and used several times.

    Args:
        bindings: Name and value of each.
        name: Of the row that ``body`` sees: it reads them with :func:`bound`.
        body: What is made of them; no subquery may stand in it.
    """
    row = exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(each), expression=value)
            for each, value in bindings
        ]
    )
    function = exp.Lambda(this=body, expressions=[exp.to_identifier(name)])
    rows = exp.Transform(this=exp.Array(expressions=[row]), expression=function)
    # Counted from 1, as DuckDB does: to change that sqlglot looks through the whole tree for its types.
    return exp.Bracket(this=rows, expressions=[number(1)], offset=1)


def bound(name: str, item: str) -> exp.Expr:
    """One of the values of :func:`let`."""
    return exp.Dot(this=exp.to_identifier(name), expression=exp.to_identifier(item))


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """A function by its name in DuckDB."""
    return exp.func(name, *arguments, dialect="duckdb", copy=False)


def array(items: Sequence[exp.Expr], kind: str) -> exp.Expr:
    """A list of these; ``kind`` is the type of its items."""
    return cast(exp.Array(expressions=list(items)), f"{kind}[]")


# Texts


def concat(*parts: exp.Expr) -> exp.Expr:
    """Texts one after the other; NULL if one is."""
    whole = wrapped(parts[0])
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=wrapped(part))
    return whole


def length(value: exp.Expr) -> exp.Expr:
    """Of a text, in code points."""
    return call("LENGTH", value)


def byte_length(value: exp.Expr) -> exp.Expr:
    """Of a text in UTF-8."""
    return call("STRLEN", value)


def contains(value: exp.Expr, part: exp.Expr) -> exp.Expr:
    """Whether a text holds another."""
    # DuckDB has this function for lists too, and asks which one is meant where nothing says.
    typed = (
        cast(each, "VARCHAR") if isinstance(each, exp.Null) else each for each in (value, part)
    )
    return call("CONTAINS", *typed)


def starts_with(value: exp.Expr, part: exp.Expr) -> exp.Expr:
    """Whether a text starts with another."""
    return call("STARTS_WITH", value, part)


def ends_with(value: exp.Expr, part: exp.Expr) -> exp.Expr:
    """Whether a text ends with another."""
    return call("ENDS_WITH", value, part)


def position(value: exp.Expr, part: exp.Expr) -> exp.Expr:
    """Where a text first holds another, counted from 1; 0 where it does not."""
    return call("STRPOS", value, part)


def substring(value: exp.Expr, start: exp.Expr, size: exp.Expr | None = None) -> exp.Expr:
    """Part of a text; ``start`` is counted from 1 and not less."""
    return call("SUBSTRING", value, start, *([size] if size is not None else []))


def replace_text(value: exp.Expr, old: str, new: str) -> exp.Expr:
    """A text with each occurrence of one text replaced."""
    return call("REPLACE", value, text(old), text(new))


def trim_right(value: exp.Expr, characters: str) -> exp.Expr:
    """A text without these characters at its end."""
    return call("RTRIM", value, text(characters))


def trim_left(value: exp.Expr, characters: str) -> exp.Expr:
    """A text without these characters at its start."""
    return call("LTRIM", value, text(characters))


def split_part(value: exp.Expr, separator: str, index: int) -> exp.Expr:
    """A part of a text, counted from 1; empty where there are fewer."""
    return call("SPLIT_PART", value, text(separator), number(index))


def lower(value: exp.Expr) -> exp.Expr:
    """Lower case, a character at a time."""
    return call("LOWER", value)


def upper(value: exp.Expr) -> exp.Expr:
    """Upper case, a character at a time."""
    return call("UPPER", value)


def url_encode(value: exp.Expr) -> exp.Expr:
    """Percent-encoded but for letters, digits and ``-_.~``."""
    return call("URL_ENCODE", value)


def md5(value: exp.Expr) -> exp.Expr:
    """MD5 in hexadecimal."""
    return call("MD5", value)


# Regular expressions


def matches(value: exp.Expr, pattern: exp.Expr) -> exp.Expr:
    """Whether a regular expression of RE2 (Java's in Spark) is found in a text."""
    return call("REGEXP_MATCHES", value, pattern)


def replace_all(value: exp.Expr, pattern: exp.Expr, replacement: exp.Expr) -> exp.Expr:
    r"""A text with all matches of a regular expression replaced; groups are written ``\1``."""
    return call("REGEXP_REPLACE", value, pattern, replacement, text("g"))


def escape_pattern(value: exp.Expr) -> exp.Expr:
    """The regular expression that only this text matches."""
    return call("REGEXP_ESCAPE", value)


def pattern_problem(pattern: str) -> str:
    """What RE2 has against a regular expression; empty for none.

    Asked of the RE2 inside of Arrow, so that no database is needed.

    >>> pattern_problem("a(b")
    'missing ): a(b'
    >>> pattern_problem("a|b")
    ''
    """
    try:
        pc.match_substring_regex(pa.array([""]), pattern=pattern)
    except pa.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return ""


# Moments


def moment(microseconds: exp.Expr) -> exp.Expr:
    """A TIMESTAMP from microseconds since 1970."""
    return call("MAKE_TIMESTAMP", microseconds)


def day(days: exp.Expr) -> exp.Expr:
    """A DATE from days since 1970."""
    epoch = cast(text("1970-01-01"), "DATE")
    return exp.Add(this=epoch, expression=cast(days, "INTEGER"))


def part_of(name: str, value: exp.Expr) -> exp.Expr:
    """``YEAR``, ``MONTH``, ``DAY``, ``HOUR``, ``MINUTE`` or ``SECOND`` of a date or timestamp."""
    return call(name, value)


def now_microseconds() -> exp.Expr:
    """When the query began, in microseconds since 1970."""
    return call("EPOCH_US", call("NOW"))


# Random values


def random_double() -> exp.Expr:
    """From 0 to 1, without 1."""
    return exp.Rand()


def random_uuid() -> exp.Expr:
    """A UUID as text."""
    return cast(exp.Uuid(), "VARCHAR")
