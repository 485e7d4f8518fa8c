"""Actions that several rules share: lists, tokens, and the parts that a rule hands on."""
# ruff: noqa: ARG001, D103 -- actions have one signature, and grammar.lark says what each one reads

from typing import Any

from conflictkg.answers import Iri
from conflictkg.engine.algebra import Dataset
from conflictkg.engine.syntax.reading import Reading, action

# Parts


@action
def skip(reading: Reading, parts: list[Any]) -> None:
    return None


@action
def nothing(reading: Reading, parts: list[Any]) -> None:
    return None


@action
def word(reading: Reading, parts: list[Any]) -> str:
    return str(parts[0][0]).upper()


@action
def second(reading: Reading, parts: list[Any]) -> Any:
    return parts[1]


@action
def third(reading: Reading, parts: list[Any]) -> Any:
    return parts[2]


@action
def empty(reading: Reading, parts: list[Any]) -> list[Any]:
    return []


@action
def one(reading: Reading, parts: list[Any]) -> list[Any]:
    return [parts[0]]


@action
def append(reading: Reading, parts: list[Any]) -> list[Any]:
    parts[0].append(parts[-1])
    items: list[Any] = parts[0]
    return items


@action
def extend(reading: Reading, parts: list[Any]) -> list[Any]:
    parts[0].extend(parts[-1])
    items: list[Any] = parts[0]
    return items


# Datasets


@action
def no_dataset(reading: Reading, parts: list[Any]) -> tuple[list[Iri], list[Iri]]:
    return [], []


@action
def add_default_graph(reading: Reading, parts: list[Any]) -> tuple[list[Iri], list[Iri]]:
    default, named = parts[0]
    default.append(parts[2])
    return default, named


@action
def add_named_graph(reading: Reading, parts: list[Any]) -> tuple[list[Iri], list[Iri]]:
    default, named = parts[0]
    named.append(parts[3])
    return default, named


def make_dataset(graphs: tuple[list[Iri], list[Iri]]) -> Dataset | None:
    """The dataset of FROM or USING; none where nothing was said."""
    default, named = graphs
    return Dataset(tuple(default), tuple(named)) if default or named else None
