"""A query with no answer, or with none in time, is answered with what may be the reason."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient
from small_store import numbers, write_small_store
from web_support import HTML, require_problem

from conflictkg.config import Settings
from conflictkg.store import Limits, open_store
from conflictkg.web import create_app

HEAVY = "SELECT (COUNT(*) AS ?n) {\n ?a ?b ?c . ?d ?e ?f .\n ?g ?h ?i }"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    """A server whose queries have half a second."""
    directory = write_small_store(tmp_path_factory.mktemp("store") / "s", numbers(5_000))
    with open_store(directory, Limits(memory_mb=512)) as store:
        yield create_app(Settings(query_timeout_s=0.5), store).test_client()


def test_timeout_says_what_may_be_the_reason(client: FlaskClient) -> None:
    """Patterns that share no variable are named, for programs and for people."""
    path = f"/sparql?query={quote(HEAVY)}"
    body = require_problem(client.get(path), 503, "query-timeout")
    advice = body["advice"]
    assert isinstance(advice, list)
    assert advice[0]["line"] == 2
    page = client.get(path, headers={"Accept": HTML})
    assert page.status_code == 503
    assert advice[0]["message"][:20] in page.text


def test_empty_answer_says_what_was_probably_meant(client: FlaskClient) -> None:
    """A name that the graph does not have is told with the nearest that it has."""
    query = "PREFIX e: <http://example.org/> SELECT * { ?s e:N 1 }"
    page = client.get(f"/sparql?query={quote(query)}", headers={"Accept": HTML})
    assert page.status_code == 200
    assert "Did you mean e:n?" in page.text


def test_place_is_marked_on_the_page(client: FlaskClient) -> None:
    """Under all of the token that is to blame stand carets, whatever format was asked for."""
    query = "SELECT *\n{ ?s foaf:name ?o }"
    page = client.get(f"/sparql?query={quote(query)}&format=csv", headers={"Accept": HTML})
    assert page.status_code == 400
    assert '<span class="caret">     ^^^^^</span>' in page.text
    assert "PREFIX foaf: &lt;http://xmlns.com/foaf/0.1/&gt;" in page.text
    body = require_problem(client.get(f"/sparql?query={quote(query)}"), 400, "sparql-syntax")
    assert (
        body.items()
        >= {
            "line": 2,
            "column": 6,
            "offsets": {"start": 14, "end": 19},
            "token": "foaf:",
            "hint": "Add: PREFIX foaf: <http://xmlns.com/foaf/0.1/>",
        }.items()
    )
    assert query[14:19] == "foaf:"
