"""Entries of one identifier: the same once more is told and left out, another one is a revision."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

from conflictkg.sources.report import Fate, Issue, Report

Content = TypeVar("Content")


@dataclass(frozen=True, slots=True)
class Entry(Generic[Content]):
    """An entry as it was read.

    Args:
        identifier: The source's own.
        line: Where it begins.
        sha256: Hash of what it was.
        content: What it says.
        key: Names it among all of its release: its identifier, or for a revision another.
        revises: Key of the entry that it is a revision of; empty for most.
    """

    identifier: str
    line: int
    sha256: str
    content: Content
    key: str = ""
    revises: str = ""

    @property
    def issues(self) -> tuple[str, ...]:
        """Members of the data-issue scheme."""
        return ("duplicate-identifier",) if self.revises else ()


def key_entries(
    entries: Iterable[Entry[Content]], report: Report, column: str
) -> list[Entry[Content]]:
    """Give each entry its key, in the order of their identifiers; which line came first says nothing.

    Args:
        entries: As they were read.
        report: Is told of those that stand there twice.
        column: That holds the identifier.
    """
    found: dict[str, dict[str, list[Entry[Content]]]] = defaultdict(lambda: defaultdict(list))
    for entry in entries:
        found[entry.identifier][entry.sha256].append(entry)
    keyed = []
    for identifier, versions in sorted(found.items()):
        for place, (sha256, same) in enumerate(sorted(versions.items())):
            first, *others = sorted(same, key=lambda each: each.line)
            for each in others:
                problem = f"is the same as line {first.line} once more."
                report.add(Issue(each.line, column, problem, record=identifier))
            if place:
                problem = f"stands in the file {len(versions)} times with other contents: a revision of it."
                report.add(Issue(first.line, column, problem, Fate.KEPT, identifier))
            keyed.append(
                Entry(
                    identifier,
                    first.line,
                    sha256,
                    first.content,
                    f"{identifier}~{sha256[:8]}" if place else identifier,
                    identifier if place else "",
                )
            )
    return keyed
