# ruff: noqa: S608 -- SQL of our own making
"""What must hold of a store's tables and catalog, whatever was done to it."""

from collections import Counter
from collections.abc import Iterable

import duckdb
import pyoxigraph as ox

from conflictkg.answers import RDF, RDF_LANG_STRING, Blank, Iri, Literal, Term
from conflictkg.engine.catalog import ClassTable
from conflictkg.engine.ids import Tag, id_range
from conflictkg.engine.words import tokenize
from conflictkg.store.database import Database

QuadOfTerms = tuple[Term, Term, Term, Term | None]
IdQuad = tuple[int, int, int, int, bool]
TYPE = Iri(RDF + "type")


def term_of(term: object) -> Term:
    """A term of the reference parser."""
    if isinstance(term, ox.NamedNode):
        return Iri(term.value)
    if isinstance(term, ox.BlankNode):
        return Blank(term.value)
    assert isinstance(term, ox.Literal)
    if term.language is not None:
        return Literal(term.value, RDF_LANG_STRING, term.language)
    return Literal(term.value, term.datatype.value)


def read_quads(database: Database) -> set[QuadOfTerms]:
    """All quads of a store, as terms."""
    cursor = database.cursor()
    rows = cursor.execute("SELECT s, p, o, g FROM spo").fetchall()
    terms = database.dictionary.terms([each for row in rows for each in row[:3]])
    graphs = [database.dictionary.term(row[3]) if row[3] else None for row in rows]
    quads = list(zip(terms[::3], terms[1::3], terms[2::3], graphs, strict=True))
    assert len(set(quads)) == len(quads), "a quad stands twice in spo"
    return set(quads)


def without_labels(quads: Iterable[QuadOfTerms]) -> Counter[tuple[object, ...]]:
    """Quads with all blank nodes made equal: a necessary condition of isomorphism."""
    return Counter(
        tuple("_" if isinstance(each, Blank) else each for each in quad) for quad in quads
    )


def require_sound(database: Database) -> None:
    """Check the tables and the catalog against ``spo``."""
    cursor = database.cursor()
    quads: list[IdQuad] = cursor.execute("SELECT s, p, o, g, u FROM spo").fetchall()
    catalog = database.catalog
    _require_marks(quads)
    assert catalog.quads == len(quads)
    _require_predicates(cursor, database, quads)
    graphs = Counter(row[3] for row in quads if row[3])
    assert {key: size for key, size in catalog.graphs.items() if size} == dict(graphs)
    rdf_type = database.dictionary.find(TYPE)
    triples = {row[:3] for row in quads}
    instances = Counter(o for _, p, o in triples if p == rdf_type)
    assert dict(catalog.instances) == dict(instances)
    for table in catalog.classes.values():
        _require_class(cursor, table, triples, rdf_type)
    _require_texts(cursor, database)


def _require_marks(quads: list[IdQuad]) -> None:
    marked = Counter(row[:3] for row in quads if row[4])
    assert set(marked.values()) <= {1}, "two quads of a triple are marked"
    assert marked.keys() == {row[:3] for row in quads}, "no quad of a triple is marked"


def _require_predicates(
    cursor: duckdb.DuckDBPyConnection, database: Database, quads: list[IdQuad]
) -> None:
    by_predicate: dict[int, list[IdQuad]] = {}
    for row in quads:
        by_predicate.setdefault(row[1], []).append(row)
    found = database.catalog.predicates
    assert found.keys() == by_predicate.keys()
    in_pos: list[IdQuad] = []
    for key, rows in by_predicate.items():
        each = found[key]
        assert each.quads == len(rows)
        assert 1 <= each.subjects <= len(rows)
        assert 1 <= each.objects <= len(rows)
        for row in rows:
            assert each.subject_tags >> (row[0] >> 58) & 1
            assert each.object_tags >> (row[2] >> 58) & 1
        if each.is_set:
            assert all(row[4] for row in rows)
        for value in {row[2] for row in rows}:
            assert each in database.catalog.leading_to(value), "a predicate of an object is missed"
        if each.table == "pos":
            in_pos += rows
            continue
        own = cursor.execute(f"SELECT s, o, g, u FROM {each.table}").fetchall()
        assert sorted(own) == sorted((s, o, g, u) for s, _, o, g, u in rows)
    assert sorted(cursor.execute("SELECT s, p, o, g, u FROM pos").fetchall()) == sorted(in_pos)


def _require_class(
    cursor: duckdb.DuckDBPyConnection,
    table: ClassTable,
    triples: set[tuple[int, int, int]],
    rdf_type: int | None,
) -> None:
    members = {s for s, p, o in triples if p == rdf_type and o == table.id}
    columns = list(table.columns.values())
    names = "".join(f", {each.name}" for each in columns)
    rows = cursor.execute(f"SELECT s{names} FROM {table.name}").fetchall()
    assert sorted(row[0] for row in rows) == sorted(members)
    assert table.rows == len(rows)
    assert all(table.subject_tags >> (row[0] >> 58) & 1 for row in rows)
    for place, column in enumerate(columns, 1):
        expected = sorted((s, o) for s, p, o in triples if p == column.predicate and s in members)
        held = sorted((row[0], row[place]) for row in rows if row[place] is not None)
        assert held == expected, column
        assert column.filled == len(held)
        assert all(column.tags >> (value >> 58) & 1 for _, value in held)
        if column.covers:
            assert all(s in members for s, p, _ in triples if p == column.predicate)


def _require_texts(cursor: duckdb.DuckDBPyConnection, database: Database) -> None:
    low, high = id_range(Tag.STRING)[0], id_range(Tag.LANG)[1]
    rows = cursor.execute(f"SELECT id, lex FROM term WHERE id BETWEEN {low} AND {high}").fetchall()
    expected = sorted((word, key) for key, text in rows for word in tokenize(text))
    assert sorted(cursor.execute("SELECT token, id FROM token").fetchall()) == expected
    every = cursor.execute("SELECT id, lex, dt, lang FROM term").fetchall()
    assert len({row[0] for row in every}) == len(every)
    assert len({row[1:] for row in every}) == len(every), "a term stands twice"
    for tag in (Tag.IRI, Tag.STRING, Tag.LANG):
        if database.dictionary.is_ordered(1 << tag):
            own = sorted((key, text, tongue) for key, text, _, tongue in every if key >> 58 == tag)
            assert [row[1:] for row in own] == sorted(row[1:] for row in own), (
                "ids are out of order"
            )
    for key, lexical, datatype, language in every:
        term = Iri(lexical) if datatype is None else Literal(lexical, datatype, language)
        assert database.dictionary.term(key) == term
        assert database.dictionary.find(term) == key
