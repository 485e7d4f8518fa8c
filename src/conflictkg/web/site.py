"""What the handlers of one application share: settings, store, and how pages ask that store.

Pages put values into queries as bindings. Only a list of IRIs, for which SPARQL has no binding, is
written into a query, and only here: each is checked to hold no character that could end it.
"""

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app

from conflictkg.answers import Iri, Literal, Row, Solutions, Term
from conflictkg.answers.formats import to_ntriples
from conflictkg.config import Settings
from conflictkg.errors import QueryError
from conflictkg.iris import ENTAILED_GRAPH, ONTOLOGY_GRAPH, QUERIES_GRAPH, SHAPES_GRAPH
from conflictkg.questions import Question
from conflictkg.store import Store
from conflictkg.terms import PROLOGUE
from conflictkg.views import ASSERTED_GRAPH, ATTRIBUTED_GRAPH

PAGE_DEADLINE_S = 10.0
"""How long one query of a page may take; pages ask for bounded amounts."""

MADE_GRAPHS = {
    str(ONTOLOGY_GRAPH): "The ontology",
    str(SHAPES_GRAPH): "The shapes",
    str(QUERIES_GRAPH): "The published questions",
    str(ASSERTED_GRAPH): "View: what sources assert or what follows from their words",
    str(ATTRIBUTED_GRAPH): "View: what sources attribute to others",
    str(ENTAILED_GRAPH): "What follows from the ontology",
}
"""Graphs that no file describes, by what the build makes of them."""

_WHOLE_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\\ud800-\udfff]*")
_LABELS_AT_ONCE = 200

_LABELS = """
SELECT ?thing ?label ?rank WHERE {{
  VALUES ?thing {{ {things} }}
  VALUES (?property ?rank) {{
    (skos:prefLabel 1) (rdfs:label 2) (foaf:name 3) (dct:title 4) (ckg:printedName 5) (ckg:describedAs 6)
  }}
  ?thing ?property ?label .
}}
"""

_OVERVIEW = """
SELECT
  (COUNT(DISTINCT ?claim) AS ?claims)
  (COUNT(DISTINCT ?document) AS ?documents)
WHERE {
  { ?claim ckg:claimStatus ?status }
  UNION { ?document a ckg:SourceDocument }
}
"""

_ENTITIES = """
SELECT ?class (COUNT(DISTINCT ?thing) AS ?things) WHERE {
  VALUES ?class { ckg:Organization ckg:Person ckg:Place ckg:Strike ckg:Statement }
  ?thing a ?class .
}
GROUP BY ?class
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of an answer, kept.

    Args:
        variables: Names of the columns.
        rows: The rows, as wide as the variables.
        complete: Whether these were all.
    """

    variables: tuple[str, ...]
    rows: tuple[Row, ...]
    complete: bool

    def dicts(self) -> list[dict[str, Term]]:
        """Each row by the names of its bound variables."""
        return [
            {name: term for name, term in zip(self.variables, row, strict=True) if term is not None}
            for row in self.rows
        ]

    def iris(self, name: str) -> list[str]:
        """The IRIs in a column; rows without one there are left out."""
        return [iri for row in self.dicts() if (iri := iri_of(row.get(name)))]


@dataclass(frozen=True, slots=True)
class Overview:
    """How much is in the store.

    Args:
        quads: Statements in all graphs.
        graphs: Named graphs.
        claims: Claims, counts and dates and relations among groups included.
        documents: Source documents.
        entities: Members by class name: ``"Organization"``.
    """

    quads: int
    graphs: int
    claims: int
    documents: int
    entities: Mapping[str, int]


class Site:
    """One application's settings and store.

    Args:
        settings: What was set from outside.
        store: The build that is served; open as long as the application runs.
        questions: The published questions.
    """

    def __init__(self, settings: Settings, store: Store, questions: Sequence[Question]) -> None:
        self.settings, self.store = settings, store
        self.questions = tuple(questions)
        self._lock = threading.Lock()
        self._overview: tuple[str, Overview] | None = None

    def ask(self, text: str, *, limit: int = 2_000, **bindings: str) -> Rows:
        """Ask a SELECT of our own and keep the rows.

        Args:
            text: The query without its prefixes. It projects the variables that are bound.
            limit: Rows that are kept.
            **bindings: IRIs, by the variables that they are put in for.

        Raises:
            QueryError: The store cannot answer it, or not before the page's deadline.
        """
        answer = self.store.query(
            PROLOGUE + text,
            deadline_s=min(PAGE_DEADLINE_S, self.settings.query_timeout_s),
            max_rows=limit,
            bindings={name: Iri(value) for name, value in bindings.items()},
        )
        with answer:
            if not isinstance(answer, Solutions):
                raise QueryError("a page asked something other than SELECT")
            rows = tuple(answer.rows)
            return Rows(answer.variables, rows, answer.rows.complete is not False)

    def labels_of(self, iris: Iterable[str]) -> dict[str, str]:
        """Names for IRIs, English ones before others; an IRI without a name is left out."""
        wanted = sorted({iri for iri in iris if _WHOLE_IRI.fullmatch(iri)})
        best: dict[str, tuple[tuple[bool, str, str], str]] = {}
        for start in range(0, len(wanted), _LABELS_AT_ONCE):
            things = " ".join(
                to_ntriples(Iri(iri)) for iri in wanted[start : start + _LABELS_AT_ONCE]
            )
            for row in self.ask(_LABELS.format(things=things), limit=10_000).dicts():
                thing, label, rank = row["thing"], row["label"], row["rank"]
                if not (
                    isinstance(thing, Iri)
                    and isinstance(label, Literal)
                    and isinstance(rank, Literal)
                ):
                    continue
                foreign = not (label.language or "en").startswith("en")
                order = (foreign, rank.lexical, label.lexical)
                if thing.value not in best or order < best[thing.value][0]:
                    best[thing.value] = (order, label.lexical)
        made = {iri: name for iri, name in MADE_GRAPHS.items() if iri in wanted}
        return made | {iri: label for iri, (_, label) in best.items()}

    def overview(self) -> Overview:
        """How much there is, counted once a release."""
        release = self.store.release
        with self._lock:
            if self._overview is None or self._overview[0] != release:
                self._overview = (release, self._count())
            return self._overview[1]

    def _count(self) -> Overview:
        counts = self.ask(_OVERVIEW).dicts()[0]
        entities = {
            iri_of(row.get("class")).rpartition("#")[2]: _to_int(row["things"])
            for row in self.ask(_ENTITIES).dicts()
        }
        return Overview(
            quads=self.store.size(),
            graphs=len(self.store.graphs()),
            claims=_to_int(counts["claims"]),
            documents=_to_int(counts["documents"]),
            entities=entities,
        )


def current_site() -> Site:
    """The site of the application that answers the current request."""
    site = current_app.extensions["conflictkg"]
    if not isinstance(site, Site):
        raise TypeError("the application was not made by create_app")
    return site


def iri_of(term: Term | None) -> str:
    """The IRI that a term is; empty where it is none.

    >>> iri_of(Iri("http://x/")), iri_of(None)
    ('http://x/', '')
    """
    return term.value if isinstance(term, Iri) else ""


def _to_int(term: Term) -> int:
    return int(term.lexical) if isinstance(term, Literal) else 0
