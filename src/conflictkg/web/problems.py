"""What went wrong, over HTTP: one table from exceptions to problem types, one body for all of them.

The body is RFC 9457's ``application/problem+json``; a browser gets the same content as a page.
Exceptions know nothing of HTTP. Where a request itself is at fault, the web layer raises
:class:`RequestError` with one of the kinds.
"""

import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flask import Flask, Request, Response, g, has_request_context, request
from werkzeug.exceptions import HTTPException, RequestedRangeNotSatisfiable

from conflictkg import errors
from conflictkg.errors import ConflictKGError
from conflictkg.web import kinds
from conflictkg.web.documents import write_json, write_page
from conflictkg.web.kinds import Kind
from conflictkg.web.negotiate import Offer, negotiate

_log = logging.getLogger(__name__)

_OFFERS = (
    Offer("json", "application/problem+json", aliases=("application/json",)),
    Offer("html", "text/html", aliases=("application/xhtml+xml",)),
)


BY_ERROR: Mapping[type[ConflictKGError], Kind] = {
    errors.ConflictKGError: kinds.INTERNAL,
    errors.SourceError: kinds.INVALID_DATA,
    errors.MissingFieldError: kinds.INVALID_DATA,
    errors.UnexpectedFieldError: kinds.INVALID_DATA,
    errors.UnmappedValueError: kinds.INVALID_DATA,
    errors.InvalidValueError: kinds.INVALID_DATA,
    errors.RdfSyntaxError: kinds.RDF_SYNTAX,
    errors.OntologyError: kinds.INVALID_DATA,
    errors.UnknownTermError: kinds.INVALID_DATA,
    errors.InconsistentError: kinds.INVALID_DATA,
    errors.InvalidGraphError: kinds.INVALID_DATA,
    errors.QueryError: kinds.QUERY_FAILED,
    errors.UnwritableError: kinds.NOT_REPRESENTABLE,
    errors.QuerySyntaxError: kinds.SYNTAX,
    errors.QueryTimeoutError: kinds.QUERY_TIMEOUT,
    errors.QueryTooComplexError: kinds.TOO_COMPLEX,
    errors.QueryMemoryError: kinds.QUERY_MEMORY,
    errors.QueryCancelledError: kinds.QUERY_CANCELLED,
    errors.IncompleteAnswerError: kinds.QUERY_FAILED,
    errors.NotPermittedError: kinds.NOT_PERMITTED,
    errors.UnknownGraphError: kinds.UNKNOWN_GRAPH,
    errors.EndpointRefusedError: kinds.FEDERATION_REFUSED,
    errors.FederationError: kinds.FEDERATION_FAILED,
    errors.GraphExistsError: kinds.GRAPH_EXISTS,
    errors.MissingGraphError: kinds.NO_SUCH_GRAPH,
    errors.AmbiguousDatasetError: kinds.AMBIGUOUS,
    errors.StoreError: kinds.STORE_UNAVAILABLE,
    errors.StoreMissingError: kinds.STORE_UNAVAILABLE,
    errors.StoreBusyError: kinds.OVERLOADED,
    errors.StoreChangedError: kinds.PRECONDITION_FAILED,
    errors.UndoError: kinds.CONFLICT,
    errors.RefusedDataError: kinds.REFUSED_DATA,
    errors.ParameterError: kinds.BAD_PARAMETER,
    errors.RemoteError: kinds.FEDERATION_FAILED,
    errors.AccessError: kinds.NO_ACCESS_FILE,
    errors.NotFoundError: kinds.NOT_FOUND,
    errors.NotAcceptableError: kinds.NOT_ACCEPTABLE,
    errors.ConfigError: kinds.MISCONFIGURED,
}
"""Every class of ``errors.py``, each by name: a new one has to be placed here, and a test asks for it."""

_UPDATES = "ADD CLEAR COPY CREATE DELETE DROP INSERT MOVE UPDATE WITH"
_BY_CONSTRUCT = {
    "SERVICE": kinds.FEDERATION_DISABLED,
    "LOAD": kinds.LOAD_DISABLED,
    **dict.fromkeys(_UPDATES.split(), kinds.UPDATES_DISABLED),
}
_BY_REFUSAL = {
    "xml-entities": kinds.XML_ENTITIES,
    "remote-context": kinds.REMOTE_CONTEXT,
    "nesting": kinds.RDF_TOO_DEEP,
    "literal-too-long": kinds.LITERAL_TOO_LONG,
    "control-character": kinds.CONTROL_CHARACTER,
    "named-graphs": kinds.NAMED_GRAPHS,
    "rdf-1-2": kinds.RDF_1_2,
    "too-large": kinds.BODY_TOO_LARGE,
    "change-too-large": kinds.CHANGE_TOO_LARGE,
    "encoding": kinds.BAD_ENCODING,
    "shapes-refused": kinds.SHAPES_REFUSED,
    "shapes-too-deep": kinds.SHAPES_TOO_DEEP,
    "bad-shapes": kinds.BAD_SHAPES,
}
_BY_FEDERATION = {
    "timeout": kinds.FEDERATION_TIMEOUT,
    "refused": kinds.FEDERATION_REFUSED,
    "too-much": kinds.FEDERATION_TOO_MUCH,
    "busy": kinds.FEDERATION_BUSY,
}
_LINE = re.compile(r"(?P<construct>.+) \(line (?P<line>[0-9]+)\)", re.DOTALL)

_BY_STATUS = {
    400: kinds.BAD_REQUEST,
    404: kinds.NOT_FOUND,
    405: kinds.METHOD_NOT_ALLOWED,
    406: kinds.NOT_ACCEPTABLE,
    413: kinds.TOO_LARGE,
    414: kinds.ADDRESS_TOO_LONG,
    415: kinds.UNSUPPORTED_MEDIA_TYPE,
    416: kinds.RANGE_NOT_SATISFIABLE,
}


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
            kinds.INVALID_CHANGE,
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
    if kind.status == kinds.INTERNAL.status:
        return _describe_unforeseen(error, kind)
    headers = {"Retry-After": "5"} if kind in {kinds.OVERLOADED, kinds.FEDERATION_BUSY} else {}
    return Problem(kind, str(error), _fields_of(error), headers)


def answer_problem(error: Exception) -> Response:
    """Answer the current request with a problem, as JSON or as a page."""
    return write_problem(describe_error(error), request)


def write_problem(problem: Problem, asked_by: Request) -> Response:
    """Write a problem in the form that a request wants; JSON where it wants neither."""
    status = problem.kind.status
    if prefers_page(asked_by):
        response = write_page("problem.html", status, problem=problem)
    else:
        response = write_json(problem.body(), status, "application/problem+json")
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
    listed = sorted(kinds.KINDS.values(), key=lambda each: (each.status, each.slug))
    if prefers_page(request):
        response = write_page("problem_kinds.html", kinds=listed)
    else:
        told = [
            {
                "type": f"/problems/{each.slug}",
                "status": each.status,
                "title": each.title,
                "advice": each.advice,
            }
            for each in listed
        ]
        response = write_json(told)
    response.vary.add("Accept")
    return response


def _kind_of(error: ConflictKGError) -> Kind:
    if isinstance(error, errors.QueryTooComplexError) and error.limit == "bytes":
        return kinds.TOO_LARGE
    if isinstance(error, errors.RefusedDataError):
        return _BY_REFUSAL.get(error.kind, kinds.REFUSED_DATA)
    if isinstance(error, errors.FederationError):
        return _BY_FEDERATION.get(error.reason, kinds.FEDERATION_FAILED)
    if type(error) is errors.NotPermittedError:
        return _BY_CONSTRUCT.get(error.construct.split()[0].upper(), kinds.NOT_PERMITTED)
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
    if kind is kinds.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted(getattr(error, "valid_methods", None) or ()))
        headers = {"Allow": allowed}
        detail = f"{request.method} is not for {request.path}. Allowed: {allowed}."
    if isinstance(error, RequestedRangeNotSatisfiable):
        headers = {"Content-Range": f"bytes */{error.length}"}
    if kind is kinds.NOT_FOUND:
        detail = (
            f"nothing stands at {request.path}. Check the address, or start at the home page, /."
        )
    return Problem(kind, detail, headers=headers)


def _describe_unforeseen(error: Exception, kind: Kind = kinds.INTERNAL) -> Problem:
    incident = uuid.uuid4()
    _log.error("incident %s at %s %s", incident, request.method, request.path, exc_info=error)
    detail = "The incident is in the server's log under the number in the field instance."
    return Problem(kind, detail, {"instance": f"urn:uuid:{incident}"})
