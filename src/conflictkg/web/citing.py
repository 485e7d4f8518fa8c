"""``/cite``: an address that fixes a question, the release it was asked of and a hash of its answer.

Everything is in the address, so nothing has to be kept and no citation is ever lost. Whoever follows it is told
whether the answer is still the same.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, render_template, request, url_for

from conflictkg.answers import Answer, Blank, Boolean, Solutions, Term, Triple
from conflictkg.answers.ntriples import to_ntriples
from conflictkg.store import Cancellation
from conflictkg.web import problems
from conflictkg.web.addresses import address_of
from conflictkg.web.negotiate import Offer, find_format, negotiate
from conflictkg.web.problems import RequestError
from conflictkg.web.protocol import read_parameters
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

_ORDERED = re.compile(r"\bORDER\s+BY\b", re.IGNORECASE)
_HASH = re.compile(r"[0-9a-f]{64}")
_RELEASE = re.compile(r"[A-Za-z0-9._-]{1,80}")

_LICENCES = """
SELECT DISTINCT ?licence WHERE { ?graph a ckg:NamedGraph ; dct:license ?licence } ORDER BY ?licence
"""


@dataclass(frozen=True, slots=True)
class Citation:
    """A cited answer, and what is found when it is looked up.

    Args:
        query: What was asked.
        release: Of which release.
        day: When.
        digest: Hash of the answer then.
        found: Hash of the answer now.
        present: The release now.
        address: Of the citation.
        publisher: Address of the server.
        licences: Of the graphs that are served.
    """

    query: str
    release: str
    day: str
    digest: str
    found: str
    present: str
    address: str
    publisher: str
    licences: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        """Whether the answer is still the same."""
        return self.digest == self.found

    @property
    def is_present_release(self) -> bool:
        """Whether the data are still those that were asked."""
        return self.release == self.present

    @property
    def title(self) -> str:
        """The query's first words, or the comment that it begins with."""
        first = self.query.strip().partition("\n")[0]
        if first.startswith("#"):
            return first.lstrip("# ").strip()
        return f"Answer of conflictkg, release {self.release}"

    @property
    def key(self) -> str:
        """A name for lists of references."""
        return f"conflictkg-{self.digest[:12]}"


@blueprint.get("/cite")
def cite() -> Response:
    """Make a citation of the query in the address, or show the one that the address is."""
    site = current_site()
    given = read_parameters(request.query_string)
    query = _only(given, "query")
    if not query.strip():
        raise RequestError(problems.MISSING_QUERY, "add the query to the address: /cite?query=…")
    if len(query) > _MOST_QUERY:
        raise RequestError(
            problems.ADDRESS_TOO_LONG,
            f"the query has {len(query):,} characters, and an address that holds it would be too long. At most "
            f"{_MOST_QUERY:,} can be cited.",
        )
    digest, release, day = (_only(given, name) for name in ("sha256", "release", "date"))
    found, present = "", site.store.release

    def answer(cancellation: Cancellation) -> Response:
        nonlocal found
        found = _run(site, query, cancellation)
        return Response()

    run_admitted(query, answer)
    if not (digest or release or day):
        place = _address(query, present, datetime.now(UTC).date().isoformat(), found)
        return _to_response(redirect(place, 303))
    _require(digest, release, day)
    citation = Citation(
        query=query,
        release=release,
        day=day,
        digest=digest,
        found=found,
        present=present,
        address=_address(query, release, day, digest),
        publisher=address_of(url_for("pages.home")),
        licences=tuple(site.ask(_LICENCES).iris("licence")),
    )
    return _write(site, citation, _choose(given))


def _to_response(response: object) -> Response:
    assert isinstance(response, Response)  # noqa: S101  what redirect makes in Flask
    return response


def _run(site: Site, query: str, cancellation: Cancellation) -> str:
    answer = site.store.query(
        query,
        deadline_s=site.settings.query_timeout_s,
        max_rows=site.settings.max_rows,
        base_iri=address_of(url_for("sparql.endpoint")),
        cancellation=cancellation,
    )
    with answer:
        digest = digest_answer(answer, is_ordered=bool(_ORDERED.search(query)))
        if not isinstance(answer, Boolean) and answer.complete is False:
            raise RequestError(
                problems.INCOMPLETE_ANSWER,
                f"the answer has more than {site.settings.max_rows:,} rows and would be cut off. Ask for less.",
            )
    return digest


def digest_answer(answer: Answer, *, is_ordered: bool = False) -> str:
    """The SHA-256 of an answer, the same for the same answer from any store.

    Rows count in any order unless the query orders them. Blank nodes have no names, so any one is as good as
    another.

    Args:
        answer: It is read to its end.
        is_ordered: Whether the order of its rows is part of it.
    """
    lines = list(_iter_lines(answer))
    head = f"{answer.kind}\t" + (
        "\t".join(answer.variables) if isinstance(answer, Solutions) else ""
    )
    if not (is_ordered and isinstance(answer, Solutions)):
        lines.sort()
    digest = hashlib.sha256(head.encode())
    for each in lines:
        digest.update(b"\n" + each.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def _iter_lines(answer: Answer) -> Iterator[str]:
    if isinstance(answer, Boolean):
        yield str(answer.value)
    elif isinstance(answer, Solutions):
        for row in answer.rows:
            yield "\t".join("" if term is None else _name(term) for term in row)
    else:
        yield from {_name(triple) for triple in answer.triples}


def _name(term: Term) -> str:
    if isinstance(term, Blank):
        return "_:"
    if isinstance(term, Triple):
        return " ".join(_name(each) for each in (term.subject, term.predicate, term.object))
    return to_ntriples(term)


def _only(given: list[tuple[str, str]], name: str) -> str:
    values = [value for each, value in given if each == name]
    if len(values) > 1:
        raise RequestError(
            problems.DUPLICATE_PARAMETER,
            f"{name} is given {len(values)} times. Give it once.",
            fields={"parameter": name},
        )
    return values[0] if values else ""


def _require(digest: str, release: str, day: str) -> None:
    try:
        date.fromisoformat(day)
        is_day = True
    except ValueError:
        is_day = False
    if not (_HASH.fullmatch(digest) and _RELEASE.fullmatch(release) and is_day):
        raise RequestError(
            problems.BAD_PARAMETER,
            "the address is no whole citation: it has sha256 (64 digits), release and date (2026-01-31), or "
            "none of them for a new one.",
        )


def _address(query: str, release: str, day: str, digest: str) -> str:
    parts = {"query": query, "release": release, "date": day, "sha256": digest}
    return f"{address_of(url_for('citing.cite'))}?{urlencode(parts)}"


def _choose(given: list[tuple[str, str]]) -> Offer:
    name = _only(given, "format")
    if not name:
        return negotiate(request.headers.get("Accept"), _OFFERS)
    offer = find_format(name, _OFFERS)
    if offer is None:
        raise RequestError(
            problems.BAD_PARAMETER,
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
        text = json.dumps(_describe(citation), ensure_ascii=False, indent=1) + "\n"
        response = Response(text, content_type="application/json")
    else:
        text = render_template(
            "cite.html",
            site=site,
            citation=citation,
            bibtex=write_bibtex(citation),
            cff=write_cff(citation),
        )
        response = Response(text, content_type="text/html; charset=utf-8")
    response.headers["Conflictkg-Release"] = citation.present
    response.headers["Conflictkg-Same"] = "true" if citation.is_same else "false"
    response.headers["Cache-Control"] = "no-cache"
    response.vary.add("Accept")
    return response


def _describe(citation: Citation) -> dict[str, object]:
    return {
        "query": citation.query,
        "release": citation.release,
        "date": citation.day,
        "sha256": citation.digest,
        "address": citation.address,
        "licences": list(citation.licences),
        "now": {
            "release": citation.present,
            "sha256": citation.found,
            "same": citation.is_same,
        },
    }


def write_bibtex(citation: Citation) -> str:
    """The citation as BibTeX."""
    fields = {
        "title": citation.title,
        "author": "{conflictkg}",
        "year": citation.day[:4],
        "version": citation.release,
        "howpublished": f"\\url{{{citation.address}}}",
        "note": f"Answer to a SPARQL query, SHA-256 {citation.digest}",
        "urldate": citation.day,
    }
    lines = [
        f"  {name} = {{{value if name == 'howpublished' else _escape_bibtex(value)}}},"
        for name, value in fields.items()
    ]
    return f"@misc{{{citation.key},\n" + "\n".join(lines) + "\n}\n"


def _escape_bibtex(text: str) -> str:
    inner = text[1:-1] if text.startswith("{") and text.endswith("}") else text
    escaped = re.sub(r"([#$%&_])", r"\\\1", re.sub(r"[{}\\\x00-\x1f]", " ", inner))
    return f"{{{escaped}}}" if inner != text else escaped


def write_cff(citation: Citation) -> str:
    """The citation in the Citation File Format. JSON strings are YAML's."""
    identifiers = [
        ("value", citation.digest),
        ("description", "SHA-256 of the answer, rows in order of their text"),
    ]
    lines = [
        "cff-version: 1.2.0",
        'message: "Cite the sources that the graph names as well."',
        "type: dataset",
        f"title: {json.dumps(citation.title, ensure_ascii=False)}",
        "authors:",
        "  - name: conflictkg",
        f"version: {json.dumps(citation.release)}",
        f"date-released: {citation.day}",
        f"url: {json.dumps(citation.address, ensure_ascii=False)}",
        "identifiers:",
        "  - type: other",
        *(f"    {name}: {json.dumps(value)}" for name, value in identifiers),
    ]
    return "\n".join(lines) + "\n"
