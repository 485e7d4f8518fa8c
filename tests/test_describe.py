"""Descriptions of a store: what each graph says of itself, counts, VoID and DCAT, dumps."""

import gzip
import hashlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyoxigraph
import pyshacl
import pytest
from rdflib import SH, Graph
from shared_files import shared
from small_store import write_small_store

from conflictkg.answers import Stream, Triple, Triples
from conflictkg.answers.formats import write_answer
from conflictkg.describe import (
    Dump,
    Places,
    StoreCounts,
    count_graphs,
    count_store,
    describe_store,
    find_kept_back,
    keep_counts,
    load_counts,
    read_notices,
)
from conflictkg.describe.catalogue import DATASET
from conflictkg.describe.counting import PropertyCount
from conflictkg.dumps import WHOLE, find_dump, folder_of, make_dump, name_dump, remove_old_dumps
from conflictkg.errors import StoreChangedError, StoreError
from conflictkg.iris import BASE
from conflictkg.store import Edit, Store, open_store
from conflictkg.terms import PREFIXES

OPEN, CLOSED, SILENT, TORN = (
    f"{BASE}graph/{name}" for name in ("open", "closed", "silent", "torn")
)
_RDF, _CKG, _DCT, _XSD = (PREFIXES[name] for name in ("rdf", "ckg", "dct", "xsd"))
_VOID, _DCAT = PREFIXES["void"], PREFIXES["dcat"]


def _notice(graph: str, *values: str, title: str = "T") -> str:
    return (
        f"<{graph}> <{_RDF}type> <{_CKG}NamedGraph> .\n"
        f'<{graph}> <{_DCT}title> "{title}"@en .\n'
        + "".join(
            f'<{graph}> <{_CKG}redistribution> "{value}"^^<{_XSD}boolean> .\n' for value in values
        )
    )


def _thing(name: str, rest: str) -> str:
    return f"<{BASE}id/organization/{name}> {rest} .\n"


_SAME_AS = "<http://www.w3.org/2002/07/owl#sameAs>"
GRAPHS = {
    OPEN: _notice(OPEN, "true", title="Open")
    + _thing("1", f"<{_RDF}type> <{_CKG}Organization>")
    + _thing("1", f'<{_CKG}printedName> "a line\\nand . another ."@en')
    + _thing("1", f"{_SAME_AS} <https://www.wikidata.org/entity/Q1>")
    + _thing("1", f"{_SAME_AS} <{BASE}id/organization/2>")
    + _thing("1", f"{_SAME_AS} <urn:uuid:1>")
    + f"_:one <{_CKG}printedName> _:two .\n",
    CLOSED: _notice(CLOSED, "false", title="Closed")
    + _thing("secret", f"<{_RDF}type> <{_CKG}Organization>")
    # It cannot say of another that this may be passed on.
    + f'<{SILENT}> <{_CKG}redistribution> "true"^^<{_XSD}boolean> .\n',
    SILENT: _notice(SILENT) + _thing("1", f"<{_RDF}type> <{_CKG}Organization>"),
    TORN: _notice(TORN, "true", "false"),
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of graphs that may, may not, do not say and say both."""
    with open_store(write_small_store(tmp_path / "store", GRAPHS)) as opened:
        yield opened


def test_only_what_says_so_itself_may_be_passed_on(store: Store) -> None:
    """No permission, two answers, and a permission from another graph are none."""
    found = {each.iri: each.may_be_passed_on for each in read_notices(store)}
    assert found == {OPEN: True, CLOSED: False, SILENT: False, TORN: False}


def test_prohibition_counts_from_anywhere(tmp_path: Path) -> None:
    """What another graph forbids stays here."""
    other = f'<{OPEN}> <{_CKG}redistribution> "0"^^<{_XSD}boolean> .\n'
    graphs = {OPEN: _notice(OPEN, "1"), CLOSED: _notice(CLOSED, "1") + other}
    with open_store(write_small_store(tmp_path / "store", graphs)) as store:
        found = {each.iri: each.may_be_passed_on for each in read_notices(store)}
    assert found == {OPEN: False, CLOSED: True}


def test_what_a_public_server_must_not_hold_is_named(store: Store, tmp_path: Path) -> None:
    """Graphs that may not be passed on, and the unnamed graph, of which nobody says that it may."""
    assert find_kept_back(store) == (CLOSED, SILENT, TORN)
    directory = write_small_store(tmp_path / "open", {OPEN: GRAPHS[OPEN]})
    with open_store(directory, editable=True) as opened:
        assert find_kept_back(opened) == ()
        opened.update("INSERT DATA { <http://x/s> <http://x/p> 1 }")
        assert find_kept_back(opened) == ("the unnamed graph",)
        opened.update("DELETE DATA { <http://x/s> <http://x/p> 1 }", edit=Edit("a"))
        assert find_kept_back(opened) == ("the journal of its changes",)


def test_counts_of_a_graph_and_of_the_whole(store: Store) -> None:
    """A triple of two graphs counts in each, and in the whole once."""
    graphs, whole = count_graphs(store), count_store(store)
    assert set(graphs) == set(GRAPHS)
    assert {iri: each.triples for iri, each in graphs.items()} == {
        each.iri: each.triples for each in store.graphs()
    }
    assert whole.triples == sum(each.triples for each in graphs.values()) - 1
    one = graphs[OPEN]
    assert (one.subjects, one.entities) == (3, 1)
    assert one.classes == {_CKG + "NamedGraph": 1, _CKG + "Organization": 1}
    assert one.properties[_CKG + "printedName"] == PropertyCount(2, 2, 2)
    assert one.datatypes == {_RDF + "langString": 2, _XSD + "boolean": 1}
    assert one.links == {("http://www.w3.org/2002/07/owl#sameAs", "https://www.wikidata.org"): 1}
    assert whole.classes[_CKG + "Organization"] == 2


def _ask(triples: list[Triple], query: str) -> list[tuple[str, ...]]:
    text = b"".join(write_answer(Triples(Stream(iter(triples))), "ntriples"))
    held = pyoxigraph.Store()
    held.load(text, pyoxigraph.RdfFormat.N_TRIPLES)
    prologue = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
    found = held.query(prologue + query)
    assert isinstance(found, pyoxigraph.QuerySolutions)
    return sorted(tuple(term.value for term in row) for row in found)


def _describe(store: Store) -> list[Triple]:
    places = Places(
        "http://x/sparql",
        "http://x/.well-known/void",
        Dump("http://x/dumps/all", 7, "ab"),
        {OPEN: Dump("http://x/dumps/open"), CLOSED: Dump("http://x/dumps/closed")},
    )
    described = describe_store(
        "r1", store.built_at, count_store(store), count_graphs(store), read_notices(store), places
    )
    return list(described)


def test_void_says_what_was_counted(store: Store) -> None:
    """Sizes, partitions and linksets of graphs stand in the description."""
    triples = _describe(store)
    sizes = _ask(triples, f"SELECT ?n {{ <{OPEN}> void:triples ?n }}")
    assert sizes == [(str(GRAPHS[OPEN].count("\n")),)]
    assert _ask(
        triples,
        f"SELECT ?n {{ <{DATASET}> void:classPartition [ void:class ckg:Organization ; void:entities ?n ] }}",
    ) == [("2",)]
    assert _ask(
        triples,
        f"""SELECT ?space ?n {{ <{OPEN}> void:subset [ a void:Linkset ; void:linkPredicate owl:sameAs ;
          void:triples ?n ; void:objectsTarget [ void:uriSpace ?space ] ] }}""",
    ) == [("https://www.wikidata.org/", "1")]


def test_no_file_is_told_of_a_graph_that_stays_here(store: Store) -> None:
    """Not even where somebody gives one."""
    dumps = _ask(_describe(store), "SELECT ?g ?d { ?g void:dataDump ?d }")
    assert dumps == [(DATASET, "http://x/dumps/all"), (OPEN, "http://x/dumps/open")]


def test_whole_has_a_licence_only_where_all_have_the_same(store: Store) -> None:
    """Graphs without one, and of several, give none."""
    assert _ask(_describe(store), f"SELECT ?l {{ <{DATASET}> dct:license ?l }}") == []


def test_licence_in_words_is_no_iri(tmp_path: Path) -> None:
    """It is told as it stands."""
    graph = _notice(OPEN, "true") + f'<{OPEN}> <{_DCT}license> "free for all" .\n'
    with open_store(write_small_store(tmp_path / "store", {OPEN: graph})) as store:
        assert [each.licence for each in read_notices(store)] == [""]
        assert _ask(_describe(store), f"SELECT ?l {{ <{OPEN}> dct:license ?l }}") == [
            ("free for all",)
        ]


@pytest.mark.parametrize(
    ("shapes", "missing"),
    [
        # There is no one thing from which all others are reached.
        ("nde-lod-aggregator/shapes/shacl_dataset_list_void.ttl", {_VOID + "rootResource"}),
        ("nde-lod-aggregator/shapes/shacl_dataset_list_dcat.ttl", {_VOID + "rootResource"}),
        # It knows no N-Quads.
        ("nde-lod-aggregator/shapes/shacl_dataset_dump_dcat.ttl", {_DCAT + "mediaType"}),
        # Those of 3.0.0 want xsd:decimal, as DCAT 2 did; DCAT 3 and the other shapes of 3.0.0 do not.
        ("dcat-ap/releases/3.0.0/html/shacl/shapes.ttl", {_DCAT + "byteSize"}),
        # Nothing says of addresses that they are resources.
        (
            "dcat-ap/releases/3.0.0/shacl/dcat-ap-SHACL.ttl",
            {
                _DCAT + name
                for name in ("accessURL", "downloadURL", "endpointURL", "endpointDescription")
            },
        ),
    ],
)
def test_description_meets_the_shapes_of_catalogues(
    tmp_path: Path, shapes: str, missing: set[str]
) -> None:
    """But for what is listed, with its reason; of graphs that say what a build demands of them."""
    licence = f"<{OPEN}> <{_DCT}license> <https://creativecommons.org/licenses/by/4.0/> .\n"
    graphs = {OPEN: GRAPHS[OPEN] + licence}
    with open_store(write_small_store(tmp_path / "store", graphs)) as store:
        triples = _describe(store)
    text = b"".join(write_answer(Triples(Stream(iter(triples))), "turtle", PREFIXES))
    rules = Graph().parse(shared(f"suites/{shapes}"))
    _, report, _ = pyshacl.validate(Graph().parse(data=text), shacl_graph=rules, inference="none")
    found = {
        str(report.value(result, SH.resultPath))
        for result in report.subjects(SH.resultSeverity, SH.Violation)
    }
    assert found == missing


def test_kept_counts_are_those_that_are_counted(store: Store) -> None:
    """They are read as they were, and only for the release that they are of."""
    assert load_counts(store) is None
    kept = keep_counts(store)
    assert load_counts(store) == kept == StoreCounts(count_store(store), count_graphs(store))
    assert [each.name for each in store.directory.glob("*.tmp")] == []
    file = store.directory / "counts.json"
    file.write_text(file.read_text().replace('"release": "r1"', '"release": "r2"'))
    assert load_counts(store) is None


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"format": 1, "release": 2}', "\x00"])
def test_kept_counts_that_cannot_be_read_are_none(store: Store, text: str) -> None:
    """Whoever asks counts anew."""
    (store.directory / "counts.json").write_text(text)
    assert load_counts(store) is None


# Dumps


def _read(path: Path) -> set[pyoxigraph.Quad]:
    return set(pyoxigraph.parse(gzip.decompress(path.read_bytes()), pyoxigraph.RdfFormat.N_QUADS))


def test_dump_holds_what_the_graph_holds_and_no_other(store: Store) -> None:
    """The whole is what may be passed on, quad by quad; ends of lines within literals stay."""
    made = make_dump(store, read_notices(store), WHOLE, store.release)
    quads = _read(made.path)
    assert {each.graph_name for each in quads} == {pyoxigraph.NamedNode(OPEN)}
    assert len(quads) == GRAPHS[OPEN].count("\n")
    assert "a line\nand . another ." in [
        each.object.value for each in quads if isinstance(each.object, pyoxigraph.Literal)
    ]
    assert "secret" not in gzip.decompress(made.path.read_bytes()).decode()


def test_dump_is_told_by_its_digest(store: Store) -> None:
    """Digest and size are those of the file, and are found again."""
    made = make_dump(store, read_notices(store), name_dump(OPEN), store.release)
    content = made.path.read_bytes()
    assert (made.sha256, made.size) == (hashlib.sha256(content).hexdigest(), len(content))
    folder = folder_of(store.directory, store.release)
    assert find_dump(folder, name_dump(OPEN)) == made
    assert not list(folder.glob(".*"))


def test_equal_stores_give_equal_files(tmp_path: Path) -> None:
    """Nothing of the time or the place is in a file."""
    graphs = {OPEN: GRAPHS[OPEN].replace("_:one", "<http://example.org/1>").replace("_:two", '"2"')}
    made = []
    for name in ("a", "b"):
        with open_store(write_small_store(tmp_path / name, graphs)) as each:
            made.append(make_dump(each, read_notices(each), WHOLE, each.release))
    assert made[0].sha256 == made[1].sha256
    assert made[0].path.read_bytes()[4:8] == bytes(4)


@pytest.mark.parametrize("graph", [CLOSED, SILENT, TORN, "http://example.org/unknown"])
def test_of_what_stays_here_no_file_is_made(store: Store, graph: str) -> None:
    """By whatever name it is asked for."""
    with pytest.raises(StoreError, match="there is no dump"):
        make_dump(store, read_notices(store), name_dump(graph), store.release)
    assert not folder_of(store.directory, store.release).exists()


def test_dump_of_a_release_that_is_gone_is_not_made(store: Store) -> None:
    """What was changed meanwhile takes no name; nothing unfinished stays."""
    with pytest.raises(StoreChangedError):
        make_dump(store, read_notices(store), name_dump(OPEN), "earlier")
    assert list(folder_of(store.directory, "earlier").iterdir()) == []


def test_file_without_its_digest_was_not_finished(store: Store) -> None:
    """One that a crash left is made anew."""
    folder = folder_of(store.directory, store.release)
    folder.mkdir(parents=True)
    (folder / name_dump(OPEN)).write_bytes(b"half")
    assert find_dump(folder, name_dump(OPEN)) is None
    made = make_dump(store, read_notices(store), name_dump(OPEN), store.release)
    assert len(_read(made.path)) == GRAPHS[OPEN].count("\n")


# Ends itself as a crash would, when so many files are synced: content, digest, and so on.
_KILLED = """
import os, signal, sys
from pathlib import Path
from conflictkg.describe import read_notices
from conflictkg.dumps import WHOLE, make_dump
from conflictkg.store import open_store

left = [int(sys.argv[2])]
def end(_):
    left[0] -= 1
    if not left[0]:
        os.kill(os.getpid(), signal.SIGKILL)
os.fsync = end
with open_store(Path(sys.argv[1])) as store:
    make_dump(store, read_notices(store), WHOLE, store.release)
"""


@pytest.mark.parametrize("syncs", [1, 2, 3])
def test_killed_dump_leaves_no_half_file(tmp_path: Path, syncs: int) -> None:
    """What was whole before stays as it is; the rest has no name yet and is made when it is next asked for."""
    directory = write_small_store(tmp_path / "store", {OPEN: GRAPHS[OPEN]})
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(directory), str(syncs)], check=False, timeout=60
    )
    assert killed.returncode == -signal.SIGKILL
    with open_store(directory) as store:
        folder = folder_of(directory, store.release)
        before = find_dump(folder, name_dump(OPEN))
        assert (before is not None) == (syncs > 2)
        assert find_dump(folder, WHOLE) is None
        made = make_dump(store, read_notices(store), WHOLE, store.release)
        assert len(_read(made.path)) == GRAPHS[OPEN].count("\n")
        assert before in (None, find_dump(folder, name_dump(OPEN)))


def test_files_of_other_releases_go(store: Store) -> None:
    """Only those of the current one stay."""
    kept, gone = folder_of(store.directory, "r1"), folder_of(store.directory, "r0")
    kept.mkdir(parents=True)
    gone.mkdir()
    remove_old_dumps(kept)
    assert (kept.exists(), gone.exists()) == (True, False)


@pytest.mark.parametrize(
    "iri", ["file:///etc/../passwd", BASE + "graph/../../x", "urn:x\ny", "é" * 500]
)
def test_name_of_a_file_leads_nowhere(iri: str) -> None:
    """Whatever a graph is called, its file has a name of letters, digits and hyphens."""
    name = name_dump(iri)
    assert name.endswith(".nq.gz")
    assert len(name) < 90
    assert name.removesuffix(".nq.gz").replace("-", "a").isalnum()
    assert name.isascii()
