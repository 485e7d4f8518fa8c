"""``conflictkg extract`` on the command line: what it writes, how it ends, what it says of bad input."""

import json
from pathlib import Path

import pytest

from conflictkg.cli import main
from conflictkg.sources.article.annotations import load_annotations

PAGES = Path(__file__).parent / "sources" / "article" / "pages"
ARTICLE = "A headline of no weight\n\nThe US killed Ahmad Wali in a drone strike in Yemen.\n"


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stop:
        main(["extract", *arguments])
    return int(stop.value.code or 0)


def test_extract_writes_annotations(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Annotations go to standard output, the same as to a file, and can be read back."""
    article, output = tmp_path / "a.txt", tmp_path / "a.json"
    article.write_text(ARTICLE, encoding="utf-8")
    assert run(str(article)) == 0
    printed = capsys.readouterr().out
    assert run(str(article), "-o", str(output)) == 0
    assert output.read_text(encoding="utf-8") == printed
    assert any(a.predicate == "killed" for a in load_annotations(output).assertions)


def test_issued_day_tells_dates(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The article's day may be given where the text does not print it."""
    article = tmp_path / "a.txt"
    article.write_text(ARTICLE.replace("Yemen.", "Yemen yesterday."), encoding="utf-8")
    assert run(str(article), "--issued", "2017-06-14") == 0
    assert '"2017-06-13"' in capsys.readouterr().out


def test_score_prints_a_table_and_holds_the_floor(capsys: pytest.CaptureFixture[str]) -> None:
    """With a key the scores are printed by kind; below the floor the exit status is 1."""
    article, key = str(PAGES / "s1.txt"), str(PAGES / "s1.key.json")
    assert run(article, "--score", key) == 0
    assert "total" in capsys.readouterr().out
    assert run(article, "--score", key, "--min-f1", "0.99", "--score-details") == 1
    assert "missed:" in capsys.readouterr().out


def test_trap_makes_the_exit_status_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A must-not-assert item that was asserted fails the run and is named."""
    article, key = tmp_path / "a.txt", tmp_path / "key.json"
    article.write_text(ARTICLE, encoding="utf-8")
    words = "US killed Ahmad Wali"
    trap = {
        "id": "t1",
        "kind": "trap",
        "subject": "drone strike",
        "predicate": "killed",
        "object": "Ahmad Wali",
        "start": ARTICLE.index(words),
        "end": ARTICLE.index(words) + len(words),
        "status": "must-not-assert",
        "text": words,
        "core": False,
    }
    key.write_text(json.dumps([trap]), encoding="utf-8")
    assert run(str(article), "--score", str(key)) == 1
    assert "t1 by strike-" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"A\xff\xfe line", "byte 1 (0xff) is not UTF-8", id="not UTF-8"),
        pytest.param(b"  \n\n", "is empty", id="empty"),
        pytest.param(b"<!DOCTYPE html><html><body>x", "is HTML", id="HTML"),
        pytest.param(b"a\x00b", "NUL", id="NUL"),
        pytest.param(b"x" * 50_000_000, "50,000,000 bytes", id="50 MB"),
    ],
)
def test_bad_article_is_refused_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes, message: str
) -> None:
    """Each kind of bad article is named, with exit status 1 and nothing on standard output."""
    article = tmp_path / "a.txt"
    article.write_bytes(content)
    assert run(str(article)) == 1
    said = capsys.readouterr()
    assert message in said.err
    assert not said.out


def test_missing_file_and_folder_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that is not there and a folder are named, with exit status 1."""
    assert run(str(tmp_path / "none.txt")) == 1
    assert "none.txt: cannot be read" in capsys.readouterr().err
    assert run(str(tmp_path)) == 1
    assert "cannot be read" in capsys.readouterr().err


def test_key_of_another_article_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Scoring against another article's key is refused, and nothing is written."""
    output = tmp_path / "out.json"
    key = str(PAGES / "s2.key.json")
    assert run(str(PAGES / "s1.txt"), "--score", key, "-o", str(output)) == 1
    assert "Give the key of this article" in capsys.readouterr().err
    assert not output.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--extractor", "llm"), "needs --llm-url and --llm-model"),
        (
            (
                *("--extractor", "llm", "--llm-url", "http://127.0.0.1:1", "--llm-model", "m"),
                *("--llm-key-env", "CONFLICTKG_TEST_UNSET"),
            ),
            "CONFLICTKG_TEST_UNSET is not set",
        ),
        (("--extractor", "guess"), "is not one of"),
        (("--issued", "yesterday"), "does not match the format"),
    ],
)
def test_wrong_command_line_is_status_two(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """Options that do not fit are the command line's fault: exit status 2."""
    article = tmp_path / "a.txt"
    article.write_text(ARTICLE, encoding="utf-8")
    assert run(str(article), *arguments) == 2
    assert message in capsys.readouterr().err


def test_output_that_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An output file in a folder that does not exist is named."""
    article = tmp_path / "a.txt"
    article.write_text(ARTICLE, encoding="utf-8")
    assert run(str(article), "-o", str(tmp_path / "no" / "out.json")) == 1
    assert "cannot be written" in capsys.readouterr().err
