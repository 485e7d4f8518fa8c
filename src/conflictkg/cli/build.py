"""``conflictkg build``: files to a store."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from conflictkg.build import build_store
from conflictkg.cli.place import store_option
from conflictkg.cli.progress import ShownProgress
from conflictkg.config import Settings
from conflictkg.errors import ConfigError
from conflictkg.sources.keeping import Given
from conflictkg.spark.building import build_parquet


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
@click.option(
    "--on",
    "engine",
    type=click.Choice(["spark"]),
    help="Convert the sources with Apache Spark and write them as Parquet, without anything else.",
)
def command(
    inputs: tuple[Path, ...],
    directory: Path | None,
    sources: tuple[str, ...],
    engine: str | None,
    *,
    no_validate: bool,
    public: bool,
) -> None:
    """Validate graphs, draw their consequences and write a store.

    INPUT are data files and folders, one named graph a file; without any, data/ttl. Ontology, shapes
    and questions are always added. A store that stands in the directory is replaced at the end, in
    one step: a build that fails or is killed leaves it as it was.

    With --on spark only the sources are converted, on all cores, or on a cluster where spark-submit starts
    this program; the store is a folder of Parquet files, for `conflictkg query --on spark`.

    The time of the build is taken from SOURCE_DATE_EPOCH where that is set.
    """
    settings = Settings.from_environment()
    place = directory or settings.store
    if engine is not None:
        if inputs or public or not sources:
            raise click.UsageError("--on spark goes with --source, not with INPUT and --public")
        _build_parquet([Given.parse(each) for each in sources], place)
        return
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


def _build_parquet(sources: Sequence[Given], place: Path) -> None:
    """On Spark: what ``conflictkg export parquet`` writes, of the sources alone."""
    with ShownProgress() as shown:
        jobs = [each.make_job(shown.show_part) for each in sources]
        rows = build_parquet(jobs, place, tell=shown.show_step)
    for line in (line for job in jobs for line in job.report.lines()):
        click.echo(f"conflictkg: {line}", err=True)
    click.echo(f"{place}: {len(rows)} tables, {rows['spo']:,} quads", err=True)


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
