"""Pages of published questions: what leads to the next one, and of which data they are."""

import json
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from web_support import FakeStore, client_of, require_problem, write_small_store

from conflictkg.answers import XSD, Boolean, Iri, Literal, Solutions, Stream
from conflictkg.config import Settings
from conflictkg.store import open_store
from conflictkg.web import create_app

PATH = "/api/questions/organizations-mentioned"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    place = write_small_store(tmp_path_factory.mktemp("store") / "s")
    with open_store(place) as store:
        yield create_app(Settings(max_rows=2_000), store).test_client()


def _rows(count: int) -> Solutions:
    """More than there are of, as a store ends an answer at its limit."""

    def iterate() -> Iterator[tuple[Iri]]:
        yield from ((Iri(f"http://example.org/{number}"),) for number in range(count))
        return False  # type: ignore[return-value]  # a generator's return value: Stream reads it

    return Solutions(("s",), Stream(iterate()))


def test_next_page_comes_in_the_same_form_and_with_the_same_patience() -> None:
    """A program that follows Link from CSV gets CSV."""
    client = client_of(FakeStore(lambda _: _rows(3)))
    response = client.get(f"{PATH}?format=csv&timeout=5&limit=3")
    address = response.headers["Link"].split(">")[0].removeprefix("<")
    assert parse_qs(urlsplit(address).query) == {
        "limit": ["3"],
        "offset": ["3"],
        "format": ["csv"],
        "timeout": ["5"],
    }
    assert client.get(address).mimetype == "text/csv"


def test_values_are_numbers_only_where_json_has_them() -> None:
    """What only calls itself a number is a text, and no answer is other than JSON."""
    kinds = {
        "integer": ["7", "007", "null", "[1]", "[" * 100_000, "9" * 5_000],
        "decimal": ["0.25"],
    }
    kinds["double"] = ["1e3", "NaN", "INF", "Infinity", "1e999"]
    terms = [Literal(text, XSD + kind) for kind, texts in kinds.items() for text in texts]
    answer = Solutions(("v",), Stream((each,) for each in terms))
    rows = json.loads(
        client_of(FakeStore(lambda _: answer)).get(PATH).data, parse_constant=pytest.fail
    )["rows"]
    found = [row["v"] for row in rows]
    assert [each for each in found if not isinstance(each, str)] == [7, 0.25, 1000.0]
    assert [str(each) for each in found if isinstance(each, str)] == [
        term.lexical for term in terms if term.lexical not in {"7", "0.25", "1e3"}
    ]


def test_page_behind_the_rows_that_an_answer_has_is_refused(client: FlaskClient) -> None:
    """Paging is no way to have more computed than there is for anybody."""
    assert client.get(f"{PATH}?offset=1900&limit=100").status_code == 200
    body = require_problem(client.get(f"{PATH}?offset=1901&limit=100"), 400, "limit-too-large")
    assert body["maxRows"] == 2_000


def test_page_made_while_the_data_changed_cannot_be_revalidated() -> None:
    """It is not sure of which release it is."""

    class Changing(FakeStore):
        def query(self, *_: object, **__: object) -> Boolean:
            self.release = "r2"
            return Boolean(value=True)

    store = Changing()
    response = client_of(store).get(PATH)
    assert response.status_code == 200
    assert "ETag" not in response.headers
    assert client_of(store).get(PATH).headers["ETag"].startswith('"r2.')


def test_yes_or_no_names_its_release() -> None:
    body = client_of(FakeStore()).get(PATH).get_json()
    assert (body["answer"], body["release"]) == (True, "fake-release")
