"""Many requests, one after the other, and the report on them."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from engine.conformance.engines import MakeEngine, OxigraphEngine
from engine.conformance.rdflib_engine import RdflibEngine
from hypothesis import HealthCheck, given, seed, settings

from .constructs import constructs_of
from .drawing import Request, requests
from .judging import Engines, Judgement, judge

PEERS: Engines = {"oxigraph": OxigraphEngine, "rdflib": RdflibEngine}
_CHUNK = 100
_MOST_SHRUNK = 12


class DisagreementError(AssertionError):
    """We agree with neither peer."""


@dataclass
class Report:
    """What was compared.

    Args:
        verdicts: How many requests had each verdict.
        constructs: How many of those that agree had each construct.
        sides: Whom we agree with where peers differ, and with how many.
        excuses: How often each excuse was used.
        failures: By signature, the first failure, or after shrinking its smallest form.
        chunks: By signature, the seed of the chunk that it was found in.
    """

    verdicts: Counter[str] = field(default_factory=Counter)
    constructs: Counter[str] = field(default_factory=Counter)
    sides: Counter[str] = field(default_factory=Counter)
    excuses: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)
    chunks: dict[str, int] = field(default_factory=dict)

    def count(self, request: Request, judgement: Judgement, chunk: int) -> None:
        """Take note of a judgement."""
        self.verdicts[judgement.verdict] += 1
        self.excuses.update(set(judgement.excuses))
        if judgement.verdict == "fails":
            self.failures.setdefault(judgement.signature, judgement.detail)
            self.chunks.setdefault(judgement.signature, chunk)
        if judgement.verdict == "agrees":
            self.constructs.update(constructs_of(request.text))
            only = " only" if judgement.split else ""
            self.sides[f"{' and '.join(judgement.agrees_with)}{only}"] += 1

    def lines(self) -> list[str]:
        """For people."""
        total = sum(self.verdicts.values())
        return [
            f"{total} requests: " + _list(self.verdicts),
            "agrees with: " + _list(self.sides),
            "constructs compared: " + _list(self.constructs),
            "excuses used: " + _list(self.excuses),
            f"{len(self.failures)} failures of different kinds",
        ]


def _list(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common()) or "none"


def run(
    examples: int,
    first_seed: int,
    ours: MakeEngine,
    *,
    shrink: bool = True,
    tell: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Draw and judge so many requests, and shrink the first failure of each kind.

    Args:
        examples: How many.
        first_seed: Equal seeds draw equal requests.
        ours: The engine that is judged.
        shrink: Whether failures are shrunk, which takes a while each.
        tell: Called now and then with the report so far.
    """
    report = Report()
    for start in range(0, examples, _CHUNK):
        chunk = first_seed + start

        def judge_all(request: Request, chunk: int = chunk) -> None:
            report.count(request, judge(request, ours, PEERS), chunk)

        _draw(min(_CHUNK, examples - start), chunk, judge_all)
        tell(report)
    for signature in list(report.failures)[: _MOST_SHRUNK if shrink else 0]:
        smallest = _shrink(signature, report.chunks[signature], ours)
        report.failures[signature] = smallest or report.failures[signature]
    return report


def _draw(examples: int, chunk: int, check: Callable[[Request], None]) -> None:
    @seed(chunk)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests())
    def draw(request: Request) -> None:
        check(request)

    draw()


def _shrink(signature: str, chunk: int, ours: MakeEngine) -> str:
    """The smallest request of the chunk that fails in this way, described."""
    last = ""

    def check(request: Request) -> None:
        nonlocal last
        judgement = judge(request, ours, PEERS)
        if judgement.verdict == "fails" and judgement.signature == signature:
            last = judgement.detail
            raise DisagreementError

    with suppress(DisagreementError):
        _draw(_CHUNK, chunk, check)
    return last
