"""What a transaction holds before its commit: new terms, and the numbers that they get."""

from collections.abc import Mapping, Sequence

import duckdb

from conflictkg.engine.ids import Tag
from conflictkg.store.delta import Delta, Entry


class PendingDelta:
    """The delta as a transaction sees it: with terms that nobody else knows of yet."""

    def __init__(self, committed: Delta) -> None:
        self._committed = self._asked = committed
        self.holds_all = committed.holds_all
        self.entries: dict[Entry, int] = {}
        self._terms: dict[int, Entry] = {}

    def find(self, term: Entry) -> int | None:
        """The id of a term."""
        found = self.entries.get(term)
        return self._asked.find(term) if found is None else found

    def find_all(self, terms: Sequence[Entry]) -> Mapping[Entry, int]:
        """The ids of different terms, those that have one."""
        found = {each: self.entries[each] for each in terms if each in self.entries}
        rest = [each for each in terms if each not in found]
        return {**found, **self._asked.find_all(rest)} if rest else found

    def terms(self, ids: Sequence[int]) -> Mapping[int, Entry]:
        """The terms of different ids."""
        found = {each: self._terms[each] for each in ids if each in self._terms}
        rest = [each for each in ids if each not in found]
        return {**found, **self._asked.terms(rest)} if rest else found

    def add(self, entries: Mapping[Entry, int]) -> None:
        """Take in new terms."""
        self.entries.update(entries)
        self._terms.update((identity, term) for term, identity in entries.items())

    def note_stored(self) -> None:
        """Nothing to do: it asks the committed one for what it has not."""

    def within(self, cursor: duckdb.DuckDBPyConnection) -> "PendingDelta":
        """From now on ask the transaction's own cursor for what it has not."""
        self._asked = self._committed.within(cursor)
        return self

    @property
    def holds_new(self) -> bool:
        """Whether it has all in memory that the transaction has brought."""
        return self._asked is self._committed

    def hold(self, entries: Mapping[Entry, int]) -> None:
        """Take in all that the transaction has brought, and ask its cursor no longer."""
        self.add(entries)
        self._asked = self._committed


class Numbers:
    """Gives new terms their numbers, each once, whatever becomes of the transaction."""

    def __init__(self, following: Mapping[Tag, int]) -> None:
        self.following = dict(following)

    def take(self, tag: Tag, count: int = 1) -> int:
        """The first of so many new numbers."""
        first = self.count(tag)
        self.following[tag] = first + count
        return first

    def count(self, tag: Tag) -> int:
        """How many it has given."""
        return self.following.get(tag, 0)
