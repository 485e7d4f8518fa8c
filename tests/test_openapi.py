"""The description of everything that is not SPARQL, and the published questions as plain addresses."""

import json
from collections.abc import Iterator

import pytest
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from web_support import require_problem, write_small_store

from conflictkg.answers import Iri
from conflictkg.config import Settings
from conflictkg.engine.syntax import parse_query
from conflictkg.engine.syntax.unparse import unparse
from conflictkg.errors import ParameterError
from conflictkg.parameters import ask_about, parameters_of
from conflictkg.questions import Question, load_questions
from conflictkg.store import open_store
from conflictkg.web import create_app
from conflictkg.web.openapi import describe_api
from conflictkg.web.operations import NOT_DESCRIBED, OPERATIONS

schemathesis.serializer.alias(
    ["application/sparql-update", "application/n-triples", "text/turtle", "application/rdf+xml"],
    "text/plain",
)
QUESTIONS = load_questions()
EXAMPLES = 10
"""Requests of each operation."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskClient]:
    place = write_small_store(tmp_path_factory.mktemp("store") / "s")
    with open_store(place) as store:
        yield create_app(Settings(), store).test_client()


def test_every_route_is_described_and_every_line_is_a_route(client: FlaskClient) -> None:
    """A new route has to be placed in the table."""
    app = client.application
    routes = {
        (rule.endpoint, method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint not in NOT_DESCRIBED
    }
    assert routes == set(OPERATIONS)
    assert client.get("/openapi.json").get_json() == json.loads(json.dumps(describe_api(app)))


def test_graphs_are_described_in_each_format_that_they_have(client: FlaskClient) -> None:
    described = client.get("/openapi.json").get_json()["paths"]["/.well-known/void"]["get"]
    offered = client.get("/.well-known/void", headers={"Accept": "image/png"}).get_json()["offered"]
    assert set(described["responses"]["200"]["content"]) == set(offered)


def test_files_of_a_form_are_described(client: FlaskClient) -> None:
    """What is taken as a form is told, with the names of its files."""
    paths = client.get("/openapi.json").get_json()["paths"]
    for path, names in (("/validate", {"data", "shapes"}), ("/rdf-graph-store", {"data"})):
        body = paths[path]["post"]["requestBody"]["content"]["multipart/form-data"]
        assert set(body["schema"]["properties"]) == names


def test_page_of_the_description_names_every_path(client: FlaskClient) -> None:
    """For people, without any script."""
    page = client.get("/api").text
    paths = client.get("/openapi.json").get_json()["paths"]
    assert all(f"<code>{path}</code>" in page for path in paths)
    assert "<script" not in page


def test_each_question_is_described_with_the_types_of_its_parameters(client: FlaskClient) -> None:
    """And with defaults that are of these types."""
    paths = client.get("/openapi.json").get_json()["paths"]

    def schemas(slug: str) -> dict[str, dict[str, object]]:
        found = paths[f"/api/questions/{slug}"]["get"]["parameters"]
        return {each["name"]: each["schema"] for each in found}

    assert {f"/api/questions/{each.slug}" for each in QUESTIONS} <= set(paths)
    assert schemas("events-possibly-in-month")["from"] == {
        "type": "string",
        "format": "date",
        "default": "2011-06-01",
    }
    latitude = schemas("strikes-near-or-within")["latitude"]
    assert (latitude["type"], type(latitude["default"])) == ("number", float)
    search = schemas("entity-by-any-name")["search"]
    assert (search["type"], search["items"]) == ("array", {"type": "string"})
    assert isinstance(search["default"], list)
    assert schemas("succession-of-post").keys() == {"limit", "offset", "format", "timeout"}


def test_requests_made_up_from_the_description_are_answered_as_it_says(
    client: FlaskClient,
) -> None:
    """No status that is not described, and nothing that breaks, whatever values the parameters have."""
    schema = schemathesis.openapi.from_wsgi("/openapi.json", client.application)
    operations = [each.ok() for each in schema.get_all_operations()]  # type: ignore[union-attr]  # it fails otherwise
    # All but the description's own, and each question by itself.
    assert len(operations) == len(OPERATIONS) - 1 + len(QUESTIONS)
    for operation in operations:
        send_some(operation)


def send_some(operation: schemathesis.APIOperation) -> None:  # type: ignore[type-arg]  # of any
    """Send requests that are made up for one operation."""
    described = {int(each) for each in operation.definition.raw["responses"]}
    # What any address may say: nothing stands there, the address is too long, a header is refused.
    usual = described | {400, 404, 405, 406, 414, 415}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    @given(operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:  # type: ignore[type-arg]  # of any
        response = case.call()
        assert response.status_code in usual, f"{case.method} {case.path} {case.query}"
        if response.status_code >= 400:
            kind = response.headers["content-type"][0].partition(";")[0]
            assert kind in {"application/problem+json", "text/html"}

    ask()


def test_published_questions_are_listed_with_their_parameters(client: FlaskClient) -> None:
    found = {each["slug"]: each for each in client.get("/api/questions").get_json()["questions"]}
    assert len(found) == len(QUESTIONS)
    assert found["events-possibly-in-month"]["parameters"] == [
        {
            "name": name,
            "type": "http://www.w3.org/2001/XMLSchema#date",
            "default": default,
            "repeatable": False,
        }
        for name, default in (("from", "2011-06-01"), ("to", "2011-06-30"))
    ]


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda each: each.slug)
def test_question_given_its_own_defaults_is_the_same_question(question: Question) -> None:
    """Putting in what stands there already changes nothing but the writing."""
    given = {
        each.name: [term.value if isinstance(term, Iri) else term.lexical for term in each.defaults]
        for each in parameters_of(question)
    }
    asked, plain = parse_query(ask_about(question, given)), parse_query(question.sparql)
    assert unparse(asked) == unparse(plain)


@pytest.mark.parametrize(
    ("slug", "given", "problem"),
    [
        ("leaders-of-organization", {"organisation": ["x"]}, 'Did you mean "organization"'),
        ("leaders-of-organization", {"organization": ["not an iri"]}, "is no IRI"),
        ("leaders-of-organization", {"organization": ["http://e/> } #"]}, "is no IRI"),
        ("events-possibly-in-month", {"from": ["2011-13-01"]}, "is no date"),
        ("events-possibly-in-month", {"from": ["2017-02-30"]}, "is no date"),
        ("events-possibly-in-month", {"from": ["2011-01-01", "2011-01-02"]}, "2 times"),
        ("strikes-near-or-within", {"latitude": ["33,5"]}, "is no decimal"),
        ("succession-of-post", {"x": ["1"]}, "no parameters"),
    ],
)
def test_value_that_a_question_has_no_use_for_is_refused(
    slug: str, given: dict[str, list[str]], problem: str
) -> None:
    question = next(each for each in QUESTIONS if each.slug == slug)
    with pytest.raises(ParameterError, match=problem):
        ask_about(question, given)


def test_value_is_a_term_whatever_it_holds(client: FlaskClient) -> None:
    """Quotation marks and braces in a value stay in it."""
    response = client.get(
        "/api/questions/entity-by-any-name", query_string={"search": 'x" } } INSERT'}
    )
    assert (response.status_code, response.get_json()["rows"]) == (200, [])


def test_answer_comes_in_pages_that_link_on(client: FlaskClient) -> None:
    """Together they are the whole answer, each row once, as JSON and as CSV."""
    asked = "?search=Blue+Brigade&search=Ann+Example&search=Daily+Herald"
    path: str | None = f"/api/questions/entity-by-any-name{asked}&limit=1"
    rows = []
    while path:
        response = client.get(path)
        body = response.get_json()
        assert (body["next"] is None) == body["complete"]
        assert ("Link" in response.headers) == (not body["complete"])
        rows += body["rows"]
        path = body["next"]
    assert len(rows) == 3
    path = f"/api/questions/entity-by-any-name{asked}&format=csv"
    whole = client.get(path)
    assert len(whole.text.splitlines()) == 4
    assert whole.headers["Conflictkg-Complete"] == "true"
    tag = whole.headers["ETag"]
    again = client.get(path, headers={"If-None-Match": tag})
    assert again.status_code == 304


@pytest.mark.parametrize("query", ["limit=x", "offset=-1", "limit=1&limit=2", "timeout=soon"])
def test_page_that_cannot_be_is_refused(client: FlaskClient, query: str) -> None:
    path = f"/api/questions/organizations-mentioned?{query}"
    response = client.get(path)
    assert response.status_code == 400
    assert response.get_json()["type"] in {
        "/problems/bad-parameter",
        "/problems/duplicate-parameter",
    }


@pytest.mark.parametrize(
    "path",
    [
        "/api/questions/organizations-mentioned",
        "/cite?query=ASK%7B%7D&sha256=" + "0" * 64 + "&release=r&date=2026-01-01",
        "/dumps",
        "/.well-known/void",
        "/rdf-graph-store?default",
        "/ontology",
    ],
)
def test_format_that_is_given_twice_is_refused(client: FlaskClient, path: str) -> None:
    """Wherever there is a choice, neither is taken in silence."""
    mark = "&" if "?" in path else "?"
    response = client.get(f"{path}{mark}format=json&format=csv")
    assert require_problem(response, 400, "duplicate-parameter")["parameter"] == "format"


def test_unknown_question_is_not_found(client: FlaskClient) -> None:
    require_problem(client.get("/api/questions/leaders"), 404, "not-found")
