"""Wikidata: JSON and RDF say the same, order says nothing, compressed dumps are read as streams."""

import bz2
import gzip
import json
import random
import re
from pathlib import Path

import pytest
from rdflib import RDF, Graph, URIRef

from conflictkg.errors import SourceError
from conflictkg.graphs import parse_turtle
from conflictkg.sources.converting import convert_source, make_job
from conflictkg.terms import CKG, CS, SEM

HERE = Path(__file__).parent
_LINE = re.compile(r"^  ckg:line [0-9]+ ;\n", re.MULTILINE)


def convert(path: Path) -> tuple[str, list[str]]:
    job = make_job("wikidata", path, release="test")
    text = b"".join(bytes(each) for each in convert_source(job)).decode()
    return text, list(job.report.lines())


def expected(case: str) -> str:
    return (HERE / case / "expected.ttl").read_text(encoding="utf-8")


def claims_about(graph: Graph, item: str) -> Graph:
    """The claims that the record of an item makes, without what they speak of."""
    found = Graph()
    for claim in graph.subjects(RDF.type, None):
        if f"/id/claim/wikidata-test/{item}-" in str(claim):
            found += graph.triples((claim, None, None))
    return found


@pytest.mark.parametrize("item", ["Q900000101", "Q900000105"])
def test_rdf_and_json_make_the_same_claims(item: str) -> None:
    """The same statements, by the same IRIs, with the same ranks, intervals, precisions and sources.

    But for a date of the Julian calendar, which RDF has converted already, and a sibling that the JSON case knows to
    be a group.
    """
    from_json, from_rdf = (
        claims_about(parse_turtle(expected(case)).graph, item) for case in ("dump", "statements")
    )
    differing = {str(each).rpartition("/")[2].split("-")[1] for each, _, _ in from_json - from_rdf}
    differing |= {str(each).rpartition("/")[2].split("-")[1] for each, _, _ in from_rdf - from_json}
    assert differing <= {"P571", "P3373", "P361"}
    assert len(from_json & from_rdf) > 30


def test_truthy_dump_has_no_ranks_and_says_no_more_than_it_knows() -> None:
    """A first of January may be a whole year, and without ranks there are none."""
    graph = parse_turtle(expected("truthy")).graph
    assert not list(graph.subject_objects(CKG.sourceRank))
    birth = {
        graph.value(claim, CKG.datePrecision)
        for claim in graph.subjects(CKG.dateOf, CS["date-kind-birth"])
    }
    assert birth == {CS["date-precision-month"]}


def test_deprecated_statement_is_disputed_and_says_so() -> None:
    """What Wikidata itself deprecates is kept, and nobody takes it for accepted."""
    graph = parse_turtle(expected("dump")).graph
    (claim,) = graph.subjects(CKG.sourceRank, CS["source-rank-deprecated"])
    assert graph.value(claim, CKG.reviewStatus) == CS["review-status-disputed"]


def test_qualifiers_become_the_interval_of_a_claim() -> None:
    """Start and end time, widened by their precision."""
    graph = parse_turtle(expected("dump")).graph
    (tenure,) = (
        each for each in graph.subjects(RDF.type, CKG.Tenure) if "Q900000101-P463" in str(each)
    )
    interval = [str(graph.value(tenure, each)) for each in (CKG.validFrom, CKG.validUntil)]
    assert interval == ["2007-12-01", "2013-12-31"]


def test_state_that_acts_is_an_organization_and_its_land_a_place() -> None:
    """An item that takes part in a battle and holds a place is two things to us."""
    graph = parse_turtle(expected("dump")).graph
    base = "https://w3id.org/conflictkg/id/"
    assert (URIRef(f"{base}place/wikidata/Q900000105"), RDF.type, CKG.Place) in graph
    assert (URIRef(f"{base}organization/wikidata/Q900000105"), RDF.type, CKG.Organization) in graph


@pytest.mark.parametrize(("suffix", "compress"), [(".gz", gzip.compress), (".bz2", bz2.compress)])
def test_compressed_dump_gives_the_same(tmp_path: Path, suffix: str, compress: object) -> None:
    """A dump as Wikidata publishes it, gzip or bzip2."""
    assert callable(compress)
    path = tmp_path / f"input.json{suffix}"
    path.write_bytes(compress((HERE / "dump" / "input.json").read_bytes()))
    assert convert(path)[0] == expected("dump")
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match="damaged or cut off"):
        convert(path)


def test_order_of_entities_says_nothing(tmp_path: Path) -> None:
    """Lines of a dump in another order, and as lines without an array."""
    lines = (HERE / "dump" / "input.json").read_text(encoding="utf-8").splitlines()[1:-1]
    random.Random(5).shuffle(lines)  # noqa: S311  no secret
    path = tmp_path / "input.jsonl.json"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert _LINE.sub("", convert(path)[0]) == _LINE.sub("", expected("dump"))


@pytest.mark.parametrize("case", ["statements", "truthy"])
def test_order_of_triples_says_nothing(tmp_path: Path, case: str) -> None:
    """Triples of a dump in another order."""
    lines = (HERE / case / "input.nt").read_text(encoding="utf-8").splitlines()
    random.Random(5).shuffle(lines)  # noqa: S311  no secret
    path = tmp_path / "input.nt.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    assert convert(path)[0] == expected(case)


def test_file_that_is_no_rdf_is_told(tmp_path: Path) -> None:
    """With where the parser stumbled."""
    path = tmp_path / "input.nt"
    path.write_text("<http://a> <http://b> .\n", encoding="utf-8")
    with pytest.raises(SourceError, match="is no RDF of the form that its name says"):
        convert(path)


def test_triples_within_triples_end_no_process(tmp_path: Path) -> None:
    """Nested deeply they crash the parser, so that they do not reach it."""
    path = tmp_path / "input.nt"
    depth = 100_000
    nested = "<<( <http://a> <http://b> " * depth + "<http://c>" + " )>>" * depth
    path.write_text(f"<http://a> <http://b> {nested} .\n", encoding="utf-8")
    with pytest.raises(SourceError, match="has triples within triples"):
        convert(path)


def test_angle_brackets_in_a_name_are_no_triples(tmp_path: Path) -> None:
    """A label may hold what it likes."""
    path = tmp_path / "input.nt"
    text = (HERE / "truthy" / "input.nt").read_text(encoding="utf-8")
    path.write_text(text.replace('"Sampleland"', '"<<Sample\\"land>>"'), encoding="utf-8")
    assert '"<<Sample\\"land>>"@en' in convert(path)[0]


def test_document_on_one_line_is_one_of_entities(tmp_path: Path) -> None:
    """As Special:EntityData gives it, with or without line breaks."""
    content = json.loads((HERE / "document" / "input.json").read_text(encoding="utf-8"))
    path = tmp_path / "input.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    assert convert(path)[0] == expected("document")


def test_deep_json_rejects_its_line(tmp_path: Path) -> None:
    """And not the others."""
    path = tmp_path / "input.json"
    lines = (HERE / "dump" / "input.json").read_text(encoding="utf-8").splitlines()
    lines.insert(1, '{"id": ' + "[" * 100_000 + ",")
    path.write_text("\n".join(lines), encoding="utf-8")
    text, told = convert(path)
    assert _LINE.sub("", text) == _LINE.sub("", expected("dump"))
    assert any("line 2" in each and "is nested too deeply" in each for each in told)


def test_bounds_of_a_date_narrow_it() -> None:
    """The earliest and the latest date, where the time itself is a year, a decade or not known."""
    graph = parse_turtle(expected("qualifiers")).graph
    found = {
        (
            str(graph.value(claim, CKG.claimSubject)).rpartition("/")[2][:11],
            str(graph.value(claim, SEM.hasEarliestBeginTimeStamp)),
            str(graph.value(claim, SEM.hasLatestBeginTimeStamp)),
            str(graph.value(claim, CKG.datePrecision)).rpartition("date-precision-")[2],
        )
        for claim in graph.subjects(RDF.type, CKG.DateClaim)
    }
    assert {each[1:] for each in found} == {
        ("1971-05-01", "1971-12-31", "year"),
        ("1971-01-01", "1972-06-30", "unknown"),
        ("1975-02-03", "1975-02-03", "day"),
        ("1969-03-01", "1969-03-04", "few-days"),
        ("2012-08-01", "2012-08-20", "month"),
        ("2007-12-01", "2007-12-14", "month"),
        ("2008-05-01", "2008-05-07", "week"),
    }


def test_who_led_before_and_after_are_tenures_of_the_same_group() -> None:
    """Replaces and replaced by, where the group's item says of the other too that they led, and once."""
    graph = parse_turtle(expected("qualifiers")).graph

    def tied(predicate: URIRef) -> set[tuple[str, str]]:
        return {
            (
                str(graph.value(claim, CKG.claimSubject))[-2:],
                str(graph.value(claim, CKG.claimObject))[-2:],
            )
            for claim in graph.subjects(CKG.claimProperty, predicate)
        }

    assert tied(CKG.predecessor) == {("10", "0F"), ("11", "10")}
    assert tied(CKG.successor) == {("0F", "10")}


@pytest.mark.parametrize("case", ["document", "dump", "qualifiers", "statements", "truthy"])
def test_no_qualifier_is_said_to_be_not_about_conflict(case: str) -> None:
    """Why one is not read is said of that one, or of all that are not known."""
    told = (HERE / case / "findings.txt").read_text(encoding="utf-8").splitlines()
    qualifiers = [each for each in told if "qualifier" in each]
    assert [each for each in qualifiers if "not about conflict" in each] == []
    if case == "qualifiers":
        named = {name for each in qualifiers for name in re.findall(r"P\d+", each)}
        assert named >= {"P1319", "P1365", "P1366", "P1480", "P1545", "P580", "P99999"}
        assert not any("P1365: not about conflict" in each for each in told)


def test_rdf_has_bounds_and_order_too(tmp_path: Path) -> None:
    """Qualifiers of the full dump: those of times are nodes of values."""
    text = (HERE / "statements" / "input.nt").read_text(encoding="utf-8")
    w, o, value = (
        "http://www.wikidata.org",
        "http://wikiba.se/ontology#",
        "0000000000000000000000000000ff0",
    )
    decade = f"{w}/entity/statement/Q900000101-00000005-AAAA-4BBB-8CCC-000000000005"
    assert decade in text
    more = []
    for number, (name, day) in enumerate((("P1319", "1961-03-01"), ("P1326", "1961-05-31"))):
        node = f"<{w}/value/{value}{number}>"
        moment = f'"{day}T00:00:00Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>'
        more += [
            f"<{decade}> <{w}/prop/qualifier/{name}> {moment} .",
            f"<{decade}> <{w}/prop/qualifier/value/{name}> {node} .",
            f"{node} <{o}timeValue> {moment} .",
            f'{node} <{o}timePrecision> "11"^^<http://www.w3.org/2001/XMLSchema#integer> .',
        ]
    more.append(f"<{decade}> <{w}/prop/qualifier/P1365> <{w}/entity/Q900000102> .")
    path = tmp_path / "input.nt"
    path.write_text(text + "\n".join(more) + "\n", encoding="utf-8")
    turtle, told = convert(path)
    assert 'sem:hasEarliestBeginTimeStamp "1961-03-01"^^xsd:date' in turtle
    assert 'sem:hasLatestBeginTimeStamp "1961-05-31"^^xsd:date' in turtle
    assert any("qualifier P1365: one tenure" in each for each in told)
