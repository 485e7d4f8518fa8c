"""``/openapi.json``: everything here that is not SPARQL, described for programs (OpenAPI 3.1).

Paths come from the application's own routes; what each is for stands in a table below, and a route without a
line there cannot be described: a test asks for it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template

from conflictkg.answers.formats import formats_for
from conflictkg.sandbox import OFFERED
from conflictkg.web.problems import KINDS

blueprint = Blueprint("openapi", __name__)

JSON = "application/json"
HTML = "text/html"
PROBLEM = "application/problem+json"
_GRAPHS = tuple(each.media_type for each in formats_for("graph"))
_UPDATE = "application/sparql-update"
_CONVERTER = re.compile(r"<(?:[a-z]+:)?_?([a-z_]+)>")

NOT_DESCRIBED = frozenset({"sparql.endpoint", "static"})
"""SPARQL has its service description, and files of the pages are nobody's business."""


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of one path is for.

    Args:
        summary: In a sentence.
        media_types: What it answers with.
        query: Parameters of the address: name to what it means.
        statuses: Of good answers.
        sends: Media types of the body that it takes.
        needs_token: Whether it is for those with a token.
        fails: Statuses of problems that are its own, beside those that any has.
    """

    summary: str
    media_types: tuple[str, ...] = (HTML,)
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    statuses: tuple[int, ...] = (200,)
    sends: tuple[str, ...] = ()
    needs_token: bool = False
    fails: tuple[int, ...] = ()


_FORMAT = {"format": "A format by name, instead of the header Accept."}
_PAGE = {"limit": "At most so many rows.", "offset": "After so many rows."}
_GRAPH = {
    "graph": "IRI of a named graph.",
    "default": "Instead: the default graph. Its value counts for nothing.",
}
_WRITING = (400, 401, 403, 404, 409, 412, 413, 415, 422, 503, 507)
_OPERATOR = (401, 403)
_FOUND = (400, 404, 406)

OPERATIONS: Mapping[tuple[str, str], Operation] = MappingProxyType(
    {
        ("pages.home", "GET"): Operation("The home page."),
        ("pages.questions", "GET"): Operation("The published questions, for people."),
        ("pages.question", "GET"): Operation("A published question and its answer.", fails=_FOUND),
        ("pages.graphs", "GET"): Operation("The named graphs, for people."),
        ("pages.graph", "GET"): Operation(
            "A named graph, by its own address.",
            (HTML, *_GRAPHS),
            statuses=(200, 303),
            fails=_FOUND,
        ),
        ("pages.thing", "GET"): Operation(
            "A thing: leads to its page or to data about it.",
            (HTML,),
            statuses=(303,),
            fails=_FOUND,
        ),
        ("pages.page", "GET"): Operation("The page of a thing.", fails=_FOUND),
        ("pages.data", "GET"): Operation(
            "What is stated of a thing.", _GRAPHS, _FORMAT, fails=_FOUND
        ),
        ("pages.concept", "GET"): Operation(
            "A concept of a code list.", (HTML, *_GRAPHS), statuses=(200, 303), fails=_FOUND
        ),
        ("pages.ontology", "GET"): Operation("The ontology.", (HTML, *_GRAPHS), fails=(406,)),
        ("pages.shapes", "GET"): Operation("The shapes.", (HTML, *_GRAPHS), fails=(406,)),
        ("pages.health", "GET"): Operation(
            "Whether the store answers, and its size.", (JSON,), fails=(503,)
        ),
        ("pages.problem", "GET"): Operation(
            "What a problem type means.", (HTML, JSON), fails=_FOUND
        ),
        ("linked.void", "GET"): Operation(
            "What there is, in VoID and DCAT.", _GRAPHS, _FORMAT, fails=(400, 406, 503)
        ),
        ("dumps.listing", "GET"): Operation(
            "The files that can be fetched whole.", (HTML, JSON), _FORMAT, fails=(400, 406, 503)
        ),
        ("dumps.file", "GET"): Operation(
            "A graph, or all, as N-Quads in gzip.",
            ("application/gzip",),
            statuses=(200, 206),
            fails=(404, 409, 416, 503),
        ),
        ("problems", "GET"): Operation("All problem types.", (HTML, JSON)),
        ("pages.robots", "GET"): Operation("What crawlers may fetch.", ("text/plain",)),
        ("operating.ready", "GET"): Operation(
            "Whether a query would be answered now.", (JSON,), fails=(503,)
        ),
        ("operating.metrics", "GET"): Operation(
            "Counters for Prometheus. For the operator.",
            ("text/plain",),
            needs_token=True,
            fails=_OPERATOR,
        ),
        ("running.list_running", "GET"): Operation(
            "The queries that run and wait. For the operator.",
            (JSON, HTML),
            needs_token=True,
            fails=_OPERATOR,
        ),
        ("running.show_running", "GET"): Operation(
            "One query that runs or waits.", (JSON,), needs_token=True, fails=(*_OPERATOR, 404)
        ),
        ("running.cancel_running", "DELETE"): Operation(
            "Stop a query.", (JSON,), needs_token=True, fails=(*_OPERATOR, 404)
        ),
        ("questions_api.list_questions", "GET"): Operation(
            "The published questions with their parameters.", (JSON,)
        ),
        ("questions_api.ask_question", "GET"): Operation(
            "The answer to a published question. Its own parameters, which the list names, are given beside these.",
            (JSON, "text/csv"),
            {**_PAGE, **_FORMAT, "timeout": "Seconds after which it is stopped."},
            fails=(*_FOUND, 429, 503),
        ),
        ("graphstore.indirect", "GET"): Operation(
            "A graph as RDF.", _GRAPHS, {**_GRAPH, **_FORMAT}, fails=(*_FOUND, 429, 503)
        ),
        ("graphstore.direct", "GET"): Operation(
            "The graph whose IRI is the address.", _GRAPHS, _FORMAT, fails=(*_FOUND, 429, 503)
        ),
        **{
            (f"graphstore.{name}", method): Operation(
                summary,
                (JSON,),
                _GRAPH if name == "indirect" else {},
                statuses,
                (_UPDATE,) if method == "PATCH" else () if method == "DELETE" else OFFERED,
                needs_token=True,
                fails=_WRITING,
            )
            for name in ("indirect", "direct")
            for method, summary, statuses in (
                ("PUT", "Put a graph in the place of what is there.", (200, 201, 204)),
                ("POST", "Add to a graph; without a name, make one.", (200, 201, 204)),
                ("DELETE", "Remove a graph.", (200, 204)),
                ("PATCH", "Change a graph by a SPARQL update.", (200, 204)),
            )
        },
        ("journal.list_entries", "GET"): Operation(
            "What was changed, oldest first.",
            (JSON,),
            {"after": "Only entries after this number.", "limit": "At most so many entries."},
            needs_token=True,
            fails=(400, 401, 403, 404),
        ),
        ("journal.show_entry", "GET"): Operation(
            "One change, as JSON or RDF Patch.",
            (JSON, "application/rdf-patch"),
            needs_token=True,
            fails=(401, 403, 404, 406),
        ),
        ("journal.undo_entry", "POST"): Operation(
            "Take a change back.", (JSON,), statuses=(200, 204), needs_token=True, fails=_WRITING
        ),
        ("citing.cite", "GET"): Operation(
            "A citation of an answer: made for a query alone, else looked up again.",
            (HTML, JSON, "application/x-bibtex", "application/yaml"),
            {
                "query": "SPARQL.",
                "release": "Of the data that were asked.",
                "date": "Of the asking.",
                "sha256": "Of the answer.",
                "order": "Hash of the order of its rows, where the query asks for one.",
                "default-graph-uri": "As for /sparql.",
                "named-graph-uri": "As for /sparql.",
                **_FORMAT,
            },
            statuses=(200, 303),
            fails=(403, 406, 414, 422, 429, 503),
        ),
        ("validating.form", "GET"): Operation("A form to validate data."),
        ("validating.validate", "POST"): Operation(
            "The report on data, by our shapes or by those that come with them in a form.",
            (JSON, "text/turtle", HTML),
            sends=OFFERED,
            fails=(403, 406, 413, 415, 422, 429, 503),
        ),
        ("openapi.as_json", "GET"): Operation("This description.", (JSON,)),
        ("openapi.as_page", "GET"): Operation("This description for people."),
    }
)
"""By endpoint and method."""

_TEXT = {"type": "string"}
_PROBLEM_BODY: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "enum": sorted(f"/problems/{slug}" for slug in KINDS)},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "requestId": _TEXT,
        "line": {"type": "integer"},
        "column": {"type": "integer"},
        "hint": _TEXT,
    },
}


def describe_api(app: Flask) -> dict[str, Any]:
    """The description of an application.

    Raises:
        KeyError: A route is not in the table.
    """
    paths: dict[str, dict[str, Any]] = {}
    for rule in sorted(app.url_map.iter_rules(), key=str):
        if rule.endpoint in NOT_DESCRIBED:
            continue
        path = _CONVERTER.sub(r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            operation = OPERATIONS[rule.endpoint, method]
            paths.setdefault(path, {})[method.lower()] = _describe(
                operation, f"{rule.endpoint}.{method.lower()}", _CONVERTER.findall(rule.rule)
            )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "conflictkg",
            "version": version("conflictkg"),
            "summary": "A knowledge graph of armed conflict, in which every assertion says who made it.",
            "description": "Queries go to /sparql, whose own description any client gets that accepts RDF.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": {"Problem": _PROBLEM_BODY},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made with conflictkg token create.",
                }
            },
        },
    }


def _describe(operation: Operation, name: str, places: list[str]) -> dict[str, Any]:
    content: dict[str, Any] = {each: {} for each in operation.media_types}
    problem = {
        "description": "A problem; its type says which.",
        "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}, HTML: {}},
    }
    answers: dict[str, Any] = {}
    for status in operation.statuses:
        answers[str(status)] = {"description": _REASONS[status]}
        # A change is told about only where there is something to tell: warnings.
        if status in {200, 201} and content:
            answers[str(status)]["content"] = content
    answers |= {str(status): problem for status in (*operation.fails, 400, 405)}
    described: dict[str, Any] = {
        "operationId": name,
        "summary": operation.summary,
        "parameters": [
            *(
                {"name": each, "in": "path", "required": True, "schema": _schema_of(each)}
                for each in places
            ),
            *(
                {"name": each, "in": "query", "description": meaning, "schema": _schema_of(each)}
                for each, meaning in operation.query.items()
            ),
        ],
        "responses": dict(sorted(answers.items())),
    }
    if operation.sends:
        body = {each: {"schema": _TEXT} for each in operation.sends}
        described["requestBody"] = {"required": True, "content": body}
    if operation.needs_token:
        described["security"] = [{"token": []}]
    return described


def _schema_of(name: str) -> dict[str, Any]:
    if name in {"limit", "offset", "after", "number"}:
        return {"type": "integer", "minimum": 0} if name != "number" else _TEXT
    return {"type": "number", "exclusiveMinimum": 0} if name == "timeout" else _TEXT


_REASONS = {
    200: "The answer.",
    201: "Made.",
    204: "Done; there is nothing to say.",
    206: "The part that Range asks for.",
    303: "See there.",
}


def _document() -> dict[str, Any]:
    known = current_app.extensions.get("conflictkg.openapi")
    if known is None:
        known = current_app.extensions["conflictkg.openapi"] = describe_api(current_app)
    return dict(known)


@blueprint.get("/openapi.json")
def as_json() -> Response:
    """The description as JSON."""
    return _keep(Response(current_app.json.dumps(_document(), indent=1) + "\n", content_type=JSON))


@blueprint.get("/api")
def as_page() -> Response:
    """The description as a page, without a script."""
    return _keep(
        Response(
            render_template("api.html", api=_document()), content_type=f"{HTML}; charset=utf-8"
        )
    )


def _keep(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
