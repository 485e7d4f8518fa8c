"""``conflictkg serve``: a store over HTTP."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from logging.handlers import WatchedFileHandler
from pathlib import Path
from wsgiref.types import WSGIApplication

import click

from conflictkg.cli.place import store_option
from conflictkg.config import Settings
from conflictkg.errors import ConfigError, ConflictKGError
from conflictkg.store import Limits, open_store, warm_up

_PAGES_ASK_BYTES = 65_536
_SPARE_WORKERS = 2


@click.command("serve")
@store_option
@click.option("--host", help="Address to listen on. [default: CONFLICTKG_HOST or 127.0.0.1]")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 takes a free one. [default: CONFLICTKG_PORT or 8000]",
)
@click.option(
    "--editable",
    is_flag=True,
    help="Let who has a token change the store: conflictkg token create. [default: CONFLICTKG_EDITABLE]",
)
@click.option(
    "--public",
    is_flag=True,
    help="Serve only a store of what may be passed on, as build --public makes it. [default: CONFLICTKG_PUBLIC]",
)
@click.option(
    "--federation",
    type=click.Path(path_type=Path),
    help="File of the endpoints that SERVICE may ask. [default: CONFLICTKG_FEDERATION_POLICY or none]",
)
def command(
    directory: Path | None,
    host: str | None,
    port: int | None,
    federation: Path | None,
    *,
    editable: bool,
    public: bool,
) -> None:
    """Serve a store: SPARQL, linked data and pages.

    A new build in the place of the store is served within a second, or at once on SIGHUP; answers that
    have begun go on with the old one. Runs until it gets SIGTERM or Control+C; then finishes the requests
    that run, for up to 30 seconds. A second signal ends it at once.
    """
    # Flask and waitress are needed by this command only.
    from conflictkg.web.limits import threads_for
    from conflictkg.web.operating import log_requests
    from conflictkg.web.server import (
        Server,
        is_loopback,
        listen,
        looking_on_hangup,
        max_body_bytes,
        stopping_on_signals,
    )

    _configure_logging()
    given = Settings.from_environment()
    settings = replace(
        given,
        store=given.store if directory is None else directory,
        host=given.host if host is None else host,
        port=given.port if port is None else port,
        editable=given.editable or editable,
        public=given.public or public,
        federation_policy=given.federation_policy if federation is None else federation,
    )
    if settings.access_log:
        log_requests(_open_log(settings.access_log))
    limits = Limits(
        workers=settings.workers,
        memory_mb=settings.query_memory_mb,
        temporary_mb=settings.query_disk_mb,
        # Strangers' queries are measured when they come in; the pages' own must fit in any case.
        max_query_bytes=max(settings.max_query_bytes, _PAGES_ASK_BYTES),
        wait_s=settings.query_wait_s,
        # Pages do not wait for strangers' queries.
        spare_workers=settings.quick_workers + 2 * settings.workers + _SPARE_WORKERS,
    )
    warm_up()
    # The port first: who only chose a taken one need not wait for the store.
    sockets = listen(settings.host, settings.port)
    try:
        with _application(settings, limits) as (app, look_again):
            server = Server(app, sockets, max_body_bytes(settings), threads_for(settings))
            # From here on a signal is a request to end well, so only now is it said how.
            with stopping_on_signals(server.stop), looking_on_hangup(look_again):
                _announce(settings, sockets[0].getsockname()[1], is_open=not is_loopback(sockets))
                server.serve()
    finally:
        for each in sockets:
            each.close()
    click.echo("conflictkg: stopped", err=True)


@contextmanager
def _application(
    settings: Settings, limits: Limits
) -> Iterator[tuple[WSGIApplication, Callable[[], None]]]:
    """What is served, and what has it look for a new build; an edited store is served until the end."""
    from conflictkg.web import create_app
    from conflictkg.web.reloading import Reloading

    if settings.editable:
        with open_store(settings.store, limits, editable=True) as store:
            yield create_app(settings, store), lambda: None
        return
    app = Reloading(
        settings.store,
        lambda: open_store(settings.store, limits),
        lambda store, before: create_app(settings, store, before),
    )
    app.watch()
    try:
        yield app, app.look_now
    finally:
        app.close()


def _configure_logging() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # It warns of every request that waits for a moment.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    logging.getLogger("waitress").addFilter(_tell_briefly)


def _open_log(name: str) -> logging.Handler:
    """Where requests are told; a file that is moved away is begun anew."""
    if name == "-":
        return logging.StreamHandler()
    try:
        return WatchedFileHandler(name, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            "CONFLICTKG_ACCESS_LOG", f'"{name}" cannot be written: {error.strerror}.'
        ) from error


def _tell_briefly(record: logging.LogRecord) -> bool:
    """An answer that is cut off on purpose is told in a line, not with a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, ConflictKGError):
        record.msg, record.args, record.exc_info = f"{record.getMessage()}: {error}", None, None
    return True


def _announce(settings: Settings, port: int, *, is_open: bool) -> None:
    address = _address_of(settings.host, port)
    click.echo(f"conflictkg: serving {settings.store} at {address}", err=True)
    if is_open:
        click.echo(
            "conflictkg: warning: other machines can reach this server; everybody who does can read "
            "the whole graph and run queries.",
            err=True,
        )
    click.echo("conflictkg: stop with Control+C", err=True)


def _address_of(host: str, port: int) -> str:
    shown = "localhost" if host in {"", "0.0.0.0", "::"} else host  # noqa: S104  compared only
    return f"http://[{shown}]:{port}/" if ":" in shown else f"http://{shown}:{port}/"
