"""Actions that several rules share: lists, tokens, and the parts that a rule hands on."""
# ruff: noqa: ARG001, D103 -- actions have one signature, and grammar.lark says what each one reads

from dataclasses import replace
from typing import Any

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
def no_dataset(reading: Reading, parts: list[Any]) -> None:
    return None


@action
def add_default_graph(reading: Reading, parts: list[Any]) -> Dataset:
    known = parts[0] or Dataset()
    return replace(known, default=(*known.default, parts[2]))


@action
def add_named_graph(reading: Reading, parts: list[Any]) -> Dataset:
    known = parts[0] or Dataset()
    return replace(known, named=(*known.named, parts[3]))
