"""Who may change a server's data: bearer tokens, each with a name and what it is for.

A token is 256 random bits, shown once. What is kept is its SHA-256: nothing slower is needed, for nobody guesses
256 bits, whatever a guess costs. The file of the tokens is readable by its owner alone and is read again when it
has changed, so that a token can be revoked while the server runs.
"""

import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from conflictkg.errors import AccessError, NotFoundError
from conflictkg.iris import is_absolute

PREFIX = "ckg_"
"""How a token begins, so that scanners of published code find it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
SCOPES = "write (any graph), write:<graph IRI>, write:default, read (the journal), operate"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody whose token is good.

    Args:
        name: The token's name.
        scopes: What it is for: ``write``, ``write:<graph IRI>``, ``write:default``, ``read``, ``operate``.
    """

    name: str
    scopes: frozenset[str]

    def may_write(self, graph: str) -> bool:
        """Whether it may change a graph; the empty text is the unnamed default graph.

        >>> Caller("ann", frozenset({"write:http://e/g"})).may_write("http://e/g")
        True
        >>> Caller("ann", frozenset({"write:http://e/g"})).may_write("")
        False
        """
        return bool(self.scopes & {"write", f"write:{graph or 'default'}"})

    @property
    def may_write_something(self) -> bool:
        """Whether there is a graph that it may change."""
        return any(each.partition(":")[0] == "write" for each in self.scopes)

    @property
    def may_read_journal(self) -> bool:
        """Whether it may see who changed what."""
        return self.may_write_something or bool(self.scopes & {"read", "operate"})

    @property
    def may_operate(self) -> bool:
        """Whether it may see and stop other people's queries."""
        return "operate" in self.scopes


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A token as it is kept.

    Args:
        name: Its name.
        digest: SHA-256 of the token, in hexadecimal digits.
        scopes: What it is for.
        created: When it was made, as ``xsd:dateTime`` in UTC.
        expires: When it ends; empty for never.
    """

    name: str
    digest: str
    scopes: tuple[str, ...]
    created: str
    expires: str = ""

    def is_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return bool(self.expires) and datetime.fromisoformat(self.expires) <= now


class Tokens:
    """The tokens in one file. Safe to use from several threads.

    Args:
        path: The file; it need not be there.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._read_as: tuple[int, int, int] | None = None
        self._records: tuple[TokenRecord, ...] = ()

    def records(self) -> tuple[TokenRecord, ...]:
        """All of them, oldest first.

        Raises:
            AccessError: The file can be read by others, or is none of ours.
        """
        with self._lock:
            try:
                found = self.path.stat()
            except FileNotFoundError:
                self._read_as, self._records = None, ()
                return ()
            if found.st_mode & 0o077:
                raise AccessError(
                    f"{self.path} can be read by others than its owner. Take that away: chmod 600 {self.path}"
                )
            version = (found.st_ino, found.st_mtime_ns, found.st_size)
            if version != self._read_as:
                self._records = _parse(self.path)
                self._read_as = version
            return self._records

    def find(self, token: str) -> Caller | None:
        """Whose token this is; none if it is not good, for whatever reason."""
        digest = _digest(token)
        now = datetime.now(UTC)
        found = None
        # All are compared, so that the time it takes tells nothing.
        for each in self.records():
            if hmac.compare_digest(each.digest, digest) and not each.is_expired(now):
                found = each
        return None if found is None else Caller(found.name, frozenset(found.scopes))

    def create(self, name: str, scopes: Sequence[str], expires: datetime | None = None) -> str:
        """Make a token.

        Args:
            name: Its name, for the journal and for revoking it.
            scopes: What it is for.
            expires: When it ends.

        Returns:
            The token, which is kept nowhere.

        Raises:
            AccessError: The name is taken or none, or a scope is unknown.
        """
        if not _NAME.fullmatch(name):
            raise AccessError(
                f'"{name}" is no name for a token. Use letters, digits and . _ @ -, up to 64.'
            )
        for each in scopes:
            _require_scope(each)
        if not scopes:
            raise AccessError(f"a token must be for something. Scopes: {SCOPES}.")
        token = PREFIX + secrets.token_urlsafe(32)
        created = datetime.now(UTC).isoformat(timespec="seconds")
        ends = "" if expires is None else expires.astimezone(UTC).isoformat(timespec="seconds")
        with self._changing():
            records = self.records()
            if any(each.name == name for each in records):
                raise AccessError(
                    f'there is a token named "{name}" already. Revoke it, or choose another name.'
                )
            self._write([*records, TokenRecord(name, _digest(token), tuple(scopes), created, ends)])
        return token

    def revoke(self, name: str) -> None:
        """End a token.

        Raises:
            NotFoundError: There is none of that name.
        """
        with self._changing():
            records = self.records()
            kept = [each for each in records if each.name != name]
            if len(kept) == len(records):
                raise NotFoundError("token", name, [each.name for each in records])
            self._write(kept)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Keep others from changing the file meanwhile: a token that was revoked must not come back with theirs."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(
            self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _write(self, records: Sequence[TokenRecord]) -> None:
        fresh = self.path.with_name(f"{self.path.name}.tmp-{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump({"tokens": [asdict(each) for each in records]}, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(self.path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise


def _parse(path: Path) -> tuple[TokenRecord, ...]:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))["tokens"]
        return tuple(TokenRecord(**{**each, "scopes": tuple(each["scopes"])}) for each in kept)
    except (ValueError, KeyError, TypeError) as error:
        raise AccessError(
            f"{path} is no file of tokens ({error}). Make one: conflictkg token create NAME --scope write"
        ) from error


def _require_scope(scope: str) -> None:
    kind, _, graph = scope.partition(":")
    if scope in {"write", "write:default", "read", "operate"}:
        return
    if kind != "write" or not is_absolute(graph):
        raise AccessError(f'"{scope}" is no scope. Known: {SCOPES}.')


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
