# ruff: noqa: S608 -- SQL here is made of our own names
"""From numbered terms and quads to a store's files: what a load and an optimize have in common."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import sqrt
from pathlib import Path

import duckdb

from conflictkg.answers import RDF, Iri
from conflictkg.engine.ids import Tag
from conflictkg.store.arena import Arena, write_arena
from conflictkg.store.classes import ClassPlan, choose_classes, lay_classes, read_plans
from conflictkg.store.delta import HeldDelta
from conflictkg.store.dictionary import StoreDictionary
from conflictkg.store.incoming import write_incoming
from conflictkg.store.laying import count_graphs, count_instances, lay_predicates, lay_quads
from conflictkg.store.layout import DATABASE, DICTIONARY, INCOMING, QUADS
from conflictkg.store.pending import Numbers
from conflictkg.store.statistics import StoreCatalog, save_catalog, save_numbers, save_plans
from conflictkg.store.tables import create_tables
from conflictkg.store.textindex import index_texts

Tell = Callable[[str], None]

_VECTOR = 2_048
"""Rows that DuckDB handles at once; row groups are whole vectors."""
_ROW_GROUP_MOST = 122_880
"""DuckDB's own."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written.

    Args:
        catalog: What is in the store; its dictionary can be used for as long as the files are there.
        digest: Names the contents: equal for equal quads, blank nodes excepted.
    """

    catalog: StoreCatalog
    digest: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a store is to be beside its quads.

    Args:
        union_default_graph: Whether queries see the union of all graphs as their default graph.
        plans: What shapes say of classes; shapes among the quads count too.
        graphs: Named graphs that are to be there, even if empty; all have ids.
        epoch: The number of its first state.
    """

    union_default_graph: bool = True
    plans: Sequence[ClassPlan] = ()
    graphs: Iterable[str] = ()
    epoch: int = 0


@contextmanager
def connect_fresh(
    directory: Path, work: Path, memory_mb: int, quads: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database for helping tables, with the new store attached as ``target``.

    Args:
        directory: Of the store; empty.
        work: A folder for temporary files.
        memory_mb: What DuckDB may use.
        quads: About how many it will hold.
    """
    (directory / QUADS).mkdir()
    connection = duckdb.connect(
        work / "work.duckdb",
        config={
            "memory_limit": f"{memory_mb}MB",
            "temp_directory": str(work / "spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        },
    )
    try:
        target = str(directory / DATABASE).replace("'", "''")
        connection.execute(
            f"ATTACH '{target}' AS target (ROW_GROUP_SIZE {_row_group(quads)}); USE target"
        )
        create_tables(connection)
        connection.execute("USE work")
        yield connection
        connection.execute("CHECKPOINT target; DETACH target")
    finally:
        connection.close()


def _row_group(quads: int) -> int:
    """Rows that a look-up reads at least.

    It reads one group whole and looks at the bounds of all the others, so both should be few: measured, a
    look-up is shortest with 12 thousand rows a group at 3.5 million quads and with 40 thousand at 35 million.

    >>> _row_group(3_500_000), _row_group(35_000_000)
    (12288, 38912)
    """
    vectors = round(6.5 * sqrt(quads) / _VECTOR)
    return min(max(vectors * _VECTOR, 12_288), _ROW_GROUP_MOST)


def finish_store(
    connection: duckdb.DuckDBPyConnection,
    directory: Path,
    selection: str,
    numbers: Numbers,
    wanted: Wanted,
    tell: Tell,
) -> Filled:
    """Write everything but ``target.term``, which is there.

    Args:
        connection: Of :func:`connect_fresh`, with order kept.
        directory: Of the store.
        selection: SELECT of the quads' ids.
        numbers: The next numbers of terms.
        wanted: What else it is to be.
        tell: Is told what is being done.
    """
    tell("sort quads")
    lay_quads(connection, selection, "target")
    predicates = lay_predicates(connection, "target")
    tell("write dictionary")
    write_arena(connection.cursor(), "target.term", directory / DICTIONARY)
    base = Arena(directory / DICTIONARY)
    dictionary = StoreDictionary(base, HeldDelta(), numbers)
    count = base.count(Tag.IRI)
    write_incoming(connection.cursor(), "target", predicates, count, directory / INCOMING)
    rdf_type = dictionary.find(Iri(RDF + "type"))
    graphs = count_graphs(connection, "target")
    for iri in wanted.graphs:
        found = dictionary.find(Iri(iri))
        if found is not None:
            graphs.setdefault(found, 0)
    instances = count_instances(connection, "target", predicates, rdf_type)
    tell("derive class tables")
    plans = (*wanted.plans, *read_plans(connection, "target", dictionary))
    chosen = choose_classes(plans, dictionary, instances)
    classes = lay_classes(connection, "target", chosen, predicates, rdf_type)
    tell("index texts")
    index_texts(connection, "target.term", "target.token")
    catalog = StoreCatalog(
        epoch=wanted.epoch,
        dictionary=dictionary,
        union_default_graph=wanted.union_default_graph,
        quads=sum(each.quads for each in predicates.values()),
        predicates=predicates,
        classes=classes,
        instances=instances,
        graphs=graphs,
    )
    connection.execute("USE target")
    save_catalog(connection, catalog)
    save_numbers(connection, numbers.following)
    save_plans(connection, {each.iri: each.properties for each in wanted.plans})
    connection.execute("USE work")
    return Filled(catalog, _digest(connection))


DIGESTED = {"spo": "s, p, o, g", "term": "id, lex, dt, lang"}
"""Tables that a digest is of, and their columns that go into it."""


def hash_rows(connection: duckdb.DuckDBPyConnection, table: str, columns: str) -> int:
    """The hashes of all rows, whatever their order, as one number; that of two parts is the XOR of theirs."""
    ((found,),) = connection.execute(f"SELECT bit_xor(hash({columns})) FROM {table}").fetchall()
    return int(found or 0)


def make_digest(hashes: Iterable[int]) -> str:
    """The hashes of the tables of :data:`DIGESTED` as one text."""
    return "".join(f"{each:016x}" for each in hashes)


def _digest(connection: duckdb.DuckDBPyConnection) -> str:
    return make_digest(
        hash_rows(connection, f"target.{table}", columns) for table, columns in DIGESTED.items()
    )
