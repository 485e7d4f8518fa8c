"""Class tables: which classes and properties get one, and that shapes inside and outside count."""

from pathlib import Path

import pyoxigraph as ox
from store_invariants import require_sound, term_of

from conflictkg.answers import Iri
from conflictkg.store.classes import ClassPlan, plan_classes
from conflictkg.store.database import Database
from conflictkg.store.loading import Load
from conflictkg.store.opening import open_database
from conflictkg.store.optimizing import optimize
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

EX = "http://example.org/"
PREFIXES = f"@prefix : <{EX}> . @prefix sh: <http://www.w3.org/ns/shacl#> .\n"
SHAPES = (
    PREFIXES
    + """
:StrikeShape a sh:NodeShape ; sh:targetClass :Strike ;
    sh:property [ sh:path :place ] , [ sh:path ( :a :b ) ] , [ sh:path [ sh:inversePath :c ] ] ;
    sh:node :NamedShape ;
    sh:and ( :DatedShape [ sh:property [ sh:path :means ] ] ) .
:NamedShape sh:property [ sh:path :name ; sh:node :NotOfTheStrike ] ; sh:node :StrikeShape .
:NotOfTheStrike sh:property [ sh:path :other ] .
:DatedShape sh:property [ sh:path :date ] .
:EmptyShape sh:targetClass :Unused .
"""
)
DATA = (
    PREFIXES
    + """
:s1 a :Strike ; :place :p1 ; :name "one" , "two" ; :date "2017-06-13" ; :often 1 ; :many 1 , 2 .
:s2 a :Strike ; :place :p2 ; :name "three" ; :often 2 .
:s3 a :Strike ; :place :p2 ; :often 3 ; :many 3 .
:s4 a :Strike ; :rare 4 .
:p1 a :Place ; :name "Hangu" .
"""
)


def plans_of(text: str) -> dict[str, tuple[str, ...]]:
    triples = [
        (term_of(each.subject), term_of(each.predicate), term_of(each.object))
        for each in ox.parse(text, format=ox.RdfFormat.TURTLE)
    ]
    plans = plan_classes((s, p, o) for s, p, o in triples if isinstance(p, Iri))
    return {each.iri: each.properties for each in plans}


def test_shapes_say_classes_and_properties() -> None:
    """Also through sh:node and sh:and, round in circles; not those of values, not longer paths."""
    assert plans_of(SHAPES) == {
        EX + "Strike": tuple(EX + name for name in ("date", "means", "name", "place")),
        EX + "Unused": (),
    }


def columns_of(database: Database, name: str) -> dict[str, tuple[int, bool]]:
    """By property, how many rows of a class table have it, and whether it covers it."""
    identity = database.dictionary.find(Iri(EX + name))
    assert identity is not None
    table = database.catalog.classes[identity]
    properties = database.dictionary.terms(list(table.columns))
    return {
        each.value.removeprefix(EX): (column.filled, column.covers)
        for each, column in zip(properties, table.columns.values(), strict=True)
        if isinstance(each, Iri)
    }


def load(folder: Path, *texts: str, plans: tuple[ClassPlan, ...] = ()) -> Database:
    paths = []
    for number, text in enumerate(texts):
        path = folder / f"{number}.ttl"
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    load_files([Source(each) for each in paths], folder / "store", Load((), plans=plans))
    return open_database(folder / "store")


STRIKE_COLUMNS = {"place": (3, True), "date": (1, True), "often": (3, True)}


def test_single_properties_of_a_class_are_columns(tmp_path: Path) -> None:
    """Those of the shapes, however rare, and those that many subjects have; none with two values."""
    with load(tmp_path, DATA, SHAPES) as database:
        assert columns_of(database, "Strike") == STRIKE_COLUMNS
        assert {database.dictionary.term(each) for each in database.catalog.classes} == {
            Iri(EX + "Strike")
        }
        require_sound(database)


def test_shapes_from_outside_are_remembered(tmp_path: Path) -> None:
    """An optimize derives the same tables without being told again."""
    plans = (ClassPlan(EX + "Strike", (EX + "date",)), ClassPlan(EX + "Place", (EX + "name",)))
    with load(tmp_path, DATA, plans=plans) as database:
        expected = {name: columns_of(database, name) for name in ("Strike", "Place")}
        # A strike has a name too.
        assert expected == {"Strike": STRIKE_COLUMNS, "Place": {"name": (1, False)}}
    optimize(tmp_path / "store")
    with open_database(tmp_path / "store") as database:
        assert {name: columns_of(database, name) for name in ("Strike", "Place")} == expected
        require_sound(database)


def test_frequent_class_without_a_shape_has_a_table(tmp_path: Path) -> None:
    """Data that no shape speaks of are answered fast too."""
    lines = [f":t{number} a :Thing ; :size {number} .\n" for number in range(1200)]
    with load(tmp_path, PREFIXES + "".join(lines)) as database:
        assert columns_of(database, "Thing") == {"size": (1200, True)}
        require_sound(database)
