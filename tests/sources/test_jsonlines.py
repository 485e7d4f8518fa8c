"""Records of JSON lines: what no text can hold is told with its line."""

from pathlib import Path

import pytest

from conflictkg.errors import SourceError
from conflictkg.sources.jsonlines import iter_records, load_document
from conflictkg.sources.report import Report

BAD = {
    "NUL": (r'{"a": ["x\u0000"]}', "NUL"),
    "half a pair": (r'{"a": {"b": "x\uD83D y"}}', "surrogate"),
    "half a pair in a name": (r'{"a\udc00": 1}', "surrogate"),
}
GOOD = {
    "escaped backslash before u0000": (r'{"a": "C:\\u0000"}', {"a": "C:\\u0000"}),
    "whole pair": (r'{"a": "\ud83d\udca1"}', {"a": "\U0001f4a1"}),
}


@pytest.mark.parametrize("name", BAD)
def test_text_that_nothing_can_hold_is_rejected(name: str, tmp_path: Path) -> None:
    """In a line and in a document."""
    text, words = BAD[name]
    path = tmp_path / "a.json"
    path.write_text(f'{{"a": 1}}\n{text}\n', encoding="utf-8")
    report = Report("a.json")
    assert [each.content for each in iter_records(path, report)] == [{"a": 1}]
    (issue,) = report.issues
    assert (issue.line, words in issue.problem) == (2, True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SourceError, match=words):
        load_document(path, "a.json", 1_000)


@pytest.mark.parametrize("name", GOOD)
def test_text_that_only_looks_so_is_read(name: str, tmp_path: Path) -> None:
    text, content = GOOD[name]
    path = tmp_path / "a.json"
    path.write_text(text, encoding="utf-8")
    report = Report("a.json")
    assert [each.content for each in iter_records(path, report)] == [content]
    assert not report.issues
