"""Converting a source's file: finds the converter, runs it, and says what became of each row."""

import importlib
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from types import ModuleType

from conflictkg.errors import SourceError
from conflictkg.sources.description import (
    load_description,
    load_profile_description,
    profile_names,
)
from conflictkg.sources.job import Job, Progress, silent
from conflictkg.sources.report import Report
from conflictkg.sources.tabular import Staging
from conflictkg.sources.whole import whole_file

Pieces = Iterator[bytes | memoryview]
Converter = Callable[[Job], Pieces]
"""Gives Turtle. Before its first piece it has read all and told all issues."""


def make_job(
    name: str,
    path: Path,
    *,
    release: str | None = None,
    options: Mapping[str, str] | None = None,
    is_part: bool = False,
    progress: Progress = silent,
) -> Job:
    """What is to be converted, as which release.

    Args:
        name: Of the source.
        path: The file or folder.
        release: By default what its name says, else the one that the source's description names.
        options: Of the source.
        is_part: Whether the file is but a part of a release.
        progress: Is told how far it is.

    Raises:
        NotFoundError: There is no such source or profile; the message names the closest.
        SourceError: It needs a profile that nobody names, or that is none.
    """
    description = load_description(name)
    if profile_names(name):
        profile = (options or {}).get("profile", "")
        if not profile:
            raise SourceError(
                f"needs a profile: one of {', '.join(profile_names(name))}, or the path of a TOML file."
                " --guess proposes one.",
                source=name,
            )
        description = load_profile_description(name, profile)
    return Job(
        description,
        path,
        release or description.release_of(path),
        Report(path.name),
        options=options or {},
        is_part=is_part,
        progress=progress,
    )


def is_tabular(job: Job) -> bool:
    """Whether its source is converted in sets, so that it can have any number of rows."""
    return hasattr(_module_of(job), "relate")


def convert_to_table(job: Job, path: Path, *, strict: bool = False) -> int:
    """Convert to a Parquet file of quads, which ``conflictkg load`` takes; for sources with many rows.

    Args:
        job: What is converted.
        path: The file to write; it is there whole or not at all.
        strict: Whether any issue is an error.

    Returns:
        How many quads it has.

    Raises:
        SourceError: As for :func:`convert_source`, or the source is one that is converted to Turtle only.
    """
    if not is_tabular(job):
        raise SourceError(
            f"{job.description.name} is converted to Turtle only. Choose a file that ends in .ttl.",
            source=str(path),
        )
    try:
        with whole_file(path) as draft, _module_of(job).relate(job) as found:
            _require_strict(job, strict=strict)
            quads: int = found.write_quads(draft)
    except OSError as error:
        raise SourceError(f"cannot be written: {error.strerror}", source=str(path)) from error
    return quads


@contextmanager
def staged_source(job: Job, *, strict: bool = False) -> Iterator[Staging]:
    """What a converter has read and checked, before relations are made of it.

    Args:
        job: What is converted.
        strict: Whether any issue is an error.

    Raises:
        SourceError: As for :func:`convert_source`, or the source has no relations.
    """
    stage = getattr(_module_of(job), "stage", None)
    if stage is None:
        raise SourceError(
            f"{job.description.name} is not yet converted on Spark. Convert it on one machine: conflictkg convert.",
            source=str(job.path),
        )
    with stage(job) as tables:
        _require_strict(job, strict=strict)
        yield tables


def convert_source(job: Job, *, strict: bool = False) -> Pieces:
    """Convert to Turtle. When the first piece comes, the report is complete.

    Args:
        job: What is converted.
        strict: Whether any issue is an error.

    Raises:
        SourceError: It cannot be converted, or there are issues where there may be none.
    """
    convert: Converter = _module_of(job).convert
    pieces = convert(job)
    first = next(pieces, b"")
    try:
        _require_strict(job, strict=strict)
    except SourceError:
        # A conversion that is not gone through to its end has a folder of its own.
        if isinstance(pieces, Generator):
            pieces.close()
        raise
    return chain((first,), pieces)


def _module_of(job: Job) -> ModuleType:
    return importlib.import_module(f"conflictkg.sources.{job.description.folder.name}.convert")


def _require_strict(job: Job, *, strict: bool) -> None:
    if strict and (issues := job.report.issues):
        raise SourceError(
            f"{len(issues) + job.report.left_out:,} issues, and with --strict there may be none."
            f" The first: {issues[0].describe(job.report.file)}",
            source=job.report.file,
        )
