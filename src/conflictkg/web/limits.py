"""The limits on queries over HTTP, what of them a client asks for, and who a client is."""

import ipaddress
import math
from dataclasses import dataclass
from functools import lru_cache

from flask import Request

from conflictkg.config import Settings
from conflictkg.web import kinds
from conflictkg.web.parameters import Parameters, find_value
from conflictkg.web.problems import RequestError

MOST_VALIDATED_BYTES = 10_000_000
"""Data and shapes that are sent to be validated; fewer where ``max_upload_bytes`` is less."""

QUICK_QUEUE = 4
"""How many times more queries wait for a quick place than for a worker: that queue moves so fast."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit as the description of the service tells it.

    Args:
        name: Of its setting.
        value: Its value; 0 or more.
        unit: Of the value: ``s``, ``rows``, ``bytes``, ``MiB``, ``queries``.
        meaning: What it bounds.
        parameter: With which a client can ask for less; empty where it cannot.
    """

    name: str
    value: float
    unit: str
    meaning: str
    parameter: str = ""


def limits_of(settings: Settings) -> tuple[Limit, ...]:
    """All limits on queries over HTTP, for the description of the service; those without a bound are left out.

    >>> [each.value for each in limits_of(Settings()) if each.parameter == "timeout"]
    [30.0]
    """
    limits = (
        Limit("query_timeout_s", settings.query_timeout_s, "s", "Time of one query.", "timeout"),
        Limit("max_rows", settings.max_rows, "rows", "Rows or triples of one answer.", "limit"),
        Limit("max_query_bytes", settings.max_query_bytes, "bytes", "Text of one query, in UTF-8."),
        Limit("query_memory_mb", settings.query_memory_mb, "MiB", "Memory of one query."),
        Limit("query_disk_mb", settings.query_disk_mb, "MiB", "Temporary files of all queries."),
        Limit(
            "workers", settings.workers, "queries", "Queries that run for long at the same time."
        ),
        Limit(
            "quick_workers",
            settings.quick_workers,
            "queries",
            "Further queries that run at the same time, each for a moment.",
        ),
        Limit("queue_length", settings.queue_length, "queries", "Queries that wait for a worker."),
        Limit("query_wait_s", settings.query_wait_s, "s", "Time that a query waits for a worker."),
        Limit(
            "client_queries",
            settings.client_queries or math.inf,
            "queries",
            "Queries of one client that run or wait.",
        ),
        Limit(
            "client_budget_s",
            settings.client_budget_s or math.inf,
            "s",
            "Query time that one client can save up.",
        ),
        Limit(
            "client_refill",
            settings.client_refill if settings.client_budget_s else math.inf,
            "s",
            "Query time that one client gets back in a second.",
        ),
    )
    return tuple(each for each in limits if each.value != math.inf)


def threads_for(settings: Settings) -> int:
    """Threads that serve requests: those whose queries run or wait, and enough beside for all others.

    >>> threads_for(Settings(workers=2, queue_length=16)), threads_for(Settings(queue_length=100))
    (98, 518)
    """
    queries = settings.workers + settings.quick_workers + (1 + QUICK_QUEUE) * settings.queue_length
    return max(32, queries + 12)


# What a client asks for


@dataclass(frozen=True, slots=True)
class Allowance:
    """How long one query may run, and how much it may answer.

    Args:
        timeout_s: Seconds.
        max_rows: Rows or triples.
        is_own_limit: Whether the client itself wanted no more rows.
    """

    timeout_s: float
    max_rows: int
    is_own_limit: bool = False


def read_allowance(parameters: Parameters, settings: Settings) -> Allowance:
    """Read ``timeout`` (seconds) and ``limit`` (rows): a client may ask for less than there is.

    Args:
        parameters: All parameters of the request.
        settings: What there is.

    Raises:
        RequestError: One is given twice, is no positive number, or asks for more.

    >>> read_allowance([("timeout", "2.5"), ("limit", "10")], Settings())
    Allowance(timeout_s=2.5, max_rows=10, is_own_limit=True)
    """
    most = settings.query_timeout_s
    timeout = _read_number(parameters, "timeout", "seconds")
    if timeout is not None and timeout > most:
        raise RequestError(
            kinds.TIMEOUT_TOO_LARGE,
            f"timeout is {timeout:g} s; a query may run for {most:g} s here. "
            "Ask for as much or less, or leave timeout= out.",
            fields={"maxTimeoutSeconds": most},
        )
    limit = _read_number(parameters, "limit", "rows")
    if limit is not None and (limit < 1 or limit != int(limit)):
        raise _bad_number("limit", f"{limit:g}", "rows")
    if limit is not None and limit > settings.max_rows:
        raise RequestError(
            kinds.LIMIT_TOO_LARGE,
            f"limit is {limit:,.0f}; an answer has at most {settings.max_rows:,} rows here. "
            "Ask for as many or fewer, or leave limit= out.",
            fields={"maxRows": settings.max_rows},
        )
    return Allowance(
        most if timeout is None else timeout,
        settings.max_rows if limit is None else int(limit),
        limit is not None,
    )


def _read_number(parameters: Parameters, name: str, unit: str) -> float | None:
    text = (find_value(parameters, name) or "").strip()
    if not text:
        return None
    try:
        number = float(text)
    except ValueError:
        raise _bad_number(name, text, unit) from None
    # Python reads "1_0" and "inf" too.
    if not (math.isfinite(number) and number > 0) or "_" in text:
        raise _bad_number(name, text, unit)
    return number


def _bad_number(name: str, text: str, unit: str) -> RequestError:
    right = "a whole number of rows from 1" if unit == "rows" else "a positive number of seconds"
    return RequestError(
        kinds.BAD_PARAMETER,
        f'{name} is "{text[:100]}". Give {right}, such as {name}=10.',
        fields={"parameter": name},
    )


# Who asks


def client_of(request: Request, settings: Settings) -> str:
    """Who asks, as its use is counted: an address, for IPv6 the network of 64 bits that a household has.

    Behind a proxy all connections come from the proxy; then it says in a header whose they are, and the
    setting ``client_header`` names that header. No other header is believed: anybody can send one.
    """
    address = request.remote_addr or ""
    if settings.client_header:
        said = request.headers.get(settings.client_header, "")
        # Some proxies add to what the client sent; the last one is the proxy's own word.
        address = said.rpartition(",")[2].strip() or address
    return normalise_address(address)


@lru_cache(4_096)
def normalise_address(text: str) -> str:
    """An address in one spelling; what is none is "unknown", which is one client.

    >>> normalise_address("::ffff:192.0.2.1"), normalise_address("2001:db8::1:2:3:4")
    ('192.0.2.1', '2001:db8::/64')
    >>> normalise_address("127.0.0.1, 1.2.3.4")
    'unknown'
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        if not address.is_loopback:
            return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


@lru_cache(4_096)
def is_loopback(client: str) -> bool:
    """Whether a client, from :func:`client_of`, is this machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("2001:db8::/64")
    (True, False)
    """
    try:
        return ipaddress.ip_address(client).is_loopback
    except ValueError:
        return False
