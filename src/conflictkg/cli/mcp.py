"""``conflictkg mcp``: a store as tools for language models."""

from dataclasses import replace
from pathlib import Path

import click

from conflictkg.cli.place import store_option
from conflictkg.config import Settings
from conflictkg.describe import require_all_public
from conflictkg.errors import ConfigError
from conflictkg.store import Limits, Store, open_store, warm_up

_SPARE_WORKERS = 2
_DEFAULT_PORT = 8001


@click.command("mcp")
@store_option
@click.option(
    "--http",
    "over_http",
    is_flag=True,
    help="Serve over HTTP at /mcp instead of standard input and output.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen on with --http."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=_DEFAULT_PORT,
    show_default=True,
    help="Port to listen on with --http; 0 takes a free one.",
)
@click.option(
    "--name",
    "names",
    multiple=True,
    help="With --http: a host name by which clients come, beside localhost. Can be given several times.",
)
def command(
    directory: Path | None, host: str, port: int, names: tuple[str, ...], *, over_http: bool
) -> None:
    """Give language models read-only tools over a store (Model Context Protocol).

    Without --http the model's program starts this command and speaks to it through standard input and
    output. Queries have the same limits as over HTTP: CONFLICTKG_QUERY_TIMEOUT_S and the others.
    """
    # The protocol and the web are needed by this command only.
    from conflictkg.mcp import create_server

    given = Settings.from_environment()
    settings = replace(given, store=given.store if directory is None else directory)
    limits = Limits(
        workers=settings.workers,
        memory_mb=settings.query_memory_mb,
        temporary_mb=settings.query_disk_mb,
        max_query_bytes=settings.max_query_bytes,
        wait_s=settings.query_wait_s,
        spare_workers=_SPARE_WORKERS,
    )
    warm_up()
    if not over_http:
        with _open(settings, limits) as store:
            create_server(settings, store).run("stdio")
        return
    from conflictkg.mcp.http import PATH, serve_http
    from conflictkg.web.server import listen

    # The port first: who only chose a taken one need not wait for the store.
    sockets = listen(host, port)
    try:
        with _open(settings, limits) as store:
            number = sockets[0].getsockname()[1]
            shown = f"[{host}]" if ":" in host else host
            serve_http(
                create_server(settings, store),
                sockets,
                names=(*names, shown),
                announce=lambda: click.echo(
                    f"conflictkg: tools at http://{shown}:{number}{PATH}", err=True
                ),
            )
    finally:
        for each in sockets:
            each.close()


def _open(settings: Settings, limits: Limits) -> Store:
    store = open_store(settings.store, limits)
    if settings.public:
        try:
            require_all_public(store)
        except ConfigError:
            store.close()
            raise
    return store
