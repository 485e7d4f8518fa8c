"""Nothing outside a store is reached through it, whatever runs on its connection."""

import socket
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from small_store import write_small_store

from conflictkg.answers import Solutions
from conflictkg.store import memory_store, open_store
from conflictkg.store.database import Database, memory_database
from conflictkg.store.opening import open_database


@pytest.fixture(params=["reading", "changing", "memory"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A store, opened in each of the ways there are."""
    if request.param == "memory":
        opened = memory_database()
    else:
        opened = open_database(
            write_small_store(tmp_path / "store"), read_only=request.param == "reading"
        )
    with opened:
        yield opened


REACHING = {
    "read a file": "SELECT * FROM read_csv('{file}')",
    "read a file by its name": "SELECT * FROM '{file}'",
    "read text": "SELECT * FROM read_text('{file}')",
    "read bytes": "SELECT * FROM read_blob('/etc/passwd')",
    "list files": "SELECT * FROM glob('/etc/*')",
    "read JSON": "SELECT * FROM read_json('{file}')",
    "read Parquet": "SELECT * FROM read_parquet('{file}')",
    "sniff": "SELECT * FROM sniff_csv('{file}')",
    "copy in": "COPY spo FROM '{file}'",
    "copy out": "COPY (SELECT 1) TO '{file}.out'",
    "export": "EXPORT DATABASE '{file}.out'",
    "import": "IMPORT DATABASE '{file}'",
    "attach": "ATTACH '{file}.db' AS other",
    "attach another store": "ATTACH '{file}' AS other (READ_ONLY)",
    "install": "INSTALL httpfs",
    "install from a file": "INSTALL '{file}'",
    "load": "LOAD httpfs",
    "load a file": "LOAD '{file}'",
    "fetch": "SELECT * FROM read_csv('http://127.0.0.1:{port}/data.csv')",
    "attach over the network": "ATTACH 'http://127.0.0.1:{port}/x.db' AS other",
    "Python's variables": "SELECT * FROM visible_in_python",
    "secret": "CREATE SECRET s (TYPE http, BEARER_TOKEN 'x')",
}


@pytest.mark.parametrize("sql", REACHING.values(), ids=REACHING)
def test_connection_reaches_nothing_outside(database: Database, tmp_path: Path, sql: str) -> None:
    """No file is read or written, and nothing connects to a socket that waits for it."""
    visible_in_python = pa.table({"secret": [1]})
    assert len(visible_in_python)
    file = tmp_path / "file.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        text = sql.format(file=file, port=server.getsockname()[1])
        with pytest.raises(duckdb.Error):
            database.cursor().execute(text).fetchall()
        with pytest.raises(BlockingIOError):
            server.accept()
    assert sorted(tmp_path.rglob("*")) == before


SETTINGS = (
    "SET enable_external_access = true",
    "SET GLOBAL enable_external_access = true",
    "SET lock_configuration = false",
    "SET allowed_configs = []",
    "SET allowed_directories = ['/']",
    "SET allow_unsigned_extensions = true",
    "SET autoinstall_known_extensions = true",
    "SET memory_limit = '1TB'",
    "SET temp_directory = '/tmp/elsewhere'",
    "SET max_temp_directory_size = '1TB'",
    "SET threads = 64",
    "SET python_enable_replacements = true",
    "SET extension_directory = '/tmp'",
    "RESET memory_limit",
    "PRAGMA memory_limit = '1TB'",
)


@pytest.mark.parametrize("sql", SETTINGS)
def test_settings_are_locked(database: Database, sql: str) -> None:
    """No limit can be lifted from within."""
    before = database.cursor().execute("SELECT name, value FROM duckdb_settings()").fetchall()
    with pytest.raises(duckdb.Error):
        database.cursor().execute(sql)
    after = database.cursor().execute("SELECT name, value FROM duckdb_settings()").fetchall()
    assert after == before


NASTY = (
    "'; DROP TABLE spo; --",
    "' OR '1'='1",
    "\"; ATTACH '/etc/passwd' AS x; --",
    "$1",
    "\\'",
    "x' UNION SELECT 1, 2, 3 --",
    "%s {0} ?1 :a",
    "a\x00b",
)


@pytest.mark.parametrize("text", NASTY)
def test_sql_in_a_query_is_nothing_but_text(text: str) -> None:
    """As a literal, an IRI, a variable's value, a pattern and a separator it is itself, and comes back so."""
    with memory_store() as store:
        escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\x00", "\\u0000")
        store.update(f'INSERT DATA {{ <http://e/s> <http://e/p> "{escaped}" }}')
        for query in (
            f'SELECT ?o {{ ?s ?p ?o FILTER (?o = "{escaped}") }}',
            f'SELECT ?o {{ ?s ?p "{escaped}" BIND ("{escaped}" AS ?o) }}',
            f'SELECT (GROUP_CONCAT(?x ; SEPARATOR = "{escaped}") AS ?o) {{ VALUES ?x {{ "" "" }} }}',
            f'SELECT (REPLACE("x", "x", STR(?v)) AS ?r) ?o {{ ?s ?p ?o BIND ("" AS ?v)'
            f' FILTER (CONTAINS(?o, "{escaped}") && STRLEN(?o) = {len(text)}) }}',
        ):
            answer = store.query(query)
            assert isinstance(answer, Solutions)
            place = answer.variables.index("o")
            assert [getattr(row[place], "lexical", None) for row in answer.rows] == [text], query
        assert store.size() == 1


def test_names_in_a_query_are_no_sql(tmp_path: Path) -> None:
    """Variables may have the names of tables, columns and keywords."""
    names = ("spo", "s", "SELECT", "u", "term", "rowid", "from", "order", "x1", "Ünicode")
    with open_store(write_small_store(tmp_path / "store")) as store:
        for name in names:
            answer = store.query(f"SELECT ?{name} {{ ?{name} ?p ?o }} ORDER BY ?{name}")
            assert isinstance(answer, Solutions)
            assert answer.variables == (name,)
            assert len(list(answer.rows)) == 3
