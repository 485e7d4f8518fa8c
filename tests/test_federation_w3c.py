"""The W3C's tests of SERVICE, with the other endpoints in this process."""

from collections.abc import Iterator
from pathlib import Path

import pyoxigraph as ox
import pytest
from engine.conformance.comparing import Match, Table, compare
from engine.conformance.manifests import Case, read_cases
from engine.conformance.running import expected_answer
from federated import Others
from shared_files import SHARED, shared

from conflictkg.answers import Solutions
from conflictkg.federation import Federation, Policy, Target
from conflictkg.store import Store, memory_store

SUITE = "suites/rdf-tests/sparql"
ROOT = SHARED / SUITE
CASES = [case for case in read_cases(ROOT) if case.name.startswith("sparql11/service/")]
QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
NOBODY = "http://invalid.endpoint.org/sparql"


def test_suite_is_whole() -> None:
    """All seven are there."""
    shared(SUITE)
    assert len(CASES) == 7


def _endpoints(case: Case) -> Iterator[tuple[str, Path]]:
    """Each endpoint of a case and its data."""
    manifest = ox.Store()
    base = f"http://m/{case.name.rpartition('/')[0]}/"
    manifest.bulk_load(
        path=str(case.request.parent / "manifest.ttl"),
        format=ox.RdfFormat.TURTLE,
        base_iri=base,
    )
    query = ox.NamedNode(base + case.request.name)
    (asked,) = manifest.quads_for_pattern(None, ox.NamedNode(QT + "query"), query)
    action = asked.subject
    for found in manifest.quads_for_pattern(action, ox.NamedNode(QT + "serviceData"), None):
        node = found.object
        assert isinstance(node, ox.BlankNode)
        (endpoint,) = manifest.quads_for_pattern(node, ox.NamedNode(QT + "endpoint"), None)
        (data,) = manifest.quads_for_pattern(node, ox.NamedNode(QT + "data"), None)
        name = str(getattr(data.object, "value", "")).rpartition("/")[2]
        yield str(getattr(endpoint.object, "value", "")), case.request.parent / name


def _load(store: Store, path: Path) -> None:
    triples = [quad.triple for quad in ox.parse(path=str(path), base_iri="http://m/")]
    written = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES) or b""
    store.update(f"INSERT DATA {{ {written.decode()} }}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_w3c_service_case_gives_the_expected_answer(case: Case) -> None:
    """The other endpoints can ask each other too, by the same policy."""
    endpoints = dict(_endpoints(case))
    stores = {iri: memory_store() for iri in endpoints}
    local = memory_store()
    try:
        for iri, path in endpoints.items():
            _load(stores[iri], path)
        for path in case.data.default:
            _load(local, path)
        others = Others(stores)
        targets = tuple(Target(iri) for iri in (*endpoints, NOBODY))
        others.federation = Federation(Policy(targets), others.ask)
        text = case.request.read_text(encoding="utf-8")
        with local.query(text, federation=others.federation) as answer:
            assert isinstance(answer, Solutions)
            got = Table(answer.variables, tuple(answer.rows))
        assert compare(expected_answer(case, ROOT), got) is Match.SAME
    finally:
        for store in (*stores.values(), local):
            store.close()
