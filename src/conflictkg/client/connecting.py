"""From an address or a directory to a connection."""

from contextlib import suppress
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from conflictkg.client.connection import Connection
from conflictkg.client.remote import Remote
from conflictkg.config import Settings
from conflictkg.errors import RemoteError
from conflictkg.store import Limits, open_store


def connect(place: str | Path, *, token: str = "") -> Connection:
    """Connect to an endpoint, or open a store.

    Args:
        place: Address of a server (``https://kg.example.org/``) or of an endpoint itself
            (``https://kg.example.org/sparql``), or the directory of a store.
        token: Sent as ``Authorization: Bearer``, for endpoints that want one. Only to that address.

    Raises:
        RemoteError: The address is none that can be asked.
        StoreMissingError: There is no store in the directory.
        StoreError: What is there cannot be read.
    """
    text = str(place)
    if "://" not in text:
        settings = Settings()
        limits = Limits(memory_mb=settings.query_memory_mb, temporary_mb=settings.query_disk_mb)
        return Connection(open_store(Path(place), limits))
    parts = _split(text)
    path = "/sparql" if parts.path in {"", "/"} else parts.path
    return Connection(Remote(parts._replace(path=path, fragment="").geturl(), token=token))


def _split(text: str) -> SplitResult:
    with suppress(ValueError):  # brackets that hold no address, a port that is no number
        parts = urlsplit(text)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    raise RemoteError(text, "it is no http(s) address. Give one such as https://kg.example.org/")
