"""``/validate``: data that somebody sends, against our shapes or their own. Nothing is kept."""

import tempfile
from dataclasses import replace
from math import ceil
from pathlib import Path

from flask import Blueprint, Response, request

from conflictkg.errors import RefusedDataError
from conflictkg.sandbox import ChildLimits
from conflictkg.shacl.uploaded import LIMITS, UploadReport, validate_upload
from conflictkg.store import Cancellation
from conflictkg.web import kinds
from conflictkg.web.access import require_own_site
from conflictkg.web.documents import write_json, write_page
from conflictkg.web.limits import MOST_VALIDATED_BYTES
from conflictkg.web.negotiate import Offer, negotiate
from conflictkg.web.problems import RequestError
from conflictkg.web.running import run_admitted
from conflictkg.web.site import Site, current_site
from conflictkg.web.uploads import FORM, read_files, read_upload, require_size

blueprint = Blueprint("validating", __name__)

_READING = ChildLimits(output_mb=LIMITS.output_mb)
_OFFERS = (
    Offer("json", "application/json"),
    Offer("turtle", "text/turtle"),
    Offer("html", "text/html"),
)


@blueprint.get("/validate")
def form() -> Response:
    """A form for people."""
    return write_page("validate.html", site=current_site(), report=None)


@blueprint.post("/validate")
def validate() -> Response:
    """The report on what was sent."""
    require_own_site(request)
    site = current_site()
    offer = negotiate(request.headers.get("Accept"), _OFFERS)
    return run_admitted(
        "validation", lambda cancellation: _validate(site, offer, cancellation), is_heavy=True
    )


def _validate(site: Site, offer: Offer, cancellation: Cancellation) -> Response:
    most = min(MOST_VALIDATED_BYTES, site.settings.max_upload_bytes)
    with tempfile.TemporaryDirectory(prefix="conflictkg-validate-") as name:
        folder = Path(name)
        data, shapes = folder / "data.nt", folder / "shapes.nt"
        given = None
        if request.mimetype == FORM:
            require_size(request, most)
            parts = request.files.getlist("shapes")
            # A form without a choice of shapes sends an empty file.
            if any(each.filename for each in parts):
                read_files(parts, "urn:shapes:", folder, shapes, most, _READING)
                given = shapes
            read_files(request.files.getlist("data"), "urn:data:", folder, data, most, _READING)
        else:
            read_upload(request, "urn:data:", folder, data, most, _READING)
        try:
            seconds = max(3, ceil(site.settings.query_timeout_s))
            report = validate_upload(
                data,
                given,
                folder,
                replace(LIMITS, seconds=seconds),
                lambda kill: cancellation.attach(lambda _: kill()),
            )
        except RefusedDataError as error:
            if cancellation.reason is not None:
                raise cancellation.reason from error
            if error.kind != "too-long":
                raise
            raise RequestError(
                kinds.VALIDATION_TIMEOUT,
                f"the validation was stopped: {error.problem} Or validate on your own machine: "
                "conflictkg validate.",
            ) from error
    return _write(site, report, offer)


def _write(site: Site, report: UploadReport, offer: Offer) -> Response:
    if offer.name == "turtle":
        response = Response(report.turtle, content_type="text/turtle; charset=utf-8")
    elif offer.name == "html":
        response = write_page("validate.html", site=site, report=report)
    else:
        found = {
            "conforms": report.conforms,
            "triples": report.triples,
            "findings": list(report.findings),
            "leftOut": report.left_out,
        }
        response = write_json(found)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response
