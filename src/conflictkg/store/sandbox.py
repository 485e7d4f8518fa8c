"""What a worker gives up before it sees its first query: network, other programs, memory, its parent's life.

The engine opens sockets on SERVICE and has no switch against it, so the kernel forbids them (seccomp,
Linux on x86-64 and ARM64). Elsewhere :mod:`conflictkg.store.guard` alone stands between.
"""

import ctypes
import errno
import platform
import resource
import signal
import struct
import sys
from pathlib import Path

_STACK_BYTES = 64 * 1024 * 1024
_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2

# Audit architecture, and the numbers of: socket, connect, bind, sendto, sendmsg, sendmmsg, execve,
# execveat, ptrace, process_vm_writev, io_uring_setup (a ring opens sockets past this filter).
_FORBIDDEN = {
    "x86_64": (0xC000003E, (41, 42, 49, 44, 46, 307, 59, 322, 101, 311, 425)),
    "aarch64": (0xC00000B7, (198, 203, 200, 206, 211, 269, 221, 281, 117, 271, 425)),
}
_X32_BIT = 0x40000000


def enter(memory_mb: int) -> bool:
    """Give up everything that a reader of one store does not need. There is no way back.

    Args:
        memory_mb: Address space that may be used, in MiB.

    Returns:
        Whether the kernel now refuses sockets.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # Grows on demand: it is the main thread's, whose limit the kernel reads at each fault.
    _lower(resource.RLIMIT_STACK, _STACK_BYTES)
    _lower(resource.RLIMIT_AS, memory_mb * 1024 * 1024)
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _offer_to_oom_killer()
    return _forbid_calls(libc)


def _lower(limit: int, value: int) -> None:
    _, hard = resource.getrlimit(limit)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(limit, (value, hard))


def _offer_to_oom_killer() -> None:
    try:
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    except OSError:
        # A container may not mount it; the memory limit holds without it.
        return


def _forbid_calls(libc: ctypes.CDLL) -> bool:
    machine = platform.machine()
    if machine not in _FORBIDDEN:
        return False
    program = _assemble(*_FORBIDDEN[machine])
    buffer = ctypes.create_string_buffer(program, len(program))
    # struct sock_fprog: number of instructions, address of the first.
    header = struct.pack("HxxxxxxQ", len(program) // 8, ctypes.addressof(buffer))
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    refused = libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, header, 0, 0)
    return bool(refused == 0)


def _assemble(architecture: int, numbers: tuple[int, ...]) -> bytes:
    """A BPF program that answers EACCES to these calls and to calls of another architecture."""
    load, jump_if_equal, jump_if_at_least, answer = 0x20, 0x15, 0x35, 0x06
    # A jump counts the lines that it leaves out; the refusal is the last line of count + 6.
    count = len(numbers)
    lines = [
        (load, 0, 0, 4),
        (jump_if_equal, 0, count + 3, architecture),
        (load, 0, 0, 0),
        (jump_if_at_least, count + 1, 0, _X32_BIT),
        *((jump_if_equal, count - place, 0, each) for place, each in enumerate(numbers)),
        (answer, 0, 0, 0x7FFF0000),
        (answer, 0, 0, 0x00050000 | errno.EACCES),
    ]
    return b"".join(struct.pack("HBBI", *line) for line in lines)
