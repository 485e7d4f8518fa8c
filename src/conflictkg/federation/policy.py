"""Which endpoints queries may be sent to, and how much is asked of each: a TOML file of the operator's.

::

    [[endpoint]]
    iri = "https://query.example.org/sparql"
    timeout_s = 10
    max_rows = 10_000
"""

import ipaddress
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from conflictkg.answers import RDF, XSD, Blank, Iri, Literal, Term, Triple
from conflictkg.errors import ConfigError

SETTING = "CONFLICTKG_FEDERATION_POLICY"

_SERVICE = "http://www.w3.org/ns/sparql-service-description#"
_TERMS = "http://purl.org/dc/terms/"
_SCHEMA = "http://schema.org/"
_NOT_IN_IRI = frozenset('<>"{}|^`\\')

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True, slots=True)
class Target:
    """An endpoint that may be asked.

    Args:
        iri: Its address, exactly as SERVICE must name it.
        title: Its name, for people.
        timeout_s: Seconds that one request may take, from resolving its name to the last byte.
        max_rows: Rows that it may give to one SERVICE of a query; more are an error.
        max_bytes: Bytes of one answer.
        concurrency: Requests that are under way at a time.
        batch: Rows of VALUES in one request.
        max_bindings: Rows of VALUES for one SERVICE; with more the pattern is sent without.
        addresses: Addresses that it may have though they are not public.
    """

    iri: str
    title: str = ""
    timeout_s: float = 10.0
    max_rows: int = 10_000
    max_bytes: int = 16_777_216
    concurrency: int = 2
    batch: int = 100
    max_bindings: int = 2_000
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """The endpoints that may be asked; no others are.

    >>> Policy((Target("http://e/sparql"),)).find("http://e/sparql/") is None
    True
    """

    targets: tuple[Target, ...] = ()

    def find(self, iri: str) -> Target | None:
        """The target of exactly this IRI."""
        return next((each for each in self.targets if each.iri == iri), None)


_RANGES: Mapping[str, tuple[float, float]] = {
    "timeout_s": (0.1, 600),
    "max_rows": (1, 100_000),
    "max_bytes": (1_024, 268_435_456),
    "concurrency": (1, 64),
    "batch": (1, 10_000),
    "max_bindings": (1, 100_000),
}
_KEYS = tuple(each.name for each in fields(Target))


def load_policy(path: Path) -> Policy:
    """Read a policy.

    Args:
        path: The file.

    Raises:
        ConfigError: It cannot be read, or something in it is not understood: nothing is ignored.
    """
    try:
        return parse_policy(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            SETTING,
            f"the policy {path} cannot be read: {error}. Name a TOML file in UTF-8, or leave the setting out.",
        ) from error


def parse_policy(text: str, name: str = "policy") -> Policy:
    r"""Read a policy's text.

    Args:
        text: TOML.
        name: Of the file, for messages.

    Raises:
        ConfigError: Something in it is not understood.

    >>> parse_policy('[[endpoint]]\niri = "https://e.org/sparql"').targets[0].batch
    100
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(SETTING, f"{name} is no TOML: {error}.") from error
    _require_known(document, ("endpoint",), name)
    tables = document.get("endpoint", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise ConfigError(SETTING, f"{name}: write each endpoint as a table under [[endpoint]].")
    targets: list[Target] = []
    for number, table in enumerate(tables, 1):
        target = _read_target(table, f"{name}, endpoint {number}")
        if any(each.iri == target.iri for each in targets):
            raise ConfigError(
                SETTING, f"{name}, endpoint {number}: <{target.iri}> is there twice. Keep one."
            )
        targets.append(target)
    return Policy(tuple(targets))


def _require_known(table: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in keys:
            close = get_close_matches(key, keys, n=1)
            hint = f'Did you mean "{close[0]}"?' if close else f"Known: {', '.join(keys)}."
            raise ConfigError(SETTING, f'{where}: "{key}" is no key. {hint}')


def _read_target(table: Mapping[str, Any], where: str) -> Target:
    _require_known(table, _KEYS, where)
    if "iri" not in table:
        raise ConfigError(SETTING, f'{where} has no iri. Add iri = "https://…".')
    values: dict[str, Any] = {"iri": _read_iri(table["iri"], where)}
    title = table.get("title", "")
    if not isinstance(title, str):
        raise ConfigError(SETTING, f"{where}: title is {title!r}. Give a text in quotation marks.")
    values["title"] = title
    for key, (low, high) in _RANGES.items():
        if key in table:
            values[key] = _read_number(table[key], key, low, high, where)
    if "addresses" in table:
        values["addresses"] = tuple(_read_addresses(table["addresses"], where))
    return Target(**values)


def _read_number(value: object, key: str, low: float, high: float, where: str) -> float:
    kinds = int | float if key == "timeout_s" else int
    # In Python True is an int; NaN compares false with everything.
    if not isinstance(value, kinds) or isinstance(value, bool) or not low <= value <= high:
        noun = "a number" if key == "timeout_s" else "a whole number"
        raise ConfigError(
            SETTING, f"{where}: {key} is {value!r}. Give {noun} from {low:,} to {high:,}."
        )
    return value


def _read_iri(value: object, where: str) -> str:
    right = 'Give the address as SERVICE names it, such as "https://query.example.org/sparql".'
    if not isinstance(value, str) or any(
        each in _NOT_IN_IRI or each <= " " or each > "~" for each in value
    ):
        raise ConfigError(SETTING, f"{where}: iri is {value!r}. {right}")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as error:
        raise ConfigError(SETTING, f"{where}: iri is {value!r}: {error}. {right}") from error
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ConfigError(SETTING, f"{where}: iri is {value!r}, no http(s) address. {right}")
    if parts.username is not None or parts.password is not None or "#" in value:
        raise ConfigError(
            SETTING, f"{where}: iri is {value!r}. Leave out user, password and fragment. {right}"
        )
    return value


def _read_addresses(value: object, where: str) -> Iterator[Address]:
    right = 'Give a list such as ["127.0.0.1"].'
    if not isinstance(value, list):
        raise ConfigError(SETTING, f"{where}: addresses is {value!r}. {right}")
    for each in value:
        if not isinstance(each, str):
            raise ConfigError(
                SETTING, f"{where}: addresses holds {each!r}, which is no text. {right}"
            )
        try:
            yield ipaddress.ip_address(each)
        except ValueError as error:
            raise ConfigError(SETTING, f"{where}: addresses: {error}. {right}") from error


def describe_policy(policy: Policy, service: str) -> Iterable[Triple]:
    """The policy for the description of a service: the feature, and each endpoint with its bounds.

    Addresses are left out: they are nobody else's business.

    Args:
        policy: The policy.
        service: IRI of the service that asks them.

    >>> len(list(describe_policy(Policy(), "http://e/sparql")))
    0
    """
    if not policy.targets:
        return
    asker = Iri(service)
    yield Triple(asker, Iri(_SERVICE + "feature"), Iri(_SERVICE + "BasicFederatedQuery"))
    for number, target in enumerate(policy.targets):
        node = Iri(f"{service}#federation-{number + 1}")
        yield Triple(asker, Iri(_TERMS + "relation"), node)
        yield Triple(node, Iri(RDF + "type"), Iri(_SERVICE + "Service"))
        yield Triple(node, Iri(_SERVICE + "endpoint"), Iri(target.iri))
        if target.title:
            yield Triple(node, Iri(_TERMS + "title"), Literal(target.title))
        for name in ("timeout_s", "max_rows", "max_bytes", "concurrency", "batch", "max_bindings"):
            bound = Blank(f"federation{number + 1}{name}")
            value = getattr(target, name)
            kind = XSD + ("decimal" if name == "timeout_s" else "integer")
            said: tuple[tuple[str, Term], ...] = (
                (RDF + "type", Iri(_SCHEMA + "PropertyValue")),
                (_SCHEMA + "name", Literal(name)),
                (_SCHEMA + "value", Literal(f"{value:.15g}", kind)),
            )
            yield Triple(node, Iri(_SCHEMA + "additionalProperty"), bound)
            for predicate, term in said:
                yield Triple(bound, Iri(predicate), term)
