# ruff: noqa: S608 -- SQL here is made of our own names and of numbers
"""Quads in their sorted orders, class tables and what a catalog must know: as a store has them, made by Spark."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conflictkg.answers import RDF, Iri
from conflictkg.engine.catalog import ClassTable, Dictionary, Predicate
from conflictkg.engine.ids import DEFAULT_GRAPH, Tag, id_range
from conflictkg.spark import rows
from conflictkg.spark.session import Spark, placeholders
from conflictkg.store.classes import (
    choose_classes,
    class_counts,
    counted_class,
    lay_out,
    measure_usage,
    pivot,
    plans_of,
    shape_predicates,
)
from conflictkg.store.finishing import DIGESTED, make_digest
from conflictkg.store.laying import name_tables
from conflictkg.store.statistics import MOST_INSTANCES, StoreCatalog
from conflictkg.store.tables import POS, tags_of

# The first graph of a triple is the one that counts in the union of all.
_QUADS = """
    SELECT s, p, o, g, place = 0 AS u FROM (
        SELECT s, p, o, sort_array(collect_set(g)) AS graphs FROM numbered GROUP BY s, p, o
    ) LATERAL VIEW posexplode(graphs) AS place, g ORDER BY s, p, o, g
"""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted of the quads.

    Args:
        predicates: Of the catalog.
        triples: By predicate, how many triples there are in the union of all graphs.
    """

    predicates: Mapping[int, Predicate]
    triples: Mapping[int, int]


def lay_quads(spark: Spark, folder: Path) -> Counts:
    """Write ``spo``, ``pos`` and the tables of frequent predicates from the view ``numbered``."""
    spark.write(_QUADS, folder / "spo.parquet")
    spark.read("spo", folder / "spo.parquet")
    counted = spark.select(f"""
        SELECT p, count(*), count(DISTINCT s), count(DISTINCT o), {tags_of("s")}, {tags_of("o")}, bool_and(u),
            min(o), max(o), count_if(u)
        FROM spo GROUP BY p ORDER BY count(*) DESC, p
    """)
    names = name_tables((row[0], row[1]) for row in counted)
    _write_predicates(spark, folder, names)
    predicates = {
        row[0]: Predicate(row[0], names.get(row[0], POS), *row[1:9]) for row in sorted(counted)
    }
    return Counts(predicates, {row[0]: row[9] for row in counted})


def _write_predicates(spark: Spark, folder: Path, names: Mapping[int, str]) -> None:
    frequent = placeholders(list(names))
    spark.write(
        f"SELECT s, p, o, g, u FROM spo WHERE NOT coalesce(p IN ({frequent}), FALSE) ORDER BY p, o, s, g",
        folder / f"{POS}.parquet",
    )
    if not names:
        return
    # Sorted once for all: each predicate's quads lie together, and become a folder.
    each = folder / "predicates"
    spark.write(
        f"SELECT p, s, o, g, u FROM spo WHERE p IN ({frequent}) ORDER BY p, o, s, g", each, by="p"
    )
    for predicate, name in names.items():
        (each / f"p={predicate}").rename(folder / f"{name}.parquet")
    each.rmdir()


def lay_classes(
    spark: Spark, folder: Path, dictionary: Dictionary, counts: Counts
) -> tuple[dict[int, int], dict[int, ClassTable]]:
    """Write the class tables; how many subjects the classes with the most have, and the tables."""
    rdf_type = dictionary.find(Iri(RDF + "type"))
    if rdf_type is None or rdf_type not in counts.predicates:
        return {}, {}
    instances: dict[int, int] = dict(
        spark.select(
            f"SELECT o, count(*) FROM spo WHERE u AND p = {rdf_type}"
            f" GROUP BY o ORDER BY count(*) DESC, o LIMIT {MOST_INSTANCES}"
        )
    )
    shaped = placeholders(shape_predicates(dictionary))
    shapes = spark.select(f"SELECT s, p, o FROM spo WHERE u AND p IN ({shaped}) ORDER BY s, p, o")
    chosen = choose_classes(plans_of(shapes, dictionary), dictionary, instances)
    if not chosen:
        return instances, {}
    kinds = placeholders([each.id for each in chosen])
    spark.define(
        "kind", f"SELECT s, o AS class FROM spo WHERE u AND p = {rdf_type} AND o IN ({kinds})"
    )
    usage = measure_usage(
        spark.select(
            "SELECT class, p, count(DISTINCT s), count(*) FROM spo JOIN kind USING (s)"
            " WHERE u GROUP BY class, p"
        )
    )
    tables = {}
    for each in lay_out(chosen, usage, counts.triples, rdf_type):
        wanted = placeholders([rdf_type, *each.names])
        facts = (
            f"SELECT s, p, o FROM spo WHERE u AND p IN ({wanted})"
            f" AND s IN (SELECT s FROM kind WHERE class = {each.id})"
        )
        spark.write(pivot(facts, each.names), folder / f"{each.table}.parquet")
        spark.read(each.table, folder / f"{each.table}.parquet")
        (found,) = spark.select(class_counts(each.table, each.names))
        tables[each.id] = counted_class(found, each.id, each.table, each.names, each.covering)
    return instances, tables


def index_texts(spark: Spark, folder: Path) -> None:
    """Write the table ``token`` from the view ``term``."""
    # The tags of strings without and with a language follow each other.
    low, high = id_range(Tag.STRING)[0], id_range(Tag.LANG)[1]
    texts = f"SELECT * FROM term WHERE id BETWEEN {low} AND {high}"
    spark.map("tokens", texts, rows.find_tokens, rows.TOKENS)
    spark.write("SELECT token, id FROM tokens ORDER BY token, id", folder / "token.parquet")


def take_catalog(
    spark: Spark, folder: Path, dictionary: Dictionary, counts: Counts
) -> StoreCatalog:
    """Write the class tables, and say of the store what its catalog says."""
    instances, classes = lay_classes(spark, folder, dictionary, counts)
    graphs = spark.select(
        f"SELECT g, count(*) FROM spo WHERE g <> {DEFAULT_GRAPH} GROUP BY g ORDER BY g"
    )
    return StoreCatalog(
        epoch=0,
        dictionary=dictionary,
        union_default_graph=True,
        quads=sum(each.quads for each in counts.predicates.values()),
        predicates=counts.predicates,
        classes=classes,
        instances=instances,
        graphs=dict(graphs),
    )


def find_digest(spark: Spark) -> str:
    """Names the contents, as a load on one machine names them."""
    hashes = []
    for table in DIGESTED:
        spark.map(
            "hashed", f"SELECT {DIGESTED[table]} FROM {table}", rows.hasher(table), rows.HASHES
        )
        ((found,),) = spark.select("SELECT bit_xor(hash) FROM hashed")
        hashes.append((found or 0) & ((1 << 64) - 1))
    return make_digest(hashes)
