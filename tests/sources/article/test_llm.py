"""The optional extractor, against a server on loopback that tells the truth, lies, fails or rambles."""

import http.server
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conflictkg.errors import SourceError
from conflictkg.sources.article.annotations import require_text
from conflictkg.sources.article.llm import ATTEMPTS, Endpoint, extract_with_model, pieces
from conflictkg.sources.article.zones import split_blocks

ARTICLE = (
    "A headline of no weight\n\nThe US killed Ahmad Wali in Yemen on June 13, 2017, Reuters said.\n\n"
    "  • Reader says:\n\n    The ISI trained Ahmad Wali in Swat.\n"
)


def proposal(**fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "kind": "strike",
        "subject": {"name": "killing of Ahmad Wali", "type": "strike"},
        "predicate": "killed",
        "object": {"name": "Ahmad Wali", "type": "person"},
        "text": None,
        "concept": None,
        "date": None,
        "count": None,
        "status": "fact",
        "attributed_to": [],
        "negated": False,
        "quote": "The US killed Ahmad Wali",
    }
    return {**base, **fields}


def completion(*proposals: dict[str, Any]) -> bytes:
    content = json.dumps({"assertions": list(proposals)})
    return json.dumps({"choices": [{"message": {"content": content}}]}).encode()


class Server(http.server.ThreadingHTTPServer):
    """Answers each request with the next of its answers, the last one again and again."""

    answers: list[tuple[int, bytes]]
    requests: list[dict[str, Any]]
    keys: list[str | None]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self.server.requests.append(json.loads(self.rfile.read(length)))
        self.server.keys.append(self.headers.get("Authorization"))
        answers = self.server.answers
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


Start = Callable[..., Server]


@pytest.fixture
def start() -> Iterator[Start]:
    servers: list[Server] = []

    def begin(*answers: tuple[int, bytes]) -> Server:
        server = Server(("127.0.0.1", 0), Handler)
        server.answers, server.requests, server.keys = list(answers), [], []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        servers.append(server)
        return server

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def ask(server: Server, key: str | None = None, pauses: list[float] | None = None) -> Any:
    sleep = (lambda _: None) if pauses is None else pauses.append
    return extract_with_model(ARTICLE, Endpoint(server.url, "a-model", key=key, sleep=sleep))


def test_true_answer_becomes_annotations(start: Start) -> None:
    """A quoted proposal becomes an assertion at the place of its quotation."""
    found = ask(start((200, completion(proposal()))))
    (assertion,) = found.annotations.assertions
    assert ARTICLE[assertion.start : assertion.end] == "The US killed Ahmad Wali"
    assert assertion.rule == "llm.model"
    require_text(found.annotations, ARTICLE, "article")
    assert found.summary() == "kept 1 of 1 proposed assertions"


@pytest.mark.parametrize(
    ("lie", "reason"),
    [
        pytest.param({"quote": "The US killed Abdul Ghani"}, "not verbatim", id="invented words"),
        pytest.param({"quote": "the us killed ahmad wali"}, "not verbatim", id="changed letters"),
        pytest.param({"quote": "The ISI trained Ahmad Wali"}, "not verbatim", id="a comment"),
        pytest.param({"quote": "weight\n\nThe US"}, "one paragraph", id="across paragraphs"),
        pytest.param({"quote": " "}, "without quotation", id="no quotation"),
        pytest.param({"predicate": "married to"}, "unknown predicate", id="unknown predicate"),
        pytest.param({"kind": "place"}, "go with the kind", id="kind and predicate"),
        pytest.param({"object": None}, "value that the predicate needs", id="no value"),
        pytest.param(
            {"status": "attributed-claim"}, "attributed to nobody", id="a claim of nobody"
        ),
    ],
)
def test_lie_is_dropped_and_counted(start: Start, lie: dict[str, Any], reason: str) -> None:
    """What the text does not bear out is dropped, and the summary says why; the rest stays."""
    found = ask(start((200, completion(proposal(**lie), proposal()))))
    assert len(found.annotations.assertions) == 1
    assert found.summary().startswith("kept 1 of 2 proposed assertions; dropped: 1 ")
    assert reason in found.summary()


def test_model_sees_neither_comments_nor_chrome(start: Start) -> None:
    """Only the article's own paragraphs are sent, with the schema, at temperature 0."""
    server = start((200, completion()))
    ask(server, key="a key")
    (request,) = server.requests
    sent = json.dumps(request["messages"][1])
    assert "Ahmad Wali in Yemen" in sent
    assert "Swat" not in sent
    assert request["temperature"] == 0
    assert request["model"] == "a-model"
    assert request["response_format"]["type"] == "json_schema"
    assert server.keys == ["Bearer a key"]


def test_passing_failure_is_tried_again_with_growing_pauses(start: Start) -> None:
    """A busy server is asked again, each time after a longer pause."""
    pauses: list[float] = []
    server = start((503, b""), (429, b""), (200, completion(proposal())))
    found = ask(server, pauses=pauses)
    assert found.kept == 1
    assert pauses == [1.0, 2.0]


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((401, b"no"), "refuses access .*--llm-key-env"),
        ((404, b"no such model"), "status 404.*--llm-model"),
        ((503, b""), f"status 503, {ATTEMPTS} times"),
        ((200, b"<html>hello</html>"), "does not answer as a chat completion"),
        ((200, b'{"choices": []}'), "does not answer as a chat completion"),
        ((200, b'{"choices": [{"message": {"content": "I think"}}]}'), "breaks the schema"),
        (
            (200, b'{"choices": [{"message": {"content": "{\\"assertions\\": [{}]}"}}]}'),
            r"breaks the schema at assertions\.0",
        ),
        ((200, completion(proposal(kind="miracle"))), r"breaks the schema at assertions\.0\.kind"),
    ],
)
def test_wrong_answer_is_a_clear_error(
    start: Start, answer: tuple[int, bytes], message: str
) -> None:
    """Refusal, failure, other formats and breaches of the schema each say what is wrong."""
    with pytest.raises(SourceError, match=message):
        ask(start(answer))


def test_closed_port_is_a_clear_error(start: Start) -> None:
    """Where nothing listens, the message names the address and what else to do."""
    server = start((200, completion()))
    url = server.url
    server.shutdown()
    server.server_close()
    endpoint = Endpoint(url, "a-model", sleep=lambda _: None)
    with pytest.raises(SourceError, match=r"cannot be reached.*--extractor rules"):
        extract_with_model(ARTICLE, endpoint)


def test_pieces_overlap_by_a_paragraph_and_skip_comments() -> None:
    """Long articles go in stretches that share a paragraph and hold no comment."""
    paragraphs = "\n\n".join(f"Paragraph {n} says something of its own." for n in range(40))
    text = f"A headline\n\n{paragraphs}\n\n  • Reader says:\n\n    Mine.\n"
    found = list(pieces(split_blocks(text), size=400))
    assert len(found) > 4
    assert all(b[0] < a[1] for a, b in itertools.pairwise(found))
    assert found[-1][1] <= text.index("  •")
    assert all(f"Paragraph {n} " in "".join(text[a:b] for a, b in found) for n in range(40))


def test_address_is_taken_as_base_or_whole() -> None:
    """The base address and the full one lead to the same place."""
    whole = "http://127.0.0.1:1/v1/chat/completions"
    assert Endpoint("http://127.0.0.1:1/v1/", "m").address == whole
    assert Endpoint(whole, "m").address == whole
