"""Validate graphs against shapes, by pySHACL for now."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import pyshacl
import rdflib
from rdflib import OWL, SH, BNode, Graph, URIRef
from rdflib.collection import Collection
from rdflib.term import Node

from conflictkg.errors import ConflictKGError, SourceError
from conflictkg.files import ontology_files
from conflictkg.graphs import (
    FileGraph,
    TermLines,
    load_graphs,
    locate_terms,
    merge_graphs,
    read_text,
)
from conflictkg.iris import ONTOLOGY
from conflictkg.shacl.findings import Finding, Report, Severity
from conflictkg.shacl.prepared import PreparedGraph
from conflictkg.terms import PREFIXES

_SEVERITIES = {SH.Info: Severity.INFO, SH.Warning: Severity.WARNING}


def validate_graphs(inputs: Sequence[FileGraph], shapes: Sequence[FileGraph]) -> Report:
    """Check graphs against shapes.

    The graphs are checked together, so that what one refers to may stand in another. Where the
    shapes say ``owl:imports`` of our ontology it is added to both sides: the data need its class
    hierarchy and code lists, the shapes its prefixes. Nothing else is imported or fetched.

    Args:
        inputs: The data.
        shapes: The shapes.

    Returns:
        The findings, each with the file and line of its focus node.

    Raises:
        SourceError: The shapes themselves are at fault, or our ontology cannot be read.
    """
    shapes_graph = merge_graphs(each.graph for each in shapes)
    data = PreparedGraph()
    for each in inputs:
        data += each.graph
    if (None, OWL.imports, URIRef(ONTOLOGY)) in shapes_graph:
        ontology = _ontology()
        data += ontology
        _add_declarations(shapes_graph, ontology)
    _spell_out(shapes_graph)
    report = _run(data, shapes_graph, ", ".join(str(each.path) for each in shapes))
    places = _Places(inputs)
    findings = [_to_finding(report, result, places) for result in report.objects(None, SH.result)]
    order = {each.path: number for number, each in enumerate(inputs)}
    findings.sort(key=lambda each: _order_of(each, order))
    return Report(
        findings=tuple(findings),
        files=tuple(each.path for each in inputs),
        triples=sum(len(each.graph) for each in inputs),
        graph=report,
    )


@cache
def _ontology() -> Graph:
    return merge_graphs(each.graph for each in load_graphs(ontology_files()))


def _add_declarations(shapes: Graph, ontology: Graph) -> None:
    for triple in ontology.triples((URIRef(ONTOLOGY), SH.declare, None)):
        shapes.add(triple)
        for part in ontology.triples((triple[2], None, None)):
            shapes.add(part)


def _spell_out(shapes: Graph) -> None:
    """Say in the shapes what SHACL means and pySHACL overlooks."""
    # Prefixes come along owl:imports too: sh:prefixes/owl:imports*/sh:declare.
    for user in set(shapes.objects(None, SH.prefixes)):
        for imported in shapes.transitive_objects(user, OWL.imports):
            for declaration in set(shapes.objects(imported, SH.declare)):
                shapes.add((user, SH.declare, declaration))
    # These take the term true; "1"^^xsd:boolean has its value, but is another term.
    for switch in (SH.uniqueLang, SH.closed, SH.deactivated, SH.qualifiedValueShapesDisjoint):
        for triple in list(shapes.triples((None, switch, None))):
            if str(triple[2]) != "true":
                shapes.remove(triple)


def _run(data: Graph, shapes: Graph, names: str) -> Graph:
    try:
        _, report, text = pyshacl.validate(data, shacl_graph=shapes, inplace=True, inference="none")
    except ConflictKGError:
        raise
    except Exception as error:
        # Whatever a parser, a regular expression or the SPARQL evaluator of pySHACL raises comes
        # through here bare. It means that these shapes cannot be applied; the caller must hear which.
        raise _unusable(names, str(error) or type(error).__name__) from error
    finally:
        # pySHACL switches it on behind our back, for the whole process; see conflictkg.graphs.
        rdflib.NORMALIZE_LITERALS = False
    if not isinstance(report, Graph):  # pySHACL hands a failure back where the report would be
        raise _unusable(names, str(text))
    return report


def _unusable(names: str, problem: str) -> SourceError:
    return SourceError(
        f"the shapes cannot be applied: {problem.strip()}. Correct the shape.", source=names
    )


class _Places:
    """Where the inputs speak of an IRI. The files are read again once there is something to find."""

    def __init__(self, inputs: Sequence[FileGraph]) -> None:
        self._inputs = inputs
        self._lines: dict[Path, TermLines] = {}

    def find(self, *nodes: Node | None) -> tuple[Path | None, int | None]:
        """The place of the first of the nodes that has one: as a subject, else as a mention."""
        for node in nodes:
            if not isinstance(node, URIRef):
                continue
            for each in self._inputs:
                if (node, None, None) in each.graph:
                    return each.path, self._lines_of(each).subjects.get(str(node))
            for each in self._inputs:
                if (None, None, node) in each.graph or (None, node, None) in each.graph:
                    return each.path, self._lines_of(each).mentions.get(str(node))
        blank = next((node for node in nodes if isinstance(node, BNode)), None)
        for each in self._inputs:
            if (blank, None, None) in each.graph and blank is not None:
                return each.path, None
        return None, None

    def _lines_of(self, each: FileGraph) -> TermLines:
        if each.path not in self._lines:
            try:
                self._lines[each.path] = locate_terms(read_text(each.path))
            except ConflictKGError:  # a graph that was made in memory has no file
                self._lines[each.path] = TermLines({}, {})
        return self._lines[each.path]


def _to_finding(report: Graph, result: Node, places: _Places) -> Finding:
    focus, value = report.value(result, SH.focusNode), report.value(result, SH.value)
    severity = report.value(result, SH.resultSeverity)
    path = report.value(result, SH.resultPath)
    file, line = places.find(focus, value)
    messages = sorted(str(each) for each in report.objects(result, SH.resultMessage))
    return Finding(
        severity=_SEVERITIES.get(severity, Severity.VIOLATION),  # type: ignore[call-overload]  # a result without one is a violation
        focus=focus or BNode(),
        path="" if path is None else write_path(report, path),
        value=value,
        message=" ".join(messages),
        shape=report.value(result, SH.sourceShape) or BNode(),
        component=report.value(result, SH.sourceConstraintComponent) or BNode(),
        file=file,
        line=line,
    )


def _order_of(finding: Finding, order: dict[Path, int]) -> tuple[int, int, str, str, str, str]:
    place = len(order) if finding.file is None else order[finding.file]
    focus = "" if isinstance(finding.focus, BNode) else str(finding.focus)
    return (place, finding.line or 0, focus, str(finding.shape), finding.path, str(finding.value))


def write_path(graph: Graph, path: Node) -> str:
    """Write a SHACL property path as SPARQL writes it.

    Args:
        graph: The graph that holds the path's nodes.
        path: An IRI, or the blank node of a path expression.

    >>> write_path(Graph(), OWL.sameAs)
    'owl:sameAs'
    """
    if isinstance(path, URIRef):
        return shorten_iri(path)
    for predicate, form in (
        (SH.inversePath, "^{}"),
        (SH.zeroOrMorePath, "{}*"),
        (SH.oneOrMorePath, "{}+"),
        (SH.zeroOrOnePath, "{}?"),
    ):
        inner = graph.value(path, predicate)
        if inner is not None:
            return form.format(write_path(graph, inner))
    alternatives = graph.value(path, SH.alternativePath)
    sign, members = ("/", path) if alternatives is None else ("|", alternatives)
    return "(" + sign.join(write_path(graph, each) for each in Collection(graph, members)) + ")"


def shorten_iri(iri: Node) -> str:
    """An IRI for people: with our prefix where there is one, else in angle brackets.

    >>> shorten_iri(URIRef("https://w3id.org/conflictkg/ontology#Claim"))
    'ckg:Claim'
    """
    for prefix, namespace in PREFIXES.items():
        local = str(iri).removeprefix(namespace)
        if local != str(iri) and local.replace("-", "").replace("_", "").isalnum():
            return f"{prefix}:{local}"
    return f"<{iri}>" if isinstance(iri, URIRef) else f"_:{iri}"
