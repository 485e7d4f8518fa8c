"""The closed table of what an assertion may say: ``predicates.toml`` as types."""

import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Literal, cast

from rdflib import URIRef

from conflictkg.errors import InvalidValueError, UnmappedValueError
from conflictkg.sources.article.annotations import Assertion
from conflictkg.terms import PREFIXES

_TABLE = Path(__file__).with_name("predicates.toml")

Form = Literal["claim", "date", "count", "tenure", "on-tenure", "relation"]
ValueKind = Literal["node", "text", "concept", "date", "count"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """How one kind of assertion is written in the graph.

    Args:
        name: The predicate's name in annotations.
        kinds: Kinds of assertion that may use it.
        value: What its value is.
        form: The form it takes.
        property: The claim's property, for the forms ``claim`` and ``on-tenure``.
        role: Member of the role scheme, for a tenure without a post.
        relation: Member of the relation-type scheme, for a relation.
        scheme: The scheme of its concepts.
        inverse: Whether value and subject change places in the claim.
    """

    name: str
    kinds: frozenset[str]
    value: ValueKind
    form: Form
    property: URIRef | None = None
    role: str | None = None
    relation: str | None = None
    scheme: str | None = None
    inverse: bool = False


@cache
def load_predicates() -> dict[str, Predicate]:
    """The table, by name."""
    content = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {
        name: Predicate(
            name=name,
            kinds=frozenset(row["kinds"]),
            value=cast("ValueKind", row["value"]),
            form=cast("Form", row["form"]),
            property=_expand(row["property"]) if "property" in row else None,
            role=row.get("role"),
            relation=row.get("relation"),
            scheme=row.get("scheme"),
            inverse=row.get("inverse", False),
        )
        for name, row in content.items()
    }


def require_predicate(assertion: Assertion, source: str) -> Predicate:
    """The row that an assertion uses.

    Args:
        assertion: The assertion.
        source: Name of the annotation file, for the message.

    Raises:
        UnmappedValueError: The predicate is not in the table.
        InvalidValueError: It does not go with the assertion's kind, or its value is of another sort.
    """
    table = load_predicates()
    if assertion.predicate not in table:
        close = get_close_matches(assertion.predicate, table, n=1)
        hint = f' Closest known: "{close[0]}".' if close else ""
        raise UnmappedValueError(
            f'predicate "{assertion.predicate}" is not in predicates.toml.{hint}',
            source=source,
            record=assertion.id,
        )
    row = table[assertion.predicate]
    if assertion.kind not in row.kinds:
        raise InvalidValueError(
            f'kind "{assertion.kind}" does not go with predicate "{row.name}", which is for '
            + ", ".join(sorted(row.kinds)),
            source=source,
            record=assertion.id,
        )
    field = "object" if row.value == "node" else row.value
    if getattr(assertion, field) is None:
        raise InvalidValueError(
            f'predicate "{row.name}" needs its value in "{field}"',
            source=source,
            record=assertion.id,
        )
    return row


def _expand(name: str) -> URIRef:
    prefix, _, local = name.partition(":")
    return URIRef(PREFIXES[prefix] + local)
