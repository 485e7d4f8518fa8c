"""Attacks and faults of the corpus that are more than one request."""

import errno
import hmac
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from flask import Flask, request
from security.wire import send
from served import served
from small_store import write_small_store
from web_support import require_problem
from web_support import write_small_store as write_things
from writing_support import GRAPH, GSP, Editable, editable_server

from conflictkg.config import Settings
from conflictkg.errors import StoreError
from conflictkg.store import open_store
from conflictkg.store.layout import DATABASE
from conflictkg.web import create_app
from conflictkg.web.operating import log_requests

ENDLESS = (
    "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <http://x/> .\n"
    'x:S a sh:NodeShape ; sh:targetClass x:T ; sh:property [ sh:path x:v ; sh:pattern "^(a+)+$" ] .'
)
DATA = f'<http://x/s> a <http://x/T> ; <http://x/v> "{"a" * 40}b" .'
SMALL = "/sparql?query=" + quote("SELECT * { ?s ?p ?o } LIMIT 10")
EVIL = "https://w3id.org/conflictkg/id/organization/evil"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Editable]:
    with editable_server(tmp_path, query_timeout_s=20) as found:
        yield found


def wait_for(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def validators(parent: int) -> list[int]:
    """The processes that validate for another."""
    return [
        int(number)
        for place in Path("/proc", str(parent), "task").glob("*/children")
        for number in place.read_text(encoding="utf-8").split()
        if b"shacl.child" in Path("/proc", number, "cmdline").read_bytes()
    ]


def test_names_and_values_are_text_on_a_page(tmp_path: Path) -> None:
    """Markup, IRIs that browsers run, quotation marks and marks of direction do nothing."""
    more = f"""<{EVIL}> a ckg:Organization ; skos:prefLabel "<script>alert(1)</script>", "a\\u202Eb" ;
      rdfs:seeAlso <javascript:alert(document.domain)> , <http://x/'onclick='alert(1)> ;
      rdfs:comment "<b onmouseover=alert(1)>x</b>"^^rdf:HTML ."""
    with open_store(write_things(tmp_path / "store", more)) as store:
        client = create_app(Settings(), store).test_client()
        response = client.get("/page/organization/evil", headers={"Accept": "text/html"})
    text = response.text
    assert response.status_code == 200
    assert "&lt;script&gt;alert(1)" in text
    assert "&lt;b onmouseover=alert(1)&gt;x" in text
    assert "javascript:alert(document.domain)" in text
    assert "<bdi>a\u202eb</bdi>" in text or "\u202e" not in text
    for harm in ("<script>alert", "<b onmouseover", 'href="javascript:', "'onclick='"):
        assert harm not in text
    policy = response.headers["Content-Security-Policy"]
    for part in (
        "default-src 'none'",
        "script-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ):
        assert part in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_character_that_xml_cannot_hold_is_answered_406(server: Editable) -> None:
    """And in another format it comes."""
    server.store.update('INSERT DATA { <http://x/a> <http://x/b> "a\\u0001" }')
    path = "/sparql?query=" + quote("SELECT ?o { <http://x/a> <http://x/b> ?o }")
    refused = server.client.get(path, headers={"Accept": "application/sparql-results+xml"})
    require_problem(refused, 406, "not-representable")
    assert server.client.get(path + "&format=json").get_json()["results"]["bindings"]


@pytest.mark.parametrize("path", [SMALL, f"{GSP}?default", "/validate", "/"])
def test_answer_to_who_has_a_token_is_kept_by_nobody(server: Editable, path: str) -> None:
    assert server.client.get(path, headers=server.writer).headers["Cache-Control"] == "no-store"


def test_killed_validation_is_told_and_harms_nobody_else(server: Editable) -> None:
    """The child is killed from outside, as for want of memory; the server answers this one and the others."""
    app = server.client.application
    with (
        served(app, Settings(editable=True)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "import httpx, sys; answer = httpx.post(sys.argv[1], timeout=60, "
                "files={'data': ('d.ttl', sys.argv[2]), 'shapes': ('s.ttl', sys.argv[3])}); "
                "print(answer.status_code, answer.json()['type'])",
                f"{address}/validate",
                DATA,
                ENDLESS,
            ],
            stdout=subprocess.PIPE,
            text=True,
        )
        wait_for(lambda: validators(os.getpid()))
        started = time.monotonic()
        assert client.get(SMALL).status_code == 200
        assert time.monotonic() - started < 5
        for number in validators(os.getpid()):
            os.kill(number, signal.SIGKILL)
        said, _ = process.communicate(timeout=30)
        assert said.split() == ["503", "/problems/validation-timeout"]
        assert client.get(SMALL).status_code == 200


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server as the command line starts it."""
    place = write_small_store(tmp_path / "store")
    command = [sys.executable, "-c", "from conflictkg.cli import main; main()", "serve"]
    process = subprocess.Popen(
        [*command, "--editable", "--store", str(place), "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "CONFLICTKG_QUERY_TIMEOUT_S": "60"},
    )
    assert process.stderr is not None
    try:
        yield process.stderr.readline().split(" at ")[1].strip(), process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def test_nobody_works_on_for_a_killed_server(serving: tuple[str, subprocess.Popen[str]]) -> None:
    """What validates for it is gone a second later."""
    address, process = serving
    files = {"data": ("d.ttl", DATA), "shapes": ("s.ttl", ENDLESS)}
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.post, f"{address}validate", files=files, timeout=60)
        wait_for(lambda: validators(process.pid))
        (left,) = validators(process.pid)
        # Before that it is still being loaded, and sees only then that nobody waits.
        wait_for(lambda: "open files            16 " in Path(f"/proc/{left}/limits").read_text())
        process.kill()
        process.wait()
        with pytest.raises(httpx.HTTPError):
            asked.result(10)
    wait_for(lambda: not Path("/proc", str(left)).exists() or _is_dead(left), 2)


def test_nobody_works_on_for_a_client_that_left(server: Editable) -> None:
    """What validates for it is gone a second later, and its place is free."""
    app = server.client.application
    files = {"data": ("d.ttl", DATA), "shapes": ("s.ttl", ENDLESS)}
    with served(app, Settings(editable=True)) as address:
        with pytest.raises(httpx.TimeoutException):
            httpx.post(f"{address}/validate", files=files, timeout=httpx.Timeout(5, read=2))
        wait_for(lambda: not validators(os.getpid()), 2)
        wait_for(lambda: not app.extensions["conflictkg.traffic"].running.entries(), 2)


def test_operator_stops_a_validation(server: Editable) -> None:
    """Who sent it is told by whom."""
    app = server.client.application
    files = {"data": ("d.ttl", DATA), "shapes": ("s.ttl", ENDLESS)}
    with served(app, Settings(editable=True)) as address, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(httpx.post, f"{address}/validate", files=files, timeout=60)
        wait_for(lambda: validators(os.getpid()))
        (listed,) = httpx.get(f"{address}/queries").json()["queries"]
        httpx.delete(f"{address}/queries/{listed['id']}")
        response = asked.result(5)
    assert (response.status_code, response.json()["type"]) == (503, "/problems/query-cancelled")
    assert not validators(os.getpid())


def _is_dead(number: int) -> bool:
    """Whether it only waits for somebody to note its end."""
    try:
        return Path("/proc", str(number), "stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_second_server_on_a_store_is_turned_away(
    serving: tuple[str, subprocess.Popen[str]], tmp_path: Path
) -> None:
    """In a line, with who has it; the first one goes on."""
    address, process = serving
    command = [sys.executable, "-c", "from conflictkg.cli import main; main()", "serve"]
    done = subprocess.run(
        [*command, "--editable", "--store", str(tmp_path / "store"), "--port", "0"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert f"process {process.pid}" in done.stderr
    assert "Traceback" not in done.stderr
    assert httpx.get(f"{address}health").status_code == 200


def test_log_with_a_flipped_bit_is_never_served_as_less_than_what_was_acknowledged(
    tmp_path: Path,
) -> None:
    """Wherever the bit is: either all is there or the store is not opened; an older state is no answer."""
    place = write_small_store(tmp_path / "store")
    store = open_store(place, editable=True)
    before = store.size()
    for number in range(4):
        store.update(f"INSERT DATA {{ <http://e/{number}> <http://e/p> {number} }}")
    copy = Path(shutil.copytree(place, tmp_path / "copy"))
    store.close()
    log = (copy / f"{DATABASE}.wal").read_bytes()
    lost = []
    for place_of_byte in range(8, len(log), max(1, len(log) // 24)):
        damaged = Path(shutil.copytree(copy, tmp_path / f"damaged-{place_of_byte}"))
        changed = bytearray(log)
        changed[place_of_byte] ^= 0x10
        (damaged / f"{DATABASE}.wal").write_bytes(changed)
        try:
            with open_store(damaged) as again:
                if again.size() != before + 4:
                    lost.append((place_of_byte, again.size() - before))
        except StoreError:
            pass
        shutil.rmtree(damaged)
    assert not lost


def test_store_whose_folder_is_gone_takes_no_changes_and_still_answers(
    server: Editable, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "store")
    assert server.client.get(SMALL).status_code == 200
    changed = server.update("INSERT DATA { <http://e/s> <http://e/p> 1 }")
    assert changed.status_code == 503  # type: ignore[attr-defined]  # a response
    assert server.client.get(SMALL).status_code == 200


def test_clock_that_is_set_changes_no_answer_and_revives_no_token(
    server: Editable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deadlines go by another clock, tags by the data; a token that has ended stays so while the clock goes on."""
    first = server.client.get(SMALL)
    real = time.time
    for shift in (-3_600, 10 * 365 * 86_400):
        monkeypatch.setattr("time.time", lambda shift=shift: real() + shift)
        again = server.client.get(SMALL)
        assert (again.status_code, again.headers["ETag"]) == (200, first.headers["ETag"])
    ended = datetime.now(UTC) - timedelta(seconds=1)
    token = server.tokens.create("late", ["write"], ended)
    refused = server.client.post(
        "/sparql",
        data="CLEAR ALL",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/sparql-update"},
    )
    require_problem(refused, 401, "authentication-required")


def test_log_that_cannot_be_written_harms_no_request(
    server: Editable, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk of the log is full; the requests are answered."""

    class Full(StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    handler = logging.StreamHandler(Full())
    log_requests(handler)
    logger = next(
        each
        for each in map(logging.getLogger, logging.root.manager.loggerDict)
        if handler in each.handlers
    )
    try:
        assert server.client.get(SMALL).status_code == 200
        update = server.update("INSERT DATA { <http://e/s> <http://e/p> 1 }")
        assert update.status_code == 204  # type: ignore[attr-defined]  # a response
    finally:
        logger.removeHandler(handler)
    capsys.readouterr()


def test_update_is_seen_by_the_next_query(server: Editable) -> None:
    """Each of many, at once."""
    ask = "/sparql?query=" + quote("SELECT (MAX(?n) AS ?m) { <http://e/s> <http://e/n> ?n }")
    for number in range(20):
        server.update(f"INSERT DATA {{ <http://e/s> <http://e/n> {number} }}")
        (row,) = server.client.get(ask + "&format=json").get_json()["results"]["bindings"]
        assert row["m"]["value"] == str(number)


def test_token_is_compared_with_all_in_constant_time(
    server: Editable, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not with ==, which tells by its time how much is right, nor only up to the one that is found."""
    server.tokens.create("second", ["read"])
    server.tokens.create("third", ["read"])
    compared = []
    real = hmac.compare_digest

    def compare(first: str, second: str) -> bool:
        compared.append(first)
        return real(first, second)

    monkeypatch.setattr("hmac.compare_digest", compare)
    server.client.get("/journal", headers=server.writer)
    assert len(compared) == 3


def test_header_with_an_underscore_says_nothing() -> None:
    """A proxy that sets X-Real-IP cannot be talked over by X_Real_IP, which programs see by the same name."""
    app = Flask("echo")

    @app.get("/")
    def tell() -> dict[str, str]:
        return {name: value for name, value in request.headers if name.startswith("X-")}

    with served(app, Settings()) as address:
        host, port = address.removeprefix("http://").split(":")
        headers = {"X_Real_IP": "6.6.6.6", "X-Real-Ip": "1.1.1.1"}
        reply = send((host, int(port)), {"path": "/", "headers": headers}, {})
    assert json.loads(reply.body) == {"X-Real-Ip": "1.1.1.1"}


def test_report_of_very_much_is_cut_and_says_so(server: Editable) -> None:
    """At most a thousand findings, and how many others there are."""
    shapes = (
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <http://x/> . "
        "x:S a sh:NodeShape ; sh:targetClass x:T ; sh:property [ sh:path x:v ; sh:minCount 1 ] ."
    )
    data = "".join(f"<http://x/{n}> a <http://x/T> .\n" for n in range(1_200))
    files = {
        "data": (BytesIO(data.encode()), "d.ttl"),
        "shapes": (BytesIO(shapes.encode()), "s.ttl"),
    }
    body = server.client.post("/validate", data=files).get_json()
    assert (body["conforms"], len(body["findings"]), body["leftOut"]) == (False, 1_000, 200)


def test_ill_typed_number_is_a_finding_where_a_shape_asks_for_a_number(server: Editable) -> None:
    """And none has its billion digits written out."""
    shapes = (
        "@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix x: <http://x/> . "
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> . x:S a sh:NodeShape ; "
        "sh:targetSubjectsOf x:p ; sh:property [ sh:path x:p ; sh:datatype xsd:decimal ] ."
    )
    data = "".join(
        f'<http://x/s> <http://x/p> "{each}"^^<http://www.w3.org/2001/XMLSchema#decimal> .'
        for each in ("1E999999999", "many")
    )
    files = {
        "data": (BytesIO(data.encode()), "d.ttl"),
        "shapes": (BytesIO(shapes.encode()), "s.ttl"),
    }
    body = server.client.post("/validate", data=files).get_json()
    assert [each["value"] for each in body["findings"]] == ["many"]


def test_name_of_a_graph_cannot_reach_a_file(server: Editable, tmp_path: Path) -> None:
    """Nothing is written but in the store's folder, whatever the graph is called."""
    before = {each.name for each in tmp_path.iterdir()}
    for name in ("../../evil", "%2e%2e%2fevil", "http://x/../../evil", "file:///tmp/evil"):
        headers = {**server.writer, "Content-Type": "text/turtle"}
        server.client.put(
            f"{GSP}?graph={quote(name)}", data="<http://e/s> <http://e/p> 1 .", headers=headers
        )
    assert {each.name for each in tmp_path.iterdir()} == before
    assert server.client.get(f"{GSP}?graph={GRAPH}").status_code == 404
