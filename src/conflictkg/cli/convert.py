"""``conflictkg convert``: source material to Turtle."""

import json
from pathlib import Path

import click
from rdflib import Graph

from conflictkg.cli.output import write_output
from conflictkg.cli.progress import ShownProgress
from conflictkg.errors import NotFoundError
from conflictkg.graphs import write_turtle
from conflictkg.sources.article.annotations import load_annotations, read_text, require_text
from conflictkg.sources.article.convert import convert_article
from conflictkg.sources.converting import convert_source, convert_to_table, make_job
from conflictkg.sources.description import load_description, source_names
from conflictkg.sources.entities.convert import convert_entities, load_registry
from conflictkg.sources.report import Report
from conflictkg.sources.strikes.guess import guess_profile
from conflictkg.sources.strikes.profile import SOURCE
from conflictkg.terms import PREFIXES

_DOCUMENTS = {
    "article": "reviewed or proposed annotations of an article (JSON)",
    "entities": "the registry: a folder of *.toml files",
}


def _names() -> list[str]:
    return [*_DOCUMENTS, *source_names()]


def _describe_sources() -> str:
    """What is converted, for the help text."""
    lines = [f"{name}: {text}" for name, text in _DOCUMENTS.items()]
    lines += [f"{name}: {load_description(name).title}" for name in source_names()]
    return "Sources: " + "; ".join(lines) + "."


@click.command(epilog=_describe_sources())
@click.argument("source")
@click.argument("input_path", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="File to write; default stdout. One that ends in .parquet is for conflictkg load.",
)
@click.option(
    "--release",
    metavar="NAME",
    help="Which release the file is of; it is part of the IRIs of records. [default: from the file's name]",
)
@click.option(
    "--part",
    "is_part",
    is_flag=True,
    help="INPUT is but a part of a release: do not refuse it for having few rows.",
)
@click.option("--strict", is_flag=True, help="Fail on any issue, and write nothing then.")
@click.option(
    "--report",
    "report_path",
    type=click.Path(path_type=Path),
    help="File to write all issues to, as JSON.",
)
@click.option(
    "--text",
    "text_path",
    type=click.Path(path_type=Path),
    help="For an article: its text. Every span's hash is checked against it.",
)
@click.option(
    "--profile",
    metavar="NAME",
    help="For strikes: what the columns mean. The name of a profile that is known, or the path of a TOML file.",
)
@click.option(
    "--guess",
    is_flag=True,
    help="For strikes: write a profile for the table in INPUT, to be completed by a person, and convert nothing.",
)
def command(
    source: str,
    input_path: Path,
    output: Path | None,
    release: str | None,
    report_path: Path | None,
    text_path: Path | None,
    profile: str | None,
    *,
    is_part: bool,
    strict: bool,
    guess: bool,
) -> None:
    """Turn source material into Turtle, one named graph a document or release.

    SOURCE names the kind of material, INPUT the file or folder that holds it. Rows that cannot be converted are
    told with line and column; the others are converted.
    """
    if source not in _names():
        raise click.UsageError(str(NotFoundError("source", source, _names())))
    if text_path is not None and source != "article":
        raise click.UsageError("--text goes with the source article only")
    if (profile or guess) and source != SOURCE:
        raise click.UsageError(f"--profile and --guess go with the source {SOURCE} only")
    if guess:
        write_output(guess_profile(input_path).encode(), output)
        return
    if source in _DOCUMENTS:
        if release or strict or report_path or is_part:
            raise click.UsageError(
                f"--release, --part, --strict and --report do not go with {source}"
            )
        graph = _convert_document(source, input_path, text_path)
        write_output(write_turtle(graph, PREFIXES).encode(), output)
        if output is not None:
            click.echo(f"{output}: {len(graph):,} triples", err=True)
        return
    shown = ShownProgress()
    options = {"profile": profile} if profile else {}
    job = make_job(
        source,
        input_path,
        release=release,
        options=options,
        is_part=is_part,
        progress=shown.show_part,
    )
    try:
        with shown:
            if output is not None and output.suffix == ".parquet":
                convert_to_table(job, output, strict=strict)
            else:
                write_output(convert_source(job, strict=strict), output)
    finally:
        # A file that is refused needs its issues told more than any other.
        _tell(job.report, report_path)


def _tell(report: Report, path: Path | None) -> None:
    """Say what became of the rows, and write it where that is asked for."""
    for line in report.lines():
        click.echo(f"conflictkg: {line}", err=True)
    if path is not None:
        content = json.dumps(report.document(), ensure_ascii=False, indent=1) + "\n"
        write_output(content.encode(), path)


def _convert_document(source: str, input_path: Path, text_path: Path | None) -> Graph:
    if source == "entities":
        return convert_entities(load_registry(input_path))
    annotations = load_annotations(input_path)
    if text_path is not None:
        require_text(annotations, read_text(text_path), str(text_path))
    return convert_article(annotations, source=str(input_path))
