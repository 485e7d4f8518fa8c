"""From files to a store: parse, check, derive, reason, write.

Files are the truth and the store is made from them, so a build has no state of its own: the same
files give the same quads and the same release. What stands where the store is to be is replaced at
the very end, by one rename.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from rdflib import DCTERMS, ORG, RDF, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg import files, iris, views
from conflictkg.describe import keep_counts
from conflictkg.errors import ConflictKGError, InvalidGraphError, SourceError
from conflictkg.graphs import FileGraph, load_graphs, locate_subjects, merge_graphs, read_text
from conflictkg.reason import entail
from conflictkg.shacl import Finding, Severity, validate_graphs
from conflictkg.sources.job import Progress, silent
from conflictkg.sources.keeping import Given, Kept, keep_converted
from conflictkg.store import open_store
from conflictkg.store.layout import FORMAT, read_manifest
from conflictkg.store.place import claim_place
from conflictkg.store.writer import Contents, versions, write_store
from conflictkg.terms import CKG, OA

_RESERVED = frozenset(
    {
        iris.ONTOLOGY_GRAPH,
        iris.SHAPES_GRAPH,
        iris.QUERIES_GRAPH,
        iris.ENTAILED_GRAPH,
        views.ASSERTED_GRAPH,
        views.ATTRIBUTED_GRAPH,
    }
)
_APPARATUS = (OA.Annotation, OA.SpecificResource, OA.TextPositionSelector, OA.TextQuoteSelector)
"""Classes of what says where in a text something stands: a third of the quads, and nothing follows from it."""

LICENCE = URIRef("https://creativecommons.org/licenses/by/4.0/")
"""Of the graphs that the build makes itself."""
_DERIVED = (views.ASSERTED_GRAPH, views.ATTRIBUTED_GRAPH, iris.ENTAILED_GRAPH)
_OWN_GRAPHS = {
    views.ASSERTED_GRAPH: "Direct triples of what sources assert",
    views.ATTRIBUTED_GRAPH: "Direct triples of what sources report that others said",
    iris.ENTAILED_GRAPH: "What follows under the ontology",
    iris.ONTOLOGY_GRAPH: "The ontology, its code lists and alignments",
    iris.SHAPES_GRAPH: "The shapes",
    iris.QUERIES_GRAPH: "The published questions",
}

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Build:
    """A finished build.

    Args:
        directory: Where the store is.
        release: Its identifier: equal for equal contents.
        quads: How many it holds.
    """

    directory: Path
    release: str
    quads: int


def build_store(
    inputs: Sequence[Path],
    directory: Path,
    *,
    validate: bool = True,
    public: bool = False,
    sources: Sequence[Given] = (),
    built_at: datetime | None = None,
    progress: Progress = silent,
    report: Report = lambda line: None,  # noqa: ARG005  silence
) -> Build:
    """Build a store.

    Args:
        inputs: Data files and folders, one named graph a file; none takes ``data/ttl``. Ontology,
            shapes and questions are always added.
        directory: Where the store is to be. A store that stands there is replaced.
        validate: Whether graphs that do not meet the shapes stop the build.
        public: Whether graphs that do not say that they may be passed on are left out, with what views
            and consequences have from them.
        sources: Source material to convert first; what was converted before and has not changed is taken as it is.
            What comes of very many rows is loaded as it is.
        built_at: What the store says about when it was built; by default now.
        progress: Is told how far a conversion is.
        report: Is told what is done, a line a step with its seconds.

    Raises:
        SourceError: A file cannot be read, or a graph has no description; nothing was written.
        RdfSyntaxError: A file breaks its format.
        InvalidGraphError: The data do not meet the shapes.
        InconsistentError: The data contradict the ontology.
        StoreBusyError: Another build is at work on the directory.
        StoreError: The directory cannot be written.
    """
    steps = _Steps(report)
    # First, so that nobody waits for half a minute to hear that it was in vain.
    with claim_place(directory):
        converted = [_convert(each, directory, steps, progress) for each in sources]
        tables = [each for each in converted if each.is_table]
        with steps.timed("parse") as done:
            parts = _load_parts(inputs, [each.path for each in converted if not each.is_table])
            done(parts.describe())
        if validate:
            with steps.timed("validate") as done:
                done(_validate(parts))
        if public:
            # After validation: what stays may speak of what goes.
            with steps.timed("leave out") as done:
                parts, withheld = _leave_out(parts)
                # A table is not read here; its source knows what its graph says.
                withheld += [str(each.graph) for each in tables if not each.redistribution]
                tables = [each for each in tables if each.redistribution]
                done(", ".join(withheld) or "nothing: all graphs may be passed on")
        with steps.timed("derive views") as done:
            derived = views.derive_views(each.graph for each in parts.data)
            done(f"{len(derived.asserted):,} asserted, {len(derived.attributed):,} attributed")
        with steps.timed("reason") as done:
            entailed, left_out = _reason(parts, derived)
            done(f"{len(entailed):,} consequences{left_out}")
        with steps.timed("write") as done:
            contents = _assemble(parts, derived, entailed, tables, built_at or datetime.now(UTC))
            # A second for what people review, minutes for a table.
            shown = progress if tables else silent
            write_store(
                directory,
                contents,
                lambda told: shown(told.step, told.part, f"{told.quads:,} quads"),
            )
            quads = sum(each.triples for each in read_manifest(directory).graphs)
            done(f"{quads:,} quads, release {contents.release}")
        with steps.timed("count") as done:
            done(_count(directory))
    return Build(directory, contents.release, quads)


def _convert(given: Given, directory: Path, steps: "_Steps", progress: Progress) -> Kept:
    """Beside the store, where the next build finds it."""
    with steps.timed("convert") as done:
        kept = keep_converted(
            given,
            directory.resolve().parent / f"{directory.resolve().name}.converted",
            progress,
        )
        fate = "" if kept.is_new else "unchanged; "
        more = "; too many to be validated or reasoned over" if kept.is_table else ""
        done(f"{fate}{kept.summary}{more}")
    return kept


class _Steps:
    def __init__(self, report: Report) -> None:
        self._report = report

    @contextmanager
    def timed(self, name: str) -> Iterator[Callable[[str], None]]:
        """Report a step when it is done, with its seconds and what was told of it."""
        start, told = time.monotonic(), [""]
        yield lambda text: told.__setitem__(0, text)
        self._report(f"{name:<12} {time.monotonic() - start:6.2f} s  {told[0]}")


@dataclass(frozen=True, slots=True)
class _Parts:
    """All that a store is made from."""

    ontology: tuple[FileGraph, ...]
    alignments: tuple[FileGraph, ...]
    shapes: tuple[FileGraph, ...]
    queries: tuple[FileGraph, ...]
    data: tuple[FileGraph, ...]

    def describe(self) -> str:
        everything = (*self.ontology, *self.alignments, *self.shapes, *self.queries, *self.data)
        triples = sum(len(each.graph) for each in everything)
        return f"{len(everything)} files, {triples:,} triples"


def _load_parts(inputs: Sequence[Path], converted: Sequence[Path]) -> _Parts:
    core = files.ontology_files()
    aligned = [each for each in files.ontology_files(alignments=True) if each not in core]
    parts = _Parts(
        ontology=load_graphs(core),
        alignments=load_graphs(aligned),
        shapes=load_graphs(files.shapes_files()),
        queries=load_graphs(files.query_files()),
        data=load_graphs([*(inputs or files.data_files()), *converted]),
    )
    for each in parts.data:
        _require_description(each)
    return parts


def _leave_out(parts: _Parts) -> tuple[_Parts, list[str]]:
    """Without the graphs that may not be passed on, and which those are.

    A graph may be where it says so itself and no graph, nor itself, says otherwise.
    """
    yes = Literal(True)
    refused = {
        graph
        for each in parts.data
        for graph, value in each.graph.subject_objects(CKG.redistribution)
        if value != yes
    }
    kept = tuple(
        each
        for each in parts.data
        if each.iri is not None
        and each.iri not in refused
        and (each.iri, CKG.redistribution, yes) in each.graph
    )
    left_out = [str(each.iri) for each in parts.data if each not in kept]
    return replace(parts, data=kept), left_out


def _require_description(each: FileGraph) -> None:
    if each.iri is None or (each.iri, RDF.type, CKG.NamedGraph) not in each.graph:
        raise SourceError(
            "does not describe its graph. Give it one subject of type ckg:NamedGraph, which is the "
            "graph's IRI, with its licence (dct:license).",
            source=str(each.path),
        )
    if each.iri in _RESERVED:
        raise SourceError(
            f"says it is graph <{each.iri}>, which a build makes itself. Give it another IRI.",
            source=str(each.path),
        )


def _validate(parts: _Parts) -> str:
    report = validate_graphs(parts.data, parts.shapes)
    if not report.conforms():
        violations = [each for each in report.findings if each.severity is Severity.VIOLATION]
        raise InvalidGraphError([_describe(each) for each in violations])
    return f"conforms, {report.count(Severity.WARNING)} warnings"


def _describe(finding: Finding) -> str:
    place = str(finding.file or "")
    if finding.line is not None:
        place += f" line {finding.line}"
    path = f" {finding.path}" if finding.path else ""
    return f"{place}: {finding.focus.n3()}{path}: {finding.message}".lstrip(": ")


# Reasoning


MOST_REASONED = 50_000
"""Triples of a graph that is reasoned over: owlrl takes minutes for more, and hours for a large data set."""


def _reason(parts: _Parts, derived: views.Views) -> tuple[Graph, str]:
    """The consequences, and what was left out of the premises."""
    kept = [each for each in parts.data if not views.is_retracted(each.graph)]
    large = [str(each.iri) for each in kept if len(each.graph) > MOST_REASONED]
    left_out = ""
    if large:
        kept = [each for each in kept if len(each.graph) <= MOST_REASONED]
        derived = views.derive_views(each.graph for each in kept)
        left_out = f"; not of {', '.join(large)}, of over {MOST_REASONED:,} triples each"
    asserted = select_premises(
        merge_graphs([*(each.graph for each in kept), derived.asserted, derived.attributed])
    )
    places = _Places(kept, derived)
    ontology = merge_graphs(each.graph for each in parts.ontology)
    return entail(asserted, ontology, places.locate).new, left_out


def select_premises(graph: Graph) -> Graph:
    """What the reasoner is given of the data.

    Left out are literals, from which nothing here follows; the places of evidence in texts; and
    tenures with no accepted, affirmed and actual claim behind them, for nobody is a leader because
    of a claim that was rejected.
    """
    left_out: set[Node] = {thing for kind in _APPARATUS for thing in graph.subjects(RDF.type, kind)}
    left_out |= {
        tenure
        for tenure in graph.subjects(RDF.type, CKG.Tenure)
        if not any(views.counts(graph, claim) for claim in graph.subjects(CKG.claimObject, tenure))
    }
    premises = Graph(bind_namespaces="none")
    for subject, name, value in graph:
        if isinstance(value, Literal) or subject in left_out or value in left_out:
            continue
        premises.add((subject, name, value))
    return premises


class _Places:
    """Where a triple is asserted, looked up once somebody asks."""

    def __init__(self, sources: Sequence[FileGraph], derived: views.Views) -> None:
        self._sources, self._derived = sources, derived
        self._lines: dict[Path, Mapping[str, int]] = {}

    def locate(self, triple: tuple[Node, Node, Node]) -> str:
        """File and line of the subject's block, or the view that the triple stands in."""
        for each in self._sources:
            if triple in each.graph:
                line = self._lines_of(each.path).get(str(triple[0]))
                return f"{each.path} line {line}" if line else str(each.path)
        for graph, name in (
            (self._derived.asserted, "view/asserted"),
            (self._derived.attributed, "view/attributed"),
        ):
            if triple in graph:
                return self._behind(triple, name)
        return ""

    def _behind(self, triple: tuple[Node, Node, Node], name: str) -> str:
        """A direct triple is cited by a claim that it was derived from."""
        subject, predicate, value = triple
        for each in self._sources:
            for claim in each.graph.subjects(CKG.claimSubject, subject):
                found = (claim, CKG.claimProperty, predicate) in each.graph
                if found and value in set(each.graph.objects(claim, CKG.claimObject)):
                    line = self._lines_of(each.path).get(str(claim), 0)
                    return f"claim at {each.path} line {line}"
            if predicate == ORG.subOrganizationOf:
                for relation in each.graph.subjects(CKG.child, subject):
                    if (relation, CKG.parent, value) in each.graph:
                        line = self._lines_of(each.path).get(str(relation), 0)
                        return f"relation at {each.path} line {line}"
        return name

    def _lines_of(self, path: Path) -> Mapping[str, int]:
        if path not in self._lines:
            self._lines[path] = locate_subjects(read_text(path))
        return self._lines[path]


# Writing


def _assemble(
    parts: _Parts,
    derived: views.Views,
    entailed: Graph,
    tables: Sequence[Kept],
    built_at: datetime,
) -> Contents:
    graphs: dict[URIRef, Graph] = {
        each.iri: each.graph for each in parts.data if each.iri is not None
    }
    graphs[views.ASSERTED_GRAPH] = derived.asserted
    graphs[views.ATTRIBUTED_GRAPH] = derived.attributed
    graphs[iris.ENTAILED_GRAPH] = entailed
    may_be_passed_on = all(
        (iri, CKG.redistribution, Literal(True)) in graph
        for iri, graph in graphs.items()
        if iri not in _DERIVED
    )
    for derived_iri in _DERIVED:
        own = _describe_own(derived_iri, may_be_passed_on)
        graphs[derived_iri] = merge_graphs([graphs[derived_iri], own])
    written = {str(iri): _write_ntriples(graph) for iri, graph in graphs.items()}
    digest = hashlib.sha256()
    for part in (FORMAT, version("conflictkg")):
        digest.update(part.encode() + b"\0")
    for iri in sorted(written):
        digest.update(iri.encode() + b"\0" + written[iri] + b"\0")
    for iri, files_of_graph in (
        (iris.ONTOLOGY_GRAPH, (*parts.ontology, *parts.alignments)),
        (iris.SHAPES_GRAPH, parts.shapes),
        (iris.QUERIES_GRAPH, parts.queries),
    ):
        whole = [
            *(each.graph for each in files_of_graph),
            _describe_own(iri, may_be_passed_on=True),
        ]
        written[str(iri)] = _write_ntriples(merge_graphs(whole))
        # These hold blank nodes, whose labels differ on each run: their files stand for them.
        _digest_files(digest, iri, files_of_graph)
    for each in tables:
        digest.update(each.key.encode() + b"\0")
    return Contents(
        graphs=written,
        tables=[each.path for each in tables],
        release=digest.hexdigest()[:16],
        built_at=built_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        versions={"conflictkg": version("conflictkg"), "owlrl": version("owlrl"), **versions()},
    )


def _describe_own(iri: URIRef, may_be_passed_on: bool) -> Graph:
    """What every graph says of itself, for one that the build itself makes.

    What is derived from sources may be passed on only where all of them may.
    """
    description = Graph(bind_namespaces="none")
    description.add((iri, RDF.type, CKG.NamedGraph))
    description.add((iri, DCTERMS.title, Literal(_OWN_GRAPHS[iri], lang="en")))
    description.add((iri, DCTERMS.license, LICENCE))
    description.add((iri, CKG.redistribution, Literal(may_be_passed_on)))
    return description


def _count(directory: Path) -> str:
    """Count what was written, for descriptions. The store is whole without: where it fails, who asks counts."""
    try:
        with open_store(directory) as store:
            counts = keep_counts(store)
    except (ConflictKGError, OSError) as error:
        return f"left to who asks: {error}"
    return f"{len(counts.whole.classes)} classes, {len(counts.whole.properties)} properties"


def _digest_files(digest: "hashlib._Hash", iri: URIRef, parts: Iterable[FileGraph]) -> None:
    for each in parts:
        digest.update(f"{iri}\0{each.path.name}\0{read_text(each.path)}\0".encode())


def _write_ntriples(graph: Graph) -> bytes:
    """The triples as lines, sorted: equal graphs give equal bytes."""
    text: bytes = graph.serialize(format="nt", encoding="utf-8")
    lines = sorted(line for line in text.split(b"\n") if line)
    return b"".join(line + b"\n" for line in lines)
