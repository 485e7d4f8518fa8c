# ruff: noqa: S608 -- SQL here is made of our own names
"""Triples of any number, gathered in any order and written as Turtle in one: by subject, predicate, value.

Sources that are converted record by record put their triples here. What does not fit into memory is spilled to disk;
what is added twice is written once, and the bytes are those of :func:`conflictkg.graphs.write_turtle`.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from types import TracebackType
from typing import Self

import pyarrow as pa
from rdflib import RDF, XSD, Literal, URIRef
from rdflib.term import Node

from conflictkg.graphs import TermWriter, join_values
from conflictkg.sources.spilling import append, iter_rows, spilling
from conflictkg.terms import PREFIXES

_AT_ONCE = 50_000
_MOST_REMEMBERED = 20_000
# Looked up once: a term of a closed namespace is made anew each time.
_TYPE, _STRING = str(RDF.type), str(XSD.string)
_NAMES = ("s", "is_other", "p", "is_literal", "lexical", "language", "datatype", "verb", "value")
_SCHEMA = pa.schema(
    [(name, pa.bool_() if name.startswith("is_") else pa.string()) for name in _NAMES]
)


class Blocks:
    """A graph that is only added to, and then written.

    Args:
        memory_mb: What it may take before it is spilled.
    """

    def __init__(self, memory_mb: int = 300) -> None:
        self._held = ExitStack()
        self._connection = self._held.enter_context(spilling(memory_mb))
        columns = ", ".join(
            f"{each.name} {'BOOLEAN' if each.type == pa.bool_() else 'VARCHAR'}" for each in _SCHEMA
        )
        self._connection.execute(f"CREATE TABLE triple ({columns})")
        self._names = TermWriter(PREFIXES)
        self._waiting: list[tuple[object, ...]] = []
        self._written: dict[URIRef, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def add(self, triple: tuple[Node, Node, Node]) -> None:
        """Add a triple without blank nodes.

        Raises:
            InvalidValueError: It has one, or an IRI that is none.
        """
        subject, predicate, value = triple
        is_type = str(predicate) == _TYPE
        is_literal = isinstance(value, Literal)
        datatype, language = "", ""
        if isinstance(value, Literal):
            datatype = _STRING if value.datatype is None else str(value.datatype)
            language = (value.language or "").lower()
        # Written later, but what is wrong with it is to be known now.
        self._write(subject)
        self._waiting.append(
            (
                str(subject),
                not is_type,
                str(predicate),
                is_literal,
                str(value),
                language,
                datatype,
                "a" if is_type else self._write(predicate),
                self._write(value),
            )
        )
        if len(self._waiting) >= _AT_ONCE:
            self._flush()

    def _write(self, term: Node) -> str:
        """A term as Turtle has it. Few IRIs are most of those in a graph, so some are remembered."""
        if not isinstance(term, URIRef):
            return self._names.term(term)
        written = self._written.get(term)
        if written is None:
            written = self._names.term(term)
            if len(self._written) >= _MOST_REMEMBERED:
                self._written.clear()
            self._written[term] = written
        return written

    def add_all(self, subject: URIRef, *properties: tuple[URIRef, Node | None]) -> None:
        """Add several triples about one subject, without those that have no value."""
        for predicate, value in properties:
            if value is not None:
                self.add((subject, predicate, value))

    def __len__(self) -> int:
        """How many different triples there are."""
        self._flush()
        ((number,),) = self._connection.execute(
            "SELECT count(*) FROM (SELECT DISTINCT s, verb, value FROM triple)"
        ).fetchall()
        return int(number)

    def iter_turtle(self) -> Iterator[bytes]:
        """The graph as Turtle, in pieces."""
        self._flush()
        used = sorted(self._names.used)
        yield "\n".join(
            f"@prefix {name}: <{self._names.namespaces[name]}> ." for name in used
        ).encode()
        for subject, rows in groupby(self._iter_ordered(), key=lambda row: row[0]):
            lines = [f"\n\n{self._names.iri(subject)}"]
            for verb, values in groupby(rows, key=lambda row: row[1]):
                lines.append(
                    f"  {verb}{join_values(list(dict.fromkeys(each[2] for each in values)))} ;"
                )
            yield "\n".join([*lines, "."]).encode()
        yield b"\n"

    def _iter_ordered(self) -> Iterator[tuple[str, str, str]]:
        order = ", ".join(_NAMES[:7])
        query = f"SELECT s, verb, value FROM triple ORDER BY {order}"
        return iter_rows(self._connection, query, _AT_ONCE)

    def _flush(self) -> None:
        if not self._waiting:
            return
        columns = zip(*self._waiting, strict=True)
        table = pa.table(
            [pa.array(each, field.type) for each, field in zip(columns, _SCHEMA, strict=True)],
            _SCHEMA,
        )
        append(self._connection, "triple", table)
        self._waiting.clear()
