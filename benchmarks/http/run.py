"""How the endpoint bears load: small queries, revalidation, a large answer, and hostile clients among many.

    python benchmarks/http/run.py build/bench/databases/3500000-1/ours/store

Serves the store in a process of its own as ``conflictkg serve`` does and asks it from others, over kept
connections. Prints a Markdown table. The load generator's own ceiling is measured first, against a server that
answers a constant, with the same clients.
"""

import http.client
import json
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import click

_PERSON = "https://w3id.org/conflictkg/id/person/{:04d}"
_SMALL = "SELECT ?p ?o WHERE {{ <{}> ?p ?o }}"
_HOSTILE = (
    "SELECT (COUNT(*) AS ?n) WHERE {{ ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STR(?c) < STR(?f) && {n} = {n}) }}",
    "SELECT DISTINCT ?a ?f WHERE {{ ?a ?b ?c . ?d ?e ?f FILTER(?c != {n}) }} ORDER BY ?f ?a",
    "SELECT ?x WHERE {{ ?x (<http://e/{n}>|!<http://e/x>)* ?y }} ORDER BY ?x",
)
_MANY = "SELECT ?s ?p ?o WHERE { ?s ?p ?o } LIMIT 1000000"
_JSON = {"Accept": "application/sparql-results+json"}
_CSV = {"Accept": "text/csv"}


@dataclass
class Load:
    """What came back from one kind of client.

    Args:
        seconds: How long each answer took.
        statuses: How often each status came; 0 for a connection that broke.
        elapsed: How long all took together.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    elapsed: float = 0.0

    def at(self, part: float) -> float:
        """A quantile, in milliseconds."""
        ordered = sorted(self.seconds)
        return ordered[min(int(part * len(ordered)), len(ordered) - 1)] * 1000 if ordered else 0.0


def small(number: int) -> str:
    """The address of a small query, one of a thousand."""
    return "/sparql?query=" + quote(_SMALL.format(_PERSON.format(number % 1000)))


def hostile(number: int) -> str:
    """The address of a query that takes for ever, another each time."""
    return "/sparql?query=" + quote(_HOSTILE[number % len(_HOSTILE)].format(n=number))


def ask_for(
    port: int,
    seconds: float,
    address: Callable[[int], str],
    headers: dict[str, str],
    load: Load,
    lock: threading.Lock,
    pause_s: float = 0.0,
    seed: int = 0,
) -> None:
    """One client: asks one after another for so long."""
    chance = random.Random(seed)  # noqa: S311  no secret
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    # As a proxy in front says it: each client has an address of its own.
    headers = {**headers, "X-Real-IP": f"192.0.{2 if pause_s else 3}.{seed}"}
    until = time.perf_counter() + seconds
    # Nobody begins at the same moment as everybody else, and attackers come to a server that is in use.
    time.sleep(chance.random() * pause_s if pause_s else 2.0 if address is hostile else 0.0)
    while time.perf_counter() < until:
        start = time.perf_counter()
        try:
            connection.request("GET", address(chance.randrange(1 << 30)), headers=headers)
            response = connection.getresponse()
            response.read()
            status = response.status
        except (OSError, http.client.HTTPException):
            status = 0
            connection.close()
        with lock:
            load.seconds.append(time.perf_counter() - start)
            load.statuses[status] += 1
        if pause_s:
            time.sleep(pause_s)
    connection.close()


def run_clients(
    port: int, clients: int, seconds: float, kind: str, headers: dict[str, str], pause_s: float
) -> Load:
    """So many clients of one kind, as threads of this process."""
    load, lock = Load(), threading.Lock()
    address = {"small": small, "hostile": hostile, "constant": lambda _: "/"}[kind]
    threads = [
        threading.Thread(
            target=ask_for, args=(port, seconds, address, headers, load, lock, pause_s, number)
        )
        for number in range(clients)
    ]
    start = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    load.elapsed = time.perf_counter() - start
    return load


def in_processes(jobs: list[tuple[int, int, float, str, dict[str, str], float]]) -> list[Load]:
    """Several groups of clients at once, each in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(len(jobs)) as pool:
        return pool.starmap(run_clients, jobs)


def merge(loads: list[Load]) -> Load:
    """Several groups as one."""
    whole = Load(elapsed=max(each.elapsed for each in loads))
    for each in loads:
        whole.seconds += each.seconds
        whole.statuses += each.statuses
    return whole


def rss_mb(process: "subprocess.Popen[bytes]") -> float:
    """Resident memory of a process, in MiB."""
    pages = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def wait_for(port: int) -> None:
    """Until the server answers."""
    for _ in range(300):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with suppress(OSError), closing(connection):
            connection.request("GET", "/ready")
            if connection.getresponse().status in {200, 404}:
                return
        time.sleep(0.1)
    raise click.ClickException("the server does not answer")


def revalidate(port: int, runs: int = 500) -> float:
    """Milliseconds of a 304, the median."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", small(7), headers=_JSON)
    response = connection.getresponse()
    response.read()
    headers = {**_JSON, "If-None-Match": response.headers["ETag"]}
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        connection.request("GET", small(7), headers=headers)
        answer = connection.getresponse()
        answer.read()
        times.append(time.perf_counter() - start)
        assert answer.status == 304  # noqa: S101  a benchmark's own check
    return sorted(times)[runs // 2] * 1000


def download(port: int, headers: dict[str, str]) -> tuple[float, int]:
    """Seconds and bytes of a million rows."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    start = time.perf_counter()
    connection.request("GET", "/sparql?query=" + quote(_MANY), headers=headers)
    response = connection.getresponse()
    size = 0
    while piece := response.read(1 << 16):
        size += len(piece)
    return time.perf_counter() - start, size


_CONSTANT = """
import sys
from waitress import serve
def app(environ, start):
    start("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "2")])
    return [b"ok"]
serve(app, host="127.0.0.1", port=int(sys.argv[1]), threads=32)
"""


@click.command()
@click.argument("directory", type=click.Path(exists=True, path_type=Path))
@click.option("--seconds", default=8.0, show_default=True, help="Of each load.")
@click.option("--port", default=8471, show_default=True)
def main(directory: Path, seconds: float, port: int) -> None:
    """Measure a loaded store behind the server."""
    rows: list[tuple[str, str, str]] = []
    # Our own programs, with arguments of our own.
    with subprocess.Popen([sys.executable, "-c", _CONSTANT, str(port + 1)]) as constant:  # noqa: S603  as above
        try:
            wait_for(port + 1)
            ceiling = merge(in_processes([(port + 1, 4, seconds / 2, "constant", {}, 0.0)] * 2))
        finally:
            constant.terminate()
    rate = len(ceiling.seconds) / ceiling.elapsed
    rows.append(("the load generator alone, 8 clients", "", f"{rate:,.0f} requests/s"))
    command = [
        sys.executable,
        "-c",
        "from conflictkg.cli import main; main()",
        "serve",
        "--store",
        str(directory),
    ]
    environment = {
        **os.environ,
        "CONFLICTKG_CLIENT_HEADER": "X-Real-IP",
        # The load of the first measurements is more than one client may have.
        "CONFLICTKG_CLIENT_BUDGET_S": "0",
        "CONFLICTKG_MAX_ROWS": "2000000",
    }
    with subprocess.Popen([*command, "--port", str(port)], env=environment) as server:  # noqa: S603  as above
        try:
            wait_for(port)
            measure(port, seconds, server, rows)
        finally:
            server.terminate()
    click.echo("| what | target | reached |\n|---|---|---|")
    for row in rows:
        click.echo("| " + " | ".join(row) + " |")


def measure(
    port: int, seconds: float, server: "subprocess.Popen[bytes]", rows: list[tuple[str, str, str]]
) -> None:
    """All loads, one after another."""
    one = run_clients(port, 1, seconds / 2, "small", _JSON, 0.0)
    rows.append(("a small query, one client, median", "3 ms", f"{one.at(0.5):.2f} ms"))
    eight = merge(in_processes([(port, 4, seconds, "small", _JSON, 0.0)] * 2))
    rate = len(eight.seconds) / eight.elapsed
    rows.append(
        (
            "small queries, 8 clients",
            "800 requests/s",
            f"{rate:,.0f} requests/s, median {eight.at(0.5):.2f} ms, p99 {eight.at(0.99):.1f} ms, "
            f"statuses {dict(eight.statuses)}",
        )
    )
    rows.append(("revalidation, median", "1 ms", f"{revalidate(port):.2f} ms"))
    before = rss_mb(server)
    took, size = download(port, _CSV)
    download(port, _CSV)
    rows.append(
        (
            "1,000,000 rows as CSV",
            "6 s",
            f"{took:.2f} s, {size / (1 << 20):.0f} MiB; memory {before:.0f} to {rss_mb(server):.0f} MiB",
        )
    )
    many, bad = in_processes(
        [
            (port, 170, seconds * 2, "small", _JSON, 1.0),
            (port, 30, seconds * 2, "hostile", _JSON, 0.0),
        ]
    )
    rows.append(
        (
            "170 small clients beside 30 hostile ones, p99 of the small",
            "500 ms",
            f"{many.at(0.99):.0f} ms, median {many.at(0.5):.1f} ms, statuses {dict(many.statuses)}; "
            f"the hostile: {dict(bad.statuses)}; memory {rss_mb(server):.0f} MiB",
        )
    )
    rows.append(("the server lives", "yes", "no" if server.poll() is not None else "yes"))
    click.echo(json.dumps({"machine": os.uname().release, "cores": os.cpu_count()}), err=True)


if __name__ == "__main__":
    main()
