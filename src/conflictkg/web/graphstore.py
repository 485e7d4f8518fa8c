"""``/rdf-graph-store``: the SPARQL 1.1 Graph Store HTTP Protocol.

A graph is named by ``?graph=<IRI>`` or ``?default``, or directly: the address below
``/rdf-graph-store/`` is then the graph's own IRI. Reading gives a graph as RDF in any of our formats;
writing takes what :mod:`conflictkg.sandbox` reads.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from flask import Blueprint, Response, request, url_for

from conflictkg.answers import Iri, Triples
from conflictkg.errors import MissingGraphError
from conflictkg.store import Cancellation
from conflictkg.web import kinds
from conflictkg.web.addresses import address_asked, address_of
from conflictkg.web.limits import read_allowance
from conflictkg.web.parameters import find_format_name, read_parameters
from conflictkg.web.problems import RequestError
from conflictkg.web.protocol import UPDATE, Asked, decode_body, require_iri
from conflictkg.web.responses import choose_offer, offers_for, write_response
from conflictkg.web.revalidating import answer_tagged
from conflictkg.web.site import Site, current_site
from conflictkg.web.updates import Change
from conflictkg.web.uploads import read_upload

blueprint = Blueprint("graphstore", __name__)

_METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH")
_SCHEMES = frozenset({"http", "https", "urn", "tag"})
_CHANGES = {"Accept-Patch": UPDATE}


@blueprint.route("/rdf-graph-store", methods=_METHODS)
def indirect() -> Response:
    """A graph that a parameter names, or with POST a new one."""
    site = current_site()
    parameters = read_parameters(request.query_string)
    graphs = [value for name, value in parameters if name == "graph"]
    is_default = any(name == "default" for name, _ in parameters)
    if len(graphs) + is_default > 1:
        raise RequestError(
            kinds.AMBIGUOUS_GRAPH,
            f"there are {len(graphs)} graph parameters{' and default' if is_default else ''}. Send one.",
        )
    if not graphs and not is_default:
        if request.method == "POST":
            return _add(site, _mint(), is_new=True)
        raise RequestError(
            kinds.MISSING_GRAPH,
            "add ?graph=<IRI, percent-encoded> or ?default to the address. The service description of "
            "/sparql lists the graphs.",
        )
    return _answer(site, "" if is_default else _require_graph_iri(graphs[0]))


@blueprint.route("/rdf-graph-store/<path:_name>", methods=_METHODS)
def direct(_name: str) -> Response:
    """The graph whose IRI is the address itself."""
    asked = [name for name, _ in read_parameters(request.query_string)]
    if "graph" in asked or "default" in asked:
        raise RequestError(
            kinds.AMBIGUOUS_GRAPH,
            "the address names a graph and so does a parameter. Send /rdf-graph-store?graph=<IRI> or the "
            "graph's own address.",
        )
    return _answer(current_site(), _require_graph_iri(address_asked()))


def _answer(site: Site, graph: str) -> Response:
    act: dict[str, Callable[[Site, str], Response]] = {
        "PUT": _replace,
        "POST": _add,
        "DELETE": _delete,
        "PATCH": _patch,
    }
    return act.get(request.method, _read)(site, graph)


def _mint() -> str:
    """The IRI of a graph that a client has us name."""
    return address_of(url_for("graphstore.direct", _name=f"graph/{uuid4()}"))


def _address_of_graph(graph: str) -> str:
    """Where a graph is read that was named by this request."""
    sent = request.query_string.decode("ascii")
    if request.endpoint == "graphstore.direct":
        return graph
    return f"{address_asked()}?{sent}"


def _require_graph_iri(text: str) -> str:
    iri = require_iri("graph", text, kinds.BAD_GRAPH_IRI)
    if iri.partition(":")[0].lower() not in _SCHEMES:
        raise RequestError(
            kinds.BAD_GRAPH_IRI,
            f'graph is "{text[:200]}". A graph\'s IRI begins with http:, https:, urn: or tag:.',
        )
    return iri


# Reading


def _read(site: Site, graph: str) -> Response:
    if graph and not _exists(site, graph):
        raise _missing(graph)
    parameters = read_parameters(request.query_string)
    offer = choose_offer(
        find_format_name(parameters),
        request.headers.get("Accept"),
        tuple(each for each in offers_for("graph") if each.name != "html"),
    )
    allowance = read_allowance(parameters, site.settings)

    def answer(cancellation: Cancellation) -> Response:
        found = site.store.query(
            "CONSTRUCT { ?s ?p ?o } WHERE { GRAPH ?g { ?s ?p ?o } }"
            if graph
            else "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }",
            deadline_s=allowance.timeout_s,
            # A graph that is cut is not the graph: only who asks for less gets less.
            max_rows=allowance.max_rows if allowance.is_own_limit else None,
            bindings={"g": Iri(graph)} if graph else {},
            cancellation=cancellation,
        )
        assert isinstance(found, Triples)  # noqa: S101 -- what CONSTRUCT is answered with
        return write_response(site, found, offer, allowance)

    title = f"graph store: {request.method} <{graph or 'default'}>"
    return answer_tagged(site, title, answer, graph, offer.name, allowance)


def _exists(site: Site, graph: str) -> bool:
    return not graph or any(each.iri == graph for each in site.store.graphs())


def _missing(graph: str) -> MissingGraphError:
    return MissingGraphError(
        f"there is no graph <{graph}>. The service description of /sparql lists those that there are."
    )


# Writing


def _replace(site: Site, graph: str) -> Response:
    return _write(site, graph, replace=True)


def _require_conditions(site: Site, graph: str, change: Change) -> None:
    """Whether there is to be such a graph, or none, as a client asks; what holds now must hold when it is written."""
    release = site.store.release
    exists = _exists(site, graph)
    if request.headers.get("If-None-Match", "").strip() == "*":
        if exists:
            raise RequestError(
                kinds.PRECONDITION_FAILED,
                f"there is a graph <{graph}> already, and If-None-Match: * asks that there is none.",
            )
        change.require_unchanged(release)
    if request.headers.get("If-Match", "").strip() == "*":
        if not exists:
            raise RequestError(
                kinds.PRECONDITION_FAILED,
                f"there is no graph <{graph}>, and If-Match: * asks that there is one.",
            )
        change.require_unchanged(release)


def _add(site: Site, graph: str, *, is_new: bool = False) -> Response:
    return _write(site, graph, replace=False, is_new=is_new)


def _write(site: Site, graph: str, *, replace: bool, is_new: bool = False) -> Response:
    verb = "replace" if replace else "add to"
    change = Change(site, request, f"graph store: {verb} <{graph or 'default'}>")
    change.require_scope(graph)
    if "Content-Range" in request.headers:
        raise RequestError(
            kinds.BAD_REQUEST, "part of a graph cannot be written: leave Content-Range out."
        )
    _require_conditions(site, graph, change)
    existed = _exists(site, graph)
    with tempfile.TemporaryDirectory(prefix="conflictkg-upload-") as folder:
        triples = Path(folder, "triples.nt")
        read_upload(
            request,
            graph or address_asked(),
            Path(folder),
            triples,
            site.settings.max_upload_bytes,
        )
        response = change.run(
            lambda edit, cancellation: site.store.write_graph(
                graph,
                triples,
                replace=replace,
                deadline_s=site.settings.query_timeout_s,
                edit=edit,
                cancellation=cancellation,
            ),
            status=204 if existed else 201,
        )
    if not existed and (is_new or request.method == "PUT"):
        response.headers["Location"] = graph if is_new else _address_of_graph(graph)
    return response


def _delete(site: Site, graph: str) -> Response:
    change = Change(site, request, f"graph store: remove <{graph or 'default'}>")
    change.require_scope(graph)
    if _exists(site, graph):
        _require_conditions(site, graph, change)
    return change.run(
        lambda edit, cancellation: site.store.write_graph(
            graph,
            None,
            deadline_s=site.settings.query_timeout_s,
            edit=edit,
            cancellation=cancellation,
        )
    )


def _patch(site: Site, graph: str) -> Response:
    """A SPARQL update of one graph; what it would do to others is refused."""
    if request.mimetype != UPDATE:
        raise RequestError(
            kinds.UNSUPPORTED_MEDIA_TYPE,
            f'the body\'s Content-Type is "{request.mimetype}". Send {UPDATE}.',
            _CHANGES,
        )
    if graph and not _exists(site, graph):
        raise _missing(graph)
    change = Change(site, request, f"graph store: patch <{graph or 'default'}>")
    change.require_scope(graph)
    _require_conditions(site, graph, change)
    change.require_only(graph)
    asked = Asked(None, decode_body(request, site.settings))
    return change.run(
        lambda edit, cancellation: site.store.update(
            asked.update or "",
            deadline_s=site.settings.query_timeout_s,
            base_iri=graph or address_asked(),
            within_graph=graph,
            edit=edit,
            cancellation=cancellation,
        )
    )
