"""Settings: read from the environment once, at the edge, and handed down.

Nothing below ``cli`` and ``web`` reads the environment.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_type_hints
from urllib.parse import urlsplit

from conflictkg.errors import ConfigError

PREFIX = "CONFLICTKG_"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting is for, and what a number may be.

    Args:
        help: Its meaning, with its unit.
        low: The least that a number may be.
        high: The most; ``None`` where there is no bound.
    """

    help: str
    low: float = 0
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside. Each field is ``CONFLICTKG_<NAME>``.

    >>> Settings.from_environment({"CONFLICTKG_PORT": "8080"}).port
    8080
    """

    store: Annotated[Path, Setting("directory of the store")] = Path("build/store")
    host: Annotated[str, Setting("address that serve listens on")] = "127.0.0.1"
    port: Annotated[int, Setting("port that serve listens on; 0 takes a free one", 0, 65_535)] = (
        8000
    )
    base_iri: Annotated[
        str,
        Setting("public address of the server, ending in a slash; empty: as each request has it"),
    ] = ""
    query_timeout_s: Annotated[
        float, Setting("seconds after which a query over HTTP is stopped", 0.1, 3_600)
    ] = 30.0
    query_memory_mb: Annotated[int, Setting("memory of one query, in MiB", 512, 1_048_576)] = 2048
    query_disk_mb: Annotated[
        int,
        Setting(
            "disk that all queries together may use beyond their memory, in MiB", 0, 16_777_216
        ),
    ] = 10_000
    max_rows: Annotated[int, Setting("rows or triples of one answer over HTTP", 1)] = 1_000_000
    workers: Annotated[int, Setting("queries that run at the same time", 1, 256)] = 2
    max_query_bytes: Annotated[int, Setting("longest query, in bytes", 64, 16_777_216)] = 262_144
    query_wait_s: Annotated[
        float, Setting("seconds that a query waits for a free worker", 0, 600)
    ] = 2.0
    quick_workers: Annotated[
        int,
        Setting(
            "queries that run for a moment besides; with 0 light ones wait behind heavy ones",
            0,
            256,
        ),
    ] = 4
    quick_s: Annotated[
        float, Setting("seconds after which a query counts as heavy and needs a worker", 0.01, 60)
    ] = 0.25
    answer_cache_mb: Annotated[
        int,
        Setting("memory for small answers that are given again, in MiB; with 0 none is", 0, 65_536),
    ] = 64
    queue_length: Annotated[
        int,
        Setting("queries that wait for a free worker; more are turned away at once", 0, 1_024),
    ] = 16
    client_queries: Annotated[
        int, Setting("queries of one client that run or wait at a time; 0 for no bound", 0, 1_024)
    ] = 4
    client_budget_s: Annotated[
        float,
        Setting("seconds of query time that one client can save up; 0 for no bound", 0, 86_400),
    ] = 120.0
    client_refill: Annotated[
        float,
        Setting("seconds of query time that one client gets back each second", 0.001, 256),
    ] = 0.5
    client_header: Annotated[
        str,
        Setting(
            "header in which a proxy in front says whose request it is, such as X-Real-IP; "
            "the proxy must set it itself, else clients can choose who they are"
        ),
    ] = ""
    editable: Annotated[
        bool, Setting("whether who has a token may change the store over HTTP: yes or no")
    ] = False
    public: Annotated[
        bool,
        Setting("whether only a store is served all of which may be passed on: yes or no"),
    ] = False
    tokens: Annotated[
        Path, Setting("file of the tokens; by default beside the store, STORE.tokens.json")
    ] = Path()
    max_upload_bytes: Annotated[
        int, Setting("largest graph that is taken over HTTP, in bytes", 1_024, 1 << 40)
    ] = 67_108_864

    access_log: Annotated[
        str,
        Setting(
            "file for a line of JSON a request; - is standard error, and without it there is none"
        ),
    ] = ""

    federation_policy: Annotated[
        Path, Setting("file of the endpoints that SERVICE may ask; without it SERVICE is refused")
    ] = Path()

    @property
    def tokens_file(self) -> Path:
        """Where the tokens are."""
        if self.tokens != Path():
            return self.tokens
        return self.store.with_name(f"{self.store.name}.tokens.json")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Read the settings.

        Args:
            environment: Names and values; by default the process's own. Empty values count as
                not set.

        Raises:
            ConfigError: A value cannot be used.
        """
        environment = os.environ if environment is None else environment
        values: dict[str, Any] = {}
        for name, hint in get_type_hints(cls, include_extras=True).items():
            variable = PREFIX + name.upper()
            text = environment.get(variable, "").strip()
            if text:
                kind, setting = get_args(hint)
                values[name] = _read(variable, text, kind, setting)
        return cls(**values)


_WORDS = {
    "yes": True,
    "true": True,
    "1": True,
    "on": True,
    "no": False,
    "false": False,
    "0": False,
    "off": False,
}


def _read(variable: str, text: str, kind: type, setting: Setting) -> Any:
    if kind is Path:
        return Path(text)
    if kind is bool:
        if text.lower() not in _WORDS:
            raise ConfigError(variable, f'"{text}" is neither yes nor no ({setting.help}).')
        return _WORDS[text.lower()]
    if kind is str:
        check = _CHECKS.get(variable)
        return check(variable, text) if check is not None else text
    noun = "a whole number" if kind is int else "a number"
    try:
        number = kind(text)
    except ValueError:
        raise ConfigError(variable, f'"{text}" is not {noun}. {_range(setting)}') from None
    # Written so that NaN, which compares false with everything, is refused.
    if not setting.low <= number <= (inf if setting.high is None else setting.high):
        raise ConfigError(variable, f"{text} is out of range. {_range(setting)}")
    return number


def _range(setting: Setting) -> str:
    upper = "or more" if setting.high is None else f"to {setting.high:,}"
    return f"Give {setting.low:,} {upper} ({setting.help})."


def _read_iri(name: str, text: str) -> str:
    if not _is_address(text) or not text.endswith("/"):
        raise ConfigError(
            name,
            f'"{text}" is not an http(s) address that ends in a slash, such as https://kg.example.org/',
        )
    return text


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:  # brackets that hold no address
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# Clients send these themselves and proxies add to them, each in its own way: whose word they are cannot be told.
_SHARED = {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-by"}


def _read_header(name: str, text: str) -> str:
    if not _HEADER.fullmatch(text) or text.lower() in _SHARED:
        raise ConfigError(
            name,
            f'"{text}" is no header that can be used for it. Have the proxy set one of its own with one '
            "address in it, such as X-Real-IP (nginx: proxy_set_header X-Real-IP $remote_addr;).",
        )
    return text


_CHECKS = {PREFIX + "BASE_IRI": _read_iri, PREFIX + "CLIENT_HEADER": _read_header}
