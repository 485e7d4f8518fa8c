"""What a query can ask for: classes and properties with how often they occur, prefixes, graphs, examples."""

import threading
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from conflictkg.answers import Iri, Literal, Term
from conflictkg.errors import NotFoundError
from conflictkg.mcp.bounds import shorten_text
from conflictkg.mcp.terms import read_iri, write_iri, write_term
from conflictkg.terms import PREFIXES, PROLOGUE
from conflictkg.web.site import MADE_GRAPHS, Site
from conflictkg.web.vocabulary import OntologyTerm, Vocabulary, load_vocabulary

_MOST_TERMS = 500
_MOST_MEMBERS = 1_000
"""Of a class, that are looked at for what stands with them: some classes have millions."""

_CLASSES = "SELECT ?term (COUNT(*) AS ?times) { ?thing a ?term } GROUP BY ?term ORDER BY DESC(?times) ?term"
_PROPERTIES = (
    "SELECT ?term (COUNT(*) AS ?times) { ?s ?term ?o } GROUP BY ?term ORDER BY DESC(?times) ?term"
)
_USED_WITH = f"""
SELECT ?property (COUNT(DISTINCT ?thing) AS ?times) (SAMPLE(?value) AS ?example) {{
  {{ SELECT DISTINCT ?class ?thing {{ ?thing a ?class }} LIMIT {_MOST_MEMBERS} }}
  ?thing ?property ?value .
}} GROUP BY ?property ORDER BY DESC(?times) ?property
"""
_EXAMPLES = "SELECT ?class ?thing { ?thing a ?class }"
_USES = "SELECT ?property ?subject ?object { ?subject ?property ?object }"
_MEMBERS = """
SELECT ?scheme ?member ?label { ?member skos:inScheme ?scheme OPTIONAL { ?member skos:prefLabel ?label } }
ORDER BY ?member
"""

HOW_CLAIMS_ARE_HELD = (
    "A claim is a thing of its own (ckg:Claim, ckg:CountClaim, ckg:DateClaim, ckg:GroupRelation): ckg:claimSubject "
    "what it is about, ckg:claimProperty with ckg:claimObject or ckg:claimValue what is claimed (counts: ckg:countOf, "
    "ckg:lowerBound, ckg:bestEstimate, ckg:upperBound), prov:wasAttributedTo who says it, ckg:reportedBy through whom, "
    "ckg:claimStatus and ckg:modality how sure, ckg:polarity whether it is denied, prov:wasDerivedFrom the document, "
    "ckg:evidence/oa:hasTarget where in it. Select those with the value, so that the answer can say who says so."
)


class Schema:
    """The vocabulary of a store, gathered once a release.

    Args:
        site: The site.
    """

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = threading.Lock()
        self._held: tuple[str, dict[str, int], dict[str, int], dict[str, OntologyTerm]] | None = (
            None
        )

    def _gather(self) -> tuple[dict[str, int], dict[str, int], dict[str, OntologyTerm]]:
        release = self._site.store.release
        with self._lock:
            if self._held is None or self._held[0] != release:
                vocabulary = load_vocabulary(self._site)
                self._held = (
                    release,
                    self._count(_CLASSES),
                    self._count(_PROPERTIES),
                    _terms_of(vocabulary),
                )
            return self._held[1:]

    def _count(self, text: str) -> dict[str, int]:
        return {
            row["term"].value: _to_int(row["times"])
            for row in self._site.ask(text, limit=_MOST_TERMS).dicts()
            if isinstance(row["term"], Iri)
        }

    def describe(self) -> dict[str, Any]:
        """All of it in short."""
        classes, properties, terms = self._gather()
        site = self._site
        return {
            "release": site.store.release,
            "triples": site.store.size(),
            "how_claims_are_held": HOW_CLAIMS_ARE_HELD,
            "classes": _tell_terms(classes, terms),
            "properties": _tell_terms(properties, terms),
            "graphs": [
                {
                    "iri": each.iri,
                    "triples": each.triples,
                    **({"is": MADE_GRAPHS[each.iri]} if each.iri in MADE_GRAPHS else {}),
                }
                for each in site.store.graphs()
            ],
            "prefixes": PROLOGUE.rstrip(),
            "functions": [
                'ckg:matches(?text, "haqqani net*"): whether a text has these words; fast, by an index',
                "geof:distance, geof:sfWithin and other simple features of GeoSPARQL on WKT literals",
            ],
            "example_questions": [
                {"name": each.slug, "asks": each.text} for each in site.questions
            ],
            "hint": (
                "Call again with term= for a class, a property, a code list or the name of an example question: "
                "its definition, what stands with it, or its whole query."
            ),
        }

    def describe_term(self, text: str) -> dict[str, Any]:
        """One class, property, code list or published question.

        Args:
            text: Its prefixed name, IRI, or the question's name.

        Raises:
            NotFoundError: There is none; with the closest that there is.
        """
        asked = [each for each in self._site.questions if each.slug == text.strip()]
        if asked:
            question = asked[0]
            return {
                "name": question.slug,
                "asks": question.text,
                "comment": question.comment,
                "sparql": question.sparql,
            }
        classes, properties, terms = self._gather()
        iri = read_iri(text)
        told = _tell_in_full(iri, terms)
        if iri in classes:
            return {**told, "members": classes[iri], **self._tell_class(iri)}
        if iri in properties:
            return {**told, "times": properties[iri], "examples": self._tell_uses(iri)}
        members = self._tell_members(iri)
        if members:
            return {**told, "members_of_this_code_list": members}
        if iri in terms:
            return {**told, "times": 0, "hint": "It is declared, and occurs nowhere in this graph."}
        known = [write_iri(each) for each in (*classes, *properties, *terms)]
        known += [each.slug for each in self._site.questions]
        name = write_iri(iri)
        raise NotFoundError("class, property, code list or question", name, _closest(name, known))

    def _tell_class(self, iri: str) -> dict[str, Any]:
        rows = self._site.ask(_USED_WITH, limit=60, **{"class": iri}).dicts()
        examples = self._site.ask(_EXAMPLES, limit=3, **{"class": iri}).iris("thing")
        return {
            "members_looked_at": f"at most {_MOST_MEMBERS:,}",
            "properties": [
                {
                    "property": write_term(row["property"]),
                    "members_that_have_it": _to_int(row["times"]),
                    "example": write_term(row.get("example")),
                }
                for row in rows
            ],
            "examples": [write_iri(each) for each in examples],
        }

    def _tell_uses(self, iri: str) -> list[str]:
        rows = self._site.ask(_USES, limit=5, property=iri).dicts()
        return [
            f"{write_term(row['subject'])} {write_iri(iri)} {write_term(row['object'])} ."
            for row in rows
        ]

    def _tell_members(self, iri: str) -> list[dict[str, str | None]]:
        rows = self._site.ask(_MEMBERS, limit=200, scheme=iri).dicts()
        labels = [row.get("label") for row in rows]
        return [
            {
                "iri": write_term(row["member"]),
                "label": label.lexical if isinstance(label, Literal) else None,
            }
            for row, label in zip(rows, labels, strict=True)
        ]


def _terms_of(vocabulary: Vocabulary) -> dict[str, OntologyTerm]:
    return {
        PREFIXES["ckg"] + each.name: each for each in (*vocabulary.classes, *vocabulary.properties)
    }


def _tell_terms(
    times: Mapping[str, int], terms: Mapping[str, OntologyTerm]
) -> list[dict[str, Any]]:
    """Terms of the domain before those of other vocabularies: the end is what is cut."""
    order = sorted(times, key=lambda iri: (not iri.startswith(PREFIXES["ckg"]), -times[iri], iri))
    return [_tell_term(iri, times[iri], terms) for iri in order]


def _tell_term(iri: str, times: int, terms: Mapping[str, OntologyTerm]) -> dict[str, Any]:
    told: dict[str, Any] = {"term": write_iri(iri), "times": times}
    if iri in terms:
        told["label"] = terms[iri].label
    return told


def _tell_in_full(iri: str, terms: Mapping[str, OntologyTerm]) -> dict[str, Any]:
    told: dict[str, Any] = {"term": write_iri(iri)}
    term = terms.get(iri)
    if term is not None:
        told |= {
            "label": term.label,
            "definition": shorten_text(term.definition),
            "examples_of_use": [shorten_text(each) for each in term.examples],
            "links": {
                name: [write_iri(each.title) if each.title else each.text for each in shown]
                for name, shown in term.links
            },
        }
    return {name: value for name, value in told.items() if value}


def _to_int(term: Term) -> int:
    return int(term.lexical) if isinstance(term, Literal) else 0


def _closest(name: str, known: list[str]) -> list[str]:
    """A few names to suggest; a list of all would drown the message."""
    folded = {each.casefold(): each for each in known}
    return [folded[each] for each in get_close_matches(name.casefold(), list(folded), n=5)]
