"""Worker processes: started ahead of need, lent to one query at a time, killed at its deadline."""

import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import conflictkg
from conflictkg.errors import StoreBusyError, StoreError
from conflictkg.store import wire

_START_S = 60.0
"""How long a worker may take to open the store."""
_READ_BYTES = 1_048_576
_SIGNALS: Mapping[int, str] = MappingProxyType(
    {-6: "it ran out of memory", -11: "it nests too deep"}
)

_log = logging.getLogger(__name__)


class DeadlineError(Exception):
    """The deadline came while a worker was asked for its next frame."""


class WorkerEndedError(Exception):
    """The worker is no more."""


class Worker:
    """One process, and the frames that go to and come from it.

    Args:
        directory: The store, as the worker is to open it.
        memory_mb: Its address space, in MiB.
        keep_open: Descriptors that it inherits, for a ``directory`` under ``/proc/self/fd``.
    """

    def __init__(self, directory: str, memory_mb: int, keep_open: tuple[int, ...]) -> None:
        package_root = str(Path(conflictkg.__file__).parents[1])
        paths = [package_root, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, paths)),
            # Without it the address space that the allocator reserves is five times as large.
            "MALLOC_ARENA_MAX": "2",
        }
        options = json.dumps({"directory": directory, "memory_mb": memory_mb})
        # -P: a module of the same name in the current directory is not ours.
        command = [sys.executable, "-P", "-m", "conflictkg.store.worker", options]
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
            pass_fds=keep_open,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise StoreError("a worker was started without pipes: this is a defect, report it")
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        self._buffer = bytearray()
        self._poll = select.poll()
        self._poll.register(self._stdout, select.POLLIN)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def send(self, kind: bytes, payload: Any) -> None:
        """Ask it for something.

        Raises:
            WorkerEndedError: It is no more.
        """
        try:
            rest = memoryview(wire.pack_frame(kind, payload))
            while rest:
                rest = rest[self._stdin.write(rest) or 0 :]
        except (OSError, ValueError) as error:
            raise WorkerEndedError from error

    def receive(self, deadline: float | None) -> tuple[bytes, Any]:
        """Its next frame.

        Args:
            deadline: On the clock of ``time.monotonic``; ``None`` waits for ever.

        Raises:
            DeadlineError: It did not come in time. The worker still runs.
            WorkerEndedError: It is no more.
        """
        kind, length = wire.HEAD.unpack(self._take(wire.HEAD.size, deadline))
        if length > wire.MAX_PAYLOAD:
            raise WorkerEndedError
        return kind, json.loads(self._take(length, deadline))

    def _take(self, count: int, deadline: float | None) -> bytes:
        while len(self._buffer) < count:
            self._wait(deadline)
            try:
                piece = os.read(self._stdout.fileno(), _READ_BYTES)
            except (OSError, ValueError) as error:
                raise WorkerEndedError from error
            if not piece:
                raise WorkerEndedError
            self._buffer += piece
        taken = bytes(self._buffer[:count])
        del self._buffer[:count]
        return taken

    def _wait(self, deadline: float | None) -> None:
        if deadline is None:
            self._poll.poll()
            return
        remaining_ms = (deadline - time.monotonic()) * 1000
        if remaining_ms <= 0 or not self._poll.poll(remaining_ms):
            raise DeadlineError

    def kill(self) -> str:
        """End it now, whatever it does.

        Returns:
            Why it had ended before, where it had and the reason is known.
        """
        # A worker that died by itself is not yet a zombie when its pipe closes.
        try:
            status = self._process.wait(0.2) if self._has_hung_up() else self._process.poll()
        except subprocess.TimeoutExpired:
            status = None
        self._process.kill()
        self._process.wait()
        self._stdin.close()
        self._stdout.close()
        return _SIGNALS.get(status, "") if status is not None else ""

    def interrupt(self) -> None:
        """End it now; who reads from it finds it ended and calls :meth:`kill`."""
        self._process.kill()
        self._process.wait()

    def _has_hung_up(self) -> bool:
        return any(event & select.POLLHUP for _, event in self._poll.poll(0))


class Pool:
    """Workers over one store.

    Args:
        directory: The store, as workers are to open it.
        size: How many queries may run at once. With more than one, one more worker waits warm, so
            that a killed one is not missed.
        memory_mb: Address space of each, in MiB.
        keep_open: Descriptors that workers inherit.

    Raises:
        StoreError: The first worker could not open the store.
    """

    def __init__(
        self, directory: str, *, size: int, memory_mb: int, keep_open: tuple[int, ...] = ()
    ) -> None:
        self._options = (directory, memory_mb, keep_open)
        self._free_places = size
        self._wanted = size + (1 if size > 1 else 0)
        self._idle: list[Worker] = []
        self._lent: set[Worker] = set()
        self._failure: StoreError | None = None
        self._closed = False
        self._changed = threading.Condition()
        # Workers die with the thread that started them, so that is one which lives as long as they.
        self._keeper = threading.Thread(target=self._keep, name="conflictkg-workers", daemon=True)
        self._keeper.start()
        self._await_first()

    def _await_first(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._idle or self._failure)
            failure = self._failure
        if failure is not None:
            self.close()
            raise failure

    def lend(self, wait_s: float) -> Worker:
        """A worker for one query; :meth:`take_back` or :meth:`discard` it.

        Raises:
            StoreBusyError: None became free in time.
            StoreError: The pool is closed, or the store can no longer be opened.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or self._failure or (self._idle and self._free_places), wait_s
            )
            if self._closed:
                raise StoreError("the store is closed")
            if self._idle and self._free_places:
                self._free_places -= 1
                worker = self._idle.pop()
                self._lent.add(worker)
                return worker
            if self._failure is not None:
                failure, self._failure = self._failure, None
                self._changed.notify_all()
                raise failure
            raise StoreBusyError(
                f"all workers were busy for {wait_s:g} s. Ask again in a few seconds, or raise "
                "CONFLICTKG_WORKERS on your own server."
            )

    def take_back(self, worker: Worker) -> None:
        """A worker has sent its last frame and can serve again."""
        with self._changed:
            if self._forget(worker):
                self._idle.append(worker)
                self._changed.notify_all()

    def discard(self, worker: Worker) -> str:
        """Kill a worker and have another started.

        Returns:
            Why it had ended by itself, where it had and the reason is known.
        """
        reason = worker.kill()
        with self._changed:
            self._forget(worker)
            self._changed.notify_all()
        return reason

    def _forget(self, worker: Worker) -> bool:
        """Whether the worker was still lent."""
        if worker not in self._lent:
            return False
        self._lent.discard(worker)
        self._free_places += 1
        return True

    @property
    def is_closed(self) -> bool:
        """Whether :meth:`close` was called."""
        return self._closed

    def close(self) -> None:
        """Kill all workers, also those that run a query."""
        with self._changed:
            self._closed = True
            workers = [*self._idle, *self._lent]
            self._idle.clear()
            self._changed.notify_all()
        for worker in workers:
            # Those that are lent are reaped by whoever reads from them, which now ends.
            if worker in self._lent:
                worker.interrupt()
            else:
                worker.kill()
        self._keeper.join()

    def _keep(self) -> None:
        """Start workers until there are enough, for as long as the pool lives."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: (
                        self._closed
                        or (not self._failure and len(self._idle) + len(self._lent) < self._wanted)
                    )
                )
                if self._closed:
                    return
            worker, failure = self._start()
            with self._changed:
                self._failure = failure
                if worker is not None and self.is_closed:
                    worker.kill()
                elif worker is not None:
                    self._idle.append(worker)
                self._changed.notify_all()

    def _start(self) -> tuple[Worker | None, StoreError | None]:
        try:
            worker = Worker(*self._options)
        except OSError as error:
            return None, StoreError(f"no worker can be started: {error.strerror}")
        try:
            kind, payload = worker.receive(time.monotonic() + _START_S)
        except (DeadlineError, WorkerEndedError):
            worker.kill()
            return None, StoreError(
                "the worker ended before it had opened the store. Build the store again; if that "
                "does not help, give queries more memory (CONFLICTKG_QUERY_MEMORY_MB)."
            )
        if kind == wire.ERROR:
            worker.kill()
            problem = wire.unpack_error(payload)
            return None, StoreError(
                f"the engine cannot open the store: {problem}. Build it again: conflictkg build"
            )
        if not payload["isolated"]:
            _log.warning("this system cannot forbid workers the network; only the query guard does")
        return worker, None
