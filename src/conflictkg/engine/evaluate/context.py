"""What an expression needs beside its inputs, and may not be the same at its next run."""

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random

from conflictkg.answers import XSD, Blank, Literal

ROW = "#row"
"""As a slot: an integer that is different for each solution; ``BNODE`` with an argument needs it."""
NOW = "#now"
"""As a slot: the time of the query, where the context's does not hold, as in a plan that is kept."""


def _fresh_random() -> Random:
    return Random()  # noqa: S311  RAND and labels are no secrets


@dataclass(slots=True)
class Context:
    """What one query's expressions share.

    Args:
        now: With a zone; one for the whole query, as ``NOW`` asks.
        base: What relative IRIs are resolved against; empty where there is none.
        random: For ``RAND``, ``UUID``, ``STRUUID`` and ``BNODE``.
    """

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    base: str = ""
    random: Random = field(default_factory=_fresh_random)
    _salt: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self._salt = self._salt or self._hexadecimal()

    def _hexadecimal(self) -> str:
        return f"{self.random.getrandbits(128):032x}"

    def now_literal(self) -> Literal:
        """What ``NOW`` answers.

        >>> Context(datetime(2024, 5, 1, 12, 30, tzinfo=UTC)).now_literal().lexical
        '2024-05-01T12:30:00Z'
        """
        text = self.now.astimezone(UTC).replace(tzinfo=None).isoformat()
        if "." in text:
            text = text.rstrip("0")
        return Literal(text + "Z", XSD + "dateTime")

    def uuid(self) -> str:
        """A new random UUID."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def fresh_blank(self) -> Blank:
        """A blank node that is nowhere else. Its label is none that a store gives."""
        return Blank("g" + self._hexadecimal())

    def blank(self, name: str, row: str) -> Blank:
        """The blank node of a name in one solution."""
        text = f"{self._salt} {row} {name}".encode("utf-8", "surrogatepass")
        return Blank("g" + hashlib.sha256(text).hexdigest()[:32])
