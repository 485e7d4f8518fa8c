"""UCDP's list of actors, release 22.1, as it came."""

import pytest
from converted import Converted, convert_shared

SEED = {
    "356": "TTP",
    "303": "Taleban",
    "769": "al-Qaida",
    "359": "IMU",
    "388": "LeJ",
    "1156": "ETIM",
    "142": "Government of Pakistan",
    "3": "Government of United States of America",
    "130": "Government of Afghanistan",
}


@pytest.fixture(scope="module")
def converted() -> Converted:
    return convert_shared("ucdp-actor", "data/ucdp/ucdp-actor-221.csv")


def test_all_rows_are_converted(converted: Converted) -> None:
    """Each row becomes a record; what is odd in the file is told."""
    report = converted.report
    assert (report.read, report.converted, report.rejected) == (1725, 1725, 0)
    assert len(converted.rows("?record a ckg:SourceRecord", "record")) == 1725
    # Four more than rows: actors that only others name.
    assert len(converted.rows("?it a ckg:Organization", "it")) == 1725 + 4
    told = [(each.record, each.column) for each in report.issues]
    assert told == [
        ("49", "Location"),
        ("283", "ActorIdPrev"),
        ("1165", "ActorIdPrev"),
        ("5575", "ActorIdGroup"),
        ("5575", "ActorIdGroup"),
        ("6513", "NewNameFullEng"),
        ("6833", "ActorIdPrev"),
    ]


def test_ties_are_as_many_as_the_file_has(converted: Converted) -> None:
    """By actor: 219 splinters of which one names itself, 38 for a time, 111 in alliances, 76 that joined."""
    found = converted.count(
        "?tie a ckg:GroupRelation ; ckg:child ?child ; ckg:relationType ?type", "child", "type"
    )
    assert found == {
        "relation-type-splinter-from": 218,
        "relation-type-temporarily-split-from": 38,
        "relation-type-member-of-alliance": 111,
        "relation-type-joined": 76,
    }


def test_renamed_actors_keep_their_number(converted: Converted) -> None:
    """70 have later names, and are no other actors by them."""
    found = converted.count(
        "?claim ckg:nameKind cs:name-kind-later ; ckg:claimSubject ?it ; ckg:nameKind ?kind",
        "it",
        "kind",
    )
    assert found == {"name-kind-later": 70}


def test_orders_are_as_many_as_the_file_has(converted: Converted) -> None:
    """Org 1, 2, 3 and 4."""
    found = converted.count(
        "?c ckg:claimProperty ckg:organizationOrder ; ckg:claimObject ?order", "c", "order"
    )
    assert found == {
        "organization-order-formal": 1059,
        "organization-order-party-supporters": 37,
        "organization-order-identity-group": 466,
        "organization-order-state": 163,
    }


@pytest.mark.parametrize("number", SEED)
def test_seed_group_has_the_name_that_ucdp_uses(converted: Converted, number: str) -> None:
    """Without the blank at the end that al-Qaida has there."""
    where = (
        f"<https://w3id.org/conflictkg/id/organization/ucdp-actor/{number}> skos:prefLabel ?name"
    )
    assert converted.rows(where, "name") == [(SEED[number],)]


def test_splinters_of_the_ttp_are_known(converted: Converted) -> None:
    """Four that stayed apart, three for a time; one came back."""
    ttp = "<https://w3id.org/conflictkg/id/organization/ucdp-actor/356>"
    where = f"?tie ckg:parent {ttp} ; ckg:child ?it ; ckg:relationType ?type"
    found = {(it.rpartition("/")[2], kind) for it, kind in converted.rows(where, "it", "type")}
    assert {it for it, kind in found if kind == "relation-type-splinter-from"} == {
        "3047",
        "5864",
        "5865",
        "5928",
    }
    assert {it for it, kind in found if kind == "relation-type-temporarily-split-from"} == {
        "1101",
        "1102",
        "1103",
    }
    assert ("5928", "relation-type-joined") in found


def test_unknown_is_no_name(converted: Converted) -> None:
    """643 cells say n/a."""
    assert converted.rows('?it ?p ?n FILTER(lcase(str(?n)) = "n/a")', "it") == []


def test_names_in_other_scripts_are_tagged(converted: Converted) -> None:
    """An Arabic name is found by its script, whatever its language."""
    found = converted.rows('?it skos:altLabel ?name FILTER(lang(?name) = "und-arab")', "it", "name")
    assert ("organization/ucdp-actor/6254", "مجلس القيادة الرئاسي") in found
