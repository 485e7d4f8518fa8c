"""``/dumps``: files of the graphs that may be passed on, with their digests; graphs that may not are named."""

import base64
import threading
from dataclasses import dataclass
from difflib import get_close_matches

from flask import (
    Blueprint,
    Flask,
    Response,
    current_app,
    request,
    send_file,
    url_for,
)

from conflictkg.describe import GraphNotice
from conflictkg.dumps import (
    MEDIA_TYPE,
    WHOLE,
    DumpFile,
    find_dump,
    folder_of,
    make_dump,
    name_dump,
    remove_old_dumps,
)
from conflictkg.errors import NotFoundError, StoreBusyError
from conflictkg.web.addresses import address_of
from conflictkg.web.documents import write_json, write_page
from conflictkg.web.etags import REVALIDATE
from conflictkg.web.kinds import BAD_PARAMETER
from conflictkg.web.linked import current_descriptions
from conflictkg.web.negotiate import Offer, find_format, negotiate
from conflictkg.web.parameters import format_of
from conflictkg.web.problems import RequestError
from conflictkg.web.site import Site, current_site

blueprint = Blueprint("dumps", __name__)
_EXTENSION = "conflictkg.dumps"
_OFFERS = (
    Offer("json", "application/json"),
    Offer("html", "text/html", aliases=("application/xhtml+xml",)),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """A file in the list.

    Args:
        name: Of the file.
        address: Where it is.
        graph: IRI of its graph; empty for the whole.
        title: What it holds.
        triples: How many; of the whole, quads.
        licence: IRI of the graph's licence; empty where there is no single one.
        made: The file, where it has been made.
    """

    name: str
    address: str
    graph: str
    title: str
    triples: int
    licence: str
    made: DumpFile | None


def register(app: Flask) -> None:
    """Let an application make and send files."""
    # One file is made at a time: it takes a thread and the disk.
    app.extensions[_EXTENSION] = threading.Lock()
    app.register_blueprint(blueprint)


@blueprint.get("/dumps")
def listing() -> Response:
    """Which files there are, what they hold, and which graphs are left out."""
    site = current_site()
    named = format_of(request)
    offer = (
        find_format(named, _OFFERS) if named else negotiate(request.headers.get("Accept"), _OFFERS)
    )
    if offer is None:
        raise RequestError(BAD_PARAMETER, f'format is "{named[:100]}". Known: json, html.')
    notices = current_descriptions().notices()
    files = _list_files(site, notices)
    left_out = [each for each in notices if not each.may_be_passed_on]
    if offer.name == "html":
        response = write_page(
            "dumps.html", release=site.store.release, files=files, left_out=left_out
        )
    else:
        response = write_json(
            {
                "release": site.store.release,
                "built": site.store.built_at,
                "mediaType": MEDIA_TYPE,
                "files": [_to_json(each) for each in files],
                "leftOut": [
                    {"graph": each.iri, "title": each.title, "licence": each.licence or None}
                    for each in left_out
                ],
            }
        )
    response.headers["Conflictkg-Release"] = site.store.release
    # Files are made meanwhile, so that the list of one release changes.
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept")
    return response


@blueprint.get("/dumps/<name>")
def file(name: str) -> Response:
    """A file, made if it is asked for the first time; parts of it by ``Range``."""
    site = current_site()
    # In this order: what may be passed on is that of this release or of a later one, and of a later one no file
    # is made under this name.
    release = site.store.release
    notices = current_descriptions().notices()
    known = {WHOLE, *(name_dump(each.iri) for each in notices if each.may_be_passed_on)}
    if name not in known:
        raise NotFoundError("dump", name[:100], get_close_matches(name[:100], known) or [WHOLE])
    folder = folder_of(site.store.directory, release)
    made = find_dump(folder, name) or _make(site, notices, name, release)
    response = send_file(
        made.path.absolute(), MEDIA_TYPE, as_attachment=True, etag=made.sha256, last_modified=None
    )
    digest = base64.b64encode(bytes.fromhex(made.sha256)).decode()
    response.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    response.headers["Cache-Control"] = REVALIDATE
    response.headers["Conflictkg-Release"] = release
    return response


def _make(site: Site, notices: tuple[GraphNotice, ...], name: str, release: str) -> DumpFile:
    making = current_app.extensions[_EXTENSION]
    if not making.acquire(timeout=site.settings.query_wait_s):
        raise StoreBusyError("another dump is being made now. Ask again in a moment")
    try:
        remove_old_dumps(folder_of(site.store.directory, release))
        return make_dump(
            site.store, notices, name, release, deadline_s=site.settings.query_timeout_s
        )
    finally:
        making.release()


def _list_files(site: Site, notices: tuple[GraphNotice, ...]) -> list[Listed]:
    open_ones = [each for each in notices if each.may_be_passed_on]
    licences = {each.licence for each in open_ones}
    folder = folder_of(site.store.directory, site.store.release)
    rows = [
        (
            WHOLE,
            "",
            "All graphs that may be passed on",
            sum(each.triples for each in open_ones),
            licences.pop() if len(licences) == 1 else "",
        ),
        *(
            (name_dump(each.iri), each.iri, each.title, each.triples, each.licence)
            for each in open_ones
        ),
    ]
    return [
        Listed(
            name,
            address_of(url_for("dumps.file", name=name)),
            graph,
            title,
            triples,
            licence,
            find_dump(folder, name),
        )
        for name, graph, title, triples, licence in rows
    ]


def _to_json(listed: Listed) -> dict[str, object]:
    return {
        "name": listed.name,
        "address": listed.address,
        "graph": listed.graph or None,
        "title": listed.title,
        "triples": listed.triples,
        "licence": listed.licence or None,
        "bytes": listed.made.size if listed.made else None,
        "sha256": listed.made.sha256 if listed.made else None,
    }
