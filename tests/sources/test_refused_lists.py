"""Files that are no lists of UCDP or the United Nations: each is refused whole, with what is wrong and where."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from conflictkg.errors import SourceError
from conflictkg.sources.converting import convert_source, make_job

HERE = Path(__file__).parent
ACTORS = HERE / "ucdp_actor/actors/input.csv"
YEARS = HERE / "ucdp_acd/years/input.csv"
PAGE = HERE / "ucdp_acd/page/input.json"
ENTRIES = HERE / "un_list/entries/input.xml"

_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
_LAUGHS = "".join(
    f'<!ENTITY l{level + 1} "{f"&l{level};" * 10}">' for level in range(9)
)  # ten to the ninth


def _declare(text: str) -> Callable[[bytes], bytes]:
    """Put a document type in, and let the first name use it."""
    return lambda content: (
        content.decode()
        .replace(_DECLARATION, f"{_DECLARATION}\n<!DOCTYPE CONSOLIDATED_LIST {text}>")
        .replace("ARDO   ", "&l9;")
        .encode()
    )


def refusal(source: str, path: Path) -> str:
    with pytest.raises(SourceError) as caught:
        b"".join(
            bytes(each)
            for each in convert_source(make_job(source, path, release="test", is_part=True))
        )
    return str(caught.value)


@pytest.mark.parametrize(
    ("source", "good", "change", "expected"),
    [
        pytest.param(
            "ucdp-actor",
            ACTORS,
            lambda content: content.replace(b",", b";"),
            "line 1: its fields are parted by semicolons, where commas are expected.",
            id="actors parted by semicolons",
        ),
        pytest.param(
            "ucdp-actor",
            ACTORS,
            lambda content: content.decode("utf-8-sig").encode("latin-1", "replace"),
            "is not UTF-8 at byte",
            id="actors in Latin-1",
        ),
        pytest.param(
            "ucdp-actor",
            ACTORS,
            lambda content: content.replace(b"NameOrigFullEng", b"NameOrgFullEng"),
            'line 1: has no column "NameOrigFullEng". Closest: "NameOrgFullEng".',
            id="actors with another header",
        ),
        pytest.param(
            "ucdp-actor",
            ACTORS,
            lambda content: content.replace(b"Region", b"Continent"),
            'has a column "Continent" (number 34) that is not known.',
            id="actors with a column that nobody knows",
        ),
        pytest.param(
            "ucdp-actor",
            ACTORS,
            lambda content: content.splitlines(keepends=True)[0],
            "has 0 rows; a release of ucdp-actor has 1,000 to",
            id="actors without any",
        ),
        pytest.param(
            "ucdp-acd",
            YEARS,
            lambda content: content + b'"9404","Paki',
            "begins a field in quotation marks that is never closed. The file may be cut off.",
            id="years cut off in a field",
        ),
        pytest.param(
            "ucdp-acd",
            PAGE,
            lambda content: content[:-40],
            "is no JSON: ",
            id="page cut off",
        ),
        pytest.param(
            "ucdp-acd",
            PAGE,
            lambda content: content.replace(b"side_b_Id", b"side_b_number"),
            "result 1 column side_b_id: is missing.",
            id="page with another field",
        ),
        pytest.param(
            "ucdp-acd",
            PAGE,
            lambda content: content.replace(b'"Result"', b'"Results"'),
            'must hold a list "Result"',
            id="page without results",
        ),
        pytest.param(
            "un-list",
            ENTRIES,
            lambda content: content[: len(content) // 2],
            "is no XML that can be read to its end: ",
            id="entries cut off",
        ),
        pytest.param(
            "un-list",
            ENTRIES,
            _declare(f'[<!ENTITY l0 "ha">{_LAUGHS}]'),
            "line 1: declares a document type (<!DOCTYPE ...>)",
            id="entries with a billion laughs",
        ),
        pytest.param(
            "un-list",
            ENTRIES,
            _declare('[<!ENTITY l9 SYSTEM "file:///etc/hostname">]'),
            "line 1: declares a document type (<!DOCTYPE ...>)",
            id="entries that ask for a file",
        ),
        pytest.param(
            "un-list",
            ENTRIES,
            _declare('SYSTEM "http://localhost:9/list.dtd"'),
            "line 1: declares a document type (<!DOCTYPE ...>)",
            id="entries that ask for a document type",
        ),
        pytest.param(
            "un-list",
            ENTRIES,
            lambda content: content.replace(b"ARDO", b"ARD\0"),
            "is no XML that can be read to its end: ",
            id="entries with a NUL",
        ),
        pytest.param(
            "un-list",
            ENTRIES,
            lambda content: content.replace(b"ARDO", "ARDÖ".encode("latin-1")),
            "is no XML that can be read to its end: ",
            id="entries in Latin-1 that say UTF-8",
        ),
        pytest.param(
            "un-list",
            ENTRIES,
            lambda content: content.replace(b"CONSOLIDATED_LIST", b"LIST"),
            "line 2: its outermost element is LIST; it must be CONSOLIDATED_LIST.",
            id="entries of another list",
        ),
        pytest.param(
            "un-list",
            ENTRIES,
            lambda content: content.replace(b"ARDO", b"ARDO" + b"x" * 11_000_000),
            "is no XML that can be read to its end: ",
            id="entries with a name of eleven megabytes",
        ),
    ],
)
def test_file_is_refused_and_nothing_is_written(
    source: str, good: Path, change: Callable[[bytes], bytes], expected: str, tmp_path: Path
) -> None:
    """The message names the file, and what is wrong with it."""
    bad = tmp_path / good.name
    bad.write_bytes(change(good.read_bytes()))
    message = refusal(source, bad)
    assert message.startswith(good.name)
    assert expected in message
    assert len(message) < 1_500


@pytest.mark.parametrize(("source", "good"), [("ucdp-actor", ACTORS), ("un-list", ENTRIES)])
def test_archive_that_is_cut_off_is_refused(source: str, good: Path, tmp_path: Path) -> None:
    """Wherever it ends."""
    archive = tmp_path / "list.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        written.write(good, good.name)
    job = make_job(source, archive, release="test", is_part=True)
    assert b"".join(bytes(each) for each in convert_source(job))
    archive.write_bytes(archive.read_bytes()[:-60])
    assert "is a ZIP archive that is damaged or cut off" in refusal(source, archive)


def test_entities_in_attributes_are_not_expanded_without_end(tmp_path: Path) -> None:
    """The parser itself stops them, before the document type is seen."""
    bad = tmp_path / "list.xml"
    bad.write_text(
        f'{_DECLARATION}<!DOCTYPE CONSOLIDATED_LIST [<!ENTITY l0 "ha">{_LAUGHS}]>'
        '<CONSOLIDATED_LIST dateGenerated="&l9;"/>',
        encoding="utf-8",
    )
    assert refusal("un-list", bad).startswith("list.xml line 1: ")


@pytest.mark.parametrize(
    ("source", "good"),
    [("ucdp-actor", ACTORS), ("ucdp-acd", YEARS), ("un-list", ENTRIES)],
)
def test_list_that_was_cut_off_between_rows_is_refused(source: str, good: Path) -> None:
    """It is read without an error, but a release has more rows; who has a part on purpose says so."""
    with pytest.raises(SourceError, match=r"has [0-9]+ rows; a release .* --part"):
        list(convert_source(make_job(source, good, release="test")))
    assert list(convert_source(make_job(source, good, release="test", is_part=True)))
