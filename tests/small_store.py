"""Small stores for tests, written the way a build writes them."""

from collections.abc import Mapping
from pathlib import Path

from conflictkg.store.place import claim_place
from conflictkg.store.writer import Contents, write_store

G1 = "http://example.org/graph/1"
G2 = "http://example.org/graph/2"
GRAPHS = {
    G1: (
        '<http://example.org/a> <http://example.org/name> "Hangu"@en .\n'
        "<http://example.org/a> <http://example.org/count> "
        '"03"^^<http://www.w3.org/2001/XMLSchema#integer> .\n'
    ),
    G2: '<http://example.org/b> <http://example.org/name> "Swat" .\n',
}


def write_small_store(
    directory: Path, graphs: Mapping[str, str] = GRAPHS, release: str = "r1"
) -> Path:
    """Write a store of these graphs (N-Triples by IRI) and return its directory."""
    encoded = {iri: text.encode() for iri, text in graphs.items()}
    with claim_place(directory):
        write_store(directory, Contents(encoded, release, "2026-01-01T00:00:00Z", {"test": "1"}))
    return directory


def numbers(count: int) -> dict[str, str]:
    """One graph of so many triples."""
    lines = (f'<http://example.org/{n}> <http://example.org/n> "{n}" .\n' for n in range(count))
    return {G1: "".join(lines)}
