"""The benchmark: its data is of our model's shape, its questions are SPARQL, its harness says what happened.

Everything runs as it is run by hand, in processes of its own: the benchmark is no part of the package.
"""

import json
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pyoxigraph
import pytest
from rdflib.plugins.sparql import prepareQuery

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
QUESTIONS = sorted((BENCHMARKS / "questions").glob("*.rq"))
QUADS = 25_000
ENOUGH = 350_000  # for every question to have an answer


def run(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, BENCHMARKS / script, *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


def generate(path: Path, quads: int = QUADS, seed: int = 1) -> bytes:
    done = run("generate.py", "--quads", str(quads), "--seed", str(seed), "-o", path)
    assert done.returncode == 0, done.stderr
    return path.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where ``data.nt`` and ``data.nq`` of one seed stand."""
    folder = tmp_path_factory.mktemp("benchmark")
    generate(folder / "data.nt")
    generate(folder / "data.nq")
    return folder


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> pyoxigraph.Store:
    """More of it, for the questions."""
    store = pyoxigraph.Store()
    triples = generate(tmp_path_factory.mktemp("benchmark") / "data.nt", ENOUGH)
    store.bulk_load(triples, format=pyoxigraph.RdfFormat.N_TRIPLES)
    return store


def without_graph(line: bytes) -> bytes:
    return line[: line.rindex(b" <")] + b" ."


def test_one_seed_gives_the_same_bytes_and_another_seed_others(
    tmp_path: Path, folder: Path
) -> None:
    """What two people measure with one seed is the same data."""
    assert generate(tmp_path / "again.nt") == (folder / "data.nt").read_bytes()
    assert generate(tmp_path / "other.nt", seed=2) != (folder / "data.nt").read_bytes()


def test_quads_without_their_graphs_are_the_triples(folder: Path) -> None:
    """No triple stands twice, so engines with and without graphs hold as much and answer alike."""
    quads = (folder / "data.nq").read_bytes().splitlines()
    triples = (folder / "data.nt").read_bytes().splitlines()
    assert [without_graph(line) for line in quads] == triples
    assert len(set(triples)) == len(triples)
    assert QUADS <= len(triples) <= QUADS + 2_000


def test_data_conforms_to_our_shapes(tmp_path: Path, folder: Path) -> None:
    """The benchmark asks of data that could be published, not of data that is easy."""
    graphs: dict[bytes, list[bytes]] = defaultdict(list)
    for line in (folder / "data.nq").read_bytes().splitlines():
        graph = line[line.rindex(b"<") + 1 : line.rindex(b">")]
        # Views and what is entailed are derived; the shapes are for what sources say.
        if b"/view/" not in graph and not graph.endswith(b"/entailed"):
            graphs[graph].append(without_graph(line))
    files = []
    for number, triples in enumerate(graphs.values()):
        files.append(tmp_path / f"{number}.nt")
        files[-1].write_bytes(b"\n".join(triples) + b"\n")
    command: list[str | Path] = [Path(sys.executable).with_name("conflictkg"), "validate", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert "0 violations, 0 warnings" in done.stdout


def test_direct_triples_have_accepted_claims_behind_them(loaded: pyoxigraph.Store) -> None:
    """A strike's perpetrator is nowhere without a claim that says so."""
    answer = loaded.query("""
        PREFIX ckg: <https://w3id.org/conflictkg/ontology#>
        PREFIX cs: <https://w3id.org/conflictkg/scheme/>
        SELECT ?strike (COUNT(?claim) AS ?claims) WHERE {
          ?strike ckg:perpetrator ?who .
          OPTIONAL {
            ?claim ckg:claimSubject ?strike ; ckg:claimProperty ckg:perpetrator ; ckg:claimObject ?who ;
              ckg:reviewStatus cs:review-status-accepted .
          }
        } GROUP BY ?strike""")
    assert isinstance(answer, pyoxigraph.QuerySolutions)
    counts = [int(solution["claims"].value) for solution in answer]
    assert len(counts) > 100
    assert set(counts) == {1}


def test_there_are_questions_of_all_kinds() -> None:
    """The comparison is not won by one kind of question."""
    heads = [_head(path) for path in QUESTIONS]
    assert len(heads) >= 24
    assert {head["kind"] for head in heads} >= {
        "aggregate", "path", "text", "space", "look-up", "order", "negation", "join", "filter", "construct",
    }  # fmt: skip
    assert sum(bool(head.get("one_class")) for head in heads) >= 5


def _head(path: Path) -> dict[str, object]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return tomllib.loads("\n".join(line[2:] for line in lines if line.startswith("# ")))


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_question_is_sparql_and_has_an_answer(path: Path, loaded: pyoxigraph.Store) -> None:
    """Two parsers take it, and it asks of what is there."""
    query = path.read_text(encoding="utf-8")
    prepareQuery(query)
    answer = loaded.query(query)
    assert not isinstance(answer, pyoxigraph.QueryBoolean)
    assert next(iter(answer), None) is not None


def test_harness_finds_that_engines_agree(tmp_path: Path) -> None:
    """Two engines that are right have one digest, whatever they call a number."""
    results = tmp_path / "results.json"
    asked = "count-all,counts-by-category,names-joined,construct,strikes-per-year,disagreements-first-1000"
    done = run(
        "run.py", "--sizes", str(QUADS), "--engines", "pyoxigraph,rdflib", "--questions", asked,
        "--repeat", "1", "-o", results,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    engines = json.loads(results.read_text(encoding="utf-8"))["sizes"][str(QUADS)]["engines"]
    for question in asked.split(","):
        one, other = (engines[name]["questions"][question] for name in ("pyoxigraph", "rdflib"))
        assert one["best_s"] > 0
        assert (one["rows"], one["digest"]) == (other["rows"], other["digest"]), question
    report = run("report.py", results)
    assert "Nothing: all engines gave the same answers." in report.stdout
    assert "rdflib ÷ pyoxigraph" in report.stdout


def test_harness_says_which_questions_were_stopped(tmp_path: Path) -> None:
    """A question that is not answered in time is no number, and the next one is answered all the same."""
    results = tmp_path / "results.json"
    arguments = ["--sizes", str(QUADS), "--engines", "rdflib", "--repeat", "1", "-o", str(results)]
    done = run("run.py", *arguments, "--questions", "count-all", "--timeout", "0.0001")
    assert done.returncode == 0, done.stderr
    done = run("run.py", *arguments, "--questions", "look-up-subject")
    assert done.returncode == 0, done.stderr
    asked = json.loads(results.read_text(encoding="utf-8"))["sizes"][str(QUADS)]["engines"][
        "rdflib"
    ]["questions"]
    assert asked["count-all"].keys() == {"stopped", "timeout_s"}
    assert asked["look-up-subject"]["rows"] > 5
    assert "stopped after 0.0001 s" in run("report.py", results).stdout


def test_harness_names_the_questions_there_are(tmp_path: Path) -> None:
    """A misspelt question is not silently left out."""
    done = run("run.py", "--questions", "count-al", "-o", tmp_path / "results.json")
    assert done.returncode != 0
    assert "no such question: count-al" in done.stderr
