"""Validation of what strangers send, in a child process that can come to harm alone.

pySHACL runs regular expressions that never end and recurses as deep as shapes do (measured), so it is not
run by strangers' shapes in a server.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conflictkg.sandbox import ChildLimits, run_child, words_of

LIMITS = ChildLimits(memory_mb=3072, seconds=20, output_mb=256)


@dataclass(frozen=True, slots=True)
class UploadReport:
    """What was found.

    Args:
        conforms: Whether there is no violation.
        triples: How many triples were looked at.
        findings: The findings as JSON objects, the first thousand.
        left_out: How many others there are.
        turtle: All of them as an ``sh:ValidationReport``.
    """

    conforms: bool
    triples: int
    findings: tuple[dict[str, Any], ...]
    left_out: int
    turtle: str


def validate_upload(
    data: Path,
    shapes: Path | None,
    folder: Path,
    limits: ChildLimits = LIMITS,
    on_start: Callable[[Callable[[], None]], object] = lambda _: None,
) -> UploadReport:
    """Validate N-Triples.

    Args:
        data: The data.
        shapes: The shapes; ours where there are none.
        folder: For the report.
        limits: What it may use.
        on_start: Is given what stops it, from any thread.

    Raises:
        RefusedDataError: The shapes cannot be applied, hold programs, nest too deep, or take too long; or it was
            stopped.
    """
    command = [sys.executable, "-I", "-B", "-m", "conflictkg.shacl.child", str(data)]
    command += ["" if shapes is None else str(shapes), *words_of(limits)]
    report = folder / "report.ttl"
    with report.open("wb") as target:
        found = run_child(command, None, target, limits, on_start)
    return UploadReport(
        conforms=found["conforms"],
        triples=found["triples"],
        findings=tuple(found["findings"]),
        left_out=found["leftOut"],
        turtle=report.read_text(encoding="utf-8"),
    )
