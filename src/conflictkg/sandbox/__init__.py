"""Strangers' RDF is read in a child process, which can come to harm alone.

Parsers crash on deep nesting, expand entities and follow references (all measured). The child has bounded memory,
processor time and output, no network where the system allows to take it away, and no open file but the data
and the answer. It hands back N-Triples, whose every line is checked once more where it is used.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from conflictkg.errors import RdfSyntaxError, RefusedDataError

FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "text/turtle": "turtle",
        "application/n-triples": "ntriples",
        "application/rdf+xml": "rdfxml",
        "application/ld+json": "jsonld",
        "application/x-turtle": "turtle",
        "application/xml": "rdfxml",
        "text/xml": "rdfxml",
    }
)
"""What can be read: media type to format. Not ``text/plain`` and ``application/json``, which say nothing of RDF."""

OFFERED = tuple(FORMATS)[:4]
"""The media types to name to people."""


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one child may use.

    Args:
        memory_mb: Address space, in MiB.
        seconds: Processor time, and time on the clock.
        output_mb: N-Triples that it may write, in MiB.
    """

    memory_mb: int = 2048
    seconds: int = 30
    output_mb: int = 2048


_DEFAULT = ChildLimits()


def read_rdf(
    data: Path, rdf_format: str, base: str, answer: Path, limits: ChildLimits = _DEFAULT
) -> int:
    """Read RDF in a child and write it as N-Triples.

    Args:
        data: The file to read.
        rdf_format: One of the values of :data:`FORMATS`.
        base: What relative IRIs are resolved against.
        answer: Where the N-Triples go.
        limits: What the child may use.

    Returns:
        How many triples there are, repeated ones counted again.

    Raises:
        RdfSyntaxError: The data break their format.
        RefusedDataError: They are well-formed, maybe, but not read here: entities, a context elsewhere,
            named graphs, too deep, too large.
    """
    command = [sys.executable, "-I", "-B", str(Path(__file__).with_name("child.py"))]
    command += [rdf_format, base, *words_of(limits)]
    with answer.open("wb") as target:
        return int(run_child(command, data, target, limits)["triples"])


def run_child(
    command: Sequence[str],
    data: Path | None,
    answer: BinaryIO,
    limits: ChildLimits,
    on_start: Callable[[Callable[[], None]], object] = lambda _: None,
) -> dict[str, Any]:
    """Run a child that reports as those here do.

    Args:
        command: The child; it confines itself by the limits, which are among its arguments.
        data: What it reads from stdin.
        answer: Where what it writes goes.
        limits: What it may use; a child that runs much longer is killed.
        on_start: Is given what kills it, from any thread.

    Returns:
        Its report.

    Raises:
        RdfSyntaxError: It says so.
        RefusedDataError: It says so, or broke down, or was killed.
    """
    with (
        data.open("rb") if data is not None else nullcontext() as source,
        subprocess.Popen(  # noqa: S603 -- our own program; the data are no part of the command
            list(command),
            stdin=source or subprocess.DEVNULL,
            stdout=answer,
            stderr=subprocess.PIPE,
            env={
                "PATH": os.environ.get("PATH", ""),
                "MALLOC_ARENA_MAX": "2",
                "CONFLICTKG_PARENT": str(os.getpid()),
            },
        ) as child,
    ):
        try:
            on_start(child.kill)
            _, said = child.communicate(timeout=limits.seconds + 5)
        except subprocess.TimeoutExpired as error:
            raise _too_long(limits) from error
        finally:
            child.kill()
    if child.returncode < 0:
        raise _explain_signal(-child.returncode, limits)
    try:
        report = json.loads(said.decode("utf-8", "replace").strip().rpartition("\n")[2])
    except ValueError as error:
        raise RefusedDataError(
            "unreadable", "the reader gave up without saying why. Simplify the data."
        ) from error
    if "problem" not in report:
        return dict(report)
    if report["kind"] == "syntax":
        raise RdfSyntaxError("", report["line"], report["column"], report["problem"])
    raise RefusedDataError(report["kind"], report["problem"])


def words_of(limits: ChildLimits) -> list[str]:
    """The limits as a child's arguments."""
    return [str(limits.memory_mb), str(limits.seconds), str(limits.output_mb)]


def _too_long(limits: ChildLimits) -> RefusedDataError:
    return RefusedDataError(
        "too-long", f"it took longer than {limits.seconds} s. Send less at once."
    )


def _explain_signal(number: int, limits: ChildLimits) -> RefusedDataError:
    if number in {signal.SIGXCPU, signal.SIGKILL}:
        return _too_long(limits)
    if number == signal.SIGXFSZ:
        return RefusedDataError(
            "too-large",
            f"they are more than {limits.output_mb} MiB of N-Triples. Send less at once.",
        )
    return RefusedDataError(
        "nesting", "the reader broke down, as it does on very deep nesting. Nest less deep."
    )
