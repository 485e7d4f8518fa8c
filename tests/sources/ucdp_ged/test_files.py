"""The forms in which UCDP gives its events, and what is done with many of them."""

import csv
import hashlib
import json
import random
import re
import zipfile
from pathlib import Path

import duckdb
import pyoxigraph
import pytest
from shared_files import shared

from conflictkg.answers import Boolean
from conflictkg.sources.cells import MOST_WORDS
from conflictkg.sources.converting import convert_source, convert_to_table, make_job
from conflictkg.sources.ucdp_ged.convert import split_reports
from conflictkg.store import open_store
from conflictkg.store.loading import Load
from conflictkg.store.staging import Source
from conflictkg.store.writer import load_files

INPUT = Path(__file__).parent / "events" / "input.csv"
OLD_COLUMNS = (
    "id", "year", "active_year", "type_of_violence", "conflict_new_id", "conflict_name", "dyad_new_id", "dyad_name",
    "side_a_new_id", "gwnoa", "side_a", "side_b_new_id", "gwnob", "side_b", "number_of_sources", "source_article",
    "source_office", "source_date", "source_headline", "source_original", "where_prec", "where_coordinates", "adm_1",
    "adm_2", "latitude", "longitude", "geom_wkt", "priogrid_gid", "country", "country_id", "region", "event_clarity",
    "date_prec", "date_start", "date_end", "deaths_a", "deaths_b", "deaths_civilians", "deaths_unknown", "low", "best",
    "high",
)  # fmt: skip


def rows() -> list[dict[str, str]]:
    with INPUT.open(encoding="utf-8", newline="") as stream:
        return [row for row in csv.DictReader(stream) if row["best"] and row["id"] == "1001"][:1]


def convert(path: Path) -> str:
    job = make_job("ucdp-ged", path, release="test")
    text = b"".join(bytes(each) for each in convert_source(job)).decode()
    assert not job.report.rejected
    return text


def without_hashes(text: str) -> list[str]:
    return [
        line for line in text.splitlines() if "rowSha256" not in line and "ckg:line" not in line
    ]


def test_every_form_of_an_event_gives_the_same_claims(tmp_path: Path) -> None:
    """Old columns, a row of tags, a ZIP archive, a byte order mark and the API's pages."""
    (row,) = rows()

    def write(name: str, columns: list[str], *extra: list[str], mark: str = "") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            stream.write(mark)
            writer = csv.writer(stream)
            writer.writerows([columns, *extra, [row.get(each, "") for each in columns]])
        return path

    plain = write("ged.csv", list(row))
    expected = without_hashes(convert(plain))
    marked = write("marked.csv", list(row), mark="\ufeff")
    tagged = write("hdx.csv", [*row, "iso3"], ["", "#date+year", *[""] * (len(row) - 1)])
    packed = tmp_path / "ged.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, "GEDEvent.csv")
    event: dict[str, object] = {
        **row,
        "id": int(row["id"]),
        "best": int(row["best"]),
        "active_year": True,
    }
    event["gwnob"] = None
    event["date_start"], event["date_end"] = "2019-03-01T00:00:00", "2019-03-01T00:00:00"
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "1.json").write_text(
        json.dumps({"TotalCount": 1, "Result": [event]}), encoding="utf-8"
    )
    for path in (marked, tagged, packed, pages, pages / "1.json"):
        assert without_hashes(convert(path)) == expected
    old = without_hashes(convert(write("old.csv", list(OLD_COLUMNS))))
    assert [each for each in expected if "verbatim" not in each] == old


@pytest.mark.parametrize(
    ("name", "release"),
    [
        ("GEDEvent_v23_1.csv", "23.1"),
        ("GEDEvent_v25_0_3.csv", "25.0.3"),
        ("ged251-csv.zip", "25.1"),
        ("events.csv", "22.1"),
    ],
)
def test_name_of_the_file_says_the_release(name: str, release: str) -> None:
    assert make_job("ucdp-ged", Path(name)).release == release


def test_table_of_quads_holds_what_the_turtle_holds(tmp_path: Path) -> None:
    """The same quads, however they are written, and a store loads both alike."""
    table, turtle = tmp_path / "quads.parquet", tmp_path / "quads.ttl"
    convert_to_table(make_job("ucdp-ged", INPUT), table)
    turtle.write_bytes(
        b"".join(bytes(each) for each in convert_source(make_job("ucdp-ged", INPUT)))
    )
    triples = set(pyoxigraph.parse(path=str(turtle)))
    load_files([Source(table)], tmp_path / "a", Load(()))
    load_files(
        [Source(turtle, graph="https://w3id.org/conflictkg/graph/ucdp-ged-22.1")],
        tmp_path / "b",
        Load(()),
    )
    with open_store(tmp_path / "a") as first, open_store(tmp_path / "b") as second:
        assert first.size() == second.size() == len(triples)
        assert first.release == second.release
        text = "ASK { ?claim ckg:bestEstimate 3 ; prov:wasDerivedFrom ?record }"
        prefixes = "PREFIX ckg: <https://w3id.org/conflictkg/ontology#> PREFIX prov: <http://www.w3.org/ns/prov#> "
        assert first.query(prefixes + text) == Boolean(value=True)


def test_lists_of_reports_are_taken_apart() -> None:
    """Where a headline holds the separator the quoted reports are what counts; missing days are none."""
    article = '"Reuters,2001-11-06,One; two";"AP, Newswires,1753-01-01,Three"'
    found = split_reports(
        "2", article, "Reuters;AP, Newswires", "2001-11-06;1753-01-01", "One; two;Three"
    )
    assert [each[:2] for each in found] == [("Reuters", "2001-11-06"), ("AP, Newswires", None)]
    assert split_reports("-1", "AP 5/8, r 21/8", "", "", "")[0][:2] == (None, None)
    assert split_reports("-1", " ", "", "", "") == []
    unquoted = split_reports("2", "Reuters and AP", "Reuters;AP", "2001-11-06", "One;Two")
    assert [each[:2] for each in unquoted] == [("Reuters", None), ("AP", None)]
    assert unquoted[0][2] != unquoted[1][2]


def test_real_file_is_converted_whole() -> None:
    """All 6,416 rows; the 200 whose range is broken and the 51 whose informant is a text are kept and say so."""
    path = shared("data/ucdp/conflict_data_pak.csv")
    job = make_job("ucdp-ged", path)
    text = b"".join(bytes(each) for each in convert_source(job))
    assert job.report.summary() == (
        "conflict_data_pak.csv: 6,416 rows read, 6,416 converted (251 with issues), 0 rejected"
    )
    issues = [each.problem for each in job.report.issues]
    assert len(issues) == 251
    assert sum("runs backwards" in each for each in issues) == 137
    assert sum(each.column == "source_original" for each in job.report.issues) == 51
    copied = re.findall(rb'ckg:(?:informant|codingNote|verbatim) "(.*)"@en', text)
    assert max(len(each.decode().split()) for each in copied) == MOST_WORDS
    # 397 descriptions of places have more than ten words, 8 others several lines.
    assert list(job.report.ignored.values()) == [405]
    assert text.count(b"a ckg:SourceRecord ;") == 6_416
    assert text.count(b"cs:data-issue-range-reversed") == 137
    record = text.partition(b"<https://w3id.org/conflictkg/id/record/ucdp-ged-22.1/254483>\n")[
        2
    ].partition(b"\n.\n")[0]
    # The strike in Hangu rests on one report, of the Bureau.
    assert b"prov:hadPrimarySource <https://w3id.org/conflictkg/id/organization/0026> ;" in record
    assert b"ckg:sourceCount 1 ;" in record


def test_real_file_in_another_order_gives_the_same_bytes(tmp_path: Path) -> None:
    """But for the lines on which rows stood."""
    path = shared("data/ucdp/conflict_data_pak.csv")
    with path.open(encoding="utf-8", newline="") as stream:
        header, *found = csv.reader(stream)
    random.Random(1).shuffle(found)  # noqa: S311  no secret
    shuffled = tmp_path / "shuffled.csv"
    with shuffled.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(
            [
                header,
                *(row for row in found if row[0]),
            ]
        )

    def digest(source: Path) -> str:
        text = b"".join(bytes(each) for each in convert_source(make_job("ucdp-ged", source)))
        return hashlib.sha256(re.sub(rb"  ckg:line [0-9]+ ;\n", b"", text)).hexdigest()

    assert digest(shuffled) == digest(path)


def test_progress_tells_rate_and_part() -> None:
    """Of reading and of writing, up to the whole."""
    told: list[tuple[str, float | None, str]] = []
    job = make_job("ucdp-ged", INPUT, progress=lambda *each: told.append(each))
    list(convert_source(job))
    (read,) = (each for each in told if each[0] == "read")
    assert read[1] == 1.0
    assert "rows/s" in read[2]
    assert [each[1] for each in told if each[0] == "write"][-1] == 1.0


def test_quads_are_the_same_in_another_engine() -> None:
    """What is written as Turtle by SQL is what the mapping's quads are, on the real file."""
    path = shared("data/ucdp/conflict_data_pak.csv")
    from conflictkg.sources.ucdp_ged.convert import relate

    with relate(make_job("ucdp-ged", path)) as found:
        quads_of = found.quads.sql("duckdb")
        counted = f"SELECT count(*), count(DISTINCT (s, p, o)) FROM ({quads_of})"  # noqa: S608  our own SQL
        ((quads, different),) = found.tables.connection.execute(counted).fetchall()
        text = b"".join(bytes(each) for each in found.iter_turtle())
    assert quads == different
    assert sum(1 for _ in pyoxigraph.parse(text, format=pyoxigraph.RdfFormat.TURTLE)) == quads
    assert duckdb.__version__
