"""``/openapi.json``: everything here that is not SPARQL, described for programs (OpenAPI 3.1).

Paths come from the application's own routes, what each is for from the table in :mod:`conflictkg.web.operations`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Flask, Response, current_app

from conflictkg.answers import XSD
from conflictkg.parameters import MOST_VALUES, Parameter, parameters_of, write_value
from conflictkg.questions import Question
from conflictkg.web.documents import write_json, write_page
from conflictkg.web.kinds import KINDS
from conflictkg.web.operations import HTML, NOT_DESCRIBED, OPERATIONS, Operation
from conflictkg.web.uploads import FORM, MOST_FILES

blueprint = Blueprint("openapi", __name__)

PROBLEM = "application/problem+json"
_CONVERTER = re.compile(r"<(?:[a-z]+:)?_?([a-z_]+)>")

_TEXT = {"type": "string"}
_KINDS: Mapping[str, dict[str, Any]] = {
    XSD + "integer": {"type": "integer"},
    XSD + "decimal": {"type": "number"},
    XSD + "double": {"type": "number"},
    XSD + "boolean": {"type": "boolean"},
    XSD + "date": {"type": "string", "format": "date"},
}
"""Schemas of parameters by their datatype; the others are texts."""
_READERS: Mapping[str, Callable[[str], object]] = {
    "integer": int,
    "number": float,
    "boolean": {"true": True, "1": True, "false": False, "0": False}.__getitem__,
}

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
    paths |= _describe_questions(app.extensions["conflictkg"].questions)
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
        body = {
            each: {"schema": _describe_form(operation.parts) if each == FORM else _TEXT}
            for each in operation.sends
        }
        described["requestBody"] = {"required": True, "content": body}
    if operation.needs_token:
        described["security"] = [{"token": []}]
    return described


def _describe_form(parts: Mapping[str, str]) -> dict[str, Any]:
    """A form with files; how each is read its type or the end of its name says."""
    file = {"type": "string", "format": "binary"}
    return {
        "type": "object",
        "required": ["data"],
        "properties": {
            name: {"type": "array", "items": file, "maxItems": MOST_FILES, "description": meaning}
            for name, meaning in parts.items()
        },
    }


def _describe_questions(questions: Iterable[Question]) -> dict[str, dict[str, Any]]:
    """Each published question by its own address, with its own parameters and their types."""
    endpoint = "questions_api.ask_question"
    described: dict[str, dict[str, Any]] = {}
    for question in questions:
        operation = replace(OPERATIONS[endpoint, "GET"], summary=question.text)
        asked = _describe(operation, f"{endpoint}.{question.slug}", [])
        own = [_describe_parameter(each) for each in parameters_of(question)]
        asked["parameters"] = [*own, *asked["parameters"]]
        if question.comment:
            asked["description"] = question.comment
        described[f"/api/questions/{question.slug}"] = {"get": asked}
    return described


def _describe_parameter(parameter: Parameter) -> dict[str, Any]:
    schema = dict(_KINDS.get(parameter.kind, _TEXT))
    read = _READERS.get(schema["type"], str)
    defaults = [read(write_value(each)) for each in parameter.defaults]
    if parameter.is_list:
        schema = {"type": "array", "items": schema, "maxItems": MOST_VALUES}
    schema["default"] = defaults if parameter.is_list else defaults[0]
    noun = (
        "an IRI, whole or prefixed" if parameter.kind == "iri" else parameter.kind.partition("#")[2]
    )
    return {
        "name": parameter.name,
        "in": "query",
        "description": f"What the question is about: {noun}.",
        "schema": schema,
    }


def _schema_of(name: str) -> dict[str, Any]:
    if name in {"limit", "offset", "after"}:
        return {"type": "integer", "minimum": 0}
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
    return _keep(write_json(_document()))


@blueprint.get("/api")
def as_page() -> Response:
    """The description as a page, without a script."""
    return _keep(write_page("api.html", api=_document()))


def _keep(response: Response) -> Response:
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response
