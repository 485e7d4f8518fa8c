"""Processes of the tests that are killed, or work under limits that their parent must not have.

They are forked off a server that has imported everything already and done nothing else: most of them
live for less time than the imports take.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[2]
PATIENCE_S = 120.0
"""How long a process may take to say something, on a machine that others use."""

Say = Callable[[object], None]
"""Tells the parent something, at once."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["store.crash.preloaded"])


class Victim:
    """A process, from its parent's side.

    Args:
        target: What it does: a function of a module, called with a way to say something first.
        arguments: Of the function, after that.
    """

    def __init__(self, target: Callable[..., None], *arguments: object) -> None:
        self._receiver, sender = _CONTEXT.Pipe(duplex=False)
        self._process = _CONTEXT.Process(target=_run, args=(target, sender, arguments))
        with _python_path():
            self._process.start()
        sender.close()
        self.said: list[Any] = []

    def listen(self, times: int = 1) -> list[Any]:
        """Wait until it has said so many things more; all that it ever said."""
        until = len(self.said) + times
        while len(self.said) < until:
            assert self._receiver.poll(PATIENCE_S), "the process does not go on"
            try:
                self.said.append(self._receiver.recv())
            except EOFError:
                self._process.join(PATIENCE_S)
                raise AssertionError(
                    f"the process ended: {self._process.exitcode}; it said {self.said}"
                ) from None
        return self.said

    def kill(self, wait_s: float = 0.0) -> list[Any]:
        """Kill it in so many seconds, if it has not ended by then.

        Returns:
            All that it ever said; what it was about to say is not there.
        """
        wait([self._process.sentinel], wait_s)
        self._process.kill()
        try:
            while True:
                self.said.append(self._receiver.recv())
        except (EOFError, OSError):
            # Half a message is none.
            self._receiver.close()
        self._process.join(PATIENCE_S)
        assert not self._process.is_alive()
        return self.said

    @property
    def exitcode(self) -> int | None:
        """Minus the signal that ended it, or what it returned."""
        return self._process.exitcode

    def result(self) -> Any:
        """What it says last, when it has ended by itself."""
        wait([self._process.sentinel], PATIENCE_S)
        self.kill()
        assert self.exitcode == 0, f"the process ended: {self.exitcode}; it said {self.said}"
        return self.said[-1]


def _run(target: Callable[..., None], sender: Connection, arguments: tuple[object, ...]) -> None:
    target(sender.send, *arguments)


@contextmanager
def _python_path() -> Iterator[None]:
    """The server starts with the first process, and finds what it imports by the environment alone."""
    name = "PYTHONPATH"
    before = os.environ.get(name)
    os.environ[name] = str(TESTS)
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
