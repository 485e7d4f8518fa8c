"""An engine's process as seen from the harness: it can be killed with all that it started."""

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_BENCHMARKS = Path(__file__).resolve().parents[1]


class StoppedError(Exception):
    """The engine did not reply in time, and was killed."""


class EngineError(Exception):
    """The engine replied with an error, or died."""


class EngineProcess:
    """One process of one engine.

    Args:
        engine: Its name.
        directory: Where its database stands or will stand.
    """

    def __init__(self, engine: str, directory: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(_BENCHMARKS)}
        self._process = subprocess.Popen(  # noqa: S603 -- our own arguments
            [sys.executable, "-m", "peers.child", engine, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )

    def send(self, timeout_s: float, **command: object) -> dict[str, Any]:
        """Send a command and wait for the reply.

        Raises:
            StoppedError: The time was up; the process is gone.
            EngineError: The engine failed; after a crash the process is gone too.
        """
        inlet, outlet = self._process.stdin, self._process.stdout
        assert inlet is not None and outlet is not None  # noqa: S101, PT018 -- both are pipes
        try:
            inlet.write(json.dumps(command).encode() + b"\n")
            inlet.flush()
        except BrokenPipeError as error:
            raise EngineError("its process is gone") from error
        # One line a reply: once it begins, it comes whole.
        if not select.select([outlet], [], [], timeout_s)[0]:
            self.kill()
            raise StoppedError(f"stopped after {timeout_s:g} s")
        line = outlet.readline()
        if not line:
            self._process.wait()
            raise EngineError(f"its process ended with {self._process.returncode}")
        reply: dict[str, Any] = json.loads(line)
        if "error" in reply:
            raise EngineError(reply["error"])
        return reply

    def kill(self) -> None:
        """End it at once, with every process of its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Let it end in its own time; kill it if it does not."""
        if self._process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=120)
        self.kill()

    def __enter__(self) -> Self:
        """Close at the end of a ``with``."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()
