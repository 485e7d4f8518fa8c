"""``conflictkg validate``: check graphs against the shapes."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rdflib import RDF, SH

from conflictkg.errors import SourceError
from conflictkg.files import data_files, shapes_files
from conflictkg.graphs import FileGraph, load_graphs
from conflictkg.shacl import FORMATS, Severity, validate_graphs, write_report

# Below this a validation takes a few seconds, and word of progress would only be noise.
_LONG_FROM_TRIPLES = 20_000
_TARGETS = (SH.targetClass, SH.targetNode, SH.targetSubjectsOf, SH.targetObjectsOf, SH.target)


@click.command()
@click.argument("inputs", metavar="[FILE|FOLDER]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--shapes",
    "shapes",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Shapes file or folder instead of our own; may be given several times.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="text",
    show_default=True,
    help="Form of the report.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["violation", "warning"]),
    default="violation",
    show_default=True,
    help="The least grave finding that makes the exit status 1.",
)
def command(inputs: tuple[Path, ...], shapes: tuple[Path, ...], form: str, fail_on: str) -> int:
    """Check graphs against the shapes, and print what is wrong, where, and what to do.

    Without FILE the graphs of this project are checked. Several files are checked together: what
    one refers to may stand in another. Exit status 0: they conform (warnings do not count unless
    --fail-on warning); 1: they do not, or a file cannot be read; 2: the command line is wrong.
    """
    data = load_graphs(inputs or [_from_here(path) for path in data_files()])
    rules = load_graphs(shapes or shapes_files())
    _require_shapes(rules)
    size = sum(len(each.graph) for each in data)
    if size >= _LONG_FROM_TRIPLES and sys.stderr.isatty():
        click.echo(f"checking {size:,} triples …", err=True)
    threshold = Severity[fail_on.upper()]
    report = validate_graphs(data, rules)
    # As bytes: reports are UTF-8 whatever the terminal speaks.
    click.echo(write_report(report, form, threshold).encode(), nl=False)
    return 0 if report.conforms(threshold) else 1


def _require_shapes(rules: Sequence[FileGraph]) -> None:
    """Without a shape everything conforms, and nobody would notice that nothing was checked."""
    for each in rules:
        if (None, RDF.type, SH.NodeShape) in each.graph or any(
            (None, target, None) in each.graph for target in _TARGETS
        ):
            return
    raise SourceError(
        "holds no SHACL shape that says what it is about (sh:targetClass or the like): nothing would "
        "be checked. Name a shapes file with --shapes, or leave it out for our own.",
        source=", ".join(str(each.path) for each in rules),
    )


def _from_here(path: Path) -> Path:
    """The shorter name of a file that lies below the current folder."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
