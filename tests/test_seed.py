"""The seed article's answer key, item by item, in the committed graph."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from rdflib import Graph, URIRef
from shared_files import shared

from conflictkg.files import annotations_dir, data_files
from conflictkg.graphs import parse_graph
from conflictkg.iris import mint_thing
from conflictkg.sources.article.annotations import (
    Annotations,
    load_annotations,
    read_text,
    require_text,
)
from conflictkg.terms import CKG, OA

KEY = "914db3b611dfa38a"
TEXT = "seed/000_f26fef2fba4196b7.txt"
CARRIERS: dict[str, dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("seed_core_items.toml").read_text(encoding="utf-8")
)


@pytest.fixture(scope="module")
def annotations() -> Annotations:
    return load_annotations(annotations_dir() / f"article-{KEY}.json")


@pytest.fixture(scope="module")
def graph() -> Graph:
    path = next(path for path in data_files() if path.stem == f"article-{KEY}")
    return parse_graph(path).graph


def key_items() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(shared("seed/answer-key.json").read_text("utf-8"))
    return items


def claim_of(graph: Graph, name: str) -> URIRef:
    """The claim or group relation that an assertion became."""
    found = [
        iri
        for iri in (mint_thing("claim", f"{KEY}/{name}"), mint_thing("relation", f"{KEY}/{name}"))
        if (iri, CKG.claimStatus, None) in graph
    ]
    assert len(found) == 1, f"assertion {name} is not in the graph"
    return found[0]


def span_of(graph: Graph, claim: URIRef) -> tuple[int, int]:
    position = graph.value(
        graph.value(graph.value(claim, CKG.evidence), OA.hasTarget), OA.hasSelector
    )
    return int(str(graph.value(position, OA.start))), int(str(graph.value(position, OA.end)))


def faults_of(item: dict[str, Any], graph: Graph) -> list[str]:
    """Why the graph does not carry a key item; nothing where it does."""
    carrier = CARRIERS.get(item["id"])
    if carrier is None:
        return ["no assertion is named for it"]
    if "covered_by" in carrier:
        return [] if carrier["covered_by"] in CARRIERS and carrier["reason"] else ["bad covered_by"]
    expected = carrier.get("status", item["status"])
    faults = []
    overlaps = False
    for name in carrier["assertions"]:
        claim = claim_of(graph, name)
        status = str(graph.value(claim, CKG.claimStatus)).rpartition("claim-status-")[2]
        if status != expected:
            faults.append(f"{name} has status {status}, the key says {expected}")
        start, end = span_of(graph, claim)
        overlaps = overlaps or (start < item["end"] and end > item["start"])
    if not overlaps:
        faults.append("no evidence stands where the key's does")
    return faults


def test_every_core_item_is_carried_by_the_graph(graph: Graph) -> None:
    """Each of the 164 core items has a claim with its status and at its place in the text."""
    core = [item for item in key_items() if item["core"]]
    assert len(core) == 164
    faults = {item["id"]: faults_of(item, graph) for item in core}
    assert {name: found for name, found in faults.items() if found} == {}


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"id": "g999"}, "no assertion is named for it"),
        ({"status": "author-opinion"}, "has status fact, the key says author-opinion"),
        ({"start": 9000, "end": 9050}, "no evidence stands where the key's does"),
    ],
)
def test_missing_or_altered_item_is_found(graph: Graph, change: dict[str, Any], fault: str) -> None:
    """The check goes red when an item is missing, has another status or stands elsewhere."""
    item = {"id": "g029", "status": "fact", "start": 784, "end": 846} | change
    assert any(fault in found for found in faults_of(item, graph))


def test_no_trap_comment_or_chrome_item_is_carried() -> None:
    """Nothing that must not be asserted, and nothing of comments or chrome, has a claim."""
    forbidden = {"must-not-assert", "reader-comment", "page-chrome"}
    assert {item["id"] for item in key_items() if item["status"] in forbidden} & set(
        CARRIERS
    ) == set()


def test_every_span_has_its_hash(annotations: Annotations) -> None:
    """Each annotated slice of the article has the hash that the file gives."""
    require_text(annotations, read_text(shared(TEXT)), TEXT)


def test_no_article_sentence_is_committed(annotations: Annotations) -> None:
    """No text in the annotations repeats more than ten words of the article in a row."""
    words = read_text(shared(TEXT)).lower().split()
    runs = {" ".join(words[i : i + 11]) for i in range(len(words) - 10)}
    texts = [item.text or "" for item in annotations.assertions]
    texts += [node.label + " " + (node.note or "") for node in annotations.nodes]
    for text in texts:
        mine = text.lower().split()
        assert not runs & {" ".join(mine[i : i + 11]) for i in range(len(mine) - 10)}, text
