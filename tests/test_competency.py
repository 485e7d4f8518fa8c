"""The published questions and their answers: over the seed, and with other sources loaded beside it.

``tests/competency/seed/`` holds the answers over the committed graph, ``tests/competency/sources/``
those with ``tests/competency/data/`` added (facts of single records, and invented ones where it says so), and
``tests/competency/converted/`` those where the records come from the publishers' own files through our converters.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from conflictkg.answers import Boolean
from conflictkg.answers.formats import write_answer
from conflictkg.build import build_store
from conflictkg.files import data_files
from conflictkg.questions import Question, load_questions
from conflictkg.sources.keeping import Given
from conflictkg.store import Store, open_store

FOLDER = Path(__file__).with_name("competency")
QUESTIONS = load_questions()
EXPECTED = sorted(
    path for name in ("seed", "sources", "converted") for path in FOLDER.glob(f"{name}/*.csv")
)

Rows = list[list[str]]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Store]]:
    """The stores that the answers are over."""
    folder = tmp_path_factory.mktemp("stores")
    data = list(data_files())
    build_store(data, folder / "seed", validate=False)
    build_store([*data, FOLDER / "data"], folder / "sources")
    records = FOLDER / "converted-data"
    build_store(
        [*data, records / "clusters.ttl"],
        folder / "converted",
        sources=[
            Given("ucdp-ged", records / "ucdp.csv"),
            Given("strikes", records / "tbij.csv", "2018", "tbij-pakistan"),
        ],
    )
    with (
        open_store(folder / "seed") as seed,
        open_store(folder / "sources") as sources,
        open_store(folder / "converted") as converted,
    ):
        yield {"seed": seed, "sources": sources, "converted": converted}


def rows_of(store: Store, question: Question) -> Rows:
    """The answer as rows of strings, the variables first."""
    with store.query(question.sparql, deadline_s=30) as answer:
        if isinstance(answer, Boolean):
            return [["answer"], [str(answer.value).lower()]]
        text = b"".join(write_answer(answer, "csv")).decode()
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("path", EXPECTED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_question_has_its_expected_answer(stores: dict[str, Store], path: Path) -> None:
    """Each question gives exactly the answer that is written down, in its order."""
    question = next(each for each in QUESTIONS if each.slug == path.stem)
    found = rows_of(stores[path.parent.name], question)
    expected = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    assert found == expected


def test_the_twenty_five_questions_of_the_domain_model_are_published() -> None:
    """Numbers 01 to 25, each once."""
    numbers = [question.number for question in QUESTIONS if question.number]
    assert numbers == [f"{number:02d}" for number in range(1, 26)]


def test_every_question_has_an_answer_that_is_not_empty() -> None:
    """Some expected answer of every question has rows, and every answer file has its question."""
    slugs = {question.slug for question in QUESTIONS}
    assert {path.stem for path in EXPECTED} == slugs
    with_rows = {path.stem for path in EXPECTED if len(path.read_text("utf-8").splitlines()) > 1}
    assert slugs - with_rows == set()
