# ruff: noqa: S608 -- SPARQL of our own making
"""Update requests without end, from a seed, and what each of them does to a set of quads.

A process that makes them and the one that checks what became of them need to agree on nothing but the
seed and how many requests there were.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

from store_invariants import QuadOfTerms

from conflictkg.answers import RDF, RDF_LANG_STRING, XSD, Blank, Iri, Literal
from conflictkg.store.classes import ClassPlan
from conflictkg.store.loading import Load
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

EX = "http://example.org/"
BASE = Iri(EX + "graph/base")
GRAPHS = tuple(Iri(f"{EX}graph/{number}") for number in range(3))
TYPE, NAME, COUNT, KNOWS = Iri(RDF + "type"), Iri(EX + "name"), Iri(EX + "count"), Iri(EX + "knows")
EVENT = Iri(EX + "Event")
COUNTER = Iri(EX + "counter")
MEMBERS = 150
FREQUENT = 100
"""So many quads give a predicate a table of its own here; with as many as it takes in earnest, checking
the store would take most of the time."""

Quads = frozenset[QuadOfTerms]
Effect = Callable[[Quads], Quads]


@dataclass(frozen=True, slots=True)
class Request:
    """One update request.

    Args:
        text: In SPARQL.
        effect: What it makes of the quads that there were.
    """

    text: str
    effect: Effect


def _integer(number: int) -> Literal:
    return Literal(str(number), XSD + "integer")


def _member(number: int) -> Iri:
    return Iri(f"{EX}member/{number}")


def first_quads() -> Quads:
    """What is there before the first request."""
    quads: set[QuadOfTerms] = {(COUNTER, COUNT, _integer(0), BASE)}
    for number in range(MEMBERS):
        member = _member(number)
        quads |= {
            (member, TYPE, EVENT, BASE),
            (member, NAME, Literal(f"Event number {number}"), BASE),
            (member, KNOWS, _member(number // 2), BASE),
        }
    return frozenset(quads | {(each, NAME, Literal("graph"), each) for each in GRAPHS})


def write_first_store(directory: Path) -> None:
    """A store of :func:`first_quads`, with a class table and tables of frequent predicates."""
    path = write_file(directory.with_suffix(".nq"), first_quads())
    plan = ClassPlan(EVENT.value, (NAME.value, KNOWS.value))
    with patch("conflictkg.store.laying.FREQUENT", FREQUENT):
        load_files([Source(path)], directory, Load((), plans=[plan]))
    path.unlink()


def more_quads(number: int) -> Quads:
    """What a file holds that comes later: the same for the same number."""
    quads: set[QuadOfTerms] = set()
    for each in range(300):
        thing, graph = Iri(f"{EX}file/{number}/{each}"), GRAPHS[each % len(GRAPHS)]
        quads |= {
            (thing, TYPE, EVENT, graph),
            (thing, NAME, Literal(f"Thing {each} of file {number}"), graph),
            (thing, Iri(f"{EX}file/{number}"), _integer(each), None),
            (Blank(f"x{each}"), KNOWS, thing, graph),
        }
    return frozenset(quads)


def write_file(path: Path, quads: Iterable[QuadOfTerms]) -> Path:
    """Write quads as N-Quads."""
    path.write_text("".join(f"{write_quad(each)} .\n" for each in quads), encoding="utf-8")
    return path


def write_quad(quad: QuadOfTerms) -> str:
    """A quad as N-Quads has it, without the dot."""
    return " ".join(map(_write, (each for each in quad if each is not None)))


def _write(term: object) -> str:
    if isinstance(term, Iri):
        return f"<{term.value}>"
    if isinstance(term, Blank):
        return f"_:{term.label}"
    assert isinstance(term, Literal)
    if term.language:
        return f'"{term.lexical}"@{term.language}'
    return f'"{term.lexical}"^^<{term.datatype}>'


def _data(quads: Iterable[QuadOfTerms]) -> str:
    lines = []
    for quad in quads:
        triple = write_quad((*quad[:3], None))
        lines.append(f"GRAPH {_write(quad[3])} {{ {triple} }}" if quad[3] else f"{triple} .")
    return "\n".join(lines)


# Kinds of requests: each gets its number and chance


def _insert(number: int, chance: Random) -> Request:
    """Quads of new terms, predicates and blank nodes among them, in several graphs."""
    subject, predicate = Iri(f"{EX}new/{number}"), Iri(f"{EX}property/{number}")
    graph, other = chance.choice(GRAPHS), chance.choice((None, *GRAPHS))
    # No label may come twice in a request.
    blank = Blank(f"n{number}x{chance.randrange(10**9)}")
    quads: set[QuadOfTerms] = {
        (subject, TYPE, EVENT, graph),
        (subject, NAME, Literal(f"Düne {number} north"), graph),
        (subject, NAME, Literal(f"Düne {number} north"), other),
        (subject, predicate, Literal(f"mot {number}", RDF_LANG_STRING, "fr"), other),
        (subject, predicate, Literal(f"0{number}", XSD + "integer"), graph),
        (subject, KNOWS, _member(chance.randrange(MEMBERS)), graph),
        (blank, KNOWS, subject, graph),
    }
    return Request(f"INSERT DATA {{ {_data(quads)} }}", lambda before: before | quads)


def _insert_many(number: int, chance: Random) -> Request:
    """As many as fill a few pages of the log."""
    graph = chance.choice(GRAPHS)
    quads: set[QuadOfTerms] = {
        (Iri(f"{EX}many/{number}/{each}"), KNOWS, _integer(number * 1_000 + each), graph)
        for each in range(150)
    }
    return Request(f"INSERT DATA {{ {_data(quads)} }}", lambda before: before | quads)


def _count(number: int, chance: Random) -> Request:
    """One more than there was: shows whether a request was done twice."""
    fact = f"{_write(COUNTER)} {_write(COUNT)}"

    def effect(before: Quads) -> Quads:
        (old,) = (each for each in before if each[:2] == (COUNTER, COUNT))
        value = old[2]
        assert isinstance(value, Literal)
        return before - {old} | {(*old[:2], _integer(int(value.lexical) + 1), old[3])}

    text = (
        f"WITH {_write(BASE)} DELETE {{ {fact} ?old }} INSERT {{ {fact} ?new }}"
        f" WHERE {{ {fact} ?old BIND (?old + 1 AS ?new) }}"
    )
    return Request(text, effect)


def _rename(number: int, chance: Random) -> Request:
    """Another value for some subjects of the class that has a table."""
    members = {_member(chance.randrange(MEMBERS)) for _ in range(20)}
    fresh = Literal(f"Renamed by {number}")

    def effect(before: Quads) -> Quads:
        old = {each for each in before if each[0] in members and each[1] == NAME}
        return before - old | {(each, NAME, fresh, BASE) for each in members}

    text = (
        f"WITH {_write(BASE)}"
        f" DELETE {{ ?s {_write(NAME)} ?old }} INSERT {{ ?s {_write(NAME)} {_write(fresh)} }}"
        f" WHERE {{ VALUES ?s {{ {' '.join(map(_write, members))} }} ?s {_write(NAME)} ?old }}"
    )
    return Request(text, effect)


def _delete(number: int, chance: Random) -> Request:
    """All that the named graphs say of what an earlier request put in."""
    subjects = {Iri(f"{EX}new/{number - each}") for each in range(1, 8)}

    def effect(before: Quads) -> Quads:
        return frozenset(each for each in before if each[0] not in subjects or each[3] is None)

    text = (
        "DELETE { GRAPH ?g { ?s ?p ?o } } WHERE {"
        f" VALUES ?s {{ {' '.join(map(_write, subjects))} }} GRAPH ?g {{ ?s ?p ?o }} }}"
    )
    return Request(text, effect)


def _delete_data(number: int, chance: Random) -> Request:
    """Quads by name, in all graphs; some of them were never there."""
    quads: set[QuadOfTerms] = set()
    for each in range(number - 8, number):
        subject, name = Iri(f"{EX}new/{each}"), Literal(f"Düne {each} north")
        quads |= {(subject, NAME, name, graph) for graph in (None, *GRAPHS)}
    return Request(f"DELETE DATA {{ {_data(quads)} }}", lambda before: before - quads)


def _clear(number: int, chance: Random) -> Request:
    graph = chance.choice((None, *GRAPHS))
    name = f"GRAPH {_write(graph)}" if graph else "DEFAULT"
    return Request(
        f"CLEAR {name}", lambda before: frozenset(each for each in before if each[3] != graph)
    )


def _copied(before: Quads, source: Iri, target: Iri) -> Quads:
    kept = {each for each in before if each[3] != target}
    return frozenset(kept | {(*each[:3], target) for each in before if each[3] == source})


def _copy(number: int, chance: Random) -> Request:
    source, target = chance.sample(GRAPHS, 2)
    return Request(
        f"COPY {_write(source)} TO {_write(target)}",
        lambda before: _copied(before, source, target),
    )


def _move(number: int, chance: Random) -> Request:
    """The source is there again afterwards, empty, for the requests to come."""
    source, target = chance.sample(GRAPHS, 2)

    def effect(before: Quads) -> Quads:
        return frozenset(each for each in _copied(before, source, target) if each[3] != source)

    text = f"MOVE {_write(source)} TO {_write(target)} ; CREATE GRAPH {_write(source)}"
    return Request(text, effect)


Kind = Callable[[int, Random], Request]
SINGLE: tuple[Kind, ...] = (
    _insert,
    _insert,
    _insert_many,
    _count,
    _rename,
    _delete,
    _delete_data,
    _clear,
    _copy,
    _move,
)


def make_request(seed: int, number: int) -> Request:
    """The request of a number; a third of them have several operations.

    >>> make_request(1, 7).text == make_request(1, 7).text
    True
    """
    chance = Random(f"{seed}/{number}")  # noqa: S311  a test's
    request = chance.choice(SINGLE)(number, chance)
    for _ in range(chance.choice((0, 0, 0, 0, 1, 2))):
        request = _then(request, chance.choice(SINGLE)(number, chance))
    return request


def _then(first: Request, second: Request) -> Request:
    return Request(
        f"{first.text} ;\n{second.text}", lambda before: second.effect(first.effect(before))
    )
