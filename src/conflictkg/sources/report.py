"""What a conversion did with each row: converted, converted with an issue, or rejected, and why."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from itertools import islice

MOST_KEPT = 100_000
"""Issues that are kept whole; of those beyond it only the number is."""

_MOST_TOLD = 20


class Fate(StrEnum):
    """What an issue means for its row."""

    KEPT = "kept"
    """The row is converted; the graph says what is the matter (``ckg:dataIssue``) where it has a word for it."""
    REJECTED = "rejected"
    """Nothing of the row is converted."""


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """Something in a source that is not as it should be.

    Args:
        line: Where its row begins, counted from 1; in a workbook the row, in JSON and XML the record's place.
        column: The field; empty where the whole row is meant.
        problem: What is wrong, with the value, and what would be right.
        fate: What becomes of the row.
        record: The row's own identifier, where it has one.
        part: The sheet or file within the file; empty if there is one only.
        unit: What is counted: lines, or the results of a page.
    """

    line: int
    column: str
    problem: str
    fate: Fate = Fate.REJECTED
    record: str = ""
    part: str = ""
    unit: str = "line"

    def describe(self, file: str) -> str:
        """In one line, with its place first.

        >>> Issue(7, "best", '"4-Mar" is no whole number', record="12").describe("ged.csv")
        'ged.csv line 7 column best (record 12): "4-Mar" is no whole number'
        """
        where = f"{file} {self.part}".rstrip() + f" {self.unit} {self.line}"
        where += f" column {self.column}" if self.column else ""
        where += f" (record {self.record})" if self.record else ""
        return f"{where}: {self.problem}"


class Report:
    """Counts rows and gathers issues while a source is converted.

    Args:
        file: The source's file, for messages.

    Attributes:
        read: Rows that were read.
        part: Gives which part of the file has been read, from 0 to 1, where whoever reads it knows.
    """

    def __init__(self, file: str) -> None:
        self.file = file
        self.read = 0
        self.part: Callable[[], float | None] = lambda: None
        self.ignored: Counter[str] = Counter()
        self.ignored_rows = 0
        self._issues: list[Issue] = []
        self._of_kind: Counter[Fate] = Counter()
        self._pages: list[tuple[int, str]] = []
        self._rows: dict[Fate, set[tuple[str, int]]] = {fate: set() for fate in Fate}

    def begin_page(self, name: str) -> None:
        """Results that are read from now on stand in a page; their issues are told by their place in it.

        Args:
            name: Of its file; empty where that is the whole source.
        """
        self._pages.append((self.read, name))

    def locate(self, issue: Issue) -> Issue:
        """The issue with its place in its page, where results are counted over all pages."""
        at = bisect_left(self._pages, issue.line, key=lambda page: page[0]) - 1
        if at < 0 or issue.part:
            return issue
        before, name = self._pages[at]
        return replace(issue, line=issue.line - before, part=name, unit="result")

    def place_of(self, line: int) -> str:
        """Where a row is, in words, for a problem that names another than its own.

        >>> Report("ged.csv").place_of(7)
        'line 7'
        """
        issue = self.locate(Issue(line, "", ""))
        return f"{issue.part} {issue.unit} {issue.line}".lstrip()

    def ignore(self, what: str, *, is_row: bool = False) -> None:
        """Count something that is not converted on purpose.

        Args:
            what: What it is and why, as the report says it.
            is_row: Whether it is a whole row.
        """
        self.ignored[what] += 1
        self.ignored_rows += is_row

    def add(self, *issues: Issue) -> None:
        """Note issues."""
        self.extend(issues)

    def extend(self, issues: Iterable[Issue]) -> None:
        """Note issues."""
        for issue in map(self.locate, issues):
            self._of_kind[issue.fate] += 1
            self._rows[issue.fate].add((issue.part, issue.line))
            if len(self._issues) < MOST_KEPT:
                self._issues.append(issue)

    @property
    def rejected(self) -> int:
        """Rows of which nothing was converted."""
        return len(self._rows[Fate.REJECTED])

    @property
    def converted(self) -> int:
        """Rows that were converted, with or without an issue; those that are ignored on purpose are not among them."""
        return self.read - self.rejected - self.ignored_rows

    @property
    def with_issues(self) -> int:
        """Rows that were converted and have an issue."""
        return len(self._rows[Fate.KEPT] - self._rows[Fate.REJECTED])

    @property
    def issues(self) -> tuple[Issue, ...]:
        """All issues that were kept, by place."""
        return tuple(
            sorted(self._issues, key=lambda each: (each.part, each.line, each.column, each.problem))
        )

    @property
    def left_out(self) -> int:
        """Issues of which only the number was kept."""
        return self._of_kind.total() - len(self._issues)

    def summary(self) -> str:
        """One line with the counts.

        >>> report = Report("ged.csv")
        >>> report.read = 2
        >>> report.add(Issue(3, "best", '"x" is no whole number'))
        >>> report.summary()
        'ged.csv: 2 rows read, 1 converted (0 with issues), 1 rejected'
        """
        text = (
            f"{self.file}: {self.read:,} rows read, {self.converted:,} converted"
            f" ({self.with_issues:,} with issues), {self.rejected:,} rejected"
        )
        return text + (f", {self.ignored_rows:,} ignored" if self.ignored_rows else "")

    def lines(self, most: int = _MOST_TOLD) -> Iterator[str]:
        """The summary, then issues, rejected rows first; how many others there are where it is cut.

        What was ignored comes last, the most frequent first.
        """
        yield self.summary()
        ordered = sorted(self.issues, key=lambda each: each.fate is not Fate.REJECTED)
        for issue in islice(ordered, most):
            yield f"{issue.fate}: {issue.describe(self.file)}"
        more = self._of_kind.total() - min(most, len(ordered))
        if more > 0:
            yield f"and {more:,} more issues; --report FILE writes them all"
        ignored = sorted(self.ignored.items(), key=lambda each: (-each[1], each[0]))
        for what, number in ignored[:most]:
            yield f"ignored, {number:,} times: {what}"
        if len(ignored) > most:
            yield f"and {len(ignored) - most:,} more kinds of what is ignored; --report FILE writes them all"

    def document(self) -> dict[str, object]:
        """All of it as a JSON object."""
        return {
            "file": self.file,
            "rows": {
                "read": self.read,
                "converted": self.converted,
                "withIssues": self.with_issues,
                "rejected": self.rejected,
                "ignored": self.ignored_rows,
            },
            "ignored": dict(sorted(self.ignored.items())),
            "issues": [{**asdict(each), "fate": str(each.fate)} for each in self.issues],
            "leftOut": self.left_out,
        }
