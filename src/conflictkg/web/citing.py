"""``/cite``: an address that fixes a question, the release it was asked of and a hash of its answer.

Everything is in the address, so nothing has to be kept and no citation is ever lost. Whoever follows it is told
whether the answer is still the same.
"""

import re
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request, url_for

from conflictkg.answers.digest import MOST_BYTES, Digest, digest_answer
from conflictkg.engine.algebra import Distinct, OrderBy, Project, Query, Reduced, Select, Slice
from conflictkg.engine.syntax import parse_query
from conflictkg.errors import IncompleteAnswerError
from conflictkg.federation import asks_others
from conflictkg.store import Cancellation
from conflictkg.store.lasting import is_lasting
from conflictkg.web import kinds
from conflictkg.web.addresses import address_of
from conflictkg.web.documents import write_json, write_page
from conflictkg.web.etags import answer_unchanged, mark, names_tag, tag_of
from conflictkg.web.negotiate import Offer, find_format, negotiate
from conflictkg.web.parameters import Parameters, find_format_name, find_value, read_parameters
from conflictkg.web.problems import RequestError
from conflictkg.web.protocol import require_iri
from conflictkg.web.references import Citation, Question, describe, write_bibtex, write_cff
from conflictkg.web.running import run_admitted
from conflictkg.web.site import Site, current_site

blueprint = Blueprint("citing", __name__)

_OFFERS = (
    Offer("html", "text/html"),
    Offer("json", "application/json"),
    Offer("bibtex", "application/x-bibtex", short_names=("bib",)),
    Offer("cff", "application/yaml", short_names=("yaml",)),
)
_MOST_QUERY = 6_000
"""Characters: the address holds the query, and longer ones are refused on the way."""

_ORDER_DIGITS = 16
_FIXED = ("sha256", "release", "date", "order")
"""What the address of a citation has beside the question."""

_HASH = re.compile(r"[0-9a-f]{64}")
_ORDER = re.compile(rf"(?:[0-9a-f]{{{_ORDER_DIGITS}}})?")
_RELEASE = re.compile(r"[A-Za-z0-9._-]{1,80}")

_LICENCES = """
SELECT DISTINCT ?licence WHERE { ?graph a ckg:NamedGraph ; dct:license ?licence } ORDER BY ?licence
"""


@blueprint.get("/cite")
def cite() -> Response:
    """Make a citation of the query in the address, or show the one that the address is."""
    site = current_site()
    given = read_parameters(request.query_string)
    question = _read_question(given)
    parsed = _require_lasting(question)
    fixed = tuple(find_value(given, name) or "" for name in _FIXED)
    if any(fixed):
        _require(*fixed)
        offer = _choose(given)
        tag = tag_of(request, site.store.release, "cite", question, fixed, offer.name)
        if names_tag(request.headers.get("If-None-Match"), tag):
            return answer_unchanged(tag)
    release = site.store.release
    found = _find(site, question)
    if not any(fixed):
        order = found.sequence[:_ORDER_DIGITS] if _is_ordered(parsed) else ""
        today = datetime.now(UTC).date().isoformat()
        response = _to_response(
            redirect(_address(question, found.rows, release, today, order), 303)
        )
        response.headers["Cache-Control"] = "no-store"
        return response
    digest, cited, day, order = fixed
    citation = Citation(
        question=question,
        release=cited,
        day=day,
        digest=digest,
        order=order,
        found=found,
        present=release,
        address=_address(question, digest, cited, day, order),
        publisher=address_of(url_for("pages.home")),
        licences=tuple(site.ask(_LICENCES).iris("licence")),
    )
    response = _write(site, citation, offer)
    # Where somebody has changed the data meanwhile it is not sure of which release the answer is.
    if site.store.release == release:
        mark(response, tag)
    return response


def _read_question(given: Parameters) -> Question:
    query = find_value(given, "query") or ""
    if not query.strip():
        raise RequestError(kinds.MISSING_QUERY, "add the query to the address: /cite?query=…")
    question = Question(
        query,
        _read_graphs(given, "default-graph-uri"),
        _read_graphs(given, "named-graph-uri"),
    )
    length = sum(len(value) for _, value in question.parameters())
    if length > _MOST_QUERY:
        raise RequestError(
            kinds.ADDRESS_TOO_LONG,
            f"the query and its graphs have {length:,} characters, and an address that holds them would be too "
            f"long. At most {_MOST_QUERY:,} can be cited.",
        )
    return question


def _read_graphs(given: Parameters, name: str) -> tuple[str, ...]:
    return tuple(
        require_iri(name, value, kinds.BAD_PARAMETER)
        for each, value in given
        if each == name and value
    )


def _require_lasting(question: Question) -> Query:
    """The query, if it is one whose answer can be the same again.

    Raises:
        RequestError: It asks for the time, for chance, or others.
        QuerySyntaxError: It is no query.
    """
    parsed = parse_query(question.query, base=_base())
    if not is_lasting(parsed) or asks_others(question.query, _base()):
        raise RequestError(
            kinds.NOT_CITABLE,
            "the query asks for the time, for chance or another endpoint (NOW, RAND, UUID, STRUUID, BNODE, SERVICE), "
            "so that its answer would be another each time. Write the value itself into it.",
        )
    return parsed


def _base() -> str:
    return address_of(url_for("sparql.endpoint"))


def _is_ordered(query: Query) -> bool:
    """Whether the order of the answer is asked for."""
    pattern: object = query.pattern if isinstance(query, Select) else None
    while isinstance(pattern, Slice | Distinct | Reduced):
        pattern = pattern.pattern
    if isinstance(pattern, Project):  # a second one would be a sub-select's
        pattern = pattern.pattern
    return isinstance(pattern, OrderBy)


def _to_response(response: object) -> Response:
    assert isinstance(response, Response)  # noqa: S101  what redirect makes in Flask
    return response


def _find(site: Site, question: Question) -> Digest:
    """The digests of the answer now."""
    found: list[Digest] = []
    base = _base()

    def answer(cancellation: Cancellation) -> Response:
        answer = site.store.query(
            question.query,
            deadline_s=site.settings.query_timeout_s,
            max_rows=site.settings.max_rows,
            default_graphs=question.default_graphs,
            named_graphs=question.named_graphs,
            base_iri=base,
            cancellation=cancellation,
        )
        with answer:
            try:
                found.append(digest_answer(answer))
            except IncompleteAnswerError as error:
                raise RequestError(
                    kinds.INCOMPLETE_ANSWER,
                    f"an answer that is cited has at most {site.settings.max_rows:,} rows and "
                    f"{MOST_BYTES >> 20} MiB of text, and this one has more. Ask for less.",
                ) from error
        return Response()

    run_admitted(question.query, answer)
    return found[-1]


def _require(digest: str, release: str, day: str, order: str) -> None:
    try:
        date.fromisoformat(day)
        is_day = True
    except ValueError:
        is_day = False
    is_hash = _HASH.fullmatch(digest) and _ORDER.fullmatch(order)
    if not (is_hash and _RELEASE.fullmatch(release) and is_day):
        raise RequestError(
            kinds.BAD_PARAMETER,
            "the address is no whole citation: it has sha256 (64 digits), release and date (2026-01-31), or "
            "none of them for a new one.",
        )


def _address(question: Question, digest: str, release: str, day: str, order: str) -> str:
    fixed = zip(_FIXED, (digest, release, day, order), strict=True)
    parts = [*question.parameters(), *(each for each in fixed if each[1])]
    return f"{address_of(url_for('citing.cite'))}?{urlencode(parts)}"


def _choose(given: Parameters) -> Offer:
    name = find_format_name(given)
    if not name:
        return negotiate(request.headers.get("Accept"), _OFFERS)
    offer = find_format(name, _OFFERS)
    if offer is None:
        raise RequestError(
            kinds.BAD_PARAMETER,
            f'format is "{name[:50]}". Known: {", ".join(each.name for each in _OFFERS)}.',
        )
    return offer


def _write(site: Site, citation: Citation, offer: Offer) -> Response:
    if offer.name == "bibtex":
        response = Response(
            write_bibtex(citation), content_type="application/x-bibtex; charset=utf-8"
        )
    elif offer.name == "cff":
        response = Response(write_cff(citation), content_type="application/yaml")
    elif offer.name == "json":
        response = write_json(describe(citation))
    else:
        response = write_page(
            "cite.html",
            site=site,
            citation=citation,
            again=url_for("sparql.endpoint") + "?" + urlencode(citation.question.parameters()),
            bibtex=write_bibtex(citation),
            cff=write_cff(citation),
        )
    response.headers["Conflictkg-Release"] = citation.present
    response.headers["Conflictkg-Same"] = "true" if citation.is_same else "false"
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Conflictkg-Complete"] = "true"
    response.vary.add("Accept")
    return response
