"""Write a store: from files, or from graphs that a build has made."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import duckdb

from conflictkg.answers import Iri
from conflictkg.errors import RdfSyntaxError, StoreError
from conflictkg.store.layout import GraphInfo, Manifest
from conflictkg.store.loading import Load, Report, fill_store
from conflictkg.store.place import claim_place, publish
from conflictkg.store.staging import Source
from conflictkg.store.statistics import StoreCatalog


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store is to hold.

    Args:
        graphs: IRI of each named graph to its triples, as N-Triples in UTF-8.
        release: Identifier of the build.
        built_at: When it was built, as ``xsd:dateTime`` in UTC.
        versions: Versions of what built it, by name.
        tables: Parquet files of more quads, with their graphs.
    """

    graphs: Mapping[str, bytes]
    release: str
    built_at: str
    versions: Mapping[str, str]
    tables: Sequence[Path] = ()


def versions() -> dict[str, str]:
    """Versions of the engine, by name."""
    return {"duckdb": duckdb.__version__, "pyoxigraph": version("pyoxigraph")}


def write_store(
    directory: Path,
    contents: Contents,
    report: Report = lambda progress: None,  # noqa: ARG005  silence
) -> None:
    """Write a store in place of what stands there, whole or not at all.

    The block of :func:`conflictkg.store.place.claim_place` is open. ``report`` is told how far it is.

    Raises:
        StoreError: The disk refuses. What stood there is untouched.
    """
    publish(directory, lambda fresh: _fill(fresh, contents, report))


def load_files(
    sources: Sequence[Source], directory: Path, load: Load | None = None
) -> StoreCatalog:
    """Write a store from RDF files in place of what stands there, whole or not at all.

    Args:
        sources: The files.
        directory: Where the store is to be.
        load: How; its own sources are not looked at.

    Raises:
        RdfSyntaxError: A file breaks its format. What stood there is untouched, here and below.
        StoreBusyError: Another process builds or edits the store.
        StoreError: A file cannot be read, or the disk refuses.
    """
    wanted = replace(load or Load(()), sources=sources)
    found: list[StoreCatalog] = []

    def fill(fresh: Path) -> None:
        filled = fill_store(fresh, wanted)
        found.append(filled.catalog)
        built_at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        named = {"conflictkg": version("conflictkg"), **versions()}
        Manifest(filled.digest, built_at, named, list_graphs(filled.catalog)).write(fresh)

    with claim_place(directory):
        publish(directory, fill)
    return found[0]


def _fill(directory: Path, contents: Contents, report: Report) -> None:
    incoming = directory / "incoming"
    incoming.mkdir()
    sources = []
    for number, (iri, triples) in enumerate(contents.graphs.items()):
        path = incoming / f"{number}.nt"
        path.write_bytes(triples)
        sources.append(Source(path, graph=iri))
    try:
        everything = [*sources, *(Source(each) for each in contents.tables)]
        filled = fill_store(
            directory, Load(everything, graphs=tuple(contents.graphs), report=report)
        )
    except RdfSyntaxError as error:
        raise StoreError(f"the engine refuses the quads: {error}") from error
    finally:
        for each in sources:
            each.path.unlink()
        incoming.rmdir()
    manifest = Manifest(
        contents.release, contents.built_at, dict(contents.versions), list_graphs(filled.catalog)
    )
    manifest.write(directory)


def list_graphs(catalog: StoreCatalog) -> tuple[GraphInfo, ...]:
    """The named graphs of a catalog, by IRI."""
    ids = list(catalog.graphs)
    terms = catalog.dictionary.terms(ids)
    # Graphs can be named by blank nodes too, but those names mean nothing outside.
    named = [
        GraphInfo(term.value, catalog.graphs[each])
        for each, term in zip(ids, terms, strict=True)
        if isinstance(term, Iri)
    ]
    return tuple(sorted(named, key=lambda each: each.iri))
