"""The Security Council's list as it stood on 27 March 2015."""

import re
from collections import Counter

import pytest
from converted import Converted, convert_shared
from lxml import etree
from shared_files import shared

FILE = "data/un/consolidated-2015.xml"
ID = "https://w3id.org/conflictkg/id"
# Also as the prose misspells them: QDI.009, Qde.128, TAi. 042.
NUMBER = re.compile(r"\b([A-Z][A-Za-z])([ieIE])\.\s?([0-9]{3})\b")
SEED = {
    "QDe.132": "TEHRIK-E TALIBAN PAKISTAN (TTP)",
    "QDe.004": "AL-QAIDA",
    "QDe.010": "ISLAMIC MOVEMENT OF UZBEKISTAN",
    "QDe.096": "LASHKAR I JHANGVI (LJ)",
    "QDe.088": "EASTERN TURKISTAN ISLAMIC MOVEMENT (ETIM)",
    "TAe.012": "HAQQANI NETWORK (HQN)",
}


@pytest.fixture(scope="module")
def converted() -> Converted:
    return convert_shared("un-list", FILE)


@pytest.fixture(scope="module")
def tree() -> etree._ElementTree:
    return etree.parse(str(shared(FILE)), etree.XMLParser(resolve_entities=False, no_network=True))


def test_all_entries_are_converted(converted: Converted) -> None:
    """622 individuals and 424 entities; five numbers have something at their end, four births no day."""
    report = converted.report
    assert (report.read, report.converted, report.rejected) == (1046, 1046, 0)
    assert len(converted.rows("?it a ckg:Person", "it")) == 622
    assert len(converted.rows("?it a ckg:Organization", "it")) == 424
    assert Counter(each.column for each in report.issues) == {
        "COMMENTS1": 14,
        "REFERENCE_NUMBER": 5,
        "INDIVIDUAL_DATE_OF_BIRTH": 4,
    }


def test_records_stand_on_the_lines_of_their_elements(
    converted: Converted, tree: etree._ElementTree
) -> None:
    """As another reading of the file counts them."""
    expected = {
        str(each.findtext("REFERENCE_NUMBER")).strip(): str(each.sourceline)
        for each in tree.iter("INDIVIDUAL", "ENTITY")
    }
    found = converted.pairs(
        "?r a ckg:SourceRecord ; dct:identifier ?number ; ckg:line ?line", "number", "line"
    )
    assert len(found) == 1046
    assert {number: expected.get(number, line) for number, line in found.items()} == found


def test_aliases_are_as_many_as_the_file_has(
    converted: Converted, tree: etree._ElementTree
) -> None:
    """1,419 good, 398 low, 515 a.k.a. and 14 f.k.a. by element; 38 that have a quality and no name say nothing."""
    printed = Counter(
        (each.findtext("QUALITY") or "").strip()
        for each in tree.iter("INDIVIDUAL_ALIAS", "ENTITY_ALIAS")
        if each.find("QUALITY") is not None
    )
    assert printed == {"Good": 1419, "Low": 398, "a.k.a.": 515, "f.k.a.": 14, "": 38}
    where = """?c ckg:nameKind ?kind . FILTER(?kind IN (cs:name-kind-alias, cs:name-kind-former))
        FILTER(!strends(str(?c), "-script")) OPTIONAL { ?c ckg:aliasQuality ?quality }
        BIND(replace(str(?c), "(-alias-[0-9]+)-[0-9]+$", "$1") AS ?element)
        BIND(concat(str(?kind), " ", coalesce(str(?quality), "")) AS ?both)"""
    elements = converted.count(where, "element", "both")
    assert sorted(elements.values()) == [14, 398, 515, 1419]


def test_births_are_as_many_as_the_file_has(converted: Converted, tree: etree._ElementTree) -> None:
    """536 exact, 127 approximate, 18 between and 98 without a type, of which 54 are empty."""
    kinds = Counter(
        (each.findtext("TYPE_OF_DATE") or "").strip()
        for each in tree.iter("INDIVIDUAL_DATE_OF_BIRTH")
    )
    assert kinds == {"Exact": 536, "Approximately": 127, "Between": 18, "": 98}
    assert len(converted.rows("?c ckg:dateOf cs:date-kind-birth", "c")) == 536 + 127 + 18 + 98 - 54
    assert len(converted.rows("?c ckg:isApproximate true", "c")) == 127


@pytest.mark.parametrize("number", SEED)
def test_seed_group_is_an_organization_under_its_number(converted: Converted, number: str) -> None:
    """The groups of the first article that are on the list."""
    where = f"<{ID}/organization/un-list/{number}> skos:prefLabel ?name"
    assert converted.rows(where, "name") == [(SEED[number],)]


def test_haqqani_network_is_tied_to_those_that_its_entry_names(converted: Converted) -> None:
    """Who founded it, and whom it is linked to; of what no rule reads it is kept that it is mentioned."""
    network = f"<{ID}/organization/un-list/TAe.012>"
    linked = converted.rows(
        f"?c ckg:claimSubject {network} ; ckg:claimProperty ckg:associatedWith ; ckg:claimObject ?o",
        "o",
    )
    assert {each.rpartition("/")[2] for (each,) in linked} >= {
        "QDe.004",
        "QDe.010",
        "QDe.132",
        "QDe.096",
        "QDe.019",
    }
    founders = converted.rows(
        f"?c ckg:claimObject {network} ; ckg:claimProperty ckg:founderOf ; ckg:claimSubject/skos:prefLabel ?name",
        "name",
    )
    assert founders == [("JALALUDDIN HAQQANI",)]


def test_each_number_in_the_prose_is_a_claim_or_told(
    converted: Converted, tree: etree._ElementTree
) -> None:
    """No reference to another entry is lost: each is a claim about the two, whichever has the relation."""
    listed, named = set(), set()
    for each in tree.iter("INDIVIDUAL", "ENTITY"):
        own = number_in(str(each.findtext("REFERENCE_NUMBER")))
        listed.add(own)
        texts = (
            each.findtext("COMMENTS1"),
            *(at.text for at in each.iterfind("DESIGNATION/VALUE")),
        )
        named |= {(own, number_in(at[0])) for text in texts for at in NUMBER.finditer(text or "")}
    expected = {frozenset(pair) for pair in named if pair[0] != pair[1] and pair[1] in listed}
    found = converted.rows(
        "?c ckg:claimSubject ?s ; ckg:claimObject ?o . ?s dct:identifier ?a . ?o dct:identifier ?b",
        "a",
        "b",
    )
    assert len(expected) > 250
    assert {frozenset(pair) for pair in found} == expected
    told = {
        (each.record, each.problem.split()[1].rstrip(","))
        for each in converted.report.issues
        if each.column == "COMMENTS1" and "which is not on this list" in each.problem
    }
    assert told == {pair for pair in named if pair[1] not in listed}


def number_in(text: str) -> str:
    """The reference number of a text as the list writes it today: QDi.001, QDe.004."""
    found = NUMBER.search(text)
    assert found, text
    return f"{found[1].upper()}{found[2].lower()}.{found[3]}"


def test_names_in_their_own_letters_are_kept(converted: Converted) -> None:
    """405 entries have one of their own, and some aliases have theirs beside them."""
    found = converted.rows(
        '?c ckg:nameKind cs:name-kind-original-script FILTER(strends(str(?c), "-original-script"))',
        "c",
    )
    assert len(found) == 405
    assert len(converted.rows('?it skos:altLabel "القاعدة"@und-arab', "it")) == 1


def test_no_name_stands_in_an_iri(converted: Converted) -> None:
    """A person is a digest."""
    assert (
        converted.rows(
            '?it a ckg:Person FILTER(!regex(str(?it), "/id/person/[0-9a-f]{12}$"))', "it"
        )
        == []
    )
