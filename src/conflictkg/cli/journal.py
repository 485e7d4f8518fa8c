"""``conflictkg journal``: who changed a store, what came and went, and taking it back."""

import getpass
import json
from dataclasses import asdict
from pathlib import Path

import click

from conflictkg.cli.place import store_option
from conflictkg.config import Settings
from conflictkg.errors import InvalidGraphError, NotFoundError
from conflictkg.shacl.touched import review_change
from conflictkg.store import Edit, Proposal, Store, open_store


@click.group("journal")
def command() -> None:
    """List, show, export and undo the changes that were made to a store over HTTP or by undo.

    A server that has the store open for editing answers for it: ask /journal there.
    """


def _place(directory: Path | None) -> Path:
    return Settings.from_environment().store if directory is None else directory


@command.command("list")
@store_option
@click.option("--after", type=click.IntRange(0), default=0, help="Only entries after this number.")
def list_entries(directory: Path | None, after: int) -> None:
    """List the entries: number, moment, who, quads added and removed, what for."""
    with open_store(_place(directory)) as store:
        while entries := store.journal(after=after):
            for each in entries:
                click.echo(
                    f"{each.number}\t{each.at}\t{each.by}\t+{each.added}\t-{each.removed}\t{each.comment}"
                )
            after = entries[-1].number


@command.command("show")
@click.argument("number", type=click.IntRange(1))
@store_option
def show(number: int, directory: Path | None) -> None:
    """Show entry NUMBER as JSON: who, when, what for, releases, counts, graphs."""
    with open_store(_place(directory)) as store:
        found = store.journal(after=number - 1, most=1)
        if not found or found[0].number != number:
            raise NotFoundError("journal entry", str(number))
        click.echo(json.dumps(asdict(found[0]), ensure_ascii=False, indent=1))


@command.command("export")
@click.argument("number", type=click.IntRange(1), required=False)
@store_option
def export(number: int | None, directory: Path | None) -> None:
    """Write entry NUMBER, or all of them, as RDF Patch."""
    with open_store(_place(directory)) as store:
        for each in [number] if number is not None else _all_numbers(store):
            for piece in store.patch(each):
                click.echo(piece, nl=False)


def _all_numbers(store: Store) -> list[int]:
    found: list[int] = []
    while entries := store.journal(after=found[-1] if found else 0):
        found += [each.number for each in entries]
    return found


@command.command("undo")
@click.argument("number", type=click.IntRange(1))
@store_option
def undo(number: int, directory: Path | None) -> None:
    """Take back entry NUMBER, if nothing of it was changed again since and the data stay valid."""
    edit = Edit(by=getpass.getuser(), comment=f"undo {number}", review=_require_valid)
    with open_store(_place(directory), editable=True) as store:
        report = store.undo(number, edit)
    click.echo(
        f"conflictkg: undone: {report.added} quads came back, {report.removed} went", err=True
    )


def _require_valid(proposal: Proposal) -> None:
    verdict = review_change(proposal)
    if not verdict.is_valid:
        raise InvalidGraphError(
            [f"{each.focus} {each.path}: {each.message}" for each in verdict.violations]
        )
