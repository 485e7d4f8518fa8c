"""``/sparql``: a query in, its answer out in the form that was asked for."""

import time

from flask import Blueprint, Response, request

from conflictkg.errors import ConflictKGError
from conflictkg.store import Cancellation, Federation
from conflictkg.web import kinds, problems, querypage
from conflictkg.web.addresses import address_asked
from conflictkg.web.advising import with_advice
from conflictkg.web.description import describe_service
from conflictkg.web.etags import answer_unchanged, holds_still, iter_tags, mark, tag_of
from conflictkg.web.federation import describe_federation, federation_for
from conflictkg.web.kept import kept_answers
from conflictkg.web.limits import read_allowance
from conflictkg.web.negotiate import find_format, is_wanted, negotiate
from conflictkg.web.operating import Meter, count_rows, note_query
from conflictkg.web.problems import RequestError
from conflictkg.web.protocol import Asked, read_request
from conflictkg.web.responses import choose_offer, offers_for, write_response
from conflictkg.web.running import run_admitted
from conflictkg.web.site import Site, current_site
from conflictkg.web.updates import run_update

blueprint = Blueprint("sparql", __name__)


@blueprint.route("/sparql", methods=["GET", "POST"])
def endpoint() -> Response:
    """Answer a query, show the query page, or describe the service."""
    site = current_site()
    asked = Asked(None)
    try:
        asked = read_request(request, site.settings)
        if asked.update is not None:
            return run_update(site, request, asked)
        if asked.query is None or (request.method != "POST" and not asked.query.strip()):
            return _answer_nothing_asked(site, asked)
        return _answer_query(site, asked)
    except ConflictKGError as caught:
        error = with_advice(caught, site, asked)
        if not problems.prefers_page(request):
            raise error from caught
        return querypage.show_problem(site, asked.query or "", error)


def _answer_query(site: Site, asked: Asked) -> Response:
    text, release = asked.query or "", site.store.release
    meter = note_query(text)
    tag = tag_of(
        request,
        release,
        text,
        asked.default_graphs,
        asked.named_graphs,
        asked.format_name,
        asked.allowance,
    )
    address = address_asked()
    federation = federation_for(text, address)
    is_kept = request.method != "POST" and holds_still(text) and federation is None
    # Not by "*": whether there is an answer at all is not known yet.
    if is_kept and tag in iter_tags(request.headers.get("If-None-Match")):
        return answer_unchanged(tag)
    kept = kept_answers()
    known = kept.find(tag, address) if is_kept else None
    if known is not None:
        # No turn is needed, and none of the client's time: nothing is computed.
        meter.rows, meter.is_whole = known.rows, known.is_whole
        response = known.as_response()
        mark(response, tag)
        return response
    response = run_admitted(
        text,
        lambda cancellation: _answer_admitted(site, asked, cancellation, federation, meter),
        is_heavy=federation is not None,
    )
    # Where somebody has changed the data meanwhile it is not sure of which release the answer is.
    if is_kept and response.mimetype != "text/html" and site.store.release == release:
        mark(response, tag)
        kept.keep(tag, address, response, meter.rows, meter.is_whole)
    return response


def _answer_admitted(
    site: Site,
    asked: Asked,
    cancellation: Cancellation,
    federation: Federation | None,
    meter: Meter,
) -> Response:
    start = time.monotonic()
    allowance = asked.allowance or read_allowance((), site.settings)
    found = site.store.query(
        asked.query or "",
        deadline_s=allowance.timeout_s,
        max_rows=allowance.max_rows,
        default_graphs=asked.default_graphs,
        named_graphs=asked.named_graphs,
        base_iri=address_asked(),
        cancellation=cancellation,
        federation=federation,
    )
    answer = count_rows(found, meter)
    try:
        accept = request.headers.get("Accept")
        offer = choose_offer(asked.format_name, accept, offers_for(answer.kind))
        if offer.name == "html":
            with answer:
                return querypage.show_answer(site, asked, answer, time.monotonic() - start)
    except BaseException:
        answer.close()
        raise
    return write_response(site, answer, offer, allowance)


def _answer_nothing_asked(site: Site, asked: Asked) -> Response:
    """No query: a form for people, a description for programs that read RDF, else the reason."""
    accept = request.headers.get("Accept")
    offers = offers_for("graph")
    # "*/*" and "application/json" come from clients that forgot their query.
    described = [
        media_type
        for each in offers
        for media_type in (each.media_type, *each.aliases)
        if media_type not in {"application/json", "application/xml", "text/plain"}
    ]
    offer = None
    if asked.format_name:
        offer = find_format(asked.format_name, offers)
    elif any(is_wanted(accept, media_type) for media_type in described):
        offer = negotiate(accept, offers)
    if offer is None or request.method == "POST":
        raise RequestError(
            kinds.MISSING_QUERY,
            "the request has no query. Send GET /sparql?query=… with the query percent-encoded, or "
            "POST it with Content-Type application/sparql-query. Browsers get a form here, and "
            "clients that accept RDF a description of the service.",
        )
    if offer.name == "html":
        return querypage.show_form(site)
    address = address_asked()
    answer = describe_service(site, address, describe_federation(address))
    return write_response(site, answer, offer)
