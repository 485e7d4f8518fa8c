"""``conflictkg query``: ask a store."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from conflictkg.answers import Answer, Boolean, Solutions
from conflictkg.answers.formats import FORMATS, formats_for, write_answer
from conflictkg.answers.table import write_table
from conflictkg.cli.interrupt import interrupting
from conflictkg.cli.place import store_option
from conflictkg.cli.sparql import read_sparql, showing_syntax_errors
from conflictkg.config import Settings
from conflictkg.errors import NotAcceptableError
from conflictkg.questions import find_question, load_questions
from conflictkg.spark.answering import open_parquet
from conflictkg.store import Limits, Store, open_store
from conflictkg.terms import PREFIXES

_NAMES = ("table", *(each.name for each in FORMATS))


@click.command()
@click.argument("query", required=False)
@click.option(
    "-f",
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="File with the query; - for stdin.",
)
@click.option("--name", "slug", help="Run a published question; --list shows their names.")
@click.option("--list", "listed", is_flag=True, help="List the published questions.")
@store_option
@click.option(
    "--format",
    "form",
    type=click.Choice(_NAMES),
    help="[default: table for SELECT and ASK, turtle for CONSTRUCT and DESCRIBE]",
)
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds after which the query is stopped. [default: never]",
)
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Run the query and say how it was answered and what may be wrong with it, not its answer; "
    "as text, or as JSON with --format json.",
)
@click.option(
    "--on",
    "engine",
    type=click.Choice(["spark"]),
    help="Ask a store as Parquet files by Apache Spark; --store names their folder.",
)
def command(
    query: str | None,
    path: Path | None,
    slug: str | None,
    listed: bool,
    directory: Path | None,
    form: str | None,
    timeout_s: float | None,
    explained: bool,
    engine: str | None,
) -> None:
    """Ask a store in SPARQL: by QUERY, a file, or the name of a published question."""
    if listed:
        _list_questions()
        return
    if sum(each is not None for each in (query, path, slug)) != 1:
        raise click.UsageError("give one of QUERY, -f FILE and --name NAME; --list shows the names")
    text = _read_query(query, path, slug)
    settings = Settings.from_environment()
    if engine is not None:
        if explained or timeout_s is not None:
            raise click.UsageError("--on spark goes with neither --explain nor --timeout")
        with showing_syntax_errors(text), open_parquet(directory or settings.store) as tables:
            _print(tables.query(text), form)
        return
    limits = Limits(
        workers=1,
        memory_mb=settings.query_memory_mb,
        temporary_mb=settings.query_disk_mb,
        max_query_bytes=settings.max_query_bytes,
    )
    with (
        open_store(directory or settings.store, limits) as store,
        interrupting(store.close),
        showing_syntax_errors(text),
    ):
        if explained:
            _explain(store, text, form, timeout_s)
            return
        with store.query(text, deadline_s=timeout_s) as answer:
            _print(answer, form)


def _explain(store: Store, text: str, form: str | None, timeout_s: float | None) -> None:
    if form not in {None, "table", "json"}:
        raise click.UsageError("--explain writes text, or JSON with --format json")
    explanation = store.explain(text, deadline_s=timeout_s, names=PREFIXES)
    as_json = form == "json"
    click.echo(json.dumps(explanation.to_dict(), indent=2) if as_json else str(explanation))


def _read_query(query: str | None, path: Path | None, slug: str | None) -> str:
    if slug is not None:
        return find_question(slug, load_questions()).sparql
    if path is None:
        return query or ""
    return read_sparql(path)


def _list_questions() -> None:
    questions = load_questions()
    width = max((len(each.slug) for each in questions), default=0)
    for each in questions:
        click.echo(f"{each.slug:<{width}}  {each.text}")


def _print(answer: Answer, form: str | None) -> None:
    try:
        for piece in _write(answer, form):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Whoever read us has seen enough; Python would complain once more on exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(answer: Answer, form: str | None) -> Iterator[bytes]:
    if form is None:
        form = "turtle" if answer.kind == "graph" else "table"
    if form != "table":
        return write_answer(answer, form, PREFIXES)
    if isinstance(answer, Solutions):
        return (f"{line}\n".encode() for line in write_table(answer, PREFIXES))
    if isinstance(answer, Boolean):
        return iter([b"yes\n" if answer.value else b"no\n"])
    raise NotAcceptableError("a table", [each.name for each in formats_for(answer.kind)])
