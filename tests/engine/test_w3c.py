"""The W3C's evaluation tests of SPARQL 1.0 and 1.1, from their manifests, where they lie beside us.

``PYTHONPATH=tests python -m engine.conformance NAME --show`` shows one test whole.
"""

import tomllib
from collections import Counter
from pathlib import Path

import pytest
from engine.conformance.comparing import Match
from engine.conformance.engines import OxigraphEngine
from engine.conformance.manifests import Case, read_cases
from engine.conformance.ours import OurEngine
from engine.conformance.running import run_case
from shared_files import SHARED, shared

SUITE = "suites/rdf-tests/sparql"
ROOT = SHARED / SUITE
CASES = read_cases(ROOT)

_KNOWN = tomllib.loads((Path(__file__).parent / "known_failures.toml").read_text(encoding="utf-8"))
# Each with its reason. When one passes the suite fails, and the line goes.
KNOWN_FAILURES: dict[str, str] = _KNOWN.get("evaluation", {})
BY_VALUE_ONLY: dict[str, str] = _KNOWN.get("by_value", {})


def parameter(case: Case) -> object:
    marks = []
    if case.skip:
        marks.append(pytest.mark.skip(reason=case.skip))
    if case.name in KNOWN_FAILURES:
        marks.append(pytest.mark.xfail(reason=KNOWN_FAILURES[case.name], strict=True))
    return pytest.param(case, id=case.name, marks=marks)


def test_suite_is_whole() -> None:
    """All evaluation tests of the snapshot are there, and each line about one is about one of them."""
    shared(SUITE)
    assert len(CASES) == 689
    assert Counter(case.is_update for case in CASES) == {False: 595, True: 94}
    assert sum(1 for case in CASES if case.skip) == 77
    names = {case.name for case in CASES if not case.skip}
    assert set(KNOWN_FAILURES) <= names
    assert set(BY_VALUE_ONLY) <= names - set(KNOWN_FAILURES)


@pytest.mark.parametrize("case", [parameter(case) for case in CASES])
def test_w3c_case_gives_the_expected_answer(case: Case) -> None:
    """The answer, or the store after an update, is the expected one: to the letter unless a line says why not."""
    outcome = run_case(case, OurEngine, ROOT)
    expected = Match.BY_VALUE if case.name in BY_VALUE_ONLY else Match.SAME
    assert outcome.match is expected, outcome.detail


def test_oxigraph_gets_the_published_figures() -> None:
    """The runner judges as the shared one does: Oxigraph 0.5 passes, by value passes, and fails as many."""
    shared(SUITE)
    outcomes = Counter(
        run_case(case, OxigraphEngine, ROOT).match for case in CASES if not case.skip
    )
    assert outcomes == {Match.SAME: 559, Match.BY_VALUE: 28, Match.DIFFERENT: 25}
