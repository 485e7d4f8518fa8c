"""Virtuoso 7 of Debian's ``virtuoso-opensource-7``, asked over HTTP on the loopback address.

Nothing of the machine's own Virtuoso is used: settings, database and ports are this benchmark's. The
clock stops when the whole body of the answer has been read; decoding it is not counted against it.
"""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import urlencode

from rdflib.plugins.parsers.ntriples import W3CNTriplesParser
from rdflib.term import Literal, URIRef

from peers.driver import Reply, Row, blank, iri, literal, peak_of

GRAPH = "https://bench.invalid/data"
_SERVER = "virtuoso-t"
_ISQL = "isql-vt"
_START_S = 300
_BIG = 2_000_000_000

# What its documentation advises for a machine shared with others: buffers that hold the data, no row
# limit, no estimate that refuses a query, no time limit of its own (the harness has one).
_INI = """\
[Database]
DatabaseFile = {directory}/virtuoso.db
ErrorLogFile = {directory}/virtuoso.log
LockFile = {directory}/virtuoso.lck
TransactionFile = {directory}/virtuoso.trx
xa_persistent_file = {directory}/virtuoso.pxa
ErrorLogLevel = 7
FileExtend = 200
MaxCheckpointRemap = 2000
Striping = 0
TempStorage = TempDatabase

[TempDatabase]
DatabaseFile = {directory}/virtuoso-temp.db
TransactionFile = {directory}/virtuoso-temp.trx
MaxCheckpointRemap = 2000
Striping = 0

[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableUnixSocket = 1
MaxClientConnections = 10
CheckpointInterval = 0
O_DIRECT = 0
CaseMode = 2
MaxStaticCursorRows = 5000
AllowOSCalls = 0
SchedulerInterval = 10
DirsAllowed = {allowed}
ThreadCleanupInterval = 0
ResourcesCleanupInterval = 0
SingleCPU = 0
MaxMemPoolSize = 200000000
MaxQueryMem = 4G
VectorSize = 1000
MaxVectorSize = 1000000
AdjustVectorSize = 1
ThreadsPerQuery = {threads}
AsyncQueueMaxThreads = {threads}
NumberOfBuffers = {buffers}
MaxDirtyBuffers = {dirty}

[HTTPServer]
ServerPort = 127.0.0.1:{http}
ServerRoot = {directory}
MaxClientConnections = 10
ServerThreads = 10
MaxKeepAlives = 10
KeepAliveTimeout = 600
EnabledGzipContent = 0
Charset = UTF-8

[Client]
SQL_QUERY_TIMEOUT = 0
SQL_TXN_TIMEOUT = 0

[SPARQL]
ResultSetMaxRows = 100000000
DeferInferenceRulesInit = 0
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Virtuoso:
    """A server of its own on two free ports."""

    persistent = True

    def __init__(self, directory: Path) -> None:
        self._directory = directory.resolve() / "database"
        self._server: subprocess.Popen[bytes] | None = None
        self._connection: http.client.HTTPConnection | None = None
        self._sql = 0

    def version(self) -> str:
        """Name and version."""
        said = subprocess.run([_SERVER, "-?"], capture_output=True, text=True, check=False)  # noqa: S603
        found = re.search(r"Version (\S+)", said.stdout + said.stderr)
        return f"Virtuoso {found[1]}" if found else "Virtuoso"

    def load(self, path: Path) -> float:
        """Bulk load and checkpoint; starting the empty server is not counted."""
        shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.mkdir(parents=True)
        path = path.resolve()
        self._start(path.parent, big=path.stat().st_size > _BIG)
        start = time.perf_counter()
        self._isql(
            f"ld_dir('{path.parent}', '{path.name}', '{GRAPH}'); rdf_loader_run(); checkpoint;"
        )
        seconds = time.perf_counter() - start
        said = self._isql("SELECT ll_error FROM DB.DBA.LOAD_LIST WHERE ll_error IS NOT NULL;")
        if "\n0 Rows" not in said:
            raise RuntimeError(f"Virtuoso did not load {path}: {said}")
        return seconds

    def open(self) -> None:
        """Start the server on what was loaded."""
        database = self._directory / "virtuoso.db"
        self._start(self._directory, big=database.stat().st_size > _BIG // 4)

    def _start(self, allowed: Path, *, big: bool) -> None:
        (self._directory / "virtuoso.lck").unlink(missing_ok=True)
        self._sql, web = _free_port(), _free_port()
        buffers = 680_000 if big else 170_000
        settings = _INI.format(
            directory=self._directory,
            allowed=allowed,
            sql=self._sql,
            http=web,
            buffers=buffers,
            dirty=buffers * 3 // 4,
            threads=os.cpu_count() or 2,
        )
        ini = self._directory / "virtuoso.ini"
        ini.write_text(settings, encoding="ascii")
        self._server = subprocess.Popen(  # noqa: S603 -- our own arguments
            [_SERVER, "+configfile", str(ini), "+foreground"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=self._directory,
        )
        self._connection = http.client.HTTPConnection("127.0.0.1", web)
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self._connection.connect()
            except OSError as error:
                if self._server.poll() is not None or time.monotonic() > deadline:
                    log = self._directory / "virtuoso.log"
                    raise RuntimeError(f"Virtuoso did not start: see {log}") from error
                time.sleep(0.2)
            else:
                return

    def _isql(self, commands: str) -> str:
        address = f"127.0.0.1:{self._sql}"
        done = subprocess.run(  # noqa: S603 -- our own arguments
            [_ISQL, address, "dba", "dba", f"exec={commands}"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode or "Error" in done.stderr:
            raise RuntimeError(f"isql: {done.stdout}{done.stderr}")
        return done.stdout

    def ask(self, query: str) -> Reply:
        """Ask, and read the body."""
        assert self._connection is not None  # noqa: S101 -- load or open comes first
        construct = re.search(r"^CONSTRUCT\b", query, re.MULTILINE) is not None
        form = {"query": query, "default-graph-uri": GRAPH}
        accept = "text/plain" if construct else "application/sparql-results+json"
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": accept}
        start = time.perf_counter()
        self._connection.request("POST", "/sparql", urlencode(form), headers)
        # The server writes an answer in several small pieces and waits for each to be acknowledged;
        # the kernel would put that off by 40 ms, which is not Virtuoso's time.
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        response = self._connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - start
        if response.status != http.client.OK:
            raise RuntimeError(body.decode("utf-8", "replace")[:500])
        if response.getheader("X-SPARQL-MaxRows") or response.getheader("X-SQL-State"):
            raise RuntimeError(f"partial answer: {response.getheaders()}")
        return Reply(seconds, _triples(body) if construct else _rows(body))

    def disk_bytes(self) -> int:
        """The database file and its log, without the temporary database."""
        return sum(
            size_of_file
            for size_of_file in (
                (self._directory / name).stat().st_blocks * 512
                for name in ("virtuoso.db", "virtuoso.trx")
                if (self._directory / name).exists()
            )
        )

    def peak_rss_bytes(self) -> int:
        """Of the server."""
        return peak_of(self._server.pid) if self._server else 0

    def close(self) -> None:
        """Shut the server down."""
        server, self._server = self._server, None
        if server is None:
            return
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(timeout=60)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _rows(body: bytes) -> list[Row]:
    # Virtuoso 7.2.5 writes some control characters as they are; strict=False reads them.
    answer = json.loads(body, strict=False)
    variables = answer["head"]["vars"]
    return [
        tuple(_cell(solution.get(name)) for name in variables)
        for solution in answer["results"]["bindings"]
    ]


def _cell(term: dict[str, str] | None) -> str:
    if term is None:
        return ""
    if term["type"] == "uri":
        return iri(term["value"])
    if term["type"] == "bnode":
        return blank()
    return literal(term["value"], term.get("datatype", ""), term.get("xml:lang", ""))


class _Sink:
    def __init__(self) -> None:
        self.rows: set[Row] = set()

    def triple(self, *terms: object) -> None:
        self.rows.add(tuple(_node(term) for term in terms))


def _node(term: object) -> str:
    match term:
        case URIRef():
            return iri(str(term))
        case Literal():
            return literal(str(term), str(term.datatype or ""), term.language or "")
        case _:
            return blank()


def _triples(body: bytes) -> list[Row]:
    sink = _Sink()
    W3CNTriplesParser(sink=sink).parsestring(body)  # type: ignore[arg-type]  # any object with triple()
    return list(sink.rows)


def make(directory: Path) -> Virtuoso:
    """The driver."""
    return Virtuoso(directory)
