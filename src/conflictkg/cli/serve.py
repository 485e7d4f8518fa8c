"""``conflictkg serve``: a store over HTTP."""

from dataclasses import replace
from pathlib import Path

import click

from conflictkg.config import Settings
from conflictkg.store import Limits, open_store


@click.command("serve")
@click.option(
    "--store",
    "directory",
    type=click.Path(path_type=Path),
    help="Directory of the store. [default: CONFLICTKG_STORE or build/store]",
)
@click.option("--host", help="Address to listen on. [default: CONFLICTKG_HOST or 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 takes a free one. [default: CONFLICTKG_PORT or 8000]",
)
def command(directory: Path | None, host: str | None, port: int | None) -> None:
    """Serve a store: SPARQL, linked data and pages.

    Runs until it gets SIGTERM or Control+C; then finishes the requests that run, for up to 30
    seconds. A second signal ends it at once.
    """
    # Flask and waitress are needed by this command only.
    from conflictkg.web import create_app
    from conflictkg.web.server import Server, is_loopback, listen, max_body_bytes

    asked = {"store": directory, "host": host, "port": port}
    settings = replace(
        Settings.from_environment(), **{k: v for k, v in asked.items() if v is not None}
    )
    limits = Limits(
        workers=settings.workers,
        memory_mb=settings.query_memory_mb,
        max_query_bytes=settings.max_query_bytes,
        wait_s=settings.query_wait_s,
    )
    # The port first: who only chose a taken one need not wait for the store.
    sockets = listen(settings.host, settings.port)
    try:
        with open_store(settings.store, limits) as store:
            app = create_app(settings, store)
            address = _address_of(settings.host, sockets[0].getsockname()[1])
            click.echo(f"conflictkg: serving {settings.store} at {address}", err=True)
            if not is_loopback(sockets):
                click.echo(
                    "conflictkg: warning: other machines can reach this server; everybody who does "
                    "can read the whole graph and run queries.",
                    err=True,
                )
            click.echo("conflictkg: stop with Control+C", err=True)
            Server(app, sockets, max_body_bytes(settings.max_query_bytes)).run()
    finally:
        for each in sockets:
            each.close()
    click.echo("conflictkg: stopped", err=True)


def _address_of(host: str, port: int) -> str:
    shown = "localhost" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104  compared only
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
