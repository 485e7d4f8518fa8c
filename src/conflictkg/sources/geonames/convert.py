"""GeoNames to triples: each row of its table a place, each alternate name a label, each unit that it lies in a claim.

Source: the readme of https://download.geonames.org/export/dump/, which gives the columns of all files.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rdflib import DCTERMS, PROV, RDF, SKOS, Literal, URIRef

from conflictkg.errors import InvalidValueError, SourceError, UnmappedValueError
from conflictkg.iris import mint_thing
from conflictkg.sources.cells import parse_day
from conflictkg.sources.claims import Claims, name_property, valid_in
from conflictkg.sources.job import Job
from conflictkg.sources.places import add_country, add_position, parse_position, require_country
from conflictkg.sources.report import Fate, Issue, Report
from conflictkg.sources.tables import Layout, Row, Table, open_table
from conflictkg.terms import CKG

_COLUMNS = (
    "geonameid", "name", "asciiname", "alternatenames", "latitude", "longitude", "feature_class", "feature_code",
    "country_code", "cc2", "admin1_code", "admin2_code", "admin3_code", "admin4_code", "population", "elevation",
    "dem", "timezone", "modification_date",
)  # fmt: skip
_NAME_COLUMNS = (
    "alternateNameId", "geonameid", "isolanguage", "alternate_name", "isPreferredName", "isShortName",
    "isColloquial", "isHistoric", "from", "to",
)  # fmt: skip
_MARKS = ("isPreferredName", "isShortName", "isColloquial", "isHistoric")
_MARK = {"1": True, "0": False, "": False}
_CODE_COLUMNS = ("code", "name", "asciiname", "geonameid")

_PLACES = Layout(_COLUMNS, separator="\t", quoted=False, header=_COLUMNS)
_NAMES = Layout(_NAME_COLUMNS, separator="\t", quoted=False, header=_NAME_COLUMNS)
_CODES = Layout(_CODE_COLUMNS, separator="\t", quoted=False, header=_CODE_COLUMNS)

_NAME_FILE = re.compile(r"alternateNames(?:V2)?")
_CODE_FILE = re.compile(r"admin(?:1CodesASCII|2Codes)")
_NO_PLACES = re.compile(
    r"(?i)readme|iso-languagecodes|countryInfo|featureCodes.*|timeZones|.*\.origin"
)
_KINDS = frozenset({".txt", ".tsv", ".zip"})

_MOST_ID = 100_000_000
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_ORDINALS = ("first", "second", "third", "fourth")
_LEVELS = ("admin1_code", "admin2_code", "admin3_code", "admin4_code")
_NO_UNIT = "00"
"""GeoNames' code for none in particular."""

_IGNORED = "ignored: "
_TAGS = {"abbreviation": "und", "pinyin": "zh-latn-pinyin", "french": "fr"}
"""Language tags of names whose kind stands where their language should."""

_SWS = "https://sws.geonames.org/{}/"
_WIKIDATA = "http://www.wikidata.org/entity/{}"


def convert(job: Job) -> Iterator[bytes]:
    """Convert a table, or a folder with tables and what belongs to them, to Turtle.

    Raises:
        SourceError: There is no table, or it cannot be read.
    """
    files = _find_files(job.path)
    known = _Known()
    known.read(files.places, job)
    with Claims(job) as claims:
        claims.add_release()
        places = _Places(job, claims, known)
        for path in files.codes:
            with open_table(path, _CODES, job.report, path.name) as table:
                for row in table:
                    places.add_unit(row, path.name)
        for path in files.places:
            part = path.name if job.path.is_dir() else ""
            with open_table(path, _PLACES, job.report, part) as table:
                _require_columns(table, job.report)
                for row in table:
                    places.add(row, part)
                    if not job.report.read % 50_000:
                        job.progress("read", job.report.part(), f"{job.report.read:,} rows")
        for path in files.names:
            with open_table(path, _NAMES, job.report, path.name) as table:
                for row in table:
                    places.add_name(row, path.name)
                    if not job.report.read % 50_000:
                        job.progress("read names", job.report.part(), f"{job.report.read:,} rows")
        job.require_counts()
        yield from claims.graph.iter_turtle()


# Files


@dataclass(frozen=True, slots=True)
class _Files:
    places: tuple[Path, ...]
    names: tuple[Path, ...] = ()
    codes: tuple[Path, ...] = ()


def _find_files(path: Path) -> _Files:
    if not path.is_dir():
        return _Files((path,))
    found = sorted(each for each in path.iterdir() if each.suffix.lower() in _KINDS)
    names = tuple(each for each in found if _NAME_FILE.fullmatch(each.stem))
    codes = tuple(each for each in found if _CODE_FILE.fullmatch(each.stem))
    places = tuple(
        each
        for each in found
        if each not in names and each not in codes and not _NO_PLACES.fullmatch(each.stem)
    )
    if not places:
        raise SourceError(
            "holds no table of places (*.txt, *.tsv or *.zip). Give the folder to which they were fetched.",
            source=str(path),
        )
    if len(names) > 1:
        raise SourceError(
            f"holds alternate names twice: {', '.join(each.name for each in names)}. Keep one of them.",
            source=str(path),
        )
    return _Files(places, names, codes)


def _require_columns(table: Table, report: Report) -> None:
    if table.columns != list(_COLUMNS):
        raise SourceError("is no table of GeoNames.", source=report.file)


class _Known:
    """Which ids there are, a bit for each; and of those that stand in several rows, which rows."""

    def __init__(self) -> None:
        self._bits = bytearray()
        self._revisions: dict[int, set[tuple[str, str]]] = {}

    def read(self, paths: Iterable[Path], job: Job) -> None:
        """Note the ids of all tables. What is wrong with them is told when they are converted."""
        again: set[int] = set()
        for row in _all_rows(paths, job):
            number = _number(row.values[0])
            if number is None:
                continue
            if number in self:
                again.add(number)
            self._set(number)
        for row in _all_rows(paths, job) if again else ():
            number = _number(row.values[0])
            if number is not None and number in again:
                self._revisions.setdefault(number, set()).add((row.values[-1], row.sha256))

    def __contains__(self, number: int) -> bool:
        byte = number >> 3
        return byte < len(self._bits) and bool(self._bits[byte] & 1 << (number & 7))

    def revisions(self, number: int) -> list[tuple[str, str]]:
        """Of the rows with this id, if there are several: the day and the hash of each, the latest last."""
        return sorted(self._revisions.get(number, ()))

    def _set(self, number: int) -> None:
        byte = number >> 3
        if byte >= len(self._bits):
            self._bits.extend(bytes(byte + 1 - len(self._bits)))
        self._bits[byte] |= 1 << (number & 7)


def _all_rows(paths: Iterable[Path], job: Job) -> Iterator[Row]:
    for path in paths:
        with open_table(path, _PLACES, Report(job.report.file)) as table:
            yield from table


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and int(text) < _MOST_ID else None


# Rows


class _Places:
    """Writes what rows say."""

    def __init__(self, job: Job, claims: Claims, known: _Known) -> None:
        self._job, self._claims, self._known = job, claims, known
        self._graph, self._report, self._lookups = claims.graph, job.report, job.lookups
        self._precisions = {
            code: claims.concept("place-precision", name)
            for code, name in self._lookups["feature_code"].items()
        }
        self._has_units: set[str] = set()
        self._named_units: dict[str, str] = {}
        self._seen: set[str] = set()

    def add(self, row: Row, part: str) -> None:
        """A place."""
        values = dict(zip(_COLUMNS, (each.strip() for each in row.values), strict=True))
        identifier = values["geonameid"]
        issues: list[Issue] = []

        def complain(column: str, problem: str, fate: Fate = Fate.REJECTED) -> None:
            issues.append(Issue(row.line, column, problem, fate, identifier, part))

        number = _number(identifier)
        if number is None:
            complain("geonameid", f'"{identifier[:20]}" is no id of GeoNames, a whole number.')
        if not values["name"]:
            complain("name", "is empty; a place has a name.")
        position = None
        try:
            position = parse_position(values["latitude"], values["longitude"])
        except InvalidValueError as error:
            complain("latitude", error.problem)
        kind = f"{values['feature_class']}.{values['feature_code']}"
        precision = self._precisions.get(kind)
        if precision is None:
            complain("feature_code", self._lookups.unknown("feature_code", kind))
        for column in ("population", "elevation", "dem"):
            if values[column] and not re.fullmatch(r"-?\d+", values[column]):
                complain(
                    column, f'"{values[column][:20]}" is no whole number; are columns swapped?'
                )
        if values["country_code"]:
            try:
                require_country(values["country_code"])
            except UnmappedValueError as error:
                complain("country_code", error.problem)
        revisions = self._known.revisions(number) if number is not None else []
        if revisions and row.sha256 in self._seen:
            complain("geonameid", "is the same row as another once more.")
        if issues or position is None or number is None:
            self._report.extend(issues)
            return
        if revisions:
            self._seen.add(row.sha256)
        is_latest = not revisions or revisions[-1][1] == row.sha256
        if len(revisions) > 1:
            complain(
                "geonameid",
                f"place {identifier} stands in several rows with other contents;"
                + (
                    " this is the latest, whose position is taken."
                    if is_latest
                    else f" that of {revisions[-1][0]} is later, and its position is taken."
                ),
                Fate.KEPT,
            )
            self._report.extend(issues)
        is_first = not revisions or revisions[0][1] == row.sha256
        record = self._claims.add_record(
            identifier if is_first else f"{identifier}~{row.sha256[:8]}",
            row.line,
            row.sha256,
            identifier=identifier,
            issues=("duplicate-identifier",) if len(revisions) > 1 else (),
        )
        if not is_first:
            first = mint_thing("record", f"{self._job.release_key}/{identifier}")
            self._graph.add_all(record, (PROV.wasRevisionOf, first))
        place = _place(identifier)
        if is_latest:
            self._graph.add_all(
                place,
                (RDF.type, CKG.Place),
                (CKG.placePrecision, precision),
                (DCTERMS.type, None if kind == "." else URIRef(_feature_iri(kind))),
            )
            add_position(self._graph, place, *position)
            self._add_mapping(place, _SWS.format(identifier), values["name"])
        self._add_names(place, values, is_latest=is_latest)
        self._add_containment(place, record, values)

    def _add_names(self, place: URIRef, values: dict[str, str], *, is_latest: bool) -> None:
        name = values["name"]
        self._graph.add_all(
            place, (SKOS.prefLabel if is_latest else SKOS.altLabel, Literal(name, lang="en"))
        )
        if values["asciiname"] and values["asciiname"] != name:
            self._graph.add_all(place, (SKOS.altLabel, Literal(values["asciiname"], lang="en")))
        for each in values["alternatenames"].split(","):
            alternate = each.strip()
            if alternate and alternate not in (name, values["asciiname"]):
                self._graph.add_all(place, (SKOS.altLabel, Literal(alternate, lang="und")))

    def _add_containment(self, place: URIRef, record: URIRef, values: dict[str, str]) -> None:
        """That it lies in the smallest unit that the row names; and units in larger ones, once each."""
        code = values["country_code"].upper()
        kind = f"{values['feature_class']}.{values['feature_code']}"
        own_level = int(kind[5]) if re.fullmatch(r"A\.ADM[1-4]", kind) else 0
        if not code or kind.startswith("A.PCL"):
            return
        outer, outer_name = add_country(self._graph, code), "country"
        for level, column in enumerate(_LEVELS, 1):
            unit_code = values[column]
            if not unit_code or unit_code == _NO_UNIT:
                break
            code = f"{code}.{unit_code}"
            unit = self._require_unit(code, level, outer)
            if level == own_level:
                # The row is this unit: the unit's own IRI is by its code, so that others find it.
                self._add_mapping(unit, _SWS.format(values["geonameid"]), values["name"])
                break
            outer, outer_name = unit, f"unit-{level}"
        self._claims.add_claim(record, f"within-{outer_name}", place, CKG.within, outer)

    def _require_unit(self, code: str, level: int, outer: URIRef) -> URIRef:
        unit = mint_thing("place", f"geonames/{code}")
        if code in self._has_units:
            return unit
        self._has_units.add(code)
        name = self._named_units.get(code) or (
            f"{_ORDINALS[level - 1]}-order division {code.rpartition('.')[2]} of {code.rpartition('.')[0]}"
        )
        self._graph.add_all(
            unit,
            (RDF.type, CKG.Place),
            (SKOS.prefLabel, Literal(name, lang="en")),
            (DCTERMS.identifier, Literal(code)),
            (
                CKG.placePrecision,
                self._claims.concept(
                    "place-precision", "first-order" if level == 1 else "second-order"
                ),
            ),
        )
        self._claims.add_claim(self._claims.release, f"unit-{code}-within", unit, CKG.within, outer)
        return unit

    def add_unit(self, row: Row, part: str) -> None:
        """The name of an administrative unit, by its code: ``PK.02``."""
        code, name, ascii_name, identifier = (each.strip() for each in row.values)
        country, *units = code.split(".")
        problem = ""
        if not units or not all(units) or not name:
            problem = f'"{code[:30]}" with the name "{name[:30]}" is no unit such as PK.02.'
        elif _number(identifier) is None:
            problem = f'"{identifier[:20]}" is no id of GeoNames, a whole number.'
        elif code in self._named_units:
            problem = f"unit {code} stands in several rows."
        if not problem:
            try:
                outer = add_country(self._graph, country)
            except UnmappedValueError as error:
                problem = error.problem
        if problem:
            self._report.add(Issue(row.line, "code", problem, record=code[:30], part=part))
            return
        self._named_units[code] = name
        for level in range(1, len(units) + 1):
            outer = self._require_unit(f"{country}.{'.'.join(units[:level])}", level, outer)
        if ascii_name and ascii_name != name:
            self._graph.add_all(outer, (SKOS.altLabel, Literal(ascii_name, lang="en")))
        self._claims.add_record(f"unit-{code}", row.line, row.sha256, identifier=code)
        self._add_mapping(outer, _SWS.format(identifier), name)

    # Alternate names

    def add_name(self, row: Row, part: str) -> None:
        """An alternate name of a place, with its language where that is known."""
        values = dict(zip(_NAME_COLUMNS, (each.strip() for each in row.values), strict=True))
        number = _number(values["geonameid"])
        if number is not None and number not in self._known:
            self._report.ignore("alternate name of a place that is not in the table", is_row=True)
            return

        def complain(column: str, problem: str) -> None:
            identifier = values["alternateNameId"]
            self._report.add(Issue(row.line, column, problem, record=identifier, part=part))

        if number is None:
            complain("geonameid", f'"{values["geonameid"][:20]}" is no id of GeoNames.')
        elif not values["alternate_name"]:
            complain("alternate_name", "is empty.")
        else:
            self._write_name(_place(values["geonameid"]), row, values, complain)

    def _write_name(
        self,
        place: URIRef,
        row: Row,
        values: dict[str, str],
        complain: Callable[[str, str], None],
    ) -> None:
        name, language = values["alternate_name"], values["isolanguage"]
        kind = self._lookups["name_kind"].get(language, "")
        if kind.startswith(_IGNORED):
            reason = kind.removeprefix(_IGNORED)
            self._report.ignore(f'alternate name of the kind "{language}": {reason}', is_row=True)
            return
        for column in _MARKS:
            if values[column] not in _MARK:
                complain(column, f'"{values[column][:20]}" is neither 1 nor empty.')
                return
        self._tell_marks(values)
        if kind == "wikidata":
            if re.fullmatch(r"Q[1-9]\d*", name):
                self._add_mapping(place, _WIKIDATA.format(name), "")
            else:
                complain("alternate_name", f'"{name[:20]}" is no item of Wikidata, such as Q889.')
            return
        tag = _TAGS.get(kind, language) or "und"
        if not _LANGUAGE.fullmatch(tag):
            complain(
                "isolanguage",
                f'"{language[:20]}" is no language (two or three letters) and no kind of name that is known.'
                f" Known: {', '.join(self._lookups['name_kind'])}.",
            )
            return
        label = Literal(name, lang=tag)
        is_former = _MARK[values["isHistoric"]]
        if not is_former and not values["from"] and not values["to"]:
            self._graph.add_all(place, (SKOS.altLabel, label))
            return
        bounds: dict[str, date | None] = {}
        for column in ("from", "to"):
            try:
                bounds[column] = _bound(values[column], is_end=column == "to")
            except InvalidValueError as error:
                complain(column, error.problem)
                return
        if bounds["from"] and bounds["to"] and bounds["from"] > bounds["to"]:
            complain("to", f"ends in {values['to']}, before it begins ({values['from']}).")
            return
        self._write_name_of_a_time(place, row, label, bounds, is_former=is_former)

    def _tell_marks(self, values: dict[str, str]) -> None:
        """Count the marks of a name that are not converted."""
        for column in _MARKS:
            if _MARK[values[column]] and column in self._lookups.ignored:
                self._report.ignore(f"{column}: {self._lookups.ignored[column]}")

    def _write_name_of_a_time(
        self,
        place: URIRef,
        row: Row,
        label: Literal,
        bounds: dict[str, date | None],
        *,
        is_former: bool,
    ) -> None:
        """A name that the place had for some time: a claim, since it has an interval or is a former one."""
        identifier = row.values[0]
        record = self._claims.add_record(
            f"name-{identifier}", row.line, row.sha256, identifier=identifier
        )
        interval = valid_in(bounds["from"], bounds["to"])
        kind = (CKG.nameKind, self._claims.concept("name-kind", "former") if is_former else None)
        self._claims.add_claim(record, "name", place, name_property(label), label, kind, *interval)

    def _add_mapping(self, place: URIRef, outside: str, label: str) -> None:
        key = str(place).rpartition("/id/")[2]
        self._claims.add_mapping(place, outside, key, label)


def _place(identifier: str) -> URIRef:
    return mint_thing("place", f"geonames/{int(identifier)}")


def _feature_iri(kind: str) -> str:
    return f"https://www.geonames.org/ontology#{kind}"


def _bound(text: str, *, is_end: bool) -> date | None:
    """A day, or the first or last of a month or year; editors write all of them."""
    if not text:
        return None
    found = parse_day(text, ("%Y-%m-%d", "%Y%m%d", "%Y-%m", "%Y"), (1, 2100))
    return found.last if is_end else found.first
