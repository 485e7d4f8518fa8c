"""From what a run gives to an answer: decoded, counted, and for CONSTRUCT put into its template."""

from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import count
from typing import Any

import pyarrow as pa

from conflictkg.answers import (
    Answer,
    Batch,
    Blank,
    Boolean,
    Iri,
    Literal,
    Row,
    Solutions,
    Stream,
    Term,
    Triple,
    Triples,
)
from conflictkg.answers.batches import iter_rows
from conflictkg.engine.algebra import Node, TriplePattern
from conflictkg.engine.columns import Column, Rep
from conflictkg.engine.plan import Plan
from conflictkg.store.decoding import decode_batch, decode_value
from conflictkg.store.runtime import Run
from conflictkg.store.statements import Statement

_FEW = 256
"""Rows that are decoded one by one; for more, columns are faster."""
_MOST_REMEMBERED = 100_000
"""Triples of a CONSTRUCT that are remembered, so that none comes twice: some fifty megabytes. After so many one may,
which says nothing new of a graph."""


def answer_fetched(
    statement: Statement, rows: Sequence[tuple[Any, ...]], max_rows: int | None
) -> Answer:
    """The answer of a statement whose rows are all there.

    Args:
        statement: What was asked.
        rows: As DuckDB gave them.
        max_rows: Rows or triples after which the answer ends.
    """
    plan = statement.plan
    if plan.kind == "boolean":
        return Boolean(bool(rows))
    if len(rows) > _FEW:
        batches = iter(
            [decode_batch(_to_arrow(rows, plan.columns), plan.columns, _words(statement))]
        )
        return _make_answer(plan, batches, max_rows, close=None)
    terms = _decode_rows(rows, statement)
    if plan.kind == "graph":
        return Triples(Stream(_make_triples(plan, iter(terms), max_rows)))
    return Solutions(plan.variables, Stream(_take(iter(terms), max_rows)))


def answer_running(statement: Statement, run: Run, max_rows: int | None) -> Answer:
    """The answer of a statement that runs.

    Args:
        statement: What was asked.
        run: Has been opened; it is closed with the answer.
        max_rows: Rows or triples after which the answer ends.
    """
    plan = statement.plan
    batches = (
        decode_batch(each, plan.columns, _words(statement)) for each in run.batches(statement)
    )
    if plan.kind == "boolean":
        try:
            return Boolean(any(each.size for each in batches))
        finally:
            run.close()
    return _make_answer(plan, batches, max_rows, close=run.close)


def _words(statement: Statement) -> Any:
    return statement.catalog.dictionary


def _make_answer(
    plan: Plan, batches: Iterator[Batch], max_rows: int | None, close: Callable[[], None] | None
) -> Answer:
    if plan.kind == "graph":
        rows = (row for batch in batches for row in iter_rows(batch))
        return Triples(Stream(_make_triples(plan, rows, max_rows), close))
    return Solutions(plan.variables, batches=Stream(_take_batches(batches, max_rows), close))


def _take(rows: Iterator[Any], most: int | None) -> Generator[Any, None, bool]:
    """So many; returns whether those were all."""
    left = most
    for row in rows:
        if left is not None:
            if not left:
                return False
            left -= 1
        yield row
    return True


def _take_batches(batches: Iterator[Batch], most: int | None) -> Generator[Batch, None, bool]:
    left = most
    for batch in batches:
        if left is None or batch.size <= left:
            yield batch
            left = None if left is None else left - batch.size
            continue
        if left:
            yield batch.slice(0, left)
        return False
    return True


# Few rows


def _decode_rows(rows: Sequence[tuple[Any, ...]], statement: Statement) -> list[Row]:
    columns = (
        [
            _decode_few(values, column, statement)
            for values, column in zip(zip(*rows, strict=True), statement.plan.columns, strict=True)
        ]
        if rows and statement.plan.columns
        else []
    )
    return list(zip(*columns, strict=True)) if columns else [()] * len(rows)


def _decode_few(
    values: Sequence[Any], column: Column, statement: Statement
) -> Sequence[Term | None]:
    if column.rep is not Rep.ID:
        return [decode_value(each, column.rep) for each in values]
    if None not in values:
        return statement.catalog.dictionary.terms(values)
    known = [each for each in values if each is not None]
    terms = iter(statement.catalog.dictionary.terms(known))
    return [None if each is None else next(terms) for each in values]


_ARROW_TYPES = {
    Rep.ID: pa.int64(),
    Rep.PACKED: pa.large_string(),
    Rep.DOUBLE: pa.float64(),
    Rep.FLOAT: pa.float32(),
    Rep.BOOLEAN: pa.bool_(),
    Rep.STRING: pa.large_string(),
}


def _to_arrow(rows: Sequence[tuple[Any, ...]], columns: Sequence[Column]) -> pa.RecordBatch:
    if not columns:
        # One column that nobody reads: else Arrow would not know how many rows there are.
        return pa.record_batch([pa.nulls(len(rows))], ["none"])
    arrays = [
        pa.array(values, _ARROW_TYPES.get(column.rep))
        for values, column in zip(zip(*rows, strict=True), columns, strict=True)
    ]
    return pa.record_batch(arrays, [str(place) for place in range(len(arrays))])


# Graphs


def _make_triples(
    plan: Plan, rows: Iterator[Row], max_rows: int | None
) -> Generator[Triple, None, bool]:
    """Triples, each once as far as memory allows, and no more than wanted."""
    made = _fill(plan, rows) if plan.template is not None else (_to_triple(*row) for row in rows)
    seen: set[Triple] = set()

    def is_new(triple: Triple) -> bool:
        if triple in seen:
            return False
        if len(seen) < _MOST_REMEMBERED:
            seen.add(triple)
        return True

    return (yield from _take(filter(is_new, made), max_rows))


def _to_triple(subject: Term | None, predicate: Term | None, value: Term | None) -> Triple:
    if subject is None or value is None or not isinstance(predicate, Iri):
        raise ValueError("a plan of triples gave a row that is none")
    return Triple(subject, predicate, value)


def _fill(plan: Plan, rows: Iterator[Row]) -> Iterator[Triple]:
    """The template for each solution; what would be no triple is left out."""
    places = {name: place for place, name in enumerate(plan.variables)}
    makers = [_maker_of(each, places) for each in plan.template or ()]
    for number, row in zip(count(), rows):
        for subject_of, predicate_of, value_of in makers:
            subject, predicate = subject_of(row, number), predicate_of(row, number)
            value = value_of(row, number)
            if (
                isinstance(subject, Iri | Blank)
                and isinstance(predicate, Iri)
                and value is not None
            ):
                yield Triple(subject, predicate, value)


_Maker = Callable[[Row, int], Term | None]


def _maker_of(triple: TriplePattern, places: dict[str, int]) -> tuple[_Maker, _Maker, _Maker]:
    return (
        _term_maker(triple.subject, places),
        _term_maker(triple.predicate, places),
        _term_maker(triple.object, places),
    )


def _term_maker(node: Node, places: dict[str, int]) -> _Maker:
    if isinstance(node, Iri | Literal):
        return lambda _row, _number: node
    name = node.name
    if name.startswith("_:"):
        # No label of the store (b1) or of BNODE (g…) looks like this.
        return lambda _row, number: Blank(f"c{number}_{name[2:]}")
    place = places[name]
    return lambda row, _number: row[place]
