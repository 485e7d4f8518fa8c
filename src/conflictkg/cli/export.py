"""``conflictkg export``: a store for other programs."""

from pathlib import Path

import click

from conflictkg.cli.place import store_option
from conflictkg.config import Settings
from conflictkg.store.parquet import export_parquet


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
def parquet(directory: Path | None, target: Path) -> None:
    """Write the tables of a store as Parquet files, one a table.

    The tables and their columns are described in README.md, which is written beside them. Spark, DuckDB
    and others read them as they are.
    """
    rows = export_parquet(directory or Settings.from_environment().store, target)
    click.echo(f"{target}: {len(rows)} tables, {rows.get('spo', 0):,} quads", err=True)
