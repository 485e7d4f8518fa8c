"""SPARQL 1.1 Protocol: what a request asks. Nothing here runs a query."""

from dataclasses import dataclass

from flask import Request

from conflictkg.config import Settings
from conflictkg.iris import is_absolute
from conflictkg.web import kinds
from conflictkg.web.limits import Allowance, read_allowance
from conflictkg.web.parameters import find_format_name, find_value, read_parameters
from conflictkg.web.problems import RequestError

FORM = "application/x-www-form-urlencoded"
QUERY = "application/sparql-query"
UPDATE = "application/sparql-update"

_ACCEPTED = {"Accept-Post": f"{QUERY}, {UPDATE}, {FORM}"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A query or an update as it was sent.

    Args:
        query: Its text; none where there was no ``query``.
        update: The text of an update; none where there was none.
        default_graphs: Values of ``default-graph-uri``; of an update those of ``using-graph-uri``.
        named_graphs: Values of ``named-graph-uri``, or of ``using-named-graph-uri``.
        format_name: Value of ``format``; empty where there was none.
        allowance: How long it may run and how much it may answer; none where there was no request.
    """

    query: str | None
    update: str | None = None
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format_name: str = ""
    allowance: Allowance | None = None


def read_request(request: Request, settings: Settings) -> Asked:
    """Read what a request asks.

    Args:
        request: GET, HEAD or POST.
        settings: The limits.

    Raises:
        RequestError: It is no SPARQL Protocol query request; says what is missing or wrong.
    """
    in_address = read_parameters(request.query_string)
    if request.method != "POST":
        if any(name == "update" for name, _ in in_address):
            raise RequestError(
                kinds.METHOD_NOT_ALLOWED,
                "an update is sent by POST, never in an address: addresses are fetched ahead, logged and linked.",
                {"Allow": "POST"},
            )
        return _read(in_address, settings)
    media_type = _require_media_type(request)
    # Percent-encoding makes three bytes of one.
    factor = 3 if media_type == FORM else 1
    body = _read_body(request, settings.max_query_bytes, factor)
    if media_type == FORM:
        return _read([*in_address, *read_parameters(body)], settings)
    if any(name in {"query", "update"} for name, _ in in_address):
        raise RequestError(
            kinds.AMBIGUOUS,
            "there is a query in the body and another operation in the address. Send one of them.",
        )
    _require_length(body, settings.max_query_bytes)
    name = "update" if media_type == UPDATE else "query"
    return _read([*in_address, (name, _decode(body))], settings)


def _require_media_type(request: Request) -> str:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        raise RequestError(
            kinds.UNSUPPORTED_ENCODING,
            f'the body has Content-Encoding "{encoding}". Send it as it is.',
            {"Accept-Encoding": "identity"},
        )
    media_type = request.mimetype
    if media_type not in {FORM, QUERY, UPDATE}:
        said = f'"{media_type}"' if media_type else "not given"
        raise RequestError(
            kinds.UNSUPPORTED_MEDIA_TYPE,
            f"the body's Content-Type is {said}. Send {QUERY}, {UPDATE} or {FORM}.",
            _ACCEPTED,
        )
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise RequestError(
            kinds.UNSUPPORTED_MEDIA_TYPE,
            f'the body\'s charset is "{charset}". Send UTF-8.',
            _ACCEPTED,
        )
    return media_type


def _read_body(request: Request, max_query_bytes: int, factor: int) -> bytes:
    limit = max_query_bytes * factor + 16_384
    if (request.content_length or 0) > limit:
        raise _too_large(max_query_bytes)
    # One byte more than allowed tells a chunked body that is too long.
    body = request.stream.read(limit + 1)
    if len(body) > limit:
        raise _too_large(max_query_bytes)
    if request.content_length is not None and len(body) < request.content_length:
        raise RequestError(
            kinds.BAD_REQUEST,
            f"the body ends after {len(body)} of {request.content_length} bytes.",
        )
    return body


def decode_body(request: Request, settings: Settings) -> str:
    """The body of a request as text: one update or query.

    Raises:
        RequestError: It is too long, or not UTF-8.
    """
    body = _read_body(request, settings.max_query_bytes, 1)
    _require_length(body, settings.max_query_bytes)
    return _decode(body)


def _read(parameters: list[tuple[str, str]], settings: Settings) -> Asked:
    queries = [value for name, value in parameters if name == "query"]
    updates = [value for name, value in parameters if name == "update"]
    if queries and updates:
        raise RequestError(
            kinds.AMBIGUOUS,
            f"there are {len(queries)} query and {len(updates)} update parameters. Send one query.",
        )
    query, update = find_value(parameters, "query"), find_value(parameters, "update")
    if update is not None:
        _require_length(update.encode("utf-8", "surrogatepass"), settings.max_query_bytes)
        return Asked(
            None,
            update,
            _read_graphs(parameters, "using-graph-uri"),
            _read_graphs(parameters, "using-named-graph-uri"),
        )
    if query is not None:
        _require_length(query.encode("utf-8", "surrogatepass"), settings.max_query_bytes)
    return Asked(
        query,
        None,
        _read_graphs(parameters, "default-graph-uri"),
        _read_graphs(parameters, "named-graph-uri"),
        find_format_name(parameters),
        read_allowance(parameters, settings),
    )


def _read_graphs(parameters: list[tuple[str, str]], name: str) -> tuple[str, ...]:
    values = tuple(value for each, value in parameters if each == name and value)
    for value in values:
        require_iri(name, value, kinds.BAD_PARAMETER)
    return values


def require_iri(name: str, value: str, kind: kinds.Kind) -> str:
    """An absolute IRI that a parameter gives.

    Raises:
        RequestError: It is none; of the kind that is given.
    """
    if not is_absolute(value):
        raise RequestError(
            kind,
            f'{name} is "{value[:200]}", which is no absolute IRI. '
            "Give the graph's whole IRI, percent-encoded once.",
        )
    return value


def _require_length(query: bytes, max_query_bytes: int) -> None:
    if len(query) > max_query_bytes:
        raise _too_large(max_query_bytes)


def _decode(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise RequestError(
            kinds.BAD_ENCODING,
            f"byte {error.start} (0x{body[error.start]:02x}, line {line}) is not UTF-8. "
            "Send the query as UTF-8.",
        ) from error


def _too_large(limit: int) -> RequestError:
    return RequestError(
        kinds.TOO_LARGE,
        f"the query has more than {limit:,} bytes, the most that is taken here.",
        fields={"maxBytes": limit},
    )
