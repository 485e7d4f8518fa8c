"""Write quads into the engine's files.

The engine keeps numbers, booleans and dates by value: ``"03"^^xsd:integer`` comes back as ``3``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyoxigraph

from conflictkg.errors import StoreError
from conflictkg.store.layout import QUADS, GraphInfo, Manifest
from conflictkg.store.place import publish


@dataclass(frozen=True, slots=True)
class Contents:
    """What a store is to hold.

    Args:
        graphs: IRI of each named graph to its triples, as N-Triples in UTF-8.
        release: Identifier of the build.
        built_at: When it was built, as ``xsd:dateTime`` in UTC.
        versions: Versions of what built it, by name.
    """

    graphs: Mapping[str, bytes]
    release: str
    built_at: str
    versions: Mapping[str, str]


def versions() -> dict[str, str]:
    """Versions of the engine, by name."""
    return {"pyoxigraph": pyoxigraph.__version__}


def write_store(directory: Path, contents: Contents) -> None:
    """Write a store in place of what stands there, whole or not at all.

    The block of :func:`conflictkg.store.place.claim_place` is open.

    Raises:
        StoreError: The disk refuses. What stood there is untouched.
    """
    publish(directory, lambda fresh: _fill(fresh, contents))


def _fill(directory: Path, contents: Contents) -> None:
    try:
        counts = _write_quads(directory / QUADS, contents.graphs)
    except (RuntimeError, SyntaxError) as error:
        raise StoreError(f"the engine refuses the quads: {error}") from error
    graphs = tuple(GraphInfo(iri, counts[iri]) for iri in sorted(counts))
    manifest = Manifest(contents.release, contents.built_at, dict(contents.versions), graphs)
    manifest.write(directory)


def _write_quads(directory: Path, graphs: Mapping[str, bytes]) -> dict[str, int]:
    """The number of triples in each graph."""
    store = pyoxigraph.Store(os.fspath(directory))
    counts = {}
    for iri, triples in graphs.items():
        name = pyoxigraph.NamedNode(iri)
        store.add_graph(name)
        before = len(store)
        store.bulk_load(triples, pyoxigraph.RdfFormat.N_TRIPLES, to_graph=name)
        counts[iri] = len(store) - before
    _add_union(store)
    store.flush()
    store.optimize()
    return counts


def _add_union(store: pyoxigraph.Store) -> None:
    """Put each triple into the default graph, once.

    The engine can show the union of the named graphs as the default graph, but then a triple that
    stands in two of them comes twice, and counts are wrong: a graph is a set.
    """
    store.bulk_extend(
        pyoxigraph.Quad(quad.subject, quad.predicate, quad.object, pyoxigraph.DefaultGraph())
        for quad in store
    )
