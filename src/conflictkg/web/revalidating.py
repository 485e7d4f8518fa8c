"""Answers that are computed, and may be kept by whoever asks for as long as the release is the same."""

from collections.abc import Callable

from flask import Response, request

from conflictkg.store import Cancellation
from conflictkg.web.etags import answer_unchanged, mark, names_tag, tag_of
from conflictkg.web.running import run_admitted
from conflictkg.web.site import Site


def answer_tagged(
    site: Site, title: str, work: Callable[[Cancellation], Response], *parts: object
) -> Response:
    """Answer the current request: 304 to who has the answer already, else admitted as a query is, and with a tag.

    Args:
        site: The site.
        title: What the operator sees while it runs.
        work: Begins it and makes the response, as for :func:`conflictkg.web.running.run_admitted`.
        *parts: What makes the answer what it is, beside the release and what the client accepts.

    Raises:
        RequestError: The client asks too much, or the server has too much to do.
    """
    release = site.store.release
    tag = tag_of(request, release, *parts)
    if names_tag(request.headers.get("If-None-Match"), tag):
        return answer_unchanged(tag)
    response = run_admitted(title, work)
    # Where somebody has changed the data meanwhile it is not sure of which release the answer is.
    if site.store.release == release:
        mark(response, tag)
    return response
