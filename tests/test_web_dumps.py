"""Files of what may be passed on, over HTTP and from the command line."""

import base64
import gc
import gzip
import hashlib
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
import rdflib
from flask.testing import FlaskClient
from rdflib.compare import isomorphic
from small_store import write_small_store
from web_support import HTML, require_problem
from web_support import write_small_store as write_things
from werkzeug.test import TestResponse

from conflictkg.cli import main
from conflictkg.config import Settings
from conflictkg.dumps import WHOLE, name_dump
from conflictkg.iris import BASE
from conflictkg.store import Store, open_store
from conflictkg.terms import PREFIXES
from conflictkg.web import create_app

OPEN, CLOSED = BASE + "graph/open", BASE + "graph/closed"
_RDF, _CKG, _DCT, _XSD = (PREFIXES[name] for name in ("rdf", "ckg", "dct", "xsd"))


def _graph(iri: str, may: str) -> str:
    return (
        f"<{iri}> <{_RDF}type> <{_CKG}NamedGraph> .\n"
        f'<{iri}> <{_DCT}title> "<b>{may}</b>"@en .\n'
        f"<{iri}> <{_DCT}license> <https://example.org/{may}> .\n"
        f'<{iri}> <{_CKG}redistribution> "{may}"^^<{_XSD}boolean> .\n'
        f'<{BASE}id/organization/{may}> <{_CKG}printedName> "secret {may}" .\n'
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A store of a graph that may be passed on and one that may not."""
    graphs = {OPEN: _graph(OPEN, "true"), CLOSED: _graph(CLOSED, "false")}
    return write_small_store(tmp_path / "store", graphs)


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    """It, open."""
    with open_store(directory, editable=True) as opened:
        yield opened


class _Client(FlaskClient):
    """Closes each answer when it is read, as a server does."""

    def open(self, *arguments: Any, **options: Any) -> TestResponse:
        return super().open(*arguments, buffered=True, **options)


@pytest.fixture
def client(store: Store) -> FlaskClient:
    """A client of an application over it."""
    app = create_app(Settings(), store)
    app.test_client_class = _Client
    return app.test_client()


def test_list_names_files_and_what_is_left_out(client: FlaskClient) -> None:
    """Each file with what it holds; its digest once it is made."""
    listed = client.get("/dumps").json
    assert listed is not None
    assert [each["name"] for each in listed["files"]] == [WHOLE, name_dump(OPEN)]
    assert [each["graph"] for each in listed["leftOut"]] == [CLOSED]
    whole = listed["files"][0]
    assert (whole["triples"], whole["licence"], whole["sha256"]) == (
        5,
        "https://example.org/true",
        None,
    )
    content = client.get(whole["address"]).data
    again = client.get("/dumps/").json
    assert again is not None
    assert again["files"][0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert again["files"][0]["bytes"] == len(content)


def test_list_is_a_page_for_people(client: FlaskClient) -> None:
    """What graphs are called is escaped, and what is left out is named."""
    response = client.get("/dumps/", headers={"Accept": HTML})
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert "&lt;b&gt;true" in response.text
    assert "<b>" not in response.text
    assert CLOSED in response.text
    assert client.get("/dumps?format=html").mimetype == "text/html"
    assert client.get("/dumps?format=json", headers={"Accept": HTML}).mimetype == "application/json"


def test_list_has_no_other_format(client: FlaskClient) -> None:
    """Whether it is asked for by the header or by name."""
    require_problem(client.get("/dumps", headers={"Accept": "image/png"}), 406, "not-acceptable")
    require_problem(client.get("/dumps?format=png"), 400, "bad-parameter")


@pytest.mark.parametrize("name", [WHOLE, name_dump(OPEN)])
def test_file_holds_what_may_be_passed_on(client: FlaskClient, name: str) -> None:
    """And nothing else, by whatever name."""
    response = client.get(f"/dumps/{name}")
    assert (response.status_code, response.mimetype) == (200, "application/gzip")
    assert "Content-Encoding" not in response.headers
    text = gzip.decompress(response.data)
    quads = list(pyoxigraph.parse(text, pyoxigraph.RdfFormat.N_QUADS))
    assert (len(quads), {each.graph_name.value for each in quads}) == (5, {OPEN})
    assert b"secret false" not in text
    digest = base64.b64encode(hashlib.sha256(response.data).digest()).decode()
    assert response.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    assert response.headers["Conflictkg-Release"] == "r1"


def test_file_is_told_by_head_sent_in_parts_and_revalidated(client: FlaskClient) -> None:
    """HEAD, Range, If-Range and If-None-Match do what they are for."""
    path = f"/dumps/{WHOLE}"
    head = client.head(path)
    whole = client.get(path)
    tag = whole.headers["ETag"]
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
    assert int(head.headers["Content-Length"]) == len(whole.data)
    part = client.get(path, headers={"Range": "bytes=2-5", "If-Range": tag})
    assert (part.status_code, part.data) == (206, whole.data[2:6])
    assert part.headers["Content-Range"] == f"bytes 2-5/{len(whole.data)}"
    assert (
        client.get(path, headers={"Range": "bytes=2-5", "If-Range": '"other"'}).status_code == 200
    )
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    require_problem(
        client.get(path, headers={"Range": "bytes=9999999-"}), 416, "range-not-satisfiable"
    )


@pytest.mark.parametrize(
    "headers", [{}, {"Range": "bytes=0-3"}, {"If-None-Match": "*"}], ids=["whole", "part", "unread"]
)
def test_file_is_closed_with_its_answer(store: Store, headers: dict[str, str]) -> None:
    """Also one that nobody read: Python has no file to close that was forgotten."""
    client = create_app(Settings(), store).test_client()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResourceWarning)
        response = client.get(f"/dumps/{WHOLE}", headers=headers)
        status = response.status_code
        response.close()
        del response
        gc.collect()
    assert [str(each.message) for each in told] == []
    assert status < 400


@pytest.mark.parametrize(
    "name",
    [
        name_dump(CLOSED),
        "nothing.nq.gz",
        f"{WHOLE}.sha256",
        "..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "a%0d%0aX-Evil:1",
        "%00",
    ],
)
def test_there_is_no_other_file(client: FlaskClient, name: str) -> None:
    """What may not be passed on has no file, and names lead nowhere."""
    response = client.get(f"/dumps/{name}")
    require_problem(response, 404, "not-found")
    assert "X-Evil" not in response.headers


def test_file_of_a_graph_is_gone_when_it_may_no_longer_be_passed_on(
    client: FlaskClient, store: Store
) -> None:
    """Though it had been made before."""
    address = f"/dumps/{name_dump(OPEN)}"
    assert client.get(address).status_code == 200
    store.update(
        f"PREFIX ckg: <{_CKG}> WITH <{OPEN}> DELETE {{ ?g ckg:redistribution true }} "
        "INSERT { ?g ckg:redistribution false } WHERE { ?g ckg:redistribution true }"
    )
    require_problem(client.get(address), 404, "not-found")
    assert gzip.decompress(client.get(f"/dumps/{WHOLE}").data) == b""


def test_description_leads_to_the_files(client: FlaskClient) -> None:
    """Their sizes and digests stand in it once they are made."""
    made = client.get(f"/dumps/{name_dump(OPEN)}").data
    text = client.get("/.well-known/void").text
    assert f"http://localhost/dumps/{name_dump(OPEN)}" in text
    assert hashlib.sha256(made).hexdigest() in text
    assert name_dump(CLOSED) not in text


def test_dump_command_makes_all_files(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The files that the server gives away, each with its digest; what stays is named."""
    with pytest.raises(SystemExit) as ended:
        main(["dump", "--store", str(directory)])
    assert ended.value.code == 0
    folder = directory.with_name("store.dumps") / "release-r1"
    assert {each.name for each in folder.iterdir()} == {
        name + ending for name in (WHOLE, name_dump(OPEN)) for ending in ("", ".sha256")
    }
    digest, name = (folder / f"{WHOLE}.sha256").read_text().split()
    assert (digest, name) == (hashlib.sha256((folder / WHOLE).read_bytes()).hexdigest(), WHOLE)
    assert f"left out, as it may not be passed on: {CLOSED}" in capsys.readouterr().err


def test_describe_command_writes_the_description(directory: Path, tmp_path: Path) -> None:
    """In Turtle, with the addresses of the public server."""
    target = tmp_path / "void.ttl"
    with pytest.raises(SystemExit) as ended:
        main(["describe", "--store", str(directory), "-o", str(target)])
    assert ended.value.code == 0
    triples = list(pyoxigraph.parse(target.read_bytes(), pyoxigraph.RdfFormat.TURTLE))
    said = json.dumps([str(each) for each in triples])
    assert f"{BASE}dumps/{name_dump(OPEN)}" in said
    assert name_dump(CLOSED) not in said


def test_describe_command_says_what_the_server_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last triple, under the address that is set."""
    base, target = "https://kg.example.org/", tmp_path / "void.ttl"
    place = write_things(tmp_path / "things")
    with open_store(place) as store:
        app = create_app(Settings(base_iri=base), store)
        served = app.test_client().get("/.well-known/void", headers={"Accept": "text/turtle"}).text
    monkeypatch.setenv("CONFLICTKG_BASE_IRI", base)
    with pytest.raises(SystemExit):
        main(["describe", "--store", str(place), "-o", str(target)])
    told, wanted = (rdflib.Graph().parse(data=text) for text in (target.read_text(), served))
    assert isomorphic(told, wanted)
