"""Whether a change would leave valid data: the shapes, over what the change touches.

Looked at are the entities whose statements come or go, and those that refer to them, because a shape of theirs may
ask for something of an entity that has changed. To judge them their surroundings are fetched, so far as
shapes of ours reach. What was wrong before and has not become worse does not count against a change.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rdflib import BNode, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg import answers
from conflictkg.answers.ntriples import to_ntriples
from conflictkg.errors import RefusedDataError
from conflictkg.files import shapes_files
from conflictkg.graphs import FileGraph, load_graphs
from conflictkg.shacl.findings import Finding, Report, Severity
from conflictkg.shacl.reports import write_report
from conflictkg.shacl.validation import validate_graphs
from conflictkg.store import Proposal, TermQuad

REACH = 3
"""Steps from an entity to what its shapes may look at."""

MOST_TOUCHED = 2_000
"""Entities that one change may touch: more take longer to validate than anybody waits."""

_AT_ONCE = 200

_STATEMENTS = """
SELECT DISTINCT ?s ?p ?o WHERE {{ VALUES ?s {{ {nodes} }} ?s ?p ?o }}
"""
_BLANKS = """
SELECT DISTINCT ?s ?p ?o WHERE {{
  VALUES ?from {{ {nodes} }}
  ?from ?by ?s . FILTER (isBlank(?s))
  ?s ?p ?o
}}
"""
_REFERRERS = """
SELECT DISTINCT ?s WHERE {{ VALUES ?o {{ {nodes} }} ?s ?p ?o . FILTER (isIRI(?s)) }} LIMIT {most}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the shapes say of a change.

    Args:
        report: Its new violations, and all warnings about what it touches; none where there is nothing to say.
    """

    report: Report | None = None

    @property
    def is_valid(self) -> bool:
        """Whether there is no new violation."""
        return self.report is None or self.report.conforms()

    @property
    def violations(self) -> tuple[Finding, ...]:
        """What keeps the change from being made."""
        findings = () if self.report is None else self.report.findings
        return tuple(each for each in findings if each.severity >= Severity.VIOLATION)

    def turtle(self) -> str:
        """The whole report as Turtle."""
        return "" if self.report is None else write_report(self.report, "turtle")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """What does not keep the change from being made."""
        findings = () if self.report is None else self.report.findings
        return tuple(each for each in findings if each.severity < Severity.VIOLATION)


@dataclass(slots=True)
class _Change:
    """A change in rdflib's terms."""

    added: set[tuple[Node, Node, Node]] = field(default_factory=set)
    removed: set[tuple[Node, Node, Node]] = field(default_factory=set)
    touched: set[answers.Term] = field(default_factory=set)


def review_change(proposal: Proposal) -> Verdict:
    """Validate what a change touches.

    Raises:
        RefusedDataError: It touches more than can be validated at once.
    """
    change = _read_change(proposal)
    if not change.touched:
        return Verdict()
    iris = {each for each in change.touched if isinstance(each, answers.Iri)}
    focus = iris | _referrers(proposal, iris)
    after = _surroundings(proposal, focus)
    for triple in change.added:
        after.add(triple)
    nodes = {_to_node(each) for each in focus | change.touched}
    report = _validate(after, nodes)
    if report.conforms():
        return Verdict(report)
    before = Graph()
    for triple in after:
        if triple not in change.added:
            before.add(triple)
    for triple in change.removed:
        before.add(triple)
    known = {_key(each) for each in _validate(before, nodes).findings}
    fresh = tuple(
        each
        for each in report.findings
        if each.severity < Severity.VIOLATION or _key(each) not in known
    )
    return Verdict(Report(fresh, report.files, report.triples, report.graph))


def _read_change(proposal: Proposal) -> _Change:
    change = _Change()
    for quads, kept in ((proposal.added(), change.added), (proposal.removed(), change.removed)):
        for subject, triple in _to_triples(quads):
            kept.add(triple)
            change.touched.add(subject)
            if len(change.touched) > MOST_TOUCHED:
                raise RefusedDataError(
                    "too-large",
                    f"the change touches more than {MOST_TOUCHED:,} entities, more than can be validated "
                    "while you wait. Send it in parts, or put it under data/ and build again.",
                )
    return change


def _to_triples(
    quads: Iterable[TermQuad],
) -> Iterator[tuple[answers.Term, tuple[Node, Node, Node]]]:
    for subject, predicate, value, _ in quads:
        yield subject, (_to_node(subject), _to_node(predicate), _to_node(value))


def _referrers(proposal: Proposal, iris: set[answers.Iri]) -> set[answers.Iri]:
    found: set[answers.Iri] = set()
    for nodes in _lists(iris):
        text = _REFERRERS.format(nodes=nodes, most=MOST_TOUCHED)
        for row in _rows(proposal, text):
            if isinstance(row[0], answers.Iri):
                found.add(row[0])
    return found


def _surroundings(proposal: Proposal, focus: set[answers.Iri]) -> Graph:
    """What is stated of the entities, and of what they lead to within the reach of shapes."""
    graph = Graph()
    known: set[answers.Iri] = set()
    wanted = set(focus)
    for _ in range(REACH):
        found: set[answers.Iri] = set()
        for nodes in _lists(wanted):
            for text in (_STATEMENTS, _BLANKS):
                for s, p, o in _rows(proposal, text.format(nodes=nodes)):
                    if s is None or p is None or o is None:
                        continue
                    graph.add((_to_node(s), _to_node(p), _to_node(o)))
                    if isinstance(o, answers.Iri):
                        found.add(o)
        known |= wanted
        wanted = found - known
    return graph


def _lists(iris: Iterable[answers.Iri]) -> Iterator[str]:
    """IRIs as SPARQL lists them, some at a time. They come out of a store, which holds none that could end the list."""
    ordered = sorted(to_ntriples(each) for each in iris)
    for start in range(0, len(ordered), _AT_ONCE):
        yield " ".join(ordered[start : start + _AT_ONCE])


def _rows(proposal: Proposal, text: str) -> Iterator[answers.Row]:
    answer = proposal.query(text)
    assert isinstance(answer, answers.Solutions)  # noqa: S101 -- what SELECT is answered with
    yield from answer.rows


def _validate(graph: Graph, nodes: set[Node]) -> Report:
    """The report on some nodes of a graph; what is found of others is due to what was not fetched."""
    made = FileGraph(path=Path("change"), graph=graph, iri=None)
    report = validate_graphs([made], _shapes())
    findings = tuple(each for each in report.findings if each.focus in nodes)
    return Report(findings, report.files, report.triples, report.graph)


@cache
def _shapes() -> tuple[FileGraph, ...]:
    return load_graphs(shapes_files())


def _key(finding: Finding) -> tuple[object, ...]:
    return (finding.focus, finding.path, finding.value, finding.shape, finding.component)


def _to_node(term: answers.Term) -> Node:
    if isinstance(term, answers.Iri):
        return URIRef(term.value)
    if isinstance(term, answers.Blank):
        return BNode(term.label)
    if isinstance(term, answers.Literal):
        if term.language:
            return Literal(term.lexical, lang=term.language)
        if term.datatype == answers.XSD_STRING:
            return Literal(term.lexical)
        return Literal(term.lexical, datatype=URIRef(term.datatype))
    raise RefusedDataError("unreadable", "they hold a triple as a term (RDF 1.2). Leave it out.")
