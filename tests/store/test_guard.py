"""The guard: what a query asks for, read from its words."""

import random
import socket
import threading
from collections.abc import Iterator

import pyoxigraph
import pytest

from conflictkg.errors import NotPermittedError, QuerySyntaxError
from conflictkg.store.guard import MAX_NESTING, check_query


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("SELECT * { SERVICE <http://h/> {} }", 1),
        ("SELECT * {\n service silent <http://h/> {} }", 2),
        ('SELECT * {{}SERVICE#"x\n<http://h/>{}}', 1),
        ("PREFIX : <http://h/> SELECT * { SERVICE:x{?s ?p ?o} }", 1),
        ("SELECT * { ?s ?p trueSERVICE<http://h/>{} }", 1),
        ("SELECT * { ?s ?p 1e5SERVICEsilent<http://h/>{} }", 1),
        ("SELECT * { BIND(1 AS ?u) SERVICE ?u {} }", 1),
        ("SELECT * { SERV\\u0049CE <http://h/> {} }", 1),
        ("SELECT * { \\U00000053ERVICE <http://h/> {} }", 1),
        ("ASK { FILTER EXISTS { SERVICE <http://h/> {} } }", 1),
        ("INSERT { <a:a> <a:b> 1 } WHERE {\n SERVICE <http://h/> {} }", 2),
        ("PREFIX SERVICE: <http://h/> SELECT * { SERVICE:x {} }", 1),
    ],
)
def test_service_however_written_is_refused_with_its_line(text: str, line: int) -> None:
    """No spelling of SERVICE passes: glued, escaped, behind a comment, in an update."""
    with pytest.raises(NotPermittedError, match=rf"^SERVICE \(line {line}\) is not permitted"):
        check_query(text)


@pytest.mark.parametrize(
    "text",
    [
        'SELECT * { ?s ?p "SERVICE <http://x/> {" }',
        "SELECT * { ?s ?p '''a ' SERVICE <x> {} ''' }",
        "PREFIX service: <http://x/> SELECT ?service { ?service service:p ?o } # SERVICE <x> {",
        "PREFIX service: <http://x/> SELECT * { GRAPH service:g { ?s ?p ?o } }",
        "SELECT * { ?s <http://x/SERVICE> _:service }",
    ],
)
def test_service_in_names_and_strings_is_no_service(text: str) -> None:
    """Strings, comments, variables, prefixes and IRIs may hold the word."""
    assert check_query(text).kind == "solutions"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("LOAD <http://h/>", "LOAD"),
        ("PREFIX a: <http://a/>\nINSERT DATA { a:a a:b 1 }", "INSERT"),
        ("DELETE WHERE { ?s ?p ?o }", "DELETE"),
        ("WITH <http://g/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }", "WITH"),
        ("DROP ALL", "DROP"),
        ("CLEAR GRAPH <http://g/>", "CLEAR"),
        ("CREATE GRAPH <http://g/>", "CREATE"),
        ("COPY <http://g/> TO <http://h/>", "COPY"),
        ("LO\\u0041D <http://h/>", "LOAD"),
    ],
)
def test_update_is_refused_by_name(text: str, word: str) -> None:
    """Every update is refused as what it is, with its line."""
    with pytest.raises(NotPermittedError, match=rf"^{word} \(line \d\) is not permitted"):
        check_query(text)


def test_from_is_read_with_prefixes_base_and_lines() -> None:
    """FROM and FROM NAMED give absolute IRIs, whether by IRI, by prefix or relative to BASE."""
    outline = check_query(
        "BASE <http://b/x/>\nPREFIX g: <http://g/>\nSELECT *\nFROM <rel>\n"
        "FROM g:a\\,b\nFROM NAMED <http://\\u0041/>\n{}"
    )
    assert outline.default_graphs == (("http://b/x/rel", 4), ("http://g/a,b", 5))
    assert outline.named_graphs == (("http://A/", 6),)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("SELECT * {}", "solutions"),
        ("# SELECT\nask {}", "boolean"),
        ("PREFIX select: <http://x/> CONSTRUCT WHERE { ?s ?p ?o }", "graph"),
        ("DESCRIBE <http://x/>", "graph"),
        ("BASE <http://x/select> ASK { SELECT * {} }", "boolean"),
    ],
)
def test_kind_is_that_of_the_outer_query(text: str, kind: str) -> None:
    """The first query word outside of comments, IRIs and prefixes decides."""
    assert check_query(text).kind == kind


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { FILTER(" + "(" * 200 + "1" + ")" * 200 + ") }",
        "SELECT * {" * 101 + "}" * 101,
        "ASK { FILTER(" + "!" * 101 + "true) }",
    ],
    ids=["parentheses", "groups", "signs"],
)
def test_deep_nesting_is_refused(text: str) -> None:
    """Nesting past the limit is a syntax error that says so, before the engine recurses."""
    with pytest.raises(QuerySyntaxError, match="nested too deeply"):
        check_query(text)


def test_nesting_at_the_limit_is_read() -> None:
    """The limit itself is allowed."""
    depth = MAX_NESTING - 1
    assert check_query("SELECT * {" + "{" * depth + "}" * depth + "}").kind == "solutions"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, 1, "the query is empty"),
        (" \n ", 1, 1, "the query is empty"),
        ("SELCT * {}", 1, 1, 'Did you mean "SELECT"'),
        ("# nothing", 1, 10, "no SELECT"),
        ('SELECT * {\n ?s ?p "abc }', 2, 14, "begins at line 2 column 8 is not closed"),
        ('ASK {\n ?s ?p """a\n"b }', 3, 5, "begins at line 2 column 8 is not closed"),
        ("ASK {\n ?s ?p 'a\n }", 2, 10, "begins at line 2 column 8 is not closed"),
        ("SELECT * { ?s ?p § }", 1, 18, "begins nothing"),
        ("SELECT * { \\uD800 }", 1, 12, "is no character"),
    ],
)
def test_broken_text_is_a_syntax_error_at_its_place(
    text: str, line: int, column: int, words: str
) -> None:
    """The error has the line and column of what is wrong, and says what it is."""
    with pytest.raises(QuerySyntaxError, match=words) as raised:
        check_query(text)
    assert (raised.value.line, raised.value.column) == (line, column)


def test_long_text_is_read_in_linear_time() -> None:
    """A quarter of a megabyte of any one character ends soon, not in minutes."""
    for piece in ("1+", "'''", '"', "<", "a:", "\\", "'\\'", '""""', "(", "?a "):
        text = "ASK { " + piece * (250_000 // len(piece))
        try:
            check_query(text)
        except (QuerySyntaxError, NotPermittedError):
            continue


# Against the engine itself


class Listener:
    """Counts connections to a port of this machine."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.connections = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    found = Listener()
    yield found
    found.close()


def run_bare(text: str) -> None:
    """Run a query in the engine with nothing in between; it may fail in any of its ways."""
    store = pyoxigraph.Store()
    try:
        answer = store.query(text)
        if not isinstance(answer, pyoxigraph.QueryBoolean):
            for _ in answer:
                pass
    except (SyntaxError, RuntimeError, OSError, ValueError):
        return


def test_engine_alone_follows_glued_service(listener: Listener) -> None:
    """What the guard is for: without it these reach the network."""
    run_bare(f"SELECT * {{ {{}}SERVICE<http://127.0.0.1:{listener.port}/x>{{}} }}")
    address = f"PREFIX : <http://127.0.0.1:{listener.port}/>"
    run_bare(f"{address} SELECT * {{ SERVICE:x{{?s ?p ?o}} }}")
    assert listener.connections == 2


@pytest.mark.parametrize("seed", range(4))
def test_no_random_text_that_passes_the_guard_reaches_the_network(
    seed: int, listener: Listener
) -> None:
    """Glued fragments around SERVICE: whatever the guard lets through opens no connection."""
    choose = random.Random(seed)  # noqa: S311  not for secrets
    url = f"<http://127.0.0.1:{listener.port}/x>"
    pieces = [
        *("SERVICE", "service", "SeRvIcE", "SERVICE silent ", "SERVICESILENT", "SERV\\u0049CE"),
        *(url, "?v", ":x", "p:x", "p:", "SERVICE:x", "xSERVICE:x", "GRAPH", "GRAPH "),
        *("{}", "{?s ?p ?o}", "{", "}", "true", "1e5", "1", "1.", ".", ";", "a", "'s'", '"""s"""'),
        *(
            "#c\n",
            " ",
            "\n",
            "?s",
            "<u>",
            "@en",
            "_:b",
            "FILTER(",
            ")",
            "<",
            ">",
            "OPTIONAL",
            "UNION",
        ),
    ]
    head = f"PREFIX : <http://127.0.0.1:{listener.port}/> PREFIX p: <http://127.0.0.1:{listener.port}/> "
    passed = 0
    for _ in range(1_500):
        body = "".join(choose.choice(pieces) for _ in range(choose.randint(2, 9)))
        text = f"{head}SELECT * {{ {body} }}"
        try:
            outline = check_query(text)
        except (NotPermittedError, QuerySyntaxError):
            continue
        if not outline.doubts:
            passed += 1
            run_bare(outline.text)
    assert passed > 100
    assert listener.connections == 0
