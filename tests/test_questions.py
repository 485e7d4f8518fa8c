"""The published questions as files."""

from pathlib import Path

import pytest

from conflictkg import files
from conflictkg.engine.algebra import Ask, Construct, Describe, Select
from conflictkg.engine.syntax import parse_query
from conflictkg.errors import NotFoundError, RdfSyntaxError, SourceError
from conflictkg.questions import find_question, load_questions

FORMS = {"solutions": Select, "boolean": Ask, "graph": Construct | Describe}
GOOD = """
@prefix dct: <http://purl.org/dc/terms/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix schema: <https://schema.org/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
<https://w3id.org/conflictkg/query/any> a sh:SPARQLExecutable, sh:SPARQLAskExecutable ;
  dct:identifier "07" ; rdfs:label "Frage?"@de, "Is there any?"@en ; rdfs:comment "A test."@en ;
  schema:keywords "b", "a" ; sh:ask "ASK { ?x a ckg:Strike }" .
"""


def write(folder: Path, text: str, name: str = "any") -> Path:
    path = folder / f"{name}.ttl"
    path.write_text(text, encoding="utf-8")
    return path


def test_question_is_read_whole(tmp_path: Path) -> None:
    """Every field comes from the file; used prefixes are declared."""
    (found,) = load_questions([write(tmp_path, GOOD)])
    assert (found.slug, found.number, found.text, found.comment) == (
        "any",
        "07",
        "Is there any?",
        "A test.",
    )
    assert (found.iri, found.keywords) == ("https://w3id.org/conflictkg/query/any", ("a", "b"))
    assert found.kind == "boolean"
    assert found.sparql == (
        "PREFIX ckg: <https://w3id.org/conflictkg/ontology#>\nASK { ?x a ckg:Strike }"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("sh:ask", "sh:prefLabel"), "has 0 query texts"),
        (('sh:ask "', 'sh:select "SELECT * {}" ; sh:ask "'), "has 2 query texts"),
        (("query/any", "query/other"), 'asks question "other", and the file is named "any"'),
        (("a sh:SPARQLExecutable,", "a"), "holds 0 questions"),
    ],
)
def test_file_that_is_no_question_is_refused(
    change: tuple[str, str], words: str, tmp_path: Path
) -> None:
    """The message names the file and what is missing."""
    path = write(tmp_path, GOOD.replace(*change))
    with pytest.raises(SourceError) as raised:
        load_questions([path])
    assert str(path) in str(raised.value)
    assert words in str(raised.value)


def test_file_that_is_no_turtle_is_refused_with_its_line(tmp_path: Path) -> None:
    """Syntax errors have a place."""
    with pytest.raises(RdfSyntaxError, match="line 2"):
        load_questions([write(tmp_path, "@prefix a: <http://a/> .\na:b a:c .")])


def test_unknown_slug_is_told_the_closest(tmp_path: Path) -> None:
    """A typing mistake gets a suggestion."""
    questions = load_questions([write(tmp_path, GOOD)])
    assert find_question("any", questions) == questions[0]
    with pytest.raises(NotFoundError, match=r'no question is named "ayn"\. Did you mean "any"'):
        find_question("ayn", questions)


def test_all_published_questions_are_read_in_their_order() -> None:
    """Numbers go up, slugs are the files' names, and each text is what it says it is."""
    found = load_questions()
    assert {each.slug for each in found} == {path.stem for path in files.query_files()}
    assert [each.number for each in found] == sorted(each.number for each in found)
    for each in found:
        assert isinstance(parse_query(each.sparql), FORMS[each.kind])
