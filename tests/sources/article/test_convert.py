"""Annotations to Turtle: forms, provenance, wrong texts, wrong predicates."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from rdflib import DCTERMS, ORG, PROV, RDF, SKOS, BNode, Graph, Literal, URIRef

from conflictkg.cli import group
from conflictkg.errors import ConflictKGError, InvalidValueError, SourceError, UnmappedValueError
from conflictkg.graphs import write_turtle
from conflictkg.iris import document_key, mint_thing
from conflictkg.sources.article.annotations import (
    Annotations,
    dump_annotations,
    load_annotations,
    make_assertion_id,
    read_text,
    require_text,
    sha256_of,
)
from conflictkg.sources.article.convert import convert_article
from conflictkg.sources.article.predicates import load_predicates
from conflictkg.terms import CKG, CS, OA, PREFIXES, SEM

TEXT = "Army hits camp\n\nGen. Amina Example of the Example Army said two fighters died in Exampleton on May 2.\n"
KEY = document_key(sha256_of(TEXT))


def assertion(kind: str, subject: str, predicate: str, words: str, **value: Any) -> dict[str, Any]:
    start = TEXT.index(words)
    name = make_assertion_id(kind, subject, predicate, json.dumps(value, default=str), start)
    return {
        "id": name,
        "kind": kind,
        "subject": subject,
        "predicate": predicate,
        "start": start,
        "end": start + len(words),
        "sha256": sha256_of(words),
        "status": "fact",
    } | value


def make(*assertions: dict[str, Any], **document: Any) -> Annotations:
    """Annotations of TEXT with the nodes that the tests speak of."""
    nodes = [
        {"id": "amina", "type": "person", "label": "Amina Example"},
        {"id": "army", "type": "organization", "label": "Example Army"},
        {"id": "state", "type": "organization", "label": "Exampleland"},
        {
            "id": "chief",
            "type": "post",
            "label": "chief",
            "organization": "army",
            "concept": "leader",
        },
        {"id": "basil", "type": "person", "label": "Basil"},
        {"id": "hit", "type": "strike", "label": "strike on a camp"},
        {"id": "town", "type": "place", "label": "Exampleton"},
        {"id": "said", "type": "statement", "label": "on the strike"},
        {"id": "outlet", "type": "organization", "label": "Example News"},
    ]
    zone = {"zone": "headline", "start": 0, "end": 14, "sha256": sha256_of(TEXT[:14])}
    content = {
        "document": {
            "text_sha256": sha256_of(TEXT),
            "characters": len(TEXT),
            "title": "an example",
            "publisher": "outlet",
        }
        | document,
        "zones": [zone],
        "nodes": nodes,
        "assertions": list(assertions),
    }
    return Annotations.model_validate(content)


def claims(graph: Graph, kind: URIRef = CKG.Claim) -> list[URIRef]:
    return [subject for subject in graph.subjects(RDF.type, kind) if isinstance(subject, URIRef)]


def test_claim_says_who_where_and_how() -> None:
    """A claim carries subject, property, object, status, maker, derivation and a located evidence."""
    graph = convert_article(
        make(assertion("strike", "hit", "location", "Exampleton", object="town"))
    )
    (claim,) = claims(graph)
    expected = {
        (CKG.claimProperty, SEM.hasPlace),
        (CKG.claimSubject, mint_thing("strike", f"{KEY}/hit")),
        (CKG.claimObject, mint_thing("place", f"{KEY}/town")),
        (CKG.claimStatus, CS["claim-status-fact"]),
        (CKG.reviewStatus, CS["review-status-unreviewed"]),
        (PROV.wasAttributedTo, mint_thing("organization", f"{KEY}/outlet")),
        (PROV.wasDerivedFrom, mint_thing("document", KEY)),
    }
    assert expected <= set(graph.predicate_objects(claim))
    start = TEXT.index("Exampleton")
    evidence = mint_thing("evidence", f"{KEY}/{start}-{start + 10}")
    assert (claim, CKG.evidence, evidence) in graph
    assert (URIRef(f"{evidence}/target/position"), OA.start, Literal(start)) in graph
    assert (evidence, CKG.spanSha256, Literal(sha256_of("Exampleton"))) in graph


def test_attributed_claim_names_maker_and_the_whole_chain() -> None:
    """What another says is the other's claim, reported by the outlet, not the outlet's own."""
    item = assertion("strike", "hit", "carried out by", "Example Army", object="army")
    item |= {"status": "attributed-claim", "attributed_to": ["amina"], "reported_by": ["army"]}
    graph = convert_article(make(item))
    (claim,) = claims(graph)
    amina = graph.value(predicate=SKOS.prefLabel, object=Literal("Amina Example", lang="en"))
    assert set(graph.objects(claim, PROV.wasAttributedTo)) == {amina}
    assert set(graph.objects(claim, CKG.reportedBy)) == {
        mint_thing("organization", f"{KEY}/army"),
        mint_thing("organization", f"{KEY}/outlet"),
    }


def test_document_without_publisher_still_attributes_its_claims() -> None:
    """A claim is never without a maker: an unknown publisher is said to be unknown."""
    item = assertion("strike", "hit", "location", "Exampleton", object="town")
    graph = convert_article(make(item, publisher=None))
    (claim,) = claims(graph)
    (maker,) = graph.objects(claim, PROV.wasAttributedTo)
    assert (maker, RDF.type, PROV.Agent) in graph


def test_post_makes_a_tenure_behind_a_claim() -> None:
    """A held post is a tenure with member, organization and post, and rank is said of that tenure."""
    graph = convert_article(
        make(
            assertion("role", "amina", "rank", "Gen.", text="General"),
            assertion("role", "amina", "holds post", "Example Army", object="chief"),
        )
    )
    (tenure,) = graph.subjects(RDF.type, CKG.Tenure)
    assert (tenure, CKG.post, mint_thing("post", f"{KEY}/chief")) in graph
    assert (tenure, ORG.organization, mint_thing("organization", f"{KEY}/army")) in graph
    held = next(claim for claim in claims(graph) if (claim, CKG.claimObject, tenure) in graph)
    assert (held, CKG.claimProperty, ORG.hasMembership) in graph
    ranked = next(claim for claim in claims(graph) if (claim, CKG.claimProperty, CKG.rank) in graph)
    assert (ranked, CKG.claimSubject, tenure) in graph


def test_succession_joins_the_tenures_of_the_shared_post() -> None:
    """A successor's tenure of the post has the predecessor's tenure of the same post before it."""
    graph = convert_article(
        make(
            assertion("succession", "amina", "successor of", "Amina", object="basil"),
            assertion("role", "amina", "holds post", "Gen. Amina", object="chief"),
            assertion("membership", "basil", "member of", "Example Army", object="state"),
            assertion("role", "basil", "holds post", "Army", object="chief"),
        )
    )
    (claim,) = [
        each for each in claims(graph) if (each, CKG.claimProperty, CKG.predecessor) in graph
    ]
    (later,) = graph.objects(claim, CKG.claimSubject)
    (earlier,) = graph.objects(claim, CKG.claimObject)
    assert graph.value(later, CKG.post) == graph.value(earlier, CKG.post)
    assert later != earlier


def test_deputy_shares_the_superior_s_organization() -> None:
    """A deputy's tenure names the person deputized for and that person's organization."""
    graph = convert_article(
        make(
            assertion("membership", "basil", "deputy of", "Amina", object="amina"),
            assertion("membership", "amina", "leader in", "Example Army", object="army"),
        )
    )
    (tenure,) = graph.subjects(ORG.role, CS["role-deputy"])
    assert (tenure, ORG.organization, mint_thing("organization", f"{KEY}/army")) in graph


def test_unknown_count_has_no_number() -> None:
    """A vague or unreported count gets no bound: unknown is never 0."""
    graph = convert_article(
        make(
            assertion("count", "hit", "count", "two", count={"of": "killed", "vague": True}),
            assertion(
                "count", "hit", "count", "fighters", count={"of": "injured", "not_reported": True}
            ),
        )
    )
    for claim in claims(graph, CKG.CountClaim):
        assert not set(graph.predicates(claim)) & {CKG.lowerBound, CKG.bestEstimate, CKG.upperBound}
    assert len(claims(graph, CKG.CountClaim)) == 2


def test_event_without_date_or_place_says_so() -> None:
    """What the source leaves out is written as unknown, not left out."""
    graph = convert_article(make())
    hit = mint_thing("strike", f"{KEY}/hit")
    assert (hit, CKG.datePrecision, CS["date-precision-unknown"]) in graph
    assert (hit, CKG.placePrecision, CS["place-precision-unknown"]) in graph


def test_coarse_date_of_a_statement_is_bounds_not_a_day() -> None:
    """A statement dated to a year gets a date claim with bounds, never a made-up day."""
    when = {
        "earliest_begin": "2017-01-01",
        "latest_begin": "2017-12-31",
        "earliest_end": "2017-01-01",
        "latest_end": "2017-12-31",
        "precision": "year",
    }
    graph = convert_article(make(assertion("date", "said", "stated on", "May 2", date=when)))
    (claim,) = claims(graph, CKG.DateClaim)
    assert (claim, SEM.hasLatestEndTimeStamp, Literal("2017-12-31", datatype=DATE)) in graph
    assert (None, DCTERMS.issued, None) not in graph


DATE = URIRef("http://www.w3.org/2001/XMLSchema#date")


def test_relation_carries_its_own_provenance() -> None:
    """A group relation has child, parent, type and all that a claim has."""
    item = assertion("hierarchy", "army", "agency of", "Example Army", object="state")
    graph = convert_article(make(item))
    (relation,) = graph.subjects(RDF.type, CKG.GroupRelation)
    assert (relation, CKG.relationType, CS["relation-type-agency-of"]) in graph
    assert {CKG.claimStatus, CKG.evidence, PROV.wasAttributedTo} <= set(graph.predicates(relation))


def test_review_of_one_assertion_marks_that_one_only() -> None:
    """A review that names an assertion decides about it; the others stay unreviewed."""
    first = assertion("strike", "hit", "location", "Exampleton", object="town")
    second = assertion("strike", "hit", "carried out by", "Example Army", object="army")
    content = json.loads(dump_annotations(make(first, second)))
    content["reviews"] = [
        {
            "reviewer": "a curator",
            "date": "2026-01-01",
            "decision": "rejected",
            "note": "misread",
            "assertions": [first["id"]],
        }
    ]
    graph = convert_article(Annotations.model_validate(content))
    status = {
        str(claim).rpartition("/")[2]: graph.value(claim, CKG.reviewStatus)
        for claim in claims(graph)
    }
    assert status == {
        first["id"]: CS["review-status-rejected"],
        second["id"]: CS["review-status-unreviewed"],
    }


def test_person_s_name_is_in_no_iri() -> None:
    """A person known only to the document is named by a digest."""
    graph = convert_article(
        make(assertion("person", "amina", "name", "Amina Example", text="Amina Example"))
    )
    iris = {term for triple in graph for term in triple if isinstance(term, URIRef)}
    assert not [iri for iri in iris if "amina" in iri.split("/claim/")[0]]
    assert not [term for triple in graph for term in triple if isinstance(term, BNode)]


def test_conversion_does_not_depend_on_assertion_order() -> None:
    """The same annotations in another order give the same bytes."""
    items = [
        assertion("strike", "hit", "location", "Exampleton", object="town"),
        assertion("role", "amina", "rank", "Gen.", text="General"),
        assertion("role", "amina", "holds post", "Example Army", object="chief"),
    ]
    written = {
        write_turtle(convert_article(make(*order)), PREFIXES) for order in (items, items[::-1])
    }
    assert len(written) == 1


def test_unknown_predicate_names_the_closest() -> None:
    """A predicate outside the table is an error that suggests the nearest one."""
    item = assertion("strike", "hit", "locaton", "Exampleton", object="town")
    with pytest.raises(
        UnmappedValueError, match=r'"locaton" is not in predicates.toml. Closest known: "location"'
    ):
        convert_article(make(item))


def test_unknown_concept_names_the_closest() -> None:
    """A concept outside its scheme is an error that suggests the nearest one."""
    item = assertion("strike", "hit", "carried out with", "hits", concept="dron")
    with pytest.raises(
        UnmappedValueError, match=r'no concept of the scheme strike-means. Closest known: "drone"'
    ):
        convert_article(make(item))


@pytest.mark.parametrize(
    ("kind", "predicate", "value", "message"),
    [
        (
            "person",
            "location",
            {"object": "town"},
            'kind "person" does not go with predicate "location"',
        ),
        (
            "strike",
            "location",
            {"text": "Exampleton"},
            'predicate "location" needs its value in "object"',
        ),
    ],
)
def test_assertion_that_does_not_fit_its_predicate_is_refused(
    kind: str, predicate: str, value: dict[str, Any], message: str
) -> None:
    """Kind and value must be those that the table gives for the predicate."""
    with pytest.raises(InvalidValueError, match=message):
        convert_article(make(assertion(kind, "hit", predicate, "Exampleton", **value)))


def test_every_predicate_names_declared_terms() -> None:
    """Each row's property is a term of a known vocabulary, ours being closed."""
    for row in load_predicates().values():
        if row.property is not None and str(row.property).startswith(PREFIXES["ckg"]):
            assert str(row.property).removeprefix(PREFIXES["ckg"]) in CKG, row.name
        assert (row.property is not None) == (row.form in ("claim", "on-tenure")), row.name


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"subject": "nobody"}, 'refers to node "nobody", which is not declared'),
        ({"end": 5000}, "outside the text of"),
        ({"start": 30, "end": 30}, "is empty or runs backwards"),
        ({"start": -1}, "greater than or equal to 0"),
        ({"object": None}, "needs exactly one of object, text, concept, date and count"),
        ({"status": "reader-comment"}, "status"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_broken_annotation_is_refused_with_its_place(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    """A file that breaks the format says where and what."""
    content = json.loads(
        dump_annotations(make(assertion("strike", "hit", "location", "Exampleton", object="town")))
    )
    content["assertions"][0] |= change
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(SourceError, match=message) as caught:
        load_annotations(path)
    assert str(path) in str(caught.value)


def test_annotations_survive_writing_and_reading(tmp_path: Path) -> None:
    """What is written is read back the same."""
    annotations = make(assertion("strike", "hit", "location", "Exampleton", object="town"))
    path = tmp_path / "a.json"
    path.write_text(dump_annotations(annotations), encoding="utf-8")
    assert load_annotations(path) == annotations


def test_wrong_text_is_refused_with_the_first_span_that_differs() -> None:
    """Another text is refused: the message names the first span whose characters differ."""
    annotations = make(
        assertion("strike", "hit", "location", "Exampleton", object="town"),
        assertion("role", "amina", "rank", "Gen.", text="General"),
    )
    other = TEXT.replace("Exampleton", "Otherville")
    start = TEXT.index("Exampleton")
    with pytest.raises(InvalidValueError, match=f"first span that differs is characters {start}-"):
        require_text(annotations, other, "other.txt")


def test_text_that_differs_outside_all_spans_is_refused_too() -> None:
    """A change between the spans is another text all the same."""
    annotations = make(assertion("role", "amina", "rank", "Gen.", text="General"))
    with pytest.raises(InvalidValueError, match="only text outside them differs"):
        require_text(annotations, TEXT + "!", "other.txt")


def test_span_with_a_wrong_hash_is_found_in_the_right_text() -> None:
    """With the right text at hand a wrong span hash is the annotation's fault, and is named."""
    item = assertion("role", "amina", "rank", "Gen.", text="General") | {"sha256": "0" * 64}
    with pytest.raises(InvalidValueError, match="annotation is at fault"):
        require_text(make(item), TEXT, "text.txt")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"caf\xe9 one\n", r"line 1: byte 3 \(0xe9\) is not UTF-8"),
        (b"ok\nfine\xff", r"line 2: byte 7 \(0xff\) is not UTF-8"),
        (b"<!DOCTYPE html><html>", "is HTML or XML"),
        (b"a\x00b", "NUL"),
        (b"x" * 5_000_001, r"has 5,000,001 bytes; an article has at most 5,000,000"),
    ],
)
def test_text_that_is_no_article_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    """Not UTF-8, empty, HTML, binary or huge: each is refused with the place and what to do."""
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        read_text(path)


def test_line_ends_are_kept(tmp_path: Path) -> None:
    """Offsets count the characters that are there, so CR LF is two of them."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\ntwo\r\n")
    assert read_text(path) == "one\r\ntwo\r\n"


class TestCommand:
    """``conflictkg convert`` as a newcomer meets it."""

    def test_writes_turtle_to_stdout(self, tmp_path: Path) -> None:
        """Without -o the graph is on stdout."""
        path = tmp_path / "a.json"
        path.write_text(dump_annotations(make()), encoding="utf-8")
        result = CliRunner().invoke(group, ["convert", "article", str(path)])
        assert result.exit_code == 0
        assert result.stdout.startswith("@prefix ckg:")

    def test_turtle_is_utf_8_whatever_the_terminal_speaks(self, tmp_path: Path) -> None:
        """A title that ASCII cannot hold is written, not stumbled over."""
        content = json.loads(dump_annotations(make()))
        content["document"]["title"] = "\u017elut\u00fd"
        path = tmp_path / "a.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        result = CliRunner(charset="ascii").invoke(group, ["convert", "article", str(path)])
        assert result.exit_code == 0
        assert '"\u017elut\u00fd"' in result.stdout_bytes.decode("utf-8")

    def test_output_that_cannot_be_written_leaves_no_draft(self, tmp_path: Path) -> None:
        """A folder where the file should be is named, and nothing stands beside it."""
        path, folder = tmp_path / "a.json", tmp_path / "out"
        path.write_text(dump_annotations(make()), encoding="utf-8")
        folder.mkdir()
        result = CliRunner().invoke(group, ["convert", "article", str(path), "-o", str(folder)])
        assert f"{folder}: cannot be written" in str(result.exception)
        assert sorted(tmp_path.iterdir()) == [path, folder]

    def test_file_that_is_not_the_format_is_told_plainly(self, tmp_path: Path) -> None:
        """The message says what is wrong in our words, without the checker's."""
        content = json.loads(
            dump_annotations(make(assertion("strike", "hit", "location", "x", object="town")))
        )
        content["assertions"][0] |= {"end": 10_000_000}
        path = tmp_path / "a.json"
        path.write_text(json.dumps(content), encoding="utf-8")
        result = CliRunner().invoke(group, ["convert", "article", str(path)])
        assert str(result.exception).startswith(f'{path}: assertion "')
        assert "ends at 10000000, outside the text" in str(result.exception)

    def test_wrong_text_writes_nothing(self, tmp_path: Path) -> None:
        """A refused text leaves no output file behind."""
        path, text, output = tmp_path / "a.json", tmp_path / "t.txt", tmp_path / "out.ttl"
        path.write_text(dump_annotations(make()), encoding="utf-8")
        text.write_text("another text", encoding="utf-8")
        arguments = ["convert", "article", str(path), "--text", str(text), "-o", str(output)]
        result = CliRunner().invoke(group, arguments)
        assert isinstance(result.exception, InvalidValueError)
        assert sorted(tmp_path.iterdir()) == [path, text]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["artcle", "x.json"], 'no source is named "artcle". Did you mean "article"?'),
            (["entities", "x", "--text", "y"], "--text goes with the source article only"),
        ],
    )
    def test_unknown_source_is_an_error_of_the_command_line(
        self, arguments: list[str], message: str
    ) -> None:
        """A misspelt source gets a suggestion, and exit status 2."""
        result = CliRunner().invoke(group, ["convert", *arguments])
        assert (result.exit_code, message in result.stderr) == (2, True)

    def test_missing_file_is_named(self) -> None:
        """A missing file is named with the reason."""
        result = CliRunner().invoke(group, ["convert", "article", "absent.json"])
        assert isinstance(result.exception, ConflictKGError)
        assert "absent.json: cannot be read: No such file" in str(result.exception)
