"""For whoever runs the server: request ids, one line of log a request, metrics, and whether it is ready."""

import json
import logging
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

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

from conflictkg.errors import StoreBusyError
from conflictkg.web.running import Traffic, require_operator
from conflictkg.web.site import Site, current_site

blueprint = Blueprint("operating", __name__)

REQUEST_ID = "X-Request-Id"
_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_PAGE_BYTES = 4_096
_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30)

_access = logging.getLogger("conflictkg.access")


class Metrics:
    """What one application counts.

    Args:
        site: Whose.
        traffic: What it has under way.
    """

    def __init__(self, site: Site, traffic: Traffic) -> None:
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
        self.registry.register(_State(site, traffic))


class _State(Collector):
    """What is read when somebody asks, rather than counted."""

    def __init__(self, site: Site, traffic: Traffic) -> None:
        self._site, self._traffic = site, traffic

    def collect(self) -> list[Metric]:
        """The state at the moment."""
        store, admission = self._site.store, self._traffic.admission
        values = {
            "conflictkg_queries_running": ("Queries that run.", admission.running),
            "conflictkg_queries_waiting": ("Queries that wait for their turn.", admission.waiting),
            "conflictkg_quads": ("Quads in the store.", store.size()),
            "conflictkg_memory_bytes": ("Resident memory of the process.", _resident_bytes()),
        }
        gauges: list[Metric] = [
            GaugeMetricFamily(name, meaning, value=value)
            for name, (meaning, value) in values.items()
        ]
        release = {"release": store.release, "built": store.built_at}
        return [*gauges, InfoMetricFamily("conflictkg_store", "What is served.", value=release)]


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * _PAGE_BYTES


def register(app: Flask, site: Site, traffic: Traffic) -> None:
    """Have an application count, log and answer for its state."""
    app.extensions["conflictkg.metrics"] = Metrics(site, traffic)
    app.register_blueprint(blueprint)
    app.before_request(_begin)


def _begin() -> None:
    said = request.headers.get(REQUEST_ID, "")
    g.request_id = said if _ID.fullmatch(said) else secrets.token_hex(8)
    g.started = time.monotonic()


def note_answer(response: Response) -> Response:
    """Name the request in its answer, and count and log it when it has been sent; for ``after_request``."""
    if "request_id" not in g:  # refused before the application saw it
        return response
    response.headers[REQUEST_ID] = g.request_id
    started, request_id = g.started, g.request_id
    endpoint = request.endpoint or "none"
    line: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "request": request_id,
        "method": request.method,
        "path": request.path[:200],
        "endpoint": endpoint,
        "status": response.status_code,
        "complete": response.headers.get("Conflictkg-Complete", ""),
        "release": response.headers.get("Conflictkg-Release", ""),
    }
    metrics: Metrics = current_app.extensions["conflictkg.metrics"]
    method, status = request.method, str(response.status_code)
    counter = _count_bytes(response)

    def end() -> None:
        seconds = time.monotonic() - started
        metrics.requests.labels(endpoint, method, status).inc()
        metrics.seconds.labels(endpoint).observe(seconds)
        metrics.bytes_sent.inc(counter[0])
        if _access.isEnabledFor(logging.INFO):
            line.update(ms=round(seconds * 1000, 2), bytes=counter[0])
            _access.info(
                json.dumps({name: value for name, value in line.items() if value not in {"", None}})
            )

    response.call_on_close(end)
    return response


def _count_bytes(response: Response) -> list[int]:
    """The bytes that are sent, counted as they go."""
    counter = [0]
    if not response.is_streamed:
        counter[0] = response.content_length or 0
        return counter
    pieces: Iterable[bytes] = response.response  # type: ignore[assignment]  # ours are bytes
    close = getattr(pieces, "close", None)
    if close is not None:
        response.call_on_close(close)
    # Handed to the server as it is, a file would end without a word.
    response.direct_passthrough = False

    def counted() -> Iterator[bytes]:
        for piece in pieces:
            counter[0] += len(piece)
            yield piece

    response.response = counted()
    return counter


@blueprint.get("/ready")
def ready() -> Response:
    """Whether a query would be answered now."""
    store = current_site().store
    state, status = "ready", 200
    try:
        store.query("ASK {}", deadline_s=2).close()
    except StoreBusyError:
        state, status = "busy", 503
    body = json.dumps({"status": state, "release": store.release}) + "\n"
    response = Response(body, status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    if status != 200:
        response.headers["Retry-After"] = "2"
    return response


@blueprint.get("/metrics")
def metrics() -> Response:
    """All that is counted, as Prometheus reads it."""
    require_operator(request, current_site().settings)
    found: Metrics = current_app.extensions["conflictkg.metrics"]
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
