"""Settings: read from the environment once, at the edge, and handed down.

Nothing below ``cli`` and ``web`` reads the environment.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from conflictkg.errors import ConfigError

PREFIX = "CONFLICTKG_"


def _setting(default: Any, help_text: str, *, low: float = 0, high: float = 0) -> Any:
    """A field with its meaning and, for numbers, what it may be; ``high`` 0 is no upper bound."""
    return field(default=default, metadata={"help": help_text, "low": low, "high": high})


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside. Each field is ``CONFLICTKG_<NAME>``.

    >>> Settings.from_environment({"CONFLICTKG_PORT": "8080"}).port
    8080
    """

    store: Path = _setting(Path("build/store"), "directory of the store")
    host: str = _setting("127.0.0.1", "address that serve listens on")
    port: int = _setting(8000, "port that serve listens on; 0 takes a free one", low=0, high=65_535)
    base_iri: str = _setting(
        "", "public address of the server, ending in a slash; empty takes it from each request"
    )
    query_timeout_s: float = _setting(
        30.0, "seconds after which a query over HTTP is stopped", low=0.1, high=3_600
    )
    query_memory_mb: int = _setting(2048, "memory of one query, in MiB", low=512, high=1_048_576)
    max_rows: int = _setting(1_000_000, "rows or triples of one answer over HTTP", low=1)
    workers: int = _setting(2, "queries that run at the same time", low=1, high=256)
    max_query_bytes: int = _setting(262_144, "longest query, in bytes", low=64, high=16_777_216)
    query_wait_s: float = _setting(
        2.0, "seconds that a query waits for a free worker", low=0, high=600
    )

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings.

        Args:
            environment: Names and values; by default the process's own. Empty values count as
                not set.

        Raises:
            ConfigError: A value cannot be used, or no setting has this name.
        """
        environment = os.environ if environment is None else environment
        known = {PREFIX + each.name.upper(): each for each in fields(cls)}
        values = {
            known[name].name: _read(name, environment[name], known[name].type, known[name].metadata)
            for name in known
            if environment.get(name, "").strip()
        }
        return cls(**values)


def _read(name: str, text: str, kind: Any, bounds: Mapping[str, Any]) -> Any:
    text = text.strip()
    if kind is Path:
        return Path(text)
    if kind is str:
        return _read_iri(name, text) if name == PREFIX + "BASE_IRI" else text
    noun = "a whole number" if kind is int else "a number"
    try:
        number = kind(text)
    except ValueError:
        raise ConfigError(name, f'"{text}" is not {noun}. {_range(bounds)}') from None
    low, high = bounds["low"], bounds["high"]
    # Written so that NaN, which compares false with everything, is refused.
    if not (number >= low and (not high or number <= high)) or number == float("inf"):
        raise ConfigError(name, f"{text} is out of range. {_range(bounds)}")
    return number


def _range(bounds: Mapping[str, Any]) -> str:
    low, high = bounds["low"], bounds["high"]
    upper = f" to {high:,}" if high else " or more"
    return f"Give {low:,}{upper} ({bounds['help']})."


def _read_iri(name: str, text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or not text.endswith("/"):
        raise ConfigError(
            name, f'"{text}" is not an http(s) address that ends in a slash, such as https://kg.example.org/'
        )
    return text
