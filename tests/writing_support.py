"""An editable server for tests, and those who may write to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask.testing import FlaskClient
from small_store import write_small_store

from conflictkg.access import Tokens
from conflictkg.config import Settings
from conflictkg.store import Store, open_store
from conflictkg.web import create_app

UPDATE = "application/sparql-update"
GSP = "/rdf-graph-store"
GRAPH = "http://example.org/graph/new"


@dataclass(frozen=True)
class Editable:
    """An editable server.

    Args:
        client: Asks it.
        store: Behind it.
        tokens: Its tokens.
        writer: Headers of one who may write everything.
    """

    client: FlaskClient
    store: Store
    tokens: Tokens
    writer: Mapping[str, str]

    def headers_of(self, name: str, *scopes: str) -> dict[str, str]:
        """Headers of somebody new."""
        return {"Authorization": f"Bearer {self.tokens.create(name, scopes)}"}

    def update(self, text: str, **headers: str) -> object:
        """Send an update as the writer."""
        return self.client.post(
            "/sparql", data=text, headers={**self.writer, "Content-Type": UPDATE, **headers}
        )

    def count(self) -> int:
        """Quads in the store."""
        return self.store.size()


@contextmanager
def editable_server(folder: Path, **settings: object) -> Iterator[Editable]:
    """An editable server over a small store."""
    place = write_small_store(folder / "store")
    given = Settings(store=place, editable=True, **settings)  # type: ignore[arg-type]  # fields by name
    tokens = Tokens(given.tokens_file)
    writer = {"Authorization": f"Bearer {tokens.create('writer', ['write'])}"}
    with open_store(place, editable=True) as store:
        yield Editable(create_app(given, store).test_client(), store, tokens, writer)
