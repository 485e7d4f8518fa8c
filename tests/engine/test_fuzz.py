"""Drawn requests of drawn data: we answer as pyoxigraph or rdflib does, or a written excuse says why not.

``PYTHONPATH=tests python -m engine.fuzz`` draws more, and shrinks what it finds.
"""

from collections import Counter
from dataclasses import replace

import pytest
from engine.conformance.comparing import Result, Table
from engine.conformance.engines import OxigraphEngine
from engine.conformance.ours import OurEngine
from engine.fuzz.constructs import CONSTRUCTS, constructs_of
from engine.fuzz.drawing import PROLOGUE, Request, requests
from engine.fuzz.excuses import EXCUSES, READINGS
from engine.fuzz.judging import judge
from engine.fuzz.order import misplaced
from engine.fuzz.running import PEERS, run
from hypothesis import HealthCheck, given, seed, settings

from conflictkg.answers import XSD, Blank, Iri, Literal, Term

# rdflib warns of what it does itself.
pytestmark = pytest.mark.filterwarnings("ignore:Dataset.default_context:DeprecationWarning")

A = Iri("http://e/a")


def test_drawn_requests_are_answered_as_a_peer_does() -> None:
    """Of three hundred requests none has an answer that no peer gives and no excuse explains."""
    report = run(300, 1, OurEngine)
    assert not report.failures, "\n\n".join(report.failures.values())
    assert sum(report.verdicts.values()) >= 300
    assert report.verdicts["agrees"] >= 280


class _LosesRow(OxigraphEngine):
    """An engine with a mistake: the last row of three or more is lost."""

    def query(self, text: str, base: str = "") -> Result:
        answer = super().query(text, base)
        if isinstance(answer, Table) and len(answer.rows) > 2:
            return replace(answer, rows=answer.rows[:-1])
        return answer


def test_lost_row_is_found_and_told_small() -> None:
    """An engine that loses rows is found out, and what is shown has little that is not about it."""
    report = run(400, 1, _LosesRow)
    told = [text for kind, text in report.failures.items() if "fewer rows" in kind]
    assert told
    request = min(told, key=len).partition("--- request")[2].partition("--- oxigraph")[0]
    assert len(request) < 200


def test_all_constructs_are_drawn() -> None:
    """A thousand draws have each construct of the language in them."""
    found: Counter[str] = Counter()

    @seed(1)
    @settings(max_examples=1000, database=None, suppress_health_check=list(HealthCheck))
    @given(requests())
    def draw(request: Request) -> None:
        found.update(constructs_of(request.text))

    draw()
    assert not CONSTRUCTS - found.keys()


def test_excuses_have_reasons_and_names_of_their_own() -> None:
    """Each says whose it is and why in words."""
    told = [
        *((each.name, each.peer, each.reason) for each in EXCUSES),
        *((each.name, each.peer, each.reason) for each in READINGS),
    ]
    assert len({name for name, _, _ in told}) == len(told)
    assert all(peer in {*PEERS, ""} and len(reason) > 40 for _, peer, reason in told)


def test_refusal_that_is_a_defect_never_agrees() -> None:
    """What a peer refuses we may refuse, but not by a defect."""

    class Broken(OxigraphEngine):
        def query(self, text: str, base: str = "") -> Result:
            raise TypeError(f"a mistake in {base}{text}")

    request = Request((), PROLOGUE + "SELECT ?a WHERE { ?a ?a }")
    assert judge(request, Broken, PEERS).verdict == "fails"
    assert judge(request, OxigraphEngine, PEERS).verdict == "agrees"


@pytest.mark.parametrize(
    ("terms", "descends", "wrong"),
    [
        pytest.param([None, Blank("b"), A, Literal("x")], False, None, id="kinds"),
        pytest.param([A, Blank("b")], False, (0, 1), id="blank-after-iri"),
        pytest.param([A, Blank("b")], True, None, id="descending"),
        pytest.param(
            [Literal("2", XSD + "integer"), Literal("x"), Literal("1.5", XSD + "decimal")],
            False,
            (0, 2),
            id="numbers-apart",
        ),
        pytest.param([Literal("x"), Literal("1", XSD + "integer")], False, None, id="no-order"),
    ],
)
def test_order_is_checked_as_far_as_the_standard_says(
    terms: list[Term | None], descends: bool, wrong: tuple[int, int] | None
) -> None:
    """Unbound, blank, IRI, literal; numbers by value wherever they stand."""
    assert misplaced(terms, descends=descends) == wrong
