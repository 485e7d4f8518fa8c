"""The corpus' attacks on the command line, as far as there are converters to attack."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_store import numbers, write_small_store

MAIN = [sys.executable, "-c", "from conflictkg.cli import main; main()"]


def convert(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*MAIN, "convert", "article", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def require_refusal(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """In a line or two, with the file's name, and without a traceback."""
    assert done.returncode == 1
    assert not done.stdout
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


CONTENTS = {
    "empty": (b"", "in.json"),
    "NUL": (b'{"a": "\x00"}', "in.json"),
    "not UTF-8": (b'{"a": "Ni\xf1o"}', "in.json"),
    "unclosed": (b'{"a": "b', "in.json"),
    "bad line": (b'{"id":1,\n "b":2,}', "in.json"),
    "huge number": (b'{"id": ' + b"9" * 5_000 + b"}", "in.json"),
    "deep": (b"[" * 200_000 + b"]" * 200_000, "in.json"),
    "no object": (b"[1]", "in.json"),
    "half a character": (b'{"id": "\\ud800"}', "in.json"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_file_that_is_none_is_told_and_nothing_is_written(name: str, tmp_path: Path) -> None:
    content, word = CONTENTS[name]
    (tmp_path / "in.json").write_bytes(content)
    (tmp_path / "out.ttl").write_text("old", encoding="utf-8")
    require_refusal(convert("in.json", "-o", "out.ttl", folder=tmp_path), word)
    assert (tmp_path / "out.ttl").read_text(encoding="utf-8") == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["in.json", "out.ttl"]


def test_missing_file_is_told(tmp_path: Path) -> None:
    require_refusal(convert("nope.json", folder=tmp_path), "nope.json")


def test_pipe_that_nobody_writes_is_not_waited_for(tmp_path: Path) -> None:
    """Nor is a device read that never ends."""
    os.mkfifo(tmp_path / "in.json")
    require_refusal(convert("in.json", folder=tmp_path), "in.json")
    require_refusal(convert("/dev/zero", folder=tmp_path), "/dev/zero")


def test_closed_output_is_no_error(tmp_path: Path) -> None:
    """As with ``| head -1``."""
    write_small_store(tmp_path / "store", numbers(20_000))
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [*MAIN, "query", "--store", "store", "SELECT * { ?s ?p ?o }", "--format", "csv"],
        cwd=tmp_path,
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(write)
    assert done.returncode in {0, 141, -13}
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_long_text_is_read_in_linear_time(tmp_path: Path) -> None:
    """No pattern of the extraction goes back and forth in it."""
    started = time.monotonic()
    extract_from("killed " * 2_000, tmp_path)
    short_s = time.monotonic() - started
    started = time.monotonic()
    extract_from("killed " * 8_000, tmp_path)
    assert time.monotonic() - started < 8 * short_s


def extract_from(text: str, folder: Path) -> None:
    (folder / "in.txt").write_text(text, encoding="utf-8")
    done = subprocess.run(
        [*MAIN, "extract", "in.txt"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr
