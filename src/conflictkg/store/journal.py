"""The journal of a store: who changed it when, and what came and went, in the database itself.

An entry is written in the transaction that it tells of, so there is none without the other. What
came and went is kept as lines of RDF Patch. Blank nodes stand in them with their labels, which are theirs
for as long as the store lives.
"""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import duckdb
import pyoxigraph as ox

from conflictkg.answers import Blank, Iri, Literal, Term
from conflictkg.answers.ntriples import to_ntriples
from conflictkg.engine.ids import DEFAULT_GRAPH, Tag, make_id
from conflictkg.errors import NotFoundError, StoreError, UndoError
from conflictkg.store.changes import Quads, Transaction
from conflictkg.store.protocol import JournalEntry, TermQuad, UpdateReport

_LINES_A_PART = 20_000

_TABLES = """
CREATE TABLE IF NOT EXISTS journal (
    number BIGINT, moment VARCHAR, author VARCHAR, comment VARCHAR, before VARCHAR, after VARCHAR,
    added BIGINT, removed BIGINT, created VARCHAR[], dropped VARCHAR[], undoes BIGINT
);
CREATE TABLE IF NOT EXISTS journal_patch (number BIGINT, part INTEGER, patch BLOB);
"""
JOURNAL_TABLES = ("journal", "journal_patch")


def write_entry(transaction: Transaction, entry: JournalEntry) -> None:
    """Write an entry, with what the transaction has changed.

    Args:
        transaction: It records its changes.
        entry: Without its number and its counts, which are put in here.
    """
    cursor = transaction.cursor
    cursor.execute(_TABLES)
    ((number,),) = cursor.execute("SELECT coalesce(max(number), 0) + 1 FROM journal").fetchall()
    counts = {True: 0, False: 0}
    lines: list[str] = []
    part = 0
    for is_added in (False, True):
        for quad in transaction.edited(is_added=is_added):
            counts[is_added] += 1
            lines.append(_write_line(quad, is_added=is_added))
            if len(lines) >= _LINES_A_PART:
                _write_part(cursor, number, part, lines)
                lines, part = [], part + 1
    if lines:
        _write_part(cursor, number, part, lines)
    cursor.execute(
        "INSERT INTO journal VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        [
            number,
            datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            entry.by,
            entry.comment,
            entry.before,
            entry.after,
            counts[True],
            counts[False],
            list(entry.created),
            list(entry.dropped),
            entry.undoes,
        ],
    )


def _write_part(
    cursor: duckdb.DuckDBPyConnection, number: int, part: int, lines: list[str]
) -> None:
    patch = zlib.compress("".join(lines).encode())
    cursor.execute("INSERT INTO journal_patch VALUES ($1, $2, $3)", [number, part, patch])


def _write_line(quad: TermQuad, *, is_added: bool) -> str:
    parts = " ".join(to_ntriples(each) for each in quad if each is not None)
    return f"{'A' if is_added else 'D'} {parts} .\n"


# Reading


def has_journal(cursor: duckdb.DuckDBPyConnection) -> bool:
    """Whether a store has ever been edited."""
    ((count,),) = cursor.execute(
        "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'journal'"
        " AND database_name = current_database()"
    ).fetchall()
    return bool(count)


def read_journal(
    cursor: duckdb.DuckDBPyConnection, after: int, most: int
) -> tuple[JournalEntry, ...]:
    """The entries after a number, oldest first."""
    if not has_journal(cursor):
        return ()
    rows = cursor.execute(
        "SELECT number, moment, author, comment, before, after, added, removed, created, dropped, undoes"
        " FROM journal WHERE number > $1 ORDER BY number LIMIT $2",
        [after, most],
    ).fetchall()
    entries = [JournalEntry(*row) for row in rows]
    # DuckDB gives lists.
    return tuple(
        replace(each, created=tuple(each.created), dropped=tuple(each.dropped)) for each in entries
    )


def find_entry(cursor: duckdb.DuckDBPyConnection, number: int) -> JournalEntry:
    """An entry by its number.

    Raises:
        NotFoundError: There is no such entry.
    """
    found = read_journal(cursor, number - 1, 1)
    if not found or found[0].number != number:
        raise NotFoundError("journal entry", str(number))
    return found[0]


def iter_patch(cursor: duckdb.DuckDBPyConnection, entry: JournalEntry) -> Iterator[str]:
    """An entry as RDF Patch, some lines at a time."""
    yield "".join(f"H {name} {_quote(value)} .\n" for name, value in _headers(entry))
    yield "TX .\n"
    yield from _iter_parts(cursor, entry.number)
    yield "TC .\n"


def _headers(entry: JournalEntry) -> list[tuple[str, str]]:
    return [
        ("number", str(entry.number)),
        ("at", entry.at),
        ("by", entry.by),
        ("comment", entry.comment),
        ("before", entry.before),
        ("after", entry.after),
        *(("created", each) for each in entry.created),
        *(("dropped", each) for each in entry.dropped),
    ]


def _quote(text: str) -> str:
    return to_ntriples(Literal(text))


def _iter_parts(cursor: duckdb.DuckDBPyConnection, number: int) -> Iterator[str]:
    parts = cursor.execute(
        "SELECT part FROM journal_patch WHERE number = $1 ORDER BY part", [number]
    ).fetchall()
    for (part,) in parts:
        ((patch,),) = cursor.execute(
            "SELECT patch FROM journal_patch WHERE number = $1 AND part = $2", [number, part]
        ).fetchall()
        yield zlib.decompress(patch).decode()


# Undoing


def undo(transaction: Transaction, number: int) -> UpdateReport:
    """Take back what an entry changed.

    Raises:
        NotFoundError: There is no such entry.
        UndoError: Something of it has been changed again since.
    """
    entry = find_entry(transaction.cursor, number)
    added, removed = _read_quads(transaction, number)
    changed = transaction.apply(delete=added, insert=removed)
    if (changed.removed, changed.added) != (len(added), len(removed)):
        raise UndoError(
            number,
            f"of {len(added)} quads that it added {changed.removed} are still there, and of"
            f" {len(removed)} that it removed {changed.added} are still missing",
        )
    for iri in entry.dropped:
        transaction.create_graph(int(transaction.intern([Iri(iri)])[0]))
    graphs = [transaction.catalog.dictionary.find(Iri(iri)) for iri in entry.created]
    transaction.drop_graphs(
        each for each in graphs if each is not None and not transaction.catalog.graphs.get(each)
    )
    return UpdateReport(changed.added, changed.removed)


def _read_quads(transaction: Transaction, number: int) -> tuple[Quads, Quads]:
    """What an entry added and what it removed, as ids."""
    rows: dict[str, list[tuple[int, int, int, int]]] = {"A": [], "D": []}
    for part in _iter_parts(transaction.cursor, number):
        # Not splitlines: a literal may hold other line ends as they are.
        lines = part.removesuffix("\n").split("\n")
        text = "\n".join(line[2:] for line in lines)
        # Lenient: the store takes every language tag of SPARQL's grammar, and has checked all the rest.
        quads = list(ox.parse(text, format=ox.RdfFormat.N_QUADS, lenient=True))
        ids = _ids_of(transaction, quads)
        for line, row in zip(lines, ids, strict=True):
            rows[line[0]].append(row)
    return Quads.of_rows(rows["A"]), Quads.of_rows(rows["D"])


def _ids_of(transaction: Transaction, quads: list[ox.Quad]) -> list[tuple[int, int, int, int]]:
    terms = [
        _to_term(each)
        for quad in quads
        for each in (quad.subject, quad.predicate, quad.object, quad.graph_name)
    ]
    known = [each for each in dict.fromkeys(terms) if isinstance(each, Iri | Literal)]
    ids: dict[Term | None, int] = dict(zip(known, transaction.intern(known).tolist(), strict=True))
    ids[None] = DEFAULT_GRAPH
    for each in terms:
        if isinstance(each, Blank):
            # A blank node keeps its number for as long as the store lives.
            ids[each] = make_id(Tag.BLANK, int(each.label.removeprefix("b")))
    flat = [ids[each] for each in terms]
    return [tuple(flat[start : start + 4]) for start in range(0, len(flat), 4)]  # type: ignore[misc]  # four each


def _to_term(term: object) -> Term | None:
    if isinstance(term, ox.NamedNode):
        return Iri(term.value)
    if isinstance(term, ox.BlankNode):
        return Blank(term.value)
    if isinstance(term, ox.Literal):
        if term.language is not None:
            return Literal(term.value, language=term.language)
        return Literal(term.value, term.datatype.value)
    if isinstance(term, ox.DefaultGraph):
        return None
    raise StoreError("the journal holds a term of RDF 1.2: this is a defect, report it")
