"""What an endpoint says is wrong, as the exception that a store would raise."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from conflictkg.errors import (
    ConflictKGError,
    EndpointRefusedError,
    FederationError,
    NotAcceptableError,
    NotPermittedError,
    QueryCancelledError,
    QueryError,
    QueryMemoryError,
    QuerySyntaxError,
    QueryTimeoutError,
    QueryTooComplexError,
    RemoteError,
    StoreBusyError,
    StoreError,
    UnknownGraphError,
    UnwritableError,
)

_MOST_DETAIL = 4_000

Fields = Mapping[str, Any]


def rebuild_error(
    endpoint: str, status: int, body: bytes, retry_after_s: float | None = None
) -> ConflictKGError:
    """The exception that stands behind an answer of ``application/problem+json``.

    Args:
        endpoint: Who answered.
        status: Of the answer.
        body: Of the answer; what is no problem makes a :class:`RemoteError`.
        retry_after_s: When to ask again, where it said so.

    Returns:
        Of the same class and with the same message and fields as where it was raised, as far as they are told.

    >>> rebuild_error("http://e/", 503, b'{"type": "/problems/query-timeout", "detail": "Too slow."}')
    QueryTimeoutError('Too slow.')
    """
    fields = _read_body(body)
    slug = str(fields.get("type", "")).rpartition("/problems/")[2]
    detail = str(fields.get("detail") or fields.get("title") or "")[:_MOST_DETAIL]
    rebuild = _REBUILD.get(slug)
    if rebuild is None or not detail:
        problem = detail or f"it answered with status {status}."
        return RemoteError(endpoint, problem, status, slug, retry_after_s)
    error = rebuild(detail, fields)
    error.args = (detail,)
    return error


def _read_body(body: bytes) -> Fields:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _number(fields: Fields, name: str) -> int:
    value = fields.get(name)
    return value if isinstance(value, int) else 0


def _text(fields: Fields, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _offset(fields: Fields, name: str) -> int | None:
    offsets = fields.get("offsets")
    value = offsets.get(name) if isinstance(offsets, dict) else None
    return value if isinstance(value, int) else None


def _syntax(detail: str, fields: Fields) -> ConflictKGError:
    error = QuerySyntaxError(
        detail,
        _number(fields, "line"),
        _number(fields, "column"),
        offset=_offset(fields, "start"),
        end=_offset(fields, "end"),
        token=_text(fields, "token"),
    )
    error.hint = _text(fields, "hint")
    return error


def _too_complex(detail: str, fields: Fields) -> ConflictKGError:
    return QueryTooComplexError(
        detail,
        _text(fields, "limit"),
        _number(fields, "max"),
        _number(fields, "line"),
        _number(fields, "column"),
        offset=_offset(fields, "start"),
    )


def _timeout(_: str, fields: Fields) -> ConflictKGError:
    seconds = fields.get("timeoutSeconds")
    return QueryTimeoutError(float(seconds) if isinstance(seconds, int | float) else 0.0)


def _unknown_graph(_: str, fields: Fields) -> ConflictKGError:
    error = UnknownGraphError(
        _text(fields, "graph"), _number(fields, "line"), _number(fields, "column"), ()
    )
    error.hint = _text(fields, "hint")
    return error


def _not_permitted(detail: str, fields: Fields) -> ConflictKGError:
    return NotPermittedError(_text(fields, "construct"), detail)


def _federation(reason: str) -> Callable[[str, Fields], ConflictKGError]:
    def rebuild(detail: str, fields: Fields) -> ConflictKGError:
        if reason == "refused" and "construct" in fields:
            return EndpointRefusedError(_text(fields, "construct"), ())
        return FederationError(_text(fields, "endpoint"), reason, detail, _number(fields, "line"))

    return rebuild


def _not_acceptable(_: str, fields: Fields) -> ConflictKGError:
    offered = fields.get("offered")
    return NotAcceptableError("", list(map(str, offered)) if isinstance(offered, list) else [])


_REBUILD: Mapping[str, Callable[[str, Fields], ConflictKGError]] = {
    "sparql-syntax": _syntax,
    "query-too-complex": _too_complex,
    "query-timeout": _timeout,
    "query-memory": lambda detail, _: QueryMemoryError(detail),
    "query-cancelled": lambda detail, _: QueryCancelledError(detail),
    "query-failed": lambda detail, _: QueryError(detail),
    "not-representable": lambda detail, _: UnwritableError(detail),
    "unknown-graph": _unknown_graph,
    "not-permitted": _not_permitted,
    "federation-disabled": _not_permitted,
    "load-disabled": _not_permitted,
    "updates-disabled": _not_permitted,
    "federation-refused": _federation("refused"),
    "federation-failed": _federation("failed"),
    "federation-timeout": _federation("timeout"),
    "federation-too-much": _federation("too-much"),
    "federation-busy": _federation("busy"),
    "not-acceptable": _not_acceptable,
    "overloaded": lambda detail, _: StoreBusyError(detail),
    "store-unavailable": lambda detail, _: StoreError(detail),
}
"""By the last part of the problem's type. Others are of the request, not of the query."""
