"""What is probably wrong with a query that was answered with nothing, or not in time."""

from conflictkg.engine.check import Advice
from conflictkg.errors import ConflictKGError, QueryMemoryError, QueryTimeoutError
from conflictkg.terms import PREFIXES
from conflictkg.web.problems import RequestError, describe_error
from conflictkg.web.protocol import Asked
from conflictkg.web.site import Site

_DEADLINE_S = 2.0


def advise_on(site: Site, asked: Asked) -> tuple[Advice, ...]:
    """Likely mistakes of a query, found without running it; none where it cannot even be planned."""
    try:
        explanation = site.store.explain(
            asked.query or "",
            analyze=False,
            deadline_s=_DEADLINE_S,
            default_graphs=asked.default_graphs,
            named_graphs=asked.named_graphs,
            names=PREFIXES,
        )
    except ConflictKGError:
        # It has gone wrong once already, and the answer to it tells how.
        return ()
    return explanation.advice


def with_advice(error: ConflictKGError, site: Site, asked: Asked) -> ConflictKGError:
    """An error as it is told; where a query took too much, with what may be the reason."""
    if not isinstance(error, QueryTimeoutError | QueryMemoryError):
        return error
    advice = advise_on(site, asked)
    if not advice:
        return error
    problem = describe_error(error)
    told = [
        {
            "message": each.message,
            "suggestion": each.suggestion,
            "line": each.line,
            "column": each.column,
        }
        for each in advice
    ]
    return RequestError(
        problem.kind, problem.detail, problem.headers, {**problem.fields, "advice": told}
    )
