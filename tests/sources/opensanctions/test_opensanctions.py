"""OpenSanctions: what its licence forbids, compressed files, and who says what through whom."""

import gzip
from pathlib import Path

import pytest
from rdflib import PROV, Literal, URIRef

from conflictkg.errors import SourceError
from conflictkg.graphs import parse_turtle
from conflictkg.iris import mint_graph
from conflictkg.sources.converting import convert_source, make_job
from conflictkg.terms import CKG

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
