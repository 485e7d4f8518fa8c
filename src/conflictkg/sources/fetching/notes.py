"""Where what was fetched came from: the note that stands beside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from conflictkg.sources.fetching.writing import write_whole


@dataclass(frozen=True, slots=True)
class Origin:
    """What was fetched, when and from where: what stands in ``<file>.origin.json``.

    Args:
        source: Name of the source.
        release: Which release.
        address: That was asked.
        answered: That answered, after redirects.
        fetched: When, in UTC.
        size: In bytes.
        sha256: Of the bytes.
        etag: As the server says it; empty if it does not.
        last_modified: Likewise.
        licence: IRI of the terms under which it is published.
        pages: Name, size and hash of each page, where it came in pages.
    """

    source: str
    release: str
    address: str
    answered: str
    fetched: str
    size: int
    sha256: str
    etag: str = ""
    last_modified: str = ""
    licence: str = ""
    pages: tuple[Mapping[str, object], ...] = ()


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file, or a folder of pages, that is there now.

    Args:
        path: Where it is.
        origin: Where it came from.
        is_new: Whether it was fetched just now; else it was there, and the server says that it has not changed.
    """

    path: Path
    origin: Origin
    is_new: bool = True


def origin_path(path: Path) -> Path:
    """Where the note about a file stands."""
    return path.with_name(f"{path.name}.origin.json")


def read_origin(path: Path) -> Origin | None:
    """The note about a file; None where there is none that can be read."""
    try:
        content = json.loads(origin_path(path).read_text(encoding="utf-8"))
        return replace(
            Origin(**{_python_name(name): value for name, value in content.items()}),
            pages=tuple(content.get("pages", ())),
        )
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def write_origin(path: Path, origin: Origin) -> None:
    """Write the note about a file beside it."""
    content = {
        "lastModified" if name == "last_modified" else name: value
        for name, value in asdict(origin).items()
        if value or name in ("etag", "last_modified")
    }
    text = json.dumps(content, ensure_ascii=False, indent=1) + "\n"
    write_whole(origin_path(path), text.encode())


def _python_name(name: str) -> str:
    return "last_modified" if name == "lastModified" else name
