"""Actions for triples and property paths.

A node is read as the node that stands for it and the triples that it brings along (collections and
``[…]``); a subject with its properties becomes a list of :class:`Raw` triples.
"""
# ruff: noqa: ARG001, D103 -- actions have one signature, and grammar.lark says what each one reads

from dataclasses import dataclass
from typing import Any, NamedTuple

from conflictkg.answers import Iri
from conflictkg.engine.algebra import (
    Alternative,
    Inverse,
    Link,
    Negated,
    Node,
    OneOrMore,
    Path,
    PathPattern,
    Sequence,
    TriplePattern,
    Var,
    ZeroOrMore,
    ZeroOrOne,
)
from conflictkg.engine.syntax.names import FIRST, NIL, REST, TYPE
from conflictkg.engine.syntax.reading import Reading, action

_REPEATED: dict[str, type[ZeroOrMore] | type[OneOrMore] | type[ZeroOrOne]] = {
    "*": ZeroOrMore,
    "+": OneOrMore,
    "?": ZeroOrOne,
}


class Raw(NamedTuple):
    """A triple as it is written: its predicate may be any path."""

    subject: Node
    verb: Var | Iri | Path
    object: Node
    offset: int


@dataclass(slots=True)
class Nested:
    """A node that brings triples along."""

    node: Node
    triples: list[Raw]


Verb = tuple[Var | Iri | Path, int]
Properties = list[tuple[Var | Iri | Path, int, list[Any]]]


# Subjects and their properties


@action
def same_subject(reading: Reading, parts: list[Any]) -> list[Raw]:
    subject, properties = parts
    triples: list[Raw] = []
    if isinstance(subject, Nested):
        triples += subject.triples
        subject = subject.node
    _add(triples, subject, properties)
    return triples


def _add(triples: list[Raw], subject: Node, properties: Properties) -> None:
    for verb, offset, objects in properties:
        for each in objects:
            if isinstance(each, Nested):
                triples.append(Raw(subject, verb, each.node, offset))
                triples += each.triples
            else:
                triples.append(Raw(subject, verb, each, offset))


@action
def nested_subject(reading: Reading, parts: list[Any]) -> list[Raw]:
    triples: list[Raw] = parts[0].triples
    return triples


@action
def collection(reading: Reading, parts: list[Any]) -> Nested:
    offset = parts[0][1]
    triples: list[Raw] = []
    nodes = parts[1]
    links: list[Node] = [reading.fresh_blank(offset) for _ in nodes]
    for link, node, rest in zip(links, nodes, [*links[1:], NIL], strict=True):
        _add(triples, link, [(FIRST, offset, [node]), (REST, offset, [rest])])
    return Nested(links[0], triples)


@action
def blank_with_properties(reading: Reading, parts: list[Any]) -> Nested:
    node = reading.fresh_blank(parts[0][1])
    triples: list[Raw] = []
    _add(triples, node, parts[1])
    return Nested(node, triples)


@action
def properties(reading: Reading, parts: list[Any]) -> Properties:
    (verb, offset), objects = parts
    return [(verb, offset, objects)]


@action
def more_properties(reading: Reading, parts: list[Any]) -> Properties:
    known: Properties = parts[0]
    (verb, offset), objects = parts[2:]
    known.append((verb, offset, objects))
    return known


@action
def verb(reading: Reading, parts: list[Any]) -> Verb:
    value = parts[0]
    if isinstance(value, Step):
        return (value.path.iri if isinstance(value.path, Link) else value.path), value.offset
    if isinstance(value, Var):
        return value, reading.variable_uses[-1][0]
    return value, reading.last_iri


@action
def verb_type(reading: Reading, parts: list[Any]) -> Verb:
    return TYPE, _note_type(reading, parts[0][1])


# Paths


class Step(NamedTuple):
    """A path, and where it begins."""

    path: Path
    offset: int


@action
def link(reading: Reading, parts: list[Any]) -> Step:
    return Step(Link(parts[0]), reading.last_iri)


@action
def link_type(reading: Reading, parts: list[Any]) -> Step:
    return Step(Link(TYPE), _note_type(reading, parts[0][1]))


def _note_type(reading: Reading, offset: int) -> int:
    reading.offsets.setdefault(f"<{TYPE.value}>", offset)
    return offset


@action
def pair(reading: Reading, parts: list[Any]) -> list[Step]:
    reading.count(parts[1][1])
    return [parts[0], parts[2]]


@action
def append_alternative(reading: Reading, parts: list[Any]) -> list[Any]:
    reading.count(parts[1][1])
    parts[0].append(parts[2])
    known: list[Any] = parts[0]
    return known


@action
def alternative(reading: Reading, parts: list[Any]) -> Step:
    steps: list[Step] = parts[0]
    return Step(Alternative(tuple(step.path for step in steps)), steps[0].offset)


@action
def sequence(reading: Reading, parts: list[Any]) -> Step:
    first, (_, offset), second = parts
    reading.count(offset)
    return Step(Sequence(first.path, second.path), first.offset)


@action
def inverse(reading: Reading, parts: list[Any]) -> Step:
    (_, offset), step = parts
    reading.count(offset)
    return Step(Inverse(step.path), offset)


@action
def repeated(reading: Reading, parts: list[Any]) -> Step:
    step, (mark, offset) = parts
    reading.count(offset)
    return Step(_REPEATED[mark](step.path), step.offset)


@action
def forward(reading: Reading, parts: list[Any]) -> tuple[bool, Iri]:
    return True, parts[0]


@action
def forward_type(reading: Reading, parts: list[Any]) -> tuple[bool, Iri]:
    _note_type(reading, parts[0][1])
    return True, TYPE


@action
def backward(reading: Reading, parts: list[Any]) -> tuple[bool, Iri]:
    return False, parts[1]


@action
def backward_type(reading: Reading, parts: list[Any]) -> tuple[bool, Iri]:
    _note_type(reading, parts[1][1])
    return False, TYPE


@action
def negated_one(reading: Reading, parts: list[Any]) -> Step:
    return _negate(reading, parts[0][1], [parts[1]])


@action
def negated_none(reading: Reading, parts: list[Any]) -> Step:
    reading.count(parts[0][1])
    return Step(Negated((), None), parts[0][1])


@action
def negated(reading: Reading, parts: list[Any]) -> Step:
    return _negate(reading, parts[0][1], parts[2])


def _negate(reading: Reading, offset: int, members: list[tuple[bool, Iri]]) -> Step:
    reading.count(offset)
    ahead = tuple(iri for is_forward, iri in members if is_forward)
    behind = tuple(iri for is_forward, iri in members if not is_forward)
    return Step(Negated(ahead or None, behind or None), offset)


def expand(reading: Reading, raw: Raw) -> list[TriplePattern | PathPattern]:
    """The triples that a written one stands for: section 18.2.2.4."""
    place = reading.place(raw.offset)
    if isinstance(raw.verb, Var | Iri):
        return [TriplePattern(raw.subject, raw.verb, raw.object, place)]
    triples: list[TriplePattern | PathPattern] = []
    waiting: list[tuple[Node, Path, Node]] = [(raw.subject, raw.verb, raw.object)]
    while waiting:
        subject, path, value = waiting.pop()
        if isinstance(path, Link):
            triples.append(TriplePattern(subject, path.iri, value, place))
        elif isinstance(path, Inverse):
            waiting.append((value, path.path, subject))
        elif isinstance(path, Sequence):
            steps = _steps(path)
            between = [reading.fresh_path() for _ in steps[1:]]
            ends = zip([subject, *between], steps, [*between, value], strict=True)
            waiting.extend(reversed(list(ends)))
        else:
            triples.append(PathPattern(subject, path, value, place))
    return triples


def _steps(path: Path) -> list[Path]:
    steps: list[Path] = []
    waiting = [path]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Sequence):
            waiting += [each.second, each.first]
        else:
            steps.append(each)
    return steps
