"""A validation report for people and for the tools that read one."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as ET

import pyoxigraph
from rdflib import RDF, SH, BNode, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg.shacl.findings import Finding, Report, Severity
from conflictkg.shacl.validation import shorten_iri
from conflictkg.terms import PREFIXES

_SARIF_LEVELS = {Severity.VIOLATION: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
# What XML 1.0 cannot hold, not even as a character reference.
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_report(report: Report, form: str, fail_on: Severity = Severity.VIOLATION) -> str:
    """Write a report.

    Args:
        report: What was found.
        form: A key of ``FORMATS``.
        fail_on: The least grave severity that counts as a failure. The Turtle report does not
            heed it: there, as SHACL has it, any result means that the data do not conform.
    """
    return FORMATS[form](report, fail_on)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _tally(findings: list[Finding]) -> str:
    counts = [
        _count(sum(each.severity is severity for each in findings), severity.label)
        for severity in sorted(Severity, reverse=True)
        if severity is not Severity.INFO or any(each.severity is severity for each in findings)
    ]
    return ", ".join(counts)


def _term(term: Node) -> str:
    if isinstance(term, Literal):
        text = str(term) if len(term) <= 120 else f"{term[:119]}…"
        kind = f"@{term.language}" if term.language else ""
        if term.datatype is not None:
            kind = f"^^{shorten_iri(term.datatype)}"
        return json.dumps(text, ensure_ascii=False) + kind
    return shorten_iri(term)


def _by_file(report: Report) -> Mapping[Path | None, list[Finding]]:
    groups: dict[Path | None, list[Finding]] = {}
    for finding in report.findings:
        groups.setdefault(finding.file, []).append(finding)
    return groups


def _write_text(report: Report, fail_on: Severity) -> str:
    lines = []
    for file, findings in _by_file(report).items():
        name = str(file) if file else "(no file)"
        lines.append(f"{name}: {_tally(findings)}")
        for finding in findings:
            place = name if finding.line is None else f"{name}:{finding.line}"
            lines.append(f"{place}: {finding.severity.label}: {finding.message}")
            value = (
                "" if finding.value in {None, finding.focus} else _term(finding.value or BNode())
            )
            parts = [_term(finding.focus), finding.path, value, f"[{_name_of(finding.shape)}]"]
            lines.append("    " + "  ".join(part for part in parts if part))
        lines.append("")
    size = f"{_count(len(report.files), 'file')}, {_count(report.triples, 'triple')}"
    verdict = "Conforms." if report.conforms(fail_on) else "Does not conform."
    lines.append(f"{size}: {_tally(list(report.findings))}. {verdict}")
    return "\n".join(lines) + "\n"


def _name_of(shape: Node) -> str:
    return re.split("[#/]", str(shape))[-1] if isinstance(shape, URIRef) else "unnamed shape"


def _write_json(report: Report, fail_on: Severity) -> str:
    content = {
        "conforms": report.conforms(fail_on),
        "files": [str(file) for file in report.files],
        "triples": report.triples,
        "counts": {severity.label: report.count(severity) for severity in Severity},
        "findings": [
            {
                "severity": finding.severity.label,
                "file": str(finding.file) if finding.file else None,
                "line": finding.line,
                "message": finding.message,
                "focus": finding.focus.n3(),
                "path": finding.path or None,
                "value": finding.value.n3() if finding.value is not None else None,
                "shape": finding.shape.n3(),
                "component": str(finding.component),
            }
            for finding in report.findings
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _write_sarif(report: Report, fail_on: Severity) -> str:  # noqa: ARG001  SARIF readers choose themselves
    rules = sorted({_name_of(finding.shape) for finding in report.findings})
    content = {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {"name": "conflictkg", "rules": [{"id": rule} for rule in rules]}
                },
                "columnKind": "unicodeCodePoints",
                "results": [_sarif_result(finding, rules) for finding in report.findings],
            }
        ],
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def _sarif_result(finding: Finding, rules: list[str]) -> dict[str, object]:
    rule = _name_of(finding.shape)
    location: dict[str, object] = {"logicalLocations": [{"fullyQualifiedName": str(finding.focus)}]}
    if finding.file is not None:
        physical: dict[str, object] = {"artifactLocation": {"uri": _uri_of(finding.file)}}
        if finding.line is not None:
            physical["region"] = {"startLine": finding.line}
        location["physicalLocation"] = physical
    return {
        "ruleId": rule,
        "ruleIndex": rules.index(rule),
        "level": _SARIF_LEVELS[finding.severity],
        "message": {"text": finding.message or rule},
        "locations": [location],
    }


def _uri_of(path: Path) -> str:
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _write_junit(report: Report, fail_on: Severity) -> str:
    groups = dict(_by_file(report))
    root = ET.Element("testsuites", name="conflictkg validate")
    for file in [*report.files, *([None] if None in groups else [])]:
        findings = groups.get(file, [])
        failures = [finding for finding in findings if finding.severity >= fail_on]
        name = str(file) if file else "(no file)"
        suite = ET.SubElement(root, "testsuite", name=name, errors="0", skipped="0")
        for finding in findings:
            case = ET.SubElement(suite, "testcase", classname=name, name=_case_name(finding))
            kind = "failure" if finding in failures else "system-out"
            element = ET.SubElement(case, kind)
            if kind == "failure":
                element.set("type", finding.severity.label)
                element.set("message", _NOT_XML.sub("\ufffd", finding.message))
            element.text = _NOT_XML.sub("\ufffd", _case_text(finding, name))
        if not findings:
            ET.SubElement(suite, "testcase", classname=name, name="shapes")
        suite.set("tests", str(max(len(findings), 1)))
        suite.set("failures", str(len(failures)))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False) + "\n"


def _case_name(finding: Finding) -> str:
    return _NOT_XML.sub("\ufffd", f"{_name_of(finding.shape)} {_term(finding.focus)}")


def _case_text(finding: Finding, name: str) -> str:
    place = name if finding.line is None else f"{name}:{finding.line}"
    return f"{place}: {finding.severity.label}: {finding.message}"


def _write_turtle(report: Report, fail_on: Severity) -> str:  # noqa: ARG001  SHACL has no such choice
    # Not by graphs.write_turtle: a report has blank nodes. They are named in the order of what is
    # said of them, so that the same findings give the same bytes.
    names = _name_blank_nodes(report.graph)
    rows = sorted((_row(triple, names), triple) for triple in report.graph)
    triples = [pyoxigraph.Triple(*(_to_oxigraph(term, names) for term in each)) for _, each in rows]
    text = pyoxigraph.serialize(
        triples, format=pyoxigraph.RdfFormat.TURTLE, prefixes={"sh": str(SH), **PREFIXES}
    )
    return (text or b"").decode("utf-8")


def _name_blank_nodes(graph: Graph) -> Mapping[Node, str]:
    names: dict[Node, str] = {}

    def visit(node: Node) -> None:
        if not isinstance(node, BNode) or node in names:
            return
        names[node] = f"n{len(names)}"
        parts = sorted((str(p), _signature(graph, o), o) for p, o in graph.predicate_objects(node))
        for _, _, part in parts:
            visit(part)

    for report in graph.subjects(RDF.type, SH.ValidationReport):
        visit(report)
    for node in sorted(graph.all_nodes(), key=str):
        visit(node)
    return names


def _signature(graph: Graph, node: Node) -> str:
    """What is said of a blank node directly; of another term its text."""
    if not isinstance(node, BNode):
        return node.n3()
    said = [
        (str(p), "" if isinstance(o, BNode) else str(o)) for p, o in graph.predicate_objects(node)
    ]
    return str(sorted(said))


def _row(triple: tuple[Node, Node, Node], names: Mapping[Node, str]) -> tuple[str, ...]:
    def text(term: Node) -> str:
        # By length first: n9 before n10.
        return f"_:{int(names[term][1:]):09}" if term in names else f"<{term}"

    subject, predicate, value = triple
    return (text(subject), "" if predicate == RDF.type else str(predicate), text(value))


def _to_oxigraph(term: Node, names: Mapping[Node, str]) -> Any:
    if isinstance(term, URIRef):
        return pyoxigraph.NamedNode(str(term))
    if isinstance(term, Literal):
        if term.language:
            return pyoxigraph.Literal(str(term), language=term.language)
        datatype = pyoxigraph.NamedNode(str(term.datatype)) if term.datatype else None
        return pyoxigraph.Literal(str(term), datatype=datatype)
    return pyoxigraph.BlankNode(names[term])


FORMATS: Mapping[str, Callable[[Report, Severity], str]] = {
    "text": _write_text,
    "turtle": _write_turtle,
    "json": _write_json,
    "sarif": _write_sarif,
    "junit": _write_junit,
}
"""Name of a form of report to what writes it."""
