"""A store's directory: what lies where in it, and its manifest.

::

    store/
      manifest.json         format, release, when it was built, versions, graphs with counts as built
      quads/store.duckdb    quads and terms, statistics, class tables, text index
      quads/dictionary/     the terms of the build, for decoding without SQL
      quads/incoming/       which predicates lead to each IRI of the build
      quads/acknowledged    the number of the last state that was acknowledged, where there were updates

The manifest is written last. A directory without one is no store, whatever else it holds. Updates change
``store.duckdb`` (and write ``store.duckdb.wal`` and ``acknowledged`` beside it), nothing else.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from conflictkg.errors import StoreError, StoreMissingError

FORMAT = "https://w3id.org/conflictkg/store/4"
MANIFEST = "manifest.json"
QUADS = "quads"
DATABASE = f"{QUADS}/store.duckdb"
DICTIONARY = f"{QUADS}/dictionary"
INCOMING = f"{QUADS}/incoming"
ACKNOWLEDGED = f"{QUADS}/acknowledged"

_HOW_TO_BUILD = "Build one: conflictkg build --store"


@dataclass(frozen=True, slots=True)
class GraphInfo:
    """One named graph of a store.

    Args:
        iri: Its name.
        triples: How many it holds.
    """

    iri: str
    triples: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a store says of itself.

    Args:
        release: Identifier of the build: equal for equal contents.
        built_at: When it was built, as ``xsd:dateTime`` in UTC.
        versions: Versions of what built it, by name.
        graphs: Its named graphs, by IRI.
    """

    release: str
    built_at: str
    versions: dict[str, str]
    graphs: tuple[GraphInfo, ...]

    def write(self, directory: Path) -> None:
        """Put it into a directory that holds everything else already."""
        contents = {"format": FORMAT, **asdict(self)}
        text = json.dumps(contents, indent=2, ensure_ascii=False) + "\n"
        (directory / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(directory: Path) -> Manifest:
    """Read what a store says of itself.

    Raises:
        StoreMissingError: There is nothing at that place.
        StoreError: What is there is no store, or one of another format version.
    """
    try:
        text = (directory / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise _describe_absence(directory) from error
    except NotADirectoryError as error:
        raise StoreError(
            f"{directory} is a file; a store is a directory. {_HOW_TO_BUILD} DIR"
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its manifest is not UTF-8"
        raise StoreError(f"the store at {directory} cannot be read: {reason}") from error
    return _parse_manifest(directory, text)


def _describe_absence(directory: Path) -> StoreError:
    if not directory.exists():
        return StoreMissingError(f"there is no store at {directory}. {_HOW_TO_BUILD} {directory}")
    return StoreError(
        f"{directory} is no store: it holds no {MANIFEST}. {_HOW_TO_BUILD} DIR, "
        "with a DIR that does not exist yet or is a store."
    )


def _parse_manifest(directory: Path, text: str) -> Manifest:
    damaged = f"the manifest of the store at {directory} is damaged"
    try:
        contents: Any = json.loads(text)
        found = contents["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{damaged}. {_HOW_TO_BUILD} {directory}") from error
    if found != FORMAT:
        raise StoreError(
            f"the store at {directory} has format {found}; this version of conflictkg reads "
            f"{FORMAT}. {_HOW_TO_BUILD} {directory}"
        )
    try:
        return Manifest(
            release=contents["release"],
            built_at=contents["built_at"],
            versions=dict(contents["versions"]),
            graphs=tuple(GraphInfo(each["iri"], each["triples"]) for each in contents["graphs"]),
        )
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{damaged}. {_HOW_TO_BUILD} {directory}") from error
