"""Dronestream to triples, entry by entry.

The person a strike was aimed at is not the person whom it killed: ``target`` gives claims of ``ckg:intendedTarget``,
``names`` claims of ``ckg:killedPerson``, and nobody of the one is taken for anybody of the other. Coordinates are those
of the next town, whatever their digits.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
    parse_count,
    parse_day,
    parse_point,
    span,
)
from conflictkg.sources.claims import Claims, quoted_property, rests_on
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
_MOST_WORDS = 7
_Value = TypeVar("_Value")
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
        problems = [Issue(place, name, "is missing.") for name in _TEXTS if name not in strike]
        problems += [
            Issue(
                place,
                name,
                "is a field that is not known. Add it to lookups.toml under [ignore] with a reason.",
            )
            for name in strike
            if name not in known
        ]
        problems += [
            Issue(place, name, f"is no text, but {json.dumps(strike[name])[:40]}.")
            for name in _TEXTS
            if name in strike and not isinstance(strike[name], str | int | float)
        ]
        names = _texts_of(strike.get("names", []))
        if names is None:
            problems.append(Issue(place, "names", "is no list of texts."))
        if problems or names is None:
            job.report.extend(problems)
            continue
        if strike.get("articles"):
            problem = "is not empty; what it holds is not converted."
            job.report.add(Issue(place, "articles", problem, Fate.KEPT, str(strike["_id"])))
        texts = [f"{name}={json.dumps(strike[name], sort_keys=True)}" for name in sorted(strike)]
        values = {name: " ".join(str(strike[name]).split()) for name in _TEXTS}
        entries.append(Entry(place, values, ", ".join(names), hash_fields(texts)))
    return entries


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
            job.report.add(Issue(entry.place, "_id", problem, record=entry.values["_id"]))
        else:
            first[identity] = entry
    return [first[identity] for identity in sorted(first)]


# One entry


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
        point = self._read("lat", lambda text: parse_point(text, self._values["lon"]))
        country = self._country()
        self._note_repairs({**counts, "killed": killed})
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
        self._add_place(record, strike, country or "", point)
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

    def _killed(self) -> Count | None:
        """The range of two fields; of the text beside them where they say nothing, or a contradiction to it."""
        told = self._read("deaths", parse_count)
        low, high = self._read("deaths_min", parse_count), self._read("deaths_max", parse_count)
        if told is None or low is None or high is None:
            return None
        if low.not_reported and high.not_reported:
            return told
        count = span(low.low, high.high if high.high is not None else high.best)
        if count.issue:
            shown = f"{self._values['deaths_min']} to {self._values['deaths_max']}"
            self._tell("deaths_min", f"{shown}: the range runs backwards.")
        has_number = told.low is not None or told.high is not None
        if has_number and (told.low, told.high) != (count.low, count.high):
            text = self._values["deaths"]
            self._tell(
                "deaths",
                f'"{text[:40]}" is another number than {_shown(count.low)} to {_shown(count.high)}, which is taken.',
            )
            verbatim = text if len(text.split()) <= MOST_WORDS else ""
            return replace(count, issue=count.issue or "inconsistent-fields", verbatim=verbatim)
        return count

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
        names = {category: name for name, category in _COUNTS}
        for category, count in counts.items():
            if count is not None and count.repair:
                self._tell(names.get(category, "deaths"), f"{count.repair}.")

    def _tell(self, column: str, problem: str, fate: Fate = Fate.KEPT) -> None:
        self._issues.append(Issue(self._entry.place, column, problem, fate, self.identifier))

    # Writing

    def _add_report(self, record: URIRef) -> None:
        """TBIJ's page and identifier, on which the entry rests."""
        bureau, address = self._bureau(), self._values["bij_link"]
        has_address = bool(_ADDRESS.fullmatch(address))
        if address.casefold() not in _UNKNOWN and not has_address:
            self._job.report.add(
                Issue(
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

    def _add_place(
        self, record: URIRef, strike: URIRef, country: str, point: tuple[str, str] | None
    ) -> None:
        claims, place = self._claims, self._place_of_country(country)
        precision = "country" if country else "fuzzy"
        region, town = self._values["location"], self._values["town"]
        if region.casefold() not in _UNKNOWN:
            place, precision = self._place_in(place, region, "second-order"), "second-order"
        towns = [each for each in re.split(r"\s+or\s+", town) if each.casefold() not in _UNKNOWN]
        others: list[URIRef] = []
        if towns:
            places = [self._place_in(place, each, "exact") for each in towns]
            place, others, precision = places[0], places[1:], "exact"
        if point is not None:
            # Not those of the strike, but of the town: many strikes share them.
            place, precision = self._point_in(place, towns[0] if towns else region, point), "near"
        if not towns and point is None and region.casefold() in _UNKNOWN:
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
        label = name if name.casefold() not in _UNKNOWN else f"point {latitude}, {longitude}"
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
                    Issue(self._entry.place, column, problem, Fate.KEPT, self.identifier)
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
