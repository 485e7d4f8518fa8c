"""Converting a source's file: finds the converter, runs it, and says what became of each row."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from conflictkg.errors import SourceError
from conflictkg.sources.description import load_description
from conflictkg.sources.job import Job, Progress
from conflictkg.sources.report import Report

Pieces = Iterator[bytes | memoryview]
Converter = Callable[[Job], Pieces]
"""Gives Turtle. Before its first piece it has read all and told all issues."""


def make_job(
    name: str,
    path: Path,
    *,
    release: str | None = None,
    options: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> Job:
    """What is to be converted, as which release.

    Args:
        name: Of the source.
        path: The file or folder.
        release: By default what its name says, else the one that the source's description names.
        options: Of the source.
        progress: Is told how far it is.

    Raises:
        NotFoundError: There is no such source; the message names the closest.
    """
    description = load_description(name)
    return Job(
        description,
        path,
        release or description.release_of(path),
        Report(path.name),
        options=options or {},
        progress=progress or (lambda step, part, text: None),  # noqa: ARG005  silence
    )


def convert_source(job: Job, *, strict: bool = False) -> Pieces:
    """Convert to Turtle. When the first piece comes, the report is complete.

    Args:
        job: What is converted.
        strict: Whether any issue is an error.

    Raises:
        SourceError: It cannot be converted, or there are issues where there may be none.
    """
    folder = job.description.folder.name
    convert: Converter = importlib.import_module(f"conflictkg.sources.{folder}.convert").convert
    pieces = convert(job)
    first = next(pieces, b"")
    if strict and job.report.issues:
        issue = job.report.issues[0]
        raise SourceError(
            f"{len(job.report.issues) + job.report.left_out:,} issues, and with --strict there may be none."
            f" The first: {issue.describe(job.report.file)}",
            source=job.report.file,
        )
    return chain((first,), pieces)
