"""Changes of a store: what is asked for happens, whole, and everything derived stays true."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_invariants import QuadOfTerms, read_quads, require_sound

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD, Blank, Iri, Literal
from conflictkg.errors import StoreError
from conflictkg.store.changes import Changed, Quads
from conflictkg.store.classes import ClassPlan
from conflictkg.store.database import Database, memory_database
from conflictkg.store.loading import Load
from conflictkg.store.opening import open_database
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

EX = "http://example.org/"
TYPE = Iri(RDF + "type")
SUBJECTS = [Iri(f"{EX}s{number}") for number in range(5)]
PROPERTIES = [Iri(f"{EX}p{number}") for number in range(3)]
CLASSES = [Iri(f"{EX}C{number}") for number in range(2)]
OBJECTS = [
    *SUBJECTS[:2],
    Literal("Hangu, 2017"),
    Literal("Hangou", RDF_LANG_STRING, "fr"),
    Literal("1", XSD + "integer"),
    Literal("01", XSD + "integer"),
    Literal("2017-06-13", XSD + "date"),
    Literal("1e3", XSD + "double"),
    Literal("x", EX + "type"),
]
GRAPHS = [None, Iri(EX + "g1"), Iri(EX + "g2")]
FACTS: st.SearchStrategy[QuadOfTerms] = st.one_of(
    st.tuples(
        st.sampled_from(SUBJECTS),
        st.sampled_from(PROPERTIES),
        st.sampled_from(OBJECTS),
        st.sampled_from(GRAPHS),
    ),
    st.tuples(
        st.sampled_from(SUBJECTS),
        st.just(TYPE),
        st.sampled_from(CLASSES),
        st.sampled_from(GRAPHS),
    ),
)
STEPS = st.lists(
    st.tuples(st.lists(FACTS, max_size=4), st.lists(FACTS, max_size=4)), min_size=1, max_size=5
)


def quads_of(database: Database, quads: list[QuadOfTerms]) -> Quads:
    """Ids of quads, without those that hold a term which the store has never seen."""
    rows = []
    for quad in quads:
        terms = [each for each in quad if isinstance(each, Iri | Literal)]
        ids = [database.dictionary.find(each) for each in terms]
        known = [each for each in ids if each is not None]
        if len(known) == len(ids):
            padded = known if quad[3] is not None else [*known, 0]
            rows.append((padded[0], padded[1], padded[2], padded[3]))
    return Quads.of_rows(rows)


def change(database: Database, delete: list[QuadOfTerms], insert: list[QuadOfTerms]) -> Changed:
    with database.change() as transaction:
        flat = [each for quad in insert for each in quad if each is not None]
        ids = iter(transaction.intern(flat).tolist())
        added = Quads.of_rows(
            [(next(ids), next(ids), next(ids), next(ids) if quad[3] else 0) for quad in insert]
        )
        return transaction.apply(quads_of(database, delete), added)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store on disk with class tables for both classes."""
    folder = tmp_path_factory.mktemp("loaded")
    path = folder / "data.nq"
    lines = [
        f"<{EX}s{n}> <{RDF}type> <{EX}C{n % 2}> <{EX}g1> .\n"
        f"<{EX}s{n}> <{EX}p0> <{EX}s{(n + 1) % 5}> <{EX}g1> .\n"
        # Only subjects of one class have it.
        + (f'<{EX}s{n}> <{EX}p1> "Hangu {n}" .\n' if n % 2 else "")
        for n in range(5)
    ]
    path.write_text("".join(lines), encoding="utf-8")
    plans = [ClassPlan(each.value, (EX + "p0", EX + "p1", EX + "p2")) for each in CLASSES]
    load_files([Source(path)], folder / "store", Load((), plans=plans))
    return folder / "store"


@pytest.fixture
def database() -> Iterator[Database]:
    found = memory_database()
    yield found
    found.close()


def run_steps(database: Database, steps: list[tuple[list[QuadOfTerms], list[QuadOfTerms]]]) -> None:
    expected = read_quads(database)
    for delete, insert in steps:
        before = set(expected)
        expected = (expected - set(delete)) | set(insert)
        done = change(database, delete, insert)
        assert done == Changed(len(before - expected), len(expected - before))
        assert read_quads(database) == expected
        require_sound(database)


@settings(deadline=None, max_examples=60)
@given(steps=STEPS)
def test_changes_in_memory_do_what_sets_do(
    steps: list[tuple[list[QuadOfTerms], list[QuadOfTerms]]],
) -> None:
    """Whatever is removed and added, the quads are those of the sets, and the tables sound."""
    database = memory_database()
    run_steps(database, steps)
    database.close()


@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_changes_on_disk_do_what_sets_do(
    steps: list[tuple[list[QuadOfTerms], list[QuadOfTerms]]],
    loaded: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With class tables too, which are not given up for changes that are large for so small a store."""
    monkeypatch.setattr("conflictkg.store.changes.HUGE", 100.0)
    with open_database(loaded, read_only=False) as database:
        run_steps(database, steps)
    with open_database(loaded) as again:
        require_sound(again)


def test_huge_change_gives_up_the_class_tables(loaded: Path) -> None:
    """Answers do not need them, and the next optimize makes them anew."""
    with open_database(loaded, read_only=False) as database, database.change() as transaction:
        transaction.clear_graphs([0, *transaction.catalog.graphs])
        assert transaction.catalog.classes == {}


def test_change_that_fails_changes_nothing(database: Database) -> None:
    """Neither quads nor terms nor catalog; and ids are not given twice."""
    fact = (SUBJECTS[0], PROPERTIES[0], Literal("a"), None)
    change(database, [], [fact])
    catalog = database.catalog
    lost: list[int] = []

    def fail() -> None:
        with database.change() as transaction:
            lost.extend(transaction.intern([Literal("b")]).tolist())
            transaction.insert_terms([(SUBJECTS[0], PROPERTIES[0], Literal("b"), None)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert database.catalog is catalog
    assert read_quads(database) == {fact}
    assert database.dictionary.find(Literal("b")) is None
    change(database, [], [(SUBJECTS[0], PROPERTIES[0], Literal("c"), None)])
    assert database.dictionary.find(Literal("c")) != lost[0]
    require_sound(database)


def test_reader_sees_a_change_only_when_it_is_whole(database: Database) -> None:
    """Within the block the transaction sees it, others do not."""
    cursor = database.cursor()
    with database.change() as transaction:
        transaction.insert_terms([(SUBJECTS[0], PROPERTIES[0], Literal("a"), None)])
        assert transaction.cursor.execute("SELECT count(*) FROM spo").fetchone() == (1,)
        assert transaction.catalog.quads == 1
        assert cursor.execute("SELECT count(*) FROM spo").fetchone() == (0,)
        assert database.catalog.quads == 0
    assert cursor.execute("SELECT count(*) FROM spo").fetchone() == (1,)
    assert database.catalog.quads == 1


def test_catalog_that_a_commit_replaced_is_not_current(database: Database) -> None:
    """A reader can find out that its plan may be for another state than its snapshot."""
    before = database.catalog
    assert database.is_current(before)
    change(database, [], [(SUBJECTS[0], PROPERTIES[0], Literal("a"), None)])
    assert not database.is_current(before)
    assert database.catalog.epoch > before.epoch


def test_change_of_nothing_keeps_the_state(database: Database) -> None:
    """Removing what is not there is no new state."""
    before = database.catalog
    assert change(database, [(SUBJECTS[0], PROPERTIES[0], Literal("a"), None)], []) == Changed()
    assert database.catalog is before


def test_blank_nodes_are_new_in_every_call(database: Database) -> None:
    """Equal labels are one node within a call, and different ones in two."""
    quad = (Blank("x"), PROPERTIES[0], Blank("x"), None)
    for _ in range(2):
        with database.change() as transaction:
            transaction.insert_terms([quad])
    found = read_quads(database)
    assert {subject for subject, *_ in found} == {Blank("b0"), Blank("b1")}
    assert all(subject == value for subject, _, value, _ in found)
    assert database.dictionary.find_blank(Blank("b1")) is not None
    assert database.dictionary.find_blank(Blank("b2")) is None
    assert database.dictionary.find_blank(Blank("x")) is None


def test_language_tags_are_one_whatever_their_case(database: Database) -> None:
    """RDF compares them without case; the dictionary keeps them in lower case."""
    for tag in ("en-GB", "EN-gb"):
        change(
            database, [], [(SUBJECTS[0], PROPERTIES[0], Literal("a", RDF_LANG_STRING, tag), None)]
        )
    assert read_quads(database) == {
        (SUBJECTS[0], PROPERTIES[0], Literal("a", RDF_LANG_STRING, "en-gb"), None)
    }


def test_literal_with_a_direction_is_refused(database: Database) -> None:
    """RDF 1.2 is not held, and not taken for something else."""
    term = Literal("a", RDF + "dirLangString", "ar", "rtl")
    with pytest.raises(StoreError, match="direction"), database.change() as transaction:
        transaction.intern([term])


def test_graphs_are_created_copied_cleared_and_dropped(database: Database) -> None:
    """An empty graph stays until it is dropped."""
    fact = (SUBJECTS[0], PROPERTIES[0], Literal("a"), GRAPHS[1])
    change(database, [], [fact])
    one = database.dictionary.find(Iri(EX + "g1"))
    assert one is not None
    with database.change() as transaction:
        two = int(transaction.intern([Iri(EX + "g2")])[0])
        transaction.create_graph(two)
    assert database.catalog.graphs == {one: 1, two: 0}
    with database.change() as transaction:
        assert transaction.copy_graph(one, two) == Changed(0, 1)
    assert read_quads(database) == {fact, (*fact[:3], GRAPHS[2])}
    require_sound(database)
    with database.change() as transaction:
        assert transaction.clear_graphs([one]) == Changed(1, 0)
    assert database.catalog.graphs == {one: 0, two: 1}
    require_sound(database)
    with database.change() as transaction:
        assert transaction.drop_graphs([one, two]) == Changed(1, 0)
    assert database.catalog.graphs == {}
    require_sound(database)


def test_store_opened_for_reading_refuses_changes(loaded: Path) -> None:
    """It says why."""
    with (
        open_database(loaded) as database,
        pytest.raises(StoreError, match="for reading only"),
        database.change(),
    ):
        pass
