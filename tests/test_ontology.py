"""The ontology: hygiene, OWL 2 RL profile, consistency, what follows and what does not, terms in use."""

import itertools
import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import owlrl
import pyoxigraph
import pytest
from rdflib import (
    DCTERMS,
    FOAF,
    ORG,
    OWL,
    PROV,
    RDF,
    RDFS,
    SH,
    SKOS,
    VANN,
    VOID,
    BNode,
    Graph,
    Literal,
    URIRef,
    Variable,
)
from rdflib.collection import Collection
from rdflib.term import Node

from conflictkg import files, terms
from conflictkg.reason import own_literals_kept
from conflictkg.terms import CKG, CS, PREFIXES

HERE = Path(__file__).parent / "ontology"
EXAMPLE = "http://example.org/"
ERROR = URIRef("http://www.daml.org/2002/03/agents/agent-ont#error")  # owlrl's own
APART = (CKG.Statement, CKG.ConflictEvent, CKG.Claim, CKG.Organization, CKG.Person)


def load(paths: Iterable[Path]) -> Graph:
    graph = Graph()
    for path in paths:
        graph.parse(path, format="turtle")
    return graph


def load_parts(*names: str) -> Graph:
    """Some files of the ontology, for tests that need no more: reasoning takes time."""
    return load(path for path in files.ontology_files(alignments=True) if path.stem in names)


@pytest.fixture(scope="module")
def ontology() -> Graph:
    """Core, code lists and alignments. Not to be changed by a test."""
    return load(files.ontology_files(alignments=True))


# Rules


class Rule(NamedTuple):
    """A hygiene or profile query, with the graph that breaks it."""

    query: Path

    @property
    def text(self) -> str:
        return self.query.read_text(encoding="utf-8")

    @property
    def report(self) -> str:
        """The head comment: problem, why it matters, how to fix it."""
        head = itertools.takewhile(lambda line: line.startswith("#"), self.text.splitlines())
        return "\n".join(line.removeprefix("# ") for line in head)

    @property
    def severity(self) -> str:
        table = tomllib.loads((HERE / "severities.toml").read_text(encoding="utf-8"))
        return str(table[self.query.parent.name][self.query.stem])

    def find(self, graph: Graph) -> list[tuple[Node, str]]:
        """What breaks the rule: the term, and what about it."""
        rows = graph.query(self.text).bindings
        term, detail = Variable("term"), Variable("detail")
        return sorted({(row[term], str(row.get(detail, ""))) for row in rows}, key=str)


RULES = [Rule(path) for path in sorted(HERE.glob("*/*.rq"))]
each_rule = pytest.mark.parametrize(
    "rule", RULES, ids=[f"{rule.query.parent.name}-{rule.query.stem}" for rule in RULES]
)


@each_rule
def test_rule_on_our_ontology_finds_nothing(rule: Rule, ontology: Graph) -> None:
    """Our own files break no rule, whatever its severity."""
    found = rule.find(ontology)
    lines = "\n".join(f"  {term} {detail}" for term, detail in found)
    assert not found, f"{rule.severity}\n{rule.report}\n{lines}"


@each_rule
def test_rule_on_its_bad_example_finds_what_is_bad(rule: Rule) -> None:
    """The rule finds the terms that its example names as bad, and no other."""
    example = rule.query.with_suffix(".ttl")
    first = example.read_text(encoding="utf-8").splitlines()[0]
    expected = {expand(name) for name in first.removeprefix("# breaks: ").split()}
    found = {str(term) for term, _ in rule.find(load([example]))}
    named = {term for term in found if not re.fullmatch(r"[nN][0-9a-f]+b\d+", term)}
    assert named == expected


@each_rule
def test_rule_head_comment_is_a_report(rule: Rule) -> None:
    """The head comment says what is wrong, why it matters and how to mend it."""
    assert re.fullmatch(r"Problem: .+\nWhy: .+\nFix: .+", rule.report, re.DOTALL)


def test_severities_name_every_rule() -> None:
    """Each rule has a severity, and each severity a rule."""
    table = tomllib.loads((HERE / "severities.toml").read_text(encoding="utf-8"))
    listed = {(folder, name) for folder, names in table.items() for name in names}
    assert listed == {(rule.query.parent.name, rule.query.stem) for rule in RULES}
    assert {level for names in table.values() for level in names.values()} == {"error", "warning"}


def expand(name: str) -> str:
    """An IRI in full, from ``ckg:Claim`` or ``<https://…>``."""
    if name.startswith("<"):
        return name[1:-1]
    prefix, local = name.split(":", 1)
    return {**PREFIXES, "ex": EXAMPLE}[prefix] + local


# What follows


class Case(NamedTuple):
    """Premises, and a triple that follows from them and the ontology, or does not."""

    path: Path

    @property
    def base(self) -> str:
        """Each case has IRIs of its own, so that all can be reasoned over at once."""
        return f"{EXAMPLE}{self.path.parent.name}/{self.path.stem}"

    @property
    def graph(self) -> Graph:
        return Graph().parse(self.path, format="turtle", publicID=self.base)

    @property
    def premises(self) -> Graph:
        graph = self.graph
        graph.remove((URIRef(self.base + "#conclusion"), None, None))
        return graph

    @property
    def conclusion(self) -> tuple[Node, Node, Node]:
        reified, graph = URIRef(self.base + "#conclusion"), self.graph
        parts = [graph.value(reified, part) for part in (RDF.subject, RDF.predicate, RDF.object)]
        subject, predicate, object_ = parts
        assert subject is not None
        assert predicate is not None
        assert object_ is not None
        return subject, predicate, object_

    @property
    def axioms_wanted(self) -> Graph:
        """The axioms from which the conclusion would follow: what a careless hand might add."""
        text = self.path.read_text(encoding="utf-8")
        wanted = re.findall(r"^# would follow from: (.*)$", text, re.MULTILINE)
        assert wanted, f"{self.path.name} does not say what its conclusion would follow from"
        head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
        head += "@prefix : <#> .\n"
        return Graph().parse(data=head + "\n".join(wanted), format="turtle", publicID=self.base)


def cases(folder: str) -> list[Case]:
    found = [Case(path) for path in sorted((HERE / folder).glob("*.ttl"))]
    assert found, f"no cases in {folder}"
    return found


ENTAILED, NOT_ENTAILED, INCONSISTENT = map(cases, ("entailed", "not_entailed", "inconsistent"))


def close(*graphs: Graph) -> Graph:
    """What follows by the OWL 2 RL rules."""
    closure = Graph()
    for graph in graphs:
        closure += graph
    with own_literals_kept():
        owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(closure)
    return closure


def contradictions(closure: Graph) -> list[str]:
    found = [str(text) for text in closure.objects(None, ERROR)]
    return found + [f"{thing} is impossible" for thing in closure.subjects(RDF.type, OWL.Nothing)]


@pytest.fixture(scope="module")
def closure(ontology: Graph) -> Graph:
    """What follows from the ontology, one instance of each class, and all cases at once."""
    instances = Graph()
    for term in own_terms(ontology, OWL.Class):
        instances.add((instance_of(term), RDF.type, term))
    premises = (case.premises for case in (*ENTAILED, *NOT_ENTAILED))
    return close(ontology, instances, *premises)


@pytest.fixture(scope="module")
def careless_closure() -> Graph:
    """What would follow if each axiom were there that the cases warn of."""
    graphs = (graph for case in NOT_ENTAILED for graph in (case.premises, case.axioms_wanted))
    return close(load_parts("conflict", "role"), *graphs)


@pytest.fixture(scope="module")
def empty_closure() -> Graph:
    """What follows from the premises alone."""
    return close(*(case.premises for case in ENTAILED))


@pytest.fixture(scope="module")
def contradictory_closure() -> Graph:
    """What follows from the cases that contradict the ontology, and from each forbidden pair."""
    pairs = Graph()
    for one, other in itertools.combinations(APART, 2):
        thing = instance_of(one, other)
        pairs += Graph().add((thing, RDF.type, one)).add((thing, RDF.type, other))
    parts = load_parts("conflict", "role", "prov")
    return close(parts, pairs, *(case.graph for case in INCONSISTENT))


def own_terms(graph: Graph, kind: URIRef) -> list[URIRef]:
    return sorted(
        term
        for term in graph.subjects(RDF.type, kind)
        if isinstance(term, URIRef) and term.startswith(PREFIXES["ckg"])
    )


def instance_of(*classes: URIRef) -> URIRef:
    names = (term.removeprefix(PREFIXES["ckg"]) for term in classes)
    return URIRef(EXAMPLE + "instance/" + "-".join(names))


each_entailed = pytest.mark.parametrize("case", ENTAILED, ids=[c.path.stem for c in ENTAILED])
each_not_entailed = pytest.mark.parametrize(
    "case", NOT_ENTAILED, ids=[c.path.stem for c in NOT_ENTAILED]
)


@each_entailed
def test_entailed_case_follows(case: Case, closure: Graph) -> None:
    """The conclusion follows from the premises under the ontology."""
    assert case.conclusion in closure


@each_entailed
def test_entailed_case_without_ontology_does_not_follow(case: Case, empty_closure: Graph) -> None:
    """It is the ontology from which the conclusion follows, not the premises alone."""
    assert case.conclusion not in empty_closure


@each_not_entailed
def test_not_entailed_case_does_not_follow(case: Case, closure: Graph) -> None:
    """The conclusion does not follow from the premises under the ontology."""
    assert case.conclusion not in closure


@each_not_entailed
def test_not_entailed_case_with_careless_axiom_follows(case: Case, careless_closure: Graph) -> None:
    """The conclusion would follow if the axiom were there that the case warns of."""
    assert case.conclusion in careless_closure


def test_ontology_with_an_instance_of_each_class_is_consistent(closure: Graph) -> None:
    """No class is impossible, and core, code lists and alignments do not contradict each other."""
    assert contradictions(closure) == []


def test_class_below_two_that_are_apart_is_impossible() -> None:
    """A class that cannot have instances is found as soon as it is given one."""
    chimera = Graph().add((CKG.Strike, RDFS.subClassOf, CKG.Person))
    chimera.add((instance_of(CKG.Strike), RDF.type, CKG.Strike))
    found = contradictions(close(load_parts("conflict"), chimera))
    assert any(instance_of(CKG.Strike) in text for text in found)


@pytest.mark.parametrize("case", INCONSISTENT, ids=[case.path.stem for case in INCONSISTENT])
def test_inconsistent_case_is_a_contradiction(case: Case, contradictory_closure: Graph) -> None:
    """The mistake is found, and the report names the thing."""
    assert any(case.base + "#x" in text for text in contradictions(contradictory_closure))


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(APART, 2)))
def test_two_of_the_five_kinds_at_once_is_a_contradiction(
    one: URIRef, other: URIRef, contradictory_closure: Graph
) -> None:
    """Statement, event, claim, organization and person exclude each other, pair by pair."""
    thing = instance_of(one, other)
    assert any(thing in text for text in contradictions(contradictory_closure))


def test_core_alone_loads_and_is_consistent() -> None:
    """The core needs neither code lists nor alignments."""
    assert contradictions(close(load_parts("conflict"))) == []


@pytest.mark.parametrize("path", files.ontology_files(alignments=True), ids=lambda path: path.stem)
def test_file_needs_only_the_core(path: Path) -> None:
    """Each code list and alignment uses only terms of the core and of its own."""
    with_core = declared_in(load_parts("conflict", path.stem))
    found = unknown_terms(iter_turtle_iris(path), with_core)
    if path.parent.name == "alignments":  # those of code lists point into the lists
        found = {term for term in found if not term.startswith(PREFIXES["cs"])}
    assert found == set()


# Leading roles, read from the code list itself


def test_leading_roles_are_those_that_direct() -> None:
    """Exactly the roles whose definition begins with "Directs" are leading."""
    graph = load(files.ontology_files())
    leading = set(graph.subjects(RDF.type, CKG.LeadingRole))
    directing = {
        role
        for role in graph.subjects(SKOS.inScheme, CS.role)
        if str(graph.value(role, SKOS.definition)).startswith("Directs ")
    }
    assert leading == directing
    assert CS["role-leader"] in leading
    assert CS["role-deputy"] not in leading


@pytest.mark.parametrize(
    ("scheme", "codes"),
    [
        (
            "date-precision",
            {"1": "day", "2": "few-days", "3": "week", "4": "month", "5": "year"},
        ),
        (
            "place-precision",
            {
                "1": "exact",
                "2": "near",
                "3": "second-order",
                "4": "first-order",
                "5": "fuzzy",
                "6": "country",
                "7": "sea-or-air",
            },
        ),
    ],
)
def test_precision_notation_is_the_code_of_ucdp(scheme: str, codes: dict[str, str]) -> None:
    """The codes of UCDP GED find their concept by notation; "unknown" is ours and has none."""
    graph = load(files.ontology_files())
    found = {
        str(code): str(concept).removeprefix(f"{CS[scheme]}-")
        for concept in graph.subjects(SKOS.inScheme, CS[scheme])
        for code in graph.objects(concept, SKOS.notation)
    }
    assert found == codes


# Terms in use

CLOSED = {
    PREFIXES["dct"]: DCTERMS,
    PREFIXES["foaf"]: FOAF,
    PREFIXES["org"]: ORG,
    PREFIXES["owl"]: OWL,
    PREFIXES["prov"]: PROV,
    PREFIXES["rdf"]: RDF,
    PREFIXES["rdfs"]: RDFS,
    PREFIXES["sh"]: SH,
    PREFIXES["skos"]: SKOS,
    PREFIXES["vann"]: VANN,
    PREFIXES["void"]: VOID,
    **{
        PREFIXES[prefix]: getattr(terms, prefix.upper())
        for prefix in tomllib.loads(
            (files.ontology_dir() / "outside_terms.toml").read_text(encoding="utf-8")
        )
    },
}
_IRI = re.compile(r"<([^<>\s]+)>")
_NAME = re.compile(r"(?<![\w:/#.-])([a-z]+):([A-Za-z](?:[\w-]|\.(?=\w))*)(\{)?")


def iter_iris(path: Path) -> Iterator[str]:
    if path.suffix == ".ttl":
        return iter_turtle_iris(path)
    return iter_text_iris(path.read_text(encoding="utf-8"))


def iter_turtle_iris(path: Path) -> Iterator[str]:
    """Every IRI in a Turtle file, those in the SPARQL text of its literals included."""
    for triple in pyoxigraph.parse(
        path=str(path), format=pyoxigraph.RdfFormat.TURTLE, base_iri=EXAMPLE
    ):
        for term in (triple.subject, triple.predicate, triple.object):
            if isinstance(term, pyoxigraph.NamedNode):
                yield term.value
            elif isinstance(term, pyoxigraph.Literal):
                yield term.datatype.value
                yield from iter_text_iris(term.value)


def iter_text_iris(text: str) -> Iterator[str]:
    """Every IRI and prefixed name in SPARQL, or in other text that names terms."""
    yield from _IRI.findall(text)
    for prefix, local, is_template in _NAME.findall(text):
        if prefix in PREFIXES:
            # Of cs:date-precision-{precision} the scheme is what stands there.
            yield PREFIXES[prefix] + (local.rstrip("-") if is_template else local)


def unknown_terms(iris: Iterable[str], declared: set[str]) -> set[str]:
    """Those that lie in a namespace of ours, or in a closed one, and are not declared there."""
    unknown = set()
    for iri in iris:
        if iri in declared or iri in PREFIXES.values():
            continue
        closed = next((space for start, space in CLOSED.items() if iri.startswith(start)), None)
        ours = iri.startswith((PREFIXES["ckg"], PREFIXES["cs"]))
        if ours or (closed is not None and iri not in closed):
            unknown.add(iri)
    return unknown


@pytest.fixture(scope="module")
def declared(ontology: Graph) -> set[str]:
    return declared_in(ontology)


def declared_in(graph: Graph) -> set[str]:
    """What has a type: classes, properties, schemes, concepts."""
    return {str(term) for term in graph.subjects(RDF.type, None) if isinstance(term, URIRef)}


def files_with_terms() -> list[Path]:
    found = {
        *files.ontology_files(alignments=True),
        *files.shapes_files(),
        files.ontology_shapes_file(),
        *files.query_files(),
        *files.data_files(),
        *Path(terms.__file__).parent.glob("sources/*/*.toml"),
        *HERE.glob("hygiene/*.rq"),
        # The examples about ontologies bring terms of their own.
        *set(HERE.parent.glob("shapes/*_PASS.ttl"))
        - {HERE.parent / f"shapes/{name}_PASS.ttl" for name in ("deprecated", "ontology")},
    }
    return sorted(path for path in found if path.exists())


@pytest.mark.parametrize(
    "path", files_with_terms(), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_terms_in_use_are_declared(path: Path, declared: set[str]) -> None:
    """No file uses a term of ours, or of a vocabulary that we know whole, that is not there."""
    assert unknown_terms(iter_iris(path), declared) == set()


@pytest.mark.parametrize(
    "turtle",
    [
        "[] sh:targetClass ckg:Evnet .",
        "[] sh:property [ sh:path ckg:perpetartor ] .",
        "[] sh:property [ sh:path [ sh:inversePath ckg:clusterMembr ] ] .",
        "[] sh:property [ sh:path ( ckg:evidence oa:hasTargt ) ] .",
        "[] sh:in ( cs:claim-status-fact cs:claim-status-fakt ) .",
        "[] sh:pth ckg:perpetrator .",
        '[] sh:select "SELECT * { ?s ckg:perpetartor ?o }" .',
        '[] sh:select "SELECT * { ?s <https://w3id.org/conflictkg/ontology#Evnet> ?o }" .',
        '[] sh:ask "ASK { ?s sem:hasPlaec/ckg:within* ?o }" .',
        '[] sh:select "SELECT * { ?s a ckg:Strike ; ckg:means cs:strike-means-drown . }" .',
        "[] a skos:Concpet .",
    ],
)
def test_misspelt_term_is_found(turtle: str, declared: set[str], tmp_path: Path) -> None:
    """A misspelt target class, path, concept or term in SPARQL text is found wherever it stands."""
    path = tmp_path / "misspelt.ttl"
    head = "".join(f"@prefix {prefix}: <{iri}> .\n" for prefix, iri in PREFIXES.items())
    path.write_text(head + turtle, encoding="utf-8")
    assert len(unknown_terms(iter_turtle_iris(path), declared)) == 1


# Catalog and redirects


def test_catalog_names_a_file_for_each_ontology(ontology: Graph) -> None:
    """Each ontology IRI, version IRI and import resolves offline to the file that declares it."""
    root = files.ontology_dir()
    tree = ET.parse(root / "catalog-v001.xml")  # noqa: S314 -- our own file
    listed = {
        entry.attrib["name"]: root / entry.attrib["uri"]
        for entry in tree.iter("{urn:oasis:names:tc:entity:xmlns:xml:catalog}uri")
    }
    wanted = set(ontology.subjects(RDF.type, OWL.Ontology))
    wanted |= set(ontology.objects(None, OWL.versionIRI)) | set(ontology.objects(None, OWL.imports))
    assert set(listed) == {str(iri) for iri in wanted}
    for iri, path in listed.items():
        graph = load([path])
        node = URIRef(iri)
        assert (node, RDF.type, OWL.Ontology) in graph or (None, OWL.versionIRI, node) in graph


def test_disjointness_lists_the_five_kinds(ontology: Graph) -> None:
    """The axiom that keeps kinds apart names exactly the five of the domain model."""
    axiom = ontology.value(None, RDF.type, OWL.AllDisjointClasses)
    assert isinstance(axiom, BNode)
    members = ontology.value(axiom, OWL.members)
    assert members is not None
    assert set(Collection(ontology, members)) == set(APART)


def test_no_literal_of_the_ontology_is_ill_typed(ontology: Graph) -> None:
    """Dates, IRIs and booleans of the headers are what their datatypes say."""
    literals = (term for term in ontology.objects() if isinstance(term, Literal))
    assert [term for term in literals if term.ill_typed] == []


def follow_redirect(path: str) -> tuple[str, str] | None:
    """Where w3id.org sends a path by our rules: status and address, as Apache reads them."""
    rules = (files.ontology_dir() / "w3id" / ".htaccess").read_text(encoding="utf-8")
    site = ""
    for pattern, target, flags in re.findall(r"^RewriteRule (\S+) (\S+) \[(.+)\]$", rules, re.M):
        if flags.startswith("E=SITE:"):
            site = flags.removeprefix("E=SITE:")
        elif match := re.search(pattern, path):
            address = re.sub(r"\$(\d)", lambda part: match[int(part[1])], target)
            return flags.split(",")[0], address.replace("%{ENV:SITE}", site)
    return None


@pytest.mark.parametrize(
    ("path", "status", "address"),
    [
        ("", "R=302", "/"),
        ("ontology", "R=303", "/ontology"),
        ("ontology/0.1.0", "R=302", "/ontology/0.1.0"),
        ("ontology/2.10", "R=302", "/ontology/2.10"),
        ("ontology/12.0.13", "R=302", "/ontology/12.0.13"),
        ("ontology/alignments/cidoc-crm", "R=303", "/ontology/alignments/cidoc-crm"),
        ("ontology/alignments/sem/2.10.0", "R=302", "/ontology/alignments/sem/2.10.0"),
        ("scheme/claim-status-fact", "R=303", "/scheme/claim-status-fact"),
        ("id/claim/914db3b611dfa38a/a-1", "R=303", "/id/claim/914db3b611dfa38a/a-1"),
        ("graph/view/asserted", "R=303", "/graph/view/asserted"),
        ("annotations/1", "R=302", "/annotations/1"),
    ],
)
def test_redirect_of_our_iris(path: str, status: str, address: str) -> None:
    """Each kind of IRI that we mint is sent on, versions with several digits included."""
    assert follow_redirect(path) == (status, "https://conflictkg.example" + address)


@pytest.mark.parametrize("path", ["ontology/2", "ontology/v2.10", "ontology/2.x", "scheme/", "wp"])
def test_redirect_of_what_we_never_minted_is_none(path: str) -> None:
    """What is no IRI of ours is not sent on."""
    assert follow_redirect(path) is None


def test_redirect_of_each_iri_of_the_ontology_files(ontology: Graph) -> None:
    """Each ontology, edition, scheme and concept of ours can be followed."""
    iris = {
        term
        for term in (*ontology.subjects(RDF.type, None), *ontology.objects(None, OWL.versionIRI))
        if isinstance(term, URIRef) and term.startswith("https://w3id.org/conflictkg/")
    }
    paths = {iri.removeprefix("https://w3id.org/conflictkg/").split("#")[0] for iri in iris}
    assert {path for path in paths if follow_redirect(path) is None} == set()
