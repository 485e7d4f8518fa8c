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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from security.musts import (
    CHECKS,
    MEMORY_MB,
    TIMEOUT_S,
    Played,
    Target,
    happened,
    look,
    time_small,
    watch,
)
from security.wire import send
from served import served
from shared_files import SHARED, shared
from writing_support import Editable, editable_server

from conflictkg.web.site import Site

ROOT = Path(__file__).resolve().parents[2]
CORPUS = "research/attacks.json"
KNOWN = tomllib.loads(Path(__file__).with_name("expectations.toml").read_text(encoding="utf-8"))
ANSWERS, HELD_BY, LATER, MUSTS = (KNOWN[each] for each in ("answers", "held_by", "later", "musts"))
OURS = {"status", "type", "headers", "instead", "why", "content_type"}
BESIDE = {"a 10-row query sent at the same time answers in < 1 s", "readers never blocked"}


def load() -> list[dict[str, Any]]:
    path = SHARED / CORPUS
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


ATTACKS = load()


def is_later(attack: Mapping[str, Any]) -> bool:
    return attack["id"] not in HELD_BY and (attack["area"] in LATER or attack["id"] in LATER)


def is_request(attack: Mapping[str, Any]) -> bool:
    request = attack.get("request") or attack
    return any(key in request for key in ("path", "path_parts", "raw"))


REQUESTS = [each for each in ATTACKS if is_request(each) and not is_later(each)]
NOT_YET = [each for each in ATTACKS if is_request(each) and is_later(each)]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("attacked")
    settings = {
        "query_timeout_s": TIMEOUT_S,
        "query_memory_mb": MEMORY_MB,
        "base_iri": "http://kg.example/",
    }
    with editable_server(folder, **settings) as server, socket.socket() as listener:
        server.store.update(
            "INSERT { ?s <http://e/n> ?n } WHERE { VALUES ?a { 1 2 3 4 5 6 7 8 9 } VALUES ?b { 1 2 3 4 5 6 7 8 9 } "
            "VALUES ?c { 1 2 3 4 5 6 7 8 9 } BIND(?a * 100 + ?b * 10 + ?c AS ?n) "
            "BIND(IRI(CONCAT('http://e/', STR(?n))) AS ?s) }"
        )
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        app = server.client.application
        with served(app, site_of(server).settings) as address:
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
            watch(found)
            yield found
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def site_of(server: Editable) -> Site:
    site = server.client.application.extensions["conflictkg"]
    assert isinstance(site, Site)
    return site


def generate(attack: Mapping[str, Any]) -> dict[str, Any]:
    """The request of an attack, with what it only describes made."""
    request: dict[str, Any] = json.loads(json.dumps(attack.get("request") or attack))
    if attack["id"] == "http-bighdr":
        del request["headers_gen"]
        request["headers"] = {**request.get("headers", {}), "X-Big": "x" * 100_000}
    if attack["id"] == "rec-batch":
        del request["body_gen"]
        request["body"] = urlencode(
            {"queries": json.dumps({f"q{n}": {"query": "a"} for n in range(10_000)})}
        )
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
    """Status, problem, place and the rest are right; nobody is asked anything; what is refused changes nothing."""
    played = play(target, attack)
    require_answer(played)
    assert not target.reached
    assert not target.looked_up
    if played.reply.status >= 400:
        assert played.is_unchanged
    # Whatever it was, the next one is served.
    assert target.get("/sparql?query=ASK%7B%7D").status == 200


@pytest.mark.parametrize("attack", NOT_YET, ids=lambda each: each["id"])
def test_what_cannot_be_attacked_yet_is_not_there(
    target: Target, attack: Mapping[str, Any]
) -> None:
    """So that none is put off any longer once it could be played."""
    played = play(target, attack)
    assert played.reply.status == 404
    assert played.reply.problem.get("type", "/problems/not-found") == "/problems/not-found"
    assert played.is_unchanged
    assert not target.reached
    assert not [words for words in attack["expect"].get("must_not", []) if happened(words, played)]


def play(target: Target, attack: Mapping[str, Any]) -> Played:
    """Send an attack, with small queries of others at the same time where the corpus asks for them."""
    request = generate(attack)
    settings = site_of(target.server).settings
    before = look(target)
    if attack["id"] == "auth-off":
        object.__setattr__(settings, "editable", False)
    beside = []
    try:
        with ThreadPoolExecutor(1) as pool:
            sent = pool.submit(send, target.address, request, target.names)
            if BESIDE & set(attack["expect"].get("must", [])):
                beside = [time_small(target) for _ in range(3)]
            reply = sent.result()
    finally:
        object.__setattr__(settings, "editable", True)
    return Played(attack, request, reply, target, before, look(target), tuple(beside))


def require_answer(played: Played) -> None:
    """Compare an answer with the one proposed, or with ours."""
    expected, reply = played.attack["expect"], played.reply
    ours = {
        **expected,
        **(expected.get("body") or {}),
        **ANSWERS.get(played.attack["id"], {}),
    }
    if "status" in ours:
        assert reply.status in as_list(ours["status"]), reply.body[:300]
    if (
        reply.status >= 400
        and reply.status in as_list(expected.get("status"))
        and ours.get("type") != ""
    ):
        assert reply.headers["content-type"].startswith(ours.get("content_type", ""))
    if reply.problem:
        members = set(expected.get("body") or {}) | (
            set(ANSWERS.get(played.attack["id"], {})) - OURS
        )
        for name in members | {"type"} & set(ours):
            assert reply.problem.get(name) in as_list(ours[name]), reply.problem
    for name, value in (ours.get("headers") or {}).items():
        assert value in reply.headers.get(name.lower(), ""), reply.headers
    instead = ours.get("instead", {})
    broken = [
        words
        for words in expected.get("must", [])
        if words not in instead and words not in MUSTS and not CHECKS[words](played)
    ]
    assert not broken, (
        f"{broken} {played.before} {played.after} {reply.seconds} {reply.body[:300]!r}"
    )
    assert not [each for each in expected.get("must_not", []) if happened(each, played)]
    text = reply.body.decode("utf-8", "replace")
    assert "Traceback" not in text
    assert "/site-packages/" not in text


def as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("test", sorted({*HELD_BY.values(), *MUSTS.values()}))
def test_what_another_test_plays_is_played_by_one_that_there_is(test: str) -> None:
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
    musts = {words for each in REQUESTS for words in each["expect"].get("must", [])}
    instead = {words for each in ANSWERS.values() for words in each.get("instead", {})}
    assert musts <= {*CHECKS, *MUSTS, *instead}
    assert all(each["why"] for each in ANSWERS.values())
    assert len(ATTACKS) == 237
