"""``conflictkg export``: a store for other programs."""

from pathlib import Path

import click

from conflictkg.cli.place import store_option
from conflictkg.config import Settings
from conflictkg.exports import export_store


@click.group()
def command() -> None:
    """Write a store in a form that other programs read."""


@command.command("parquet")
@store_option
@click.option(
    "-o",
    "--output",
    "target",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder to write; must not be there yet, or be empty.",
)
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Also graphs that may not be passed on; for your own use.",
)
def parquet(directory: Path | None, target: Path, *, everything: bool) -> None:
    """Write the tables of a store as Parquet files, one a table.

    The tables and their columns are described in README.md, which is written beside them. Spark, DuckDB
    and others read them as they are. Graphs that may not be passed on are named and left out.
    """
    place = directory or Settings.from_environment().store
    made = export_store(place, target, everything=everything)
    for each in made.left_out:
        click.echo(f"left out, as it may not be passed on: {each}", err=True)
    click.echo(f"{target}: {len(made.rows)} tables, {made.rows.get('spo', 0):,} quads", err=True)
