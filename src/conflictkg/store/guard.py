"""What a query asks for, read from its words before the engine sees it.

The engine (pyoxigraph) follows SERVICE over the network, recurses without limit and cannot be told
to do neither. This module cuts the text into the tokens of the SPARQL grammar, by its rule of the
longest match, and says what kind of query it is, which graphs it names with FROM, and refuses what
is never run. It is linear in the text: rdflib's parser, which could tell the same, takes 20 s for
``1+1+…``, refuses valid queries and decodes escapes that the engine reads otherwise, so that what
it had checked would not be what is run.

The engine needs no space between a keyword and what follows, where the grammar does:
``trueSERVICE<u>{}`` and ``SERVICE:x{}`` reach the network. So every bare word must be one that SPARQL
has, every prefix one that the query declares, and whatever holds "service" where no name can stand
is refused as SERVICE.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import urljoin

from conflictkg.answers import Kind
from conflictkg.errors import NotPermittedError, QuerySyntaxError

MAX_NESTING = 100
"""Brackets inside brackets. With its 64 MiB stack a worker bears more than eight times this much."""

_KINDS: Mapping[str, Kind] = {
    "SELECT": "solutions",
    "ASK": "boolean",
    "CONSTRUCT": "graph",
    "DESCRIBE": "graph",
}
_UPDATES = frozenset(
    {"ADD", "CLEAR", "COPY", "CREATE", "DELETE", "DROP", "INSERT", "LOAD", "MOVE", "WITH"}
)
_WORDS = frozenset(
    """
    a ABS ADJUST ALL AND AS ASC ASK AVG BASE BIND BNODE BOUND BY CEIL COALESCE CONCAT CONSTRUCT CONTAINS
    COUNT DATATYPE DAY DEFAULT DESC DESCRIBE DISTINCT ENCODE_FOR_URI EXISTS false FILTER FLOOR FROM
    GRAPH GROUP GROUP_CONCAT HASLANG HASLANGDIR HAVING HOURS IF IN IRI ISBLANK ISIRI ISLITERAL
    ISNUMERIC ISTRIPLE ISURI LANG LANGDIR LANGMATCHES LATERAL LCASE LIMIT MAX MD5 MIN MINUS MINUTES
    MONTH NAMED NOT NOW OBJECT OFFSET OPTIONAL ORDER PREDICATE PREFIX RAND REDUCED REGEX REPLACE
    ROUND SAMETERM SAMPLE SECONDS SELECT SEPARATOR SERVICE SHA1 SHA256 SHA384 SHA512 SILENT STR
    STRAFTER STRBEFORE STRDT STRENDS STRLANG STRLANGDIR STRLEN STRSTARTS STRUUID SUBJECT SUBSTR SUM
    TIMEZONE TRIPLE true TZ UCASE UNDEF UNION URI UUID VALUES VERSION WHERE YEAR
    """.upper().split()
)

# PN_CHARS and its relatives, without the few planes that no name of ours uses being spelt out:
# everything above U+00B7 that the grammar leaves out is left out here as well.
_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CHARS = _BASE + "_0-9\u00b7\u0300-\u036f\u203f\u2040\\-"
_PREFIX_NAME = f"(?:[{_BASE}](?:[{_CHARS}.]*[{_CHARS}])?)?"
_PERCENT = r"%[0-9A-Fa-f]{2}|\\[-_~.!$&'()*+,;=/?#@%]"
_LOCAL = f"(?:[{_BASE}_:0-9]|{_PERCENT})(?:(?:[{_CHARS}.:]|{_PERCENT})*(?:[{_CHARS}:]|{_PERCENT}))?"
_TOKEN = re.compile(
    "|".join(
        (
            r"(?P<space>[ \t\r\n]+|\#[^\r\n]*)",
            r'(?P<string>"""(?:"{0,2}(?:[^"\\]|\\.))*+"""|\'\'\'(?:\'{0,2}(?:[^\'\\]|\\.))*+\'\'\''
            r'|"(?:[^"\\\r\n]|\\.)*+"|\'(?:[^\'\\\r\n]|\\.)*+\')',
            r'(?P<iri><[^<>"{}|^`\x00-\x20]*>)',
            f"(?P<variable>[?$][{_BASE}_0-9][{_CHARS}]*)",
            f"(?P<blank>_:[{_BASE}_0-9](?:[{_CHARS}.]*[{_CHARS}])?)",
            f"(?P<name>{_PREFIX_NAME}:(?:{_LOCAL})?)",
            r"(?P<language>@[A-Za-z]+(?:-[A-Za-z0-9]+)*(?:--[a-z]+)?)",
            r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)",
            r"(?P<word>[A-Za-z_][A-Za-z0-9_]*)",
            r"(?P<open>[{(\[]|<<\(?)",
            r"(?P<close>[})\]]|\)?>>)",
            r"(?P<mark>&&|\|\||[!<>]=|\^\^|[-+*/!=<>.,;|^?~])",
        )
    ),
    re.DOTALL,
)
_ESCAPE = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")
_LOCAL_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Token:
    """One token and where it starts in the text."""

    kind: str
    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """A word that SPARQL does not have, or a prefix that is not declared.

    Args:
        problem: What is wrong with it.
        line: Its line, from 1.
        column: Where it begins in the line, from 1.
        width: Its characters.
    """

    problem: str
    line: int
    column: int
    width: int

    def to_error(self, line: int = 0, column: int = 0) -> QuerySyntaxError:
        """The error, at the position of the engine's own error if that is at this word."""
        is_here = line == self.line and self.column <= column <= self.column + self.width
        return QuerySyntaxError(self.problem, self.line, column if is_here else self.column)


@dataclass(frozen=True, slots=True)
class Outline:
    """What a query asks for.

    Args:
        text: The query as the engine is to read it: codepoint escapes outside of strings and IRIs
            are decoded.
        kind: The kind of its answer.
        default_graphs: What FROM names, as absolute IRIs; with their lines.
        named_graphs: What FROM NAMED names, likewise.
        doubts: What no query can hold. The engine refuses most of it itself; if it does not, it
            has read keywords where the grammar has none, and the query is refused with the first.
    """

    text: str
    kind: Kind
    default_graphs: tuple[tuple[str, int], ...]
    named_graphs: tuple[tuple[str, int], ...]
    doubts: tuple[Doubt, ...]


def locate(text: str, offset: int) -> tuple[int, int]:
    r"""Line and column of a character, both from 1.

    >>> locate("ab\ncd", 4)
    (2, 2)
    """
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def check_query(text: str, base_iri: str | None = None) -> Outline:
    """Say what a query asks for, and refuse what is never run.

    Args:
        text: The query.
        base_iri: What relative IRIs in FROM are resolved against, unless the query says BASE.

    Raises:
        NotPermittedError: SERVICE or an update; it names the line.
        QuerySyntaxError: No query, brackets that nest too deep, or a character that starts no token.

    >>> check_query("ASK FROM <http://a/g> {}").default_graphs
    (('http://a/g', 1),)
    """
    text = _decode_escapes(text)
    tokens = list(_iter_tokens(text))
    _refuse_service(text, tokens)
    _check_nesting(text, tokens)
    kind = _find_kind(text, tokens)
    names = _Names(text, base_iri)
    default_graphs, named_graphs = names.read(tokens)
    return Outline(text, kind, tuple(default_graphs), tuple(named_graphs), tuple(names.doubts))


def _iter_tokens(text: str) -> Iterator[Token]:
    place, end = 0, len(text)
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            raise _describe_stray(text, place)
        if match.lastgroup != "space":
            yield Token(str(match.lastgroup), match[0], place)
        place = match.end()


def _describe_stray(text: str, place: int) -> QuerySyntaxError:
    """The error of a character that begins no token."""
    character = text[place]
    line, column = locate(text, place)
    if character in "\"'":
        # Of three quotation marks that open a long string, two were read as an empty one.
        is_long = text[place - 2 : place] == character * 2
        end = len(text) if is_long else min(_find(text, "\n", place), _find(text, "\r", place))
        begin = f"line {line} column {column - 2 if is_long else column}"
        return QuerySyntaxError(
            f"the string that begins at {begin} is not closed.", *locate(text, end)
        )
    if character == "\\":
        problem = (
            "a backslash stands only in strings, in IRIs and before punctuation in a prefixed name."
        )
    else:
        problem = f"{character!r} begins nothing that SPARQL has."
    return QuerySyntaxError(problem, line, column)


def _find(text: str, wanted: str, start: int) -> int:
    """Where a character comes next; the text's end if it does not."""
    found = text.find(wanted, start)
    return found if found >= 0 else len(text)


def _decode_escapes(text: str) -> str:
    r"""Decode ``\u0041`` outside of strings and IRIs; the engine reads those inside itself.

    Args:
        text: The query as it came.

    >>> _decode_escapes(r'SELECT ?\u0061 { ?a ?p "\u0022" }')
    'SELECT ?a { ?a ?p "\\u0022" }'
    """
    if "\\u" not in text and "\\U" not in text:
        return text
    kept = re.compile(_TOKEN.pattern.split("|(?P<variable>", 1)[0], re.DOTALL)
    parts, place = [], 0
    while place < len(text):
        match = kept.match(text, place) or _ESCAPE.match(text, place)
        if match is None:
            parts.append(text[place])
            place += 1
            continue
        parts.append(match[0] if match.re is kept else _decode(text, match))
        place = match.end()
    return "".join(parts)


def _decode(text: str, match: re.Match[str]) -> str:
    number = int(match[1] or match[2], 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        line, column = locate(text, match.start())
        raise QuerySyntaxError(f"{match[0]} is no character.", line, column)
    return chr(number)


def _refuse_service(text: str, tokens: list[Token]) -> None:
    """SERVICE as the engine would read it, glued to what stands before or behind it as well."""
    for index, token in enumerate(tokens):
        if token.kind == "word":
            found = "SERVICE" in token.text.upper()
        elif token.kind == "name":
            # After GRAPH a prefixed name may stand before a bracket; elsewhere it cannot.
            before = tokens[index - 1].text.upper() if index else ""
            behind = tokens[index + 1].text if index + 1 < len(tokens) else ""
            prefix = token.text.partition(":")[0].upper()
            found = "SERVICE" in prefix and behind.startswith("{") and before != "GRAPH"
        else:
            found = False
        if found:
            line, _ = locate(text, token.start)
            raise NotPermittedError(
                f"SERVICE (line {line})",
                "a store answers from its own graphs and asks no other endpoint. Leave it out, or "
                "run the query in a client that can federate.",
            )


def _check_nesting(text: str, tokens: list[Token]) -> None:
    # "!!!!x" and "- - -x" nest as deep as brackets do.
    depth = run = 0
    for token in tokens:
        run = run + 1 if token.text in {"!", "-", "+"} else 0
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
        if depth > MAX_NESTING or run > MAX_NESTING:
            line, column = locate(text, token.start)
            raise QuerySyntaxError(
                f"nested too deeply: at most {MAX_NESTING} brackets or signs may stand inside each "
                "other. Split the query.",
                line,
                column,
            )


def _find_kind(text: str, tokens: list[Token]) -> Kind:
    for token in tokens:
        word = token.text.upper()
        if token.kind == "word" and word in _KINDS:
            return _KINDS[word]
        if token.kind == "word" and word in _UPDATES:
            line, _ = locate(text, token.start)
            raise NotPermittedError(
                f"{word} (line {line})",
                "a store is only read. Change the files under data/ and build again.",
            )
        if token.kind == "open":
            break
    where = next((t for t in tokens if t.kind == "word" and t.text.upper() not in _WORDS), None)
    offset = where.start if where else len(text)
    line, column = locate(text, offset)
    if not text.strip():
        raise QuerySyntaxError(
            "the query is empty. Write one, such as SELECT * { ?s ?p ?o } LIMIT 10.", 1, 1
        )
    hint = _closest(where.text, _KINDS) if where else ""
    raise QuerySyntaxError(
        f"no SELECT, ASK, CONSTRUCT or DESCRIBE before the first bracket.{hint}", line, column
    )


def _closest(word: str, known: Mapping[str, object] | frozenset[str]) -> str:
    close = get_close_matches(word.upper(), sorted(known), n=1)
    return f' Did you mean "{close[0]}"?' if close else ""


class _Names:
    """Follows BASE and PREFIX through the tokens, and reads FROM."""

    def __init__(self, text: str, base_iri: str | None) -> None:
        self.text = text
        self.base = base_iri or ""
        self.prefixes: dict[str, str] = {}
        self.doubts: list[Doubt] = []

    def read(self, tokens: list[Token]) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
        """Default graphs and named graphs, each with the line that names it."""
        default_graphs: list[tuple[str, int]] = []
        named_graphs: list[tuple[str, int]] = []
        words = [token.text.upper() if token.kind == "word" else "" for token in tokens]
        for index, token in enumerate(tokens):
            word = words[index]
            behind = tokens[index + 1 : index + 3]
            if word == "BASE" and behind and behind[0].kind == "iri":
                self.base = self._absolute(behind[0])
            elif word == "PREFIX" and [each.kind for each in behind] == ["name", "iri"]:
                self.prefixes[behind[0].text.removesuffix(":")] = self._absolute(behind[1])
            elif word == "FROM":
                named = bool(behind) and words[index + 1] == "NAMED"
                iri = self._graph(behind[1:2] if named else behind[0:1])
                if iri:
                    line, _ = locate(self.text, token.start)
                    (named_graphs if named else default_graphs).append((iri, line))
            self._doubt(token, word, words[index - 1] if index else "")
        return default_graphs, named_graphs

    def _graph(self, tokens: list[Token]) -> str:
        """The IRI that a FROM names; none where the engine will find a syntax error."""
        if tokens and tokens[0].kind == "iri":
            return self._absolute(tokens[0])
        if tokens and tokens[0].kind == "name":
            prefix, _, local = tokens[0].text.partition(":")
            if prefix in self.prefixes:
                return self.prefixes[prefix] + _LOCAL_ESCAPE.sub(r"\1", local)
        return ""

    def _absolute(self, token: Token) -> str:
        iri = _ESCAPE.sub(lambda match: _decode(token.text, match), token.text[1:-1])
        return urljoin(self.base, iri) if self.base else iri

    def _doubt(self, token: Token, word: str, before: str) -> None:
        start, width = token.start, len(token.text)
        if token.kind == "word" and word not in _WORDS:
            problem = f'"{token.text}" is no word of SPARQL.{_closest(token.text, _WORDS)}'
        elif token.kind == "name" and before != "PREFIX":
            prefix = token.text.partition(":")[0]
            if prefix in self.prefixes:
                return
            problem = f"prefix {prefix}: is not declared."
            if self.text[start - 1 : start] == "<":
                start, width = start - 1, _find(self.text, ">", start) + 2 - start
                problem = (
                    f"the IRI that begins at column {locate(self.text, start)[1]} holds a space or "
                    "another character that IRIs cannot hold, or is not closed."
                )
        else:
            return
        self.doubts.append(Doubt(problem, *locate(self.text, start), width))
