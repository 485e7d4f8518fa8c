"""Whether a change would leave valid data: the shapes, over what the change touches.

Judged are the entities whose statements come or go, and those whose shapes look at them: what refers to them, what
their claims are about, and whoever a SPARQL constraint leads to them from. To judge them their surroundings are
fetched, so far as shapes look. What was wrong before and has not become worse does not count against a change.
"""

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from rdflib import Graph
from rdflib.term import Node

from conflictkg import answers
from conflictkg.errors import RefusedDataError
from conflictkg.files import ontology_files, shapes_files
from conflictkg.graphs import FileGraph, load_graphs, merge_graphs
from conflictkg.shacl.findings import Finding, Report, Severity
from conflictkg.shacl.rdflib_terms import to_node
from conflictkg.shacl.reach import Reach, read_reach
from conflictkg.shacl.reports import write_report
from conflictkg.shacl.surroundings import (
    STEPS,
    Surroundings,
    Triple,
    find_graphs,
    find_owners,
    find_referents,
    find_referrers,
)
from conflictkg.shacl.validation import validate_graphs
from conflictkg.store import Proposal, TermQuad

MOST_TOUCHED = 2_000
"""Entities whose statements one change may touch: more take longer to validate than anybody waits."""

MOST_JUDGED = 500
"""Entities judged beside those that a change touches, some seconds' work; the verdict says when there are more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the shapes say of a change.

    Args:
        report: Its new violations, and all warnings about what it touches; none where there is nothing to say.
        is_whole: Whether everything was judged whose shapes look at what changes.
    """

    report: Report | None = None
    is_whole: bool = True

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
    """What comes and goes, each triple with its graphs, and the predicates that change of each subject."""

    added: dict[Triple, set[answers.Term | None]] = field(default_factory=dict)
    removed: set[Triple] = field(default_factory=set)
    predicates: dict[answers.Term, set[str]] = field(default_factory=dict)

    def note(self, quad: TermQuad) -> Triple:
        """Take down whose statement it is."""
        subject, predicate, value, _ = quad
        found = self.predicates.setdefault(subject, set())
        if isinstance(predicate, answers.Iri):
            found.add(predicate.value)
        if len(self.predicates) > MOST_TOUCHED:
            raise RefusedDataError(
                "change-too-large",
                f"the change touches more than {MOST_TOUCHED:,} entities, more than can be validated "
                "while you wait. Send it in parts, or put it under data/ and build again.",
            )
        return subject, predicate, value


def review_change(proposal: Proposal) -> Verdict:
    """Validate what a change touches.

    Raises:
        RefusedDataError: It touches more than can be validated at once.
    """
    change = _read_change(proposal)
    if not change.predicates:
        return Verdict()
    reach = _reach()
    own = {each for each in change.predicates if isinstance(each, answers.Iri)}
    others = _find_judged(proposal, change, reach) - own
    is_whole = len(others) <= MOST_JUDGED
    focus = own | set(sorted(others, key=lambda iri: iri.value)[:MOST_JUDGED])
    surroundings = Surroundings(proposal, reach, _ontology_terms())
    # What was removed led to these, so the state before cannot be judged without them.
    surroundings.fetch(focus, {o for _, _, o in change.removed if isinstance(o, answers.Iri)})
    after = surroundings.graph
    for triple in change.added:
        after.add(_to_nodes(triple))
    nodes = {to_node(each) for each in focus | change.predicates.keys()}
    is_whole = is_whole and surroundings.is_whole
    report = _validate(after, nodes)
    if report.conforms():
        return Verdict(report, is_whole)
    known = {_key(each) for each in _validate(_undo(after, proposal, change), nodes).findings}
    fresh = tuple(
        each
        for each in report.findings
        if each.severity < Severity.VIOLATION or _key(each) not in known
    )
    return Verdict(Report(fresh, report.files, report.triples, report.graph), is_whole)


def _read_change(proposal: Proposal) -> _Change:
    change = _Change()
    for quad in proposal.added():
        change.added.setdefault(change.note(quad), set()).add(quad[3])
    for quad in proposal.removed():
        change.removed.add(change.note(quad))
    return change


def _find_judged(proposal: Proposal, change: _Change, reach: Reach) -> set[answers.Iri]:
    """The entities whose shapes may find something else after a change."""
    most = MOST_JUDGED + 1
    own = {each for each in change.predicates if isinstance(each, answers.Iri)}
    found = own | find_owners(
        proposal, [each for each in change.predicates if isinstance(each, answers.Blank)]
    )
    # What they are claims about has shapes that look back at them.
    found |= find_referents(proposal, own, reach.backwards, most)
    for _, predicate, value in (*change.added, *change.removed):
        if (
            isinstance(value, answers.Iri)
            and isinstance(predicate, answers.Iri)
            and predicate.value in reach.backwards
        ):
            found.add(value)
    above = find_referrers(
        proposal,
        {each for each in own if change.predicates[each] & reach.inner},
        reach.followed,
        most,
    )
    for _ in range(STEPS):
        fresh = above - found
        found |= fresh
        if not fresh or len(found) > MOST_JUDGED + len(own):
            break
        above = find_referrers(proposal, fresh, reach.chained, most)
    return found


def _undo(after: Graph, proposal: Proposal, change: _Change) -> Graph:
    """The same surroundings before the change."""
    # A triple that also stands in a graph that the change did not put it into was there before.
    lasting = {
        triple
        for triple, graph in find_graphs(
            proposal, {s for s, _, _ in change.added if isinstance(s, answers.Iri)}
        )
        if triple in change.added and graph not in change.added[triple]
    }
    fresh = {_to_nodes(triple) for triple in change.added.keys() - lasting}
    before = Graph()
    for triple in after:
        if triple not in fresh:
            before.add(triple)
    for gone in change.removed:
        before.add(_to_nodes(gone))
    return before


def _validate(graph: Graph, nodes: set[Node]) -> Report:
    """The report on some nodes of a graph; what is found of others is due to what was not fetched."""
    made = FileGraph(path=Path("change"), graph=graph, iri=None)
    report = validate_graphs([made], _shapes())
    findings = tuple(
        each
        for each in report.findings
        if each.focus in nodes or (each.value in nodes and each.severity < Severity.VIOLATION)
    )
    return Report(findings, report.files, report.triples, report.graph)


@cache
def _shapes() -> tuple[FileGraph, ...]:
    return load_graphs(shapes_files())


@cache
def _reach() -> Reach:
    return read_reach(merge_graphs(each.graph for each in _shapes()))


@cache
def _ontology_terms() -> frozenset[str]:
    """What our ontology describes; validation has it from there."""
    graphs = load_graphs(ontology_files())
    return frozenset(str(subject) for each in graphs for subject in each.graph.subjects())


def _to_nodes(triple: Triple) -> tuple[Node, Node, Node]:
    subject, predicate, value = triple
    return to_node(subject), to_node(predicate), to_node(value)


def _key(finding: Finding) -> tuple[object, ...]:
    return (finding.focus, finding.path, finding.value, finding.shape, finding.component)
