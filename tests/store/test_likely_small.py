"""Answers that are likely to be small: fetched in one go, and whole where the guess was wrong."""

from collections.abc import Iterator

import pytest

from conflictkg.answers import XSD, Literal, Solutions, Triples
from conflictkg.store import Store, open_store
from conflictkg.store.runtime import Run
from conflictkg.store.staging import Source
from conflictkg.store.statements import MOST_GUESSED
from conflictkg.store.writer import load_files


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """One subject with more statements than are likely, and one with three."""
    folder = tmp_path_factory.mktemp("hub")
    lines = [f"<http://e/hub> <http://e/p> {number} .\n" for number in range(MOST_GUESSED + 5)]
    lines += [f"<http://e/s> <http://e/p> {number} .\n" for number in range(3)]
    (folder / "data.ttl").write_text("".join(lines), encoding="utf-8")
    load_files([Source(folder / "data.ttl")], folder / "store")
    with open_store(folder / "store") as opened:
        yield opened


@pytest.mark.parametrize("max_rows", [None, 2, MOST_GUESSED, MOST_GUESSED + 1, 10_000])
@pytest.mark.parametrize(
    ("pattern", "size"), [("<http://e/hub> ?p ?o", MOST_GUESSED + 5), ("<http://e/s> ?p ?o", 3)]
)
def test_answer_is_whole_however_likely_it_was(
    hub: Store, pattern: str, size: int, max_rows: int | None
) -> None:
    """The first time and when it comes again, and its end is told."""
    wanted = size if max_rows is None else min(size, max_rows)
    for _ in range(3):
        answer = hub.query(f"SELECT ?o {{ {pattern} }}", max_rows=max_rows)
        assert isinstance(answer, Solutions)
        assert len(set(answer.rows)) == wanted
        assert answer.complete is (wanted == size)
    for text in (
        f"CONSTRUCT {{ <http://e/x> <http://e/of> ?o }} {{ {pattern} }}",
        "DESCRIBE <http://e/hub>",
    ):
        graph = hub.query(text)
        assert isinstance(graph, Triples)
        assert len(list(graph.triples)) == (size if text.startswith("C") else MOST_GUESSED + 5)
    count = hub.query(f"SELECT (COUNT(*) AS ?n) {{ {pattern} }}")
    assert isinstance(count, Solutions)
    assert [row[0] for row in count.rows] == [Literal(str(size), XSD + "integer")]


def test_likely_answer_is_fetched_in_one_go(hub: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """It opens no stream, which takes longer than all the rest of a look-up."""

    def fail(*_: object) -> None:
        raise AssertionError("a stream was opened")

    monkeypatch.setattr(Run, "open", fail)
    answer = hub.query("SELECT ?p ?o { <http://e/s> ?p ?o }")
    assert isinstance(answer, Solutions)
    assert len(list(answer.rows)) == 3
    with pytest.raises(AssertionError, match="stream"):
        hub.query("SELECT ?p ?o { <http://e/hub> ?p ?o . FILTER(?o >= 0) }")
