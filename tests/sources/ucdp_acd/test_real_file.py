"""UCDP/PRIO's conflict-years, release 23.1, as they came."""

import csv
from collections import Counter

import pytest
from converted import Converted, convert_shared
from shared_files import shared

FILE = "data/ucdp/UcdpPrioConflict_v23_1.csv"
ID = "https://w3id.org/conflictkg/id"


@pytest.fixture(scope="module")
def converted() -> Converted:
    return convert_shared("ucdp-acd", FILE)


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with shared(FILE).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_all_rows_are_converted(converted: Converted) -> None:
    """Each conflict-year becomes a record; in 38 a list leaves open which name is whose."""
    report = converted.report
    assert (report.read, report.converted, report.rejected, report.with_issues) == (
        2626,
        2626,
        0,
        38,
    )
    assert len(converted.rows("?record a ckg:SourceRecord", "record")) == 2626
    assert len(converted.rows("?it a ckg:Conflict", "it")) == 297
    assert {each.column for each in report.issues} == {"side_b"}


@pytest.mark.parametrize(
    ("property_", "column", "members"),
    [
        ("incompatibility", "incompatibility", {"1": "territory", "2": "government", "3": "both"}),
        ("conflictIntensity", "intensity_level", {"1": "minor", "2": "war"}),
        (
            "conflictType",
            "type_of_conflict",
            {
                "1": "extrasystemic",
                "2": "interstate",
                "3": "intrastate",
                "4": "internationalized-intrastate",
            },
        ),
    ],
)
def test_codes_are_as_many_as_the_file_has(
    converted: Converted,
    rows: list[dict[str, str]],
    property_: str,
    column: str,
    members: dict[str, str],
) -> None:
    """One claim a row."""
    found = converted.count(
        f"?c ckg:claimProperty ckg:{property_} ; ckg:claimObject ?code", "c", "code"
    )
    ends = Counter({code.split("-", 2)[-1]: number for code, number in found.items()})
    expected = Counter(members[row[column]] for row in rows)
    assert sorted(ends.values()) == sorted(expected.values())
    assert all(
        any(code.endswith(f"-{name}") and found[code] == number for code in found)
        for name, number in expected.items()
    )


def test_each_actor_of_a_list_is_a_claim(converted: Converted, rows: list[dict[str, str]]) -> None:
    """Sides and those who sent troops, one claim each."""
    for property_, column in (
        ("firstSide", "side_a_id"),
        ("secondSide", "side_b_id"),
        ("firstSideSupporter", "side_a_2nd"),
        ("secondSideSupporter", "side_b_2nd"),
        ("conflictCountry", "gwno_loc"),
    ):
        expected = sum(len(row[column].split(", ")) for row in rows if row[column])
        assert len(converted.rows(f"?c ckg:claimProperty ckg:{property_}", "c")) == expected


def test_ends_are_as_many_as_the_file_has(converted: Converted, rows: list[dict[str, str]]) -> None:
    """547 episodes ended; where the day is the last of a year, the year is what is known."""
    found = converted.count(
        "?c ckg:dateOf cs:date-kind-episode-end ; ckg:datePrecision ?precision", "c", "precision"
    )
    last = sum(row["ep_end_date"].endswith("-12-31") for row in rows)
    assert found == {"date-precision-day": 547 - last, "date-precision-year": last}


def test_afghanistan_in_2010_is_told_whole(converted: Converted) -> None:
    """A war over the government, the Taleban on the second side and a United States that sent troops."""
    where = f"?c prov:wasDerivedFrom <{ID}/record/ucdp-acd-23.1/333-2010> ; ckg:claimProperty ?p ; ckg:claimObject ?o"
    found = {(p.rpartition("#")[2], o) for p, o in converted.rows(where, "p", "o")}
    assert {
        ("firstSide", "organization/ucdp-actor/130"),
        ("secondSide", "organization/ucdp-actor/303"),
        ("firstSideSupporter", "organization/ucdp-actor/3"),
        ("incompatibility", "incompatibility-government"),
        ("conflictIntensity", "conflict-intensity-war"),
        ("conflictType", "conflict-type-internationalized-intrastate"),
        ("conflictCountry", "place/gleditsch-ward/700"),
    } <= found


def test_actors_have_the_names_of_the_list_of_actors(converted: Converted) -> None:
    """But for those that UCDP calls otherwise a release later, and those whose name no row tells."""
    with shared("data/ucdp/ucdp-actor-221.csv").open(encoding="utf-8-sig", newline="") as stream:
        actors = {row["ActorId"]: row["NameData"].strip() for row in csv.DictReader(stream)}
    found = converted.pairs("?it a ckg:Organization ; skos:prefLabel ?name", "it", "name")
    others = {
        key.rpartition("/")[2]
        for key, name in found.items()
        if actors.get(key.rpartition("/")[2], name) != name
    }
    assert others == {"285", "528", "7032", "8201"}
    assert len(converted.rows("?it a sem:Actor", "it")) == 47


def test_conflicts_are_called_as_in_the_events(converted: Converted) -> None:
    """Those of the Pakistan file of UCDP's events that are between states and others."""
    with shared("data/ucdp/conflict_data_pak.csv").open(encoding="utf-8", newline="") as stream:
        names = {
            row["conflict_new_id"]: row["conflict_name"]
            for row in csv.DictReader(stream)
            if row["type_of_violence"] == "1"
        }
    found = converted.pairs("?it a ckg:Conflict ; rdfs:label ?name", "it", "name")
    for number, name in names.items():
        assert found[f"conflict/ucdp/{number}"] == name
