"""Control+C while a command waits for the engine.

Python tells a program of a signal between two steps of Python, and a query can be one long step of
another language. So a thread listens for the signal, and ends the step.
"""

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from types import FrameType


@contextlib.contextmanager
def interrupting(stop: Callable[[], None]) -> Iterator[None]:
    """Have Control+C stop what the block waits for.

    Args:
        stop: Ends the waiting, from another thread. Then KeyboardInterrupt is raised as always.
    """
    listener, teller = socket.socketpair()
    teller.setblocking(False)
    is_wanted = threading.Event()

    def note(number: int, frame: FrameType | None) -> None:
        # DuckDB looks for signals too, and may do so before the thread that listens has woken.
        is_wanted.set()
        signal.default_int_handler(number, frame)

    handler_before = signal.signal(signal.SIGINT, note)
    descriptor_before = signal.set_wakeup_fd(teller.fileno())

    def listen() -> None:
        while number := listener.recv(1):
            if number[0] == signal.SIGINT:
                is_wanted.set()
                stop()

    thread = threading.Thread(target=listen, name="conflictkg-interrupt", daemon=True)
    thread.start()
    try:
        yield
    except Exception as error:
        # What the engine says of being interrupted is of no use to who did it.
        if is_wanted.is_set():
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.set_wakeup_fd(descriptor_before)
        signal.signal(signal.SIGINT, handler_before)
        teller.close()
        thread.join()
        listener.close()
