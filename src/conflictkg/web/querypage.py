"""The query page: a form, the published questions, and an answer as a table."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from urllib.parse import urlencode

from flask import Response

from conflictkg.answers import Answer, Boolean, Solutions, Term, Triple
from conflictkg.engine.check import Advice
from conflictkg.errors import ConflictKGError
from conflictkg.terms import PREFIXES
from conflictkg.web.advising import advise_on
from conflictkg.web.display import Shown, show_term
from conflictkg.web.documents import write_page
from conflictkg.web.problems import Problem, describe_error
from conflictkg.web.protocol import Asked
from conflictkg.web.responses import offers_for, say_completeness
from conflictkg.web.site import Site

MAX_SHOWN_ROWS = 1_000
"""Rows of an answer that the page shows."""

_LONGEST_LINK = 7_000
"""Characters; proxies and browsers begin to refuse addresses at 8,000."""

_EXAMPLE = """# How many things of each kind are there?
PREFIX ckg: <https://w3id.org/conflictkg/ontology#>

SELECT ?class (COUNT(DISTINCT ?thing) AS ?things)
WHERE {
  ?thing a ?class .
  FILTER(STRSTARTS(STR(?class), STR(ckg:)))
}
GROUP BY ?class
ORDER BY DESC(?things)
"""

_Item = TypeVar("_Item")


@dataclass(frozen=True, slots=True)
class Table:
    """The shown part of an answer.

    Args:
        columns: Headings.
        rows: Cells; ``None`` where a variable is unbound.
        is_complete: Whether these are all rows.
        verdict: The answer to ASK.
    """

    columns: tuple[str, ...] = ()
    rows: tuple[tuple[Shown | None, ...], ...] = ()
    is_complete: bool = True
    verdict: bool | None = None


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The line of a query that a problem is in.

    Args:
        line: Its text.
        caret: Carets under the place, after as much room as precedes it.
    """

    line: str
    caret: str


def show_form(site: Site) -> Response:
    """The page before anything was asked."""
    return _render(site, _EXAMPLE)


def show_answer(site: Site, asked: Asked, answer: Answer, seconds: float) -> Response:
    """The page with an answer.

    Args:
        site: The site.
        asked: What was asked.
        answer: The answer; read as far as it is shown.
        seconds: How long it took to begin.
    """
    table = _make_table(answer)
    links = {
        each.name: _address_of(asked, each.name)
        for each in offers_for(answer.kind)
        if each.name != "html"
    }
    permalink = _address_of(asked, "")
    if len(permalink) > _LONGEST_LINK:
        permalink, links = "", {}
    response = _render(
        site,
        asked.query or "",
        table=table,
        seconds=seconds,
        links=links,
        permalink=permalink,
        advice=() if table.rows or table.verdict else advise_on(site, asked),
    )
    say_completeness(response, is_complete=table.is_complete)
    return response


def show_problem(site: Site, query: str, error: ConflictKGError) -> Response:
    """The page with what went wrong, and the query still in its form."""
    problem = describe_error(error)
    response = _render(site, query, problem=problem, excerpt=excerpt_of(query, problem))
    response.status_code = problem.kind.status
    response.headers.extend(problem.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def excerpt_of(query: str, problem: Problem) -> Excerpt | None:
    """The line that a problem is in, with a caret under each character of it that is to blame.

    Tabs before the place stay tabs, so that the caret stands under it however wide they are.
    """
    line, column = problem.fields.get("line"), problem.fields.get("column")
    lines = query.split("\n")
    if not isinstance(line, int) or not 1 <= line <= len(lines):
        return None
    text = lines[line - 1].rstrip("\r")
    if not isinstance(column, int):
        return Excerpt(text, "")
    before = "".join("\t" if each == "\t" else " " for each in text[: column - 1])
    offsets = problem.fields.get("offsets")
    width = offsets["end"] - offsets["start"] if isinstance(offsets, dict) else 1
    return Excerpt(text, before + "^" * max(1, min(width, len(text) - len(before))))


def _render(
    site: Site,
    query: str,
    *,
    table: Table | None = None,
    problem: Problem | None = None,
    excerpt: Excerpt | None = None,
    seconds: float = 0.0,
    links: dict[str, str] | None = None,
    permalink: str = "",
    advice: tuple[Advice, ...] = (),
) -> Response:
    response = write_page(
        "query.html",
        query=query,
        questions=site.questions,
        question=next((each for each in site.questions if each.sparql == _unix(query)), None),
        table=table,
        problem=problem,
        excerpt=excerpt,
        seconds=seconds,
        links=links or {},
        permalink=permalink,
        advice=advice,
        prefixes=PREFIXES,
        timeout_s=site.settings.query_timeout_s,
        max_rows=site.settings.max_rows,
        shown_rows=MAX_SHOWN_ROWS,
    )
    response.headers["Conflictkg-Release"] = site.store.release
    response.vary.add("Accept")
    return response


def _unix(text: str) -> str:
    """A text as it was before a form sent it: forms end lines with two characters."""
    return text.replace("\r\n", "\n").strip("\n")


def _make_table(answer: Answer) -> Table:
    if isinstance(answer, Boolean):
        return Table(verdict=answer.value)
    if isinstance(answer, Solutions):
        solutions, is_complete = _take(answer.rows)
        rows = tuple(tuple(map(_show, row)) for row in solutions)
        return Table(answer.variables, rows, is_complete and answer.rows.complete is not False)
    triples, is_complete = _take(answer.triples)
    rows = tuple(tuple(map(_show, _parts_of(each))) for each in triples)
    columns = ("subject", "predicate", "object")
    return Table(columns, rows, is_complete and answer.triples.complete is not False)


def _take(items: Iterable[_Item]) -> tuple[list[_Item], bool]:
    """The items that are shown, and whether there are no others."""
    taken = list(islice(items, MAX_SHOWN_ROWS + 1))
    return taken[:MAX_SHOWN_ROWS], len(taken) <= MAX_SHOWN_ROWS


def _parts_of(triple: Triple) -> tuple[Term, Term, Term]:
    return (triple.subject, triple.predicate, triple.object)


def _show(term: Term | None) -> Shown | None:
    return None if term is None else show_term(term, PREFIXES)


def _address_of(asked: Asked, format_name: str) -> str:
    """The address of the same query, in one format."""
    parameters = [("query", asked.query or "")]
    parameters += [("default-graph-uri", graph) for graph in asked.default_graphs]
    parameters += [("named-graph-uri", graph) for graph in asked.named_graphs]
    if format_name:
        parameters.append(("format", format_name))
    return "?" + urlencode(parameters, errors="replace")
