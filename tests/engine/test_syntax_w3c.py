"""The W3C's syntax tests, and its evaluation tests as far as their texts must parse, from their manifests."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph as ox
import pytest
from shared_files import SHARED, shared

from conflictkg.answers.formats import formats_for, write_answer
from conflictkg.engine.algebra import Query, Update
from conflictkg.engine.syntax import parse_query, parse_update
from conflictkg.errors import QueryError, QuerySyntaxError
from conflictkg.store import memory_store

SUITE = "suites/rdf-tests/sparql"
MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
UT = "http://www.w3.org/2009/sparql/tests/test-update#"
TYPE = ox.NamedNode("http://www.w3.org/1999/02/22-rdf-syntax-ns#type")

# Each with its reason. When one passes the suite fails, and the line goes.
_KNOWN = tomllib.loads((Path(__file__).parent / "known_failures.toml").read_text(encoding="utf-8"))
KNOWN_FAILURES: dict[str, str] = _KNOWN["syntax"]
KNOWN_REFUSALS: dict[str, str] = _KNOWN["run"]

# Type of the test: whether its text is an update, and whether it must parse.
KINDS = {
    "PositiveSyntaxTest": (False, True),
    "PositiveSyntaxTest11": (False, True),
    "NegativeSyntaxTest": (False, False),
    "NegativeSyntaxTest11": (False, False),
    "PositiveUpdateSyntaxTest11": (True, True),
    "NegativeUpdateSyntaxTest11": (True, False),
    "QueryEvaluationTest": (False, True),
    "UpdateEvaluationTest": (True, True),
}


@dataclass(frozen=True)
class Case:
    name: str
    path: Path
    is_update: bool
    must_parse: bool


def cases() -> list[Case]:
    """All tests of SPARQL 1.0 and 1.1 with a query or an update."""
    root = SHARED / SUITE
    found: dict[str, Case] = {}
    for manifest in sorted(root.glob("sparql1[01]/*/manifest.ttl")):
        base = manifest.as_uri()
        store = ox.Store()
        store.bulk_load(path=str(manifest), format=ox.RdfFormat.TURTLE, base_iri=base)
        for quad in store.quads_for_pattern(None, TYPE, None):
            if not isinstance(quad.object, ox.NamedNode):
                continue
            kind = quad.object.value.removeprefix(MF)
            if kind not in KINDS:
                continue
            is_update, must_parse = KINDS[kind]
            action = objects(store, quad.subject, MF + "action")[0]
            text = [*objects(store, action, QT + "query"), *objects(store, action, UT + "request")]
            path = Path(str((text or [action])[0].value).removeprefix("file://"))
            test = str(quad.subject).rstrip(">").rpartition("#")[2]
            # Some negative tests of updates bear the type of those of queries.
            is_update = is_update or path.suffix == ".ru"
            name = f"{manifest.parent.parent.name}/{manifest.parent.name}/{test}"
            found[name] = Case(name, path, is_update, must_parse)
    return sorted(found.values(), key=lambda case: case.name)


def objects(store: ox.Store, subject: object, predicate: str) -> list[ox.NamedNode | ox.BlankNode]:
    assert isinstance(subject, ox.NamedNode | ox.BlankNode)
    found = [
        quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(predicate), None)
    ]
    return [each for each in found if isinstance(each, ox.NamedNode | ox.BlankNode)]


CASES = cases()


def parse(case: Case) -> Query | Update:
    text = case.path.read_text(encoding="utf-8")
    base = case.path.as_uri()
    return parse_update(text, base=base) if case.is_update else parse_query(text, base=base)


def test_suite_is_whole() -> None:
    """All tests of the snapshot are run, and each known failure is one of them."""
    shared(SUITE)
    syntax = [case for case in CASES if "/syntax-" in case.name]
    assert (len(CASES), len(syntax)) == (1055, 351)
    assert {*KNOWN_FAILURES, *KNOWN_REFUSALS} <= {case.name for case in CASES}


def mark(cases: Iterable[Case], known: Mapping[str, str]) -> list[object]:
    """Cases as parameters; those that are known to fail, by name with a reason, must do so."""
    return [
        pytest.param(
            case,
            id=case.name,
            marks=pytest.mark.xfail(reason=known[case.name], strict=True)
            if case.name in known
            else (),
        )
        for case in cases
    ]


@pytest.mark.parametrize("case", mark(CASES, KNOWN_FAILURES))
def test_w3c_text_parses_exactly_when_it_must(case: Case) -> None:
    """A positive test's text is read, a negative one's is a syntax error with a place."""
    if case.must_parse:
        parse(case)
        return
    with pytest.raises(QueryError) as raised:
        parse(case)
    assert isinstance(raised.value, QuerySyntaxError)
    assert raised.value.line > 0


@pytest.mark.parametrize(
    "case",
    mark((case for case in CASES if case.must_parse and "/syntax-" in case.name), KNOWN_REFUSALS),
)
def test_w3c_text_that_parses_is_answered(case: Case) -> None:
    """A positive syntax test is a request like any other, over a store that holds nothing."""
    text, base = case.path.read_text(encoding="utf-8"), case.path.as_uri()
    with memory_store() as store:
        if case.is_update:
            store.update(text, base_iri=base)
        else:
            answer = store.query(text, base_iri=base)
            # It is computed as it is read.
            b"".join(write_answer(answer, formats_for(answer.kind)[0].name))
