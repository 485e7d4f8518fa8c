"""How much there is of what: in the whole of a store, and in each of its graphs.

In the whole a triple counts once, in however many graphs it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from conflictkg.answers import Iri, Literal, Term
from conflictkg.describe.asking import iter_rows, to_number, to_text
from conflictkg.iris import BASE
from conflictkg.store import Store

WHOLE = ""
"""The name of the whole among the names of graphs."""

# In each, {open} and {close} put the pattern into one graph at a time, or leave it over all.
_SIZES = """
SELECT {graph} (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
WHERE {{ {open} ?s ?p ?o {close} }} {group}
"""
_ENTITIES = """
SELECT {graph} (COUNT(DISTINCT ?s) AS ?entities)
WHERE {{ {open} ?s ?p ?o {close} FILTER(STRSTARTS(STR(?s), "{base}id/")) }} {group}
"""
_CLASSES = """
SELECT {graph} ?class (COUNT(DISTINCT ?s) AS ?entities)
WHERE {{ {open} ?s a ?class {close} }} {group_by} ?class
"""
_PROPERTIES = """
SELECT {graph} ?property (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects)
  (COUNT(DISTINCT ?o) AS ?objects)
WHERE {{ {open} ?s ?property ?o {close} }} {group_by} ?property
"""
_DATATYPES = """
SELECT {graph} ?datatype (COUNT(*) AS ?triples)
WHERE {{ {open} ?s ?p ?o {close} FILTER(isLITERAL(?o)) BIND(DATATYPE(?o) AS ?datatype) }}
{group_by} ?datatype
"""
_LINKS = """
SELECT {graph} ?property ?start (COUNT(*) AS ?triples)
WHERE {{
  VALUES ?property {{ owl:sameAs skos:exactMatch skos:closeMatch skos:broadMatch skos:narrowMatch skos:relatedMatch }}
  {open} ?s ?property ?o {close}
  FILTER(isIRI(?o) && !STRSTARTS(STR(?o), "{base}"))
  BIND(REPLACE(STR(?o), "^(https?://[^/?#]*).*$", "$1") AS ?start)
}} {group_by} ?property ?start
"""


@dataclass(frozen=True, slots=True)
class PropertyCount:
    """How often a property is used.

    Args:
        triples: In how many triples.
        subjects: Of how many things.
        objects: With how many values.
    """

    triples: int
    subjects: int
    objects: int


@dataclass(slots=True)
class Counts:
    """How much there is in a graph, or in the whole.

    Args:
        triples: How many triples.
        subjects: Different subjects.
        objects: Different objects.
        entities: Things whose IRI is one of ours.
        classes: Members, by the IRI of their class.
        properties: By IRI.
        datatypes: Literals in triples, by the IRI of their datatype.
        links: Triples that lead to things of others, by property and by the beginning of the IRI that is led
            to: ``https://www.wikidata.org``.
    """

    triples: int = 0
    subjects: int = 0
    objects: int = 0
    entities: int = 0
    classes: dict[str, int] = field(default_factory=dict)
    properties: dict[str, PropertyCount] = field(default_factory=dict)
    datatypes: dict[str, int] = field(default_factory=dict)
    links: dict[tuple[str, str], int] = field(default_factory=dict)


def count_store(store: Store, *, deadline_s: float | None = None) -> Counts:
    """Count the whole of a store.

    Args:
        store: The store.
        deadline_s: Seconds that each query may take.

    Raises:
        QueryError: The store cannot answer, or not in time.
    """
    return _count(store, deadline_s, each_graph=False).get(WHOLE, Counts())


def count_graphs(store: Store, *, deadline_s: float | None = None) -> dict[str, Counts]:
    """Count each graph of a store, by IRI, all in the same few queries.

    Args:
        store: The store.
        deadline_s: Seconds that each query may take.

    Raises:
        QueryError: The store cannot answer, or not in time.
    """
    return _count(store, deadline_s, each_graph=True)


def _count(store: Store, deadline_s: float | None, *, each_graph: bool) -> dict[str, Counts]:
    parts = _parts(each_graph)
    found: dict[str, Counts] = {}

    def ask(text: str) -> list[tuple[Counts, Mapping[str, Term]]]:
        rows = iter_rows(store, text.format_map(parts), deadline_s=deadline_s)
        return [(found.setdefault(to_text(row.get("graph")), Counts()), row) for row in rows]

    for counts, row in ask(_SIZES):
        counts.triples = to_number(row["triples"])
        counts.subjects, counts.objects = to_number(row["subjects"]), to_number(row["objects"])
    for counts, row in ask(_ENTITIES):
        counts.entities = to_number(row["entities"])
    for counts, row in ask(_CLASSES):
        if isinstance(row["class"], Iri):
            counts.classes[row["class"].value] = to_number(row["entities"])
    for counts, row in ask(_PROPERTIES):
        numbers = (to_number(row[name]) for name in ("triples", "subjects", "objects"))
        counts.properties[to_text(row["property"])] = PropertyCount(*numbers)
    for counts, row in ask(_DATATYPES):
        counts.datatypes[to_text(row.get("datatype"))] = to_number(row["triples"])
    for counts, row in ask(_LINKS):
        start = row["start"]
        if isinstance(start, Literal) and _is_host(start.lexical):
            counts.links[to_text(row["property"]), start.lexical] = to_number(row["triples"])
    return found


def _is_host(start: str) -> bool:
    """Whether the beginning of an IRI names a host; mailto: and urn: lead to none."""
    try:
        return bool(urlsplit(start).hostname)
    except ValueError:
        return False


def _parts(each_graph: bool) -> dict[str, str]:
    if not each_graph:
        return {
            "graph": "",
            "open": "",
            "close": "",
            "group": "",
            "group_by": "GROUP BY",
            "base": BASE,
        }
    return {
        "graph": "?graph",
        "open": "GRAPH ?graph {",
        "close": "}",
        "group": "GROUP BY ?graph",
        "group_by": "GROUP BY ?graph",
        "base": BASE,
    }
