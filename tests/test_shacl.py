"""Every shape catches what it is for, and every finding says where to look.

``shapes/<name>_PASS.ttl`` conforms; ``<name>_FAIL.ttl`` yields what its ``.expected.toml`` says, no more
and no less. All are checked together with ``_world.ttl``, which holds what they refer to.
"""

import json
import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import rdflib
from rdflib import RDF, SH, XSD, BNode, Graph, Literal, URIRef, Variable
from rdflib.collection import Collection
from rdflib.compare import isomorphic
from rdflib.term import Node

from conflictkg.errors import SourceError
from conflictkg.files import data_files, ontology_files, ontology_shapes_file, shapes_files
from conflictkg.graphs import FileGraph, load_graphs, merge_graphs, parse_graph, parse_turtle
from conflictkg.shacl import FORMATS, Finding, Report, Severity, validate_graphs, write_report
from conflictkg.shacl.prepared import PreparedGraph, _in_order
from conflictkg.shacl.validation import shorten_iri, write_path

EXAMPLES = Path(__file__).parent / "shapes"
PASSING = sorted(EXAMPLES.glob("*_PASS.ttl"))
FAILING = sorted(EXAMPLES.glob("*_FAIL.ttl"))
SHAPES = "https://w3id.org/conflictkg/shapes#"
EX = "https://example.org/"

Row = tuple[str, str, str, str]


@cache
def data_shapes() -> tuple[FileGraph, ...]:
    return load_graphs(shapes_files())


@cache
def all_shapes() -> Graph:
    return merge_graphs(
        each.graph for each in (*data_shapes(), parse_graph(ontology_shapes_file()))
    )


@cache
def report_on(example: Path) -> Report:
    if example.stem.startswith("ontology_"):
        return validate_graphs([parse_graph(example)], [parse_graph(ontology_shapes_file())])
    world = parse_graph(EXAMPLES / "_world.ttl")
    return validate_graphs([world, parse_graph(example)], data_shapes())


def short(focus: Node) -> str:
    local = str(focus).removeprefix(EX)
    return f"ex:{local}" if local != str(focus) else shorten_iri(focus)


def row_of(finding: Finding) -> Row:
    shape = str(finding.shape).removeprefix(SHAPES)
    return short(finding.focus), finding.path, finding.severity.label, shape


def expected_of(example: Path) -> Counter[Row]:
    content = tomllib.loads(example.with_suffix(".expected.toml").read_text(encoding="utf-8"))
    return Counter(
        {
            (row["focus"], row.get("path", ""), row["severity"], row["shape"]): row.get("times", 1)
            for row in content["finding"]
        }
    )


# The examples


def test_world_alone_conforms() -> None:
    """What the examples refer to is beyond reproach, so that findings are the examples' own."""
    report = validate_graphs([parse_graph(EXAMPLES / "_world.ttl")], data_shapes())
    assert [row_of(finding) for finding in report.findings] == []


@pytest.mark.parametrize("example", PASSING, ids=lambda path: path.stem)
def test_pass_example_conforms(example: Path) -> None:
    """Nothing is found in data that are as they should be, not even a warning."""
    assert [row_of(finding) for finding in report_on(example).findings] == []


@pytest.mark.parametrize("example", FAILING, ids=lambda path: path.stem)
def test_fail_example_yields_just_what_is_expected(example: Path) -> None:
    """Each fault is found once by the shape that is there for it, and nothing else is."""
    assert Counter(row_of(finding) for finding in report_on(example).findings) == expected_of(
        example
    )


def test_every_shapes_file_has_both_examples() -> None:
    """A shapes file without a case that it must pass and one that it must catch proves nothing."""
    files = {path.stem for path in (*shapes_files(), ontology_shapes_file())} - {"references"}
    assert {path.stem.removesuffix("_PASS") for path in PASSING} == files
    assert {path.stem.removesuffix("_FAIL") for path in FAILING} == files


# The shapes themselves

_TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf)
_LISTS = (SH["or"], SH.xone, SH["and"])
_INNER = (SH.node, SH["not"], SH.qualifiedValueShape)


def reporting_shapes(graph: Graph) -> set[Node]:
    """Shapes that a result can name: those with targets, and their property shapes."""
    targeted = {shape for target in _TARGETS for shape in graph.subjects(target, None)}
    owned = {part for shape in targeted for part in graph.objects(shape, SH.property)}
    own = {*_LISTS, *_INNER, SH.sparql, SH.pattern, SH.nodeKind}
    return owned | {s for s in targeted if any((s, kind, None) in graph for kind in own)}


def inner_shapes(graph: Graph, shape: Node) -> set[Node]:
    """Shapes that a shape refers to without their results being shown."""
    found = {inner for kind in _INNER for inner in graph.objects(shape, kind)}
    for kind in _LISTS:
        for members in graph.objects(shape, kind):
            found |= set(Collection(graph, members))
    return found


def test_every_shape_is_hit_by_a_fail_example() -> None:
    """A shape with a misspelt target or path passes everything: each must have caught something."""
    hit = {row[3] for example in FAILING for row in expected_of(example)}
    missing = {str(each).removeprefix(SHAPES) for each in reporting_shapes(all_shapes())} - hit
    assert missing == set()


def test_every_other_shape_is_used_by_one_that_is_hit() -> None:
    """No shape lies about that nothing refers to."""
    graph = all_shapes()
    reached = reporting_shapes(graph) | {s for t in _TARGETS for s in graph.subjects(t, None)}
    waiting = list(reached)
    while waiting:
        shape = waiting.pop()
        inner = inner_shapes(graph, shape) | set(graph.objects(shape, SH.property))
        waiting += inner - reached
        reached |= inner
    kinds = (SH.NodeShape, SH.PropertyShape)
    assert {shape for kind in kinds for shape in graph.subjects(RDF.type, kind)} - reached == set()


def test_every_shape_has_an_iri_of_its_own() -> None:
    """Results and examples can refer to any shape, and no shape is written twice."""
    graph = all_shapes()
    shapes = [
        s for kind in (SH.NodeShape, SH.PropertyShape) for s in graph.subjects(RDF.type, kind)
    ]
    shapes += list(graph.objects(None, SH.property))
    assert {shape for shape in shapes if not str(shape).startswith(SHAPES)} == set()
    homes = Counter(
        shape
        for each in (*data_shapes(), parse_graph(ontology_shapes_file()))
        for kind in (SH.NodeShape, SH.PropertyShape)
        for shape in each.graph.subjects(RDF.type, kind)
    )
    assert {shape for shape, count in homes.items() if count > 1} == set()


def test_every_reporting_shape_has_name_severity_and_message() -> None:
    """A curator is told what to do, in a sentence."""
    graph = all_shapes()
    wrong = []
    for shape in reporting_shapes(graph):
        constraint = graph.value(shape, SH.sparql) or shape
        message = str(graph.value(constraint, SH.message) or "")
        whole = all((shape, each, None) in graph for each in (SH.name, SH.severity))
        if not whole or not re.fullmatch(r"[A-Zckgdt{].*[.]", message):
            wrong.append((shape, message))
    assert wrong == []


def test_direct_triple_shape_looks_at_what_it_targets() -> None:
    """The list of properties stands twice in view.ttl, and both say the same."""
    graph = all_shapes()
    targets = set(graph.objects(URIRef(f"{SHAPES}DirectTripleShape"), SH.targetSubjectsOf))
    query = str(graph.value(URIRef(f"{SHAPES}DirectTripleConstraint"), SH.select))
    listed = re.search(r"\?path IN \((.*?)\)\)", query, re.DOTALL)
    assert listed is not None
    assert {name.strip() for name in listed[1].split(",")} == {
        shorten_iri(each) for each in targets
    }


def test_our_data_and_ontology_conform() -> None:
    """What is published meets its own rules."""
    data = validate_graphs(load_graphs(data_files()), data_shapes())
    assert [row_of(finding) for finding in data.findings] == []
    ontology = validate_graphs(load_graphs(ontology_files()), [parse_graph(ontology_shapes_file())])
    assert [row_of(finding) for finding in ontology.findings] == []


# Findings


def test_finding_names_file_and_line_of_its_focus_node() -> None:
    """The line is the one on which the block of the node starts in its own file."""
    example = EXAMPLES / "claim_FAIL.ttl"
    lines = example.read_text(encoding="utf-8").splitlines()
    checked = 0
    for finding in report_on(example).findings:
        assert finding.file == example
        assert finding.line is not None
        assert lines[finding.line - 1].startswith(short(finding.focus) + " ")
        checked += 1
    assert checked == expected_of(example).total()


def test_finding_on_a_node_that_is_only_mentioned_has_the_line_of_the_mention(
    tmp_path: Path,
) -> None:
    """A node that no file describes is found where it is first spoken of."""
    path = tmp_path / "a.ttl"
    path.write_text("<urn:a>\n  <urn:p> <urn:b> ,\n  <urn:c> .\n", encoding="utf-8")
    shapes = parse_turtle(
        f"@prefix sh: <{SH}> . <urn:s> a sh:NodeShape ; sh:targetNode <urn:c> ;"
        " sh:property <urn:ps> . <urn:ps> sh:path <urn:q> ; sh:minCount 1 ."
    )
    report = validate_graphs([parse_graph(path)], [shapes])
    assert [(finding.file, finding.line) for finding in report.findings] == [(path, 3)]


def test_finding_on_a_node_of_no_file_has_the_place_of_its_value(tmp_path: Path) -> None:
    """A deprecated term stands in the ontology: the place to look at is that of whoever uses it."""
    path = tmp_path / "a.ttl"
    path.write_text("<urn:a> <urn:p> 1 .\n<urn:user> <urn:p> 2 .\n", encoding="utf-8")
    shapes = parse_turtle(
        f"@prefix sh: <{SH}> . <urn:s> a sh:NodeShape ; sh:targetNode <urn:term> ; sh:sparql <urn:c> ."
        " <urn:c> sh:select 'SELECT $this ?value WHERE { ?value <urn:p> 2 }' ."
    )
    report = validate_graphs([parse_graph(path)], [shapes])
    assert [(str(each.focus), each.file, each.line) for each in report.findings] == [
        ("urn:term", path, 2)
    ]


def test_graphs_are_checked_together() -> None:
    """A reference from one file into another holds; the same file alone is in the wrong."""
    alone = validate_graphs([parse_graph(EXAMPLES / "named-graph_PASS.ttl")], data_shapes())
    assert alone.conforms()
    claims = parse_graph(EXAMPLES / "claim_PASS.ttl")
    assert not validate_graphs([claims], data_shapes()).conforms()


def test_severities_are_counted_and_a_warning_alone_conforms() -> None:
    """Warnings do not fail a validation unless it is asked for."""
    report = report_on(EXAMPLES / "deprecated_FAIL.ttl")
    counts = [report.count(severity) for severity in Severity]
    assert counts == [0, 2, 0]
    assert report.conforms()
    assert not report.conforms(Severity.WARNING)


def test_validation_leaves_lexical_forms_alone() -> None:
    """The normalization that pySHACL switches on for the whole process is off again afterwards."""
    report_on(EXAMPLES / "named-graph_PASS.ttl")
    validate_graphs([parse_turtle("<urn:a> <urn:b> 1 .")], [parse_turtle("")])
    assert rdflib.NORMALIZE_LITERALS is False
    assert str(Literal("007", datatype=XSD.integer)) == "007"


@pytest.mark.parametrize(
    ("shapes", "problem"),
    [
        ("sh:property <urn:none>", "<urn:none>|none"),
        ("sh:pattern '('", "unterminated|missing"),
        ("sh:sparql [ sh:select 'SELECT $this WHERE { $this' ]", "Expected|expected"),
        ("sh:sparql [ sh:select 'SELECT $this WHERE { $this nope:p ?o }' ]", "nope"),
    ],
    ids=["missing-shape", "pattern", "sparql", "prefix"],
)
def test_shapes_that_cannot_be_applied_are_named(shapes: str, problem: str) -> None:
    """Whatever pySHACL stumbles over comes out as an error that names the shapes file."""
    text = f"@prefix sh: <{SH}> . <urn:s> a sh:NodeShape ; sh:targetNode <urn:a> ; {shapes} ."
    with pytest.raises(SourceError, match=f"cannot be applied: .*({problem})") as caught:
        validate_graphs([parse_turtle("<urn:a> <urn:b> 'x' .")], [parse_turtle(text, "mine.ttl")])
    assert caught.value.source == "mine.ttl"


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("<urn:p>", "<urn:p>"),
        ("[ sh:inversePath <urn:p> ]", "^<urn:p>"),
        ("( <urn:p> [ sh:zeroOrMorePath <urn:q> ] )", "(<urn:p>/<urn:q>*)"),
        ("[ sh:alternativePath ( <urn:p> [ sh:oneOrMorePath <urn:q> ] ) ]", "(<urn:p>|<urn:q>+)"),
        ("[ sh:zeroOrOnePath sh:path ]", "sh:path?"),
    ],
    ids=["iri", "inverse", "sequence", "alternative", "optional"],
)
def test_write_path_is_as_in_sparql(path: str, written: str) -> None:
    """A path reads as it would in a query."""
    graph = parse_turtle(f"@prefix sh: <{SH}> . <urn:s> sh:path {path} .").graph
    node = graph.value(URIRef("urn:s"), SH.path)
    assert node is not None
    assert write_path(graph, node) == written


# Prepared queries

_QUERIES = {
    "chain": "SELECT ?this ?c WHERE { ?b <urn:q> ?c . ?this <urn:p> ?b }",
    "not-exists": "SELECT ?this WHERE { ?this <urn:p> ?b FILTER NOT EXISTS { ?b <urn:q> ?c } }",
    "union": "SELECT ?this ?b WHERE { { ?this <urn:p> ?b } UNION { ?b <urn:q> ?this } }",
    "optional": "SELECT ?this ?c WHERE { ?this <urn:p> ?b OPTIONAL { ?b <urn:q> ?c } }",
    "path": "SELECT ?this ?c WHERE { ?this <urn:p>/<urn:q> ?c }",
}


@pytest.mark.parametrize("query", _QUERIES.values(), ids=_QUERIES.keys())
def test_prepared_graph_answers_as_rdflib_does(query: str) -> None:
    """Another order of patterns changes no answer, for any binding of this."""
    plain = parse_turtle(
        "<urn:a> <urn:p> <urn:b>, <urn:c>, <urn:d> . <urn:b> <urn:q> 1, 2 . <urn:c> <urn:q> <urn:a> ."
        "<urn:d> <urn:p> <urn:c> ."
    ).graph
    prepared = PreparedGraph()
    prepared += plain
    for name in "abcd":
        bindings = {"this": URIRef(f"urn:{name}")}
        for _ in range(2):  # the second time from what was prepared
            answers = prepared.query(query, initBindings=bindings).bindings
            expected = plain.query(query, initBindings=bindings).bindings
            key = lambda row: sorted((str(k), str(v)) for k, v in row.items())  # noqa: E731
            assert sorted(map(key, answers)) == sorted(map(key, expected))


def test_prepared_patterns_start_from_what_is_known() -> None:
    """The first pattern holds $this, and each next one is tied to those before it."""
    a, b, this = Variable("a"), Variable("b"), Variable("this")
    p = URIRef("urn:p")
    patterns = [(a, p, b), (b, p, Variable("z")), (this, p, a)]
    assert _in_order(patterns, {this}) == [(this, p, a), (a, p, b), (b, p, Variable("z"))]


# Reports


def small_report(tmp_path: Path) -> Report:
    path = tmp_path / "a b.ttl"
    path.write_text(
        "@prefix ckg: <https://w3id.org/conflictkg/ontology#> .\n"
        "<urn:g> a ckg:NamedGraph ;\n"
        '  ckg:redistribution "\\u0001 <&>" ;\n'
        "  <http://purl.org/dc/terms/title> 'a' ;\n"
        "  <http://purl.org/dc/terms/license> <urn:l> .\n",
        encoding="utf-8",
    )
    return validate_graphs([parse_graph(path)], data_shapes())


def test_text_report_groups_by_file_and_counts(tmp_path: Path) -> None:
    """A line for people: file, line, severity, what to do; then node, path, value and shape."""
    path = tmp_path / "a b.ttl"
    assert write_report(small_report(tmp_path), "text") == (
        f"{path}: 1 violation, 0 warnings\n"
        f"{path}:2: violation: Say with exactly one ckg:redistribution, true or false, whether the "
        "graph may be passed on.\n"
        '    <urn:g>  ckg:redistribution  "\\u0001 <&>"  [GraphRedistributionShape]\n'
        "\n"
        "1 file, 4 triples: 1 violation, 0 warnings. Does not conform.\n"
    )


def test_json_report_holds_every_field(tmp_path: Path) -> None:
    """A tool gets what a person gets, in full."""
    content = json.loads(write_report(small_report(tmp_path), "json"))
    assert content["conforms"] is False
    assert content["counts"] == {"info": 0, "warning": 0, "violation": 1}
    (finding,) = content["findings"]
    assert finding == {
        "severity": "violation",
        "file": str(tmp_path / "a b.ttl"),
        "line": 2,
        "message": "Say with exactly one ckg:redistribution, true or false, whether the graph may be "
        "passed on.",
        "focus": "<urn:g>",
        "path": "ckg:redistribution",
        "value": Literal("\u0001 <&>").n3(),
        "shape": f"<{SHAPES}GraphRedistributionShape>",
        "component": str(SH.DatatypeConstraintComponent),
    }


def test_sarif_report_points_at_file_and_line(tmp_path: Path) -> None:
    """SARIF 2.1.0: a rule a shape, a result a finding, the place as a URI and a line."""
    content = json.loads(write_report(small_report(tmp_path), "sarif"))
    assert content["version"] == "2.1.0"
    (run,) = content["runs"]
    assert run["tool"]["driver"]["name"] == "conflictkg"
    (result,) = run["results"]
    assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert result["level"] == "error"
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == (tmp_path / "a b.ttl").as_uri()
    assert place["region"] == {"startLine": 2}


def test_sarif_report_levels_follow_severity() -> None:
    """A warning is a warning there too."""
    content = json.loads(write_report(report_on(EXAMPLES / "deprecated_FAIL.ttl"), "sarif"))
    assert {result["level"] for result in content["runs"][0]["results"]} == {"warning"}


def test_junit_report_is_xml_and_counts_failures(tmp_path: Path) -> None:
    """A suite a file, a failure a finding that counts; control characters do not break the XML."""
    root = ET.fromstring(write_report(small_report(tmp_path), "junit"))  # noqa: S314  our own output
    (suite,) = root
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1")
    failure = suite.find("testcase/failure")
    assert failure is not None
    assert failure.get("type") == "violation"
    assert str(failure.text).startswith(f"{tmp_path / 'a b.ttl'}:2: violation: Say with")


def test_junit_report_counts_warnings_only_where_they_fail() -> None:
    """Below the threshold a finding is told and the case passes."""
    report = report_on(EXAMPLES / "deprecated_FAIL.ttl")
    for fail_on, failures in ((Severity.VIOLATION, "0"), (Severity.WARNING, "2")):
        root = ET.fromstring(write_report(report, "junit", fail_on))  # noqa: S314  our own output
        assert [suite.get("failures") for suite in root] == ["0", failures]
        assert len(root.findall(".//failure")) == int(failures)


@pytest.mark.parametrize("example", FAILING, ids=lambda path: path.stem)
def test_turtle_report_is_the_validation_report(example: Path) -> None:
    """The Turtle parses to the sh:ValidationReport with a result for each finding."""
    report = report_on(example)
    text = write_report(report, "turtle")
    graph = parse_turtle(text).graph
    assert len(set(graph.objects(None, SH.result))) == len(report.findings)
    assert len(graph) == len(report.graph)
    assert (None, SH.conforms, Literal(False)) in graph


def test_turtle_report_of_blank_nodes_is_isomorphic_to_the_report() -> None:
    """Focus nodes and shapes without a name keep their identity."""
    shapes = parse_turtle(
        f"@prefix sh: <{SH}> . <urn:s> sh:targetSubjectsOf <urn:p> ;"
        " sh:property [ sh:path [ sh:inversePath <urn:q> ] ; sh:minCount 1 ; sh:severity <urn:grave> ] ."
    )
    data = parse_turtle("[] <urn:p> _:b . _:b <urn:p> 1 .", "data.ttl")
    report = validate_graphs([data], [shapes])
    graph = parse_turtle(write_report(report, "turtle")).graph
    assert isomorphic(graph, report.graph)
    assert [finding.severity for finding in report.findings] == [Severity.VIOLATION] * 2
    assert {finding.file for finding in report.findings} == {Path("data.ttl")}
    assert all(isinstance(finding.focus, BNode) for finding in report.findings)
    assert "unnamed shape" in write_report(report, "text")


@pytest.mark.parametrize("form", list(FORMATS))
def test_report_is_the_same_bytes_on_every_run(form: str) -> None:
    """Reports can be compared by diff."""
    inputs = [parse_graph(EXAMPLES / name) for name in ("_world.ttl", "place_FAIL.ttl")]
    texts = {write_report(validate_graphs(inputs, data_shapes()), form) for _ in range(2)}
    assert len(texts) == 1


@pytest.mark.parametrize("form", list(FORMATS))
def test_report_without_findings_is_well_formed(form: str) -> None:
    """That nothing was found is said in each form."""
    text = write_report(report_on(EXAMPLES / "review_PASS.ttl"), form)
    said = {
        "text": "Conforms.",
        "turtle": "sh:conforms true",
        "json": '"conforms": true',
        "sarif": '"results": []',
        "junit": 'failures="0"',
    }
    assert said[form] in text
