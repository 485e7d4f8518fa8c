"""The generated namespaces: what the ontology says, closed, and the one home of prefixes."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rdflib import OWL, RDF, SH, SKOS, Graph, URIRef
from rdflib.namespace import DefinedNamespace

from conflictkg import files, terms
from conflictkg.terms import CKG, CS, PREFIXES

PROJECT = Path(__file__).resolve().parents[1]
TOOL = PROJECT / "tools" / "generate_terms.py"
OUTSIDE = tomllib.loads((files.ontology_dir() / "outside_terms.toml").read_text(encoding="utf-8"))


def namespaces() -> dict[str, type[DefinedNamespace]]:
    found = {
        name: item
        for name, item in vars(terms).items()
        if isinstance(item, type) and issubclass(item, DefinedNamespace)
    }
    del found["DefinedNamespace"]
    return found


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    """The generator, which is no part of the package."""
    spec = importlib.util.spec_from_file_location("generate_terms", TOOL)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def graph() -> Graph:
    """Core and code lists."""
    graph = Graph()
    for path in files.ontology_files():
        graph.parse(path, format="turtle")
    return graph


def test_terms_regenerated_are_the_same(tool: ModuleType) -> None:
    """What is committed is what the ontology says now; otherwise run make terms."""
    written = Path(terms.__file__).read_text(encoding="utf-8")
    assert written == tool.render_terms(files.ontology_dir())


def test_tool_check_on_our_terms_exits_with_0() -> None:
    """The generator agrees that there is nothing to write."""
    done = subprocess.run([sys.executable, str(TOOL), "--check"], check=False, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")


def test_tool_check_on_stale_terms_exits_with_1(
    tool: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The generator says what to do when the module is out of date, and writes nothing."""
    stale = tmp_path / "terms.py"
    stale.write_text("# old\n", encoding="utf-8")
    monkeypatch.setattr(tool, "OUTPUT", stale)
    monkeypatch.setattr(sys, "argv", ["generate_terms.py", "--check"])
    assert tool.main() == 1
    assert "make terms" in capsys.readouterr().err
    assert stale.read_text(encoding="utf-8") == "# old\n"


def test_tool_writes_the_module(
    tool: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --check the module is written."""
    monkeypatch.setattr(tool, "OUTPUT", tmp_path / "terms.py")
    monkeypatch.setattr(sys, "argv", ["generate_terms.py"])
    assert tool.main() == 0
    written = (tmp_path / "terms.py").read_text(encoding="utf-8")
    assert written == Path(terms.__file__).read_text(encoding="utf-8")


def test_terms_pass_the_formatter_and_linter() -> None:
    """The generated module needs no mending by ruff."""
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--no-cache", "src/conflictkg/terms.py"],
            check=False,
            capture_output=True,
            text=True,
            cwd=PROJECT,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_ckg_holds_each_class_and_property(graph: Graph) -> None:
    """CKG has what the core declares, and nothing else."""
    kinds = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)
    declared = {term for kind in kinds for term in graph.subjects(RDF.type, kind)}
    assert {str(t) for t in dir(CKG)} == {str(t) for t in declared if str(t).startswith(str(CKG))}


def test_cs_holds_each_scheme_and_concept(graph: Graph) -> None:
    """CS has each scheme and each concept of the code lists, whether or not it has a hyphen."""
    kinds = (SKOS.ConceptScheme, SKOS.Concept)
    declared = {
        str(term).removeprefix(str(CS)) for kind in kinds for term in graph.subjects(RDF.type, kind)
    }
    assert declared
    assert [name for name in declared if CS[name] != URIRef(str(CS) + name)] == []
    assert {*CS._extras, *(str(t).removeprefix(str(CS)) for t in dir(CS))} == declared


@pytest.mark.parametrize("name", sorted(namespaces()))
def test_namespace_of_its_prefix(name: str) -> None:
    """Each namespace is the one of its prefix in lower case."""
    assert str(namespaces()[name]) == PREFIXES[name.lower()]


def test_namespaces_are_ours_and_those_listed() -> None:
    """There is one class for each of our namespaces and each listed vocabulary."""
    assert set(namespaces()) == {"CKG", "CS", *(prefix.upper() for prefix in OUTSIDE)}


@pytest.mark.parametrize("prefix", sorted(OUTSIDE))
def test_outside_terms_are_all_there(prefix: str) -> None:
    """Each listed term of another vocabulary is in its namespace."""
    namespace = namespaces()[prefix.upper()]
    for term in OUTSIDE[prefix]:
        assert namespace[term] == URIRef(PREFIXES[prefix] + term)


@pytest.mark.parametrize("name", sorted(namespaces()))
@given(term=st.from_regex(r"[a-z]{2,8}(-[a-z]{2,8}|[A-Z][a-z]{2,8})?", fullmatch=True))
def test_unknown_term_raises(name: str, term: str) -> None:
    """A term that is not declared raises, by attribute and as an item, and names the namespace."""
    namespace = namespaces()[name]
    if term in namespace or hasattr(type, term):
        return
    wanted = re.escape(f"term '{term}' not in namespace '{namespace}'")
    with pytest.raises(AttributeError, match=wanted):
        namespace[term]
    with pytest.raises(AttributeError, match=wanted):
        getattr(namespace, term)


@pytest.mark.parametrize(
    "misspelt", ["claim-status-fakt", "claim-status-", "claim_status_fact", "Claim-status-fact"]
)
def test_misspelt_concept_raises(misspelt: str) -> None:
    """A concept that is one letter off raises."""
    with pytest.raises(AttributeError, match=re.escape(misspelt)):
        CS[misspelt]


def test_prefixes_are_those_of_the_ontology(graph: Graph) -> None:
    """The prefixes are declared once in the ontology (sh:declare) and nowhere else."""
    declared = {
        str(graph.value(node, SH.prefix)): str(graph.value(node, SH.namespace))
        for node in graph.objects(None, SH.declare)
    }
    assert declared == PREFIXES


@pytest.mark.parametrize(
    "path",
    files.ontology_files(alignments=True),
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_prefixes_in_files_agree(path: Path) -> None:
    """A prefix that the ontology declares means the same in each of its files."""
    used = re.findall(r"^@prefix ([a-z]+): <([^>]+)> \.$", path.read_text(encoding="utf-8"), re.M)
    assert used
    assert {prefix: iri for prefix, iri in used if PREFIXES.get(prefix, iri) != iri} == {}
