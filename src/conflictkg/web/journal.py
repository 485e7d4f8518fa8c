"""``/journal``: who changed what when, and taking it back.

For who may change something; what others did may hold what is not meant for everybody.
"""

from dataclasses import asdict

from flask import Blueprint, Response, request, url_for

from conflictkg.errors import NotFoundError
from conflictkg.store import JournalEntry
from conflictkg.web import kinds
from conflictkg.web.access import require_caller, tokens_of
from conflictkg.web.documents import write_json
from conflictkg.web.negotiate import Offer, negotiate
from conflictkg.web.parameters import read_parameters, read_whole_number
from conflictkg.web.problems import RequestError
from conflictkg.web.site import Site, current_site
from conflictkg.web.updates import Change

blueprint = Blueprint("journal", __name__)

MOST_ENTRIES = 1_000
_OFFERS = (Offer("json", "application/json"), Offer("patch", "application/rdf-patch"))


@blueprint.get("/journal")
def list_entries() -> Response:
    """The edits after a number, oldest first."""
    site = _require_reader()
    parameters = read_parameters(request.query_string)
    after, limit = (
        read_whole_number(parameters, name, default)
        for name, default in (("after", 0), ("limit", 100))
    )
    entries = site.store.journal(after=after, most=min(limit, MOST_ENTRIES) + 1)
    shown = entries[: min(limit, MOST_ENTRIES)]
    response = _write(
        {
            "release": site.store.release,
            "complete": len(shown) == len(entries),
            "entries": [_describe(each) for each in shown],
        }
    )
    if len(shown) < len(entries):
        following = url_for("journal.list_entries", after=shown[-1].number, limit=limit)
        response.headers["Link"] = f'<{following}>; rel="next"'
    return response


@blueprint.get("/journal/<int:number>")
def show_entry(number: int) -> Response:
    """One edit, as JSON or as RDF Patch."""
    site = _require_reader()
    if negotiate(request.headers.get("Accept"), _OFFERS).name == "patch":
        patch = (piece.encode() for piece in site.store.patch(number))
        response = Response(patch, content_type="application/rdf-patch; charset=utf-8")
        response.headers["Cache-Control"] = "no-store"
    else:
        found = site.store.journal(after=number - 1, most=1)
        if not found or found[0].number != number:
            raise NotFoundError("journal entry", str(number))
        response = _write(_describe(found[0]))
    response.vary.add("Accept")
    return response


@blueprint.post("/journal/<int:number>/undo")
def undo_entry(number: int) -> Response:
    """Take an edit back, by another one that is judged like any."""
    site = current_site()
    change = Change(site, request, f"undo {number}")
    return change.run(
        lambda edit, cancellation: site.store.undo(
            number, edit, deadline_s=site.settings.query_timeout_s, cancellation=cancellation
        )
    )


def _require_reader() -> Site:
    site = current_site()
    if not site.settings.editable:
        raise NotFoundError("page", "journal")
    caller = require_caller(request, tokens_of(site.settings))
    if not caller.may_read_journal:
        raise RequestError(
            kinds.INSUFFICIENT_SCOPE,
            f'the token "{caller.name}" may not read the journal. It needs a scope to write, or read.',
        )
    return site


def _describe(entry: JournalEntry) -> dict[str, object]:
    return {
        **asdict(entry),
        "patch": url_for("journal.show_entry", number=entry.number),
    }


def _write(document: dict[str, object]) -> Response:
    response = write_json(document)
    response.headers["Cache-Control"] = "no-store"
    return response
