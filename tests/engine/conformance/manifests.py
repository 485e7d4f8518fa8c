"""The suite's manifests: which tests there are, and what each needs."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pyoxigraph as ox

from conflictkg.answers import RDF

BASE = "https://w3c.github.io/rdf-tests/sparql/"
"""Where the suite's files stand, for relative IRIs in them."""

MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
SD = "http://www.w3.org/ns/sparql-service-description#"
RDFS_LABEL = ox.NamedNode("http://www.w3.org/2000/01/rdf-schema#label")

_QUERY_TYPES = {"QueryEvaluationTest", "CSVResultFormatTest"}
_UPDATE_TYPES = {"UpdateEvaluationTest"}
_FROM = re.compile(r"\bFROM\s+(?:NAMED\s+)?<([^>]*)>", re.IGNORECASE)
_COMMENT = re.compile(r"(?m)^\s*#.*$")


@dataclass(frozen=True, slots=True)
class Sources:
    """Files that make a dataset.

    Args:
        default: Of the default graph.
        named: Name and file of each named graph.
    """

    default: tuple[Path, ...] = ()
    named: tuple[tuple[str, Path], ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One test.

    Args:
        name: Suite, folder and name, such as ``sparql11/bind/bind01``.
        is_update: Whether it is an update.
        request: The file with the query or update.
        data: What is in the store before.
        result: The file with a query's expected answer.
        after: What is in the store after an update.
        reduced: Whether rows may come less often (``mf:LaxCardinality``).
        skip: Why it is not run; empty for all others.
    """

    name: str
    is_update: bool
    request: Path
    data: Sources
    result: Path | None = None
    after: Sources = Sources()
    reduced: bool = False
    skip: str = ""

    @property
    def base(self) -> str:
        """The IRI of the query or update."""
        folder, _, _ = self.name.rpartition("/")
        return f"{BASE}{folder}/{self.request.name}"


def read_cases(root: Path) -> list[Case]:
    """All evaluation tests of SPARQL 1.0 and 1.1, sorted by name.

    Args:
        root: The folder that has ``sparql10`` and ``sparql11``.
    """
    cases: dict[str, Case] = {}
    for path in sorted(root.glob("sparql1[01]/*/manifest.ttl")):
        manifest = _Manifest(path, root)
        cases.update((case.name, case) for case in manifest.cases())
    return [cases[name] for name in sorted(cases)]


def iri_of(path: Path, root: Path) -> str:
    """The IRI of one of the suite's files."""
    return BASE + path.relative_to(root).as_posix()


class _Manifest:
    def __init__(self, path: Path, root: Path) -> None:
        self._root = root
        self._folder = path.parent.relative_to(root).as_posix()
        self._store = ox.Store()
        base = iri_of(path, root)
        self._store.bulk_load(path=str(path), format=ox.RdfFormat.TURTLE, base_iri=base)

    def cases(self) -> Iterator[Case]:
        """The tests that its list of entries names."""
        for listing in self._all(None, MF + "entries"):
            for test in self._items(listing):
                kinds = {_local(kind) for kind in self._objects(test, RDF + "type")}
                if kinds & _QUERY_TYPES:
                    yield self._query_case(test)
                elif kinds & _UPDATE_TYPES:
                    yield self._update_case(test)

    def _query_case(self, test: "_Subject") -> Case:
        action = self._objects(test, MF + "action")[0]
        request = self._path(self._objects(action, QT + "query")[0])
        data = Sources(
            tuple(map(self._path, self._objects(action, QT + "data"))),
            tuple(self._named(each) for each in self._objects(action, QT + "graphData")),
        )
        if data == Sources():
            data = Sources(named=tuple(self._named_in(request)))
        return Case(
            self._name(test),
            is_update=False,
            request=request,
            data=data,
            result=self._path(self._objects(test, MF + "result")[0]),
            reduced=bool(self._objects(test, MF + "resultCardinality")),
            skip=self._reason_to_skip(test, action),
        )

    def _update_case(self, test: "_Subject") -> Case:
        action, result = (
            self._objects(test, MF + "action")[0],
            self._objects(test, MF + "result")[0],
        )
        return Case(
            self._name(test),
            is_update=True,
            request=self._path(self._objects(action, UT + "request")[0]),
            data=self._update_sources(action),
            after=self._update_sources(result),
        )

    def _reason_to_skip(self, test: "_Subject", action: "_Subject") -> str:
        if self._objects(action, SD + "entailmentRegime") or self._folder.endswith("/entailment"):
            return "asks for an entailment regime: stores answer what was written into them"
        features = self._objects(test, MF + "feature")
        if ox.NamedNode(SD + "BasicFederatedQuery") in features:
            return "asks another endpoint (SERVICE), which stores refuse on purpose"
        return ""

    def _update_sources(self, node: "_Subject") -> Sources:
        return Sources(
            tuple(map(self._path, self._objects(node, UT + "data"))),
            tuple(self._named(each) for each in self._objects(node, UT + "graphData")),
        )

    def _named(self, node: "_Subject") -> tuple[str, Path]:
        """A named graph: a file that names it, or a node with file and name."""
        if isinstance(node, ox.NamedNode):
            return node.value, self._path(node)
        file = [*self._objects(node, UT + "graph"), *self._objects(node, QT + "graph")][0]
        labels = self._objects(node, RDFS_LABEL.value)
        return str(labels[0].value) if labels else str(file.value), self._path(file)

    def _named_in(self, request: Path) -> Iterator[tuple[str, Path]]:
        """The graphs that a query itself names, where the manifest names none."""
        text = _COMMENT.sub("", request.read_text(encoding="utf-8"))
        base = iri_of(request, self._root)
        for name in dict.fromkeys(urljoin(base, each) for each in _FROM.findall(text)):
            path = self._root / name.removeprefix(BASE)
            if path.is_file():
                yield name, path

    # Reading the graph

    def _all(
        self, subject: ox.NamedNode | ox.BlankNode | None, predicate: str
    ) -> Iterable["_Subject"]:
        quads = self._store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
        return [quad.object for quad in quads if not isinstance(quad.object, ox.Triple)]

    def _objects(self, subject: "_Subject", predicate: str) -> list["_Subject"]:
        if not isinstance(subject, ox.NamedNode | ox.BlankNode):
            return []
        return list(self._all(subject, predicate))

    def _items(self, listing: "_Subject") -> Iterator["_Subject"]:
        while first := self._objects(listing, RDF + "first"):
            yield first[0]
            listing = self._objects(listing, RDF + "rest")[0]

    def _name(self, test: "_Subject") -> str:
        return f"{self._folder}/{_local(test)}"

    def _path(self, node: "_Subject") -> Path:
        return self._root / str(node.value).removeprefix(BASE)


_Subject = ox.NamedNode | ox.BlankNode | ox.Literal


def _local(node: _Subject) -> str:
    return str(node.value).rpartition("#")[2]
