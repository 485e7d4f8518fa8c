r"""``REGEX`` and ``REPLACE``: always in SQL, where matching takes linear time and can be interrupted.

The regular expressions are RE2's. They lack what XPath has beyond them: subtraction in character
classes, ``\i`` and ``\c``, names of Unicode blocks. A constant one that RE2 does not take is refused
with RE2's reason; one that is computed is an error for its row.
"""

import re
from collections.abc import Sequence

from sqlglot import exp

from conflictkg.answers import Literal
from conflictkg.engine.algebra import Place
from conflictkg.engine.dialect import (
    binary,
    call,
    choose,
    concat,
    contains,
    ends_with,
    escape_pattern,
    guarded,
    length,
    matches,
    negation,
    number,
    pattern_problem,
    replace_all,
    starts_with,
    text,
)
from conflictkg.engine.expressions.frame import Frame
from conflictkg.engine.expressions.texts import LONGEST_TEXT, simple_text_of, text_of
from conflictkg.engine.expressions.values import Value, boolean, tagged_text
from conflictkg.errors import QuerySyntaxError

_FLAGS = frozenset("ismxq")
_PLAIN = re.compile(r"[\w\s,;:!@#%&=<>\"'`~/-]*")
_SPACE = re.compile(r"[\t\n\r ]")


def regex(frame: Frame, operands: Sequence[Value], place: Place | None) -> Value:
    """``REGEX``.

    Raises:
        QuerySyntaxError: The pattern or the flags are constant and wrong.
    """
    source = text_of(frame, operands[0])
    pattern, flags = _constants(operands[1:])
    if pattern is not None and flags is not None:
        found = _test_constant(source.characters, pattern, flags, place)
        return boolean(found, nullable=source.nullable)
    written = _written_pattern(frame, operands[1:], place)
    return boolean(guarded(matches(source.characters, written)))


def _constants(operands: Sequence[Value]) -> tuple[str | None, str | None]:
    pattern = _constant(operands[0])
    flags = _constant(operands[1]) if len(operands) > 1 else ""
    return pattern, flags


def _constant(value: Value) -> str | None:
    term = value.term
    return term.lexical if isinstance(term, Literal) and value.language is None else None


def _test_constant(source: exp.Expr, pattern: str, flags: str, place: Place | None) -> exp.Expr:
    written = _translate(pattern, flags, place)
    if "i" not in flags and "x" not in flags:
        if "q" in flags or _PLAIN.fullmatch(pattern):
            return contains(source, text(pattern))
        if pattern.startswith("^") and _PLAIN.fullmatch(pattern[1:]) and "m" not in flags:
            return starts_with(source, text(pattern[1:]))
        if pattern.endswith("$") and _PLAIN.fullmatch(pattern[:-1]) and "m" not in flags:
            return ends_with(source, text(pattern[:-1]))
    return matches(source, text(written))


def _translate(pattern: str, flags: str, place: Place | None) -> str:
    wrong = sorted(set(flags) - _FLAGS)
    if wrong:
        raise _refusal(
            f'"{wrong[0]}" is no flag of a regular expression; there are i, s, m, x, q', place
        )
    if "q" in flags:
        pattern = re.sub(r"([^\w\s])", r"\\\1", pattern)
    elif "x" in flags:
        pattern = _SPACE.sub("", pattern)
    written = _prefix(flags) + pattern
    problem = pattern_problem(written)
    if problem:
        raise _refusal(f'the regular expression "{pattern}" cannot be used: {problem}', place)
    return written


def _prefix(flags: str) -> str:
    chosen = "".join(flag for flag in "ims" if flag in flags and not ("q" in flags and flag != "i"))
    return f"(?{chosen})" if chosen else ""


def _refusal(problem: str, place: Place | None) -> QuerySyntaxError:
    return (
        QuerySyntaxError(problem, place.line, place.column) if place else QuerySyntaxError(problem)
    )


def _written_pattern(frame: Frame, operands: Sequence[Value], place: Place | None) -> exp.Expr:
    """A computed pattern as RE2 reads it; NULL where its flags are wrong."""
    pattern = simple_text_of(frame, operands[0])
    if len(operands) == 1:
        return pattern
    constant = _constant(operands[1])
    if constant is not None:
        if set(constant) - _FLAGS:
            _translate("", constant, place)
        if "q" in constant:
            pattern = escape_pattern(pattern)
        elif "x" in constant:
            pattern = call("REGEXP_REPLACE", pattern, text(r"[\t\n\r ]"), text(""), text("g"))
        prefix = _prefix(constant)
        return concat(text(prefix), pattern) if prefix else pattern
    flags = simple_text_of(frame, operands[1])
    is_literal = contains(flags, text("q"))
    stripped = call("REGEXP_REPLACE", pattern, text(r"[\t\n\r ]"), text(""), text("g"))
    body = choose(
        [(is_literal, escape_pattern(pattern)), (contains(flags, text("x")), stripped)], pattern
    )
    parts: list[exp.Expr] = [choose([(contains(flags, text("i")), text("(?i)"))], text(""))]
    for flag in "ms":
        wanted = binary(exp.And, contains(flags, text(flag)), negation(is_literal))
        parts.append(choose([(wanted, text(f"(?{flag})"))], text("")))
    known = matches(flags, text("^[ismxq]*$"))
    return choose([(known, concat(*(exp.Paren(this=part) for part in (*parts, body))))])


def replace(frame: Frame, operands: Sequence[Value], place: Place | None) -> Value:
    """``REPLACE``.

    A pattern that matches the empty text is an error, as XPath has it.

    Raises:
        QuerySyntaxError: The pattern or the flags are constant and wrong.
    """
    source = text_of(frame, operands[0])
    given = [operands[1], *operands[3:]]
    pattern, flags = _constants(given)
    if pattern is not None and flags is not None:
        written: exp.Expr = text(_translate(pattern, flags, place))
    else:
        written = _written_pattern(frame, given, place)
    replacement = _replacement(frame, operands[2], given)
    whole = guarded(
        choose(
            [
                (
                    negation(matches(text(""), written)),
                    replace_all(source.characters, written, replacement),
                )
            ]
        )
    )
    # Each step of a nest of REPLACE is checked, so none starts from more than this.
    fits = choose([(binary(exp.LTE, length(whole), number(LONGEST_TEXT)), whole)])
    return tagged_text(fits, source.language)


def _replacement(frame: Frame, value: Value, given: Sequence[Value]) -> exp.Expr:
    r"""The replacement as RE2 reads it: groups are ``\1``, a backslash is doubled; NULL if it is wrong."""
    flags = _constant(given[1]) if len(given) > 1 else ""
    constant = _constant(value)
    if constant is not None and flags is not None:
        converted = (
            constant.replace("\\", "\\\\") if "q" in flags else _convert_replacement(constant)
        )
        return exp.null() if converted is None else text(converted)
    plain = simple_text_of(frame, value)
    doubled = call("REPLACE", plain, text("\\"), text("\\\\"))
    if flags is not None and "q" in flags:
        return doubled
    # Only $ and digit, \$ and \\ may stand in it.
    well_formed = matches(plain, text(r"^(?s)(?:[^$\\]|\$[0-9]|\\[$\\])*$"))
    # A doubled backslash stays; a dollar that stands for itself is hidden from the groups.
    hidden = call("REPLACE", plain, text("\\$"), text("\x01"))
    groups = call("REGEXP_REPLACE", hidden, text(r"\$([0-9])"), text("\\\\\\1"), text("g"))
    converted_sql = choose([(well_formed, call("REPLACE", groups, text("\x01"), text("$")))])
    if flags is not None:
        return converted_sql
    is_literal = contains(simple_text_of(frame, given[1]), text("q"))
    return choose([(is_literal, doubled)], converted_sql)


def _convert_replacement(replacement: str) -> str | None:
    parts = []
    position = 0
    while position < len(replacement):
        pair = replacement[position : position + 2]
        if pair[0] == "$":
            if len(pair) < 2 or pair[1] not in "0123456789":
                return None
            parts.append("\\" + pair[1])
            position += 2
        elif pair[0] == "\\":
            if pair not in {"\\$", "\\\\"}:
                return None
            parts.append("$" if pair[1] == "$" else "\\\\")
            position += 2
        else:
            parts.append(pair[0])
            position += 1
    return "".join(parts)
