"""Graphs in files: read them, write them the same every time, find a subject's line, compare two.

Reading goes through pyoxigraph, which names line and column of an error and touches neither network
nor disk; the result is the rdflib graph that people know. Writing is for graphs without blank nodes
and gives the same bytes for the same triples, so that a diff shows meaning.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
import rdflib
from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.compare import to_canonical_graph
from rdflib.term import Node

from conflictkg.errors import InvalidValueError, RdfSyntaxError, SourceError
from conflictkg.terms import CKG

# rdflib otherwise rewrites "01"^^xsd:integer as 1 and expands "1E999999999"^^xsd:decimal to a
# gigabyte. The switch is global and read at each construction of a literal, so it is set here,
# where every graph comes in. Likewise an ill-typed literal, which is a finding of the shapes, shall
# not print a traceback.
rdflib.NORMALIZE_LITERALS = False
logging.getLogger("rdflib.term").setLevel(logging.ERROR)

BASE = "https://w3id.org/conflictkg/"
"""What relative IRIs in a file are relative to, unless it says ``@base``: not its place on disk."""

_FORMATS = {
    ".ttl": pyoxigraph.RdfFormat.TURTLE,
    ".nt": pyoxigraph.RdfFormat.N_TRIPLES,
    ".trig": pyoxigraph.RdfFormat.TRIG,
    ".nq": pyoxigraph.RdfFormat.N_QUADS,
}


@dataclass(frozen=True, slots=True)
class FileGraph:
    """One graph as a file holds it.

    Args:
        path: The file.
        iri: The graph's own IRI: the one subject of type ``ckg:NamedGraph``, or the name that a
            TriG or N-Quads file gives it. None where there is neither.
        graph: The triples. Literals keep their lexical forms; ``xsd:string`` is the plain literal.
    """

    path: Path
    iri: URIRef | None
    graph: Graph


@dataclass(frozen=True, slots=True)
class TermLines:
    """Lines, counted from 1, on which IRIs stand in a file.

    Args:
        subjects: IRI to the line on which its first block of triples starts.
        mentions: IRI to the line on which it first stands at all, in any position.
    """

    subjects: Mapping[str, int]
    mentions: Mapping[str, int]


# Reading


def parse_graph(path: Path, *, base: str = BASE) -> FileGraph:
    """Read the graph in a Turtle, N-Triples, TriG or N-Quads file.

    Args:
        path: The file; its ending says its format.
        base: What relative IRIs are relative to where the file has no ``@base``.

    Raises:
        SourceError: The file cannot be read, is of another kind, or holds more than one graph.
        RdfSyntaxError: It breaks its format: with line and column.
    """
    return _to_file_graph(path, read_text(path), _format_of(path), base)


def parse_turtle(text: str, name: str = "text", *, base: str = BASE) -> FileGraph:
    """Read a graph from Turtle text.

    Args:
        text: The Turtle.
        name: What errors call it.
        base: What relative IRIs are relative to where the text has no ``@base``.

    Raises:
        SourceError: It holds more than one named graph.
        RdfSyntaxError: It is not Turtle: with line and column.

    >>> len(parse_turtle("<a> <b> 01 .").graph)
    1
    """
    return _to_file_graph(Path(name), text, pyoxigraph.RdfFormat.TURTLE, base)


def load_graphs(paths: Iterable[Path], *, base: str = BASE) -> tuple[FileGraph, ...]:
    """Read the graphs of several files; a folder stands for all RDF files under it, sorted.

    Args:
        paths: Files and folders. A file that is named twice is read once.
        base: What relative IRIs are relative to where a file has no ``@base``.

    Raises:
        SourceError: A file cannot be read, a folder holds none, or two files are one graph.
        RdfSyntaxError: A file breaks its format: with line and column.
    """
    files = dict.fromkeys(file for path in paths for file in _expand(path))
    loaded = tuple(parse_graph(file, base=base) for file in files)
    homes: dict[URIRef, Path] = {}
    for each in loaded:
        if each.iri is None:
            continue
        if each.iri in homes:
            raise SourceError(
                f"says it is graph <{each.iri}>, and so does {homes[each.iri]}. One graph stands "
                "in one file: give one of them another IRI or merge them.",
                source=str(each.path),
            )
        homes[each.iri] = each.path
    return loaded


def merge_graphs(graphs: Iterable[Graph]) -> Graph:
    """One new graph that holds the triples of all."""
    merged = Graph(bind_namespaces="none")
    for graph in graphs:
        for triple in graph:
            merged.add(triple)
    return merged


def read_text(path: Path) -> str:
    """The text of an RDF file, without a byte order mark.

    Raises:
        SourceError: It cannot be read.
        RdfSyntaxError: It is not UTF-8: with the line of the first wrong byte.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=str(path)) from error
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
        problem = (
            f"byte 0x{raw[error.start]:02x} is not UTF-8. Save the file as UTF-8 and try again."
        )
        raise RdfSyntaxError(str(path), line, column, problem) from error


def _expand(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    files = sorted(each for each in path.rglob("*") if each.suffix in _FORMATS and each.is_file())
    if not files:
        kinds = ", ".join(_FORMATS)
        raise SourceError(f"holds no RDF file ({kinds}). Name the files.", source=str(path))
    yield from files


def _format_of(path: Path) -> pyoxigraph.RdfFormat:
    if path.suffix not in _FORMATS:
        kinds = ", ".join(_FORMATS)
        raise SourceError(
            f'ends in "{path.suffix}". RDF files that can be read end in {kinds}.', source=str(path)
        )
    return _FORMATS[path.suffix]


def _to_file_graph(path: Path, text: str, rdf_format: pyoxigraph.RdfFormat, base: str) -> FileGraph:
    graph = Graph(bind_namespaces="none")
    names: set[str] = set()
    # Anonymous nodes are renamed so that files can be merged.
    parser = pyoxigraph.parse(text, rdf_format, base_iri=base, rename_blank_nodes=True)
    try:
        for quad in parser:
            graph.add(
                (
                    _to_rdflib(quad.subject, path),
                    _to_rdflib(quad.predicate, path),
                    _to_rdflib(quad.object, path),
                )
            )
            if isinstance(quad.graph_name, pyoxigraph.NamedNode):
                names.add(quad.graph_name.value)
            elif isinstance(quad.graph_name, pyoxigraph.BlankNode):
                names.add(f"_:{quad.graph_name.value}")
    except SyntaxError as error:
        raise _syntax_error(path, error) from error
    for prefix, namespace in parser.prefixes.items():
        graph.bind(prefix, namespace, override=True)
    return FileGraph(path, _graph_iri(path, graph, names), graph)


def _to_rdflib(term: object, path: Path) -> Node:
    if isinstance(term, pyoxigraph.NamedNode):
        return URIRef(term.value)
    if isinstance(term, pyoxigraph.BlankNode):
        return BNode(term.value)
    if isinstance(term, pyoxigraph.Literal) and getattr(term, "direction", None) is None:
        if term.language:
            return Literal(term.value, lang=term.language)
        datatype = URIRef(term.datatype.value)
        return Literal(term.value, datatype=None if datatype == XSD.string else datatype)
    problem = (
        f"holds {term}. Triple terms and text direction (RDF 1.2) are not read here: "
        "say it with a resource of its own (RDF 1.1)."
    )
    raise RdfSyntaxError(str(path), 0, 0, problem)


def _syntax_error(path: Path, error: SyntaxError) -> RdfSyntaxError:
    # The parser's text repeats the position that it also gives as numbers.
    problem = re.sub(r"^Parser error at line \d+ .*?: ", "", error.msg)
    return RdfSyntaxError(str(path), error.lineno or 0, error.offset or 0, problem)


def _graph_iri(path: Path, graph: Graph, names: set[str]) -> URIRef | None:
    found = {str(each) for each in graph.subjects(RDF.type, CKG.NamedGraph)} | names
    if len(found) > 1:
        listed = ", ".join(f"<{each}>" for each in sorted(found))
        raise SourceError(
            f"holds more than one named graph: {listed}. Give each graph a file of its own, "
            "with one subject of type ckg:NamedGraph.",
            source=str(path),
        )
    return URIRef(found.pop()) if found else None


# Writing

_PREFIX = re.compile(r"[A-Za-z](?:[A-Za-z0-9_-]*[A-Za-z0-9])?")
# Narrower than Turtle's PN_LOCAL: what every parser reads without an escape.
_LOCAL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_-])?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# Characters that a reader of a diff cannot see, or that reorder the rest, are written as escapes.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\"\\]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPES = {"\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "\\": r"\\"}
# Only what rdflib's own Turtle parser does not respell: it reads a bare 007 as 7, 1.0e0 as 1.0.
_BARE = {
    XSD.integer: re.compile(r"0|-?[1-9][0-9]*"),
    XSD.decimal: re.compile(r"-?(?:0|[1-9][0-9]*)\.[0-9]{1,6}"),
    XSD.boolean: re.compile(r"true|false"),
}


def write_turtle(graph: Graph, prefixes: Mapping[str, str]) -> str:
    """Write a graph as Turtle: the same text for the same triples, whatever order they came in.

    Args:
        graph: The triples, without blank nodes.
        prefixes: Prefix to namespace. Those that are used are declared; where two fit, the one with
            the longer namespace.

    Returns:
        Turtle with one block a subject, in order of IRI; in a block the types first, then
        predicates in order of IRI; IRIs before literals. Empty for an empty graph.

    Raises:
        InvalidValueError: A blank node, an IRI that is relative or holds a character that IRIs do
            not allow, or a prefix that Turtle does not allow.

    >>> g = parse_turtle('<http://a/s> <http://a/p> 1, "x"@en .').graph
    >>> print(write_turtle(g, {"a": "http://a/"}), end="")
    @prefix a: <http://a/> .
    <BLANKLINE>
    a:s
      a:p 1, "x"@en ;
    .
    """
    names = _Names(prefixes)
    blocks = [
        _write_block(subject, graph, names)
        for subject in sorted(set(graph.subjects()), key=_order_of)
    ]
    head = [f"@prefix {name}: <{names.namespaces[name]}> ." for name in sorted(names.used)]
    parts = ["\n".join(head)] if head else []
    return "\n\n".join(parts + blocks) + "\n" if blocks else ""


class _Names:
    """Turns terms into Turtle and remembers which prefixes that took."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        for prefix, namespace in prefixes.items():
            if not _PREFIX.fullmatch(prefix):
                raise InvalidValueError(
                    f'prefix "{prefix}" is not one that Turtle allows. Use letters, digits and "-".'
                )
            _require_iri(str(namespace))
        self.namespaces = {prefix: str(namespace) for prefix, namespace in prefixes.items()}
        self._by_length = sorted(
            self.namespaces.items(), key=lambda item: (-len(item[1]), item[1], item[0])
        )
        self.used: set[str] = set()

    def iri(self, iri: str) -> str:
        _require_iri(iri)
        for prefix, namespace in self._by_length:
            if iri.startswith(namespace) and _LOCAL.fullmatch(iri, len(namespace)):
                self.used.add(prefix)
                return f"{prefix}:{iri[len(namespace) :]}"
        return f"<{iri}>"

    def term(self, term: Node) -> str:
        if isinstance(term, URIRef):
            return self.iri(str(term))
        if isinstance(term, Literal):
            return self._literal(term)
        raise _not_writable(term)

    def _literal(self, literal: Literal) -> str:
        text, datatype = str(literal), literal.datatype
        bare = _BARE.get(datatype) if datatype is not None else None
        if bare is not None and bare.fullmatch(text):
            return text
        if _SURROGATE.search(text):
            raise InvalidValueError(
                f"literal {text!a} holds half a character (a lone surrogate), which no file can. "
                "Decode the source as UTF-8."
            )
        quoted = f'"{_UNSEEN.sub(_escape, text)}"'
        if literal.language:
            return f"{quoted}@{literal.language.lower()}"
        if datatype is None or datatype == XSD.string:
            return quoted
        return f"{quoted}^^{self.iri(str(datatype))}"


def _write_block(subject: Node, graph: Graph, names: _Names) -> str:
    if not isinstance(subject, URIRef):
        raise _not_writable(subject)
    objects: dict[Node, list[Node]] = {}
    for predicate, value in graph.predicate_objects(subject):
        objects.setdefault(predicate, []).append(value)
    lines = [names.term(subject)]
    for predicate in sorted(objects, key=lambda each: (each != RDF.type, str(each))):
        verb = "a" if predicate == RDF.type else names.term(predicate)
        # A plain literal and an xsd:string are two terms to rdflib and one to RDF.
        values = dict.fromkeys(
            names.term(each) for each in sorted(objects[predicate], key=_order_of)
        )
        lines.append(f"  {verb}{_join(list(values))} ;")
    return "\n".join([*lines, "."])


def _join(values: list[str]) -> str:
    one_line = ", ".join(values)
    return f" {one_line}" if len(one_line) <= 80 else "\n    " + ",\n    ".join(values)


def _order_of(term: Node) -> tuple[int, str, str, str]:
    if isinstance(term, Literal):
        datatype = term.datatype if term.datatype is not None else XSD.string
        return (1, str(term), (term.language or "").lower(), str(datatype))
    return (0, str(term), "", "")


def _require_iri(iri: str) -> None:
    try:
        pyoxigraph.NamedNode(iri)
    except ValueError as error:
        raise InvalidValueError(
            f"{iri!a} is no absolute IRI: {error}. Mint IRIs with conflictkg.iris, which "
            "percent-encodes."
        ) from error


def _not_writable(term: Node) -> InvalidValueError:
    return InvalidValueError(
        f"the graph holds {term.n3()}, a {type(term).__name__} where an IRI or literal must stand. "
        "Data has no blank nodes, for they differ on each run: mint an IRI with conflictkg.iris."
    )


def _escape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[0]) or f"\\u{ord(match[0]):04X}"


# Where a subject stands

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


# Comparing


def compare_graphs(left: Graph, right: Graph, prefixes: Mapping[str, str] | None = None) -> str:
    """Say how two graphs differ, for a person to read.

    Args:
        left: What was there, or was expected; its own triples are marked ``-``.
        right: What is there now; its own triples are marked ``+``.
        prefixes: Prefix to namespace, for shorter lines.

    Returns:
        One line a triple that only one of them holds, in order of subject; empty where the graphs
        are the same up to the names of blank nodes.
    """
    names = _Names(prefixes or {})
    ours, theirs = _comparable(left), _comparable(right)
    lines = [
        *((_line(triple, names), "-") for triple in ours - theirs),
        *((_line(triple, names), "+") for triple in theirs - ours),
    ]
    return "".join(f"{mark} {line}\n" for line, mark in sorted(lines))


def _comparable(graph: Graph) -> set[tuple[Node, Node, Node]]:
    if any(isinstance(term, BNode) for triple in graph for term in triple):
        graph = to_canonical_graph(graph)
    return {(s, p, _plain(o)) for s, p, o in graph}


def _plain(term: Node) -> Node:
    if isinstance(term, Literal) and term.datatype == XSD.string:
        return Literal(str(term))
    return term


def _line(triple: tuple[Node, Node, Node], names: _Names) -> str:
    words = [each.n3() if isinstance(each, BNode) else names.term(each) for each in triple]
    return " ".join(words) + " ."
