"""Dronestream to triples, entry by entry.

The person a strike was aimed at is not the person whom it killed: ``target`` gives claims of ``ckg:intendedTarget``,
``names`` claims of ``ckg:killedPerson``, and nobody of the one is taken for anybody of the other. Coordinates are those
of the next town, whatever their digits.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TypeVar

from rdflib import DCTERMS, PROV, RDF, XSD, Literal, URIRef

from conflictkg.errors import InvalidValueError, SourceError
from conflictkg.iris import digest_key, mint_thing
from conflictkg.provenance import Provenance
from conflictkg.sources.cells import (
    MOST_WORDS,
    Count,
    DaySpan,
    Extent,
    combine_counts,
    parse_count,
    parse_day,
    parse_point,
)
from conflictkg.sources.claims import Claims, quoted_property, rests_on
from conflictkg.sources.description import read_toml
from conflictkg.sources.job import Job
from conflictkg.sources.places import add_position
from conflictkg.sources.report import Fate, Issue
from conflictkg.sources.tables import hash_fields, open_binary
from conflictkg.terms import CKG, CS, SEM

_TEXTS = (
    "_id", "number", "country", "date", "town", "location", "deaths", "deaths_min", "deaths_max", "civilians",
    "injuries", "children", "bureau_id", "bij_link", "target", "lat", "lon",
)  # fmt: skip
_LISTS = ("articles", "names")
_MOST_BYTES = 1 << 28
_YEARS = (2001, 2030)
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T00:00:00(?:\.0+)?Z?)?")
_KEY = re.compile(r"[0-9A-Za-z]{1,40}")
_ADDRESS = re.compile(r'https?://[^\s<>"{}|\\^`]+')
_AGE = re.compile(r"\s*\(\s*(?:aged?\s*)?\d{1,3}[^)]*\)")
_UNKNOWN = frozenset(("", "?", "-", "n/a", "unknown", "unclear", "none", "unidentified"))
_COUNTS = (("civilians", "killed-civilians"), ("children", "killed-children"), ("injuries", "injured"))  # fmt: skip
_DEATHS = ("deaths", "deaths_min", "deaths_max")
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_MOST_WORDS = 7
_Value = TypeVar("_Value")
_Issue = partial(Issue, unit="entry")
_BUREAU = mint_thing("organization", "0026")
_UNITED_STATES = mint_thing("organization", "0001")


@dataclass(frozen=True, slots=True)
class Entry:
    """One strike of the list.

    Args:
        place: Which it is of all, counted from 1.
        values: Its fields, without blanks around them.
        names: Who is said to have been killed, as printed.
        sha256: Hash of its fields as they came.
    """

    place: int
    values: Mapping[str, str]
    names: str
    sha256: str


@cache
def _load_extent(folder: Path) -> Extent:
    return Extent(**read_toml(folder / "source.toml")["extent"])


def convert(job: Job) -> Iterator[bytes]:
    """Convert an answer of the interface to Turtle.

    Raises:
        SourceError: It is no such answer.
    """
    entries = _load(job)
    with Claims(job) as claims:
        claims.add_release()
        different = _without_copies(entries, job)
        bureau = {(each.values["bureau_id"], each.values["_id"]) for each in different}
        times = Counter(number for number, _ in bureau)
        converted: set[str] = set()
        for entry in different:
            converter = _Converter(entry, claims, job)
            is_revision = converter.identifier in converted
            if converter.convert(times[entry.values["bureau_id"]], is_revision=is_revision):
                converted.add(converter.identifier)
        job.require_counts()
        yield from claims.graph.iter_turtle()


# Reading


def _load(job: Job) -> list[Entry]:
    strikes = _load_list(job.path, job.report.file)
    known = {*_TEXTS, *_LISTS, *job.lookups.ignored}
    entries = []
    for place, strike in enumerate(strikes, 1):
        job.report.read += 1
        problems = _problems_of(place, strike, known)
        names = _texts_of(strike.get("names", []))
        if names is None:
            problems.append(_Issue(place, "names", "is no list of texts."))
        if problems or names is None:
            job.report.extend(problems)
            continue
        if strike.get("articles"):
            problem = "is not empty; what it holds is not converted."
            job.report.add(_Issue(place, "articles", problem, Fate.KEPT, str(strike["_id"])))
        texts = [f"{name}={json.dumps(strike[name], sort_keys=True)}" for name in sorted(strike)]
        values = {name: " ".join(str(strike[name]).split()) for name in _TEXTS}
        entries.append(Entry(place, values, ", ".join(names), hash_fields(texts)))
    return entries


def _problems_of(place: int, strike: Mapping[str, object], known: Container[str]) -> list[Issue]:
    """Why an entry cannot be read. What is not converted of it may be anything."""
    problems = [_Issue(place, name, "is missing.") for name in _TEXTS if name not in strike]
    problems += [
        _Issue(
            place,
            _escape(name),
            "is a field that is not known. Add it to lookups.toml under [ignore] with a reason.",
        )
        for name in strike
        if name not in known
    ]
    problems += [
        _Issue(place, name, f"is no text, but {json.dumps(strike[name])[:40]}.")
        for name in _TEXTS
        if name in strike and not isinstance(strike[name], str | int | float)
    ]
    texts = [(name, str(strike.get(name, ""))) for name in _TEXTS]
    texts += [("names", each) for each in _texts_of(strike.get("names")) or ()]
    for name, text in texts:
        if found := _NO_TEXT.search(text):
            shown = f'"{_escape(text[:40])}" holds a character that no text may hold'
            problems.append(_Issue(place, name, f"{shown}: U+{ord(found[0]):04X}."))
    return problems


def _escape(text: str) -> str:
    """A text that can be shown, whatever it holds."""
    return _NO_TEXT.sub(lambda found: ascii(found[0])[1:-1], text)


def _texts_of(value: object) -> list[str] | None:
    """A list of texts; None if it is something else."""
    if not isinstance(value, list):
        return None
    texts = [each for each in value if isinstance(each, str)]
    return texts if len(texts) == len(value) else None


def _load_list(path: Path, file: str) -> Sequence[Mapping[str, object]]:
    try:
        with open_binary(path, file) as stream:
            text = stream.read(_MOST_BYTES + 1)
        if len(text) > _MOST_BYTES:
            raise SourceError(f"has more than {_MOST_BYTES:,} bytes.", source=file)
        content = json.loads(text.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise SourceError(
            f"is not UTF-8 at byte {error.start + 1}. Save the file as UTF-8.", source=file
        ) from error
    except json.JSONDecodeError as error:
        raise SourceError(
            f"is no JSON, or cut off: {error.msg}, column {error.colno}.",
            source=file,
            line=error.lineno,
        ) from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"is no JSON that is read: {error}", source=file) from error
    found = content.get("strike") if isinstance(content, dict) else None
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise SourceError(
            'is no answer of the interface: it must hold a list "strike" of entries.', source=file
        )
    return found


def _without_copies(entries: Sequence[Entry], job: Job) -> list[Entry]:
    """Entries that differ, of equal ones the first, by identifier and hash."""
    first: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        identity = (entry.values["_id"], entry.sha256)
        if identity in first:
            problem = f"is the same entry as number {first[identity].place} once more."
            job.report.add(_Issue(entry.place, "_id", problem, record=entry.values["_id"]))
        else:
            first[identity] = entry
    return [first[identity] for identity in sorted(first)]


# One entry


@dataclass(frozen=True, slots=True)
class _Where:
    """Where a strike was.

    Args:
        country: Key of its place; empty if it was in none of them.
        region: Its name; empty if nobody says.
        towns: Of which it was in one.
        point: Latitude and longitude of the town.
    """

    country: str
    region: str
    towns: Sequence[str]
    point: tuple[str, str] | None


class _Converter:
    """Converts one entry. Everything is read before anything is written, so that a rejected entry leaves nothing."""

    def __init__(self, entry: Entry, claims: Claims, job: Job) -> None:
        self._entry, self._claims, self._job = entry, claims, job
        self._values = entry.values
        self._issues: list[Issue] = []
        self.identifier = entry.values["_id"]

    def convert(self, bureau_times: int, *, is_revision: bool) -> bool:
        """Write what it claims, or tell why not.

        Args:
            bureau_times: How many entries have its identifier of TBIJ.
            is_revision: Whether one with its own identifier is there already.

        Returns:
            Whether it was converted.
        """
        if not _KEY.fullmatch(self.identifier):
            self._tell("_id", f'"{self.identifier[:40]}" is no identifier.', Fate.REJECTED)
        day = self._read("date", _read_day)
        counts = {category: self._read(name, parse_count) for name, category in _COUNTS}
        killed = self._killed()
        point = self._read("lat", self._read_point)
        country = self._country()
        where = self._read_where(country or "", point)
        self._note_repairs(counts)
        issues = (
            ["duplicate-identifier"] if is_revision or (bureau_times > 1 and self._bureau()) else []
        )
        if is_revision:
            self._tell("_id", "stands in the file with other contents too: a revision.")
        elif issues:
            self._tell("bureau_id", f'"{self._bureau()}" stands on {bureau_times} entries.')
        self._job.report.extend(self._issues)
        if any(each.fate is Fate.REJECTED for each in self._issues):
            return False
        key = f"{self.identifier}~{self._entry.sha256[:8]}" if is_revision else self.identifier
        claims, entry = self._claims, self._entry
        strike = mint_thing("strike", f"dronestream/{self.identifier}")
        record = claims.add_record(
            key,
            entry.place,
            entry.sha256,
            identifier=self.identifier,
            issues=issues,
            revises=self.identifier if is_revision else "",
        )
        if not is_revision:
            claims.add_thing(
                strike, CKG.Strike, f"Dronestream strike {self._values['number']}".strip()
            )
        self._add_report(record)
        if day is not None:
            claims.add_date(record, "date", strike, day)
        for category, count in {**counts, "killed": killed}.items():
            if count is not None:
                claims.add_count(record, category, strike, category, count)
        claims.add_claim(record, "perpetrator", strike, CKG.perpetrator, _UNITED_STATES)
        claims.add_claim(record, "means", strike, CKG.means, CS["strike-means-drone"])
        self._add_place(record, strike, where)
        self._add_targets(record, strike)
        self._add_victims(record, strike)
        return True

    # Reading

    def _read(self, name: str, read: Callable[[str], _Value]) -> _Value | None:
        try:
            return read(self._values[name])
        except InvalidValueError as error:
            self._tell(name, error.problem, Fate.REJECTED)
            return None

    def _read_point(self, latitude: str) -> tuple[str, str] | None:
        """The coordinates; none where they are of no country of the source, and would be the other way round."""
        point = parse_point(latitude, self._values["lon"])
        extent = _load_extent(self._job.description.folder)
        if point is None or not extent.is_swapped(point):
            return point
        shown = f'latitude "{point[0][:20]}", longitude "{point[1][:20]}"'
        self._tell(
            "lat", f"{shown} seem to be swapped: {extent.describe()}. They are not converted."
        )
        return None

    def _read_where(self, country: str, point: tuple[str, str] | None) -> _Where:
        regions = self._names("location", [self._values["location"]])
        towns = self._names("town", re.split(r"\s+or\s+", self._values["town"]))
        return _Where(country, next(iter(regions), ""), towns, point)

    def _names(self, column: str, texts: Sequence[str]) -> list[str]:
        """Those of some texts that are names of places; a longer one is told and left out."""
        names = []
        for each in texts:
            words = len(each.split())
            if words > MOST_WORDS:
                problem = f'"{each[:40]}" has {words} words: a name has {MOST_WORDS} at most.'
                self._tell(column, f"{problem} It is not converted.")
            elif each.casefold() not in _UNKNOWN:
                names.append(each)
        return names

    def _killed(self) -> Count | None:
        """The range of two fields; of the text beside them where they say no number, or a contradiction to it."""
        cells = {name: self._read(name, parse_count) for name in _DEATHS}
        told, low, high = cells.values()
        if told is None or low is None or high is None:
            return None
        self._note_repairs(cells)
        if low.not_reported and high.not_reported:
            return told
        # A range or the like in one field, and nothing in the other: it is for both.
        count = combine_counts(
            {
                "low": high if low.not_reported and _is_range(high) else low,
                "high": low if high.not_reported and _is_range(low) else high,
            }
        )
        if count.vague and _numbers(told):
            count = told
        if count.low is not None and count.high is not None and count.low > count.high:
            shown = f"{self._values['deaths_min']} to {self._values['deaths_max']}"
            self._tell("deaths_min", f"{shown}: the range runs backwards.")
        return self._compared(count, told, {"deaths_min": low, "deaths_max": high})

    def _compared(self, count: Count, told: Count, fields: Mapping[str, Count]) -> Count:
        """The number with what the text beside its fields adds to it. Whatever it does not hold is told."""
        taken = f"{_shown(count.low)} to {_shown(count.high)}"
        text = self._values["deaths"]
        has_bounds = told.low is not None or told.high is not None
        if has_bounds and (told.low, told.high) != (count.low, count.high):
            self._tell("deaths", f'"{text[:40]}" is another number than {taken}, which is taken.')
            quoted = text if len(text.split()) <= MOST_WORDS else ""
            count = replace(
                count,
                issue=count.issue or "inconsistent-fields",
                verbatim=count.verbatim or quoted,
            )
            cells = fields
        else:
            cells = {"deaths": told, **fields}
        for name, each in cells.items():
            is_said = not each.vague or (count.vague and each.verbatim == count.verbatim)
            if not (is_said and _numbers(each) <= _numbers(count)):
                shown = self._values[name][:40]
                self._tell(name, f'"{shown}" is not in what is converted, {taken}.')
        return replace(count, verbatim=count.verbatim or (told.verbatim if told.vague else ""))

    def _country(self) -> str | None:
        name, known = self._values["country"], self._job.lookups["country"]
        if name not in known:
            self._tell("country", self._job.lookups.unknown("country", name), Fate.REJECTED)
            return None
        return known[name]

    def _bureau(self) -> str:
        """TBIJ's identifier; empty if there is none."""
        found = self._values["bureau_id"]
        return "" if found.casefold() in _UNKNOWN else found

    def _note_repairs(self, counts: Mapping[str, Count | None]) -> None:
        """Tell what was repaired, by field or category."""
        names = {category: name for name, category in _COUNTS}
        for name, count in counts.items():
            if count is not None and count.repair:
                self._tell(names.get(name, name), f"{count.repair}.")

    def _tell(self, column: str, problem: str, fate: Fate = Fate.KEPT) -> None:
        self._issues.append(_Issue(self._entry.place, column, problem, fate, self.identifier))

    # Writing

    def _add_report(self, record: URIRef) -> None:
        """TBIJ's page and identifier, on which the entry rests."""
        bureau, address = self._bureau(), self._values["bij_link"]
        has_address = bool(_ADDRESS.fullmatch(address))
        if address.casefold() not in _UNKNOWN and not has_address:
            self._job.report.add(
                _Issue(
                    self._entry.place,
                    "bij_link",
                    f'"{address[:60]}" is no address of a page; it is not converted.',
                    Fate.KEPT,
                    self.identifier,
                )
            )
        if not bureau and not has_address:
            return
        document = mint_thing("document", f"dronestream/{digest_key(bureau, address)}")
        graph = self._claims.graph
        graph.add_all(
            document,
            (RDF.type, CKG.CitedDocument),
            (DCTERMS.title, Literal("what TBIJ tells of the strike", lang="en")),
            (DCTERMS.publisher, _BUREAU),
            (DCTERMS.identifier, Literal(bureau) if bureau else None),
            (DCTERMS.source, URIRef(address) if has_address else None),
        )
        graph.add_all(record, (PROV.wasDerivedFrom, document), *rests_on(_BUREAU))

    def _add_place(self, record: URIRef, strike: URIRef, where: _Where) -> None:
        region, towns, point = where.region, where.towns, where.point
        claims, place = self._claims, self._place_of_country(where.country)
        precision = "country" if where.country else "fuzzy"
        if region:
            place, precision = self._place_in(place, region, "second-order"), "second-order"
        others: list[URIRef] = []
        if towns:
            places = [self._place_in(place, each, "exact") for each in towns]
            place, others, precision = places[0], places[1:], "exact"
        if point is not None:
            # Not those of the strike, but of the town: many strikes share them.
            place, precision = self._point_in(place, towns[0] if towns else region, point), "near"
        if not towns and point is None and not region:
            claims.graph.add(
                (strike, CKG.placePrecision, claims.concept("place-precision", "unknown"))
            )
        claim = claims.add_claim(record, "place", strike, SEM.hasPlace, place)
        claims.graph.add((claim, CKG.placePrecision, claims.concept("place-precision", precision)))
        for number, each in enumerate(others, 1):
            name = "alternative-place" + (f"-{number}" if number > 1 else "")
            claims.add_claim(record, name, strike, CKG.alternativePlace, each)

    def _place_of_country(self, country: str) -> URIRef:
        if country:
            return _thing(country)
        name = self._values["country"]
        place = mint_thing("place", f"dronestream/{digest_key(name)}")
        precision = self._claims.concept("place-precision", "fuzzy")
        return self._claims.add_thing(place, CKG.Place, name, (CKG.placePrecision, precision))

    def _place_in(self, within: URIRef, name: str, precision: str) -> URIRef:
        if registered := self._job.lookups["region"].get(name):
            return _thing(registered)
        place = mint_thing("place", f"dronestream/{digest_key(str(within), name)}")
        concept = self._claims.concept("place-precision", precision)
        self._claims.add_thing(place, CKG.Place, name, (CKG.placePrecision, concept))
        return self._lies_within(place, within)

    def _point_in(self, within: URIRef, name: str, point: tuple[str, str]) -> URIRef:
        latitude, longitude = point
        place = mint_thing("place", f"dronestream/{digest_key(str(within), latitude, longitude)}")
        label = name or f"point {latitude}, {longitude}"
        self._claims.add_thing(place, CKG.Place, label)
        add_position(
            self._claims.graph,
            place,
            Literal(latitude, datatype=XSD.decimal),
            Literal(longitude, datatype=XSD.decimal),
        )
        return self._lies_within(place, within)

    def _lies_within(self, place: URIRef, within: URIRef) -> URIRef:
        """Claimed once for the release, for no entry says it alone."""
        claims = self._claims
        provenance = Provenance(
            "fact", self._job.description.review, (claims.publisher,), claims.release
        )
        key = str(place).rpartition("/")[2]
        whole = mint_thing("record", f"{self._job.release_key}/place-{key}")
        claims.add_claim(whole, "within", place, CKG.within, within, provenance=provenance)
        return place

    def _add_targets(self, record: URIRef, strike: URIRef) -> None:
        """The persons aimed at. One name is one person throughout, for it is whom they were after, again and again."""
        known = self._job.lookups["person"]
        for number, (name, is_sure) in enumerate(self._people("target", self._values["target"]), 1):
            if name in known:
                person = _thing(known[name])
            else:
                person = mint_thing("person", digest_key("dronestream", name))
                self._claims.add_thing(person, CKG.Person, name)
            provenance = Provenance(
                "fact",
                self._job.description.review,
                (self._claims.publisher,),
                record,
                modality="actual" if is_sure else "hypothetical",
            )
            claim = self._claims.add_claim(
                record,
                f"intended-target-{number}",
                strike,
                CKG.intendedTarget,
                person,
                provenance=provenance,
            )
            self._claims.graph.add_all(claim, quoted_property(name if is_sure else f"{name}?"))

    def _add_victims(self, record: URIRef, strike: URIRef) -> None:
        """The persons killed. One name is one person within a strike only: nobody is killed twice."""
        for number, (name, _) in enumerate(self._people("names", self._entry.names), 1):
            person = mint_thing("person", digest_key("dronestream", self.identifier, name))
            self._claims.add_thing(person, CKG.Person, _AGE.sub("", name))
            claim = self._claims.add_claim(
                record, f"killed-person-{number}", strike, CKG.killedPerson, person
            )
            self._claims.graph.add_all(claim, quoted_property(name))

    def _people(self, column: str, text: str) -> list[tuple[str, bool]]:
        """Names in a list, each once and with whether the source is sure of it; what is no name is told."""
        found: dict[str, bool] = {}
        for each in re.split(r"[;,](?![^(]*\))", text):
            name = " ".join(each.split())
            is_sure = not name.endswith("?") or name == "?"
            name = name.removesuffix("?").strip()
            if _AGE.sub("", name).casefold() in _UNKNOWN:
                continue
            if name[0].isdigit() or len(name.split()) > _MOST_WORDS:
                problem = f'"{name[:40]}" is no name of one person; it is not converted.'
                self._job.report.add(
                    _Issue(self._entry.place, column, problem, Fate.KEPT, self.identifier)
                )
                continue
            found[name] = found.get(name, True) and is_sure
        return list(found.items())


def _read_day(text: str) -> DaySpan:
    found = _DAY.fullmatch(text)
    if found is None:
        raise InvalidValueError(
            f'"{text[:40]}" is no day. It must be written as 2017-06-13T00:00:00.000Z.'
        )
    return parse_day(found[1], ["%Y-%m-%d"], _YEARS)


def _thing(key: str) -> URIRef:
    kind, _, local = key.partition("/")
    return mint_thing(kind, local)


def _shown(number: int | None) -> str:
    return "?" if number is None else str(number)


def _is_range(count: Count) -> bool:
    """Whether a count has bounds, and is no plain number."""
    return count.best is None and (count.low is not None or count.high is not None)


def _numbers(count: Count) -> set[int]:
    return {each for each in (count.low, count.best, count.high) if each is not None}
