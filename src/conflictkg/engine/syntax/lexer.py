r"""SPARQL text cut into tokens, by the grammar's rule of the longest match.

Tokens come as they are asked for, so that a text is read no further than its first error. Nesting is
limited here, where it is seen first: what reads an algebra later may recurse.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping

from conflictkg.engine.syntax.functions import AGGREGATES, FUNCTIONS
from conflictkg.errors import QuerySyntaxError, QueryTooComplexError

MAX_NESTING = 100
"""Brackets inside brackets, or signs in a row."""

MAX_SHOWN = 80
"""Characters of a token that a message shows."""

Token = tuple[str, int]
"""The text of a token, and its offset."""

# PN_CHARS_BASE and PN_CHARS of the grammar.
_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_NAME_CHARS = _BASE + "_0-9\u00b7\u0300-\u036f\u203f\u2040"
_CHARS = _NAME_CHARS + "\\-"
_PREFIX_NAME = f"(?:[{_BASE}][{_CHARS}]*+(?:\\.++[{_CHARS}]++)*+)?+"
_ESCAPED = r"%[0-9A-Fa-f]{2}|\\[-_~.!$&'()*+,;=/?#@%]"
_LOCAL = f"(?:[{_BASE}_:0-9]|{_ESCAPED})(?:[{_CHARS}:]|{_ESCAPED})*+(?:\\.++(?:[{_CHARS}:]|{_ESCAPED})++)*+"
_STRING = (
    r'"""(?:"{0,2}(?:[^"\\]|\\.))*+"""|\'\'\'(?:\'{0,2}(?:[^\'\\]|\\.))*+\'\'\''
    r'|(?!""")"(?:[^"\\\r\n]|\\[^\r\n])*+"|(?!\'\'\')\'(?:[^\'\\\r\n]|\\[^\r\n])*+\''
)
_IRI = r'<[^<>"{}|^`\x00-\x20]*+>'
_COMMENT = r"\#[^\r\n]*+"
_EXPONENT = "[eE][+-]?[0-9]++"
_TOKEN = re.compile(
    rf"[ \t\r\n]*+(?:{_COMMENT}[ \t\r\n]*+)*+(?:"
    + "|".join(
        (
            f"(?P<VAR>[?$][{_BASE}_0-9][{_NAME_CHARS}]*+)",
            f"(?P<PNAME>{_PREFIX_NAME}:(?:{_LOCAL})?+)",
            r"(?P<WORD>[A-Za-z][A-Za-z0-9_]*+)",
            f"(?P<IRIREF>{_IRI})",
            f"(?P<BLANK>_:[{_BASE}_0-9][{_CHARS}]*+(?:\\.++[{_CHARS}]++)*+)",
            f"(?P<STRING>{_STRING})",
            f"(?P<SIGNED>[+-](?:[0-9]++(?:\\.[0-9]++(?!{_EXPONENT})|\\.[0-9]*+{_EXPONENT}|{_EXPONENT})?+"
            f"|\\.[0-9]++(?:{_EXPONENT})?+))",
            f"(?P<DOUBLE>(?:[0-9]++(?:\\.[0-9]*+)?+|\\.[0-9]++){_EXPONENT})",
            r"(?P<DECIMAL>[0-9]*+\.[0-9]++)",
            r"(?P<INTEGER>[0-9]++)",
            r"(?P<LANGTAG>@[A-Za-z]++(?:-[A-Za-z0-9]++)*+)",
            r"(?P<OPEN>[{(\[])",
            r"(?P<CLOSE>[})\]])",
            r"(?P<MARK>&&|\|\||[!<>]=|\^\^|[-+*/!=<>.,;|^?])",
            r"(?P<END>\Z)",
            r"(?P<STRAY>.)",
        )
    )
    + ")",
    re.DOTALL,
)
_KEPT = re.compile(f"{_STRING}|{_IRI}|{_COMMENT}", re.DOTALL)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_HINTS = {
    "&": "And is &&.",
    "\ufeff": "It is the mark that some editors put before a text: take it away.",
    **dict.fromkeys("“”„«»‘’", "Strings stand in straight quotation marks: \"…\" or '…'."),
}
_PARTNERS = {")": "(", "}": "{", "]": "["}


class Source:
    """A text and where its lines begin; codepoint escapes that stand for names are decoded.

    Args:
        original: The text as it came. Offsets of tokens are those of :attr:`text`; lines and columns
            are those of the original.
    """

    def __init__(self, original: str) -> None:
        self.original = original
        self.text = original
        self._moved: list[int] = []
        self._shift: list[int] = []
        self._lines: list[int] | None = None
        if "\\u" in original or "\\U" in original:
            self._decode()

    def locate(self, offset: int) -> tuple[int, int]:
        r"""Line and column of an offset, both from 1.

        >>> Source("ab\ncd").locate(4)
        (2, 2)
        """
        offset = self.original_offset(offset)
        if self._lines is None:
            self._lines = [0, *(match.end() for match in re.finditer("\n", self.original))]
        line = bisect_right(self._lines, offset)
        return line, offset - self._lines[line - 1] + 1

    def original_offset(self, offset: int) -> int:
        """Where the character stood before escapes were decoded."""
        index = bisect_right(self._moved, offset)
        return offset + (self._shift[index - 1] if index else 0)

    def error(self, problem: str, offset: int, token: str = "", hint: str = "") -> QuerySyntaxError:
        """An error at a place of the text; a token that is very long is shown with its beginning."""
        end = self.original_offset(offset + len(token)) if token else None
        if len(token) > MAX_SHOWN:
            problem = problem.replace(token, f"{token[:MAX_SHOWN]}…")
            hint = hint.replace(token, f"{token[:MAX_SHOWN]}…")
            token = f"{token[:MAX_SHOWN]}…"
        line, column = self.locate(offset)
        return QuerySyntaxError(
            problem,
            line,
            column,
            offset=self.original_offset(offset),
            end=end,
            token=token,
            hint=hint,
        )

    def too_complex(self, problem: str, limit: str, most: int, offset: int) -> QueryTooComplexError:
        """An error at a place of the text that is one too many of something."""
        line, column = self.locate(offset)
        return QueryTooComplexError(
            problem, limit, most, line, column, offset=self.original_offset(offset)
        )

    def _decode(self) -> None:
        # Those in strings and IRIs are read with them: decoded here, a quotation mark would end them.
        parts: list[str] = []
        place = length = 0
        while place < len(self.original):
            match = _KEPT.match(self.original, place) or _ESCAPE.match(self.original, place)
            if match is None:
                stop = _NEXT.search(self.original, place + 1)
                piece = self.original[place : stop.start() if stop else None]
                place += len(piece)
            elif match.re is _KEPT:
                piece, place = match[0], match.end()
            else:
                piece, place = self._decode_one(match), match.end()
                self._moved.append(length + 1)
                self._shift.append(place - length - 1)
            parts.append(piece)
            length += len(piece)
        self.text = "".join(parts)

    def _decode_one(self, match: re.Match[str]) -> str:
        try:
            return decode_escape(match)
        except ValueError:
            before = self.original.count("\n", 0, match.start())
            column = match.start() - self.original.rfind("\n", 0, match.start())
            raise QuerySyntaxError(
                f"{match[0]} is no character.",
                before + 1,
                column,
                offset=match.start(),
                end=match.end(),
                token=match[0],
            ) from None


_NEXT = re.compile(r"""["'<#\\]""")


def decode_escape(match: re.Match[str]) -> str:
    r"""The character of ``\u0041`` or ``\U00000041``.

    Raises:
        ValueError: It is none: half of a surrogate pair, or past the end of Unicode.
    """
    number = int(match[1] or match[2], 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise ValueError(match[0])
    return chr(number)


class Lexer:
    """The tokens of a text.

    Args:
        source: The text.
        words: Words, in capitals, and marks, with the names of their tokens.
    """

    def __init__(self, source: Source, words: Mapping[str, str]) -> None:
        self.source = source
        self._words = words
        self.open: list[Token] = []
        """The brackets that are open now."""
        self.closed_by = -1
        """Offset of the bracket that closed one last."""

    def __iter__(self) -> Iterator[tuple[str, Token]]:
        words, opened = self._words, self.open
        signs = 0
        for match in _TOKEN.finditer(self.source.text):
            kind = match.lastgroup or ""
            text = match[kind]
            token = (text, match.start(kind))
            if kind == "WORD":
                kind = word_kind(text, words)
            elif kind == "PNAME":
                if text.find(":") == len(text) - 1:
                    kind = "PNAME_NS"
            elif kind == "MARK":
                kind = words.get(text, "STRAY")
                signs = signs + 1 if text in "!+-" else 0
                if signs > MAX_NESTING:
                    raise self._too_deep(token[1])
                yield kind, token
                continue
            elif kind == "OPEN":
                opened.append(token)
                if len(opened) > MAX_NESTING:
                    raise self._too_deep(token[1])
                kind = words[text]
            elif kind == "CLOSE":
                # One that does not fit is an error of the parser, which tells of the open one.
                if opened and opened[-1][0] == _PARTNERS[text]:
                    opened.pop()
                    self.closed_by = token[1]
                kind = words[text]
            elif kind == "STRAY":
                raise self._stray(*token)
            elif kind == "END":
                break
            signs = 0
            yield kind, token
        yield "$END", ("", len(self.source.text.rstrip()))

    def _too_deep(self, offset: int) -> QueryTooComplexError:
        return self.source.too_complex(
            f"nested too deeply: at most {MAX_NESTING} brackets or signs may stand inside each other. "
            "Split the query.",
            "nesting",
            MAX_NESTING,
            offset,
        )

    def _stray(self, character: str, offset: int) -> QuerySyntaxError:
        """The error of a character that begins no token."""
        text = self.source.text
        if character in "\"'":
            is_long = text.startswith(character * 3, offset)
            ends = [len(text)]
            if not is_long:
                ends += [found for mark in "\r\n" if (found := text.find(mark, offset)) >= 0]
            line, column = self.source.locate(offset)
            return self.source.error(
                f"the string that begins at line {line} column {column} is not closed.", min(ends)
            )
        if character == "\\":
            problem = "a backslash stands only in strings, in IRIs and before punctuation in a prefixed name."
        elif 0xD800 <= ord(character) < 0xE000:
            problem = f"{character!r} is half a character."
        else:
            problem = f"{character!r} begins nothing that SPARQL has."
        return self.source.error(problem, offset, character, _HINTS.get(character, ""))


def word_kind(text: str, words: Mapping[str, str]) -> str:
    """The kind of a bare word; ``WORD`` for one that SPARQL does not have.

    >>> word_kind("StrLen", {}), word_kind("A", {"a": "A"})
    ('FUNCTION', 'WORD')
    """
    if text == "a":
        return words["a"]
    upper = text.upper()
    if upper in words:
        return words[upper]
    if upper in FUNCTIONS:
        return "FUNCTION"
    if upper in AGGREGATES:
        return "AGGREGATE"
    return "BOOLEAN" if upper in {"TRUE", "FALSE"} else "WORD"
