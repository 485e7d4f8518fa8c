"""What is generated is what its sources generate, to the byte."""

from pathlib import Path

import pytest

from conflictkg.files import annotations_dir, data_files, entities_dir
from conflictkg.graphs import write_turtle
from conflictkg.sources.article.annotations import dump_annotations, load_annotations
from conflictkg.sources.article.convert import convert_article
from conflictkg.sources.entities.convert import convert_entities, load_registry
from conflictkg.terms import PREFIXES

ARTICLES = sorted(annotations_dir().glob("*.json"))
GRAPHS = {path.stem: path for path in data_files()}


def test_entities_graph_is_what_the_registry_says() -> None:
    """data/ttl/entities.ttl comes from data/entities (else: make data)."""
    written = write_turtle(convert_entities(load_registry(entities_dir())), PREFIXES)
    assert GRAPHS["entities"].read_text(encoding="utf-8") == written


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_article_graph_is_what_its_annotations_say(path: Path) -> None:
    """Each article graph comes from its reviewed annotations (else: make data)."""
    written = write_turtle(convert_article(load_annotations(path)), PREFIXES)
    assert GRAPHS[path.stem].read_text(encoding="utf-8") == written


@pytest.mark.parametrize("path", ARTICLES, ids=lambda path: path.stem)
def test_annotation_files_are_in_their_canonical_form(path: Path) -> None:
    """A reviewed file read and written again is the same, so that a diff shows what changed."""
    assert dump_annotations(load_annotations(path)) == path.read_text(encoding="utf-8")


def test_every_graph_file_has_its_source() -> None:
    """No file in data/ttl stands there by hand."""
    assert set(GRAPHS) == {"entities", *(path.stem for path in ARTICLES)}
