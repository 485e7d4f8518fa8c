"""``conflictkg load``: files of RDF into a store, as they are."""

from pathlib import Path

import click

from conflictkg.cli.place import store_option
from conflictkg.cli.progress import ShownProgress
from conflictkg.config import Settings
from conflictkg.store.adding import add_files
from conflictkg.store.loading import Load
from conflictkg.store.opening import open_database
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files


@click.command()
@click.argument(
    "inputs", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path)
)
@store_option
@click.option(
    "--graph",
    default="",
    metavar="IRI",
    help="Named graph for the triples of formats without graphs. [default: the default graph]",
)
def command(inputs: tuple[Path, ...], directory: Path | None, graph: str) -> None:
    """Load RDF files into a store; where there is none, make one.

    FILE is Turtle, N-Triples, TriG, N-Quads, RDF/XML or JSON-LD by its ending, each with .gz too. All
    files are loaded, or nothing is. Blank nodes are those of their file. Nothing is validated and
    nothing inferred: that is what `conflictkg build` does.
    """
    place = directory or Settings.from_environment().store
    sources = [Source(each, graph=graph) for each in inputs]
    with ShownProgress() as progress:
        if not place.exists():
            catalog = load_files(sources, place, Load((), report=progress.show))
            done = f"{catalog.quads:,} quads"
        else:
            database = open_database(place, read_only=False)
            try:
                changed = add_files(
                    database,
                    sources,
                    told=lambda files, quads: progress.show_files(files, len(sources), quads),
                )
                done = f"{changed.added:,} quads added, {database.catalog.quads:,} in all"
            finally:
                database.close()
    click.echo(f"{place}: {done}", err=True)
