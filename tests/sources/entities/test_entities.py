"""The registry: numbers, names, places in places, and identifiers that a file proves."""

import csv
import io
from pathlib import Path

import pytest
from rdflib import RDF, SKOS, Graph, Literal
from shared_files import shared

from conflictkg.errors import InvalidValueError, SourceError, UnmappedValueError
from conflictkg.files import entities_dir
from conflictkg.iris import mint_thing
from conflictkg.sources.entities.convert import convert_entities, load_registry
from conflictkg.terms import CKG, SSSOM

PERSON = '[[person]]\nnumber = "0001"\nname = "A"\n'


def registry_graph(folder: Path, **files: str) -> Graph:
    for name, content in files.items():
        (folder / f"{name}.toml").write_text(content, encoding="utf-8")
    return convert_entities(load_registry(folder))


def test_names_keep_their_sort(tmp_path: Path) -> None:
    """Preferred, other and hidden names are told apart."""
    row = PERSON + 'aliases = ["B"]\nhidden = ["C"]\n'
    graph = registry_graph(tmp_path, persons=row)
    person = mint_thing("person", "0001")
    for predicate, name in ((SKOS.prefLabel, "A"), (SKOS.altLabel, "B"), (SKOS.hiddenLabel, "C")):
        assert (person, predicate, Literal(name, lang="en")) in graph


def test_negative_mapping_is_marked(tmp_path: Path) -> None:
    """That two things differ is kept, and never reads as a match."""
    mapping = (
        '[sources.list]\ntitle = "l"\nlicence = "https://example.org/l"\nfile = "f"\n'
        'iri = "https://example.org/{id}"\n'
        '[[mapping]]\nsubject = "person/0001"\npredicate = "exactMatch"\nnegative = true\n'
        'source = "list"\nid = "7"\nlabel = "x"\nreason = "y"\n'
    )
    graph = registry_graph(tmp_path, persons=PERSON, mappings=mapping)
    (iri,) = graph.subjects(RDF.type, SSSOM.Mapping)
    assert (iri, SSSOM.predicate_modifier, Literal("Not")) in graph


@pytest.mark.parametrize(
    ("files", "error", "message"),
    [
        ({"a": PERSON + PERSON}, SourceError, "person number 0001 is given twice"),
        ({"a": '[[person]]\nnumber = "1"\nname = "A"\n'}, SourceError, "person.0.number"),
        ({"a": "[[person]\n"}, SourceError, "cannot be read"),
        (
            {"a": '[[organization]]\nnumber = "0001"\nname = "A"\nlevel = "armedgroup"\n'},
            UnmappedValueError,
            'Closest known: "armed-group"',
        ),
        (
            {
                "a": '[[place]]\nnumber = "0001"\nname = "A"\nprecision = "country"\n'
                'within = [{ place = "0002", source = "nowhere" }]\n'
            },
            UnmappedValueError,
            'source "nowhere" is not declared',
        ),
        (
            {
                "a": PERSON + '[sources.s]\ntitle = "l"\nlicence = "l"\nfile = "f"\n'
                '[[mapping]]\nsubject = "person/0001"\npredicate = "exactMatch"\n'
                'source = "s"\nid = "7"\nlabel = "x"\nreason = "y"\n'
            },
            InvalidValueError,
            "gives no IRIs",
        ),
        ({}, SourceError, "holds no"),
    ],
    ids=["twice", "number", "toml", "level", "source", "iri", "empty"],
)
def test_broken_registry_is_refused(
    tmp_path: Path, files: dict[str, str], error: type[Exception], message: str
) -> None:
    """Each fault in the registry names the file or record and what is wrong."""
    with pytest.raises(error, match=message):
        registry_graph(tmp_path, **files)


def test_every_outside_identifier_is_proved_by_its_file() -> None:
    """Each mapping's id stands in the named file under the given name."""
    registry = load_registry(entities_dir())
    actors = {
        row["ActorId"]: row["NameData"].strip()
        for row in csv.DictReader(
            io.StringIO(shared("data/ucdp/ucdp-actor-221.csv").read_text("utf-8-sig"))
        )
    }
    places = {
        line.split("\t")[0]: line.split("\t")[1]
        for line in shared("data/geonames/cities15000_PK_AF_YE_SO.tsv")
        .read_text("utf-8")
        .splitlines()
    }
    proofs = {"ucdp-actor-221": actors, "geonames-cities15000": places}
    assert registry.mapping
    for mapping in registry.mapping:
        assert proofs[mapping.source].get(mapping.id) == mapping.label, mapping


def test_every_containment_is_proved_by_the_event_file() -> None:
    """A place lies in another only where a row of the event file has both names."""
    registry = load_registry(entities_dir())
    path = shared("data/ucdp/conflict_data_pak.csv")
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    names = {place.number: place.name for place in registry.place}
    pairs = {
        (inner.strip(), outer.strip())
        for row in rows
        for inner, outer in (
            (row["where_coordinates"].removesuffix(" town"), row["adm_2"]),
            (row["adm_2"].removesuffix(" district"), row["adm_1"]),
            (row["adm_2"], row["adm_1"]),
            (row["adm_1"], row["country"]),
        )
    }
    spelt = {"Khyber Pakhtunkhwa province": "Khyber Pakhtunkwa province"}
    for place in registry.place:
        for containment in place.within:
            if containment.source == "ucdp-ged-221":
                outer = names[containment.place]
                pair = (spelt.get(place.name, place.name), spelt.get(outer, outer))
                assert pair in pairs, pair


def test_persons_have_no_names_in_their_iris() -> None:
    """Every entity is named by its number."""
    graph = convert_entities(load_registry(entities_dir()))
    for person in graph.subjects(RDF.type, CKG.Person):
        assert str(person).rpartition("/")[2].isdigit()
