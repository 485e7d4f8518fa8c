"""Fetching releases, from a server on this machine that answers as it is told."""

import hashlib
import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from conflictkg.cli import group
from conflictkg.errors import RemoteError, SourceError
from conflictkg.sources.description import Description, load_description, source_names
from conflictkg.sources.fetching import (
    Order,
    Patience,
    fetch_pages,
    fetch_release,
    origin_path,
    read_origin,
)

BODY = b"id,best\n" + b"1,3\n" * 5_000
SHA256 = hashlib.sha256(BODY).hexdigest()
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)

Answer = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Answers a request with the next answer of its path, the last one again and again."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        served: Served = self.server.served  # type: ignore[attr-defined]  # set by Served
        served.requests.append((self.path, dict(self.headers)))
        answers = served.answers[self.path.partition("?")[0]]
        (answers.pop(0) if len(answers) > 1 else answers[0])(self)

    def send(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", headers.pop("length", str(len(body))))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Says nothing of clients that hang up, as those do that want no more of a file."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # what came goes on


class Served:
    """A server on loopback.

    Attributes:
        answers: Of each path, in order.
        requests: Path and headers of those that came.
    """

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.served = self  # type: ignore[attr-defined]  # read by Handler
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def served() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()


@pytest.fixture
def other() -> Iterator[Served]:
    server = Served()
    yield server
    server.stop()


class Waited(list[float]):
    """How long was waited, without waiting."""

    @property
    def patience(self) -> Patience:
        return Patience(attempts=4, sleep=self.append)


def describe(served: Served, **retrieval: object) -> Description:
    given = {"address": f"{served.address}/files/ged{{digits}}.csv", **retrieval}
    return replace(load_description("ucdp-ged"), retrieval=given)


def order(served: Served, folder: Path, waited: Waited | None = None, **more: object) -> Order:
    retrieval = more.pop("retrieval", {})
    assert isinstance(retrieval, dict)
    made = Order(
        describe(served, **retrieval),
        folder,
        release="22.1",
        patience=(waited if waited is not None else Waited()).patience,
        now=lambda: NOON,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of Order


def whole(handler: Handler) -> None:
    """The file; the part of it that was asked for, if the client's tag is still right."""
    wanted = handler.headers.get("Range", "")
    if wanted and handler.headers.get("If-Range") == '"one"':
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        if start >= len(BODY):
            handler.send(416, Content_Range=f"bytes */{len(BODY)}")
            return
        rest = BODY[start:]
        span = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        handler.send(206, rest, ETag='"one"', Content_Range=span)
    elif handler.headers.get("If-None-Match") == '"one"':
        handler.send(304)
    else:
        handler.send(200, BODY, ETag='"one"', Last_Modified="Mon, 02 Nov 2026 10:00:00 GMT")


def broken(after: int, etag: str = '"one"') -> Answer:
    """The beginning of the file, then the connection is gone."""

    def answer(handler: Handler) -> None:
        handler.send(200, BODY[:after], length=str(len(BODY)), ETag=etag)
        handler.close_connection = True

    return answer


def refusing(status: int, **headers: str) -> Answer:
    return lambda handler: handler.send(status, b"no", **headers)


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_release_is_fetched_with_a_note_of_its_origin(served: Served, tmp_path: Path) -> None:
    """The file, and beside it what it is, from where, when, how large and with which hash."""
    served.answers["/files/ged221.csv"] = [whole]
    (found,) = fetch_release(order(served, tmp_path))
    assert found.path.read_bytes() == BODY
    assert json.loads(origin_path(found.path).read_text(encoding="utf-8")) == {
        "source": "ucdp-ged",
        "release": "22.1",
        "address": f"{served.address}/files/ged221.csv",
        "answered": f"{served.address}/files/ged221.csv",
        "fetched": "2026-11-25T12:00:00+00:00",
        "size": len(BODY),
        "sha256": SHA256,
        "etag": '"one"',
        "lastModified": "Mon, 02 Nov 2026 10:00:00 GMT",
        "licence": "https://creativecommons.org/licenses/by/4.0/",
    }
    assert left(tmp_path) == {"ged221.csv", "ged221.csv.origin.json"}


def test_broken_connection_is_resumed_where_it_stopped(served: Served, tmp_path: Path) -> None:
    """The rest alone is asked for, on the condition that the file is still the same."""
    served.answers["/files/ged221.csv"] = [broken(8_000), whole]
    (found,) = fetch_release(order(served, tmp_path))
    assert found.path.read_bytes() == BODY
    _, headers = served.requests[-1]
    assert headers["If-Range"] == '"one"'
    assert 0 < int(headers["Range"].removeprefix("bytes=").rstrip("-")) <= 8_000


def test_fetch_that_was_given_up_is_resumed_by_the_next(served: Served, tmp_path: Path) -> None:
    """What came before the end of patience is kept beside, and is not the file."""
    served.answers["/files/ged221.csv"] = [broken(8_000), refusing(503)]
    with pytest.raises(RemoteError, match=r"answers 503 .*, 4 times in a row"):
        fetch_release(order(served, tmp_path))
    assert left(tmp_path) == {"ged221.csv.part", "ged221.csv.part.json"}
    served.answers["/files/ged221.csv"] = [whole]
    (found,) = fetch_release(order(served, tmp_path))
    assert found.path.read_bytes() == BODY
    assert "Range" in served.requests[-1][1]


def test_file_that_changed_meanwhile_is_fetched_anew(served: Served, tmp_path: Path) -> None:
    """A server with another tag sends the whole, and nothing of the old is in it."""
    served.answers["/files/ged221.csv"] = [broken(8_000, etag='"old"'), whole]
    (found,) = fetch_release(order(served, tmp_path))
    assert found.path.read_bytes() == BODY


def test_weak_tag_promises_no_bytes(served: Served, tmp_path: Path) -> None:
    """Without a strong tag or a date there is no resuming."""
    served.answers["/files/ged221.csv"] = [broken(8_000, etag='W/"one"'), whole]
    (found,) = fetch_release(order(served, tmp_path))
    assert found.path.read_bytes() == BODY
    assert "Range" not in served.requests[-1][1]


def test_whole_part_is_taken_as_it_is(served: Served, tmp_path: Path) -> None:
    """A process that ended between the last byte and the rename has nothing left to fetch."""
    (tmp_path / "ged221.csv.part").write_bytes(BODY)
    note = {"address": f"{served.address}/files/ged221.csv", "etag": '"one"', "lastModified": ""}
    (tmp_path / "ged221.csv.part.json").write_text(json.dumps(note), encoding="utf-8")
    served.answers["/files/ged221.csv"] = [whole]
    (found,) = fetch_release(order(served, tmp_path))
    assert found.origin.sha256 == SHA256


def test_server_that_sends_another_range_is_not_believed(served: Served, tmp_path: Path) -> None:
    """A part from elsewhere would make a file that never was."""
    wrong = refusing(206, Content_Range="bytes 10-11/20000")
    served.answers["/files/ged221.csv"] = [broken(8_000), wrong]
    with pytest.raises(RemoteError, match="another part of the file than was asked for"):
        fetch_release(order(served, tmp_path))
    assert left(tmp_path) == set()


def test_unchanged_file_is_not_fetched_again(served: Served, tmp_path: Path) -> None:
    """The server is asked whether it has changed."""
    served.answers["/files/ged221.csv"] = [whole]
    fetch_release(order(served, tmp_path))
    (found,) = fetch_release(order(served, tmp_path))
    assert not found.is_new
    assert served.requests[-1][1]["If-None-Match"] == '"one"'


@pytest.mark.parametrize("is_ours", [True, False])
def test_file_that_is_not_as_fetched_is_not_overwritten(
    served: Served, tmp_path: Path, *, is_ours: bool
) -> None:
    """What somebody put there or worked on stays."""
    served.answers["/files/ged221.csv"] = [whole]
    if is_ours:
        fetch_release(order(served, tmp_path))
    (tmp_path / "ged221.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(SourceError, match=r"is there already and was (?:not|changed since)"):
        fetch_release(order(served, tmp_path))
    assert (tmp_path / "ged221.csv").read_text(encoding="utf-8") == "mine"


def test_hash_that_is_given_is_compared(served: Served, tmp_path: Path) -> None:
    """A file with another hash is not kept."""
    served.answers["/files/ged221.csv"] = [whole]
    with pytest.raises(RemoteError, match=f"SHA-256 {SHA256}, where 0000"):
        fetch_release(order(served, tmp_path, sha256="0" * 64))
    assert left(tmp_path) == set()
    (found,) = fetch_release(order(served, tmp_path, sha256=SHA256.upper()))
    assert found.origin.sha256 == SHA256


def test_hash_that_is_published_is_compared(served: Served, tmp_path: Path) -> None:
    """It stands in a file beside, in the form of sha256sum."""
    served.answers["/files/ged221.csv"] = [whole]
    published = {"checksum": f"{served.address}/sums/{{release}}.txt"}
    served.answers["/sums/22.1.txt"] = [lambda h: h.send(200, b"0" * 64 + b"  ged221.csv\n")]
    with pytest.raises(RemoteError, match="is expected"):
        fetch_release(order(served, tmp_path, retrieval=published))
    served.answers["/sums/22.1.txt"] = [lambda h: h.send(200, SHA256.encode() + b"  ged221.csv")]
    (found,) = fetch_release(order(served, tmp_path, retrieval=published))
    assert found.path.exists()


@pytest.mark.parametrize("says_length", [True, False])
def test_file_that_is_too_large_is_not_taken(
    served: Served, tmp_path: Path, *, says_length: bool
) -> None:
    """Whether the server says so beforehand or not."""

    def chunked(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        handler.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY))

    served.answers["/files/ged221.csv"] = [whole if says_length else chunked]
    with pytest.raises(RemoteError, match=r"at most 10,000 are taken\. Raise --max-size"):
        fetch_release(order(served, tmp_path, most_bytes=10_000))
    assert left(tmp_path) == set()


def test_server_is_asked_again_when_it_wants_to_be(served: Served, tmp_path: Path) -> None:
    """Retry-After in seconds and as a moment; without it each wait is twice the last."""
    past = "Mon, 02 Nov 2020 10:00:00 GMT"
    served.answers["/files/ged221.csv"] = [
        refusing(429, Retry_After="7"),
        refusing(503, Retry_After=past),
        refusing(500),
        whole,
    ]
    waited = Waited()
    fetch_release(order(served, tmp_path, waited))
    assert waited == [7.0, 2.0, 4.0]


def test_server_that_asks_for_too_much_patience_is_given_up(served: Served, tmp_path: Path) -> None:
    """Nobody waits a day in front of a command; the message says when to come back."""
    served.answers["/files/ged221.csv"] = [refusing(429, Retry_After="86400")]
    with pytest.raises(RemoteError, match="asks to wait 86400 s") as caught:
        fetch_release(order(served, tmp_path))
    assert caught.value.retry_after_s == 86_400


@pytest.mark.parametrize(
    ("status", "told"),
    [(404, 'Is "22.1" a release of it'), (403, "set CONFLICTKG_TEST_TOKEN"), (418, "answers 418")],
)
def test_refusal_is_told_with_what_to_do(
    served: Served, tmp_path: Path, status: int, told: str
) -> None:
    """Once; what is refused is not asked for again."""
    served.answers["/files/ged221.csv"] = [refusing(status)]
    token = {"token": {"header": "x-token", "setting": "CONFLICTKG_TEST_TOKEN"}}
    with pytest.raises(RemoteError, match=told):
        fetch_release(order(served, tmp_path, retrieval=token))
    assert len(served.requests) == 1


def test_token_goes_to_its_own_host_only(served: Served, other: Served, tmp_path: Path) -> None:
    """A redirect to another host is followed without it."""
    served.answers["/files/ged221.csv"] = [
        lambda h: h.send(302, Location=f"{other.address}/elsewhere.csv")
    ]
    other.answers["/elsewhere.csv"] = [whole]
    token = {"token": {"header": "x-token", "setting": "CONFLICTKG_TEST_TOKEN"}}
    (found,) = fetch_release(order(served, tmp_path, retrieval=token, token="secret"))  # noqa: S106  of the test
    assert served.requests[0][1]["x-token"] == "secret"
    assert "x-token" not in other.requests[0][1]
    assert found.path.name == "ged221.csv"
    assert found.origin.answered == f"{other.address}/elsewhere.csv"
    assert "secret" not in origin_path(found.path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "target", ["https://127.0.0.1/x", "file:///etc/passwd", "ftp://127.0.0.1/x"]
)
def test_redirect_to_another_scheme_is_refused(served: Served, tmp_path: Path, target: str) -> None:
    """Neither to a file of this machine nor anywhere else."""
    served.answers["/files/ged221.csv"] = [lambda h: h.send(301, Location=target)]
    with pytest.raises(RemoteError, match="which is of another scheme"):
        fetch_release(order(served, tmp_path))


def test_redirects_in_a_circle_end(served: Served, tmp_path: Path) -> None:
    """After five of them."""
    served.answers["/files/ged221.csv"] = [lambda h: h.send(302, Location="/files/ged221.csv")]
    with pytest.raises(RemoteError, match="redirects more than 5 times"):
        fetch_release(order(served, tmp_path))


def test_token_with_a_line_break_is_no_header(served: Served, tmp_path: Path) -> None:
    """What is in the environment is not put into a request unseen, and not printed."""
    token = {"token": {"header": "x-token", "setting": "CONFLICTKG_TEST_TOKEN"}}
    with pytest.raises(SourceError, match="CONFLICTKG_TEST_TOKEN: has a token with") as caught:
        fetch_release(order(served, tmp_path, retrieval=token, token="a\r\nb: c"))  # noqa: S106  of the test
    assert "b: c" not in str(caught.value)


def test_answer_in_another_encoding_is_refused(served: Served, tmp_path: Path) -> None:
    """Ranges and hashes are of the bytes that are kept."""
    served.answers["/files/ged221.csv"] = [refusing(200, Content_Encoding="gzip")]
    with pytest.raises(RemoteError, match="in the encoding gzip"):
        fetch_release(order(served, tmp_path))


@pytest.mark.parametrize("release", ["../../etc", "a/b", "", "22.1?x=1", "a b"])
def test_release_cannot_lead_elsewhere(served: Served, tmp_path: Path, release: str) -> None:
    """It becomes part of addresses and of names of files."""
    made = order(served, tmp_path, release=release)
    if not release:
        assert made.release_name == "22.1"
        return
    with pytest.raises(SourceError, match="is no name of a release"):
        fetch_release(made)


def test_files_beside_are_fetched_too(served: Served, tmp_path: Path) -> None:
    """As GeoNames has its codes in files of their own."""
    served.answers["/files/ged221.csv"] = [whole]
    served.answers["/codes.txt"] = [lambda h: h.send(200, b"PK.02")]
    retrieval = {"beside": [f"{served.address}/codes.txt"]}
    found = fetch_release(order(served, tmp_path, retrieval=retrieval))
    assert [each.path.name for each in found] == ["ged221.csv", "codes.txt"]


# Pages


def page(number: int, pages: int, entries: int, total: int) -> Answer:
    content = {
        "TotalCount": total,
        "TotalPages": pages,
        "Result": [{"id": number * 10 + at} for at in range(entries)],
    }
    return lambda handler: handler.send(200, json.dumps(content).encode())


def paging(answers: list[Answer]) -> Answer:
    """Answers by the number of the page."""
    return lambda handler: answers[int(handler.path.rpartition("page=")[2])](handler)


def api(served: Served) -> dict[str, object]:
    return {
        "api": f"{served.address}/api/gedevents/{{release}}?pagesize=2&page=0",
        "token": {"header": "x-ucdp-access-token", "setting": "CONFLICTKG_UCDP_TOKEN"},
    }


def test_pages_are_fetched_to_the_end(served: Served, tmp_path: Path) -> None:
    """All of them, in a folder that appears when they are there; the token goes with each."""
    pages = [page(0, 3, 2, 5), page(1, 3, 2, 5), page(2, 3, 1, 5)]
    served.answers["/api/gedevents/22.1"] = [refusing(429, Retry_After="3"), paging(pages)]
    waited = Waited()
    made = order(served, tmp_path, waited, retrieval=api(served), token="secret")  # noqa: S106  of the test
    found = fetch_pages(made)
    assert left(found.path) == {"page-00000.json", "page-00001.json", "page-00002.json"}
    assert [each["name"] for each in found.origin.pages] == sorted(left(found.path))
    assert left(tmp_path) == {"ucdp-ged-22.1", "ucdp-ged-22.1.origin.json"}
    assert read_origin(found.path) == found.origin
    assert waited == [3.0]
    assert all(headers["x-ucdp-access-token"] == "secret" for _, headers in served.requests)


def test_pages_are_resumed(served: Served, tmp_path: Path) -> None:
    """Those that came before a failure are not asked for again."""
    pages = [page(0, 2, 2, 3), refusing(500)]
    served.answers["/api/gedevents/22.1"] = [paging(pages)]
    with pytest.raises(RemoteError, match="answers 500"):
        fetch_pages(order(served, tmp_path, retrieval=api(served)))
    assert left(tmp_path) == {"ucdp-ged-22.1.part"}
    pages[1] = page(1, 2, 1, 3)
    served.requests.clear()
    fetch_pages(order(served, tmp_path, retrieval=api(served)))
    assert [path for path, _ in served.requests] == ["/api/gedevents/22.1?pagesize=2&page=1"]


@pytest.mark.parametrize(
    ("last", "told"),
    [
        (page(1, 2, 1, 4), "page 1 says that there are 4 entries, page 0 3"),
        (page(1, 2, 0, 3), "its pages hold 2 entries of 3"),
        (lambda h: h.send(200, b"{}"), 'page 1 has no list "Result"'),
    ],
)
def test_pages_that_do_not_fit_together_are_not_kept(
    served: Served, tmp_path: Path, last: Answer, told: str
) -> None:
    """A release that changes while it is read is no release."""
    served.answers["/api/gedevents/22.1"] = [paging([page(0, 2, 2, 3), last])]
    with pytest.raises(RemoteError, match=told):
        fetch_pages(order(served, tmp_path, retrieval=api(served)))
    assert left(tmp_path) == set()


def test_page_that_is_no_json_is_told(served: Served, tmp_path: Path) -> None:
    """A proxy's page of apologies is no data."""
    served.answers["/api/gedevents/22.1"] = [lambda h: h.send(200, b"<html>sorry</html>")]
    with pytest.raises(RemoteError, match="sends a page that is no JSON"):
        fetch_pages(order(served, tmp_path, retrieval=api(served)))


# The command


def test_command_fetches_and_prints_the_path(
    served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a folder that is called after source and release, with the token of the environment."""
    served.answers["/files/ged221.csv"] = [whole]
    description = describe(served, token={"header": "x-token", "setting": "CONFLICTKG_TEST_TOKEN"})
    monkeypatch.setattr("conflictkg.cli.fetch.load_description", {"ucdp-ged": description}.get)
    monkeypatch.setenv("CONFLICTKG_TEST_TOKEN", "secret")
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(group, ["fetch", "ucdp-ged"], catch_exceptions=False)
    assert result.stdout == "ucdp-ged-22.1/ged221.csv\n"
    assert SHA256 in result.stderr
    assert served.requests[0][1]["x-token"] == "secret"


def test_command_wants_the_token_before_it_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The API of UCDP answers nobody without one; the message names the setting."""
    monkeypatch.delenv("CONFLICTKG_UCDP_TOKEN", raising=False)
    result = CliRunner().invoke(group, ["fetch", "ucdp-ged", "--pages", "-o", str(tmp_path)])
    assert "CONFLICTKG_UCDP_TOKEN" in str(result.exception)


@pytest.mark.parametrize("name", source_names())
def test_addresses_of_descriptions_are_of_the_web(name: str, tmp_path: Path) -> None:
    """Each that a source's description gives can be filled in, and is asked for over TLS."""
    made = Order(load_description(name), tmp_path)
    places = [made.retrieval.get(each) for each in ("address", "api", "checksum")]
    for place in [*places, *made.retrieval.get("beside", ())]:
        if place:
            assert made.fill(place).startswith("https://")
            assert "{" not in made.fill(place)
