"""The tools for language models, called by the protocol's own client: in process, over pipes, over HTTP."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from web_support import ARTICLE_GRAPH, DOCUMENT, ORGANIZATION, write_many_claims, write_small_store

from conflictkg.config import Settings
from conflictkg.iris import BASE
from conflictkg.mcp import create_server
from conflictkg.mcp.bounds import MOST_CHARACTERS, write_bounded
from conflictkg.mcp.terms import read_iri
from conflictkg.store import Limits, Store, open_store
from conflictkg.terms import PREFIXES

TOOLS = {"search_entities", "describe_schema", "check_query", "run_query", "get_entity"}
CKG = f"PREFIX ckg: <{PREFIXES['ckg']}>\n"


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_store(tmp_path_factory.mktemp("mcp") / "s", write_many_claims(200))


@pytest.fixture(scope="module")
def store(directory: Path) -> Iterator[Store]:
    with open_store(directory) as opened:
        yield opened


@asynccontextmanager
async def _connected(store: Store, **settings: Any) -> AsyncIterator[Client]:
    async with Client(create_server(Settings(**settings), store)) as client:
        yield client


async def _text(client: Client, tool: str, **arguments: Any) -> tuple[str, bool]:
    result = await client.call_tool(tool, arguments)
    (content,) = result.content
    assert content.type == "text"
    return content.text, result.is_error is True


def _call(store: Store, tool: str, **arguments: Any) -> dict[str, Any]:
    """What a tool answers with, decoded."""

    async def call() -> dict[str, Any]:
        async with _connected(store) as client:
            text, failed = await _text(client, tool, **arguments)
            assert not failed, text
            assert len(text) <= MOST_CHARACTERS
            answer: dict[str, Any] = json.loads(text)
            return answer

    return anyio.run(call)


def _fail(store: Store, tool: str, **arguments: Any) -> str:
    """How a tool says that it cannot."""

    async def call() -> str:
        async with _connected(store) as client:
            text, failed = await _text(client, tool, **arguments)
            assert failed, text
            return text

    return anyio.run(call)


# What a client sees


def test_every_tool_only_reads_and_describes_each_parameter(store: Store) -> None:
    """A model that reads nothing but the list knows what a tool is for and what goes in."""

    async def look() -> None:
        async with _connected(store) as client:
            assert "not truths" in (client.instructions or "")
            tools = (await client.list_tools()).tools
            assert {each.name for each in tools} == TOOLS
            for each in tools:
                assert each.annotations is not None
                assert each.annotations.read_only_hint is True
                assert len(each.description or "") > 100
                for parameter in each.input_schema["properties"].values():
                    assert parameter["description"]

    anyio.run(look)


# Names


def test_search_finds_a_thing_by_a_name_with_its_class_and_claims(store: Store) -> None:
    answer = _call(store, "search_entities", text="BRIGADE blue")
    assert answer["complete"] is True
    (found,) = [each for each in answer["results"] if each["iri"] == ORGANIZATION]
    assert found["types"] == ["ckg:Organization"]
    assert found["matched"] == [{"name": "Blue Brigade", "as": "preferred name"}]
    assert found["claims"] == 2


def test_search_finds_a_name_that_only_a_source_prints(store: Store) -> None:
    """Printed names are claims, and lead to what they are claimed of."""
    answer = _call(store, "search_entities", text="the Blues")
    assert [each["iri"] for each in answer["results"]] == [ORGANIZATION]
    assert answer["results"][0]["matched"] == [{"name": "the Blues", "as": "printed in a source"}]


def test_search_takes_words_as_beginnings_where_nothing_has_them_whole(store: Store) -> None:
    answer = _call(store, "search_entities", text="brig", kind="Organization")
    assert {each["types"][0] for each in answer["results"]} == {"ckg:Organization"}
    assert len(answer["results"]) == 2
    assert "begin" in answer["hint"]


@pytest.mark.parametrize("text", ["", "zebra", '") } UNION { ?s ?p ?o', "*", "\x00"])
def test_search_without_a_hit_says_so(store: Store, text: str) -> None:
    """Whatever the words hold they are words."""
    answer = _call(store, "search_entities", text=text)
    assert (answer["results"], answer["complete"]) == ([], True)
    assert answer["hint"]


def test_search_that_finds_more_than_asked_for_says_so(store: Store) -> None:
    answer = _call(store, "search_entities", text="brigade", limit=1)
    assert (len(answer["results"]), answer["complete"]) == (1, False)


# One thing


def test_entity_tells_of_each_claim_who_says_it_and_where_it_stands(store: Store) -> None:
    answer = _call(store, "get_entity", iri=f"{BASE}id/strike/{DOCUMENT}/one")
    claims = {each["says"]: each for each in answer["claims_about_it"]}
    assert "not an established fact" in answer["caution"]
    attributed = claims["perpetrator"]
    assert attributed["status"] == "attributed-claim"
    assert attributed["through"] == ["Daily Herald"]
    assert attributed["values"] == [{"name": "Blue Brigade", "iri": ORGANIZATION}]
    assert attributed["evidence"] == [
        {
            "document": "A test article",
            "document_iri": f"{BASE}id/document/{DOCUMENT}",
            "characters": [40, 60],
        }
    ]
    counted = claims["count: killed"]
    assert (counted["values"], counted["said_by"]) == (["3 to 5"], ["Daily Herald"])
    assert counted["printed_words"] == ["three to five"]


def test_every_claim_of_an_entity_names_a_speaker_and_a_status(store: Store) -> None:
    """None can be taken for a plain fact."""
    for iri in (ORGANIZATION, f"{BASE}id/document/{DOCUMENT}", f"{BASE}id/organization/0002"):
        answer = _call(store, "get_entity", iri=iri)
        claims = [
            claim
            for name, section in answer.items()
            if "claim" in name and isinstance(section, list)
            for claim in section
        ]
        assert claims
        assert all(each["said_by"] and each["status"] for each in claims)


def test_entity_with_more_claims_than_are_told_says_so(store: Store) -> None:
    answer = _call(store, "get_entity", iri="id/organization/0003", max_claims=5)
    assert (len(answer["claims_about_it"]), answer["complete"]) == (5, False)
    assert "claims_about_it" in answer["partial"]


def test_entity_that_would_fill_the_window_is_cut_and_says_so(store: Store) -> None:
    answer = _call(store, "get_entity", iri="id/organization/0003", max_claims=150)
    assert answer["complete"] is False
    assert any("claims_about_it" in each for each in answer["cut"])


@pytest.mark.parametrize(
    "iri",
    [ORGANIZATION, f"<{ORGANIZATION}>", "id/organization/0001", "/id/organization/0001"],
)
def test_iri_is_understood_however_models_write_it(iri: str) -> None:
    assert read_iri(iri) == ORGANIZATION


@pytest.mark.parametrize("iri", ["", "organization 1", "> } DROP ALL #", "id/organization/none"])
def test_entity_that_is_not_there_is_an_error_that_says_so(store: Store, iri: str) -> None:
    assert "no thing is named" in _fail(store, "get_entity", iri=iri)


# Vocabulary


def test_schema_tells_classes_with_counts_and_graphs(store: Store) -> None:
    answer = _call(store, "describe_schema")
    classes = {each["term"]: each["times"] for each in answer["classes"]}
    assert classes["ckg:Strike"] == 1
    assert answer["release"] == "test-release"
    assert ARTICLE_GRAPH in {each["iri"] for each in answer["graphs"]}
    assert "ckg:claimStatus" in answer["how_claims_are_held"]
    assert answer["example_questions"]


def test_schema_tells_of_a_class_what_its_members_have(store: Store) -> None:
    answer = _call(store, "describe_schema", term="ckg:Organization")
    assert (answer["label"], answer["definition"]) == ("organization", "A body.")
    assert "skos:prefLabel" in {each["property"] for each in answer["properties"]}
    assert f"<{ORGANIZATION}>" in answer["examples"]


def test_schema_tells_uses_of_a_property_members_of_a_code_list_and_whole_questions(
    store: Store,
) -> None:
    uses = _call(store, "describe_schema", term="ckg:claimStatus")
    assert all(" ckg:claimStatus cs:" in each for each in uses["examples"])
    members = _call(store, "describe_schema", term="cs:claim-status")
    assert members["members_of_this_code_list"] == [
        {"iri": "cs:claim-status-fact", "label": "fact"}
    ]
    question = _call(store, "describe_schema", term="leaders-of-organization")
    assert "SELECT" in question["sparql"]


def test_schema_suggests_the_nearest_term(store: Store) -> None:
    assert 'Did you mean "ckg:Strike"' in _fail(store, "describe_schema", term="ckg:Strikes")


# Queries


def test_check_tells_the_place_of_an_error_without_failing(store: Store) -> None:
    """A syntax error is what the tool is for, not its failure."""
    answer = _call(store, "check_query", query="SELECT * WHERE {\n ?s ckg:x ?o }")
    assert (answer["can_be_run"], answer["line"], answer["column"]) == (False, 2, 5)
    assert f"PREFIX ckg: <{PREFIXES['ckg']}>" in answer["problem"]


def test_check_advises_on_a_class_that_is_not_there(store: Store) -> None:
    answer = _call(store, "check_query", query=CKG + "SELECT * { ?s a ckg:Strik }")
    assert answer["can_be_run"] is True
    assert [each["write_instead"] for each in answer["advice"]] == ["ckg:Strike"]


def test_query_answers_in_terms_that_can_be_asked_about_again(store: Store) -> None:
    answer = _call(
        store,
        "run_query",
        query=CKG
        + "SELECT ?c ?low ?text ?none { ?c ckg:lowerBound ?low ; ckg:verbatim ?text OPTIONAL { ?c ckg:no ?none } }",
    )
    claim = f"<{BASE}id/claim/{DOCUMENT}/killed>"
    assert answer["rows"] == [[claim, "3", '"three to five"@en', None]]
    assert (answer["complete"], answer["release"]) == (True, "test-release")


def test_query_with_more_rows_than_are_told_is_not_complete(store: Store) -> None:
    answer = _call(store, "run_query", query="SELECT * { ?s ?p ?o }", max_rows=3)
    assert (len(answer["rows"]), answer["complete"]) == (3, False)
    assert "OFFSET" in answer["hint"]


def test_query_whose_answer_would_fill_the_window_is_cut_and_says_so(store: Store) -> None:
    """It is not called complete, though the store gave all rows."""
    long = "CONCAT(STR(?s), STR(?s), STR(?s), STR(?s), STR(?s))"
    query = f"SELECT ?s ({long} AS ?long) {{ ?s ?p ?o }} LIMIT 400"
    answer = _call(store, "run_query", query=query, max_rows=500)
    assert answer["complete"] is False
    assert answer["cut"] == [f"rows: {len(answer['rows'])} of 400 are shown"]


def test_query_that_finds_nothing_is_told_with_advice(store: Store) -> None:
    answer = _call(store, "run_query", query=CKG + "SELECT * { ?s a ckg:Strik }")
    assert (answer["rows"], answer["complete"]) == ([], True)
    assert answer["advice"][0]["write_instead"] == "ckg:Strike"


def test_query_may_ask_and_construct(store: Store) -> None:
    assert _call(store, "run_query", query="ASK {}")["answer"] is True
    construct = "CONSTRUCT { ?s a ckg:Strike } WHERE { ?s a ckg:Strike }"
    (triple,) = _call(store, "run_query", query=CKG + construct)["triples"]
    assert triple == f"<{BASE}id/strike/{DOCUMENT}/one> rdf:type ckg:Strike ."


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("DELETE WHERE { ?s ?p ?o }", "DELETE"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", "SERVICE"),
        ("SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }", "does not hold it"),
        ("SELECT * {", "line 1"),
    ],
)
def test_query_that_is_not_for_here_is_refused_with_the_reason(
    store: Store, query: str, problem: str
) -> None:
    assert problem in _fail(store, "run_query", query=query)


def test_query_is_stopped_at_the_deadline_of_the_server(store: Store) -> None:
    """A model may ask for less time, never for more."""
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"

    async def call(**arguments: Any) -> str:
        async with _connected(store, query_timeout_s=0.3) as client:
            text, failed = await _text(client, "run_query", query=endless, **arguments)
            assert failed
            return text

    assert "0.3 s" in anyio.run(lambda: call(timeout_s=100))
    assert "0.2 s" in anyio.run(lambda: call(timeout_s=0.2))


def test_who_waits_no_longer_has_the_query_stopped(directory: Path) -> None:
    """The store is free again long before the deadline, which is ten minutes away."""
    endless = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"

    async def leave(store: Store) -> None:
        async with _connected(store, query_timeout_s=600) as client:
            with anyio.move_on_after(0.3):
                await client.call_tool("run_query", {"query": endless})
            # It has the only worker, so as long as it ran this one would be turned away.
            text, failed = await _text(client, "run_query", query="SELECT * { ?s ?p ?o } LIMIT 1")
            assert not failed, text

    with open_store(directory, Limits(workers=1, wait_s=5)) as store:
        anyio.run(leave, store)


# Bounds


def test_document_within_the_bound_is_left_as_it_is() -> None:
    assert json.loads(write_bounded({"rows": [1], "complete": True})) == {
        "rows": [1],
        "complete": True,
    }


def test_lists_within_objects_are_cut_too_and_the_longest_first() -> None:
    document = {"small": [1, 2], "in": {"large": ["x" * 10] * 100}, "complete": True}
    answer = json.loads(write_bounded(document, 300))
    assert answer["small"] == [1, 2]
    assert answer["complete"] is False
    assert answer["cut"] == [f"in.large: {len(answer['in']['large'])} of 100 are shown"]


# The command


def _command(directory: Path, *words: str) -> list[str]:
    code = "from conflictkg.cli import main; main()"
    return [sys.executable, "-c", code, "mcp", "--store", str(directory), *words]


async def _use(client: Client) -> None:
    """What a session looks like."""
    assert {each.name for each in (await client.list_tools()).tools} == TOOLS
    text, failed = await _text(client, "search_entities", text="Blue Brigade")
    assert not failed
    iri = json.loads(text)["results"][0]["iri"]
    text, failed = await _text(client, "get_entity", iri=iri)
    assert not failed
    assert json.loads(text)["label"] == "Blue Brigade"
    text, failed = await _text(client, "run_query", query="SELECT")
    assert failed
    assert "line 1" in text


def _within(seconds: float, work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        with anyio.fail_after(seconds):
            await work()

    anyio.run(bounded)


def test_command_serves_a_client_over_pipes(directory: Path) -> None:
    """Nothing but the protocol comes out on standard output."""
    first, *rest = _command(directory)

    async def work() -> None:
        server = StdioServerParameters(command=first, args=rest, env=dict(os.environ))
        async with Client(stdio_client(server)) as client:
            await _use(client)

    _within(60, work)


@contextmanager
def _serving(directory: Path) -> Iterator[str]:
    process = subprocess.Popen(
        _command(directory, "--http", "--port", "0"), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    watch = threading.Timer(60, process.kill)
    watch.start()
    try:
        first = process.stderr.readline()
        assert " at http://127.0.0.1:" in first, first + process.stderr.read()
        yield first.split(" at ")[1].strip()
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        watch.cancel()
        process.kill()
        process.wait()
        process.stderr.close()


def test_command_serves_a_client_over_http_on_loopback(directory: Path) -> None:
    """And no page of another site, whatever name leads here."""
    with _serving(directory) as address:

        async def work() -> None:
            async with Client(address) as client:
                await _use(client)

        _within(60, work)
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        headers = {"Accept": "application/json, text/event-stream"}
        for name, value in (("Host", "evil.example"), ("Origin", "http://evil.example")):
            refused = httpx.post(address, json=body, headers={**headers, name: value})
            assert refused.status_code in {403, 421}, name
