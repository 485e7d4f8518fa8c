"""OpenSanctions: what its licence forbids, compressed files, and who says what through whom."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from rdflib import PROV, SKOS, Literal, URIRef

from conflictkg.errors import SourceError
from conflictkg.graphs import parse_turtle
from conflictkg.iris import mint_graph
from conflictkg.sources.converting import convert_source, make_job
from conflictkg.terms import CKG, CS

HERE = Path(__file__).parent
EXPECTED = HERE / "statements" / "expected.ttl"


def convert(path: Path) -> str:
    return b"".join(
        bytes(each) for each in convert_source(make_job("opensanctions", path, release="test"))
    ).decode()


def test_graph_may_not_be_passed_on() -> None:
    """Its licence is CC BY-NC 4.0, and the graph says that it may not be redistributed."""
    graph = parse_turtle(EXPECTED.read_text(encoding="utf-8")).graph
    iri = mint_graph("opensanctions-test")
    assert (iri, CKG.redistribution, Literal(False)) in graph


def test_each_claim_is_of_a_list_through_opensanctions() -> None:
    """The list makes the claim, OpenSanctions reports it, and when the list last said so stands with it."""
    graph = parse_turtle(EXPECTED.read_text(encoding="utf-8")).graph
    claims = set(graph.subjects(CKG.claimSubject))
    assert claims
    opensanctions = URIRef("https://w3id.org/conflictkg/id/organization/0033")
    for claim in claims:
        (maker,) = graph.objects(claim, PROV.wasAttributedTo)
        assert "/dataset/opensanctions/" in str(maker)
        assert set(graph.objects(claim, CKG.reportedBy)) == {opensanctions}
    without_day = [claim for claim in claims if not graph.value(claim, CKG.asOf)]
    assert len(without_day) == 1  # the one whose statement was not seen last at any time


def test_no_name_stands_in_an_iri() -> None:
    """Keys of lists may hold names; persons are named by a digest."""
    text = EXPECTED.read_text(encoding="utf-8")
    assert "SamplePerson" not in text.replace("NK-SamplePersonAAAAAAAAAA is", "")


def test_compressed_file_is_read_as_a_stream(tmp_path: Path) -> None:
    """A gzip file converts to the same bytes."""
    path = tmp_path / "statements.csv.gz"
    path.write_bytes(gzip.compress((HERE / "statements" / "input.csv").read_bytes()))
    assert convert(path) == EXPECTED.read_text(encoding="utf-8")


@pytest.mark.parametrize("keep", [40, -30])
def test_compressed_file_that_is_cut_off_is_told(tmp_path: Path, keep: int) -> None:
    """Half a download converts to nothing."""
    path = tmp_path / "statements.csv.gz"
    path.write_bytes(gzip.compress((HERE / "statements" / "input.csv").read_bytes())[:keep])
    with pytest.raises(SourceError, match="is a gzip file that is damaged or cut off"):
        convert(path)


def test_header_of_another_version_is_told(tmp_path: Path) -> None:
    """A column that is called otherwise is named with the closest that is known."""
    path = tmp_path / "statements.csv"
    path.write_text("canonical_id,entity_id,property,schema,value,dataset,id\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r'has no column "prop"\. Closest: "property"'):
        convert(path)


@pytest.mark.parametrize("case", ["entities", "several", "statements"])
def test_each_claim_has_one_subject(case: str) -> None:
    """A tie or an entry of a list that names several makes a claim about each."""
    graph = parse_turtle((HERE / case / "expected.ttl").read_text(encoding="utf-8")).graph
    found = Counter(graph.subjects(CKG.claimSubject))
    assert found
    assert [claim for claim, number in found.items() if number > 1] == []


@pytest.mark.parametrize("case", ["entities", "several", "statements"])
def test_no_other_name_is_claimed_as_the_main_one(case: str) -> None:
    """An alias or a former name stays one, however long it is."""
    graph = parse_turtle((HERE / case / "expected.ttl").read_text(encoding="utf-8")).graph
    kinds = {
        graph.value(claim, CKG.nameKind)
        for claim in graph.subjects(CKG.claimProperty, SKOS.prefLabel)
    }
    assert kinds == {CS["name-kind-main"]}


@pytest.mark.parametrize("case", ["entities", "several", "statements"])
def test_no_long_text_is_copied_but_main_names(case: str) -> None:
    """Ten words of others at most; a thing that is called at greater length is called so."""
    graph = parse_turtle((HERE / case / "expected.ttl").read_text(encoding="utf-8")).graph
    claimed = {
        (graph.value(claim, CKG.claimProperty), str(value))
        for claim, value in graph.subject_objects(CKG.claimValue)
    }
    assert {name for name, text in claimed if len(text.split()) > 10} <= {SKOS.prefLabel}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (r"half \ud800 character", "half of a surrogate pair"),
        (r"half \uDFFF\uD800 character", "half of a surrogate pair"),
        (r"nul \u0000 character", "NUL character"),
    ],
)
@pytest.mark.parametrize(
    "line",
    [
        '{"id": "NK-Odd", "schema": "Person", "datasets": ["x"], "properties": {"name": ["%s"]}}',
        '{"id": "NK-Odd %s", "schema": "Person", "datasets": ["x"], "properties": {"name": ["Odd"]}}',
        '{"id": "NK-Odd", "schema": "Person", "datasets": ["x"], "properties": {"%s": ["Odd"]}}',
        '{"id": "NK-Odd", "schema": "Person", "datasets": ["x"], "properties": {"sanctions": [{"id": "%s"}]}}',
    ],
    ids=["value", "id", "property", "nested"],
)
def test_entity_with_what_is_no_text_is_rejected(
    tmp_path: Path, line: str, value: str, problem: str
) -> None:
    """Half a character or NUL anywhere rejects its line, and not the others."""
    path = tmp_path / "entities.ftm.json"
    good = '{"id": "NK-Good", "schema": "Person", "datasets": ["x"], "properties": {"name": ["\\ud83d\\ude00"]}}'
    path.write_text(f"{good}\n{line % value}\n", encoding="utf-8")
    job = make_job("opensanctions", path, release="test")
    text = b"".join(bytes(each) for each in convert_source(job)).decode()
    assert "😀" in text
    assert "Odd" not in text
    told = "\n".join(job.report.lines())
    assert told.startswith(
        "entities.ftm.json: 2 rows read, 1 converted (0 with issues), 1 rejected"
    )
    assert "line 2" in told
    assert problem in told
    assert told.encode()
