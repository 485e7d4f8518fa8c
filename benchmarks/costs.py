"""What a question costs besides its work: parsing, planning, starting a kept plan, writing many rows.

    python benchmarks/costs.py build/bench/databases/3500000-1/ours/store

Prints a Markdown table. Each figure is the best of the runs; rdflib's parser reads the same texts.
"""

import resource
import time
from collections.abc import Callable
from pathlib import Path

import click
from questionnaire import load_questions
from rdflib.plugins.sparql import prepareQuery

from conflictkg.answers.formats import write_answer
from conflictkg.engine.compile import compile_query
from conflictkg.engine.dialect import to_sql
from conflictkg.engine.syntax import parse_query
from conflictkg.store import Store, open_store, warm_up
from conflictkg.store.opening import open_database

_RUNS = 50
_MANY = 1_000_000
_SUBJECT = "SELECT ?p ?o WHERE { <https://w3id.org/conflictkg/id/person/0007> ?p ?o }"


def best_ms(run: Callable[[], object], runs: int = _RUNS) -> float:
    """The shortest of some runs, in milliseconds."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times) * 1000


def read(store: Store, text: str) -> int:
    """Ask and read to the end; how many rows."""
    return sum(1 for _ in store.query(text).rows)  # type: ignore[union-attr,misc]  # only SELECT is asked


def stream(store: Store, form: str) -> tuple[float, float, float]:
    """Seconds to write many rows, MiB that were written, and MiB by which the process grew meanwhile."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    text = f"SELECT ?s ?p ?o WHERE {{ ?s ?p ?o }} LIMIT {_MANY}"
    start = time.perf_counter()
    size = sum(len(piece) for piece in write_answer(store.query(text), form, {}))
    seconds = time.perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    return seconds, size / (1 << 20), grown / 1024


@click.command()
@click.argument("directory", type=click.Path(exists=True, path_type=Path))
def main(directory: Path) -> None:
    """Measure a loaded store."""
    warm_up()
    questions = load_questions()
    rows: list[tuple[str, str]] = []

    def tell(what: str, values: list[float]) -> None:
        values = sorted(values)
        middle, most = values[len(values) // 2], values[-1]
        rows.append((what, f"{middle:.2f} ms, at most {most:.2f}"))

    texts = [each.query for each in questions]
    tell(f"parse, {len(texts)} questions", [best_ms(lambda t=t: parse_query(t)) for t in texts])  # type: ignore[misc]  # default values bind the loop's
    tell("rdflib parses the same", [best_ms(lambda t=t: prepareQuery(t), 3) for t in texts])  # type: ignore[misc]
    with open_database(directory) as database:
        catalog = database.catalog
        tell(
            "parse, plan and write SQL",
            [
                best_ms(lambda t=t: to_sql(compile_query(parse_query(t), catalog).tree), 10)  # type: ignore[misc]
                for t in texts
            ],
        )
    with open_store(directory) as store:
        tell("ASK {} with its plan kept", [best_ms(lambda: store.query("ASK {}"), 1000)])
        tell("all of one subject, plan kept", [best_ms(lambda: read(store, _SUBJECT), 500)])
        for form in ("json", "csv", "tsv", "xml"):
            seconds, size, grown = stream(store, form)
            rate = _MANY / seconds
            rows.append(
                (
                    f"{_MANY:,} rows of 3 as {form}",
                    f"{rate:,.0f} rows/s ({seconds:.2f} s, {size:.0f} MiB; the process grew by {grown:.0f} MiB)",
                )
            )
    click.echo("| what | best |\n|---|---|")
    for what, value in rows:
        click.echo(f"| {what} | {value} |")


if __name__ == "__main__":
    main()
