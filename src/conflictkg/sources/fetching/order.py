"""What is to be fetched, where to, and with how much patience."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conflictkg.errors import SourceError
from conflictkg.sources.description import Description
from conflictkg.sources.job import Progress, silent

_RELEASE = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often something is tried, and how long is waited in between.

    Args:
        attempts: After so many in a row that bring nothing it is given up.
        first_wait_s: Before the second attempt; doubled each time.
        longest_wait_s: The most that is waited. A server that asks for more is not waited for.
        sleep: Waits; tests do not.
    """

    attempts: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 120.0
    sleep: Callable[[float], None] = time.sleep

    def wait_before(self, attempt: int) -> float:
        """Seconds to wait before an attempt, the first of which is 0."""
        return float(min(self.first_wait_s * 2 ** max(attempt - 1, 0), self.longest_wait_s))


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be fetched.

    Args:
        description: Of the source.
        folder: Where files go; it is made if it is not there.
        release: Which release; by default the one that the source's description names.
        token: For the source's own host, if it asks for one.
        sha256: What the file's hash must be, in hexadecimal digits; empty if nobody knows.
        most_bytes: How large a file may be.
        patience: How often it is tried.
        progress: Is told how far it is.
        now: Tells the time.
    """

    description: Description
    folder: Path
    release: str = ""
    token: str = ""
    sha256: str = ""
    most_bytes: int = 1 << 38
    patience: Patience = field(default_factory=Patience)
    progress: Progress = silent
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    @property
    def retrieval(self) -> Mapping[str, Any]:
        """What the source's description says of it."""
        return self.description.retrieval

    @property
    def release_name(self) -> str:
        """Which release, as it becomes part of addresses and names of files.

        Raises:
            SourceError: It has characters that could lead elsewhere.
        """
        name = self.release or self.retrieval.get("release") or self.description.release
        if not _RELEASE.fullmatch(name):
            raise SourceError(
                f'"{name[:40]}" is no name of a release: letters, digits, points and hyphens.',
                source=self.description.name,
            )
        return str(name)

    def address(self, name: str) -> str:
        """An address of the description, for this release.

        Raises:
            SourceError: The description has none.
        """
        template = self.retrieval.get(name)
        if not template:
            raise SourceError(
                f'does not say where to fetch it: source.toml has no "{name}" under [retrieval].',
                source=self.description.name,
            )
        return self.fill(template)

    def fill(self, template: str) -> str:
        """An address with the release put in: as it is called, and its digits alone."""
        release = self.release_name
        digits = re.sub(r"\D", "", release)
        return template.replace("{release}", release).replace("{digits}", digits)
