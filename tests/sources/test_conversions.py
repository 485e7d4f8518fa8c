"""Every source by its examples: a folder a case with ``input.*``, ``expected.ttl`` and ``findings.txt``.

``make accept SOURCE=<name>`` writes the last two anew; read the difference before you commit it. ``case.toml`` may give
the release and the options of the command line.
"""

import random
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pyoxigraph
import pytest

from conflictkg import files
from conflictkg.graphs import FileGraph, load_graphs, parse_turtle, write_turtle
from conflictkg.shacl import Severity, validate_graphs
from conflictkg.sources.converting import convert_source, make_job
from conflictkg.sources.description import source_names
from conflictkg.sources.job import Job
from conflictkg.terms import PREFIXES

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/findings.txt"))
EACH_CASE = pytest.mark.parametrize(
    "case", CASES, ids=lambda path: f"{path.parent.name}/{path.name}"
)
_LINE = re.compile(r"^  ckg:line [0-9]+ ;\n", re.MULTILINE)


def job_of(case: Path, path: Path | None = None) -> Job:
    """The conversion of a case, or of another file in its place."""
    settings_file = case / "case.toml"
    settings = (
        tomllib.loads(settings_file.read_text(encoding="utf-8")) if settings_file.exists() else {}
    )
    options = {
        name: str(case / each) if (case / str(each)).is_file() else str(each)
        for name, each in settings.get("options", {}).items()
    }
    return make_job(
        case.parent.name.replace("_", "-"),
        path or input_of(case),
        release=settings.get("release", "test"),
        options=options,
        is_part=True,
    )


def input_of(case: Path) -> Path:
    (found,) = (each for each in case.iterdir() if each.name.partition(".")[0] == "input")
    return found


def run(job: Job) -> tuple[str, str]:
    """The Turtle and the lines of the report."""
    text = b"".join(bytes(each) for each in convert_source(job)).decode()
    return text, "".join(f"{line}\n" for line in job.report.lines(most=1_000))


@EACH_CASE
def test_case_is_converted_as_expected(case: Path) -> None:
    """Byte by byte, and with each finding in its place."""
    text, findings = run(job_of(case))
    assert findings == (case / "findings.txt").read_text(encoding="utf-8")
    assert text == (case / "expected.ttl").read_text(encoding="utf-8")


@EACH_CASE
def test_turtle_is_written_as_everywhere(case: Path) -> None:
    """What SQL or a stream writes is what write_turtle writes of the same triples."""
    text = (case / "expected.ttl").read_text(encoding="utf-8")
    assert write_turtle(parse_turtle(text).graph, PREFIXES) == text


@EACH_CASE
def test_converted_graph_meets_the_shapes(case: Path, registry: Sequence[FileGraph]) -> None:
    """Beside the registry, which knows who publishes it."""
    graph = parse_turtle((case / "expected.ttl").read_text(encoding="utf-8"))
    report = validate_graphs([graph, *registry], load_graphs(files.shapes_files()))
    assert [str(each) for each in report.findings if each.severity is Severity.VIOLATION] == []


@EACH_CASE
def test_order_of_rows_says_nothing(case: Path, tmp_path: Path) -> None:
    """Rows in another order give the same bytes, but for the lines on which they stand."""
    shuffled = tmp_path / input_of(case).name
    if not shuffle(input_of(case), shuffled):
        pytest.skip("its input is no plain list of rows")
    text, _ = run(job_of(case, shuffled))
    expected = (case / "expected.ttl").read_text(encoding="utf-8")
    assert _LINE.sub("", text) == _LINE.sub("", expected)


def shuffle(source: Path, target: Path) -> bool:
    """Write a delimited file with its rows in another order; not if a row has several lines."""
    if source.suffix not in {".csv", ".tsv"}:
        return False
    text = source.read_bytes().decode()
    lines = text.splitlines(keepends=True)
    head = 2 if len(lines) > 1 and "#" in lines[1][:40] else 1
    rows = lines[head:] if source.suffix == ".csv" else lines
    if any(row.count('"') % 2 for row in rows):
        return False
    random.Random(7).shuffle(rows)  # noqa: S311  no secret
    target.write_bytes(
        "".join([*(lines[:head] if source.suffix == ".csv" else []), *rows]).encode()
    )
    return True


def test_every_source_has_a_case() -> None:
    """A source without an example is a source that nobody has tried."""
    assert {path.parent.name.replace("_", "-") for path in CASES} == set(source_names())


@EACH_CASE
def test_triples_of_a_case_are_well_formed(case: Path) -> None:
    """By another parser: no blank nodes, one graph."""
    quads = list(pyoxigraph.parse(path=str(case / "expected.ttl")))
    assert quads
    assert not any(isinstance(each.subject, pyoxigraph.BlankNode) for each in quads)


@pytest.fixture(scope="module")
def registry() -> Sequence[FileGraph]:
    return load_graphs([path for path in files.data_files() if path.stem == "entities"])
