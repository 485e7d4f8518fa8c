"""Find the line on which a term stands in the text of a graph."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import pyoxigraph

from conflictkg.graphs.reading import BASE

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_PN_BASE = (
    "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d"
    "\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_PN = f"-{_PN_BASE}_0-9\u00b7\u0300-\u036f\u203f-\u2040"
_PLX = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%]"
# The terminals of the Turtle grammar, longest first where one begins another.
_TOKEN = re.compile(
    rf"""
      (?P<skip> [\x20\t\r\n]+ | \#[^\r\n]* )
    | (?P<string> \"\"\"(?:\"{{0,2}}(?:[^\"\\]|\\.))*\"\"\"
                | \'\'\'(?:\'{{0,2}}(?:[^\'\\]|\\.))*\'\'\'
                | \"(?:[^\"\\\r\n]|\\.)*\" | \'(?:[^\'\\\r\n]|\\.)*\' )
    | (?P<iri> <(?:[^\x00-\x20<>\"{{}}|^`\\]|\\u[0-9A-Fa-f]{{4}}|\\U[0-9A-Fa-f]{{8}})*> )
    | (?P<directive> @(?:prefix|base|version)\b )
    | (?P<tag> @[A-Za-z]+(?:-[A-Za-z0-9]+)* (?:--[a-z]+)? )
    | (?P<blank> _:[{_PN_BASE}_0-9] (?:[{_PN}.]*[{_PN}])? )
    | (?P<name> (?:[{_PN_BASE}](?:[{_PN}.]*[{_PN}])?)? :
                (?:(?:[{_PN_BASE}_:0-9]|{_PLX})(?:(?:[{_PN}.:]|{_PLX})*(?:[{_PN}:]|{_PLX}))?)? )
    | (?P<number> [+-]? (?: [0-9]+\.[0-9]*[eE][+-]?[0-9]+ | \.?[0-9]+[eE][+-]?[0-9]+
                          | [0-9]*\.[0-9]+ | [0-9]+ ) )
    | (?P<word> [A-Za-z]+ )
    | (?P<mark> <<\( | \)>> | << | >> | \{{\| | \|\}} | \^\^ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_OPENING = frozenset({"[", "(", "<<(", "<<", "{|"})
_CLOSING = frozenset({"]", ")", ")>>", ">>", "|}"})
_UCHAR = re.compile(r"\\u([0-9A-Fa-f]{4})|\\U([0-9A-Fa-f]{8})")


@dataclass(frozen=True, slots=True)
class TermLines:
    """Lines, counted from 1, on which IRIs stand in a file.

    Args:
        subjects: IRI to the line on which its first block of triples starts.
        mentions: IRI to the line on which it first stands at all, in any position.
    """

    subjects: Mapping[str, int]
    mentions: Mapping[str, int]


def locate_terms(text: str, *, base: str = BASE) -> TermLines:
    r"""Find the lines on which IRIs stand in Turtle, N-Triples, TriG or N-Quads text.

    The text is read token by token: strings, comments and prefixes are what they are to a parser.

    Args:
        text: Text that parses; of another the answer may be incomplete.
        base: What relative IRIs are relative to where the text has no ``@base``.

    >>> locate_terms("@prefix a: <http://a/> .\n# <x>\na:s a:p '<y>' .").subjects
    {'http://a/s': 3}
    """
    return _Locator(base).read(text)


def locate_subjects(text: str, *, base: str = BASE) -> Mapping[str, int]:
    """IRI of each subject to the line, counted from 1, on which its first block starts.

    Args:
        text: Text that parses, as for :func:`locate_terms`.
        base: What relative IRIs are relative to where the text has no ``@base``.
    """
    return locate_terms(text, base=base).subjects


class _Locator:
    """The state of one pass over the tokens of a text."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._prefixes: dict[str, str] = {}
        self._subjects: dict[str, int] = {}
        self._mentions: dict[str, int] = {}
        self._latest = ""  # the IRI that the latest subject position added
        self._depth = 0
        self._position = 0  # of the next term in its statement: 0 is the subject's
        self._directive = ""
        self._declared = ""

    def read(self, text: str) -> TermLines:
        line = 1
        for token in _TOKEN.finditer(text):
            kind, word = str(token.lastgroup), token[0]
            if self._directive:
                self._read_directive(kind, word)
            elif kind in {"iri", "name"}:
                self._read_term(self._resolve(kind, word), line)
            elif kind not in {"skip", "tag"}:
                self._read_other(word)
            line += word.count("\n") if kind in {"skip", "string"} else 0
        return TermLines(self._subjects, self._mentions)

    def _read_term(self, iri: str, line: int) -> None:
        self._mentions.setdefault(iri, line)
        if self._position == 0 and self._depth == 0:
            self._latest = "" if iri in self._subjects else iri
            self._subjects.setdefault(iri, line)
        self._position += self._depth == 0

    def _read_other(self, word: str) -> None:
        starts = self._position == 0 and self._depth == 0  # "…"@prefix is a literal in a language
        if starts and word.removeprefix("@").upper() in {"PREFIX", "BASE", "VERSION"}:
            self._directive, self._declared = word.lstrip("@").lower(), ""
        elif word in _OPENING:
            self._depth += 1
            self._position += self._depth == 1  # `[ … ] a:p a:o`: the bracket is the subject
        elif word in _CLOSING:
            self._depth -= 1
        elif word in {".", "{", "}"} and self._depth == 0:
            if word == "{" and self._position == 1:  # `a:g { … }`: that was a graph's name
                self._subjects.pop(self._latest, None)
            self._position = 0
        elif starts and word.upper() == "GRAPH":
            self._position = 1
        else:
            self._position += self._depth == 0

    def _read_directive(self, kind: str, word: str) -> None:
        if kind == "name":
            self._declared = word
        elif kind == "iri":
            iri = self._resolve(kind, word)
            if self._directive == "base":
                self._base = iri
            else:
                self._prefixes[self._declared.removesuffix(":")] = iri
            self._directive = ""
        elif kind == "string":  # version "1.2"
            self._directive = ""

    def _resolve(self, kind: str, word: str) -> str:
        if kind == "iri":
            iri = _UCHAR.sub(lambda match: chr(int(match[1] or match[2], 16)), word[1:-1])
            return iri if _SCHEME.match(iri) else _resolve_iri(self._base, iri)
        prefix, _, local = word.partition(":")
        return self._prefixes.get(prefix, "") + re.sub(r"\\(.)", r"\1", local)


def _resolve_iri(base: str, relative: str) -> str:
    # By the parser itself: the standard library's urljoin drops an empty fragment.
    line = f"<{relative}> <x:p> <x:o> ."
    quad = next(pyoxigraph.parse(line, pyoxigraph.RdfFormat.TURTLE, base_iri=base))
    return str(quad.subject.value)
