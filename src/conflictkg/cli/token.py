"""``conflictkg token``: who may change a server's data."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from conflictkg.access import SCOPES, Tokens
from conflictkg.cli.place import store_option
from conflictkg.config import Settings


@click.group("token")
@click.option(
    "--file",
    "path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File of the tokens. [default: CONFLICTKG_TOKENS, or STORE.tokens.json beside the store]",
)
@store_option
@click.pass_context
def command(context: click.Context, path: Path | None, directory: Path | None) -> None:
    """Make, list and revoke the tokens with which a store is changed over HTTP.

    A server that was started with --editable sees what is done here at once.
    """
    settings = Settings.from_environment()
    if path is None:
        place = settings if directory is None else Settings(store=directory, tokens=settings.tokens)
        path = place.tokens_file
    context.obj = Tokens(path)


@command.command("create")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    help=f"What it is for; may be repeated. Known: {SCOPES}.",
)
@click.option("--days", type=click.IntRange(1, 36_500), help="It ends after so many days.")
@click.pass_obj
def create(tokens: Tokens, name: str, scopes: tuple[str, ...], days: int | None) -> None:
    """Make a token named NAME and show it, this once."""
    expires = None if days is None else datetime.now(UTC) + timedelta(days=days)
    token = tokens.create(name, scopes, expires)
    click.echo(token)
    click.echo(
        f'conflictkg: this is the token "{name}"; it is shown this once and kept only as a hash in '
        f"{tokens.path}. Send it as: Authorization: Bearer {token[:8]}…",
        err=True,
    )


@command.command("list")
@click.pass_obj
def list_tokens(tokens: Tokens) -> None:
    """List the tokens: name, scopes, when made, when they end."""
    now = datetime.now(UTC)
    for each in tokens.records():
        ends = each.expires or "never"
        state = " (over)" if each.is_expired(now) else ""
        click.echo(f"{each.name}\t{', '.join(each.scopes)}\t{each.created}\t{ends}{state}")


@command.command("revoke")
@click.argument("name")
@click.pass_obj
def revoke(tokens: Tokens, name: str) -> None:
    """End the token named NAME at once."""
    tokens.revoke(name)
    click.echo(f'conflictkg: the token "{name}" is no longer good', err=True)
