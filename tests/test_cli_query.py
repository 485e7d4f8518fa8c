"""``conflictkg query`` and ``conflictkg reason``: what people see."""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyoxigraph
import pytest
from rdflib import Graph
from small_store import numbers, write_small_store

from conflictkg.cli import main
from conflictkg.questions import load_questions

EX = "http://example.org/"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small store on disk."""
    return write_small_store(tmp_path_factory.mktemp("cli") / "store")


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, directory: Path
) -> Run:
    """Run a command line over the small store; gives exit status, stdout and stderr."""
    monkeypatch.setenv("CONFLICTKG_STORE", str(directory))

    def call(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as raised:
            main([str(word) for word in words])
        captured = capsys.readouterr()
        return int(raised.value.code or 0), captured.out, captured.err

    return call


NAMES = f"SELECT ?s ?name {{ ?s <{EX}name> ?name }} ORDER BY ?s"


def test_select_is_shown_as_a_table(run: Run) -> None:
    """Aligned columns and a count, on stdout; nothing on stderr."""
    assert run("query", NAMES) == (
        0,
        "s                       name\n"
        "──────────────────────  ─────\n"
        f"<{EX}a>  Hangu\n"
        f"<{EX}b>  Swat\n"
        "(2 rows)\n",
        "",
    )


def test_ask_is_answered_with_a_word(run: Run) -> None:
    """Yes or no; both are answers, so both exit with 0."""
    assert run("query", "ASK {}") == (0, "yes\n", "")
    assert run("query", "ASK { FILTER(false) }") == (0, "no\n", "")


@pytest.mark.parametrize("query", ["CONSTRUCT WHERE { ?s ?p ?o }", f"DESCRIBE <{EX}a> <{EX}b>"])
def test_graphs_are_shown_as_turtle(run: Run, query: str) -> None:
    """CONSTRUCT and DESCRIBE give Turtle that can be read."""
    status, out, _ = run("query", query)
    assert status == 0
    assert len(Graph().parse(data=out, format="turtle")) == 3


@pytest.mark.parametrize(
    ("form", "start"),
    [
        ("json", '{"head":{"vars": ["s", "name"]}'),
        ("xml", "<?xml"),
        ("csv", f"s,name\r\n{EX}a,Hangu\r\n"),
        ("tsv", f'?s\t?name\n<{EX}a>\t"Hangu"@en\n'),
        ("table", "s "),
    ],
)
def test_format_is_chosen_by_name(run: Run, form: str, start: str) -> None:
    """Each result format of the standard, and the table."""
    status, out, _ = run("query", NAMES, "--format", form)
    assert status == 0
    assert out.startswith(start)


def test_format_that_cannot_hold_the_answer_is_refused(run: Run) -> None:
    """Rows are no Turtle, and a graph is no table."""
    assert "cannot answer as turtle. Offered: json" in run("query", NAMES, "--format", "turtle")[2]
    status, out, err = run("query", "CONSTRUCT WHERE { ?s ?p ?o }", "--format", "table")
    assert (status, out) == (1, "")
    assert "cannot answer as a table. Offered: turtle" in err


def test_query_is_read_from_a_file_and_from_stdin(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-f FILE, and -f - for a pipe; a byte order mark is no part of the query."""
    path = tmp_path / "q.rq"
    path.write_text("\ufeffASK {}", encoding="utf-8")
    assert run("query", "-f", path)[1] == "yes\n"

    class Stdin:
        buffer = io.BytesIO(b"ASK {}")

    monkeypatch.setattr(sys, "stdin", Stdin)
    assert run("query", "-f", "-")[1] == "yes\n"


def test_syntax_error_shows_the_line_with_a_caret(run: Run) -> None:
    """Line, column, the line itself and a mark under the place; exit status 1."""
    status, out, err = run("query", "SELECT * {\n\t?s ?p ?o FILTRE(?o)\n}")
    assert (status, out) == (1, "")
    assert err == (
        'conflictkg: query line 2 column 11: "FILTRE" is no word of SPARQL. Did you mean "FILTER"?\n'
        "2 |  ?s ?p ?o FILTRE(?o)\n"
        "              ^\n"
    )


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "give one of QUERY, -f FILE and --name NAME"),
        (["ASK {}", "--name", "x"], 2, "give one of"),
        (["ASK {}", "--format", "yaml"], 2, "'yaml' is not one of"),
        (["ASK {}", "--timeout", "0"], 2, "0"),
        (["-f", "missing.rq"], 1, "missing.rq: cannot be read: No such file"),
        (["--name", "sucession-of-post"], 1, 'Did you mean "succession-of-post"'),
        (["LOAD <http://x/>"], 1, "LOAD (line 1) is not permitted"),
        (["SELECT * { SERVICE <http://x/> {} }"], 1, "SERVICE (line 1) is not permitted"),
        (["SELECT * FROM <http://x/> {}"], 1, "graph <http://x/> (line 1) is not permitted"),
        (["ASK {}", "--store", "nowhere"], 1, "conflictkg build --store nowhere"),
        ([""], 1, "the query is empty"),
    ],
)
def test_bad_call_has_its_message_and_status(
    words: list[str],
    status: int,
    message: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """1 where the query or the store is at fault, 2 where the command line is; stdout stays empty."""
    monkeypatch.chdir(tmp_path)
    found = run("query", *words)
    assert (found[0], found[1]) == (status, "")
    assert message in found[2]


def test_query_file_that_is_not_utf8_is_refused_with_its_line(run: Run, tmp_path: Path) -> None:
    """The byte and the line are named."""
    path = tmp_path / "q.rq"
    path.write_bytes(b"ASK {\n# caf\xe9\n}")
    status, _, err = run("query", "-f", path)
    assert status == 1
    assert f"{path} line 2: byte 0xe9 is not UTF-8" in err


def test_timeout_stops_the_query(run: Run, tmp_path: Path) -> None:
    """The deadline is named; exit status 1."""
    large = write_small_store(tmp_path / "store", numbers(3_000))
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
    status, out, err = run("query", endless, "--store", large, "--timeout", "0.3")
    assert (status, out) == (1, "")
    assert "stopped after 0.3 s" in err


def test_list_shows_every_published_question(run: Run) -> None:
    """One line a question: name and text."""
    status, out, _ = run("query", "--list")
    assert status == 0
    lines = out.splitlines()
    assert [line.split()[0] for line in lines] == [each.slug for each in load_questions()]
    assert all(each.text in line for each, line in zip(load_questions(), lines, strict=True))


def test_published_question_runs_by_name(run: Run) -> None:
    """--name runs the text of the file; over a store without such facts there are no rows."""
    status, out, _ = run("query", "--name", "succession-of-post", "--format", "json")
    assert status == 0
    assert json.loads(out) == {
        "head": {"vars": ["post", "before", "after"]},
        "conflictkg": {"complete": True, "rows": 0},
        "results": {"bindings": []},
    }


def test_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    """``conflictkg query … | head`` ends without a traceback."""
    large = write_small_store(tmp_path / "store", numbers(20_000))
    command = [
        *(sys.executable, "-c", "from conflictkg.cli import main; main()"),
        *("query", "--store", str(large), "SELECT * { ?s ?p ?o }", "--format", "tsv"),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""


# reason

DATA = """@prefix ckg: <https://w3id.org/conflictkg/ontology#> .
@prefix : <http://example.org/> .
:s a ckg:Strike ; ckg:perpetrator :o .
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.ttl"
    path.write_text(DATA, encoding="utf-8")
    return path


def test_reason_writes_the_new_consequences(run: Run, data: Path) -> None:
    """Turtle on stdout, without what was given and without noise."""
    status, out, err = run("reason", data)
    assert (status, err) == (0, "")
    assert out == (
        "@prefix ckg: <https://w3id.org/conflictkg/ontology#> .\n"
        "@prefix sem: <http://semanticweb.cs.vu.nl/2009/11/sem/> .\n\n"
        f"<{EX}s>\n  a sem:Event, ckg:ConflictEvent ;\n  sem:hasActor <{EX}o> ;\n.\n"
    )


@pytest.mark.parametrize("form", ["nt", "ntriples", "rdfxml", "jsonld"])
def test_reason_writes_other_formats_and_files(run: Run, data: Path, form: str) -> None:
    """-o writes a file; what is in it is the same graph."""
    output = data.with_name("out")
    assert run("reason", data, "--format", form, "-o", output) == (0, "", "")
    media_types = {"rdfxml": pyoxigraph.RdfFormat.RDF_XML, "jsonld": pyoxigraph.RdfFormat.JSON_LD}
    read = media_types.get(form, pyoxigraph.RdfFormat.N_TRIPLES)
    assert len(set(pyoxigraph.parse(path=output, format=read))) == 3


def test_reason_all_writes_the_whole_closure(run: Run, data: Path) -> None:
    """With --all what was given is there too, and what follows about terms."""
    _, out, _ = run("reason", data, "--format", "nt", "--all")
    closure = Graph().parse(data=out, format="nt")
    assert set(Graph().parse(data=DATA, format="turtle")) <= set(closure)
    assert len(closure) > 500


def test_reason_over_a_contradiction_fails_with_its_triples(run: Run, data: Path) -> None:
    """Exit status 1, the file and the line, and nothing on stdout."""
    data.write_text(DATA + ":x a ckg:Person, ckg:Organization .\n", encoding="utf-8")
    status, out, err = run("reason", data)
    assert (status, out) == (1, "")
    assert f"<{EX}x> is both ckg:Organization and ckg:Person" in err
    assert f"<{EX}x> a ckg:Person .  ({data} line 4)" in err


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ([], 2, "Missing argument"),
        (["missing.ttl"], 1, "missing.ttl: cannot be read"),
        (["bad.ttl"], 1, "bad.ttl line 1 column"),
    ],
)
def test_reason_refuses_bad_input(
    words: list[str],
    status: int,
    message: str,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The file, its line and column."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.ttl").write_text("a b c .", encoding="utf-8")
    found = run("reason", *words)
    assert (found[0], found[1]) == (status, "")
    assert message in found[2]


def test_explain_shows_the_plan_and_advice(run: Run) -> None:
    """Text for people, JSON for programs; nothing else is written."""
    wrong = f"SELECT ?s {{ ?s <{EX}nmae> ?name }}"
    status, out, err = run("query", "--explain", wrong)
    assert (status, err) == (0, "")
    assert f"Did you mean <{EX}name>?" in out
    assert out.index("ALGEBRA") < out.index("PLAN") < out.index("SQL")
    status, out, _ = run("query", "--explain", "--format", "json", NAMES)
    assert status == 0
    assert json.loads(out)["plan"]["rows"] == 2


def test_explain_in_another_format_is_refused(run: Run) -> None:
    """CSV has no place for a plan."""
    status, out, err = run("query", "--explain", "--format", "csv", NAMES)
    assert (status, out) == (2, "")
    assert "--explain writes text" in err
