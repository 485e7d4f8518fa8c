"""``/api/questions``: the published questions as plain addresses with parameters, for programs without SPARQL."""

import csv
import io
import json
import math
import re
from collections.abc import Iterator, Mapping

from flask import Blueprint, Response, request, url_for

from conflictkg.answers import XSD, Blank, Boolean, Iri, Literal, Row, Solutions, Term
from conflictkg.errors import NotAcceptableError
from conflictkg.parameters import Parameter, ask_about, parameters_of
from conflictkg.questions import Question, find_question
from conflictkg.store import Cancellation
from conflictkg.web import kinds
from conflictkg.web.documents import write_json
from conflictkg.web.limits import read_allowance
from conflictkg.web.negotiate import Offer, find_format, negotiate
from conflictkg.web.parameters import (
    Parameters,
    find_format_name,
    read_parameters,
    read_whole_number,
)
from conflictkg.web.problems import RequestError
from conflictkg.web.revalidating import answer_tagged
from conflictkg.web.site import Site, current_site

blueprint = Blueprint("questions_api", __name__)

MOST_ROWS = 1_000
"""Rows of one page."""

_OFFERS = (
    Offer("json", "application/json", short_names=("json",)),
    Offer("csv", "text/csv", short_names=("csv",)),
)
_OWN = frozenset({"limit", "offset", "format", "timeout"})
_NUMBERS = frozenset(XSD + name for name in ("integer", "decimal", "double", "float"))

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


@blueprint.get("/api/questions")
def list_questions() -> Response:
    """All of them, with their parameters."""
    site = current_site()
    found = [describe_question(each) for each in site.questions]
    return write_json({"release": site.store.release, "questions": found})


@blueprint.get("/api/questions/<slug>")
def ask_question(slug: str) -> Response:
    """The answer to one, for the values that are given."""
    site = current_site()
    question = find_question(slug, site.questions)
    parameters = read_parameters(request.query_string)
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        if name not in _OWN:
            given.setdefault(name, []).append(value)
    text = ask_about(question, given)
    offer = _choose_offer(parameters)
    limit = min(max(read_whole_number(parameters, "limit", 100), 1), MOST_ROWS)
    offset = read_whole_number(parameters, "offset", 0)
    _require_reachable(offset + limit, site)
    # The next page comes in the same form and with the same patience.
    kept = {name: [value] for name, value in parameters if name in {"format", "timeout"}}
    timed = [each for each in parameters if each[0] == "timeout"]

    def answer(cancellation: Cancellation) -> Response:
        found = site.store.query(
            text,
            deadline_s=read_allowance(timed, site.settings).timeout_s,
            max_rows=offset + limit,
            cancellation=cancellation,
        )
        with found:
            if isinstance(found, Boolean):
                said = {"question": question.slug, "release": site.store.release}
                return write_json({**said, "answer": found.value})
            assert isinstance(found, Solutions)  # noqa: S101 -- questions select or ask
            rows = [row for place, row in enumerate(found.rows) if place >= offset]
            page = _Page(
                question, found.variables, rows, offset, is_last=found.complete is not False
            )
        return page.write(site, offer, {**given, **kept}, limit)

    parts = (text, offer.name, limit, offset, sorted(kept.items()))
    response = answer_tagged(site, f"question {slug}", answer, *parts)
    response.vary.add("Accept")
    return response


class _Page:
    """Some rows of an answer."""

    def __init__(
        self,
        question: Question,
        variables: tuple[str, ...],
        rows: list[Row],
        offset: int,
        *,
        is_last: bool,
    ) -> None:
        self._question, self._variables, self._rows = question, variables, rows
        self._offset, self._is_last = offset, is_last

    def write(
        self, site: Site, offer: Offer, given: Mapping[str, list[str]], limit: int
    ) -> Response:
        following = None
        if not self._is_last:
            following = url_for(
                "questions_api.ask_question",
                slug=self._question.slug,
                limit=limit,
                offset=self._offset + len(self._rows),
                **given,  # type: ignore[arg-type]  # lists are repeated parameters
            )
        if offer.name == "csv":
            response = Response(
                "".join(self._iter_csv()), content_type="text/csv; charset=utf-8; header=present"
            )
        else:
            response = write_json(
                {
                    "question": self._question.slug,
                    "text": self._question.text,
                    "release": site.store.release,
                    "variables": list(self._variables),
                    "rows": [self._to_object(row) for row in self._rows],
                    "offset": self._offset,
                    "complete": self._is_last,
                    "next": following,
                }
            )
        response.headers["Conflictkg-Release"] = site.store.release
        response.headers["Conflictkg-Complete"] = "true" if self._is_last else "false; reason=page"
        if following:
            response.headers["Link"] = f'<{following}>; rel="next"'
        return response

    def _to_object(self, row: Row) -> dict[str, object]:
        return {
            name: _to_plain(term)
            for name, term in zip(self._variables, row, strict=True)
            if term is not None
        }

    def _iter_csv(self) -> Iterator[str]:
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(self._variables)
        for row in self._rows:
            writer.writerow("" if term is None else _text_of(term) for term in row)
        yield buffer.getvalue()


def describe_question(question: Question) -> dict[str, object]:
    """A question as a JSON object, with where it is asked."""
    return {
        "slug": question.slug,
        "text": question.text,
        "comment": question.comment,
        "keywords": list(question.keywords),
        "address": url_for("questions_api.ask_question", slug=question.slug),
        "parameters": [_describe_parameter(each) for each in parameters_of(question)],
    }


def _describe_parameter(parameter: Parameter) -> dict[str, object]:
    defaults = [_text_of(each) for each in parameter.defaults]
    return {
        "name": parameter.name,
        "type": parameter.kind,
        "default": defaults if len(defaults) > 1 else defaults[0],
        "repeatable": parameter.is_list,
    }


def _choose_offer(parameters: Parameters) -> Offer:
    name = find_format_name(parameters)
    if not name:
        return negotiate(request.headers.get("Accept"), _OFFERS)
    offer = find_format(name, _OFFERS)
    if offer is None:
        raise NotAcceptableError(f'format "{name[:50]}"', [each.name for each in _OFFERS])
    return offer


def _require_reachable(rows: int, site: Site) -> None:
    """Refuse pages behind the rows that an answer has here: each page is computed from the first row on."""
    most = site.settings.max_rows
    if rows > most:
        raise RequestError(
            kinds.LIMIT_TOO_LARGE,
            f"limit and offset lead to row {rows:,}; an answer has at most {most:,} rows here. "
            "Ask for an earlier page, or send a query of your own to /sparql.",
            fields={"maxRows": most},
        )


def _to_plain(term: Term) -> object:
    """A term as JSON has it: numbers and booleans as such, all else as text."""
    if isinstance(term, Literal) and term.datatype in _NUMBERS:
        return _to_number(term.lexical)
    if isinstance(term, Literal) and term.datatype == XSD + "boolean":
        return term.lexical in {"true", "1"}
    return _text_of(term)


def _to_number(lexical: str) -> object:
    """A number, where JSON has it: not NaN, nothing without an end, nor what a datatype only claims to be one."""
    if not _JSON_NUMBER.fullmatch(lexical):
        return lexical
    number: float = json.loads(lexical)
    return number if math.isfinite(number) else lexical


def _text_of(term: Term) -> str:
    if isinstance(term, Iri):
        return term.value
    if isinstance(term, Blank):
        return f"_:{term.label}"
    return term.lexical if isinstance(term, Literal) else str(term)
