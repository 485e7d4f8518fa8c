"""The graph over HTTP: the SPARQL endpoint, the things as linked data, and pages for people.

``create_app`` makes an application; nothing here is global, so that a test or a program can have
several.
"""

import re

from flask import Flask, Response, request

from conflictkg.config import Settings
from conflictkg.questions import load_questions
from conflictkg.store import Store
from conflictkg.web import (
    citing,
    dumps,
    encoding,
    federation,
    graphstore,
    journal,
    kept,
    kinds,
    linked,
    openapi,
    operating,
    pages,
    problems,
    public,
    queries,
    questions_api,
    running,
    sparql,
    validating,
)
from conflictkg.web.site import Site

_SECURITY_HEADERS = {
    # Nothing from other hosts, nothing inline: a literal that slips through escaping cannot run.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # A query may tell what somebody is looking into; no other site gets to see its address.
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
_EXPOSED = (
    "Conflictkg-Added, Conflictkg-Complete, Conflictkg-Release, Conflictkg-Removed, Conflictkg-Validation, "
    "Conflictkg-Warnings, Conflictkg-Same, Content-Disposition, ETag, Link, Location, Repr-Digest, Retry-After, "
    "X-Request-Id"
)
_OPEN_METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
"""What pages of other sites may use: reading. POST is among them for long queries."""
_HOST = re.compile(r"[A-Za-z0-9.\-_:\[\]%]*")


def create_app(settings: Settings, store: Store, before: Flask | None = None) -> Flask:
    """Make an application that serves a store.

    Args:
        settings: Limits on queries.
        store: An open store; the caller closes it when the application has ended.
        before: An application over another build, whose place this one takes: counters, clients' budgets and
            the list of what runs are those of both.

    Raises:
        SourceError: A published question cannot be read.
        ConfigError: The policy for SERVICE cannot be read, or the store is not one for public mode.
    """
    app = Flask(__name__)
    site = Site(settings, store, load_questions())
    app.extensions["conflictkg"] = site
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    running.register(app, settings, before)
    kept.register(app, settings.answer_cache_mb)
    federation.register(app, settings)
    operating.register(app, app.extensions["conflictkg.traffic"], before)
    # After what names requests: what is refused here is counted and told in the log too.
    public.register(app, settings, store)
    app.register_blueprint(queries.blueprint)
    app.register_blueprint(sparql.blueprint)
    app.register_blueprint(graphstore.blueprint)
    app.register_blueprint(journal.blueprint)
    app.register_blueprint(openapi.blueprint)
    app.register_blueprint(citing.blueprint)
    app.register_blueprint(questions_api.blueprint)
    app.register_blueprint(validating.blueprint)
    app.register_blueprint(pages.blueprint)
    linked.register(app, site)
    dumps.register(app)
    app.before_request(_refuse_bad_host)
    # What is registered first runs last.
    app.after_request(operating.note_answer)
    app.after_request(encoding.compress_answer)
    app.after_request(_add_headers)
    app.after_request(running.end_admitted)
    problems.register(app)
    return app


def _refuse_bad_host() -> None:
    host = request.environ.get("HTTP_HOST", "")
    if not _HOST.fullmatch(host):
        raise problems.RequestError(kinds.BAD_REQUEST, "the Host header names no host.")


def _add_headers(response: Response) -> Response:
    for name, value in _SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    # Reading needs no credentials and nothing here has any: any page may read.
    response.headers["Access-Control-Allow-Origin"] = "*"
    if "Authorization" in request.headers:
        # What somebody with a token asks is nobody else's business, a shared cache's least.
        response.headers["Cache-Control"] = "no-store"
    response.headers["Access-Control-Expose-Headers"] = _EXPOSED
    if request.method == "OPTIONS" and response.status_code == 200:
        response.status_code = 204
        response.headers.pop("Content-Type", None)
        allowed = response.headers.get("Allow", "").split(", ")
        response.headers["Access-Control-Allow-Methods"] = ", ".join(
            each for each in allowed if each in _OPEN_METHODS
        )
        response.headers["Access-Control-Allow-Headers"] = (
            "Accept, Content-Type, If-None-Match, Range, X-Request-Id"
        )
        response.headers["Access-Control-Max-Age"] = "86400"
    return response
