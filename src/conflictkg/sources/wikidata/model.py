"""What an entity of Wikidata is: its names, and statements with ranks, qualifiers and references, from its JSON.

Source: https://doc.wikimedia.org/Wikibase/master/php/docs_topics_json.html
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from conflictkg.errors import InvalidValueError, UnmappedValueError
from conflictkg.sources.cells import DaySpan, parse_day
from conflictkg.sources.description import Lookups

_ITEM = re.compile(r"Q[1-9]\d{0,14}")
_TIME = re.compile(r"([+-]?)(\d{1,16})-(\d\d)-(\d\d)T\d\d:\d\d:\d\dZ?")
_LANGUAGE = re.compile(r"[a-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_JULIAN = "Q1985786"
_FORMS = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d"}


class CoarseTimeError(InvalidValueError):
    """A time that is known to a decade or worse, or lies before our calendar."""


@dataclass(frozen=True, slots=True)
class Snak:
    """A value of a property.

    Args:
        kind: ``value``, ``somevalue`` (there is one, nobody knows which) or ``novalue`` (there is none).
        type: Of the value: ``wikibase-entityid``, ``time``, ``string``, …
        value: As the JSON has it.
    """

    kind: str
    type: str = ""
    value: Any = None

    def item(self) -> str:
        """The item that it is.

        Raises:
            InvalidValueError: It is none.
        """
        if self.type == "wikibase-entityid" and isinstance(self.value, Mapping):
            found = self.value.get("id") or f"Q{self.value.get('numeric-id', '')}"
            if isinstance(found, str) and _ITEM.fullmatch(found):
                return found
        raise InvalidValueError(f"{self._shown()} is no item.")

    def text(self) -> str:
        """The text that it is.

        Raises:
            InvalidValueError: It is none.
        """
        if self.type == "string" and isinstance(self.value, str) and self.value.strip():
            return self.value.strip()
        raise InvalidValueError(f"{self._shown()} is no text.")

    def monolingual(self) -> tuple[str, str]:
        """The text that it is, and its language."""
        value = self.value if isinstance(self.value, Mapping) else {}
        text, language = value.get("text"), value.get("language")
        if isinstance(text, str) and text.strip() and is_language(language):
            return text.strip(), str(language)
        raise InvalidValueError(f"{self._shown()} is no text in a language.")

    def position(self) -> tuple[str, str]:
        """The latitude and longitude that it is, on the earth."""
        value = self.value if isinstance(self.value, Mapping) else {}
        globe = str(value.get("globe") or "Q2").rpartition("/")[2]
        latitude, longitude = value.get("latitude"), value.get("longitude")
        if not isinstance(latitude, int | float) or not isinstance(longitude, int | float):
            raise InvalidValueError(f"{self._shown()} is no position.")
        if globe != "Q2":
            raise InvalidValueError(f"is a position on {globe}, which is not the earth (Q2).")
        return _degrees(latitude), _degrees(longitude)

    def amount(self) -> tuple[int, int, int]:
        """The whole number that it is, with its bounds."""
        value = self.value if isinstance(self.value, Mapping) else {}
        best = _whole(value.get("amount"))
        low = _whole(value.get("lowerBound", value.get("amount")))
        high = _whole(value.get("upperBound", value.get("amount")))
        if best is None or low is None or high is None:
            raise InvalidValueError(f"{self._shown()} is no whole number of people.")
        return low, best, high

    def days(self, lookups: Lookups) -> DaySpan:
        """The days between which it lies.

        Raises:
            CoarseTimeError: It is known to a decade or worse.
            InvalidValueError: It is no time.
            UnmappedValueError: Its precision is unknown.
        """
        value = self.value if isinstance(self.value, Mapping) else {}
        found = _TIME.fullmatch(str(value.get("time", "")))
        if not found:
            raise InvalidValueError(f"{self._shown()} is no time.")
        sign, year, month, day = found.groups()
        if sign == "-" or int(year) < 1:
            raise CoarseTimeError("lies before the year 1.")
        code = str(value.get("precision"))
        precision = lookups["time_precision"].get(code)
        if precision is None:
            raise UnmappedValueError(lookups.unknown("time_precision", code))
        if precision == "coarse":
            raise CoarseTimeError("is known to a decade or worse.")
        parts = [f"{int(year):04d}", month, day][: list(_FORMS).index(precision) + 1]
        span = parse_day("-".join(parts), [_FORMS[precision]], (1, 2100))
        if str(value.get("calendarmodel", "")).endswith(_JULIAN) and not value.get("gregorian"):
            shift = timedelta(days=_julian_days(span.first))
            return DaySpan(span.first + shift, span.last + shift, span.precision)
        return span

    def _shown(self) -> str:
        return f'"{str(self.value)[:60]}"'


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement about an entity.

    Args:
        key: Its own id, without that of the entity.
        property: Such as ``P31``.
        rank: ``preferred``, ``normal`` or ``deprecated``; empty where the source does not say.
        main: Its value.
        qualifiers: Property and values.
        sources: Addresses and items on which it rests.
    """

    key: str
    property: str
    rank: str
    main: Snak
    qualifiers: Mapping[str, tuple[Snak, ...]] = field(default_factory=dict)
    sources: tuple[str, ...] = ()


def read_statements(content: Mapping[str, Any], only: str = "") -> Iterator[Statement]:
    """The statements of an entity.

    Args:
        content: The entity.
        only: The property that is looked at; empty for all.

    Raises:
        InvalidValueError: It is not as Wikidata writes entities.
    """
    claims = content.get("claims") or {}
    if not isinstance(claims, Mapping):
        raise InvalidValueError('has "claims" that are no object.')
    for name, found in claims.items():
        if only and name != only:
            continue
        if not isinstance(found, list):
            raise InvalidValueError(f'has "claims" of {str(name)[:20]} that are no list.')
        for each in found:
            yield _read_statement(str(name), each)


def _read_statement(name: str, content: object) -> Statement:
    if not re.fullmatch(r"P[1-9]\d*", name) or not isinstance(content, Mapping):
        raise InvalidValueError(f"has a statement of {name[:20]}, which is no property.")
    key = str(content.get("id", ""))
    if not key:
        raise InvalidValueError(f"has a statement of {name} without an id.")
    qualifiers = content.get("qualifiers") or {}
    references = content.get("references") or []
    if not isinstance(qualifiers, Mapping) or not isinstance(references, list):
        raise InvalidValueError(
            f"has a statement of {name} with qualifiers or references of another form."
        )
    return Statement(
        re.split(r"[$]|(?<=\d)-(?=[0-9A-Fa-f]{8}-)", key, maxsplit=1)[-1],
        name,
        str(content.get("rank", "")),
        read_snak(content.get("mainsnak")),
        {str(each): tuple(read_snak(snak) for snak in snaks) for each, snaks in qualifiers.items()},
        tuple(sorted({source for each in references for source in _sources_of(each)})),
    )


def read_snak(content: object) -> Snak:
    """A value from its JSON.

    Raises:
        InvalidValueError: It has another form.
    """
    if not isinstance(content, Mapping) or content.get("snaktype") not in (
        "value",
        "somevalue",
        "novalue",
    ):
        raise InvalidValueError("has a value of another form.")
    value = content.get("datavalue")
    if content["snaktype"] != "value" or not isinstance(value, Mapping):
        return Snak("somevalue" if content["snaktype"] == "value" else content["snaktype"])
    return Snak("value", str(value.get("type", "")), value.get("value"))


def _sources_of(reference: object) -> Iterator[str]:
    """Where a reference says that it stands: addresses (P854), and items (P248)."""
    snaks = reference.get("snaks") if isinstance(reference, Mapping) else None
    if not isinstance(snaks, Mapping):
        return
    for name in ("P854", "P248"):
        for each in snaks.get(name) or []:
            snak = read_snak(each)
            if snak.kind == "value":
                yield snak.text() if name == "P854" else snak.item()


def is_language(tag: object) -> bool:
    """Whether it may be a language tag of RDF."""
    return isinstance(tag, str) and _LANGUAGE.fullmatch(tag) is not None


def reason_for_property(lookups: Lookups, name: str) -> str:
    """What the report says of statements of a property that is not converted."""
    return f"{name}: {lookups.ignored.get(name) or lookups.ignored['P*']}"


def reason_for_qualifier(lookups: Lookups, name: str) -> str:
    """What the report says of a qualifier that is not read."""
    reasons = lookups["ignore_qualifier"]
    return f"qualifier {name}: {reasons.get(name) or reasons['P*']}"


def _degrees(value: float) -> str:
    """In decimals, never with an exponent: millionths of a degree are a tenth of a metre."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _whole(value: object) -> int | None:
    text = str(value).removeprefix("+")
    return int(text) if re.fullmatch(r"\d{1,9}", text) else None


def _julian_days(day: date) -> int:
    """By how many days the Julian calendar is behind on a day."""
    century = (day.year - (day.month < 3)) // 100
    return century - century // 4 - 2
