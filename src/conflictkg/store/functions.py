"""The functions in Python that SQL calls: one vector of rows, one call.

They are registered once in each instance of DuckDB and find their programs by key, for as long as a
query runs that needs them.
"""

import threading
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from duckdb.func import FunctionNullHandling, PythonUDFType

from conflictkg.answers import Term
from conflictkg.engine.catalog import Dictionary
from conflictkg.engine.ids import pack_term, unpack_term
from conflictkg.engine.program import AggregateProgram, Program

_ROWS_A_LOOK = 64
"""Rows after which a function looks whether its query still runs."""
_ITEMS_A_LOOK = 4_096


class StoppedError(Exception):
    """The query was stopped while Python computed for it."""


@dataclass(frozen=True, slots=True)
class _Run:
    """A program in use.

    Args:
        program: What is computed.
        dictionary: Whose ids its inputs are.
        stops: For each query that uses it: whether it was stopped.
    """

    program: Program | AggregateProgram
    dictionary: Dictionary
    stops: list[Callable[[], bool]]

    def is_stopped(self) -> bool:
        """Whether nobody waits for it."""
        return all(stop() for stop in tuple(self.stops))


class Programs:
    """The programs of the queries that run, by key; keys are different in the whole process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._runs: dict[str, _Run] = {}

    def enter(
        self,
        programs: Mapping[str, Program | AggregateProgram],
        dictionary: Dictionary,
        is_stopped: Callable[[], bool],
    ) -> None:
        """Have programs at hand until :meth:`leave`.

        Args:
            programs: By key.
            dictionary: Whose ids their inputs are.
            is_stopped: Asked now and then while one computes; names the query to :meth:`leave`.
        """
        with self._lock:
            for key, program in programs.items():
                run = self._runs.get(key)
                if run is None:
                    run = self._runs[key] = _Run(program, dictionary, [])
                run.stops.append(is_stopped)

    def leave(self, programs: Mapping[str, Any], is_stopped: Callable[[], bool]) -> None:
        """A query that needed programs has ended."""
        with self._lock:
            for key in programs:
                stops = self._runs[key].stops
                stops.remove(is_stopped)
                if not stops:
                    del self._runs[key]

    @contextmanager
    def at_hand(
        self,
        programs: Mapping[str, Program | AggregateProgram],
        dictionary: Dictionary,
        is_stopped: Callable[[], bool],
    ) -> Iterator[None]:
        """Have programs at hand while the block runs; arguments as for :meth:`enter`."""
        self.enter(programs, dictionary, is_stopped)
        try:
            yield
        finally:
            self.leave(programs, is_stopped)

    def find(self, key: str) -> _Run:
        """A program in use."""
        with self._lock:
            return self._runs[key]


PROGRAMS = Programs()
"""Of the process: an instance of DuckDB can be shared by stores, and keys are not used twice."""

_registered: weakref.WeakSet[duckdb.DuckDBPyConnection] = weakref.WeakSet()
_registering = threading.Lock()


def warm_up() -> None:
    """Load now what the first query would load.

    pyarrow imports pandas where that is installed: a second or more that no deadline can cut short.
    """
    pa.array([""])


def register_functions(instance: duckdb.DuckDBPyConnection) -> None:
    """Have an instance of DuckDB know ``ckg_term``, ``ckg_test`` and ``ckg_aggregate``."""
    with _registering:
        if instance in _registered:
            return
        for name, (function, returned) in FUNCTIONS.items():
            # With side effects: RAND() of two rows is two numbers, and nothing is computed while planning.
            instance.create_function(
                name,
                function,
                ["VARCHAR", "BIGINT[]", "VARCHAR[]"],
                returned,
                type=PythonUDFType.ARROW,
                null_handling=FunctionNullHandling.SPECIAL,
                side_effects=True,
            )
        _registered.add(instance)


def _compute_terms(keys: Any, ids: Any, texts: Any) -> pa.Array:
    run = PROGRAMS.find(keys[0].as_py())
    evaluate = run.program.evaluate
    found = [evaluate(row) for row in _rows_of(run, ids, texts)]
    return pa.array([None if each is None else pack_term(each) for each in found], pa.string())


def _compute_tests(keys: Any, ids: Any, texts: Any) -> pa.Array:
    run = PROGRAMS.find(keys[0].as_py())
    test = run.program.test if isinstance(run.program, Program) else None
    if test is None:
        raise TypeError("ckg_test was called with a program that has no test")
    return pa.array([test(row) for row in _rows_of(run, ids, texts)], pa.bool_())


def _compute_aggregates(keys: Any, ids: Any, texts: Any) -> pa.Array:
    run = PROGRAMS.find(keys[0].as_py())
    packed: list[str | None] = []
    for row in range(len(keys)):
        _look(run)
        numbers, strings = _flat(ids.slice(row, 1)), _flat(texts.slice(row, 1))
        terms = _decode(run, numbers) if ids[row].is_valid else _unpack(run, strings)
        value = run.program.evaluate(_Watched(terms, run))
        packed.append(None if value is None else pack_term(value))
    return pa.array(packed, pa.string())


FUNCTIONS: Mapping[str, tuple[Callable[[Any, Any, Any], pa.Array], str]] = {
    "ckg_term": (_compute_terms, "VARCHAR"),
    "ckg_test": (_compute_tests, "BOOLEAN"),
    "ckg_aggregate": (_compute_aggregates, "VARCHAR"),
}
"""By the name in SQL: the function over vectors of keys, ids and texts, and the type of what it gives."""


class _Watched(list[Term | None]):
    """The terms of a group; whoever goes through them is stopped with the query."""

    def __init__(self, terms: list[Term | None], run: _Run) -> None:
        super().__init__(terms)
        self._run = run

    def __iter__(self) -> Iterator[Term | None]:
        for start in range(0, len(self), _ITEMS_A_LOOK):
            _look(self._run)
            yield from self[start : start + _ITEMS_A_LOOK]


def _rows_of(run: _Run, ids: Any, texts: Any) -> Iterator[Sequence[Term | None]]:
    """The inputs of each row. All rows of a vector have as many."""
    size = len(ids)
    columns: list[Sequence[Term | None]] = []
    for decode, lists in ((_decode, ids), (_unpack, texts)):
        items = _flat(lists)
        width = len(items) // size if size else 0
        terms = decode(run, items)
        columns += [terms[place::width] for place in range(width)]
    rows: Iterator[Sequence[Term | None]] = (
        zip(*columns, strict=True) if columns else iter([()] * size)
    )
    for number, row in enumerate(rows):
        if number % _ROWS_A_LOOK == 0:
            _look(run)
        yield row


def _look(run: _Run) -> None:
    if run.is_stopped():
        raise StoppedError


def _flat(lists: Any) -> Any:
    if isinstance(lists, pa.ChunkedArray):
        lists = lists.combine_chunks()
    return lists.flatten()


def _decode(run: _Run, ids: Any) -> list[Term | None]:
    return _each_once(run, ids, lambda different: run.dictionary.terms(different))


def _unpack(run: _Run, texts: Any) -> list[Term | None]:
    return _each_once(run, texts, lambda different: [unpack_term(each) for each in different])


def _each_once(
    run: _Run, values: Any, decode: Callable[[list[Any]], Sequence[Term]]
) -> list[Term | None]:
    """The term of each value, decoded once for equal ones: a vector often has few."""
    found: list[Term | None] = []
    for start in range(0, len(values), _ITEMS_A_LOOK):
        _look(run)
        part = values.slice(start, _ITEMS_A_LOOK).to_pylist()
        different = [each for each in dict.fromkeys(part) if each is not None]
        terms = dict(zip(different, decode(different), strict=True))
        found += [terms.get(each) for each in part]
    return found
