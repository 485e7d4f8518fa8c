"""What an answer to an attack must be besides its status, by the words of the corpus."""

import json
import re
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

from security.wire import Reply, exchange, send
from writing_support import Editable

GRAPH = "http://example.org/g/test"
TIMEOUT_S = 3
MEMORY_MB = 512
MOST_BYTES = 67_108_864
_TELLTALE = re.compile(
    r"Traceback|\.py\b|/(?:usr|home|work|tmp|root)/|\w::\w|pyoxigraph|duckdb", re.I
)


@dataclass
class Target:
    """A server under attack, and all that it may have asked for.

    Args:
        server: The server's store and tokens.
        address: Where it listens.
        names: What stands in the attacks for a token or a port.
        reached: A word for each connection to the listener that nobody should ever reach.
        looked_up: The names that somebody wanted the address of.
        opened: The files that were opened.
    """

    server: Editable
    address: tuple[str, int]
    names: Mapping[str, str]
    reached: list[str] = field(default_factory=list)
    looked_up: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)

    def get(self, path: str, **headers: str) -> Reply:
        """Ask for an address."""
        return send(self.address, {"path": path, "headers": headers}, {})

    def select(self, text: str) -> list[dict[str, str]]:
        """The rows of a query, values by name."""
        reply = self.get(f"/sparql?query={quote(text)}", Accept="application/sparql-results+json")
        rows = json.loads(reply.body)["results"]["bindings"]
        return [{name: value["value"] for name, value in row.items()} for row in rows]

    def update(self, text: str) -> Reply:
        """Send an update that is allowed."""
        headers = {"Content-Type": "application/sparql-update", **self.server.writer}
        request = {"method": "POST", "path": "/sparql", "headers": headers, "body": text}
        return send(self.address, request, {})


@dataclass(frozen=True)
class State:
    """What may not change.

    Args:
        release: Of the store; each change makes another.
        quads: In the store.
        memory_mb: Of the process.
        killed: Processes that the system has killed for want of memory.
    """

    release: str
    quads: int
    memory_mb: float
    killed: int


@dataclass(frozen=True)
class Played:
    """An attack and what came of it.

    Args:
        attack: As the corpus has it.
        request: As it was sent.
        reply: The answer.
        target: Who was attacked.
        before: Before it.
        after: After it.
        beside_s: How long each of some small queries took meanwhile.
    """

    attack: Mapping[str, Any]
    request: Mapping[str, Any]
    reply: Reply
    target: Target
    before: State
    after: State
    beside_s: tuple[float, ...]

    def is_answered_within(self, seconds: float) -> bool:
        """Whether it is, once at least in three: others use the processors too."""
        if self.reply.seconds < seconds:
            return True
        return any(
            send(self.target.address, self.request, self.target.names).seconds < seconds
            for _ in range(2)
        )

    @property
    def is_unchanged(self) -> bool:
        """Whether the store is as it was."""
        return (self.before.release, self.before.quads) == (self.after.release, self.after.quads)

    @property
    def json(self) -> Any:
        """The body of the answer."""
        return json.loads(self.reply.body)


def look(target: Target) -> State:
    """How a server is now."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    counters = Path("/proc/vmstat").read_text(encoding="utf-8")
    killed = re.search(r"^oom_kill (\d+)$", counters, re.MULTILINE)
    assert found is not None
    store = target.server.store
    return State(store.release, store.size(), int(found[1]) / 1024, int(killed[1]) if killed else 0)


def watch(target: Target) -> None:
    """Note from now on what the process looks up and opens. A hook cannot be taken away again."""
    lookups = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}

    def note(event: str, arguments: tuple[Any, ...]) -> None:
        # This test's own connections to the server are by number.
        if event in lookups and arguments[0] != target.address[0]:
            target.looked_up.append(str(arguments[0]))
        elif event == "open":
            target.opened.append(str(arguments[0]))

    sys.addaudithook(note)


def children() -> list[str]:
    """The command lines of the processes that this one has started and that run."""
    found = []
    for place in Path("/proc/self/task").glob("*/children"):
        for number in place.read_text(encoding="utf-8").split():
            command = Path("/proc", number, "cmdline")
            if command.exists():
                found.append(command.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
    return found


def _graph(played: Played, media_type: str = "application/n-triples") -> Reply:
    return played.target.get(f"/rdf-graph-store?graph={GRAPH}", Accept=media_type)


def _is_alive(played: Played) -> bool:
    return played.target.get("/sparql?query=ASK%7B%7D").status == 200


def _is_whole_or_cut(played: Played) -> bool:
    if played.reply.status != 200:
        return bool(played.reply.problem)
    return not played.reply.is_whole or bool(played.json["results"]["bindings"])


def _is_refused_unread(played: Played) -> bool:
    """The head alone is answered, while the body is still to come."""
    head = (
        f"PUT /rdf-graph-store?graph={GRAPH} HTTP/1.1\r\nHost: x\r\nContent-Type: text/turtle\r\n"
        f"Authorization: {played.target.server.writer['Authorization']}\r\nContent-Length: {MOST_BYTES * 2}\r\n\r\n"
    )
    return exchange(played.target.address, head.encode()).status == 413


def _grew_mb(played: Played) -> float:
    return played.after.memory_mb - played.before.memory_mb


def _has_one_answer(played: Played) -> bool:
    """Nothing is read as a second request behind the first."""
    request = played.attack["request"]["raw"] + "GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
    reply = exchange(played.target.address, request.encode())
    return reply.headers.get("connection") == "close" and b"HTTP/1.1 " not in reply.body


def _are_other_schemes_refused(played: Played) -> bool:
    statuses = {
        scheme: send(
            played.target.address,
            {**played.request, "path": f"/rdf-graph-store?graph={scheme}x:y"},
            played.target.names,
        ).status
        for scheme in ("data:", "ftp://", "mailto:", "blob:", "vbscript:")
    }
    return set(statuses.values()) == {400}


def _have_formats_tags_of_their_own(played: Played) -> bool:
    path = "/sparql?query=SELECT%20%2A%20%7B%20%3Fs%20%3Fp%20%3Fo%20%7D%20LIMIT%201"
    formats = ("application/sparql-results+json", "text/csv", "application/sparql-results+xml")
    tags = {played.target.get(path, Accept=each).headers["etag"] for each in formats}
    return len(tags) == len(formats)


CHECKS: Mapping[str, Callable[[Played], bool]] = {
    "detail has no traceback, no file path, no Rust type name": lambda it: (
        _TELLTALE.search(it.reply.problem["detail"]) is None
    ),
    "store unchanged": lambda it: it.is_unchanged,
    "graph unchanged": lambda it: it.is_unchanged,
    "nothing from the whole request is visible": lambda it: it.is_unchanged,
    "a quad body must not write another graph": lambda it: it.is_unchanged,
    "loopback listener saw 0 connections": lambda it: not it.target.reached,
    "no DNS lookup": lambda it: not it.target.looked_up,
    "lists the offered types": lambda it: "text/html" in it.reply.problem["offered"],
    "server keeps serving": _is_alive,
    "server alive": _is_alive,
    "no worker died": _is_alive,
    "the worker is replaced": _is_alive,
    "no body": lambda it: not it.reply.body,
    "zero rows": lambda it: it.json["results"]["bindings"] == [],
    "n = 20000": lambda it: it.json["results"]["bindings"][0]["n"]["value"] == "20000",
    "boolean false": lambda it: it.json["boolean"] is False,
    "answer within timeout + 1 s": lambda it: it.is_answered_within(TIMEOUT_S + 1),
    "answer in < 100 ms": lambda it: it.is_answered_within(0.1),
    "answer in < 200 ms": lambda it: it.is_answered_within(0.2),
    "answer in < 500 ms": lambda it: it.is_answered_within(0.5),
    "answer in < 1 s": lambda it: it.is_answered_within(1),
    "answer in < 10 s": lambda it: it.is_answered_within(10),
    "a 10-row query sent at the same time answers in < 1 s": lambda it: min(it.beside_s) < 1,
    "readers never blocked": lambda it: min(it.beside_s) < 1,
    "no process on the machine is OOM-killed": lambda it: it.before.killed == it.after.killed,
    "memory +0": lambda it: _grew_mb(it) < 20,
    "memory of the main process unchanged (+-20 MB)": lambda it: _grew_mb(it) < MEMORY_MB,
    "counted while reading; no unbounded memory or disk": lambda it: (
        _grew_mb(it) * (1 << 20) < MOST_BYTES
    ),
    "stops at the cap": lambda it: _grew_mb(it) < 20,
    "refused from Content-Length, before reading": _is_refused_unread,
    "complete JSON document, or the connection is cut without the last chunk": _is_whole_or_cut,
    "if cut at the byte cap or deadline after the status line, the chunked body has no terminating chunk, "
    "so the client sees an error": _is_whole_or_cut,
    "next update succeeds within 5 s": lambda it: (
        it.target.update("INSERT DATA { <http://x/next> <http://x/p> 1 }").seconds < 5
    ),
    "graph exists and is empty": lambda it: (_graph(it).status, _graph(it).body) == (200, b""),
    "IRIs resolved against the graph IRI": lambda it: (
        _graph(it).body == f"<{GRAPH}> <http://example.org/g/p> <http://example.org/x> .\n".encode()
    ),
    # What was refused has made no graph, so that there may be none.
    "reading the graph back does not recurse": lambda it: all(
        _graph(it, each).status in ({200} if it.reply.status < 300 else {200, 404})
        for each in ("text/turtle", "application/ld+json")
    ),
    "pinned behaviour, never a 500": lambda it: it.reply.status < 500,
    "accepted or reported as a literal problem, never a 500": lambda it: it.reply.status < 500,
    "file not opened": lambda it: "/etc/passwd" not in it.target.opened,
    "no file outside the data directory is created or read": lambda it: (
        not [each for each in it.target.opened if "evil" in each]
    ),
    "worker killed": lambda _: not [each for each in children() if "shacl" in each],
    "page works for others": lambda it: it.target.get("/").status == 200,
    "no JavaScript engine installed": lambda _: (
        find_spec("pyduktape2") is None and find_spec("pyduktape") is None
    ),
    "names the shape and the pattern": lambda it: (
        "pattern" in it.reply.problem["detail"] and "http://x/" in it.reply.problem["detail"]
    ),
    "report capped, says how many were left out": lambda it: (
        it.json["leftOut"] >= 0 and len(it.json["findings"]) <= 1000
    ),
    "the protocol answer is exactly the SPARQL CSV form": lambda it: (
        it.reply.body == b'x\r\n"=HYPERLINK(""http://evil/"")"\r\n'
    ),
    "links built from the configured base IRI, never from Host": lambda it: (
        b"evil.example" not in it.reply.body
    ),
    "only http(s), urn, tag": _are_other_schemes_refused,
    "rules are not executed for uploads": lambda it: it.reply.status == 422,
    "different ETag per format": _have_formats_tags_of_their_own,
    "connection closed after the answer; no second request is read from the body": _has_one_answer,
}
"""By the words of ``must``: whether it holds."""

FORBIDDEN: Mapping[str, Callable[[Played], bool]] = {
    "a partial 200": lambda it: it.reply.status == 200 and not it.reply.is_whole,
    "Retry-After (the same query will fail again)": lambda it: "retry-after" in it.reply.headers,
    "Access-Control-Allow-Credentials": lambda it: (
        "access-control-allow-credentials" in it.reply.headers
    ),
    "Access-Control-Allow-Headers contains authorization": lambda it: (
        "authorization" in it.reply.headers.get("access-control-allow-headers", "").lower()
    ),
    "Access-Control-Allow-Methods contains PUT": lambda it: (
        "PUT" in it.reply.headers.get("access-control-allow-methods", "")
    ),
    "X-Evil header": lambda it: "x-evil" in it.reply.headers,
}
"""By the words of ``must_not``: whether it happened. Other words are text that may not stand in the answer."""


def happened(words: str, played: Played) -> bool:
    """Whether what must not happen did."""
    if words in FORBIDDEN:
        return FORBIDDEN[words](played)
    return words in played.reply.body.decode("utf-8", "replace")


def time_small(target: Target) -> float:
    """How long ten rows take."""
    started = time.monotonic()
    rows = target.select("SELECT * { ?s ?p ?o } LIMIT 10")
    assert len(rows) == 10
    return time.monotonic() - started
