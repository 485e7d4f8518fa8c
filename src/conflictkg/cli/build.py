"""``conflictkg build``: files to a store."""

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from conflictkg.build import build_store
from conflictkg.cli.place import store_option
from conflictkg.cli.progress import ShownProgress
from conflictkg.config import Settings
from conflictkg.errors import ConfigError
from conflictkg.sources.keeping import Given


@click.command()
@click.argument("inputs", metavar="[INPUT]...", nargs=-1, type=click.Path(path_type=Path))
@store_option
@click.option(
    "--no-validate",
    is_flag=True,
    help="Write the store even if the graphs do not meet the shapes.",
)
@click.option(
    "--public",
    is_flag=True,
    help="Leave out graphs that do not say that they may be passed on, and what follows from them.",
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    metavar="NAME=FILE",
    help="Convert source material first, if it has changed: ucdp-ged=FILE, ucdp-ged@22.1=FILE with the release, or"
    " strikes:PROFILE=FILE.",
)
def command(
    inputs: tuple[Path, ...],
    directory: Path | None,
    sources: tuple[str, ...],
    *,
    no_validate: bool,
    public: bool,
) -> None:
    """Validate graphs, draw their consequences and write a store.

    INPUT are data files and folders, one named graph a file; without any, data/ttl. Ontology, shapes
    and questions are always added. A store that stands in the directory is replaced at the end, in
    one step: a build that fails or is killed leaves it as it was.

    The time of the build is taken from SOURCE_DATE_EPOCH where that is set.
    """
    settings = Settings.from_environment()
    place = directory or settings.store
    with ShownProgress() as shown:
        built = build_store(
            inputs,
            place,
            validate=not no_validate,
            public=public,
            sources=[Given.parse(each) for each in sources],
            built_at=_read_epoch(os.environ.get("SOURCE_DATE_EPOCH", "")),
            progress=shown.show_part,
            report=shown.tell,
        )
    click.echo(f"{built.directory}: {built.quads:,} quads, release {built.release}", err=True)


def _read_epoch(text: str) -> datetime | None:
    if not text.strip():
        return None
    try:
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(
            "SOURCE_DATE_EPOCH",
            f'"{text}" is not a number of seconds since 1970. Unset it or mend it.',
        ) from error
