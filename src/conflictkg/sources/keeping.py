"""What was converted is kept, so that a build converts again only what has changed: the file, or how it is read."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rdflib import URIRef

from conflictkg.errors import SourceError
from conflictkg.iris import mint_graph
from conflictkg.sources.converting import convert_source, convert_to_table, is_tabular, make_job
from conflictkg.sources.description import profile_path
from conflictkg.sources.job import Job, Progress
from conflictkg.sources.whole import whole_file

MANY_BYTES = 50_000_000
"""A file of so many rows that what comes of it is loaded as it is, neither validated nor reasoned over."""

_HERE = Path(__file__).parent
_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """Source material that a build is to convert.

    Args:
        source: The source's name.
        path: Its file or folder.
        release: Which release it is of; by default what its name says.
        profile: What its columns mean, for a source that has profiles.
    """

    source: str
    path: Path
    release: str | None = None
    profile: str = ""

    @classmethod
    def parse(cls, text: str) -> "Given":
        """Read ``ucdp-ged=GEDEvent_v22_1.csv``, with a release ``ucdp-ged@22.1=events.csv``, or with a profile.

        Raises:
            SourceError: It has another form.

        >>> Given.parse("ucdp-ged@22.1=a.csv")
        Given(source='ucdp-ged', path=PosixPath('a.csv'), release='22.1', profile='')
        >>> Given.parse("strikes:tbij-yemen=a.xlsx").profile
        'tbij-yemen'
        """
        name, equals, path = text.partition("=")
        whole, _, release = name.partition("@")
        source, _, profile = whole.partition(":")
        if not equals or not source or not path:
            raise SourceError(
                f'"{text}" names no source and file. Write ucdp-ged=FILE, ucdp-ged@22.1=FILE or'
                " strikes:PROFILE=FILE."
            )
        return cls(source, Path(path), release or None, profile)

    def make_job(self, progress: Progress) -> Job:
        """Its conversion; raises as :func:`conflictkg.sources.converting.make_job` does."""
        options = {"profile": self.profile} if self.profile else {}
        return make_job(
            self.source, self.path, release=self.release, options=options, progress=progress
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What came of it.

    Args:
        graph: IRI of its graph.
        path: Turtle, or for very many rows a Parquet file of quads.
        key: Names file, release and converter: equal for equal ones.
        summary: What became of its rows, in a line.
        is_new: Whether it was converted just now.
        redistribution: Whether it may be passed on.
    """

    graph: URIRef
    path: Path
    key: str
    summary: str
    is_new: bool
    redistribution: bool

    @property
    def is_table(self) -> bool:
        """Whether it is a file of quads for bulk loading."""
        return self.path.suffix == ".parquet"


def keep_converted(given: Given, folder: Path, progress: Progress) -> Kept:
    """Convert source material, unless what came of it the last time still holds.

    Args:
        given: What to convert.
        folder: Where it is kept.
        progress: Is told how far it is.

    Raises:
        SourceError: It cannot be converted.
        NotFoundError: There is no such source.
    """
    job = given.make_job(progress)
    description = job.description
    is_many = is_tabular(job) and _size_of(given.path) > MANY_BYTES
    path = folder / f"{job.release_key}.{'parquet' if is_many else 'ttl'}"
    note = path.with_suffix(".json")
    key = _key_of(given, job.release, description.folder)
    known = _read_note(note)

    def kept(summary: str, *, is_new: bool) -> Kept:
        graph = mint_graph(job.release_key)
        return Kept(graph, path, key, summary, is_new, description.redistribution)

    if known.get("key") == key and path.is_file():
        return kept(known["summary"], is_new=False)
    folder.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)
    if is_many:
        convert_to_table(job, path)
    else:
        pieces = convert_source(job)
        with whole_file(path) as draft, draft.open("wb") as stream:
            stream.writelines(pieces)
    summary = job.report.summary()
    content = {"key": key, "summary": summary, "report": job.report.document()}
    note.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return kept(summary, is_new=True)


def _read_note(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # never converted, or killed on the way
        return {}
    return found if isinstance(found, dict) and "summary" in found else {}


def _key_of(given: Given, release: str, folder: Path) -> str:
    digest = hashlib.sha256(f"{version('conflictkg')}\0{given.source}\0{release}\0".encode())
    # How it is read: the source's own files, what all sources share, and the profile.
    profile = [profile_path(given.source, given.profile)] if given.profile else []
    for path in (*sorted((*folder.glob("*"), *_HERE.glob("*"))), *profile):
        if path.is_file():
            _add(digest, path)
    for path in _files_of(given.path):
        _add(digest, path)
    return digest.hexdigest()


def _add(digest: "hashlib._Hash", path: Path) -> None:
    digest.update(path.name.encode() + b"\0")
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_AT_ONCE):
                digest.update(piece)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", source=str(path)) from error


def _files_of(path: Path) -> list[Path]:
    return sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]


def _size_of(path: Path) -> int:
    return sum(each.stat().st_size for each in _files_of(path) if each.is_file())
