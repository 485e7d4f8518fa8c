"""An endpoint as something that answers like a store: rows come as Arrow while they are computed."""

import io
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

import httpx
import pyoxigraph

from conflictkg.answers import (
    Answer,
    Blank,
    Boolean,
    Iri,
    Literal,
    Solutions,
    Stream,
    Term,
    Triple,
    Triples,
)
from conflictkg.client.arrow import iter_batches, open_rows
from conflictkg.client.problems import rebuild_error
from conflictkg.client.reading import BodyReader
from conflictkg.engine.syntax import parse_query
from conflictkg.engine.syntax.unparse import unparse
from conflictkg.errors import IncompleteAnswerError, QueryError, QuerySyntaxError, RemoteError
from conflictkg.federation.answers import ReadingError, read_rows
from conflictkg.store.bindings import bind

ARROW = "application/vnd.apache.arrow.stream"
JSON = "application/sparql-results+json"
NTRIPLES = "application/n-triples"
_ACCEPT = f"{ARROW}, {JSON};q=0.9, {NTRIPLES};q=0.9"

_CONNECT_S = 10.0
_SILENCE_S = 300.0
"""How long an endpoint may send nothing, where the query has no time of its own."""
_GRACE_S = 15.0
_MOST_PROBLEM = 1 << 20
_MOST_JSON_ROWS = 10_000_000


class Remote:
    """An endpoint.

    Args:
        endpoint: Its address.
        token: Sent along, if there is one.
    """

    def __init__(self, endpoint: str, *, token: str = "") -> None:
        self.endpoint = endpoint
        self._last = threading.local()
        headers = {"Accept": _ACCEPT, "User-Agent": "conflictkg"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        # A redirect would send query and token somewhere else; the address that is given is the one that is asked.
        self._client = httpx.Client(headers=headers, follow_redirects=False)

    @property
    def release(self) -> str:
        """Of this thread's last answer; empty before the first."""
        found: str = getattr(self._last, "release", "")
        return found

    def query(
        self,
        text: str,
        *,
        deadline_s: float | None = None,
        max_rows: int | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        bindings: Mapping[str, Term] | None = None,
    ) -> Answer:
        """Ask in SPARQL, as a store is asked.

        Raises:
            RemoteError: The endpoint refuses the request, cannot be reached, or answers with something else.
            ConflictKGError: What the endpoint says is wrong.
        """
        data: dict[str, str | list[str]] = {"query": _put_in(text, bindings or {})}
        if deadline_s is not None:
            data["timeout"] = f"{deadline_s:g}"
        if max_rows is not None:
            data["limit"] = str(max_rows)
        if default_graphs:
            data["default-graph-uri"] = list(default_graphs)
        if named_graphs:
            data["named-graph-uri"] = list(named_graphs)
        silence_s = _SILENCE_S if deadline_s is None else deadline_s + _GRACE_S
        request = self._client.build_request(
            "POST", self.endpoint, data=data, timeout=httpx.Timeout(silence_s, connect=_CONNECT_S)
        )
        try:
            response = self._client.send(request, stream=True)
        except httpx.HTTPError as error:
            raise RemoteError(
                self.endpoint, f"it cannot be reached: {_words_of(error)}."
            ) from error
        try:
            self._require_success(response)
            return self._read(response)
        except BaseException:
            response.close()
            raise

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def _require_success(self, response: httpx.Response) -> None:
        if response.status_code != 200:
            raise self._error_of(response)
        self._last.release = response.headers.get("Conflictkg-Release", "")

    def _error_of(self, response: httpx.Response) -> Exception:
        body = bytearray()
        with suppress(httpx.HTTPError):
            for piece in response.iter_bytes():
                body += piece
                if len(body) > _MOST_PROBLEM:
                    break
        if response.has_redirect_location:
            place = response.headers["Location"][:200]
            problem = f"it leads to {place}. Connect to that address if you trust it."
            return RemoteError(self.endpoint, problem, response.status_code)
        waiting = response.headers.get("Retry-After", "")
        retry_after_s = float(waiting) if waiting.isdecimal() and len(waiting) < 7 else None
        return rebuild_error(self.endpoint, response.status_code, bytes(body), retry_after_s)

    def _read(self, response: httpx.Response) -> Answer:
        """The answer that a good response holds; for graphs and rows still to be read."""
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        said = response.headers.get("Conflictkg-Complete", "")
        if media_type == ARROW:
            reader = BodyReader(response)
            rows = open_rows(reader)
            names = tuple(rows.schema.names[::2])
            return Solutions(names, batches=Stream(iter_batches(rows, reader), response.close))
        if media_type == NTRIPLES:
            is_cut = said.startswith("false")
            triples = _iter_triples(BodyReader(response), is_cut=is_cut)
            return Triples(Stream(triples, response.close))
        if media_type in {JSON, "application/json"}:
            return self._read_json(response, is_cut=said.startswith("false"))
        raise RemoteError(
            self.endpoint,
            f"it answered with {media_type[:100] or 'something of no media type'}, which is no answer to a query. "
            "Is it the address of a SPARQL endpoint?",
            response.status_code,
        )

    def _read_json(self, response: httpx.Response, *, is_cut: bool) -> Answer:
        """An answer in JSON: of ASK, or of an endpoint that has no Arrow."""
        try:
            body = response.read()
            document = json.loads(body)
            answer = document.get("boolean")
            if isinstance(answer, bool):
                return Boolean(answer)
            names = tuple(map(str, document["head"]["vars"]))
            rows = read_rows(body, names, _MOST_JSON_ROWS, "b")
        except httpx.HTTPError as error:
            raise IncompleteAnswerError(0, _words_of(error)) from error
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
            ReadingError,
        ) as error:
            raise RemoteError(self.endpoint, f"its answer cannot be read: {error}.") from error
        finally:
            response.close()

        def iterate() -> Iterator[tuple[Term | None, ...]]:
            yield from rows
            return not is_cut  # type: ignore[return-value]  # a generator's return value: Stream reads it

        return Solutions(names, Stream(iterate()))


def _put_in(text: str, bindings: Mapping[str, Term]) -> str:
    """A query with values in the place of variables: as terms in its parsed form, never in its text."""
    if not bindings:
        return text
    written = unparse(bind(parse_query(text), bindings))
    try:
        parse_query(written)
    except QuerySyntaxError as error:
        raise QueryError(
            "the query groups by a variable for which a value is given, which cannot be sent over HTTP. Put the "
            "value into the query with VALUES."
        ) from error
    return written


def _iter_triples(reader: BodyReader, *, is_cut: bool) -> Iterator[Triple]:
    try:
        for each in pyoxigraph.parse(io.BufferedReader(reader), pyoxigraph.RdfFormat.N_TRIPLES):
            predicate = each.predicate.value
            yield Triple(_to_term(each.subject), Iri(predicate), _to_term(each.object))
    except (SyntaxError, OSError, httpx.HTTPError) as error:
        raise IncompleteAnswerError(0, _words_of(reader.error or error)) from error
    return not is_cut  # type: ignore[return-value]  # a generator's return value: Stream reads it


def _to_term(node: object) -> Term:
    match node:
        case pyoxigraph.NamedNode():
            return Iri(node.value)
        case pyoxigraph.BlankNode():
            return Blank(node.value)
        case pyoxigraph.Literal():
            return Literal(node.value, node.datatype.value, node.language or "")
        case pyoxigraph.Triple():
            return Triple(_to_term(node.subject), Iri(node.predicate.value), _to_term(node.object))
        case _:
            raise TypeError(f"no term of RDF: {node!r}")


def _words_of(error: BaseException) -> str:
    return str(error).rstrip(".") or type(error).__name__
