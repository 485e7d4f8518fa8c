"""``/queries``: what runs, for the operator to see and to stop.

Who operates a server sits at the machine itself, or has a token for it.
"""

from urllib.parse import urlsplit

from flask import Blueprint, Request, Response, request

from conflictkg.config import Settings
from conflictkg.errors import NotFoundError
from conflictkg.web import kinds, problems
from conflictkg.web.access import find_caller, tokens_of
from conflictkg.web.documents import write_json, write_page
from conflictkg.web.limits import is_loopback, normalise_address
from conflictkg.web.problems import RequestError
from conflictkg.web.running import current_traffic
from conflictkg.web.site import current_site

blueprint = Blueprint("running", __name__)


def require_operator(asked: Request, settings: Settings) -> None:
    """Refuse whoever does not operate the server.

    Who sits at the machine itself does: comes from a loopback address, by a loopback name (else any page
    could come by a name of its own that leads here), from no page of another site, and through no proxy.
    Others show a token of the scope ``operate``.

    Raises:
        RequestError: They are not known as the operator.
    """
    caller = find_caller(asked, tokens_of(settings))
    if caller is None and _is_at_machine(asked, settings):
        return
    if caller is not None:
        if caller.may_operate:
            return
        raise RequestError(
            kinds.INSUFFICIENT_SCOPE,
            f'the token "{caller.name}" is not of the scope operate. Ask whoever runs the server for one.',
        )
    raise RequestError(
        kinds.AUTHENTICATION,
        "this is for the operator. Ask from the machine itself at a loopback address and not through a "
        "proxy, or send the header Authorization: Bearer … with a token of the scope operate.",
        {"WWW-Authenticate": 'Bearer realm="conflictkg"'},
    )


_FORWARDING = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")


def _is_at_machine(asked: Request, settings: Settings) -> bool:
    if settings.client_header or not is_loopback(normalise_address(asked.remote_addr or "")):
        return False
    if any(name in asked.headers for name in _FORWARDING):
        return False
    origin = asked.headers.get("Origin")
    if origin is not None and origin != f"{asked.scheme}://{asked.host}":
        return False
    if asked.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"}:
        return False
    name = urlsplit(f"//{asked.host}").hostname or ""
    return name == "localhost" or is_loopback(name)


@blueprint.get("/queries")
def list_running() -> Response:
    """What runs and what waits, oldest first."""
    require_operator(request, current_site().settings)
    traffic = current_traffic()
    queries = [each.describe() for each in traffic.running.entries()]
    if problems.prefers_page(request):
        response = write_page("running.html", queries=queries)
    else:
        counts = {"running": traffic.admission.running, "waiting": traffic.admission.waiting}
        response = _write({**counts, "queries": queries})
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


@blueprint.get("/queries/<number>")
def show_running(number: str) -> Response:
    """One query that runs or waits."""
    require_operator(request, current_site().settings)
    entries = {each.id: each for each in current_traffic().running.entries()}
    if number not in entries:
        raise NotFoundError("running query", number[:100], list(entries))
    return _write(entries[number].describe())


@blueprint.delete("/queries/<number>")
def cancel_running(number: str) -> Response:
    """Stop one; its client is told that the operator did."""
    require_operator(request, current_site().settings)
    return _write({**current_traffic().running.cancel(number).describe(), "state": "cancelled"})


def _write(document: dict[str, object]) -> Response:
    response = write_json(document)
    response.headers["Cache-Control"] = "no-store"
    return response
