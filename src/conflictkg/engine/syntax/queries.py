"""Actions for whole queries."""
# ruff: noqa: D103 -- actions have one signature, and grammar.lark says what each one reads

from typing import Any

from conflictkg.answers import Iri
from conflictkg.engine.algebra import (
    Ask,
    Bgp,
    Construct,
    Describe,
    Pattern,
    Select,
    TriplePattern,
    Var,
)
from conflictkg.engine.syntax.answer import Answer
from conflictkg.engine.syntax.groups import Group, group_of_triples
from conflictkg.engine.syntax.reading import Reading, action
from conflictkg.engine.syntax.shared import make_dataset
from conflictkg.engine.syntax.triples import Raw


@action
def select_query(reading: Reading, parts: list[Any]) -> Select:
    clause, dataset, group, modifiers, values = parts
    pattern, variables = Answer(reading, group, modifiers, values).select(clause)
    return Select(pattern, variables, make_dataset(dataset), reading.prologue())


@action
def sub_select(reading: Reading, parts: list[Any]) -> tuple[Pattern, tuple[Var, ...]]:
    clause, group, modifiers, values = parts
    return Answer(reading, group, modifiers, values).select(clause)


@action
def construct_query(reading: Reading, parts: list[Any]) -> Construct:
    template, dataset, group, modifiers, values = (parts[2], *parts[4:])
    pattern = Answer(reading, group, modifiers, values).finish()
    return Construct(
        _template(reading, template), pattern, make_dataset(dataset), reading.prologue()
    )


@action
def construct_where(reading: Reading, parts: list[Any]) -> Construct:
    dataset, template, modifiers, values = parts[1], parts[4], parts[6], parts[7]
    pattern = Answer(reading, group_of_triples(reading, template), modifiers, values).finish()
    return Construct(
        _template(reading, template), pattern, make_dataset(dataset), reading.prologue()
    )


@action
def describe_query(reading: Reading, parts: list[Any]) -> Describe:
    _, resources, dataset, group, modifiers, values = parts
    answer = Answer(reading, group or Group(Bgp()), modifiers, values)
    if resources is None:
        resources = [Var(name) for name in answer.scope]
    return Describe(tuple(resources), answer.finish(), make_dataset(dataset), reading.prologue())


@action
def ask_query(reading: Reading, parts: list[Any]) -> Ask:
    _, dataset, group, modifiers, values = parts
    return Ask(
        Answer(reading, group, modifiers, values).finish(),
        make_dataset(dataset),
        reading.prologue(),
    )


def _template(reading: Reading, triples: list[Raw]) -> tuple[TriplePattern, ...]:
    return tuple(
        TriplePattern(raw.subject, raw.verb, raw.object, reading.place(raw.offset))
        for raw in triples
        if isinstance(raw.verb, Var | Iri)  # the grammar has no paths here
    )
