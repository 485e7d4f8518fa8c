"""``conflictkg fetch``: a release of a source, from where its publisher puts it."""

import os
from dataclasses import replace
from pathlib import Path

import click

from conflictkg.cli.progress import ShownProgress
from conflictkg.errors import ConfigError, NotFoundError
from conflictkg.sources.description import Description, load_description, source_names
from conflictkg.sources.fetching import Order, fetch_pages, fetch_release


def _describe_tokens() -> str:
    """Which sources ask for a token, for the help text."""
    tokens = {
        name: load_description(name).retrieval.get("token", {}).get("setting")
        for name in source_names()
    }
    told = [f"{name} reads it from {setting}" for name, setting in tokens.items() if setting]
    return "A token comes from the environment only: " + "; ".join(told) + "."


@click.command(epilog=_describe_tokens())
@click.argument("source")
@click.option(
    "--release",
    metavar="NAME",
    default="",
    help="Which release to fetch. [default: the one that the source's description names]",
)
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to fetch into. [default: SOURCE-RELEASE]",
)
@click.option(
    "--pages", is_flag=True, help="Fetch it from the source's API page by page, not as a file."
)
@click.option("--sha256", metavar="HEX", default="", help="What the file's SHA-256 must be.")
@click.option(
    "--max-size",
    "max_size_mb",
    metavar="MB",
    type=click.IntRange(min=1),
    default=262_144,
    show_default=True,
    help="Largest file that is taken.",
)
def command(
    source: str, release: str, folder: Path | None, sha256: str, max_size_mb: int, *, pages: bool
) -> None:
    """Fetch a release over HTTP, with a note beside it of what came from where and when.

    A fetch that broke off goes on where it stopped. Prints the path of each file.
    """
    if source not in source_names():
        raise click.UsageError(str(NotFoundError("source", source, list(source_names()))))
    if pages and sha256:
        raise click.UsageError("--sha256 is of a file; it does not go with --pages")
    description = load_description(source)
    with ShownProgress() as shown:
        order = Order(
            description,
            folder or Path(),
            release=release,
            token=_token_of(description, is_needed=pages),
            sha256=sha256,
            most_bytes=max_size_mb << 20,
            progress=shown.show_part,
        )
        if folder is None:
            order = _into_own_folder(order)
        found = [fetch_pages(order)] if pages else fetch_release(order)
    for each in found:
        click.echo(each.path)
        what = f"{each.origin.size:,} bytes" if each.is_new else "has not changed"
        click.echo(f"conflictkg: {each.path}: {what}, SHA-256 {each.origin.sha256}", err=True)


def _into_own_folder(order: Order) -> Order:
    return replace(order, folder=Path(f"{order.description.name}-{order.release_name}"))


def _token_of(description: Description, *, is_needed: bool) -> str:
    setting = description.retrieval.get("token", {}).get("setting", "")
    token = os.environ.get(setting, "").strip() if setting else ""
    if is_needed and setting and not token:
        raise ConfigError(setting, f"is not set; the API of {description.title} asks for a token.")
    return token
