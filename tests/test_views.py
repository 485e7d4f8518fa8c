"""The views: direct triples by the written rule, each backed by a claim."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import ORG, RDF, XSD, Graph, Literal, URIRef
from rdflib.term import Node

from conflictkg import files
from conflictkg.graphs import FileGraph, load_graphs, merge_graphs, parse_turtle
from conflictkg.shacl import validate_graphs
from conflictkg.terms import CKG, CS, PREFIXES, SEM
from conflictkg.views import derive_views

EX = "http://example.org/"
HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
GOOD = (
    "ckg:reviewStatus cs:review-status-accepted ; ckg:polarity cs:polarity-affirmed ; "
    "ckg:modality cs:modality-actual ; ckg:claimStatus cs:claim-status-fact"
)
CLAIM = (
    "a ckg:Claim ; ckg:claimSubject <s> ; ckg:claimProperty ckg:perpetrator ; ckg:claimObject <o>"
)


def graph_of(body: str) -> Graph:
    return parse_turtle(f"{HEAD}@base <{EX}> .\n{body} .").graph


def direct(body: str) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """The two views of one graph, IRIs without the common part."""
    views = derive_views([graph_of(body)])
    first, second = (
        {tuple(str(term).removeprefix(EX) for term in triple) for triple in view}
        for view in (views.asserted, views.attributed)
    )
    return first, second


DIRECT = ("s", str(CKG.perpetrator), "o")


@pytest.mark.parametrize(
    ("status", "asserted", "attributed"),
    [
        ("fact", {DIRECT}, set()),
        ("inferred", {DIRECT}, set()),
        ("attributed-claim", set(), {DIRECT}),
        ("author-opinion", set(), set()),
    ],
)
def test_claim_goes_by_its_status(
    status: str, asserted: set[tuple[str, ...]], attributed: set[tuple[str, ...]]
) -> None:
    """Facts and inferences are asserted, attributed claims attributed, opinions neither."""
    good = GOOD.replace("claim-status-fact", f"claim-status-{status}")
    assert direct(f"<c> {CLAIM} ; {good}") == (asserted, attributed)


@pytest.mark.parametrize(
    "change",
    [
        ("review-status-accepted", "review-status-unreviewed"),
        ("review-status-accepted", "review-status-disputed"),
        ("review-status-accepted", "review-status-rejected"),
        ("review-status-accepted", "review-status-accepted , cs:review-status-disputed"),
        ("polarity-affirmed", "polarity-negated"),
        ("modality-actual", "modality-hypothetical"),
        ("modality-actual", "modality-conditional"),
        ("claim-status-fact", "claim-status-fact , cs:claim-status-author-opinion"),
        ("ckg:polarity cs:polarity-affirmed ;", ""),
    ],
    ids=lambda change: change[1][:40] or "no polarity",
)
def test_claim_that_does_not_count_yields_nothing(change: tuple[str, str]) -> None:
    """Not accepted, denied, merely possible, or said to be two things: no direct triple."""
    assert direct(f"<c> {CLAIM} ; {GOOD.replace(*change)}") == (set(), set())


def test_literal_value_is_taken_over() -> None:
    """ClaimValue yields as claimObject does."""
    body = (
        f"<c> a ckg:Claim ; ckg:claimSubject <s> ; ckg:claimProperty ckg:rank ; "
        f'ckg:claimValue "General"@en ; {GOOD}'
    )
    assert direct(body)[0] == {("s", str(CKG.rank), "General")}


def test_date_claim_yields_bounds_and_precision() -> None:
    """Bounds and precision go to the subject, and nothing else does."""
    body = (
        f"<c> a ckg:DateClaim ; ckg:claimSubject <s> ; {GOOD} ; ckg:resolvedFrom 'today' ; "
        'sem:hasEarliestBeginTimeStamp "2017-06-13"^^xsd:date ; '
        "ckg:datePrecision cs:date-precision-day"
    )
    assert direct(body)[0] == {
        ("s", str(SEM.hasEarliestBeginTimeStamp), "2017-06-13"),
        ("s", str(CKG.datePrecision), str(CS["date-precision-day"])),
    }


def test_count_claim_yields_nothing() -> None:
    """Counts stay with their sources."""
    body = f"<c> a ckg:CountClaim ; ckg:claimSubject <s> ; ckg:bestEstimate 3 ; {GOOD}"
    assert direct(body) == (set(), set())


@pytest.mark.parametrize(
    ("relation", "yields"),
    [
        ("subgroup-of", True),
        ("faction-of", True),
        ("agency-of", True),
        ("allied-with", False),
        ("splinter-from", False),
    ],
)
def test_relation_of_part_and_whole_yields_sub_organization(relation: str, yields: bool) -> None:
    """Only relations of a part to its whole become org:subOrganizationOf."""
    body = (
        f"<r> a ckg:GroupRelation ; ckg:child <s> ; ckg:parent <o> ; "
        f"ckg:relationType cs:relation-type-{relation} ; {GOOD}"
    )
    expected = {("s", str(ORG.subOrganizationOf), "o")} if yields else set()
    assert direct(body)[0] == expected


def test_retracted_graph_yields_nothing() -> None:
    """A source that was taken back backs nothing; others go on."""
    retracted = graph_of(f"<g> a ckg:NamedGraph ; ckg:retracted true . <c> {CLAIM} ; {GOOD}")
    good = graph_of(f"<g2> a ckg:NamedGraph ; ckg:retracted false . <d> {CLAIM} ; {GOOD}")
    assert len(derive_views([retracted]).asserted) == 0
    assert len(derive_views([retracted, good]).asserted) == 1


# Properties

STATUSES = [
    CS[f"claim-status-{name}"]
    for name in ("fact", "inferred", "attributed-claim", "author-opinion")
]
REVIEWS = [
    CS[f"review-status-{name}"] for name in ("accepted", "unreviewed", "disputed", "rejected")
]
RELATIONS = [CS[f"relation-type-{name}"] for name in ("subgroup-of", "allied-with")]
POLARITIES = [CS[f"polarity-{name}"] for name in ("affirmed", "negated")]
MODALITIES = [CS[f"modality-{name}"] for name in ("actual", "hypothetical")]
THINGS = [URIRef(f"{EX}thing/{number}") for number in range(4)]
VALUES: list[Node] = [*THINGS, Literal("x", lang="en"), Literal("2017-06-13", datatype=XSD.date)]


@st.composite
def claims(draw: st.DrawFn) -> list[tuple[Node, Node, Node]]:
    """The triples of one claim or relation, with an IRI out of a few: two may meet."""
    name = URIRef(f"{EX}claim/{draw(st.integers(0, 5))}")
    kind = draw(st.sampled_from([CKG.Claim, CKG.DateClaim, CKG.CountClaim, CKG.GroupRelation]))
    return [
        (name, RDF.type, kind),
        (name, CKG.claimSubject, draw(st.sampled_from(THINGS))),
        (name, CKG.claimProperty, draw(st.sampled_from([CKG.perpetrator, ORG.hasMembership]))),
        (name, CKG.claimObject, draw(st.sampled_from(VALUES))),
        (name, CKG.datePrecision, CS["date-precision-day"]),
        (name, CKG.child, draw(st.sampled_from(THINGS))),
        (name, CKG.parent, draw(st.sampled_from(THINGS))),
        (name, CKG.relationType, draw(st.sampled_from(RELATIONS))),
        (name, CKG.claimStatus, draw(st.sampled_from(STATUSES))),
        (name, CKG.reviewStatus, draw(st.sampled_from(REVIEWS))),
        (name, CKG.polarity, draw(st.sampled_from(POLARITIES))),
        (name, CKG.modality, draw(st.sampled_from(MODALITIES))),
    ]


def to_graph(parts: list[list[tuple[Node, Node, Node]]]) -> Graph:
    graph = Graph()
    for part in parts:
        for triple in part:
            graph.add(triple)
    return graph


@given(st.lists(claims(), max_size=8))
def test_taking_a_claim_away_never_adds_a_direct_triple(
    parts: list[list[tuple[Node, Node, Node]]],
) -> None:
    """The rule is monotone in claims."""
    whole = derive_views([to_graph(parts)])
    for claim in {part[0][0] for part in parts}:
        rest = derive_views([to_graph([part for part in parts if part[0][0] != claim])])
        assert set(rest.asserted) <= set(whole.asserted)
        assert set(rest.attributed) <= set(whole.attributed)


@given(st.lists(claims(), max_size=8))
def test_every_direct_triple_is_backed_by_an_accepted_claim(
    parts: list[list[tuple[Node, Node, Node]]],
) -> None:
    """Behind each triple of a view stands a claim that is accepted, affirmed, actual and no opinion."""
    graph = to_graph(parts)
    views = derive_views([graph])
    accepted = {
        claim
        for claim in graph.subjects(CKG.reviewStatus, CS["review-status-accepted"])
        if (claim, CKG.polarity, CS["polarity-affirmed"]) in graph
        and (claim, CKG.modality, CS["modality-actual"]) in graph
        and (claim, CKG.claimStatus, CS["claim-status-author-opinion"]) not in graph
    }
    for subject, _, value in (*views.asserted, *views.attributed):
        about = set(graph.subjects(None, subject)) & accepted
        assert any(value in set(graph.objects(claim)) for claim in about)


@given(st.lists(claims(), max_size=8))
def test_views_do_not_depend_on_order(parts: list[list[tuple[Node, Node, Node]]]) -> None:
    """The same claims in any order, in one graph or in several, give the same views."""
    whole = derive_views([to_graph(parts)])
    split = derive_views([to_graph([part]) for part in reversed(parts)])
    assert set(whole.asserted) == set(split.asserted)
    assert set(whole.attributed) == set(split.attributed)


def test_views_of_the_seed_are_backed_by_the_shapes_rule() -> None:
    """Our own views meet shapes/view.ttl together with their sources."""
    sources = load_graphs(files.data_files())
    shapes = [each for each in load_graphs(files.shapes_files()) if each.path.stem == "view"]
    views = derive_views(each.graph for each in sources)
    assert len(views.asserted) > 100
    view = FileGraph(
        files.project_root() / "view", None, merge_graphs([views.asserted, views.attributed])
    )
    report = validate_graphs([*sources, view], shapes)
    assert [finding.message for finding in report.findings] == []
