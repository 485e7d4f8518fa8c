"""The questions that engines are asked: one file each, what is to be known of it in its first lines."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "questions"


@dataclass(frozen=True, slots=True)
class Question:
    """A question.

    Args:
        name: Of its file.
        title: In words.
        kind: What it asks of an engine: ``aggregate``, ``path``, ``text``, ``look-up`` and so on.
        query: In SPARQL 1.1, over the default graph.
        one_class: Whether it aggregates over one class by year, country or group.
        compare: ``rows``: all engines give the same rows, in any order. ``size``: as many rows, since
            which of them come first is the engine's choice.
        joined_by: Where a cell is many values in an order of the engine's choice, what stands between.
    """

    name: str
    title: str
    kind: str
    query: str
    one_class: bool = False
    compare: str = "rows"
    joined_by: str = ""


def load_question(path: Path) -> Question:
    """Read a question.

    Raises:
        TypeError: Its first lines have a key that is not known.
    """
    query = path.read_text(encoding="utf-8")
    head = [line[2:] for line in query.splitlines() if line.startswith("# ")]
    return Question(name=path.stem, query=query, **tomllib.loads("\n".join(head)))


def load_questions(names: tuple[str, ...] = ()) -> tuple[Question, ...]:
    """All questions by name, or those that are named.

    >>> len(load_questions()) >= 24
    True
    """
    every = {path.stem: path for path in sorted(FOLDER.glob("*.rq"))}
    unknown = set(names) - every.keys()
    if unknown:
        raise ValueError(
            f"no such question: {', '.join(sorted(unknown))}; there are {', '.join(every)}"
        )
    return tuple(load_question(path) for name, path in every.items() if not names or name in names)
