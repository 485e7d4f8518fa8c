"""Which predicates lead to an object: none is missed, and none is named that a bulk load did not see."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from store_invariants import require_sound

from conflictkg.answers import Iri, Literal, Solutions
from conflictkg.errors import StoreError
from conflictkg.store import open_store
from conflictkg.store.database import Database
from conflictkg.store.layout import INCOMING
from conflictkg.store.opening import open_database
from conflictkg.store.optimizing import optimize
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

EX = "http://example.org/"
FREQUENT = 1_000
"""Quads of a predicate that has a table of its own."""


def write(tmp_path: Path, lines: list[str]) -> Path:
    """A store of N-Triples."""
    file, directory = tmp_path / "data.nt", tmp_path / "store"
    file.write_text("".join(f"{line} .\n" for line in lines), encoding="utf-8")
    load_files([Source(file)], directory)
    return directory


def names_leading_to(database: Database, name: str) -> set[str]:
    """Local names of the predicates that may lead to an IRI."""
    value = database.dictionary.find(Iri(EX + name))
    assert value is not None
    found = database.dictionary.terms([each.id for each in database.catalog.leading_to(value)])
    return {str(each).rsplit("/", 1)[-1].rstrip("'>)") for each in found if isinstance(each, Iri)}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """``often`` has a table of its own; ``both`` is led to by it and a rare predicate."""
    lines = [f"<{EX}s{number}> <{EX}often> <{EX}o{number % 50}>" for number in range(FREQUENT)]
    lines += [f"<{EX}s1> <{EX}rare> <{EX}o7>", f"<{EX}s1> <{EX}text> 'o7'".replace("'", '"')]
    return write(tmp_path, lines)


@pytest.fixture
def loaded(directory: Path) -> Iterator[Database]:
    """Open for changing."""
    with open_database(directory, read_only=False) as database:
        yield database


def test_an_object_has_its_own_predicates_and_no_others(loaded: Database) -> None:
    """As the load saw them."""
    assert names_leading_to(loaded, "o7") == {"often", "rare"}
    assert names_leading_to(loaded, "o8") == {"often"}
    assert names_leading_to(loaded, "s1") == set()
    require_sound(loaded)


def test_predicates_that_grew_are_never_left_out(directory: Path, loaded: Database) -> None:
    """What came by an update leads to old objects and to new ones, until all is sorted anew."""
    with loaded.change() as change:
        change.insert_terms([(Iri(EX + "s2"), Iri(EX + "rare"), Iri(EX + "o8"), None)])
        change.insert_terms([(Iri(EX + "s2"), Iri(EX + "new"), Iri(EX + "s1"), None)])
    assert {"often", "rare"} <= names_leading_to(loaded, "o8")
    assert "new" in names_leading_to(loaded, "s1")
    require_sound(loaded)
    loaded.close()
    with open_database(directory) as again:
        assert {"often", "rare"} <= names_leading_to(again, "o8")
        require_sound(again)
    optimize(directory)
    with open_database(directory) as sorted_anew:
        assert names_leading_to(sorted_anew, "s1") == {"new"}
        assert names_leading_to(sorted_anew, "o8") == {"often", "rare"}
        require_sound(sorted_anew)


def test_look_up_by_object_finds_what_was_loaded_and_what_came_later(directory: Path) -> None:
    """The question that all this is for, in one graph, in each, and in all."""
    with open_store(directory, editable=True) as store:
        store.update(
            f"INSERT DATA {{ <{EX}s3> <{EX}later> <{EX}o7> . GRAPH <{EX}g> {{ <{EX}s1> <{EX}rare> <{EX}o7> }} }}"
        )

        def ask(where: str) -> list[tuple[str, ...]]:
            answer = store.query(f"SELECT * WHERE {{ {where} }}")
            assert isinstance(answer, Solutions)
            places = [answer.variables.index(each) for each in ("s", "p")]
            rows = [tuple(row[place] for place in places) for row in answer.rows]
            return sorted(
                tuple(each.value for each in row if isinstance(each, Iri)) for row in rows
            )

        often = [(f"{EX}s{number}", EX + "often") for number in range(7, FREQUENT, 50)]
        rare, later = (EX + "s1", EX + "rare"), (EX + "s3", EX + "later")
        assert ask(f"?s ?p <{EX}o7>") == sorted([*often, rare, later])
        assert ask(f"GRAPH <{EX}g> {{ ?s ?p <{EX}o7> }}") == [rare]
        assert ask(f"GRAPH ?g {{ ?s ?p <{EX}o7> }}") == [rare]
        assert ask(f"?s ?p <{EX}o7> . FILTER(?p != <{EX}often>)") == [rare, later]
        assert ask(f"?s ?p <{EX}s9>") == []


def test_more_predicates_than_bits(tmp_path: Path) -> None:
    """The rarest are not told apart, and none is missed."""
    lines = [
        f"<{EX}s{number}> <{EX}p{predicate}> <{EX}o{predicate}>"
        for predicate in range(100)
        for number in range(100 - predicate)
    ]
    with open_database(write(tmp_path, lines)) as database:
        assert names_leading_to(database, "o3") == {"p3"}
        assert names_leading_to(database, "o90") <= {f"p{each}" for each in range(63, 100)}
        require_sound(database)


def test_more_sets_than_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then nothing is told apart but whether anything leads to an IRI."""
    monkeypatch.setattr("conflictkg.store.incoming._MOST_SETS", 2)
    lines = [f"<{EX}s> <{EX}p{number}> <{EX}o{number}>" for number in range(5)]
    with open_database(write(tmp_path, lines)) as database:
        assert len(names_leading_to(database, "o3")) >= 1
        assert names_leading_to(database, "s") == set()
        require_sound(database)


def test_literals_are_not_told_apart(loaded: Database) -> None:
    """Only IRIs have sets; of a literal all predicates are named whose bounds it is within."""
    value = loaded.dictionary.find(Literal("o7"))
    assert value is not None
    assert [each.quads for each in loaded.catalog.leading_to(value)] == [1]


@pytest.mark.parametrize("damage", ["numbers", "sets.json", "gone"])
def test_damaged_files_are_recognised(directory: Path, damage: str) -> None:
    """No wrong answer comes of them."""
    folder = directory / INCOMING
    if damage == "gone":
        (folder / "numbers").unlink()
    else:
        file = folder / damage
        file.write_bytes(file.read_bytes()[:-2])
    with pytest.raises(StoreError, match=r"incoming predicates .*conflictkg build"):
        open_database(directory)
