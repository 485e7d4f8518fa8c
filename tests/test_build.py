"""A build: from files to a store, or to a message and nothing changed."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rdflib import RDF, Graph, URIRef

from conflictkg import iris, views
from conflictkg.answers import Boolean, Iri, Solutions
from conflictkg.answers.formats import write_answer
from conflictkg.build import build_store, select_premises
from conflictkg.cli import main
from conflictkg.errors import (
    InconsistentError,
    InvalidGraphError,
    RdfSyntaxError,
    SourceError,
    StoreBusyError,
)
from conflictkg.graphs import parse_turtle
from conflictkg.store import Limits, open_store
from conflictkg.store.layout import MANIFEST
from conflictkg.store.place import claim_place
from conflictkg.terms import PREFIXES

EX = "http://example.org/"
HEAD = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in PREFIXES.items())
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
GOOD = (
    "ckg:reviewStatus cs:review-status-accepted ; ckg:polarity cs:polarity-affirmed ; "
    "ckg:modality cs:modality-actual ; ckg:claimStatus cs:claim-status-fact"
)
BODY = f"""
<{EX}g> a ckg:NamedGraph ; dct:license <https://creativecommons.org/licenses/by/4.0/> .
<{EX}child> a ckg:Organization . <{EX}parent> a ckg:Organization .
<{EX}r> a ckg:GroupRelation ; ckg:child <{EX}child> ; ckg:parent <{EX}parent> ;
  ckg:relationType cs:relation-type-subgroup-of ; {GOOD} .
"""


def write(folder: Path, body: str = BODY, name: str = "small.ttl") -> Path:
    path = folder / name
    path.write_text(HEAD + body, encoding="utf-8")
    return path


def build(path: Path, directory: Path, **options: bool) -> str:
    return build_store([path], directory, validate=False, built_at=WHEN, **options).release  # type: ignore[arg-type]  # no option of another type


def test_build_puts_each_kind_of_graph_into_its_own(tmp_path: Path) -> None:
    """Data, ontology, shapes, questions, views and consequences are named graphs of one store."""
    build(write(tmp_path), tmp_path / "store")
    part_of = PREFIXES["org"] + "subOrganizationOf"
    with open_store(tmp_path / "store", Limits(workers=1)) as store:
        found = {graph.iri: graph.triples for graph in store.graphs()}
        assert set(found) == {
            f"{EX}g",
            *map(str, (iris.ONTOLOGY_GRAPH, iris.SHAPES_GRAPH, iris.QUERIES_GRAPH)),
            *map(str, (iris.ENTAILED_GRAPH, views.ASSERTED_GRAPH, views.ATTRIBUTED_GRAPH)),
        }
        # Its own description, and no triple of a source.
        assert found[str(views.ATTRIBUTED_GRAPH)] == 4
        assert store.built_at == "2026-01-02T03:04:05Z"
        answer = store.query(f"SELECT ?g {{ GRAPH ?g {{ <{EX}child> <{part_of}> <{EX}parent> }} }}")
        assert isinstance(answer, Solutions)
        assert list(answer.rows) == [(Iri(str(views.ASSERTED_GRAPH)),)]
        entailed = f"GRAPH <{iris.ENTAILED_GRAPH}> {{ <{EX}child> a <{PREFIXES['sem']}Actor> }}"
        assert store.query(f"ASK {{ {entailed} }}") == Boolean(value=True)


@pytest.mark.parametrize("allowed", ["true", "false"])
def test_every_graph_of_a_store_says_its_licence_and_whether_it_may_be_passed_on(
    tmp_path: Path, allowed: str
) -> None:
    """The build describes its own graphs too; what comes from a source that is not to be passed on is not either."""
    body = BODY.replace("a ckg:NamedGraph ;", f"a ckg:NamedGraph ; ckg:redistribution {allowed} ;")
    build(write(tmp_path, body), tmp_path / "store")
    query = (
        "".join(f"PREFIX {name}: <{iri}> " for name, iri in PREFIXES.items())
        + "SELECT ?g ?may { GRAPH ?g { ?g a ckg:NamedGraph ; dct:license ?l ; ckg:redistribution ?may } }"
    )
    with open_store(tmp_path / "store", Limits(workers=1)) as store:
        rows = list(
            csv.reader(io.StringIO(b"".join(write_answer(store.query(query), "csv")).decode()))
        )
        found = dict(rows[1:])
        assert set(found) == {graph.iri for graph in store.graphs()}
    of_sources = {
        f"{EX}g",
        *map(str, (iris.ENTAILED_GRAPH, views.ASSERTED_GRAPH, views.ATTRIBUTED_GRAPH)),
    }
    assert {iri for iri, may in found.items() if may == "false"} == (
        of_sources if allowed == "false" else set()
    )


def test_same_files_give_the_same_release_in_any_order(tmp_path: Path) -> None:
    """The release depends on contents, not on order, folder, time or what stood there."""
    other = f"<{EX}h> a ckg:NamedGraph . <{EX}x> a ckg:Place ."
    one, two = write(tmp_path), write(tmp_path, other, "b.ttl")
    (tmp_path / "moved").mkdir()
    moved = write(tmp_path / "moved", other, "renamed.ttl")
    releases = {
        build_store(inputs, tmp_path / f"store{n % 2}", validate=False).release
        for n, inputs in enumerate(([one, two], [two, one], [one, moved], [one, two]))
    }
    assert len(releases) == 1


def test_other_contents_give_another_release(tmp_path: Path) -> None:
    """One triple more is another release."""
    first = build(write(tmp_path), tmp_path / "store")
    more = write(tmp_path, BODY + f"<{EX}x> a ckg:Place .")
    assert build(more, tmp_path / "store") != first


def test_manifest_has_versions_and_counts(tmp_path: Path) -> None:
    """Who finds a store can tell what made it."""
    build(write(tmp_path), tmp_path / "store")
    manifest = json.loads((tmp_path / "store" / MANIFEST).read_text(encoding="utf-8"))
    assert set(manifest["versions"]) == {"conflictkg", "duckdb", "owlrl", "pyoxigraph"}
    assert {"iri": f"{EX}g", "triples": 12} in manifest["graphs"]


@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        ("<a> <b> .", RdfSyntaxError, f"line {HEAD.count(chr(10)) + 1} column"),
        (f"<{EX}x> a ckg:Place .", SourceError, "does not describe its graph"),
        (
            f"<{iris.ENTAILED_GRAPH}> a ckg:NamedGraph .",
            SourceError,
            "which a build makes itself",
        ),
        (
            f"<{EX}g> a ckg:NamedGraph . <{EX}x> a ckg:Person, ckg:Organization .",
            InconsistentError,
            "is both ckg:Organization and ckg:Person",
        ),
    ],
    ids=["syntax", "no-description", "reserved", "contradiction"],
)
def test_bad_input_is_refused_and_changes_nothing(
    body: str, error: type[Exception], words: str, tmp_path: Path
) -> None:
    """The file is named, and the store that stood there stands there still."""
    before = build(write(tmp_path), tmp_path / "store")
    path = write(tmp_path, body, "bad.ttl")
    with pytest.raises(error) as raised:
        build(path, tmp_path / "store")
    assert words in str(raised.value)
    assert str(path) in str(raised.value)
    with open_store(tmp_path / "store", Limits(workers=1)) as store:
        assert store.release == before
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        *("bad.ttl", "small.ttl", "store", "store.lock"),
    ]


def test_contradiction_through_a_view_names_the_claim(tmp_path: Path) -> None:
    """A direct triple is traced to the claim that it was derived from."""
    body = f"""<{EX}g> a ckg:NamedGraph . <{EX}p> a ckg:Person .
<{EX}c> a ckg:Claim ; ckg:claimSubject <{EX}p> ; ckg:claimProperty ckg:perpetrator ;
  ckg:claimObject <{EX}o> ; {GOOD} ."""
    path = write(tmp_path, body)
    with pytest.raises(InconsistentError) as raised:
        build(path, tmp_path / "store")
    line = HEAD.count("\n") + 2
    assert f"ckg:perpetrator <{EX}o> .  (claim at {path} line {line})" in str(raised.value)


def test_graph_that_does_not_meet_the_shapes_is_refused(tmp_path: Path) -> None:
    """The violations are listed, each with file and line; --no-validate builds all the same."""
    path = write(tmp_path, f"<{EX}g> a ckg:NamedGraph . <{EX}c> a ckg:Claim .")
    with pytest.raises(InvalidGraphError) as raised:
        build_store([path], tmp_path / "store")
    assert len(raised.value.findings) > 2
    assert f"{path} line {HEAD.count(chr(10)) + 1}: <{EX}c>" in str(raised.value)
    assert not (tmp_path / "store").exists()
    build(path, tmp_path / "store")
    assert (tmp_path / "store").is_dir()


def test_build_at_a_place_where_another_is_at_work_is_refused(tmp_path: Path) -> None:
    """At once, before anything is parsed."""
    with claim_place(tmp_path / "store"), pytest.raises(StoreBusyError, match="another process"):
        build(tmp_path / "missing.ttl", tmp_path / "store")


def test_steps_are_reported_with_their_time(tmp_path: Path) -> None:
    """One line a step, in order."""
    told: list[str] = []
    build_store([write(tmp_path)], tmp_path / "store", validate=False, report=told.append)
    assert [line[:12].strip() for line in told] == [
        "parse",
        "derive views",
        "reason",
        "write",
        "count",
    ]
    assert all(" s  " in line for line in told)


def premises(body: str) -> Graph:
    return select_premises(parse_turtle(HEAD + body).graph)


@pytest.mark.parametrize(
    ("review", "kept"), [("accepted", True), ("rejected", False), ("unreviewed", False)]
)
def test_tenure_is_reasoned_with_only_behind_an_accepted_claim(review: str, kept: bool) -> None:
    """Nobody becomes a leader by a claim that was rejected."""
    good = GOOD.replace("review-status-accepted", f"review-status-{review}")
    found = premises(
        f"<{EX}t> a ckg:Tenure ; org:member <{EX}p> ; org:role cs:role-leader . "
        f"<{EX}c> a ckg:Claim ; ckg:claimObject <{EX}t> ; {good} ."
    )
    assert ((URIRef(EX + "t"), None, None) in found) is kept
    assert ((None, None, URIRef(EX + "t")) in found) is kept


def test_places_in_texts_are_not_reasoned_with() -> None:
    """Evidence is left out, with what points to it; claims are not."""
    found = premises(
        f"<{EX}e> a oa:Annotation ; oa:hasTarget <{EX}t> . <{EX}c> a ckg:Claim ; ckg:evidence <{EX}e> ."
    )
    assert set(found) == {(URIRef(EX + "c"), RDF.type, URIRef(PREFIXES["ckg"] + "Claim"))}


# The command

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line; gives exit status, stdout and stderr."""
    for name in ("SOURCE_DATE_EPOCH", "CONFLICTKG_STORE"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as raised:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return int(raised.value.code or 0), captured.out, captured.err

    return call


def test_command_builds_and_tells_its_steps(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages go to stderr; the time comes from SOURCE_DATE_EPOCH; the place from the setting."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.setenv("CONFLICTKG_STORE", str(tmp_path / "store"))
    status, out, err = run("build", write(tmp_path), "--no-validate")
    assert (status, out) == (0, "")
    assert "reason" in err
    manifest = json.loads((tmp_path / "store" / MANIFEST).read_text(encoding="utf-8"))
    assert manifest["built_at"] == "1970-01-01T00:00:00Z"
    assert f"release {manifest['release']}" in err


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["missing.ttl"], 1, "missing.ttl: cannot be read: No such file"),
        (["notes.txt"], 1, 'ends in ".txt"'),
        (["--store"], 2, "requires an argument"),
        (["--nonsense"], 2, "No such option"),
    ],
)
def test_command_refuses_with_the_right_status(
    words: list[str],
    status: int,
    message: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1 where the data are at fault, 2 where the command line is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("x", encoding="utf-8")
    found = run("build", *words)
    assert found[0] == status
    assert message in found[2]


def test_command_refuses_a_bad_epoch(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A setting that cannot be used is a fault of the command line."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    status, _, err = run("build", write(tmp_path), "--store", tmp_path / "store")
    assert status == 2
    assert 'setting SOURCE_DATE_EPOCH: "yesterday" is not a number' in err
