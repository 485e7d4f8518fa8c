"""Files of what may be passed on: one of each graph, one of them all, as N-Quads in gzip.

Files are made once for a release, by ``conflictkg dump`` or when they are first asked for, beside the store::

    store.dumps/release-bc1904a9e79b96e1/
      article-914db3b611dfa38a-1f0e5a2b.nq.gz
      article-914db3b611dfa38a-1f0e5a2b.nq.gz.sha256      written last: with it the file is whole
      conflictkg.nq.gz

Equal releases give equal files. The whole is its parts one after the other, as gzip allows. What stands in
the unnamed graph is said by nobody, under no licence, and is in none.
"""

import gzip
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from conflictkg.answers import Iri
from conflictkg.answers.formats import to_ntriples, write_answer
from conflictkg.answers.pieces import Pieces
from conflictkg.describe import Dump, GraphNotice
from conflictkg.errors import StoreChangedError, StoreError
from conflictkg.iris import BASE
from conflictkg.store import Store

WHOLE = "conflictkg.nq.gz"
"""Name of the file of all that may be passed on."""

MEDIA_TYPE = "application/gzip"
_EVERYTHING = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
_LONGEST_NAME = 60
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class DumpFile:
    """A file that was made.

    Args:
        path: Where it is.
        size: Its bytes.
        sha256: Its digest, in hexadecimal.
    """

    path: Path
    size: int
    sha256: str


def name_dump(graph: str) -> str:
    """What the file of a graph is called; nothing in an IRI can lead out of a folder.

    >>> name_dump("https://w3id.org/conflictkg/graph/view/asserted")
    'view-asserted-fb1d6dfc.nq.gz'
    """
    told = re.sub(r"[^A-Za-z0-9]+", "-", graph.removeprefix(BASE + "graph/")).strip("-")
    digest = hashlib.sha256(graph.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{told[:_LONGEST_NAME]}-{digest}.nq.gz"


def folder_of(store: Path, release: str) -> Path:
    """Where the files of a release of a store are."""
    return store.with_name(f"{store.name}.dumps") / f"release-{quote(release, safe='')}"


def find_dump(folder: Path, name: str) -> DumpFile | None:
    """A file that was made whole; nothing where it was not yet.

    Args:
        folder: Of a release.
        name: Of the file, as :func:`name_dump` gives it.
    """
    path = folder / name
    try:
        digest = _digest_of(path).read_text(encoding="ascii").split(" ", 1)[0]
        return DumpFile(path, path.stat().st_size, digest)
    except OSError:
        return None


def describe_dump(folder: Path, name: str, address: str) -> Dump:
    """A file for the description of a store, with size and digest where it was made.

    Args:
        folder: Of a release.
        name: Of the file.
        address: Where it can be got.
    """
    made = find_dump(folder, name)
    return Dump(address, made.size, made.sha256) if made else Dump(address)


def make_dump(
    store: Store,
    notices: Iterable[GraphNotice],
    name: str,
    release: str,
    *,
    deadline_s: float | None = None,
) -> DumpFile:
    """Make a file, and those that it is made of, where they are not there yet.

    Args:
        store: The store.
        notices: What its graphs say of themselves; of those that may not be passed on no file is made.
        name: Of the file.
        release: Of the store, as it was before the notices were read.
        deadline_s: Seconds that each graph may take.

    Raises:
        StoreChangedError: The store was changed meanwhile; no file was made.
        StoreError: The disk refuses, or there is no file of that name.
        QueryError: The store cannot be read, or not in time.
    """
    open_ones = {name_dump(each.iri): each.iri for each in notices if each.may_be_passed_on}
    if name != WHOLE and name not in open_ones:
        raise StoreError(f"there is no dump {name}: no graph that may be passed on is called so")
    folder = folder_of(store.directory, release)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        wanted = sorted(open_ones, key=open_ones.__getitem__) if name == WHOLE else [name]
        made = [
            find_dump(folder, part)
            or _write(
                folder / part, _iter_graph(store, open_ones[part], deadline_s), store, release
            )
            for part in wanted
        ]
        if name != WHOLE:
            return made[0]
        found = find_dump(folder, WHOLE)
        return found or _write(folder / WHOLE, _iter_files(made), store, release)
    except OSError as error:
        raise StoreError(
            f"the dump {name} cannot be written to {folder}: {error.strerror}. Free room there, or let "
            "the server write there."
        ) from error


def remove_old_dumps(folder: Path) -> None:
    """Remove the files of releases other than the one whose folder this is."""
    for each in folder.parent.glob("release-*"):
        if each.name != folder.name:
            shutil.rmtree(each, ignore_errors=True)


def _write(path: Path, pieces: Iterable[bytes], store: Store, release: str) -> DumpFile:
    digest, size = hashlib.sha256(), 0
    with _fresh(path) as file:
        for piece in pieces:
            digest.update(piece)
            size += len(piece)
            file.write(piece)
        # All of it was read from one state of the store, but from which one is known only now.
        if store.release != release:
            raise StoreChangedError(release, store.release)
    with _fresh(_digest_of(path)) as file:
        file.write(f"{digest.hexdigest()}  {path.name}\n".encode())
    return DumpFile(path, size, digest.hexdigest())


@contextmanager
def _fresh(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is whole, and is gone when it was not to be."""
    unfinished = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _iter_graph(store: Store, graph: str, deadline_s: float | None) -> Iterator[bytes]:
    packed = Pieces()
    # Without name and time, so that equal contents give equal files.
    with gzip.GzipFile("", "wb", 6, packed, mtime=0) as file:
        for lines in _iter_quads(store, graph, deadline_s):
            file.write(lines)
            yield packed.take()
    yield packed.take()


def _iter_quads(store: Store, graph: str, deadline_s: float | None) -> Iterator[bytes]:
    """Whole lines of N-Quads: those of N-Triples, each with the graph before its end."""
    end = f" {to_ntriples(Iri(graph))} .\n".encode()
    answer = store.query(_EVERYTHING, deadline_s=deadline_s, default_graphs=[graph])
    with answer:
        rest = b""
        for piece in write_answer(answer, "ntriples"):
            lines, newline, rest = (rest + piece).rpartition(b"\n")
            # A line break within a literal is written as an escape, so this is the end of lines only.
            yield (lines + newline).replace(b" .\n", end)


def _iter_files(parts: Iterable[DumpFile]) -> Iterator[bytes]:
    for part in parts:
        with part.path.open("rb") as file:
            while piece := file.read(_CHUNK):
                yield piece


def _digest_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")
