"""What went wrong, over HTTP: one table from exceptions to problem types, one body for all of them.

The body is RFC 9457's ``application/problem+json``; a browser gets the same content as a page.
Exceptions know nothing of HTTP. Where a request itself is at fault, the web layer raises
:class:`RequestError` with one of the kinds below.
"""

import json
import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Flask, Request, Response, g, has_request_context, render_template, request
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable

from conflictkg import errors
from conflictkg.errors import ConflictKGError
from conflictkg.web.negotiate import Offer, negotiate

_log = logging.getLogger(__name__)

_OFFERS = (
    Offer("json", "application/problem+json", aliases=("application/json",)),
    Offer("html", "text/html", aliases=("application/xhtml+xml",)),
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A problem type.

    Args:
        slug: Its name; the type's address is ``/problems/<slug>``.
        status: HTTP status.
        title: What is wrong, the same for every occurrence.
        advice: What to do about it, for the type's page.
    """

    slug: str
    status: int
    title: str
    advice: str


SYNTAX = Kind(
    "sparql-syntax",
    400,
    "The query cannot be read",
    "Correct the query at the line and column given.",
)
MISSING_QUERY = Kind(
    "missing-query",
    400,
    "There is no query",
    "Send the query as the parameter query=, or as the body of a POST of type "
    "application/sparql-query.",
)
DUPLICATE_PARAMETER = Kind(
    "duplicate-parameter",
    400,
    "A parameter is given twice",
    "Give the parameter named in the detail once, in the address or in the form.",
)
TIMEOUT_TOO_LARGE = Kind(
    "timeout-too-large",
    400,
    "More time is asked for than queries get here",
    "Ask for at most the seconds in maxTimeoutSeconds, or leave timeout= out.",
)
LIMIT_TOO_LARGE = Kind(
    "limit-too-large",
    400,
    "More rows are asked for than answers have here",
    "Ask for at most the rows in maxRows, or leave limit= out.",
)
AMBIGUOUS = Kind(
    "ambiguous-operation",
    400,
    "More than one operation in a request",
    "Send exactly one query= (and no update=) in a request.",
)
BAD_PARAMETER = Kind(
    "bad-parameter",
    400,
    "A parameter has a value that cannot be used",
    "Correct the parameter named in the detail.",
)
TOO_MANY_PARAMETERS = Kind(
    "too-many-parameters",
    400,
    "Too many parameters",
    "Send the query as the body of a POST of type application/sparql-query.",
)
BAD_REQUEST = Kind(
    "bad-request", 400, "The request cannot be read", "Correct the request as the detail says."
)
BAD_ENCODING = Kind(
    "bad-encoding",
    400,
    "The text is not UTF-8",
    "Encode the query as UTF-8; percent-encode it in an address.",
)
NOT_PERMITTED = Kind(
    "not-permitted",
    403,
    "The query asks for what this endpoint never does",
    "Leave out the construct named in the detail, or run the query on a store of your own.",
)
FEDERATION_DISABLED = Kind(
    "federation-disabled",
    403,
    "This endpoint sends no queries to other servers",
    "Leave out SERVICE. Ask the other endpoint yourself and put its answer in with VALUES.",
)
FEDERATION_REFUSED = Kind(
    "federation-refused",
    403,
    "The query asks another endpoint in a way that this server does not",
    "Name one of the endpoints that the description of the service lists, exactly as it stands there; see the detail.",
)
FEDERATION_FAILED = Kind(
    "federation-failed",
    502,
    "An endpoint that the query asks did not answer as it should",
    "Try the part within SERVICE there yourself, or write SERVICE SILENT to do without it.",
)
FEDERATION_TIMEOUT = Kind(
    "federation-timeout",
    504,
    "An endpoint that the query asks did not answer in time",
    "Ask for less within SERVICE, or write SERVICE SILENT to do without it.",
)
FEDERATION_TOO_MUCH = Kind(
    "federation-too-much",
    422,
    "An endpoint that the query asks answered with more than is taken",
    "Ask for less within SERVICE: bind more of its variables before it, or filter within it.",
)
FEDERATION_BUSY = Kind(
    "federation-busy",
    503,
    "Too many queries ask the same endpoint",
    "Ask again in a few seconds.",
)
LOAD_DISABLED = Kind(
    "load-disabled",
    403,
    "This endpoint loads nothing from elsewhere",
    "Leave out LOAD. Build a store of your own with what you want to load.",
)
UPDATES_DISABLED = Kind(
    "updates-disabled",
    403,
    "This endpoint is read-only",
    "Change the files under data/ and build again.",
)
UNKNOWN_GRAPH = Kind(
    "unknown-graph",
    400,
    "The query reads from a graph that is not here",
    "Name one of the graphs that the detail lists, or leave FROM and default-graph-uri out to read "
    "all of them.",
)
NOT_FOUND = Kind(
    "not-found",
    404,
    "There is nothing at this address",
    "Check the address, or start at the home page.",
)
RANGE_NOT_SATISFIABLE = Kind(
    "range-not-satisfiable",
    416,
    "The file has no such part",
    "Ask for a part within the file; Content-Range says how long it is.",
)
METHOD_NOT_ALLOWED = Kind(
    "method-not-allowed",
    405,
    "This address does not answer to that method",
    "Use one of the methods that the Allow header lists.",
)
NOT_ACCEPTABLE = Kind(
    "not-acceptable",
    406,
    "None of the media types asked for can be written",
    "Ask for one of the media types listed under offered, or leave Accept out.",
)
TOO_LARGE = Kind(
    "query-too-large",
    413,
    "The request's body is too large",
    "Shorten the query; put long lists of values into several queries.",
)
ADDRESS_TOO_LONG = Kind(
    "address-too-long", 414, "The address is too long", "Send the query by POST."
)
HEADERS_TOO_LARGE = Kind(
    "headers-too-large",
    431,
    "The request's headers are too large",
    "Send fewer or shorter headers.",
)
UNSUPPORTED_MEDIA_TYPE = Kind(
    "unsupported-media-type",
    415,
    "The body is of a media type that is not read here",
    "Send application/sparql-query, or a form as application/x-www-form-urlencoded.",
)
UNSUPPORTED_ENCODING = Kind(
    "unsupported-encoding",
    415,
    "The body is compressed",
    "Send the body without Content-Encoding.",
)
TOO_COMPLEX = Kind(
    "query-too-complex",
    422,
    "The query is too complex",
    "The field limit says of what there is too much, max how much may be. Split the query; put long "
    "lists of values into VALUES or IN.",
)
TOO_MANY_QUERIES = Kind(
    "too-many-queries",
    429,
    "You ask too much at once",
    "Wait as many seconds as Retry-After says. What a client may ask for is in the description of "
    "the service; for more, take the dumps and run a server of your own.",
)
INVALID_DATA = Kind(
    "invalid-data", 422, "The data does not meet the rules", "Correct what the detail lists."
)
INTERNAL = Kind(
    "internal-error",
    500,
    "Something here is broken",
    "This is our fault, not yours. Report it with the incident number in the field instance.",
)
MISCONFIGURED = Kind(
    "misconfigured",
    500,
    "The server's settings are wrong",
    "Whoever runs the server must mend them.",
)
QUERY_FAILED = Kind(
    "query-failed",
    503,
    "The query could not be answered",
    "Ask for less at once: fewer patterns without shared variables, a LIMIT, shorter paths.",
)
QUERY_TIMEOUT = Kind(
    "query-timeout",
    503,
    "The query was stopped at its deadline",
    "Ask for less (a LIMIT, fewer joins), or run the query on a store of your own, "
    "where the deadline is yours to set.",
)
QUERY_MEMORY = Kind(
    "query-memory",
    503,
    "The query needs more memory than it may have",
    "Ask for less: a LIMIT, fewer joins, less to sort or to group. Asked again as it is, it will fail again.",
)
QUERY_CANCELLED = Kind(
    "query-cancelled",
    503,
    "The query was cancelled",
    "The operator of this server stopped it. Ask for less before you ask again.",
)
STORE_UNAVAILABLE = Kind(
    "store-unavailable", 503, "The store cannot be read", "Try again later; see /health."
)
OVERLOADED = Kind(
    "overloaded", 503, "Too many queries at once", "Try again after the time in Retry-After."
)

PRECONDITION_FAILED = Kind(
    "precondition-failed",
    412,
    "The data has changed since you read it",
    "Read it again, and make your change to what it is now.",
)
CONFLICT = Kind(
    "conflict",
    409,
    "The change cannot be made to the data as it is",
    "See the detail for what stands in the way.",
)

AUTHENTICATION = Kind(
    "authentication-required",
    401,
    "Changing something needs a token",
    "Send the header Authorization: Bearer <token>. Whoever runs the server makes one with "
    "conflictkg token create.",
)
INSUFFICIENT_SCOPE = Kind(
    "insufficient-scope",
    403,
    "The token is not for this",
    "Use a token whose scope covers what you want to do, or ask whoever runs the server for one.",
)
CROSS_SITE = Kind(
    "cross-site-refused",
    403,
    "A page of another site cannot change anything here",
    "Send the request from a program, with a token in the header Authorization.",
)
UPDATE_TIMEOUT = Kind(
    "update-timeout",
    503,
    "The update was stopped at its deadline and changed nothing",
    "Change less at once.",
)
UPDATE_MEMORY = Kind(
    "update-memory",
    503,
    "The update needed more memory than there is for one and changed nothing",
    "Change less at once.",
)
DISK_FULL = Kind(
    "disk-full",
    507,
    "The server has no room for changes",
    "Try again later; whoever runs the server must make room.",
)
INVALID_CHANGE = Kind(
    "invalid-change",
    422,
    "The data would break the shapes",
    "Mend what the findings say and send the change again. Nothing was changed.",
)
MISSING_GRAPH = Kind(
    "missing-graph",
    400,
    "The request names no graph",
    "Add ?graph=<IRI, percent-encoded>, or ?default.",
)
AMBIGUOUS_GRAPH = Kind(
    "ambiguous-graph",
    400,
    "The request names more than one graph",
    "Name one: either ?graph=<IRI> or ?default.",
)
BAD_GRAPH_IRI = Kind(
    "bad-graph-iri",
    400,
    "That is no name for a graph",
    "Give an absolute IRI with the scheme http, https, urn or tag, percent-encoded once.",
)
NO_SUCH_GRAPH = Kind(
    "no-such-graph",
    404,
    "There is no such graph",
    "The service description of /sparql lists the graphs that there are.",
)
GRAPH_EXISTS = Kind(
    "graph-exists",
    409,
    "There is such a graph already",
    "Write SILENT if that is no error for you, or choose another name.",
)
BODY_TOO_LARGE = Kind(
    "body-too-large",
    413,
    "The request's body is too large",
    "Send less at once, or put the file under data/ and build again.",
)
INCOMPLETE_ANSWER = Kind(
    "incomplete-answer",
    422,
    "The answer is too long to be cited",
    "Only what is whole can be cited: ask for less.",
)
NOT_CITABLE = Kind(
    "not-citable",
    422,
    "The answer is another each time",
    "Write the time, the number or what the other endpoint answers into the query itself.",
)
UNPACKED_TOO_LARGE = Kind(
    "decompressed-too-large",
    413,
    "The data are too large when they are unpacked",
    "Send less at once.",
)
VALIDATION_TIMEOUT = Kind(
    "validation-timeout",
    503,
    "The validation was stopped at its deadline",
    "Send less, simplify the shapes, or validate on your own machine.",
)
SHAPES_REFUSED = Kind(
    "shapes-refused",
    422,
    "The shapes hold programs",
    "Leave out queries, scripts and rules, or validate on your own machine.",
)
SHAPES_TOO_DEEP = Kind(
    "shapes-too-deep", 422, "The shapes nest too deep", "Nest them at most 15 deep."
)
BAD_SHAPES = Kind(
    "bad-shapes", 422, "The shapes cannot be applied", "Correct the shape that the detail names."
)
UNSUPPORTED_CHARSET = Kind(
    "unsupported-charset", 415, "The body is not in UTF-8", "Send UTF-8, or name no charset."
)
XML_ENTITIES = Kind(
    "xml-entities-refused",
    422,
    "XML with a document type is not read",
    "Take the DOCTYPE out, and write entities as what they stand for.",
)
NOT_REPRESENTABLE = Kind(
    "not-representable",
    406,
    "The answer holds what this format cannot write",
    "Ask for one of the formats that the detail names.",
)
REMOTE_CONTEXT = Kind(
    "remote-context-refused",
    422,
    "JSON-LD with a context elsewhere is not read",
    "Put the context's own content into the document: nothing is fetched.",
)
RDF_TOO_DEEP = Kind("rdf-too-deep", 422, "The data are nested too deep", "Nest them less deep.")
LITERAL_TOO_LONG = Kind(
    "literal-too-long", 422, "A literal is too long", "Keep long texts elsewhere and link to them."
)
CONTROL_CHARACTER = Kind(
    "control-character",
    422,
    "A literal holds a character that XML cannot write",
    "Take the character out.",
)
NAMED_GRAPHS = Kind(
    "named-graphs-refused",
    422,
    "The data name graphs of their own",
    "Send each graph by itself to its own name.",
)
RDF_1_2 = Kind(
    "rdf-1-2-refused",
    422,
    "The data hold what only RDF 1.2 has",
    "Write statements about statements as things with their own IRI, and leave directions of text out.",
)
CHANGE_TOO_LARGE = Kind(
    "change-too-large",
    413,
    "The change touches more than can be validated at once",
    "Send it in parts, or put it under data/ and build again.",
)
REFUSED_DATA = Kind(
    "data-refused", 422, "The data are not read", "See the detail for what is in the way."
)
NO_ACCESS_FILE = Kind(
    "access-unavailable",
    503,
    "Tokens cannot be checked",
    "Whoever runs the server must mend its file of tokens.",
)

BY_ERROR: Mapping[type[ConflictKGError], Kind] = {
    errors.ConflictKGError: INTERNAL,
    errors.SourceError: INVALID_DATA,
    errors.MissingFieldError: INVALID_DATA,
    errors.UnexpectedFieldError: INVALID_DATA,
    errors.UnmappedValueError: INVALID_DATA,
    errors.InvalidValueError: INVALID_DATA,
    errors.RdfSyntaxError: Kind(
        "rdf-syntax", 400, "The RDF cannot be read", "Correct it at the line and column given."
    ),
    errors.OntologyError: INVALID_DATA,
    errors.UnknownTermError: INVALID_DATA,
    errors.InconsistentError: INVALID_DATA,
    errors.InvalidGraphError: INVALID_DATA,
    errors.QueryError: QUERY_FAILED,
    errors.UnwritableError: NOT_REPRESENTABLE,
    errors.QuerySyntaxError: SYNTAX,
    errors.QueryTimeoutError: QUERY_TIMEOUT,
    errors.QueryTooComplexError: TOO_COMPLEX,
    errors.QueryMemoryError: QUERY_MEMORY,
    errors.QueryCancelledError: QUERY_CANCELLED,
    errors.IncompleteAnswerError: QUERY_FAILED,
    errors.NotPermittedError: NOT_PERMITTED,
    errors.UnknownGraphError: UNKNOWN_GRAPH,
    errors.EndpointRefusedError: FEDERATION_REFUSED,
    errors.FederationError: FEDERATION_FAILED,
    errors.GraphExistsError: GRAPH_EXISTS,
    errors.MissingGraphError: NO_SUCH_GRAPH,
    errors.AmbiguousDatasetError: AMBIGUOUS,
    errors.StoreError: STORE_UNAVAILABLE,
    errors.StoreMissingError: STORE_UNAVAILABLE,
    errors.StoreBusyError: OVERLOADED,
    errors.StoreChangedError: PRECONDITION_FAILED,
    errors.UndoError: CONFLICT,
    errors.RefusedDataError: REFUSED_DATA,
    errors.ParameterError: BAD_PARAMETER,
    errors.RemoteError: FEDERATION_FAILED,
    errors.AccessError: NO_ACCESS_FILE,
    errors.NotFoundError: NOT_FOUND,
    errors.NotAcceptableError: NOT_ACCEPTABLE,
    errors.ConfigError: MISCONFIGURED,
}
"""Every class of ``errors.py``, each by name: a new one has to be placed here, and a test asks for it."""

_UPDATES = "ADD CLEAR COPY CREATE DELETE DROP INSERT MOVE UPDATE WITH"
_BY_CONSTRUCT = {
    "SERVICE": FEDERATION_DISABLED,
    "LOAD": LOAD_DISABLED,
    **dict.fromkeys(_UPDATES.split(), UPDATES_DISABLED),
}
_BY_REFUSAL = {
    "xml-entities": XML_ENTITIES,
    "remote-context": REMOTE_CONTEXT,
    "nesting": RDF_TOO_DEEP,
    "literal-too-long": LITERAL_TOO_LONG,
    "control-character": CONTROL_CHARACTER,
    "named-graphs": NAMED_GRAPHS,
    "rdf-1-2": RDF_1_2,
    "too-large": BODY_TOO_LARGE,
    "change-too-large": CHANGE_TOO_LARGE,
    "encoding": BAD_ENCODING,
    "shapes-refused": SHAPES_REFUSED,
    "shapes-too-deep": SHAPES_TOO_DEEP,
    "bad-shapes": BAD_SHAPES,
}
_BY_FEDERATION = {
    "timeout": FEDERATION_TIMEOUT,
    "refused": FEDERATION_REFUSED,
    "too-much": FEDERATION_TOO_MUCH,
    "busy": FEDERATION_BUSY,
}
_LINE = re.compile(r"(?P<construct>.+) \(line (?P<line>[0-9]+)\)", re.DOTALL)

_BY_STATUS = {
    400: BAD_REQUEST,
    404: NOT_FOUND,
    405: METHOD_NOT_ALLOWED,
    406: NOT_ACCEPTABLE,
    413: TOO_LARGE,
    414: ADDRESS_TOO_LONG,
    415: UNSUPPORTED_MEDIA_TYPE,
    416: RANGE_NOT_SATISFIABLE,
}

KINDS: Mapping[str, Kind] = {
    kind.slug: kind
    for kind in (
        *BY_ERROR.values(),
        *(each for each in tuple(globals().values()) if isinstance(each, Kind)),
    )
}
"""Every problem type that this server answers with, by slug."""


class RequestError(ConflictKGError):
    """A request cannot be answered as it stands.

    Args:
        kind: The problem type.
        detail: What is wrong with this request, what would be right and what to do.
        headers: Headers that the answer must carry: ``Allow``, ``Accept-Post``.
        fields: Further members of the body, for programs.
    """

    def __init__(
        self,
        kind: Kind,
        detail: str,
        headers: Mapping[str, str] | None = None,
        fields: Mapping[str, object] | None = None,
    ) -> None:
        self.kind, self.headers = kind, dict(headers or {})
        self.fields = dict(fields or {})
        super().__init__(detail)


class InvalidChangeError(RequestError):
    """A change would break the shapes.

    Args:
        findings: The violations that it would make, as JSON objects.
        report: The same as an ``sh:ValidationReport`` in Turtle.
    """

    def __init__(self, findings: Sequence[Mapping[str, object]], report: str) -> None:
        self.report = report
        first = findings[0] if findings else {}
        more = f" And {len(findings) - 1} more." if len(findings) > 1 else ""
        super().__init__(
            INVALID_CHANGE,
            f"{first.get('focus')}: {first.get('message')}{more} Nothing was changed.",
            fields={"findings": list(findings)},
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One occurrence of a problem, as it is written out.

    Args:
        kind: Its type.
        detail: What is wrong this time.
        fields: Further members of the body: ``line``, ``column``, ``offered``.
        headers: Headers of the answer.
    """

    kind: Kind
    detail: str
    fields: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        """The members of the problem document."""
        return {
            "type": f"/problems/{self.kind.slug}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            **self.fields,
            **({"requestId": g.request_id} if has_request_context() and "request_id" in g else {}),
        }


def describe_error(error: Exception) -> Problem:
    """Tell an exception as a problem; the log and the counters have its name too.

    What nobody foresaw becomes a 500 with an incident number; its traceback goes to the log under
    that number, and nothing of it to the client.
    """
    problem = _describe(error)
    if has_request_context():
        g.problem = problem.kind.slug
    return problem


def _describe(error: Exception) -> Problem:
    if isinstance(error, RequestError):
        return Problem(error.kind, str(error), error.fields, error.headers)
    if isinstance(error, HTTPException):
        return _describe_http(error)
    if not isinstance(error, ConflictKGError):
        return _describe_unforeseen(error)
    kind = _kind_of(error)
    if kind.status == INTERNAL.status:
        return _describe_unforeseen(error, kind)
    headers = {"Retry-After": "5"} if kind in {OVERLOADED, FEDERATION_BUSY} else {}
    return Problem(kind, str(error), _fields_of(error), headers)


def answer_problem(error: Exception) -> Response:
    """Answer the current request with a problem, as JSON or as a page."""
    return write_problem(describe_error(error), request)


def write_problem(problem: Problem, asked_by: Request) -> Response:
    """Write a problem in the form that a request wants; JSON where it wants neither."""
    if prefers_page(asked_by):
        text = render_template("problem.html", problem=problem)
        media_type = "text/html; charset=utf-8"
    else:
        text = json.dumps(problem.body(), ensure_ascii=False, indent=1) + "\n"
        media_type = "application/problem+json"
    # A query may hold a lone surrogate from a decoded address; it must not break the answer to it.
    body = text.encode("utf-8", "backslashreplace")
    response = Response(body, problem.kind.status, content_type=media_type)
    response.headers.extend(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    response.vary.add("Accept")
    return response


def prefers_page(asked_by: Request) -> bool:
    """Whether a client reads pages rather than JSON; one that wants neither gets JSON."""
    try:
        return negotiate(asked_by.headers.get("Accept"), _OFFERS).name == "html"
    except errors.NotAcceptableError:
        return False


def register(app: Flask) -> None:
    """Make an app answer every error with a problem, and list the types at ``/problems``."""
    app.register_error_handler(Exception, answer_problem)
    app.add_url_rule("/problems", "problems", _list_kinds)


def _list_kinds() -> Response:
    kinds = sorted(KINDS.values(), key=lambda each: (each.status, each.slug))
    if prefers_page(request):
        response = Response(render_template("problem_kinds.html", kinds=kinds))
    else:
        listed = [
            {
                "type": f"/problems/{each.slug}",
                "status": each.status,
                "title": each.title,
                "advice": each.advice,
            }
            for each in kinds
        ]
        response = Response(json.dumps(listed, indent=1) + "\n", content_type="application/json")
    response.vary.add("Accept")
    return response


def _kind_of(error: ConflictKGError) -> Kind:
    if isinstance(error, errors.QueryTooComplexError) and error.limit == "bytes":
        return TOO_LARGE
    if isinstance(error, errors.RefusedDataError):
        return _BY_REFUSAL.get(error.kind, REFUSED_DATA)
    if isinstance(error, errors.FederationError):
        return _BY_FEDERATION.get(error.reason, FEDERATION_FAILED)
    if type(error) is errors.NotPermittedError:
        return _BY_CONSTRUCT.get(error.construct.split()[0].upper(), NOT_PERMITTED)
    return next(BY_ERROR[each] for each in type(error).__mro__ if each in BY_ERROR)


def _fields_of(error: ConflictKGError) -> dict[str, object]:
    """What a program can use of an error beside its message."""
    match error:
        case errors.QuerySyntaxError():
            return _fields_of_syntax(error)
        case errors.RdfSyntaxError(line=int(line), column=int(column)) if line:
            return {"line": line, "column": column}
        case errors.QueryTimeoutError():
            return {"timeoutSeconds": error.deadline_s}
        case errors.UnknownGraphError():
            place = {"line": error.line, "column": error.column} if error.line else {}
            return {**place, "graph": error.iri, **({"hint": error.hint} if error.hint else {})}
        case errors.FederationError():
            where = {"line": error.line} if error.line else {}
            return {"endpoint": error.endpoint, **where}
        case errors.NotPermittedError():
            found = _LINE.fullmatch(error.construct)
            if found is None:
                return {"construct": error.construct}
            return {"construct": found["construct"], "line": int(found["line"])}
        case errors.RefusedDataError(kind="literal-too-long"):
            return {"maxBytes": 1 << 20}
        case errors.RefusedDataError(kind="shapes-too-deep"):
            return {"limit": "nesting", "max": 15}
        case errors.NotAcceptableError():
            return {"offered": list(error.offered)}
        case _:
            return {}


def _fields_of_syntax(error: errors.QuerySyntaxError) -> dict[str, object]:
    """Where it is, what stands there and what to do; what is not known is left out."""
    fields: dict[str, object] = {}
    if error.line:
        fields |= {"line": error.line, "column": error.column}
    if error.offset is not None:
        fields["offsets"] = {"start": error.offset, "end": error.end}
    if error.token:
        fields["token"] = error.token
    if error.hint:
        fields["hint"] = error.hint
    if isinstance(error, errors.QueryTooComplexError):
        fields |= {"limit": error.limit, "max": error.most}
    return fields


def _describe_http(error: HTTPException) -> Problem:
    """A refusal by the framework: an unknown address, a method that is not allowed."""
    kind = _BY_STATUS.get(error.code or 500)
    if kind is None:
        return _describe_unforeseen(error)
    headers = {}
    detail = error.description or kind.title
    if kind is METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        headers = {"Allow": allowed}
        detail = f"{request.method} is not for {request.path}. Allowed: {allowed}."
    if isinstance(error, RequestedRangeNotSatisfiable):
        headers = {"Content-Range": f"bytes */{error.length}"}
    if kind is NOT_FOUND:
        detail = (
            f"nothing stands at {request.path}. Check the address, or start at the home page, /."
        )
    return Problem(kind, detail, headers=headers)


def _describe_unforeseen(error: Exception, kind: Kind = INTERNAL) -> Problem:
    incident = uuid.uuid4()
    _log.error("incident %s at %s %s", incident, request.method, request.path, exc_info=error)
    detail = "The incident is in the server's log under the number in the field instance."
    return Problem(kind, detail, {"instance": f"urn:uuid:{incident}"})
