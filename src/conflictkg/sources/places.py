"""What sources say of places in the same way: countries by code, and positions in degrees."""

import re
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Protocol

from rdflib import RDF, SKOS, XSD, Literal, URIRef
from rdflib.term import Node

from conflictkg.errors import InvalidValueError, UnmappedValueError
from conflictkg.iris import mint_thing
from conflictkg.sources.description import read_toml
from conflictkg.terms import CKG, CS, GEO, WGS

_FILE = Path(__file__).with_name("countries.toml")
_DEGREES = re.compile(r"-?\d{1,3}(?:\.\d+)?")


class Graph(Protocol):
    """What triples about one subject are added to."""

    def add_all(self, subject: URIRef, *properties: tuple[URIRef, Node | None]) -> None:
        """Add them, without those that have no value."""


@cache
def countries() -> dict[str, str]:
    """Code and English name of each country and territory; the codes are in capitals."""
    return dict(read_toml(_FILE)["country"])


def require_country(code: str) -> str:
    """The English name of a country that a source names by its code.

    Raises:
        UnmappedValueError: There is none with this code.

    >>> require_country("pk")
    'Pakistan'
    """
    known = countries()
    if code.upper() not in known:
        close = get_close_matches(code.upper(), known, n=1)
        hint = f' Closest known: "{close[0]}".' if close else ""
        raise UnmappedValueError(
            f'"{code[:20]}" is no code of a country that is known.{hint} Add it to countries.toml.'
        )
    return known[code.upper()]


def add_country(graph: Graph, code: str) -> URIRef:
    """Describe a country that a source names by its code; all sources share its IRI.

    Raises:
        UnmappedValueError: There is none with this code.
    """
    place = mint_thing("place", f"iso-3166/{code.upper()}")
    graph.add_all(
        place,
        (RDF.type, CKG.Place),
        (SKOS.prefLabel, Literal(require_country(code), lang="en")),
        (CKG.placePrecision, CS["place-precision-country"]),
    )
    return place


def parse_position(latitude: str, longitude: str) -> tuple[Literal, Literal]:
    """Read a latitude and a longitude in decimal degrees.

    Raises:
        InvalidValueError: They are none, are not on the earth, or are swapped.

    >>> [str(each) for each in parse_position("33.36", "70.55")]
    ['33.36', '70.55']
    """
    for name, text in (("latitude", latitude), ("longitude", longitude)):
        if not _DEGREES.fullmatch(text):
            raise InvalidValueError(
                f'"{text[:20]}" is no {name} in decimal degrees, such as 33.36.'
            )
    north, east = abs(float(latitude)), abs(float(longitude))
    if north > 90 and east <= 90:
        raise InvalidValueError(
            f'latitude "{latitude}" and longitude "{longitude}" are swapped, as it seems: no latitude is over 90.'
        )
    if north > 90 or east > 180:
        raise InvalidValueError(
            f'latitude "{latitude}", longitude "{longitude}" is no point of the earth.'
        )
    return Literal(latitude, datatype=XSD.decimal), Literal(longitude, datatype=XSD.decimal)


def add_position(graph: Graph, place: URIRef, latitude: Literal, longitude: Literal) -> None:
    """Describe where a place is, in degrees and as a geometry."""
    geometry = URIRef(f"{place}/geometry")
    graph.add_all(place, (WGS.lat, latitude), (WGS.long, longitude), (GEO.hasGeometry, geometry))
    graph.add_all(
        geometry,
        (RDF.type, GEO.Geometry),
        (GEO.asWKT, Literal(f"POINT ({longitude} {latitude})", datatype=GEO.wktLiteral)),
    )
