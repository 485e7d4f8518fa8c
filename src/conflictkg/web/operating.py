"""For whoever runs the server: request ids, one line of log a request, metrics, and whether it is ready."""

import hashlib
import json
import logging
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector

from conflictkg.answers import Answer, Boolean, Solutions, Stream, Triples
from conflictkg.errors import StoreBusyError
from conflictkg.web.documents import write_json
from conflictkg.web.queries import require_operator
from conflictkg.web.running import Traffic
from conflictkg.web.site import current_site

blueprint = Blueprint("operating", __name__)

_EXTENSION = "conflictkg.metrics"
REQUEST_ID = "X-Request-Id"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Others are counted as one: who makes up methods shall not make up counters."""

_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)

_access = logging.getLogger("conflictkg.access")
_Item = TypeVar("_Item")


@dataclass(slots=True)
class Meter:
    """What is seen of one answer while it is sent.

    Args:
        query: Digest of the query; empty where the request was none.
        rows: Rows or triples that were read; none where the answer has no rows.
        is_whole: Whether the answer was read to its end, and no limit cut it off.
        size: Bytes that were sent.
        ending: How the sending broke off; empty where it did not.
    """

    query: str = ""
    rows: int | None = None
    is_whole: bool | None = None
    size: int = 0
    ending: str = ""


class Metrics:
    """What one application counts.

    Args:
        traffic: What it has under way.
    """

    def __init__(self, traffic: Traffic) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "conflictkg_requests",
            "Requests by what they went to, method and status.",
            ["endpoint", "method", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "conflictkg_request_seconds",
            "Time from the request to the last byte of its answer.",
            ["endpoint"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.bytes_sent = Counter(
            "conflictkg_answer_bytes", "Bytes of answers, as sent.", registry=self.registry
        )
        self.queries = Counter(
            "conflictkg_queries",
            "Queries by how they ended: complete, incomplete, unchanged, broken-off, client-left, or a problem.",
            ["outcome"],
            registry=self.registry,
        )
        self.rows_sent = Counter(
            "conflictkg_answer_rows",
            "Rows and triples of answers to queries.",
            registry=self.registry,
        )
        self.registry.register(_State(traffic))


class _State(Collector):
    """What is read when somebody asks, rather than counted."""

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    def describe(self) -> list[Metric]:
        """Nothing: what there is is not asked for while it is registered."""
        return []

    def collect(self) -> list[Metric]:
        """The state at the moment, of the application that is asked."""
        store, admission = current_site().store, self._traffic.admission
        values = {
            "conflictkg_queries_running": ("Queries that run.", admission.running),
            "conflictkg_queries_waiting": ("Queries that wait for their turn.", admission.waiting),
            "conflictkg_quads": ("Quads in the store.", store.size()),
        }
        resident = _resident_bytes()
        if resident is not None:
            values["conflictkg_memory_bytes"] = ("Resident memory of the process.", resident)
        gauges: list[Metric] = [
            GaugeMetricFamily(name, meaning, value=value)
            for name, (meaning, value) in values.items()
        ]
        release = {"release": store.release, "built": store.built_at}
        return [*gauges, InfoMetricFamily("conflictkg_store", "What is served.", value=release)]


def _resident_bytes() -> int | None:
    """Nothing where the system does not say."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def register(app: Flask, traffic: Traffic, before: Flask | None = None) -> None:
    """Have an application count, log and answer for its state.

    Args:
        app: The application.
        traffic: What it has under way.
        before: One whose place it takes; it counts on from there.
    """
    app.extensions[_EXTENSION] = before.extensions[_EXTENSION] if before else Metrics(traffic)
    app.register_blueprint(blueprint)
    app.before_request(_begin)


def _begin() -> None:
    said = request.headers.get(REQUEST_ID, "")
    g.request_id = said if _ID.fullmatch(said) else secrets.token_hex(8)
    g.started = time.monotonic()


def note_query(text: str) -> Meter:
    """Have the current request counted as a query. Its text is nobody's business; the log has a digest of it.

    Returns:
        For :func:`count_rows`, which may be called where there is no current request.
    """
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    meter = Meter(query=digest)
    g.meter = meter
    return meter


def count_rows(answer: Answer, meter: Meter) -> Answer:
    """The same answer, whose rows are counted as they are read."""
    if isinstance(answer, Boolean):
        return answer
    meter.rows, meter.is_whole = 0, None
    if isinstance(answer, Solutions):
        return _CountedSolutions(answer, meter)
    return Triples(Stream(_count(answer.triples, lambda _: 1, meter), answer.close))


class _CountedSolutions(Solutions):
    """Solutions whose rows are counted, whether they are read as rows or as batches."""

    def __init__(self, answer: Solutions, meter: Meter) -> None:
        # Only one of the two is read, and to let go of the other must not close the answer.
        rows = Stream(_count(answer.rows, lambda _: 1, meter))
        super().__init__(answer.variables, rows)
        self.batches = Stream(_count(answer.batches, lambda batch: batch.size, meter))
        self.has_rows = answer.has_rows
        self._answer = answer

    @property
    def complete(self) -> bool | None:
        """Whether these were all there are; ``None`` until the last one was read."""
        return self._answer.complete

    def close(self) -> None:
        """Stop the query if it still runs, and free what it holds."""
        self._answer.close()


def _count(items: Stream[_Item], size: Callable[[_Item], int], meter: Meter) -> Iterator[_Item]:
    for each in items:
        meter.rows = (meter.rows or 0) + size(each)
        yield each
    meter.is_whole = items.complete
    # A generator's return value: Stream reads it.
    return items.complete  # type: ignore[return-value]


def note_answer(response: Response) -> Response:
    """Name the request in its answer, and count and log it when it has been sent; for ``after_request``."""
    if "request_id" not in g:  # refused before the application saw it
        return response
    response.headers[REQUEST_ID] = g.request_id
    started, request_id = g.started, g.request_id
    endpoint = request.endpoint or "none"
    method = request.method if request.method in _METHODS else "other"
    problem = str(g.get("problem", ""))
    complete = response.headers.get("Conflictkg-Complete", "")
    line: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "request": request_id,
        "method": method,
        "path": request.path[:200],
        "endpoint": endpoint,
        "status": response.status_code,
        "complete": complete,
        "release": response.headers.get("Conflictkg-Release", ""),
    }
    metrics: Metrics = current_app.extensions[_EXTENSION]
    status = response.status_code
    meter = g.get("meter") or Meter()
    _count_bytes(response, meter, is_sent=request.method != "HEAD")

    def end() -> None:
        seconds = time.monotonic() - started
        outcome = _outcome_of(status, problem, complete, meter)
        metrics.requests.labels(endpoint, method, str(status)).inc()
        metrics.seconds.labels(endpoint).observe(seconds)
        metrics.bytes_sent.inc(meter.size)
        if meter.query:
            metrics.queries.labels(outcome).inc()
            metrics.rows_sent.inc(meter.rows or 0)
        if _access.isEnabledFor(logging.INFO):
            line.update(
                ms=round(seconds * 1000, 2),
                bytes=meter.size,
                rows=meter.rows,
                outcome=outcome,
                query=meter.query,
            )
            _access.info(
                json.dumps({name: value for name, value in line.items() if value not in {"", None}})
            )

    response.call_on_close(end)
    return response


def _outcome_of(status: int, problem: str, complete: str, meter: Meter) -> str:
    """How a request ended, in a word."""
    if status >= 400:
        return problem or "problem"
    if meter.ending:
        return meter.ending
    if status == 304:
        return "unchanged"
    is_cut = complete.startswith("false") or meter.is_whole is False
    return "incomplete" if is_cut else "complete"


def _count_bytes(response: Response, meter: Meter, *, is_sent: bool) -> None:
    """Count the bytes that are sent as they go, and note where that breaks off."""
    if not response.is_streamed:
        meter.size = (response.content_length or 0) if is_sent else 0
        return
    pieces: Iterable[bytes] = response.response  # type: ignore[assignment]  # ours are bytes
    close = getattr(pieces, "close", None)
    if close is not None:
        response.call_on_close(close)
    # Handed to the server as it is, a file would end without a word.
    response.direct_passthrough = False

    def counted() -> Iterator[bytes]:
        try:
            for piece in pieces:
                meter.size += len(piece)
                yield piece
        except GeneratorExit:
            meter.ending = "client-left"
            raise
        except BaseException:
            meter.ending = "broken-off"
            raise

    response.response = counted()


@blueprint.get("/ready")
def ready() -> Response:
    """Whether a query would be answered now."""
    store = current_site().store
    state, status = "ready", 200
    try:
        store.query("ASK {}", deadline_s=2).close()
    except StoreBusyError:
        state, status = "busy", 503
    response = write_json({"status": state, "release": store.release}, status)
    response.headers["Cache-Control"] = "no-store"
    if status != 200:
        response.headers["Retry-After"] = "2"
    return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """All that is counted, as Prometheus reads it."""
    require_operator(request, current_site().settings)
    found: Metrics = current_app.extensions[_EXTENSION]
    response = Response(generate_latest(found.registry), content_type=CONTENT_TYPE_LATEST)
    response.headers["Cache-Control"] = "no-store"
    return response


def log_requests(handler: logging.Handler) -> None:
    """Have each request told in a line of JSON.

    Args:
        handler: Where the lines go.
    """
    handler.setFormatter(logging.Formatter("%(message)s"))
    _access.addHandler(handler)
    _access.setLevel(logging.INFO)
    _access.propagate = False
