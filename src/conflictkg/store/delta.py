# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Terms that came after the bulk load: interned one by one, under numbers after those of the base.

Blank nodes have no entry anywhere: their number is all there is of them.
"""

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import duckdb

from conflictkg.answers import RDF_LANG_STRING, XSD_STRING, Iri, Literal, Term
from conflictkg.engine.ids import Tag, dictionary_tag, id_range, make_id, numeric_value, tag_of
from conflictkg.errors import StoreError
from conflictkg.store.textindex import index_texts

Entry = Iri | Literal
"""A term that stands in the dictionary."""

MOST_CACHED = 200_000
_TEXTS = frozenset({Tag.STRING, Tag.LANG})


class Delta(Protocol):
    """The terms after the base."""

    @property
    def holds_all(self) -> bool:
        """Whether it has them all in memory, and so must be given them all."""

    def find(self, term: Entry) -> int | None:
        """The id of a term."""

    def find_all(self, terms: Sequence[Entry]) -> Mapping[Entry, int]:
        """The ids of different terms, those that have one."""

    def terms(self, ids: Sequence[int]) -> Mapping[int, Entry]:
        """The terms of different ids; raises KeyError for one that there is not."""

    def add(self, entries: Mapping[Entry, int]) -> None:
        """Take over what a commit has made durable."""

    def note_stored(self) -> None:
        """Take note that a commit has put terms into the table without saying which."""

    def within(self, cursor: duckdb.DuckDBPyConnection) -> "Delta":
        """The same as a transaction sees it, with what it has put into the table."""


class HeldDelta:
    """All of them in memory: for stores in memory."""

    holds_all = True

    def __init__(self) -> None:
        self._ids: dict[Entry, int] = {}
        self._terms: dict[int, Entry] = {}

    def find(self, term: Entry) -> int | None:
        """The id of a term."""
        return self._ids.get(term)

    def find_all(self, terms: Sequence[Entry]) -> Mapping[Entry, int]:
        """The ids of different terms, those that have one."""
        return {each: self._ids[each] for each in terms if each in self._ids}

    def terms(self, ids: Sequence[int]) -> Mapping[int, Entry]:
        """The terms of different ids."""
        held = self._terms
        return {each: held[each] for each in ids}

    def add(self, entries: Mapping[Entry, int]) -> None:
        """Take over what a commit has made durable."""
        self._ids.update(entries)
        self._terms.update((number, term) for term, number in entries.items())

    def note_stored(self) -> None:
        """Nothing to do: it was given them all."""

    def within(self, cursor: duckdb.DuckDBPyConnection) -> Delta:  # noqa: ARG002  nothing is in a table
        """Itself."""
        return self


class StoredDelta:
    """Those of a store on disk: in its table ``term``, and the last used ones in memory.

    Args:
        cursor: A cursor that nobody else uses.
        first: The first number of each tag that is not in the base.
    """

    holds_all = False

    def __init__(self, cursor: duckdb.DuckDBPyConnection, first: Mapping[Tag, int]) -> None:
        self._cursor = cursor
        self._first = first
        self._is_later = " OR ".join(
            f"id BETWEEN {make_id(tag, number)} AND {id_range(tag)[1]}"
            for tag, number in first.items()
        )
        self._is_later = f"({self._is_later})"
        self._lock = threading.Lock()
        self._ids: dict[Entry, int] = {}
        self._terms: dict[int, Entry] = {}
        # Whether there are any at all: a store that was never edited is spared the question.
        self._is_empty = not self._any_stored()

    def find(self, term: Entry) -> int | None:
        """The id of a term."""
        return self.find_all((term,)).get(term)

    def find_all(self, terms: Sequence[Entry]) -> Mapping[Entry, int]:
        """The ids of different terms, those that have one."""
        if self._is_empty:
            return {}
        with self._lock:
            found = {each: self._ids[each] for each in terms if each in self._ids}
            missing = [each for each in terms if each not in found]
            for term, identity in self._look_up(missing):
                found[term] = identity
                self._keep(term, identity)
        return found

    def terms(self, ids: Sequence[int]) -> Mapping[int, Entry]:
        """The terms of different ids."""
        with self._lock:
            missing = [each for each in ids if each not in self._terms]
            found = {each: self._terms[each] for each in ids if each in self._terms}
            if missing:
                rows = self._cursor.execute(
                    "SELECT id, lex, dt, lang FROM term"
                    " WHERE id IN (SELECT unnest($1)) AND id BETWEEN $2 AND $3",
                    [missing, min(missing), max(missing)],
                ).fetchall()
                for identity, lexical, datatype, language in rows:
                    term = make_entry(lexical, datatype, language)
                    found[identity] = term
                    self._keep(term, identity)
        if len(found) < len(ids):
            lost = next(each for each in ids if each not in found)
            raise KeyError(lost)
        return found

    def add(self, entries: Mapping[Entry, int]) -> None:
        """Take over what a commit has made durable."""
        with self._lock:
            self._is_empty = self._is_empty and not entries
            if len(entries) < MOST_CACHED:
                for term, identity in entries.items():
                    self._keep(term, identity)

    def note_stored(self) -> None:
        """Take note that a commit has put terms into the table without saying which."""
        self._is_empty = False

    def within(self, cursor: duckdb.DuckDBPyConnection) -> Delta:
        """One that asks the transaction's own cursor."""
        return StoredDelta(cursor, self._first)

    def entries(self) -> Mapping[Entry, int]:
        """All of them, with their ids."""
        rows = self._cursor.execute(
            f"SELECT id, lex, dt, lang FROM term WHERE {self._is_later}"
        ).fetchall()
        return {make_entry(*rest): identity for identity, *rest in rows}

    def _any_stored(self) -> bool:
        row = self._cursor.execute(
            f"SELECT EXISTS (SELECT 1 FROM term WHERE {self._is_later})"
        ).fetchone()
        return row is not None and bool(row[0])

    def _look_up(self, terms: Sequence[Entry]) -> Iterator[tuple[Entry, int]]:
        if not terms:
            return
        rows = [entry_row(each) for each in terms]
        columns = [[row[number] for row in rows] for number in range(3)]
        found = self._cursor.execute(
            "SELECT place, id FROM (SELECT unnest($1) AS lex, unnest($2::VARCHAR[]) AS dt,"
            " unnest($3) AS lang, unnest($4) AS place) AS wanted"
            f" JOIN (SELECT * FROM term WHERE {self._is_later}) AS term"
            " ON term.lex = wanted.lex AND term.lang = wanted.lang"
            " AND term.dt IS NOT DISTINCT FROM wanted.dt",
            [*columns, list(range(len(terms)))],
        ).fetchall()
        for place, identity in found:
            yield terms[place], identity

    def _keep(self, term: Entry, identity: int) -> None:
        if len(self._terms) >= MOST_CACHED:
            # The oldest tenth: dictionaries keep the order of insertion.
            for old in list(self._terms)[: MOST_CACHED // 10]:
                del self._ids[self._terms.pop(old)]
        self._ids[term] = identity
        self._terms[identity] = term


def make_entry(lexical: str, datatype: str | None, language: str) -> Entry:
    """The term of a row of the table ``term``."""
    if datatype is None:
        return Iri(lexical)
    return Literal(lexical, datatype, language)


def entry_row(term: Entry) -> tuple[str, str | None, str, float | None]:
    """``lex``, ``dt``, ``lang`` and ``num`` of a term in the table ``term``."""
    if isinstance(term, Iri):
        return term.value, None, "", None
    number = None
    if dictionary_tag(term) in {Tag.DOUBLE, Tag.NUMERIC}:
        number = numeric_value(term)
    return term.lexical, term.datatype, term.language, number


def canonical_entry(term: Term) -> Entry:
    """A term as the dictionary holds it: its language tag in lower case.

    Raises:
        StoreError: It is of RDF 1.2, or no entry of a dictionary.
    """
    if isinstance(term, Iri):
        return term
    if isinstance(term, Literal):
        if term.direction:
            raise StoreError("literals with a direction (RDF 1.2) are not held")
        if term.language:
            return Literal(term.lexical, RDF_LANG_STRING, term.language.lower())
        if term.datatype == RDF_LANG_STRING:
            # Without a language it is no such literal; it must not be taken for one.
            return Literal(term.lexical, XSD_STRING)
        return term
    raise StoreError("triple terms (RDF 1.2) are not held")


def insert_entries(cursor: duckdb.DuckDBPyConnection, entries: Iterable[tuple[Entry, int]]) -> None:
    """Write terms into the table ``term``."""
    rows = [(identity, *entry_row(term)) for term, identity in entries]
    if rows:
        cursor.execute(
            "INSERT INTO term SELECT unnest($1), unnest($2::VARCHAR[]), unnest($3::VARCHAR[]),"
            " unnest($4::VARCHAR[]), unnest($5::DOUBLE[])",
            [list(column) for column in zip(*rows, strict=True)],
        )
        chosen = ", ".join(str(row[0]) for row in rows if tag_of(row[0]) in _TEXTS)
        if chosen:
            index_texts(cursor, f"(SELECT * FROM term WHERE id IN ({chosen}))", "token")
