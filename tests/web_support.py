"""What the tests of the web share: a small real store, a store that fails, and one check of problems."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import pyoxigraph
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from conflictkg.answers import Answer, Boolean, Stream, Term, Triples
from conflictkg.config import Settings
from conflictkg.engine.explain import Explanation
from conflictkg.errors import NotFoundError, NotPermittedError
from conflictkg.iris import BASE, ENTITIES_GRAPH, ONTOLOGY_GRAPH, mint_graph
from conflictkg.store import Cancellation, Edit, Federation, GraphInfo, JournalEntry, UpdateReport
from conflictkg.store.place import claim_place
from conflictkg.store.writer import Contents, write_store
from conflictkg.terms import PREFIXES
from conflictkg.web import create_app

DOCUMENT = "0123456789abcdef"
ARTICLE_GRAPH = str(mint_graph(f"article/{DOCUMENT}"))
ORGANIZATION = BASE + "id/organization/0001"
HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

_CLAIM = """ prov:wasDerivedFrom <id/document/{doc}> ; ckg:polarity cs:polarity-affirmed ;
  ckg:modality cs:modality-actual ; ckg:reviewStatus cs:review-status-accepted ;
  ckg:claimStatus cs:claim-status-{status} ; prov:wasAttributedTo <id/organization/{by}> ;
  ckg:evidence <id/evidence/{doc}/{start}-{end}> .
<id/evidence/{doc}/{start}-{end}> a oa:Annotation ; ckg:spanSha256 "00" ;
  oa:hasTarget <id/evidence/{doc}/{start}-{end}/target> .
<id/evidence/{doc}/{start}-{end}/target> a oa:SpecificResource ;
  oa:hasSource <id/document/{doc}> ; oa:hasSelector <id/evidence/{doc}/{start}-{end}/position> .
<id/evidence/{doc}/{start}-{end}/position> a oa:TextPositionSelector ;
  oa:start {start} ; oa:end {end} .
"""


def write_many_claims(count: int) -> str:
    """Turtle of claims that all say something about one organization and come from one other."""
    return "".join(
        _claim(
            f"""<id/claim/{DOCUMENT}/many-{number}> a ckg:Claim ;
  ckg:claimSubject <id/organization/0003> ; ckg:claimProperty ckg:assessment ;
  ckg:claimValue "assessment {number}"@en ;""",
            "author-opinion",
            "0002",
            1_000 + number,
            1_001 + number,
        )
        for number in range(count)
    )


def _claim(head: str, status: str, by: str, start: int, end: int) -> str:
    return head + _CLAIM.format(doc=DOCUMENT, status=status, by=by, start=start, end=end)


ENTITIES = r"""
<graph/entities> a ckg:NamedGraph ; dct:title "Registry"@en .
<id/organization/0001> a ckg:Organization ; skos:prefLabel "Blue Brigade"@en ;
  skos:altLabel "<script>alert(1)</script>"@en ;
  rdfs:seeAlso <javascript:alert(document.domain)> , <http://example.org/'onclick='alert(1)> ,
    <https://example.org/page> , <https://w3id.org/conflictkg//example.org/> .
<id/organization/0002> a ckg:Organization ; skos:prefLabel "Daily Herald"@en .
<id/organization/0003> a ckg:Organization ; skos:prefLabel "Green\u202EBrigade"@en .
<id/person/0001> a ckg:Person ; skos:prefLabel "Ann Example"@en .
<id/post/0001> a ckg:Post ; skos:prefLabel "commander of the Blue Brigade"@en .
<id/person/0002> skos:prefLabel "=HYPERLINK(\"http://example.org/\")" .
"""

ARTICLE = (
    f"""
<graph/article/{DOCUMENT}> a ckg:NamedGraph ; dct:title "Claims of: a test"@en ;
  dct:license <https://creativecommons.org/licenses/by/4.0/> .
<id/document/{DOCUMENT}> a ckg:SourceDocument ; dct:title "A test article"@en ;
  ckg:hasZone <id/zone/{DOCUMENT}/0-500> .
<id/zone/{DOCUMENT}/0-500> a ckg:DocumentZone ; ckg:zoneType cs:zone-body ;
  oa:hasSelector <id/zone/{DOCUMENT}/0-500/position> .
<id/zone/{DOCUMENT}/0-500/position> oa:start 0 ; oa:end 500 .
<id/strike/{DOCUMENT}/one> a ckg:Strike ; rdfs:label "strike at the bridge"@en .
<id/tenure/{DOCUMENT}/t1> a ckg:Tenure ; ckg:post <id/post/0001> ;
  org:organization <id/organization/0001> .
"""
    + _claim(
        f"""<id/claim/{DOCUMENT}/by> a ckg:Claim ; ckg:claimSubject <id/strike/{DOCUMENT}/one> ;
  ckg:claimProperty ckg:perpetrator ; ckg:claimObject <id/organization/0001> ;
  ckg:reportedBy <id/organization/0002> ;""",
        "attributed-claim",
        "0003",
        40,
        60,
    )
    + _claim(
        f"""<id/claim/{DOCUMENT}/killed> a ckg:CountClaim ;
  ckg:claimSubject <id/strike/{DOCUMENT}/one> ; ckg:countOf cs:count-category-killed ;
  ckg:lowerBound 3 ; ckg:upperBound 5 ; ckg:verbatim "three to five"@en ;""",
        "fact",
        "0002",
        10,
        25,
    )
    + _claim(
        f"""<id/claim/{DOCUMENT}/name> a ckg:Claim ; ckg:claimSubject <id/organization/0001> ;
  ckg:claimProperty ckg:printedName ; ckg:claimValue "the Blues"@en ;""",
        "fact",
        "0002",
        70,
        79,
    )
    + _claim(
        f"""<id/claim/{DOCUMENT}/held> a ckg:Claim ; ckg:claimSubject <id/person/0001> ;
  ckg:claimProperty org:hasMembership ; ckg:claimObject <id/tenure/{DOCUMENT}/t1> ;""",
        "inferred",
        "0002",
        80,
        90,
    )
)

VOCABULARY = """
<ontology> a owl:Ontology ; dct:title "test ontology"@en .
ckg:Organization a owl:Class ; rdfs:label "organization"@en ; skos:definition "A body."@en .
ckg:perpetrator a owl:ObjectProperty ; rdfs:label "perpetrator"@en ; rdfs:range sem:Actor .
cs:claim-status a skos:ConceptScheme ; skos:prefLabel "claim status"@en .
cs:claim-status-fact a skos:Concept ; skos:inScheme cs:claim-status ;
  skos:prefLabel "fact"@en ; skos:definition "In the source's own voice."@en .
cs:count-category-killed a skos:Concept ; skos:prefLabel "killed"@en .
cs:zone-body a skos:Concept ; skos:prefLabel "body"@en .
"""


def write_small_store(directory: Path, more: str = "") -> Path:
    """Write a store of some hundred triples in three graphs; the same on every run.

    Args:
        directory: Where.
        more: Further Turtle for the article's graph.
    """
    texts = {
        str(ENTITIES_GRAPH): ENTITIES,
        ARTICLE_GRAPH: ARTICLE + more,
        str(ONTOLOGY_GRAPH): VOCABULARY,
    }
    graphs = {iri: _to_ntriples(text) for iri, text in texts.items()}
    with claim_place(directory):
        write_store(directory, Contents(graphs, "test-release", "2026-01-02T03:04:05Z", {}))
    return directory


def _to_ntriples(turtle: str) -> bytes:
    prologue = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
    quads = pyoxigraph.parse(prologue + turtle, pyoxigraph.RdfFormat.TURTLE, base_iri=BASE)
    triples = [quad.triple for quad in quads]
    written = pyoxigraph.serialize(triples, format=pyoxigraph.RdfFormat.N_TRIPLES)
    assert written is not None
    return written


class FakeStore:
    """A store that answers with what a test gives it: for failures that a real one cannot be made to have.

    Args:
        answer: Called for every query; may raise.
    """

    release = "fake-release"
    built_at = "2026-01-02T03:04:05Z"
    directory = Path("fake")

    def __init__(self, answer: Callable[[str], Answer] = lambda _: Boolean(value=True)) -> None:
        self._answer = answer
        self.asked: list[dict[str, object]] = []

    def graphs(self) -> tuple[GraphInfo, ...]:
        return (GraphInfo("http://example.org/g", 3),)

    def size(self) -> int:
        return 3

    def query(
        self,
        text: str,
        *,
        deadline_s: float | None = None,
        max_rows: int | None = None,
        default_graphs: Sequence[str] = (),
        named_graphs: Sequence[str] = (),
        bindings: Mapping[str, Term] | None = None,
        base_iri: str | None = None,
        cancellation: Cancellation | None = None,  # noqa: ARG002  what it answers takes no time
        federation: Federation | None = None,  # noqa: ARG002  it has nothing to ask others for
    ) -> Answer:
        self.asked.append(
            {
                "text": text,
                "deadline_s": deadline_s,
                "max_rows": max_rows,
                "default_graphs": tuple(default_graphs),
                "named_graphs": tuple(named_graphs),
                "bindings": dict(bindings or {}),
                "base_iri": base_iri,
            }
        )
        return self._answer(text)

    def describe(
        self, iri: str, *, deadline_s: float | None = None, max_rows: int | None = None
    ) -> Triples:
        self.asked.append({"text": iri, "deadline_s": deadline_s, "max_rows": max_rows})
        return Triples(Stream(iter(())))

    def explain(self, text: str, **_: object) -> Explanation:
        raise NotPermittedError(text, "this store explains nothing")

    def update(self, text: str, **_: object) -> UpdateReport:
        raise NotPermittedError(text, "this store is never changed")

    def write_graph(self, graph: str, file: Path | None, **_: object) -> UpdateReport:  # noqa: ARG002
        raise NotPermittedError(graph, "this store is never changed")

    def journal(self, *, after: int = 0, most: int = 100) -> tuple[JournalEntry, ...]:  # noqa: ARG002
        return ()

    def patch(self, number: int) -> Iterator[str]:
        raise NotFoundError("journal entry", str(number))

    def undo(self, number: int, edit: Edit, **_: object) -> UpdateReport:  # noqa: ARG002
        raise NotFoundError("journal entry", str(number))

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass


def client_of(store: FakeStore, **settings: float) -> FlaskClient:
    """A client of a new application over a fake store."""
    return create_app(Settings(**settings), store).test_client()  # type: ignore[arg-type]  # fields by name


def require_problem(response: TestResponse, status: int, slug: str) -> dict[str, object]:
    """Check that an answer is the one error body that there is, and give it."""
    assert response.status_code == status, response.text
    assert response.mimetype == "application/problem+json"
    body = json.loads(response.data)
    assert {"type", "title", "status", "detail"} <= body.keys()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    assert response.headers["Cache-Control"] == "no-store"
    assert "Traceback" not in response.text
    assert isinstance(body, dict)
    return body
