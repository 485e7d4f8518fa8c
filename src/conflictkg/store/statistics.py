# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""What a store knows of its contents: the catalog that plans are made from, kept in tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb

from conflictkg.engine.catalog import ClassTable, Column, Dictionary, Predicate
from conflictkg.engine.ids import Tag
from conflictkg.store.incoming import Incoming

MOST_INSTANCES = 10_000
"""Of so many classes, those with the most subjects, the catalog says how many they have."""


@dataclass(frozen=True, slots=True)
class StoreCatalog:
    """One state of a store; implements :class:`conflictkg.engine.catalog.Catalog`.

    It never changes: a commit puts another one in its place, and who has this one keeps it.
    """

    epoch: int
    dictionary: Dictionary
    union_default_graph: bool
    quads: int = 0
    predicates: Mapping[int, Predicate] = field(default_factory=dict)
    classes: Mapping[int, ClassTable] = field(default_factory=dict)
    instances: Mapping[int, int] = field(default_factory=dict)
    graphs: Mapping[int, int] = field(default_factory=dict)
    incoming: Incoming | None = None

    def leading_to(self, value: int) -> Iterator[Predicate]:
        """The predicates that may have a quad with this object. Never misses one."""
        known = None if self.incoming is None else self.incoming.predicates(value)
        for each in self.predicates.values():
            if each.least_object <= value <= each.greatest_object and (
                known is None or each.grown or each.id in known
            ):
                yield each


def load_catalog(
    cursor: duckdb.DuckDBPyConnection, dictionary: Dictionary, incoming: Incoming | None = None
) -> StoreCatalog:
    """The catalog as the tables of a store say it."""
    meta = dict(cursor.execute("SELECT key, value FROM meta").fetchall())
    predicates = {
        row[0]: Predicate(*row)
        for row in cursor.execute(
            "SELECT id, name, quads, subjects, objects, subject_tags, object_tags, is_set,"
            " least_object, greatest_object, grown FROM predicate ORDER BY id"
        ).fetchall()
    }
    columns: dict[int, dict[int, Column]] = {}
    for owner, *rest in cursor.execute(
        "SELECT class, name, predicate, filled, tags, covers FROM class_column"
        " ORDER BY class, predicate"
    ).fetchall():
        columns.setdefault(owner, {})[rest[1]] = Column(*rest)
    classes = {
        identity: ClassTable(identity, name, size, columns.get(identity, {}), tags)
        for identity, name, size, tags in cursor.execute(
            "SELECT id, name, size, subject_tags FROM class ORDER BY id"
        ).fetchall()
    }
    return StoreCatalog(
        epoch=int(meta["epoch"]),
        dictionary=dictionary,
        union_default_graph=meta["union_default_graph"] == "true",
        quads=sum(each.quads for each in predicates.values()),
        predicates=predicates,
        classes=classes,
        instances=dict(
            cursor.execute("SELECT class, subjects FROM instance ORDER BY class").fetchall()
        ),
        graphs=dict(cursor.execute("SELECT id, quads FROM graph ORDER BY id").fetchall()),
        incoming=incoming,
    )


def save_catalog(cursor: duckdb.DuckDBPyConnection, catalog: StoreCatalog) -> None:
    """Write a catalog into the tables, in place of what they say."""
    _replace(
        cursor,
        "predicate",
        [
            (
                each.id,
                each.table,
                each.quads,
                each.subjects,
                each.objects,
                each.subject_tags,
                each.object_tags,
                each.is_set,
                each.least_object,
                each.greatest_object,
                each.grown,
            )
            for each in catalog.predicates.values()
        ],
    )
    _replace(
        cursor,
        "class",
        [(each.id, each.name, each.rows, each.subject_tags) for each in catalog.classes.values()],
    )
    _replace(
        cursor,
        "class_column",
        [
            (owner.id, each.name, each.predicate, each.filled, each.tags, each.covers)
            for owner in catalog.classes.values()
            for each in owner.columns.values()
        ],
    )
    _replace(cursor, "instance", list(catalog.instances.items()))
    _replace(cursor, "graph", list(catalog.graphs.items()))
    union = "true" if catalog.union_default_graph else "false"
    _replace(cursor, "meta", [("epoch", str(catalog.epoch)), ("union_default_graph", union)])


def load_numbers(cursor: duckdb.DuckDBPyConnection) -> dict[Tag, int]:
    """The next number of a term by tag."""
    rows = cursor.execute("SELECT tag, next FROM counter").fetchall()
    return {Tag(tag): following for tag, following in rows}


def save_numbers(cursor: duckdb.DuckDBPyConnection, following: Mapping[Tag, int]) -> None:
    """Write the next numbers, in place of what the table says."""
    _replace(cursor, "counter", [(int(tag), number) for tag, number in following.items()])


def load_plans(cursor: duckdb.DuckDBPyConnection) -> dict[str, tuple[str, ...]]:
    """The classes that shapes outside of the store speak of, and their properties."""
    plans: dict[str, list[str]] = {}
    for iri, name in cursor.execute(
        "SELECT class, property FROM class_plan ORDER BY class, property"
    ).fetchall():
        properties = plans.setdefault(iri, [])
        if name:
            properties.append(name)
    return {iri: tuple(properties) for iri, properties in plans.items()}


def save_plans(cursor: duckdb.DuckDBPyConnection, plans: Mapping[str, Sequence[str]]) -> None:
    """Keep what :func:`load_plans` gives, for when class tables are derived again."""
    # A class without properties is kept by an empty one.
    rows: list[tuple[object, ...]] = [
        (iri, name) for iri, names in plans.items() for name in (*names, "")
    ]
    _replace(cursor, "class_plan", rows)


def shrink_predicate(predicates: dict[int, Predicate], predicate: int, count: int) -> None:
    """Take quads away from what is known of a predicate."""
    old = predicates[predicate]
    left = old.quads - count
    if not left:
        del predicates[predicate]
        return
    predicates[predicate] = replace(
        old, quads=left, subjects=min(old.subjects, left), objects=min(old.objects, left)
    )


def grow_predicate(predicates: dict[int, Predicate], new: Predicate) -> None:
    """Add what is known of new quads of a predicate; its table stays."""
    old = predicates.get(new.id)
    if old is None:
        predicates[new.id] = replace(new, grown=True)
        return
    quads = old.quads + new.quads
    predicates[new.id] = replace(
        old,
        quads=quads,
        subjects=min(old.subjects + new.subjects, quads),
        objects=min(old.objects + new.objects, quads),
        subject_tags=old.subject_tags | new.subject_tags,
        object_tags=old.object_tags | new.object_tags,
        is_set=old.is_set and new.is_set,
        least_object=min(old.least_object, new.least_object),
        greatest_object=max(old.greatest_object, new.greatest_object),
        grown=True,
    )


def _replace(cursor: duckdb.DuckDBPyConnection, table: str, rows: list[tuple[object, ...]]) -> None:
    cursor.execute(f"DELETE FROM {table}")
    if rows:
        width = len(rows[0])
        items = ", ".join(f"unnest(${number})" for number in range(1, width + 1))
        cursor.execute(
            f"INSERT INTO {table} SELECT {items}",
            [[row[number] for row in rows] for number in range(width)],
        )
