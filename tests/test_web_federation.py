"""SERVICE over HTTP: refused by default, asked by policy, and what a stranger cannot make the server reach."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from shared_files import SHARED, shared
from small_store import write_small_store
from test_federation_client import EMPTY, Listener, listening, results
from web_support import require_problem
from writing_support import Editable, editable_server

from conflictkg.config import Settings
from conflictkg.errors import ConfigError
from conflictkg.store import Store, open_store
from conflictkg.web import create_app

ATTACKS = "research/attacks.json"
QUERY = {"Content-Type": "application/sparql-query"}


def read_attacks() -> list[dict[str, Any]]:
    path = SHARED / ATTACKS
    found = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    return [each for each in found if each["area"] == "ssrf"]


@pytest.fixture(scope="module")
def editable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Editable]:
    with editable_server(tmp_path_factory.mktemp("ssrf")) as server:
        yield server


# What was proposed of the answer, and is otherwise here: why.
OTHERWISE = {
    # Words that are glued together are no SERVICE here: the longest token counts, as the grammar says, so that
    # "SERVICE:x" is a prefixed name and "trueSERVICE" nothing at all. What cannot be read asks nobody.
    **dict.fromkeys(("ssrf-03", "ssrf-04", "ssrf-05"), (400, "/problems/sparql-syntax")),
    # LOAD SILENT may fail by the standard, and the W3C's tests ask for success: it does nothing, and fetches nothing.
    "ssrf-load-silent": (204, ""),
    # There is no reconciliation service, so that nothing stands at its address.
    "ssrf-recon-type": (404, "/problems/not-found"),
}


def test_attacks_are_all_there() -> None:
    """The corpus is the one that was agreed, and no line above is about one that is gone."""
    shared(ATTACKS)
    names = {each["id"] for each in read_attacks()}
    assert len(names) == 22
    assert set(OTHERWISE) <= names


@pytest.mark.parametrize("attack", [pytest.param(each, id=each["id"]) for each in read_attacks()])
@pytest.mark.parametrize("has_policy", [False, True], ids=["default", "with a policy"])
def test_attack_reaches_nobody(
    editable: Editable,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    attack: dict[str, Any],
    has_policy: bool,
) -> None:
    """No connection, no look-up of a name, nothing changed, and the answer that was agreed."""
    client = editable.client
    if has_policy:
        policy = tmp_path / "policy.toml"
        policy.write_text('[[endpoint]]\niri = "https://listed.example/sparql"\n')
        settings = Settings(store=editable.store.directory, editable=True, federation_policy=policy)
        client = create_app(settings, editable.store).test_client()
    before = editable.count()

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("somebody was to be reached")

    with listening() as listener:
        # The test's own client needs no socket; what reads uploads is another process, which the listener sees.
        for name in ("getaddrinfo", "gethostbyname", "create_connection"):
            monkeypatch.setattr(socket, name, refuse)
        response = send(client, attack["request"], listener, editable.writer)
        assert listener.connections == 0
    status, kind = OTHERWISE.get(
        attack["id"],
        (attack["expect"]["status"], attack["expect"].get("body", {}).get("type", "")),
    )
    if has_policy and kind == "/problems/federation-disabled" and "upd" not in attack["id"]:
        # Then there is a list, and whoever is not on it is refused.
        kind = "/problems/federation-refused"
    assert response.status_code == status, response.text
    if status >= 400:
        assert response.mimetype == "application/problem+json"
    if kind:
        require_problem(response, status, kind.rpartition("/")[2])
    if "zero rows" in attack["expect"].get("must", ()):
        assert json.loads(response.data)["results"]["bindings"] == []
    assert editable.count() == before


def send(client: FlaskClient, asked: dict[str, Any], listener: Listener, writer: Any) -> Any:
    """Send an attack, with the listener and the token in their places."""

    def fill(text: str) -> str:
        token = writer["Authorization"].removeprefix("Bearer ")
        return text.replace("{LISTENER}", str(listener.port)).replace("{UPDATE_TOKEN}", token)

    return client.open(
        fill(asked["path"]),
        method=asked["method"],
        headers={name: fill(value) for name, value in asked["headers"].items()},
        data=fill(asked.get("body", "")).encode(),
    )


# By policy


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(write_small_store(tmp_path_factory.mktemp("federation") / "store")) as opened:
        yield opened


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as server:
        yield server


def client_for(store: Store, folder: Path, listener: Listener, more: str = "") -> FlaskClient:
    """A client of an application that asks the listener."""
    policy = folder / "policy.toml"
    policy.write_text(
        f'[[endpoint]]\niri = "{listener.target().iri}"\ntitle = "Other"\n'
        f'addresses = ["127.0.0.1"]\n{more}\n'
    )
    return create_app(Settings(federation_policy=policy), store).test_client()


def test_listed_endpoint_is_asked_with_bindings(
    store: Store, tmp_path: Path, listener: Listener
) -> None:
    """What the store has goes along, and what comes back is joined with it."""
    listener.answer = lambda handler: handler.send(
        results(
            {
                "a": {"type": "uri", "value": "http://example.org/a"},
                "x": {"type": "bnode", "value": "n"},
            }
        )
    )
    text = (
        "SELECT * { GRAPH ?g { ?a <http://example.org/name> ?n } "
        f"SERVICE <{listener.target().iri}> {{ ?a <http://example.org/x> ?x }} }}"
    )
    response = client_for(store, tmp_path, listener).post("/sparql", data=text, headers=QUERY)
    assert response.status_code == 200, response.text
    (row,) = json.loads(response.data)["results"]["bindings"]
    assert row["n"]["value"] == "Hangu"
    assert row["x"]["type"] == "bnode"
    ((_, _, body),) = listener.seen
    assert body == (
        "SELECT ?a ?x WHERE { VALUES ?a { <http://example.org/a> <http://example.org/b> } "
        "?a <http://example.org/x> ?x }"
    )


def test_answer_with_others_is_not_kept_by_a_tag(
    store: Store, tmp_path: Path, listener: Listener
) -> None:
    """Nobody knows whether the others' data have changed."""
    client = client_for(store, tmp_path, listener)
    text = f"SELECT * {{ SERVICE <{listener.target().iri}> {{ ?s ?p ?o }} }}"
    response = client.get("/sparql", query_string={"query": text})
    assert (response.status_code, response.headers.get("ETag")) == (200, None)
    again = client.get("/sparql", query_string={"query": text}, headers={"If-None-Match": "*"})
    assert again.status_code == 200
    assert len(listener.seen) == 2
    own = client.get("/sparql", query_string={"query": "ASK {}"})
    assert own.headers["ETag"]


@pytest.mark.parametrize(
    ("answer", "more", "status", "slug"),
    [
        pytest.param(b"{", "", 502, "federation-failed", id="failed"),
        pytest.param(results({}, {}), "max_rows = 1", 422, "federation-too-much", id="rows"),
        pytest.param(b"", "timeout_s = 0.1", 504, "federation-timeout", id="timeout"),
    ],
)
def test_failure_of_another_is_a_problem_of_its_own(
    store: Store,
    tmp_path: Path,
    listener: Listener,
    answer: bytes,
    more: str,
    status: int,
    slug: str,
) -> None:
    """With the endpoint and the line of SERVICE."""
    listener.answer = lambda handler: (
        handler.send(answer) if answer else handler.server.released.wait(20)
    )
    text = f"SELECT * {{\nSERVICE <{listener.target().iri}> {{ ?s ?p ?o }} }}"
    client = client_for(store, tmp_path, listener, more)
    body = require_problem(client.post("/sparql", data=text, headers=QUERY), status, slug)
    assert (body["endpoint"], body["line"]) == (listener.target().iri, 2)
    silent = text.replace("SERVICE", "SERVICE SILENT")
    response = client.post("/sparql", data=silent, headers=QUERY)
    assert response.status_code == (422 if slug == "federation-too-much" else 200)


def test_who_is_not_listed_is_refused_with_the_list(
    store: Store, tmp_path: Path, listener: Listener
) -> None:
    """And nobody is asked."""
    client = client_for(store, tmp_path, listener)
    text = f"ASK {{ SERVICE <{listener.target().iri}&y=2> {{}} }}"
    body = require_problem(
        client.post("/sparql", data=text, headers=QUERY), 403, "federation-refused"
    )
    assert f"It lists <{listener.target().iri}>" in str(body["detail"])
    assert listener.connections == 0


def test_update_with_service_is_refused_though_there_is_a_list(
    editable: Editable, tmp_path: Path, listener: Listener
) -> None:
    """Nobody else's answer is written into the store."""
    policy = tmp_path / "policy.toml"
    target = listener.target()
    policy.write_text(f'[[endpoint]]\niri = "{target.iri}"\naddresses = ["127.0.0.1"]\n')
    settings = Settings(store=editable.store.directory, editable=True, federation_policy=policy)
    client = create_app(settings, editable.store).test_client()
    response = client.post(
        "/sparql",
        data=f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE <{target.iri}> {{ ?s ?p ?o }} }}",
        headers={**editable.writer, "Content-Type": "application/sparql-update"},
    )
    require_problem(response, 403, "federation-disabled")
    assert listener.connections == 0


def test_description_of_the_service_publishes_the_policy(
    store: Store, tmp_path: Path, listener: Listener
) -> None:
    """Whom it asks and how much of each; not where they are."""
    client = client_for(store, tmp_path, listener, "max_rows = 123")
    text = client.get("/sparql", headers={"Accept": "application/n-triples"}).text
    assert "sparql-service-description#BasicFederatedQuery>" in text
    assert f"sparql-service-description#endpoint> <{listener.target().iri}>" in text
    assert '"123"^^<http://www.w3.org/2001/XMLSchema#integer>' in text
    assert '"max_rows"' in text
    assert '"127.0.0.1"' not in text
    plain = create_app(Settings(), store).test_client()
    bare = plain.get("/sparql", headers={"Accept": "application/n-triples"}).text
    assert "BasicFederatedQuery" not in bare


def test_bad_policy_stops_the_start(store: Store, tmp_path: Path) -> None:
    """Rather that than a server that asks whom nobody meant."""
    with pytest.raises(ConfigError, match="cannot be read"):
        create_app(Settings(federation_policy=tmp_path / "none.toml"), store)


def test_empty_answer_is_no_error(store: Store, tmp_path: Path, listener: Listener) -> None:
    """Others may have nothing to say."""
    listener.answer = lambda handler: handler.send(EMPTY)
    text = f"ASK {{ SERVICE <{listener.target().iri}> {{ ?s ?p ?o }} }}"
    response = client_for(store, tmp_path, listener).post("/sparql", data=text, headers=QUERY)
    assert json.loads(response.data)["boolean"] is False
