"""Counts that a build leaves in its store, so that no request has to wait for them.

They are of one release. Whoever finds those of another, or none, or something that is no such file, counts anew.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conflictkg.describe.counting import Counts, PropertyCount, count_graphs, count_store
from conflictkg.store import Store

FILE = "counts.json"
_FORMAT = "https://w3id.org/conflictkg/counts/1"


@dataclass(frozen=True, slots=True)
class StoreCounts:
    """How much there is in a store.

    Args:
        whole: In all of it.
        graphs: In each graph, by IRI.
    """

    whole: Counts
    graphs: dict[str, Counts]


def load_counts(store: Store) -> StoreCounts | None:
    """The counts that were left in a store; nothing where there are none of its release."""
    try:
        contents: Any = json.loads((store.directory / FILE).read_text(encoding="utf-8"))
        if contents["format"] != _FORMAT or contents["release"] != store.release:
            return None
        return StoreCounts(
            _from_json(contents["whole"]),
            {iri: _from_json(each) for iri, each in contents["graphs"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def find_counts(store: Store, *, deadline_s: float | None = None) -> StoreCounts:
    """The counts that were left in a store, else new ones.

    Args:
        store: The store.
        deadline_s: Seconds that each query may take.

    Raises:
        QueryError: The store cannot answer, or not in time.
    """
    return load_counts(store) or StoreCounts(
        count_store(store, deadline_s=deadline_s), count_graphs(store, deadline_s=deadline_s)
    )


def keep_counts(store: Store) -> StoreCounts:
    """Count a store and leave the counts in it.

    Raises:
        OSError: The file cannot be written.
        QueryError: The store cannot answer.
    """
    release = store.release
    found = StoreCounts(count_store(store), count_graphs(store))
    contents = {
        "format": _FORMAT,
        "release": release,
        "whole": _to_json(found.whole),
        "graphs": {iri: _to_json(each) for iri, each in found.graphs.items()},
    }
    fresh = store.directory / f".{FILE}.tmp"
    fresh.write_text(json.dumps(contents, ensure_ascii=False) + "\n", encoding="utf-8")
    fresh.replace(store.directory / FILE)
    return found


def _to_json(counts: Counts) -> dict[str, object]:
    links = [[*key, triples] for key, triples in counts.links.items()]
    return {**asdict(counts), "links": links}


def _from_json(contents: Mapping[str, Any]) -> Counts:
    properties = {name: PropertyCount(**each) for name, each in contents["properties"].items()}
    links = {(name, start): triples for name, start, triples in contents["links"]}
    return Counts(**{**contents, "properties": properties, "links": links})
