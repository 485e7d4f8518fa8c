"""Read RDF files into rdflib graphs, with pyoxigraph."""

import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph
import rdflib
from rdflib import RDF, XSD, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg.errors import RdfSyntaxError, SourceError
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
