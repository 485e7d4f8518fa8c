"""What Spark does is what the embedded engine does: tables row by row, answers term by term.

Most of it needs pyspark and Java (``make spark``); where one is missing it is skipped and says so.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import sqlglot
from click.testing import CliRunner
from sqlglot import exp

from conflictkg.answers import Answer, Boolean, Solutions, Triples
from conflictkg.build import build_store
from conflictkg.cli import group
from conflictkg.engine.dialect import bound, byte_length, call, let, to_sql
from conflictkg.errors import StoreError, StoreMissingError
from conflictkg.files import data_files
from conflictkg.questions import Question, load_questions
from conflictkg.sources.converting import convert_to_table, make_job
from conflictkg.sources.job import Job
from conflictkg.spark import session
from conflictkg.spark.answering import ParquetStore, open_parquet
from conflictkg.spark.building import build_parquet
from conflictkg.store import Store, classes, laying, open_store
from conflictkg.store.parquet import CONTENTS, export_parquet
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

HERE = Path(__file__).parent
EXAMPLE = HERE / "sources" / "ucdp_ged" / "events" / "input.csv"
NEEDS_SPARK = pytest.mark.skipif(bool(session.spark_problem()), reason=session.spark_problem())
QUESTIONS = load_questions()

# Spark leaves the sockets to Java to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")


def example() -> Job:
    return make_job("ucdp-ged", EXAMPLE, release="test")


# Building


def read_tables(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """All tables of a layout, types first, then their rows in order."""
    tables = {}
    for name in json.loads((folder / CONTENTS).read_text(encoding="utf-8"))["rows"]:
        path = folder / f"{name}.parquet"
        found = duckdb.read_parquet(str(path / "*.parquet" if path.is_dir() else path))
        types = tuple(
            f"{name} {kind}" for name, kind in zip(found.columns, found.types, strict=True)
        )
        tables[name] = [types, *found.fetchall()]
    return tables


@NEEDS_SPARK
def test_spark_writes_the_tables_that_the_embedded_build_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All tables are equal, row by row and in their order, and the release is named alike."""
    # So that a small file has tables of predicates and of classes.
    monkeypatch.setattr(laying, "FREQUENT", 12)
    monkeypatch.setattr(classes, "FREQUENT", 12)
    convert_to_table(example(), tmp_path / "quads.parquet")
    load_files([Source(tmp_path / "quads.parquet")], tmp_path / "store")
    rows = export_parquet(tmp_path / "store", tmp_path / "embedded")
    told: list[str] = []
    assert build_parquet([example()], tmp_path / "spark", tell=told.append) == rows
    assert read_tables(tmp_path / "spark") == read_tables(tmp_path / "embedded")
    assert {"p_1", "c_1"} <= rows.keys()
    contents = [
        json.loads((tmp_path / name / CONTENTS).read_text(encoding="utf-8"))["store"]
        for name in ("spark", "embedded")
    ]
    assert contents[0]["release"] == contents[1]["release"]
    assert contents[0]["graphs"] == contents[1]["graphs"]
    assert told[0] == "start Spark"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "embedded",
        "quads.parquet",
        "spark",
        "store",
        "store.lock",
    ]
    assert not [
        path for path in (tmp_path / "spark").rglob("*") if path.name.startswith((".", "_"))
    ]


@NEEDS_SPARK
def test_what_stands_there_is_not_replaced(tmp_path: Path) -> None:
    """A folder that holds something is refused before anything is read."""
    (tmp_path / "mine").write_text("here")
    with pytest.raises(StoreError, match="is there already"):
        build_parquet([example()], tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@NEEDS_SPARK
def test_build_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Spark refuses is told in a line, and there is neither a folder nor a part of one."""

    def fail(spark: session.Spark, _terms: Path) -> None:
        spark.select("SELECT nothing FROM nowhere")

    monkeypatch.setattr("conflictkg.spark.building.number_terms", fail)
    with pytest.raises(StoreError, match=r"^Spark could not finish: .*nowhere"):
        build_parquet([example()], tmp_path / "spark")
    assert list(tmp_path.iterdir()) == []


# Asking


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, ParquetStore]]:
    """The full build with the sources of the competency questions, embedded and on Spark."""
    folder = tmp_path_factory.mktemp("asked")
    build_store([*data_files(), HERE / "competency" / "data"], folder / "store", validate=False)
    export_parquet(folder / "store", folder / "tables")
    with open_store(folder / "store") as store, open_parquet(folder / "tables") as tables:
        yield store, tables


def terms_of(answer: Answer) -> object:
    if isinstance(answer, Boolean):
        return answer.value
    if isinstance(answer, Triples):
        return {str(each) for each in answer.triples}
    assert isinstance(answer, Solutions)
    return answer.variables, list(answer.rows)


@NEEDS_SPARK
@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.slug)
def test_spark_answers_a_published_question_as_the_embedded_engine_does(
    asked: tuple[Store, ParquetStore], question: Question
) -> None:
    """The same terms in the same order, for each of them: there is no exception."""
    store, tables = asked
    with store.query(question.sparql, deadline_s=30) as answer:
        expected = terms_of(answer)
    assert terms_of(tables.query(question.sparql)) == expected


@NEEDS_SPARK
@pytest.mark.parametrize(
    "pattern",
    [
        "?a skos:broader* ?b",
        "?a skos:broader+ ?b",
        "?a (skos:broader/skos:broader)+ ?b",
        "?a skos:broader? ?b",
        "GRAPH ?g { ?a (skos:broader|^skos:broader)+ ?b }",
        "?a a skos:Concept MINUS { ?a skos:broader+ ?b }",
    ],
)
def test_spark_follows_paths_without_end(asked: tuple[Store, ParquetStore], pattern: str) -> None:
    """Also in circles, in each graph and from everywhere."""
    store, tables = asked
    query = (
        "PREFIX skos: <http://www.w3.org/2004/02/skos/core#>"
        f" SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?a) AS ?m) WHERE {{ {pattern} }}"
    )
    with store.query(query, deadline_s=30) as answer:
        expected = terms_of(answer)
    assert terms_of(tables.query(query)) == expected


@NEEDS_SPARK
@pytest.mark.parametrize(
    "query",
    [
        # Products of decimals keep their digits, a decimal is written with its point.
        "SELECT ?v (COUNT(*) AS ?n) { ?s ?p ?o BIND (STR(?o) AS ?v) } GROUP BY ?v ORDER BY ?v",
        "SELECT ?v (COUNT(*) AS ?n) { ?s ?p ?o BIND (?o * 1.25 AS ?v) } GROUP BY ?v ORDER BY ?v",
        "SELECT ?v (COUNT(*) AS ?n) { ?s ?p ?o BIND (?o / 3 AS ?v) } GROUP BY ?v ORDER BY ?v",
        # Groups and signs of what is replaced with, known beforehand and not.
        r"""SELECT DISTINCT ?v { ?s ?p ?o BIND (REPLACE(STR(?o), "(a)(.)", "$2\\$$1") AS ?v) } ORDER BY ?v""",
        """SELECT DISTINCT ?v {
             ?s ?p ?o BIND (REPLACE(STR(?o), "(a)", IF(isIRI(?o), "<$1>", "{$1}")) AS ?v) } ORDER BY ?v""",
        """SELECT DISTINCT ?v { ?s ?p ?o BIND (REPLACE(STR(?o), ".", "x", "q") AS ?v) } ORDER BY ?v""",
        # By Python, over lists with what is no value in them.
        "SELECT ?p (SUM(<http://www.w3.org/2001/XMLSchema#integer>(?o)) AS ?v) { ?s ?p ?o } GROUP BY ?p ORDER BY ?p",
        "SELECT ?p (MAX(?o) AS ?v) (AVG(?o) AS ?w) { ?s ?p ?o } GROUP BY ?p ORDER BY ?p",
        "DESCRIBE <https://w3id.org/conflictkg/id/organization/0012>",
        "CONSTRUCT { ?c a ?s } WHERE { ?s a ?c }",
        "ASK { ?s ?p 'no such text' }",
    ],
)
def test_spark_computes_what_the_embedded_engine_computes(
    asked: tuple[Store, ParquetStore], query: str
) -> None:
    """Over all terms of the store."""
    store, tables = asked
    with store.query(query, deadline_s=30) as answer:
        expected = terms_of(answer)
    assert expected is False or expected
    assert terms_of(tables.query(query)) == expected


def test_folder_without_tables_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to write them."""
    monkeypatch.setattr(session, "spark_problem", lambda: "")
    with (
        pytest.raises(StoreMissingError, match="conflictkg export parquet -o"),
        open_parquet(tmp_path),
    ):
        pass


# What is missing


def test_missing_pyspark_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a file is read, and as an error of the command line's."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    target = tmp_path / "tables"
    words = ["build", "--on", "spark", "--source", f"ucdp-ged={EXAMPLE}", "--store", str(target)]
    result = CliRunner().invoke(group, words)
    assert isinstance(result.exception, StoreError)
    assert str(result.exception) == (
        'pyspark is not installed. Install it with: pip install "conflictkg[spark]"'
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("home", "words"), [(None, "on the PATH"), ("/nowhere", "in JAVA_HOME (/nowhere)")]
)
def test_missing_java_is_told(
    home: str | None, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With where it was looked for."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: object())
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    if home:
        monkeypatch.setenv("JAVA_HOME", home)
    assert f"there is no java {words}" in session.spark_problem()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["build", "--on", "spark"], "goes with --source"),
        (["build", "--on", "spark", "--source", "ucdp-ged=a.csv", "b.ttl"], "goes with --source"),
        (["query", "--on", "spark", "--explain", "ASK {}"], "neither --explain nor --timeout"),
    ],
)
def test_options_that_do_not_go_together_are_refused(words: list[str], message: str) -> None:
    """As faults of the command line."""
    result = CliRunner().invoke(group, words)
    assert result.exit_code == 2
    assert message in result.output


def test_importing_the_program_imports_no_spark() -> None:
    """Nor does having its commands at hand."""
    code = (
        "import sys, conflictkg.cli.build, conflictkg.cli.query; "
        "print(sorted(each for each in sys.modules if each.startswith(('pyspark', 'py4j'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# The dialect


def test_trim_takes_all_blanks_in_spark_too() -> None:
    """DuckDB's takes the separators of Unicode, Spark's own only the first."""
    tree = sqlglot.parse_one("SELECT trim(a), ltrim(b), trim(c, 'x')", read="duckdb")
    both, left, given = (
        each.sql("spark") for each in sqlglot.parse_one(to_sql(tree, "spark")).expressions
    )
    assert "\u00a0" in both
    assert "\u3000" in both
    assert left.startswith("LTRIM(") or "LEADING" in left
    assert given == "TRIM('x' FROM c)"


def test_python_stands_in_no_lambda_of_spark() -> None:
    """Values that Python computes with are put in the place of their names; others keep these."""
    value = [("size", byte_length(exp.column("x")))]
    with_python = let(value, "r", call("ckg_term", bound("r", "size")))
    assert to_sql(with_python, "spark") == "(CKG_TERM((OCTET_LENGTH(x))))"
    assert "->" in to_sql(let(value, "r", bound("r", "size")), "spark")


def test_what_stands_in_a_rewritten_part_is_rewritten_too() -> None:
    """However deep."""
    tree = sqlglot.parse_one("SELECT TRY(STRLEN(TRY(x) || TRIM(y)))", read="duckdb")
    text = to_sql(tree, "spark")
    assert "TRY(" not in text
    assert "STRLEN(" not in text
    assert "\u00a0" in text
