"""The W3C's SHACL test suite, from its manifests, where it lies beside this checkout."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from rdflib import SH, BNode, Graph, Literal, Namespace, URIRef
from rdflib.collection import Collection
from rdflib.term import Node
from shared_files import SHARED, shared

from conflictkg.errors import SourceError
from conflictkg.graphs import FileGraph, parse_graph
from conflictkg.shacl import validate_graphs

MF = Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = Namespace("http://www.w3.org/ns/shacl-test#")
SUITE = "suites/data-shapes/data-shapes-test-suite/tests"
BASE = "https://example.org/"

# Each with its reason. When one passes the suite fails, and the line goes.
KNOWN_FAILURES = {
    "sparql/pre-binding/shapesGraph-001": "needs $shapesGraph, which SHACL leaves to the processor",
}


def cases() -> list[str]:
    root = SHARED / SUITE
    files = [path for path in root.rglob("*.ttl") if "sht:Validate" in path.read_text("utf-8")]
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in files)


def test_suite_is_whole() -> None:
    """All of the suite's files with a test of their own are run."""
    shared(SUITE)
    assert len(cases()) == 121


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=pytest.mark.xfail(reason=KNOWN_FAILURES[name], raises=SourceError)
            if name in KNOWN_FAILURES
            else (),
        )
        for name in cases()
    ],
)
def test_w3c_case_gives_the_expected_report(name: str) -> None:
    """Conformance, and focus node, path, value, kind, severity and shape of each result are right."""
    path = shared(f"{SUITE}/{name}.ttl")
    manifest = parse_graph(path, base=BASE + path.name).graph
    for entries in manifest.objects(None, MF.entries):
        for test in Collection(manifest, entries):
            check_case(manifest, test, path)


def check_case(manifest: Graph, test: Node, path: Path) -> None:
    action = manifest.value(test, MF.action)
    expected = manifest.value(test, MF.result)
    data, shapes = (
        load_action(manifest.value(action, role), path) for role in (SHT.dataGraph, SHT.shapesGraph)
    )
    if expected == SHT.Failure:
        with pytest.raises(SourceError):
            validate_graphs([data], [shapes])
        return
    report = validate_graphs([data], [shapes])
    assert (not report.findings) is (str(manifest.value(expected, SH.conforms)) == "true")
    results = list(manifest.objects(expected, SH.result))
    assert rows_of(report.graph, list(report.graph.objects(None, SH.result))) == rows_of(
        manifest, results
    )


def load_action(graph: Node | None, path: Path) -> FileGraph:
    return parse_graph(path.parent / str(graph).removeprefix(BASE), base=BASE + path.name)


def rows_of(graph: Graph, results: list[Node]) -> Counter[tuple[str, ...]]:
    parts = (
        SH.focusNode,
        SH.resultPath,
        SH.value,
        SH.resultSeverity,
        SH.sourceConstraintComponent,
        SH.sourceShape,
    )
    return Counter(
        tuple(text_of(graph.value(result, part)) for part in parts) for result in results
    )


def text_of(term: Node | None) -> str:
    """Blank nodes are all one here; numbers and booleans are compared by value."""
    if isinstance(term, BNode):
        return "_:"
    if isinstance(term, Literal) and isinstance(term.value, int | float | Decimal):
        return repr(term.value)
    return term.n3() if isinstance(term, URIRef | Literal) else ""


def test_known_failures_are_cases() -> None:
    """A line about a case that is gone is itself removed."""
    shared(SUITE)
    assert set(KNOWN_FAILURES) <= set(cases())
