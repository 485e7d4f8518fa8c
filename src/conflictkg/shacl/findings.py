"""What a validation found, as values that know nothing of how they will be shown."""

from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from rdflib import Graph
from rdflib.term import Node


class Severity(IntEnum):
    """How grave a finding is; the graver is the greater.

    >>> Severity.VIOLATION > Severity.WARNING
    True
    """

    INFO = 1
    WARNING = 2
    VIOLATION = 3

    @property
    def label(self) -> str:
        """The word for it: ``violation``."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a validation.

    Args:
        severity: How grave it is. A severity that SHACL does not define counts as a violation.
        focus: The node that was looked at.
        path: The property path in SPARQL's notation; empty where the node as a whole is meant.
        value: The value that is wrong; None where one is missing.
        message: What is wrong and what to do, in words for a curator.
        shape: The shape that is not met.
        component: The kind of constraint, such as ``sh:MinCountConstraintComponent``.
        file: The file in which the focus node is described or, failing that, mentioned. None where
            no file at hand does.
        line: Line of it, counted from 1; None where it is not known.
    """

    severity: Severity
    focus: Node
    path: str
    value: Node | None
    message: str
    shape: Node
    component: Node
    file: Path | None
    line: int | None


@dataclass(frozen=True, slots=True)
class Report:
    """All that a validation found.

    Args:
        findings: Sorted by file, line, shape and value.
        files: The files that were validated, in the order in which they were given.
        triples: How many triples they hold together.
        graph: The same as an ``sh:ValidationReport``.
    """

    findings: tuple[Finding, ...]
    files: tuple[Path, ...]
    triples: int
    graph: Graph

    def count(self, severity: Severity) -> int:
        """How many findings have just that severity."""
        return sum(finding.severity is severity for finding in self.findings)

    def conforms(self, fail_on: Severity = Severity.VIOLATION) -> bool:
        """Whether there is no finding as grave as ``fail_on`` or graver."""
        return all(finding.severity < fail_on for finding in self.findings)
