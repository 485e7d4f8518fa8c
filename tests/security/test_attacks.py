"""The recorded attacks and bad inputs, each answered as it should be.

``../shared/research/attacks.json`` describes them with the answers proposed; ``expectations.toml`` says, by id, where
ours is another and why, which test plays a scenario, and what cannot be attacked yet. None is left out in silence.
"""

import ast
import gzip
import io
import json
import socket
import threading
import tomllib
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from security.wire import Reply, send
from served import served
from shared_files import SHARED, shared
from writing_support import Editable, editable_server

from conflictkg.web.site import Site

ROOT = Path(__file__).resolve().parents[2]
CORPUS = "research/attacks.json"
KNOWN = tomllib.loads(Path(__file__).with_name("expectations.toml").read_text(encoding="utf-8"))
ANSWERS, HELD_BY, LATER = KNOWN["answers"], KNOWN["held_by"], KNOWN["later"]
FIELDS = ("line", "column", "limit", "max", "maxBytes", "timeoutSeconds")


def load() -> list[dict[str, Any]]:
    path = SHARED / CORPUS
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


ATTACKS = load()


def is_later(attack: Mapping[str, Any]) -> bool:
    return attack["area"] in LATER or attack["id"] in LATER


def is_request(attack: Mapping[str, Any]) -> bool:
    request = attack.get("request") or attack
    return any(key in request for key in ("path", "path_parts", "raw"))


REQUESTS = [each for each in ATTACKS if is_request(each) and not is_later(each)]


@dataclass
class Target:
    """A server under attack, and a listener that nobody should ever reach."""

    server: Editable
    address: tuple[str, int]
    names: dict[str, str]
    reached: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("attacked")
    with editable_server(folder, query_timeout_s=3) as server, socket.socket() as listener:
        server.store.update(
            "INSERT { ?s <http://e/n> ?n } WHERE { VALUES ?a { 1 2 3 4 5 6 7 8 9 } VALUES ?b { 1 2 3 4 5 6 7 8 9 } "
            "VALUES ?c { 1 2 3 4 5 6 7 8 9 } BIND(?a * 100 + ?b * 10 + ?c AS ?n) "
            "BIND(IRI(CONCAT('http://e/', STR(?n))) AS ?s) }"
        )
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        app = server.client.application
        site = app.extensions["conflictkg"]
        assert isinstance(site, Site)
        with served(app, site.settings) as address:
            host, port = address.removeprefix("http://").split(":")
            names = {
                "UPDATE_TOKEN": server.writer["Authorization"].removeprefix("Bearer "),
                "READ_TOKEN": server.tokens.create("reader", ["read"]),
                "ADMIN_SESSION": "made-up",
                "LISTENER": str(listener.getsockname()[1]),
            }
            found = Target(server, (host, int(port)), names)

            def listen() -> None:
                while True:
                    try:
                        connection, _ = listener.accept()
                    except OSError:
                        return
                    found.reached.append("reached")
                    connection.close()

            thread = threading.Thread(target=listen, daemon=True)
            thread.start()
            yield found
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def generate(attack: Mapping[str, Any]) -> dict[str, Any]:
    """The request of an attack, with what it only describes made."""
    request: dict[str, Any] = json.loads(json.dumps(attack.get("request") or attack))
    if attack["id"] == "http-bighdr":
        del request["headers_gen"]
        request["headers"] = {**request.get("headers", {}), "X-Big": "x" * 100_000}
    for part in request.get("multipart", {}).values():
        if isinstance(part, dict) and "content_gen" in part:
            part["content_hex"] = GENERATED[attack["id"]]().hex()
    return request


def _many_prefixes() -> bytes:
    return "".join(f"@prefix p{n}: <http://e/{n}/> .\n" for n in range(100_000)).encode()


def _bomb() -> bytes:
    # The cap is what counts, so a hundredth of the size that is described does.
    return gzip.compress(b" " * 100_000_000)


def _zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../../evil.ttl", "<http://e/s> <http://e/p> 1 .")
    return buffer.getvalue()


GENERATED = {"val-prefixes": _many_prefixes, "val-zipbomb": _bomb, "val-zip": _zip}


@pytest.mark.parametrize("attack", REQUESTS, ids=lambda each: each["id"])
def test_attack_is_answered_as_it_should_be(target: Target, attack: Mapping[str, Any]) -> None:
    """Status, problem type and place are right; nobody is asked anything; what is refused changes nothing."""
    settings = target.server.client.application.extensions["conflictkg"].settings
    before = target.server.count()
    if attack["id"] == "auth-off":
        object.__setattr__(settings, "editable", False)
    try:
        reply = send(target.address, generate(attack), target.names)
    finally:
        object.__setattr__(settings, "editable", True)
    require_answer(attack, reply)
    assert not target.reached
    if reply.status >= 400:
        assert target.server.count() == before
    # Whatever it was, the next one is served.
    alive = send(target.address, {"path": "/sparql?query=ASK%7B%7D"}, {})
    assert alive.status == 200


def require_answer(attack: Mapping[str, Any], reply: Reply) -> None:
    """Compare an answer with the one proposed, or with ours."""
    ours = ANSWERS.get(attack["id"], {})
    expected = attack["expect"]
    body = expected.get("body") or {}
    statuses = as_list(ours.get("status", expected.get("status", [])))
    assert reply.status in statuses, reply.body[:300]
    if reply.status < 400:
        return
    types = as_list(ours.get("type", body.get("type", [])))
    if any(types):
        assert reply.problem.get("type") in types, reply.body[:300]
    for name in FIELDS:
        wanted = ours.get(name, body.get(name))
        if wanted is not None and reply.problem:
            assert reply.problem.get(name) == wanted, reply.problem
    for name, value in ours.get("headers", expected.get("headers") or {}).items():
        assert value in reply.headers.get(name.lower(), ""), reply.headers
    text = reply.body.decode("utf-8", "replace")
    assert "Traceback" not in text
    assert "/site-packages/" not in text


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize(("attack", "test"), HELD_BY.items(), ids=list(HELD_BY))
def test_scenario_is_played_by_a_test_that_there_is(attack: str, test: str) -> None:
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in {each.name for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)}


def test_no_attack_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    """Each is sent, played by another test, or put off with the reason; and nothing else is listed."""
    shared(CORPUS)
    table: dict[str, Counter[str]] = {}
    for attack in ATTACKS:
        state = (
            "later"
            if is_later(attack)
            else ("corrected" if attack["id"] in ANSWERS else "as proposed")
            if is_request(attack)
            else "by another test"
            if attack["id"] in HELD_BY
            else "open"
        )
        table.setdefault(attack["area"], Counter())[state] += 1
    states = ("as proposed", "corrected", "by another test", "later", "open")
    with capsys.disabled():
        print(f"\n{'attacks':16}" + "".join(f"{state:>17}" for state in states))  # noqa: T201  the closing table
        for area, counts in sorted(table.items()):
            print(f"{area:16}" + "".join(f"{counts[state]:17}" for state in states))  # noqa: T201
    assert not [each["id"] for each in ATTACKS if table[each["area"]]["open"]]
    ids = {each["id"] for each in ATTACKS} | {each["area"] for each in ATTACKS}
    assert {*ANSWERS, *HELD_BY, *LATER} <= ids
    assert len(ATTACKS) == 237
