"""Endpoints in this process, and data to ask them about: what the tests of SERVICE share."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from conflictkg.answers import Boolean, Row, Solutions
from conflictkg.answers.formats import write_answer
from conflictkg.errors import FederationError
from conflictkg.federation import Budget, Federation, Policy, Target
from conflictkg.store import Store, memory_store

REMOTE = "http://remote.example/sparql"
OTHER = "http://other.example/sparql"
GRAPH = "http://remote.example/graph"
PREFIX = "PREFIX : <http://e/> "
LOCAL_DATA = (
    ':a :p 1 ; :q :b . :b :p 2 ; :q :c . :c :p 3 . :d :p 1, 2 ; :name "D"@en . :e :q :a . '
    f":one :endpoint <{REMOTE}> ."
)
REMOTE_DATA = (
    ':a :r "x"@en, 5 ; :s :b . :b :r 2.50 . :c :r :a ; :s :d . :z :r 9 . '
    ':d :r "2020-01-01"^^<http://www.w3.org/2001/XMLSchema#date> ; :name "D"@en .'
)


class Others:
    """Endpoints in this process.

    Args:
        stores: Their data, by their IRIs; one without fails.
    """

    def __init__(self, stores: dict[str, Store]) -> None:
        self.stores = stores
        self.asked: list[str] = []
        self.federation: Federation | None = None

    def ask(self, target: Target, text: str, _budget: Budget) -> bytes:
        self.asked.append(text)
        if target.iri not in self.stores:
            raise FederationError(target.iri, "failed", "it cannot be asked.")
        store = self.stores[target.iri]
        with store.query(text, deadline_s=10, federation=self.federation) as answer:
            return b"".join(write_answer(answer, "json"))


@contextmanager
def open_remote() -> Iterator[Store]:
    """What the other endpoint holds."""
    with memory_store() as store:
        store.update(f"{PREFIX} INSERT DATA {{ {REMOTE_DATA} }}")
        yield store


@contextmanager
def open_local() -> Iterator[Store]:
    """The local data in the default graph, and the others' in a graph of their own, to compare with."""
    with memory_store() as store:
        store.update(f"{PREFIX} INSERT DATA {{ {LOCAL_DATA} GRAPH <{GRAPH}> {{ {REMOTE_DATA} }} }}")
        yield store


def make_federation(others: Others, **bounds: int) -> Federation:
    targets = (Target(REMOTE, **bounds), Target(OTHER, **bounds))  # type: ignore[arg-type]  # fields by name
    return Federation(Policy(targets), others.ask)


def ask(store: Store, text: str, federation: Federation | None = None) -> Counter[Row] | bool:
    with store.query(PREFIX + text, deadline_s=10, federation=federation) as answer:
        if isinstance(answer, Boolean):
            return answer.value
        assert isinstance(answer, Solutions)
        return Counter(answer.rows)


S = f"SERVICE <{REMOTE}>"
