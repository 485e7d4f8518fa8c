"""One conversion under way: what is converted, as which release, and where its issues are told."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from conflictkg.errors import SourceError
from conflictkg.sources.description import Description, Lookups, load_lookups
from conflictkg.sources.report import Report

Progress = Callable[[str, float | None, str], None]
"""Is told a step, which part of it is done (0 to 1) if that is known, and what to show beside it."""


def silent(step: str, part: float | None, text: str) -> None:
    """Progress that nobody looks at."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a converter is given.

    Args:
        description: The source's.
        path: The file, or a folder of them where the source comes so.
        release: Which release it is of: part of the IRIs of its records and claims.
        report: Counts rows and gathers issues.
        memory_mb: What tables of the conversion may use.
        options: Further words of the command line, by name.
        is_part: Whether the file is but a part of a release: then there may be fewer rows.
        progress: Is told how far it is.
    """

    description: Description
    path: Path
    release: str
    report: Report
    memory_mb: int = 600
    options: Mapping[str, str] = field(default_factory=dict)
    is_part: bool = False
    progress: Progress = silent

    @property
    def lookups(self) -> Lookups:
        """The source's spellings and what they mean."""
        return load_lookups(self.description.folder)

    @property
    def release_key(self) -> str:
        """Of the release among all of all sources: ``ucdp-ged-22.1``."""
        return f"{self.description.name}-{self.release}"

    def require_counts(self) -> None:
        """Stop where so few or so many rows were read that it must be another file.

        Raises:
            SourceError: They are outside what the description expects, or none could be converted.
        """
        least, most = self.description.rows
        if not (1 if self.is_part else least) <= self.report.read <= most:
            is_short = 0 < self.report.read < least
            hint = " If it is a part of one on purpose: --part." if is_short else ""
            raise SourceError(
                f"has {self.report.read:,} rows; a release of {self.description.name} has {least:,} to {most:,}."
                f" Nothing was written.{hint}",
                source=self.report.file,
            )
        if not self.report.converted:
            first = next(iter(self.report.issues), None)
            reason = f" The first: {first.describe(self.report.file)}" if first else ""
            raise SourceError(
                f"no row of {self.report.read:,} could be converted, so nothing was written.{reason}",
                source=self.report.file,
            )
