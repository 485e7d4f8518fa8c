"""``conflictkg describe``: what a store holds, for catalogues."""

from itertools import chain
from pathlib import Path

import click

from conflictkg.answers import Stream, Triples
from conflictkg.answers.formats import write_answer
from conflictkg.cli.output import write_output
from conflictkg.cli.place import store_option
from conflictkg.config import Settings
from conflictkg.describe import (
    Dump,
    Places,
    describe_prefixes,
    describe_questions,
    describe_store,
    find_counts,
    find_example,
    read_notices,
)
from conflictkg.dumps import WHOLE, describe_dump, folder_of, name_dump
from conflictkg.iris import BASE
from conflictkg.questions import load_questions
from conflictkg.store import open_store
from conflictkg.terms import PREFIXES


@click.command("describe")
@store_option
@click.option(
    "-o",
    "--output",
    "target",
    type=click.Path(path_type=Path),
    help="File to write; by default standard output.",
)
def command(directory: Path | None, target: Path | None) -> None:
    """Describe a store in VoID and DCAT, as /.well-known/void of its server does, in Turtle.

    Addresses are those of the server that CONFLICTKG_BASE_IRI names.
    """
    settings = Settings.from_environment()
    root = settings.base_iri or BASE
    with open_store(directory or settings.store) as store:
        folder = folder_of(store.directory, store.release)
        notices = read_notices(store)
        counts = find_counts(store)
        places = Places(
            sparql=f"{root}sparql",
            document=f"{root}.well-known/void",
            whole=_dump(root, folder, WHOLE),
            graphs={
                each.iri: _dump(root, folder, name_dump(each.iri))
                for each in notices
                if each.may_be_passed_on
            },
            example=find_example(store),
        )
        triples = chain(
            describe_store(
                store.release,
                store.built_at,
                counts.whole,
                counts.graphs,
                notices,
                places,
            ),
            describe_prefixes(),
            describe_questions(load_questions(), places.sparql),
        )
        content = b"".join(write_answer(Triples(Stream(triples)), "turtle", PREFIXES))
    write_output(content, target)


def _dump(root: str, folder: Path, name: str) -> Dump:
    return describe_dump(folder, name, f"{root}dumps/{name}")
