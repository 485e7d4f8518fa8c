"""One test on one engine: set up, run, compare."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from conflictkg.answers import Iri, Row

from .comparing import Match, Result, TripleSet, compare, difference
from .engines import Engine, MakeEngine, Quad, as_quads
from .manifests import Case, Sources, iri_of
from .results import read_result, read_results_text, read_triples

_WRITTEN = frozenset({".csv", ".tsv", ".srj"})
"""Expected results in these formats are compared with what the engine writes in them."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a test.

    Args:
        match: How far the answer is the expected one.
        detail: For people: what differs, or what was raised.
    """

    match: Match
    detail: str = ""


def run_case(case: Case, make_engine: MakeEngine, root: Path) -> Outcome:
    """Run a test on a fresh engine. What the engine raises is a failure, not an error."""
    engine = make_engine()
    try:
        load_sources(engine, case.data, root)
        text = case.request.read_text(encoding="utf-8")
        try:
            if case.is_update:
                engine.update(text, case.base)
                return _compare_stores(engine.quads(), expected_graphs(case.after, root))
            got = answer(engine, case, text)
        except Exception as error:  # noqa: BLE001 -- the next test goes on
            return Outcome(Match.DIFFERENT, f"{type(error).__name__}: {error}")
        expected = expected_answer(case, root)
        return _outcome(expected, got, reduced=case.reduced)
    finally:
        engine.close()


def answer(engine: Engine, case: Case, text: str) -> Result:
    """What the engine answers a query test."""
    suffix = case.result.suffix if case.result else ""
    if suffix in _WRITTEN:
        return read_results_text(engine.write(text, suffix, case.base), suffix)
    return engine.query(text, case.base)


def expected_answer(case: Case, root: Path) -> Result:
    """What a query test asks for."""
    if case.result is None:
        raise ValueError(f"{case.name} has no result")
    return read_result(case.result, iri_of(case.result, root))


def load_sources(engine: Engine, sources: Sources, root: Path) -> None:
    """Load a test's data."""
    for path in sources.default:
        engine.load(_read(path, None, root))
    for name, path in sources.named:
        engine.create_graph(name)
        engine.load(_read(path, name, root))


def _read(path: Path, graph: str | None, root: Path) -> list[Quad]:
    return as_quads(read_triples(path, iri_of(path, root)), graph)


def expected_graphs(sources: Sources, root: Path) -> dict[str | None, set[Row]]:
    """The graphs that files hold, by name; those without triples are left out."""
    graphs: dict[str | None, set[Row]] = defaultdict(set)
    files: Iterable[tuple[str | None, Path]] = [
        *((None, path) for path in sources.default),
        *sources.named,
    ]
    for name, path in files:
        graphs[name].update(read_triples(path, iri_of(path, root)))
    return {name: triples for name, triples in graphs.items() if triples}


def _compare_stores(quads: Iterable[Quad], expected: dict[str | None, set[Row]]) -> Outcome:
    got: dict[str | None, set[Row]] = defaultdict(set)
    for subject, predicate, object_, graph in quads:
        got[graph.value if isinstance(graph, Iri) else None].add((subject, predicate, object_))
    worst = Outcome(Match.SAME)
    for name in {**expected, **got}:
        wanted, had = (TripleSet(frozenset(side.get(name, ()))) for side in (expected, got))
        outcome = _outcome(wanted, had)
        if outcome.match is Match.DIFFERENT:
            return Outcome(Match.DIFFERENT, f"graph {name or 'default'}: {outcome.detail}")
        if outcome.match is Match.BY_VALUE:
            worst = outcome
    return worst


def _outcome(expected: Result, got: Result, *, reduced: bool = False) -> Outcome:
    match = compare(expected, got, reduced=reduced)
    return Outcome(match, "" if match is Match.SAME else difference(expected, got))
