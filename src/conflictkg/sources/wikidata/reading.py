"""Which entities of Wikidata matter, and which of their statements; what an entity is once it is read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conflictkg.errors import InvalidValueError
from conflictkg.sources.description import Lookups
from conflictkg.sources.job import Job
from conflictkg.sources.jsonlines import JsonRecord
from conflictkg.sources.report import Fate, Issue
from conflictkg.sources.wikidata.model import (
    Statement,
    is_language,
    read_statements,
    reason_for_property,
    reason_for_qualifier,
)

ITEM = re.compile(r"Q[1-9]\d{0,14}")
"""The id of an item, such as ``Q889``."""
_KINDS = ("person", "organization", "event", "place")


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity that matters.

    Args:
        id: Such as ``Q5``.
        kind: What it is to us.
        classes: Those of its classes that say so.
        line: Where it stands.
        sha256: Hash of what it was.
        label: One of its names, for what speaks of it.
        labels: Its names by language.
        aliases: Further names, with their languages.
        statements: Those that are converted.
    """

    id: str
    kind: str
    classes: tuple[str, ...]
    line: int
    sha256: str
    label: str
    labels: tuple[tuple[str, str], ...]
    aliases: tuple[tuple[str, str], ...]
    statements: tuple[Statement, ...]


class Reader:
    """Takes those entities that matter, and of those the statements that do; counts the others."""

    def __init__(self, job: Job) -> None:
        self._report, self._lookups = job.report, job.lookups
        self._class_words = {
            name: words.split(maxsplit=2) for name, words in job.lookups["class"].items()
        }

    def read(self, record: JsonRecord) -> Entity | None:
        """The entity of a record; None where it does not matter, or cannot be read."""
        identifier = record.content.get("id")
        if not isinstance(identifier, str) or not re.fullmatch(
            r"[QPLM][1-9]\d{0,14}(?:-[FS]\d+)?", identifier
        ):
            self._report.add(
                Issue(
                    record.line,
                    "id",
                    f'"{str(identifier)[:30]}" is no id of an entity, such as Q889.',
                )
            )
            return None
        if not ITEM.fullmatch(identifier):
            reason = self._lookups.ignored.get(f"{identifier[0]}*", "no item")
            self._report.ignore(f"{identifier[0]}*: {reason}", is_row=True)
            return None
        if "missing" in record.content:
            self._report.add(
                Issue(record.line, "", "is missing, as Wikidata says.", record=identifier)
            )
            return None
        try:
            # Most entities of a dump are of other classes: that is looked at first.
            classes = self._classes(read_statements(record.content, "P31"))
            if not classes:
                self._report.ignore(f"Q*: {self._lookups.ignored['Q*']}", is_row=True)
                return None
            statements = list(read_statements(record.content))
            names = self._names(record, identifier)
        except InvalidValueError as error:
            self._report.add(Issue(record.line, "", error.problem, record=identifier))
            return None
        kinds = {self._class_words[each][0] for each in classes}
        kind = min(kinds, key=_KINDS.index)
        if len(kinds) > 1:
            shown = " and ".join(sorted(kinds))
            text = f"is of classes of {shown}; it is taken for the first of {', '.join(_KINDS)}."
            self._report.add(Issue(record.line, "P31", text, Fate.KEPT, identifier))
        labels, aliases = names
        label = (
            dict(labels).get("en")
            or dict(labels).get("mul")
            or next((text for _, text in labels), "")
        )
        return Entity(
            identifier,
            kind,
            tuple(each for each in classes if self._class_words[each][0] == kind),
            record.line,
            record.sha256,
            label,
            labels,
            aliases,
            tuple(each for each in statements if self._is_wanted(kind, each)),
        )

    def _classes(self, statements: Iterable[Statement]) -> list[str]:
        found = {
            each.main.item()
            for each in statements
            if each.main.kind == "value" and each.rank != "deprecated"
        }
        return sorted(found & self._class_words.keys())

    def _is_wanted(self, kind: str, statement: Statement) -> bool:
        if not action_of(self._lookups, kind, statement.property):
            self._report.ignore(reason_for_property(self._lookups, statement.property))
            return False
        for name in statement.qualifiers:
            if name not in self._lookups["qualifier"]:
                self._report.ignore(reason_for_qualifier(self._lookups, name))
        return True

    def _names(
        self, record: JsonRecord, identifier: str
    ) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
        labels, aliases = (record.content.get(name) or {} for name in ("labels", "aliases"))
        if not isinstance(labels, Mapping) or not isinstance(aliases, Mapping):
            raise InvalidValueError("has labels or aliases that are no object.")
        several = [each for found in aliases.values() if isinstance(found, list) for each in found]
        return (
            tuple(sorted(self._read_names(labels.values(), record, identifier))),
            tuple(sorted(set(self._read_names(several, record, identifier)))),
        )

    def _read_names(
        self, found: Iterable[object], record: JsonRecord, identifier: str
    ) -> Iterator[tuple[str, str]]:
        for each in found:
            language = each.get("language") if isinstance(each, Mapping) else None
            text = each.get("value") if isinstance(each, Mapping) else None
            if is_language(language) and isinstance(text, str) and text.strip():
                yield str(language).lower(), text.strip()
            else:
                problem = f'"{str(each)[:60]}" is no name in a language.'
                self._report.add(Issue(record.line, "labels", problem, Fate.KEPT, identifier))


def action_of(lookups: Lookups, kind: str, name: str) -> str:
    """What becomes of a property of an entity of some kind; empty where it is not converted."""
    return lookups["property"].get(f"{kind}.{name}") or lookups["property"].get(name, "")
