"""Drawn queries with SERVICE: the answer is that of one store that has all the data."""

import random
from collections.abc import Callable, Iterator

import pytest
from federated import GRAPH, REMOTE, Others, S, ask, make_federation, open_local, open_remote

from conflictkg.errors import EndpointRefusedError
from conflictkg.store import Store

_VARIABLES = ("?a", "?b", "?c")
_SEEDS = range(80)
_BOUNDS: tuple[dict[str, int], ...] = ({}, {"batch": 1}, {"max_bindings": 2})


class Drawer:
    """Draws groups of patterns.

    Args:
        seed: The same gives the same.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  not for secrets

    def group(self, depth: int) -> str:
        """The inside of a group."""
        return " ".join(self._element(depth) for _ in range(self.random.randint(1, 3)))

    def _element(self, depth: int) -> str:
        inner = depth - 1
        kinds: list[tuple[int, Callable[[], str]]] = [
            (30, lambda: f"%s {{ {self._remote(2)} }}"),
            (20, lambda: self._triple(":p", ":q")),
        ]
        if depth > 0:
            kinds += [
                (12, lambda: f"OPTIONAL {{ {self.group(inner)} }}"),
                (10, lambda: f"{{ {self.group(inner)} }} UNION {{ {self.group(inner)} }}"),
                (6, lambda: f"MINUS {{ {self.group(inner)} }}"),
                (6, lambda: f"FILTER ({self._condition()})"),
                (6, lambda: f"FILTER {self._pick('', 'NOT ')}EXISTS {{ {self.group(inner)} }}"),
                (4, lambda: f"{{ SELECT DISTINCT ?a ?b {{ {self.group(inner)} }} }}"),
                (2, lambda: f"{{ SELECT ?a {{ {self.group(inner)} }} GROUP BY ?a }}"),
                (2, lambda: f"GRAPH <{GRAPH}> {{ {self.group(inner)} }}"),
                (2, lambda: "VALUES (?a ?b) { (:a 1) (:b UNDEF) (UNDEF :c) }"),
            ]
        return self._draw(kinds)

    def _remote(self, depth: int) -> str:
        """The inside of SERVICE."""
        triple, inner = self._triple(":r", ":s"), depth - 1
        if depth <= 0:
            return triple
        kinds: list[tuple[int, Callable[[], str]]] = [
            (50, lambda: triple),
            (15, lambda: f"{triple} OPTIONAL {{ {self._remote(inner)} }}"),
            (15, lambda: f"{{ {self._remote(inner)} }} UNION {{ {self._remote(inner)} }}"),
            (10, lambda: f"{triple} FILTER ({self._condition()})"),
            (10, lambda: f"{{ SELECT DISTINCT ?a ?b {{ {self._remote(inner)} }} }}"),
        ]
        return self._draw(kinds)

    def _draw(self, kinds: list[tuple[int, Callable[[], str]]]) -> str:
        (make,) = self.random.choices([make for _, make in kinds], [weight for weight, _ in kinds])
        return make()

    def _pick(self, *texts: str) -> str:
        return self.random.choice(texts)

    def _triple(self, *predicates: str) -> str:
        subject = self._pick(*_VARIABLES, *_VARIABLES, ":a", ":b", ":c", ":d")
        return f"{subject} {self._pick(*predicates)} {self._pick(*_VARIABLES, ':b', '1')} ."

    def _condition(self) -> str:
        one, other = self._pick(*_VARIABLES), self._pick(*_VARIABLES)
        return self._pick(
            f"BOUND({one})",
            f"!BOUND({one})",
            f"{one} = {other}",
            f"{one} != {other}",
            f"isIRI({one})",
        )


@pytest.fixture(scope="module")
def remote() -> Iterator[Store]:
    with open_remote() as store:
        yield store


@pytest.fixture(scope="module")
def local() -> Iterator[Store]:
    with open_local() as store:
        yield store


@pytest.mark.parametrize("seed", _SEEDS)
def test_drawn_query_answers_as_one_store(local: Store, remote: Store, seed: int) -> None:
    """Whatever a query is made of, and however much is sent along."""
    drawer = Drawer(seed)
    shape = f"SELECT * {{ {drawer.group(3)} %s {{ ?a :r ?b }} }}"
    expected = ask(local, shape.replace("%s", f"GRAPH <{GRAPH}>"))
    bounds = _BOUNDS[seed % len(_BOUNDS)]
    try:
        found = ask(
            local, shape.replace("%s", S), make_federation(Others({REMOTE: remote}), **bounds)
        )
    except EndpointRefusedError as error:
        assert "bound outside of EXISTS" in str(error)  # noqa: PT017  the one refusal that is right
        return
    assert found == expected, shape
