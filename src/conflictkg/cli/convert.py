"""``conflictkg convert``: source material to Turtle."""

from pathlib import Path

import click
from rdflib import Graph

from conflictkg.cli.output import write_output
from conflictkg.errors import NotFoundError
from conflictkg.graphs import write_turtle
from conflictkg.sources.article.annotations import load_annotations, read_text, require_text
from conflictkg.sources.article.convert import convert_article
from conflictkg.sources.entities.convert import convert_entities, load_registry
from conflictkg.terms import PREFIXES

SOURCES = {
    "article": "reviewed or proposed annotations of an article (JSON)",
    "entities": "the registry: a folder of *.toml files",
}


@click.command(
    epilog="Sources: " + "; ".join(f"{name}: {text}" for name, text in SOURCES.items()) + "."
)
@click.argument("source")
@click.argument("input_path", metavar="INPUT", type=click.Path(path_type=Path))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="File to write; default stdout."
)
@click.option(
    "--text",
    "text_path",
    type=click.Path(path_type=Path),
    help="For an article: its text. Every span's hash is checked against it.",
)
def command(source: str, input_path: Path, output: Path | None, text_path: Path | None) -> None:
    """Turn source material into Turtle, one named graph a document or release.

    SOURCE names the kind of material, INPUT the file or folder that holds it.
    """
    if source not in SOURCES:
        raise click.UsageError(str(NotFoundError("source", source, list(SOURCES))))
    if text_path is not None and source != "article":
        raise click.UsageError("--text goes with the source article only")
    graph = _convert(source, input_path, text_path)
    write_output(write_turtle(graph, PREFIXES).encode(), output)
    if output is not None:
        click.echo(f"{output}: {len(graph):,} triples", err=True)


def _convert(source: str, input_path: Path, text_path: Path | None) -> Graph:
    if source == "entities":
        return convert_entities(load_registry(input_path))
    annotations = load_annotations(input_path)
    if text_path is not None:
        require_text(annotations, read_text(text_path), str(text_path))
    return convert_article(annotations, source=str(input_path))
