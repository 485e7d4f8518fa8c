"""The published questions: ``queries/<slug>.ttl``, read."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rdflib import DCTERMS, RDF, RDFS, SDO, SH, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg.answers import Kind
from conflictkg.errors import NotFoundError, SourceError
from conflictkg.files import query_files
from conflictkg.graphs import parse_graph
from conflictkg.terms import PREFIXES

_KINDS: tuple[tuple[URIRef, Kind], ...] = (
    (SH.select, "solutions"),
    (SH.ask, "boolean"),
    (SH.construct, "graph"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """One published question.

    Args:
        slug: Its short name, the file's without its ending.
        iri: Its name as a thing.
        number: Its number in the domain model, a string; empty where it has none.
        text: The question, in English.
        comment: How the answer is to be read; may be empty.
        keywords: What it is about, sorted.
        kind: The kind of its answer.
        sparql: The whole query, its prefixes declared.
    """

    slug: str
    iri: str
    number: str
    text: str
    comment: str
    keywords: tuple[str, ...]
    kind: Kind
    sparql: str


def load_questions(paths: Iterable[Path] | None = None) -> tuple[Question, ...]:
    """Read the questions, in order of their numbers, then of their slugs.

    Args:
        paths: One file a question; by default those of ``queries/``.

    Raises:
        SourceError: A file cannot be read, or does not hold one question; it names what is missing.
        RdfSyntaxError: A file is not Turtle: with line and column.
    """
    found = [_read_question(path) for path in (query_files() if paths is None else paths)]
    return tuple(sorted(found, key=lambda each: (each.number or "~", each.slug)))


def find_question(slug: str, questions: Iterable[Question]) -> Question:
    """The question of a slug.

    Raises:
        NotFoundError: There is none; with the closest that there is.
    """
    by_slug = {each.slug: each for each in questions}
    if slug not in by_slug:
        raise NotFoundError("question", slug, list(by_slug))
    return by_slug[slug]


def _read_question(path: Path) -> Question:
    graph = parse_graph(path).graph
    subjects = list(graph.subjects(RDF.type, SH.SPARQLExecutable, unique=True))
    if len(subjects) != 1 or not isinstance(subjects[0], URIRef):
        raise SourceError(
            f"holds {len(subjects)} questions with an IRI; a file holds one: "
            "<https://w3id.org/conflictkg/query/SLUG> a sh:SPARQLExecutable.",
            source=str(path),
        )
    iri = subjects[0]
    slug = str(iri).rpartition("/")[2]
    if slug != path.stem:
        raise SourceError(
            f'asks question "{slug}", and the file is named "{path.stem}". Give both one name.',
            source=str(path),
        )
    kind, body = _read_body(graph, iri, path)
    return Question(
        slug=slug,
        iri=str(iri),
        number=_text(graph, iri, DCTERMS.identifier),
        text=_text(graph, iri, RDFS.label) or slug,
        comment=_text(graph, iri, RDFS.comment),
        keywords=tuple(sorted(map(str, graph.objects(iri, SDO.keywords)))),
        kind=kind,
        sparql=declare_prefixes(body),
    )


def _read_body(graph: Graph, iri: Node, path: Path) -> tuple[Kind, str]:
    bodies = [(kind, str(value)) for name, kind in _KINDS for value in graph.objects(iri, name)]
    if len(bodies) != 1:
        raise SourceError(
            f"has {len(bodies)} query texts; a question has one: sh:select, sh:ask or sh:construct.",
            source=str(path),
        )
    return bodies[0]


def _text(graph: Graph, subject: Node, name: URIRef) -> str:
    """The English text of a property, else any; empty where there is none."""
    values = [each for each in graph.objects(subject, name) if isinstance(each, Literal)]
    values.sort(key=lambda each: (each.language != "en", str(each)))
    return str(values[0]) if values else ""


def declare_prefixes(body: str) -> str:
    r"""Put before a query the prefixes that it uses and that the ontology declares.

    >>> declare_prefixes("ASK { ?x a ckg:Claim }")
    'PREFIX ckg: <https://w3id.org/conflictkg/ontology#>\nASK { ?x a ckg:Claim }'
    """
    used = [prefix for prefix in PREFIXES if f"{prefix}:" in body]
    lines = [f"PREFIX {prefix}: <{PREFIXES[prefix]}>" for prefix in used]
    return "\n".join([*lines, body.strip("\n")])
