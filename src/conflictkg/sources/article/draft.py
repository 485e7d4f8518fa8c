"""Annotations in the making: nodes by what they stand for, assertions without doubles."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from conflictkg.sources.article.annotations import (
    MAX_QUOTED_WORDS,
    Assertion,
    CountValue,
    DateValue,
    Kind,
    Node,
    NodeType,
    Status,
    make_assertion_id,
    sha256_of,
)
from conflictkg.sources.article.lexicon import find_entity, key_of
from conflictkg.sources.article.lookups import load_lookup
from conflictkg.sources.article.mentions import Name

Value = str | DateValue | CountValue


@dataclass(frozen=True, slots=True)
class Source:
    """Whose claim something is: status, who made it, through whom the document has it."""

    status: Status = "fact"
    speakers: tuple[str, ...] = ()
    reporters: tuple[str, ...] = ()


FACT = Source()
INFERRED = Source("inferred")


def shorten(words: str) -> str:
    """At most ten words of the article: a longer stretch ends with "…".

    >>> shorten("a b c d e f g h i j k")
    'a b c d e f g h i j…'
    """
    found = words.split()
    if len(found) <= MAX_QUOTED_WORDS:
        return " ".join(found)
    return " ".join(found[:MAX_QUOTED_WORDS]) + "…"


class Draft:
    """Collects nodes and assertions about one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._nodes: dict[str, Node] = {}
        self._assertions: dict[tuple[str, str, str, str], Assertion] = {}
        self._ids: set[str] = set()
        self._predicates = load_lookup("predicates.toml")

    def named(self, type_: NodeType, name: Name) -> str:
        """The node of a named thing, made where it is new.

        Returns:
            Its id: the name's key, with the type where another type of thing has that key.
        """
        for candidate in (name.key, f"{name.key}-{type_}"):
            node = self._nodes.get(candidate)
            if node is None:
                self._nodes[candidate] = Node(
                    id=candidate, type=type_, label=name.label, entity=find_entity(type_, name)
                )
                return candidate
            if node.type == type_:
                return candidate
        return f"{name.key}-{type_}"

    def local(self, type_: NodeType, hint: str, label: str, **fields: object) -> str:
        """A node for something that has no name of its own; a new one on each call.

        Args:
            type_: The node's type.
            hint: Words for the id.
            label: What it is, shortened to ten words.
            fields: Further fields of the node.
        """
        number = 1
        base = key_of(hint)[:40].strip("-") or "thing"
        while f"{base}-{number}" in self._nodes:
            number += 1
        identifier = f"{base}-{number}"
        self._nodes[identifier] = Node.model_validate(
            {"id": identifier, "type": type_, "label": shorten(label), **fields}
        )
        return identifier

    def node(self, identifier: str) -> Node:
        """A node by its id."""
        return self._nodes[identifier]

    def update(self, identifier: str, **fields: object) -> None:
        """Change fields of a node."""
        self._nodes[identifier] = self._nodes[identifier].model_copy(update=fields)

    def add(
        self,
        kind: Kind,
        subject: str,
        predicate: str,
        value: Value,
        span: tuple[int, int],
        rule: str,
        source: Source = FACT,
        *,
        negated: bool = False,
        as_of: datetime.date | None = None,
        note: str | None = None,
    ) -> None:
        """Propose an assertion. What is there already, wherever it stands, is not added again.

        Args:
            kind: Its kind.
            subject: Node that it is about.
            predicate: A name of ``predicates.toml``; says what kind of value it takes.
            value: Node id, words, concept, date or count.
            span: Where it stands.
            rule: The rule that proposes it.
            source: Whose claim it is.
            negated: Whether the text denies it.
            as_of: The day up to which it holds.
            note: A remark for the reviewer.
        """
        start, end = span
        while start < end and self.text[start].isspace():
            start += 1
        while end > start and self.text[end - 1].isspace():
            end -= 1
        if end <= start:
            return
        field = {"node": "object"}.get(*[self._predicates[predicate]["value"]] * 2)
        if field == "text":
            value = shorten(str(value))
        content = value if isinstance(value, str) else value.model_dump_json()
        key = (kind, subject, predicate, content)
        if key in self._assertions or (isinstance(value, str) and not value):
            return
        identifier = make_assertion_id(kind, subject, predicate, content, start)
        while identifier in self._ids:
            identifier += "x"
        self._ids.add(identifier)
        self._assertions[key] = Assertion.model_validate(
            {
                "id": identifier,
                "kind": kind,
                "subject": subject,
                "predicate": predicate,
                field: value,
                "start": start,
                "end": end,
                "sha256": sha256_of(self.text[start:end]),
                "status": source.status,
                "attributed_to": source.speakers,
                "reported_by": source.reporters,
                "polarity": "negated" if negated else "affirmed",
                "as_of": as_of,
                "rule": rule,
                "note": note,
            }
        )

    def has(self, kind: str, subject: str, predicate: str) -> bool:
        """Whether something of this kind is said of a node already."""
        return any(key[:3] == (kind, subject, predicate) for key in self._assertions)

    def remove(self, identifier: str) -> None:
        """Take a proposed assertion back."""
        for key, each in list(self._assertions.items()):
            if each.id == identifier:
                del self._assertions[key]

    def assertions(self) -> tuple[Assertion, ...]:
        """What was proposed, in the order of the text."""
        return tuple(
            sorted(self._assertions.values(), key=lambda each: (each.start, each.end, each.id))
        )

    def nodes(self, keep: Sequence[str] = ()) -> tuple[Node, ...]:
        """The nodes that assertions or ``keep`` refer to, in the order of their ids."""
        used = set(keep)
        for each in self._assertions.values():
            used.update((each.subject, *each.attributed_to, *each.reported_by))
            if each.object:
                used.add(each.object)
        while True:
            more = {
                name
                for identifier in used
                for node in (self._nodes[identifier],)
                for name in (node.organization, node.area, *node.members)
                if name and name not in used
            }
            if not more:
                break
            used |= more
        return tuple(self._nodes[identifier] for identifier in sorted(used))
