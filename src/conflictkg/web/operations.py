"""What each address that is not SPARQL is for: a table by endpoint and method, for ``/openapi.json``.

A route without a line here cannot be described: a test asks for it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from conflictkg.answers.formats import formats_for
from conflictkg.sandbox import OFFERED
from conflictkg.web.uploads import FORM

JSON = "application/json"
HTML = "text/html"
_GRAPHS = tuple(each.media_type for each in formats_for("graph"))
_UPDATE = "application/sparql-update"
_GRAPH_BODIES = (*OFFERED, FORM)

NOT_DESCRIBED = frozenset({"sparql.endpoint", "static"})
"""SPARQL has its service description, and files of the pages are nobody's business."""

_ANY_FILES: Mapping[str, str] = MappingProxyType(
    {"data": "RDF, in any number of files, under this or any other name."}
)


@dataclass(frozen=True, slots=True)
class Operation:
    """What one method of one path is for.

    Args:
        summary: In a sentence.
        media_types: What it answers with.
        query: Parameters of the address: name to what it means.
        statuses: Of good answers.
        sends: Media types of the body that it takes.
        parts: Files of a form, where it takes one: the name of the field to what it means.
        needs_token: Whether it is for those with a token.
        fails: Statuses of problems that are its own, beside those that any has.
    """

    summary: str
    media_types: tuple[str, ...] = (HTML,)
    query: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    statuses: tuple[int, ...] = (200,)
    sends: tuple[str, ...] = ()
    parts: Mapping[str, str] = field(default_factory=lambda: _ANY_FILES)
    needs_token: bool = False
    fails: tuple[int, ...] = ()


_FORMAT = {"format": "A format by name, instead of the header Accept."}
_PAGE = {"limit": "At most so many rows.", "offset": "After so many rows."}
_GRAPH = {
    "graph": "IRI of a named graph.",
    "default": "Instead: the default graph. Its value counts for nothing.",
}
_WRITING = (400, 401, 403, 404, 409, 412, 413, 415, 422, 503, 507)
_OPERATOR = (401, 403)
_FOUND = (400, 404, 406)

OPERATIONS: Mapping[tuple[str, str], Operation] = MappingProxyType(
    {
        ("pages.home", "GET"): Operation("The home page."),
        ("pages.questions", "GET"): Operation("The published questions, for people."),
        ("pages.question", "GET"): Operation("A published question and its answer.", fails=_FOUND),
        ("pages.graphs", "GET"): Operation("The named graphs, for people."),
        ("pages.graph", "GET"): Operation(
            "A named graph, by its own address.",
            (HTML, *_GRAPHS),
            statuses=(200, 303),
            fails=_FOUND,
        ),
        ("pages.thing", "GET"): Operation(
            "A thing: leads to its page or to data about it.",
            (HTML,),
            statuses=(303,),
            fails=_FOUND,
        ),
        ("pages.page", "GET"): Operation("The page of a thing.", fails=_FOUND),
        ("pages.data", "GET"): Operation(
            "What is stated of a thing.", _GRAPHS, _FORMAT, fails=_FOUND
        ),
        ("pages.concept", "GET"): Operation(
            "A concept of a code list.", (HTML, *_GRAPHS), statuses=(200, 303), fails=_FOUND
        ),
        ("pages.ontology", "GET"): Operation("The ontology.", (HTML, *_GRAPHS), fails=(406,)),
        ("pages.shapes", "GET"): Operation("The shapes.", (HTML, *_GRAPHS), fails=(406,)),
        ("pages.health", "GET"): Operation(
            "Whether the store answers, and its size.", (JSON,), fails=(503,)
        ),
        ("pages.problem", "GET"): Operation(
            "What a problem type means.", (HTML, JSON), fails=_FOUND
        ),
        ("linked.void", "GET"): Operation(
            "What there is, in VoID and DCAT.", _GRAPHS, _FORMAT, fails=(400, 406, 503)
        ),
        ("dumps.listing", "GET"): Operation(
            "The files that can be fetched whole.", (HTML, JSON), _FORMAT, fails=(400, 406, 503)
        ),
        ("dumps.file", "GET"): Operation(
            "A graph, or all, as N-Quads in gzip.",
            ("application/gzip",),
            statuses=(200, 206),
            fails=(404, 409, 416, 503),
        ),
        ("problems", "GET"): Operation("All problem types.", (HTML, JSON)),
        ("pages.robots", "GET"): Operation("What crawlers may fetch.", ("text/plain",)),
        ("operating.ready", "GET"): Operation(
            "Whether a query would be answered now.", (JSON,), fails=(503,)
        ),
        ("operating.metrics", "GET"): Operation(
            "Counters for Prometheus. For the operator.",
            ("text/plain",),
            needs_token=True,
            fails=_OPERATOR,
        ),
        ("running.list_running", "GET"): Operation(
            "The queries that run and wait. For the operator.",
            (JSON, HTML),
            needs_token=True,
            fails=_OPERATOR,
        ),
        ("running.show_running", "GET"): Operation(
            "One query that runs or waits.", (JSON,), needs_token=True, fails=(*_OPERATOR, 404)
        ),
        ("running.cancel_running", "DELETE"): Operation(
            "Stop a query.", (JSON,), needs_token=True, fails=(*_OPERATOR, 404)
        ),
        ("questions_api.list_questions", "GET"): Operation(
            "The published questions with their parameters.", (JSON,)
        ),
        ("questions_api.ask_question", "GET"): Operation(
            "The answer to a published question. Its own parameters, which the list names, are given beside these.",
            (JSON, "text/csv"),
            {**_PAGE, **_FORMAT, "timeout": "Seconds after which it is stopped."},
            fails=(*_FOUND, 429, 503),
        ),
        ("graphstore.indirect", "GET"): Operation(
            "A graph as RDF.", _GRAPHS, {**_GRAPH, **_FORMAT}, fails=(*_FOUND, 429, 503)
        ),
        ("graphstore.direct", "GET"): Operation(
            "The graph whose IRI is the address.", _GRAPHS, _FORMAT, fails=(*_FOUND, 429, 503)
        ),
        **{
            (f"graphstore.{name}", method): Operation(
                summary,
                (JSON,),
                _GRAPH if name == "indirect" else {},
                statuses,
                (_UPDATE,) if method == "PATCH" else () if method == "DELETE" else _GRAPH_BODIES,
                needs_token=True,
                fails=_WRITING,
            )
            for name in ("indirect", "direct")
            for method, summary, statuses in (
                ("PUT", "Put a graph in the place of what is there.", (200, 201, 204)),
                ("POST", "Add to a graph; without a name, make one.", (200, 201, 204)),
                ("DELETE", "Remove a graph.", (200, 204)),
                ("PATCH", "Change a graph by a SPARQL update.", (200, 204)),
            )
        },
        ("journal.list_entries", "GET"): Operation(
            "What was changed, oldest first.",
            (JSON,),
            {"after": "Only entries after this number.", "limit": "At most so many entries."},
            needs_token=True,
            fails=(400, 401, 403, 404),
        ),
        ("journal.show_entry", "GET"): Operation(
            "One change, as JSON or RDF Patch.",
            (JSON, "application/rdf-patch"),
            needs_token=True,
            fails=(401, 403, 404, 406),
        ),
        ("journal.undo_entry", "POST"): Operation(
            "Take a change back.", (JSON,), statuses=(200, 204), needs_token=True, fails=_WRITING
        ),
        ("citing.cite", "GET"): Operation(
            "A citation of an answer: made for a query alone, else looked up again.",
            (HTML, JSON, "application/x-bibtex", "application/yaml"),
            {
                "query": "SPARQL.",
                "release": "Of the data that were asked.",
                "date": "Of the asking.",
                "sha256": "Of the answer.",
                "order": "Hash of the order of its rows, where the query asks for one.",
                "default-graph-uri": "As for /sparql.",
                "named-graph-uri": "As for /sparql.",
                **_FORMAT,
            },
            statuses=(200, 303),
            fails=(403, 406, 414, 422, 429, 503),
        ),
        ("validating.form", "GET"): Operation("A form to validate data."),
        ("validating.validate", "POST"): Operation(
            "The report on data, by our shapes or by those that come with them in a form.",
            (JSON, "text/turtle", HTML),
            sends=_GRAPH_BODIES,
            parts={
                "data": "RDF, in any number of files.",
                "shapes": "Shapes of your own, in any number.",
            },
            fails=(403, 406, 413, 415, 422, 429, 503),
        ),
        ("openapi.as_json", "GET"): Operation("This description.", (JSON,)),
        ("openapi.as_page", "GET"): Operation("This description for people."),
    }
)
"""By endpoint and method."""
