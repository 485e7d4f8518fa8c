"""What a source is, as its ``source.toml`` says, and which spellings of its values mean what: ``lookups.toml``."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from conflictkg.errors import NotFoundError, SourceError

_SOURCES = Path(__file__).parent
_FILE = "source.toml"
_PROFILES = "profiles"
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_OTHERS = frozenset({"article"})
"""Which are no releases of records."""


@dataclass(frozen=True, slots=True)
class Description:
    """A source.

    Args:
        name: What ``conflictkg convert`` calls it.
        folder: Where its files are.
        title: Its own title.
        publisher: Key of who publishes it, in the registry: ``organization/0027``.
        licence: IRI of the terms under which it is published.
        redistribution: Whether what comes of it may be passed on.
        release: Which release a file is of, where neither its name nor anybody says.
        release_in_name: Patterns that find it in the name of a file; their groups are joined by points.
        review: Member of the review-status scheme that its claims get.
        rows: How few and how many rows a release has.
        retrieval: How ``conflictkg fetch`` gets it.
    """

    name: str
    folder: Path
    title: str
    publisher: str
    licence: str
    redistribution: bool
    release: str
    release_in_name: tuple[str, ...]
    review: str
    rows: tuple[int, int]
    retrieval: Mapping[str, Any] = field(default_factory=dict)

    def release_of(self, path: Path) -> str:
        """Which release a file is of, by its name."""
        for pattern in self.release_in_name:
            if found := re.search(pattern, path.name):
                return ".".join(each for each in found.groups() if each)
        return self.release


def source_names() -> tuple[str, ...]:
    """All sources that have a description."""
    names = (path.parent.name.replace("_", "-") for path in _SOURCES.glob(f"*/{_FILE}"))
    return tuple(sorted(name for name in names if name not in _OTHERS))


@cache
def load_description(name: str) -> Description:
    """Read a source's description.

    Raises:
        NotFoundError: There is no such source; the message names the closest.
        SourceError: Its file lacks something.
    """
    folder = _SOURCES / name.replace("-", "_")
    if name not in source_names():
        raise NotFoundError("source", name, list(source_names()))
    return _describe(name, folder, read_toml(folder / _FILE), f"{name}/{_FILE}")


def profile_names(source: str) -> tuple[str, ...]:
    """The profiles that a source ships: descriptions of tables that one converter reads."""
    folder = _SOURCES / source.replace("-", "_") / _PROFILES
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def profile_path(source: str, profile: str) -> Path:
    """The file of a profile.

    Args:
        source: Name of the source.
        profile: Name of one that it ships, or the path of any other, which ends in ``.toml``.

    Raises:
        NotFoundError: It ships none of that name; the message names the closest.
    """
    if profile.endswith(".toml"):
        return Path(profile)
    if profile not in profile_names(source):
        raise NotFoundError("profile", profile, list(profile_names(source)))
    return _SOURCES / source.replace("-", "_") / _PROFILES / f"{profile}.toml"


def load_profile_description(source: str, profile: str) -> Description:
    """Read the description in a profile: it is to its tables what ``source.toml`` is to a source.

    Raises:
        NotFoundError: There is no such profile.
        SourceError: Its file cannot be read, lacks something, or has a name that no IRI may have.
    """
    path = profile_path(source, profile)
    if not _NAME.fullmatch(path.stem):
        raise SourceError(
            f'"{path.stem}" becomes part of IRIs: name the file with small letters, digits and hyphens.',
            source=str(path),
        )
    return _describe(path.stem, load_description(source).folder, read_toml(path), path.name)


def _describe(name: str, folder: Path, content: Mapping[str, Any], file: str) -> Description:
    try:
        rows = content["rows"]
        return Description(
            name,
            folder,
            content["title"],
            content["publisher"],
            content["licence"],
            content["redistribution"],
            content["release"]["default"],
            tuple(content["release"].get("in_name", ())),
            content["review"]["status"],
            (rows["least"], rows["most"]),
            content.get("retrieval", {}),
        )
    except KeyError as error:
        raise SourceError(f"lacks {error}", source=file) from error


def read_toml(path: Path) -> dict[str, Any]:
    """Read a TOML file.

    Raises:
        SourceError: It cannot be read or is no TOML; the message says where.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=str(path)) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"is no TOML: {error}", source=str(path)) from error


class Lookups:
    """Spellings of a source and our concepts for them: one table a kind of value, and what is ignored on purpose.

    Args:
        tables: Kind, spelling, concept. The table ``ignore`` holds columns with the reason why they are not converted.
    """

    def __init__(self, tables: Mapping[str, Mapping[str, str]]) -> None:
        self._tables = tables

    def __getitem__(self, kind: str) -> Mapping[str, str]:
        return self._tables[kind]

    @property
    def ignored(self) -> Mapping[str, str]:
        """Columns that are not converted, and why."""
        return self._tables.get("ignore", {})

    def unknown(self, kind: str, spelling: str) -> str:
        """The sentence that says that a spelling is unknown, with the closest that is known."""
        known = sorted(self._tables[kind])
        close = get_close_matches(spelling, known, n=1)
        hint = f'Closest known: "{close[0]}".' if close else f"Known: {', '.join(known[:20])}."
        return f'"{spelling}" is no {kind} that is known. {hint}'


@cache
def load_lookups(folder: Path) -> Lookups:
    """Read ``lookups.toml`` of a source's folder."""
    return Lookups(read_toml(folder / "lookups.toml"))
