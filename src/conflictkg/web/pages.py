"""Pages and linked data: home, questions, things under ``/id``, graphs, the ontology, health.

A thing under ``/id`` is not a document: it answers 303 to its page or its data.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from urllib.parse import quote

from flask import Blueprint, Response, request, url_for

from conflictkg.answers import Iri
from conflictkg.errors import NotFoundError, StoreBusyError
from conflictkg.files import shapes_files
from conflictkg.iris import BASE, ONTOLOGY, ONTOLOGY_GRAPH
from conflictkg.questions import find_question
from conflictkg.store import Cancellation
from conflictkg.terms import PREFIXES
from conflictkg.web import kinds
from conflictkg.web.display import Shown, iri_of_path, show_term
from conflictkg.web.documents import write_json, write_page
from conflictkg.web.negotiate import Offer
from conflictkg.web.parameters import format_of
from conflictkg.web.responses import choose_offer, offers_for, write_response
from conflictkg.web.revalidating import answer_tagged
from conflictkg.web.site import MADE_GRAPHS, Site, current_site, iri_of
from conflictkg.web.thing import load_thing
from conflictkg.web.updates import has_room
from conflictkg.web.vocabulary import load_vocabulary

WORKED = ("leaders-of-organization", "statements-on-drone-strikes", "casualties-of-strike")
"""The questions on the home page."""

_DATA = """
CONSTRUCT {
  ?thing ?property ?value .
  ?claim ?claimProperty ?claimValue .
  ?evidence ckg:spanSha256 ?hash ; oa:hasTarget ?target .
  ?target oa:hasSource ?document ; oa:hasSelector ?selector .
  ?selector a oa:TextPositionSelector ; oa:start ?start ; oa:end ?end .
} WHERE {
  { ?thing ?property ?value }
  UNION {
    VALUES ?role { ckg:claimSubject ckg:claimObject ckg:child ckg:parent }
    ?claim ?role ?thing ; ?claimProperty ?claimValue .
  }
  UNION {
    VALUES ?role { ckg:claimSubject ckg:claimObject ckg:child ckg:parent }
    ?claim ?role ?thing ; ckg:evidence ?evidence .
    ?evidence oa:hasTarget ?target ; ckg:spanSha256 ?hash .
    ?target oa:hasSource ?document ; oa:hasSelector ?selector .
    ?selector oa:start ?start ; oa:end ?end .
  }
}
"""

_WHOLE_GRAPH = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"

# What has a name, for a hint: a mistyped address, not a search.
_NAMED = """
SELECT ?thing WHERE { ?thing skos:prefLabel ?label }
"""

_CONTENTS = """
SELECT ?graph ?class (COUNT(DISTINCT ?thing) AS ?things) WHERE {
  GRAPH ?graph { ?thing a ?class }
}
GROUP BY ?graph ?class ORDER BY DESC(?things) ?class
"""

_LICENCES = """
SELECT ?graph ?licence WHERE { ?graph a ckg:NamedGraph ; dct:license ?licence }
"""


@dataclass(frozen=True, slots=True)
class ListedGraph:
    """A named graph in the list of sources.

    Args:
        name: Its title, as a link.
        iri: Its IRI.
        triples: How many it holds.
        licence: Its licence, where it has one.
        is_made: Whether the build made it from the others.
    """

    name: Shown
    iri: str
    triples: int
    licence: Shown | None
    is_made: bool


blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> Response:
    """What this is, how much there is, and where to begin."""
    site = current_site()
    questions = {each.slug: each for each in site.questions}
    worked = [questions[slug] for slug in WORKED if slug in questions]
    return _page(
        site,
        "home.html",
        overview=site.overview(),
        worked=worked,
        question_count=len(site.questions),
    )


@blueprint.get("/questions")
def questions() -> Response:
    """The published questions."""
    site = current_site()
    return _page(site, "questions.html", questions=site.questions)


@blueprint.get("/query/<slug>")
def question(slug: str) -> Response:
    """A published question: the query page with its answer."""
    site = current_site()
    found = find_question(slug, site.questions)
    return _see_other(url_for("sparql.endpoint", query=found.sparql))


@blueprint.get("/id/<path:path>")
def thing(path: str) -> Response:
    """A thing: its page for people, its data for programs."""
    iri = _require_iri("id", path)
    site = current_site()
    _require_known(site, iri)
    offer = _choose_rdf_or_page()
    address = quote(path, safe="/")
    if offer.name == "html":
        return _see_other(f"{request.script_root}/page/{address}")
    data = f"{request.script_root}/data/{address}"
    return _see_other(f"{data}?format={offer.name}" if format_of(request) else data)


@blueprint.get("/page/<path:path>")
def page(path: str) -> Response:
    """What is held of a thing, for people."""
    return _show_thing("id", path)


@blueprint.get("/data/<path:path>")
def data(path: str) -> Response:
    """What is held of a thing, as RDF; an ending such as ``.ttl`` names the format."""
    site = current_site()
    rdf = _rdf_offers()
    stem, dot, ending = path.rpartition(".")
    by_ending = {short: each for each in rdf for short in each.short_names}
    if dot and ending in by_ending:
        path, offer = stem, by_ending[ending]
    else:
        offer = choose_offer(format_of(request), request.headers.get("Accept"), rdf)
    iri = _require_iri("id", path)
    _require_known(site, iri)
    return _write_data(site, iri, offer)


@blueprint.get("/scheme/<path:path>")
def concept(path: str) -> Response:
    """A code list or one of its concepts, as RDF or as a page."""
    return _thing_at_its_iri("scheme", path)


@blueprint.get("/graph/<path:path>")
def graph(path: str) -> Response:
    """A named graph: its contents as RDF, or what it holds as a page."""
    site = current_site()
    iri = _require_iri("graph", path)
    sizes = {each.iri: each.triples for each in site.store.graphs()}
    if iri not in sizes:
        raise NotFoundError("graph", iri, list(sizes))
    offer = _choose_rdf_or_page()
    if offer.name != "html":
        return _write_graph(site, iri, offer)
    found = site.ask(_CONTENTS, graph=iri)
    labels = site.labels_of(found.iris("class"))
    contents = [
        (show_term(row["class"], PREFIXES, labels), show_term(row["things"], PREFIXES))
        for row in found.dicts()
        if "class" in row
    ]
    return _page(
        site,
        "graph.html",
        iri=iri,
        triples=sizes[iri],
        thing=load_thing(site, iri),
        contents=contents,
        links=[(each.name, f"?format={each.name}") for each in _rdf_offers()],
    )


@blueprint.get("/graphs")
def graphs() -> Response:
    """The named graphs: one a source, and those that are made from them."""
    site = current_site()
    licences = {
        iri_of(row["graph"]): show_term(row["licence"], PREFIXES)
        for row in site.ask(_LICENCES).dicts()
    }
    infos = site.store.graphs()
    labels = site.labels_of(each.iri for each in infos)
    listed = [
        ListedGraph(
            name=show_term(Iri(each.iri), PREFIXES, labels),
            iri=each.iri,
            triples=each.triples,
            licence=licences.get(each.iri),
            is_made=each.iri in MADE_GRAPHS,
        )
        for each in infos
    ]
    return _page(site, "graphs.html", graphs=listed)


@blueprint.get("/ontology")
def ontology() -> Response:
    """The ontology: RDF for programs, its terms with anchors for people."""
    site = current_site()
    offer = _choose_rdf_or_page()
    if offer.name != "html":
        return _write_graph(site, str(ONTOLOGY_GRAPH), offer)
    links = [(each.name, f"?format={each.name}") for each in _rdf_offers()]
    return _page(site, "ontology.html", vocabulary=load_vocabulary(site), iri=ONTOLOGY, links=links)


@blueprint.get("/shapes")
def shapes() -> Response:
    """The SHACL shapes that data must meet, as they stand in the files."""
    texts = [path.read_text(encoding="utf-8") for path in shapes_files()]
    response = Response("\n".join(texts), content_type="text/turtle; charset=utf-8")
    response.headers["Conflictkg-Release"] = current_site().store.release
    return response


@blueprint.get("/problems/<slug>")
def problem(slug: str) -> Response:
    """What a problem type means and what to do about it."""
    kind = kinds.KINDS.get(slug)
    if kind is None:
        raise NotFoundError("problem type", slug[:100], list(kinds.KINDS))
    return _page(current_site(), "problem_kind.html", kind=kind)


@blueprint.get("/health")
def health() -> Response:
    """Whether the store answers, and what it holds."""
    store = current_site().store
    state = "ok"
    try:
        store.query("ASK {}", deadline_s=5).close()
    except StoreBusyError:
        state = "busy"  # it answers, only not at once: no reason to replace it
    if state == "ok" and current_site().settings.editable and not has_room(current_site()):
        state = "degraded"  # it answers, but takes no changes
    response = write_json(
        {
            "status": state,
            "release": store.release,
            "built": store.built_at,
            "quads": store.size(),
            "graphs": len(store.graphs()),
        }
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Crawlers may read pages; queries are not for them."""
    lines = ["User-agent: *", "Disallow: /sparql", "Disallow: /query/", "Disallow: /data/", ""]
    return Response("\n".join(lines), content_type="text/plain; charset=utf-8")


# Parts


def _thing_at_its_iri(space: str, path: str) -> Response:
    """A thing whose IRI is its document: concepts are information resources."""
    offer = _choose_rdf_or_page()
    if offer.name == "html":
        return _show_thing(space, path)
    site = current_site()
    iri = _require_iri(space, path)
    _require_known(site, iri)
    return _write_data(site, iri, offer)


def _show_thing(space: str, path: str) -> Response:
    site = current_site()
    iri = _require_iri(space, path)
    found = load_thing(site, iri)
    if found is None:
        raise _unknown(site, iri)
    links = [(each.name, _data_address(space, path, each)) for each in _rdf_offers()]
    return _page(site, "thing.html", thing=found, links=links)


def _data_address(space: str, path: str, offer: Offer) -> str:
    address = quote(path, safe="/")
    if space == "id":
        return f"{request.script_root}/data/{address}.{offer.short_names[0]}"
    return f"{request.script_root}/{space}/{address}?format={offer.name}"


def _write_data(site: Site, iri: str, offer: Offer) -> Response:
    prologue = "".join(f"PREFIX {name}: <{PREFIXES[name]}>\n" for name in ("ckg", "oa"))
    return _write_rdf(site, prologue + _DATA, offer, thing=iri)


def _write_graph(site: Site, iri: str, offer: Offer) -> Response:
    return _write_rdf(site, _WHOLE_GRAPH, offer, graph=iri)


def _write_rdf(
    site: Site, text: str, offer: Offer, *, thing: str = "", graph: str = ""
) -> Response:
    """A description or a graph: as a query is answered, with the same limits and a tag."""

    def answer(cancellation: Cancellation) -> Response:
        found = site.store.query(
            text,
            deadline_s=site.settings.query_timeout_s,
            max_rows=site.settings.max_rows,
            default_graphs=[graph] if graph else [],
            bindings={"thing": Iri(thing)} if thing else {},
            cancellation=cancellation,
        )
        return write_response(site, found, offer)

    title = f"linked data: {request.method} <{thing or graph}>"
    return answer_tagged(site, title, answer, thing, graph, offer.name)


def _require_iri(space: str, path: str) -> str:
    iri = iri_of_path(space, path)
    if iri is None:
        raise NotFoundError("thing", f"{space}/{path[:100]}")
    return iri


def _require_known(site: Site, iri: str) -> None:
    known = site.ask(
        "SELECT ?thing ?p { { ?thing ?p ?o } UNION { ?s ?p ?thing } } LIMIT 1", thing=iri
    )
    if not known.rows:
        raise _unknown(site, iri)


def _unknown(site: Site, iri: str) -> NotFoundError:
    """Not found, with the nearest of the things of the same kind."""
    stem = iri.rpartition("/")[0] + "/"
    named = site.ask(_NAMED, limit=2_000).iris("thing")
    known = [each.removeprefix(BASE) for each in named if each.startswith(stem)]
    name = iri.removeprefix(BASE)
    return NotFoundError("thing", name, get_close_matches(name, known, n=1))


def _choose_rdf_or_page() -> Offer:
    return choose_offer(format_of(request), request.headers.get("Accept"), offers_for("graph"))


def _rdf_offers() -> tuple[Offer, ...]:
    return tuple(each for each in offers_for("graph") if each.name != "html")


def _see_other(address: str) -> Response:
    return Response(status=303, headers={"Location": address, "Vary": "Accept"})


def _page(site: Site, template: str, **values: object) -> Response:
    response = write_page(template, release=site.store.release, **values)
    response.headers["Conflictkg-Release"] = site.store.release
    response.vary.add("Accept")
    return response
