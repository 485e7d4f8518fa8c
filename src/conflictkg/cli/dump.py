"""``conflictkg dump``: the files that a server gives away, made before somebody asks for them."""

from pathlib import Path

import click

from conflictkg.cli.place import store_option
from conflictkg.config import Settings
from conflictkg.describe import read_notices
from conflictkg.dumps import WHOLE, make_dump, name_dump, remove_old_dumps
from conflictkg.store import open_store


@click.command("dump")
@store_option
def command(directory: Path | None) -> None:
    """Write a gzip file of N-Quads for each graph that may be passed on, and one of them all.

    They are written beside the store, to STORE.dumps, where serve finds them; those of earlier releases are
    removed. Each has its SHA-256 in a file beside it, as sha256sum reads it. Graphs that may not be passed on
    are named and left out.
    """
    with open_store(directory or Settings.from_environment().store) as store:
        release = store.release
        notices = read_notices(store)
        names = [name_dump(each.iri) for each in notices if each.may_be_passed_on]
        for name in (*names, WHOLE):
            made = make_dump(store, notices, name, release)
            click.echo(f"{made.path}: {made.size:,} bytes", err=True)
        remove_old_dumps(made.path.parent)
    for each in notices:
        if not each.may_be_passed_on:
            click.echo(f"left out, as it may not be passed on: {each.iri}", err=True)
