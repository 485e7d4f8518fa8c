"""Reasoning: which consequences are kept, and how contradictions are explained."""

from functools import cache
from pathlib import Path

import pytest
import rdflib
from rdflib import RDF, XSD, Graph, URIRef

from conflictkg import files
from conflictkg.errors import InconsistentError
from conflictkg.graphs import load_graphs, merge_graphs, parse_turtle
from conflictkg.reason import entail, own_literals_kept
from conflictkg.reason.contradictions import find_contradictions
from conflictkg.reason.proofs import Prover
from conflictkg.terms import PREFIXES

EX = "http://example.org/"
HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())


@cache
def ontology() -> Graph:
    return merge_graphs(each.graph for each in load_graphs(files.ontology_files()))


def graph_of(body: str) -> Graph:
    return parse_turtle(f"{HEAD}@prefix : <{EX}> .\n{body}").graph


def new_from(body: str) -> set[str]:
    """The consequences that are kept, as lines of Turtle's kind."""
    found = entail(graph_of(body), ontology()).new
    names = {f"<{iri}": f"{prefix}:" for prefix, iri in {**PREFIXES, "": EX}.items()}
    lines = set()
    for triple in found:
        words = []
        for term in triple:
            text = term.n3()
            for start, prefix in names.items():
                if text.startswith(start):
                    text = prefix + text.removeprefix(start).removesuffix(">")
            words.append("a" if term == RDF.type else text)
        lines.add(" ".join(words))
    return lines


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (":s a ckg:Strike .", {":s a ckg:ConflictEvent", ":s a sem:Event"}),
        (":s ckg:perpetrator :o .", {":s sem:hasActor :o", ":s a ckg:ConflictEvent"}),
        (":t org:member :p .", {":p org:hasMembership :t"}),
        (":a ckg:predecessor :b .", {":b ckg:successor :a"}),
        (
            ":a org:subOrganizationOf :b . :b org:subOrganizationOf :c .",
            {":a org:subOrganizationOf :c"},
        ),
        (
            ":p a ckg:Person . :t a ckg:Tenure ; org:member :p ; org:role cs:role-leader .",
            {":p a ckg:Leader", ":t a ckg:LeadingTenure"},
        ),
        (
            ":p a ckg:Person . :t a ckg:Tenure ; org:member :p ; ckg:post :x . :x org:role cs:role-head .",
            {":p a ckg:Leader", ":t org:role cs:role-head"},
        ),
    ],
    ids=["hierarchy", "properties", "inverse", "successor", "parts", "leader", "leader-by-post"],
)
def test_consequence_that_questions_need_is_there(body: str, expected: set[str]) -> None:
    """Class and property hierarchy, inverses, parts of parts, and leaders."""
    assert expected <= new_from(body)


def test_nothing_else_is_written() -> None:
    """Of a hundred triples that owlrl adds to one strike, these remain."""
    assert new_from(":s a ckg:Strike .") == {":s a ckg:ConflictEvent", ":s a sem:Event"}


def test_asserted_triples_are_not_repeated() -> None:
    """What is given is no consequence."""
    assert ":s a sem:Event" not in new_from(":s a ckg:Strike, sem:Event .")


def test_same_things_are_told_without_themselves() -> None:
    """owl:sameAs is kept between two names and dropped between a name and itself."""
    found = new_from(":a owl:sameAs :b . :a a ckg:Person .")
    assert {":b a ckg:Person", ":b owl:sameAs :a"} <= found
    assert ":a owl:sameAs :a" not in found


def test_adding_a_triple_removes_no_consequence() -> None:
    """Reasoning is monotone."""
    body = ":p a ckg:Person . :t a ckg:Tenure ; org:member :p ; org:role cs:role-leader ."
    more = f"{body} :s a ckg:Strike ; ckg:perpetrator :o ."
    asserted = {":s a ckg:Strike", ":s ckg:perpetrator :o"}
    assert new_from(body) <= new_from(more) | asserted


def test_whole_closure_has_the_asserted_triples_and_no_literal_subject() -> None:
    """--all gives a graph that is RDF, and leaves lexical forms as they were."""
    asserted = graph_of(':s :p "042"^^xsd:int, "1.50"^^xsd:decimal .')
    closure = entail(asserted, ontology()).closure
    assert set(asserted) <= set(closure)
    assert all(
        isinstance(subject, URIRef) or not subject.n3().startswith('"')
        for subject in closure.subjects()
    )


# Contradictions


def explain(body: str, places: dict[str, str] | None = None) -> str:
    def locate(triple: tuple[object, object, object]) -> str:
        return (places or {}).get(str(triple[0]).removeprefix(EX), "")

    with pytest.raises(InconsistentError) as raised:
        entail(graph_of(body), ontology(), locate)
    return str(raised.value).replace(f"<{EX}", ":").replace("> ", " ")


def test_person_and_organization_is_told_with_its_triples_and_places() -> None:
    """The two asserted triples are named, with where they stand."""
    message = explain(":x a ckg:Person, ckg:Organization .", {"x": "people.ttl line 7"})
    assert "1 contradiction in the graph" in message
    assert ":x is both ckg:Organization and ckg:Person" in message
    assert ":x a ckg:Organization .  (people.ttl line 7)" in message
    assert ":x a ckg:Person .  (people.ttl line 7)" in message


def test_premises_of_an_inferred_triple_are_traced() -> None:
    """Where the triple itself is nowhere asserted, those that it follows from are told."""
    message = explain(":x a ckg:Organization ; ckg:perpetrator :y .", {"x": "strikes.ttl line 3"})
    assert ":x a ckg:ConflictEvent .  follows from" in message
    assert ":x ckg:perpetrator :y .  (strikes.ttl line 3)" in message
    assert "ckg:perpetrator rdfs:domain ckg:ConflictEvent .  (ontology)" in message


def test_contradiction_through_identity_is_traced() -> None:
    """An owl:sameAs that makes two things one is named as a cause."""
    message = explain(":x a ckg:Person . :y a ckg:Organization . :x owl:sameAs :y .")
    assert ":x owl:sameAs :y ." in message
    assert ":x a ckg:Person ." in message
    assert ":y a ckg:Organization ." in message


RULES = {
    "eq-diff1": ":x owl:sameAs :y ; owl:differentFrom :y .",
    "eq-diff2": "[] a owl:AllDifferent ; owl:members ( :x :y ) . :x owl:sameAs :y .",
    "eq-diff3": "[] a owl:AllDifferent ; owl:distinctMembers ( :x :y ) . :x owl:sameAs :y .",
    "prp-irp": ":p a owl:IrreflexiveProperty . :x :p :x .",
    "prp-asyp": ":p a owl:AsymmetricProperty . :x :p :y . :y :p :x .",
    "prp-pdw": ":p owl:propertyDisjointWith :q . :x :p :y ; :q :y .",
    "prp-adp": "[] a owl:AllDisjointProperties ; owl:members ( :p :q ) . :x :p :y ; :q :y .",
    "prp-npa1": (
        "[] a owl:NegativePropertyAssertion ; owl:sourceIndividual :x ; owl:assertionProperty :p ; "
        "owl:targetIndividual :y . :x :p :y ."
    ),
    "prp-npa2": (
        "[] a owl:NegativePropertyAssertion ; owl:sourceIndividual :x ; owl:assertionProperty :p ; "
        "owl:targetValue 'v' . :x :p 'v' ."
    ),
    "cls-nothing2": ":x a owl:Nothing .",
    "cls-com": ":c owl:complementOf :d . :x a :c, :d .",
    "cls-maxc1": (
        ":c owl:maxCardinality '0'^^xsd:nonNegativeInteger ; owl:onProperty :p . :x a :c ; :p :y ."
    ),
    "cls-maxqc": (
        ":c owl:maxQualifiedCardinality '0'^^xsd:nonNegativeInteger ; owl:onProperty :p ; "
        "owl:onClass :d . :x a :c ; :p :y . :y a :d ."
    ),
    "cax-dw": ":c owl:disjointWith :d . :x a :c, :d .",
    "cax-adc": "[] a owl:AllDisjointClasses ; owl:members ( :c :d ) . :x a :c, :d .",
}


@pytest.mark.parametrize("rule", RULES)
def test_rule_that_ends_in_false_is_found_by_name(rule: str) -> None:
    """Each false-rule of OWL 2 RL is reported, with the thing that breaks it."""
    message = explain(RULES[rule])
    assert f"(rule {rule})" in message
    assert ":x" in message


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_not_broken_by_the_axiom_alone(rule: str) -> None:
    """Without its last statement, each of those graphs is consistent."""
    statements = RULES[rule].split(" . ")
    if len(statements) > 1:
        entail(graph_of(" . ".join(statements[:-1]) + " ."), ontology())
    else:
        assert find_contradictions(graph_of(":x a :c .")) == []


def test_ill_typed_literal_is_a_contradiction() -> None:
    """What only owlrl can tell is passed on in its words."""
    assert "does not match its datatype" in explain(':x :p "three"^^xsd:integer .')


ENTAILED = sorted((Path(__file__).parent / "ontology" / "entailed").glob("*.ttl"))


@pytest.mark.parametrize("path", ENTAILED, ids=lambda path: path.stem)
def test_proof_of_what_follows_ends_in_asserted_triples(path: Path) -> None:
    """Every consequence that the ontology's own tests ask for can be traced to given triples."""
    asserted = load_graphs([path])[0].graph
    found = entail(asserted, ontology())
    prover = Prover(found.closure, asserted, ontology(), lambda _: "")
    for triple in found.new:
        proof = prover.prove(triple)
        assert proof, triple
        assert any(leaf in asserted for leaf in proof)
        assert all(leaf in found.closure for leaf in proof)


def test_readings_of_literals_are_given_back() -> None:
    """Whatever owlrl does to rdflib's readings of literals, the shapes afterwards find what they found before."""
    readings = rdflib.term._toPythonMapping
    before = dict(readings)
    with own_literals_kept():
        readings[XSD.gYear] = readings[URIRef(EX + "invented")] = str
    assert dict(readings) == before
