"""The option by which a command is told its store."""

from pathlib import Path

import click

store_option = click.option(
    "--store",
    "directory",
    type=click.Path(path_type=Path),
    help="Directory of the store. [default: CONFLICTKG_STORE or build/store]",
)
