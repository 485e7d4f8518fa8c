"""``conflictkg reason``: what follows from a graph."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from rdflib import BNode, Graph
from rdflib.term import Node

from conflictkg.cli.output import write_output
from conflictkg.files import ontology_files
from conflictkg.graphs import (
    FileGraph,
    load_graphs,
    locate_subjects,
    merge_graphs,
    read_text,
    write_turtle,
)
from conflictkg.reason import entail
from conflictkg.terms import PREFIXES

_FORMATS = {"turtle": "turtle", "nt": "nt", "ntriples": "nt", "rdfxml": "xml", "jsonld": "json-ld"}


@click.command()
@click.argument(
    "inputs", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(_FORMATS)),
    default="turtle",
    show_default=True,
    help="How the consequences are written.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write; default stdout."
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Write the whole closure: also what is asserted, and what is said of terms and blank nodes.",
)
def command(inputs: tuple[Path, ...], form: str, output: Path | None, everything: bool) -> None:
    """Write what follows from graphs under the ontology, by the rules of OWL 2 RL.

    Written are the new consequences that questions ask for: types, wider properties, inverses, parts of
    parts, leaders. Exit status 1 if the graphs contradict the ontology or themselves: the message
    names the asserted triples that do.
    """
    loaded = load_graphs(inputs)
    asserted = merge_graphs(each.graph for each in loaded)
    ontology = merge_graphs(each.graph for each in load_graphs(ontology_files()))
    found = entail(asserted, ontology, _Locator(loaded).locate)
    write_output(_write(found.closure if everything else found.new, form), output)


def _write(graph: Graph, form: str) -> bytes:
    has_blank_nodes = any(isinstance(term, BNode) for triple in graph for term in triple)
    if form == "turtle" and not has_blank_nodes:
        return write_turtle(graph, PREFIXES).encode()
    text: bytes = graph.serialize(format=_FORMATS[form], encoding="utf-8")
    if _FORMATS[form] == "nt":
        return b"".join(sorted(line for line in text.splitlines(keepends=True) if line.strip()))
    return text


class _Locator:
    """Where triples stand in the files, looked up once somebody asks."""

    def __init__(self, loaded: Sequence[FileGraph]) -> None:
        self._loaded = loaded
        self._lines: dict[Path, Mapping[str, int]] = {}

    def locate(self, triple: tuple[Node, Node, Node]) -> str:
        """File and line of the subject's block."""
        for each in self._loaded:
            if triple in each.graph:
                if each.path not in self._lines:
                    self._lines[each.path] = locate_subjects(read_text(each.path))
                line = self._lines[each.path].get(str(triple[0]))
                return f"{each.path} line {line}" if line else str(each.path)
        return ""
