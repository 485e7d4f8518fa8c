"""Content negotiation: who asks for what, and what comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conflictkg.errors import NotAcceptableError
from conflictkg.web.negotiate import Offer, find_format, is_wanted, negotiate

JSON = Offer("json", "application/sparql-results+json", ("application/json",), ("srj",))
XML = Offer("xml", "application/sparql-results+xml", ("application/xml",))
CSV = Offer("csv", "text/csv")
HTML = Offer("html", "text/html")
TURTLE = Offer("turtle", "text/turtle", short_names=("ttl",))
JSONLD = Offer("jsonld", "application/ld+json", ("application/json",))
RESULTS = (JSON, XML, CSV, HTML)
GRAPHS = (TURTLE, JSONLD, HTML)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "offers", "expected"),
    [
        pytest.param(None, RESULTS, "json", id="no header"),
        pytest.param("", RESULTS, "json", id="empty header"),
        pytest.param("  ", RESULTS, "json", id="blank header"),
        pytest.param("*/*", RESULTS, "json", id="anything"),
        pytest.param("*", RESULTS, "json", id="lone star"),
        pytest.param(
            "text/html, image/gif, *; q=.2, */*; q=.2", RESULTS, "html", id="URLConnection"
        ),
        pytest.param(BROWSER, RESULTS, "html", id="browser, results"),
        pytest.param(BROWSER, GRAPHS, "html", id="browser, graphs"),
        pytest.param("text/csv", RESULTS, "csv", id="exact"),
        pytest.param("TEXT/CSV", RESULTS, "csv", id="upper case"),
        pytest.param("text/*", RESULTS, "csv", id="kind"),
        pytest.param("text/*;q=0.5, text/html;q=0.4", RESULTS, "csv", id="kind over named"),
        pytest.param("application/json", RESULTS, "json", id="alias"),
        pytest.param("application/xml", RESULTS, "xml", id="other alias"),
        pytest.param("text/csv;q=0.3, application/xml;q=0.7", RESULTS, "xml", id="quality"),
        pytest.param("text/csv;q=0.3;x=y, application/xml;q=0.1", RESULTS, "csv", id="extension"),
        pytest.param("text/csv ; q = 0.9 , text/html;q=0.1", RESULTS, "csv", id="spaces"),
        pytest.param("application/sparql-results+json;q=0, */*", RESULTS, "xml", id="all but one"),
        pytest.param("text/csv;q=1.0, text/html;q=1.000", RESULTS, "csv", id="server's order"),
        pytest.param("text/turtle, */*", (HTML, TURTLE), "turtle", id="named over wildcard"),
        pytest.param("text/html, text/turtle", GRAPHS, "turtle", id="RDF before HTML"),
        pytest.param(
            'application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"',
            GRAPHS,
            "jsonld",
            id="profile",
        ),
        pytest.param(
            'application/ld+json;profile="http://a/,http://b/;q=0";q=0.9, text/turtle;q=0.5',
            GRAPHS,
            "jsonld",
            id="separators in quotes",
        ),
        pytest.param("text/turtle;charset=utf-8", GRAPHS, "turtle", id="charset"),
        pytest.param("text/csv;q=5, text/html", RESULTS, "csv", id="weight over one"),
        pytest.param("text/csv;q=high, text/html;q=0.1", RESULTS, "html", id="weight no number"),
        pytest.param("nonsense, text/csv", RESULTS, "csv", id="unreadable part"),
        pytest.param(",, ,text/csv,", RESULTS, "csv", id="empty parts"),
    ],
)
def test_negotiate_header_takes_best_offer(
    accept: str | None, offers: tuple[Offer, ...], expected: str
) -> None:
    """Each header that real clients send gets the representation that it prefers."""
    assert negotiate(accept, offers).name == expected


@pytest.mark.parametrize(
    "accept", ["image/png", "nonsense", "*/*;q=0", "text/csv;q=0", "video/*, image/*"]
)
def test_negotiate_nothing_wanted_lists_offers(accept: str) -> None:
    """A client that wants nothing of what is offered is told what is."""
    with pytest.raises(NotAcceptableError, match="Offered: application/sparql-results") as caught:
        negotiate(accept, RESULTS)
    assert caught.value.offered == tuple(offer.media_type for offer in RESULTS)


@given(accept=st.text(st.characters(codec="latin-1"), max_size=60))
def test_negotiate_any_header_answers_or_refuses(accept: str) -> None:
    """No header makes negotiation fail in any way but by refusing."""
    try:
        assert negotiate(accept, RESULTS) in RESULTS
    except NotAcceptableError:
        assert accept.strip()


@given(order=st.permutations(["text/csv;q=0.4", "text/html;q=0.8", "application/xml;q=0.6"]))
def test_negotiate_order_of_header_does_not_matter(order: list[str]) -> None:
    """Weights decide, not the place in the header."""
    assert negotiate(",".join(order), RESULTS).name == "html"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("ttl", TURTLE), ("Turtle", TURTLE), ("text/turtle", TURTLE), ("../../etc/passwd", None)],
)
def test_find_format_reads_names_people_write(name: str, expected: Offer | None) -> None:
    """A format is found by name, file extension or media type, and by nothing else."""
    assert find_format(name, GRAPHS) == expected


def test_is_wanted_ignores_wildcards() -> None:
    """A client counts as a browser only where it names HTML."""
    assert is_wanted(BROWSER, "text/html")
    assert not is_wanted("*/*", "text/html")
    assert not is_wanted("text/html;q=0", "text/html")
