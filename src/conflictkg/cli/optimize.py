"""``conflictkg optimize``: a store as if it had just been loaded."""

from pathlib import Path

import click

from conflictkg.cli.place import store_option
from conflictkg.cli.progress import ShownProgress
from conflictkg.config import Settings
from conflictkg.store.optimizing import optimize


@click.command("optimize")
@store_option
def command(directory: Path | None) -> None:
    """Sort, number and derive anew everything in a store that was changed.

    Worth its time after changes of more than a tenth of the store. Nobody may have the store open for
    changing; who reads it goes on reading the old one. A command that is killed leaves it as it was.
    """
    place = directory or Settings.from_environment().store
    with ShownProgress() as progress:
        optimize(place, report=progress.show_step)
    click.echo(f"{place}: optimized", err=True)
