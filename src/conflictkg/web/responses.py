"""Answers as HTTP responses: which format, streaming, and whether they are whole.

An answer's first part is held back, so that an error or a row limit that comes early is told with
the right status and header. One that comes later cuts the connection: a short answer must never
look like a whole one.
"""

from collections.abc import Iterator
from functools import cache

from flask import Response

from conflictkg.answers import Answer, Boolean, Kind
from conflictkg.answers.formats import formats_for, write_answer
from conflictkg.errors import NotAcceptableError, QueryError
from conflictkg.terms import PREFIXES
from conflictkg.web import kinds
from conflictkg.web.limits import Allowance, read_allowance
from conflictkg.web.negotiate import Offer, find_format, negotiate
from conflictkg.web.problems import RequestError
from conflictkg.web.site import Site

HELD_BACK = 1 << 20
"""Bytes of an answer that are computed before its status is sent."""

_ALIASES = {
    "json": ("application/json",),
    "xml": ("application/xml", "text/xml"),
    "turtle": ("application/x-turtle",),
    "ntriples": ("text/plain",),
    "rdfxml": ("application/xml",),
    "jsonld": ("application/json",),
}
_HTML = Offer("html", "text/html", aliases=("application/xhtml+xml",), short_names=("table",))


class AnswerCutError(QueryError):
    """An answer reached the row limit after its beginning had been sent."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the answer was cut off after {limit:,} rows; the connection is closed without its "
            "end so that it cannot be taken for the whole."
        )


@cache
def offers_for(kind: Kind) -> tuple[Offer, ...]:
    """What an answer of a kind can be written as, a page last.

    >>> [each.name for each in offers_for("boolean")]
    ['json', 'xml', 'html']
    """
    offers = [
        Offer(each.name, each.media_type, _ALIASES.get(each.name, ()), (each.extension,))
        for each in formats_for(kind)
    ]
    return (*offers, _HTML)


def choose_offer(format_name: str, accept: str | None, offers: tuple[Offer, ...]) -> Offer:
    """Take the format that a parameter names, else the one that ``Accept`` prefers.

    Raises:
        RequestError: No format at all has the name.
        NotAcceptableError: The format cannot hold this answer, or ``Accept`` wants none of them.
    """
    if not format_name:
        return negotiate(accept, offers)
    offer = find_format(format_name, offers)
    if offer is not None:
        return offer
    everything = (*offers_for("solutions"), *offers_for("graph"))
    if find_format(format_name, everything) is None:
        names = ", ".join(sorted({each.name for each in everything}))
        raise RequestError(kinds.BAD_PARAMETER, f'format is "{format_name[:100]}". Known: {names}.')
    raise NotAcceptableError(f'format "{format_name}"', [each.name for each in offers])


def write_response(
    site: Site, answer: Answer, offer: Offer, allowance: Allowance | None = None
) -> Response:
    """Write an answer in one of the machine-readable formats.

    The answer is closed with the response, however that ends.

    Args:
        site: The site.
        answer: The answer.
        offer: In what format.
        allowance: How much of it there may be. One that is longer than its client wanted ends well; one
            that is longer than what is answered here does not.

    Raises:
        QueryError: The answer failed before its first part was complete.
    """
    try:
        pieces = write_answer(answer, offer.name, PREFIXES)
        held, has_ended = _hold_back(pieces)
    except BaseException:
        answer.close()
        raise
    media_type = offer.media_type
    if media_type.startswith("text/"):
        media_type += "; charset=utf-8"
    if has_ended:
        response = Response(b"".join(held), content_type=media_type)
        say_completeness(response, is_complete=_is_complete(answer))
    else:
        allowance = allowance or read_allowance((), site.settings)
        limit = allowance.max_rows
        response = Response(_pass_on(held, pieces, answer, allowance), content_type=media_type)
        response.headers["Conflictkg-Complete"] = f"unknown; row-limit={limit}"
    response.call_on_close(answer.close)
    response.headers["Conflictkg-Release"] = site.store.release
    response.vary.add("Accept")
    if offer.name in {"csv", "tsv", "spreadsheet"}:
        # Else a browser may show it, and guess at what it is.
        response.headers["Content-Disposition"] = (
            f'attachment; filename="results.{"tsv" if offer.name == "tsv" else "csv"}"'
        )
    return response


def say_completeness(response: Response, *, is_complete: bool) -> None:
    """Say in the header whether an answer is whole."""
    response.headers["Conflictkg-Complete"] = "true" if is_complete else "false; reason=row-limit"


def _hold_back(pieces: Iterator[bytes]) -> tuple[list[bytes], bool]:
    """The first pieces, and whether there are no others."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= HELD_BACK:
            return held, False
    return held, True


def _pass_on(
    held: list[bytes], pieces: Iterator[bytes], answer: Answer, allowance: Allowance
) -> Iterator[bytes]:
    while held:
        yield held.pop(0)
    yield from pieces
    if not allowance.is_own_limit and not _is_complete(answer):
        raise AnswerCutError(allowance.max_rows)


def _is_complete(answer: Answer) -> bool:
    if isinstance(answer, Boolean):
        return True
    return answer.complete is not False
