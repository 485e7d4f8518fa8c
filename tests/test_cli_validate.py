"""``conflictkg validate``: status, streams and messages."""

import io
import json
from pathlib import Path

import pytest

from conflictkg.cli import main

EXAMPLES = Path(__file__).parent / "shapes"
WORLD = str(EXAMPLES / "_world.ttl")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run the command in this process: status, stdout and stderr."""
    with pytest.raises(SystemExit) as caught:
        main(["validate", *arguments])
    out, err = capsys.readouterr()
    status = caught.value.code
    assert isinstance(status, int)
    return status, out, err


@pytest.mark.parametrize(
    ("example", "options", "status"),
    [
        ("claim_PASS", [], 0),
        ("claim_FAIL", [], 1),
        ("deprecated_FAIL", [], 0),
        ("deprecated_FAIL", ["--fail-on", "warning"], 1),
        ("claim_PASS", ["--fail-on", "warning"], 0),
    ],
    ids=["conforms", "violations", "warnings", "warnings-fail", "no-warnings"],
)
def test_status_follows_what_was_found(
    capsys: pytest.CaptureFixture[str], example: str, options: list[str], status: int
) -> None:
    """0: conforms, warnings alone conform; 1: it does not. Nothing goes to stderr either way."""
    found, out, err = run(capsys, WORLD, str(EXAMPLES / f"{example}.ttl"), *options)
    assert (found, err) == (status, "")
    assert out.endswith("Conforms.\n" if status == 0 else "Does not conform.\n")


def test_without_a_file_our_own_data_are_checked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """From any folder, the command alone checks the graphs of the project."""
    monkeypatch.chdir(tmp_path)
    status, out, _ = run(capsys, "--format", "json")
    assert status == 0
    assert {Path(name).name for name in json.loads(out)["files"]} >= {"entities.ttl"}


def test_folder_stands_for_its_files(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Files of a folder are checked together."""
    for name in ("_world.ttl", "claim_PASS.ttl"):
        (tmp_path / name).write_bytes((EXAMPLES / name).read_bytes())
    status, out, _ = run(capsys, str(tmp_path))
    assert status == 0
    assert out.startswith("2 files, ")


def test_shapes_of_ones_own_replace_ours(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """With --shapes only those are applied."""
    shapes = tmp_path / "mine.ttl"
    shapes.write_text(
        "@prefix sh: <http://www.w3.org/ns/shacl#> .\n"
        "<urn:s> sh:targetNode <https://example.org/event> ; sh:property <urn:p> .\n"
        "<urn:p> sh:path <urn:q> ; sh:minCount 1 ; sh:message 'Say q.' .\n",
        encoding="utf-8",
    )
    status, out, _ = run(capsys, WORLD, "--shapes", str(shapes))
    assert status == 1
    line = (EXAMPLES / "_world.ttl").read_text(encoding="utf-8").splitlines().index(
        "ex:event a ckg:ConflictEvent ;"
    ) + 1
    assert f"{WORLD}:{line}: violation: Say q." in out


@pytest.mark.parametrize("form", ["text", "turtle", "json", "sarif", "junit"])
def test_every_format_is_offered(capsys: pytest.CaptureFixture[str], form: str) -> None:
    """Each form goes to stdout, with the same status."""
    status, out, err = run(capsys, WORLD, str(EXAMPLES / "place_FAIL.ttl"), "--format", form)
    assert (status, err) == (1, "")
    assert "WithinShape" in out


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nowhere.ttl"], 1, "conflictkg: nowhere.ttl: cannot be read: No such file or directory"),
        ([WORLD, "--shapes", "none.ttl"], 1, "conflictkg: none.ttl: cannot be read: No such file"),
        ([__file__], 1, 'ends in ".py"'),
        ([WORLD, "--format", "xml"], 2, "'xml' is not one of 'text', 'turtle'"),
        ([WORLD, "--fail-on", "info"], 2, "'info' is not one of 'violation', 'warning'"),
        ([WORLD, "--shape", "x"], 2, "No such option"),
    ],
    ids=["no-file", "no-shapes", "no-rdf", "format", "fail-on", "option"],
)
def test_what_cannot_be_run_says_so(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    status: int,
    message: str,
) -> None:
    """1: a file is at fault; 2: the command line is. The message goes to stderr, stdout is empty."""
    monkeypatch.chdir(tmp_path)
    found, out, err = run(capsys, *arguments)
    assert (found, out) == (status, "")
    assert message in err


def test_broken_turtle_is_named_with_line_and_column(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """A syntax error is one line that an editor can follow."""
    path = tmp_path / "broken.ttl"
    path.write_text("<urn:a> <urn:b> 1 .\n<urn:a> nope:x 2 .\n", encoding="utf-8")
    status, out, err = run(capsys, str(path))
    assert (status, out) == (1, "")
    assert err.startswith(f"conflictkg: {path} line 2 column 9: ")
    assert "nope:" in err


def test_shapes_file_without_a_shape_is_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """Without a shape everything would conform: the file is named, and nothing is said to conform."""
    empty = tmp_path / "empty.ttl"
    empty.write_text("<urn:a> <urn:b> <urn:c> .\n", encoding="utf-8")
    status, out, err = run(capsys, WORLD, "--shapes", str(empty))
    assert (status, out) == (1, "")
    assert f"{empty}: holds no SHACL shape" in err


def test_report_is_utf_8_whatever_the_terminal_speaks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A value that ASCII cannot hold is reported, not stumbled over."""
    path = tmp_path / "a.ttl"
    path.write_text(
        "@prefix ckg: <https://w3id.org/conflictkg/ontology#> .\n"
        '<urn:g> a ckg:NamedGraph ; ckg:redistribution "\u017elut\u00fd" .\n',
        encoding="utf-8",
    )
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(raw, encoding="ascii"))
    with pytest.raises(SystemExit) as caught:
        main(["validate", str(path)])
    assert caught.value.code == 1
    assert '"\u017elut\u00fd"' in raw.getvalue().decode("utf-8")
