"""``/.well-known/void``: the store described in VoID and DCAT, for catalogues and crawlers."""

from itertools import chain
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request, url_for

from conflictkg.answers import Stream, Triples
from conflictkg.describe import Dump, Places, describe_prefixes, describe_questions, describe_store
from conflictkg.dumps import WHOLE, describe_dump, folder_of, name_dump
from conflictkg.web.addresses import address_of
from conflictkg.web.described import Descriptions
from conflictkg.web.etags import answer_unchanged, mark, names_tag, tag_of
from conflictkg.web.parameters import format_of
from conflictkg.web.problems import prefers_page
from conflictkg.web.responses import choose_offer, offers_for, write_response
from conflictkg.web.site import Site, current_site

blueprint = Blueprint("linked", __name__)
_EXTENSION = "conflictkg.descriptions"


def register(app: Flask, site: Site) -> None:
    """Let an application describe its store."""
    app.extensions[_EXTENSION] = Descriptions(site)
    app.register_blueprint(blueprint)


def current_descriptions() -> Descriptions:
    """What the current request's application tells of its store."""
    found = current_app.extensions[_EXTENSION]
    if not isinstance(found, Descriptions):
        raise TypeError("the application was not made by create_app")
    return found


@blueprint.get("/.well-known/void")
def void() -> Response:
    """The store in VoID and DCAT, prefixes and questions in SHACL, in the RDF format that the client prefers."""
    site, descriptions = current_site(), current_descriptions()
    offers = tuple(each for each in offers_for("graph") if each.name != "html")
    # Browsers name XML, for pages; who looks at this with one reads Turtle more easily.
    accept = None if prefers_page(request) else request.headers.get("Accept")
    offer = choose_offer(format_of(request), accept, offers)
    notices = descriptions.notices()
    release = site.store.release
    folder = folder_of(site.store.directory, release)
    dumps = {
        each.iri: _dump(folder, name_dump(each.iri)) for each in notices if each.may_be_passed_on
    }
    whole = _dump(folder, WHOLE)
    tag = tag_of(request, release, "void", offer.name, address_of(""), whole, dumps)
    if names_tag(request.headers.get("If-None-Match"), tag):
        return answer_unchanged(tag)
    described = descriptions.described()
    places = Places(
        sparql=address_of(url_for("sparql.endpoint")),
        document=address_of(url_for("linked.void")),
        whole=whole,
        graphs=dumps,
        example=described.example,
    )
    triples = chain(
        describe_store(
            release, site.store.built_at, described.whole, described.graphs, notices, places
        ),
        describe_prefixes(),
        describe_questions(site.questions, places.sparql),
    )
    response = write_response(site, Triples(Stream(triples)), offer)
    if site.store.release == release:
        mark(response, tag)
    return response


def _dump(folder: Path, name: str) -> Dump:
    address = address_of(url_for("dumps.file", name=name))
    return describe_dump(folder, name, address)
