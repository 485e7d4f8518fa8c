"""Actions for updates."""
# ruff: noqa: ARG001, D103 -- actions have one signature, and grammar.lark says what each one reads

from typing import Any

from conflictkg.answers import Iri, Literal
from conflictkg.engine.algebra import (
    Bgp,
    Clear,
    Create,
    Dataset,
    DeleteData,
    Graph,
    InsertData,
    Load,
    Modify,
    Operation,
    Pattern,
    QuadPattern,
    Transfer,
    Var,
)
from conflictkg.engine.syntax.groups import Group, group_of_triples, make_join
from conflictkg.engine.syntax.reading import Reading, action
from conflictkg.engine.syntax.shared import make_dataset
from conflictkg.engine.syntax.triples import Raw

Quads = list[Any]
"""Raw triples of the default graph, and ``(graph, raw triples)``, in the order of the text."""


@action
def no_operations(reading: Reading, parts: list[Any]) -> list[Operation]:
    return []


@action
def first_operation(reading: Reading, parts: list[Any]) -> list[Operation]:
    reading.start_operation()
    return [parts[1]]


@action
def next_operation(reading: Reading, parts: list[Any]) -> list[Operation]:
    reading.start_operation()
    operations: list[Operation] = parts[0]
    operations.append(parts[3])
    return operations


# Graphs as a whole


@action
def load(reading: Reading, parts: list[Any]) -> Load:
    target = parts[5] if len(parts) > 3 else None
    return Load(parts[2], target, parts[1] is not None, reading.place(parts[0][1]))


@action
def clear(reading: Reading, parts: list[Any]) -> Clear:
    return Clear(parts[2], parts[1] is not None, parts[0][0].upper() == "DROP")


@action
def create(reading: Reading, parts: list[Any]) -> Create:
    return Create(parts[3], parts[1] is not None)


@action
def transfer(reading: Reading, parts: list[Any]) -> Transfer:
    return Transfer(parts[0][0].upper(), parts[2], parts[4], parts[1] is not None)


# Quads


@action
def append_quads(reading: Reading, parts: list[Any]) -> Quads:
    quads: Quads = parts[0]
    quads.extend(parts[1])
    return quads


@action
def quads_of_graph(reading: Reading, parts: list[Any]) -> tuple[Var | Iri, list[Raw]]:
    return parts[1], parts[3]


def _quad_patterns(quads: Quads) -> tuple[QuadPattern, ...]:
    found: list[QuadPattern] = []
    for each in quads:
        name, triples = (None, [each]) if isinstance(each, Raw) else each
        found += [
            QuadPattern(raw.subject, raw.verb, raw.object, name)
            for raw in triples
            if isinstance(raw.verb, Var | Iri)  # the grammar has no paths here
        ]
    return tuple(found)


def _refuse_variables(reading: Reading, start: int, where: str) -> None:
    uses = reading.variable_uses
    if uses and uses[-1][0] > start:
        offset, name = next(each for each in uses if each[0] > start)
        raise reading.error(
            f"?{name} is a variable, and {where} takes none.",
            offset,
            f"?{name}",
            "Use DELETE … INSERT … WHERE.",
        )


def _refuse_blanks(reading: Reading, start: int, where: str) -> None:
    uses = reading.blank_uses
    if uses and uses[-1][0] > start:
        offset, label = next(each for each in uses if each[0] > start)
        raise reading.error(
            f"a blank node cannot stand in {where}: it would name no node of the graph.",
            offset,
            label,
            "Use a variable in DELETE … WHERE.",
        )


def _data(reading: Reading, parts: list[Any], where: str) -> tuple[QuadPattern, ...]:
    start = parts[0][1]
    _refuse_variables(reading, start, where)
    for each in parts[2]:
        for raw in [each] if isinstance(each, Raw) else each[1]:
            if isinstance(raw.subject, Literal):
                raise reading.error("a literal cannot be the subject of a triple.", raw.offset)
    return _quad_patterns(parts[2])


@action
def insert_data(reading: Reading, parts: list[Any]) -> InsertData:
    start = parts[0][1]
    quads = _data(reading, parts, "INSERT DATA")
    # Of one operation; another one must use other labels.
    labels: dict[str, int] = {}
    for offset, label in reversed(reading.blank_uses):
        if offset < start:
            break
        labels[label] = offset
    reading.claim_blanks(labels, labels)
    return InsertData(quads)


@action
def delete_data(reading: Reading, parts: list[Any]) -> DeleteData:
    quads = _data(reading, parts, "DELETE DATA")
    _refuse_blanks(reading, parts[0][1], "DELETE DATA")
    return DeleteData(quads)


@action
def delete_where(reading: Reading, parts: list[Any]) -> Modify:
    _refuse_blanks(reading, parts[0][1], "DELETE WHERE")
    pattern: Pattern = Bgp()
    waiting: list[Raw] = []
    for each in [*parts[2], None]:
        if isinstance(each, Raw):
            waiting.append(each)
            continue
        if waiting:
            pattern = make_join(pattern, group_of_triples(reading, waiting).pattern)
            waiting = []
        if each is not None:
            name, triples = each
            inner = group_of_triples(reading, triples).pattern
            pattern = make_join(pattern, Graph(name, inner))
    return Modify(_quad_patterns(parts[2]), (), pattern)


@action
def changes(reading: Reading, parts: list[Any]) -> tuple[Quads, Quads]:
    """What DELETE and INSERT say."""
    is_delete = parts[0][0].upper() == "DELETE"
    if not is_delete:
        return [], parts[1]
    end = parts[2][1] if len(parts) > 2 else None
    start = parts[0][1]
    for offset, label in reversed(reading.blank_uses):
        if offset < start:
            break
        if end is None or offset < end:
            raise reading.error(
                "a blank node cannot stand in DELETE: it would name no node of the graph.",
                offset,
                label,
                "Use a variable that WHERE binds.",
            )
    return parts[1], parts[3] if len(parts) > 2 else []


@action
def modify(reading: Reading, parts: list[Any]) -> Modify:
    (deleted, inserted), using, _, group = parts
    return _modify(deleted, inserted, make_dataset(using), group, None)


@action
def modify_with(reading: Reading, parts: list[Any]) -> Modify:
    _, graph, (deleted, inserted), using, _, group = parts
    return _modify(deleted, inserted, make_dataset(using), group, graph)


def _modify(
    deleted: Quads, inserted: Quads, using: Dataset | None, group: Group, graph: Iri | None
) -> Modify:
    return Modify(_quad_patterns(deleted), _quad_patterns(inserted), group.pattern, graph, using)
