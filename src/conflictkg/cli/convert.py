"""``conflictkg convert``: source material to Turtle."""

import os
import tempfile
from pathlib import Path

import click
from rdflib import Graph

from conflictkg.errors import NotFoundError, SourceError
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
    turtle = write_turtle(graph, PREFIXES)
    if output is None:
        # As bytes: Turtle is UTF-8 whatever the terminal speaks.
        click.echo(turtle.encode(), nl=False)
    else:
        _write_whole(output, turtle)
        click.echo(f"{output}: {len(graph):,} triples", err=True)


def _convert(source: str, input_path: Path, text_path: Path | None) -> Graph:
    if source == "entities":
        return convert_entities(load_registry(input_path))
    annotations = load_annotations(input_path)
    if text_path is not None:
        require_text(annotations, read_text(text_path), str(text_path))
    return convert_article(annotations, source=str(input_path))


def _write_whole(path: Path, content: str) -> None:
    """Write a file that is there whole or not at all."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False
        ) as draft:
            try:
                draft.write(content)
                draft.flush()
                Path(draft.name).chmod(0o666 & ~_umask())
                Path(draft.name).replace(path)
            except BaseException:
                Path(draft.name).unlink(missing_ok=True)
                raise
    except OSError as error:
        raise SourceError(
            f"cannot be written: {error.strerror}. Choose another file with -o.", source=str(path)
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
