"""``/openapi.json``: everything here that is not SPARQL, described for programs (OpenAPI 3.1).

Paths come from the application's own routes, what each is for from the table in :mod:`conflictkg.web.operations`.
"""

import re
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Flask, Response, current_app, render_template

from conflictkg.web.operations import HTML, JSON, NOT_DESCRIBED, OPERATIONS, Operation
from conflictkg.web.problems import KINDS

blueprint = Blueprint("openapi", __name__)

PROBLEM = "application/problem+json"
_CONVERTER = re.compile(r"<(?:[a-z]+:)?_?([a-z_]+)>")

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
