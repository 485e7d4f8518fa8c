"""Many requests, one after the other, and the report on them."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from engine.conformance.engines import Engine, OxigraphEngine
from engine.conformance.rdflib_engine import RdflibEngine
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import HypothesisException

from .constructs import constructs_of
from .drawing import Request, requests
from .judging import Engines, judge

PEERS: Engines = {"oxigraph": OxigraphEngine, "rdflib": RdflibEngine}
_CHUNK = 500


class DisagreementError(AssertionError):
    """We agree with neither peer."""


@dataclass
class Report:
    """What was compared.

    Args:
        verdicts: How many requests had each verdict.
        constructs: How many of the judged requests had each construct.
        sides: Whom we agree with where peers differ, and with how many.
        excuses: How often each excuse was used.
        failures: Shrunk failures.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    constructs: Counter[str] = field(default_factory=Counter)
    sides: Counter[str] = field(default_factory=Counter)
    excuses: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    def check(self, request: Request, ours: Callable[[], Engine]) -> None:
        """Judge a request and count it.

        Raises:
            DisagreementError: It fails.
        """
        judgement = judge(request, ours, PEERS)
        self.verdicts[judgement.verdict] += 1
        self.excuses.update(set(judgement.excuses))
        if judgement.verdict == "fails":
            raise DisagreementError(judgement.detail)
        if judgement.verdict == "agrees":
            self.constructs.update(constructs_of(request.text))
            self.sides[
                f"{' and '.join(judgement.agrees_with)}{' only' if judgement.split else ''}"
            ] += 1

    def lines(self) -> list[str]:
        """For people."""
        total = sum(self.verdicts.values())
        return [
            f"{total} requests: " + _list(self.verdicts),
            "agrees with: " + _list(self.sides),
            "constructs compared: " + _list(self.constructs),
            "excuses used: " + _list(self.excuses),
            f"{len(self.failures)} failures",
        ]


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def run(examples: int, first_seed: int, ours: Callable[[], Engine]) -> Report:
    """Draw and judge so many requests. Each chunk ends at its first failure, which is shrunk."""
    report = Report()
    for number in range(0, examples, _CHUNK):
        size = min(_CHUNK, examples - number)

        @seed(first_seed + number)
        @settings(
            max_examples=size,
            deadline=None,
            database=None,
            print_blob=False,
            suppress_health_check=list(HealthCheck),
        )
        @given(requests())
        def chunk(request: Request) -> None:
            report.check(request, ours)

        try:
            chunk()
        except (DisagreementError, HypothesisException) as failure:
            report.failures.append(str(failure))
    return report
