"""Digests of answers: what counts for them, and what does not."""

import hashlib
import random
from collections.abc import Generator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflictkg.answers import (
    Blank,
    Boolean,
    Iri,
    Literal,
    Row,
    Solutions,
    Stream,
    Term,
    Triple,
    Triples,
)
from conflictkg.answers.digest import Digest, digest_answer
from conflictkg.errors import IncompleteAnswerError

P, Q = Iri("http://e/p"), Iri("http://e/q")
terms: st.SearchStrategy[Term | None] = st.sampled_from(
    [
        None,
        Iri("http://e/a"),
        Literal("a"),
        Literal("a", language="en"),
        Literal("1\t2\n_:b"),
        Blank("b"),
        Blank("c"),
    ]
)
nodes = st.sampled_from([Blank(each) for each in "abcdef"])
triples = st.lists(st.builds(Triple, nodes, st.sampled_from([P, Q]), nodes), max_size=12)


def of_rows(rows: Sequence[Row]) -> Digest:
    return digest_answer(Solutions(("a", "b"), Stream(iter(rows))))


def of_triples(*found: Triple) -> str:
    return digest_answer(Triples(Stream(iter(found)))).rows


@given(st.lists(st.tuples(terms, terms), max_size=6), st.randoms())
def test_rows_count_in_any_order_and_sequences_in_theirs(
    rows: list[Row], chance: random.Random
) -> None:
    """Blank nodes that are alike may be swapped, so sequences are compared where there are none."""
    mixed = chance.sample(rows, len(rows))
    assert of_rows(mixed).rows == of_rows(rows).rows
    if not any(isinstance(term, Blank) for row in rows for term in row):
        assert (of_rows(mixed).sequence == of_rows(rows).sequence) == (mixed == rows)


@given(triples, st.permutations("uvwxyz"), st.randoms())
def test_names_of_blank_nodes_and_order_of_triples_mean_nothing(
    found: list[Triple], names: list[str], chance: random.Random
) -> None:
    named = dict(zip("abcdef", names, strict=True))

    def rename(term: Term) -> Term:
        return Blank(named[term.label]) if isinstance(term, Blank) else term

    renamed = [Triple(rename(t.subject), t.predicate, rename(t.object)) for t in found]
    chance.shuffle(renamed)
    assert of_triples(*renamed) == of_triples(*found)
    assert of_triples(*found, *found[:1]) == of_triples(*found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([(Blank("a"), Blank("a"))], [(Blank("a"), Blank("b"))]),
        ([(Blank("a"), None), (Blank("a"), None)], [(Blank("a"), None), (Blank("b"), None)]),
        ([(Iri("_:a"), None)], [(Blank("a"), None)]),
        ([(Literal("_:a"), None)], [(Blank("a"), None)]),
        (
            [(Literal("3", "http://www.w3.org/2001/XMLSchema#integer"), None)],
            [(Literal("3"), None)],
        ),
        ([(Literal("a"), None)], [(None, Literal("a"))]),
        ([(Iri("http://e/_:a"), None)], [(Iri("http://e/_:b"), None)]),
        ([(Literal("a"), None)] * 2, [(Literal("a"), None)]),
        ([], [(None, None)]),
    ],
)
def test_rows_that_differ_have_other_digests(one: list[Row], other: list[Row]) -> None:
    assert of_rows(one).rows != of_rows(other).rows


def test_graphs_that_differ_only_in_blank_nodes_have_other_digests() -> None:
    """How many there are, and which of them stand together."""
    a, b, c = Blank("a"), Blank("b"), Blank("c")
    x = Literal("x")
    assert of_triples(Triple(P, P, Literal("> _:a"))) != of_triples(Triple(P, P, Literal("> _:b")))
    assert of_triples(Triple(a, P, x)) != of_triples(Triple(a, P, x), Triple(b, P, x))
    assert of_triples(Triple(a, P, a)) != of_triples(Triple(a, P, b))
    one = (Triple(a, P, b), Triple(b, P, c), Triple(a, Q, x))
    assert of_triples(*one) != of_triples(*one[:2], Triple(c, Q, x))
    together = (Triple(a, P, x), Triple(a, Q, x), Triple(b, P, x), Triple(b, Q, x))
    assert of_triples(*together[:2]) != of_triples(Triple(a, P, x), Triple(b, Q, x))


def test_digest_can_be_computed_by_anybody() -> None:
    """From the lines of the formats, sorted."""
    rows = [(Iri("http://e/b"), Literal("é")), (Iri("http://e/a"), None)]
    text = 'solutions\ta\tb\n<http://e/a>\t\n<http://e/b>\t"é"'
    assert of_rows(rows).rows == hashlib.sha256(text.encode()).hexdigest()
    graph = "graph\t\n<http://e/p> <http://e/q> <http://e/p> ."
    assert of_triples(Triple(P, Q, P)) == hashlib.sha256(graph.encode()).hexdigest()


def test_what_is_not_whole_has_no_digest() -> None:
    def cut() -> Generator[Row, None, bool]:
        yield (P, Q)
        return False

    with pytest.raises(IncompleteAnswerError, match="after 1 rows"):
        digest_answer(Solutions(("a", "b"), Stream(cut())))
    many = Solutions(("a",), Stream((P,) for _ in range(9)))
    with pytest.raises(IncompleteAnswerError, match="longer than 50 bytes"):
        digest_answer(many, most_bytes=50)


def test_ends_of_chains_of_blank_nodes_are_told_together() -> None:
    """Lists are such chains: which end belongs to which beginning counts, however far it is."""

    def chain(name: str, begin: str, end: str) -> list[Triple]:
        links = [Triple(Blank(f"{name}{i}"), P, Blank(f"{name}{i + 1}")) for i in range(12)]
        ends = [
            Triple(Blank(f"{name}0"), Q, Literal(begin)),
            Triple(Blank(f"{name}12"), Q, Literal(end)),
        ]
        return links + ends

    one = of_triples(*chain("m", "s", "x"), *chain("n", "t", "y"))
    assert one == of_triples(*chain("n", "t", "y"), *chain("k", "s", "x"))
    assert one != of_triples(*chain("m", "s", "y"), *chain("n", "t", "x"))


def test_verdicts_differ() -> None:
    assert digest_answer(Boolean(True)) != digest_answer(Boolean(False))
