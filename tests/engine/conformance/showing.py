"""A test as people read it: query, data, what is expected, what came, and the SQL."""

from pathlib import Path

from .comparing import Result, Table, TripleSet, show_term
from .manifests import Case
from .ours import OurEngine
from .registry import ENGINES
from .running import answer, expected_answer, expected_graphs, load_sources


def show_case(case: Case, engine_name: str, root: Path) -> str:
    """All that a test is about, run once more on an engine."""
    text = case.request.read_text(encoding="utf-8")
    parts = [f"=== {case.name}", text.strip()]
    files = [(None, path) for path in case.data.default] + list(case.data.named)
    for name, path in files:
        parts += [f"--- data: {name or 'default graph'}", path.read_text(encoding="utf-8").strip()]
    engine = ENGINES[engine_name]()
    try:
        load_sources(engine, case.data, root)
        if case.is_update:
            parts += ["--- expected", *_show_graphs(case, root), "--- got"]
            engine.update(text, case.base)
            parts += [" ".join(map(show_term, quad)) for quad in engine.quads()]
        else:
            parts += ["--- expected", show_result(expected_answer(case, root))]
            if isinstance(engine, OurEngine):
                parts += ["--- SQL", engine.explain(text, case.base)]
            parts += ["--- got"]
            parts += [show_result(answer(engine, case, text))]
    except Exception as error:  # noqa: BLE001 -- it is what came of the test
        parts.append(f"{type(error).__name__}: {error}")
    finally:
        engine.close()
    return "\n".join(parts)


def _show_graphs(case: Case, root: Path) -> list[str]:
    return [
        " ".join(map(show_term, (*row, None))).removesuffix("-") + (name or "")
        for name, rows in expected_graphs(case.after, root).items()
        for row in rows
    ]


def show_result(result: Result) -> str:
    """A result, a row a line."""
    if isinstance(result, Table):
        head = " ".join(f"?{name}" for name in result.arranged().variables)
        return "\n".join([head, *(_row(row) for row in result.arranged().rows)])
    if isinstance(result, TripleSet):
        return "\n".join(sorted(_row(row) for row in result.triples))
    return str(result)


def _row(row: tuple[object, ...]) -> str:
    return " ".join(show_term(term) for term in row)  # type: ignore[arg-type]  # rows hold terms
