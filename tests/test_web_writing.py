"""Changing the graph over HTTP: who may, what is refused, and that nothing is half done."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rdflib import SH, Graph, URIRef
from web_support import require_problem
from werkzeug.test import TestResponse
from writing_support import GRAPH, GSP, UPDATE, Editable, editable_server

INSERT = "INSERT DATA { <http://e/s> <http://e/p> 1 }"
CKG = "PREFIX ckg: <https://w3id.org/conflictkg/ontology#> "
STRIKE = "<https://w3id.org/conflictkg/id/strike/x>"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Editable]:
    with editable_server(tmp_path) as found:
        yield found


def post(server: Editable, body: str, headers: dict[str, str]) -> TestResponse:
    return server.client.post("/sparql", data=body, headers={"Content-Type": UPDATE, **headers})


# Who may


@pytest.mark.parametrize(
    ("headers", "query", "status", "slug"),
    [
        pytest.param({}, "", 401, "authentication-required", id="no token"),
        pytest.param(
            {"Authorization": "Bearer wrong"}, "", 401, "authentication-required", id="wrong"
        ),
        pytest.param({"Authorization": "Bearer "}, "", 401, "authentication-required", id="empty"),
        pytest.param(
            {"Authorization": "Basic eDp5"}, "", 401, "authentication-required", id="basic"
        ),
        pytest.param(
            {}, "?access_token={token}", 401, "authentication-required", id="token in the address"
        ),
        pytest.param(
            {"Cookie": "token={token}"}, "", 401, "authentication-required", id="token in a cookie"
        ),
        pytest.param({"Origin": "null"}, "", 401, "authentication-required", id="origin null"),
        pytest.param(
            {"Origin": "https://evil.example", "Cookie": "token={token}"},
            "",
            403,
            "cross-site-refused",
            id="another site",
        ),
        pytest.param({"Origin": "http://["}, "", 403, "cross-site-refused", id="no origin at all"),
        pytest.param(
            {"Sec-Fetch-Site": "cross-site"}, "", 403, "cross-site-refused", id="fetch metadata"
        ),
    ],
)
def test_only_a_good_token_in_the_header_changes_anything(
    server: Editable, headers: dict[str, str], query: str, status: int, slug: str
) -> None:
    token = server.writer["Authorization"].removeprefix("Bearer ")
    before = server.count()
    sent = {name: value.replace("{token}", token) for name, value in headers.items()}
    response = server.client.post(
        "/sparql" + query.replace("{token}", token),
        data=INSERT,
        headers={"Content-Type": UPDATE, **sent},
    )
    body = require_problem(response, status, slug)
    assert (status == 401) == ("WWW-Authenticate" in response.headers)
    assert token not in str(body)
    assert server.count() == before


def test_token_is_good_whatever_the_case_of_its_scheme(server: Editable) -> None:
    token = server.writer["Authorization"].removeprefix("Bearer ")
    assert post(server, INSERT, {"Authorization": f"bEARER {token}"}).status_code == 204


def test_revoked_and_expired_tokens_are_no_good_at_once(server: Editable) -> None:
    headers = server.headers_of("ann", "write")
    assert post(server, INSERT, headers).status_code == 204
    server.tokens.revoke("ann")
    require_problem(post(server, INSERT, headers), 401, "authentication-required")


def test_token_changes_only_what_it_is_for(server: Editable) -> None:
    headers = server.headers_of("ann", f"write:{GRAPH}")
    within = f"INSERT DATA {{ GRAPH <{GRAPH}> {{ <http://e/s> <http://e/p> 1 }} }}"
    assert post(server, within, headers).status_code == 204
    before = server.count()
    body = require_problem(post(server, f"{within}; {INSERT}", headers), 403, "insufficient-scope")
    assert "unnamed default graph" in str(body["detail"])
    # What is touched counts, not what the text names.
    moved = f"MOVE <{GRAPH}> TO <http://e/other>"
    require_problem(post(server, moved, headers), 403, "insufficient-scope")
    require_problem(
        server.client.put(
            f"{GSP}?graph=http://e/other",
            data="",
            headers={**headers, "Content-Type": "text/turtle"},
        ),
        403,
        "insufficient-scope",
    )
    assert server.count() == before


def test_token_to_read_changes_nothing(server: Editable) -> None:
    require_problem(post(server, INSERT, server.headers_of("r", "read")), 403, "insufficient-scope")


def test_server_that_is_not_editable_changes_nothing(tmp_path: Path) -> None:
    with editable_server(tmp_path) as server:
        app = server.client.application
        site = app.extensions["conflictkg"]
        object.__setattr__(site.settings, "editable", False)
        require_problem(post(server, INSERT, dict(server.writer)), 403, "updates-disabled")
        response = server.client.put(f"{GSP}?default", data="", headers=server.writer)
        require_problem(response, 403, "updates-disabled")


# What is done


def test_update_is_done_whole_and_told(server: Editable) -> None:
    before = server.count()
    response = post(server, INSERT, {**server.writer, "Conflictkg-Comment": "why"})
    assert response.status_code == 204
    assert response.headers["Conflictkg-Added"] == "1"
    assert response.headers["Conflictkg-Release"] == server.store.release
    assert response.headers["Cache-Control"] == "no-store"
    (entry,) = server.store.journal()
    assert (entry.by, entry.comment, server.count()) == ("writer", "why", before + 1)


def test_request_that_fails_in_the_end_changes_nothing(server: Editable) -> None:
    before = server.count()
    text = f"{INSERT}; CREATE GRAPH <{GRAPH}>; CREATE GRAPH <{GRAPH}>"
    require_problem(post(server, text, dict(server.writer)), 409, "graph-exists")
    assert (server.count(), server.store.journal()) == (before, ())


@pytest.mark.parametrize(
    ("text", "status", "slug"),
    [
        ("SELECT * { ?s ?p ?o }", 400, "sparql-syntax"),
        ("INSERT DATA { <s> <p> }", 400, "sparql-syntax"),
        ("DROP GRAPH <http://e/none>", 404, "no-such-graph"),
        ("LOAD <http://127.0.0.1:9/x>", 403, "load-disabled"),
        (
            "INSERT { ?s ?p 1 } WHERE { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
            403,
            "federation-disabled",
        ),
    ],
)
def test_update_that_cannot_be_done_is_told(
    server: Editable, text: str, status: int, slug: str
) -> None:
    before = server.count()
    require_problem(post(server, text, dict(server.writer)), status, slug)
    assert server.count() == before


def test_endless_update_is_stopped_and_changes_nothing(tmp_path: Path) -> None:
    # Long enough for the change after it, which the shapes are asked about.
    with editable_server(tmp_path, query_timeout_s=2) as server:
        lines = " ".join(f"<http://e/{n}> <http://e/p> {n} ." for n in range(400))
        server.store.update(f"INSERT DATA {{ {lines} }}")
        before = server.count()
        text = "INSERT { ?a <http://e/q> ?i } WHERE { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
        body = require_problem(post(server, text, dict(server.writer)), 503, "update-timeout")
        assert body["timeoutSeconds"] == 2
        assert server.count() == before
        assert post(server, INSERT, dict(server.writer)).status_code == 204


def test_nothing_is_changed_where_there_is_no_room(
    server: Editable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("conflictkg.web.updates._LEAST_FREE_BYTES", 1 << 60)
    require_problem(post(server, INSERT, dict(server.writer)), 507, "disk-full")
    assert server.client.get("/health").get_json()["status"] == "degraded"
    assert server.store.journal() == ()


# Shapes


def test_change_that_breaks_the_shapes_is_refused_with_what_is_wrong(server: Editable) -> None:
    before = server.count()
    text = f"{CKG} INSERT DATA {{ {STRIKE} a ckg:Strike }}"
    body = require_problem(post(server, text, dict(server.writer)), 422, "invalid-change")
    findings = body["findings"]
    assert isinstance(findings, list)
    assert all(each["focus"] in STRIKE for each in findings)
    assert any("ckg:DateClaim" in each["message"] for each in findings)
    assert (server.count(), server.store.journal()) == (before, ())


def test_what_was_wrong_before_does_not_stand_in_the_way(server: Editable) -> None:
    # Without a review: as a store is that was loaded as it is.
    server.store.update(f"{CKG} INSERT DATA {{ {STRIKE} a ckg:Strike }}")
    text = f"INSERT DATA {{ {STRIKE} <http://e/note> 'x' }}"
    assert post(server, text, dict(server.writer)).status_code == 204


def test_refusal_is_the_shacl_report_for_who_asks_for_turtle(server: Editable) -> None:
    text = f"{CKG} INSERT DATA {{ {STRIKE} a ckg:Strike }}"
    response = post(server, text, {**server.writer, "Accept": "text/turtle"})
    assert (response.status_code, response.mimetype) == (422, "text/turtle")
    assert response.headers["Link"] == '</problems/invalid-change>; rel="type"'
    report = Graph().parse(data=response.text, format="turtle")
    assert (None, SH.focusNode, URIRef(STRIKE.strip("<>"))) in report


def test_warnings_come_with_the_change_that_they_are_about(server: Editable) -> None:
    ended = (
        f"{CKG} PREFIX owl: <http://www.w3.org/2002/07/owl#> INSERT DATA {{ <http://e/old> a "
        "<http://www.w3.org/2000/01/rdf-schema#Class> ; owl:deprecated true }"
    )
    assert post(server, ended, dict(server.writer)).status_code == 204
    response = post(server, "INSERT DATA { <http://e/x> a <http://e/old> }", dict(server.writer))
    assert response.status_code == 200
    body = response.get_json()
    assert response.headers["Conflictkg-Warnings"] == str(len(body["findings"]))
    assert response.headers["Conflictkg-Validation"] == "whole"
    assert {each["severity"] for each in body["findings"]} <= {"warning", "info"}
    assert len(server.store.journal()) == 2


def test_claim_that_a_strike_rests_on_is_not_taken_away(server: Editable) -> None:
    """The strike has no statement that changes, and is judged all the same."""
    cs = "PREFIX cs: <https://w3id.org/conflictkg/scheme/> "
    claim = "<https://w3id.org/conflictkg/id/claim/x>"
    server.store.update(
        f"{CKG}{cs} INSERT DATA {{ {STRIKE} a ckg:Strike ; ckg:placePrecision cs:place-precision-unknown . "
        f"{claim} a ckg:DateClaim ; ckg:claimSubject {STRIKE} }}"
    )
    before = server.count()
    text = f"DELETE WHERE {{ {claim} ?p ?o }}"
    body = require_problem(post(server, text, dict(server.writer)), 422, "invalid-change")
    assert STRIKE.strip("<>") in {each["focus"] for each in body["findings"]}  # type: ignore[attr-defined]  # a list
    assert server.count() == before


def test_change_is_judged_by_what_refers_to_what_it_touches(server: Editable) -> None:
    claim = "<https://w3id.org/conflictkg/id/claim/x>"
    text = f"{CKG} INSERT DATA {{ {claim} a ckg:CountClaim ; ckg:lowerBound 5 ; ckg:upperBound 3 }}"
    body = require_problem(post(server, text, dict(server.writer)), 422, "invalid-change")
    assert "invalid-change" in str(body["type"])


# Lost updates


def test_change_to_something_that_has_changed_is_refused(server: Editable) -> None:
    tag = f'"{server.store.release}.0"'
    assert post(server, INSERT, {**server.writer, "If-Match": tag}).status_code == 204
    response = post(server, INSERT, {**server.writer, "If-Match": tag})
    require_problem(response, 412, "precondition-failed")
    assert post(server, INSERT, {**server.writer, "If-Match": "*"}).status_code == 204


def test_put_that_must_be_the_first_is_refused_where_there_is_a_graph(server: Editable) -> None:
    headers = {**server.writer, "Content-Type": "text/turtle", "If-None-Match": "*"}
    path = f"{GSP}?graph={GRAPH}"
    assert server.client.put(path, data="", headers=headers).status_code == 201
    require_problem(server.client.put(path, data="", headers=headers), 412, "precondition-failed")


@pytest.mark.parametrize(("method", "media_type"), [("DELETE", "text/turtle"), ("PATCH", UPDATE)])
def test_graph_that_must_not_be_there_is_neither_removed_nor_patched(
    server: Editable, method: str, media_type: str
) -> None:
    path = f"{GSP}?graph={GRAPH}"
    put(server, "<http://e/s> <http://e/p> 1 .", "text/turtle")
    headers = {**server.writer, "Content-Type": media_type, "If-None-Match": "*"}
    response = server.client.open(path, method=method, data="CLEAR DEFAULT", headers=headers)
    require_problem(response, 412, "precondition-failed")
    assert read(server).text.strip()


def test_graph_that_must_be_there_is_not_made(server: Editable) -> None:
    headers = {**server.writer, "Content-Type": "text/turtle", "If-Match": "*"}
    path = f"{GSP}?graph={GRAPH}"
    require_problem(server.client.put(path, data="", headers=headers), 412, "precondition-failed")
    server.client.put(path, data="", headers={**server.writer, "Content-Type": "text/turtle"})
    assert server.client.put(path, data="", headers=headers).status_code == 204


def test_tag_of_a_graph_that_was_read_lets_it_be_written_once(server: Editable) -> None:
    path = f"{GSP}?graph={GRAPH}"
    body = "<http://e/s> <http://e/p> 1 ."
    headers = {**server.writer, "Content-Type": "text/turtle"}
    server.client.put(path, data=body, headers=headers)
    tag = server.client.get(path).headers["ETag"]
    assert server.client.put(path, data="", headers={**headers, "If-Match": tag}).status_code == 204
    for method in ("PUT", "POST", "DELETE"):
        response = server.client.open(
            path, method=method, data=body, headers={**headers, "If-Match": tag}
        )
        require_problem(response, 412, "precondition-failed")


def test_conditions_tell_nothing_to_who_may_not_write(server: Editable) -> None:
    headers = {"Content-Type": "text/turtle", "If-None-Match": "*"}
    response = server.client.put(f"{GSP}?default", data="", headers=headers)
    require_problem(response, 401, "authentication-required")


# Graphs


def put(server: Editable, body: str | bytes, media_type: str, **headers: str) -> TestResponse:
    return server.client.put(
        f"{GSP}?graph={GRAPH}",
        data=body,
        headers={**server.writer, "Content-Type": media_type, **headers},
    )


def read(server: Editable, path: str = f"{GSP}?graph={GRAPH}") -> TestResponse:
    return server.client.get(path, headers={"Accept": "application/n-triples"})


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("<http://e/s> <http://e/p> 'x' .", "text/turtle"),
        ('<http://e/s> <http://e/p> "x" .', "application/n-triples"),
        (
            '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
            '<rdf:Description rdf:about="http://e/s"><e:p>x</e:p></rdf:Description></rdf:RDF>',
            "application/rdf+xml",
        ),
        ('{"@id": "http://e/s", "http://e/p": "x"}', "application/ld+json"),
    ],
)
def test_graph_is_put_and_read_in_each_format(server: Editable, body: str, media_type: str) -> None:
    response = put(server, body, media_type)
    assert response.status_code == 201
    assert response.headers["Location"].endswith(f"{GSP}?graph={GRAPH}")
    assert read(server).text == '<http://e/s> <http://e/p> "x" .\n'
    assert put(server, body, media_type).status_code == 204


def test_graph_is_replaced_added_to_patched_and_removed(server: Editable) -> None:
    put(server, "<http://e/s> <http://e/p> 1 .", "text/turtle")
    put(server, "<http://e/s> <http://e/p> 2 .", "text/turtle")
    headers = {**server.writer, "Content-Type": "text/turtle"}
    path = f"{GSP}?graph={GRAPH}"
    assert (
        server.client.post(path, data="<http://e/s> <http://e/p> 3 .", headers=headers).status_code
        == 204
    )
    patch = (
        "DELETE DATA { <http://e/s> <http://e/p> 2 }; INSERT DATA { <http://e/s> <http://e/p> 4 }"
    )
    headers = {**server.writer, "Content-Type": UPDATE}
    assert server.client.patch(path, data=patch, headers=headers).status_code == 204
    lines = sorted(line.split('"')[1] for line in read(server).text.splitlines())
    assert lines == ["3", "4"]
    other = "INSERT DATA { GRAPH <http://e/other> { <http://e/s> <http://e/p> 1 } }"
    require_problem(server.client.patch(path, data=other, headers=headers), 400, "bad-request")
    assert server.client.delete(path, headers=server.writer).status_code == 204
    require_problem(read(server), 404, "no-such-graph")
    require_problem(server.client.delete(path, headers=server.writer), 404, "no-such-graph")


def test_graph_is_named_by_its_address(server: Editable) -> None:
    headers = {**server.writer, "Content-Type": "text/turtle"}
    body = "<> <http://e/p> <other> ."
    assert server.client.put(f"{GSP}/a/b", data=body, headers=headers).status_code == 201
    base = f"http://localhost{GSP}/a/"
    assert read(server, f"{GSP}/a/b").text == f"<{base}b> <http://e/p> <{base}other> .\n"
    response = server.client.post(GSP, data=body, headers=headers)
    assert response.status_code == 201
    place = response.headers["Location"].removeprefix("http://localhost")
    assert response.headers["Location"] in read(server, place).text


def test_files_of_a_form_are_added(server: Editable) -> None:
    form = {
        "one": ((b"<http://e/s> <http://e/p> _:x ."), "one.ttl", "text/turtle"),
        "two": ((b"<http://e/s> <http://e/p> _:x ."), "two.nt", "application/n-triples"),
    }

    data = {name: (io.BytesIO(body), file, kind) for name, (body, file, kind) in form.items()}
    response = server.client.post(f"{GSP}?graph={GRAPH}", data=data, headers=server.writer)
    assert response.status_code == 201
    assert response.headers["Conflictkg-Added"] == "2"


def test_files_of_a_form_under_one_name_are_all_added(server: Editable) -> None:
    """A form may send many files as one field, and none of them is dropped."""
    files = [(io.BytesIO(b"<http://e/s> <http://e/p> %d ." % each), "a.ttl") for each in range(3)]
    response = server.client.post(
        f"{GSP}?graph={GRAPH}", data={"files": files}, headers=server.writer
    )
    assert (response.status_code, response.headers["Conflictkg-Added"]) == (201, "3")


def test_packed_body_is_unpacked_and_bounded(tmp_path: Path) -> None:
    with editable_server(tmp_path, max_upload_bytes=10_000) as server:
        body = gzip.compress(b"<http://e/s> <http://e/p> 1 .")
        assert put(server, body, "text/turtle", **{"Content-Encoding": "gzip"}).status_code == 201
        bomb = gzip.compress(b" " * 1_000_000)
        response = put(server, bomb, "text/turtle", **{"Content-Encoding": "gzip"})
        require_problem(response, 413, "decompressed-too-large")
        response = put(server, body[:-6], "text/turtle", **{"Content-Encoding": "gzip"})
        require_problem(response, 400, "bad-encoding")
        require_problem(put(server, b" " * 10_001, "text/turtle"), 413, "body-too-large")


def test_files_of_a_form_are_bounded_together(tmp_path: Path) -> None:
    """Few packed bytes in each of many files stand for very many in all."""
    with editable_server(tmp_path, max_upload_bytes=100_000) as server:

        def send(path: str, count: int, body: bytes, **headers: str) -> TestResponse:
            files = [(io.BytesIO(gzip.compress(body)), "a.ttl.gz") for _ in range(count)]
            return server.client.post(path, data={"data": files}, headers=headers)

        for path, headers in ((f"{GSP}?graph={GRAPH}", server.writer), ("/validate", {})):
            response = send(path, 3, b"#" * 40_000, **headers)
            require_problem(response, 413, "decompressed-too-large")
            body = require_problem(send(path, 101, b"", **headers), 413, "body-too-large")
            assert body["maxFiles"] == 100


def test_gzip_of_several_parts_is_unpacked_whole(server: Editable) -> None:
    """Parts may follow each other, as ``cat`` and pigz write them; what is none of them is not passed over."""
    parts = [gzip.compress(b"<http://e/s> <http://e/p> %d .\n" % each) for each in range(3)]
    packed = {"Content-Encoding": "gzip"}
    response = put(server, b"".join(parts), "text/turtle", **packed)
    assert (response.status_code, response.headers["Conflictkg-Added"]) == (201, "3")
    require_problem(put(server, parts[0] + b"<x>", "text/turtle", **packed), 400, "bad-encoding")
    cut = parts[0] + parts[1][:-6]
    require_problem(put(server, cut, "text/turtle", **packed), 400, "bad-encoding")


@pytest.mark.parametrize(
    ("body", "media_type", "status", "slug", "fields"),
    [
        (
            "<http://x/s> <http://x/p>\n  1 2 .",
            "text/turtle",
            400,
            "rdf-syntax",
            {"line": 2, "column": 5},
        ),
        (
            '<http://x/s> <http://x/p> "a" .\n<x',
            "application/n-triples",
            400,
            "rdf-syntax",
            {"line": 2},
        ),
        ("x", "text/turtle; charset=utf-16", 415, "unsupported-charset", {}),
        (b"\xff\xfe<\x00", "text/turtle", 400, "bad-encoding", {}),
        ("x", "text/plain", 415, "unsupported-media-type", {}),
        ("x", "application/trig", 415, "unsupported-media-type", {}),
        (
            "<!DOCTYPE r [<!ENTITY a 'b'>]><r/>",
            "application/rdf+xml",
            422,
            "xml-entities-refused",
            {},
        ),
        ("<a>" * 5_000, "application/rdf+xml", 422, "rdf-too-deep", {}),
        (
            '{"@context": "http://127.0.0.1:9/c"}',
            "application/ld+json",
            422,
            "remote-context-refused",
            {},
        ),
        ('{"a":' * 2_000 + "1" + "}" * 2_000, "application/ld+json", 422, "rdf-too-deep", {}),
        (
            '{"@id": "http://e/g", "@graph": [{"@id": "http://e/s", "http://e/p": 1}]}',
            "application/ld+json",
            422,
            "named-graphs-refused",
            {},
        ),
        (
            "<http://x/s> <http://x/p> " + "<<( <http://x/s> <http://x/p> " * 20_000,
            "text/turtle",
            422,
            "rdf-too-deep",
            {},
        ),
        (
            '<http://x/s> <http://x/p> "' + "a" * 2_000_000 + '" .',
            "text/turtle",
            422,
            "literal-too-long",
            {},
        ),
        ('<http://x/s> <http://x/p> "a\\u0001b" .', "text/turtle", 422, "control-character", {}),
        (
            "<http://x/s> <http://x/p> <<( <http://x/s> <http://x/p> 1 )>> .",
            "application/n-triples",
            400,
            "rdf-syntax",
            {"line": 1},
        ),
        (
            "<http://x/t> <http://x/p> <<( <http://x/s> <http://x/p> 1 )>> .",
            "text/turtle",
            422,
            "rdf-1-2-refused",
            {},
        ),
        (
            "<http://x/u> <http://x/p> 1 {| <http://x/q> 2 |} .",
            "text/turtle",
            422,
            "rdf-1-2-refused",
            {},
        ),
        ('<http://x/v> <http://x/p> "a"@en--ltr .', "text/turtle", 422, "rdf-1-2-refused", {}),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else None,
)
def test_data_that_are_not_read_change_nothing(
    server: Editable,
    body: str | bytes,
    media_type: str,
    status: int,
    slug: str,
    fields: dict[str, int],
) -> None:
    put(server, "<http://e/s> <http://e/p> 1 .", "text/turtle")
    before = server.count()
    found = require_problem(put(server, body, media_type), status, slug)
    assert fields.items() <= found.items()
    assert server.count() == before


@pytest.mark.parametrize(
    ("query", "status", "slug"),
    [
        ("", 400, "missing-graph"),
        ("?default&graph=http://x/g", 400, "ambiguous-graph"),
        ("?graph=http://x/g&graph=http://x/h", 400, "ambiguous-graph"),
        ("?graph=../../etc/passwd", 400, "bad-graph-iri"),
        ("?graph=javascript:alert(1)", 400, "bad-graph-iri"),
        ("?graph=file:///etc/passwd", 400, "bad-graph-iri"),
        ("?graph=http://x/none", 404, "no-such-graph"),
    ],
)
def test_graph_that_is_none_is_refused(
    server: Editable, query: str, status: int, slug: str
) -> None:
    require_problem(read(server, GSP + query), status, slug)


# The journal


def test_journal_is_for_who_may_change_something(server: Editable) -> None:
    post(server, INSERT, dict(server.writer))
    require_problem(server.client.get("/journal"), 401, "authentication-required")
    body = server.client.get("/journal", headers=server.headers_of("r", "read")).get_json()
    assert [(each["number"], each["by"], each["added"]) for each in body["entries"]] == [
        (1, "writer", 1)
    ]
    patch = server.client.get(
        "/journal/1", headers={**server.writer, "Accept": "application/rdf-patch"}
    )
    assert "A <http://e/s> <http://e/p>" in patch.text
    require_problem(server.client.get("/journal/2", headers=server.writer), 404, "not-found")


def test_journal_comes_in_pages(server: Editable) -> None:
    for number in range(3):
        post(server, f"INSERT DATA {{ <http://e/s> <http://e/p> {number} }}", dict(server.writer))
    first = server.client.get("/journal?limit=2", headers=server.writer)
    assert [each["number"] for each in first.get_json()["entries"]] == [1, 2]
    following = first.headers["Link"].partition("<")[2].partition(">")[0]
    rest = server.client.get(following, headers=server.writer).get_json()
    assert ([each["number"] for each in rest["entries"]], rest["complete"]) == ([3], True)


def test_edit_is_undone_by_who_may_change_what_it_changed(server: Editable) -> None:
    before = server.count()
    post(server, INSERT, dict(server.writer))
    other = server.headers_of("ann", f"write:{GRAPH}")
    require_problem(server.client.post("/journal/1/undo", headers=other), 403, "insufficient-scope")
    assert server.client.post("/journal/1/undo", headers=server.writer).status_code == 204
    assert server.count() == before
    require_problem(server.client.post("/journal/1/undo", headers=server.writer), 409, "conflict")
