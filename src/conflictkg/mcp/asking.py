"""Queries of a model: checked without being run, and run under the limits of the endpoint."""

from itertools import islice
from typing import Any

from conflictkg.answers import Answer, Boolean, Solutions
from conflictkg.engine.check import Advice
from conflictkg.errors import ConflictKGError, QueryError, QuerySyntaxError
from conflictkg.mcp.terms import write_term
from conflictkg.store import Cancellation
from conflictkg.terms import PREFIXES
from conflictkg.web.site import Site

MOST_ROWS = 500
"""Of one answer; whoever wants more writes OFFSET, or uses the endpoint."""

_CHECK_DEADLINE_S = 5.0


def check_query(site: Site, text: str) -> dict[str, Any]:
    """What is wrong with a query, and what probably is, without running it.

    Args:
        site: The site.
        text: The query.
    """
    try:
        explanation = site.store.explain(
            text, analyze=False, deadline_s=_CHECK_DEADLINE_S, names=PREFIXES
        )
    except QueryError as error:
        return {"can_be_run": False, "problem": str(error), **_place_of(error)}
    return {
        "can_be_run": True,
        "advice": [_tell_advice(each) for each in explanation.advice],
        "join_order": list(explanation.join_order),
    }


def run_query(
    site: Site,
    text: str,
    *,
    max_rows: int = 100,
    timeout_s: float | None = None,
    cancellation: Cancellation,
) -> dict[str, Any]:
    """The answer to a query, with whether it is whole.

    Args:
        site: The site.
        text: The query.
        max_rows: Rows or triples that are told.
        timeout_s: Seconds after which it is stopped; never more than the server's own.
        cancellation: Ends it.

    Raises:
        QueryError: It cannot be answered.
    """
    most = min(max(max_rows, 1), MOST_ROWS, site.settings.max_rows)
    allowed = site.settings.query_timeout_s
    deadline_s = allowed if timeout_s is None else min(max(timeout_s, 0.1), allowed)
    answer = site.store.query(text, deadline_s=deadline_s, max_rows=most, cancellation=cancellation)
    with answer:
        told = _tell_answer(answer, most)
    told["release"] = site.store.release
    is_empty = told.get("rows") == [] or told.get("triples") == []
    if is_empty:
        told["hint"] = (
            "Nothing matches. That the graph does not hold it does not mean it is not so."
        )
        advice = check_query(site, text).get("advice")
        if advice:
            told["advice"] = advice
    elif not told["complete"]:
        told["hint"] = (
            f"There is more than these {most}. Do not count them: ask with COUNT or GROUP BY, or go on with OFFSET."
        )
    return told


def _tell_answer(answer: Answer, most: int) -> dict[str, Any]:
    if isinstance(answer, Boolean):
        return {"kind": "boolean", "answer": answer.value, "complete": True}
    if isinstance(answer, Solutions):
        rows = [[write_term(term) for term in row] for row in answer.rows]
        return {
            "kind": "solutions",
            "variables": list(answer.variables),
            "rows": rows,
            "complete": answer.complete is not False,
        }
    triples = [
        " ".join(str(write_term(term)) for term in (each.subject, each.predicate, each.object))
        + " ."
        for each in islice(answer.triples, most + 1)
    ]
    return {"kind": "graph", "triples": triples, "complete": answer.complete is not False}


def _tell_advice(advice: Advice) -> dict[str, Any]:
    told = {
        "message": advice.message,
        "line": advice.line,
        "column": advice.column,
        "write_instead": advice.suggestion,
    }
    return {name: value for name, value in told.items() if value}


def _place_of(error: ConflictKGError) -> dict[str, Any]:
    if isinstance(error, QuerySyntaxError) and error.line:
        return {"line": error.line, "column": error.column, "token": error.token}
    return {}
