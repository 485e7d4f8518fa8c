# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Class tables: one row a subject of a class, one column a property with at most one value.

Which classes and which properties, the SHACL shapes say, and the data: a property that many subjects of a
class have is a column too. What is in a table is a copy; no answer depends on which tables there are.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb

from conflictkg.answers import RDF, Iri, Term
from conflictkg.engine.catalog import ClassTable, Column, Dictionary, Predicate
from conflictkg.store.laying import FREQUENT
from conflictkg.store.tables import POS, class_table, tags_of

SH = "http://www.w3.org/ns/shacl#"

OFTEN = 0.3
"""A property that this part of a class's subjects have is a column, whatever the shapes say."""
MOST_COLUMNS = 150
MOST_CLASSES = 200
_CHUNK = 400_000
"""So many subjects are turned into rows at a time, to bound what memory it takes."""

Triples = Iterable[tuple[Term, Iri, Term]]


@dataclass(frozen=True, slots=True)
class ClassPlan:
    """What shapes say of one class.

    Args:
        iri: The class.
        properties: IRIs of the properties that its shapes speak of.
    """

    iri: str
    properties: tuple[str, ...]


_SHAPE_NAMES = ("targetClass", "property", "path", "node", "and", "or", "xone")
SHAPE_PREDICATES = (*(SH + name for name in _SHAPE_NAMES), RDF + "first", RDF + "rest")
"""The predicates whose triples :func:`plan_classes` reads."""


def plan_classes(triples: Triples) -> tuple[ClassPlan, ...]:
    """The classes that shapes target, and the properties they speak of.

    Args:
        triples: A shapes graph, or any graph with shapes in it.
    """
    graph = _ShapesGraph(triples)
    found: dict[str, dict[str, None]] = {}
    for shape, target in graph.pairs(SH + "targetClass"):
        if isinstance(target, Iri):
            found.setdefault(target.value, {}).update(graph.properties(shape, frozenset()))
    return tuple(ClassPlan(iri, tuple(sorted(found[iri]))) for iri in sorted(found))


class _ShapesGraph:
    def __init__(self, triples: Triples) -> None:
        self._objects: dict[tuple[str, Hashable], list[Term]] = {}
        self._pairs: dict[str, list[tuple[Term, Term]]] = {}
        wanted = frozenset(SHAPE_PREDICATES)
        for subject, predicate, value in triples:
            if predicate.value in wanted:
                self._objects.setdefault((predicate.value, subject), []).append(value)
                self._pairs.setdefault(predicate.value, []).append((subject, value))

    def pairs(self, predicate: str) -> Sequence[tuple[Term, Term]]:
        return self._pairs.get(predicate, ())

    def properties(self, shape: Term, above: frozenset[Term]) -> dict[str, None]:
        """Paths of one step that a shape, and the shapes it consists of, give its focus nodes."""
        if shape in above:
            return {}
        above |= {shape}
        found: dict[str, None] = {}
        for each in self._objects.get((SH + "property", shape), ()):
            for path in self._objects.get((SH + "path", each), ()):
                if isinstance(path, Iri):
                    found[path.value] = None
        parts = list(self._objects.get((SH + "node", shape), ()))
        for name in ("and", "or", "xone"):
            for each in self._objects.get((SH + name, shape), ()):
                parts += self._items(each)
        for each in parts:
            found.update(self.properties(each, above))
        return found

    def _items(self, head: Term) -> list[Term]:
        items: list[Term] = []
        seen: set[Term] = set()
        while head not in seen:
            seen.add(head)
            items += self._objects.get((RDF + "first", head), ())
            rest = self._objects.get((RDF + "rest", head), ())
            if not rest:
                break
            head = rest[0]
        return items


def read_plans(
    cursor: duckdb.DuckDBPyConnection, schema: str, dictionary: Dictionary
) -> tuple[ClassPlan, ...]:
    """The plans of the shapes that are among the quads of a store."""
    known = shape_predicates(dictionary)
    if not known:
        return ()
    wanted = ", ".join(map(str, known))
    rows = cursor.execute(
        f"SELECT s, p, o FROM {schema}.spo WHERE u AND p IN ({wanted}) ORDER BY s, p, o"
    ).fetchall()
    return plans_of(rows, dictionary)


def shape_predicates(dictionary: Dictionary) -> list[int]:
    """The ids of the predicates whose triples :func:`plans_of` reads; none where no shape targets a class."""
    ids = [dictionary.find(Iri(each)) for each in SHAPE_PREDICATES]
    return [each for each in ids if each is not None] if ids[0] is not None else []


def plans_of(rows: Sequence[tuple[int, int, int]], dictionary: Dictionary) -> tuple[ClassPlan, ...]:
    """The plans of shapes that stand in triples of ids."""
    terms = dictionary.terms([each for row in rows for each in row])
    triples = zip(terms[::3], terms[1::3], terms[2::3], strict=True)
    return plan_classes((s, p, o) for s, p, o in triples if isinstance(p, Iri))


@dataclass(frozen=True, slots=True)
class ClassIds:
    """A :class:`ClassPlan` by ids of a store.

    Args:
        id: The class.
        properties: Those that the shapes speak of and that the store has.
    """

    id: int
    properties: frozenset[int]


def choose_classes(
    plans: Iterable[ClassPlan], dictionary: Dictionary, instances: Mapping[int, int]
) -> list[ClassIds]:
    """The classes that get a table: those with a shape, then other frequent ones, the largest first."""
    chosen: dict[int, frozenset[int]] = {}
    for plan in plans:
        found = dictionary.find(Iri(plan.iri))
        if found is not None and found in instances:
            ids = (dictionary.find(Iri(each)) for each in plan.properties)
            known = frozenset(each for each in ids if each is not None)
            chosen[found] = chosen.get(found, frozenset()) | known
    for identity, size in instances.items():
        if size >= FREQUENT:
            chosen.setdefault(identity, frozenset())
    by_size = sorted(chosen, key=lambda each: (-instances[each], each))
    return [ClassIds(each, chosen[each]) for each in by_size[:MOST_CLASSES]]


def lay_classes(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    chosen: Sequence[ClassIds],
    predicates: Mapping[int, Predicate],
    rdf_type: int | None,
) -> dict[int, ClassTable]:
    """Make the class tables of a store that has been laid down.

    Args:
        connection: With order kept.
        schema: The database; the helping tables are made in the connection's own.
        chosen: The classes.
        predicates: Of the store.
        rdf_type: Id of ``rdf:type``.
    """
    if rdf_type is None or not chosen:
        return {}
    typing = predicates[rdf_type]
    which = f"AND p = {rdf_type}" if typing.table == POS else ""
    ids = ", ".join(str(each.id) for each in chosen)
    connection.execute(
        f"CREATE OR REPLACE TABLE kind AS SELECT s, o AS class FROM {schema}.{typing.table}"
        f" WHERE u AND o IN ({ids}) {which}"
    )
    usage = measure_usage(connection.execute(_USAGE.format(spo=f"{schema}.spo")).fetchall())
    triples = _count_triples(connection, schema, predicates)
    tables = {}
    for each in lay_out(chosen, usage, triples, rdf_type):
        table = f"{schema}.{each.table}"
        _fill_class(connection, schema, table, each.id, rdf_type, each.names, each.size)
        tables[each.id] = describe_class(
            connection, table, each.id, each.table, each.names, each.covering
        )
    connection.execute("DROP TABLE kind")
    return tables


Usage = Mapping[int, Mapping[int, tuple[int, int]]]
"""By class and predicate, how many subjects have how many values."""


@dataclass(frozen=True, slots=True)
class ClassLayout:
    """A class table that is to be made.

    Args:
        id: The class.
        table: The table's name.
        names: Its columns by predicate.
        covering: The predicates of which it holds all triples.
        size: How many subjects.
    """

    id: int
    table: str
    names: Mapping[int, str]
    covering: frozenset[int]
    size: int


def lay_out(
    chosen: Sequence[ClassIds], usage: Usage, triples: Mapping[int, int], rdf_type: int
) -> Iterator[ClassLayout]:
    """Which properties of a class become columns of its table.

    Args:
        chosen: The classes.
        usage: Of them.
        triples: By predicate, how many triples there are in the union of all graphs.
        rdf_type: Id of ``rdf:type``.
    """
    for number, each in enumerate(chosen, 1):
        used = usage[each.id]
        size = used[rdf_type][0]
        columns = [
            predicate
            for predicate, (subjects, values) in used.items()
            if subjects == values
            and predicate != rdf_type
            and (predicate in each.properties or subjects >= OFTEN * size)
        ]
        columns = sorted(sorted(columns, key=lambda each: -used[each][0])[:MOST_COLUMNS])
        if columns:
            names = {predicate: f"c_{place}" for place, predicate in enumerate(columns, 1)}
            covering = frozenset(p for p in columns if used[p][0] == triples[p])
            yield ClassLayout(each.id, class_table(number), names, covering, size)


# spo is sorted: a subject's first quad of a predicate is where the pair changes.
_USAGE = """
    SELECT class, p, sum(is_new::INTEGER)::BIGINT, count(*) FROM (
        SELECT s, p, lag(s) OVER () IS DISTINCT FROM s OR lag(p) OVER () <> p AS is_new
        FROM {spo} WHERE u
    ) JOIN kind USING (s) GROUP BY class, p
"""


def measure_usage(rows: Iterable[tuple[int, int, int, int]]) -> Usage:
    """Usage, of rows of class, predicate, subjects and values."""
    usage: dict[int, dict[int, tuple[int, int]]] = {}
    for kind, predicate, subjects, values in rows:
        usage.setdefault(kind, {})[predicate] = (subjects, values)
    return usage


def _count_triples(
    connection: duckdb.DuckDBPyConnection, schema: str, predicates: Mapping[int, Predicate]
) -> dict[int, int]:
    """By predicate, how many triples there are in the union of all graphs."""
    counted = {each.id: each.quads for each in predicates.values() if each.is_set}
    if len(counted) < len(predicates):
        rest = ", ".join(str(each) for each in predicates if each not in counted)
        counted.update(
            connection.execute(
                f"SELECT p, count(*) FROM {schema}.spo WHERE u AND p IN ({rest}) GROUP BY p"
            ).fetchall()
        )
    return counted


def _fill_class(
    connection: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    identity: int,
    rdf_type: int,
    names: Mapping[int, str],
    size: int,
) -> None:
    columns = "".join(f", {name} BIGINT" for name in names.values())
    connection.execute(f"CREATE TABLE {table} (s BIGINT{columns})")
    wanted = ", ".join(map(str, (rdf_type, *names)))
    bounds = _bounds(connection, identity, size)
    for low, high in pairwise(bounds):
        facts = (
            f"SELECT s, p, o FROM {schema}.spo WHERE u AND p IN ({wanted}) AND s >= {low} AND s < {high}"
            f" AND s IN (SELECT s FROM kind WHERE class = {identity} AND s >= {low} AND s < {high})"
        )
        connection.execute(f"INSERT INTO {table} {pivot(facts, names)}")


def _bounds(connection: duckdb.DuckDBPyConnection, identity: int, size: int) -> list[int]:
    """Ids between which there are about as many subjects of a class as are turned at a time."""
    parts = max(1, -(-size // _CHUNK))
    rows = connection.execute(
        f"SELECT min(s) FROM (SELECT s, ntile({parts}) OVER (ORDER BY s) AS part"
        f" FROM kind WHERE class = {identity}) GROUP BY part ORDER BY part"
        if parts > 1
        else f"SELECT min(s) FROM kind WHERE class = {identity}"
    ).fetchall()
    return [*(row[0] for row in rows), (1 << 63) - 1]


def pivot(facts: str, names: Mapping[int, str]) -> str:
    """SQL, of DuckDB and of Spark: a row a subject, from triples.

    Args:
        facts: SELECT of ``s``, ``p``, ``o``, with at least one triple of each subject that is to have a row.
        names: The columns by predicate.
    """
    values = "".join(
        f", max(o) FILTER (WHERE p = {predicate}) AS {name}" for predicate, name in names.items()
    )
    return f"SELECT s{values} FROM ({facts}) GROUP BY s ORDER BY s"


def describe_class(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    identity: int,
    name: str,
    names: Mapping[int, str],
    covering: Iterable[int],
) -> ClassTable:
    """Count what is in a class table, or in a part of it.

    Args:
        connection: Where it is.
        table: The table, or a SELECT in parentheses.
        identity: The class.
        name: Its table's name in the catalog.
        names: Its columns by predicate.
        covering: The predicates of which it holds all triples.
    """
    # All rows: a result that is not read to its end blocks what comes next on the connection.
    (counts,) = connection.execute(class_counts(table, names)).fetchall()
    return counted_class(counts, identity, name, names, covering)


def class_counts(table: str, names: Mapping[int, str]) -> str:
    """SQL, of DuckDB and of Spark: what :func:`counted_class` reads of a table with these columns."""
    counts = "".join(f", count({each}), coalesce({tags_of(each)}, 0)" for each in names.values())
    return f"SELECT count(*), coalesce({tags_of('s')}, 0){counts} FROM {table}"


def counted_class(
    counts: Sequence[int],
    identity: int,
    name: str,
    names: Mapping[int, str],
    covering: Iterable[int],
) -> ClassTable:
    """What was counted as a record; arguments as for :func:`describe_class`."""
    rows, tags, *rest = counts
    covered = set(covering)
    columns = {
        predicate: Column(each, predicate, filled, value_tags, predicate in covered)
        for (predicate, each), filled, value_tags in zip(
            names.items(), rest[::2], rest[1::2], strict=True
        )
    }
    return ClassTable(identity, name, rows, columns, tags)
