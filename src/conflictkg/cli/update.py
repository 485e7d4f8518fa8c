"""``conflictkg update``: change a store."""

from pathlib import Path

import click

from conflictkg.cli.interrupt import interrupting
from conflictkg.cli.place import store_option
from conflictkg.cli.sparql import read_sparql, showing_syntax_errors
from conflictkg.config import Settings
from conflictkg.store import Limits, open_store


@click.command()
@click.argument("update", required=False)
@click.option(
    "-f",
    "--file",
    "path",
    type=click.Path(path_type=Path),
    help="File with the update; - for stdin.",
)
@store_option
@click.option(
    "--timeout",
    "timeout_s",
    type=click.FloatRange(min=0, min_open=True),
    help="Seconds after which the update is stopped and nothing changed. [default: never]",
)
def command(
    update: str | None, path: Path | None, directory: Path | None, timeout_s: float | None
) -> None:
    """Change a store by SPARQL Update: UPDATE itself, or a file with it.

    All operations of the request happen, or none of them. Nobody else may have the store open
    meanwhile. A store that `conflictkg build` wrote loses the changes at the next build, which knows
    only files.
    """
    if (update is None) == (path is None):
        raise click.UsageError("give one of UPDATE and -f FILE")
    text = update if path is None else read_sparql(path)
    settings = Settings.from_environment()
    limits = Limits(
        workers=1,
        memory_mb=settings.query_memory_mb,
        temporary_mb=settings.query_disk_mb,
        # Who edits a store of their own may send much data at once.
        max_query_bytes=max(settings.max_query_bytes, len((text or "").encode("utf-8", "replace"))),
    )
    with (
        open_store(directory or settings.store, limits, editable=True) as store,
        interrupting(store.close),
        showing_syntax_errors(text or ""),
    ):
        report = store.update(text or "", deadline_s=timeout_s)
    click.echo(
        f"{report.added:,} quads added, {report.removed:,} removed; release {store.release}",
        err=True,
    )
