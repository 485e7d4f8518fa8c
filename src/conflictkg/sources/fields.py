"""The fields of one record, each taken out as it is used; what is wrong with them is told with line and column."""

import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date

from conflictkg.sources.description import Lookups
from conflictkg.sources.report import Fate, Issue, Report

_UNKNOWN = frozenset({"", "n/a"})
_WHOLE = re.compile(r"\d{1,9}")
_DAY = re.compile(r"(?:18|19|20)\d\d-\d\d-\d\d")
_FLAGS = {"0": False, "1": True}


class Fields:
    """The fields of one record by column.

    Args:
        values: As they came.
        line: Where the record begins.
        record: Its own identifier, for messages.
        report: Is told what is wrong.
        lookups: The source's spellings.

    Attributes:
        is_rejected: Whether something is wrong that leaves nothing to convert.
        issues: Members of the data-issue scheme, for what is odd.
    """

    def __init__(
        self, values: Mapping[str, str], line: int, record: str, report: Report, lookups: Lookups
    ) -> None:
        self._values, self._report, self._lookups = values, report, lookups
        self.line, self.record = line, record
        self.is_rejected = False
        self.issues: set[str] = set()

    def reject(self, column: str, problem: str) -> None:
        """Tell what leaves nothing to convert."""
        self.is_rejected = True
        self._report.add(Issue(self.line, column, problem, Fate.REJECTED, self.record))

    def keep(self, column: str, problem: str, issue: str = "") -> None:
        """Tell what is odd; the record is converted all the same, and bears the issue."""
        if issue:
            self.issues.add(issue)
        self._report.add(Issue(self.line, column, problem, Fate.KEPT, self.record))

    def text(self, column: str) -> str:
        """The words of a field with single blanks; empty where the source says that it does not know."""
        text = " ".join(self._values.get(column, "").split())
        return "" if text.casefold() in _UNKNOWN else text

    def require_text(self, column: str) -> str:
        """The words of a field that must have some."""
        text = self.text(column)
        if not text:
            self.reject(column, "is empty.")
        return text

    def number(self, column: str, least: int = 0, most: int = 999_999_999) -> int:
        """A whole number; one that is none rejects the record."""
        text = self.text(column)
        if _WHOLE.fullmatch(text) and least <= int(text) <= most:
            return int(text)
        self.reject(column, f'"{text}" is no whole number from {least} to {most}.')
        return least

    def numbers(self, column: str) -> tuple[str, ...]:
        """Numbers in one field, parted by commas; one that is none rejects the record."""
        found = tuple(each.strip() for each in self.text(column).split(",") if each.strip())
        for each in found:
            if not _WHOLE.fullmatch(each):
                self.reject(column, f'"{each}" is no whole number.')
        return found

    def flag(self, column: str) -> bool:
        """Whether a field says 1; anything besides 0 and 1 rejects the record."""
        text = self.text(column)
        if text not in _FLAGS:
            self.reject(column, f'"{text}" must be 0 or 1.')
        return _FLAGS.get(text, False)

    def code(self, column: str, kind: str = "") -> str:
        """Our concept for a code; an unknown one rejects the record."""
        kind, text = kind or column, self.text(column)
        if text not in self._lookups[kind]:
            self.reject(column, self._lookups.unknown(kind, text))
        return self._lookups[kind].get(text, "")

    def day(self, column: str) -> date | None:
        """A day written as 2017-06-13; None where there is none, and one that is wrong rejects the record."""
        text = self.text(column)
        if not text:
            return None
        found = None
        if _DAY.fullmatch(text):
            with suppress(ValueError):
                found = date.fromisoformat(text)
        if found is None:
            problem = (
                f'"{text}" is no day. It must be written as 2017-06-13, and be one of the calendar.'
            )
            self.reject(column, problem)
        return found
